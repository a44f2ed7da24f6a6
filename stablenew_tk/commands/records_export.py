"""`records export`: the journal for other programs, as lines, as a table, or as pairs of pictures for trainers."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from ..domain.base.errors import InvalidInput, NotSaved, Unreadable
from ..domain.base.wording import counted
from ..domain.journal.pairs import Pair, RatedPicture, pairs_of
from ..domain.journal.table import heading, line_of
from ..storage.disk.files import replacing, typed_path
from ..storage.disk.places import Places
from ..storage.journal.outside import pictures, rated_blind
from ..storage.journal.repair import export
from ..storage.journal.snapshot import load_history
from ..storage.pictures.images import pixel_hash, read_picture, recorded_file
from ..storage.pictures.pair_files import EXTRA, TABLE, PairFile, check_folder, plain_png, write_pairs
from ..storage.settings import load_settings
from .terminal import OK, err, out, print_json


class PairsReport(Struct, frozen=True):
    """What `--pairs --json` prints. `left_out` pairs have a picture that is gone, damaged or changed; `parquet` is
    False where the library that writes it is not installed.
    """

    pairs: int
    left_out: int
    parquet: bool
    folder: str


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `records export`."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--merged", action="store_true", help="one line per record, ratings merged in")
    form.add_argument("--csv", metavar="FILE", help="a table: one line per picture with its settings and stars")
    words = "winner and loser pictures of blindly rated rows, for trainers: folders w and l, and parquet"
    form.add_argument("--pairs", metavar="DIR", help=words)
    parser.add_argument("--to", metavar="FILE", help="a file (else the terminal)")
    parser.set_defaults(command=_export)


def _export(args: argparse.Namespace, places: Places) -> int:
    other = next((option for option in ("--csv", "--pairs") if getattr(args, option[2:]) is not None), "")
    if other and args.to:
        raise InvalidInput(f"--to: {other} names already where to write. Leave --to away.", "--to")
    if args.pairs is not None:
        return _pairs(args, places, _outside(args.pairs, places, "--pairs"))
    if args.csv is not None:
        return _to_file(args, _outside(args.csv, places, "--csv"), lambda file: _table(places, file))
    if args.to:
        target = _outside(args.to, places, "--to")
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


def _outside(written: str, places: Places, option: str) -> Path:
    if not written.strip():
        raise InvalidInput(f"{option}: name where to write.", option)
    target = typed_path(written)
    if target.resolve().is_relative_to(places.journal.resolve()):
        raise InvalidInput(f"{target} is inside the journal, which is never overwritten. Name another file.", option)
    return target


def _to_file(args: argparse.Namespace, target: Path, write: Callable[[BinaryIO], int]) -> int:
    # Beside it first: an export that fails must not cost the one of last time.
    with replacing(target) as file:
        count = write(file)
    if args.json:
        print_json({"lines": count, "file": str(target.absolute())})
    else:
        out.print(f"{count} lines written to {target}", markup=False)
    return OK


def _table(places: Places, file: BinaryIO) -> int:
    count = 0
    text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="", write_through=True)
    try:
        writer = csv.writer(text)
        writer.writerow(heading())
        for one in pictures(places.journal, load_history(places.journal, places.snapshot).history):
            writer.writerow(line_of(one.record, one.output, one.held, blind=one.blind))
            count += 1
    finally:
        text.detach()
    return count


def _pairs(args: argparse.Namespace, places: Places, folder: Path) -> int:
    check_folder(folder)
    found = list(pairs_of(rated_blind(places.journal, load_history(places.journal, places.snapshot).history)))
    if not found:
        words = (
            "Rate a Learning Run blind and show its values: pictures of one row that got different stars make pairs."
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
        words = f"{TABLE} was not written, because pyarrow is not installed. Install it: pip install stablenew[{EXTRA}]"
        err.print(words, style="yellow", markup=False)
    return OK


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
