"""New ids, the current time as text, random seeds, the name of the user; makes journal lines from drafts."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from ..domain.base.ids import ulid
from ..domain.base.journal_line import Line
from ..domain.config.origins import SHORT_SEED

AnyLine = TypeVar("AnyLine", bound=Line)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def new_id() -> str:
    """A new ULID."""
    return ulid(time.time_ns() // 1_000_000, os.urandom(10))


def utc_text(moment: datetime) -> str:
    """A time as journal lines have it: UTC, ISO 8601 with milliseconds and Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_text() -> str:
    """The current time as journal lines have it."""
    return utc_text(datetime.now(UTC))


def day_in_words() -> str:
    """Today by the clock of this computer, in English whatever its language: "28 November 2026"."""
    today = datetime.now().astimezone()
    return f"{today.day} {_MONTHS[today.month - 1]} {today.year}"


def system_user() -> str:
    """The name of the user as the system knows it; "" when it has none."""
    import getpass

    try:
        return getpass.getuser().encode(errors="replace").decode()
    except (KeyError, ImportError, OSError):
        # In a container the number of the user may have no name.
        return ""


def draw_seed() -> int:
    """A random seed from 0 to 2^32−1, which every engine takes."""
    import secrets

    return secrets.randbelow(SHORT_SEED + 1)


def as_line(draft: AnyLine) -> AnyLine:
    """A copy of the draft with a new event id and the current time."""
    return msgspec.structs.replace(draft, event_id=new_id(), ts=now_text())
