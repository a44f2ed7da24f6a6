"""The app's own engine: which sd-server program, model files and folders it is started with."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from ...backends.sdserver.backend import EngineLimits, SdServer
from ...backends.sdserver.program import EngineFiles
from ...domain.base.errors import InvalidInput, Unreachable
from ...domain.config.engines import SD_SERVER, OwnEngine
from ...domain.config.spellings import kind_by_folders
from ...domain.models.style import StyleCatalogue
from ...storage.disk.files import is_file, typed_path
from ...storage.models.library import Library
from ...storage.models.model_entry import ModelEntry
from ...storage.programs.search import find_program

# Where a folder of models holds models of this kind, if none of its models tells.
_LORA, _UPSCALER = "lora", "upscaler"


def own_engine(engine: OwnEngine) -> SdServer:
    """The backend for these settings. Starts and reads nothing."""
    return SdServer(partial(engine_files, engine), EngineLimits(threads=engine.threads, memory_gb=engine.memory_gb))


def engine_address(typed: str) -> tuple[str, str]:
    """An address as typed, and the model file behind it: "sd-server:/models/boat.safetensors". "" for any other one.

    Raises InvalidInput when the file is not there.
    """
    address, colon, file = typed.partition(":")
    if address != SD_SERVER or not colon:
        return typed, ""
    model = typed_path(file.strip()).absolute()
    if not is_file(model):
        raise InvalidInput(f"There is no model file {file!r}. Write {SD_SERVER}:FILE.", "--backend")
    return SD_SERVER, str(model)


def engine_files(engine: OwnEngine) -> EngineFiles:
    """What the settings name, as it is on disk now. Blocks while the model folders are read.

    Raises Unreachable, because the queue can wait for a program or a file.
    """
    program = _program(engine.program)
    roots = [typed_path(folder) for folder in engine.model_folders if folder.strip()]
    entries = Library(roots, StyleCatalogue()).scan(in_full=False).snapshot.entries
    checkpoints = _checkpoints(engine.model, entries)
    if not checkpoints:
        raise Unreachable("sd-server needs a model file. Name one in Settings, or a model folder that has checkpoints.")
    loras, upscalers = (_folder_of(kind, entries, roots) for kind in (_LORA, _UPSCALER))
    return EngineFiles(program=program, checkpoints=checkpoints, loras=loras, upscalers=upscalers)


def _program(named: str) -> Path:
    if named.strip():
        path = typed_path(named.strip()).absolute()
        if not is_file(path):
            raise Unreachable(f"The program {path.name} is not where Settings say. Name sd-server there again.")
        return path
    found = find_program(SD_SERVER)
    if found is None:
        raise Unreachable("No sd-server program was found beside StableNew or on the PATH. Name one in Settings.")
    return found


def _checkpoints(model: str, entries: Iterable[ModelEntry]) -> dict[str, Path]:
    """Model files by name, that of the settings first. Files of the same name are told apart by their folder."""
    first = typed_path(model).absolute() if model.strip() else None
    if first is not None and not is_file(first):
        raise Unreachable(f"The model file {first.name} is not where Settings say. Name one there again.")
    found: dict[str, Path] = {first.stem: first} if first is not None else {}
    for entry in entries:
        if entry.kind != "checkpoint" or not entry.name or entry.path == first:
            continue
        name = entry.stem if entry.stem not in found else f"{entry.path.parent.name}/{entry.stem}"
        if name in found:
            name = f"{entry.path.parent.name}/{entry.name}"
        found.setdefault(name, entry.path)
    return found


def _folder_of(kind: str, entries: Iterable[ModelEntry], roots: Iterable[Path]) -> Path | None:
    """The folder with models of a kind: the outermost one that is called so, else the one with the first of them.

    The program takes a single folder, and looks below it only for LoRAs.
    """
    found = [entry.path.parent for entry in entries if entry.kind == kind and entry.name]
    if not found:
        return None
    tops = tuple(roots)
    for folder in found:
        above = [one for one in (*reversed(folder.parents), folder) if any(one.is_relative_to(top) for top in tops)]
        for one in above:
            if kind_by_folders((one.name,)) == kind:
                return one if kind == _LORA else folder
    return found[0]
