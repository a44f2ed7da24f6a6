"""The Packs page over a real controller and real files: "saved" is said when the disk has it, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import send2trash
from conftest import wait_until
from open_window import answer
from PIL import Image, PngImagePlugin

from stablenew_tk.app.controller import Controller
from stablenew_tk.app.create.pack_variants import PackVariants
from stablenew_tk.app.packs.wording import settings_words
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.prompts.completion import Offer
from stablenew_tk.domain.prompts.pack import parse_pack
from stablenew_tk.domain.prompts.settings import PackSettings
from stablenew_tk.domain.prompts.variant import Expansion, Variant
from stablenew_tk.gui.packs.page import PackPageActions, PacksPage
from stablenew_tk.gui.packs.randomizer_tab import Axes, axis_entries
from stablenew_tk.gui.packs.recipe_popup import RecipePopup
from stablenew_tk.gui.packs.variants_tab import VariantsTab
from stablenew_tk.gui.widgets.modal import open_boxes
from stablenew_tk.pipeline.messages.base import OrderFailed
from stablenew_tk.pipeline.messages.packs import PackSaved, PackSettingsSaved, PromptsExpanded, SavePack
from stablenew_tk.pipeline.messages.pictures import RecipeRead
from stablenew_tk.storage.disk.places import find_places

RAIN = """[[light]]: dawn | neon

name: Alley
an old tram, [[light]], __mood__
neg: text

name: Bridge
an iron bridge, {fog|rain}
"""
INFOTEXT = "a red boat\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 6.5, Seed: 77, Size: 512x512"


class Desk:
    """The page with everything it was told."""

    def __init__(self, root, folder):
        self.root, self.places = root, find_places(str(folder), {}, None)
        self.packs = self.places.packs
        self.packs.mkdir(parents=True)
        (self.packs / ".starter-added").touch()
        self.controller, self.events, self.went, self.used = None, [], [], []

    def put(self, name, text):
        path = self.packs / f"{name}.txt"
        path.write_text(text, encoding="utf-8")
        return path

    def open(self, **settings):
        self.controller = Controller(self.places, Settings(**settings))
        self.page = PacksPage(
            self.root,
            self.controller,
            PackPageActions(
                go=self.went.append,
                use=lambda *what: self.used.append(what),
                run=self.went.append,
                draw_seed=lambda: 4242,
            ),
        )
        self.page.pack(fill="both", expand=True)
        self.controller.subscribe(self.page.on_event)
        self.controller.subscribe(self.events.append)
        self.controller.open()
        self.page.shown()
        return self

    def until(self, condition):
        wait_until(condition, step=lambda: (self.controller.pump(), self.root.update()))

    def settle(self):
        """Until the pause after typing is over and the check has answered."""
        self.until(lambda: self.page.work.is_quiet and self.page.open_pack.checks.checked is not None)

    @property
    def text(self):
        return self.page.editor.text

    @property
    def state(self):
        return self.page.editor.state.cget("text")

    @property
    def findings(self):
        return [one.sentence for one in self.page.side.check.rows.found]

    def type(self, words):
        self.text.put(words)
        self.root.update()

    def choose(self, name):
        place = next(n for n, one in enumerate(self.page.list.shown) if one.path.stem == name)
        self.page.list.rows.select(place, tell=True)
        self.until(lambda: self.page.work.path is not None and self.page.work.path.stem == name)

    def saw(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


def retype(entry, text):
    """Type a text in place of the one in a field."""
    entry.field.delete(0, "end")
    entry.field.insert(0, text)
    entry.edited()


@pytest.fixture
def desk(root, tmp_path):
    made = Desk(root, tmp_path)
    yield made
    if made.controller is not None:
        made.controller.close()


@pytest.fixture
def rain(desk):
    desk.path = desk.put("rain", RAIN)
    desk.put("boats", "name: Boat\na boat\n")
    wildcards = desk.places.wildcards
    wildcards.mkdir(parents=True, exist_ok=True)
    (wildcards / "mood.txt").write_text("calm\nstormy\n", encoding="utf-8")
    desk.open()
    desk.until(lambda: len(desk.page.list.shown) == 2)
    desk.choose("rain")
    desk.settle()
    return desk


def test_packs_are_listed_and_the_first_one_is_open(desk):
    desk.put("harbour", "a boat\n\nanother boat\n")
    desk.open()
    desk.until(lambda: desk.page.work.path is not None)
    assert desk.text.get() == "a boat\n\nanother boat\n"
    assert [(one.title, one.count) for one in desk.page.list.shown] == [("Harbour", 2)]
    assert desk.state == "saved"


def test_without_packs_the_page_says_what_to_do(desk):
    desk.open()
    desk.until(lambda: desk.page.empty.winfo_ismapped())
    assert not desk.page.editor.winfo_ismapped()


def test_saved_is_said_when_the_text_is_on_disk(rain):
    rain.type("# ")
    assert rain.state == "unsaved changes"
    rain.page.work.save()
    assert rain.state == "saving…"
    assert not rain.saw(PackSaved)
    rain.until(lambda: rain.state == "saved")
    assert rain.path.read_text(encoding="utf-8") == "# " + RAIN


def test_another_pack_does_not_cost_what_was_typed(rain):
    rain.type("# mine\n")
    rain.choose("boats")
    assert rain.text.get().startswith("name: Boat")
    assert rain.page.list.unsaved == {rain.path}
    rain.choose("rain")
    assert rain.text.get() == "# mine\n" + RAIN
    assert rain.state == "unsaved changes"
    assert rain.path.read_text(encoding="utf-8") == RAIN


def test_taking_everything_back_is_no_change(rain):
    rain.type("x")
    rain.text.undo()
    rain.settle()
    assert rain.state == "saved"
    assert not rain.page.list.unsaved


def test_a_change_outside_shows_by_itself(rain):
    rain.path.write_text("name: New\nwords\n", encoding="utf-8")
    rain.until(lambda: rain.text.get() == "name: New\nwords\n")
    assert rain.state == "saved"
    assert not rain.page.editor.strip.text


def test_a_change_outside_asks_where_there_are_own_ones(rain):
    rain.type("# mine\n")
    rain.settle()
    rain.path.write_text("theirs\n", encoding="utf-8")
    rain.until(lambda: rain.page.editor.strip.text)
    assert rain.text.get() == "# mine\n" + RAIN
    rain.page.work.settle(True)
    rain.page.work.save()
    rain.until(lambda: rain.state == "saved")
    assert rain.path.read_text(encoding="utf-8") == "# mine\n" + RAIN
    assert not rain.page.editor.strip.text


def test_theirs_can_be_taken(rain):
    rain.type("# mine\n")
    rain.settle()
    rain.path.write_text("theirs\n", encoding="utf-8")
    rain.until(lambda: rain.page.editor.strip.text)
    rain.page.work.settle(False)
    assert rain.text.get() == "theirs\n"
    assert rain.state == "saved"


def test_a_save_that_is_refused_says_why_and_keeps_the_text(rain):
    rain.type("# mine\n")
    rain.controller.ask(SavePack(path=rain.path, text="somebody else", seen=""))
    rain.page.work.save()
    rain.until(lambda: rain.page.editor.strip.text)
    assert rain.text.get() == "# mine\n" + RAIN
    assert rain.page.editor.save.enabled


def test_a_pack_that_vanishes_keeps_what_was_typed_in_sight_until_it_is_written_again(rain):
    rain.type("# mine\n")
    rain.settle()
    rain.path.unlink()
    rain.until(lambda: "no longer there" in rain.page.editor.strip.text)
    rain.choose("boats")
    rain.choose("rain")
    assert rain.text.get() == "# mine\n" + RAIN
    assert rain.state == "unsaved changes"
    rain.page.work.save()
    rain.until(lambda: rain.state == "saved")
    assert rain.path.read_text(encoding="utf-8") == "# mine\n" + RAIN
    assert not rain.page.editor.strip.text
    rain.until(lambda: [one.problem for one in rain.page.list.shown] == ["", ""])


def test_a_vanished_pack_can_be_given_up(rain):
    rain.type("# mine\n")
    rain.settle()
    rain.path.unlink()
    rain.until(lambda: "no longer there" in rain.page.editor.strip.text)
    rain.page.delete()
    answer(rain.root, "Delete it")
    rain.until(lambda: rain.page.work.path is not None and rain.page.work.path.stem == "boats")
    assert [one.path.stem for one in rain.page.list.shown] == ["boats"]
    left = []
    rain.page.work.leave(lambda: left.append(True))
    assert left


def test_a_file_that_cannot_be_read_any_more_leaves_the_text_that_was_read(rain):
    rain.path.write_bytes(b"\xff\xfe\x00")
    rain.until(lambda: rain.state == "cannot be read")
    assert rain.text.get() == RAIN
    rain.path.write_text("name: Back\nwords\n", encoding="utf-8")
    rain.until(lambda: rain.state == "saved")
    assert rain.text.get() == "name: Back\nwords\n"
    assert not rain.page.editor.strip.text


def test_a_file_that_cannot_be_read_is_not_called_saved(rain):
    rain.packs.joinpath("cafe.txt").write_bytes(b"un caf\xe9\n")
    rain.root.focus_get().event_generate("<F5>")
    rain.until(lambda: len(rain.page.list.shown) == 3)
    rain.choose("cafe")
    assert rain.state == "cannot be read"
    assert "UTF-8" in rain.page.editor.strip.text
    rain.type("x")
    assert rain.state == "unsaved changes"
    rain.page.work.save()
    rain.until(lambda: rain.state == "not saved")
    rain.text.undo()
    rain.settle()
    rain.until(lambda: rain.state == "cannot be read")
    assert "UTF-8" in rain.page.editor.strip.text
    assert rain.packs.joinpath("cafe.txt").read_bytes() == b"un caf\xe9\n"


def test_a_sampler_that_is_not_offered_is_told_where_it_is_typed(root):
    axes = Axes(
        root, on_change=lambda _axes: None, choices=lambda name: ("Euler a", "DDIM") if name == "samplers" else ()
    )
    axes.add("txt2img.sampler")
    retype(axes.values, "euler a, DPM")
    assert axes.hint.cget("text").startswith("There is no DPM where")
    retype(axes.values, "Euler a, DDIM")
    assert axes.hint.cget("text").startswith("Names between commas")


def test_refiner_and_hires_upscaler_are_offered_last_and_say_why():
    entries = axis_entries()
    notes = [entry.note for entry in entries]
    assert {entry.value for entry in entries if entry.note} >= {"refiner.checkpoint", "hires.upscaler"}
    assert notes == sorted(notes)
    assert "txt2img.steps" not in [entry.value for entry in axis_entries(["txt2img.steps"])]


def test_mistakes_are_listed_as_one_types_errors_first(rain):
    assert not rain.findings
    assert rain.page.side.check.summary.cget("text").startswith("No problems. 2 prompts")
    rain.text.text.insert("end", "\nname: Third\na cat, __nowhere__\nneg: x\nforgotten {a|b\n")
    rain.root.update()
    rain.until(lambda: len(rain.findings) >= 3)
    kinds = [one.kind for one in rain.page.side.check.rows.found]
    assert kinds == sorted(kinds, reverse=True)
    assert any("line 11" in one for one in rain.findings)
    assert rain.text.text.tag_ranges("problem")


def test_a_line_of_the_list_goes_to_its_place(rain):
    rain.text.text.insert("end", "\nname: Third\na cat, __nowhere__\n")
    rain.root.update()
    rain.until(lambda: rain.findings)
    rain.page.side.check.rows.select(0, tell=True)
    assert rain.text.view.line == 11
    rain.page.side.check.rows.canvas.event_generate("<Return>")
    assert rain.text.before().endswith("cat, ")


def test_variants_of_the_prompt_at_the_cursor_and_of_the_whole_pack(rain):
    rain.text.go_to(8)
    rain.page.side.turn("variants")
    tab = rain.page.side.variants
    rain.until(lambda: "2 variants" in tab.summary.cget("text"))
    assert set(tab.coloured) == {"fog", "rain"}
    rain.text.go_to(4)
    rain.until(lambda: "4 variants" in tab.summary.cget("text"))
    tab.scope.set("pack")
    rain.page.work.expand()
    rain.until(lambda: "6 variants" in tab.summary.cget("text"))
    assert {"dawn", "neon", "calm", "stormy", "fog"} <= set(tab.coloured)


def test_slots_of_the_randomizer_are_written_beside_the_pack(rain):
    rain.page.side.turn("randomizer")
    rain.page.side.randomizer.texts["rules"].field.insert("end", "tram => bus | boat\nwrong")
    rain.until(lambda: rain.saw(PackSettingsSaved))
    rules = rain.controller.packs.settings_of(rain.path).randomizer.rules
    assert [one.values for one in rules] == [("bus", "boat")]
    assert rain.page.side.randomizer.texts["rules"].error_text.startswith("Line 2: ")
    assert rain.path.read_text(encoding="utf-8") == RAIN


def test_a_wrong_line_is_still_there_after_a_look_at_another_pack(rain):
    rain.page.side.turn("randomizer")
    field = rain.page.side.randomizer.texts["slots"]
    field.field.insert("end", "mood: calm | wild\nhalf a li")
    rain.until(lambda: rain.saw(PackSettingsSaved))
    rain.choose("boats")
    assert field.get() == ""
    rain.choose("rain")
    assert field.get() == "mood: calm | wild\nhalf a li"
    assert field.error_text.startswith("Line 2")


def test_values_of_an_axis_that_cannot_be_read_stay_and_are_told(rain):
    rain.page.side.turn("randomizer")
    axes = rain.page.side.randomizer.axes
    axes.add("txt2img.cfg_scale")
    for text in ("5, 7", "5, 7, lots"):
        retype(axes.values, text)
    assert "lots" in axes.draft.problems["txt2img.cfg_scale"]
    rain.until(lambda: rain.saw(PackSettingsSaved))
    saved = rain.controller.packs.settings_of(rain.path).randomizer.axes
    assert [(one.path, one.values) for one in saved] == [("txt2img.cfg_scale", (5.0, 7.0))]
    assert axes.values.get() == "5, 7, lots"


def test_values_and_learning_of_a_pack_are_saved_by_themselves(rain):
    rain.page.side.turn("values")
    tab = rain.page.side.values
    tab.add("txt2img.steps")
    retype(tab.field.editor, "33")
    tab.field.editor.commit()
    tab.choose_learning("locked")
    rain.until(lambda: rain.controller.packs.settings_of(rain.path).learning == "locked")
    rain.until(lambda: rain.state == "saved")
    assert rain.controller.packs.settings_of(rain.path).values == {"txt2img.steps": 33}
    assert rain.controller.packs.learning == {"rain": "locked"}


def test_wildcards_and_slots_are_inserted_at_the_cursor(rain):
    rain.page.side.turn("models")
    tab = rain.page.side.models
    tab.choose("wildcard")
    assert [one.name for one in tab.shown] == ["mood"]
    rain.text.go_to(8, 1)
    tab.button.invoke()
    assert rain.text.get().split("\n")[7].startswith("__mood__an iron")
    tab.choose("slot")
    assert Offer("slot", "light") in tab.shown


def test_a_new_pack_is_made_and_opened(rain):
    rain.page.open_pack.make("night trains")
    rain.until(lambda: rain.page.work.path is not None and rain.page.work.path.stem == "night trains")
    assert (rain.packs / "night trains.txt").exists()
    assert rain.page.list.file.path.stem == "night trains"
    assert rain.root.focus_get() is rain.text.text
    rain.type("a night train")
    assert rain.text.get().split("\n")[:2] == ["name: First prompt", "a night train"]


def test_an_added_pack_is_copied_and_opened(rain, tmp_path):
    source = tmp_path / "elsewhere.txt"
    source.write_text("a lighthouse\n", encoding="utf-8")
    rain.page.open_pack.add(source)
    rain.until(lambda: rain.page.work.path is not None and rain.page.work.path.stem == "elsewhere")
    assert rain.text.get() == "a lighthouse\n"


def test_deleting_asks_and_puts_the_pack_into_the_trash(rain):
    rain.page.delete()
    assert open_boxes(rain.root)[0].title == "Delete “Rain”?"
    rain.root.focus_get().event_generate("<Escape>")
    assert rain.path.exists()
    rain.page.delete()
    assert "It has 2 prompts" in answer(rain.root, "Delete it")
    rain.until(lambda: not rain.path.exists())
    rain.until(lambda: rain.page.work.path is not None and rain.page.work.path.stem == "boats")


def test_after_a_pack_is_deleted_its_neighbour_is_open(rain):
    rain.put("zoo", "a zebra\n")
    rain.until(lambda: len(rain.page.list.shown) == 3)
    rain.page.delete()
    answer(rain.root, "Delete it")
    rain.until(lambda: rain.page.work.path is not None and rain.page.work.path.stem == "zoo")


def test_prompts_of_variants_stand_in_one_column_however_long_their_numbers(root):
    tab = VariantsTab(root, lambda _again: None, lambda _slot: None)
    tab.pack(fill="both", expand=True)
    made = [Variant(prompt_id="a", name="A", prompt="a tram", negative="", index=index) for index in (0, 1_234_566)]
    tab.show(Expansion(count=2_000_000, variants=tuple(made), mode="all"))
    root.update()
    assert tab.summary.cget("text") == "2,000,000 variants, every combination. 2 of them are shown."
    first = tab.text.search("a tram", "1.0")
    second = tab.text.search("a tram", f"{first} + 6c")
    assert tab.text.bbox(first)[0] == tab.text.bbox(second)[0]


def test_closing_asks_and_saves_before_the_window_goes(rain):
    left = []
    rain.page.work.leave(lambda: left.append("nothing to save"))
    assert left == ["nothing to save"]
    rain.type("# mine\n")
    rain.page.work.leave(lambda: left.append("saved"))
    answer(rain.root, "Stay")
    rain.root.update()
    assert left == ["nothing to save"]
    rain.page.work.leave(lambda: left.append("saved"))
    answer(rain.root, "Save and close")
    rain.until(lambda: left[1:] == ["saved"])
    assert rain.path.read_text(encoding="utf-8") == "# mine\n" + RAIN


def test_the_keyboard_goes_round_the_panels(rain):
    rain.text.focus_set()
    rain.root.update()
    rain.text.text.focus_force()
    rain.root.update()
    places = []
    for _ in range(3):
        rain.root.focus_get().event_generate("<F6>")
        rain.root.update()
        places.append(str(rain.root.focus_get()))
    panels = (rain.page.side, rain.page.list, rain.page.editor.text)
    assert all(place.startswith(str(panel)) for place, panel in zip(places, panels, strict=True))


def test_ctrl_s_saves_from_within_the_text(rain):
    rain.text.text.focus_force()
    rain.root.update()
    rain.type("# mine\n")
    rain.text.text.event_generate("<Control-s>")
    rain.until(lambda: rain.state == "saved")
    assert rain.path.read_text(encoding="utf-8") == "# mine\n" + RAIN


# ---- pictures


def picture(folder, text=INFOTEXT):
    about = PngImagePlugin.PngInfo()
    if text:
        about.add_text("parameters", text)
    path = Path(folder) / "boat.png"
    Image.new("RGB", (8, 8)).save(path, pnginfo=about)
    return path


def test_what_a_picture_says_is_shown_and_can_be_added_to_the_pack(rain, tmp_path):
    rain.page.actions.read(picture(tmp_path), rain.page.editor.title)
    rain.until(lambda: rain.saw(RecipeRead))
    popup = RecipePopup.shared()
    rain.until(lambda: popup.is_open)
    recipe = rain.saw(RecipeRead)[0].recipe
    assert "Steps 20" in settings_words(recipe)
    assert "seed 77" in settings_words(recipe)
    buttons = [one for one in walk(popup.body) if hasattr(one, "text") and hasattr(one, "invoke")]
    next(one for one in buttons if one.text == "Add to Rain").invoke()
    assert rain.text.get().endswith("name: boat\na red boat\nneg: blurry\n")
    assert rain.state == "unsaved changes"
    popup.close()


def test_notes_that_have_no_room_are_counted(rain, tmp_path):
    left_out = "".join(f", ADetailer model{end}: a.pt" for end in ("", " 2nd", " 3rd", " 4th"))
    odd = ", Denoising strength: 0.4, Mask blur: 4, Clip skip: 900, Tiling: True, VAE: " + "x" * 600
    line = "Steps: 900, Sampler: Euler, CFG scale: 70, Seed: 77, Size: 8x8"
    rain.page.actions.read(picture(tmp_path, f"a boat\n{line}{left_out}{odd}"), rain.page.editor.title)
    rain.until(lambda: rain.saw(RecipeRead))
    popup = RecipePopup.shared()
    rain.until(lambda: popup.is_open)
    more = len(rain.saw(RecipeRead)[0].recipe.notices) - 5
    assert more > 0
    assert any(f"{more} more notes: " in str(one.cget("text")) for one in walk(popup.body) if has_text(one))
    popup.close()


def test_a_picture_that_says_nothing_is_told_so(rain, tmp_path):
    rain.page.actions.read(picture(tmp_path, ""), rain.page.editor.title)
    rain.until(lambda: rain.saw(RecipeRead))
    assert rain.saw(RecipeRead)[0].recipe is None
    popup = RecipePopup.shared()
    rain.until(lambda: popup.is_open)
    assert any("no text in the picture" in str(one.cget("text")) for one in walk(popup.body) if has_text(one))
    popup.close()


def walk(widget):
    for child in widget.winfo_children():
        yield child
        yield from walk(child)


def has_text(widget):
    return widget.winfo_class() == "Label"


def test_a_pack_locked_in_has_a_lock_in_the_list(desk):
    path = desk.put("rain", RAIN)
    path.with_name("rain.pack.json").write_text(
        json.dumps({"kind": "pack_settings", "version": 1, "learning": "locked"}), encoding="utf-8"
    )
    desk.open()
    desk.until(lambda: desk.page.list.shown)
    assert desk.page.list.row(0).sign == "lock"


# ---- answers go to whoever asked


def test_a_preview_of_the_page_never_becomes_the_variants_of_a_run(rain):
    variation = PackVariants(rain.controller, lambda: None)
    rain.controller.subscribe(variation.on_event)
    pack = parse_pack(RAIN, "rain")
    for count in (1, 2, 1, 2, 1, 2):
        variation.want(rain.path, pack.prompts[:count], PackSettings(), pack.slots, {})
    rain.until(lambda: variation.expansion is not None)
    made = variation.expansion
    rain.page.side.turn("variants")
    for asked in range(1, 9):
        rain.page.work.expand(again=True)
        rain.until(lambda count=asked: len(rain.saw(PromptsExpanded)) >= 6 + count)
    assert variation.expansion is made


def test_a_pack_that_cannot_be_made_does_not_keep_the_next_one_from_opening(rain):
    rain.page.open_pack.make("???")
    rain.page.open_pack.make("night trains")
    rain.until(lambda: (rain.packs / "night trains.txt").exists())
    rain.until(lambda: rain.page.work.path is not None and rain.page.work.path.stem == "night trains")


def test_a_pack_added_under_a_name_that_is_taken_is_the_one_that_opens(rain, tmp_path):
    source = tmp_path / "rain.txt"
    source.write_text("a lighthouse\n", encoding="utf-8")
    rain.page.open_pack.add(source)
    rain.until(lambda: rain.text.get() == "a lighthouse\n")
    assert rain.page.work.path.stem == "rain (2)"
    assert rain.path.read_text(encoding="utf-8") == RAIN


def test_a_save_that_is_answered_late_does_not_open_a_pack_of_the_same_name(rain, tmp_path):
    rain.type("# mine\n")
    rain.page.work.save()
    rain.choose("boats")
    rain.until(lambda: rain.saw(PackSaved))
    other = tmp_path / "elsewhere" / "boats.txt"
    other.parent.mkdir()
    rain.controller.ask(SavePack(path=other, text="a raft\n", seen=""))
    rain.until(lambda: len(rain.saw(PackSaved)) == 2)
    assert rain.page.work.path == rain.packs / "boats.txt"


def test_a_pack_that_the_trash_refuses_keeps_what_was_typed(rain, monkeypatch):
    def refuse(_path):
        raise OSError("no trash here")

    monkeypatch.setattr(send2trash, "send2trash", refuse)
    rain.type("# mine\n")
    rain.page.list.rows.canvas.event_generate("<Delete>")
    answer(rain.root, "Delete it")
    rain.until(lambda: rain.saw(OrderFailed))
    assert rain.text.get() == "# mine\n" + RAIN
    assert rain.state == "unsaved changes"
    rain.page.work.save()
    rain.until(lambda: rain.state == "saved")
    assert rain.path.read_text(encoding="utf-8") == "# mine\n" + RAIN
