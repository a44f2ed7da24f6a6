"""Switches, check boxes, segmented choices and progress bars, drawn like the buttons and used like them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Literal

from ...domain.base.colour_roles import Role
from . import icons, theme
from .basics import Painted, ground_of
from .painting import Painting
from .theme import RING


class Switch(Painted):
    """An on/off switch with words behind it. `command(on)` is called when the user turns it."""

    box_width, box_height = 32, 18

    def __init__(
        self,
        parent: tk.Misc,
        text: str = "",
        command: Callable[[bool], object] | None = None,
        *,
        on: bool = False,
        bold: bool = False,
        size: int = 13,
        ground: Role | None = None,
    ) -> None:
        self._text, self.on, self._command, self._font = text, on, command, theme.font(size, bold)
        super().__init__(parent, width=self._natural(), height=self._high(), ground=ground)

    def _natural(self) -> int:
        words = theme.px(9) + self._font.measure(self._text) if self._text else 0
        return theme.px(self.box_width) + words

    def _high(self) -> int:
        return theme.px(self.box_height)

    def remeasure(self) -> None:
        super().remeasure()
        self.configure(width=self._natural() + 2 * self.margin, height=self._high() + 2 * self.margin)

    def act(self) -> None:
        self.set(not self.on)
        if self._command is not None:
            self._command(self.on)

    def set(self, on: bool) -> None:
        """Turn it without calling the command."""
        if on != self.on:
            self.on = on
            self.repaint()

    def draw(self, _width: int, height: int) -> None:
        self.draw_box()
        if self._text:
            ink: Role = ("text" if self.on else "text2") if self.enabled else "disabled"
            x = self.margin + theme.px(self.box_width + 9)
            self.create_text(
                x, self.margin + height // 2, text=self._text, font=self._font, fill=theme.palette[ink], anchor="w"
            )

    def draw_box(self) -> None:
        """The track and its knob."""
        fill: Role
        outline: Role
        knob: Role
        if not self.enabled:
            fill, outline, knob = self.ground, "line", "disabled"
        elif self.on:
            fill, outline, knob = "switch_track", "edge_hover" if self.hover else "switch_track", "switch_knob"
        else:
            fill, outline, knob = "raised2", "edge_hover" if self.hover else "edge", "text3"
        self.put_box(fill, outline, radius=9)
        x = self.margin + theme.px(self.box_width - 9 if self.on else 9)
        y = self.margin + theme.px(self.box_height) // 2
        self.picture(x, y, icons.icon("disc", 12, knob, fill), "center")

    def put_box(self, fill: Role, outline: Role, *, radius: int) -> None:
        """The rounded box of the switch with its ring."""
        width, height = theme.px(self.box_width), theme.px(self.box_height)
        shape = {"radius": radius, "margin": RING, "ring": int(self.ring)}
        self.picture(0, 0, icons.box(width, height, fill=fill, outline=outline, ground=self.ground, **shape))


class Check(Switch):
    """A check box with words behind it; the same calls as Switch."""

    box_width = box_height = 16

    def draw_box(self) -> None:
        """The square and its tick."""
        if self.on:
            fill: Role = "accent" if self.enabled else "raised2"
            self.put_box(fill, "accent_hover" if self.hover else fill, radius=4)
            middle = self.margin + theme.px(8)
            self.picture(
                middle, middle, icons.icon("tick", 12, "accent_ink" if self.enabled else "disabled", fill), "center"
            )
        else:
            fill = "raised" if self.enabled else self.ground
            self.put_box(fill, "edge_hover" if self.hover else "edge" if self.enabled else "line", radius=4)


class Segmented(Painted):
    """A few choices side by side, one of them on: `options` are (value, words). Left and Right move the choice.

    `kind="tabs"` draws words with a line under the chosen one instead of a box.
    """

    def __init__(
        self,
        parent: tk.Misc,
        options: Sequence[tuple[str, str]],
        command: Callable[[str], object],
        *,
        value: str = "",
        kind: Literal["box", "tabs"] = "box",
        ground: Role | None = None,
    ) -> None:
        self._segments, self._command, self._kind = tuple(options), command, kind
        self.value = value or self._segments[0][0]
        self._under = -1
        self._widest: dict[str, int] = {}
        height = theme.px(theme.SMALL if kind == "box" else 30)
        super().__init__(parent, width=self._natural(), height=height, ground=ground)
        self.bind("<Motion>", self._moved)
        for key, step in (("<Left>", -1), ("<Right>", 1)):
            self.bind(key, lambda _event, step=step: self._step(step))  # type: ignore[misc]  # default binds the step

    def set(self, value: str) -> None:
        """Show this choice without calling the command."""
        if value != self.value:
            self.value = value
            self.repaint()

    def set_options(self, options: Sequence[tuple[str, str]]) -> None:
        """New words or values, for counts that change ("Unrated 42"). No segment gets narrower by that."""
        if tuple(options) != self._segments:
            self._segments = tuple(options)
            self.configure(width=self._natural() + 2 * self.margin)
            self.repaint()

    def act(self) -> None:
        if 0 <= self._under < len(self._segments):
            self._choose(self._under)

    def draw(self, width: int, height: int) -> None:
        shape = {"margin": RING, "ring": int(self.ring)}
        if self._kind == "box" or self.ring:
            fill: Role = "surface" if self._kind == "box" else self.ground
            outline: Role = "line" if self._kind == "box" else self.ground
            self.picture(0, 0, icons.box(width, height, fill=fill, outline=outline, ground=self.ground, **shape))
        for index, (left, right) in enumerate(self._spans()):
            self._draw_segment(index, left, right, height)

    def _draw_segment(self, index: int, left: int, right: int, height: int) -> None:
        value, words = self._segments[index]
        chosen, m, inset = value == self.value, self.margin, theme.px(3)
        if chosen and self._kind == "box":
            size = (right - left - 2 * inset, height - 2 * inset)
            fill: Role = "raised2" if self.enabled else "surface"
            self.picture(left + inset, m + inset, icons.box(*size, fill=fill, outline=fill, ground="surface", radius=4))
        elif chosen:
            top = m + height - theme.px(2)
            self.fill(left, top, right, m + height, "accent_text")
        ink: Role = "text" if chosen or (self.hover and index == self._under) else "text2"
        ink = ink if self.enabled else "disabled"
        self.words((left + right) // 2, m + height // 2, words, size=12, bold=chosen, ink=ink, anchor="center")

    def _spans(self) -> list[tuple[int, int]]:
        """Left and right edge of every segment. Measured bold, so that nothing moves when the choice does."""
        bold, x, spans = theme.font(12, True), self.margin, []
        gap = theme.px(0 if self._kind == "box" else 18)
        inset = theme.px(12 if self._kind == "box" else 0)
        for value, words in self._segments:
            wide = self._widest[value] = max(bold.measure(words) + 2 * inset, self._widest.get(value, 0))
            spans.append((x, x + wide))
            x += wide + gap
        return spans

    def remeasure(self) -> None:
        super().remeasure()
        self._widest.clear()
        self.configure(width=self._natural() + 2 * self.margin)

    def _natural(self) -> int:
        self.margin = theme.px(RING)
        return self._spans()[-1][1] - self.margin

    def _moved(self, event: tk.Event[tk.Misc]) -> None:
        under = next((i for i, (left, right) in enumerate(self._spans()) if left <= event.x < right), -1)
        if under != self._under:
            self._under = under
            self.repaint()

    def _pressed(self, event: tk.Event[tk.Misc]) -> None:
        self._moved(event)
        super()._pressed(event)

    def _keyed(self, event: tk.Event[tk.Misc]) -> str:
        self._key(event)  # the arrows choose; Space has nothing to add
        return "break"

    def _step(self, step: int) -> str:
        values = [value for value, _ in self._segments]
        place = values.index(self.value) if self.value in values else 0
        if self.enabled and 0 <= place + step < len(values):
            self._choose(place + step)
        return "break"

    def _choose(self, index: int) -> None:
        value = self._segments[index][0]
        if value != self.value:
            self.set(value)
            self._command(value)


class ProgressBar(Painting):
    """A bar that fills; `set(None)` lets a piece run to and fro because the end is not known. No tab stop."""

    _TICK_MS = 40

    def __init__(self, parent: tk.Misc, *, width: int = 200, height: int = 6, ground: Role | None = None) -> None:
        self._share, self._phase, self._ticking = 0.0, 0.0, ""
        self._radius = 3 if height > 4 else 0
        super().__init__(parent, ground or ground_of(parent), width=theme.px(width), height=theme.px(height))
        self.bind("<Configure>", lambda _event: self._draw())
        self.bind("<Destroy>", lambda _event: self._stop())
        theme.on_change(self._draw)

    def set(self, share: float | None) -> None:
        """Fill the bar to a share of 0 to 1, or None while nobody knows."""
        if share is None:
            if not self._ticking:
                self._tick()
            return
        share = min(max(share, 0.0), 1.0)
        if self._ticking or share != self._share:
            self._stop()
            self._share = share
            self._draw()

    @property
    def share(self) -> float:
        """How full it is, 0 to 1."""
        return self._share

    @property
    def is_running(self) -> bool:
        """Whether a piece runs to and fro."""
        return bool(self._ticking)

    def _tick(self) -> None:
        self._phase = (self._phase + 0.02) % 2
        self._draw()
        self._ticking = self.after(self._TICK_MS, self._tick)

    def _stop(self) -> None:
        if self._ticking:
            self.after_cancel(self._ticking)
            self._ticking = ""

    def _draw(self) -> None:
        width, height, shape = self.winfo_width(), self.winfo_height(), {"radius": self._radius}
        self.clear()
        self.picture(0, 0, icons.box(width, height, fill="raised2", outline="raised2", ground=self.ground, **shape))
        start, end = 0, round(width * self._share)
        if self._ticking:
            centre = width * (self._phase if self._phase <= 1 else 2 - self._phase)
            start, end = round(max(0, centre - width / 8)), round(min(width, centre + width / 8))
        if end - start >= height:
            piece = icons.box(end - start, height, fill="accent", outline="accent", ground="raised2", **shape)
            self.picture(start, 0, piece)
