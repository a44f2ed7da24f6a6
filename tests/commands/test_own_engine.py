"""`run`, `learn` and `doctor` with an sd-server program that they start themselves."""

from __future__ import annotations

import json
import os
import signal

import pytest
from conftest import wait_until
from stub_sd_server import StubProgram
from terminal import FEW, Terminal, ended, program

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stub is a script for a Unix shell")


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """A program on the PATH with two good models and a damaged one."""
    stub = StubProgram(tmp_path / "engine", boat="good", tram="good", torn="damaged")
    monkeypatch.setenv("PATH", str(stub.program.parent), prepend=os.pathsep)
    yield stub
    stub.release()
    wait_until(lambda: not stub.alive())


def address(engine, name="boat"):
    return f"sd-server:{engine.models / name}.safetensors"


def remember(cli, **settings):
    cli.data.mkdir(exist_ok=True)
    (cli.data / "settings.json").write_text(json.dumps({"backend": "sd-server", **settings}))


class TestRun:
    def test_a_model_file_is_all_it_needs(self, cli, engine):
        report = cli.run("--backend", address(engine))
        assert (report["ok"], report["errors"]) == (2, [])
        assert (engine.count("txt2img"), engine.served[-1]) == (2, "boat")
        records = cli.shown()
        assert {record["backend"]["name"] for record in records} == {"Own sd-server"}
        assert {record["config"]["checkpoint"] for record in records} == {"boat"}
        assert engine.alive() == []

    def test_what_settings_say_is_used(self, cli, engine):
        remember(cli, model_folders=[str(engine.models)], sd_server_threads=2, sd_server_memory_gb=8)
        assert cli.run("--set", "checkpoint=tram")["ok"] == 2
        assert (engine.served[-1], engine.argument("-t"), engine.starts[-1]["memory"]) == ("tram", "2", 8 << 30)

    def test_a_damaged_model_file_is_told_and_no_folder_is_recorded(self, cli, engine):
        remember(cli, model_folders=[str(engine.models)])
        report = cli.run("--set", "checkpoint=torn")
        assert (report["ok"], report["failed"]) == (0, 2)
        assert all("sd-server ended at once with 'torn' (exit code 1;" in sentence for sentence in report["errors"])
        (record, _) = cli.shown()
        assert "init model loader from file failed: 'torn.safetensors'" in record["error"]["message"]
        assert str(engine.folder) not in "".join(path.read_text() for path in cli.journal.glob("*.jsonl"))

    def test_with_a_damaged_model_file_to_begin_with_nothing_is_begun(self, cli, engine):
        report = cli.run("--backend", address(engine, "torn"))
        assert (report["jobs"], len(report["errors"])) == (0, 1)
        assert "ended at once with 'torn'" in report["errors"][0]

    def test_a_model_file_that_is_not_there_is_wrong_use(self, cli, engine):
        said = cli("run", cli.pack, "--json", "--backend", "sd-server:gone.sft")
        assert (said.code, said.json) == (
            2,
            {"error": "There is no model file 'gone.sft'. Write sd-server:FILE."},
        )

    def test_ctrl_c_ends_it_with_the_picture(self, cli, engine):
        engine.hold()
        words = ("--data-dir", cli.data, "run", cli.pack, "--json", *FEW, "--backend", address(engine))
        process = program(*words)
        wait_until(engine.is_set)
        process.send_signal(signal.SIGINT)
        said = ended(process)
        assert (said.json["ok"], said.json["cancelled"]) == (0, 2)
        assert engine.alive() == []

    def test_it_ends_with_a_program_that_is_killed(self, cli, engine):
        engine.hold()
        process = program("--data-dir", cli.data, "run", cli.pack, *FEW, "--backend", address(engine))
        wait_until(engine.is_set)
        process.kill()
        process.communicate()
        wait_until(lambda: not engine.alive())


def test_a_learning_run_over_checkpoints_starts_it_for_each(cli, engine):
    remember(cli, model_folders=[str(engine.models)])
    words = ("--focus", "checkpoint", "--values", "boat, tram", "--images", 2, "--prompt", 1)
    said = cli("learn", cli.pack, "--json", *words, *FEW)
    assert said.code == 0
    made = [record for record in cli.shown() if record["status"] == "ok"]
    ran = sorted(record["stage_results"][0]["applied"]["checkpoint"] for record in made)
    assert ran == ["boat", "boat", "tram", "tram"]
    assert not any(output["suspect"] for record in made for output in record["outputs"])


class TestDoctor:
    def backend(self, cli):
        return next(check for check in cli("doctor", "--json").json["checks"] if check["name"] == "backend")

    def test_it_starts_it_and_counts_its_model_files(self, cli, engine):
        remember(cli, model_folders=[str(engine.models)])
        assert self.backend(cli) == {"name": "backend", "ok": True, "detail": "Own sd-server: 3 checkpoints"}
        assert engine.alive() == []

    def test_without_a_program_it_says_what_to_do(self, cli, monkeypatch):
        monkeypatch.setenv("PATH", "")
        remember(cli)
        found = self.backend(cli)
        assert not found["ok"]
        assert found["detail"].endswith("Name one in Settings.")
