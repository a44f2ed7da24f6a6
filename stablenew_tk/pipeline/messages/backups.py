"""Messages about backups of the journal: make, list, plan to restore, restore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Event, Order

if TYPE_CHECKING:
    from ...storage.journal.backups import Backup, Reason, RestorePlan


class BackupOrder(Order, frozen=True, kw_only=True):
    """Base class of orders about backups. They may take seconds, so they have another thread than ratings."""


class MakeBackup(BackupOrder, frozen=True, kw_only=True):
    """Make a backup; "daily": only when it is due. BackupsListed answers."""

    reason: Reason = "asked"


class ListBackups(BackupOrder, frozen=True, kw_only=True):
    """List the backups; BackupsListed answers."""


class PlanRestore(BackupOrder, frozen=True, kw_only=True):
    """Find out what restoring a backup would do; RestorePlanned answers. `name` as `Backups.find` takes it."""

    name: str
    exact: bool = False


class RestoreBackup(BackupOrder, frozen=True, kw_only=True):
    """Restore a backup; BackupRestored answers."""

    name: str
    exact: bool = False


class BackupsListed(Event, frozen=True, kw_only=True):
    """All backups, newest first. `made` was made just now."""

    backups: tuple[Backup, ...]
    made: Backup | None = None


class RestorePlanned(Event, frozen=True, kw_only=True):
    """What restoring a backup would do. Nothing has changed."""

    plan: RestorePlan


class BackupRestored(Event, frozen=True, kw_only=True):
    """A backup was restored. The history follows."""

    plan: RestorePlan
