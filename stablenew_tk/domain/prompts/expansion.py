"""The nodes of a bound prompt: a tree whose texts can be counted, numbered and sampled without listing them.

Every node has `count` ways, numbered from 0. `text` writes one of them and records each choice on the way. 10^12 ways
cost no more than 10.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from ..base.random_numbers import RandomNumbers, allot

# Python writes no numbers of more than 4,300 digits, and nobody reads them.
BEYOND = 10**4000


class Uncountable(Exception):
    """There are more ways than BEYOND."""


class TooLong(Exception):
    """What comes of a prompt has more than LONGEST_TEXT characters."""


class Picks:
    """The choices of one variant by name, the shared values and the levels of axes (`settings`).

    `rank` is the variant's number within its prompt; together with `seeds` it decides what {~} draws.
    """

    __slots__ = ("_times", "choices", "rank", "seeds", "settings", "shared", "throws")

    def __init__(self, rank: int, *seeds: int) -> None:
        self.rank, self.seeds, self.throws = rank, seeds, 0
        self.choices: dict[str, str] = {}
        self._times: dict[str, int] = {}
        self.shared: dict[str, str] = {}
        self.settings: dict[str, int] = {}

    def rng(self) -> RandomNumbers:
        """New rng at every call; the sequence is the same for the same variant."""
        self.throws += 1
        return RandomNumbers(*self.seeds, self.rank, self.throws)

    def note(self, name: str, value: str) -> None:
        """Record a choice; a second one of the same name gets a number."""
        key = name
        if key in self.choices:
            number = self._times.get(name, 1)
            while key in self.choices:
                number += 1
                key = f"{name} #{number}"
            self._times[name] = number
        self.choices[key] = value


class ExpansionNode(ABC):
    """A part of a prompt with `count` ways to write it, at least 1.

    Plain texts are `str`, not nodes. Test for `str`: a test for an abstract class takes many times longer.
    """

    __slots__ = ("count",)
    count: int

    @abstractmethod
    def text(self, index: int, picks: Picks) -> str:
        """Write way `index`, 0 ≤ index < count, and record what was chosen."""

    @abstractmethod
    def draw(self, rng: RandomNumbers) -> int:
        """Draw a way by the weights."""

    @abstractmethod
    def spread(self, count: int, copies: int, rng: RandomNumbers) -> list[int]:
        """`count` ways, no way more than `copies` times, values as balanced as weights and that allow.

        The order is arbitrary. `count` is at most `copies` times the number of ways.
        """


class Plain(ExpansionNode):
    """One of many texts, written and recorded as they are. Empty `weights`: all alike."""

    __slots__ = ("_name", "_sums", "_values", "_weights")

    def __init__(self, name: str, values: Sequence[str], weights: Sequence[float] = ()) -> None:
        self._name, self._values, self._weights = name, values, weights
        self._sums: list[float] = []
        self.count = len(values)

    def text(self, index: int, picks: Picks) -> str:
        value = self._values[index]
        picks.note(self._name, value)
        return value

    def draw(self, rng: RandomNumbers) -> int:
        if not self._weights:
            return rng.below(self.count)
        self._sums = self._sums or list(accumulate(self._weights))
        return min(bisect_right(self._sums, rng.uniform() * self._sums[-1]), self.count - 1)

    def spread(self, count: int, copies: int, rng: RandomNumbers) -> list[int]:
        if self._weights:
            if count == 1:
                return [self.draw(rng)]
            given = allot(count, self._weights, [copies] * self.count, rng)
            return [place for place, times in enumerate(given) for _ in range(times)]
        rounds, odd = divmod(count, self.count)
        return [*(list(range(self.count)) * rounds if rounds else ()), *rng.some(odd, self.count)]


class Level(Plain):
    """A value of an axis: writes nothing, but puts the index of the value into `picks.settings`."""

    __slots__ = ()

    def text(self, index: int, picks: Picks) -> str:
        picks.settings[self._name] = index
        super().text(index, picks)
        return ""


class _OneWay(ExpansionNode):
    """A node with one way, whatever is inside."""

    __slots__ = ()

    def draw(self, rng: RandomNumbers) -> int:  # noqa: ARG002  # there is nothing to draw
        return 0

    def spread(self, count: int, copies: int, rng: RandomNumbers) -> list[int]:  # noqa: ARG002
        return [0] * count


class Shared(_OneWay):
    """Writes what was drawn once under a key."""

    __slots__ = ("_key",)

    def __init__(self, key: str) -> None:
        self._key, self.count = key, 1

    def text(self, index: int, picks: Picks) -> str:  # noqa: ARG002
        return picks.shared[self._key]


class Loose(_OneWay):
    """A node drawn for each variant ("~") or taking its ways in turn ("@"), so that it makes no further variants."""

    __slots__ = ("_inner", "in_turn")

    def __init__(self, inner: ExpansionNode, *, in_turn: bool) -> None:
        self._inner, self.in_turn, self.count = inner, in_turn, 1

    @property
    def turns(self) -> int:
        """The number of variants until every way was taken."""
        return self._inner.count if self.in_turn else 1

    def text(self, index: int, picks: Picks) -> str:  # noqa: ARG002
        if self.in_turn:
            return self._inner.text(picks.rank % self._inner.count, picks)
        return self._inner.text(self._inner.draw(picks.rng()), picks)


class Pick(ExpansionNode):
    """One of some nodes or texts. `sources` are recorded under `name`; with the name "" nothing is recorded."""

    __slots__ = ("_bodies", "_ends", "_name", "_sources", "_sums", "_weights")

    def __init__(
        self, name: str, bodies: Sequence[ExpansionNode | str], sources: Sequence[str], weights: Sequence[float] = ()
    ) -> None:
        self._name, self._bodies, self._sources = name, bodies, sources
        self._weights = weights
        self._sums: list[float] = []
        self._ends = list(accumulate(1 if isinstance(body, str) else body.count for body in bodies))
        self.count = self._ends[-1]
        if self.count >= BEYOND:
            raise Uncountable

    def split(self, index: int) -> tuple[int, int]:
        """The body that a way belongs to, and its number there."""
        place = bisect_right(self._ends, index)
        return place, index - (self._ends[place - 1] if place else 0)

    def text(self, index: int, picks: Picks) -> str:
        place, inner = self.split(index)
        if self._name:
            picks.note(self._name, self._sources[place])
        body = self._bodies[place]
        return body if isinstance(body, str) else body.text(inner, picks)

    def draw(self, rng: RandomNumbers) -> int:
        if not self._weights:
            place = rng.below(len(self._bodies))
        else:
            self._sums = self._sums or list(accumulate(self._weights))
            place = min(bisect_right(self._sums, rng.uniform() * self._sums[-1]), len(self._sums) - 1)
        body = self._bodies[place]
        return self._first(place) + (0 if isinstance(body, str) else body.draw(rng))

    def spread(self, count: int, copies: int, rng: RandomNumbers) -> list[int]:
        if count == 1:
            return [self.draw(rng)]
        found: list[int] = []
        for place, times in self._shares(count, copies, rng):
            body, first = self._bodies[place], self._first(place)
            if isinstance(body, str):
                found += [first] * times
            else:
                found += [first + inner for inner in body.spread(times, copies, rng)]
        return found

    def _shares(self, count: int, copies: int, rng: RandomNumbers) -> Iterable[tuple[int, int]]:
        """Each body that is taken, and how often."""
        if not self._weights and count <= len(self._bodies):
            return ((place, 1) for place in rng.some(count, len(self._bodies)))
        caps = [(end - self._first(place)) * copies for place, end in enumerate(self._ends)]
        given = allot(count, self._weights or (1.0,) * len(caps), caps, rng)
        return ((place, times) for place, times in enumerate(given) if times)

    def _first(self, place: int) -> int:
        return self._ends[place - 1] if place else 0
