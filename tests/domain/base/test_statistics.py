"""The arithmetic of the insights, checked against numpy and scipy, which the program itself does without."""

from __future__ import annotations

from itertools import combinations
from math import log

import pytest

from stablenew_tk.domain.base.random_numbers import RandomNumbers
from stablenew_tk.domain.base.statistics import (
    cholesky,
    f_tail,
    inverted,
    quantile,
    t_distribution,
    t_quantile,
    trend,
)
from stablenew_tk.domain.insights.model.posterior import Observation, draws, fit, log_prior
from stablenew_tk.domain.insights.model.value_priors import effect_prior, effect_shapes

HOLES = (
    Observation(0, 0, 2.0),
    Observation(1, 0, 4.0),
    Observation(2, 0, 3.0),
    Observation(0, 1, 1.0),
    Observation(2, 1, 4.0),
    Observation(1, 2, 5.0),
    Observation(1, 2, 4.0),
    Observation(3, 2, 2.0),
)
SHOWN_AGAIN = (Observation(0, 0, 2.5, 2, 0.5), Observation(1, 0, 4.0, 3, 2.0), *HOLES[2:])
SHAPES = pytest.mark.parametrize(
    "shape", [*effect_shapes(None, 4), *effect_shapes((5.0, 6.0, 7.0, 12.0), 4)], ids=lambda shape: f"{shape.weight:g}"
)


def dense(pictures, shape, scales):
    """Mean and covariance of the values' means, and the log likelihood, by one big solve over all pictures."""
    np = pytest.importorskip("numpy")
    pytest.importorskip("scipy")
    from scipy.stats import multivariate_normal

    value = np.eye(4)[[p.value for p in pictures]]
    row = np.array([[p.row == q.row for q in pictures] for p in pictures], float)
    wobble = [scales.noise**2 * (1 - scales.rater + scales.rater / p.shown) for p in pictures]
    level = 1e5
    prior = scales.values**2 * np.linalg.pinv(np.array(shape.precision)) + level
    stars = np.array([p.stars for p in pictures]) - 3
    among = value @ prior @ value.T + scales.rows**2 * row + np.diag(wobble)
    gain = prior @ value.T @ np.linalg.inv(among)
    return 3 + gain @ stars, prior - gain @ value @ prior, multivariate_normal(None, among).logpdf(stars)


@SHAPES
@pytest.mark.parametrize("pictures", [HOLES, SHOWN_AGAIN], ids=["holes", "shown again"])
def test_every_possibility_has_the_mean_and_covariance_of_the_dense_solution(shape, pictures):
    np = pytest.importorskip("numpy")
    for possibility in fit(pictures, (shape,)).possibilities[::40]:
        mean, spread, _ = dense(pictures, shape, possibility.scales)
        assert possibility.means == pytest.approx(mean, abs=2e-3)
        factor = np.array([line + [0.0] * (4 - len(line)) for line in possibility.factor])
        ours = np.linalg.inv(factor @ factor.T) * possibility.scales.noise**2
        assert ours == pytest.approx(spread, abs=2e-3)


@SHAPES
def test_possibilities_weigh_what_their_likelihood_and_prior_say(shape):
    possibilities = fit(HOLES, (shape,)).possibilities
    assert sum(p.weight for p in possibilities) == pytest.approx(1)
    # Neighbours of one ratio stand for parts of the axis of equal length, so that only densities are compared.
    ratios = {round(p.scales.values / p.scales.noise, 6) for p in possibilities}
    middle = min(ratios, key=lambda ratio: abs(ratio - 0.55))
    likely = [p for p in possibilities if p.weight > 1e-4 and abs(p.scales.values / p.scales.noise - middle) < 1e-5][
        ::5
    ]
    assert len(likely) > 3
    ours = [log(p.weight) - log_prior(p.scales.rows, p.scales.noise) - effect_prior(p.scales.values, 4) for p in likely]
    theirs = [dense(HOLES, shape, p.scales)[2] for p in likely]
    for a, b in combinations(range(len(likely)), 2):
        assert ours[a] - ours[b] == pytest.approx(theirs[a] - theirs[b], abs=1e-3)


def test_draws_have_the_moments_of_the_mixture():
    posterior = fit(HOLES, effect_shapes(None, 4)).possibilities
    sample = list(draws(posterior, 8000, 3))
    assert len(sample) == 8000
    for v in range(4):
        exact = sum(p.weight * p.means[v] for p in posterior)
        assert sum(draw[v] for draw in sample) / 8000 == pytest.approx(exact, abs=0.02)


def test_the_same_seed_throws_the_same_dice():
    assert RandomNumbers(4).normals(50) == RandomNumbers(4).normals(50) != RandomNumbers(5).normals(50)
    thrown = RandomNumbers(1).normals(20_000)
    assert sum(thrown) / 20_000 == pytest.approx(0, abs=0.02)
    assert sum(x * x for x in thrown) / 20_000 == pytest.approx(1, abs=0.03)


def test_splitmix_gives_its_published_numbers():
    # First outputs for the seed 1234567, as in the test vectors of the reference implementation in C.
    rng = RandomNumbers(1234567)
    assert [int(rng.uniform() * 2**52) for _ in range(2)] == [6457827717110365317 >> 12, 3203168211198807973 >> 12]


def test_matrices_are_inverted_as_numpy_does():
    np = pytest.importorskip("numpy")
    rng = np.random.default_rng(1)
    for size in (1, 2, 7, 12):
        raw = rng.normal(size=(size, size))
        matrix = raw @ raw.T + np.eye(size)
        assert np.allclose(inverted(matrix.tolist()), np.linalg.inv(matrix))
        assert [len(line) for line in cholesky(matrix.tolist())] == list(range(1, size + 1))


def test_a_matrix_that_is_no_covariance_is_refused():
    with pytest.raises(ValueError, match="positive definite"):
        cholesky([[1.0, 2.0], [2.0, 1.0]])


@pytest.mark.parametrize("degrees", [1, 2, 3, 5, 12.5, 100, 5000])
def test_the_t_distribution_is_scipys(degrees):
    stats = pytest.importorskip("scipy.stats")
    for t in (-30.0, -2.5, -0.1, 0.0, 0.3, 1.0, 4.0, 200.0):
        assert t_distribution(t, degrees) == pytest.approx(stats.t.cdf(t, degrees), abs=1e-10)
    for share in (0.001, 0.05, 0.5, 0.9, 0.95, 0.999):
        assert t_quantile(share, degrees) == pytest.approx(stats.t.ppf(share, degrees), rel=1e-6, abs=1e-9)


def test_a_trend_over_time_is_scipys_line():
    stats = pytest.importorskip("scipy.stats")
    points = [(0.0, 3.0), (1.0, 2.0), (2.0, 4.0), (5.0, 4.0), (9.0, 5.0)]
    line, theirs = trend(points), stats.linregress(*zip(*points, strict=True))
    reach = stats.t.ppf(0.95, 3) * theirs.stderr
    assert (line.slope, line.low, line.high) == pytest.approx(
        (theirs.slope, theirs.slope - reach, theirs.slope + reach)
    )
    assert line.p_up == pytest.approx(1 - theirs.pvalue / 2)


def test_a_trend_needs_three_points_and_some_spread():
    assert trend([(0.0, 1.0), (1.0, 2.0)]) is None
    assert trend([(2.0, 1.0), (2.0, 3.0), (2.0, 5.0)]) is None
    assert trend([(0.0, 3.0), (1.0, 3.0), (2.0, 3.0)]).p_up == 0.5


def test_quantiles_are_read_between_the_numbers():
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.5
    assert quantile([7.0], 0.05) == 7.0


def test_near_values_are_alike_and_categories_are_not():
    np = pytest.importorskip("numpy")
    axis = (10.0, 15.0, 20.0, 100.0)
    alone, *smooth = [np.linalg.pinv(np.array(shape.precision)) for shape in effect_shapes(axis, 4)]
    for alike in smooth:
        assert alike[0][1] > alike[0][2] > alike[0][3]
    assert alone == pytest.approx(np.eye(4) - 1 / 4)
    assert [shape.weight for shape in effect_shapes(None, 3)] == [1.0]
    assert sum(shape.weight for shape in effect_shapes(axis, 4)) == pytest.approx(1)


def test_what_is_typical_between_best_and_worst_does_not_depend_on_how_many_values_are_tried():
    np = pytest.importorskip("numpy")
    rng = np.random.default_rng(1)
    for count in (2, 3, 5, 8, 12):
        effects = np.exp(np.linspace(-3, 1.5, 400))
        density = np.exp([effect_prior(effect, count) for effect in effects])
        assert np.trapezoid(density, np.log(effects)) == pytest.approx(1, abs=1e-3)
        middle = effects[density.argmax()]
        ranges = np.ptp(rng.normal(size=(20_000, count)) * middle, axis=1)
        assert ranges.mean() == pytest.approx(1.25, abs=0.03)


def test_the_f_distribution_agrees_with_scipy():
    pytest.importorskip("scipy")
    from scipy.stats import f

    for above, below in combinations((1, 2, 7, 40, 1900), 2):
        for size in (0.1, 0.9, 1.0, 3.3, 12.0):
            for one, other in ((above, below), (below, above)):
                assert f_tail(size, one, other) == pytest.approx(f.sf(size, one, other), rel=1e-9, abs=1e-15)
    assert f_tail(0.0, 3, 10) == 1.0
