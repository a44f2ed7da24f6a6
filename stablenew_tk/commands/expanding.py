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
from ..storage.wildcards import load_wildcards

BESIDE = "wildcards"


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
    named = [Path(folder).expanduser() for folder in (*first, *settings.wildcard_folders)]
    own, usual = named[: len(first)], named[len(first) :]
    return load_wildcards((*own, path.absolute().parent / BESIDE, places.wildcards, *usual))


def expanded(opened: OpenPack, wildcards: Wildcards, *, limit: int = 0, seed: int | None = None) -> Expansion:
    """The variants of all prompts of a pack: at most `limit`, 0 = as its settings say. Errors stand in it."""
    randomizer = opened.settings.randomizer
    if seed is None:
        seed = randomizer.seed if randomizer.seed >= 0 else draw_seed()
    prompts, slots = opened.pack.prompts, opened.pack.slots
    return expand(prompts, randomizer, wildcards, slots=slots, limit=limit or None, seed=seed)


def refuse_errors(opened: OpenPack, expansion: Expansion) -> None:
    """Raise InvalidInput with the first error, if there is one."""
    if expansion.errors:
        raise InvalidInput(f"{opened.path.name}{where(expansion.errors[0])}: {expansion.errors[0].message}", "PACK")


def where(problem: PackProblem) -> str:
    """The place of a problem in words; those of the settings have none."""
    return f", line {problem.line}, column {problem.column}" if problem.line else ""
