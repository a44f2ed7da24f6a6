"""One job from start to end: every picture on disk before it is told, one record that needs nothing else."""

from __future__ import annotations

import hashlib
import itertools
import json

import msgspec
import pytest
from conftest import wait_until
from disk_faults import ReadOnlyDisk
from fake_webui import FakeWebUI
from jobs import LATER, Switch, Workshop, full_disk, in_thread, job, new_id, webui
from msgspec.structs import replace
from slow_sketch import slow_sketch

from stablenew_tk.backends.base import StageImage, StageResult
from stablenew_tk.backends.sketch.backend import Sketch
from stablenew_tk.domain.base.errors import AccessDenied, BackendError, InvalidInput, Unreachable, Unreadable
from stablenew_tk.domain.config.global_texts import GlobalTexts, StageText
from stablenew_tk.domain.models.preset_scope import PresetScope, PresetUse
from stablenew_tk.domain.prompts.pack import PackPrompt
from stablenew_tk.domain.prompts.variant import as_written
from stablenew_tk.domain.runs.job import LearningTag, RunRequest, make_jobs
from stablenew_tk.pipeline.messages.base import OrderFailed
from stablenew_tk.pipeline.messages.jobs import ImageSaved, JobEnded, StageStarted
from stablenew_tk.pipeline.messages.journal import LineNotSaved, LineSaved
from stablenew_tk.storage.pictures.images import pixel_hash
from stablenew_tk.storage.pictures.metadata import read_recipe

STAGES = ("txt2img", "img2img", "adetailer", "upscale")
SKETCH_UPSCALER = {"upscale.upscaler": "Lanczos"}


@pytest.fixture
def fake():
    with FakeWebUI() as server:
        yield server


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path, Sketch())


@pytest.fixture
def start(tmp_path, shop):
    """A picture that is there already."""
    return shop.path(shop.run(job()).outputs[0])


def later(**values):
    return LATER | SKETCH_UPSCALER | values


class TestStages:
    def test_all_four_stages_leave_a_picture_each_and_one_record(self, shop):
        record = shop.run(job(**later()))
        assert [output.stage for output in record.outputs] == list(STAGES) == list(record.stages)
        assert [output.path.split("/")[2] for output in record.outputs] == list(STAGES)
        assert (record.outputs[-1].width, record.outputs[0].width) == (128, 64)

    def test_a_preset_of_another_engine_is_told_as_such_however_the_job_came_here(self, shop):
        use = PresetUse(preset_id="p", name="Calm", gave=("txt2img.steps",), scope=PresetScope(engine="webui"))
        told = shop.run(replace(job(), presets=(use,))).presets
        assert told == (replace(use, outside=("learned on a WebUI, not on the sketch engine",)),)

    def test_every_picture_is_recorded_with_the_hash_of_its_pixels(self, shop):
        first, same, other = (
            shop.run(job(**values)).outputs[0] for values in ({}, {"txt2img__batch_size": 1}, {"clip_skip": 2})
        )
        assert first.pixels == same.pixels == pixel_hash(shop.path(first).read_bytes())
        assert other.pixels not in ("", first.pixels)

    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_any_subset_of_later_stages_starts_from_an_existing_picture(self, shop, start, count):
        for chosen in itertools.combinations(STAGES[1:], count):
            values = {f"{stage}.enabled": stage in chosen for stage in STAGES} | SKETCH_UPSCALER
            record = shop.run(job(start_image=start, **values))
            assert (record.status, record.stages) == ("ok", chosen)
            assert [output.stage for output in record.outputs] == list(chosen)
            assert record.start_image == str(start)

    @pytest.mark.parametrize("skipped", STAGES[1:])
    def test_a_stage_that_is_off_is_left_out(self, shop, skipped):
        record = shop.run(job(**later(**{f"{skipped}.enabled": False})))
        assert record.stages == tuple(stage for stage in STAGES if stage != skipped)

    def test_a_batch_of_two_goes_through_every_later_stage(self, shop):
        record = shop.run(job(**later(txt2img__batch_size=2)))
        assert [(output.stage, output.seed) for output in record.outputs] == [
            (stage, seed) for stage in STAGES for seed in (7, 8)
        ]
        assert len({output.sha256 for output in record.outputs}) == 8

    def test_a_start_picture_that_is_cut_short_fails_before_any_stage(self, shop, start):
        start.write_bytes(start.read_bytes()[:-20])
        record = shop.runner.run(job(start_image=start, txt2img__enabled=False, img2img__enabled=True))
        assert (record.status, record.error.error, record.stage_results) == ("failed", "Unreadable", ())
        assert start.name in record.error.message

    def test_a_start_picture_that_is_gone_fails_with_its_name(self, shop, tmp_path):
        gone = tmp_path / "gone.png"
        record = shop.run(job(start_image=gone, txt2img__enabled=False, img2img__enabled=True))
        assert record.status == "failed"
        assert "gone.png" in record.error.message


def sent(fake):
    """Prompt and negative of each request for a picture, in order."""
    return [
        (body["prompt"], body["negative_prompt"]) for path, body in fake.posts if path.endswith(("txt2img", "img2img"))
    ]


class TestTexts:
    """What is added to every prompt arrives where it is switched on, and the record says so."""

    REPAINT = LATER | {"upscale.mode": "img2img", "upscale.steps": 3}

    def made(self, fake, tmp_path, texts, **values):
        config = job(**self.REPAINT | values).config
        request = RunRequest(
            pack_id="p",
            variants=as_written((PackPrompt("Boat", "Boat", "a boat", "blur", 1),)),
            config=config,
            globals=texts,
            seed=7,
        )
        (made,) = make_jobs(request, run_name="120000-p", new_id=new_id, draw_seed=lambda: 1)
        return Workshop(tmp_path, webui(fake)).run(made)

    def test_every_stage_is_sent_both_texts(self, fake, tmp_path):
        record = self.made(fake, tmp_path, GlobalTexts(positive="<lora:inkwash:0.6> ink", negative="text"))
        assert sent(fake) == [("<lora:inkwash:0.6> ink, a boat", "blur, text")] * 4
        assert (record.status, record.stage_texts) == ("ok", {})

    @pytest.mark.parametrize("stage", STAGES)
    def test_a_stage_that_is_switched_off_is_sent_the_prompt_alone(self, fake, tmp_path, stage):
        others = tuple(other for other in STAGES if other != stage)
        texts = GlobalTexts(positive="ink", negative="text", positive_stages=others, negative_stages=(stage,))
        record = self.made(fake, tmp_path, texts)
        told = [record.stage_texts.get(one, StageText(record.prompt, record.negative)) for one in STAGES]
        assert sent(fake) == [(text.prompt, text.negative) for text in told]
        assert [text.prompt for text in told] == ["a boat" if one == stage else "ink, a boat" for one in STAGES]
        assert [text.negative for text in told] == ["blur, text" if one == stage else "blur" for one in STAGES]

    def test_a_detailer_pass_with_a_prompt_of_its_own_keeps_it(self, fake, tmp_path):
        own = {"adetailer.passes.0.prompt": "a face", "adetailer.passes.0.negative": "scar"}
        self.made(fake, tmp_path, GlobalTexts(positive="ink", negative="text"), **own)
        (unit,) = [
            body["alwayson_scripts"]["ADetailer"]["args"][2] for _, body in fake.posts if "alwayson_scripts" in body
        ]
        assert (unit["ad_prompt"], unit["ad_negative_prompt"]) == ("a face", "scar")

    def test_a_record_read_from_disk_tells_what_each_stage_was_sent(self, fake, tmp_path):
        record = self.made(fake, tmp_path, GlobalTexts(positive="ink", positive_stages=("img2img",)))
        (kept,) = Workshop(tmp_path, webui(fake)).records()
        assert kept.record.stage_texts == record.stage_texts == {"img2img": StageText("ink, a boat", "blur")}


class TestPictures:
    def test_bytes_are_written_as_received(self, fake, tmp_path):
        shop = Workshop(tmp_path, webui(fake))
        record = shop.run(job(**LATER))
        received = [hashlib.sha256(shop.path(output).read_bytes()).hexdigest() for output in record.outputs]
        assert received == [output.sha256 for output in record.outputs]
        assert fake.count("img2img") == 2

    def test_the_infotext_stays_in_the_file_and_in_the_record(self, fake, tmp_path):
        shop = Workshop(tmp_path, webui(fake))
        output = shop.run(job()).outputs[0]
        assert read_recipe(shop.path(output)).infotext == output.infotext
        assert "Steps: 4, Sampler: Euler a" in output.infotext

    def test_every_picture_is_on_disk_when_it_is_told(self, tmp_path):
        seen = []
        shop = Workshop(tmp_path, Sketch(), emit=lambda event: seen.append(event))
        whole = [
            (event, event.path.read_bytes())
            for event in _as_told(shop, job(**later(txt2img__batch_size=2)), seen)
            if isinstance(event, ImageSaved)
        ]
        assert len(whole) == 8
        assert all(hashlib.sha256(data).hexdigest() == event.output.sha256 for event, data in whole)

    def test_the_same_job_twice_gives_two_files_with_the_same_bytes(self, shop):
        first, second = (shop.run(job()).outputs[0] for _ in range(2))
        assert first.path != second.path
        assert first.sha256 == second.sha256

    def test_a_run_that_goes_over_midnight_or_a_crash_keeps_its_folder(self, shop):
        made = shop.run(msgspec.structs.replace(job(), run_day="2001-02-03")).outputs[0]
        assert made.path.startswith("2001-02-03/120000-starter/txt2img/")

    def test_doubt_is_handed_down_to_what_was_made_from_the_picture(self, fake, tmp_path):
        fake.fault("other-sampler")
        record = Workshop(tmp_path, webui(fake)).run(job(**LATER))
        assert record.status == "ok"
        assert all("mismatch:txt2img.sampler" in output.suspect for output in record.outputs)

    def test_doubt_about_a_later_stage_does_not_touch_the_earlier_picture(self, fake, tmp_path):
        fake.fault("other-denoise", nth=2)
        first, second, *_ = Workshop(tmp_path, webui(fake)).run(job(**LATER)).outputs
        assert (first.suspect, second.suspect) == ((), ("mismatch:img2img.denoise",))


def _as_told(shop, one, seen):
    """The events of a job, each looked at in the moment it is told."""
    looked = []
    keep = seen.append

    class Looking(list):
        def append(self, event):
            keep(event)
            if isinstance(event, ImageSaved):
                assert event.path.stat().st_size > 0
            looked.append(event)

    events = Looking()
    msgspec.structs.force_setattr(shop.around, "emit", events.append)
    shop.runner.run(one)
    return looked


class TestRecord:
    def test_it_needs_no_other_file_to_be_understood(self, fake, tmp_path):
        shop = Workshop(tmp_path, webui(fake))
        one = job(checkpoint="ink_model", **LATER)
        shop.run(one)
        line = json.loads(next(shop.journal.glob("*.jsonl")).read_text())
        assert line["prompt"] == "a red boat"
        assert line["negative"] == "blur"
        assert line["seed"] == 7
        assert line["config"] == json.loads(msgspec.json.encode(one.config))
        assert line["origins"] == {"txt2img.steps": "user"}
        assert line["backend"]["kind"] == "webui"
        assert line["backend"]["version"]
        assert line["backend"]["node"] == "local"
        assert [stage["stage"] for stage in line["stage_results"]] == list(STAGES)
        assert all(output["seed"] == 7 for output in line["outputs"])
        assert line["output_root"] == str(shop.outputs)
        assert line["ts"].endswith("Z")

    def test_asked_and_applied_stand_side_by_side(self, fake, tmp_path):
        fake.fault("other-steps")
        stage = Workshop(tmp_path, webui(fake)).run(job()).stage_results[0]
        assert (stage.asked["txt2img.steps"], stage.applied["txt2img.steps"]) == (4, 7)
        assert stage.attempts == 1
        assert "does not count" in stage.notes[0]

    def test_what_is_in_the_journal_is_what_the_run_returned(self, shop):
        record = shop.run(job(**later()))
        kept = shop.records()[0].record
        assert msgspec.structs.replace(kept, writer="", seq=0) == record

    def test_a_job_that_is_not_to_be_recorded_leaves_pictures_but_no_line(self, shop):
        record = shop.run(job(record=False))
        assert record.status == "ok"
        assert shop.path(record.outputs[0]).exists()
        assert not list(shop.journal.glob("*.jsonl"))
        assert not shop.told(JobEnded)[0].recorded

    def test_without_a_writer_nothing_is_recorded(self, tmp_path):
        shop = Workshop(tmp_path, Sketch())
        msgspec.structs.force_setattr(shop.around, "writer", None)
        shop.runner.run(job())
        assert not shop.told(JobEnded)[0].recorded
        assert not shop.told(LineSaved)


def test_events_come_in_the_order_of_what_happens(shop):
    shop.run(job(**later(adetailer__enabled=False)))
    assert shop.words() == [
        "JobStarted",
        "StageStarted txt2img",
        "ImageSaved",
        "StageStarted img2img",
        "ImageSaved",
        "StageStarted upscale",
        "ImageSaved",
        "LineSaved",
        "JobEnded",
    ]
    assert [(event.number, event.count) for event in shop.told(StageStarted)] == [(1, 3), (2, 3), (3, 3)]


class TestFullDisk:
    def test_a_picture_that_cannot_be_saved_fails_the_job_with_a_sentence(self, shop, tmp_path):
        with full_disk(500):
            record = shop.runner.run(job())
        assert (record.status, record.error.error, record.outputs) == ("failed", "NotSaved", ())
        assert "not saved" in record.error.message
        assert record.error.retryable
        assert not [path for path in shop.outputs.rglob("*") if path.is_file()]

    def test_what_was_saved_before_stays_and_the_job_is_partial(self, shop):
        big = later(adetailer__enabled=False, upscale__scale=4.0, txt2img__width=256, txt2img__height=256)
        size = max(shop.path(output).stat().st_size for output in shop.run(job(**big)).outputs[:2])
        with full_disk(size + 100):
            record = shop.run(job(**big))
        assert record.status == "partial"
        assert [output.stage for output in record.outputs] == ["txt2img", "img2img"]
        assert [stage.stage for stage in record.stage_results] == ["txt2img", "img2img", "upscale"]

    def test_a_record_that_cannot_be_saved_is_handed_out_and_can_be_saved_once_later(self, shop):
        for _ in range(6):
            shop.run(job())  # until the journal is larger than a picture
        one = job()
        with full_disk(sum(path.stat().st_size for path in shop.journal.glob("*.jsonl"))):
            assert shop.runner.run(one).status == "ok"
        refused = shop.told(LineNotSaved)[0]
        assert not shop.told(JobEnded)[-1].recorded
        assert "Free some space" in refused.message
        assert len(shop.records()) == 6
        shop.around.writer.append(refused.line)
        assert [folded.record.job_id for folded in shop.records()].count(one.job_id) == 1


class TestReadOnlyDisk:
    @pytest.mark.parametrize("changes", range(12))
    def test_a_disk_that_turns_read_only_in_the_middle_of_a_run_is_a_sentence(self, shop, monkeypatch, changes):
        shop.run(job())
        disk = ReadOnlyDisk(shop.outputs.parent, monkeypatch)
        disk.turn(after=changes)
        record = shop.runner.run(job(**later()))
        assert record.status in ("failed", "partial")
        assert "Read-only" in record.error.message
        assert "made a mistake" not in record.error.message
        assert shop.told(LineNotSaved)[0].line == record
        assert len(record.outputs) == len(shop.told(ImageSaved)) - 1


class Scripted:
    """A backend that does what the test says."""

    kind, name, version = "sketch", "scripted", "1"
    device = "any computer"

    def __init__(self, *answers):
        self.answers = list(answers)

    def generate(self, order):
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def progress(self):
        return None

    def interrupt(self):
        """Nothing to stop."""

    def close(self):
        """Nothing to give up."""


class Grumbling:
    """A journal that refuses in ways nobody thought of."""

    def __init__(self, *errors):
        self.errors = list(errors)

    def append(self, line):
        raise self.errors.pop(0)


PICTURE = StageResult(images=(StageImage(data=b"whole", suffix=".png", width=8, height=8, seed=1),))


class TestTheUnexpected:
    def test_a_journal_that_cannot_even_be_listed_hands_the_record_out(self, tmp_path):
        shop = Workshop(tmp_path, Scripted(PICTURE), writer=Grumbling(Unreadable("The journal cannot be listed.")))
        shop.runner.run(job())
        assert shop.words()[-2:] == ["LineNotSaved", "JobEnded"]

    def test_pictures_made_before_a_mistake_of_ours_stay_in_the_record(self, tmp_path):
        shop = Workshop(tmp_path, Scripted(PICTURE, ZeroDivisionError("oops")))
        one = job(img2img__enabled=True)
        with pytest.raises(ZeroDivisionError) as caught:
            shop.runner.run(one)
        record = shop.runner.broken(one, caught.value)
        assert (record.status, len(record.outputs), record.error.stage) == ("partial", 1, "img2img")
        assert "StableNew itself made a mistake (ZeroDivisionError: oops)" in record.error.message
        assert len(shop.told(JobEnded)) == 1

    def test_two_pictures_of_one_step_do_not_replace_each_other(self, tmp_path):
        step = LearningTag(mode="active", plan_id="P", step_id="P.0.0", value=1.0)
        twins = StageResult(images=(*PICTURE.images, *PICTURE.images))
        made = Workshop(tmp_path, Scripted(twins)).runner.run(msgspec.structs.replace(job(), learning=step))
        assert len({output.path for output in made.outputs}) == 2

    def test_a_mistake_while_recording_does_not_end_the_job_twice(self, tmp_path):
        shop = Workshop(tmp_path, Scripted(PICTURE), writer=Grumbling(RuntimeError("what?")))
        one = job()
        with pytest.raises(RuntimeError) as caught:
            shop.runner.run(one)
        shop.runner.broken(one, caught.value)
        assert len(shop.told(JobEnded)) == 1
        assert "not saved" in shop.told(OrderFailed)[0].message

    def test_a_record_that_can_never_be_written_is_told_with_the_job(self, tmp_path):
        shop = Workshop(tmp_path, Scripted(PICTURE), writer=Grumbling(InvalidInput("It is too long.")))
        assert shop.runner.run(job()).status == "ok"
        (ended,) = shop.told(JobEnded)
        assert (ended.recorded, ended.refused, shop.told(LineNotSaved)) == (False, "It is too long.", [])

    def test_a_very_long_error_is_cut_for_the_record(self, tmp_path):
        record = Workshop(tmp_path, Scripted(BackendError("x" * 9000))).run(job())
        assert len(record.error.message) == 2000


class TestCancel:
    def test_before_the_first_stage_nothing_is_made(self, shop):
        record = shop.run(job(), lambda: True)
        assert (record.status, record.outputs, record.error) == ("cancelled", (), None)

    def test_between_stages_what_is_finished_stays(self, tmp_path):
        stop = Switch()
        shop = Workshop(tmp_path, Sketch())
        keep = shop.events.append

        def emit(event):
            keep(event)
            stop.on = stop.on or isinstance(event, ImageSaved)

        msgspec.structs.force_setattr(shop.around, "emit", emit)
        record = shop.run(job(**later()), stop)
        assert (record.status, [output.stage for output in record.outputs]) == ("cancelled", ["txt2img"])
        assert record.outputs[0].suspect == ()

    def test_inside_a_sketch_the_half_done_picture_is_marked(self, tmp_path, monkeypatch):
        slow_sketch(monkeypatch)
        sketch, stop = Sketch(), Switch()
        shop = Workshop(tmp_path, sketch)
        with in_thread(shop.runner.run, job(txt2img__steps=150, **later()), stop) as answer:
            wait_until(lambda: sketch.progress() is not None and sketch.progress().step >= 2)
            stop.on = True
            sketch.interrupt()
        shop.holds_what_it_says(answer[0])
        assert (answer[0].status, [output.stage for output in answer[0].outputs]) == ("cancelled", ["txt2img"])
        assert answer[0].outputs[0].suspect == ("interrupted",)
        assert len(shop.records()) == 1

    @pytest.mark.parametrize("mode", ["forge", "forge-ui", "sdnext"])
    def test_inside_a_webui_the_half_done_picture_is_marked(self, tmp_path, mode):
        with FakeWebUI(mode) as server:
            backend, stop = webui(server), Switch()
            shop = Workshop(tmp_path, backend)
            server.hold(step=3)
            with in_thread(shop.runner.run, job(**LATER), stop) as answer:
                server.held.wait(60)
                stop.on = True
                wait_until(lambda: answer, step=lambda: (backend.interrupt(), backend.progress()))
            assert (answer[0].status, len(answer[0].outputs)) == ("cancelled", 1)
            assert "interrupted" in answer[0].outputs[0].suspect
            assert (server.count("txt2img"), server.count("img2img")) == (1, 0)
            backend.close()

    def test_a_server_that_cannot_be_stopped_says_so_in_the_record(self, tmp_path):
        with FakeWebUI("sd-server") as server:
            backend = webui(server)
            backend.check()
            shop, stop = Workshop(tmp_path, backend), Switch()
            server.hold(step=2)
            with in_thread(shop.run, job(clip_skip=1), stop) as answer:
                wait_until(server.held.is_set)
                stop.on = True
                wait_until(lambda: answer, step=backend.interrupt)
            server.release()
            assert (answer[0].status, answer[0].outputs) == ("cancelled", ())
            assert "finishes the picture for itself" in answer[0].error.message
            assert server.count("txt2img") == 1
            backend.close()

    def test_an_error_of_a_backend_that_was_stopped_is_the_end_that_was_wanted(self, tmp_path):
        stop = Switch()
        shop = Workshop(tmp_path, Scripted(BackendError("The connection was closed.")))
        msgspec.structs.force_setattr(shop.around, "read_start", lambda _path: setattr(stop, "on", True))
        stop_late = iter((False, True))
        record = shop.run(job(), lambda: next(stop_late))
        assert (record.status, record.error.message) == ("cancelled", "The connection was closed.")


class TestPatience:
    def test_an_impatient_run_fails_when_nobody_answers(self, tmp_path):
        record = Workshop(tmp_path, Scripted(Unreachable("Nobody there."))).run(job())
        assert (record.status, record.error.error, record.error.retryable) == ("failed", "Unreachable", True)

    def test_the_time_without_a_server_is_no_time_of_the_job(self, tmp_path):
        clock = [100.0]

        class Mortal(Scripted):
            def generate(self, order):
                clock[0] += 5
                return super().generate(order)

        def patience(_job, _error, _number):
            clock[0] += 3600
            return True

        backend = Mortal(Unreachable("It went away while it worked."), AccessDenied("It wants a login."), PICTURE)
        shop = Workshop(tmp_path, backend, patience=patience, stopwatch=lambda: clock[0])
        record = shop.runner.run(job())
        assert (record.status, record.seconds, record.stage_results[0].seconds) == ("ok", 5.0, 5.0)

    def test_a_patient_one_tries_the_same_stage_again(self, tmp_path):
        tries = []
        patience = lambda _job, error, number: tries.append((str(error), number)) or True  # noqa: E731
        backend = Scripted(Unreachable("Nobody there."), Unreachable("Nobody there."), PICTURE)
        shop = Workshop(tmp_path, backend, patience=patience)
        shop.runner.run(job())
        assert tries == [("Nobody there.", 1), ("Nobody there.", 2)]
        assert shop.told(JobEnded)[0].record.status == "ok"
