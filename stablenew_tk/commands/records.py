"""`records`: shows, verifies, exports and repairs the journal."""

from __future__ import annotations

import argparse

import msgspec
from rich.table import Table
from rich.text import Text

from ..domain.base.errors import InvalidInput
from ..domain.journal.record import FoldedRecord, LearningRecord
from ..storage.disk.files import discard
from ..storage.disk.places import Places
from ..storage.journal.reader import recent
from ..storage.journal.repair import repair
from ..storage.journal.snapshot import verify_all
from . import records_backups, records_export, records_rebuild
from .records_backups import backup_before_repair
from .terminal import FAILED, OK, out, print_json, program

Commands = argparse._SubParsersAction  # the type argparse itself gives; it has no public name


def arguments(records: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """The commands below `records`."""
    show = records.add_parser("show", parents=[common], help="the latest records with their ratings")
    show.add_argument("--limit", type=int, default=20, metavar="N")
    show.add_argument("--run", metavar="ID", help="only this run")
    show.set_defaults(command=_show)
    records.add_parser("verify", parents=[common], help="check every line").set_defaults(command=_verify)
    words = "write all lines as JSONL, a table, or pairs of pictures"
    records_export.arguments(records.add_parser("export", parents=[common], help=words))
    records.add_parser("repair", parents=[common], help="set damaged lines aside").set_defaults(command=_repair)
    records_backups.arguments(records, common)
    words = "make records again for pictures that no record names, from what stands in them"
    records_rebuild.arguments(records.add_parser("rebuild", parents=[common], help=words))


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
    found = verify_all(places.journal, places.snapshot)
    if args.json:
        print_json(found)
    else:
        out.print(f"{found.lines} lines, {found.ok} whole, {len(found.damaged)} damaged, {len(found.gaps)} gaps.")
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
    backup_before_repair(places)
    report = repair(places.journal)
    if report.segments:
        discard(places.snapshot)  # of the journal as it was
    if args.json:
        print_json(report)
    elif not report.segments:
        out.print("Nothing to repair: every line is whole.")
    else:
        out.print(f"{report.moved} damaged lines set aside in {len(report.segments)} files; {report.kept} kept there.")
        for copy in report.copies:
            out.print(f"  as it was: {places.journal / copy}", markup=False)
    return OK
