"""Stars and tags in XMP: what other programs write is read, what they keep there stays."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from stablenew_tk.domain.base.errors import Unreadable
from stablenew_tk.domain.journal.marks import Marks
from stablenew_tk.storage.pictures.xmp import (
    MarkedSidecar,
    embedded,
    read_sidecar,
    read_xmp,
    sidecar_path,
    with_marks,
    write_sidecar,
)

OPEN = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
CLOSE = "</rdf:RDF></x:xmpmeta>"
SPACES = (
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:darktable="http://darktable.sf.net/" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
)
DARKTABLE = f"""{OPEN}<rdf:Description rdf:about="" {SPACES} xmp:Rating="3" exif:DateTimeOriginal="2026:01:01"
 darktable:xmp_version="5"><darktable:history><rdf:Seq><rdf:li darktable:operation="exposure"/></rdf:Seq>
 </darktable:history><dc:title><rdf:Alt><rdf:li xml:lang="x-default">My boat</rdf:li></rdf:Alt></dc:title>
 <dc:subject><rdf:Bag><rdf:li>holiday</rdf:li></rdf:Bag></dc:subject></rdf:Description>{CLOSE}"""


@pytest.mark.parametrize(
    ("inside", "marks"),
    [
        ('<rdf:Description rdf:about="" S xmp:Rating="4"/>', Marks(4)),
        ('<rdf:Description rdf:about="" S><xmp:Rating>2</xmp:Rating></rdf:Description>', Marks(2)),
        ('<rdf:Description rdf:about="" S xmp:Rating="-1"/>', Marks(-1)),
        ('<rdf:Description rdf:about="" S xmp:Rating="0"/>', Marks(0)),
        ('<rdf:Description rdf:about="" S xmp:Rating="4.0"/>', Marks(4)),
        ('<rdf:Description rdf:about="" S xmp:Rating="99"/>', Marks(0)),
        ('<rdf:Description rdf:about="" S xmp:Rating="many"/>', Marks(0)),
        ('<rdf:Description rdf:about="" S/><rdf:Description rdf:about="" S xmp:Rating="5"/>', Marks(5)),
        (
            '<rdf:Description rdf:about="" S><dc:subject><rdf:Seq><rdf:li>a  b</rdf:li><rdf:li/><rdf:li>c</rdf:li>'
            "</rdf:Seq></dc:subject></rdf:Description>",
            Marks(0, ("a b", "c")),
        ),
    ],
)
def test_every_form_of_other_programs_is_read(inside, marks):
    text = OPEN + inside.replace(" S", f" {SPACES}") + CLOSE
    assert read_xmp(text.encode(), "a.xmp") == MarkedSidecar(marks)


def test_what_others_keep_there_stays(tmp_path):
    path = tmp_path / "a.png.xmp"
    path.write_text(DARKTABLE)
    assert write_sidecar(path, Marks(5, ("sharp",)))
    text = path.read_text()
    for kept in ('darktable:operation="exposure"', "My boat", 'exif:DateTimeOriginal="2026:01:01"', "holiday"):
        assert kept in text
    assert read_sidecar(path) == MarkedSidecar(Marks(5, ("holiday", "sharp")), Marks(5, ("sharp",)))


def test_unrated_has_no_rating_and_rejected_is_minus_one(tmp_path):
    path = tmp_path / "a.png.xmp"
    assert not write_sidecar(path, Marks())
    assert not path.exists()
    write_sidecar(path, Marks(-1))
    assert 'xmp:Rating="-1"' in path.read_text()
    write_sidecar(path, Marks(0))
    assert "xmp:Rating" not in path.read_text()
    assert read_sidecar(path) == MarkedSidecar(Marks(), Marks())


def test_tags_stand_where_each_program_looks_for_them():
    text = with_marks(b"", Marks(4, ("sharp", "a < b & “c”")), "a.xmp").decode()
    for place in ("dc:subject", "lr:hierarchicalSubject", "digiKam:TagsList"):
        inside = text.partition(f"<{place}>")[2].partition(f"</{place}>")[0]
        assert inside.count("<rdf:li>") == 2, place
    assert read_xmp(text.encode(), "a.xmp").marks.tags == ("sharp", "a < b & “c”")


def test_a_tag_that_is_gone_goes_and_the_words_of_others_do_not():
    first = with_marks(DARKTABLE.encode(), Marks(3, ("sharp", "old")), "a.xmp")
    second = with_marks(first, Marks(3, ("sharp",)), "a.xmp")
    assert read_xmp(second, "a.xmp").marks.tags == ("holiday", "sharp")


@pytest.mark.parametrize("said", ["many", "9"])
def test_what_is_no_rating_takes_no_star_away(said):
    ours = with_marks(b"", Marks(4, ("sharp",)), "a.xmp").decode()
    theirs = ours.replace('xmp:Rating="4"', f'xmp:Rating="{said}"')
    assert read_xmp(theirs.encode(), "a.xmp") == read_xmp(ours.encode(), "a.xmp")


def test_a_word_in_the_tree_of_digikam_is_not_listed_once_more():
    tree = f"""{OPEN}<rdf:Description rdf:about="" {SPACES} xmlns:digiKam="http://www.digikam.org/ns/1.0/">
     <digiKam:TagsList><rdf:Seq><rdf:li>places/boat</rdf:li></rdf:Seq></digiKam:TagsList></rdf:Description>{CLOSE}"""
    text = with_marks(tree.encode(), Marks(4, ("boat", "sharp")), "a.xmp").decode()
    listed = text.partition("<digiKam:TagsList>")[2].partition("</digiKam:TagsList>")[0]
    assert "places/boat" in listed
    assert "sharp" in listed
    assert listed.count("<rdf:li>") == 2


def test_the_same_marks_leave_the_file_as_it_is(tmp_path):
    path = tmp_path / "a.png.xmp"
    write_sidecar(path, Marks(4, ("sharp",)))
    before = path.read_bytes()
    assert not write_sidecar(path, Marks(4, ("sharp",)))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b"<a/>",
        b"\xff\xfe",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&b;</x:xmpmeta>',
        b"<x>" * 100_000,
        DARKTABLE.encode()[:300],
    ],
)
def test_a_file_that_is_no_xmp_is_told_and_left_alone(tmp_path, data):
    path = tmp_path / "a.png.xmp"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=r"a\.png\.xmp"):
        write_sidecar(path, Marks(3))
    assert path.read_bytes() == data


def test_both_habits_of_names(tmp_path):
    assert sidecar_path(tmp_path / "a.b.png", "full").name == "a.b.png.xmp"
    assert sidecar_path(tmp_path / "a.b.png", "stem").name == "a.b.xmp"


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("JPEG", {}), ("WEBP", {}), ("WEBP", {"lossless": True})])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_inside_a_copy_the_pixels_stay(kind, options, mode):
    image = Image.effect_noise((33, 20), 80).convert(mode if kind != "JPEG" else "RGB")
    out = io.BytesIO()
    image.save(out, kind, **options)
    with Image.open(io.BytesIO(out.getvalue())) as opened:
        pixels = opened.convert("RGBA").tobytes()
    data = embedded(embedded(out.getvalue(), Marks(2, ("old",)), "a"), Marks(4, ("sharp",)), "a")
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.convert("RGBA").tobytes() == pixels
        inside = opened.info.get("xmp") or opened.info.get("XML:com.adobe.xmp").encode()
    assert read_xmp(inside, "a") == MarkedSidecar(Marks(4, ("sharp",)), Marks(4, ("sharp",)))


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n\0\0\0\xffIHDR", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"]
)
def test_another_or_a_damaged_file_is_told(data):
    with pytest.raises(Unreadable, match=r"a\.gif"):
        embedded(data, Marks(4), "a.gif")
