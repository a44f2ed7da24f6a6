"""Writes the card of a verdict: a picture (.png), or a page (.html) that also holds the plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.errors import InvalidInput, StorageError
from ...domain.base.model_hash import hash_digits
from ...domain.cards import page
from ...domain.cards.card import MOST, MOST_PAIRS, CardOrigin, card_of
from ...domain.cards.plan_block import plan_block
from ...domain.config.sweep import is_wording
from ...domain.insights.matrix import Board
from ...domain.insights.report import Report
from ...domain.journal.image_facts import ImageFacts
from ...domain.journal.record import LearningRecord
from ...domain.models.preset_scope import hash_in_name
from ...domain.recipes.infotext import parse
from ..disk.files import write_atomic
from .card_picture import card_picture, small_jpeg
from .images import read_picture

PICTURE, PAGES = ".png", (".html", ".htm")
# The longer side of a picture in a page, smaller where there are many of them: 25 stay far below 3 MB.
_EDGE_FEW, _EDGE_MANY, _FEW = 384, 256, 25

# Finds the record and the file of a picture. Raises StorageError.
Finder = Callable[[ImageFacts], tuple[LearningRecord, Path]]


class CardFile(Struct, frozen=True, kw_only=True):
    """A card on disk. `missing` pictures could not be read and are grey places on it. `prompts`: it tells them."""

    path: Path
    missing: int
    prompts: bool


def check_ending(path: Path) -> None:
    """Raise InvalidInput for a file that is neither a picture nor a page by its name."""
    if path.suffix.lower() not in (PICTURE, *PAGES):
        raise InvalidInput(f"{path.name}: a card is written as .png or .html. Name such a file.", "card")


def write_card(path: Path, report: Report, board: Board, find: Finder, made: CardOrigin, *, prompts: bool) -> CardFile:
    """Write the card; the ending of `path` says which kind. Raises InvalidInput for a plan whose values are hidden, one
    without pictures or another ending, NotSaved when it cannot be written.

    With `prompts` a page tells their texts, also in its plan. May take a second; any thread but the window's.
    """
    check_ending(path)
    if not board.revealed:
        words = (
            "It is rated blind and not revealed yet, so nothing can be shown of it. Rate it to the end, or reveal it."
        )
        raise InvalidInput(f"“{report.plan.name}”: {words}", "card")
    is_page = path.suffix.lower() in PAGES
    if is_page and not prompts and is_wording(report.plan.focus_parameter):
        words = "It compares words of the prompt, so its plan cannot do without them. Take a picture (.png), or let it."
        raise InvalidInput(f"“{report.plan.name}”: {words}", "card")
    prompts = prompts and is_page
    most, most_pairs = (page.MOST, page.MOST_PAIRS) if is_page else (MOST, MOST_PAIRS)
    shown = {"most": most, "most_pairs": most_pairs}
    card = card_of(report, board, made, **shown, prompts=prompts)
    if not card.pictures:
        raise InvalidInput(f"“{report.plan.name}” has no picture yet, so there is nothing to show.", "card")
    card = card_of(report, board, _with_record(made, card.pictures, find), **shown, prompts=prompts)
    files = _pictures(card.pictures, find)
    if is_page:
        edge = _EDGE_FEW if len(files) <= _FEW else _EDGE_MANY
        files = _small(files, edge)
        text = page.page(card, files, plan_block(report.plan, prompts=prompts))
        write_atomic(path, text.encode())
    else:
        write_atomic(path, card_picture(card, files))
    return CardFile(path=path, missing=len(card.pictures) - len(files), prompts=prompts)


def _with_record(made: CardOrigin, pictures: tuple[ImageFacts, ...], find: Finder) -> CardOrigin:
    """What is made of, with engine and hash of the checkpoint as the first readable record tells them."""
    for facts in pictures:
        try:
            record, _ = find(facts)
        except StorageError:
            continue
        told = (parse(output.infotext).values.get("Model hash", "") for output in record.outputs)
        named = record.config.checkpoint
        digits = hash_digits(named) or hash_in_name(named) or next((one for one in told if one), "")
        # The name goes on with the machine, which is nobody's business.
        engine = record.backend.name.partition(" · ")[0]
        return replace(made, engine=made.engine or engine, checkpoint_hash=made.checkpoint_hash or digits)
    return made


def _pictures(pictures: tuple[ImageFacts, ...], find: Finder) -> dict[str, bytes]:
    found = {}
    for facts in pictures:
        try:
            found[facts.image_id] = read_picture(find(facts)[1])
        except StorageError:
            # Left out here, told by the grey place and by `CardFile.missing`.
            continue
    return found


def _small(files: dict[str, bytes], edge: int) -> dict[str, bytes]:
    found = {}
    for image_id, data in files.items():
        try:
            found[image_id] = small_jpeg(data, edge)
        except StorageError:
            continue
    return found
