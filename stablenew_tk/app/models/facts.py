"""Facts about one model as lines for the panel: problems, recommended values (the winner first), weights, notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from ...domain.base.colour_roles import Role
from ...domain.config.catalogue import catalogue, parameter
from ...domain.models.best_setting import BestSetting
from ...domain.models.profile import best_first
from ...domain.models.recommendations import REFINER, FieldValue, ModelSettings, is_kind
from ...domain.models.style import StyleCatalogue
from ...storage.models.model_entry import ModelEntry
from . import wording as words
from .estimates import EstimateChart

MOST_NOTES, LONGEST_NOTE = 5, 700
_WIDTH, _HEIGHT = "txt2img.width", "txt2img.height"
_LABELS = {_WIDTH: "Size", REFINER: "Refiner"}
_HINT = "Nothing is recommended for it yet. Edit its profile, or learn about it."


def found(answers: Sequence[BestSetting], chart: EstimateChart | None = None) -> tuple[FactLine, ...]:
    """What Learning Runs found for a model, each with its verdict, below the estimates of its files or weights."""
    return (*(_charted(chart) if chart is not None else ()), *_answered(answers))


def _charted(chart: EstimateChart) -> Iterator[FactLine]:
    yield FactLine(text=chart.title, heading=True, source=chart.note)
    yield FactLine(text="", axis=True)
    for one in chart.lines:
        yield FactLine(text=f"{one.mean:.1f}", label=one.text, stars=(one.low, one.mean, one.high), bold=one.best)
    if chart.missing:
        yield FactLine(text=chart.missing, ink="text3")


def _answered(answers: Sequence[BestSetting]) -> tuple[FactLine, ...]:
    if not answers:
        return ()
    head = FactLine(text="Best settings", heading=True, source="by your Learning Runs")
    return head, *(
        FactLine(
            text=one.value,
            label=one.title,
            source=one.verdict,
            mark="star" if one.certain else "ring",
            mark_ink="accent_text" if one.certain else "text3",
            bold=one.certain,
        )
        for one in answers
    )


def above(
    entry: ModelEntry, settings: ModelSettings | None, styles: StyleCatalogue, own_plans: frozenset[str]
) -> tuple[FactLine, ...]:
    """What stands above the trigger phrases: what is wrong and, for a checkpoint, the values.

    `own_plans` are the Learning Runs named in its profile that the journal knows.
    """
    problems = settings.problems if settings is not None else entry.problems
    lines = [FactLine(text="Problems", heading=True)] if problems else []
    lines += [FactLine(text=problem, sign="warning", ink="warn") for problem in problems]
    if settings is None:
        return (*lines, FactLine(text="Reading what its files say…", ink="text3"))
    return tuple(lines) if entry.kind == "lora" else (*lines, *_values(entry, settings, styles, own_plans))


def below(
    entry: ModelEntry, settings: ModelSettings | None, styles: StyleCatalogue, own_plans: frozenset[str]
) -> tuple[FactLine, ...]:
    """What stands below the trigger phrases."""
    if settings is None:
        return ()
    values = _values(entry, settings, styles, own_plans) if entry.kind == "lora" else ()
    parts = (
        _weights(entry, settings, own_plans),
        _presets(settings, own_plans),
        _pairings(settings),
        values,
        _sources(entry),
        _notes(settings),
    )
    return tuple(line for part in parts for line in part)


def _values(
    entry: ModelEntry, settings: ModelSettings, styles: StyleCatalogue, own_plans: frozenset[str]
) -> Iterator[FactLine]:
    if is_kind(entry.kind, "checkpoint"):
        style = f"Style: {settings.style.label}" if settings.style is not None else ""
        yield FactLine(text="Defaults for new runs", heading=True, source=style)
        if settings.found.value:
            yield _family(settings, styles)
        if not settings.offers:
            yield FactLine(text=_HINT, ink="text3")
    elif settings.offers:
        yield FactLine(text="Settings its files name", heading=True)
    order = list(catalogue())
    # What belongs to every stage, such as clip skip, is wanted least.
    for path in sorted(settings.offers, key=lambda one: (parameter(one).group == "general", order.index(one))):
        shown: set[str] = set()
        for offer in settings.offers[path]:
            text = _text(path, offer, settings, styles)
            if not text or text in shown:  # somebody of more weight says the same
                continue
            who = words.source_word(offer, own_plans)
            yield FactLine(
                text=text,
                label="" if shown else _label(path),
                source=who.word,
                mark=who.icon,
                mark_ink=who.ink,
                lost=bool(shown),
                bold=who.icon == "star" and not shown,
            )
            shown.add(text)


def _family(settings: ModelSettings, styles: StyleCatalogue) -> FactLine:
    """Its family with its variants, and who tells them: the header, a sidecar, the file's name."""
    found = settings.found
    title = styles.families.family(found.value).as_variant(found.variant).title
    tellers = (one.partition(":")[0] for one in (found.source, *found.variant_source.split("; ")))
    return FactLine(text=title, label="Family", source=", ".join(dict.fromkeys(filter(None, tellers))))


def _text(path: str, offer: FieldValue, settings: ModelSettings, styles: StyleCatalogue) -> str:
    """A value in words; width and height of one source are one size, told with the width."""
    alias = styles.aliases.get(str(offer.value))
    if alias is not None:
        return alias.label
    if path == _HEIGHT and any(one.source == offer.source for one in settings.offers.get(_WIDTH, ())):
        return ""
    if path == _WIDTH:
        height = next((one.value for one in settings.offers.get(_HEIGHT, ()) if one.source == offer.source), "any")
        return f"{offer.value} × {height}"
    return words.value(path, offer.value)


def _label(path: str) -> str:
    if path in _LABELS:
        return _LABELS[path]
    spec = parameter(path)
    return spec.label if spec.group in ("txt2img", "general") else f"{spec.group.capitalize()} {spec.label.lower()}"


def _weights(entry: ModelEntry, settings: ModelSettings, own_plans: frozenset[str]) -> Iterator[FactLine]:
    if settings.weights or settings.weight_range is not None:
        span = settings.weight_range
        yield FactLine(text="Weights", heading=True, source=f"sensible {span[0]:g} to {span[1]:g}" if span else "")
    elif entry.kind == "lora":
        yield FactLine(text="Weights", heading=True)
        yield FactLine(text="Its files recommend no weight. Make a profile, or learn about it.", ink="text3")
    profile = settings.lora_profile
    ours = best_first(profile.recommended_weights) if profile is not None else ()
    for one in ours:
        who = words.entry_mark(one, own_plans)
        yield FactLine(
            text=" · ".join(filter(None, (f"{one.weight:g}", one.label))),
            label=words.TIER_WORDS[one.rating],
            source=who.word,
            mark=who.icon,
            mark_ink=who.ink,
        )
        if text := words.evidence(one, own_plans):
            yield FactLine(text=text, lost=True)
    for weight in settings.weights[:20]:
        tool = words.tool_of(weight.source)
        if tool != "StableNew profile":
            yield FactLine(text=f"{weight.weight:g}", label="Also", source=tool, mark="lock", mark_ink="text3")


def _presets(settings: ModelSettings, own_plans: frozenset[str]) -> Iterator[FactLine]:
    profile = settings.profile
    if profile is None or not profile.recommended_presets:
        return
    yield FactLine(text="Presets", heading=True)
    for one in best_first(profile.recommended_presets):
        who = words.entry_mark(one, own_plans)
        yield FactLine(
            text=one.label or one.id,
            label=words.TIER_WORDS[one.rating],
            mark=who.icon,
            mark_ink=who.ink,
            source=who.word,
            bold=who.icon == "star",
        )
        for text in (*words.preset(one), words.evidence(one, own_plans)):
            if text:
                yield FactLine(text=text, lost=True)


def _pairings(settings: ModelSettings) -> Iterator[FactLine]:
    profile = settings.lora_profile
    if profile is None or not profile.recommended_pairings:
        return
    yield FactLine(text="Goes with", heading=True)
    for one in profile.recommended_pairings:
        preset = f"preset {one.preset_id}" if one.preset_id else ""
        yield FactLine(text=one.model, label=words.TIER_WORDS[one.rating], source=preset)


def _sources(entry: ModelEntry) -> Iterator[FactLine]:
    if not entry.sources:
        return
    yield FactLine(text="Sources beside the file", heading=True)
    dialects = {one.name: one.dialect for one in entry.files}
    for name in entry.sources:
        ours = dialects.get(name) in words.OURS
        shown = "file header" if dialects.get(name) == "header" else name
        yield FactLine(text=shown, ink="text2", source="profile" if ours else "read only")


def _notes(settings: ModelSettings) -> Iterator[FactLine]:
    notes: Sequence[tuple[str, str]] = [(one.text, one.source) for one in settings.notes[:MOST_NOTES]]
    if settings.negative:
        yield FactLine(text="Recommended negative", heading=True)
        yield FactLine(text=settings.negative[:LONGEST_NOTE], ink="text2")
    for text, source in notes:
        yield FactLine(text="Notes", heading=True, source=words.tool_of(source))
        cut = text if len(text) <= LONGEST_NOTE else f"{text[:LONGEST_NOTE].rstrip()}…"
        yield FactLine(text=cut, ink="text2")


class FactLine(Struct, frozen=True, kw_only=True):
    """One line. With `label` it is a value: label, text, and at the right end `source` with its mark.

    `heading` is bold with a rule above it; otherwise the text runs over as many lines as it needs. `sign` is an icon
    before it, `lost` marks a value that another one has beaten. `stars` are a range on the axis of 1 to 5 stars: its
    low end, the estimate, its high end; `axis` is the head of such lines.
    """

    text: str
    label: str = ""
    source: str = ""
    mark: str = ""
    mark_ink: Role = "text2"
    sign: str = ""
    ink: Role = "text"
    heading: bool = False
    bold: bool = False
    lost: bool = False
    stars: tuple[float, float, float] | None = None
    axis: bool = False
