"""Unsaved drafts of packs, kept while other packs are open, and saving them.

A draft knows the text that it was made from, so that changes by another program are noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ...domain.prompts.settings import PackSettings
from ...pipeline.messages.packs import LoadPack, PackLoaded, PackNotSaved, PackSaved, PackSettingsSaved, SavePack
from ..controller import Controller

GONE = "The file is no longer there. This text is all that is left of it."
News = Literal["opened", "same", "theirs", "both"]


class PackDraft(Struct, frozen=True, kw_only=True):
    """One pack. `base` is the text on disk that `text` was made from, `seen` its fingerprint.

    `theirs` is what another program wrote while there are unsaved changes. `wanted` are the settings as chosen here,
    `kept` those on disk. `problem` says why the file cannot be read, `refused` why it could not be written, `gone` that
    it no longer exists. `saving` and `sending` are the text and the settings on their way to the disk.
    """

    path: Path
    text: str = ""
    base: str = ""
    seen: str = ""
    theirs: PackLoaded | None = None
    wanted: PackSettings = PackSettings()
    kept: PackSettings = PackSettings()
    problem: str = ""
    gone: bool = False
    saving: str | None = None
    refused: str = ""
    sending: PackSettings | None = None

    @property
    def is_changed(self) -> bool:
        """Whether the text differs from the file."""
        return self.text != self.base

    @property
    def is_unsaved(self) -> bool:
        """Whether anything here is not on disk yet."""
        return self.is_changed or self.wanted != self.kept


def unix(text: str) -> str:
    """The text with \\n as the only line end and without a BOM, as an editor holds it."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


class Drafts:
    """All packs opened since the start, by path. No method touches a file."""

    def __init__(self) -> None:
        self._by_path: dict[Path, PackDraft] = {}

    def of(self, path: Path) -> PackDraft | None:
        """The draft of a pack that was opened before."""
        return self._by_path.get(path)

    @property
    def unsaved(self) -> tuple[PackDraft, ...]:
        """Packs with text or settings that are not on disk."""
        return tuple(one for one in self._by_path.values() if one.is_unsaved)

    def loaded(self, event: PackLoaded) -> News:
        """Take in what is on disk. "both": another program and the user have changed it; the user's text stays."""
        draft = self._by_path.get(event.path)
        text = unix(event.text)
        if draft is None:
            self._by_path[event.path] = PackDraft(
                path=event.path,
                text=text,
                base=text,
                seen=event.seen,
                wanted=event.settings,
                kept=event.settings,
                problem="" if event.pack is not None or event.text else event.problem,
            )
            return "opened"
        if event.pack is None and not event.seen:
            # Not even its text is known. What was read of it before is better than nothing.
            self._put(draft if draft.gone else replace(draft, problem=event.problem))
            return "same"
        draft = replace(self._with_settings(draft, event), problem="", gone=False)
        if event.seen == draft.seen or text == draft.base:
            self._put(replace(draft, seen=event.seen, theirs=None))
            return "same"
        if not draft.is_changed or text == draft.text:
            self._put(replace(draft, text=text, base=text, seen=event.seen, theirs=None, refused=""))
            return "theirs"
        self._put(replace(draft, theirs=event))
        return "both"

    def typed(self, path: Path, text: str) -> PackDraft:
        """Set the text. The reason why it was not saved goes once the text equals the file again."""
        draft = self._by_path[path]
        return self._put(replace(draft, text=text, refused="" if text == draft.base else draft.refused))

    def chosen(self, path: Path, settings: PackSettings) -> PackDraft:
        """Set the settings."""
        return self._put(replace(self._by_path[path], wanted=settings))

    def keep_mine(self, path: Path) -> PackDraft:
        """Let the next save write over what another program wrote."""
        draft = self._by_path[path]
        if draft.theirs is None:
            return draft
        base, seen = unix(draft.theirs.text), draft.theirs.seen
        return self._put(replace(draft, base=base, seen=seen, theirs=None, refused=""))

    def take_theirs(self, path: Path) -> PackDraft:
        """Replace the unsaved changes by what another program wrote."""
        draft = self._by_path[path]
        if draft.theirs is None:
            return draft
        text = unix(draft.theirs.text)
        seen = draft.theirs.seen
        return self._put(replace(draft, text=text, base=text, seen=seen, theirs=None, refused=""))

    def to_save(self, path: Path) -> SavePack | None:
        """The order that writes the text; None when it is on disk or on its way there."""
        draft = self._by_path.get(path)
        if draft is None or not draft.is_changed or draft.saving == draft.text:
            return None
        self._put(replace(draft, saving=draft.text, refused=""))
        return SavePack(path=path, text=draft.text, seen=draft.seen)

    def settings_to_save(self, path: Path) -> PackSettings | None:
        """The settings to write; None when they are on disk or on their way there."""
        draft = self._by_path.get(path)
        if draft is None or draft.wanted == (draft.sending or draft.kept):
            return None
        self._put(replace(draft, sending=draft.wanted))
        return draft.wanted

    def saved(self, event: PackSaved) -> None:
        """Take in that the text is on disk. What was typed since stays unsaved."""
        older = event.path.with_suffix(".json")
        if event.path != older and older in self._by_path:
            # The text of a predecessor's JSON pack is in a text file now, which the draft goes on with.
            self._by_path[event.path] = replace(self._by_path.pop(older), path=event.path)
        draft = self._by_path.get(event.path)
        text = unix(event.text)
        if draft is None:
            self._by_path[event.path] = PackDraft(path=event.path, text=text, base=text, seen=event.seen)
        else:
            self._put(replace(draft, base=text, seen=event.seen, saving=None, theirs=None, refused="", gone=False))

    def settings_saved(self, event: PackSettingsSaved) -> None:
        """Take in that the settings are on disk."""
        draft = self._by_path.get(event.path)
        if draft is not None:
            self._put(replace(draft, kept=event.settings, sending=None))

    def refused(self, path: Path, message: str) -> None:
        """Take in that text or settings could not be written; they stay unsaved, with the message."""
        draft = self._by_path.get(path)
        if draft is not None:
            self._put(replace(draft, saving=None, sending=None, refused=message))

    def vanished(self, there: Collection[Path]) -> tuple[PackDraft, ...]:
        """Drafts with unsaved changes whose files are not among those `there`: the next save writes them anew."""
        for draft in tuple(self._by_path.values()):
            if draft.is_changed and draft.saving is None and not draft.gone and draft.path not in there:
                self._put(replace(draft, base="", seen="", theirs=None, problem="", refused="", gone=True))
        return tuple(one for one in self._by_path.values() if one.gone and one.path not in there)

    def forget(self, path: Path) -> None:
        """Drop a draft."""
        self._by_path.pop(path, None)

    def _with_settings(self, draft: PackDraft, event: PackLoaded) -> PackDraft:
        if draft.wanted == draft.kept:
            return replace(draft, wanted=event.settings, kept=event.settings)
        return replace(draft, kept=event.settings)

    def _put(self, draft: PackDraft) -> PackDraft:
        self._by_path[draft.path] = draft
        return draft


class PackSaving:
    """Orders drafts to be written and takes the answers in."""

    def __init__(self, controller: Controller, drafts: Drafts) -> None:
        self._controller, self._drafts = controller, drafts
        self._leave: Callable[[], object] | None = None

    def text(self, path: Path) -> None:
        """Write a pack's text if it differs from the file."""
        order = self._drafts.to_save(path)
        if order is not None:
            self._controller.ask(order)

    def all_settings(self) -> None:
        """Write the settings of all packs where they differ from the files."""
        for draft in self._drafts.unsaved:
            settings = self._drafts.settings_to_save(draft.path)
            if settings is not None:
                self._controller.packs.save_settings(draft.path, settings)

    @property
    def would_be_lost(self) -> str:
        """Whose texts would be lost if the program ended now: the beginning of a sentence; "" = nobody's."""
        changed = [draft for draft in self._drafts.unsaved if draft.is_changed]
        if not changed:
            return ""
        return f"“{changed[0].path.stem}” has" if len(changed) == 1 else f"{len(changed)} packs have"

    def save_and_leave(self, leave: Callable[[], object]) -> None:
        """Write all texts that are not on disk, then call `leave()`; where one cannot be written, nothing follows."""
        if not self.would_be_lost:
            leave()
            return
        self._leave = leave
        for draft in self._drafts.unsaved:
            self.text(draft.path)

    def saved(self, event: PackSaved | PackSettingsSaved) -> None:
        """Take in that something is on disk; leave if that was the last text to be saved before leaving."""
        if isinstance(event, PackSaved):
            self._drafts.saved(event)
        else:
            self._drafts.settings_saved(event)
        if self._leave is not None and not any(draft.is_changed for draft in self._drafts.unsaved):
            leave, self._leave = self._leave, None
            leave()

    def refused(self, event: PackNotSaved) -> None:
        """Take in that something could not be written: it stays unsaved and the program stays open."""
        self._leave = None
        self._drafts.refused(event.path, event.message)
        if event.changed:
            self._controller.ask(LoadPack(path=event.path))
