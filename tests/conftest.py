"""Silence is impossible here: every test fails on a leaked thread, a warning, an unexpected error log, a Tk callback
error, or a connection that leaves this machine.
"""

from __future__ import annotations

import gc
import itertools
import logging
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from progress import Progress

# The same examples in each run, however slow the machine: scripts/reliability.py draws new ones.
settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("suite")

# What takes longest goes first, so that no process is left alone with it at the end.
LONGEST = (
    "tests/test_executable.py",
    "tests/commands/test_learn_crash.py",
    "tests/backends/test_conformance.py",
    "tests/backends/sdserver/test_sdserver.py",
)


def _drop_pictures_here_only() -> None:
    """A picture of a closed window may be thrown away on any thread of a later test. There it would wait for this one,
    which may wait for that thread. The program has no later windows, and collects on the window's thread only.
    """
    try:
        import tkinter

        from PIL import ImageTk
    except ImportError:
        return
    for kind in (tkinter.Image, ImageTk.PhotoImage, ImageTk.BitmapImage):
        kind.__del__ = _on_main_thread(kind.__del__)  # type: ignore[method-assign]


def _on_main_thread(drop: Callable[[object], None]) -> Callable[[object], None]:
    return lambda picture: drop(picture) if threading.current_thread() is threading.main_thread() else None


def pytest_runtest_teardown() -> None:
    """A window leaves collecting off, because its program ends with it."""
    gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    """Each process has a screen of its own, and what it starts can be asked to end."""
    _drop_pictures_here_only()
    if worker := os.environ.get("PYTEST_XDIST_WORKER", ""):
        screens = os.environ.get("STABLENEW_TEST_SCREENS", "").split()
        if screens:
            os.environ["DISPLAY"] = screens[int(worker.removeprefix("gw")) % len(screens)]
    elif config.getoption("numprocesses", None):
        config.pluginmanager.register(Progress(), "progress")
        return
    for number in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
        # Started with nohup or by a script in the background. What is ignored is ignored by each program started from
        # here; what a function of ours swallows is not.
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole windows last: Tk crashes when the session's root takes the focus after another root was destroyed."""

    def order(item: pytest.Item) -> tuple[bool, bool]:
        module = getattr(item, "module", None)
        has_own_window = hasattr(module, "open_house") or hasattr(module, "MainFrame")
        return has_own_window, not item.nodeid.startswith(LONGEST)

    items.sort(key=order)


# Whatever takes so long hangs: no computer is so busy.
PATIENCE_S = 300.0


def wait_until(
    condition: Callable[[], object], timeout_s: float = PATIENCE_S, step: Callable[[], object] | None = None
) -> None:
    """Wait for a condition, calling `step` (a Tk update, a queue drain) between looks. Fails the test after timeout."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout_s} s for {getattr(condition, '__name__', condition)!r} in vain")
        if step is not None:
            step()
        pause.wait(0.002)


def pump(root: object, condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Run the Tk loop until the condition holds."""
    wait_until(condition, timeout_s, step=root.update)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def _home_is_a_temp_folder(_homes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # pytest would look at all folders made so far to name one.
    home = _homes / str(next(_numbers))
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "STABLENEW_HOME"):
        monkeypatch.delenv(name, raising=False)
    # Without a desktop our own file chooser asks, whatever dialogs there are on this machine.
    for name in ("XDG_CURRENT_DESKTOP", "DESKTOP_SESSION"):
        monkeypatch.delenv(name, raising=False)
    yield
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_thread_is_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + PATIENCE_S
    pause = threading.Event()
    while time.monotonic() < deadline:
        left = [t for t in threading.enumerate() if t not in before and t.is_alive()]
        if not left:
            return
        pause.wait(0.01)
    pytest.fail(f"threads left behind: {[t.name for t in left]}")


@pytest.fixture(autouse=True)
def _nothing_is_logged_as_error(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[None]:
    caplog.set_level(logging.WARNING)
    yield
    if "expects_error_log" in request.fixturenames:
        return
    errors = [r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
    assert not errors, f"logged as errors: {errors}"


@pytest.fixture
def expects_error_log() -> None:
    """Ask for this fixture when the test provokes a logged error on purpose."""


@pytest.fixture(autouse=True)
def _no_connection_leaves_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        # To connect a datagram socket sends nothing: so a program asks which of its addresses a network sees.
        if self.family in (socket.AF_INET, socket.AF_INET6) and self.type != socket.SOCK_DGRAM:
            host = str(address[0])  # type: ignore[index]
            assert host.startswith("127.") or host in ("::1", "localhost"), f"a test connects to {host}"
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def _session_root() -> Iterator[object]:
    if not os.environ.get("DISPLAY"):
        pytest.fail("no display: run the tests with python3 scripts/test.py, which brings its own")
    import customtkinter

    from stablenew_tk.gui.widgets import theme

    root = customtkinter.CTk()
    _shared_root.append(root)
    root.geometry("1280x800+0+0")
    theme.apply(root, "dark")
    root.update()
    yield root
    _shared_root.clear()
    root.destroy()


_shared_root: list[object] = []


@pytest.fixture(autouse=True)
def _the_shared_root_steps_aside(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test with a window of its own has the screen and the keyboard for that window.

    Widgets and pictures without a parent would belong to the shared root. While that lies below the pointer, it gets
    the keyboard each time something above it closes: without a window manager X gives it to what the pointer is in.
    """
    if not _shared_root or "root" in request.fixturenames:
        return
    import tkinter

    monkeypatch.setattr(tkinter, "_default_root", None)
    root: tkinter.Tk = _shared_root[0]  # type: ignore[assignment]
    if root.state() != "withdrawn":
        root.withdraw()
        root.update()


@pytest.fixture
def root(_session_root: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """The one Tk root of the session, emptied after the test; an error in a Tk callback fails the test."""
    import tkinter

    from stablenew_tk.gui.widgets import theme

    monkeypatch.setattr(tkinter, "_default_root", _session_root)
    if theme.root() is not _session_root:  # a test had a window of its own
        theme.apply(_session_root, "dark")  # type: ignore[arg-type]
    if _session_root.state() == "withdrawn":  # type: ignore[attr-defined]
        _session_root.deiconify()  # type: ignore[attr-defined]
        _session_root.update()  # type: ignore[attr-defined]
    failures: list[BaseException] = []
    monkeypatch.setattr(
        tkinter.Misc,
        "report_callback_exception",
        lambda self, kind, value, trace: failures.append(value),
        raising=False,
    )
    _session_root.report_callback_exception = lambda kind, value, trace: failures.append(value)  # type: ignore[attr-defined]
    # On another thread Python would wait for this one with every picture it throws away. The window does it likewise.
    gc.disable()
    yield _session_root
    gc.enable()
    for child in list(_session_root.winfo_children()):  # type: ignore[attr-defined]
        child.destroy()
    _session_root.update()  # type: ignore[attr-defined]
    gc.collect(1)
    if failures:
        raise failures[0]
