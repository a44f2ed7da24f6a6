"""Applies the settings of a prompt pack (fixed seed, seeds per variant, global texts) to a run request."""

from __future__ import annotations

from msgspec.structs import replace

from ..config.origins import RANDOM_SEED
from ..prompts.settings import PackSettings
from ..prompts.variant import Expansion
from .job import RunRequest


def of_pack(request: RunRequest, made: Expansion, settings: PackSettings) -> RunRequest:
    """The request with these variants, and with seeds and global texts as the settings of the pack say.

    A seed in the request takes precedence over the fixed seed of the pack.
    """
    randomizer = settings.randomizer
    fixed = randomizer.seeds == "fixed" and request.seed == RANDOM_SEED
    return replace(
        request,
        variants=made.variants,
        mode=made.mode,
        count=made.count,
        seed=randomizer.fixed_seed if fixed else request.seed,
        own_seeds=randomizer.seeds == "per_variant",
        globals=request.globals.for_pack(positive=settings.positive, negative=settings.negative),
    )
