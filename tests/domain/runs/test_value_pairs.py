"""Pairs of values: which rows show which, so that a part of them is enough to compare all."""

from __future__ import annotations

from collections import Counter

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.sweep import LORA_FILE, LORA_WEIGHT
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt, checked, config_for, job_for
from stablenew_tk.domain.runs.value_order import columns_by_value
from stablenew_tk.domain.runs.value_pairs import pairs_of, rows_for_all, shown_in_row, start_rows

STEPS, CFG = "txt2img.steps", "txt2img.cfg_scale"


def plan(**changes):
    return LearningPlan(
        **{
            "plan_id": "P",
            "name": "Plan",
            "focus_parameter": STEPS,
            "variant_values": (30, 10, 20),
            "second_parameter": CFG,
            "second_values": (7.0, 4.0),
            "pack_id": "two",
            "prompts": (PlanPrompt("Boat", "a red boat <lora:rainy:0.7>"),),
            "complete_rows": 2,
            "seeds": tuple(range(9)),
        }
        | changes
    )


@pytest.mark.parametrize(("first", "second"), [(5, 4), (4, 5), (8, 6), (3, 3), (2, 7)])
def test_a_row_is_balanced_and_as_many_rows_as_the_shorter_list_show_every_pair_once(first, second):
    pairs = pairs_of(STEPS, tuple(range(1, first + 1)), CFG, tuple(map(float, range(1, second + 1))))
    rows = [shown_in_row(pairs, row) for row in range(rows_for_all(pairs))]
    assert sorted(number for row in rows for number in row) == list(range(first * second))
    for row in rows:
        each = (Counter(pairs[number].first for number in row), Counter(pairs[number].second for number in row))
        for side, count in zip(each, (first, second), strict=True):
            assert len(side) == count  # every value of both lists is in every row …
            assert max(side.values()) - min(side.values()) <= 1  # … as evenly as that allows
    assert 2 <= start_rows(pairs, 40) <= max(2, rows_for_all(pairs))


@pytest.mark.parametrize(("first", "second", "prompts"), [(4, 4, 2), (6, 6, 4), (5, 4, 3), (3, 3, 3), (8, 6, 1)])
def test_further_rows_show_every_pair_with_every_prompt(first, second, prompts):
    pairs = pairs_of(STEPS, tuple(range(1, first + 1)), CFG, tuple(map(float, range(1, second + 1))))
    every = rows_for_all(pairs)
    shown = [{(n, row % prompts) for n in shown_in_row(pairs, row, prompts)} for row in range(every * prompts)]
    assert len(set.union(*shown)) == len(pairs) * prompts
    # As many rows as ever show all pairs once.
    for begin in range(0, every * prompts, every):
        assert Counter(number for row in shown[begin : begin + every] for number, _ in row) == Counter(
            range(len(pairs))
        )


def test_a_plan_that_was_begun_before_prompts_took_turns_keeps_its_cells():
    prompts = (PlanPrompt("Boat", "a red boat"), PlanPrompt("Tram", "a tram"))
    values = {"variant_values": (10, 20, 30, 40), "second_values": (4.0, 5.0, 6.0, 7.0), "complete_rows": 8}
    before = plan(prompts=prompts, **values)
    rows = [[cell.variant for cell in before.cells() if cell.row == row] for row in range(8)]
    assert rows[:4] == rows[4:]
    now = plan(prompts=prompts, **values, pairs_meet_prompts=True)
    assert {(cell.variant, cell.row % 2) for cell in now.cells()} == {(n, p) for n in range(16) for p in range(2)}


def test_no_lora_stands_beside_every_row_and_a_file_takes_its_weight_along():
    made = plan(
        focus_parameter=LORA_FILE,
        variant_values=("rainy-000002", "rainy", "none"),
        second_parameter=LORA_WEIGHT,
        second_values=(0.6, 1.0),
    )
    shown = [made.tested[cell.variant] for cell in made.cells()]
    assert shown == ["rainy-000002 × 0.6", "rainy × 1", "none", "rainy-000002 × 1", "rainy × 0.6", "none"]
    prompts = [job_for(made, cell, job_id="J").prompt for cell in made.cells()]
    assert prompts[:3] == ["a red boat <lora:rainy-000002:0.6>", "a red boat <lora:rainy:1>", "a red boat"]


def test_a_pair_sets_both_values_and_is_shown_in_their_order():
    made = checked(plan())
    assert [made.tested[number] for number in columns_by_value(made)] == [
        *("10 × 4", "10 × 7", "20 × 4", "20 × 7", "30 × 4", "30 × 7"),
    ]
    config = config_for(made, "20 × 4").txt2img
    assert (config.steps, config.cfg_scale) == (20, 4.0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"second_parameter": STEPS}, "second_parameter"),
        ({"second_values": (7.0,)}, "second_values"),
        ({"second_parameter": "checkpoint", "second_values": ("a", "b")}, "second_parameter"),
        ({"second_parameter": LORA_WEIGHT, "second_values": (0.5, 1.0)}, "second_parameter"),
        ({"focus_parameter": LORA_WEIGHT, "variant_values": (0.5, 1.0)}, LORA_WEIGHT),
        ({"second_values": tuple(float(value) for value in range(1, 30))}, "second_values"),
        ({"most_pictures": 5}, "most_pictures"),
    ],
)
def test_two_settings_that_do_not_go_together_are_refused_by_the_name_of_their_field(changes, field):
    with pytest.raises(InvalidInput) as refused:
        checked(plan(**changes))
    assert refused.value.where == field
