"""What is known about the Learning Run chosen in the list, and what can be done with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from msgspec import Struct

from ...domain.base.wording import counted
from ...domain.config.sweep import spell
from ...domain.insights.standing import ShownVerdict, Standing, State
from ...domain.runs.plan import LearningPlan, VerdictState
from ...domain.runs.plan_title import subject
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.marks import verdict_dot

VERDICTS: dict[VerdictState, str] = {
    "too_early": "too early",
    "leaning": "leaning",
    "settled": "settled enough",
    "best": "best",
    "no_difference": "no difference you can see",
}
STATES: dict[State, str] = {
    "running": "Running",
    "rate": "To rate",
    "stopped": "Stopped: go on?",
    "done": "Done",
}


class PlanActions(Struct, frozen=True, kw_only=True):
    """What the buttons do."""

    rate: Callable[[str], object]
    go_on: Callable[[str], object]
    insight: Callable[[str], object]
    export: Callable[[LearningPlan], object]


class PlanCard(Box):
    """The panel at the right of the list."""

    def __init__(self, parent: tk.Misc, deeds: PlanActions) -> None:
        super().__init__(parent, "surface")
        self.pack_propagate(False)
        self._deeds = deeds
        self._standing: Standing | None = None
        side, edge = theme.px(theme.PAD), theme.px(theme.PAD - theme.RING)
        self._name = Label(self, "", size=15, bold=True, wrap=True)
        self._name.pack(fill="x", padx=side, pady=(side, theme.px(4)))
        self._where = Label(self, "", size=12, ink="text2", wrap=True)
        self._where.pack(fill="x", padx=side)
        self._verdict = Box(self)
        self._dot = tk.Label(self._verdict, bd=0, padx=0, pady=0)
        self._dot.pack(side="left", anchor="n", pady=theme.px(4))
        self._sentence = Label(self._verdict, "", size=13, bold=True, wrap=True)
        self._sentence.pack(side="left", fill="x", expand=True, padx=(theme.px(8), 0))
        self._buttons = Box(self)
        self._buttons.pack(fill="x", padx=edge, pady=(theme.px(10), theme.px(6)))
        make = self._buttons
        self.rate = Button(make, "Rate", lambda: self._do(deeds.rate), height=theme.ACTION)
        self.go_on = Button(make, "Go on", lambda: self._do(deeds.go_on), height=theme.ACTION)
        self.insight = Button(make, "See insight", lambda: self._do(deeds.insight), kind="outline")
        self.export = Button(make, "Export plan…", self._export, kind="quiet")
        for button in (self.rate, self.go_on, self.insight, self.export):
            button.pack(fill="x")
        Separator(self).pack(fill="x")
        self._facts = Box(self)
        self._facts.pack(fill="x", padx=side, pady=theme.px(10))
        self._lines: list[tuple[Label, Label]] = []
        self._shown: object = None
        theme.on_change(self._paint_dot)

    def show(self, standing: Standing | None, state: State, said: ShownVerdict | None) -> None:
        """Show a plan, or nothing."""
        if (standing, state, said) == self._shown:
            return
        self._shown, self._standing, self._said = (standing, state, said), standing, said
        if standing is None:
            return
        plan = standing.plan
        what, where = subject(plan)
        self._name.show(plan.name or what)
        self._where.show(f"{what} · {where}")
        self._sentence.show(said.sentence if said is not None else "")
        if said is not None:
            self._paint_dot()
            self._verdict.pack(fill="x", padx=theme.px(theme.PAD), pady=(theme.px(10), 0), before=self._buttons)
        else:
            self._verdict.pack_forget()
        self._show_buttons(standing, state)
        self._show_facts(_facts(standing, state))

    def _show_buttons(self, standing: Standing, state: State) -> None:
        missing = standing.cells - standing.made
        self.rate.set_text(f"Rate {counted(standing.asked, 'picture')}" if standing.asked else "Look at the pictures")
        self.rate.enable(bool(standing.made) or state == "running", "Nothing is made yet.")
        if missing:
            pictures = counted(missing, "picture")
            words = (
                f"Make the missing {'picture' if missing == 1 else pictures}"
                if standing.begun
                else f"Begin: {pictures}"
            )
            self.go_on.set_text(words)
            self.go_on.enable(state != "running", "It is running.")
            self.go_on.pack(fill="x", before=self.insight)
        else:
            self.go_on.pack_forget()
        self.insight.enable(standing.revealed and standing.rated > 0, "Its values are shown when all is rated.")

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

    def _paint_dot(self) -> None:
        said = getattr(self, "_said", None)
        if said is not None:
            self._picture = verdict_dot(said.state, "surface", 10)
            self._dot.configure(image=self._picture, bg=theme.colour("surface"))

    def _do(self, deed: Callable[[str], object]) -> None:
        if self._standing is not None:
            deed(self._standing.plan.plan_id)

    def _export(self) -> None:
        if self._standing is not None:
            self._deeds.export(self._standing.plan)


def _facts(standing: Standing, state: State) -> list[tuple[str, str]]:
    """Lines of the card. While the plan is blind its values stay away from the pictures' page."""
    plan = standing.plan
    values = counted(len(plan.variant_values), "value")
    if standing.revealed:
        values = spell(plan.focus_parameter, plan.variant_values)
    made = f"{standing.made} of {standing.cells}"
    more = [
        text
        for number, text in ((standing.failed, "failed"), (standing.suspect, "suspect, not counted"))
        if number
        for text in (f"{number} {text}",)
    ]
    facts = [
        ("State", STATES[state]),
        ("Values", values),
        ("Seeds", str(len({cell.row for cell in plan.cells()}))),
        ("Made", ", ".join((made, *more))),
        ("Rated", f"{standing.rated} of {standing.wanted}" + (", blind" if plan.blind else "")),
    ]
    return [*facts, ("Note", plan.metadata.notes)] if plan.metadata.notes else facts
