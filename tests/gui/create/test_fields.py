"""Fields of Create whose text cannot be used: they stay as typed, say why, keep Run from starting, and can be found."""

from __future__ import annotations

import pytest
from create_page import create, run_one, shown
from fake_webui import FakeWebUI
from msgspec.structs import replace
from open_window import open_house

from stablenew_tk.gui.widgets import theme
from stablenew_tk.pipeline.messages.jobs import JobEnded

STEPS, CFG, DENOISE = "txt2img.steps", "txt2img.cfg_scale", "hires.denoise"


@pytest.fixture
def house(tmp_path):
    with open_house(tmp_path) as house:
        yield house


def write(house, entry, text, *keys):
    entry.field.focus_force()
    house.frame.update()
    house.key("<Control-a>", *text, *keys)


def number(page, path):
    return page.field(path).editor


def test_a_number_that_does_not_fit_stays_as_typed_when_another_field_is_edited(house):
    page = create(house)
    write(house, number(page, STEPS), "99999")
    write(house, number(page, CFG), "5", "<Return>")
    assert (number(page, STEPS).get(), shown(page)) == ("99999", ("engine", 20))
    assert number(page, STEPS).error_text == "99999 is outside 1 to 150 steps."
    assert page.field(STEPS).mark.origin == "engine"
    assert shown(page, CFG) == ("user", 5.0)


def test_run_is_off_and_says_which_field_is_wrong(house):
    page = create(house)
    house.until(lambda: page.bar.button.enabled)
    write(house, number(page, STEPS), "99999")
    assert not page.bar.button.enabled
    assert page.bar.message.cget("text") == "txt2img · Steps: 99999 is outside 1 to 150 steps."
    house.key("<Control-Return>")
    assert house.idle()
    write(house, number(page, STEPS), "30", "<Return>")
    assert page.bar.button.enabled
    assert not page.bar.message.winfo_ismapped()


@pytest.mark.parametrize("name", ["seed_entry", "each_entry"])
def test_the_fields_of_seeds_are_outlined_and_named_like_all_others(house, name):
    page = create(house)
    entry = getattr(page.seeds, name)
    write(house, entry, "12x", "<Return>")
    assert entry.error_text == page.bar.message.cget("text")
    assert "12x" in entry.error_text
    assert not page.bar.button.enabled
    page.form.values.take(CFG, 6.0)
    house.change(go_on_after_rating=False)
    assert entry.get() == "12x"


def test_the_button_and_f8_go_from_one_wrong_field_to_the_next_and_open_its_card(house):
    page = create(house)
    page.change("hires.enabled", True)
    hires = next(section for section in page.sections if section.block.name == "hires")
    hires.unfold()
    house.frame.update()
    write(house, number(page, DENOISE), "7")
    write(house, page.seeds.seed_entry, "x")
    write(house, number(page, STEPS), "0")
    hires.toggle()
    house.frame.update()
    assert page.bar.go_button.text == "Next of 3"
    seen = []
    for press in (page.bar.go_button.invoke, lambda: house.key("<F8>"), page.bar.go_button.invoke):
        press()
        house.frame.update()
        seen.append(house.frame.focus_get())
    assert seen == [number(page, STEPS).field, page.seeds.seed_entry.field, number(page, DENOISE).field]
    assert hires.opened
    assert number(page, DENOISE).winfo_viewable()


@pytest.fixture
def webui_house(tmp_path):
    with FakeWebUI() as fake, open_house(tmp_path, backend=fake.url) as house:
        yield house


def test_an_engine_without_variation_seeds_is_not_offered_any(house):
    page = create(house)
    page.sections[0].rarer.invoke()
    house.frame.update()
    assert page.field("txt2img.subseed_strength").idle.endswith("has no variation seeds.")


def test_what_few_people_change_is_folded_away_until_it_is_asked_for_in_use_or_wrong(webui_house):
    house = webui_house
    page = create(house)
    txt2img = page.sections[0]
    strength = page.field("txt2img.subseed_strength").editor
    assert not strength.winfo_viewable()
    txt2img.rarer.invoke()
    house.frame.update()
    write(house, strength, "7")
    txt2img.rarer.invoke()
    house.frame.update()
    assert not strength.winfo_viewable()
    house.key("<F8>")
    house.frame.update()
    assert strength.winfo_viewable()
    page.take({"txt2img.subseed_strength": 0.0}, None, "harbour")
    txt2img.rarer.invoke()
    page.take({"txt2img.subseed_strength": 0.4}, None, "harbour")
    house.frame.update()
    assert strength.winfo_viewable()


def test_run_takes_the_number_that_is_still_being_typed(house):
    page = create(house)
    house.until(lambda: page.bar.button.enabled)
    write(house, number(page, STEPS), "3")
    house.key("<Control-Return>")
    assert (house.controller.running or house.controller.queue[0]).job.config.txt2img.steps == 3


def test_taking_over_settings_puts_good_values_in_place_of_wrong_texts(house):
    page = create(house)
    write(house, number(page, STEPS), "99999", "<Return>")
    page.take({STEPS: 20}, 7, "harbour")
    assert (number(page, STEPS).get(), page.problems.sentences) == ("20", [])


def test_using_the_settings_of_a_picture_takes_its_prompt_too_and_is_no_warning(house):
    page = create(house)
    page.packs.turn(1)
    run_one(house, page)
    record = house.saw(JobEnded)[-1].record
    page.packs.choose_all(True)
    page.use(replace(record, prompt="another boat", seed=77))
    assert [prompt.prompt_id for prompt in page.packs.choice.prompts] == [record.prompt_id]
    assert page.packs.text.words == page.packs.choice.prompts[0].positive == "another boat"
    assert page.seeds.seed_entry.get() == "77"
    (said,) = house.window.notices.texts
    assert said.startswith(f"The settings of {record.prompt_id}")


def test_a_long_run_button_leaves_the_presets_and_the_prompt_their_room(tmp_path):
    with open_house(tmp_path, geometry="1024x700+0+0") as house:
        for number in range(6):
            (house.controller.places.packs / f"Pack {number}.txt").write_text("a boat\n\n" * 9)
        page = create(house)
        house.until(lambda: len(page.packs.choice.files) >= 6)
        write(house, page.seeds.each_entry, "100", "<Return>")
        house.until(lambda: page.bar.button.enabled and "00 jobs" in page.bar.button.text)
        house.frame.update()
        assert page.bar.presets.choice.winfo_width() >= theme.px(110)
        assert page.packs.text.winfo_height() >= theme.px(80)


def test_tab_goes_as_one_reads(house):
    page = create(house)
    house.until(lambda: page.bar.button.enabled)
    first = number(page, "txt2img.steps").field
    order, at = [], first
    for _ in range(100):
        at = at.tk_focusNext()
        order.append(at)
        if at is first:
            break
    places = [
        order.index(widget)
        for widget in (
            number(page, CFG).field,
            page.seeds.seed_entry.field,
            page.seeds.each_entry.field,
            page.sections[1].switch,
            page.sections[-1].switch,
            page.bar.record,
            page.bar.button,
            house.frame.rail.items["create"],
            house.window.top.checkpoint,
            house.window.top.backend,
            page.packs.search.field,
            page.packs.list.canvas,
            page.packs.prompts.canvas,
            page.packs.text.field,
            page.general.fields["checkpoint"].editor,
            first,
        )
    ]
    assert places == sorted(places)
