"""How SD.Next tells sampler and schedule: the sampler that was asked for, and the class that computed the picture.

Where a model does not get on with a sampler, SD.Next takes the model's own instead, or one of another kind (measured
with the version of July 2026: most samplers on a model whose own is Euler). Only the class tells.
"""

from __future__ import annotations

# The classes that models have as their own, and the samplers that each computes, the plainest first.
_COMPUTES = {
    "EulerDiscreteScheduler": ("Euler", "Euler SGM"),
    "EulerAncestralDiscreteScheduler": ("Euler a",),
    "FlowMatchEulerDiscreteScheduler": ("Euler FlowMatch", "Euler"),
    "DPMSolverMultistepScheduler": (
        "DPM++ 2M",
        "DPM++",
        "DPM++ 3M",
        "DPM++ SDE",
        "DPM++ 2M SDE",
        "DPM++ 3M SDE",
    ),
    "UniPCMultistepScheduler": ("UniPC",),
    "DEISMultistepScheduler": ("DEIS",),
    "HeunDiscreteScheduler": ("Heun",),
    "LMSDiscreteScheduler": ("LMSD",),
    "DDIMScheduler": ("DDIM",),
    "DDPMScheduler": ("DDPM",),
    "PNDMScheduler": ("PNDM",),
    "LCMScheduler": ("LCM",),
    "TCDScheduler": ("TCD",),
}
_KNOWN = {sampler for samplers in _COMPUTES.values() for sampler in samplers}
# Its setting for what others call the scheduler, by their names.
SIGMAS = {"Karras": "karras", "Exponential": "exponential", "Beta": "betas"}


def used_sampler(told: str, computed_by: str) -> str:
    """The sampler that made a picture, by the one it names and the class it names: the first unless they contradict."""
    computes = _COMPUTES.get(computed_by, ())
    return computes[0] if computes and told in _KNOWN and told not in computes else told


def scheduler_of(sigma: str) -> str:
    """The scheduler that a "Sampler sigma" means; "" for one that has no name elsewhere."""
    return next((name for name, ours in SIGMAS.items() if ours == sigma), "")
