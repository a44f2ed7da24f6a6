"""`stablenew run`: pictures from a terminal, told in one document, stopped without a loss."""

from __future__ import annotations

import hashlib
import json
import shlex
import signal
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE_S, wait_until
from fake_webui import FakeWebUI
from jobs import full_disk
from PIL import Image
from terminal import FEW, TINY, Terminal, ended, program

from stablenew_tk.storage.journal.reader import recent, verify
from stablenew_tk.storage.pictures.metadata import read_recipe

REPORT = {
    "run_id", "jobs", "ok", "failed", "cancelled", "images", "journal", "outputs", "errors", "notes", "unsaved", "kept",
}  # fmt: skip
LATER = [word for stage in ("img2img", "adetailer", "upscale") for word in ("--set", f"{stage}.enabled=on")]


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def fake():
    with FakeWebUI() as server:
        yield server


def sums(report):
    return [hashlib.sha256(Path(image["path"]).read_bytes()).hexdigest() for image in report["images"]]


def test_what_the_settings_add_is_sent_in_the_stages_they_name(cli):
    cli.data.mkdir()
    texts = {"global_positive": "ink", "global_negative": "text", "global_negative_stages": ["txt2img"]}
    (cli.data / "settings.json").write_text(json.dumps(texts))
    cli.run("--limit", 1, "--set", "img2img.enabled=on")
    (record,) = cli.shown()
    assert (record["prompt"], record["negative"]) == ("ink, a red boat", "blur, text")
    assert record["stage_texts"] == {"img2img": {"prompt": "ink, a red boat", "negative": "blur"}}


class TestLorasTheServerDoesNotHave:
    def test_they_are_told_before_the_run_and_the_run_goes_on(self, cli, fake):
        cli.pack.write_text("a red boat <lora:inkwsh:1>\n\na tram <lora:grain_final:0.5>\n")
        said = cli("run", cli.pack, "--json", *FEW, "--backend", fake.url)
        assert (
            "does not list the LoRA “inkwsh”: unless it finds a new file, its tag does nothing. Did you mean “inkwash”?"
            in said.err
        )
        assert (said.json["ok"], fake.count("txt2img")) == (2, 2)

    def test_those_of_the_prompt_of_hires_fix_are_told_when_it_is_on(self, cli, fake):
        own = ("--set", "hires.prompt=a tram <lora:nobody:1>")
        assert "nobody" not in cli("run", cli.pack, "--json", *FEW, *own, "--backend", fake.url).err
        said = cli("run", cli.pack, "--json", *FEW, *own, "--set", "hires.enabled=on", "--backend", fake.url)
        assert "does not list the LoRA “nobody”" in said.err

    def test_names_and_aliases_that_it_has_are_no_matter(self, cli, fake):
        cli.pack.write_text("a red boat <lora:inkwash:1> <lora:grain_final:0.5>\n")
        assert "LoRA" not in cli("run", cli.pack, "--json", *FEW, "--backend", fake.url).err


class TestWhatIsOff:
    IDLE = ("--set", "refiner.checkpoint=ink", "--set", "hires.denoise=0.5", "--set", "hires.scale=1.5")

    def test_values_of_it_are_told_before_the_run_with_what_switches_it_on(self, cli):
        said = cli("run", cli.pack, "--json", *FEW, *self.IDLE)
        assert " ".join(said.err.split()).endswith(
            "refiner.checkpoint does nothing while refiner.enabled is off. Switch it on: --set refiner.enabled=true "
            "hires.denoise and hires.scale do nothing while hires.enabled is off. Switch it on: "
            "--set hires.enabled=true"
        )

    def test_what_is_on_is_no_matter(self, cli):
        on = ("--set", "hires.enabled=on", "--set", "txt2img.steps=2")
        assert "does nothing" not in cli("run", cli.pack, "--json", *FEW, *self.IDLE[2:], *on).err

    def test_a_learning_run_tells_it_too_and_switches_on_what_it_varies(self, cli):
        about = ("learn", cli.pack, "--json", "--dry-run", *TINY, "--focus", "hires.denoise", "--values", "0.4, 0.6")
        said = cli(*about, "--set", "hires.scale=1.5", "--set", "upscale.scale=2")
        assert "upscale.scale does nothing while upscale.enabled is off" in said.err
        assert "hires" not in said.err


class TestWhatAServerSaysBeyondAllBounds:
    @pytest.mark.parametrize(("twist", "code"), [("endless-text", 0), ("nan-cfg", 0)])
    def test_a_picture_that_was_made_has_its_record(self, cli, fake, twist, code):
        fake.fault(twist)
        said = cli("run", cli.pack, "--json", *FEW, "--limit", 1, "--backend", fake.url)
        (record,) = cli.shown()
        assert (said.code, said.json["ok"], said.json["unsaved"], len(record["outputs"])) == (code, 1, 0, 1)

    def test_what_was_left_out_of_a_record_is_marked(self, cli, fake):
        fake.fault("endless-text")
        cli("run", cli.pack, "--json", *FEW, "--limit", 1, "--backend", fake.url)
        text = cli.shown()[0]["outputs"][0]["infotext"]
        assert text.startswith("a red boat")
        assert text.endswith("more characters were not recorded]")


class TestInpainting:
    MASKED = ("--set", "img2img.enabled=on", "--set", "inpaint.enabled=on")

    def test_the_mask_is_read_from_its_file_and_named_in_the_record(self, cli, fake, tmp_path, monkeypatch):
        Image.new("L", (64, 64), 255).save(tmp_path / "mask.png")
        monkeypatch.chdir(tmp_path)
        masked = (*self.MASKED, "--set", "inpaint.mask=mask.png")
        said = cli("run", cli.pack, "--json", *FEW, *masked, "--backend", fake.url)
        assert said.json["ok"] == 2
        assert fake.last("img2img")["mask"]
        assert {record["config"]["inpaint"]["mask"] for record in cli.shown()} == {str(tmp_path / "mask.png")}

    def test_without_its_file_nothing_is_made(self, cli, fake, tmp_path):
        masked = (*self.MASKED, "--set", f"inpaint.mask={tmp_path / 'gone.png'}")
        said = cli("run", cli.pack, "--json", *FEW, *masked, "--backend", fake.url)
        assert (said.json["failed"], fake.count("txt2img")) == (2, 0)
        assert "gone.png" in said.json["errors"][0]
        Image.new("L", (64, 128), 255).save(tmp_path / "tall.png")
        masked = (*self.MASKED, "--set", f"inpaint.mask={tmp_path / 'tall.png'}")
        said = cli("run", cli.pack, "--json", *FEW, *masked, "--backend", fake.url)
        assert (said.json["failed"], fake.count("txt2img")) == (2, 0)
        assert "the mask has 64 × 128 pixels and the picture 64 × 64" in said.json["errors"][0]
        unnamed = cli("run", cli.pack, "--json", *FEW, *self.MASKED, "--backend", fake.url)
        assert (unnamed.code, unnamed.json["error"].partition(":")[0]) == (2, "inpaint.mask")


class TestControlNet:
    def test_units_and_their_pictures_are_read_from_beside_the_file(self, cli, fake, tmp_path, monkeypatch):
        folder = tmp_path / "poses"
        folder.mkdir()
        Image.new("RGB", (64, 64), "white").save(folder / "pose.png")
        (folder / "units.json").write_text('[{"module": "canny", "model": "control_canny", "image": "pose.png"}]')
        monkeypatch.chdir(tmp_path)
        said = cli("run", cli.pack, "--json", *FEW, "--set", "controlnet=poses/units.json", "--backend", fake.url)
        assert said.json["ok"] == 2
        assert not any(image["suspect"] for image in said.json["images"])
        (unit,) = fake.last("txt2img")["alwayson_scripts"]["ControlNet"]["args"]
        assert unit["image"]
        assert {record["config"]["controlnet"] for record in cli.shown()} == {str(folder / "units.json")}

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (None, "units.json"),
            ("[{}, 5]", "no list of units"),
            ('[{"module": "canny", "image": "gone.png"}]', "gone.png"),
        ],
    )
    def test_what_cannot_be_read_costs_no_picture(self, cli, fake, tmp_path, text, says):
        if text is not None:
            (tmp_path / "units.json").write_text(text)
        units = f"controlnet={tmp_path / 'units.json'}"
        said = cli("run", cli.pack, "--json", *FEW, "--set", units, "--backend", fake.url)
        assert (said.json["failed"], fake.count("txt2img")) == (2, 0)
        assert says in said.json["errors"][0]


class TestCheckpointByHash:
    def test_it_is_used_and_recorded_by_its_name(self, cli, fake):
        fake.hashed = {"ink_model"}
        said = cli("run", cli.pack, "--json", *FEW, "--set", "checkpoint=5f6a7b8c9d", "--backend", fake.url)
        assert said.json["ok"] == 2
        assert {record["config"]["checkpoint"] for record in cli.shown()} == {"ink_model"}
        assert fake.last("txt2img")["override_settings"]["sd_model_checkpoint"] == "ink_model.safetensors"

    def test_one_that_the_server_does_not_know_is_refused_before_anything_is_made(self, cli, fake):
        said = cli("run", cli.pack, "--json", *FEW, "--set", "checkpoint=abcdef1234", "--backend", fake.url)
        assert said.code == 2
        assert (
            "has no checkpoint with the hash abcdef1234. It does not tell the hash of photo_model" in said.json["error"]
        )
        assert fake.count("txt2img") == 0


class TestReport:
    def test_it_has_the_shape_others_rely_on(self, cli):
        said = cli("run", cli.pack, "--json", *FEW)
        report = said.json
        assert said.code == 0
        assert set(report) == REPORT
        assert [report[name] for name in ("jobs", "ok", "failed", "cancelled", "unsaved")] == [2, 2, 0, 0, 0]
        assert all(set(image) == {"image_id", "path", "stage", "seed", "suspect"} for image in report["images"])
        assert Path(report["journal"]) == cli.journal
        assert all(Path(image["path"]).is_absolute() for image in report["images"])

    def test_it_agrees_with_the_records(self, cli):
        report = cli.run()
        made = [output for record in reversed(cli.shown()) for output in record["outputs"]]
        assert [image["image_id"] for image in report["images"]] == [output["image_id"] for output in made]
        assert sums(report) == [output["sha256"] for output in made]
        assert {record["run_id"] for record in cli.shown()} == {report["run_id"]}

    def test_as_text_it_ends_with_where_everything_is_and_how_to_rate(self, cli):
        said = cli("run", cli.pack, *FEW)
        assert said.code == 0
        assert said.out.startswith("2 of 2 jobs done")
        assert f"Pictures: {cli.outputs}" in said.out
        assert f"Records:  {cli.journal}" in said.out
        assert shlex.join(["stablenew", "--data-dir", str(cli.data), "rate"]) in said.out

    def test_nothing_is_recorded_when_told_so(self, cli):
        report = cli.run("--no-record")
        assert (report["ok"], cli.shown()) == (2, [])

    def test_pictures_go_where_they_are_wanted(self, cli, tmp_path):
        report = cli.run("--out", tmp_path / "here")
        assert all(image["path"].startswith(str(tmp_path / "here")) for image in report["images"])
        assert report["outputs"] == str(tmp_path / "here")

    @pytest.mark.parametrize(
        ("words", "jobs"), [(["--limit", 1], 1), (["--seeds", 3], 6), (["--seeds", 3, "--limit", 4], 4)]
    )
    def test_limit_and_seeds_count_the_jobs(self, cli, words, jobs):
        report = cli.run(*words, "--seed", 5)
        assert report["jobs"] == report["ok"] == jobs
        assert report["images"][0]["seed"] == 5

    def test_a_later_stage_can_start_from_a_picture(self, cli):
        first = cli.run("--limit", 1)["images"][0]["path"]
        words = ["--set", "txt2img.enabled=off", "--set", "img2img.enabled=on", "--start-image", first]
        assert [image["stage"] for image in cli.run(*words)["images"]] == ["img2img", "img2img"]
        # A start image alone says that txt2img is not wanted.
        assert [image["stage"] for image in cli.run(*words[2:])["images"]] == ["img2img", "img2img"]


class TestSketch:
    def test_the_same_seed_twice_gives_the_same_bytes_in_new_files(self, cli):
        first, second = cli.run("--seed", 5), cli.run("--seed", 5)
        assert sums(first) == sums(second)
        assert not {image["path"] for image in first["images"]} & {image["path"] for image in second["images"]}

    def test_prompt_seed_steps_and_cfg_all_change_the_picture(self, cli):
        base = cli.run("--seed", 5)
        changed = [
            ("--seed", 6),
            ("--seed", 5, "--set", "txt2img.steps=9"),
            ("--seed", 5, "--set", "txt2img.cfg_scale=12"),
        ]
        all_sums = sums(base) + [one for words in changed for one in sums(cli.run(*words))]
        assert len(set(all_sums)) == 8

    def test_the_starter_pack_runs_by_its_name(self, cli):
        report = cli("run", "starter", "--json", *FEW).json
        assert report["ok"] == report["jobs"] > 3

    def test_other_tools_can_read_how_the_picture_was_made(self, cli):
        text = read_recipe(Path(cli.run("--seed", 5)["images"][0]["path"])).infotext
        assert text.startswith("a red boat\nNegative prompt: blur\nSteps: 4, Sampler: ")
        assert "Seed: 5" in text


class TestWebUI:
    def test_a_job_of_four_stages(self, cli, fake):
        report = cli.run("--backend", fake.url, "--limit", 1, *LATER)
        assert [image["stage"] for image in report["images"]] == ["txt2img", "img2img", "adetailer", "upscale"]
        assert [fake.count(route) for route in ("txt2img", "img2img", "extra-single-image")] == [1, 2, 1]

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            ("other-sampler", "mismatch:txt2img.sampler"),
            ("other-checkpoint", "mismatch:checkpoint"),
            ("black", "black"),
        ],
    )
    def test_a_server_that_does_something_else_is_caught_and_shown(self, cli, fake, fault, code):
        words = ("--limit", 1, "--backend", fake.url, "--set", "checkpoint=ink_model")
        fake.fault(fault, times=2)
        assert cli.run(*words)["images"][0]["suspect"] == [code]
        said = cli("run", cli.pack, *FEW, *words)
        assert "1 picture" in said.out
        assert code in said.out
        assert "suspect" in cli("records", "show").out

    def test_one_failed_job_is_counted_named_and_exits_with_1(self, cli, fake):
        fake.fault("oom", nth=2)
        said = cli("run", cli.pack, "--json", *FEW, "--backend", fake.url)
        assert said.code == 1
        assert (said.json["ok"], said.json["failed"]) == (1, 1)
        assert "out of GPU memory" in said.json["errors"][0]

    def test_nobody_at_the_address_is_one_sentence_and_exit_1(self, cli):
        said = cli("run", cli.pack, "--json", "--backend", "http://127.0.0.1:9")
        assert (said.code, said.json["jobs"]) == (1, 0)
        sentence = "No WebUI or ComfyUI is running at 127.0.0.1:9. Start it, or change the address."
        assert said.json["errors"] == [sentence]
        said = cli("run", cli.pack, "--backend", "http://127.0.0.1:9")
        assert (said.code, said.out) == (1, "")
        assert said.err.count("\n") == 1
        assert not cli.journal.exists()

    def test_an_address_that_is_none_is_told(self, cli):
        said = cli("run", cli.pack, "--json", "--backend", "my computer")
        assert said.code == 2
        assert "is not an address" in said.json["error"]

    def test_a_password_in_a_mistyped_address_is_not_shown(self, cli):
        said = cli("run", cli.pack, "--json", "--backend", "ann:s3cret@127.0.0.1:9")
        assert "•••@127.0.0.1:9" in said.json["error"]
        assert "s3cret" not in said.out + said.err


class TestWrongUse:
    @pytest.mark.parametrize(
        ("pair", "words"),
        [
            ("txt2img.steps=900", "txt2img.steps: 900 is outside 1 to 150"),
            ("txt2img.steps=many", "txt2img.steps: 'many' is not a whole number"),
            ("txt2img.width=100", "txt2img.width: 100 is not a multiple of 8"),
            ("txt2img.stepz=9", "'txt2img.stepz'"),
            ("steps=9", "txt2img.steps"),
            ("txt2img.cfg_scale=nan", "txt2img.cfg_scale"),
            ("upscale.mode=huge", "upscale.mode: 'huge' is not one of single, img2img"),
            ("hires.enabled=perhaps", "hires.enabled: 'perhaps' is neither on nor off"),
            ("steps", "PATH=VALUE"),
        ],
    )
    def test_a_value_that_cannot_be_used_is_named_with_its_path(self, cli, pair, words):
        said = cli("run", cli.pack, "--json", "--set", pair)
        assert said.code == 2
        assert words in said.json["error"]

    def test_an_unknown_pack_lists_those_there_are(self, cli):
        said = cli("run", "nothing", "--json")
        assert said.code == 2
        assert said.json == {"error": "There is no pack 'nothing'. Packs found: starter."}

    def test_a_pack_with_an_error_is_named_with_its_line(self, cli):
        cli.pack.write_text("a boat\n\nneg: text\n")
        said = cli("run", cli.pack)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("two.txt, line 3: This prompt has a negative")

    @pytest.mark.parametrize(
        "words",
        [
            ["--limit", "-1"],
            ["--seed", "-2"],
            ["--seeds", "0"],
            ["--seed", str(2**64)],
            ["--set", "txt2img.enabled=off"],
            ["--start-image", "x.png"],
        ],
    )
    def test_numbers_and_stages_that_make_no_sense_are_refused_before_anything_is_made(self, cli, words):
        said = cli("run", cli.pack, "--json", *words)
        assert said.code == 2
        assert said.json["error"].endswith(".") or "random" in said.json["error"]
        assert not cli.outputs.exists()

    def test_a_name_the_engine_does_not_have_fails_with_the_choices(self, cli):
        said = cli("run", cli.pack, "--json", *TINY, "--set", "txt2img.sampler=Eular")
        assert (said.code, said.json["failed"]) == (1, 2)
        assert "Euler a" in said.json["errors"][0]


def test_a_full_disk_is_told_and_exits_with_1(cli):
    cli.run()
    with full_disk(1000):
        said = cli("run", cli.pack, "--json", *FEW)
    assert said.code == 1
    assert said.json["failed"] == 2
    assert "not saved" in said.json["errors"][0]
    assert cli.verified().code == 0


def test_a_record_that_is_not_saved_is_told_with_its_reason_and_not_offered_for_rating(cli):
    cli.data.mkdir()
    cli.journal.write_text("not a folder")
    said = cli("run", cli.pack, *FEW)
    assert said.code == 1
    assert str(cli.journal) in said.err
    assert "2 records are kept in" in said.err
    assert "Rate one" not in said.out


class TestConsent:
    def test_the_very_first_run_says_once_that_runs_are_recorded_where_and_how_to_switch_it_off(self, cli):
        first = cli("run", cli.pack, *FEW, "--limit", 1)
        assert f"Runs are recorded in {cli.journal}" in first.err
        assert "--no-record" in first.err
        assert f'{{"learning": "off"}} in {cli.data / "settings.json"}' in first.err
        assert "Runs are recorded" not in cli("run", cli.pack, *FEW, "--limit", 1).err

    def test_declined_nothing_is_recorded_and_nothing_is_said(self, cli):
        cli.data.mkdir()
        (cli.data / "settings.json").write_text('{"learning": "off"}')
        said = cli("run", cli.pack, *FEW, "--limit", 1)
        assert (said.code, cli.shown()) == (0, [])
        assert "recorded" not in said.err
        assert "Rate one" not in said.out


def test_a_run_without_records_is_not_offered_for_rating(cli):
    assert "Rate one" in cli("run", cli.pack, *FEW).out
    assert "Rate one" not in cli("run", cli.pack, "--no-record", *FEW).out


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
class TestStopping:
    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
    def test_a_polite_stop_keeps_what_is_finished_and_exits_with_1(self, cli, how):
        with FakeWebUI() as server:
            server.hold()
            run = program(
                "run", cli.pack, "--backend", server.url, "--seeds", 50, "--data-dir", cli.data, "--json", *TINY
            )
            assert server.held.wait(PATIENCE_S)
            server.let_one_go()
            assert server.held.wait(PATIENCE_S)
            run.send_signal(how)
            said = ended(run)
        report = said.json
        assert said.code == 1
        assert "what is finished stays" in said.err
        assert report["ok"] >= 1
        assert report["jobs"] == report["ok"] + report["cancelled"] == 100
        statuses = [folded.record.status for folded in recent(cli.journal, 200)]
        assert statuses.count("ok") == report["ok"]
        assert all(Path(image["path"]).exists() for image in report["images"])

    def test_kill_9_in_the_middle_leaves_a_whole_journal_whose_pictures_are_all_there(self, cli):
        run = program("run", cli.pack, "--seeds", 500, "--data-dir", cli.data, *FEW)
        wait_until(lambda: len(recent(cli.journal, 9)) >= 9)
        run.kill()
        assert ended(run).code == -signal.SIGKILL
        found = verify(cli.journal)
        assert (found.damaged, found.gaps) == ((), ())
        records = [folded.record for folded in recent(cli.journal, 10_000)]
        assert len(records) == found.ok >= 9
        for output in (output for record in records for output in record.outputs):
            data = (cli.outputs / output.path).read_bytes()
            assert hashlib.sha256(data).hexdigest() == output.sha256
        assert cli.run()["ok"] == 2
