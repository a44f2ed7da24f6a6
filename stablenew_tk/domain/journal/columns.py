"""Column storage for the history: arrays of numbers, a compact column of ids, interned values, partial records."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from typing import Any, Generic, TypeVar, Union, get_args

import msgspec

from ..base.ids import ID_LENGTH
from .record import JournalLine, LearningRecord, Status

_BLOCK = 128


class IdColumn:
    """A column of ids with lookup in both directions, 26 bytes for each id and no Python object for each row.

    Ids sort by time and arrive nearly sorted, so the smallest and largest id of each block leave one block to search.
    """

    def __init__(
        self,
        saved: bytes | memoryview = b"",
        low: bytes | memoryview = b"",
        high: bytes | memoryview = b"",
        odd: dict[bytes, str] | None = None,
    ) -> None:
        self.bytes = bytearray(saved)
        self._low = _cut(low)
        self._high = _cut(high)
        self._odd = dict(odd or {})
        self._fresh: dict[bytes, int] = {}
        for row in range(len(self._high) * _BLOCK, len(self)):
            self._fresh[self._at(row)] = row

    def __len__(self) -> int:
        return len(self.bytes) // ID_LENGTH

    def _at(self, row: int) -> bytes:
        return bytes(self.bytes[row * ID_LENGTH : (row + 1) * ID_LENGTH])

    def text(self, row: int) -> str:
        """The id as it was written."""
        key = self._at(row)
        return self._odd.get(key) or key.decode()

    def add(self, text: str) -> bool:
        """Append an id; False when it is there already."""
        return bool(self.extend((text,)))

    def extend(self, texts: Iterable[str]) -> list[int]:
        """Append the ids that are not there yet; returns their indexes in `texts`."""
        fresh, row = self._fresh, len(self.bytes) // ID_LENGTH
        highest = self._high[-1] if self._high else b""
        places, keys = [], []
        for place, text in enumerate(texts):
            key = text.encode()
            if len(key) != ID_LENGTH:
                key = self._stand_in_for(text)
            if key in fresh or (key <= highest and self._search(key) >= 0):
                continue
            fresh[key] = row
            row += 1
            places.append(place)
            keys.append(key)
        self.bytes += b"".join(keys)
        return places

    def _stand_in_for(self, text: str) -> bytes:
        key = _stand_in(text.encode())
        self._odd[key] = text
        return key

    def find(self, text: str) -> int:
        """Row of an id, −1 when unknown."""
        key = text.encode()
        if len(key) != ID_LENGTH:
            key = _stand_in(key)
        row = self._fresh.get(key, -1)
        return row if row >= 0 else self._search(key)

    def _search(self, key: bytes) -> int:
        # `_high` is the largest id up to and with each block, `_low` the smallest from it on: both only rise.
        first, last = bisect_left(self._high, key), bisect_right(self._low, key)
        start, end = first * _BLOCK * ID_LENGTH, last * _BLOCK * ID_LENGTH
        while (start := self.bytes.find(key, start, end)) >= 0 and start % ID_LENGTH:
            start += 1
        return start // ID_LENGTH if start >= 0 else -1

    def settle(self, least: int = 32 * _BLOCK) -> None:
        """Move ids from the dictionary of new ones into sorted blocks, once there are `least` of them."""
        if len(self._fresh) < least:
            return
        for start in range(len(self._high) * _BLOCK, len(self) - _BLOCK + 1, _BLOCK):
            keys = _cut(self.bytes[start * ID_LENGTH : (start + _BLOCK) * ID_LENGTH])
            low = min(keys)
            for block in range(len(self._low) - 1, -1, -1):
                if self._low[block] <= low:
                    break
                self._low[block] = low
            self._low.append(low)
            self._high.append(max(max(keys), self._high[-1] if self._high else b""))
        settled = len(self._high) * _BLOCK
        self._fresh = {key: settled + place for place, key in enumerate(_cut(self.bytes[settled * ID_LENGTH :]))}

    def is_whole(self) -> bool:
        """Whether the column, as it was saved, can be searched and every id in it can be read."""
        blocks = len(self._high)
        try:
            readable = self.bytes.isascii() or all(self.text(row) for row in range(len(self)))
        except UnicodeDecodeError:
            return False
        return (
            readable
            and len(self.bytes) % ID_LENGTH == 0
            and len(self._low) == blocks <= len(self) // _BLOCK
            and self._low == sorted(self._low)
            and self._high == sorted(self._high)
        )

    def saved(self) -> tuple[memoryview, memoryview, memoryview, dict[bytes, str]]:
        """What `IdColumn(*saved)` needs."""
        low, high = (memoryview(b"".join(bounds)) for bounds in (self._low, self._high))
        return memoryview(bytes(self.bytes)), low, high, self._odd


def _cut(joined: bytes | bytearray | memoryview) -> list[bytes]:
    fixed = bytes(joined)
    return [fixed[at : at + ID_LENGTH] for at in range(0, len(fixed), ID_LENGTH)]


def _stand_in(key: bytes) -> bytes:
    from hashlib import blake2b

    return b"~" + blake2b(key, digest_size=13).hexdigest()[: ID_LENGTH - 1].encode()


@lru_cache(maxsize=1024)
def _hour_ms(hour: str) -> int:
    """Milliseconds since 1970 of "2026-11-22T17" (proleptic Gregorian days counted from March)."""
    year, month = int(hour[:4]), int(hour[5:7])
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + int(hour[8:10]) - 719469
    return (days * 24 + int(hour[11:13])) * 3_600_000


def time_ms(ts: str) -> int:
    """Milliseconds since 1970 of a UTC time stamp; 0 when it is invalid."""
    try:
        seconds = float(ts[17:-1] if ts[-1:] == "Z" else ts[17:].removesuffix("+00:00"))
        return _hour_ms(ts[:13]) + int(ts[14:16]) * 60_000 + round(seconds * 1000) if 0 <= seconds < 61 else 0
    except ValueError:
        return 0


def column(code: str) -> Any:
    """A field of a table: an array of numbers with this type code."""
    return msgspec.field(default_factory=partial(array, code))


class Pictures(msgspec.Struct):
    """One row for each picture. `last_said` is the number of its latest feedback line in `FeedbackLog`, −1 = none;
    `shape` as `grid_layout.shape_of` tells it; `rated`: when it got the stars it has, in ms, 0 = it has none.
    """

    rating: array[int] = column("B")
    flags: array[int] = column("B")
    run: array[int] = column("I")
    tags: array[int] = column("I")
    note: array[int] = column("I")
    stage: array[int] = column("I")
    record: array[int] = column("I")
    output: array[int] = column("H")
    last_said: array[int] = column("i")
    shape: array[int] = column("H")
    rated: array[int] = column("q")


class Records(msgspec.Struct):
    """One row for each record: its position in the journal, its time in ms, and the row of its first picture."""

    segment: array[int] = column("I")
    offset: array[int] = column("Q")
    length: array[int] = column("I")
    time: array[int] = column("q")
    first: array[int] = column("I")


T = TypeVar("T")


class Numbered(Generic[T]):
    """Interning table: every distinct value has a number, counted from 0."""

    def __init__(self, values: Iterable[T]) -> None:
        self.values = list(values)
        self._numbers = {value: number for number, value in enumerate(self.values)}

    def number(self, value: T) -> int:
        """The number of a value; a new value gets the next number."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number


def table_bytes(table: msgspec.Struct) -> dict[str, memoryview]:
    """The columns of a table by name, in this machine's byte order, for `fill_table`."""
    return {name: memoryview(getattr(table, name).tobytes()) for name in table.__struct_fields__}


def fill_table(table: msgspec.Struct, columns: Mapping[str, memoryview]) -> None:
    """Fill an empty table. Raises KeyError or ValueError when the columns are of another version."""
    for name in table.__struct_fields__:
        getattr(table, name).frombytes(columns[name])


# ---- records with only those fields that the tables hold: skipping the rest saves most of the time to read a journal


class ConfigSummary(msgspec.Struct, gc=False):
    """The needed part of a config."""

    checkpoint: str = ""


class BackendSummary(msgspec.Struct, gc=False):
    """The needed part of a record's backend."""

    kind: str
    node: str = ""
    fingerprint: str = ""


class LearningTagSummary(msgspec.Struct, gc=False, frozen=True):
    """The needed part of a learning tag: plan and step, "" for everyday runs."""

    plan_id: str = ""
    step_id: str = ""


class OutputSummary(msgspec.Struct, gc=False):
    """The needed part of a picture."""

    image_id: str
    stage: str
    suspect: tuple[str, ...] = ()
    pixels: str = ""
    width: int = 0
    height: int = 0


class RecordSummary(msgspec.Struct, tag_field="kind", tag="run", gc=False):
    """The needed part of a record."""

    event_id: str
    ts: str
    run_id: str
    pack_id: str
    config: ConfigSummary
    backend: BackendSummary
    status: Status
    outputs: list[OutputSummary] = []
    run_name: str = ""
    job_id: str = ""
    prompt: str = ""
    seconds: float = 0.0
    learning: LearningTagSummary = LearningTagSummary()


# Every kind of line that the journal knows, with the short form in place of the record.
_KINDS = tuple(RecordSummary if kind is LearningRecord else kind for kind in get_args(JournalLine))


@lru_cache(maxsize=1)
def summary_line() -> msgspec.json.Decoder[JournalLine | RecordSummary]:
    """Reads a line of the journal. Made when first asked for: that takes milliseconds."""
    return msgspec.json.Decoder(Union[_KINDS])  # noqa: UP007  # made of a tuple
