"""The content of a matrix cell of a Learning Run: a picture with stars, or its state as text."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ...domain.base.colour_roles import Role
from ...domain.insights.blinding import BlindCell
from ...domain.insights.matrix_text import foot_text
from ...domain.journal.image_facts import ImageFacts
from .rating_session import RatingSession

Kind = Literal["picture", "made", "making", "waiting", "missing"]
_PROGRESS: dict[str, tuple[Kind, str]] = {
    "made": ("made", "made"),
    "making": ("making", "being made"),
    "waiting": ("waiting", "waiting"),
    "later": ("waiting", "waiting"),
    "missing": ("missing", "missing"),
}
_SAVING = {"": "", "saving": "saving…", "unsaved": "not saved yet"}


class MatrixCellContent(Struct, frozen=True, kw_only=True):
    """What a cell shows. `text` stands in place of the stars, or says how far it is; `share` of the picture is made.

    `current` is the one keys are about, `marked` is chosen to compare; `tagged`: tags go
    to it although another is current. `facts` are there when `kind` is "picture".
    """

    kind: Kind
    facts: ImageFacts | None = None
    stars: int = 0
    text: str = ""
    ink: Role = "text3"
    bold: bool = False
    badge: str = ""
    share: float = 0.0
    current: bool = False
    marked: bool = False
    tagged: bool = False


def cell_content(session: RatingSession, cell: BlindCell) -> MatrixCellContent:
    """What a session shows at a place."""
    facts, matrix, current = cell.facts, session.matrix, cell.number == session.cursor.current
    if facts is None or matrix is None:
        kind, text = _PROGRESS[cell.state]
        share = round(session.progress or 0.0, 2) if kind == "making" else 0.0
        ink: Role = "danger" if kind == "missing" else "text2" if kind == "making" else "text3"
        return MatrixCellContent(kind=kind, text=text, ink=ink, share=share, current=current)
    saving = session.saving(cell)
    return MatrixCellContent(
        kind="picture",
        facts=facts,
        stars=cell.stars,
        text=_SAVING[saving] or foot_text(matrix, cell, current=current),
        ink="danger" if saving == "unsaved" else "text" if current and cell.asks else "text3",
        bold=current and cell.asks,
        badge="suspect" if facts.suspect else "",
        current=current,
        marked=cell.number in session.cursor.marked,
        tagged=cell.key == session.cursor.just_rated and not current,
    )
