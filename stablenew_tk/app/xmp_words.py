"""What is said about the stars beside the pictures."""

from __future__ import annotations

from ..domain.base.wording import counted
from .xmp_keeper import XmpKeeper


def conflict_stars(rating: int) -> str:
    """Stars as one side has them, short: "rejected", "unrated", "4 stars"."""
    return "rejected" if rating < 0 else counted(rating, "star") if rating else "unrated"


def conflicts_text(number: int) -> str:
    """What is said about pictures whose stars both sides changed; "" when there are none."""
    if not number:
        return ""
    has, it = ("has", "it") if number == 1 else ("have", "them")
    return f"{counted(number, 'picture')} {has} other stars beside {it} than here."


def xmp_state(keeper: XmpKeeper) -> str:
    """How far the files beside the pictures have come."""
    if keeper.whole:
        return f"{keeper.done:,} of {counted(keeper.whole, 'picture')} looked at."
    parts = [f"{counted(keeper.written, 'file')} written"] if keeper.written else []
    parts += [f"{keeper.read:,} read back"] if keeper.read else []
    parts += [f"{len(keeper.conflicts):,} to decide"] if keeper.conflicts else []
    told = ", ".join(parts)
    if keeper.stopped:
        return f"Stopped. {told}." if told else "Stopped. What you rate from now on is written."
    return f"Up to date: {told}." if told else "Up to date."
