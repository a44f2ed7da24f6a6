"""`insights --plan … --card FILE`: what a Learning Run found, as a picture or a page to show around."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from journal_lines import rate, record
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


def runs(marks):
    """Begin and end of each stretch of marks."""
    edges = [at for at in range(1, len(marks)) if marks[at] != marks[at - 1]]
    edges = [*([0] if marks[0] else []), *edges, *([len(marks)] if marks[-1] else [])]
    return list(zip(edges[::2], edges[1::2], strict=True))


def widest_gap(image):
    """The most columns side by side in which nothing is drawn, between the edges of a card and below its question."""
    body = image.crop((40, 100, 1160, 590))
    empty = [len(body.crop((x, 0, x + 1, body.height)).getcolors()) == 1 for x in range(body.width)]
    return max((end - begin for begin, end in runs(empty)), default=0)


@pytest.fixture
def pairs(lab, picture):
    """Three by two settings, of which 28 steps with CFG 7 is best by far; a pair is on each second seed."""
    plan = lab.plan(
        values=(12, 20, 28), second_parameter="txt2img.cfg_scale", second_values=(4.0, 7.0), rows=12, pack_id="Rain"
    )
    lab.make(plan)
    for (value, row), made in lab.made.items():
        steps, cfg = value.split(" × ")
        lab.append(rate(made, min(5, {"12": 1, "20": 2, "28": 3}[steps] + (2 if cfg == "7" else row % 2))))
    return plan


class TestPairs:
    def test_the_page_has_a_row_and_a_column_for_each_value_and_an_estimate_for_each_pair(self, cli, pairs, tmp_path):
        cli("insights", "--plan", "last", "--card", str(tmp_path / "c.html"))
        page = Page((tmp_path / "c.html").read_text())
        words = spaced(" ".join(page.words))
        assert "Which steps and CFG scale for a prompt of “Rain”?" in words
        assert "Take 28 steps and CFG 7." in words
        heads = [word for word in page.words if re.fullmatch(r"(12|20|28) steps|CFG [47]", word)]
        assert heads == ["12 steps", "20 steps", "28 steps", "CFG 4", "CFG 7"]
        assert page.tags.count("img") == 6
        assert "Shown: one picture of each pair." in words
        read = read_plan((tmp_path / "c.html").read_bytes(), where="c.html").plan
        assert (read.second_parameter, read.second_values) == (pairs.second_parameter, pairs.second_values)

    def test_the_best_pair_stands_out_on_the_picture(self, cli, pairs, tmp_path):
        assert cli("insights", "--plan", "last", "--card", str(tmp_path / "c.png")).code == 0
        with Image.open(tmp_path / "c.png") as card:
            assert card.size == (1200, 630)
            frames = [card.getpixel((x, 400)) == GOLD for x in range(40, 600)]
        left, right = (begin for begin, _ in runs(frames))
        # The last of three columns, wide enough to see something.
        assert right - left > 90
        assert left > 200

    def test_of_many_pairs_those_around_the_best_are_shown_and_what_is_left_out_is_said(
        self, cli, lab, picture, tmp_path
    ):
        steps, cfgs = (8, 12, 16, 20, 24, 28, 32), (2.0, 4.0, 6.0, 8.0, 10.0)
        plan = lab.plan(values=steps, second_parameter="txt2img.cfg_scale", second_values=cfgs, rows=5)
        lab.make(plan)
        for (value, _), made in lab.made.items():
            lab.append(rate(made, 5 if value == "20 × 6" else 2))
        for ending in ("png", "html"):
            assert cli("insights", "--plan", "last", "--card", str(tmp_path / f"c.{ending}")).code == 0
        page = Page((tmp_path / "c.html").read_text())
        assert page.tags.count("img") == 35
        # On the picture the lines of the chart never touch, however many pairs there are.
        with Image.open(tmp_path / "c.png") as card:
            estimates = card.crop((1115, 230, 1160, 480)).convert("L").point(lambda level: 255 if level > 90 else 0)
        lines = runs([estimates.crop((0, y, 45, y + 1)).getbbox() is not None for y in range(estimates.height)])
        assert len(lines) >= 4
        assert min(after - end for (_, end), (after, _) in pairwise(lines)) >= 5

    def test_a_pair_that_was_not_made_and_a_file_that_has_no_weight_have_places(self, cli, lab, picture, tmp_path):
        plan = lab.plan(
            "lora", ("mara-2", "mara-4", "none"), second_parameter="lora_weight", second_values=(0.6, 0.8), rows=4
        )
        made = [cell for cell in plan.cells() if plan.tested[cell.variant] != "mara-2 × 0.6"]
        lab.make(plan, made)
        for (value, _), picture_of in lab.made.items():
            lab.append(rate(picture_of, 4 if "mara-4" in value else 2))
        for ending in ("png", "html"):
            assert cli("insights", "--plan", "last", "--card", str(tmp_path / f"c.{ending}")).code == 0
        page = Page((tmp_path / "c.html").read_text())
        assert page.tags.count("img") == 4
        assert page.words.count("not made") == 1


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

    def test_a_few_values_make_use_of_the_room_beside_them(self, cli, lab, picture, tmp_path):
        lab.make(lab.plan(values=(12, 20), rows=4))
        lab.rate({12: (2, 2, 1, 2), 20: (5, 5, 4, 5)})
        assert cli("insights", "--plan", "last", "--card", str(tmp_path / "c.png")).code == 0
        # The pictures, the words beside them: no column of the card is empty for long.
        assert widest_gap(self.shown(tmp_path / "c.png")) < 100

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
