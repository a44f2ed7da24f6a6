"""`packs from-image`: a picture of any tool becomes a prompt, its settings, and a block of a pack."""

from __future__ import annotations

import json
import os

import pytest
from PIL import Image, PngImagePlugin
from terminal import FEW, Terminal
from workflows import two_passes

from stablenew_tk.domain.config.catalogue import catalogue, check_value
from stablenew_tk.domain.config.controlnet import read_units
from stablenew_tk.domain.prompts.pack import parse_pack

LINE = "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 5, Size: 512x768, Model: demo"


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def picture(tmp_path):
    def save(text, key="parameters", name="harbour.png"):
        info = PngImagePlugin.PngInfo()
        info.add_text(key, text)
        Image.new("RGB", (8, 8)).save(tmp_path / name, pnginfo=info)
        return tmp_path / name

    return save


def prompts(path):
    pack = parse_pack(path.read_text(encoding="utf-8"), "p")
    assert not pack.errors
    return [(prompt.name, prompt.positive, prompt.negative) for prompt in pack.prompts]


class TestShown:
    def test_one_document_tells_all(self, cli, picture):
        said = cli("packs", "from-image", picture(f"a boat\nNegative prompt: blur\n{LINE}, Hires upscale: 9"), "--json")
        assert said.code == 0
        document = said.json
        assert list(document) == ["tool", "prompt", "negative", "seed", "settings", "notices", "left_out"]
        assert (document["tool"], document["prompt"], document["negative"]) == ("A1111", "a boat", "blur")
        assert document["seed"] == 5
        assert document["settings"]["txt2img.scheduler"] == "Karras"
        assert all(check_value(path, value) == value for path, value in document["settings"].items())
        assert document["notices"] == ["hires.scale: 9 is outside 1 to 4 ×. It was left out."]
        (left_out,) = document["left_out"]
        assert left_out == {"what": "hires.scale", "value": "9", "why": "hires.scale: 9 is outside 1 to 4 ×."}

    def test_in_words_it_is_a_table(self, cli, picture):
        said = cli("packs", "from-image", picture(json.dumps(two_passes()), "prompt"))
        assert said.code == 0
        lines = said.out.splitlines()
        assert lines[0] == "Made with ComfyUI."
        assert any(line.startswith("Prompt: a red boat") for line in lines)
        assert any(line.split() == ["txt2img.steps", "25"] for line in lines)
        assert any(line.split() == ["hires.enabled", "on"] for line in lines)

    def test_square_brackets_are_no_colours(self, cli, picture):
        assert "[red]boat[/]" in cli("packs", "from-image", picture(f"[red]boat[/]\n{LINE}, VAE: [bold]x")).out

    def test_our_own_pictures_are_read(self, cli):
        image = cli.run("--seed", 5, "--limit", 1)["images"][0]["path"]
        document = cli("packs", "from-image", image, "--json").json
        assert (document["tool"], document["prompt"], document["seed"]) == ("StableNew sketch", "a red boat", 5)
        assert document["settings"]["txt2img.steps"] == 4

    @pytest.mark.parametrize(
        ("data", "code", "words"), [(b"<html>", 1, "is not a PNG"), (None, 1, "cannot be read"), (b"", 1, "cannot")]
    )
    def test_what_is_no_picture_is_refused(self, cli, tmp_path, data, code, words):
        path = tmp_path / "odd.png"
        if data is not None:
            path.write_bytes(data)
        said = cli("packs", "from-image", path)
        assert said.code == code
        assert words in said.err
        assert cli("packs", "from-image", path, "--json").json.keys() == {"error"}

    def test_a_picture_that_tells_nothing_is_wrong_use(self, cli, picture):
        said = cli("packs", "from-image", picture("me", "Author"))
        assert said.code == 2
        assert "Author" in said.err


class TestToPack:
    def test_a_new_pack_is_made_and_runs(self, cli, picture, tmp_path):
        pack = tmp_path / "new.txt"
        said = cli(
            "packs", "from-image", picture(f"a boat\n\nat sea\nNegative prompt: blur\nfog\n{LINE}"), "--to", pack
        )
        assert said.code == 0
        assert pack.read_text() == "name: harbour\na boat\nat sea\nneg: blur fog\n"
        assert cli("run", pack, "--json", *FEW).json["ok"] == 1

    @pytest.mark.parametrize("before", [b"a tram", b"a tram\n", b"# mine\r\na tram\r\n\r\n", b"\xef\xbb\xbfa tram\n\n"])
    def test_what_was_in_the_pack_stays_byte_for_byte(self, cli, picture, tmp_path, before):
        pack = tmp_path / "old.txt"
        pack.write_bytes(before)
        assert cli("packs", "from-image", picture(f"a boat\n{LINE}"), "--to", pack).code == 0
        after = pack.read_bytes()
        assert after.startswith(before)
        assert (b"\r\n" in before) == (b"\r\n" in after[len(before) :])
        assert [prompt[1] for prompt in prompts(pack)] == ["a tram", "a boat"]
        assert [path.name for path in tmp_path.glob("*.tmp-*")] == []

    def test_twice_gives_two_prompts(self, cli, picture, tmp_path):
        pack, file = tmp_path / "p.txt", picture(f"a boat\n{LINE}")
        for _ in range(2):
            cli("packs", "from-image", file, "--to", pack)
        assert [name for name, _, _ in prompts(pack)] == ["harbour", "harbour (2)"]

    def test_a_comma_before_the_prompt_is_told(self, cli, picture, tmp_path):
        pack = tmp_path / "p.txt"
        said = cli("packs", "from-image", picture(f"neg: a friend\n{LINE}"), "--to", pack, "--json")
        assert prompts(pack) == [("harbour", ", neg: a friend", "")]
        assert "comma" in said.json["notices"][0]

    def test_a_link_stays_a_link(self, cli, picture, tmp_path):
        (tmp_path / "real.txt").write_text("a tram\n")
        (tmp_path / "link.txt").symlink_to("real.txt")
        cli("packs", "from-image", picture(f"a boat\n{LINE}"), "--to", tmp_path / "link.txt")
        assert (tmp_path / "link.txt").is_symlink()
        assert "a boat" in (tmp_path / "real.txt").read_text()

    @pytest.mark.parametrize("name", ["p.png", "p", "none/p.txt", "folder.txt", "utf16.txt"])
    def test_what_cannot_be_a_pack_is_refused_and_untouched(self, cli, picture, tmp_path, name):
        (tmp_path / "folder.txt").mkdir()
        (tmp_path / "utf16.txt").write_text("a tram", encoding="utf-16")
        file = picture(f"a boat\n{LINE}")
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path != cli.data}
        said = cli("packs", "from-image", file, "--to", tmp_path / name)
        assert said.code in (1, 2)
        assert said.err.count("\n") <= 2
        assert {path: path.stat().st_mtime_ns for path in before} == before

    @pytest.mark.skipif(os.name == "nt", reason="links need rights there")
    def test_names_that_lead_nowhere_are_refused_in_a_sentence(self, cli, picture, tmp_path):
        file = picture(f"a boat\n{LINE}")
        (tmp_path / "loop.txt").symlink_to("loop.txt")
        loop = cli("packs", "from-image", file, "--to", tmp_path / "loop.txt")
        assert (loop.code, "leads to itself" in loop.err, (tmp_path / "loop.txt").is_symlink()) == (2, True, True)
        long = cli("packs", "from-image", file, "--to", tmp_path / f"{'n' * 300}.txt")
        assert (long.code, "was not saved" in long.err) == (1, True)

    def test_a_picture_without_words_adds_nothing(self, cli, picture, tmp_path):
        said = cli("packs", "from-image", picture(LINE), "--to", tmp_path / "p.txt")
        assert said.code == 2
        assert not (tmp_path / "p.txt").exists()


def test_every_setting_shown_can_be_given_to_a_run(cli, picture):
    document = cli("packs", "from-image", picture(json.dumps(two_passes()), "prompt"), "--json").json
    assert set(document["settings"]) <= set(catalogue())


class TestControlNetUnits:
    UNIT = ', ControlNet 0: "Module: canny, Model: control_canny [d14c016b], Weight: 0.8"'

    def test_they_are_written_down_to_be_used_again(self, cli, picture, tmp_path):
        file = tmp_path / "units.json"
        said = cli("packs", "from-image", picture(f"a boat\n{LINE}{self.UNIT}"), "--controlnet", file, "--json")
        assert "1 unit written to units.json" in said.json["notices"][-1]
        (unit,) = read_units(file.read_bytes(), file.name)
        assert (unit.module, unit.weight, unit.image) == ("canny", 0.8, "PICTURE.png")

    def test_a_file_that_is_there_and_a_picture_without_units_are_refused(self, cli, picture, tmp_path):
        file = tmp_path / "units.json"
        said = cli("packs", "from-image", picture(f"a boat\n{LINE}"), "--controlnet", file, "--json")
        assert (said.code, file.exists()) == (2, False)
        file.write_text("mine")
        said = cli("packs", "from-image", picture(f"a boat\n{LINE}{self.UNIT}"), "--controlnet", file, "--json")
        assert (said.code, file.read_text()) == (2, "mine")
