"""Seeds of a plan that is being written: what may be typed, how many rows they need, what is said about them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from stablenew_tk.app.learn.plan_preview import (
    check_head,
    forecast_words,
    making,
    seed_words,
    shown_rows,
    typed_seeds,
    warnings,
    with_seeds,
)
from stablenew_tk.backends.base import Capabilities
from stablenew_tk.domain.config.origins import MAX_SEED
from stablenew_tk.domain.config.workflow_use import WorkflowUse
from stablenew_tk.domain.experiments.plan_draft import VALUES, PlanDraft, trouble
from stablenew_tk.domain.runs.plan import PlanPrompt

ONE = PlanDraft(prompts=(PlanPrompt("lamp", "a lamp"),), each="3", by_steps=False)
PROMPTS = (PlanPrompt("lamp", "a lamp"), PlanPrompt("tram", "a tram"))
TWO = PlanDraft(prompts=PROMPTS, each="4", by_steps=False)
STEPS = PlanDraft(prompts=PROMPTS, focus="txt2img.steps", text="10, 20, 30, 40, 50")


@pytest.mark.parametrize(
    ("text", "seeds", "problem"),
    [
        ("11, 12;13\n14", (11, 12, 13, 14), ""),
        ("  ", (), ""),
        ("11 twelve", (), f"'twelve' is not a seed: 0 to {MAX_SEED}."),
        (str(MAX_SEED + 1), (), f"'{MAX_SEED + 1}' is not a seed: 0 to {MAX_SEED}."),
        ("12 12", (), "12 is there already."),
        ("7", (), "7 is there already."),
    ],
)
def test_seeds_are_read_from_a_text_or_it_is_said_what_is_wrong(text, seeds, problem):
    assert typed_seeds(with_seeds(ONE, (7,)), text) == (seeds, problem)


def test_more_seeds_than_rows_mean_more_rows():
    assert with_seeds(ONE, (1, 2)).each == "3"
    assert with_seeds(ONE, (1, 2, 3, 4)).each == "4"
    assert with_seeds(TWO, (1, 2, 3, 4, 5)).each == "5", "a row for every seed, whatever its prompt"


@pytest.mark.parametrize(
    ("draft", "rows", "words"),
    [
        (ONE, 3, "3 seeds are drawn when it starts."),
        (ONE, 1, "The seed is drawn when it starts."),
        (with_seeds(ONE, (1,)), 3, "2 more seeds are drawn when it starts."),
        (with_seeds(ONE, (1, 2)), 3, "1 more seed is drawn when it starts."),
        (with_seeds(ONE, (1, 2, 3)), 3, ""),
        (TWO, 4, "4 pictures of every value: 2 prompts × 2 seeds. 4 seeds are drawn when it starts."),
        (with_seeds(TWO, (1, 2, 3, 4)), 4, "4 pictures of every value: 2 prompts × 2 seeds."),
        (with_seeds(TWO, (1, 2, 3)), 3, "3 pictures of every value: 3 seeds on 2 prompts in turn."),
        (TWO, 0, ""),
        (STEPS, 0, ""),
        (
            with_seeds(STEPS, (1, 2, 3)),
            2,
            "First 2 rows of all values, row by row the 2 prompts in turn; "
            "then, up to 3 at a time, only what tells most.",
        ),
    ],
)
def test_it_is_said_how_many_seeds_are_drawn_and_how_rows_are_shared(draft, rows, words):
    assert seed_words(draft, rows) == words


@pytest.mark.parametrize(
    ("most", "problem"),
    [
        ("40", ""),
        ("10", ""),
        ("9", "2 rows are 10 pictures already: give 10 or more."),
        ("many", "'many' is not a number of pictures: give up to 1000."),
        ("", "'Nothing' is not a number of pictures: give up to 1000."),
        ("1001", "'1001' is not a number of pictures: give up to 1000."),
        ("1" * 5000, f"'{'1' * 12}...{'1' * 13}' is not a number of pictures: give up to 1000."),
    ],
)
def test_the_pictures_it_may_come_to_are_enough_for_the_first_rows(most, problem):
    assert shown_rows(replace(STEPS, most=most))[1] == problem
    assert (trouble(replace(STEPS, most=most), VALUES) == "") == (problem == "")


def test_step_by_step_only_the_first_rows_are_sure_and_the_rest_is_said_as_what_it_is():
    made = making(STEPS, lambda _configs: 2.0)
    forecast = forecast_words(STEPS, made, "")
    assert (made.images, made.later) == (10, 30)
    assert forecast.total.startswith("10 images · about ")
    assert "Then up to 30 more, only those that tell most, about " in forecast.basis
    assert (forecast.outline.rows, forecast.outline.later, len(forecast.outline.guesses)) == (2, 2, 3)
    assert check_head(made)[0] == "Start with 2 rows, then only what tells most"


def test_several_machines_share_the_rows_and_are_told():
    alone = making(STEPS, lambda _configs: 2.0)
    together = making(STEPS, lambda _configs: 1.0, shared=2, machines=2)
    assert together.total(0) == alone.total(0) / 2
    assert forecast_words(STEPS, together, "").total.endswith(" on 2 machines")
    # Two rows are no work for three machines.
    assert making(STEPS, lambda _configs: 2.0, machines=3).total(0) == together.total(0)


def test_a_budget_of_the_first_rows_leaves_nothing_for_later():
    made = making(replace(STEPS, most="10"), lambda _configs: None)
    forecast = forecast_words(STEPS, made, "")
    assert (made.later, forecast.outline.later, forecast.outline.guesses) == (0, 0, ())
    assert "more" not in forecast.total


def test_a_plan_with_a_workflow_is_warned_of_where_the_engine_runs_none():
    use = WorkflowUse(file="/w/Garden.json", found={"txt2img.steps": 20})
    draft = replace(STEPS, base=replace(STEPS.base, workflow=use))
    made = making(draft, lambda _configs: None)
    told = "“Garden” is a workflow of ComfyUI, which Forge cannot run."
    for kind in ("webui", "comfyui"):
        found = Capabilities(kind=kind, name="Forge", loaded_checkpoint="ink", stages=("txt2img",))
        warned = any(words.startswith(told) for words in warnings(draft, made, found, sketch=False))
        assert warned == (kind == "webui")


def test_a_plan_without_a_checkpoint_is_warned_of_where_none_is_ever_loaded():
    made = making(STEPS, lambda _configs: None)
    several = Capabilities(
        kind="comfyui", name="ComfyUI", names_checkpoints=True, checkpoints=("ink", "oil"), stages=("txt2img",)
    )
    first, *_ = warnings(STEPS, made, several, sketch=False)
    assert first == "Checkpoint: choose one. ComfyUI keeps none loaded that could be meant. It has ink, oil."
    for other in (replace(several, loaded_checkpoint="ink"), replace(several, names_checkpoints=False)):
        assert first not in warnings(STEPS, made, other, sketch=False)
