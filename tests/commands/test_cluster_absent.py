"""Without the extra `cluster` every command of it says in one sentence how to get it, and nothing else changes."""

from __future__ import annotations

import importlib.util
import sys

import pytest
from terminal import Terminal

GET_IT = f'A cluster needs two packages more. Install them with: {sys.executable} -m pip install "stablenew[cluster]"'
LEARN = ("learn", "starter", "--focus", "txt2img.cfg_scale", "--values", "2,3", "--backend", "cluster:x")


@pytest.fixture
def cli(tmp_path, capsys, monkeypatch):
    real = importlib.util.find_spec
    absent = ("distributed", "cryptography")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name in absent else real(name, *more))
    return Terminal(tmp_path, capsys)


@pytest.mark.parametrize(
    "words",
    [
        *(("cluster", word) for word in ("init", "start", "stop", "status", "leave")),
        ("cluster", "invite", "x", "--out", "x.pair"),
        ("cluster", "join", "x.pair"),
        ("cluster", "remove", "x"),
        ("cluster", "move", "127.0.0.1"),
        ("worker",),
        ("worker", "--join", "x.pair"),
        ("scheduler",),
        ("nodes", "--backend", "cluster:x"),
        ("run", "starter", "--backend", "cluster:x"),
        LEARN,
    ],
    ids=" ".join,
)
def test_it_is_said_how_to_get_it(cli, words):
    said = cli(*words)
    assert said.code == 2
    assert " ".join(said.err.split()) == GET_IT


def test_machines_without_a_cluster_need_nothing(cli):
    assert cli("nodes", "--json").code == 0
