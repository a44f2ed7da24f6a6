"""Parts that follow each other, counted and drawn from together; and several of one list at once."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from math import comb, factorial
from typing import NamedTuple

from .dice import Dice, allot
from .expansion import BEYOND, Node, Picks, Uncountable
from .pack_settings import Mode

# Attempts to part two variants that came out alike by exchanging one value with a third, before one is replaced.
_EXCHANGES = 40
_ROUNDS = 20
# Numbering a hand takes as many steps as there are different numbers of ways, times the square of its cards.
_UNLIKE = 20_000


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
        nodes = [node for _, node in shared] + [part for part in parts if not isinstance(part, str)]
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
        return "".join(self.pieces(index, picks))

    def pieces(self, index: int, picks: Picks) -> list[str]:
        """The same, each part for itself."""
        digits = iter(self._digits(index % self._product))
        for key, node in self._shared:
            picks.shared[key] = node.text(next(digits) if node.count > 1 else 0, picks)
        return [
            part if isinstance(part, str) else part.text(next(digits) if part.count > 1 else 0, picks)
            for part in self._parts
        ]

    def draw(self, dice: Dice) -> int:
        if not self._is_product:
            return dice.below(self.count)
        return self._rank([node.draw(dice) for node in self._factors])

    def spread(self, count: int, copies: int, dice: Dice) -> list[int]:
        if not self._is_product or not self._factors:
            rounds, odd = divmod(count, self.count)
            if self._mode in ("round_robin", "zip"):
                # Steps that follow each other take every list evenly.
                start = dice.below(self.count)
                some = [(start + step) % self.count for step in range(odd)]
            else:
                some = dice.some(odd, self.count)
            return [*(list(range(self.count)) * rounds if rounds else ()), *some]
        if len(self._factors) == 1:
            return self._factors[0].spread(count, copies, dice)
        if count == 1:
            return [self.draw(dice)]
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
        left_out = self.count * copies - count
        # Few are easier to keep apart than many: of more than a half, those that are left out are put together.
        dense = left_out < count
        columns: list[list[int]] = []
        for node in self._factors:
            cap = copies * (self.count // node.count)
            column = node.spread(count, cap, dice)
            if dense:
                taken = Counter(column)
                column = [way for way in range(node.count) for _ in range(cap - taken[way])]
            dice.shuffle(column)
            columns.append(column)
        ranks = self._apart([list(row) for row in zip(*columns, strict=True)], copies, dice)
        within(copies, ranks, self, dice)
        if not dense:
            return ranks
        without = Counter(ranks)
        return [rank for rank in range(self.count) for _ in range(copies - without[rank])]

    def _apart(self, rows: list[list[int]], copies: int, dice: Dice) -> list[int]:
        """The ranks of the rows, after values were exchanged between rows until no combination is there more often than
        `copies` times: that leaves every value as frequent as it was.
        """
        ranks = [self._rank(row) for row in rows]
        seen = Counter(ranks)
        for _ in range(_ROUNDS):
            alike = [place for place, rank in enumerate(ranks) if seen[rank] > copies]
            if not alike:
                break
            for place in alike:
                for _ in range(_EXCHANGES):
                    if seen[ranks[place]] <= copies:
                        break
                    self._exchange(rows, ranks, seen, (place, dice.below(len(rows)), dice.below(len(rows[0]))), copies)
        return ranks

    def _exchange(
        self, rows: list[list[int]], ranks: list[int], seen: Counter[int], which: tuple[int, int, int], copies: int
    ) -> None:
        """Exchange one value of two rows, unless that makes more rows alike."""
        place, other, column = which
        mine, theirs = list(rows[place]), list(rows[other])
        mine[column], theirs[column] = theirs[column], mine[column]
        old, new = (ranks[place], ranks[other]), (self._rank(mine), self._rank(theirs))
        touched = {*old, *new}
        before = sum(max(seen[rank] - copies, 0) for rank in touched)
        seen.subtract(old)
        seen.update(new)
        if sum(max(seen[rank] - copies, 0) for rank in touched) > before:
            seen.subtract(new)
            seen.update(old)
            return
        rows[place], rows[other] = mine, theirs
        ranks[place], ranks[other] = new


class _Like(NamedTuple):
    """The bodies that go on in the same number of ways."""

    ways: int
    places: list[int]


class Several(Node):
    """`least` to `most` of some bodies in any order, each at most once, joined by `separator`.

    Raises Uncountable when there are too many ways, or when they are so unlike that numbering them takes too long.
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
        self, name: str, bodies: Sequence[Node | str], sources: Sequence[str], weights: Sequence[float],
        bounds: tuple[int, int, str],
    ) -> None:  # fmt: skip
        self._name, self._bodies, self._sources, self._weights = name, bodies, sources, weights or (1.0,) * len(bodies)
        self._reach = list(accumulate(self._weights))
        least, most, self._separator = bounds
        alike: dict[int, list[int]] = {}
        for place, body in enumerate(bodies):
            alike.setdefault(1 if isinstance(body, str) else body.count, []).append(place)
        self._groups = [_Like(ways, places) for ways, places in alike.items()]
        self._home = {
            card: (group, step) for group, like in enumerate(self._groups) for step, card in enumerate(like.places)
        }
        if len(alike) > 1 and len(alike) * most * most > _UNLIKE:
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
        picks.note(self._name, self._separator.join(self._sources[place] for place, _ in hand))
        texts: list[str] = []
        for place, way in hand:
            body = self._bodies[place]
            texts.append(body if isinstance(body, str) else body.text(way, picks))
        return self._separator.join(text.strip() for text in texts)

    def draw(self, dice: Dice) -> int:
        place = dice.below(len(self._sizes))
        cards = _cards(self._sizes[place], self._reach, dice)
        return self._number(place, [(card, self._way(card, dice)) for card in cards])

    def spread(self, count: int, copies: int, dice: Dice) -> list[int]:
        if copies == 1 and count <= self.count < 2 * count and self._is_even and self._groups[0].ways == 1:
            left_out = set(self.spread(self.count - count, 1, dice))
            return [rank for rank in range(self.count) if rank not in left_out]
        ways = [factorial(size) * self._sums[size] for size in self._sizes]
        shares = [max(way / self.count, 1e-12) for way in ways]
        found: dict[int, int] = {}
        ranks: list[int] = []
        for place, times in enumerate(allot(count, shares, [way * copies for way in ways], dice)):
            for cards in _dealt(times, self._sizes[place], self._weights, dice):
                rank = self._number(place, [(card, self._way(card, dice)) for card in cards])
                for _ in range(_EXCHANGES):
                    if found.get(rank, 0) < copies:
                        break
                    dice.shuffle(cards)
                    rank = self._number(place, [(card, self._way(card, dice)) for card in cards])
                found[rank] = found.get(rank, 0) + 1
                ranks.append(rank)
        within(copies, ranks, self, dice)
        return ranks

    @property
    def _is_even(self) -> bool:
        return len(self._groups) == 1 and self._weights.count(self._weights[0]) == len(self._weights)

    def _way(self, place: int, dice: Dice) -> int:
        body = self._bodies[place]
        return 0 if isinstance(body, str) else body.draw(dice)

    # ---- numbering hands: by the first card, then by the second; cards of as many ways are counted together

    def _hand(self, size: int, index: int) -> list[tuple[int, int]]:
        """The cards of a hand and the way of each, by the number of the hand."""
        sums = self._sums[: size + 1]
        taken: list[list[int]] = [[] for _ in self._groups]
        hand: list[tuple[int, int]] = []
        for remaining in range(size, 0, -1):
            for (ways, places), gone in zip(self._groups, taken, strict=True):
                without = _without(sums[: remaining + 1], ways)
                rest = factorial(remaining - 1) * without[remaining - 1]
                block = (len(places) - len(gone)) * ways * rest
                if index >= block:
                    index -= block
                    continue
                step, index = divmod(index, ways * rest)
                way, index = divmod(index, rest)
                for place in gone:
                    step += place <= step
                insort(gone, step)
                hand.append((places[step], way))
                sums = without
                break
        return hand

    def _number(self, size_place: int, hand: Sequence[tuple[int, int]]) -> int:
        """The number of a hand."""
        index = self._ends[size_place - 1] if size_place else 0
        sums = self._sums[: len(hand) + 1]
        taken: list[list[int]] = [[] for _ in self._groups]
        for done, (card, way) in enumerate(hand):
            remaining = len(hand) - done
            home, step = self._home[card]
            for group, (ways, places) in enumerate(self._groups):
                without = _without(sums[: remaining + 1], ways)
                rest = factorial(remaining - 1) * without[remaining - 1]
                if group == home:
                    index += ((step - bisect_right(taken[group], step)) * ways + way) * rest
                    insort(taken[group], step)
                    sums = without
                    break
                index += (len(places) - len(taken[group])) * ways * rest
        return index


def within(copies: int, ranks: list[int], node: Node, dice: Dice) -> None:
    """Replace ranks that are there more often than `copies` times: by others drawn, else by those that follow."""
    seen = Counter(ranks)
    for place, rank in enumerate(ranks):
        if seen[rank] > copies:
            for _ in range(_EXCHANGES):
                fresh = node.draw(dice)
                if seen[fresh] < copies:
                    break
            while seen[fresh] >= copies:
                fresh = (fresh + 1) % node.count
            seen[rank] -= 1
            seen[fresh] += 1
            ranks[place] = fresh


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
        if product >= BEYOND:
            raise Uncountable
    return product


def _cards(size: int, sums: Sequence[float], dice: Dice) -> list[int]:
    """Different cards, one after the other by weight; `sums` are those of the weights up to each."""
    taken: dict[int, None] = {}
    for _ in range(_EXCHANGES * size):
        if len(taken) == size:
            return list(taken)
        taken[min(bisect_right(sums, dice.uniform() * sums[-1]), len(sums) - 1)] = None
    # Some weigh so much that they come up again and again: lay aside what was taken.
    while len(taken) < size:
        left = [place for place in range(len(sums)) if place not in taken]
        rest = list(accumulate(sums[place] - (sums[place - 1] if place else 0) for place in left))
        taken[left[min(bisect_right(rest, dice.uniform() * rest[-1]), len(left) - 1)]] = None
    return list(taken)


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


def _symmetric(groups: Sequence[_Like], size: int) -> list[int]:
    """Elementary symmetric sums 0 to `size`: in how many ways so many bodies go on, whichever they are."""
    sums = [1, *[0] * size]
    for ways, places in groups:
        few = min(size, len(places))
        terms = [comb(len(places), taken) * ways**taken for taken in range(few + 1)]
        sums = [
            sum(terms[taken] * sums[total - taken] for taken in range(min(total, few) + 1)) for total in range(size + 1)
        ]
    return sums


def _without(sums: Sequence[int], ways: int) -> list[int]:
    """The symmetric sums without one body of so many ways."""
    found = [1]
    for total in sums[1:]:
        found.append(total - ways * found[-1])
    return found
