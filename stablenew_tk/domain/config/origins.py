"""Where a value of the configuration comes from, and the limits of a seed."""

from __future__ import annotations

from typing import Literal

MAX_SEED = 2**64 - 1  # that a picture can have; what an engine takes is told by `engines.most_seed`
SHORT_SEED = 2**32 - 1  # that every engine takes, so those drawn here go no further

RANDOM_SEED = -1
MOST_SEEDS = 1000  # per prompt of one run

# Who won a field: the user, the pack's own settings, the last run, a preset, what was learned here, the checkpoint's
# profile, its style, or the engine's default.
Origin = Literal["user", "pack", "last_run", "preset", "learned", "profile", "style", "engine"]


def seed_after(first: int, count: int) -> int:
    """The seed `count` places after the first one. One that every engine takes is followed by such seeds only."""
    return (first + count) % ((SHORT_SEED if first <= SHORT_SEED else MAX_SEED) + 1)
