"""Sentences of the verdicts: the claim with its probability and scope, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from ..runs.plan import VerdictState

Value = float | str
Name = Callable[[Value], str]

# Smallest ratio of times that is mentioned.
_WORTH_SAYING = 1.1
NAMED_AT_MOST = 4


class Verdict(Struct, frozen=True):
    """The conclusion of an analysis. `value` is None while it is too early.

    `probability` is of what the state claims: `p_best` for best, `p_within_quarter` for settled and leaning, that all
    values lie within half a star for no_difference (1.0 when their pictures are the same), 0.0 when it is too early.
    """

    state: VerdictState
    value: Value | None
    probability: float
    sentence: str


def is_certain(state: VerdictState, probability: float) -> bool:
    """Whether a verdict rests on equal pictures, not on stars."""
    return state == "no_difference" and probability == 1.0


class SuggestedCell(Struct, frozen=True):
    """A suggested picture: this value with the seed of this row."""

    value: Value
    row: int


def plain(value: Value) -> str:
    """A value without its unit: 7, 0.35, Euler a."""
    return value if isinstance(value, str) else f"{value:.9g}"


def percent(probability: float) -> str:
    """A probability as whole per cent, rounded down; "over 99 %" from 0.995 on."""
    return "over 99 %" if probability >= 0.995 else f"{int(100 * probability + 1e-9)} %"


def too_early(*, rated: int, planned: int, complete: int, values: int) -> str:
    """Sentence of "too_early": what is still missing for a verdict."""
    count = f"{rated} of {planned} rated" if planned >= rated and planned else f"{rated} rated"
    if values < 2:
        return f"Too early: {count}. There is nothing to compare before a second value is rated."
    if complete < 2:
        return (
            f"Too early: {count}. It takes 2 seeds rated at every value and 7 pictures; {complete} of 2 seeds so far."
        )
    return f"Too early: {count}. It takes 7 pictures."


def best(value: str, probability: float, scope: str) -> str:
    """Sentence of "best": one value beats all others."""
    return f"{value} is best{scope} ({percent(probability)})."


def settled(value: str, probability: float, scope: str) -> str:
    """Sentence of "settled": no tested value is noticeably better than this one."""
    return f"{value}: nothing you tried is more than ¼ star better{scope} ({percent(probability)})."


def no_difference(names: Sequence[str], probability: float, scope: str, *, span: bool, advice: str) -> str:
    """Sentence of "no_difference": all values look alike. `advice` recommends one of them."""
    if len(names) > 1 and span:
        who = f"{joined((names[0], names[-1]), span=True)} make"
    else:
        who = f"{joined(names)} make" if len(names) <= NAMED_AT_MOST else f"The {len(names)} values you tried make"
    return f"{who} no difference you can see{scope} ({percent(probability)}). {advice}"


def same_pictures(advice: str) -> str:
    """Sentence of "no_difference" when the pictures are equal. `advice` recommends one of the values."""
    return f"No difference at all: the pictures are the same. {advice}"


def fastest(values: Sequence[Value], seconds: Mapping[Value, float], name: Name) -> tuple[Value | None, str]:
    """The clearly fastest value and the advice to take it. None when no value is clearly faster."""
    timed = [(seconds[value], place) for place, value in enumerate(values) if seconds.get(value, 0.0) > 0]
    if len(timed) < 2 or max(timed)[0] < _WORTH_SAYING * min(timed)[0]:
        return None, "Take any of them."
    quick, slow = min(timed), max(timed)
    return values[
        quick[1]
    ], f"Take {name(values[quick[1]])}: {times_as_fast(slow[0] / quick[0])} {name(values[slow[1]])}."


def times_as_fast(ratio: float) -> str:
    """A ratio of durations in words: "twice as fast as", "20 % faster than"."""
    if ratio < 1.75:
        return f"{round(100 * (ratio - 1))} % faster than"
    if ratio < 2.25:
        return "twice as fast as"
    return f"{ratio:.1f} times as fast as".replace(".0 ", " ")


def leaning(ahead: Sequence[str], leader: str, probability: float, scope: str, *, span: bool, ask: str) -> str:
    """Sentence of "leaning": which values look ahead (none when `ahead` is empty), and which pictures to make next."""
    claim = f"{percent(probability)} that nothing you tried is more than ¼ star better"
    if not ahead:
        return f"Nothing stands out yet{scope}. Closest to a choice is {leader}: {claim}.{ask}"
    if len(ahead) == 1:
        return f"{leader} looks ahead{scope}: {claim}.{ask}"
    who = f"{joined(ahead, span=True)} looks ahead" if span else f"{joined(ahead)} look ahead"
    return f"{who}{scope}; {leader}: {claim}.{ask}"


def suggestion(cells: Sequence[SuggestedCell], name: Name) -> str:
    """The suggestion "3 more images at 6 and 7 would tell most."; "" without cells."""
    if not cells:
        return ""
    names = list(dict.fromkeys(name(cell.value) for cell in cells))
    return f" {len(cells)} more {'image' if len(cells) == 1 else 'images'} at {joined(names)} would tell most."


def joined(names: Sequence[str], *, span: bool = False) -> str:
    """Names as people list them: "CFG 6 and 7", "Euler a and Heun"; with `span` from first to last: "20-40 steps"."""
    if len(names) == 1:
        return names[0]
    lines = [name.split() for name in ((names[0], names[-1]) if span else names)]
    head = _common([line[:-1] for line in lines])
    tail = _common([line[:head:-1] for line in lines])
    cores = [" ".join(line[head : len(line) - tail]) for line in lines]
    # Only numbers may lose the words around them: "DPM++ 2M and SDE" would be another sampler.
    if not all(_is_number(core) for core in cores):
        head, tail, cores = 0, 0, [" ".join(line) for line in lines]
    if span:
        plain_numbers = all(_is_number(core) and not core.startswith("-") for core in cores)
        core = ("-" if plain_numbers else " to ").join(cores)
    else:
        core = f"{', '.join(cores[:-1])} and {cores[-1]}"
    return " ".join([*lines[0][:head], core, *lines[0][len(lines[0]) - tail :]])


def _common(lines: Sequence[Sequence[str]]) -> int:
    """How many words all lines have in common at their beginning."""
    shared = 0
    while all(len(line) > shared for line in lines) and len({line[shared] for line in lines}) == 1:
        shared += 1
    return shared


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
