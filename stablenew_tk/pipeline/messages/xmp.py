"""Messages about the stars that other picture programs keep beside the pictures (XMP files)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ...domain.journal.record import Feedback
from .base import Event, Order
from .picture_files import RecordedPicture


class StarConflict(Struct, frozen=True):
    """Both sides changed the stars of a picture, to different ones: −1 = rejected, 0 = unrated."""

    image_id: str
    file: str
    here: int
    beside: int


class XmpOrder(Order, frozen=True, kw_only=True):
    """Base class of the orders of the XMP thread."""


class SyncStars(XmpOrder, frozen=True, kw_only=True):
    """Write the stars of pictures beside them, and read what was changed there; StarsSynced answers.

    `keep`: where both sides changed, the stars of the journal are written. Else such files stay as they are.
    """

    pictures: tuple[RecordedPicture, ...]
    names: Literal["full", "stem"]
    keep: bool = False


class StarsSynced(Event, frozen=True, kw_only=True):
    """`written` files are new. `changed` are drafts of what was changed beside pictures: once they are in the journal,
    their pictures are to be synced again. `problems` are sentences.
    """

    looked: int
    written: int = 0
    changed: tuple[Feedback, ...] = ()
    conflicts: tuple[StarConflict, ...] = ()
    problems: tuple[str, ...] = ()


class LookAtFolders(XmpOrder, frozen=True, kw_only=True):
    """Something changed in these folders, or anywhere below `trees`; StarsTouched answers."""

    folders: frozenset[str]
    trees: frozenset[str] = frozenset()


class StarsTouched(Event, frozen=True, kw_only=True):
    """The files beside these pictures are others than when they were read or written last."""

    image_ids: tuple[str, ...]


class XmpTouched(Event, frozen=True, kw_only=True):
    """The watcher saw changes in these folders, or anywhere below `trees`."""

    folders: frozenset[str]
    trees: frozenset[str]


class XmpProgress(Event, frozen=True, kw_only=True):
    """What is known about the stars beside the pictures has changed; `XmpKeeper` tells it."""
