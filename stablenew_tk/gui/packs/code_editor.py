"""A text editor for packs: line numbers, syntax colours, marks of mistakes, find, unlimited undo."""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from ...app.packs.wording import Severity
from ...domain.prompts.highlighting import unit_at
from ..widgets import theme
from ..widgets.basics import Box
from ..widgets.page_frame import DeferringBox
from ..widgets.scrollbar import TextScrollbar
from ..widgets.text_field import bind_text_keys
from .code_decoration import MARK_TAGS, Gutter, SyntaxPainter

_TAG = "StableNewPackText"
# Tk moves the cursor or deletes by these as Emacs does; here they mean something else, or nothing.
_EMACS = "bdefhiknopt"
# Everything about the view in one call. Each call from Python lets the other threads in, for 5 ms at a time.
_VIEW = """
proc ::stablenew_pack_view {w} {
    set first [lindex [split [$w index @0,0] .] 0]
    set last [lindex [split [$w index @0,[winfo height $w]] .] 0]
    set total [lindex [split [$w index end-1c] .] 0]
    set rows {}
    for {set n $first} {$n <= $last} {incr n} {
        set box [$w dlineinfo $n.0]
        if {$box ne {}} {
            lappend rows $n [expr {[lindex $box 1] + [lindex $box 4]}]
        }
    }
    return [list $first $total [$w index insert] [$w get $first.0 $last.end] $rows]
}
proc ::stablenew_pack_changed {w tell} {
    if {[$w edit modified]} {
        $w edit modified 0
        $tell [::stablenew_pack_view $w]
    }
}
"""

_MOST_MARKED = 300  # lines; nobody mends more one by one


class TextMark(Struct, frozen=True):
    """A mistake or doubt at a place of the text; line and column count from 1."""

    line: int
    column: int
    kind: Severity = "problem"


class View(Struct, frozen=True):
    """The part of the text in sight: number of its first line, number of all lines, the cursor (from 1), the lines.

    `rows` gives each line's number with the pixel of the foot of its letters.
    """

    first: int
    total: int
    line: int
    column: int
    lines: tuple[str, ...]
    rows: tuple[tuple[int, int], ...]


class PackText(DeferringBox):
    """An editor for plain text. `text` is the inner widget, for extra keys.

    `on_edit()` is called after every change by the user, `on_move()` after every move of the cursor.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        on_edit: Callable[[], object] = lambda: None,
        on_move: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(parent, "bg")
        self.on_edit, self.on_move = on_edit, on_move
        self._is_stale = self._is_filling = self._ring = self._is_quiet = False
        self._cursor = ""
        self.view = View(1, 1, 1, 1, (), ())
        self.take_tab: Callable[[], bool] = lambda: False  # True when it has used the Tab key, which else leaves
        frame = Box(self, "bg")
        frame.pack(fill="both", expand=True, padx=theme.px(2), pady=theme.px(2))
        self.gutter = Gutter(frame, "bg")
        self.gutter.pack(side="left", fill="y")
        self.text = tk.Text(
            frame,
            wrap="word",
            undo=True,
            maxundo=-1,
            autoseparators=True,
            bd=0,
            highlightthickness=0,
            width=20,
            height=4,
            padx=theme.px(4),
            pady=theme.px(8),
            insertwidth=theme.px(2),
            font=theme.font(13, mono=True),
            spacing1=theme.px(2),
            spacing2=theme.px(3),
            spacing3=theme.px(2),
            takefocus=1,
        )
        TextScrollbar(frame, self.text, "bg", self.refresh_soon).pack(side="right", fill="y")
        self.text.pack(side="left", fill="both", expand=True)
        self.painter = SyntaxPainter(self.text)
        self.text.tk.eval(_VIEW)
        self._wire()
        self._recolour_text()
        theme.on_change(self._recolour_text)

    # ---- what there is

    def get(self) -> str:
        """The whole text."""
        return self.text.get("1.0", "end-1c")

    def show(self, content: str, *, keep_place: bool = False) -> None:
        """Replace the text without calling back; undo begins anew. `keep_place` leaves cursor and view."""
        at, top = self.text.index("insert"), self.text.yview()[0]
        self._is_filling = True
        self.text.replace("1.0", "end", content) if content else self.text.delete("1.0", "end")
        self._is_filling = False
        self.text.edit_reset()
        self.text.edit_modified(False)
        self.text.mark_set("insert", at if keep_place else "1.0")
        if keep_place:
            self.text.yview_moveto(top)
        else:
            self.text.yview("1.0")
        self.painter.forget()
        self.refresh()

    def mark(self, marks: Iterable[TextMark]) -> None:
        """Underline the words at these places and put a sign beside their lines."""
        lines: dict[int, Severity] = {}
        script = [f"{self.text} tag remove {tag} 1.0 end" for tag in MARK_TAGS[:2]]
        for mark in marks:
            if len(lines) < _MOST_MARKED:
                line = self.text.get(f"{mark.line}.0", f"{mark.line}.end")
                begin, end = (self.painter.column(line, at) for at in unit_at(line, mark.column - 1))
                script.append(f"{self.text} tag add {mark.kind} {mark.line}.{begin} {mark.line}.{end}")
            if lines.get(mark.line) != "problem":
                lines[mark.line] = mark.kind
        self.text.tk.eval("\n".join(script))
        self.gutter.mark(lines)

    def go_to(self, line: int, column: int = 1, *, focus: bool = True) -> None:
        """Put the cursor there, in sight, and with `focus` the keyboard into the text."""
        self.text.tag_remove("sel", "1.0", "end")
        words = self.text.get(f"{line}.0", f"{line}.end")
        self.text.mark_set("insert", f"{line}.{self.painter.column(words, max(0, column - 1))}")
        self.text.see("insert")
        if focus:
            self.focus_set(quiet=True)
        self.refresh()

    def choose_line(self, line: int, *, chosen: bool) -> None:
        """Go to a line; `chosen`: its words are selected, so that the next key replaces them."""
        self.go_to(line)
        if chosen:
            self.text.tag_add("sel", "insert linestart", "insert lineend")

    def before(self) -> str:
        """The current line up to the cursor."""
        at = self.view.line - self.view.first
        line = self.view.lines[at] if 0 <= at < len(self.view.lines) else None
        if line is None or not line.isascii():
            return self.text.get("insert linestart", "insert")
        return line[: self.view.column - 1]

    def after_cursor(self) -> str:
        """The current line from the cursor on."""
        return self.text.get("insert", "insert lineend")

    def put(self, words: str, *, back: int = 0, ahead: int = 0) -> None:
        """Write at the cursor, in place of so many characters before and after it, as one step of undo."""
        chosen = self.text.tag_ranges("sel")
        start, end = (str(chosen[0]), str(chosen[1])) if chosen else (f"insert -{back}c", f"insert +{ahead}c")
        self.text.edit_separator()
        # Tk counts a deletion and an insertion as two steps, this as one.
        self.text.replace(start, end, words)
        self.text.edit_separator()
        self.text.see("insert")
        self._modified()

    def append(self, block: str) -> None:
        """Write a block at the end, a blank line before it, and go there."""
        rest = len(self.text.get("1.0", "end-1c").rstrip("\n"))
        self.text.edit_separator()
        self.text.replace(f"1.0 +{rest}c", "end-1c", f"\n\n{block}" if rest else block)
        self.text.edit_separator()
        line = int(self.text.index(f"1.0 +{rest + 2 if rest else 0}c").partition(".")[0])
        self._modified()
        self.go_to(line)

    def find(self, word: str, *, backwards: bool = False) -> tuple[int, int]:
        """Go to the next place of this word, in any case, and mark it. (which, of how many), (0, 0) for none."""
        text, before = self.text, self.text.tag_ranges("found")
        text.tag_remove("found", "1.0", "end")
        found = text.tk.call(text, "search", "-all", "-nocase", "--", word, "1.0", "end") if word else ()
        places = [str(place) for place in text.tk.splitlist(found)]
        if not places:
            return 0, 0
        start = _position(str(before[0]) if backwards and before else text.index("insert"))
        if backwards:
            at = max((n for n, place in enumerate(places) if _position(place) < start), default=len(places) - 1)
        else:
            at = min((n for n, place in enumerate(places) if _position(place) >= start), default=0)
        begin = places[at]
        end = f"{begin} +{len(word)}c"
        self.text.tag_add("found", begin, end)
        self.text.mark_set("insert", begin if backwards else end)
        self.text.see(begin)
        self.refresh()
        return at + 1, len(places)

    def stop_finding(self) -> None:
        """Remove the mark of what was found."""
        self.text.tag_remove("found", "1.0", "end")

    def focus_set(self, *, quiet: bool = False) -> None:
        """Put the cursor into the text; `quiet` without the frame that shows where the keyboard has come to."""
        self._is_quiet = quiet
        self.text.focus_set()

    def undo(self, *, redo: bool = False) -> str:
        """Take the last change back, or bring it back."""
        with contextlib.suppress(tk.TclError):  # there is nothing to take back
            self.text.edit_redo() if redo else self.text.edit_undo()
        self._modified()
        self.text.see("insert")
        self.refresh()
        return "break"

    # ---- drawing

    def refresh(self) -> None:
        """Draw numbers and colours for what is in sight now."""
        self._take(self.text.tk.call("::stablenew_pack_view", self.text))

    def _take(self, view: Sequence[str]) -> None:
        """Draw for what Tcl says about the view."""
        self._is_stale = False
        first, total, cursor, words, rows = view
        line, column = _position(str(cursor))
        numbers = [int(one) for one in self.text.tk.splitlist(rows)]
        pairs = tuple(zip(numbers[::2], numbers[1::2], strict=True))
        self.view = View(int(first), int(total), line, column + 1, tuple(str(words).split("\n")), pairs)
        self.painter.paint(self.view.first, self.view.lines, self.view.total)
        self.gutter.show(pairs, self.view.line, self.view.total)
        if cursor != self._cursor:
            self._moved(str(cursor))

    def _moved(self, cursor: str) -> None:
        if self._cursor.partition(".")[0] != cursor.partition(".")[0]:
            self.text.tk.eval(
                f"{self.text} tag remove line 1.0 end\n{self.text} tag add line {{insert linestart}} "
                f"{{insert lineend +1c}}"
            )
        self._cursor = cursor
        self.on_move()

    def refresh_soon(self) -> None:
        """The same once for all that happens in this turn of the loop, unless a key has done it meanwhile."""
        self._is_stale = True
        self.later("refresh", 0, self._refresh_if_stale)

    def _refresh_if_stale(self) -> None:
        if self._is_stale:
            self.refresh()

    def _recolour_text(self) -> None:
        self.configure(bg=theme.palette["focus" if self._ring else "bg"])
        self.text.configure(
            bg=theme.palette["bg"],
            fg=theme.palette["text"],
            insertbackground=theme.palette["text"],
            selectbackground=theme.palette["switch_track"],
            selectforeground=theme.palette["text"],
            inactiveselectbackground=theme.palette["raised2"],
        )
        self.painter.recolour()

    # ---- what happens

    def _wire(self) -> None:
        text = self.text
        # The window hears its shortcuts before Tk's own bindings of a text, which would move the cursor as well.
        text.bindtags((str(text), str(text.winfo_toplevel()), _TAG, "Text", f"{_TAG}After", "all"))
        for letter in _EMACS:
            text.bind_class(_TAG, f"<Control-{letter}>", lambda _event: "break")
        # Keys that move the cursor; those that write are told by Tk itself.
        for key in ("Up", "Down", "Left", "Right", "Home", "End", "Prior", "Next", "Control-Key", "ButtonRelease-1"):
            text.bind_class(f"{_TAG}After", f"<{key}>", _after)
        for key, redo in (("<Control-z>", False), ("<Control-y>", True), ("<Control-Z>", True)):
            text.bind(key, lambda _event, redo=redo: self.undo(redo=redo))  # type: ignore[misc]  # default binds it
        bind_text_keys(text, lambda: self.take_tab())
        # By hand, because the view comes along: with another thread at work every call from here into Tk may cost
        # 5 ms, so a key is to need few of them.
        told = self.register(self._changed)
        text.tk.call("bind", text, "<<Modified>>", f"::stablenew_pack_changed %W {told}")
        text.bind("<Configure>", lambda _event: self.refresh_soon(), add="+")
        text.bind("<FocusIn>", lambda _event: self._focus(True), add="+")
        text.bind("<ButtonPress-1>", self._pressed, add="+")
        text.bind("<FocusOut>", lambda _event: self._focus(False), add="+")
        self.gutter.bind("<Button-1>", self._number_clicked)
        for event, rows in (("<Button-4>", -3), ("<Button-5>", 3)):
            self.gutter.bind(event, lambda _event, rows=rows: text.yview_scroll(rows, "units"))  # type: ignore[misc]

    def _modified(self) -> None:
        """Tell of a change made by a method of this class at once, without waiting for Tk's event."""
        if self.text.edit_modified():
            self.text.edit_modified(False)
            self.refresh()
            self.on_edit()

    def _changed(self, view: str) -> None:
        """Take in a change by a key, the mouse or undo."""
        if self._is_filling:
            return
        if self._ring:
            # Whoever types sees where: the cursor and its line are marked, and a frame all around only disturbs.
            self._focus(False)
        self._take(self.text.tk.splitlist(view))
        self.on_edit()

    def _number_clicked(self, event: tk.Event[tk.Misc]) -> str:
        self.go_to(int(self.text.index(f"@0,{event.y}").partition(".")[0]))
        return "break"

    def _focus(self, on: bool) -> None:
        self._ring = on and not self._is_quiet
        self._is_quiet = self._is_quiet and on
        self.configure(bg=theme.palette["focus" if self._ring else "bg"])

    def _pressed(self, _event: tk.Event[tk.Misc]) -> None:
        self._is_quiet = True
        self._focus(True)


def _after(event: tk.Event[tk.Misc]) -> None:
    editor = event.widget.master.master if event.widget.master is not None else None
    if isinstance(editor, PackText):
        editor.refresh_soon()


def _position(index: str) -> tuple[int, int]:
    line, _, column = index.partition(".")
    return int(line), int(column)
