"""Where the values of Create come from: last runs by pack and checkpoint, presets, the files beside a checkpoint."""

from __future__ import annotations

import json

import pytest
from create_page import STEPS, create, rows, run_one, shown, stand_at_harbour
from fake_webui import FakeWebUI
from msgspec.structs import replace
from open_window import open_house

from stablenew_tk.app.create.form_values import base_values
from stablenew_tk.domain.runs.preset import Preset
from stablenew_tk.gui.forms.origin_marks import WhyPopup
from stablenew_tk.gui.widgets.basics import Button, Label
from stablenew_tk.pipeline.messages.jobs import JobEnded
from stablenew_tk.pipeline.messages.models import LibraryChanged

DENOISE = "hires.denoise"
PACK, CLASSIC, INK = "starter", "sketch-classic", "sketch-ink"
PRESET = {"id": "p", "label": "usual", "rating": "best", "source": "community", "steps": 37, "cfg": 6.5}


@pytest.fixture
def models(tmp_path):
    """A folder with the files of both sketch checkpoints."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name in (CLASSIC, INK):
        (folder / f"{name}.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    return folder


def put_profile(folder, name=CLASSIC, **fields):
    written = folder / "profile.tmp"
    written.write_text(json.dumps({"type": "model_profile", "model_name": name, **fields}))
    written.replace(folder / f"{name}.modelprofile.json")


def with_models(tmp_path, models, **settings):
    return open_house(tmp_path / "home", model_folders=(str(models),), **settings)


def notices(house):
    """The words of the strips under the top bar."""
    found, widgets = [], [house.frame]
    while widgets:
        widget = widgets.pop()
        widgets += widget.winfo_children()
        if isinstance(widget, Label) and "is not installed" in widget.cget("text") and widget.winfo_ismapped():
            found.append(widget.cget("text"))
    return found


def use_instead(house, page, name):
    """Open "Why this value?" of the steps and take what the row of this name would have given."""
    page.why(STEPS, page.field(STEPS))
    house.frame.update()
    line = next(line for line in WhyPopup.shared().body.winfo_children() if name in texts(line))
    next(child for child in line.winfo_children() if isinstance(child, Button)).invoke()


def texts(line):
    return [child.cget("text") for child in line.winfo_children() if isinstance(child, Label)]


def keep_preset(house, **values):
    preset = Preset(event_id="", ts="", preset_id="", name="Boats", values=values)
    house.controller.learning.keep_preset(preset)
    house.until(lambda: house.controller.history.plans.presets())
    return house.controller.history.plans.presets()[0]


def test_a_key_in_a_field_asks_once_what_is_set_for_the_pack(tmp_path, monkeypatch):
    with open_house(tmp_path) as house:
        page = create(house)
        page.field(STEPS).editor.field.focus_force()
        house.frame.update()
        asked, packs = [], house.controller.packs
        monkeypatch.setattr(packs, "settings_of", lambda pack, real=packs.settings_of: asked.append(pack) or real(pack))
        # Without timers: what the threads tell meanwhile is not of the key.
        for key in ("<Control-a>", "7", "<Return>"):
            page.field(STEPS).editor.field.event_generate(key)
            house.frame.update_idletasks()
        assert shown(page) == ("user", 7)
        assert len(asked) == 1


def test_a_sidecar_copied_beside_the_checkpoint_changes_the_default_in_sight(tmp_path, models):
    with with_models(tmp_path, models) as house:
        page = create(house)
        house.until(lambda: house.controller.models.done)
        assert shown(page) == ("engine", 20)
        put_profile(models, recommended_presets=[PRESET])
        house.until(lambda: shown(page) == ("profile", 37))
        field = page.field(STEPS)
        assert (field.mark.origin, field.editor.get()) == ("profile", "37")


def test_a_half_written_sidecar_keeps_what_the_profile_said(tmp_path, models):
    put_profile(models, recommended_presets=[PRESET])
    with with_models(tmp_path, models) as house:
        page = create(house)
        house.until(lambda: shown(page) == ("profile", 37))
        before = len(house.saw(LibraryChanged))
        (models / f"{CLASSIC}.modelprofile.json").write_text('{"model_name": "x", "recommended_pre')
        house.until(lambda: len(house.saw(LibraryChanged)) > before and house.controller.models.done)
        assert shown(page) == ("profile", 37)


def test_another_checkpoint_shows_what_its_own_profile_says(tmp_path, models):
    put_profile(models, recommended_presets=[PRESET])
    put_profile(models, INK, recommended_presets=[{**PRESET, "steps": 12}])
    with with_models(tmp_path, models) as house:
        page = create(house)
        house.until(lambda: shown(page) == ("profile", 37))
        page.change("checkpoint", INK)
        house.until(lambda: shown(page) == ("profile", 12))


def test_each_pack_and_checkpoint_has_a_last_run_of_its_own(tmp_path):
    with open_house(tmp_path) as house:
        page = create(house)
        page.change(STEPS, 4)
        run_one(house, page)
        page.change("checkpoint", INK)
        assert shown(page) == ("engine", 20)
        page.change(STEPS, 6)
        run_one(house, page)
        page.change("checkpoint", CLASSIC)
        assert shown(page) == ("last_run", 4)
        settings = house.controller.settings
    with open_house(tmp_path, values=settings.values, last_runs=settings.last_runs, pack=settings.pack) as again:
        page = create(again)
        assert (page.resolved.config.checkpoint, *shown(page)) == (INK, "last_run", 6)
        page.change("checkpoint", CLASSIC)
        assert shown(page) == ("last_run", 4)


def test_a_learning_run_begins_with_what_the_profile_says_before_create_was_opened(tmp_path, models):
    put_profile(models, default_hires_denoise=0.45)
    with with_models(tmp_path, models) as house:
        house.window.show("settings")
        house.until(lambda: base_values(house.controller).origins[DENOISE] == "profile")
        assert base_values(house.controller).config.hires.denoise == 0.45


def test_what_was_typed_and_not_run_stays_with_the_user_at_another_checkpoint(tmp_path):
    with open_house(tmp_path) as house:
        page = create(house)
        page.change(STEPS, 4)
        page.change("checkpoint", INK)
        assert shown(page) == ("user", 4)


def test_the_one_last_run_of_older_settings_belongs_to_its_pack(tmp_path):
    old = {"values": {STEPS: 31}, "pack": "Harbour"}
    with open_house(tmp_path, **old) as house:
        page = create(house)
        assert page.packs.choice.file.pack_id != "Harbour"
        assert shown(page) == ("engine", 20)
        stand_at_harbour(house, page)
        assert shown(page) == ("last_run", 31)


def test_a_preset_that_the_last_run_overrules_says_so_and_counts_once_that_is_forgotten_here(tmp_path):
    here, there = f"{PACK}\n{CLASSIC}", f"Harbour\n{CLASSIC}"
    with open_house(tmp_path, last_runs={here: {STEPS: 31}, there: {STEPS: 32}}) as house:
        page = create(house)
        assert shown(page) == ("last_run", 31)
        page.choose_preset(keep_preset(house, **{STEPS: 28}))
        assert shown(page) == ("last_run", 31)
        assert page.form.values.overruled() == "The last run goes before Boats: txt2img · Steps 31 instead of 28."
        house.until(page.bar.forget_button.winfo_ismapped)
        page.bar.forget_button.invoke()
        assert (shown(page), page.form.values.overruled()) == (("preset", 28), "")
        house.until(lambda: not page.bar.forget_button.winfo_ismapped())
        assert rows(page)["last_run"].value == ""
        stand_at_harbour(house, page)
        assert shown(page) == ("last_run", 32)
        assert rows(page)["preset"].value == "28"
        use_instead(house, page, "Preset")
        assert shown(page) == ("preset", 28)


def test_why_lists_all_origins_with_evidence_and_losers_can_be_used(tmp_path, models):
    put_profile(models, recommended_presets=[PRESET], style_profile_id="sdxl_realism")
    with with_models(tmp_path, models) as house:
        page = create(house)
        house.until(lambda: shown(page) == ("profile", 37))
        page.change(STEPS, 50)
        found = page.form.values.why(STEPS)
        assert [row.origin for row in found] == [
            "user",
            "pack",
            "last_run",
            "preset",
            "learned",
            "profile",
            "style",
            "engine",
        ]
        assert [row.value for row in found] == ["50", "", "", "", "", "37", "", "20"]
        assert [row.wins for row in found] == [True, *[False] * 7]
        assert "sketch-classic.modelprofile.json" in found[5].note
        assert (found[1].note, CLASSIC in found[2].note) == ("none set for Starter", True)
        use_instead(house, page, "Profile")
        assert shown(page) == ("user", 37)


def test_what_is_set_for_the_pack_goes_before_all_but_the_user(tmp_path):
    with open_house(tmp_path) as house:
        page = create(house)
        page.change(STEPS, 4)
        run_one(house, page)
        page.change(STEPS, None)
        assert shown(page) == ("last_run", 4)
        file = page.packs.choice.file
        file.path.with_name("starter.pack.json").write_text('{"values": {"txt2img.steps": 33}}')
        house.until(lambda: shown(page) == ("pack", 33))
        assert page.field(STEPS).mark.origin == "pack"
        assert rows(page)["last_run"].value == "4"
        page.change(STEPS, 50)
        assert shown(page) == ("user", 50)
        use_instead(house, page, "Pack")
        assert shown(page) == ("user", 33)


def test_a_broken_sidecar_says_there_what_is_wrong_with_it(tmp_path, models):
    (models / f"{CLASSIC}.modelprofile.json").write_text('{"model_name": ')
    with with_models(tmp_path, models) as house:
        page = create(house)
        house.until(lambda: f"none for {CLASSIC}. {CLASSIC}.modelprofile.json" in rows(page)["profile"].note)
        assert shown(page) == ("engine", 20)


def test_the_style_of_the_profile_stands_below_it_and_above_the_engine(tmp_path, models):
    put_profile(models, style_profile_id="sdxl_realism")
    with with_models(tmp_path, models) as house:
        page = create(house)
        house.until(lambda: shown(page, DENOISE)[0] == "style")
        assert "Style" in rows(page, DENOISE)["style"].name
        assert rows(page, DENOISE)["profile"].note == f"none for {CLASSIC}"


def test_a_refiner_that_is_not_there_is_told_once_and_never_sent(tmp_path, models):
    with with_models(tmp_path, models) as house:
        page = create(house)
        put_profile(models, default_refiner_id="sdxl_refiner_official")
        house.until(lambda: notices(house))
        (told,) = notices(house)
        house.window.notices.forget(told)
        page.change("checkpoint", INK)
        page.change("checkpoint", CLASSIC)
        house.frame.update()
        assert notices(house) == []
        assert not page.resolved.config.refiner.enabled
        assert "is not installed" in rows(page, "refiner.checkpoint")["profile"].note


def test_the_settings_of_a_record_are_taken_whole_whatever_the_last_run_had(tmp_path):
    with open_house(tmp_path) as house:
        page = create(house)
        page.change(STEPS, 4)
        run_one(house, page)
        record = house.saw(JobEnded)[-1].record
        inked = replace(record, config=replace(record.config, checkpoint=INK))
        page.use(inked)
        assert shown(page) == ("user", 4)
        assert {page.resolved.origins[path] for path in page.form.values.typed} == {"user"}


def test_giving_back_takes_the_typed_value_first_and_then_the_last_run(tmp_path):
    with open_house(tmp_path, last_runs={f"{PACK}\n{CLASSIC}": {STEPS: 31}}) as house:
        page = create(house)
        page.change(STEPS, 50)
        page.change(STEPS, None)
        assert shown(page) == ("last_run", 31)
        page.change(STEPS, None)
        assert shown(page) == ("engine", 20)


def test_ctrl_i_opens_why_and_a_loser_is_taken_by_keyboard(tmp_path):
    with open_house(tmp_path) as house:
        page = create(house)
        page.change(STEPS, 50)
        field = page.field(STEPS)
        field.editor.field.focus_force()
        house.key("<Control-i>")
        popup = WhyPopup.shared()
        assert popup.is_open
        house.key("<Down>")
        assert popup.window.focus_get().text == "Use instead"
        house.key("<Return>")
        assert not popup.is_open
        assert shown(page) == ("user", 20)


def test_a_value_of_the_profile_is_marked_learned_or_with_the_tool_whose_file_it_was(tmp_path, models):
    shots = [{"meta": {"sampler": "Euler", "Size": "832x1216"}}] * 6
    put_profile(models, recommended_presets=[{**PRESET, "source": "local_learning", "ratings": 24}])
    (models / f"{CLASSIC}.civitai.info").write_text(json.dumps({"modelId": 1, "name": "v1", "images": shots}))
    with with_models(tmp_path, models) as house:
        page = create(house)
        house.until(lambda: shown(page) == ("profile", 37) and shown(page, "txt2img.height") == ("profile", 1216))
        # No Learning Run of this journal found it.
        assert page.field(STEPS).mark.cget("text").strip() == "learned elsewhere"
        assert page.field("txt2img.height").mark.cget("text").strip() == "Civitai"
        assert rows(page)["profile"].name == "Profile · learned elsewhere"
        assert rows(page)["profile"].icon == ""
        assert "24 ratings" in rows(page)["profile"].note


def test_what_weaker_files_say_is_offered_too(tmp_path, models):
    shots = [{"meta": {"steps": 44, "sampler": "Euler"}}] * 6
    put_profile(models, recommended_presets=[PRESET])
    (models / f"{CLASSIC}.civitai.info").write_text(json.dumps({"modelId": 1, "name": "v1", "images": shots}))
    with with_models(tmp_path, models) as house:
        page = create(house)
        house.until(lambda: shown(page) == ("profile", 37))
        other = next(row for row in page.form.values.why(STEPS) if row.value == "44")
        assert "from 6 example images" in other.note
        use_instead(house, page, "Another file")
        assert shown(page) == ("user", 44)


def test_the_slider_of_hires_denoise_marks_the_range_of_the_style(tmp_path, models):
    put_profile(models, style_profile_id="sdxl_portrait_realism", default_hires_denoise=0.28)
    with with_models(tmp_path, models, values={"hires.enabled": True}) as house:
        page = create(house)
        next(section for section in page.sections if section.block.name == "hires").toggle()
        house.until(lambda: shown(page, DENOISE)[1] == 0.28)
        assert page.field(DENOISE).slider.sensible == (0.2, 0.35)
        page.change("checkpoint", INK)
        assert page.field(DENOISE).slider.sensible == (0.2, 0.6)


@pytest.fixture
def painted(tmp_path):
    """A window over a server with LoRAs, and a profile of its checkpoint that names two, one of which is there."""
    folder = tmp_path / "models"
    folder.mkdir()
    with FakeWebUI() as server:
        (folder / "photo_model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
        overlays = [{"name": "inkwash", "weight": 0.6}, {"name": "nowhere", "weight": 0.4}]
        put_profile(folder, "photo_model", recommended_presets=[{**PRESET, "lora_overlays": overlays}])
        with with_models(tmp_path, folder, backend=server.url) as house:
            page = create(house)
            house.until(lambda: "inkwash" in page.loras.checks and page.form.variants.expansion is not None)
            yield house, page


def to_add(page):
    return {one.tag: one.weight for one in page.request().profile_loras}


def test_loras_of_the_profile_are_offered_with_their_weight_and_missing_ones_are_told(painted):
    page = painted[1]
    assert page.loras.checks["inkwash"].on
    assert (page.loras.checks["nowhere"].enabled, page.loras.checks["nowhere"].on) == (False, False)
    assert page.loras.remark.cget("text") == "LoRA nowhere 0.4 is not on this server, so it is left out."
    assert to_add(page) == {"inkwash": 0.6}
    page.packs.rewrite("a boat <lora:inkwash:1>")
    page.packs.choose_all(False)
    page.packs.turn(0)
    assert to_add(page) == {}
    assert "already in the prompt" in page.loras.remark.cget("text")


def test_a_lora_that_was_switched_off_stays_off_for_this_checkpoint(painted):
    house, page = painted
    page.loras.checks["inkwash"].invoke()
    assert to_add(page) == {}
    assert not page.loras.checks["inkwash"].on
    assert "inkwash" in house.controller.settings.loras_off[0]
    page.loras.checks["inkwash"].invoke()
    assert to_add(page) == {"inkwash": 0.6}
    assert house.controller.settings.loras_off == ()


def test_a_run_is_recorded_with_the_lora_and_who_added_it(painted):
    house, page = painted
    run_one(house, page)
    record = house.saw(JobEnded)[-1].record
    assert record.prompt.endswith("<lora:inkwash:0.6>")
    assert record.origins["lora:inkwash"] == "profile"


def test_a_lora_of_the_prompt_that_the_server_does_not_have_is_told_above_run(painted):
    house, page = painted
    page.packs.rewrite("a boat <lora:grain_final:1>")
    house.until(lambda: page.form.variants.expansion is not None and page.bar.button.enabled)
    assert not page.bar.message.winfo_ismapped()
    page.packs.rewrite("a boat <lora:grainfinal:1>")
    house.until(lambda: "grainfinal" in page.bar.message.cget("text"))
    assert "does not list the LoRA “grainfinal”" in page.bar.message.cget("text")
    assert page.bar.button.enabled
