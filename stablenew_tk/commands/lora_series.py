"""Finds the files of one LoRA training for `learn --focus lora --series NAME`."""

from __future__ import annotations

from contextlib import suppress

from msgspec.structs import replace

from ..domain.base.errors import InvalidInput, StorageError
from ..domain.base.lora_tags import lora_key
from ..domain.config.catalogue import Value
from ..domain.config.sweep import LORA_FILE, NO_LORA, check_values
from ..domain.models.lora_series import LoraFile, LoraSeries, series_named, series_of
from ..storage.disk.files import typed_path
from ..storage.models.library import Library
from ..storage.models.lora_files import lora_files
from ..storage.models.profile_reader import load_styles
from .session import Session

_MOST_NAMED = 8


def series_values(name: str, session: Session) -> tuple[Value, ...]:
    """The files of the series of that name in the order of learning, then none, as values to try.

    The headers of files in the model folders tell which belong together; of others that the backend has, the names do.
    Files that it does not have are left out. Blocks while the folders are read. Raises InvalidInput.
    """
    found = session.check().capabilities
    listed = {lora_key(one): one for one in found.choices("lora_files")} if found is not None else {}
    known = _in_library(session)
    if listed:
        known = [replace(one, stem=listed[lora_key(one.stem)]) for one in known if lora_key(one.stem) in listed]
    mine = {lora_key(one.stem) for one in known}
    series = series_of([*known, *(LoraFile(one) for key, one in listed.items() if key not in mine)])
    chosen = series_named(name, series)
    if chosen is None:
        raise InvalidInput(f"--series {name}: {_why_not(name, series)}", "--series")
    return check_values(LORA_FILE, (*chosen.stems, NO_LORA))


def _why_not(name: str, series: tuple[LoraSeries, ...]) -> str:
    if not series:
        return 'no two LoRA files here are of one training. Name the files: --values "one, other, none".'
    if any(one.name.casefold() == name.strip().casefold() for one in series):
        return "several trainings have this name. Name one of its files instead."
    shown = ", ".join(f"{one.name} ({len(one.stems)} files)" for one in series[:_MOST_NAMED])
    return f"there is no such series. There are: {shown}."


def _in_library(session: Session) -> list[LoraFile]:
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
    return lora_files(library.snapshot.entries)
