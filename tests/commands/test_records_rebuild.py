"""`records rebuild`: a lost journal costs as little as possible."""

from __future__ import annotations

import shutil

import pytest
from PIL import Image, PngImagePlugin
from terminal import Terminal

# As digiKam and exiftool write it, and with another prefix for the same names, as any program may.
XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{}"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
OTHER_PREFIX = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xap="http://ns.adobe.com/xap/1.0/"><xap:Rating> {} </xap:Rating></rdf:Description>
</rdf:RDF>"""


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


def told(record):
    config = record["config"]
    kept = ("pack_id", "prompt", "negative", "seed", "stages", "run_name", "status")
    return {name: record[name] for name in kept} | {
        "prompt_id": record["prompt_id"].lower(),  # names of files are in small letters
        "kind": record["backend"]["kind"],
        "steps": config["txt2img"]["steps"],
        "size": (config["txt2img"]["width"], config["txt2img"]["height"]),
        "upscale": config["upscale"]["enabled"],
        "pictures": [
            (one["stage"], one["path"], one["sha256"], one["pixels"], one["seed"]) for one in record["outputs"]
        ],
    }


def test_a_lost_journal_is_made_again_from_the_pictures_with_the_stars_of_other_programs(cli):
    cli.run("--seed", 5, "--set", "upscale.enabled=true")
    before = [told(one) for one in cli.shown()]
    shutil.rmtree(cli.journal)
    boat, tram = sorted((cli.outputs).rglob("upscale/*.png"))
    boat.with_name(boat.name + ".xmp").write_text(XMP.format(4))
    tram.with_suffix(".xmp").write_text(OTHER_PREFIX.format(2))
    (cli.outputs / "mine").mkdir()
    Image.new("RGB", (4, 4)).save(cli.outputs / "mine" / "holiday.png")
    (cli.outputs / "mine" / "broken.png").write_bytes(b"no picture")

    planned = cli("records", "rebuild", "--dry-run", "--json").json
    assert (planned["records"], planned["pictures"], planned["ratings"]) == (2, 4, 2)
    assert cli.shown() == []
    said = cli("records", "rebuild")
    assert "2 records made for 4 pictures, 2 ratings of other programs among them" in said.out
    assert "holiday.png" in said.err
    assert "broken.png" in said.err
    after = cli.shown()
    assert all(one["rebuilt"] for one in after)
    assert sorted(map(str, map(told, after))) == sorted(map(str, before))
    stars = {one["prompt_id"]: [held["rating"] for held in one["feedback"].values()] for one in after}
    assert stars == {"boat": [4], "tram": [2]}
    # Again: nothing is recorded twice, also after other programs gave other stars.
    assert cli("records", "rebuild", "--json").json["records"] == 0
    assert cli.verified().code == 0


def test_only_what_no_record_names_is_recorded(cli):
    report = cli.run("--seed", 5)
    first = cli.shown()[0]
    moved = cli.outputs / first["outputs"][0]["path"]
    moved.replace(moved.with_name("renamed.png"))
    assert cli("records", "rebuild", "--json").json == {
        "records": 0, "pictures": 0, "ratings": 0, "left_out": [], "dry_run": False,
    }  # fmt: skip
    assert len(cli.shown()) == len(report["images"])
    assert cli("records", "rebuild", cli.data / "nowhere").code == 2


@pytest.mark.parametrize(("inside", "stars"), [(XMP.format(3), 3), (OTHER_PREFIX.format(5), 5), (XMP.format(-1), None)])
def test_stars_inside_a_picture_are_found_and_a_sidecar_that_is_no_xmp_costs_nothing(cli, inside, stars):
    cli.run("--seed", 5)
    picture = cli.outputs / cli.shown()[0]["outputs"][0]["path"]
    with Image.open(picture) as image:
        text = PngImagePlugin.PngInfo()
        for name, value in image.text.items():
            text.add_text(name, value)
        text.add_itxt("XML:com.adobe.xmp", inside)
        image.save(picture, pnginfo=text)
    picture.with_suffix(".xmp").write_text("<xmp:Rating>1</xmp:Rating>")
    name = picture.relative_to(cli.outputs).as_posix()
    shutil.rmtree(cli.journal)
    assert cli("records", "rebuild").code == 0
    record = next(one for one in cli.shown() if one["outputs"][0]["path"] == name)
    assert [held["rating"] for held in record["feedback"].values()] == ([stars] if stars else [])
