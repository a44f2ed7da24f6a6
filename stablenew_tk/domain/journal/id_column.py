"""A compact column of ids: each once, found in both directions, 26 bytes for each and no Python object for each row."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import lt

from ..base.ids import ID_LENGTH

_BLOCK = 128  # ids that are searched together


class IdColumn:
    """Ids by row, each once.

    They sort by time and arrive nearly sorted, so the smallest and the largest id of each block leave one block to
    search. Ids of other tools, of any length, are kept beside the column.
    """

    def __init__(self) -> None:
        self.bytes = bytearray()
        # `_high` is the largest id up to and with each block, `_low` the smallest from it on: both only rise.
        self._low: list[str] = []
        self._high: list[str] = []
        self._odd: dict[int, str] = {}
        self._odd_rows: dict[str, int] = {}
        self._tail: list[str] = []  # of the block that is not full yet
        self._greatest = ""

    def __len__(self) -> int:
        return len(self.bytes) // ID_LENGTH

    def text(self, row: int) -> str:
        """The id as it was written."""
        odd = self._odd.get(row)
        return self.bytes[row * ID_LENGTH : (row + 1) * ID_LENGTH].decode() if odd is None else odd

    def add(self, text: str) -> bool:
        """Append an id; False when it is there already."""
        return bool(self.extend((text,)))

    def extend(self, texts: Sequence[str]) -> Sequence[int]:
        """Append the ids that are not there yet; returns their indexes in `texts`."""
        places: Sequence[int] = range(len(texts))
        if not all(map(lt, (self._greatest, *texts), texts)):
            places = self._places_of_new(texts)
            texts = [texts[place] for place in places]
        if texts:
            self._greatest = max(self._greatest, max(texts))
            joined = "".join(texts)
            if not joined.isascii() or set(map(len, texts)) != {ID_LENGTH}:
                texts = self._usual(texts)
                joined = "".join(texts)
            self.bytes += joined.encode()
            self._tail += texts
            if len(self._tail) >= _BLOCK:
                self._close_blocks()
        return places

    def _places_of_new(self, texts: Sequence[str]) -> list[int]:
        first = {text: place for place, text in reversed(list(enumerate(texts)))}
        return sorted(place for text, place in first.items() if text > self._greatest or self.find(text) < 0)

    def _usual(self, texts: Sequence[str]) -> list[str]:
        """The texts, with the one before in place of every odd one: that is found first and changes no bound."""
        stand_in = self.bytes[-ID_LENGTH:].decode() or "\0" * ID_LENGTH
        result = []
        for row, text in enumerate(texts, len(self)):
            if _is_usual(text):
                stand_in = text
            else:
                self._odd[row], self._odd_rows[text] = text, row
            result.append(stand_in)
        return result

    def _close_blocks(self) -> None:
        full = len(self._tail) // _BLOCK * _BLOCK
        for start in range(0, full, _BLOCK):
            block = self._tail[start : start + _BLOCK]
            low = min(block)
            for before in range(len(self._low) - 1, -1, -1):
                if self._low[before] <= low:
                    break
                self._low[before] = low
            self._low.append(low)
            self._high.append(max(max(block), self._high[-1] if self._high else ""))
        del self._tail[:full]

    def find(self, text: str) -> int:
        """Row of an id, −1 when unknown."""
        if not _is_usual(text):
            return self._odd_rows.get(text, -1)
        key = text.encode()
        row = self._search(key, bisect_left(self._high, text), bisect_right(self._low, text))
        return row if row >= 0 else self._search(key, len(self._high), len(self._high) + 1)

    def _search(self, key: bytes, first: int, last: int) -> int:
        """The row of an id in these blocks."""
        start, end = first * _BLOCK * ID_LENGTH, last * _BLOCK * ID_LENGTH
        while (start := self.bytes.find(key, start, end)) >= 0 and start % ID_LENGTH:
            start += 1
        return start // ID_LENGTH if start >= 0 else -1

    def is_whole(self) -> bool:
        """Whether the column, as it was saved, can be searched and every id in it can be read."""
        return (
            self.bytes.isascii()
            and len(self.bytes) % ID_LENGTH == 0
            and len(self._low) == len(self._high) == len(self) // _BLOCK
            and self._low == sorted(self._low)
            and self._high == sorted(self._high)
            and all(0 <= row < len(self) for row in self._odd)
        )

    def bounds(self) -> tuple[bytes, bytes, dict[int, str]]:
        """What a saved column has beside its bytes, for `find_by`."""
        return "".join(self._low).encode(), "".join(self._high).encode(), self._odd

    def find_by(self, low: bytes, high: bytes, odd: dict[int, str]) -> None:
        """Make a column whose bytes were filled with saved ones complete. Raises ValueError when it cannot be read."""
        self._low, self._high = _cut(low), _cut(high)
        self._odd, self._odd_rows = odd, {text: row for row, text in odd.items()}
        self._tail = _cut(self.bytes[len(self._high) * _BLOCK * ID_LENGTH :])
        self._greatest = max((*self._high[-1:], *self._tail, *self._odd_rows), default="")


def _is_usual(text: str) -> bool:
    return len(text) == ID_LENGTH and text.isascii()


def _cut(joined: bytes | bytearray) -> list[str]:
    text = joined.decode()
    return [text[at : at + ID_LENGTH] for at in range(0, len(text), ID_LENGTH)]
