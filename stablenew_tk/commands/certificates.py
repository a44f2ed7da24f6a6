"""`--trust FINGERPRINT`: trust the certificate of an https server at its address, from now on."""

from __future__ import annotations

import argparse

from msgspec.structs import replace

from ..domain.config.user_settings import Settings
from ..storage.disk.places import Places
from ..storage.settings import load_settings, save_settings


def trust_argument(parser: argparse.ArgumentParser) -> None:
    """The option, for every command that speaks with a backend."""
    parser.add_argument(
        "--trust", metavar="FINGERPRINT", default="", help="trust the server's certificate with this SHA-256"
    )


def with_trust(args: argparse.Namespace, places: Places, settings: Settings) -> Settings:
    """The settings with the certificate of `--trust` trusted at their address, which is also saved.

    Raises InvalidInput for what is no fingerprint or an address without https, NotSaved.
    """
    if not args.trust:
        return settings
    trusting = settings.trusting(settings.backend, args.trust)
    # Only this is saved: what else stands on the command line is for this time.
    saved = load_settings(places.settings_file).settings
    certificates = saved.trusting(settings.backend, args.trust)
    save_settings(places.settings_file, replace(saved, certificates=certificates), saved)
    return replace(settings, certificates=trusting)
