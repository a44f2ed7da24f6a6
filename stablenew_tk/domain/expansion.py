"""A prompt with everything looked up, as a tree that can be counted, numbered and drawn from.

Every node has `count` ways to go on, numbered from 0. `text` writes one of them and notes each choice on the way; a
list of some counts as 10^12 as easily as 10. Nothing is ever listed to be counted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from .dice import Dice, allot


class Picks:
    """What one variant took: choices by name, and the values of what is written in several places.

    `rank` is the variant's number within its prompt; together with `seeds` it decides what {~} draws.
    """

    __slots__ = ("choices", "rank", "seeds", "settings", "shared")

    def __init__(self, rank: int, *seeds: int) -> None:
        self.rank, self.seeds = rank, seeds
        self.choices: dict[str, str] = {}
        self.shared: dict[str, str] = {}
        self.settings: dict[str, int] = {}

    def note(self, name: str, value: str) -> None:
        """Remember a choice; a second one of the same name gets a number."""
        key, number = name, 1
        while key in self.choices:
            number += 1
            key = f"{name} #{number}"
        self.choices[key] = value


class Node(ABC):
    """One place where a prompt may go on in `count` ways, at least 1."""

    __slots__ = ("count",)
    count: int

    @abstractmethod
    def text(self, index: int, picks: Picks) -> str:
        """Write way `index`, 0 ≤ index < count, and note what was chosen."""

    @abstractmethod
    def draw(self, dice: Dice) -> int:
        """A way at random, by the weights."""

    @abstractmethod
    def spread(self, count: int, copies: int, dice: Dice) -> list[int]:
        """`count` ways, no way more than `copies` times, all values as evenly as their weights and that allow.

        In no order that means anything. `count` is at most `copies` times the ways.
        """


class Plain(Node):
    """One of many texts. `values` are written, and noted, as they are; `weights` empty = all alike."""

    __slots__ = ("_name", "_sums", "_values", "_weights")

    def __init__(self, name: str, values: Sequence[str], weights: Sequence[float] = ()) -> None:
        self._name, self._values, self._weights = name, values, weights
        self._sums: list[float] = []
        self.count = len(values)

    def text(self, index: int, picks: Picks) -> str:
        value = self._values[index]
        picks.note(self._name, value)
        return value

    def draw(self, dice: Dice) -> int:
        if not self._weights:
            return dice.below(self.count)
        self._sums = self._sums or list(accumulate(self._weights))
        return min(bisect_right(self._sums, dice.share() * self._sums[-1]), self.count - 1)

    def spread(self, count: int, copies: int, dice: Dice) -> list[int]:
        if self._weights:
            given = allot(count, self._weights, [copies] * self.count, dice)
            return [place for place, times in enumerate(given) for _ in range(times)]
        rounds, odd = divmod(count, self.count)
        return [*(list(range(self.count)) * rounds if rounds else ()), *dice.some(odd, self.count)]


class Level(Plain):
    """A value of an axis: nothing is written, but `picks.settings` holds its place."""

    __slots__ = ()

    def text(self, index: int, picks: Picks) -> str:
        picks.settings[self._name] = index
        super().text(index, picks)
        return ""


class _OneWay(Node):
    """A node that takes no part in counting."""

    __slots__ = ()

    def draw(self, dice: Dice) -> int:  # noqa: ARG002  # there is nothing to draw
        return 0

    def spread(self, count: int, copies: int, dice: Dice) -> list[int]:  # noqa: ARG002
        return [0] * count


class Shared(_OneWay):
    """What was drawn once and is written wherever it is named."""

    __slots__ = ("_key",)

    def __init__(self, key: str) -> None:
        self._key, self.count = key, 1

    def text(self, index: int, picks: Picks) -> str:  # noqa: ARG002
        return picks.shared[self._key]


class Loose(_OneWay):
    """Drawn anew for each variant ("~"), or the next way each time ("@"); makes no more variants of the rest."""

    __slots__ = ("_inner", "_number", "in_turn")

    def __init__(self, inner: Node, number: int, *, in_turn: bool) -> None:
        self._inner, self._number, self.in_turn, self.count = inner, number, in_turn, 1

    @property
    def turns(self) -> int:
        """How many variants it takes until every way was taken."""
        return self._inner.count if self.in_turn else 1

    def text(self, index: int, picks: Picks) -> str:  # noqa: ARG002
        if self.in_turn:
            return self._inner.text(picks.rank % self._inner.count, picks)
        return self._inner.text(self._inner.draw(Dice(*picks.seeds, picks.rank, self._number)), picks)


class Pick(Node):
    """One of several nodes or texts. `sources` are what is noted, `name` "" notes nothing."""

    __slots__ = ("_bodies", "_ends", "_name", "_sources", "_weights")

    def __init__(
        self, name: str, bodies: Sequence[Node | str], sources: Sequence[str], weights: Sequence[float] = ()
    ) -> None:
        self._name, self._bodies, self._sources = name, bodies, sources
        self._weights = weights or (1.0,) * len(bodies)
        self._ends = list(accumulate(body.count if isinstance(body, Node) else 1 for body in bodies))
        self.count = self._ends[-1]

    def split(self, index: int) -> tuple[int, int]:
        """Which body a way belongs to, and its number there."""
        place = bisect_right(self._ends, index)
        return place, index - (self._ends[place - 1] if place else 0)

    def text(self, index: int, picks: Picks) -> str:
        place, inner = self.split(index)
        if self._name:
            picks.note(self._name, self._sources[place])
        body = self._bodies[place]
        return body.text(inner, picks) if isinstance(body, Node) else body

    def draw(self, dice: Dice) -> int:
        sums = list(accumulate(self._weights))
        place = min(bisect_right(sums, dice.share() * sums[-1]), len(sums) - 1)
        body = self._bodies[place]
        return self._first(place) + (body.draw(dice) if isinstance(body, Node) else 0)

    def spread(self, count: int, copies: int, dice: Dice) -> list[int]:
        caps = [(end - self._first(place)) * copies for place, end in enumerate(self._ends)]
        found: list[int] = []
        for place, times in enumerate(allot(count, self._weights, caps, dice)):
            body, first = self._bodies[place], self._first(place)
            if times and isinstance(body, Node):
                found += [first + inner for inner in body.spread(times, copies, dice)]
            else:
                found += [first] * times
        return found

    def _first(self, place: int) -> int:
        return self._ends[place - 1] if place else 0
