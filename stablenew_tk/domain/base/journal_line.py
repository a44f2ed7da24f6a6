"""What every line of the journal has, whatever it tells."""

from __future__ import annotations

from msgspec import Struct

SCHEMA = 1


class Line(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What every line has. `event_id` is a ulid and unique for ever; `writer` and `seq` are set by the journal when it
    appends (seq counts 1, 2, 3… per writer, so that a missing line is noticed); `ts` is UTC, ISO 8601 with Z.

    Without `event_id` and `ts` it is a draft: `pipeline.ids_and_times.as_line` makes a line of it, and the journal
    takes no drafts.
    """

    schema: int = SCHEMA
    event_id: str = ""
    writer: str = ""
    seq: int = 0
    ts: str = ""
