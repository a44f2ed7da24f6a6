"""Which pictures would tell most, against the same written with dense matrices."""

from __future__ import annotations

import numpy as np
import pytest

from stablenew_tk.domain.insights.model.posterior import Observation, Possibility, Posterior, Scales
from stablenew_tk.domain.insights.model.telling import telling
from stablenew_tk.domain.insights.model.value_priors import covariance, shape_of

EFFECT, LUCK, NOISE = 0.8, 0.6, 0.9
MEANS = [3.4, 3.2, 2.0, 3.1]
ROWS, ANYTHING = 3, 1e6


def second_opinion(seen, count):
    """The pictures (value, row) that lessen the expected loss beside the first value most, one after the other."""
    values = len(MEANS)
    spread = np.zeros((values + ROWS + 1, values + ROWS + 1))
    spread[:values, :values] = ANYTHING + EFFECT**2 * np.eye(values)
    spread[values:, values:] = LUCK**2 * np.eye(ROWS + 1)

    def made(spread, value, row):
        at = np.zeros(len(spread))
        at[[value, values + row]] = 1
        pull = spread @ at
        return at, pull, spread - np.outer(pull, pull) / (at @ pull + NOISE**2)

    def worth(spread):
        apart = np.array([spread[v, v] + spread[0, 0] - 2 * spread[v, 0] for v in range(1, values)])
        off = np.array(MEANS[1:]) - MEANS[0]
        return np.exp(-0.5 * off**2 / apart) / np.sqrt(apart), apart

    for place in seen:
        spread = made(spread, *place)[2]
    found = []
    for _ in range(count):
        weight, before = worth(spread)
        free = [(v, row) for row in range(ROWS + 1) for v in range(values) if (v, row) not in {*seen, *found}]
        less = {place: float(weight @ (before - worth(made(spread, *place)[2])[1])) for place in free}
        found.append(max(free, key=lambda place: less[place]))
        spread = made(spread, *found[-1])[2]
    return found


@pytest.mark.parametrize(
    "seen",
    [
        [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1), (1, 1), (2, 1), (3, 2)],
        [(0, 0), (1, 1), (2, 2), (3, 0), (0, 1), (3, 2)],
    ],
)
def test_a_second_implementation_asks_for_the_same_pictures(seen):
    shape = shape_of(1.0, covariance([], 0.0, len(MEANS)))
    one = Possibility(1.0, Scales(EFFECT, LUCK, NOISE), MEANS, [], shape)
    pictures = [Observation(value, row, 3.0) for value, row in seen]
    found = telling(pictures, Posterior(0.1, [one]), ROWS, leader=0, count=3)
    assert found == second_opinion(seen, 3)
