"""`records xmp`: stars for other picture programs, and theirs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from terminal import Terminal

from stablenew_tk.domain.journal.marks import Marks
from stablenew_tk.storage.pictures.xmp import read_sidecar, read_xmp, sidecar_path, write_sidecar


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def images(cli):
    return cli.run()["images"]


def beside(image, naming="full"):
    return sidecar_path(Path(image["path"]), naming)


def change(image, rating, *tags, naming="full"):
    """What another program does: new stars and words, all else as it was."""
    path = beside(image, naming)
    text = path.read_text()
    old = read_sidecar(path).marks
    text = text.replace(f'xmp:Rating="{old.rating}"', f'xmp:Rating="{rating}"')
    for tag in tags:
        text = text.replace("<dc:subject>", "<dc:subject>", 1).replace(
            "<rdf:Bag>", f"<rdf:Bag><rdf:li>{tag}</rdf:li>", 1
        )
    path.write_text(text)


def held(cli, image):
    records = cli("records", "show", "--json").json["records"]
    return next(one["feedback"][image["image_id"]] for one in records if image["image_id"] in one["feedback"])


@pytest.mark.parametrize("naming", ["full", "stem"])
def test_a_round_trip_with_stars_changed_there(cli, images, naming):
    first, second = images
    cli("rate", first["image_id"], 4, "--tag", "sharp")
    said = cli("records", "xmp", "--names", naming, "--json").json
    assert (said["pictures"], said["read"], said["written"], said["conflicts"]) == (2, 0, 1, [])
    assert not beside(second, naming).exists()
    change(first, 2, "portrait", naming=naming)
    said = cli("records", "xmp", "--names", naming, "--json").json
    assert (said["read"], said["conflicts"]) == (1, [])
    assert held(cli, first)["rating"] == 2
    assert set(held(cli, first)["tags"]) == {"sharp", "portrait"}
    # Now both say the same: nothing is left to do.
    said = cli("records", "xmp", "--names", naming, "--json").json
    assert (said["read"], said["written"]) == (0, 0)


def test_a_picture_rejected_there_is_rejected_here_and_the_other_way_round(cli, images):
    first, second = images
    cli("rate", first["image_id"], 3)
    cli("rate", second["image_id"], "x")
    cli("records", "xmp")
    assert read_sidecar(beside(second)).marks == Marks(-1)
    change(first, -1)
    cli("records", "xmp")
    assert held(cli, first) == {"rating": 3, "tags": [], "note": "", "rejected": True}


@pytest.mark.parametrize(("prefer", "kept"), [("journal", 5), ("files", 1)])
def test_stars_changed_on_both_sides_are_told(cli, images, prefer, kept):
    first = images[0]
    cli("rate", first["image_id"], 3)
    cli("records", "xmp")
    change(first, 1)
    cli("rate", first["image_id"], 5)
    dry = cli("records", "xmp", "--prefer", prefer, "--dry-run", "--json").json
    assert dry["conflicts"] == [
        {"image": first["image_id"], "file": Path(first["path"]).name, "journal": 5, "beside": 1, "kept": kept}
    ]
    assert read_sidecar(beside(first)).marks.rating == 1
    said = cli("records", "xmp", "--prefer", prefer)
    assert "5 stars here, 1 star beside it" in said.err
    assert (held(cli, first)["rating"], read_sidecar(beside(first)).marks.rating) == (kept, kept)
    assert cli("records", "xmp", "--json").json["conflicts"] == []


def test_stars_of_before_are_taken_in_where_there_are_none_here(cli, images):
    write_sidecar(beside(images[0]), Marks(4, ("holiday",)))
    # As a program writes it that does not know us.
    text = beside(images[0]).read_text()
    text = re.sub(r' stablenew:Rating="\d"|<stablenew:Tags>.*</stablenew:Tags>', "", text, flags=re.DOTALL)
    beside(images[0]).write_text(text)
    assert cli("records", "xmp", "--json").json["read"] == 1
    assert held(cli, images[0]) == {"rating": 4, "tags": ["holiday"], "note": ""}


def test_what_cannot_be_read_is_told_and_costs_nothing_else(cli, images):
    first, second = images
    cli("rate", first["image_id"], 4)
    cli("rate", second["image_id"], 2)
    beside(first).write_text("no xmp")
    said = cli("records", "xmp")
    assert said.code == 1
    assert f"{beside(first).name}: this is no XMP" in said.err
    assert beside(first).read_text() == "no xmp"
    assert read_sidecar(beside(second)).marks == Marks(2)


def test_two_pictures_never_share_a_file(cli, images):
    first = Path(images[0]["path"])
    cli("rate", images[0]["image_id"], 4)
    first.with_suffix(".jpg").write_bytes(first.read_bytes())
    said = cli("records", "xmp", "--names", "stem")
    assert said.code == 1
    assert first.with_suffix(".jpg").name in said.err
    assert not beside(images[0], "stem").exists()
    assert cli("records", "xmp").code == 0


def test_an_unknown_pack_is_said(cli, images):
    said = cli("records", "xmp", "--pack", "nothing")
    assert said.code == 2
    assert "nothing" in said.err


class TestCopies:
    def test_the_best_are_copied_with_their_stars_beside_them(self, cli, images, tmp_path):
        cli("rate", images[0]["image_id"], 5, "--tag", "sharp")
        cli("rate", images[1]["image_id"], 3)
        said = cli("records", "export", "--pictures", str(tmp_path / "best"), "--json").json
        assert said["pictures"] == 1
        copy = next((tmp_path / "best").glob("*.png"))
        assert copy.read_bytes() == Path(images[0]["path"]).read_bytes()
        assert read_sidecar(sidecar_path(copy, "full")).marks == Marks(5, ("sharp",))
        # Nothing that is there is replaced.
        cli("records", "export", "--pictures", str(tmp_path / "best"), "--stars", "3")
        assert len(list((tmp_path / "best").glob("*.png"))) == 3

    def test_they_can_be_inside_of_the_copies(self, cli, images, tmp_path):
        cli("rate", images[0]["image_id"], 4)
        before = Path(images[0]["path"]).read_bytes()
        cli("records", "export", "--pictures", str(tmp_path / "best"), "--inside")
        copies = list((tmp_path / "best").iterdir())
        assert len(copies) == 1
        with Image.open(copies[0]) as picture:
            assert read_xmp(picture.info["XML:com.adobe.xmp"].encode(), "a").marks == Marks(4)
            assert picture.info["parameters"]
        assert Path(images[0]["path"]).read_bytes() == before

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--pictures", "DIR"), "No picture has 4 stars"),
            (("--pictures", "DIR", "--stars", "6"), "give 1 to 5"),
            (("--stars", "3"), "--pictures DIR"),
            (("--inside",), "--pictures DIR"),
            (("--pictures", "DIR", "--to", "x"), "--to"),
        ],
    )
    def test_what_makes_no_sense_is_said(self, cli, images, tmp_path, words, said):
        named = [str(tmp_path / "x") if word == "DIR" else word for word in words]
        answer = cli("records", "export", *named)
        assert answer.code == 2
        assert said in answer.err
