"""Samplers, schedulers and upscalers under both names: those of packs, journal and form, and those of ComfyUI.

A name without a counterpart is not on this engine: nothing is put in its place. What only ComfyUI has keeps its own
name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from msgspec import Struct

from ...domain.base.errors import Refused
from ...domain.config.spellings import sampler_and_scheduler

AUTOMATIC = "Automatic"


class SamplerName(Struct, frozen=True):
    """One sampler of a WebUI in ComfyUI: its name there, and what a WebUI does with it that ComfyUI has to be told.

    `automatic` is the scheduler a WebUI uses when none is chosen; `cfg_divisor` divides the CFG scale; `by_timesteps`:
    it works one step less on a picture than the other samplers.
    """

    comfy: str
    automatic: str = "normal"
    cfg_divisor: float = 1.0
    by_timesteps: bool = False


_SAMPLERS = {
    "Euler a": SamplerName("euler_ancestral"),
    "Euler": SamplerName("euler"),
    "LMS": SamplerName("lms"),
    "Heun": SamplerName("heun"),
    "HeunPP2": SamplerName("heunpp2"),
    "DPM2": SamplerName("dpm_2", "karras"),
    "DPM2 a": SamplerName("dpm_2_ancestral", "karras"),
    "DPM++ 2S a": SamplerName("dpmpp_2s_ancestral", "karras"),
    "DPM++ 2M": SamplerName("dpmpp_2m", "karras"),
    "DPM++ SDE": SamplerName("dpmpp_sde", "karras"),
    "DPM++ 2M SDE": SamplerName("dpmpp_2m_sde", "exponential"),
    "DPM++ 2M SDE Heun": SamplerName("dpmpp_2m_sde_heun", "exponential"),
    "DPM++ 3M SDE": SamplerName("dpmpp_3m_sde", "exponential"),
    "DPM fast": SamplerName("dpm_fast"),
    "DPM adaptive": SamplerName("dpm_adaptive"),
    "DDIM": SamplerName("ddim", "ddim_uniform", by_timesteps=True),
    "UniPC": SamplerName("uni_pc", "ddim_uniform", by_timesteps=True),
    "LCM": SamplerName("lcm", "sgm_uniform"),
    "DDPM": SamplerName("ddpm"),
    "DEIS": SamplerName("deis"),
    "IPNDM": SamplerName("ipndm"),
    "IPNDM_V": SamplerName("ipndm_v"),
    # A WebUI divides the CFG scale by this number, ComfyUI takes it as it is.
    "DDIM CFG++": SamplerName("euler_cfg_pp", "ddim_uniform", 12.5, by_timesteps=True),
}
# What the app calls samplers of ComfyUI in pictures of other tools; here they have their own names.
_ALSO_CALLED = {
    "Euler CFG++": "euler_cfg_pp",
    "Euler a CFG++": "euler_ancestral_cfg_pp",
    "DPM++ 2M CFG++": "dpmpp_2m_cfg_pp",
    "Res Multistep": "res_multistep",
}
# Of two names for one schedule the first is shown: a list with both would let a plan compare a picture with itself.
_SCHEDULERS = {
    "Normal": "normal",
    "Uniform": "normal",
    "Karras": "karras",
    "Exponential": "exponential",
    "Polyexponential": "exponential",
    "SGM Uniform": "sgm_uniform",
    "Simple": "simple",
    "DDIM": "ddim_uniform",
    "Beta": "beta",
    "KL Optimal": "kl_optimal",
}
_LATENT = {
    "Latent": "bilinear",
    "Latent (bicubic)": "bicubic",
    "Latent (nearest-exact)": "nearest-exact",
    "Latent (nearest)": "nearest-exact",
    "Latent (bislerp)": "bislerp",
    "Latent (area)": "area",
}
_PIXELS = {"Lanczos": "lanczos", "Nearest": "nearest-exact"}
# The same algorithm, but its noise is drawn on the graphics card and differs from machine to machine.
_ON_CARD = "_gpu"
_SHOWN_SAMPLERS = {one.comfy: name for name, one in _SAMPLERS.items() if one.cfg_divisor == 1.0}
_SHOWN_SCHEDULERS = {comfy: name for name, comfy in reversed(_SCHEDULERS.items())}


class Sampling(Struct, frozen=True):
    """Sampler and scheduler as ComfyUI is told; see `SamplerName` for the rest."""

    sampler: str
    scheduler: str
    cfg_divisor: float = 1.0
    by_timesteps: bool = False


class Offered(Struct, frozen=True):
    """The samplers and schedulers of one node class, in ComfyUI's names, and what to call the server."""

    engine: str
    samplers: tuple[str, ...]
    schedulers: tuple[str, ...]


def sampling(path: str, sampler: str, scheduler: str, offered: Offered) -> Sampling:
    """Sampler and scheduler of the block `path`, in ComfyUI's names.

    Raises Refused naming the parameter for a name that the server does not have or that means nothing on this engine.
    """
    sampler = _ALSO_CALLED.get(sampler, sampler)
    if sampler in offered.samplers:
        known = _SAMPLERS.get(shown_sampler(sampler), SamplerName(sampler))
    else:
        known, inside = _sampler(f"{path}.sampler", sampler, offered)
        scheduler = inside if inside and scheduler in ("", AUTOMATIC) else scheduler
    comfy = known.automatic if scheduler in ("", AUTOMATIC) else _scheduler(f"{path}.scheduler", scheduler, offered)
    if comfy not in offered.schedulers:
        raise Refused(f"{path}.scheduler: {offered.engine} has no {shown_scheduler(comfy)!r}.")
    return Sampling(known.comfy, comfy, known.cfg_divisor, known.by_timesteps)


def _sampler(path: str, written: str, offered: Offered) -> tuple[SamplerName, str]:
    """The sampler and the scheduler inside its name ("DPM++ 2M Karras"), "" when there is none."""
    name, inside = (written, "") if written in _SAMPLERS else sampler_and_scheduler(written)
    known = _SAMPLERS.get(name)
    # Only a scheduler may stand behind the name: "DPM++ 2M SDE GPU" is another sampler than "DPM++ 2M SDE".
    if known is None or known.comfy not in offered.samplers or written != f"{name} {inside}".rstrip():
        raise _not_here(path, written, offered.engine, shown_samplers(offered.samplers))
    return known, inside


def _scheduler(path: str, written: str, offered: Offered) -> str:
    if written in offered.schedulers:
        return written
    comfy = _SCHEDULERS.get(written, "")
    if comfy not in offered.schedulers:
        raise _not_here(path, written, offered.engine, shown_schedulers(offered.schedulers))
    return comfy


def _not_here(path: str, written: str, engine: str, names: Sequence[str]) -> Refused:
    near = get_close_matches(written, names, 3, 0.5)
    hint = f"Did you mean {', '.join(near)}?" if near else f"It has {', '.join(names[:6]) or 'none'}."
    return Refused(f"{path}: {engine} has no {written!r}. {hint}")


def shown_samplers(offered: Sequence[str]) -> tuple[str, ...]:
    """A server's samplers in the project's names."""
    plain = [one for one in offered if one.removesuffix(_ON_CARD) not in offered or not one.endswith(_ON_CARD)]
    divided = [name for name, one in _SAMPLERS.items() if one.cfg_divisor != 1.0 and one.comfy in offered]
    return (*map(shown_sampler, plain), *divided)


def shown_schedulers(offered: Sequence[str]) -> tuple[str, ...]:
    """A server's schedulers in the project's names, first the one that leaves the choice to the sampler."""
    return (AUTOMATIC, *map(shown_scheduler, offered)) if offered else ()


def shown_sampler(comfy: str) -> str:
    """A sampler of ComfyUI in the project's name."""
    return _SHOWN_SAMPLERS.get(comfy, comfy)


def shown_scheduler(comfy: str) -> str:
    """A scheduler of ComfyUI in the project's name."""
    return _SHOWN_SCHEDULERS.get(comfy, comfy)


def latent_method(name: str) -> str:
    """The method by which ComfyUI enlarges a latent image for this upscaler; "" for an upscaler of pictures."""
    return _LATENT.get(name, "")


def pixel_method(name: str) -> str:
    """The method by which ComfyUI enlarges a picture without a model; "" for an upscaler that has one."""
    return _PIXELS.get(name, "")


def shown_latent(methods: Iterable[str]) -> tuple[str, ...]:
    """The upscalers of latent images, one name for each of the server's methods."""
    known = tuple(methods)
    first = {method: name for name, method in reversed(_LATENT.items())}
    return tuple(first[method] for method in dict.fromkeys(_LATENT.values()) if method in known)


def shown_pixels(methods: Iterable[str]) -> tuple[str, ...]:
    """The upscalers of pictures that need no model."""
    known = tuple(methods)
    return tuple(name for name, method in _PIXELS.items() if method in known)
