"""Sentences of the verdicts, in two parts: a short headline, and its meaning with the probability and the scope."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from ..base.wording import counted
from ..runs.plan import VerdictState
from .model.rated_images import Value

Name = Callable[[Value], str]
Parts = tuple[str, str]  # headline, meaning

# Smallest ratio of times that is mentioned.
_WORTH_SAYING = 1.1
_NO_BREAK = "\N{NO-BREAK SPACE}"
_BEFORE_UNIT = re.compile(r"(?<=[\d¼]) (?=%|(?:steps?|stars?|px|s|min)\b)")
_NEARLY_BEST = "that nothing tried is more than ¼ star better"
_BETTER = "that it is better than everything else tried"
_ALL_LEVEL = "that all lie within half a star"


class Verdict(Struct, frozen=True):
    """The conclusion of an analysis. `value` is None while it is too early.

    `probability` is of what the state claims: `p_best` for best, `p_within_quarter` for settled and leaning, that all
    values lie within half a star for no_difference (1.0 when their pictures are the same), 0.0 when it is too early.
    `headline` is the conclusion in a few words, `meaning` says how sure it is, what it holds for and what to do next.
    """

    state: VerdictState
    value: Value | None
    probability: float
    headline: str = ""
    meaning: str = ""

    @property
    def sentence(self) -> str:
        """Headline and meaning in one text."""
        return f"{self.headline} {self.meaning}".strip()


class Advice(Struct, frozen=True):
    """Which of equally good values to take: `words` begin with "take"; `value` is None when it does not matter.

    `compared` is a sentence that says what it is faster than, "" where that is clear.
    """

    value: Value | None
    words: str
    compared: str = ""


def is_certain(state: VerdictState, probability: float) -> bool:
    """Whether a verdict rests on equal pictures, not on stars."""
    return state == "no_difference" and probability == 1.0


class SuggestedCell(Struct, frozen=True):
    """A suggested picture: this value with the seed of this row."""

    value: Value
    row: int


def percent(probability: float, *, short: bool = False) -> str:
    """A probability as whole per cent, rounded down; "over 99 %" from 0.995 on, "under 1 %" below 0.01.

    `short`, for tables: "> 99 %", "< 1 %".
    """
    if probability >= 0.995:
        words = "> 99 %" if short else "over 99 %"
    elif probability < 0.01:
        words = "< 1 %" if short else "under 1 %"
    else:
        words = f"{int(100 * probability + 1e-9)} %"
    return unbroken(words)


def unbroken(text: str) -> str:
    """The text with no-break spaces between numbers and units, so that "96 %" stays in one line."""
    return _BEFORE_UNIT.sub(_NO_BREAK, text)


def too_early(*, rated: int, planned: int, values: int) -> Parts:
    """Words of "too_early": what is still missing for a verdict."""
    count = f"{rated} of {planned} rated" if planned >= rated and planned else f"{rated} rated"
    if values < 2:
        missing = "There is nothing to compare before a second value is rated."
    else:
        missing = "It takes 2 pictures rated at every value and 7 in all."
    return f"Too early: {count}.", missing


def best(value: str, probability: float, scope: str) -> Parts:
    """Words of "best": one value beats all others."""
    return f"Take {value}.", _claim(probability, _BETTER, scope)


def settled(value: str, probability: float, scope: str) -> Parts:
    """Words of "settled": no tested value is noticeably better than this one."""
    return f"Take {value}.", _claim(probability, _NEARLY_BEST, scope)


def no_difference(probability: float, scope: str, advice: Advice) -> Parts:
    """Words of "no_difference": all values look alike."""
    meaning = _claim(probability, _ALL_LEVEL, scope)
    return f"No difference you can see: {advice.words}.", f"{meaning} {advice.compared}".strip()


def same_pictures(scope: str, advice: Advice) -> Parts:
    """Words of "no_difference" when the pictures are equal. That is certain, so it has no probability."""
    meaning = f"{_capital(advice.words)}{scope}. {advice.compared}".strip()
    return "No difference at all: the pictures are the same.", meaning


def leading(ahead: Sequence[str], closest: str, probability: float, scope: str) -> Parts:
    """Words of "leaning": the values that lead, none when `ahead` is empty. The probability is that of `closest`."""
    if len(ahead) == 1:
        return f"{ahead[0]} leads, not settled.", _claim(probability, _NEARLY_BEST, scope)
    claim = f"Closest to settled is {closest}: {percent(probability)} {_NEARLY_BEST}{scope}."
    return (f"{joined(ahead)} lead, not settled." if ahead else "Too close to call."), claim


_CLAIMS: Mapping[VerdictState, str] = {
    "best": _BETTER,
    "settled": _NEARLY_BEST,
    "leaning": _NEARLY_BEST,
    "no_difference": _ALL_LEVEL,
}


def figure(verdict: Verdict) -> tuple[str, str]:
    """The probability of a verdict as a number, and what it is of; "" where nothing is claimed or it is certain."""
    if verdict.state not in _CLAIMS or is_certain(verdict.state, verdict.probability):
        return "", ""
    return percent(verdict.probability, short=True), unbroken(_CLAIMS[verdict.state])


def beside_figure(verdict: Verdict) -> str:
    """The meaning where `figure` stands beside it: what it holds for and what would help, without the number again."""
    number, claim = figure(verdict)
    said = _capital(f"{percent(verdict.probability)} {claim}")
    if not number or not verdict.meaning.startswith(said):
        return verdict.meaning
    return f"Holds{verdict.meaning.removeprefix(said)}"


def _claim(probability: float, what: str, scope: str) -> str:
    return _capital(f"{percent(probability)} {what}{scope}.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def fastest(values: Sequence[Value], seconds: Mapping[Value, float], name: Name) -> Advice:
    """The advice to take the clearly fastest value, or any when none is clearly faster."""
    timed = [(seconds[value], place) for place, value in enumerate(values) if seconds.get(value, 0.0) > 0]
    if len(timed) < 2 or max(timed)[0] < _WORTH_SAYING * min(timed)[0]:
        return Advice(None, "take any")
    quick, slow = min(timed), max(timed)
    faster = _times_as_fast(slow[0] / quick[0])
    compared = f"It is {faster} than {name(values[slow[1]])}, the slowest." if len(timed) > 2 else ""
    return Advice(values[quick[1]], f"take {name(values[quick[1]])} ({faster})", compared)


def _times_as_fast(ratio: float) -> str:
    """A ratio of durations in words: "2x faster", "20 % faster"."""
    if ratio < 1.75:
        return f"{round(100 * (ratio - 1))} % faster"
    return f"{ratio:.1f}".removesuffix(".0") + "x faster"


def suggestion(cells: Sequence[SuggestedCell], name: Name) -> str:
    """The suggestion "3 more pictures at 6 and 7 would tell most."; "" without cells."""
    if not cells:
        return ""
    names = list(dict.fromkeys(name(cell.value) for cell in cells))
    return f" {counted(len(cells), 'more picture')} at {joined(names)} would tell most."


def joined(names: Sequence[str]) -> str:
    """Names as people list them: "CFG 6 and 7", "Euler a and Heun"."""
    if len(names) == 1:
        return names[0]
    lines = [name.split() for name in names]
    head = _common([line[:-1] for line in lines])
    tail = _common([line[:head:-1] for line in lines])
    cores = [" ".join(line[head : len(line) - tail]) for line in lines]
    # Only numbers may lose the words around them: "DPM++ 2M and SDE" would be another sampler.
    if not all(_is_number(core) for core in cores):
        head, tail, cores = 0, 0, [" ".join(line) for line in lines]
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
