"""When the result of a Learning Run has to be written to the journal: the one rule for window and terminal."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from ..journal.columns import time_ms
from ..runs.plan import LearningRunResult, StepRating
from .matrix import Board
from .members import basis, votes_text
from .report import Report, step_ratings, summary
from .standing import standing

# Counts up with every change of the analysis or its words, so that results of older versions are worked out anew.
METHOD = 2


def due_result(
    seen: Board, report: Report, last: LearningRunResult | None, *, reveal: bool = False
) -> LearningRunResult | None:
    """The result to write, as a draft; None when there is nothing new to say or it must not be said.

    `last` is the latest result of the question, also one that is still being written, whichever of its plans it is of.
    A blind plan without a result gets one only with `reveal`, because a result reveals its values.
    """
    if last is None and not (reveal or (seen.revealed and report.rated)):
        return None
    if not reveal and (report.steps, report.basis, report.votes) != (step_ratings(seen), basis(seen), votes_text(seen)):
        return None  # a rating has overtaken the report; that of the newer ratings follows
    found = LearningRunResult(
        plan_id=seen.plan.plan_id,
        steps=report.steps,
        summary=summary(report),
        method=METHOD,
        basis=report.basis,
        votes=report.votes,
    )
    first = reveal and not seen.revealed
    return None if last is not None and not first and _says(last) == _says(found) else found


def is_outdated(seen: Board) -> bool:
    """Whether the values may be seen and the latest result does not hold for the ratings as they are now."""
    told = seen.told or seen.earlier
    last = told[-1] if told else None
    if last is None:
        return seen.revealed and bool(standing(seen).rated)
    newest = max((shown.facts.time_ms for one in (seen, *seen.others) for shown in one.images), default=0)
    return (
        last.method != METHOD
        or last.basis != basis(seen)
        or (last.plan_id == seen.plan.plan_id and last.votes != votes_text(seen))
        or (last.plan_id == seen.plan.plan_id and _stars(last.steps) != _stars(step_ratings(seen)))
        # A value with pictures nobody has looked at may be the best one.
        or newest > time_ms(last.ts)
    )


def _says(result: LearningRunResult) -> object:
    # What the plan says by itself differs from plan to plan; the answer does not.
    return replace(result.summary, alone=""), result.method, result.basis, result.votes


def _stars(steps: Iterable[StepRating]) -> dict[str, float]:
    return {step.step_id: step.rating for step in steps if step.rating is not None}
