"""The executable, built from this checkout and started as a stranger starts it: elsewhere, with few variables."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import PATIENCE_S, wait_until

import stablenew_tk

BUILD = Path(__file__).parent.parent / "scripts" / "build.py"


@pytest.fixture(scope="module")
def executable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("executable")
    built = subprocess.run(
        [sys.executable, str(BUILD), "--dest", str(folder / "dist"), "--work", str(folder / "work")],
        capture_output=True,
        text=True,
        timeout=6 * PATIENCE_S,
    )
    assert built.returncode == 0, built.stderr
    return Path(json.loads(built.stdout)["path"])


@pytest.fixture
def start(executable, tmp_path):
    home = tmp_path / "home of Zoë"
    home.mkdir()

    def start(*arguments: str, program: Path = executable.parent, **variables: str) -> subprocess.CompletedProcess[str]:
        variables = {"HOME": str(home), "PATH": "/usr/bin:/bin", **variables}
        return subprocess.run(
            [program / executable.name, *arguments],
            env=variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    return start


def test_the_selftest_opens_the_window_and_ends_well_from_another_folder(start):
    screen = {name: os.environ[name] for name in ("DISPLAY", "XAUTHORITY") if name in os.environ}
    done = start("--selftest", **screen)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["ok"], told["cluster"]) == (True, "not installed")


def test_it_tells_its_version_without_a_display(start):
    assert start("--version").stdout.strip() == f"StableNew {stablenew_tk.__version__}"


def test_it_makes_and_records_pictures_without_a_display(start):
    made = start("run", "starter", "--backend", "sketch", "--limit", "1", "--json")
    assert made.returncode == 0, made.stderr
    (image,) = json.loads(made.stdout)["images"]
    assert Path(image["path"]).is_file()
    (record,) = json.loads(start("records", "show", "--json").stdout)["records"]
    assert record["outputs"][0]["image_id"] == image["image_id"]
    assert start("records", "show").returncode == 0


def test_in_portable_mode_nothing_outside_its_folder_is_written(start, executable, tmp_path):
    folder, temporary = tmp_path / "stick", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    os.link(executable, folder / "StableNew")
    (folder / "stablenew-portable.txt").touch()
    made = start("run", "starter", "--backend", "sketch", "--limit", "1", TMPDIR=str(temporary), program=folder)
    assert made.returncode == 0, made.stderr
    assert list((folder / "data" / "journal").glob("*.jsonl"))
    assert [*(tmp_path / "home of Zoë").iterdir(), *temporary.iterdir()] == []


def test_without_a_display_the_window_says_so_in_words(start):
    done = start()
    assert done.returncode == 2
    assert "no display" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_names_the_licences_of_everything_inside(start):
    told = json.loads(start("--licenses", "--json").stdout)["licences"]
    names = {one["name"].lower() for one in told}
    assert {"stablenew", "python", "pillow", "customtkinter", "tkinterdnd2", "tkdnd", "pyinstaller", "msgspec"} <= names
    assert [one["name"] for one in told if one["name"] in ("StableNew", "pillow", "msgspec") and not one["text"]] == []


def test_folders_of_killed_runs_are_gone_after_the_next_start(start, tmp_path, executable):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    home = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TMPDIR": str(temporary)}
    running = subprocess.Popen(
        [executable, "run", "starter", "--backend", "sketch", "--json"],
        env=home,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: list(temporary.glob("_MEI*/stablenew.lock")))
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert list(temporary.glob("_MEI*"))
    assert start("packs", "check", "starter", TMPDIR=str(temporary)).returncode == 0
    assert list(temporary.glob("_MEI*")) == []


def test_what_was_killed_while_it_unpacked_itself_is_gone_after_a_start_an_hour_later(start, tmp_path, executable):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    variables = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TMPDIR": str(temporary)}
    begun = subprocess.Popen(
        [executable, "--version"], env=variables, stdout=subprocess.DEVNULL, start_new_session=True
    )
    wait_until(lambda: list(temporary.glob("_MEI*/PIL")))
    os.killpg(begun.pid, signal.SIGKILL)
    begun.wait()
    (left,) = temporary.glob("_MEI*")
    os.utime(left, (time.time() - 7200,) * 2)
    assert start("packs", "check", "starter", TMPDIR=str(temporary)).returncode == 0
    assert list(temporary.glob("_MEI*")) == []
