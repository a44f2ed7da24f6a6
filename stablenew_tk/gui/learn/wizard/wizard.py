"""The wizard "Create Learning Run": a prompt, one thing to vary, its values and seeds, a check, Run."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import msgspec

from ....app.controller import Controller
from ....app.create.form_values import base_values
from ....app.learn import plan_context
from ....app.learn.plan_preview import (
    Making,
    check_head,
    check_lines,
    forecast_words,
    hints,
    making,
    total_words,
    warnings,
)
from ....app.nodes.tasks import alike_machines, left_out
from ....domain.base.errors import InvalidInput
from ....domain.base.key_press import KeyPress, act_on
from ....domain.experiments.plan_draft import (
    CHECK,
    PROMPT,
    STEPS,
    VALUES,
    VARY,
    PlanDraft,
    sentence,
    started,
    step_of,
    summary,
    trouble,
    varying,
)
from ....domain.journal.image_facts import ImageFacts
from ....domain.models.precedence import Resolved
from ....domain.runs.plan import LearningPlan
from ....pipeline.messages.base import Event
from ....pipeline.messages.jobs import BackendChecked, JobEnded
from ....pipeline.messages.journal import HistoryLoaded
from ....pipeline.messages.models import LibraryChanged, ModelRead
from ....pipeline.messages.packs import PackSettingsSaved, PacksListed
from ....pipeline.messages.plans import KeepPlanDraft
from ....pipeline.messages.settings import SettingsChanged
from ...widgets import theme
from ...widgets.basics import Box, Label, Separator
from ...widgets.flow import pack_if
from ...widgets.keyboard import Shortcuts, typing_in
from ...widgets.notices import ShowNotice
from ...widgets.page_frame import PageFrame
from ...widgets.row_list import RowList
from .frame import CheckStep, StepList, StepRow, WizardActions, WizardBar
from .parameter_step import ParameterStep
from .prompt_step import PromptStep
from .run_preview import RunPreviewPanel
from .values_step import ValuesStep

_STEPS_WIDTHS = {"narrow": 232, "usual": 236, "wide": 320}
_PANEL_WIDTHS = {"narrow": 288, "usual": 320, "wide": 400}
_FORM_MOST = 820  # px: where there is more room, what will be made takes it
_KEEP_AFTER_MS = 800
KEYS = (
    ("Enter", "next step, run"),
    ("Ctrl+Enter", "the same from a text"),
    ("Alt+Left", "back"),
    ("Esc", "leave, go on later"),
    ("Arrows, Space", "move and choose in lists"),
    ("Ctrl+F", "search"),
    ("I", "fold what will be made"),
)
_NEXT = ("Next: what to vary", "Next: values and seeds", "Next: check and run")
# What may change the troubles of a step.
_RELEVANT = (BackendChecked, SettingsChanged, HistoryLoaded, JobEnded, PacksListed, PackSettingsSaved)


class Wizard(PageFrame):
    """Fills its page. `begin` starts it; `done(plan_id)` ends it, with "" when it was cancelled.

    `typed` gives the values that stand in Create now; None = Create has not been opened yet.
    """

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        done: Callable[[str], None],
        say: ShowNotice,
        typed: Callable[[], Resolved | None] = lambda: None,
    ) -> None:
        super().__init__(parent)
        self._typed = typed
        self._controller, self._done, self._say = controller, done, say
        self.draft = PlanDraft()
        self.step = PROMPT
        self._reached = PROMPT
        self._made: Making | None = None
        self._refused = ""  # what the run was refused for, until something changes
        self._began = self._is_new = self._narrow = False
        self._build_side()
        self.panel = RunPreviewPanel(self, width=_PANEL_WIDTHS["usual"])
        self.panel_rule = Separator(self)
        self.panel.pack(side="right", fill="y")
        self.panel_rule.pack(side="right", fill="y")
        self._middle = Box(self, "bg")
        self._middle.pack(side="left", fill="both", expand=True)
        self._page = Box(self._middle, "bg")
        self._build_steps()
        actions = WizardActions(self.cancel, self.back, self.save, self.next, self._turn_panel)
        self.bar = WizardBar(self._middle, actions)
        self.bar.pack(side="bottom", fill="x")
        self._page.pack(side="top", fill="both", expand=True)
        self._bind_keys()
        self.bind("<Configure>", self._resized)

    @property
    def key_words(self) -> Sequence[tuple[str, str]]:
        """Keys of the wizard, for F1."""
        return KEYS

    # ---- for the page that holds it

    def begin(self, draft: LearningPlan | None = None, reuse: ImageFacts | None = None) -> None:
        """Start with an empty plan, or with what `draft` says; its empty fields are asked for.

        `reuse` is the picture that the plan begins with: the value of its own settings in row 1 is not made again.
        """
        if draft is None:
            resolved = self._typed() or base_values(self._controller)
            self.draft = PlanDraft(base=resolved.config, origins=resolved.origins)
        else:
            if plan_context.leaves_values_open(draft):
                draft = plan_context.with_values_in_force(draft, self._typed(), self._controller)
            self.draft = plan_context.with_traits(started(draft, reuse), self._controller)
            if self.draft.focus and not self.draft.text:
                self.draft = varying(msgspec.structs.replace(self.draft, focus=""), self.draft.focus)
        self._is_new = draft is None
        self._open()
        self._keep()

    def resume(self, draft: PlanDraft) -> None:
        """Go on with what was written down before the last end of the program."""
        history = self._controller.history
        row = history.row_of(draft.reuse.image_id) if draft.reuse is not None and history is not None else None
        reuse = history.visible().facts(row) if history is not None and row is not None else None
        self.draft = plan_context.with_traits(msgspec.structs.replace(draft, reuse=reuse), self._controller)
        self._is_new = False
        self._open()

    def _open(self) -> None:
        self._began, self._refused = True, ""
        self.prompt_step.begin(self.draft)
        self.draft = self.prompt_step.draft
        self.parameter_step.begin(self.draft)
        self.values_step.begin()
        first = next((step for step in (PROMPT, VARY) if trouble(self.draft, step)), VALUES)
        self._reached = first
        self.go(first)

    def on_event(self, event: Event) -> None:
        """Packs, pictures and the backend answer; times change with every job."""
        if not self._began:
            return
        self.prompt_step.on_event(event)
        self.parameter_step.on_event(event)
        if (isinstance(event, _RELEVANT) or _is_known(event)) and self.winfo_ismapped():
            self._refresh()

    def shown(self) -> None:
        """It came into sight again: show what has changed meanwhile and take the keyboard."""
        if self._began:
            self._refresh()
            self._focus_step()

    # ---- parts

    def _build_side(self) -> None:
        self._side = Box(self, "surface", width=theme.px(_STEPS_WIDTHS["usual"]))
        self._side.pack(side="left", fill="y")
        self._side.pack_propagate(False)
        self._side_rule = Separator(self)
        self._side_rule.pack(side="left", fill="y")
        Label(self._side, "New Learning Run", bold=True).pack(
            fill="x", padx=theme.px(theme.PAD), pady=(theme.px(14), theme.px(8))
        )
        self.steps = StepList(self._side, self.go)
        self.steps.pack(fill="x")
        words = "What you choose changes, all else stays the same. That is why the answer can be trusted."
        Label(self._side, words, size=12, ink="text3", wrap=True).pack(
            side="bottom", fill="x", padx=theme.px(theme.PAD), pady=theme.px(12)
        )
        Separator(self._side).pack(side="bottom", fill="x")

    def _build_steps(self) -> None:
        self.prompt_step = PromptStep(self._page, self._controller, change=self._changed, go_on=self.next)
        self.parameter_step = ParameterStep(self._page, self._controller, change=self._changed, go_on=self.next)
        self.values_step = ValuesStep(self._page, self._changed)
        self.check_step = CheckStep(self._page)

    def _bind_keys(self) -> None:
        plain = {"Return": self.next, "KP_Enter": self.next, "Escape": self.cancel}
        control = {"return": self.next, "f": self._search}

        def always(press: KeyPress) -> bool:
            focus = self.focus_get()
            if focus is not None and not str(focus).startswith(f"{self}.") and focus is not self.winfo_toplevel():
                return False
            if press.control:
                return act_on(control, press.name.lower())
            if press.alt:
                return act_on({"Left": self.back}, press.name)
            # In a text of several lines Return makes a line.
            lines = focus is not None and typing_in(focus) and focus.winfo_class() == "Text"
            return not (lines and press.name != "Escape") and act_on(plain, press.name)

        Shortcuts(self, self._single_key, always)

    def _search(self) -> None:
        if self.step == VARY:
            self.parameter_step.search.focus_set()
        elif self.step == VALUES and self.values_step.names.winfo_ismapped():
            self.values_step.names.search.focus_set()

    def _single_key(self, key: KeyPress) -> bool:
        focus = self.focus_get()
        # In a list letters jump to the row that begins so.
        if key.letter != "i" or (focus is not None and isinstance(focus.master, RowList)):
            return False
        self._turn_panel()
        return True

    # ---- sizes

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        # While the window is taken apart, sides go before the page and change its size once more.
        if event.widget is not self or not theme.alive(self.panel) or not theme.alive(self._side):
            return
        size, narrow = self.size_class, self.size_class == "narrow"
        self._side.configure(width=theme.px(_STEPS_WIDTHS[size]))
        room = event.width - theme.px(_STEPS_WIDTHS[size] + _FORM_MOST) if size == "wide" else 0
        self.panel.configure(width=max(theme.px(_PANEL_WIDTHS[size]), room))
        if narrow != self._narrow:
            self._narrow = narrow
            self._show_panel(not narrow)

    def _turn_panel(self) -> None:
        self._show_panel(not self.panel.winfo_manager())

    def _show_panel(self, on: bool) -> None:
        # In a narrow window there is room for one of the two sides.
        for part in (self._side, self._side_rule):
            pack_if(not (self._narrow and on), part, side="left", fill="y", before=self._middle)
        for part in (self.panel, self.panel_rule):
            pack_if(on, part, side="right", fill="y", before=self._middle)
        self.bar.offer_fold(self._narrow or not on)

    # ---- going through it

    def go(self, step: int) -> None:
        """Show a step."""
        self.step = step
        self._reached = max(self._reached, step)
        frames = (self.prompt_step, self.parameter_step, self.values_step, self.check_step)
        for number, frame in enumerate(frames):
            pack_if(number == step, frame, fill="both", expand=True)
        self._refresh()
        self._focus_step()

    def next(self) -> None:
        """Go on, or run at the last step. With something amiss the keyboard goes to the field that is wrong."""
        if not self.bar.next.enabled:
            if self.step == VALUES:
                self.values_step.focus_problem()
            return
        if self.step == CHECK:
            self._run()
        else:
            self.go(self.step + 1)

    def back(self) -> None:
        """One step back; nothing is forgotten."""
        if self.step > PROMPT:
            self.go(self.step - 1)

    @property
    def is_kept(self) -> bool:
        """Whether it was left with something in it that can be gone on with."""
        return not self._began and bool(self.draft.focus)

    @property
    def kept_title(self) -> str:
        """What the draft that is kept is about; "" when there is none."""
        return self.draft.spec.label if self.is_kept and self.draft.spec is not None else ""

    def take_up(self) -> None:
        """Go on where it was left."""
        self._began, self._refused = True, ""
        self.go(self.step)

    def cancel(self) -> None:
        """Leave without a plan. What was filled in is kept, also after a restart, until another one is begun."""
        self._keep()
        self._began = False
        self._done("")

    def save(self) -> None:
        """Record the plan without making anything."""
        if self.bar.later.enabled:
            self._hand_over(
                lambda plan: self._controller.learning.save(plan), "Saved for later: {}. Nothing was made yet."
            )

    def _run(self) -> None:
        reuse, own = self.draft.reuse, self.draft.own_value
        learning = self._controller.learning
        if reuse is not None:
            self._hand_over(lambda plan: learning.convert(plan, reuse, own))
        else:
            self._hand_over(lambda plan: learning.start(plan))

    def _hand_over(self, verb: Callable[[LearningPlan], LearningPlan], words: str = "") -> None:
        try:
            plan = verb(self.draft.plan())
        except InvalidInput as wrong:
            self._refused = sentence(wrong)
            self.go(step_of(wrong))
            return
        self._began, self.draft = False, PlanDraft()
        self._keep()
        if words:
            self._say(words.format(plan.name), warn=False)
        self._done(plan.plan_id)

    def _focus_step(self) -> None:
        if self.step == CHECK:
            self.bar.next.focus_set()
        else:
            (self.prompt_step, self.parameter_step, self.values_step)[self.step].focus_first()

    # ---- showing the draft

    def _changed(self, draft: PlanDraft) -> None:
        draft = self.prompt_step.follow(draft)
        if self._is_new and plan_context.differ_in_scope(draft, self.draft):
            draft = plan_context.with_own_values(draft, self._controller)
        self.draft, self._refused = plan_context.with_traits(draft, self._controller, self.draft), ""
        self.later("keep", _KEEP_AFTER_MS, self._keep, restart=True)
        self._refresh()

    def _keep(self) -> None:
        """Write down what is worth going on with."""
        self.not_later("keep")
        self._controller.ask(KeepPlanDraft(draft=self.draft if self.draft.focus else None))

    def _left_out(self) -> list[str]:
        """What is to be said of machines that take no part."""
        return list(filter(None, [left_out(self._controller.nodes.states, mixed=self.draft.mixed_machines)]))

    def _making(self) -> Making | None:
        if not self.draft.focus:
            return None
        controller = self._controller
        alike = len(alike_machines(controller.nodes.states, mixed=self.draft.mixed_machines))
        shared = controller.machines_at_work
        return making(self.draft, controller.forecast_s, shared=shared, machines=max(1, alike))

    def _refresh(self) -> None:
        """Bring every part in line with the draft."""
        self.draft = plan_context.with_traits(self.draft, self._controller)
        troubles = plan_context.troubles(self.draft, self._controller, unread=self.values_step.problem)
        self._made = self._making()
        self._show_steps(troubles)
        # Events may come to a step out of sight, so all of them hold the draft; drawing is for the one in sight.
        self.prompt_step.hold(self.draft)
        self.parameter_step.hold(self.draft)
        if self.step == PROMPT:
            self.prompt_step.show(self.draft, plan_context.mode_of(self.draft, self._controller))
        elif self.step == VARY:
            self.parameter_step.show(self.draft)
        elif self.step == VALUES:
            unlike = bool(left_out(self._controller.nodes.states, mixed=False))
            both = (plan_context.offered(one, self._controller) for one in (self.draft, self.draft.partner))
            self.values_step.show(self.draft, *both, unlike=unlike)
        backend = self._controller.capabilities
        forecast = forecast_words(self.draft, self._made, backend.name if backend is not None else "")
        self.panel.show(forecast)
        if self.step == CHECK and self._made is not None:
            sketch = self._controller.settings.backend == "sketch"
            self.check_step.ask(check_head(self._made), forecast.outline)
            self.check_step.show(
                check_lines(self.draft, self._made),
                [*warnings(self.draft, self._made, backend, sketch), *self._left_out()],
                hints(self._made),
            )
        self._show_bar(troubles)

    def _show_steps(self, troubles: Sequence[str]) -> None:
        rows = []
        for number, title in enumerate(STEPS):
            reachable = number <= self._reached and not any(troubles[:number])
            done = reachable and number < self._reached and number < CHECK and not troubles[number]
            words = summary(self.draft, number) if reachable else ""
            rows.append(StepRow(title, words, done, reachable))
        self.steps.show(rows, self.step)

    def _show_bar(self, troubles: Sequence[str]) -> None:
        here = next((words for words in troubles[: self.step + 1] if words), "")
        # The sentences of fields stand below the fields; here is room for those that have no field.
        own = self.step == VALUES and self.values_step.tells(here)
        self.bar.say(self._refused or ("" if own else here), wrong=bool(self._refused))
        if self.step == CHECK and self._made is not None:
            self.bar.next.set_text(f"Run {total_words(self.draft, self._made)}")
        else:
            self.bar.next.set_text(_NEXT[min(self.step, VALUES)])
        absent = self._controller.why_not if self.step == CHECK else ""
        self.bar.next.enable(not (here or absent), here or f"{absent}. It can be run as soon as the backend answers.")
        if absent and not here and not self._refused:
            self.bar.say(f"{absent}. Try again, or sketch instead, below.", wrong=True)
        self.bar.back.enable(self.step > PROMPT, "This is the first step.")
        whole = self.draft.focus and self._made is not None and not any(troubles)
        why = "Something is still missing." if not whole else ""
        if self.draft.reuse is not None:
            whole, why = False, "A run that takes over a picture starts at once."
        self.bar.later.enable(bool(whole), why)


def _is_known(event: Event) -> bool:
    """Whether the library knows all models again, or one better: it may have told something else before."""
    return isinstance(event, ModelRead) or (isinstance(event, LibraryChanged) and event.done)
