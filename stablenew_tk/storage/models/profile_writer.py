"""Writes our own sidecars, NAME.modelprofile.json and NAME.loraprofile.json. Only changed values change in the file.

No other file is ever written, and every write can be undone.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from msgspec import Struct

from ...domain.base.errors import InvalidInput, NotSaved, Unreadable
from ...domain.config.lenient_reader import Fields, Problems, read_object
from ...domain.models.profile import LORA_PROFILE, MODEL_PROFILE, VERSION, LoraProfile, ModelProfile
from ..disk.files import is_link, is_there, read_bounded, remove, write_atomic
from ..disk.json_edit import elements, members, relisted, replaced, value_text
from . import profile_reader as profiles

SIZE_LIMIT = 1024 * 1024
MODEL_SUFFIX, LORA_SUFFIX = ".modelprofile.json", ".loraprofile.json"
_BOM = "\ufeff"
_Profile = ModelProfile | LoraProfile
# Only evidence needs them; a person's preset is not cluttered with empty ones.
_LEFT_OUT_WHEN_EMPTY = ("values", "ratings", "date", "plan_id", "newest_run", "counted")


class Written(Struct, frozen=True):
    """One write, for undo: the bytes of the file before (None = there was no file) and after."""

    path: Path
    before: bytes | None
    after: bytes


def profile_path(model: Path, profile: ModelProfile | LoraProfile) -> Path:
    """The path of the profile of a model file."""
    suffix = MODEL_SUFFIX if isinstance(profile, ModelProfile) else LORA_SUFFIX
    return model.with_name(model.stem + suffix)


def save_profile(path: Path, profile: ModelProfile | LoraProfile) -> Written:
    """Write a profile; it is on disk on return. Unknown keys and unchanged values keep every byte.

    Raises InvalidInput when the profile holds a value that would not be read back, or the file there is damaged, a link
    or not ours; NotSaved when the disk refuses. Then the file is as before.
    """
    suffix = MODEL_SUFFIX if isinstance(profile, ModelProfile) else LORA_SUFFIX
    if not path.name.lower().endswith(suffix):
        raise InvalidInput(f"{path.name} is not ours to write. A profile is called NAME{suffix}.", str(path))
    before = _present(path)
    text = _fresh(profile) if before is None else _changed(before.decode("utf-8"), profile, path.name)
    _check(text, profile, path.name)
    after = text.encode("utf-8")
    if after != before:
        write_atomic(path, after)
    return Written(path, before, after)


def take_back(written: Written) -> None:
    """Undo a write. Raises NotSaved when another program changed the file since."""
    if _present(written.path) != written.after:
        raise NotSaved(f"{written.path.name} was changed in the meantime, so the change before it was not taken back.")
    if written.before is not None:
        write_atomic(written.path, written.before)
        return
    try:
        remove(written.path)
    except OSError as error:
        raise NotSaved(f"{written.path.name} could not be removed: {error.strerror}. Delete it by hand.") from error


def _present(path: Path) -> bytes | None:
    if is_link(path):
        raise InvalidInput(f"{path.name} is a link; it is not written through. Replace it by the file.", str(path))
    if not is_there(path):
        return None
    try:
        data = read_bounded(path, SIZE_LIMIT)
    except Unreadable as error:
        raise InvalidInput(f"{error} So it was not written either.", str(path)) from error
    problems = Problems(path.name)
    if read_object(data, problems) is None:
        raise InvalidInput(f"{problems.sentences()[0]} Until then it is not overwritten.", str(path))
    return data


def _read(text: str, like: _Profile, problems: Problems) -> _Profile:
    fields = read_object(text.encode("utf-8"), problems) or Fields({}, problems)
    if isinstance(like, ModelProfile):
        return profiles.model_profile(fields)
    return profiles.lora_profile(fields)


def _check(text: str, profile: ModelProfile | LoraProfile, name: str) -> None:
    back = _read(text, profile, problems := Problems(name))
    wrong = [field for field in profile.__struct_fields__ if getattr(back, field) != getattr(profile, field)]
    if wrong:
        why = next(
            (sentence for sentence in problems.sentences() if f'"{wrong[0]}' in sentence),
            f'{name}: "{wrong[0]}" is wrong.',
        )
        raise InvalidInput(f"{why} Nothing was saved.", wrong[0])


def _fresh(profile: ModelProfile | LoraProfile) -> str:
    kind = MODEL_PROFILE if isinstance(profile, ModelProfile) else LORA_PROFILE
    document: dict[str, object] = {"kind": kind, "version": VERSION}
    for field in profile.__struct_fields__:
        document[field] = _plain(getattr(profile, field))
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _changed(text: str, profile: ModelProfile | LoraProfile, name: str) -> str:
    bare = text.removeprefix(_BOM)
    old = _read(bare, profile, Problems(name))
    try:
        changes = {
            field: _value(field, value_text(bare, field), getattr(old, field), new)
            for field in profile.__struct_fields__
            if (new := getattr(profile, field)) != getattr(old, field)
        }
        return text[: len(text) - len(bare)] + replaced(bare, changes)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{name} has a part that cannot be rewritten. Simplify it by hand first.", name) from error


def _value(field: str, text: str | None, old: object, new: object) -> str:
    if field in profiles.ITEMS and isinstance(new, tuple) and isinstance(old, tuple):
        return _list(field, text, old, new)
    return _object(text, old, new) if isinstance(new, Struct) and isinstance(old, Struct) else _dumped(new)


def _object(text: str | None, old: Struct, new: Struct) -> str:
    """The text of a struct, changed where it differs; the old text's other keys stay."""
    if text is None or not text.startswith("{"):
        return _dumped(new)
    before, after = _document(old), _document(new)
    gone: dict[str, object] = dict.fromkeys(before.keys() - after.keys())
    changes = {key: one for key, one in {**after, **gone}.items() if before.get(key) != one}
    return replaced(text, {key: _part(key, text, old, new, one) for key, one in changes.items()})


def _part(key: str, text: str, old: Struct, new: Struct, document: object) -> str:
    """The text of one field of a struct; a list of structs keeps what did not change in it."""
    if key in profiles.ITEMS:
        return _list(key, value_text(text, key), getattr(old, key), getattr(new, key))
    return _dumped(document)


def _list(field: str, text: str | None, old: tuple[Struct, ...], new: tuple[Struct, ...]) -> str:
    """The text of a list of structs: what did not change keeps its text, and so does what could not be read."""
    texts = dict(enumerate(_elements(text)))
    known = {index: struct for index, one in texts.items() if (struct := _struct(field, one, index)) is not None}
    wanted = []
    for struct in new:
        same = (index for index, one in known.items() if one == struct)
        named = (index for index, one in known.items() if _name(one) == _name(struct))
        index = next(same, None)
        index = next(named, None) if index is None else index
        wanted.append(_dumped(struct) if index is None else _object(texts.pop(index), known.pop(index), struct))
    removed = {index for index, one in known.items() if one in old}
    kept = [one for index, one in texts.items() if index not in removed]
    return relisted(text if text is not None and text.startswith("[") else "[]", wanted + kept)


def _elements(text: str | None) -> list[str]:
    if text is not None and text.startswith("{"):
        # Presets by name, as older files have them; in the list each carries its name itself.
        return [
            one
            if not one.startswith("{") or value_text(one, "id") is not None
            else replaced(one, {"id": _dumped(name)})
            for name, one in members(text).items()
        ]
    return elements(text) if text is not None and text.startswith("[") else []


def _struct(field: str, text: str, index: int) -> Struct | None:
    fields = read_object(text.encode("utf-8"), Problems("")) if text.startswith("{") else None
    return None if fields is None else profiles.ITEMS[field](fields, index + 1)


def _name(struct: Struct) -> tuple[object, ...]:
    document = _document(struct)
    return (
        tuple(document.get(key) for key in ("id", "label", "model", "name"))
        if "id" not in document
        else (document["id"],)
    )


def _document(struct: Struct) -> dict[str, object]:
    document: dict[str, object] = msgspec.to_builtins(struct)
    return {key: one for key, one in document.items() if one or key not in _LEFT_OUT_WHEN_EMPTY}


def _dumped(value: object) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, Struct):
        return _document(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
