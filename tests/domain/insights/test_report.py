"""The report of a Learning Run: what may be said about its values, in which words, and what to do next."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from journal_lines import new_id, rate
from learning_lab import Lab, spaced

from stablenew_tk.domain.config.sweep import focus
from stablenew_tk.domain.insights.follow_up import finer_plan, next_cells, preset_draft
from stablenew_tk.domain.insights.kept_values import preset_values
from stablenew_tk.domain.insights.naming import naming
from stablenew_tk.domain.insights.report import certain_summary, step_ratings, summary
from stablenew_tk.domain.insights.report_json import document
from stablenew_tk.domain.insights.tag_rates import Rate, p_higher, tag_sentences
from stablenew_tk.domain.insights.titles import scope_text
from stablenew_tk.domain.journal.record import BackendInfo, Failure
from stablenew_tk.domain.models.sensible_range import ModelTraits
from stablenew_tk.domain.models.style import StyleProfile
from stablenew_tk.domain.runs.plan import LearningRunResult, PlanCell, PlanPrompt, ResultSummary

CLEAR = {12: (2, 2, 1, 2), 20: (3, 3, 2, 3), 28: (5, 5, 4, 5)}
CLOSE = {12: (2, 2, 1, 2, 3), 20: (3, 3, 4, 3, 3), 28: (5, 4, 4, 5, 4), 36: (4, 5, 5, 4, 4)}
BEHIND = {20: (2, 2, 3, 2, 2, 2, 2, 2), 28: (5, 4, 5, 4, 5, 4, 5, 5), 36: (4, 4, 5, 4, 5, 4, 5, 4)}


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def reported(lab, focus="txt2img.steps", stars=CLEAR, tags=None, **made):
    """The report of a plan that is made and rated; its words have ordinary spaces."""
    plan = lab.plan(focus, tuple(stars), len(next(iter(stars.values()))))
    lab.make(plan, **made)
    lab.rate(stars, tags)
    found = lab.report(plan)
    words = {"headline": spaced(found.verdict.headline), "meaning": spaced(found.verdict.meaning)}
    verdict = msgspec.structs.replace(found.verdict, **words)
    return msgspec.structs.replace(found, verdict=verdict, remark=spaced(found.remark))


def rated_blind(lab, plan, stars=CLEAR, *, open_values=()):
    """The meaning of the verdict on these stars; those of `open_values` are given with the values in sight."""
    lab.make(plan)
    for value, row_stars in stars.items():
        for row, star in enumerate(row_stars[: len(plan.seeds)]):
            lab.append(rate(lab.made[value, row], star, blind=value not in open_values))
    return spaced(lab.report(plan).verdict.meaning)


class TestTheVerdict:
    def test_it_names_the_value_with_its_unit_its_chance_and_where_it_holds(self, lab):
        verdict = reported(lab).verdict
        assert (verdict.state, verdict.value) == ("settled", 28)
        assert verdict.headline == "Take 28 steps."
        assert re.fullmatch(
            r"(9\d|Over 99) % that nothing tried is more than ¼ star better"
            r" for the prompt “p1” and this checkpoint; none rated blind\.",
            verdict.meaning,
        )

    @pytest.mark.parametrize(
        ("path", "value", "words"),
        [
            ("txt2img.steps", 28, "28 steps"),
            ("txt2img.steps", 1, "1 step"),
            ("txt2img.cfg_scale", 7.0, "CFG 7"),
            ("txt2img.sampler", "Euler a", "Euler a"),
            ("img2img.denoise", 0.35, "denoise 0.35"),
            ("txt2img.width", 512, "width 512 px"),
            ("hires.scale", 1.5, "scale 1.5×"),
            ("hires.steps", 0, "the same steps"),
            ("hires.cfg_scale", 0.0, "the same CFG"),
            ("hires.enabled", True, "hires fix on"),
            ("upscale.codeformer", 0.0, "CodeFormer 0"),
            ("lora:rain", 0.8, "LoRA rain 0.8"),
            ("clip_skip", 2, "clip skip 2"),
        ],
    )
    def test_values_are_called_what_people_call_them(self, path, value, words):
        assert naming(focus(path))(value) == words

    def test_zero_can_be_the_answer(self, lab):
        found = reported(lab, "hires.denoise", {0.0: (5, 5, 5, 4), 0.2: (3, 3, 2, 3), 0.4: (2, 2, 3, 2)})
        assert found.verdict.value == 0.0
        assert found.verdict.headline == "Take denoise 0."
        assert summary(found).value == 0.0

    def test_a_switch_can_be_the_answer_and_keeps_its_type(self, lab):
        found = reported(lab, "hires.enabled", {True: (2, 1, 2, 2, 2, 1), False: (4, 5, 4, 5, 5, 5)})
        assert found.verdict.value is False
        assert found.verdict.headline == "Take hires fix off."

    def test_a_swept_checkpoint_is_one_comparison_and_the_scope_names_no_checkpoint(self, lab):
        found = reported(lab, "checkpoint", {"dream": (5, 5, 5, 5), "haze": (2, 2, 1, 2)})
        assert (found.verdict.value, found.foreign) == ("dream", 0)
        assert "for the prompt “p1”; none" in found.verdict.meaning

    def test_no_difference_takes_the_fast_one(self, lab):
        same = dict.fromkeys(("Heun", "Euler a"), (4, 4, 4, 5) * 3)
        found = reported(lab, "txt2img.sampler", same, seconds={"Heun": 10.0, "Euler a": 5.0}.get)
        assert (found.verdict.state, found.verdict.value) == ("no_difference", "Euler a")
        assert found.verdict.headline == "No difference you can see: take Euler a (2x faster)."

    def test_times_that_overlap_are_no_reason_to_choose(self, lab):
        same = dict.fromkeys(("Heun", "Euler a"), (4, 4, 4, 5) * 3)
        spent = {"Heun": iter((9.0, 5.0, 4.0, 9.0) * 3), "Euler a": iter((5.0, 4.5, 6.0, 5.0) * 3)}
        found = reported(lab, "txt2img.sampler", same, seconds=lambda value: next(spent[value]))
        assert found.verdict.headline == "No difference you can see: take any."

    def test_a_hundredth_of_a_second_is_no_reason_to_choose(self, lab):
        same = dict.fromkeys(("Heun", "Euler a"), (4, 4, 4, 5) * 3)
        found = reported(lab, "txt2img.sampler", same, seconds={"Heun": 0.02, "Euler a": 0.01}.get)
        assert found.verdict.headline == "No difference you can see: take any."

    def test_a_picture_that_waited_for_the_engine_does_not_hide_the_faster_one(self, lab):
        same = dict.fromkeys(("Heun", "Euler a"), (4, 4, 4, 5) * 3)
        spent = {"Heun": iter((10.0,) * 12), "Euler a": iter((40.0, *(5.0,) * 11))}
        found = reported(lab, "txt2img.sampler", same, seconds=lambda value: next(spent[value]))
        assert found.verdict.headline == "No difference you can see: take Euler a (2x faster)."

    def test_a_value_nobody_has_looked_at_keeps_it_too_early(self, lab):
        found = reported(lab, stars={12: (2, 2, 1, 2), 20: (None,) * 4, 28: (5, 5, 4, 5)})
        assert found.verdict.state == "too_early"
        assert "No stars that count yet at 20." in found.remark

    @pytest.mark.parametrize("star", [5, 3, 1])
    def test_where_all_stars_are_alike_pairs_are_offered(self, lab, star):
        found = reported(lab, stars=dict.fromkeys((12, 20, 28), (star,) * 4))
        assert f"12 of your last 12 here were {star}: pairs tell apart what stars cannot." in found.remark

    def test_where_stars_tell_values_apart_no_pairs_are_offered(self, lab):
        assert "pairs" not in reported(lab).remark

    def test_nothing_rated_is_too_early_and_says_of_how_many(self, lab):
        found = reported(lab, stars=dict.fromkeys(CLEAR, (None,) * 3))
        assert found.verdict.sentence.startswith("Too early: 0 of 9 rated.")
        assert (found.next, found.rate_next, found.rated) == ((), (), 0)


class TestTheScope:
    """A verdict says what was tested, and no more."""

    PROMPTS = (PlanPrompt("rainy street", "rain on a street"), PlanPrompt("fog", "fog"), PlanPrompt("snow", "snow"))

    def test_one_prompt_is_named_and_says_nothing_about_the_pack(self, lab):
        meaning = rated_blind(lab, lab.plan(rows=4, prompts=self.PROMPTS[:1]))
        assert meaning.endswith(" star better for the prompt “rainy street” and this checkpoint.")

    def test_several_prompts_of_a_pack_say_something_about_it_and_how_many_they_are(self, lab):
        meaning = rated_blind(lab, lab.plan(rows=2, prompts=self.PROMPTS[:2], seeds=(1, 2, 3, 4)))
        assert meaning.endswith(" star better for this pack and checkpoint, tested on 2 prompts.")

    def test_only_prompts_whose_pictures_are_rated_count(self, lab):
        plan = lab.plan(rows=2, prompts=self.PROMPTS, seeds=tuple(range(6)))
        lab.make(plan)
        lab.rate({value: (*stars[:2], None, *stars[2:4]) for value, stars in CLEAR.items()})
        found = lab.report(plan)
        assert [prompt.prompt_id for prompt in found.prompts] == ["rainy street", "fog"]
        assert "for this pack and checkpoint, tested on 2 prompts;" in found.verdict.meaning
        assert scope_text(plan, found) == "Rain · rainy street, fog · dream.safetensors"

    def test_the_same_text_under_two_names_is_one_prompt(self, lab):
        twice = (PlanPrompt("one", "rain"), PlanPrompt("two", "rain"))
        meaning = rated_blind(lab, lab.plan(rows=2, prompts=twice, seeds=(1, 2, 3, 4)))
        assert "for the prompt “one” and this checkpoint" in meaning

    @pytest.mark.parametrize(("name", "words"), [("a rainy", "for this prompt and checkpoint"), ("Rain", "“Rain”")])
    def test_a_prompt_typed_for_the_plan_alone_is_this_prompt_unless_it_has_a_name(self, lab, name, words):
        prompts = (PlanPrompt(name, "a rainy street"),)
        assert words in rated_blind(lab, lab.plan(rows=4, pack_id="", prompts=prompts))

    def test_typed_prompts_are_no_pack(self, lab):
        plan = lab.plan(rows=2, pack_id="", prompts=self.PROMPTS[:2], seeds=(1, 2, 3, 4))
        assert "for these 2 prompts and this checkpoint" in rated_blind(lab, plan)

    def test_a_long_name_is_cut_at_a_word(self, lab):
        long = PlanPrompt("a small red sailing boat on a calm sea, sunset, gulls", "boat")
        assert "for the prompt “a small red sailing boat on a…”" in rated_blind(lab, lab.plan(rows=4, prompts=(long,)))

    def test_compared_checkpoints_are_no_part_of_the_scope(self, lab):
        stars = {"dream": (5, 5, 5, 5), "haze": (2, 2, 1, 2)}
        meaning = rated_blind(lab, lab.plan("checkpoint", tuple(stars), 4, prompts=self.PROMPTS[:1]), stars)
        assert meaning.endswith(" for the prompt “rainy street”.")

    def test_sketches_claim_nothing_about_a_checkpoint(self, lab):
        found = reported(lab, backend=BackendInfo(kind="sketch", name="sketch"))
        assert "checkpoint" not in found.verdict.sentence

    def test_equal_pictures_say_it_too(self, lab):
        plan = lab.plan(prompts=self.PROMPTS[:1])
        lab.make(plan, pixels=lambda _value, row: f"{row}")
        meaning = lab.report(plan).verdict.meaning
        assert meaning == "Take any for the prompt “rainy street” and this checkpoint."
        assert certain_summary(lab.board(plan)).parts[1] == meaning

    @pytest.mark.parametrize(
        ("open_values", "words"),
        [((), "checkpoint."), ((12,), "checkpoint; 8 blind, 4 open."), (CLEAR, "checkpoint; none rated blind.")],
    )
    def test_stars_that_were_not_blind_are_counted_once(self, lab, open_values, words):
        plan = lab.plan(rows=4, blind=True)
        assert rated_blind(lab, plan, open_values=open_values).endswith(words)
        assert ("blind" in lab.report(plan).remark) == (not open_values)

    def test_a_preset_and_the_journal_keep_the_same_words(self, lab):
        found = reported(lab)
        assert summary(found).parts == (found.verdict.headline, found.verdict.meaning)
        assert preset_draft(found, 28, "Rain", by_hand=False).evidence.sentence == found.verdict.sentence

    def test_a_result_of_an_older_version_has_its_whole_sentence_on_top(self):
        line = b'{"state":"settled","value":28,"probability":0.9,"sentence":"28 is fine (90 %).","rated":9,"rows":3}'
        assert msgspec.json.decode(line, type=ResultSummary).parts == ("28 is fine (90 %).", "")


class TestWhatCounts:
    def test_suspect_pictures_are_left_out_and_counted(self, lab):
        plan = lab.plan()
        lab.make(plan, plan.cells()[1:])
        lab.make(plan, plan.cells()[:1], suspect=("applied_differs",))
        lab.rate({12: (5, 2, 2), 20: (3, 3, 3), 28: (4, 5, 5)})
        found = lab.report(plan)
        assert (found.rated, found.suspect, found.values[0].stars) == (8, 1, (2, 2))
        assert "8 of 8 pictures rated on 3 seeds; 1 suspect picture left out." in found.remark

    def test_pictures_of_another_checkpoint_are_left_out_and_counted(self, lab):
        plan = lab.plan()
        lab.make(plan, plan.cells()[1:])
        other = msgspec.structs.replace(plan.base_config, checkpoint="haze")
        lab.make(plan, plan.cells()[:1], config=other)
        lab.rate(dict.fromkeys((12, 20, 28), (4, 4, 4)))
        found = lab.report(plan)
        assert (found.rated, found.foreign, found.checkpoint) == (8, 1, "dream.safetensors")
        assert "1 picture of another checkpoint or engine left out" in found.remark

    def test_sketches_are_called_a_rehearsal(self, lab):
        found = reported(lab, backend=BackendInfo(kind="sketch", name="sketch"))
        assert found.sketch
        assert "sketch pictures: a rehearsal, not evidence about a checkpoint." in found.remark

    def test_failed_steps_are_missing_and_no_rating(self, lab):
        plan = lab.plan()
        lab.make(plan, plan.cells()[:-1])
        broken = Failure(error="EngineFault", message="out of memory")
        lab.make(plan, plan.cells()[-1:], status="failed", outputs=(), error=broken)
        found = lab.report(plan)
        assert (found.failed, found.values[2].missing, len(found.values[2].images)) == (1, 1, 2)
        assert "1 picture could not be made" in found.remark

    def test_values_stand_in_the_order_of_the_axis(self, lab):
        found = reported(lab, stars={28: (5, 5, 4, 5), 12: (2, 2, 1, 2), 20: (3, 3, 2, 3)})
        assert [(line.value, line.variant, line.text) for line in found.values] == [
            (12, 1, "12"),
            (20, 2, "20"),
            (28, 0, "28"),
        ]

    def test_the_picture_that_waited_for_the_engine_does_not_make_its_value_slow(self, lab):
        plan = lab.plan()
        lab.make(plan, plan.cells()[:1], seconds=lambda _: 60)
        lab.make(plan, plan.cells()[1:], seconds=lambda value: value / 10)
        assert [line.seconds for line in lab.report(plan).values] == pytest.approx([1.2, 2.0, 2.8])

    def test_pictures_shown_again_teach_how_steady_the_stars_are(self, lab):
        plan = lab.plan(values=(12, 28))
        lab.make(plan)
        lab.rate({12: (2, 2, 3), 28: (4, 5, 5)})
        lab.append(rate(lab.made[12, 0], 3, repeat=True))
        found = lab.report(plan)
        assert (found.insight.repeats, found.rated, found.values[0].stars) == (1, 6, (2, 2, 3))


class TestTheRemark:
    def test_it_says_who_is_close_behind_and_what_it_costs(self, lab):
        found = reported(lab, stars=BEHIND, seconds=lambda value: value / 2)
        assert (found.verdict.state, found.verdict.value) == ("settled", 28)
        assert found.remark.startswith("36 is close behind but takes 4 s longer.")

    def test_a_faster_one_close_behind_is_named_as_faster(self, lab):
        stars = {28: BEHIND[36], 36: BEHIND[28], 44: BEHIND[20]}
        assert "28 is close behind and 4 s faster." in reported(lab, stars=stars, seconds=lambda v: v / 2).remark

    def test_the_best_at_the_end_of_the_axis_says_that_nobody_looked_further(self, lab):
        assert "28 is the highest value you tried" in reported(lab).remark

    def test_at_the_end_of_what_is_possible_it_does_not(self, lab):
        found = reported(lab, "hires.denoise", {0.0: (5, 5, 5, 4), 0.2: (3, 3, 2, 3)})
        assert "lowest value" not in found.remark


class TestWhatToMakeNext:
    def test_new_seeds_for_the_contenders_and_the_sentence_asks_for_the_same(self, lab):
        found = reported(lab, stars=CLOSE)
        assert found.verdict.state == "leaning"
        assert {cell.variant for cell in found.next} == {2, 3}
        assert [cell.row for cell in found.next] == [5, 5, 6]
        assert " 3 more pictures at " in found.verdict.sentence

    def test_rows_of_the_plan_that_are_not_made_come_before_new_seeds(self, lab):
        plan = lab.plan(values=tuple(CLOSE), rows=6)
        lab.make(plan, [cell for cell in plan.cells() if cell.row < 5])
        lab.rate(CLOSE)
        assert {cell.row for cell in lab.report(plan).next[:2]} == {5}

    def test_what_is_made_already_only_needs_stars(self, lab):
        found = reported(lab, stars={12: (2, None, None), 20: (3, None, None), 28: (5, None, None)})
        assert found.next == ()
        assert found.rate_next == (PlanCell(0, 1), PlanCell(1, 1), PlanCell(2, 1))
        assert "Stars for 3 pictures that are made already would tell most." in found.remark

    def test_nothing_is_asked_of_a_place_whose_picture_is_suspect(self, lab):
        plan = lab.plan(values=tuple(CLOSE), rows=5)
        lab.make(plan, [cell for cell in plan.cells() if cell != PlanCell(2, 4)])
        lab.make(plan, [PlanCell(2, 4)], suspect=("black",))
        lab.rate({**CLOSE, 28: (5, 4, 4, 5, None)})
        found = lab.report(plan)
        assert PlanCell(2, 4) not in (*found.next, *found.rate_next)
        assert len(found.next) == 3


class TestTags:
    def test_counts_are_of_pictures_somebody_looked_at(self, lab):
        found = reported(lab, tags={12: ("too noisy",) * 4, 20: ("too noisy",) * 3})
        assert [(line.tags, line.looked_at) for line in found.values] == [
            ((("too noisy", 4),), 4),
            ((("too noisy", 3),), 4),
            ((), 4),
        ]

    def test_a_large_difference_along_the_axis_is_said(self):
        seen = [
            (f"{steps} steps", [("too noisy",)] * hits + [()] * (5 - hits))
            for steps, hits in ((12, 4), (20, 4), (28, 0), (36, 0))
        ]
        (said,) = tag_sentences(seen, ordered=True)
        assert spaced(said) == "“too noisy” falls from 80 % to 0 % at 28 steps and above."

    def test_a_large_difference_of_one_choice_is_said(self):
        seen = [("Euler a", [("odd",)] * 9 + [()]), ("Heun", [()] * 10), ("LMS", [()] * 9 + [("odd",)])]
        (said,) = tag_sentences(seen, ordered=False)
        assert spaced(said) == "“odd”: 90 % of the pictures with Euler a, 5 % of the others."

    def test_what_may_be_chance_is_not(self):
        seen = [("12 steps", [("odd",), ("odd",), ()]), ("20 steps", [(), ("odd",), ()]), ("28 steps", [(), (), ()])]
        assert tag_sentences(seen, ordered=True) == ()
        assert tag_sentences([("12 steps", [("odd",)] * 9)], ordered=True) == ()
        assert tag_sentences([], ordered=False) == ()

    @pytest.mark.parametrize(("one", "other"), [((4, 5), (1, 5)), ((0, 3), (2, 9)), ((7, 7), (0, 1))])
    def test_the_chance_agrees_with_counting_it_out(self, one, other):
        grid = [(place + 0.5) / 2000 for place in range(2000)]

        def density(rate):
            raw = [p ** rate[0] * (1 - p) ** (rate[1] - rate[0]) for p in grid]
            return [value / sum(raw) for value in raw]

        below, expected = 0.0, 0.0
        for mine, theirs in zip(density(one), density(other), strict=True):
            expected += mine * (below + theirs / 2)
            below += theirs
        assert p_higher(Rate(*one), Rate(*other)) == pytest.approx(expected, abs=1e-3)


class TestOverTime:
    def test_stars_that_sink_from_seed_to_seed_are_said(self, lab):
        found = reported(lab, stars={12: (4, 4, 3, 3, 2, 2), 28: (5, 5, 4, 4, 3, 3)})
        assert "stars fewer than the first: you may have become stricter" in found.over_time

    def test_steady_stars_are_not_worth_a_word(self, lab):
        assert reported(lab, stars={12: (2, 3, 2, 3, 2, 3), 28: (5, 4, 5, 4, 5, 4)}).over_time == ""

    def test_an_answer_that_moved_is_said(self, lab):
        plan = lab.plan(rows=4)
        lab.make(plan)
        lab.rate({12: (5, 5, 4), 20: (3, 3, 2), 28: (2, 2, 3)})
        before = summary(lab.report(plan))
        lab.append(LearningRunResult(event_id=new_id(), ts="", plan_id=plan.plan_id, steps=(), summary=before))
        lab.rate({12: (1, 2, 1, 1), 20: (3, 3, 2, 3), 28: (5, 5, 5, 5)})
        assert "With 9 pictures rated the answer was 12 steps, with 12 it is 28 steps." in lab.report(plan).over_time


class TestWhatIsKept:
    def test_every_step_has_its_stars_or_none(self, lab):
        plan = lab.plan(values=(12, 28), rows=2)
        lab.make(plan, plan.cells()[:3])
        lab.rate({12: (4, None)}, {12: ("calm",)})
        said = {one.step_id: (one.rating, one.tags) for one in step_ratings(lab.board(plan))}
        assert list(said.values()) == [(4.0, ("calm",)), (None, ()), (None, ()), (None, ())]
        assert list(said) == [plan.step_id(cell) for cell in plan.cells()]

    def test_the_summary_holds_verdict_and_values(self, lab):
        kept = summary(reported(lab))
        assert (kept.state, kept.value, kept.rated, kept.rows) == ("settled", 28, 12, 4)
        assert [(one.value, one.n, one.seconds) for one in kept.values] == [(12, 4, 4.0), (20, 4, 4.0), (28, 4, 4.0)]
        assert msgspec.json.decode(msgspec.json.encode(kept), type=type(kept)) == kept

    def test_a_finer_plan_says_what_suggested_it(self, lab):
        assert finer_plan(reported(lab)).metadata.who == "suggested by the result of “Steps of rain”"

    def test_a_finer_plan_stays_in_the_range_that_suits_the_checkpoint(self, lab):
        settled = {0.2: (2, 2, 1, 2), 0.3: (3, 3, 2, 3), 0.4: (5, 5, 4, 5)}
        found = reported(lab, "hires.denoise", settled)
        assert max(finer_plan(found).variant_values) > 0.4
        realism = StyleProfile(style_profile_id="realism", hires_denoise_range=(0.2, 0.4))
        values = finer_plan(found, ModelTraits(style=realism)).variant_values
        assert (min(values) >= 0.2, max(values)) == (True, 0.4)
        portrait = StyleProfile(style_profile_id="portrait", hires_denoise_range=(0.2, 0.35))
        assert max(finer_plan(found, ModelTraits(style=portrait)).variant_values) == 0.4

    def test_a_preset_holds_what_makes_the_value_matter(self, lab):
        def plan(path):
            return lab.plan(path, (0.3, 0.5), base_config=changed)

        changed = msgspec.structs.replace(
            lab.plan().base_config, refiner=msgspec.structs.replace(lab.plan().base_config.refiner, checkpoint="finish")
        )
        assert preset_values(plan("hires.denoise"), 0.3) == ({"hires.enabled": True, "hires.denoise": 0.3}, {})
        refined = {"refiner.enabled": True, "refiner.checkpoint": "finish", "refiner.switch_at": 0.5}
        assert preset_values(plan("refiner.switch_at"), 0.5) == (refined, {})
        assert preset_values(plan("lora:rain"), 0.5) == ({}, {"rain": 0.5})
        assert preset_values(lab.plan("hires.enabled", (True, False)), False) == ({"hires.enabled": False}, {})


class TestForPrograms:
    def test_the_document_has_what_was_promised(self, lab):
        said = json.loads(msgspec.json.encode(document(reported(lab))))
        assert {"plan_id", "focus_parameter", "ordered", "values", "verdict", "next"} <= set(said)
        assert set(said["values"][0]) == {
            "value",
            "n",
            "mean",
            "low",
            "high",
            "p_best",
            "p_within_quarter",
            "seconds",
            "settings",
        }
        assert set(said["verdict"]) == {"state", "value", "probability", "sentence", "headline", "meaning"}
        assert all(set(cell) == {"value", "row"} for cell in said["next"])
        assert (said["focus_parameter"], said["ordered"], said["rated"]) == ("txt2img.steps", True, 12)

    def test_a_value_without_stars_has_no_numbers(self, lab):
        found = document(reported(lab, stars={12: (2, 2), 28: (None, None)}))
        bare = found.values[1]
        assert (bare.n, bare.mean, bare.low, bare.high, bare.p_best, bare.p_within_quarter) == (0, *[None] * 5)

    def test_values_keep_their_own_type(self, lab):
        numbers = document(reported(lab, "txt2img.cfg_scale", {7.0: (5, 4), 9.0: (2, 2)}))
        assert b'"value":7.0' in msgspec.json.encode(numbers)
        switches = document(reported(lab, "hires.enabled", {True: (5, 4), False: (2, 2)}))
        assert [line.value for line in switches.values] == [True, False]

    def test_a_plan_of_two_prompts_reports_its_rows_as_seeds(self, lab):
        prompts = (PlanPrompt("p1", "rain"), PlanPrompt("p2", "fog"))
        plan = lab.plan(values=(12, 28), rows=2, prompts=prompts, seeds=(1, 2, 3, 4))
        lab.make(plan)
        lab.rate({12: (1, 2, 2, 1), 28: (5, 4, 5, 5)})
        assert (document(lab.report(plan)).rows, lab.report(plan).total) == (4, 8)


EVEN = {12: (3, 4), 20: (4, 3), 28: (3, 3), 36: (4, 4)}


class TestStepByStep:
    def next_of(self, lab, stars, most):
        rows = len(next(iter(stars.values())))
        plan = lab.plan(
            "txt2img.steps", tuple(stars), 1, complete_rows=rows, most_pictures=most, seeds=tuple(range(rows))
        )
        lab.make(plan)
        lab.rate(stars)
        return next_cells(lab.report(plan))

    def test_while_it_is_not_clear_what_tells_most_comes_next(self, lab):
        cells = self.next_of(lab, EVEN, 40)
        assert len(cells) == 3
        assert all(cell.row >= 2 for cell in cells)

    def test_no_more_than_are_left(self, lab):
        assert len(self.next_of(lab, EVEN, 9)) == 1
        assert self.next_of(lab, EVEN, 8) == ()

    def test_a_clear_verdict_ends_it(self, lab):
        assert self.next_of(lab, CLEAR, 40) == ()

    def test_a_plan_that_is_made_at_once_has_no_next_step(self, lab):
        assert self.next_of(lab, EVEN, 0) == ()
