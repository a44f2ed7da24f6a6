"""Every way a WebUI was seen to fail: the right error as a sentence, the right number of POSTs, no wait for ever."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import wait_until
from fake_webui import FakeWebUI, watched
from jobs import webui

from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.transport import Limits
from stablenew_tk.backends.webui.backend import WebUI
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

SMALL = {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 6, "checkpoint": "ink_model"}


@pytest.fixture(params=["forge", "forge-ui"])
def fake(request):
    with FakeWebUI(request.param) as server:
        yield server


@pytest.fixture
def forge():
    with FakeWebUI() as server:
        yield server


def backend_of(server, **limits):
    made = webui(server, **{"gone_s": 60, **limits})
    made.check()
    return made


def order(stage="txt2img", *, image=b"", **values):
    config = with_values(PipelineConfig(), {**SMALL, **values})
    return StageOrder(job_id="01J", stage=stage, prompt="a boat", negative="", seed=7, config=config, image=image)


def failure(server, name, error, **limits):
    """Play one failure at the next picture and return the sentence it ends in."""
    backend = backend_of(server, **limits)
    server.fault(name)
    with watched(backend), pytest.raises(error) as caught:
        backend.generate(order())
    return str(caught.value)


class TestNobodyThere:
    def test_a_closed_port_is_unreachable_and_says_what_to_do(self):
        with pytest.raises(Unreachable, match=r"No WebUI is running at 127\.0\.0\.1:9"):
            WebUI("http://127.0.0.1:9").check()

    def test_a_server_that_went_away_before_the_picture_is_unreachable_with_no_post(self, fake):
        backend = backend_of(fake)
        fake.go_down()
        with pytest.raises(Unreachable):
            backend.generate(order())
        assert fake.count("txt2img") == 0

    def test_after_it_came_back_the_same_backend_works(self, fake):
        backend = backend_of(fake)
        fake.go_down()
        with pytest.raises(Unreachable):
            backend.generate(order())
        fake.come_back()
        assert backend.generate(order()).attempts == 1

    def test_out_of_memory_and_then_dead_is_an_engine_fault_and_then_unreachable(self, fake):
        backend = backend_of(fake)
        fake.fault("oom-dead")
        with pytest.raises(EngineFault, match="out of GPU memory"):
            backend.generate(order())
        with pytest.raises(Unreachable):
            backend.generate(order())
        assert fake.count("txt2img") == 1

    def test_a_server_that_dies_under_the_work_is_unreachable(self, forge):
        backend = backend_of(forge)
        forge.hold(step=3)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            forge.held.wait(60)
            forge.go_down()
            with pytest.raises(Unreachable, match="went away"):
                future.result(60)


class TestADeadServerBehindARelay:
    @pytest.mark.parametrize("name", ["early-eof", "reset", "html-502", "hang"])
    def test_it_is_unreachable_at_once_and_nothing_is_sent(self, fake, name):
        backend = backend_of(fake, **({"progress_s": 2.0, "lists_s": 2.0} if name == "hang" else {}))
        fake.fault(name, route="*", times=10**6)
        with watched(backend), pytest.raises(Unreachable):
            backend.generate(order())
        assert fake.count("txt2img") == 0
        fake.clear_faults()
        assert backend.generate(order()).attempts == 1

    @pytest.mark.parametrize("name", ["early-eof", "html-502"])
    def test_one_that_dies_under_the_work_went_away(self, fake, name):
        backend = backend_of(fake, gone_s=0.1)
        fake.fault("reset-after")
        fake.hold(step=3)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            fake.held.wait(60)
            fake.fault(name, route="*", times=10**6)
            fake.release()
            with pytest.raises(Unreachable, match="went away"):
                future.result(60)
        assert fake.count("txt2img") == 1


class TestStatusesAndStrangePages:
    @pytest.mark.parametrize(
        ("name", "error", "words"),
        [
            ("400", Refused, "Sampler not found"),
            ("422", Refused, "steps: Input should be a valid integer"),
            ("404", NotReady, "without --api"),
            ("401", AccessDenied, "login"),
            ("403", AccessDenied, "login"),
            ("login-page", AccessDenied, "sends us to a login page (/oauth2/sign_in)"),
            ("403-page", AccessDenied, "Something in front of 127.0.0.1"),
            ("plain-404", Refused, "is neither a WebUI nor ComfyUI"),
            ("500", EngineFault, "mat1 and mat2 shapes"),
            ("oom", EngineFault, "smaller size or batch"),
            ("oom-a1111", EngineFault, "smaller size or batch"),
            ("html", Refused, "not a WebUI but a web page"),
            ("redirect", Refused, "http://127.0.0.1:9/elsewhere"),
            ("other-protocol", Refused, "not a WebUI: it does not speak HTTP"),
            ("many-headers", AnswerLost, "cannot be read"),
            ("long-header", AnswerLost, "cannot be read"),
            ("huge-length", AnswerLost, "MiB"),
            ("html-502", AnswerLost, "gave up waiting"),
        ],
    )
    def test_one_post_and_a_sentence_that_tells_it(self, forge, name, error, words):
        assert words in failure(forge, name, error)
        assert forge.count("txt2img") == 1

    @pytest.mark.parametrize(
        ("name", "error"),
        [
            ("html", Refused),
            ("redirect", Refused),
            ("other-protocol", Refused),
            ("401", AccessDenied),
            ("login-page", AccessDenied),
            ("403-page", AccessDenied),
            ("plain-404", Refused),
            ("hang", Unreachable),
            ("drip", Unreachable),
            ("drip-headers", Unreachable),
        ],
    )
    def test_check_tells_the_same_things_apart(self, forge, name, error):
        forge.fault(name, route="*", times=99)
        with pytest.raises(error):
            WebUI(forge.url, limits=Limits(lists_s=0.3 if error is Unreachable else 60.0)).check()

    def test_no_api_and_still_starting_are_not_ready(self, fake):
        fake.ready = False
        with pytest.raises(NotReady, match=r"--api.*still starting"):
            WebUI(fake.url).check()
        fake.ready = True
        assert WebUI(fake.url).check().samplers

    def test_a_port_that_speaks_something_else_is_no_webui(self):
        with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as other:

            def greet():
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(b"220 mail.example ESMTP\r\n")
                    connection.recv(1000)

            other.submit(greet)
            with pytest.raises(Refused, match="not a WebUI"):
                WebUI(f"http://127.0.0.1:{listener.getsockname()[1]}").check()


class TestTheAnswerIsLost:
    @pytest.mark.parametrize(
        "name",
        ["reset", "reset-after", "reset-running", "cut", "cut-chunked", "cut-nolength", "keepalive-closed", "not-json"],
    )
    def test_a_broken_answer_is_asked_for_once_more_when_the_server_is_idle(self, fake, name):
        backend = backend_of(fake)
        fake.fault(name)
        made = backend.generate(order())
        assert made.attempts == 2
        assert "made again" in made.notes[0]
        assert fake.count("txt2img") == 2
        assert {seen.body["seed"] for seen in fake.posts if seen.path.endswith("txt2img")} == {7}

    @pytest.mark.parametrize("name", ["reset", "cut"])
    def test_twice_is_enough(self, fake, name):
        backend = backend_of(fake)
        fake.fault(name, times=9)
        with pytest.raises(AnswerLost, match="broke before the answer was complete"):
            backend.generate(order())
        assert fake.count("txt2img") == 2

    def test_while_our_job_still_runs_nothing_is_sent_again(self, fake):
        backend = backend_of(fake)
        fake.fault("reset-running")
        fake.hold(step=3)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            fake.held.wait(60)
            looks = len(fake.gets)
            wait_until(lambda: len(fake.gets) > looks + 5)
            assert fake.count("txt2img") == 1
            fake.release()
            assert future.result(60).attempts == 2
        assert fake.count("txt2img") == 2

    def test_stop_while_waiting_for_a_lost_job_interrupts_it_and_asks_no_second_time(self, fake):
        backend = backend_of(fake)
        fake.fault("reset-running")
        fake.hold(step=3)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            fake.held.wait(60)
            looks = len(fake.gets)
            wait_until(lambda: len(fake.gets) > looks + 2)
            backend.interrupt()
            with pytest.raises(Cancelled):
                future.result(60)
        assert fake.count("txt2img") == 1

    def test_a_server_without_progress_is_not_asked_again(self):
        with FakeWebUI("sd-server") as server:
            backend = backend_of(server)
            server.fault("reset")
            with pytest.raises(AnswerLost):
                backend.generate(order(checkpoint="photo_model"))
            assert server.count("txt2img") == 1


class TestNothingHangsForEver:
    @pytest.mark.parametrize("name", ["hang", "drip", "drip-headers"])
    def test_a_silent_server_is_given_up_after_the_stall_limit(self, forge, name):
        backend = backend_of(forge, progress_s=0.1, control_s=0.1, stall_s=0.3)
        forge.fault("hang", route="/sdapi/v1/progress", nth=2, times=10**6)
        forge.fault(name)
        with watched(backend), pytest.raises(AnswerLost, match="was silent"):
            backend.generate(order())
        assert forge.count("txt2img") == 1

    @pytest.mark.parametrize("name", ["drip", "drip-headers"])
    def test_stop_does_not_wait_for_an_answer_that_never_ends(self, forge, name):
        backend = backend_of(forge, settle_s=0.3)
        forge.fault(name)
        with watched(backend), ThreadPoolExecutor(1) as pool:
            made = pool.submit(backend.generate, order())
            wait_until(lambda: forge.count("txt2img") == 1)
            backend.interrupt()
            assert isinstance(made.exception(timeout=60), (AnswerLost, Cancelled))

    @pytest.mark.parametrize("name", ["hang", "drip", "drip-headers"])
    def test_the_total_limit_holds_even_without_a_watcher(self, forge, name):
        backend = backend_of(forge, total_s=2.0)
        forge.fault(name)
        with pytest.raises(AnswerLost):
            backend.generate(order())
        assert forge.count("txt2img") == 1

    def test_a_job_given_up_is_interrupted_so_that_it_does_not_run_for_nobody(self, fake):
        backend = backend_of(fake, total_s=2.0)
        fake.hold(step=3)
        with watched(backend), pytest.raises(AnswerLost):
            backend.generate(order())
        assert fake.count("interrupt") >= 1
        wait_until(lambda: not fake.busy)

    def test_a_checkpoint_that_loads_longer_than_the_stall_limit_is_no_failure(self, fake):
        backend = backend_of(fake, stall_s=0.2)
        fake.hold(loading=True)
        with ThreadPoolExecutor(1) as node, watched(backend) as reported:
            future = node.submit(backend.generate, order())
            fake.held.wait(60)
            seen = len(reported)
            wait_until(lambda: len(reported) > seen + 40)
            fake.release()
            assert future.result(60).attempts == 1

    def test_slow_progress_alone_fails_nothing(self, forge):
        backend = backend_of(forge, progress_s=0.05)
        forge.fault("hang", route="/sdapi/v1/progress", times=10**6)
        with watched(backend):
            assert backend.generate(order()).attempts == 1

    def test_closing_the_backend_ends_a_waiting_picture(self, forge):
        backend = backend_of(forge)
        forge.fault("hang")
        with ThreadPoolExecutor(1) as node:
            future = node.submit(backend.generate, order())
            wait_until(lambda: forge.count("txt2img") == 1)
            backend.close()
            with pytest.raises(AnswerLost, match="closed"):
                future.result(60)


class TestDamagedPictures:
    @pytest.mark.parametrize(
        "name",
        [
            "truncated-base64",
            "truncated-png",
            "flipped-png",
            "trailing-png",
            "not-an-image",
            "no-images",
            "null-images",
        ],
    )
    def test_a_damaged_picture_is_asked_for_once_more_and_never_kept(self, forge, name):
        backend = backend_of(forge)
        forge.fault(name)
        whole = backend.generate(order())
        assert whole.attempts == 2
        assert whole.images == backend.generate(order()).images

    def test_twice_damaged_is_a_bad_image(self, forge):
        backend = backend_of(forge)
        forge.fault("truncated-png", times=9)
        with pytest.raises(BadImage, match="not saved"):
            backend.generate(order())
        assert forge.count("txt2img") == 2

    @pytest.mark.parametrize("name", ["data-url", "folded-base64", "chunked", "gzipped"])
    def test_odd_but_whole_answers_are_fine(self, forge, name):
        backend = backend_of(forge)
        plain = backend.generate(order()).images
        forge.fault(name)
        made = backend.generate(order())
        assert (made.attempts, made.images) == (1, plain)

    @pytest.mark.parametrize("name", ["gzip-bomb", "huge-length"])
    def test_an_answer_beyond_the_limit_is_thrown_away(self, forge, name):
        assert "MiB" in failure(forge, name, AnswerLost, picture_bytes=1 << 20)
        assert forge.count("txt2img") == 1

    def test_a_black_picture_is_kept_and_marked(self, forge):
        backend = backend_of(forge)
        forge.fault("black")
        assert backend.generate(order()).images[0].suspect == ("black",)

    def test_fewer_pictures_than_asked_were_cut_short_and_do_not_count(self, forge):
        backend = backend_of(forge)
        forge.fault("fewer-images")
        made = backend.generate(order(**{"txt2img.batch_size": 3}))
        assert [image.suspect for image in made.images] == [("interrupted",)] * 2
        assert made.notes == ("2 of 3 pictures came.",)
        assert forge.count("txt2img") == 1

    def test_without_a_word_about_how_it_was_made_the_picture_is_kept_with_a_note(self, forge):
        backend = backend_of(forge)
        forge.fault("info-garbage")
        made = backend.generate(order())
        assert "did not say" in made.notes[0]
        assert made.applied["txt2img.sampler"] == "Euler a"


class TestTheServerDidSomethingElse:
    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("other-sampler", "mismatch:txt2img.sampler"),
            ("other-steps", "mismatch:txt2img.steps"),
            ("other-cfg", "mismatch:txt2img.cfg_scale"),
            ("other-seed", "mismatch:seed"),
            ("other-checkpoint", "mismatch:checkpoint"),
            ("other-size", "size"),
        ],
    )
    def test_it_is_seen_marked_and_told(self, forge, name, code):
        backend = backend_of(forge)
        forge.fault(name)
        made = backend.generate(order())
        assert made.images[0].suspect == (code,)
        assert code == "size" or "does not count" in made.notes[0]
        assert forge.count("txt2img") == 1

    def test_another_scheduler_is_seen_unless_automatic_was_asked(self, forge):
        backend = backend_of(forge)
        forge.fault("other-scheduler", times=2)
        assert backend.generate(order()).images[0].suspect == ()
        asked = order(**{"txt2img.scheduler": "Karras"})
        assert backend.generate(asked).images[0].suspect == ("mismatch:txt2img.scheduler",)

    def test_hires_fix_that_did_not_happen_is_seen(self, forge):
        backend = backend_of(forge)
        forge.fault("no-hires")
        made = backend.generate(order(**{"hires.enabled": True}))
        assert set(made.images[0].suspect) == {"mismatch:hires.scale", "size"}

    def test_another_denoise_is_seen(self, forge):
        backend = backend_of(forge)
        first = backend.generate(order()).images[0].data
        forge.fault("other-denoise")
        assert backend.generate(order("img2img", image=first)).images[0].suspect == ("mismatch:img2img.denoise",)

    def test_the_seed_kept_with_the_picture_is_the_one_that_was_used(self, forge):
        backend = backend_of(forge)
        forge.fault("other-seed")
        assert backend.generate(order()).images[0].seed == 1007


class TestProxies:
    def test_proxy_settings_of_the_machine_are_not_used(self, forge, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert WebUI(forge.url).check().samplers
