"""The door of the terminal: arguments, exit codes, what is said when something is wrong."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest
from terminal import FEW, ROOT, Terminal, ended, program

from stablenew_tk import __version__
from stablenew_tk import cli as module
from stablenew_tk.cli import main
from stablenew_tk.commands import doctor
from stablenew_tk.domain.base.errors import BackendError, InvalidInput


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


def test_without_a_display_and_arguments_the_commands_are_named(monkeypatch, capsys):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(module.sys, "platform", "linux")
    assert main([]) == 2
    err = capsys.readouterr().err
    assert err.startswith("There is no display here, so the window cannot open.")
    names = "run PACK, learn PACK, rate, insights, known, presets, records, packs check, workflows, nodes, server"
    assert f"stablenew {names}, doctor" in err


def test_the_program_itself_says_the_same():
    said = ended(program())
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("There is no display here")


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"StableNew {__version__}\n"


@pytest.mark.parametrize("words", [["dance"], ["records"], ["packs"], ["run"], ["run", "a", "b"]])
def test_words_nobody_knows_are_wrong_use(cli, words):
    said = cli(*words)
    assert said.code == 2
    assert said.err.startswith("usage: stablenew")


def test_the_data_folder_may_stand_before_or_after_the_command(tmp_path, capsys):
    before, after = tmp_path / "before", tmp_path / "after"
    assert main(["--data-dir", str(before), "doctor"]) == 0
    assert main(["doctor", "--data-dir", str(after)]) == 0
    assert main(["records", "verify", "--data-dir", str(after)]) == 0
    assert before.exists()
    assert after.exists()


def test_json_may_stand_before_or_after_the_command(tmp_path, capsys):
    for words in (["--json", "records", "verify"], ["records", "verify", "--json"]):
        capsys.readouterr()
        assert main(["--data-dir", str(tmp_path), *words]) == 0
        assert capsys.readouterr().out.startswith("{")


def test_the_folder_can_come_from_the_surroundings(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STABLENEW_HOME", str(tmp_path / "home"))
    assert main(["run", "starter", "--limit", "1", *FEW]) == 0
    assert (tmp_path / "home" / "journal").is_dir()
    assert "Rate one: stablenew rate" in capsys.readouterr().out


def test_a_data_folder_that_is_a_file_is_wrong_use(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["--data-dir", str(tmp_path / "file"), "doctor", "--json"]) == 2
    assert "is a file, not a folder" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (InvalidInput("That is no number."), 2, "That is no number."),
        (BackendError("The server is [/] away."), 1, "The server is [/] away."),
        (KeyboardInterrupt(), 1, "Stopped."),
        (
            RuntimeError("can't start new thread"),
            1,
            "The system gives this program no more memory or threads. Close others, or raise its limits (ulimit).",
        ),
        (ZeroDivisionError("oops"), 1, "StableNew itself made a mistake: ZeroDivisionError: oops"),
    ],
)
def test_every_error_is_a_sentence_and_an_exit_code(cli, monkeypatch, error, code, words):
    def fail(_args, _places):
        raise error

    monkeypatch.setattr(doctor, "doctor", fail)
    said = cli("doctor")
    assert (said.code, said.out, said.err) == (code, "", f"{words}\n")
    assert cli("doctor", "--json").json == {"error": words}


def test_in_a_folder_that_was_removed_everything_says_so(cli, tmp_path, monkeypatch):
    (tmp_path / "left").mkdir()
    monkeypatch.chdir(tmp_path / "left")
    (tmp_path / "left").rmdir()
    for words in (("run", "starter"), ("rate", "x", "3"), ("doctor",)):
        said = cli(*words)
        assert (said.code, said.out) == (2, "")
        assert said.err == "The folder that you are in was removed. Go to another one (cd), then try again.\n"


def test_damaged_settings_are_told_on_standard_error_only(cli):
    cli.data.mkdir()
    (cli.data / "settings.json").write_text("{broken")
    said = cli("run", cli.pack, "--json", *FEW)
    assert said.code == 0
    assert said.json["ok"] == 2
    assert "settings file was damaged" in said.err


def test_the_whole_loop_as_a_program(cli):
    words = ("--data-dir", cli.data, "--json")
    report = ended(program("run", cli.pack, *words, *FEW)).json
    assert report["ok"] == 2
    assert ended(program("rate", report["images"][1]["image_id"], 5, *words)).json["saved"]
    (said,) = cli.shown("--limit", 1)[0]["feedback"].values()
    assert said["rating"] == 5


@pytest.mark.skipif(sys.platform == "win32", reason="devices of POSIX")
def test_words_of_all_alphabets_go_into_a_pipe_and_a_full_disk_behind_it_is_one_sentence(cli):
    cli.pack.write_text("name: 🎉 ★\na party\n", encoding="utf-8")
    cli.run()
    said = ended(program("--data-dir", cli.data, "records", "show", PYTHONIOENCODING="ascii"))
    assert (said.code, "🎉 ★" in said.out) == (0, True)
    shown = [sys.executable, "-m", "stablenew_tk", "--data-dir", str(cli.data), "records", "show", "--json"]
    full = ["sh", "-c", f"{shlex.join(shown)} > /dev/full"]
    said = subprocess.run(full, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (said.returncode, said.stderr.count("\n")) == (1, 1)
    assert said.stderr.startswith("The output could not be written: No space left")
    # What is short is written last, when the program ends.
    full = ["sh", "-c", f"PYTHONUNBUFFERED= {shlex.join(shown[:3])} --version > /dev/full"]
    said = subprocess.run(full, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (said.returncode, said.stderr.count("\n")) == (1, 1)
    assert said.stderr.startswith("The output could not be written: No space left")
