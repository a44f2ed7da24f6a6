"""The text of a pack to be written: line numbers, colours, the current line, undo without end."""

from __future__ import annotations

import contextlib
import re
import tkinter as tk
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from msgspec import Struct

from ..widgets import theme
from ..widgets.basics import Box
from ..widgets.scrollbar import ThinScrollbar
from .line_numbers import Doubt, Gutter
from .syntax_colours import MARKS, Painter

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


# What is underlined where a mistake begins: a whole tag, slot, wildcard or choice, else a word.
_WORD = re.compile(r"<[^<>\n]*>|\[\[[^\[\]]*\]\]|__[^\s]*?__|\$?\{[^{}]*\}|[^\s,]+|.")
_MOST_MARKS = 300  # lines; more are not mended one by one


class TextMark(Struct, frozen=True):
    """Something at a place of the text; line and column count from 1."""

    line: int
    column: int
    kind: Doubt = "problem"


class View(Struct, frozen=True):
    """What of the text is in sight: the number of its first line, the lines, and where the cursor is (from 1)."""

    first: int
    total: int
    line: int
    column: int
    lines: tuple[str, ...]
    rows: tuple[tuple[int, int], ...]


class PackText(Box):
    """An editor for plain text. `on_edit()` follows every change by the user, `on_move()` every move of the cursor.

    Both come at most once for each turn of the loop. `text` is the inner widget, for extra keys.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        on_edit: Callable[[], object] = lambda: None,
        on_move: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(parent, "bg")
        self._on_edit, self._on_move = on_edit, on_move
        self._later, self._is_stale, self._is_filling, self._ring, self._is_quiet = "", False, False, False, False
        self._place, self._high = "", 1
        self.view = View(1, 1, 1, 1, (), ())
        self.take_tab: Callable[[], bool] = lambda: False  # True when Tab has meant something else than to leave
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
        self._bar = ThinScrollbar(frame, self._dragged, "bg")
        self._bar.pack(side="right", fill="y")
        self.text.pack(side="left", fill="both", expand=True)
        self.painter = Painter(self.text)
        self.text.tk.eval(_VIEW)
        self._wire()
        self._dress()
        theme.on_change(self._dress)

    # ---- what there is

    def get(self) -> str:
        """The whole text."""
        return self.text.get("1.0", "end-1c")

    def show(self, content: str, *, keep_place: bool = False) -> None:
        """Show another text; nobody is told. Undo begins anew. `keep_place`: cursor and view stay where they are."""
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

    def mark(self, places: Iterable[TextMark]) -> None:
        """Underline the words at these places and put a sign beside their lines."""
        marks: dict[int, Doubt] = {}
        script = [f"{self.text} tag remove {mark} 1.0 end" for mark in MARKS[:2]]
        for place in places:
            if len(marks) < _MOST_MARKS:
                line = self.text.get(f"{place.line}.0", f"{place.line}.end")
                begin, end = (self.painter.column(line, at) for at in _word_at(line, place.column - 1))
                script.append(f"{self.text} tag add {place.kind} {place.line}.{begin} {place.line}.{end}")
            if marks.get(place.line) != "problem":
                marks[place.line] = place.kind
        self.text.tk.eval("\n".join(script))
        self.gutter.mark(marks)

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
        """Write at the cursor, in place of so many characters before and behind it, as one step of undo."""
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
        """Go to the next place with this word and mark it; (which, of how many), (0, 0) for none."""
        before = self.text.tag_ranges("found")
        self.text.tag_remove("found", "1.0", "end")
        places = self._places(word)
        if not places:
            return 0, 0
        start = str(before[0]) if backwards and before else self.text.index("insert")
        at = _next(places, start, backwards)
        begin = places[at]
        end = f"{begin} +{len(word)}c"
        self.text.tag_add("found", begin, end)
        self.text.mark_set("insert", begin if backwards else end)
        self.text.see(begin)
        self.refresh()
        return at + 1, len(places)

    def stop_finding(self) -> None:
        """Take the mark of what was found away."""
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

    def destroy(self) -> None:
        """Stop what was to be done later and go."""
        if self._later:
            self.after_cancel(self._later)
        super().destroy()

    # ---- drawing

    def refresh(self) -> None:
        """Bring numbers and colours up to what is in sight now."""
        self._take(self.text.tk.call("::stablenew_pack_view", self.text))

    def _take(self, view: Sequence[str]) -> None:
        """Draw for what Tcl says about the view."""
        self._is_stale = False
        first, total, cursor, words, rows = view
        line, _, column = str(cursor).partition(".")
        numbers = [int(one) for one in self.text.tk.splitlist(rows)]
        pairs = tuple(zip(numbers[::2], numbers[1::2], strict=True))
        self.view = View(int(first), int(total), int(line), int(column) + 1, tuple(str(words).split("\n")), pairs)
        self.painter.paint(self.view.first, self.view.lines, self.view.total)
        self.gutter.show(pairs, self.view.line, self.view.total)
        if cursor != self._place:
            self._moved(str(cursor))

    def _moved(self, cursor: str) -> None:
        if self._place.partition(".")[0] != cursor.partition(".")[0]:
            self.text.tk.eval(
                f"{self.text} tag remove line 1.0 end\n{self.text} tag add line {{insert linestart}} "
                f"{{insert lineend +1c}}"
            )
        self._place = cursor
        self._on_move()

    def _soon(self) -> None:
        self._is_stale = True
        if not self._later:
            self._later = self.after_idle(self._refresh_later)

    def _refresh_later(self) -> None:
        self._later = ""
        if self._is_stale:
            self.refresh()

    def _dress(self) -> None:
        self.configure(bg=theme.colour("focus" if self._ring else "bg"))
        self.text.configure(
            bg=theme.colour("bg"),
            fg=theme.colour("text"),
            insertbackground=theme.colour("text"),
            selectbackground=theme.colour("switch_track"),
            selectforeground=theme.colour("text"),
            inactiveselectbackground=theme.colour("raised2"),
        )
        self.painter.recolour()

    # ---- what happens

    def _wire(self) -> None:
        text = self.text
        text.configure(yscrollcommand=self._scrolled)
        # The window hears its shortcuts before Tk's own bindings of a text, which would move the cursor as well.
        text.bindtags((str(text), str(text.winfo_toplevel()), _TAG, "Text", f"{_TAG}After", "all"))
        for letter in _EMACS:
            text.bind_class(_TAG, f"<Control-{letter}>", lambda _event: "break")
        # Keys that move the cursor; those that write are told by Tk itself.
        for key in ("Up", "Down", "Left", "Right", "Home", "End", "Prior", "Next", "Control-Key", "ButtonRelease-1"):
            text.bind_class(f"{_TAG}After", f"<{key}>", _after)
        for key, redo in (("<Control-z>", False), ("<Control-y>", True), ("<Control-Z>", True)):
            text.bind(key, lambda _event, redo=redo: self.undo(redo=redo))  # type: ignore[misc]  # default binds it
        text.bind("<Control-a>", lambda _event: self._select_all())
        text.bind("<Tab>", lambda _event: "break" if self.take_tab() else self._leave(text.tk_focusNext()))
        x11 = text.tk.call("tk", "windowingsystem") == "x11"
        for key in ("<Shift-Tab>", *(("<ISO_Left_Tab>",) if x11 else ())):
            text.bind(key, lambda _event: self._leave(text.tk_focusPrev()))
        # By hand, because the view comes along: with another thread at work every call from here into Tk may cost
        # 5 ms, so a key is to need few of them.
        told = self.register(self._changed)
        text.tk.call("bind", text, "<<Modified>>", f"::stablenew_pack_changed %W {told}")
        text.bind("<Configure>", self._resized, add="+")
        text.bind("<FocusIn>", lambda _event: self._focus(True), add="+")
        text.bind("<ButtonPress-1>", self._pressed, add="+")
        text.bind("<FocusOut>", lambda _event: self._focus(False), add="+")
        self.gutter.bind("<Button-1>", self._number_clicked)
        for event, rows in (("<Button-4>", -3), ("<Button-5>", 3)):
            self.gutter.bind(event, lambda _event, rows=rows: text.yview_scroll(rows, "units"))  # type: ignore[misc]

    def _modified(self) -> None:
        """Something was changed by a verb of ours: nobody need wait for Tk to say so."""
        if self.text.edit_modified():
            self.text.edit_modified(False)
            self.refresh()
            self._on_edit()

    def _changed(self, view: str) -> None:
        """Tk says that something was changed by a key, the mouse, or undo."""
        if self._is_filling:
            return
        if self._ring:
            # Whoever types sees where: the cursor and its line are marked, and a frame all around only disturbs.
            self._focus(False)
        self._take(self.text.tk.splitlist(view))
        self._on_edit()

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        self._high = event.height
        self._soon()

    def _scrolled(self, first: float, last: float) -> None:
        top, part = float(first), float(last) - float(first)  # Tk hands texts over
        high = float(self._high)
        if not 0 < part < 1:
            self._bar.show(0, high, high)
        else:
            # Rounded, for Tk's guesses about lines out of sight change a little with every key.
            self._bar.show(round(top * high / part, -1), high, round(high / part + 10, -1))
        self._soon()

    def _dragged(self, top: float) -> None:
        part = self.text.yview()
        whole = self.text.winfo_height() / max(part[1] - part[0], 1e-6)
        self.text.yview_moveto(max(0.0, top / whole))

    def _number_clicked(self, event: tk.Event[tk.Misc]) -> str:
        self.go_to(int(self.text.index(f"@0,{event.y}").partition(".")[0]))
        return "break"

    def _select_all(self) -> str:
        self.text.tag_add("sel", "1.0", "end-1c")
        return "break"

    def _leave(self, to: tk.Misc | None) -> str:
        if to is not None:
            to.focus_set()
        return "break"

    def _focus(self, on: bool) -> None:
        self._ring = on and not self._is_quiet
        self._is_quiet = self._is_quiet and on
        self.configure(bg=theme.colour("focus" if self._ring else "bg"))

    def _pressed(self, _event: tk.Event[tk.Misc]) -> None:
        self._is_quiet = True
        self._focus(True)

    def _places(self, word: str) -> Sequence[str]:
        """All places where a word stands, capitals or not."""
        if not word:
            return ()
        call = (self.text, "search", "-all", "-nocase", "--", word, "1.0", "end")
        return cast("Sequence[str]", tuple(map(str, self.text.tk.splitlist(self.text.tk.call(*call)))))


def _after(event: tk.Event[tk.Misc]) -> None:
    owner = event.widget.master.master if event.widget.master is not None else None
    if isinstance(owner, PackText):
        owner._soon()


def _word_at(line: str, at: int) -> tuple[int, int]:
    """Beginning and end of what stands at a character of a line; the whole line where nothing does."""
    found = _WORD.match(line, at) if 0 <= at < len(line) else None
    return (found.start(), found.end()) if found is not None and found[0].strip() else (0, len(line))


def _next(places: Sequence[str], start: str, backwards: bool) -> int:
    def spot(index: str) -> tuple[int, int]:
        line, _, column = index.partition(".")
        return int(line), int(column)

    if backwards:
        earlier = [n for n, place in enumerate(places) if spot(place) < spot(start)]
        return earlier[-1] if earlier else len(places) - 1
    return next((n for n, place in enumerate(places) if spot(place) >= spot(start)), 0)
