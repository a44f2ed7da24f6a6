"""A preset on the Create page: applied inside its scope, asked about outside, never silent."""

from __future__ import annotations

import pytest
from create_page import STEPS, create, rows, run_one, shown, stand_at_harbour
from fake_webui import FakeWebUI
from msgspec.structs import replace
from open_window import open_house

from stablenew_tk.domain.runs.preset import Preset, PresetEvidence
from stablenew_tk.gui.widgets.popups import Menu
from stablenew_tk.pipeline.messages.jobs import JobEnded

INK, CFG = "sketch-ink", "txt2img.cfg_scale"
LEARNED = {"pack_id": "starter", "checkpoint": "sketch-classic", "engine": "sketch"}
OFFER = "CFG 9 is known for Starter, not for Harbour."


@pytest.fixture
def house(tmp_path):
    with open_house(tmp_path) as house:
        yield house


def keep(house, name="Strong", **changes):
    """Record a preset of CFG 9 for the starter pack, or what is said otherwise."""
    draft = Preset(preset_id="", name=name, **{"values": {CFG: 9.0}, **LEARNED, **changes})
    kept = house.controller.learning.keep_preset(draft)
    house.until(lambda: house.controller.history.plans.preset_versions(kept.preset_id))
    return kept


def choose(page, words):
    """Choose from the menu of presets by keys."""
    field = page.bar.presets.choice
    page.update()
    field.act()
    canvas = Menu.shared().canvas
    canvas.event_generate("<Home>")
    # Headings are passed over.
    for _ in range([entry.text for entry in field.entries if entry.enabled].index(words)):
        canvas.event_generate("<Down>")
    canvas.event_generate("<Return>")
    page.update()


def line(page):
    """The sentence about presets above the bar, "" when there is none, and the words of its buttons."""
    page.update()
    scope = page.bar.scope
    if not scope.winfo_viewable():
        return "", []
    return scope.words.cget("text"), [button.text for button in scope.buttons if button.winfo_viewable()]


def press(page, words):
    page.update()
    next(button for button in page.bar.scope.buttons if button.text == words and button.winfo_viewable()).invoke()
    page.update()


def test_inside_its_scope_a_preset_counts_at_once_without_a_word(house):
    page = create(house)
    keep(house)
    choose(page, "Strong")
    assert (shown(page, CFG), line(page)) == (("preset", 9.0), ("", []))
    assert page.bar.presets.choice.text == "Strong"


def test_another_pack_leaves_it_out_and_says_so_and_coming_back_applies_it_again(house):
    page = create(house)
    keep(house)
    choose(page, "Strong")
    stand_at_harbour(house, page)
    assert shown(page, CFG) == ("engine", 7.0)
    assert line(page) == (OFFER, ["Use it here, too"])
    assert page.bar.presets.choice.text == "No preset"
    assert "“Strong” does not count here: learned for Starter, not for Harbour" in rows(page, CFG)["preset"].note
    page.packs.choose("starter")
    house.until(lambda: shown(page, CFG) == ("preset", 9.0))
    assert line(page) == ("", [])


def test_use_it_here_too_holds_for_this_pack_and_checkpoint_alone_and_is_marked(house):
    page = create(house)
    keep(house)
    choose(page, "Strong")
    stand_at_harbour(house, page)
    press(page, "Use it here, too")
    assert shown(page, CFG) == ("preset", 9.0)
    assert line(page) == (
        "“Strong” is used outside its scope: learned for Starter, not for Harbour.",
        ["No longer here"],
    )
    assert "Used outside its scope: learned for Starter, not for Harbour." in rows(page, CFG)["preset"].note
    page.change("checkpoint", INK)
    assert shown(page, CFG) == ("engine", 7.0)
    assert "with sketch-classic, not with sketch-ink" in line(page)[0]
    page.change("checkpoint", "sketch-classic")
    assert shown(page, CFG) == ("preset", 9.0)
    press(page, "No longer here")
    assert (shown(page, CFG), line(page)[0]) == (("engine", 7.0), OFFER)


def test_what_was_agreed_is_known_after_a_restart(tmp_path):
    with open_house(tmp_path) as house:
        page = create(house)
        keep(house)
        choose(page, "Strong")
        stand_at_harbour(house, page)
        press(page, "Use it here, too")
        kept = house.controller.settings
    with open_house(tmp_path, presets=kept.presets, presets_agreed=kept.presets_agreed, pack="Harbour") as again:
        page = create(again)
        again.until(lambda: shown(page, CFG) == ("preset", 9.0))
        assert line(page)[1] == ["No longer here"]


def test_outside_presets_stand_apart_and_choosing_one_asks_naming_the_differences(house):
    page = create(house)
    keep(house)
    keep(house, "Few", values={STEPS: 8}, pack_id="Harbour", checkpoint=INK)
    entries = page.bar.presets.choice.entries
    assert [(entry.text, entry.enabled) for entry in entries] == [
        ("No preset", True),
        ("Strong", True),
        ("Learned for something else", False),
        ("Few", True),
        ("All presets…", True),
    ]
    choose(page, "Few")
    asked = "“Few” was learned for Harbour with sketch-ink. Use it for Starter with sketch-classic, too?"
    assert line(page) == (asked, ["Yes, use it here", "No"])
    assert shown(page) == ("engine", 20)
    press(page, "No")
    assert (shown(page), line(page), house.controller.settings.presets) == (("engine", 20), ("", []), ())
    choose(page, "Few")
    press(page, "Yes, use it here")
    assert (shown(page), line(page)[1]) == (("preset", 8), ["No longer here"])


def test_an_open_question_goes_away_with_what_it_was_about(house):
    page = create(house)
    keep(house, "Few", values={STEPS: 8}, checkpoint=INK)
    choose(page, "Few")
    assert line(page)[1] == ["Yes, use it here", "No"]
    page.change("checkpoint", INK)
    assert (line(page), shown(page)) == (("", []), ("engine", 20))


def test_sketch_pictures_are_no_evidence_for_a_webui_and_its_own_values_stay(house):
    page = create(house)
    keep(house, checkpoint="")
    choose(page, "Strong")
    with FakeWebUI() as server:
        house.change(backend=server.url)
        house.until(lambda: house.controller.capabilities is not None)
        assert shown(page, CFG) == ("engine", 7.0)
        assert line(page)[0] == "CFG 9 is known on sketch pictures, which are no evidence about a checkpoint."
        house.change(backend="sketch")
        house.until(lambda: house.controller.capabilities is not None)
    assert shown(page, CFG) == ("preset", 9.0)


def test_while_nobody_knows_what_is_loaded_a_preset_of_a_checkpoint_waits(house):
    page = create(house)
    keep(house)
    choose(page, "Strong")
    house.change(backend="http://127.0.0.1:9")
    house.change(backend="sketch")
    assert house.controller.capabilities is None
    assert shown(page, CFG) == ("engine", 7.0)
    house.until(lambda: shown(page, CFG) == ("preset", 9.0))


def test_what_was_learned_on_one_prompt_is_left_out_when_others_are_made_too(house):
    page = create(house)
    page.packs.choose_all(True)
    first, *others = page.packs.choice.prompts
    keep(house, prompt_ids=(first.prompt_id,))
    choose(page, "Strong")
    press(page, "No")
    page.packs.choose_all(False)
    page.packs.turn(0)
    choose(page, "Strong")
    assert shown(page, CFG) == ("preset", 9.0)
    page.packs.choose_all(True)
    assert shown(page, CFG) == ("engine", 7.0)
    assert f"CFG 9 is known for {first.prompt_id} of Starter, not for {others[0].prompt_id}" in line(page)[0]


def test_a_pack_that_varies_the_checkpoint_is_no_place_for_a_preset_of_one(house):
    page = create(house)
    keep(house)
    choose(page, "Strong")
    axis = '{"randomizer": {"axes": [{"path": "checkpoint", "values": ["sketch-classic", "sketch-ink"]}]}}'
    page.packs.choice.file.path.with_name("starter.pack.json").write_text(axis)
    house.until(lambda: shown(page, CFG) == ("engine", 7.0))
    assert line(page)[0] == "CFG 9 is known with sketch-classic, not with several checkpoints."


def test_two_presets_of_one_pack_count_together_and_one_is_taken_away_by_choosing_it_again(house):
    page = create(house)
    keep(house)
    keep(house, "Few", values={STEPS: 8})
    choose(page, "Strong")
    choose(page, "Few")
    assert (shown(page, CFG), shown(page)) == (("preset", 9.0), ("preset", 8))
    assert page.bar.presets.choice.text == "2 presets"
    choose(page, "Strong")
    assert (shown(page, CFG)[0], shown(page), page.bar.presets.choice.text) == ("engine", ("preset", 8), "Few")
    choose(page, "No preset")
    assert (shown(page)[0], house.controller.settings.presets) == ("engine", ())


def test_each_pack_keeps_its_own_presets_in_force(house):
    page = create(house)
    keep(house)
    keep(house, "Soft", values={CFG: 4.0}, pack_id="Harbour")
    choose(page, "Strong")
    stand_at_harbour(house, page)
    choose(page, "Soft")
    assert (shown(page, CFG), line(page)) == (("preset", 4.0), ("", []))
    page.packs.choose("starter")
    house.until(lambda: shown(page, CFG) == ("preset", 9.0))
    assert line(page) == ("", [])


def test_the_weight_of_a_lora_keeps_to_the_scope_too(house):
    page = create(house)
    keep(house, values={}, lora_weights={"rain": 0.4})
    choose(page, "Strong")
    assert page.request().lora_weights == {"rain": 0.4}
    stand_at_harbour(house, page)
    assert page.request().lora_weights == {}
    assert line(page)[0] == "LoRA rain 0.4 is known for Starter, not for Harbour."


def test_the_record_names_the_preset_its_scope_and_whether_it_was_outside(house):
    page = create(house)
    kept = keep(house, evidence=PresetEvidence(sentence="CFG 9."), lora_weights={"rain": 0.4})
    page.change("txt2img.width", 64)
    page.change("txt2img.height", 64)
    choose(page, "Strong")
    run_one(house, page)
    page.packs.choose("starter")
    stand_at_harbour(house, page)
    press(page, "Use it here, too")
    page.change("txt2img.width", 64)
    page.change("txt2img.height", 64)
    run_one(house, page)
    inside, outside = (event.record.presets for event in house.saw(JobEnded)[-2:])
    assert inside[0].gave == (CFG,), "no prompt has that LoRA"
    assert (inside[0].preset_id, inside[0].name, inside[0].scope, inside[0].outside) == (
        kept.preset_id,
        "Strong",
        kept.scope,
        (),
    )
    assert outside == (replace(inside[0], outside=("learned for Starter, not for Harbour",)),)
