"""What only the operating system can provide: look whether it is there, install it with apt, or say what to type.

Standard library only. What it tells the user goes to stderr: stdout belongs to the command that is started.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, NoReturn

# The Python under any virtual environment that started us: it stays when .venv is deleted.
BASE_PYTHON = getattr(sys, "_base_executable", None) or sys.executable


class SetupFailed(Exception):
    """The environment cannot be made. The text is for the user; `code` is the exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class SystemPackage(NamedTuple):
    """A Debian package. `probe` is Python source that fails when it is missing; `purpose` completes "needed for".

    `of_python` marks a part of Debian's own Python, which is of no use to another Python. An optional package is
    never a reason to stop.
    """

    debian: str
    purpose: str
    probe: str
    of_python: bool = False
    optional: bool = False


VENV_MODULE = SystemPackage("python3-venv", "the environment", "import ensurepip, venv", of_python=True)
TK = SystemPackage("python3-tk", "the window", "import tkinter", of_python=True)
XCURSOR = SystemPackage(
    "libxcursor1", "dropping files on the window", "import ctypes; ctypes.CDLL('libXcursor.so.1')", optional=True
)
XVFB = SystemPackage("xvfb", "the tests' own screen", "import shutil; 1 / bool(shutil.which('Xvfb'))")
BINUTILS = SystemPackage("binutils", "building the executable", "import shutil; 1 / bool(shutil.which('objdump'))")
LIBPYTHON = SystemPackage(
    f"libpython3.{sys.version_info[1]}",
    "building the executable",
    "import ctypes, sysconfig; ctypes.CDLL(sysconfig.get_config_var('INSTSONAME'))",
    of_python=True,
)
EVERY_S = 5.0  # the longest silence of something that takes long
TO_RUN = (VENV_MODULE,)
TO_SHOW = (TK, XCURSOR)
TO_BUILD = (TK, BINUTILS, LIBPYTHON)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def saying(what: str) -> Iterator[None]:
    """While the block runs, say every few seconds that it does: "what (10 s)"."""
    over, started = threading.Event(), time.monotonic()

    def speak() -> None:
        while not over.wait(EVERY_S):
            say(f"  {what} ({time.monotonic() - started:.0f} s)")

    speaker = threading.Thread(target=speak, name="progress", daemon=True)
    speaker.start()
    try:
        yield
    finally:
        over.set()
        speaker.join()


def exit_with(error: SetupFailed) -> NoReturn:
    say(str(error))
    sys.exit(error.code)


def run(
    command: Sequence[str], *, pass_fds: tuple[int, ...] = (), more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end without input; stdout and stderr together as text in `stdout`. `more`: variables beside ours."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
        pass_fds=pass_fds,
        env={**os.environ, **(more or {})},
    )


def tail(said: str) -> str:
    """The last lines of what a program said, indented to stand below a sentence."""
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    return "\n".join("    " + textwrap.shorten(line, 200) for line in lines[-8:])


def require(packages: Iterable[SystemPackage]) -> None:
    """Install what is missing, or raise SetupFailed with the line to type. Does nothing when only options lack."""
    missing = [package for package in dict.fromkeys(packages) if not _is_there(package)]
    if all(package.optional for package in missing):
        return
    names = [package.debian for package in missing]
    lacks = ", ".join(f"{package.debian} (for {package.purpose})" for package in missing)
    if not shutil.which("apt-get"):
        raise SetupFailed(f"This system lacks {lacks}; the names are Debian's. Install them and start again.", 2)
    _refuse_foreign_python(missing)
    rights = _administrator()
    if rights is None:
        raise SetupFailed(f"This system lacks {lacks}. Type this line, then start again:\n\n    {_line(names)}\n", 2)
    say(f"Installing system packages: {lacks}.")
    said = _apt_install(rights, names)
    if not all(package.optional or _is_there(package) for package in missing):
        raise SetupFailed(
            f"apt could not install {' '.join(names)}. Try this line yourself, then start again:\n\n"
            f"    {_line(names)}\n\napt said:\n{tail(said)}",
            2,
        )


def _is_there(package: SystemPackage) -> bool:
    return run([BASE_PYTHON, "-P", "-c", package.probe]).returncode == 0


def _refuse_foreign_python(missing: Sequence[SystemPackage]) -> None:
    lacking = [package for package in missing if package.of_python]
    if lacking and run(["dpkg-query", "-S", os.path.realpath(BASE_PYTHON)]).returncode:
        purposes = " and ".join(dict.fromkeys(package.purpose for package in lacking))
        raise SetupFailed(
            f"The Python at {BASE_PYTHON} was built without what is needed for {purposes}, and apt cannot add it. "
            f"Start with the system's own Python instead: /usr/bin/python3 {sys.argv[0]}",
            2,
        )


def _administrator() -> list[str] | None:
    """What to put before a command that needs administrator's rights; None when there are none to be had."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and run(["sudo", "-n", "true"]).returncode == 0:
        return ["sudo", "-n"]
    return None


def _line(names: Sequence[str]) -> str:
    """For a person to type. With the update, because the lists of a fresh system are empty."""
    if os.geteuid() == 0:
        return f"apt-get update && apt-get install -y {' '.join(names)}"
    if shutil.which("sudo"):
        return f"sudo apt-get update && sudo apt-get install -y {' '.join(names)}"
    return f'su -c "apt-get update && apt-get install -y {" ".join(names)}"'


def _apt_install(rights: Sequence[str], names: Sequence[str]) -> str:
    """Install `names`, with fresh package lists if it does not work at once; returns what apt said."""
    apt = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]
    install = [*apt, "install", "-y", "--no-install-recommends", *names]
    with saying("apt is at work"):
        first = run(install)
        if first.returncode == 0:
            return first.stdout
        return run([*apt, "update"]).stdout + run(install).stdout
