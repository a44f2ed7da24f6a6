"""`PlanBook`: plans of Learning Runs, attempts at their steps, results, presets and what is known, from the journal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..models.preset_scope import UNKNOWN_ENGINE, PresetScope
from ..runs.known_value import KnownValue
from ..runs.plan import LearningPlan, LearningRunResult, LearningRunStep
from ..runs.preset import Preset
from .asked_questions import AskedQuestions
from .feedback import Withdrawals
from .known_lines import KnownLines
from .record import PlanLine, Status


class Attempt(Struct, frozen=True, gc=False):
    """One attempt at a step, known from its record or its step line. `images`: pictures of the last stage reached,
    `pixels` their hashes in the same order as far as a record tells them.

    `alone`: there is a step line but no record. `written`: there is a step line. `node` and `fingerprint` tell what
    made it, "" where no record does.
    """

    event_id: str
    status: Status
    images: tuple[str, ...]
    seconds: float
    reused: bool = False
    rated_anew: bool = False
    alone: bool = False
    written: bool = False
    pixels: tuple[str, ...] = ()
    node: str = ""
    fingerprint: str = ""


class _PlanLogSnapshot(Struct, array_like=True):
    plans: list[LearningPlan]
    results: list[LearningRunResult]
    presets: list[Preset]
    known: list[KnownValue]
    attempts: dict[str, dict[str, dict[str, Attempt]]]


_Named = TypeVar("_Named", LearningPlan, LearningRunResult, Preset)


def can_hold(line: PlanLine) -> bool:
    """Whether a line that another tool wrote can be kept: its whole numbers have at most 64 bits."""
    try:
        msgspec.msgpack.encode(line)
    except OverflowError:
        return False
    return True


class LatePictures:
    """The pictures that blind plans got after their values were revealed. Until they have stars, they are hidden like
    those of a blind plan.
    """

    def __init__(
        self,
        plans: PlanBook,
        results: Mapping[str, Sequence[LearningRunResult]],
        attempts: Callable[[str], Mapping[str, Mapping[str, Attempt]]],
    ) -> None:
        self._plans, self._results, self._attempts = plans, results, attempts
        # By plan, and in all: these numbers change whenever an attempt is folded.
        self._tries: dict[str, int] = {}
        self._folded = 0
        self._known: tuple[tuple[int, ...], frozenset[str]] = (), frozenset()
        self._by_plan: dict[str, tuple[tuple[str, int], frozenset[str]]] = {}

    def folded(self, plan_id: str) -> None:
        """An attempt at a step of this plan, or a result of it, was folded."""
        self._tries[plan_id] = self._tries.get(plan_id, 0) + 1
        self._folded += 1

    def ids(self) -> frozenset[str]:
        """Their ids."""
        # Called for every picture that is drawn.
        state = len(self._plans.withdrawn.target_of), self._folded
        if self._known[0] != state:
            self._known = state, frozenset(chain.from_iterable(map(self._of, self._results)))
        return self._known[1]

    def _of(self, plan_id: str) -> frozenset[str]:
        withdrawn = self._plans.withdrawn
        first = next((line.event_id for line in self._results[plan_id] if line.event_id not in withdrawn), "")
        state = first, self._tries.get(plan_id, 0)
        known = self._by_plan.get(plan_id)
        if known is None or known[0] != state:
            plan, images = self._plans.plan(plan_id) if first else None, frozenset[str]()
            if plan is not None and plan.blind:
                jobs = chain.from_iterable(steps.values() for steps in self._attempts(plan_id).values())
                late = (one for one in jobs if one.event_id > first and not one.reused)
                images = frozenset(chain.from_iterable(one.images for one in late))
            self._by_plan[plan_id] = known = state, images
        return known[1]


class PlanBook:
    """All plans, steps, results and presets; `known` values. Owned by the thread of the history.

    `withdrawn` has the undone lines, `asked` tells which plans asked the same question.
    """

    def __init__(self, withdrawn: Withdrawals) -> None:
        self.withdrawn = withdrawn
        self._plans: list[LearningPlan] = []
        self._results: dict[str, list[LearningRunResult]] = {}
        self._presets: list[Preset] = []
        self.known = KnownLines(withdrawn)
        # By plan, step and job: a record and the step line about it are one attempt, in whatever order they come.
        self._attempts: dict[str, dict[str, dict[str, Attempt]]] = {}
        self._seen: set[str] = set()
        self._hidden: tuple[tuple[int, ...], frozenset[str]] = (), frozenset()
        self.late = LatePictures(self, self._results, lambda plan_id: self._attempts.get(plan_id, {}))
        self.asked = AskedQuestions(self.plans, self.result, lambda: (len(self._seen), len(withdrawn.target_of)))

    def fold(self, line: PlanLine) -> None:
        """Fold one line; the same line twice counts once."""
        if isinstance(line, LearningRunStep):
            self._fold_step(line)
            return
        if line.event_id in self._seen:
            return
        self._seen.add(line.event_id)
        if isinstance(line, LearningPlan):
            self._plans.append(line)
        elif isinstance(line, LearningRunResult):
            results = self._results.setdefault(line.plan_id, [])
            self.late.folded(line.plan_id)
            if results:
                # There may be one for every rating, each with all steps; only those of the last one are asked for.
                results[-1] = replace(results[-1], steps=())
            results.append(line)
        elif isinstance(line, KnownValue):
            self.known.add(line)
        else:
            self._presets.append(line)

    def fold_record(self, plan_id: str, step_id: str, job_id: str, attempt: Attempt) -> None:
        """Fold the record of a step's job. It takes precedence over the step line."""
        jobs = self._jobs(plan_id, step_id)
        self.late.folded(plan_id)
        jobs[job_id] = replace(attempt, written=job_id in jobs and jobs[job_id].written)

    def _fold_step(self, line: LearningRunStep) -> None:
        jobs, job_id = self._jobs(line.plan_id, line.step_id), line.job_id or line.event_id
        alone = not line.reused
        attempt = Attempt(line.event_id, line.status, line.outputs, line.seconds, line.reused, line.rated_anew, alone)
        jobs[job_id] = replace(jobs.get(job_id, attempt), written=True)

    def _jobs(self, plan_id: str, step_id: str) -> dict[str, Attempt]:
        return self._attempts.setdefault(plan_id, {}).setdefault(step_id, {})

    def plans(self) -> tuple[LearningPlan, ...]:
        """The latest version of every plan, newest first."""
        return self._latest(self._plans, lambda plan: plan.plan_id)

    def plan(self, plan_id: str) -> LearningPlan | None:
        """The latest version of a plan, None when it is unknown or undone."""
        return next((plan for plan in reversed(self._plans) if plan.plan_id == plan_id and self._holds(plan)), None)

    def attempts(self, plan_id: str, step_id: str) -> tuple[Attempt, ...]:
        """All attempts at a step that are not undone, oldest first.

        An attempt whose record was lost does not count, because its picture cannot be shown or rated: the step is made
        again.
        """
        jobs = self._attempts.get(plan_id, {}).get(step_id, {}).values()
        known = (attempt for attempt in jobs if not (attempt.alone and attempt.status == "ok"))
        return tuple(attempt for attempt in known if attempt.event_id not in self.withdrawn)

    def plans_with(self, images: Collection[str]) -> tuple[str, ...]:
        """Ids of the plans that have one of these pictures, also those that were made by another run."""
        return tuple(
            plan_id
            for plan_id, steps in self._attempts.items()
            if any(image in images for jobs in steps.values() for one in jobs.values() for image in one.images)
        )

    def unwritten(self, plan_id: str, step_id: str) -> dict[str, Attempt]:
        """Attempts at a step, by job id, with a record but no step line, because the program was killed in between."""
        jobs = self._attempts.get(plan_id, {}).get(step_id, {})
        return {job: one for job, one in jobs.items() if not one.written and one.status != "cancelled"}

    def result(self, plan_id: str) -> LearningRunResult | None:
        """The latest result of a plan; None before its values were revealed."""
        return next((line for line in reversed(self._results.get(plan_id, ())) if self._holds(line)), None)

    def results(self, plan_id: str) -> tuple[LearningRunResult, ...]:
        """All results of a plan, oldest first. Only the last one that was written has its steps."""
        return tuple(line for line in self._results.get(plan_id, ()) if self._holds(line))

    def presets(self) -> tuple[Preset, ...]:
        """The latest version of every preset, newest first."""
        return self._latest(self._presets, lambda preset: preset.preset_id)

    def preset_versions(self, preset_id: str) -> tuple[Preset, ...]:
        """All lines about a preset that are not undone, the latest first; () when it is unknown or undone."""
        return tuple(line for line in reversed(self._presets) if line.preset_id == preset_id and self._holds(line))

    def scope(self, preset: Preset) -> PresetScope:
        """What a preset was learned for. Lines of older versions do not name engine and workflow; their Learning Run
        does.
        """
        scope, plan_id = preset.scope, preset.evidence.plan_id
        plan = self.plan(plan_id) if plan_id else None
        if plan is not None and not scope.workflow:
            scope = replace(scope, workflow=plan.base_config.workflow.known_as)
        if scope.engine or not plan_id:
            return scope
        # One whose run is gone, or does not tell, was learned somewhere all the same.
        return replace(scope, engine=(plan.backend_kind if plan is not None else "") or UNKNOWN_ENGINE)

    def hidden(self) -> frozenset[str]:
        """Ids of the blind plans whose values are not revealed yet. Pages use `History.visible` instead."""
        # Called for every picture cell that is drawn, so the result is cached until a line may change it.
        folded = len(self._seen), len(self.withdrawn.target_of)
        if self._hidden[0] != folded:
            revealed = {plan_id for plan_id, lines in self._results.items() if any(map(self._holds, lines))}
            blind = (plan.plan_id for plan in self.plans() if plan.blind)
            self._hidden = folded, frozenset(plan_id for plan_id in blind if plan_id not in revealed)
        return self._hidden[1]

    def to_bytes(self) -> bytes:
        """The whole book, for `read`."""
        results = list(chain.from_iterable(self._results.values()))
        return msgspec.msgpack.encode(
            _PlanLogSnapshot(self._plans, results, self._presets, self.known.lines, self._attempts)
        )

    def read(self, data: bytes) -> None:
        """Fill an empty book with what `to_bytes` gave. Raises msgspec.MsgspecError."""
        saved = msgspec.msgpack.decode(data, type=_PlanLogSnapshot)
        self._plans, self._presets, self._attempts = saved.plans, saved.presets, saved.attempts
        self.known = KnownLines(self.withdrawn, saved.known)
        for result in saved.results:
            self._results.setdefault(result.plan_id, []).append(result)
            self.late.folded(result.plan_id)
        self._seen = {line.event_id for line in chain(saved.plans, saved.results, saved.presets, saved.known)}

    def _holds(self, line: LearningPlan | LearningRunResult | Preset) -> bool:
        return line.event_id not in self.withdrawn

    def _latest(self, lines: list[_Named], name: Callable[[_Named], str]) -> tuple[_Named, ...]:
        # A later line moves its plan to where it stands, so the order is that of the last change.
        latest: dict[str, _Named] = {}
        for line in lines:
            if self._holds(line):
                latest.pop(name(line), None)
                latest[name(line)] = line
        return tuple(reversed(latest.values()))
