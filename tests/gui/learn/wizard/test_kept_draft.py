"""A Learning Run that was begun in the wizard is offered again after a restart of the program."""

from __future__ import annotations

from open_window import open_house
from whole_app import request

from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt
from stablenew_tk.gui.learn.wizard.wizard import Wizard

BEGUN = LearningPlan(
    event_id="",
    ts="",
    plan_id="",
    name="Which steps",
    pack_id="own-prompt",
    base_config=PipelineConfig(),
    focus_parameter="txt2img.steps",
    prompts=(PlanPrompt("Boat", "a boat"),),
    variant_values=(8, 20),
    images_per_variant=3,
    seeds=(),
)


def test_what_was_begun_is_gone_on_with_after_a_restart_and_forgotten_once_it_was_used(tmp_path):
    with open_house(tmp_path) as house:
        house.controller.run(request(1))
        house.until(lambda: len(house.controller.history) == 1 and house.idle())
        page = house.page("learn")
        picture = house.controller.history.visible().facts(0)
        page.new_run(BEGUN, picture)
        house.type_into(house.entry("Values"), "8, 20, 31")
        # The ids and sums in it may well have a 31, too.
        house.until(lambda: "8, 20, 31" in house.controller.places.plan_draft.read_text())
    with open_house(tmp_path) as house:
        page = house.page("learn")
        house.button("Go on with Steps").invoke()
        house.until(lambda: house.entry("Values").get() == "8, 20, 31")
        wizard = next(child for child in page.winfo_children() if isinstance(child, Wizard))
        assert wizard.draft.reuse == picture, "the picture it began with is not made again"
        page.new_run(BEGUN)
        house.button("Save for later").invoke()
        house.until(lambda: house.controller.history.plans.plans())
        assert [plan.variant_values for plan in house.controller.history.plans.plans()] == [(8, 20)]
        house.until(lambda: not house.controller.places.plan_draft.exists())
        assert not page.plans.draft.winfo_manager()
