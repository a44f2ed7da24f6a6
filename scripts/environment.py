"""Make the project's own Python environment, `.venv`, and use it again as long as nothing changed.

Shared by the commands in this folder. Standard library only, because it runs before anything is installed.

`.venv/stablenew.json` says what the environment is good for. It is marked unfinished before the first change and
written whole after the last one, so an environment whose making was killed is recognised and made again.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python meets first
    sys.stderr.write(
        f"StableNew needs Python 3.11 or newer; this is Python {sys.version.split()[0]}. "
        "Start it with a newer one, or take the executable, which needs none.\n"
    )
    sys.exit(2)

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

import system
from system import SetupFailed, SystemPackage, say

Stamp: TypeAlias = dict

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "stablenew.json"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
# Run in the environment: ends well when all that the project names is installed there, so that no network is needed.
IS_COMPLETE = """
import pathlib, sys, tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pip._vendor.packaging.requirements import Requirement
root, *extras = sys.argv[1:]
project = tomllib.loads((pathlib.Path(root) / "pyproject.toml").read_text(encoding="utf-8"))["project"]
optional = project.get("optional-dependencies", {})
wanted = [*project.get("dependencies", ()), *(one for extra in extras for one in optional[extra])]
own = distribution(project["name"])
names = {one.name: one.value for one in own.entry_points}
complete = names == {**project.get("scripts", {}), **project.get("gui-scripts", {})}
while wanted:
    one = Requirement(wanted.pop())
    if one.marker is not None and not one.marker.evaluate({"extra": ""}):
        continue
    if one.name == project["name"]:
        wanted += [line for extra in one.extras for line in optional[extra]]
        continue
    try:
        complete = complete and one.specifier.contains(distribution(one.name).version, prereleases=True)
    except PackageNotFoundError:
        complete = False
sys.exit(not complete)
"""
# What an environment cannot survive a change of: its Python and the folder it points to.
INTERPRETER = f"3.{sys.version_info[1]} {sys.base_prefix}"
PLACE = f"{INTERPRETER} {ROOT}"


def has_display() -> bool:
    """Whether a window can be expected to open. Tk needs X11 on Linux; elsewhere a screen is taken for granted."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY"))


def prepare(*, extras: Iterable[str] = (), packages: Iterable[SystemPackage] = ()) -> Path:
    """The Python of an environment that has the project, its `extras` and, on Linux, the system's `packages`.

    Costs a few milliseconds when an earlier start prepared the same. Raises SetupFailed.
    """
    wanted = tuple(packages) if sys.platform.startswith("linux") else ()
    if _covers(_read_stamp(), extras, wanted):
        return PYTHON
    with _one_at_a_time() as lock:
        # Read again: the start we may have waited for has changed it.
        stamp = _read_stamp()
        if not _covers(stamp, extras, wanted):
            system.require(wanted)
            if not _covers(stamp, extras, ()):
                extras = sorted({*extras, *stamp.get("extras", ())})
                _install(stamp, extras, lock)
                stamp = {"place": PLACE, "project": _project(), "extras": extras}
            names = {package.debian for package in wanted} | set(stamp.get("packages", ()))
            _write_stamp({**stamp, "packages": sorted(names)})
    return PYTHON


def hand_over(python: Path, arguments: Sequence[str]) -> NoReturn:
    """Become `python arguments`: signals and the exit code are then its own. The working folder stays."""
    command = [str(python), *arguments]
    if WINDOWS:
        # There is no exec: the shell would get its prompt back while the program still runs.
        sys.exit(subprocess.call(command))
    os.execv(python, command)


def _project() -> str:
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def _read_stamp() -> Stamp:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(stamp: Stamp) -> None:
    whole = STAMP.with_suffix(".new")
    whole.write_text(json.dumps(stamp), encoding="utf-8")
    whole.replace(STAMP)


def _covers(stamp: Stamp, extras: Iterable[str], packages: Iterable[SystemPackage]) -> bool:
    return (
        stamp.get("place") == PLACE
        and stamp.get("project") == _project()
        and set(extras) <= set(stamp.get("extras", ()))
        and {package.debian for package in packages} <= set(stamp.get("packages", ()))
        and os.access(PYTHON, os.X_OK)
    )


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[tuple[int, ...]]:
    """Let one start at a time change `.venv` (not on Windows); yields the descriptors that hold the lock.

    They are passed on to pip, so that a pip whose parent was killed still keeps the next start waiting.
    """
    if WINDOWS:
        yield ()
        return
    import fcntl

    descriptor = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another start is setting up StableNew; waiting for it.")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield (descriptor,)
    finally:
        os.close(descriptor)


def _install(stamp: Stamp, extras: Sequence[str], lock: tuple[int, ...]) -> None:
    is_usable = _is_usable(stamp)
    # A changed project file often names what is there already, and then the start must not need the network.
    if is_usable and system.run([str(PYTHON), "-P", "-c", IS_COMPLETE, str(ROOT), *extras]).returncode == 0:
        return
    say("Setting up StableNew in .venv. This is needed once and takes about a minute.")
    if not is_usable:
        _make_venv(lock)
    _write_stamp({"place": PLACE, "unfinished": True})
    try:
        _pip_install(extras, lock)
    except SetupFailed:
        # pip ended in order, so the environment is whole, only not complete: the next start need not make it again.
        _write_stamp({"place": PLACE, "extras": extras})
        raise


def _is_usable(stamp: Stamp) -> bool:
    if stamp.get("unfinished") or stamp.get("place", PLACE) != PLACE:
        return False
    # No stamp: somebody made this environment by hand. It is kept when it has pip and is of the same Python.
    question = "import pip, sys; print(f'3.{sys.version_info[1]} {sys.base_prefix}')"
    try:
        answer = system.run([str(PYTHON), "-P", "-c", question])
    except OSError:
        return False
    return answer.stdout.strip() == INTERPRETER


def _make_venv(lock: tuple[int, ...]) -> None:
    if VENV.exists():
        say("The environment in .venv cannot be used; making it again.")
        shutil.rmtree(VENV)
    VENV.mkdir()
    _write_stamp({"place": PLACE, "unfinished": True})
    with system.saying("Python makes the environment"):
        made = system.run([system.BASE_PYTHON, "-P", "-m", "venv", str(VENV)], pass_fds=lock)
    if made.returncode:
        raise SetupFailed(f"Python could not make the environment {VENV}. It said:\n{system.tail(made.stdout)}", 1)


def _pip_install(extras: Sequence[str], lock: tuple[int, ...]) -> None:
    project = f".[{','.join(extras)}]" if extras else "."
    pip = [str(PYTHON), "-P", "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    with (
        system.saying("pip is at work"),
        subprocess.Popen(
            [*pip, "--editable", project],
            cwd=ROOT,
            # PIP_USER=1, which some people set, is refused inside an environment.
            env={**os.environ, "PIP_USER": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            pass_fds=lock,
        ) as process,
    ):
        said = []
        for line in process.stdout or ():
            said.append(line)
            if line.startswith(("Collecting", "Installing")):
                say("  " + line.strip()[:100])
    if process.returncode:
        raise SetupFailed(_why_pip_failed("".join(said)), 1)


def _why_pip_failed(said: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in said:
        sentence = (
            "The packages StableNew needs could not be downloaded: the certificate of whoever answered is not trusted. "
            "Look whether the clock is right; where a proxy has a certificate of its own, name its file: PIP_CERT=FILE."
        )
    elif "connection" in said.lower() or "name resolution" in said.lower():
        sentence = "The packages StableNew needs could not be downloaded: check the network, then start again."
    else:
        sentence = "The packages StableNew needs could not be installed."
    # What pip prints after a failed build is mostly advice for the project's authors; the cause stands further up.
    errors = [line for line in said.splitlines() if "error" in line.lower() and "note:" not in line]
    return f"{sentence} pip said:\n{system.tail(chr(10).join(errors) or said)}"
