"""Finds tags whose rate differs between the values of a Learning Run (exact test of two proportions, Bonferroni)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import exp, lgamma

from msgspec import Struct

from .verdict_text import unbroken

# Smallest difference of two rates that is reported, however certain it is.
_TELLING = 0.25


class Rate(Struct, frozen=True):
    """`hits` of `pictures` have a tag."""

    hits: int
    pictures: int

    @property
    def share(self) -> float:
        """The rate, 0 to 1."""
        return self.hits / self.pictures

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.hits + other.hits, self.pictures + other.pictures)


class _Split(Struct, frozen=True):
    sure: float
    at: int
    before: Rate
    after: Rate


def tag_sentences(seen: Sequence[tuple[str, Sequence[Sequence[str]]]], *, ordered: bool) -> tuple[str, ...]:
    """One sentence per tag whose rate differs between values, the largest difference first.

    `seen`: each value's name with the tags of its pictures, in showing order. With `ordered`, all values below a border
    are held against all above; else each value against the others. P(one rate is higher) must reach 1 − 0.05 / number
    of looks (Bonferroni): looking at many tags and borders finds no more by chance than looking once.
    """
    seen = [(name, pictures) for name, pictures in seen if pictures]
    tags = Counter(tag for _, pictures in seen for picture in pictures for tag in picture)
    places = range(1, len(seen)) if ordered else range(len(seen) if len(seen) > 1 else 0)
    doubt = 0.05 / max(1, len(tags) * len(places))
    found: list[tuple[float, str]] = []
    for tag in tags:
        rates = [Rate(sum(tag in picture for picture in pictures), len(pictures)) for _, pictures in seen]
        splits = [split for at in places if (split := _split(rates, at, ordered)).sure >= 1 - doubt]
        if splits:
            best = max(splits, key=lambda split: split.sure)
            gap = abs(best.after.share - best.before.share)
            if gap >= _TELLING:
                found.append((gap, _sentence(tag, seen[best.at][0], best, ordered)))
    return tuple(sentence for _, sentence in sorted(found, key=lambda pair: -pair[0]))


def _split(rates: Sequence[Rate], at: int, ordered: bool) -> _Split:
    others, these = (rates[:at], rates[at:]) if ordered else ([*rates[:at], *rates[at + 1 :]], rates[at : at + 1])
    before, after = sum(others, Rate(0, 0)), sum(these, Rate(0, 0))
    higher = p_higher(after, before)
    return _Split(max(higher, 1 - higher), at, before, after)


def _sentence(tag: str, name: str, split: _Split, ordered: bool) -> str:
    before, after = round(100 * split.before.share), round(100 * split.after.share)
    if not ordered:
        return unbroken(f"“{tag}”: {after} % of the pictures with {name}, {before} % of the others.")
    way = "rises" if after > before else "falls"
    return unbroken(f"“{tag}” {way} from {before} % to {after} % at {name} and above.")


def p_higher(one: Rate, other: Rate) -> float:
    """P(the true rate of `one` > that of `other`), each with a flat prior: Beta(1 + hits, 1 + misses).

    With X ~ Beta(c, d) and Y ~ Beta(a, b), c a whole number: P(X > Y) is the sum over i = 0 … c − 1 of
    B(a + i, b + d) / ((d + i) B(1 + i, d) B(a, b)).
    """
    a, b = 1 + other.hits, 1 + other.pictures - other.hits
    c, d = 1 + one.hits, 1 + one.pictures - one.hits
    terms = (exp(_log_beta(a + i, b + d) - _log_beta(1 + i, d) - _log_beta(a, b)) / (d + i) for i in range(c))
    return min(1.0, sum(terms))


def _log_beta(x: float, y: float) -> float:
    return lgamma(x) + lgamma(y) - lgamma(x + y)
