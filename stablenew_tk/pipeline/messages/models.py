"""Messages about models. They have a thread of their own, for a model folder may lie on a drive that hangs."""

from __future__ import annotations

from ...domain.models.profile import LoraProfile, ModelPreset, ModelProfile, RecommendedWeight
from ...domain.models.recommendations import Hashes, ModelSettings
from ...storage.models.model_entry import LibrarySnapshot
from .base import Event, Order


class ModelOrder(Order, frozen=True, kw_only=True):
    """Base of everything asked about models and their folders."""


class OpenLibrary(ModelOrder, frozen=True, kw_only=True):
    """Scan and watch these model folders instead of any earlier ones; () ends it. LibraryChanged answers."""

    folders: tuple[str, ...]


class RescanModels(ModelOrder, frozen=True, kw_only=True):
    """Scan folders again, or folders with all below them (`trees`), at the next WorkOnLibrary."""

    folders: frozenset[str] = frozenset()
    trees: frozenset[str] = frozenset()


class WorkOnLibrary(ModelOrder, frozen=True, kw_only=True):
    """Go on scanning for a twentieth of a second; LibraryChanged answers."""


class LibraryChanged(Event, frozen=True, kw_only=True):
    """The models as they are known now. `changed` are paths of models that came, went or say something else.

    `library` is the order that named the folders, so that news of earlier folders can be told from those of the latest.
    `done` = everything is looked through; until then more follows by itself. `waiting` = nothing is to do before the
    first folder can be watched.
    """

    library: OpenLibrary
    snapshot: LibrarySnapshot
    changed: frozenset[str]
    done: bool
    waiting: bool = False


class FoldersTouched(Event, frozen=True, kw_only=True):
    """Something changed in `folders`, or anywhere in `trees`, of the model folders that `library` named.

    `notices` are sentences about folders that cannot be watched as usual.
    """

    library: OpenLibrary
    folders: frozenset[str]
    trees: frozenset[str]
    notices: tuple[str, ...] = ()


class CloseLibrary(ModelOrder, frozen=True, kw_only=True):
    """Stop watching and remember what is known for the next start."""


class ReadModel(ModelOrder, frozen=True, kw_only=True):
    """Everything known about one model; ModelRead answers."""

    path: str


class ModelRead(Event, frozen=True, kw_only=True):
    """What is known about the model at `path`. `settings` is None when it cannot be read, `problem` says why."""

    path: str
    settings: ModelSettings | None
    problem: str = ""


class HashModel(ModelOrder, frozen=True, kw_only=True):
    """Compute the hashes of a model's file unless it has more than `largest` bytes (0 = any); ModelHashed answers."""

    path: str
    largest: int = 0


class ModelHashed(Event, frozen=True, kw_only=True):
    """The hashes of the file that `order` names. None when it cannot be read, `problem` says why."""

    order: HashModel
    hashes: Hashes | None
    problem: str = ""


class SaveModelProfile(ModelOrder, frozen=True, kw_only=True):
    """Write the profile beside the checkpoint at `model`; ProfileSaved or OrderFailed answers."""

    model: str
    profile: ModelProfile


class SaveLoraProfile(ModelOrder, frozen=True, kw_only=True):
    """Write the profile beside the LoRA at `model`; ProfileSaved or OrderFailed answers."""

    model: str
    profile: LoraProfile


class KeepLearned(ModelOrder, frozen=True, kw_only=True):
    """Put what was learned into the profile beside `model`, as it is on disk then; answers like SaveModelProfile."""

    model: str
    learned: ModelPreset | RecommendedWeight


class TakeBackProfile(ModelOrder, frozen=True, kw_only=True):
    """Undo what was written last to the profile at `path`; ProfileSaved or OrderFailed answers."""

    path: str


class ProfileSaved(Event, frozen=True, kw_only=True):
    """Our profile of `model` is on disk at `path`, or a change of it was taken back there. `order` asked for it."""

    order: ModelOrder
    path: str
    model: str


class RevealModel(ModelOrder, frozen=True, kw_only=True):
    """Show a model's file in the file browser."""

    path: str


class MakePreview(ModelOrder, frozen=True, kw_only=True):
    """A small JPEG of the picture at `path` beside a model; ThumbnailReady answers with this `image_id`."""

    image_id: str
    path: str
    edge: int
