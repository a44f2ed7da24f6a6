"""What the journal tells of Learning Runs, folded in whatever order its lines come."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest
from journal_lines import new_id, output, rate, record, reopened, undo

from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.journal.history import History
from stablenew_tk.domain.journal.position import Position
from stablenew_tk.domain.journal.query import Query, select
from stablenew_tk.domain.journal.record import JournalLine, LearningRecord
from stablenew_tk.domain.models.preset_scope import PresetScope, PresetUse
from stablenew_tk.domain.runs.job import LearningTag
from stablenew_tk.domain.runs.plan import LearningPlan, LearningRunResult, LearningRunStep, PlanPrompt, ResultSummary
from stablenew_tk.domain.runs.preset import Preset, PresetEvidence

TS = "2026-01-01T00:00:00.000Z"


def plan(plan_id="P", **changes):
    return LearningPlan(
        **{
            "event_id": new_id(),
            "ts": TS,
            "plan_id": plan_id,
            "name": "Plan",
            "focus_parameter": "lora:rain",
            "pack_id": "two",
            "prompts": (PlanPrompt("Boat", "a red boat"),),
            "variant_values": (0.0, 0.5),
            "images_per_variant": 1,
            "seeds": (0,),
        }
        | changes
    )


def step(job_id="J", status="ok", outputs=("I",), **changes):
    return LearningRunStep(
        **{
            "event_id": new_id(),
            "ts": TS,
            "step_id": "P.0.0",
            "plan_id": "P",
            "variant_index": 0,
            "row": 0,
            "value": 0.0,
            "seed": 0,
            "job_id": job_id,
            "config_for_step": PipelineConfig(),
            "stages": ("txt2img",),
            "outputs": outputs,
            "status": status,
            "seconds": 2.0,
        }
        | changes
    )


def job_record(job_id="J", status="ok", plan_id="P", **changes):
    tag = LearningTag(mode="active", plan_id=plan_id, step_id=f"{plan_id}.0.0", value=0.0, row=0)
    return record(run_id=plan_id, job_id=job_id, status=status, learning=tag, seconds=3.0, **changes)


def result(plan_id="P", sentence="So it is."):
    summary = ResultSummary(state="too_early", value=None, probability=0.0, sentence=sentence, rated=0, rows=0)
    return LearningRunResult(event_id=new_id(), ts=TS, plan_id=plan_id, steps=(), summary=summary)


def preset(preset_id="S", name="Mine"):
    return Preset(event_id=new_id(), ts=TS, preset_id=preset_id, name=name, values={"txt2img.cfg_scale": 9.0})


def folded(*lines):
    """A history that has taken in these lines from the journal."""
    history = History()
    history.fold_lines((1, 100 * place, 99, msgspec.json.encode(line)) for place, line in enumerate(lines))
    return history


def book(*lines):
    return folded(*lines).plans


class TestPlans:
    def test_a_later_line_of_a_plan_replaces_the_earlier_one(self):
        first, second, other = plan(name="Old"), plan(name="New"), plan("Q")
        plans = book(first, other, second).plans()
        assert [one.name for one in plans] == ["New", "Plan"]
        assert book(first, second).plan("P") == second
        assert book(first).plan("Q") is None

    def test_taking_the_later_line_back_brings_the_earlier_one_back(self):
        first, second = plan(name="Old"), plan(name="New")
        assert book(first, second, undo(second)).plan("P") == first
        assert book(first, undo(first)).plans() == ()

    def test_redo_brings_a_plan_back(self):
        first = plan()
        gone = undo(first)
        assert book(first, gone, undo(gone)).plan("P") == first

    def test_values_0_and_seed_0_survive(self):
        found = book(plan()).plan("P")
        assert (found.variant_values, found.seeds) == ((0.0, 0.5), (0,))

    def test_blind_plans_are_hidden_until_their_result(self):
        blind, open_ = plan(), plan("Q", blind=False)
        told = result()
        assert book(blind, open_).hidden() == {"P"}
        assert book(blind, open_, told).hidden() == frozenset()
        assert book(blind, told, undo(told)).hidden() == {"P"}


class TestResultsAndPresets:
    def test_the_latest_result_counts_and_all_are_kept(self):
        first, second = result(sentence="one."), result(sentence="two.")
        found = book(plan(), first, second)
        assert found.result("P") == second
        assert found.results("P") == (first, second)
        assert book(plan(), first, second, undo(second)).result("P") == first

    def test_presets_come_newest_first_and_can_be_taken_back(self):
        first, second, again = preset(), preset("T", "Other"), preset(name="Renamed")
        assert [one.name for one in book(first, second, again).presets()] == ["Renamed", "Other"]
        assert book(first, again, undo(again)).preset_versions("S") == (first,)
        assert book(first, undo(first)).preset_versions("S") == ()


class TestAttempts:
    def test_a_record_and_the_step_line_about_it_are_one_attempt_in_any_order(self):
        made, told = job_record(), step(outputs=("I",))
        for lines in permutations((plan(), made, told)):
            (attempt,) = book(*lines).attempts("P", "P.0.0")
            assert (attempt.event_id, attempt.status, attempt.seconds) == (made.event_id, "ok", 3.0)
            assert attempt.images == (made.outputs[0].image_id,)

    def test_a_picture_whose_record_was_lost_is_not_made(self):
        assert book(step()).attempts("P", "P.0.0") == ()
        assert [one.status for one in book(step(status="failed")).attempts("P", "P.0.0")] == ["failed"]
        assert len(book(job_record()).attempts("P", "P.0.0")) == 1

    def test_a_reused_picture_has_no_job(self):
        (attempt,) = book(step(job_id="", reused=True)).attempts("P", "P.0.0")
        assert (attempt.reused, attempt.images) == (True, ("I",))

    def test_the_same_line_twice_counts_once(self):
        first, told, made = plan(), step(), job_record()
        found = book(first, first, told, made, told, made)
        assert len(found.plans()) == len(found.attempts("P", "P.0.0")) == 1

    def test_only_pictures_of_the_last_stage_fill_the_place(self):
        early, late = output("txt2img"), output("upscale")
        (attempt,) = book(job_record(outputs=(early, late))).attempts("P", "P.0.0")
        assert attempt.images == (late.image_id,)

    @pytest.mark.parametrize("order", [0, 1])
    def test_a_record_taken_back_is_no_attempt_although_its_step_line_stays(self, order):
        made, told = job_record(), step()
        lines = (made, told) if order else (told, made)
        assert book(*lines, undo(made)).attempts("P", "P.0.0") == ()

    def test_tries_are_kept_oldest_first(self):
        found = book(job_record("A", "failed", outputs=()), job_record("B", "cancelled", outputs=()), job_record("C"))
        assert [one.status for one in found.attempts("P", "P.0.0")] == ["failed", "cancelled", "ok"]
        assert found.attempts("Q", "P.0.0") == found.attempts("P", "P.0.1") == ()


def test_the_snapshot_brings_everything_back():
    first, undone = plan(), preset("T")
    lines = [first, plan("Q"), job_record(), step(), result(), preset(), undone, undo(undone)]
    history = folded(*lines)
    again = reopened(history)
    for held in (history.plans, again.plans):
        assert [one.plan_id for one in held.plans()] == ["Q", "P"]
        assert [one.preset_id for one in held.presets()] == ["S"]
        assert held.result("P").summary.sentence == "So it is."
        assert held.hidden() == {"Q"}
    assert again.plans.plans() == history.plans.plans()
    assert again.plans.attempts("P", "P.0.0") == history.plans.attempts("P", "P.0.0")


def test_after_the_snapshot_undo_and_doubled_lines_still_work():
    first, second = plan(name="Old"), plan(name="New")
    again = reopened(folded(first, second))
    again.fold(first, Position(1, 0, 99))
    assert again.plans.plan("P") == second
    again.fold(undo(second), Position(1, 900, 99))
    assert again.plans.plan("P") == first


def test_a_try_without_its_step_line_is_known_until_the_line_comes():
    history = folded(job_record("A"), job_record("B", "cancelled"))
    assert list(history.plans.unwritten("P", "P.0.0")) == ["A"]
    for lines in permutations([job_record("A"), step("A")]):
        again = folded(*lines)
        assert again.plans.unwritten("P", "P.0.0") == {}
        assert reopened(again).plans.unwritten("P", "P.0.0") == {}


class TestWhatMayBeSeen:
    """Whoever asks `History.visible` cannot tell a blind plan's pictures from pictures that are not there."""

    @pytest.fixture
    def known(self):
        self.open = job_record("A", pack_id="two")
        self.blind = job_record("B", plan_id="Q", pack_id="secret", checkpoint="hidden")
        lines = plan(blind=False), plan("Q"), self.open, self.blind
        rated = [rate(line.outputs[0], 5, tags_added=(tag,)) for line, tag in ((self.open, "good"), (self.blind, "no"))]
        return folded(*lines, *rated)

    def test_no_count_list_query_or_fact_tells_of_a_blind_plan(self, known):
        visible = known.visible()
        found = select(visible.columns(), Query())
        assert (visible.counts().all, list(visible.latest(9)), list(found.rows)) == (1, [0], [0])
        assert (found.packs, found.checkpoints, found.tags) == (("two",), ("dream.safetensors",), ("good",))
        assert list(select(visible.columns(), Query(run_id="Q")).rows) == []
        assert [one.plan_id for one in visible.plans()] == ["P"]
        assert (visible.shows("P"), visible.shows("Q"), visible.shows("everyday")) == (True, False, True)
        assert visible.facts(0).rating == 5
        hidden = visible.facts(1)
        assert (hidden.image_id, hidden.run_id, hidden.rating, hidden.tags, hidden.checkpoint) == ("", "", 0, (), "")

    def test_the_same_view_shows_them_when_the_values_are_revealed_and_hides_them_after_an_undo(self, known):
        visible, told = known.visible(), result("Q")
        known.fold(told, Position(1, 9000, 99))
        assert (visible.counts().all, list(visible.latest(9)), visible.facts(1).rating) == (2, [1, 0], 5)
        known.fold(undo(told), Position(1, 9100, 99))
        assert (visible.counts().all, visible.facts(1).image_id) == (1, "")

    def test_the_rating_of_the_plan_itself_sees_them(self, known):
        assert known.unblinded().facts(1).rating == known.unblinded().feedback(1).rating == 5
        assert (known.run_id(1), known.image_id(1)) == ("Q", self.blind.outputs[0].image_id)


def test_a_preset_of_before_has_its_scope_and_one_evidence_for_all_its_values():
    line = {"kind": "preset", "event_id": new_id(), "ts": TS, "preset_id": "S", "name": "Rain"}
    line |= {"pack_id": "two", "checkpoint": "dream", "values": {"txt2img.steps": 28}}
    old = msgspec.json.decode(msgspec.json.encode(line | {"evidence": {"plan_id": "P", "rated": 4}}), type=JournalLine)
    assert old.scope == PresetScope("two", (), "dream")
    assert old.evidence_of("txt2img.steps").rated == 4
    history = History()
    for number, one in enumerate((plan(backend_kind="sketch"), old)):
        history.fold(one, Position(0, number, 1))
    assert history.plans.scope(old) == PresetScope("two", (), "dream", engine="sketch")


def test_scope_and_evidence_of_every_value_come_back_from_the_snapshot():
    evidence = {"lora:rain": PresetEvidence(plan_id="Q", rated=9)}
    scope = {"prompt_ids": ("Boat",), "checkpoint_hash": "0123456789", "engine": "webui", "family": "sdxl"}
    values = {"lora_weights": {"rain": 0.8}, "added": evidence, **scope}
    made = Preset(event_id=new_id(), ts=TS, preset_id="S", name="Rain", **values)
    history = History()
    history.fold(made, Position(0, 0, 1))
    assert reopened(history).plans.presets() == (made,)


def test_a_record_of_before_has_no_presets_and_one_of_now_keeps_them():
    use = PresetUse(preset_id="S", name="Rain", gave=("txt2img.steps",), scope=PresetScope("two"), outside=("learned",))
    line = msgspec.to_builtins(record(presets=(use,)))
    assert msgspec.convert(line, type=LearningRecord).presets == (use,)
    del line["presets"]
    assert msgspec.convert(line, type=LearningRecord).presets == ()
