"""Reads NAME.civitai.info, the Civitai page of a model as download tools save it. No web address is opened.

Settings are recommended by its example pictures alone, so they count only when several pictures agree on average.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from statistics import median
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from ...domain.config.catalogue import Value
from ...domain.config.lenient_reader import Fields, fitted_to, number_in, phrase, plain
from ...domain.config.spellings import family_of, kind_of, sampler_and_scheduler
from ...domain.models.recommendations import DENOISE, UPSCALER, FileRecommendation, Hashes
from .sidecar_values import CFG, STEPS, WEIGHT_LIMIT, hashes_in, put_sampling, put_size, size_in

_T = TypeVar("_T")
FEWEST_EXAMPLES = 3
MOST_EXAMPLES = 200


class _Made(Struct, rename={"cfg": "cfgScale", "size": "Size", "clip_skip": "Clip skip"}):
    # Untyped fields: whatever a website put there, the rest of the picture's settings still counts.
    steps: object = None
    sampler: object = None
    cfg: object = None
    size: object = None
    clip_skip: object = None
    scheduler: object = msgspec.field(default=None, name="Schedule type")
    denoise: object = msgspec.field(default=None, name="Denoising strength")
    upscaler: object = msgspec.field(default=None, name="Hires upscaler")
    resources: object = None


class _Image(Struct):
    meta: _Made | None = None


class Examples(Struct, frozen=True):
    """Average settings of the example pictures; `evidence` says how many pictures they come from."""

    values: dict[str, Value] = {}
    evidence: dict[str, str] = {}
    weight: float | None = None


_LIST: msgspec.json.Decoder[list[Raw]] = msgspec.json.Decoder(list[Raw])
_IMAGE = msgspec.json.Decoder(_Image)


def read(fields: Fields, file: str) -> FileRecommendation:
    """Trained words, base model, hashes, and what the example pictures were made with."""
    model = fields.inner("model")
    hashes = _hashes(fields.items("files"))
    kind = kind_of(model.text("type"))
    examples = examples_in(fields, file.partition(".civitai")[0])
    title = " ".join(word for word in (model.text("name"), fields.text("name")) if word)
    return FileRecommendation(
        file=file,
        dialect="civitai",
        kind=kind,
        family=family_of(fields.text("baseModel")),
        base=fields.text("baseModel"),
        title=title,
        values=examples.values,
        evidence=examples.evidence,
        trigger_phrases=words_in(fields, "trainedWords"),
        weights=((examples.weight, None),) if examples.weight is not None and kind in ("lora", "") else (),
        note=plain(fields.text("description")),
        hashes=hashes,
        problems=fields.problems.sentences(),
    )


def words_in(fields: Fields, key: str) -> tuple[str, ...]:
    """Trained words as phrases; one entry may be a whole list that belongs together and stays so."""
    return tuple(dict.fromkeys(clean for word in fields.words(key) if (clean := phrase(word))))


def _names_in(fields: Fields) -> set[str]:
    """The names and hashes by which an example picture may call this model."""
    files = fields.items("files")
    names = {one.text("name").rpartition(".")[0] for one in files} | {fields.inner("model").text("name")}
    hashes = _hashes(files)
    return {name.casefold() for name in (*names, hashes.autov1, hashes.autov2, hashes.autov3, hashes.sha256) if name}


def examples_in(fields: Fields, *names: str) -> Examples:
    """The median of numbers and the most frequent names over the example pictures that contain them.

    `names` are those of the model itself, in addition to what the page calls it.
    """
    listed = fields.typed("images", _LIST) or []
    made = [one for raw in listed[:MOST_EXAMPLES] if (one := _made(raw)) is not None]
    if not made:
        return Examples()
    values: dict[str, Value] = {}
    evidence: dict[str, str] = {}

    def numbers(path: str, of: Callable[[_Made], object], among: list[_Made] = made) -> None:
        found = [number for one in among if (number := number_in(of(one))) is not None and number > 0]
        if len(found) >= FEWEST_EXAMPLES:
            values[path] = fitted_to(path, median(min(number, 1e6) for number in found))
            evidence[path] = _from(len(found))

    numbers(STEPS, lambda one: one.steps)
    numbers(CFG, lambda one: one.cfg)
    numbers("clip_skip", lambda one: one.clip_skip)
    _sampling(made, values, evidence)
    hires = [one for one in made if isinstance(one.upscaler, str) and one.upscaler]
    numbers(DENOISE, lambda one: one.denoise, hires)
    if len(hires) >= FEWEST_EXAMPLES:
        values[UPSCALER] = _most(str(one.upscaler)[:200] for one in hires)
        evidence[UPSCALER] = _from(len(hires))
    known = {name.casefold() for name in names if name} | _names_in(fields)
    weights = [weight for one in made for weight in _weights(one, known)]
    if weights:
        evidence["weights"] = _from(len(weights))
    return Examples(values, evidence, round(median(weights), 3) if weights else None)


def _made(raw: Raw) -> _Made | None:
    try:
        return _IMAGE.decode(raw).meta
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        # One odd picture among many is nothing its owner could put right.
        return None


def _sampling(made: list[_Made], values: dict[str, Value], evidence: dict[str, str]) -> None:
    pairs = [
        sampler_and_scheduler(one.sampler, one.scheduler if isinstance(one.scheduler, str) else "")
        for one in made
        if isinstance(one.sampler, str) and one.sampler
    ]
    sizes = [size for one in made if (size := size_in(one.size)) is not None]
    if len(pairs) >= FEWEST_EXAMPLES:
        put_sampling(values, *_most(pairs))
        evidence |= dict.fromkeys(("txt2img.sampler", "txt2img.scheduler"), _from(len(pairs)))
    if len(sizes) >= FEWEST_EXAMPLES:
        put_size(values, _most(sizes))
        evidence |= dict.fromkeys(("txt2img.width", "txt2img.height"), _from(len(sizes)))


def _weights(made: _Made, names: set[str]) -> list[float]:
    listed = made.resources if isinstance(made.resources, list) else []
    found = []
    for one in listed[:100]:
        if not isinstance(one, dict) or not {str(one.get(key)).casefold() for key in ("name", "hash")} & names:
            continue
        weight = number_in(one.get("weight"))
        if weight is not None and 0 < abs(weight) <= WEIGHT_LIMIT:
            found.append(float(weight))
    return found


def _most(found: Iterable[_T]) -> _T:
    return Counter(found).most_common(1)[0][0]


def _from(count: int) -> str:
    return f"from {count} example image{'' if count == 1 else 's'}"


def _hashes(files: tuple[Fields, ...]) -> Hashes:
    primary = sorted(files, key=lambda one: not one.is_true("primary"))
    return next((found for one in primary if (found := hashes_in(one.inner("hashes"))) != Hashes()), Hashes())
