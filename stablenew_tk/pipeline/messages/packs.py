"""Messages about packs and wildcards: list, read, check, write, expand. Carried out by the pack worker's thread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...domain.prompts.settings import PackSettings
from .base import Event, Order

if TYPE_CHECKING:
    from ...domain.prompts.pack import PackProblem, PackPrompt, PromptPack, Slot
    from ...domain.prompts.variant import Expansion
    from ...storage.packs.pack_file import PackFile


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
    """A pack's text or settings could not be written. `changed`: another program changed the file since it was read.
    `settings` are those to be written, None when it was the text.
    """

    path: Path
    message: str
    changed: bool = False
    settings: PackSettings | None = None


class PackChecked(Event, frozen=True, kw_only=True):
    """Errors and warnings of a pack's text. `count` is the number of all variants of its `prompts`."""

    path: Path
    number: int
    prompts: int
    count: int
    errors: tuple[PackProblem, ...] = ()
    warnings: tuple[PackProblem, ...] = ()


class PromptsExpanded(Event, frozen=True, kw_only=True):
    """The variants of some prompts. `wordings`: the texts of their slots and wildcards by name, where asked for."""

    path: Path
    number: int
    expansion: Expansion
    wordings: Mapping[str, tuple[str, ...]] = {}


class PackOrder(Order, frozen=True, kw_only=True):
    """Base class of orders about packs."""


class ListPacks(PackOrder, frozen=True, kw_only=True):
    """List packs and wildcards in these folders and watch them; PacksListed answers now and after each change."""

    folders: tuple[str, ...] = ()
    wildcard_folders: tuple[str, ...] = ()


class RescanPacks(PackOrder, frozen=True, kw_only=True):
    """List the same folders again; PacksListed answers if something changed."""


class ClosePacks(PackOrder, frozen=True, kw_only=True):
    """Stop watching."""


class LoadPack(PackOrder, frozen=True, kw_only=True):
    """Read one pack file with its settings; PackLoaded answers."""

    path: Path


class AddPack(PackOrder, frozen=True, kw_only=True):
    """Copy a pack file into the first pack folder; PacksListed and then PackAdded answer."""

    path: Path


class NewPack(PackOrder, frozen=True, kw_only=True):
    """Make a pack called `name` with this text in the first pack folder; PacksListed and then PackAdded answer."""

    name: str
    text: str = ""


class PackAdded(Event, frozen=True, kw_only=True):
    """The order created a pack at `path`, under an unused name, or found the same pack there."""

    order: AddPack | NewPack
    path: Path


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
    """Check a pack's text while it is edited; PackChecked answers with this `number`.

    `loras` and `embeddings` are the available names, None when they are unknown.
    """

    path: Path
    text: str
    settings: PackSettings
    number: int
    loras: frozenset[str] | None = None
    embeddings: frozenset[str] | None = None


class ExpandPrompts(PackOrder, frozen=True, kw_only=True):
    """Expand the variants of some prompts of a pack; PromptsExpanded answers with this `number`.

    At most `limit` variants are made, 0 = as the settings say. `seed` decides which, None = as the settings say.
    `slots` are those that the pack's text defines. `kept` are the texts that are known for slots, by their names.
    `wordings`: the answer shall tell what can be compared in them.
    """

    path: Path
    prompts: tuple[PackPrompt, ...]
    settings: PackSettings
    number: int
    slots: tuple[Slot, ...] = ()
    limit: int = 0
    seed: int | None = None
    kept: Mapping[str, str] = {}
    wordings: bool = False


class ReadRecipe(PackOrder, frozen=True, kw_only=True):
    """Read the prompt and settings stored in a picture of any tool; RecipeRead answers."""

    path: Path
