"""Every way a WebUI fails, seen from a job: exactly one end, one record, no picture asked for once too often."""

from __future__ import annotations

import pytest
from both_servers import settings_of
from conftest import wait_until
from fake_webui import FAULTS, FakeWebUI, watched
from jobs import LATER, Workshop, in_thread, job, webui

from stablenew_tk.backends.webui.backend import WebUI
from stablenew_tk.pipeline.messages.jobs import ImageSaved, JobEnded

# fault: (status, error, posts of txt2img, code among the suspects)
LOST = ("failed", "AnswerLost", 1, "")
AGAIN = ("ok", "", 2, "")
FINE = ("ok", "", 1, "")
REFUSED = ("failed", "Refused", 1, "")
FAULT = ("failed", "EngineFault", 1, "")
LOGIN = ("failed", "AccessDenied", 1, "")
TABLE = {
    "reset": AGAIN, "reset-after": AGAIN, "reset-running": AGAIN, "keepalive-closed": AGAIN, "early-eof": AGAIN,
    "cut": AGAIN, "cut-chunked": AGAIN, "cut-nolength": AGAIN, "empty": AGAIN, "not-json": AGAIN, "nan": AGAIN,
    "truncated-base64": AGAIN, "truncated-png": AGAIN, "flipped-png": AGAIN, "trailing-png": AGAIN,
    "not-an-image": AGAIN, "no-images": AGAIN, "null-images": AGAIN,
    "hang": LOST, "drip": LOST, "drip-headers": LOST, "gzip-bomb": LOST, "huge-length": LOST, "many-headers": LOST,
    "long-header": LOST, "html-502": LOST,
    "500": FAULT, "oom": FAULT, "oom-a1111": FAULT, "oom-dead": FAULT,
    "400": REFUSED, "422": REFUSED, "html": REFUSED, "redirect": REFUSED, "other-protocol": REFUSED,
    "404": ("failed", "NotReady", 1, ""), "401": LOGIN, "403": LOGIN,
    "login-page": LOGIN, "403-page": LOGIN, "plain-404": REFUSED,
    "data-url": FINE, "folded-base64": FINE, "chunked": FINE, "gzipped": FINE, "info-garbage": FINE,
    "fewer-images": ("ok", "", 1, "interrupted"),
    "forgotten": FINE, "unchanged": FINE,
    "black": ("ok", "", 1, "black"),
    "other-sampler": ("ok", "", 1, "mismatch:txt2img.sampler"),
    "other-scheduler": ("ok", "", 1, "mismatch:txt2img.scheduler"),
    "other-steps": ("ok", "", 1, "mismatch:txt2img.steps"),
    "other-cfg": ("ok", "", 1, "mismatch:txt2img.cfg_scale"),
    "other-seed": ("ok", "", 1, "mismatch:seed"),
    "other-checkpoint": ("ok", "", 1, "mismatch:checkpoint"),
    "other-size": ("ok", "", 1, "size"),
    "no-vae": ("ok", "", 1, "mismatch:vae"),
    "keeps-overrides": FINE,
    "endless-text": FINE,
    "nan-cfg": FINE,
    "no-hires": ("ok", "", 1, "mismatch:hires.scale"),
    "other-denoise": ("ok", "", 1, "mismatch:hires.denoise"),
    "no-variation": ("ok", "", 1, "mismatch:txt2img.subseed_strength"),
    "no-mask": FINE, "no-controlnet": FINE, "own-sampler": FINE,
    "no-styles": ("ok", "", 1, "mismatch:styles"),
    "plain-hires": ("ok", "", 1, "mismatch:hires.sampler"),
}  # fmt: skip
HANGING = ("hang", "drip", "drip-headers")
VALUES = {
    "checkpoint": "ink_model",
    "vae": "ae.safetensors",
    "txt2img.scheduler": "Karras",
    "txt2img.batch_size": 2,
    "hires.enabled": True,
    "hires.sampler": "Heun",
    "styles": "Ink",
    "txt2img.subseed": 3,
    "txt2img.subseed_strength": 0.2,
}


@pytest.fixture
def fake():
    with FakeWebUI() as server:
        yield server


@pytest.fixture
def shop(fake, tmp_path, request):
    """A workshop whose backend waits a while for what would hang, and as long as it takes for everything else."""
    name = getattr(request.node, "callspec", None) and request.node.callspec.params.get("name")
    made = Workshop(tmp_path, webui(fake, total_s=5.0 if name in HANGING else 60.0, picture_bytes=1 << 22))
    yield made
    made.backend.close()


def test_no_fault_of_the_fake_is_left_out():
    assert set(TABLE) == FAULTS


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_failure_ends_in_one_record_and_the_right_number_of_posts(fake, shop, name):
    status, error, posts, doubt = TABLE[name]
    before = settings_of(fake)
    fake.fault(name)
    with watched(shop.backend):
        record = shop.run(job(**VALUES))
    assert (record.status, record.error.error if record.error else "") == (status, error)
    assert fake.count("txt2img") == posts
    assert not doubt or all(doubt in output.suspect for output in record.outputs)
    assert len(record.outputs) == (0 if error else 1 if name == "fewer-images" else 2)
    assert {body["seed"] for path, body in fake.posts if path.endswith("txt2img")} == {7}
    wait_until(lambda: not fake.busy)
    assert settings_of(fake) == before


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row[1] and "drip" not in name])
def test_every_failure_is_a_sentence_that_names_the_stage_and_the_next_job_is_made(fake, shop, name):
    fake.fault(name)
    with watched(shop.backend):
        failed = shop.run(job())
    assert failed.error.stage == "txt2img"
    assert failed.error.message.endswith((".", "?"))
    assert "Traceback" not in failed.error.message
    if name != "oom-dead":
        assert shop.run(job()).status == "ok"
    assert len(shop.records()) == 2 - (name == "oom-dead")


@pytest.mark.parametrize("name", ["500", "oom", "html", "422", "401", "redirect"])
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_failure_in_any_stage_keeps_what_was_made_before_it(fake, shop, name, nth):
    fake.fault(name, nth=nth)
    with watched(shop.backend):
        record = shop.run(job(**LATER))
    assert record.status == ("failed" if nth == 1 else "partial")
    assert len(record.outputs) == len(shop.told(ImageSaved)) == nth - 1
    assert record.error.stage == ("txt2img", "img2img", "adetailer", "upscale")[nth - 1]
    assert sum(fake.count(route) for route in ("txt2img", "img2img", "extra-single-image")) == nth


@pytest.mark.parametrize("name", ["cut", "reset", "truncated-png"])
def test_what_breaks_twice_is_given_up_after_two_posts(fake, shop, name):
    fake.fault(name, times=99)
    with watched(shop.backend):
        record = shop.run(job())
    assert (record.status, fake.count("txt2img")) == ("failed", 2)
    assert record.error.error in ("AnswerLost", "BadImage")
    assert record.error.retryable


def test_a_second_attempt_stands_in_the_record(fake, shop):
    fake.fault("cut")
    stage = shop.run(job()).stage_results[0]
    assert stage.attempts == 2
    assert "made again with the same seed" in stage.notes[0]


def test_nobody_there_is_one_record_and_no_post(fake, shop):
    fake.go_down()
    record = shop.run(job())
    assert (record.status, record.error.error) == ("failed", "Unreachable")
    assert not fake.posts


def test_a_server_that_is_still_starting_is_told_apart(fake, shop):
    fake.ready = False
    record = shop.run(job())
    assert (record.error.error, fake.count("txt2img")) == ("NotReady", 0)
    assert "--api" in record.error.message


def test_a_login_in_the_address_is_in_no_record_and_no_event(tmp_path):
    with FakeWebUI(auth="anna:secret-word") as server:
        backend = WebUI(server.url, user="anna", password="wrong-word")
        shop = Workshop(tmp_path, backend)
        record = shop.run(job())
        backend.close()
    assert record.error.error == "AccessDenied"
    assert "wrong-word" not in repr(shop.events) + repr(record)


def test_out_of_memory_says_what_to_do(fake, shop):
    fake.fault("oom")
    assert "smaller size or batch" in shop.run(job()).error.message


def test_a_server_that_dies_under_the_work_is_one_failed_job(fake, shop):
    fake.fault("reset-running")
    fake.hold(step=3)
    with watched(shop.backend), in_thread(shop.run, job()) as done:
        fake.held.wait(60)
        fake.go_down()
        wait_until(lambda: done)
    assert done[0].status == "failed"
    assert len(shop.told(JobEnded)) == 1


@pytest.mark.parametrize(
    "values",
    [{"upscale.upscaler": "Nobody"}, {"img2img.sampler": "Nobody"}, {"adetailer.passes.0.model": "nobody.pt"}],
)
def test_a_later_stage_that_cannot_be_made_is_refused_before_the_first_is_paid_for(fake, shop, values):
    record = shop.run(job(**{**LATER, **values}))
    assert (record.status, record.error.error, record.outputs) == ("failed", "Refused", ())
    assert next(iter(values)) in record.error.message
    assert fake.posts == []
