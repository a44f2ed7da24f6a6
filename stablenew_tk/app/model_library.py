"""`Models`: the model library on the main thread: checkpoints and LoRAs, their recommended values, saving of profiles.

The slow work happens on the threads "models" and "hashes"; this keeps their answers. A checkpoint is looked up by the
name that the backend uses, and read again when a file beside the model changes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ..backends.base import Capabilities
from ..domain.base.errors import InvalidInput, Unreadable
from ..domain.config.sweep import LORA
from ..domain.journal.seen import Seen, SeenModel
from ..domain.models.profile import LoraProfile, ModelPreset, ModelProfile, RecommendedWeight
from ..domain.models.provenance import is_from_here, summary_of
from ..domain.models.recommendations import Hashes, ModelSettings, Usable, is_kind, merged, usable
from ..domain.models.style import StyleCatalogue
from ..domain.runs.plan import LearningPlan
from ..pipeline.ids_and_times import now_text
from ..pipeline.late import Late
from ..pipeline.messages.base import Event, OrderFailed
from ..pipeline.messages.models import (
    CloseLibrary,
    FoldersTouched,
    HashModel,
    KeepCount,
    KeepLearned,
    LibraryChanged,
    ModelHashed,
    ModelOrder,
    ModelRead,
    ModelsCounted,
    OpenLibrary,
    ProfileSaved,
    ReadModel,
    RescanModels,
    SaveLoraProfile,
    SaveModelProfile,
    TakeBackProfile,
    WorkOnLibrary,
)
from ..pipeline.workers import Desk, Inbox
from ..storage.disk.places import Places
from ..storage.models.model_entry import LibrarySnapshot, ModelEntry
from .model_evidence import seen_model

if TYPE_CHECKING:
    from ..domain.insights.report import Report
    from ..domain.journal.history import History
    from ..pipeline.model_worker import HashWorker, ModelWorker
    from ..storage.models.name_lookup import LibraryNames

ModelEvent = FoldersTouched | LibraryChanged | ModelRead | ModelHashed | ModelsCounted | ProfileSaved
# A LoRA is hashed as soon as it is chosen; a checkpoint, which takes a minute, only when it is used.
SOON_HASHED = 512 * 1024 * 1024
# Number of models whose settings are cached; the oldest are dropped first.
KEPT = 1000


class ModelContext(Struct, frozen=True):
    """The interface of the controller for `Models`."""

    places: Places
    inbox: Inbox
    capabilities: Callable[[], Capabilities | None]
    history: Callable[[], History | None]


class Models:
    """The model library. Main thread only; every method returns at once, and events about models bring the results.

    `snapshot` is None before the first scan, or without model folders. `done` says whether it is up to date. `notices`
    are sentences about model folders that cannot be watched as usual, and about the user's styles. `hashes` are
    those that were computed because no file tells them, by the path of the model.
    """

    def __init__(self, context: ModelContext) -> None:
        self.snapshot: LibrarySnapshot | None = None
        self.done = False
        self._context = context
        self._library = OpenLibrary(folders=())
        self._desk: Desk | None = None
        self._is_open = False
        self._is_closed = False
        self._is_working = False
        self._is_more = False
        self._styles: StyleCatalogue | None = None
        self._style_problems: tuple[str, ...] = ()
        self._watch_notices: tuple[str, ...] = ()
        self._names: LibraryNames | None = None
        self._read: dict[str, ModelSettings | None] = {}
        self._asked: set[str] = set()
        self.hashes: dict[str, Hashes] = {}
        self._to_hash: dict[str, HashModel] = {}  # the latest order of each path
        self._hashing: tuple[Late[HashWorker], Desk] | None = None
        self._counted: set[str] = set()  # paths of models whose summary is up to date since the program started
        self._in_use = ""
        self._usable: tuple[str, ModelSettings, Capabilities | None, Usable] | None = None

    # ---- what is known

    @property
    def styles(self) -> StyleCatalogue:
        """All styles and aliases, the user's included."""
        if self._styles is None:
            from ..storage.models.profile_reader import load_styles

            try:
                self._styles, self._style_problems = load_styles(self._context.places.styles)
            except Unreadable as damaged:
                self._styles, self._style_problems = StyleCatalogue(), (str(damaged),)
        return self._styles

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the user that concern no single model."""
        return (*self._style_problems, *self._watch_notices)

    def entries(self, kind: str = "") -> tuple[ModelEntry, ...]:
        """The models of a kind, "" = all, sorted by folder and name."""
        known = self.snapshot.entries if self.snapshot is not None else ()
        return tuple(one for one in known if is_kind(one.kind, kind))

    def find(self, name: str, kind: str = "checkpoint") -> ModelEntry | None:
        """The model with a name as a backend or a prompt writes it, with or without folder, ending and hash."""
        return self._names.find(name, kind, self.hashes) if self._names is not None and name else None

    def settings(self, path: str | Path) -> ModelSettings | None:
        """The recommended settings of a model. The first call returns None and asks for them; ModelRead brings them.

        Always None for a model that cannot be read.
        """
        key = str(path)
        if key not in self._read:
            self._ask_to_read(key)
        return self._read.get(key)

    def usable(self, checkpoint_name: str = "") -> Usable | None:
        """The recommended values for a checkpoint, in the names of the current backend; "" = the loaded checkpoint.

        None when nothing is known, or not yet; after LibraryChanged and ModelRead the answer may be another one.
        """
        offered = self._context.capabilities()
        name = checkpoint_name or (offered.loaded_checkpoint if offered is not None else "")
        entry = self.find(name)
        if entry is None:
            self._in_use = ""
            return self._usable_by_name(name, offered)
        self._in_use = str(entry.path)
        settings = self.settings(self._in_use)
        if settings is None:
            return None
        self._hash(self._in_use, settings)
        known = self._usable
        if known is None or known[0] != name or known[1] is not settings or known[2] is not offered:
            known = (name, settings, offered, self._told(settings, name, offered))
            self._usable = known
        return known[3]

    def _told(self, settings: ModelSettings, name: str, offered: Capabilities | None) -> Usable:
        choices, features = (offered.choices, offered.features) if offered is not None else (_nothing_known, None)
        return usable(settings, self.styles, choices, checkpoint=name, features=features)

    def _usable_by_name(self, name: str, offered: Capabilities | None) -> Usable | None:
        """What suits the family of a checkpoint that is in none of the folders, as far as its name tells it."""
        if not name:
            return None
        known = self._usable
        if known is not None and known[0] == name and known[2] is offered and known[1].found.source.startswith("file"):
            return known[3]
        settings = merged((), self.styles, name=name)
        if not settings.family:
            return None
        self._usable = (name, settings, offered, self._told(settings, name, offered))
        return self._usable[3]

    # ---- actions

    def ask(self, order: ModelOrder, *, last: bool = False) -> None:
        """Queue an order for the models thread. `last`, for previews: lowest priority."""
        if self._is_closed:
            return
        if self._desk is None:
            work = Late(self._make_work)
            self._desk = Desk(lambda one: work.now().perform(one), self._context.inbox, name="models")
        self._desk.ask(order, Desk.LAST if last else Desk.SOON)

    def save_model_profile(self, model: str | Path, profile: ModelProfile) -> ModelOrder:
        """Write the profile of a checkpoint. Returns the order; ProfileSaved or OrderFailed answers."""
        return self._asked_to(SaveModelProfile(model=str(model), profile=profile, seen=self._seen(str(model))))

    def save_lora_profile(self, model: str | Path, profile: LoraProfile) -> ModelOrder:
        """Write the profile of a LoRA. Returns the order; ProfileSaved or OrderFailed answers."""
        return self._asked_to(SaveLoraProfile(model=str(model), profile=profile, seen=self._seen(str(model))))

    def take_back(self, path: str) -> ModelOrder:
        """Undo the last write to the profile at `path`, unless another program changed the file since."""
        return self._asked_to(TakeBackProfile(path=path))

    def learned(self, plan: LearningPlan, report: Report) -> ModelOrder:
        """Write the result of a Learning Run into the profile of its checkpoint, or of the LoRA it varied.

        Returns the order; ProfileSaved or OrderFailed answers. Entries that a person wrote are kept. Raises
        InvalidInput, with nothing written, when the report recommends no value, the run was made with the sketch
        engine, or the model's file is in none of the model folders.
        """
        from ..domain.insights.profile_entry import is_about_lora, learned_preset, learned_weight

        date = now_text()[:10]
        if is_about_lora(plan):
            name, kind = plan.focus_parameter.removeprefix(LORA), "lora"
            found: ModelPreset | RecommendedWeight = learned_weight(plan, report, date=date)
        else:
            name, kind = report.checkpoint or plan.base_config.checkpoint, "checkpoint"
            found = learned_preset(plan, report, date=date)
        entry = self.find(name, kind)
        if entry is None or not entry.name:
            word = "LoRA" if kind == "lora" else kind
            raise InvalidInput(
                f"The file of the {word} “{name}” is in none of the model folders. Add its folder.", kind
            )
        return self._asked_to(KeepLearned(model=str(entry.path), learned=found, seen=self._seen(str(entry.path))))

    def _seen(self, path: str) -> SeenModel | None:
        folder, key = os.path.split(path)
        entry = next((one for one in self.entries() if one.folder == folder and one.key == key), None)
        if entry is None or self._names is None:
            return None
        hashes = dict(self.hashes)
        return seen_model(self._context.history(), partial(self._names.find, computed=hashes), entry)

    def _keep_count(self, path: str, settings: ModelSettings) -> None:
        """Bring the summary of a profile up to date, once after a start, if this journal wrote it before."""
        if self._context.history() is not None and path not in self._counted:
            self._counted.add(path)
            self._ask_to_count(path, settings)

    def _ask_to_count(self, path: str, settings: ModelSettings) -> None:
        history = self._context.history()
        ours = history is not None and is_from_here(summary_of(settings), history.knows_run)
        if ours and (seen := self._seen(path)) is not None:
            self.ask(KeepCount(model=path, seen=seen), last=True)

    def _counted_again(self, found: Mapping[str, Seen]) -> None:
        """All models were counted: bring the summaries up to date that say something else."""
        for path, settings in self._read.items():
            if settings is not None and (now := found.get(path)) is not None:
                told = replace(summary_of(settings), counted="")
                if told != now.summary:
                    self._ask_to_count(path, settings)

    def _asked_to(self, order: ModelOrder) -> ModelOrder:
        self.ask(order)
        return order

    # ---- for the controller

    def open(self, folders: tuple[str, ...]) -> None:
        """Scan these folders and watch them, if there are any."""
        self._is_open = True
        self.follow(folders)

    def follow(self, folders: tuple[str, ...]) -> None:
        """Scan and watch these folders from now on; () ends it. Nothing happens before `open`."""
        folders = tuple(folder.strip() for folder in folders if folder.strip())
        if folders == self._library.folders or not self._is_open:
            return
        self._library = OpenLibrary(folders=folders)
        self.done = False
        self._watch_notices = ()
        self.ask(self._library)

    def close(self, timeout_s: float) -> None:
        """Stop watching, save the index, and wait for the threads."""
        if self._desk is not None:
            self.ask(CloseLibrary())
            self._desk.close(timeout_s)
        self._is_closed = True
        if self._hashing is not None:
            self._hashing[0].now().stop()
            self._hashing[1].close(timeout_s)

    def fold(self, event: Event) -> None:
        """Update the state from an event about models. Answers to outdated orders are ignored."""
        if isinstance(event, FoldersTouched):
            if event.library is self._library:
                self._watch_notices = event.notices
                self.ask(RescanModels(folders=event.folders, trees=event.trees))
                self._go_on()
        elif isinstance(event, LibraryChanged):
            self._changed(event)
        elif isinstance(event, ModelRead):
            self._keep(event)
        elif isinstance(event, ModelHashed):
            path = event.order.path
            if event.hashes is not None and event.order is self._to_hash.get(path):
                self.hashes[path] = event.hashes
                self._ask_to_read(path)
        elif isinstance(event, ModelsCounted):
            self._counted_again(event.seen)
        elif isinstance(event, ProfileSaved):
            self._go_on()
        elif isinstance(event, OrderFailed) and isinstance(event.order, WorkOnLibrary):
            self._is_working = False

    def _make_work(self) -> ModelWorker:
        # On the thread of the worker, as the next one: see `Late`.
        from ..pipeline.model_worker import ModelWorker

        return ModelWorker(self._context.places, self.styles, self._context.inbox.put, self._is_wanted)

    def _is_wanted(self) -> bool:
        """Whether the models thread has something else to do. Any thread."""
        return self._desk is not None and self._desk.has_more

    def _make_hash_work(self) -> HashWorker:
        from ..pipeline.model_worker import HashWorker

        return HashWorker(self._context.places.model_hashes)

    def _keep(self, event: ModelRead) -> None:
        settings, computed = event.settings, self.hashes.get(event.path)
        if settings is not None:
            if computed is not None:
                settings = replace(settings, hashes=computed)
            self._hash(event.path, settings)
            self._keep_count(event.path, settings)
        self._asked.discard(event.path)
        self._read[event.path] = settings
        while len(self._read) > KEPT:
            self._read.pop(next(iter(self._read)))

    def _hash(self, path: str, settings: ModelSettings) -> None:
        """Order the hashes of a model's file when no file beside it contains them."""
        order, asked = HashModel(path=path, largest=0 if path == self._in_use else SOON_HASHED), self._to_hash.get(path)
        is_asked = asked is not None and (not asked.largest or asked.largest == order.largest)
        if settings.hashes.autov2 or is_asked or self._is_closed:
            return
        self._to_hash[path] = order
        if self._hashing is None:
            work = Late(self._make_hash_work)
            desk = Desk(lambda one: work.now().perform(one), self._context.inbox, name="hashes")
            self._hashing = work, desk
        self._hashing[1].ask(order, Desk.LAST)

    def _changed(self, event: LibraryChanged) -> None:
        self._is_working = False
        if event.library is not self._library:
            return
        has_folders = bool(self._library.folders)
        self.snapshot, self._names = (event.snapshot, event.names) if has_folders else (None, None)
        self.done = event.done
        for path in event.changed & self._to_hash.keys():
            del self._to_hash[path]
            self.hashes.pop(path, None)
        for path in event.changed & self._read.keys():
            # The values in use stay until the new ones are there, else the form would fall back for a moment.
            if path == self._in_use:
                self._ask_to_read(path)
            else:
                del self._read[path]
        if self._is_more or not (event.done or event.waiting):
            self._go_on()

    def _go_on(self) -> None:
        """Order one more portion of the scan. One at a time, so that previews are made in between."""
        # The portion on its way may have begun before the change that this one is for.
        self._is_more = self._is_working
        if self._library.folders and not self._is_working:
            self._is_working = True
            self.ask(WorkOnLibrary(), last=True)

    def _ask_to_read(self, path: str) -> None:
        if path not in self._asked:
            self._asked.add(path)
            self.ask(ReadModel(path=path))


def _nothing_known(_choices: str) -> tuple[str, ...]:
    return ()
