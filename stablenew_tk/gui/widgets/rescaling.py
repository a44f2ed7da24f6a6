"""Makes everything in an open window larger or smaller: lengths given to Tk, fonts, and what is drawn.

Tk has no lengths that follow a scale, so all of them are multiplied: distances between widgets, sizes of frames and
canvases, widths at which lines break. Widgets that keep lengths of their own are `Scaled`.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from weakref import WeakKeyDictionary

from . import theme

_BUDGET_S = 0.01
_OPTIONS = {
    "Frame": ("width", "height", "highlightthickness"),
    "Canvas": ("width", "height"),
    "Label": ("padx", "pady", "wraplength"),
    "Text": ("padx", "pady", "insertwidth", "spacing1", "spacing2", "spacing3"),
}
_PLACES = {
    "pack": ("-padx", "-pady", "-ipadx", "-ipady"),
    "grid": ("-padx", "-pady", "-ipadx", "-ipady"),
    "place": ("-x", "-y", "-width", "-height"),
}


class Scaled:
    """A widget that keeps lengths in screen pixels."""

    def remeasure(self) -> None:
        """Work them out anew: the scale is another one. What Tk knows (options, distances) has been multiplied."""
        raise NotImplementedError


class _Lengths:
    """The lengths of one widget in pixels of the design, so that ten changes of scale lose nothing by rounding."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, float]] = {}

    def scaled(self, name: str, length: int, before: float) -> int:
        """A length that is in use at the scale `before`, at the present scale."""
        known = self._known.get(name)
        design = known[1] if known is not None and known[0] == length else length / before
        now = round(design * theme.scale()) or (1 if length > 0 else 0)
        self._known[name] = (now, design)
        return now


_lengths: WeakKeyDictionary[tk.Misc, _Lengths] = WeakKeyDictionary()


def rescale(root: tk.Misc, scale: float) -> None:
    """Show everything at `scale` screen pixels for each pixel of the design. Main thread."""
    before = theme.scale()
    if scale == before:
        return
    theme.set_scale(scale)
    everything = tuple(everything_in(root))
    for widget in everything:
        _multiply(widget, before)
    for widget in everything:
        if isinstance(widget, Scaled):
            theme.safely(widget.remeasure)
    hidden = theme.repaint_in_sight()
    # What breaks lines or chooses columns by its size has to do it anew, even where its size stays.
    sizes: Iterator[Callable[[], None]] = (partial(_tell_size, widget) for widget in everything_in(root))
    root.after_idle(_go_on, root, chain(sizes, hidden))


def everything_in(widget: tk.Misc) -> Iterator[tk.Misc]:
    """All widgets inside a widget, parents first."""
    for child in tuple(widget.children.values()):
        yield child
        yield from everything_in(child)


def _tell_size(widget: tk.Misc) -> None:
    if theme.alive(widget) and widget.winfo_width() > 1 and _hears_size(widget):
        widget.event_generate("<Configure>", width=widget.winfo_width(), height=widget.winfo_height())


def _hears_size(widget: tk.Misc) -> bool:
    # Controls hear it by a tag that they share.
    _own, *others = widget.bindtags()
    window = str(widget.winfo_toplevel())
    tags = [tag for tag in others if tag != window]
    return bool(widget.bind("<Configure>") or any(widget.bind_class(tag, "<Configure>") for tag in tags))


def _go_on(root: tk.Misc, work: Iterator[Callable[[], None]]) -> None:
    """Do some of it, and the rest a moment later: the user may be at something already."""
    end = time.perf_counter() + _BUDGET_S
    for piece in work:
        piece()
        if time.perf_counter() > end:
            root.after(1, _go_on, root, work)
            return


def _multiply(widget: tk.Misc, before: float) -> None:
    lengths = _lengths.setdefault(widget, _Lengths())
    call, path = widget.tk.call, str(widget)
    changed: list[str | int] = []
    for option in _OPTIONS.get(widget.winfo_class(), ()):
        *_, usual, length = widget.tk.splitlist(call(path, "configure", f"-{option}"))
        # What nobody asked for is no length of ours: an empty canvas has ten centimetres.
        if widget.winfo_pixels(str(usual)) != widget.winfo_pixels(str(length)) and widget.tk.getint(length):
            changed += (f"-{option}", lengths.scaled(option, widget.tk.getint(length), before))
    if changed:
        call(path, "configure", *changed)
    _multiply_place(widget, lengths, before)
    _multiply_cells(widget, lengths, before)


def _multiply_place(widget: tk.Misc, lengths: _Lengths, before: float) -> None:
    manager = widget.winfo_manager()
    if manager not in _PLACES:
        return
    told = widget.tk.splitlist(widget.tk.call(manager, "info", str(widget)))
    changed: list[str | tuple[int, ...]] = []
    for name, value in zip(told[::2], told[1::2], strict=True):
        if str(name) in _PLACES[manager] and str(value) not in ("", "0"):
            # Two sides come as a tuple, one as a number or a text.
            sides = [widget.tk.getint(side) for side in (value if isinstance(value, tuple) else (value,))]
            changed += (str(name), tuple(lengths.scaled(f"{name}{n}", side, before) for n, side in enumerate(sides)))
    if changed:
        widget.tk.call(manager, "configure", str(widget), *changed)


def _multiply_cells(widget: tk.Misc, lengths: _Lengths, before: float) -> None:
    columns, rows = widget.grid_size()
    for kind, count in (("columnconfigure", columns), ("rowconfigure", rows)):
        for number in range(count):
            for option in ("-minsize", "-pad"):
                length = widget.tk.getint(widget.tk.call("grid", kind, str(widget), number, option))
                if length:
                    now = lengths.scaled(f"{kind}{number}{option}", length, before)
                    widget.tk.call("grid", kind, str(widget), number, option, now)
