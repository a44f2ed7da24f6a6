"""One window for each data folder, over real processes: shown, taken over after a crash, told who has it."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest
from conftest import wait_until

from stablenew_tk.app.controller import open_places
from stablenew_tk.app.start.window_claim import WindowClaim
from stablenew_tk.pipeline.messages.base import SecondStart
from stablenew_tk.pipeline.second_start import ask_to_show
from stablenew_tk.storage.window_lock import WindowLock, WindowOwner

# A program that has the window, answers second starts after a word on its input, and says what it does.
HOLDER = """
import queue, sys
from stablenew_tk.app.controller import open_places
from stablenew_tk.app.start.window_claim import WindowClaim
claim = WindowClaim(open_places(sys.argv[1]))
print(claim.settle(), flush=True)
inbox = queue.SimpleQueue()
claim.announce(inbox)
print("announced", flush=True)
if sys.argv[2] == "answers":
    inbox.get().shown()
sys.stdin.readline()
claim.release()
"""


@pytest.fixture
def places(tmp_path):
    return open_places(str(tmp_path / "data"))


@pytest.fixture
def hold(places):
    """Start another process that has the window."""
    started = []

    def start(manner="answers"):
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(places.data), manner],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        started.append(holder)
        assert [holder.stdout.readline().strip() for _ in range(2)] == ["mine", "announced"]
        return holder

    yield start
    for holder in started:
        holder.kill()
        holder.communicate()


@pytest.fixture
def claim(places):
    made = WindowClaim(places)
    yield made
    made.release()


def note(places):
    return places.data / "window.json"


def sign(places, **facts):
    places.data.mkdir(parents=True, exist_ok=True)
    note(places).write_bytes(msgspec.json.encode(WindowOwner(**facts)))


def test_the_first_start_has_the_window_and_leaves_nothing_behind(places, claim):
    assert claim.settle() == "mine"
    claim.announce(queue.SimpleQueue())
    assert msgspec.json.decode(note(places).read_bytes(), type=WindowOwner).pid == os.getpid()
    claim.release()
    assert not note(places).exists()
    assert claim.settle() == "mine"


def test_a_second_start_shows_the_first_window(hold, claim):
    hold("answers")
    assert claim.settle() == "shown"


def test_a_window_that_hangs_is_not_called_shown(hold, claim):
    holder = hold("hangs")
    assert claim.settle(patience_s=0) == "silent"
    assert f"process {holder.pid}" in claim.who
    assert "does not answer" in claim.who


def test_what_a_crash_left_is_taken_over(hold, claim, places):
    holder = hold("hangs")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert note(places).exists()
    assert claim.settle() == "mine"
    claim.announce(queue.SimpleQueue())
    assert msgspec.json.decode(note(places).read_bytes(), type=WindowOwner).pid == os.getpid()


def test_a_window_that_is_just_closing_is_waited_for(hold, claim):
    holder = hold("hangs")
    (WindowLock(Path(holder.args[3]))).unsign(WindowLock(Path(holder.args[3])).owner)  # as one that closes does
    threading.Timer(0.3, lambda: holder.stdin.write("\n") and holder.stdin.flush()).start()
    assert claim.settle(patience_s=60) == "mine"


def test_a_folder_that_another_computer_has_says_who(hold, claim, places):
    hold("hangs")
    sign(places, host="tower", pid=7, user="anna", since="2026-01-02T03:04:05.000Z")
    assert claim.settle() == "elsewhere"
    assert "is open in StableNew on tower by anna, since 2026-01-0" in claim.who


def test_a_stale_note_of_a_stranger_on_the_port_is_not_believed(claim, hold, places):
    holder = hold("hangs")
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        sign(places, host=WindowLock(places.data).owner.host, pid=holder.pid, port=stranger.getsockname()[1])
        threading.Thread(target=lambda: stranger.accept()[0].close()).start()
        assert claim.settle(patience_s=0) == "silent"


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"host": 7}', b"\xff" * 100_000])
def test_a_note_that_cannot_be_read_counts_as_none(claim, places, text):
    places.data.mkdir(parents=True)
    note(places).write_bytes(text)
    assert claim.settle() == "mine"


def test_nobody_without_the_token_raises_the_window(claim, places):
    inbox = queue.SimpleQueue()
    assert claim.settle() == "mine"
    claim.announce(inbox)
    port = WindowLock(places.data).owner.port
    assert not ask_to_show(port, "guessed")
    assert inbox.empty()


def test_a_second_start_is_an_event_of_the_first(claim, places):
    inbox = queue.SimpleQueue()
    assert claim.settle() == "mine"
    claim.announce(inbox)
    said = []
    owner = WindowLock(places.data).owner
    asking = threading.Thread(target=lambda: said.append(ask_to_show(owner.port, owner.token)))
    asking.start()
    event = inbox.get(timeout=60)
    assert isinstance(event, SecondStart)
    event.shown()
    asking.join()
    assert said == [True]


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be made read-only there")
def test_where_nothing_can_be_written_the_window_opens_all_the_same(places, claim):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    places.data.mkdir()
    places.data.chmod(0o500)
    try:
        assert claim.settle() == "mine"
        claim.announce(queue.SimpleQueue())
    finally:
        places.data.chmod(0o700)


def test_a_file_in_the_place_of_the_lock_does_not_keep_the_window_shut(places, claim):
    (places.data / "window.lock").mkdir(parents=True)
    assert claim.settle() == "mine"
    claim.announce(queue.SimpleQueue())
    wait_until(lambda: note(places).exists())
