"""`LearningRunner`: starts and continues Learning Runs, queues jobs for the missing cells of a plan, records steps.

It keeps no state of a plan. Which cells are made is read from the history, so a plan can continue after a stop, a
crash or a restart of the program, and no step is made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ...backends.base import Capabilities
from ...domain.base.errors import InvalidInput
from ...domain.config.catalogue import Value
from ...domain.config.engines import CLUSTER, ENGINES, SKETCH, engine_of
from ...domain.config.origins import MAX_SEED
from ...domain.config.sweep import check_values
from ...domain.config.user_settings import Settings
from ...domain.journal.image_facts import ImageFacts
from ...domain.journal.record import JournalLine, LearningRecord
from ...domain.runs.job import Job
from ...domain.runs.plan import (
    MOST_PER_VALUE,
    LearningPlan,
    LearningRunResult,
    LearningRunStep,
    PlanCell,
    cell_of,
    checked,
    job_for,
)
from ...domain.runs.preset import Preset
from ...pipeline.ids_and_times import as_line, new_id, now_text, system_user
from ..engines.checkpoint_names import plan_with_names
from ..engines.missing_checkpoint import missing_in_job, missing_in_plan
from ..engines.seed_range import check_seeds
from .plan_lines import ended_step, known_plan, regained_step, reused_step, sized, with_drawn_seeds

if TYPE_CHECKING:
    # What analyses need takes longer to import than the window to open.
    from ...domain.insights.matrix import Board
    from ...domain.insights.report import Report
    from ...domain.journal.history import History


class LearningContext(Struct, frozen=True, kw_only=True):
    """The interface of the controller for `LearningRunner`. `unsaved`: lines that are not on disk yet; `begun`: jobs
    that are queued or running, except one that the user is stopping; `forget` removes the leftover jobs of a plan,
    `drop` those in the queue; `whole` gives the board of a plan with those that asked the same question.
    """

    history: Callable[[], History | None]
    settings: Callable[[], Settings]
    capabilities: Callable[[], Capabilities | None]
    put: Callable[[Iterable[JournalLine]], None]
    put_undoable: Callable[[Sequence[JournalLine]], object]
    unsaved: Callable[[], Iterable[JournalLine]]
    begun: Callable[[], Iterable[Job]]
    enqueue: Callable[[Sequence[Job]], None]
    forget: Callable[[str], None]
    drop: Callable[[str], None]
    whole: Callable[[str], Board | None]


class LearningRunner:
    """Actions on Learning Runs. Main thread only; methods return at once, and the desk thread writes their lines.

    They raise InvalidInput, with nothing written or queued, when the plan cannot run, the history is not loaded yet, or
    the backend is of another kind than the plan's. The learning mode decides what is offered and recorded by itself,
    and stops nothing that is asked for.
    """

    def __init__(self, context: LearningContext) -> None:
        self._context = context

    @property
    def engine(self) -> str:
        """The kind of backend to reckon with; "webui" for an address as long as nobody has answered there."""
        return engine_of(self._context.settings().backend, self._known_engine)

    @property
    def _known_engine(self) -> str:
        """The kind of backend in force; "" for an address as long as nobody has answered there."""
        found = self._context.capabilities()
        if found is not None:
            return found.kind
        return SKETCH if self._context.settings().backend == SKETCH else ""

    def start(self, plan: LearningPlan) -> LearningPlan:
        """Check, complete and record a plan, and queue its missing steps. Returns the plan as recorded.

        Ids, times, folder, engine, loaded checkpoint and missing seeds are filled in. The engine of a plan that is
        begun while no server answers is filled in as soon as one does.
        """
        return self._begin(plan)[0]

    def save(self, plan: LearningPlan) -> LearningPlan:
        """Record a plan without queueing jobs. Returns the plan as recorded."""
        ready = self._complete(plan)
        self._context.put([ready])
        return ready

    def convert(self, plan: LearningPlan, image: ImageFacts, value: Value) -> LearningPlan:
        """Start a plan that uses an existing picture, with its rating, for the cell (`value`, row 0).

        The first seed of the plan must be that picture's.
        """
        if not plan.seeds:
            raise InvalidInput("seeds: the first seed must be that of the picture the plan begins with.", "seeds")
        if value not in plan.tested:
            raise InvalidInput(
                f"variant_values: the picture's own value {value!r} must be among them.", "variant_values"
            )
        if image.suspect or not image.ok:
            raise InvalidInput("This picture is in doubt, so nothing can be learned from it. Choose another one.")
        if image.sketch != ((plan.backend_kind or self.engine) == "sketch"):
            raise InvalidInput("The picture was made by another engine than the one chosen now. Change it in Settings.")
        if plan.focus_parameter != "checkpoint" and not plan.base_config.checkpoint:
            plan = replace(plan, base_config=replace(plan.base_config, checkpoint=image.checkpoint))
        return self._begin(plan, (image.image_id, plan.tested.index(value)))[0]

    def go_on(self, plan_id: str) -> tuple[Job, ...]:
        """Queue the missing and failed steps of a plan, but none that is queued or running. Returns the jobs."""
        plan = self._plan(plan_id)
        if not plan.run_name:  # saved for later and not begun yet
            return self._begin(plan)[1]
        self._same_engine(plan)
        self._context.forget(plan_id)
        self.add_lost_steps(plan_id)
        return self._queue(plan, plan.cells())

    def add_lost_steps(self, plan_id: str) -> int:
        """Write the step lines that were lost in a crash although their records exist. Returns how many."""
        plan, plans = self._plan(plan_id), self._history().plans
        coming = {line.job_id for line in self._context.unsaved() if isinstance(line, LearningRunStep)}
        # The record of a running job may be there already; its step line comes when the job has ended.
        coming |= {job.job_id for job in self._context.begun()}
        lost = [
            regained_step(plan, cell, job_id, attempt)
            for cell in plan.cells()
            for job_id, attempt in plans.unwritten(plan_id, plan.step_id(cell)).items()
            if job_id not in coming
        ]
        self._context.put(lost)
        return len(lost)

    def more(self, plan_id: str, cells: Sequence[PlanCell]) -> tuple[Job, ...]:
        """Add cells to a plan and queue their jobs. Each row after the last seed gets a new seed."""
        plan = self._plan(plan_id)
        self._same_engine(plan)
        if not plan.run_name:
            raise InvalidInput(f"The Learning Run “{plan.name}” is not begun yet. Start it, then ask for more.")
        for cell in cells:
            if not 0 <= cell.variant < len(plan.tested) or cell.row < 0:
                raise InvalidInput(f"The Learning Run “{plan.name}” has no place {cell.variant}, {cell.row}.", "cells")
        past = sorted({cell.row for cell in cells if cell.row >= len(plan.seeds)})
        rows = {row: len(plan.seeds) + place for place, row in enumerate(past)}
        wanted = tuple(PlanCell(cell.variant, rows.get(cell.row, cell.row)) for cell in cells)
        fresh = tuple(dict.fromkeys(cell for cell in wanted if cell not in set(plan.cells())))
        if fresh:
            seeds = with_drawn_seeds(plan.seeds, len(plan.seeds) + len(past))
            plan = replace(as_line(plan), seeds=seeds, extra=(*plan.extra, *fresh), batches=(*plan.batches, len(fresh)))
            sized(plan)
            self._context.put([plan])
        return self._queue(plan, wanted)

    def conclude(self, report: Report) -> None:
        """Record the result of a plan; from then on its values may be shown."""
        from ...domain.insights.matrix import board

        if board(self._history(), report.plan.plan_id) is None:
            raise InvalidInput(_unknown(report.plan.plan_id), "plan_id")
        self._put_result(report, reveal=True)

    def keep_result(self, report: Report) -> None:
        """Record the result of a plan whose values are revealed, if it says something new."""
        self._put_result(report, reveal=False)

    def _put_result(self, report: Report, *, reveal: bool) -> None:
        plan_id = report.plan.plan_id
        seen = self._context.whole(plan_id)
        if seen is None:
            return
        same = {plan_id, *(one.plan.plan_id for one in seen.others)}
        lines = (*seen.told, *self._context.unsaved())
        told = [line for line in lines if isinstance(line, LearningRunResult) and line.plan_id in same]
        from ...domain.insights.result import due_result

        result = due_result(seen, report, told[-1] if told else None, reveal=reveal)
        if result is not None:
            self._context.put([as_line(result)])

    def keep_preset(self, preset: Preset) -> Preset:
        """Record a preset, which one undo removes. A new one gets an id. Returns it as recorded."""
        if not preset.name.strip():
            raise InvalidInput("name: give the preset a name.", "name")
        from ...domain.insights.follow_up import refuse_empty

        refuse_empty(preset)
        kept = as_line(replace(preset, preset_id=preset.preset_id or new_id()))
        self._context.put_undoable([kept])
        return kept

    def pending(self, plan_id: str) -> int:
        """How many jobs of a plan are queued or running."""
        return sum(job.learning.plan_id == plan_id for job in self._context.begun())

    # ---- for the controller

    def ended(self, record: LearningRecord) -> None:
        """Write the step line of a finished job. A cancelled job gets none, because its step is still to be made."""
        step = ended_step(record)
        if step is not None:
            if step.status == "ok" and (plan := self._known(step.plan_id)) is not None:
                self._settled(plan, record.backend.kind)
            self._context.put([step])
            if step.row == 0 and step.status == "ok":
                self._stop_without_difference(step.plan_id)

    def _stop_without_difference(self, plan_id: str) -> None:
        """Make no more of a plan when the pictures of its first row, and so far of no other, are all equal.

        The result is written, so the values are revealed. Whoever goes on with the plan nevertheless is not stopped.
        """
        from ...domain.insights.matrix import board
        from ...domain.insights.report import certain_summary, step_ratings

        history = self._context.history()
        seen = board(history, plan_id) if history is not None else None
        if seen is None or any(cell.images for cell in seen.cells if cell.cell.row):
            return
        told = certain_summary(seen)
        if told is not None:
            self._context.drop(plan_id)
            self._context.put([as_line(LearningRunResult(plan_id=plan_id, steps=step_ratings(seen), summary=told))])

    def missing(self, jobs: Iterable[Job]) -> list[Job]:
        """Those jobs whose step is neither made nor begun, and all jobs without a plan."""
        begun = {job.learning.step_id for job in self._context.begun()} - {""}
        return [job for job in jobs if job.learning.step_id not in begun and not self.is_made(job)]

    def is_made(self, job: Job) -> bool:
        """Whether the job belongs to a step of a plan that is already made."""
        step_id = job.learning.step_id
        return bool(step_id) and step_id in self._made(job.learning.plan_id, (step_id,))

    def ready(self, job: Job, found: Capabilities | None) -> Job:
        """The job with the folder of this attempt, so that it never overwrites a recorded picture. `found` is what
        the machine offers that makes it, None as long as nobody answers.

        Raises InvalidInput when the backend is of another kind than the plan's, or wants a checkpoint to be named.
        """
        if missing := missing_in_job(found, job.config):
            raise InvalidInput(missing, "checkpoint")
        cell = cell_of(job.learning.step_id)
        plan = self._known(job.learning.plan_id) if cell is not None else None
        if plan is None or cell is None or cell not in plan.cells():
            return job
        known = found.kind if found is not None else self._known_engine
        plan = self._settled(plan, known)
        self._same_engine(plan, known)
        return job_for(plan, cell, job_id=job.job_id, attempt=self._tries(plan.plan_id, job.learning.step_id) + 1)

    # ---- plans

    def _begin(self, plan: LearningPlan, reused: tuple[str, int] | None = None) -> tuple[LearningPlan, tuple[Job, ...]]:
        named = plan_with_names(plan, self._context.capabilities())
        ready = self._complete(replace(named, backend_kind=plan.backend_kind or self._known_engine))
        self._same_engine(ready)
        loaded = self._context.capabilities()
        check_seeds(loaded, ready.seeds)
        if missing := missing_in_plan(loaded, ready):
            raise InvalidInput(missing, "checkpoint")
        if loaded is not None and ready.focus_parameter != "checkpoint" and not ready.base_config.checkpoint:
            # Whoever loads another one half way must not turn one experiment into two.
            ready = replace(ready, base_config=replace(ready.base_config, checkpoint=loaded.loaded_checkpoint))
        if not ready.run_name:
            now = datetime.now().astimezone()
            # Two plans started in one second must not share a folder: steps overwrite what a crash left there.
            name = f"{now:%H%M%S}-{ready.pack_id}-{ready.plan_id[-6:].lower()}"
            ready = replace(ready, run_name=name, run_day=f"{now:%Y-%m-%d}")
        lines: list[JournalLine] = [sized(ready)]
        if reused is not None:
            lines.append(reused_step(ready, *reused))
        self._context.put(lines)
        self._context.forget(ready.plan_id)
        return ready, self._queue(ready, ready.cells())

    def _complete(self, plan: LearningPlan) -> LearningPlan:
        """The plan with id, time and all its seeds, checked."""
        self._history()
        wrong = next((seed for seed in plan.seeds if not 0 <= seed <= MAX_SEED), None)
        if wrong is not None:
            raise InvalidInput(f"seeds: {wrong} is outside 0 to {MAX_SEED}.", "seeds")
        # A number of rows that is out of range is refused below, not drawn for.
        in_range = 1 <= plan.images_per_variant <= MOST_PER_VALUE and 0 <= plan.complete_rows <= MOST_PER_VALUE
        rows = plan.full_rows if in_range else 0
        who = plan.metadata.who or self._context.settings().user_name.strip() or system_user()
        metadata = replace(plan.metadata, who=who, when=plan.metadata.when or now_text())
        whole = replace(
            plan,
            plan_id=plan.plan_id or new_id(),
            variant_values=check_values(plan.subject, plan.variant_values),
            second_values=check_values(plan.subjects[1], plan.second_values) if plan.second_parameter else (),
            seeds=with_drawn_seeds(plan.seeds, rows),
            metadata=metadata,
        )
        return sized(as_line(self._as_begun(checked(whole))))

    def _as_begun(self, plan: LearningPlan) -> LearningPlan:
        """The plan with its folder. Its engine, seeds and base config cannot change from now on."""
        before = self._known(plan.plan_id)
        if before is None or not before.run_name:
            return replace(plan, run_name="", run_day="", pairs_meet_prompts=bool(plan.second_parameter))
        fixed = [(one.parameters, one.tested, one.prompts) for one in (before, plan)]
        if fixed[0] != fixed[1] or plan.seeds[: len(before.seeds)] != before.seeds:
            raise InvalidInput(
                f"The Learning Run “{plan.name}” has begun: its values, prompts and seeds stay. Make a new one.",
                "plan_id",
            )
        meet = before.pairs_meet_prompts
        return replace(plan, run_name=before.run_name, run_day=before.run_day, pairs_meet_prompts=meet)

    def _queue(self, plan: LearningPlan, cells: Iterable[PlanCell]) -> tuple[Job, ...]:
        begun = {job.learning.step_id for job in self._context.begun()}
        made = self._made(plan.plan_id, (plan.step_id(cell) for cell in cells))
        jobs = tuple(
            job_for(plan, cell, job_id=new_id(), attempt=self._tries(plan.plan_id, plan.step_id(cell)) + 1)
            for cell in dict.fromkeys(cells)
            if plan.step_id(cell) not in made | begun
        )
        self._context.enqueue(jobs)
        return jobs

    def _made(self, plan_id: str, step_ids: Iterable[str]) -> set[str]:
        """Those of the steps that have pictures whose lines are on disk or being written."""
        plans = self._history().plans
        made = {step_id for step_id in step_ids if any(one.status == "ok" for one in plans.attempts(plan_id, step_id))}
        for line in self._context.unsaved():
            if isinstance(line, LearningRunStep) and line.status == "ok":
                made.add(line.step_id)
            elif isinstance(line, LearningRecord) and line.status == "ok":
                made.add(line.learning.step_id)
        return made

    def _tries(self, plan_id: str, step_id: str) -> int:
        recorded = len(self._history().plans.attempts(plan_id, step_id))
        return recorded + sum(
            isinstance(line, LearningRecord) and line.learning.step_id == step_id for line in self._context.unsaved()
        )

    def _plan(self, plan_id: str) -> LearningPlan:
        plan = self._known(plan_id)
        if plan is None:
            raise InvalidInput(_unknown(plan_id), "plan_id")
        return plan

    def _known(self, plan_id: str) -> LearningPlan | None:
        """The latest version of a plan, also when its line is still being written."""
        return known_plan(plan_id, self._context.unsaved(), self._history())

    def _history(self) -> History:
        history = self._context.history()
        if history is None:
            raise InvalidInput("What was recorded is still being read. Try again in a moment.")
        return history

    # ---- what may run

    def _settled(self, plan: LearningPlan, engine: str) -> LearningPlan:
        """The plan with its engine, which is written down when it was not known yet."""
        if plan.backend_kind or not engine:
            return plan
        plan = replace(as_line(plan), backend_kind=engine)
        self._context.put([plan])
        return plan

    def _same_engine(self, plan: LearningPlan, known: str | None = None) -> None:
        known = self._known_engine if known is None else known
        # Whatever answers at an address later, it is no sketch; a machine of the cluster may have any engine.
        untold = not known and self._context.settings().backend.startswith(CLUSTER)
        if plan.backend_kind not in ("", known) and not untold and (known or plan.backend_kind == SKETCH):
            raise InvalidInput(
                f"The Learning Run “{plan.name}” uses {ENGINES.get(plan.backend_kind, plan.backend_kind)}; "
                f"pictures of {ENGINES[self.engine]} cannot be compared with its own. Change the backend in Settings.",
                "backend",
            )


def _unknown(plan_id: str) -> str:
    return f"There is no Learning Run {plan_id}. Choose one that is listed."
