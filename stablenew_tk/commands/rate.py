"""`rate`: gives stars, tags and notes to pictures in the terminal."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from ..domain.base.errors import InvalidInput, NotSaved, Unreadable
from ..domain.base.wording import counted
from ..domain.journal.history import History
from ..domain.journal.record import Feedback, LearningRecord, Output, PairVote
from ..domain.runs.plan import LearningRunResult
from ..pipeline.ids_and_times import as_line
from ..storage.disk.files import is_file, read_bounded, real_path
from ..storage.disk.places import Places
from ..storage.journal.reader import recent
from ..storage.journal.snapshot import load_history
from ..storage.journal.writer import LearningRecordWriter
from .terminal import FAILED, OK, err, journal_writer, out, print_json, print_verdict, program

# Limit of records to search. The search starts at the newest record and stops at the first match.
SEARCH_STEPS = (200, 5_000, 100_000, 10_000_000)
_PICTURE_LIMIT = 1 << 30
_BETTER: Mapping[str, Literal["first", "second", "none"]] = {"A": "first", "B": "second", "none": "none"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rate`."""
    parser.add_argument(
        "image", nargs="?", metavar="IMAGE|RUN", help="id of a picture or run, or the file of a picture"
    )
    words = "1 to 5; x rejects, 0 takes stars and rejection back"
    parser.add_argument("stars", nargs="?", metavar="STARS", help=words)
    parser.add_argument(
        "--pair", nargs=2, metavar=("A", "B"), help="compare two pictures of one row instead: ids or files"
    )
    parser.add_argument(
        "--better", choices=("A", "B", "none"), help="which of the pair is better; none = no difference"
    )
    parser.add_argument("--tag", action="append", default=[], metavar="T", help="add a tag")
    parser.add_argument("--note", metavar="TEXT", help="say something about it")
    parser.set_defaults(command=rate)


def _marks(typed: str) -> tuple[int | None, bool | None]:
    """Stars and rejection that are meant, None = unchanged. Raises InvalidInput."""
    word = typed.strip().lower()
    if word == "x":
        return None, True
    if word not in ("0", "1", "2", "3", "4", "5"):
        raise InvalidInput(f"{typed} stars: give 1 to 5, x to reject, or 0 to take that back.", "STARS")
    return int(word), None if word != "0" else False


def rate(args: argparse.Namespace, places: Places) -> int:
    """Rate one picture, or every finished picture of a run; or say which of two is better."""
    if args.pair is not None or args.better is not None:
        return _compare(args, places)
    if args.image is None or args.stars is None:
        raise InvalidInput(
            "Name a picture or run and its stars, or two pictures: --pair A B --better A|B|none.", "IMAGE"
        )
    stars, rejected = _marks(args.stars)
    tags = tuple(tag.strip() for tag in args.tag if tag.strip())
    targets = _targets(places, args.image)
    lines = [
        as_line(
            Feedback(
                image_id=image.image_id,
                run_id=record.run_id,
                rating=stars,
                rejected=rejected,
                tags_added=tags,
                note=args.note,
            )
        )
        for record, image in targets
    ]
    writer = journal_writer(places)
    try:
        # Together: of a run it is all or nothing, so that neither answer is half true.
        writer.append_all(lines)
    except NotSaved as error:
        if args.json:
            print_json({"saved": False, "event_id": "", "error": str(error)})
        else:
            err.print(str(error), style="red", markup=False)
        return FAILED
    ids = [line.event_id for line in lines]
    results = _store_results(places, writer, {line.image_id for line in lines})
    if args.json:
        images, plans = [line.image_id for line in lines], [result.plan_id for result in results]
        print_json({"saved": True, "event_id": ids[0], "event_ids": ids, "images": images, "results": plans})
    else:
        what = "rejected" if rejected else f"{stars} of 5" if stars else "rating taken back"
        out.print(f"Saved: {what} for {len(lines)} picture{'s' if len(lines) > 1 else ''}.")
        for result in results:
            print_verdict(*result.summary.parts)
    return OK


def _compare(args: argparse.Namespace, places: Places) -> int:
    """Record which of two pictures of one row of a Learning Run is better."""
    if args.pair is None or args.better is None:
        raise InvalidInput("A pair wants both: --pair A B --better A|B|none.", "--better" if args.pair else "--pair")
    if args.image is not None or args.tag or args.note:
        raise InvalidInput(
            "--pair: stars, tags and notes are for one picture. Give them in a call of their own.", "--pair"
        )
    first, second = (_one(places, name) for name in args.pair)
    (record, image), (other, picture) = first, second
    plan, row = record.learning.plan_id, record.learning.row
    if not plan or (plan, row) != (other.learning.plan_id, other.learning.row) or image.image_id == picture.image_id:
        words = "the same prompt and seed, and one value differs"
        raise InvalidInput(f"Two pictures of one row of a Learning Run can be compared: {words}.", "--pair")
    if image.pixels and image.pixels == picture.pixels:
        raise InvalidInput("These two pictures are the same, pixel for pixel: there is nothing to compare.", "--pair")
    line = as_line(PairVote(image_id=image.image_id, other_id=picture.image_id, better=_BETTER[args.better]))
    writer = journal_writer(places)
    writer.append(line)
    results = _store_results(places, writer, {image.image_id, picture.image_id})
    if args.json:
        plans = [result.plan_id for result in results]
        print_json(
            {"saved": True, "event_id": line.event_id, "images": [image.image_id, picture.image_id], "results": plans}
        )
    else:
        said = {"A": "the first is better", "B": "the second is better", "none": "no difference"}
        out.print(f"Saved: {said[args.better]}.")
        for result in results:
            print_verdict(*result.summary.parts)
    return OK


def _one(places: Places, name: str) -> tuple[LearningRecord, Output]:
    found = _targets(places, name)
    if len(found) > 1:
        raise InvalidInput(f"{name} is a run of {len(found)} pictures. Name one picture.", "--pair")
    return found[0]


def _store_results(places: Places, writer: LearningRecordWriter, images: Collection[str]) -> list[LearningRunResult]:
    """Write the results that say something new of the plans with one of these pictures, and return them.

    A blind plan gets one when nothing is left to rate; it reveals the values. One that goes step by step is not left
    with nothing to rate as long as its verdict is not clear. The ratings are on disk already, so what fails here is
    only told: the window, or the next rating, makes up for it.
    """
    written: list[LearningRunResult] = []
    try:
        history = load_history(places.journal, places.snapshot).history
        plans = history.plans.plans_with(images)
        for result in _due_results(places, writer, history, plans) if plans else ():
            written.append(result)
    except (NotSaved, Unreadable) as problem:
        err.print(f"The rating is saved, the result of its Learning Run is not yet. {problem}", markup=False)
    return written


def _due_results(
    places: Places, writer: LearningRecordWriter, history: History, plans: Iterable[str]
) -> Iterator[LearningRunResult]:
    """Write the results one by one. Raises NotSaved."""
    # The statistics take longer to import than a rating takes; most pictures are of no Learning Run.
    from ..domain.insights.blinding import blind_matrix
    from ..domain.insights.follow_up import next_cells
    from ..domain.insights.matrix import whole_board
    from ..domain.insights.report import report
    from ..domain.insights.result import due_result

    for plan_id in plans:
        seen = whole_board(history, plan_id)
        done = seen is not None and blind_matrix(seen).done
        if seen is None or not (seen.revealed or done):
            continue
        last, found = seen.told[-1] if seen.told else None, report(seen)
        more = next_cells(found) if done else ()
        if more:
            err.print(_not_clear_yet(places, plan_id, len(more)), markup=False)
        if more and not seen.revealed:
            continue
        result = due_result(seen, found, last, reveal=done)
        if result is not None:
            writer.append(as_line(result))
            yield result


def _not_clear_yet(places: Places, plan_id: str, count: int) -> str:
    more = f"{counted(count, 'more picture')} would tell most"
    return f"All it has is rated, but not clear yet: {more}. Make them: {program(places)} learn --resume {plan_id}"


def _targets(places: Places, name: str) -> list[tuple[LearningRecord, Output]]:
    seen = 0
    for count in SEARCH_STEPS:
        records = [folded.record for folded in recent(places.journal, count)]
        if any(record.run_id == name for record in records[seen:]):
            # A run may reach further back than what has been read.
            whole = [folded.record for folded in recent(places.journal, SEARCH_STEPS[-1], run_id=name)]
            if found := [(record, image) for record in whole for image in _finals(record)]:
                return found
            raise InvalidInput(f"The run {name} has no picture to rate.", "IMAGE")
        if found := list(_matches(records[seen:], name)):
            return found
        if len(records) < count:
            break
        seen = len(records)
    if found := _by_content(places, Path(name)):
        return found
    raise InvalidInput(f"No recorded picture or run is called {name!r}. See: {program(places)} records show", "IMAGE")


def _by_content(places: Places, path: Path) -> list[tuple[LearningRecord, Output]]:
    """The recorded picture with the same bytes as this file, which was moved, renamed or copied since."""
    if not is_file(path):
        return []
    try:
        digest = hashlib.sha256(read_bounded(path, _PICTURE_LIMIT)).hexdigest()
    except Unreadable as error:
        raise InvalidInput(str(error), "IMAGE") from error
    records = (folded.record for folded in recent(places.journal, SEARCH_STEPS[-1]))
    return next(([(one, image)] for one in records for image in one.outputs if image.sha256 == digest), [])


def _matches(records: list[LearningRecord], name: str) -> Iterator[tuple[LearningRecord, Output]]:
    path = real_path(Path(name))
    for record in records:
        for image in record.outputs:
            # Resolving asks the disk, so only for a file that could be it.
            same = Path(image.path).name == path.name and real_path(Path(record.output_root, image.path)) == path
            if same or image.image_id == name:
                yield record, image


def _finals(record: LearningRecord) -> list[Output]:
    """The pictures of the last stage; a rating of an earlier one would say nothing about the result."""
    return [
        image
        for image in record.outputs
        if image.stage == record.outputs[-1].stage and "interrupted" not in image.suspect
    ]
