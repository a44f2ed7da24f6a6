"""How often the hints from everyday runs are false, in worlds where the truth is known.

    python scripts/bench/hints.py [--runs 300] [--jobs 2] [--seed 1] [--only "one real"]

A world is one pack with 6 prompts, made with a randomizer: slots and a wildcard with several values each, and settings
that were changed between the runs. A rating = 3 + luck of the prompt + effects of the choices + noise (sd 1), rounded
to whole stars and clipped to 1-5. `real` choices have an effect of `stars`, all others have none.

A hint is false when the slot or setting that it is about has no effect at all, and astray when it has one but not this
value of it (something of light = neon is said to be wrong with light = fog). Printed for every world: hints in a run,
the share of runs with a false or stray hint, the share of such hints among all hints of all runs (with 0 for a run
without hints: the false-discovery rate), the number of them that the hints themselves expect, and the share of the real
choices that are found. Beside them the same for a rule that looks at each 90 % range alone.
Exit code 1 when the rate is above what is promised, by more than the luck of so many runs.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stablenew_tk.domain.config.catalogue import Value, with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.insights.association import QUARTER, Association, associations
from stablenew_tk.domain.insights.hint_question import expected_false
from stablenew_tk.domain.insights.model.discovery import FALSE_RATE
from stablenew_tk.domain.journal.record import BackendInfo, LearningRecord
from stablenew_tk.domain.runs.job import LearningTag, RandomizerChoice

PROMPTS = 6
SLOTS: dict[str, int] = {"light": 4, "weather": 3, "place": 6, "__artists__": 10, "{calm|busy}": 2}
SETTINGS: dict[str, tuple[Value, ...]] = {
    "txt2img.sampler": ("Euler a", "Heun", "DPM++ 2M"),
    "txt2img.cfg_scale": (4.0, 5.5, 7.0, 8.5),
    "txt2img.steps": (20, 28, 36),
    "clip_skip": (1, 2),
}
EVEN = 1e-9


@dataclass(frozen=True)
class World:
    """`real` slots or settings have one value that is `stars` better or worse than the rest, in `pictures` pictures."""

    name: str
    real: tuple[str, ...] = ()
    stars: float = 1.0
    pictures: int = 200


ONE, THREE = ("light",), ("light", "__artists__", "txt2img.sampler")
WORLDS = (
    World("nothing real", pictures=200),
    World("nothing real, 600", pictures=600),
    World("one real, 100", ONE, pictures=100),
    World("one real, 200", ONE),
    World("one real, 600", ONE, pictures=600),
    World("one real, half a star, 200", ONE, 0.5),
    World("one real, half a star, 600", ONE, 0.5, 600),
    World("three real, 200", THREE),
    World("three real, 600", THREE, pictures=600),
    World("three real, half a star, 600", THREE, 0.5, 600),
)


@dataclass(frozen=True)
class Said:
    """What was said in one run: hints, those about nothing real, those about another value of something real, the
    number of false ones that the hints expect, and the share of the real choices that were named.
    """

    hints: int
    false: int
    astray: int
    expected: float
    found: float

    @property
    def rate(self) -> float:
        """The share of false hints, 0 without hints."""
        return (self.false + self.astray) / max(1, self.hints)


def pictures_of(world: World, luck: random.Random) -> list[tuple[LearningRecord, int]]:
    """The rated pictures of one run."""
    liked = [luck.gauss(0, 0.5) for _ in range(PROMPTS)]
    effects = {what: world.stars * luck.choice((-1, 1)) for what in world.real}
    rated = []
    for _ in range(world.pictures):
        prompt = luck.randrange(PROMPTS)
        choices = {slot: f"value {luck.randrange(count)}" for slot, count in SLOTS.items()}
        values = {path: luck.choice(every) for path, every in SETTINGS.items()}
        middle = 3 + liked[prompt] + luck.gauss(0, 1)
        for what, effect in effects.items():
            chosen = choices[what] == "value 0" if what in SLOTS else values[what] == SETTINGS[what][0]
            middle += effect * chosen
        record = LearningRecord(
            run_id="R",
            job_id="J",
            pack_id="pack",
            prompt_id=f"p{prompt}",
            prompt="words",
            negative="",
            seed=1,
            stages=("txt2img",),
            config=with_values(PipelineConfig(checkpoint="dream"), values),
            randomizer=RandomizerChoice(mode="random", choices=choices),
            learning=LearningTag(mode="passive"),
            backend=BackendInfo(kind="webui", name="local"),
            status="ok",
        )
        rated.append((record, max(1, min(5, round(middle)))))
    return rated


def said(world: World, hints: Sequence[Association], expected: float) -> Said:
    """Compare hints with the truth."""
    real = {f"[[{what}]]" if what.isalnum() else what: "value 0" for what in world.real if what in SLOTS}
    real |= {what: str(SETTINGS[what][0]) for what in world.real if what in SETTINGS}
    named = [hint for hint in hints if hint.what in real]
    right = [hint for hint in named if hint.value == real[hint.what]]
    found = len({hint.what for hint in right}) / max(1, len(real))
    return Said(len(hints), len(hints) - len(named), len(named) - len(right), expected, found)


def one_run(world: World, seed: int) -> tuple[Said, Said]:
    """What the hints say, and what a look at each range alone would say."""
    found = associations(pictures_of(world, random.Random(seed)))
    alone = [one for one in found if one.has_range and min(-one.low, one.high) < 0 and abs(one.effect) >= QUARTER]
    return said(world, [one for one in found if one.telling], expected_false(found)), said(world, alone, 0.0)


def block(world: World, seeds: Sequence[int]) -> list[tuple[Said, Said]]:
    """Some runs, in one process."""
    return [one_run(world, seed) for seed in seeds]


def line(name: str, runs: Sequence[Said]) -> str:
    """One line of the table."""
    any_false = mean(bool(one.false + one.astray) for one in runs)
    columns = (
        f"{mean(one.hints for one in runs):6.2f}",
        f"{100 * mean(bool(one.false) for one in runs):6.1f}",
        f"{100 * any_false:6.1f}",
        f"{100 * mean(one.rate for one in runs):6.1f}",
        f"{mean(one.false + one.astray for one in runs):6.2f}",
        f"{mean(one.expected for one in runs):6.2f}",
        f"{100 * mean(one.found for one in runs):6.1f}",
    )
    return f"{name:34}" + " ".join(columns)


def main() -> int:
    """Run the worlds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="worlds with this in their name")
    args = parser.parse_args()
    begun, missed = time.monotonic(), []
    print(f"{'':34}{'hints':>6} {'false':>6} {'or str':>6} {'rate %':>6} {'are f.':>6} {'expect':>6} {'found':>6}")
    with ProcessPoolExecutor(args.jobs) as pool:
        for world in WORLDS:
            if args.only not in world.name:
                continue
            seeds = [args.seed * 1_000_000 + n for n in range(args.runs)]
            parts = pool.map(block, [world] * args.jobs, [seeds[n :: args.jobs] for n in range(args.jobs)])
            runs = [one for part in parts for one in part]
            told, alone = [one for one, _ in runs], [other for _, other in runs]
            print(line(world.name, told), line("   each range alone", alone), sep="\n", flush=True)
            rate = mean(one.rate for one in told)
            luck = 2 * stdev(one.rate for one in told) / len(told) ** 0.5 if len(told) > 1 else 1.0
            if rate - luck > FALSE_RATE:
                missed.append(f"{world.name}: {100 * rate:.1f} % of the hints are false, not {100 * FALSE_RATE:.0f} %.")
    print(*missed, f"{time.monotonic() - begun:.0f} s", sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
