"""`DeskWork`: orders of the desk thread: journal, history, thumbnails, records, insights, plan files, settings."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import singledispatchmethod
from itertools import groupby
from pathlib import Path

from .. import __version__
from ..backends.base import Backend, StageOrder
from ..domain.base.errors import BackendError, InvalidInput, NotSaved, StorageError, Untrusted
from ..domain.config.catalogue import with_values
from ..domain.config.engines import SKETCH
from ..domain.config.pipeline_config import FIRST_STAGE, PipelineConfig
from ..domain.config.user_settings import Settings
from ..domain.experiments.plan_file import imported, read_plan, write_plan
from ..domain.experiments.plan_page import PAGE_LIMIT
from ..domain.insights.association import RatedRecord, associations
from ..domain.insights.report import report
from ..domain.journal.history import History
from ..domain.journal.position import Position
from ..domain.journal.query import select
from ..domain.journal.record import JournalLine, LearningRecord
from ..storage.disk.file_manager import reveal
from ..storage.disk.files import discard, read_bounded, sweep_temporary, write_atomic
from ..storage.disk.places import Places
from ..storage.journal.backups import Backups
from ..storage.journal.long_notes import why_never
from ..storage.journal.news import JournalNews, News
from ..storage.journal.reader import recent
from ..storage.journal.snapshot import SegmentPrint, load_history, save_snapshot
from ..storage.journal.spool import Spool
from ..storage.pending_jobs import WaitingFile, WaitingRead
from ..storage.pictures.images import ThumbnailCache, fit_rgb, read_picture, thumbnail
from ..storage.plan_draft import load_plan_draft, save_plan_draft
from ..storage.programs.installations import find_installations, usual_places
from ..storage.programs.search import find_program
from ..storage.settings import save_settings, settings_now
from .messages.backups import (
    BackupRestored,
    BackupsListed,
    ListBackups,
    MakeBackup,
    PlanRestore,
    RestoreBackup,
    RestorePlanned,
)
from .messages.base import Event, Order
from .messages.jobs import (
    BackendChecked,
    CheckBackend,
    EngineFound,
    FindEngine,
    FindInstallations,
    InstallationsFound,
    KeepWaiting,
)
from .messages.journal import (
    AppendLines,
    HistoryLoaded,
    LineNotSaved,
    LineSaved,
    LinesWritten,
    LoadHistory,
    NewsRead,
    ReadNews,
    ReadRecord,
    RecordRead,
    SaveSnapshot,
    TakeInUnsaved,
    UnsavedTakenIn,
)
from .messages.pictures import (
    FindImages,
    FitFile,
    FitPicture,
    ImagesFound,
    MakeThumbnail,
    PaintSample,
    PictureReady,
    ReadPicture,
    RevealFile,
    ThumbnailReady,
)
from .messages.plans import (
    Analyse,
    AssociationsFound,
    FindAssociations,
    InsightReady,
    KeepPlanDraft,
    PlanDraftRead,
    PlanRead,
    PlanWritten,
    ReadPlan,
    ReadPlanDraft,
    WritePlan,
)
from .messages.settings import ReadSettings, SaveSettings, SettingsRead, SettingsSaved
from .recorded_files import RecordedFiles
from .runner import LearningWriter

log = logging.getLogger(__name__)

RECENT_RECORDS = 60
# Must include the records of all jobs that ended after the waiting jobs were last written: a few on each machine.
LATEST_RECORDS = 200
# Read at once from what others wrote; every line is announced to all pages before the next ones are read.
NEWS_LINES = 40
MakeBackend = Callable[[CheckBackend], Backend]


class DeskWork:
    """Carries out the orders of the desk thread. `recorded` tells other threads, too, where pictures are."""

    def __init__(self, places: Places, settings: Settings, writer: LearningWriter, make_backend: MakeBackend) -> None:
        self._places = places
        self.recorded = RecordedFiles(places, settings)
        self._writer = writer
        self._make_backend = make_backend
        self._thumbnails = ThumbnailCache(places.thumbs)
        self._waiting = WaitingFile(places.waiting)
        self._loaded: tuple[SegmentPrint, ...] = ()
        self._asked: Backend | None = None
        self._is_given_up = False
        self._news = JournalNews(places.journal, writer.writer)
        self._backups = Backups(places.backups, places.journal, version=__version__)

    def give_up_check(self) -> None:
        """Make the CheckBackend that is being carried out fail soon, and those to come. Main thread."""
        self._is_given_up = True
        if (asked := self._asked) is not None:
            asked.close()

    @singledispatchmethod
    def perform(self, order: Order) -> Event | None:
        """Carry out an order and return the event that answers it, if there is one."""
        raise InvalidInput(f"The desk does not know the order {type(order).__name__}.")

    @perform.register
    def _(self, _order: LoadHistory) -> HistoryLoaded:
        # Files that killed programs left behind. Those younger than an hour may belong to a running program.
        for folder in (self._places.data, self._places.settings_file.parent, self._places.journal):
            sweep_temporary(folder)
        return self._load()

    @perform.register
    def _(self, _order: TakeInUnsaved) -> UnsavedTakenIn | None:
        found = Spool(self._places.data).take_in(self._writer.append)
        there_was = found.saved or found.damaged or found.problem
        return UnsavedTakenIn(saved=found.saved, damaged=found.damaged, problem=found.problem) if there_was else None

    @perform.register
    def _(self, _order: ReadNews) -> NewsRead | HistoryLoaded | None:
        news = self._news.read(NEWS_LINES)
        if news is None or not news.replaced:
            return _news_read(news) if news is not None else None
        return self._load(again=True)

    @perform.register
    def _(self, order: KeepWaiting) -> None:
        self._waiting.keep(order.jobs)

    @perform.register
    def _(self, order: SaveSnapshot) -> None:
        self._save_snapshot(order.history)

    @perform.register
    def _(self, order: AppendLines) -> LinesWritten:
        try:
            return self._append(order.lines)
        except InvalidInput:
            # One that can never be written must not keep the others from the disk.
            told = [self._append_one(line) for line in order.lines]
        return LinesWritten(
            saved=tuple(line for one in told for line in one.saved),
            refused=tuple(line for one in told for line in one.refused),
        )

    @perform.register
    def _(self, order: MakeBackup) -> BackupsListed:
        now = datetime.now(UTC)
        made = self._backups.make_due(now) if order.reason == "daily" else self._backups.make(order.reason, now)
        return BackupsListed(backups=self._backups.list(), made=made)

    @perform.register
    def _(self, _order: ListBackups) -> BackupsListed:
        return BackupsListed(backups=self._backups.list())

    @perform.register
    def _(self, order: PlanRestore) -> RestorePlanned:
        return RestorePlanned(plan=self._backups.plan(self._backups.find(order.name), exact=order.exact))

    @perform.register
    def _(self, order: RestoreBackup) -> BackupRestored:
        plan = self._backups.restore(self._backups.find(order.name), datetime.now(UTC), exact=order.exact)
        discard(self._places.snapshot)  # of the journal as it was
        return BackupRestored(plan=plan)

    @perform.register
    def _(self, order: FindImages) -> ImagesFound:
        return ImagesFound(query=order.query, selection=select(order.columns, order.query))

    @perform.register
    def _(self, order: MakeThumbnail) -> ThumbnailReady:
        jpeg = self._thumbnails.get(order.image_id, order.edge)
        if jpeg is None:
            try:
                jpeg = thumbnail(read_picture(self._path(order)), order.edge)
            except StorageError as problem:
                return ThumbnailReady(image_id=order.image_id, edge=order.edge, jpeg=b"", problem=str(problem))
            self._thumbnails.put(order.image_id, order.edge, jpeg)
        return ThumbnailReady(image_id=order.image_id, edge=order.edge, jpeg=jpeg)

    @perform.register
    def _(self, order: ReadPicture) -> PictureReady:
        try:
            data = read_picture(self._path(order))
        except StorageError as problem:
            return PictureReady(image_id=order.image_id, box=order.box, problem=str(problem))
        return _fitted(order, data)

    @perform.register
    def _(self, order: FitPicture) -> PictureReady:
        return _fitted(order, order.data)

    @perform.register
    def _(self, order: PaintSample) -> PictureReady:
        wide, high = (max(64, side // 8 * 8) for side in order.box)
        config = with_values(PipelineConfig(), {"txt2img.width": wide, "txt2img.height": high})
        wish = StageOrder(
            job_id="", stage=FIRST_STAGE, prompt=order.prompt, negative="", seed=order.seed, config=config
        )
        backend = self._make_backend(CheckBackend(address=SKETCH))
        try:
            return _fitted(order, backend.generate(wish).images[0].data)
        finally:
            backend.close()

    @perform.register
    def _(self, order: FitFile) -> PictureReady:
        try:
            data = read_picture(order.path)
        except StorageError as problem:
            return PictureReady(image_id=order.image_id, box=order.box, problem=str(problem))
        return _fitted(order, data)

    @perform.register
    def _(self, order: ReadRecord) -> RecordRead:
        try:
            return RecordRead(image_id=order.image_id, record=self._record(order.position))
        except StorageError as problem:
            return RecordRead(image_id=order.image_id, record=None, problem=str(problem))

    @perform.register
    def _(self, order: CheckBackend) -> BackendChecked:
        began = time.monotonic()
        found, why, brief, note, certificate = None, "", "", "", None
        try:
            backend = self._asked = self._make_backend(order)
            try:
                if self._is_given_up:
                    backend.close()
                note = backend.rescan() if order.rescan else ""
                found = backend.check()
            finally:
                self._asked = None
                backend.close()
        except (BackendError, InvalidInput) as problem:
            why = str(problem)
            brief = problem.brief if isinstance(problem, BackendError) else "no address"
            certificate = problem.certificate if isinstance(problem, Untrusted) else None
        return BackendChecked(
            address=order.address,
            engine=order.engine,
            capabilities=found,
            seconds=time.monotonic() - began,
            problem=why,
            brief=brief,
            certificate=certificate,
            rescanned=order.rescan,
            note=note,
        )

    @perform.register
    def _(self, _order: FindEngine) -> EngineFound:
        return EngineFound(program=str(find_program("sd-server") or ""))

    @perform.register
    def _(self, _order: FindInstallations) -> InstallationsFound:
        home = Path.home()
        return InstallationsFound(found=find_installations(usual_places(home), home))

    @perform.register
    def _(self, order: SaveSettings) -> SettingsSaved:
        self.recorded.settings = order.settings
        return SettingsSaved(settings=save_settings(self._places.settings_file, order.settings, order.before))

    @perform.register
    def _(self, _order: ReadSettings) -> SettingsRead | None:
        found = settings_now(self._places.settings_file)
        return SettingsRead(settings=found) if found is not None else None

    @perform.register
    def _(self, order: RevealFile) -> None:
        reveal(self._path(order))

    @perform.register
    def _(self, order: Analyse) -> InsightReady:
        return InsightReady(plan_id=order.board.plan.plan_id, report=report(order.board))

    @perform.register
    def _(self, order: FindAssociations) -> AssociationsFound:
        rated = self._rated(order.pictures)
        kinds = len({record.backend.fingerprint for record, _ in rated} - {""})
        found = associations(rated)
        return AssociationsFound(
            pack_id=order.pack_id, checkpoint=order.checkpoint, associations=found, kinds=max(1, kinds)
        )

    @perform.register
    def _(self, order: ReadPlan) -> PlanRead:
        try:
            read = read_plan(read_bounded(order.path, PAGE_LIMIT), where=order.path.name)
        except (StorageError, InvalidInput) as problem:
            return PlanRead(path=order.path, plan=None, problem=str(problem))
        return PlanRead(path=order.path, plan=imported(read.plan, order.path.name), notices=read.notices)

    @perform.register
    def _(self, order: WritePlan) -> PlanWritten:
        write_atomic(order.path, write_plan(order.plan))
        return PlanWritten(path=order.path)

    @perform.register
    def _(self, order: KeepPlanDraft) -> None:
        save_plan_draft(self._places.plan_draft, order.draft)

    @perform.register
    def _(self, _order: ReadPlanDraft) -> PlanDraftRead:
        found = load_plan_draft(self._places.plan_draft)
        return PlanDraftRead(draft=found.draft, problem=found.problem)

    def _load(self, *, again: bool = False) -> HistoryLoaded:
        loaded = load_history(self._places.journal, self._places.snapshot)
        self._news.start(loaded.history.end)
        self._loaded = loaded.prints
        self.recorded.book = loaded.history.files
        latest = tuple(folded.record for folded in recent(self._places.journal, LATEST_RECORDS))
        if not loaded.from_snapshot:
            self._save_snapshot(loaded.history)
        ended = {record.job_id for record in latest}
        waiting = WaitingRead() if again else self._waiting.load()
        return HistoryLoaded(
            history=loaded.history,
            recent=latest[:RECENT_RECORDS],
            waiting=tuple(job for job in waiting.jobs if job.job_id not in ended),
            waiting_problem=waiting.problem,
            damaged=loaded.damaged_count,
            newer=loaded.newer_count,
            again=again,
            before=loaded.before,
        )

    def _rated(self, pictures: Iterable[RatedRecord]) -> list[tuple[LearningRecord, int]]:
        """Records with the stars of their pictures. Records that cannot be read are skipped."""
        rated: list[tuple[LearningRecord, int]] = []
        for position, same in groupby(sorted(pictures, key=_place), key=_place):
            try:
                record = self._record(position)
            except StorageError as problem:
                log.warning("left out of the associations: %s", problem)
                continue
            rated += [(record, picture.stars) for picture in same]
        return rated

    def _save_snapshot(self, history: History) -> None:
        try:
            save_snapshot(history, self._places.journal, self._places.snapshot, self._loaded)
        except StorageError as error:
            # Without a snapshot the next start is slower, but nothing is lost.
            log.warning("The next start is slower: the history's snapshot was not saved (%s)", error.__cause__ or error)

    def _append_one(self, line: JournalLine) -> LinesWritten:
        try:
            return self._append((line,))
        except InvalidInput as never:
            try:
                why = why_never(self._places.data, line, never)
            except NotSaved as problem:
                return _not_saved((line,), str(problem))
            return LinesWritten(refused=(LineNotSaved(line=line, message=why, for_good=True),))

    def _append(self, lines: tuple[JournalLine, ...]) -> LinesWritten:
        try:
            saved = self._writer.append_all(lines)
        except StorageError as problem:
            return _not_saved(lines, str(problem))
        return LinesWritten(saved=tuple(LineSaved(line=one.line, position=one.position) for one in saved))

    def _record(self, position: Position) -> LearningRecord:
        return self.recorded.record(position)

    def _path(self, order: MakeThumbnail | ReadPicture | RevealFile) -> Path:
        return self.recorded.path(order.image_id, order.position, order.output_index)


def _not_saved(lines: Iterable[JournalLine], message: str) -> LinesWritten:
    return LinesWritten(refused=tuple(LineNotSaved(line=line, message=message) for line in lines))


def _news_read(news: News) -> NewsRead:
    lines = tuple(LineSaved(line=line, position=position) for line, position in news.lines)
    return NewsRead(lines=lines, end=news.end, damaged=news.damaged, newer=news.newer, more=news.more)


def _place(picture: RatedRecord) -> Position:
    return picture.position


def _fitted(order: ReadPicture | FitPicture | FitFile | PaintSample, data: bytes) -> PictureReady:
    try:
        width, height, rgb = fit_rgb(data, order.box, fill=order.fill)
    except StorageError as problem:
        return PictureReady(image_id=order.image_id, box=order.box, problem=str(problem))
    return PictureReady(image_id=order.image_id, box=order.box, width=width, height=height, rgb=rgb)
