"""The short form of scripts/reliability.py: every kind of attack once, with few tries."""

from __future__ import annotations

import random
import warnings

import pytest

from reliability.trials import TRIALS

# Tries of each; those that are not named are dear and have tests of their own, or make a process of their own.
FEW = {
    "n-th failure of every file operation": 120,
    "power cuts": 60,
    "rotten journals": 300,
    "rotten snapshots": 60,
    "sidecars and headers": 200,
    "pictures": 150,
    "texts of pictures and workflows": 100,
    "packs": 60,
    "settings of packs": 60,
    "wildcards": 60,
    "settings": 60,
    "waiting jobs": 60,
    "plan files": 100,
    "journal lines": 60,
    "names of files": 1_000,
    "servers that fail, stopped by chance": 6,
    "app and journal against a model": 4,
}
# The seed is fixed, so that a test fails always or never; the long form takes others every time.
SEED = 20_260


@pytest.mark.parametrize("trial", [trial for trial in TRIALS if trial.name in FEW], ids=lambda trial: trial.name)
def test_nothing_is_lost_nothing_false_is_said_and_everything_ends(trial, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the picture library, about broken files
        found = trial.batch(random.Random(SEED), tmp_path, FEW[trial.name])
    assert found.tries > 0
    assert found.is_good, "\n".join(found.notes)
