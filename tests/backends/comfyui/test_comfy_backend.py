"""The ComfyUI backend against a server that behaves like real ones: its traps, progress, logins, and what is stored."""

from __future__ import annotations

import gc
import io
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import jobs
import msgspec
import pytest
import requests
from conftest import wait_until
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI, watched
from PIL import Image

from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.comfyui.backend import ComfyUI
from stablenew_tk.backends.remote.backend import Remote
from stablenew_tk.domain.base.errors import AccessDenied, Cancelled, InvalidInput, NotReady, Refused, Unreachable
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.recipes.infotext import parse

QUICK = msgspec.structs.replace(jobs.QUICK, resend_s=0.05, poll_s=0.02)
SMALL = {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 6, "checkpoint": "ink_model"}


@pytest.fixture
def fake():
    with FakeComfyUI() as server:
        yield server


@pytest.fixture
def backend(fake):
    made = ComfyUI(fake.url, limits=QUICK)
    yield made
    made.close()


def order(stage="txt2img", *, image=b"", seed=7, job_id="01J", prompt="a boat", **values):
    config = with_values(PipelineConfig(), {**SMALL, **values})
    return StageOrder(job_id=job_id, stage=stage, prompt=prompt, negative="", seed=seed, config=config, image=image)


def prefixes(fake):
    saves = [node for graph in fake.graphs() for node in graph.values() if node["class_type"] == "SaveImage"]
    return [node["inputs"]["filename_prefix"] for node in saves]


def chunks(data):
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.load()
        return dict(image.info)


class TestWhatIsSent:
    def test_every_try_has_an_id_of_its_own_and_every_call_a_client_of_its_own(self, fake, backend):
        backend.generate(order(**{"txt2img.batch_size": 2}))
        backend.generate(order())
        ids = [seen.body["prompt_id"] for seen in fake.posts]
        clients = [seen.body["client_id"] for seen in fake.posts]
        assert len(set(ids)) == 3
        assert clients[0] == clients[1] != clients[2]
        assert all(clients)

    def test_the_id_of_the_job_is_in_the_name_of_its_file_so_each_job_owns_one(self, fake, backend):
        first = backend.generate(order(job_id="01JAAA"))
        second = backend.generate(order(job_id="01JBBB"))
        assert ["01JAAA" in prefixes(fake)[0], "01JBBB" in prefixes(fake)[1]] == [True, True]
        assert sum(key[0] == "output" for key in fake.disk) == 2
        assert (first.images[0].suspect, second.images[0].suspect) == ((), ())

    def test_the_name_of_the_file_has_only_signs_that_every_system_takes(self, fake, backend):
        start = backend.generate(order(prompt="%date:yyyy% a:b*c?<d>|e")).images[0].data
        backend.generate(order("img2img", image=start))
        assert [re.fullmatch(r"StableNew/[\w-]+", prefix) is None for prefix in prefixes(fake)] == [False, False]

    def test_a_server_that_chooses_the_ids_itself_is_asked_by_those_of_its_answers(self):
        with FakeComfyUI("0.3.64") as old:
            old.chooses_ids = True
            backend = ComfyUI(old.url, limits=QUICK)
            assert backend.generate(order()).images[0].suspect == ()
            old.hold(step=3)
            with ThreadPoolExecutor(1) as node:
                future = node.submit(backend.generate, order(seed=8))
                assert old.held.wait(60)
                backend.interrupt()
                with pytest.raises(Cancelled):
                    future.result(60)
            assert [seen.body for seen in old.posts if seen.path == "/interrupt"] == [{"prompt_id": old.runs[-1]}]
            assert (old.count("/prompt"), len(old.history)) == (2, 2)
            backend.close()

    def test_an_equal_job_is_served_from_the_cache_and_counts(self, fake, backend):
        first, second = backend.generate(order()), backend.generate(order())
        assert first.images == second.images
        assert fake.count("prompt") == 2

    def test_a_batch_is_several_graphs_whose_seeds_count_up(self, fake, backend):
        backend.generate(order(**{"txt2img.batch_size": 3}))
        sent = [node["inputs"] for graph in fake.graphs() for node in graph.values()]
        assert [one["seed"] for one in sent if "seed" in one] == [7, 8, 9]
        assert [one["batch_size"] for one in sent if "batch_size" in one] == [1, 1, 1]

    def test_a_seed_beyond_32_bits_arrives_whole(self, fake, backend):
        (image,) = backend.generate(order(seed=2**64 - 1)).images
        assert (image.seed, image.suspect) == (2**64 - 1, ())
        assert [node["inputs"]["seed"] for node in fake.graphs()[0].values() if "seed" in node["inputs"]] == [2**64 - 1]

    def test_a_picture_is_uploaded_into_the_temporary_folder_under_one_name(self, fake, backend):
        start = backend.generate(order()).images[0].data
        for _ in range(2):
            backend.generate(order("img2img", image=start))
        assert sum(key[0] == "temp" for key in fake.disk) == 1
        assert not [key for key in fake.disk if key[0] == "input"]

    def test_no_origin_and_no_proxy_of_the_environment_get_in_the_way(self, fake, backend, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        assert backend.generate(order()).images
        assert fake.socket_count == 1


class TestWhatIsKept:
    def test_the_file_keeps_the_servers_own_text_and_gets_a_generation_text(self, fake, backend):
        (image,) = backend.generate(order(**{"txt2img.sampler": "DPM++ 2M", "txt2img.scheduler": "Karras"})).images
        found = chunks(image.data)
        assert json.loads(found["prompt"])
        text = parse(found["parameters"])
        assert found["parameters"] == image.infotext
        assert (text.prompt, text.values["Steps"], text.values["Seed"]) == ("a boat", "6", "7")
        assert (text.values["Sampler"], text.values["Schedule type"]) == ("DPM++ 2M", "Karras")
        assert (text.values["Model"], text.values["Version"]) == ("ink_model", "ComfyUI 0.33.0")

    def test_everything_but_the_added_text_is_byte_for_byte_the_servers_file(self, fake, backend):
        (image,) = backend.generate(order(prompt="ein Boot für Łódź ⛵")).images
        (theirs,) = (data for key, data in fake.disk.items() if key[0] == "output")
        assert image.data.startswith(theirs[:33])
        assert image.data.endswith(theirs[33:])
        assert chunks(image.data)["parameters"].startswith("ein Boot für Łódź ⛵")

    def test_a_picture_that_was_cut_to_eight_is_told_by_its_real_size(self, fake, backend):
        made = backend.generate(order(**{"txt2img.width": 96, "txt2img.height": 64}))
        assert (made.applied["txt2img.width"], made.applied["txt2img.height"]) == (96, 64)

    def test_a_checkpoint_that_is_the_only_one_needs_no_name_and_is_recorded(self, fake, backend):
        fake.files["checkpoints"] = ["sub/only_model.safetensors"]
        made = backend.generate(order(checkpoint=""))
        assert made.applied["checkpoint"] == backend.check().loaded_checkpoint == "only_model"
        assert parse(made.images[0].infotext).values["Model"] == "only_model"

    def test_an_enlarged_picture_keeps_the_text_of_the_one_it_came_from(self, backend):
        (first,) = backend.generate(order()).images
        wanted = {"upscale.upscaler": "4x-UltraSharp", "upscale.mode": "single"}
        (second,) = backend.generate(order("upscale", image=first.data, **wanted)).images
        assert second.infotext == first.infotext == chunks(second.data)["parameters"]
        assert (second.width, second.height, second.suspect) == (128, 128, ())

    def test_a_history_that_somebody_cleared_leaves_the_word_of_socket_and_file(self, fake, backend):
        fake.run_fault("history-cleared")
        made = backend.generate(order())
        assert (made.images[0].suspect, made.applied["txt2img.steps"], fake.count("prompt")) == ((), 6, 1)


class TestProgress:
    def test_steps_fraction_and_preview_come_over_the_socket(self, fake, backend):
        fake.hold(step=4)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            assert fake.held.wait(60)
            wait_until(lambda: backend.progress().step == 3)
            seen = backend.progress()
            assert (seen.steps, seen.state) == (6, "")
            assert 0.3 < seen.fraction < 0.9
            wait_until(lambda: backend.progress().preview.startswith(b"\xff\xd8\xff"))
            fake.release()
            assert future.result(60).images
        assert backend.progress() is None

    def test_a_loading_checkpoint_says_so(self, fake, backend):
        fake.hold(step=0, loading=True)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            assert fake.held.wait(60)
            wait_until(lambda: backend.progress().state == "loading checkpoint")
            fake.release()
            assert future.result(60).images

    @pytest.mark.parametrize("socket", [True, False])
    # Without a client, its progress and pictures are sent to everybody.
    @pytest.mark.parametrize("client_id", ["somebody-else", ""])
    def test_waiting_behind_another_job_says_so_and_shows_nothing_of_it(self, socket, client_id):
        with FakeComfyUI(socket=socket) as fake:
            backend = ComfyUI(fake.url, limits=QUICK)
            fake.hold(step=5)
            fake.queue_foreign(client_id=client_id)
            assert fake.held.wait(60)
            with ThreadPoolExecutor(1) as node, watched(backend) as told:
                future = node.submit(backend.generate, order())
                wait_until(lambda: any(one and one.state == "waiting behind another job" for one in told))
                fake.hold(step=12)
                wait_until(lambda: fake.held.is_set())
                seen = len(told)
                wait_until(lambda: len(told) > seen + 3)
                assert all(one is None or (one.step, one.preview) == (0, b"") for one in list(told))
                fake.release()
                made = future.result(60)
            assert made.images[0].suspect == ()
            backend.close()

    def test_the_fraction_of_a_batch_never_falls(self, fake, backend):
        with watched(backend) as told:
            backend.generate(order(**{"txt2img.batch_size": 4}))
        fractions = [one.fraction for one in told if one]
        assert fractions == sorted(fractions)


class TestSocket:
    def test_a_socket_that_ends_in_the_middle_is_replaced_by_asking(self, fake, backend):
        fake.hold(step=3)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            assert fake.held.wait(60)
            for client in list(fake.clients.values()):
                client.sock.shutdown(2)
            fake.release()
            made = future.result(60)
        assert (made.attempts, made.images[0].suspect, fake.count("prompt")) == (1, (), 1)

    def test_a_proxy_that_eats_the_socket_is_tried_twice_and_then_left_in_peace(self):
        with FakeComfyUI(socket=False) as fake:
            backend = ComfyUI(fake.url, limits=QUICK)
            for number in range(4):
                assert backend.generate(order(job_id=f"01J{number}")).images
            assert fake.socket_tries == 2
            backend.check()
            backend.generate(order(job_id="01JX"))
            assert fake.socket_tries == 3
            backend.close()

    def test_a_socket_without_a_first_word_is_no_socket(self, fake):
        fake.mute_sockets = True
        backend = ComfyUI(fake.url, limits=msgspec.structs.replace(QUICK, control_s=0.5))
        made = [backend.generate(order(job_id=f"01J{number}")) for number in range(3)]
        assert [(len(one.images), one.attempts) for one in made] == [(1, 1)] * 3
        backend.close()
        assert (fake.socket_tries, fake.count("prompt")) == (2, 3)

    def test_what_it_has_told_is_heard_however_soon_the_queue_is_asked_again(self, fake):
        backend = ComfyUI(fake.url, limits=msgspec.structs.replace(QUICK, poll_s=0))
        fake.run_fault("history-cleared")
        made = backend.generate(order())
        assert (made.images[0].suspect, fake.count("prompt")) == ((), 1)
        backend.close()

    def test_the_end_that_it_tells_is_looked_up_in_the_history_at_once(self, fake):
        backend = ComfyUI(fake.url, limits=msgspec.structs.replace(QUICK, poll_s=60))
        fake.hold(step=3)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            assert fake.held.wait(60)
            wait_until(lambda: fake.gets.count("/queue") == 1)
            fake.release()
            assert future.result(60).images
        after = [path.rpartition("/")[0] or path for path in fake.gets[fake.gets.index("/queue") + 1 :]]
        assert after == ["/history", "/view"]
        backend.close()

    def test_many_jobs_leave_no_socket_and_no_file_open(self, fake, backend):
        backend.generate(order())
        gc.collect()
        before = len(os.listdir("/proc/self/fd"))
        for number in range(12):
            backend.generate(order(job_id=f"01J{number}"))
        wait_until(lambda: not fake.clients)
        gc.collect()
        wait_until(lambda: len(os.listdir("/proc/self/fd")) <= before)


class TestAddresses:
    def test_a_login_goes_to_every_request_and_to_the_socket(self):
        with FakeComfyUI(auth="me:s3cret") as fake:
            backend = ComfyUI(fake.url, user="me", password="s3cret", limits=QUICK)
            assert backend.generate(order()).images
            assert fake.socket_count == 1
            assert "s3cret" not in backend.name
            backend.close()

    def test_a_missing_login_is_said(self):
        with FakeComfyUI(auth="me:s3cret") as fake:
            with pytest.raises(AccessDenied, match="wants a login"):
                ComfyUI(fake.url).check()
            with pytest.raises(AccessDenied, match="wants a login"):
                Remote(fake.url).check()

    def test_it_works_below_a_path(self):
        with FakeComfyUI(below="/tools/comfy") as fake:
            backend = Remote(fake.url, limits=QUICK)
            assert backend.check().kind == "comfyui"
            assert backend.generate(order()).images
            assert fake.socket_count == 1
            backend.close()

    def test_what_is_no_address_is_refused_at_once(self):
        with pytest.raises(InvalidInput):
            ComfyUI("ftp://x")

    def test_another_program_at_the_address_is_no_comfyui(self):
        with FakeWebUI() as server, pytest.raises((NotReady, Refused)):
            ComfyUI(server.url).check()


class TestFoundOut:
    def test_an_address_is_what_answers_there(self, fake):
        with FakeWebUI() as server:
            for url, kind in ((fake.url, "comfyui"), (server.url, "webui")):
                backend = Remote(url, limits=QUICK)
                assert (backend.check().kind, backend.kind) == (kind, kind)
                assert backend.generate(order()).images
                backend.close()
            assert server.count("txt2img") == 1
        assert fake.count("prompt") == 1

    def test_a_server_that_takes_the_place_of_another_is_known_after_the_next_check(self):
        with FakeWebUI() as server:
            backend = Remote(server.url, limits=QUICK)
            assert backend.check().kind == "webui"
            server.go_down()
            with pytest.raises(Unreachable):
                backend.generate(order())
        with FakeComfyUI(port=server.port) as fake:
            assert backend.generate(order()).images
            assert (backend.kind, fake.count("prompt")) == ("comfyui", 1)
        backend.close()

    def test_nobody_at_the_address_is_one_sentence(self):
        with pytest.raises(Unreachable, match=r"No WebUI or ComfyUI is running at 127\.0\.0\.1:9"):
            Remote("http://127.0.0.1:9").check()

    def test_a_page_that_is_neither_is_said(self, fake):
        fake.fault("html", "", times=99)
        with pytest.raises((Refused, NotReady)):
            Remote(fake.url, limits=QUICK).check()


class TestOffers:
    def test_names_are_those_of_a_webui_and_files_without_their_ending(self, backend):
        found = backend.check()
        assert {"Euler a", "DPM++ 2M", "UniPC"} <= set(found.samplers)
        assert {"Automatic", "Karras", "SGM Uniform"} <= set(found.schedulers)
        assert "ink_model" in found.checkpoints
        assert (found.version, backend.version) == ("0.33.0", "0.33.0")
        assert {"hires", "refiner", "preview", "progress", "interrupt"} <= found.features

    def test_without_the_impact_pack_there_is_no_adetailer(self):
        with FakeComfyUI(impact=False) as fake:
            backend = ComfyUI(fake.url)
            assert "adetailer" not in backend.check().stages
            assert backend.check().adetailer_models == ()

    def test_an_old_release_has_no_previews(self):
        with FakeComfyUI("0.3.64") as fake:
            assert "preview" not in ComfyUI(fake.url).check().features


def test_two_clients_on_one_server_get_their_own_pictures(fake):
    one, other = (ComfyUI(fake.url, limits=QUICK) for _ in range(2))
    with ThreadPoolExecutor(2) as nodes:
        mine = nodes.submit(lambda: [one.generate(order(seed=seed)).images[0] for seed in range(5)])
        theirs = nodes.submit(lambda: [other.generate(order(seed=seed, prompt="x")).images[0] for seed in range(5)])
        seen = [*mine.result(60), *theirs.result(60)]
    assert [image.seed for image in seen] == [*range(5), *range(5)]
    assert all(image.suspect == () for image in seen)
    assert [json.loads(chunks(image.data)["prompt"]) for image in seen]
    assert len({image.data for image in seen}) == 10
    assert requests.get(f"{fake.url}/queue", timeout=60).json() == {"queue_running": [], "queue_pending": []}
    assert msgspec.json.encode([image.infotext for image in seen])
    one.close()
    other.close()
