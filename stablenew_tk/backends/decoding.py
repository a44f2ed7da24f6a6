"""Reads data as a type, on any number of threads at once.

msgspec looks at a type when it is first decoded. Two threads that do this at the same time end the whole program: one
meets what the other has half written (msgspec 0.22, a segmentation fault). Here it looks at one type after the other.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_one_at_a_time = threading.Lock()


def json_as(data: bytes | bytearray | str, kind: type[T], *, strict: bool = True) -> T:
    """JSON as a type. Raises MsgspecError, and ValueError or RecursionError as msgspec does."""
    read: T = _json(_key(kind), strict).decode(data)
    return read


def msgpack_as(data: bytes, kind: type[T]) -> T:
    """MessagePack as a type. Raises MsgspecError, and ValueError or RecursionError as msgspec does."""
    read: T = _msgpack(_key(kind)).decode(data)
    return read


def plain_as(value: object, kind: type[T]) -> T:
    """Lists, dicts and plain values as a type. Raises ValidationError."""
    _json(_key(kind), True)  # from now on the type is known
    return msgspec.convert(value, kind)


def _key(kind: object) -> Hashable:
    return kind  # mypy takes an object for one, but no type


@cache
def _json(kind: object, strict: bool) -> msgspec.json.Decoder[Any]:
    with _one_at_a_time:
        return msgspec.json.Decoder(kind, strict=strict)


@cache
def _msgpack(kind: object) -> msgspec.msgpack.Decoder[Any]:
    with _one_at_a_time:
        return msgspec.msgpack.Decoder(kind)
