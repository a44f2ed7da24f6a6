"""`insights --plan … --card FILE`: what a Learning Run found, as a picture or a page to show around."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest
from journal_lines import record
from learning_lab import Lab, spaced
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo
from terminal import Terminal

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.experiments.plan_file import read_plan
from stablenew_tk.domain.journal.record import BackendInfo
from stablenew_tk.domain.runs.plan import PlanMetadata, PlanPrompt

CLEAR = {12: (2, 2, 1, 2), 20: (3, 3, 2, 3), 28: (5, 5, 4, 5)}
LEVEL = {12: (4, 4, 4, 4, 4, 4), 20: (4, 4, 4, 4, 4, 4)}
SECRET = "/home/erika/models"
GOLD = (255, 199, 0)


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def lab(cli):
    return Lab(cli.data)


@pytest.fixture
def picture(cli):
    """The file that every record of the lab names, with settings and a path inside."""
    path = cli.outputs / "2026-01-01/run/txt2img/00001.png"
    path.parent.mkdir(parents=True)
    image = Image.new("RGB", (512, 640), "#204060")
    ImageDraw.Draw(image).ellipse((100, 100, 400, 400), "#e0a040")
    text = PngInfo()
    text.add_text("parameters", f"{SECRET}, a rainy street")
    image.save(path, pnginfo=text)
    return path


@pytest.fixture
def plan(lab, picture):
    config = PipelineConfig(checkpoint=f"{SECRET}/dream.safetensors", vae="Automatic")
    config = with_values(config, {"inpaint.mask": f"{SECRET}/mask.png", "controlnet": f"{SECRET}/units.json"})
    metadata = PlanMetadata(who="Erika Mustermann", notes="for Erika")
    plan = lab.plan(rows=4, base_config=config, metadata=metadata)
    backend = BackendInfo(kind="webui", name="Forge · attic-pc", version="1")
    lab.make(plan, backend=backend)
    lab.rate(CLEAR)
    return plan


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.links, self.kinds = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "srcset", "action")]
        self.kinds += [value for name, value in attributes if (tag, name) == ("script", "type")]

    def handle_data(self, data):
        self.words.append(data)


class TestPage:
    def test_it_shows_question_verdict_pictures_and_settings(self, cli, plan, tmp_path):
        told = cli("insights", "--plan", "last", "--card", str(tmp_path / "c.html"), "--json").json
        assert told["missing"] == 0
        assert told["prompts"] is True
        page = Page((tmp_path / "c.html").read_text())
        words = spaced(" ".join(page.words))
        for said in ("How many steps for a prompt of “Rain”?", "Take 28 steps.", "Forge", "dream", "a rainy street"):
            assert said in words
        assert page.tags.count("img") == 12
        assert words.count("not rated") == 0

    def test_it_needs_nothing_from_anywhere_and_runs_nothing(self, cli, plan, tmp_path):
        cli("insights", "--plan", "last", "--card", str(tmp_path / "c.html"))
        page = Page((tmp_path / "c.html").read_text())
        assert page.links
        assert all(link.startswith("data:image/jpeg;base64,") for link in page.links)
        assert page.kinds == ["application/json"]
        assert not {"link", "iframe", "object", "form"} & set(page.tags)

    def test_its_plan_is_the_same_plan(self, cli, plan, tmp_path):
        cli("insights", "--plan", "last", "--card", str(tmp_path / "c.html"))
        read = read_plan((tmp_path / "c.html").read_bytes(), where="c.html").plan
        kept = (
            "name",
            "focus_parameter",
            "variant_values",
            "images_per_variant",
            "seeds",
            "prompts",
            "pack_id",
            "blind",
        )
        assert [getattr(read, name) for name in kept] == [getattr(plan, name) for name in kept]
        assert read.base_config == with_values(
            plan.base_config, {"checkpoint": "dream.safetensors", "inpaint.mask": "", "controlnet": ""}
        )

    def test_the_plan_can_be_made_again_from_the_page(self, cli, plan, tmp_path):
        cli("insights", "--plan", "last", "--card", str(tmp_path / "c.html"))
        said = cli("learn", "--plan", str(tmp_path / "c.html"), "--dry-run", "--backend", "sketch", "--json",
                   "--set", "checkpoint=sketch-classic")  # fmt: skip
        assert said.code == 0, said.err
        assert [(step["value"], step["seed"]) for step in said.json["steps"]] == [
            (value, seed) for seed in range(4) for value in (12, 20, 28)
        ]

    def test_without_prompts_it_has_none_of_their_words_and_as_many_rows(self, cli, lab, picture, tmp_path):
        prompts = tuple(PlanPrompt(f"secret name {n}", f"secret words {n}", "secret negative") for n in range(2))
        config = with_values(PipelineConfig(checkpoint="dream"), {"hires.prompt": "secret hires"})
        lab.make(lab.plan(prompts=prompts, rows=2, seeds=(1, 2, 3, 4), pack_id="", base_config=config))
        lab.rate(CLEAR)
        cli("insights", "--plan", "last", "--card", str(tmp_path / "c.html"), "--no-prompt")
        text = (tmp_path / "c.html").read_text()
        assert "secret words" not in text
        assert "secret hires" not in text
        assert "secret negative" not in text
        read = read_plan(text.encode(), where="c.html").plan
        assert (read.prompts, read.complete_rows, read.seeds) == ((), 4, (1, 2, 3, 4))

    def test_words_that_look_like_a_page_stay_words(self, cli, lab, picture, tmp_path):
        evil = '</script><img src="http://elsewhere/x.png">&amp;'
        plan = lab.plan(prompts=(PlanPrompt(evil, evil),), pack_id=evil, name=evil)
        lab.make(plan)
        lab.rate({12: (1, 1, 1), 20: (2, 2, 2), 28: (5, 5, 5)})
        cli("insights", "--plan", plan.plan_id, "--card", str(tmp_path / "c.html"))
        page = Page((tmp_path / "c.html").read_text())
        assert not [link for link in page.links if "elsewhere" in link]
        read = read_plan((tmp_path / "c.html").read_bytes(), where="c.html").plan
        assert (read.prompts, read.pack_id) == (plan.prompts, evil)

    def test_another_page_has_no_plan(self, cli, tmp_path):
        (tmp_path / "x.html").write_text("<!DOCTYPE html><p>hello</p>")
        said = cli("learn", "--plan", str(tmp_path / "x.html"), "--backend", "sketch")
        assert said.code == 2
        assert "x.html: no plan is in this page" in said.err


class TestPicture:
    def shown(self, path):
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert image.size == (1200, 630)
            assert not image.info
            return image.convert("RGB")

    def golden(self, image):
        """The share of the picture's left half that is gold, without stars and the mark above them."""
        column = [image.getpixel((x, 78)) for x in range(20, 620)]
        return sum(pixel == GOLD for pixel in column)

    def test_a_proven_value_stands_out(self, cli, plan, tmp_path):
        assert cli("insights", "--plan", "last", "--card", str(tmp_path / "c.png")).code == 0
        image = self.shown(tmp_path / "c.png")
        assert self.golden(image) > 0
        # The picture itself is there: its own colours.
        assert image.resize((1, 1), box=(60, 130, 200, 250)).getpixel((0, 0)) != (18, 18, 20)

    @pytest.mark.parametrize(
        ("stars", "changes"),
        [(LEVEL, {"values": (12, 20), "rows": 6}), ({12: (2,)}, {"rows": 1}), (CLEAR, {"backend_kind": "sketch"})],
        ids=["no difference", "too early", "sketch"],
    )
    def test_nothing_stands_out_where_nothing_is_proven(self, cli, lab, picture, tmp_path, stars, changes):
        plan = lab.plan(**{"rows": 4} | changes)
        lab.make(plan, backend=BackendInfo(kind=plan.backend_kind, name="Sketch"))
        lab.rate(stars)
        assert cli("insights", "--plan", "last", "--card", str(tmp_path / "c.png")).code == 0
        assert self.golden(self.shown(tmp_path / "c.png")) == 0

    def test_of_many_values_the_best_its_neighbours_and_the_extremes_are_shown(self, cli, lab, picture, tmp_path):
        values = (8, 12, 16, 20, 24, 28, 32, 36, 40)
        lab.make(lab.plan(values=values, rows=4))
        lab.rate({value: (5,) * 4 if value == 20 else (2,) * 4 for value in values})
        cli("insights", "--plan", "last", "--card", str(tmp_path / "c.png"))
        self.shown(tmp_path / "c.png")
        cli("insights", "--plan", "last", "--card", str(tmp_path / "c.html"))
        page = Page((tmp_path / "c.html").read_text())
        assert page.tags.count("img") == 36

    def test_pictures_that_are_gone_are_told(self, cli, plan, picture, tmp_path):
        picture.unlink()
        said = cli("insights", "--plan", "last", "--card", str(tmp_path / "c.png"))
        assert said.code == 0
        assert "9 pictures could not be read" in said.err
        self.shown(tmp_path / "c.png")

    def test_letters_of_all_scripts_can_be_asked_for(self, cli, lab, picture, tmp_path):
        lab.make(lab.plan(pack_id="港の夕暮れ 🌇 гавань " * 4, rows=4))
        lab.rate(CLEAR)
        assert cli("insights", "--plan", "last", "--card", str(tmp_path / "c.png")).code == 0

    def test_words_without_spaces_stay_on_the_card(self, cli, lab, picture, tmp_path):
        words = "雨の街、夕暮れ、濡れた石畳、傘をさす人々、古い路面電車、暖かい窓の光、水たまりの反射"
        lab.make(lab.plan(prompts=(PlanPrompt(words, words),), rows=4))
        lab.rate(CLEAR)
        assert cli("insights", "--plan", "last", "--card", str(tmp_path / "c.png")).code == 0
        with Image.open(tmp_path / "c.png") as card:
            assert card.crop((1164, 0, 1200, 630)).getcolors() == [(36 * 630, card.getpixel((0, 0)))]


@pytest.mark.parametrize("ending", ["png", "html"])
class TestBoth:
    def test_no_path_no_person_no_machine(self, cli, plan, tmp_path, ending):
        cli("insights", "--plan", "last", "--card", str(tmp_path / f"c.{ending}"))
        data = (tmp_path / f"c.{ending}").read_bytes()
        for secret in (SECRET, "Erika", "attic-pc", str(tmp_path)):
            assert not re.search(rf"(?<!\w){re.escape(secret)}(?!\w)".encode(), data)

    def test_a_blind_run_is_not_given_away(self, cli, lab, picture, tmp_path, ending):
        lab.make(lab.plan(rows=4, blind=True))
        lab.rate(CLEAR)
        said = cli("insights", "--plan", "last", "--card", str(tmp_path / f"c.{ending}"))
        assert said.code == 2
        assert "rated blind and not revealed yet" in said.err
        assert not (tmp_path / f"c.{ending}").exists()

    def test_without_a_picture_there_is_nothing_to_show(self, cli, lab, tmp_path, ending):
        lab.plan(rows=4)
        lab.append(record())
        said = cli("insights", "--plan", "last", "--card", str(tmp_path / f"c.{ending}"))
        assert said.code == 2
        assert "no picture yet" in said.err

    def test_25_pictures_stay_below_3_mb(self, cli, lab, picture, tmp_path, ending):
        noise = Image.effect_noise((1024, 1024), 90).convert("RGB")
        out = io.BytesIO()
        noise.save(out, "PNG", compress_level=1)
        picture.write_bytes(out.getvalue())
        values = (10, 15, 20, 25, 30)
        lab.make(lab.plan(values=values, rows=5))
        lab.rate(dict.fromkeys(values, (3,) * 5))
        target = tmp_path / f"c.{ending}"
        assert cli("insights", "--plan", "last", "--card", str(target)).code == 0
        assert target.stat().st_size < 3_000_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--card", "c.png"), "--plan PLAN"),
        (("--plan", "last", "--card", "c.gif"), ".png or .html"),
        (("--plan", "last", "--card", ""), "name where to write"),
        (("--plan", "last", "--no-prompt"), "--card FILE"),
        (("--plan", "last", "--card", "/nowhere/at/all/c.png"), "c.png"),
    ],
)
def test_what_cannot_be_written_is_said(cli, plan, words, said, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    answer = cli("insights", *words)
    assert answer.code in (1, 2)
    assert said in answer.err
