"""Parts that follow each other, counted and drawn from together; and several of one list at once."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from math import factorial, perm

from .dice import Dice, allot
from .expansion import Node, Picks
from .pack_settings import Mode

# Attempts to part two variants that came out alike by exchanging one value with a third, before one is replaced.
_EXCHANGES = 40


class Row(Node):
    """Texts and nodes one after the other. `shared` are drawn first, once each, and written where `Shared` stands.

    `mode` says how the parts with several ways are combined, see `pack_settings.Randomizer`. `turns`: there are at
    least so many variants, because something in it is taken in turn.
    """

    __slots__ = ("_factors", "_mode", "_parts", "_product", "_shared")

    def __init__(
        self, parts: Sequence[Node | str], shared: Sequence[tuple[str, Node]] = (), mode: Mode = "all", turns: int = 1
    ) -> None:
        self._parts, self._shared, self._mode = parts, shared, mode
        nodes = [node for _, node in shared] + [part for part in parts if isinstance(part, Node)]
        self._factors = [node for node in nodes if node.count > 1]
        counts = [node.count for node in self._factors]
        self._product = _combined(mode, counts)
        self.count = max(self._product, turns)

    @property
    def varies(self) -> bool:
        """Whether there is more than one way."""
        return self.count > 1

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many ways each part has that has several."""
        return tuple(node.count for node in self._factors)

    def text(self, index: int, picks: Picks) -> str:
        digits = iter(self._digits(index % self._product))
        for key, node in self._shared:
            picks.shared[key] = node.text(next(digits) if node.count > 1 else 0, picks)
        written = [
            part if isinstance(part, str) else part.text(next(digits) if part.count > 1 else 0, picks)
            for part in self._parts
        ]
        return "".join(written)

    def draw(self, dice: Dice) -> int:
        if not self._is_product:
            return dice.below(self.count)
        return self._rank([node.draw(dice) for node in self._factors])

    def spread(self, count: int, copies: int, dice: Dice) -> list[int]:
        if not self._is_product or not self._factors:
            rounds, odd = divmod(count, self.count)
            return [*(list(range(self.count)) * rounds if rounds else ()), *dice.some(odd, self.count)]
        if len(self._factors) == 1:
            return self._factors[0].spread(count, copies, dice)
        if copies == 1 and 2 * count > self.count:
            # What is left out is few, and what is left of even parts without even parts is even.
            left_out = set(self._hypercube(self.count - count, 1, dice))
            return [rank for rank in range(self.count) if rank not in left_out]
        return self._hypercube(count, copies, dice)

    @property
    def _is_product(self) -> bool:
        return self._mode in ("all", "random") and self.count == self._product

    def _digits(self, index: int) -> list[int]:
        """The way of each factor in combination `index`."""
        counts = [node.count for node in self._factors]
        if self._mode in ("round_robin", "zip"):
            return [index % count for count in counts]
        if self._mode == "sequential":
            digits = [0] * len(counts)
            for place, count in enumerate(counts):
                if 0 < index < count:
                    digits[place] = index
                index -= count - 1
                if index <= 0:
                    break
            return digits
        digits = []
        for count in reversed(counts):
            index, digit = divmod(index, count)
            digits.append(digit)
        return digits[::-1]

    def _rank(self, digits: Sequence[int]) -> int:
        rank = 0
        for node, digit in zip(self._factors, digits, strict=True):
            rank = rank * node.count + digit
        return rank

    def _hypercube(self, count: int, copies: int, dice: Dice) -> list[int]:
        """Latin hypercube sampling (McKay, Beckman, Conover 1979): every factor evenly, in an order of its own."""
        columns: list[list[int]] = []
        for node in self._factors:
            column = node.spread(count, copies * (self.count // node.count), dice)
            dice.shuffle(column)
            columns.append(column)
        rows = [list(row) for row in zip(*columns, strict=True)]
        self._part(rows, copies, dice)
        return within(copies, self.count, [self._rank(row) for row in rows], dice)

    def _part(self, rows: list[list[int]], copies: int, dice: Dice) -> None:
        """Exchange values between rows until no combination is there more often than `copies` times: that leaves every
        value as frequent as it was.
        """
        ranks = [self._rank(row) for row in rows]
        seen = Counter(ranks)
        for place, row in enumerate(rows):
            for _ in range(_EXCHANGES if seen[ranks[place]] > copies else 0):
                other, column = dice.below(len(rows)), dice.below(len(row))
                mine, theirs = list(row), list(rows[other])
                mine[column], theirs[column] = theirs[column], mine[column]
                ranked = self._rank(mine), self._rank(theirs)
                if ranked[0] == ranks[place] or ranked[0] == ranked[1] or max(seen[r] for r in ranked) >= copies:
                    continue
                seen.subtract((ranks[place], ranks[other]))
                seen.update(ranked)
                ranks[place], ranks[other] = ranked
                row[column], rows[other][column] = mine[column], theirs[column]
                break


class Several(Node):
    """`least` to `most` of some bodies in any order, each at most once, joined by `separator`."""

    __slots__ = ("_bodies", "_counts", "_ends", "_name", "_separator", "_sizes", "_sources", "_weights")

    def __init__(
        self, name: str, bodies: Sequence[Node | str], sources: Sequence[str], weights: Sequence[float],
        bounds: tuple[int, int, str],
    ) -> None:  # fmt: skip
        self._name, self._bodies, self._sources, self._weights = name, bodies, sources, weights or (1.0,) * len(bodies)
        least, most, self._separator = bounds
        counts = [body.count if isinstance(body, Node) else 1 for body in bodies]
        self._counts = None if max(counts) == 1 else counts
        self._sizes = range(least, most + 1)
        self._ends = list(accumulate(self._ways(size) for size in self._sizes))
        self.count = self._ends[-1]

    def text(self, index: int, picks: Picks) -> str:
        size_place = bisect_right(self._ends, index)
        inner = index - (self._ends[size_place - 1] if size_place else 0)
        hand = self._hand(self._sizes[size_place], inner)
        picks.note(self._name, self._separator.join(self._sources[place] for place, _ in hand))
        texts: list[str] = []
        for place, way in hand:
            body = self._bodies[place]
            texts.append(body.text(way, picks) if isinstance(body, Node) else body)
        return self._separator.join(text.strip() for text in texts)

    def draw(self, dice: Dice) -> int:
        place = dice.below(len(self._sizes))
        left = dict(enumerate(self._weights)) if len(self._weights) < 1000 else None
        hand: list[tuple[int, int]] = []
        while len(hand) < self._sizes[place]:
            taken = _weighted(left, dice) if left is not None else dice.below(len(self._weights))
            if all(taken != known for known, _ in hand):
                body = self._bodies[taken]
                hand.append((taken, body.draw(dice) if isinstance(body, Node) else 0))
        return self._number(place, hand)

    def spread(self, count: int, copies: int, dice: Dice) -> list[int]:
        ways = [self._ways(size) for size in self._sizes]
        shares = [max(way / self.count, 1e-12) for way in ways]
        found: list[int] = []
        for place, times in enumerate(allot(count, shares, [way * copies for way in ways], dice)):
            size = self._sizes[place]
            for hand in _dealt(times, size, self._weights, dice):
                inner = [(one, self._draw_of(one, dice)) for one in hand]
                found.append(self._number(place, inner))
        return within(copies, self.count, found, dice)

    def _draw_of(self, place: int, dice: Dice) -> int:
        body = self._bodies[place]
        return dice.below(body.count) if isinstance(body, Node) else 0

    # ---- numbering hands: the first card counts most; with bodies of one way each there is a short way

    def _ways(self, size: int) -> int:
        if self._counts is None:
            return perm(len(self._bodies), size)
        return factorial(size) * _symmetric(self._counts, size)[size]

    def _hand(self, size: int, index: int) -> list[tuple[int, int]]:
        if self._counts is None:
            return [(place, 0) for place in _unranked(len(self._bodies), size, index)]
        sums, left = _symmetric(self._counts, size), list(range(len(self._counts)))
        hand: list[tuple[int, int]] = []
        for remaining in range(size, 0, -1):
            for place in left:
                without = _without(sums, self._counts[place])
                block = self._counts[place] * factorial(remaining - 1) * without[remaining - 1]
                if index < block:
                    way, index = divmod(index, block // self._counts[place])
                    hand.append((place, way))
                    left.remove(place)
                    sums = without
                    break
                index -= block
        return hand

    def _number(self, size_place: int, hand: Sequence[tuple[int, int]]) -> int:
        first = self._ends[size_place - 1] if size_place else 0
        if self._counts is None:
            return first + _ranked(len(self._bodies), [place for place, _ in hand])
        sums, left, index = _symmetric(self._counts, len(hand)), list(range(len(self._counts))), 0
        for done, (taken, way) in enumerate(hand):
            remaining = len(hand) - done - 1
            for place in left:
                without = _without(sums, self._counts[place])
                ways = factorial(remaining) * without[remaining]
                if place == taken:
                    index += way * ways
                    sums = without
                    break
                index += self._counts[place] * ways
            left.remove(taken)
        return first + index


def within(copies: int, count: int, ranks: list[int], dice: Dice) -> list[int]:
    """The ranks with those replaced that are there more often than `copies` times."""
    seen = Counter(ranks)
    for place, rank in enumerate(ranks):
        if seen[rank] > copies:
            fresh = dice.below(count)
            while seen[fresh] >= copies:
                fresh = (fresh + 1) % count
            seen.subtract((rank,))
            seen.update((fresh,))
            ranks[place] = fresh
    return ranks


def _combined(mode: Mode, counts: Sequence[int]) -> int:
    if not counts:
        return 1
    if mode == "round_robin":
        return max(counts)
    if mode == "zip":
        return min(counts)
    if mode == "sequential":
        return 1 + sum(count - 1 for count in counts)
    product = 1
    for count in counts:
        product *= count
    return product


def _weighted(left: dict[int, float], dice: Dice) -> int:
    """One of them by weight; it is taken away."""
    at = dice.uniform() * sum(left.values())
    place = -1
    for place, weight in left.items():  # noqa: B007  # the last one where rounding goes over the end
        at -= weight
        if at < 0:
            break
    del left[place]
    return place


def _dealt(hands: int, size: int, weights: Sequence[float], dice: Dice) -> list[list[int]]:
    """Hands of different cards from packs that hold every card as often as its weight says."""
    if not hands or not size:
        return [[] for _ in range(hands)]
    given = allot(hands * size, weights, [hands] * len(weights), dice)
    deck = [card for card, times in enumerate(given) for _ in range(times)]
    # By place: a card goes to every so manyth hand, so no hand gets it twice.
    dealt: list[list[int]] = [[] for _ in range(hands)]
    order = list(range(hands))
    dice.shuffle(order)
    for place, card in enumerate(deck):
        dealt[order[place % hands]].append(card)
    for hand in dealt:
        dice.shuffle(hand)
    return dealt


def _symmetric(counts: Sequence[int], size: int) -> list[int]:
    """Elementary symmetric sums 0 to `size`: in how many ways so many bodies go on, whichever they are."""
    sums = [1, *[0] * size]
    for count in counts:
        for place in range(size, 0, -1):
            sums[place] += count * sums[place - 1]
    return sums


def _without(sums: Sequence[int], count: int) -> list[int]:
    """The symmetric sums without one body of `count` ways."""
    found = [1]
    for total in sums[1:]:
        found.append(total - count * found[-1])
    return found


def _unranked(total: int, size: int, index: int) -> list[int]:
    """Ordered choice number `index` of `size` among `total`."""
    hand: list[int] = []
    for done in range(size):
        place, index = divmod(index, perm(total - done - 1, size - done - 1))
        for taken in sorted(hand):
            place += taken <= place
        hand.append(place)
    return hand


def _ranked(total: int, hand: Sequence[int]) -> int:
    """The number of an ordered choice."""
    index = 0
    for done, place in enumerate(hand):
        below = sum(taken < place for taken in hand[:done])
        index += (place - below) * perm(total - done - 1, len(hand) - done - 1)
    return index
