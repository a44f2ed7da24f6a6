"""A window over a real controller in a temp folder, for tests of the pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from conftest import pump

from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.window import Window
from stablenew_tk.pipeline.messages.base import Event

SETTINGS = Settings(welcome_done=True, appearance="dark", geometry="1280x800+0+0", offer_rating=False)


class House:
    """The window, what happened in it, and short ways to wait."""

    def __init__(self, folder: Path, **settings: object) -> None:
        assert os.environ.get("DISPLAY"), "no display: run the tests with python3 scripts/test.py"
        self.controller = Controller(open_places(str(folder)), msgspec.structs.replace(SETTINGS, **settings))
        self.window = Window(self.controller)
        self.events: list[Event] = []
        self.controller.subscribe(self.events.append)
        self.until(lambda: self.controller.history is not None)

    def until(self, condition: Callable[[], object], timeout_s: float = 15.0) -> None:
        """Let the window live until the condition holds."""
        pump(self.window, condition, timeout_s)

    def saw(self, kind: type[Event]) -> list[Event]:
        """Events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def idle(self) -> bool:
        """Nothing runs and nothing waits."""
        return self.controller.running is None and not self.controller.queue

    def page(self, name: str):
        """Show a page and return it."""
        self.window.show(name)
        self.window.update()
        return self.window.page(name)

    def key(self, *names: str) -> None:
        """Press keys where the focus is."""
        for name in names:
            self.window.focus_force() if self.window.focus_get() is None else None
            (self.window.focus_get() or self.window).event_generate(name)
            self.window.update()


@contextmanager
def open_house(folder: Path, **settings: object) -> Iterator[House]:
    """A house that is closed afterwards whatever happens."""
    house = House(folder, **settings)
    try:
        yield house
    finally:
        if theme.alive(house.window):
            house.window.update()
            house.controller.running = None  # no question in a test about closing
            house.window.leave()
