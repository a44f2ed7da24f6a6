"""Numbers that look random, and giving things out fairly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from stablenew_tk.domain.base.random_numbers import RandomNumbers, allot


def test_the_same_seed_gives_the_same_numbers_on_every_platform():
    rng = RandomNumbers(7)
    assert [rng.below(1000) for _ in range(6)] == [389, 16, 900, 582, 452, 249]
    assert rng.below(10**40) == 4679530042228734610129527138654768177578


def test_the_numbers_are_those_of_splitmix64():
    # The first output of the published generator with the state 0.
    assert RandomNumbers(0).below(1 << 64) == 0xE220A8397B1DCDAF


def test_other_seeds_give_other_numbers():
    assert len({RandomNumbers(seed).below(1 << 64) for seed in range(1000)}) == 1000
    assert RandomNumbers(1, 2).below(1 << 64) != RandomNumbers(2, 1).below(1 << 64)


@pytest.mark.parametrize("limit", [2, 3, 10, 97])
def test_every_number_below_a_limit_is_as_likely(limit):
    rng = RandomNumbers(1)
    seen = [0] * limit
    for _ in range(200 * limit):
        seen[rng.below(limit)] += 1
    assert chisquare(seen).pvalue > 0.001


def test_every_order_is_as_likely():
    seen: dict[tuple[int, ...], int] = {}
    for seed in range(2400):
        values = [0, 1, 2, 3]
        RandomNumbers(seed).shuffle(values)
        seen[tuple(values)] = seen.get(tuple(values), 0) + 1
    assert len(seen) == 24
    assert chisquare(list(seen.values())).pvalue > 0.001


@pytest.mark.parametrize("limit", [6, 1 << 40])
def test_some_of_many_are_different_ones_and_within(limit):
    for seed in range(50):
        found = RandomNumbers(seed).some(5, limit)
        assert len(set(found)) == 5
        assert all(0 <= number < limit for number in found)


def test_nothing_below_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="below"):
        RandomNumbers(1).below(0)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.floats(0.01, 100), st.integers(0, 30)), min_size=1, max_size=12),
    st.data(),
    st.integers(0, 99),
)
def test_all_is_given_out_nobody_gets_more_than_the_cap_and_nobody_less_than_the_whole_part(takers, data, seed):
    weights, caps = [weight for weight, _ in takers], [cap for _, cap in takers]
    count = data.draw(st.integers(0, sum(caps)))
    given_out = allot(count, weights, caps, RandomNumbers(seed))
    assert sum(given_out) == count
    for taken, weight, cap in zip(given_out, weights, caps, strict=True):
        assert min(cap, int(count * weight / sum(weights) - 1e-9)) <= taken <= cap


def test_odd_ones_go_by_what_is_left_of_the_share_not_by_the_weight():
    # 5 : 0.5 : 0.5 …; by weight the first one would get nine of ten.
    total = [0] * 11
    for seed in range(400):
        given_out = allot(10, [10.0] + [1.0] * 10, [100] * 11, RandomNumbers(seed))
        assert given_out[0] == 5
        total = [a + b for a, b in zip(total, given_out, strict=True)]
    assert chisquare(total[1:]).pvalue > 0.001


def test_caps_of_any_size_are_fine():
    assert allot(9, [1.0, 1.0, 1.0], [10**500] * 3, RandomNumbers(1)) == [3, 3, 3]
