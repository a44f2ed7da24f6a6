"""Parts that follow each other: their combinations counted, numbered and sampled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..base.random_numbers import RandomNumbers
from .even_sampling import replace_duplicates, spread_duplicates
from .expansion import BEYOND, ExpansionNode, Picks, TooLong, Uncountable
from .pack import LONGEST_TEXT
from .settings import Mode

# Each costs a column of 10,000 numbers where some of the variants are taken.
_MOST_FACTORS = 5_000


class TextSequence(ExpansionNode):
    """Texts and nodes one after the other. `shared` are drawn first, once each; a `Shared` part writes the result.

    `mode` says how the parts with more than one way are combined, see `settings.Randomizer`. `turns` is the least
    number of variants, because something in it is taken in turn.
    """

    __slots__ = ("_factors", "_mode", "_parts", "_product", "_shared", "lengths")

    def __init__(
        self,
        parts: Sequence[ExpansionNode | str],
        shared: Sequence[tuple[str, ExpansionNode]] = (),
        mode: Mode = "all",
        turns: int = 1,
    ) -> None:
        self._parts, self._shared, self._mode = parts, shared, mode
        nodes = [node for _, node in shared] + [part for part in parts if not isinstance(part, str)]
        self._factors = [node for node in nodes if node.count > 1]
        if len(self._factors) > _MOST_FACTORS:
            raise Uncountable
        self.lengths = tuple(node.count for node in self._factors)  # of the parts with more than one way
        self._product = _combined(mode, self.lengths)
        self.count = max(self._product, turns)

    @property
    def varies(self) -> bool:
        """Whether there is more than one way."""
        return self.count > 1

    def text(self, index: int, picks: Picks) -> str:
        return "".join(self.pieces(index, picks))

    def pieces(self, index: int, picks: Picks) -> list[str]:
        """As `text`, one string for each part. Raises TooLong."""
        digits = iter(self._digits(index % self._product))
        for key, node in self._shared:
            picks.shared[key] = node.text(next(digits) if node.count > 1 else 0, picks)
        found: list[str] = []
        left = LONGEST_TEXT
        for part in self._parts:
            text = part if isinstance(part, str) else part.text(next(digits) if part.count > 1 else 0, picks)
            left -= len(text)
            if left < 0:
                raise TooLong
            found.append(text)
        return found

    def draw(self, rng: RandomNumbers) -> int:
        if not self._is_product:
            return rng.below(self.count)
        return self._rank([node.draw(rng) for node in self._factors])

    def spread(self, count: int, copies: int, rng: RandomNumbers) -> list[int]:
        if not self._is_product or not self._factors:
            rounds, odd = divmod(count, self.count)
            if self._mode in ("round_robin", "zip"):
                # Steps that follow each other take every list evenly.
                start = rng.below(self.count)
                some = [(start + step) % self.count for step in range(odd)]
            else:
                some = rng.some(odd, self.count)
            return [*(list(range(self.count)) * rounds if rounds else ()), *some]
        if len(self._factors) == 1:
            return self._factors[0].spread(count, copies, rng)
        if count == 1:
            return [self.draw(rng)]
        return self._hypercube(count, copies, rng)

    @property
    def _is_product(self) -> bool:
        return self._mode in ("all", "random") and self.count == self._product

    def _digits(self, index: int) -> list[int]:
        """The way of each factor in combination `index`."""
        counts = self.lengths
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
        for count, digit in zip(self.lengths, digits, strict=True):
            rank = rank * count + digit
        return rank

    def _hypercube(self, count: int, copies: int, rng: RandomNumbers) -> list[int]:
        """Latin hypercube sampling (McKay, Beckman, Conover 1979): every factor balanced, in an order of its own."""
        left_out = self.count * copies - count
        # Few are easier to make different than many: of more than a half, those that are left out are sampled.
        dense = left_out < count
        columns: list[list[int]] = []
        for node in self._factors:
            cap = copies * (self.count // node.count)
            column = node.spread(count, cap, rng)
            if dense:
                taken = Counter(column)
                column = [way for way in range(node.count) for _ in range(cap - taken[way])]
            rng.shuffle(column)
            columns.append(column)
        ranks = spread_duplicates(
            [list(row) for row in zip(*columns, strict=True)], self._rank, _exchanged, copies, rng
        )
        replace_duplicates(copies, ranks, self, rng)
        if not dense:
            return ranks
        without = Counter(ranks)
        return [rank for rank in range(self.count) for _ in range(copies - without[rank])]


def _exchanged(mine: Sequence[int], theirs: Sequence[int], rng: RandomNumbers) -> tuple[list[int], list[int]]:
    column = rng.below(len(mine))
    mine, theirs = list(mine), list(theirs)
    mine[column], theirs[column] = theirs[column], mine[column]
    return mine, theirs


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
