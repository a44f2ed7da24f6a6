"""`Packs`: the list of prompt packs and wildcards on the main thread, and the settings of the packs.

The slow work happens on the pack worker's thread; this keeps its answers. The list follows changes that other programs
make to the files.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..domain.prompts.settings import PackSettings
from ..pipeline.late import Late
from ..pipeline.messages.packs import (
    ClosePacks,
    ListPacks,
    PackFoldersTouched,
    PackLoaded,
    PackNotSaved,
    PackOrder,
    PackSaved,
    PackSettingsSaved,
    PacksListed,
    RescanPacks,
    SavePackSettings,
)
from ..pipeline.workers import Desk, Inbox

if TYPE_CHECKING:
    from ..domain.config.learning_mode import PackLearning
    from ..domain.config.user_settings import Settings
    from ..pipeline.messages.base import Event
    from ..pipeline.pack_worker import PackWorker
    from ..storage.disk.places import Places
    from ..storage.packs.pack_file import PackFile

PackEvent = PacksListed | PackFoldersTouched | PackLoaded | PackSaved | PackSettingsSaved | PackNotSaved
# Of packs with the same id the strictest mode counts, so that nothing is recorded by mistake.
_STRICTEST: tuple[PackLearning, ...] = ("off", "locked", "passive", "active")
_UNKNOWN = PackSettings()


class Packs:
    """The pack library. Main thread only; every method returns at once, and events about packs bring the results.

    `files` are all packs by title, `wildcards` the names of all wildcards. `learning` is the learning mode of each
    pack that has one of its own, by pack id.
    """

    def __init__(self, places: Places, inbox: Inbox) -> None:
        self.files: tuple[PackFile, ...] = ()
        self.wildcards: tuple[str, ...] = ()
        self.learning: Mapping[str, PackLearning] = {}
        self._places = places
        self._inbox = inbox
        self._listed: tuple[PackFile, ...] = ()
        self._is_listed = False
        # Settings that are being written: they count at once, so that the next change is made from them.
        self._being_written: dict[Path, PackSettings] = {}
        self._folders: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._desk: Desk | None = None
        self._is_closed = False
        self._numbers = itertools.count(1)
        self._notices: tuple[str, ...] = ()
        self._watch_notices: tuple[str, ...] = ()

    # ---- what is known

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the user that concern no single pack."""
        return (*self._notices, *self._watch_notices)

    @property
    def empty_text(self) -> str:
        """What a list without rows says; nothing before the folders were looked through."""
        if not self._is_listed:
            return ""
        if self.files:
            return "No pack is called so."
        return "No packs yet. Make one with New pack… in Packs, or drop a text file here."

    def find(self, pack: str | Path) -> PackFile | None:
        """A pack by its path, or the first one with this id; None for an unknown one."""
        if isinstance(pack, Path):
            return next((one for one in self.files if one.path == pack), None)
        return next((one for one in self.files if one.pack_id == pack), None)

    def settings_of(self, pack: str | Path) -> PackSettings:
        """The settings of a pack by its path or id; the defaults for an unknown one."""
        found = self.find(pack)
        return found.settings if found is not None else _UNKNOWN

    # ---- actions

    def ask(self, order: PackOrder, *, last: bool = False) -> None:
        """Queue an order for the pack worker. `last`: lowest priority."""
        if self._is_closed:
            return
        if self._desk is None:
            work = Late(self._make_work)
            self._desk = Desk(lambda one: work.now().perform(one), self._inbox, name="pack-worker")
        if isinstance(order, SavePackSettings):
            self._being_written[order.path] = order.settings
            self._take(self._listed)
        self._desk.ask(order, Desk.LAST if last else Desk.SOON)

    def save_settings(self, path: Path, settings: PackSettings) -> None:
        """Write the settings of a pack; PackSettingsSaved or PackNotSaved answers."""
        found = self.find(path)
        before = found.settings if found is not None else None
        # A copy, so that the answer can be told from answers to earlier orders by its identity.
        self.ask(SavePackSettings(path=path, settings=replace(settings), before=before))

    def let_learn(self, pack_id: str) -> None:
        """Set the learning mode to active in all packs with this id that have a mode of their own."""
        for file in self.files:
            if file.pack_id == pack_id and file.settings.learning not in ("", "active"):
                self.save_settings(file.path, replace(file.settings, learning="active"))

    def new_number(self) -> int:
        """A unique number for an order, by which its answer can be recognised."""
        return next(self._numbers)

    def know(self, files: Iterable[PackFile]) -> None:
        """Set the packs, for the terminal, which reads them itself."""
        self._take(tuple(files))

    # ---- for the controller

    def open(self, settings: Settings) -> None:
        """List the packs and wildcards in the folders of the settings, and watch them; PacksListed answers."""
        self._folders = _folders(settings)
        self.ask(ListPacks(folders=self._folders[0], wildcard_folders=self._folders[1]))

    def follow(self, settings: Settings) -> None:
        """Apply changed settings: list and watch the new folders. Does nothing before `open`."""
        if self._folders not in (None, _folders(settings)):
            self.open(settings)

    def close(self, timeout_s: float) -> None:
        """Stop watching and wait for the threads."""
        if self._desk is not None:
            self.ask(ClosePacks())
            self._desk.close(timeout_s)
        self._is_closed = True

    def fold(self, event: Event) -> None:
        """Update the state from an event of the pack worker or the folder watcher."""
        if isinstance(event, PackFoldersTouched):
            self._watch_notices = event.notices
            self.ask(RescanPacks())
        elif isinstance(event, PacksListed):
            self.wildcards, self._notices, self._is_listed = event.wildcards, event.notices, True
            self._take(event.packs)
        elif isinstance(event, PackNotSaved):
            self._answered(event.path, event.settings)
            self._take(self._listed)
        elif isinstance(event, PackSettingsSaved) or (isinstance(event, PackLoaded) and event.pack is not None):
            if isinstance(event, PackSettingsSaved):
                self._answered(event.path, event.settings)
            self._take(_with(self._listed, event.path, event.settings))

    def _make_work(self) -> PackWorker:
        # On the thread of the worker: see `Late`.
        from ..pipeline.pack_worker import PackWorker

        return PackWorker(self._places, self._inbox.put)

    def _answered(self, path: Path, settings: PackSettings | None) -> None:
        if settings is not None and self._being_written.get(path) is settings:
            del self._being_written[path]

    def _take(self, files: tuple[PackFile, ...]) -> None:
        self._listed = self.files = files
        for path, settings in self._being_written.items():
            self.files = _with(self.files, path, settings)
        learning: dict[str, PackLearning] = {}
        for file in self.files:
            own = file.settings.learning
            if own:
                known = learning.get(file.pack_id, own)
                learning[file.pack_id] = min(known, own, key=_STRICTEST.index)
        self.learning = learning


def _with(files: tuple[PackFile, ...], path: Path, settings: PackSettings) -> tuple[PackFile, ...]:
    return tuple(replace(one, settings=settings) if one.path == path else one for one in files)


def _folders(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return settings.pack_folders, settings.wildcard_folders
