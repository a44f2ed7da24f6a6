"""Check style and types and run the whole test suite: `python3 scripts/test.py`. The exit code is 0 when all is well.

With arguments only pytest runs, with these arguments: `python3 scripts/test.py tests/domain -k sweep`.

Makes the environment first, with what the tests and the executable's build need. On Linux the windows of the tests
open on a screen of their own (Xvfb), also when there is a display: on a real one a window manager moves, covers and
unfocuses them. `--on-screen` uses the real display instead, to watch.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import check
import environment
import system
from system import SetupFailed

# Room for a 1280x800 window and for a second one beside it.
SCREEN = ["-screen", "0", "1920x1200x24", "-dpi", "96"]
ROOM_IN_MEMORY = 4 << 30  # bytes; the suite itself needs about half of one GiB
# One screen has room for one window with the keyboard; all other tests run beside these, which halves the time.
WITH_WINDOWS = ["tests/gui", "tests/test_executable.py", "tests/test_scripts.py"]
# Waiting for servers that do not answer goes with the windows: so both processes take about as long.
FIRST = ["tests/backends/webui/test_faults.py", *WITH_WINDOWS]
# Menus over windows of their own: behind the tests that share one root they do not get the keyboard.
ALONE = ["tests/gui/test_queue.py", "tests/gui/nodes"]
SECOND = ["tests", *(f"--ignore={path}" for path in FIRST), "-p", "no:cacheprovider"]


def main(arguments: list[str]) -> int:
    on_screen = "--on-screen" in arguments and environment.has_display()
    own_screen = sys.platform.startswith("linux") and not on_screen
    packages = (*system.TO_RUN, *system.TO_SHOW, *system.TO_BUILD)
    python = environment.prepare(extras=["dev"], packages=(*packages, system.XVFB) if own_screen else packages)
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, _leave_in_order)
    with private_screen() if own_screen else contextlib.nullcontext(os.environ.get("DISPLAY", "")) as display:
        chosen = [word for word in arguments if word != "--on-screen"]
        pytest = [str(python), "-m", "pytest"]
        variables = {**os.environ, "DISPLAY": display, **_quick_folder()}
        if chosen:
            return _call([*pytest, *chosen], variables)
        # One after the other: beside the tests, which use both processors, the types would take as long and slow them.
        codes = check.run_checks(python)
        codes["tests"] = _call_all(pytest, variables)
        print(check.summary(codes), flush=True)
        return int(any(codes.values()))


@contextlib.contextmanager
def private_screen() -> Iterator[str]:
    """An X server nobody sees, for as long as the block runs; yields its display name."""
    read_end, write_end = os.pipe()
    with tempfile.TemporaryFile() as said:
        # Its own session: Ctrl+C is for pytest, which still needs the screen to end its tests.
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), *SCREEN, "-nolisten", "tcp", "-noreset"],
            pass_fds=(write_end,),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        os.close(write_end)
        try:
            with os.fdopen(read_end) as answer:
                number = answer.readline().strip()
            if not number:
                said.seek(0)
                raise SetupFailed(f"The test screen (Xvfb) did not start:\n{said.read().decode(errors='replace')}", 2)
            yield f":{number}"
        finally:
            _stop(server)


def _quick_folder() -> dict[str, str]:
    """Temporary folders in memory where there is room: the tests wait for the disk more than for the processor."""
    memory = "/dev/shm"
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK):
        return {}
    flags = os.statvfs(memory).f_flag
    roomy = shutil.disk_usage(memory).free >= ROOM_IN_MEMORY
    return {"TMPDIR": memory} if roomy and not flags & os.ST_NOEXEC else {}


def _call_all(pytest: list[str], variables: dict[str, str]) -> int:
    """The whole suite in two processes; what the one without windows says is shown when it has ended."""
    with tempfile.TemporaryFile() as said:
        others = subprocess.Popen([*pytest, *SECOND], cwd=environment.ROOT, env=variables, stdout=said, stderr=said)
        try:
            code = _call([*pytest, *ALONE], variables)
            code = _call([*pytest, *FIRST, *(f"--ignore={path}" for path in ALONE)], variables) or code
            others.wait()
        finally:
            _stop(others)
        said.seek(0)
        print(said.read().decode(errors="replace"), end="", flush=True)
    return code or others.returncode


def _call(command: list[str], variables: dict[str, str]) -> int:
    tests = subprocess.Popen(command, cwd=environment.ROOT, env=variables)
    try:
        while True:
            try:
                return tests.wait()
            except KeyboardInterrupt:
                # pytest got the same Ctrl+C and is printing its summary.
                continue
    finally:
        _stop(tests)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _die_with_parent() -> None:
    """Even a SIGKILL of this script takes the X server along (Linux: prctl PR_SET_PDEATHSIG)."""
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _leave_in_order(number: int, _frame: object) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupFailed as error:
        system.exit_with(error)
    except KeyboardInterrupt:
        sys.exit(130)
