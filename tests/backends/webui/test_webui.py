"""The WebUI backend against a server that behaves like the real ones: every measured trap, and the whole job."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from conftest import wait_until
from fake_webui import FakeWebUI, watched
from PIL import Image

from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.transport import Limits, parse_address
from stablenew_tk.backends.webui.backend import WebUI
from stablenew_tk.backends.webui.requests import REQUESTS, StageRequest
from stablenew_tk.domain.base.errors import AccessDenied, Cancelled, EngineFault, InvalidInput, NotReady, Refused
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.recipes.infotext import parse

SMALL = {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 12}
QUICK = Limits(resend_s=0.02, poll_s=0.01, preview_s=0, settle_s=5)


@pytest.fixture
def fake():
    with FakeWebUI() as server:
        yield server


@pytest.fixture
def backend(fake):
    made = WebUI(fake.url, limits=QUICK)
    made.check()
    return made


def order(stage="txt2img", *, image=b"", job="01J", **values):
    config = with_values(PipelineConfig(), {**SMALL, **values})
    return StageOrder(job_id=job, stage=stage, prompt="a boat", negative="fog", seed=7, config=config, image=image)


def post(fake, **body):
    """What another client of the same server would send."""
    small = {"prompt": "x", "steps": 1, "width": 64, "height": 64, "sampler_name": "Euler", "seed": 1}
    return requests.post(f"{fake.url}/sdapi/v1/txt2img", json=small | body, timeout=10).json()


class TestTheWholeJob:
    @pytest.mark.parametrize("mode", ["forge", "forge-ui", "a1111", "old-a1111", "sdnext"])
    def test_four_stages_feed_each_other(self, mode):
        values = {"checkpoint": "ink_model", "hires.enabled": True, "upscale.mode": "single"}
        values |= {"refiner.enabled": True, "refiner.checkpoint": "photo_model"}
        with FakeWebUI(mode) as fake:
            backend, picture = WebUI(fake.url), b""
            for stage in backend.check().stages:
                made = backend.generate(order(stage, image=picture, **values))
                assert made.images[0].suspect == ()
                picture = made.images[0].data
            assert (made.images[0].width, made.images[0].height) == (256, 256)
            assert (fake.count("txt2img"), fake.count("/img2img"), fake.count("extra-single-image")) == (1, 2, 1)

    def test_pictures_are_kept_byte_for_byte_with_their_text(self, fake, backend):
        picture = backend.generate(order()).images[0]
        with Image.open(io.BytesIO(picture.data), formats=("PNG",)) as image:
            assert image.info["parameters"] == picture.infotext
        assert parse(picture.infotext).values["Sampler"] == "Euler a"

    def test_an_upscale_that_paints_again_takes_two_requests_and_keeps_its_size(self, fake, backend):
        first = backend.generate(order()).images[0]
        made = backend.generate(order("upscale", image=first.data, **{"upscale.mode": "img2img", "upscale.scale": 1.5}))
        assert (made.images[0].width, made.images[0].height, made.images[0].suspect) == (96, 96, ())
        assert (fake.count("extra-single-image"), fake.count("/img2img")) == (1, 1)
        assert made.applied["upscale.upscaler"] == "R-ESRGAN 4x+"
        assert made.applied["upscale.denoise"] == 0.35

    def test_an_upscaler_that_changes_nothing_is_marked(self, fake, backend):
        first = backend.generate(order()).images[0]
        made = backend.generate(order("upscale", image=first.data, **{"upscale.upscaler": "None"}))
        assert "unchanged" in made.images[0].suspect

    def test_adetailer_that_found_nothing_is_told(self, fake, backend):
        first = backend.generate(order()).images[0]
        fake.fault("unchanged")
        made = backend.generate(order("adetailer", image=first.data))
        assert "found nothing" in made.notes[0]
        assert made.images[0].suspect == ()


class TestTheTwentyTraps:
    def test_01_02_hires_fix_works_on_forge_and_keeps_cfg(self, fake, backend):
        made = backend.generate(order(**{"hires.enabled": True, "txt2img.cfg_scale": 5.5}))
        assert made.images[0].suspect == ()
        assert made.applied["hires.cfg_scale"] == 5.5

    @pytest.mark.parametrize("name", ["euler", "k_euler", "Nonexistent"])
    def test_03_a_sampler_that_would_silently_become_another_is_never_sent(self, fake, backend, name):
        with pytest.raises(Refused, match=r"txt2img\.sampler"):
            backend.generate(order(**{"txt2img.sampler": name}))
        assert fake.count("txt2img") == 0
        assert '"sampler_name": "DPM++ 2M"' in post(fake, sampler_name=name)["info"]

    def test_04_a_checkpoint_that_would_be_dropped_is_never_sent(self, fake, backend):
        with pytest.raises(Refused, match="checkpoint"):
            backend.generate(order(checkpoint="nobody"))
        assert fake.count("txt2img") == 0

    def test_05_overrides_end_with_the_request(self, fake, backend):
        before = dict(fake.options)
        made = backend.generate(order(checkpoint="ink_model", clip_skip=3, vae="ae.safetensors"))
        assert (made.applied["checkpoint"], made.applied["clip_skip"]) == ("ink_model", 3)
        assert fake.options == before
        backend.generate(order(checkpoint="ink_model", clip_skip=3, vae="ae.safetensors"))
        assert fake.options == before
        assert fake.count("options") == 1

    def test_05_without_that_care_they_would_have_stayed(self, fake):
        post(fake, override_settings={"CLIP_stop_at_last_layers": 5})
        assert fake.options["CLIP_stop_at_last_layers"] == 5

    @pytest.mark.parametrize(("form", "suffix"), [("png", ".png"), ("jpg", ".jpg"), ("webp", ".webp")])
    def test_06_the_type_comes_from_the_bytes_and_the_text_is_found_in_each(self, fake, backend, form, suffix):
        fake.options["samples_format"] = form
        fake.fault("info-garbage")
        picture = backend.generate(order()).images[0]
        assert picture.suffix == suffix
        assert parse(picture.infotext).values["Seed"] == "7"

    def test_07_a_half_done_picture_is_marked_though_the_answer_looks_fine(self, fake, backend):
        fake.hold(step=6)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order(**{"txt2img.batch_size": 2}))
            fake.held.wait(10)
            backend.interrupt()
            made = future.result(10)
        assert made.interrupted
        assert all("interrupted" in picture.suspect for picture in made.images)
        assert fake.count("interrupt") == 1

    def test_09_somebody_elses_progress_is_not_shown_as_ours(self, fake, backend):
        with ThreadPoolExecutor(1) as node:
            with fake.busy_with_another():
                future = node.submit(backend.generate, order())
                wait_until(lambda: fake.count("txt2img") == 1)
                wait_until(lambda: (reported := backend.progress()) and reported.state == "waiting behind another job")
            assert future.result(10).images

    def test_10_a_failed_job_does_not_look_like_a_running_one(self):
        with FakeWebUI("forge-ui") as fake:
            backend = WebUI(fake.url, limits=QUICK)
            fake.fault("500")
            with pytest.raises(EngineFault):
                backend.generate(order())
            assert backend.progress() is None

    def test_11_while_the_api_is_missing_it_is_not_ready(self, fake):
        fake.ready = False
        with pytest.raises(NotReady):
            WebUI(fake.url).check()

    def test_12_internal_routes_are_only_used_where_they_are(self, fake, backend):
        with watched(backend):
            backend.generate(order())
        assert not [seen for seen in fake.posts if seen.path.startswith("/internal")]

    def test_13_checkpoints_keep_their_name_when_their_title_changes(self, fake, backend):
        before = backend.check().checkpoints
        backend.generate(order(checkpoint="ink_model"))
        titles = [row["title"] for row in requests.get(f"{fake.url}/sdapi/v1/sd-models", timeout=5).json()]
        assert "ink_model.safetensors [5f6a7b8c9d]" in titles
        assert backend.check().checkpoints == before == ("photo_model", "ink_model")
        assert backend.generate(order(checkpoint="ink_model")).images[0].suspect == ()

    def test_14_a_grid_in_front_is_dropped(self, fake, backend, monkeypatch):
        request = StageRequest(check=lambda config, facts: None, body=lambda order, facts, size: body, route="txt2img")
        monkeypatch.setitem(REQUESTS, "txt2img", request)
        body = {"prompt": "a boat", "seed": 7, "steps": 12, "width": 64, "height": 64, "batch_size": 2}
        body |= {"sampler_name": "Euler a", "save_images": True}
        made = backend.generate(order(**{"txt2img.batch_size": 2, "clip_skip": 1}))
        assert [picture.seed for picture in made.images] == [7, 8]

    def test_15_the_size_is_read_from_the_picture(self, fake, backend):
        fake.fault("other-size")
        made = backend.generate(order())
        assert (made.images[0].width, made.applied["txt2img.width"]) == (128, 128)
        assert made.images[0].suspect == ("size",)

    def test_16_info_is_read_from_its_string(self, fake, backend):
        assert backend.generate(order()).applied["checkpoint"] == "photo_model"

    def test_17_18_20_routes_and_fields_known_to_fail_are_not_used(self, fake, backend):
        backend.generate(order())
        assert not [path for path in fake.gets if "cmd-flags" in path]
        assert not [seen for seen in fake.posts if "png-info" in seen.path or "infotext" in seen.body]

    def test_19_a_wrong_login_is_noticed_although_extension_routes_let_it_pass(self):
        with FakeWebUI(auth="me:right") as fake:
            with pytest.raises(AccessDenied, match="login"):
                WebUI(fake.url, user="me", password="wrong").check()
            with pytest.raises(AccessDenied):
                WebUI(fake.url).check()
            assert WebUI(fake.url, user="me", password="right").check().samplers


class TestAutomatic:
    def test_a_scheduler_the_server_chose_for_automatic_is_no_mismatch(self, fake, backend):
        made = backend.generate(order(**{"txt2img.sampler": "DPM++ 2M"}))
        assert made.applied["txt2img.scheduler"] == "Karras"
        assert made.images[0].suspect == ()

    def test_scheduler_names_and_labels_are_one(self, fake, backend):
        made = backend.generate(order(**{"txt2img.scheduler": "sgm_uniform"}))
        assert made.images[0].suspect == ()

    def test_no_checkpoint_in_the_config_takes_what_is_loaded_and_tells_it(self, fake, backend):
        made = backend.generate(order())
        assert made.applied["checkpoint"] == "photo_model"
        assert made.images[0].suspect == ()

    def test_old_servers_get_the_joined_sampler(self):
        with FakeWebUI("old-a1111") as fake:
            values = {"txt2img.sampler": "DPM++ 2M", "txt2img.scheduler": "Karras"}
            made = WebUI(fake.url).generate(order(**values))
            assert fake.last("txt2img")["sampler_name"] == "DPM++ 2M Karras"
            assert "scheduler" not in fake.last("txt2img")
            assert made.images[0].suspect == ()


class TestCapabilities:
    @pytest.mark.parametrize(
        ("mode", "name", "has", "lacks"),
        [
            ("forge", "Forge · ", {"hires", "refiner", "vae", "checkpoint", "interrupt"}, set()),
            ("a1111", "WebUI · ", {"scheduler", "vae", "progress"}, set()),
            ("old-a1111", "WebUI · ", {"progress", "refiner"}, {"scheduler"}),
            ("sdnext", "SD.Next · ", {"interrupt", "progress"}, set()),
            (
                "sd-server",
                "sd-server · ",
                {"hires"},
                {"interrupt", "progress", "checkpoint", "refiner", "face_restore"},
            ),
            ("koboldcpp", "KoboldCpp · ", set(), {"interrupt", "progress", "checkpoint"}),
        ],
    )
    def test_they_follow_the_server(self, mode, name, has, lacks):
        with FakeWebUI(mode) as fake:
            found = WebUI(fake.url).check()
        assert found.name == f"{name}127.0.0.1:{fake.port}"
        assert has <= found.features
        assert not lacks & found.features

    def test_lists_hold_what_the_server_accepts(self, fake, backend):
        found = backend.check()
        assert found.loaded_checkpoint == "photo_model"
        assert found.hires_upscalers[0] == "Latent"
        assert "face_yolov8n.pt" in found.adetailer_models
        assert found.vaes[:2] == ("Automatic", "None")
        assert found.loras == ("inkwash", "paper grain")

    def test_without_adetailer_the_stage_is_missing(self):
        with FakeWebUI(adetailer=False) as fake:
            backend = WebUI(fake.url)
            assert "adetailer" not in backend.check().stages
            with pytest.raises(Refused, match="not installed"):
                backend.generate(order("adetailer", image=b"x"))

    def test_the_version_is_known_after_the_first_picture(self, fake, backend):
        backend.generate(order())
        assert backend.check().version.startswith("f2.0.1")

    def test_a_checkpoint_added_later_is_found_without_a_new_check(self, fake, backend):
        fake.models["new_model"] = "1111111111"
        assert backend.generate(order(checkpoint="new_model")).applied["checkpoint"] == "new_model"


class TestProgress:
    def test_it_shows_steps_and_a_preview(self, fake, backend):
        fake.hold(step=12)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            fake.held.wait(10)
            backend.progress()
            reported = backend.progress()
            fake.release()
            future.result(10)
        assert (reported.step, reported.steps) == (11, 12)
        assert 0.5 < reported.fraction <= 1
        assert reported.preview.startswith(b"\x89PNG")

    def test_previews_are_asked_for_rarely(self, fake):
        backend = WebUI(fake.url, limits=Limits(preview_s=1000))
        backend.check()
        fake.hold(step=12)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            fake.held.wait(10)
            for _ in range(5):
                backend.progress()
            fake.release()
            future.result(10)
        assert not [path for path in fake.gets if "skip_current_image=false" in path]


class TestInterrupt:
    def test_one_that_the_server_forgot_is_sent_again(self, fake, backend):
        fake.fault("forgotten", route="/sdapi/v1/interrupt", times=2)
        fake.hold(step=6)
        with ThreadPoolExecutor(1) as node, watched(backend):
            future = node.submit(backend.generate, order())
            fake.held.wait(10)
            backend.interrupt()
            assert future.result(10).interrupted
        assert fake.count("interrupt") == 3

    def test_it_is_not_sent_for_ever(self, fake, backend):
        fake.fault("forgotten", route="/sdapi/v1/interrupt", times=99)
        fake.hold(step=6)
        with ThreadPoolExecutor(1) as node, watched(backend) as reported:
            future = node.submit(backend.generate, order())
            fake.held.wait(10)
            backend.interrupt()
            wait_until(lambda: fake.count("interrupt") == 6)
            seen = len(reported)
            wait_until(lambda: len(reported) > seen + 20)
            fake.release()
            future.result(10)
        assert fake.count("interrupt") == 6

    @pytest.mark.parametrize("mode", ["forge", "forge-ui", "sdnext"])
    def test_somebody_elses_job_is_never_interrupted(self, mode):
        with FakeWebUI(mode) as fake:
            backend = WebUI(fake.url, limits=QUICK)
            backend.check()
            with ThreadPoolExecutor(1) as node, watched(backend) as reported:
                with fake.busy_with_another():
                    future = node.submit(backend.generate, order(**{"txt2img.steps": 150}))
                    wait_until(lambda: fake.count("txt2img") == 1)
                    backend.interrupt()
                    seen = len(reported)
                    wait_until(lambda: len(reported) > seen + 10)
                    assert fake.count("interrupt") == 0
                    fake.hold(step=90)
                assert future.result(10).interrupted
            assert fake.count("interrupt") >= 1

    def test_between_two_requests_of_a_stage_it_cancels(self, fake, backend):
        source = backend.generate(order()).images[0].data
        fake.hold(step=1)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order("upscale", image=source, **{"upscale.mode": "img2img"}))
            fake.held.wait(10)
            backend.interrupt()
            with pytest.raises(Cancelled):
                future.result(10)
        assert fake.count("/img2img") == 0

    def test_a_server_that_cannot_be_interrupted_is_left_alone(self):
        with FakeWebUI("sd-server") as fake:
            backend = WebUI(fake.url)
            backend.check()
            fake.hold(step=3)
            with ThreadPoolExecutor(1) as node:
                future = node.submit(backend.generate, order())
                fake.held.wait(10)
                backend.interrupt()
                with pytest.raises(Cancelled, match="cannot be interrupted"):
                    future.result(10)
                fake.release()


class TestAddresses:
    @pytest.mark.parametrize(
        ("typed", "base"),
        [
            ("127.0.0.1:7860", "http://127.0.0.1:7860"),
            (" http://127.0.0.1:7860/ ", "http://127.0.0.1:7860"),
            ("https://me:pa%40ss@gpu.example/sd/sdapi/", "https://gpu.example/sd"),
            ("http://[::1]:7860/sdapi/v1", "http://[::1]:7860"),
        ],
    )
    def test_what_people_type_is_understood(self, typed, base):
        assert parse_address(typed).base == base

    @pytest.mark.parametrize("typed", ["", "ftp://x", "http://", "http://x:99999999"])
    def test_what_is_no_address_is_said_so(self, typed):
        with pytest.raises(InvalidInput):
            WebUI(typed)

    def test_credentials_in_the_address_are_used_and_never_shown(self, caplog):
        caplog.set_level("DEBUG")
        with FakeWebUI(auth="me:s3cr@t") as fake:
            backend = WebUI(f"http://me:s3cr%40t@127.0.0.1:{fake.port}")
            backend.check()
            fake.fault("redirect")
            with pytest.raises(Refused) as caught:
                backend.generate(order())
        shown = f"{backend.name} {caught.value} {caplog.text} {parse_address('http://me:s3cr%40t@x')}"
        assert "s3cr" not in shown
        assert "me:" not in backend.name
