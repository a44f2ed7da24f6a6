"""What the desk can be asked: frozen requests that travel to its thread."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ..domain.insights.association import RatedRecord
from ..domain.insights.matrix import Board
from ..domain.journal.history import History, Position
from ..domain.journal.query import HistoryColumns, Query
from ..domain.journal.record import JournalLine
from ..domain.models.profile import LoraProfile, ModelPreset, ModelProfile, RecommendedWeight
from ..domain.prompts.pack import PackPrompt, Slot
from ..domain.prompts.settings import PackSettings
from ..domain.runs.job import Job
from ..domain.runs.plan import LearningPlan
from ..storage.settings import Settings, without_login


class Order(Struct, frozen=True, kw_only=True):
    """Base of everything the desk can be asked."""


class LoadHistory(Order, frozen=True, kw_only=True):
    """Fold the journal, from its checkpoint where possible."""


class KeepWaiting(Order, frozen=True, kw_only=True):
    """Remember the jobs that are not done, for the next start. `ended`: a job has ended and nothing else changed."""

    jobs: tuple[Job, ...]
    ended: bool = False


class SaveCheckpoint(Order, frozen=True, kw_only=True):
    """Write the folded journal down, so that the next start is quick. The history is not changed meanwhile."""

    history: History


class AppendLine(Order, frozen=True, kw_only=True):
    """Write one line to the journal."""

    line: JournalLine


class FindImages(Order, frozen=True, kw_only=True):
    """Select rows by a query from a snapshot of the columns; pictures of the runs in `without_runs` are left out."""

    columns: HistoryColumns
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


class CheckBackend(Order, frozen=True, kw_only=True):
    """Ask a backend what it offers. `address` is "sketch" or a URL."""

    address: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"CheckBackend({without_login(self.address)!r})"


def backend_order(settings: Settings) -> CheckBackend:
    """The order that asks the backend in force."""
    return CheckBackend(address=settings.backend, user=settings.user, password=settings.password)


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


# ---- models; these go to a thread of their own, for their folders may lie on a drive that does not answer


class ModelOrder(Order, frozen=True, kw_only=True):
    """Base of everything asked about models and their folders."""


class RescanModels(ModelOrder, frozen=True, kw_only=True):
    """Have another look at folders, or at folders with all below them.

    With `restart`, these are the model folders from now on, and they are watched; () ends it.
    """

    folders: frozenset[str] = frozenset()
    trees: frozenset[str] = frozenset()
    restart: tuple[str, ...] | None = None


class WorkOnLibrary(ModelOrder, frozen=True, kw_only=True):
    """Go on with what is to be looked at, for a twentieth of a second; LibraryChanged answers."""


class CloseLibrary(ModelOrder, frozen=True, kw_only=True):
    """Stop watching and remember what is known for the next start."""


class ReadModel(ModelOrder, frozen=True, kw_only=True):
    """Everything known about one model; ModelRead answers."""

    path: str


class HashModel(ModelOrder, frozen=True, kw_only=True):
    """Compute the hashes of a model's file unless it has more than `largest` bytes (0 = any); ModelHashed answers."""

    path: str
    largest: int = 0


class SaveModelProfile(ModelOrder, frozen=True, kw_only=True):
    """Write the profile beside the checkpoint at `model`; ProfileSaved answers, or ChoreFailed for "SaveProfile"."""

    model: str
    profile: ModelProfile


class SaveLoraProfile(ModelOrder, frozen=True, kw_only=True):
    """Write the profile beside the LoRA at `model`; ProfileSaved answers, or ChoreFailed for "SaveProfile"."""

    model: str
    profile: LoraProfile


class KeepLearned(ModelOrder, frozen=True, kw_only=True):
    """Put what was learned into the profile beside `model`, as it is on disk then; answers like SaveModelProfile."""

    model: str
    learned: ModelPreset | RecommendedWeight


class TakeBackProfile(ModelOrder, frozen=True, kw_only=True):
    """Undo the profile written last; ProfileSaved or ChoreFailed answers."""


class RevealModel(ModelOrder, frozen=True, kw_only=True):
    """Show a model's file in the file browser."""

    path: str


class MakePreview(ModelOrder, frozen=True, kw_only=True):
    """A small JPEG of the picture at `path` beside a model; ThumbnailReady answers with this `image_id`."""

    image_id: str
    path: str
    edge: int


# ---- packs and wildcards; these go to a thread of their own, for expanding them may take long


class PackOrder(Order, frozen=True, kw_only=True):
    """Base of everything asked about packs."""


class ListPacks(PackOrder, frozen=True, kw_only=True):
    """Look for packs in these folders and for wildcards, and watch both; PacksListed answers, now and at changes."""

    folders: tuple[str, ...] = ()
    wildcard_folders: tuple[str, ...] = ()


class RescanPacks(PackOrder, frozen=True, kw_only=True):
    """Look again in the same folders; PacksListed answers if something changed."""


class ClosePacks(PackOrder, frozen=True, kw_only=True):
    """Stop watching."""


class LoadPack(PackOrder, frozen=True, kw_only=True):
    """Read one pack file with its settings; PackLoaded answers."""

    path: Path


class AddPack(PackOrder, frozen=True, kw_only=True):
    """Copy a pack file into the first pack folder, then list again."""

    path: Path


class NewPack(PackOrder, frozen=True, kw_only=True):
    """Make a pack called `name` with this text in the first pack folder; PackSaved and PacksListed answer."""

    name: str
    text: str = ""


class TrashPack(PackOrder, frozen=True, kw_only=True):
    """Put a pack and its settings file into the system's trash; PacksListed answers."""

    path: Path


class SavePack(PackOrder, frozen=True, kw_only=True):
    """Write a pack's text. `seen` is the fingerprint of the file the text was made from, "" writes over anything.

    PackSaved answers, or PackNotSaved when somebody else changed the file since or the disk refuses.
    """

    path: Path
    text: str
    seen: str


class SavePackSettings(PackOrder, frozen=True, kw_only=True):
    """Write the settings file beside a pack; PackSettingsSaved or PackNotSaved answers.

    `before` are the settings that these were made from: when the file says something else by now, nothing is written.
    """

    path: Path
    settings: PackSettings
    before: PackSettings | None = None


class CheckPack(PackOrder, frozen=True, kw_only=True):
    """Look for mistakes in a pack's text as it is being written; PackChecked answers with this `number`.

    `loras` and `embeddings` are the names there are, None where that is not known.
    """

    path: Path
    text: str
    settings: PackSettings
    number: int
    loras: frozenset[str] | None = None
    embeddings: frozenset[str] | None = None


class ExpandPrompts(PackOrder, frozen=True, kw_only=True):
    """Work out the variants of some prompts of a pack; PromptsExpanded answers with this `number`.

    At most `limit` variants are made, 0 = as the settings say. `seed` decides which, None = as the settings say.
    `slots` are those that the pack's text defines.
    """

    path: Path
    prompts: tuple[PackPrompt, ...]
    settings: PackSettings
    number: int
    slots: tuple[Slot, ...] = ()
    limit: int = 0
    seed: int | None = None


class ReadRecipe(PackOrder, frozen=True, kw_only=True):
    """Read what a picture of any tool says about its making; RecipeRead answers."""

    path: Path
