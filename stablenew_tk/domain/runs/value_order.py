"""The order in which the tested values of a Learning Run are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..config.catalogue import Value
from ..config.sweep import Focus
from .plan import LearningPlan


def columns_by_value(plan: LearningPlan) -> Iterator[int]:
    """Numbers of the values in the order to show: numbers ascending, names as in the plan; pairs by their first value,
    then by the second.
    """
    subjects = plan.subjects
    first = places_by_value(subjects[0], plan.variant_values)
    if not plan.second_parameter:
        return iter(first)
    second = places_by_value(subjects[1], plan.second_values)
    pairs = plan.pairs

    def order(number: int) -> tuple[int, int]:
        pair = pairs[number]
        return first.index(pair.first), second.index(pair.second) if pair.second >= 0 else -1

    return iter(sorted(range(len(pairs)), key=order))


def places_by_value(subject: Focus, values: Sequence[Value]) -> list[int]:
    """Places of values in the order to show: numbers ascending, names as they stand."""
    places = range(len(values))
    return sorted(places, key=lambda place: float(values[place])) if subject.ordered else list(places)
