"""`XmpKeeper`: keeps the stars of the journal and those that other programs have beside the pictures the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from ..domain.config.user_settings import Settings
from ..domain.journal.image_facts import ImageFacts
from ..domain.journal.marks import Marks
from ..domain.journal.record import Feedback, JournalLine
from ..pipeline.ids_and_times import as_line
from ..pipeline.late import Late
from ..pipeline.messages.base import Event, OrderFailed
from ..pipeline.messages.journal import AppendLines, HistoryChanged, HistoryLoaded
from ..pipeline.messages.picture_files import RecordedPicture, recorded
from ..pipeline.messages.settings import SettingsChanged
from ..pipeline.messages.xmp import (
    LookAtFolders,
    StarConflict,
    StarsSynced,
    StarsTouched,
    SyncStars,
    XmpOrder,
    XmpProgress,
    XmpTouched,
)
from ..pipeline.workers import ENDING_S, Inbox, LateDesk, Perform
from ..storage.disk.places import Places

if TYPE_CHECKING:
    from ..domain.journal.history import History

    # They take longer to import than the window to open.
    from ..pipeline.recorded_files import RecordedFiles
    from ..storage.watcher import Touched, Watcher

TOGETHER = 50  # pictures that are asked about at once: a millisecond of this thread
_MOST_PROBLEMS = 20


class XmpContext(Struct, frozen=True):
    """What the keeper needs. `append` writes lines that no undo is for, `put_undoable` those of the user."""

    places: Places
    inbox: Inbox
    settings: Callable[[], Settings]
    history: Callable[[], History | None]
    append: Callable[[AppendLines], object]
    put_undoable: Callable[[Sequence[JournalLine]], object]
    announce: Callable[[Event], object]


class XmpKeeper:
    """Off until `open`, and while the setting is off. One small order at a time is under way, so that nothing waits.

    `done` of `whole` pictures were looked at in the pass that runs, 0 of 0 = none does; `written` and `read` count
    since it was switched on. `conflicts` wait for the user, by image id. Main thread.
    """

    def __init__(self, context: XmpContext) -> None:
        self._context = context
        self._files = Late(self._make_files)
        self._desk = LateDesk(context.inbox, self._work, name="xmp")
        self._watcher: Watcher | None = None
        self._opened = self._busy = self.stopped = False
        self._in_force = ("", "")
        self._pass: Iterator[int] | None = None
        self._soon: dict[int, None] = {}  # rows, and those where the journal is to win
        self._keep: dict[int, None] = {}
        self._changed_in: set[str] = set()
        self._changed_below: set[str] = set()
        self._mine: set[str] = set()  # pictures about which that was decided
        self._sent: dict[str, Marks] = {}
        self.done = self.whole = self.written = self.read = 0
        self.conflicts: dict[str, StarConflict] = {}
        self.problems: list[str] = []

    def open(self) -> None:
        """Begin to follow the setting: the window is open."""
        self._opened = True
        self._follow_settings()

    def close(self) -> None:
        """End the thread; what is not written yet is written at the next start."""
        self._opened = False
        if self._watcher is not None:
            self._watcher.close(ENDING_S)
        self._desk.close(ENDING_S)

    def stop(self) -> None:
        """End the pass that runs. What is rated from now on is written all the same."""
        self._pass, self.stopped = None, True
        self.done = self.whole = 0
        self._tell()

    def go_on(self) -> None:
        """Look at all pictures; what was wrong before is told again if it still is."""
        history = self._context.history()
        if self._opened and self._names and history is not None:
            self.problems = []
            self.stopped, self.done, self.whole = False, 0, len(history)
            self._pass = iter(range(len(history)))
            self._next()
            self._tell()

    def settle(self, image_ids: Iterable[str], *, theirs: bool) -> None:
        """Decide about conflicts: the stars beside the pictures hold, which can be undone, or those of the journal."""
        decided = [found for one in image_ids if (found := self.conflicts.pop(one, None)) is not None]
        if theirs:
            self._context.put_undoable([as_line(_feedback(one)) for one in decided])
        else:
            self._mine.update(one.image_id for one in decided)
            self._look_at(self._rows(one.image_id for one in decided))
        self._tell()

    def on_event(self, event: Event) -> None:
        """Follow the journal, the settings, and the answers of the thread."""
        if not self._opened:
            return
        if isinstance(event, StarsSynced):
            self._busy = False
            self._synced(event)
        elif isinstance(event, OrderFailed) and isinstance(event.order, XmpOrder):
            self._busy = False
            self._note((event.message,))
            self._next()
        elif isinstance(event, SettingsChanged):
            self._follow_settings()
        elif isinstance(event, HistoryLoaded):
            if self._files.made is not None:
                self._files.made.book = event.history.files
            self.go_on()
        elif isinstance(event, HistoryChanged) and self._names:
            self._look_at(event.rows)
        elif isinstance(event, XmpTouched) and self._names:
            self._changed_in |= event.folders
            self._changed_below |= event.trees
            self._look_around()
        elif isinstance(event, StarsTouched):
            self._look_at(self._rows(event.image_ids))

    @property
    def _names(self) -> str:
        return self._context.settings().xmp

    def _follow_settings(self) -> None:
        settings = self._context.settings()
        if self._files.made is not None:
            self._files.made.settings = settings
        root = str(self._context.places.output_root(settings.output_folder))
        if not self._opened or (settings.xmp, root) == self._in_force:
            return
        self._in_force = settings.xmp, root
        if self._watcher is not None:
            self._watcher.close(ENDING_S)
            self._watcher = None
        self._pass, self._soon, self._keep = None, {}, {}
        self.done = self.whole = self.written = self.read = 0
        self.conflicts, self.problems, self.stopped = {}, [], False
        if settings.xmp:
            from ..storage.models.scan import Endings
            from ..storage.watcher import Watcher

            self._watcher = Watcher((root,), self._touched, endings=Endings(frozenset({"xmp"})))
            self.go_on()
        self._tell()

    def _make_files(self) -> RecordedFiles:
        from ..pipeline.recorded_files import RecordedFiles

        files, history = RecordedFiles(self._context.places, self._context.settings()), self._context.history()
        files.book = history.files if history is not None else None
        return files

    def _work(self, stopped: Callable[[], bool]) -> Perform:
        from ..pipeline.xmp_worker import XmpWork

        return XmpWork(self._files.now(), stopped).perform

    def _touched(self, touched: Touched) -> None:
        # On the watcher's thread.
        self._context.inbox.put(XmpTouched(folders=touched.folders, trees=touched.trees))

    def _look_around(self) -> None:
        """Have the folders looked at in which something changed, when it is not our own writing that changes them."""
        if (self._changed_in or self._changed_below) and not self._busy:
            folders, trees = frozenset(self._changed_in), frozenset(self._changed_below)
            self._changed_in, self._changed_below = set(), set()
            self._desk.ask(LookAtFolders(folders=folders, trees=trees))

    def _look_at(self, rows: Iterable[int]) -> None:
        history = self._context.history()
        for row in rows:
            mine = bool(self._mine) and history is not None and history.image_id(row) in self._mine
            (self._keep if mine else self._soon)[row] = None
        self._next()

    def _next(self) -> None:
        names = self._names
        if self._busy or not self._opened or names not in ("full", "stem"):
            return
        keep = bool(self._keep)
        pictures = self._some(self._keep) if keep else self._some(self._soon) or self._some_of_pass()
        if pictures is None:
            self._look_around()
            return
        self._sent = {one.image_id: one.marks for one in pictures}
        self._busy = True
        self._desk.ask(SyncStars(pictures=tuple(pictures), names="full" if names == "full" else "stem", keep=keep))

    def _some(self, rows: dict[int, None]) -> list[RecordedPicture] | None:
        taken = list(islice(rows, TOGETHER))
        for row in taken:
            del rows[row]
        return self._recorded(taken) if taken else None

    def _some_of_pass(self) -> list[RecordedPicture] | None:
        """The next pictures of the pass, [] when there are none among so many; None = it is over."""
        if self._pass is None:
            return None
        taken = list(islice(self._pass, TOGETHER))
        self.done += len(taken)
        if not taken:
            self._pass = None
            self.done = self.whole = 0
            self._tell()
            return None
        return self._recorded(taken)

    def _recorded(self, rows: Iterable[int]) -> list[RecordedPicture]:
        history = self._context.history()
        if history is None:
            return []
        visible = history.visible()
        facts: Iterable[ImageFacts] = map(visible.facts, rows)
        return [recorded(one) for one in facts if one.image_id and not one.file.trashed]

    def _rows(self, image_ids: Iterable[str]) -> list[int]:
        history = self._context.history()
        found = map(history.row_of, image_ids) if history is not None else ()
        return [row for row in found if row is not None]

    def _synced(self, event: StarsSynced) -> None:
        self.written += event.written
        self._note(event.problems)
        now = {one.image_id: one.marks for one in self._recorded(self._rows(one.image_id for one in event.changed))}
        # What was rated here meanwhile is newer than what was read: look again instead of writing over it.
        same = [one for one in event.changed if now.get(one.image_id) == self._sent.get(one.image_id)]
        again = [one.image_id for one in event.changed if one not in same]
        if same:
            self.read += len(same)
            self._context.append(AppendLines(lines=tuple(as_line(one) for one in same)))
        for image_id in self._sent:
            self.conflicts.pop(image_id, None)
        self._mine.difference_update(self._sent.keys() - now.keys())
        self.conflicts.update({one.image_id: one for one in event.conflicts})
        self._look_at(self._rows(again))
        self._tell()

    def _note(self, problems: Iterable[str]) -> None:
        self.problems = [*self.problems, *(one for one in problems if one not in self.problems)][-_MOST_PROBLEMS:]

    def _tell(self) -> None:
        self._context.announce(XmpProgress())


def _feedback(one: StarConflict) -> Feedback:
    rejected = one.beside < 0
    return Feedback(image_id=one.image_id, rating=None if rejected else one.beside, rejected=rejected)
