"""Stars and tags as other picture programs keep them beside a picture, and what follows when both sides changed them.

XMP has one number for a picture: 1 to 5 stars, −1 rejected; without one it is unrated.
"""

from __future__ import annotations

from msgspec import Struct

from .record import ImageFeedback

REJECTED, UNRATED = -1, 0


class Marks(Struct, frozen=True):
    """What is said about a picture: `rating` −1 rejected, 0 unrated, 1 to 5 stars; `tags` each once."""

    rating: int = UNRATED
    tags: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is said at all."""
        return bool(self.rating or self.tags)


class Settled(Struct, frozen=True):
    """What both sides are to have. `conflict`: both changed the stars, to different ones."""

    marks: Marks
    conflict: bool = False


def marks_of(held: ImageFeedback) -> Marks:
    """The feedback of the journal as marks. A rejected picture keeps its stars in the journal only."""
    return Marks(REJECTED if held.rejected else held.rating, tuple(dict.fromkeys(held.tags)))


def settle(ours: Marks, theirs: Marks, last: Marks | None, *, prefer_theirs: bool = False) -> Settled:
    """What holds, of the journal's marks, those beside the picture, and those that were `last` written there.

    Who changed the stars since then is right; when both did, the journal, unless `prefer_theirs`. Tags that one side
    added or took away are added or taken away. Without `last` nobody knows what was changed: a side that says nothing
    has no say, and the tags of both hold.
    """
    rating, conflict = _rating(ours.rating, theirs.rating, None if last is None else last.rating, prefer_theirs)
    before = set(last.tags) if last is not None else set[str]()
    added = [tag for tag in theirs.tags if tag not in before]
    removed = before - set(theirs.tags)
    tags = tuple(dict.fromkeys(tag for tag in (*ours.tags, *added) if tag not in removed))
    return Settled(Marks(rating, tags), conflict)


def _rating(ours: int, theirs: int, last: int | None, prefer_theirs: bool) -> tuple[int, bool]:
    if ours == theirs:
        return ours, False
    # Without a last one the side that says nothing has not changed anything.
    before = UNRATED if last is None else last
    if theirs == before:
        return ours, False
    if ours == before:
        return theirs, False
    return (theirs if prefer_theirs else ours), True
