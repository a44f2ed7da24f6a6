"""What the journal knows about one picture, and where its file is."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from .position import Position


class FilePlace(NamedTuple):
    """Where a file is: its absolute path, "" = where the record says; in the trash, "" = nobody told where in it."""

    path: str = ""
    trashed: bool = False


AS_RECORDED = FilePlace()


class ImageFacts(Struct, frozen=True, kw_only=True):
    """What the history knows about one picture. `final`: it is from the last stage that its job reached; `ok`: its job
    succeeded; `position` is that of its record, `output_index` its index in the outputs there; `file` is where it
    is now.
    """

    row: int
    image_id: str
    run_id: str
    run_name: str
    pack_id: str
    checkpoint: str
    stage: str
    rating: int
    tags: tuple[str, ...]
    note: str
    suspect: bool
    final: bool
    sketch: bool
    ok: bool
    time_ms: int
    position: Position
    output_index: int
    rejected: bool = False
    file: FilePlace = AS_RECORDED


def nothing_known(row: int) -> ImageFacts:
    """The facts of a picture about which nothing may be told."""
    return ImageFacts(
        row=row,
        image_id="",
        run_id="",
        run_name="",
        pack_id="",
        checkpoint="",
        stage="",
        rating=0,
        tags=(),
        note="",
        suspect=False,
        final=True,
        sketch=False,
        ok=True,
        time_ms=0,
        position=Position(0, 0),
        output_index=0,
    )
