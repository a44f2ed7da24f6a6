"""The arithmetic of the insights, checked against numpy and scipy, which the program itself does without."""

from __future__ import annotations

from itertools import combinations
from math import log

import pytest

from stablenew_tk.domain.base.random_numbers import RandomNumbers
from stablenew_tk.domain.base.statistics import cholesky, inverted, quantile, t_distribution, t_quantile, trend
from stablenew_tk.domain.insights.posterior import Observation, draws, fit, likeness, log_prior

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
AXES = pytest.mark.parametrize("axis", [None, (5.0, 6.0, 7.0, 12.0)], ids=["categories", "ordered"])


def dense(pictures, covariance, scales):
    """Mean and covariance of the values' means, and the log likelihood, by one big solve over all pictures."""
    np = pytest.importorskip("numpy")
    pytest.importorskip("scipy")
    from scipy.stats import multivariate_normal

    value = np.eye(len(covariance))[[p.value for p in pictures]]
    row = np.array([[p.row == q.row for q in pictures] for p in pictures], float)
    wobble = [scales.noise**2 * (1 - scales.rater + scales.rater / p.shown) for p in pictures]
    level = 1e5
    prior = scales.values**2 * np.array(covariance) + level
    stars = np.array([p.stars for p in pictures]) - 3
    among = value @ prior @ value.T + scales.rows**2 * row + np.diag(wobble)
    gain = prior @ value.T @ np.linalg.inv(among)
    return 3 + gain @ stars, prior - gain @ value @ prior, multivariate_normal(None, among).logpdf(stars)


@AXES
@pytest.mark.parametrize("pictures", [HOLES, SHOWN_AGAIN], ids=["holes", "shown again"])
def test_every_possibility_has_the_mean_and_covariance_of_the_dense_solution(axis, pictures):
    np = pytest.importorskip("numpy")
    covariance = likeness(axis, 4)
    for possibility in fit(pictures, covariance)[::40]:
        mean, spread, _ = dense(pictures, covariance, possibility.scales)
        assert possibility.means == pytest.approx(mean, abs=2e-3)
        factor = np.array([line + [0.0] * (4 - len(line)) for line in possibility.factor])
        ours = np.linalg.inv(factor @ factor.T) * possibility.scales.noise**2
        assert ours == pytest.approx(spread, abs=2e-3)


@AXES
def test_possibilities_weigh_what_their_likelihood_and_prior_say(axis):
    covariance = likeness(axis, 4)
    posterior = fit(HOLES, covariance)
    assert sum(p.weight for p in posterior) == pytest.approx(1)
    likely = [p for p in posterior if p.weight > 1e-3][::25]
    ours = [log(p.weight) - log_prior(p.scales.values, p.scales.rows, p.scales.noise) for p in likely]
    theirs = [dense(HOLES, covariance, p.scales)[2] for p in likely]
    for a, b in combinations(range(len(likely)), 2):
        assert ours[a] - ours[b] == pytest.approx(theirs[a] - theirs[b], abs=1e-3)


def test_draws_have_the_moments_of_the_mixture():
    posterior = fit(HOLES, likeness(None, 4))
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
    near = likeness((10.0, 15.0, 20.0, 100.0), 4)
    assert near[0][1] > near[0][2] > near[0][3] > 0
    assert likeness(None, 3) == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
