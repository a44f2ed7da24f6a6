import json
import shutil
from pathlib import Path

import pytest
from conftest import wait_until
from fake_webui import FakeWebUI
from journal_lines import new_id, rate, record
from learning_lab import Lab, spaced
from msgspec.structs import replace
from open_window import choose_file
from PIL import Image

from stablenew_tk.app.controller import Controller
from stablenew_tk.app.models.estimates import estimate_chart
from stablenew_tk.app.models.filter import ModelFilter
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.experiments.suggested_plan import checkpoint_plan, focus_of, lora_plan
from stablenew_tk.domain.models.best_setting import Estimate, Estimates
from stablenew_tk.domain.models.families import FamilyCatalogue
from stablenew_tk.domain.models.profile import LEARNED, ModelPreset, ModelProfile
from stablenew_tk.domain.models.profile_draft import draft_of_lora, draft_of_model, new_preset
from stablenew_tk.domain.models.recommendations import FieldValue, ModelSettings, Weight
from stablenew_tk.domain.runs.plan import LearningRunResult, PlanPrompt, ResultSummary
from stablenew_tk.gui.models.page import ModelsPage
from stablenew_tk.gui.models.table import TableHead
from stablenew_tk.gui.settings.page import SettingsPage
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.basics import Label
from stablenew_tk.gui.widgets.entries import Entry
from stablenew_tk.gui.widgets.scrollbar import BAR
from stablenew_tk.pipeline.messages.models import ModelSeries, ProfileSaved
from stablenew_tk.storage.disk.places import find_places
from stablenew_tk.storage.models.model_entry import LibrarySnapshot, ModelEntry

SIDECARS = Path(__file__).parents[2] / "fixtures" / "sidecars"


def safetensors(**meta):
    head = json.dumps({"__metadata__": meta, "a": {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    return len(head).to_bytes(8, "little") + head + b"\0\0"


class Shop:
    """A Models page over a real controller and a real folder of models."""

    def __init__(self, root, folder):
        self.root, self.models = root, folder / "models"
        self.models.mkdir(exist_ok=True)
        self.places = find_places(str(folder / "data"), {}, None)
        self.said, self.plans, self.events, self.searches = [], [], [], []
        self.controller = None

    def put(self, name, *, like="", **meta):
        """A model, with the sample sidecars of that name beside it."""
        (self.models / f"{name}.safetensors").write_bytes(safetensors(**meta))
        for file in SIDECARS.glob(f"{like}.*") if like else ():
            if file.suffix != ".safetensors":
                (self.models / f"{name}{file.name.removeprefix(like)}").write_bytes(file.read_bytes())

    def open(self, *folders, **settings):
        settings = Settings(model_folders=tuple(map(str, folders)) if folders else (str(self.models),), **settings)
        self.controller = Controller(self.places, settings)
        self.page = ModelsPage(
            self.root,
            self.controller,
            say=self.said.append,
            learn=self.plans.append,
            review=self.searches.append,
        )
        self.page.pack(fill="both", expand=True)
        self.controller.subscribe(self.page.on_event)
        self.controller.subscribe(self.events.append)
        self.controller.open()
        self.page.shown()
        self.until(lambda: self.controller.models.done and self.controller.capabilities is not None)
        self.until(lambda: not self.page.is_pending("refresh") and not self.page.list.is_pending("step"))
        return self

    def until(self, condition):
        wait_until(condition, step=lambda: (self.controller.pump(), self.root.update()))

    def choose(self, name, kind="checkpoint"):
        self.page.list.choose_kind(kind)
        self.root.update()
        if name not in self.names():  # it is among the files of a training
            self.unfold()
        self.page.list.rows.select(self.names().index(name), tell=True)
        self.until(lambda: self.page.settings is not None)
        self.root.update()

    def unfold(self, key="<Right>"):
        """Show the files of all trainings, or with Left none of them."""
        rows, lines = self.page.list.rows, self.page.list.filter
        rows.canvas.focus_force()
        for one in [line.key for line in lines.lines if line.is_series]:
            rows.select(lines.place_of(one), tell=True)
            rows.canvas.event_generate(key)
            self.root.update()

    def names(self):
        return [line.name for line in self.page.list.filter.lines]

    def shown(self):
        """What stands on the sheets of the panel."""
        panel = self.page.panel
        return [line.text for sheet in (panel.above, panel.below) for line in sheet.lines]

    def value(self, label):
        """The winner of a setting with its source."""
        lines = (line for sheet in (self.page.panel.above, self.page.panel.below) for line in sheet.lines)
        return next(((line.text, line.source) for line in lines if line.label == label), None)

    def saved(self):
        return [event for event in self.events if isinstance(event, ProfileSaved)]

    def profile(self, name):
        return json.loads((self.models / name).read_text(encoding="utf-8"))


@pytest.fixture
def shop(root, tmp_path):
    made = Shop(root, tmp_path)
    yield made
    if made.controller is not None:
        made.controller.close()


@pytest.fixture
def stocked(shop):
    shop.put("cobalt", like="cobalt")
    shop.put("harbour", like="harbour", ss_network_module="networks.lora")
    shop.put("zinc")
    (shop.models / "amber.safetensors").write_bytes(safetensors() + b"x" * 5000)
    return shop.open()


def typed(entry, text):
    """Write a text into a field instead of what is there."""
    entry.field.focus_force()
    entry.update()
    entry.field.delete(0, "end")
    entry.field.insert(0, text)
    entry.edited()


def beside_caption(widget, words):
    """The field that stands beside a caption, anywhere below a widget."""
    for child in widget.winfo_children():
        if isinstance(child, Label) and child.cget("text") == words:
            return next(one for one in widget.winfo_children() if isinstance(one, Entry))
        if found := beside_caption(child, words):
            return found
    return None


def sentence_below(entry):
    """What a field says is wrong with it."""
    return " ".join(entry.itemcget(item, "text") for item in entry.find_all() if entry.type(item) == "text")


def click_head(stocked, column):
    """Click on a column of the table's head."""
    head = stocked.page.list.table.head
    place = next(n for n, one in enumerate(head.columns) if one.column == column)
    x = next(x for x in range(2, head.winfo_width()) if head.column_at(x) == place)
    for event in ("<Enter>", "<ButtonPress-1>", "<ButtonRelease-1>"):
        head.event_generate(event, x=x, y=5)
    stocked.root.update()


def test_a_search_without_a_hit_says_so_in_place_of_the_rows(stocked):
    typed(stocked.page.list.search, "no such model")
    stocked.root.update()
    canvas = stocked.page.list.rows.canvas
    said = [canvas.itemcget(item, "text") for item in canvas.find_all() if canvas.type(item) == "text"]
    assert said == ["Nothing has this in its name."]


def test_checkpoints_and_loras_are_listed_by_kind(stocked):
    assert stocked.names() == ["amber", "cobalt", "zinc"]
    assert stocked.page.list.filter.counts == {"checkpoint": 3, "lora": 1, "other": 0}
    stocked.page.list.choose_kind("lora")
    assert stocked.names() == ["harbour"]
    assert "profile" in stocked.page.list.filter.lines[0].sources


def test_the_panel_names_the_winner_of_a_setting_and_who_says_so(stocked):
    stocked.choose("cobalt")
    assert stocked.value("Hires denoise") == ("0.32", "profile")
    assert stocked.value("Sampler") == ("DPM++ 2M SDE", "profile")
    assert stocked.value("Size") == ("896 × 1152", "profile")
    said = "The file says: 12 runs, 3.5 stars (not from this journal)"
    assert stocked.page.panel.learned.cget("text") == said


def test_search_finds_by_name_family_and_source(stocked):
    for text, names in (("zinc", ["zinc"]), ("webui profile", ["cobalt"]), ("sdxl", ["cobalt"]), ("nothing such", [])):
        typed(stocked.page.list.search, text)
        assert stocked.names() == names
    stocked.root.update()
    assert not stocked.page.panel.winfo_manager()


def test_a_click_on_a_column_sorts_and_a_second_one_turns_it_round(stocked):
    click_head(stocked, "family")
    assert stocked.names()[0] == "cobalt"
    click_head(stocked, "family")
    assert stocked.names()[-1] == "cobalt"
    click_head(stocked, "name")
    assert stocked.names() == ["amber", "cobalt", "zinc"]


def test_the_head_sorts_by_keyboard(stocked):
    head = stocked.page.list.table.head
    head.focus_force()
    stocked.root.update()
    for key in ("<Right>", "<space>"):
        head.event_generate(key)
    assert stocked.page.list.filter.column == "family"
    assert stocked.names()[0] == "cobalt"


def test_a_broken_sidecar_shows_its_sentence_and_a_sign_in_the_table(stocked):
    shutil.copy(SIDECARS / "torn.json", stocked.models / "zinc.modelprofile.json")
    stocked.until(lambda: stocked.page.list.filter.known(str(stocked.models / "zinc.safetensors")).entry.problems)
    stocked.choose("zinc")
    stocked.until(lambda: any("zinc.modelprofile.json" in text for text in stocked.shown()))
    assert stocked.shown()[0] == "Problems"


def test_a_sidecar_dropped_beside_a_model_shows_up_by_itself(stocked):
    stocked.choose("zinc")
    assert stocked.value("Hires denoise") is None
    shutil.copy(SIDECARS / "cobalt.modelprofile.json", stocked.models / "zinc.modelprofile.json")
    stocked.until(lambda: stocked.value("Hires denoise") == ("0.32", "profile"))
    stocked.until(lambda: "profile" in stocked.page.list.line.sources)
    assert stocked.page.path.endswith("zinc.safetensors")


def test_a_model_that_is_deleted_leaves_the_list_and_another_is_chosen(stocked):
    stocked.choose("zinc")
    (stocked.models / "zinc.safetensors").unlink()
    stocked.until(lambda: stocked.names() == ["amber", "cobalt"])
    assert stocked.page.path.endswith("amber.safetensors")


def test_saved_is_said_when_the_profile_is_on_disk(stocked):
    stocked.choose("cobalt")
    stocked.page.edit()
    editor = stocked.page.editor
    typed(editor.denoise, "0,41")
    assert editor.save.enabled
    editor.save.invoke()
    assert stocked.page.editor is editor
    assert "Saved" not in stocked.page.panel.message.cget("text")
    stocked.until(stocked.saved)
    assert stocked.profile("cobalt.modelprofile.json")["default_hires_denoise"] == 0.41
    assert stocked.profile("cobalt.modelprofile.json")["our_lab"] == {"batch": 7}
    assert stocked.page.panel.message.cget("text") == "Saved in cobalt.modelprofile.json."
    stocked.until(lambda: stocked.value("Hires denoise") == ("0.41", "profile"))


def test_undo_takes_a_new_profile_away_again(stocked):
    stocked.choose("zinc")
    stocked.page.edit()
    stocked.page.editor.presets.add.invoke()
    stocked.page.editor.save.invoke()
    stocked.until(stocked.saved)
    assert stocked.profile("zinc.modelprofile.json")["recommended_presets"][0]["id"] == "preset-1"
    stocked.page.panel.undo.invoke()
    stocked.until(lambda: not (stocked.models / "zinc.modelprofile.json").exists())
    stocked.until(lambda: "as it was before" in stocked.page.panel.message.cget("text"))


def test_undo_pressed_twice_takes_back_once_and_says_so(stocked):
    stocked.choose("zinc")
    stocked.page.edit()
    stocked.page.editor.presets.add.invoke()
    stocked.page.editor.save.invoke()
    stocked.until(stocked.saved)
    stocked.page.panel.undo.invoke()
    stocked.page.panel.undo.invoke()
    stocked.until(lambda: len(stocked.saved()) == 2)
    stocked.controller.pump()
    assert "as it was before" in stocked.page.panel.message.cget("text")
    assert not (stocked.models / "zinc.modelprofile.json").exists()


def test_what_cannot_be_saved_is_said_beside_its_field_at_once(stocked):
    stocked.choose("cobalt")
    stocked.page.edit()
    editor = stocked.page.editor
    for field, text in (
        (editor.steps, "many"),
        (editor.picture_size, "1024"),
        (editor.id, "fine"),
        (editor.cfg, "900"),
    ):
        before = field.get()
        typed(field, text)
        assert editor.problem
        assert not editor.save.enabled
        assert sentence_below(field)
        typed(field, before)
        assert not editor.problem
        assert not sentence_below(field)
    assert not editor.is_changed


def test_a_changed_profile_is_not_lost_by_a_click_on_another_model(stocked):
    stocked.choose("cobalt")
    stocked.page.edit()
    typed(stocked.page.editor.denoise, "0.5")
    stocked.page.list.rows.select(stocked.names().index("zinc"), tell=True)
    assert stocked.page.path.endswith("cobalt.safetensors")
    assert "Save this profile first" in stocked.page.editor.message.cget("text")
    stocked.page.editor.undo.invoke()
    assert stocked.page.editor.denoise.get() == "0.32"
    stocked.page.list.rows.select(stocked.names().index("zinc"), tell=True)
    assert stocked.page.editor is None
    assert stocked.page.path.endswith("zinc.safetensors")


def test_a_damaged_profile_is_not_overwritten_and_the_editor_says_why(stocked):
    shutil.copy(SIDECARS / "torn.json", stocked.models / "zinc.modelprofile.json")
    stocked.choose("zinc")
    stocked.page.edit()
    stocked.page.editor.presets.add.invoke()
    stocked.page.editor.save.invoke()
    stocked.until(lambda: "zinc.modelprofile.json" in stocked.page.editor.message.cget("text"))
    assert stocked.page.editor.save.enabled
    assert (stocked.models / "zinc.modelprofile.json").read_bytes() == (SIDECARS / "torn.json").read_bytes()


def test_a_file_that_changes_while_it_is_edited_is_told_and_nothing_typed_is_lost(stocked):
    stocked.choose("cobalt")
    stocked.page.edit()
    editor = stocked.page.editor
    typed(editor.steps, "44")
    text = (stocked.models / "cobalt.modelprofile.json").read_text(encoding="utf-8").replace("0.32", "0.25")
    (stocked.models / "cobalt.modelprofile.json").write_text(text, encoding="utf-8")
    stocked.until(lambda: "changed meanwhile" in editor.message.cget("text"))
    assert editor.steps.get() == "44"
    editor.undo.invoke()
    assert (editor.denoise.get(), editor.steps.get()) == ("0.25", "20")


def test_trigger_phrases_weights_and_pairings_of_a_lora_are_edited(stocked):
    stocked.choose("harbour", "lora")
    stocked.page.edit()
    editor = stocked.page.editor
    editor.phrases.field.insert("end", "\nrainy street, neon")
    editor.update()
    editor.weights.add.invoke()
    typed(editor.weight, "0.9")
    editor.pairings.add.invoke()
    typed(editor.model, "zinc")
    editor.save.invoke()
    stocked.until(stocked.saved)
    profile = stocked.profile("harbour.loraprofile.json")
    assert profile["trigger_phrases"] == ["harbour at night", "rainy street, neon"]
    assert profile["recommended_weights"][-1]["weight"] == 0.9
    assert profile["recommended_pairings"][-1]["model"] == "zinc"


def test_trigger_phrases_are_copied(stocked):
    stocked.choose("harbour", "lora")
    stocked.page.panel.copy.invoke()
    assert stocked.root.clipboard_get() == "harbour at night"


def test_learning_about_a_checkpoint_tries_values_around_its_hires_denoise(stocked):
    stocked.choose("cobalt")
    stocked.page.learn()
    (plan,) = stocked.plans
    assert plan.focus_parameter == "hires.denoise"
    assert 0.32 in plan.variant_values
    assert len(plan.variant_values) >= 3
    assert all(0.2 <= value <= 0.35 for value in plan.variant_values)  # the range of its style
    assert plan.base_config.hires.denoise == 0.32
    assert plan.base_config.hires.enabled
    assert plan.base_config.txt2img.steps == 34
    assert plan.origins["txt2img.steps"] == "profile"


def test_learning_about_a_lora_tries_weights_around_its_best_one(stocked):
    stocked.choose("harbour", "lora")
    stocked.page.learn()
    (plan,) = stocked.plans
    assert plan.focus_parameter == "lora:harbour"
    assert 0.75 in plan.variant_values
    assert min(plan.variant_values) < 0.75 < max(plan.variant_values)


def test_the_best_epoch_of_a_training_is_looked_for_among_its_files_in_the_order_of_learning(shop):
    trained = {"ss_network_module": "networks.lora", "ss_session_id": "77", "ss_output_name": "rainy"}
    for name, steps in (("rainy-000002", 200), ("rainy-000004", 400), ("rainy", 900), ("the good one", 600)):
        shop.put(name, ss_steps=str(steps), **trained)
    shop.put("rainy-000006", **trained | {"ss_session_id": "78"})
    shop.open()
    shop.choose("the good one", "lora")
    button = shop.page.panel.series
    assert (button.winfo_ismapped(), button.text) == (1, "Find the best epoch…")
    shop.page.list.rows.canvas.focus_force()
    shop.root.update()
    shop.root.focus_get().event_generate("<Control-b>")
    (plan,) = shop.plans
    assert (plan.focus_parameter, plan.name) == ("lora", "Best file of rainy")
    assert plan.variant_values == ("rainy-000002", "rainy-000004", "the good one", "rainy", "none")


def test_the_files_of_a_training_stand_below_its_name_with_the_stars_of_each(shop):
    lab = Lab(shop.places.journal.parent)
    for epoch, stars in ((2, 2), (4, 5), (6, 4)):
        shop.put(f"rainy-{epoch:06}", ss_network_module="networks.lora")
        made = record(prompt=f"a street <lora:rainy-{epoch:06}:0.8>")
        lab.append(made)
        lab.append(rate(made.outputs[0], stars))
    shop.put("soft-haze", ss_network_module="networks.lora")
    shop.open()
    shop.page.list.choose_kind("lora")
    shop.until(lambda: shop.names() == ["rainy", "soft-haze"])
    (top, _), stars = shop.page.list.filter.lines, shop.page.stars
    assert (top.note, top.entry.stem) == ("3 epochs, 2 to 6", "rainy-000004")
    assert (stars.seen[top.key].rated, stars.seen[top.key].mean) == (3, 3.67)
    shop.page.list.rows.select(0, tell=True)
    shop.unfold()
    assert shop.names() == ["rainy", "rainy-000004", "rainy-000006", "rainy-000002", "soft-haze"], "the best first"
    assert [line.note for line in shop.page.list.filter.lines[1:4]] == ["epoch 4", "epoch 6", "epoch 2"]
    assert [stars.seen[line.key].mean for line in shop.page.list.filter.lines[1:4]] == [5, 4, 2]
    shop.page.list.rows.select(2, tell=True)
    shop.root.update()
    assert shop.page.path.endswith("rainy-000006.safetensors")
    # Folded up from one of its files, the training is the chosen line.
    shop.page.list.rows.canvas.event_generate("<Left>")
    assert (shop.names(), shop.page.list.line.name) == (["rainy", "soft-haze"], "rainy")
    shop.until(lambda: shop.page.settings is not None)
    assert shop.page.panel.series.winfo_ismapped()
    shop.page.panel.series.invoke()
    assert shop.plans[-1].variant_values == ("rainy-000002", "rainy-000004", "rainy-000006", "none")


def test_mixes_of_the_same_checkpoints_are_compared_in_the_order_of_their_ratio(shop):
    shop.put("cobalt", like="cobalt")
    told = {"primary_model_hash": "a" * 64, "secondary_model_hash": "b" * 64, "interp_method": "Weighted sum"}
    kind = {"modelspec.architecture": "stable-diffusion-xl-v1-base"}
    for name, ratio in (("ink_model", 0.7), ("photo_model", 0.3), ("not_there", 0.5)):
        shop.put(name, sd_merge_recipe=json.dumps({**told, "multiplier": ratio}), **kind)
    with FakeWebUI() as server:
        shop.open(backend=server.url)
        shop.choose("ink_model")
        button = shop.page.panel.series
        assert (button.winfo_ismapped(), button.text) == (1, "Find the best mix…")
        button.invoke()
        (plan,) = shop.plans
        assert (plan.focus_parameter, plan.variant_values) == ("checkpoint", ("photo_model", "ink_model"))
        shop.choose("cobalt")
        assert not button.winfo_ismapped()


def test_a_lora_on_its_own_has_no_epochs_to_compare(shop):
    for name in ("face8", "face", "face7"):
        shop.put(name, ss_network_module="networks.lora")
    shop.open()
    shop.choose("face8", "lora")
    assert shop.page.panel.learn.winfo_ismapped()
    assert not shop.page.panel.series.winfo_ismapped()
    shop.page.learn_series()
    assert shop.plans == []


def test_of_a_very_long_series_some_files_are_spread_over_it(shop):
    for epoch in range(1, 40):
        shop.put(f"rainy-{epoch:06}", ss_network_module="networks.lora")
    shop.open()
    shop.choose("rainy-000001", "lora")
    shop.page.panel.series.invoke()
    (plan,) = shop.plans
    assert (plan.variant_values[0], plan.variant_values[-2:]) == ("rainy-000001", ("rainy-000039", "none"))
    assert len(plan.variant_values) == 13


def test_without_folders_one_button_leads_to_one(shop):
    shop.put("cobalt", like="cobalt")
    shop.controller = Controller(shop.places, Settings())
    shop.page = ModelsPage(shop.root, shop.controller, say=print, learn=print, review=print)
    shop.page.pack(fill="both", expand=True)
    shop.controller.subscribe(shop.page.on_event)
    shop.controller.open()
    shop.root.update()
    assert shop.page.choose.winfo_viewable()
    shop.page.choose.invoke()
    choose_file(shop.root, shop.until, shop.models)
    shop.until(lambda: shop.names() == ["cobalt"])
    assert not shop.page.choose.winfo_viewable()


def test_everything_is_reached_by_keys(stocked):
    stocked.page.shown()
    stocked.root.focus_force()
    stocked.page.list.rows.focus_set()
    stocked.root.update()
    for key in ("<Down>", "<Return>"):
        stocked.root.focus_get().event_generate(key)
        stocked.until(lambda: stocked.page.settings is not None)
    assert stocked.page.editor is not None
    assert stocked.page.path.endswith("cobalt.safetensors")
    stocked.page.editor.presets.add.invoke()
    stocked.root.focus_get().event_generate("<Escape>")
    assert stocked.page.editor is not None  # nothing typed is lost by a key
    stocked.page.editor.undo.invoke()
    stocked.root.focus_get().event_generate("<Escape>")
    assert stocked.page.editor is None
    stocked.root.focus_get().event_generate("<Control-l>")
    assert len(stocked.plans) == 1
    stocked.root.focus_get().event_generate("<Control-f>")
    stocked.root.update()
    assert stocked.root.focus_get() is stocked.page.list.search.field


def test_the_preview_beside_a_model_is_shown(shop):
    shop.put("cobalt", like="cobalt")
    Image.new("RGB", (64, 96), (200, 40, 40)).save(shop.models / "cobalt.preview.png")
    shop.open()
    shop.choose("cobalt")
    shop.until(lambda: shop.page.panel.picture.photo is not None)
    shop.until(lambda: shop.page.list.rows.thumbs.photo(str(shop.models / "cobalt.preview.png")) is not None)


def test_model_folders_are_a_setting(root, tmp_path):
    controller = Controller(find_places(str(tmp_path), {}, None), Settings())
    page = SettingsPage(root, controller, say=print)
    try:
        page.pack(fill="both", expand=True)
        field = beside_caption(page, "Model folders")
        typed(field, f"{tmp_path}/one ; {tmp_path}/two;")
        field.field.event_generate("<Return>")
        assert controller.settings.model_folders == (f"{tmp_path}/one", f"{tmp_path}/two")
    finally:
        controller.close()


def test_the_name_that_stands_in_learning_runs_is_a_setting(root, tmp_path):
    controller = Controller(find_places(str(tmp_path), {}, None), Settings())
    page = SettingsPage(root, controller, say=print)
    try:
        page.pack(fill="both", expand=True)
        field = beside_caption(page, "Your name")
        typed(field, "  Ann  Lee ")
        field.field.event_generate("<Return>")
        assert controller.settings.user_name == "Ann Lee"
    finally:
        controller.close()


# ---- without a window


def entry(number, **more):
    return ModelEntry(
        folder="/m", name=f"model {number:05}.safetensors", stem=f"model {number:05}", kind="checkpoint", **more
    )


def test_news_of_ten_thousand_models_are_taken_in_small_portions_and_known_ones_are_kept():
    models_filter, entries = ModelFilter(), [entry(number) for number in range(10_000)]
    models_filter.take(LibrarySnapshot(tuple(entries)))
    portions = 1
    while not models_filter.work(0.0):
        portions += 1
    before = models_filter.lines
    assert portions >= 200
    assert len(before) == 10_000
    entries[7] = entry(7, family="sdxl")
    models_filter.take(LibrarySnapshot(tuple(entries)))
    while not models_filter.work():
        pass
    assert models_filter.lines[7].family == "SDXL"
    assert models_filter.lines[8] is before[8]


def test_a_learned_preset_that_a_person_changes_becomes_the_persons():
    learned = ModelPreset(id="a", rating="best", source=LEARNED, steps=28, ratings=20, date="2026-01-01", plan_id="P")
    settings = ModelSettings(profile=ModelProfile(recommended_presets=(learned,)))
    draft = draft_of_model("x", settings)
    assert draft.profile() == settings.profile
    (typed,) = draft.presets
    (made,) = replace(draft, presets=(replace(typed, steps="30"),)).profile().recommended_presets
    assert (made.source, made.ratings, made.plan_id, made.steps) == ("", 0, "", 30)


def test_a_new_preset_begins_with_what_is_recommended_now():
    offers = {"txt2img.steps": (FieldValue(26, "profile", "x.json · WebUI"),)}
    draft = draft_of_model("x", ModelSettings(offers=offers))
    preset = new_preset(draft, ModelSettings(offers=offers))
    assert (preset.id, preset.steps, preset.size) == ("preset-1", "26", "")


def test_a_lora_without_a_profile_begins_with_what_other_files_say():
    settings = ModelSettings(trigger_phrases=("rain, street",), weights=(Weight(0.7, None, "x.json · WebUI"),))
    profile = draft_of_lora("rain", settings).profile()
    assert profile.trigger_phrases == ("rain, street",)
    assert profile.recommended_weights[0].weight == 0.7


def test_a_profile_without_hires_denoise_suggests_guidance_and_then_steps():
    def offers(**values):
        return {f"txt2img.{name}": (FieldValue(value, "profile", "x"),) for name, value in values.items()}

    both = ModelSettings(family="sd15", offers=offers(cfg_scale=7.5, steps=30))
    assert focus_of(both) == "txt2img.cfg_scale"
    found = checkpoint_plan("x", both, both.values, FamilyCatalogue())
    assert (7.5 in found.variant_values, found.metadata.who) == (True, "suggested by Models for x")
    assert focus_of(ModelSettings(offers=offers(steps=30))) == "txt2img.steps"


def test_a_lora_nobody_recommends_a_weight_for_is_tried_around_one():
    assert 1.0 in lora_plan("rain", ModelSettings()).variant_values


def test_the_loras_of_a_preset_are_shown_and_edited(stocked):
    stocked.choose("cobalt")
    assert "LoRA harbour 0.6" in stocked.shown()
    stocked.page.edit()
    editor = stocked.page.editor
    editor.presets.list.select(1, tell=True)
    assert editor.loras.get() == "harbour 0.6"
    typed(editor.loras, "harbour 0.6, harbour 0.2")
    assert "harbour is named twice" in editor.problem.casefold()
    assert not editor.save.enabled
    typed(editor.loras, "harbour 0.5, paper grain:0,4")
    assert not editor.save.enabled
    typed(editor.loras, "harbour 0.5, paper grain:0.4")
    editor.save.invoke()
    stocked.until(stocked.saved)
    fine = stocked.profile("cobalt.modelprofile.json")["recommended_presets"][1]
    assert fine["lora_overlays"] == [{"name": "harbour", "weight": 0.5}, {"name": "paper grain", "weight": 0.4}]
    assert fine["author"] == "somebody"


def test_what_was_rated_here_is_told_apart_from_what_the_file_says(shop):
    lab = Lab(shop.places.journal.parent)
    plan = lab.plan(base_config=PipelineConfig(checkpoint="cobalt.safetensors"))
    lab.make(plan)
    lab.rate({12: (3, 4, 4)})
    shop.put("cobalt", like="cobalt")
    shop.put("zinc")
    shop.open()
    shop.choose("cobalt")
    words = "Rated here: 3 pictures, 3.7 stars · 1 run\nThe file says: 12 runs, 3.5 stars (not from this journal)"
    shop.until(lambda: shop.page.panel.learned.cget("text") == words)
    shop.choose("zinc")
    shop.until(lambda: shop.page.panel.learned.cget("text") == "")


def test_stars_sort_the_models_and_the_best_pictures_and_settings_are_shown(shop):
    lab = Lab(shop.places.journal.parent)
    for name, stars in (("cobalt", (3, 4, 5, 4, 2)), ("zinc", (5, 5))):
        plan = lab.plan(
            values=(12, 20, 28, 36, 44), rows=1, base_config=PipelineConfig(checkpoint=f"{name}.safetensors")
        )
        lab.make(plan)
        lab.rate(dict(zip(plan.variant_values, ((one,) for one in stars), strict=False)))
        verdict = ResultSummary(state="best", value=28, probability=0.961, sentence="", rated=5, rows=1)
        if name == "cobalt":
            lab.append(
                LearningRunResult(event_id=new_id(), ts=plan.ts, plan_id=plan.plan_id, steps=(), summary=verdict)
            )
        shop.put(name)
    blind = lab.plan(blind=True, base_config=PipelineConfig(checkpoint="amber.safetensors"))
    lab.make(blind)
    lab.rate({12: (5, 5, 5)})
    shop.put("amber")
    shop.open()
    page, head = shop.page, shop.page.list.table.head
    shop.until(lambda: page.stars.seen)
    click_head(shop, "mean")
    assert shop.names() == ["zinc", "cobalt", "amber"]
    click_head(shop, "rated")
    assert shop.names() == ["cobalt", "zinc", "amber"]
    click_head(shop, "rated")
    assert shop.names() == ["zinc", "cobalt", "amber"]  # what nobody rated stays last
    assert [one.column for one in head.columns] == ["name", "family", "rated", "mean", "best", "used", "problems"]
    shop.choose("cobalt")
    assert [one.rating for one in page.panel.best.images] == [5, 4, 4, 3]
    found = [(one.label, one.text, spaced(one.source)) for one in page.panel.found.lines[1:]]
    assert found == [("Steps", "28", "best, 96 %")]
    shop.choose("amber")
    assert not page.panel.best.images


def test_two_checkpoints_are_compared_by_keys_and_a_second_press_on_the_same_takes_it_back(shop):
    with FakeWebUI() as server:
        for name in ("cobalt", "ink_model", "photo_model"):
            shop.put(name)
        shop.open(backend=server.url)
        compare = shop.page.panel.compare
        shop.choose("ink_model")
        for words in ("Do not compare", "Compare with another…", "Do not compare"):
            shop.page.list.rows.canvas.focus_force()
            shop.root.update()
            shop.root.focus_get().event_generate("<Control-k>")
            shop.root.update()
            assert compare.text == words
        shop.choose("photo_model")
        assert compare.text == "Compare with ink_model…"
        compare.invoke()
        assert shop.plans[-1].focus_parameter == "checkpoint"
        assert shop.plans[-1].variant_values == ("ink_model", "photo_model")
        compare.invoke()
        shop.choose("cobalt")
        compare.invoke()
        assert len(shop.plans) == 1
        assert "does not have cobalt" in shop.page.panel.message.cget("text")


def test_a_learned_entry_is_called_learned_only_where_the_journal_knows_its_run(shop):
    lab = Lab(shop.places.journal.parent)
    plan = lab.plan()
    shop.put("cobalt")
    entries = [
        {"id": "a", "rating": "best", "source": LEARNED, "steps": 28, "ratings": 12, "plan_id": plan.plan_id},
        {"id": "b", "rating": "best", "source": LEARNED, "cfg": 5, "ratings": 20, "plan_id": "SOMEBODYS"},
    ]
    document = {"kind": "model_profile", "recommended_presets": entries}
    (shop.models / "cobalt.modelprofile.json").write_text(json.dumps(document))
    shop.open()
    shop.choose("cobalt")
    assert shop.value("Steps") == ("28", "learned")
    assert shop.value("CFG scale") == ("5", "elsewhere")
    assert "from 12 ratings here" in shop.shown()
    assert "from 20 ratings elsewhere" in shop.shown()
    assert not any("yours" in text for text in shop.shown())


EPOCHS = {"mara-000002:0.8": 3, "mara-000004:0.8": 5, "mara-000006:0.8": 2, "none": 3}


def rated_training(shop):
    """A training of four files: three were compared, and the weight of the best one was."""
    for epoch in (2, 4, 6, 8):
        shop.put(f"mara-{epoch:06}", ss_network_module="networks.lora")
    lab = Lab(shop.places.journal.parent)
    files = lab.plan("lora", tuple(EPOCHS), rows=6, pack_id="Portraits")
    lab.make(files)
    lab.rate({value: (stars, stars, max(1, stars - 1), stars, stars, stars) for value, stars in EPOCHS.items()})
    lab.keep(files)
    weights = lab.plan("lora:mara-000004", (0.4, 0.8), rows=8, prompts=(PlanPrompt("p", "<lora:mara-000004:1>"),))
    lab.make(weights)
    lab.rate({0.4: (1, 2, 1, 1, 2, 1, 1, 2), 0.8: (2, 3, 2, 2, 3, 2, 2, 3)})
    lab.keep(weights)
    shop.open()
    shop.page.list.choose_kind("lora")
    shop.until(lambda: shop.names() == ["mara"])
    shop.page.list.rows.select(0, tell=True)
    shop.until(lambda: shop.page.panel.found.lines)


def chart(shop):
    return [(line.label, line.bold) for line in shop.page.panel.found.lines if line.stars]


def headings(shop):
    return [(line.text, line.source) for line in shop.page.panel.found.lines if line.heading]


def test_the_estimate_of_each_epoch_is_drawn_as_far_as_they_were_compared(shop):
    rated_training(shop)
    assert headings(shop)[0] == ("Estimate by epoch", "Portraits · at weight 0.8")
    assert chart(shop) == [("none", False), ("2", False), ("4", True), ("6", False)]
    assert "Not compared yet: epoch 8." in [line.text for line in shop.page.panel.found.lines]
    stars = {line.label: float(line.text) for line in shop.page.panel.found.lines if line.stars}
    assert max(stars, key=stars.get) == "4"
    assert stars["6"] < stars["2"] < stars["4"]
    best = shop.page.stars.best(shop.page.list.line.key)
    assert (best.title, best.value) == ("File", "epoch 4 at 0.8")


def test_the_comparison_orders_the_files_of_a_training_whatever_else_they_were_rated_for(shop):
    rated_training(shop)
    # The mean of epoch 4 is low because it was tried at weights that spoil it.
    means = {line.entry.stem: shop.page.stars.mean(line.path) for line in inside(shop)}
    assert means["mara-000002"] > means["mara-000004"] > means["mara-000006"] > means["mara-000008"] == 0
    assert list(means) == ["mara-000004", "mara-000002", "mara-000006", "mara-000008"]
    assert shop.page.list.line.entry.stem == "mara-000004"


def inside(shop):
    shop.unfold()
    return [line for line in shop.page.list.filter.lines if not line.is_series]


def test_a_file_shows_the_estimate_of_each_weight_that_was_tried(shop):
    rated_training(shop)
    shop.choose("mara-000004", "lora")
    shop.until(lambda: headings(shop)[0][0] == "Estimate by weight")
    assert [label for label, _ in chart(shop)] == ["0.4", "0.8"]
    shop.choose("mara-000002", "lora")
    shop.until(lambda: headings(shop)[0][0] == "Estimate by epoch")


def test_two_checkpoints_that_were_compared_show_the_estimate_of_both(shop):
    for name in ("cobalt", "zinc"):
        shop.put(name)
    lab = Lab(shop.places.journal.parent)
    plan = lab.plan("checkpoint", ("SDXL/cobalt.safetensors", "zinc.safetensors [0123abcd]"), rows=6)
    lab.make(plan)
    lab.rate(dict(zip(plan.variant_values, ((4, 5, 4, 4, 5, 4), (2, 2, 1, 2, 2, 2)), strict=True)))
    lab.keep(plan)
    shop.open()
    shop.choose("zinc")
    shop.until(lambda: shop.page.panel.found.lines)
    assert headings(shop)[0] == ("Estimate by checkpoint", "Rain")
    assert chart(shop) == [("cobalt", True), ("zinc", False)]


def test_of_a_long_training_the_files_that_were_not_compared_are_counted():
    lines = tuple(Estimate(model=f"m{at}", text="", mean=at, low=1, high=5, path=f"{at}") for at in (1, 2))
    run = Estimates(kind="lora", by="file", plan_id="P", lines=lines)
    for most, said in ((5, "epoch 3, epoch 4, epoch 5"), (9, "7 files")):
        series = ModelSeries("m", "key", tuple((f"{at}", f"epoch {at}") for at in range(1, most + 1)))
        shown = estimate_chart((run,), "1", series, whole=True)
        assert shown.missing == f"Not compared yet: {said}."
        assert [line.text for line in shown.lines] == ["1", "2"]


def test_the_pictures_of_a_model_or_a_whole_training_are_shown_in_review(shop):
    shop.put("cobalt")
    rated_training(shop)
    shop.page.panel.best.all.invoke()
    shop.choose("mara-000004", "lora")
    shop.page.panel.best.all.invoke()
    shop.choose("cobalt")
    assert not shop.page.panel.best.all.winfo_ismapped(), "nothing is rated"
    assert shop.searches == ['prompt:"<lora:mara"', 'prompt:"<lora:mara-000004:"']


def test_the_gold_button_finds_the_best_epoch_or_goes_on_with_a_comparison_and_has_a_key(shop):
    for name in ("cobalt", "zinc"):
        shop.put(name)
    rated_training(shop)
    panel = shop.page.panel
    assert panel.main is panel.series
    shop.page.list.rows.canvas.focus_force()
    shop.root.update()
    shop.root.focus_get().event_generate("<Control-Return>")
    assert shop.plans[-1].focus_parameter == "lora"
    shop.choose("cobalt")
    assert panel.main is panel.learn
    panel.compare.invoke()
    assert panel.main is panel.learn
    shop.choose("zinc")
    assert panel.main is panel.compare


def test_the_ring_of_the_keyboard_stays_clear_of_the_scrollbar(shop):
    for number in range(60):
        shop.put(f"model {number:02}")
    shop.open()
    rows = shop.page.list.rows
    rows.canvas.focus_force()
    shop.root.update()
    rows.canvas.event_generate("<Down>")
    shop.root.update()
    drawn = [one for one in rows.canvas.find_all() if rows.canvas.type(one) == "rectangle"]
    ring = [one for one in drawn if rows.canvas.itemcget(one, "outline") == theme.palette["focus"]]
    assert len(ring) == 1
    assert rows.canvas.bbox(*ring)[2] <= rows.canvas.winfo_width() - theme.px(BAR)


@pytest.mark.parametrize("size", [100, 200])
def test_the_arrow_of_the_sorted_column_grows_with_everything(root, size):
    theme.apply(root, "dark", scale=size / 100)
    try:
        head = TableHead(root, lambda _column: None)
        head.pack(fill="x")
        root.update()
        drawn = [head.bbox(one) for one in head.find_all() if head.type(one) == "rectangle"]
        assert max(right for _, _, right, _ in drawn) - min(left for left, _, _, _ in drawn) >= 8 * size // 100
        head.destroy()
    finally:
        theme.apply(root, "dark", scale=1.0)
