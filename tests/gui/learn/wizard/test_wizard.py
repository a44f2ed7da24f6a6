"""The wizard that plans a Learning Run, used as a person uses it."""

from __future__ import annotations

import msgspec
import pytest
from conftest import wait_until
from PIL import Image

from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.experiments.plan_draft import CHECK, PROMPT, VALUES, VARY
from stablenew_tk.domain.prompts.pack import PackPrompt
from stablenew_tk.domain.prompts.variant import as_written
from stablenew_tk.domain.runs.job import RunRequest
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt
from stablenew_tk.gui.learn.wizard.summary_text import forecast_words
from stablenew_tk.gui.learn.wizard.wizard import Wizard
from stablenew_tk.gui.widgets.basics import Box
from stablenew_tk.pipeline.messages.jobs import JobEnded

SMALL = {"txt2img.steps": 4, "txt2img.width": 64, "txt2img.height": 64}


class Room:
    """A wizard alone in a window, over a real controller. The whole window would take ten times as long to build."""

    def __init__(self, root, folder, **settings):
        self.root, self.said, self.ended, self.events = root, [], [], []
        wanted = {"learning": "active", "values": SMALL, "offer_rating": False, **settings}
        self.controller = Controller(open_places(str(folder)), Settings(**wanted))
        box = Box(root, "bg")
        box.pack(fill="both", expand=True)
        self.wizard = Wizard(box, self.controller, done=self.ended.append, say=self.said.append)
        self.wizard.pack(fill="both", expand=True)
        self.controller.subscribe(self.wizard.on_event)
        self.controller.subscribe(self.events.append)
        self.controller.open()
        self.until(lambda: self.controller.history is not None and self.controller.capabilities is not None)
        root.focus_force()
        self.wizard.begin()
        self.until(lambda: self.wizard.draft.prompts)

    def until(self, condition, timeout_s=15.0):
        wait_until(condition, timeout_s, step=lambda: (self.controller.pump(), self.root.update()))

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
    shown = wizard._vary._shown
    place = next(n for n, one in enumerate(shown) if getattr(one, "path", one) == path)
    wizard._vary.settings.select(place, tell=True)
    wizard.go(step)
    house.root.update()
    return wizard


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
    house.key("<Down>", "<Return>")  # the second prompt
    write(house, "steps")
    house.key("<Down>", "<Return>")  # to the first setting found, on
    write(house, "2-6 (+2)")
    house.key("<Return>", "<Return>")
    plan = plan_of(house)
    assert (plan.plan_id, plan.focus_parameter) == (house.ended[0], "txt2img.steps")
    assert plan.variant_values == (2, 4, 6)
    assert [prompt.prompt_id for prompt in plan.prompts] == ["Last tram"]
    assert len(set(plan.seeds)) == 3
    assert (plan.blind, plan.base_config.txt2img.width) == (True, 64)
    house.until(lambda: house.ended_jobs() == 9 and house.idle(), 30)


def test_alt_left_goes_back_and_escape_cancels_without_a_question(open_wizard):
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
    assert "'12-44 (+8'" in wizard._values.numbers.field.error_text
    assert wizard.bar.trouble == ""
    house.key("<Return>")
    assert wizard.step == VALUES
    write(house, "12-44 (+8)")
    assert wizard.bar.next.enabled
    assert wizard._values.numbers._count.cget("text") == "5 values: 12, 20, 28, 36, 44"


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
    wizard._vary._typed_picture(str(tmp_path / "none.png"))
    house.until(lambda: "none.png" in wizard.draft.start_problem)
    assert not wizard.bar.next.enabled
    wizard._vary._typed_picture(str(picture))
    house.until(lambda: wizard.bar.next.enabled)
    plan = wizard.draft.trial()
    assert (plan.start_image, plan.base_config.stages()) == (str(picture), ("img2img",))


def test_samplers_are_ticked_off_from_what_the_backend_has(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.sampler", VALUES)
    names = wizard._values.names
    assert set(names._all) == set(house.controller.capabilities.samplers)
    assert not wizard.bar.next.enabled  # only the one in use is ticked
    house.key("<Down>", "<space>", "<Down>", "<space>")
    ticked = house.controller.capabilities.samplers[:3]
    assert wizard.draft.values() == ticked
    names._turn_all(False)
    assert "at least 2" in names._count.cget("text")
    names.search.set("euler")
    names._show_names()
    names._turn_all(True)
    assert all("euler" in name.lower() for name in wizard.draft.values())


def test_a_sampler_that_the_backend_does_not_have_is_refused(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.sampler", VALUES)
    wizard._changed(msgspec.structs.replace(wizard.draft, text="Euler a, Oiler"))
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
    wizard._prompt._sources.select(len(wizard._prompt._packs), tell=True)
    wizard._prompt._own.positive.field.insert("1.0", "a lamp <lora:rain:0.7> at night")
    wizard.update()
    vary(house, "lora:rain", VALUES)
    assert wizard.draft.own_value == 0.7
    assert 0.7 in wizard.draft.values()
    assert wizard.draft.pack_id == "own-prompt"


def test_several_prompts_give_rows_of_their_own(open_wizard):
    house = open_wizard()
    wizard = house.wizard
    wizard._prompt._several.invoke()
    wizard._prompt._turn(3)
    vary(house, "txt2img.steps", VALUES)
    plan = wizard.draft.trial()
    assert len(plan.prompts) == 2
    assert (plan.full_rows, len(plan.seeds)) == (6, 6)
    assert wizard._panel.sketch.shown.rows == 6


def test_own_seeds_are_kept_and_the_rest_is_drawn(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.steps", VALUES)
    row = wizard._values.seeds
    row.add.set("7, 8")
    row._returned()
    assert wizard.draft.seeds == (7, 8)
    row.add.set("8")
    row._returned()
    assert row.problem == "8 is there already."
    assert not wizard.bar.next.enabled
    row.add.set("")
    row._chips[0].invoke()
    assert wizard.draft.seeds == (8,)
    wizard.go(CHECK)
    wizard.next()
    assert plan_of(house).seeds[0] == 8
    assert len(set(plan_of(house).seeds)) == 3


def test_saving_for_later_records_the_plan_and_queues_nothing(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.cfg_scale", VALUES)
    wizard.save()
    plan = plan_of(house)
    assert house.ended == [plan.plan_id]
    assert house.idle()
    assert house.said == [f"Saved for later: {plan.name}. Nothing was made yet."]


def made_picture(house):
    """A picture of the first page of the loop, and the plan a page would make of it."""
    config = with_values(PipelineConfig(), SMALL)
    prompt = PackPrompt("Tram", "Tram", "a tram", "", 1)
    house.controller.run(RunRequest(pack_id="Starter", variants=as_written((prompt,)), config=config, seed=4711))
    house.until(lambda: len(house.controller.history) == 1 and house.idle())
    plan = LearningPlan(
        event_id="",
        ts="",
        plan_id="",
        name="",
        focus_parameter="",
        pack_id="Starter",
        prompts=(PlanPrompt("Tram", "a tram"),),
        base_config=config,
        variant_values=(),
        seeds=(4711,),
    )
    return house.controller.history.facts(0), plan


def test_a_picture_is_converted_and_takes_its_place_in_the_first_row(open_wizard):
    house = open_wizard()
    facts, plan = made_picture(house)
    wizard = house.wizard
    wizard.begin(plan, facts)
    assert wizard.step == VARY
    vary(house, "txt2img.steps", VALUES)
    write(house, "2, 4, 6")
    assert wizard._panel.sketch.shown.there == (1, 0)
    assert wizard._panel.total.cget("text").startswith("8 images")
    assert not wizard.bar.later.enabled
    house.key("<Return>", "<Return>")
    made = plan_of(house)
    assert made.seeds[0] == 4711
    house.until(lambda: len(house.controller.history) == 9 and house.idle(), 30)
    assert len(house.controller.history.plans.attempts(made.plan_id, f"{made.plan_id}.1.0")) == 1


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
    finer = msgspec.structs.replace(plan, focus_parameter="txt2img.steps", variant_values=(2, 3, 4), seeds=(1, 2))
    house.wizard.begin(finer)
    assert house.wizard.step == VALUES
    assert house.wizard.draft.text == "2-4 (+1)"
    assert house.wizard.draft.seeds == ()


@pytest.mark.parametrize("whose", ["project", "pack"])
def test_where_learning_is_not_allowed_the_reason_and_the_way_out_are_shown(open_wizard, whose):
    house = open_wizard(learning="off" if whose == "project" else "active")
    wizard = house.wizard
    if whose == "pack":
        packs = house.controller.packs
        file = packs.find(wizard.draft.pack_id)
        packs.save_settings(file.path, msgspec.structs.replace(file.settings, learning="locked"))
    house.until(lambda: not wizard.bar.next.enabled)
    assert wizard._prompt._remark.winfo_manager()
    wizard._prompt._remark._button.invoke()
    house.until(lambda: wizard.bar.next.enabled)


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
        house.wizard._prompt._sources.select(place, tell=True)
        house.until(lambda name=name: house.wizard.draft.pack_id == name and house.wizard.draft.prompts)
        seen[name] = (house.wizard.draft.base.txt2img.cfg_scale, house.wizard.draft.origins["txt2img.cfg_scale"])
    assert seen == {"a": (4.5, "pack"), "b": (5.5, "pack"), "c": (7.0, "engine")}
    assert house.wizard.draft.base.txt2img.width == 64


def test_the_last_step_says_that_sketches_are_a_rehearsal(open_wizard):
    house = open_wizard()
    wizard = vary(house, "txt2img.steps", CHECK)
    words = [text for text, *_ in wizard._check._said[1:2]]
    assert "rehearsal" in words[0]
    assert wizard.bar.next.text.startswith("Run 15 images")


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
    wizard._values.names.names.focus_set()
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
    write(house, "12, 20")
    assert "4 rows" in forecast_words(wizard.draft, wizard._made, "").hint
    write(house, "12, 20, 28")
    assert "4 rows" not in forecast_words(wizard.draft, wizard._made, "").hint
