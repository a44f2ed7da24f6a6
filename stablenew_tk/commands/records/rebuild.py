"""`records rebuild`: makes records again for pictures that no record names, from what stands in the pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from msgspec import Struct

from ...domain.base.errors import InvalidInput, NotSaved
from ...domain.base.wording import counted
from ...domain.journal.rebuilt import FoundPicture, rebuilt
from ...domain.journal.record import Feedback, LearningRecord
from ...storage.disk.files import discard, is_folder, typed_path
from ...storage.disk.places import Places
from ...storage.journal.reader import JournalReading
from ...storage.pictures.unrecorded import Left, unrecorded
from ..terminal import FAILED, OK, err, journal_writer, out, print_json, settings_of
from .backups import backup_before_repair

_MOST_SHOWN = 10


class RebuildReport(Struct, frozen=True):
    """What `--json` prints. `records` were made for `pictures`, with `ratings` of other programs; `left_out` pictures
    tell nothing that a record could be made of.
    """

    records: int
    pictures: int
    ratings: int
    left_out: tuple[Left, ...]
    dry_run: bool


def rebuild_records(args: argparse.Namespace, places: Places) -> int:
    """Write the records, or only say which."""
    usual = settings_of(args, places).output_folder or str(places.outputs)
    root = typed_path(args.folder or usual).absolute()
    if not is_folder(root):
        raise InvalidInput(f"{root}: there is no such folder. Name the one with the pictures.", "FOLDER")
    paths, digests, ids = _recorded(places, root)
    found = list(unrecorded(root, paths, digests))
    pictures = [one for one in found if isinstance(one, FoundPicture)]
    left = tuple(one for one in found if isinstance(one, Left))
    lines = [line for line in rebuilt(pictures, output_root=str(root)) if line.event_id not in ids]
    report = RebuildReport(
        sum(isinstance(line, LearningRecord) for line in lines),
        len(pictures),
        sum(isinstance(line, Feedback) for line in lines),
        left,
        args.dry_run,
    )
    if lines and not args.dry_run:
        backup_before_repair(places)
        discard(places.snapshot)  # of the journal that was lost
        writer = journal_writer(places)
        try:
            for line in lines:
                writer.append(line)
        except NotSaved as problem:
            err.print(f"{problem} Run it again; what is recorded already is not recorded twice.", markup=False)
            return FAILED
    if args.json:
        print_json(report)
    else:
        _tell(report, root)
    return OK


def _tell(report: RebuildReport, root: Path) -> None:
    if not report.records:
        out.print(f"Every picture in {root} that tells its settings has a record.", markup=False)
    else:
        verb = "would be made" if report.dry_run else "made"
        ratings = f", {counted(report.ratings, 'rating')} of other programs among them" if report.ratings else ""
        records, pictures = counted(report.records, "record"), counted(report.pictures, "picture")
        out.print(f"{records} {verb} for {pictures}{ratings}. They are marked as rebuilt.", markup=False)
    for one in report.left_out[:_MOST_SHOWN]:
        err.print(f"left out: {one.path}: {one.why}", style="yellow", markup=False)
    if len(report.left_out) > _MOST_SHOWN:
        err.print(
            f"… and {len(report.left_out) - _MOST_SHOWN:,} more (--json lists them).", style="yellow", markup=False
        )


def _recorded(places: Places, root: Path) -> tuple[set[str], set[str], set[str]]:
    """Paths below `root` and SHA-256 of all recorded pictures, and the ids of all lines."""
    paths, digests, ids = set[str](), set[str](), set[str]()
    usual = str(root)
    for line, _, _ in JournalReading(places.journal).decoded():
        ids.add(line.event_id)
        if isinstance(line, LearningRecord):
            for output in line.outputs:
                digests.add(output.sha256)
                if line.output_root in ("", usual):
                    paths.add(output.path)
    return paths, digests, ids
