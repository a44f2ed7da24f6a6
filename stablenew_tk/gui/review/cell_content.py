"""What a cell of the picture grid shows of one picture: its stars, or in words what is not settled yet."""

from __future__ import annotations

from ...app.feedback import State
from ...domain.base import wording
from ...domain.journal.history import ImageFacts
from ..widgets.picture_cell import CellContent


def cell_content(facts: ImageFacts, state: State) -> CellContent:
    """How a picture's cell looks: stars, or in words what is not settled yet."""
    unrated = "unrated" if facts.final else f"unrated · {facts.stage}"
    words = {"saving": "saving…", "unsaved": "not saved yet"}.get(state, "" if facts.rating else unrated)
    chip = wording.counted(len(facts.tags), "tag") if facts.tags else "note" if facts.note else ""
    return CellContent(
        image_id=facts.image_id,
        position=facts.position,
        output_index=facts.output_index,
        rating=facts.rating,
        words=words,
        words_ink="danger" if state == "unsaved" else "text3",
        chip=chip,
        badge="suspect" if facts.suspect else "",
    )
