"""What a plan tests, in words: its prompts, and how its rows are shared among them."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.runs.plan import LearningPlan, PlanCell, PlanPrompt
from stablenew_tk.domain.runs.plan_title import prompt_words, prompts_tested, rows_words, subject


def plan(*names, **changes):
    fields = {
        "event_id": "E",
        "ts": "T",
        "plan_id": "P",
        "name": "Plan",
        "focus_parameter": "txt2img.cfg_scale",
        "pack_id": "harbour",
        "prompts": tuple(PlanPrompt(name, f"a picture of {name}") for name in names),
        "variant_values": (5.0, 7.0),
        "images_per_variant": 1,
        "seeds": tuple(range(20)),
    }
    return LearningPlan(**fields | changes)


def test_one_prompt_is_called_one_and_several_by_their_names():
    assert prompt_words(plan("Boat")) == "one prompt: Boat"
    assert prompt_words(plan("Boat", "Tram", "Fog")) == "these 3 prompts: Boat, Tram, Fog"


def test_only_prompts_with_rows_are_tested():
    three = plan("Boat", "Tram", "Fog")
    assert [prompt.prompt_id for prompt in prompts_tested(three, [0, 1])] == ["Boat", "Tram"]
    assert [prompt.prompt_id for prompt in prompts_tested(three, [4, 1])] == ["Tram"]
    assert prompt_words(three, [5]) == "one prompt: Fog"
    assert prompt_words(three, []) == "no prompt"


def test_single_pictures_of_later_rows_count_as_well():
    more = plan("Boat", "Tram", extra=(PlanCell(0, 2),))
    assert prompts_tested(more) == more.prompts


@pytest.mark.parametrize(
    ("rows", "prompts", "words"),
    [
        (1, 1, "1 seed"),
        (3, 1, "3 seeds"),
        (3, 3, "3 prompts × 1 seed"),
        (6, 3, "3 prompts × 2 seeds"),
        (3, 2, "3 seeds on 2 prompts in turn"),
    ],
)
def test_rows_are_told_as_prompts_and_seeds(rows, prompts, words):
    assert rows_words(rows, prompts) == words


def test_a_list_names_one_prompt_and_counts_several():
    assert subject(plan("Boat"))[1] == "Harbour · Boat"
    assert subject(plan("Boat", "Tram"))[1] == "Harbour · 2 prompts"
