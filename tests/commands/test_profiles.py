"""`stablenew profiles`: what the files beside models recommend."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path

import pytest
from journal_lines import new_id
from learning_lab import Lab

from stablenew_tk.commands import profiles
from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.runs.plan import LearningRunResult, ResultSummary
from stablenew_tk.storage.disk.places import find_places

FIXTURES = Path(__file__).parents[1] / "fixtures" / "sidecars"


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models" / "Lora"
    shutil.copytree(FIXTURES, folder)
    return folder


@pytest.fixture
def cli(tmp_path, capsys):
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true")
    parser = argparse.ArgumentParser()
    profiles.arguments(parser.add_subparsers(), common)
    places = find_places(str(tmp_path / "data"), {}, None)

    def run(*words):
        capsys.readouterr()
        args = parser.parse_args([str(word) for word in words])
        assert args.command(args, places) == 0
        out = capsys.readouterr().out
        return json.loads(out) if args.json else out

    return run


def test_show_gives_every_field_with_origin_and_source(cli, models):
    shown = cli("show", models / "cobalt.modelprofile.json", "--json")
    assert set(shown) == {
        *("fields", "trigger_phrases", "weights", "problems", "loras", "summary", "family", "variant"),
        *("stars", "best_settings"),
    }
    assert shown["family"] == {"value": "sdxl", "source": "sidecar: cobalt.modelprofile.json"}
    assert shown["loras"] == [{"name": "harbour", "weight": 0.6, "preset": "Fine"}]
    assert shown["summary"] == {"runs_observed": 12, "mean_rating": 3.5}
    assert shown["fields"]["txt2img.sampler"] == {
        "value": "DPM++ 2M SDE",
        "origin": "profile",
        "source": "cobalt.modelprofile.json · StableNew profile · preset Fine",
        "learned": "",
    }
    assert shown["fields"]["txt2img.scheduler"]["value"] == "Karras"
    assert shown["fields"]["refiner.checkpoint"]["origin"] == "style"
    assert shown["problems"] == []


def test_show_of_a_model_reads_all_files_beside_it(cli, models):
    shown = cli("show", models / "harbour.safetensors", "--json")
    assert shown["fields"]["txt2img.sampler"]["value"] == "Euler a"
    assert shown["trigger_phrases"] == ["harbour at night"]
    assert [(one["weight"], one["rating"]) for one in shown["weights"]] == [
        (0.75, "best"),
        (0.4, "good"),
        (0.7, None),
        (0.7, None),
        (0.65, None),
        (0.8, None),
        (1.2, "bad"),
    ]
    assert shown["weights"][0]["source"].startswith("harbour.loraprofile.json")


def test_show_of_a_sidecar_reads_that_one_alone(cli, models):
    shown = cli("show", models / "harbour.metadata.json", "--json")
    assert list(shown["fields"]) == ["clip_skip"]
    assert [one["weight"] for one in shown["weights"]] == [0.7]


@pytest.mark.parametrize("name", ["torn.json", "sixteen.json", "types.json", "endless.safetensors"])
def test_show_of_a_broken_file_is_one_problem(cli, models, name):
    assert len(cli("show", models / name, "--json")["problems"]) == 1


def test_show_for_people_is_a_table(cli, models):
    out = cli("show", models / "harbour.safetensors")
    assert "harbour.safetensors" in out
    assert "LoRA weight" in out
    assert "0.75 (best)" in out


def test_the_users_styles_count(cli, models, tmp_path):
    (tmp_path / "data").mkdir()
    style = {"id": "sdxl_portrait", "default_refiner_id": "my_refiner"}
    (tmp_path / "data" / "styles.json").write_text(json.dumps({"styles": [style]}))
    shown = cli("show", models / "cobalt.modelprofile.json", "--json")
    assert shown["fields"]["refiner.checkpoint"]["value"] == "my_refiner"


@pytest.mark.parametrize("name", ["nothing.safetensors", "", "readme.txt"])
def test_show_of_anything_else_is_wrong_use(cli, models, name):
    (models / "readme.txt").write_text("x")
    with pytest.raises(InvalidInput):
        cli("show", models / name)


def test_scan_lists_every_model_with_kind_family_sources_and_problems(cli, models):
    report = cli("scan", models.parent, "--json")
    assert set(report) == {"models", "seconds"}
    found = {Path(one["path"]).name: one for one in report["models"]}
    assert set(found) == {"harbour.safetensors", "endless.safetensors", "cobalt.modelprofile.json"}
    harbour = found["harbour.safetensors"]
    assert set(harbour) == {"path", "kind", "family", "sources", "problems", "stars", "best_settings"}
    assert (harbour["kind"], harbour["family"], len(harbour["sources"])) == ("lora", "sdxl", 7)
    assert len(found["endless.safetensors"]["problems"]) == 1


def test_scan_says_of_each_model_what_show_says(cli, models):
    for name in ("torn", "types", "sixteen"):
        shutil.copy(models / "harbour.safetensors", models / f"{name}.safetensors")
    for one in cli("scan", models, "--json")["models"]:
        assert one["problems"] == cli("show", one["path"], "--json")["problems"]


def test_scan_for_people_names_problems_below_the_table(cli, models):
    out = cli("scan", models)
    assert "3 models found" in out
    assert "Download it again" in out


def test_names_of_any_bytes_are_printed_and_steer_no_terminal(cli, models):
    (models / os.fsdecode(b"caf\xe9\x1b[31m.ckpt")).write_bytes(b"")
    assert "\x1b" not in cli("scan", models)
    assert any("caf" in one["path"] for one in cli("scan", models, "--json")["models"])


def test_scan_of_no_folder_is_wrong_use(cli, models):
    with pytest.raises(InvalidInput, match="no folder"):
        cli("scan", models / "harbour.json")


def test_what_a_profile_learned_elsewhere_is_not_said_to_be_from_here(cli, models):
    learned = {"id": "l", "rating": "best", "source": "local_learning", "steps": 33, "ratings": 20, "plan_id": "P9"}
    counted = {"runs_observed": 140, "mean_rating": 4.1}
    document = {"kind": "model_profile", "recommended_presets": [learned], "learning_summary": counted}
    (models / "zinc.modelprofile.json").write_text(json.dumps(document))
    shown = cli("show", models / "zinc.modelprofile.json", "--json")
    assert shown["fields"]["txt2img.steps"]["learned"] == "learned elsewhere"
    said = cli("show", models / "zinc.modelprofile.json")
    assert "The file says: 140 runs, 4.1 stars (not from this journal)." in said
    assert "here" not in said.replace("elsewhere", "")


def test_what_was_rated_in_this_journal_stands_beside_what_the_file_says(cli, models, tmp_path):
    lab = Lab(tmp_path / "data")
    plan = lab.plan(base_config=PipelineConfig(checkpoint="Cobalt.safetensors [0123456789]"))
    lab.make(plan)
    lab.rate({12: (3, 4, 4)})
    entry = {"id": "l", "rating": "best", "source": "local_learning", "steps": 33, "plan_id": plan.plan_id}
    document = json.loads((models / "cobalt.modelprofile.json").read_text())
    document["recommended_presets"].append(entry)
    (models / "cobalt.modelprofile.json").write_text(json.dumps(document))
    said = " ".join(cli("show", models / "cobalt.modelprofile.json").split())
    assert "Rated here: 3 pictures, 3.7 stars · 1 run." in said
    assert "The file says: 12 runs, 3.5 stars (not from this journal)." in said
    assert cli("show", models / "cobalt.modelprofile.json", "--json")["fields"]["txt2img.steps"]["learned"] == "learned"


def test_stars_best_pictures_and_best_settings_of_a_model_are_told(cli, models, tmp_path):
    lab = Lab(tmp_path / "data")
    plan = lab.plan(base_config=PipelineConfig(checkpoint="Cobalt.safetensors [0123456789]"))
    lab.make(plan)
    lab.rate({12: (3, 4, 5)})
    verdict = ResultSummary(state="settled", value=12, probability=0.97, sentence="", rated=3, rows=3)
    lab.append(LearningRunResult(event_id=new_id(), ts=plan.ts, plan_id=plan.plan_id, steps=(), summary=verdict))
    shown = cli("show", models / "cobalt.modelprofile.json", "--json")
    assert (shown["stars"]["rated"], shown["stars"]["mean"]) == (3, 4.0)
    assert shown["stars"]["last_used"].startswith("2026-01-01T00:0")
    assert shown["stars"]["best"] == [lab.made[12, row].image_id for row in (2, 1, 0)]
    found = {"setting": "Steps", "value": "12", "verdict": "settled, 97\N{NO-BREAK SPACE}%", "certain": True}
    assert shown["best_settings"] == [found | {"plan_id": plan.plan_id}]
    scanned = cli("scan", models, "--json")["models"]
    (one,) = (one for one in scanned if one["stars"]["rated"])
    assert Path(one["path"]).name == "cobalt.modelprofile.json"
    assert one["best_settings"] == shown["best_settings"]
