"""The Learning Runs behind one answer: their ratings on one grid of values, and what is shown of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..config.catalogue import Value
from ..runs.plan import LearningPlan, PlanCell, PlanPrompt
from ..runs.plan_title import prompts_tested
from ..runs.question import apart, differences
from .machine_rows import plan_row
from .matrix import Board, BoardCell, Evidence, axis_value, evidence, short_hash
from .model.pair_model import ComparedPair
from .model.rated_images import RatedImage, key_of
from .standing import standing
from .tested_values import TestedValue, tested_values
from .verdict_text import joined

# Before a value of several plans may be judged; until then it waits, and the others are judged without it.
_FEWEST = 2
_NAMED = 2  # plans that are named one by one
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Member(Struct, frozen=True):
    """One of the plans with its ratings. `number` is its place among them, oldest first."""

    board: Board
    known: Evidence
    number: int

    @property
    def plan(self) -> LearningPlan:
        """Its plan."""
        return self.board.plan

    @property
    def sound(self) -> frozenset[PlanCell]:
        """The cells whose pictures are evidence."""
        return frozenset(
            PlanCell(one.variant, row) for one in tested_values(self.board, self.known) for row, _ in one.sound
        )

    @property
    def prompts(self) -> tuple[PlanPrompt, ...]:
        """Its prompts with rated pictures."""
        return prompts_tested(self.plan, (plan_row(rating.row) for rating in self.known.ratings))


def members(board: Board) -> tuple[Member, ...]:
    """The plan of a board and those that asked the same and have ratings, oldest first. One alone is number 0."""
    own = evidence(board)
    # A plan without stars has no part in an answer yet.
    others = ((one, evidence(one)) for one in board.others) if own.ratings else ()
    alike = [(one, known) for one, known in others if known.ratings and known.sketch == own.sketch]
    every = sorted([(board, own), *alike], key=lambda pair: pair[0].plan.plan_id)
    return tuple(Member(one, known, number) for number, (one, known) in enumerate(every))


def ratings_of(every: Sequence[Member]) -> tuple[RatedImage, ...]:
    """The ratings of all plans. Prompts of the same words have the same number. Values with fewer than two pictures in
    all of them are left out, unless that leaves nothing to compare.
    """
    if len(every) == 1:
        return every[0].known.ratings
    numbers: dict[tuple[str, str], int] = {}
    found: list[RatedImage] = []
    owner: dict[str, int] = {}
    for one in every:
        names = [numbers.setdefault((prompt.positive, prompt.negative), len(numbers)) for prompt in one.plan.prompts]
        for rating in one.known.ratings:
            # A picture that another plan began with is one picture, that of the older plan.
            if owner.setdefault(rating.image, one.number) == one.number:
                found.append(replace(rating, prompt=names[rating.prompt], plan=one.number))
    pictures: dict[float | str, set[tuple[str, int, int]]] = {}
    for rating in found:
        pictures.setdefault(key_of(rating.value), set()).add((rating.image, rating.plan, rating.row))
    ready = {value for value, seen in pictures.items() if len(seen) >= _FEWEST}
    return tuple(one for one in found if key_of(one.value) in ready) if len(ready) > 1 else tuple(found)


def votes_of_all(every: Sequence[Member]) -> tuple[ComparedPair, ...]:
    """The votes on pairs of all plans, of pictures that count."""
    sound = {one.number: one.sound for one in every if one.board.votes}
    return tuple(
        ComparedPair(
            axis_value(one.plan.tested[vote.first.variant]),
            axis_value(one.plan.tested[vote.second.variant]),
            vote.won,
            (one.number, vote.first.row),
        )
        for one in every
        for vote in one.board.votes
        if {vote.first, vote.second} <= sound[one.number]
    )


def values_of(board: Board, every: Sequence[Member], own: Sequence[TestedValue]) -> tuple[TestedValue, ...]:
    """All values with the pictures of all plans, in the order to show. Values that the plan of the board does not have
    get numbers from behind its own on. What must not be seen of a blind plan is left out.
    """
    merged = {key_of(axis_value(one.value)): one for one in own}
    fresh = len(board.plan.tested)
    for member in every:
        if member.board is board:
            continue
        for one in tested_values(member.board, member.known):
            key = key_of(axis_value(one.value))
            seen = tuple(_seen(one.cells, blind=member.plan.blind))
            if key in merged:
                mine = merged[key]
                merged[key] = replace(mine, cells=(*mine.cells, *seen), sound=(*mine.sound, *one.sound))
            else:
                merged[key] = replace(one, variant=fresh, cells=seen)
                fresh += 1
    found = tuple(merged.values())
    if any(isinstance(one.value, str | bool) for one in found):
        return found
    return tuple(sorted(found, key=lambda one: float(one.value)))


def _seen(cells: Iterable[BoardCell], *, blind: bool) -> Iterator[BoardCell]:
    for cell in cells:
        images = tuple(one for one in cell.images if one.facts.rating or one.facts.suspect or not blind)
        if images:
            yield replace(cell, images=images)


def prompts_of(every: Sequence[Member]) -> tuple[PlanPrompt, ...]:
    """The different prompts with rated pictures, those of the oldest plan first."""
    found = {(prompt.positive, prompt.negative): prompt for one in reversed(every) for prompt in one.prompts[::-1]}
    return tuple(reversed(found.values()))


def basis(board: Board) -> str:
    """What an answer of several plans rests on, in a short text that changes with every rating; "" for one alone."""
    others = [(one.plan.plan_id, one.stars) for one in board.others if one.stars]
    return short_hash(sorted([(board.plan.plan_id, board.stars), *others])) if others and board.stars else ""


def votes_text(board: Board) -> str:
    """A short text that changes with every vote on pairs of the plan; "" without one."""
    return short_hash([(one.first, one.second, one.won) for one in board.votes]) if board.votes else ""


# ---- words


def when_words(ts: str) -> str:
    """The day of a time stamp: "4 Nov"."""
    month, day = ts[5:7], ts[8:10]
    if not (month.isdecimal() and day.isdecimal() and 1 <= int(month) <= 12):
        return ""
    return f"{int(day)} {_MONTHS[int(month) - 1]}"


def about(every: Sequence[Member], board: Board, name: Callable[[Value], str]) -> Iterator[str]:
    """Sentences about the plans behind an answer: which they are, in what they differ, what is left out of it."""
    if len(every) > 1:
        others = [one for one in every if one.board is not board]
        yield f"Answers of {len(every)} runs add up: this one and {_runs([one.plan for one in others])}."
        for one in others:
            if said := differences(board.plan, one.plan):
                yield f"{_run(one.plan)} differs in what comes later: {joined(said[:_NAMED])}."
        if waiting := _waiting(every):
            yield f"{joined([name(value) for value in waiting])}: too few pictures to be judged beside the others."
    for plan in board.apart[:_NAMED]:
        if said := apart(board.plan, plan):
            yield f"{_run(plan)} is another question: {joined(said[:_NAMED])}."


def _waiting(every: Sequence[Member]) -> list[Value]:
    rated = {key_of(rating.value) for rating in ratings_of(every)}
    seen = {key_of(rating.value): rating.value for one in every for rating in one.known.ratings}
    return [value for key, value in seen.items() if key not in rated]


def _runs(plans: Sequence[LearningPlan]) -> str:
    if len(plans) > _NAMED:
        return f"{len(plans)} more"
    return joined([_run(plan) for plan in plans])


def _run(plan: LearningPlan) -> str:
    when = when_words(plan.metadata.when or plan.ts)
    return f"“{plan.name}”{f' of {when}' if when else ''}"


def counts(every: Sequence[Member]) -> tuple[int, int, int]:
    """Pictures of all plans: to be rated in total, equal ones that were rated, those rated with the values in sight."""
    total = sum(standing(one.board).wanted - one.known.foreign for one in every)
    return total, sum(one.known.equal for one in every), sum(one.known.not_blind for one in every)
