"""`packs check` and `doctor`: what is wrong is said before anything is made."""

from __future__ import annotations

import os

import pytest
from disk_faults import ReadOnlyDisk
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from terminal import FEW, Terminal


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


class TestPacksCheck:
    def test_a_good_pack_is_0(self, cli):
        said = cli("packs", "check", cli.pack, "--json")
        assert said.code == 0
        assert said.json == {"prompts": 2, "errors": [], "warnings": []}

    def test_errors_are_1_and_have_their_line(self, cli):
        cli.pack.write_text("a boat\n\nneg: text\n\nname: only\n")
        said = cli("packs", "check", cli.pack, "--json")
        assert said.code == 1
        assert said.json["prompts"] == 1
        assert [(error["line"], error["column"]) for error in said.json["errors"]] == [(3, 1), (5, 1)]
        assert all(set(error) == {"line", "column", "message"} for error in said.json["errors"])

    @pytest.mark.skipif(os.name == "nt", reason="names there are always text")
    def test_a_name_that_is_no_text_leaves_one_document(self, cli, tmp_path):
        named = tmp_path / os.fsdecode(b"a\xff.txt")
        try:
            named.write_bytes(b"\x80")
        except OSError:
            pytest.skip("this disk takes only text for names")
        said = cli("packs", "check", named, "--json")
        assert (said.code, said.json) == (
            1,
            {"error": "a?.txt, line 1: not UTF-8 text. Save the file as UTF-8 and try again."},
        )

    def test_warnings_are_told_and_are_no_failure(self, cli):
        cli.pack.write_text("a boat\nneg: text\nmore of the boat\n")
        said = cli("packs", "check", cli.pack, "--json")
        assert said.code == 0
        assert [warning["line"] for warning in said.json["warnings"]] == [3]

    def test_in_words_each_problem_is_a_line(self, cli):
        cli.pack.write_text("a boat\nneg: text\nmore\n\nneg: [red]text\n")
        said = cli("packs", "check", cli.pack)
        assert said.code == 1
        assert said.out.splitlines()[0] == "two: 1 prompt, 1 error."
        assert any(line.startswith("  line 5, column 1: error: ") for line in said.out.splitlines())
        assert any(line.startswith("  line 3, column 1: warning: ") for line in said.out.splitlines())

    def test_a_pack_file_is_checked_without_writing_anything(self, cli):
        assert cli("packs", "check", cli.pack).code == 0
        assert not cli.data.exists()

    def test_an_empty_pack_is_an_error(self, cli):
        cli.pack.write_text("# nothing\n")
        said = cli("packs", "check", cli.pack, "--json")
        assert said.code == 1
        assert "no prompt" in said.json["errors"][0]["message"]

    def test_a_file_that_is_no_text_is_1_with_a_sentence(self, cli):
        cli.pack.write_bytes(b"fine\n\xff\xfe\xfd")
        said = cli("packs", "check", cli.pack, "--json")
        assert said.code == 1
        assert "line 2: not UTF-8" in said.json["error"]

    def test_a_pack_that_is_not_there_is_2_and_lists_what_is(self, cli):
        said = cli("packs", "check", "nothing", "--json")
        assert said.code == 2
        assert "starter" in said.json["error"]

    def test_the_starter_pack_is_good(self, cli):
        assert cli("packs", "check", "starter", "--json").json["warnings"] == []


class TestDoctor:
    def test_a_disk_that_cannot_be_written_is_told_in_one_sentence_with_its_reason(self, cli, monkeypatch):
        cli.data.mkdir()
        ReadOnlyDisk(cli.data, monkeypatch).turn()
        said = cli("doctor", "--json")
        told = {one["name"]: one["detail"] for one in said.json["checks"]}
        assert said.code == 1
        reason = "cannot be written (Read-only file system). Choose another with --data-dir."
        assert told["settings"] == f"{cli.data}: {reason}"

    def test_one_line_is_one_line(self, cli):
        cli("run", cli.pack, *FEW, "--limit", 1)
        told = {one["name"]: one["detail"] for one in cli("doctor", "--json").json["checks"]}
        assert told["journal"] == "1 line, all whole"

    def found(self, said):
        return {check["name"]: check for check in said.json["checks"]}

    def test_a_fresh_installation_is_well(self, cli):
        said = cli("doctor", "--json")
        assert said.code == 0
        names = {"program", "window", "settings", "records", "pictures", "journal", "backend"}
        assert set(self.found(said)) == names
        assert not any(check["ok"] is False for check in said.json["checks"])

    def test_it_leaves_nothing_behind_but_folders_and_a_lock(self, cli):
        cli("doctor")
        assert {path.suffix for path in cli.data.rglob("*") if path.is_file()} <= {".lock"}

    def test_a_backend_that_is_away_is_1(self, cli):
        cli.data.mkdir()
        (cli.data / "settings.json").write_text('{"backend": "http://127.0.0.1:9"}')
        said = cli("doctor", "--json")
        assert said.code == 1
        assert "No WebUI or ComfyUI is running" in self.found(said)["backend"]["detail"]

    def test_a_backend_that_answers_is_named(self, cli):
        with FakeWebUI() as server:
            cli.data.mkdir()
            (cli.data / "settings.json").write_text(f'{{"backend": "{server.url}"}}')
            assert "2 checkpoints" in self.found(cli("doctor", "--json"))["backend"]["detail"]

    def test_a_damaged_journal_is_1_with_the_way_to_look(self, cli):
        cli.run()
        cli.damage(1)
        said = cli("doctor", "--json")
        assert said.code == 1
        assert "records verify" in self.found(said)["journal"]["detail"]

    def test_a_journal_that_cannot_be_read_does_not_end_the_other_checks(self, cli):
        cli.data.mkdir()
        cli.journal.write_text("a file where the folder should be")
        said = cli("doctor", "--json")
        assert said.code == 1
        found = self.found(said)
        assert (found["journal"]["ok"], found["records"]["ok"], found["backend"]["ok"]) == (False, False, True)

    def test_in_words_everything_stands_in_a_table(self, cli):
        said = cli("doctor")
        assert said.code == 0
        assert "Sketch" in said.out
        assert str(cli.journal) in said.out


class TestOneBackend:
    KEYS = ("kind", "name", "version", "fingerprint", "checkpoints", "samplers", "features", "problems")

    def test_a_server_says_what_it_is_and_has(self, cli):
        with FakeWebUI("forge") as forge, FakeComfyUI() as comfy:
            found = [cli("doctor", "--backend", url, "--json").json for url in (forge.url, comfy.url)]
        assert [one["kind"] for one in found] == ["webui", "comfyui"]
        for one in found:
            assert tuple(one) == self.KEYS
            assert min(one["checkpoints"], one["samplers"]) > 0
            assert {"txt2img", "interrupt"} <= set(one["features"])
            assert (len(one["fingerprint"]), one["problems"]) == (16, [])
        assert found[0]["fingerprint"] != found[1]["fingerprint"]

    def test_the_sketch_engine_is_one_too_and_nothing_is_written(self, cli):
        assert cli("doctor", "--backend", "sketch", "--json").json["kind"] == "sketch"
        assert "checkpoints" in cli("doctor", "--backend", "sketch").out
        assert not cli.data.exists()

    def test_where_nobody_answers_the_problem_is_named(self, cli):
        said = cli("doctor", "--backend", "http://user:secret@127.0.0.1:9", "--json")
        assert (said.code, said.json["kind"], said.json["checkpoints"]) == (1, "", 0)
        assert "127.0.0.1:9" in said.json["problems"][0]
        assert "secret" not in said.out + said.err

    def test_what_is_no_address_is_wrong_use(self, cli):
        assert cli("doctor", "--backend", "tower").code == 2
