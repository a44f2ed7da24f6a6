"""Counting, numbering and drawing from the tree of a prompt."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from stablenew_tk.domain.base.random_numbers import RandomNumbers
from stablenew_tk.domain.prompts.expansion import ExpansionNode, Pick, Picks, Plain, Uncountable
from stablenew_tk.domain.prompts.multi_choice import MultiChoice
from stablenew_tk.domain.prompts.sequence import TextSequence


def plain(count: int, name: str = "p", weights: tuple[float, ...] = ()) -> Plain:
    return Plain(name, [f"{name}{number}" for number in range(count)], weights)


def written(node: ExpansionNode, index: int) -> str:
    return node.text(index, Picks(index, 1))


@st.composite
def nodes(draw: st.DrawFn, depth: int = 3) -> ExpansionNode:
    """Trees of every kind of node, each text in them another one, so that each way is another text."""
    name = f"{draw(st.integers(0, 10**9))}."
    kind = draw(st.sampled_from(("plain", "pick", "row", "several") if depth else ("plain",)))
    if kind == "plain":
        count = draw(st.integers(1, 4))
        return plain(count, name, draw(weights(count)))
    inner: list[ExpansionNode | str] = draw(st.lists(nodes(depth - 1) | st.just("t"), min_size=1, max_size=3))
    bodies = [
        f"{name}{n}" if isinstance(body, str) else TextSequence([f"{name}{n}<", body]) for n, body in enumerate(inner)
    ]
    if kind == "row":
        return TextSequence([*bodies, "|"])
    sources = [f"{name}{n}" for n in range(len(bodies))]
    if kind == "pick":
        return Pick(name, bodies, sources, draw(weights(len(bodies))))
    most = draw(st.integers(1, len(bodies)))
    return MultiChoice(name, bodies, sources, draw(weights(len(bodies))), (draw(st.integers(0, most)), most, "+"))


def weights(count: int) -> st.SearchStrategy[tuple[float, ...]]:
    return st.just(()) | st.lists(st.floats(0.01, 50), min_size=count, max_size=count).map(tuple)


SMALL = nodes().filter(lambda node: node.count <= 400)
QUICK = settings(max_examples=70, deadline=None, derandomize=True)


@QUICK
@given(SMALL)
def test_every_number_is_another_way_and_all_of_them_are_there(node):
    assert len({written(node, index) for index in range(node.count)}) == node.count


@QUICK
@given(nodes(), st.integers(0, 99))
def test_what_is_drawn_is_one_of_the_ways(node, seed):
    rng = RandomNumbers(seed)
    for _ in range(10):
        assert 0 <= node.draw(rng) < node.count


@QUICK
@given(SMALL, st.data(), st.integers(0, 99))
def test_as_many_are_spread_as_are_wanted_none_of_them_too_often(node, data, seed):
    copies = data.draw(st.integers(1, 3))
    count = data.draw(st.integers(0, copies * node.count))
    found = node.spread(count, copies, RandomNumbers(seed))
    assert len(found) == count
    assert all(0 <= rank < node.count for rank in found)
    assert not found or max(Counter(found).values()) <= copies


@pytest.mark.parametrize("lengths", [(2, 2), (2, 3), (3, 3), (5, 7), (2, 2, 2), (2, 3, 4), (3, 3, 3), (2, 2, 2, 2)])
def test_a_sample_of_any_size_takes_every_value_as_often_as_the_others(lengths):
    row = TextSequence([plain(length) for length in lengths])
    ways = list(product(*map(range, lengths)))
    for count in range(1, row.count + 1):
        for seed in range(4):
            found = row.spread(count, 1, RandomNumbers(seed))
            assert len(set(found)) == count
            for part, length in enumerate(lengths):
                seen = Counter(ways[rank][part] for rank in found)
                assert max(seen.values()) - min(seen[value] for value in range(length)) <= 1


@pytest.mark.parametrize("count", [3, 8, 16, 20, 31])
def test_over_many_seeds_every_combination_is_as_likely_as_the_others(count):
    row = TextSequence([plain(4), plain(2), plain(4)])
    seen = Counter(rank for seed in range(400) for rank in row.spread(count, 1, RandomNumbers(seed)))
    assert chisquare([seen[rank] for rank in range(32)]).pvalue > 0.001


@pytest.mark.parametrize("count", [8, 12, 19])
def test_weights_hold_in_a_sample_of_more_than_half(count):
    # Of what is left out the heavy ones are fewer, not more.
    row = TextSequence([plain(2, "w", (3.0, 1.0)), plain(10)])
    for seed in range(20):
        heavy = sum(rank < 10 for rank in row.spread(count, 1, RandomNumbers(seed)))
        assert abs(heavy - min(10, count * 0.75)) < 1


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_weights_hold_over_many_seeds_however_small_the_sample(count):
    node = plain(4, "w", (4.0, 3.0, 2.0, 1.0))
    rows = TextSequence([node, plain(50)])
    seen = Counter(rank // 50 for seed in range(400) for rank in rows.spread(count, 1, RandomNumbers(seed)))
    expected = [400 * count * weight / 10 for weight in (4, 3, 2, 1)]
    assert chisquare([seen[value] for value in range(4)], expected).pvalue > 0.001


@pytest.mark.parametrize("sampled", [False, True])
def test_several_of_a_list_take_the_heavy_ones_by_their_weight(sampled):
    node = MultiChoice("s", list("abcd"), list("abcd"), (4.0, 2.0, 1.0, 1.0), (1, 1, ","))
    if sampled:
        seen = Counter(rank for seed in range(800) for rank in node.spread(1, 1, RandomNumbers(seed)))
    else:
        rng = RandomNumbers(1)
        seen = Counter(node.draw(rng) for _ in range(800))
    assert chisquare([seen[rank] for rank in range(4)], [400, 200, 100, 100]).pvalue > 0.001


def test_weights_hold_in_long_lists_too():
    weights = (500.0, *(1.0,) * 1500)
    node = MultiChoice("s", ["x"] * 1501, ["x"] * 1501, weights, (1, 1, ","))
    rng = RandomNumbers(1)
    assert 200 < sum(node.draw(rng) == 0 for _ in range(1000)) < 300


def test_one_that_weighs_more_than_all_others_does_not_stop_the_draw():
    node = MultiChoice("s", list("abc"), list("abc"), (1e9, 1e-9, 1e-9), (3, 3, ","))
    assert {node.draw(RandomNumbers(seed)) for seed in range(50)} <= set(range(6))


def test_several_of_a_list_take_every_card_as_often_as_the_others():
    node = MultiChoice("s", list("abcdef"), list("abcdef"), (), (2, 2, ","))
    seen = Counter(written(node, rank) for rank in node.spread(15, 1, RandomNumbers(3)))
    cards = Counter(card for hand in seen for card in hand.split(","))
    assert sorted(cards.values()) == [5] * 6


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_hands_of_bodies_with_ways_of_their_own_have_numbers(size):
    bodies: list[ExpansionNode | str] = ["a", plain(2, "b"), plain(3, "c"), "d", plain(2, "e"), "f", plain(3, "g")]
    node = MultiChoice("s", bodies, list("abcdefg"), (), (size, size, ","))
    step = max(1, node.count // 500)
    seen = {written(node, index) for index in range(0, node.count, step)}
    assert len(seen) == len(range(0, node.count, step))
    assert written(node, 0) != written(node, node.count - 1)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("round_robin", ["a0b0", "a1b1", "a2b0", "a3b1"]),
        ("zip", ["a0b0", "a1b1"]),
        ("sequential", ["a0b0", "a1b0", "a2b0", "a3b0", "a0b1"]),
        ("random", ["a0b0", "a0b1", "a1b0", "a1b1", "a2b0", "a2b1", "a3b0", "a3b1"]),
    ],
)
def test_the_modes_combine_lists_as_they_say(mode, expected):
    row = TextSequence([plain(4, "a"), plain(2, "b"), " c"], mode=mode)
    assert [written(row, index) for index in range(row.count)] == [f"{text} c" for text in expected]


def test_a_part_of_a_round_takes_the_short_lists_evenly():
    row = TextSequence([plain(12, "a"), plain(3, "b"), plain(2, "c")], mode="round_robin")
    for seed in range(20):
        found = row.spread(6, 1, RandomNumbers(seed))
        assert len(set(found)) == 6
        assert Counter(rank % 3 for rank in found) == {0: 2, 1: 2, 2: 2}
        assert Counter(rank % 2 for rank in found) == {0: 3, 1: 3}


def test_more_ways_than_can_be_written_are_not_counted():
    with pytest.raises(Uncountable):
        TextSequence([plain(10)] * 4000)
    with pytest.raises(Uncountable):
        MultiChoice("s", [plain(n + 1) for n in range(100)], ["x"] * 100, (), (60, 60, ","))


def test_the_same_name_twice_gets_a_number_however_often():
    picks = Picks(0, 1)
    for value in ("a", "b", "c"):
        picks.note("x", value)
    picks.note("x #2", "d")
    assert picks.choices == {"x": "a", "x #2": "b", "x #3": "c", "x #2 #2": "d"}
