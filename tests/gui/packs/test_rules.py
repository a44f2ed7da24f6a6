"""What stands behind the Packs page: what typed lines mean, where choices stand, what counts as saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from stablenew_tk.app.pack_drafts import Drafts
from stablenew_tk.domain.prompts.incremental import pieces, prompt_at, slots_of_text
from stablenew_tk.domain.prompts.pack import PromptPack, Slot
from stablenew_tk.domain.prompts.randomizer_text import (
    FIELDS,
    list_lines,
    loras_of,
    rules_of,
    slot_lines,
    slots_of,
    styles_of,
)
from stablenew_tk.domain.prompts.settings import LoraAxis, PackSettings, Randomizer, SearchReplace, StyleToggle
from stablenew_tk.gui.drag_and_drop import kind_of
from stablenew_tk.gui.packs.axes_editor import axis_entries
from stablenew_tk.gui.packs.choice_colours import places
from stablenew_tk.pipeline.messages.packs import PackLoaded, PackSaved, PackSettingsSaved

PACK = Path("/packs/rain.txt")


def loaded(text, seen, **more):
    return PackLoaded(path=PACK, pack=PromptPack("rain", ()), text=text, seen=seen, **more)


def opened(text="one", seen="1"):
    drafts = Drafts()
    drafts.loaded(loaded(text, seen))
    return drafts


# ---- typed lines


def test_lines_become_slots_rules_loras_and_styles():
    assert slots_of("light: dawn | dusk\n[[mood]]: calm")[0] == (
        Slot("light", ("dawn", "dusk")),
        Slot("mood", ("calm",)),
    )
    assert slots_of("sky: skies.txt")[0] == (Slot("sky", file="skies.txt"),)
    assert rules_of("harbour => river | ")[0] == (SearchReplace("harbour", ("river", "")),)
    assert loras_of("rain | none: 0.6, 0.8")[0] == (LoraAxis(("rain", ""), (0.6, 0.8)),)
    assert styles_of("Film: {prompt}, grain neg: flat")[0] == (StyleToggle("Film", "{prompt}, grain", "flat"),)


@pytest.mark.parametrize(
    ("name", "text", "line", "word"),
    [
        ("slots", "light: a\n\nno colon", 3, "colon"),
        ("slots", ": a | b", 1, "name"),
        ("slots", "light:", 1, "values"),
        ("rules", "# fine\na -> b", 2, "=>"),
        ("rules", "=> b", 1, "look for"),
        ("loras", "rain: heavy", 1, "heavy"),
        ("loras", "rain: 99", 1, "beyond"),
        ("styles", "Film:", 1, "words"),
        ("wildcards", "mood", 1, "colon"),
    ],
)
def test_a_wrong_line_is_told_by_its_number_and_the_others_count(name, text, line, word):
    found, wrong = FIELDS[name].read(text)
    assert len(wrong) == 1
    assert wrong[0].startswith(f"Line {line}: ")
    assert word in wrong[0]
    assert len(found) == sum(1 for one in text.split("\n") if one.strip() and not one.startswith("#")) - 1


def test_what_is_written_is_read_back_as_the_same():
    randomizer = Randomizer(
        slots=(Slot("light", ("dawn", "a, b")), Slot("sky", file="skies.txt")),
        rules=(SearchReplace("a b", ("c", "")),),
        loras=(LoraAxis(("rain", ""), (0.5, 1.0)),),
        styles=(StyleToggle("Film", "grain", "flat"),),
        wildcards={"mood": ("calm", "stormy")},
    )
    for name, field in FIELDS.items():
        found, wrong = field.read(field.write(randomizer))
        assert not wrong
        assert (dict(found) if name == "wildcards" else found) == getattr(randomizer, name)
    assert slot_lines(randomizer.slots) == "light: dawn | a, b\nsky: skies.txt"
    assert list_lines({"mood": ("calm",)}) == "mood: calm"


def test_refiner_and_hires_upscaler_are_offered_last_and_say_why():
    entries = axis_entries()
    notes = [entry.note for entry in entries]
    assert {entry.value for entry in entries if entry.note} >= {"refiner.checkpoint", "hires.upscaler"}
    assert notes == sorted(notes)
    assert "txt2img.steps" not in [entry.value for entry in axis_entries(["txt2img.steps"])]


# ---- where choices stand


def test_the_text_of_each_choice_is_found_in_the_prompt():
    prompt = "an old red tram, dark red sky, dawn"
    found = places(prompt, {"{red|blue}": "red", "sky": "dark red", "light": "dawn"})
    assert [(prompt[a:b], name) for a, b, name in found] == [
        ("red", "{red|blue}"),
        ("dark red", "sky"),
        ("dawn", "light"),
    ]


def test_a_choice_is_not_found_inside_another_word():
    assert places("a cathedral", {"x": "cat"}) == ()
    assert places("nothing", {"x": ""}) == ()


# ---- prompts while they are written


def test_the_prompt_at_the_cursor_is_found_with_its_line():
    text = "# head\n\nname: A\nfirst\n\nname: B\nsecond\nneg: x\n"
    assert [one.name for one in prompt_at(text, 4)] == ["A"]
    assert prompt_at(text, 8)[0].line == 6
    assert [one.name for one in prompt_at(text, 1)] == ["A"]
    assert prompt_at("# only a comment", 1) == ()


def test_a_long_text_is_read_in_pieces_and_no_prompt_is_torn():
    text = "\n\n".join(f"name: P{n}\nwords of prompt {n}" for n in range(2000))
    found = list(pieces(text))
    assert len(found) > 2
    prompts = [one for piece in found for one in piece]
    assert [one.name for one in prompts] == [f"P{n}" for n in range(2000)]
    assert prompts[1999].line == 1999 * 3 + 1


def test_slots_of_the_text_are_known_without_reading_the_prompts():
    assert [one.name for one in slots_of_text("[[light]]: a | b\n\na [[light]] cat\n")] == ["light"]


# ---- drafts


def test_a_change_outside_is_taken_silently_when_there_is_nothing_of_ones_own():
    drafts = opened()
    assert drafts.loaded(loaded("two", "2")) == "theirs"
    assert drafts.of(PACK).text == "two"
    assert not drafts.unsaved


def test_own_changes_stay_when_somebody_else_writes_too():
    drafts = opened()
    drafts.typed(PACK, "mine")
    assert drafts.loaded(loaded("theirs", "2")) == "both"
    assert drafts.of(PACK).text == "mine"
    assert drafts.take_theirs(PACK).text == "theirs"
    assert not drafts.unsaved


def test_keeping_mine_writes_over_what_was_seen():
    drafts = opened()
    drafts.typed(PACK, "mine")
    drafts.loaded(loaded("theirs", "2"))
    drafts.keep_mine(PACK)
    order = drafts.to_save(PACK)
    assert (order.text, order.seen) == ("mine", "2")


def test_what_is_typed_while_saving_is_not_called_saved():
    drafts = opened()
    drafts.typed(PACK, "two")
    assert drafts.to_save(PACK).text == "two"
    assert drafts.to_save(PACK) is None
    drafts.typed(PACK, "three")
    drafts.saved(PackSaved(path=PACK, text="two", seen="2"))
    assert drafts.of(PACK).is_changed
    assert drafts.to_save(PACK).seen == "2"


def test_the_own_save_coming_back_from_the_watcher_is_no_news():
    drafts = opened()
    drafts.typed(PACK, "two")
    drafts.to_save(PACK)
    drafts.saved(PackSaved(path=PACK, text="two", seen="2"))
    drafts.typed(PACK, "more")
    assert drafts.loaded(loaded("two", "2")) == "same"
    assert drafts.of(PACK).text == "more"


def test_line_ends_of_windows_are_no_change():
    drafts = opened("a\r\nb")
    assert drafts.of(PACK).text == "a\nb"
    assert not drafts.unsaved


def test_settings_are_unsaved_until_they_are_on_disk():
    drafts = opened()
    wanted = PackSettings(learning="locked")
    drafts.chosen(PACK, wanted)
    assert drafts.settings_to_save(PACK) == wanted
    assert drafts.settings_to_save(PACK) is None
    assert drafts.of(PACK).is_unsaved
    drafts.settings_saved(PackSettingsSaved(path=PACK, settings=wanted))
    assert not drafts.unsaved


def test_a_refused_save_keeps_everything_and_can_be_tried_again():
    drafts = opened()
    drafts.typed(PACK, "two")
    drafts.to_save(PACK)
    drafts.refused(PACK, "the disk is full")
    assert drafts.of(PACK).refused == "the disk is full"
    assert drafts.to_save(PACK).text == "two"


def test_files_are_known_by_their_endings():
    kinds = {name: kind_of(Path(name)) for name in ("a.txt", "b.PNG", "c.safetensors", "d.exe", "e.json", "f.avif")}
    assert list(kinds.values()) == ["pack", "picture", "model", "", "pack", "picture"]


def test_a_predecessors_pack_goes_on_as_its_text_file_with_nothing_left_to_save():
    drafts, old = Drafts(), PACK.with_suffix(".json")
    drafts.loaded(PackLoaded(path=old, pack=PromptPack("rain", ()), text="one", seen="1"))
    drafts.typed(old, "two")
    assert drafts.to_save(old).text == "two"
    drafts.saved(PackSaved(path=PACK, text="two", seen="2"))
    assert not drafts.unsaved
    assert drafts.of(PACK).text == "two"
    assert drafts.of(old) is None
