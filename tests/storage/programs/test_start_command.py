"""The start command: words and quotes, no shell, and what is missing is named."""

from __future__ import annotations

import os

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.storage.programs.start_command import ready_command

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs are scripts for a Unix shell")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "stable diffusion"
    (made / "bin").mkdir(parents=True)
    for name in ("webui.sh", "bin/deep.sh"):
        (made / name).write_text("#!/bin/sh\n")
        (made / name).chmod(0o755)
    (made / "notes.txt").write_text("")
    return made


class TestFound:
    def test_in_the_working_folder_first(self, folder):
        ready = ready_command("webui.sh --api --port '7 8'", str(folder))
        assert ready.words == (str(folder / "webui.sh"), "--api", "--port", "7 8")
        assert ready.folder == folder

    def test_by_its_place_in_the_working_folder(self, folder):
        assert ready_command("bin/deep.sh", str(folder)).words == (str(folder / "bin/deep.sh"),)

    def test_without_a_folder_it_runs_where_it_is(self, folder):
        assert ready_command(f"'{folder}/bin/deep.sh'", "").folder == folder / "bin"

    def test_on_the_path(self, folder):
        assert ready_command("sh webui.sh", str(folder)).words[0].endswith("/sh")

    def test_no_shell_reads_it(self, folder):
        assert ready_command("webui.sh $HOME ; rm *", str(folder)).words[1:] == ("$HOME", ";", "rm", "*")


@pytest.mark.parametrize(
    ("typed", "where", "words"),
    [
        ("", "", "There is no start command"),
        ("webui.sh 'a", "", "a quote that is not closed"),
        ("webui.sh", "{folder}/gone", "The working folder {folder}/gone is not there"),
        ("webui.sh", "{folder}/notes.txt", "notes.txt is a file, not a folder"),
        ("gone.sh", "{folder}", "The program gone.sh of the start command is not there in {folder}"),
        ("/nowhere/gone.sh", "", "The program /nowhere/gone.sh of the start command is not there"),
        ("no-such-program-anywhere", "", "The program no-such-program-anywhere of the start command is not there"),
        ("./bin", "{folder}", "is a folder. The start command begins with a program"),
        ("./notes.txt", "{folder}", "notes.txt may not be run as a program"),
    ],
)
def test_what_is_missing_is_named(folder, typed, where, words):
    with pytest.raises(InvalidInput) as caught:
        ready_command(typed, where.format(folder=folder))
    assert words.format(folder=folder) in str(caught.value)
