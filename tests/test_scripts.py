"""The README's commands, run as a person runs them: real processes, a real environment, a small project of their own.

The project under them is a stand-in whose build needs no download, so the suite needs no network.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE_S, wait_until
from tls_front import TlsFront

SCRIPTS = Path(__file__).parent.parent / "scripts"
BASE_PYTHON = sys._base_executable

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "stablenew"
version = "1"
"""

NOT_TO_BE_HAD = PYPROJECT.replace("requires = []", 'requires = ["not-on-this-disk"]') + 'dependencies = ["nowhere"]\n'
# An editable wheel is a .pth file and three lines of metadata.
BACKEND = """
import os, zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "stablenew-1-py3-none-any.whl"
    info = "stablenew-1.dist-info/"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("stablenew.pth", os.getcwd())
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: stablenew\\nVersion: 1\\n" + EXTRA)
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
EXTRA = ""
"""

APP = """
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "pid": os.getpid()}), flush=True)
if sys.argv[1:] == ["wait"]:
    import signal
    signal.pause()
sys.exit(7 if sys.argv[1:] == ["fail"] else 0)
"""


class Project:
    """A folder with the real scripts and a stand-in app that prints what it was given."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fakes = root.parent / "fakes"
        self.stamp = root / ".venv" / "stablenew.json"
        for folder in (root / "scripts", root / "stablenew_tk", self.fakes / "bin", self.fakes / "modules"):
            folder.mkdir(parents=True)
        for script in ("run.py", "environment.py", "system.py"):
            shutil.copy(SCRIPTS / script, root / "scripts")
        (root / "pyproject.toml").write_text(PYPROJECT)
        (root / "backend.py").write_text(BACKEND)
        (root / "stablenew_tk" / "__init__.py").touch()
        (root / "stablenew_tk" / "__main__.py").write_text(APP)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
        path = f"{self.fakes / 'bin'}:/usr/bin:/bin"
        return subprocess.Popen(
            [BASE_PYTHON, str(self.root / "scripts" / "run.py"), *arguments],
            env={**kept, "PATH": path, "PIP_NO_INDEX": "1", "PYTHONPATH": str(self.fakes / "modules"), **variables},
            cwd=self.fakes,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **variables)
        out, err = process.communicate(timeout=PATIENCE_S)
        return process.returncode, out, err

    def fake_command(self, name: str, text: str) -> None:
        path = self.fakes / "bin" / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def fake_module(self, name: str, text: str) -> Path:
        path = self.fakes / "modules" / f"{name}.py"
        path.write_text(text)
        return path


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two starts at once on a fresh clone; what they said is kept for the test of that."""
    project = Project(tmp_path_factory.mktemp("made é") / "project")
    first = project.start("first")
    wait_until((project.root / ".venv").exists)
    second = project.start("second")
    project.two_starts = [(*process.communicate(timeout=PATIENCE_S), process.returncode) for process in (first, second)]
    project.whole = project.stamp.read_text()
    return project


@pytest.fixture
def project(_made: Project) -> Project:
    """A project whose environment is whole, whatever the test before did with it, on a system that lacks nothing."""
    for fake in (*(_made.fakes / "bin").iterdir(), *(_made.fakes / "modules").glob("*.py")):
        fake.unlink()
    (_made.root / "pyproject.toml").write_text(PYPROJECT)
    _made.stamp.write_text(_made.whole)
    return _made


def test_a_second_start_changes_nothing_and_says_nothing(project):
    before = project.stamp.stat().st_mtime_ns
    code, out, err = project.run("run", "a pack", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["arguments"] == ["run", "a pack", "--json"]
    assert project.stamp.stat().st_mtime_ns == before


def test_the_app_starts_in_the_folder_of_the_user(project):
    _, out, _ = project.run("x")
    assert json.loads(out)["folder"] == str(project.fakes)


def test_the_exit_code_of_the_app_is_passed_on(project):
    assert project.run("fail")[0] == 7


def test_a_signal_reaches_the_app_itself(project):
    process = project.start("wait")
    assert json.loads(process.stdout.readline())["pid"] == process.pid
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGTERM


def test_without_display_and_arguments_the_starter_pack_runs_in_the_terminal(project):
    code, out, err = project.run()
    assert code == 0
    assert json.loads(out)["arguments"] == ["run", "starter", "--backend", "sketch"]
    assert "no display" in err
    assert err.count("\n") == 1


def test_a_changed_project_file_is_installed_again_into_the_same_environment(project):
    (project.root / "pyproject.toml").write_text(PYPROJECT + '[project.scripts]\nstar = "stablenew_tk:main"\n')
    config = project.root / ".venv" / "pyvenv.cfg"
    before = config.stat().st_mtime_ns
    code, _, err = project.run("x")
    assert code == 0
    assert "Setting up" in err
    assert config.stat().st_mtime_ns == before
    assert project.run("x")[2] == ""


def test_a_changed_project_file_that_names_what_is_installed_needs_no_network(project):
    changed = PYPROJECT.replace("requires = []", 'requires = ["not-on-this-disk"]') + 'dependencies = ["pip>=20"]\n'
    (project.root / "pyproject.toml").write_text(changed)
    code, _, err = project.run("x")
    assert (code, err) == (0, "")


def test_an_environment_whose_making_was_killed_is_made_again(project):
    stamp = json.loads(project.stamp.read_text())
    project.stamp.write_text(json.dumps({"place": stamp["place"], "unfinished": True}))
    (project.root / ".venv" / "bin" / "python").unlink()
    code, _, err = project.run("x")
    assert code == 0
    assert "making it again" in err


def test_two_starts_at_once_on_a_fresh_clone_both_end_well(project):
    (first, _, first_code), (second, second_said, second_code) = project.two_starts
    assert (first_code, second_code) == (0, 0)
    assert [json.loads(out)["arguments"] for out in (first, second)] == [["first"], ["second"]]
    assert "waiting for it" in second_said


def test_a_packaging_failure_is_one_sentence_with_the_last_words_of_pip(project):
    (project.root / "pyproject.toml").write_text(NOT_TO_BE_HAD)
    code, out, err = project.run("x")
    assert (code, out) == (1, "")
    assert "could not be installed. pip said:" in err
    assert "not-on-this-disk" in err
    assert "Traceback" not in err


def test_what_scripts_import_of_each_other_is_there():
    files = {path.stem: ast.parse(path.read_text("utf-8")) for path in SCRIPTS.rglob("*.py")}
    for name, tree in files.items():
        taken = [one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) and one.module in files]
        for one in taken:
            there = {word for line in files[one.module].body for word in ast.unparse(line).replace("(", " ").split()}
            assert {alias.name for alias in one.names} <= there, (name, one.module)


def test_a_certificate_that_is_not_trusted_is_told_as_that(project):
    (project.root / "pyproject.toml").write_text(NOT_TO_BE_HAD)
    with TlsFront() as server:
        index = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": server.url, "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
        code, _, err = project.run("x", **index)
    assert (code, "certificate of whoever answered is not trusted" in err) == (1, True), err


def test_after_a_packaging_failure_the_next_start_tries_again(project):
    (project.root / "pyproject.toml").write_text(NOT_TO_BE_HAD)
    project.run("x")
    (project.root / "pyproject.toml").write_text(PYPROJECT)
    code, _, err = project.run("x")
    assert code == 0
    assert "making it again" not in err


# Whether python3-tk is there is asked of Python, so a module that cannot be imported stands for its absence.
NO_TK = "raise ImportError('not installed')"
ORDINARY_USER = "import os; os.geteuid = lambda: 1000"


def test_without_rights_the_line_to_type_is_printed_and_the_exit_code_is_2(project):
    project.fake_module("tkinter", NO_TK)
    project.fake_module("sitecustomize", ORDINARY_USER)
    project.fake_command("dpkg-query", "exit 0")
    project.fake_command("sudo", "exit 1")
    project.fake_command("apt-get", "exit 99")
    code, out, err = project.run(DISPLAY=":77")
    assert (code, out) == (2, "")
    assert "python3-tk (for the window)" in err
    assert "\n    sudo apt-get update && sudo apt-get install -y python3-tk" in err


def test_with_rights_missing_packages_are_installed_after_one_update_of_the_lists(project):
    absent = project.fake_module("tkinter", NO_TK)
    project.fake_module("sitecustomize", ORDINARY_USER)
    lists, log = project.fakes / "lists", project.fakes / "log"
    project.fake_command("dpkg-query", "exit 0")
    project.fake_command("sudo", 'shift; exec "$@"')
    project.fake_command(
        "apt-get",
        f'echo "$@" >> "{log}"\ncase "$*" in *update) touch "{lists}";; '
        f'*install*) [ -e "{lists}" ] && rm "{absent}" || exit 100;; esac',
    )
    code, out, err = project.run("--data-dir", "x", DISPLAY=":77")
    assert code == 0, err
    assert json.loads(out)["arguments"] == ["--data-dir", "x"]
    assert [line.split()[2] for line in log.read_text().splitlines()] == ["install", "update", "install"]


def test_a_python_that_is_not_debians_is_told_to_use_debians(project):
    project.fake_module("tkinter", NO_TK)
    project.fake_command("dpkg-query", "exit 1")
    project.fake_command("apt-get", "exit 99")
    code, _, err = project.run(DISPLAY=":77")
    assert code == 2
    assert "/usr/bin/python3" in err


@pytest.mark.parametrize("words", [("run", "starter"), ("--data-dir", "DIR", "--json", "doctor"), ("--version",)])
def test_a_terminal_command_needs_no_tk_with_a_display_or_without_one(project, words):
    project.fake_module("tkinter", NO_TK)
    project.fake_command("apt-get", "exit 99")
    for screen in ({}, {"DISPLAY": ":77"}):
        assert project.run(*words, **screen)[0] == 0


def test_an_old_python_is_told_in_one_sentence(project):
    project.fake_module("sitecustomize", "import sys; sys.version_info = (3, 10, 2, 'final', 0)")
    code, _, err = project.run("x")
    assert code == 2
    assert err.startswith("StableNew needs Python 3.11 or newer")
    assert err.count("\n") == 1
