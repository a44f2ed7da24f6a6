"""A field for several lines of text, with the ring and the error line of the other fields."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...domain.base.colour_roles import Role
from . import theme
from .field_box import FieldBox
from .scrollbar import ThinScrollbar


def bind_text_keys(text: tk.Text, take_tab: Callable[[], bool] = lambda: False) -> None:
    """Tab leaves a text unless `take_tab()` has used it, Shift+Tab goes back, Ctrl+A selects all."""

    def leave(to: tk.Misc | None) -> str:
        if to is not None:
            to.focus_set()
        return "break"

    def select_all(_event: tk.Event[tk.Misc]) -> str:
        text.tag_add("sel", "1.0", "end-1c")
        return "break"

    text.bind("<Control-a>", select_all)
    text.bind("<Tab>", lambda _event: "break" if take_tab() else leave(text.tk_focusNext()))
    x11 = text.tk.call("tk", "windowingsystem") == "x11"
    for key in ("<Shift-Tab>", *(("<ISO_Left_Tab>",) if x11 else ())):
        text.bind(key, lambda _event: leave(text.tk_focusPrev()))


class TextField(FieldBox):
    """Several lines. `on_edit(text)` after every change by the user; it is not called by `set`.

    It grows from `least` to `most` lines with what is in it, or with `fill` takes the height its parent gives it; a
    scrollbar comes when there is more. Tab leaves it. `mono` chooses the font of the pack editor. `field` is the inner
    text.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        on_edit: Callable[[str], object] | None = None,
        placeholder: str = "",
        least: int = 2,
        most: int = 8,
        fill: bool = False,
        mono: bool = False,
        ground: Role | None = None,
    ) -> None:
        self._on_edit, self._least, self._most, self._fills, self._last = on_edit, least, most, fill, ""
        self._has_hint = bool(placeholder)
        self._face = face = theme.font(12, mono=True) if mono else theme.font(13)
        super().__init__(parent, width=80, height=1, ground=ground)
        self.field = tk.Text(
            self,
            wrap="word",
            undo=True,
            maxundo=-1,
            bd=0,
            highlightthickness=0,
            width=1,
            height=least,
            padx=0,
            pady=0,
            font=face,
            insertwidth=theme.px(2),
            takefocus=1,
        )
        self._line, self._rows, self._pad = face.metrics("linespace"), least, theme.px(8)
        self._hold(self.field, face, placeholder)
        self._bar = ThinScrollbar(self, self._scroll_to, "raised")
        self._bar_window = self.create_window(0, self._m + theme.px(3), window=self._bar, anchor="ne", state="hidden")
        self._wire()
        self._fit()

    def _corner(self) -> tuple[int, int]:
        return self._m + self._pad, self._m + theme.px(6)

    def remeasure(self) -> None:
        self._line, self._pad = self._face.metrics("linespace"), theme.px(8)
        super().remeasure()

    def get(self) -> str:
        """The text."""
        return self.field.get("1.0", "end-1c")

    @property
    def words(self) -> str:
        """The text in one line."""
        return " ".join(self.get().split())

    def set(self, text: str) -> None:
        """Replace the text without calling anybody, unless it is the same."""
        if text != self.get():
            self.field.replace("1.0", "end", text) if text else self.field.delete("1.0", "end")
            self.field.edit_reset()
        self._last = text
        self._fit()

    def _wire(self) -> None:
        field = self.field
        field.configure(yscrollcommand=self._scrolled)
        bind_text_keys(field)
        field.bind("<<Modified>>", lambda _event: self._modified())
        # The lines wrap anew once the inner text has its width, a moment after the frame around it.
        for widget in (self, field):
            widget.bind("<Configure>", lambda _event: self._fit())

    def _modified(self) -> None:
        if not self.field.edit_modified():
            return
        self.field.edit_modified(False)
        text = self.get()
        if text != self._last:
            self._last = text
            self._fit()
            if self._on_edit is not None:
                self._on_edit(text)

    def _fit(self) -> None:
        """Be as high as the lines, wrapped as they are."""
        lines = self.field.count("1.0", "end", "displaylines") if self.winfo_width() > 1 else None
        shown = lines[0] if isinstance(lines, tuple) else lines or self.get().count("\n") + 1
        self._rows = min(max(int(shown), self._least), self._most)
        self._paint()

    def _scrolled(self, first: float, last: float) -> None:
        # Tk sends texts here; the bar wants lengths, and thousandths will do.
        top, end = float(first), float(last)
        self._bar.show(top * 1000, (end - top) * 1000, 1000)
        self.itemconfigure(self._bar_window, state="normal" if end - top < 1 else "hidden")

    def _scroll_to(self, top: float) -> None:
        self.field.yview_moveto(top / 1000)

    def _fill(self, wide: int) -> int:
        inner, edges = self._rows * self._line, 2 * theme.px(6)
        if self._fills:
            inner = max(inner, self.winfo_height() - 2 * self._m - edges)
        self.itemconfigure(self._window, width=wide - 2 * self._pad, height=inner)
        self.coords(self._bar_window, self._m + wide - theme.px(1), self._m + theme.px(3))
        self.itemconfigure(self._bar_window, height=inner + edges - 2 * theme.px(3))
        self._hint.configure(wraplength=wide - 2 * self._pad)
        return inner + edges

    def _show_hint(self) -> None:
        if self._has_hint and not self._last:
            self._hint.place(x=theme.px(2), y=0)
        else:
            self._hint.place_forget()

    def _set_height(self, height: int) -> None:
        if not self._fills:
            super()._set_height(height)
