"""A thin scrollbar for what is drawn on a canvas: a thumb of six pixels that can be dragged, no arrows."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...domain.base.colour_roles import Role
from . import theme

BAR = 10  # px: how wide a scrollbar is; it lies over what it scrolls
_LEAST_THUMB = 28


class ThinScrollbar(tk.Canvas):
    """Shows which part of `whole` pixels is in view; calls `moved(top)` with the new first pixel while dragged."""

    def __init__(self, parent: tk.Misc, moved: Callable[[float], None], ground: Role = "bg") -> None:
        self._ground, self._moved = ground, moved
        self._top = self._view = self._whole = 0.0
        self._grip: float | None = None
        super().__init__(parent, width=theme.px(BAR), bd=0, highlightthickness=0, takefocus=0)
        self._thumb = self.create_rectangle(0, 0, 0, 0, width=0, state="hidden")
        for event, answer in (
            ("<ButtonPress-1>", self._press),
            ("<B1-Motion>", self._drag),
            ("<ButtonRelease-1>", self._release),
            ("<Configure>", self._place),
            ("<Enter>", self._recolour_event),
            ("<Leave>", self._recolour_event),
        ):
            self.bind(event, answer)
        theme.on_change(self._recolour)
        self._recolour()

    def show(self, top: float, view: float, whole: float) -> None:
        """Say what is in view, in pixels."""
        if (top, view, whole) != (self._top, self._view, self._whole):
            self._top, self._view, self._whole = top, view, whole
            self._place()

    def follow(self, top: float, view: int, whole: int) -> int:
        """Stand at the right edge of the parent while there is more than fits; gives the first pixel that can be."""
        first = max(0, min(round(top), whole - view))
        if whole > view > 1:
            self.place(relx=1, rely=0, relheight=1, anchor="ne")
            self.show(first, view, whole)
        else:
            self.place_forget()
        return first

    def _span(self) -> tuple[float, float]:
        height = float(self.winfo_height())
        length = max(float(theme.px(_LEAST_THUMB)), height * self._view / max(self._whole, 1.0))
        free = max(0.0, height - length)
        at = free * self._top / max(1.0, self._whole - self._view)
        return at, at + length

    def _place(self, _event: object = None) -> None:
        if self._whole <= self._view or self._view <= 0:
            self.itemconfigure(self._thumb, state="hidden")
            return
        low, high = self._span()
        self.coords(self._thumb, theme.px(2), low + 2, theme.px(8), high - 2)
        self.itemconfigure(self._thumb, state="normal")

    def _press(self, event: tk.Event[tk.Misc]) -> None:
        low, high = self._span()
        self._grip = event.y - low if low <= event.y <= high else (high - low) / 2
        self._drag(event)

    def _drag(self, event: tk.Event[tk.Misc]) -> None:
        if self._grip is None or self._whole <= self._view:
            return
        low, high = self._span()
        free = max(1.0, self.winfo_height() - (high - low))
        self._moved((event.y - self._grip) / free * (self._whole - self._view))

    def _release(self, _event: tk.Event[tk.Misc]) -> None:
        self._grip = None
        self._recolour()

    def _recolour_event(self, event: tk.Event[tk.Misc]) -> None:
        inside = event.type == tk.EventType.Enter or self._grip is not None
        self.itemconfigure(self._thumb, fill=theme.palette["edge_hover" if inside else "edge"])

    def _recolour(self) -> None:
        self.configure(bg=theme.palette[self._ground])
        self.itemconfigure(self._thumb, fill=theme.palette["edge"])


class TextScrollbar(ThinScrollbar):
    """The scrollbar of a tk.Text; `scrolled()` is called whenever another part of the text is in view."""

    def __init__(
        self, parent: tk.Misc, text: tk.Text, ground: Role, scrolled: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(parent, self._go, ground)
        self._text, self._scrolled, self._text_height = text, scrolled, 1
        text.configure(yscrollcommand=self._follow)
        # Kept, because every call into Tk may have to wait for other threads, and this one would come with each key.
        text.bind("<Configure>", self._keep_height, add="+")

    def _keep_height(self, event: tk.Event[tk.Misc]) -> None:
        self._text_height = event.height

    def _follow(self, first: float, last: float) -> None:
        top, part = float(first), float(last) - float(first)  # Tk passes strings
        view = float(self._text_height)
        if not 0 < part < 1:
            self.show(0, view, view)
        else:
            # Rounded, for Tk's guesses about lines out of sight change a little with every key.
            self.show(round(top * view / part, -1), view, round(view / part + 10, -1))
        self._scrolled()

    def _go(self, top: float) -> None:
        first, last = self._text.yview()
        self._text.yview_moveto(max(0.0, top * max(last - first, 1e-6) / self._text.winfo_height()))


def bind_wheel(widget: tk.Misc, scroll: Callable[[float], object], keys: str = "") -> None:
    """Call `scroll(notches)` when the wheel is turned over a widget, with `keys` ("Shift-") held; down is positive."""
    widget.bind(f"<{keys}Button-4>", lambda _event: scroll(-1))
    widget.bind(f"<{keys}Button-5>", lambda _event: scroll(1))

    def turned(event: tk.Event[tk.Misc]) -> None:
        # Windows reports 120 per notch and less from fine wheels; macOS reports small whole numbers.
        scroll(-event.delta / 120 if abs(event.delta) >= 20 else -event.delta)

    widget.bind(f"<{keys}MouseWheel>", turned)
