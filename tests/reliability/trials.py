"""All trials with the sizes of the long form."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from random import Random

from reliability import inputs
from reliability.failures import failures
from reliability.model import machine
from reliability.outcome import Outcome, Trial
from reliability.power_cuts import power_cuts
from reliability.recipes import recipes
from reliability.rot import rots, snapshots
from reliability.servers import servers

SCRIPTS = Path(__file__).parents[2] / "scripts"


@cache
def script(name: str):
    """A module of `scripts/`."""
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kills(dice: Random, folder: Path, count: int) -> Outcome:
    """Four programs that write to one journal, killed at chance moments."""
    found = script("crash_journal").crash(folder, kills=count, writers=4, seed=dice.randrange(1 << 31))
    outcome = Outcome(tries=found["kills"], faults=found["kills"], lost=found["lost"], wrong=found["gaps"])
    outcome.uncaught = found["ended_by_itself"]
    if not outcome.is_good or found["damaged"] > found["kills"]:
        outcome.note(str(found))
    return outcome


TRIALS = (
    Trial("killed writers", kills, 1_000, 50),
    Trial("n-th failure of every file operation", failures, 3_000, 3_000),
    Trial("power cuts", power_cuts, 10_000, 500),
    Trial("rotten journals", rots, 100_000, 5_000),
    Trial("rotten snapshots", snapshots, 20_000, 2_000),
    Trial("sidecars and headers", inputs.sidecars, 100_000, 20_000),
    Trial("pictures", inputs.images, 100_000, 10_000),
    Trial("texts of pictures and workflows", recipes, 100_000, 5_000),
    Trial("packs", inputs.packs, 20_000, 4_000),
    Trial("settings of packs", inputs.pack_settings, 20_000, 5_000),
    Trial("wildcards", inputs.wildcards, 20_000, 5_000),
    Trial("settings", inputs.settings, 20_000, 4_000),
    Trial("waiting jobs", inputs.waiting, 20_000, 5_000),
    Trial("plan files", inputs.plans, 20_000, 10_000),
    Trial("journal lines", inputs.journal_lines, 20_000, 4_000),
    Trial("names of files", inputs.names, 50_000, 25_000),
    Trial("servers that fail, stopped by chance", servers, 5_000, 50),
    Trial("app and journal against a model", machine, 20_000, 50),
)
