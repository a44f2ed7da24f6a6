"""Thumbnails for the cells in sight: asked for in small helpings, decoded in small helpings, kept for a while.

Only a few orders are under way at a time, so that after a long jump the desk works on what is looked at now.
"""

from __future__ import annotations

import io
import time
import tkinter as tk
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec import Struct
from PIL import Image, ImageTk

from ...domain.base.grid_layout import HEIGHT_STEP
from ...domain.journal.position import Position
from ...pipeline.messages.pictures import MakeThumbnail, ThumbnailReady

KEPT_PHOTOS, LEAST_KEPT = 400, 120
KEPT_PIXELS = 16_000_000  # of all photos, as long as there are more than the least: large ones are fewer
UNDER_WAY = 16
BUDGET_S = 0.006  # a row of thumbnails at once, so that the canvas is redrawn once
PAUSE_MS = 6
# While a size is being dragged, nothing is made in sizes that nobody will see.
SETTLE_MS = 150
_ROUNDED = 2  # pixels that a shape may be rounded by
_PARTS = 8  # of a photo's side: in these steps it is reduced meanwhile


class ThumbnailRequest(Struct, frozen=True):
    """A picture whose thumbnail is wanted. `box` is its place where that is not the common one of `Thumbs.set_box`."""

    image_id: str
    position: Position
    output_index: int
    box: tuple[int, int] | None = None


def edge_for(box: tuple[int, int]) -> int:
    """The thumbnail size to ask for so that a picture fitted into `box` is sharp."""
    return -(-max(box) // HEIGHT_STEP) * HEIGHT_STEP


def fitted(jpeg: bytes, box: tuple[int, int]) -> ImageTk.PhotoImage:
    """Decode a thumbnail and fit it into `box`, which it fills one way, and the other way too when it only just does
    not. Raises OSError for what is not a JPEG.
    """
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        scale = min(box[0] / image.width, box[1] / image.height)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        if all(0 <= room - side <= _ROUNDED for room, side in zip(box, size, strict=True)):
            size = box
        picture = image if image.mode == "RGB" else image.convert("RGB")
        return ImageTk.PhotoImage(picture if size == picture.size else picture.resize(size, Image.Resampling.BILINEAR))


class Thumbs:
    """Photos by picture. `ask` takes the order, `arrived(image_id)` is called when there is something to show."""

    def __init__(self, widget: tk.Misc, ask: Callable[[MakeThumbnail], None], arrived: Callable[[str], None]) -> None:
        self._widget, self._ask, self._arrived = widget, ask, arrived
        self._box = (0, 0)
        self._boxes: dict[str, tuple[int, int]] = {}
        self._photos: OrderedDict[str, tuple[ImageTk.PhotoImage, tuple[int, int]]] = OrderedDict()
        self._smaller: dict[str, tuple[tuple[tuple[int, int], int], ImageTk.PhotoImage]] = {}
        self._problems: OrderedDict[str, str] = OrderedDict()
        self._wanted: dict[str, ThumbnailRequest] = {}
        self._asked: set[tuple[str, int]] = set()
        self._to_decode: list[ThumbnailReady] = []
        self._tick = self._hold = ""
        widget.bind("<Destroy>", lambda _event: self.close(), add="+")

    def set_box(self, box: tuple[int, int]) -> None:
        """The size pictures are fitted into. Photos of another size are shown until new ones arrive."""
        if box != self._box:
            self.hold()
            self._box = box

    def hold(self) -> None:
        """Ask for nothing in the moment that follows: the sizes are just changing."""
        if self._photos:
            self._drop(self._hold)
            self._hold = self._widget.after(SETTLE_MS, self._settled)

    @property
    def is_waiting(self) -> bool:
        """Whether something that is wanted has not come yet."""
        return bool(self._wanted)

    def photo(self, image_id: str, box: tuple[int, int] | None = None) -> ImageTk.PhotoImage | None:
        """What can be shown for a picture now, in its place as it is wanted, or in this one."""
        held = self._photos.get(image_id)
        if held is None:
            return None
        self._photos.move_to_end(image_id)
        return self._shrunk(image_id, held[0], box or self._box_of(image_id))

    def _shrunk(self, image_id: str, photo: ImageTk.PhotoImage, box: tuple[int, int]) -> ImageTk.PhotoImage | None:
        """A photo that is too large for the present box, roughly reduced: better than nothing while a size changes."""
        size = photo.width(), photo.height()
        parts = min(_PARTS * room // max(1, side) for room, side in zip(box, size, strict=True))
        if parts >= _PARTS:
            return photo
        known = self._smaller.get(image_id)
        if known is None or known[0] != (size, parts):
            if parts < 1:
                return None
            small = ImageTk.PhotoImage("RGB", (size[0] * parts // _PARTS, size[1] * parts // _PARTS))
            # Tk reduces by itself, which is many times faster than to decode the picture again.
            self._widget.tk.call(str(small), "copy", str(photo), "-zoom", parts, "-subsample", _PARTS)
            known = self._smaller[image_id] = (size, parts), small
        return known[1]

    def problem(self, image_id: str) -> str:
        """Why a picture cannot be shown, or ""."""
        return self._problems.get(image_id, "")

    def want(self, wishes: Sequence[ThumbnailRequest]) -> None:
        """Say what is in sight now; everything wanted before is forgotten."""
        self._boxes = {wish.image_id: wish.box for wish in wishes if wish.box is not None}
        self._wanted = {wish.image_id: wish for wish in wishes if not self._is_good(wish.image_id)}
        self._ask_more()

    def ready(self, event: ThumbnailReady) -> None:
        """Take an answer in. What is no longer in sight is dropped; it lies in the cache on disk."""
        self._asked.discard((event.image_id, event.edge))
        if event.image_id in self._wanted and event.edge == self._edge(event.image_id):
            if event.jpeg:
                self._to_decode.append(event)
                self._plan()
            else:
                self._fail(event.image_id, event.problem)
        self._ask_more()

    def lost(self) -> None:
        """An order came to nothing without telling which: forget what is under way, so that it can be asked again."""
        self._asked.clear()

    def retry(self) -> None:
        """Forget all problems: the missing files may be back."""
        self._problems.clear()

    def close(self) -> None:
        """Stop decoding."""
        self._drop(self._tick)
        self._drop(self._hold)

    def _drop(self, pending: str) -> None:
        if pending:
            with suppress(tk.TclError):
                self._widget.after_cancel(pending)

    def _settled(self) -> None:
        self._hold = ""
        self._smaller.clear()
        self._ask_more()

    def _box_of(self, image_id: str) -> tuple[int, int]:
        return self._boxes.get(image_id, self._box)

    def _edge(self, image_id: str) -> int:
        return edge_for(self._box_of(image_id))

    def _is_good(self, image_id: str) -> bool:
        held = self._photos.get(image_id)
        return image_id in self._problems or (held is not None and held[1] == self._box_of(image_id))

    def _ask_more(self) -> None:
        free = UNDER_WAY - len(self._asked)
        if free <= 0 or not self._wanted or self._hold:
            return
        decoding = {event.image_id for event in self._to_decode}
        missing = [
            (wish, edge)
            for key, wish in self._wanted.items()
            if (key, edge := self._edge(key)) not in self._asked and key not in decoding
        ]
        # The desk does the last one first, so the first one in sight is asked last.
        for wish, edge in reversed(missing[:free]):
            self._asked.add((wish.image_id, edge))
            self._ask(
                MakeThumbnail(image_id=wish.image_id, position=wish.position, output_index=wish.output_index, edge=edge)
            )

    def _plan(self) -> None:
        if not self._tick:
            self._tick = self._widget.after(1, self._decode_some)

    def _decode_some(self) -> None:
        self._tick = ""
        end = time.perf_counter() + BUDGET_S
        while self._to_decode and time.perf_counter() < end:
            event = self._to_decode.pop(0)
            # The cells may have got another size meanwhile; then another thumbnail has been asked for.
            if event.image_id in self._wanted and event.edge == self._edge(event.image_id):
                del self._wanted[event.image_id]
                self._decode(event)
        if self._to_decode:
            self._tick = self._widget.after(PAUSE_MS, self._decode_some)
        else:
            self._ask_more()

    def _decode(self, event: ThumbnailReady) -> None:
        box = self._box_of(event.image_id)
        try:
            photo = fitted(event.jpeg, box)
        except OSError as error:
            self._fail(event.image_id, f"The thumbnail cannot be shown: {error}.")
            return
        self._photos[event.image_id] = photo, box
        self._photos.move_to_end(event.image_id)
        most = min(KEPT_PHOTOS, max(LEAST_KEPT, KEPT_PIXELS // max(1, box[0] * box[1])))
        while len(self._photos) > most:
            self._photos.popitem(last=False)
        self._arrived(event.image_id)

    def _fail(self, image_id: str, problem: str) -> None:
        self._wanted.pop(image_id, None)
        self._problems[image_id] = problem
        while len(self._problems) > KEPT_PHOTOS:
            self._problems.popitem(last=False)
        self._arrived(image_id)
