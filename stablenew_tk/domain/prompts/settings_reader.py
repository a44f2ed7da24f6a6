"""Reads a pack's settings leniently: a bad field is left out with one sentence, the others count."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import Struct

from ..base.errors import InvalidInput
from ..config.catalogue import Value, catalogue, check_value
from ..config.lenient_reader import Fields, number_in, shown
from ..config.origins import MAX_SEED
from .settings import PackSettings, Randomizer

KIND, VERSION = "pack_settings", 1
# Lists whose items are read one by one.
ITEMS = ("slots", "rules", "axes", "loras", "styles")


def read_settings(fields: Fields) -> dict[str, Any]:
    """The fields of `PackSettings` that are present and valid. The others are reported to the fields' problems."""
    _check_kind(fields)
    result: dict[str, Any] = {}
    for name, kind in hints(PackSettings).items():
        if name == "values" and _is_object(fields, name):
            result[name] = _values(fields.inner(name))
        elif name == "randomizer" and _is_object(fields, name):
            result[name] = Randomizer(**read_randomizer(fields.inner(name)))
        elif name not in ("values", "randomizer"):
            _put(result, fields, name, kind)
    return result


def read_randomizer(fields: Fields) -> dict[str, Any]:
    """The fields of `Randomizer` that are present and valid."""
    result: dict[str, Any] = {}
    for name, kind in hints(Randomizer).items():
        if name in ITEMS:
            _put_items(result, fields, name, get_args(kind)[0])
        elif name == "wildcards":
            _put_lists(result, fields, name)
        else:
            _put(result, fields, name, kind)
    if result.get("fixed_seed", 0) > MAX_SEED:
        # msgspec knows no bound beyond 63 bits.
        fields.refuse("fixed_seed", f"is {result.pop('fixed_seed')}, beyond {MAX_SEED}, and was left out. Correct it.")
    return result


@cache
def hints(struct: type[Struct]) -> Mapping[str, Any]:
    """The fields of a struct with their types."""
    return get_type_hints(struct, include_extras=True)


@cache
def item_type(name: str) -> Any:
    """The type of the items of a list of the randomizer."""
    return get_args(hints(Randomizer)[name])[0]


def usable_value(path: str, value: object) -> Value | None:
    """A valid value for a parameter, also from a number written as text; None for anything else."""
    spec = catalogue().get(path)
    if spec is None:
        return None
    number = number_in(value) if spec.kind in ("int", "float") else None
    try:
        return check_value(path, value if number is None else number)  # type: ignore[arg-type]  # it checks any value
    except InvalidInput:
        return None


def _check_kind(fields: Fields) -> None:
    kind = fields.text("kind")
    if kind and kind != KIND:
        fields.refuse("kind", f'is "{kind[:40]}" although the file is named as settings of a pack. Correct it.')
    version = number_in(fields.value("version"))
    if version is not None and version > VERSION:
        fields.refuse("version", f"is {shown(version)}; this program knows {VERSION} and reads what it understands.")


def _is_object(fields: Fields, name: str) -> bool:
    value = fields.value(name)
    if value is not None and not isinstance(value, dict):
        fields.refuse(name, f"is {shown(value)}, not an object {{…}}, and was left out. Correct it.")
    return isinstance(value, dict)


def _values(fields: Fields) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for path in fields.names():
        value = fields.value(path)
        usable = usable_value(path, value)
        if path not in catalogue():
            fields.refuse(path, "is no setting of this program and was left out. Correct its name.")
        elif usable is not None:
            found[path] = usable
        elif value is not None:
            fields.refuse(path, f"is {shown(value)}, which it cannot be, and was left out. Correct it.")
    return found


def _put(result: dict[str, Any], fields: Fields, name: str, kind: Any) -> None:
    value = fields.value(name)
    if value is None:
        return
    try:
        result[name] = msgspec.convert(value, kind)
    except msgspec.ValidationError:
        fields.refuse(name, f"is {shown(value)}, which it cannot be, and was left out. Correct it.")


def _put_items(result: dict[str, Any], fields: Fields, name: str, kind: Any) -> None:
    listed = fields.value(name)
    if listed is None:
        return
    if not isinstance(listed, list):
        fields.refuse(name, f"is {shown(listed)}, not a list […], and was left out. Correct it.")
        return
    found = []
    for number, item in enumerate(listed, start=1):
        try:
            found.append(msgspec.convert(item, kind))
        except msgspec.ValidationError as error:
            fields.refuse(name, f"number {number} cannot be used and was left out ({error}). Correct it.")
    result[name] = tuple(found)


def _put_lists(result: dict[str, Any], fields: Fields, name: str) -> None:
    if not _is_object(fields, name):
        return
    inner = fields.inner(name)
    found: dict[str, Any] = {}
    kind = get_args(hints(Randomizer)[name])[1]
    for key in inner.names():
        _put(found, inner, key, kind)
    result[name] = found
