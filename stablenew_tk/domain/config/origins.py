"""Where a value of the configuration comes from, and the limits of a seed."""

from __future__ import annotations

from typing import Literal

MAX_SEED = 2**32 - 1

RANDOM_SEED = -1
MOST_SEEDS = 1000  # that one prompt can be given in one run

MOST_SEEDS = 1000  # per prompt of one run

# Who won a field: the user, the pack's own settings, the last run, a preset, what was learned here, the checkpoint's
# profile, its style, or the engine's default.
Origin = Literal["user", "pack", "last_run", "preset", "learned", "profile", "style", "engine"]
