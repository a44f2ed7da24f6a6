"""Boxes over the page that wait for an answer: questions with verbs on their buttons, and the base of the file chooser.

They stand inside the window, move with it and never come between other programs. While one is open, keys and clicks
reach only what is in it.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct

from . import theme
from .basics import Box, Button, Label
from .basics import Kind as ButtonKind

_WIDTH = 460  # px of a question


class ModalBox(Box):
    """A box in the middle of its window. Subclasses fill `body`, then call `open`; `close` takes it away for good.

    Esc, and a window that is closed, call `dismiss`, which subclasses may extend: the harmless answer.
    """

    def __init__(self, parent: tk.Misc, *, width: int, height: int = 0) -> None:
        """Width and height in px of the design; height 0 = that of what is in it."""
        super().__init__(parent.winfo_toplevel(), "edge")
        self.body = Box(self, "surface")
        self.body.pack(fill="both", expand=True, padx=1, pady=1)
        self._wanted = theme.px(width), theme.px(height)
        self._back: tk.Misc | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an answer."""
        return bool(self.winfo_exists()) and bool(self.winfo_manager())

    def open(self, focus: tk.Misc) -> None:
        """Show it with the keyboard on `focus`."""
        self._back = self.winfo_toplevel().focus_get()
        self._place()
        self.lift()
        self._take_keys(self)
        self.update_idletasks()
        self.grab_set()
        focus.focus_force()

    def close(self) -> None:
        """Take it away and give the keyboard back to where it was."""
        if not self.winfo_exists():
            return
        window, back = self.winfo_toplevel(), self._back
        self.grab_release()
        self.destroy()
        for below in open_boxes(window)[-1:]:
            below.grab_set()
        if back is not None and theme.alive(back):
            back.focus_force()

    def dismiss(self) -> None:
        """Close without doing anything."""
        self.close()

    def _place(self) -> None:
        window, edge = self.winfo_toplevel(), 2 * theme.px(theme.PAD)
        width, height = self._wanted
        room = max(1, window.winfo_width() - edge), max(1, window.winfo_height() - edge)
        self.place(relx=0.5, rely=0.5 if height else 0.45, anchor="center", width=min(width, room[0]))
        if height:
            self.place(height=min(height, room[1]))

    def _take_keys(self, widget: tk.Misc) -> None:
        """Let no key of what is in it reach the window, whose keys belong to the pages."""
        window = str(self.winfo_toplevel())
        widget.bindtags(tuple(tag for tag in widget.bindtags() if tag != window))
        widget.bind("<Escape>", lambda _event: self._dismissed())
        widget.bind("<Tab>", lambda _event: self._step(1))
        for key in ("<Shift-Tab>", *(("<ISO_Left_Tab>",) if self._x11 else ())):
            widget.bind(key, lambda _event: self._step(-1))
        for child in widget.winfo_children():
            self._take_keys(child)

    @property
    def _x11(self) -> bool:
        return str(self.tk.call("tk", "windowingsystem")) == "x11"

    def _dismissed(self) -> str:
        self.dismiss()
        return "break"

    def _step(self, way: int) -> str:
        stops = list(_stops(self))
        here = self.focus_get()
        at = stops.index(here) if here in stops else -1
        if stops:
            stops[(at + way) % len(stops)].focus_set()
        return "break"


def _stops(widget: tk.Misc) -> Sequence[tk.Misc]:
    """What Tab comes to inside a widget, in the order of making."""
    found: list[tk.Misc] = []
    for child in widget.winfo_children():
        taken = child.winfo_viewable() and str(child.cget("takefocus")) not in ("", "0", "False")
        found += [child] if taken else []
        found += _stops(child)
    return found


def open_boxes(window: tk.Misc) -> list[ModalBox]:
    """The boxes that wait for an answer in this window, the one on top last."""
    return [child for child in window.winfo_children() if isinstance(child, ModalBox) and child.is_open]


class Decision(Struct, frozen=True):
    """One button of a question: a verb, and what it does. The `main` one has the keyboard at first."""

    words: str
    act: Callable[[], object]
    main: bool = False


class QuestionBox(ModalBox):
    """A question over the page. The last answer is the harmless one: Esc and closing the window give it.

    The answer acts once the box has gone. Left and Right go from button to button, Return takes the one with the ring,
    which is the `main` answer, or the harmless one where none is.
    """

    def __init__(self, parent: tk.Misc, title: str, text: str, answers: Sequence[Decision]) -> None:
        super().__init__(parent, width=_WIDTH)
        self.title, self.text, self._answers = title, text, tuple(answers)
        side = theme.px(20)
        Label(self.body, title, size=15, bold=True, wrap=True).pack(fill="x", padx=side, pady=(theme.px(18), 0))
        Label(self.body, text, ink="text2", wrap=True).pack(fill="x", padx=side, pady=(theme.px(8), theme.px(16)))
        foot = Box(self.body)
        foot.pack(fill="x", padx=side - theme.px(theme.RING), pady=(0, theme.px(16)))
        self.buttons = [Button(foot, one.words, self._closing(one), kind=_kind(one)) for one in self._answers]
        wide = sum(button.winfo_reqwidth() for button in self.buttons) > theme.px(_WIDTH) - 2 * side
        for button in self.buttons if wide else self.buttons[::-1]:
            # Side by side where they fit, the first at the left end of them; else one below the other.
            button.pack(**({"fill": "x"} if wide else {"side": "right"}))  # type: ignore[arg-type]
        for at, button in enumerate(self.buttons):
            for key, step in (("<Left>", -1), ("<Right>", 1), ("<Up>", -1), ("<Down>", 1)):
                button.bind(key, lambda _event, to=at + step: self._go(to))  # type: ignore[misc]  # default binds it
        first = next((at for at, one in enumerate(self._answers) if one.main), len(self._answers) - 1)
        self.open(self.buttons[first])

    def dismiss(self) -> None:
        """Give the harmless answer."""
        self._closing(self._answers[-1])()

    def _closing(self, answer: Decision) -> Callable[[], None]:
        def act() -> None:
            if self.is_open:
                self.close()
                answer.act()

        return act

    def _go(self, to: int) -> str:
        self.buttons[to % len(self.buttons)].focus_set()
        return "break"


def _kind(answer: Decision) -> ButtonKind:
    return "main" if answer.main else "plain"


def nothing() -> None:
    """What the harmless answer does."""
