"""Texts for every prompt: set in Settings, said in Create, sent with every run."""

from __future__ import annotations

import pytest
from jobs import SMALL
from journal_lines import record
from msgspec.structs import replace
from open_window import open_house

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.global_texts import LONGEST, StageText
from stablenew_tk.domain.config.pipeline_config import STAGES, PipelineConfig
from stablenew_tk.domain.prompts.variant import Variant
from stablenew_tk.domain.runs.job import RunRequest
from stablenew_tk.gui.review.inspector_tabs import PromptText
from stablenew_tk.gui.widgets.tooltips import explanation
from stablenew_tk.pipeline.messages.jobs import JobEnded
from stablenew_tk.pipeline.messages.settings import SettingsSaved
from stablenew_tk.storage.settings import load_settings


@pytest.fixture
def house(tmp_path):
    with open_house(tmp_path) as made:
        yield made


def write(house, field, text):
    """Type into a field and leave it."""
    field.focus_force()
    field.insert("end", text)
    house.frame.update()
    house.key("<Tab>")


def saved(house):
    house.until(lambda: house.saw(SettingsSaved))
    return load_settings(house.controller.places.settings_file).settings


class TestSettings:
    def test_nothing_is_added_until_somebody_says_so(self, house):
        added = house.page("settings").added
        for side in (added.positive, added.negative):
            assert side.text.get() == ""
            assert all(box.on for box in side.stages.values())

    def test_both_texts_are_saved_as_typed(self, house):
        added = house.page("settings").added
        write(house, added.positive.text.field, "ink,\nwash")
        write(house, added.negative.text.field, "watermark\n")
        house.until(lambda: len(house.saw(SettingsSaved)) == 2)
        assert (saved(house).global_positive, saved(house).global_negative) == ("ink,\nwash", "watermark")

    def test_a_text_counts_when_the_keyboard_rests(self, house):
        field = house.page("settings").added.negative.text
        field.field.focus_force()
        field.field.insert("end", "watermark, \n")
        assert saved(house).global_negative == "watermark,"
        assert field.get() == "watermark, \n"  # what is being typed is not touched

    def test_a_text_counts_when_the_page_is_left(self, house):
        house.page("settings").added.negative.text.field.insert("end", "watermark")
        house.frame.update()
        house.page("create")
        assert house.controller.settings.global_negative == "watermark"

    def test_the_keyboard_reaches_texts_and_stages_in_order(self, house):
        added = house.page("settings").added
        added.positive.text.field.focus_force()
        for widget in (*added.positive.stages.values(), added.negative.text.field, *added.negative.stages.values()):
            house.key("<Tab>")
            assert house.frame.focus_get() is widget
        house.key("<space>")
        assert saved(house).global_negative_stages == STAGES[:-1]
        assert saved(house).global_positive_stages == STAGES

    def test_what_is_too_long_is_said_and_not_saved(self, house):
        side = house.page("settings").added.negative
        write(house, side.text.field, "x" * (LONGEST + 1))
        assert "20,000" in side.text.error_text
        assert house.controller.settings.global_negative == ""
        side.text.field.delete("1.0", "1.5")
        house.until(lambda: len(house.controller.settings.global_negative) == LONGEST - 4)
        assert side.text.error_text == ""


class TestCreate:
    def test_a_text_in_force_is_said_and_leads_to_the_settings(self, house):
        line = house.page("create").global_texts
        assert (line.positive.winfo_ismapped(), line.negative.winfo_ismapped()) == (0, 0)
        house.change(global_negative="text,\nwatermark")
        house.until(line.negative.winfo_ismapped)
        assert line.negative.words == "Global negative: text, watermark"
        assert not line.positive.winfo_ismapped()
        line.negative.change_button.invoke()
        house.until(house.page("settings").winfo_ismapped)

    def test_the_line_goes_when_nothing_is_added_any_more(self, house):
        line = house.page("create").global_texts
        house.change(global_positive="ink")
        house.until(line.positive.winfo_ismapped)
        before = line.winfo_height()
        house.change(global_positive_stages=("img2img",))
        house.until(lambda: not line.positive.winfo_ismapped())
        house.until(lambda: line.winfo_height() < before)

    def test_a_text_for_some_of_the_stages_names_them(self, house):
        page = house.page("create")
        page.change("img2img.enabled", True)
        house.change(global_positive="ink " * 200, global_positive_stages=("img2img", "upscale"))
        house.until(page.global_texts.positive.winfo_ismapped)
        assert page.global_texts.positive.words.startswith("Global positive in img2img: ink ink")
        assert explanation(page.global_texts.positive.change_button) == page.global_texts.positive.words
        assert page.global_texts.winfo_width() <= page.general.winfo_width()

    def test_nothing_is_said_for_a_pack_that_leaves_the_texts_out(self, house):
        page = house.page("create")
        house.change(global_positive="ink", global_negative="text")
        house.until(lambda: page.packs.choice.prompts and page.global_texts.positive.winfo_ismapped())
        packs = house.controller.packs
        packs.save_settings(
            page.packs.choice.file.path, replace(packs.settings_of(page.packs.choice.file.path), positive=False)
        )
        house.until(lambda: not page.global_texts.positive.winfo_ismapped())
        assert page.global_texts.negative.winfo_ismapped()
        request = page.request()
        assert (request.globals.positive, request.globals.negative) == ("", "text")

    def test_what_is_said_is_sent(self, house):
        page = house.page("create")
        house.change(global_positive="ink", global_negative="signature")
        house.until(lambda: page.packs.choice.prompts)
        page.packs.choose_all(False)
        page.packs.turn(0)
        page.run()
        house.until(lambda: house.saw(JobEnded))
        made = house.saw(JobEnded)[0].record
        assert made.prompt.startswith("ink, ")
        assert made.negative.endswith(", signature")

    def test_what_was_made_is_made_again_as_it_was_sent(self, house):
        house.change(global_positive="ink", global_negative="text", global_negative_stages=("img2img",))
        boat = Variant(prompt_id="Boat", name="Boat", prompt="a boat", negative="blur")
        config = with_values(PipelineConfig(), SMALL | {"img2img.enabled": True})
        asked = RunRequest(pack_id="p", variants=(boat,), config=config, globals=house.controller.settings.globals)
        house.controller.run(asked)
        house.until(lambda: house.saw(JobEnded))
        house.change(global_positive="wash")
        house.page("review").target.make_again(house.saw(JobEnded)[0].record)
        house.until(lambda: len(house.saw(JobEnded)) == 2)
        first, second = [(event.record.prompt, event.record.stage_texts) for event in house.saw(JobEnded)]
        assert first == second == ("ink, a boat", {"img2img": StageText("ink, a boat", "blur, text")})

    def test_the_inspector_tells_what_a_stage_was_sent(self, house):
        tab = PromptText(house.frame)
        tab.show(record(stage_texts={"img2img": StageText("ink, a boat")}))
        assert "Prompt of img2img\nink, a boat" in tab.text.get("1.0", "end")
