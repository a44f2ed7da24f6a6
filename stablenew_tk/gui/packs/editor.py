"""The middle of Packs: the text of one pack with a find bar, whether it is saved, and what the check found."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct

from ...app.packs.drafts import GONE, PackDraft
from ...app.packs.wording import check_status, draft_status
from ...domain.prompts.completion import Offer
from ...pipeline.messages.packs import PackChecked
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator, ShortLabel, Sign
from ..widgets.entries import Entry
from ..widgets.notices import Action
from ..widgets.tooltips import tip
from .code_editor import PackText, TextMark
from .completion_popup import Completion

_ROOMY = 440  # px
CHANGED = "The file was changed elsewhere, and so was this text."


class PackEditorActions(Struct, frozen=True):
    """What the editor calls. `settle(mine)`: keep the own text, or take that of another program.

    `offers()` and `weight(offer)` are for completion.
    """

    edited: Callable[[], object]
    moved: Callable[[], object]
    offers: Callable[[], Sequence[Offer]]
    weight: Callable[[Offer], float | None]
    save: Callable[[], object]
    settle: Callable[[bool], object]
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


class FindBar(Box):
    """Finds as one types; Return and F3 go on, with Shift back, Esc closes. `closed()` puts the bar away."""

    def __init__(self, parent: tk.Misc, editor: PackText, closed: Callable[[], object]) -> None:
        super().__init__(parent, "surface")
        self._editor, self._closed = editor, closed
        row = Box(self)
        row.pack(fill="x", padx=theme.px(8), pady=theme.px(2))
        Button(row, "", self.close, kind="quiet", icon="cross", height=theme.SMALL).pack(side="right")
        self.count = Label(row, "", size=12, ink="text3")
        self.entry = Entry(
            row, width=120, height=theme.SMALL, icon="search", placeholder="Find in this pack", on_edit=self._typed
        )
        self.entry.pack(side="left", fill="x", expand=True)
        Button(row, "Previous", lambda: self.go_on(backwards=True), kind="quiet", height=theme.SMALL).pack(side="left")
        Button(row, "Next", self.go_on, kind="quiet", height=theme.SMALL).pack(side="left")
        self.count.pack(side="left", padx=theme.px(6))
        Separator(self).pack(side="bottom", fill="x")
        for key, backwards in (("<Return>", False), ("<KP_Enter>", False), ("<Shift-Return>", True)):
            self.entry.field.bind(key, lambda _event, back=backwards: self.go_on(backwards=back))  # type: ignore[misc]
        self.entry.field.bind("<Escape>", lambda _event: self.close())

    def go_on(self, *, backwards: bool = False) -> str:
        """Go to the next place."""
        which, count = self._editor.find(self.entry.get(), backwards=backwards)
        nothing = "" if not self.entry.get() else "not in this pack"
        self.count.show(f"{which} of {count:,}" if count else nothing, "text3" if count else "warn")
        return "break"

    def close(self) -> str:
        """Put the bar away; the cursor stands where the word was found."""
        self._editor.stop_finding()
        self._closed()
        return "break"

    def _typed(self, _word: str) -> None:
        # From the beginning of the present place, so that one more letter does not go on to the next.
        ranges = self._editor.text.tag_ranges("found")
        if ranges:
            self._editor.text.mark_set("insert", str(ranges[0]))
        self.go_on()


class PackEditor(Box):
    """Title, text and status line."""

    def __init__(self, parent: tk.Misc, actions: PackEditorActions) -> None:
        super().__init__(parent, "bg")
        self._actions = actions
        bar = Box(self, "surface", height=theme.px(theme.TOOL_BAR))
        bar.pack(fill="x")
        bar.pack_propagate(False)
        self.save = Button(bar, "Save pack", actions.save, kind="main", busy_text="Saving…")
        self.save.pack(side="right", padx=theme.px(8))
        tip(self.save, "Write the text to its file (Ctrl+S)")
        self.use = Button(bar, "Use in Create", actions.run, kind="quiet")
        self.use.pack(side="right")
        tip(self.use, "Go to Create with this pack chosen")
        self.title = Label(bar, "", size=15, bold=True)
        self.title.pack(side="left", padx=(theme.px(16), theme.px(10)))
        self.state = Label(bar, "", size=12, ink="text3")
        self.state.pack(side="left")
        bar.bind("<Configure>", lambda event: self._fit(event.width))
        self._bar, self._title, self._status, self._is_busy = bar, "", ("", ""), False
        self._rule = Separator(self)
        self._rule.pack(fill="x")
        self.strip = Strip(self)
        foot = Box(self, "surface", height=theme.px(30))
        foot.pack(side="bottom", fill="x")
        foot.pack_propagate(False)
        Separator(self).pack(side="bottom", fill="x")
        self.text = PackText(self, on_edit=self._edited, on_move=self._moved)
        self.text.pack(fill="both", expand=True)
        self.completion = Completion(self.text, offers=actions.offers, weight=actions.weight)
        self.find = FindBar(self, self.text, self._close_find)
        self._place = Label(foot, "", size=12, ink="text3")
        self._place.pack(side="right", padx=theme.px(16))
        self.verdict = ShortLabel(foot, size=12, ink="text3")
        self.verdict.pack(side="left", fill="x", expand=True, padx=(theme.px(16), 0))

    def name(self, title: str) -> None:
        """Say which pack this is."""
        self._title = title
        self._fit(self._bar.winfo_width())

    def show_state(self, draft: PackDraft) -> None:
        """Say whether text and settings are on disk, and what is wrong with the file."""
        words, ink = draft_status(draft)
        if (words, ink) != self._status:
            self._status = (words, ink)
            self.state.show(words, ink)
        busy = draft.saving is not None
        if busy != self._is_busy:
            self._is_busy = busy
            self.save.busy(busy)
        if not busy and draft.is_changed != self.save.enabled:
            self.save.enable(draft.is_changed, "" if draft.is_changed else "Everything is saved.")
        self._show_strip(draft)

    def show_typing(self) -> None:
        """Say that something was typed; whether the text differs from the file is checked at the next pause."""
        if self._status[0] in ("saved", "cannot be read"):
            self._status = ("unsaved changes", "text")
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

    def find_next(self, *, backwards: bool = False) -> None:
        """Go to the next place of the word in the find bar; open the bar first if it is not there."""
        if self.find.winfo_manager():
            self.find.go_on(backwards=backwards)
        else:
            self.open_find()

    def show_check(self, checked: PackChecked | None) -> None:
        """Say in the line below what the check found; None while nothing is known."""
        words, ink = check_status(checked) if checked is not None else ("", "text3")
        if self.verdict.words != words:
            self.verdict.show(words, ink)

    def mark(self, checked: PackChecked | None) -> None:
        """Mark the mistakes in the text; None takes the marks away."""
        doubts = checked.warnings if checked is not None else ()
        problems = checked.errors if checked is not None else ()
        marks = [TextMark(one.line, one.column, "doubt") for one in doubts]
        self.text.mark([*marks, *(TextMark(one.line, one.column) for one in problems)])

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
        actions = self._actions
        if draft.theirs is not None:
            mine, theirs = (lambda: actions.settle(True)), (lambda: actions.settle(False))
            self.strip.tell(CHANGED, ("Keep mine", mine), ("Take theirs", theirs))
        elif draft.gone and not draft.refused:
            self.strip.tell(GONE, ("Write it again", actions.save))
        elif draft.refused:
            self.strip.tell(draft.refused, ("Try again", actions.save))
        else:
            self.strip.tell(draft.problem)
        if self.strip.text and not self.strip.winfo_manager():
            self.strip.pack(fill="x", after=self._rule)

    def _edited(self) -> None:
        self.completion.follow()
        self._actions.edited()

    def _moved(self) -> None:
        self.completion.moved()
        view = self.text.view
        self._place.show(f"line {view.line:,}, column {view.column}")
        self._actions.moved()
