"""The choice of more than one option at once, {2$$a|b|c}: combinations counted, numbered and drawn.

An option with the way it goes on is called a card here, a combination a hand.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import accumulate
from math import comb, factorial, perm
from typing import NamedTuple

from ..base.random_numbers import RandomNumbers, allot
from .even_sampling import TRIES, replace_duplicates, spread_duplicates
from .expansion import BEYOND, ExpansionNode, Picks, Uncountable

# Numbering a hand takes as many steps as there are different numbers of ways, times the square of its cards.
_MOST_STEPS = 20_000

# Which bodies, and the way of each.
_Hand = Sequence[tuple[int, int]]


class _EqualWays(NamedTuple):
    """The bodies that have the same number of ways."""

    ways: int
    places: list[int]


class MultiChoice(ExpansionNode):
    """`least` to `most` of some bodies in any order, each at most once, joined by `separator`.

    Raises Uncountable when there are too many ways, or so many different numbers of ways that numbering takes too long.
    """

    __slots__ = (
        "_bodies",
        "_ends",
        "_groups",
        "_home",
        "_name",
        "_reach",
        "_separator",
        "_sizes",
        "_sources",
        "_sums",
        "_weights",
    )

    def __init__(
        self,
        name: str,
        bodies: Sequence[ExpansionNode | str],
        sources: Sequence[str],
        weights: Sequence[float],
        bounds: tuple[int, int, str],
    ) -> None:
        self._name, self._bodies, self._sources, self._weights = name, bodies, sources, weights or (1.0,) * len(bodies)
        self._reach = list(accumulate(self._weights))
        least, most, self._separator = bounds
        alike: dict[int, list[int]] = {}
        for place, body in enumerate(bodies):
            alike.setdefault(1 if isinstance(body, str) else body.count, []).append(place)
        self._groups = [_EqualWays(ways, places) for ways, places in alike.items()]
        self._home = {
            card: (group, step) for group, equal in enumerate(self._groups) for step, card in enumerate(equal.places)
        }
        if len(alike) > 1 and len(alike) * most * most > _MOST_STEPS:
            raise Uncountable
        self._sums = _symmetric(self._groups, most)
        self._sizes = range(least, most + 1)
        self._ends = list(accumulate(factorial(size) * self._sums[size] for size in self._sizes))
        self.count = self._ends[-1]
        if self.count >= BEYOND:
            raise Uncountable

    def text(self, index: int, picks: Picks) -> str:
        size_place = bisect_right(self._ends, index)
        inner = index - (self._ends[size_place - 1] if size_place else 0)
        hand = self._hand(self._sizes[size_place], inner)
        picks.note(self._name, self._separator.join([self._sources[place] for place, _ in hand]))
        texts: list[str] = []
        for place, way in hand:
            body = self._bodies[place]
            texts.append((body if isinstance(body, str) else body.text(way, picks)).strip())
        return self._separator.join(filter(None, texts))

    def draw(self, rng: RandomNumbers) -> int:
        place = rng.below(len(self._sizes))
        cards = _cards(self._sizes[place], self._reach, rng)
        first = self._ends[place - 1] if place else 0
        return first + self._number([(card, self._way(card, rng)) for card in cards])

    def spread(self, count: int, copies: int, rng: RandomNumbers) -> list[int]:
        if copies == 1 and count <= self.count < 2 * count and self._is_even and self._groups[0].ways == 1:
            left_out = set(self.spread(self.count - count, 1, rng))
            return [rank for rank in range(self.count) if rank not in left_out]
        ways = [factorial(size) * self._sums[size] for size in self._sizes]
        shares = [max(way / self.count, 1e-12) for way in ways]
        ranks: list[int] = []
        for place, times in enumerate(allot(count, shares, [way * copies for way in ways], rng)):
            first = self._ends[place - 1] if place else 0
            # Of equals every way comes up as often as every other; only what is left over has to be dealt.
            rounds, odd = divmod(times, ways[place]) if self._is_even else (0, times)
            ranks += list(range(first, first + ways[place])) * rounds if rounds else []
            hands: list[_Hand] = [
                [(card, self._way(card, rng)) for card in cards]
                for cards in _dealt(odd, self._sizes[place], self._weights, rng)
            ]
            most = 1 if rounds else copies
            ranks += [first + rank for rank in spread_duplicates(hands, self._number, _exchanged, most, rng)]
        replace_duplicates(copies, ranks, self, rng)
        return ranks

    @property
    def _is_even(self) -> bool:
        return len(self._groups) == 1 and self._weights.count(self._weights[0]) == len(self._weights)

    def _way(self, place: int, rng: RandomNumbers) -> int:
        body = self._bodies[place]
        return 0 if isinstance(body, str) else body.draw(rng)

    # ---- numbering hands: by the first card, then by the second; cards of as many ways are counted together

    def _hand(self, size: int, index: int) -> list[tuple[int, int]]:
        """The cards of the hand with this number, with the way of each."""
        sums: Sequence[int] = self._sums
        taken: list[list[int]] = [[] for _ in self._groups]
        hand: list[tuple[int, int]] = []
        for done in range(size):
            for (ways, places), gone in zip(self._groups, taken, strict=True):
                without, rest = self._after(sums, ways, done, size - done - 1)
                block = (len(places) - len(gone)) * ways * rest
                if index >= block:
                    index -= block
                    continue
                step, index = divmod(index, ways * rest)
                way, index = divmod(index, rest) if ways > 1 else (0, index)
                for place in gone:
                    step += place <= step
                insort(gone, step)
                hand.append((places[step], way))
                sums = without
                break
        return hand

    def _after(self, sums: Sequence[int], ways: int, done: int, remaining: int) -> tuple[Sequence[int], int]:
        """The sums without the next body, which has so many ways, and the number of ways of the rest of the hand."""
        if len(self._groups) == 1:
            return sums, perm(len(self._bodies) - done - 1, remaining) * ways**remaining
        without = _without(sums[: remaining + 2], ways)
        return without, factorial(remaining) * without[remaining]

    def _number(self, hand: _Hand) -> int:
        """The number of a hand among those of its size."""
        index = 0
        sums: Sequence[int] = self._sums
        taken: list[list[int]] = [[] for _ in self._groups]
        for done, (card, way) in enumerate(hand):
            home, step = self._home[card]
            for group, (ways, places) in enumerate(self._groups):
                without, rest = self._after(sums, ways, done, len(hand) - done - 1)
                if group == home:
                    index += ((step - bisect_right(taken[group], step)) * ways + way) * rest
                    insort(taken[group], step)
                    sums = without
                    break
                index += (len(places) - len(taken[group])) * ways * rest
        return index


def _cards(size: int, sums: Sequence[float], rng: RandomNumbers) -> list[int]:
    """Draw different cards by weight; `sums` are the cumulated weights."""
    taken: dict[int, None] = {}
    for _ in range(TRIES * size):
        if len(taken) == size:
            return list(taken)
        taken[min(bisect_right(sums, rng.uniform() * sums[-1]), len(sums) - 1)] = None
    # Some weigh so much that they come up again and again: lay aside what was taken.
    while len(taken) < size:
        left = [place for place in range(len(sums)) if place not in taken]
        rest = list(accumulate(sums[place] - (sums[place - 1] if place else 0) for place in left))
        taken[left[min(bisect_right(rest, rng.uniform() * rest[-1]), len(left) - 1)]] = None
    return list(taken)


def _dealt(hands: int, size: int, weights: Sequence[float], rng: RandomNumbers) -> list[list[int]]:
    """Deal hands of different cards, every card as often as its weight says."""
    if not hands or not size:
        return [[] for _ in range(hands)]
    given = allot(hands * size, weights, [hands] * len(weights), rng)
    deck = [card for card, times in enumerate(given) for _ in range(times)]
    order, within_hand = list(range(hands)), list(range(hands * size))
    rng.shuffle(order)
    rng.shuffle(within_hand)
    # In turn: copies of a card go to different hands, so no hand gets it twice.
    dealt: list[list[tuple[int, int]]] = [[] for _ in range(hands)]
    for place, (card, turn) in enumerate(zip(deck, within_hand, strict=True)):
        dealt[order[place % hands]].append((turn, card))
    found = [[card for _, card in sorted(hand)] for hand in dealt]
    # Dealt in turn, the same cards lie together again and again: exchange some.
    for mine in found:
        theirs = found[rng.below(hands)]
        give, take = rng.below(size), rng.below(size)
        if mine[give] not in theirs and theirs[take] not in mine:
            mine[give], theirs[take] = theirs[take], mine[give]
    return found


def _exchanged(mine: _Hand, theirs: _Hand, rng: RandomNumbers) -> tuple[_Hand, _Hand]:
    """Both hands shuffled, with one card exchanged that the other does not have, if there is one."""
    cards = {card for card, _ in mine}, {card for card, _ in theirs}
    given = [one for one in mine if one[0] not in cards[1]]
    taken = [one for one in theirs if one[0] not in cards[0]]
    new = list(mine), list(theirs)
    if given and taken:
        one, other = given[rng.below(len(given))], taken[rng.below(len(taken))]
        new[0][mine.index(one)], new[1][theirs.index(other)] = other, one
    return _shuffled(new[0], rng), _shuffled(new[1], rng)


def _shuffled(hand: _Hand, rng: RandomNumbers) -> _Hand:
    order = list(range(len(hand)))
    rng.shuffle(order)
    return [hand[place] for place in order]


def _symmetric(groups: Sequence[_EqualWays], size: int) -> list[int]:
    """Elementary symmetric sums 0 to `size`: the number of ways of all choices of so many bodies."""
    sums = [1, *[0] * size]
    for ways, places in groups:
        few = min(size, len(places))
        terms = [comb(len(places), taken) * ways**taken for taken in range(few + 1)]
        sums = [
            sum(terms[taken] * sums[total - taken] for taken in range(min(total, few) + 1)) for total in range(size + 1)
        ]
    return sums


def _without(sums: Sequence[int], ways: int) -> list[int]:
    """The symmetric sums without one body that has so many ways."""
    found = [1]
    for total in sums[1:]:
        found.append(total - ways * found[-1])
    return found
