"""A field for several lines of text, with the ring and the error line of the other fields."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...domain.base.colour_roles import Role
from . import icons, theme
from .basics import ground_of
from .scrollbar import ThinScrollbar
from .theme import RING


class TextField(tk.Canvas):
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
        self.ground: Role = ground or ground_of(parent)
        self._on_edit, self._hint, self._least, self._most, self._fill = on_edit, placeholder, least, most, fill
        self._face = theme.font(12, mono=True) if mono else theme.font(13)
        self._last, self._error, self._ring, self._hover = "", "", False, False
        self._m = theme.px(RING)
        super().__init__(parent, width=theme.px(80), height=1, bd=0, highlightthickness=0, takefocus=0)
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
            font=self._face,
            insertwidth=theme.px(2),
            takefocus=1,
        )
        self._line = self._face.metrics("linespace")
        self._pad = theme.px(8)
        self._window = self.create_window(self._m + self._pad, self._m + theme.px(6), window=self.field, anchor="nw")
        self._bar = ThinScrollbar(self, self._scroll_to, "raised")
        self._bar_window = self.create_window(0, self._m + theme.px(3), window=self._bar, anchor="ne", state="hidden")
        self._words = tk.Label(self.field, text=placeholder, bd=0, padx=0, pady=0, justify="left", cursor="xterm")
        self._wire()
        self._fit()
        theme.on_change(self._paint)

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

    def error(self, sentence: str) -> None:
        """Outline the field in the danger colour and say why below it; "" makes it well again."""
        if sentence != self._error:
            self._error = sentence
            self._fit()

    @property
    def problem(self) -> str:
        """The sentence below it."""
        return self._error

    def focus_set(self) -> None:
        """Put the cursor into the text."""
        self.field.focus_set()

    def _wire(self) -> None:
        field = self.field
        field.configure(yscrollcommand=self._scrolled)
        field.bind("<Tab>", lambda _event: self._leave(field.tk_focusNext()))
        field.bind("<Shift-Tab>", lambda _event: self._leave(field.tk_focusPrev()))
        if field.tk.call("tk", "windowingsystem") == "x11":
            field.bind("<ISO_Left_Tab>", lambda _event: self._leave(field.tk_focusPrev()))
        field.bind("<Control-a>", lambda _event: self._select_all())
        field.bind("<<Modified>>", lambda _event: self._modified())
        field.bind("<FocusIn>", lambda _event: self._focus(True))
        field.bind("<FocusOut>", lambda _event: self._focus(False))
        self._words.bind("<Button-1>", lambda _event: self.after_idle(field.focus_set))
        for hovered, event in ((True, "<Enter>"), (False, "<Leave>")):
            self.bind(event, lambda _event, on=hovered: self._hovered(on))  # type: ignore[misc]  # default binds it
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

    def _select_all(self) -> str:
        self.field.tag_add("sel", "1.0", "end-1c")
        return "break"

    def _leave(self, to: tk.Misc | None) -> str:
        if to is not None:
            to.focus_set()
        return "break"

    def _focus(self, on: bool) -> None:
        self._ring = on
        self._paint()

    def _hovered(self, on: bool) -> None:
        self._hover = on
        self._paint()

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

    def _paint(self) -> None:
        wide, m = self.winfo_width() - 2 * self._m, self._m
        if wide <= 0:
            return
        inner = self._rows * self._line
        if self._fill:
            inner = max(inner, self.winfo_height() - 2 * m - 2 * theme.px(6))
        high = inner + 2 * theme.px(6)
        self.delete("paint")
        self.configure(bg=theme.palette[self.ground])
        outline: Role = "danger" if self._error else "edge_hover" if self._hover else "edge"
        self._frame = icons.box(
            wide, high, fill="raised", outline=outline, ground=self.ground, margin=RING, ring=int(self._ring)
        )
        self.create_image(0, 0, image=self._frame, anchor="nw", tags="paint")
        self.itemconfigure(self._window, width=wide - 2 * self._pad, height=inner)
        self.coords(self._bar_window, m + wide - theme.px(1), m + theme.px(3))
        self.itemconfigure(self._bar_window, height=high - 2 * theme.px(3))
        ground = theme.palette["raised"]
        self.field.configure(
            bg=ground,
            fg=theme.palette["text"],
            insertbackground=theme.palette["text"],
            selectbackground=theme.palette["selection"],
            selectforeground=theme.palette["text"],
        )
        self._paint_hint(wide, ground)
        self._paint_error(wide, m, high + 2 * m)

    def _paint_hint(self, wide: int, ground: str) -> None:
        if self._hint and not self._last:
            self._words.configure(
                bg=ground, fg=theme.palette["text3"], font=self._face, wraplength=wide - 2 * self._pad
            )
            self._words.place(x=theme.px(2), y=0)
        else:
            self._words.place_forget()

    def _paint_error(self, wide: int, m: int, height: int) -> None:
        if self._error:
            self._warning = icons.icon("warning", 12, "danger", self.ground)
            self.create_image(m, height + theme.px(1), image=self._warning, anchor="nw", tags="paint")
            words = self.create_text(
                m + theme.px(18),
                height,
                text=self._error,
                font=theme.font(11),
                anchor="nw",
                fill=theme.palette["danger"],
                width=wide - theme.px(18),
                tags="paint",
            )
            height = self.bbox(words)[3] + theme.px(2)
        if not self._fill and int(self.cget("height")) != height:
            super().configure(height=height)
