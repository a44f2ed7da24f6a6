"""The app's own engine: an sd-server program that is started, restarted, ended, and that dies, lies or is deaf."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from conftest import PATIENCE_S, wait_until
from fake_webui import FakeWebUI
from stub_sd_server import StubProgram, is_alive

from stablenew_tk.app.engines.own_engine import engine_files
from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.sdserver.backend import EngineLimits, SdServer
from stablenew_tk.backends.sdserver.program import free_port
from stablenew_tk.domain.base.errors import AnswerLost, Cancelled, EngineFault, Refused, Unreachable
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.engines import OwnEngine
from stablenew_tk.domain.config.pipeline_config import PipelineConfig

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stub is a script for a Unix shell")
SMALL = {"txt2img.width": 128, "txt2img.height": 64, "txt2img.steps": 8}


def order(checkpoint="", *, seed=7, **values):
    config = with_values(PipelineConfig(), {**SMALL, "checkpoint": checkpoint, **values})
    return StageOrder(job_id="01J", stage="txt2img", prompt="a red boat", negative="", seed=seed, config=config)


@pytest.fixture
def program(tmp_path):
    stub = StubProgram(tmp_path, boat="good", tram="good", torn="damaged", weak="dies", deaf="deaf")
    yield stub
    stub.release()
    wait_until(lambda: not stub.alive())


def settings(stub, **changes):
    named = OwnEngine(program=str(stub.program), model_folders=(str(stub.models),))
    return msgspec.structs.replace(named, **changes)


@pytest.fixture
def engine(program):
    made = engine_for(program)
    yield made
    made.close()


def engine_for(program, *, model="boat", choose_port=free_port, **limits):
    named = settings(program, model=str(program.models / f"{model}.safetensors"))
    return SdServer(lambda: engine_files(named), EngineLimits(**limits), choose_port=choose_port)


class TestStarting:
    def test_nothing_is_started_before_it_is_asked(self, program, engine):
        assert (program.starts, engine.state.phase, engine.pid) == ([], "stopped", 0)
        assert engine.progress() is None
        engine.interrupt()
        assert program.starts == []

    def test_it_tells_all_model_files_and_the_one_in_use_first(self, engine):
        found = engine.check()
        assert found.checkpoints == ("boat", "deaf", "torn", "tram", "weak")
        assert found.loaded_checkpoint == "boat"
        assert (found.kind, found.name) == ("webui", "Own sd-server")
        assert {"checkpoint", "interrupt", "progress"} <= found.features
        assert engine.state.phase == "ready"

    def test_it_listens_on_this_computer_only_at_a_port_of_its_own(self, program, engine):
        engine.check()
        assert program.argument("-l") == "127.0.0.1"
        with socket.create_connection(("127.0.0.1", int(program.argument("--listen-port"))), 2):
            pass

    def test_the_check_after_the_first_starts_nothing_again(self, program, engine):
        assert engine.check() == engine.check()
        assert program.served == ["boat"]

    def test_one_that_is_slow_is_waited_for(self, program):
        program.add("late", "slow")
        engine = engine_for(program, model="late")
        with ThreadPoolExecutor(1) as node:
            found = node.submit(engine.check)
            wait_until(lambda: program.starts)
            assert not found.done()
            program.answer()
            assert found.result(60).loaded_checkpoint == "late"
        engine.close()

    def test_one_that_never_answers_is_given_up(self, program):
        program.add("late", "slow")
        engine = engine_for(program, model="late", start_s=0.05)
        with pytest.raises(Unreachable, match=r"sd-server was started with 'late' and gives no answer within 0\.05 s"):
            engine.check()
        assert (engine.state.phase, program.alive()) == ("died", [])
        engine.close()

    def test_threads_are_limited_as_set(self, program, engine):
        engine.check()
        assert program.argument("-t") == ""
        limited = engine_for(program, threads=3)
        limited.check()
        limited.close()
        assert program.argument("-t") == "3"

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux keeps this limit")
    def test_memory_is_limited_as_set(self, program):
        engine = engine_for(program, memory_gb=1.5)
        engine.check()
        engine.close()
        assert program.starts[-1]["memory"] == 3 << 29

    def test_folders_of_loras_and_upscalers_are_given_where_there_are_some(self, program, engine):
        engine.check()
        assert program.argument("--lora-model-dir") == program.argument("--hires-upscalers-dir") == ""
        (program.models / "Lora" / "ink").mkdir(parents=True)
        (program.models / "Lora" / "ink" / "wash.pt").write_bytes(b"x")
        (program.models / "ESRGAN").mkdir()
        (program.models / "ESRGAN" / "4x.pth").write_bytes(b"x")
        again = engine_for(program)
        found = again.check()
        again.close()
        assert program.argument("--lora-model-dir") == str(program.models / "Lora")
        assert program.argument("--hires-upscalers-dir") == str(program.models / "ESRGAN")
        assert found.checkpoints == ("boat", "deaf", "torn", "tram", "weak")

    def test_files_of_one_name_are_told_apart_by_their_folder(self, program, engine):
        (program.models / "old").mkdir()
        (program.models / "old" / "boat.safetensors").write_text("good\n")
        assert "old/boat" in engine.check().checkpoints
        assert engine.generate(order("old/boat")).applied["checkpoint"] == "old/boat"
        assert program.argument("-m", program.starts[0]) == str(program.models / "boat.safetensors")

    def test_a_program_in_a_folder_with_spaces_and_quotes_is_started(self, tmp_path):
        stub = StubProgram(tmp_path / 'it\'s "my" $HOME; exit', boat="good")
        engine = SdServer(lambda: engine_files(settings(stub)))
        assert engine.check().checkpoints == ("boat",)
        engine.close()

    def test_its_terminal_is_not_ours(self, engine):
        engine.check()
        assert os.getsid(engine.pid) != os.getsid(0)


class TestWhatIsMissing:
    def test_no_program_at_all(self, program, monkeypatch):
        monkeypatch.setenv("PATH", "")
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(Unreachable, match=r"No sd-server program was found .* Name one in Settings"):
            SdServer(lambda: engine_files(settings(program, program=""))).check()

    def test_a_program_beside_ours_comes_before_one_on_the_path(self, program, monkeypatch, tmp_path):
        monkeypatch.setattr(sys, "executable", str(program.program.parent / "StableNew"))
        assert engine_files(settings(program, program="")).program == program.program
        monkeypatch.setattr(sys, "executable", str(tmp_path / "StableNew"))
        monkeypatch.setenv("PATH", str(program.program.parent))
        assert engine_files(settings(program, program="")).program == program.program

    def test_a_program_that_is_not_there(self, program):
        with pytest.raises(Unreachable, match=r"^The program sd\.exe is not where Settings say"):
            SdServer(lambda: engine_files(settings(program, program=str(program.folder / "sd.exe")))).check()

    def test_a_file_that_is_no_program(self, program):
        no_program = program.folder / "readme.txt"
        no_program.write_text("hello\n")
        engine = SdServer(lambda: engine_files(settings(program, program=str(no_program))))
        with pytest.raises(Refused, match=r"readme\.txt is not a program of this system"):
            engine.check()
        engine.close()

    def test_no_model_file(self, program):
        with pytest.raises(Unreachable, match="sd-server needs a model file"):
            SdServer(lambda: engine_files(settings(program, model_folders=()))).check()

    def test_a_model_file_that_is_not_there(self, program):
        with pytest.raises(Unreachable, match=r"^The model file gone\.safetensors is not where"):
            SdServer(lambda: engine_files(settings(program, model=str(program.folder / "gone.safetensors")))).check()

    def test_an_unknown_checkpoint_is_refused_and_nothing_is_started(self, program, engine):
        with pytest.raises(Refused, match=r"checkpoint: there is no model file 'ship' .* There are: boat, deaf"):
            engine.generate(order("ship"))
        assert program.starts == []

    def test_a_model_file_that_came_since_is_found(self, program, engine):
        engine.check()
        program.add("ship")
        assert engine.generate(order("ship")).images


class TestDying:
    def test_a_damaged_model_file_is_told_in_the_words_of_the_program(self, program, engine):
        with pytest.raises(Refused) as told:
            engine.generate(order("torn"))
        assert str(told.value) == (
            "checkpoint: sd-server ended at once with 'torn' (exit code 1; init model loader from file failed: "
            "'torn.safetensors' · new_sd_ctx_t failed). Is the file whole?"
        )
        assert engine.state.phase == "died"
        assert engine.generate(order("boat")).images

    def test_no_folder_of_this_computer_is_in_any_of_its_words(self, program, engine):
        for name in ("torn", "weak"):
            with pytest.raises((Refused, EngineFault)) as told:
                engine.generate(order(name))
            assert not any(part in str(told.value) for part in (str(program.folder), str(Path.home()), "/"))

    def test_one_that_dies_in_mid_picture_is_asked_once_and_started_again_for_the_next(self, program, engine):
        with pytest.raises(EngineFault) as told:
            engine.generate(order("weak"))
        assert str(told.value) == (
            "sd-server ended while it made the picture "
            "(signal 6; failed to allocate buffer · terminate called: cannot map next.bin)."
        )
        assert (program.count("txt2img"), engine.state.phase) == (1, "died")
        assert engine.state.words.startswith("signal 6; ")
        assert engine.generate(order("boat")).images
        assert program.served == ["weak", "boat"]

    def test_with_a_limit_of_memory_its_end_says_so(self, program):
        engine = engine_for(program, memory_gb=4)
        with pytest.raises(EngineFault, match="Settings limit its memory to 4 GB"):
            engine.generate(order("weak"))
        engine.close()

    def test_one_that_died_between_two_pictures_is_started_again(self, program, engine):
        first = engine.generate(order())
        os.kill(program.starts[-1]["pid"], signal.SIGKILL)
        wait_until(lambda: not engine.pid)
        assert engine.generate(order()).images == first.images
        assert program.served == ["boat", "boat"]


class TestPorts:
    def test_a_port_in_use_is_left_alone(self, program):
        with FakeWebUI("sd-server") as other:
            ports = [other.port, free_port()]
            engine = engine_for(program, choose_port=lambda: ports.pop(0))
            assert engine.generate(order()).images
            engine.close()
            assert (other.posts, other.gets) == ([], [])
        assert len(program.starts) == 1

    def test_with_all_ports_in_use_it_says_so(self, program):
        with FakeWebUI("sd-server") as other:
            engine = engine_for(program, choose_port=lambda: other.port)
            with pytest.raises(EngineFault, match=r"could not be started: 4 ports of this computer were taken"):
                engine.check()
            engine.close()
        assert (program.starts, engine.state.phase) == ([], "stopped")

    def test_somebody_else_who_was_faster_at_the_port_is_not_taken_for_ours(self, program):
        program.add("ship", "elsewhere")
        engine = engine_for(program, model="ship")
        assert engine.generate(order()).applied["checkpoint"] == "ship"
        engine.close()
        first, second = program.starts
        assert program.argument("--listen-port", first) != program.argument("--listen-port", second)


class TestAnotherCheckpoint:
    def test_it_is_another_process_and_only_one_runs(self, program, engine):
        pids = []
        for name in ("boat", "tram", "tram", "boat"):
            made = engine.generate(order(name))
            assert made.asked["checkpoint"] == made.applied["checkpoint"] == name
            assert made.images[0].suspect == ()
            pids += program.alive()
        assert program.served == ["boat", "tram", "boat"]
        assert len(pids) == 4

    def test_a_job_without_one_takes_the_one_in_settings(self, program, engine):
        engine.generate(order("tram"))
        assert engine.generate(order()).applied["checkpoint"] == "boat"
        assert engine.generate(order("boat.safetensors [0a1b2c3d4e]")).images
        assert program.served == ["tram", "boat"]

    def test_a_check_leaves_the_one_in_use(self, program, engine):
        engine.generate(order("tram"))
        assert engine.check().loaded_checkpoint == "tram"
        assert program.served == ["tram"]

    def test_meanwhile_it_says_what_is_waited_for(self, program, engine):
        engine.generate(order("boat"))
        program.add("late", "slow")
        with ThreadPoolExecutor(1) as node:
            future = node.submit(engine.generate, order("late"))
            wait_until(lambda: (told := engine.progress()) and told.state == "restarting sd-server")
            program.answer()
            assert future.result(60).images


class TestStop:
    def stopped(self, program, engine, name=""):
        program.hold(step=3)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(engine.generate, order(name))
            wait_until(program.is_set)
            began = time.monotonic()
            engine.interrupt()
            took_s = time.monotonic() - began
            with pytest.raises(Cancelled) as told:
                future.result(60)
        program.release()
        return took_s, str(told.value)

    def test_it_ends_the_process_with_the_picture_and_the_next_one_starts_it_again(self, program):
        engine = engine_for(program, stop_s=PATIENCE_S)
        took_s, words = self.stopped(program, engine)
        assert words == "Stopped. sd-server was ended with the picture; the next one starts it again."
        assert took_s < PATIENCE_S
        assert (program.alive(), engine.state.phase, engine.pid) == ([], "stopped", 0)
        assert engine.generate(order()).images
        assert program.count("txt2img") == 2
        engine.close()

    def test_one_that_ignores_it_is_ended_by_force(self, program):
        engine = engine_for(program, stop_s=0.2)
        took_s, _ = self.stopped(program, engine, "deaf")
        assert took_s >= 0.2
        assert program.alive() == []
        engine.close()

    def test_while_it_starts_nothing_is_made(self, program, engine):
        program.add("late", "slow")
        with ThreadPoolExecutor(1) as node:
            future = node.submit(engine.generate, order("late"))
            wait_until(lambda: program.starts)
            engine.interrupt()
            with pytest.raises(Cancelled, match="while sd-server was starting"):
                future.result(60)
        assert (program.posts, program.alive()) == ([], [])

    def test_one_that_came_too_late_does_not_cost_the_next_picture(self, program):
        engine = engine_for(program, stop_s=1.0)
        program.hold(step=7)
        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(engine.generate, order("deaf"))
            wait_until(program.is_set)
            late = threads.submit(engine.interrupt)
            wait_until(lambda: not first.done())
            program.release()
            assert first.result(60).images or late.result(60) is None
            assert engine.generate(order("deaf", seed=8)).images[0].suspect == ()
        engine.close()

    def test_progress_is_read_from_what_it_prints(self, program, engine):
        program.hold(step=3)
        with ThreadPoolExecutor(1) as node:
            future = node.submit(engine.generate, order())
            wait_until(lambda: (told := engine.progress()) and told.step)
            told = engine.progress()
            assert (told.step, told.steps, told.fraction, told.state) == (3, 8, 0.375, "")
            program.release()
            assert future.result(60).images
        assert engine.progress() is None


class TestTheEnd:
    def test_close_ends_it_and_a_waiting_picture_with_it(self, program, engine):
        program.hold()
        with ThreadPoolExecutor(1) as node:
            future = node.submit(engine.generate, order())
            wait_until(program.is_set)
            engine.close()
            with pytest.raises(AnswerLost, match="no longer needs it"):
                future.result(60)
        assert (program.alive(), engine.state.phase) == ([], "stopped")

    def test_one_that_does_nothing_is_ended_at_once(self, program):
        engine = engine_for(program, model="deaf", stop_s=PATIENCE_S)
        engine.generate(order())
        began = time.monotonic()
        engine.close()
        assert time.monotonic() - began < PATIENCE_S
        assert program.alive() == []

    def test_after_close_nothing_is_started_any_more(self, program, engine):
        engine.close()
        with pytest.raises(Cancelled):
            engine.generate(order())
        assert program.alive() == []

    def test_it_lives_longer_than_the_thread_that_started_it(self, program, engine):
        thread = threading.Thread(target=engine.check)
        thread.start()
        thread.join()
        assert program.alive()
        assert engine.generate(order()).images
        assert program.served == ["boat"]

    @pytest.mark.parametrize("model", ["boat", "deaf"])
    def test_it_ends_when_the_app_is_killed(self, program, model):
        app = self.app(program, model)
        (pid,) = program.alive()
        app.kill()
        app.communicate()
        wait_until(lambda: not is_alive(pid))

    def test_it_ends_when_the_app_ends_without_a_word(self, program):
        app = self.app(program, "boat")
        app.communicate(b"leave\n", PATIENCE_S)
        wait_until(lambda: not program.alive())

    def test_it_ends_with_the_app_when_the_guard_was_killed_before(self, program):
        app = self.app(program, "boat")
        guard = os.getpgid(program.starts[0]["pid"])
        os.kill(guard, signal.SIGKILL)
        assert program.alive()
        app.kill()
        app.communicate()
        wait_until(lambda: not program.alive())

    def app(self, program, model):
        """A program of its own that has started the engine and waits for a line."""
        source = (
            "import os, sys\n"
            "from stablenew_tk.app.engines.own_engine import own_engine\n"
            "from stablenew_tk.domain.config.engines import OwnEngine\n"
            "engine = own_engine(OwnEngine(program=sys.argv[1], model=sys.argv[2]))\n"
            "engine.check()\n"
            "print('ready', flush=True)\n"
            "sys.stdin.readline()\n"
            "os._exit(3)\n"
        )
        words = [sys.executable, "-c", source, str(program.program), str(program.models / f"{model}.safetensors")]
        root = Path(__file__).parents[3]
        app = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
        assert app.stdout.readline() == b"ready\n"
        return app


def test_a_picture_of_a_later_stage_is_made_by_the_same_process(program, engine):
    first = engine.generate(order())
    later = msgspec.structs.replace(order(), stage="img2img", image=first.images[0].data)
    made = engine.generate(later)
    assert made.images
    assert program.served == ["boat"]
