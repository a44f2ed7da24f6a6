"""Learn: all Learning Runs, the rating of one of them, and the wizard that makes a new one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Literal

from ...app.controller import Controller
from ...domain.base.errors import InvalidInput
from ...domain.base.key_press import KeyPress
from ...domain.base.wording import counted
from ...domain.experiments.plan_draft import PlanDraft
from ...domain.journal.image_facts import ImageFacts
from ...domain.models.precedence import Resolved
from ...domain.runs.known_value import KnownValue
from ...domain.runs.plan import LearningPlan
from ...pipeline.messages.base import Event
from ...pipeline.messages.journal import HistoryLoaded, LineSaved
from ...pipeline.messages.plans import PlanDraftRead, PlanRead, PlanWritten, ReadPlanDraft
from ..widgets.flow import pack_if
from ..widgets.keyboard import Shortcuts
from ..widgets.notices import ShowNotice
from ..widgets.page_frame import PageFrame
from .plan_card import PlanActions
from .plan_list import PlanList
from .rating.pairs import PairsView
from .rating.view import RatingView
from .wizard.wizard import Wizard

View = Literal["list", "rating", "pairs", "wizard"]


class LearnPage(PageFrame):
    """The page. `say` shows a sentence, `show_insight(plan_id)` what its ratings say.

    `typed` gives the values that stand in Create now; None = Create has not been opened yet.
    """

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        say: ShowNotice,
        show_insight: Callable[[str], None],
        typed: Callable[[], Resolved | None] = lambda: None,
        show_known: Callable[[KnownValue], object] = lambda _known: None,
    ) -> None:
        super().__init__(parent)
        self._controller, self._say, self._typed, self._show_insight = controller, say, typed, show_insight
        self._view: View = "list"
        self._wanted = ""
        self._wizard: Wizard | None = None
        actions = PlanActions(
            rate=self.open_plan,
            go_on=self.go_on,
            insight=show_insight,
            new=lambda: self.new_run(),
            draft=self._go_on_with_draft,
        )
        self.plans = PlanList(self, controller, actions)
        self.rating = RatingView(
            self,
            controller,
            leave=self._to_list,
            go_on=self.go_on,
            see_insight=show_insight,
            show_known=show_known,
            pairs=self.open_pairs,
        )
        self.pairs = PairsView(self, controller, leave=self._to_stars, see_verdict=self._verdict_of_pairs)
        Shortcuts(self, self._answer)
        self._turn_to("list")
        self._written: PlanDraft | None = None  # what was begun before the last end of the program
        controller.ask(ReadPlanDraft())

    # ---- what the window asks

    @property
    def title(self) -> tuple[str, str]:
        """Words for the top bar."""
        if self._view in ("rating", "pairs"):
            return "Rate a Learning Run", ""
        if self._view == "wizard":
            return "Learn", "New Learning Run"
        return "Learn", counted(self.plans.count, "Learning Run") if self.plans.count else ""

    @property
    def key_words(self) -> Sequence[tuple[str, str]]:
        """Keys of what is in sight, for F1."""
        if self._view == "wizard" and self._wizard is not None:
            return self._wizard.key_words
        if self._view == "list":
            return (
                ("Enter", "rate the chosen one"),
                ("Ctrl+G", "make what is missing"),
                ("Ctrl+I", "see insight"),
                ("Ctrl+N", "New Learning Run"),
                ("Ctrl+O", "import a plan"),
                ("Ctrl+E", "export the plan"),
            )
        if self._view == "pairs":
            return (
                ("Left, Right", "that one is better"),
                ("Down", "no difference"),
                ("Space", "hold: the other in its place"),
                ("Z", "100 %, both"),
                ("Ctrl+Z, Ctrl+Y", "undo, redo"),
                ("Esc", "back to the stars"),
            )
        tags = tuple((key.upper(), f"tag: {words}") for key, words in self._controller.settings.tags)
        return (
            ("1–5", "rate and go on"),
            ("0", "clear"),
            ("U", "next unrated"),
            ("arrows, Home, End", "move"),
            ("Space", "full size"),
            ("Z", "own size, in full size"),
            ("C", "compare the row, or what is chosen"),
            ("P", "compare in pairs"),
            ("Shift+arrows", "choose to compare"),
            ("F2", "note"),
            ("Ctrl+Enter", "what the gold button says"),
            ("Ctrl+Z, Ctrl+Y", "undo, redo"),
            ("Esc", "leave, go on later"),
            ("Ctrl+N", "New Learning Run"),
            *tags,
        )

    @property
    def parent(self) -> str:
        """From a matrix or the wizard the way leads back to the list."""
        return "" if self._view == "list" else "Learning Runs"

    def home(self) -> None:
        """Go to the list. What is rated stays rated, and what was begun in the wizard is kept."""
        if self._view == "wizard" and self._wizard is not None:
            self._wizard.cancel()
        elif self._view in ("rating", "pairs"):
            self._to_list()

    def shown(self) -> None:
        """The page came into sight."""
        self.plans.refresh_soon()
        if self._view == "list":
            self.plans.list.focus_set()
        elif self._view == "rating":
            self.rating.focus_first()
        elif self._view == "pairs":
            self.pairs.focus_first()
        elif self._wizard is not None:
            self._wizard.shown()

    def on_event(self, event: Event) -> None:
        """Hand on what happened."""
        if isinstance(event, HistoryLoaded) and event.again and self._view in ("rating", "pairs"):
            # What stands in the matrix has other rows now, or is gone: a key must not meet another picture.
            self._to_list()
        self.plans.on_event(event)
        self.rating.on_event(event)
        self.pairs.on_event(event)
        if self._wizard is not None:
            self._wizard.on_event(event)
        if isinstance(event, HistoryLoaded | LineSaved):
            self._open_wanted()
        elif isinstance(event, PlanRead):
            self._plan_read(event)
        elif isinstance(event, PlanDraftRead):
            self._offer_written(event.draft)
            if event.problem:
                self._say(event.problem)
        elif isinstance(event, PlanWritten):
            self._say(f"The plan is written to {event.path}.", warn=False)

    # ---- ways in

    def open_plan(self, plan_id: str) -> None:
        """Rate a plan; before the history is loaded, as soon as it is."""
        self._wanted = plan_id if self._controller.history is None else ""
        if not self._wanted and self.rating.open(plan_id):
            self.plans.chosen = plan_id
            self._turn_to("rating")
        elif not self._wanted:
            self._say("This Learning Run is no longer in the journal.")

    def open_pairs(self, plan_id: str) -> bool:
        """Compare the rated pictures of a plan two by two. False when there are no two in a row."""
        found = self.pairs.open(plan_id)
        if found:
            self._turn_to("pairs")
        return found

    def _to_stars(self) -> None:
        plan = self.pairs.session.plan
        if plan is not None and self.rating.open(plan.plan_id):
            self._turn_to("rating")
        else:
            self._to_list()

    def _verdict_of_pairs(self, plan_id: str) -> None:
        """The verdict; while the values are hidden, the stars first, which reveal them when nothing is left to rate."""
        history = self._controller.history
        if history is not None and history.visible().shows(plan_id):
            self._show_insight(plan_id)
        else:
            self._to_stars()

    def rate_soon(self, plan_id: str) -> None:
        """Rate a plan as soon as its line is on disk."""
        self._wanted = plan_id
        self._open_wanted()

    def new_run(self, draft: LearningPlan | None = None, reuse: ImageFacts | None = None) -> None:
        """Ask for a new Learning Run, beginning with a draft, or with a picture as the first one of row 1."""
        self._written = None
        wizard = self._wizard_made()
        self._turn_to("wizard")
        wizard.begin(draft, reuse)

    def _wizard_made(self) -> Wizard:
        if self._wizard is None:
            self._wizard = Wizard(self, self._controller, done=self._designed, say=self._say, typed=self._typed)
        return self._wizard

    def _go_on_with_draft(self) -> None:
        """Open the wizard where it was left."""
        written, self._written = self._written, None
        wizard = self._wizard_made()
        if wizard.is_kept or written is not None:
            self._turn_to("wizard")
            wizard.resume(written) if written is not None else wizard.take_up()

    def _offer_written(self, draft: PlanDraft | None) -> None:
        # Meanwhile another one may have been begun.
        if draft is not None and draft.spec is not None and self._wizard is None:
            self._written = draft
            self.plans.offer_draft(draft.spec.label)

    # ---- between the views

    def _turn_to(self, view: View) -> None:
        for name, frame in (
            ("list", self.plans),
            ("rating", self.rating),
            ("pairs", self.pairs),
            ("wizard", self._wizard),
        ):
            if frame is not None:
                pack_if(name == view, frame, fill="both", expand=True)
        self._view = view
        if view != "wizard":
            self.shown()

    def _to_list(self) -> None:
        self._wanted = ""
        self._turn_to("list")

    def _designed(self, plan_id: str) -> None:
        """The wizard is done: its plan runs or is kept for later; "" = it was left."""
        self.plans.chosen = plan_id or self.plans.chosen
        self.plans.offer_draft(self._wizard.kept_title if self._wizard is not None else "")
        self._turn_to("list")
        if plan_id and self._controller.learning.pending(plan_id):
            # Its line may still be on the way to the disk.
            self._wanted = plan_id
            self._open_wanted()

    def _open_wanted(self) -> None:
        history = self._controller.history
        if self._wanted and history is not None and history.plans.plan(self._wanted) is not None:
            self.open_plan(self._wanted)

    def _plan_read(self, event: PlanRead) -> None:
        if event.plan is None:
            self._say(event.problem)
            return
        for notice in event.notices:
            self._say(notice)
        self.new_run(event.plan)

    def go_on(self, plan_id: str) -> None:
        """Make what is missing of a plan, or say why not."""
        try:
            if not self._controller.learning.go_on(plan_id):
                self._say("Nothing of this Learning Run is missing.")
        except InvalidInput as problem:
            self._say(str(problem))

    def _answer(self, press: KeyPress) -> bool:
        # A new one can be asked for from the midst of rating, too; what is rated stays rated.
        if self._view == "list" or (self._view == "rating" and press.control and press.name.lower() in ("n", "o")):
            return self.plans.answer(press)
        if self._view == "pairs":
            return self.pairs.answer(press)
        return self._view == "rating" and self.rating.answer(press)
