"""Which prompts of a pack a Learning Run tests when the user has not chosen them: a few, spread over the pack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# So many prompts cost no more pictures than as many seeds of one prompt, and a value that is best only for one of them
# does not look best for all.
SAMPLED = 3


def spread(count: int, most: int = SAMPLED, wanted: Iterable[int] = ()) -> tuple[int, ...]:
    """Numbers of up to `most` of `count` prompts, from 0, ascending: the first, the last, and between them evenly.

    Those `wanted` are among them, as far as there is room; each takes the place of the nearest other one.
    """
    kept = _spaced(sorted({place for place in wanted if 0 <= place < count}), most)
    chosen = list(_spaced(range(count), most))
    for place in kept:
        if place not in chosen:
            nearest = min((other for other in chosen if other not in kept), key=lambda other: abs(other - place))
            chosen[chosen.index(nearest)] = place
    return tuple(sorted(chosen))


def _spaced(places: Sequence[int], most: int) -> Sequence[int]:
    if len(places) <= most or most < 2:
        return places[: max(0, most)]
    return [places[step * (len(places) - 1) // (most - 1)] for step in range(most)]
