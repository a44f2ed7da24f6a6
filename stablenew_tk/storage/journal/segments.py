"""File format of the journal: segments, lines, checksums, the manifest, and recovery of lines from damaged ones.

A journal is a folder of segments `records-000001.jsonl`, `records-000002.jsonl`… Each line is one JSON object whose
last member `crc` is the CRC-32 of the line without that member. Only the last segment grows.
"""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from ...domain.base.errors import Unreadable
from ...domain.base.journal_line import SCHEMA
from ...domain.journal.record import KINDS, JournalLine
from ..disk.files import open_regular, read_bounded

MAX_LINE = 1 << 20
MANIFEST = "segments.json"
# Two lines whose line end was damaged look like one line; both can be recovered.
BOUND = 2 * MAX_LINE + 2
_SEGMENT = re.compile(r"records-(\d{6})\.jsonl")
_CRC = re.compile(rb',"crc":"[0-9a-f]{8}"\}')
_CRC_LENGTH = len(',"crc":"01234567"}')
_START = b'{"kind":"'
_MAX_PIECES = 64
_STEP = 1 << 16
KNOWN = tuple(f'{{"kind":"{kind}","schema":{SCHEMA},'.encode() for kind in KINDS)
DECODE_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError)
LINE = msgspec.json.Decoder(JournalLine)


class _Head(msgspec.Struct, gc=False):
    kind: str
    schema: int = 1
    writer: str = ""
    event_id: str | msgspec.UnsetType = msgspec.UNSET
    ts: str | msgspec.UnsetType = msgspec.UNSET


_HEAD = msgspec.json.Decoder(_Head)


class Sealed(msgspec.Struct, frozen=True):
    """Manifest entry of a complete segment, which will not change. `first_ts` and `last_ts` are times of its lines."""

    name: str
    lines: int
    sha256: str
    first_ts: str
    last_ts: str


class Judgement(msgspec.Struct, frozen=True):
    """Result of `judge`: the readable lines in a line of a file (start, length), whether a newer version wrote it, and
    what is wrong with it ("" = nothing).
    """

    pieces: tuple[tuple[int, int], ...] = ()
    newer: bool = False
    reason: str = ""


def segments(folder: Path) -> list[tuple[int, Path]]:
    """Numbers and paths of all segments, oldest first; [] when the folder does not exist. Raises Unreadable."""
    try:
        found = [(int(match[1]), path) for path in folder.iterdir() if (match := _SEGMENT.fullmatch(path.name))]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Unreadable(f"The journal folder {folder} cannot be listed: {error.strerror or error}.") from error
    return sorted(found)


def segment_name(number: int) -> str:
    """The name of the segment with this number."""
    return f"records-{number:06d}.jsonl"


def segment_path(folder: Path, number: int) -> Path:
    """The path of the segment with this number."""
    return folder / segment_name(number)


def segment_size(path: Path) -> int:
    """The size of a segment in bytes. Raises Unreadable."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise Unreadable(f"The journal segment {path} cannot be read: {error.strerror or error}.") from error


def read_manifest(folder: Path) -> tuple[Sealed, ...]:
    """The sealed segments. A missing or damaged manifest counts as empty; it is made again from the segments."""
    try:
        return msgspec.json.decode(read_bounded(folder / MANIFEST, 16 << 20), type=tuple[Sealed, ...])
    except (Unreadable, *DECODE_ERRORS):
        return ()


def with_crc(body: bytes) -> bytes:
    """A JSON object with its CRC as last member."""
    return b'%s,"crc":"%08x"}' % (body[:-1], zlib.crc32(body))


def without_crc(line: bytes) -> bytes:
    """The JSON object without its CRC; a line without a CRC unchanged."""
    return line[:-_CRC_LENGTH] + b"}" if _CRC.fullmatch(line, len(line) - _CRC_LENGTH) else line


def intact(line: bytes) -> bool:
    """Whether the line (without line end) ends with its correct CRC."""
    cut = len(line) - _CRC_LENGTH
    return cut > 0 and line[cut:] == b',"crc":"%08x"}' % zlib.crc32(b"}", zlib.crc32(memoryview(line)[:cut]))


def judge(line: bytes) -> Judgement:
    """Examine a line (without line end, not blank). Never raises."""
    whole = intact(line)
    if whole and line.startswith(KNOWN):
        return Judgement(((0, len(line)),))
    if len(line) > MAX_LINE:
        return _salvage(line, "longer than 1 MiB")
    try:
        head = _HEAD.decode(line)
    except DECODE_ERRORS:
        return _salvage(line, "not a whole JSON object")
    if not whole and _CRC.fullmatch(line, len(line) - _CRC_LENGTH):
        return _salvage(line, "its checksum does not fit")
    # Lines of other tools need no checksum. Ours always have one, so its absence means that it was damaged.
    if not whole and head.writer:
        return _salvage(line, "its checksum is missing")
    if head.schema > SCHEMA or head.kind not in KINDS:
        return Judgement(newer=True)
    try:
        LINE.decode(line)
    except DECODE_ERRORS as error:
        return Judgement(reason=f"not a line of this journal: {error}")
    if head.event_id is msgspec.UNSET or head.ts is msgspec.UNSET:
        return Judgement(reason="not a line of this journal: it has no event_id or no ts")
    return Judgement(((0, len(line)),))


def _salvage(line: bytes, reason: str) -> Judgement:
    """Find complete lines inside a damaged one: after an incomplete line, or two without the line end between them."""
    pieces: list[tuple[int, int]] = []
    start = 0
    for number, match in enumerate(_CRC.finditer(line)):
        if number == _MAX_PIECES:
            break
        end = match.end()
        candidate = line.rfind(_START, start, end)
        # A record holds this beginning twice (the backend has a kind too), a torn half may bring two more.
        for _ in range(8):
            if candidate < 0 or intact(line[candidate:end]):
                break
            candidate = line.rfind(_START, start, candidate)
        if candidate >= 0 and intact(line[candidate:end]):
            pieces.append((candidate, end - candidate))
            start = end
    return Judgement(tuple(pieces), reason=reason)


def raw_lines(path: Path, offset: int = 0, size: int | None = None) -> Iterator[tuple[int, bytes, int, bool]]:
    """Yield each line of a segment from `offset` up to `size`: its offset, its bytes without line end, the offset of
    the next line, and whether it had a line end.

    Lines longer than about 2 MiB are cut to limit the memory used.
    """
    try:
        with open_regular(path, buffering=1 << 20) as file:
            file.seek(offset)
            for line in iter(partial(file.readline, BOUND), b""):
                start, offset = offset, offset + len(line)
                if line.endswith(b"\n") and (size is None or offset <= size):
                    yield start, line[:-1], offset, True
                    continue
                tail = line
                while len(tail) == BOUND and not tail.endswith(b"\n"):
                    tail = file.readline(BOUND)
                    offset += len(tail)
                if size is not None and offset > size:
                    if size > start:
                        yield start, line[: size - start], size, False
                    return
                yield start, line, offset, tail.endswith(b"\n")
    except OSError as error:
        raise Unreadable(f"The journal segment {path} cannot be read: {error.strerror or error}.") from error


def _joined(first: bytes, rest: deque[bytes]) -> bytes:
    return b"".join((first, *reversed(rest)))[:BOUND]


def lines_backward(path: Path, *, growing: bool) -> Iterator[bytes]:
    """Yield the lines without line end, last first, without blank ones.

    In a `growing` segment an incomplete last line is left out too, because it may be in the middle of being written.
    """
    try:
        with open_regular(path) as file:
            position = file.seek(0, 2)
            # Blocks without a line end, the one before all others last. Of a line only the first BOUND bytes count.
            rest: deque[bytes] = deque()
            held = 0
            while position > 0:
                step = min(_STEP, position)
                position -= step
                file.seek(position)
                first, *lines = file.read(step).split(b"\n")
                if lines:
                    lines[-1] = _joined(lines[-1], rest)
                    rest.clear()
                    held = 0
                    if growing:
                        lines.pop()
                        growing = False
                    yield from (line for line in reversed(lines) if line.strip())
                rest.append(first)
                held += len(first)
                while held - len(rest[0]) >= BOUND:
                    held -= len(rest.popleft())
            last = _joined(b"", rest)
            if last.strip() and not growing:
                yield last
    except OSError as error:
        raise Unreadable(f"The journal segment {path} cannot be read: {error.strerror or error}.") from error
