"""The head of the rating view: focus parameter, progress, verdict, and whether values are hidden."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ....app.insights.actions import InsightAction
from ....domain.insights.blinding import BlindMatrix
from ....domain.journal.estimate import about
from ....domain.runs.plan_title import subject
from ...widgets import theme
from ...widgets.basics import Box, Button, Label, Separator, ShortLabel
from ...widgets.controls import ProgressBar
from ...widgets.flow import pack_if
from ...widgets.marks import Figure

_SIDE, _FIGURE = 20, 224  # px


class RatingHead(Box):
    """The upper part. The buttons call `reveal`, `go_on` (make what is missing), `insight`, `use` (the verdict's value
    from now on, or no longer) and `create` (see it there).
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        reveal: Callable[[], object],
        go_on: Callable[[], object],
        insight: Callable[[], object],
        use: Callable[[], object],
        create: Callable[[], object],
    ) -> None:
        super().__init__(parent, "surface")
        side = theme.px(_SIDE)
        first = Box(self)
        first.pack(fill="x", padx=(side, theme.px(_SIDE - theme.RING)), pady=(theme.px(12), 0))
        self._focus = Label(first, "", size=15, bold=True)
        self._focus.pack(side="left")
        self.reveal = Button(first, "Reveal now", reveal, kind="outline", busy_text="Working it out…")
        self._wanted = (False, False, False)
        self._insight = Button(first, "See insight", insight, kind="main")
        self._go_on = Button(first, "Go on", go_on, kind="plain")
        self.use = Button(first, "Use it from now on", use, kind="main", steady=True)
        self.create = Button(first, "Go to Create", create, kind="main")
        self._where = ShortLabel(first, "", size=13, ink="text2")
        self._where.pack(side="left", padx=theme.px(12), fill="x", expand=True)
        second = Box(self)
        second.pack(fill="x", padx=side, pady=(theme.px(6), theme.px(12)))
        self._pace = Label(second, "", size=12, ink="text3")
        self.count = Label(second, "", size=13, bold=True)
        self.count.pack(side="right", padx=(theme.px(12), 0))
        self._bar = ProgressBar(second, width=60)
        self._bar.pack(side="left", fill="x", expand=True)
        self._verdict = Box(self)
        self.figure = Figure(self._verdict, width=_FIGURE)
        said = Box(self._verdict)
        said.pack(side="left", fill="both", expand=True)
        self.headline = Label(said, "", size=20, bold=True, wrap=True)
        self.headline.pack(fill="x")
        self.meaning = Label(said, "", size=13, wrap=True)
        self.remark = Label(said, "", size=12, ink="text2", wrap=True)
        self.remark.pack(fill="x", pady=(theme.px(4), theme.px(12)))
        Separator(self).pack(side="bottom", fill="x")

    def show(self, matrix: BlindMatrix, *, pace_s: float | None, to_make: int) -> None:
        """How far it is. `pace_s` is the time the user takes per picture, `to_make` what is neither made nor begun."""
        words, where = subject(matrix.board.plan)
        left = matrix.wanted - matrix.rated
        self._focus.show(words)
        self._where.show(where)
        most = matrix.board.plan.most_pictures if matrix.hidden and not matrix.round else 0
        end = f" · up to {most}" if most > len(matrix.board.cells) else ""
        self.count.show(f"{matrix.rated} of {matrix.wanted} rated{end}" if matrix.wanted else "nothing to rate")
        self._pace.show(f"{about(pace_s * left)} left at your pace" if pace_s is not None and left else "")
        pack_if(self._pace.cget("text"), self._pace, side="right", padx=(theme.px(12), 0), before=self.count)
        self._bar.set(matrix.rated / max(1, matrix.wanted))
        if to_make:
            self._go_on.set_text(f"Make the missing {to_make}")
        wanted = (matrix.hidden and not matrix.round, not matrix.hidden and bool(matrix.rated), bool(to_make))
        if wanted != self._wanted:
            self._wanted = wanted
            for button, shown in zip((self.reveal, self._insight, self._go_on), wanted, strict=True):
                button.pack_forget()
                if shown:
                    button.pack(side="right", padx=(theme.px(4), 0), before=self._where)

    def press_main(self) -> bool:
        """Press the gold button. False when there is none."""
        gold = next((button for button in (self.use, self.create, self._insight) if button.is_main), None)
        if gold is not None:
            gold.invoke()
        return gold is not None

    def offer_use(self, action: InsightAction | None, *, used: bool) -> None:
        """Offer to use the value of the verdict, or to take that back; None = it names none."""
        if action is not None:
            self.use.set_text(action.text)
            self.use.be(action.kind)
        self._insight.be("plain" if action is not None else "main")
        pack_if(used, self.create, side="right", padx=(theme.px(4), 0), before=self._where)
        pack_if(action, self.use, side="right", padx=(theme.px(4), 0), before=self._where)

    def verdict(
        self, headline: str, meaning: str, remark: str, *, figure: tuple[str, str] = ("", ""), revealing: bool = False
    ) -> None:
        """What the stars say; no headline hides it. `figure`: the probability as a number, and what it is of.
        `revealing`: it is being worked out.
        """
        if revealing == self.reveal.enabled:
            self.reveal.busy(revealing)
        self.headline.show(headline)
        self.figure.show(*figure)
        pack_if(figure[0], self.figure, side="right", anchor="n", padx=(theme.px(12), 0))
        self.meaning.show(meaning)
        pack_if(meaning, self.meaning, fill="x", pady=(theme.px(2), 0), after=self.headline)
        self.remark.show(remark)
        pack_if(headline, self._verdict, fill="x", padx=theme.px(_SIDE))
