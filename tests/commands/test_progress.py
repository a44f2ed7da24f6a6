"""A command that reads the whole journal tells in the terminal how far it is, and nowhere else."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import msgspec
import pytest
from conftest import PATIENCE_S
from journal_lines import record
from terminal import ROOT

from stablenew_tk.storage.journal.segments import segment_path, with_crc

LINES = 3000
COMMANDS = [
    (("records", "verify"), "Checking the journal"),
    (("doctor",), "Checking the journal"),
    (("records", "repair"), "Repairing the journal"),
    (("records", "backup"), "Making the backup"),
    (("records", "export", "--to", "all.jsonl"), "Writing all.jsonl"),
]


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    (folder / "journal").mkdir(parents=True)
    lines = (with_crc(msgspec.json.encode(record())) + b"\n" for _ in range(LINES))
    segment_path(folder / "journal", 1).write_bytes(b"".join(lines))
    return folder


def told(data, *words, terminal):
    """What the command writes on standard error, which is a terminal or a pipe."""
    ours, its = os.openpty() if terminal else os.pipe()
    called = [sys.executable, "-m", "stablenew_tk", "--data-dir", str(data), *words]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(called, cwd=data, env=surroundings, stdout=subprocess.DEVNULL, stderr=its) as running:
        os.close(its)
        parts = []
        try:
            while part := os.read(ours, 1 << 16):
                parts.append(part)
        except OSError:
            assert terminal  # the other end of a terminal is closed with this error
        os.close(ours)
        running.wait(PATIENCE_S)
    return b"".join(parts).decode()


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
class TestProgress:
    @pytest.mark.parametrize(
        ("words", "title"), COMMANDS, ids=[words[-1] if words[0] == "doctor" else words[1] for words, _ in COMMANDS]
    )
    def test_a_terminal_shows_what_is_done(self, data, words, title):
        assert title in told(data, *words, terminal=True)

    def test_a_check_tells_how_far_it_is(self, data):
        assert re.search(r"[1-9]\d{1,2}%", told(data, "records", "verify", terminal=True))

    def test_a_pipe_and_a_reader_of_json_get_nothing(self, data):
        assert told(data, "records", "verify", terminal=False) == ""
        assert told(data, "records", "verify", "--json", terminal=True) == ""
