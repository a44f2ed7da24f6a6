"""Learning Runs that asked the same question have one answer, whoever asks for it and whenever they were made."""

from __future__ import annotations

import pytest
from journal_lines import new_id, undo
from learning_lab import Lab, spaced
from msgspec.structs import replace

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.insights.analysis import analyse
from stablenew_tk.domain.insights.follow_up import known_drafts, preset_draft
from stablenew_tk.domain.insights.matrix import evidence
from stablenew_tk.domain.insights.report import summary
from stablenew_tk.domain.insights.report_json import document
from stablenew_tk.domain.insights.result import is_outdated
from stablenew_tk.domain.runs.plan import LearningRunStep, PlanMetadata, PlanPrompt

SPRING = {5.0: (2, 3, 2), 7.0: (4, 4, 3), 9.0: (3, 3, 3)}
SUMMER = {6.0: (4, 3, 4), 7.0: (5, 4, 4), 8.0: (4, 4, 3)}
HARBOUR = PlanPrompt("harbour", "a quiet harbour")


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def asked(lab, stars, day, *, settings=None, **changes):
    """A Learning Run of that day, rated, with its result."""
    rows = len(next(iter(stars.values())))
    plan = lab.plan(
        "txt2img.cfg_scale",
        tuple(stars),
        rows,
        name=f"CFG of {day}",
        base_config=with_values(PipelineConfig(checkpoint="dream.safetensors"), settings or {}),
        metadata=PlanMetadata(when=f"2026-{day}T10:00:00.000Z"),
        **changes,
    )
    lab.made.clear()
    lab.make(plan)
    lab.rate(stars)
    lab.keep(plan, f"2026-{day}T12:00:00.000Z")
    return plan


def answer(found):
    """What a report answers, without what it says about its own plan."""
    return replace(summary(found), alone="")


def test_two_runs_three_weeks_apart_give_one_verdict_on_one_grid(lab):
    spring = asked(lab, SPRING, "11-04")
    before = lab.report(spring)
    summer = asked(lab, SUMMER, "11-25")
    first, second = lab.report(spring), lab.report(summer)
    assert answer(first) == answer(second) != answer(before)
    assert [value.value for value in second.values] == [5.0, 6.0, 7.0, 8.0, 9.0]
    assert (second.rated, second.total, second.insight.rows, len(second.values[2].images)) == (18, 18, 6, 6)
    assert second.runs == (spring.plan_id, summer.plan_id)
    assert "Answers of 2 runs add up: this one and “CFG of 11-04” of 4 Nov." in second.remark
    assert spaced(second.changed).startswith("Since 4 Nov 9 more pictures: ")
    # What each says by itself is still there, and figures of other values only name places of the plan that has them.
    assert document(second).alone == second.alone.sentence != ""
    assert all(0 <= cell.variant < 3 for cell in (*second.next, *second.rate_next))
    # One result tells it for both: nothing is left to write.
    assert lab.keep(spring) is None
    assert not is_outdated(lab.whole(spring))
    assert lab.history().plans.asked.verdict(spring.plan_id).plan_id == summer.plan_id


def test_a_third_run_with_other_prompts_widens_the_scope_and_undo_goes_back_exactly(lab):
    asked(lab, SPRING, "11-04")
    summer = asked(lab, SUMMER, "11-25")
    narrow, told = lab.report(summer), lab.history().plans.asked.verdict(summer.plan_id)
    third = asked(lab, {7.0: (5, 5, 4), 9.0: (3, 2, 3)}, "11-28", prompts=(HARBOUR,))
    wide = lab.report(third)
    assert "for the prompt “p1”" in narrow.verdict.meaning
    assert "for this pack and checkpoint, tested on 2 prompts" in spaced(wide.verdict.meaning)
    assert "on 1 more prompt" in spaced(wide.changed)
    scopes = [preset_draft(one, 7.0, "seven", by_hand=False).scope.prompt_ids for one in (narrow, wide)]
    known = [known_drafts(one.plan, summary(one), 7.0)[0].prompt_ids for one in (narrow, wide)]
    assert scopes == known == [("p1",), ()]
    lab.append(undo(lab.history().plans.result(third.plan_id)))
    lab.append(undo(third))
    assert lab.report(summer) == narrow
    assert lab.history().plans.asked.verdict(summer.plan_id) == told


def test_a_run_alone_answers_exactly_as_its_own_ratings_do(lab):
    plan = asked(lab, SPRING, "11-04")
    found = lab.report(plan)
    assert found.insight.values == analyse(evidence(lab.board(plan)).ratings, ordered=True).values
    assert (found.runs, found.alone, found.basis, found.changed) == ((plan.plan_id,), None, "", "")
    assert summary(found).runs == ()


def test_another_setting_is_another_question_and_is_named(lab):
    asked(lab, SPRING, "11-04", settings={"txt2img.steps": 12})
    asked(lab, SPRING, "11-11", settings={"upscale.enabled": True})
    summer = asked(lab, SUMMER, "11-25")
    found = lab.report(summer)
    assert (len(found.runs), found.rated) == (2, 18)
    assert "“CFG of 11-11” of 11 Nov differs in what comes later: upscale on, not off." in found.remark
    assert "“CFG of 11-04” of 4 Nov is another question: txt2img · Steps 12, not 20." in found.remark


def test_a_blind_run_adds_nothing_before_its_values_may_be_seen(lab):
    spring = asked(lab, SPRING, "11-04")
    before = lab.report(spring)
    blind = lab.plan("txt2img.cfg_scale", tuple(SUMMER), 3, blind=True)
    lab.made.clear()
    lab.make(blind)
    lab.rate(SUMMER)
    assert lab.report(spring) == before
    assert len(lab.report(blind).runs) == 2  # whoever decides whether it goes on knows all that is known
    lab.keep(blind)
    assert lab.report(spring).rated == 18


def test_a_value_with_too_few_pictures_waits_and_the_answer_stays(lab):
    asked(lab, {value: stars * 2 for value, stars in SPRING.items()}, "11-04")
    late = asked(lab, {7.0: (4,), 12.0: (5,)}, "11-25")
    found = lab.report(late)
    assert found.verdict.state != "too_early"
    assert "CFG 12: too few pictures to be judged beside the others." in found.remark
    assert next(value.insight for value in found.values if value.value == 12.0) is None


def test_the_timeline_tells_how_sure_the_answer_was(lab):
    asked(lab, {value: stars * 2 for value, stars in SPRING.items()}, "11-04")
    summer = asked(lab, SUMMER, "11-25")
    found = lab.report(summer)
    chart = found.timeline
    assert [(one.day, one.rated) for one in chart.moments] == [("4 Nov", 18), ("25 Nov", 27)]
    leader = next(value.insight for value in found.values if value.value == found.verdict.value)
    assert chart.lines[0].chances[-1] == leader.p_within_quarter
    assert (len(chart.lines), chart.runs) == (2, 2)


def test_a_picture_that_two_runs_have_counts_once(lab):
    spring = asked(lab, SPRING, "11-04")
    picture = lab.made[7.0, 0]
    summer = asked(lab, SUMMER, "11-25")
    cell = next(cell for cell in summer.cells() if summer.variant_values[cell.variant] == 7.0)
    lab.append(
        LearningRunStep(
            event_id=new_id(),
            ts="2026-11-25T13:00:00.000Z",
            step_id=summer.step_id(cell),
            plan_id=summer.plan_id,
            variant_index=cell.variant,
            row=cell.row,
            value=7.0,
            seed=summer.seeds[cell.row],
            config_for_step=summer.base_config,
            stages=("txt2img",),
            outputs=(picture.image_id,),
            status="ok",
            reused=True,
        )
    )
    assert [lab.report(one).insight.rated for one in (spring, summer)] == [17, 17]
