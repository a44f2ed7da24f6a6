"""`SettingsKeeper`: writes what is changed in the program, takes in what others change in the settings file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from ..domain.config.user_settings import Settings, merged
from ..pipeline.messages.base import Event, Order, OrderFailed
from ..pipeline.messages.settings import ReadSettings, SaveSettings, SettingsRead, SettingsSaved, SettingsTouched
from ..pipeline.workers import ENDING_S, Inbox
from ..storage.disk.places import Places

if TYPE_CHECKING:
    from ..storage.watcher import FileWatcher


class SettingsContext(Struct, frozen=True):
    """What the keeper needs: `ask` gives an order to the desk, `change` puts settings in force."""

    places: Places
    inbox: Inbox
    ask: Callable[[Order], object]
    settings: Callable[[], Settings]
    change: Callable[[Settings], object]


class SettingsKeeper:
    """Only writes until `open`. `settings` are those in the file. Main thread."""

    def __init__(self, context: SettingsContext, settings: Settings) -> None:
        self._context = context
        self._in_file = settings
        self._saving = 0  # orders under way
        self._watcher: FileWatcher | None = None

    def open(self) -> None:
        """Follow the file from now on."""
        from ..storage.watcher import FileWatcher

        inbox = self._context.inbox
        self._watcher = FileWatcher(self._context.places.settings_file, lambda: inbox.put(SettingsTouched()))

    def save(self, settings: Settings) -> None:
        """Write settings soon; SettingsSaved or OrderFailed answers."""
        self._saving += 1
        self._context.ask(SaveSettings(settings=settings, before=self._in_file))
        self._in_file = settings

    def on_event(self, event: Event) -> None:
        """Take in what was written and read."""
        if isinstance(event, SettingsTouched):
            self._context.ask(ReadSettings())
        elif isinstance(event, SettingsSaved):
            self._saving -= 1
        elif isinstance(event, OrderFailed) and isinstance(event.order, SaveSettings):
            self._saving -= 1
            self._in_file = event.order.before
        elif isinstance(event, SettingsRead) and not self._saving:
            # One that was read while others were on their way is older than they are, and they touch the file again.
            mine = self._context.settings()
            before, self._in_file = self._in_file, event.settings
            if (now := merged(before, mine, event.settings)) != mine:
                self._context.change(now)

    def close(self) -> None:
        """Stop following the file."""
        if self._watcher is not None:
            self._watcher.close(ENDING_S)
