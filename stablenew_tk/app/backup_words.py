"""What is said about backups of the journal and about bringing lines back from them."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.base.wording import counted
from ..domain.journal.columns import time_ms
from ..storage.journal.backups import Backup, RestorePlan
from .wording import ago

NOT_INSIDE = "Backups hold records, ratings, plans and presets. Pictures are not inside; they are in the output folder."


def reason_words(backup: Backup) -> str:
    """ "daily", "asked for", "before a repair"."""
    if backup.reason in ("daily", "asked"):
        return "daily" if backup.reason == "daily" else "asked for"
    return f"before {'an' if backup.reason == 'upgrade' else 'a'} {backup.reason}"


def backups_text(backups: Sequence[Backup], now_ms: int) -> str:
    """How many there are, and how old the newest is."""
    if not backups:
        return "None yet. One is made each day, as soon as there are records."
    return f"The last: {ago(time_ms(backups[0].made), now_ms)}, {counted(len(backups), 'backup')} in all."


def restore_words(plan: RestorePlan) -> tuple[str, ...]:
    """Sentences about what a restore does, or did when it has an `undo`."""
    done = bool(plan.undo)
    if plan.back:
        come = f"{counted(plan.back, 'line')} {'came' if done else 'comes' if plan.back == 1 else 'come'} back"
        there = f"{plan.kept:,} more {_be(plan.kept, done)} there anyway" if plan.kept else ""
        first = f"{plan.name}: {'; '.join(filter(None, (come, there)))}."
    else:
        first = f"{plan.name}: nothing comes back, because all of its lines are there."
    if not plan.newer:
        return (first,)
    fate = "set aside" if plan.exact else "kept"
    return (first, f"{counted(plan.newer, 'line')} that the backup does not have {_be(plan.newer, done)} {fate}.")


def _be(count: int, done: bool) -> str:
    return ("was" if count == 1 else "were") if done else ("is" if count == 1 else "are")
