"""`records xmp`: brings the stars of the journal and those that other programs keep beside the pictures together."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from ...domain.base.errors import InvalidInput
from ...domain.base.wording import counted
from ...domain.journal.marks import marks_of
from ...domain.journal.record import Feedback
from ...pipeline.ids_and_times import as_line
from ...storage.disk.places import Places
from ...storage.journal.outside import pictures
from ...storage.journal.snapshot import load_history
from ...storage.pictures.images import picture_file
from ...storage.pictures.xmp import Naming
from ...storage.pictures.xmp_sync import RatedFile, Synced, sync
from ...storage.settings import load_settings
from ..terminal import FAILED, OK, err, journal_writer, out, print_json

_SHOWN = 20


class Difference(Struct, frozen=True, kw_only=True):
    """A picture whose stars both sides had changed: `kept` are those that hold now."""

    image: str
    file: str
    journal: int
    beside: int
    kept: int


class XmpReport(Struct, frozen=True, kw_only=True):
    """What `records xmp --json` prints. −1 stars = rejected, 0 = unrated. `read` pictures got marks from beside them,
    `written` files are new; with `dry_run` nothing was changed.
    """

    pictures: int
    read: int
    written: int
    conflicts: tuple[Difference, ...]
    problems: tuple[str, ...]
    dry_run: bool


def sync_xmp(args: argparse.Namespace, places: Places) -> int:
    """Bring both sides together, or only say what would be done."""
    writer = None if args.dry_run else journal_writer(places)

    def save(line: Feedback) -> None:
        if writer is not None:
            writer.append(as_line(line))

    names: Naming = args.names
    files = list(_files(args, places))
    if args.pack and not files:
        raise InvalidInput(f"No picture of a pack {args.pack!r} is recorded.", "--pack")
    done = list(sync(files, names, None if args.dry_run else save, prefer_files=args.prefer == "files"))
    report = XmpReport(
        pictures=len(files),
        read=sum(one.line is not None for one in done),
        written=sum(one.written for one in done),
        conflicts=tuple(_difference(one) for one in done if one.conflict),
        problems=tuple(one.problem for one in done if one.problem),
        dry_run=args.dry_run,
    )
    if args.json:
        print_json(report)
    else:
        _tell(report)
    return FAILED if report.problems else OK


def _files(args: argparse.Namespace, places: Places) -> Iterator[RatedFile]:
    settings = load_settings(places.settings_file).settings
    today = Path(settings.output_folder) if settings.output_folder else places.outputs
    history = load_history(places.journal, places.snapshot).history
    for one in pictures(places.journal, history):
        if args.pack in ("", one.record.pack_id):
            index = one.record.outputs.index(one.output)
            where = history.files.place(one.output.image_id)
            if where.trashed:
                continue
            file = picture_file(one.record, index, today, where.path)
            yield RatedFile(one.output.image_id, one.record.run_id, file, marks_of(one.held))


def _difference(one: Synced) -> Difference:
    journal, beside, line = one.picture.marks.rating, one.theirs.rating, one.line
    kept = beside if line is not None and (line.rating == beside or line.rejected) else journal
    return Difference(image=one.picture.image_id, file=one.picture.file.name, journal=journal, beside=beside, kept=kept)


def _tell(report: XmpReport) -> None:
    would = "would be " if report.dry_run else ""
    done = f"{report.read} {would}read from beside them, {report.written} {would}written"
    out.print(f"{counted(report.pictures, 'picture')}: {done}.")
    for one in report.conflicts[:_SHOWN]:
        words = (
            f"{one.file}: {_stars(one.journal)} here, {_stars(one.beside)} beside it. {_stars(one.kept)} {would}kept."
        )
        err.print(words, style="yellow", markup=False)
    if report.conflicts:
        err.print("--prefer files takes those beside the pictures instead.")
    for problem in report.problems[:_SHOWN]:
        err.print(problem, style="red", markup=False)
    more = max(0, len(report.conflicts) - _SHOWN) + max(0, len(report.problems) - _SHOWN)
    if more:
        err.print(f"… and {more} more.")


def _stars(rating: int) -> str:
    return "rejected" if rating < 0 else counted(rating, "star") if rating else "unrated"
