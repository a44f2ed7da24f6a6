"""What every backend promises, tried on every backend: `backends/base.py` says it in words."""

from __future__ import annotations

import gc
import io
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from conftest import wait_until
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI, watched
from PIL import Image
from stub_sd_server import StubProgram

from stablenew_tk.app.engines.own_engine import own_engine
from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.comfyui.backend import ComfyUI
from stablenew_tk.backends.remote.backend import Remote
from stablenew_tk.backends.sketch.backend import Sketch
from stablenew_tk.backends.webui.backend import WebUI
from stablenew_tk.domain.base.errors import Cancelled, Refused
from stablenew_tk.domain.config.catalogue import parameter, with_values
from stablenew_tk.domain.config.engines import OwnEngine
from stablenew_tk.domain.config.pipeline_config import STAGES, PipelineConfig
from stablenew_tk.storage.pictures.images import pixel_hash

KINDS = ("sketch", "forge", "forge-ui", "a1111", "old-a1111", "sdnext", "sd-server", "koboldcpp", "own sd-server")
# By its own backend, without a socket, as an old release, and as an address whose program is found out.
COMFY = {"comfyui": {}, "comfyui-polled": {"socket": False}, "comfyui-old": {"version": "0.3.64"}, "comfyui-found": {}}
SMALL = {"txt2img.width": 128, "txt2img.height": 64, "txt2img.steps": 8, "clip_skip": 1}


@pytest.fixture(params=(*KINDS, *COMFY))
def kind(request):
    return request.param


@pytest.fixture
def fake(kind, tmp_path):
    """The server behind the backend; None for one that has none."""
    if kind == "sketch":
        yield None
        return
    if kind == "own sd-server":
        program = StubProgram(tmp_path)
        yield program
        assert not program.alive()
        return
    with FakeComfyUI(**COMFY[kind]) if kind in COMFY else FakeWebUI(kind) as server:
        yield server


@pytest.fixture
def backend(kind, fake):
    engine = Remote if kind == "comfyui-found" else ComfyUI if kind in COMFY else WebUI
    if isinstance(fake, StubProgram):
        made = own_engine(OwnEngine(program=str(fake.program), model_folders=(str(fake.models),)))
    else:
        made = engine(fake.url) if fake else Sketch()
    yield made
    made.close()


@pytest.fixture
def order(kind):
    """Makes orders. ComfyUI keeps no checkpoint loaded that an order could mean, and has no default upscaler."""
    own = {"checkpoint": "photo_model", "upscale.upscaler": "4x-UltraSharp"} if kind in COMFY else {}
    return lambda stage="txt2img", **more: ordered(stage, **{**own, **more})


def ordered(stage, *, image=b"", seed=7, **values):
    config = with_values(PipelineConfig(), {**SMALL, **values})
    return StageOrder(
        job_id="01J", stage=stage, prompt="a red boat", negative="text", seed=seed, config=config, image=image
    )


def decoded(picture):
    with Image.open(io.BytesIO(picture.data), formats=("PNG", "JPEG", "WEBP")) as image:
        image.load()
        return image.size


class TestEveryBackend:
    def test_check_tells_names_that_generate_accepts(self, backend, order):
        found = backend.check()
        assert found.kind == backend.kind
        assert found.name == backend.name
        assert set(found.stages) <= set(STAGES)
        assert found.samplers
        sampler = found.choices("samplers")[-1]
        assert backend.generate(order(**{"txt2img.sampler": sampler})).images

    def test_it_can_be_told_to_look_for_new_files(self, backend):
        before = backend.check()
        assert backend.rescan() == ""
        assert backend.check() == before

    def test_a_picture_is_whole_and_as_large_as_asked(self, backend, order):
        made = backend.generate(order())
        (picture,) = made.images
        assert decoded(picture) == (picture.width, picture.height) == (128, 64)
        assert (picture.seed, picture.suspect, made.attempts, made.interrupted) == (7, (), 1, False)
        assert picture.suffix.startswith(".")

    def test_the_same_order_twice_gives_the_same_bytes(self, backend, order):
        assert backend.generate(order()).images == backend.generate(order()).images

    def test_another_seed_gives_another_picture(self, backend, order):
        assert backend.generate(order()).images[0].data != backend.generate(order(seed=8)).images[0].data

    def test_seeds_of_a_batch_count_up(self, backend, order):
        made = backend.generate(order(**{"txt2img.batch_size": 3}))
        assert [picture.seed for picture in made.images] == [7, 8, 9]
        assert len({picture.data for picture in made.images}) == 3

    def test_every_stage_it_names_works_on_the_picture_before(self, backend, order):
        picture, stages = b"", backend.check().stages
        for stage in stages:
            made = backend.generate(order(stage, image=picture, **{"upscale.mode": "img2img"}))
            assert made.images[0].suspect == ()
            assert made.images[0].data != picture
            picture = made.images[0].data
        assert decoded(made.images[0]) == ((256, 128) if "upscale" in stages else (128, 64))

    def test_what_was_asked_and_what_was_done_are_told_by_path(self, backend, order):
        made = backend.generate(order())
        assert made.asked["txt2img.steps"] == 8
        assert made.applied["txt2img.steps"] == 8
        msgspec.json.encode(made.applied)

    def test_an_unknown_sampler_is_refused_by_its_name(self, backend, order, fake):
        with pytest.raises(Refused, match=r"txt2img\.sampler.*No Such"):
            backend.generate(order(**{"txt2img.sampler": "No Such"}))
        assert fake is None or fake.count("prompt" if isinstance(fake, FakeComfyUI) else "txt2img") == 0

    def test_a_later_stage_without_a_picture_is_refused(self, backend, order):
        with pytest.raises(Refused):
            backend.generate(order("img2img"))

    def test_a_stage_it_cannot_make_is_refused_before_anything_is_sent(self, backend, order, fake):
        with pytest.raises(Refused, match=r"has no stage 'inpaint'\. It has txt2img"):
            backend.generate(order("inpaint", image=b"a picture"))
        assert fake is None or not fake.posts

    def test_a_later_stage_it_cannot_make_is_refused_before_the_first_is_made(self, backend, order, fake):
        later = msgspec.structs.replace(order(), later=("inpaint",))
        with pytest.raises(Refused, match=r"has no stage 'inpaint'"):
            backend.generate(later)
        found = backend.check()
        for stage, path in (("img2img", "img2img.sampler"), ("upscale", "upscale.upscaler")):
            if stage in found.stages and found.choices(parameter(path).choices):
                work = order(**{path: "No Such", "upscale.mode": "img2img"})
                with pytest.raises(Refused, match=rf"{path}.*No Such"):
                    backend.generate(msgspec.structs.replace(work, later=(stage,)))
        assert fake is None or not fake.posts

    def test_idle_it_knows_no_progress_and_an_interrupt_does_nothing(self, backend, order, fake):
        backend.check()
        assert backend.progress() is None
        backend.interrupt()
        assert backend.generate(order()).interrupted is False
        assert fake is None or fake.count("interrupt") == 0

    def test_interrupt_ends_a_running_stage_soon(self, backend, order, fake):
        if fake:
            fake.hold(step=5)
        work = order(**{"txt2img.steps": 150, "txt2img.width": 512, "txt2img.height": 512, "txt2img.batch_size": 16})
        backend.check()
        with ThreadPoolExecutor(1) as node, watched(backend) as told:
            future = node.submit(backend.generate, work)
            wait_until(lambda: fake.held.is_set() if fake else any(told))
            backend.interrupt()
            try:
                made = future.result(60)
                assert made.interrupted
                # Pictures of the batch that were whole before the interrupt arrived stay whole.
                marks = ["interrupted" in picture.suspect for picture in made.images]
                assert marks[-1]
                assert marks == sorted(marks)
            except Cancelled:
                pass
            if fake:
                fake.release()

    def test_progress_may_be_asked_from_several_threads_at_once(self, backend, order):
        backend.check()
        with watched(backend), watched(backend), watched(backend):
            assert backend.generate(order()).images

    def test_what_it_says_of_the_pixels_is_true(self, backend, order):
        (image,) = backend.generate(order()).images
        assert image.pixels in ("", pixel_hash(image.data))

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts open files as Linux shows them")
    def test_many_pictures_leave_no_thread_and_no_file_open(self, backend, order):
        backend.check()
        with watched(backend):
            backend.generate(order())
        gc.collect()
        threads, files = threading.active_count(), len(os.listdir("/proc/self/fd"))
        for seed in range(8):
            assert backend.generate(order(seed=seed)).images
        gc.collect()
        wait_until(lambda: threading.active_count() <= threads and len(os.listdir("/proc/self/fd")) <= files)

    def test_close_may_come_twice_and_from_another_thread(self, backend):
        backend.check()
        for _ in range(2):
            thread = threading.Thread(target=backend.close)
            thread.start()
            thread.join()
