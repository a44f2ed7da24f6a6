"""A window over a real controller in a temp folder, for tests of the pages."""

from __future__ import annotations

import os
import tkinter as tk
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from conftest import PATIENCE_S, pump

from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.app.start.window_claim import WindowClaim
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.gui.main_frame import MainFrame
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.basics import Button
from stablenew_tk.gui.widgets.entries import Entry
from stablenew_tk.gui.widgets.file_chooser import FileChooser
from stablenew_tk.gui.widgets.modal import QuestionBox, open_boxes
from stablenew_tk.gui.window import Window
from stablenew_tk.pipeline.messages.base import Event

Found = TypeVar("Found", bound=tk.Misc)
SETTINGS = Settings(welcome_done=True, appearance="dark", geometry="1280x800+0+0", offer_rating=False)


class House:
    """The window, what happened in it, and short ways to wait."""

    def __init__(self, folder: Path, claim: WindowClaim | None = None, **settings: object) -> None:
        assert os.environ.get("DISPLAY"), "no display: run the tests with python3 scripts/test.py"
        self.controller = Controller(open_places(str(folder)), msgspec.structs.replace(SETTINGS, **settings))
        self.events: list[Event] = []
        # Before the window opens: some answers come while it does.
        self.controller.subscribe(self.events.append)
        self.frame = MainFrame(self.controller.settings)
        self.window = Window(self.frame, self.controller, claim=claim)
        self.until(lambda: self.controller.history is not None)

    def until(self, condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
        """Let the window live until the condition holds."""
        pump(self.frame, condition, timeout_s)

    def saw(self, kind: type[Event]) -> list[Event]:
        """Events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def idle(self) -> bool:
        """Nothing runs and nothing waits."""
        return self.controller.running is None and not self.controller.queue

    def page(self, name: str):
        """Show a page and return it."""
        self.window.show(name)
        self.frame.update()
        return self.window.page(name)

    def change(self, **settings: object) -> None:
        """Change some of the settings, as the Settings page does."""
        self.controller.change_settings(msgspec.structs.replace(self.controller.settings, **settings))

    def button(self, words: str) -> Button:
        """The button in sight whose words begin so; waits until there is one."""
        return self._found(lambda: (one for one in seen(self.frame, Button) if one.text.startswith(words)))

    def entry(self, caption: str) -> Entry:
        """The entry in sight that stands below this caption."""

        def below() -> Iterator[Entry]:
            for label in seen(self.frame, tk.Label):
                if label.cget("text") == caption:
                    yield from seen(label.master, Entry)
                    yield from seen(label.master.master, Entry)

        return self._found(below)

    def type_into(self, entry: Entry, text: str) -> None:
        """Replace the text of an entry the way a person does, and press Return."""
        # The keyboard comes from the X server, which may be late or have given it to a window that closed just now.
        self.until(lambda: self.frame.focus_get() is entry.field or entry.field.focus_force())
        entry.field.delete(0, "end")
        entry.field.insert(0, text)
        entry.edited()
        self.key("<Return>")

    def answer(self, words: str) -> str:
        """Give the answer that begins so to the question in sight, as a click does; returns the question's text."""
        self.until(lambda: open_boxes(self.frame))
        return answer(self.frame, words)

    def says(self, words: str) -> bool:
        """Whether a label in sight has these words in it."""
        return any(words in str(label.cget("text")) for label in seen(self.frame, tk.Label))

    def _found(self, candidates: Callable[[], Iterator[Found]]) -> Found:
        found: list[Found] = []
        self.until(lambda: found or found.extend(candidates()) or found)
        return found[0]

    def key(self, *names: str) -> None:
        """Press keys where the focus is."""
        for name in names:
            self.frame.focus_force() if self.frame.focus_get() is None else None
            (self.frame.focus_get() or self.frame).event_generate(name)
            self.frame.update()


def answer(window: tk.Misc, words: str) -> str:
    """Click the button of the question on top that begins so; returns the question's text."""
    question = open_boxes(window)[-1]
    assert isinstance(question, QuestionBox)
    next(button for button in question.buttons if button.text.startswith(words)).invoke()
    return question.text


def choose_file(window: tk.Misc, until: Callable[[Callable[[], object]], object], path: Path) -> None:
    """Choose a file, or a name to save one, in the chooser that opens."""
    until(lambda: any(isinstance(box, FileChooser) for box in open_boxes(window)))
    chooser = open_boxes(window)[-1]
    assert isinstance(chooser, FileChooser)
    if chooser.wish.kind == "save":
        chooser.go(path.parent)
        chooser.name.set(path.name)
    else:
        # The list of this folder comes later than the name, and picks what is called so.
        chooser.go(path.parent)
        chooser.path.set(str(path))
    until(lambda: not chooser.is_open or chooser.button.enabled)
    chooser.path.field.focus_force()
    window.update()
    chooser.path.field.event_generate("<Return>") if chooser.wish.kind == "open" else chooser.button.invoke()
    until(lambda: not chooser.is_open)


def seen(widget: tk.Misc, kind: type[Found]) -> Iterator[Found]:
    """Widgets of one kind in sight inside a widget."""
    return (one for one in walk(widget) if isinstance(one, kind) and one.winfo_viewable())


def walk(widget: tk.Misc) -> Iterator[tk.Misc]:
    """A widget and everything inside it."""
    yield widget
    for child in widget.winfo_children():
        yield from walk(child)


@contextmanager
def open_house(folder: Path, **settings: object) -> Iterator[House]:
    """A house that is closed afterwards whatever happens."""
    house = House(folder, **settings)
    try:
        yield house
    finally:
        if theme.alive(house.frame):
            house.frame.update()
            house.window.leave()
        if theme.alive(house.frame) and house.controller.running is not None and open_boxes(house.frame):
            answer(house.frame, "Stop and close")
        if theme.alive(house.frame) and open_boxes(house.frame):
            # A test that fails may leave a server of its own running.
            answer(house.frame, "Stop it and close")
