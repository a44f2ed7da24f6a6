"""The wizard that plans a Learning Run, used as a person uses it."""

from __future__ import annotations

import json

import msgspec
import pytest
from conftest import wait_until
from fake_webui import FakeWebUI
from PIL import Image

from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.app.learn.plan_preview import forecast_words, making
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.experiments.plan_draft import CHECK, PROMPT, VALUES, VARY, together
from stablenew_tk.domain.experiments.suggested_plan import series_plan
from stablenew_tk.domain.prompts.pack import PackPrompt
from stablenew_tk.domain.prompts.variant import as_written
from stablenew_tk.domain.runs.job import RunRequest
from stablenew_tk.domain.runs.plan import LearningPlan, PlanMetadata, PlanPrompt
from stablenew_tk.domain.runs.preset import Preset
from stablenew_tk.gui.learn.wizard.wizard import Wizard
from stablenew_tk.gui.widgets.basics import Box, Button, Label
from stablenew_tk.gui.widgets.popups import Menu
from stablenew_tk.pipeline.ids_and_times import as_line
from stablenew_tk.pipeline.messages.jobs import JobEnded
from stablenew_tk.storage.journal.writer import LearningRecordWriter

SMALL = {"txt2img.steps": 4, "txt2img.width": 64, "txt2img.height": 64}


class Room:
    """A wizard alone in a window, over a real controller. The whole window would take ten times as long to build."""

    def __init__(self, root, folder, **settings):
        self.root, self.said, self.ended, self.events = root, [], [], []
        wanted = {"learning": "active", "values": SMALL, "offer_rating": False, **settings}
        self.controller = Controller(open_places(str(folder)), Settings(**wanted))
        box = Box(root, "bg")
        box.pack(fill="both", expand=True)
        self.wizard = Wizard(box, self.controller, done=self.ended.append, say=self.say)
        self.wizard.pack(fill="both", expand=True)
        self.controller.subscribe(self.wizard.on_event)
        self.controller.subscribe(self.events.append)
        self.controller.open()
        self.until(lambda: self.controller.history is not None and self.controller.capabilities is not None)
        root.focus_force()
        self.wizard.begin()
        self.until(lambda: self.wizard.draft.prompts)

    def say(self, words, *, warn=True):
        self.said.append((words, "amiss" if warn else "as it should be"))

    def until(self, condition):
        wait_until(condition, step=lambda: (self.controller.pump(), self.root.update()))

    def idle(self):
        return self.controller.running is None and not self.controller.queue

    def ended_jobs(self):
        return sum(isinstance(event, JobEnded) for event in self.events)

    def key(self, *names):
        for name in names:
            self.root.focus_get().event_generate(name)
            self.root.update()


@pytest.fixture
def open_wizard(root, tmp_path):
    rooms = []

    def opened(**settings):
        rooms.append(Room(root, tmp_path / "data", **settings))
        return rooms[-1]

    yield opened
    for room in rooms:
        room.controller.close()


def vary(house, path, step=VARY):
    """Choose what to vary and go to a step."""
    wizard = house.wizard
    wizard.go(VARY)
    parameters = wizard.parameter_step
    parameters.settings.select(parameters.shown.index(path), tell=True)
    wizard.go(step)
    house.root.update()
    return wizard


def at_once(house):
    """Have all rows made at once, with the keyboard."""
    house.wizard.values_step.seeds.way.focus_set()
    house.key("<Right>")
    assert not house.wizard.draft.by_steps


def texts(widget):
    """All texts in sight below a widget."""
    found = [
        str(child.cget("text"))
        for child in widget.winfo_children()
        if isinstance(child, Label) and child.winfo_viewable()
    ]
    return found + [text for child in widget.winfo_children() for text in texts(child)]


def typed(entry, text):
    """Write a text into a field instead of what is there, and Return."""
    entry.field.focus_force()
    entry.update()
    entry.field.delete(0, "end")
    entry.field.insert(0, text)
    entry.edited()
    entry.field.event_generate("<Return>")
    entry.update()


def sentence_below(entry):
    """What a field says is wrong with it."""
    return " ".join(entry.itemcget(item, "text") for item in entry.find_all() if entry.type(item) == "text")


def press(widget, words):
    """Press the button with these words."""
    for child in widget.winfo_children():
        if isinstance(child, Button) and child.text == words and child.winfo_viewable():
            child.invoke()
            return True
        if press(child, words):
            return True
    return False


def write(house, text):
    """Type a text where the cursor is, instead of what is there."""
    field = house.root.focus_get()
    field.delete(0, "end")
    for letter in text:
        name = {" ": "space", "-": "minus", "(": "parenleft", ")": "parenright", "+": "plus", ",": "comma"}.get(letter)
        field.event_generate(f"<Key-{name or letter}>")
    house.root.update()


def plan_of(house):
    """The plan that the wizard handed over, once it is on disk."""
    house.until(lambda: house.controller.history.plans.plans())
    return house.controller.history.plans.plans()[0]


def test_a_plan_is_made_and_started_with_the_keyboard_alone(open_wizard):
    house = open_wizard()
    house.key("<space>", "<Down>", "<space>", "<Return>")  # the second prompt in place of the first
    write(house, "steps")
    house.key("<Down>", "<Return>")  # to the first setting found, on
    write(house, "2-6 (+2)")
    house.key("<Return>", "<Return>")
    plan = plan_of(house)
    assert (plan.plan_id, plan.focus_parameter) == (house.ended[0], "txt2img.steps")
    assert plan.variant_values == (2, 4, 6)
    names = names_of(house)
    assert [prompt.prompt_id for prompt in plan.prompts] == [names[1], names[2], names[5]]
    assert (plan.full_rows, len(set(plan.seeds)), plan.most_pictures) == (2, 2, 40)
    assert (plan.blind, plan.base_config.txt2img.width) == (True, 64)
    house.until(lambda: house.ended_jobs() == 6 and house.idle())


def test_alt_left_goes_back_and_escape_leaves_without_a_question(open_wizard):
    house = open_wizard()
    house.key("<Return>", "<Alt-Left>")
    assert house.wizard.step == PROMPT
    house.key("<Escape>")
    assert house.ended == [""]
    assert not house.controller.history.plans.plans()


def test_text_that_cannot_be_read_keeps_next_off_with_a_sentence_below_the_field(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.steps", VALUES)
    write(house, "12-44 (+8")
    assert not wizard.bar.next.enabled
    assert "'12-44 (+8'" in sentence_below(wizard.values_step.numbers.field)
    assert wizard.bar.trouble == ""
    house.key("<Return>")
    assert wizard.step == VALUES
    write(house, "12-44 (+8)")
    assert wizard.bar.next.enabled
    assert wizard.values_step.numbers.count.cget("text") == "5 values: 12, 20, 28, 36, 44"


def test_one_value_is_nothing_to_compare(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.steps", VALUES)
    write(house, "12")
    assert not wizard.bar.next.enabled
    assert wizard.bar.trouble == "Give at least 2 values to compare."


def test_a_stage_that_works_on_a_picture_asks_for_one(open_wizard, tmp_path):
    picture = tmp_path / "start.png"
    Image.new("RGB", (64, 64), "teal").save(picture)
    house = open_wizard()
    wizard = vary(house, "img2img.denoise")
    assert not wizard.bar.next.enabled
    assert "Choose the picture to start from" in wizard.bar.trouble
    typed(wizard.parameter_step.picture, str(tmp_path / "none.png"))
    house.until(lambda: "none.png" in wizard.draft.start_problem)
    assert not wizard.bar.next.enabled
    typed(wizard.parameter_step.picture, str(picture))
    house.until(lambda: wizard.bar.next.enabled)
    plan = wizard.draft.trial()
    assert (plan.start_image, plan.base_config.stages()) == (str(picture), ("img2img",))


def test_samplers_are_ticked_off_from_what_the_backend_has(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.sampler", VALUES)
    names = wizard.values_step.names
    assert set(names.listed) == set(house.controller.capabilities.samplers)
    assert not wizard.bar.next.enabled  # only the one in use is ticked
    house.key("<Down>", "<space>", "<Down>", "<space>")
    ticked = house.controller.capabilities.samplers[:3]
    assert wizard.draft.values() == ticked
    press(names, "None")
    assert "at least 2" in names.count.cget("text")
    typed(names.search, "euler")
    press(names, "All")
    assert all("euler" in name.lower() for name in wizard.draft.values())


def test_a_sampler_that_the_backend_does_not_have_is_refused(open_wizard):
    house = open_wizard()
    _, plan = made_picture(house)
    values = {"focus_parameter": "txt2img.sampler", "variant_values": ("Euler a", "Oiler")}
    house.wizard.begin(msgspec.structs.replace(plan, **values))
    wizard = house.wizard
    assert not wizard.bar.next.enabled
    assert "no sampler 'Oiler'" in wizard.bar.trouble


def test_a_switch_is_tried_on_and_off(open_wizard):
    house = open_wizard()
    wizard = vary(house, "hires.enabled", VALUES)
    assert wizard.draft.values() == (False, True)
    assert wizard.bar.next.enabled


def test_the_weight_of_a_lora_in_the_prompt_can_be_varied(open_wizard):
    house = open_wizard()
    wizard = house.wizard
    prompts = wizard.prompt_step
    prompts.sources.select(len(house.controller.packs.files), tell=True)
    prompts.own.positive.field.insert("1.0", "a lamp <lora:rain:0.7> at night")
    wizard.update()
    vary(house, "lora:rain", VALUES)
    assert wizard.draft.own_value == 0.7
    assert 0.7 in wizard.draft.values()
    assert wizard.draft.pack_id == "own-prompt"


def names_of(house):
    """The prompts that the first step lists."""
    prompts = house.wizard.prompt_step.prompts
    return [prompts.row(place).text for place in range(6)]


def chosen(house):
    """The prompts of the draft, by name."""
    return [prompt.prompt_id for prompt in house.wizard.draft.prompts]


def write_packs(folder, **sizes):
    """Packs with so many prompts, named P1, P2, …"""
    (folder / "data" / "packs").mkdir(parents=True)
    for name, size in sizes.items():
        text = "\n\n".join(f"name: P{number}\na boat, number {number}" for number in range(1, size + 1))
        (folder / "data" / "packs" / f"{name}.txt").write_text(text + "\n")


def test_three_prompts_spread_over_the_pack_cost_as_much_as_one(open_wizard, tmp_path):
    write_packs(tmp_path, harbour=7)
    house = open_wizard()
    wizard = vary(house, "txt2img.steps", VALUES)
    at_once(house)
    assert chosen(house) == ["P1", "P4", "P7"]
    plan = wizard.draft.trial()
    assert (plan.images_per_variant, plan.full_rows, len(plan.cells())) == (1, 3, 15)
    assert "3 pictures of every value: 3 prompts × 1 seed. 3 seeds are drawn when it starts." in texts(wizard)
    assert wizard.panel.outline.shown.prompts == ("P1", "P4", "P7")
    wizard.go(CHECK)
    assert ("Tests", "these 3 prompts: P1, P4, P7") in wizard.check_step.shown[0]


def test_of_two_prompts_both_are_tested_for_the_same_three_pictures(open_wizard, tmp_path):
    write_packs(tmp_path, harbour=2)
    house = open_wizard()
    wizard = vary(house, "txt2img.steps", VALUES)
    at_once(house)
    plan = wizard.draft.trial()
    assert [plan.prompt(row).prompt_id for row in range(plan.full_rows)] == ["P1", "P2", "P1"]
    assert "3 pictures of every value: 3 seeds on 2 prompts in turn. 3 seeds are drawn when it starts." in texts(wizard)


def test_step_by_step_is_the_way_unless_all_rows_are_wanted_at_once(open_wizard, tmp_path):
    write_packs(tmp_path, harbour=7)
    house = open_wizard()
    wizard = vary(house, "txt2img.steps", VALUES)
    row = wizard.values_step.seeds
    assert (row.way.value, wizard.draft.trial().most_pictures, wizard.panel.outline.shown.later) == ("steps", 40, 2)
    typed(row.most, "9")
    assert "2 rows are 10 pictures already: give 10 or more." in sentence_below(row.most)
    assert not wizard.bar.next.enabled
    typed(row.most, "25")
    wizard.go(CHECK)
    house.root.update()
    assert "Start with 2 rows, then only what tells most" in texts(wizard.check_step)
    lines = dict(wizard.check_step.shown[0])
    assert lines["Later"].startswith("Then up to 15 more, only those that tell most")
    assert lines["Tests"] == "these 3 prompts: P1, P4, P7; the last one if it goes on"
    wizard.go(VALUES)
    house.root.update()
    at_once(house)
    wizard.go(CHECK)
    house.root.update()
    assert "Is this what you want to know?" in texts(wizard.check_step)
    assert wizard.bar.next.text.startswith("Run 15 images")


def test_the_prompt_chosen_in_create_is_among_them(open_wizard, tmp_path):
    write_packs(tmp_path, harbour=7)
    house = open_wizard(chosen_prompts=("P3",))
    assert chosen(house) == ["P1", "P3", "P7"]
    house.wizard.prompt_step.only_one.invoke()
    assert chosen(house) == ["P3"]


def test_only_one_prompt_says_what_the_verdict_will_be_about(open_wizard, tmp_path):
    write_packs(tmp_path, harbour=7)
    house = open_wizard()
    step = house.wizard.prompt_step
    assert "3 of 7 prompts, row by row in turn: the verdict will be about these 3." in texts(step)
    step.only_one.invoke()
    house.root.update()
    left = "whether it holds for the other 6 prompts of the pack, it cannot say."
    assert f"Only one prompt: the verdict will be about this one; {left}" in texts(step)
    step.prompts.focus_set()
    house.key("<Down>", "<Down>")
    assert chosen(house) == ["P3"]
    step.only_one.invoke()
    assert chosen(house) == ["P1", "P4", "P7"]


def test_a_pack_of_one_prompt_says_so_and_has_nothing_to_choose(open_wizard, tmp_path):
    write_packs(tmp_path, harbour=1)
    house = open_wizard()
    step = house.wizard.prompt_step
    assert "This pack has one prompt: the verdict will be about it alone." in texts(step)
    assert step.only_one.on
    assert not step.only_one.enabled


def test_every_prompt_that_is_ticked_gets_a_row_and_fewer_bring_the_number_back(open_wizard, tmp_path):
    write_packs(tmp_path, harbour=7)
    house = open_wizard()
    house.key("<Down>", "<space>", "<Down>", "<space>")
    assert chosen(house) == ["P1", "P2", "P3", "P4", "P7"]
    wizard = vary(house, "txt2img.steps", VALUES)
    at_once(house)
    plan = wizard.draft.trial()
    assert (plan.full_rows, len(plan.seeds)) == (5, 5)
    assert wizard.panel.outline.shown.rows == 5
    typed(wizard.values_step.seeds.each, "4")
    assert not wizard.bar.next.enabled
    words = "4 pictures of each value cannot show 5 prompts: give 5 or more, or take fewer prompts."
    assert words in sentence_below(wizard.values_step.seeds.each)
    typed(wizard.values_step.seeds.each, "5")
    wizard.go(PROMPT)
    wizard.prompt_step.only_one.invoke()
    assert wizard.draft.rows() == 3


def test_own_seeds_are_kept_and_the_rest_is_drawn(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.steps", VALUES)
    row = wizard.values_step.seeds
    typed(row.add, "7, 8")
    assert wizard.draft.seeds == (7, 8)
    typed(row.add, "8")
    assert row.problem == "8 is there already."
    assert not wizard.bar.next.enabled
    row.add.set("")
    row.chips[0].invoke()
    assert wizard.draft.seeds == (8,)
    wizard.go(CHECK)
    wizard.next()
    assert plan_of(house).seeds[0] == 8
    assert len(set(plan_of(house).seeds)) == 2


def test_saving_for_later_records_the_plan_and_queues_nothing(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.cfg_scale", VALUES)
    wizard.save()
    plan = plan_of(house)
    assert house.ended == [plan.plan_id]
    assert house.idle()
    assert house.said == [(f"Saved for later: {plan.name}. Nothing was made yet.", "as it should be")]


def made_picture(house, pack_id="Starter", name="Tram"):
    """A picture of the first page of the loop, and the plan a page would make of it."""
    config = with_values(PipelineConfig(), SMALL)
    prompt = PackPrompt(name, name, "a tram", "", 1)
    house.controller.run(RunRequest(pack_id=pack_id, variants=as_written((prompt,)), config=config, seed=4711))
    house.until(lambda: len(house.controller.history) == 1 and house.idle())
    plan = LearningPlan(
        event_id="",
        ts="",
        plan_id="",
        name="",
        focus_parameter="",
        pack_id=pack_id,
        prompts=(PlanPrompt(name, "a tram"),),
        base_config=config,
        variant_values=(),
        seeds=(4711,),
    )
    return house.controller.history.visible().facts(0), plan


def test_a_picture_is_converted_and_takes_its_place_in_the_first_row(open_wizard):
    house = open_wizard()
    facts, plan = made_picture(house)
    wizard = house.wizard
    wizard.begin(plan, facts)
    assert wizard.step == VARY
    vary(house, "txt2img.steps", VALUES)
    write(house, "2, 4, 6")
    assert wizard.panel.outline.shown.there == (1, 0)
    assert wizard.panel.total.cget("text").startswith("8 images")
    assert not wizard.bar.later.enabled
    house.key("<Return>")
    assert any("Its old stars do not count: you rate it again, blind" in text for text in texts(wizard))
    house.key("<Return>")
    made = plan_of(house)
    assert made.seeds[0] == 4711
    house.until(lambda: len(house.controller.history) == 9 and house.idle())
    assert len(house.controller.history.plans.attempts(made.plan_id, f"{made.plan_id}.1.0")) == 1


def test_the_prompt_of_a_picture_comes_first_and_others_of_its_pack_join(open_wizard, tmp_path):
    write_packs(tmp_path, harbour=7)
    house = open_wizard()
    facts, plan = made_picture(house, "harbour", "P3")
    wizard = house.wizard
    wizard.begin(plan, facts)
    house.until(lambda: len(wizard.draft.prompts) == 3)
    assert wizard.step == VARY
    assert chosen(house) == ["P3", "P1", "P7"]
    assert wizard.draft.prompts[0].positive == "a tram", "as the picture was made, not as the pack says now"
    vary(house, "txt2img.steps", VALUES)
    write(house, "2, 4, 6")
    assert wizard.panel.outline.shown.there == (1, 0)
    house.key("<Return>", "<Return>")
    made = plan_of(house)
    assert (made.seeds[0], made.prompt(0).prompt_id) == (4711, "P3")
    house.until(lambda: len(house.controller.history) == 9 and house.idle())


def test_the_prompt_of_a_picture_stays_and_may_be_the_only_one(open_wizard, tmp_path):
    write_packs(tmp_path, harbour=7)
    house = open_wizard()
    wizard = house.wizard
    wizard.begin(*reversed(made_picture(house, "harbour", "P3")))
    house.until(lambda: len(wizard.draft.prompts) == 3)
    wizard.go(PROMPT)
    house.root.update()
    wizard.prompt_step.prompts.focus_set()
    house.key("<Home>", "<space>")
    assert chosen(house) == ["P3", "P1", "P7"]
    wizard.prompt_step.only_one.invoke()
    assert chosen(house) == ["P3"]
    assert any("so its prompt stays" in text for text in texts(wizard.prompt_step))


def test_the_value_of_the_picture_must_be_among_the_values(open_wizard):
    house = open_wizard()
    facts, plan = made_picture(house)
    wizard = house.wizard
    wizard.begin(plan, facts)
    vary(house, "txt2img.steps", VALUES)
    write(house, "2, 6")
    assert not wizard.bar.next.enabled
    assert wizard.bar.trouble.startswith("4 must be among the values")
    vary(house, "hires.denoise")
    assert "made without it" in wizard.bar.trouble


def test_a_finer_plan_begins_at_its_values(open_wizard):
    house = open_wizard()
    _, plan = made_picture(house)
    about = PlanMetadata(who="suggested by the result of “CFG”", notes="too flat")
    finer = msgspec.structs.replace(
        plan, focus_parameter="txt2img.steps", variant_values=(2, 3, 4), seeds=(1, 2), metadata=about
    )
    house.wizard.begin(finer)
    assert house.wizard.draft.plan().metadata == about
    assert house.wizard.step == VALUES
    assert house.wizard.draft.text == "2-4 (+1)"
    assert house.wizard.draft.seeds == ()


@pytest.mark.parametrize("whose", ["project", "pack"])
def test_where_learning_is_off_or_locked_it_opens_all_the_same_and_says_so(open_wizard, whose):
    house = open_wizard(learning="off" if whose == "project" else "active")
    wizard = house.wizard
    if whose == "pack":
        packs = house.controller.packs
        file = packs.find(wizard.draft.pack_id)
        packs.save_settings(file.path, msgspec.structs.replace(file.settings, learning="locked"))
    house.until(lambda: any("all the same" in text for text in texts(wizard.prompt_step)))
    assert wizard.bar.next.enabled
    press(wizard.prompt_step, "Passive + Active" if whose == "project" else "Let this pack learn")
    house.until(lambda: not any("all the same" in text for text in texts(wizard.prompt_step)))


def test_a_preset_of_one_prompt_or_pack_goes_into_no_other_ones_learning_run(open_wizard, tmp_path):
    packs = tmp_path / "data" / "packs"
    packs.mkdir(parents=True)
    (packs / "Boats.txt").write_text("name: Sail\na boat <lora:rain:1>\n\nname: Oars\na boat <lora:rain:1>\n")
    (packs / "Trams.txt").write_text("name: Sail\na tram <lora:rain:1>\n")
    values = {"preset_id": "p", "name": "Calm", "values": {"txt2img.cfg_scale": 9.0}, "lora_weights": {"rain": 0.4}}
    calm = as_line(Preset(**values, pack_id="Boats", prompt_ids=("Sail",), checkpoint="sketch-classic"))
    LearningRecordWriter(tmp_path / "data" / "journal").append(calm)
    house = open_wizard(presets=("p",), pack="Trams")
    wizard, step = house.wizard, house.wizard.prompt_step

    def drafted():
        """CFG, weight of the LoRA, and the presets of the draft."""
        draft = wizard.draft
        return draft.base.txt2img.cfg_scale, draft.prompts[0].positive[-5:-1], [use.name for use in draft.presets]

    assert drafted() == (7, "in:1", [])
    step.sources.select(0, tell=True)
    house.until(lambda: wizard.draft.pack_id == "Boats" and wizard.draft.prompts)
    assert drafted() == (7, "in:1", []), "what was learned on one prompt does not hold for both"
    step.only_one.invoke()
    step.prompts.select(0, tell=True)
    assert drafted() == (9, ":0.4", ["Calm"])
    step.prompts.select(1, tell=True)
    assert drafted() == (7, "in:1", [])
    step.prompts.select(0, tell=True)
    assert drafted() == (9, ":0.4", ["Calm"])
    vary(house, "checkpoint")
    assert drafted()[0] == 7, "what was learned with one checkpoint says nothing about the others"


def test_values_that_are_set_for_a_pack_go_with_it(open_wizard, tmp_path):
    packs = tmp_path / "data" / "packs"
    packs.mkdir(parents=True)
    for name, cfg in (("a", 4.5), ("b", 5.5)):
        (packs / f"{name}.txt").write_text("a boat\n")
        (packs / f"{name}.pack.json").write_text(f'{{"values": {{"txt2img.cfg_scale": {cfg}}}}}')
    (packs / "c.txt").write_text("a boat\n")
    house = open_wizard()
    seen = {}
    for place, name in enumerate("abc"):
        house.wizard.prompt_step.sources.select(place, tell=True)
        house.until(lambda name=name: house.wizard.draft.pack_id == name and house.wizard.draft.prompts)
        seen[name] = (house.wizard.draft.base.txt2img.cfg_scale, house.wizard.draft.origins["txt2img.cfg_scale"])
    assert seen == {"a": (4.5, "pack"), "b": (5.5, "pack"), "c": (7.0, "engine")}
    assert house.wizard.draft.base.txt2img.width == 64


def test_the_last_step_says_that_sketches_are_a_rehearsal(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.steps", CHECK)
    words = [text for text, *_ in wizard.check_step.shown[1:2]]
    assert "rehearsal" in words[0]
    assert wizard.bar.next.text.startswith("Run 10 images")


def test_every_control_of_every_step_can_be_reached_with_tab(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.sampler")
    for step in (PROMPT, VARY, VALUES, CHECK):
        wizard.go(step)
        house.root.update()
        reached, widget = set(), wizard
        for _ in range(80):
            widget = widget.tk_focusNext()
            reached.add(str(widget))
        for button in (wizard.bar.back, wizard.bar.later, wizard.bar.next):
            assert str(button) in reached or not button.enabled
        assert str(wizard.steps) in reached


def test_a_refusal_is_told_at_the_step_where_it_can_be_put_right(open_wizard):
    house = open_wizard()
    facts, plan = made_picture(house)
    house.wizard.begin(plan, msgspec.structs.replace(facts, suspect=True))
    wizard = vary(house, "txt2img.steps", CHECK)
    wizard.next()
    assert wizard.bar.trouble.startswith("This picture is in doubt")
    assert (wizard.step, house.ended) == (CHECK, [])
    assert not house.controller.history.plans.plans()


def test_return_in_the_search_takes_the_first_setting_found_and_the_next_goes_on(open_wizard):
    house = open_wizard()
    house.key("<Return>")
    write(house, "cfg")
    house.key("<Return>")
    assert (house.wizard.step, house.wizard.draft.focus) == (VARY, "txt2img.cfg_scale")
    house.key("<Return>")
    assert house.wizard.step == VALUES


def test_return_in_a_check_list_goes_on(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.sampler", VALUES)
    wizard.values_step.names.names.focus_set()
    house.key("<Down>", "<space>", "<Return>")
    assert wizard.step == CHECK


def test_a_plan_that_was_read_keeps_its_name_and_one_without_a_pack_is_named_by_what_varies(open_wizard):
    house = open_wizard()
    plan = LearningPlan(
        event_id="",
        ts="",
        plan_id="",
        pack_id="",
        name="Steps for the harbour",
        focus_parameter="txt2img.steps",
        variant_values=(12, 20),
        seeds=(),
        prompts=(PlanPrompt(prompt_id="", positive="a boat"),),
    )
    house.wizard.begin(plan)
    assert house.wizard.draft.title == "Steps for the harbour"
    house.wizard.begin(msgspec.structs.replace(plan, name=""))
    assert house.wizard.draft.title == "Steps"


def test_a_plan_too_small_for_any_verdict_is_told_so_before_it_runs(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.steps", VALUES)
    at_once(house)
    wizard.values_step.numbers.focus_set()
    write(house, "12, 20")
    assert any("4 rows" in text for text in texts(wizard.panel))
    write(house, "12, 20, 28")
    assert not any("4 rows" in text for text in texts(wizard.panel))


def put_checkpoint(folder, name, **metadata):
    """A checkpoint file whose header says these things."""
    folder.mkdir(exist_ok=True)
    head = json.dumps({"__metadata__": metadata}).encode()
    (folder / f"{name}.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)


XL, SD15 = "stable-diffusion-xl-v1-base", "stable-diffusion-v1"


@pytest.mark.parametrize(
    ("name", "architecture", "legend"),
    [
        ("photo_sdxl", SD15, "sensible for SD 1.5: 512 – 768"),
        ("photo_sd15", XL, "sensible for SDXL: 768 – 1536"),
        ("photo_sdxl", "", "sensible for SDXL: 768 – 1536"),
        ("photo", "", "sensible: 512 – 1536"),
    ],
)
def test_the_family_of_a_checkpoint_is_what_the_library_says_before_what_its_name_says(
    open_wizard, tmp_path, name, architecture, legend
):
    header = {"modelspec.architecture": architecture} if architecture else {}
    put_checkpoint(tmp_path / "models", name, **header)
    house = open_wizard(values={**SMALL, "checkpoint": name}, model_folders=(str(tmp_path / "models"),))
    house.until(lambda: house.controller.models.done)
    wizard = vary(house, "txt2img.width", VALUES)
    low, high = map(int, legend.rpartition(": ")[2].split(" – "))
    assert legend in texts(wizard)
    assert wizard.draft.sensible == (low, high)
    house.key("<Alt-Left>")
    assert any(text.endswith(f"{legend} px") for text in texts(wizard))


def test_a_checkpoint_that_is_in_no_model_folder_is_of_the_family_in_its_name(open_wizard):
    house = open_wizard(values={**SMALL, "checkpoint": "photo_sdxl"})
    wizard = vary(house, "txt2img.width", VALUES)
    assert "sensible for SDXL: 768 – 1536" in texts(wizard)


def test_a_family_that_becomes_known_while_the_wizard_is_open_is_taken(open_wizard, tmp_path):
    (tmp_path / "models").mkdir()
    house = open_wizard(values={**SMALL, "checkpoint": "photo"}, model_folders=(str(tmp_path / "models"),))
    wizard = vary(house, "txt2img.width", VALUES)
    assert "sensible: 512 – 1536" in texts(wizard)
    put_checkpoint(tmp_path / "models", "photo", **{"modelspec.architecture": SD15})
    house.until(lambda: "sensible for SD 1.5: 512 – 768" in texts(wizard))


PORTRAIT = "sensible for SDXL – Portrait Realism: 0.2 – 0.35"


def put_style(folder, name, style):
    """A profile that names a style for a checkpoint."""
    document = {"kind": "model_profile", "base_type": "sdxl", "style_profile_id": style}
    (folder / f"{name}.modelprofile.json").write_text(json.dumps(document))


def numbers(wizard):
    return [float(value) for value in wizard.draft.values()]


def test_values_proposed_for_hires_denoise_stay_in_the_range_of_the_style(open_wizard, tmp_path):
    put_checkpoint(tmp_path / "models", "face", **{"modelspec.architecture": XL})
    put_style(tmp_path / "models", "face", "sdxl_portrait_realism")
    chosen = {**SMALL, "checkpoint": "face", "hires.denoise": 0.28}
    house = open_wizard(values=chosen, model_folders=(str(tmp_path / "models"),))
    house.until(lambda: house.controller.models.done)
    wizard = vary(house, "hires.denoise", VALUES)
    assert PORTRAIT in texts(wizard)
    assert 0.28 in numbers(wizard)
    assert all(0.2 <= value <= 0.35 for value in numbers(wizard))
    for button in ("Finer", "Around 0.28"):
        assert press(wizard, button)
        assert all(0.2 <= value <= 0.35 for value in numbers(wizard))
    assert press(wizard, "Wider")
    house.root.update()
    assert max(numbers(wizard)) > 0.35
    assert any("above the sensible range. That is allowed." in text for text in texts(wizard))


def test_a_style_that_becomes_known_later_changes_what_was_proposed_but_not_what_was_typed(open_wizard, tmp_path):
    put_checkpoint(tmp_path / "models", "face", **{"modelspec.architecture": XL})
    house = open_wizard(values={**SMALL, "checkpoint": "face"}, model_folders=(str(tmp_path / "models"),))
    house.until(lambda: house.controller.models.done)
    wizard = vary(house, "hires.denoise", VALUES)
    assert max(numbers(wizard)) > 0.35
    put_style(tmp_path / "models", "face", "sdxl_portrait_realism")
    house.until(lambda: PORTRAIT in texts(wizard))
    assert all(0.2 <= value <= 0.35 for value in numbers(wizard))
    typed(wizard.values_step.numbers.field, "0.1, 0.9")
    put_style(tmp_path / "models", "face", "anime")
    house.until(lambda: wizard.draft.sensible == (0.35, 0.6))
    assert numbers(wizard) == [0.1, 0.9]


def test_a_learning_run_begins_with_the_loras_of_the_profile_like_a_run_from_create(root, tmp_path):
    put_checkpoint(tmp_path / "models", "photo_model")
    overlays = [{"name": "inkwash", "weight": 0.6}, {"name": "nowhere", "weight": 0.4}]
    presets = [{"id": "p", "rating": "best", "lora_overlays": overlays}]
    document = {"kind": "model_profile", "recommended_presets": presets}
    (tmp_path / "models" / "photo_model.modelprofile.json").write_text(json.dumps(document))
    with FakeWebUI() as server:
        house = Room(root, tmp_path / "data", backend=server.url, model_folders=(str(tmp_path / "models"),))
        try:
            house.until(lambda: house.controller.models.usable("photo_model") is not None)
            house.wizard.begin()
            house.until(lambda: house.wizard.draft.prompts)
            draft = house.wizard.draft
            assert draft.prompts[0].positive.endswith(" <lora:inkwash:0.6>")
            assert draft.origins["lora:inkwash"] == "profile"
            assert "nowhere" not in draft.prompts[0].positive
        finally:
            house.controller.close()


class TestLoraFiles:
    @pytest.fixture
    def house(self, root, tmp_path):
        with FakeWebUI() as server:
            server.loras |= dict.fromkeys(("rainy-000002", "rainy-000004"), "rainy")
            made = Room(root, tmp_path / "data", backend=server.url)
            made.server = server
            yield made
            made.controller.close()

    def test_the_files_of_the_server_and_none_are_ticked_and_their_shared_name_is_not_offered(self, house):
        step = vary(house, "lora", VALUES).values_step
        assert step.names.listed == ["none", "inkwash", "paper grain", "rainy-000002", "rainy-000004"]
        assert house.wizard.draft.values() == ("none",)
        step.focus_first()
        house.key("<Down>", "<Down>", "<Down>", "<space>")
        assert house.wizard.draft.values() == ("none", "rainy-000002")
        typed(step.names.weighted, "rainy-000004:0.6, rainy-000004:99")
        assert "is not a weight" in sentence_below(step.names.weighted)
        typed(step.names.weighted, "rainy-000004:0.6, rainy-000004:1.2")
        assert house.wizard.step == VALUES, "Return has added the files"
        assert house.wizard.draft.values() == ("none", "rainy-000002", "rainy-000004:0.6", "rainy-000004:1.2")

    def test_a_suggested_run_asks_only_for_its_prompt_and_makes_a_picture_with_each_file(self, house):
        wizard = house.wizard
        wizard.begin(series_plan("rainy", ("rainy-000002", "rainy-000004")))
        house.until(lambda: wizard.draft.prompts)
        pairs = together(wizard.draft, "lora_weight")
        shown = forecast_words(pairs, making(pairs, house.controller.forecast_s), "")
        assert shown.outline.heads[-1] == "none", "no LoRA stands in every row"
        wizard.go(CHECK)
        house.root.update()
        assert wizard.step == CHECK
        house.key("<Return>")
        assert plan_of(house).variant_values == ("rainy-000002", "rainy-000004", "none")
        own = plan_of(house).base_config.txt2img
        assert (own.steps, own.width) == (SMALL["txt2img.steps"], SMALL["txt2img.width"]), "as in Create"
        house.until(lambda: house.ended_jobs() == 6 and house.idle())
        sent = [seen.body["prompt"] for seen in house.server.posts if seen.path.endswith("txt2img")]
        for file in ("rainy-000002", "rainy-000004"):
            assert sum(prompt.endswith(f" <lora:{file}:1>") for prompt in sent) == 2
        assert sum("<lora:" not in prompt for prompt in sent) == 2


def test_enter_goes_to_the_field_that_is_wrong_and_then_to_the_next_one(open_wizard):
    house = open_wizard()
    step = vary(house, "txt2img.steps", VALUES).values_step
    step.focus_first()
    write(house, "12-44 (+8")
    step.seeds.most.field.focus_force()
    step.seeds.most.field.delete(0, "end")
    step.seeds.most.field.insert(0, "none")
    step.seeds.most.edited()
    seen = []
    for _ in range(3):
        house.key("<Return>")
        seen.append(house.root.focus_get())
    assert seen == [step.numbers.field.field, step.seeds.most.field, step.numbers.field.field]


WORDS_PACK = (
    "[[light]]: neon | golden hour | fog\n\nname: City\na city, [[light]], {calm|busy}\nneg: blur\n\n"
    "name: Tram\nan old tram\n"
)


def open_words(open_wizard, tmp_path):
    (tmp_path / "data" / "packs").mkdir(parents=True)
    (tmp_path / "data" / "packs" / "words.txt").write_text(WORDS_PACK)
    return open_wizard(pack="words")


class TestWordings:
    def test_the_values_of_a_slot_stand_ready_and_only_prompts_with_it_are_taken(self, open_wizard, tmp_path):
        house = open_words(open_wizard, tmp_path)
        assert house.wizard.draft.wordings["slot:{calm|busy}"] == ("calm", "busy")
        wizard = vary(house, "slot:light", VALUES)
        house.until(lambda: [one.positive for one in wizard.draft.prompts] == ["a city, [[light]], calm"])
        fields = wizard.values_step.wordings.fields
        assert [field.get() for field in fields] == ["neon", "golden hour", "fog"]
        fields[2].field.focus_force()
        fields[2].field.delete(0, "end")
        house.key(*"dusk")
        assert wizard.draft.text == "neon, golden hour, dusk"
        assert wizard.draft.trial().variant_values == ("neon", "golden hour", "dusk")
        vary(house, "prompt", VALUES)
        assert "[[" not in wizard.values_step.wordings.fields[0].get(), "the prompt as it would be sent"

    def test_a_question_about_a_slot_of_a_pack_waits_for_its_prompts(self, open_wizard, tmp_path):
        house = open_words(open_wizard, tmp_path)
        plan = LearningPlan(
            plan_id="",
            name="",
            focus_parameter="slot:light",
            pack_id="words",
            prompts=(),
            variant_values=("fog", "neon"),
            seeds=(),
            most_pictures=40,
        )
        house.controller.change_settings(msgspec.structs.replace(house.controller.settings, pack="starter"))
        house.wizard.begin(plan)
        house.until(lambda: house.wizard.draft.prompts and house.wizard.bar.next.enabled)
        house.key("<Return>", "<Return>", "<Return>")
        wizard = house.wizard
        assert (wizard.step, wizard.draft.pack_id, wizard.draft.text) == (CHECK, "words", "fog, neon")
        assert [one.positive for one in wizard.draft.plan().prompts] == ["a city, [[light]], calm"]

    def test_a_new_prompt_is_compared_with_the_old_one_inside_the_global_texts(self, open_wizard, tmp_path):
        house = open_words(open_wizard, tmp_path)
        before = house.wizard.draft.prompts
        wizard = vary(house, "prompt", VALUES)
        (prompt,) = wizard.draft.prompts
        old, new = wizard.values_step.wordings.fields
        assert (prompt.positive, old.get()) == ("[[prompt]]", before[0].positive)
        assert not wizard.bar.next.enabled
        assert new.field is house.root.focus_get(), "what it is to be compared with is asked for"
        house.key(*"fog", "<Control-Return>")
        assert wizard.step == CHECK
        assert wizard.draft.plan().variant_values == (before[0].positive, "fog")
        vary(house, "txt2img.steps")
        assert wizard.draft.prompts == before


def test_a_second_setting_is_off_until_it_is_chosen_and_then_begins_with_all_pairs_once(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.steps")
    second = wizard.parameter_step.second
    assert second.value == ""
    # What is known to depend on it comes first.
    assert [entry.value for entry in second.entries][:2] == ["", "txt2img.cfg_scale"]
    second.act()
    for key in ("<Home>", "<Down>", "<Return>"):
        Menu.shared().canvas.event_generate(key)
    house.root.update()
    assert wizard.draft.second == "txt2img.cfg_scale"
    wizard.go(VALUES)
    house.root.update()
    write(house, "2, 4, 6")
    second_field = wizard.values_step.second_numbers.field
    second_field.field.focus_force()
    house.root.update()
    write(house, "5, x")
    assert "is no number" in sentence_below(second_field)
    assert not wizard.bar.next.enabled
    write(house, "5, 7")
    assert wizard.bar.next.enabled
    wizard.go(CHECK)
    house.root.update()
    assert "txt2img · Steps × txt2img · CFG scale" in texts(wizard.check_step)
    wizard.next()
    plan = plan_of(house)
    assert (plan.parameters, plan.second_values) == (("txt2img.steps", "txt2img.cfg_scale"), (5.0, 7.0))
    assert [plan.tested[cell.variant] for cell in plan.cells()] == [
        "2 × 5",
        "4 × 7",
        "6 × 5",
        "2 × 7",
        "4 × 5",
        "6 × 7",
    ]
    house.until(lambda: house.ended_jobs() == 6 and house.idle())
