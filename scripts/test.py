"""Check style and types and run the whole test suite: `python3 scripts/test.py`. The exit code is 0 when all is well.

With arguments only pytest runs, with these arguments: `python3 scripts/test.py tests/domain -k sweep`.

Makes the environment first, with what the tests and the executable's build need. On Linux the windows of the tests
open on a screen of their own (Xvfb), also when there is a display: on a real one a window manager moves, covers and
unfocuses them. `--on-screen` uses the real display instead, to watch.

The whole suite is made by several processes that take the next file of tests whenever one is done; each has a screen,
because a screen has room for one window with the keyboard. What the tests write goes when they have ended, unless
TMPDIR says where it is to be kept.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping

import check
import environment
import system
from system import SetupFailed

# Room for a 1280x800 window and for a second one beside it.
SCREEN = ["-screen", "0", "1920x1200x24", "-dpi", "96"]
ROOM_IN_MEMORY = 4 << 30  # bytes; the suite itself needs about half of one GiB
# Processes. Many tests wait until a limit is over, so it takes three to keep two processors busy.
FEWEST, MOST = 3, 4


def main(arguments: list[str]) -> int:
    on_screen = "--on-screen" in arguments and environment.has_display()
    own_screen = sys.platform.startswith("linux") and not on_screen
    packages = (*system.TO_RUN, *system.TO_SHOW, *system.TO_BUILD)
    python = environment.prepare(extras=["dev"], packages=(*packages, system.XVFB) if own_screen else packages)
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _leave_in_order)
    chosen = [word for word in arguments if word != "--on-screen"]
    count = 1 if chosen or not own_screen else max(FEWEST, min(MOST, os.cpu_count() or FEWEST))
    with contextlib.ExitStack() as stack:
        given = os.environ.get("DISPLAY", "")
        screens = [stack.enter_context(private_screen()) if own_screen else given for _ in range(count)]
        variables = {
            **_with_bytecode(os.environ),
            **stack.enter_context(_quick_folder()),
            "DISPLAY": screens[0],
            "STABLENEW_TEST_SCREENS": " ".join(screens),
        }
        pytest = [str(python), "-m", "pytest"]
        if chosen:
            return _call([*pytest, *chosen], variables)
        # One after the other: beside the tests, which use all processors, the types would take as long and slow them.
        codes = check.run_checks(python)
        # A file of tests stays in one process, and files are handed out in the order of `tests/conftest.py`.
        codes["tests"] = _call([*pytest, "-n", str(count), "--dist", "loadfile", "--no-loadscope-reorder"], variables)
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


@contextlib.contextmanager
def _quick_folder() -> Iterator[dict[str, str]]:
    """The variable for a folder of this run, gone after it; in memory where there is room, which saves a minute."""
    if "TMPDIR" in os.environ:
        yield {}
        return
    memory = "/dev/shm"
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= ROOM_IN_MEMORY
    in_memory = roomy and not os.statvfs(memory).f_flag & os.ST_NOEXEC
    with tempfile.TemporaryDirectory(prefix="stablenew-", dir=memory if in_memory else None) as folder:
        yield {"TMPDIR": folder, "TEMP": folder, "TMP": folder}


def _with_bytecode(variables: Mapping[str, str]) -> dict[str, str]:
    """Where Python must write no bytecode beside sources it goes into `.venv`: 200 programs are started."""
    if "PYTHONDONTWRITEBYTECODE" not in variables:
        return dict(variables)
    kept = {name: value for name, value in variables.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(environment.VENV / "bytecode"), **kept}


def _call(command: list[str], variables: dict[str, str]) -> int:
    # A session of its own, so that at the end nothing is left that still writes. A debugger wants the terminal.
    is_apart = "-n" in command and hasattr(os, "killpg")
    tests = subprocess.Popen(command, cwd=environment.ROOT, env=variables, start_new_session=is_apart)
    try:
        while True:
            try:
                return tests.wait()
            except KeyboardInterrupt:
                # pytest prints its summary. In the session of the terminal it got the same Ctrl+C.
                if is_apart:
                    tests.send_signal(signal.SIGINT)
    finally:
        _stop(tests)
        if is_apart:
            _end_all(tests.pid)


def _end_all(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
        ended_by = time.monotonic() + 5
        while time.monotonic() < ended_by:
            os.killpg(group, 0)
            time.sleep(0.05)


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
