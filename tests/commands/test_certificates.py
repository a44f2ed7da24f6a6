"""`--trust`: a server with a certificate of its own is trusted from a terminal, at its address and nowhere else."""

from __future__ import annotations

import json

import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from terminal import Terminal
from tls_front import TlsFront, fingerprint


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


def kept(cli):
    return json.loads((cli.data / "settings.json").read_text())


@pytest.mark.parametrize("engine", [FakeWebUI, FakeComfyUI])
def test_it_is_told_then_trusted_then_known(cli, engine):
    with engine() as behind, TlsFront(behind.port) as front:
        first = cli("doctor", "--backend", front.url, "--json")
        assert first.code == 1
        assert fingerprint("tower") in first.json["problems"][0]
        second = cli(
            "doctor", "--backend", front.url, "--trust", fingerprint("tower").replace(":", "").lower(), "--json"
        )
        assert (second.code, second.json["problems"]) == (0, [])
        assert kept(cli)["certificates"] == {f"127.0.0.1:{front.port}": fingerprint("tower")}
        assert kept(cli)["backend"] == "sketch"
        assert cli("doctor", "--backend", front.url, "--json").code == 0


def test_pictures_are_made_with_it_and_a_changed_one_stops_them(cli):
    with FakeWebUI() as behind, TlsFront(behind.port) as front:
        assert cli.run("--backend", front.url, "--trust", fingerprint("tower"))["ok"] == 2
        front.certificate = "newer"
        posts, heard = behind.count("txt2img"), front.heard
        report = cli.run("--backend", front.url)
        assert (report["ok"], behind.count("txt2img"), front.heard) == (0, posts, heard)
        sentence = " ".join(report["errors"])
        assert f"{fingerprint('newer')} instead of {fingerprint('tower')}" in sentence


@pytest.mark.parametrize(
    ("address", "trusted", "words"),
    [
        ("https://127.0.0.1:9", "15:A1", "no SHA-256 fingerprint"),
        ("http://127.0.0.1:9", "1" * 64, "does not begin with https://"),
        ("sketch", "1" * 64, "does not begin with https://"),
    ],
)
def test_what_cannot_be_trusted_is_wrong_use(cli, address, trusted, words):
    said = cli("doctor", "--backend", address, "--trust", trusted, "--json")
    assert said.code == 2
    assert words in said.json["error"]
    assert not (cli.data / "settings.json").exists()
