"""`insights --plan PLAN --card FILE`: what a Learning Run found, as a picture or a page to show around."""

from __future__ import annotations

import argparse
from pathlib import Path

from msgspec import Struct

from .. import __version__
from ..domain.base.errors import InvalidInput
from ..domain.base.wording import counted
from ..domain.cards.card import CardOrigin
from ..domain.insights.matrix import Board
from ..domain.insights.report import report
from ..domain.journal.image_facts import ImageFacts
from ..domain.journal.record import LearningRecord
from ..pipeline.ids_and_times import day_in_words
from ..storage.disk.places import Places
from ..storage.journal.reader import read_record
from ..storage.pictures.cards import check_ending, write_card
from ..storage.pictures.images import picture_file
from ..storage.settings import load_settings
from .terminal import OK, err, out, outside_journal, print_json


class CardReport(Struct, frozen=True, kw_only=True):
    """What `--card --json` prints. `missing` pictures could not be read and are grey places on the card; `prompts`: it
    holds the texts of the prompts.
    """

    file: str
    plan_id: str
    missing: int
    prompts: bool


def check_card(args: argparse.Namespace) -> None:
    """Raise InvalidInput for options that make no card."""
    if args.card is None:
        if args.no_prompt:
            words = "this is about a card. Name its file, too: --card FILE."
            raise InvalidInput(f"--no-prompt: {words}", "--no-prompt")
    elif not args.plan:
        raise InvalidInput("--card: name the Learning Run that it is about, too: --plan PLAN.", "--card")


def write_plan_card(args: argparse.Namespace, places: Places, seen: Board) -> int:
    """Write the card of a Learning Run where `--card` says."""
    target = outside_journal(args.card, places, "--card")
    check_ending(target)
    settings = load_settings(places.settings_file).settings
    today = Path(settings.output_folder) if settings.output_folder else places.outputs

    def find(facts: ImageFacts) -> tuple[LearningRecord, Path]:
        record = read_record(places.journal, facts.position)
        return record, picture_file(record, facts.output_index, today, facts.file.path)

    made = CardOrigin(version=__version__, day=day_in_words())
    written = write_card(target, report(seen), seen, find, made, prompts=not args.no_prompt)
    file = str(target.absolute())
    told = CardReport(file=file, plan_id=seen.plan.plan_id, missing=written.missing, prompts=written.prompts)
    if args.json:
        print_json(told)
        return OK
    out.print(f"Written to {target}", markup=False)
    if told.prompts:
        out.print("It tells the texts of the prompts. --no-prompt leaves them out.")
    if told.missing:
        err.print(f"{counted(told.missing, 'picture')} could not be read: an empty place stands for it on the card.")
    return OK
