"""Numbers that look random and are the same for the same seed on every system and every version of Python."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

_MASK = (1 << 64) - 1


class Dice:
    """SplitMix64 (Steele, Lea, Flood 2014). `seeds` are whole numbers; other ones give an unrelated sequence."""

    __slots__ = ("_state",)

    def __init__(self, *seeds: int) -> None:
        self._state = 0
        for seed in seeds:
            self._state = (self._state ^ seed) & _MASK
            self._state = self._words(1)[0]

    def _words(self, count: int) -> list[int]:
        """`count` numbers of 64 bits."""
        state, words = self._state, []
        for _ in range(count):
            state = (state + 0x9E3779B97F4A7C15) & _MASK
            word = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
            word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _MASK
            words.append(word ^ (word >> 31))
        self._state = state
        return words

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit` − 1, of any size; each as likely as the others but for 2^-32 of it."""
        if limit <= 0:
            raise ValueError(f"below({limit})")
        drawn = bits = 0
        for word in self._words(limit.bit_length() // 64 + 1 + (limit.bit_length() % 64 > 32)):
            drawn, bits = drawn << 64 | word, bits + 64
        return drawn * limit >> bits

    def share(self) -> float:
        """A number from 0 to just below 1."""
        return (self._words(1)[0] >> 11) / (1 << 53)

    def shuffle(self, values: list[int]) -> None:
        """Put the values into another order, all orders as likely: each value draws its place."""
        values[:] = [value for _, value in sorted(zip(self._words(len(values)), values, strict=True))]

    def some(self, count: int, limit: int) -> list[int]:
        """`count` different numbers below `limit` (R. Floyd's algorithm), in no order that means anything."""
        if limit >> 32:
            drawn = (self.below(top + 1) for top in range(limit - count, limit))
        else:
            drawn = (word * (limit - count + 1 + done) >> 64 for done, word in enumerate(self._words(count)))
        taken: dict[int, None] = {}
        for top, number in zip(range(limit - count, limit), drawn, strict=True):
            taken[top if number in taken else number] = None
        return list(taken)


def allot(count: int, weights: Sequence[float], caps: Sequence[int], dice: Dice) -> list[int]:
    """Give `count` things to as many takers as there are weights, as close to the weights as whole numbers and caps
    allow; who gets the odd ones is drawn. `count` is at most the sum of the caps, and every weight is above 0.
    """
    given = [0] * len(weights)
    left = count
    while left:
        open_ones = [place for place, cap in enumerate(caps) if given[place] < cap]
        total = sum(weights[place] for place in open_ones)
        whole = 0
        for place in open_ones:
            fair = min(int(left * (weights[place] / total)), caps[place] - given[place])
            given[place] += fair
            whole += fair
        left -= whole
        if left and not whole:
            # Fewer than one for each: systematic sampling keeps to the weights, the order is drawn.
            dice.shuffle(open_ones)
            sums = list(accumulate(weights[place] for place in open_ones))
            step, at, start = sums[-1] / left, 0, dice.share()
            for number in range(left):
                while at < len(open_ones) - 1 and sums[at] <= (number + start) * step:
                    at += 1
                if given[open_ones[at]] < caps[open_ones[at]]:
                    given[open_ones[at]] += 1
                    left -= 1
    return given
