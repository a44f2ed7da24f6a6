"""How many looks a difference of a quarter star takes, with stars and with votes on pairs.

    python scripts/bench/pairs.py [--runs 300] [--seed 1]

Two values, the first a quarter star better. A picture = middle + value + luck of the seed (variance .35) + seed x value
(.35); stars add the rater (.30), are rounded and end at 5. A vote sees both pictures of a seed: its rater's noise is as
large as that of two ratings (`steady` 1), or a quarter of that variance (0.25: side by side small differences show),
and less than a quarter star is "no difference". A look is one picture with stars, or one pair.

Prints for each world the share of runs in which the posterior holds the right value for the better one, and that in
which it is 90 % sure of it, by the number of looks; then the looks at which 80 % of the runs are right.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stablenew_tk.domain.insights.model.pair_model import Vote, fit_with_votes
from stablenew_tk.domain.insights.model.posterior import Observation, Posterior, draws, fit
from stablenew_tk.domain.insights.model.value_priors import effect_shapes

LOOKS = (8, 16, 32, 64, 128, 256)
BETTER, UNSEEN = 0.25, 0.25
SHAPES = effect_shapes(None, 2)


@dataclass(frozen=True)
class World:
    """Where the pictures lie on the scale, and how steady somebody compares."""

    name: str
    middle: float
    steady: float


WORLDS = (
    World("middle of the scale, votes as unsteady as stars", 3.0, 1.0),
    World("middle of the scale, votes steadier", 3.0, 0.25),
    World("nearly all five stars, votes as unsteady as stars", 5.4, 1.0),
    World("nearly all five stars, votes steadier", 5.4, 0.25),
)


def row(world: World, dice: random.Random) -> tuple[float, float]:
    """What the two pictures of a seed are worth."""
    luck = world.middle + dice.gauss(0, 0.35**0.5)
    return luck + BETTER + dice.gauss(0, 0.35**0.5), luck + dice.gauss(0, 0.35**0.5)


def by_stars(world: World, looks: int, dice: random.Random) -> Posterior:
    """Half as many seeds as looks, both pictures rated."""
    pictures = [
        Observation(value, seed, float(min(5, max(1, round(felt + dice.gauss(0, 0.30**0.5))))))
        for seed in range(looks // 2)
        for value, felt in enumerate(row(world, dice))
    ]
    return fit(pictures, SHAPES)


def by_votes(world: World, looks: int, dice: random.Random) -> Posterior:
    """As many seeds as looks, each compared once; of the stars nothing is known but one."""
    votes = []
    for _ in range(looks):
        one, other = row(world, dice)
        apart = one - other + dice.gauss(0, (2 * 0.30 * world.steady) ** 0.5)
        votes.append(Vote(0, 1, 0 if abs(apart) < UNSEEN else 1 if apart > 0 else -1))
    return fit_with_votes([Observation(0, 0, 4.0)], SHAPES, None, votes)


def sure(posterior: Posterior) -> float:
    """Probability that the first value is better, if there is a difference."""
    sample = list(draws(posterior.possibilities, 400, 1))
    return sum(first > second for first, second in sample) / len(sample)


def shares(
    make: Callable[[World, int, random.Random], Posterior], world: World, looks: int, runs: Sequence[str]
) -> tuple[float, float]:
    """Shares of the runs that are right, and that are right and 90 % sure."""
    found = [sure(make(world, looks, random.Random(f"{run} {world.name} {looks}"))) for run in runs]
    return sum(one > 0.5 for one in found) / len(found), sum(one >= 0.9 for one in found) / len(found)


def looks_for(goal: float, right: Sequence[float]) -> str:
    """Looks at which this share is reached, between the numbers that were tried."""
    for nth, share in enumerate(right):
        if share >= goal:
            if not nth:
                return f"<= {LOOKS[0]}"
            before = right[nth - 1]
            part = (goal - before) / (share - before)
            return f"{LOOKS[nth - 1] * (LOOKS[nth] / LOOKS[nth - 1]) ** part:.0f}"
    return f"> {LOOKS[-1]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    runs = [f"{given.seed} {run}" for run in range(given.runs)]
    print(f"{'right / 90 % sure and right, in %, after looks':60}" + "".join(f"{looks:>9}" for looks in LOOKS))
    for world in WORLDS:
        for name, make in (("stars", by_stars), ("pairs", by_votes)):
            found = [shares(make, world, looks, runs) for looks in LOOKS]
            cells = "".join(f"{100 * right:5.0f}/{100 * clear:3.0f}" for right, clear in found)
            right, clear = ([each[part] for each in found] for part in (0, 1))
            said = f"80 % right at {looks_for(0.8, right)} looks, half of the runs 90 % sure at {looks_for(0.5, clear)}"
            print(f"{world.name + ': ' + name:60}{cells}   {said}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
