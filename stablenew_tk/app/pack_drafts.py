"""The packs that were opened, as they are being written: nothing typed is lost by looking at another one.

A draft is told apart from what is on disk, and both from what somebody else may have written there meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..domain.prompts.settings import PackSettings
from ..pipeline.messages.packs import PackLoaded, PackSaved, PackSettingsSaved, SavePack

GONE = "The file is no longer there. This text is all that is left of it."
News = Literal["opened", "same", "theirs", "both"]


class PackDraft(Struct, frozen=True, kw_only=True):
    """One pack. `base` is the text on disk that `text` was made from, `seen` its fingerprint.

    `theirs` is what somebody else wrote while there are own changes. `wanted` are the settings as chosen here, `kept`
    those on disk. `problem` says why the file cannot be read, `gone` that it is no longer there.
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
        """Whether the text is another one than on disk."""
        return self.text != self.base

    @property
    def is_unsaved(self) -> bool:
        """Whether anything here is not on disk yet."""
        return self.is_changed or self.wanted != self.kept


def unix(text: str) -> str:
    """The text as an editor holds it: one kind of line end, no BOM."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


class Drafts:
    """All packs opened since the start, by path. Every method answers at once; files are read and written elsewhere."""

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
        """Take in what is on disk. "both": somebody else and the user have changed it; the user's text stays."""
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
        """The text is this now. Why it was not saved is of no use once it is again what is on disk."""
        draft = self._by_path[path]
        return self._put(replace(draft, text=text, refused="" if text == draft.base else draft.refused))

    def chosen(self, path: Path, settings: PackSettings) -> PackDraft:
        """The settings are these now."""
        return self._put(replace(self._by_path[path], wanted=settings))

    def keep_mine(self, path: Path) -> PackDraft:
        """What somebody else wrote will be written over by the next save."""
        draft = self._by_path[path]
        if draft.theirs is None:
            return draft
        base, seen = unix(draft.theirs.text), draft.theirs.seen
        return self._put(replace(draft, base=base, seen=seen, theirs=None, refused=""))

    def take_theirs(self, path: Path) -> PackDraft:
        """Give the own changes up for what is on disk."""
        draft = self._by_path[path]
        if draft.theirs is None:
            return draft
        text = unix(draft.theirs.text)
        seen = draft.theirs.seen
        return self._put(replace(draft, text=text, base=text, seen=seen, theirs=None, refused=""))

    def to_save(self, path: Path) -> SavePack | None:
        """The order that writes the text; None when there is nothing to write or it is on its way."""
        draft = self._by_path.get(path)
        if draft is None or not draft.is_changed or draft.saving == draft.text:
            return None
        self._put(replace(draft, saving=draft.text, refused=""))
        return SavePack(path=path, text=draft.text, seen=draft.seen)

    def settings_to_save(self, path: Path) -> PackSettings | None:
        """The settings that are to be written; None when they are on disk or on their way."""
        draft = self._by_path.get(path)
        if draft is None or draft.wanted == (draft.sending or draft.kept):
            return None
        self._put(replace(draft, sending=draft.wanted))
        return draft.wanted

    def saved(self, event: PackSaved) -> None:
        """The text is on disk; what was typed since is not."""
        older = event.path.with_suffix(".json")
        if event.path != older and older in self._by_path:
            # The text of a predecessor's pack stands in a text file now, and there it is gone on with.
            self._by_path[event.path] = replace(self._by_path.pop(older), path=event.path)
        draft = self._by_path.get(event.path)
        text = unix(event.text)
        if draft is None:
            self._by_path[event.path] = PackDraft(path=event.path, text=text, base=text, seen=event.seen)
        else:
            self._put(replace(draft, base=text, seen=event.seen, saving=None, theirs=None, refused="", gone=False))

    def settings_saved(self, event: PackSettingsSaved) -> None:
        """The settings are on disk."""
        draft = self._by_path.get(event.path)
        if draft is not None:
            self._put(replace(draft, kept=event.settings, sending=None))

    def refused(self, path: Path, message: str) -> None:
        """Text or settings could not be written; they stay here, and the message tells why."""
        draft = self._by_path.get(path)
        if draft is not None:
            self._put(replace(draft, saving=None, sending=None, refused=message))

    def vanished(self, there: Collection[Path]) -> tuple[PackDraft, ...]:
        """Those with own changes whose files are not `there` any more: the next save writes them anew."""
        for draft in tuple(self._by_path.values()):
            if draft.is_changed and draft.saving is None and not draft.gone and draft.path not in there:
                self._put(replace(draft, base="", seen="", theirs=None, problem="", refused="", gone=True))
        return tuple(one for one in self._by_path.values() if one.gone and one.path not in there)

    def forget(self, path: Path) -> None:
        """The pack is gone."""
        self._by_path.pop(path, None)

    def _with_settings(self, draft: PackDraft, event: PackLoaded) -> PackDraft:
        if draft.wanted == draft.kept:
            return replace(draft, wanted=event.settings, kept=event.settings)
        return replace(draft, kept=event.settings)

    def _put(self, draft: PackDraft) -> PackDraft:
        self._by_path[draft.path] = draft
        return draft
