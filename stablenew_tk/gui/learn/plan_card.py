"""What is known about the Learning Run chosen in the list, and what can be done with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from msgspec import Struct

from ...domain.base.wording import counted
from ...domain.insights.standing import ShownVerdict, Standing, State
from ...domain.insights.titles import plan_facts
from ...domain.runs.plan_title import subject
from ..widgets import theme
from ..widgets.basics import Box, Button, Drawing, Label, Separator
from ..widgets.flow import pack_if
from ..widgets.marks import verdict_dot
from ..widgets.painting import Painting
from ..widgets.tooltips import tip


class PlanActions(Struct, frozen=True, kw_only=True):
    """What can be done with the plan of this id; `new` and `draft` open the wizard, empty or as it was left."""

    rate: Callable[[str], object]
    go_on: Callable[[str], object]
    insight: Callable[[str], object]
    new: Callable[[], None]
    draft: Callable[[], None] = lambda: None


class PlanCard(Box):
    """The panel at the right of the list."""

    def __init__(
        self,
        parent: tk.Misc,
        actions: PlanActions,
        export: Callable[[str], object],
        archive: Callable[[str], object],
    ) -> None:
        super().__init__(parent, "surface")
        self.pack_propagate(False)
        self._shown: tuple[Standing | None, State, ShownVerdict | None] = None, "done", None
        side, edge = theme.px(theme.PAD), theme.px(theme.PAD - theme.RING)
        self._name = Label(self, "", size=15, bold=True, wrap=True)
        self._name.pack(fill="x", padx=side, pady=(side, theme.px(4)))
        self._where = Label(self, "", size=12, ink="text2", wrap=True)
        self._where.pack(fill="x", padx=side)
        self._verdict = Box(self)
        self._dot = Drawing(self._verdict, self._draw_dot, width=10, height=10)
        self._dot.pack(side="left", anchor="n", pady=theme.px(4))
        words = Box(self._verdict)
        words.pack(side="left", fill="x", expand=True, padx=(theme.px(8), 0))
        self.headline = Label(words, "", size=13, bold=True, wrap=True)
        self.headline.pack(fill="x")
        self.meaning = Label(words, "", size=12, ink="text2", wrap=True)
        self.alone = Label(words, "", size=12, ink="text3", wrap=True)
        self._buttons = Box(self)
        self._buttons.pack(fill="x", padx=edge, pady=(theme.px(10), theme.px(6)))
        make = self._buttons
        self.rate = Button(make, "Rate", lambda: self._do(actions.rate), height=theme.ACTION)
        self.go_on = Button(make, "Go on", lambda: self._do(actions.go_on), height=theme.ACTION)
        self.insight = Button(make, "See insight", lambda: self._do(actions.insight), kind="outline")
        self.export = Button(make, "Export plan…", lambda: self._do(export), kind="quiet")
        self.archive = Button(make, "Archive", lambda: self._do(archive), kind="quiet")
        tip(self.archive, "It goes to the end of the list; nothing of it is deleted.")
        for button in (self.rate, self.go_on, self.insight, self.export, self.archive):
            button.pack(fill="x")
        Separator(self).pack(fill="x")
        self._facts = Box(self)
        self._facts.pack(fill="x", padx=side, pady=theme.px(10))
        self._lines: list[tuple[Label, Label]] = []

    def show(
        self, standing: Standing | None, state: State, verdict: ShownVerdict | None, *, archived: bool = False
    ) -> None:
        """Show a plan, or nothing. `archived`: it stands at the end of the list."""
        self.archive.set_text("Bring back from archive" if archived else "Archive")
        if (standing, state, verdict) == self._shown:
            return
        self._shown = standing, state, verdict
        if standing is None:
            return
        plan = standing.plan
        what, where = subject(plan)
        self._name.show(plan.name or what)
        self._where.show(f"{what} · {where}")
        self.headline.show(verdict.headline if verdict is not None else "")
        self.meaning.show(verdict.meaning if verdict is not None else "")
        pack_if(self.meaning.cget("text"), self.meaning, fill="x", pady=(theme.px(2), 0), after=self.headline)
        own = verdict.alone if verdict is not None else ""
        self.alone.show(f"This run alone: {own}" if own else "")
        pack_if(own, self.alone, fill="x", pady=(theme.px(4), 0))
        self._dot.refresh()
        place = {"padx": theme.px(theme.PAD), "pady": (theme.px(10), 0), "before": self._buttons}
        pack_if(verdict is not None, self._verdict, fill="x", **place)
        self._show_buttons(standing, state)
        self._show_facts(plan_facts(standing, state))

    def _show_buttons(self, standing: Standing, state: State) -> None:
        missing = standing.cells - standing.made
        self.rate.set_text(f"Rate {counted(standing.asked, 'picture')}" if standing.asked else "Look at the pictures")
        self.rate.enable(bool(standing.made) or state == "running", "Nothing is made yet.")
        if missing:
            pictures = counted(missing, "picture")
            make = f"Make the missing {'picture' if missing == 1 else pictures}"
            self.go_on.set_text(make if standing.begun else f"Begin: {pictures}")
            self.go_on.enable(state != "running", "It is running.")
        pack_if(missing, self.go_on, fill="x", before=self.insight)
        told = standing.rated > 0 or standing.nothing_changed
        self.insight.enable(standing.revealed and told, "Its values are shown when all is rated.")

    def _show_facts(self, facts: list[tuple[str, str]]) -> None:
        while len(self._lines) < len(facts):
            row = Box(self._facts)
            row.pack(fill="x", pady=theme.px(3))
            name = Label(row, "", size=12, ink="text3")
            name.configure(width=10)
            name.pack(side="left", anchor="n")
            value = Label(row, "", size=12, wrap=True)
            value.pack(side="left", fill="x", expand=True)
            self._lines.append((name, value))
        for number, (name, value) in enumerate(self._lines):
            words, text = facts[number] if number < len(facts) else ("", "")
            name.show(words)
            value.show(text)

    def _draw_dot(self, painting: Painting) -> None:
        if self._shown[2] is not None:
            painting.picture(0, 0, verdict_dot(self._shown[2].state, "surface", 10))

    def _do(self, action: Callable[[str], object]) -> None:
        if self._shown[0] is not None:
            action(self._shown[0].plan.plan_id)
