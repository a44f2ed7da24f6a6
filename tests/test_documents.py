"""What README and documents say to type is typed, every file they show is read, every link leads somewhere.

Commands run in this process, one after the other as a reader would type them, in a small world: a data folder with the
packs, model files and answers that the documents speak of. Servers of the documents are fake ones on this computer.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from journal_lines import rate
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from terminal import FEW, Said, Terminal

from stablenew_tk.cli import parser_for
from stablenew_tk.domain.config.controlnet import read_units
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.storage.journal.writer import LearningRecordWriter
from stablenew_tk.storage.models.profile_reader import load_families
from stablenew_tk.storage.settings import save_settings

ROOT = Path(__file__).parents[1]
DOCUMENTS = {path.name: path for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md"))}
BLOCK = re.compile(r"^( *)```([^\n]*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(stablenew [^`\n]+)`")
TABLE_CELL = re.compile(r"^\| (`[^|]*) \|", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Words in capitals stand for something of the reader's.
PLACES = {
    "PACK": "rain", "FILE": "x.json", "PICTURE": "garden.png", "PACK.txt": "taken.txt", "N": "3", "IMAGE": "a.png",
    "UNITS.json": "u.json", "DIR": ".", "NAME": "tower", "ADDRESS": "http://tower:7860", "PLAN": "last", "VALUE": "7",
}  # fmt: skip
RAIN = """[[light]]: dawn | noon | neon

name: Alley One
an alley in the rain, [[light]]{lora}
neg: text

name: Last tram
an old tram, [[light]]
neg: blurry
"""
SMALL = {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 4}
EPOCHS = ("rainy-000002", "rainy-000004", "rainy")


def node(kind: str, title: str = "", **inputs: object) -> dict[str, object]:
    return {"class_type": kind, "inputs": inputs, **({"_meta": {"title": title}} if title else {})}


GARDEN = {
    "1": node("CheckpointLoaderSimple", ckpt_name="ink_model.safetensors"),
    "3": node("CLIPTextEncode", text="a garden", clip=["1", 1]),
    "4": node("CLIPTextEncode", text="ugly", clip=["1", 1]),
    "5": node("EmptyLatentImage", width=64, height=64, batch_size=1),
    "6": node(
        "KSampler", model=["1", 0], seed=7, steps=3, cfg=6.5, sampler_name="dpmpp_2m", scheduler="karras",
        positive=["3", 0], negative=["4", 0], latent_image=["5", 0], denoise=1.0,
    ),
    "16": node(
        "KSampler", "Detailer", model=["1", 0], seed=8, steps=3, cfg=6.5, sampler_name="dpmpp_2m", scheduler="karras",
        positive=["3", 0], negative=["4", 0], latent_image=["6", 0], denoise=0.4,
    ),
    "7": node("VAEDecode", samples=["16", 0], vae=["1", 2]),
    "8": node("ImageScaleBy", "Larger", image=["7", 0], upscale_method="lanczos", scale_by=1.5),
    "9": node("SaveImage", images=["8", 0], filename_prefix="garden"),
}  # fmt: skip


def blocks(language: str) -> list[tuple[str, int, str]]:
    """Document, line and text of every block in this language."""
    found = []
    for name, path in DOCUMENTS.items():
        text = path.read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            if block[2] == language:
                found.append((name, text[: block.start()].count("\n") + 1, block[3]))
    return found


def in_place(words: list[str]) -> list[str]:
    return [PLACES.get(word, word) for word in words]


class World(Terminal):
    """Where the commands of one document are typed."""

    def __init__(
        self, folder: Path, capsys: pytest.CaptureFixture[str], backend: str, lora: str = " <lora:rainy:0.7>"
    ) -> None:
        super().__init__(folder, capsys)
        self.rated: set[str] = set()
        packs = self.data / "packs"
        packs.mkdir(parents=True)
        for name in ("rain", "rain city"):
            # A workflow without a loader of LoRAs refuses them.
            (packs / f"{name}.txt").write_text(RAIN.replace("{lora}", lora))
        shutil.copy(ROOT / "assets" / "packs" / "starter.txt", packs)
        (folder / "negative.txt").write_text("blurry\ntext, watermark\n")
        told = PngInfo()
        told.add_text("prompt", json.dumps(GARDEN))
        Image.new("RGB", (64, 64)).save(folder / "garden.png", pnginfo=told)
        save_settings(self.data / "settings.json", Settings(backend=backend, values=dict(SMALL)))

    def type(self, line: str, more: tuple[str, ...] = ()) -> Said:
        """Type a line of a document; one that asks for a verdict comes after the pictures were rated."""
        words = in_place(shlex.split(line, comments=True)[1:])
        if words[0] in ("insights", "known", "presets"):
            self.rate_what_waits()
        return self(*words, *more)

    def rate_what_waits(self) -> None:
        """Rate what the last Learning Run made: five stars for CFG 7, fewer the further away."""
        records = [one for one in self.shown() if one["learning"].get("plan_id")]
        last = [one for one in records if one["learning"]["plan_id"] == records[0]["learning"]["plan_id"]]
        waiting = [one for one in last if one["outputs"][0]["image_id"] not in self.rated]
        writer = LearningRecordWriter(self.journal)
        for record in waiting:
            image, cfg = record["outputs"][0]["image_id"], record["config"]["txt2img"].get("cfg_scale", 7.0)
            stars = max(1, 5 - 2 * round(abs(cfg - 7)))
            self.rated.add(image)
            if record is waiting[-1]:
                # The program itself gives the last ones, which bring the verdict.
                assert self("rate", image, stars).code == 0
            else:
                writer.append(rate(image, stars))


@pytest.fixture
def servers():
    with FakeWebUI() as webui, FakeComfyUI() as comfyui:
        webui.loras |= dict.fromkeys(EPOCHS, "rainy")
        yield webui, comfyui


def test_every_block_is_of_a_kind_that_is_tried():
    kinds = {name: {block[2] for block in BLOCK.finditer(path.read_text())} for name, path in DOCUMENTS.items()}
    del kinds["cluster.md"]  # its blocks without a language are commands, tried below all the same
    assert set().union(*kinds.values()) <= {"sh", "json", "pack", "text"}


@pytest.mark.parametrize("document", sorted({name for name, _, text in blocks("sh") if "stablenew " in text}))
def test_the_commands_of_a_document_do_what_they_say(document, tmp_path, capsys, monkeypatch, servers):
    webui, comfyui = servers
    monkeypatch.chdir(tmp_path)
    if document == "workflows.md":
        world = World(tmp_path, capsys, comfyui.url, lora="")
    else:
        world = World(tmp_path, capsys, webui.url)
    for name, number, text in blocks("sh"):
        for line in text.splitlines() if name == document else ():
            if not line.startswith("stablenew "):
                continue
            line = line.replace("http://tower:7860", webui.url).replace("http://studio:8188", comfyui.url)
            # Sketches are painted here: small ones do, and the words stay.
            said = world.type(line, FEW if "--backend sketch" in line and document != "cluster.md" else ())
            assert said.code == 0, f"{document}, block in line {number}: {line}\n{said.out}\n{said.err}"


def typed_inline() -> list[str]:
    """Commands inside sentences and in the first column of README's table of commands."""
    lines = [text for path in DOCUMENTS.values() for text in INLINE.findall(path.read_text())]
    lines += [line for _, _, text in blocks("") for line in text.splitlines() if line.startswith("stablenew ")]
    return lines + in_readme_table()


def in_readme_table() -> list[str]:
    """The commands of README's table; behind the first of a cell only what differs from it is written."""
    lines = []
    table = DOCUMENTS["README.md"].read_text().partition("| command | does |")[2].partition("\n\n")[0]
    for cell in TABLE_CELL.findall(table):
        codes = re.findall(r"`([^`]+)`", cell)
        group = codes[0].split()[0]
        single = group in ALONE
        lines += [f"stablenew {code if single or code.split()[0] == group else f'{group} {code}'}" for code in codes]
    return lines


# Commands that may share a cell without being of one group.
ALONE = ("worker",)


def offered(capsys, *words: str) -> list[str]:
    """The commands that `--help` lists, those below these words."""
    with pytest.raises(SystemExit):
        parser_for([*words, "--help"]).parse_args([*words, "--help"])
    listed = re.split(r"\n  (?:COMMAND|WHAT)\n", capsys.readouterr().out)
    return re.findall(r"^    (\S+)", listed[1].partition("\n\n")[0], re.MULTILINE) if len(listed) > 1 else []


def test_every_command_of_the_program_is_in_the_table_of_the_readme(capsys):
    told = [line.removeprefix("stablenew ").split() for line in in_readme_table()]
    there = [(one, *below) for one in offered(capsys) for below in ([(two,) for two in offered(capsys, one)] or [()])]
    assert len(there) > 40
    assert [one for one in there if not any(tuple(words[: len(one)]) == one for words in told)] == []


def test_every_command_in_a_sentence_or_table_is_one_that_there_is():
    lines = typed_inline()
    assert len(lines) > 40
    for line in lines:
        words = in_place(shlex.split(line, comments=True)[1:])
        if "…" in words or words == ["cluster"]:
            continue
        try:
            parser_for(words).parse_args(words)
        except SystemExit as stop:
            wrong = stop.code
        else:
            wrong = 0
        assert not wrong, line


def test_scripts_and_tools_that_are_named_are_there_and_know_their_options():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    seen = set()
    for name, number, text in blocks("sh"):
        assert subprocess.run(["bash", "-n"], input=text, text=True, check=False).returncode == 0, (name, number)
        for line in text.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["python3"] and words[1].startswith("scripts/"):
                source = (ROOT / words[1]).read_text()
                parts = words[2:] if words[1] != "scripts/run.py" else []
                assert [w for w in parts if w.startswith("--") and w.partition("=")[0] not in source] == [], line
                seen.add(words[1])
            for extra in re.findall(r"(?:\.|stablenew)\[([\w,]+)\]", line):
                assert set(extra.split(",")) <= set(project["optional-dependencies"]), line
    assert {"scripts/run.py", "scripts/test.py", "scripts/build.py"} <= seen


def test_every_json_file_that_is_shown_is_read_without_a_complaint(tmp_path, capsys, monkeypatch):
    world = World(tmp_path, capsys, "sketch")
    kinds = set()
    for name, number, text in blocks("json"):
        shown = json.loads(text)
        kind = "units" if isinstance(shown, list) else shown.get("kind") or next(iter(shown))
        kinds.add(kind)
        where = f"{name}, line {number}"
        if kind == "units":
            assert read_units(text.encode(), where)
        elif kind == "families":
            (world.data / "families.json").write_text(text)
            assert load_families(world.data / "families.json")[1] == (), where
        elif kind == "pack_settings":
            (world.data / "packs" / "rain.pack.json").write_text(text)
            assert world("packs", "check", "rain", "--json").json["errors"] == [], where
        elif kind == "model_profile":
            (tmp_path / "boat.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
            (tmp_path / "boat.modelprofile.json").write_text(text)
            said = world("profiles", "show", tmp_path / "boat.safetensors")
            assert (said.code, "sdxl" in said.out) == (0, True), where + said.out + said.err
        else:
            assert kind == "name", f"{where}: what is this file?"
            (tmp_path / "plan.json").write_text(text)
            said = world("learn", "--plan", tmp_path / "plan.json", "--dry-run")
            assert said.code == 0, where + said.err
    assert kinds == {"units", "families", "pack_settings", "model_profile", "name"}


def test_every_pack_that_is_shown_works_as_printed(tmp_path, capsys):
    world = World(tmp_path, capsys, "sketch")
    (world.data / "wildcards").mkdir()
    for name in ("weather", "mood"):
        (world.data / "wildcards" / f"{name}.txt").write_text("rain\nsnow\n")
    for name, number, text in blocks("pack"):
        (world.data / "packs" / "shown.txt").write_text(text)
        checked = world("packs", "check", "shown", "--json").json
        assert (checked["errors"], checked["warnings"]) == ([], []), f"{name}, line {number}"
        assert world("packs", "expand", "shown", "--json").json["count"] > 1


def anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", head)).strip().lower().replace(" ", "-") for head in heads}


def test_every_link_leads_somewhere_and_every_document_is_in_the_index():
    reached = set()
    for path in DOCUMENTS.values():
        for link in LINK.findall(BLOCK.sub("", path.read_text(encoding="utf-8"))):
            if link.startswith(("http://", "https://")):
                continue
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), f"{path.name}: {link}"
            assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), f"{path.name}: {link}"
            if path.name == "index.md":
                reached.add(target.name)
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"} <= reached
