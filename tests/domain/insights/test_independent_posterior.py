"""The posterior against a second implementation, written from the description of the model with dense matrices.

Nothing is shared with `posterior`: the covariance of all single ratings is written down whole, the flat prior of the
level is the restricted likelihood (Patterson & Thompson 1971), the intervals are quantiles of the exact mixture, and
the probabilities come from numpy's draws. Only the priors and their grid are the same, in figures.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import halfnorm, norm

from stablenew_tk.domain.insights.analysis import analyse
from stablenew_tk.domain.insights.model.rated_images import RatedImage

ROW_RATIOS = (0.1, 0.3, 0.55, 0.85, 1.3, 2.2)
VALUE_RATIOS = (0.05, 0.12, 0.22, 0.36, 0.55, 0.85, 1.3, 2.1, 3.6)
NOISES = [0.3 * 1.17**k for k in range(13)]
RATER_PARTS = (0.1, 0.25, 0.45, 0.7, 1.0)
PROMPT_RATIOS = (0.3, 0.9)
# What a value does in one plan only, with the prior weight, and how a plan is rated as a whole; all / noise.
PLAN_RATIOS, PLAN_LEVEL = {0.12: 0.75, 0.45: 0.25}, 0.5
SHAPES, LENGTH = ((0.2, 0.0), (0.3, 0.7), (0.5, 0.97)), 0.4
NO_EFFECT, SPREAD, SPREAD_SD, DRIFT = 0.4, 1.25, 0.4, 0.7 / 30
# Mean range of n independent standard normal numbers.
RANGES = {2: 1.128, 3: 1.693, 5: 2.326, 8: 2.847}
DRAWS = 200_000
# Each has 2000 draws; all together leave 1 % of luck in a probability.
SEEDS = range(8)


@dataclass
class Peer:
    """What the second implementation found, one figure for each value."""

    means: np.ndarray
    low: list[float]
    high: list[float]
    best: np.ndarray
    near: np.ndarray
    noise: float
    no_effect: float = 0.0


def priors_of_effects(values, ordered):
    """Pairs (weight, covariance up to its size)."""
    count = len(values)
    if not ordered or count < 3:
        return [(1.0, np.eye(count))]
    sizes = (np.array(values) - min(values)) / (max(values) - min(values))
    places = (sizes + np.linspace(0, 1, count)) / 2
    apart = places[:, None] - places[None, :]
    found = []
    for weight, part in SHAPES:
        smooth = part * np.exp(-((apart / LENGTH) ** 2) / 2) + (1 - part) * np.eye(count)
        # Half the mean squared difference of two values is 1, as it is for categories.
        found.append((weight, smooth / np.mean(1 - smooth[~np.eye(count, dtype=bool)])))
    return found


def log_prior(noise, rows):
    """Per logarithm of each scale."""
    return norm.logpdf(np.log(noise / 1.1), scale=0.3) + halfnorm.logpdf(rows, scale=0.8) + np.log(rows)


def log_prior_of_spread(ratio, noise, count):
    """Of one point of the grid of ratios, which stands for the logarithms up to half way to its neighbours."""
    axis = np.log(VALUE_RATIOS)
    steps = np.gradient(axis)
    return norm.logpdf(np.log(ratio * noise * RANGES[count] / SPREAD), scale=SPREAD_SD) + np.log(
        steps[VALUE_RATIOS.index(ratio)]
    )


def members(labels):
    """Which rating belongs to which group: one column for each."""
    groups = sorted(set(labels))
    return np.array([[float(label == group) for group in groups] for label in labels])


def second_opinion(ratings, *, ordered):
    values = sorted({r.value for r in ratings})
    stars = np.array([r.stars for r in ratings])
    of_value, of_row = members([r.value for r in ratings]), members([(r.plan, r.row) for r in ratings])
    of_plan, of_mood = members([r.plan for r in ratings]), members([(r.plan, r.value) for r in ratings])
    several = of_plan.shape[1] > 1
    of_picture = members([r.image or f"single {n}" for n, r in enumerate(ratings)])
    of_taste = members([(r.prompt, r.value) for r in ratings])
    rows_of = {r.prompt: len({(q.plan, q.row) for q in ratings if q.prompt == r.prompt}) for r in ratings}
    told_apart = len(rows_of) > 1 and max(rows_of.values()) > 1
    again = len(ratings) - of_picture.shape[1]
    nths = {r.plan: sorted({q.nth for q in ratings if q.plan == r.plan}) for r in ratings}
    order = np.array([nths[r.plan].index(r.nth) for r in ratings], float)
    # A picture shown again counts once, at its mean place in the order.
    order = of_picture.T @ order / of_picture.sum(axis=0)
    plan_of_picture = (of_picture.T @ of_plan > 0).astype(float)
    order -= plan_of_picture @ (plan_of_picture.T @ order / plan_of_picture.sum(axis=0))
    order = of_picture @ order
    ones = np.ones(len(ratings))
    flat, logs, centres, spreads, noises = [], [], [], [], []
    for noise, row_ratio, taste, rater, mood in product(
        NOISES,
        ROW_RATIOS,
        PROMPT_RATIOS if told_apart else (0.0,),
        RATER_PARTS if again else (1.0,),
        PLAN_RATIOS if several else (0.0,),
    ):
        base = (
            (row_ratio * noise) ** 2 * of_row @ of_row.T
            + (taste * noise) ** 2 * of_taste @ of_taste.T
            + (DRIFT * noise) ** 2 * np.outer(order, order) * (of_plan @ of_plan.T)
            + (several * PLAN_LEVEL * noise) ** 2 * of_plan @ of_plan.T
            + (mood * noise) ** 2 * of_mood @ of_mood.T
            + noise**2 * (1 - rater) * of_picture @ of_picture.T
            + noise**2 * rater * np.eye(len(ratings))
        )
        # Whole stars repeat too well: every further rating of a picture wavers by the variance of rounding.
        start = log_prior(noise, row_ratio * noise) - 0.5 * again / 12 / (noise**2 * rater)
        start += np.log(PLAN_RATIOS.get(mood, 1.0))
        flat.append(start + np.log(NO_EFFECT) + explained(base, stars, ones)[0])
        for (weight, effects), ratio in product(priors_of_effects(values, ordered), VALUE_RATIOS):
            value_sd = ratio * noise
            cross = value_sd**2 * effects @ of_value.T
            marginal, inverse, level, sure = explained(base + of_value @ cross, stars, ones)
            off = stars - level
            prior = np.log((1 - NO_EFFECT) * weight) + log_prior_of_spread(ratio, noise, len(values))
            logs.append(start + prior + marginal)
            centres.append(level + cross @ inverse @ off)
            rest = 1 - cross @ inverse @ ones
            spreads.append(value_sd**2 * effects - cross @ inverse @ cross.T + np.outer(rest, rest) / sure)
            noises.append(noise)
    top = max(max(logs), max(flat))
    same, differing = np.exp(np.array(flat) - top).sum(), np.exp(np.array(logs) - top).sum()
    weights = np.exp(np.array(logs) - max(logs))
    weights /= weights.sum()
    peer = summed_up(weights, np.array(centres), np.array(spreads), np.array(noises))
    peer.no_effect = same / (same + differing)
    peer.best *= 1 - peer.no_effect
    return peer


def explained(whole, stars, ones):
    """Restricted log likelihood with this covariance, its inverse, and the level with its precision."""
    inverse = np.linalg.inv(whole)
    sure = ones @ inverse @ ones
    level = ones @ inverse @ stars / sure
    off = stars - level
    return -0.5 * (np.linalg.slogdet(whole)[1] + np.log(sure) + off @ inverse @ off), inverse, level, sure


def summed_up(weights, centres, spreads, noises):
    rng = np.random.default_rng(1)
    counts = rng.multinomial(DRAWS, weights)
    drawn = np.vstack(
        [rng.multivariate_normal(c, s, n, method="cholesky") for c, s, n in zip(centres, spreads, counts, strict=True)]
    )
    short = drawn.max(axis=1, keepdims=True) - drawn
    sds = np.sqrt(np.diagonal(spreads, axis1=1, axis2=2))

    def side(value, part):
        def passed(x):
            return weights @ norm.cdf(x, centres[:, value], sds[:, value]) - part

        return min(5.0, max(1.0, brentq(passed, -20, 26)))

    each = range(centres.shape[1])
    return Peer(
        means=weights @ centres,
        low=[side(v, 0.05) for v in each],
        high=[side(v, 0.95) for v in each],
        best=(short == 0).mean(axis=0),
        near=(short <= 0.25).mean(axis=0),
        noise=float(weights @ noises),
    )


def rated(effects, rows, *, noise=0.8, missing=0.0, twice=0.0, luck=0.6, seed=1, prompts=1, drift=0.0):
    """Whole stars for `effects` (value to stars), with luck of the row; some cells missing, some shown again.

    `prompts` take turns from row to row; `drift` in stars over a hundred ratings, whose order is told if there is any.
    """
    dice = random.Random(seed)
    found = []
    for row in range(rows):
        lucky = dice.gauss(0, luck)
        for value, effect in effects.items():
            picture = 3 + effect + lucky + dice.gauss(0, noise * 0.8)
            times = 0 if dice.random() < missing else 1 + (dice.random() < twice) + (dice.random() < twice / 3)
            for _ in range(times):
                stars = min(5, max(1, round(picture + dice.gauss(0, noise * 0.6) - drift * len(found) / 100)))
                image, nth = f"{row} {value}" if twice else "", 10 * len(found) if drift else 0
                found.append(RatedImage(value, row, float(stars), image, row % prompts, nth))
    return found


SAMPLERS = {"ddim": -0.3, "dpm++ 2m": 0.5, "euler": 0.2, "euler a": 0.0, "heun": -0.4}
STEPS = {10.0: -0.8, 15.0: -0.1, 20.0: 0.3, 30.0: 0.4, 60.0: 0.2}
EVEN = {float(v): -0.1 * abs(v - 3) for v in range(8)}


def several(*runs):
    """The ratings of several plans, one after the other."""
    return [
        RatedImage(r.value, r.row, r.stars, r.image and f"{plan} {r.image}", r.prompt, r.nth, plan)
        for plan, run in enumerate(runs)
        for r in run
    ]


PART, OTHER = {10.0: -0.8, 20.0: 0.3, 60.0: 0.2}, {15.0: -0.1, 20.0: 0.5, 30.0: 0.4}

WORLDS = {
    "two plans of the same prompt": (
        several(rated(SAMPLERS, 2, seed=21), rated(SAMPLERS, 2, twice=0.3, seed=22)),
        False,
    ),
    "two plans on one grid, drifting raters": (
        several(rated(PART, 3, drift=4.0, seed=23), rated(OTHER, 3, drift=4.0, seed=24)),
        True,
    ),
    "three plans that share prompts": (
        several(
            rated(SAMPLERS, 4, prompts=2, seed=25),
            rated(SAMPLERS, 3, prompts=3, missing=0.2, seed=26),
            [RatedImage(r.value, r.row, r.stars, prompt=9) for r in rated(SAMPLERS, 2, seed=27)],
        ),
        False,
    ),
    "two plans that contradict each other": (
        several(rated({"a": -1.0, "b": 1.0}, 5, seed=28), rated({"a": 1.0, "b": -1.0}, 5, seed=29)),
        False,
    ),
    "complete rows of categories": (rated(SAMPLERS, 4), False),
    "categories with holes": (rated(SAMPLERS, 6, missing=0.35, seed=2), False),
    "categories shown again": (rated(SAMPLERS, 4, missing=0.1, twice=0.4, seed=3), False),
    "two categories, one row": ([RatedImage("a", 0, 3.0), RatedImage("b", 0, 4.0)], False),
    "nothing but threes": ([RatedImage(v, r, 3.0) for v in ("a", "b", "c") for r in range(6)], False),
    "a category that is clearly best": (rated({"a": -1.2, "b": 1.5, "c": -0.5}, 6, noise=0.4, seed=4), False),
    "categories for three prompts": (rated(SAMPLERS, 6, missing=0.1, prompts=3, seed=9), False),
    "categories for three prompts, shown again": (rated(SAMPLERS, 4, twice=0.3, prompts=3, seed=10), False),
    "categories and a rater who drifts": (rated(SAMPLERS, 5, missing=0.1, twice=0.2, drift=4.0, seed=11), False),
    "numbers, two prompts and a rater who drifts": (rated(STEPS, 4, prompts=2, drift=4.0, seed=12), True),
    "complete rows of uneven numbers": (rated(STEPS, 3, seed=5), True),
    "numbers with holes": (rated(STEPS, 6, missing=0.35, seed=6), True),
    "numbers shown again": (rated(STEPS, 3, missing=0.1, twice=0.5, seed=7), True),
    "eight numbers": (rated(EVEN, 2, seed=8), True),
    "no two values in the same row": ([RatedImage(v, r, 2.0 + r % 3) for r, v in enumerate([*STEPS] * 2)], True),
}


@pytest.mark.parametrize("name", WORLDS)
def test_a_second_implementation_finds_the_same(name):
    ratings, ordered = WORLDS[name]
    peer = second_opinion(ratings, ordered=ordered)
    insights = [analyse(ratings, ordered=ordered, seed=seed) for seed in SEEDS]
    assert insights[0].noise_sd == pytest.approx(peer.noise, rel=2e-3)
    assert insights[0].no_effect == pytest.approx(peer.no_effect, abs=2e-3)
    for place, value in enumerate(sorted({r.value for r in ratings})):
        ours = [next(v for v in insight.values if v.value == value) for insight in insights]
        # What is a ten-thousandth as likely is left out of the means; the rest is exact.
        assert ours[0].mean == pytest.approx(peer.means[place], abs=3e-3)
        wide = peer.high[place] - peer.low[place]
        assert np.mean([v.low for v in ours]) == pytest.approx(peer.low[place], abs=0.02 * wide + 0.005)
        assert np.mean([v.high for v in ours]) == pytest.approx(peer.high[place], abs=0.02 * wide + 0.005)
        assert np.mean([v.p_best for v in ours]) == pytest.approx(peer.best[place], abs=0.025)
        assert np.mean([v.p_within_quarter for v in ours]) == pytest.approx(peer.near[place], abs=0.025)
