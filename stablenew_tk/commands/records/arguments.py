"""`records`: shows, verifies, exports and repairs the journal."""

from __future__ import annotations

import argparse

import msgspec
from rich.table import Table
from rich.text import Text

from ...domain.base.errors import InvalidInput
from ...domain.base.wording import counted
from ...domain.journal.record import FoldedRecord, LearningRecord
from ...storage.disk.files import discard
from ...storage.disk.places import Places
from ...storage.journal.reader import recent
from ..terminal import FAILED, OK, out, print_json, program

Commands = argparse._SubParsersAction  # the type argparse itself gives; it has no public name


def arguments(records: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """The commands below `records`."""
    show = records.add_parser("show", parents=[common], help="the latest records with their ratings")
    show.add_argument("--limit", type=int, default=20, metavar="N")
    show.add_argument("--run", metavar="ID", help="only this run")
    show.set_defaults(command=_show)
    records.add_parser("verify", parents=[common], help="check every line").set_defaults(command=_verify)
    words = "write all lines as JSONL, a table, or pairs of pictures"
    _export_arguments(records.add_parser("export", parents=[common], help=words))
    words = "stars and tags beside the pictures, for other picture programs and from them"
    _xmp_arguments(records.add_parser("xmp", parents=[common], help=words))
    records.add_parser("repair", parents=[common], help="set damaged lines aside").set_defaults(command=_repair)
    _backup_arguments(records, common)
    words = "make records again for pictures that no record names, from what stands in them"
    _rebuild_arguments(records.add_parser("rebuild", parents=[common], help=words))


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `records export`."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--merged", action="store_true", help="one line per record, ratings merged in")
    form.add_argument("--csv", metavar="FILE", help="a table: one line per picture with its settings and stars")
    words = "winner and loser pictures of blindly rated rows, for trainers: folders w and l, and parquet"
    form.add_argument("--pairs", metavar="DIR", help=words)
    form.add_argument("--pictures", metavar="DIR", help="copies of your best pictures, with their stars as XMP")
    words = "with --pictures: those with so many stars or more (else 4)"
    parser.add_argument("--stars", type=int, metavar="N", help=words)
    words = "with --pictures: write the stars into the copies (Lightroom, Bridge, XnView), not beside them"
    parser.add_argument("--inside", action="store_true", help=words)
    parser.add_argument("--to", metavar="FILE", help="a file (else the terminal)")
    parser.set_defaults(command=_export)


def _export(args: argparse.Namespace, places: Places) -> int:
    from .export import export_records

    return export_records(args, places)


def _xmp_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `records xmp`."""
    words = "how the files are called: full = NAME.png.xmp (darktable, digiKam, Immich), stem = NAME.xmp (Adobe)"
    parser.add_argument("--names", choices=("full", "stem"), default="full", help=words)
    words = "whose stars hold where both sides changed them (else the journal's)"
    parser.add_argument("--prefer", choices=("journal", "files"), default="journal", help=words)
    parser.add_argument("--pack", default="", metavar="NAME", help="only pictures of this pack")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be changed")
    parser.set_defaults(command=_xmp)


def _xmp(args: argparse.Namespace, places: Places) -> int:
    from .xmp import sync_xmp

    return sync_xmp(args, places)


def _backup_arguments(records: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    listing = records.add_parser("backups", parents=[common], help="list the backups of the journal")
    listing.set_defaults(command=_backups)
    making = records.add_parser("backup", parents=[common], help="make a backup of the journal now")
    making.set_defaults(command=_backup)
    restore = records.add_parser("restore", parents=[common], help="bring back lines from a backup, or undo that")
    restore.add_argument("backup", metavar="BACKUP", nargs="?", default="last", help="its name, or its beginning")
    words = "as it was, exactly: what was added since is set aside (otherwise it stays)"
    restore.add_argument("--exact", action="store_true", help=words)
    restore.add_argument("--undo", action="store_true", help="the journal as it was before the last restore")
    restore.add_argument("--dry-run", action="store_true", help="only say what would happen")
    restore.set_defaults(command=_restore)


def _backups(args: argparse.Namespace, places: Places) -> int:
    from .backups import list_backups

    return list_backups(args, places)


def _backup(args: argparse.Namespace, places: Places) -> int:
    from .backups import make_backup

    return make_backup(args, places)


def _restore(args: argparse.Namespace, places: Places) -> int:
    from .backups import restore_backup

    return restore_backup(args, places)


def _rebuild_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", nargs="?", help="where the pictures are (else: the output folder)")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be recorded")
    parser.set_defaults(command=_rebuild)


def _rebuild(args: argparse.Namespace, places: Places) -> int:
    from .rebuild import rebuild_records

    return rebuild_records(args, places)


def _show(args: argparse.Namespace, places: Places) -> int:
    if args.limit < 1:
        raise InvalidInput(f"--limit {args.limit}: give the number of records, 1 or more.", "--limit")
    records = recent(places.journal, args.limit, run_id=args.run)
    if args.json:
        print_json({"records": [_merged(folded) for folded in records]})
        return OK
    if not records:
        none = (
            f"No run is called {args.run}." if args.run else f"No records yet. Make some: {program(places)} run starter"
        )
        out.print(none, markup=False)
        return OK
    table = Table("when (UTC)", "pack", "prompt", "seed", "status", box=None)
    table.add_column("image", no_wrap=True, min_width=26)
    with_presets = any(folded.record.presets for folded in records)
    for heading in ("stars", "tags", *(("preset",) if with_presets else ())):
        table.add_column(heading)
    for folded in records:
        record = folded.record
        for image in record.outputs or (None,):
            feedback = folded.feedback.get(image.image_id) if image else None
            stars = "★" * feedback.rating if feedback else ""
            when = record.ts[:19].replace("T", " ")
            name = image.image_id if image else "–"
            tags = ", ".join(feedback.tags) if feedback else ""
            status = f"{record.status}, suspect" if image and image.suspect else record.status
            seed = str(image.seed if image else record.seed)
            cells = [when, record.pack_id, record.prompt_id, seed, status, name, stars, tags]
            cells += [_presets(record)] if with_presets else []
            table.add_row(*map(Text, cells))
    out.print(table)
    return OK


def _presets(record: LearningRecord) -> str:
    return ", ".join(f"{use.name} (outside its scope)" if use.outside else use.name for use in record.presets)


def _merged(folded: FoldedRecord) -> dict[str, object]:
    document: dict[str, object] = msgspec.to_builtins(folded.record)
    document["feedback"] = msgspec.to_builtins(folded.feedback)
    return document


def _verify(args: argparse.Namespace, places: Places) -> int:
    from ...storage.journal.snapshot import verify_all
    from ..progress import progress

    with progress("Checking the journal", quiet=args.json) as tell:
        found = verify_all(places.journal, places.snapshot, tell)
    if args.json:
        print_json(found)
    else:
        lines = counted(found.lines, "line")
        out.print(f"{lines}, {found.ok} whole, {len(found.damaged)} damaged, {counted(len(found.gaps), 'gap')}.")
        for damage in found.damaged:
            where = f", line {damage.line}" if damage.line else ""
            out.print(f"  {damage.file}{where}: {damage.reason}", markup=False)
        for gap in found.gaps:
            which = f"line {gap.first}" if gap.first == gap.last else f"lines {gap.first} to {gap.last}"
            out.print(f"  missing: {which} of writer {gap.writer}", markup=False)
        if found.damaged:
            out.print(
                f"All other lines are fine. Set the damaged ones aside with: {program(places)} records repair",
                markup=False,
            )
    return FAILED if found.damaged else OK


def _repair(args: argparse.Namespace, places: Places) -> int:
    from ...storage.journal.repair import repair
    from ..progress import progress
    from .backups import backup_before_repair

    with progress("Repairing the journal", quiet=args.json):
        backup_before_repair(places)
        report = repair(places.journal)
    if report.segments:
        discard(places.snapshot)  # of the journal as it was
    if args.json:
        print_json(report)
    elif not report.segments:
        out.print("Nothing to repair: every line is whole.")
    else:
        moved = counted(report.moved, "damaged line")
        out.print(f"{moved} set aside in {counted(len(report.segments), 'file')}; {report.kept} kept there.")
        for copy in report.copies:
            out.print(f"  as it was: {places.journal / copy}", markup=False)
    return OK
