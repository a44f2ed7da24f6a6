"""What a Learning Run would ask to confirm a hint."""

from __future__ import annotations

import pytest

from stablenew_tk.app.insights.confirm import confirm_actions
from stablenew_tk.domain.config.workflow_use import NO_WORKFLOW, WorkflowParameter, WorkflowUse
from stablenew_tk.domain.insights.association import Association
from stablenew_tk.domain.insights.hint_question import hint_question


def hint(what, value, *all_values):
    slot = "." not in what and what != "clip_skip"
    parts = {"n": 20, "others": 20, "effect": 0.6, "low": 0.2, "high": 1.0, "sentence": "", "telling": True}
    return Association(what=what, slot=slot, value=value, all_values=all_values, **parts)


@pytest.mark.parametrize(
    ("asked", "focus", "values"),
    [
        (hint("[[light]]", "fog", "noon", "fog", "{a|b} sky"), "slot:light", ("fog", "noon")),
        (hint("__artists__", "ink", *"abcdefgh", "ink"), "slot:__artists__", ("ink", *"abcde")),
        (hint("{calm|busy}", "busy", "calm", "busy"), "slot:{calm|busy}", ("busy", "calm")),
        (hint("<lora>", "rainy:0.6", "none", "rainy:0.6"), "lora", ("rainy:0.6", "none")),
        (hint("txt2img.sampler", "Heun", "Euler a", "Heun"), "txt2img.sampler", ("Heun", "Euler a")),
        (hint("txt2img.cfg_scale", "7 or more", 9.0, 4.0, 6.0, 5.0, 8.0, 7.0), "txt2img.cfg_scale", (4, 5, 6, 8, 9)),
        (hint("hires.enabled", "on", True, False), "hires.enabled", (True, False)),
        (hint("workflow.Grain.amount", "0.4", 0.4, 0.1, 0.3), "workflow.Grain.amount", (0.1, 0.3, 0.4)),
        (hint("workflow.Grain.kind", "film", "digital", "film"), "workflow.Grain.kind", ("film", "digital")),
    ],
)
def test_it_compares_the_value_of_the_hint_with_others_that_pictures_have(asked, focus, values):
    question = hint_question(asked)
    assert (question.focus, question.values) == (focus, values)


@pytest.mark.parametrize("what", ["style: Film", "city =>", "light #2", "txt2img.batch_size"])
def test_what_no_learning_run_can_vary_has_no_question(what):
    assert hint_question(hint(what, "on", 1, 2)) is None


def test_what_is_about_a_workflow_is_asked_where_that_workflow_is():
    asked = [hint("workflow.Grain.amount", "0.4", 0.4, 0.1)]
    (without,) = confirm_actions(asked, NO_WORKFLOW)
    assert "Choose that workflow in Create first" in without.why
    takes = WorkflowParameter("float", "Grain · amount", 0.1)
    (there,) = confirm_actions(asked, WorkflowUse(file="g.json", parameters={"workflow.Grain.amount": takes}))
    assert there.why == ""
