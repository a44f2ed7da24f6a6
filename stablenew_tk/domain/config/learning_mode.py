"""What learning may do for a pack: nothing, record runs, offer Learning Runs, or leave found settings alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

ProjectLearning = Literal["off", "passive", "active"]
PackLearning = Literal["off", "passive", "active", "locked"]


# The modes of the whole project: what each is called, and what it means.
MODES = (("off", "Off"), ("passive", "Passive"), ("active", "Passive + Active"))

MODE_WORDS = {
    "off": "No records are kept. Nothing can be rated or learned from new runs.",
    "passive": "Every run is recorded, so that its pictures can be rated now or later.",
    "active": "Every run is recorded, and Learning Runs can be made of them.",
}


class Mode(Struct, frozen=True):
    """`records`: runs are written down. `learns`: Learning Runs are offered, else `why` says why not.

    One that the user asks for can be made in every mode. `by_hand` says what it does all the same where learning is off
    or the pack locked in; "" elsewhere.
    """

    records: bool
    learns: bool
    locked: bool = False
    why: str = ""

    @property
    def by_hand(self) -> str:
        """What a Learning Run does here that the user asks for; "" where it is nothing out of the way."""
        if self.locked:
            return "This pack is locked in. A Learning Run varies its settings all the same, and the lock stays."
        if not self.records:
            return "Learning is off. A Learning Run is recorded all the same; other runs are not."
        return ""


def mode_for(project: ProjectLearning, pack_learning: Mapping[str, PackLearning], pack_id: str) -> Mode:
    """The mode in force for a pack: its own where it has one, else that of the whole project."""
    own = pack_learning.get(pack_id)
    mode = own or project
    if mode == "active":
        return Mode(True, True)
    if mode == "locked":
        why = "This pack is locked in: its settings are found. Unlock it in its learning mode to vary them again."
        return Mode(True, False, locked=True, why=why)
    where = "the pack's learning mode" if own else "Settings"
    if mode == "passive":
        why = f"Learning is passive: runs are only recorded. Choose Passive + Active in {where} for Learning Runs."
        return Mode(True, False, why=why)
    whose = "for this pack" if own else "for the whole project"
    return Mode(False, False, why=f"Learning is off {whose}. Choose Passive + Active in {where} for Learning Runs.")
