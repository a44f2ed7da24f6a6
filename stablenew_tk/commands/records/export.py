"""`records export`: the journal for other programs, as lines, as a table, or as pairs of pictures for trainers."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from ...domain.base.environment import install_line
from ...domain.base.errors import InvalidInput, NotSaved, Unreadable
from ...domain.base.wording import counted
from ...domain.journal.marks import marks_of
from ...domain.journal.pairs import Pair, RatedPicture, pairs_of
from ...domain.journal.table import heading, line_of, settings_of
from ...storage.disk.files import replacing
from ...storage.disk.places import Places
from ...storage.journal.outside import pictures, rated_blind
from ...storage.journal.repair import export
from ...storage.journal.snapshot import load_history
from ...storage.pictures.copies import ToCopy, copy_pictures
from ...storage.pictures.images import picture_file, pixel_hash, read_picture, recorded_file
from ...storage.pictures.pair_files import EXTRA, TABLE, PairFile, check_folder, plain_png, write_pairs
from ...storage.settings import load_settings
from ..progress import progress
from ..terminal import FAILED, OK, err, out, outside_journal, print_json

_USUAL_STARS = 4


class PairsReport(Struct, frozen=True):
    """What `--pairs --json` prints. `left_out` pairs have a picture that is gone, damaged or changed; `parquet` is
    False where the library that writes it is not installed.
    """

    pairs: int
    left_out: int
    parquet: bool
    folder: str


def export_records(args: argparse.Namespace, places: Places) -> int:
    """Write what the options of `records export` ask for."""
    other = next((option for option in ("--csv", "--pairs", "--pictures") if getattr(args, option[2:]) is not None), "")
    if other and args.to:
        raise InvalidInput(f"--to: {other} names already where to write. Leave --to away.", "--to")
    if args.pictures is None and (args.stars is not None or args.inside):
        option = "--inside" if args.inside else "--stars"
        raise InvalidInput(
            f"{option}: this is about copies of pictures. Name their folder, too: --pictures DIR.", option
        )
    if args.pictures is not None:
        return _copies(args, places, outside_journal(args.pictures, places, "--pictures"))
    if args.pairs is not None:
        return _pairs(args, places, outside_journal(args.pairs, places, "--pairs"))
    if args.csv is not None:
        return _to_file(args, outside_journal(args.csv, places, "--csv"), lambda file: _table(places, file))
    if args.to:
        target = outside_journal(args.to, places, "--to")
        return _to_file(args, target, lambda file: export(places.journal, file, merged=args.merged))
    try:
        export(places.journal, sys.stdout.buffer, merged=args.merged)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough (`| head`).
        raise
    except OSError as error:
        raise NotSaved(f"the terminal: the export could not be written ({error.strerror}).") from error
    return OK


def _to_file(args: argparse.Namespace, target: Path, write: Callable[[BinaryIO], int]) -> int:
    # Beside it first: an export that fails must not cost the one of last time.
    with replacing(target) as file, progress(f"Writing {target.name}", quiet=args.json):
        count = write(file)
    if args.json:
        print_json({"lines": count, "file": str(target.absolute())})
    else:
        out.print(f"{counted(count, 'line')} written to {target}", markup=False)
    return OK


def _table(places: Places, file: BinaryIO) -> int:
    count = 0
    text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="", write_through=True)
    try:
        writer = csv.writer(text)
        writer.writerow(heading())
        found = pictures(places.journal, load_history(places.journal, places.snapshot).history)
        for _, of_one in groupby(found, key=lambda one: one.record.event_id):
            settings: tuple[str, ...] = ()
            for one in of_one:
                settings = settings or settings_of(one.record)
                writer.writerow(line_of(one.record, one.output, one.held, settings, blind=one.blind))
                count += 1
    finally:
        text.detach()
    return count


def _copies(args: argparse.Namespace, places: Places, folder: Path) -> int:
    least = _USUAL_STARS if args.stars is None else args.stars
    if not 1 <= least <= 5:
        raise InvalidInput(f"--stars {least}: give 1 to 5.", "--stars")
    settings = load_settings(places.settings_file).settings
    today = Path(settings.output_folder) if settings.output_folder else places.outputs
    history = load_history(places.journal, places.snapshot).history
    chosen = [
        ToCopy(
            picture_file(
                one.record, one.record.outputs.index(one.output), today, history.files.place(one.output.image_id).path
            ),
            f"{one.record.run_name}_{Path(one.output.path).stem}",
            marks_of(one.held),
        )
        for one in pictures(places.journal, history)
        if one.held.rating >= least and not one.held.rejected and not history.files.place(one.output.image_id).trashed
    ]
    if not chosen:
        raise InvalidInput(f"No picture has {least} stars or more yet.", "--stars")
    done = copy_pictures(folder, chosen, inside=args.inside)
    if args.json:
        print_json({"pictures": done.pictures, "folder": str(folder.absolute()), "problems": done.problems})
    else:
        out.print(f"{counted(done.pictures, 'picture')} copied to {folder}", markup=False)
        for problem in done.problems:
            err.print(problem, style="yellow", markup=False)
    return FAILED if done.problems else OK


def _pairs(args: argparse.Namespace, places: Places, folder: Path) -> int:
    check_folder(folder)
    history = load_history(places.journal, places.snapshot).history
    found = list(pairs_of(rated_blind(places.journal, history), history.votes.blind()))
    if not found:
        words = (
            "Rate a Learning Run blind and show its values: pictures of one row that got different stars, or were "
            "compared, make pairs."
        )
        raise InvalidInput(f"There are no pairs yet. {words}", "--pairs")
    settings = load_settings(places.settings_file).settings
    today = Path(settings.output_folder) if settings.output_folder else places.outputs
    lost: list[Pair] = []
    written = write_pairs(folder, _files(found, today, lost))
    report = PairsReport(written.pairs, len(lost), written.table, str(folder.absolute()))
    if args.json:
        print_json(report)
    else:
        out.print(f"{counted(report.pairs, 'pair')} written to {folder}", markup=False)
    if lost:
        words = f"{counted(len(lost), 'pair')} left out: a picture is gone, damaged or changed since it was rated."
        err.print(words, style="yellow", markup=False)
    if not written.table:
        err.print(f"{TABLE} was not written, because {_without_table()}", style="yellow", markup=False)
    return OK


def _without_table() -> str:
    if getattr(sys, "frozen", False):
        return "this program was built without pyarrow. StableNew from source or by pip can have it."
    return f"pyarrow is not installed. Install it: {install_line(sys.executable, EXTRA)}"


def _files(pairs: list[Pair], today: Path, lost: list[Pair]) -> Iterator[PairFile]:
    for pair in pairs:
        better, worse = _picture(pair.winner, today), _picture(pair.loser, today)
        if better is None or worse is None:
            lost.append(pair)
        else:
            yield PairFile(better, worse, pair.winner.caption)


def _picture(one: RatedPicture, today: Path) -> bytes | None:
    """The picture as plain PNG; None when no file shows what was rated."""
    roots = (today, Path(one.record.output_root)) if one.record.output_root else (today,)
    for root in roots:
        try:
            data = read_picture(recorded_file((root,), one.output.path))
            if not one.output.pixels or pixel_hash(data) == one.output.pixels:
                return plain_png(data)
        except Unreadable:
            continue
    return None
