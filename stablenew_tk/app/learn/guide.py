"""`Guide`: leads the user through the loop for the first time: make, rate, ask, use. It can be left at any time.

It keeps no state of its own but the question that is proposed: how far the user is, the journal tells.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.wording import counted
from ...domain.config.learning_mode import mode_for
from ...domain.config.sweep import focus
from ...domain.experiments.next_question import ROWS, NextQuestion, plan_of, questions
from ...domain.insights.follow_up import CERTAIN
from ...domain.insights.matrix import board
from ...domain.insights.standing import standing
from ...domain.journal.estimate import about
from ...domain.journal.history import History
from ...domain.journal.image_facts import ImageFacts
from ...domain.journal.record import LearningRecord, draft_of
from ...domain.runs.known_value import KnownValue
from ...domain.runs.plan import LearningPlan, config_for
from ...pipeline.messages.base import Event
from ...pipeline.messages.journal import ReadRecord, RecordRead
from ..controller import Controller
from ..known_layer import value_words
from ..model_traits import known_traits

STEPS = ("Make", "Rate", "Ask", "Use")
MAKE, RATE, ASK, USE, DONE = range(5)
_MOST_PICTURES = 200  # with more there is nobody who needs to be led


class GuideState(Struct, frozen=True, kw_only=True):
    """Where the user is: `place` among the steps, a sentence with a remark, and what the button does. `other`: another
    question can be asked for. `plan_id` is the Learning Run it is about, `known` the value in use.
    """

    place: int
    sentence: str
    remark: str = ""
    button: str = ""
    action: Literal["", "create", "try", "rate", "insight", "use"] = ""
    other: bool = False
    plan_id: str = ""
    known: KnownValue | None = None


class Guide:
    """Main thread only. Give it the events of the controller; `changed` says whether there is news."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._record: LearningRecord | None = None
        self._asked_for = ""
        self._turn = 0

    def on_event(self, event: Event) -> None:
        """Take in the record that a question is to be about."""
        if isinstance(event, RecordRead) and event.image_id == self._asked_for:
            self._record = event.record

    def hide(self) -> None:
        """The user does not want to be led."""
        self._controller.change_settings(replace(self._controller.settings, guide=False))

    def another(self) -> None:
        """Propose the next question."""
        self._turn += 1

    @property
    def state(self) -> GuideState | None:
        """What to say; None where nobody is led: it is hidden, nothing is recorded, or the journal is being read."""
        controller, history = self._controller, self._controller.history
        mode = mode_for(controller.settings.learning, controller.packs.learning, controller.settings.pack)
        if history is None or not controller.settings.guide or mode.by_hand:
            return None
        plans = history.plans.plans()
        if plans:
            return self._about_plan(history, plans[0])
        totals = history.visible().counts()
        if totals.all > _MOST_PICTURES:
            return None
        if not totals.all:
            return GuideState(
                place=MAKE,
                sentence="Make your first pictures.",
                remark="A pack of prompts is ready. One click makes a picture of each.",
                button="Go to Create",
                action="create",
            )
        if totals.unrated:
            new = f"{totals.unrated} {'new ' if totals.unrated == totals.all else ''}picture"
            words = f"{new if totals.unrated == 1 else f'{new}s'}. Press 1 to 5."
            return GuideState(place=RATE, sentence=words, remark="5 is best. The next one comes by itself.")
        return self._question(history)

    def _question(self, history: History) -> GuideState | None:
        record = self._record_of_best(history)
        question = self._proposed(record) if record is not None else None
        if record is None or question is None:
            return GuideState(place=ASK, sentence="All rated.")
        name = focus(question.path).caption
        plan = self._plan(question, record)
        seconds = self._controller.forecast_s(config_for(plan, value) for value in plan.tested for _ in range(ROWS))
        time = f", {about(seconds)}" if seconds else ""
        values = f"{len(question.values)} values on {ROWS} seeds"
        return GuideState(
            place=ASK,
            sentence=f"Find the best {name.removesuffix(' scale')} for “{record.prompt_id}”?",
            remark=f"{counted(question.pictures, 'picture')}{time}: {values}, shown without their values. "
            "You can see the difference.",
            button="Try it",
            action="try",
            other=len(self._questions(record)) > 1,
        )

    def _record_of_best(self, history: History) -> LearningRecord | None:
        """The record of the picture with most stars, the first of them; None until it is read."""
        rows = [history.visible().facts(row) for row in range(len(history))]
        rated = [facts for facts in rows if facts.rating and facts.ok and not facts.suspect]
        best: ImageFacts | None = max(rated, key=lambda facts: (facts.rating, -facts.row), default=None)
        if best is None:
            return None
        if self._asked_for != best.image_id:
            self._asked_for, self._record = best.image_id, None
            self._controller.ask(ReadRecord(image_id=best.image_id, position=best.position))
        return self._record

    def _questions(self, record: LearningRecord) -> tuple[NextQuestion, ...]:
        found = self._controller.capabilities
        return questions(
            record.config,
            traits=known_traits(self._controller, record.config.checkpoint),
            offered=found.choices if found is not None else lambda _choices: (),
        )

    def _proposed(self, record: LearningRecord) -> NextQuestion | None:
        every = self._questions(record)
        return every[self._turn % len(every)] if every else None

    def _plan(self, question: NextQuestion, record: LearningRecord) -> LearningPlan:
        draft = draft_of(record, record.seed)
        return plan_of(question, draft.prompts[0], draft)

    def try_it(self) -> str:
        """Start the Learning Run that is proposed; returns its id, "" when there is none. Raises InvalidInput."""
        question = self._proposed(self._record) if self._record is not None else None
        if self._record is None or question is None:
            return ""
        return self._controller.learning.start(self._plan(question, self._record)).plan_id

    def _about_plan(self, history: History, plan: LearningPlan) -> GuideState | None:
        seen = board(history, plan.plan_id)
        if seen is None:
            return None
        now, plan_id = standing(seen), plan.plan_id
        result = history.plans.asked.verdict(plan_id)
        if result is None or not now.revealed:
            left = now.wanted - now.rated
            words = f"Rate {left}, one key each." if left else "All rated. See what your stars say."
            remark = "They are shown shuffled and without their values, so that only the picture counts."
            return GuideState(place=ASK, sentence=words, remark=remark, button="Rate", action="rate", plan_id=plan_id)
        same = history.plans.asked.same(plan_id)
        known = next((one for one in history.plans.known.values() if one.evidence.plan_id in same), None)
        if known is not None:
            words = value_words(known)
            return GuideState(
                place=DONE,
                sentence=f"In use: {words}. That was the loop.",
                remark="Every run starts from it now. Create shows what is known, and what to ask next.",
                button="Go to Create",
                action="use",
                plan_id=plan_id,
                known=known,
            )
        headline, meaning = result.summary.parts
        settled = result.summary.state in CERTAIN and result.summary.value is not None
        return GuideState(
            place=USE if settled else ASK,
            sentence=headline,
            remark=meaning,
            button="See the verdict",
            action="insight",
            plan_id=plan_id,
        )
