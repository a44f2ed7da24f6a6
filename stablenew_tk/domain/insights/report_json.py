"""The report of a Learning Run as a JSON document: what `insights --plan ID --json` prints."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ..config.catalogue import Value
from ..runs.plan import LearningPlan, PlanCell, PlanPrompt, VerdictState
from ..runs.plan_title import prompts_tested
from .report import Report, ValueReport


class DocumentValue(Struct, frozen=True, kw_only=True):
    """One tested value. Numbers are None while no picture of it is rated; probabilities are 0 to 1.

    `settings`: what it sets, by focus parameter; a value that is a pair sets two.
    """

    value: Value
    n: int
    mean: float | None
    low: float | None
    high: float | None
    p_best: float | None
    p_within_quarter: float | None
    seconds: float | None
    settings: Mapping[str, Value] = {}


class DocumentFactor(Struct, frozen=True, kw_only=True):
    """What one of two settings does: the probability that it changes anything, the stars between its best and worst
    value, and the probability that beside the pair to take it makes no difference that can be seen.
    """

    focus_parameter: str
    p_matters: float
    span: float
    p_no_difference: float


class DocumentVerdict(Struct, frozen=True, kw_only=True):
    """The verdict; `value` is None when it names no value. `sentence` is `headline` and `meaning` in one text."""

    state: VerdictState
    value: Value | None
    probability: float
    sentence: str
    headline: str
    meaning: str


class DocumentCell(Struct, frozen=True, kw_only=True):
    """A suggested cell: a value and the number of a seed row, from 0."""

    value: Value
    row: int


class InsightDocument(Struct, frozen=True, kw_only=True):
    """The whole report. `prompts` are the names of the prompts tested. Where several plans asked the same, `runs` are
    their ids, `alone` is what this plan says by itself, `since` what the newest of them changed.

    `next` lists suggested cells; those already made, which only need a rating, come first. `second_parameter`,
    `factors` and `p_together` (that the two do something together) are those of a run that varies two settings.
    """

    plan_id: str
    focus_parameter: str
    ordered: bool
    values: tuple[DocumentValue, ...]
    verdict: DocumentVerdict
    next: tuple[DocumentCell, ...]
    name: str
    pack: str
    checkpoint: str
    sketch: bool
    rated: int
    total: int
    rows: int
    suspect: int
    foreign: int
    failed: int
    noise_sd: float
    repeat_sd: float | None
    notes: tuple[str, ...]
    not_blind: int
    who: str
    note: str
    prompts: tuple[str, ...]
    second_parameter: str = ""
    factors: tuple[DocumentFactor, ...] = ()
    p_together: float | None = None
    runs: tuple[str, ...] = ()
    alone: str = ""
    since: str = ""


def document(report: Report) -> InsightDocument:
    """Convert a report. Values keep their type and the order of the report."""
    plan, verdict, insight = report.plan, report.verdict, report.insight

    def place(cell: PlanCell) -> DocumentCell:
        return DocumentCell(value=plan.tested[cell.variant], row=cell.row)

    return InsightDocument(
        plan_id=plan.plan_id,
        focus_parameter=plan.focus_parameter,
        ordered=report.focus.ordered,
        values=tuple(_value(plan, found) for found in report.values),
        verdict=DocumentVerdict(
            state=verdict.state,
            value=verdict.value,
            probability=verdict.probability,
            sentence=verdict.sentence,
            headline=verdict.headline,
            meaning=verdict.meaning,
        ),
        next=tuple(place(cell) for cell in (*report.rate_next, *report.next)),
        name=plan.name,
        pack=plan.pack_id,
        checkpoint=report.checkpoint,
        sketch=report.sketch,
        rated=report.rated,
        total=report.total,
        rows=insight.rows,
        suspect=report.suspect,
        foreign=report.foreign,
        failed=report.failed,
        noise_sd=insight.noise_sd,
        repeat_sd=insight.repeat_sd,
        notes=tuple(note for note in (report.remark, *report.tag_sentences, report.over_time) if note),
        not_blind=report.not_blind,
        who=plan.metadata.who,
        note=plan.metadata.notes,
        prompts=tuple(prompt.prompt_id for prompt in _prompts(report)),
        second_parameter=plan.second_parameter,
        factors=tuple(
            DocumentFactor(
                focus_parameter=one.path, p_matters=one.p_matters, span=one.span, p_no_difference=one.p_level
            )
            for one in (insight.pair.factors if insight.pair is not None else ())
        ),
        p_together=insight.pair.p_together if insight.pair is not None else None,
        runs=report.runs if len(report.runs) > 1 else (),
        alone=report.alone.sentence if report.alone is not None else "",
        since=report.changed,
    )


def _prompts(report: Report) -> tuple[PlanPrompt, ...]:
    return report.prompts if len(report.runs) > 1 else prompts_tested(report.plan)


def _value(plan: LearningPlan, found: ValueReport) -> DocumentValue:
    known = found.insight
    return DocumentValue(
        value=found.value,
        n=known.n if known else 0,
        mean=known.mean if known else None,
        low=known.low if known else None,
        high=known.high if known else None,
        p_best=known.p_best if known else None,
        p_within_quarter=known.p_within_quarter if known else None,
        seconds=found.seconds,
        settings=dict(plan.settings(found.value)),
    )
