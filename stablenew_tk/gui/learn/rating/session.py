"""What is said about the places of a Learning Run's matrix. As long as it is blind, no value is among the words."""

from __future__ import annotations

from collections.abc import Callable

from ....app.feedback import Rating
from ....domain.base.colour_roles import Role
from ....domain.config.sweep import focus, value_text
from ....domain.insights.blinding import AGAIN, BlindCell, BlindMatrix, MatrixRow
from ....domain.insights.report import Report
from ....domain.journal.history import ImageFacts
from ...widgets.thumbnails import ThumbnailRequest
from .matrix_cell import Kind, MatrixCellContent

_SUSPECT = "Suspect. It was not made as asked and does not count."
_WAITING: dict[str, tuple[Kind, str]] = {
    "made": ("made", "made"),
    "making": ("making", "being made"),
    "waiting": ("waiting", "waiting"),
    "later": ("waiting", "waiting"),
    "missing": ("missing", "missing"),
}


def key_of(seat: BlindCell) -> int:
    """A number for the picture at a place that holds while places change: its row in the history, below −1 when it is
    shown again; −1 without a picture.
    """
    if seat.facts is None:
        return -1
    return -2 - seat.facts.row if seat.again else seat.facts.row


def facts_of(seat: BlindCell) -> ImageFacts:
    """A picture as this place knows it: shown again it has the stars it got here."""
    assert seat.facts is not None, "asked only for places that show a picture"
    facts = seat.facts
    if not seat.again:
        return facts
    return ImageFacts(
        **{name: getattr(facts, name) for name in facts.__struct_fields__ if name != "rating"}, rating=seat.stars
    )


class SeatWords:
    """Looks and words for one seating. `given` are stars on their way to the disk, by `key_of`."""

    def __init__(self, rating: Rating, share: Callable[[], float], goes_on: Callable[[], bool]) -> None:
        self._rating, self._share, self._goes_on = rating, share, goes_on
        self.seating: BlindMatrix | None = None
        self.report: Report | None = None
        self.given: dict[int, int] = {}

    @property
    def seats(self) -> tuple[BlindCell, ...]:
        """All places."""
        return self.seating.seats if self.seating is not None else ()

    @property
    def hidden(self) -> bool:
        """Whether no value may be told."""
        return self.seating is None or self.seating.hidden

    def find(self, key: int) -> BlindCell | None:
        """The place of a picture by its `key_of`."""
        return next((seat for seat in self.seats if key != -1 and key_of(seat) == key), None)

    def next_asked(self, after: int) -> int:
        """Number of the next place that wants stars and has not been given any; −1 for none."""
        given = {seat.number for seat in self.seats if key_of(seat) in self.given}
        return self.seating.next_asked(after, given) if self.seating is not None else -1

    def look(self, seat: BlindCell, *, current: bool, marked: bool) -> MatrixCellContent:
        """How a place looks."""
        facts = seat.facts
        if facts is None:
            kind, words = _WAITING[seat.state]
            share = round(self._share(), 2) if kind == "making" else 0.0
            ink: Role = "danger" if kind == "missing" else "text2" if kind == "making" else "text3"
            return MatrixCellContent(kind=kind, words=words, ink=ink, share=share, current=current)
        words = self._foot(seat, current)
        unsaved = words == "not saved yet"
        return MatrixCellContent(
            kind="picture",
            wish=ThumbnailRequest(facts.image_id, facts.position, facts.output_index),
            stars=seat.stars,
            words=words,
            ink="danger" if unsaved else "text" if current and seat.asks else "text3",
            bold=current and seat.asks,
            badge="suspect" if facts.suspect else "",
            current=current,
            marked=marked,
        )

    def _foot(self, seat: BlindCell, current: bool) -> str:
        assert seat.facts is not None
        assert self.seating is not None
        if key_of(seat) in self.given:
            return "not saved yet" if self._rating.state(seat.facts.row) == "unsaved" else "saving…"
        if seat.asks:
            return "rate this one" if current else "unrated"
        if not seat.stars:
            return "not counted"
        return "rated" if self.seating.covered and not seat.again else ""

    def label(self, line: MatrixRow) -> tuple[str, str]:
        """Words left of a line."""
        assert self.seating is not None
        plan = self.seating.board.plan
        if line.row == AGAIN:
            return "Once more", self._how_far(line) if line.open else "opens when all others are rated"
        prompt = f"{plan.prompt(line.row).prompt_id}\n" if len(plan.prompts) > 1 else ""
        seed = f"{plan.seeds[line.row]}\n" if not self.seating.hidden else ""
        far = self._how_far(line) if line.open else f"opens when all {len(line.seats)} are made"
        return f"Seed {line.row + 1}", f"{prompt}{seed}{far}"

    def _how_far(self, line: MatrixRow) -> str:
        sound = [seat for seat in line.seats if seat.facts is not None and not seat.facts.suspect]
        to_come = sum(seat.facts is None and seat.state != "missing" for seat in line.seats)
        rated, whole = sum(bool(seat.stars) for seat in sound), len(sound) + to_come
        if not whole:
            return "nothing to rate"
        return "done" if rated == whole else f"{rated} of {whole}"

    def head(self, column: int) -> tuple[str, str, bool]:
        """Words above a column, once its value may be seen: value, mean, whether it is the one to take."""
        assert self.seating is not None
        plan, report = self.seating.board.plan, self.report
        variant = self.seating.columns[column]
        value = plan.variant_values[variant]
        known = next((one for one in report.values if one.variant == variant), None) if report is not None else None
        # While it is too early, a mean would look like a winner.
        ripe = report is not None and report.verdict.state != "too_early"
        mean = f"mean {known.insight.mean:.1f}" if ripe and known is not None and known.insight is not None else ""
        best = report is not None and report.verdict.state in ("settled", "best") and report.verdict.value == value
        return value_text(value, plan.focus_parameter), mean, best

    def name(self, seat: BlindCell) -> str:
        """What a place is called."""
        assert self.seating is not None
        plan, line = self.seating.board.plan, self.seating.lines[seat.line]
        if line.row == AGAIN:
            return f"Once more, picture {seat.column + 1}"
        if self.seating.hidden or seat.variant < 0:
            return f"Seed {line.row + 1}, picture {seat.column + 1}"
        subject = focus(plan.focus_parameter)
        text = value_text(plan.variant_values[seat.variant], plan.focus_parameter)
        return f"Seed {line.row + 1}, {f'{text} {subject.unit}' if subject.unit else f'{subject.label} {text}'}"

    def press(self, seat: BlindCell) -> str:
        """What the keys do at a place."""
        if seat.facts is None:
            return "Nothing to rate here yet"
        if seat.facts.suspect:
            return _SUSPECT
        if seat.asks:
            return "Press 1 to 5. The next picture comes by itself." if self._goes_on() else "Press 1 to 5"
        return "Rated. Ctrl Z takes it back." if seat.again else "Rated. Another number changes it, 0 clears it."

    def instead(self, seat: BlindCell) -> str:
        """Words in place of a picture that is not there."""
        words = {
            "made": "It is made. The row opens when all of it is.",
            "making": "Being made…",
            "waiting": "Not made yet.",
            "later": "Some pictures are shown once more when all others are rated.",
            "missing": "It could not be made and counts as missing.",
        }
        return words.get(seat.state, "")
