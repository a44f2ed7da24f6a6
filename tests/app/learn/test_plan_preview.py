"""Seeds of a plan that is being written: what may be typed, how many rows they need, what is said about them."""

from __future__ import annotations

import pytest

from stablenew_tk.app.learn.plan_preview import seed_words, typed_seeds, with_seeds
from stablenew_tk.domain.config.origins import MAX_SEED
from stablenew_tk.domain.experiments.plan_draft import PlanDraft
from stablenew_tk.domain.runs.plan import PlanPrompt

ONE = PlanDraft(prompts=(PlanPrompt("lamp", "a lamp"),), each="3")
TWO = PlanDraft(prompts=(PlanPrompt("lamp", "a lamp"), PlanPrompt("tram", "a tram")), each="4")


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
    ],
)
def test_it_is_said_how_many_seeds_are_drawn_and_how_rows_are_shared(draft, rows, words):
    assert seed_words(draft, rows) == words
