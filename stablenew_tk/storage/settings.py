"""Reads and writes the settings file (JSON): backend, folders, appearance, learning mode, tags, the last form.

Invalid values are replaced by their default, one by one. A damaged file is moved aside and the previous version is
used. Notices for the user say so.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from string import ascii_lowercase
from typing import Any, get_type_hints

import msgspec
from msgspec import Struct

from ..domain.base.errors import InvalidInput, NotSaved, StorageError, Unreadable
from ..domain.base.json_text import encodable
from ..domain.config.catalogue import Value, check_value
from ..domain.config.origins import MAX_SEED
from ..domain.config.user_settings import MOST_MACHINES, RESERVED_TAG_KEYS, Machine, Settings, _ShortText, merged
from .disk.files import is_there, make_folder, read_bounded, set_aside, write_atomic
from .disk.process_lock import ProcessLock, holding

SIZE_LIMIT = 1024 * 1024
_PATIENCE_S = 5.0
_LETTERS = frozenset(ascii_lowercase)
# The entries of these are checked one by one, so that one invalid entry does not drop the others.
_READ_LOOSELY: dict[str, Any] = {
    "last_runs": dict[_ShortText, msgspec.Raw],
    "machines": tuple[msgspec.Raw, ...],
}
# One preset was in force in older versions.
_ONE_PRESET = "preset"


class LoadedSettings(Struct, frozen=True):
    """The settings, and sentences about what could not be used."""

    settings: Settings
    notices: tuple[str, ...] = ()


def load_settings(path: Path) -> LoadedSettings:
    """Read the settings, field by field. A missing file means defaults; a damaged one is moved to `*.broken-<date>`.

    Never raises: a file that may not be read is left alone, and the notice says so.
    """
    try:
        return _checked(_fields(read_bounded(path, SIZE_LIMIT)))
    except msgspec.MsgspecError as damage:
        return _recovered(path, damage)
    except Unreadable as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return LoadedSettings(Settings())
        if isinstance(error.__cause__, OSError):
            return LoadedSettings(Settings(), (f"{error} Defaults are used, and nothing can be saved.",))
        return _recovered(path, error)


def settings_now(path: Path) -> Settings | None:
    """The settings in the file, which is left as it is; None where it is missing or cannot be read."""
    try:
        return _checked(_fields(read_bounded(path, SIZE_LIMIT))).settings
    except (msgspec.MsgspecError, Unreadable):
        return None


def _fields(data: bytes) -> dict[str, msgspec.Raw]:
    # Editors on Windows add a BOM. Decoding all of it first finds bad bytes in fields that are not ours, too.
    try:
        text = data.decode("utf-8-sig")
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error


def _checked(fields: dict[str, msgspec.Raw]) -> LoadedSettings:
    good: dict[str, Any] = {}
    notices: list[str] = []
    for name, kind in _field_types().items():
        if name not in fields:
            continue
        try:
            good[name] = msgspec.json.decode(fields[name], type=_READ_LOOSELY.get(name, kind))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            notices.append(f"Setting {name} was set to its default, because its saved value cannot be used: {error}.")
    _without_zero_bytes(good, notices)
    if good.get("seed", 0) > MAX_SEED:
        # msgspec knows no bound beyond 63 bits.
        notices.append(f"Setting seed was set to its default, because no engine takes more than {MAX_SEED}.")
        del good["seed"]
    if "presets" not in fields and _ONE_PRESET in fields:
        with contextlib.suppress(msgspec.MsgspecError):
            good["presets"] = tuple(filter(None, (msgspec.json.decode(fields[_ONE_PRESET], type=_ShortText),)))
    if "tags" in good:
        good["tags"] = _usable_tags(good["tags"], notices)
    if "values" in good:
        good["values"] = _usable_values(good["values"], notices)
    if "last_runs" in good:
        good["last_runs"] = _usable_runs(good["last_runs"], notices)
    if "machines" in good:
        good["machines"] = _usable_machines(good["machines"], notices)
    return LoadedSettings(Settings(**good), tuple(notices))


def _without_zero_bytes(values: dict[str, Any], notices: list[str]) -> None:
    """Drop texts that no path, address or command can have; of several only these."""
    for name, value in list(values.items()):
        if isinstance(value, str) and "\0" in value:
            del values[name]
        elif isinstance(value, tuple) and any(isinstance(one, str) and "\0" in one for one in value):
            values[name] = tuple(one for one in value if not (isinstance(one, str) and "\0" in one))
        else:
            continue
        notices.append(f"Setting {name} has a zero byte in it, which no path and no name can have. It was left out.")


def _field_types() -> dict[str, Any]:
    return get_type_hints(Settings, include_extras=True)


def _usable_tags(tags: tuple[tuple[str, str], ...], notices: list[str]) -> tuple[tuple[str, str], ...]:
    """The tags, each with a key of its own: one whose key is taken gets another, because its words are the user's."""
    own = {key.lower() for key, _ in tags} - set(RESERVED_TAG_KEYS)
    kept: dict[str, str] = {}
    for key, words in tags:
        low = key.lower()
        if low not in RESERVED_TAG_KEYS and low not in kept:
            kept[low] = words
            continue
        why = "already has another meaning" if low in RESERVED_TAG_KEYS else "is used twice"
        taken = own.union(RESERVED_TAG_KEYS, kept)
        free = next((letter for letter in words.lower() + ascii_lowercase if letter in _LETTERS - taken), "")
        if free:
            kept[free] = words
            notices.append(f"The tag {words!r} has the key {free.upper()} now, because {key.upper()} {why}.")
        else:
            notices.append(f"The tag {words!r} was left out: its key {key.upper()} {why}, and no other one is free.")
    return tuple(kept.items())


def _usable_machines(machines: tuple[msgspec.Raw, ...], notices: list[str]) -> tuple[Machine, ...]:
    kept: list[Machine] = []
    for raw in machines[:MOST_MACHINES]:
        try:
            kept.append(msgspec.json.decode(raw, type=Machine))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            notices.append(f"A machine was left out, because it cannot be used: {error}. Add it again under Nodes.")
    return tuple(kept)


def _usable_values(values: dict[str, Value], notices: list[str]) -> dict[str, Value]:
    kept: dict[str, Value] = {}
    for path, value in values.items():
        try:
            kept[path] = check_value(path, value)
        except InvalidInput as error:
            notices.append(f"A remembered form value was left out. {error}")
    return kept


def _usable_runs(runs: dict[str, msgspec.Raw], notices: list[str]) -> dict[str, dict[str, Value]]:
    kept: dict[str, dict[str, Value]] = {}
    for context, raw in runs.items():
        try:
            kept[context] = _usable_values(msgspec.json.decode(raw, type=dict[str, Value]), notices)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            pack = context.partition("\n")[0]
            notices.append(f"The last run of the pack {pack!r} was left out, because it cannot be used: {error}.")
    return kept


def _recovered(path: Path, damage: Exception) -> LoadedSettings:
    try:
        aside = set_aside(path)
    except OSError as error:
        return LoadedSettings(
            Settings(), (f"{path} is damaged ({damage}) and cannot be moved aside: {error}. Defaults are used.",)
        )
    moved = f"The settings file was damaged ({damage}); it was kept as {aside.name}."
    try:
        data = read_bounded(_backup(path), SIZE_LIMIT)
        loaded = _checked(_fields(data))
    except (StorageError, msgspec.MsgspecError):
        return LoadedSettings(Settings(), (f"{moved} Defaults are used.",))
    # Put back at once: the next start must find these, even if nothing is saved until then. Failing costs nothing.
    with contextlib.suppress(NotSaved):
        _write_private(path, data)
    return LoadedSettings(loaded.settings, (f"{moved} The previous version is used.", *loaded.notices))


def _backup(path: Path) -> Path:
    return path.with_name(path.name + ".bak")


def save_settings(path: Path, settings: Settings, before: Settings | None = None) -> Settings:
    """Write all settings, and return what stands in the file then: what others have changed there since it was as
    `before` stays, and so do keys of other versions. The previous version is kept as `.bak`.

    Raises NotSaved; the file is then as before.
    """
    try:
        make_folder(path.parent)
    except OSError as error:
        raise NotSaved(f"The settings folder {path.parent} cannot be made: {error.strerror}.") from error
    with contextlib.ExitStack() as held:
        # Where nothing can be locked, writing says what is wrong.
        with contextlib.suppress(OSError, NotImplementedError):
            held.enter_context(holding(ProcessLock(path.with_suffix(".lock")), timeout_s=_PATIENCE_S))
        theirs = settings_now(path) if before is not None else None
        whole = merged(before, settings, theirs) if before is not None and theirs is not None else settings
        _write(path, whole)
        return whole


def _write(path: Path, settings: Settings) -> None:
    kept: dict[str, msgspec.Raw] = {}
    try:
        before = read_bounded(path, SIZE_LIMIT)
        kept = {name: raw for name, raw in _fields(before).items() if name not in (*_field_types(), _ONE_PRESET)}
        _write_private(_backup(path), before)
    except msgspec.MsgspecError:
        pass  # damaged: nothing to keep, and a good .bak must not be replaced by it
    except Unreadable as error:
        if is_there(path) and isinstance(error.__cause__, OSError):
            raise NotSaved(f"{error} It is left as it is; allow access to it or remove it.") from error
    document = {**_encodable(settings), **kept}
    _write_private(path, msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def _encodable(settings: Settings) -> dict[str, Any]:
    # A folder whose name is no text must not keep everything else from being saved.
    return msgspec.convert(encodable(msgspec.to_builtins(settings)), dict[str, Any])


def _write_private(path: Path, data: bytes) -> None:
    write_atomic(path, data, mode=0o600)  # a password may be inside
