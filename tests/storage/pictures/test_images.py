"""Pictures are written byte for byte, never over one another, never outside; hostile ones are refused in words."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import sys
import zlib

import pytest
from disk_faults import ReadOnlyDisk, Synced
from journal_lines import output, record
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stablenew_tk.domain.base.errors import NotSaved, Unreadable
from stablenew_tk.storage.pictures.images import (
    ThumbnailCache,
    open_for_start,
    picture_file,
    pixel_hash,
    portable,
    save_image,
    thumbnail,
)


def picture(kind="PNG", size=(64, 48), mode="RGB", **options):
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, kind, **options)
    return out.getvalue()


def saved(root, data=b"bytes", **changed):
    names = {
        "day": "2026-11-22",
        "run_name": "Rain City",
        "stage": "txt2img",
        "name_parts": ["One", "7"],
        "suffix": ".png",
    }
    return save_image(root, data=data, **{**names, **changed})


def test_a_picture_is_written_as_received(tmp_path):
    data = os.urandom(5000)
    image = saved(tmp_path, data)
    assert image.path == "2026-11-22/rain-city/txt2img/one_7.png"
    assert (tmp_path / image.path).read_bytes() == data
    assert image.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.skipif(sys.platform != "linux", reason="folders are synced and looked up in /proc")
def test_the_folders_of_a_picture_are_on_disk_before_anybody_hears_of_it(tmp_path, monkeypatch):
    synced = Synced(monkeypatch)
    outputs = tmp_path / "new" / "outputs"
    path = outputs / saved(outputs).path
    assert all(folder in synced for folder in path.parents if folder.is_relative_to(tmp_path))


@pytest.mark.parametrize("replaces", [False, True])
def test_a_disk_that_turns_read_only_at_any_moment_is_a_sentence(tmp_path, monkeypatch, replaces):
    disk = ReadOnlyDisk(tmp_path, monkeypatch)
    for changes in range(6):
        disk.turn(after=changes)
        with pytest.raises(NotSaved, match="Read-only"):
            saved(tmp_path / f"{changes}", replace=replaces)


class TestPixelHash:
    """Two files with the same hash show the same picture."""

    def test_a_picture_is_saved_with_the_hash_of_its_pixels(self, tmp_path):
        image = saved(tmp_path, picture())
        assert image.pixels == pixel_hash(picture())
        assert len(image.pixels) == 64
        assert image.pixels != image.sha256

    def test_what_a_file_says_of_itself_makes_no_difference(self):
        text = PngInfo()
        text.add_text("parameters", "Steps: 20")
        same = {
            pixel_hash(picture(pnginfo=text)),
            pixel_hash(picture(compress_level=0)),
            pixel_hash(picture("WEBP", lossless=True)),
        }
        assert same == {pixel_hash(picture())}

    def test_pixels_size_and_mode_do(self):
        assert len({pixel_hash(picture(mode=mode)) for mode in ("RGB", "L", "RGBA")}) == 3
        assert pixel_hash(picture(size=(48, 64))) != pixel_hash(picture())
        assert pixel_hash(picture("JPEG", quality=30)) != pixel_hash(picture())

    def test_colours_of_a_palette_count(self):
        red, blue = Image.new("P", (8, 8)), Image.new("P", (8, 8))
        red.putpalette([255, 0, 0])
        blue.putpalette([0, 0, 255])
        files = [io.BytesIO(), io.BytesIO()]
        for image, file in zip((red, blue), files, strict=True):
            image.save(file, "PNG")
        assert pixel_hash(files[0].getvalue()) != pixel_hash(files[1].getvalue())

    def test_what_cannot_be_decoded_has_none_and_is_saved_all_the_same(self, tmp_path):
        assert saved(tmp_path, b"no picture").pixels == ""
        assert pixel_hash(picture()[:60]) == ""


def test_no_picture_is_ever_written_over_another(tmp_path):
    names = ["A", "a", "A\u0301", "\u00c1", "\u00e1", "a", "A "]
    images = [saved(tmp_path, name.encode(), name_parts=[name]) for name in names]
    assert len({image.path.casefold() for image in images}) == len(names)
    assert [(tmp_path / image.path).read_bytes() for image in images] == [name.encode() for name in names]


def test_what_a_killed_program_left_under_the_same_name_is_replaced(tmp_path):
    first = saved(tmp_path, b"half")
    folder = (tmp_path / first.path).parent
    (folder / "one_7.png.tmp-0123abcd").write_bytes(b"ha")
    (folder / "two_8.png.tmp-0123abcd").write_bytes(b"somebody else's")
    again = saved(tmp_path, b"whole", replace=True)
    assert again.path == first.path
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "one_7.png": b"whole",
        "two_8.png.tmp-0123abcd": b"somebody else's",
    }


def test_a_replacement_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    first = saved(tmp_path, b"before")

    def refuse(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stablenew_tk.storage.disk.files.os.fsync", refuse)
    with pytest.raises(NotSaved):
        saved(tmp_path, b"after", replace=True)
    folder = (tmp_path / first.path).parent
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"one_7.png": b"before"}


HOSTILE = [
    "../../x",
    "/etc/x",
    "C:\\x",
    "..\\x",
    "a:b",
    "CON",
    "nul.txt",
    "com¹",
    "",
    "...",
    "a" * 500,
    "é" * 300,
    "a\nb",
    "\u202egnp.exe",
    "x. ",
    "-rf",
    "\ud800",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_inside_and_are_portable(tmp_path, name):
    root = tmp_path / "out"
    image = saved(root, run_name=name, stage=name, name_parts=[name, name], day=name, suffix=name)
    assert (root / image.path).resolve().is_relative_to(root.resolve())
    assert image.path.count("/") == 3
    for part in image.path.split("/"):
        assert len(part.encode()) <= 120
        assert not set(part) & set('<>:"\\|?*\n\u202e ')
        assert part.split(".")[0] not in ("con", "nul", "com1", "")
        assert part[-1] not in ". "


def test_long_names_that_differ_at_the_end_stay_apart():
    assert portable("a" * 200 + "1", 60) != portable("a" * 200 + "2", 60)
    assert len(portable("日本" * 100, 60).encode()) <= 60


def test_a_link_that_leads_outside_is_not_followed(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "2026-11-22").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotSaved, match="out of the output folder"):
        saved(tmp_path / "out")
    assert list((tmp_path / "elsewhere").rglob("*.png")) == []


def test_a_failed_save_leaves_nothing(tmp_path, monkeypatch):
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(NotSaved):
            saved(tmp_path, b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("JPEG", "CMYK"), ("WEBP", "RGBA")]
)
def test_a_thumbnail_is_a_small_jpeg(kind, mode):
    source = picture(kind, (640, 320), mode if mode != "CMYK" else "RGB")
    with Image.open(io.BytesIO(thumbnail(source, 128)), formats=["JPEG"]) as small:
        assert small.size == (128, 64)
        assert small.mode == "RGB"


def test_a_thumbnail_is_made_when_the_folder_that_the_program_was_started_in_is_gone(tmp_path, monkeypatch):
    (tmp_path / "left").mkdir()
    monkeypatch.chdir(tmp_path / "left")
    (tmp_path / "left").rmdir()
    assert thumbnail(picture(), 32).startswith(b"\xff\xd8")


def png_of(width, height):
    """A PNG that says it is large and is 57 bytes long."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", b""), (b"IEND", b""))
    body = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"
GIF = picture("GIF")


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>", EPS, GIF, png_of(20_000, 20_000), png_of(12_000, 12_000), png_of(9_400, 9_400), picture()[:60]],
)
def test_what_is_no_whole_picture_is_refused_in_words(tmp_path, data):
    with pytest.raises(Unreadable, match="cannot be shown"):
        thumbnail(data, 128)
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=r"a\.png cannot be used to start from"):
        open_for_start(path)


def test_a_picture_to_start_from_is_whole(tmp_path):
    path = tmp_path / "a.png"
    data = picture(size=(200, 200))
    path.write_bytes(data)
    assert open_for_start(path) == data
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    for damaged in (data[:-4], data[:-12], bytes(flipped)):
        path.write_bytes(damaged)
        with pytest.raises(Unreadable):
            open_for_start(path)


def test_the_cache_gives_back_what_it_was_given(tmp_path):
    cache = ThumbnailCache(tmp_path / "thumbs")
    jpeg = thumbnail(picture(), 32)
    assert cache.get("id", 32) is None
    assert cache.put("id", 32, jpeg)
    assert cache.get("id", 32) == jpeg
    assert cache.get("id", 64) is None
    assert cache.put("../../x", 32, jpeg)
    assert cache.get("../../x", 32) == jpeg
    assert list(tmp_path.iterdir()) == [tmp_path / "thumbs"]


def test_a_torn_or_unwritable_cache_costs_only_time(tmp_path):
    cache = ThumbnailCache(tmp_path / "thumbs")
    cache.put("id", 32, thumbnail(picture(), 32))
    (file,) = tmp_path.rglob("*.jpg")
    file.write_bytes(file.read_bytes()[:-10])
    assert cache.get("id", 32) is None
    (tmp_path / "file").touch()
    assert not ThumbnailCache(tmp_path / "file").put("id", 32, b"")
    assert ThumbnailCache(tmp_path / "file").get("id", 32) is None


def test_a_place_the_journal_tells_counts_only_when_the_picture_is_there(tmp_path):
    data, moved = picture(), tmp_path / "elsewhere" / "a.png"
    moved.parent.mkdir()
    one = output(sha256=hashlib.sha256(data).hexdigest(), pixels=pixel_hash(data))
    made = record(outputs=(one,))
    home = tmp_path / "outputs" / one.path

    def found():
        return picture_file(made, 0, tmp_path / "outputs", str(moved))

    assert found() == home, "nothing is there"
    moved.write_bytes(b"somebody's key")
    assert found() == home, "the journal may be somebody else's"
    moved.write_bytes(picture(size=(32, 32)))
    assert found() == home, "another picture"
    moved.write_bytes(picture(optimize=True))
    assert found() == moved, "another program wrote stars into it"
    moved.write_bytes(data)
    assert found() == moved
