"""Which Learning Runs of the journal asked the same question, and their common answer."""

from __future__ import annotations

from collections.abc import Callable

from ..runs.plan import LearningPlan, LearningRunResult
from ..runs.question import AskedQuestion, alike, question_of


class AskedQuestions:
    """Worked out anew when a line may have changed it: `state` tells that. `plans` gives all plans, newest first,
    `result` the latest result of a plan, without which nobody may see its values.
    """

    def __init__(
        self,
        plans: Callable[[], tuple[LearningPlan, ...]],
        result: Callable[[str], LearningRunResult | None],
        state: Callable[[], tuple[int, ...]],
    ) -> None:
        self._plans, self._result, self._state = plans, result, state
        self._questions: dict[str, AskedQuestion | None] = {}  # by line of a plan
        self._known: tuple[int, ...] = ()
        self._same: dict[str, tuple[str, ...]] = {}

    def same(self, plan_id: str) -> tuple[str, ...]:
        """The plan and those with a result that asked the same, oldest first."""
        self._refresh()
        members = self._same.get(plan_id, (plan_id,))
        return tuple(one for one in members if one == plan_id or self._result(one) is not None)

    def apart(self, plan_id: str) -> tuple[LearningPlan, ...]:
        """Plans with a result about the same subject that asked something else, newest first."""
        self._refresh()
        plans = self._plans()
        plan = next((one for one in plans if one.plan_id == plan_id), None)
        mine = self._question(plan) if plan is not None else None
        if mine is None:
            return ()
        same = self._same.get(plan_id, ())
        found = (one for one in plans if one.plan_id not in same and self._result(one.plan_id) is not None)
        return tuple(one for one in found if (its := self._question(one)) is not None and its.subject == mine.subject)

    def verdict(self, plan_id: str) -> LearningRunResult | None:
        """The latest result of the question that a plan asked, whichever of its plans it was written for; None as long
        as the plan itself has none.
        """
        if self._result(plan_id) is None:
            return None
        found = [line for name in self.same(plan_id) if (line := self._result(name)) is not None]
        return max(found, key=lambda line: line.event_id, default=None)

    def _question(self, plan: LearningPlan) -> AskedQuestion | None:
        if plan.event_id not in self._questions:
            self._questions[plan.event_id] = question_of(plan)
        return self._questions[plan.event_id]

    def _refresh(self) -> None:
        state = self._state()
        if state != self._known:
            self._known = state
            self._same = alike((plan.plan_id, self._question(plan)) for plan in self._plans())
