"""Every way a ComfyUI was seen to fail: the right error as a sentence, the right number of POSTs, nothing left running,
and nobody else's job touched.
"""

from __future__ import annotations

import io
import socket
from concurrent.futures import ThreadPoolExecutor

import jobs
import msgspec
import pytest
from conftest import wait_until
from fake_comfyui import FakeComfyUI
from PIL import Image

from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.comfyui.backend import ComfyUI
from stablenew_tk.domain.base.errors import (
    AccessDenied,
    AnswerLost,
    BadImage,
    Cancelled,
    EngineFault,
    NotReady,
    Refused,
    Unreachable,
)
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig

QUICK = msgspec.structs.replace(jobs.QUICK, options_s=60.0, resend_s=30.0, poll_s=0.02)
SMALL = {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 6, "checkpoint": "ink_model"}


# What a real server says of a sampler's input, or of the whole graph, and the sentence that is made of it.
WORDS_OF_REFUSALS = {
    "value_smaller_than_min": (
        {
            "message": "Value 6 smaller than min of 10",
            "details": "steps",
            "extra_info": {"input_name": "steps", "input_config": ["INT", {"min": 10}], "received_value": 6},
        },
        r"^txt2img\.steps: 6 is too small for ComfyUI · .* It takes at least 10\.$",
    ),
    "value_bigger_than_max": (
        {
            "message": "Value 7.0 bigger than max of 5.0",
            "details": "cfg",
            "extra_info": {"input_name": "cfg", "input_config": ["FLOAT", {"max": 5.0}], "received_value": 7.0},
        },
        r"^txt2img\.cfg_scale: 7\.0 is too large for ComfyUI · .* It takes at most 5\.0\.$",
    ),
    "invalid_input_type": (
        {
            "message": "Failed to convert an input value to a INT value",
            "details": "steps, None, int() argument must be a string",
            "extra_info": {"input_name": "steps", "received_value": None},
        },
        r"^txt2img\.steps: ComfyUI · .* cannot read 'None'\.$",
    ),
    "required_input_missing": (
        {"details": "cfg", "extra_info": {"input_name": "cfg"}},
        r"a graph it does not take \(an input is missing: KSampler cfg; required_input_missing\)\. Please report this",
    ),
    "exception_during_inner_validation": (
        {"details": "'99'", "extra_info": {"input_name": "samples", "traceback": ["/opt/comfy/execution.py"]}},
        r"a link leads nowhere.*Please report this",
    ),
    "return_type_mismatch": (
        {"details": "model, received_type(VAE) mismatch input_type(MODEL)", "extra_info": {"input_name": "model"}},
        r"a link has the wrong type.*Please report this",
    ),
    "dependency_cycle": (
        {"details": "5 (KSampler) -> 5 (KSampler)", "extra_info": {"node_id": "5"}},
        r"runs in a circle.*Please report this",
    ),
    "dependency_cycle (2025)": ({"type": "dependency_cycle"}, r"runs in a circle.*Please report this"),
    "prompt_no_outputs": ({"type": "prompt_no_outputs"}, r"makes no picture.*Please report this"),
    "invalid_prompt_id": ({"type": "invalid_prompt_id"}, r"the job's id is not taken.*Please report this"),
    "another one": (
        {"type": "wonder", "message": "Something in /opt/comfy/nodes.py went wrong"},
        r"turned the job down: Something in …\.",
    ),
}


@pytest.fixture(params=["socket", "polled"])
def fake(request):
    with FakeComfyUI(socket=request.param == "socket") as server:
        yield server


@pytest.fixture
def make(fake):
    """Makes a backend that has asked what the server has."""
    made = []

    def backend(**limits):
        one = ComfyUI(fake.url, limits=msgspec.structs.replace(QUICK, **limits))
        one.check()
        made.append(one)
        return one

    yield backend
    for one in made:
        one.close()


def picture():
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(out, "PNG")
    return out.getvalue()


def order(stage="txt2img", *, image=b"", seed=7, **values):
    config = with_values(PipelineConfig(), {**SMALL, **values})
    return StageOrder(job_id="01J", stage=stage, prompt="a boat", negative="", seed=seed, config=config, image=image)


def posts(fake):
    """How many POSTs came to each route."""
    paths = [seen.path if not seen.path.startswith("/api/jobs") else "cancel" for seen in fake.posts]
    return {path: paths.count(path) for path in paths}


@pytest.fixture
def refusals(monkeypatch):
    """Every connection that was refused because nobody listens, as who asked for it learns of it."""
    real, told = socket.socket.connect, []

    def connect(self, address):
        try:
            real(self, address)
        except ConnectionRefusedError:
            told.append(address)
            raise

    monkeypatch.setattr(socket.socket, "connect", connect)
    return told


def killed(fake, refusals):
    """Kill the server until its client has noticed; a real one needs far longer to start."""
    before = len(refusals)
    fake.go_down()
    wait_until(lambda: len(refusals) > before)


def is_idle(fake):
    return not fake.running and not fake.waiting


class TestNobodyThere:
    def test_a_closed_port_is_unreachable_and_says_what_to_do(self):
        with pytest.raises(Unreachable, match=r"No ComfyUI is running at 127\.0\.0\.1:9\. Start it"):
            ComfyUI("http://127.0.0.1:9").check()

    def test_a_server_that_went_away_before_the_picture_is_unreachable_with_no_post(self, fake, make):
        backend = make()
        fake.go_down()
        with pytest.raises(Unreachable):
            backend.generate(order())
        assert posts(fake) == {}
        fake.come_back()
        assert backend.generate(order()).attempts == 1
        assert posts(fake) == {"/prompt": 1}

    def test_a_server_that_is_started_again_under_the_work_gets_the_job_once_more(self, fake, make, refusals):
        backend = make()
        fake.hold(step=3)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            assert fake.held.wait(60)
            killed(fake, refusals)
            fake.release()
            fake.come_back()
            made = future.result(60)
        assert (made.attempts, made.images[0].suspect) == (2, ())
        assert any("made again with the same seed" in note for note in made.notes)
        assert posts(fake) == {"/prompt": 2}
        first, second = (seen.body["prompt_id"] for seen in fake.posts)
        assert first != second

    def test_a_server_that_stays_away_under_the_work_is_unreachable(self, fake, make):
        backend = make(settle_s=0.3)
        fake.hold(step=3)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            assert fake.held.wait(60)
            fake.go_down()
            with pytest.raises(Unreachable, match="went away while it worked"):
                future.result(60)
        assert posts(fake) == {"/prompt": 1}

    def test_a_server_that_kills_itself_at_every_try_is_asked_twice(self, fake, make, refusals):
        backend = make()
        with ThreadPoolExecutor(1) as node:
            fake.hold(step=3)
            future = node.submit(backend.generate, order())
            for _ in range(2):
                assert fake.held.wait(60)
                killed(fake, refusals)
                fake.hold(step=3)
                fake.come_back()
            with pytest.raises(AnswerLost, match="was started again and forgot the job"):
                future.result(60)
        assert posts(fake) == {"/prompt": 2}


class TestRefusals:
    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("checkpoint", "no_such_model"),
            ("vae", "no_such_vae"),
            ("txt2img.sampler", "No Such"),
            ("txt2img.scheduler", "No Such"),
        ],
    )
    def test_a_name_that_the_server_does_not_have_is_refused_with_no_post(self, fake, make, path, value):
        with pytest.raises(Refused, match=rf"{path}: .*{value}"):
            make().generate(order(**{path: value}))
        assert posts(fake) == {}

    def test_a_checkpoint_that_was_deleted_meanwhile_is_refused_by_its_field_after_one_post(self, fake, make):
        backend = make()
        fake.files["checkpoints"].remove("ink_model.safetensors")
        with pytest.raises(Refused, match=r"^checkpoint: ComfyUI · .* has no 'ink_model\.safetensors'"):
            backend.generate(order())
        assert posts(fake) == {"/prompt": 1}
        assert is_idle(fake)

    @pytest.mark.parametrize(
        ("folder", "file", "prompt", "path"),
        [
            ("loras", "inkwash.safetensors", "a boat <lora:inkwash:0.8>", "LoraLoader lora_name"),
            ("vae", "soft.vae.safetensors", "a boat", "vae"),
        ],
    )
    def test_so_is_any_other_file_that_was_deleted_meanwhile(self, fake, make, folder, file, prompt, path):
        backend = make()
        fake.files[folder].remove(file)
        work = order(vae="soft.vae.safetensors")
        with pytest.raises(Refused, match=rf"^{path}: .* has no '{file}'"):
            backend.generate(msgspec.structs.replace(work, prompt=prompt))
        assert posts(fake) == {"/prompt": 1}

    @pytest.mark.parametrize("name", WORDS_OF_REFUSALS)
    def test_every_word_of_a_refusal_is_a_sentence_after_one_post(self, fake, make, name):
        wrong, words = WORDS_OF_REFUSALS[name]
        backend = make()
        backend.generate(order(seed=1))
        (node,) = [key for key, one in fake.graphs()[0].items() if one["class_type"] == "KSampler"]
        if "type" in wrong:
            fake.refusal = {"error": wrong, "node_errors": {}}
        else:
            sampler = {"class_type": "KSampler", "dependent_outputs": ["7"], "errors": [{"type": name, **wrong}]}
            fake.refusal = {"error": {"type": "prompt_outputs_failed_validation"}, "node_errors": {node: sampler}}
        with pytest.raises(Refused, match=words):
            backend.generate(order())
        assert (posts(fake), is_idle(fake), len(fake.history)) == ({"/prompt": 2}, True, 1)

    def test_a_checkpoint_that_was_added_meanwhile_is_found_without_a_new_check(self, fake, make):
        backend = make()
        fake.files["checkpoints"].append("fresh_model.safetensors")
        assert backend.generate(order(checkpoint="fresh_model")).images[0].suspect == ()
        assert posts(fake) == {"/prompt": 1}

    def test_an_extension_that_is_gone_meanwhile_is_named(self, fake, make):
        backend = make()
        fake.impact = False
        with pytest.raises(Refused, match=r"lacks a node.*(UltralyticsDetectorProvider|FaceDetailer)"):
            backend.generate(order("adetailer", image=picture()))
        assert posts(fake) == {"/upload/image": 1, "/prompt": 1}

    def test_so_it_is_on_a_release_that_only_says_it_in_words(self):
        with FakeComfyUI("0.3.64") as old:
            backend = ComfyUI(old.url, limits=QUICK)
            backend.check()
            old.impact = False
            with pytest.raises(Refused, match=r"lacks a node.*(UltralyticsDetectorProvider|FaceDetailer)"):
                backend.generate(order("adetailer", image=picture()))

    def test_a_partial_refusal_is_a_refusal_and_the_job_is_taken_back(self, fake, make):
        backend = make()
        fake.queue_foreign()
        fake.hold(step=2)
        fake.queue_foreign()
        fake.fault("partial")
        with pytest.raises(Refused, match=r"nope|CheckpointLoaderSimple"):
            backend.generate(order())
        assert posts(fake) == {"/prompt": 1, "cancel": 1}
        mine = fake.posts[0].body["prompt_id"]
        assert mine not in (fake.running, *fake.waiting)
        fake.release()
        wait_until(lambda: is_idle(fake))
        assert [one["status"]["status_str"] for one in fake.history.values()] == ["success", "success"]
        assert mine not in fake.history

    def test_a_picture_that_is_lost_on_the_server_is_laid_there_again_once(self, fake, make):
        backend = make()
        fake.lost_uploads = 1
        made = backend.generate(order("img2img", image=picture()))
        assert (made.attempts, made.images[0].suspect) == (2, ())
        assert posts(fake) == {"/upload/image": 2, "/prompt": 2}

    def test_a_picture_that_is_always_lost_is_refused_after_the_second_time(self, fake, make):
        backend = make()
        fake.lost_uploads = 9
        with pytest.raises(Refused, match="no longer has the picture to start from"):
            backend.generate(order("img2img", image=picture()))
        assert posts(fake) == {"/upload/image": 2, "/prompt": 2}

    def test_a_picture_that_is_too_large_for_the_server_is_refused(self, fake, make):
        backend = make()
        fake.fault("413", "/upload")
        with pytest.raises(Refused, match="max-upload-size"):
            backend.generate(order("img2img", image=picture()))
        assert posts(fake) == {"/upload/image": 1}

    def test_a_picture_that_is_none_is_bad_before_anything_is_sent(self, fake, make):
        with pytest.raises(BadImage):
            make().generate(order("img2img", image=b"no picture"))
        assert posts(fake) == {}


class TestStatusesAndStrangePages:
    @pytest.mark.parametrize(
        ("name", "error", "words"),
        [
            ("500", EngineFault, "Server got itself in trouble|500"),
            ("html", Refused, "not a ComfyUI but a web page"),
            ("401", AccessDenied, "wants a login: enter its user and password"),
            ("403", AccessDenied, "wants a login"),
            ("404", NotReady, "what ComfyUI has is not there"),
            ("redirect", AccessDenied, r"sends us to a login page \(/login\)"),
        ],
    )
    def test_the_answer_to_a_job_says_what_it_means_after_one_post(self, fake, make, name, error, words):
        backend = make()
        fake.fault(name)
        with pytest.raises(error, match=words):
            backend.generate(order())
        assert posts(fake)["/prompt"] == 1
        assert is_idle(fake)

    @pytest.mark.parametrize("name", ["html-502", "not-json", "empty", "cut", "reset-after"])
    def test_a_job_whose_answer_was_lost_is_found_again_by_its_id(self, fake, make, name):
        backend = make()
        fake.fault(name)
        made = backend.generate(order())
        assert made.images[0].suspect == ()
        # A proxy that answers for the server may not have passed the job on; everybody else has.
        assert (made.attempts, posts(fake)) == ((2, {"/prompt": 2}) if name in NOT_TAKEN else (1, {"/prompt": 1}))

    def test_a_job_that_surely_never_came_is_sent_again_once(self, fake, make):
        backend = make()
        fake.fault("reset")
        made = backend.generate(order())
        assert (made.attempts, posts(fake)) == (2, {"/prompt": 2})

    def test_a_server_that_breaks_every_connection_is_asked_twice(self, fake, make):
        backend = make()
        fake.fault("reset", times=9)
        with pytest.raises(AnswerLost, match="broke before it took the job"):
            backend.generate(order())
        assert posts(fake)["/prompt"] == 2

    def test_a_server_that_swallows_a_job_is_given_up(self, fake, make):
        backend = make(lists_s=2.0)
        fake.fault("hang", times=9)
        with pytest.raises(AnswerLost):
            backend.generate(order())
        assert posts(fake)["/prompt"] == 2

    def test_silence_about_the_queue_is_borne_for_a_while(self, fake, make):
        backend = make(progress_s=0.05)
        fake.fault("hang", "/queue", times=3)
        assert backend.generate(order()).attempts == 1

    def test_a_server_that_falls_silent_is_given_up_and_its_job_cancelled(self, fake, make):
        backend = make(progress_s=0.05, stall_s=0.2)
        fake.hold(step=2)
        fake.fault("hang", "/queue", times=99)
        with pytest.raises(AnswerLost, match=r"silent for 0\.2 s"):
            backend.generate(order())
        assert posts(fake) == {"/prompt": 1, "cancel": 1}
        wait_until(lambda: is_idle(fake))

    def test_a_stage_that_takes_too_long_is_given_up_and_its_job_cancelled(self, fake, make):
        backend = make(total_s=0.2)
        fake.hold(step=2)
        with pytest.raises(AnswerLost, match=r"did not finish within 0\.2 s"):
            backend.generate(order())
        assert posts(fake) == {"/prompt": 1, "cancel": 1}
        wait_until(lambda: is_idle(fake))

    def test_numbers_that_are_no_json_are_understood_all_the_same(self, fake):
        fake.fault("nan", "/object_info")
        backend = ComfyUI(fake.url)
        assert backend.check().samplers
        fake.fault("nan", "/history")
        assert backend.generate(order()).images[0].suspect == ()


ROUTES = {"/view": "/view", "/upload": "/upload/image"}
# Faults by which the fake does not take the job.
NOT_TAKEN = ("html-502", "not-json", "empty")


class TestRuns:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("broken-checkpoint", r"cannot load checkpoint 'ink_model'.*invalid JSON in header.*Is the file whole"),
            ("interrupted", "Somebody else stopped the job"),
        ],
    )
    def test_a_run_that_fails_is_an_engine_fault_after_one_post(self, fake, make, name, words):
        backend = make()
        fake.run_fault(name)
        with pytest.raises(EngineFault, match=words) as caught:
            backend.generate(order())
        assert posts(fake) == {"/prompt": 1}
        assert "secret" not in str(caught.value)
        assert backend.generate(order()).images[0].suspect == ()

    @pytest.mark.parametrize("name", ["oom", "oom-gpu"])
    def test_after_out_of_memory_the_models_are_unloaded_and_the_picture_is_made(self, fake, make, name):
        backend = make()
        fake.run_fault(name)
        made = backend.generate(order())
        assert (made.attempts, made.images[0].suspect, fake.freed) == (2, (), 1)
        assert posts(fake) == {"/prompt": 2, "/free": 1}
        assert any("ran out of memory" in note and "same seed" in note for note in made.notes)

    @pytest.mark.parametrize(
        ("name", "words"),
        [("oom", "ran out of memory.*Choose a smaller size"), ("oom-gpu", "ran out of memory.*Allocation on device")],
    )
    def test_memory_that_is_not_enough_the_second_time_either_ends_the_job(self, fake, make, name, words):
        backend = make()
        fake.run_fault(name, times=2)
        with pytest.raises(EngineFault, match=words) as caught:
            backend.generate(order())
        assert posts(fake) == {"/prompt": 2, "/free": 1}
        assert "tried once more after its models were unloaded" in str(caught.value)
        assert "secret" not in str(caught.value)
        assert backend.generate(order()).images[0].suspect == ()

    def test_models_are_not_unloaded_under_the_jobs_of_others(self, fake, make):
        backend = make()
        fake.run_fault("oom")
        fake.hold(step=1)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            assert fake.held.wait(60)
            fake.queue_foreign(steps=4)
            # The next one is held while it loads, so that it is still there when ours has failed.
            fake.hold(step=2)
            with pytest.raises(EngineFault, match=r"ran out of memory.*not unloaded, because of other jobs"):
                future.result(60)
        fake.release()
        assert (posts(fake), fake.freed) == ({"/prompt": 1}, 0)
        wait_until(lambda: len(fake.history) == 2)
        assert fake.history[fake.runs[-1]]["status"]["status_str"] == "success"

    def test_a_server_that_cannot_unload_is_told_by_the_first_failure(self, fake, make):
        backend = make()
        fake.run_fault("oom")
        fake.fault("404", "/free")
        with pytest.raises(EngineFault, match="ran out of memory"):
            backend.generate(order())
        assert posts(fake) == {"/prompt": 1, "/free": 1}

    def test_a_job_that_somebody_took_out_of_the_queue_is_an_engine_fault(self, fake, make):
        backend = make()
        fake.hold(step=2)
        fake.queue_foreign()
        assert fake.held.wait(60)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            wait_until(lambda: fake.waiting)
            wait_until(lambda: fake.gets.count("/queue") > 1)
            fake.take_out(fake.waiting[0])
            with pytest.raises(EngineFault, match="Somebody else took the job out of the queue"):
                future.result(60)
        assert posts(fake) == {"/prompt": 1}
        fake.release()

    def test_a_run_without_a_picture_is_asked_for_again_once_and_then_a_bad_picture(self, fake, make):
        backend = make()
        fake.run_fault("no-output", times=2)
        with pytest.raises(BadImage, match="without a picture"):
            backend.generate(order())
        assert posts(fake) == {"/prompt": 2}
        assert backend.generate(order()).images

    def test_a_file_that_somebody_deleted_is_made_again_under_another_name(self, fake, make):
        backend = make()
        fake.run_fault("file-gone")
        made = backend.generate(order())
        assert (made.attempts, made.images[0].suspect) == (2, ())
        names = [next(n["inputs"]["filename_prefix"] for n in g.values() if n["class_type"] == "SaveImage")
                 for g in fake.graphs()]  # fmt: skip
        assert len(names) == len(set(names)) == 2

    @pytest.mark.parametrize("name", ["truncated-png", "flipped-png", "not-an-image", "cut", "reset"])
    def test_a_picture_that_came_damaged_is_fetched_again_not_made_again(self, fake, make, name):
        backend = make()
        fake.fault(name, "/view")
        made = backend.generate(order())
        assert (made.attempts, posts(fake), made.images[0].suspect) == (1, {"/prompt": 1}, ())

    @pytest.mark.parametrize("name", ["truncated-png", "flipped-png", "not-an-image"])
    def test_a_picture_that_is_always_damaged_is_bad_after_two_runs(self, fake, make, name):
        backend = make()
        fake.fault(name, "/view", times=99)
        with pytest.raises(BadImage):
            backend.generate(order())
        assert posts(fake) == {"/prompt": 2}

    def test_a_picture_that_was_spoiled_on_the_server_is_an_engine_fault(self, fake, make):
        backend = make()
        fake.hold(step=0, loading=True)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order("img2img", image=picture()))
            assert fake.held.wait(60)
            fake.disk |= {key: b"spoiled" for key in fake.disk if key[0] == "temp"}
            fake.release()
            with pytest.raises(EngineFault, match="cannot identify image file"):
                future.result(60)
        assert posts(fake) == {"/upload/image": 1, "/prompt": 1}

    def test_a_history_that_is_late_is_waited_for(self, fake, make):
        backend = make()
        fake.run_fault("late-history")
        assert backend.generate(order()).attempts == 1
        assert posts(fake) == {"/prompt": 1}


class TestWrongTruth:
    @pytest.mark.parametrize(
        ("name", "path", "used"),
        [("other-steps", "txt2img.steps", 7), ("other-checkpoint", "checkpoint", "photo_model")],
    )
    def test_another_value_than_asked_is_told_and_the_picture_does_not_count(self, fake, make, name, path, used):
        backend = make()
        fake.run_fault(name)
        made = backend.generate(order())
        assert made.images[0].suspect == (f"mismatch:{path}",)
        assert (made.applied[path], made.asked[path]) == (used, dict(SMALL)[path])
        assert any(path in note and "does not count" in note for note in made.notes)

    def test_another_seed_than_asked_is_a_mismatch(self, fake, make):
        backend = make()
        fake.run_fault("other-seed")
        (image,) = backend.generate(order()).images
        assert [code for code in image.suspect if "seed" in code]

    def test_a_black_picture_is_suspect(self, fake, make):
        backend = make()
        fake.run_fault("black")
        assert backend.generate(order()).images[0].suspect == ("black",)

    def test_without_metadata_in_the_file_the_history_is_believed(self, fake, make):
        backend = make()
        fake.run_fault("no-metadata")
        made = backend.generate(order())
        assert (made.images[0].suspect, made.applied["txt2img.steps"]) == ((), 6)

    def test_a_lora_of_another_architecture_is_suspect_because_the_server_ignores_it(self, fake, make):
        fake.metadata["checkpoints", "ink_model.safetensors"] = {"modelspec.architecture": "stable-diffusion-v1"}
        fake.metadata["loras", "foreign.safetensors"] = {"ss_base_model_version": "sdxl_base_v1-0"}
        fake.metadata["loras", "inkwash.safetensors"] = {"ss_base_model_version": "sd_v1"}
        backend = make()
        work = order()
        made = backend.generate(msgspec.structs.replace(work, prompt="a boat <lora:foreign:0.8>"))
        assert made.images[0].suspect == ("mismatch:lora",)
        assert any("foreign" in note and "SDXL" in note for note in made.notes)
        made = backend.generate(msgspec.structs.replace(work, prompt="a boat <lora:inkwash:0.8>"))
        assert made.images[0].suspect == ()


class TestStopping:
    def test_a_waiting_job_is_taken_out_and_the_running_one_of_somebody_else_goes_on(self, fake, make):
        backend = make(resend_s=60)
        fake.hold(step=2)
        theirs = fake.queue_foreign()
        assert fake.held.wait(60)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            wait_until(lambda: fake.waiting)
            backend.interrupt()
            with pytest.raises(Cancelled):
                future.result(60)
        assert (fake.running, fake.waiting) == (theirs, [])
        assert posts(fake) == {"/prompt": 1, "cancel": 1}
        fake.release()
        wait_until(lambda: is_idle(fake))
        assert fake.history[theirs]["status"]["status_str"] == "success"

    def test_a_running_job_is_interrupted_and_the_waiting_ones_of_others_run(self, fake, make):
        backend = make(resend_s=60)
        fake.hold(step=3)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            assert fake.held.wait(60)
            theirs = fake.queue_foreign()
            backend.interrupt()
            with pytest.raises(Cancelled):
                future.result(60)
        fake.release()
        wait_until(lambda: is_idle(fake))
        assert fake.history[theirs]["status"]["status_str"] == "success"
        assert posts(fake) == {"/prompt": 1, "cancel": 1}

    def test_an_old_server_is_interrupted_only_while_our_job_runs(self):
        with FakeComfyUI("0.3.64") as old:
            backend = ComfyUI(old.url, limits=msgspec.structs.replace(QUICK, resend_s=60))
            old.hold(step=2)
            theirs = old.queue_foreign()
            assert old.held.wait(60)
            with ThreadPoolExecutor(1) as node:
                future = node.submit(backend.generate, order())
                wait_until(lambda: old.waiting)
                backend.interrupt()
                with pytest.raises(Cancelled):
                    future.result(60)
            assert old.running == theirs
            assert (old.count("interrupt"), old.count("/queue")) == (0, 1)
            old.release()
            wait_until(lambda: is_idle(old))
            old.hold(step=3)
            with ThreadPoolExecutor(1) as node:
                future = node.submit(backend.generate, order())
                assert old.held.wait(60)
                backend.interrupt()
                with pytest.raises(Cancelled):
                    future.result(60)
            assert [seen.body for seen in old.posts if seen.path == "/interrupt"] == [{"prompt_id": old.runs[-1]}]
            backend.close()

    def test_nothing_that_names_no_job_is_ever_sent(self, fake, make):
        backend = make()
        fake.hold(step=3)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            assert fake.held.wait(60)
            backend.interrupt()
            with pytest.raises(Cancelled):
                future.result(60)
        for seen in fake.posts:
            assert seen.path not in ("/free", "/history")
            if seen.path in ("/queue", "/interrupt"):
                assert seen.body.get("prompt_id") or seen.body.get("delete")
                assert "clear" not in seen.body

    def test_a_stop_while_a_model_loads_is_sent_again_until_it_takes_effect(self, fake, make):
        backend = make(resend_s=0.05)
        fake.hold(step=0, loading=True)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            assert fake.held.wait(60)
            backend.interrupt()
            wait_until(lambda: posts(fake).get("cancel", 0) >= 2)
            fake.release()
            with pytest.raises(Cancelled):
                future.result(60)
        assert is_idle(fake)

    def test_a_stop_in_a_batch_keeps_the_pictures_that_are_whole_marked(self, fake, make):
        backend = make()
        work = order(**{"txt2img.batch_size": 3})
        with ThreadPoolExecutor(1) as node:
            fake.hold(step=6)
            future = node.submit(backend.generate, work)
            assert fake.held.wait(60)
            fake.hold(step=5)
            wait_until(lambda: len(fake.runs) == 2 and fake.held.is_set())
            backend.interrupt()
            made = future.result(60)
        fake.release()
        assert made.interrupted
        assert [image.suspect for image in made.images] == [("interrupted",)]
        assert "1 of 3 pictures came." in made.notes

    def test_a_job_that_could_not_be_cancelled_is_cancelled_before_the_next_one(self, fake, make):
        backend = make(progress_s=2.0, stall_s=0.2, control_s=2.0)
        fake.hold(step=2)
        fake.fault("hang", "/queue", times=99)
        fake.fault("hang", "/api/jobs", times=99)
        with pytest.raises(AnswerLost):
            backend.generate(order())
        assert fake.held.wait(60)
        (left,) = fake.runs
        assert (fake.running, posts(fake)) == (left, {"/prompt": 1, "cancel": 1})
        fake.clear_faults()
        fake.hold(step=5)  # which the next job, of three steps, never comes to
        assert backend.generate(order(**{"txt2img.steps": 3})).images[0].suspect == ()
        assert [seen.path for seen in fake.posts[-2:]] == [f"/api/jobs/{left}/cancel", "/prompt"]
        assert fake.history[left]["status"]["status_str"] == "error"

    @pytest.mark.parametrize("route", ["/view", "/upload"])
    def test_a_stop_ends_a_picture_that_does_not_come_or_go(self, fake, make, route):
        backend = make(options_s=60)
        fake.fault("hang", route)
        with ThreadPoolExecutor(1) as node:
            stage = order("img2img", image=picture()) if route == "/upload" else order()
            future = node.submit(backend.generate, stage)
            wait_until(lambda: [*fake.gets, *(seen.path for seen in fake.posts)].count(f"{ROUTES[route]}"))
            wait_until(lambda: backend.progress() is None)
            backend.interrupt()
            with pytest.raises(Cancelled):
                future.result(60)
        assert is_idle(fake)

    @pytest.mark.parametrize(("version", "route"), [("0.33.0", "/cancel"), ("0.3.64", "/interrupt")])
    def test_a_job_that_was_told_to_stop_is_not_said_to_go_on_when_the_program_ends_first(self, version, route, caplog):
        with FakeComfyUI(version) as slow:
            backend = ComfyUI(slow.url, limits=QUICK)
            slow.hold(step=0, loading=True)  # a stop acts only once the model is loaded
            with ThreadPoolExecutor(1) as node:
                future = node.submit(backend.generate, order())
                assert slow.held.wait(60)
                backend.interrupt()
                wait_until(lambda: slow.count(route))
                asked = len(slow.gets)
                wait_until(lambda: len(slow.gets) > asked)
                backend.close()
                with pytest.raises(Cancelled, match="was closed"):
                    future.result(60)
            slow.release()
            wait_until(lambda: is_idle(slow))
            assert slow.history[slow.runs[0]]["status"]["status_str"] == "error"
        assert not caplog.messages

    def test_closing_ends_a_running_generate(self, fake, make):
        backend = make()
        fake.hold(step=2)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            assert fake.held.wait(60)
            backend.close()
            with pytest.raises(AnswerLost, match="was closed"):
                future.result(60)
        fake.release()
        wait_until(lambda: is_idle(fake))
