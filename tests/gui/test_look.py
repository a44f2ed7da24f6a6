"""Theme and size of the whole window, changed while everything goes on."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

import msgspec
from open_window import open_house, walk

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt
from stablenew_tk.gui.forms.form import FormField
from stablenew_tk.gui.learn.page import LearnPage
from stablenew_tk.gui.learn.wizard.wizard import Wizard
from stablenew_tk.gui.main_frame import PAGES
from stablenew_tk.gui.settings.page import SettingsPage
from stablenew_tk.gui.settings.welcome import WelcomePage
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.keyboard import KeyHelp
from stablenew_tk.gui.widgets.popups import ChoiceField, Popup

SMALL = with_values(PipelineConfig(), {"txt2img.width": 64, "txt2img.height": 96, "txt2img.steps": 4})
SLOW = with_values(PipelineConfig(), {"txt2img.width": 512, "txt2img.height": 512, "txt2img.steps": 150})


def plan(**changes):
    wish = LearningPlan(
        event_id="",
        ts="",
        plan_id="",
        name="Steps of boats",
        focus_parameter="txt2img.steps",
        pack_id="starter",
        prompts=tuple(PlanPrompt(name, f"a small {name} in the rain") for name in ("boat", "tram", "cat")),
        base_config=SMALL,
        variant_values=(2, 5, 9),
        images_per_variant=1,
        complete_rows=3,
        seeds=(11, 12, 13),
    )
    return msgspec.structs.replace(wish, **changes)


def wizard_in(page):
    return next(one for one in walk(page) if isinstance(one, Wizard))


def stops(house):
    """Everything that is made, shown and taken away between two switches."""
    window, learn = house.window, house.page("learn")
    house.controller.learning.start(plan())
    house.controller.learning.start(plan(base_config=SLOW, seeds=(21, 22, 23)))

    def step(number):
        window.show("learn")
        learn.new_run()
        wizard_in(learn).go(number)

    def page_of_its_own(make):
        made = make()
        made.pack()
        house.frame.update()
        window.top.switch_mode()
        made.destroy()
        window.top.switch_mode()

    def menu():
        window.show("create")
        house.frame.update()
        next(one for one in walk(window.page("create")) if isinstance(one, ChoiceField)).invoke()

    def why():
        window.show("create")
        house.frame.update()
        next(one for one in walk(house.frame) if isinstance(one, FormField)).mark.event_generate("<ButtonRelease-1>")

    yield from (lambda name=name: window.show(name) for name in (*(name for name, _, _ in PAGES), "welcome"))
    yield from (lambda number=number: step(number) for number in range(4))
    yield menu
    yield why
    yield lambda: KeyHelp.shared().open(window.top.help, "Keys", (("F1", "this"),))
    yield lambda: window.notices.say("A sentence to be closed.")
    yield lambda: window.notices.forget("A sentence to be closed.")
    body, controller = house.frame.body, house.controller
    yield lambda: page_of_its_own(lambda: SettingsPage(body, controller, say=window.notices.say))
    yield lambda: page_of_its_own(lambda: WelcomePage(body, controller, done=lambda: None))
    yield lambda: page_of_its_own(
        lambda: LearnPage(body, controller, say=window.notices.say, show_insight=lambda _plan: None, typed=lambda: None)
    )


def strange_colours(window):
    """Plain widgets in a colour that the present mode does not have."""
    known = {colour.lower() for colour in theme.palette.values()}
    for one in walk(window):
        if isinstance(one, (tk.Frame, tk.Label, tk.Canvas, tk.Entry, tk.Text)):
            ground = str(one.cget("bg")).lower()
            if ground not in known and one.winfo_viewable():
                yield f"{one} {ground}"


def test_two_hundred_switches_leave_no_part_behind_whatever_is_made_and_destroyed_meanwhile(tmp_path):
    with open_house(tmp_path, appearance="dark") as house:
        window, ways = house.window, list(stops(house))
        for number in range(200):
            ways[number % len(ways)]()
            house.frame.update()
            window.top.switch_mode()
            house.frame.update()
            assert theme.mode() == ("light" if number % 2 == 0 else "dark")
            assert not list(strange_colours(house.frame))
            Popup.close_all()
        assert not [text for text in window.notices.texts if "made a mistake" in text]
        house.controller.cancel()
        house.until(house.idle)


def test_a_part_that_cannot_repaint_is_told_once_and_all_others_follow(tmp_path, expects_error_log):
    class Broken:
        def paint(self):
            raise tk.TclError('invalid command name "…remark"')

    with open_house(tmp_path, appearance="dark") as house:
        painted = []
        broken = Broken()
        theme.on_change(broken.paint)
        theme.on_change(lambda: painted.append(theme.mode()))
        for _ in range(2):
            house.window.top.switch_mode()
        assert painted == ["light", "dark"]
        assert not list(strange_colours(house.frame))
        assert len([text for text in house.window.notices.texts if "made a mistake" in text]) == 1
        house.button("Copy report").invoke()
        report = house.frame.clipboard_get()
        assert "StableNew " in report
        assert str(tmp_path.parent) not in report
        assert str(tmp_path) not in report
        assert "invalid command name <text>" in report


def test_the_window_begins_in_the_size_its_screen_asks_for(tmp_path, monkeypatch):
    # What xrdb would tell the X server; without it the X library reads this file.
    Path.home().joinpath(".Xdefaults").write_text("Xft.dpi: 144\n")
    with open_house(tmp_path) as house:
        assert house.frame.screen.resource_dpi == 144
        assert theme.scale() == 1.5
        assert house.frame.wm_minsize() == (1536, 1050)


def test_keys_make_everything_larger_and_smaller_and_the_next_start_remembers(tmp_path):
    with open_house(tmp_path) as house:
        house.page("create")
        before = house.button("Run").winfo_reqheight()
        house.key("<Control-plus>", "<Control-plus>")
        assert (house.controller.settings.size, theme.scale()) == (120, 1.2)
        assert house.button("Run").winfo_reqheight() > before
        house.key("<Control-minus>")
        assert house.controller.settings.size == 110
    with open_house(tmp_path, size=110) as house:
        assert theme.scale() == 1.1
        house.key("<Control-Key-0>")
        assert (house.controller.settings.size, theme.scale()) == (0, 1.0)


def test_settings_change_the_size_and_say_what_the_screen_asks_for(tmp_path):
    with open_house(tmp_path) as house:
        fields = house.page("settings").size_fields
        fields.larger.invoke()
        assert fields.words.cget("text").startswith("110 %. This screen asks for 100 %.")
        fields.as_screen.invoke()
        assert fields.as_screen.selected
        house.change(size=250)
        assert (fields.larger.enabled, fields.smaller.enabled) == (False, True)


def test_a_folder_typed_without_a_beginning_is_one_of_the_home_folder(tmp_path):
    with open_house(tmp_path) as house:
        page = house.page("settings")
        house.type_into(house.entry("Pictures"), "paintings")
        assert house.controller.settings.output_folder == str(Path.home() / "paintings")
        assert page.winfo_viewable()


def test_what_was_typed_and_chosen_stays_when_the_size_changes(tmp_path):
    with open_house(tmp_path) as house:
        page = house.page("learn")
        page.new_run()
        wizard = wizard_in(page)
        house.until(lambda: wizard.draft.prompts)
        wizard.go(2)
        drafted = wizard.draft
        house.change(size=200)
        house.frame.update()
        assert (wizard.step, wizard.draft) == (2, drafted)
