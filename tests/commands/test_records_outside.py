"""`records export --pairs` and `--csv`: ratings and pictures for other programs, with nothing that names a person."""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from pathlib import Path

import pytest
from journal_lines import new_id, output, rate, record, undo
from learning_lab import Lab
from PIL import Image, PngImagePlugin
from terminal import Terminal

from stablenew_tk.domain.journal.record import BackendInfo, PairVote
from stablenew_tk.domain.runs.plan import PlanPrompt, job_for
from stablenew_tk.storage.pictures.images import pixel_hash

SECRET = "/home/ann-other/secret"


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


class Rated(Lab):
    """A Learning Run whose pictures are real files, each of one colour of its own, full of things not to give away."""

    def __init__(self, cli):
        super().__init__(cli.data)
        self.outputs, self.colours = cli.outputs, {}
        self.outputs.mkdir(parents=True)

    def picture(self, colour, size=(16, 16), kind="PNG"):
        info = PngImagePlugin.PngInfo()
        info.add_text("parameters", f"made in {SECRET}")
        out = io.BytesIO()
        exif = Image.Exif()
        exif[0x013B] = SECRET
        Image.new("RGB", size, colour).save(out, kind, **({"pnginfo": info} if kind == "PNG" else {}), exif=exif)
        return out.getvalue()

    def fill(self, plan, *, size=lambda value: (16, 16), **changes):
        for cell in plan.cells():
            value = plan.variant_values[cell.variant]
            job = job_for(plan, cell, job_id=new_id())
            colour = (cell.variant * 60, cell.row * 60, 99)
            data = self.picture(colour, size(value))
            name = f"{plan.plan_id}-{cell.variant}-{cell.row}.png"
            (self.outputs / name).write_bytes(data)
            width, height = size(value)
            made = output(
                path=name,
                seed=job.seed,
                sha256=hashlib.sha256(data).hexdigest(),
                pixels=pixel_hash(data),
                width=width,
                height=height,
            )
            self.made[value, cell.row], self.colours[value, cell.row] = made, colour
            told = {"run_id": job.run_id, "job_id": job.job_id, "prompt": job.prompt, "prompt_id": job.prompt_id}
            self.append(
                record(
                    **told,
                    seed=job.seed,
                    negative=job.negative,
                    config=job.config,
                    learning=job.learning,
                    outputs=(made,),
                    output_root=SECRET,
                    start_image=f"{SECRET}/start.png",
                    **changes,
                )
            )
        return plan

    def star(self, stars, **said):
        for value, row_stars in stars.items():
            for row, star in enumerate(row_stars):
                if star:
                    self.append(rate(self.made[value, row], star, **{"blind": True} | said))


@pytest.fixture
def rated(cli):
    return Rated(cli)


def colour_of(data):
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").getpixel((3, 3))


def folders(target):
    """What a trainer with folders reads: for each stem the pictures of `w` and of `l`, and the words of both."""
    stems = sorted(path.stem for path in (target / "w").glob("*.png"))
    assert stems == sorted(path.stem for path in (target / "l").glob("*.png"))
    return [
        tuple((target / side / f"{stem}.png").read_bytes() for side in "wl")
        + tuple((target / side / f"{stem}.txt").read_text().strip() for side in "wl")
        for stem in stems
    ]


def preferred(path):
    """What a trainer with a table reads: (caption, better, worse) of each line."""
    parquet = pytest.importorskip("pyarrow.parquet")
    found = []
    for line in parquet.read_table(path).to_pylist():
        first, second = line["jpg_0"], line["jpg_1"]
        assert line["label_0"] in (0, 1)
        better, worse = (first, second) if line["label_0"] == 1 else (second, first)
        found.append((line["caption"], better, worse))
    return found


class TestPairs:
    def test_pictures_of_a_row_with_different_stars_become_pairs_the_better_one_first(self, cli, rated, tmp_path):
        rated.fill(rated.plan(values=(12, 20, 28), rows=2))
        rated.star({12: (1, 3), 20: (4, 3), 28: (4, 5)})
        said = cli("records", "export", "--pairs", tmp_path / "pairs", "--json").json
        assert (said["pairs"], said["left_out"]) == (4, 0)
        seen = {(colour_of(better), colour_of(worse)) for better, worse, _, _ in folders(tmp_path / "pairs")}
        place = rated.colours
        assert seen == {
            (place[20, 0], place[12, 0]),
            (place[28, 0], place[12, 0]),
            (place[28, 1], place[12, 1]),
            (place[28, 1], place[20, 1]),
        }
        assert {words for *_, first, second in folders(tmp_path / "pairs") for words in (first, second)} == {
            "a rainy street"
        }

    def test_the_table_tells_the_same_pairs_and_either_place_may_hold_the_better_one(self, cli, rated, tmp_path):
        parquet = pytest.importorskip("pyarrow.parquet")
        rated.fill(rated.plan(values=(12, 20, 28), rows=2))
        rated.star({12: (1, 3), 20: (4, 3), 28: (4, 5)})
        assert cli("records", "export", "--pairs", tmp_path / "pairs", "--json").json["parquet"] is True
        table = tmp_path / "pairs" / "pairs.parquet"
        assert [(caption, better, worse) for caption, better, worse in preferred(table)] == [
            (words, better, worse) for better, worse, words, _ in folders(tmp_path / "pairs")
        ]
        read = parquet.read_table(table)
        assert read.column_names == ["jpg_0", "jpg_1", "label_0", "caption"]
        assert set(read["label_0"].to_pylist()) == {0, 1}

    def test_more_pairs_than_are_held_at_once_are_all_in_the_table(self, cli, rated, tmp_path):
        pytest.importorskip("pyarrow")
        rated.fill(rated.plan(values=(12, 20), rows=40))
        rated.star({12: (1,) * 40, 20: (2,) * 40})
        cli("records", "export", "--pairs", tmp_path / "pairs")
        assert len(preferred(tmp_path / "pairs" / "pairs.parquet")) == len(folders(tmp_path / "pairs")) == 40

    def test_without_its_library_the_folders_come_and_a_sentence_says_what_to_install(
        self, cli, rated, tmp_path, monkeypatch
    ):
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        rated.fill(rated.plan(values=(12, 20), rows=1))
        rated.star({12: (1,), 20: (2,)})
        said = cli("records", "export", "--pairs", tmp_path / "pairs")
        assert said.code == 0
        assert "stablenew[parquet]" in said.err
        assert "Traceback" not in said.err
        assert sorted(path.name for path in (tmp_path / "pairs").iterdir()) == ["l", "w"]
        assert len(folders(tmp_path / "pairs")) == 1

    def test_nothing_names_a_path_a_person_or_the_settings(self, cli, rated, tmp_path):
        rated.fill(rated.plan(values=(12, 20), rows=1))
        rated.star({12: (1,), 20: (2,)}, note="Ann said so")
        cli("records", "export", "--pairs", tmp_path / "pairs")
        files = [path for path in (tmp_path / "pairs").rglob("*") if path.is_file()]
        assert len(files) >= 4
        for path in files:
            data = path.read_bytes()
            assert not any(word in data for word in (b"ann-other", b"Ann", b"secret", str(tmp_path).encode()))
            if path.suffix == ".png":
                with Image.open(path) as image:
                    image.load()
                    assert image.info == {}

    def test_stars_that_were_not_given_blind_make_no_pairs(self, cli, rated, tmp_path):
        rated.fill(rated.plan(values=(12, 20), rows=1))
        rated.star({12: (1,)}, blind=False)
        rated.star({20: (5,)})
        said = cli("records", "export", "--pairs", tmp_path / "pairs")
        assert said.code == 2
        assert "no pairs yet" in said.err
        assert not (tmp_path / "pairs").exists()

    def test_pictures_that_were_compared_blind_are_a_pair_whatever_their_stars_say(self, cli, rated, tmp_path):
        rated.fill(rated.plan(values=(12, 20, 28), rows=1))
        rated.star({12: (4,), 20: (5,), 28: (5,)})

        def vote(one, other, better, **said):
            images = {"image_id": rated.made[one, 0].image_id, "other_id": rated.made[other, 0].image_id}
            when = {"event_id": new_id(), "ts": "2026-01-01T00:03:00.000Z"}
            rated.append(PairVote(**when, **images, better=better, **{"blind": True} | said))

        vote(12, 20, "none")
        vote(28, 20, "second")
        vote(12, 28, "first", blind=False)
        assert cli("records", "export", "--pairs", tmp_path / "pairs").code == 0
        found = [(colour_of(better), colour_of(worse)) for better, worse, *_ in folders(tmp_path / "pairs")]
        colours = rated.colours
        assert found == [(colours[28, 0], colours[12, 0]), (colours[20, 0], colours[28, 0])]

    def test_a_run_whose_values_are_still_hidden_stays_hidden(self, cli, rated, tmp_path):
        rated.fill(rated.plan(values=(12, 20), rows=1, blind=True))
        rated.star({12: (1,), 20: (5,)})
        assert "no pairs yet" in cli("records", "export", "--pairs", tmp_path / "pairs").err

    def test_sketches_teach_no_model_anything(self, cli, rated, tmp_path):
        rated.fill(rated.plan(values=(12, 20), rows=1), backend=BackendInfo(kind="sketch", name="sketch"))
        rated.star({12: (1,), 20: (5,)})
        assert "no pairs yet" in cli("records", "export", "--pairs", tmp_path / "pairs").err

    def test_other_words_other_seeds_and_other_sizes_are_no_pair(self, cli, rated, tmp_path):
        prompts = (PlanPrompt("p1", "a rainy street"), PlanPrompt("p2", "a boat"))
        rated.fill(rated.plan(values=(12, 20), rows=1, prompts=prompts, seeds=(1, 2)))
        rated.star({12: (1, 5), 20: (1, 5)})
        rated.fill(rated.plan("txt2img.width", (512, 768), rows=1), size=lambda value: (value // 32, 16))
        rated.star({512: (1,), 768: (5,)})
        assert "no pairs yet" in cli("records", "export", "--pairs", tmp_path / "pairs").err

    def test_a_lora_that_was_varied_is_a_setting_and_not_among_the_words(self, cli, rated, tmp_path):
        rated.fill(rated.plan("lora:rainy", (0.4, 1.0), rows=1))
        rated.star({0.4: (1,), 1.0: (5,)})
        cli("records", "export", "--pairs", tmp_path / "pairs")
        assert [words for *_, words in folders(tmp_path / "pairs")] == ["a rainy street"]

    @pytest.mark.parametrize("harm", ["gone", "damaged", "changed"])
    def test_a_picture_that_is_not_as_it_was_rated_is_left_out_and_told(self, cli, rated, tmp_path, harm):
        rated.fill(rated.plan(values=(12, 20), rows=2))
        rated.star({12: (1, 1), 20: (5, 5)})
        path = rated.outputs / rated.made[20, 1].path
        if harm == "gone":
            path.unlink()
        else:
            path.write_bytes(b"nothing" if harm == "damaged" else rated.picture((1, 2, 3)))
        said = cli("records", "export", "--pairs", tmp_path / "pairs", "--json")
        assert (said.json["pairs"], said.json["left_out"]) == (1, 1)
        assert "1 pair left out" in said.err
        assert len(folders(tmp_path / "pairs")) == 1

    def test_undone_stars_and_undone_pictures_are_out(self, cli, rated, tmp_path):
        rated.fill(rated.plan(values=(12, 20, 28), rows=1))
        rated.star({12: (1,), 28: (3,)})
        said = rate(rated.made[20, 0], 5, blind=True)
        rated.append(said, undo(said))
        assert cli("records", "export", "--pairs", tmp_path / "pairs", "--json").json["pairs"] == 1

    def test_a_folder_with_something_in_it_is_refused_and_kept(self, cli, rated, tmp_path):
        rated.fill(rated.plan(values=(12, 20), rows=1))
        rated.star({12: (1,), 20: (5,)})
        target = tmp_path / "pairs"
        target.mkdir()
        assert cli("records", "export", "--pairs", target).code == 0
        before = sorted(target.rglob("*"))
        said = cli("records", "export", "--pairs", target)
        assert (said.code, "is there already" in said.err) == (2, True)
        assert sorted(target.rglob("*")) == before

    def test_the_journal_is_no_place_for_pairs(self, cli, rated):
        rated.fill(rated.plan(values=(12, 20), rows=1))
        for words in (("--pairs", cli.journal / "pairs"), ("--csv", cli.journal / "records.csv")):
            said = cli("records", "export", *words)
            assert (said.code, "inside the journal" in said.err) == (2, True)

    def test_two_forms_at_once_are_wrong_use(self, cli, tmp_path):
        assert cli("records", "export", "--pairs", tmp_path / "a", "--csv", tmp_path / "b").code == 2
        assert cli("records", "export", "--pairs", tmp_path / "a", "--to", tmp_path / "b").code == 2


class TestTable:
    def read(self, cli, target):
        assert cli("records", "export", "--csv", target).code == 0
        with target.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def test_every_picture_is_a_line_with_its_settings_and_stars(self, cli, rated, tmp_path):
        plan = rated.fill(rated.plan(values=(12, 20), rows=2))
        rated.star({12: (1,), 20: (4,)}, tags_added=("soft, grey",))
        lines = self.read(cli, tmp_path / "all.csv")
        told = {(line["tested_value"], line["row"]): line for line in lines}
        assert set(told) == {("12", "0"), ("12", "1"), ("20", "0"), ("20", "1")}
        first = told["20", "0"]
        assert (first["stars"], first["blind"], first["tags"]) == ("4", "yes", "soft, grey")
        assert (first["txt2img.steps"], first["checkpoint"], first["seed"]) == ("20", "dream.safetensors", "0")
        assert (first["plan"], first["prompt"]) == (plan.plan_id, "a rainy street")
        assert first["upscale.denoise"] == ""
        assert (told["20", "1"]["stars"], told["20", "1"]["blind"]) == ("", "")

    def test_it_names_no_path_no_person_and_no_note(self, cli, rated, tmp_path):
        rated.fill(rated.plan("checkpoint", ("sd/ann-other/one.ckpt", "two.ckpt"), rows=1), pack_id="ann-other/street")
        rated.star({"two.ckpt": (3,)}, note="Ann said so")
        lines = self.read(cli, tmp_path / "all.csv")
        text = (tmp_path / "all.csv").read_text()
        assert {line["checkpoint"] for line in lines} == {"one.ckpt", "two.ckpt"}
        assert not [word for word in ("ann-other", "Ann", "secret", str(Path.home()), str(tmp_path)) if word in text]

    def test_a_run_that_is_still_blind_is_not_in_it(self, cli, rated, tmp_path):
        rated.fill(rated.plan(values=(12, 20), rows=1, blind=True))
        rated.star({12: (1,)})
        assert self.read(cli, tmp_path / "all.csv") == []

    def test_a_place_that_cannot_be_written_is_a_sentence(self, cli, rated, tmp_path):
        said = cli("records", "export", "--csv", tmp_path / "no" / "all.csv")
        assert (said.code, "was not saved" in said.err) == (1, True)
