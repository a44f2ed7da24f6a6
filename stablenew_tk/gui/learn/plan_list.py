"""All Learning Runs in one list: those that run, those that wait for stars, those that were stopped, and the rest."""

from __future__ import annotations

import tkinter as tk
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog

from msgspec import Struct
from msgspec.structs import replace

from ...app.controller import Controller
from ...app.plan_states import PlanStates
from ...domain.base import colour_roles
from ...domain.base.wording import counted
from ...domain.insights.standing import ShownVerdict, Standing, State
from ...domain.runs.plan import LearningPlan
from ...domain.runs.plan_title import subject
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.jobs import QueueChanged
from ...pipeline.messages.journal import HistoryLoaded
from ...pipeline.messages.plans import Analyse, InsightReady, ReadPlan, WritePlan
from ...pipeline.messages.settings import SettingsChanged
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.keyboard import KeyPress, act_on
from ..widgets.marks import VERDICT_INKS
from ..widgets.notices import Notice
from ..widgets.row_list import ListRow, RowList
from .plan_card import STATES, VERDICTS, PlanActions, PlanCard

_CARD, _NARROW_CARD, _ROW = 320, 264, 46
_SOON_MS, _SLICE_MS = 30, 4
_LIST_KEYS = ("Up", "Down", "Home", "End", "Prior", "Next", "Return", "KP_Enter")
_FILES = (("Learning plans", "*.json"), ("All files", "*"))
_MARKS: dict[State, tuple[str, colour_roles.Role]] = {
    "running": ("play", "accent_text"),
    "rate": ("star_outline", "text2"),
    "stopped": ("pause", "text2"),
    "done": ("ring", "text3"),
}


class PlanListActions(Struct, frozen=True, kw_only=True):
    """Where the list leads to. `say` shows a sentence."""

    rate: Callable[[str], object]
    go_on: Callable[[str], object]
    insight: Callable[[str], object]
    new: Callable[[], object]
    say: Callable[[str], object]


class PlanList(Box):
    """The list with a card for the chosen plan. `chosen` is its id, "" for none."""

    def __init__(self, parent: tk.Misc, controller: Controller, doors: PlanListActions) -> None:
        super().__init__(parent, "bg")
        self._controller, self._doors = controller, doors
        self.states = PlanStates(controller)
        self.chosen = ""
        self._heads: dict[int, ListRow] = {}
        self._ids: list[str] = []
        self._standings: dict[str, tuple[Standing, State]] = {}
        self._kept: dict[str, tuple[Standing, State, ShownVerdict | None, ListRow]] = {}
        self._later: dict[str, str] = {}
        self._analysing = False
        self._build()
        self._keys: dict[str, Callable[[], object]] = {
            "n": lambda: self.new.invoke(),
            "o": self._import,
            "e": lambda: self._with_chosen(lambda standing: self._export(standing.plan)),
            "g": lambda: self._with_chosen(lambda _standing: self.card.go_on.invoke()),
            "i": lambda: self._with_chosen(lambda _standing: self.card.insight.invoke()),
        }
        if controller.history is not None:
            self.states.on_event(HistoryLoaded(history=controller.history, recent=(), waiting=(), damaged=0, newer=0))
        self._soon()

    def _build(self) -> None:
        side = theme.px(theme.PAD)
        self._mode = Box(self, "info_soft")
        self._why = Label(self._mode, "", size=12, wrap=True)
        switch = Button(self._mode, "Switch on Passive + Active", self._switch_on, height=theme.SMALL)
        switch.pack(side="right", padx=theme.px(12), pady=theme.px(4))
        self._why.pack(side="left", fill="x", expand=True, padx=side)
        self._main = Box(self)
        self._main.pack(side="left", fill="both", expand=True)
        head = Box(self._main, "surface", height=theme.px(theme.ACTION_BAR))
        head.pack_propagate(False)
        head.pack(fill="x")
        Label(head, "Learning Runs", size=15, bold=True).pack(side="left", padx=(side, theme.px(12)))
        self._count = Label(head, "", size=12, ink="text3")
        self._count.pack(side="left")
        self.new = Button(head, "New Learning Run", self._doors.new, kind="main", height=theme.ACTION)
        self.new.pack(side="right", padx=(theme.px(4), theme.px(theme.PAD - theme.RING)))
        Button(head, "Import plan…", self._import, kind="outline").pack(side="right")
        Separator(self._main).pack(fill="x")
        self.list = RowList(self._main, on_select=self._select, on_open=self._open, row_height=_ROW, ground="bg")
        self.list.pack(fill="both", expand=True)
        self._notice = Notice(self._main)
        deeds = PlanActions(
            rate=self._doors.rate, go_on=self._doors.go_on, insight=self._doors.insight, export=self._export
        )
        self._edge = Box(self, "line", width=1)
        self.card = PlanCard(self, deeds)
        self.bind("<Configure>", lambda _event: self._arrange())
        self.bind("<Map>", lambda _event: self.look_again())

    def _arrange(self) -> None:
        narrow = self.winfo_toplevel().winfo_width() < theme.px(theme.NARROW_BELOW)
        width = theme.px(_NARROW_CARD if narrow else _CARD)
        if int(self.card.cget("width")) != width:
            self.card.configure(width=width)

    # ---- what the page asks

    def focus_first(self) -> None:
        """Put the keyboard on the list."""
        self.list.focus_set()

    def answer(self, press: KeyPress) -> bool:
        """Do what a key means here: with Ctrl a button, without it something for the list, wherever the focus is."""
        if press.control:
            return act_on(self._keys, press.name.lower())
        if press.name not in _LIST_KEYS or self.focus_get() is self.list.canvas:
            return False
        self.list.focus_set()
        self.list.canvas.event_generate(f"<{press.name}>")
        return True

    def on_event(self, event: Event) -> None:
        """Follow the journal and the queue."""
        if isinstance(event, InsightReady) or (isinstance(event, OrderFailed) and isinstance(event.order, Analyse)):
            self._analysing = False
        if self.states.on_event(event) or isinstance(event, QueueChanged | SettingsChanged):
            self._soon()

    def look_again(self) -> None:
        """Draw everything anew, because it came into sight."""
        self._soon()

    @property
    def count(self) -> int:
        """How many Learning Runs there are."""
        return len(self._standings)

    def destroy(self) -> None:
        """Stop what was to be done later and go."""
        for pending in self._later.values():
            self.after_cancel(pending)
        self._later.clear()
        super().destroy()

    # ---- drawing

    def _soon(self) -> None:
        if "fill" not in self._later:
            self._later["fill"] = self.after(_SOON_MS, self._fill)

    def _fill(self) -> None:
        self._later.pop("fill", None)
        if self.states.fill():
            self._show()
        else:
            self._later["fill"] = self.after(_SLICE_MS, self._fill)

    def _show(self) -> None:
        if not self.winfo_viewable():
            return  # `look_again` comes when it is
        begun = self._begun()
        groups: dict[State, list[Standing]] = {state: [] for state in STATES}
        for standing in self.states.all():
            groups[standing.state(begun[standing.plan.plan_id])].append(standing)
        self._standings = {one.plan.plan_id: (one, state) for state, group in groups.items() for one in group}
        self._ids = []
        self._heads = {}
        for state, group in groups.items():
            if group:
                self._heads[len(self._ids)] = ListRow(f"{STATES[state]} · {len(group)}", head=True)
                self._ids += ["", *(standing.plan.plan_id for standing in group)]
        if not self.chosen or self.chosen not in self._ids:
            self.chosen = next((name for name in self._ids if name), "")
        self.list.show(len(self._ids), self.row_at, self._ids.index(self.chosen) if self.chosen else -1)
        self._show_around()

    def _begun(self) -> Counter[str]:
        """How many jobs of every plan are queued or running."""
        running = self._controller.running
        jobs = [*([running.job] if running is not None and not running.stopped else []), *self._controller.queue]
        return Counter(job.learning.plan_id for job in jobs)

    def row_at(self, index: int) -> ListRow:
        """One row of the list; rows are made when they come into sight."""
        if index in self._heads:
            return self._heads[index]
        standing, state = self._standings[self._ids[index]]
        said = self.states.said(standing)
        kept = self._kept.get(standing.plan.plan_id)
        if kept is None or kept[:3] != (standing, state, said):
            kept = self._kept[standing.plan.plan_id] = standing, state, said, self._make_row(standing, state, said)
        return kept[3]

    def _make_row(self, standing: Standing, state: State, said: ShownVerdict | None) -> ListRow:
        plan = standing.plan
        what, where = subject(plan)
        note = f"{what} · {where}"
        mark, ink = _MARKS[state]
        if said is not None:
            note = f"{VERDICTS[said.state][:1].upper()}{VERDICTS[said.state][1:]} · {note}"
            if state == "done":
                mark, ink = "ring" if said.state == "too_early" else "dot", VERDICT_INKS[said.state]
        return ListRow(plan.name or what, right=self._progress(standing, state), note=note, mark=mark, mark_ink=ink)

    def _progress(self, standing: Standing, state: State) -> str:
        missing = f" · {standing.failed} failed" if standing.failed else ""
        if not standing.begun:
            return f"not begun · {counted(standing.cells, 'picture')}"
        if state in ("running", "stopped"):
            words = f"{standing.made} of {standing.cells} made"
            return f"{words}{missing}" + (f" · {standing.rated} rated" if standing.rated else "")
        made = f" · {standing.made} made" if standing.waiting else ""
        return f"{standing.rated} of {standing.wanted} rated{made}{missing}"

    def _show_around(self) -> None:
        settings, some = self._controller.settings, bool(self._ids)
        to_rate = sum(standing.asked for standing, _ in self._standings.values())
        self._count.show(f"{counted(to_rate, 'picture')} to rate" if to_rate else "")
        active = settings.learning == "active"
        if not active:
            off = "Learning is off: nothing is recorded, and no Learning Run can be made."
            passive = "Learning is passive: runs are recorded, but no Learning Runs are offered."
            self._why.show(off if settings.learning == "off" else passive)
            self._mode.pack(side="top", fill="x", before=self._main)
        else:
            self._mode.pack_forget()
        if self.new.enabled != active:
            self.new.enable(active, "Switch on Passive + Active first.")
        if some:
            self._notice.hide()
            if not self.card.winfo_manager():
                self.card.pack(side="right", fill="y", before=self._main)
                self._edge.pack(side="right", fill="y", before=self._main)
        else:
            self.card.pack_forget()
            self._edge.pack_forget()
            self._say_empty(active)
        self._show_card()
        if not self._analysing:
            self._analyse_next()

    def _say_empty(self, active: bool) -> None:
        if self._controller.history is None:
            self._notice.show("Reading what was recorded…")
        elif active:
            words = "No Learning Runs yet. One shows which value of a setting gives the better pictures."
            self._notice.show(words, "New Learning Run", self._new)
        else:
            self._notice.show("No Learning Runs yet.")

    def _new(self) -> None:
        self._doors.new()

    def _show_card(self) -> None:
        nothing: tuple[Standing | None, State] = None, "done"
        standing, state = self._standings.get(self.chosen, nothing)
        self.card.show(standing, state, self.states.said(standing) if standing is not None else None)

    def _analyse_next(self) -> None:
        held = self.states.next_unsaid()
        if held is not None:
            self._analysing = True
            self._controller.ask(Analyse(board=held), last=True)

    # ---- what is done

    def _select(self, index: int) -> None:
        self.chosen = self._ids[index]
        self._show_card()

    def _open(self, index: int) -> None:
        self._doors.rate(self._ids[index])

    def _with_chosen(self, deed: Callable[[Standing], object]) -> None:
        if self.chosen in self._standings:
            deed(self._standings[self.chosen][0])

    def _switch_on(self) -> None:
        self._controller.change_settings(replace(self._controller.settings, learning="active"))

    def _export(self, plan: LearningPlan) -> None:
        name = "".join(sign if sign.isalnum() or sign in " -_" else "-" for sign in plan.name or "plan").strip()
        path = filedialog.asksaveasfilename(
            parent=self, title="Export plan", initialfile=f"{name}.json", defaultextension=".json", filetypes=_FILES
        )
        if path:
            self._controller.ask(WritePlan(plan=plan, path=Path(path)))

    def _import(self) -> None:
        path = filedialog.askopenfilename(parent=self, title="Import plan", filetypes=_FILES)
        if path:
            self._controller.ask(ReadPlan(path=Path(path)))
