"""Reads the header of .safetensors files: metadata, and the table of tensors.

Such a file begins with the length of a JSON text (8 bytes, little-endian), then that text. Other model files (.ckpt,
.pt, .bin) hold programs that run when they are loaded; they are never opened.
"""

from __future__ import annotations

import os

import msgspec
from msgspec import Raw, Struct

from ...domain.base.errors import Unreadable
from ...domain.models.tensor_signs import Tensors
from ..disk.files import opened, read_up_to

HEADER_LIMIT = 16 * 1024 * 1024
_PREFIX = 8
_FIRST = 16 * 1024
_AGAIN = "Download it again."


METADATA = "__metadata__"  # beside the names of tensors


class _Top(Struct, rename={"metadata": METADATA}):
    # Naming only this field lets the decoder skip the table of tensors, which is most of the text.
    metadata: dict[str, Raw] | None = None


_TOP = msgspec.json.Decoder(_Top)
_TABLE: msgspec.json.Decoder[dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw])


def read_header(path: str, name: str) -> bytes:
    """The JSON text of the header, at most 16 MiB. Reads nothing else and never waits on a pipe or a device.

    `name` is for sentences. Raises Unreadable when the file cannot be such a file.
    """

    def read(descriptor: int, size: int) -> bytes:
        if size == 0:
            raise Unreadable(f"{name} is empty. {_AGAIN}")
        # One read is enough for most headers; a second one costs as much as opening the file.
        start = os.read(descriptor, _FIRST)
        length = checked_length(start, size, name)
        if len(start) < _PREFIX + length:
            rest = _PREFIX + length - len(start)
            start += read_up_to(descriptor, rest, first=rest)
        if len(start) < _PREFIX + length:
            raise Unreadable(f"{name} ends inside its header. {_AGAIN}")
        return start[_PREFIX : _PREFIX + length]

    return opened(path, name, read)


def checked_length(start: bytes, size: int, name: str) -> int:
    """The header's length by the first bytes of a file of `size` bytes. Raises Unreadable for an impossible one."""
    if len(start) < _PREFIX + 1:
        raise Unreadable(f"{name} is too short for a .safetensors file. {_AGAIN}")
    length = int.from_bytes(start[:_PREFIX], "little")
    if start.startswith((b"version https://git-lfs", b"<!DOCTYPE", b"<html")):
        raise Unreadable(f"{name} is a web page or a placeholder, not the model. {_AGAIN}")
    if start[_PREFIX : _PREFIX + 1] != b"{":
        raise Unreadable(f"{name} is no .safetensors file. {_AGAIN}")
    if length > size - _PREFIX:
        raise Unreadable(f"{name} says that its header is longer than the file, so it is cut off or damaged. {_AGAIN}")
    if length > HEADER_LIMIT:
        raise Unreadable(f"{name} has a header of more than {HEADER_LIMIT // 1024**2} MiB, which was not read.")
    return length


def parse_header(header: bytes, name: str) -> dict[str, Raw]:
    """The metadata in a header text, undecoded. Raises Unreadable when the text is damaged."""
    try:
        return _TOP.decode(header.decode("utf-8")).metadata or {}
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Unreadable(f"{name} has a damaged header. {_AGAIN}") from error


def table_in(header: str) -> dict[str, Raw]:
    """The tensors of a header text by name, and its METADATA, undecoded. Raises msgspec.DecodeError."""
    return _TABLE.decode(header)


def tensors_in(header: bytes) -> Tensors:
    """The tensors of a header text; none where it is damaged."""
    try:
        return Tensors(table_in(header.decode("utf-8")))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Tensors({})
