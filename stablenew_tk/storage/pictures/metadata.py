"""Reads generation metadata (prompt, settings, workflow) from picture files: chunks, EXIF, XMP, comments, hidden bits.

Of XMP only comment and description are read, because tools store only ratings and titles elsewhere in it.
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import iTXt

from ...domain.base.errors import InvalidInput, Unreadable
from ...domain.recipes.reader import recipe_from
from ...domain.recipes.recipe import Recipe
from ..disk.files import read_bounded
from .images import DAMAGE, FILE_LIMIT, opened, reason

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "TIFF")
TEXT_LIMIT = 4 * 1024 * 1024
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_NAMED_TAGS = {
    0x010E: "ImageDescription", 0x0131: "Software", 0x9C9B: "XPTitle", 0x9C9C: "XPComment", 0x9C9E: "XPKeywords",
    0x9C9F: "XPSubject",
}  # fmt: skip
# ComfyUI's WebP: the tags from Model downwards hold "prompt:{…}", "workflow:{…}".
_COMFY_TAGS = range(0x0100, 0x0111)
_KEYED = re.compile(r"(prompt|workflow|parameters): ?", re.IGNORECASE)
# Some put both documents into one text, each behind its name.
_KEYED_JSON = re.compile(r'(?:^|(?<=[\n}]))\s{0,9}(prompt|workflow|parameters): ?(?=\{\s{0,9}["}])', re.IGNORECASE)
_PNG = b"\x89PNG\r\n\x1a\n"
# Where an XMP packet has the comment or the description: in an element, or in an attribute.
_XMP = (("exif:UserComment", "XMP comment"), ("dc:description", "XMP description"))
_XML_TAG = re.compile(r"<[^<>]*>")
# What a comment says of its letters is no more than a hint.
_UNICODE = ("utf-16-be", "utf-16-le", "utf-8")
_OTHERS = ("utf-8", "utf-16-le", "utf-16-be")
_CODES = {b"UNICODE\0": _UNICODE, b"ASCII\0\0\0": _OTHERS, b"JIS\0\0\0\0\0": ("iso2022_jp",), b"\0" * 8: _OTHERS}
# The lowest bits of the pixels, column after column, of the opacity alone or of red, green and blue: this word, the
# length in bits, the text.
_STEALTH = {
    b"stealth_pnginfo": ("A", False), b"stealth_pngcomp": ("A", True),
    b"stealth_rgbinfo": ("RGB", False), b"stealth_rgbcomp": ("RGB", True),
}  # fmt: skip
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
    """The comment and the description in an XMP packet, where Draw Things and editors keep what they know."""
    raw = image.info.get("XML:com.adobe.xmp") or image.info.get("xmp")
    packet = raw[:TEXT_LIMIT].decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    if not isinstance(packet, str):
        return {}
    found = {name: _in_packet(packet, key) for key, name in _XMP}
    return {name: text for name, text in found.items() if text}


def _in_packet(packet: str, key: str) -> str:
    start = packet.find(f"<{key}")
    end = packet.find(f"</{key}", start)
    if 0 <= start < end:
        return html.unescape(_XML_TAG.sub("", packet[start:end])).strip()
    before = f'{key}="'
    start = packet.find(before)
    end = packet.find('"', start + len(before))
    return html.unescape(packet[start + len(before) : end]).strip() if 0 <= start < end else ""


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
    if image.format == "TIFF":
        return found  # all that it tells stands in its tags
    for key, value in image.info.items():
        if isinstance(value, str) and isinstance(key, str) and not key.startswith("XML:"):
            # Plain chunks are Latin-1 by their standard and UTF-8 by what some tools write.
            text = value[:TEXT_LIMIT]
            found[key[:80]] = text if isinstance(value, iTXt) else _tag_text(text)
    comment = image.info.get("comment")
    if isinstance(comment, bytes):
        found["comment"] = _of_bytes(comment[:TEXT_LIMIT])
    return found


def _of_exif(exif: Image.Exif) -> Iterator[tuple[str, str]]:
    for tag in sorted({*_NAMED_TAGS, *_COMFY_TAGS}):
        text = _tag_text(exif.get(tag))
        if tag in _COMFY_TAGS and (keyed := _KEYED.match(text)):
            yield keyed[1].lower(), text[keyed.end() :]
        elif text and tag in _NAMED_TAGS:
            yield from _split(_NAMED_TAGS[tag], text)
    # Some write the comment among the plain tags.
    if comment := exif.get_ifd(_EXIF_IFD).get(_USER_COMMENT) or exif.get(_USER_COMMENT):
        yield from _split("UserComment", user_comment(comment))


def _split(key: str, text: str) -> Iterator[tuple[str, str]]:
    """A text, or the documents of ComfyUI in it that have their names before them."""
    names = [*islice(_KEYED_JSON.finditer(text), 4)]
    if not names:
        yield key, text
    for nth, name in enumerate(names):
        end = names[nth + 1].start() if nth + 1 < len(names) else len(text)
        yield name[1].lower(), text[name.end() : end].strip()


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
    codings, body = _CODES.get(comment[:8].upper()), comment[8:]
    if codings is None:
        codings, body = _OTHERS, comment
    # The standard does not define the byte order and tools differ; the right one gives more ASCII letters.
    texts = (_of_bytes(body) if coding == "utf-8" else body.decode(coding, "replace") for coding in codings)
    return max(texts, key=_plain_letters).strip("\0\ufeff")


def _of_bytes(raw: bytes) -> str:
    """A text in UTF-8; where none of its letters is one of those, with a byte for each, as older programs write it."""
    text = raw.decode("utf-8", "replace")
    odd = {letter for letter in text if not letter.isascii()}
    return raw.decode("cp1252", "replace") if odd == {"\ufffd"} else text


def _plain_letters(text: str) -> int:
    return len(text.encode("ascii", "ignore")) - 2 * text.count("\0")


def _hidden(data: bytes) -> str:
    """The text hidden in the lowest bits of the pixels, or ""."""
    try:
        with opened(data, ("PNG", "WEBP")) as image:
            for mode in ("A", "RGB"):
                if mode == "A" and image.mode not in ("RGBA", "LA"):
                    continue
                if mode == "RGB" and image.mode not in ("RGB", "RGBA"):
                    continue
                if text := _hidden_in(image, mode):
                    return text
    except (*DAMAGE, zlib.error):
        pass  # a second place to look; what is wrong with the picture was found at the first one
    return ""


def _hidden_in(image: Image.Image, mode: str) -> str:
    head = _lowest_bits(image, mode, _STEALTH_HEAD)
    known, packed = _STEALTH.get(head[:15], ("", False))
    length = int.from_bytes(head[15:19], "big") // 8
    if known != mode or not 0 < length <= TEXT_LIMIT:
        return ""
    body = _lowest_bits(image, mode, _STEALTH_HEAD + length)[_STEALTH_HEAD:]
    if packed:
        body = zlib.decompressobj(wbits=31).decompress(body, TEXT_LIMIT)
    return body.decode("utf-8", "replace")


def _lowest_bits(image: Image.Image, mode: str, count: int) -> bytes:
    """The first `count` bytes in the lowest bits of some channels, column by column, padded with zeros."""
    width = min(image.width, -(-count * 8 // (image.height * len(mode))))
    part = image.crop((0, 0, width, image.height))
    # Columns become rows, so that the bits stand one after the other.
    columns = (part.getchannel("A") if mode == "A" else part.convert("RGB")).transpose(Image.Transpose.TRANSPOSE)
    bits = columns.tobytes()[: count * 8].translate(_LOWEST_BITS)
    return int(bits, 2).to_bytes(count, "big") if len(bits) == count * 8 else b"\0" * count
