"""The matrix of a Learning Run (value × seed row): pictures and state of each cell, and which ratings are evidence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..config.catalogue import Value
from ..journal.history import History
from ..journal.image_facts import ImageFacts
from ..journal.plan_log import Attempt
from ..runs.plan import LearningPlan, LearningRunResult, PlanCell
from .machine_rows import machine_rows
from .model.rated_images import RatedImage

_FEWEST_AGAIN, _MOST_AGAIN = 2, 4  # pictures known already that are mixed into a blind round
CellState = Literal["waiting", "made", "failed"]


class Shown(Struct, frozen=True):
    """A picture of the plan. `repeats` are the stars it got when the blind rating showed it again; `blind`: its stars
    were given blind.

    `places` tell the order in which its stars and repeats were given (`FeedbackLog.star_places`).
    `pixels` is the hash of its pixels, "" if unknown. `same_as` is the id of the first picture of its row with the same
    pixels, "" if it is that one or has no equal. Equal pictures share their stars and tags in `facts`.
    """

    facts: ImageFacts
    repeats: tuple[int, ...] = ()
    blind: bool = False
    pixels: str = ""
    same_as: str = ""
    places: tuple[int, ...] = ()

    @property
    def ratings(self) -> tuple[tuple[int, int], ...]:
        """Each of its ratings as (stars, place in the order), () when it has no stars."""
        if not self.facts.rating:
            return ()
        again = self.places[len(self.places) - len(self.repeats) :] if self.repeats else ()
        return tuple(zip((self.facts.rating, *self.repeats), (self.places[0], *again), strict=True))

    @property
    def picture(self) -> str:
        """An id that equal pictures of a row have in common."""
        return self.same_as or self.facts.image_id


class BoardCell(Struct, frozen=True):
    """One cell of the matrix. `tries` counts its attempts, `seconds` is the time its picture took.

    `node` made it, a machine with that `fingerprint`; "" = unknown.
    `made_as` is the id of the line that tells of its picture, "" without one; `late`: it was made after the values of a
    blind plan were revealed.
    """

    cell: PlanCell
    step_id: str
    value: Value
    seed: int
    state: CellState
    images: tuple[Shown, ...] = ()
    seconds: float = 0.0
    tries: int = 0
    made_as: str = ""
    late: bool = False
    node: str = ""
    fingerprint: str = ""

    @property
    def unrated(self) -> bool:
        """Whether it has a picture that wants stars."""
        return any(not shown.facts.rating and not shown.same_as for shown in self.sound)

    @property
    def sound(self) -> tuple[Shown, ...]:
        """Its pictures that are not suspect."""
        return tuple(shown for shown in self.images if not shown.facts.suspect)


class BlindRound(Struct, frozen=True):
    """Pictures that a blind plan got after its values were revealed: to be rated before their values are shown.

    They are mixed with pictures that are rated already (`again`, with the stars they got in this round, 0 = none), so
    that the few of them do not tell their values. `ready`: all of the round are made and can be rated now.
    """

    batch: int
    row: int
    fresh: tuple[PlanCell, ...]
    again: tuple[tuple[Shown, int], ...]
    ready: bool


class BoardVote(Struct, frozen=True):
    """Two cells of a row whose pictures were compared: `won` 1 = the first is better, −1 = the second, 0 = no
    difference.
    """

    first: PlanCell
    second: PlanCell
    won: int
    blind: bool = False


class Board(Struct, frozen=True):
    """A plan with all its cells, in the order they are made. `revealed`: its values may be shown. `earlier` are the
    results written so far, oldest first. `rounds` are the blind rounds that are not rated yet. For counts of rated
    pictures see the module `standing`.

    `votes` are on pairs of its sound pictures. `stars` is a short text that changes with every rating or vote that
    counts, "" without a rating.
    `others` are the boards of revealed plans that asked the same question, `told` the results of all of them, oldest
    first, and `apart` plans about the same subject that asked something else.
    """

    plan: LearningPlan
    cells: tuple[BoardCell, ...]
    revealed: bool
    earlier: tuple[LearningRunResult, ...] = ()
    rounds: tuple[BlindRound, ...] = ()
    votes: tuple[BoardVote, ...] = ()
    stars: str = ""
    others: tuple[Board, ...] = ()
    told: tuple[LearningRunResult, ...] = ()
    apart: tuple[LearningPlan, ...] = ()

    @property
    def veiled(self) -> frozenset[PlanCell]:
        """Cells whose pictures are shown only in a blind round."""
        return frozenset(cell for one in self.rounds for cell in one.fresh)

    @property
    def made(self) -> int:
        """Number of cells with pictures."""
        return sum(bool(cell.images) for cell in self.cells)

    @property
    def failed(self) -> int:
        """Number of cells whose step failed."""
        return sum(not cell.images and cell.state != "waiting" for cell in self.cells)

    @property
    def images(self) -> tuple[Shown, ...]:
        """All pictures, cell by cell."""
        return tuple(shown for cell in self.cells for shown in cell.images)

    def open_cells(self) -> frozenset[PlanCell]:
        """Cells that blind rating may show: those with nothing left to make in their row, and of the cells asked for
        later those with nothing left to make in their batch. One shown alone would tell which was asked for first.
        """
        group = _group(self.plan)
        waiting = {group(cell.cell) for cell in self.cells if cell.state == "waiting"}
        return frozenset(cell.cell for cell in self.cells if group(cell.cell) not in waiting)


def board(history: History, plan_id: str) -> Board | None:
    """The board of a plan, None when the journal does not have it. Takes about 10 µs for each picture."""
    plan = history.plans.plan(plan_id)
    if plan is None:
        return None
    late = history.plans.late.ids()
    cells = _shared(plan, [_cell(history, plan, cell, late) for cell in plan.cells()])
    earlier = history.plans.results(plan_id)
    rounds = _rounds(history, plan, cells) if plan.blind and earlier else ()
    votes = tuple(_votes(history, cells))
    held = Board(plan, cells, not plan.blind or bool(earlier), earlier, rounds, votes)
    stars = sorted((one.image, one.stars, one.nth) for one in evidence(held).ratings)
    told = [(vote.first, vote.second, vote.won) for vote in votes]
    return replace(held, stars=short_hash((stars, told))) if stars else held


_WON = {"first": 1, "second": -1, "none": 0}


def _votes(history: History, cells: Sequence[BoardCell]) -> Iterator[BoardVote]:
    """What was said about pairs of sound pictures in the same row. Equal pictures differ in nothing."""
    of_image = {shown.facts.image_id: (cell.cell, shown) for cell in cells for shown in cell.sound}
    for line in history.votes.among(of_image.keys()):
        (first, one), (second, other) = of_image[line.image_id], of_image[line.other_id]
        if first.row == second.row and first.variant != second.variant and one.picture != other.picture:
            yield BoardVote(first, second, _WON[line.better], line.blind)


def short_hash(what: object) -> str:
    """A short text for what a thing looks like; no guard against forgery."""
    return hashlib.blake2b(repr(what).encode(), digest_size=8).hexdigest()


def with_others(held: Board, history: History, of: Callable[[str], Board | None]) -> Board:
    """The board with those of the plans that asked the same question; `of` gives the board of a plan by its id."""
    plan_id, plans = held.plan.plan_id, history.plans
    others = tuple(one for name in plans.asked.same(plan_id) if name != plan_id and (one := of(name)) is not None)
    if not others:
        return replace(held, told=held.earlier, apart=plans.asked.apart(plan_id))
    told = sorted((line for one in (held, *others) for line in one.earlier), key=lambda line: line.event_id)
    return replace(held, others=others, told=tuple(told), apart=plans.asked.apart(plan_id))


def whole_board(history: History, plan_id: str) -> Board | None:
    """The board of a plan with those of the plans that asked the same; None when the journal does not have it."""
    held = board(history, plan_id)
    return with_others(held, history, lambda name: board(history, name)) if held is not None else None


def _group(plan: LearningPlan) -> Callable[[PlanCell], tuple[int, int]]:
    """Batch and row of a cell: what is made together is shown together. A batch asked for later has no row."""
    batches = plan.batch_numbers()

    def group(cell: PlanCell) -> tuple[int, int]:
        batch = batches.get(cell, 0)
        return batch, 0 if batch else cell.row

    return group


def _rounds(history: History, plan: LearningPlan, cells: Sequence[BoardCell]) -> tuple[BlindRound, ...]:
    """The blind rounds of a plan whose values are revealed that have something left to make or rate."""
    group: Callable[[PlanCell], tuple[int, int]] = _group(plan)
    groups: dict[tuple[int, int], list[BoardCell]] = {}
    for cell in cells:
        if cell.late:
            groups.setdefault(group(cell.cell), []).append(cell)
    waiting = {group(cell.cell) for cell in cells if cell.state == "waiting"}
    found = []
    for (batch, row), late in sorted(groups.items()):
        fresh = tuple(cell.cell for cell in late)
        again = _shown_again(history, cells, late, f"{plan.plan_id}/{batch}/{row}")
        ready = (batch, row) not in waiting
        rated_again = [bool(stars) for _, stars in again]
        # Where none of the known ones got stars, an older version showed the pictures openly.
        if any(cell.unrated for cell in late) or (any(rated_again) and not all(rated_again)):
            found.append(BlindRound(batch, row, fresh, again, ready))
    return tuple(found)


def _shown_again(
    history: History, cells: Sequence[BoardCell], late: Sequence[BoardCell], name: str
) -> tuple[tuple[Shown, int], ...]:
    """Rated pictures to mix with those of a round, with the stars they got since its first picture was made."""
    begun = min(cell.made_as for cell in late)
    since, chosen = history.unblinded().stars_since, []
    for cell in cells:
        for shown in cell.sound:
            if not cell.late and shown.facts.rating and not shown.same_as:
                again = since(shown.facts.row, begun, blind=True)[1]
                # Those that were shown again already stay chosen, whatever was rated since.
                chance = hashlib.sha256(f"{name}/{shown.facts.image_id}".encode()).digest()
                chosen.append((not again, chance, shown, again[-1] if again else 0))
    number = min(max(len(late), _FEWEST_AGAIN), _MOST_AGAIN)
    return tuple((shown, stars) for _, _, shown, stars in sorted(chosen, key=lambda one: one[:2])[:number])


def _cell(history: History, plan: LearningPlan, cell: PlanCell, late: frozenset[str]) -> BoardCell:
    step_id = plan.step_id(cell)
    tries = history.plans.attempts(plan.plan_id, step_id)
    # A step that the user cancelled did not fail: it is still to be made.
    ended = [attempt for attempt in tries if attempt.status != "cancelled"]
    good = next((attempt for attempt in reversed(ended) if attempt.status == "ok"), None)
    state: CellState = "made" if good is not None else "failed" if ended else "waiting"
    return BoardCell(
        cell,
        step_id,
        plan.tested[cell.variant],
        plan.seeds[cell.row],
        state,
        _rated_here(history, plan, good, _shown(history, good)) if good is not None else (),
        good.seconds if good is not None else 0.0,
        len(tries),
        good.event_id if good is not None else "",
        good is not None and any(image in late for image in good.images),
        good.node if good is not None else "",
        good.fingerprint if good is not None else "",
    )


def _shown(history: History, attempt: Attempt) -> tuple[Shown, ...]:
    pictures = history.unblinded()
    return tuple(
        Shown(pictures.facts(row), pictures.repeats(row), pictures.is_blind(row), pixels, "", pictures.star_places(row))
        for image, pixels in zip_longest(attempt.images, attempt.pixels, fillvalue="")
        if (row := history.row_of(image)) is not None
    )


def _shared(plan: LearningPlan, cells: Sequence[BoardCell]) -> tuple[BoardCell, ...]:
    """The cells with the stars and tags of equal pictures shared. Pictures are equal within one seed row only, and only
    if they count as evidence together.
    """
    groups: dict[tuple[int, str, str, bool], list[Shown]] = {}
    swept = plan.focus_parameter == "checkpoint"

    def key(cell: BoardCell, shown: Shown) -> tuple[int, str, str, bool]:
        facts = shown.facts
        return cell.cell.row, shown.pixels, "" if swept else facts.checkpoint, facts.sketch

    for cell in cells:
        for shown in cell.sound:
            if shown.pixels:
                groups.setdefault(key(cell, shown), []).append(shown)
    shared = {
        shown.facts.image_id: _with_feedback_of(shown, group)
        for group in groups.values()
        if len(group) > 1
        for shown in group
    }
    if not shared:
        return tuple(cells)
    return tuple(
        replace(cell, images=tuple(shared.get(shown.facts.image_id, shown) for shown in cell.images)) for cell in cells
    )


def _with_feedback_of(shown: Shown, group: Sequence[Shown]) -> Shown:
    rated = shown if shown.facts.rating else next((one for one in group if one.facts.rating), shown)
    tags = tuple(dict.fromkeys(tag for one in group for tag in one.facts.tags))
    first = group[0].facts.image_id
    same_as = first if first != shown.facts.image_id else ""
    return replace(
        shown,
        facts=replace(shown.facts, rating=rated.facts.rating, tags=tags),
        blind=rated.blind,
        same_as=same_as,
        places=rated.places,
        repeats=rated.repeats,
    )


def _rated_here(history: History, plan: LearningPlan, attempt: Attempt, images: tuple[Shown, ...]) -> tuple[Shown, ...]:
    """The pictures with only those stars that count here. A picture that the plan began with was chosen because of the
    stars it had: with them, its value would win too often. While the values are hidden, only blind stars count.
    """
    if not attempt.rated_anew:
        return images
    blind, since = plan.plan_id in history.plans.hidden(), history.unblinded().stars_since
    counted = []
    for shown in images:
        stars, repeats = since(shown.facts.row, attempt.event_id, blind=blind)
        # Words said about it before would tell which picture it is.
        tags = () if blind and not stars else shown.facts.tags
        counted.append(replace(shown, facts=replace(shown.facts, rating=stars, tags=tags), repeats=repeats))
    return tuple(counted)


def axis_value(value: Value) -> float | str:
    """A value of the plan as `analysis` expects it: True and False become text, because they are categories."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return value


class Evidence(Struct, frozen=True):
    """The ratings to analyse. `suspect` and `foreign` (other checkpoint or engine) count pictures that are left out,
    `equal` the rated pictures whose stars were given to an equal picture: they count for each value but are one
    picture. `not_blind` of the pictures that count got their stars with the values in sight.
    `machines` are the names of those that made the pictures that count, by their fingerprints.
    """

    ratings: tuple[RatedImage, ...]
    suspect: int = 0
    foreign: int = 0
    equal: int = 0
    not_blind: int = 0
    checkpoint: str = ""
    sketch: bool = False
    machines: Mapping[str, set[str]] = {}


def evidence(board: Board) -> Evidence:
    """Select the ratings to analyse: those with the checkpoint and the engine that made most of the pictures.

    When the checkpoint is the focus parameter, all checkpoints count.
    """
    sound = [(cell, shown) for cell in board.cells for shown in cell.sound]
    suspect = len(board.images) - len(sound)
    swept = board.plan.focus_parameter == "checkpoint"
    kinds = Counter(("" if swept else shown.facts.checkpoint, shown.facts.sketch) for _, shown in sound)
    if not kinds:
        return Evidence((), suspect)
    checkpoint, sketch = kinds.most_common(1)[0][0]

    def counts(shown: Shown) -> bool:
        return ("" if swept else shown.facts.checkpoint, shown.facts.sketch) == (checkpoint, sketch)

    prints = Counter(cell.fingerprint for cell, shown in sound if counts(shown) and cell.fingerprint)
    # What earlier versions made tells no fingerprint, and is taken for that of most pictures.
    usual = next((printed for printed, _ in prints.most_common(1)), "")
    rows = machine_rows((cell.cell.row, cell.fingerprint or usual) for cell, shown in sound if counts(shown))
    machines: dict[str, set[str]] = {}
    ratings, foreign, equal, not_blind = [], 0, 0, 0
    for cell, shown in sound:
        facts = shown.facts
        if not counts(shown):
            foreign += not shown.same_as
            continue
        printed = cell.fingerprint or usual
        machines.setdefault(printed, set()).update([cell.node] if cell.node else [])
        not_blind += bool(facts.rating) and not (shown.blind or shown.same_as)
        value = axis_value(cell.value)
        equal += bool(shown.ratings and shown.same_as)
        prompt = cell.cell.row % len(board.plan.prompts)
        ratings += [
            RatedImage(value, rows[cell.cell.row, printed], stars, facts.image_id, prompt, place)
            for stars, place in shown.ratings
        ]
    return Evidence(tuple(ratings), suspect, foreign, equal, not_blind, checkpoint, sketch, machines)
