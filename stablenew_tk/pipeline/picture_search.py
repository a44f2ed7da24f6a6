"""`PictureSearch`: selects pictures by words in their prompts; it reads these from the journal when first asked."""

from __future__ import annotations

from pathlib import Path

from ..domain.journal.query import HistoryColumns, Query, RecordPlaces, Selection, select
from ..domain.journal.text_search import TextIndex
from ..storage.journal.record_texts import RecordTexts, read_texts


class PictureSearch:
    """Owned by one thread. The first search reads what `prepare` has not read: most of a second
    for 100,000. Later ones read the new.
    """

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._index = TextIndex()
        self._known = b""  # where the records that the index has stand in the journal

    def select(self, columns: HistoryColumns, query: Query) -> Selection:
        """Filter, order and group, as `query.select` does, with the words of the query."""
        if columns.places is not None:
            self._take_in(columns.places)
        return select(columns, query, self._index.matches(columns, query.text))

    def prepare(self, columns: HistoryColumns, most: int) -> int:
        """Read so many more pictures' texts; returns how many are left."""
        if columns.places is None:
            return 0
        self._take_in(columns.places, most)
        return max(0, len(columns.places.record) - len(self._index))

    def _take_in(self, places: RecordPlaces, most: int | None = None) -> None:
        if not places.offset.tobytes().startswith(self._known):
            # The journal was repaired: its rows are others.
            self._index, self._known = TextIndex(), b""
        first = len(self._index)
        last = len(places.record) if most is None else first + most
        numbers = places.record[first:last].tolist()
        wanted = dict.fromkeys(numbers)
        positions = ((places.segment[one], places.offset[one], places.length[one]) for one in wanted)
        texts: dict[int, RecordTexts] = dict(zip(wanted, read_texts(self._journal, positions), strict=True))
        for number, output in zip(numbers, places.output[first:last].tolist(), strict=True):
            found = texts[number]
            self._index.add(found.prompt, found.sampler, found.seed(output))
        self._known = places.offset.tobytes()
