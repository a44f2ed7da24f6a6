"""Reads the table of families, the one that ships and the user's: a bad field costs only itself and is told."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, get_args

from ..base.errors import InvalidInput
from ..config.catalogue import Value, catalogue, check_value
from ..config.lenient_reader import Fields, Problems, number_in, read_object
from .families import Family, FamilyCatalogue, FamilyVariant, Prediction, Range, Sampling, Shift, TextEncoder
from .tensor_signs import TensorSign, Ways, signs_in

_TEXTS = ("title", "open", "clip_type", "latent", "system_prompt", "system_negative")
_FLAGS = ("whole", "guidance", "distilled", "neo_shift", "lora_text_encoder", "own_workflow")
_LISTS = ("names", "text_encoders", "vae")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "shift": get_args(Shift),
    "sampling": get_args(Sampling),
    "prediction": get_args(Prediction),
}
_NUMBERS = {"clip_skip": (0, 12), "multiple": (8, 64), "noise_scale": (0, 100), "rescale_cfg": (0, 1)}
_FRACTIONS = ("noise_scale", "rescale_cfg")
_OF_VARIANTS = frozenset(FamilyVariant.__struct_fields__)


def read_families(data: bytes, file: str, known: FamilyCatalogue) -> tuple[FamilyCatalogue, tuple[str, ...]]:
    """The catalogue with what a file adds and changes, and sentences about what could not be used. Never raises."""
    problems = Problems(file)
    fields = read_object(data, problems)
    if fields is None:
        return known, problems.sentences()
    changes = [found for one in fields.items("families") if (found := _family(one)) is not None]
    encoders = [encoder for one in fields.items("text_encoders") if (encoder := _encoder(one)) is not None]
    if not changes and not encoders and not problems.sentences():
        problems.add(': holds neither "families" nor "text_encoders"; nothing was read. See docs/models.md.')
    return known.extended(changes, encoders), problems.sentences()


def _family(fields: Fields) -> dict[str, Any] | None:
    found = _common(fields, "family", Family.__struct_fields__)
    if found is None:
        return None
    if "variants" in fields:
        variants = (_common(one, "variant", _OF_VARIANTS) for one in fields.items("variants"))
        found["variants"] = tuple(FamilyVariant(**one) for one in variants if one is not None)
    if "sizes" in fields:
        found["sizes"] = _sizes(fields)
    if "padding" in fields:
        pair = fields.span("padding", 0, 10_000)
        found |= {"padding": (int(pair[0]), int(pair[1]))} if pair is not None else {}
    return found


def _common(fields: Fields, what: str, known: tuple[str, ...] | frozenset[str]) -> dict[str, Any] | None:
    """The fields that a family and a variant both may have; None without an id."""
    name = fields.text("id")
    if not name:
        fields.refuse("id", f"is missing; this {what} was left out. Give it an id.")
        return None
    for key in fields.names():
        if key not in known:
            fields.refuse(key, f"is no field of a {what} and was left out. It has {', '.join(sorted(known))}.")
    found: dict[str, Any] = {"id": name}
    found |= {key: text for key in _TEXTS if key in known and key in fields and (text := fields.text(key))}
    found |= {key: words for key in _LISTS if key in known and key in fields and (words := fields.words(key))}
    for key in _FLAGS:
        if key in known and key in fields:
            value = fields.value(key)
            if isinstance(value, bool):
                found[key] = value
            else:
                fields.refuse(key, "is neither true nor false and was left out. Write one of them.")
    for key, words in _WORDS.items():
        if key in known and key in fields:
            if (text := fields.text(key)) in words:
                found[key] = text
            else:
                fields.refuse(key, f"is not one of {', '.join(word for word in words if word)} and was left out.")
    for key, (low, high) in _NUMBERS.items():
        if key in known and key in fields and (number := fields.number(key, low, high)) is not None:
            found[key] = number if key in _FRACTIONS else int(number)
    found |= {key: _ways(fields, key) for key in ("signs", "lora_signs") if key in known and key in fields}
    found |= {
        key: read(fields.inner(key)) for key, read in (("ranges", _ranges), ("defaults", _defaults)) if key in fields
    }
    return found


def _encoder(fields: Fields) -> TextEncoder | None:
    name = fields.text("id")
    if not name:
        fields.refuse("id", "is missing; this text encoder was left out. Give it an id.")
        return None
    return TextEncoder(name, fields.text("title") or name, _ways(fields, "signs"))


def _ways(fields: Fields, key: str) -> Ways:
    """Lists of signs. A way with a bad sign is left out as a whole: without it, it would fit too many files."""
    written = fields.value(key)
    ways = []
    for nth, way in enumerate(written if isinstance(written, list) else [written]):
        if not isinstance(way, list) or not way or not all(isinstance(one, str) for one in way):
            fields.refuse(f"{key}[{nth}]", "is no list of signs and was left out. Write [[…], […]].")
            continue
        signs = tuple(signs_in(way))
        bad = next((one for one in signs if isinstance(one, str)), None)
        if bad is not None:
            fields.refuse(f"{key}[{nth}]", f"holds {bad[:60]!r}, which is no sign, and was left out. Correct it.")
        else:
            ways.append(tuple(one for one in signs if isinstance(one, TensorSign)))
    return tuple(ways)


def _ranges(fields: Fields) -> dict[str, Range]:
    """Ranges by path, or by the last part of one for all stages, within what the parameter may be."""
    found: dict[str, Range] = {}
    for key in fields.names():
        ends = _ends().get(key)
        if ends is None:
            fields.refuse(key, "is no number of the catalogue and was left out. Write a path as txt2img.steps.")
        elif (span := fields.span(key, *ends)) is not None and span[0] < span[1]:
            found[key] = span
        elif span is not None:
            fields.refuse(key, "begins where it ends and was left out. Write [from, to].")
    return found


@cache
def _ends() -> dict[str, Range]:
    """The widest ranges, by path and by the last part of one."""
    found: dict[str, Range] = {}
    for path, one in catalogue().items():
        if one.minimum is not None and one.maximum is not None:
            low, high = found.get(one.name, (one.minimum, one.maximum))
            found[path] = one.minimum, one.maximum
            found[one.name] = min(low, one.minimum), max(high, one.maximum)
    return found


def _defaults(fields: Fields) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for path in fields.names():
        value: Any = fields.value(path)
        number = number_in(value)
        if path in catalogue() and catalogue()[path].kind in ("int", "float") and number is not None:
            value = number
        try:
            found[path] = check_value(path, value)
        except InvalidInput as wrong:
            fields.refuse(path, f"was left out: {wrong}")
    return found


def _sizes(fields: Fields) -> tuple[tuple[int, int], ...]:
    written, sizes = fields.value("sizes"), []
    for nth, pair in enumerate(written if isinstance(written, list) else [written]):
        try:
            width, height = pair if isinstance(pair, list) else [pair]
            size = int(check_value("txt2img.width", width)), int(check_value("txt2img.height", height))
        except (ValueError, InvalidInput):
            fields.refuse(f"sizes[{nth}]", "is no size and was left out. Write [width, height] in pixels.")
            continue
        sizes.append(size)
    return tuple(sizes)
