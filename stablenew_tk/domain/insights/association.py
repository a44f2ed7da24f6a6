"""Hints from everyday runs: correlation of settings and randomizer choices with stars, by ridge regression.

In everyday runs several settings change at once, so the effects of all of them are estimated together, within each
prompt. Choices that always changed together are reported as inseparable. Many things are looked at, so each hint says
how many of such hints are false. Only a Learning Run gives proof.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..base.errors import InvalidInput
from ..config.catalogue import Value, catalogue, flat, parameter
from ..config.pipeline_config import PipelineConfig
from ..config.sweep import slot_words, value_text
from ..journal.position import Position
from ..journal.record import LearningRecord
from ..models.preset_scope import same_workflow
from .model.discovery import FALSE_RATE, Candidate, HintFamily, StandOut, standing_out
from .model.ridge import Fit, Tester, interval, open_minded, ridge

RatedRun = tuple[LearningRecord, int]

# Minimum number of pictures on either side of a comparison; smallest effect, in stars, that is reported.
ENOUGH = 10
QUARTER = 0.25
# Numbers with more levels than this are cut in two halves.
_LEVELS = 5
_COLUMNS = 60
# Not a setting of how the picture looks, or the same for all pictures here.
_LEFT_OUT = frozenset(("checkpoint", "txt2img.batch_size"))


class RatedRecord(Struct, frozen=True):
    """A rated picture of an everyday run, with the position of its record in the journal. `stars` 1 to 5."""

    position: Position
    output_index: int
    image_id: str
    stars: int


class Association(Struct, frozen=True, kw_only=True):
    """The estimated effect of one choice on the stars.

    `what` is a randomizer slot as it is written in the prompt (`slot`), or a catalogue path. `n` pictures have
    `value`, `others` have something else. `effect` in stars against those others, `low` to `high` its 90 % interval
    (0 where too few pictures have it). `sentence` is what may be said: a hint (`telling`), no difference, too early, or
    which choices cannot be told apart.
    It was compared beside all others of the `looked_at` slots and settings. `all_values` are those that pictures have
    there, the most frequent first.
    """

    what: str
    slot: bool
    value: str
    n: int
    others: int
    effect: float
    low: float
    high: float
    sentence: str
    telling: bool = False
    looked_at: int = 0
    all_values: tuple[Value, ...] = ()

    @property
    def has_range(self) -> bool:
        """Whether there is an interval; with too few pictures there is none."""
        return self.low < self.high

    @property
    def alike(self) -> bool:
        """Whether the whole range lies within a quarter of a star of no effect."""
        return self.has_range and max(-self.low, self.high) < QUARTER


class _Level(Struct, frozen=True, kw_only=True):
    """A choice and the pictures that have it, as bits by their place; `rest` chose otherwise about the same thing."""

    what: str
    slot: bool
    value: str
    mask: int
    rest: int

    @property
    def words(self) -> str:
        if self.slot:
            return f"{self.what} = {self.value}"
        title = parameter(self.what).title.removeprefix("txt2img · ").replace(" · ", " ")
        return f"{title.partition(' (')[0]} {self.value}"


class _Subject(Struct, frozen=True):
    """A slot or setting, and the pictures that have each of its values."""

    what: str
    slot: bool
    masks: Mapping[Value, int]

    @property
    def all_values(self) -> tuple[Value, ...]:
        """Its values, the most frequent first."""
        return tuple(sorted(self.masks, key=lambda value: -self.masks[value].bit_count()))

    def levels(self) -> Iterator[_Level]:
        """Its values as levels; of many numbers two halves."""
        masks = {str(value): mask for value, mask in self.masks.items()} if self.slot else _texts(self.what, self.masks)
        everywhere = 0
        for mask in masks.values():
            everywhere |= mask
        for value, mask in masks.items():
            yield _Level(what=self.what, slot=self.slot, value=value, mask=mask, rest=everywhere & ~mask)


class _Estimate(Struct, frozen=True):
    """Effect of a column's first level against what else was chosen for the same thing, its range as the ratings alone
    make it, and whether it is large and sure enough to be told if it stands out.
    """

    effect: float
    low: float
    high: float
    is_large: bool


class _Column(Struct, frozen=True):
    """Levels that have, prompt by prompt, the same pictures (`same`) or just the others (`opposite`)."""

    mask: int
    same: list[_Level]
    opposite: list[_Level]


def associations(rated: Sequence[RatedRun]) -> tuple[Association, ...]:
    """Estimate the effects of all choices on the stars, the clearest first; those with too few pictures come last.

    The model has main effects only, within each prompt: stars = prompt + effects + noise, with effects normal around 0
    (ridge regression). Pictures of Learning Runs are skipped, and those of another workflow than most. Raises
    InvalidInput for pictures of several checkpoints or packs, and for sketches among real pictures.
    """
    everyday = [(record, stars) for record, stars in rated if record.learning.mode != "active" and stars]
    everyday = _of_one_workflow(everyday)
    _refuse_mixtures([record for record, _ in everyday])
    subjects = tuple(_subjects([record for record, _ in everyday]))
    levels = [level for one in subjects for level in one.levels()]
    all_values = {one.what: one.all_values for one in subjects}
    blocks = _blocks([record for record, _ in everyday])
    columns = _columns(levels, blocks)
    fits = ridge([column.mask for column in columns], blocks, [float(stars) for _, stars in everyday])
    estimates = [_estimate(columns, at, fits) for at in range(len(columns))]
    families = _families(columns)
    hints = standing_out(families, Tester(fits), lambda at: estimates[at].is_large) if fits else []
    found = [_association(columns[at], estimates[at], hints, at, len(families)) for at in range(len(columns))]
    covered = {level.what for column in columns for level in (*column.same, *column.opposite)}
    most: dict[str, _Level] = {}
    for level in sorted(levels, key=lambda level: -level.mask.bit_count()):
        if level.what not in covered:
            most.setdefault(level.what, level)
    early = [_too_early(level, blocks) for level in most.values()]
    ordered = (
        *sorted(found, key=lambda one: (not one.telling, -abs(one.effect), one.what, one.value)),
        *sorted(early, key=lambda one: (-one.n, one.what)),
    )
    return tuple(replace(one, all_values=all_values[one.what]) for one in ordered)


def _of_one_workflow(rated: Sequence[RatedRun]) -> list[RatedRun]:
    """The pictures of the same workflow, or of none, whichever are most: settings mean something else in another."""
    most = Counter(record.config.workflow.known_as for record, _ in rated).most_common(1)
    return [one for one in rated if same_workflow(most[0][0], one[0].config.workflow.known_as)]


def _refuse_mixtures(records: Sequence[LearningRecord]) -> None:
    kinds = (
        ("packs", {record.pack_id for record in records}),
        ("checkpoints", {record.config.checkpoint for record in records}),
        ("engines (sketch and real)", {"sketch" if record.backend.kind == "sketch" else "" for record in records}),
    )
    for what, found in kinds:
        if len(found) > 1:
            raise InvalidInput(
                f"The pictures are of several {what}. Their stars cannot be compared; look at each alone."
            )


def _blocks(records: Sequence[LearningRecord]) -> list[int]:
    """Pictures by prompt, as bits. A prompt with one picture compares nothing and is left out."""
    found: dict[str, int] = {}
    for place, record in enumerate(records):
        found[record.prompt_id] = found.get(record.prompt_id, 0) | 1 << place
    return [mask for mask in found.values() if mask.bit_count() > 1]


def _subjects(records: Sequence[LearningRecord]) -> Iterator[_Subject]:
    """Every slot and setting that was not always the same, slots of the randomizer first."""
    slots: dict[str, dict[Value, int]] = {}
    configs: dict[PipelineConfig, int] = {}
    for place, record in enumerate(records):
        bit = 1 << place
        for slot, chosen in record.randomizer.choices.items():
            if slot in catalogue():
                continue  # an axis over a setting, which is in the config
            masks = slots.setdefault(slot, {})
            masks[chosen] = masks.get(chosen, 0) | bit
        configs[record.config] = configs.get(record.config, 0) | bit
    settings: dict[str, dict[Value, int]] = {}
    for config, mask in configs.items():
        for path, value in _in_force(config):
            masks = settings.setdefault(path, {})
            masks[value] = masks.get(value, 0) | mask
    for slot, masks in slots.items():
        # Wildcards, words in braces, tags, styles and replaced words already show what they are.
        if len(masks) > 1:
            yield _Subject(slot_words(slot), True, masks)
    for path, masks in settings.items():
        if len(masks) > 1:
            yield _Subject(path, False, masks)


def _in_force(config: PipelineConfig) -> Iterator[tuple[str, Value]]:
    """The settings that this config really uses: nothing of a stage that is off, and no free text."""
    values = flat(config)
    for path, value in values.items():
        spec, block = parameter(path), path.partition(".")[0]
        text = spec.kind == "str" and not spec.choices and not spec.options
        idle = path != f"{block}.enabled" and values.get(f"{block}.enabled") is False
        if not (text or idle or path in _LEFT_OUT):
            yield path, value


def _texts(path: str, masks: Mapping[Value, int]) -> dict[str, int]:
    """The levels in words. Numbers with many levels are cut at the median: few pictures have exactly 7.3."""
    if len(masks) <= _LEVELS or parameter(path).kind not in ("int", "float"):
        return {value_text(value, path): mask for value, mask in masks.items()}
    ordered = sorted(masks.items(), key=lambda item: float(item[0]))
    half = sum(mask.bit_count() for mask in masks.values()) / 2
    cut, lower = 1, ordered[0][1]
    while (lower | ordered[cut][1]).bit_count() <= half:
        lower |= ordered[cut][1]
        cut += 1
    upper = 0
    for _, mask in ordered[cut:]:
        upper |= mask
    border = value_text(ordered[cut][0], path)
    return {f"below {border}": lower, f"{border} or more": upper}


def _columns(levels: Sequence[_Level], blocks: Sequence[int]) -> list[_Column]:
    """The levels there are enough pictures of, those that cannot be told apart together."""
    found: dict[tuple[int, int], _Column] = {}
    enough = [level for level in levels if _enough(level, blocks)]
    for level in sorted(enough, key=lambda one: (not one.slot, -min(one.mask.bit_count(), one.rest.bit_count()))):
        varied = sum(block for block in blocks if 0 != level.mask & block != block)
        pattern = level.mask & varied
        key = (varied, min(pattern, varied & ~pattern))
        column = found.get(key)
        if column is None:
            if len(found) < _COLUMNS:
                found[key] = _Column(pattern, [level], [])
        else:
            (column.same if pattern == column.mask else column.opposite).append(level)
    return list(found.values())


def _enough(level: _Level, blocks: Sequence[int]) -> bool:
    """10 pictures on either side, and as much to compare within prompts as 10 against 10 of one prompt would give."""
    within = sum(blocks)
    if min((level.mask & within).bit_count(), (level.rest & within).bit_count()) < ENOUGH:
        return False
    return _compared(level.mask, blocks) >= ENOUGH / 2


def _compared(mask: int, blocks: Sequence[int]) -> float:
    """The same pictures against the others, prompt by prompt: 5 for 10 against 10 of one prompt, 0 for no pair."""
    counts = ((float((mask & block).bit_count()), block.bit_count()) for block in blocks)
    return sum(has - has * has / size for has, size in counts)


def _families(columns: Sequence[_Column]) -> list[HintFamily]:
    """The choices of each slot and setting, by the places of their columns. What always changed together is one."""
    every: dict[str, dict[str, tuple[_Level, int]]] = {}
    for at, column in enumerate(columns):
        for level in (*column.same, *column.opposite):
            every.setdefault(level.what, {}).setdefault(level.value, (level, at))
    found: dict[frozenset[int], HintFamily] = {}
    for what, levels in every.items():
        places = frozenset(at for _, at in levels.values())
        if places in found:
            continue
        named = [
            Candidate(at, _share(columns, what, value), level.mask.bit_count()) for value, (level, at) in levels.items()
        ]
        level = next(iter(levels.values()))[0]
        rest = (level.mask | level.rest).bit_count() - sum(one.n for one in named)
        # Values that too few pictures have are compared as one, but never named.
        others = [Candidate(-1, _share(columns, what, ""), rest)] if rest or len(named) == 1 else []
        found[places] = HintFamily(what, [*named, *others])
    return list(found.values())


def _share(columns: Sequence[_Column], what: str, value: str) -> list[float]:
    """What the columns add to the stars of pictures with this value of a slot or setting; "" = none of those named."""
    weights = []
    for column in columns:
        same = [one.value for one in column.same if one.what == what]
        opposite = [one.value for one in column.opposite if one.what == what]
        has = value in same if same else bool(opposite) and value not in opposite
        weights.append(float(has))
    return weights


def _estimate(columns: Sequence[_Column], at: int, fits: Sequence[Fit]) -> _Estimate:
    """What the fits say about one column."""
    contrast = _contrast(columns, at)
    effect, low, high = interval(open_minded(fits), contrast)
    _, least, most = interval(fits, contrast)
    # A hint must also convince who expects that most things make no difference.
    return _Estimate(effect, low, high, abs(effect) >= QUARTER and (min(low, least) > 0 or max(high, most) < 0))


def _association(
    column: _Column, estimate: _Estimate, hints: Sequence[StandOut], at: int, looked_at: int
) -> Association:
    """What may be said about one column: its first level against what else was chosen for the same thing."""
    level, together = column.same[0], column.same
    effect, low, high = estimate.effect, estimate.low, estimate.high
    if effect < 0 and {one.what for one in together} <= {one.what for one in column.opposite}:
        # Of two choices the better one is named.
        together = column.opposite
        level = next(one for one in together if one.what == level.what)
        effect, low, high = -effect, -high, -low
    telling = any(hint.name == at for hint in hints)
    beside = any(hint.what == level.what for hint in hints)
    alike = abs(effect) < QUARTER and high - low < 2 * QUARTER
    return Association(
        what=level.what,
        slot=level.slot,
        value=level.value,
        n=level.mask.bit_count(),
        others=level.rest.bit_count(),
        effect=effect,
        low=low,
        high=high,
        sentence=_sentence(together, effect, telling=telling, alike=alike, beside=beside),
        telling=telling,
        looked_at=looked_at,
    )


def _contrast(columns: Sequence[_Column], at: int) -> list[float]:
    """Weights of the coefficients: a level against the mean of the others of its kind, by their numbers."""
    level = columns[at].same[0]
    weights = [0.0] * len(columns)
    weights[at] = 1.0
    for place, column in enumerate(columns):
        for one, sign in (*((one, -1.0) for one in column.same), *((one, 1.0) for one in column.opposite)):
            if place != at and one.what == level.what:
                weights[place] += sign * one.mask.bit_count() / level.rest.bit_count()
    return weights


def _sentence(together: Sequence[_Level], effect: float, *, telling: bool, alike: bool, beside: bool) -> str:
    names = list(dict.fromkeys(one.words for one in together))
    count = f"{together[0].mask.bit_count()} pictures"
    stars = f"{effect:+.1f} stars".replace("-", "−")
    doubt = f"a hint, not proof: up to 1 in {1 / FALSE_RATE:.0f} such hints is false"
    nothing = "no difference you can see" if alike else "nothing more can be told" if beside else "too early"
    if len(names) > 1:
        head = f"{', '.join(names[:-1])} and {names[-1]} always came together"
        if telling:
            return f"{head}: {stars} ({count}). Which of them it is cannot be told; {doubt}."
        return f"{head}: {nothing} ({count})."
    if telling:
        return f"{names[0]} goes together with {stars} ({count}); {doubt}."
    return f"{names[0]}: {nothing} ({count})."


def _too_early(level: _Level, blocks: Sequence[int]) -> Association:
    count, others = level.mask.bit_count(), level.rest.bit_count()
    why = f"{count} pictures" if count != 1 else "1 picture"
    if min(count, others) >= ENOUGH and _compared(level.mask, blocks) < 1:
        why += ", but never the same prompt with and without it"
    return Association(
        what=level.what,
        slot=level.slot,
        value=level.value,
        n=count,
        others=others,
        effect=0.0,
        low=0.0,
        high=0.0,
        sentence=f"{level.words}: too early ({why}).",
    )
