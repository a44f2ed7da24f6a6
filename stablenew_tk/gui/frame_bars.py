"""The frame around every page: the rail on the left, the bar with the backend on top, the bar with the job below."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Literal

from ..app.controller import Controller
from ..app.job_progress import Running
from ..domain.base import colour_roles
from ..domain.journal.estimate import about
from ..pipeline.messages.base import Event
from ..pipeline.messages.jobs import BackendChecked, ImageSaved, NodeWaiting, QueueChanged
from ..pipeline.messages.journal import UnsavedChanged
from ..pipeline.messages.settings import SettingsChanged
from .widgets import icons, theme
from .widgets.basics import Box, Button, Label, Painted, Separator, Sign
from .widgets.controls import ProgressBar, Segmented
from .widgets.popups import ChoiceField, MenuEntry
from .widgets.tooltips import tip

LEARNING = (("off", "Off"), ("passive", "Passive"), ("active", "Passive + Active"))


class RailItem(Painted):
    """One page on the rail: icon above its name, a gold bar at the left when chosen."""

    def __init__(self, parent: tk.Misc, icon: str, words: str, command: Callable[[], object]) -> None:
        self._icon, self._words, self._command = icon, words, command
        self.chosen = False
        ring = 2 * theme.RING
        super().__init__(
            parent, width=theme.px(theme.RAIL - ring), height=theme.px(theme.RAIL_ITEM - ring), ground="chrome"
        )

    def act(self) -> None:
        self._command()

    def choose(self, on: bool) -> None:
        """Show it as the page in sight."""
        if on != self.chosen:
            self.chosen = on
            self.repaint()

    def draw(self, width: int, height: int) -> None:
        whole_w, whole_h = width + 2 * self.margin, height + 2 * self.margin
        ground: colour_roles.Role = "raised" if self.chosen or self.hover else "chrome"
        self.fill(0, 0, whole_w, whole_h, ground)
        if self.chosen:
            self.fill(0, 0, theme.px(3), whole_h, "accent")
        ink: colour_roles.Role = "accent_text" if self.chosen else "text2"
        self.picture(whole_w // 2, theme.px(21), icons.icon(self._icon, 20, ink, ground), "center")
        words: colour_roles.Role = "text" if self.chosen else "text2"
        self.words(whole_w // 2, theme.px(43), self._words, size=11, ink=words, anchor="center")
        if self.ring:
            self.frame(2, 2, whole_w - 3, whole_h - 3, "focus", width=2)


class Rail(Box):
    """All pages, Settings at the bottom."""

    def __init__(self, parent: tk.Misc, pages: tuple[tuple[str, str, str], ...], go: Callable[[str], object]) -> None:
        super().__init__(parent, "chrome", width=theme.px(theme.RAIL))
        self.pack_propagate(False)
        Sign(self, "logo", size=28).pack(pady=theme.px(10))
        self.items: dict[str, RailItem] = {}
        for number, (name, icon, words) in enumerate(pages, start=1):
            item = RailItem(self, icon, words, lambda name=name: go(name))  # type: ignore[misc]  # default binds the name
            tip(item, f"{words} (Ctrl+{number})")
            self.items[name] = item
        for name, item in self.items.items():
            item.pack(side="bottom" if name == "settings" else "top")
        tk.Misc.lift(self.items["settings"])  # Tab comes to it last

    def choose(self, name: str) -> None:
        """Mark the page in sight."""
        for page, item in self.items.items():
            item.choose(page == name)


class TopBar(Box):
    """Page title, learning mode, backend state, appearance. `FOLLOWS` are the events it wants to hear of."""

    FOLLOWS = (BackendChecked, NodeWaiting, ImageSaved, SettingsChanged)

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        go: Callable[[str], object],
        set_learning: Callable[[str], object],
        switch_mode: Callable[[], object],
        show_keys: Callable[[], object],
    ) -> None:
        super().__init__(parent, "chrome", height=theme.px(theme.TOP_BAR))
        self.pack_propagate(False)
        self._controller = controller
        self._problem = ""
        self.title = Label(self, "", size=15, bold=True)
        self.title.pack(side="left", padx=(theme.px(16), theme.px(12)))
        self.subtitle = Label(self, "", size=12, ink="text3")
        self.subtitle.pack(side="left")
        self.help = Button(self, "", show_keys, kind="quiet", icon="help", height=theme.SMALL)
        self.help.pack(side="right", padx=(0, theme.px(8)))
        tip(self.help, "Keys of this page (F1)")
        self.switch_mode = switch_mode
        self._mode = Button(self, "", switch_mode, kind="quiet", icon="sun", height=theme.SMALL)
        self._mode.pack(side="right")
        tip(self._mode, "Dark or light")
        self._go = go
        self.backend = ChoiceField(self, (), self._backend_chosen, width=204, dot="text3")
        self.backend.pack(side="right", padx=(theme.px(4), theme.px(4)))
        self.learning = Segmented(self, LEARNING, set_learning, value=controller.settings.learning)
        self.learning.pack(side="right", padx=(0, theme.px(4)))
        Label(self, "Learning", size=12, ink="text3").pack(side="right", padx=(0, theme.px(6)))
        self.show_mode()
        self.show_backend()

    def _backend_chosen(self, value: str) -> None:
        self.show_backend()
        if value == "settings":
            self._go("settings")
        else:
            self._controller.check_backend()

    def show_backend(self) -> None:
        """Name and state of the backend: a dot in the colour of its state, and words in the menu."""
        address = self._controller.settings.backend
        found = self._controller.capabilities
        name = found.name if found else "Sketch" if address == "sketch" else address.removeprefix("http://")
        self.backend.set_entries(
            (
                MenuEntry(address, name if not self._problem else f"{name}: no answer"),
                MenuEntry("again", "Look again"),
                MenuEntry("settings", "Settings…"),
            )
        )
        self.backend.set(address)
        self.backend.set_dot("danger" if self._problem else "ok" if found else "text3")

    def show_mode(self) -> None:
        """The sun in the dark, the moon in the light: what a click brings."""
        self._mode.set_text("", icon="sun" if theme.mode() == "dark" else "moon")

    def on_event(self, event: Event) -> None:
        """Keep the backend's state and the learning mode in view."""
        if isinstance(event, BackendChecked) and event.address == self._controller.settings.backend:
            found = event.capabilities
            self._problem = event.problem
            self.show_backend()
            tip(self.backend, f"{found.name} {found.version}".strip() if found else event.problem)
        elif isinstance(event, NodeWaiting) or (isinstance(event, ImageSaved) and self._problem):
            self._problem = event.message if isinstance(event, NodeWaiting) else ""
            self.show_backend()
        elif isinstance(event, SettingsChanged):
            self.learning.set(event.settings.learning)
            self.show_backend()


class BottomBar(Box):
    """What is being made, how far it is, when it ends; Pause and Stop. Unsaved ratings are told here in red.

    `FOLLOWS` are the events it wants to hear of.
    """

    FOLLOWS = (NodeWaiting, UnsavedChanged, QueueChanged)

    def __init__(
        self, parent: tk.Misc, controller: Controller, *, pause: Callable[[], object], stop: Callable[[], object]
    ) -> None:
        super().__init__(parent, "chrome", height=theme.px(theme.BOTTOM_BAR))
        self.pack_propagate(False)
        self._controller = controller
        self._total = self._ended = 0
        self._rest_of, self._rest_s = ("", 0), 0.0
        self._waiting = ""
        self._last_made = 0
        self.head = Label(self, "", size=12, bold=True)
        self.head.pack(side="left", padx=(theme.px(16), theme.px(10)))
        self.text = Label(self, "Nothing is running", size=12, ink="text2")
        self.text.pack(side="left")
        self.stop = Button(self, "Stop", stop, kind="outline", height=theme.SMALL)
        self.stop.pack(side="right", padx=(0, theme.px(12)))
        tip(self.stop, "Stop the running job and empty the queue (Ctrl+.)")
        self.pause = Button(self, "Pause", pause, kind="outline", height=theme.SMALL)
        self.pause.pack(side="right", padx=theme.px(4))
        tip(self.pause, "Finish the running job, then wait (Ctrl+P)")
        self.eta = Label(self, "", size=12, ink="text2")
        self.eta.pack(side="right", padx=theme.px(12))
        self.bar = ProgressBar(self, width=200)
        self.alarm = Label(self, "", size=12, bold=True, ink="danger")
        self.refresh()

    def on_event(self, event: Event) -> None:
        """Follow the queue and the journal."""
        if isinstance(event, NodeWaiting):
            self._waiting = event.message
        elif isinstance(event, UnsavedChanged):
            self._show_unsaved(event)
        elif isinstance(event, QueueChanged):
            self._waiting = ""

    def refresh(self) -> None:
        """Draw the present state; called by the window's tick."""
        running, waiting = self._controller.running, len(self._controller.queue)
        self._count(running, waiting)
        busy = running is not None or waiting > 0
        for button in (self.pause, self.stop):
            if button.enabled != busy:
                button.enable(busy, "" if busy else "Nothing is running.")
        words = "Go on" if self._controller.paused else "Pause"
        if self.pause.text != words:
            self.pause.set_text(words)
        if running is None:
            self._show_idle(waiting)
        else:
            self._show_running(running)

    def _count(self, running: Running | None, waiting: int) -> None:
        open_jobs = waiting + (running is not None)
        if open_jobs == 0:
            if self._total:
                self._last_made = self._total
            self._total = 0
        else:
            self._total = max(self._total, open_jobs)
        self._ended = self._total - open_jobs

    def _show_idle(self, waiting: int) -> None:
        self.head.show("Paused" if self._controller.paused and waiting else "")
        done = f" · {self._last_made} job{'s' if self._last_made > 1 else ''} ended" if self._last_made else ""
        self.text.show(f"{waiting} jobs wait" if waiting else f"Nothing is running{done}")
        self.eta.show("")
        if self.bar.winfo_manager():
            self.bar.set(0.0)
            self.bar.pack_forget()

    def _show_running(self, running: Running) -> None:
        job, learning = running.job, running.job.learning
        self.head.show(f"Job {self._ended + 1} of {self._total}")
        if learning.plan_id:
            # No steps, no value: in blind rating they would tell which picture is which.
            parts = ["Learning Run", job.pack_id, f"row {learning.row + 1}", self._waiting or f"{running.done:.0%}"]
        else:
            step = f"{running.stage} {running.step} of {running.steps}" if running.steps else running.stage
            parts = [job.pack_id, job.prompt_id, f"seed {job.seed}", self._waiting or running.state or step]
        self.text.show(" · ".join(part for part in parts if part))
        if not self.bar.winfo_manager():
            self.bar.pack(side="right", padx=theme.px(4))
        known = running.fraction > 0 or self._ended > 0 or running.stage_number > 1
        self.bar.set((self._ended + running.done) / max(1, self._total) if known else None)
        self.eta.show(self._time_left(running))

    def _time_left(self, running: Running) -> str:
        """In words. What waits is counted only when it changes: there may be thousands, and this comes every tick."""
        counted_for = running.job.job_id, len(self._controller.queue)
        if self._rest_of != counted_for:
            self._rest_of = counted_for
            self._rest_s = self._controller.forecast_s(waiting.config for waiting in self._controller.queue) or 0.0
        left = self._controller.forecast_s((running.job.config,), done=running.done)
        return f"{about(left + self._rest_s)} left" if left is not None else ""

    def _show_unsaved(self, event: UnsavedChanged) -> None:
        if event.count:
            self.alarm.show(f"{event.count} not saved")
            self.alarm.pack(side="right", padx=theme.px(8))
            tip(self.alarm, f"{event.message} It is kept in memory and tried again every 2 seconds.")
        else:
            self.alarm.pack_forget()


Side = Literal["left", "right", "top", "bottom"]


def ruled(parent: tk.Misc, side: Side) -> None:
    """A thin line at one side, packed now."""
    Separator(parent).pack(side=side, fill="y" if side in ("left", "right") else "x")
