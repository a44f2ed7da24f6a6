"""Workflows of the user's own in the terminal: shown, kept, run on a ComfyUI, varied in a Learning Run."""

import csv
import json
import sys

import msgspec
import pytest
from fake_comfyui import FakeComfyUI
from terminal import Terminal
from whole_plans import killed

from stablenew_tk.app.review.record_lines import origin_lines
from stablenew_tk.domain.journal.record import LearningRecord
from tests.comfy_workflows import text

NAMES = ("--set", "checkpoint=ink_model")
FOCUS = "workflow.Larger_v1_2.scale_by"
WORKFLOW = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "ink_model.safetensors"}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"text": 'a "quoted"\nline', "clip": ["1", 1]}},
    "4": {"class_type": "CLIPTextEncode", "inputs": {"text": "ugly", "clip": ["1", 1]}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "6": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["1", 0],
            "seed": 156680208700286,
            "steps": 3,
            "cfg": 6.5,
            "sampler_name": "dpmpp_2m",
            "scheduler": "karras",
            "positive": ["3", 0],
            "negative": ["4", 0],
            "latent_image": ["5", 0],
            "denoise": 1.0,
        },
    },
    "7": {"class_type": "VAEDecode", "inputs": {"samples": ["6", 0], "vae": ["1", 2]}},
    "8": {
        "class_type": "ImageScaleBy",
        "_meta": {"title": "Larger v1.2"},
        "inputs": {"image": ["7", 0], "upscale_method": "lanczos", "scale_by": 1.5},
    },
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "garden"}},
    "10": {"class_type": "SaveImage", "inputs": {"images": ["7", 0], "filename_prefix": "small"}},
}


@pytest.fixture
def fake():
    with FakeComfyUI() as server:
        yield server


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "Garden.json"
    path.write_bytes(text(WORKFLOW))
    return path


def test_a_run_changes_what_was_named_and_the_seed_and_nothing_else(cli, fake, file):
    words = ("--set", f"{FOCUS}=2", "--set", "txt2img.sampler=Euler a", "--seed", 5, "--limit", 1)
    said = cli("run", cli.pack, "--json", "--backend", fake.url, "--workflow", file, *words)
    (sent,) = fake.graphs()
    changed = {
        (name, key): value
        for name, node in sent.items()
        for key, value in node["inputs"].items()
        if value != WORKFLOW[name]["inputs"][key]
    }
    job = said.json["images"][0]
    prefixes = {changed.pop(("9", "filename_prefix")), changed.pop(("10", "filename_prefix"))}
    assert changed == {
        ("3", "text"): "a red boat",
        ("4", "text"): "blur",
        ("6", "seed"): 5,
        ("6", "sampler_name"): "euler_ancestral",
        ("8", "scale_by"): 2.0,
    }
    assert len(prefixes) == 2
    assert all(one.startswith("StableNew/") for one in prefixes)
    # Both files are taken, that of the longer way last.
    assert [image["suspect"] for image in said.json["images"]] == [[], []]
    (record,) = cli.shown()
    assert [output["width"] for output in record["outputs"]] == [64, 128]
    use = record["config"]["workflow"]
    assert (use["file"], len(use["digest"]), use["values"]) == (str(file), 64, {FOCUS: 2.0})
    assert record["config"]["txt2img"]["steps"] == 3
    applied = record["stage_results"][0]["applied"]
    # What was left as the workflow has it is compared with what the server ran, too.
    assert (applied[FOCUS], applied["txt2img.steps"], applied["txt2img.cfg_scale"]) == (2.0, 3, 6.5)
    origins = {line.cells[0]: line.cells[1] for line in origin_lines(msgspec.convert(record, LearningRecord))}
    assert (origins["Workflow"], origins["Larger v1 2 · scale by"], origins["Steps"]) == ("Garden", "2", "3")
    assert "Clip skip" not in origins, "what the workflow has no place for gave the picture nothing"
    table = cli("records", "export", "--csv", cli.data / "all.csv")
    assert table.code == 0
    (line, _) = csv.DictReader((cli.data / "all.csv").read_text(encoding="utf-8").splitlines())
    assert (line["workflow"], line["workflow_values"]) == ("Garden", f"{FOCUS}=2")
    assert job["seed"] == 5


@pytest.mark.parametrize(
    ("change", "words", "said"),
    [
        ({}, ("--set", "hires.enabled=on"), "hires.enabled: the workflow “Garden” has no place for it"),
        ({}, ("--set", f"{FOCUS}=9"), "scale_by: 9 is outside 0.01 to 8"),
        ({"8": {"upscale_method": "lancelot"}}, (), "Node “Larger v1.2” #8, input upscale_method: "),
        ({"1": {"ckpt_name": "inc_model.safetensors"}}, (), "Did you mean ink_model.safetensors"),
        ({"6": {"seed": ["1", 0]}}, (), "no place for the seed"),
        ({}, ("--set", "styles=Film"), "styles: the workflow “Garden” has no place for it"),
    ],
)
def test_what_cannot_be_made_is_one_sentence_before_anything_is_sent(cli, fake, file, change, words, said):
    made = json.loads(file.read_text())
    for node, inputs in change.items():
        made[node]["inputs"] |= inputs
    file.write_bytes(text(made))
    told = cli("run", cli.pack, "--json", "--backend", fake.url, "--workflow", file, "--limit", 1, *words)
    assert told.code != 0
    assert said in told.out.replace("\n", " ")
    assert fake.count("prompt") == 0


def test_only_comfyui_gets_a_workflow(cli, fake, file):
    told = cli("run", cli.pack, "--json", "--backend", "sketch", "--workflow", file, "--limit", 1)
    assert told.code != 0
    assert "Sketch cannot run workflows of ComfyUI" in told.out.replace("\n", " ")
    # Beside another machine it is still ComfyUI that makes it.
    said = cli(
        "run", cli.pack, "--json", "--backend", fake.url, "--backend", "sketch", "--workflow", file, "--limit", 2
    )
    assert (said.code, said.json["ok"]) == (0, 2)
    assert fake.count("prompt") == 2


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("a cat <lora:rainy:0.8>", "loads no LoRA 'rainy'; it loads none"),
        ("a cat BREAK a dog", "BREAK, AND and [a:b:0.5] have no place"),
        ("a [cat:dog:0.5]", "BREAK, AND and [a:b:0.5] have no place"),
    ],
)
def test_words_that_the_workflow_cannot_be_told_are_refused(cli, fake, file, prompt, said):
    cli.pack.write_text(prompt)
    told = cli("run", cli.pack, "--json", "--backend", fake.url, "--workflow", file)
    assert told.code == 1
    assert said in told.json["errors"][0]
    assert fake.count("prompt") == 0


def test_a_picture_and_a_name_of_the_folder_are_workflows_too(cli, fake, file):
    made = cli("run", cli.pack, "--json", "--backend", fake.url, "--workflow", file, "--limit", 1).json["images"]
    added = cli("workflows", "add", made[0]["path"], "--name", "From: a picture", "--backend", fake.url, "--json").json
    assert added["missing"] == []
    (cli.data / "workflows" / "broken.json").write_text("{")
    listed = {one["name"]: one["problem"] for one in cli("workflows", "list", "--json").json}
    assert listed["From a picture"] == ""
    assert listed["broken"].startswith("broken.json is no whole JSON")
    again = cli("run", cli.pack, "--json", "--backend", fake.url, "--workflow", "From a picture", "--limit", 1)
    assert again.code == 0
    shown = cli("workflows", "show", "From a picture", "--backend", fake.url).out
    assert f"{FOCUS} " in shown
    assert "a red boat" in shown


def test_what_is_taken_left_titled_and_used_instead_is_said_in_the_terminal_and_kept_in_the_file(cli, fake, file):
    made = json.loads(file.read_text())
    made["1"]["inputs"]["ckpt_name"] = "gone.safetensors"
    made["11"] = {"class_type": "CLIPTextEncode", "inputs": {"text": "other words", "clip": ["1", 1]}}
    file.write_bytes(text(made))
    where = ("--backend", fake.url, "--json")
    shown = cli("workflows", "show", file, *where).json
    assert "gone.safetensors" in shown["missing"][0]
    assert (shown["places"]["prompt"], shown["places"][FOCUS]) == (["3.text"], ["8.scale_by"])
    method = "workflow.Larger_v1_2.upscale_method"
    words = ("--take", "negative=11.text", "--leave", "txt2img.cfg_scale", "--no-field", method, "--title", "7=Decode")
    said = cli("workflows", "add", file, *words, "--instead", "1.ckpt_name=ink_model.safetensors", *where)
    assert (said.code, said.json["missing"], said.json["found"]["negative"]) == (0, [], "other words")
    again = cli("workflows", "show", "Garden", *where).json
    assert {key: again[key] for key in again if key != "file"} == {
        key: said.json[key] for key in said.json if key != "file"
    }
    assert again["found"]["checkpoint"] == "ink_model"
    assert "txt2img.cfg_scale" not in again["found"]
    assert again["values"]["workflow.KSampler.cfg"]["default"] == 6.5
    assert again["values"][method]["minor"]
    assert json.loads((cli.data / "workflows" / "Garden.json").read_text())["7"]["_meta"]["title"] == "Decode"
    by_title = cli("workflows", "add", file, "--title", "11=stablenew:negative", *where).json
    assert by_title["found"]["negative"] == "other words"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--leave", "seed"), "--leave seed: without it every picture would be the same"),
        (("--leave", "hires.scale"), "--leave hires.scale: it was not found. Found: "),
        (("--take", "negative"), "--take negative: write it as NAME=VALUE"),
        (("--take", "negative=77.text"), "77.text: there is no such node. Write NODE.INPUT"),
        (("--take", "seed=3.text"), "is no value of it"),
        (("--take", "negative=3.words"), "3.words: node CLIPTextEncode has no value at this input. It has text."),
        (("--field", "workflow.Nothing.at_all"), "--field workflow.Nothing.at_all: the workflow has no such value."),
        (("--title", "77=stablenew:seed"), "--title 77: there is no node of this number."),
        (("--instead", "6.steps=5"), "--instead 6.steps: it is no name. Set it in a run."),
    ],
)
def test_what_a_workflow_does_not_have_is_refused_and_nothing_is_kept(cli, file, words, said):
    told = cli("workflows", "add", file, *words, "--backend", "sketch", "--json")
    assert (told.code, said in told.json["error"]) == (2, True), told.json
    assert not (cli.data / "workflows").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_learning_run_over_values_of_a_workflow_is_killed_and_goes_on(cli, fake, file):
    words = (
        "--focus",
        FOCUS,
        "--values",
        "1-2 (+0.5)",
        "--images",
        2,
        "--set",
        "workflow.Larger_v1_2.upscale_method=area",
    )
    where = ("--backend", fake.url)
    killed(cli, "run", 3, "after", "learn", cli.pack, "--workflow", file, *words, *where)
    said = cli("learn", "--resume", "last", "--json", *where)
    assert said.code == 0
    steps = said.json["steps"]
    assert [step["status"] for step in steps] == ["ok"] * 6
    made = {(record["learning"]["value"], record["seed"]): record for record in cli.shown()}
    assert len(made) == 6
    assert {record["config"]["workflow"]["values"][FOCUS] for record in made.values()} == {1.0, 1.5, 2.0}
    shown = json.loads(cli("learn", "--show", "last").out)
    assert shown["base_config"]["workflow"]["values"] == {"workflow.Larger_v1_2.upscale_method": "area"}
    report = cli("insights", "--json")
    assert report.code == 0
    assert cli("presets", "make", "last", "--name", "Small", "--value", "1", "--json").code == 0
    # The workflow names the checkpoint that the preset was learned with.
    one = ("run", cli.pack, "--workflow", file, "--limit", 1, *where)
    assert cli(*one, "--preset", "Small").code == 0
    assert fake.graphs()[-1]["8"]["inputs"]["scale_by"] == 1.0
    assert cli("known", "use", "last", "--value", "2").code == 0
    assert "Known: " in cli(*one).out
    assert fake.graphs()[-1]["8"]["inputs"]["scale_by"] == 2.0
    said = cli("run", cli.pack, "--limit", 1, *where, *NAMES)
    assert "Known: " not in said.out
    assert "none that has it is in use" in said.err.replace("\n", " ")
    assert cli("run", cli.pack, "--json", "--limit", 1, "--preset", "Small", "--anyway", *where, *NAMES).code == 0


def test_a_workflow_that_was_changed_since_is_not_gone_on_with(cli, fake, file):
    words = ("--focus", FOCUS, "--values", "1, 2", "--images", 1, "--backend", fake.url)
    assert cli("learn", cli.pack, "--workflow", file, *words, "--json").code == 0
    fake.delete_files()
    plan = json.loads(cli("learn", "--show", "last").out)
    written = cli.data / "again.json"
    written.write_text(json.dumps(plan))
    file.write_bytes(text({**WORKFLOW, "7": {**WORKFLOW["7"], "_meta": {"title": "Decode"}}}))
    said = cli("learn", "--plan", written, "--backend", fake.url, "--json")
    assert said.code == 1
    assert "Garden.json was changed since this was planned" in said.json["errors"][0]
