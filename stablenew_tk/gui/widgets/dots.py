"""Round marks of the insights: the verdict in one dot, and the dots of a chart that each stand for a rating.

Filled and hollow dots differ in shape, and words always stand beside them: no state is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from PIL import Image, ImageTk

from ...domain.base.colour_roles import Role
from ...domain.runs.plan import VerdictState
from . import icons, theme

RATING_DOT = 6
VERDICT_INKS: Mapping[VerdictState, Role] = {
    "best": "ok",
    "settled": "ok",
    "leaning": "accent_text",
    "no_difference": "info",
    "too_early": "text3",
}
_Ink = tuple[int, int, int]


def verdict_dot(state: VerdictState, ground: Role, size: int = 8) -> ImageTk.PhotoImage:
    """The dot of a verdict, hollow while it is too early. Keep a reference while it is shown."""
    return icons.icon("ring" if state == "too_early" else "disc", size, VERDICT_INKS[state], ground)


def rating_dot() -> ImageTk.PhotoImage:
    """The dot of one rating, see-through around it: it may lie across a line or the edge of a zone."""
    return _dot(theme.px(RATING_DOT), theme.rgb("chart_dot"), theme.generation())


@lru_cache(maxsize=8)
def _dot(pixels: int, ink: _Ink, _generation: int) -> ImageTk.PhotoImage:
    picture = Image.new("RGBA", (pixels, pixels), (*ink, 0))
    picture.putalpha(icons.mask("disc", pixels))
    return ImageTk.PhotoImage(picture)
