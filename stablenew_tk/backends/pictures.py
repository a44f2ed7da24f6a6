"""Checks pictures that came from an engine: whole, undamaged, of a kind that is expected. Adds text to a PNG."""

from __future__ import annotations

import io
import struct
import zlib

from msgspec import Struct
from PIL import Image

from ..domain.base.errors import BadImage
from ..domain.base.pixels import pixel_digest
from ..domain.config.pipeline_config import stage_spec
from .base import StageOrder

_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
_PNG = b"\x89PNG\r\n\x1a\n"
# What an engine may answer at any rate, however small the picture is that was asked for.
_LEAST_PIXELS, _LEAST_BYTES = 8_000_000, 16 << 20
_LARGEST_PIXELS = 100_000_000
_BASE64_OF_PIXEL = 6  # bytes: red, green, blue and alpha that cannot be packed
_USER_COMMENT = 0x9286
_EXIF_PART = 0x8769


class DecodedPicture(Struct, frozen=True):
    """One decoded picture, with what the checks need. `graph` is the text in which ComfyUI says what it ran, or "".
    `pixels` is the digest of its pixels, "" for a picture with a palette.
    """

    data: bytes
    suffix: str
    size: tuple[int, int]
    black: bool
    text: str
    graph: str = ""
    pixels: str = ""


def open_picture(data: bytes, *, most_pixels: int = 0) -> DecodedPicture:
    """Check that the bytes are one whole PNG, JPEG or WEBP. The type is read from the first bytes, never from options.

    One of more than `most_pixels` (0 = no matter) is refused before it is decoded. Raises BadImage: Pillow alone would
    accept a PNG that lacks its end or has a changed byte in its pixels.
    """
    try:
        if most_pixels:
            with Image.open(io.BytesIO(data), formats=tuple(_SUFFIXES)) as image:
                width, height = image.size
            if width * height > most_pixels:
                raise BadImage(
                    f"A picture came with {width} × {height} pixels, many times more than asked for. It was not saved."
                )
        if data.startswith(_PNG):
            _walk_png(data)
        else:
            with Image.open(io.BytesIO(data), formats=tuple(_SUFFIXES)) as probe:
                probe.verify()
        with Image.open(io.BytesIO(data), formats=tuple(_SUFFIXES)) as image:
            image.load()
            black = not (image if image.mode == "RGB" else image.convert("RGB")).getbbox()
            graph = image.info.get("prompt")
            suffix = _SUFFIXES[image.format or ""]
            said = graph if isinstance(graph, str) else ""
            return DecodedPicture(data, suffix, image.size, black, _text(image), said, _digest(image))
    except (OSError, SyntaxError, ValueError, KeyError, IndexError, EOFError, struct.error, zlib.error) as err:
        raise BadImage(f"A picture came damaged ({len(data)} bytes, {type(err).__name__}). It was not saved.") from err
    except Image.DecompressionBombError as err:
        raise BadImage("A picture is larger than 178 megapixels. It was not saved.") from err


def _digest(image: Image.Image) -> str:
    if image.mode == "P":
        return ""
    width, height = image.size
    return pixel_digest(image.mode, width, height, lambda top, end: image.crop((0, top, width, end)).tobytes())


def most_pixels(order: StageOrder) -> int:
    """How many pixels a picture of a stage may have: four times as many as asked for, at least eight megapixels.

    A workflow may enlarge as it likes.
    """
    return _LARGEST_PIXELS if order.config.workflow else max(_LEAST_PIXELS, 4 * _pixels_asked(order))


def most_bytes(order: StageOrder) -> int:
    """How many bytes the answer with all pictures of a stage may have, as JSON with base64.

    Enough for what was asked for, a grid of it, and the maps of ControlNet, even where nothing of it can be packed.
    """
    count = order.config.txt2img.batch_size if order.stage == "txt2img" else 1
    if order.config.workflow:
        return _BASE64_OF_PIXEL * _LARGEST_PIXELS
    return _LEAST_BYTES + _BASE64_OF_PIXEL * _pixels_asked(order) * (2 * count + len(order.units))


def _pixels_asked(order: StageOrder) -> int:
    config = order.config
    width, height = image_size(order.image) if order.image else (config.txt2img.width, config.txt2img.height)
    scale = stage_spec(order.stage).scale(config)
    return round(width * scale) * round(height * scale)


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height of a picture. Raises BadImage when it cannot be decoded."""
    try:
        with Image.open(io.BytesIO(data), formats=tuple(_SUFFIXES)) as image:
            return image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as err:
        raise BadImage(f"The picture to start from cannot be read ({type(err).__name__}).") from err


def _walk_png(data: bytes) -> None:
    at = len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if end > len(data) or zlib.crc32(data[at + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            break
        if data[at + 4 : at + 8] == b"IEND":
            if end == len(data):
                return
            break
        at = end
    raise BadImage(f"A picture came cut or damaged ({len(data)} bytes). It was not saved.")


def _text(image: Image.Image) -> str:
    """The generation text inside a picture: PNG chunk, or EXIF comment in JPEG and WEBP."""
    chunk = image.info.get("parameters")
    if isinstance(chunk, str):
        return chunk
    comment = image.getexif().get_ifd(_EXIF_PART).get(_USER_COMMENT)
    if isinstance(comment, bytes) and comment.startswith(b"UNICODE\0"):
        return comment[8:].decode("utf-16-be", "replace")
    return ""


def pixels_of(data: bytes) -> bytes:
    """The decoded RGB bytes: two pictures that look the same have the same. The data was checked before."""
    with Image.open(io.BytesIO(data), formats=tuple(_SUFFIXES)) as image:
        return image.convert("RGB").tobytes()


def with_generation_text(data: bytes, text: str) -> bytes:
    """The same PNG with a "parameters" chunk more; everything else stays byte for byte. Other kinds come back as is."""
    if not data.startswith(_PNG) or not text:
        return data
    try:
        kind, body = b"tEXt", b"parameters\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        kind, body = b"iTXt", b"parameters\0\0\0\0\0" + text.encode("utf-8", "replace")
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    after_header = len(_PNG) + 25
    return data[:after_header] + chunk + data[after_header:]
