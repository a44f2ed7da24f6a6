"""Shared by all terminal commands: exit codes, printing, saved settings, lookup of packs, plans and presets by name."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
from rich.console import Console

from ..domain.base.errors import InvalidInput
from ..domain.config.user_settings import Settings
from ..storage.disk.files import is_file, real_path, typed_path
from ..storage.disk.places import Places
from .calling import typed_name

if TYPE_CHECKING:
    # What only some commands need is imported by those: it takes longer than most of what they do.
    from ..domain.journal.history import History
    from ..domain.runs.plan import LearningPlan
    from ..domain.runs.preset import Preset
    from ..storage.journal.writer import LearningRecordWriter
    from ..storage.packs.pack_file import PackFile

OK, FAILED, WRONG_USE = 0, 1, 2

# A file or pipe has no width; ids must not be cut there.
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout is not None and sys.stdout.isatty() else 200)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def outside_journal(written: str, places: Places, option: str) -> Path:
    """Where an option says to write. Raises InvalidInput for a place inside the journal."""
    if not written.strip():
        raise InvalidInput(f"{option}: name where to write.", option)
    target = typed_path(written)
    if real_path(target).is_relative_to(real_path(places.journal)):
        raise InvalidInput(f"{target} is inside the journal, which is never overwritten. Name another file.", option)
    return target


def print_json(document: object) -> None:
    """One JSON document on standard output. Bytes of a file name that are no text become question marks."""
    try:
        encoded = msgspec.json.encode(document)
    except UnicodeEncodeError:
        encoded = json.dumps(msgspec.to_builtins(document), ensure_ascii=False).encode("utf-8", "replace")
    sys.stdout.write(msgspec.json.format(encoded, indent=2).decode() + "\n")
    sys.stdout.flush()


def print_verdict(headline: str, meaning: str) -> None:
    """The two parts of a verdict, each in its line."""
    out.print(headline, style="bold", markup=False)
    if meaning:
        out.print(meaning, markup=False)


def journal_writer(places: Places) -> LearningRecordWriter:
    """A writer for the journal, after what an earlier program could not write was written."""
    from ..storage.journal.spool import Spool
    from ..storage.journal.writer import LearningRecordWriter

    writer = LearningRecordWriter(places.journal)
    found = Spool(places.data).take_in(writer.append)
    tell_taken_in(found.saved, found.damaged, found.problem)
    return writer


def tell_taken_in(saved: int, damaged: int, problem: str) -> None:
    """Say on standard error what became of the lines that an earlier program could not write."""
    if not (saved or damaged or problem):
        return
    from ..app.runs.outbox import taken_in_words

    for sentence in taken_in_words(saved, damaged, problem):
        err.print(sentence, markup=False)


def settings_of(_args: argparse.Namespace, places: Places) -> Settings:
    """The saved settings; what could not be used of them is said on standard error."""
    from ..storage.settings import load_settings

    loaded = load_settings(places.settings_file)
    for notice in loaded.notices:
        err.print(notice, markup=False)
    return loaded.settings


def pack_path(name: str, places: Places, settings: Settings) -> Path:
    """The pack a person means by a name or a file. Raises InvalidInput, and NotSaved for a name: then the starter pack
    is offered first, which a file does not need.
    """
    from ..storage.packs.catalog import ensure_starter, find_pack

    if not is_file(typed_path(name)):
        ensure_starter(places.packs)
    return find_pack(name, (places.packs, *map(Path, settings.pack_folders)))


def known_packs(named: str, places: Places, settings: Settings) -> tuple[PackFile, ...]:
    """All packs, before them the file that was named, if one was."""
    from ..storage.packs.catalog import describe, list_packs

    path = typed_path(named).absolute()
    first = (describe(path),) if named and is_file(path) else ()
    return (*first, *list_packs((places.packs, *map(Path, settings.pack_folders))))


def program(places: Places | None = None) -> str:
    """What to type to call this program again, with the data folder if one was named."""
    typed = typed_name()
    return f"{typed} --data-dir {shlex.quote(str(places.data))}" if places and places.kind == "option" else typed


_LAST = "last"

_Named = TypeVar("_Named", "LearningPlan", "Preset")


def find_plan(history: History, name: str) -> LearningPlan:
    """The Learning Run of that id, beginning of an id, or name; "last" is the newest. Raises InvalidInput."""
    plans = history.plans.plans()
    if name == _LAST and plans:
        return plans[0]
    return _one("Learning Run", name, plans, [plan.plan_id for plan in plans])


def find_preset(history: History, name: str) -> Preset:
    """The preset of that id, beginning of an id, or name. Raises InvalidInput, listing the names there are."""
    presets = history.plans.presets()
    return _one("preset", name, presets, [preset.preset_id for preset in presets])


def _one(what: str, wanted: str, known: Sequence[_Named], ids: Sequence[str]) -> _Named:
    typed = wanted.strip().casefold()
    by_id = [one for one, own in zip(known, ids, strict=True) if own.casefold() == typed]
    by_name = [one for one in known if one.name.casefold() == typed]
    # Shorter beginnings fit too many ids, which start with the time.
    begun = [one for one, own in zip(known, ids, strict=True) if len(typed) >= 4 and own.casefold().startswith(typed)]
    hits = by_id or by_name or begun
    if len(hits) == 1:
        return hits[0]
    if hits:
        shown = ", ".join(f"{ids[known.index(one)]} ({one.name})" for one in hits[:5])
        raise InvalidInput(f"Several {what}s are called {wanted!r}. Give the id of one: {shown}.", wanted)
    names = ", ".join(dict.fromkeys(one.name for one in known[:8]))
    there = f"There are: {names}." if names else "There is none yet."
    raise InvalidInput(f"There is no {what} {wanted!r}. {there}", wanted)
