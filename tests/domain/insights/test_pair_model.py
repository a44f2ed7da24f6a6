"""Votes on pairs against a second implementation: the exact posterior by numbers, without a parabola."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.optimize import minimize

from stablenew_tk.domain.insights.analysis import analyse
from stablenew_tk.domain.insights.model.pair_model import (
    SCALE,
    ComparedPair,
    Vote,
    first_guess,
    fit_with_votes,
    site,
    votes_of,
    weighed,
)
from stablenew_tk.domain.insights.model.posterior import fit
from stablenew_tk.domain.insights.model.rated_images import RatedImage, gather
from stablenew_tk.domain.insights.model.value_priors import effect_shapes


def davidson(means, votes, ties):
    """Log likelihood by the book: the three probabilities of a vote."""
    total = 0.0
    for vote in votes:
        one, other = np.exp(means[vote.first] / SCALE / 2), np.exp(means[vote.second] / SCALE / 2)
        whole = one**2 + other**2 + ties * one * other
        total += vote.weight * np.log({1: one**2, -1: other**2, 0: ties * one * other}[vote.won] / whole)
    return total


def thrown(truth, count, seed):
    """Votes on random pairs of values this many noises good."""
    dice = random.Random(seed)
    found = []
    for _ in range(count):
        a, b = dice.sample(range(len(truth)), 2)
        apart = truth[a] - truth[b] + dice.gauss(0, 1.2)
        found.append(Vote(a, b, 0 if abs(apart) < 0.4 else 1 if apart > 0 else -1))
    return found


def test_the_likeliest_values_are_those_of_another_optimiser():
    votes = thrown([0.0, 0.5, 1.0, -0.5], 60, 1)
    means, ties = first_guess(votes, 4)

    def cost(m):
        return -davidson(m, votes, ties) + 0.5 * np.sum(m**2) / 1.5**2

    assert means == pytest.approx(minimize(cost, np.zeros(4), method="BFGS", tol=1e-10).x, abs=1e-4)
    touching = site(votes, 4, means, ties)

    def parabola(m):
        return touching.constant + np.dot(touching.right, m) - 0.5 * m @ np.array(touching.precision) @ m

    here = np.array(means)
    beside = here + np.array([0.01, -0.02, 0.015, 0.0])
    assert parabola(here) == pytest.approx(davidson(here, votes, ties), abs=1e-9)
    assert parabola(beside) == pytest.approx(davidson(beside, votes, ties), abs=1e-5)
    assert touching.level == pytest.approx(davidson(np.zeros(4), votes, ties))


@pytest.mark.parametrize(("apart", "count"), [(0.0, 12), (0.5, 12), (0.8, 40)])
def test_stars_and_votes_together_are_the_posterior_that_numbers_find(apart, count):
    # All stars are 5: they tell nothing but that the noise is small.
    ratings = [RatedImage(v, row, 5.0) for v in ("a", "b") for row in range(6)]
    votes = thrown([apart, 0.0], count, 3)
    table, shapes = gather(ratings, ordered=False), effect_shapes(None, 2)
    with_votes, without = fit_with_votes(table.pictures, shapes, None, votes), fit(table.pictures, shapes)
    ties = first_guess(votes, 2)[1]
    grid = np.linspace(-8, 8, 4001)
    told = np.array([davidson([x / 2, -x / 2], votes, ties) for x in grid])

    # Given the scales the difference of the two is normal before the votes; weigh it with them, point by point.
    def difference(posterior):
        for p in posterior.possibilities:
            spread = np.linalg.inv(
                np.array([[p.factor[0][0], 0], p.factor[1]]) @ np.array([[p.factor[0][0], 0], p.factor[1]]).T
            )
            yield p, (p.means[0] - p.means[1]) / p.scales.noise, spread[0, 0] + spread[1, 1] - 2 * spread[0, 1]

    weight = mean = 0.0
    for p, middle, variance in difference(without):
        density = np.exp(-((grid - middle) ** 2) / 2 / variance) / np.sqrt(2 * np.pi * variance)
        joint = p.weight * density * np.exp(told) * (grid[1] - grid[0])
        weight += joint.sum()
        mean += (joint * grid).sum() * p.scales.noise
    exact = mean / weight
    ours = sum(p.weight * (p.means[0] - p.means[1]) for p in with_votes.possibilities)
    assert ours == pytest.approx(exact, abs=0.03)
    same = without.no_effect * np.exp(davidson([0.0, 0.0], votes, ties))
    assert with_votes.no_effect == pytest.approx(same / (same + (1 - without.no_effect) * weight), abs=0.03)


def test_votes_on_the_pictures_of_one_row_tell_no_more_than_its_pictures():
    row = [(Vote(0, 1, 1), "r"), (Vote(1, 2, 1), "r"), (Vote(0, 2, 1), "r")]
    assert [vote.weight for vote in weighed(row)] == pytest.approx([2 / 3] * 3)
    assert [vote.weight for vote in weighed([(Vote(0, 1, 1), "r"), (Vote(0, 1, 1), "s")])] == [1.0, 1.0]


def test_votes_tell_apart_what_stars_cannot():
    ratings = [RatedImage(v, row, 5.0) for v in ("a", "b", "c") for row in range(6)]
    votes = [ComparedPair("a", other, 1, (0, row)) for row in range(6) for other in ("b", "c")]
    alone, together = analyse(ratings, ordered=False), analyse(ratings, ordered=False, votes=votes)
    assert alone.verdict.value is None or alone.verdict.state == "leaning"
    best = next(v for v in together.values if v.value == "a")
    assert best.p_best > 0.8 > max(v.p_best for v in alone.values)
    assert together.no_effect < alone.no_effect
    # A value without stars has no place in the comparison yet.
    assert votes_of([ComparedPair("a", "z", 1, (0, 0))], ["a", "b"]) == []
