"""What the user said about pictures, line after line, and what of it holds now.

The latest word wins, and any line can be taken back, even a taking-back.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from msgspec import Struct

from .columns import IdColumn, Numbered, column
from .record import Feedback, ImageFeedback

_NO_FEEDBACK = ImageFeedback()


def fold_feedback(
    held: ImageFeedback,
    *,
    rating: int | None,
    tags_added: Iterable[str] = (),
    tags_removed: Iterable[str] = (),
    note: str | None = None,
) -> ImageFeedback:
    """What holds after one more word of the user: the latest rating and note win, tags come and go."""
    added, removed = tuple(dict.fromkeys(tags_added)), set(tags_removed)
    tags = held.tags
    if added or removed:
        tags = (*(tag for tag in tags if tag not in removed and tag not in added), *added)
    return ImageFeedback(
        # Written by another tool a rating may be anything; only 0 to 5 mean something.
        rating=held.rating if rating is None or not 0 <= rating <= 5 else rating,
        tags=tags,
        note=held.note if note is None else note,
    )


class Withdrawals:
    """Which lines are taken back, when a taking-back can itself be taken back (undo and redo)."""

    def __init__(self) -> None:
        self.target_of: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def __contains__(self, event_id: object) -> bool:
        """Whether this line is taken back now."""
        return isinstance(event_id, str) and self._count.get(event_id, 0) > 0

    def add(self, event_id: str, target: str) -> str | None:
        """Fold one void. Gives the event that it took back or brought back, if that is not a void itself."""
        if event_id in self.target_of:
            return None
        self.target_of[event_id] = target
        if event_id in self:
            return None
        change, current, seen = 1, target, {event_id}
        while current not in seen:
            seen.add(current)
            before = self._count.get(current, 0)
            self._count[current] = before + change
            if (before > 0) == (before + change > 0):
                return None
            following = self.target_of.get(current)
            if following is None:
                return current
            # A void that stops working gives its target back; one that works again takes it away.
            change, current = -change, following
        return None


class FeedbackRow(Struct):
    """A row per feedback line. Those on one picture are chained by `before`, in the order of the journal; −1 = none."""

    row: array[int] = column("i")
    before: array[int] = column("i")
    segment: array[int] = column("I")
    offset: array[int] = column("Q")
    rating: array[int] = column("b")
    added: array[int] = column("I")
    removed: array[int] = column("I")
    note: array[int] = column("i")
    repeat: array[int] = column("b")


class FeedbackLog:
    """All feedback lines, chained by picture in the order of the journal, whatever order they arrive in."""

    def __init__(self) -> None:
        self.table = FeedbackRow()
        self.ids = IdColumn()
        self.texts = Numbered([""])
        self.tag_sets: Numbered[tuple[str, ...]] = Numbered([()])
        self.withdrawn = Withdrawals()

    def add(self, feedback: Feedback, segment: int, offset: int) -> int:
        """Keep a line, not yet chained; gives its number, −1 when it is known already."""
        if not self.ids.add(feedback.event_id):
            return -1
        table, rating = self.table, feedback.rating
        table.row.append(-1)
        table.before.append(-1)
        table.segment.append(segment)
        table.offset.append(offset)
        table.rating.append(rating if rating is not None and 0 <= rating <= 5 else -1)
        table.added.append(self.tag_sets.number(feedback.tags_added))
        table.removed.append(self.tag_sets.number(feedback.tags_removed))
        table.note.append(-1 if feedback.note is None else self.texts.number(feedback.note))
        table.repeat.append(feedback.repeat)
        return len(table.row) - 1

    def chain(self, number: int, row: int, last: int) -> int:
        """Put a line into the chain of the picture in `row`, whose last line is `last`; gives the new last."""
        table = self.table
        table.row[number] = row
        place = (table.segment[number], table.offset[number])
        later, earlier = -1, last
        while earlier >= 0 and (table.segment[earlier], table.offset[earlier]) > place:
            later, earlier = earlier, table.before[earlier]
        table.before[number] = earlier
        if later < 0:
            return number
        table.before[later] = number
        return last

    def held(self, last: int) -> ImageFeedback:
        """What holds for the picture whose chain ends in `last`."""
        held = _NO_FEEDBACK
        for number in reversed(self._chain(last)):
            held = self.after(held, number)
        return held

    def repeats(self, last: int) -> tuple[int, ...]:
        """Stars given to a picture when it was shown again, oldest first."""
        table = self.table
        again = [number for number in self._chain(last) if table.repeat[number] and table.rating[number] > 0]
        return tuple(table.rating[n] for n in reversed(again) if self.ids.text(n) not in self.withdrawn)

    def _chain(self, last: int) -> list[int]:
        chain = []
        while last >= 0:
            chain.append(last)
            last = self.table.before[last]
        return chain

    def after(self, held: ImageFeedback, number: int) -> ImageFeedback:
        """What holds after one more line, which counts only if it is not taken back."""
        if self.withdrawn.target_of and self.ids.text(number) in self.withdrawn:
            return held
        table = self.table
        rating, note = table.rating[number], table.note[number]
        return fold_feedback(
            held,
            rating=rating if rating >= 0 and not table.repeat[number] else None,
            tags_added=self.tag_sets.values[table.added[number]],
            tags_removed=self.tag_sets.values[table.removed[number]],
            note=self.texts.values[note] if note >= 0 else None,
        )
