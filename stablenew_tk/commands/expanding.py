"""The variants of a pack as the terminal makes them: for `run`, `learn` and `packs`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..domain.errors import InvalidInput
from ..domain.prompt import PackProblem
from ..domain.randomizer import expand
from ..domain.variant import Expansion
from ..domain.wildcards import Wildcards
from ..pipeline.events import Settings
from ..pipeline.stamps import draw_seed
from ..storage.pack_reading import OpenPack
from ..storage.places import Places
from ..storage.wildcards import load_wildcards, named_folders, wildcard_places


def wildcard_arguments(parser: argparse.ArgumentParser) -> None:
    """The option that names wildcard folders."""
    parser.add_argument(
        "--wildcards", metavar="DIR", action="append", default=[],
        help="look for wildcards here first (else: wildcards beside the pack, in the data folder, as set)",
    )  # fmt: skip


def wildcards_of(
    path: Path, places: Places, settings: Settings, first: Sequence[str] = ()
) -> tuple[Wildcards, tuple[str, ...]]:
    """The wildcards for a pack, and sentences about files that cannot be read. Raises InvalidInput for no folder."""
    for folder in first:
        if not Path(folder).expanduser().is_dir():
            raise InvalidInput(f"--wildcards {folder}: there is no such folder.", "--wildcards")
    usual = wildcard_places((path.absolute().parent,), places.wildcards, settings.wildcard_folders)
    return load_wildcards((*named_folders(first), *usual))


def expanded(opened: OpenPack, wildcards: Wildcards, *, limit: int = 0, seed: int | None = None) -> Expansion:
    """The variants of all prompts of a pack: at most `limit`, 0 = as its settings say. Errors stand in it."""
    randomizer = opened.settings.randomizer
    if seed is None:
        seed = randomizer.seed if randomizer.seed >= 0 else draw_seed()
    prompts, slots = opened.pack.prompts, opened.pack.slots
    return expand(prompts, randomizer, wildcards, slots=slots, limit=limit or None, seed=seed)


def refuse_errors(opened: OpenPack, errors: Sequence[PackProblem]) -> None:
    """Raise InvalidInput with the first error, if there is one; those of the settings have no place."""
    for first in errors:
        where = f", line {first.line}, column {first.column}" if first.line else ""
        raise InvalidInput(f"{opened.path.name}{where}: {first.message}", "PACK")
