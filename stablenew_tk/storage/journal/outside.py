"""Reads the journal for other programs: pictures with their stars, one after the other, oldest first.

Pictures of blind plans whose values are still hidden are left out, and so is everything that was undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import UNSET, Struct

from ...domain.config.engines import SKETCH
from ...domain.journal.history import History
from ...domain.journal.pairs import RatedPicture
from ...domain.journal.record import ImageFeedback, LearningRecord, Output
from .reader import RECORD_START, JournalReading


class ToldPicture(Struct, frozen=True):
    """A picture with what was said about it. `final`: it is of the last stage of its job."""

    record: LearningRecord
    output: Output
    held: ImageFeedback
    blind: bool
    final: bool


def pictures(folder: Path, history: History) -> Iterator[ToldPicture]:
    """Every picture that may be shown. `history` is that of the same folder. Raises Unreadable."""
    visible, seen = history.visible(), set[str]()
    for record, _, _ in JournalReading(folder).decoded(begins=RECORD_START):
        if not isinstance(record, LearningRecord) or record.event_id in seen or history.taken_back(record.event_id):
            continue
        seen.add(record.event_id)
        for output in record.outputs:
            row = history.row_of(output.image_id)
            facts = None if row is None else visible.facts(row)
            if row is not None and facts is not None and facts.image_id:
                held = ImageFeedback(facts.rating, facts.tags, facts.note, facts.rejected or UNSET)
                yield ToldPicture(record, output, held, visible.is_blind(row), facts.final)


def rated_blind(folder: Path, history: History) -> Iterator[RatedPicture]:
    """The final pictures of Learning Runs that were rated or compared blind, without sketches, which are rehearsals.
    Raises Unreadable.
    """
    compared = {image for pair in history.votes.blind() for image in pair}
    for one in pictures(folder, history):
        sound = one.record.status == "ok" and one.final and not one.output.suspect
        sound = sound and one.record.backend.kind != SKETCH
        if sound and (one.blind or one.output.image_id in compared) and one.record.learning.plan_id:
            yield RatedPicture(one.record, one.output, one.held.rating if one.blind else 0)
