"""The rows of "Why this value?": each source of a field with its value, or why it gave none."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from ..base.wording import pack_title
from ..config.catalogue import Value, parameter
from ..config.origins import Origin
from .precedence import PRECEDENCE, offers
from .preset_scope import reasons
from .provenance import LEARNED_WORD
from .value_sources import ValueSources

_MOST_OTHERS = 3  # values of weaker files that are still listed


class WhyRow(Struct, frozen=True):
    """One origin in "Why this value?": its evidence or why it gave nothing, and its value in words ("" = none)."""

    origin: Origin
    note: str
    value: str = ""
    wins: bool = False
    name: str = ""  # instead of the usual name: "Style SDXL · Realism"
    icon: str = ""  # instead of the usual mark: "star" for a learned profile
    offer: Value | None = None  # what "Use instead" takes, where the row does not win


def explain(
    sources: ValueSources,
    path: str,
    *,
    words: Callable[[str, Value], str],
    backend_name: Callable[[str, Value], Value | None],
) -> list[WhyRow]:
    """All origins of a value in order of precedence, with what the losers would have given.

    `words(path, value)` shows a value; `backend_name(path, value)` is the name the backend has for it, None when it has
    no such thing.
    """
    given = {source.origin: (source, value) for source, value in reversed(offers(sources.in_order(), path))}
    winner = next(origin for origin in PRECEDENCE if origin in given)
    rows: list[WhyRow] = []
    for origin in PRECEDENCE:
        if origin not in given:
            rows.append(WhyRow(origin, _nothing(sources, origin, path), name=_style_name(sources, origin)))
        else:
            source, value = given[origin]
            word = source.words.get(path, "") if origin == "profile" else ""
            by_family = origin == "style" and path in source.words
            rows.append(
                WhyRow(
                    origin,
                    source.evidence(path),
                    words(path, value),
                    wins=origin == winner,
                    name=f"Profile · {word}" if word else "Family" if by_family else _style_name(sources, origin),
                    icon="star" if word == LEARNED_WORD else "",
                    offer=value,
                )
            )
        if origin == "profile":
            rows += _other_files(sources, path, words, backend_name)
    return rows


def _style_name(sources: ValueSources, origin: Origin) -> str:
    style = sources.model.style if sources.model is not None and origin == "style" else None
    return f"Style {style.label}" if style is not None else ""


def _other_files(
    sources: ValueSources,
    path: str,
    words: Callable[[str, Value], str],
    backend_name: Callable[[str, Value], Value | None],
) -> list[WhyRow]:
    """What weaker files beside the checkpoint say."""
    rows = []
    for field in (sources.model.offers.get(path, ()) if sources.model is not None else ())[1:]:
        value = backend_name(path, field.value)
        if field.origin == "profile" and value is not None:
            rows.append(WhyRow("profile", field.source, words(path, value), name="Another file", offer=value))
    return rows[:_MOST_OTHERS]


def _nothing(sources: ValueSources, origin: Origin, path: str) -> str:
    """Why an origin gives no value."""
    if origin == "user":
        return "nothing typed here"
    if origin == "pack":
        return f"none set for {pack_title(sources.pack_id) or 'this pack'}"
    if origin == "last_run":
        return f"none for {sources.context_name}"
    if origin == "preset":
        return _nothing_in_presets(sources, path)
    if origin == "learned":
        return _nothing_learned(sources, path)
    return _nothing_in_files(sources, origin, path)


def _nothing_in_presets(sources: ValueSources, path: str) -> str:
    names, left_out = [], []
    for one in sources.presets_in_force:
        if one.applied:
            names.append(f"“{one.preset.name}”")
        elif path in one.preset.values:
            left_out.append(f"“{one.preset.name}” does not count here: {reasons(one.check)}")
    if left_out:
        return ". ".join(left_out)
    return f"none in {' and '.join(names)}" if names else "no preset is chosen"


def _nothing_learned(sources: ValueSources, path: str) -> str:
    left_out = [one for one in sources.learned_here if not one.applied and path in one.preset.values]
    if left_out:
        return f"{left_out[0].preset.name} does not count here: {reasons(left_out[0].check)}"
    return f"nothing in use for {sources.context_name}"


def _nothing_in_files(sources: ValueSources, origin: Origin, path: str) -> str:
    model, title = sources.model, f"{parameter(path).title}: "
    notices = sources.usable.notices if sources.usable is not None else ()
    lacking = [one.removeprefix(title) for one in notices if one.startswith(title)]
    field = model.values.get(path) if model is not None else None
    if lacking and field is not None and field.origin == origin:
        return lacking[0]
    checkpoint = sources.checkpoint or "the loaded checkpoint"
    if origin == "style" and model is not None and model.style is None:
        return f"no style is named for {checkpoint}"
    if origin == "profile" and model is not None and model.problems:
        return f"none for {checkpoint}. {model.problems[0]}"
    return f"none for {checkpoint}" if sources.settings.model_folders else "no folder with models is set in Settings"
