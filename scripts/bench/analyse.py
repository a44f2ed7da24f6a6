"""What the insight costs: the largest sweep the limit speaks of, beside plain means in the same run.

    python scripts/bench/analyse.py [--repeat 20]

Prints one JSON object; the exit code is 1 when 12 values x 20 rows take longer than 0.1 s, or a hundred runs of one
question longer than 1 s. Times are medians of
processor time, on one core of this machine; the ratio to the plain means is what can be compared.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from msgspec.structs import replace

from stablenew_tk.domain.insights.analysis import analyse
from stablenew_tk.domain.insights.model.rated_images import RatedImage

LIMIT_S = 0.1
RUNS, RUNS_LIMIT_S = 100, 1.0


def sweep(values: int, rows: int, again: int = 0, prompts: int = 1) -> list[RatedImage]:
    """Ratings of a whole plan in the order given, every `again`-th picture shown twice; `prompts` take turns."""
    dice = random.Random(7)
    found: list[RatedImage] = []
    for row in range(rows):
        luck = dice.gauss(0, 0.6)
        for value in range(values):
            felt = 3 + luck + dice.gauss(0, 0.8) - 4 * (value / values - 0.6) ** 2
            stars = float(min(5, max(1, round(felt))))
            image = RatedImage(float(value), row, stars, f"{row}-{value}", row % prompts, len(found))
            found += [image] * (2 if again and len(found) % again == 0 else 1)
    return found


def means(ratings: Sequence[RatedImage]) -> dict[float | str, float]:
    """What a spreadsheet would do."""
    groups: dict[float | str, list[float]] = {}
    for rating in ratings:
        groups.setdefault(rating.value, []).append(rating.stars)
    return {value: fmean(stars) for value, stars in groups.items()}


def runs(values: int, rows: int, prompts: int, taken: int) -> list[RatedImage]:
    """Ratings of a hundred plans of one question, each with the next `taken` of these prompts in turn."""
    return [
        replace(one, image=f"{plan}-{one.image}", plan=plan, prompt=(plan * taken + one.row % taken) % prompts)
        for plan in range(RUNS)
        for one in sweep(values, rows, again=10)
    ]


def seconds(work: Callable[[], object], repeat: int) -> float:
    """Median processor time of one call; short calls are timed in bunches, the clock is too coarse for one."""
    taken = []
    for _ in range(repeat):
        calls, began = 0, time.process_time()
        while time.process_time() - began < 0.005:
            work()
            calls += 1
        taken.append((time.process_time() - began) / calls)
    return median(taken)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=20)
    repeat = parser.parse_args().repeat
    report: dict[str, object] = {}
    worst = 0.0
    for name, ratings, ordered in (
        ("5 x 3", sweep(5, 3), True),
        ("12 x 20", sweep(12, 20), True),
        ("12 x 20 categories", sweep(12, 20), False),
        ("12 x 20 on 3 prompts", sweep(12, 20, prompts=3), True),
        ("12 x 20, every tenth shown twice", sweep(12, 20, again=10), True),
    ):
        ours = seconds(lambda r=ratings, o=ordered: analyse(r, ordered=o), repeat)  # type: ignore[misc]
        plain = seconds(lambda r=ratings: means(r), repeat)  # type: ignore[misc]
        worst = max(worst, ours)
        report[name] = {
            "ms": round(1000 * ours, 1),
            "of_limit": round(ours / LIMIT_S, 3),
            "times_plain_means": round(ours / plain),
        }
    slowest = 0.0
    for name, several in (
        ("100 runs, one prompt", runs(5, 3, 1, 1)),
        ("100 runs, 3 of 12 prompts each", runs(5, 3, 12, 3)),
        ("100 runs, 300 prompts", runs(5, 3, 300, 3)),
    ):
        ours = seconds(lambda r=several: analyse(r, ordered=True, own=0), min(repeat, 3))  # type: ignore[misc]
        slowest = max(slowest, ours)
        report[name] = {"ms": round(1000 * ours), "of_limit": round(ours / RUNS_LIMIT_S, 3)}
    holds = worst <= LIMIT_S and slowest <= RUNS_LIMIT_S
    report |= {"limit_s": LIMIT_S, "runs_limit_s": RUNS_LIMIT_S, "holds": holds}
    print(json.dumps(report, indent=1))
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
