"""Messages about Learning Runs: analyse a plan, find hints in everyday runs, read and write plan files,
keep what stands in the wizard.
"""

from __future__ import annotations

from pathlib import Path

from ...domain.experiments.plan_draft import PlanDraft
from ...domain.insights.association import Association, RatedRecord
from ...domain.insights.matrix import Board
from ...domain.insights.report import Report
from ...domain.runs.plan import LearningPlan
from .base import Event, Order


class InsightReady(Event, frozen=True, kw_only=True):
    """The report of a plan, as of the time of the order."""

    plan_id: str
    report: Report


class AssociationsFound(Event, frozen=True, kw_only=True):
    """Hints from everyday runs of a pack and checkpoint: settings that correlate with stars. `kinds` is on how many
    kinds of machines (fingerprints) the pictures were made.
    """

    pack_id: str
    checkpoint: str
    associations: tuple[Association, ...]
    kinds: int = 1


class PlanRead(Event, frozen=True, kw_only=True):
    """A plan file was read and checked. `plan` is None when it cannot be used; `problem` says why."""

    path: Path
    plan: LearningPlan | None
    problem: str = ""
    notices: tuple[str, ...] = ()


class PlanWritten(Event, frozen=True, kw_only=True):
    """A plan file is on disk."""

    path: Path


class PlanDraftRead(Event, frozen=True, kw_only=True):
    """What was begun in the wizard before the last end of the program; None = nothing. `problem`: a sentence about a
    file that could not be used.
    """

    draft: PlanDraft | None
    problem: str = ""


class KeepPlanDraft(Order, frozen=True, kw_only=True):
    """Write down what stands in the wizard; None = nothing is left to go on with. No answer."""

    draft: PlanDraft | None


class ReadPlanDraft(Order, frozen=True, kw_only=True):
    """Read what was written down by KeepPlanDraft; PlanDraftRead answers."""


class Analyse(Order, frozen=True, kw_only=True):
    """Analyse the ratings of a plan; InsightReady answers."""

    board: Board


class FindAssociations(Order, frozen=True, kw_only=True):
    """Estimate which settings correlate with stars in rated everyday pictures; AssociationsFound answers.

    All pictures must be of one pack and checkpoint, and either all or none of them sketches.
    """

    pack_id: str
    checkpoint: str
    pictures: tuple[RatedRecord, ...]


class ReadPlan(Order, frozen=True, kw_only=True):
    """Read a plan file; PlanRead answers."""

    path: Path


class WritePlan(Order, frozen=True, kw_only=True):
    """Write a plan to a file; PlanWritten answers."""

    plan: LearningPlan
    path: Path
