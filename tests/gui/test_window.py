"""The whole loop in the window: run, watch, rate, close, open again."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from conftest import wait_until
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from learning_lab import Lab
from open_window import open_house, walk
from plans import plan
from slow_sketch import slow_sketch
from terminal import FEW, PACK, ended, program
from whole_app import request

from stablenew_tk.app.controller import open_places
from stablenew_tk.app.start.window_claim import WindowClaim
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.experiments.plan_draft import CHECK
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt
from stablenew_tk.domain.runs.preset import Preset
from stablenew_tk.gui.create.preview import PreviewPanel
from stablenew_tk.gui.forms.stage_cards import Section
from stablenew_tk.gui.frame_bars import WINDOW_KEYS
from stablenew_tk.gui.learn.wizard.wizard import Wizard
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.basics import Box, Button, Painted
from stablenew_tk.gui.widgets.keyboard import KeyHelp
from stablenew_tk.gui.widgets.modal import open_boxes
from stablenew_tk.gui.widgets.row_list import RowList
from stablenew_tk.gui.window import PAGES
from stablenew_tk.pipeline.messages.base import OrderFailed
from stablenew_tk.pipeline.messages.jobs import BackendChecked, JobEnded
from stablenew_tk.pipeline.messages.journal import UnsavedChanged
from stablenew_tk.pipeline.messages.settings import SettingsSaved
from stablenew_tk.storage.journal.reader import recent
from stablenew_tk.storage.settings import save_settings


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
            house.frame.update()
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
    # The first job must not be done before somebody can answer.
    slow_sketch(monkeypatch)
    with open_house(tmp_path, values={"txt2img.steps": 150}) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        page.run()
        house.key("<Control-period>")
        assert "Finished pictures stay" in house.answer("Stop and drop them")
        house.until(house.idle)
        assert [event.record.status for event in house.saw(JobEnded)] == ["cancelled"]


def test_closing_during_a_run_asks_and_escape_stays(tmp_path):
    with open_house(tmp_path) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        page.run()
        house.window.leave()
        assert "A job is running" in open_boxes(house.frame)[-1].text
        house.key("<Escape>")
        assert not open_boxes(house.frame)
        assert theme.alive(house.frame)
        house.until(lambda: len(house.saw(JobEnded)) == 6 and house.idle())


def test_jobs_left_over_are_offered_at_the_next_start_and_made_once(tmp_path):
    with open_house(tmp_path) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        page.run()
        house.until(lambda: len(house.saw(JobEnded)) == 1)
        house.window.leave()
        house.answer("Stop and close")
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
            house.frame.after(0, lambda: 1 / 0)
            house.frame.update()
        texts = house.window.notices.texts
        assert len(texts) == 1
        assert "division by zero" in texts[0]


def test_a_part_that_fails_makes_the_window_neither_deaf_nor_hard_to_close(tmp_path, expects_error_log):
    with open_house(tmp_path) as house:

        def fail(_event):
            raise ValueError("a part of the window broke")

        house.controller.subscribe(fail)
        house.controller.check_backend()
        house.until(lambda: house.says("StableNew itself made a mistake (ValueError: a part of the window broke)"))
        told = len(house.saw(BackendChecked))
        house.controller.check_backend()
        house.until(lambda: len(house.saw(BackendChecked)) > told)


def test_a_missing_picture_is_a_sentence_not_a_crash(tmp_path):
    with open_house(tmp_path) as house:
        run_starter(house, prompts=1)
        for picture in house.controller.places.outputs.rglob("*.png"):
            picture.unlink()
        review = house.page("review")
        house.until(lambda: len(review.pictures.picked.rows) == 1)
        review.focus_first()
        house.key("<space>")
        house.frame.update()
        assert not [event for event in house.saw(OrderFailed) if "mistake" in event.message]


def test_every_control_of_every_page_can_be_reached_with_tab(tmp_path):
    with open_house(tmp_path) as house:
        for name in ("create", "review", "settings", "welcome"):
            page = house.page(name)
            house.frame.focus_force()
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


def keys_told(house):
    house.key("<F1>")
    sheet = KeyHelp.shared()
    told = [label.cget("text") for label in sheet.body.winfo_children()[-1].winfo_children()][::2]
    sheet.close()
    return told


def test_f1_gives_every_key_one_meaning_on_every_page(tmp_path):
    lab = Lab(tmp_path)
    plan = lab.plan()
    lab.make(plan)
    with open_house(tmp_path) as house:
        for name in (*(name for name, _, _ in PAGES), "rating"):
            page = house.page("learn" if name == "rating" else name)
            if name == "rating":
                page.open_plan(plan.plan_id)
            told = keys_told(house)
            assert len(set(told)) == len(told) > 8, (name, sorted(told))
            # Of these only F5 is heard by the page, too.
            assert {key for key, _ in page.key_words} & {key for key, _ in WINDOW_KEYS} <= {"F5"}, name
        assert "P" in told


def test_p_while_rating_compares_in_pairs(tmp_path):
    lab = Lab(tmp_path)
    plan = lab.plan(values=(12, 20), rows=3, blind=True)
    lab.make(plan)
    lab.rate({12: (5, 5, 5), 20: (5, 4)})
    with open_house(tmp_path) as house:
        page = house.page("learn")
        page.open_plan(plan.plan_id)
        house.frame.update()
        house.key("<space>", "<Key-p>")
        assert page.pairs.winfo_viewable()
        assert not page.rating.viewer.is_open
        assert page.pairs.session.count == "0 of 2 pairs"


def test_a_stage_that_is_folded_says_in_one_line_what_it_will_do(tmp_path):
    with open_house(tmp_path) as house:
        page = house.page("create")
        house.button("Run 6 jobs")
        section = next(one for one in walk(page) if isinstance(one, Section) and one.block.name == "adetailer")
        section.switch.invoke()
        section.toggle()
        house.frame.update()
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
        house.until(lambda: house.window.top.backend.text == f"{host} · wants a login")
        fake.auth, fake.ready = "", False
        house.controller.check_backend()
        house.until(lambda: house.window.top.backend.text == f"{host} · not ready")
        fake.ready = True
        house.controller.check_backend()
        house.until(lambda: house.window.top.backend.text == f"Forge · {host}")
        fake.go_down()
        house.controller.check_backend()
        house.until(lambda: house.window.top.backend.text == f"{host} · no answer")
        fake.come_back()


def test_what_a_job_waited_for_is_not_said_any_longer_once_it_is_made(tmp_path):
    with FakeWebUI() as fake, open_house(tmp_path, backend=fake.url) as house:
        page = house.page("create")
        house.until(lambda: page.bar.button.enabled and house.controller.capabilities is not None)
        house.controller.pause(True)
        page.run()
        fake.go_down()
        house.controller.pause(False)
        house.until(lambda: "No WebUI or ComfyUI is running" in house.window.bottom.text.words)
        fake.hold(step=3)
        fake.come_back()
        house.until(lambda: house.controller.running is not None and house.controller.running.step == 2)
        house.until(lambda: "No WebUI or ComfyUI is running" not in house.window.bottom.text.words)
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


def test_keys_of_one_page_do_not_hide_them_from_another(tmp_path):
    with open_house(tmp_path, learning="active") as house:
        learn, asked = house.page("learn"), []

        def give_up():
            house.until(lambda: open_boxes(house.frame))
            asked.append(open_boxes(house.frame)[-1].wish.title)
            house.key("<Escape>")

        learn.new_run()
        house.frame.update()
        house.key("<Escape>")
        house.until(lambda: learn.plans.winfo_viewable())
        house.key("<Control-o>")
        give_up()
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
        give_up()
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
        calm = Preset(event_id="", ts="", preset_id="", name="Calm", values={"txt2img.steps": 28})
        kept = house.controller.learning.keep_preset(calm)
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
        house.frame.update()
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


@pytest.mark.parametrize("engine", [FakeWebUI, FakeComfyUI])
def test_a_server_that_does_not_answer_keeps_run_from_starting_and_is_told_with_what_can_be_done(tmp_path, engine):
    with engine() as fake, open_house(tmp_path, backend=fake.url) as house:
        host = fake.url.removeprefix("http://")
        page, bottom = house.page("create"), house.window.bottom
        page.change("checkpoint", "ink_model")
        house.until(lambda: page.bar.button.enabled and house.controller.capabilities is not None)
        fake.go_down()
        house.controller.check_backend()
        house.until(lambda: bottom.head.cget("text") == f"{host}: no answer.")
        assert not page.bar.button.enabled
        assert page.bar.button.note == f"· {host}: no answer"
        page.run()
        assert house.idle()
        assert house.controller.settings.backend == fake.url
        fake.come_back()
        bottom.again.invoke()
        house.until(lambda: page.bar.button.enabled and not bottom.again.winfo_manager())
        fake.go_down()
        house.controller.check_backend()
        house.until(bottom.sketch.winfo_ismapped)
        bottom.sketch.invoke()
        house.until(lambda: page.bar.button.enabled and house.window.top.backend.text == "Sketch")
        fake.come_back()


def test_a_learning_run_waits_for_its_server_too_and_says_so_where_it_would_be_started(tmp_path):
    with FakeWebUI() as fake, open_house(tmp_path, backend=fake.url) as house:
        host = fake.url.removeprefix("http://")
        house.until(lambda: house.controller.capabilities is not None)
        fake.go_down()
        house.controller.check_backend()
        house.until(lambda: house.controller.backend.why_not == f"{host}: no answer")
        learn = house.page("learn")
        learn.new_run(
            LearningPlan(
                plan_id="",
                name="CFG",
                focus_parameter="txt2img.cfg_scale",
                pack_id="Starter",
                prompts=(PlanPrompt("boat", "a boat"),),
                variant_values=(5.0, 7.0),
                seeds=(),
            )
        )
        house.until(lambda: [one for one in walk(learn) if isinstance(one, Wizard)])
        wizard = next(one for one in walk(learn) if isinstance(one, Wizard))
        wizard.go(CHECK)
        house.frame.update()
        assert not wizard.bar.next.enabled
        assert house.says(f"{host}: no answer")
        fake.come_back()
        house.controller.check_backend()
        house.until(lambda: wizard.bar.next.enabled)


def test_the_checkpoint_of_the_next_run_stands_above_every_page_and_is_chosen_there(tmp_path):
    with open_house(tmp_path) as house:
        page, top = house.page("create"), house.window.top
        house.until(lambda: house.controller.capabilities is not None and len(top.checkpoint.entries) > 1)
        wanted = top.checkpoint.entries[-1]
        house.page("review")
        top.checkpoint.invoke()
        house.frame.update()
        house.key("<End>", "<Return>")
        house.until(lambda: page.resolved.config.checkpoint == wanted.value)
        assert top.checkpoint.text == wanted.text


def test_a_notice_stands_in_the_bottom_bar_and_moves_nothing(tmp_path):
    with open_house(tmp_path) as house:
        page, notices = house.page("create"), house.window.notices
        house.button("Run 6 jobs")

        def places():
            house.frame.update()
            parts = (page, page.bar.button, page.packs.search, house.window.bottom.pause)
            return [(part.winfo_rootx(), part.winfo_rooty(), part.winfo_height()) for part in parts]

        before = places()
        notices.say("A file could not be read.")
        notices.ask("6 pictures are ready to rate.", ("Rate now", lambda: house.window.show("review")))
        assert places() == before
        house.button("Rate now").invoke()
        house.frame.update()
        assert house.window.page_name == "review"
        assert notices.texts == ("A file could not be read.",)


def test_the_rail_leads_out_of_a_sub_page_and_the_way_back_stands_left_of_its_title(tmp_path):
    with open_house(tmp_path) as house:
        learn, window = house.page("learn"), house.window
        assert not window.top.back.winfo_manager()
        learn.new_run()
        house.until(lambda: window.top.back.winfo_ismapped())
        assert window.top.back.text == "‹ Learning Runs"
        house.frame.rail.items["learn"].invoke()
        assert learn.parent == ""
        house.until(learn.plans.winfo_ismapped)
        assert not window.top.back.winfo_manager()


def test_the_numbers_of_the_keys_are_the_order_of_the_rail(tmp_path):
    with open_house(tmp_path) as house:
        rail = sorted(house.frame.rail.items.items(), key=lambda item: item[1].winfo_rooty())
        for number, (name, _) in enumerate(rail, start=1):
            house.key(f"<Control-Key-{number}>")
            assert house.window.page_name == name


def test_what_another_program_writes_appears_in_the_page_in_sight(tmp_path):
    with open_house(tmp_path) as house:
        review = house.page("review")
        lab = Lab(tmp_path)
        lab.make(lab.plan(rows=1, seeds=(1,)))
        house.until(lambda: len(review.pictures.picked.rows) == 3)
        lab.rate({12: (2,), 20: (4,), 28: (5,)})
        house.until(lambda: house.controller.history.visible().counts().unrated == 0)


def test_a_journal_that_was_lost_while_the_window_was_closed_is_told_once(tmp_path):
    with open_house(tmp_path) as house:
        house.controller.run(request(2))
        house.until(lambda: len(house.saw(JobEnded)) == 2 and house.idle())
    shutil.rmtree(house.controller.places.journal)
    lost = "Of 2 pictures in the journal are 0 left"
    for told in ([lost], []):
        with open_house(tmp_path) as house:
            assert [text[: len(lost)] for text in house.window.notices.texts] == told


@pytest.mark.skipif(sys.platform == "win32", reason="Tk listens to no pipe there")
def test_a_clock_that_is_set_back_by_hours_stops_neither_a_run_nor_what_waits_for_its_time(tmp_path, monkeypatch):
    with open_house(tmp_path) as house:
        house.until(lambda: house.controller.capabilities is not None)
        told, now, hours_s = [], time.time, 9 * 3_600
        monkeypatch.setattr(time, "time", lambda: now() + hours_s)
        house.controller.run(request(1))
        house.until(lambda: house.saw(JobEnded) and house.idle())
        house.frame.after(1, told.append, "a timer")
        # Set right again. What that does to Tk: every timer that waits comes so much later.
        tcl = house.frame.tk
        for timer in tcl.splitlist(tcl.call("after", "info")):
            script, kind = tcl.splitlist(tcl.call("after", "info", timer))
            if kind == "timer":
                tcl.call("after", "cancel", timer)
                tcl.call("after", hours_s * 1000, script)
        monkeypatch.setattr(time, "time", now)
        house.controller.run(request(3))
        house.until(lambda: len(house.saw(JobEnded)) == 4 and house.idle())
        assert told == ["a timer"]


def test_a_second_start_brings_the_first_window_back_and_the_terminal_goes_on_working(tmp_path):
    claim = WindowClaim(open_places(str(tmp_path)))
    assert claim.settle() == "mine"
    try:
        with open_house(tmp_path, claim=claim) as house:
            house.frame.withdraw()
            second = program("--data-dir", tmp_path, DISPLAY=os.environ["DISPLAY"])
            house.until(lambda: second.poll() is not None)
            said = ended(second)
            assert (said.code, "open already" in said.err) == (0, True)
            assert house.frame.winfo_viewable()
            (tmp_path / "two.txt").write_text(PACK)
            run = program("--data-dir", tmp_path, "run", tmp_path / "two.txt", *FEW)
            house.until(lambda: len(house.controller.history) == 2)
            house.until(lambda: run.poll() is not None)
            assert ended(run).code == 0
    finally:
        claim.release()


# As GNOME's program does: it leaves a file where the desktop keeps what is of this session.
GSETTINGS = """#!/bin/sh
: > "$ASKED"
place="${XDG_RUNTIME_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}}/dconf"
mkdir -p "$place" && echo 1 > "$place/user"
echo "'prefer-dark'"
"""
# A system on which nobody has looked for fonts yet: whoever does keeps what was found.
FONTS = """<?xml version="1.0"?>
<fontconfig><dir>/usr/share/fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_window_that_is_asked_to_end_does_so_although_its_server_hangs(tmp_path, how):
    with FakeWebUI() as server:
        server.fault("hang", route="*", times=9999)
        save_settings(tmp_path / "settings.json", Settings(backend=server.url, welcome_done=True, appearance="system"))
        (tmp_path / "gsettings").write_text(GSETTINGS)
        (tmp_path / "gsettings").chmod(0o755)
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        variables = {"DISPLAY": os.environ["DISPLAY"], "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        (tmp_path / "fonts.conf").write_text(FONTS)
        variables |= {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf"), "ASKED": str(tmp_path / "asked")}
        window = program("--data-dir", tmp_path, **variables, TMPDIR=str(temporary))
        wait_until(lambda: server.gets)
        window.send_signal(getattr(signal, how))
        assert ended(window).code == 0
    # Neither fonts nor anything else: what it keeps is in the folder it was given.
    assert (tmp_path / "asked").is_file()
    assert list((tmp_path / "cache" / "fontconfig").iterdir())
    assert [*Path.home().iterdir(), *temporary.iterdir()] == []


def test_closing_the_window_does_not_wait_for_a_server_that_hangs(tmp_path):
    with FakeWebUI() as server:
        server.fault("hang", times=99)
        server.fault("hang", route="/sdapi/v1/progress", nth=2, times=9999)
        with open_house(tmp_path, backend=server.url) as house:
            house.controller.run(request())
            house.until(lambda: server.count("txt2img") == 1)
            house.window.leave()
            house.answer("Stop and close")
        assert [folded.record.status for folded in recent(house.controller.places.journal, 9)] == ["cancelled"]
