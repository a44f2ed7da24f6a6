"""Messages about Learning Runs: what the ratings prove, plan files."""

from __future__ import annotations

from pathlib import Path

from ...domain.insights.association import Association, RatedRecord
from ...domain.insights.matrix import Board
from ...domain.insights.report import Report
from ...domain.runs.plan import LearningPlan
from .base import Event, Order


class InsightReady(Event, frozen=True, kw_only=True):
    """What the ratings of a plan prove, as the plan stood when it was asked."""

    plan_id: str
    report: Report


class AssociationsFound(Event, frozen=True, kw_only=True):
    """What goes together with better stars in everyday runs of a pack and checkpoint: hints, never proof."""

    pack_id: str
    checkpoint: str
    associations: tuple[Association, ...]


class PlanRead(Event, frozen=True, kw_only=True):
    """A plan file as read and checked, nothing is started. `plan` is None when it cannot be used: see `problem`."""

    path: Path
    plan: LearningPlan | None
    problem: str = ""
    notices: tuple[str, ...] = ()


class PlanWritten(Event, frozen=True, kw_only=True):
    """A plan file is on disk."""

    path: Path


class Analyse(Order, frozen=True, kw_only=True):
    """Work out what the ratings of a plan prove; InsightReady answers."""

    board: Board


class FindAssociations(Order, frozen=True, kw_only=True):
    """Read the records of rated everyday pictures and look for what goes together with stars; AssociationsFound
    answers. All pictures are of one pack and checkpoint, none is a sketch among real ones.
    """

    pack_id: str
    checkpoint: str
    pictures: tuple[RatedRecord, ...]


class ReadPlan(Order, frozen=True, kw_only=True):
    """Read a plan file that somebody wrote; PlanRead answers."""

    path: Path


class WritePlan(Order, frozen=True, kw_only=True):
    """Write a plan as a file for others; PlanWritten answers."""

    plan: LearningPlan
    path: Path
