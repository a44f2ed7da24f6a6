"""Prompts that vary, from the Create page and the wizard to the records."""

from __future__ import annotations

import json

from open_window import open_house

from stablenew_tk.gui.widgets.basics import Button
from stablenew_tk.pipeline.messages.jobs import JobEnded
from stablenew_tk.pipeline.messages.packs import PromptsExpanded

SMALL = {"txt2img.steps": 2, "txt2img.width": 64, "txt2img.height": 64}
PACK = "[[light]]: dawn | neon\n\nname: Tram\na {red|blue} tram, [[light]], {red|blue}\nneg: fog, [[light]]\n"


def home(tmp_path, text=PACK, **randomizer):
    packs = tmp_path / "home" / "packs"
    (packs / "wildcards").mkdir(parents=True)
    (packs / "town.txt").write_text(text, encoding="utf-8")
    if randomizer:
        said = {"kind": "pack_settings", "version": 1, "randomizer": randomizer}
        (packs / "town.pack.json").write_text(json.dumps(said))
    return tmp_path / "home"


def town(house):
    page = house.page("create")
    house.until(lambda: page.packs.choice.pack is not None and house.controller.capabilities is not None)
    return page


def button(page):
    return page.bar.button.text if page.bar.button.enabled else f"off: {page.bar.message.cget('text')}"


def made(house, page):
    wanted = len(page.request().variants)
    page.run()
    house.until(lambda: len(house.saw(JobEnded)) == wanted and house.idle())
    return [event.record for event in house.saw(JobEnded)]


def test_the_button_counts_every_combination_and_the_run_makes_them(tmp_path):
    with open_house(home(tmp_path), values=SMALL, pack="town") as house:
        page = town(house)
        house.until(lambda: button(page) == "Run 8 jobs")
        records = made(house, page)
        assert {record.prompt for record in records} == {
            f"a {first} tram, {light}, {second}"
            for first in ("red", "blue")
            for second in ("red", "blue")
            for light in ("dawn", "neon")
        }
        assert all(record.negative == f"fog, {record.randomizer.choices['light']}" for record in records)
        one = records[0].randomizer
        assert (one.mode, one.count, set(one.choices)) == ("all", 8, {"light", "{red|blue}", "{red|blue} #2"})
        assert len({record.seed for record in records}) == 1


def test_what_is_beyond_the_limit_is_told_and_what_is_shown_is_run(tmp_path):
    with open_house(home(tmp_path, limit=4, seeds="per_variant"), values=SMALL, pack="town") as house:
        page = town(house)
        house.until(lambda: button(page) == "Run 4 jobs")
        assert page.bar.message.cget("text") == "4 of 8 variants, evenly chosen"
        drawn = page.form.variants.expansion
        shown = [variant.prompt for variant in drawn.variants]
        records = made(house, page)
        assert [record.prompt for record in records] == shown
        assert sorted(record.randomizer.choices["light"] for record in records) == ["dawn", "dawn", "neon", "neon"]
        assert len({record.seed for record in records}) == 4
        # The next run draws anew.
        house.until(lambda: button(page) == "Run 4 jobs" and page.form.variants.expansion is not drawn)


def test_axes_change_the_settings_of_single_jobs(tmp_path):
    axes = [{"path": "txt2img.steps", "values": [1, 3]}]
    with open_house(home(tmp_path, "a boat\n", axes=axes), values=SMALL, pack="town") as house:
        page = town(house)
        house.until(lambda: button(page) == "Run 2 jobs")
        records = made(house, page)
        assert [record.config.txt2img.steps for record in records] == [1, 3]
        assert [record.randomizer.choices for record in records] == [{"txt2img.steps": "1"}, {"txt2img.steps": "3"}]


def test_a_name_that_is_missing_stops_the_run_until_it_is_there(tmp_path):
    folder = home(tmp_path, "a __mood__ boat\n")
    with open_house(folder, values=SMALL, pack="town") as house:
        page = town(house)
        house.until(lambda: button(page).startswith("off: Line 1: There is no wildcard “mood”"))
        page.run()
        assert house.idle()
        (folder / "packs" / "wildcards" / "mood.txt").write_text("calm\nstormy\n")
        house.until(lambda: button(page) == "Run 2 jobs")


def test_a_learning_run_takes_one_variant_and_another_one_when_asked(tmp_path):
    with open_house(home(tmp_path), values=SMALL, pack="town", learning="active") as house:
        learn = house.page("learn")
        learn.new_run()
        house.until(lambda: drawn(house) and another(house.frame))
        texts = set(drawn(house))
        assert not any("{" in text or "[[" in text for text in texts)
        for _ in range(4):
            before = len(drawn(house))
            another(house.frame).invoke()
            house.until(lambda before=before: len(drawn(house)) > before)
        assert len(set(drawn(house))) > 1


def drawn(house):
    """The texts of the single variants that were drawn; Create works out all of them."""
    found = [event.expansion.variants for event in house.saw(PromptsExpanded)]
    return [variants[0].prompt for variants in found if len(variants) == 1]


def another(widget):
    """The button in sight that takes another variant, or None."""
    if isinstance(widget, Button) and widget.winfo_ismapped() and "take another variant" in widget.text:
        return widget
    return next((found for child in widget.winfo_children() if (found := another(child)) is not None), None)


def test_what_is_said_about_a_run_has_its_own_line_and_the_button_its_whole_width(tmp_path):
    with open_house(home(tmp_path, limit=4), values=SMALL, pack="town") as house:
        page = town(house)
        house.until(lambda: page.bar.message.cget("text") == "4 of 8 variants, evenly chosen")
        house.frame.update()
        assert page.bar.message.winfo_ismapped()
        assert page.bar.message.winfo_width() >= page.bar.message.winfo_reqwidth()
        assert page.bar.button.winfo_width() >= page.bar.button.winfo_reqwidth()


def test_a_sampler_of_an_axis_that_is_not_there_is_told_before_the_run(tmp_path):
    axes = [{"path": "txt2img.sampler", "values": ["Euler a", "DPM"]}]
    with open_house(home(tmp_path, axes=axes), values=SMALL, pack="town") as house:
        page = town(house)
        house.until(lambda: button(page) == "Run 16 jobs")
        said = page.bar.message.cget("text")
        assert said == "There is no DPM where pictures are made now: these variants will fail."
