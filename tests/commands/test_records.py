"""`stablenew records`: look at the journal, check it, give it away, put it in order."""

from __future__ import annotations

import json
import sys

import pytest
from disk_faults import Synced
from terminal import Terminal, ended, program


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def report(cli):
    return cli.run("--seed", 5)


class TestShow:
    def test_records_come_newest_first_and_whole(self, cli, report):
        cli("rate", report["images"][0]["image_id"], 4, "--tag", "calm")
        tram, boat = cli.shown()
        assert (tram["prompt_id"], boat["prompt_id"], boat["kind"]) == ("Tram", "Boat", "run")
        assert boat["feedback"] == {report["images"][0]["image_id"]: {"rating": 4, "tags": ["calm"], "note": ""}}
        assert tram["feedback"] == {}
        assert {"config", "origins", "backend", "stage_results", "outputs", "seed", "status"} <= set(boat)

    def test_limit_and_run_narrow_it(self, cli, report):
        other = cli.run()
        assert len(cli.shown()) == 4
        assert [one["run_id"] for one in cli.shown("--limit", 3)] == [other["run_id"]] * 2 + [report["run_id"]]
        assert {one["run_id"] for one in cli.shown("--run", report["run_id"])} == {report["run_id"]}
        assert cli.shown("--run", "unknown") == []

    def test_the_table_has_a_line_per_picture_with_stars(self, cli, report):
        cli("rate", report["images"][0]["image_id"], 3, "--tag", "calm")
        out = cli("records", "show").out
        line = next(line for line in out.splitlines() if report["images"][0]["image_id"] in line)
        assert "★★★" in line
        assert "calm" in line
        assert len(out.splitlines()) == 3

    def test_square_brackets_in_names_and_tags_are_shown_as_they_are(self, cli):
        cli.pack.write_text("name: [red]x[/red] [/]\na boat\n")
        image = cli.run()["images"][0]["image_id"]
        cli("rate", image, 3, "--tag", "[b]odd[/")
        out = cli("records", "show").out
        assert "[red]x[-red] [-]" in out
        assert "[b]odd[/" in out

    def test_nothing_recorded_yet_says_what_to_do(self, cli, report):
        assert "No run is called xyz" in cli("records", "show", "--run", "xyz").out

    def test_an_empty_installation_says_what_to_do(self, cli):
        assert "run starter" in cli("records", "show").out
        assert cli.shown() == []

    @pytest.mark.parametrize("limit", ["0", "-3", "x"])
    def test_a_limit_is_a_number_from_1(self, cli, limit):
        assert cli("records", "show", "--limit", limit).code == 2


class TestVerify:
    def test_a_whole_journal_is_0(self, cli, report):
        said = cli.verified()
        assert said.code == 0
        assert said.json == {"lines": 2, "ok": 2, "damaged": [], "gaps": [], "newer": 0}
        assert cli("records", "verify").out.startswith("2 lines, 2 whole, 0 damaged")

    def test_no_journal_is_whole(self, cli):
        assert cli.verified().json["lines"] == 0

    def test_a_damaged_line_is_1_with_its_file_and_line(self, cli, report):
        name = cli.damage(2)
        said = cli.verified()
        assert said.code == 1
        assert (said.json["lines"], said.json["ok"]) == (2, 1)
        (damage,) = said.json["damaged"]
        assert (damage["file"], damage["line"]) == (name, 2)
        assert "checksum" in damage["reason"]
        assert f"{name}, line 2: " in cli("records", "verify").out

    def test_the_other_records_are_still_shown(self, cli, report):
        cli.damage(1)
        assert [one["prompt_id"] for one in cli.shown()] == ["Tram"]

    def test_a_missing_line_is_a_gap(self, cli, report):
        cli.run()
        path = next(cli.journal.glob("*.jsonl"))
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(lines[0] + b"".join(lines[2:]))
        writer = json.loads(lines[0])["writer"]
        assert cli.verified().json["gaps"] == []  # the last line of a program that ended may be any number
        path.write_bytes(b"".join([*lines[1:]]))
        assert cli.verified().json["gaps"] == [{"writer": writer, "first": 1, "last": 1}]
        assert f"missing: line 1 of writer {writer}" in cli("records", "verify").out


class TestExport:
    def test_the_journal_is_never_written_over(self, cli, report):
        before = cli.verified().json
        for segment in cli.journal.glob("*.jsonl"):
            said = cli("records", "export", "--to", segment)
            assert (said.code, "inside the journal" in said.err) == (2, True)
        assert cli.verified().json == before

    def test_merged_lines_need_no_other_file(self, cli, report):
        image = report["images"][0]["image_id"]
        for stars in (2, 5):
            cli("rate", image, stars, "--tag", f"t{stars}")
        lines = [json.loads(line) for line in cli("records", "export", "--merged").out.splitlines()]
        assert len(lines) == 2
        assert lines[0]["feedback"] == {image: {"rating": 5, "tags": ["t2", "t5"], "note": ""}}
        assert all({"prompt", "config", "outputs", "backend", "seed"} <= set(line) for line in lines)
        assert not any("crc" in line for line in lines)

    def test_plain_lines_are_the_journal(self, cli, report):
        cli("rate", report["run_id"], 3)
        assert cli("records", "export").out.encode() == next(cli.journal.glob("*.jsonl")).read_bytes()

    def test_to_a_file_it_says_how_much(self, cli, report, tmp_path):
        target = tmp_path / "out.jsonl"
        assert cli("records", "export", "--merged", "--to", target, "--json").json == {"lines": 2, "file": str(target)}
        assert len(target.read_text().splitlines()) == 2

    def test_a_place_that_cannot_be_written_is_a_sentence(self, cli, report, tmp_path):
        said = cli("records", "export", "--to", tmp_path / "no" / "out.jsonl", "--json")
        assert said.code == 1
        assert "out.jsonl was not saved" in said.json["error"]

    @pytest.mark.skipif(sys.platform != "linux", reason="files and folders are looked up in /proc")
    def test_it_is_on_disk_when_it_says_so(self, cli, report, tmp_path, monkeypatch):
        synced = Synced(monkeypatch)
        cli("records", "export", "--to", tmp_path / "out.jsonl")
        assert tmp_path in synced
        assert any(path.name.startswith("out.jsonl") for path in synced.paths)

    def test_damaged_lines_are_left_out(self, cli, report):
        cli.damage(1)
        assert len(cli("records", "export", "--merged").out.splitlines()) == 1

    def test_a_reader_that_has_seen_enough_causes_no_complaint(self, cli, report):
        export = program("records", "export", "--data-dir", cli.data)
        export.stdout.close()
        export.stdout = None
        assert ended(export).err == ""


class TestRepair:
    def test_damaged_lines_are_set_aside_and_the_journal_is_whole_again(self, cli, report):
        name = cli.damage(1)
        said = cli("records", "repair", "--json")
        assert said.code == 0
        assert (said.json["kept"], said.json["moved"], said.json["segments"]) == (1, 1, [name])
        assert cli.verified().code == 0
        assert (cli.journal / said.json["copies"][0]).exists()

    def test_in_words_it_says_where_the_old_file_is(self, cli, report):
        cli.damage(1)
        assert "2 lines, 1 whole, 1 damaged, 1 gap." in cli("records", "verify").out
        out = cli("records", "repair").out
        assert "1 damaged line set aside in 1 file; 1 kept there." in out
        assert ".broken-" in out

    def test_a_whole_journal_needs_none(self, cli, report):
        before = next(cli.journal.glob("*.jsonl")).read_bytes()
        assert "Nothing to repair" in cli("records", "repair").out
        assert next(cli.journal.glob("*.jsonl")).read_bytes() == before

    def test_no_journal_needs_none(self, cli):
        assert cli("records", "repair").code == 0


class TestBackups:
    def test_a_backup_is_told_before_it_is_restored_and_taken_back(self, cli, report):
        made = cli("records", "backup", "--json").json["backup"]
        assert made["lines"] == 2
        lines = [path.read_bytes() for path in cli.journal.glob("*.jsonl")]
        cli("rate", report["images"][0]["image_id"], 4)
        told = cli("records", "restore", "--exact", "--dry-run")
        assert "1 line that the backup does not have is set aside" in told.out
        assert len(cli.shown()[1]["feedback"]) == 1
        assert cli("records", "restore", "--exact").code == 0
        assert [path.read_bytes() for path in cli.journal.glob("*.jsonl")] == lines
        assert cli.verified().code == 0
        assert cli("records", "restore", "--undo", "--json").json["back"] == 1
        assert len(cli.shown()[1]["feedback"]) == 1
        listed = cli("records", "backups")
        assert "before a restore" in listed.out
        assert "Pictures are not inside" in listed.out

    def test_before_a_repair_there_is_one_and_without_any_it_says_so(self, cli, report):
        said = cli("records", "restore")
        assert (said.code, said.err.strip()) == (2, "There is no backup yet.")
        assert "No backup yet" in cli("records", "backups").out
        cli.damage(1)
        assert cli("records", "repair").code == 0
        assert [one["reason"] for one in cli("records", "backups", "--json").json["backups"]] == ["repair"]
        assert cli.verified().code == 0
