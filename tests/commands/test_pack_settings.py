"""The terminal heeds the settings that stand beside a pack."""

from __future__ import annotations

import json

import pytest
from terminal import TINY, Terminal

from stablenew_tk.storage.journal.snapshot import load_history


class Shelf(Terminal):
    def say(self, **settings):
        """Write the settings file of the pack."""
        self.pack.with_name("two.pack.json").write_text(json.dumps({"kind": "pack_settings", "version": 1, **settings}))

    def learn(self, *words):
        focus = ("--focus", "txt2img.cfg_scale", "--values", "5, 9", "--images", 1)
        return self("learn", self.pack, "--json", *TINY, *focus, *words)

    def plan(self):
        return load_history(self.journal, self.data / "none").history.plans.plans()[0]


@pytest.fixture
def cli(tmp_path, capsys):
    return Shelf(tmp_path, capsys)


def test_values_of_the_pack_go_before_defaults_and_after_what_is_typed(cli):
    cli.say(values={"txt2img.steps": 3, "txt2img.cfg_scale": 4.5, "no.such": 1})
    cli("run", cli.pack, "--json", *TINY, "--set", "txt2img.cfg_scale=6")
    record = cli.shown()[0]
    assert (record["config"]["txt2img"]["steps"], record["config"]["txt2img"]["cfg_scale"]) == (3, 6.0)
    assert (record["origins"]["txt2img.steps"], record["origins"]["txt2img.cfg_scale"]) == ("pack", "user")


def test_a_learning_run_begins_with_the_values_of_the_pack(cli):
    cli.say(values={"txt2img.steps": 3})
    assert cli.learn().code == 0
    assert (cli.plan().base_config.txt2img.steps, cli.plan().origins["txt2img.steps"]) == (3, "pack")


def test_a_pack_that_is_not_to_be_recorded_is_not(cli):
    cli.say(learning="off")
    assert cli.run()["ok"] == 2
    assert cli.shown() == []


def test_a_pack_that_is_locked_in_makes_the_learning_run_asked_for_and_says_so(cli):
    assert "all the same" not in cli.learn("--dry-run").err
    cli.say(learning="locked")
    said = cli.learn()
    assert said.code == 0
    assert "the lock stays" in said.err


def test_a_pack_of_its_own_mode_says_nothing_where_the_project_learns_nothing(cli):
    cli.data.mkdir()
    (cli.data / "settings.json").write_text('{"learning": "off"}')
    cli.say(learning="active")
    said = cli.learn("--set", "txt2img.steps=3")
    assert (said.code, "all the same" in said.err) == (0, False)
