"""Which of many effects stand out: hints with a known rate of false ones among them.

Who looks at twenty slots and settings finds some that look better by luck alone. So each is tested as a whole first,
and the Benjamini-Hochberg procedure chooses as many as keep the expected share of false ones below the promised one. In
a chosen one the value that differs most is named, then the next among those that are left, as long as they differ at
the level that the procedure leaves to the chosen ones (Benjamini and Bogomolov, Selective inference on multiple
families of hypotheses, 2014). So no value is named only because it is worse than the one that was named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import mul

from msgspec import Struct

from .ridge import Effect, Tester

# Of the hints shown at most this share is expected to be false. The procedure runs at half of it: the more hints stand
# out, the more it lets through, so that the false ones come to `_LEVEL` times one more than there are hints.
FALSE_RATE = 0.1
_LEVEL = FALSE_RATE / 2


class Candidate(Struct, frozen=True):
    """One value of a slot or setting: its `name`, the coefficients that are its effect, and the number of its pictures.

    The values that too few pictures have are one choice together, without a name (−1), which is never a hint.
    """

    name: int
    weights: Sequence[float]
    n: int


class HintFamily(Struct, frozen=True):
    """All choices of one slot or setting, at least two."""

    what: str
    choices: Sequence[Candidate]


class StandOut(Struct, frozen=True):
    """A choice that stands out."""

    what: str
    name: int


class _Tested(Struct, frozen=True):
    choice: Candidate
    effect: Effect


def standing_out(families: Sequence[HintFamily], tester: Tester, may_stand: Callable[[int], bool]) -> list[StandOut]:
    """The choices that stand out. `may_stand` says whether the effect of a choice is large enough to be told."""
    tested = [[_Tested(one, tester.effect(one.weights)) for one in family.choices] for family in families]
    first = [_most_different(choices, tester) for choices in tested]
    doubts = [_doubt(choices, tester) for choices in tested]
    chosen = _chosen(doubts, [may_stand(one.choice.name) for one in first])
    found: list[StandOut] = []
    for place in chosen:
        what, named, left = families[place].what, first[place], list(tested[place])
        doubt = 0.0
        # As many families as were looked at for each that was chosen.
        while doubt * len(families) <= _LEVEL * len(chosen):
            if may_stand(named.choice.name):
                found.append(StandOut(what, named.choice.name))
            left = [one for one in left if one is not named]
            if len(left) < 2:
                break
            named, doubt = _most_different(left, tester), _doubt(left, tester)
    return found


def _doubt(choices: Sequence[_Tested], tester: Tester) -> float:
    return tester.p_value([one.effect for one in choices])


def _chosen(doubts: Sequence[float], may_stand: Sequence[bool]) -> list[int]:
    """The places of the families that stand out. All count as looked at, also those with effects too small to tell."""
    order = sorted((place for place, may in enumerate(may_stand) if may), key=lambda place: doubts[place])
    counts = [count for count, place in enumerate(order, start=1) if doubts[place] * len(doubts) <= _LEVEL * count]
    return order[: max(counts, default=0)]


def _most_different(choices: Sequence[_Tested], tester: Tester) -> _Tested:
    """The choice that differs most from the mean of the others by their numbers; one with a name if there is any."""

    def distance(one: _Tested) -> float:
        others = [other for other in choices if other is not one]
        rest = max(1, sum(other.choice.n for other in others))
        shares = [other.choice.n / rest for other in others]
        mean = sum(other.effect.mean * share for other, share in zip(others, shares, strict=True))
        halves = zip(*(other.effect.half for other in others), strict=True)
        return tester.distance(one.effect, Effect(mean, [sum(map(mul, line, shares)) for line in halves]))

    return max(choices, key=lambda one: (one.choice.name >= 0, distance(one)))
