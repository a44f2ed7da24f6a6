"""Makes journal lines of plans and steps of Learning Runs: checks the size, draws missing seeds, builds step lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ...domain.base.errors import InvalidInput
from ...domain.base.json_text import json_bytes
from ...domain.journal.record import JournalLine, LearningRecord
from ...domain.runs.plan import LearningPlan, LearningRunStep, PlanCell, cell_of, config_for
from ...pipeline.ids_and_times import as_line, draw_seed

if TYPE_CHECKING:
    from ...domain.journal.history import History
    from ...domain.journal.plan_log import Attempt

# Room for writer, number and checksum, which the journal adds to a line.
_KEPT_FREE = 1024


def sized(plan: LearningPlan) -> LearningPlan:
    """Return the plan. Raises InvalidInput when it is too long for a line of the journal."""
    from ...storage.journal.segments import MAX_LINE

    if len(json_bytes(plan)) > MAX_LINE - _KEPT_FREE:
        raise InvalidInput(
            f"prompts: the Learning Run “{plan.name}” is too long to be recorded. Take fewer.", "prompts"
        )
    return plan


def with_drawn_seeds(seeds: Sequence[int], count: int) -> tuple[int, ...]:
    """The seeds, followed by random ones until there are `count`; no random one equals another seed."""
    drawn = list(seeds)
    while len(drawn) < count:
        seed = draw_seed()
        if seed not in drawn:
            drawn.append(seed)
    return tuple(drawn)


def reused_step(plan: LearningPlan, image_id: str, variant: int) -> LearningRunStep:
    """The step line of a cell in row 0 that uses an existing picture, to be rated anew."""
    value = plan.tested[variant]
    config = config_for(plan, value)
    return as_line(
        LearningRunStep(
            step_id=plan.step_id(PlanCell(variant, 0)),
            plan_id=plan.plan_id,
            variant_index=variant,
            row=0,
            value=value,
            seed=plan.seeds[0],
            config_for_step=config,
            stages=config.stages(),
            outputs=(image_id,),
            status="ok",
            reused=True,
            rated_anew=True,
        )
    )


def regained_step(plan: LearningPlan, cell: PlanCell, job_id: str, attempt: Attempt) -> LearningRunStep:
    """The step line of an attempt that has a record, but whose step line was lost in a crash."""
    value = plan.tested[cell.variant]
    config = config_for(plan, value)
    return as_line(
        LearningRunStep(
            step_id=plan.step_id(cell),
            plan_id=plan.plan_id,
            variant_index=cell.variant,
            row=cell.row,
            value=value,
            seed=plan.seeds[cell.row],
            job_id=job_id,
            config_for_step=config,
            stages=config.stages(),
            outputs=attempt.images,
            status=attempt.status,
            seconds=attempt.seconds,
        )
    )


def ended_step(record: LearningRecord) -> LearningRunStep | None:
    """The step line of a finished job, None when the job is no step of a plan or was cancelled."""
    tag, cell = record.learning, cell_of(record.learning.step_id)
    if cell is None or tag.value is None or record.status == "cancelled":
        return None
    return as_line(
        LearningRunStep(
            step_id=tag.step_id,
            plan_id=tag.plan_id,
            variant_index=cell.variant,
            row=cell.row,
            value=tag.value,
            seed=record.seed,
            job_id=record.job_id,
            config_for_step=record.config,
            stages=record.stages,
            outputs=tuple(out.image_id for out in record.outputs if out.stage == record.outputs[-1].stage),
            status=record.status,
            seconds=record.seconds,
        )
    )


def known_plan(plan_id: str, unsaved: Iterable[JournalLine], history: History | None) -> LearningPlan | None:
    """The latest version of a plan, also when its line is still being written; None when nobody knows it."""
    mine = [line for line in unsaved if isinstance(line, LearningPlan) and line.plan_id == plan_id]
    if mine:
        return max(mine, key=lambda plan: plan.event_id)
    return history.plans.plan(plan_id) if history is not None else None


def rows_made(plan_id: str, history: History | None) -> tuple[tuple[int, str, str], ...]:
    """Where the rows of a plan were made so far: row, node, fingerprint."""
    plan = history.plans.plan(plan_id) if history is not None else None
    if plan is None or history is None:
        return ()
    return tuple(
        (cell.row, one.node, one.fingerprint)
        for cell in plan.cells()
        for one in history.plans.attempts(plan_id, plan.step_id(cell))
        if one.status == "ok" and one.node and one.fingerprint
    )
