"""Every way a ComfyUI fails, seen from a job: exactly one end, one record, and nothing left on the server."""

from __future__ import annotations

import msgspec
import pytest
from conftest import wait_until
from fake_comfyui import FAULTS, RUN_FAULTS, FakeComfyUI
from jobs import LATER, QUICK, Workshop, in_thread, job

from stablenew_tk.backends.comfyui.backend import ComfyUI
from stablenew_tk.pipeline.messages.jobs import ImageSaved, JobEnded

# fault of the answer to a graph: (status, error, graphs sent, attempts in the record)
LOST = ("failed", "AnswerLost", 2, 0)
AGAIN = ("ok", "", 2, 2)
FOUND = ("ok", "", 1, 1)
REFUSED = ("failed", "Refused", 1, 0)
LOGIN = ("failed", "AccessDenied", 1, 0)
ANSWERS = {
    "reset": AGAIN, "html-502": AGAIN, "not-json": AGAIN, "empty": AGAIN,
    # The server has the job: it is found by its id.
    "reset-after": FOUND, "cut": FOUND, "nan": FOUND,
    "hang": LOST,
    "500": ("failed", "EngineFault", 1, 0),
    "html": REFUSED, "413": REFUSED, "partial": REFUSED,
    "401": LOGIN, "403": LOGIN, "redirect": LOGIN,
    "404": ("failed", "NotReady", 1, 0),
}  # fmt: skip
# fault of the picture's own answer: (status, error, graphs sent, attempts)
PICTURES = {
    "truncated-png": FOUND, "flipped-png": FOUND, "not-an-image": FOUND, "cut": FOUND, "reset": FOUND, "404": AGAIN,
}  # fmt: skip
# what happens to the run: (status, error, graphs sent, code among the suspects)
ENGINE = ("failed", "EngineFault", 1, "")
RUNS = {
    "oom": ("ok", "", 2, ""), "oom-gpu": ("ok", "", 2, ""), "broken-checkpoint": ENGINE, "interrupted": ENGINE,
    "no-output": ("ok", "", 2, ""), "file-gone": ("ok", "", 2, ""),
    "other-steps": ("ok", "", 1, "mismatch:txt2img.steps"), "other-seed": ("ok", "", 1, "mismatch:"),
    "other-checkpoint": ("ok", "", 1, "mismatch:checkpoint"), "black": ("ok", "", 1, "black"),
    "no-metadata": ("ok", "", 1, ""), "history-cleared": ("ok", "", 1, ""), "late-history": ("ok", "", 1, ""),
}  # fmt: skip
NAMES = {"checkpoint": "ink_model", "upscale.upscaler": "4x-UltraSharp"}


@pytest.fixture(params=["socket", "polled"])
def fake(request):
    with FakeComfyUI(socket=request.param == "socket") as server:
        yield server


@pytest.fixture
def shop(fake, tmp_path, request):
    """A workshop whose backend waits a while for an answer that would hang, and long for everything else."""
    name = getattr(request.node, "callspec", None) and request.node.callspec.params.get("name")
    limits = msgspec.structs.replace(QUICK, lists_s=3.0) if name == "hang" else QUICK
    made = Workshop(tmp_path, ComfyUI(fake.url, limits=limits))
    made.backend.check()
    yield made
    made.backend.close()


def holds(fake, shop, record, row):
    status, error, graphs, doubt = row
    assert (record.status, record.error.error if record.error else "") == (status, error)
    assert fake.count("/prompt") == graphs
    assert len({seen.body["prompt_id"] for seen in fake.posts if seen.path == "/prompt"}) == graphs
    assert len(record.outputs) == len(shop.told(ImageSaved)) == (status == "ok")
    if isinstance(doubt, str):
        assert all(
            doubt in " ".join(output.suspect) and bool(output.suspect) == bool(doubt) for output in record.outputs
        )
    elif status == "ok":
        assert record.stage_results[0].attempts == doubt
    if error:
        assert (record.error.stage, record.error.message[-1]) == ("txt2img", ".") or record.error.message[-1] == "?"
        assert "Traceback" not in record.error.message
    wait_until(lambda: not fake.running and not fake.waiting)


def test_no_fault_of_the_fake_is_left_out():
    assert set(ANSWERS) | set(PICTURES) == FAULTS
    assert set(RUNS) == RUN_FAULTS


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_an_answer_that_fails_ends_in_one_record_and_nothing_is_left_on_the_server(fake, shop, name):
    fake.fault(name, times=9 if name == "hang" else 1)
    holds(fake, shop, shop.run(job(**NAMES)), ANSWERS[name])
    fake.clear_faults()
    assert shop.run(job(**NAMES)).status == "ok"


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_a_picture_that_does_not_come_whole_ends_in_one_record(fake, shop, name):
    fake.fault(name, "/view")
    holds(fake, shop, shop.run(job(**NAMES)), PICTURES[name])


@pytest.mark.parametrize("name", sorted(RUNS))
def test_a_run_that_fails_ends_in_one_record_and_the_next_job_is_made(fake, shop, name):
    fake.run_fault(name)
    # Who only asks sees a job that is nowhere any more.
    is_unheard = name == "history-cleared" and not fake.has_socket
    holds(fake, shop, shop.run(job(**NAMES)), ENGINE if is_unheard else RUNS[name])
    assert shop.run(job(seed=8, **NAMES)).outputs[0].suspect == ()


@pytest.mark.parametrize("name", ["500", "html", "401", "partial"])
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_failure_in_any_stage_keeps_what_was_made_before_it(fake, shop, name, nth):
    fake.fault(name, nth=nth)
    record = shop.run(job(**LATER, **NAMES))
    assert record.status == ("failed" if nth == 1 else "partial")
    assert len(record.outputs) == len(shop.told(ImageSaved)) == nth - 1
    assert record.error.stage == ("txt2img", "img2img", "adetailer", "upscale")[nth - 1]
    assert fake.count("/prompt") == nth


def test_a_run_that_fails_in_a_later_stage_keeps_the_first_picture(fake, shop):
    fake.hold(step=4)
    with in_thread(shop.run, job(**LATER, **NAMES)) as done:
        assert fake.held.wait(60)
        # The first run has passed the point where its fault is chosen.
        fake.run_fault("interrupted")
        fake.release()
        wait_until(lambda: done)
    assert (done[0].status, done[0].error.error, len(done[0].outputs)) == ("partial", "EngineFault", 1)
    assert len(shop.told(JobEnded)) == 1
    assert fake.count("/prompt") == 2


def test_nobody_there_is_one_record_and_no_post(fake, shop):
    fake.go_down()
    record = shop.run(job(**NAMES))
    assert (record.status, record.error.error) == ("failed", "Unreachable")
    assert not fake.posts


def test_a_job_that_somebody_takes_out_of_the_queue_is_one_failed_job_and_theirs_goes_on(fake, shop):
    fake.hold(step=5)
    theirs = fake.queue_foreign()
    assert fake.held.wait(60)
    with in_thread(shop.run, job(**NAMES)) as done:
        wait_until(lambda: fake.waiting)
        seen = fake.gets.count("/queue")
        wait_until(lambda: fake.gets.count("/queue") > seen + 1)
        fake.take_out(fake.waiting[0])
        wait_until(lambda: done)
    assert (done[0].status, done[0].error.error, fake.count("/prompt")) == ("failed", "EngineFault", 1)
    assert "took the job out of the queue" in done[0].error.message
    assert fake.running == theirs
    fake.release()
    wait_until(lambda: theirs in fake.history)
    assert fake.history[theirs]["status"]["status_str"] == "success"
