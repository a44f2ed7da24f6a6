"""The report of a Learning Run: verdict, remarks, figures for every value, and suggested pictures, ready to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import asdict, replace

from ..config.catalogue import Value
from ..config.pipeline_config import STAGE_OF_PART
from ..config.sweep import LORA, LORA_FILE, NO_LORA, Focus, value_text
from ..journal.history import ImageFacts
from ..runs.plan import (
    LearningPlan,
    PlanCell,
    PlanPrompt,
    ResultSummary,
    ResultValue,
    StepRating,
    ValueInsight,
    lora_of,
)
from ..runs.plan_title import prompts_tested
from .analysis import Insight, analyse, phrase
from .drift import over_time
from .equal_pictures import all_equal, certain_verdict, equal_values, no_effect
from .matrix import Board, BoardCell, axis_value, evidence
from .scope import scope_words
from .standing import blind_text, standing
from .tag_rates import tag_sentences
from .tested_values import NOTICEABLE_S, TestedValue, clear_times, held_back, insight_at, most_useful, tested_values
from .verdict_text import SuggestedCell, Verdict, is_certain, joined, unbroken


class ValueReport(Struct, frozen=True, kw_only=True):
    """The figures of one value of the plan. `variant` is its number in the plan, `text` its short name.

    `insight` None: no picture of it counts yet. `stars` one per rated picture that counts, in row order; `seconds`
    a picture typically takes; `tags` with how many pictures have them, most frequent first; `images` the pictures made,
    in row order (of a blind plan only rated ones: nobody should see the others under their value); `missing` cells that
    were not made or failed. `looked_at` pictures have stars or tags, of the `made` ones.
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
    looked_at: int = 0
    made: int = 0


class Report(Struct, frozen=True, kw_only=True):
    """The analysis of a Learning Run. `values` are in the order to show.

    `next`: up to three cells to make now; rows from `len(plan.seeds)` on are new seeds. `rate_next`: cells that are
    already made and whose ratings would tell as much. `rated` of `total` pictures have stars and count as evidence,
    equal pictures of a row as one; `suspect` and `foreign` pictures and `failed` cells (without a picture) are in
    neither number. `not_blind` of the rated ones got their stars with the values in sight. `verdict.value` is the value
    as the plan has it. `prompts` are those with rated pictures, `same` groups of values with equal pictures, `steps`
    the ratings that were analysed.
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
    rate_next: tuple[PlanCell, ...] = ()
    prompts: tuple[PlanPrompt, ...] = ()
    same: tuple[tuple[Value, ...], ...] = ()
    not_blind: int = 0
    steps: tuple[StepRating, ...] = ()

    def tag_shares(self, tag: str) -> list[float]:
        """For each value the share, 0 to 1, of its rated or tagged pictures that have a tag."""
        return [dict(value.tags).get(tag, 0) / max(1, value.looked_at) for value in self.values]

    def telling_tags(self) -> list[str]:
        """All tags, sorted by how much their share differs between values, the largest difference first."""
        tags = dict.fromkeys(tag for value in self.values for tag, _ in value.tags)
        return sorted(tags, key=lambda tag: min(self.tag_shares(tag)) - max(self.tag_shares(tag)))


def report(board: Board, *, seed: int = 0) -> Report:
    """Analyse the ratings of a board. Pure; may take 0.3 s, so never call it on the main thread of the window.

    The verdict stays "too_early" while a value has pictures but no stars, because it might be the best one. When the
    pictures of every row are equal it is certain without any stars.
    """
    plan, subject = board.plan, board.plan.subject
    known = evidence(board)
    values = tested_values(board, known)
    insight = held_back(analyse(known.ratings, ordered=subject.ordered, seed=seed), values)
    insight = replace(insight, rated=insight.rated - known.equal)
    nothing_changed = all_equal(board)
    useful = () if nothing_changed else most_useful(board, insight, values)
    there = {cell.cell for cell in board.cells if cell.state == "made"}
    to_make = tuple(cell for cell in useful if cell not in there)
    # The sentence must name the same pictures that the button makes.
    insight = replace(
        insight, next=tuple(SuggestedCell(axis_value(plan.variant_values[c.variant]), c.row) for c in to_make)
    )
    name = naming(subject)
    total = standing(board).wanted - known.foreign
    prompts = prompts_tested(plan, (rating.row for rating in known.ratings))
    if nothing_changed:
        verdict = certain_verdict(plan, values, name)
    else:
        scope = scope_words(plan, prompts, sketch=known.sketch)
        if known.not_blind:
            scope = f"{scope}; {blind_text(insight.rated, known.not_blind)}"
        verdict = _verdict(subject, insight, values, scope=scope, planned=total)
    tags = [(name(axis_value(one.value)), [facts.tags for facts in one.looked_at]) for one in values]
    found = Report(
        plan=plan,
        focus=subject,
        insight=insight,
        verdict=verdict,
        remark="",
        values=tuple(_value_report(subject, insight, one, blind=plan.blind) for one in values),
        rated=insight.rated,
        total=total,
        suspect=known.suspect,
        foreign=known.foreign,
        failed=board.failed,
        checkpoint=known.checkpoint,
        sketch=known.sketch,
        prompts=prompts,
        next=to_make,
        rate_next=tuple(cell for cell in useful if cell in there),
        same=equal_values(board),
        tag_sentences=tag_sentences(tags, ordered=subject.ordered),
        over_time=over_time(values, insight, verdict, earlier=board.earlier, name=name),
        not_blind=known.not_blind,
        steps=step_ratings(board),
    )
    return replace(found, remark=unbroken(" ".join(_remarks(found))))


def _value_report(subject: Focus, insight: Insight, one: TestedValue, *, blind: bool) -> ValueReport:
    made = [shown.facts for cell in one.cells for shown in cell.images]
    tags = Counter(tag for facts in one.looked_at for tag in facts.tags)
    return ValueReport(
        variant=one.variant,
        value=one.value,
        text=value_text(one.value, subject.path),
        insight=insight_at(insight, one.value),
        stars=tuple(facts.rating for _, facts in one.rated),
        seconds=one.seconds,
        tags=tuple(tags.most_common()),
        images=tuple(facts for facts in made if facts.rating or facts.suspect or not blind),
        missing=sum(cell.state != "made" for cell in one.cells),
        looked_at=len(one.looked_at),
        made=len(made),
    )


def naming(subject: Focus) -> Callable[[Value], str]:
    """Return a function that names values of this parameter in a sentence: 28 steps, CFG 7, Euler a, denoise 0.35."""
    short, _, note = subject.label.removesuffix(" scale").partition(" (")
    # A word with capitals inside is a name (CFG, LoRA, CodeFormer) and keeps the one it starts with.
    label = short[0].lower() + short[1:] if short.split()[0][1:].islower() else short
    unit = f" {subject.unit}" if subject.unit not in ("", "×") else subject.unit

    def name(value: Value) -> str:
        text = value_text(value, subject.path)
        if subject.kind == "str":
            return "no LoRA" if subject.path == LORA_FILE and value == NO_LORA else text
        if value == 0 and note.startswith("0 = same"):
            return f"the same {label}"
        if subject.unit == "steps":
            return f"{text} step" if value == 1 else f"{text} steps"
        return f"{label} {text}{unit}"

    return name


def _verdict(subject: Focus, insight: Insight, values: Sequence[TestedValue], *, scope: str, planned: int) -> Verdict:
    """The verdict with its words and the value as the plan has it (True for a switch that is named "on")."""
    known = [(one, found) for one in values if (found := insight_at(insight, one.value)) is not None]
    seconds = clear_times([one for one, _ in known])
    verdict = phrase(insight, name=naming(subject), scope=scope, seconds=seconds, planned=planned)
    own = next((one.value for one, found in known if found.value == verdict.value), None)
    # Names of samplers and files are written as they are, even at the start of a sentence.
    words = verdict.headline if subject.kind == "str" else verdict.headline[:1].upper() + verdict.headline[1:]
    return replace(verdict, value=own, headline=words)


def _remarks(found: Report) -> Iterator[str]:
    """The sentences shown below the verdict."""
    if is_certain(found.verdict.state, found.verdict.probability):
        yield no_effect(found.plan)
    else:
        for group in found.same:
            yield f"{joined([value_text(value, found.focus.path) for value in group])}: the same picture on every seed."
    leader = next((v for v in found.values if v.value == found.verdict.value and v.insight is not None), None)
    if leader is not None and found.verdict.state in ("settled", "best"):
        yield from _close_behind(leader, found.values)
        yield from _edge(leader, found)
    starless = [v.text for v in found.values if not v.stars and v.made]
    if found.rated and starless and len(starless) < len(found.values):
        yield f"No stars that count yet at {', '.join(starless)}."
    if found.rate_next and found.rated:
        yield f"Stars for {_count(len(found.rate_next), 'picture')} that are made already would tell most."
    facts = [f"{found.rated} of {_count(found.total, 'picture')} rated on {_count(found.insight.rows, 'seed')}"]
    blind = blind_text(found.rated, found.not_blind)
    if found.plan.blind and found.rated and blind not in found.verdict.meaning:
        facts.append(blind)
    if found.suspect:
        facts.append(f"{_count(found.suspect, 'suspect picture')} left out")
    if found.foreign:
        facts.append(f"{_count(found.foreign, 'picture')} of another checkpoint or engine left out")
    if found.failed:
        facts.append(f"{_count(found.failed, 'picture')} could not be made")
    if found.sketch:
        facts.append("sketch pictures: a rehearsal, not evidence about a checkpoint")
    yield f"{'; '.join(facts)}."


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _close_behind(leader: ValueReport, values: Sequence[ValueReport]) -> Iterator[str]:
    others = [(v.insight.p_within_quarter, v) for v in values if v is not leader and v.insight is not None]
    near, runner_up = max(others, key=lambda pair: pair[0], default=(0.0, leader))
    if near < 0.5:
        return
    cost = ""
    if runner_up.seconds and leader.seconds:
        more = runner_up.seconds - leader.seconds
        if abs(more) >= max(NOTICEABLE_S, 0.1 * min(runner_up.seconds, leader.seconds)):
            cost = f" but takes {_seconds(more)} longer" if more > 0 else f" and {_seconds(-more)} faster"
    yield f"{runner_up.text} is close behind{cost}."


def _seconds(seconds: float) -> str:
    if seconds >= 90:
        return f"{seconds / 60:.1f} min"
    return f"{seconds:.0f} s" if seconds >= 2 else f"{seconds:.1g} s"


def _edge(leader: ValueReport, found: Report) -> Iterator[str]:
    """A remark when the best value is the smallest or largest tested one, so values beyond it might be better."""
    subject = found.focus
    if not subject.ordered or len(found.values) < 2:
        return
    if leader is found.values[-1] and leader.value != subject.maximum:
        yield f"{leader.text} is the highest value you tried; higher ones may be as good or better."
    if leader is found.values[0] and leader.value != subject.minimum:
        yield f"{leader.text} is the lowest value you tried; lower ones may be as good or better."


def summary(report: Report) -> ResultSummary:
    """The part of the report that is written to the journal."""
    return ResultSummary(
        state=report.verdict.state,
        value=report.verdict.value,
        probability=report.verdict.probability,
        sentence=report.verdict.sentence,
        headline=report.verdict.headline,
        rated=report.rated,
        rows=report.insight.rows,
        suspect_left_out=report.suspect,
        not_blind=report.not_blind,
        values=tuple(
            # The plan's own value: a switch is named on, but its value is True.
            ResultValue(**asdict(found.insight) | {"value": found.value, "seconds": found.seconds})
            for found in report.values
            if found.insight is not None
        ),
    )


def certain_summary(board: Board) -> ResultSummary | None:
    """The summary of a plan whose pictures are all equal, None for any other. It needs no analysis."""
    if not all_equal(board):
        return None
    plan = board.plan
    verdict = certain_verdict(plan, tested_values(board, evidence(board)), naming(plan.subject))
    now = standing(board)
    return ResultSummary(
        state=verdict.state,
        value=verdict.value,
        probability=verdict.probability,
        sentence=verdict.sentence,
        headline=verdict.headline,
        rated=now.rated,
        rows=len({cell.cell.row for cell in board.cells if cell.images}),
        suspect_left_out=now.suspect,
    )


def step_ratings(board: Board) -> tuple[StepRating, ...]:
    """Rating and tags of every step of the plan, in the order of its cells. Suspect pictures are left out."""
    return tuple(_step_rating(cell) for cell in board.cells)


def _step_rating(cell: BoardCell) -> StepRating:
    sound = [shown.facts for shown in cell.images if not shown.facts.suspect]
    stars = [facts.rating for facts in sound if facts.rating]
    tags = tuple(dict.fromkeys(tag for facts in sound for tag in facts.tags))
    return StepRating(cell.step_id, sum(stars) / len(stars) if stars else None, tags)


def preset_values(plan: LearningPlan, value: Value) -> tuple[dict[str, Value], dict[str, float]]:
    """The catalogue values and LoRA weights of a preset with this value of the focus parameter.

    A value of hires fix or refiner also brings the switch that turns that feature on, and the refiner of the plan.
    """
    path = plan.focus_parameter
    if path == LORA_FILE:
        name, weight = lora_of(plan, value)
        return {}, {name: weight} if name else {}
    if path.startswith(LORA):
        return {}, {path.removeprefix(LORA): float(value)}
    block = path.partition(".")[0]
    values: dict[str, Value] = {}
    if block in STAGE_OF_PART:
        values[f"{block}.enabled"] = True
    if block == "refiner" and plan.base_config.refiner.checkpoint:
        values["refiner.checkpoint"] = plan.base_config.refiner.checkpoint
    return values | {path: value}, {}
