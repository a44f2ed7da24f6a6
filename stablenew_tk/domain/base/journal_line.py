"""`Line`: base class of all lines of the journal."""

from __future__ import annotations

from msgspec import Struct

SCHEMA = 1


class Line(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """The fields of every line. `event_id` is a unique ULID; `writer` and `seq` are set when the line is appended (seq
    counts 1, 2, 3… for each writer, so that a missing line is noticed); `ts` is UTC, ISO 8601 with Z.

    A line without `event_id` and `ts` is a draft, refused by the journal; `pipeline.ids_and_times.as_line` adds them.
    """

    schema: int = SCHEMA
    event_id: str = ""
    writer: str = ""
    seq: int = 0
    ts: str = ""
