"""Folds feedback lines (stars, tags, notes) into the current feedback of each picture, with undo and redo.

The latest line wins. A void line undoes any earlier line, another void line too (redo).
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence

from msgspec import UNSET, Struct

from .columns import Numbered, Place, column, extend, time_ms
from .id_column import IdColumn
from .record import Feedback, ImageFeedback

_NO_FEEDBACK = ImageFeedback()


def fold_feedback(
    held: ImageFeedback,
    *,
    rating: int | None,
    tags_added: Collection[str] = (),
    tags_removed: Collection[str] = (),
    note: str | None = None,
    rejected: bool | None = None,
) -> ImageFeedback:
    """The feedback on a picture after one more line. None leaves rating, note or rejection unchanged; who gives stars
    wants the picture, so they take a rejection back.
    """
    tags = held.tags
    if tags_added or tags_removed:
        added, removed = tuple(dict.fromkeys(tags_added)), set(tags_removed)
        tags = (*(tag for tag in tags if tag not in removed and tag not in added), *added)
    # Other tools may have written any number; ratings outside 0 to 5 are ignored.
    stars = rating if rating is not None and 0 <= rating <= 5 else None
    if rejected is None:
        rejected = bool(held.rejected) and not stars
    return ImageFeedback(
        rating=held.rating if stars is None else stars,
        tags=tags,
        note=held.note if note is None else note,
        rejected=rejected or UNSET,
    )


class Withdrawals:
    """The set of lines that are undone. A void line can be undone itself, which brings its target back (redo)."""

    def __init__(self) -> None:
        self.target_of: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def __contains__(self, event_id: object) -> bool:
        """Whether the line with this event id is undone now."""
        return isinstance(event_id, str) and self._count.get(event_id, 0) > 0

    def add(self, event_id: str, target: str) -> str | None:
        """Fold one void line. Returns the id of the line that it undid or redid, None when that is a void itself."""
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
            # Undoing a void restores its target; redoing a void removes the target again.
            change, current = -change, following
        return None


class FeedbackRow(Struct):
    """One row for each feedback line. `before` is the previous line on the same picture, −1 = none (linked list).
    In `rating`, `note` and `rejected` −1 = unchanged. `time` in ms since 1970.
    """

    row: array[int] = column("i")
    before: array[int] = column("i")
    segment: array[int] = column("I")
    offset: array[int] = column("Q")
    rating: array[int] = column("b")
    added: array[int] = column("I")
    removed: array[int] = column("I")
    note: array[int] = column("i")
    repeat: array[int] = column("b")
    blind: array[int] = column("b")
    rejected: array[int] = column("b")
    time: array[int] = column("q")


class FeedbackLog:
    """All feedback lines, linked by picture in the order of the journal, whatever order they arrive in."""

    def __init__(self) -> None:
        self.table = FeedbackRow()
        self.ids = IdColumn()
        self.texts = Numbered([""])
        self.tag_sets: Numbered[tuple[str, ...]] = Numbered([()])
        self.withdrawn = Withdrawals()

    def extend(self, lines: Sequence[Feedback], places: Sequence[Place]) -> Sequence[Feedback]:
        """Store lines, each once; returns the new ones. In this order each then needs `add_words` and may be linked."""
        new = self.ids.extend([line.event_id for line in lines])
        if len(new) < len(lines):
            lines, places = [lines[at] for at in new], [places[at] for at in new]
        table, none = self.table, [-1] * len(lines)
        ratings = [line.rating for line in lines]
        for target, values in (
            (table.row, none),
            (table.before, none),
            (table.segment, [place[0] for place in places]),
            (table.offset, [place[1] for place in places]),
            (table.rating, [-1 if rating is None or not 0 <= rating <= 5 else rating for rating in ratings]),
            (table.repeat, [line.repeat for line in lines]),
            (table.blind, [line.blind for line in lines]),
            (table.rejected, [-1 if line.rejected is None else line.rejected for line in lines]),
            (table.time, [time_ms(line.ts) for line in lines]),
        ):
            extend(target, values)
        return lines

    def add_words(self, feedback: Feedback) -> None:
        """Store the tags and the note of the next line. They are numbered in the order in which they are met, also
        while lines are linked: so the columns do not depend on how many lines were stored at once.
        """
        table = self.table
        table.added.append(self.tag_sets.number(feedback.tags_added))
        table.removed.append(self.tag_sets.number(feedback.tags_removed))
        table.note.append(-1 if feedback.note is None else self.texts.number(feedback.note))

    def chain(self, number: int, row: int, last: int) -> int:
        """Link a line into the list of the picture in `row`, whose last line is `last`; returns the new last."""
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
        """The current feedback on the picture whose last line is `last`."""
        held = _NO_FEEDBACK
        for number in reversed(self._chain(last)):
            held = self.after(held, number)
        return held

    def repeats(self, last: int) -> tuple[int, ...]:
        """Stars given to the picture when it was shown again, oldest first."""
        table = self.table
        again = [number for number in self._chain(last) if table.repeat[number] and table.rating[number] > 0]
        return tuple(table.rating[n] for n in reversed(again) if self.ids.text(n) not in self.withdrawn)

    def star_places(self, last: int) -> tuple[int, ...]:
        """Where in the journal the picture got the stars it has, and after that where those when it was shown again.

        The numbers ascend in the order of the lines; () when it has no stars.
        """
        table = self.table
        given: tuple[int, ...] = ()
        again: list[int] = []
        for number in self._chain(last):
            if table.rating[number] < 0 or self.ids.text(number) in self.withdrawn:
                continue
            place = table.segment[number] << 48 | table.offset[number]
            if table.repeat[number]:
                again += [place] * (table.rating[number] > 0)
            elif not given:
                given = (place,) if table.rating[number] else ()
                if not given:
                    break
        return (*given, *reversed(again)) if given else ()

    def is_blind(self, last: int) -> bool:
        """Whether the stars that the picture has now were given blind. False when it has none."""
        table = self.table
        for number in self._chain(last):
            gives = table.rating[number] >= 0 and not table.repeat[number]
            if gives and self.ids.text(number) not in self.withdrawn:
                return bool(table.blind[number]) and table.rating[number] > 0
        return False

    def rated_ms(self, last: int) -> int:
        """When the picture got the stars it has, in ms since 1970; 0 when it has none."""
        table = self.table
        while last >= 0:
            gives = table.rating[last] >= 0 and not table.repeat[last]
            if gives and not (self.withdrawn.target_of and self.ids.text(last) in self.withdrawn):
                return table.time[last] if table.rating[last] else 0
            last = table.before[last]
        return 0

    def _chain(self, last: int) -> list[int]:
        chain = []
        while last >= 0:
            chain.append(last)
            last = self.table.before[last]
        return chain

    def after(self, held: ImageFeedback, number: int) -> ImageFeedback:
        """The feedback `held` after one more line; an undone line changes nothing."""
        if self.withdrawn.target_of and self.ids.text(number) in self.withdrawn:
            return held
        table = self.table
        rating, note, rejected = table.rating[number], table.note[number], table.rejected[number]
        return fold_feedback(
            held,
            rating=rating if rating >= 0 and not table.repeat[number] else None,
            tags_added=self.tag_sets.values[table.added[number]],
            tags_removed=self.tag_sets.values[table.removed[number]],
            note=self.texts.values[note] if note >= 0 else None,
            rejected=bool(rejected) if rejected >= 0 else None,
        )

    def since(self, last: int, event_id: str, *, blind: bool) -> tuple[int, tuple[int, ...]]:
        """Stars of a picture, and those it got when shown again, as if nothing had been said before the line
        `event_id`. With `blind` the first that count are blind ones.
        """
        table = self.table
        found: list[int] = []
        for number in reversed(self._chain(last)):
            name = self.ids.text(number)
            later = table.rating[number] >= 0 and name > event_id and name not in self.withdrawn
            if later and (found or table.blind[number] or not blind):
                found.append(number)
        stars = [table.rating[number] for number in found if not table.repeat[number]]
        again = tuple(table.rating[number] for number in found if table.repeat[number] and table.rating[number])
        return stars[-1] if stars else 0, again
