"""All Learning Runs in one list: those that run, those that wait for stars, those that were stopped, and the rest."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from msgspec.structs import replace

from ...app.controller import Controller
from ...app.learn.plan_states import PlanStates
from ...app.wording import plan_names
from ...domain.base import colour_roles
from ...domain.base.file_wish import FileWish
from ...domain.base.key_press import KeyPress, act_on
from ...domain.base.wording import counted
from ...domain.config.learning_mode import mode_for
from ...domain.insights.standing import ShownVerdict, Standing, State
from ...domain.insights.titles import STATE_NAMES, VERDICT_NAMES, progress_text
from ...domain.runs.plan_title import subject
from ...pipeline.messages.base import Event
from ...pipeline.messages.jobs import QueueChanged
from ...pipeline.messages.journal import HistoryLoaded
from ...pipeline.messages.plans import ReadPlan, WritePlan
from ...pipeline.messages.settings import SettingsChanged
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.file_choice import choose_file
from ..widgets.flow import pack_if, tab_order
from ..widgets.marks import VERDICT_INKS
from ..widgets.notices import Notice
from ..widgets.page_frame import DeferringBox
from ..widgets.row_list import ListRow, RowList
from .plan_card import PlanActions, PlanCard

_CARD, _NARROW_CARD, _ROW = 320, 264, 46
_SOON_MS, _SLICE_MS = 30, 4
_LIST_KEYS = ("Up", "Down", "Home", "End", "Prior", "Next", "Return", "KP_Enter")
_PLANS = "Learning plans"
_MARKS: dict[State, tuple[str, colour_roles.Role]] = {
    "running": ("play", "accent_text"),
    "rate": ("star_outline", "text2"),
    "stopped": ("pause", "text2"),
    "done": ("ring", "text3"),
}


class PlanList(DeferringBox):
    """The list with a card for the chosen plan. `chosen` is its id, "" for none."""

    def __init__(self, parent: tk.Misc, controller: Controller, actions: PlanActions) -> None:
        super().__init__(parent, "bg")
        self._controller, self._actions = controller, actions
        self.states = PlanStates(controller)
        self.chosen = ""
        self._heads: dict[int, ListRow] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._ids: list[str] = []
        self._standings: dict[str, tuple[Standing, State]] = {}
        self._kept: dict[str, tuple[Standing, State, ShownVerdict | None, ListRow]] = {}
        self._build()
        self._keys: dict[str, Callable[[], object]] = {
            "n": lambda: self.new.invoke(),
            "o": self._import,
            "e": lambda: self.card.export.invoke(),
            "g": lambda: self.card.go_on.invoke(),
            "i": lambda: self.card.insight.invoke(),
        }
        if controller.history is not None:
            self.states.on_event(HistoryLoaded(history=controller.history, recent=(), waiting=(), damaged=0, newer=0))
        self.refresh_soon()

    def _build(self) -> None:
        side = theme.px(theme.PAD)
        self.mode_bar = Box(self, "info_soft")
        self._why = Label(self.mode_bar, "", size=12, wrap=True)
        self.switch = Button(self.mode_bar, "Switch on Passive + Active", self._switch_on, height=theme.SMALL)
        self.switch.pack(side="right", padx=theme.px(12), pady=theme.px(4))
        self._why.pack(side="left", fill="x", expand=True, padx=side)
        self._main = Box(self)
        self._main.pack(side="left", fill="both", expand=True)
        head = Box(self._main, "surface", height=theme.px(theme.ACTION_BAR))
        head.pack_propagate(False)
        head.pack(fill="x")
        Label(head, "Learning Runs", size=15, bold=True).pack(side="left", padx=(side, theme.px(12)))
        self._count = Label(head, "", size=12, ink="text3")
        self._count.pack(side="left")
        self.new = Button(head, "New Learning Run", self._actions.new, kind="main", height=theme.ACTION)
        self.new.pack(side="right", padx=(theme.px(4), theme.px(theme.PAD - theme.RING)))
        Button(head, "Import plan…", self._import, kind="outline").pack(side="right")
        self.draft = Button(head, "", self._actions.draft, kind="outline")
        tab_order(self.new)
        Separator(self._main).pack(fill="x")
        self.list = RowList(
            self._main,
            on_select=self._select,
            on_open=lambda index: self._actions.rate(self._ids[index]),
            row_height=_ROW,
            ground="bg",
        )
        self.list.pack(fill="both", expand=True)
        self._notice = Notice(self._main)
        self._edge = Box(self, "line", width=1)
        self.card = PlanCard(self, self._actions, self._export, self._archive)
        self.bind("<Configure>", lambda _event: self._arrange())
        self.bind("<Map>", lambda _event: self.refresh_soon())

    def _arrange(self) -> None:
        width = theme.px(_NARROW_CARD if self.size_class == "narrow" else _CARD)
        if int(self.card.cget("width")) != width:
            self.card.configure(width=width)

    # ---- what the page asks

    def offer_draft(self, title: str) -> None:
        """Offer to go on with a Learning Run that was begun in the wizard and left; "" offers none."""
        if title:
            self.draft.set_text(f"Go on with {title}")
        pack_if(title, self.draft, side="right", padx=theme.px(4))

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
        if self.states.on_event(event) or isinstance(event, QueueChanged | SettingsChanged):
            self.refresh_soon()

    def refresh_soon(self) -> None:
        """Draw everything anew in a moment; called when something changed, and when the list comes into sight."""
        self.later("fill", _SOON_MS, self._fill)

    @property
    def count(self) -> int:
        """How many Learning Runs there are."""
        return len(self._standings)

    # ---- drawing

    def _fill(self) -> None:
        if self.states.fill():
            self._show()
        else:
            self.later("fill", _SLICE_MS, self._fill)

    def _show(self) -> None:
        if not self.winfo_viewable():
            return  # it is drawn when it comes into sight
        groups = self.states.groups()
        self._names = plan_names(one.plan for group in groups.values() for one in group)
        self._standings = {one.plan.plan_id: (one, state) for state, group in groups.items() for one in group}
        self._ids = []
        self._heads = {}
        archived = frozenset(self._controller.settings.archived_plans)
        ids = {STATE_NAMES[state]: [one.plan.plan_id for one in group] for state, group in groups.items()}
        put_away = [plan_id for of_state in ids.values() for plan_id in of_state if plan_id in archived]
        ids = {name: [one for one in of_state if one not in archived] for name, of_state in ids.items()}
        for name, of_state in (*ids.items(), ("Archived", put_away)):
            if of_state:
                self._heads[len(self._ids)] = ListRow(f"{name} · {len(of_state)}", head=True)
                self._ids += ["", *of_state]
        if not self.chosen or self.chosen not in self._ids:
            self.chosen = next((name for name in self._ids if name), "")
        self.list.show(len(self._ids), self.row_at, self._ids.index(self.chosen) if self.chosen else -1)
        self._show_frame()

    @property
    def rows(self) -> list[ListRow]:
        """All rows of the list, headings too."""
        return [self.row_at(index) for index in range(len(self._ids))]

    def row_at(self, index: int) -> ListRow:
        """One row of the list; rows are made when they come into sight."""
        if index in self._heads:
            return self._heads[index]
        standing, state = self._standings[self._ids[index]]
        verdict = self.states.verdict(standing)
        kept, name = self._kept.get(standing.plan.plan_id), " · ".join(filter(None, self._names[standing.plan.plan_id]))
        if kept is None or kept[:3] != (standing, state, verdict) or kept[3].text != name:
            row = self._make_row(standing, state, verdict, name)
            kept = self._kept[standing.plan.plan_id] = standing, state, verdict, row
        return kept[3]

    def _make_row(self, standing: Standing, state: State, verdict: ShownVerdict | None, name: str) -> ListRow:
        plan = standing.plan
        what, where = subject(plan)
        note = f"{what} · {where}"
        mark, ink = _MARKS[state]
        if verdict is not None:
            note = f"{VERDICT_NAMES[verdict.state]} · {note}"
            if state == "done":
                mark, ink = "ring" if verdict.state == "too_early" else "dot", VERDICT_INKS[verdict.state]
        return ListRow(name, right=progress_text(standing, state), note=note, mark=mark, mark_ink=ink)

    def _show_frame(self) -> None:
        to_rate = sum(standing.asked for standing, _ in self._standings.values())
        self._count.show(f"{counted(to_rate, 'picture')} to rate" if to_rate else "")
        words = mode_for(self._controller.settings.learning, {}, "").by_hand
        self._why.show(words)
        pack_if(words, self.mode_bar, side="top", fill="x", before=self._main)
        for part in (self.card, self._edge):
            pack_if(self._ids, part, side="right", fill="y", before=self._main)
        if self._ids:
            self._notice.hide()
        else:
            self._say_empty()
        self._show_card()

    def _say_empty(self) -> None:
        if self._controller.history is None:
            self._notice.show("Reading what was recorded…")
        else:
            words = "No Learning Runs yet. One shows which value of a setting gives the better pictures."
            self._notice.show(words, "New Learning Run", self._actions.new)

    def _show_card(self) -> None:
        nothing: tuple[Standing | None, State] = None, "done"
        standing, state = self._standings.get(self.chosen, nothing)
        archived = self.chosen in self._controller.settings.archived_plans
        verdict = self.states.verdict(standing) if standing is not None else None
        self.card.show(standing, state, verdict, archived=archived)

    # ---- what is done

    def _select(self, index: int) -> None:
        self.chosen = self._ids[index]
        self._show_card()

    def _switch_on(self) -> None:
        self._controller.change_settings(replace(self._controller.settings, learning="active"))

    def _archive(self, plan_id: str) -> None:
        """Put a Learning Run at the end of the list, or bring it back."""
        settings = self._controller.settings
        kept = tuple(one for one in settings.archived_plans if one != plan_id)
        archived = kept if plan_id in settings.archived_plans else (*kept, plan_id)
        self._controller.change_settings(replace(settings, archived_plans=archived))

    def _export(self, plan_id: str) -> None:
        plan = self._standings[plan_id][0].plan
        name = "".join(sign if sign.isalnum() or sign in " -_" else "-" for sign in plan.name or "plan").strip()
        wish = FileWish(title="Export plan", kind="save", words=_PLANS, endings=(".json",), name=f"{name}.json")
        choose_file(self, self._controller, wish, lambda path: self._controller.ask(WritePlan(plan=plan, path=path)))

    def _import(self) -> None:
        wish = FileWish(title="Import plan", words=_PLANS, endings=(".json", ".html"))
        choose_file(self, self._controller, wish, lambda path: self._controller.ask(ReadPlan(path=path)))
