"""The sketch engine keeps its promises: same order same bytes, every value can be seen, Stop works."""

from __future__ import annotations

import io
import threading
from itertools import pairwise

import pytest
from conftest import wait_until
from PIL import Image, ImageChops, ImageStat
from slow_sketch import slow_sketch

from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.sketch.backend import Sketch
from stablenew_tk.domain.base.errors import Cancelled, Refused
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import ADetailer, ADetailerPass, PipelineConfig
from stablenew_tk.domain.recipes.infotext import applied_values, parse

PROMPT = "a red boat on the sea, sunset"
SMALL = {"txt2img.width": 192, "txt2img.height": 192, "txt2img.steps": 28}


def order(values=None, *, stage="txt2img", prompt=PROMPT, seed=7, image=b"", config=None):
    config = with_values(config or PipelineConfig(), {**SMALL, **(values or {})})
    return StageOrder(job_id="job", stage=stage, prompt=prompt, negative="text", seed=seed, config=config, image=image)


def made(*args, **kwargs):
    return Sketch().generate(order(*args, **kwargs)).images[0].data


def pixels(data):
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        return image.convert("RGB")


def difference(one, other):
    """Mean difference of two pictures, 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(pixels(one), pixels(other))).mean) / 3


def test_the_same_order_gives_the_same_bytes():
    painter = Sketch()
    first = painter.generate(order()).images[0].data
    painter.generate(order(seed=8, prompt="a forest"))
    assert painter.generate(order()).images[0].data == first == made()


@pytest.mark.parametrize(
    ("what", "least"),
    [
        ({"prompt": "an old tram in the city at night"}, 20),
        ({"prompt": "zork blibble frob"}, 5),
        ({"prompt": PROMPT + ", quux"}, 0.5),
        ({"seed": 8}, 4),
        ({"values": {"txt2img.steps": 4}}, 8),
        ({"values": {"txt2img.steps": 12}}, 2),
        ({"values": {"txt2img.cfg_scale": 2.0}}, 15),
        ({"values": {"txt2img.cfg_scale": 15.0}}, 15),
        ({"values": {"txt2img.sampler": "DPM++ SDE"}}, 3),
        ({"values": {"txt2img.scheduler": "Karras"}}, 2),
        ({"values": {"checkpoint": "sketch-ink"}}, 15),
        ({"values": {"refiner.enabled": True, "refiner.checkpoint": "sketch-ink"}}, 5),
        ({"values": {"clip_skip": 4}}, 0.5),
    ],
)
def test_every_value_can_be_seen(what, least):
    assert difference(made(), made(**what)) >= least


def test_more_steps_are_worth_less_and_less():
    pictures = [made({"txt2img.steps": steps}) for steps in (4, 12, 30, 60)]
    early, middle, late = (difference(one, other) for one, other in pairwise(pictures))
    assert early > middle > late
    assert late < 2


def test_a_word_in_the_negative_is_not_painted():
    with_rain = StageOrder(job_id="j", stage="txt2img", prompt="city, rain", negative="", seed=1, config=order().config)
    without = StageOrder(
        job_id="j", stage="txt2img", prompt="city, rain", negative="rain", seed=1, config=order().config
    )
    assert difference(*(Sketch().generate(one).images[0].data for one in (with_rain, without))) > 2


def test_a_batch_counts_the_seed_up():
    images = Sketch().generate(order({"txt2img.batch_size": 3})).images
    assert [image.seed for image in images] == [7, 8, 9]
    assert images[1].data == made(seed=8, values={"txt2img.batch_size": 3})


def test_sizes_are_as_asked_and_multiplied_by_hires_and_upscale():
    image = Sketch().generate(order({"txt2img.width": 256, "hires.enabled": True, "hires.scale": 1.5})).images[0]
    assert (image.width, image.height) == pixels(image.data).size == (384, 288)
    assert pixels(made(stage="upscale", image=image.data, values={"upscale.scale": 2.0})).size == (768, 576)
    assert pixels(made(stage="img2img", image=image.data)).size == (384, 288)


def test_denoise_decides_how_much_is_left_of_the_picture():
    start = made(prompt="a forest")
    over = [made({"img2img.denoise": denoise}, stage="img2img", image=start) for denoise in (0.0, 0.3, 0.6, 1.0)]
    change = [difference(start, picture) for picture in over]
    assert change[0] < 1
    assert change == sorted(change)
    assert change[3] > 20


def test_adetailer_changes_the_face_and_leaves_the_corners():
    start = made({"txt2img.steps": 6}, prompt="portrait of a woman")
    after = made({"txt2img.steps": 6}, stage="adetailer", image=start, prompt="portrait of a woman")
    changed = ImageChops.difference(pixels(start), pixels(after))
    assert changed.crop((0, 160, 20, 180)).getbbox() is None
    assert changed.getbbox() is not None


@pytest.mark.parametrize("stage", ["txt2img", "img2img", "adetailer", "upscale"])
def test_what_was_asked_is_what_was_applied(stage):
    start = b"" if stage == "txt2img" else made()
    extra = {
        "hires.enabled": True,
        "refiner.enabled": True,
        "refiner.checkpoint": "sketch-ink",
        "upscale.mode": "img2img",
    }
    result = Sketch().generate(order({**extra, "checkpoint": "sketch-ink"}, stage=stage, image=start))
    assert result.asked == result.applied
    assert any(path.startswith(stage + ".") for path in result.asked)
    written = applied_values(parse(result.images[0].infotext).values, stage)
    assert {path: result.asked[path] for path in written if path in result.asked} == {
        path: value for path, value in written.items() if path in result.asked
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("hires.sampler", "DDIM"),
        ("hires.scheduler", "Karras"),
        ("hires.checkpoint", "sketch-ink"),
        ("hires.prompt", "a town at night"),
        ("hires.negative", "trees"),
    ],
)
def test_what_hires_fix_has_for_itself_shows_and_is_written_down(path, value):
    base = {"hires.enabled": True, "hires.denoise": 0.8}
    plain = Sketch().generate(order(base, prompt="a forest with trees"))
    own = Sketch().generate(order({**base, path: value}, prompt="a forest with trees"))
    assert difference(plain.images[0].data, own.images[0].data) > 0
    assert own.asked[path] == own.applied[path] == value
    assert applied_values(parse(own.images[0].infotext).values, "txt2img")[path] == value


def test_an_empty_checkpoint_means_the_loaded_one():
    result = Sketch().generate(order())
    assert "checkpoint" not in result.asked
    assert result.applied["checkpoint"] == Sketch().check().loaded_checkpoint == "sketch-classic"


def test_other_tools_can_read_the_parameters():
    data = made(prompt="ein Boot, 海の夕焼け")
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        image.load()
        text = parse(image.text["parameters"])
    assert text.prompt == "ein Boot, 海の夕焼け"
    assert text.negative == "text"
    assert text.values["Sampler"] == "Euler a"
    assert text.values["Model"] == "sketch-classic"
    assert text.values["Version"] == "sketch"
    assert text.size == (192, 192)
    assert b"iTXt" in data
    assert b"tEXtparameters" in made()


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"txt2img.sampler": "Nonsense"}, "txt2img.sampler"),
        ({"txt2img.scheduler": "Nonsense"}, "txt2img.scheduler"),
        ({"checkpoint": "dreamshaper"}, "checkpoint"),
        ({"vae": "some.vae"}, "vae"),
        ({"hires.enabled": True, "hires.upscaler": "Nonsense"}, "hires.upscaler"),
        ({"refiner.enabled": True, "refiner.checkpoint": ""}, "refiner.checkpoint"),
    ],
)
def test_an_unknown_name_is_refused_by_field(values, path):
    with pytest.raises(Refused, match=rf"^{path}: .* Available: "):
        made(values)


def test_a_mask_is_refused():
    with pytest.raises(Refused, match=r"^inpaint\.enabled: "):
        Sketch().generate(order({"inpaint.enabled": True}, stage="img2img", image=made()))


def test_controlnet_is_refused():
    with pytest.raises(Refused, match=r"^controlnet: "):
        Sketch().generate(order({"controlnet": "u.json"}))


def test_styles_are_refused():
    with pytest.raises(Refused, match=r"^styles: "):
        Sketch().generate(order({"styles": "Ink"}))


def test_clip_skip_0_is_the_engines_own_and_is_told():
    own, two = (Sketch().generate(order({"clip_skip": value})) for value in (0, 2))
    assert own.images[0].data == two.images[0].data
    assert ("clip_skip" in own.asked, own.applied["clip_skip"]) == (False, 2)


def test_a_variation_seed_is_refused():
    with pytest.raises(Refused, match=r"^txt2img\.subseed_strength: "):
        Sketch().generate(order({"txt2img.subseed_strength": 0.1}))
    Sketch().generate(order({"txt2img.subseed": 5}))


def test_an_unknown_name_in_a_later_adetailer_pass_is_refused():
    passes = (ADetailerPass(), ADetailerPass(), ADetailerPass(model="nose.pt"))
    config = PipelineConfig(adetailer=ADetailer(enabled=True, passes=passes))
    with pytest.raises(Refused, match=r"adetailer\.passes\.2\.model"):
        made(config=config, stage="adetailer", image=made())


@pytest.mark.parametrize("image", [b"", b"<html>", b"\x89PNG\r\n\x1a\n"])
def test_a_start_picture_that_is_none_is_refused(image):
    with pytest.raises(Refused, match="picture"):
        made(stage="img2img", image=image)


def test_every_sampler_scheduler_and_upscaler_offered_works():
    offered = Sketch().check()
    for sampler in offered.samplers:
        assert made({"txt2img.sampler": sampler, "txt2img.width": 64, "txt2img.height": 64})
    for scheduler in offered.schedulers:
        assert made({"txt2img.scheduler": scheduler, "txt2img.width": 64, "txt2img.height": 64})
    for upscaler in offered.hires_upscalers:
        assert made({"hires.enabled": True, "hires.upscaler": upscaler, "txt2img.width": 64, "txt2img.height": 64})


def test_progress_counts_real_steps_and_shows_a_preview(monkeypatch):
    pace = slow_sketch(monkeypatch)
    painter = Sketch()
    seen = []
    result = []
    work = threading.Thread(target=lambda: result.append(painter.generate(order())), name="node")
    work.start()
    wait_until(lambda: seen.append(painter.progress()) or len({state.step for state in seen if state}) > 3)
    pace.hurry()
    wait_until(lambda: seen.append(painter.progress()) or bool(result))
    work.join()
    steps = [state.step for state in seen if state]
    assert steps == sorted(steps)
    assert any(state.preview.startswith(b"\xff\xd8") for state in seen if state)
    assert painter.progress() is None


def stopped(painter, when, one):
    """Interrupt as soon as `when(progress)` holds and give what generate returned or raised."""
    outcome = []

    def work():
        try:
            outcome.append(painter.generate(one))
        except Cancelled as error:
            outcome.append(error)

    thread = threading.Thread(target=work, name="node")
    thread.start()
    wait_until(lambda: (state := painter.progress()) is not None and when(state))
    painter.interrupt()
    thread.join()
    return outcome[0]


def test_stop_before_the_first_picture_is_cancelled():
    assert isinstance(stopped(Sketch(pace_s=30), lambda state: True, order()), Cancelled)


def test_stop_in_the_middle_gives_a_half_done_picture(monkeypatch):
    slow_sketch(monkeypatch)
    result = stopped(Sketch(), lambda state: state.step >= 3, order({"txt2img.steps": 150}))
    assert result.interrupted
    assert result.images[-1].suspect == ("interrupted",)
    assert pixels(result.images[-1].data).size == (192, 192)


def test_stop_keeps_the_finished_pictures_of_a_batch(monkeypatch):
    slow_sketch(monkeypatch)
    one = order({"txt2img.steps": 5, "txt2img.batch_size": 16})
    result = stopped(Sketch(), lambda state: state.step >= 7, one)
    assert result.interrupted
    assert result.images[0].suspect == ()
    assert len(result.images) < 16


def test_interrupting_an_idle_painter_does_nothing():
    painter = Sketch()
    painter.interrupt()
    assert not painter.generate(order()).interrupted
