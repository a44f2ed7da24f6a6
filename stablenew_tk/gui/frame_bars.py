"""The bars around every page: the one with the backend on top, the one with the job below."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from ..app.controller import Controller
from ..app.nodes.node_lines import title_note
from ..app.queue_progress import QueueProgress
from ..pipeline.messages.base import Event
from ..pipeline.messages.jobs import (
    BackendChecked,
    ImageSaved,
    ListsTold,
    NodeLooked,
    NodeWaiting,
    QueueChanged,
    StageProgressed,
)
from ..pipeline.messages.journal import UnsavedChanged
from ..pipeline.messages.settings import SettingsChanged
from .widgets import theme
from .widgets.basics import Box, Button, Label, ShortLabel, Sign
from .widgets.controls import ProgressBar
from .widgets.flow import pack_if
from .widgets.popups import ChoiceField, MenuEntry
from .widgets.tooltips import tip

_BACKEND = 232  # px: room for an address and what is the matter with it
_QUEUE = 116  # px: room for "Queue 10,000"

# Keys that are the same on every page.
WINDOW_KEYS = (
    ("Ctrl+P", "pause, go on"),
    ("Ctrl+.", "stop"),
    ("Ctrl+J", "the queue"),
    ("F5", "look for news on disk"),
    ("F11", "full screen"),
    ("Ctrl++, Ctrl+-, Ctrl+0", "larger, smaller, as the screen"),
    ("Ctrl+Q", "close"),
)


class CheckpointActions(NamedTuple):
    """What the top bar asks about the checkpoint of the next run: its name in the menu, the menu, and to change it."""

    current: Callable[[], str]
    entries: Callable[[], Sequence[MenuEntry]]
    choose: Callable[[str], object]


class TopBar(Box):
    """Page title, checkpoint and backend of the next run, appearance. `FOLLOWS` are the events it wants to hear of."""

    FOLLOWS = (BackendChecked, NodeLooked, NodeWaiting, ImageSaved, StageProgressed, SettingsChanged, QueueChanged)

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        go: Callable[[str], object],
        checkpoint: CheckpointActions,
        switch_mode: Callable[[], object],
        show_keys: Callable[[], object],
    ) -> None:
        super().__init__(parent, "chrome", height=theme.px(theme.TOP_BAR))
        self.pack_propagate(False)
        self._controller, self._checkpoint = controller, checkpoint
        self.back = Button(self, "‹", lambda: self._way_back(), kind="quiet", height=theme.SMALL)
        self._way_back: Callable[[], object] = lambda: None
        self.title = Label(self, "", size=15, bold=True)
        self.title.pack(side="left", padx=(theme.px(16), theme.px(12)))
        self.subtitle = Label(self, "", size=12, ink="text3")
        self.subtitle.pack(side="left")
        self._go = go
        # Made in reading order, for Tab; packed from the right end.
        self.checkpoint = ChoiceField(self, (), checkpoint.choose, width=212)
        tip(self.checkpoint, "The checkpoint that the next run uses")
        self.backend = ChoiceField(self, (), self._backend_chosen, width=_BACKEND, dot="text3")
        self.switch_mode = switch_mode
        self._mode = Button(self, "", switch_mode, kind="quiet", icon="sun", height=theme.SMALL)
        tip(self._mode, "Dark or light")
        self.help = Button(self, "", show_keys, kind="quiet", icon="help", height=theme.SMALL)
        tip(self.help, "Keys of this page (F1)")
        self.help.pack(side="right", padx=(0, theme.px(8)))
        self._mode.pack(side="right")
        self.backend.pack(side="right", padx=theme.px(4))
        self.checkpoint.pack(side="right")
        self.show_mode()
        self.show_backend()
        self.show_checkpoint()

    def _backend_chosen(self, value: str) -> None:
        self.show_backend()
        if value in ("settings", "nodes"):
            self._go(value)
        elif value == "sketch":
            use_sketch(self._controller)
        else:
            self._controller.check_backend()

    def show_way_back(self, parent: str, way: Callable[[], object]) -> None:
        """Offer the way from a sub-page to its parent, left of the title; "" offers none."""
        self._way_back = way
        if parent:
            self.back.set_text(f"‹ {parent}")
        pack_if(parent, self.back, side="left", padx=(theme.px(8), 0), before=self.title)

    def show_checkpoint(self) -> None:
        """The checkpoint that a run would use now; called by the window's tick."""
        self.checkpoint.set_entries(self._checkpoint.entries())
        self.checkpoint.set(self._checkpoint.current())

    def show_backend(self) -> None:
        """Name and state of the backend in force: a sign in the colour of its state, and words."""
        if not self._controller.nodes.is_alone:
            self._show_machines()
            return
        state, found = self._controller.backend, self._controller.capabilities
        name = found.name if found is not None and not state.brief else state.place
        words = state.brief or ("asking" if found is None else "")
        other = () if state.address == "sketch" else (MenuEntry("sketch", "Sketch instead"),)
        self.backend.set_entries(
            (
                MenuEntry(state.address, f"{name} · {words}" if words else name),
                MenuEntry("again", "Try again" if state.brief else "Look again"),
                *other,
                MenuEntry("settings", "Settings…"),
            )
        )
        self.backend.set(state.address)
        if state.brief:
            self.backend.set_dot("danger", "warning")
        else:
            self.backend.set_dot("ok") if found is not None else self.backend.set_dot("info", "half")
        version = f"{found.name} {found.version}".strip() if found is not None else ""
        tip(self.backend, state.problem or version or f"Asking {state.place} what it offers")

    def _show_machines(self) -> None:
        """How many machines there are, and whether they work."""
        nodes, address = self._controller.nodes, self._controller.backend.address
        ready, all_here = nodes.count(), len(nodes.specs)
        word = "no answer" if not ready else "busy" if nodes.working else "ready"
        some = f"{ready} of {all_here}" if 0 < ready < all_here else f"{all_here}"
        self.backend.set_entries(
            (
                MenuEntry(address, f"{some} machines · {word}"),
                MenuEntry("nodes", "All machines…"),
                MenuEntry("again", "Look again"),
                MenuEntry("settings", "Settings…"),
            )
        )
        self.backend.set(address)
        self.backend.set_dot("ok") if ready else self.backend.set_dot("danger", "warning")
        tip(self.backend, title_note(nodes.states))

    def show_mode(self) -> None:
        """The sun in the dark, the moon in the light: what a click brings."""
        self._mode.set_text("", icon="sun" if theme.mode() == "dark" else "moon")

    def on_event(self, _event: Event) -> None:
        """Keep the backend's state in view."""
        self.show_backend()


def use_sketch(controller: Controller) -> None:
    """Paint with the sketch engine from now on."""
    controller.change_settings(msgspec.structs.replace(controller.settings, backend="sketch"))


class BottomBar(Box):
    """What is being made, how far it is, when it ends; the queue, Pause and Stop. A backend that does not answer is
    told here with what can be done, unsaved ratings in red.

    `FOLLOWS` are the events it wants to hear of.
    """

    FOLLOWS = (NodeWaiting, UnsavedChanged, QueueChanged, ListsTold)

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        pause: Callable[[], object],
        stop: Callable[[], object],
        show_queue: Callable[[], object],
    ) -> None:
        super().__init__(parent, "chrome", height=theme.px(theme.BOTTOM_BAR))
        self.pack_propagate(False)
        self._progress, self._told = QueueProgress(controller), ("", "", "")
        self._controller = controller
        self.queue = Button(
            self, "Queue", show_queue, kind="outline", height=theme.SMALL, width=_QUEUE, icon="list", ground="chrome"
        )
        self.queue.pack(side="left", padx=(theme.px(8), 0))
        tip(self.queue, "What runs and what waits: order, remove, go to (Ctrl+J)")
        self.left = Box(self, "chrome")  # notices stand over it, so that nothing else moves
        self._sign = Sign(self.left, "disc", size=8, ink="danger")
        self.head = Label(self.left, "", size=12, bold=True)
        self.head.pack(side="left", padx=(theme.px(8), theme.px(10)))
        self.text = ShortLabel(self.left, "Nothing is running", size=12, ink="text2")
        self.text.pack(side="left", fill="x", expand=True)
        self.after_all = Button(self, "", self._run_after_all, kind="link", height=theme.SMALL)
        self.again = Button(self, "Try again", controller.check_backend, height=theme.SMALL)
        self.sketch = Button(self, "Sketch instead", lambda: use_sketch(controller), kind="outline", height=theme.SMALL)
        tip(self.sketch, "Paint with the sketch engine from now on, also the jobs that wait")
        self.pause = Button(self, "Pause", pause, kind="outline", height=theme.SMALL)
        tip(self.pause, "Finish the running job, then wait (Ctrl+P)")
        self.stop = Button(self, "Stop", stop, kind="outline", height=theme.SMALL)
        tip(self.stop, "Stop the running job and empty the queue (Ctrl+.)")
        self.stop.pack(side="right", padx=(0, theme.px(12)))
        self.pause.pack(side="right", padx=theme.px(4))
        self.eta = Label(self, "", size=12, ink="text2")
        self.eta.pack(side="right", padx=theme.px(12))
        self.left.pack(side="left", fill="both", expand=True)
        self.bar = ProgressBar(self, width=200)
        self.alarm = Label(self, "", size=12, bold=True, ink="danger")
        self.refresh()

    def on_event(self, event: Event) -> None:
        """Follow the queue and the journal."""
        if isinstance(event, UnsavedChanged):
            self._show_unsaved(event)
        elif isinstance(event, ListsTold):
            self._progress.news = event.message
        elif isinstance(event, QueueChanged):
            self._progress.news = ""

    def refresh(self) -> None:
        """Draw the present state; called by the window's tick."""
        progress, state = self._progress, self._controller.backend
        progress.refresh()
        for button in (self.pause, self.stop):
            if button.enabled != progress.busy:
                button.enable(progress.busy, "" if progress.busy else "Nothing is running.")
        self._show_queue()
        words = "Go on" if self._controller.paused else "Pause"
        if self.pause.text != words:
            self.pause.set_text(words)
        told = progress.head, progress.text, progress.eta
        if told != self._told:
            self._told = told
            self.head.show(progress.head)
            self.text.show(progress.text)
            self.eta.show(progress.eta)
            tip(self.text, progress.text)
        # The state stands in front of the words, and what can be done about it behind them.
        absent = self._controller.why_not
        pack_if(absent, self._sign, side="left", padx=(theme.px(8), 0), before=self.head)
        for button in (self.sketch, self.again):
            wanted = absent and not (button is self.sketch and state.address == "sketch")
            pack_if(wanted, button, side="right", padx=theme.px(2), before=self.eta)
        if self._controller.running is not None and not absent:
            if not self.bar.winfo_manager():
                self.bar.pack(side="right", padx=theme.px(4), before=self.left)
            self.bar.set(progress.share)
        elif self.bar.winfo_manager():
            self.bar.set(0.0)
            self.bar.pack_forget()

    def _show_queue(self) -> None:
        count = len(self._controller.queue) + len(self._controller.leftover)
        words = f"Queue {count:,}" if count else "Queue"
        if self.queue.text != words:
            self.queue.set_text(words)
        # What was dropped can be run after all until another run begins.
        dropped = self._controller.jobs.removed if not self._progress.busy else 0
        if dropped:
            self.after_all.set_text(f"Run {'them' if dropped > 1 else 'it'} after all")
        pack_if(dropped, self.after_all, side="right", padx=theme.px(4), before=self.eta)

    def _run_after_all(self) -> None:
        self._controller.jobs.restore()

    def _show_unsaved(self, event: UnsavedChanged) -> None:
        if event.count:
            self.alarm.show(f"{event.count} not saved")
            self.alarm.pack(side="right", padx=theme.px(8), before=self.left)
            tip(self.alarm, f"{event.message} It is kept in memory and tried again every 2 seconds.")
        else:
            self.alarm.pack_forget()
