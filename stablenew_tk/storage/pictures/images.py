"""Saves pictures of a backend byte for byte, decodes untrusted pictures safely, makes and caches thumbnails."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from PIL import Image, ImageOps, UnidentifiedImageError

from ...domain.base.errors import NotSaved, StorageError, Unreadable
from ...domain.base.pixels import pixel_digest
from ...domain.journal.record import LearningRecord, Output
from ..disk.files import (
    discard,
    is_file,
    make_folder,
    read_bounded,
    real_path,
    reserve,
    sweep_temporary,
    write_atomic,
    write_cached,
)

# Only these: other formats let a renamed file start other programs (EPS runs Ghostscript).
FORMATS = ("PNG", "JPEG", "WEBP")
FILE_LIMIT = 256 * 1024 * 1024
# Larger pictures are refused, because decoding them would take hundreds of MB (decompression bombs).
PIXEL_LIMIT = 80_000_000
_NEVER_IN_NAMES = frozenset("\\:\0")  # other systems take them for separators and drives
NAME_BYTES = 100  # of 120: the rest is for a number and the suffix

_RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"))
)
# Everything Pillow's decoders are known to raise for damaged files.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    ZeroDivisionError,
    RuntimeError,  # AVIF
    struct.error,
    MemoryError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class SavedImage(Struct, frozen=True):
    """A picture on disk: path relative to the output root, with /, the SHA-256 of its bytes, and its `pixel_hash`."""

    path: str
    sha256: str
    pixels: str


def save_image(
    outputs_root: Path,
    *,
    day: str,
    run_name: str,
    stage: str,
    name_parts: Sequence[str],
    data: bytes,
    suffix: str,
    replace: bool = False,
    pixels: str = "",
) -> SavedImage:
    """Write a picture to `day/run/stage/name`, never over another one. Raises NotSaved and leaves nothing.

    Characters that are not portable are replaced in all names. `day` is YYYY-MM-DD, `suffix` like ".png". With
    `replace` an existing file of that name is overwritten; it was left by a killed program. `pixels` is its
    `pixel_hash` where that is known already: decoding takes longer than all the rest.
    """
    folder = outputs_root / portable(day, 40) / portable(run_name, 60) / portable(stage, 40)
    _make_inside(outputs_root, folder)
    stem = portable("_".join(part for part in map(str, name_parts) if part), NAME_BYTES)
    kind = re.sub(r"[^a-z0-9]", "", suffix.lower())[:8]
    ending = f".{kind}" if kind else ""
    if replace:
        target = folder / f"{stem}{ending}"
        sweep_temporary(folder, older_than_s=0.0, of=target.name)
        write_atomic(target, data)
    else:
        target = _reserve(folder, stem, ending)
        try:
            write_atomic(target, data)
        except NotSaved:
            discard(target)
            raise
    sha256 = hashlib.sha256(data).hexdigest()
    return SavedImage(target.relative_to(outputs_root).as_posix(), sha256, pixels or pixel_hash(data))


def pixel_hash(data: bytes) -> str:
    """The SHA-256 of the decoded picture: mode, size and raw bytes. "" for what cannot be decoded.

    Two files have the same hash when all their pixels are equal, whatever format or metadata they have. Takes about as
    long as decoding the picture, so never call it on the main thread of the window.
    """
    try:
        with opened(data) as image:
            # A palette says nothing without its colours.
            plain = image.convert("RGBA" if image.has_transparency_data else "RGB") if image.mode == "P" else image
            width, height = plain.size
            return pixel_digest(plain.mode, width, height, lambda top, end: plain.crop((0, top, width, end)).tobytes())
    except DAMAGE:
        # A picture is saved as it came; whether it can be shown is seen when it is shown.
        return ""


def portable(text: str, limit_bytes: int) -> str:
    """A file or folder name that works on every system: letters, digits, `.`, `_` and `-`, small letters only.

    Text that is too long is cut and gets a short hash of the whole, so that different names stay different.
    """
    # Case and accents folded once here: two names that differ only in them would be one file on Windows and macOS.
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    slug = re.sub(r"[^\w.]+", "-", folded)
    slug = re.sub(r"\.{2,}", ".", slug).strip("-._ ") or "untitled"
    if slug.partition(".")[0] in _RESERVED:
        slug = f"_{slug}"
    raw = slug.encode("utf-8", "replace")
    if len(raw) <= limit_bytes:
        return raw.decode("utf-8")
    digest = hashlib.sha256(raw).hexdigest()[:8]
    return raw[: limit_bytes - 9].decode("utf-8", "ignore").rstrip("-._ ") + "-" + digest


def _make_inside(root: Path, folder: Path) -> None:
    try:
        # On disk before a record says that there is a picture in it.
        make_folder(folder)
        inside = real_path(folder).is_relative_to(real_path(root))
    except OSError as error:
        raise NotSaved(f"The folder {folder} cannot be made: {error.strerror}. Check the output folder.") from error
    if not inside:
        raise NotSaved(f"{folder} leads out of the output folder (a link?). The picture was not written there.")


def _reserve(folder: Path, stem: str, suffix: str) -> Path:
    """Create an empty file under an unused name, so that two programs never get the same name."""
    for number in range(1, 100_000):
        target = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
        try:
            reserve(target, mode=0o644)
        except FileExistsError:
            continue
        except OSError as error:
            raise NotSaved(f"{target} cannot be written: {error.strerror}.") from error
        return target
    raise NotSaved(f"{folder} is full of pictures called {stem}.")


def recorded_file(roots: Sequence[Path], relative: str) -> Path:
    """The file of a picture whose record says `relative`: in the first of the output roots that has it, else where it
    would be in the first one. Raises Unreadable for a path that no run of this program writes: the journal may be
    somebody else's.
    """
    parts = relative.split("/")
    if any(part in ("", ".", "..") or set(part) & _NEVER_IN_NAMES for part in parts):
        raise Unreadable(
            f"The record says that its picture is {relative[:200]!r}, which leads out of the output folder."
        )
    found = [root.joinpath(*parts) for root in roots]
    return next((path for path in found if is_file(path)), found[0])


def picture_file(record: LearningRecord, output_index: int, today: Path, moved: str = "") -> Path:
    """The file of a picture: where the journal says that it was `moved` to (an absolute path, "" = nowhere) when that
    is the picture, else in the output folder of today, else in that of the time when it was made. Raises Unreadable
    for a path that leads out.
    """
    if moved and _is_the_picture(Path(moved), record.outputs[output_index]):
        return Path(moved)
    roots = (today, Path(record.output_root)) if record.output_root else (today,)
    return recorded_file(roots, record.outputs[output_index].path)


def _is_the_picture(path: Path, output: Output) -> bool:
    """Whether a file has the checksum of a picture, or its pixels where another program wrote stars into it. The
    journal may be somebody else's, and must not lead to any file of this computer.
    """
    if not is_file(path):
        return False
    try:
        data = read_bounded(path, FILE_LIMIT)
    except Unreadable:
        return False
    if hashlib.sha256(data).hexdigest() == output.sha256:
        return True
    return bool(output.pixels) and pixel_hash(data) == output.pixels


def read_picture(path: Path, limit: int = FILE_LIMIT) -> bytes:
    """The bytes of a picture file, without decoding it. Raises Unreadable."""
    return read_bounded(path, limit)


def open_for_start(path: Path) -> bytes:
    """The bytes of a picture to start a run from, after checking that it is complete. Raises Unreadable."""
    data = read_bounded(path, FILE_LIMIT)
    try:
        with opened(data) as image:
            image.verify()
        with opened(data) as image:
            image.load()
            kind = image.format
    except DAMAGE as error:
        raise Unreadable(f"{path.name} cannot be used to start from: {reason(error)}.") from error
    # Pillow reads a PNG that lacks its end without complaint.
    if kind == "PNG" and b"IEND\xaeB`\x82" not in data[-4096:]:
        raise Unreadable(f"{path.name} cannot be used to start from: the end of the file is missing.")
    return data


def thumbnail(source: bytes | Path, edge_px: int) -> bytes:
    """A small JPEG whose longer edge is at most `edge_px`. Raises Unreadable for an incomplete or damaged picture.

    Takes about as long as decoding the picture. Any thread.
    """
    data = read_bounded(source, FILE_LIMIT) if isinstance(source, Path) else source
    name = source.name if isinstance(source, Path) else "The picture"
    try:
        with opened(data) as image:
            # reducing_gap 2 shrinks in whole steps first: 1.2 x the cost of decoding instead of 1.7 x.
            image.thumbnail((edge_px, edge_px), Image.Resampling.BICUBIC, reducing_gap=2.0)
            return _as_jpeg(image)
    except DAMAGE as error:
        raise Unreadable(f"{name} cannot be shown: {reason(error)}.") from error


def fit_rgb(data: bytes, box: tuple[int, int], *, fill: bool = False) -> tuple[int, int, bytes]:
    """Width, height and raw RGB bytes of a picture fitted into `box` px, enlarged only with `fill`. Raises Unreadable.

    Raw bytes, because the window needs no decoding for them.
    """
    try:
        with opened(data) as image:
            image.thumbnail(box, Image.Resampling.BICUBIC, reducing_gap=2.0)
            plain = flattened(image)
            if fill and plain.width < box[0] and plain.height < box[1]:
                plain = ImageOps.contain(plain, box, Image.Resampling.BICUBIC)
            return plain.width, plain.height, plain.tobytes()
    except DAMAGE as error:
        raise Unreadable(f"The picture cannot be shown: {reason(error)}.") from error


def opened(data: bytes, formats: Sequence[str] = FORMATS) -> Image.Image:
    """Open a picture without decoding it. Raises one of DAMAGE; so may every later use of it."""
    image = Image.open(io.BytesIO(data), formats=tuple(formats))
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        raise ValueError(f"{width} × {height} pixels are more than this program opens")
    return image


def _as_jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    # A copy, because Pillow compares where a picture comes from with where it goes to, and for that needs the current
    # folder: the one that the program was started in may be gone.
    flattened(image).copy().save(out, "JPEG", quality=85)
    return out.getvalue()


def flattened(image: Image.Image) -> Image.Image:
    """The picture as RGB; what is transparent in it shows grey. May raise one of DAMAGE."""
    if image.mode == "RGB":
        return image
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        image = Image.new("RGBA", seen.size, (128, 128, 128, 255))
        image.alpha_composite(seen)
    return image.convert("RGB")


def reason(error: BaseException, formats: Sequence[str] = FORMATS) -> str:
    """Why one of DAMAGE was raised, as the second half of a sentence."""
    if isinstance(error, UnidentifiedImageError):
        return f"it is not a {', '.join(formats[:-1])} or {formats[-1]} picture".replace("WEBP", "WebP")
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return "it has more pixels than this program opens"
    return f"it is damaged or too large ({str(error)[:200]})"


class ThumbnailCache:
    """Cache of thumbnails on disk. It may be deleted at any time. Any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, image_id: str, edge_px: int) -> bytes | None:
        """The cached JPEG of a picture, or None."""
        try:
            data = read_bounded(self._path(image_id, edge_px), 4 * 1024 * 1024)
        except StorageError:
            return None
        whole = data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9")
        return data if whole else None

    def put(self, image_id: str, edge_px: int, jpeg: bytes) -> bool:
        """Store a JPEG. False when that failed (full disk); the thumbnail is then made again next time."""
        return write_cached(self._path(image_id, edge_px), jpeg)

    def _path(self, image_id: str, edge_px: int) -> Path:
        name = hashlib.sha256(image_id.encode("utf-8", "replace")).hexdigest()
        return self._folder / name[:2] / f"{name[2:34]}-{edge_px}.jpg"
