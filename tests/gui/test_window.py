"""The whole loop in the window: run, watch, rate, close, open again."""

from __future__ import annotations

import tkinter as tk
from tkinter import filedialog, messagebox

import pytest
from fake_webui import FakeWebUI
from learning_lab import Lab
from open_window import open_house, walk
from plans import plan

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.runs.plan import Preset
from stablenew_tk.gui.create.preview import PreviewPanel
from stablenew_tk.gui.forms.stage_cards import Section
from stablenew_tk.gui.learn.wizard.wizard import Wizard
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.basics import Box, Button, Painted
from stablenew_tk.gui.widgets.keyboard import KeyHelp
from stablenew_tk.gui.widgets.row_list import RowList
from stablenew_tk.pipeline.messages.base import OrderFailed
from stablenew_tk.pipeline.messages.jobs import JobEnded
from stablenew_tk.pipeline.messages.journal import UnsavedChanged
from stablenew_tk.pipeline.messages.settings import SettingsSaved


@pytest.fixture(autouse=True)
def _no_session_root_in_the_way(monkeypatch):
    """Tk keeps one default root; the window of the test is a root of its own."""
    monkeypatch.setattr(tk, "_default_root", None)


def run_starter(house, prompts=2):
    page = house.page("create")
    house.button("Run 6 jobs")
    house.button("None").invoke()
    house.until(lambda: house.says("0 of 6"))
    listed = [one for one in walk(page) if isinstance(one, RowList)][1]
    listed.canvas.focus_force()
    for _ in range(prompts):
        house.key("<space>", "<Down>")
    house.button(f"Run {prompts} job").invoke()
    house.until(lambda: len(house.saw(JobEnded)) == prompts and house.idle())
    return page


def test_a_pack_is_run_and_its_pictures_can_be_rated_and_are_there_after_a_restart(tmp_path):
    with open_house(tmp_path) as house:
        run_starter(house, prompts=3)
        review = house.page("review")
        house.until(lambda: len(review.pictures.picked.rows) == 3)
        review.focus_first()
        house.key("<Key-5>", "<Key-3>", "<Key-1>")
        house.until(lambda: house.controller.history.visible().counts().unrated == 0)
    with open_house(tmp_path) as again:
        rated = [again.controller.history.visible().facts(row).rating for row in range(3)]
        assert sorted(rated) == [1, 3, 5]


def test_the_run_button_says_what_it_will_do(tmp_path):
    with open_house(tmp_path) as house:
        house.page("create")
        house.button("Run 6 jobs")
        house.type_into(house.entry("Seeds per prompt"), "3")
        assert "18 images" in house.button("Run 18 jobs").note


def test_a_bad_value_stops_the_run_button_with_a_sentence(tmp_path):
    with open_house(tmp_path) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        house.type_into(house.entry("Seed"), "many")
        assert not house.button("Run").enabled
        assert house.says("'many' is not a seed")
        page.run()
        assert house.idle()


def test_settings_taken_over_again_replace_a_text_that_cannot_be_used(tmp_path):
    with open_house(tmp_path) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        for text in ("", "abc"):
            if text:
                house.type_into(house.entry("Steps"), text)
                house.entry("Seed").focus_set()
            page.take({"txt2img.steps": 31}, 1, "a picture")
            house.window.update()
            assert house.entry("Steps").get() == "31"


def test_the_form_comes_back_after_a_restart_as_last_run(tmp_path):
    with open_house(tmp_path) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        house.type_into(house.entry("Steps"), "5")
        page.run()
        house.until(lambda: len(house.saw(JobEnded)) == 6 and house.idle())
        house.until(lambda: house.saw(SettingsSaved))
        settings = house.controller.settings
    with open_house(tmp_path, values=settings.values) as again:
        resolved = again.page("create").resolved
        assert resolved.config.txt2img.steps == 5
        assert resolved.origins["txt2img.steps"] == "last_run"


def test_light_and_dark_repaint_every_page(tmp_path):
    with open_house(tmp_path) as house:
        pages = [house.page(name) for name in ("create", "review", "settings")]
        house.window.top.switch_mode()
        assert theme.mode() == "light"
        for name, page in zip(("create", "review", "settings"), pages, strict=True):
            house.page(name)
            house.until(lambda: page.winfo_viewable())  # noqa: B023  # used up within the turn
            grounds = {w.cget("bg").upper() for w in walk(page) if isinstance(w, (Box, Painted)) and w.winfo_viewable()}
            light = {theme.palette[role].upper() for role in ("bg", "chrome", "surface", "raised", "line", "selection")}
            assert grounds <= light, name


def test_stop_asks_only_when_more_than_one_job_would_be_lost(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(messagebox, "askyesno", lambda *words, **more: asked.append(words) or True)
    with open_house(tmp_path) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        page.run()
        house.key("<Control-period>")
        house.until(house.idle)
        assert len(asked) == 1
        assert "Finished pictures stay" in asked[0][1]


def test_closing_during_a_run_asks_and_no_means_no(tmp_path, monkeypatch):
    monkeypatch.setattr(messagebox, "askyesno", lambda *words, **more: False)
    with open_house(tmp_path) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        page.run()
        house.window.leave()
        assert theme.alive(house.window)
        house.until(lambda: len(house.saw(JobEnded)) == 6 and house.idle())


def test_jobs_left_over_are_offered_at_the_next_start_and_made_once(tmp_path, monkeypatch):
    monkeypatch.setattr(messagebox, "askyesno", lambda *words, **more: True)
    with open_house(tmp_path) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        page.run()
        house.until(lambda: len(house.saw(JobEnded)) == 1)
        house.window.leave()
    with open_house(tmp_path) as again:
        assert 1 <= len(again.controller.leftover) <= 5
        assert "of last time" in again.window.notices.texts[0]
        again.controller.resume(go_on=True)
        again.until(again.idle)
        assert not again.window.notices.texts
        records = [again.controller.history.visible().facts(row) for row in range(len(again.controller.history))]
        assert len([facts for facts in records if facts.ok]) == 6


def test_a_rating_that_cannot_be_saved_is_told_and_saved_later(tmp_path):
    with open_house(tmp_path) as house:
        run_starter(house, prompts=1)
        journal = house.controller.places.journal
        aside = journal.with_name("aside")
        journal.rename(aside)
        journal.write_text("in the way")
        review = house.page("review")
        house.until(lambda: len(review.pictures.picked.rows) == 1)
        review.focus_first()
        house.key("<Key-4>")
        house.until(lambda: house.controller.unsaved)
        assert house.window.bottom.alarm.cget("text") == "1 not saved"
        journal.unlink()
        aside.rename(journal)
        house.until(lambda: not house.controller.unsaved)
        assert house.saw(UnsavedChanged)[-1].count == 0
        assert house.controller.history.visible().facts(0).rating == 4


def test_an_error_in_a_callback_is_told_once_and_the_window_lives_on(tmp_path, expects_error_log):
    with open_house(tmp_path) as house:
        for _ in range(3):
            house.window.after(0, lambda: 1 / 0)
            house.window.update()
        texts = house.window.notices.texts
        assert len(texts) == 1
        assert "division by zero" in texts[0]


def test_a_missing_picture_is_a_sentence_not_a_crash(tmp_path):
    with open_house(tmp_path) as house:
        run_starter(house, prompts=1)
        for picture in house.controller.places.outputs.rglob("*.png"):
            picture.unlink()
        review = house.page("review")
        house.until(lambda: len(review.pictures.picked.rows) == 1)
        review.focus_first()
        house.key("<space>")
        house.window.update()
        assert not [event for event in house.saw(OrderFailed) if "mistake" in event.message]


def test_every_control_of_every_page_can_be_reached_with_tab(tmp_path):
    with open_house(tmp_path) as house:
        for name in ("create", "review", "settings", "welcome"):
            page = house.page(name)
            house.window.focus_force()
            reached, widget = set(), page
            for _ in range(150):
                widget = widget.tk_focusNext()
                if str(widget) in reached:
                    break
                reached.add(str(widget))
            buttons = [w for w in walk(page) if isinstance(w, Button) and w.winfo_viewable() and w.enabled]
            assert {str(button) for button in buttons} <= reached, name


def test_f1_lists_the_keys_of_the_page_and_f1_again_closes_the_list(tmp_path):
    with open_house(tmp_path) as house:
        house.page("review")
        house.key("<F1>")
        sheet = KeyHelp.shared()
        words = [label.cget("text") for label in sheet.body.winfo_children()[-1].winfo_children()]
        assert sheet.is_open
        assert "rate and go on" in words
        assert "full screen" in words
        assert sheet.window.winfo_reqheight() < 700
        house.key("<F1>")
        assert not sheet.is_open


def test_a_stage_that_is_folded_says_in_one_line_what_it_will_do(tmp_path):
    with open_house(tmp_path) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        section = next(one for one in walk(page) if isinstance(one, Section) and one.block.name == "adetailer")
        section.switch.invoke()
        section.toggle()
        house.window.update()
        assert not section.opened
        assert house.says("1 pass · face_yolov8n")


def test_many_suspect_pictures_of_a_run_are_one_sentence_that_counts(tmp_path):
    with FakeWebUI() as fake, open_house(tmp_path, backend=fake.url) as house:
        fake.fault("other-sampler", times=9)
        house.until(lambda: house.controller.capabilities is not None)
        run_starter(house, prompts=2)
        house.until(lambda: house.controller.history.visible().counts().suspect == 2)
        words = house.window.notices.texts
        assert len([text for text in words if "suspect" in text]) == 1
        assert any(text.startswith("2 pictures of this run are suspect") for text in words)


def test_the_top_bar_says_in_few_words_what_is_the_matter_with_the_server(tmp_path):
    with FakeWebUI(auth="me:right") as fake, open_house(tmp_path, backend=fake.url) as house:
        host = fake.url.removeprefix("http://")
        house.until(lambda: house.window.top.backend.text == f"Wants a login · {host}")
        fake.auth, fake.ready = "", False
        house.controller.check_backend()
        house.until(lambda: house.window.top.backend.text == f"Not ready · {host}")
        fake.ready = True
        house.controller.check_backend()
        house.until(lambda: house.window.top.backend.text == f"Forge · {host}")
        fake.go_down()
        house.controller.check_backend()
        house.until(lambda: house.window.top.backend.text.startswith("No answer · "))
        fake.come_back()


def test_what_a_job_waited_for_is_not_said_any_longer_once_it_is_made(tmp_path):
    with FakeWebUI() as fake, open_house(tmp_path, backend=fake.url) as house:
        page = house.page("create")
        house.until(lambda: page.bar.button.enabled and house.controller.capabilities is not None)
        fake.go_down()
        page.run()
        house.until(lambda: "No WebUI or ComfyUI is running" in house.window.bottom.text.cget("text"))
        fake.hold(step=3)
        fake.come_back()
        house.until(lambda: house.controller.running is not None and house.controller.running.step == 2)
        house.until(lambda: "No WebUI or ComfyUI is running" not in house.window.bottom.text.cget("text"))
        fake.release()
        house.until(house.idle)


def test_i_folds_what_stands_at_the_right_on_whichever_page_is_in_sight(tmp_path):
    with open_house(tmp_path) as house:
        create = house.page("create")
        preview = next(one for one in walk(create) if isinstance(one, PreviewPanel))
        house.key("<Key-i>")
        assert not preview.winfo_ismapped()
        review = house.page("review")
        review.focus_first()
        house.key("<Key-i>")
        assert not review.inspector.winfo_ismapped()
        house.key("<Key-i>")
        assert review.inspector.winfo_ismapped()


def test_keys_of_one_page_do_not_hide_them_from_another(tmp_path, monkeypatch):
    with open_house(tmp_path, learning="active") as house:
        learn, asked = house.page("learn"), []
        monkeypatch.setattr(filedialog, "askopenfilename", lambda **options: asked.append(options["title"]) or "")
        learn.new_run()
        house.window.update()
        house.key("<Escape>")
        house.until(lambda: learn.plans.winfo_viewable())
        house.key("<Control-o>")
        config = with_values(PipelineConfig(), {"txt2img.width": 128, "txt2img.height": 128})
        draft = plan(
            values=(1, 2), rows=1, base_config=config, event_id="", plan_id="", backend_kind="sketch", seeds=(7,)
        )
        started = house.controller.learning.start(draft)
        house.until(lambda: len(house.saw(JobEnded)) == 2 and house.idle())
        learn.open_plan(started.plan_id)
        learn.rating.focus_first()
        house.key("<Key-4>")
        house.until(lambda: [house.controller.history.unblinded().facts(row).rating for row in range(2)].count(4) == 1)
        house.key("<Escape>")
        house.until(lambda: learn.plans.winfo_viewable())
        house.page("create")
        house.key("<Control-o>")
        assert asked == ["Import plan", "Add a pack"]


def test_a_learning_run_begins_with_what_stands_in_create_not_only_with_what_ran(tmp_path):
    with open_house(tmp_path, learning="active") as house:
        create = house.page("create")
        house.type_into(house.entry("Width"), "1024")
        assert create.resolved.config.txt2img.width == 1024
        learn = house.page("learn")
        learn.new_run()
        wizard = next(one for one in walk(learn) if isinstance(one, Wizard))
        assert wizard.draft.base.txt2img.width == 1024
        assert wizard.draft.origins["txt2img.width"] == "user"


def test_the_preset_in_force_is_named_after_a_restart(tmp_path):
    with open_house(tmp_path) as house:
        kept = house.controller.learning.keep_preset(Preset(event_id="", ts="", preset_id="", name="Calm"))
        house.until(lambda: house.controller.history.plans.preset_versions(kept.preset_id))
    with open_house(tmp_path, presets=(kept.preset_id,)) as again:
        assert again.page("create").bar.presets.choice.value == kept.preset_id


def test_pictures_seen_while_they_were_made_are_not_counted_as_ready_later(tmp_path):
    with open_house(tmp_path, offer_rating=True) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        page.run()
        house.page("review")
        house.until(lambda: len(house.saw(JobEnded)) == 6 and house.idle())
        assert not house.window.notices.texts
        house.page("create")
        page.run()
        house.until(lambda: len(house.saw(JobEnded)) == 12 and house.idle())
        assert house.window.notices.texts == ("6 pictures are ready to rate.",)


def test_a_setting_that_is_not_the_mode_does_not_dress_the_window_again(tmp_path):
    with open_house(tmp_path, appearance="system") as house:
        dressed = []
        theme.on_change(lambda: dressed.append(True))
        house.change(offer_rating=True)
        house.window.update()
        assert not dressed
        house.window.top.switch_mode()
        assert dressed


def test_what_was_rated_in_a_terminal_is_stored_as_a_result_without_opening_learn(tmp_path):
    lab = Lab(tmp_path)
    plan = lab.plan()
    lab.make(plan)
    lab.rate({12: (2, 2, 1), 28: (5, 5, 4)})
    with open_house(tmp_path) as house:
        house.until(lambda: house.controller.history.plans.result(plan.plan_id) is not None)
        assert house.controller.history.plans.result(plan.plan_id).summary.rated == 6
