"""JSON of values whose texts may hold bytes of a file name that are no text."""

from __future__ import annotations

import msgspec


def json_bytes(value: object) -> bytes:
    """The value as JSON. Characters that UTF-8 cannot encode are written out, such as \\udce9."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(encodable(msgspec.to_builtins(value)))


def encodable(value: object) -> object:
    """The same lists, objects and texts with characters that UTF-8 cannot encode written out, such as \\udce9."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encodable(item) for item in value]
    return value
