"""`stablenew rate`: stars, tags and notes from a terminal."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from jobs import full_disk
from journal_lines import new_id, output, record
from learning_lab import Lab
from terminal import Terminal

from stablenew_tk.domain.runs.plan import LearningRunStep
from stablenew_tk.storage.journal.reader import recent
from stablenew_tk.storage.journal.segments import with_crc
from stablenew_tk.storage.journal.writer import LearningRecordWriter

STARS = {12: (2, 2, 1), 20: (3, 3, 2), 28: (5, 5, 4)}


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def image(cli):
    """A picture of a run of two."""
    return cli.run()["images"][0]


def held(cli):
    return {image_id: said for one in cli.shown("--limit", 1000) for image_id, said in one["feedback"].items()}


def test_a_rating_is_saved_and_its_event_named(cli, image):
    said = cli("rate", image["image_id"], 4, "--json")
    assert said.code == 0
    assert said.json["saved"] is True
    assert len(said.json["event_id"]) == 26
    assert held(cli) == {image["image_id"]: {"rating": 4, "tags": [], "note": ""}}


def test_tags_and_a_note_come_with_it(cli, image):
    cli("rate", image["image_id"], 5, "--tag", "good light", "--tag", " calm ", "--tag", " ", "--note", "the one")
    assert held(cli)[image["image_id"]] == {"rating": 5, "tags": ["good light", "calm"], "note": "the one"}


def test_the_last_rating_holds_and_0_takes_it_back(cli, image):
    for stars in (5, 2):
        cli("rate", image["image_id"], stars)
    assert held(cli)[image["image_id"]]["rating"] == 2
    assert "taken back" in cli("rate", image["image_id"], 0).out
    assert held(cli)[image["image_id"]]["rating"] == 0


def test_a_picture_can_be_named_by_its_file(cli, image, monkeypatch):
    monkeypatch.chdir(cli.outputs)
    relative = image["path"].removeprefix(f"{cli.outputs}/")
    for name in (image["path"], relative, f"../outputs/./{relative}"):
        assert cli("rate", name, 3, "--json").json["images"] == [image["image_id"]]


def test_a_link_to_the_folder_is_no_other_file(cli, image, tmp_path):
    (tmp_path / "link").symlink_to(cli.outputs)
    name = image["path"].replace(str(cli.outputs), str(tmp_path / "link"))
    assert cli("rate", name, 3, "--json").json["images"] == [image["image_id"]]


def test_a_picture_that_was_moved_and_renamed_is_known_by_its_content(cli, image, tmp_path):
    moved = tmp_path / "favourites" / "best.png"
    moved.parent.mkdir()
    Path(image["path"]).rename(moved)
    assert cli("rate", moved, 5, "--json").json["images"] == [image["image_id"]]
    moved.write_bytes(moved.read_bytes() + b"changed")
    said = cli("rate", moved, 5)
    assert said.code == 2
    assert "No recorded picture or run is called" in said.err


def test_a_run_means_all_its_finished_pictures(cli):
    report = cli.run("--set", "img2img.enabled=on")
    said = cli("rate", report["run_id"], 2, "--json").json
    assert set(said["images"]) == {image["image_id"] for image in report["images"] if image["stage"] == "img2img"}
    assert len(said["event_ids"]) == 2
    assert said["event_id"] == said["event_ids"][0]


def test_a_picture_is_rejected_and_wanted_again(cli, image):
    def held():
        records = cli("records", "show", "--json").json["records"]
        held = next(one["feedback"][image["image_id"]] for one in records if image["image_id"] in one["feedback"])
        return held.get("rejected", False), held["rating"]

    assert "Saved: rejected for 1 picture." in cli("rate", image["image_id"], "x").out
    assert held() == (True, 0)
    # Who gives stars wants the picture.
    cli("rate", image["image_id"], 4)
    assert held() == (False, 4)
    cli("rate", image["image_id"], "X")
    assert held() == (True, 4)
    cli("rate", image["image_id"], 0)
    assert held() == (False, 0)


class TestLearningRuns:
    @pytest.fixture
    def lab(self, cli):
        return Lab(cli.data)

    def results(self, lab, plan):
        return lab.history().plans.results(plan.plan_id)

    def test_of_every_run_that_uses_the_picture_also_one_made_before(self, cli, lab):
        everyday = output()
        lab.append(record(pack_id="rain", outputs=(everyday,)))
        plan = lab.plan(rows=2)
        lab.make(plan, plan.cells()[1:])
        first = plan.cells()[0]
        lab.append(
            LearningRunStep(
                event_id=new_id(),
                step_id=plan.step_id(first),
                plan_id=plan.plan_id,
                variant_index=0,
                row=0,
                value=12,
                seed=0,
                config_for_step=plan.base_config,
                stages=("txt2img",),
                outputs=(everyday.image_id,),
                status="ok",
                reused=True,
            )
        )
        said = cli("rate", everyday.image_id, 4, "--json").json
        assert said["results"] == [plan.plan_id]
        assert self.results(lab, plan)[-1].summary.rated == 1

    def test_the_result_is_written_at_every_change(self, cli, lab):
        plan = lab.plan()
        lab.make(plan)
        lab.rate({**STARS, 28: (5, 5)})
        picture = lab.made[28, 2].image_id
        said = cli("rate", picture, 4, "--json").json
        assert said["results"] == [plan.plan_id]
        assert cli("rate", picture, 0, "--json").json["results"] == [plan.plan_id]
        said = cli("rate", picture, 4).out
        verdict = lab.report(plan).verdict
        assert said.endswith(f"{verdict.headline}\n{verdict.meaning}\n")
        first, second, third = (one.summary for one in self.results(lab, plan))
        assert (first.rated, second.rated, third) == (9, 8, first)

    def test_what_changes_nothing_writes_none(self, cli, lab):
        plan = lab.plan()
        lab.make(plan)
        lab.rate(STARS)
        for _ in range(2):
            cli("rate", lab.made[28, 2].image_id, 4)
        assert len(self.results(lab, plan)) == 1

    def test_a_blind_run_is_revealed_by_its_last_stars_and_not_before(self, cli, lab):
        plan = lab.plan(blind=True)
        lab.make(plan)
        lab.rate({**STARS, 28: (5,)})
        assert cli("rate", lab.made[28, 1].image_id, 5, "--json").json["results"] == []
        assert cli("insights", "--json").json["plans"][0]["hidden"]
        assert cli("rate", lab.made[28, 2].image_id, 4, "--json").json["results"] == [plan.plan_id]
        assert lab.history().visible().shows(plan.plan_id)
        (line,) = cli("insights", "--json").json["plans"]
        (result,) = self.results(lab, plan)
        assert (line["hidden"], line["verdict"]["sentence"]) == (False, result.summary.sentence)
        assert result.summary.not_blind == 9

    def test_pictures_to_be_shown_again_keep_it_hidden(self, cli, lab):
        plan = lab.plan(blind=True, show_twice=True)
        lab.make(plan)
        lab.rate({**STARS, 28: (5, 5)})
        assert cli("rate", lab.made[28, 2].image_id, 4, "--json").json["results"] == []
        assert cli("insights", "--json").json["plans"][0]["hidden"]


def test_half_done_pictures_of_a_run_are_not_rated(cli):
    whole, half = output(), output(suspect=("interrupted",))
    writer = LearningRecordWriter(cli.journal)
    writer.append(record(images=0, outputs=(whole,)))
    writer.append(record(images=0, outputs=(half,), status="cancelled"))
    assert cli("rate", "RUN", 4, "--json").json["images"] == [whole.image_id]


def test_a_run_of_nothing_but_failures_has_nothing_to_rate(cli):
    LearningRecordWriter(cli.journal).append(record(images=0, status="failed"))
    said = cli("rate", "RUN", 4)
    assert said.code == 2
    assert "no picture to rate" in said.err


def test_a_run_larger_than_one_look_back_is_rated_whole(cli):
    cli.journal.mkdir(parents=True)
    lines = [with_crc(msgspec.json.encode(record(run_id="LONG"))) + b"\n" for _ in range(450)]
    (cli.journal / "records-000001.jsonl").write_bytes(b"".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stablenew_tk.storage.journal.writer.os.fsync", lambda _descriptor: None)
        assert len(cli("rate", "LONG", 3, "--json").json["images"]) == 450
    assert all(said.rating == 3 for folded in recent(cli.journal, 1000) for said in folded.feedback.values())


@pytest.mark.parametrize("name", ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "nothing.png", "", "/"])
def test_an_unknown_name_is_wrong_use(cli, image, name):
    said = cli("rate", name, 4, "--json")
    assert said.code == 2
    assert "No recorded picture or run" in said.json["error"]
    assert held(cli) == {}


@pytest.mark.parametrize("stars", ["6", "-1", "y", "4.5", "²"])
def test_stars_are_0_to_5(cli, image, stars):
    assert cli("rate", image["image_id"], stars).code == 2
    assert held(cli) == {}


def test_without_any_record_there_is_nothing_to_rate(cli):
    assert cli("rate", "x", 4).code == 2


def test_a_full_disk_is_never_called_saved(cli, image):
    for _ in range(3):
        cli.run()
    with full_disk(sum(path.stat().st_size for path in cli.journal.glob("*.jsonl"))):
        said = cli("rate", image["image_id"], 4, "--json")
    assert said.code == 1
    assert said.json["saved"] is False
    assert "not saved" in said.json["error"]
    assert held(cli) == {}
    assert cli("rate", image["image_id"], 4, "--json").json["saved"] is True


def test_of_a_run_all_pictures_are_rated_or_none(cli):
    report = cli.run()
    path = next(cli.journal.glob("*.jsonl"))
    before = path.stat().st_size
    cli("rate", report["images"][0]["image_id"], 1)
    one_line = path.stat().st_size - before
    with full_disk(path.stat().st_size + one_line * 3 // 2):
        said = cli("rate", report["run_id"], 4, "--json")
    assert (said.code, said.json["saved"]) == (1, False)
    assert [one["rating"] for one in held(cli).values()] == [1]


class TestPairs:
    @pytest.fixture
    def lab(self, cli):
        lab = Lab(cli.data)
        plan = lab.plan(values=(12, 20), rows=4)
        lab.make(plan)
        lab.rate({12: (5,) * 4, 20: (5,) * 4})
        return lab

    def test_which_of_two_is_better_counts_and_the_result_says_it(self, cli, lab):
        plan = lab.history().plans.plans()[0]
        for row in range(4):
            pair = lab.made[12, row].image_id, lab.made[20, row].image_id
            said = cli("rate", "--pair", *pair, "--better", "B", "--json").json
        assert (said["images"], said["results"]) == ([*pair], [plan.plan_id])
        found = lab.report(plan)
        assert "4 pairs compared" in found.remark
        assert found.insight.values[1].p_best > 2 * found.insight.values[0].p_best
        assert "Saved: no difference." in cli("rate", "--pair", *pair, "--better", "none").out
        assert [vote.won for vote in lab.board(plan).votes] == [-1, -1, -1, 0]

    @pytest.mark.parametrize(
        ("rest", "words"),
        [
            (("--better", "A"), "A pair wants both"),
            (("--pair", "12 0", "20 0"), "A pair wants both"),
            (("--pair", "12 0", "20 1", "--better", "A"), "Two pictures of one row"),
            (("--pair", "12 0", "12 0", "--better", "A"), "Two pictures of one row"),
            (("--pair", "12 0", "20 0", "--better", "A", "--tag", "calm"), "in a call of their own"),
            ((), "Name a picture or run and its stars"),
        ],
    )
    def test_what_makes_no_pair_is_refused_with_a_reason(self, cli, lab, rest, words):
        names = {f"{value} {row}": picture.image_id for (value, row), picture in lab.made.items()}
        said = cli("rate", *(names.get(one, one) for one in rest))
        assert said.code == 2
        assert words in said.err
