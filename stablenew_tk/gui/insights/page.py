"""Insights: what your stars say. Every Learning Run with its verdict and chart, and hints from everyday runs below.

The page shows what a report says and passes on what is clicked. Reports are made by the desk; until one is there, the
list says what the journal knows anyway.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path

from ...app.controller import Controller
from ...app.insights.actions import (
    ActionKey,
    draft_preset,
    extendable_presets,
    finer_draft,
    insight_actions,
    known_from,
    save_preset,
    use_or_undo,
)
from ...app.insights.confirm import confirm_actions, confirming_plan
from ...app.insights.entries import InsightEntries
from ...app.insights.reports import Everyday, Reports
from ...app.presets import from_now_on, named_by
from ...domain.base.errors import InvalidInput
from ...domain.base.key_press import KeyPress, act_on
from ...domain.base.wording import counted, pack_title
from ...domain.insights.follow_up import CERTAIN, place_of
from ...domain.insights.naming import plan_naming
from ...domain.insights.report import Report
from ...domain.insights.titles import scope_text
from ...domain.journal.record import Feedback, Void
from ...domain.runs.known_value import KnownValue
from ...domain.runs.plan import LearningPlan, LearningRunResult, LearningRunStep
from ...domain.runs.preset import Preset
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.jobs import QueueChanged
from ...pipeline.messages.journal import HistoryChanged, HistoryLoaded, LineSaved
from ...pipeline.messages.models import ModelOrder, ProfileSaved
from ...pipeline.messages.pictures import MakeThumbnail, ThumbnailReady
from ..widgets import theme
from ..widgets.basics import Box, Label, Separator
from ..widgets.keyboard import Shortcuts
from ..widgets.page_frame import PageFrame, SizeClass
from .card_export import CardExport
from .list import EntryList, InsightMenus
from .panel import InsightPanel, InsightPanelActions

_LEFT: dict[SizeClass, int] = {"narrow": 232, "usual": 236, "wide": 320}
_REFRESH_MS = 250
_EMPTY = "Nothing to learn from yet: rate 7 pictures of a Learning Run."


class InsightsPage(PageFrame):
    """The page. `open_plan` shows a plan in Learn, `new_run` opens the wizard with a draft, `review_run` shows pictures
    of a plan in Review.
    """

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        go: Callable[[str], None],
        open_plan: Callable[[str], None],
        new_run: Callable[[LearningPlan | None], None],
        review_run: Callable[[str], None],
        show_known: Callable[[KnownValue], object] = lambda _known: None,
    ) -> None:
        super().__init__(parent)
        self._controller, self._go, self._show_known = controller, go, show_known
        self._open_plan, self._new_run, self._review_run = open_plan, new_run, review_run
        self._key = ""
        self._rows: dict[str, int] = {}  # by plan: the number of the value whose pictures are shown
        self._queued = ""  # the plan whose further pictures were asked for here
        self._kept: Preset | None = None
        self._writing: ModelOrder | None = None  # a profile, asked for and not on disk yet
        self._taken_back = ""  # the line that took it back; a redo takes that one back
        self._reports = Reports(controller, self._told)
        self._everyday = Everyday(controller, self._soon)
        self._entries = InsightEntries(controller, self._reports.known, self._everyday)
        self._build()
        Shortcuts(self, self._answer)
        self._refresh()

    # ---- what the window asks

    @property
    def title(self) -> tuple[str, str]:
        """Words for the top bar."""
        return "Insights", ""

    @property
    def key_words(self) -> Sequence[tuple[str, str]]:
        """Keys of the page, for F1."""
        return (
            ("Up, Down", "value"),
            ("Arrows", "pair, in the map of two settings"),
            ("R", "ranges in that map"),
            ("Enter", "its pictures in Review"),
            ("Tab", "next button"),
            ("Ctrl+Enter", "what the gold button says"),
            ("Ctrl+Z, Ctrl+Y", "undo, redo"),
        )

    def shown(self) -> None:
        """The page came into sight."""
        self._refresh()
        self.list.focus_set()

    def show_plan(self, plan_id: str) -> None:
        """Show what one plan has taught, whatever the filters say."""
        self.menus.reset()
        self._choose(f"plan:{plan_id}")
        self._refresh()

    def on_event(self, event: Event) -> None:
        """Follow the history and take in what was asked for."""
        self._reports.on_event(event)
        self._everyday.on_event(event)
        self._card.on_event(event)
        if isinstance(event, ThumbnailReady):
            self.panel.pictures.thumbs.ready(event)
        elif isinstance(event, HistoryChanged):
            self._history_changed(event)
        elif isinstance(event, LineSaved):
            self._line_saved(event)
        elif isinstance(event, HistoryLoaded | QueueChanged):
            self._forget_queued()
            self._soon()
        elif isinstance(event, ProfileSaved) and event.order is self._writing:
            self._writing, path = None, event.path
            self.panel.head.tell(f"Written to {Path(path).name}.", lambda: self._controller.models.take_back(path))
        elif isinstance(event, OrderFailed):
            self._failed(event)

    # ---- building

    def _build(self) -> None:
        self._side = Box(self, "surface", width=theme.px(_LEFT["usual"]))
        self._side.pack(side="left", fill="y")
        self._side.pack_propagate(False)
        Separator(self).pack(side="left", fill="y")
        Label(self._side, "What your stars say", size=13, bold=True).pack(
            anchor="w", padx=theme.px(theme.PAD), pady=(theme.px(14), theme.px(2))
        )
        self.menus = InsightMenus(self._side, self._refresh)
        self.menus.pack(fill="x")
        self._foot = Box(self._side)
        Separator(self._foot).pack(fill="x")
        self.steadiness = Label(self._foot, "", size=12, ink="text3", wrap=True)
        self.steadiness.pack(fill="x", padx=theme.px(theme.PAD), pady=theme.px(14))
        self.list = EntryList(self._side, self._choose)
        self.list.pack(fill="both", expand=True)
        actions = InsightPanelActions(
            ask=lambda order: self._controller.ask(order, last=True),
            press=self._press,
            row=self._row_chosen,
            review=self._review,
            run=self._open_plan,
            save=self._save_preset,
        )
        self.panel = InsightPanel(self, actions)
        self._card = CardExport(self, self._controller, self.panel.head)
        self.panel.pack(side="left", fill="both", expand=True)
        self.bind("<Configure>", lambda _event: self._arrange())

    def _arrange(self) -> None:
        self._side.configure(width=theme.px(_LEFT[self.size_class]))
        self.panel.fit(self.size_class)

    # ---- what is shown

    def _soon(self) -> None:
        self.later("refresh", _REFRESH_MS, lambda: self._refresh() if self.winfo_viewable() else None)

    def _refresh(self) -> None:
        history = self._controller.history
        if history is None:
            self.panel.show_nothing("Reading what was recorded…")
            return
        self._reports.forget_hidden(history)
        self._everyday.refresh()
        listed = self._entries.plans()
        machines = [name for plan in listed for name in self._entries.standing(plan).machines]
        self.menus.offer(listed, self._everyday.pictures, machines)
        entries = self._entries.entries(self.menus.wanted)
        keys = [entry.key for entry in entries if not entry.caption]
        if self._key.startswith("plan:"):
            # The runs of one question have one entry, that of the newest.
            self._key = f"plan:{self._entries.speaker(self._key.removeprefix('plan:'))}"
        if self._key not in keys:
            self._key = keys[0] if keys else ""
        self.list.show_entries(entries, self._key)
        plans = [key.removeprefix("plan:") for key in (self._key, *keys) if key.startswith("plan:")]
        told = {plan_id for plan_id in plans[1:] if history.plans.asked.verdict(plan_id) is not None}
        # A stored result is enough for a dot. What is looked at is always worked out anew.
        self._reports.want(dict.fromkeys(plan for at, plan in enumerate(plans) if not at or plan not in told))
        self._show()

    def _choose(self, key: str) -> None:
        if key != self._key:
            self._key = key
            self.panel.to_top()
            self._refresh()

    def _told(self, plan_id: str) -> None:
        if self._key == f"plan:{plan_id}" and self.winfo_viewable():
            self._refresh()
        else:
            self._soon()

    @property
    def plan(self) -> LearningPlan | None:
        """The plan that is shown."""
        history = self._controller.history
        if history is None or not self._key.startswith("plan:"):
            return None
        return history.plans.plan(self._key.removeprefix("plan:"))

    @property
    def report(self) -> Report | None:
        """The report that is shown."""
        plan = self.plan
        return self._reports.known.get(plan.plan_id) if plan is not None and not self._entries.is_hidden(plan) else None

    def _show(self) -> None:
        plan, report = self.plan, self.report
        hints = self._entries.hints(self._key)
        self._show_steadiness(report)
        if hints:
            scope, doubt = self._entries.hint_scope(self._key), self._entries.hint_doubt(self._key)
            self.panel.show_hints(scope, hints, doubt, confirm_actions(hints, self._controller.workflows.in_force))
        elif plan is None:
            self.panel.show_nothing(_EMPTY, "New Learning Run", lambda: self._new_run(None))
        elif self._entries.is_hidden(plan):
            self._show_blind(plan)
        elif report is None:
            self.panel.show_waiting(scope_text(plan))
        else:
            self.panel.show_report(report, scope_text(plan, report), self._row_of(report))
            self._offer(report)

    def _offer(self, report: Report) -> None:
        unrated = self._entries.standing(report.plan).unrated
        self.panel.head.offer(insight_actions(report, self._controller, unrated))

    def _row_of(self, report: Report) -> int:
        """The row that is looked at: what the user chose, else the value the verdict names, else the first."""
        variant = self._rows.get(report.plan.plan_id, -1)
        chosen = next((at for at, line in enumerate(report.values) if line.variant == variant), -1)
        return max(0, chosen if chosen >= 0 else place_of(report, report.verdict.value))

    def _show_blind(self, plan: LearningPlan) -> None:
        now = self._entries.standing(plan)
        meaning = (
            f"{now.rated} of {now.wanted} pictures rated. What they say is shown when you reveal the values in Learn."
        )
        self.panel.show_blind(scope_text(plan), meaning, insight_actions(None, self._controller, now.unrated))

    def _show_steadiness(self, report: Report | None) -> None:
        sd = report.insight.repeat_sd if report is not None else None
        if report is None or sd is None:
            self._foot.pack_forget()
            return
        shown = counted(report.insight.repeats, "picture")
        self.steadiness.show(f"You repeat yourself within {sd:.1f} stars ({shown} shown twice).")
        self._foot.pack(side="bottom", fill="x", before=self.list)

    # ---- what the user does

    def _press(self, key: ActionKey) -> None:
        hints = self._entries.hints(self._key)
        if key == "confirm" and hints:
            self._new_run(confirming_plan(hints, *self._entries.hint_place(self._key), self._controller))
        if self.plan is None:
            return
        try:
            if key == "rate":
                self._open_plan(self.plan.plan_id)
            elif self.report is not None:
                self._follow_up(key, self.report)
        except InvalidInput as problem:
            self.panel.head.tell(str(problem), ink="danger")

    def _follow_up(self, key: ActionKey, report: Report) -> None:
        if key == "preset":
            self._ask_preset(report)
        elif key == "use":
            self.panel.head.tell(
                use_or_undo(report, self._controller), use=("Go to Create", lambda: self._see_known(report))
            )
        elif key == "more":
            jobs = self._controller.learning.more(report.plan.plan_id, report.next)
            self._queued = report.plan.plan_id
            self.panel.head.tell(f"{counted(len(jobs), 'picture')} queued. They count as soon as they are rated.")
        elif key == "card":
            self._card.ask(report)
        elif key == "profile":
            self._writing = self._controller.models.learned(report.plan, report)
        elif (draft := finer_draft(report, self._controller)) is not None:
            self._new_run(draft)

    def _forget_queued(self) -> None:
        """Take the words about queued pictures away once they are made, or dropped."""
        if self._queued and not self._controller.learning.pending(self._queued):
            self._queued = ""
            if "queued" in str(self.panel.head.notice.cget("text")):
                self.panel.head.tell("")

    def _see_known(self, report: Report) -> None:
        known = known_from(report, self._controller)
        if known:
            self._show_known(known[0])
        else:
            self._go("create")

    def _row_chosen(self, index: int) -> None:
        if self.report is not None:
            self._rows[self.report.plan.plan_id] = self.report.values[index].variant

    def _review(self) -> None:
        if self.plan is not None:
            self._review_run(self.plan.plan_id)

    def _ask_preset(self, report: Report) -> None:
        certain = report.verdict.state in CERTAIN
        at = place_of(report, report.verdict.value) if certain else self._row_of(report)
        name = plan_naming(report.plan)
        names = [f"{pack_title(report.plan.pack_id)} · {name(line.value)}" for line in report.values]
        self.panel.head.tell("")
        texts = [line.text for line in report.values]
        add_to = [(one.preset_id, one.name) for one in extendable_presets(report, self._controller)]
        self.panel.head.open_form(texts, names, max(0, at), ask_value=not certain, add_to=add_to)

    def _save_preset(self, at: int, name: str, add_to: str) -> None:
        report = self.report
        if report is None or not 0 <= at < len(report.values):
            return
        try:
            draft = draft_preset(report, self._controller, at, name)
            self._kept = save_preset(draft, self._controller, add_to)
        except InvalidInput as problem:
            self.panel.head.tell(str(problem), ink="danger")
        self.panel.head.close_form()

    def _use(self, preset: Preset) -> None:
        self.panel.head.tell(from_now_on(self._controller, preset))

    def _answer(self, press: KeyPress) -> bool:
        if press.control:
            undo = self._controller.undo
            redo = press.shift
            acts: dict[str, Callable[[], object]] = {"z": lambda: undo(redo=redo), "y": lambda: undo(redo=True)}
            gold = next((button for button in self.panel.head.buttons.values() if button.is_main), None)
            if gold is not None:
                acts |= dict.fromkeys(("return", "kp_enter"), gold.invoke)
            return act_on(acts, press.name.lower())
        if self.report is None:
            return False
        return self.panel.move(press.name)

    # ---- news

    def _history_changed(self, event: HistoryChanged) -> None:
        history = self._controller.history
        if history is None:
            return
        for run_id in {history.run_id(row) for row in event.rows}:
            if history.plans.plan(run_id) is not None:
                self._changed(run_id)
            elif not event.grown:  # a new picture has no stars yet
                self._everyday.changed()
        self._soon()

    def _changed(self, plan_id: str) -> None:
        self._reports.changed(plan_id)
        self._entries.changed(plan_id)

    def _line_saved(self, event: LineSaved) -> None:
        line, kept = event.line, self._kept
        if isinstance(line, Void):
            self._reports.all_changed()
        if isinstance(line, LearningPlan | LearningRunStep | LearningRunResult):
            self._changed(line.plan_id)
        elif kept is not None and (
            line.event_id == kept.event_id
            if isinstance(line, Preset)
            else isinstance(line, Void) and line.target == self._taken_back
        ):
            words = f"Saved as preset {kept.name}." if len(named_by(kept)) == 1 else f"Saved in preset {kept.name}."
            self.panel.head.tell(words, self._controller.undo, use=("Start from it", lambda: self._use(kept)))
        elif kept is not None and isinstance(line, Void) and line.target == kept.event_id:
            self._taken_back = line.event_id
            self.panel.head.tell(f"The preset {kept.name} is taken back.")
        elif kept is not None and isinstance(line, Feedback) and self.panel.head.notice.cget("text"):
            # From here on "undo" would take back the rating, not the preset.
            self._kept = None
            self.panel.head.tell("")
        if isinstance(line, LearningPlan | LearningRunStep | LearningRunResult | KnownValue | Void):
            self._soon()

    def _failed(self, event: OrderFailed) -> None:
        if event.order is not None and event.order is self._writing:
            self._writing = None
            self.panel.head.tell(event.message, ink="danger")
        elif isinstance(event.order, MakeThumbnail):
            self.panel.pictures.thumbs.lost()
