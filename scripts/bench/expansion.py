"""How long 1,000 variants of a prompt with wildcard files of 100,000 lines take, and how long `dynamicprompts` needs.

That library (MIT) is what most wildcard files were written for. The app does not use it; only this script does:

    .venv/bin/python -m pip install -e ".[bench]"
    .venv/bin/python scripts/bench/expansion.py [repeats]

Both read the same files, make the same prompt and run in turn in one process, each with a seed of its own per round.
Reading the files is not counted: both keep them in memory. All times are CPU times, and the least of all rounds counts
for both: the others tell what else the machine had to do.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

LINES = 100_000
VARIANTS = 1000
FILES = ("mood", "place", "people/clothes")
TEMPLATE = (
    "a __mood__ portrait in __place__, {oil|ink|{soft|hard} pencil}, wearing __people/clothes__, "
    "{2$$ and $$gold|silver|copper|glass} light, (sharp:1.1)"
)
MOST_MS = 50
LEAST_RATIO = 5


def write_files(folder: Path) -> None:
    for name in FILES:
        path = folder / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        last = name.rpartition("/")[2]
        path.write_text("\n".join(f"{last} number {line} of many" for line in range(LINES)), "utf-8")


def ours(folder: Path):
    """What makes variants for a seed, with the files read."""
    from stablenew_tk.domain.prompts.pack import PackPrompt
    from stablenew_tk.domain.prompts.randomizer import expand
    from stablenew_tk.domain.prompts.settings import Randomizer
    from stablenew_tk.storage.packs.wildcards import load_wildcards

    wildcards, problems = load_wildcards([folder])
    assert not problems, problems
    prompt = PackPrompt("bench", "bench", TEMPLATE, "", 1)

    def make(seed: int) -> list[str]:
        expansion = expand([prompt], Randomizer(), wildcards, limit=VARIANTS, seed=seed)
        assert not expansion.errors, expansion.errors
        return [variant.prompt for variant in expansion.variants]

    return make


def theirs(folder: Path):
    """The same with the library."""
    try:
        from dynamicprompts.generators import RandomPromptGenerator
        from dynamicprompts.wildcards import WildcardManager
    except ImportError:
        raise SystemExit('The library to compare with is not there: pip install -e ".[bench]"') from None
    manager = WildcardManager(folder)

    def make(seed: int) -> list[str]:
        return RandomPromptGenerator(wildcard_manager=manager, seed=seed).generate(TEMPLATE, VARIANTS)

    return make


def main() -> int:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        makers = {"ours": ours(folder), "dynamicprompts": theirs(folder)}
        taken: dict[str, list[float]] = {kind: [] for kind in makers}
        for kind, make in makers.items():
            # The first time both read or look through their files.
            assert len(make(0)) == VARIANTS, kind
        for seed in range(1, repeats + 1):
            for kind, make in makers.items():
                began = time.process_time()
                made = make(seed)
                taken[kind].append((time.process_time() - began) * 1000)
                assert len(made) == VARIANTS, kind
                assert "__" not in "".join(made), kind
    for kind, times in taken.items():
        print(f"{kind:15} {min(times):9.1f} ms   (half of the rounds up to {statistics.median(times):.1f})")
    mine, other = min(taken["ours"]), min(taken["dynamicprompts"])
    print(f"{VARIANTS:,} variants from files of {LINES:,} lines: {other / mine:.1f} times as fast as dynamicprompts")
    fast, faster = mine <= MOST_MS, other / mine >= LEAST_RATIO
    print(f"at most {MOST_MS} ms: {'yes' if fast else 'NO'}; at least {LEAST_RATIO} times: {'yes' if faster else 'NO'}")
    return 0 if fast and faster else 1


if __name__ == "__main__":
    sys.exit(main())
