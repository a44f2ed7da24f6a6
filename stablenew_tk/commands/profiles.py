"""`profiles`: prints the settings that the files beside models recommend, for one model or all in a folder."""

from __future__ import annotations

import argparse
import os
import time
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from rich.table import Table
from rich.text import Text

from ..app.model_evidence import model_evidence, seen_by_name
from ..app.models import wording as words
from ..app.models.best_settings import best_settings
from ..domain.base.errors import InvalidInput, StorageError, Unreadable
from ..domain.base.lora_tags import lora_key
from ..domain.base.model_hash import without_hash
from ..domain.config.catalogue import Value, parameter
from ..domain.config.origins import Origin
from ..domain.journal.history import History
from ..domain.journal.seen import Seen, SeenKind, seen_of_all
from ..domain.models.best_setting import BestSetting
from ..domain.models.profile import Tier
from ..domain.models.profile_loras import overlays_in_force
from ..domain.models.provenance import learned_word
from ..domain.models.recommendations import FieldValue, ModelSettings, merged, open_question
from ..domain.models.style import StyleCatalogue
from ..storage.disk.files import is_folder, is_there, typed_path
from ..storage.disk.places import Places
from ..storage.journal.snapshot import load_history
from ..storage.models.folders import ModelFolder, beside, walk
from ..storage.models.profile_reader import load_styles
from ..storage.models.sidecars import ModelFiles, is_model, readings, sidecar_of
from ..storage.models.summary import model_summary
from .terminal import OK, err, out, print_json

Commands = argparse._SubParsersAction  # the type argparse itself gives; it has no public name


class _Field(Struct):
    value: Value
    origin: Origin
    source: str
    learned: str = ""


class _Told(Struct):
    runs_observed: int
    mean_rating: float | None


class _Weight(Struct):
    weight: float
    rating: Tier | None
    source: str


class _Lora(Struct):
    name: str
    weight: float
    preset: str


class _Family(Struct, frozen=True):
    # Ids of the table of families, "" = not known, and who tells it: "header: demo.safetensors".
    value: str = ""
    source: str = ""


class _Stars(Struct, frozen=True):
    """What this journal saw of a model. `last_used` is UTC, "" = never; `best` are ids of its best pictures."""

    runs: int = 0
    pictures: int = 0
    rated: int = 0
    mean: float | None = None
    last_used: str = ""
    best: tuple[str, ...] = ()


class _Found(Struct):
    """What a Learning Run found. `certain`: not only a lead."""

    setting: str
    value: str
    verdict: str
    certain: bool
    plan_id: str


class _Shown(Struct):
    fields: dict[str, _Field]
    trigger_phrases: list[str]
    weights: list[_Weight]
    problems: list[str]
    # Those of the presets in force, which a run adds to its prompts.
    loras: list[_Lora] = []
    # What a profile says that this journal did not count.
    summary: _Told | None = None
    family: _Family = _Family()
    variant: _Family = _Family()
    stars: _Stars = _Stars()
    best_settings: list[_Found] = []


class _Model(Struct):
    path: str
    kind: str
    family: str
    sources: list[str]
    problems: list[str]
    stars: _Stars = _Stars()
    best_settings: list[_Found] = []


class _Scanned(Struct):
    models: list[_Model]
    seconds: float


def arguments(profiles: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """The commands below `profiles`."""
    show = profiles.add_parser("show", parents=[common], help="what is recommended for a model, and by which file")
    show.add_argument("file", metavar="FILE", help="a model, or one of the files beside it")
    show.set_defaults(command=_show)
    scan = profiles.add_parser("scan", parents=[common], help="find all models below a folder and read what is known")
    scan.add_argument("folder", metavar="DIR")
    scan.set_defaults(command=_scan)


def _show(args: argparse.Namespace, places: Places) -> int:
    path = typed_path(args.file).absolute()
    styles = _styles(places)
    settings = _settings(_chosen(path), styles)
    history = _history(places)
    if args.json:
        document = _document(settings, history)
        document.stars, document.best_settings = _Rated(history).of(_stem(path), settings.kind)
        print_json(document)
        return OK
    _print(path, settings, history, styles)
    return OK


def _history(places: Places) -> History | None:
    """What was recorded, to tell apart what a profile learned from it; without it nothing counts as learned here."""
    try:
        return load_history(places.journal, places.snapshot).history
    except StorageError as problem:
        err.print(_visible(str(problem)), markup=False)
        return None


def _chosen(path: Path) -> ModelFolder:
    """The files to read for what was named: a model with all files beside it, or one sidecar alone."""
    sidecar = sidecar_of(path.name)
    if not is_there(path):
        raise InvalidInput(f"There is no file {_visible(str(path))}. Name a model or a file beside one.", "FILE")
    if is_folder(path):
        raise InvalidInput(f"{_visible(str(path))} is a folder. Look through it with: profiles scan", "FILE")
    if sidecar is not None:
        files = ModelFiles(stem=sidecar[0], sidecars=((path.name, sidecar[1]),))
        return ModelFolder(path=str(path.parent), way=path.parts[-4:-1], models=(files,))
    if not is_model(path.name):
        raise InvalidInput(f"{_visible(path.name)} is neither a model nor a file that describes one.", "FILE")
    try:
        return beside(path)
    except OSError as error:
        raise Unreadable(f"{_visible(str(path.parent))} cannot be listed: {error.strerror}.") from error


def _settings(folder: ModelFolder, styles: StyleCatalogue) -> ModelSettings:
    if not folder.models:
        raise InvalidInput("This is not a regular file, so it was not read.", "FILE")
    return _merged(folder, folder.models[0], styles)


def _merged(folder: ModelFolder, files: ModelFiles, styles: StyleCatalogue) -> ModelSettings:
    found = tuple(readings(folder.path, files, styles.families, outside=folder.outside))
    return merged(found, styles, name=files.stem, folders=folder.way, previews=files.previews)


def _styles(places: Places) -> StyleCatalogue:
    styles, problems = load_styles(places.data / "styles.json")
    for problem in problems:
        err.print(_visible(problem), markup=False)
    return styles


def _document(settings: ModelSettings, history: History | None) -> _Shown:
    evidence = model_evidence(history, settings)
    told = evidence.told
    return _Shown(
        fields={
            path: _Field(one.value, one.origin, _text(one.source), _learned(one, evidence.own_plans))
            for path, one in settings.values.items()
        },
        trigger_phrases=list(settings.trigger_phrases),
        weights=[_Weight(one.weight, one.rating, _text(one.source)) for one in settings.weights],
        problems=_texts(settings.problems),
        loras=[_Lora(one.name, one.weight, preset) for one, preset in overlays_in_force(settings.profile)],
        summary=None if told is None else _Told(told.runs_observed, told.mean_rating),
        family=_Family(settings.found.value, _text(settings.found.source)),
        variant=_Family(settings.found.variant, _text(settings.found.variant_source)),
    )


def _learned(one: FieldValue, own_plans: frozenset[str]) -> str:
    return learned_word(one.plan_id, own_plans) if one.plan_id is not None else ""


def _print(path: Path, settings: ModelSettings, history: History | None, styles: StyleCatalogue) -> None:
    evidence = model_evidence(history, settings)
    title = f" ({settings.title})" if settings.title else ""
    out.print(f"{_visible(path.name + title)}: {_visible(settings.family)} {settings.kind}", markup=False)
    if settings.found.source:
        variant, whose = settings.found.variant, settings.found.variant_source
        more = f"; variant {variant} by {whose}" if variant else ""
        out.print(f"Family by {_visible(settings.found.source + more)}.", markup=False)
    table = Table("setting", "value", "from", box=None)
    for field, one in settings.values.items():
        learned = _learned(one, evidence.own_plans)
        source = f"{one.source} ({learned})" if learned else one.source
        table.add_row(parameter(field).title, Text(_visible(str(one.value))), Text(_visible(source)))
    for overlay, preset in overlays_in_force(settings.profile):
        words_of_it = f"{overlay.name} {overlay.weight:g}"
        table.add_row("adds LoRA", Text(_visible(words_of_it)), Text(_visible(f"preset {preset}")))
    for weight in settings.weights:
        rating = f" ({weight.rating})" if weight.rating else ""
        table.add_row("LoRA weight", f"{weight.weight:g}{rating}", Text(_visible(weight.source)))
    if settings.trigger_phrases:
        phrases = ", ".join(settings.trigger_phrases)
        table.add_row("trigger phrases", Text(_visible(phrases)), Text(_visible(settings.trigger_source)))
    if table.row_count:
        out.print(table)
    else:
        out.print("Nothing is recommended for it.")
    known = seen_by_name(history, _stem(path), settings.kind)
    if known is not None and (seen := words.seen_here(known.count())):
        out.print(f"{seen}.", markup=False)
    for found in _Rated(history).of(_stem(path), settings.kind)[1]:
        out.print(f"Best here: {_visible(f'{found.setting} {found.value}')} ({found.verdict}).", markup=False)
    if told := words.told(evidence.told):
        out.print(f"{told}.", markup=False)
    if question := open_question(settings.found, styles.families):
        out.print(f"  {question}", markup=False)
    _print_problems(settings.problems)


def _stem(path: Path) -> str:
    sidecar = sidecar_of(path.name)
    return sidecar[0] if sidecar is not None else path.stem


class _Rated:
    """What the journal says of models, found by the names of their files alone."""

    def __init__(self, history: History | None) -> None:
        self._history = history
        self._seen: dict[str, Seen] = {}
        self._answers: dict[str, list[BestSetting]] = {}
        if history is None:
            return
        columns = history.visible().columns()
        self._seen = seen_of_all(columns, _key)
        loaded = {run.run_id: run.checkpoint for run in columns.runs}
        for one in best_settings(history):
            known = self._answers.setdefault(_key(one.model or loaded.get(one.plan_id, ""), one.kind), [])
            if all(other.path != one.path for other in known):
                known.append(one)

    def of(self, stem: str, kind: str) -> tuple[_Stars, list[_Found]]:
        """Stars and best settings of a model."""
        key = _key(stem, "lora" if kind == "lora" else "checkpoint")
        seen, history = self._seen.get(key), self._history
        found = [
            _Found(one.title, one.value, one.verdict, one.certain, one.plan_id) for one in self._answers.get(key, ())
        ]
        if seen is None or history is None:
            return _Stars(), found
        used = (
            datetime.fromtimestamp(seen.newest_ms / 1000, UTC).isoformat(timespec="seconds") if seen.newest_ms else ""
        )
        best = tuple(history.image_id(row) for row in seen.best)
        return _Stars(seen.runs, seen.pictures, seen.rated, seen.mean, used, best), found


def _key(name: str, kind: SeenKind) -> str:
    return f"{kind} {lora_key(without_hash(name) if kind == 'checkpoint' else name)}"


def _scan(args: argparse.Namespace, places: Places) -> int:
    root = typed_path(args.folder).absolute()
    if not is_folder(root):
        raise InvalidInput(f"There is no folder {_visible(str(root))}. Name the folder your models are in.", "DIR")
    styles = _styles(places)
    start = time.monotonic()
    models = list(_models(root, styles, _Rated(_history(places))))
    report = _Scanned(models, round(time.monotonic() - start, 3))
    if args.json:
        print_json(report)
        return OK
    table = Table("model", "kind", "family", "rated", "stars", "best settings", "settings from", box=None)
    for one in models:
        name = _visible(os.path.relpath(one.path, _text(str(root))))
        best = ", ".join(f"{each.setting} {each.value} ({each.verdict})" for each in one.best_settings[:1])
        mean = f"{one.stars.mean:.1f}" if one.stars.mean is not None else ""
        rated = str(one.stars.rated or "")
        cells = (one.family, rated, mean, best, ", ".join(one.sources))
        table.add_row(Text(name), one.kind, *(Text(_visible(cell)) for cell in cells))
    if models:
        out.print(table)
    out.print(f"{len(models)} model{'' if len(models) == 1 else 's'} found in {report.seconds:.1f} s.")
    _print_problems([problem for one in models for problem in one.problems])
    return OK


def _models(root: Path, styles: StyleCatalogue, rated: _Rated) -> Iterator[_Model]:
    for folder in walk(root):
        if folder.problem:
            err.print(_visible(folder.problem), markup=False)
        for files in folder.models:
            seen = model_summary(folder.path, folder.way, files, styles, folder.outside)
            stars, found = rated.of(files.stem, seen.kind)
            yield _Model(
                path=_text(f"{folder.path}{os.sep}{files.name}"),
                kind=seen.kind,
                family=seen.family,
                sources=_texts(seen.sources),
                problems=_texts(seen.problems),
                stars=stars,
                best_settings=found,
            )


def _print_problems(problems: Iterable[str]) -> None:
    for problem in problems:
        out.print(f"  {_visible(problem)}", markup=False)


def _texts(sentences: Iterable[str]) -> list[str]:
    return [_text(one) for one in sentences]


def _text(name: str) -> str:
    # Names on disk need not be UTF-8; JSON must be.
    return name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _visible(text: str) -> str:
    """Foreign text for a terminal: what would steer it, or turn the writing round, is spelled out."""
    return "".join(
        char if not unicodedata.category(char).startswith("C") else f"\\u{ord(char):04x}" for char in _text(text)
    )
