"""The middle of Packs: the text of one pack, what is said about its file, and whether it is saved."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from msgspec import Struct

from ...app.pack_drafts import GONE, PackDraft
from ...domain.base import colour_roles
from ...domain.base.wording import counted
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator, ShortLabel, Sign
from ..widgets.notices import Action
from ..widgets.tooltips import tip
from .code_editor import PackText
from .find_bar import FindBar

_ROOMY = 440  # px
CHANGED = "The file was changed elsewhere, and so was this text."


class PackEditorActions(Struct, frozen=True):
    """What the editor asks of the page."""

    edited: Callable[[], object]
    moved: Callable[[], object]
    save: Callable[[], object]
    keep_mine: Callable[[], object]
    take_theirs: Callable[[], object]
    run: Callable[[], object]


class Strip(Box):
    """A sentence with buttons above the text; it is there only while there is something to say."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, "warn_soft")
        self._shown: tuple[str, tuple[str, ...]] = ("", ())

    def tell(self, text: str, *actions: Action) -> None:
        """Say this; "" takes it away."""
        shown = (text, tuple(words for words, _ in actions))
        if shown == self._shown:
            return
        self._shown = shown
        for child in self.winfo_children():
            child.destroy()
        if not text:
            self.pack_forget()
            return
        Sign(self, "warning", ink="warn").pack(side="left", padx=(theme.px(16), theme.px(8)), pady=theme.px(8))
        for words, command in reversed(actions):
            Button(self, words, command, height=theme.SMALL).pack(side="right", padx=theme.px(2))
        Label(self, text, size=12, wrap=True).pack(side="left", fill="x", expand=True, pady=theme.px(6))

    @property
    def text(self) -> str:
        """What is said."""
        return self._shown[0]


class PackEditor(Box):
    """Title, text and status line."""

    def __init__(self, parent: tk.Misc, doors: PackEditorActions) -> None:
        super().__init__(parent, "bg")
        self._doors = doors
        bar = Box(self, "surface", height=theme.px(theme.TOOL_BAR))
        bar.pack(fill="x")
        bar.pack_propagate(False)
        self.save = Button(bar, "Save pack", doors.save, kind="main", busy_text="Saving…")
        self.save.pack(side="right", padx=theme.px(8))
        tip(self.save, "Write the text to its file (Ctrl+S)")
        self.use = Button(bar, "Use in Create", doors.run, kind="quiet")
        self.use.pack(side="right")
        tip(self.use, "Go to Create with this pack chosen")
        self.title = Label(bar, "", size=15, bold=True)
        self.title.pack(side="left", padx=(theme.px(16), theme.px(10)))
        self.state = Label(bar, "", size=12, ink="text3")
        self.state.pack(side="left")
        bar.bind("<Configure>", lambda event: self._fit(event.width))
        self._bar, self._title = bar, ""
        self._rule = Separator(self)
        self._rule.pack(fill="x")
        self.strip = Strip(self)
        self._foot = Box(self, "surface", height=theme.px(30))
        self._foot.pack(side="bottom", fill="x")
        self._foot.pack_propagate(False)
        Separator(self).pack(side="bottom", fill="x")
        self.text = PackText(self, on_edit=doors.edited, on_move=self._moved)
        self.text.pack(fill="both", expand=True)
        self.find = FindBar(self, self.text, self._close_find)
        self._place = Label(self._foot, "", size=12, ink="text3")
        self._place.pack(side="right", padx=theme.px(16))
        self.verdict = ShortLabel(self._foot, size=12, ink="text3")
        self.verdict.pack(side="left", fill="x", expand=True, padx=(theme.px(16), 0))

    def name(self, title: str) -> None:
        """Say which pack this is."""
        self._title = title
        self._fit(self._bar.winfo_width())

    def show_state(self, draft: PackDraft) -> None:
        """Say whether text and settings are on disk, and what is wrong with the file."""
        words, ink = "saved", "text3"
        if draft.refused:
            words, ink = "not saved", "danger"
        elif draft.saving is not None:
            words = "saving…"
        elif draft.is_changed:
            words, ink = "unsaved changes", "text"
        elif draft.is_unsaved:
            words = "saving settings…"
        elif draft.problem:
            words, ink = "cannot be read", "danger"
        if (self.state.cget("text"), self.state._ink) != (words, ink):
            self.state.show(words, ink)  # type: ignore[arg-type]  # the words above are roles
        busy = draft.saving is not None
        if busy != self.save._is_busy:
            self.save.busy(busy)
        if not busy and draft.is_changed != self.save.enabled:
            self.save.enable(draft.is_changed, "" if draft.is_changed else "Everything is saved.")
        self._show_strip(draft)

    def show_typing(self) -> None:
        """Something was typed; whether the text is another one now is looked at in the next pause."""
        if self.state.cget("text") in ("saved", "cannot be read"):
            self.state.show("unsaved changes", "text")
            self.save.enable(True)

    def open_find(self) -> None:
        """Show the find bar with what is selected in it."""
        chosen = self.text.text.tag_ranges("sel")
        word = self.text.text.get(chosen[0], chosen[1]) if chosen else ""
        if word and "\n" not in word:
            self.find.entry.set(word)
        if not self.find.winfo_manager():
            self.find.pack(fill="x", before=self.text)
        self.find.entry.focus_set()
        self.find.entry.field.selection_range(0, "end")

    def tell(self, words: str, ink: colour_roles.Role = "text3") -> None:
        """What the check found, in the line below."""
        if self.verdict.words != words:
            self.verdict.show(words, ink)

    def _fit(self, width: int) -> None:
        """Where there is little room, the way to Create goes, then the end of the title."""
        roomy = width >= theme.px(_ROOMY)
        if roomy != bool(self.use.winfo_manager()):
            self.use.pack(side="right", after=self.save) if roomy else self.use.pack_forget()
        taken = self.save.winfo_reqwidth() + (self.use.winfo_reqwidth() if roomy else 0) + theme.px(140)
        self.title.show(theme.elide(self._title, theme.font(15, True), max(theme.px(60), width - taken)))

    def _close_find(self) -> None:
        self.find.pack_forget()
        self.text.focus_set()

    def _show_strip(self, draft: PackDraft) -> None:
        doors = self._doors
        if draft.theirs is not None:
            self.strip.tell(CHANGED, ("Keep mine", doors.keep_mine), ("Take theirs", doors.take_theirs))
        elif draft.gone and not draft.refused:
            self.strip.tell(GONE, ("Write it again", doors.save))
        elif draft.refused:
            self.strip.tell(draft.refused, ("Try again", doors.save))
        else:
            self.strip.tell(draft.problem)
        if self.strip.text and not self.strip.winfo_manager():
            self.strip.pack(fill="x", after=self._rule)

    def _moved(self) -> None:
        view = self.text.view
        self._place.show(f"line {view.line:,}, column {view.column}")
        self._doors.moved()


def verdict(prompts: int, errors: int, warnings: int, count: int) -> str:
    """What the check found, in short: "12 prompts, 1 warning, 1,440 variants"."""
    parts = [counted(prompts, "prompt")]
    if errors:
        parts.append(counted(errors, "error"))
    if warnings:
        parts.append(counted(warnings, "warning"))
    if count != prompts and not errors:
        parts.append(counted(count, "variant"))  # last, for it may be long, and what is too long is cut
    return ", ".join(parts)
