"""Stars and tags in XMP: as a file beside a picture, or inside a copy of one. Everything else in such a file is kept.

What was written last is kept in it under a name of our own. So it can be told who changed something since.
"""

from __future__ import annotations

import io
import re
import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from ...domain.base.errors import Unreadable
from ...domain.journal.marks import REJECTED, Marks
from ..disk.files import FileState, is_there, read_bounded, state_of, write_atomic

# The whole name of the picture and .xmp (darktable, digiKam, Immich), or its name without ending (Adobe, Capture One).
Naming = Literal["full", "stem"]
LIMIT = 8 * 1024 * 1024
_MOST_TAGS, _LONGEST = 500, 200

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XMP = "http://ns.adobe.com/xap/1.0/"
_DC = "http://purl.org/dc/elements/1.1/"
_OWN = "urn:stablenew:ratings:1.0/"
_META = "adobe:ns:meta/"
_LISTS = (
    (f"{{{_DC}}}subject", "Bag"),
    ("{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject", "Bag"),
    ("{http://www.digikam.org/ns/1.0/}TagsList", "Seq"),
)
_PREFIXES = {
    "x": _META,
    "rdf": _RDF,
    "xmp": _XMP,
    "dc": _DC,
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "stablenew": _OWN,
}
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_FOOT = '\n<?xpacket end="w"?>\n'


class MarkedSidecar(Struct, frozen=True):
    """What a file beside a picture says. `last` are the marks that we wrote there, None when we never did."""

    marks: Marks
    last: Marks | None = None


def sidecar_path(picture: Path, naming: Naming) -> Path:
    """The file beside a picture: `a.png.xmp` or `a.xmp`."""
    return picture.with_name(f"{picture.name}.xmp") if naming == "full" else picture.with_suffix(".xmp")


def read_sidecar(path: Path) -> MarkedSidecar | None:
    """What the file says; None when there is none. Raises Unreadable."""
    if not is_there(path):
        return None
    return read_xmp(read_bounded(path, LIMIT), path.name)


def write_sidecar(path: Path, marks: Marks, seen: FileState | None = None) -> bool:
    """Write the marks into the file and keep all else in it; False when it says that already.

    Raises NotSaved, ChangedMeanwhile when it is not as it was `seen` (None = now) any more, and Unreadable for a file
    that is no XMP; then it is left as it is.
    """
    seen = state_of(path) if seen is None else seen
    old = read_bounded(path, LIMIT) if is_there(path) else b""
    if not old and not marks:
        return False
    new = with_marks(old, marks, path.name)
    if new == old:
        return False
    write_atomic(path, new, seen=seen)
    return True


def is_only_marks(path: Path) -> bool:
    """Whether there is a file that says what we wrote, and nothing else."""
    try:
        data = read_bounded(path, LIMIT)
        return with_marks(b"", read_xmp(data, path.name).marks, path.name) == data
    except Unreadable:
        return False


def read_xmp(data: bytes, where: str) -> MarkedSidecar:
    """What an XMP document says. Raises Unreadable; `where` is its name there."""
    root = _parsed(data, where)
    rating, own_rating = None, None
    tags: list[str] = []
    own_tags: list[str] = []
    for one in root.iter(f"{{{_RDF}}}Description"):
        rating = _value(one, f"{{{_XMP}}}Rating") or rating
        own_rating = _value(one, f"{{{_OWN}}}Rating") or own_rating
        tags += _items(one, _LISTS[0][0])
        own_tags += _items(one, f"{{{_OWN}}}Tags")
    stars, own_stars = _stars(rating), _stars(own_rating)
    # What is no rating says nothing; it takes no star away.
    marks = Marks((own_stars or 0) if stars is None else stars, tuple(dict.fromkeys(tags)))
    last = None if own_rating is None else Marks(own_stars or 0, tuple(dict.fromkeys(own_tags)))
    return MarkedSidecar(marks, last)


def with_marks(data: bytes, marks: Marks, where: str) -> bytes:
    """The XMP document with these marks in place of those it had; b"" = a new one. Raises Unreadable."""
    root = _parsed(data, where) if data else ET.Element(f"{{{_META}}}xmpmeta")
    before = read_xmp(data, where).last if data else None
    rdf = root if root.tag == f"{{{_RDF}}}RDF" else root.find(f".//{{{_RDF}}}RDF")
    if rdf is None:
        rdf = ET.SubElement(root, f"{{{_RDF}}}RDF")
    places = list(rdf.iter(f"{{{_RDF}}}Description"))
    place = places[0] if places else ET.SubElement(rdf, f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})
    own = set(before.tags) if before is not None else set[str]()
    _set_rating(places or [place], place, marks.rating)
    for name, kind in _LISTS:
        # Words of others in these lists stay: only what we wrote and what is ours now is touched.
        kept = [word for one in places for word in _items(one, name) if word not in own or word in marks.tags]
        # "Places|street" is the word "street" at its place in the user's tree of words: it is not listed once more.
        placed = {re.split(r"[|/]", word)[-1] for word in kept if name != _LISTS[0][0]} - set(kept)
        fresh = [word for word in marks.tags if word not in placed]
        _set_list(places or [place], place, name, kind, dict.fromkeys((*kept, *fresh)))
    _clear(places, f"{{{_OWN}}}Rating")
    place.set(f"{{{_OWN}}}Rating", str(marks.rating))
    _set_list(places or [place], place, f"{{{_OWN}}}Tags", "Bag", marks.tags)
    return _written(root, _namespaces(data))


# ---- XML


def _parsed(data: bytes, where: str) -> ET.Element:
    # A file beside a picture needs no entities; with them a small file can grow without end.
    if re.search(rb"<!(DOCTYPE|ENTITY)", data, re.IGNORECASE):
        raise Unreadable(f"{where}: it declares a document type, which no XMP needs. It was left as it is.")
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, ValueError, RecursionError) as error:
        raise Unreadable(f"{where}: this is no XMP ({error}). It was left as it is.") from error
    if root.tag not in (f"{{{_META}}}xmpmeta", f"{{{_RDF}}}RDF"):
        raise Unreadable(f"{where}: this is no XMP. It was left as it is.")
    return root


def _namespaces(data: bytes) -> dict[str, str]:
    """The prefixes that a document uses, so that it keeps them."""
    found = dict(_PREFIXES)
    if data:
        try:
            for _, (prefix, address) in ET.iterparse(io.BytesIO(data), events=("start-ns",)):
                if prefix and not re.fullmatch(r"ns\d+", prefix) and address not in found.values():
                    found[prefix] = address
        except ET.ParseError:
            # Read as a whole before; cannot happen.
            return found
    return found


def _written(root: ET.Element, namespaces: dict[str, str]) -> bytes:
    for prefix, address in namespaces.items():
        ET.register_namespace(prefix, address)
    ET.indent(root, " ")
    return (_HEAD + ET.tostring(root, encoding="unicode") + _FOOT).encode()


def _value(place: ET.Element, name: str) -> str | None:
    """A property written as an attribute or as an element."""
    found = place.get(name)
    if found is None:
        element = place.find(name)
        found = element.text if element is not None else None
    return found.strip() if found else None


def _stars(text: str | None) -> int | None:
    """REJECTED to 5; 0 = unrated, None = no number that is a rating."""
    try:
        number = int(float(text or "0"))
    except (ValueError, OverflowError):
        return None
    return number if REJECTED <= number <= 5 else None


def _items(place: ET.Element, name: str) -> list[str]:
    listed = (item.text or "" for element in place.findall(name) for item in element.iter(f"{{{_RDF}}}li"))
    words = [" ".join(word.split())[:_LONGEST] for word in listed]
    return [word for word in words if word][:_MOST_TAGS]


def _clear(places: Iterable[ET.Element], name: str) -> None:
    for one in places:
        one.attrib.pop(name, None)
        for element in one.findall(name):
            one.remove(element)


def _set_rating(places: Iterable[ET.Element], place: ET.Element, rating: int) -> None:
    _clear(places, f"{{{_XMP}}}Rating")
    # Some programs read a rating of 0 as one star; unrated pictures have none.
    if rating:
        place.set(f"{{{_XMP}}}Rating", str(rating))


def _set_list(places: Iterable[ET.Element], place: ET.Element, name: str, kind: str, words: Iterable[str]) -> None:
    _clear(places, name)
    listed = list(words)
    if listed:
        holder = ET.SubElement(ET.SubElement(place, name), f"{{{_RDF}}}{kind}")
        for word in listed:
            ET.SubElement(holder, f"{{{_RDF}}}li").text = word


# ---- inside a copy


def embedded(picture: bytes, marks: Marks, where: str) -> bytes:
    """A copy of a PNG, JPEG or WebP file with the marks inside; the pixels are the same bytes. Raises Unreadable for
    another or a damaged file.
    """
    try:
        if picture.startswith(b"\x89PNG\r\n\x1a\n"):
            return _in_png(picture, marks, where)
        if picture.startswith(b"\xff\xd8"):
            return _in_jpeg(picture, marks, where)
        if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
            return _in_webp(picture, marks, where)
    except (struct.error, IndexError, ValueError) as error:
        raise Unreadable(f"{where}: the file is damaged ({error}).") from error
    raise Unreadable(f"{where}: stars can be written into PNG, JPEG and WebP files only.")


_PNG_KEY = b"XML:com.adobe.xmp\0"
_JPEG_KEY = b"http://ns.adobe.com/xap/1.0/\0"


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Name, content and all bytes of each chunk."""
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if end > len(data):
            raise ValueError("a part of it is missing")
        yield data[at + 4 : at + 8], data[at + 8 : end - 4], data[at:end]
        at = end


def _in_png(data: bytes, marks: Marks, where: str) -> bytes:
    chunks, old = [], b""
    for name, content, whole in _png_chunks(data):
        if name == b"iTXt" and content.startswith(_PNG_KEY):
            rest = content[len(_PNG_KEY) :]
            old = zlib.decompressobj().decompress(rest[4:], LIMIT) if rest[:1] == b"\1" else rest[4:]
        else:
            chunks.append((name, whole))
    if not chunks or chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND":
        raise ValueError("a part of it is missing")
    new = _PNG_KEY + b"\0\0\0\0" + with_marks(old, marks, where)
    head = b"iTXt" + new
    chunk = struct.pack(">I", len(new)) + head + struct.pack(">I", zlib.crc32(head))
    return data[:8] + b"".join(whole + (chunk if name == b"IHDR" else b"") for name, whole in chunks)


def _in_jpeg(data: bytes, marks: Marks, where: str) -> bytes:
    parts, old, at = [data[:2]], b"", 2
    after = 1  # behind the first parts that other programs expect at the beginning
    while data[at] == 0xFF and data[at + 1] not in (0xDA, 0xD9):
        (length,) = struct.unpack_from(">H", data, at + 2)
        part = data[at : at + 2 + length]
        content = part[4:]
        if data[at + 1] == 0xE1 and content.startswith(_JPEG_KEY):
            old = content[len(_JPEG_KEY) :]
        else:
            parts.append(part)
            if data[at + 1] in (0xE0, 0xE1):
                after = len(parts)
        at += 2 + length
    new = _JPEG_KEY + with_marks(old, marks, where)
    if len(new) + 2 > 0xFFFF:
        raise Unreadable(f"{where}: there are too many words for the inside of a JPEG file.")
    parts.insert(after, b"\xff\xe1" + struct.pack(">H", len(new) + 2) + new)
    return b"".join(parts) + data[at:]


def _in_webp(data: bytes, marks: Marks, where: str) -> bytes:
    chunks: list[tuple[bytes, bytes]] = []
    at = 12
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        chunks.append((name, data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    old = next((content for name, content in chunks if name == b"XMP "), b"")
    kept = [(name, content) for name, content in chunks if name not in (b"XMP ", b"VP8X")]
    head = next((content for name, content in chunks if name == b"VP8X"), b"") or _webp_head(kept)
    head = bytes((head[0] | 0x04,)) + head[1:]
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in ((b"VP8X", head), *kept, (b"XMP ", with_marks(old, marks, where)))
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_head(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """The extended head that a simple file lacks: flags, width and height."""
    name, content = chunks[0]
    if name == b"VP8L":
        bits = int.from_bytes(content[1:5], "little")
        width, height, alpha = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bits >> 28 & 1
    elif name == b"VP8 ":
        width, height = (int.from_bytes(content[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        alpha = 0
    else:
        raise ValueError("it begins with no picture")
    flags = 0x10 if alpha else 0
    return bytes((flags, 0, 0, 0)) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
