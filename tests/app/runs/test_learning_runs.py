"""Learning Runs on a real folder with the sketch: what is made, in which order, once, and what is on record of it."""

from __future__ import annotations

import getpass
import shutil
from collections import Counter
from itertools import chain

import msgspec
import pytest
from conftest import wait_until
from jobs import SMALL
from msgspec.structs import replace
from slow_sketch import slow_sketch
from whole_app import App, request

from stablenew_tk.app.runs import outbox
from stablenew_tk.app.runs.plan_lines import reused_step
from stablenew_tk.domain.base.errors import InvalidInput, NotSaved
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.origins import MAX_SEED
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.insights.matrix import board, evidence
from stablenew_tk.domain.insights.standing import standing
from stablenew_tk.domain.insights.titles import progress_text
from stablenew_tk.domain.journal.query import Query
from stablenew_tk.domain.journal.record import Void
from stablenew_tk.domain.runs.plan import (
    LearningPlan,
    LearningRunResult,
    LearningRunStep,
    PlanCell,
    PlanMetadata,
    PlanPrompt,
)
from stablenew_tk.domain.runs.preset import Preset
from stablenew_tk.pipeline import runner
from stablenew_tk.pipeline.ids_and_times import as_line
from stablenew_tk.pipeline.messages.base import OrderFailed
from stablenew_tk.pipeline.messages.jobs import JobEnded, StageStarted
from stablenew_tk.pipeline.messages.journal import AppendLines, LineSaved
from stablenew_tk.pipeline.messages.pictures import ImagesFound
from stablenew_tk.pipeline.messages.plans import Analyse, InsightReady
from stablenew_tk.storage.journal.reader import verify

CFG = (3.0, 5.0, 7.0)


def plan(**changes):
    values = {f"hires.{name}": value for name, value in changes.pop("hires", {}).items()}
    base = with_values(PipelineConfig(), SMALL | values)
    return LearningPlan(
        **{
            "plan_id": "",
            "name": "CFG of boats",
            "focus_parameter": "txt2img.cfg_scale",
            "pack_id": "boats",
            "prompts": (PlanPrompt("p1", "a boat", "blur"),),
            "base_config": base,
            "variant_values": CFG,
            "images_per_variant": 2,
            "seeds": (0, 8),
        }
        | changes
    )


@pytest.fixture
def open_app(tmp_path):
    apps = []

    def make(settings=None, *, folder="data", **options):
        apps.append(App(tmp_path / folder, settings, **options))
        return apps[-1]

    yield make
    for app in apps:
        app.controller.close()


@pytest.fixture
def app(open_app):
    return open_app()


@pytest.fixture
def slow(monkeypatch):
    return slow_sketch(monkeypatch)


def start(app, **changes):
    return app.controller.learning.start(plan(**changes))


def held(app, **changes):
    """A plan whose jobs wait in a paused queue."""
    app.controller.pause(True)
    return start(app, **changes)


def places(app, jobs=None):
    return [(job.learning.value, job.learning.row) for job in (app.controller.queue if jobs is None else jobs)]


def all_on_disk(app):
    """Wait until everything sent to the journal is there: lines go before a question asked after them."""
    found = len(app.told(ImagesFound))
    app.controller.find(Query())
    app.until(ImagesFound, found + 1)
    app.wait(lambda: not app.controller.unsaved)


def finish(app, one):
    app.controller.pause(False)
    app.idle()
    all_on_disk(app)
    return board(app.controller.history, one.plan_id)


def pngs(app):
    return sorted(path for path in app.places.outputs.rglob("*") if path.is_file())


def steps_made(app):
    return Counter(record.learning.step_id for record in app.records() if record.status == "ok")


WITHOUT_EFFECT = {
    "focus_parameter": "hires.steps",
    "variant_values": (2, 3, 4),
    "images_per_variant": 3,
    "seeds": (0, 8, 9),
    "hires": {"denoise": 0.0, "scale": 1.0},
}


class TestNoDifference:
    """Denoise 0 paints nothing anew: with however many steps, the pictures of a row are the same."""

    def test_a_plan_without_any_difference_stops_after_its_first_row_and_is_done(self, app):
        one = start(app, **WITHOUT_EFFECT, blind=True)
        seen = finish(app, one)
        assert (seen.made, len(pngs(app)), app.controller.learning.pending(one.plan_id)) == (3, 3, 0)
        told = app.controller.history.plans.result(one.plan_id).summary
        assert (told.state, told.probability, told.rated) == ("no_difference", 1.0, 0)
        assert told.sentence.startswith("No difference at all: the pictures are the same.")
        now = standing(seen)
        assert (now.state(0), now.nothing_changed, now.revealed, now.asked) == ("done", True, True, 0)
        assert progress_text(now, "done") == "3 of 9 made · nothing to rate"

    def test_other_plans_in_the_queue_are_made(self, app):
        app.controller.pause(True)
        first, second = start(app, **WITHOUT_EFFECT), start(app)
        assert finish(app, first).made == 3
        assert finish(app, second).made == 6

    def test_who_goes_on_nevertheless_gets_all_of_it(self, app):
        one = start(app, **WITHOUT_EFFECT)
        finish(app, one)
        assert len(app.controller.learning.go_on(one.plan_id)) == 6
        assert finish(app, one).made == 9
        assert standing(board(app.controller.history, one.plan_id)).wanted == 3

    def test_what_is_waiting_is_not_brought_back_by_a_restart(self, app, open_app):
        one = start(app, **WITHOUT_EFFECT)
        finish(app, one)
        app.controller.close()
        assert open_app().controller.leftover == ()

    def test_a_difference_in_one_place_is_enough_to_go_on(self, app):
        one = start(app, variant_values=(3.0, 5.0), focus_parameter="txt2img.cfg_scale")
        assert finish(app, one).made == 4


class TestStarting:
    def test_whole_rows_are_queued_first(self, app):
        held(app)
        assert places(app) == [(3.0, 0), (5.0, 0), (7.0, 0), (3.0, 1), (5.0, 1), (7.0, 1)]

    def test_a_checkpoint_is_switched_as_seldom_as_can_be(self, app):
        held(app, focus_parameter="checkpoint", variant_values=("sketch-classic", "sketch-ink"))
        names = [job.config.checkpoint for job in app.controller.queue]
        assert names == ["sketch-classic", "sketch-ink", "sketch-ink", "sketch-classic"]

    def test_every_value_gets_the_same_seeds_and_missing_ones_are_drawn(self, app):
        one = held(app, images_per_variant=3, seeds=(0,))
        assert one.seeds[0] == 0
        assert len(set(one.seeds)) == 3
        assert [job.seed for job in app.controller.queue] == list(chain(*([seed] * 3 for seed in one.seeds)))

    def test_what_the_plan_leaves_open_is_fixed_once(self, app):
        one = held(app)
        assert (one.backend_kind, one.base_config.checkpoint) == ("sketch", "sketch-classic")
        assert all((one.plan_id, one.event_id, one.ts, one.metadata.when, one.run_day))
        assert one.run_name[6:].startswith("-boats-")

    @pytest.mark.parametrize(
        ("name", "asked", "who"), [("Ann", "", "Ann"), ("", "", "tom"), ("Ann", "imported from x", "")]
    )
    def test_it_says_who_asked_for_it_and_why(self, open_app, monkeypatch, name, asked, who):
        monkeypatch.setenv("LOGNAME", "tom")
        one = held(open_app(Settings(user_name=name)), metadata=PlanMetadata(who=asked, notes="too flat"))
        assert (one.metadata.who, one.metadata.notes) == (who or asked, "too flat")

    def test_a_user_whose_name_is_no_text_is_no_obstacle(self, app, monkeypatch):
        monkeypatch.setattr(getpass, "getuser", lambda: "t\udcf6m")
        assert held(app).metadata.who == "t?m"
        all_on_disk(app)

    def test_a_user_without_a_name_is_no_obstacle(self, app, monkeypatch):
        def nobody():
            raise KeyError("getpwuid(): uid not found: 1234")

        monkeypatch.setattr(getpass, "getuser", nobody)
        assert held(app).metadata.who == ""

    def test_everything_is_made_and_stands_in_the_matrix(self, app):
        seen = finish(app, start(app))
        assert (seen.made, len(seen.images), seen.failed) == (6, 6, 0)
        assert {shown.facts.run_id for shown in seen.images} == {seen.plan.plan_id}

    def test_the_record_carries_plan_step_value_and_row(self, app):
        one = start(app, focus_parameter="hires.denoise", variant_values=(0.0, 0.5), images_per_variant=1)
        finish(app, one)
        first = app.records()[-1]
        tag = first.learning
        assert (tag.mode, tag.plan_id, tag.step_id) == ("active", one.plan_id, one.step_id(PlanCell(0, 0)))
        assert (tag.value, tag.row, first.seed, first.config.hires.denoise) == (0.0, 0, 0, 0.0)

    def test_the_step_line_and_the_record_are_one_attempt(self, app):
        one = start(app, images_per_variant=1)
        finish(app, one)
        lines = [event.line for event in app.told(LineSaved)]
        steps = [line for line in lines if isinstance(line, LearningRunStep)]
        assert [(step.variant_index, step.row, step.value) for step in steps] == [(0, 0, 3.0), (1, 0, 5.0), (2, 0, 7.0)]
        assert all(len(step.outputs) == 1 and step.stages == ("txt2img",) for step in steps)
        assert [len(app.controller.history.plans.attempts(one.plan_id, step.step_id)) for step in steps] == [1, 1, 1]

    def test_a_plan_saved_for_later_makes_nothing_until_it_goes_on(self, app):
        saved = app.controller.learning.save(plan(seeds=()))
        app.wait(lambda: app.controller.history.plans.plan(saved.plan_id) is not None)
        assert (app.controller.running, app.controller.queue, saved.run_name) == (None, [], "")
        assert len(app.controller.learning.go_on(saved.plan_id)) == 6
        seen = finish(app, saved)
        assert (seen.made, seen.plan.seeds) == (6, saved.seeds)

    def test_a_plan_that_has_begun_keeps_its_folder_and_what_its_pictures_stand_on(self, app):
        one = start(app)
        finish(app, one)
        renamed = app.controller.learning.save(msgspec.structs.replace(one, name="CFG again"))
        assert (renamed.run_name, renamed.run_day) == (one.run_name, one.run_day)
        for change in ({"variant_values": (3.0, 5.0)}, {"seeds": (0, 9)}, {"prompts": (PlanPrompt("p1", "a cat"),)}):
            with pytest.raises(InvalidInput, match="has begun"):
                app.controller.learning.start(msgspec.structs.replace(one, **change))

    def test_two_plans_of_one_second_have_folders_of_their_own(self, app):
        finish(app, start(app))
        finish(app, start(app))
        assert len(pngs(app)) == 12


REFUSED = {
    "seeds": {"seeds": (-1, 2)},
    "too large a seed": {"seeds": (MAX_SEED + 1, 2)},
    "twice the same seed": {"seeds": (5, 5)},
    "one value": {"variant_values": (7.0,)},
    "one value twice": {"variant_values": (7.0, 7.0)},
    "a value out of range": {"variant_values": (7.0, 700.0)},
    "no prompt": {"prompts": ()},
    "too many rows": {"images_per_variant": 10**9},
    "an unknown parameter": {"focus_parameter": "txt2img.magic"},
    "a stage without a picture": {"focus_parameter": "img2img.denoise", "variant_values": (0.2, 0.4)},
    "another engine": {"backend_kind": "webui"},
    "a prompt longer than a line": {"prompts": (PlanPrompt("p1", "boat " * 300_000),)},
}


class TestRefusing:
    @pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
    def test_a_plan_that_cannot_run_leaves_nothing_behind(self, app, changes):
        with pytest.raises(InvalidInput):
            start(app, **changes)
        assert (app.controller.queue, app.controller.running) == ([], None)
        all_on_disk(app)
        assert verify(app.places.journal).lines == 0

    def test_an_unknown_plan_is_named(self, app):
        for ask in (app.controller.learning.go_on, lambda name: app.controller.learning.more(name, ())):
            with pytest.raises(InvalidInput, match="NO-SUCH"):
                ask("NO-SUCH")

    def test_before_the_history_is_there_nothing_starts(self, open_app):
        app = open_app(wait=False)
        with pytest.raises(InvalidInput, match="still being read"):
            start(app)

    @pytest.mark.parametrize("whose", ["project", "pack"])
    def test_where_learning_is_off_the_one_asked_for_is_made_and_recorded(self, open_app, whose):
        app = open_app(Settings(learning="off" if whose == "project" else "active"))
        if whose == "pack":
            app.set_learning("off")
        assert finish(app, start(app)).made == 6
        assert len(app.records()) == 6

    def test_a_pack_that_is_locked_in_stays_so_and_makes_the_one_asked_for(self, app):
        one = held(app)
        app.controller.cancel()
        app.set_learning("locked")
        assert len(app.controller.learning.go_on(one.plan_id)) == 6
        assert app.controller.packs.learning

    def test_passive_learning_offers_none_but_starts_the_one_asked_for(self, open_app):
        app = open_app(Settings(learning="passive"))
        assert finish(app, start(app)).made == 6

    def test_another_engine_half_way_holds_the_queue_and_is_told(self, app):
        one = held(app)
        app.controller.change_settings(Settings(backend="http://127.0.0.1:9"))
        app.controller.pause(False)
        assert "sketch" in app.until(OrderFailed).message
        assert (app.controller.paused, len(app.controller.queue)) == (True, 6)
        app.controller.change_settings(Settings())
        assert finish(app, one).made == 6


class TestModes:
    def test_a_pack_of_its_own_mode_is_recorded_or_not(self, open_app):
        app = open_app()
        app.set_learning("off")
        app.make()
        assert app.records() == []
        app.controller.change_settings(Settings(learning="off"))
        app.set_learning("locked")
        app.make()
        assert len(app.records()) == 1


class TestGoingOn:
    def test_nothing_is_queued_twice(self, app):
        one = held(app)
        assert app.controller.learning.go_on(one.plan_id) == ()
        assert app.controller.learning.pending(one.plan_id) == 6
        app.controller.pause(False)
        app.until(JobEnded)
        assert app.controller.learning.go_on(one.plan_id) == ()
        finish(app, one)
        assert app.controller.learning.go_on(one.plan_id) == ()
        assert set(steps_made(app).values()) == {1}
        assert len(pngs(app)) == 6

    def test_a_stopped_plan_goes_on_with_what_is_missing(self, slow, app):
        # The third is never made whole.
        slow.whole = 2
        app.controller.subscribe(
            lambda event: isinstance(event, JobEnded) and len(app.told(JobEnded)) == 2 and app.controller.cancel()
        )
        one = start(app)
        app.until(JobEnded, 3)
        app.idle()
        assert board(app.controller.history, one.plan_id).failed == 0
        slow.hurry()
        assert places(app, app.controller.learning.go_on(one.plan_id)) == [(7.0, 0), (3.0, 1), (5.0, 1), (7.0, 1)]
        assert finish(app, one).made == 6
        assert set(steps_made(app).values()) == {1}

    def test_going_on_while_the_running_step_is_being_stopped_makes_it_once(self, slow, app):
        slow.whole = 0
        one = start(app, images_per_variant=1)
        app.until(StageStarted)
        app.controller.cancel()
        slow.hurry()
        assert len(app.controller.learning.go_on(one.plan_id)) == 3
        assert finish(app, one).made == 3
        assert set(steps_made(app).values()) == {1}

    def test_half_of_a_picture_is_not_kept_beside_the_whole_one(self, slow, app):
        many_steps = with_values(PipelineConfig(), SMALL | {"txt2img.steps": 150})
        one = start(app, images_per_variant=1, base_config=many_steps)
        app.wait(lambda: (job := app.controller.running) and job.step > 2)
        app.controller.cancel()
        app.idle()
        assert pngs(app) == []
        slow.hurry()
        app.controller.learning.go_on(one.plan_id)
        assert finish(app, one).made == len(pngs(app)) == 3

    def test_a_picture_on_record_of_a_step_that_was_stopped_is_not_written_over(self, slow, app):
        two_stages = with_values(PipelineConfig(), SMALL | {"img2img.enabled": True, "img2img.steps": 150})
        one = start(app, images_per_variant=1, base_config=two_stages)
        app.wait(lambda: (job := app.controller.running) and job.stage == "img2img" and job.step > 2)
        app.controller.cancel()
        app.idle()
        slow.hurry()
        half = {path: path.read_bytes() for path in pngs(app)}
        app.controller.learning.go_on(one.plan_id)
        finish(app, one)
        assert len(half) == 1
        assert {path: path.read_bytes() for path in half} == half
        assert "-again1" in app.records()[-2].run_name

    def test_a_failed_step_is_missing_and_tried_again(self, app, monkeypatch):
        real = runner.save_image
        full = iter([False, True])

        def save(*arguments, **options):
            if next(full, False):
                raise NotSaved("The disk is full.")
            return real(*arguments, **options)

        monkeypatch.setattr(runner, "save_image", save)
        one = start(app)
        seen = finish(app, one)
        assert (seen.made, seen.failed) == (5, 1)
        assert places(app, app.controller.learning.go_on(one.plan_id)) == [(5.0, 0)]
        seen = finish(app, one)
        assert (seen.made, seen.failed, [cell.tries for cell in seen.cells]) == (6, 0, [1, 2, 1, 1, 1, 1])

    def test_a_step_that_was_taken_back_is_missing_again(self, app):
        one = start(app, images_per_variant=1)
        finish(app, one)
        gone = app.records()[0]
        app.controller.ask(AppendLines(lines=(as_line(Void(target=gone.event_id)),)))
        app.wait(lambda: app.controller.history.taken_back(gone.event_id))
        assert places(app, app.controller.learning.go_on(one.plan_id)) == [(7.0, 0)]


class TestComingBack:
    def test_a_plan_goes_on_after_the_program_was_closed(self, slow, open_app):
        first = open_app()
        slow.whole = 2
        one = start(first)
        first.until(JobEnded, 2)
        first.controller.close()
        slow.hurry()
        again = open_app()
        left = len(again.controller.leftover)
        assert left == 4
        assert len(again.controller.learning.go_on(one.plan_id)) == left
        assert again.controller.leftover == ()
        assert finish(again, one).made == 6
        assert set(steps_made(again).values()) == {1}

    def test_after_a_crash_every_picture_is_there_once(self, slow, open_app, tmp_path):
        first = open_app(folder="alive")
        one = start(first)
        first.until(JobEnded, 3)
        # Files that are just being written have names of their own, which may be gone before they are copied.
        unfinished = shutil.ignore_patterns("*.tmp-*")
        shutil.copytree(tmp_path / "alive", tmp_path / "data", ignore=unfinished)
        again = open_app()
        again.controller.learning.go_on(one.plan_id)
        assert finish(again, one).made == 6
        assert set(steps_made(again).values()) == {1}
        assert len(pngs(again)) == 6

    def test_a_picture_that_a_crash_left_without_a_record_is_replaced(self, app):
        one = held(app, images_per_variant=1)
        folder = app.places.outputs / one.run_day / one.run_name / "txt2img"
        folder.mkdir(parents=True)
        for orphan in ("001_p1_s0.png", "001_p1_s0.png.tmp-0123abcd"):
            (folder / orphan).write_bytes(b"half a picture")
        finish(app, one)
        assert [path.name for path in pngs(app)] == [f"00{number}_p1_s0.png" for number in (1, 2, 3)]
        assert (folder / "001_p1_s0.png").read_bytes().startswith(b"\x89PNG")

    def test_resuming_the_leftover_makes_no_step_that_is_made(self, open_app):
        first = open_app()
        one = held(first)
        jobs = tuple(first.controller.queue)
        finish(first, one)
        first.controller.close()
        again = open_app()
        assert again.controller.learning.missing(jobs) == []
        again.controller.leftover = jobs
        again.controller.resume(go_on=True)
        again.idle()
        assert set(steps_made(again).values()) == {1}

    def test_a_leftover_of_a_plan_that_was_resumed_is_not_offered_again(self, open_app):
        first = open_app()
        one = held(first)
        first.controller.close()
        again = open_app()
        again.controller.learning.go_on(one.plan_id)
        again.controller.resume(go_on=True)
        assert finish(again, one).made == 6
        assert set(steps_made(again).values()) == {1}

    def test_forgotten_jobs_can_still_be_made_by_going_on(self, open_app):
        first = open_app()
        one = held(first)
        first.controller.close()
        again = open_app()
        again.controller.resume(go_on=False)
        assert (again.controller.leftover, again.controller.queue) == ((), [])
        assert len(again.controller.learning.go_on(one.plan_id)) == 6
        assert finish(again, one).made == 6

    def test_ordinary_jobs_left_over_stay_when_a_plan_goes_on(self, open_app):
        first = open_app()
        one = held(first)
        first.controller.run(request(2))
        first.controller.close()
        again = open_app()
        again.controller.pause(True)
        again.controller.learning.go_on(one.plan_id)
        assert [job.prompt_id for job in again.controller.leftover] == ["p0", "p1"]


class TestMore:
    def test_new_cells_of_one_new_row_share_its_new_seed(self, app):
        one = start(app)
        finish(app, one)
        jobs = app.controller.learning.more(one.plan_id, [PlanCell(0, 2), PlanCell(2, 2), PlanCell(1, 9)])
        seen = finish(app, one)
        assert (seen.made, len(seen.plan.seeds)) == (9, 4)
        assert [job.seed for job in jobs] == [seen.plan.seeds[2], seen.plan.seeds[2], seen.plan.seeds[3]]
        assert len(set(seen.plan.seeds)) == 4
        assert seen.plan.cells()[6:] == (PlanCell(0, 2), PlanCell(2, 2), PlanCell(1, 3))

    def test_cells_that_are_there_already_are_not_made_again(self, app):
        one = start(app)
        finish(app, one)
        assert app.controller.learning.more(one.plan_id, [PlanCell(0, 0)]) == ()
        assert app.controller.history.plans.plan(one.plan_id).event_id == one.event_id

    def test_a_second_wish_before_the_first_is_on_disk_keeps_both(self, app):
        one = start(app)
        finish(app, one)
        for variant in (0, 1):
            app.controller.learning.more(one.plan_id, [PlanCell(variant, 2)])
        seen = finish(app, one)
        assert (seen.made, len(seen.plan.seeds)) == (8, 3)
        assert seen.plan.batches == (1, 1)

    @pytest.mark.parametrize("cell", [PlanCell(3, 0), PlanCell(-1, 0), PlanCell(0, -1)])
    def test_a_place_outside_the_matrix_is_refused(self, app, cell):
        one = held(app)
        with pytest.raises(InvalidInput, match="no place"):
            app.controller.learning.more(one.plan_id, [cell])


class TestConverting:
    @pytest.fixture
    def picture(self, app):
        app.make()
        return app.controller.history.visible().facts(0)

    def test_the_picture_is_row_one_and_not_made_again_but_its_old_stars_do_not_count(self, app, picture):
        app.say([picture.image_id], rating=4)
        one = app.controller.learning.convert(plan(seeds=(7,)), picture, 7.0)
        seen = finish(app, one)
        assert (seen.made, len(pngs(app)), seen.plan.seeds[0]) == (6, 6, 7)
        there = next(cell for cell in seen.cells if cell.cell == PlanCell(2, 0))
        assert [(shown.facts.image_id, shown.facts.rating) for shown in there.images] == [(picture.image_id, 0)]
        assert (standing(seen).rated, standing(seen).unrated, evidence(seen).ratings) == (0, 6, ())

    def test_it_counts_once_it_is_rated_blind_and_undo_takes_just_that_back(self, app, picture):
        app.say([picture.image_id], rating=5)
        one = app.controller.learning.convert(plan(seeds=(7,)), picture, 7.0)
        finish(app, one)
        app.say([picture.image_id], rating=5)
        assert standing(board(app.controller.history, one.plan_id)).rated == 0
        app.say([picture.image_id], rating=2, blind=True)
        (counted,) = evidence(board(app.controller.history, one.plan_id)).ratings
        assert (counted.value, counted.stars) == (7.0, 2)
        app.controller.undo()
        wait_until(lambda: app.controller.history.visible().facts(0).rating == 5, step=app.controller.pump)
        assert evidence(board(app.controller.history, one.plan_id)).ratings == ()

    def test_in_a_run_of_an_older_version_the_stars_it_had_still_count(self, app, picture):
        app.say([picture.image_id], rating=4)
        app.controller.pause(True)
        one = held(app, seeds=(7,))
        step = replace(reused_step(one, picture.image_id, 2), rated_anew=False)
        wait_until(lambda: app.controller.history.plans.plan(one.plan_id), step=app.controller.pump)
        app.controller.ask(AppendLines(lines=(step,)))
        wait_until(lambda: standing(board(app.controller.history, one.plan_id)).rated == 1, step=app.controller.pump)

    def test_going_on_at_once_does_not_make_it_either(self, app, picture):
        app.controller.pause(True)
        one = app.controller.learning.convert(plan(seeds=(7,)), picture, 7.0)
        assert app.controller.learning.go_on(one.plan_id) == ()
        assert (7.0, 0) not in places(app)

    def test_the_plan_keeps_to_the_checkpoint_of_the_picture(self, app, picture):
        other = msgspec.structs.replace(picture, checkpoint="sketch-ink")
        assert app.controller.learning.convert(plan(seeds=(7,)), other, 7.0).base_config.checkpoint == "sketch-ink"

    @pytest.mark.parametrize("wrong", [{"suspect": True}, {"ok": False}, {"sketch": False}])
    def test_a_picture_that_proves_nothing_is_refused(self, app, picture, wrong):
        with pytest.raises(InvalidInput):
            app.controller.learning.convert(plan(seeds=(7,)), msgspec.structs.replace(picture, **wrong), 7.0)

    def test_its_value_and_seed_must_belong_to_the_plan(self, app, picture):
        with pytest.raises(InvalidInput, match="variant_values"):
            app.controller.learning.convert(plan(seeds=(7,)), picture, 6.5)
        with pytest.raises(InvalidInput, match="seeds"):
            app.controller.learning.convert(plan(seeds=()), picture, 7.0)


class TestBlind:
    def found(self, app):
        count = len(app.told(ImagesFound))
        query = Query()
        app.controller.find(query)
        answer = app.until(ImagesFound, count + 1)
        assert answer.query is query
        return len(answer.selection.rows)

    def test_pictures_of_a_blind_plan_are_nowhere_to_be_seen_until_the_result(self, app):
        app.make()
        one = start(app)
        seen = finish(app, one)
        history = app.controller.history
        assert (self.found(app), len(history.visible().latest(10)), history.visible().counts().all) == (1, 1, 1)
        app.say([shown.facts.image_id for shown in seen.images], rating=3)
        app.controller.ask(Analyse(board=board(history, one.plan_id)))
        app.controller.learning.conclude(app.until(InsightReady).report)
        app.wait(lambda: history.plans.result(one.plan_id) is not None)
        assert (self.found(app), len(history.visible().latest(10)), history.visible().counts().all) == (7, 7, 7)

    def test_the_result_says_what_was_rated(self, app):
        one = start(app, blind=False)
        seen = finish(app, one)
        app.say([seen.images[0].facts.image_id], rating=5)
        app.controller.ask(Analyse(board=board(app.controller.history, one.plan_id)))
        app.controller.learning.conclude(app.until(InsightReady).report)
        app.wait(lambda: app.controller.history.plans.result(one.plan_id) is not None)
        result = app.controller.history.plans.result(one.plan_id)
        assert isinstance(result, LearningRunResult)
        assert result.summary.rated == 1
        assert [step.rating for step in result.steps if step.rating is not None] == [5.0]

    def test_a_plan_that_is_not_blind_shows_its_pictures(self, app):
        finish(app, start(app, blind=False))
        assert self.found(app) == 6


class TestPresets:
    def test_a_preset_is_kept_taken_back_and_brought_again(self, app):
        calm = Preset(event_id="", ts="", preset_id="", name="Calm", values={"txt2img.steps": 28})
        kept = app.controller.learning.keep_preset(calm)
        plans = app.controller.history.plans
        app.wait(lambda: plans.presets())
        assert plans.preset_versions(kept.preset_id)[0] == msgspec.structs.replace(
            kept, writer=plans.presets()[0].writer, seq=1
        )
        assert app.controller.undo()
        app.wait(lambda: not plans.presets())
        assert app.controller.undo(redo=True)
        app.wait(lambda: plans.presets())

    def test_a_preset_needs_a_name(self, app):
        with pytest.raises(InvalidInput, match="name"):
            app.controller.learning.keep_preset(Preset(event_id="", ts="", preset_id="", name=" "))


class TestUnsaved:
    @pytest.fixture(autouse=True)
    def _soon(self, monkeypatch):
        monkeypatch.setattr(outbox, "RETRY_UNSAVED_S", 0.02)

    def test_a_plan_and_its_steps_that_the_disk_refuses_are_saved_later_and_made_once(self, app):
        folder = app.places.journal
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("a file where the folder should be")
        one = start(app)
        app.idle()
        app.wait(lambda: len(app.controller.unsaved) == 13)
        assert app.controller.history.plans.plan(one.plan_id) is None
        assert app.controller.learning.go_on(one.plan_id) == ()
        folder.unlink()
        seen = finish(app, one)
        assert (seen.made, seen.plan.seeds, len(pngs(app))) == (6, one.seeds, 6)
        assert (verify(folder).lines, verify(folder).gaps) == (13, ())
