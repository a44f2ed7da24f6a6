"""Sidecar files of a model: recognises the tool by the file name, groups files by model, and reads them.

A damaged file does not affect the others and yields a problem. Only regular files are opened, and no link is followed
that leads out of the folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from ...domain.base.errors import Unreadable
from ...domain.config.lenient_reader import Fields, Problems, read_object
from ...domain.models.families import FamilyCatalogue
from ...domain.models.recommendations import DIALECTS, Dialect, FileRecommendation
from ..disk.files import read_whole
from . import sidecar_civitai, sidecar_webui
from . import sidecar_others as sidecar_tools
from .profile_reader import read_lora_fields, read_model_fields
from .safetensors import parse_header, read_header

SIZE_LIMIT = 1024 * 1024
HEADER_SUFFIXES = (".safetensors", ".sft")
# These may hold programs that run when they are loaded, so they are known by name and never opened.
UNOPENED_SUFFIXES = (".ckpt", ".pt", ".pth", ".bin", ".gguf")
MODEL_SUFFIXES = HEADER_SUFFIXES + UNOPENED_SUFFIXES
# The longest first: demo.cm-info.json is no NAME.json of a model called "demo.cm-info".
SIDECAR_SUFFIXES: tuple[tuple[str, Dialect], ...] = (
    (".modelprofile.json", "modelprofile"),
    (".loraprofile.json", "loraprofile"),
    (".metadata.json", "metadata"),
    (".civitai.info", "civitai"),
    (".cm-info.json", "cm-info"),
    (".swarm.json", "swarm"),
    (".json", "webui"),
)
_PICTURES = (".webp", ".png", ".jpg", ".jpeg", ".gif", ".avif")
PREVIEW_SUFFIXES = (
    *(f".preview{suffix}" for suffix in _PICTURES),
    *_PICTURES,
    ".thumb.jpg",
    ".thumb.png",
)

_NO_FAMILIES = FamilyCatalogue()
_READERS: dict[Dialect, Callable[[Fields, str], FileRecommendation]] = {
    "modelprofile": read_model_fields,
    "loraprofile": read_lora_fields,
    "metadata": sidecar_tools.read_lora_manager,
    "civitai": sidecar_civitai.read,
    "cm-info": sidecar_tools.read_stability_matrix,
    "swarm": sidecar_tools.read_swarm,
    "webui": sidecar_webui.read,
}


class ModelFiles(Struct, frozen=True, kw_only=True):
    """The files of one model in one folder, by name, sidecars in order of precedence. `model` is "" when they describe
    a model that is not here.
    """

    stem: str
    model: str = ""
    sidecars: tuple[tuple[str, Dialect], ...] = ()
    previews: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The model's file name, else that of its first sidecar."""
        return self.model or self.sidecars[0][0]


def sidecar_of(name: str) -> tuple[str, Dialect] | None:
    """The model's name without its ending, and the tool, for the name of a sidecar; None for any other name."""
    lower = name.lower()
    for suffix, dialect in SIDECAR_SUFFIXES:
        if lower.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], dialect
    return None


def is_model(name: str) -> bool:
    """Whether a file of this name may be a checkpoint, LoRA or the like."""
    return name.lower().endswith(MODEL_SUFFIXES)


def grouped(names: Iterable[str]) -> list[ModelFiles]:
    """The models of one folder by all names in it, in the order of their names.

    Sidecars without a model are listed too, for it may lie on another machine. A lone NAME.json is not: programs of
    all sorts call their files so.
    """
    models: list[tuple[str, str]] = []
    sidecars: dict[str, list[tuple[str, Dialect]]] = {}
    pictures: dict[str, str] = {}
    for name in names:
        stem, dot, ending = name.rpartition(".")
        lower = f"{dot}{ending.lower()}"
        if lower in MODEL_SUFFIXES and stem:
            models.append((stem, name))
        elif lower in _PICTURES:
            pictures[f"{stem}{lower}"] = name
        elif lower in (".json", ".info") and (found := sidecar_of(name)):
            sidecars.setdefault(found[0], []).append((name, found[1]))
    found_models = [_files(stem, name, sidecars, pictures) for stem, name in models]
    with_model = {stem for stem, _ in models}
    for stem, beside in sidecars.items():
        if stem in with_model or all(dialect == "webui" for _, dialect in beside):
            continue
        # One name for a checkpoint and a LoRA at once: two models, each with its own profile.
        loras = [one for one in beside if one[1] == "loraprofile"]
        others = [one for one in beside if one[1] != "loraprofile"]
        both = loras and any(dialect == "modelprofile" for _, dialect in others)
        for part in (loras, others) if both else (beside,):
            found_models.append(_files(stem, "", {stem: part}, pictures))
    return sorted(found_models, key=lambda one: one.name)


def _place(sidecar: tuple[str, Dialect]) -> int:
    return DIALECTS.index(sidecar[1])


def _files(
    stem: str, name: str, sidecars: dict[str, list[tuple[str, Dialect]]], pictures: dict[str, str]
) -> ModelFiles:
    previews = [pictures[stem + suffix] for suffix in PREVIEW_SUFFIXES if stem + suffix in pictures] if pictures else []
    return ModelFiles(
        stem=stem, model=name, sidecars=tuple(sorted(sidecars.get(stem, ()), key=_place)), previews=tuple(previews)
    )


def read_sidecar(data: bytes, file: str, dialect: Dialect) -> FileRecommendation:
    """Parse a sidecar. `file` is its name, for error messages. Never raises: a damaged file yields a problem."""
    problems = Problems(file)
    fields = read_object(data, problems)
    if fields is None:
        return FileRecommendation(file=file, dialect=dialect, problems=problems.sentences())
    return _READERS[dialect](fields, file)


def read_model_header(data: bytes, file: str, families: FamilyCatalogue = _NO_FAMILIES) -> FileRecommendation:
    """Parse the header text of a model file; `families` are those it may be of. Never raises."""
    try:
        metadata = parse_header(data, file)
    except Unreadable as error:
        return _unread(file, "header", error)
    return sidecar_tools.read_metadata(data, Fields(metadata, Problems(file)), file, families)


def readings(
    folder: str, files: ModelFiles, families: FamilyCatalogue = _NO_FAMILIES, *, outside: frozenset[str] = frozenset()
) -> Iterator[FileRecommendation]:
    """Read all files of a model. `outside` are names of links that lead elsewhere; they are not opened.

    Blocks on the disk, never on a pipe or a device. Files that cannot be read yield a reading with their problem.
    """
    for name, dialect in files.sidecars:
        yield _from_disk(folder, name, dialect, outside, families)
    if files.model.lower().endswith(HEADER_SUFFIXES):
        yield _from_disk(folder, files.model, "header", outside, families)


def _from_disk(
    folder: str, name: str, dialect: Dialect, outside: frozenset[str], families: FamilyCatalogue
) -> FileRecommendation:
    try:
        data = data_of(folder, name, dialect, outside)
        is_header = dialect == "header"
        return read_model_header(data, name, families) if is_header else read_sidecar(data, name, dialect)
    except Unreadable as error:
        return _unread(name, dialect, error)


def data_of(folder: str, name: str, dialect: Dialect, outside: frozenset[str]) -> bytes:
    """The content of a sidecar, or the header's text of a model file. Raises Unreadable."""
    if name in outside:
        raise Unreadable(f"{name} is a link to another folder and was not read. Add that folder instead.")
    path = f"{folder}{os.sep}{name}"
    return read_header(path, name) if dialect == "header" else read_whole(path, name, SIZE_LIMIT)


def _unread(name: str, dialect: Dialect, error: Unreadable) -> FileRecommendation:
    return FileRecommendation(file=name, dialect=dialect, problems=(str(error),))
