"""The user's own server: started with their command, watched, and ended with everything that it started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import wait_until
from own_server import OwnScript

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.pipeline.messages.jobs import CheckBackend
from stablenew_tk.pipeline.messages.server import (
    CloseServer,
    FindServer,
    ServerState,
    StartServer,
    StopServer,
    WatchServer,
)
from stablenew_tk.pipeline.server_worker import ServerTiming, ServerWork
from stablenew_tk.storage.programs.started_server import ServerFiles

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes as Linux shows them")

QUICK = ServerTiming(watch_s=0.01, look_s=0.01, grace_s=60, close_s=60, nearly=3)


@pytest.fixture
def script(tmp_path):
    made = OwnScript(tmp_path / "their server")
    yield made
    made.end()


@pytest.fixture
def files(tmp_path):
    return ServerFiles(tmp_path / "data" / "server.json", tmp_path / "logs" / "output.txt")


class Watched:
    """A worker and all that it told."""

    def __init__(self, files, script, timing=QUICK, look=lambda _order: "no"):
        self.work = ServerWork(files, look, timing)
        self.script, self.lines, self.states, self.skipped = script, [], [], 0

    @property
    def state(self):
        return self.states[-1]

    def do(self, order):
        event = self.work.perform(order)
        self.lines += event.lines
        self.skipped += event.skipped
        self.states.append(event.state)
        return event

    def start(self, *words, look=None):
        return self.do(StartServer(command=self.script.command(*words), folder=str(self.script.folder), look=look))

    def until(self, condition):
        wait_until(condition, step=lambda: self.do(WatchServer()))


@pytest.fixture
def watched(files, script):
    """Makes workers, and ends what they have left running."""
    made = []

    def make(timing=QUICK, look=lambda _order: "no"):
        made.append(Watched(files, script, timing, look))
        return made[-1]

    yield make
    for one in made:
        one.do(StopServer(force=True))
        one.do(CloseServer(stop=True, wanted=True))


@pytest.fixture
def server(watched):
    return watched()


class TestStart:
    def test_it_runs_in_its_folder_with_its_words(self, server, script):
        server.start("say=hello there", "error=a warning")
        server.until(lambda: len(server.lines) == 2)
        assert sorted(server.lines) == ["a warning", "hello there"]
        assert (server.state.phase, [server.state.pid]) == ("running", script.alive())
        assert str(server.state) == f"running (pid {server.state.pid})"

    def test_what_it_prints_comes_without_being_flushed_and_without_colours(self, server):
        server.start("quietly=at once", "colour=red")
        server.until(lambda: len(server.lines) == 2)
        assert server.lines == ["at once", "red"]

    def test_it_leads_a_process_group_of_its_own(self, server, script):
        server.start()
        server.until(script.alive)
        assert os.getpgid(server.state.pid) == server.state.pid != os.getpgid(0)

    @pytest.mark.parametrize("code", [0, 1, 3])
    def test_one_that_ends_at_once_shows_its_exit_code_and_last_lines(self, server, script, code):
        server.start("say=starting", f"error=no GPU, code {code}", f"exit={code}")
        server.until(lambda: server.state.phase == "ended")
        assert (server.state.code, server.lines[-1]) == (code, f"no GPU, code {code}")
        assert str(server.state) == f"ended with exit code {code}"
        assert script.alive() == []

    def test_one_that_was_killed_shows_the_signal(self, server, script):
        server.start()
        server.until(script.alive)
        os.kill(server.state.pid, 9)
        server.until(lambda: server.state.phase == "ended")
        assert str(server.state) == "ended by signal 9"

    def test_a_second_start_is_refused_and_the_first_goes_on(self, server, script, watched):
        server.start()
        server.until(script.alive)
        for other in (server, watched()):
            with pytest.raises(InvalidInput, match=rf"runs already \(pid {server.state.pid}\)"):
                other.start()
        assert script.pids() == [server.state.pid]

    def test_after_its_end_it_can_be_started_again(self, server, script):
        server.start("exit=1")
        server.until(lambda: server.state.phase == "ended")
        assert server.start("say=again").is_new
        server.until(lambda: "again" in server.lines)
        assert server.state.phase == "running"

    @pytest.mark.parametrize("command", ["gone.sh", "'"])
    def test_what_cannot_be_started_leaves_nothing(self, server, script, files, command):
        with pytest.raises(InvalidInput):
            server.do(StartServer(command=command, folder=str(script.folder)))
        assert server.do(WatchServer()).state == ServerState()
        assert not files.note.exists()

    def test_a_file_that_is_no_program_is_said_by_name(self, server, script):
        bad = script.folder / "bad.bin"
        bad.write_bytes(b"\x00\x01\x02")
        bad.chmod(0o755)
        with pytest.raises(InvalidInput, match=r"bad\.bin cannot be started"):
            server.do(StartServer(command="./bad.bin", folder=str(script.folder)))


class TestOutput:
    def test_a_flood_is_bounded_and_what_is_left_out_is_counted(self, server, files):
        server.start("count=200000")
        wait_until(lambda: files.output.read_bytes().endswith(b"line 199999\n"))
        event = server.do(WatchServer())
        assert event.lines[-1] == "line 199999"
        assert len(event.lines) <= 2000
        assert event.skipped > 1 << 20

    def test_its_file_stays_small_while_it_prints_on(self, server, files):
        server.start("count=1500000")
        server.until(lambda: server.lines[-1:] == ["line 1499999"])
        assert files.output.stat().st_size < 12 << 20


class TestStop:
    def test_it_ends_with_everything_that_it_started(self, server, script):
        server.start("child")
        server.until(lambda: "child is here" in server.lines and len(script.alive()) == 2)
        server.do(StopServer())
        server.until(lambda: server.state.phase == "stopped")
        assert script.alive() == []
        assert str(server.state) == "not running"

    def test_what_its_command_left_behind_counts_as_running_and_is_ended(self, server, script):
        server.start("leave-child")
        server.until(lambda: "child is here" in server.lines and len(script.alive()) == 1)
        assert server.do(WatchServer()).state.phase == "running"
        server.do(StopServer())
        server.until(lambda: server.state.phase == "stopped")
        assert script.alive() == []

    def test_one_that_does_not_listen_is_ended_by_force_after_a_while(self, script, watched):
        server = watched(ServerTiming(watch_s=0.01, grace_s=0.2))
        server.start("stubborn")
        server.until(lambda: "stubborn" in server.lines)
        server.do(StopServer())
        assert server.state.phase == "stopping"
        server.until(lambda: server.state.phase == "stopped")
        assert script.alive() == []

    def test_a_second_stop_does_not_wait(self, server, script):
        server.start("stubborn", "child")
        server.until(lambda: len(script.alive()) == 2)
        server.until(lambda: "stubborn" in server.lines)
        server.do(StopServer())
        server.do(StopServer(force=True))
        server.until(lambda: server.state.phase == "stopped")
        assert script.alive() == []

    def test_nobody_else_is_ended(self, server, script, tmp_path):
        other = OwnScript(tmp_path / "other")
        process = subprocess.Popen([sys.executable, "server.py"], cwd=other.folder)
        try:
            server.start()
            server.until(lambda: script.alive() and other.alive())
            server.do(StopServer())
            server.until(lambda: server.state.phase == "stopped")
            assert other.alive() == [process.pid]
        finally:
            process.kill()
            process.wait()

    def test_when_none_runs_nothing_happens(self, server):
        assert server.do(StopServer()).state == ServerState()


class TestStarting:
    def test_it_is_starting_until_it_answers(self, script, watched):
        answers = ["no", "no", "yes", "yes"]
        asked = []

        def look(order):
            asked.append(order)
            return answers[len(asked) - 1]

        server = watched(look=look)
        address = CheckBackend(address="http://127.0.0.1:7860")
        server.start(look=address)
        assert str(server.state).startswith("starting (pid ")
        server.until(lambda: server.state.phase == "running")
        assert asked == [address] * 3

    def test_settings_alone_are_enough_after_some_looks(self, script, watched):
        server = watched(look=lambda _order: "nearly")
        server.start(look=CheckBackend(address="http://127.0.0.1:7860"))
        assert server.state.phase == "starting"
        server.until(lambda: server.state.phase == "running")


CRASHING = """
import os, sys
from pathlib import Path
from stablenew_tk.pipeline.messages.server import StartServer
from stablenew_tk.pipeline.server_worker import ServerWork
from stablenew_tk.storage.programs.started_server import ServerFiles
note, output, command, folder = sys.argv[1:]
work = ServerWork(ServerFiles(Path(note), Path(output)), lambda order: "no")
print(work.perform(StartServer(command=command, folder=folder)).state.pid, flush=True)
os._exit(9)
"""


class TestAfterACrash:
    @pytest.fixture
    def orphan(self, files, script):
        """The id of a server whose program was killed."""
        arguments = (str(files.note), str(files.output), script.command("say=still here"), str(script.folder))
        ended = subprocess.run(
            [sys.executable, "-c", CRASHING, *arguments],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
            check=False,
        )
        pid = int(ended.stdout)
        wait_until(lambda: script.alive() == [pid])
        return pid

    def test_it_is_found_with_its_output_and_goes_on(self, server, script, orphan):
        found = server.do(FindServer())
        assert (found.state.phase, found.state.pid, found.state.is_from_before) == ("running", orphan, True)
        assert not found.state.left
        server.until(lambda: "still here" in server.lines)
        assert script.alive() == [orphan]

    def test_it_can_be_stopped(self, server, script, orphan):
        server.do(FindServer())
        server.do(StopServer())
        server.until(lambda: server.state.phase == "stopped")
        assert script.alive() == []
        assert server.do(FindServer()).state.phase == "stopped"

    def test_no_second_one_is_started_beside_it(self, server, script, orphan):
        with pytest.raises(InvalidInput, match=f"pid {orphan}"):
            server.start()

    def test_another_program_with_its_id_is_never_touched(self, server, script, files, tmp_path):
        other = OwnScript(tmp_path / "other")
        process = subprocess.Popen([sys.executable, "server.py"], cwd=other.folder, start_new_session=True)
        try:
            wait_until(other.alive)
            files.note.parent.mkdir(parents=True)
            files.note.write_text(json.dumps({"pid": process.pid, "mark": "of another start", "command": "x"}))
            assert server.do(FindServer()).state == ServerState()
            server.do(StopServer(force=True))
            assert other.alive() == [process.pid]
            assert not files.note.exists()
        finally:
            process.kill()
            process.wait()

    @pytest.mark.parametrize("note", ["", "{", "[]", '{"pid": 1, "mark": "x"}', '{"pid": -1, "mark": "x"}'])
    def test_a_damaged_note_is_as_good_as_none(self, server, files, note):
        files.note.parent.mkdir(parents=True)
        files.note.write_text(note)
        assert server.do(FindServer()).state == ServerState()


class TestClose:
    def test_it_ends_with_the_program_where_that_is_wanted(self, server, script, files):
        server.start("child")
        server.until(lambda: len(script.alive()) == 2)
        server.do(CloseServer(stop=True, wanted=True))
        assert script.alive() == []
        assert not files.note.exists()

    def test_one_that_does_not_listen_is_ended_by_force(self, script, watched):
        server = watched(ServerTiming(watch_s=0.01, close_s=0.2))
        server.start("stubborn")
        server.until(lambda: "stubborn" in server.lines)
        server.do(CloseServer(stop=True, wanted=True))
        wait_until(lambda: script.alive() == [])

    @pytest.mark.parametrize("wanted", [True, False])
    def test_it_goes_on_and_the_next_start_knows_whether_that_was_wanted(self, server, script, wanted, watched):
        server.start()
        server.until(script.alive)
        server.do(CloseServer(stop=False, wanted=wanted))
        later = watched()
        found = later.do(FindServer()).state
        assert (found.pid, found.is_from_before, found.left) == (server.state.pid, True, wanted)
        later.do(StopServer(force=True))
        later.until(lambda: later.state.phase == "stopped")
