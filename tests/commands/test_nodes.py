"""`nodes`, and several machines behind `run` and `learn`, as they are typed in a terminal."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from terminal import FEW, Terminal

KEYS = {
    *("name", "kind", "address", "state", "engine", "device", "fingerprint", "checkpoints", "job", "done", "failed"),
    *("images_per_minute", "problem"),
}


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


def learn(cli, *words):
    said = cli(
        *("learn", cli.pack, "--focus", "txt2img.cfg_scale", "--values", "4,5,6,7,8,9", "--images", "4", "--json"),
        *(*FEW, *words),
    )
    plan_id = said.json["plan_id"]
    return said, [record for record in cli.shown("--limit", "100") if record["learning"]["plan_id"] == plan_id]


def test_the_machines_are_listed_with_what_they_have_and_made(cli):
    with FakeWebUI() as one, FakeComfyUI() as two:
        cli.run("--backend", two.url, "--limit", "1", "--set", "checkpoint=ink_model")
        of_comfyui = cli.shown()[0]["backend"]["fingerprint"]
        cli.run("--backend", one.url, "--limit", "2")
        said = cli("nodes", "--json", "--backend", one.url, "--backend", two.url, "--backend", "http://127.0.0.1:9")
    rows = said.json["nodes"]
    assert said.code == 1
    assert all(set(row) == KEYS for row in rows)
    assert [(row["name"], row["kind"], row["state"]) for row in rows] == [
        ("local", "webui", "ready"),
        ("local-2", "comfyui", "ready"),
        ("local-3", "webui", "away"),
    ]
    assert (rows[0]["checkpoints"], rows[0]["failed"], rows[0]["job"]) == (2, 0, None)
    assert rows[0]["images_per_minute"] > 0
    assert rows[0]["fingerprint"] == cli.shown()[0]["backend"]["fingerprint"]
    assert rows[1]["fingerprint"] == of_comfyui != rows[0]["fingerprint"]
    assert rows[2]["problem"]


def test_one_server_under_two_addresses_is_refused_before_anything_is_made(cli):
    with FakeWebUI() as one:
        said = cli(
            "run", cli.pack, "--backend", one.url, "--backend", one.url.replace("127.0.0.1", "me:secret@localhost")
        )
        assert (said.code, one.posts) == (2, [])
    assert f"{one.url} and http://•••@localhost:{one.port} are one server" in said.err.replace("\n", " ")


def test_machines_are_added_and_removed_for_all_that_follows(cli):
    assert cli("nodes", "add", "sketch", "--json").json == {"name": "sketch-2"}
    assert [row["name"] for row in cli("nodes", "--json").json["nodes"]] == ["sketch", "sketch-2"]
    assert "sketch-2" in cli("nodes").out
    cli.run()
    assert {record["backend"]["node"] for record in cli.shown()} == {"sketch", "sketch-2"}
    assert cli("nodes", "add", "my tower").code == 2
    assert cli("nodes", "remove", "sketch-2").code == 0
    assert cli("nodes", "remove", "sketch").code == 2


def test_a_machine_that_there_is_not_is_not_said_to_be_removed(cli):
    cli("nodes", "add", "sketch")
    said = cli("nodes", "remove", "attic")
    assert (said.code, said.err) == (2, "There is no machine called attic. Machines: sketch, sketch-2.\n")


def test_a_learning_run_on_the_same_engine_four_times_makes_every_step_once_and_each_row_on_one_machine(cli):
    said, records = learn(cli, *("--backend", "sketch") * 4)
    assert said.code == 0
    assert set(Counter(record["learning"]["step_id"] for record in records).values()) == {1}
    assert len(records) == 24
    rows = defaultdict(set)
    for record in records:
        rows[record["learning"]["row"]].add(record["backend"]["node"])
    assert all(len(names) == 1 for names in rows.values())
    assert len({record["backend"]["fingerprint"] for record in records}) == 1


def test_different_machines_are_mixed_only_when_that_is_said(cli):
    with FakeWebUI() as one, FakeWebUI() as two:
        both = ("--backend", one.url, "--backend", two.url, "--backend", "sketch")
        said, records = learn(cli, *both)
        assert (said.code, {record["backend"]["node"] for record in records}) == (0, {"local"})
        assert two.count("txt2img") == 0
        said, records = learn(cli, *both, "--mixed")
    assert said.code == 0
    assert {record["backend"]["node"] for record in records} == {"local", "local-2"}
    assert {record["backend"]["kind"] for record in records} == {"webui"}


def test_a_machine_that_does_not_answer_is_told_and_the_others_make_the_run(cli):
    with FakeWebUI() as one:
        report = cli.run("--backend", "http://127.0.0.1:9", "--backend", one.url)
    assert (report["ok"], report["failed"]) == (2, 0)
    assert any("127.0.0.1:9" in sentence for sentence in report["errors"])
