"""Keeps list, editor and tabs of the Packs page in step with the open pack.

The draft of a pack is what counts; the editor shows it, and what was typed is put into it at every pause.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from ...app.controller import Controller
from ...app.packs.kept_slots import KeptSlot, kept_slots
from ...app.packs.open_pack import NEW_TEXT, OpenPack
from ...domain.journal.record import Void
from ...domain.prompts.settings import PackSettings
from ...domain.runs.known_value import KnownValue
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.journal import HistoryLoaded, LineSaved
from ...pipeline.messages.packs import (
    LoadPack,
    PackAdded,
    PackChecked,
    PackLoaded,
    PackNotSaved,
    PackSaved,
    PackSettingsSaved,
    PacksListed,
    PromptsExpanded,
)
from ..widgets.modal import Decision, QuestionBox, nothing
from ..widgets.page_frame import DeferringBox
from .editor import PackEditor
from .list import PackList
from .tabs import PackSide

CHECK_MS, SETTINGS_MS, READ_MS = 300, 500, 2


class Parts(Struct, frozen=True):
    """The parts of the page that follow the open pack. `show(on)` shows or hides editor and tabs."""

    list: PackList
    editor: PackEditor
    side: PackSide
    show: Callable[[bool], object]


class PackWork:
    """What is done to the open pack, `pack`. The timers are those of the page."""

    def __init__(self, page: DeferringBox, controller: Controller, parts: Parts, pack: OpenPack) -> None:
        self._page, self._controller, self._parts, self.pack = page, controller, parts, pack
        self._dirty = self._is_new = self._typed_since = False

    @property
    def path(self) -> Path | None:
        """The pack in the editor, None while none is read."""
        return self.pack.path

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is to be done at the next pause."""
        return not (self._dirty or self._page.is_pending("check") or self._page.is_pending("settings"))

    def on_event(self, event: Event) -> None:
        """Take in an event about packs."""
        if isinstance(event, PacksListed):
            self.listed()
        elif isinstance(event, PackLoaded):
            self._loaded(event)
        elif isinstance(event, (PackSaved, PackSettingsSaved)):
            self._saved(event)
        elif isinstance(event, PackNotSaved):
            self._sync()
            self.pack.saving.refused(event)
            self._show_state()
        elif isinstance(event, PackAdded) and self.pack.is_wanted(event):
            self._is_new = True
            self.open(event.path)
        elif isinstance(event, PackChecked):
            self._checked(event)
        elif isinstance(event, PromptsExpanded) and self.pack.checks.is_newest_preview(event):
            self._parts.side.variants.show(event.expansion)
        elif isinstance(event, OrderFailed):
            self.pack.failed(event.order)
        elif isinstance(event, HistoryLoaded) or (
            isinstance(event, LineSaved) and isinstance(event.line, KnownValue | Void)
        ):
            self._show_kept()
            self.expand()

    # ---- which pack

    def listed(self) -> None:
        """Show the packs there are now; open the neighbour of one that has gone."""
        files, pack, shown = self._controller.packs.files, self.pack, self._parts.list
        self._sync()
        lost = pack.listed({one.path for one in files})
        place = shown.position
        shown.show(files, lost=[draft.path for draft in lost])
        self._show_state()
        here = shown.file
        if here is None:
            if pack.draft is None or not pack.draft.is_changed:
                self.open(files[min(place, len(files) - 1)].path if files else None)
        elif pack.draft is None or here.seen != pack.draft.seen or here.settings != pack.draft.kept:
            self._controller.ask(LoadPack(path=here.path))

    def open(self, path: Path | None) -> None:
        """Open a pack in the editor; what was typed in the one before is kept."""
        self._sync()
        if self._page.is_pending("settings"):
            self._page.not_later("settings")
            self.pack.saving.all_settings()
        self._page.not_later("read")
        # It is read also when it was open before: another program may have changed it.
        self.pack.load(path)
        self._parts.list.choose(path)
        if path is None:
            self._parts.show(False)
        elif self.pack.drafts.of(path) is not None:
            self._show(path)

    def _show(self, path: Path, *, keep_place: bool = False) -> None:
        draft, parts = self.pack.drafts.of(path), self._parts
        if draft is None:
            return
        other, self.pack.path, self._dirty = path != self.path, path, False
        parts.show(True)
        parts.editor.text.show(draft.text, keep_place=keep_place)
        file = self._controller.packs.find(path)
        parts.editor.name(file.title if file is not None else path.stem)
        if other:
            parts.side.check.show(None)
            parts.editor.mark(None)
            parts.editor.show_check(None)
        self._show_state()
        parts.side.show(draft)
        self._show_kept()
        self.check()
        if self._is_new:
            self._is_new = False
            # The second line of a new pack is selected, so that the first key replaces it.
            parts.editor.text.choose_line(2 if draft.text == NEW_TEXT else 1, chosen=draft.text == NEW_TEXT)

    # ---- the text

    def edited(self) -> None:
        """Follow a key. Nothing here may take long."""
        if not self._dirty:
            self._dirty = True
            self._parts.editor.show_typing()
        self._check_soon()

    def moved(self) -> None:
        """Follow the cursor, which may be in another prompt now."""
        if self._parts.side.tab == "variants":
            self._check_soon()

    def _check_soon(self) -> None:
        # A new timer for each key costs two calls into Tcl; one that runs on and looks again costs none.
        self._typed_since = self._page.is_pending("check")
        self._page.later("check", CHECK_MS, self._pause)

    def _pause(self) -> None:
        if self._typed_since:
            self._check_soon()
        else:
            self.check()

    def check(self) -> None:
        """Have the text checked and its variants worked out, as at a pause in typing."""
        self._sync()
        self.pack.check()
        self.expand()

    def expand(self, *, again: bool = False) -> None:
        """Have the variants worked out, if they are in sight; `again` draws others."""
        draft, side = self.pack.draft, self._parts.side
        if draft is None or side.tab != "variants":
            return
        if again:
            self.pack.checks.draw()
        side.variants.wait()
        whole = side.variants.scope.value == "pack"
        kept = self._kept() if side.variants.kept.on else ()
        if self.pack.checks.preview(draft, self._parts.editor.text.view.line, whole=whole, kept=kept):
            self._page.not_later("read")
            self._read_on(whole)

    def _kept(self) -> tuple[KeptSlot, ...]:
        history, path = self._controller.history, self.path
        file = self._controller.packs.find(path) if path is not None else None
        return kept_slots(history.plans, file.pack_id) if history is not None and file is not None else ()

    def _show_kept(self) -> None:
        self._parts.side.show_kept(self._kept())

    def _read_on(self, whole: bool) -> None:
        """Read a long text in pieces, so that typing goes on meanwhile."""
        found = self.pack.checks.read_on()
        if found == "reading":
            self._page.later("read", READ_MS, lambda: self._read_on(whole))
        elif found == "nothing":
            words = "There is no prompt yet." if whole else "There is no prompt at the cursor."
            self._parts.side.variants.say(words)

    def _sync(self) -> None:
        """Put what stands in the editor into the draft."""
        if self._dirty and self.path is not None:
            self._dirty = False
            self.pack.drafts.typed(self.path, self._parts.editor.text.get())
            self._show_state()

    def _checked(self, event: PackChecked) -> None:
        if event.path != self.path or not self.pack.checks.is_newest_check(event):
            return
        self._parts.side.check.show(event)
        # Typed since: the places may be others by now, and the next answer is on its way.
        if not self._dirty:
            self._parts.editor.mark(event)
        self._parts.editor.show_check(event)
        self._parts.list.count(event.path, event.prompts)

    # ---- the disk

    def save(self) -> None:
        """Write the text of the open pack."""
        self._sync()
        if self.path is not None:
            self.pack.saving.text(self.path)
            self._show_state()

    def trash(self, path: Path) -> None:
        """Put a pack into the trash; its neighbour is opened once it is there."""
        self.pack.trash(path)
        if self._controller.packs.find(path) is None:
            self._dirty = self._dirty and self.path is not None
            self.listed()  # no event will tell: the file was gone before

    def change_settings(self, settings: PackSettings) -> None:
        """Set the pack's settings; they are written by themselves a moment later."""
        if self.path is not None:
            self.pack.drafts.chosen(self.path, settings)
            self._page.later("settings", SETTINGS_MS, self.pack.saving.all_settings, restart=True)
            self._check_soon()
            self._show_state()

    def settle(self, mine: bool) -> None:
        """Another program changed the file, too: go on with the own text, or with the other one."""
        if self.path is None:
            return
        self._sync()
        if mine:
            self.pack.drafts.keep_mine(self.path)
            self._show_state()
        else:
            self.pack.drafts.take_theirs(self.path)
            self._show(self.path, keep_place=True)

    def leave(self, leave: Callable[[], object]) -> None:
        """Call `leave()` when the window may close: at once, or once the user has decided about changed texts."""
        self._sync()
        self._page.not_later("settings")
        saving = self.pack.saving
        saving.all_settings()
        who = saving.would_be_lost
        if not who:
            leave()
            return
        answers = (
            # Not from within an event: the controller is still announcing it.
            Decision("Save and close", lambda: saving.save_and_leave(lambda: self._page.after_idle(leave)), main=True),
            Decision("Close without saving", leave),
            Decision("Stay", nothing),
        )
        QuestionBox(self._page, "Save before StableNew closes?", f"{who} changes that are not saved.", answers)

    def _saved(self, event: PackSaved | PackSettingsSaved) -> None:
        self._sync()
        moved = self.pack.saved(event)
        if moved is not None:
            self.open(moved)
        self._show_state()

    def _loaded(self, event: PackLoaded) -> None:
        self._sync()
        news = self.pack.drafts.loaded(event)
        if event.path != self._parts.list.path:
            return
        if event.path != self.path or news == "theirs":
            self._show(event.path, keep_place=event.path == self.path)
        elif self.pack.draft is not None:
            self._parts.side.show(self.pack.draft)
            self._show_state()

    def _show_state(self) -> None:
        if self.pack.draft is not None:
            self._parts.editor.show_state(self.pack.draft)
        self._parts.list.mark(frozenset(one.path for one in self.pack.drafts.unsaved if one.is_changed))
