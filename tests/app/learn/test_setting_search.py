"""The search for a setting to vary: by name, then by purpose, in one stage or in all."""

from __future__ import annotations

from stablenew_tk.app.learn.setting_search import (
    ANOTHER_LORA,
    found_settings,
    is_lora_name,
    question_words,
    setting_words,
)
from stablenew_tk.domain.config.sweep import focus
from stablenew_tk.domain.experiments.plan_draft import PlanDraft
from stablenew_tk.domain.runs.plan import PlanPrompt

DRAFT = PlanDraft(prompts=(PlanPrompt("lamp", "a lamp <lora:rain:0.7> "),))


def paths(group="", text="", draft=DRAFT):
    return [
        one if isinstance(one, str) else one.path
        for part in found_settings(draft, group, text).values()
        for one in part
    ]


def test_names_are_searched_before_purposes():
    assert "txt2img.steps" in paths(text="steps")
    assert all("steps" in path for path in paths("txt2img", "steps"))
    assert paths("txt2img", "more time") == ["txt2img.steps"]
    assert paths(text="no such thing at all") == []


def test_a_group_holds_the_settings_of_its_stage_only():
    assert all(path.startswith("hires.") for path in paths("hires"))
    assert len(found_settings(DRAFT, "", "")) > len(found_settings(DRAFT, "hires", "")) == 1


def test_loras_of_the_prompt_are_offered_with_their_weight_and_any_other_by_name():
    assert paths("lora") == ["lora", "lora:rain", ANOTHER_LORA]
    assert setting_words(DRAFT, focus("lora:rain"))[1] == "0.7"
    assert paths("lora", draft=PlanDraft(focus="lora:snow")) == ["lora", "lora:snow", ANOTHER_LORA]
    assert not is_lora_name("a:b")


def test_which_file_of_a_lora_is_one_of_them():
    assert paths(text="epoch") == ["lora"]
    assert setting_words(DRAFT, focus("lora")) == ("LoRA file", "none")


def test_a_question_goes_on_behind_its_colon_and_names_keep_their_capital():
    assert question_words(focus("txt2img.steps")).startswith("Steps: ")
    assert question_words(focus("txt2img.steps")).removeprefix("Steps: ")[0].islower()
    assert question_words(focus("lora:rain")).endswith(": how strongly the LoRA pulls the picture its way.")
