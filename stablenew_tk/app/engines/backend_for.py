"""`make_backend`: the engine that stands behind an address of the settings."""

from __future__ import annotations

from ...backends.base import Backend
from ...backends.remote.backend import Remote
from ...backends.sketch.backend import Sketch
from ...domain.base.errors import InvalidInput
from ...domain.config.engines import SD_SERVER
from ...domain.config.user_settings import without_login
from ...pipeline.messages.jobs import CheckBackend
from .own_engine import own_engine


def make_backend(order: CheckBackend) -> Backend:
    """The backend for an address: "sketch", "sd-server" or a URL. Raises InvalidInput for anything else."""
    if order.address == "sketch":
        return Sketch()
    if order.address == SD_SERVER:
        return own_engine(order.engine)
    if not order.address.lower().startswith(("http://", "https://")):
        raise InvalidInput(
            f"{without_login(order.address)!r} is not an address. Write sketch, sd-server or http://…", "backend"
        )
    return Remote(order.address, user=order.user, password=order.password, certificate=order.certificate)
