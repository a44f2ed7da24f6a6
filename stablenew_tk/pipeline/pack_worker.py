"""Work of the thread "pack-worker": lists and watches packs and workflows, reads and writes them, expands variants.

It is separate from the desk thread, because a pack folder may be on a drive that does not answer and an expansion may
take long; a rating, which the desk writes, must not wait for either.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import singledispatchmethod
from pathlib import Path

from msgspec.structs import replace

from ..domain.base.errors import ChangedMeanwhile, InvalidInput, StableNewError, StorageError, Unreadable
from ..domain.config.origins import RANDOM_SEED
from ..domain.prompts.checks import check_pack
from ..domain.prompts.kept_wordings import with_wordings
from ..domain.prompts.randomizer import PromptMemory, expand
from ..domain.prompts.slot_values import wordings_of
from ..domain.prompts.wildcards import Wildcards
from ..storage.disk.places import Places
from ..storage.models.scan import PACKS
from ..storage.packs.catalog import PackCatalog, ensure_starter
from ..storage.packs.reader import fingerprint, open_pack, parsed, plain
from ..storage.packs.wildcards import WildcardReader, named_folders, wildcard_places
from ..storage.packs.writer import add_pack, new_pack, save_settings, save_text, trash_pack
from ..storage.pictures.metadata import read_recipe
from ..storage.watcher import Touched, Watcher
from ..storage.workflows.catalog import add_workflow, list_workflows, read_file
from ..storage.workflows.reader import holds_one
from .ids_and_times import draw_seed
from .messages.base import Event, Order, OrderFailed
from .messages.packs import (
    AddPack,
    CheckPack,
    ClosePacks,
    ExpandPrompts,
    ListPacks,
    LoadPack,
    NewPack,
    PackAdded,
    PackChecked,
    PackFoldersTouched,
    PackLoaded,
    PackNotSaved,
    PackSaved,
    PackSettingsSaved,
    PacksListed,
    PromptsExpanded,
    ReadRecipe,
    RescanPacks,
    SavePack,
    SavePackSettings,
    TrashPack,
)
from .messages.pictures import RecipeRead
from .messages.workflows import (
    AddWorkflow,
    ListWorkflows,
    ReadWorkflow,
    WorkflowAdded,
    WorkflowRead,
    WorkflowsListed,
)

log = logging.getLogger(__name__)


class PackWorker:
    """Carries out the orders about packs on one thread. `emit` is called on the watcher's thread as well."""

    def __init__(self, places: Places, emit: Callable[[Event], None]) -> None:
        self._places = places
        self._emit = emit
        self._catalog = PackCatalog()
        # One for the folders of all packs, one for those of a single pack: a reader keeps the files it has read as long
        # as it is asked for the same folders.
        self._all_wildcards, self._pack_wildcards = WildcardReader(), WildcardReader()
        # Typing changes one prompt of hundreds; the others stay bound.
        self._checked, self._expanded = PromptMemory(), PromptMemory()
        self._folders: tuple[Path, ...] = (places.packs,)
        self._wildcard_folders: tuple[str, ...] = ()
        self._watcher: Watcher | None = None
        self._watched: tuple[str, ...] = ()
        self._last_list: PacksListed | None = None

    @singledispatchmethod
    def perform(self, order: Order) -> Event | None:
        """Carry out an order and return the event that answers it."""
        raise InvalidInput(f"The pack worker does not know the order {type(order).__name__}.")

    # ---- folders

    @perform.register
    def _(self, order: ListPacks) -> PacksListed:
        try:
            ensure_starter(self._places.packs)
        except StorageError as refused:
            # The other folders can be listed all the same.
            self._emit(OrderFailed(order=order, message=str(refused)))
        self._folders = (self._places.packs, *named_folders(order.folders))
        self._wildcard_folders = order.wildcard_folders
        self._watch()
        self._last_list = self._listed()
        return self._last_list

    @perform.register
    def _(self, _order: RescanPacks) -> PacksListed | None:
        before, self._last_list = self._last_list, self._listed()
        return self._last_list if self._last_list != before else None

    @perform.register
    def _(self, _order: ClosePacks) -> None:
        self._unwatch()

    def _listed(self) -> PacksListed:
        packs = self._catalog.list(self._folders)
        wildcards, notices = self._all_wildcards.load(self._wildcard_places(None))
        return PacksListed(packs=packs, wildcards=wildcards.names, notices=notices)

    def _tell_list(self) -> None:
        """Send the changed list at once; the watcher would notice the change later."""
        listed = self.perform(RescanPacks())
        if listed is not None:
            self._emit(listed)

    def _wildcard_places(self, pack: Path | None) -> tuple[Path, ...]:
        """The wildcard folders for a pack; None = for all packs."""
        folders = (pack.parent,) if pack is not None else self._folders
        return wildcard_places(folders, self._places.wildcards, self._wildcard_folders)

    def _watch(self) -> None:
        roots = _outermost((*self._folders, *self._wildcard_places(None), self._places.workflows))
        if roots == self._watched:
            return
        self._unwatch()
        self._watched = roots
        self._watcher = Watcher(roots, self._touched, endings=PACKS)

    def _touched(self, touched: Touched) -> None:
        """On the watcher's thread."""
        self._emit(PackFoldersTouched(notices=touched.notices))

    def _unwatch(self) -> None:
        watcher, self._watcher, self._watched = self._watcher, None, ()
        if watcher is not None and not watcher.close():
            log.warning("watching the pack folders did not end in time; a drive may not answer")

    # ---- single packs

    @perform.register
    def _(self, order: LoadPack) -> PackLoaded:
        try:
            opened = open_pack(order.path)
        except Unreadable as unreadable:
            return PackLoaded(path=order.path, pack=None, problem=str(unreadable))
        return PackLoaded(
            path=order.path,
            pack=opened.pack,
            problem=opened.problem,
            text=opened.text,
            seen=opened.seen,
            settings=opened.settings,
            notices=opened.notices,
        )

    @perform.register
    def _(self, order: AddPack) -> PackAdded:
        path = add_pack(order.path, self._places.packs)
        self._last_list = self._listed()
        self._emit(self._last_list)
        return PackAdded(order=order, path=path)

    @perform.register
    def _(self, order: NewPack) -> PackAdded:
        path = new_pack(order.name, order.text, self._places.packs)
        self._tell_list()
        return PackAdded(order=order, path=path)

    @perform.register
    def _(self, order: TrashPack) -> PacksListed:
        trash_pack(order.path)
        self._last_list = self._listed()
        return self._last_list

    @perform.register
    def _(self, order: SavePack) -> PackSaved | PackNotSaved:
        try:
            path = save_text(order.path, order.text, order.seen)
        except StorageError as refused:
            return _refused(order.path, refused)
        self._tell_list()
        text = plain(order.text)
        return PackSaved(path=path, text=text, seen=fingerprint(text))

    @perform.register
    def _(self, order: SavePackSettings) -> PackSettingsSaved | PackNotSaved:
        try:
            save_settings(order.path, order.settings, order.before)
        except StableNewError as refused:
            return replace(_refused(order.path, refused), settings=order.settings)
        self._tell_list()
        return PackSettingsSaved(path=order.path, settings=order.settings)

    # ---- what varies

    @perform.register
    def _(self, order: CheckPack) -> PackChecked:
        pack, lists = parsed(order.text, order.path), self._wildcards(order.path)
        found = check_pack(
            pack, order.settings, lists, loras=order.loras, embeddings=order.embeddings, memory=self._checked
        )
        return PackChecked(
            path=order.path,
            number=order.number,
            prompts=found.prompts,
            count=found.count,
            errors=found.errors,
            warnings=found.warnings,
        )

    @perform.register
    def _(self, order: ExpandPrompts) -> PromptsExpanded:
        randomizer = order.settings.randomizer
        seed = randomizer.seed if order.seed is None else order.seed
        wildcards = self._wildcards(order.path)
        prompts, fixed = with_wordings(order.prompts, order.slots, order.kept)
        expansion = expand(
            prompts,
            randomizer,
            wildcards,
            slots=fixed,
            limit=order.limit or None,
            seed=draw_seed() if seed == RANDOM_SEED else seed,
            memory=self._expanded,
        )
        slots = (*randomizer.slots, *order.slots)
        wordings = wordings_of(order.prompts, slots, wildcards) if order.wordings else {}
        return PromptsExpanded(path=order.path, number=order.number, expansion=expansion, wordings=wordings)

    @perform.register
    def _(self, order: ReadRecipe) -> RecipeRead:
        try:
            return RecipeRead(path=order.path, recipe=read_recipe(order.path))
        except StableNewError as problem:
            return RecipeRead(path=order.path, recipe=None, problem=str(problem))

    # ---- workflows

    @perform.register
    def _(self, order: ListWorkflows) -> WorkflowsListed:
        return WorkflowsListed(files=list_workflows(self._places.workflows, order.kinds))

    @perform.register
    def _(self, order: ReadWorkflow) -> WorkflowRead:
        try:
            return WorkflowRead(path=order.path, workflow=read_file(order.path, order.kinds))
        except StableNewError as problem:
            told, meant = str(problem), holds_one(order.path)
            return WorkflowRead(path=order.path, workflow=None, problem=told, is_workflow=meant)

    @perform.register
    def _(self, order: AddWorkflow) -> WorkflowAdded:
        path = add_workflow(order.workflow, order.name, self._places.workflows)
        self._emit(WorkflowsListed(files=list_workflows(self._places.workflows, order.kinds)))
        return WorkflowAdded(path=path)

    def _wildcards(self, pack: Path) -> Wildcards:
        return self._pack_wildcards.load(self._wildcard_places(pack))[0]


def _refused(path: Path, refused: StableNewError) -> PackNotSaved:
    return PackNotSaved(path=path, message=str(refused), changed=isinstance(refused, ChangedMeanwhile))


def _outermost(folders: Sequence[Path]) -> tuple[str, ...]:
    """The folders that lie inside none of the others, each once."""
    each = dict.fromkeys(folders)
    return tuple(str(one) for one in each if not any(one != top and one.is_relative_to(top) for top in each))
