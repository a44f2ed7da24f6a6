"""The settings beside a pack: read whatever is in them, written so that nothing of others is lost."""

from __future__ import annotations

import json

import pytest

from stablenew_tk.domain.base.errors import ChangedMeanwhile, InvalidInput
from stablenew_tk.domain.prompts.pack import Slot
from stablenew_tk.domain.prompts.settings import Axis, LoraAxis, PackSettings, Randomizer, SearchReplace, StyleToggle
from stablenew_tk.storage.packs.reader import open_pack
from stablenew_tk.storage.packs.settings_file import read_sidecar, sidecar_path
from stablenew_tk.storage.packs.writer import save_settings

FULL = PackSettings(
    values={"txt2img.steps": 28, "checkpoint": "quay.safetensors", "hires.enabled": True, "txt2img.cfg_scale": 6.5},
    learning="locked",
    positive=False,
    negative=False,
    randomizer=Randomizer(
        mode="zip",
        limit=8,
        seed=5,
        seeds="fixed",
        fixed_seed=7,
        slots=(Slot("light", ("dawn", "neon")), Slot("mood", file="moods/dark")),
        rules=(SearchReplace("tram", ("bus", "boat")),),
        axes=(Axis("txt2img.steps", (20, 30)), Axis("txt2img.sampler", ("Euler a",))),
        loras=(LoraAxis(("wet-stone", ""), (0.5, 1.0)),),
        styles=(StyleToggle("film", "{prompt}, grain", "flat"),),
        wildcards={"mood": ("calm", "grim")},
    ),
)


@pytest.fixture
def pack(tmp_path):
    path = tmp_path / "quay.txt"
    path.write_text("a quay\n")
    return path


def settings(pack):
    return open_pack(pack).settings


def write(pack, document):
    text = document if isinstance(document, str) else json.dumps(document)
    sidecar_path(pack).write_bytes(text.encode())


class TestReading:
    def test_what_is_saved_comes_back(self, pack):
        save_settings(pack, FULL)
        assert settings(pack) == FULL
        document = json.loads(sidecar_path(pack).read_text())
        assert (document["kind"], document["version"]) == ("pack_settings", 1)

    def test_without_a_file_a_pack_has_the_usual_settings_and_saving_them_writes_none(self, pack):
        assert settings(pack) == PackSettings()
        save_settings(pack, PackSettings())
        assert not sidecar_path(pack).exists()

    @pytest.mark.parametrize(
        "bad",
        [
            {"learning": "sometimes"},
            {"positive": "no"},
            {"values": {"txt2img.steps": 9000}},
            {"values": {"no.such": 1}},
            {"values": [1]},
            {"randomizer": 3},
            {"randomizer": {"mode": "spiral"}},
            {"randomizer": {"limit": -1}},
            {"randomizer": {"slots": "x"}},
            {"randomizer": {"slots": [{"values": ["a"]}]}},
            {"randomizer": {"rules": [{"search": "a", "values": 3}]}},
            {"randomizer": {"wildcards": {"a": "b"}}},
            {"kind": "model_profile"},
            {"version": 9},
        ],
    )
    def test_a_bad_field_costs_only_itself_and_one_sentence(self, pack, bad):
        write(pack, {"kind": "pack_settings", "version": 1, "negative": False, **bad})
        opened = open_pack(pack)
        assert opened.settings.negative is False
        assert opened.settings == PackSettings(negative=False)
        assert len(opened.notices) == 1
        assert "quay.pack.json" in opened.notices[0]

    def test_one_bad_item_costs_only_itself(self, pack):
        slots = [{"name": "light", "values": ["dawn"]}, {"name": 3}, {"name": "mood", "values": ["calm"]}]
        write(pack, {"randomizer": {"slots": slots, "limit": 5}})
        opened = open_pack(pack)
        assert [slot.name for slot in opened.settings.randomizer.slots] == ["light", "mood"]
        assert opened.settings.randomizer.limit == 5
        assert len(opened.notices) == 1

    def test_numbers_written_as_text_count(self, pack):
        write(pack, {"values": {"txt2img.steps": "30", "txt2img.cfg_scale": "6,5"}})
        assert settings(pack).values == {"txt2img.steps": 30, "txt2img.cfg_scale": 6.5}

    @pytest.mark.parametrize("junk", ["", "{", "[]", "x" * 1_000_000, '{"values": ' + "[" * 50_000, "\x00\x01"])
    def test_a_damaged_file_is_told_and_the_usual_settings_hold(self, pack, junk):
        write(pack, junk)
        opened = open_pack(pack)
        assert opened.settings == PackSettings()
        assert len(opened.notices) == 1

    def test_a_folder_in_its_place_is_told(self, pack):
        sidecar_path(pack).mkdir()
        assert len(read_sidecar(pack).notices) == 1


class TestWriting:
    def test_unknown_keys_and_untouched_values_keep_every_byte(self, pack):
        text = (
            '\ufeff{ "mine" : [1,  2],\r\n  "values": {"txt2img.steps":  28, "future.thing": {"a":1}},\r\n'
            '  "randomizer": {"limit" : 8, "ours": null, '
            '"slots": [ {"name": "light", "note": "x", "values": ["dawn"]},\r\n'
            '   {"name": "mood",  "values": ["calm"]} ]} }'
        )
        write(pack, text)
        light = Slot("light", ("dawn", "dusk"))
        old = settings(pack)
        new = PackSettings(
            values={"txt2img.steps": 30},
            randomizer=Randomizer(limit=8, slots=(light, old.randomizer.slots[1])),
        )
        save_settings(pack, new)
        written = sidecar_path(pack).read_bytes().decode()
        expected = text.replace('"txt2img.steps":  28', '"txt2img.steps":  30').replace(
            '"values": ["dawn"]', '"values": ["dawn", "dusk"]'
        )
        assert written == expected
        assert settings(pack) == new

    def test_what_is_taken_away_is_gone_and_the_rest_stays(self, pack):
        write(
            pack, {"values": {"txt2img.steps": 28, "x.y": 1, "clip_skip": 2}, "randomizer": {"wildcards": {"a": ["b"]}}}
        )
        save_settings(pack, PackSettings(values={"clip_skip": 2}))
        document = json.loads(sidecar_path(pack).read_text())
        assert document == {"values": {"x.y": 1, "clip_skip": 2}, "randomizer": {"wildcards": {}}}

    def test_items_that_cannot_be_read_are_kept_and_others_may_go(self, pack):
        write(
            pack,
            {"randomizer": {"slots": [{"name": "a", "values": ["x"]}, {"future": 1}, {"name": "b", "values": []}]}},
        )
        save_settings(pack, PackSettings(randomizer=Randomizer(slots=(Slot("c", ("z",)),))))
        document = json.loads(sidecar_path(pack).read_text())
        assert document["randomizer"]["slots"] == [{"name": "c", "values": ["z"]}, {"future": 1}]

    def test_a_value_of_the_wrong_type_is_replaced_by_the_right_one(self, pack):
        write(pack, {"values": 3, "learning": 7})
        save_settings(pack, FULL)
        assert settings(pack) == FULL

    def test_a_damaged_file_is_not_overwritten(self, pack):
        write(pack, "{ torn")
        with pytest.raises(InvalidInput, match="not overwritten"):
            save_settings(pack, FULL)
        assert sidecar_path(pack).read_text() == "{ torn"

    def test_a_link_is_not_written_through(self, pack, tmp_path):
        (tmp_path / "elsewhere.json").write_text("{}")
        sidecar_path(pack).symlink_to(tmp_path / "elsewhere.json")
        with pytest.raises(InvalidInput, match="link"):
            save_settings(pack, FULL)
        assert (tmp_path / "elsewhere.json").read_text() == "{}"

    def test_settings_that_would_not_be_read_back_are_refused(self, pack):
        with pytest.raises(InvalidInput, match="Nothing was saved"):
            save_settings(pack, PackSettings(values={"txt2img.steps": 9000}))
        assert not sidecar_path(pack).exists()

    def test_what_is_no_text_is_refused_in_a_sentence(self, pack):
        with pytest.raises(InvalidInput, match="no text"):
            save_settings(pack, PackSettings(randomizer=Randomizer(slots=(Slot("light", ("\ud800",)),))))
        assert not sidecar_path(pack).exists()

    def test_a_change_by_somebody_else_is_not_overwritten(self, pack):
        known = settings(pack)
        write(pack, {"learning": "off"})
        with pytest.raises(ChangedMeanwhile):
            save_settings(pack, FULL, known)
        save_settings(pack, FULL, settings(pack))
        assert settings(pack) == FULL


class TestImports:
    def old(self, pack, **preset):
        document = {
            "pack_data": {"name": "quay", "slots": [], "matrix": {"limit": 8, "mode": "random"}},
            "preset_data": {"txt2img": preset},
        }
        pack.with_suffix(".json").write_text(json.dumps(document))

    def test_a_predecessors_values_count_as_long_as_the_settings_do_not_say_otherwise(self, pack):
        self.old(pack, steps=28, cfg_scale=5)
        assert settings(pack).values == {"txt2img.steps": 28, "txt2img.cfg_scale": 5.0}
        write(pack, {"learning": "off"})
        assert settings(pack).values == {"txt2img.steps": 28, "txt2img.cfg_scale": 5.0}
        write(pack, {"values": {"txt2img.steps": 40}})
        assert settings(pack).values == {"txt2img.steps": 40}
        assert settings(pack).randomizer == Randomizer(limit=8, mode="random")

    def test_only_what_differs_from_them_is_written(self, pack):
        self.old(pack, steps=28)
        save_settings(pack, PackSettings(values={}, randomizer=Randomizer(limit=8, mode="random")))
        assert json.loads(sidecar_path(pack).read_text()) == {"kind": "pack_settings", "version": 1, "values": {}}
        assert settings(pack).values == {}

    def test_what_could_not_be_imported_is_told_until_there_are_settings_of_our_own(self, pack):
        self.old(pack, steps="many")
        assert len(open_pack(pack).notices) == 1
        write(pack, {"learning": "off"})
        assert open_pack(pack).notices == ()
