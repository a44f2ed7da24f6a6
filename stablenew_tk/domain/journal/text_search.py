"""Search in what the journal says about pictures: prompt, seed, checkpoint, sampler and note, by words."""

from __future__ import annotations

import re
from array import array
from typing import Literal, NamedTuple, get_args

from .columns import Numbered
from .query import HistoryColumns

Field = Literal["prompt", "seed", "checkpoint", "sampler", "note"]
_TERM = re.compile(rf'(?:({"|".join(get_args(Field))}):)?(?:"([^"]*)"?|(\S+))', re.IGNORECASE)


class Term(NamedTuple):
    """A word to find, in one field or, with "", in any of them. In small letters."""

    field: str
    word: str


def terms_of(text: str) -> tuple[Term, ...]:
    """The words of a search: `tram sampler:"DPM++ 2M" seed:21`. All of them must be found."""
    found = ((field.lower(), (quoted or plain).casefold()) for field, quoted, plain in _TERM.findall(text))
    return tuple(Term(field, word) for field, word in found if word)


class TextIndex:
    """The texts of all pictures, in the order of the history's rows. Owned by one thread.

    A prompt is kept once, however many pictures have it.
    """

    def __init__(self) -> None:
        self._prompts, self._samplers = Numbered[str](()), Numbered[str](())
        self._prompt, self._sampler = array("I"), array("I")
        self._seeds: list[str] = []

    def __len__(self) -> int:
        return len(self._seeds)

    def add(self, prompt: str, sampler: str, seed: int) -> None:
        """Take in the next row."""
        self._prompt.append(self._prompts.number(prompt.casefold()))
        self._sampler.append(self._samplers.number(sampler.casefold()))
        self._seeds.append(str(seed))

    def matches(self, columns: HistoryColumns, text: str) -> bytes:
        """One byte for each row: 1 = all words are found. `columns` has no more rows than are known here."""
        count = len(columns.rating)
        mask = bytes((1,)) * count
        for term in terms_of(text):
            mask = _and(mask, self._has(columns, term, count))
        return mask

    def _has(self, columns: HistoryColumns, term: Term, count: int) -> bytes:
        field, word = term
        mask = bytes(count)
        if field in ("", "prompt"):
            mask = _or(mask, _spread(bytes([word in one for one in self._prompts.values]), self._prompt[:count]))
        if field in ("", "sampler"):
            mask = _or(mask, _spread(bytes([word in one for one in self._samplers.values]), self._sampler[:count]))
        if field in ("", "checkpoint"):
            fits = bytes([word in run.checkpoint.casefold() for run in columns.runs])
            mask = _or(mask, _spread(fits, columns.run))
        if field in ("", "note") and columns.places is not None:
            fits = bytes([word in one.casefold() for one in columns.places.notes])
            mask = _or(mask, _spread(fits, columns.places.note))
        if field == "seed" or (not field and word.isdigit()):
            mask = _or(mask, bytes([one.startswith(word) for one in self._seeds[:count]]))
        return mask


def _spread(fits: bytes, numbers: array[int] | memoryview) -> bytes:
    """The mask of the rows whose number is in `fits`."""
    # One thing at a time in C: a generator would take twice as long.
    return bytes(map(fits.__getitem__, numbers)) if 1 in fits else b""


def _or(one: bytes, other: bytes) -> bytes:
    whole = int.from_bytes(one, "little") | int.from_bytes(other, "little")
    return whole.to_bytes(len(one), "little")


def _and(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")
