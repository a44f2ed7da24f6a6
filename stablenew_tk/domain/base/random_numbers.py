"""Pseudorandom numbers that are the same for the same seed on every system and every version of Python."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import accumulate
from statistics import NormalDist

_MASK = (1 << 64) - 1
_GAP, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB

# Number of words computed at once in one long integer, with 128 bits for each, enough for a product of two words.
_LANES = 256
_ONES = sum(1 << 128 * lane for lane in range(_LANES))
_GAPS = sum(_GAP * (lane + 1) << 128 * lane for lane in range(_LANES))
_WORDS = _MASK * _ONES
_FORMAT = f"<{2 * _LANES}Q"
# For fewer numbers, computing them one by one is faster.
_WORTH_IT = 64

_STANDARD = NormalDist()


class RandomNumbers:
    """A pseudorandom generator: SplitMix64 (Steele, Lea, Flood 2014), seeded with whole numbers.

    Unlike the `random` module its sequence never changes with the version of Python, so the same ratings always give
    the same sentence and the same pack the same variants.
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int, *others: int) -> None:
        self._state = seed & _MASK
        for other in others:
            self._state = self._words(1)[0] ^ (other & _MASK)

    def _words(self, count: int) -> list[int]:
        """`count` numbers of 64 bits."""
        state = self._state
        words: list[int] = []
        self._state = (state + _GAP * count) & _MASK
        for _ in range(count // _LANES + (count % _LANES >= _WORTH_IT)):
            words += _lanes(state)
            state = (state + _GAP * _LANES) & _MASK
        for _ in range(count - len(words)):
            state = (state + _GAP) & _MASK
            word = ((state ^ (state >> 30)) * _FIRST) & _MASK
            word = ((word ^ (word >> 27)) * _SECOND) & _MASK
            words.append(word ^ (word >> 31))
        return words[:count]

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit` − 1. All are equally likely up to a relative error of 2^-32."""
        if limit <= 0:
            raise ValueError(f"below({limit})")
        drawn = bits = 0
        for word in self._words(limit.bit_length() // 64 + 1 + (limit.bit_length() % 64 > 32)):
            drawn, bits = drawn << 64 | word, bits + 64
        return drawn * limit >> bits

    def uniform(self) -> float:
        """A number inside (0, 1), never at its ends."""
        return ((self._words(1)[0] >> 12) + 0.5) / (1 << 52)

    def normals(self, count: int) -> list[float]:
        """Independent standard normal numbers, through the inverse of the normal distribution."""
        return [_STANDARD.inv_cdf(self.uniform()) for _ in range(count)]

    def shuffle(self, values: list[int]) -> None:
        """Shuffle a list in place; all orders are equally likely."""
        words = self._words(len(values))
        values[:] = [values[place] for place in sorted(range(len(values)), key=words.__getitem__)]

    def some(self, count: int, limit: int) -> list[int]:
        """`count` different numbers below `limit` (R. Floyd's algorithm), in no particular order."""
        if limit >> 32:
            drawn = (self.below(top + 1) for top in range(limit - count, limit))
        else:
            drawn = (word * (limit - count + 1 + done) >> 64 for done, word in enumerate(self._words(count)))
        taken: dict[int, None] = {}
        for top, number in zip(range(limit - count, limit), drawn, strict=True):
            taken[top if number in taken else number] = None
        return list(taken)


def _lanes(state: int) -> tuple[int, ...]:
    """The states that follow a state."""
    many = (_ONES * state + _GAPS) & _WORDS
    many = (((many ^ (many >> 30)) & _WORDS) * _FIRST) & _WORDS
    many = (((many ^ (many >> 27)) & _WORDS) * _SECOND) & _WORDS
    many = (many ^ (many >> 31)) & _WORDS
    return struct.unpack(_FORMAT, many.to_bytes(16 * _LANES, "little"))[::2]


def allot(count: int, weights: Sequence[float], caps: Sequence[int], rng: RandomNumbers) -> list[int]:
    """Split `count` into whole numbers, one for each weight, in proportion to the weights and not above the `caps`.

    The remainders are assigned at random. `count` is at most the sum of the caps; all weights are above 0.
    """
    room = [min(cap, count) for cap in caps]
    given = [0] * len(weights)
    # The entry with the smallest ratio of cap to weight reaches its cap first.
    order = sorted(range(len(weights)), key=lambda place: room[place] / weights[place])
    tails = list(accumulate(weights[place] for place in reversed(order)))[::-1]
    left = count
    for full, place in enumerate(order):
        if left * (weights[place] / tails[full]) < room[place]:
            _share_out(left, tails[full], order[full:], weights, given, rng)
            break
        given[place] = min(room[place], left)
        left -= given[place]
    return given


def _share_out(
    count: int, total: float, places: list[int], weights: Sequence[float], given: list[int], rng: RandomNumbers
) -> None:
    """Give each its share rounded down, and one more with the probability of the fractional part."""
    rng.shuffle(places)
    shares = [count * (weights[place] / total) for place in places]
    sums = list(accumulate(share - int(share) for share in shares))
    odd = count - sum(map(int, shares))
    for place, share in zip(places, shares, strict=True):
        given[place] = int(share)
    # Systematic sampling: equally spaced marks over the cumulated fractional parts.
    at, start = 0, rng.uniform()
    for number in range(odd):
        last = len(places) - (odd - number)
        while at < last and sums[at] <= (number + start) * sums[-1] / odd:
            at += 1
        given[places[at]] += 1
        at += 1
