"""What the worker threads report and what they can be asked: frozen values that travel through one queue.

Events are facts in the past tense, orders are requests. Both cross threads, so nothing in them can change.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ..backends.base import Capabilities as Capabilities
from ..backends.base import StageProgress as StageProgress
from ..domain.association import Association, RatedRecord
from ..domain.board import Board
from ..domain.history import Columns, History, Position
from ..domain.job import Job
from ..domain.plan import LearningPlan
from ..domain.prompt import PromptPack
from ..domain.record import JournalLine, LearningRecord, Output
from ..domain.report import Report
from ..domain.selection import Query, Selection
from ..storage.packs import PackFile as PackFile
from ..storage.settings import Settings as Settings
from ..storage.settings import without_login


class Event(Struct, frozen=True, kw_only=True):
    """Base of everything that arrives in the inbox."""


# ---- jobs, from the node thread


class JobStarted(Event, frozen=True, kw_only=True):
    """A node began a job."""

    job: Job
    node: str


class StageStarted(Event, frozen=True, kw_only=True):
    """`number` of `count` stages of the job begins; number counts from 1."""

    job_id: str
    stage: str
    number: int
    count: int


class StageProgressed(Event, frozen=True, kw_only=True):
    """How far the running stage is; `progress.preview` may hold a small picture."""

    job_id: str
    stage: str
    progress: StageProgress


class ImageSaved(Event, frozen=True, kw_only=True):
    """A picture is on disk at `path` (absolute)."""

    job_id: str
    run_id: str
    output: Output
    path: Path


class NodeWaiting(Event, frozen=True, kw_only=True):
    """The backend does not answer; the job waits and nothing failed. The next try comes in `retry_in_s` seconds."""

    job_id: str
    message: str
    retry_in_s: float


class JobEnded(Event, frozen=True, kw_only=True):
    """The one end of a job, however it ended. `recorded` tells whether its record is on disk."""

    record: LearningRecord
    recorded: bool


# ---- the journal


class LineSaved(Event, frozen=True, kw_only=True):
    """A line is on disk, fsynced."""

    line: JournalLine
    position: Position


class LineNotSaved(Event, frozen=True, kw_only=True):
    """A line is not on disk. It is kept in memory and tried again."""

    line: JournalLine
    message: str


class HistoryLoaded(Event, frozen=True, kw_only=True):
    """The folded journal. From here on it belongs to the main thread. `waiting` jobs were left over last time."""

    history: History
    recent: tuple[LearningRecord, ...]
    waiting: tuple[Job, ...]
    damaged: int
    newer: int


# ---- answers of the desk thread


class ThumbnailReady(Event, frozen=True, kw_only=True):
    """`jpeg` is empty when there is no picture to show; `problem` then says why."""

    image_id: str
    edge: int
    jpeg: bytes
    problem: str = ""


class PictureReady(Event, frozen=True, kw_only=True):
    """A picture as raw RGB of exactly `width` × `height` px, fitted to what was asked. Empty `rgb`: see problem."""

    image_id: str
    box: tuple[int, int]
    width: int = 0
    height: int = 0
    rgb: bytes = b""
    problem: str = ""


class RecordRead(Event, frozen=True, kw_only=True):
    """A full record for the inspector; None when it cannot be read, `problem` says why."""

    image_id: str
    record: LearningRecord | None
    problem: str = ""


class ImagesFound(Event, frozen=True, kw_only=True):
    """Rows that match a query."""

    query: Query
    selection: Selection


class PacksListed(Event, frozen=True, kw_only=True):
    """All pack files of the pack folders."""

    packs: tuple[PackFile, ...]


class PackLoaded(Event, frozen=True, kw_only=True):
    """One pack read from disk, its errors and warnings inside; `pack` is None when it cannot be read.

    `problem` says why it cannot be read or run.
    """

    path: Path
    pack: PromptPack | None
    problem: str = ""


class BackendChecked(Event, frozen=True, kw_only=True):
    """Answer of a backend to "what do you offer?". `capabilities` is None when there was none."""

    address: str
    capabilities: Capabilities | None
    seconds: float
    problem: str = ""


class SettingsSaved(Event, frozen=True, kw_only=True):
    """Settings are on disk."""

    settings: Settings


class InsightReady(Event, frozen=True, kw_only=True):
    """What the ratings of a plan prove, as the plan stood when it was asked."""

    plan_id: str
    report: Report


class AssociationsFound(Event, frozen=True, kw_only=True):
    """What goes together with better stars in everyday runs of a pack and checkpoint: hints, never proof."""

    pack_id: str
    checkpoint: str
    associations: tuple[Association, ...]


class PlanRead(Event, frozen=True, kw_only=True):
    """A plan file as read and checked, nothing is started. `plan` is None when it cannot be used: see `problem`."""

    path: Path
    plan: LearningPlan | None
    problem: str = ""
    notices: tuple[str, ...] = ()


class PlanWritten(Event, frozen=True, kw_only=True):
    """A plan file is on disk."""

    path: Path


class ChoreFailed(Event, frozen=True, kw_only=True):
    """Something asked of the desk went wrong. `message` is for the user."""

    what: str
    message: str


# ---- what the controller folds from these and announces to the views (never crosses a thread)


class QueueChanged(Event, frozen=True, kw_only=True):
    """Jobs were added, begun, ended or removed, or the queue was paused."""


class HistoryChanged(Event, frozen=True, kw_only=True):
    """Recorded pictures or what was said about them changed. `rows` are the touched image rows.

    `grown` means the rows are new; `undone` that the change came from undo or redo: the view brings that picture
    into sight.
    """

    rows: tuple[int, ...] = ()
    grown: bool = False
    undone: bool = False


class UnsavedChanged(Event, frozen=True, kw_only=True):
    """`count` lines wait to be written; 0 = all is on disk. `message` says what the disk answered last."""

    count: int
    message: str = ""


class SettingsChanged(Event, frozen=True, kw_only=True):
    """The settings in force changed."""

    settings: Settings


# ---- orders to the desk thread


class Order(Struct, frozen=True, kw_only=True):
    """Base of everything the desk can be asked."""


class LoadHistory(Order, frozen=True, kw_only=True):
    """Fold the journal, from its checkpoint where possible."""


class KeepWaiting(Order, frozen=True, kw_only=True):
    """Remember the jobs that are not done, for the next start."""

    jobs: tuple[Job, ...]


class SaveCheckpoint(Order, frozen=True, kw_only=True):
    """Write the folded journal down, so that the next start is quick. The history is not changed meanwhile."""

    history: History


class AppendLine(Order, frozen=True, kw_only=True):
    """Write one line to the journal."""

    line: JournalLine


class FindImages(Order, frozen=True, kw_only=True):
    """Select rows by a query from a snapshot of the columns; pictures of the runs in `without_runs` are left out."""

    columns: Columns
    query: Query
    without_runs: frozenset[str] = frozenset()


class MakeThumbnail(Order, frozen=True, kw_only=True):
    """A small JPEG of a recorded picture, longest edge `edge` px. `output_index` counts in the record's outputs."""

    image_id: str
    position: Position
    output_index: int
    edge: int


class ReadPicture(Order, frozen=True, kw_only=True):
    """A recorded picture fitted into `box` (width, height in px); never enlarged beyond its own size."""

    image_id: str
    position: Position
    output_index: int
    box: tuple[int, int]


class FitPicture(Order, frozen=True, kw_only=True):
    """Picture bytes at hand (a live preview) fitted into `box`."""

    image_id: str
    data: bytes
    box: tuple[int, int]


class FitFile(Order, frozen=True, kw_only=True):
    """A picture file fitted into `box`; PictureReady answers with this `image_id`."""

    image_id: str
    path: Path
    box: tuple[int, int]


class ReadRecord(Order, frozen=True, kw_only=True):
    """The full record of a picture."""

    image_id: str
    position: Position


class ListPacks(Order, frozen=True, kw_only=True):
    """Look for packs in the pack folders."""


class LoadPack(Order, frozen=True, kw_only=True):
    """Read one pack file."""

    path: Path


class AddPack(Order, frozen=True, kw_only=True):
    """Copy a pack file into the first pack folder, then list again."""

    path: Path


class CheckBackend(Order, frozen=True, kw_only=True):
    """Ask a backend what it offers. `address` is "sketch" or a URL."""

    address: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"CheckBackend({without_login(self.address)!r})"


class SaveSettings(Order, frozen=True, kw_only=True):
    """Write the settings file."""

    settings: Settings


class RevealFile(Order, frozen=True, kw_only=True):
    """Show a recorded picture's file in the file browser."""

    image_id: str
    position: Position
    output_index: int


class Analyse(Order, frozen=True, kw_only=True):
    """Work out what the ratings of a plan prove; InsightReady answers."""

    board: Board


class FindAssociations(Order, frozen=True, kw_only=True):
    """Read the records of rated everyday pictures and look for what goes together with stars; AssociationsFound
    answers. All pictures are of one pack and checkpoint, none is a sketch among real ones.
    """

    pack_id: str
    checkpoint: str
    pictures: tuple[RatedRecord, ...]


class ReadPlan(Order, frozen=True, kw_only=True):
    """Read a plan file that somebody wrote; PlanRead answers."""

    path: Path


class WritePlan(Order, frozen=True, kw_only=True):
    """Write a plan as a file for others; PlanWritten answers."""

    plan: LearningPlan
    path: Path
