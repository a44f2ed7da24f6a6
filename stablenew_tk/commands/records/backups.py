"""`records backups`, `records backup` and `records restore`: backups of the journal, and what comes back from them."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from ... import __version__
from ...app.backup_words import NOT_INSIDE, reason_words, restore_words
from ...domain.base.errors import StorageError
from ...storage.disk.files import discard
from ...storage.disk.places import Places
from ...storage.journal.backups import Backups
from ..progress import progress
from ..terminal import OK, err, out, print_json, program


def backups_of(places: Places) -> Backups:
    """The backups of an installation."""
    return Backups(places.backups, places.journal, version=__version__)


def backup_before_repair(places: Places) -> None:
    """A backup of the journal as it is. Where it cannot be made, that is said; a repair keeps copies of its own."""
    try:
        backups_of(places).make("repair", datetime.now(UTC))
    except StorageError as problem:
        err.print(f"No backup was made before the repair. {problem}", style="yellow", markup=False)


def list_backups(args: argparse.Namespace, places: Places) -> int:
    """Print all backups."""
    found = backups_of(places).list()
    if args.json:
        print_json({"backups": found})
        return OK
    if found:
        table = Table("backup", "made (UTC)", "why", "lines", box=None)
        for one in found:
            table.add_row(Text(one.name), one.made[:19].replace("T", " "), reason_words(one), f"{one.lines:,}")
        out.print(table)
    else:
        out.print("No backup yet. The window makes one each day; this makes one now:", markup=False)
        out.print(f"  {program(places)} records backup", markup=False)
    out.print(NOT_INSIDE, markup=False)
    return OK


def make_backup(args: argparse.Namespace, places: Places) -> int:
    """Make one now."""
    with progress("Making the backup", quiet=args.json):
        made = backups_of(places).make("asked", datetime.now(UTC))
    if args.json:
        print_json({"backup": made})
    elif made is None:
        out.print("There are no records yet, so there is nothing to back up.")
    else:
        out.print(f"{made.lines:,} lines are backed up in {places.backups / made.name}", markup=False)
        out.print(NOT_INSIDE, markup=False)
    return OK


def restore_backup(args: argparse.Namespace, places: Places) -> int:
    """Bring lines back, say what that would do, or undo it."""
    backups = backups_of(places)
    exact = args.exact or args.undo
    chosen = backups.find("undo" if args.undo else args.backup)
    with progress("Comparing with the backup" if args.dry_run else "Restoring the backup", quiet=args.json):
        if args.dry_run:
            plan = backups.plan(chosen, exact=exact)
        else:
            plan = backups.restore(chosen, datetime.now(UTC), exact=exact)
            discard(places.snapshot)
    if args.json:
        print_json(plan)
    else:
        for sentence in restore_words(plan):
            out.print(sentence, markup=False)
        if plan.undo:
            out.print(f"Undo it with: {program(places)} records restore --undo", markup=False)
    return OK
