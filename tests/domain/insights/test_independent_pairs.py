"""Pairs of values against a second implementation, written from the description of the model with dense matrices.

Nothing is shared with `posterior` and `pair_shapes`: effects of both settings and of the two together are covariances
of single ratings, the level has a restricted likelihood, intervals are quantiles of the exact mixture, and the
probability of being near the best comes from numpy's draws. Only the priors and their grid are the same, in figures.
"""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import halfnorm, norm

from stablenew_tk.domain.insights.analysis import analyse
from stablenew_tk.domain.insights.model.rated_images import RatedImage
from stablenew_tk.domain.insights.pair_analysis import analyse_pairs
from stablenew_tk.domain.runs.value_pairs import pairs_of, shown_in_row

ROW_RATIOS = (0.1, 0.3, 0.55, 0.85, 1.3, 2.2)
VALUE_RATIOS = (0.05, 0.12, 0.22, 0.36, 0.55, 0.85, 1.3, 2.1, 3.6)
NOISES = 0.3 * 1.17 ** np.arange(13)
SMOOTH, SMOOTH_TOGETHER = ((0.0, 0.2), (0.7, 0.3), (0.97, 0.5)), ((0.0, 0.35), (0.97, 0.65))
RANGES = {2: 1.128, 3: 1.693, 4: 2.059, 5: 2.326, 6: 2.534, 7: 2.704, 9: 2.970, 12: 3.258}
SPREAD, SPREAD_SD, NOTHING = 1.25, 0.4, 0.4
DRAWS = 8_000


def side(axis, count, pairs, part):
    """Covariance of the effects of one setting's values."""
    eye = np.eye(count)
    scale = (RANGES[min(pairs, 12)] / RANGES[count]) ** 2
    if axis is None or count < 3 or not part:
        return scale * eye
    axis = np.array(axis)
    places = ((axis - axis[0]) / (axis[-1] - axis[0]) + np.linspace(0, 1, count)) / 2
    raw = part * np.exp(-(((places[:, None] - places) / 0.4) ** 2) / 2) + (1 - part) * eye
    return scale * raw / np.mean(1 - raw[eye == 0])


def priors(pairs, axes):
    """Weight, covariance of the pairs, and whether the first, the second, and both together matter."""
    counts = len({p.first for p in pairs}), len({p.second for p in pairs if p.second >= 0})
    first = np.array([p.first for p in pairs])
    second = np.array([p.second for p in pairs])
    there = np.outer(second >= 0, second >= 0)
    curved = [axis is not None and count >= 3 for axis, count in zip(axes, counts, strict=True)]

    def of(part):
        a, b = (side(axis, count, len(pairs), part) for axis, count in zip(axes, counts, strict=True))
        return a[np.ix_(first, first)], np.where(there, b[np.ix_(second, second)], 0.0), (a[0, 0], b[0, 0])

    one, both = NOTHING * (1 - NOTHING), (1 - NOTHING) ** 2
    whole = 2 * one + both
    shares = [(one, 1.0, 0.0), (one, 0.0, 1.0), *((both / 6, 2 * s, 2 - 2 * s) for s in (0.25, 0.5, 0.75))]
    for weight, x, y in shares:
        smooth = SMOOTH if (x and curved[0]) or (y and curved[1]) else ((0.0, 1.0),)
        for part, share in smooth:
            a, b, _ = of(part)
            yield weight / whole * share, x * a + y * b, (bool(x), bool(y), False)
    for part, share in SMOOTH_TOGETHER if any(curved) else ((0.0, 1.0),):
        a, b, (va, vb) = of(part)
        yield both / 2 / whole * share, a + b + 0.5 * (va + vb) / 2 * a * b / (va * vb), (True, True, True)


def second_opinion(ratings, pairs, axes):
    stars = np.array([r.stars for r in ratings])
    place = {pair.text: number for number, pair in enumerate(pairs)}
    of_pair = np.array([[float(place[r.value] == number) for number in range(len(pairs))] for r in ratings])
    rows = sorted({r.row for r in ratings})
    of_row = np.array([[float(r.row == row) for row in rows] for r in ratings])
    ones, eye, free = np.ones(len(stars)), np.eye(len(stars)), len(stars) - 1
    steps = np.gradient(np.log(VALUE_RATIOS))
    found, flat = [], []

    def explained(whole):
        inverse = np.linalg.inv(whole)
        sure = ones @ inverse @ ones
        level = ones @ inverse @ stars / sure
        off = stars - level
        return -0.5 * (np.linalg.slogdet(whole)[1] + np.log(sure)), off @ inverse @ off, inverse, level, sure

    for row_ratio in ROW_RATIOS:
        base = row_ratio**2 * of_row @ of_row.T + eye
        start = norm.logpdf(np.log(NOISES / 1.1), scale=0.3) + halfnorm.logpdf(row_ratio * NOISES, scale=0.8)
        start += np.log(row_ratio * NOISES) - free * np.log(NOISES)
        constant, left, *_ = explained(base)
        flat += [*(constant + start - left / 2 / NOISES**2 + np.log(NOTHING**2))]
        for (weight, effects, kind), (ratio, step) in product(
            list(priors(pairs, axes)), zip(VALUE_RATIOS, steps, strict=True)
        ):
            cross = ratio**2 * effects @ of_pair.T
            constant, left, inverse, level, sure = explained(base + of_pair @ cross)
            expected = norm.logpdf(np.log(ratio * NOISES * RANGES[min(len(pairs), 12)] / SPREAD), scale=SPREAD_SD)
            logs = constant + start - left / 2 / NOISES**2 + expected + np.log(weight * step * (1 - NOTHING**2))
            rest = 1 - cross @ inverse @ ones
            spread = ratio**2 * effects - cross @ inverse @ cross.T + np.outer(rest, rest) / sure
            found.append((logs, level + cross @ inverse @ (stars - level), spread, kind))
    return found, np.array(flat)


def summed_up(found, flat):
    logs = np.array([one[0] for one in found])
    top = max(logs.max(), flat.max())
    same, differing = np.exp(flat - top).sum(), np.exp(logs - top).sum()
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    centres = np.array([one[1] for one in found])
    sds = np.sqrt([np.diagonal(one[2]) for one in found])
    no_effect = same / (same + differing)
    chances = [(1 - no_effect) * sum(weights[n].sum() for n, one in enumerate(found) if one[3][k]) for k in range(3)]
    rng = np.random.default_rng(1)
    counts = rng.multinomial(DRAWS, weights.ravel()).reshape(weights.shape)
    drawn = np.vstack(
        [
            rng.multivariate_normal(one[1], NOISES[k] ** 2 * one[2], counts[n, k], method="eigh")
            for n, one in enumerate(found)
            for k in range(len(NOISES))
            if counts[n, k]
        ]
    )
    near = (drawn.max(axis=1, keepdims=True) - drawn <= 0.25).mean(axis=0)

    def end(pair, part):
        def passed(x):
            z = (x - centres[:, pair])[:, None] / (sds[:, pair][:, None] * NOISES)
            return (weights * norm.cdf(z)).sum() - part

        return min(5.0, max(1.0, brentq(passed, -20, 26)))

    ends = [(end(pair, 0.05), end(pair, 0.95)) for pair in range(centres.shape[1])]
    return weights.sum(axis=1) @ centres, ends, near, chances, no_effect


def rated(pairs, worth, *, rows, whole=False, seed=1):
    dice, found = random.Random(seed), []
    for row in range(rows):
        luck = dice.gauss(0, 0.6)
        for number in range(len(pairs)) if whole else shown_in_row(pairs, row):
            stars = 3 + worth(pairs[number]) + luck + dice.gauss(0, 0.7)
            found.append(RatedImage(pairs[number].text, row, float(min(5, max(1, round(stars))))))
    return found


NUMBERS = pairs_of("txt2img.steps", (10, 20, 40), "txt2img.cfg_scale", (3.0, 5.0, 7.0, 9.0))
NAMES = pairs_of("txt2img.sampler", ("Euler", "Heun", "DDIM"), "txt2img.scheduler", ("Karras", "Simple"))
FILES = pairs_of("lora", ("x-000002", "x", "none"), "lora_weight", (0.4, 0.7, 1.0))
AXES = ([10.0, 20.0, 40.0], [3.0, 5.0, 7.0, 9.0])
WORLDS = {
    "sparse rows of numbers": (
        NUMBERS,
        AXES,
        rated(NUMBERS, lambda p: 1.0 - 0.4 * (p.first + p.second - 2) ** 2, rows=4),
    ),
    "sparse rows of names": (NAMES, (None, None), rated(NAMES, lambda p: 0.8 * p.first, rows=4, seed=3)),
    "files with a weight, and none": (FILES, (None, [0.4, 0.7, 1.0]), rated(FILES, lambda p: p.second, rows=3, seed=4)),
}


@pytest.mark.parametrize("name", WORLDS)
def test_a_second_implementation_finds_the_same(name):
    pairs, axes, ratings = WORLDS[name]
    means, ends, near, chances, no_effect = summed_up(*second_opinion(ratings, pairs, axes))
    ours = [analyse_pairs(ratings, pairs, axes, ("a", "b"), seed=seed) for seed in range(4)]
    assert ours[0].no_effect == pytest.approx(no_effect, abs=2e-3)
    found = ours[0].pair
    told = [*(one.p_matters for one in found.factors), found.p_together]
    assert told == pytest.approx(chances, abs=3e-3)
    for number in range(len(pairs)):
        each = [one.values[number] for one in ours]
        assert each[0].mean == pytest.approx(means[number], abs=4e-3)
        low, high = ends[number]
        assert np.mean([one.low for one in each]) == pytest.approx(low, abs=0.03 * (high - low) + 0.005)
        assert np.mean([one.high for one in each]) == pytest.approx(high, abs=0.03 * (high - low) + 0.005)
        assert np.mean([one.p_within_quarter for one in each]) == pytest.approx(near[number], abs=0.03)


def test_where_only_the_first_setting_matters_it_is_the_answer_about_that_setting_alone():
    """The second setting changes nothing: by then the pairs of one first value are as one value rated more often."""
    pairs = pairs_of("txt2img.steps", (10, 20, 40), "txt2img.cfg_scale", (3.0, 9.0))
    ratings = rated(pairs, lambda p: 1.2 * p.first, rows=10, whole=True, seed=5)
    both = analyse_pairs(ratings, pairs, (AXES[0], [3.0, 9.0]), ("a", "b"))
    alone = [RatedImage(float(str(r.value).split(" ")[0]), r.row, r.stars) for r in ratings]
    one = analyse(alone, ordered=True)
    assert both.pair.factors[0].p_matters > 0.99
    for number, pair in enumerate(pairs):
        assert both.values[number].mean == pytest.approx(one.values[pair.first].mean, abs=0.25)
    assert both.verdict.state in ("settled", "best")
    assert str(both.verdict.value).startswith("40 ")
