"""Messages about models: scan folders, read models, hashes, profiles, previews. Carried out by the models thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from .base import Event, Order

if TYPE_CHECKING:
    from ...domain.journal.query import HistoryColumns
    from ...domain.journal.seen import Seen, SeenModel
    from ...domain.models.best_setting import BestSetting, Estimates
    from ...domain.models.profile import LoraProfile, ModelPreset, ModelProfile, RecommendedWeight
    from ...domain.models.recommendations import Hashes, ModelSettings
    from ...storage.models.model_entry import LibrarySnapshot
    from ...storage.models.name_lookup import LibraryNames


class ModelOrder(Order, frozen=True, kw_only=True):
    """Base class of orders about models and their folders."""


class OpenLibrary(ModelOrder, frozen=True, kw_only=True):
    """Scan and watch these model folders instead of earlier ones; () stops. LibraryChanged answers."""

    folders: tuple[str, ...]


class RescanModels(ModelOrder, frozen=True, kw_only=True):
    """Scan folders again, or folders with all below them (`trees`), at the next WorkOnLibrary."""

    folders: frozenset[str] = frozenset()
    trees: frozenset[str] = frozenset()


class WorkOnLibrary(ModelOrder, frozen=True, kw_only=True):
    """Continue scanning for half a second, or until another order waits; LibraryChanged answers."""


class LibraryChanged(Event, frozen=True, kw_only=True):
    """The models known so far. `changed` are paths of models that were added, removed or changed.

    `library` is the order that named the folders, so that outdated events can be recognised. `names` finds the models
    of the snapshot. `done`: the scan is complete. `waiting`: nothing can be done before the first folder is watched.
    """

    library: OpenLibrary
    snapshot: LibrarySnapshot
    names: LibraryNames
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
    """Stop watching and save the index for the next start."""


class ReadModel(ModelOrder, frozen=True, kw_only=True):
    """Read one model in full; ModelRead answers."""

    path: str


class ModelRead(Event, frozen=True, kw_only=True):
    """The recommended settings of the model at `path`, None when it cannot be read; `problem` says why."""

    path: str
    settings: ModelSettings | None
    problem: str = ""


class CountModels(ModelOrder, frozen=True, kw_only=True):
    """Count what the journal saw of all models in the folders; ModelsCounted answers.

    `answers` are what Learning Runs found, newest first, `estimates` those of files and weights. `hashes` are computed
    ones by path.
    """

    columns: HistoryColumns
    answers: tuple[BestSetting, ...] = ()
    estimates: tuple[Estimates, ...] = ()
    hashes: Mapping[str, Hashes] = {}


class ModelSeries(Struct, frozen=True):
    """The files of one training of a LoRA: its `name`, a `key` that no path is, and path and words ("epoch 6") of each
    file in the order of learning.
    """

    name: str
    key: str
    members: tuple[tuple[str, str], ...]


class ModelsCounted(Event, frozen=True, kw_only=True):
    """What the journal saw of the models, and what Learning Runs found for each, by path or by the key of a series.

    `estimates` are those of the order, their lines with the paths of the files.
    """

    order: CountModels
    series: tuple[ModelSeries, ...]
    seen: Mapping[str, Seen]
    answers: Mapping[str, tuple[BestSetting, ...]]
    estimates: tuple[Estimates, ...]


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
    """Write the profile beside the checkpoint at `model`; ProfileSaved or OrderFailed answers.

    With `seen`, its summary is what the journal saw of the model, unless the file has numbers of somebody else.
    """

    model: str
    profile: ModelProfile
    seen: SeenModel | None = None


class SaveLoraProfile(ModelOrder, frozen=True, kw_only=True):
    """Write the profile beside the LoRA at `model`; ProfileSaved or OrderFailed answers. `seen` as for a checkpoint."""

    model: str
    profile: LoraProfile
    seen: SeenModel | None = None


class KeepLearned(ModelOrder, frozen=True, kw_only=True):
    """Add a learned entry to the profile beside `model`; ProfileSaved or OrderFailed answers. `seen` as there."""

    model: str
    learned: ModelPreset | RecommendedWeight
    seen: SeenModel | None = None


class KeepCount(ModelOrder, frozen=True, kw_only=True):
    """Bring the summary in the profile beside `model` up to date, if this journal wrote it; nothing answers."""

    model: str
    seen: SeenModel


class TakeBackProfile(ModelOrder, frozen=True, kw_only=True):
    """Undo the last write to the profile at `path`; ProfileSaved or OrderFailed answers."""

    path: str


class ProfileSaved(Event, frozen=True, kw_only=True):
    """The profile of `model` was written to `path`, or a write was undone. `order` asked for it."""

    order: ModelOrder
    path: str
    model: str


class RevealModel(ModelOrder, frozen=True, kw_only=True):
    """Show a model's file in the file browser."""

    path: str


class MakePreview(ModelOrder, frozen=True, kw_only=True):
    """Make a small JPEG of the picture at `path` beside a model; ThumbnailReady answers with this `image_id`."""

    image_id: str
    path: str
    edge: int
