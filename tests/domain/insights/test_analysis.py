"""What may be said about the ratings of one sweep, and what must never be."""

from __future__ import annotations

import math
import random
import re

import msgspec
import pytest
from learning_lab import spaced
from msgspec.structs import replace

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.insights.analysis import analyse, likely_best, phrase
from stablenew_tk.domain.insights.model.rated_images import RatedImage
from stablenew_tk.domain.insights.verdict_text import SuggestedCell, Verdict, joined, percent
from stablenew_tk.domain.runs.plan import ValueInsight

CLEAR = ((1, 3, 5, 3, 2), (2, 3, 5, 2, 1), (2, 4, 5, 3, 2), (1, 2, 4, 3, 2), (2, 3, 5, 3, 1))
ALIKE = ((3,) * 5, (4,) * 5, (2,) * 5, (3,) * 5, (4,) * 5, (5,) * 5)
SOME = ((3, 4, 4, 3, 2), (2, 4, 3, 3, 3), (3, 3, 4, 4, 2))
CFG = (5.0, 6.0, 7.0, 8.0, 9.0)


def table(rows, values=CFG, first_row=0):
    """Rows of stars, one for every value; 0 is a picture that was not rated."""
    return [
        RatedImage(value, first_row + row, float(stars))
        for row, line in enumerate(rows)
        for value, stars in zip(values, line, strict=True)
        if stars
    ]


def cfg(value):
    return f"CFG {value:g}"


def at(insight, value):
    return next(v for v in insight.values if v.value == value)


def test_six_pictures_of_one_star_never_beat_two_of_five():
    for more in (0, 2, 20):
        rows = [(1, 5), (1, 5), *[(1, 0)] * (4 + more)]
        for ordered in (True, False):
            insight = analyse(table(rows, (10.0, 30.0)), ordered=ordered)
            assert insight.verdict.value == 30.0
            assert at(insight, 30.0).mean > at(insight, 10.0).mean
            assert at(insight, 30.0).p_best > 0.9


def test_being_consistent_is_not_being_good():
    rows = [(1, 4), (1, 5), (1, 5), (1, 3), (1, 5)]
    assert analyse(table(rows, ("dull", "good")), ordered=False).verdict.value == "good"


@pytest.mark.parametrize("ordered", [True, False])
def test_zero_is_a_value_and_row_zero_a_row(ordered):
    rows = [(5, 2, 1), (5, 3, 2), (4, 2, 1), (5, 2, 2), (5, 3, 1)]
    insight = analyse(table(rows, (0.0, 0.5, 1.0)), ordered=ordered)
    assert (insight.verdict.state, insight.verdict.value) == ("best", 0.0)
    assert (insight.rows, insight.rated) == (5, 15)
    assert insight.verdict.headline == "Take 0."


def test_a_single_lucky_five_is_no_claim_against_a_steady_value():
    rows = [(4, 5), (5, 4), (5, 0), (4, 0), (5, 0), (5, 0), (4, 0), (5, 0)]
    insight = analyse(table(rows, ("steady", "lucky")), ordered=False)
    assert not (insight.verdict.state in ("best", "settled") and insight.verdict.value == "lucky")
    assert at(insight, "lucky").high - at(insight, "lucky").low > at(insight, "steady").high - at(insight, "steady").low


def test_missing_pictures_are_fine_and_are_not_zeros():
    full, holed = table(CLEAR), table(CLEAR)
    del holed[7], holed[-1]
    insight = analyse(holed, ordered=True)
    assert insight.verdict.value == 7.0
    assert (insight.rated, insight.rows) == (23, 5)
    for v in analyse(full, ordered=True).values:
        assert at(insight, v.value).mean == pytest.approx(v.mean, abs=0.4)


def test_luck_of_the_seed_is_taken_out():
    good_seeds, bad_seeds = [(5, 5, 0)] * 3, [(1, 0, 2)] * 3
    insight = analyse(table([*good_seeds, *bad_seeds], ("a", "b", "c")), ordered=False)
    # Plain means say b 5.0, a 3.0, c 2.0; on the same seeds a equals b and c is better than a.
    assert at(insight, "c").mean > at(insight, "b").mean - 0.2


def test_seven_and_seven_point_zero_are_one_value_and_so_is_a_third_of_point_nine():
    ratings = [RatedImage(7, 0, 3.0), RatedImage(7.0, 1, 4.0), RatedImage(0.1 + 0.2, 0, 3.0), RatedImage(0.3, 1, 3.0)]
    assert [v.n for v in analyse(ratings, ordered=True).values] == [2, 2]


def test_values_stand_in_order_of_the_axis_or_of_appearance():
    names = ("Euler", "DPM++", "Heun", "LMS", "DDIM")
    assert tuple(v.value for v in analyse(table(SOME, names), ordered=False).values) == names
    back = analyse(table(SOME, CFG[::-1]), ordered=True)
    assert tuple(v.value for v in back.values) == CFG


def test_the_same_ratings_give_the_same_answer_in_any_order():
    ratings = table(SOME)
    assert analyse(ratings, ordered=True) == analyse(ratings, ordered=True)
    turned = analyse(ratings[::-1], ordered=True)
    assert turned.verdict == analyse(ratings, ordered=True).verdict


@pytest.mark.parametrize(
    ("rows", "state"), [(CLEAR, "best"), (CLEAR[:3], "settled"), (SOME, "leaning"), (ALIKE, "no_difference")]
)
@pytest.mark.parametrize("ordered", [True, False])
def test_each_state_is_reached_by_ratings_that_deserve_it(rows, state, ordered):
    assert analyse(table(rows), ordered=ordered).verdict.state == state


@pytest.mark.parametrize("rows", [(), CLEAR[:1], ((5, 1, 0, 0, 0), *CLEAR[:1], (5, 1, 0, 0, 0))])
def test_nothing_is_said_before_two_pictures_of_every_value_and_seven_in_all(rows):
    verdict = analyse(table(rows), ordered=True).verdict
    assert (verdict.state, verdict.value, verdict.probability) == ("too_early", None, 0.0)


def test_two_values_wait_for_seven_pictures():
    assert analyse(table([(5, 1)] * 3, (1.0, 2.0)), ordered=True).verdict.state == "too_early"
    assert analyse(table([(5, 1)] * 4, (1.0, 2.0)), ordered=True).verdict.state == "settled"


def told_in_order(ratings):
    return [replace(rating, nth=nth) for nth, rating in enumerate(ratings)]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_rater_who_grows_stricter_value_by_value_proves_less(ordered):
    dice = random.Random(4)
    felt = [3 + dice.gauss(0, 0.5) for _ in range(40)]
    given = [RatedImage(CFG[n // 8], n % 8, float(round(min(5, f + 0.7 - n * 0.035)))) for n, f in enumerate(felt)]
    untold, told = (analyse(ratings, ordered=ordered) for ratings in (given, told_in_order(given)))
    assert untold.verdict.value == 5.0
    assert at(told, 5.0).mean - at(told, 9.0).mean < at(untold, 5.0).mean - at(untold, 9.0).mean - 0.1
    assert at(told, 5.0).p_best < at(untold, 5.0).p_best - 0.05


@pytest.mark.parametrize("ordered", [True, False])
def test_order_does_not_matter_to_a_rater_who_keeps_a_scale(ordered):
    plain, told = (analyse(given, ordered=ordered) for given in (table(CLEAR), told_in_order(table(CLEAR))))
    assert told.verdict.value == plain.verdict.value
    assert [v.mean for v in told.values] == pytest.approx([v.mean for v in plain.values], abs=0.12)


def test_what_one_prompt_likes_is_no_verdict_about_a_pack():
    liked = [(2, 5), (2, 5), (2, 5), (3, 3), (3, 4), (4, 3)]
    one = analyse(table(liked, ("a", "b")), ordered=False)
    two = analyse([replace(r, prompt=r.row // 3) for r in table(liked, ("a", "b"))], ordered=False)
    assert at(two, "b").p_best < at(one, "b").p_best - 0.1
    assert at(two, "b").p_within_quarter < at(one, "b").p_within_quarter


def test_one_value_out_of_line_is_not_smoothed_away():
    rows = [(2, 2, 2, 5, 2, 3, 2), (3, 2, 2, 4, 2, 2, 3), (2, 3, 2, 5, 2, 2, 2), (2, 2, 3, 5, 3, 2, 2)]
    insight = analyse(table(rows, tuple(range(4, 11))), ordered=True)
    assert insight.verdict.value == 7
    assert at(insight, 7).mean > 4.2


def test_no_difference_takes_twenty_pictures_and_four_of_every_value():
    level = [(3, 3), (4, 4), (2, 2), (3, 3), (4, 4)]
    assert analyse(table(level * 2, ("a", "b"))[:-1], ordered=False).verdict.state != "no_difference"
    insight = analyse(table(level * 2, ("a", "b")), ordered=False)
    assert insight.verdict.state == "no_difference"
    assert insight.no_effect > 0.5
    lopsided = [*table(level * 3, ("a", "b")), *(RatedImage("c", row, 3.0) for row in (0, 3, 5))]
    assert analyse(lopsided, ordered=False).verdict.state != "no_difference"


def test_missing_pictures_do_not_keep_a_verdict_back():
    rows = [(1, 0, 5, 3), (0, 3, 5, 3), (2, 4, 0, 3), (1, 2, 4, 0), (2, 3, 5, 3)]
    insight = analyse(table(rows, CFG[:4]), ordered=True)
    assert (insight.verdict.state, insight.verdict.value) == ("settled", 7.0)


def test_one_value_alone_is_too_early_whatever_is_rated():
    insight = analyse(table([(5,)] * 9, (7.0,)), ordered=True)
    assert insight.verdict.state == "too_early"
    assert insight.next == ()
    assert insight.trend is None


def test_probabilities_and_intervals_hang_together():
    insight = analyse(table(SOME), ordered=True)
    assert sum(v.p_best for v in insight.values) + insight.no_effect == pytest.approx(1)
    for v in insight.values:
        assert 1 <= v.low <= v.mean <= v.high <= 5
        assert v.p_best <= v.p_within_quarter <= 1
    leader = at(insight, insight.verdict.value)
    assert insight.verdict.probability == leader.p_within_quarter


def test_a_picture_shown_again_is_one_picture_and_tells_how_steady_the_rater_is():
    ratings = [RatedImage(r.value, r.row, r.stars, f"{n}") for n, r in enumerate(table(SOME))]
    again = [RatedImage(r.value, r.row, min(5.0, r.stars + 1), r.image) for r in ratings[:4]]
    insight = analyse([*ratings, *again], ordered=True)
    assert (insight.rated, insight.repeats) == (15, 4)
    assert insight.repeat_sd == pytest.approx(0.5**0.5)
    assert [v.n for v in insight.values] == [3] * 5
    assert analyse(ratings, ordered=True).repeat_sd is None


def test_a_rater_who_contradicts_himself_makes_the_claims_weaker():
    ratings = [RatedImage(r.value, r.row, r.stars, f"{n}") for n, r in enumerate(table(CLEAR))]
    steady = [RatedImage(r.value, r.row, r.stars, r.image) for r in ratings]
    torn = [RatedImage(r.value, r.row, 6 - r.stars, r.image) for r in ratings]
    assert analyse([*ratings, *torn], ordered=True).noise_sd > 1.3 * analyse([*ratings, *steady], ordered=True).noise_sd


def test_the_trend_points_the_way_the_stars_go():
    insight = analyse(table([(1, 2, 3, 4, 5), (1, 2, 2, 4, 4), (2, 2, 3, 4, 5)]), ordered=True)
    assert insight.trend.p_up > 0.99
    assert insight.trend.low < insight.trend.slope < insight.trend.high
    assert insight.trend.slope == pytest.approx(0.8, abs=0.2)
    assert analyse(table(SOME), ordered=False).trend is None


@pytest.mark.parametrize(
    ("rating", "ordered", "words"),
    [
        (RatedImage(7.0, 0, 0.0), True, "1 to 5 stars"),
        (RatedImage(7.0, 0, 6.0), True, "1 to 5 stars"),
        (RatedImage(7.0, 0, math.nan), True, "1 to 5 stars"),
        (RatedImage(math.inf, 0, 3.0), False, "not a value"),
        (RatedImage("Euler", 0, 3.0), True, "is text"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(rating, ordered, words):
    with pytest.raises(InvalidInput, match=words):
        analyse([*table(SOME), rating], ordered=ordered)


def test_one_picture_cannot_stand_at_two_values():
    with pytest.raises(InvalidInput, match="Picture abc"):
        analyse([RatedImage(7.0, 0, 3.0, "abc"), RatedImage(8.0, 0, 3.0, "abc")], ordered=True)


class TestNext:
    """The pictures that would tell most."""

    def test_the_second_row_is_completed_first(self):
        insight = analyse(table([CLEAR[0], (2, 3, 5, 0, 0)]), ordered=True)
        assert {(c.value, c.row) for c in insight.next[:2]} == {(8.0, 1), (9.0, 1)}
        assert len(insight.next) == 3

    def test_after_one_row_the_next_seed_is_begun(self):
        assert {c.row for c in analyse(table(CLEAR[:1], first_row=4), ordered=False).next} == {5}

    def test_the_contenders_meet_on_the_same_new_seed(self):
        insight = analyse(table(SOME), ordered=False)
        assert {c.row for c in insight.next} == {3}
        assert {c.value for c in insight.next} == {6.0, 7.0, 8.0}

    def test_holes_of_contenders_are_filled_before_a_new_seed(self):
        holed = [r for r in table(SOME) if (r.value, r.row) != (7.0, 2)]
        assert SuggestedCell(7.0, 2) in analyse(holed, ordered=False).next

    @pytest.mark.parametrize("rows", [CLEAR[:1], SOME, CLEAR, ALIKE])
    def test_there_are_three_new_cells_of_tried_values_in_every_state(self, rows):
        insight = analyse(table(rows), ordered=True)
        rated = {(r.value, r.row) for r in table(rows)}
        cells = {(c.value, c.row) for c in insight.next}
        assert len(cells) == 3
        assert not cells & rated
        assert {value for value, _ in cells} <= set(CFG)


class TestSentences:
    """Words: always the probability and the scope, never more than the ratings prove."""

    SCOPE = "for this prompt and checkpoint"

    def said(self, rows, *, ordered=True, **more):
        """Headline and meaning."""
        verdict = phrase(analyse(table(rows), ordered=ordered), name=cfg, scope=self.SCOPE, **more)
        assert verdict.sentence == f"{verdict.headline} {verdict.meaning}"
        return spaced(verdict.headline), spaced(verdict.meaning)

    def test_too_early_counts_against_the_plan_and_says_what_is_missing(self):
        headline, meaning = self.said(CLEAR[:1], planned=15)
        assert headline == "Too early: 5 of 15 rated."
        assert meaning == "It takes 2 pictures rated at every value and 7 in all."
        assert self.said(())[0] == "Too early: 0 rated."

    def test_best(self):
        headline, meaning = self.said(CLEAR)
        assert headline == "Take CFG 7."
        assert re.fullmatch(
            r"(\d\d|Over 99) % that it is better than everything else tried for this prompt and checkpoint\.", meaning
        )

    def test_settled(self):
        headline, meaning = self.said(CLEAR[:3])
        assert headline == "Take CFG 7."
        assert re.fullmatch(
            r"9\d % that nothing tried is more than ¼ star better for this prompt and checkpoint\.", meaning
        )

    def test_two_that_lead_are_both_named_and_the_pictures_that_would_tell_most(self):
        rows = ((2, 4, 4, 3, 1), (2, 3, 4, 3, 2), (1, 4, 4, 2, 1), (2, 4, 3, 2, 2))
        headline, meaning = self.said(rows)
        assert headline == "CFG 6 and 7 lead, not settled."
        claim = r"Closest to settled is CFG [67]: \d\d % that nothing tried is more than ¼ star better for this prompt"
        assert re.match(claim, meaning)
        assert re.search(r" 3 more pictures at CFG 6 and 7 would tell most\.$", meaning)

    def test_one_that_leads_is_not_called_settled(self):
        verdict = phrase(with_chances((0.7, 0.2, 0.1), leader=0), name=cfg)
        assert spaced(verdict.sentence).startswith(
            "CFG 0 leads, not settled. 70 % that nothing tried is more than ¼ star better. 3 more pictures at CFG 0"
        )

    def test_leaning_on_nothing_says_so(self):
        rows = ((3, 4, 2, 3, 4), (4, 2, 4, 3, 3), (2, 4, 3, 4, 3))
        headline, meaning = self.said(rows, ordered=False)
        assert headline == "Too close to call."
        assert re.match(r"Closest to settled is CFG \d: \d\d % that nothing tried is more than ¼ star", meaning)

    def test_the_probability_is_never_of_a_value_beside_those_that_lead(self):
        assert phrase(with_chances((0.7, 0.2, 0.1), leader=1), name=cfg).headline == "Too close to call."

    def test_no_difference_takes_the_fastest(self):
        seconds = {5.0: 4.0, 6.0: 2.0, 7.0: 2.5, 9.0: 3.0}
        verdict = phrase(analyse(table(ALIKE), ordered=True), name=cfg, seconds=seconds)
        assert verdict.value == 6.0
        assert verdict.headline == "No difference you can see: take CFG 6 (2x faster)."
        assert re.fullmatch(
            r"(\d\d|Over 99) % that all lie within half a star\. It is 2x faster than CFG 5, the slowest\.",
            spaced(verdict.meaning),
        )

    def test_a_little_faster_is_said_in_per_cent(self):
        verdict = phrase(analyse(table(ALIKE), ordered=True), name=cfg, seconds={5.0: 2.4, 6.0: 2.0})
        assert spaced(verdict.headline) == "No difference you can see: take CFG 6 (20 % faster)."

    def test_no_difference_without_times_leaves_the_choice(self):
        assert self.said(ALIKE, ordered=False)[0] == "No difference you can see: take any."

    def test_no_sentence_claims_certainty(self):
        rows = [(1, 5)] * 12
        sentence = spaced(analyse(table(rows, (1.0, 2.0)), ordered=True).verdict.sentence)
        assert "Over 99 %" in sentence
        assert "100 %" not in sentence

    def test_numbers_are_never_parted_from_their_unit(self):
        sentence = phrase(analyse(table(CLEAR[:3]), ordered=True), name=lambda v: f"{v:g} steps").sentence
        assert re.search(r"[\d¼] (%|star|steps)", sentence) is None
        assert re.search(r"[\d¼]\N{NO-BREAK SPACE}(%|star|steps)", sentence)

    @pytest.mark.parametrize(
        ("probability", "words", "short"),
        [
            (0.0, "under 1 %", "< 1 %"),
            (0.004, "under 1 %", "< 1 %"),
            (0.969, "96 %", "96 %"),
            (0.996, "over 99 %", "> 99 %"),
        ],
    )
    def test_a_probability_is_rounded_down_and_never_nothing_or_all(self, probability, words, short):
        assert (spaced(percent(probability)), spaced(percent(probability, short=True))) == (words, short)

    @pytest.mark.parametrize(
        ("names", "words"),
        [
            (("20 steps", "40 steps"), "20 and 40 steps"),
            (("CFG 6", "CFG 7", "CFG 9"), "CFG 6, 7 and 9"),
            (("Euler a", "DPM++ 2M"), "Euler a and DPM++ 2M"),
            (("DPM++ 2M", "DPM++ SDE"), "DPM++ 2M and DPM++ SDE"),
        ],
    )
    def test_shared_words_are_said_once(self, names, words):
        assert joined(names) == words


def with_chances(chances, leader):
    """An insight in which the values 0, 1, 2 … have these probabilities to be the best."""
    values = tuple(ValueInsight(float(v), 5, 3.0, 2.0, 4.0, chance, chance) for v, chance in enumerate(chances))
    known = analyse(table(SOME), ordered=True)
    cells = tuple(SuggestedCell(0.0, row) for row in range(3))
    verdict = Verdict("leaning", values[leader].value, chances[leader])
    return msgspec.structs.replace(known, values=values, next=cells, verdict=verdict)


class TestWhoLeads:
    """Values are only named when they stand out, not because somebody must be first."""

    @pytest.mark.parametrize(
        ("chances", "named"),
        [
            ((0.1, 0.7, 0.1, 0.1), [1]),
            ((0.1, 0.6, 0.15, 0.15), []),
            ((0.45, 0.08, 0.42, 0.05), [0, 2]),
            ((0.5, 0.3, 0.1, 0.1), []),
            ((0.3, 0.02, 0.3, 0.02, 0.3, 0.06), [0, 2, 4]),
            ((0.28, 0.28, 0.26, 0.18), []),
            ((0.2, 0.2, 0.2, 0.2, 0.05, 0.05, 0.05, 0.05), []),
            ((0.125,) * 8, []),
            ((0.7, 0.3), []),
            ((0.78, 0.22), [0]),
            ((0.45, 0.45, 0.1), []),
            ((), []),
        ],
    )
    def test_only_what_is_well_above_chance_is_named(self, chances, named):
        values = [ValueInsight(float(v), 5, 3.0, 2.0, 4.0, chance, chance) for v, chance in enumerate(chances)]
        assert likely_best(values) == named


def noisy(values, rows, seed=4):
    """Ratings of values that hardly differ, in the order of rating."""
    rng = random.Random(seed)
    return [RatedImage(value, row, rng.choice((2, 3, 3, 4))) for row in range(rows) for value in values]


@pytest.mark.parametrize("values", [(3.0, 5.0, 7.0, 9.0), ("Euler a", "Heun", "DPM++ 2M", "LMS")])
def test_the_order_in_which_pictures_were_rated_proves_nothing(values):
    ordered = isinstance(values[0], float)
    ratings = noisy(values, 5)
    first = analyse(ratings, ordered=ordered)
    for nth in range(5):
        random.Random(nth).shuffle(ratings)
        again = analyse(ratings, ordered=ordered)
        assert {one.value: one for one in again.values} == {one.value: one for one in first.values}
        assert (again.verdict.state, again.verdict.probability) == (first.verdict.state, first.verdict.probability)


def test_names_stand_in_the_order_in_which_they_came():
    found = analyse(noisy(("Heun", "Euler a", "LMS"), 3), ordered=False)
    assert [one.value for one in found.values] == ["Heun", "Euler a", "LMS"]


@pytest.mark.parametrize(
    ("value", "stars", "said"),
    [
        (None, 3, "no value of a parameter"),
        ([5], 3, "no value of a parameter"),
        (10**400, 3, "A number that large"),
        (-1e300, 3, "-1e+300 is not a value"),
        (float("nan"), 3, "nan is not a value"),
        (5.0, None, "a rating is 1 to 5 stars"),
        (5.0, "4", "a rating is 1 to 5 stars"),
        (5.0, float("nan"), "a rating is 1 to 5 stars"),
    ],
)
def test_what_is_no_rating_is_refused_with_a_sentence(value, stars, said):
    with pytest.raises(InvalidInput, match=re.escape(said)):
        analyse([RatedImage(value, 0, stars)], ordered=True)


def test_ratings_may_come_from_a_generator():
    ratings = noisy((1.0, 2.0, 3.0), 3)
    assert analyse(iter(ratings), ordered=True) == analyse(ratings, ordered=True)


def test_a_crowd_of_values_is_not_said_to_lead():
    found = analyse(noisy([f"LoRA {nth}" for nth in range(40)], 3), ordered=False)
    assert found.verdict.headline == "Too close to call."
