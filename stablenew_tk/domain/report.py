"""What the ratings of a Learning Run prove, as a person reads it: verdict, remark, every value, what to make next."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from .board import Board
from .history import ImageFacts
from .insight import Insight, ValueInsight, Verdict
from .parameters import Value
from .plan import LearningPlan, LearningRunResult, PlanCell, ResultSummary, StepRating, VerdictState
from .sweep import Focus


class ValueReport(Struct, frozen=True, kw_only=True):
    """One value of the plan. `variant` is its number there, `text` its short words.

    `insight` None: no picture of it counts yet. `stars` one per rated picture that counts, in row order; `seconds`
    mean per picture; `tags` with how many pictures have them, most frequent first; `images` all pictures made, in row
    order; `missing` cells that were not made or failed.
    """

    variant: int
    value: Value
    text: str
    insight: ValueInsight | None
    stars: tuple[int, ...]
    seconds: float | None
    tags: tuple[tuple[str, int], ...]
    images: tuple[ImageFacts, ...]
    missing: int


class Report(Struct, frozen=True, kw_only=True):
    """A Learning Run as it stands. `values` in showing order; `next` may name one row past the last: a new seed.

    `rated` pictures count as evidence, of `total` that the plan wants; `suspect` and `foreign` pictures are left out;
    `failed` cells brought none.
    """

    plan: LearningPlan
    focus: Focus
    insight: Insight
    verdict: Verdict
    remark: str
    values: tuple[ValueReport, ...]
    rated: int
    total: int
    suspect: int
    foreign: int
    failed: int
    checkpoint: str
    sketch: bool
    next: tuple[PlanCell, ...]
    tag_sentences: tuple[str, ...]
    over_time: str


class DocumentValue(Struct, frozen=True, kw_only=True):
    """One value for programs. Numbers are None as long as no picture of it is rated."""

    value: Value
    n: int
    mean: float | None
    low: float | None
    high: float | None
    p_best: float | None
    p_within_quarter: float | None
    seconds: float | None


class DocumentVerdict(Struct, frozen=True, kw_only=True):
    """The verdict for programs."""

    state: VerdictState
    value: Value | None
    probability: float
    sentence: str


class DocumentCell(Struct, frozen=True, kw_only=True):
    """A picture worth making: this value, seed row `row`."""

    value: Value
    row: int


class InsightDocument(Struct, frozen=True, kw_only=True):
    """A report for programs, as `insights --plan ID --json` prints it."""

    plan_id: str
    focus_parameter: str
    ordered: bool
    values: tuple[DocumentValue, ...]
    verdict: DocumentVerdict
    next: tuple[DocumentCell, ...]


def report(board: Board, *, earlier: Sequence[LearningRunResult] = (), seed: int = 0) -> Report:
    """What the board proves. Pure; may take 0.3 s, so never on the thread of the window."""
    raise NotImplementedError


def document(report: Report) -> InsightDocument:
    """The report for programs."""
    raise NotImplementedError


def summary(report: Report) -> ResultSummary:
    """The report as it is kept in the journal."""
    raise NotImplementedError


def step_ratings(board: Board) -> tuple[StepRating, ...]:
    """What was said about every step of the plan."""
    raise NotImplementedError


def preset_values(plan: LearningPlan, value: Value) -> tuple[dict[str, Value], dict[str, float]]:
    """Catalogue values and LoRA weights that a preset of this value holds."""
    raise NotImplementedError
