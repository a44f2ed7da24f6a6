"""What the tables of tensors in headers tell, remembered: many files of a library have the same table.

LoRAs of one trainer and rank, and merges of one family, differ in their metadata alone. Comparing the end of a header
with one that was read before costs a hundredth of reading it.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct

from ...domain.models.families import FamilyCatalogue, Recognised, recognise
from ...domain.models.tensor_signs import Tensors
from . import valid_shapes as usual
from .safetensors import METADATA, table_in

_MOST_BYTES = 16 * 1024 * 1024
_TAIL = 128  # bytes by which a table is looked up: its last tensor, whose offsets depend on all others
_METADATA_FIRST = re.compile(rb'\s*\{\s*"__metadata__"\s*:\s*')
_NO_METADATA, _NO_FAMILIES = usual.Metadata(), FamilyCatalogue()


class _MetadataAlone(Struct, forbid_unknown_fields=True, rename={"metadata": METADATA}):
    """A header up to its first tensor, closed: nothing but its metadata."""

    metadata: usual.Metadata


_HEAD = msgspec.json.Decoder(_MetadataAlone)


class TensorTables:
    """Reads headers for summaries; `families` are those that a file may be of. One thread only."""

    def __init__(self, families: FamilyCatalogue = _NO_FAMILIES) -> None:
        self.families = families
        self._known: dict[bytes, tuple[bytes, Recognised]] = {}
        self._bytes = 0

    def read(self, header: bytes) -> tuple[usual.Metadata, Recognised]:
        """The metadata of a header text, and what its tensors tell. Raises msgspec.MsgspecError, UnicodeError or
        RecursionError where its shape is not the usual one.
        """
        header = header.rstrip(b" ")  # what writers fill up to a multiple of 8 bytes
        table, seen = self._known.get(header[-_TAIL:], (b"", Recognised()))
        if table.startswith(b",") and header.endswith(table):
            try:
                return _HEAD.decode(header[: -len(table)].decode("utf-8") + "}").metadata, seen
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                # More than metadata stands before this table, or something is wrong with it: the whole text tells.
                pass
        elif table and table == header:
            return _NO_METADATA, seen
        return self._read_whole(header)

    def forget(self) -> None:
        """Let go of what is remembered, which may be many megabytes."""
        self._known.clear()
        self._bytes = 0

    def _read_whole(self, header: bytes) -> tuple[usual.Metadata, Recognised]:
        found = table_in(header.decode("utf-8"))
        written = found.get(METADATA)
        metadata = usual.METADATA.decode(written) if written is not None else _NO_METADATA
        seen = recognise(Tensors(found), self.families)
        self._remember(header if written is None else _behind(bytes(written), header), seen)
        return metadata, seen

    def _remember(self, table: bytes, seen: Recognised) -> None:
        if not table:
            return
        tail = table[-_TAIL:]
        self._bytes += len(table) - len(self._known.pop(tail, (b"",))[0])
        self._known[tail] = table, seen
        while self._bytes > _MOST_BYTES:
            self._bytes -= len(self._known.pop(next(iter(self._known)))[0])


def _behind(metadata: bytes, header: bytes) -> bytes:
    """What follows the metadata; b"" when they do not stand first, or not alone."""
    first = _METADATA_FIRST.match(header)
    if first is None or not header.startswith(metadata, first.end()):
        return b""
    table = header[first.end() + len(metadata) :].lstrip()
    # A second member of that name, however it is written, would go before the first.
    return table if METADATA.encode() not in table and b"\\" not in table else b""
