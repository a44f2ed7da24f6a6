"""How often the sentence about a drift of the rater is said where there is none, and where there is one.

    python scripts/bench/drift.py [--runs 2000] [--seed 1] [--drift 1.5]

A rating = 3 + effect of the value + luck of the seed + drift from the first row to the last + noise (.7), rounded to
whole stars and clipped to 1-5. Prints one line per world; exit code 1 when, over all worlds without a drift, more than
5 % are told, or in a single one more than luck explains (3 standard errors above 5 %).
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stablenew_tk.domain.insights.analysis import Insight
from stablenew_tk.domain.insights.drift import over_time
from stablenew_tk.domain.insights.tested_values import TestedValue
from stablenew_tk.domain.insights.verdict_text import Verdict
from stablenew_tk.domain.journal.image_facts import ImageFacts
from stablenew_tk.domain.journal.position import BEGINNING
from stablenew_tk.domain.runs.plan import ValueInsight

ROWS, VALUES, SEEDS = (5, 6, 8, 12, 24), (2, 4, 8), (0.0, 0.5, 1.0)
NOISE, MOST = 0.7, 0.05
_VERDICT = Verdict("too_early", None, 0.0)


def picture(row: int, stars: int) -> ImageFacts:
    """A rated picture of a row; the rows were made one after the other."""
    return ImageFacts(
        row=row,
        image_id=f"{row}",
        run_id="",
        run_name="",
        pack_id="",
        checkpoint="",
        stage="",
        rating=stars,
        tags=(),
        note="",
        suspect=False,
        final=True,
        sketch=False,
        ok=True,
        time_ms=row * 1000,
        position=BEGINNING,
        output_index=0,
    )


def is_told(stars: Sequence[Sequence[int]]) -> bool:
    """Whether a drift is told for these ratings by value and row."""
    known = [ValueInsight(value, len(row), mean(row), 1.0, 5.0, 0.5, 0.5) for value, row in enumerate(stars)]
    insight = Insight(True, tuple(known), _VERDICT, (), NOISE, None, 0, None, len(stars[0]), len(stars) * len(stars[0]))
    values = [
        TestedValue(
            variant=value, value=value, cells=(), sound=tuple((row, picture(row, one)) for row, one in enumerate(line))
        )
        for value, line in enumerate(stars)
    ]
    return bool(over_time(values, insight, _VERDICT, earlier=(), name=str))


def world(dice: random.Random, rows: int, values: int, seed_sd: float, drift: float) -> list[list[int]]:
    """Ratings by value and row."""
    luck = [dice.gauss(0, seed_sd) + drift * row / (rows - 1) for row in range(rows)]
    effects = [dice.uniform(-1, 1) for _ in range(values)]
    return [[min(5, max(1, round(3 + one + more + dice.gauss(0, NOISE)))) for more in luck] for one in effects]


def main(arguments: list[str]) -> int:
    """Print a line per world; 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description="How often a drift of the rater is told.")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drift", type=float, default=1.5, help="stars from the first row to the last")
    asked = parser.parse_args(arguments)
    dice, false, worst = random.Random(asked.seed), [], 0.0
    print("rows values seeds  told without a drift  told with one")
    for rows, values, seed_sd in ((r, v, s) for r in ROWS for v in VALUES for s in SEEDS):
        shares = [
            sum(is_told(world(dice, rows, values, seed_sd, drift)) for _ in range(runs)) / runs
            for drift, runs in ((0.0, asked.runs), (asked.drift, max(1, asked.runs // 5)))
        ]
        false.append(shares[0])
        worst = max(worst, shares[0])
        print(f"{rows:4} {values:6} {seed_sd:5}  {shares[0]:20.1%}  {shares[1]:13.1%}", flush=True)
    print(f"without a drift: {mean(false):.1%} on average, {worst:.1%} at worst")
    too_many = MOST + 3 * (MOST * (1 - MOST) / asked.runs) ** 0.5
    return int(mean(false) > MOST or worst > too_many)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
