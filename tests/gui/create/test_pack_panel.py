"""Packs on the Create page: followed while other programs edit them, and nothing chosen is lost."""

from __future__ import annotations

import msgspec
import pytest
from open_window import open_house

from stablenew_tk.pipeline.messages.packs import PackNotSaved, PackSettingsSaved


@pytest.fixture
def house(tmp_path):
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "boats.txt").write_text("a boat\n\na ship\n\na raft\n")
    with open_house(tmp_path) as house:
        house.folder = packs
        house.panel = house.page("create").packs
        house.until(lambda: house.panel.choice.pack is not None)
        yield house


def choose_learning(house, words):
    """Open the menu of learning modes and pick the entry with these words."""
    field = house.panel.learning
    field.focus_force()
    house.key("<space>")
    house.key(*["<Down>"] * ([entry.text for entry in field.entries].index(words)), "<Return>")


def chosen(house):
    return [prompt.positive for prompt in house.panel.choice.prompts]


class TestOutsideEdits:
    def test_the_pack_is_read_again_and_what_was_chosen_stays_chosen(self, house):
        house.panel.choose_all(False)
        house.panel.turn(1)
        (house.folder / "boats.txt").write_text("a boat\n\na tall ship at dawn\n\na raft\n\na canoe\n")
        house.until(lambda: chosen(house) == ["a tall ship at dawn"])

    def test_a_pack_chosen_whole_stays_chosen_whole(self, house):
        assert len(chosen(house)) == 3
        (house.folder / "boats.txt").write_text("a boat\n\na ship\n\na raft\n\na canoe\n")
        house.until(lambda: len(chosen(house)) == 4)

    def test_a_pack_of_which_nothing_is_chosen_stays_so(self, house):
        house.panel.choose_all(False)
        (house.folder / "boats.txt").write_text("a boat\n\na ship\n")
        house.until(lambda: len(house.panel.choice.all_prompts) == 2)
        assert chosen(house) == []

    def test_a_file_that_cannot_be_read_for_a_moment_costs_no_choice(self, house):
        house.panel.choose_all(False)
        house.panel.turn(2)
        text = (house.folder / "boats.txt").read_bytes()
        (house.folder / "boats.txt").write_bytes(b"caf\xe9")
        house.until(lambda: house.panel.choice.pack is None)
        assert "UTF-8" in house.panel.choice.problem
        (house.folder / "boats.txt").write_bytes(text)
        house.until(lambda: chosen(house) == ["a raft"])

    def test_what_was_edited_here_is_kept(self, house):
        house.panel.rewrite("a red boat")
        (house.folder / "boats.txt").write_text("a boat\n\na ship\n")
        house.until(lambda: chosen(house) == ["a red boat", "a ship"])

    def test_a_pack_that_is_gone_gives_way_to_another(self, house):
        (house.folder / "trams.txt").write_text("a tram\n")
        (house.folder / "boats.txt").unlink()
        house.until(lambda: chosen(house) == ["a tram"])


class TestLearning:
    def test_the_mode_chosen_here_stands_in_the_packs_settings_and_the_list_shows_a_lock(self, house):
        choose_learning(house, "Locked in")
        house.until(lambda: house.saw(PackSettingsSaved))
        assert house.controller.packs.learning == {"boats": "locked"}
        assert '"learning": "locked"' in (house.folder / "boats.pack.json").read_text()
        house.until(lambda: house.panel.list.row(0).sign == "lock")
        assert house.panel.learning.value == "locked"

    def test_a_mode_that_cannot_be_saved_is_told_and_not_shown(self, house):
        (house.folder / "boats.pack.json").write_text("{ torn")
        house.until(lambda: house.controller.packs.files[0].notices)
        choose_learning(house, "Off")
        house.until(lambda: house.saw(PackNotSaved))
        assert house.panel.learning.value == ""
        assert "not overwritten" in house.panel.notes.cget("text")


class TestSameNames:
    def test_the_pack_in_sight_stays_the_one_that_was_picked(self, house, tmp_path):
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "boats.txt").write_text("another boat\n")
        house.controller.change_settings(
            msgspec.structs.replace(house.controller.settings, pack_folders=(str(tmp_path / "more"),))
        )
        house.until(lambda: len(house.controller.packs.files) == 2)
        house.panel.list.select([pack.path.parent.name for pack in house.panel.choice.files].index("more"), tell=True)
        house.until(lambda: chosen(house) == ["another boat"])
        (house.folder / "boats.txt").write_text("a boat\n")
        house.until(lambda: house.controller.packs.find(house.folder / "boats.txt").count == 1)
        assert house.panel.choice.file.path.parent.name == "more"
