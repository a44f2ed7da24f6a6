"""What the worker threads report: frozen facts in the past tense that travel through one queue, the inbox."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ..backends.base import Capabilities as Capabilities
from ..backends.base import StageProgress as StageProgress
from ..domain.insights.association import Association
from ..domain.insights.report import Report
from ..domain.journal.history import History, Position
from ..domain.journal.query import Query, Selection
from ..domain.journal.record import JournalLine, LearningRecord, Output
from ..domain.models.recommendations import Hashes, ModelSettings
from ..domain.prompts.pack import PackProblem, PromptPack
from ..domain.prompts.settings import PackSettings
from ..domain.prompts.variant import Expansion
from ..domain.recipes.recipe import Recipe
from ..domain.runs.job import Job
from ..domain.runs.plan import LearningPlan
from ..storage.models.index import ModelEntry as ModelEntry
from ..storage.models.library import LibrarySnapshot as LibrarySnapshot
from ..storage.packs.catalog import PackFile as PackFile
from ..storage.settings import Settings as Settings


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
    """All pack files of the pack folders, the names of all wildcards, and sentences about files with wildcards."""

    packs: tuple[PackFile, ...]
    wildcards: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


class PackFoldersTouched(Event, frozen=True, kw_only=True):
    """Something changed in a folder with packs or wildcards; `notices` are about folders not watched as usual."""

    notices: tuple[str, ...] = ()


class PackLoaded(Event, frozen=True, kw_only=True):
    """One pack read from disk, its errors and warnings inside; `pack` is None when it cannot be read.

    `problem` says why it cannot be read or run. `text` is the file's, for the editor; `seen` its fingerprint.
    `notices` are sentences about its settings file.
    """

    path: Path
    pack: PromptPack | None
    problem: str = ""
    text: str = ""
    seen: str = ""
    settings: PackSettings = PackSettings()
    notices: tuple[str, ...] = ()


class PackSaved(Event, frozen=True, kw_only=True):
    """A pack's text is on disk; `seen` is the new fingerprint. `path` is a new text file where the pack was read from a
    predecessor's JSON.
    """

    path: Path
    text: str
    seen: str


class PackSettingsSaved(Event, frozen=True, kw_only=True):
    """A pack's settings are on disk."""

    path: Path
    settings: PackSettings


class PackNotSaved(Event, frozen=True, kw_only=True):
    """A pack's text or settings are not on disk. `changed`: somebody else changed the file since it was read.
    `settings` are those that were to be written, None when it was the text.
    """

    path: Path
    message: str
    changed: bool = False
    settings: PackSettings | None = None


class PackChecked(Event, frozen=True, kw_only=True):
    """What is wrong with a pack's text. `count` is the number of all variants of its `prompts` (a whole number)."""

    path: Path
    number: int
    prompts: int
    count: int
    errors: tuple[PackProblem, ...] = ()
    warnings: tuple[PackProblem, ...] = ()


class PromptsExpanded(Event, frozen=True, kw_only=True):
    """The variants of some prompts."""

    path: Path
    number: int
    expansion: Expansion


class RecipeRead(Event, frozen=True, kw_only=True):
    """What a picture says about its making; None when it says nothing, and `problem` why."""

    path: Path
    recipe: Recipe | None
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


# ---- the library of models


class LibraryChanged(Event, frozen=True, kw_only=True):
    """The models as they are known now. `changed` are paths of models that came, went or say something else.

    `done` = everything is looked through; until then more follows by itself. `waiting` = nothing is to do before the
    first folder can be watched.
    """

    snapshot: LibrarySnapshot
    changed: frozenset[str]
    done: bool
    waiting: bool = False


class ModelRead(Event, frozen=True, kw_only=True):
    """What is known about the model at `path`. `settings` is None when it cannot be read, `problem` says why."""

    path: str
    settings: ModelSettings | None
    problem: str = ""


class ModelHashed(Event, frozen=True, kw_only=True):
    """The hashes of a model's file, read in the background. None when it cannot be read, `problem` says why."""

    path: str
    hashes: Hashes | None
    problem: str = ""


class ProfileSaved(Event, frozen=True, kw_only=True):
    """Our profile of `model` is on disk at `path`, or a change of it was taken back there."""

    path: str
    model: str


class FoldersTouched(Event, frozen=True, kw_only=True):
    """Something changed in `folders`, or anywhere in `trees`, of the model folders.

    `notices` are sentences about folders that cannot be watched as usual.
    """

    folders: frozenset[str]
    trees: frozenset[str]
    notices: tuple[str, ...] = ()


class OrderFailed(Event, frozen=True, kw_only=True):
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
