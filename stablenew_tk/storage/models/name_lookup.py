"""Finds a model by its name in a backend or prompt: "sub/name.safetensors [abcdef1234]", "name".

Backends write names with or without folder, file ending and hash. The lookup tries the plain name, then other
spellings of it, then the hash if a file beside the model contains it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from ...domain.models.recommendations import Hashes, is_kind
from .index import readings_of
from .model_entry import ModelEntry
from .sidecars import MODEL_SUFFIXES

_OF_NOTHING = "e3b0c442"
_MARKS = re.compile(r"[\W_]+")
_HASH = re.compile(r"\s*[\[(]([0-9a-fA-F]{8,64})[\])]\s*$")


class LibraryNames:
    """The models of one snapshot by name. Any thread; reads no file.

    Making it takes 1 µs for each model, a first look-up of a name that no file has up to 0.5 µs for each; the second
    time a name is looked up costs nothing.
    """

    def __init__(self, entries: Iterable[ModelEntry] = ()) -> None:
        self._entries = tuple(entries)
        self._found: dict[tuple[str, str], ModelEntry | None] = {}
        self._plain: dict[str, list[ModelEntry]] = {}
        self._folded: dict[str, list[ModelEntry]] = {}
        for entry in self._entries:
            self._plain.setdefault(entry.stem, []).append(entry)
            self._folded.setdefault(_folded(entry.stem), []).append(entry)

    def find(
        self, name: str, kind: str = "checkpoint", computed: Mapping[str, Hashes] | None = None
    ) -> ModelEntry | None:
        """The model with this name, None when there is none. `kind` "" = any.

        `computed` are hashes of models by path, for those whose files tell none.
        """
        place = name, kind
        if place not in self._found:
            self._found[place] = self._look_up(name, kind)
        found = self._found[place]
        if found is None and computed and (digits := hash_in(name)):
            return self._by_computed(digits, kind, computed)
        return found

    def _look_up(self, name: str, kind: str) -> ModelEntry | None:
        digits = hash_in(name)
        way = re.split(r"[/\\]", _HASH.sub("", name))
        stem = _without_ending(way[-1].strip())
        folded = _folded(stem)
        for same in (self._plain.get(stem, ()), self._folded.get(folded, ()) if folded else ()):
            found = [one for one in same if is_kind(one.kind, kind)]
            if found:
                return max(found, key=lambda one: (_shared(one, way), _tells_hash(one, digits), bool(one.name)))
        if digits:
            told = (one for one in self._entries if is_kind(one.kind, kind) and _tells_hash(one, digits))
            return next(told, None)
        return next((one for one in self._entries if kind == one.kind == "lora" and _is_called(one, stem)), None)

    def _by_computed(self, digits: str, kind: str, computed: Mapping[str, Hashes]) -> ModelEntry | None:
        path = next((path for path, one in computed.items() if has_hash(one, digits)), "")
        if not path:
            return None
        folder, name = os.path.split(path)
        same = (one for one in self._entries if one.folder == folder and one.key == name)
        return next((one for one in same if is_kind(one.kind, kind)), None)


def hash_in(name: str) -> str:
    """The hash in brackets behind a name, lower case; "" when there is none."""
    mark = _HASH.search(name)
    return mark.group(1).lower() if mark else ""


def has_hash(hashes: Hashes, digits: str) -> bool:
    """Whether one of the hashes begins with these digits (not ""). The hash of empty data never matches."""
    known = (hashes.sha256, hashes.autov2, hashes.autov1, hashes.autov3)
    return not digits.startswith(_OF_NOTHING) and any(one.startswith(digits) for one in known)


def _without_ending(name: str) -> str:
    return next((name[: -len(suffix)] for suffix in MODEL_SUFFIXES if name.lower().endswith(suffix)), name)


# Asked for every model at every change of the library.
@lru_cache(maxsize=1 << 16)
def _folded(stem: str) -> str:
    return _MARKS.sub("", stem.casefold())


def _shared(entry: ModelEntry, way: list[str]) -> int:
    """How many of the folders in a name are those the file lies in."""
    theirs = re.split(r"[/\\]", entry.folder)[::-1]
    count = 0
    for mine, their in zip(way[-2::-1], theirs, strict=False):
        if mine.casefold() != their.casefold():
            break
        count += 1
    return count


def _tells_hash(entry: ModelEntry, digits: str) -> bool:
    # Readings are kept encoded. Looking for the bytes first spares decoding thousands of them.
    if not digits or not any(digits.encode() in one.reading for one in entry.files):
        return False
    return any(has_hash(one.hashes, digits) for one in readings_of(entry))


def _is_called(entry: ModelEntry, name: str) -> bool:
    return any(name.encode() in one.reading for one in entry.files) and any(
        name in one.names for one in readings_of(entry)
    )
