"""Work of the threads "models" (scans folders, reads models, writes profiles) and "hashes" (hashes of model files).

They are separate from the desk thread, because a network drive may block them for minutes, and a rating must not wait
for it. Scanning is done in small portions, so that orders of the user are carried out in between.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial, singledispatchmethod
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from ..domain.base.errors import Cancelled, InvalidInput, NotSaved, StorageError
from ..domain.config.sweep import LORA_FILE
from ..domain.journal.seen import SeenModel, seen_of_all
from ..domain.models.best_setting import BestSetting
from ..domain.models.lora_series import place_words, trainings
from ..domain.models.profile import (
    LoraProfile,
    ModelPreset,
    ModelProfile,
    with_learned_preset,
    with_learned_weight,
)
from ..domain.models.provenance import is_from_here, recounted
from ..domain.models.recommendations import Hashes, ModelSettings, merged
from ..domain.models.style import StyleCatalogue
from ..storage.disk.file_manager import reveal
from ..storage.disk.places import Places
from ..storage.models.folders import beside
from ..storage.models.hashes import HashCache, hash_file
from ..storage.models.index import settings_of
from ..storage.models.library import Library
from ..storage.models.lora_files import lora_files
from ..storage.models.model_entry import LibrarySnapshot, ModelEntry
from ..storage.models.name_lookup import LibraryNames
from ..storage.models.profile_writer import Written, profile_path, save_profile, take_back
from ..storage.models.sidecars import readings
from ..storage.pictures.images import ThumbnailCache, read_picture, thumbnail
from ..storage.watcher import Touched, Watcher
from .messages.base import Event, Order
from .messages.models import (
    CloseLibrary,
    CountModels,
    FoldersTouched,
    HashModel,
    KeepCount,
    KeepLearned,
    LibraryChanged,
    MakePreview,
    ModelHashed,
    ModelOrder,
    ModelRead,
    ModelsCounted,
    ModelSeries,
    OpenLibrary,
    ProfileSaved,
    ReadModel,
    RescanModels,
    RevealModel,
    SaveLoraProfile,
    SaveModelProfile,
    TakeBackProfile,
    WorkOnLibrary,
)
from .messages.pictures import ThumbnailReady

log = logging.getLogger(__name__)

_Profile = ModelProfile | LoraProfile
PORTION_S, TOLD_S = 0.05, 0.5
KEPT_UNDOS = 100


class _Owners(NamedTuple):
    names: LibraryNames
    hashes: Mapping[str, Hashes]
    paths: dict[tuple[str, str], str]
    series: tuple[ModelSeries, ...]


class ModelWorker:
    """Carries out the orders about models on one thread. `emit` is called on the watcher's thread as well.

    `is_wanted` says whether another order waits: then a scan makes room for it.
    """

    def __init__(
        self,
        places: Places,
        styles: StyleCatalogue,
        emit: Callable[[Event], None],
        is_wanted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._places = places
        self._styles = styles
        self._emit = emit
        self._is_wanted = is_wanted
        self._thumbnails = ThumbnailCache(places.thumbs)
        self._opened = OpenLibrary(folders=())
        self._library: Library | None = None
        self._watcher: Watcher | None = None
        # Roots not scanned yet. The scan starts when the watcher reports them, that is, once they are watched.
        self._unseen: set[str] = set()
        self._is_whole_scan = False
        self._written: list[tuple[Written, Path]] = []
        self._snapshot, self._names = LibrarySnapshot(), LibraryNames()
        self._owners: _Owners | None = None

    @singledispatchmethod
    def perform(self, order: Order) -> Event | None:
        """Carry out an order and return the event that answers it, if there is one."""
        raise InvalidInput(f"The model worker does not know the order {type(order).__name__}.")

    # ---- the library

    @perform.register
    def _(self, order: OpenLibrary) -> LibraryChanged:
        before = _paths(self._library)
        self._close()
        self._opened = order
        if order.folders:
            roots = [Path(os.path.expanduser(folder)) for folder in order.folders]  # noqa: PTH111  # it never raises
            self._library = Library(roots, self._styles, self._places.model_index)
            self._unseen, self._is_whole_scan = set(self._library.roots), True
            self._watcher = Watcher(self._library.roots, partial(self._touched, order))
        changed = before | _paths(self._library)
        return self._told(changed, done=not order.folders)

    @perform.register
    def _(self, order: RescanModels) -> None:
        if self._library is not None:
            self._library.rescan(folders=order.folders, trees=order.trees)
            self._is_whole_scan |= not order.trees.isdisjoint(self._library.roots)
            self._unseen -= order.trees

    @perform.register
    def _(self, _order: WorkOnLibrary) -> LibraryChanged | None:
        if self._library is None:
            return None
        # Whoever hears of it looks through all models, so it is told twice a second, not after every portion.
        until, change = time.monotonic() + TOLD_S, self._library.work(PORTION_S)
        changed = change.changed
        while not (change.is_done or self._is_wanted() or time.monotonic() > until):
            change = self._library.work(PORTION_S)
            changed |= change.changed
        done = change.is_done and not self._unseen
        if done and self._is_whole_scan:
            self._is_whole_scan = False
            self._save_index()
        return self._told(changed, done=done, waiting=change.is_done and not done)

    def _told(self, changed: frozenset[str], *, done: bool, waiting: bool = False) -> LibraryChanged:
        snapshot, names = self._now()
        return LibraryChanged(
            library=self._opened, snapshot=snapshot, names=names, changed=changed, done=done, waiting=waiting
        )

    def _now(self) -> tuple[LibrarySnapshot, LibraryNames]:
        """The models as of the last portion of work. Names that were looked up are kept as long as none changes."""
        snapshot = self._library.snapshot if self._library is not None else LibrarySnapshot()
        if snapshot.entries is not self._snapshot.entries:
            self._names = LibraryNames(snapshot.entries)
        self._snapshot = snapshot
        return snapshot, self._names

    @perform.register
    def _(self, _order: CloseLibrary) -> None:
        self._close()

    def _touched(self, library: OpenLibrary, touched: Touched) -> None:
        """On the watcher's thread."""
        folders, trees = touched.folders, touched.trees
        self._emit(FoldersTouched(library=library, folders=folders, trees=trees, notices=touched.notices))

    def _close(self) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None and not watcher.close():
            log.warning("watching the model folders did not end in time; a drive may not answer")
        self._save_index()
        self._library = None
        self._unseen = set()

    def _save_index(self) -> None:
        try:
            if self._library is not None:
                self._library.save()
        except (StorageError, OSError) as error:
            # Only the next start is slower for it.
            log.warning("the index of the model folders was not saved: %s", error)

    # ---- single models

    @perform.register
    def _(self, order: ReadModel) -> ModelRead:
        entry = self._entry(order.path)
        # While a file is being written its earlier reading is kept; only a new file is read at once.
        if entry is not None and (entry.is_read or any(one.reading for one in entry.files)):
            return ModelRead(path=order.path, settings=settings_of(entry, self._styles))
        try:
            return ModelRead(path=order.path, settings=self._read(Path(order.path)))
        except OSError as error:
            problem = f"{order.path} cannot be read: {error.strerror or error}. Was it moved or deleted?"
            return ModelRead(path=order.path, settings=None, problem=problem)

    @perform.register
    def _(self, order: RevealModel) -> None:
        reveal(Path(order.path))

    @perform.register
    def _(self, order: MakePreview) -> ThumbnailReady:
        try:
            status = os.stat(order.path)  # noqa: PTH116
            # With the name alone, a replaced picture would still be shown from the cache.
            key = f"{order.path}|{status.st_size}|{status.st_mtime_ns}"
            jpeg = self._thumbnails.get(key, order.edge)
            if jpeg is None:
                jpeg = thumbnail(read_picture(Path(order.path)), order.edge)
                self._thumbnails.put(key, order.edge, jpeg)
        except (StorageError, OSError) as error:
            return ThumbnailReady(image_id=order.image_id, edge=order.edge, jpeg=b"", problem=str(error))
        return ThumbnailReady(image_id=order.image_id, edge=order.edge, jpeg=jpeg)

    def _entry(self, path: str) -> ModelEntry | None:
        entries = self._library.snapshot.entries if self._library is not None else ()
        folder, name = os.path.split(path)
        return next((one for one in entries if one.folder == folder and one.key == name), None)

    def _read(self, model: Path) -> ModelSettings:
        folder = beside(model)
        if not folder.models:
            raise FileNotFoundError(2, "there is no such model", str(model))
        files = folder.models[0]
        found = tuple(readings(folder.path, files, outside=folder.outside))
        return merged(found, self._styles, folders=folder.way, previews=files.previews)

    @perform.register
    def _(self, order: CountModels) -> ModelsCounted:
        owners = self._owners_of(order.hashes)

        def owner(name: str, kind: str) -> str:
            if (name, kind) not in owners.paths:
                found = owners.names.find(name, kind, owners.hashes)
                owners.paths[name, kind] = os.path.join(found.folder, found.key) if found is not None else ""  # noqa: PTH118
            return owners.paths[name, kind]

        series = owners.series
        of_file = {path: (one.key, words) for one in series for path, words in one.members}
        answers: dict[str, list[BestSetting]] = {}
        loaded = {run.run_id: run.checkpoint for run in order.columns.runs}
        for one in order.answers:
            path = owner(one.model or loaded.get(one.plan_id, ""), one.kind)
            _note(answers, path, one)
            if path in of_file:
                key, words = of_file[path]
                where = " ".join(filter(None, (words, one.beside)))
                _note(answers, key, replace(one, value=where) if one.path == LORA_FILE else one)
        answers.pop("", None)
        for training in series:
            # Of a training, which file to take comes first.
            answers.get(training.key, []).sort(key=lambda one: one.path != LORA_FILE)
        seen = seen_of_all(order.columns, owner)
        if of_file:
            seen |= seen_of_all(order.columns, lambda name, kind: of_file.get(owner(name, kind), ("", ""))[0])
        found = {path: tuple(them) for path, them in answers.items()}
        told = tuple(
            replace(one, lines=tuple(replace(line, path=owner(line.model, one.kind)) for line in one.lines))
            for one in order.estimates
        )
        return ModelsCounted(order=order, seen=seen, answers=found, series=series, estimates=told)

    def _owners_of(self, hashes: Mapping[str, Hashes]) -> _Owners:
        """Names that were looked up once are kept as long as neither the models nor their hashes change."""
        snapshot, names = self._now()
        owners = self._owners
        if owners is None or owners.names is not names or owners.hashes != hashes:
            # The files did not change when their hashes were computed.
            series = owners.series if owners is not None and owners.names is names else _series(snapshot.entries)
            owners = self._owners = _Owners(names, hashes, {}, series)
        return owners

    # ---- profiles

    @perform.register
    def _(self, order: SaveModelProfile | SaveLoraProfile) -> Event:
        return self._saved(order, Path(order.model), _with_count(order.profile, order.seen))

    @perform.register
    def _(self, order: KeepLearned) -> Event:
        model = Path(order.model)
        try:
            known = self._read(model)
        except OSError as error:
            reason = error.strerror or error
            raise NotSaved(f"{model} cannot be read: {reason}. So nothing was written beside it.") from error
        if isinstance(order.learned, ModelPreset):
            fresh = ModelProfile(model_name=known.title or model.stem, base_type=known.family)
            preset_added = with_learned_preset(known.profile or fresh, order.learned)
            return self._saved(order, model, _with_count(preset_added, order.seen))
        of_lora = known.lora_profile or LoraProfile(lora_name=model.stem, target_base_type=known.family)
        return self._saved(order, model, _with_count(with_learned_weight(of_lora, order.learned), order.seen))

    @perform.register
    def _(self, order: KeepCount) -> None:
        model = Path(order.model)
        try:
            known = self._read(model)
            profile: _Profile | None = known.profile or known.lora_profile
            if profile is None or not is_from_here(profile.learning_summary, order.seen.knows):
                return
            counted = _with_count(profile, order.seen)
            if counted != profile:
                # Not among what can be taken back: nobody asked for it.
                save_profile(profile_path(model, counted), counted)
        except (StorageError, InvalidInput, OSError) as error:
            # The numbers in the file are older ones; the window counts for itself.
            log.warning("the summary beside %s was not brought up to date: %s", model.name, error)

    @perform.register
    def _(self, order: TakeBackProfile) -> Event:
        last = next((one for one in reversed(self._written) if str(one[0].path) == order.path), None)
        if last is None:
            raise NotSaved(f"{Path(order.path).name} was not written since the program started: nothing to take back.")
        self._written.remove(last)
        written, model = last
        take_back(written)
        return self._profile_saved(order, written.path, model)

    def _saved(self, order: ModelOrder, model: Path, profile: ModelProfile | LoraProfile) -> Event:
        written = save_profile(profile_path(model, profile), profile)
        self._written = [*self._written, (written, model)][-KEPT_UNDOS:]
        return self._profile_saved(order, written.path, model)

    def _profile_saved(self, order: ModelOrder, path: Path, model: Path) -> ProfileSaved:
        if self._library is not None:
            # The watcher would notice the change as well, but later.
            self._library.rescan(folders=[str(path.parent)])
        return ProfileSaved(order=order, path=str(path), model=str(model))


def _with_count(profile: _Profile, seen: SeenModel | None) -> _Profile:
    """The profile with a summary of what the journal saw of the model; numbers of somebody else stay."""
    if seen is None:
        return profile
    now = seen.count().summary
    return replace(profile, learning_summary=recounted(profile.learning_summary, now, seen.knows))


def _paths(library: Library | None) -> frozenset[str]:
    return frozenset(str(entry.path) for entry in library.snapshot.entries) if library is not None else frozenset()


class HashWorker:
    """Carries out HashModel on one thread; `stop` may be called on any thread."""

    def __init__(self, cache_file: Path) -> None:
        self._cache_file = cache_file
        self._cache: HashCache | None = None
        self._stopped = False

    def stop(self) -> None:
        """Cancel the running computation."""
        self._stopped = True

    def perform(self, order: Order) -> ModelHashed | None:
        """Hash one file. None when it is larger than the order allows, or `stop` was called meanwhile."""
        if not isinstance(order, HashModel):
            raise InvalidInput(f"The hash worker does not know the order {type(order).__name__}.")
        path = Path(order.path)
        try:
            if order.largest and path.stat().st_size > order.largest:
                return None
            return ModelHashed(order=order, hashes=self._hashes(path))
        except Cancelled:
            return None
        except (StorageError, OSError) as error:
            return ModelHashed(order=order, hashes=None, problem=str(error))

    def _hashes(self, path: Path) -> Hashes:
        if self._cache is None:
            self._cache = HashCache(self._cache_file)
        status = path.stat()
        known = self._cache.get(path, status)
        if known is None:
            known = hash_file(path, cancelled=lambda: self._stopped)
            self._cache.put(path, status, known)
            self._save(self._cache)
        return known

    def _save(self, cache: HashCache) -> None:
        try:
            self._cache_file.parent.mkdir(parents=True, exist_ok=True)
            cache.save()
        except (StorageError, OSError) as error:
            # Only the next start has to read the file once more.
            log.warning("the hashes of models were not saved: %s", error)


def _note(answers: dict[str, list[BestSetting]], key: str, one: BestSetting) -> None:
    known = answers.setdefault(key, [])
    if key and all(other.path != one.path for other in known):
        known.append(one)


def _series(entries: Sequence[ModelEntry]) -> tuple[ModelSeries, ...]:
    """The trainings that the LoRA files in the folders are from."""
    loras = [one for one in entries if one.kind == "lora" and one.name]
    files = lora_files(loras)
    paths = {(file.folder, file.stem): str(one.path) for file, one in zip(files, loras, strict=True)}
    found = []
    for name, trained in trainings(files):
        members = tuple((paths[one.folder, one.stem], place_words(one)) for one in trained)
        found.append(ModelSeries(name, f"{members[0][0]}\0", members))
    return tuple(found)
