"""Learning Runs over the files of one LoRA training: the prompts they send, what they keep."""

from __future__ import annotations

import pytest
from learning_lab import Lab, spaced
from msgspec.structs import replace

from stablenew_tk.app.learn.plan_preview import same_lines
from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.sweep import parse_values, spell, unknown_choices
from stablenew_tk.domain.experiments.plan_draft import PlanDraft
from stablenew_tk.domain.experiments.suggested_plan import series_plan
from stablenew_tk.domain.insights.follow_up import preset_draft
from stablenew_tk.domain.runs.plan import PlanPrompt, config_for, prompt_for

EPOCHS = ("rainy-000002", "rainy-000004", "rainy", "none")


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


class TestValues:
    def test_files_and_none_are_values_and_a_weight_may_stand_behind(self):
        text = "rainy-000002, rainy-000004:0.80, sub/my rain:-2, None, rainy-000002"
        values = ("rainy-000002", "rainy-000004:0.8", "sub/my rain:-2", "none")
        assert parse_values("lora", text) == values
        assert parse_values("lora", spell("lora", values)) == values

    @pytest.mark.parametrize("text", ["rain:", "rain:much", "rain:16", "rain:-15.1", "a<b", "a:1:2", "none:0.5:"])
    def test_what_is_no_file_and_no_weight_is_refused(self, text):
        with pytest.raises(InvalidInput, match="lora: "):
            parse_values("lora", text)

    def test_a_file_called_none_is_told_from_no_lora_by_a_weight(self, lab):
        plan = series_plan("none", ("none-000002", "none"))
        assert plan.variant_values == ("none-000002", "none:1", "none")
        ready = lab.plan("lora", plan.variant_values, prompts=(PlanPrompt("p", "a tram"),))
        sent = [prompt_for(ready, 0, value).positive for value in plan.variant_values]
        assert sent == ["a tram <lora:none-000002:1>", "a tram <lora:none:1>", "a tram"]

    def test_a_file_that_is_not_there_is_found_without_its_weight(self):
        assert unknown_choices("lora", ("rain:0.8", "snow:0.8", "none"), ("rain",)) == ("snow",)


class TestPrompts:
    @pytest.mark.parametrize(
        ("prompt", "sent"),
        [
            ("a tram", ("a tram <lora:rainy-000004:1>", "a tram")),
            ("a tram <lora:rainy:0.7>, wet", ("a tram <lora:rainy-000004:0.7>, wet", "a tram, wet")),
            ("<lora:rainy-000002:0.7:0.5> a tram", ("<lora:rainy-000004:0.7:0.5> a tram", " a tram")),
            (
                "<lora:ink:0.5> tram <lora:rainy-000002:0.7> <lora:rainy:1>",
                ("<lora:ink:0.5> tram <lora:rainy-000004:0.7>", "<lora:ink:0.5> tram"),
            ),
        ],
    )
    def test_one_file_stands_where_the_training_was_named_and_keeps_its_weight(self, lab, prompt, sent):
        plan = lab.plan("lora", EPOCHS, prompts=(PlanPrompt("p1", prompt),))
        assert prompt_for(plan, 0, "rainy-000004").positive == sent[0]
        assert prompt_for(plan, 0, "none").positive == sent[1]

    def test_a_weight_of_the_value_wins(self, lab):
        plan = lab.plan(
            "lora", ("rainy-000002:0.4", "rainy-000002:0.8"), prompts=(PlanPrompt("p", "x <lora:rainy:1>"),)
        )
        assert [prompt_for(plan, 0, value).positive for value in plan.variant_values] == [
            "x <lora:rainy-000002:0.4>",
            "x <lora:rainy-000002:0.8>",
        ]

    def test_nothing_else_changes(self, lab):
        plan = lab.plan("lora", EPOCHS)
        assert {config_for(plan, value) for value in EPOCHS} == {plan.base_config}


STARS = {"rainy-000002": (2, 2, 1, 2), "rainy-000004": (5, 5, 4, 5), "none": (2, 1, 2, 1)}


class TestDraft:
    DRAFT = PlanDraft(focus="lora", text="rainy-000002, rainy-000004:0.7, none")

    @pytest.mark.parametrize(
        ("tag", "own"),
        [
            ("", "none"),
            ("<lora:ink:1>", "none"),
            ("<lora:rainy-000002:0.3>", "rainy-000002"),
            ("<lora:rainy-000004:0.7>", "rainy-000004:0.7"),
            ("<lora:rainy-000004:0.9>", ""),
            ("<lora:rainy:1>", ""),
        ],
    )
    def test_it_knows_which_value_the_prompt_has_now(self, tag, own):
        draft = replace(self.DRAFT, prompts=(PlanPrompt("p1", f"a tram {tag}"),))
        assert draft.own_value == own

    def test_what_is_replaced_is_not_told_to_stay_the_same(self):
        prompt = PlanPrompt("p1", "a tram <lora:rainy:1> <lora:ink:0.5>")
        draft = replace(self.DRAFT, prompts=(prompt,))
        lines = dict(same_lines(draft, draft.base))
        assert lines["LoRA"] == "ink 0.5"

    def test_text_that_cannot_be_read_breaks_nothing(self):
        assert replace(self.DRAFT, text="rain:much").own_value == "none"


class TestResult:
    def result(self, lab, stars, prompt="a tram <lora:rainy:0.7>"):
        plan = lab.plan("lora", tuple(stars), 4, prompts=(PlanPrompt("p1", prompt),))
        lab.make(plan)
        lab.rate(stars)
        return lab.report(plan)

    def test_the_verdict_names_the_file_and_the_preset_holds_it_with_its_weight(self, lab):
        report = self.result(lab, STARS)
        assert spaced(report.verdict.sentence).startswith("Take rainy-000004. ")
        made = preset_draft(report, "rainy-000004", "Best", by_hand=False)
        assert (made.values, made.lora_weights) == ({}, {"rainy-000004": 0.7})
        assert made.lora_instead == {"rainy-000004": ("rainy-000002", "rainy")}

    def test_no_lora_is_an_answer_with_nothing_to_keep(self, lab):
        worse = {"none": (5, 5, 4, 5), "rainy-000002": (2, 2, 1, 2), "rainy-000004": (2, 1, 2, 1)}
        report = self.result(lab, worse)
        assert spaced(report.verdict.sentence).startswith("Take no LoRA. ")
        made = preset_draft(report, "none", "Nothing", by_hand=False)
        assert (made.values, made.lora_weights, made.lora_instead) == ({}, {}, {})
