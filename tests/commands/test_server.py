"""`server`: the user's own server is started, shown and stopped from a terminal, and the window finds it again."""

from __future__ import annotations

import json
import sys

import pytest
from conftest import wait_until
from own_server import OwnScript
from terminal import Terminal

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes as Linux shows them")


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def script(tmp_path):
    made = OwnScript(tmp_path / "their server")
    yield made
    made.end()


def test_it_goes_on_after_the_command_until_it_is_stopped(cli, script):
    said = cli("server", "start", "--command", script.command("child"), "--folder", script.folder, "--json")
    assert (said.code, said.json["phase"]) == (0, "running")
    wait_until(lambda: len(script.alive()) == 2)
    status = cli("server", "status", "--json")
    assert (status.code, status.json["pid"]) == (0, said.json["pid"])
    second = cli("server", "start", "--json")
    assert second.code == 2
    assert f"runs already (pid {said.json['pid']})" in second.json["error"]
    assert cli("server", "stop", "--json").code == 0
    wait_until(lambda: script.alive() == [])
    assert cli("server", "status", "--json").json["phase"] == "stopped"


def test_the_command_is_remembered_and_what_cannot_be_started_is_not(cli, script):
    refused = cli("server", "start", "--command", "gone.sh", "--folder", script.folder, "--json")
    assert refused.code == 2
    assert f"gone.sh of the start command is not there in {script.folder}" in refused.json["error"]
    assert not (cli.data / "settings.json").exists()
    cli("server", "start", "--command", script.command("say=hello"), "--folder", script.folder)
    kept = json.loads((cli.data / "settings.json").read_text())
    assert (kept["start_command"], kept["start_folder"]) == (script.command("say=hello"), str(script.folder))
    assert kept["start_with_app"] is False
    cli("server", "stop")


def test_one_that_ends_at_once_is_told_with_its_exit_code_and_last_lines(cli, script):
    said = cli("server", "start", "--command", script.command("error=no GPU", "exit=3"), "--folder", script.folder)
    assert said.code == 1
    assert "no GPU" in said.out
    assert "ended with exit code 3" in said.out


def test_without_a_command_it_says_where_one_is_written(cli):
    said = cli("server", "start", "--json")
    assert said.code == 2
    assert said.json["error"] == "There is no start command. Write it in Settings."


def test_stopping_nothing_is_no_failure(cli):
    assert cli("server", "stop", "--json").json == {"phase": "stopped", "pid": 0, "code": None, "lines": []}
