"""How often the verdicts are right, in worlds where the truth is known.

    python scripts/bench/verdicts.py [--runs 200] [--seed 1] [--look-to 45]

Five values; quality = value + luck of the seed (variance .35) + seed x value (.35) + rater (.30), rounded to whole
stars, clipped to 1-5, centred at 3; also with all three scaled so that a rating's sd is 0.6 or 1.4 instead of 1.0,
which the model is not told. "random": unordered effects scaled to the spread; "smooth": one peak (a parabola)
between 0.1 and 0.9 of an ordered axis.
Prints one line per world and the limits; the exit code is 1 if a limit is broken. 200 runs take the better part of an
hour.

Three ways to spend pictures: fixed 5 x 3 and 5 x 6, and asked: two whole rows, then the three pictures that `next`
names, until 15 or 30 are rated; the asked ones go on to --look-to pictures, and every "settled" and "best" on the way
counts when it is first said.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stablenew_tk.domain.insights.analysis import Insight, RatedImage, analyse

VALUES = 5
ROWS = 40
LIMITED_RUNS = 4
QUARTER = 0.25


@dataclass
class World:
    """One truth: what every value is worth, and dice for all that hides it."""

    kind: str
    spread: float
    noise: float
    dice: random.Random
    effects: list[float] = field(init=False)
    felt: list[list[float]] = field(init=False)

    def __post_init__(self) -> None:
        if self.kind == "smooth":
            peak = 0.1 + 0.8 * self.dice.random()
            raw = [-((v / (VALUES - 1) - peak) ** 2) for v in range(VALUES)]
        else:
            raw = [self.dice.gauss(0, 1) for _ in range(VALUES)]
        scale = self.spread / (max(raw) - min(raw))
        middle = sum(raw) / VALUES
        self.effects = [scale * (r - middle) for r in raw]
        # All pictures there could be, thrown at once: every design looks at the same ones.
        self.felt = [self.throw() for _ in range(ROWS)]

    def throw(self) -> list[float]:
        """What a row feels like before it is rounded to stars."""
        luck = self.dice.gauss(0, 0.35**0.5)
        wobble = [luck + self.dice.gauss(0, 0.35**0.5) + self.dice.gauss(0, 0.30**0.5) for _ in range(VALUES)]
        return [3 + effect + self.noise * w for effect, w in zip(self.effects, wobble, strict=True)]

    def rate(self, value: int, row: int) -> RatedImage:
        """Make a picture and rate it."""
        return RatedImage(float(value), row, float(min(5, max(1, round(self.felt[row][value])))))

    def judge(self, ratings: list[RatedImage]) -> Insight:
        return analyse(ratings, ordered=self.kind == "smooth")

    def lost(self, insight: Insight) -> float:
        """Stars given away by following the insight."""
        return max(self.effects) - self.effects[int(choice(insight))]


def choice(insight: Insight) -> float:
    """The value a user would take."""
    value = insight.verdict.value
    return float(max(insight.values, key=lambda v: v.p_within_quarter).value if value is None else value)


def rows(world: World, count: int) -> list[RatedImage]:
    return [world.rate(value, row) for row in range(count) for value in range(VALUES)]


def asked(world: World, ratings: list[RatedImage], until: int) -> Insight:
    """Rate what the insight asks for until there are `until` ratings; `ratings` grows."""
    insight = world.judge(ratings)
    while len(ratings) < until:
        ratings += [world.rate(int(cell.value), cell.row) for cell in insight.next[: until - len(ratings)]]
        insight = world.judge(ratings)
    return insight


def one_run(world: World, counts: Counter[str], look_to: int) -> None:
    """Add one run of every design to `counts`."""
    counts["runs"] += 1
    note(world, counts, "fixed 15", world.judge(rows(world, 3)))
    note(world, counts, "fixed 30", world.judge(rows(world, 6)))
    ratings, said = rows(world, 2), set[str]()
    for until in [10, 13, 15, *range(18, look_to + 1, 3)]:
        insight = asked(world, ratings, until)
        if until in (15, 30):
            note(world, counts, f"asked {until}", insight)
        state = insight.verdict.state
        if state in ("settled", "best", "no_difference") and state not in said:
            said.add(state)
            counts[state] += 1
            counts[f"{state} right"] += right(world, insight)
            counts[f"{state} after"] += until


def note(world: World, counts: Counter[str], name: str, insight: Insight) -> None:
    """Count what one design came to."""
    counts[f"{name} worse"] += world.lost(insight) > QUARTER + 1e-9
    state = insight.verdict.state
    counts[f"{name} {state}"] += 1
    counts[f"{name} {state} right"] += right(world, insight)


def right(world: World, insight: Insight) -> bool:
    """Whether what the verdict says is true; "best" in a world of equals never is."""
    state = insight.verdict.state
    if state == "no_difference":
        return max(world.effects) - min(world.effects) < 0.5 + 1e-9
    return world.lost(insight) <= (0 if state == "best" else QUARTER + 1e-9) and not (
        state == "best" and world.spread == 0
    )


def share(counts: Counter[str], part: str, whole: int) -> str:
    return f"{100 * counts[part] / whole:3.0f} %" if whole else "   --"


def row_of(world: str, counts: Counter[str], runs: int) -> str:
    """One line of the table."""
    worse = " ".join(share(counts, f"{way} worse", runs) for way in WAYS)
    settled = [counts[f"{way} settled"] for way in WAYS] + [counts["settled"]]
    truths = [share(counts, f"{way} settled right", n) for way, n in zip(WAYS, settled, strict=False)]
    truths.append(share(counts, "settled right", counts["settled"]))
    claims = " ".join(f"{100 * n / runs:3.0f}:{truth}" for n, truth in zip(settled, truths, strict=True))
    after = counts["settled after"] / counts["settled"] if counts["settled"] else 0
    best = f"{100 * counts['best'] / runs:4.1f}:{share(counts, 'best right', counts['best'])}"
    level = (
        f"{100 * counts['no_difference'] / runs:3.0f}:{share(counts, 'no_difference right', counts['no_difference'])}"
    )
    return f"{world:18} | {worse} | {claims} | {after:4.0f} | {best} | {level}"


def broken(results: dict[tuple[str, float, float], Counter[str]]) -> list[str]:
    """The limits that do not hold, as sentences.

    Fixed 5 x 3 of categories is shown and not judged: of complete rows no estimate orders the values otherwise than
    their plain means do, and those miss in 30 %. Asking for the right pictures is what brings it below 28 %.
    """
    found: list[str] = []
    for (kind, spread, noise), counts in results.items():
        name, runs = f"{kind} {spread:g}, noise {noise:g}", counts["runs"]
        if spread == 1.0 and noise == 1.0:
            judged = WAYS if kind == "smooth" else WAYS[1:]
            for way in judged:
                worse, limit = counts[f"{way} worse"] / runs, LIMITS[kind]["30" in way]
                if worse > limit:
                    found.append(f"{name}, {way}: more than 1/4 star worse in {worse:.1%}, limit {limit:.0%}")
        claims = sum(counts[f"{way} settled"] for way in WAYS) + counts["settled"]
        truths = sum(counts[f"{way} settled right"] for way in WAYS) + counts["settled right"]
        if claims and truths / claims < 0.84:
            found.append(f"{name}: “settled” is right in {truths / claims:.0%} of {claims} claims, limit 84 %")
        if spread == 0 and max(counts[f"{way} best"] for way in WAYS) / runs > 0.03:
            found.append(f"{name}: “best” is named among equals in more than 3 %")
        if spread == 0 and counts["best"] / runs > 0.03:
            found.append(f"{name}: “best” is named among equals in {counts['best'] / runs:.1%} of long runs, limit 3 %")
    return found


WAYS = ("fixed 15", "asked 15", "fixed 30", "asked 30")
LIMITS = {"random": (0.28, 0.22), "smooth": (0.16, 0.09)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--look-to", type=int, default=45)
    parser.add_argument("--noises", default="1.0,0.6,1.4")
    parser.add_argument("--spreads", default="0,0.5,1.0,1.5")
    given = parser.parse_args()
    print(
        "world              | > 1/4 star worse    | settled: said:right, fixed 15, asked 15, fixed 30, asked 30, ever"
    )
    print(
        "                   |  f15  a15  f30  a30 | mean pictures when first settled | best ever | no difference ever"
    )
    results: dict[tuple[str, float, float], Counter[str]] = {}
    for noise in map(float, given.noises.split(",")):
        for kind in LIMITS:
            for spread in map(float, given.spreads.split(",")):
                counts: Counter[str] = Counter()
                # The limits on misses hold for these worlds; a share of 200 runs alone still has 3 % of luck in it.
                limited = spread == noise == 1.0
                for run in range(given.runs * LIMITED_RUNS if limited else given.runs):
                    dice = random.Random(f"{given.seed} {kind} {spread} {noise} {run}")
                    one_run(World(kind, spread, noise, dice), counts, given.look_to)
                results[kind, spread, noise] = counts
                print(row_of(f"{kind} {spread:g} noise {noise:g}", counts, counts["runs"]), flush=True)
    faults = broken(results)
    print("\n".join(faults) if faults else "All limits hold.")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
