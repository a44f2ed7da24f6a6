"""Finds the files that belong together for `learn --focus lora --series NAME`, and with `--focus checkpoint`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from msgspec.structs import replace

from ..domain.base.errors import InvalidInput, StorageError
from ..domain.base.lora_tags import lora_key
from ..domain.base.model_hash import without_hash
from ..domain.config.catalogue import Value
from ..domain.config.sweep import LORA_FILE, NO_LORA, check_values, value_of_file
from ..domain.models.checkpoint_series import CheckpointFile, CheckpointSeries, checkpoint_series
from ..domain.models.lora_series import LoraFile, LoraSeries, same_names, series_named, series_of
from ..domain.models.value_sources import CHECKPOINT
from ..storage.disk.files import typed_path
from ..storage.models.checkpoint_files import checkpoint_files
from ..storage.models.library import Library
from ..storage.models.lora_files import lora_files
from ..storage.models.model_entry import ModelEntry
from ..storage.models.profile_reader import load_styles
from .session import Session

_MOST_NAMED = 8


def series_values(path: str, name: str, session: Session) -> tuple[Value, ...]:
    """The files of the series of that name as values to try: LoRAs of one training in the order of learning, then none;
    or, where `path` is "checkpoint", mixes in the order of their ratio, or what one training saved.

    The headers of files in the model folders tell which belong together; of others that the backend has, the names do.
    Files that it does not have are left out. Blocks while the folders are read. Raises InvalidInput.
    """
    found = session.check().capabilities
    if path == CHECKPOINT:
        return _checkpoints(name, found.checkpoints if found is not None else (), session)
    listed = {lora_key(one): one for one in found.choices("lora_files")} if found is not None else {}
    known = here = lora_files(_in_library(session))
    if listed:
        known = [replace(one, stem=listed[lora_key(one.stem)]) for one in known if lora_key(one.stem) in listed]
    mine = {lora_key(one.stem) for one in known}
    series = series_of([*known, *(LoraFile(one) for key, one in listed.items() if key not in mine)])
    chosen = series_named(name, series)
    if chosen is None:
        unlisted = series_named(name, series_of(here))
        why = same_names(unlisted) if unlisted is not None else ""
        raise InvalidInput(f"--series {name}: {why or _why_not(name, series)}", "--series")
    return check_values(LORA_FILE, (*map(value_of_file, chosen.stems), NO_LORA))


def _checkpoints(name: str, offered: Sequence[str], session: Session) -> tuple[Value, ...]:
    listed = {lora_key(without_hash(one)): one for one in offered}
    known = [one for one in checkpoint_files(_in_library(session)) if not listed or lora_key(one.stem) in listed]
    mine = {lora_key(one.stem) for one in known}
    # Of those that the model folders do not have only the name tells something.
    others = (_stem(one) for key, one in listed.items() if key not in mine)
    series = checkpoint_series([*known, *map(CheckpointFile, others)])
    chosen = series_named(name, series)
    if chosen is None:
        raise InvalidInput(f"--series {name}: {_why_not(name, series, 'checkpoints')}", "--series")
    return check_values(CHECKPOINT, tuple(listed.get(lora_key(one), one) for one in chosen.stems))


def _stem(checkpoint: str) -> str:
    """The name of a checkpoint without folder, ending and hash, its capitals kept."""
    last = re.split(r"[/\\]", without_hash(checkpoint).strip())[-1]
    return last[: len(lora_key(last))]


def _why_not(name: str, series: Sequence[LoraSeries | CheckpointSeries], kind: str = "LoRA files") -> str:
    if not series and kind != "LoRA files":
        return 'no two checkpoints here are mixes of the same models or of one training. Give --values "one, other".'
    if not series:
        return 'no two LoRA files here are of one training. Name the files: --values "one, other, none".'
    if any(one.name.casefold() == name.strip().casefold() for one in series):
        return "several series have this name. Name one of its files instead."
    shown = ", ".join(f"{one.name} ({len(one.stems)} files)" for one in series[:_MOST_NAMED])
    return f"there is no such series. There are: {shown}."


def _in_library(session: Session) -> Sequence[ModelEntry]:
    controller = session.controller
    folders = [typed_path(one) for one in controller.settings.model_folders if one.strip()]
    if not folders:
        return []
    styles, _ = load_styles(controller.places.styles)
    library = Library(folders, styles, controller.places.model_index)
    library.scan()
    # Only the next scan is slower when it cannot be kept.
    with suppress(StorageError, OSError):
        library.save()
    return library.snapshot.entries
