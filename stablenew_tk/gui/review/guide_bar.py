"""The foot of Review that leads through the loop for the first time. Its room is kept, so nothing jumps."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...app.learn.guide import STEPS, GuideState
from ...domain.base.colour_roles import Role
from ..widgets import icons, theme
from ..widgets.basics import Box, Button, Label, Separator, ShortLabel
from ..widgets.painting import Painting
from ..widgets.tooltips import tip

_HEIGHT, _STEPS_WIDTH, _STEP, _DISC = 96, 330, 80, 20  # px


class GuideBar(Box):
    """Four steps, one sentence, one button. `act(state)` does what the button says, `other()` proposes another
    question, `hide()` leaves the guide.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        act: Callable[[GuideState], object],
        other: Callable[[], object],
        hide: Callable[[], object],
    ) -> None:
        super().__init__(parent, "surface", height=theme.px(_HEIGHT))
        self.pack_propagate(False)
        self._act = act
        self.state: GuideState | None = None
        Separator(self).pack(fill="x")
        top = Box(self)
        top.pack(fill="x", padx=theme.px(16), pady=(theme.px(8), 0))
        self._steps = GuideSteps(top)
        self._steps.pack(side="left")
        self.leave = Button(top, "Hide the guide", hide, kind="quiet", icon="cross", height=24)
        self.leave.pack(side="right")
        tip(self.leave, "Settings brings it back")
        low = Box(self)
        low.pack(fill="both", expand=True, padx=theme.px(16), pady=(0, theme.px(8)))
        self.button = Button(low, "Try it", self.invoke, kind="main", height=theme.ACTION)
        self.button.pack(side="right")
        self.other = Button(low, "Another question", other, kind="quiet", height=theme.CONTROL)
        self.other.pack(side="right", padx=theme.px(8))
        words = Box(low)
        words.pack(side="left", fill="both", expand=True)
        self.sentence = Label(words, "", size=15, bold=True)
        self.sentence.pack(anchor="w")
        self.remark = ShortLabel(words, "", size=12, ink="text2")
        self.remark.pack(fill="x")

    def invoke(self) -> None:
        """Do what the button says."""
        if self.state is not None and self.state.action:
            self._act(self.state)

    def show(self, state: GuideState) -> None:
        """Say where the user is; the room of the bar stays the same."""
        if state == self.state:
            return
        self.state = state
        self._steps.show(state.place)
        self.sentence.show(state.sentence)
        self.remark.show(state.remark)
        tip(self.remark, state.remark)
        self.button.set_text(state.button)
        self.other.pack_forget()
        self.button.pack_forget()
        if state.button:
            self.button.pack(side="right")
        if state.other:
            self.other.pack(side="right", padx=theme.px(8))


class GuideSteps(Painting):
    """The steps: done ones with a tick, the present one in a gold ring, the others in a plain one."""

    def __init__(self, parent: tk.Misc) -> None:
        self._place = 0
        super().__init__(parent, "surface", width=theme.px(_STEPS_WIDTH), height=theme.px(24), draw=self.redraw)

    def show(self, place: int) -> None:
        """The step with this number is the present one."""
        self._place = place
        self.redraw()

    def redraw(self) -> None:
        """Draw all steps."""
        self.clear()
        for at, name in enumerate(STEPS):
            self._draw(at, name, theme.px(at * _STEP))

    def _draw(self, at: int, name: str, x: int) -> None:
        now, done = at == self._place, at < self._place
        disc, middle = theme.px(_DISC), theme.px(12)
        outline: Role = "accent_text" if now else "ok" if done else "edge"
        fill: Role = "ok_soft" if done else "surface"
        box = icons.box(disc, disc, fill=fill, outline=outline, ground="surface", radius=10)
        self.picture(x + disc // 2, middle, box, "center")
        if done:
            self.picture(x + disc // 2, middle, icons.icon("tick", 12, "ok", fill), "center")
        else:
            ink: Role = "accent_text" if now else "text3"
            self.words(x + disc // 2, middle, str(at + 1), size=11, ink=ink, bold=now, anchor="center")
        words_ink: Role = "text" if now else "text2" if done else "text3"
        self.words(x + disc + theme.px(8), middle, name, size=12, ink=words_ink, bold=now)
