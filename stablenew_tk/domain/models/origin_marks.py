"""How the origin of a value is shown: a shape, a colour, a word."""

from __future__ import annotations

from msgspec import Struct

from ..base.colour_roles import Role
from ..config.origins import Origin


class Mark(Struct, frozen=True):
    """How an origin looks: its shape, its colour, its word."""

    icon: str
    ink: Role
    word: str
    name: str


ORIGIN_MARKS: dict[Origin, Mark] = {
    "user": Mark("diamond", "accent_text", "you", "You"),
    "pack": Mark("bars", "text2", "pack", "Pack"),
    "last_run": Mark("dot", "info", "last run", "Last run"),
    "preset": Mark("square", "ok", "preset", "Preset"),
    "learned": Mark("star", "accent_text", "learned", "Learned"),
    "profile": Mark("triangle", "text2", "profile", "Profile"),
    "style": Mark("half", "text2", "style", "Style"),
    "engine": Mark("ring", "text3", "engine", "Engine"),
}
