"""How much of the noise a schedule has taken away after some of its steps.

ComfyUI changes words at a share of the noise, a WebUI after a count of steps. For most schedules the one follows from
the other; Karras and Exponential spread their steps unevenly over the noise levels of Stable Diffusion.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import cache

_LEVELS = 1000
_FIRST_BETA, _LAST_BETA = 0.00085, 0.012
_RHO = 7.0
# Their steps are evenly spread over the noise levels.
_EVEN = {"normal", "simple", "sgm_uniform", "ddim_uniform"}
_COMPUTED = {"karras", "exponential"}


def follows_steps(scheduler: str) -> bool:
    """Whether the share of the noise after a step of this schedule is known."""
    return scheduler in _EVEN | _COMPUTED


def share_of_noise(step: int, total: int, scheduler: str) -> float:
    """The share of the noise that is gone after `step` of `total` steps, 0 to 1, for Stable Diffusion."""
    if scheduler not in _COMPUTED or not 0 < step < total:
        return step / total
    # Between the levels of two steps, so that rounding cannot move the change by a step.
    before, after = (_log_level(nth, total, scheduler) for nth in (step - 1, step))
    return 1.0 - _place((before + after) / 2) / (_LEVELS - 1)


def _log_level(nth: int, total: int, scheduler: str) -> float:
    """The logarithm of the noise level at which step `nth`, counted from 0, begins."""
    low, high = _log_levels()[0], _log_levels()[-1]
    done = nth / (total - 1)
    if scheduler == "exponential":
        return high + done * (low - high)
    first, last = math.exp(high / _RHO), math.exp(low / _RHO)
    return _RHO * math.log(first + done * (last - first))


@cache
def _log_levels() -> tuple[float, ...]:
    levels: list[float] = []
    kept = 1.0
    first, last = math.sqrt(_FIRST_BETA), math.sqrt(_LAST_BETA)
    for nth in range(_LEVELS):
        kept *= 1.0 - (first + (last - first) * nth / (_LEVELS - 1)) ** 2
        levels.append(0.5 * math.log((1.0 - kept) / kept))
    return tuple(levels)


def _place(log_level: float) -> float:
    """Where a noise level stands among those of Stable Diffusion, 0 to 999."""
    levels = _log_levels()
    above = min(max(bisect_left(levels, log_level), 1), _LEVELS - 1)
    low, high = levels[above - 1], levels[above]
    return above - 1 + (log_level - low) / (high - low)
