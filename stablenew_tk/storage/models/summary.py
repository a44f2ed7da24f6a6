"""Quick summary of models for long lists: kind, family, title, files with information, problems.

A full reading (`sidecars.readings`) of ten thousand models takes long, and only models that the user opens need it. So
files that match their usual shape (`valid_shapes`) are only checked and asked for kind, family and title; all others
are read in full, because they may have a problem.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from ...domain.base.errors import Unreadable
from ...domain.config.lenient_reader import number_in
from ...domain.config.spellings import family_of, kind_of
from ...domain.models.families import FamilyCatalogue, Recognised
from ...domain.models.recommendations import (
    DIALECTS,
    Dialect,
    FamilyWords,
    FileRecommendation,
    family_told,
    kind_among,
    unknown_style,
)
from ...domain.models.style import StyleCatalogue
from . import valid_shapes as usual
from .sidecar_others import family_in, kind_in, trained_on
from .sidecar_values import CFG, STEPS, WEIGHT_LIMIT
from .sidecars import HEADER_SUFFIXES, ModelFiles, data_of, read_model_header, read_sidecar
from .tensor_tables import TensorTables


class FileSummary(Struct, frozen=True):
    """Summary of one file. `has_content`: it recommends or names anything at all. `seen` is what its tensors tell."""

    kind: str = ""
    family: str = ""
    title: str = ""
    has_content: bool = False
    style_id: str = ""
    problems: tuple[str, ...] = ()
    seen: Recognised = Recognised()


class ModelSummary(Struct, frozen=True, kw_only=True):
    """Summary of one model. `sources` are the files with content; `problems` are sentences."""

    kind: str
    family: str = ""
    title: str = ""
    sources: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


_NOTHING: frozenset[str] = frozenset()
_ORDER = {dialect: place for place, dialect in enumerate(DIALECTS)}


def model_summary(
    folder: str,
    way: Sequence[str],
    files: ModelFiles,
    styles: StyleCatalogue,
    outside: frozenset[str] = _NOTHING,
    *,
    tables: TensorTables | None = None,
) -> ModelSummary:
    """Summarise a model from all its files: the same result as `recommendations.merged`, without the values.

    Arguments as in `folders.ModelFolder`; `tables`, made with the families of the styles, remembers what the models
    before this one told. Blocks on the disk, never on a pipe or a device.
    """
    tables = tables or TensorTables(styles.families)
    names = list(files.sidecars)
    if files.model.lower().endswith(HEADER_SUFFIXES):
        names.append((files.model, "header"))
    names.sort(key=_order)
    problems: list[str] = []
    kinds: list[tuple[Dialect, str]] = []
    told: list[FamilyWords] = []
    sources: list[str] = []
    title = style_file = style_id = ""
    # One pass: ten thousand models are summarised one after the other.
    for name, dialect in names:
        one = _from_disk(folder, name, dialect, outside, tables)
        problems += one.problems
        if one.kind:
            kinds.append((dialect, one.kind))
        if one.family or one.seen.family:
            told.append(FamilyWords(dialect, name, one.family, seen=one.seen))
        if one.has_content:
            sources.append(name)
        title = title or one.title
        if one.style_id and not style_id:
            style_file, style_id = name, one.style_id
    if style_id and styles.style(style_id) is None:
        problems.append(unknown_style(style_file, style_id, styles))
    kind = kind_among(kinds, way)
    return ModelSummary(
        kind=kind,
        family=family_told(told, styles.families, kind=kind, name=files.stem)[0],
        title=title,
        sources=tuple(sources),
        problems=tuple(problems),
    )


def _order(file: tuple[str, Dialect]) -> int:
    return _ORDER[file[1]]


def _from_disk(folder: str, name: str, dialect: Dialect, outside: frozenset[str], tables: TensorTables) -> FileSummary:
    try:
        return file_summary(data_of(folder, name, dialect, outside), name, dialect, tables)
    except Unreadable as error:
        return FileSummary(problems=(str(error),))


def file_summary(data: bytes, file: str, dialect: Dialect, tables: TensorTables | None = None) -> FileSummary:
    """Summarise a sidecar or the text of a header; `tables` has the families it may be of. Never raises."""
    tables = tables or TensorTables()
    try:
        if dialect == "header":
            summary = _header(*tables.read(data))
        else:
            # A byte that is no UTF-8 may hide in a part that the shape skips.
            summary = _SUMMARIES[dialect](usual.SIDECARS[dialect].decode(data.decode("utf-8")))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        summary = None
    return summary if summary is not None else _in_full(data, file, dialect, tables.families)


def _in_full(data: bytes, file: str, dialect: Dialect, families: FamilyCatalogue) -> FileSummary:
    reading = read_model_header(data, file, families) if dialect == "header" else read_sidecar(data, file, dialect)
    return _of(reading)


def _of(reading: FileRecommendation) -> FileSummary:
    has_content = reading.says_anything
    return FileSummary(
        reading.kind,
        reading.family,
        reading.title,
        has_content,
        reading.style_id,
        reading.problems,
        reading.seen,
    )


def _webui(shape: usual.WebUi) -> FileSummary | None:
    lora = not (shape.activation is shape.weight is shape.negative is msgspec.UNSET)
    family = family_of((shape.version or shape.version_text or "").strip())
    texts = (shape.notes, shape.description, shape.vae, shape.vae_te)
    has_content = lora or bool(family) or any(texts)
    return FileSummary("lora" if lora else "", family, "", has_content)


def _civitai(shape: usual.CivitaiPage) -> FileSummary | None:
    model = shape.model or usual.PageModel()
    name, version = ((one or "").strip() for one in (model.name, shape.name))
    kind, family = kind_of((model.type or "").strip()), family_of((shape.base or "").strip())
    title = " ".join(one for one in (name, version) if one)
    has_content = bool(kind or family or title or shape.words or shape.description or shape.files or shape.images)
    return FileSummary(kind, family, title, has_content)


def _stability_matrix(shape: usual.StabilityMatrix) -> FileSummary | None:
    defaults = shape.defaults
    if defaults is not None and (usual.below_range(CFG, defaults.cfg) or usual.below_range(STEPS, defaults.steps)):
        return None
    kind, family = kind_of((shape.type or "").strip()), family_of((shape.base or "").strip())
    title = (shape.title or "").strip() or (shape.name or "").strip()
    has_content = bool(kind or family or title or shape.words or shape.description or shape.hashes or defaults)
    return FileSummary(kind, family, title, has_content)


def _lora_manager(shape: usual.LoraNotes) -> FileSummary | None:
    if shape.tips:
        tips = usual.TIPS.decode(shape.tips)
        if usual.below_range("clip_skip", tips.clip_skip):
            return None
    page = _civitai(shape.page or usual.CivitaiPage()) or FileSummary()
    kind = page.kind or ("lora" if shape.tips is not msgspec.UNSET else "")
    family = family_of((shape.base or "").strip()) if (shape.base or "").strip() else page.family
    title = (shape.name or "").strip()
    has_content = page.has_content or bool(
        kind or family or title or shape.words or shape.notes or shape.description or shape.sha256
    )
    return FileSummary(kind, family, title, has_content)


def _swarm(shape: usual.Swarm) -> FileSummary | None:
    spec = [shape.architecture, shape.implementation, shape.title, shape.phrase, shape.hint, shape.description]
    short = [shape.architecture_, shape.implementation_, shape.title_, shape.phrase_, shape.hint_, shape.description_]
    texts = [(long or "").strip() or (bare or "").strip() for long, bare in zip(spec, short, strict=True)]
    weight = _weight(shape.weight if shape.weight is not msgspec.UNSET else shape.weight_)
    if weight is None:
        return None
    kind = kind_in(texts[0]) or ("lora" if weight else "")
    has_content = bool(weight or shape.resolution or shape.resolution_ or any(texts))
    return FileSummary(kind, family_in(texts[0], texts[1]), texts[2], has_content)


def _weight(written: str | float | msgspec.UnsetType | None) -> float | None:
    """A weight, 0 for none, None for one that the full reading has to complain about."""
    if written is None or written is msgspec.UNSET or written == "":
        return 0.0
    number = number_in(written)
    return None if number is None or not -WEIGHT_LIMIT <= number <= WEIGHT_LIMIT else float(number)


def _header(meta: usual.Metadata, seen: Recognised) -> FileSummary | None:
    architecture = (meta.architecture or "").strip()
    weight = _weight(meta.weight)
    if weight is None:
        return None
    kind = kind_of((meta.network or "").strip()) or kind_in(architecture) or ("lora" if weight else "")
    kind = seen.kind or kind
    family = family_in(architecture, meta.implementation or "") or trained_on((meta.base or "").strip(), meta.version_2)
    title = next((one for text in (meta.title, meta.display, meta.name) if (one := (text or "").strip())), "")
    rest = (meta.resolution, meta.trained_resolution, meta.phrase, meta.hint, meta.description, meta.whole_hash)
    has_content = any((kind, family, title, *rest, seen.family, meta.based_on, meta.base))
    return FileSummary(kind, family, title, has_content, seen=seen)


def _model_profile(shape: usual.Profile) -> FileSummary | None:
    style_id = (shape.style_profile_id or "").strip()
    title = (shape.model_name or "").strip()
    return FileSummary(
        "checkpoint", family_of((shape.base_type or "").strip()), title, has_content=True, style_id=style_id
    )


def _lora_profile(shape: usual.Lora) -> FileSummary | None:
    title = (shape.lora_name or "").strip()
    return FileSummary("lora", family_of((shape.target_base_type or "").strip()), title, has_content=True)


_SUMMARIES: dict[Dialect, Callable[[Any], FileSummary | None]] = {
    "webui": _webui,
    "civitai": _civitai,
    "cm-info": _stability_matrix,
    "metadata": _lora_manager,
    "swarm": _swarm,
    "modelprofile": _model_profile,
    "loraprofile": _lora_profile,
}
