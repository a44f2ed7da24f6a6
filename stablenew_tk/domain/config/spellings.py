"""One spelling for what every tool writes its own way: samplers, schedulers, model families and kinds.

Samplers and schedulers come out as a WebUI shows them ("DPM++ 2M SDE", "Karras"), whether they were written by a
WebUI, ComfyUI ("dpmpp_2m_sde"), k-diffusion ("k_dpmpp_2m_ka") or InvokeAI ("dpmpp_2m_k"). What nobody here knows
passes through as it was written: the backend may know it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_SAMPLERS = (
    *("Euler a", "Euler", "Euler CFG++", "Euler a CFG++", "LMS", "Heun", "HeunPP2", "DPM2", "DPM2 a", "DPM++ 2S a"),
    *("DPM++ 2M", "DPM++ 2M CFG++", "DPM++ SDE", "DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE", "DPM fast"),
    *("DPM adaptive", "Restart", "IPNDM", "IPNDM_V", "DEIS", "DDIM", "DDIM CFG++", "PLMS", "UniPC", "LCM", "DDPM"),
    *("TCD", "Res Multistep"),
)
_SCHEDULERS = (
    *("Automatic", "Uniform", "Karras", "Exponential", "Polyexponential", "SGM Uniform", "KL Optimal", "Simple"),
    *("Align Your Steps", "Align Your Steps GITS", "Align Your Steps 11", "Align Your Steps 32", "Normal", "DDIM"),
    *("Beta", "Turbo"),
)
_SAMPLER_IDS = {
    "unipcbh2": "UniPC",
    "dpmad": "DPM adaptive",
    "dpmppms": "DPM++ 2M",
    "dpmsolvermultistep": "DPM++ 2M",
    "dpmsolversinglestep": "DPM++ 2S a",
    "dpmsolversde": "DPM++ SDE",
    "unipcmultistep": "UniPC",
    "pndm": "PLMS",
    "kdpm2": "DPM2",
    "kdpm2a": "DPM2 a",
}
# "gpu" only says where ComfyUI draws the noise.
_AFTER_SAMPLER = {"": "", "gpu": "", "discrete": "", "discretescheduler": "", "scheduler": ""}
_SCHEDULER_IDS = {
    "auto": "Automatic",
    "default": "Automatic",
    "ddimuniform": "DDIM",
    "ays": "Align Your Steps",
    "gits": "Align Your Steps GITS",
    "sgm": "SGM Uniform",
    "klopt": "KL Optimal",
    "sdturbo": "Turbo",
}
# As the last letters of a sampler's id only: k-diffusion's and InvokeAI's short forms.
_SHORT_SCHEDULERS = {"ka": "Karras", "k": "Karras", "exp": "Exponential"}

_UNKNOWN = frozenset({"", "none", "null", "other", "unknown", "sdversionunknown", "na"})
# By letters and digits alone, the first that is found. Names of other families may hold "flux" or "sd".
_FAMILIES = (
    (r"pony(diffusion)?v?7(?!\d)|auraflow", "auraflow"),
    (r"(sdxl|stablediffusionxl|^xl).*refiner", "sdxl-refiner"),
    # Pony, Illustrious and NoobAI are SDXL with other training; what fits one fits the others.
    (r"sdxl|stablediffusionxl|pony(?!v?7)|illustrious|noobai", "sdxl"),
    (r"flux3.*klein", "flux3-klein"),
    (r"klein(base)?4b|flux24b", "flux2-klein-4b"),
    (r"klein(base)?9b|flux29b", "flux2-klein-9b"),
    (r"flux\.?2.*klein|^klein", "flux2-klein"),
    (r"chroma(?!t)", "chroma"),
    (r"flux2", "flux2"),
    (r"flux", "flux"),
    (r"zimage", "zimage"),
    (r"krea2", "krea2"),
    (r"qwen(image)?21(?!\d)|^qwen2$", "qwen-2.1"),
    (r"qwen(image|edit|$|\d{4})|^qwen(?!2?5?vl|3|2\d)", "qwen"),
    (r"^anima(?![tlg])", "anima"),
    (r"hidreamo1", "hidream-o1"),
    (r"hidream", "hidream"),
    (r"lumina", "lumina2"),
    (r"pixart", "pixart"),
    (r"^ernie", "ernie"),
    (r"ideogram", "ideogram4"),
    (r"^sana(?!t)", "sana"),
    (r"(sdv?|stablediffusionv?)3", "sd3"),
    (r"(sdv?|stablediffusionv?)2", "sd21"),
    (r"(sdv?|stablediffusionv?)1|^v1", "sd15"),
)
FAMILY_TITLES = {
    "sdxl": "SDXL", "sd15": "SD 1.5", "sd21": "SD 2.1", "sd3": "SD 3", "flux": "Flux", "flux2": "Flux 2",
    "sdxl-refiner": "SDXL refiner", "flux2-klein": "Flux 2 Klein", "flux2-klein-4b": "Flux 2 Klein 4B",
    "flux2-klein-9b": "Flux 2 Klein 9B", "flux3-klein": "Flux 3 Klein", "chroma": "Chroma", "zimage": "Z-Image",
    "qwen": "Qwen-Image", "qwen-2.1": "Qwen-Image 2.1", "krea2": "Krea 2", "anima": "Anima", "lumina2": "Lumina 2",
    "auraflow": "AuraFlow",
    "hidream": "HiDream", "hidream-o1": "HiDream O1", "pixart": "PixArt", "ernie": "Ernie",
    "ideogram4": "Ideogram 4", "sana": "Sana",
}  # fmt: skip
_KINDS = (
    (r"lora|locon|lycoris|dora|loha|lokr", "lora"),
    (r"textualinversion|embedding", "embedding"),
    (r"controlnet|t2iadapter", "controlnet"),
    (r"hypernet", "hypernetwork"),
    (r"upscal|esrgan|swinir", "upscaler"),
    (r"(^|[^a-z])vae|autoencoder", "vae"),
    (r"diffusionmodel|^unet", "diffusion model"),
    (r"textencoder|^clip$", "text encoder"),
    (r"checkpoint|stablediffusion|unet|^ckpts?$", "checkpoint"),
)


def sampler_and_scheduler(sampler: str, scheduler: str = "") -> tuple[str, str]:
    """Both names as a WebUI shows them. A scheduler inside the sampler's name is used when there is no other one.

    "" stays "": not said.
    """
    name, inside = _split(" ".join(sampler[:200].split()))
    return name, scheduler_name(scheduler) or inside


@lru_cache(maxsize=512)
def _split(sampler: str) -> tuple[str, str]:
    key = _key(sampler)
    for known in (key, key.removeprefix("sample"), key.removeprefix("k"), key.removeprefix("sample").removeprefix("k")):
        # The longest first, else "euler" would be found in "euler_ancestral" and in "euler_cfg_pp".
        for length in range(len(known), 2, -1):
            name = _BY_SAMPLER_KEY.get(known[:length])
            rest = known[length:].removeprefix("gpu")
            if name and rest in _AFTER_SAMPLER:
                return name, ""
            if name and (inside := _BY_SCHEDULER_KEY.get(rest) or _SHORT_SCHEDULERS.get(rest)):
                return name, inside
    for suffix in _SUFFIXES:
        if sampler.casefold().endswith(f" {suffix.casefold()}"):
            return sampler[: -len(suffix)].rstrip(), suffix
    return sampler, ""


def scheduler_name(written: str) -> str:
    """A scheduler as a WebUI shows it; "" stays ""."""
    clean = " ".join(written[:200].split())
    return _BY_SCHEDULER_KEY.get(_key(clean), clean)


def is_scheduler(name: str) -> bool:
    """Whether a name, as a WebUI shows it, is that of a schedule that is known here."""
    return name in _SCHEDULERS


@lru_cache(maxsize=2)
def _patterns(rows: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    # Made ready when the first name is looked up: that takes longer than the rest of this module.
    return tuple((re.compile(pattern), found) for pattern, found in rows)


@lru_cache(maxsize=256)
def family_of(written: str) -> str:
    """The family a base model belongs to: "sdxl", "sd15", "sd21", "sd3", "flux"…; "" for none, others pass through."""
    key = re.sub(r"[^a-z0-9]", "", written[:200].casefold())
    if key in _UNKNOWN:
        return ""
    for pattern, family in _patterns(_FAMILIES):
        if pattern.search(key):
            return family
    return " ".join(written[:200].split())


@lru_cache(maxsize=256)
def kind_of(written: str) -> str:
    """What a file is by a word for it: "LoCon" is a lora, "TextualInversion" an embedding; "" when that is not said."""
    # An architecture such as "stable-diffusion-xl-v1-base/lora" ends in what was put on top of the base.
    for part in reversed(written[:200].casefold().split("/")):
        word = re.sub(r"[\s_-]", "", part)
        for pattern, kind in _patterns(_KINDS):
            if pattern.search(word):
                return kind
    return ""


def kind_by_folders(folders: Sequence[str]) -> str:
    """What files in such a folder are, the innermost telling folder first; "" when no name tells."""
    for name in reversed(folders):
        if kind := _BY_FOLDER.get(name.casefold().replace("_", "-")):
            return kind
    return ""


def _key(written: str) -> str:
    plain = written.casefold().replace("++", "pp").replace("ancestral", "a")
    return re.sub(r"[^a-z0-9]", "", plain)


_BY_SAMPLER_KEY = {_key(name): name for name in _SAMPLERS} | _SAMPLER_IDS
_BY_SCHEDULER_KEY = {_key(name): name for name in _SCHEDULERS} | _SCHEDULER_IDS
# For samplers that are not in the list. Only endings that are nothing else: "DDIM" or "Simple" may end a real name.
_SUFFIXES = ("SGM Uniform", "Polyexponential", "Exponential", "Karras", "Align Your Steps")
_BY_FOLDER = {
    word: kind
    for kind, words in {
        "lora": "lora loras lycoris locon",
        "checkpoint": "stable-diffusion stablediffusion checkpoints checkpoint",
        "diffusion model": "diffusion-models unet unets",
        "vae": "vae vaes vae-approx",
        "embedding": "embeddings embedding textualinversion textual-inversion",
        "upscaler": "esrgan realesrgan real-esrgan swinir upscale-models upscalers upscaler dat hat bsrgan ldsr",
        "controlnet": "controlnet t2i-adapter",
        "hypernetwork": "hypernetworks hypernetwork",
        "text encoder": "text-encoder text-encoders clip clip-vision t5",
        "detector": "adetailer ultralytics yolo",
        "face model": "gfpgan codeformer insightface facerestore-models",
    }.items()
    for word in words.split()
}
