"""`ThreadWork`: what the controller's threads do their work with. They import and make it when they need it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..domain.config.user_settings import Settings
from ..pipeline.ids_and_times import new_id
from ..pipeline.late import Late
from ..pipeline.messages.base import Event, Order
from ..pipeline.workers import Inbox, Perform
from ..storage.disk.places import Places
from .engines.backend_for import Engines

if TYPE_CHECKING:
    # All of it takes longer to import than the window to open.
    from ..pipeline.desk import DeskWork
    from ..pipeline.runner import JobContext
    from ..storage.journal.spool import Spool
    from ..storage.journal.writer import LearningRecordWriter
    from ..storage.watcher import Touched, Watcher


class ThreadWork:
    """Any thread may ask; `settings` are those at the start."""

    def __init__(self, places: Places, settings: Settings, inbox: Inbox, engines: Engines) -> None:
        self._places, self._settings, self._inbox, self._engines = places, settings, inbox, engines
        self._writer = Late(self._make_writer)
        self._desk_work = Late(self._make_desk_work)

    def perform(self, order: Order) -> Event | None:
        """Carry out an order of the desk. On the desk's thread, or the caller's."""
        return self._desk_work.now().perform(order)

    def on_pictures(self, is_closed: Callable[[], bool]) -> Perform:
        """What carries out orders of the picture thread."""
        from ..pipeline.picture_worker import PictureWork

        return PictureWork(self._desk_work.now().recorded, self._writer.now(), self._inbox.put, is_closed).perform

    def on_files(self, is_closed: Callable[[], bool]) -> Perform:
        """What carries out orders of the file thread. Closing it closes a dialog that is open."""
        from ..pipeline.file_worker import FileWork

        return FileWork(is_closed, self._engines.disconnect).perform

    def job_context(self) -> JobContext:
        """What a node needs, but for its name, its folder and the families."""
        from ..pipeline.runner import JobContext
        from ..storage.pictures.images import open_for_start

        return JobContext(
            outputs=self._places.outputs,
            node="",
            emit=self._inbox.put,
            new_id=new_id,
            writer=self._writer.now(),
            read_start=open_for_start,
        )

    def watcher(self, touched: Callable[[Touched], None]) -> Watcher:
        """Watches the journal from now on; `touched` is called on its thread."""
        from ..storage.models.scan import JOURNAL
        from ..storage.watcher import Watcher

        return Watcher((self._places.journal,), touched, endings=JOURNAL)

    def spool(self) -> Spool:
        """Where lines are kept that could not be saved."""
        from ..storage.journal.spool import Spool

        return Spool(self._places.data)

    def hurry(self) -> None:
        """The program ends: wait no longer for others than need be."""
        self._writer.now().hurry()
        if self._desk_work.made is not None:
            self._desk_work.made.give_up_check()

    def _make_writer(self) -> LearningRecordWriter:
        from ..storage.journal.writer import LearningRecordWriter

        return LearningRecordWriter(self._places.journal)

    def _make_desk_work(self) -> DeskWork:
        from ..pipeline.desk import DeskWork

        return DeskWork(self._places, self._settings, self._writer.now(), self._engines.make)
