"""The report of a Learning Run: verdict, remarks, figures for every value, and suggested pictures, ready to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import asdict, replace

from ..config.catalogue import Value
from ..config.sweep import Focus
from ..journal.image_facts import ImageFacts
from ..runs.plan import (
    LearningPlan,
    PlanCell,
    PlanPrompt,
    ResultSummary,
    ResultValue,
    StepRating,
    ValueInsight,
)
from ..runs.wordings import short_texts
from .analysis import Insight, PairInsight, analyse, phrase
from .drift import over_time
from .equal_pictures import all_equal, certain_verdict, equal_values, no_effect
from .machine_rows import mixed_words, plan_row
from .matrix import Board, BoardCell, axis_value, evidence
from .members import Member, about, basis, counts, members, prompts_of, ratings_of, values_of, votes_of_all, votes_text
from .naming import naming, plan_naming
from .pair_analysis import analyse_pairs, axes_of, pairs_in_order
from .pair_words import matters
from .pairs_to_ask import crowded
from .scope import scope_words
from .standing import blind_text, standing
from .tag_rates import tag_sentences
from .tested_values import NOTICEABLE_S, TestedValue, clear_times, held_back, insight_at, most_useful, tested_values
from .timeline import Timeline, changed_since, timeline
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
    the ratings of the plan that were analysed. `mixed` tells that machines with different fingerprints made the
    pictures, "" when they are alike.

    Plans that asked the same question have one answer: `runs` are their ids, oldest first, all figures are those of
    their ratings together, and values of other plans have numbers behind those of the plan. `alone` is what the plan
    itself would say, None when it is the only one; `basis` changes with every rating of them, `timeline` tells how sure
    the answer was over time, `changed` what the newest run added. `compared` pairs of pictures have a vote;
    `votes` changes with every vote on those of the plan.
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
    runs: tuple[str, ...] = ()
    alone: Verdict | None = None
    basis: str = ""
    compared: int = 0
    votes: str = ""
    timeline: Timeline = Timeline()
    changed: str = ""
    mixed: str = ""

    def tag_shares(self, tag: str) -> list[float]:
        """For each value the share, 0 to 1, of its rated or tagged pictures that have a tag."""
        return [dict(value.tags).get(tag, 0) / max(1, value.looked_at) for value in self.values]

    def telling_tags(self) -> list[str]:
        """All tags, sorted by how much their share differs between values, the largest difference first."""
        tags = dict.fromkeys(tag for value in self.values for tag, _ in value.tags)
        return sorted(tags, key=lambda tag: min(self.tag_shares(tag)) - max(self.tag_shares(tag)))


def report(board: Board, *, seed: int = 0) -> Report:
    """Analyse the ratings of a board. Pure; may take 0.3 s, or 1 s with a hundred others, so never call it on the
    main thread of the window.

    The verdict stays "too_early" while a value has pictures but no stars, because it might be the best one. When the
    pictures of every row are equal it is certain without any stars.
    """
    plan, subject, every = board.plan, board.plan.subject, members(board)
    own = next(one for one in every if one.board is board)
    known, mine = own.known, tested_values(board, own.known)
    (total, equal, not_blind), told = counts(every), board.told or board.earlier
    alone = _alone(own, mine, seed)
    insight = _analysed(every, own, seed) if len(every) > 1 else alone
    nothing_changed = all(all_equal(one.board) for one in every)
    to_rate, to_make = _made_and_open(board, () if nothing_changed else most_useful(board, insight, mine))
    insight = replace(insight, next=_suggested(plan, to_make), rated=insight.rated - equal)
    name, values, prompts = plan_naming(plan), values_of(board, every, mine), prompts_of(every)
    if nothing_changed:
        verdict = certain_verdict(plan, mine, name)
    else:
        scope = scope_words(plan, prompts, sketch=known.sketch)
        scope += f"; {blind_text(insight.rated, not_blind)}" if not_blind else ""
        # Which pictures to make next differs from plan to plan; the answer does not.
        spoken = replace(insight, next=insight.next if len(every) == 1 else ())
        verdict = _verdict(plan, spoken, values, scope=scope, planned=total)
    text = short_texts(subject.path, tuple(one.value for one in values))
    tags = [(name(axis_value(one.value)), [facts.tags for facts in one.looked_at]) for one in values]
    found = Report(
        plan=plan,
        focus=subject,
        insight=insight,
        verdict=verdict,
        remark="",
        values=tuple(_value_report(text(one.value), insight, one, blind=plan.blind) for one in values),
        rated=insight.rated,
        total=total,
        suspect=known.suspect,
        foreign=known.foreign,
        failed=board.failed,
        checkpoint=known.checkpoint,
        sketch=known.sketch,
        prompts=prompts,
        next=to_make,
        rate_next=to_rate,
        same=equal_values(board),
        tag_sentences=tag_sentences(tags, ordered=subject.ordered and not plan.second_parameter),
        over_time=over_time(mine, insight, verdict, earlier=told, name=name),
        not_blind=not_blind,
        steps=step_ratings(board),
        runs=tuple(one.plan.plan_id for one in every),
        alone=_verdict(plan, alone, mine, scope="", planned=0) if len(every) > 1 else None,
        basis=basis(board),
        votes=votes_text(board),
        compared=len(votes_of_all(every)),
        timeline=timeline(told, insight, verdict, runs=len(every), name=name),
        changed=changed_since(told, every, verdict, rated=insight.rated, name=name),
        mixed=mixed_words(known.machines),
    )
    return replace(found, remark=unbroken(" ".join((*_remarks(found), *about(every, board, name)))))


def _suggested(plan: LearningPlan, cells: Sequence[PlanCell]) -> tuple[SuggestedCell, ...]:
    """The pictures to name in a sentence: the same that the button makes."""
    return tuple(SuggestedCell(axis_value(plan.tested[cell.variant]), cell.row) for cell in cells)


def _made_and_open(board: Board, cells: Sequence[PlanCell]) -> tuple[tuple[PlanCell, ...], tuple[PlanCell, ...]]:
    there = {cell.cell for cell in board.cells if cell.state == "made"}
    return tuple(cell for cell in cells if cell in there), tuple(cell for cell in cells if cell not in there)


def _alone(own: Member, values: Sequence[TestedValue], seed: int) -> Insight:
    found = _analysed([own], own, seed)
    # Not every pair has pictures, so none of them can be the one that nobody has looked at yet.
    return found if own.plan.second_parameter else held_back(found, values)


def _analysed(every: Sequence[Member], own: Member, seed: int) -> Insight:
    plan, ratings, votes = own.plan, ratings_of(every), votes_of_all(every)
    rows = {(one.plan, plan_row(one.row)) for one in ratings}
    if not plan.second_parameter:
        ordered = plan.subject.ordered
        found = analyse(ratings, ordered=ordered, seed=seed, own=own.number, votes=votes)
        return replace(found, rows=min(found.rows, len(rows)))
    paths = plan.focus_parameter, plan.second_parameter
    found = analyse_pairs(ratings, pairs_in_order(plan), axes_of(plan), paths, seed=seed, votes=votes)
    return replace(found, rows=min(found.rows, len(rows)))


def _value_report(text: str, insight: Insight, one: TestedValue, *, blind: bool) -> ValueReport:
    made = [shown.facts for cell in one.cells for shown in cell.images]
    tags = Counter(tag for facts in one.looked_at for tag in facts.tags)
    return ValueReport(
        variant=one.variant,
        value=one.value,
        text=text,
        insight=insight_at(insight, one.value),
        stars=tuple(facts.rating for _, facts in one.rated),
        seconds=one.seconds,
        tags=tuple(tags.most_common()),
        images=tuple(facts for facts in made if facts.rating or facts.suspect or not blind),
        missing=sum(cell.state != "made" for cell in one.cells),
        looked_at=len(one.looked_at),
        made=len(made),
    )


def _verdict(
    plan: LearningPlan, insight: Insight, values: Sequence[TestedValue], *, scope: str, planned: int
) -> Verdict:
    """The verdict with its words and the value as the plan has it (True for a switch that is named "on")."""
    subject = plan.subject
    known = [(one, found) for one in values if (found := insight_at(insight, one.value)) is not None]
    seconds = clear_times([one for one, _ in known])
    name = plan_naming(plan, short=insight.verdict.state == "leaning")
    verdict = phrase(insight, name=name, scope=scope, seconds=seconds, planned=planned)
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
            text = short_texts(found.focus.path, found.plan.tested)
            yield f"{joined([text(value) for value in group])}: the same picture on every seed."
    if found.insight.pair is not None and found.verdict.state != "too_early":
        yield _what_matters(found, found.insight.pair)
    leader = next((v for v in found.values if v.value == found.verdict.value and v.insight is not None), None)
    if leader is not None and found.verdict.state in ("settled", "best"):
        yield from _close_behind(leader, found.values)
        yield from _edge(leader, found)
    starless = [v.text for v in found.values if not v.stars and v.made]
    if found.rated and starless and len(starless) < len(found.values):
        yield f"No stars that count yet at {', '.join(starless)}."
    why = crowded([stars for one in found.values for stars in one.stars])
    if why and not found.compared and not is_certain(found.verdict.state, found.verdict.probability):
        yield f"{why}: pairs tell apart what stars cannot."
    if found.rate_next and found.rated:
        yield f"Stars for {_count(len(found.rate_next), 'picture')} that are made already would tell most."
    facts = [f"{found.rated} of {_count(found.total, 'picture')} rated on {_count(found.insight.rows, 'seed')}"]
    blind = blind_text(found.rated, found.not_blind)
    if found.plan.blind and found.rated and blind not in found.verdict.meaning:
        facts.append(blind)
    if found.compared:
        facts.append(f"{_count(found.compared, 'pair')} compared")
    if found.suspect:
        facts.append(f"{_count(found.suspect, 'suspect picture')} left out")
    if found.foreign:
        facts.append(f"{_count(found.foreign, 'picture')} of another checkpoint or engine left out")
    if found.mixed:
        facts.append(found.mixed)
    if found.failed:
        facts.append(f"{_count(found.failed, 'picture')} could not be made")
    if found.sketch:
        facts.append("sketch pictures: a rehearsal, not evidence about a checkpoint")
    yield f"{'; '.join(facts)}."


def _what_matters(found: Report, pair: PairInsight) -> str:
    subjects = found.plan.subjects[0], found.plan.subjects[1]
    first, second = found.plan.values_of(found.verdict.value) if found.verdict.value is not None else (None, None)
    leader = (
        naming(subjects[0])(first) if first is not None else "",
        naming(subjects[1])(second) if second is not None else "",
    )
    return matters(pair, subjects, leader)


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
    if not subject.ordered or len(found.values) < 2 or found.plan.second_parameter:
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
        runs=report.runs if len(report.runs) > 1 else (),
        prompts=tuple(prompt.prompt_id for prompt in report.prompts) if len(report.runs) > 1 else (),
        alone=report.alone.sentence if report.alone is not None else "",
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
    verdict = certain_verdict(plan, tested_values(board, evidence(board)), plan_naming(plan))
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
