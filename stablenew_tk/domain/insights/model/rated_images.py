"""The ratings of one sweep, checked and merged: what goes into the analysis."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

from msgspec import Struct
from msgspec.structs import replace

from ...base.errors import InvalidInput
from .posterior import DRIFT_OVER, Observation

# Squares of larger numbers would overflow a float.
_LARGEST = 1e100


Value = float | str


def plain(value: Value) -> str:
    """A value without its unit: 7, 0.35, Euler a."""
    return value if isinstance(value, str) else f"{value:.9g}"


class RatedImage(Struct, frozen=True):
    """One rating of one picture: the tested `value`, the seed `row` (any whole number), and 1 to 5 `stars`.

    Two ratings with the same non-empty `image` are of the same picture, which was shown again. `prompt` is the number
    of the prompt of the row, `nth` the place of the rating in the order in which they were given (any ascending
    numbers; the same for all when it is unknown). `plan` is the number of the plan it belongs to: rows of two plans are
    different ones, prompts of the same number are the same.
    """

    value: Value
    row: int
    stars: float
    image: str = ""
    prompt: int = 0
    nth: int = 0
    plan: int = 0


class Table(Struct, frozen=True):
    """The ratings after checking. `pictures` refer to `values` and `rows` by index; `plans` are the numbers of the
    plans."""

    values: tuple[Value, ...]
    rows: tuple[int, ...]
    pictures: tuple[Observation, ...]
    plans: tuple[int, ...] = (0,)

    def filled(self) -> set[tuple[int, int]]:
        """Pairs (index of the value, index of the row) that have a rating."""
        return {(p.value, p.row) for p in self.pictures}

    def complete(self) -> int:
        """Number of rows that are rated at every value."""
        filled = self.filled()
        return sum(all((v, r) in filled for v in range(len(self.values))) for r in range(len(self.rows)))

    def of(self, plan: int) -> Table:
        """The same table with the rows and pictures of one plan only."""
        place = self.plans.index(plan) if plan in self.plans else -1
        mine = [picture for picture in self.pictures if picture.plan == place]
        rows = {row: place for place, row in enumerate(sorted({picture.row for picture in mine}))}
        pictures = tuple(replace(picture, row=rows[picture.row]) for picture in mine)
        return Table(self.values, tuple(self.rows[row] for row in rows), pictures, (plan,))


def gather(ratings: Sequence[RatedImage], *, ordered: bool) -> Table:
    """Check the ratings and merge those of the same picture. Raises InvalidInput as `analyse` does."""
    values: dict[Value, Value] = {}
    shown: dict[str, list[RatedImage]] = {}
    for number, rating in enumerate(ratings):
        check(rating, ordered=ordered)
        values.setdefault(key_of(rating.value), rating.value)
        # Every rating without an image id counts as a picture of its own.
        shown.setdefault((rating.image and f"id {rating.image}") or f"rating {number}", []).append(rating)
    # Names are sorted so that the random draws do not depend on which one was rated first.
    keys = sorted(values, key=float if ordered else lambda key: (isinstance(key, str), key))
    rows = sorted({(rating.plan, rating.row) for rating in ratings})
    plans = sorted({rating.plan for rating in ratings})
    order = _order(ratings)
    place, row_place = {key: v for v, key in enumerate(keys)}, {row: r for r, row in enumerate(rows)}
    pictures: list[Observation] = []
    for group in shown.values():
        first = group[0]
        if any((key_of(r.value), r.plan, r.row) != (key_of(first.value), first.plan, first.row) for r in group):
            raise InvalidInput(
                f"Picture {first.image} is rated under two values or two rows. Give each picture one id."
            )
        mean = float(sum(r.stars for r in group) / len(group))
        scatter = float(sum((r.stars - mean) ** 2 for r in group))
        when = sum(order[r.plan, r.nth] for r in group) / len(group) / DRIFT_OVER
        here = place[key_of(first.value)], row_place[first.plan, first.row]
        plan = plans.index(first.plan)
        pictures.append(Observation(*here, mean, len(group), scatter, first.prompt, when, plan))
    found = tuple(sorted(pictures, key=_place_and_stars))
    return Table(tuple(values[key] for key in keys), tuple(row for _, row in rows), found, tuple(plans))


def _order(ratings: Sequence[RatedImage]) -> dict[tuple[int, int], int]:
    """The place of each rating in the order of its plan, by plan and `nth`."""
    found: dict[tuple[int, int], int] = {}
    told: dict[int, int] = {}
    for key in sorted({(rating.plan, rating.nth) for rating in ratings}):
        found[key] = told[key[0]] = told.get(key[0], -1) + 1
    return found


def _place_and_stars(picture: Observation) -> tuple[int, int, float, int]:
    return picture.value, picture.row, picture.stars, picture.shown


def check(rating: RatedImage, *, ordered: bool) -> None:
    """Raise InvalidInput for a rating whose value or stars are invalid."""
    value = rating.value
    if not (isinstance(value, str) or _is_number(value)):
        raise InvalidInput(f"{value!r} is neither a number nor a name, so it is no value of a parameter.", "value")
    if not _is_number(rating.stars):
        raise InvalidInput(f"{rating.stars!r} at {plain(value)}: a rating is 1 to 5 stars.", "stars")
    if not isinstance(value, str) and not abs(value) <= _LARGEST:
        shown = value if isinstance(value, float) else "A number that large"
        raise InvalidInput(f"{shown} is not a value a parameter can have. Leave its ratings out.", "value")
    if not 1 <= rating.stars <= 5:
        raise InvalidInput(f"{rating.stars:g} stars at {plain(value)}: a rating is 1 to 5 stars.", "stars")
    if ordered and isinstance(value, str):
        raise InvalidInput(f"“{value}” is text, but this parameter is a number. Rate it as a list of choices.", "value")


def _is_number(thing: object) -> bool:
    return isinstance(thing, Real)


def key_of(value: Value) -> Value:
    """The key under which equal values are grouped: numbers rounded to 9 significant digits, text unchanged."""
    return value if isinstance(value, str) else float(f"{value:.9g}") + 0.0
