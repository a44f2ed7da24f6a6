"""The open pack: what is typed is kept, looked through at every pause, and saved; what others write is noticed.

The draft of a pack is what counts; the editor shows it, and gives what was typed back at every pause.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from ...app.controller import Controller
from ...app.pack_drafts import Drafts, PackDraft
from ...app.prompt_inventory import PromptInventory
from ...domain.base import colour_roles
from ...domain.prompts.completion import slots_in
from ...domain.prompts.settings import PackSettings
from ...pipeline.messages.base import Event
from ...pipeline.messages.packs import (
    LoadPack,
    PackChecked,
    PackLoaded,
    PackNotSaved,
    PackSaved,
    PackSettingsSaved,
    PacksListed,
    PromptsExpanded,
)
from .actions import NEW_TEXT, PackActions
from .background_checks import BackgroundChecks, Pause
from .code_editor import TextMark
from .editor import PackEditor, verdict
from .list import PackList
from .saving import Saving
from .tabs import PackSide

CHECK_MS, SETTINGS_MS = 300, 500


class Parts(Struct, frozen=True):
    """The parts of the page that follow the open pack. `show(on)` brings editor and tabs into sight or hides them."""

    list: PackList
    editor: PackEditor
    side: PackSide
    show: Callable[[bool], object]


class PackWork:
    """`path` is the pack in the editor, None while none is read."""

    def __init__(
        self, page: tk.Misc, controller: Controller, parts: Parts, stock: PromptInventory, deeds: PackActions
    ) -> None:
        self._controller, self._parts, self._deeds = controller, parts, deeds
        self.drafts = Drafts()
        self.path: Path | None = None
        self.slots: tuple[str, ...] = ()
        self._saving = Saving(page, controller, self.drafts)
        self._looks = BackgroundChecks(page, controller, stock)
        self._typing = Pause(page, CHECK_MS, self.look)
        self._settings = Pause(page, SETTINGS_MS, self._save_settings)
        self._dirty = self._is_new = False
        self._looked_at: tuple[str, PackSettings | None] = ("", None)

    @property
    def draft(self) -> PackDraft | None:
        """The pack in the editor, as it was at the last pause."""
        return self.drafts.of(self.path) if self.path is not None else None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is to be done at the next pause."""
        return not (self._dirty or self._typing.is_waiting or self._settings.is_waiting)

    def on_event(self, event: Event) -> None:
        """Take in what is told about packs."""
        if isinstance(event, PacksListed):
            self.listed()
        elif isinstance(event, PackLoaded):
            self._loaded(event)
        elif isinstance(event, (PackSaved, PackSettingsSaved)):
            self._saved(event)
        elif isinstance(event, PackNotSaved):
            self._refused(event)
        elif isinstance(event, PackChecked):
            self._checked(event)
        elif isinstance(event, PromptsExpanded) and self._looks.is_newest_expansion(event):
            self._parts.side.variants.show(event.expansion)

    # ---- which pack

    def listed(self) -> None:
        """These are the packs now."""
        files = self._controller.packs.files
        self._sync()
        gone = self.drafts.vanished({one.path for one in files})
        place = self._parts.list.position
        self._parts.list.show(files, lost=[draft.path for draft in gone])
        self._show_state()
        wanted = self._deeds.wanted.casefold()
        found = next((one for one in files if wanted and one.path.stem.casefold() == wanted), None)
        here = self._parts.list.file
        if found is not None:
            self._deeds.wanted, self._is_new = "", True
            self.open(found.path)
        elif here is None:
            if self.draft is None or not self.draft.is_changed:
                self.open(files[min(place, len(files) - 1)].path if files else None)
        elif self.draft is None or here.seen != self.draft.seen or here.settings != self.draft.kept:
            self._controller.ask(LoadPack(path=here.path))

    def open(self, path: Path | None) -> None:
        """Open a pack in the editor; what was typed in the one before is kept."""
        self._sync()
        self._settings.now()
        self._looks.forget()
        self.path, self._looked_at = None, ("", None)
        self._parts.list.choose(path)
        if path is None:
            self._parts.show(False)
            return
        if self.drafts.of(path) is not None:
            self._show(path)
        # Also when it was open before: somebody may have changed it.
        self._controller.ask(LoadPack(path=path))

    def gone(self, path: Path) -> None:
        """The pack was deleted: what was typed in it goes, too."""
        self.drafts.forget(path)
        if path == self.path:
            self.path, self._dirty = None, False
        if self._controller.packs.find(path) is None:
            self.listed()  # nobody else will tell: the file was not there before

    def _show(self, path: Path, *, keep_place: bool = False) -> None:
        draft, parts = self.drafts.of(path), self._parts
        if draft is None:
            return
        other, self.path, self._dirty = path != self.path, path, False
        parts.show(True)
        parts.editor.text.show(draft.text, keep_place=keep_place)
        file = self._controller.packs.find(path)
        parts.editor.name(file.title if file is not None else path.stem)
        if other:
            parts.side.check.show(None)
            parts.editor.text.mark(())
            parts.editor.tell("")
        self._show_state()
        parts.side.show(draft)
        self.look()
        if self._is_new:
            self._is_new = False
            parts.editor.text.choose_line(2 if draft.text == NEW_TEXT else 1, chosen=draft.text == NEW_TEXT)

    # ---- the text

    def edited(self) -> None:
        """After every key: nothing here may take long."""
        if not self._dirty:
            self._dirty = True
            self._parts.editor.show_typing()
        self._typing.stir()

    def moved(self) -> None:
        """The cursor moved; it may stand in another prompt."""
        if self._parts.side.tab == "variants":
            self._typing.stir()

    def look(self) -> None:
        """A pause in typing: have the text checked and its variants worked out."""
        self._sync()
        draft = self.draft
        if draft is None:
            return
        if (draft.text, draft.wanted) != self._looked_at:
            self._looked_at = (draft.text, draft.wanted)
            self.slots = slots_in(draft.text)
            self._looks.check(draft)
        self.expand()

    def expand(self, *, again: bool = False) -> None:
        """Have the variants worked out, if they are in sight; `again` draws others."""
        draft, side = self.draft, self._parts.side
        if draft is None or side.tab != "variants":
            return
        if again:
            self._looks.draw()
        tab = side.variants
        whole = tab.scope.value == "pack"
        tab.wait()
        self._looks.expand(
            draft,
            self._parts.editor.text.view.line,
            whole=whole,
            nothing=lambda: tab.say("There is no prompt yet." if whole else "There is no prompt at the cursor."),
        )

    def _sync(self) -> None:
        """Take what stands in the editor into memory."""
        if self._dirty and self.path is not None:
            self._dirty = False
            self.drafts.typed(self.path, self._parts.editor.text.get())
            self._show_state()

    def _checked(self, event: PackChecked) -> None:
        if event.path != self.path or not self._looks.is_newest_check(event):
            return
        parts = self._parts
        parts.side.check.show(event)
        # Typed since: the places may be others by now, and the next answer is on its way.
        if not self._dirty:
            places = [TextMark(one.line, one.column, "doubt") for one in event.warnings]
            parts.editor.text.mark([*places, *(TextMark(one.line, one.column) for one in event.errors)])
        ink: colour_roles.Role = "danger" if event.errors else "warn" if event.warnings else "text3"
        parts.editor.tell(verdict(event.prompts, len(event.errors), len(event.warnings), event.count), ink)
        parts.list.count(event.path, event.prompts)

    # ---- the disk

    def save(self) -> None:
        """Write the text of the open pack."""
        self._sync()
        if self.path is not None:
            self._saving.text(self.path)
            self._show_state()

    def change_settings(self, settings: PackSettings) -> None:
        """The pack's settings are these now; they are written by themselves a moment later."""
        if self.path is not None:
            self.drafts.chosen(self.path, settings)
            self._settings.stir()
            self._typing.stir()
            self._show_state()

    def settle(self, *, mine: bool) -> None:
        """Somebody else changed the file, too: go on with the own text, or with the other one."""
        if self.path is None:
            return
        self._sync()
        if mine:
            self.drafts.keep_mine(self.path)
            self._show_state()
        else:
            self.drafts.take_theirs(self.path)
            self._show(self.path, keep_place=True)

    def may_leave(self, leave: Callable[[], object]) -> bool:
        """Whether the window may close now. Asks about what is not saved; `leave()` follows once it is."""
        self._sync()
        self._settings.cancel()
        return self._saving.may_leave(leave)

    def close(self) -> None:
        """Stop what was to be done later."""
        self._typing.cancel()
        self._settings.cancel()
        self._looks.forget()

    def _save_settings(self) -> None:
        for draft in self.drafts.unsaved:
            self._saving.settings(draft.path)

    def _saved(self, event: PackSaved | PackSettingsSaved) -> None:
        self._sync()
        self._saving.saved(event)
        if isinstance(event, PackSaved) and event.path != self.path and self._is_ours(event):
            self._deeds.wanted, self._is_new = "", bool(self._deeds.wanted)
            self.open(event.path)
        self._show_state()

    def _is_ours(self, event: PackSaved) -> bool:
        """Whether the pack just saved is to be open: a new one, or this one under the name of a text file."""
        return bool(self._deeds.wanted) or (self.path is not None and event.path.stem == self.path.stem)

    def _refused(self, event: PackNotSaved) -> None:
        self._sync()
        self._saving.refused(event)
        self._show_state()

    def _loaded(self, event: PackLoaded) -> None:
        self._sync()
        news = self.drafts.loaded(event)
        if event.path != self._parts.list.path:
            return
        if event.path != self.path or news == "theirs":
            self._show(event.path, keep_place=event.path == self.path)
        elif self.draft is not None:
            self._parts.side.show(self.draft)
            self._show_state()

    def _show_state(self) -> None:
        if self.draft is not None:
            self._parts.editor.show_state(self.draft)
        self._parts.list.mark(frozenset(one.path for one in self.drafts.unsaved if one.is_changed))
