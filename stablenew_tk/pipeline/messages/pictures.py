"""Messages about pictures: find them, make thumbnails, load them to fit a box, show the file in the file browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...domain.journal.position import Position
from ...domain.journal.query import HistoryColumns, Query, Selection
from .base import Event, Order

if TYPE_CHECKING:
    from ...domain.recipes.recipe import Recipe


class ThumbnailReady(Event, frozen=True, kw_only=True):
    """`jpeg` is empty when there is no picture to show; `problem` then says why."""

    image_id: str
    edge: int
    jpeg: bytes
    problem: str = ""


class PictureReady(Event, frozen=True, kw_only=True):
    """A picture as raw RGB of exactly `width` × `height` px, fitted to what was asked. Empty `rgb`: see problem."""

    image_id: str
    box: tuple[int, int]
    width: int = 0
    height: int = 0
    rgb: bytes = b""
    problem: str = ""


class ImagesFound(Event, frozen=True, kw_only=True):
    """Rows that match a query."""

    query: Query
    selection: Selection


class RecipeRead(Event, frozen=True, kw_only=True):
    """Prompt and settings stored in a picture; `recipe` is None when there are none, `problem` says why."""

    path: Path
    recipe: Recipe | None
    problem: str = ""


class FindImages(Order, frozen=True, kw_only=True):
    """Select rows by a query from a snapshot of the columns."""

    columns: HistoryColumns
    query: Query


class MakeThumbnail(Order, frozen=True, kw_only=True):
    """Make a small JPEG of a recorded picture, longest edge `edge` px; ThumbnailReady answers.

    `output_index` is its index in the outputs of the record.
    """

    image_id: str
    position: Position
    output_index: int
    edge: int


class ReadPicture(Order, frozen=True, kw_only=True):
    """Load a recorded picture to fit `box` (width, height in px), enlarged only with `fill`; PictureReady answers."""

    image_id: str
    position: Position
    output_index: int
    box: tuple[int, int]
    fill: bool = False


class PaintSample(Order, frozen=True, kw_only=True):
    """Have the sketch engine paint a picture as large as `box`; it is kept nowhere. PictureReady answers."""

    image_id: str
    prompt: str
    seed: int
    box: tuple[int, int]
    fill: bool = False


class FitPicture(Order, frozen=True, kw_only=True):
    """Decode the bytes of a picture (a live preview) to fit `box` as above; PictureReady answers."""

    image_id: str
    data: bytes
    box: tuple[int, int]
    fill: bool = False


class FitFile(Order, frozen=True, kw_only=True):
    """Load a picture file to fit `box` as above; PictureReady answers with this `image_id`."""

    image_id: str
    path: Path
    box: tuple[int, int]
    fill: bool = False


class RevealFile(Order, frozen=True, kw_only=True):
    """Show a recorded picture's file in the file browser."""

    image_id: str
    position: Position
    output_index: int
