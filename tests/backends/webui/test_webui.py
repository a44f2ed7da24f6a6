"""The WebUI backend against a server that behaves like the real ones: every measured trap, and the whole job."""

from __future__ import annotations

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import msgspec
import pytest
import requests
from both_servers import settings_of
from conftest import wait_until
from fake_webui import FakeWebUI, watched
from jobs import QUICK
from PIL import Image, ImageChops

from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.transport import Limits, parse_address
from stablenew_tk.backends.webui.backend import WebUI
from stablenew_tk.backends.webui.requests import REQUESTS, StageRequest
from stablenew_tk.domain.base.errors import (
    AccessDenied,
    Cancelled,
    EngineFault,
    InvalidInput,
    NotReady,
    Refused,
    StillWorking,
)
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.controlnet import ControlInput, ControlUnit
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.recipes.infotext import parse

SMALL = {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 12}


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
    return requests.post(f"{fake.url}/sdapi/v1/txt2img", json=small | body, timeout=60).json()


class TestTheWholeJob:
    @pytest.mark.parametrize("mode", ["forge", "forge-ui", "a1111", "old-a1111", "sdnext", "sdnext-docs"])
    def test_four_stages_feed_each_other(self, mode):
        values = {"checkpoint": "ink_model", "hires.enabled": True, "upscale.mode": "single"}
        values |= {"refiner.enabled": True, "refiner.checkpoint": "photo_model"}
        if mode.startswith("sdnext"):
            # Its refiner is a setting, and it has latent upscalers of its own.
            values |= {"refiner.enabled": False, "hires.upscaler": "Latent Nearest", "clip_skip": 2}
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
        assert made.applied["upscale.upscaler"] == "Lanczos"
        assert made.applied["upscale.denoise"] == 0.35

    @pytest.mark.parametrize("mode", ["single", "img2img"])
    @pytest.mark.parametrize(("width", "scale"), [(72, 1.3), (104, 1.7), (64, 2.0), (200, 3.99)])
    def test_a_size_that_the_server_cuts_to_whole_eights_is_no_alarm(self, fake, backend, mode, width, scale):
        first = backend.generate(order(**{"txt2img.width": width, "txt2img.height": 200})).images[0]
        made = backend.generate(order("upscale", image=first.data, **{"upscale.mode": mode, "upscale.scale": scale}))
        size = (made.images[0].width, made.images[0].height)
        assert (size, made.images[0].suspect) == ((width * scale // 8 * 8, 200 * scale // 8 * 8), ())

    @pytest.mark.parametrize("mode", ["single", "img2img"])
    def test_an_upscaler_without_its_weights_is_recorded_as_what_really_ran(self, fake, backend, mode):
        values = {"upscale.mode": mode, "upscale.upscaler": "R-ESRGAN 4x+"}
        first = backend.generate(order()).images[0]
        made = backend.generate(order("upscale", image=first.data, **values))
        assert (made.applied["upscale.upscaler"], made.images[0].suspect) == ("R-ESRGAN 4x+", ())
        fake.without_weights = {"R-ESRGAN 4x+"}
        made = backend.generate(order("upscale", image=first.data, **values))
        assert made.applied["upscale.upscaler"] == "Lanczos"
        assert made.images[0].suspect == ("mismatch:upscale.upscaler",)
        assert "'R-ESRGAN 4x+' was asked, the server used 'Lanczos'" in " ".join(made.notes)

    def test_a_server_that_cannot_enlarge_gets_the_picture_enlarged_here(self):
        with FakeWebUI("sd-server") as fake:
            backend = WebUI(fake.url, limits=QUICK)
            found = backend.check()
            first = backend.generate(order()).images[0]
            assert found.upscalers == ("Lanczos",)
            made = backend.generate(order("upscale", image=first.data, **{"upscale.mode": "img2img"}))
            sent = base64.b64decode(fake.last("/img2img")["init_images"][0])
            with Image.open(io.BytesIO(sent), formats=("PNG",)) as image:
                assert image.size == (128, 128)
            assert (made.applied["upscale.upscaler"], made.images[0].suspect) == ("Lanczos", ())
            values = {"upscale.mode": "img2img", "upscale.upscaler": "ESRGAN_4x"}
            with pytest.raises(Refused, match=r"upscale\.upscaler"):
                backend.generate(order("upscale", image=first.data, **values))

    def test_a_size_beyond_that_is_one(self, fake, backend):
        first = backend.generate(order()).images[0]
        fake.fault("other-size")
        made = backend.generate(order("upscale", image=first.data, **{"upscale.scale": 1.5}))
        assert made.images[0].suspect == ("size",)

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


OWN_PASS = {
    "hires.enabled": True,
    "hires.sampler": "Heun",
    "hires.scheduler": "Karras",
    "hires.checkpoint": "ink_model",
    "hires.prompt": "a ship: tall, dark",
    "hires.negative": "mist",
}


class TestOwnSecondPass:
    def test_what_it_used_is_told_and_compared(self, fake, backend):
        made = backend.generate(order(**OWN_PASS))
        assert made.images[0].suspect == ()
        for path, value in OWN_PASS.items():
            assert path == "hires.enabled" or made.applied[path] == made.asked[path] == value, path

    def test_what_it_shares_with_the_first_pass_is_told_by_name(self, fake, backend):
        made = backend.generate(order(**{"hires.enabled": True, "txt2img.scheduler": "Beta"}))
        for told in (made.asked, made.applied):
            assert (told["hires.sampler"], told["hires.scheduler"]) == ("Euler a", "Beta")
            assert "hires.prompt" not in told
        assert made.images[0].suspect == ()

    def test_a_server_that_ignores_it_is_found_out(self, fake, backend):
        fake.fault("plain-hires")
        made = backend.generate(order(**OWN_PASS))
        assert set(made.images[0].suspect) == {f"mismatch:{path}" for path in OWN_PASS if path != "hires.enabled"}
        assert "hires.prompt: 'a ship: tall, dark' was asked" in " ".join(made.notes)

    @pytest.mark.parametrize("path", ["hires.sampler", "hires.checkpoint"])
    def test_a_name_that_would_fail_after_the_first_pass_is_refused_before_it(self, fake, backend, path):
        with pytest.raises(Refused, match=f"^{path}"):
            backend.generate(order(**{"hires.enabled": True, path: "nobody"}))
        assert fake.count("txt2img") == 0

    def test_the_words_of_the_page_mean_nothing_to_the_server(self, fake):
        hires = {"enable_hr": True, "hr_additional_modules": ["Use same choices"], "hr_upscaler": "Latent"}
        answer = requests.post(
            f"{fake.url}/sdapi/v1/txt2img",
            json={"steps": 1, "width": 64, "height": 64, "hr_sampler_name": "Use same sampler", **hires},
            timeout=60,
        )
        assert (answer.status_code, answer.json()["message"]) == (500, "bad sampler name: Use same sampler")

    def test_texts_that_an_extension_rewrote_are_no_alarm(self, fake, backend):
        fake.rewrites = ("tall", "small")
        made = backend.generate(msgspec.structs.replace(order(**OWN_PASS), prompt="a tall boat"))
        assert parse(made.images[0].infotext).prompt == "a small boat"
        assert (made.images[0].suspect, "hires.prompt" in made.applied) == ((), False)

    def test_a_lora_in_its_prompt_that_the_server_lacks_is_told(self, fake, backend):
        made = backend.generate(order(**{"hires.enabled": True, "hires.prompt": "a ship <lora:nobody:1>"}))
        assert "nobody" in " ".join(made.notes)


def test_clip_skip_0_uses_the_servers_and_tells_it(fake, backend):
    fake.choose(CLIP_stop_at_last_layers=4)
    before, posts = dict(fake.options), fake.count("options")
    made = backend.generate(order(clip_skip=0))
    assert (made.applied["clip_skip"], made.images[0].suspect, made.notes) == (4, (), ())
    assert "clip_skip" not in made.asked
    assert "CLIP_stop_at_last_layers" not in (fake.last("txt2img").get("override_settings") or {})
    assert (fake.options, fake.count("options")) == (before, posts)


def mask(size=(64, 64), box=(0, 0, 32, 64)):
    """White in a box, black around it."""
    image = Image.new("L", size)
    if box:
        image.paste(255, box)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class TestInpainting:
    @pytest.fixture
    def first(self, backend):
        return backend.generate(order()).images[0]

    def masked(self, first, data=None, **values):
        asked = {"inpaint.enabled": True, "inpaint.mask": "m.png", "img2img.denoise": 0.9}
        asked |= {f"inpaint.{name}": value for name, value in values.items()}
        made = order("img2img", image=first.data, **asked)
        return msgspec.structs.replace(made, mask=data or mask())

    @pytest.mark.parametrize("invert", [False, True])
    def test_only_what_is_white_is_painted_anew(self, backend, first, invert):
        made = backend.generate(self.masked(first, invert=invert)).images[0]
        with Image.open(io.BytesIO(first.data)) as before, Image.open(io.BytesIO(made.data)) as after:
            halves = [
                ImageChops.difference(before, after).crop(box).getbbox() for box in ((0, 0, 32, 64), (32, 0, 64, 64))
            ]
        assert [bool(half) for half in halves] == [not invert, invert]

    def test_all_of_its_settings_are_sent_and_told(self, fake, backend, first):
        values = {"mask_blur": 8, "content": "latent noise", "area": "only masked", "padding": 48, "invert": True}
        made = backend.generate(self.masked(first, **values))
        sent = fake.last("img2img")
        keys = (
            "mask_blur",
            "inpainting_fill",
            "inpaint_full_res",
            "inpaint_full_res_padding",
            "inpainting_mask_invert",
        )
        assert [sent[key] for key in keys] == [8, 2, True, 48, 1]
        assert base64.b64decode(sent["mask"]) == mask()
        assert made.images[0].suspect == ()
        for name, value in values.items():
            assert made.asked[f"inpaint.{name}"] == made.applied[f"inpaint.{name}"] == value

    def test_what_is_usual_is_not_written_and_known_all_the_same(self, backend, first):
        made = backend.generate(self.masked(first))
        assert (made.applied["inpaint.content"], made.applied["inpaint.area"]) == ("original", "whole picture")
        assert (made.images[0].suspect, made.notes) == ((), ())

    def test_a_blank_mask_with_only_masked_is_found_out(self, backend, first):
        made = backend.generate(self.masked(first, mask(box=None), area="only masked"))
        assert made.images[0].suspect == ("mismatch:inpaint.area",)

    def test_a_server_that_says_nothing_of_a_mask_is_told_and_is_no_alarm(self, fake, backend, first):
        fake.fault("no-mask")
        made = backend.generate(self.masked(first))
        assert made.images[0].suspect == ()
        assert "could not be checked" in " ".join(made.notes)

    def test_a_mask_of_another_size_is_refused_before_anything_is_sent(self, fake, backend, first):
        with pytest.raises(Refused, match=r"^inpaint\.mask: the mask has 32 × 64 pixels and the picture 64 × 64"):
            backend.generate(self.masked(first, mask((32, 64))))
        assert fake.count("img2img") == 0

    def test_nothing_of_it_is_sent_when_it_is_off(self, fake, backend, first):
        backend.generate(order("img2img", image=first.data, **{"inpaint.mask": "m.png"}))
        assert not {"mask", "mask_blur", "inpainting_fill"} & fake.last("img2img").keys()

    def test_a_server_without_all_of_it_refuses_before_txt2img(self):
        with FakeWebUI("sd-server") as server:
            backend = WebUI(server.url, limits=QUICK)
            assert "inpaint" not in backend.check().features
            work = order(**{"inpaint.enabled": True, "inpaint.mask": "m.png"})
            with pytest.raises(Refused, match=r"^inpaint\.enabled: "):
                backend.generate(msgspec.structs.replace(work, later=("img2img",)))
            backend.close()
            assert server.count("txt2img") == 0


class TestControlNet:
    CANNY = ControlUnit(
        module="canny", model="control_canny", weight=0.8, guidance_end=0.6, resize_mode="Crop and Resize"
    )

    def guided(self, *units, stage="txt2img", image=b"", picture=None):
        inputs = tuple(ControlInput(unit, mask() if picture is None else picture) for unit in units)
        return msgspec.structs.replace(order(stage, image=image, controlnet="/units.json"), units=inputs)

    def test_units_are_sent_with_their_pictures_and_told(self, fake, backend):
        made = backend.generate(self.guided(self.CANNY, ControlUnit(module="depth_midas")))
        first, second = fake.last("txt2img")["alwayson_scripts"]["ControlNet"]["args"]
        assert base64.b64decode(first.pop("image")) == mask()
        assert first == {
            "enabled": True,
            "module": "canny",
            "model": "control_canny",
            "weight": 0.8,
            "guidance_end": 0.6,
            "resize_mode": "Crop and Resize",
        }
        assert (second["module"], second["model"], second["weight"]) == ("depth_midas", "None", 1.0)
        assert len(made.images) == 1
        assert (made.images[0].suspect, made.applied["controlnet"]) == ((), "/units.json")

    def test_img2img_is_guided_too_and_needs_no_picture_of_its_own(self, fake, backend):
        first = backend.generate(order()).images[0]
        made = backend.generate(self.guided(self.CANNY, stage="img2img", image=first.data, picture=b""))
        assert "image" not in fake.last("img2img")["alwayson_scripts"]["ControlNet"]["args"][0]
        assert made.images[0].suspect == ()

    def test_a_server_that_left_them_out_is_found_out(self, fake, backend):
        fake.fault("no-controlnet")
        made = backend.generate(self.guided(self.CANNY))
        assert made.images[0].suspect == ("mismatch:controlnet",)

    @pytest.mark.parametrize(
        ("unit", "picture", "says"),
        [
            (ControlUnit(module="nobody"), None, "unit 1, module: .* has no 'nobody'"),
            (ControlUnit(module="canny", model="nobody"), None, "unit 1, model: .* has no 'nobody'"),
            (ControlUnit(module="canny"), b"", "unit 1, image: name the picture"),
        ],
    )
    def test_what_cannot_work_is_refused_before_anything_is_sent(self, fake, backend, unit, picture, says):
        with pytest.raises(Refused, match=f"^controlnet, {says}"):
            backend.generate(self.guided(unit, picture=picture))
        assert fake.count("txt2img") == 0

    @pytest.mark.parametrize("mode", ["sd-server", "sdnext"])
    def test_a_server_without_it_refuses(self, mode):
        with FakeWebUI(mode) as server:
            backend = WebUI(server.url, limits=QUICK)
            with pytest.raises(Refused, match=r"^controlnet: .* has no ControlNet"):
                backend.generate(self.guided(self.CANNY))
            backend.close()
            assert server.count("txt2img") == 0


class TestStyles:
    def test_they_are_listed_without_the_headings_between_them(self, fake, backend):
        assert backend.check().styles == ("Ink", "Film")

    def test_they_are_sent_by_name_and_the_merged_prompt_proves_them(self, fake, backend):
        made = backend.generate(order(styles="Ink + Film"))
        assert fake.last("txt2img")["styles"] == ["Ink", "Film"]
        assert fake.last("txt2img")["prompt"] == "a boat"
        text = parse(made.images[0].infotext)
        assert (text.prompt, text.negative) == ("ink drawing of a boat, film grain", "fog, photo")
        assert made.images[0].suspect == ()
        assert made.asked["styles"] == made.applied["styles"] == "Ink + Film"

    def test_they_reach_later_stages_and_the_texts_of_hires_fix(self, fake, backend):
        values = {"hires.enabled": True, "hires.prompt": "a ship", "hires.negative": "mist"}
        first = backend.generate(order(styles="Ink", **values))
        assert parse(first.images[0].infotext).values["Hires prompt"] == "ink drawing of a ship"
        assert first.images[0].suspect == ()
        assert first.applied["hires.prompt"] == "a ship"
        later = backend.generate(order("img2img", image=first.images[0].data, styles="Ink"))
        assert (later.applied["styles"], later.images[0].suspect) == ("Ink", ())

    def test_a_server_that_leaves_them_out_is_found_out(self, fake, backend):
        fake.fault("no-styles")
        made = backend.generate(order(styles="Ink"))
        assert made.images[0].suspect == ("mismatch:styles",)

    def test_a_style_that_was_changed_on_the_server_is_no_alarm(self, fake, backend):
        fake.styles["Ink"] = ("pen and ink", "")
        made = backend.generate(order(styles="Ink"))
        assert ("styles" in made.applied, made.images[0].suspect) == (False, ())

    def test_an_unknown_one_is_refused_and_a_new_one_is_found(self, fake, backend):
        with pytest.raises(Refused, match=r"^styles: .* has no 'Inc'\. Did you mean Ink"):
            backend.generate(order(styles="Film + Inc"))
        assert fake.count("txt2img") == 0
        fake.styles["Inc"] = ("company", "")
        assert backend.generate(order(styles="Film + Inc")).applied["styles"] == "Film + Inc"

    @pytest.mark.parametrize("mode", ["sd-server", "koboldcpp"])
    def test_a_server_without_them_refuses(self, mode):
        with FakeWebUI(mode) as server:
            backend = WebUI(server.url, limits=QUICK)
            assert backend.check().styles == ()
            with pytest.raises(Refused, match=r"^styles: "):
                backend.generate(order(styles="Ink"))
            backend.close()


@pytest.mark.parametrize("mode", ["sdnext", "sdnext-docs"])
class TestSdNext:
    """What SD.Next (July 2026) does unlike all others; with `--docs` it tells its fields."""

    @pytest.fixture
    def server(self, mode):
        with FakeWebUI(mode) as fake:
            yield fake

    @pytest.fixture
    def next_webui(self, server):
        backend = WebUI(server.url, limits=QUICK)
        yield backend
        backend.close()

    def test_a_picture_is_made_as_asked(self, server, next_webui):
        values = {
            "txt2img.sampler": "DPM++ 2M",
            "txt2img.scheduler": "Karras",
            "txt2img.cfg_scale": 4.5,
            "clip_skip": 2,
        }
        made = next_webui.generate(order(**values))
        assert (made.images[0].suspect, made.images[0].suffix) == ((), ".jpg")
        assert {path: made.applied[path] for path in values} == values
        assert server.last("txt2img")["clip_skip"] == 2
        assert server.last("txt2img")["override_settings"]["schedulers_sigma"] == "karras"

    def test_it_offers_what_its_settings_can_be_told(self, next_webui):
        found = next_webui.check()
        assert found.schedulers == ("Automatic", "Karras", "Exponential", "Beta")
        assert {"vae", "clip_skip", "shift", "prediction", "hires", "inpaint"} <= found.features
        assert not {"refiner", "face_restore"} & found.features

    @pytest.mark.parametrize(("upscaler", "size"), [("Latent Nearest", 128), ("Lanczos", 128), ("None", 64)])
    def test_hires_fix_enlarges_and_paints_again(self, next_webui, upscaler, size):
        values = {"hires.enabled": True, "hires.upscaler": upscaler, "hires.scale": 2.0, "hires.denoise": 0.5}
        made = next_webui.generate(order(**values))
        assert made.images[0].width == size
        assert bool(made.images[0].suspect) is (size == 64)
        if size == 128:
            assert {path: made.applied.get(path) for path in values if path != "hires.enabled"} == {
                path: value for path, value in values.items() if path != "hires.enabled"
            }

    def test_hires_fix_that_only_enlarges_is_what_was_asked(self, next_webui):
        values = {"hires.enabled": True, "hires.upscaler": "Lanczos", "hires.denoise": 0.0}
        made = next_webui.generate(order(**values))
        assert (made.images[0].suspect, made.applied["hires.upscaler"]) == ((), "Lanczos")

    def test_a_model_that_takes_its_own_sampler_is_found_out(self, server, next_webui):
        server.fault("own-sampler", route="/sdapi/v1/txt2img")
        made = next_webui.generate(order(**{"txt2img.sampler": "Euler a"}))
        assert made.images[0].suspect == ("mismatch:txt2img.sampler",)
        assert made.applied["txt2img.sampler"] == "Euler"

    def test_faces_are_not_repaired(self, server, next_webui):
        with pytest.raises(Refused, match=r"^upscale\.gfpgan, upscale\.codeformer: .* repairs no faces"):
            next_webui.generate(order("upscale", image=mask((64, 64)), **{"upscale.gfpgan": 0.5}))
        assert server.count("extra-single-image") == 0


class TestNewFiles:
    @pytest.fixture(params=["forge", "a1111", "sdnext"])
    def server(self, request):
        with FakeWebUI(request.param) as fake:
            yield fake

    def test_they_are_listed_once_the_server_was_told_to_look(self, server):
        backend = WebUI(server.url, limits=QUICK)
        before = backend.check()
        for kind, name in (("checkpoint", "new_model"), ("lora", "fog"), ("vae", "clear.safetensors")):
            server.put(kind, name)
        assert backend.check() == before
        assert backend.rescan() == ""
        found = backend.check()
        assert "new_model" in found.checkpoints
        assert "fog" in found.loras
        # Forge lists these anew only by a button of its own page, and a refusal says so.
        assert ("clear.safetensors" in found.vaes) != server.mode.forge
        if server.mode.forge:
            with pytest.raises(Refused, match="own refresh button"):
                backend.generate(order(vae="clear.safetensors"))

    def test_behind_a_running_job_only_what_does_not_wait_for_it_is_looked_for(self, fake, backend):
        fake.put("checkpoint", "new_model")
        fake.put("lora", "fog")
        with fake.busy_with_another():
            assert "does not look for new checkpoints" in backend.rescan()
            assert fake.count("refresh-checkpoints") == 0
            assert "fog" in backend.check().loras
        assert backend.rescan() == ""
        assert "new_model" in backend.check().checkpoints

    def test_a_new_file_is_looked_for_when_an_order_names_it(self, fake, backend):
        backend.generate(order())
        fake.put("lora", "fog")
        made = backend.generate(msgspec.structs.replace(order(), prompt="a boat <lora:fog:1>"))
        assert (made.notes, made.images[0].suspect) == ((), ())
        fake.put("checkpoint", "new_model")
        assert backend.generate(order(checkpoint="new_model")).applied["checkpoint"] == "new_model"

    def test_a_file_that_is_not_there_is_looked_for_once(self, fake, backend):
        for _ in range(3):
            backend.generate(msgspec.structs.replace(order(), prompt="a boat <lora:nobody:1>"))
        assert fake.count("refresh-loras") == 1
        for _ in range(2):
            with pytest.raises(Refused, match="no 'nothing'"):
                backend.generate(order(checkpoint="nothing"))
        assert fake.count("refresh-checkpoints") == 2
        with pytest.raises(Refused, match="Nobody"):
            backend.generate(order(**{"txt2img.sampler": "Nobody's"}))
        assert fake.count("refresh-loras") == 2


class TestLorasThatAreNotUsed:
    """The server makes the picture all the same; its own text tells by the hashes which it used."""

    @staticmethod
    def made(fake, prompt):
        made = WebUI(fake.url, limits=QUICK).generate(msgspec.structs.replace(order(), prompt=prompt))
        return made.notes, made.images[0].suspect

    def test_one_that_is_missing_costs_forge_all_of_the_prompt(self):
        with FakeWebUI("forge") as fake:
            notes, suspect = self.made(fake, "a boat <lora:inkwash:1> <lora:nobody:1>")
        assert notes == (
            "The server did not use the LoRA “inkwash”: the picture was made without it.",
            "The server does not have the LoRA “nobody”: the picture was made without it.",
        )
        assert suspect == ("mismatch:lora",)

    def test_others_go_on_with_the_rest(self):
        with FakeWebUI("a1111") as fake:
            notes, suspect = self.made(fake, "a boat <lora:inkwash:1> <lora:nobody:1>")
        # Named before the run as well, so nothing was promised.
        assert notes == ("The server does not have the LoRA “nobody”: the picture was made without it.",)
        assert suspect == ()

    @pytest.mark.parametrize("mode", ["forge", "a1111"])
    def test_a_damaged_file_is_found_out_where_the_text_can_tell(self, mode):
        with FakeWebUI(mode) as fake:
            fake.damaged_loras.add("inkwash")
            notes, suspect = self.made(fake, "a boat <lora:inkwash:1>")
        # Alone it proves nothing on a server that may have been told to write no hashes.
        told = ("The server did not use the LoRA “inkwash”: the picture was made without it.",), ("mismatch:lora",)
        assert (notes, suspect) == (told if mode == "forge" else ((), ()))

    @pytest.mark.parametrize("weight", ["0", "1", "-0.5"])
    def test_those_that_are_used_are_no_matter(self, fake, weight):
        assert self.made(fake, f"a boat <lora:inkwash:{weight}> <lora:grain_final:1>") == ((), ())

    def test_a_forge_that_writes_no_hashes_is_believed(self, fake):
        fake.options["lora_add_hashes_to_infotext"] = False
        fake.damaged_loras.add("inkwash")
        assert self.made(fake, "a boat <lora:inkwash:1>") == ((), ())


class TestVariationSeeds:
    MIXED = (("txt2img.subseed", 40), ("txt2img.subseed_strength", 0.3))

    def test_seed_and_strength_are_sent_used_and_told(self, fake, backend):
        made = backend.generate(order(**dict(self.MIXED)))
        assert (fake.last("txt2img")["subseed"], fake.last("txt2img")["subseed_strength"]) == (40, 0.3)
        assert made.images[0].suspect == ()
        for path, value in self.MIXED:
            assert made.asked[path] == made.applied[path] == value
        assert made.images[0].data != backend.generate(order()).images[0].data

    def test_a_batch_counts_the_variation_up_and_keeps_the_seed(self, fake, backend):
        made = backend.generate(order(**dict(self.MIXED), **{"txt2img.batch_size": 3}))
        assert [image.suspect for image in made.images] == [(), (), ()]
        assert [image.seed for image in made.images] == [7, 7, 7]
        assert [parse(image.infotext).values["Variation seed"] for image in made.images] == ["40", "41", "42"]

    def test_without_a_strength_there_is_none(self, fake, backend):
        made = backend.generate(order(**{"txt2img.subseed": 40}))
        assert "subseed" not in fake.last("txt2img")
        assert not {"txt2img.subseed", "txt2img.subseed_strength"} & made.asked.keys()

    def test_a_server_that_ignores_it_is_found_out(self, fake, backend):
        fake.fault("no-variation")
        made = backend.generate(order(**dict(self.MIXED)))
        assert made.images[0].suspect == ("mismatch:txt2img.subseed_strength",)

    @pytest.mark.parametrize("mode", ["sd-server", "koboldcpp"])
    def test_a_server_without_them_refuses_before_anything_is_made(self, mode):
        with FakeWebUI(mode) as server:
            backend = WebUI(server.url, limits=QUICK)
            with pytest.raises(Refused, match=r"^txt2img\.subseed_strength: "):
                backend.generate(order(**dict(self.MIXED)))
            backend.close()
            assert server.count("txt2img") == 0


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
            fake.held.wait(60)
            backend.interrupt()
            made = future.result(60)
        assert made.interrupted
        assert all("interrupted" in picture.suspect for picture in made.images)
        assert fake.count("interrupt") == 1

    def test_09_somebody_elses_progress_is_not_shown_as_ours(self, fake, backend):
        with ThreadPoolExecutor(1) as node:
            with fake.busy_with_another():
                future = node.submit(backend.generate, order())
                wait_until(lambda: fake.count("txt2img") == 1)
                wait_until(lambda: (reported := backend.progress()) and reported.state == "waiting behind another job")
            assert future.result(60).images

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
        titles = [row["title"] for row in requests.get(f"{fake.url}/sdapi/v1/sd-models", timeout=60).json()]
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


class TestSettingsOfTheServer:
    @pytest.mark.parametrize("mode", ["forge", "forge-ui", "a1111", "old-a1111", "sdnext"])
    @pytest.mark.parametrize("vae", ["ae.safetensors", "None"])
    def test_after_a_run_all_of_them_are_as_before_in_memory_and_in_the_file(self, mode, vae):
        vae = vae if mode.startswith("forge") or vae == "None" else "soft.vae.pt"
        with FakeWebUI(mode) as fake:
            backend = WebUI(fake.url, limits=QUICK)
            backend.check()
            before = settings_of(fake)
            plain = backend.generate(order()).images[0]
            for _ in range(2):
                made = backend.generate(order(vae=vae, checkpoint="ink_model", clip_skip=3))
                assert made.images[0].suspect == ()
            assert settings_of(fake) == before
            assert backend.generate(order()).images[0].data == plain.data

    def test_they_are_set_to_their_own_value_only_once(self, fake, backend):
        for _ in range(3):
            backend.generate(order(vae="ae.safetensors", clip_skip=3))
        assert fake.count("/options") == 2
        backend.generate(order(vae="soft.safetensors", clip_skip=4))
        assert fake.count("/options") == 2

    def test_a_vae_is_read_back_from_the_modules_of_the_picture(self, fake, backend):
        made = backend.generate(order(vae="ae.safetensors"))
        assert (made.applied["vae"], made.images[0].suspect) == ("ae.safetensors", ())
        fake.fault("no-vae")
        made = backend.generate(order(vae="ae.safetensors"))
        assert made.images[0].suspect == ("mismatch:vae",)
        assert "vae" in made.notes[0]

    def test_no_vae_asked_and_one_used_is_a_mismatch(self, fake, backend):
        fake.choose(forge_additional_modules=["soft.safetensors"])
        fake.fault("no-vae")
        assert backend.generate(order(vae="None")).images[0].suspect == ("mismatch:vae",)

    def test_automatic_uses_what_the_user_chose_in_the_browser_and_tells_it(self, fake, backend):
        fake.choose(forge_additional_modules=["soft.safetensors"])
        made = backend.generate(order())
        assert (made.applied["vae"], made.images[0].suspect) == ("soft.safetensors", ())

    @pytest.mark.parametrize("vae", ["soft.safetensors", "None"])
    def test_text_encoders_stay_whatever_the_vae_is(self, fake, backend, vae):
        fake.choose(forge_additional_modules=["ae.safetensors", "clip_l.safetensors"])
        made = backend.generate(order(vae=vae))
        assert made.images[0].suspect == ()
        assert "clip_l" in made.images[0].infotext
        assert "Module 1: ae" not in made.images[0].infotext

    def test_text_encoders_are_no_vaes_to_choose(self, fake, backend):
        assert backend.check().vaes == ("Automatic", "None", "ae.safetensors", "soft.safetensors")

    @pytest.mark.parametrize(
        "chosen", [{"CLIP_stop_at_last_layers": 5}, {"sd_model_checkpoint": "ink_model.safetensors"}]
    )
    def test_what_the_user_chooses_in_the_browser_meanwhile_stays(self, fake, backend, chosen):
        with ThreadPoolExecutor(1) as node:
            with fake.busy_with_another():
                fake.choose(**chosen)
                future = node.submit(backend.generate, order(checkpoint="photo_model"))
                wait_until(lambda: fake.count("txt2img") == 1)
            future.result(60)
        assert chosen.items() <= fake.options.items()
        assert chosen.items() <= fake.file.items()

    def test_what_somebody_elses_job_was_lent_does_not_get_into_the_file(self, fake, backend):
        before = settings_of(fake)
        theirs = {"CLIP_stop_at_last_layers": 7, "sd_model_checkpoint": "ink_model.safetensors"}
        fake.choose(CLIP_stop_at_last_layers=1)
        with ThreadPoolExecutor(1) as node:
            with fake.busy_with_another(override_settings=theirs):
                future = node.submit(backend.generate, order(vae="ae.safetensors", clip_skip=3))
                wait_until(lambda: fake.count("txt2img") == 1)
            assert future.result(60).images[0].suspect == ()
        assert settings_of(fake) == before

    @pytest.mark.parametrize("busy", [False, True])
    def test_a_choice_of_the_user_that_is_just_ours_stays_and_is_no_fault(self, fake, backend, busy):
        with ThreadPoolExecutor(1) as node:
            with fake.busy_with_another() if busy else nullcontext():
                fake.choose(CLIP_stop_at_last_layers=3)
                future = node.submit(backend.generate, order(clip_skip=3))
                wait_until(lambda: fake.count("txt2img") == 1)
            assert future.result(60).notes == ()
        assert fake.options["CLIP_stop_at_last_layers"] == fake.file["CLIP_stop_at_last_layers"] == 3
        assert backend.generate(order(clip_skip=3)).notes == ()

    def test_a_server_that_keeps_what_was_lent_is_set_right(self, fake, backend):
        before = settings_of(fake)
        fake.fault("keeps-overrides")
        backend.generate(order(vae="ae.safetensors", clip_skip=3))
        assert settings_of(fake) == before

    def test_settings_that_cannot_be_set_right_are_told_and_not_lent_again(self, fake, backend):
        fake.fault("keeps-overrides")
        fake.fault("keeps-overrides", route="/sdapi/v1/options", nth=3, times=99)
        made = backend.generate(order(clip_skip=3))
        assert "CLIP_stop_at_last_layers" in made.notes[-1]
        with pytest.raises(Refused, match="CLIP_stop_at_last_layers"):
            backend.generate(order(clip_skip=3))


class TestStartingUp:
    @pytest.mark.parametrize("mode", ["forge", "forge-ui", "a1111", "old-a1111"])
    def test_a_starting_server_is_never_asked_for_the_schema_it_would_keep_for_good(self, mode):
        with FakeWebUI(mode) as fake:
            backend = WebUI(fake.url, limits=QUICK)
            fake.ready = False
            with pytest.raises(NotReady):
                backend.check()
            fake.ready, fake.extensions = True, False
            backend.check()
            assert "/openapi.json" not in fake.gets
            fake.extensions = True
            backend.check()
            assert fake.gets.count("/openapi.json") == 1

    @pytest.mark.parametrize("mode", ["forge", "forge-ui", "a1111", "old-a1111"])
    def test_a_schema_that_somebody_froze_too_early_changes_nothing(self, mode):
        values = {"checkpoint": "ink_model", "clip_skip": 3, "hires.enabled": True}
        values |= {"refiner.enabled": True, "refiner.checkpoint": "photo_model"}
        bodies, found = [], []
        for early in (False, True):
            with FakeWebUI(mode) as fake:
                fake.ready = not early
                requests.get(f"{fake.url}/openapi.json", timeout=60)
                fake.ready = True
                backend = WebUI(fake.url, limits=QUICK)
                found.append(backend.check().features)
                made = backend.generate(order(**values))
                assert (made.images[0].suspect, made.applied["clip_skip"]) == ((), 3)
                bodies.append(fake.last("txt2img"))
        assert found[0] == found[1]
        assert {key for key in bodies[0] if key not in bodies[1]} == set()


class TestSeeds:
    @pytest.mark.parametrize(("mode", "second"), [("forge", 1 << 32), ("a1111", 1 << 32), ("sd-server", 0)])
    def test_the_last_seed_of_32_bits_is_followed_by_what_the_server_says(self, mode, second):
        with FakeWebUI(mode) as fake:
            last = msgspec.structs.replace(order(**{"txt2img.batch_size": 2}), seed=(1 << 32) - 1)
            made = WebUI(fake.url, limits=QUICK).generate(last)
            assert [(image.seed, image.suspect) for image in made.images] == [((1 << 32) - 1, ()), (second, ())]


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

    def test_a_lora_may_be_called_by_its_alias_unless_several_have_it(self, fake, backend):
        fake.loras |= {"night-05": "night", "night-10": "night"}
        found = backend.check()
        assert found.lora_aliases == ("grain_final",)
        prompts = ["a <lora:inkwash:1> <lora:grain_final:0.5>", "b <lora:night:1> <lora:Inkwash:1>"]
        assert found.unlisted_loras(prompts) == ("night", "Inkwash")

    def test_a_server_that_lists_no_loras_has_none_and_one_without_a_list_may_have_any(self, fake, backend):
        fake.loras.clear()
        assert backend.check().unlisted_loras(["<lora:inkwash:1>"]) == ("inkwash",)
        fake.extensions = False
        assert backend.check().unlisted_loras(["<lora:inkwash:1>"]) == ()

    def test_without_adetailer_the_stage_is_missing(self):
        with FakeWebUI(adetailer=False) as fake:
            backend = WebUI(fake.url)
            assert "adetailer" not in backend.check().stages
            with pytest.raises(Refused, match="not installed"):
                backend.generate(order("adetailer", image=b"x"))

    def test_the_version_is_known_after_the_first_picture(self, fake, backend):
        backend.generate(order())
        assert backend.check().version.startswith("f2.0.1")


def test_a_lora_that_sd_server_does_not_have_is_told_with_the_picture():
    with FakeWebUI("sd-server") as fake:
        work = msgspec.structs.replace(order(), prompt="a boat <lora:inkwash:1> <lora:nobody:1>")
        assert WebUI(fake.url, limits=QUICK).generate(work).notes == (
            "The server does not have the LoRA “nobody”: the picture was made without it.",
        )


def test_a_clip_skip_that_cannot_be_sent_is_told(fake, backend):
    del fake.options["CLIP_stop_at_last_layers"]
    backend.check()
    fake.options["CLIP_stop_at_last_layers"] = 1
    assert "clip_skip: the server has no such setting" in backend.generate(order()).notes[-1]


class TestSdServer:
    @pytest.fixture
    def small(self):
        with FakeWebUI("sd-server") as server:
            yield server

    def test_hires_fix_is_no_false_alarm_and_its_steps_are_used(self, small):
        backend = WebUI(small.url, limits=QUICK)
        made = backend.generate(order(**{"hires.enabled": True}))
        assert (made.images[0].suspect, made.applied["hires.steps"]) == ((), 12)
        made = backend.generate(order(**{"hires.enabled": True, "hires.steps": 5}))
        assert (made.images[0].suspect, made.applied["hires.steps"]) == ((), 5)
        assert (made.applied["hires.scale"], made.applied["hires.upscaler"]) == (2.0, "Latent")

    def test_a_lora_works_after_the_server_was_started_again(self, small):
        backend = WebUI(small.url, limits=QUICK)
        work = msgspec.structs.replace(order(), prompt="a boat <lora:inkwash:0.8>")
        first = backend.generate(work).images[0].data
        small.go_down()
        small.come_back()
        assert backend.generate(work).images[0].data == first
        assert backend.generate(order()).images[0].data != first

    @pytest.mark.parametrize(("width", "real"), [(64, 64), (72, 128), (136, 192)])
    def test_a_size_that_it_rounds_up_in_silence_is_seen(self, small, width, real):
        made = WebUI(small.url, limits=QUICK).generate(order(**{"txt2img.width": width}))
        (image,) = made.images
        assert (image.width, made.applied["txt2img.width"]) == (real, real)
        assert image.suspect == (() if real == width else ("size",))
        assert f"Size: {width}x64" in image.infotext

    def test_a_prompt_of_a_lora_alone_is_not_empty_for_it(self, small):
        work = msgspec.structs.replace(order(), prompt="<lora:inkwash:0.8>")
        made = WebUI(small.url, limits=QUICK).generate(work)
        assert (made.images[0].suspect, small.count("txt2img")) == ((), 1)
        assert [one["multiplier"] for one in small.last("txt2img")["lora"]] == [0.8]

    @pytest.mark.parametrize("values", [{"sampler": "default", "scheduler": "default"}, {"sampler": "DDIM"}])
    def test_its_own_names_are_no_alarm(self, small, values):
        sent = {f"txt2img.{name}": value for name, value in values.items()}
        assert WebUI(small.url, limits=QUICK).generate(order(**sent)).images[0].suspect == ()

    @pytest.mark.parametrize("name", ["normal", "discrete"])
    def test_two_names_of_one_scheduler_are_one(self, small, name):
        made = WebUI(small.url, limits=QUICK).generate(order(**{"txt2img.scheduler": name}))
        assert (made.applied["txt2img.scheduler"], made.images[0].suspect) == ("discrete", ())

    def test_a_checkpoint_has_one_name_in_the_records(self, small):
        backend = WebUI(small.url, limits=QUICK)
        assert backend.check().checkpoints == ("photo_model",)
        assert backend.generate(order()).applied["checkpoint"] == "photo_model"

    def test_the_scheduler_that_was_used_is_recorded(self, small):
        backend = WebUI(small.url, limits=QUICK)
        made = backend.generate(order(**{"txt2img.scheduler": "Karras"}))
        assert (made.applied["txt2img.sampler"], made.applied["txt2img.scheduler"]) == ("euler_a", "karras")
        assert made.images[0].suspect == ()
        small.fault("other-scheduler")
        made = backend.generate(order(**{"txt2img.scheduler": "Karras"}))
        assert made.images[0].suspect == ("mismatch:txt2img.scheduler",)


class TestProgress:
    def test_it_shows_steps_and_a_preview(self, fake, backend):
        fake.hold(step=12)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            fake.held.wait(60)
            backend.progress()
            reported = backend.progress()
            fake.release()
            future.result(60)
        assert (reported.step, reported.steps) == (11, 12)
        assert 0.5 < reported.fraction <= 1
        assert reported.preview.startswith(b"\x89PNG")

    def test_previews_are_asked_for_rarely(self, fake):
        backend = WebUI(fake.url, limits=Limits(preview_s=1000))
        backend.check()
        fake.hold(step=12)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            fake.held.wait(60)
            for _ in range(5):
                backend.progress()
            fake.release()
            future.result(60)
        assert not [path for path in fake.gets if "skip_current_image=false" in path]


class TestInterrupt:
    def test_one_that_the_server_forgot_is_sent_again(self, fake, backend):
        fake.fault("forgotten", route="/sdapi/v1/interrupt", times=2)
        fake.hold(step=6)
        with ThreadPoolExecutor(1) as node, watched(backend):
            future = node.submit(backend.generate, order())
            fake.held.wait(60)
            backend.interrupt()
            assert future.result(60).interrupted
        assert fake.count("interrupt") == 3

    def test_it_is_not_sent_for_ever(self, fake, backend):
        fake.fault("forgotten", route="/sdapi/v1/interrupt", times=99)
        fake.hold(step=6)
        with ThreadPoolExecutor(1) as node, watched(backend) as reported:
            future = node.submit(backend.generate, order())
            fake.held.wait(60)
            backend.interrupt()
            wait_until(lambda: fake.count("interrupt") == 6)
            seen = len(reported)
            wait_until(lambda: len(reported) > seen + 20)
            fake.release()
            future.result(60)
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
                assert future.result(60).interrupted
            assert fake.count("interrupt") >= 1

    def test_between_two_requests_of_a_stage_it_cancels(self, fake, backend):
        source = backend.generate(order()).images[0].data
        fake.hold(step=1)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order("upscale", image=source, **{"upscale.mode": "img2img"}))
            fake.held.wait(60)
            backend.interrupt()
            with pytest.raises(Cancelled):
                future.result(60)
        assert fake.count("/img2img") == 0

    def test_a_server_that_cannot_be_interrupted_is_left_alone(self):
        with FakeWebUI("sd-server") as fake:
            backend = WebUI(fake.url)
            backend.check()
            fake.hold(step=3)
            with ThreadPoolExecutor(1) as node:
                future = node.submit(backend.generate, order())
                fake.held.wait(60)
                backend.interrupt()
                with pytest.raises(StillWorking, match="cannot be interrupted"):
                    future.result(60)
                following = node.submit(backend.generate, order())
                wait_until(lambda: (told := backend.progress()) and "earlier picture" in told.state)
                fake.release()
                assert following.result(60).images
            assert backend.progress() is None


class TestSomebodyElseStops:
    def stopped(self, fake, backend, how, work):
        """Make a stage that another client of the server ends half way."""
        fake.hold(step=6)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, work)
            fake.held.wait(60)
            requests.post(f"{fake.url}/sdapi/v1/{how}", json={}, timeout=60)
            return future.result(60)

    @pytest.mark.parametrize("how", ["interrupt", "skip"])
    @pytest.mark.parametrize("stage", ["txt2img", "img2img"])
    def test_the_picture_is_suspect_and_the_next_one_is_not(self, fake, backend, how, stage):
        source = backend.generate(order()).images[0].data
        work = order(stage, image=source if stage == "img2img" else b"", **{"img2img.steps": 12})
        made = self.stopped(fake, backend, how, work)
        assert [image.suspect for image in made.images] == [("interrupted",)]
        assert "stopped" in made.notes[0]
        assert not made.interrupted
        assert fake.count("interrupt") + fake.count("skip") == 1
        assert backend.generate(work).images[0].suspect == ()

    def test_a_batch_that_was_skipped_is_suspect_as_a_whole(self, fake, backend):
        made = self.stopped(fake, backend, "skip", order(**{"txt2img.batch_size": 3}))
        assert [image.suspect for image in made.images] == [("interrupted",)] * 3

    def test_the_stop_of_a_job_before_ours_is_not_taken_for_ours(self, fake, backend):
        with ThreadPoolExecutor(1) as node:
            with fake.busy_with_another():
                future = node.submit(backend.generate, order())
                wait_until(lambda: fake.count("txt2img") == 1)
                backend.progress()
                requests.post(f"{fake.url}/sdapi/v1/interrupt", json={}, timeout=60)
                backend.progress()
            assert future.result(60).images[0].suspect == ()


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
