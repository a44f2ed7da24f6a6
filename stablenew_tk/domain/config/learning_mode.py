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

    Passive offers none but allows one that is asked for; `refuses` is true when none may be started at all.
    """

    records: bool
    learns: bool
    locked: bool = False
    why: str = ""

    @property
    def refuses(self) -> bool:
        """Whether no Learning Run may be started."""
        return self.locked or not self.records


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
