"""The settings file beside a pack, NAME.pack.json: read leniently, written without changing any other byte."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.errors import InvalidInput, Unreadable
from ...domain.config.lenient_reader import Problems, read_object
from ...domain.prompts.settings import PackSettings, Randomizer
from ...domain.prompts.settings_reader import ITEMS, KIND, VERSION, item_type, read_settings
from ..disk.files import is_there, read_bounded, write_atomic
from ..disk.json_edit import elements, members, relisted, replaced, value_text, without

SUFFIX = ".pack.json"
SIZE_LIMIT = 4 * 1024 * 1024
_BOM = "\ufeff"


class Sidecar(Struct, frozen=True):
    """The settings file of a pack: the fields of PackSettings that it has, and notices about mistakes in it."""

    values: Mapping[str, Any] = {}
    notices: tuple[str, ...] = ()
    exists: bool = False

    def over(self, settings: PackSettings) -> PackSettings:
        """These settings with the file's values in place of theirs."""
        return replace(settings, **self.values)


def sidecar_path(pack: Path) -> Path:
    """The path of the settings file of a pack."""
    return pack.with_name(pack.stem + SUFFIX)


def read_sidecar(pack: Path) -> Sidecar:
    """Read the settings file of a pack. Never raises: a damaged file has no values and a notice."""
    path = sidecar_path(pack)
    if not is_there(path):
        return Sidecar()
    problems = Problems(path.name)
    try:
        fields = read_object(read_bounded(path, SIZE_LIMIT, within=path.parent), problems)
    except Unreadable as error:
        return Sidecar(notices=(str(error),), exists=True)
    values = read_settings(fields) if fields is not None else {}
    return Sidecar(values, problems.sentences(), exists=True)


def write_sidecar(pack: Path, settings: PackSettings, imported: PackSettings) -> None:
    """Write what differs from the file, or from `imported` for fields that the file does not have.

    Unknown keys and unchanged values keep every byte. Raises InvalidInput when the file is damaged or a link, or when
    a value would not be read back; NotSaved. Then the file is as before.
    """
    path = sidecar_path(pack)
    before = _present(path)
    text = before if before is not None else f'{{\n  "kind": "{KIND}",\n  "version": {VERSION}\n}}\n'
    bare = text.removeprefix(_BOM)
    values = _fields_of(bare)
    try:
        changed = replaced(bare, _changes(bare, values, settings, imported))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path.name} has a part that cannot be rewritten. Simplify it by hand first.") from error
    try:
        data = (text[: len(text) - len(bare)] + changed).encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{path.name} was not saved: the settings hold a sign that is no text.") from error
    if replace(imported, **_fields_of(changed)) != settings:
        problems = _problems(changed, path.name)
        raise InvalidInput(f"{problems[0] if problems else f'{path.name} would not be read back.'} Nothing was saved.")
    if changed != bare:
        write_atomic(path, data)


def _present(path: Path) -> str | None:
    if os.path.islink(path):  # noqa: PTH114 (Path raises for a name that is too long)
        raise InvalidInput(f"{path.name} is a link; it is not written through. Replace it by the file.", str(path))
    if not is_there(path):
        return None
    problems = Problems(path.name)
    try:
        data = read_bounded(path, SIZE_LIMIT)
    except Unreadable as error:
        raise InvalidInput(f"{error} So it was not written either.", str(path)) from error
    if read_object(data, problems) is None:
        raise InvalidInput(f"{problems.sentences()[0]} Until then it is not overwritten.", str(path))
    return data.decode("utf-8")


def _fields_of(text: str) -> dict[str, Any]:
    fields = read_object(text.encode("utf-8"), Problems(""))
    return read_settings(fields) if fields is not None else {}


def _problems(text: str, name: str) -> tuple[str, ...]:
    problems = Problems(name)
    if (fields := read_object(text.encode("utf-8"), problems)) is not None:
        read_settings(fields)
    return problems.sentences()


# ---- the texts of changed values


def _changes(text: str, values: Mapping[str, Any], new: PackSettings, imported: PackSettings) -> dict[str, str]:
    changes: dict[str, str] = {}
    for name in PackSettings.__struct_fields__:
        wanted, there = getattr(new, name), value_text(text, name)
        if name not in values or there is None:
            if wanted != getattr(imported, name):
                changes[name] = _dumped(wanted)
        elif wanted != values[name]:
            changes[name] = _value(there, values[name], wanted)
    return changes


def _value(text: str, old: Any, new: Any) -> str:
    if isinstance(new, Randomizer):
        return _randomizer(text, old, new)
    return _mapping(text, old, new) if isinstance(new, Mapping) else _dumped(new)


def _randomizer(text: str, old: Randomizer, new: Randomizer) -> str:
    changes: dict[str, str] = {}
    for name in Randomizer.__struct_fields__:
        before, wanted, there = getattr(old, name), getattr(new, name), value_text(text, name)
        if before == wanted:
            continue
        if name in ITEMS and there is not None and there.startswith("["):
            changes[name] = _list(there, name, wanted)
        elif name == "wildcards" and there is not None and there.startswith("{"):
            changes[name] = _mapping(there, before, wanted)
        else:
            changes[name] = _dumped(wanted)
    return replaced(text, changes)


def _mapping(text: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    kept = without(text, old.keys() - new.keys())
    return replaced(
        kept, {key: _dumped(value) for key, value in new.items() if old.get(key) != value or key not in old}
    )


def _list(text: str, name: str, new: tuple[Struct, ...]) -> str:
    """The text of a list: unchanged items and those that cannot be read keep their text."""
    texts = dict(enumerate(elements(text)))
    known = {place: item for place, one in texts.items() if (item := _item(name, one)) is not None}
    wanted = []
    for item in new:
        same = [place for place, other in known.items() if other == item]
        named = [place for place, other in known.items() if _key(other) == _key(item)]
        if not (same or named):
            wanted.append(_dumped(item))
            continue
        place = (same or named)[0]
        wanted.append(_object(texts.pop(place), known.pop(place), item))
    unread = [one for place, one in texts.items() if place not in known]
    return relisted(text, wanted + unread)


def _item(name: str, text: str) -> Struct | None:
    try:
        item: Struct = msgspec.json.decode(text, type=item_type(name))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return item


def _key(item: Struct) -> object:
    return getattr(item, item.__struct_fields__[0])


def _object(text: str, old: Struct, new: Struct) -> str:
    before, after = _document(old), _document(new)
    kept = without(text, before.keys() - after.keys())
    there = members(kept)
    changed = {key: one for key, one in after.items() if before.get(key) != one or key not in there}
    return replaced(kept, {key: _dumped(one) for key, one in changed.items()}) if old != new else text


def _document(value: Struct) -> dict[str, Any]:
    """The fields that differ from their default or have none."""
    if isinstance(value, Randomizer):
        usual = {name: getattr(Randomizer(), name) for name in value.__struct_fields__}
    else:
        usual = dict(zip(value.__struct_fields__[::-1], value.__struct_defaults__[::-1], strict=False))
    values = {name: getattr(value, name) for name in value.__struct_fields__}
    return {name: _plain(one) for name, one in values.items() if name not in usual or one != usual[name]}


def _plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return _document(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _dumped(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)
