"""A short soak: the window is used at random, with theme, size and page changing while a run goes on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Behind the tests: its module reliability would hide their room of this name.
sys.path.append(str(Path(__file__).resolve().parents[2] / "scripts"))

from soak import soak

EVENTS = 250


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_done_at_random_makes_an_error(tmp_path, seed):
    found, _ = soak(tmp_path, events=EVENTS, seed=seed)
    assert not found.errors
