"""Uses the window at random and watches it: `python3 scripts/soak.py [--events 10000] [--seed 1]`. 0 when all is well.

Pages, theme and size change, keys and clicks fall anywhere, menus and wizards open and close, while runs of the sketch
engine go on in a folder of its own. It looks for errors in Tk's callbacks and in the log, for events that keep Tk's
thread busy for longer than 200 ms of processor time (a slow machine is no fault of the window), and for memory that
does not stop growing. The seed tells which events: the same seed gives the same ones as long as the pages are the same.

Needs a display, for example: xvfb-run -s "-screen 0 1920x1200x24" python3 scripts/soak.py
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import logging
import os
import random
import sys
import tempfile
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec

from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.prompts.variant import as_written
from stablenew_tk.domain.runs.job import RunRequest
from stablenew_tk.gui.main_frame import PAGES, MainFrame
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.basics import Button, Painted
from stablenew_tk.gui.widgets.modal import QuestionBox, open_boxes
from stablenew_tk.gui.widgets.rescaling import everything_in
from stablenew_tk.gui.window import Window
from stablenew_tk.storage.packs.catalog import ensure_starter
from stablenew_tk.storage.packs.reader import load_pack

LONGEST_MS = 200.0
_NO_WAITING = 1 << 1  # TCL_DONT_WAIT
# Building a page the first time, or everything in another size or theme, is one piece of work that the user waits for,
# whether a button, a key or the settings asked for it.
LONGEST_WHOLE_MS = 1500.0
MAY_GROW = 0.15  # of the memory in use after two thirds, when the caches of pictures are about full
FEWEST_FOR_MEMORY = 1000
SIZE_KEYS = ("Control-plus", "Control-minus", "Control-0")
SIZES = (80, 90, 100, 120, 150, 200, 250, 0)
KEYS = (
    *("Tab", "Shift-Tab", "Up", "Down", "Left", "Right", "space", "Return", "Escape", "Home", "End", "Prior", "Next"),
    *(
        "BackSpace",
        "Delete",
        "Key-0",
        "Key-1",
        "Key-3",
        "Key-5",
        "Control-z",
        "Control-a",
        "F1",
        "a",
        "c",
        "i",
        "z",
        "n",
    ),
    *("Control-f", "Alt-Left", "period", "comma", "Control-comma", "Control-1", "Control-i"),
)
# These start another program of the system, or end the window.
LEFT_ALONE = ("Show in folder",)


class Soak:
    """The window under test and what was found. `freezes` are (event, ms), `errors` sentences."""

    def __init__(self, window: Window, seed: int) -> None:
        self.window, self.controller = window, window.controller
        self.chance = random.Random(seed)
        self.errors: list[str] = []
        self.freezes: list[tuple[str, float]] = []
        self.slowest: dict[str, float] = {}
        # Read now: a key somewhere may throw the pack away.
        ensure_starter(self.controller.places.packs)
        self._variants = as_written(load_pack(self.controller.places.packs / "starter.txt").prompts)
        self._seen: set[str] = set()
        pages = [name for name, _, _ in PAGES]
        self._ways: tuple[tuple[str, int, Callable[[], object]], ...] = (
            ("page", 12, lambda: self.window.show(self.chance.choice([*pages, "welcome"]))),
            ("theme", 4, self.window.top.switch_mode),
            ("size", 2, self._size),
            ("window", 3, self._window),
            ("key", 45, self._key),
            ("click", 28, self._click),
            ("wheel", 6, self._wheel),
        )

    def run(self, events: int) -> None:
        """So many events, each followed by all that Tk has to do for it."""
        names = [name for name, _, _ in self._ways]
        weights = [weight for _, weight, _ in self._ways]
        doing = {name: act for name, _, act in self._ways}
        for number in range(events):
            self._keep_busy()
            if (boxes := open_boxes(self.window.frame)) and self.chance.random() < 0.2:
                theme.safely(boxes[-1].dismiss)
            name = self.chance.choices(names, weights)[0]
            self._timed(number, name, doing[name])

    def _timed(self, number: int, name: str, act: Callable[[], object]) -> None:
        page, looks = self.window.page_name, self._looks
        spent = self._longest(act)
        what = f"{number}: {name} on {page}"
        fresh = self.window.page_name not in self._seen
        self._seen.add(self.window.page_name)
        self.slowest[name] = max(self.slowest.get(name, 0.0), 0.0 if fresh else spent)
        if spent > (LONGEST_WHOLE_MS if fresh or self._looks != looks else LONGEST_MS):
            self.freezes.append((what, spent))

    @property
    def _looks(self) -> tuple[int, str]:
        return self.controller.settings.size, theme.mode()

    def _longest(self, act: Callable[[], object]) -> float:
        """Do it and all that Tk has to do for it. Gives the longest piece, in ms: between two the window can answer."""
        begun = time.thread_time()
        # As from a key or a click: an error is logged, and the window lives on.
        theme.safely(act)
        longest, more = time.thread_time() - begun, True
        while more:
            begun = time.thread_time()
            more = bool(self.window.frame.tk.dooneevent(_NO_WAITING))
            longest = max(longest, time.thread_time() - begun)
        return longest * 1000

    def _keep_busy(self) -> None:
        controller = self.controller
        if controller.history is None or self.chance.random() > 0.02:
            return
        # A click somewhere may have paused the queue or chosen an engine that is not there: then nothing would be made.
        if controller.paused:
            controller.pause(False)
        if controller.settings.backend != "sketch":
            controller.change_settings(msgspec.structs.replace(controller.settings, backend="sketch"))
        if controller.running is not None or controller.queue:
            return
        config = with_values(PipelineConfig(), {"txt2img.width": 256, "txt2img.height": 256, "txt2img.steps": 150})
        seed = self.chance.randint(1, 999)
        controller.run(RunRequest(pack_id="starter", variants=self._variants, config=config, seed=seed))

    # ---- events

    def _size(self) -> None:
        size = self.chance.choice((*SIZES, None))
        if size is None:
            self._focus().event_generate(f"<{self.chance.choice(SIZE_KEYS)}>")
        else:
            self.controller.change_settings(msgspec.structs.replace(self.controller.settings, size=size))

    def _window(self) -> None:
        wide, high = self.chance.choice(((1024, 700), (1280, 800), (1600, 1000), (1900, 1100)))
        self.window.frame.wm_geometry(f"{wide}x{high}+0+0")

    def _key(self) -> None:
        focus = self._focus()
        focus.event_generate(f"<{self.chance.choice(KEYS)}>")

    def _focus(self) -> tk.Misc:
        # A popup may have the focus, whose window Tk knows and Python does not.
        with contextlib.suppress(KeyError):
            return self.window.frame.focus_get() or self.window.frame
        return self.window.frame

    def _click(self) -> None:
        there = [one for one in self._in_sight() if not (isinstance(one, Button) and one.text in LEFT_ALONE)]
        if not there:
            return
        one = self.chance.choice(there)
        x, y = self.chance.randrange(max(1, one.winfo_width())), self.chance.randrange(max(1, one.winfo_height()))
        for event in ("<Enter>", "<Motion>", "<ButtonPress-1>", "<ButtonRelease-1>", "<Leave>"):
            if one.winfo_exists():
                one.event_generate(event, x=x, y=y)

    def _wheel(self) -> None:
        there = list(self._in_sight())
        if there:
            self.chance.choice(there).event_generate(self.chance.choice(("<Button-4>", "<Button-5>")), x=5, y=5)

    def _in_sight(self) -> Iterator[tk.Misc]:
        """Controls, lists and fields in sight, those of open popups too."""
        for one in everything_in(self.window.frame):
            wanted = isinstance(one, (Painted, tk.Entry, tk.Text)) or (isinstance(one, tk.Canvas) and one.bind())
            if wanted and one.winfo_viewable():
                yield one


class _Listener(logging.Handler):
    """Takes the errors of the log to the soak."""

    def __init__(self, soak: Soak) -> None:
        super().__init__(logging.ERROR)
        self._soak = soak

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self._soak.errors.append(f"{record.getMessage()}: {logging.Formatter().formatException(record.exc_info)}")
        else:
            self._soak.errors.append(record.getMessage())


def memory_mb() -> float:
    """Memory in use by this process; 0 where the system does not tell it in this way.

    What was freed is given back to the system first, where that can be asked for: how much of it the C library keeps
    for later depends on the largest window so far, and is no leak.
    """
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    return 0.0


def memory_at_rest(window: Window) -> float:
    """`memory_mb` with nothing running, in the usual size, every page looked at: so that two can be compared."""
    controller = window.controller
    controller.cancel()
    controller.change_settings(msgspec.structs.replace(controller.settings, size=100))
    window.frame.wm_geometry("1280x800+0+0")
    for box in open_boxes(window.frame):
        theme.safely(box.dismiss)
    for name, _, _ in PAGES:
        window.show(name)
        _live(window, lambda: False, 0.2)
    _live(window, lambda: controller.running is None, 60)
    return memory_mb()


def _live(window: Window, done: Callable[[], bool], seconds: float) -> None:
    """Let the window live until something is true, so long at most."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        window.frame.update()


def leave(window: Window) -> None:
    """Close the window; questions get their first answer."""
    window.leave()
    end = time.monotonic() + 60
    while theme.alive(window.frame) and time.monotonic() < end:
        for box in open_boxes(window.frame)[-1:]:
            if isinstance(box, QuestionBox):
                box.buttons[0].invoke()
            else:
                box.dismiss()
        if theme.alive(window.frame):
            window.frame.update()


def soak(folder: Path, *, events: int, seed: int) -> tuple[Soak, float]:
    """Open a window on a folder and use it. Gives what was found, and the growth of memory in the last third."""
    settings = Settings(welcome_done=True, appearance="dark", offer_rating=True, geometry="1280x800+0+0")
    window = Window(MainFrame(settings), Controller(open_places(str(folder)), settings))
    found = Soak(window, seed)
    listener = _Listener(found)
    logging.getLogger().addHandler(listener)
    try:
        for name, _, _ in PAGES:
            window.show(name)
            window.frame.update()
        found.run(events * 2 // 3)
        # So few events tell nothing about memory.
        measure = memory_at_rest if events >= FEWEST_FOR_MEMORY else lambda _window: 0.0
        before = measure(window)
        found.run(events - events * 2 // 3)
        grown = measure(window) / before - 1 if before else 0.0
        found.errors += [text for text in window.notices.texts if "made a mistake" in text]
        leave(window)
    finally:
        logging.getLogger().removeHandler(listener)
    return found, grown


def main(arguments: list[str]) -> int:
    """Soak, and say what was found."""
    parser = argparse.ArgumentParser(description="Use the window at random and watch it.")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    # Folders typed at random belong there, too.
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"HOME": folder}):
        found, grown = soak(Path(folder) / "data", events=asked.events, seed=asked.seed)
    slowest = ", ".join(f"{name} {ms:.0f}" for name, ms in sorted(found.slowest.items()))
    print(f"seed {asked.seed}, {asked.events:,} events. Longest in ms of processor time: {slowest}.")
    print(f"Memory grew by {grown:.0%} in the last third.")
    for sentence in dict.fromkeys(found.errors):
        print(f"error: {sentence}")
    for what, ms in found.freezes:
        print(f"freeze: {what}: {ms:.0f} ms")
    return int(bool(found.errors or found.freezes or grown > MAY_GROW))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
