"""What a trial of reliability finds, in the columns of the long form's table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

MOST_NOTES = 20
LONGEST_NOTE = 20_000  # characters: a whole traceback, with those of its causes


@dataclass
class Outcome:
    """Counts of one batch. `lost`: said to be saved and not there; `wrong`: something false was said or a wrong state
    was left; `uncaught`: an error that is none of ours; `hangs`: no end within the limit. `notes` tell what happened.
    """

    tries: int = 0
    faults: int = 0
    lost: int = 0
    wrong: int = 0
    uncaught: int = 0
    hangs: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        if len(self.notes) < MOST_NOTES:
            self.notes.append(text[-LONGEST_NOTE:])

    def add(self, other: Outcome) -> None:
        for name, value in asdict(other).items():
            if name != "notes":
                setattr(self, name, getattr(self, name) + value)
        self.notes = (self.notes + other.notes)[:MOST_NOTES]

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.wrong or self.uncaught or self.hangs)


@dataclass(frozen=True)
class Trial:
    """One kind of attack: `batch(dice, folder, count)` makes about `count` tries in an empty folder. The long form
    makes `whole` tries, `at_once` of them in one batch.
    """

    name: str
    batch: Callable[[Random, Path, int], Outcome]
    whole: int
    at_once: int
