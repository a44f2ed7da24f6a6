"""The wizard "Create Learning Run": a prompt, one thing to vary, its values and seeds, a last look, Run."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from ....app import plan_checks as terms
from ....app.controller import Controller
from ....domain.base.errors import InvalidInput
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
from ....domain.journal.history import ImageFacts
from ....domain.models.precedence import Resolved
from ....domain.runs.plan import LearningPlan
from ....pipeline.messages.base import Event
from ....pipeline.messages.jobs import BackendChecked, JobEnded
from ....pipeline.messages.journal import HistoryLoaded
from ....pipeline.messages.packs import PackSettingsSaved, PacksListed
from ....pipeline.messages.settings import SettingsChanged
from ...widgets import theme
from ...widgets.basics import Box, Label, Separator
from ...widgets.keyboard import KeyPress, Shortcuts, act_on, typing_in
from ...widgets.row_list import RowList
from .button_bar import Verbs, WizardBar
from .parameter_step import FocusStep
from .prompt_step import PromptStep
from .run_preview import MakePanel
from .step_list import CheckStep, StepList, StepRow
from .summary_text import Making, check_lines, forecast_words, hints, making, total_words, warnings
from .values_step import ValuesStep

SIDE, SIDE_NARROW, SIDE_WIDE = 236, 232, 320
MAKE, MAKE_NARROW, MAKE_WIDE = 320, 288, 400
KEYS = (
    ("Enter", "next step, run"),
    ("Ctrl+Enter", "the same from a text"),
    ("Alt+Left", "back"),
    ("Esc", "cancel"),
    ("Arrows, Space", "move and choose in lists"),
    ("Ctrl+F", "search"),
    ("I", "fold what will be made"),
)
_NEXT = ("Next: what to vary", "Next: values and seeds", "Next: check and run")
# What may change the troubles of a step.
_NEWS = (BackendChecked, SettingsChanged, HistoryLoaded, JobEnded, PacksListed, PackSettingsSaved)


class Wizard(Box):
    """Fills its page. `begin` starts it; `done(plan_id)` ends it, with "" when it was cancelled.

    `typed` gives the values that stand in Create now; None = Create has not been opened yet.
    """

    key_words: Sequence[tuple[str, str]] = KEYS

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        done: Callable[[str], None],
        say: Callable[[str], None],
        typed: Callable[[], Resolved | None] = lambda: None,
    ) -> None:
        super().__init__(parent, "bg")
        self._typed = typed
        self._controller, self._done, self._say = controller, done, say
        self.draft = PlanDraft()
        self.step = PROMPT
        self._reached = PROMPT
        self._made: Making | None = None
        self._refused = ""  # what the run was refused for, until something changes
        self._began = self._is_new = self._narrow = False
        self._build_side()
        self._panel = MakePanel(self, width=MAKE)
        self._panel_rule = Separator(self)
        self._panel.pack(side="right", fill="y")
        self._panel_rule.pack(side="right", fill="y")
        self._middle = Box(self, "bg")
        self._middle.pack(side="left", fill="both", expand=True)
        self._page = Box(self._middle, "bg")
        self._build_steps()
        verbs = Verbs(self.cancel, self.back, self.save, self.next, self._turn_panel)
        self.bar = WizardBar(self._middle, verbs)
        self.bar.pack(side="bottom", fill="x")
        self._page.pack(side="top", fill="both", expand=True)
        self._bind_keys()
        self.bind("<Configure>", self._resized)

    # ---- for the page around it

    def begin(self, draft: LearningPlan | None = None, reuse: ImageFacts | None = None) -> None:
        """Start with an empty plan, or with what `draft` says; its empty fields are asked for.

        `reuse` is the picture that the plan begins with: the value of its own settings in row 1 is not made again.
        """
        if draft is None:
            resolved = self._typed() or terms.base_values(self._controller)
            self.draft = PlanDraft(base=resolved.config, origins=resolved.origins)
        else:
            self.draft = started(draft, reuse)
            if self.draft.focus and not self.draft.text:
                self.draft = varying(msgspec.structs.replace(self.draft, focus=""), self.draft.focus)
        self._began, self._is_new, self._refused = True, draft is None, ""
        self._prompt.begin(self.draft)
        self._vary.begin(self.draft)
        self._values.begin()
        first = next((step for step in (PROMPT, VARY) if trouble(self.draft, step)), VALUES)
        self._reached = first
        self.go(first)

    def on_event(self, event: Event) -> None:
        """Packs, pictures and the backend answer; times change with every job."""
        if not self._began:
            return
        self._prompt.on_event(event)
        self._vary.on_event(event)
        if isinstance(event, _NEWS) and self.winfo_ismapped():
            self._refresh()

    def shown(self) -> None:
        """It came into sight again: look at what has changed meanwhile and take the keyboard."""
        if self._began:
            self._refresh()
            self._focus_step()

    # ---- parts

    def _build_side(self) -> None:
        self._side = Box(self, "surface", width=theme.px(SIDE))
        self._side.pack(side="left", fill="y")
        self._side.pack_propagate(False)
        self._side_rule = Separator(self)
        self._side_rule.pack(side="left", fill="y")
        Label(self._side, "New Learning Run", bold=True).pack(
            fill="x", padx=theme.px(theme.PAD), pady=(theme.px(14), theme.px(8))
        )
        self.steps = StepList(self._side, self.go)
        self.steps.pack(fill="x")
        words = "One thing changes, all else stays the same. That is why the answer can be trusted."
        Label(self._side, words, size=12, ink="text3", wrap=True).pack(
            side="bottom", fill="x", padx=theme.px(theme.PAD), pady=theme.px(12)
        )
        Separator(self._side).pack(side="bottom", fill="x")

    def _build_steps(self) -> None:
        self._prompt = PromptStep(self._page, self._controller, change=self._changed, go_on=self.next)
        self._vary = FocusStep(self._page, self._controller, change=self._changed, go_on=self.next)
        self._values = ValuesStep(self._page, self._changed)
        self._check = CheckStep(self._page)

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
            self._vary.search.focus_set()
        elif self.step == VALUES and self._values.names.winfo_ismapped():
            self._values.names.search.focus_set()

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
        if event.widget is not self or not theme.alive(self._panel) or not theme.alive(self._side):
            return
        window = self.winfo_toplevel().winfo_width()
        narrow, wide = window < theme.px(theme.NARROW_BELOW), window >= theme.px(theme.WIDE_FROM)
        self._side.configure(width=theme.px(SIDE_NARROW if narrow else SIDE_WIDE if wide else SIDE))
        self._panel.configure(width=theme.px(MAKE_NARROW if narrow else MAKE_WIDE if wide else MAKE))
        if narrow != self._narrow:
            self._narrow = narrow
            self._show_panel(not narrow)

    def _turn_panel(self) -> None:
        self._show_panel(not self._panel.winfo_manager())

    def _show_panel(self, on: bool) -> None:
        # In a narrow window there is room for one of the two sides.
        _place((self._side, self._side_rule), "left", self._middle if not (self._narrow and on) else None)
        _place((self._panel, self._panel_rule), "right", self._middle if on else None)
        self.bar.offer_fold(self._narrow or not on)

    # ---- going through it

    def go(self, step: int) -> None:
        """Show a step."""
        self.step = step
        self._reached = max(self._reached, step)
        frames = (self._prompt, self._vary, self._values, self._check)
        for number, frame in enumerate(frames):
            if number == step:
                frame.pack(fill="both", expand=True)
            else:
                frame.pack_forget()
        self._refresh()
        self._focus_step()

    def next(self) -> None:
        """Go on, or run at the last step. With something amiss nothing happens; the reason is in sight."""
        if not self.bar.next.enabled:
            return
        if self.step == CHECK:
            self._run()
        else:
            self.go(self.step + 1)

    def back(self) -> None:
        """One step back; nothing is forgotten."""
        if self.step > PROMPT:
            self.go(self.step - 1)

    def cancel(self) -> None:
        """Leave without a plan. Nothing was made, so nothing is asked."""
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
        self._began = False
        if words:
            self._say(words.format(plan.name))
        self._done(plan.plan_id)

    def _focus_step(self) -> None:
        if self.step == CHECK:
            self.bar.next.focus_set()
        else:
            (self._prompt, self._vary, self._values)[self.step].focus_first()

    # ---- showing the draft

    def _changed(self, draft: PlanDraft) -> None:
        if draft.pack_id != self.draft.pack_id and self._is_new:
            draft = terms.with_own_values(draft, self._controller)
        self.draft, self._refused = draft, ""
        self._refresh()

    def _refresh(self) -> None:
        """Bring every part in line with the draft."""
        troubles = terms.troubles(self.draft, self._controller, unread=self._values.problem)
        self._made = making(self.draft, self._controller.forecast_s) if self.draft.focus else None
        self._show_steps(troubles)
        # Events may come to a step out of sight, so all of them hold the draft; drawing is for the one in sight.
        self._prompt.hold(self.draft)
        self._vary.hold(self.draft)
        if self.step == PROMPT:
            self._prompt.show(self.draft, terms.mode_of(self.draft, self._controller))
        elif self.step == VARY:
            self._vary.show(self.draft)
        elif self.step == VALUES:
            self._values.show(self.draft, terms.offered(self.draft, self._controller))
        backend = self._controller.capabilities
        self._panel.show(forecast_words(self.draft, self._made, backend.name if backend is not None else ""))
        if self.step == CHECK and self._made is not None:
            sketch = self._controller.settings.backend == "sketch"
            self._check.show(
                check_lines(self.draft, self._made),
                warnings(self.draft, self._made, backend, sketch),
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
        own = (
            self._values.tells(here) if self.step == VALUES else here == terms.mode_of(self.draft, self._controller).why
        )
        self.bar.say(self._refused or ("" if own else here), wrong=bool(self._refused))
        if self.step == CHECK and self._made is not None:
            self.bar.next.set_text(f"Run {total_words(self.draft, self._made)}")
        else:
            self.bar.next.set_text(_NEXT[min(self.step, VALUES)])
        self.bar.next.enable(not here, here)
        self.bar.back.enable(self.step > PROMPT, "This is the first step.")
        whole = self.draft.focus and self._made is not None and not any(troubles)
        why = "Something is still missing." if not whole else ""
        if self.draft.reuse is not None:
            whole, why = False, "A run that takes over a picture starts at once."
        self.bar.later.enable(bool(whole), why)


def _place(parts: Sequence[Box], side: Literal["left", "right"], beside: Box | None) -> None:
    """Put a panel and its rule at a side of the middle, or away."""
    for part in parts:
        if beside is None:
            part.pack_forget()
        elif not part.winfo_manager():
            part.pack(side=side, fill="y", before=beside)
