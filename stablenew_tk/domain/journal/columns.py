"""Column storage for the history: arrays of numbers, interned values, partial records."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from typing import Any, Generic, TypeVar, Union, get_args

import msgspec

from .record import JournalLine, LearningRecord, Status

_FEW = 4
Place = tuple[int, int, int]  # of a line in the journal: segment, offset, length


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


def extend(column: array[int], values: Sequence[int]) -> None:
    """Append numbers. To turn many into an array first takes half the time, of a few it takes four times as long."""
    if len(values) > _FEW:
        column += array(column.typecode, values)
    else:
        column.extend(values)


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
