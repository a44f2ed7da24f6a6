"""Writes pairs of pictures in the two forms that trainers of models read.

Folders: `w/000001.png` and `l/000001.png` are the better and the worse picture of one pair, `000001.txt` beside each
has its words. A table: `pairs.parquet` with the columns `jpg_0`, `jpg_1` (the bytes of two picture files), `label_0`
(1 when the first one is better, 0 when the second one is) and `caption`.
"""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from PIL import Image

from ...domain.base.errors import InvalidInput, NotSaved, Unreadable
from ..disk.files import is_folder, is_there, move, sync_folder, write_new
from .images import DAMAGE, flattened, opened, reason

EXTRA = "parquet"
BETTER, WORSE, TABLE = "w", "l", "pairs.parquet"
# Pairs held in memory for one part of the table; a pair is a few MB.
_PART = 32


class PairFile(Struct, frozen=True):
    """One pair: the bytes of the better and of the worse picture as PNG, and their words."""

    better: bytes
    worse: bytes
    caption: str


class PairsWritten(Struct, frozen=True):
    """How many pairs were written. `table`: `pairs.parquet`, too; False without the library that writes it."""

    pairs: int
    table: bool


def plain_png(data: bytes) -> bytes:
    """The picture as PNG with nothing but its pixels: no settings, no name, no date. Raises Unreadable."""
    try:
        with opened(data) as image:
            seen = flattened(image)
            # Made anew from the pixels, so that nothing the old file said can be carried over.
            plain = Image.frombytes("RGB", seen.size, seen.tobytes())
    except DAMAGE as error:
        raise Unreadable(f"The picture cannot be read: {reason(error)}.") from error
    out = io.BytesIO()
    plain.save(out, "PNG")
    return out.getvalue()


def check_folder(folder: Path) -> None:
    """Refuse a folder that has something in it: pairs of two exports must not mix. Raises InvalidInput."""
    try:
        taken = (is_there(folder) and not is_folder(folder)) or (is_folder(folder) and any(folder.iterdir()))
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be read: {error.strerror}. Name another folder.", "--pairs") from error
    if taken:
        raise InvalidInput(f"{folder} is there already. Name a new folder, or an empty one.", "--pairs")


def write_pairs(folder: Path, pairs: Iterable[PairFile]) -> PairsWritten:
    """Write all pairs into a new folder: all of it or nothing. Raises InvalidInput for a folder in use, NotSaved."""
    check_folder(folder)
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    try:
        if is_there(unfinished):
            shutil.rmtree(unfinished)
        for name in (BETTER, WORSE):
            (unfinished / name).mkdir(parents=True)
        written = _fill(unfinished, pairs)
        if is_folder(folder):
            folder.rmdir()
        for made in (unfinished / BETTER, unfinished / WORSE, unfinished):
            sync_folder(made)
        move(unfinished, folder)
    except OSError as error:
        raise NotSaved(f"{folder}: the pairs could not be written ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return written


def _fill(folder: Path, pairs: Iterable[PairFile]) -> PairsWritten:
    count, table, part = 0, _Table.opened(folder / TABLE), list[Mapping[str, object]]()
    with table or contextlib.nullcontext():
        for count, pair in enumerate(pairs, start=1):
            for name, data in ((BETTER, pair.better), (WORSE, pair.worse)):
                write_new(folder / name / f"{count:06}.png", data)
                write_new(folder / name / f"{count:06}.txt", f"{pair.caption}\n".encode("utf-8", "replace"))
            if table is None:
                continue
            # In turn, so that no reader can learn "the first is better" from their places.
            first, second, label = (pair.better, pair.worse, 1.0) if count % 2 else (pair.worse, pair.better, 0.0)
            part.append({"jpg_0": first, "jpg_1": second, "label_0": label, "caption": pair.caption})
            if len(part) == _PART:
                table.add(part)
                part.clear()
        if table is not None and part:
            table.add(part)
    return PairsWritten(count, table is not None)


class _Table:
    """The parquet file; `opened` gives None where the library for it is not installed."""

    def __init__(self, arrow: Any, parquet: Any, path: Path) -> None:
        self._arrow = arrow
        kinds = (
            ("jpg_0", arrow.binary()),
            ("jpg_1", arrow.binary()),
            ("label_0", arrow.float64()),
            ("caption", arrow.string()),
        )
        self._schema = arrow.schema(kinds)
        # Pictures are packed already.
        self._writer = parquet.ParquetWriter(path, self._schema, compression="none")

    @classmethod
    def opened(cls, path: Path) -> _Table | None:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError:
            return None
        return cls(pyarrow, parquet, path)

    def __enter__(self) -> _Table:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def add(self, rows: list[Mapping[str, object]]) -> None:
        self._writer.write_table(self._arrow.Table.from_pylist(rows, schema=self._schema))
