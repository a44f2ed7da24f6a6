"""The frame around every page: the rail on the left, the bar with the backend on top, the bar with the job below."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ..app.controller import Controller
from ..app.queue_progress import QueueProgress
from ..domain.base import colour_roles
from ..pipeline.messages.base import Event
from ..pipeline.messages.jobs import BackendChecked, ImageSaved, NodeWaiting, QueueChanged
from ..pipeline.messages.journal import UnsavedChanged
from ..pipeline.messages.settings import SettingsChanged
from .widgets import icons, theme
from .widgets.basics import Box, Button, Label, Painted
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


class RailLogo(Painted):
    """The sign of the program; a click brings Welcome back."""

    def __init__(self, parent: tk.Misc, command: Callable[[], object]) -> None:
        self._command = command
        super().__init__(parent, width=theme.px(36), height=theme.px(36), ground="chrome")

    def act(self) -> None:
        self._command()

    def draw(self, width: int, height: int) -> None:
        middle = self.margin + width // 2, self.margin + height // 2
        self.picture(*middle, icons.logo(28), "center")
        if self.ring:
            self.frame(2, 2, width + 2 * self.margin - 3, height + 2 * self.margin - 3, "focus", width=2)


class Rail(Box):
    """All pages, Settings at the bottom."""

    def __init__(self, parent: tk.Misc, pages: tuple[tuple[str, str, str], ...], go: Callable[[str], object]) -> None:
        super().__init__(parent, "chrome", width=theme.px(theme.RAIL))
        self.pack_propagate(False)
        self.logo = RailLogo(self, lambda: go("welcome"))
        self.logo.pack(pady=theme.px(4))
        tip(self.logo, "Welcome: where pictures are made, the guide")
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
        self._brief = ""
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
        # What is the matter comes first: there is room for little more.
        self.backend.set_entries(
            (
                MenuEntry(address, f"{self._brief.capitalize()} · {name}" if self._brief else name),
                MenuEntry("again", "Look again"),
                MenuEntry("settings", "Settings…"),
            )
        )
        self.backend.set(address)
        self.backend.set_dot("danger" if self._brief else "ok" if found else "text3")

    def show_mode(self) -> None:
        """The sun in the dark, the moon in the light: what a click brings."""
        self._mode.set_text("", icon="sun" if theme.mode() == "dark" else "moon")

    def on_event(self, event: Event) -> None:
        """Keep the backend's state and the learning mode in view."""
        if isinstance(event, BackendChecked) and event.address == self._controller.settings.backend:
            found = event.capabilities
            self._brief = event.brief
            self.show_backend()
            tip(self.backend, f"{found.name} {found.version}".strip() if found else event.problem)
        elif isinstance(event, NodeWaiting) or (isinstance(event, ImageSaved) and self._brief):
            self._brief = event.brief if isinstance(event, NodeWaiting) else ""
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
        self._progress, self._told = QueueProgress(controller), ("", "", "")
        self._controller = controller
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
        if isinstance(event, UnsavedChanged):
            self._show_unsaved(event)
        else:
            self._progress.problem = event.message if isinstance(event, NodeWaiting) else ""

    def refresh(self) -> None:
        """Draw the present state; called by the window's tick."""
        progress = self._progress
        progress.refresh()
        for button in (self.pause, self.stop):
            if button.enabled != progress.busy:
                button.enable(progress.busy, "" if progress.busy else "Nothing is running.")
        words = "Go on" if self._controller.paused else "Pause"
        if self.pause.text != words:
            self.pause.set_text(words)
        told = progress.head, progress.text, progress.eta
        if told != self._told:
            self._told = told
            for label, words in zip((self.head, self.text, self.eta), told, strict=True):
                label.show(words)
        if self._controller.running is not None:
            if not self.bar.winfo_manager():
                self.bar.pack(side="right", padx=theme.px(4))
            self.bar.set(progress.share)
        elif self.bar.winfo_manager():
            self.bar.set(0.0)
            self.bar.pack_forget()

    def _show_unsaved(self, event: UnsavedChanged) -> None:
        if event.count:
            self.alarm.show(f"{event.count} not saved")
            self.alarm.pack(side="right", padx=theme.px(8))
            tip(self.alarm, f"{event.message} It is kept in memory and tried again every 2 seconds.")
        else:
            self.alarm.pack_forget()
