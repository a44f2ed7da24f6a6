"""Reads generation metadata (prompt, settings, workflow) from picture files: PNG chunks, EXIF, comments, stealth alpha.

Of XMP only the comment is read, because tools store only ratings and titles elsewhere in it.
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import iTXt

from ...domain.base.errors import InvalidInput, Unreadable
from ...domain.recipes.reader import recipe_from
from ...domain.recipes.recipe import Recipe
from ..disk.files import read_bounded
from .images import DAMAGE, FILE_LIMIT, opened, reason

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF")
TEXT_LIMIT = 4 * 1024 * 1024
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_NAMED_TAGS = {0x010E: "ImageDescription", 0x0131: "Software", 0x9C9C: "XPComment"}
# ComfyUI's WebP: the tags from Model downwards hold "prompt:{…}", "workflow:{…}".
_COMFY_TAGS = range(0x0100, 0x0111)
_KEYED = re.compile(r"(prompt|workflow|parameters): ?", re.IGNORECASE)
_PNG = b"\x89PNG\r\n\x1a\n"
_XMP_COMMENT = "<exif:UserComment"
_XML_TAG = re.compile(r"<[^<>]*>")
_CODES = {
    b"UNICODE\0": ("utf-16-be", "utf-16-le", "utf-8"),
    b"ASCII\0\0\0": ("utf-8",),
    b"JIS\0\0\0\0\0": ("iso2022_jp",),
    b"\0" * 8: ("utf-8",),
}
# The lowest bit of each pixel's opacity, column after column: this word, the length in bits, the text.
_STEALTH = {b"stealth_pnginfo": False, b"stealth_pngcomp": True}
_STEALTH_HEAD = 15 + 4
_LOWEST_BITS = bytes(ord("0") + value % 2 for value in range(256))


def read_recipe(path: Path) -> Recipe:
    """Prompt and settings stored in a picture file. Raises Unreadable when it is no picture, or a broken one without
    any text, InvalidInput when it contains no known metadata.
    """
    data = read_bounded(path, FILE_LIMIT)
    texts, damage, size = _texts(data, path)
    try:
        return _recipe(data, texts, size)
    except InvalidInput as error:
        if damage:
            raise Unreadable(f"{path.name} cannot be read: {damage}.") from error
        raise InvalidInput(f"{path.name}: {error}", str(path)) from error


def _recipe(data: bytes, texts: dict[str, str], size: tuple[int, int]) -> Recipe:
    try:
        return recipe_from(texts, size)
    except InvalidInput:
        if hidden := _hidden(data):
            return recipe_from({**texts, "stealth": hidden}, size)
        raise


def read_texts(path: Path) -> dict[str, str]:
    """All texts in a picture file by the name of their chunk or tag. Raises Unreadable."""
    texts, damage, _ = _texts(read_bounded(path, FILE_LIMIT), path)
    if damage and not texts:
        raise Unreadable(f"{path.name} cannot be read: {damage}.")
    return texts


def _texts(data: bytes, path: Path) -> tuple[dict[str, str], str, tuple[int, int]]:
    """The texts, a description of the damage or "": texts before the damage can be used; and the size in px."""
    texts: dict[str, str] = {}
    try:
        image = opened(data, FORMATS)
    except DAMAGE as error:
        raise Unreadable(f"{path.name} cannot be read: {reason(error, FORMATS)}.") from error
    with image:
        damage, size = "", image.size
        try:
            texts |= _of_animation(data) | _of_xmp(image) | _of_info(image)
            if image.format == "PNG":
                image.load()  # text may stand behind the pixels
                texts |= _of_xmp(image) | _of_info(image)
        except DAMAGE as error:
            damage = reason(error, FORMATS)
        try:
            texts |= dict(_of_exif(image.getexif()))
        except DAMAGE as error:
            damage = damage or reason(error, FORMATS)
    return {key: text[:TEXT_LIMIT] for key, text in texts.items() if text.strip("\0 \t\r\n")}, damage, size


def _of_xmp(image: Image.Image) -> dict[str, str]:
    """The comment in an XMP packet, where Draw Things keeps its settings."""
    raw = image.info.get("XML:com.adobe.xmp") or image.info.get("xmp")
    packet = raw[:TEXT_LIMIT].decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    if not isinstance(packet, str) or (start := packet.find(_XMP_COMMENT)) < 0:
        return {}
    end = packet.find(f"</{_XMP_COMMENT[1:]}", start)
    if end < 0:
        return {}
    return {"XMP comment": html.unescape(_XML_TAG.sub("", packet[start:end])).strip()}


def _of_animation(data: bytes) -> dict[str, str]:
    """The texts of an animated PNG of ComfyUI, which stand in chunks of its own: a key, a zero, the text."""
    found: dict[str, str] = {}
    at = len(_PNG)
    while data.startswith(_PNG) and at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"comf":
            key, _, text = data[at + 8 : at + 8 + min(length, TEXT_LIMIT)].partition(b"\0")
            found.setdefault(key[:80].decode("latin-1"), text.decode("utf-8", "replace"))
        at += length + 12
    return found


def _of_info(image: Image.Image) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in image.info.items():
        if isinstance(value, str) and isinstance(key, str) and not key.startswith("XML:"):
            # Plain chunks are Latin-1 by their standard and UTF-8 by what some tools write.
            text = value[:TEXT_LIMIT]
            found[key[:80]] = text if isinstance(value, iTXt) else _tag_text(text)
    comment = image.info.get("comment")
    if isinstance(comment, bytes):
        found["comment"] = comment[:TEXT_LIMIT].decode("utf-8", "replace")
    return found


def _of_exif(exif: Image.Exif) -> Iterator[tuple[str, str]]:
    for tag in sorted({*_NAMED_TAGS, *_COMFY_TAGS}):
        text = _tag_text(exif.get(tag))
        if tag in _COMFY_TAGS and (keyed := _KEYED.match(text)):
            yield keyed[1].lower(), text[keyed.end() :]
        elif text and tag in _NAMED_TAGS:
            yield _NAMED_TAGS[tag], text
    if comment := exif.get_ifd(_EXIF_IFD).get(_USER_COMMENT):
        yield "UserComment", user_comment(comment)


def _tag_text(value: object) -> str:
    if isinstance(value, bytes):
        # The XP tags of Windows are the only ones that are not plain bytes.
        return value.decode("utf-16-le", "replace").rstrip("\0")
    if not isinstance(value, str):
        return ""
    try:
        # Pillow decodes the comment as Latin-1.
        return value.encode("latin-1").decode("utf-8").rstrip("\0")
    except UnicodeError:
        return value.rstrip("\0")


def user_comment(comment: object) -> str:
    """Decode an EXIF UserComment of any encoding; "" when it is not text."""
    if not isinstance(comment, bytes):
        return _tag_text(comment)
    codings, body = _CODES.get(comment[:8]), comment[8:]
    if codings is None:
        codings, body = ("utf-8",), comment
    # The standard does not define the byte order and tools differ; the right one gives more ASCII letters.
    return max((body.decode(coding, "replace") for coding in codings), key=_plain_letters).strip("\0\ufeff")


def _plain_letters(text: str) -> int:
    return len(text.encode("ascii", "ignore")) - 2 * text.count("\0")


def _hidden(data: bytes) -> str:
    """The text hidden in the lowest bits of the alpha channel, or ""."""
    try:
        with opened(data, ("PNG", "WEBP")) as image:
            if image.mode not in ("RGBA", "LA"):
                return ""
            opacity = image.getchannel("A")
            head = _lowest_bits(opacity, _STEALTH_HEAD)
            packed, length = _STEALTH.get(head[:15]), int.from_bytes(head[15:19], "big") // 8
            if packed is None or not 0 < length <= TEXT_LIMIT:
                return ""
            body = _lowest_bits(opacity, _STEALTH_HEAD + length)[_STEALTH_HEAD:]
            if packed:
                body = zlib.decompressobj(wbits=31).decompress(body, TEXT_LIMIT)
            return body.decode("utf-8", "replace")
    except (*DAMAGE, zlib.error):
        return ""  # a second place to look; what is wrong with the picture was found at the first one


def _lowest_bits(opacity: Image.Image, count: int) -> bytes:
    """The first `count` bytes in the lowest bits of the alpha channel, column by column, padded with zeros."""
    width = min(opacity.width, -(-count * 8 // opacity.height))
    # Columns become rows, so that the bits stand one after the other.
    columns = opacity.crop((0, 0, width, opacity.height)).transpose(Image.Transpose.TRANSPOSE)
    bits = columns.tobytes()[: count * 8].translate(_LOWEST_BITS)
    return int(bits, 2).to_bytes(count, "big") if len(bits) == count * 8 else b"\0" * count
