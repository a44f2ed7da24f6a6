"""`ServerFacts`: what one WebUI offers, and the names of its things in all their spellings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from ...domain.base.model_hash import hash_digits, same_hash

_FIELDS = """prompt negative_prompt seed steps cfg_scale width height batch_size sampler_name scheduler
denoising_strength init_images enable_hr hr_upscaler hr_scale hr_second_pass_steps hr_steps clip_skip lora"""
# For servers that publish no schema: what all of them understand.
COMMON = frozenset(_FIELDS.split())
_FULLER = COMMON | {"override_settings", "alwayson_scripts", "n_iter", "resize_mode"}
_MORE = """override_settings_restore_afterwards send_images save_images subseed subseed_strength styles mask mask_blur
inpainting_fill inpaint_full_res inpaint_full_res_padding inpainting_mask_invert"""
# SD.Next publishes no schema unless asked to. Its refiner and its schedules are settings, no part of a request.
_SDNEXT = _FULLER | frozenset(_MORE.split()) | {"hr_resize_mode", "hr_force", "hr_denoising_strength"}
_A1111 = _FULLER | frozenset(_MORE.split()) | {"refiner_checkpoint", "refiner_switch_at"}
_FORGE = _A1111 | {"distilled_cfg_scale", "hr_cfg", "hr_distilled_cfg", "hr_additional_modules"}
_OWN_HIRES = {"hr_sampler_name", "hr_scheduler", "hr_checkpoint_name", "hr_prompt", "hr_negative_prompt"}
_SINCE_1_9 = {"force_task_id", *_OWN_HIRES}
AUTOMATIC = "Automatic"
# SD.Next's setting for the scheduler.
SIGMA = "schedulers_sigma"
# Forge's name for VAE and text encoders together.
MODULES = "forge_additional_modules"
# None of its routes makes it look for these.
NEW_MODULES = " A new VAE or text encoder is found by Forge's own refresh button and by a restart only."


class Checkpoint(Struct, frozen=True):
    """One checkpoint as the server lists it. `send` is the name it is asked for by; `hash`, the longest that the server
    tells, is "" before first use.
    """

    name: str
    send: str
    hash: str = ""

    def is_called(self, name: str) -> bool:
        """Whether a name (with or without folder, file ending, hash) means this checkpoint."""
        plain = plain_name(name)
        return plain in (self.name, plain_name(self.send), plain_name(self.send).rpartition("/")[2])


class ServerFacts(Struct, frozen=True, kw_only=True):
    """What one server offers. Empty field sets: it has no schema; empty lists: it does not list them.

    `device` is the size of the graphics memory, "24 GB".
    `restores_faces`: when it enlarges.
    `encoders` are the modules of Forge that are no VAE. `styles` have texts for prompt and negative prompt, by name.
    """

    name: str = "the WebUI"
    kind: str = "webui"
    version: str = ""
    routes: frozenset[str] = frozenset()
    txt2img: frozenset[str] = COMMON
    img2img: frozenset[str] = COMMON
    checkpoints: tuple[Checkpoint, ...] = ()
    vaes: tuple[str, ...] = ()
    encoders: frozenset[str] = frozenset()
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    scheduler_names: Mapping[str, str] = {}
    upscalers: tuple[str, ...] = ()
    latent_upscalers: tuple[str, ...] = ()
    loras: Mapping[str, str] = {}
    lora_aliases: tuple[str, ...] = ()
    lists_loras: bool = False
    restores_faces: bool = False
    adetailer_models: tuple[str, ...] = ()
    adetailer_keys: frozenset[str] = frozenset()
    adetailer_most: int = 0
    styles: Mapping[str, tuple[str, str]] = {}
    control_models: tuple[str, ...] = ()
    control_modules: tuple[str, ...] = ()
    options: Mapping[str, object] = {}
    device: str = ""

    @property
    def is_forge(self) -> bool:
        """Forge and its forks: modules instead of a VAE, and overridden settings that may persist."""
        return MODULES in self.options

    @property
    def chooses_vae(self) -> bool:
        """Whether a request can choose a VAE."""
        return "override_settings" in self.txt2img and bool({"sd_vae", MODULES} & self.options.keys())

    @property
    def has_controlnet(self) -> bool:
        """Whether a request can bring ControlNet units along."""
        return bool(self.control_models) and "alwayson_scripts" in self.txt2img

    def has_lora(self, name: str) -> bool:
        """Whether a tag with this name finds a LoRA, where the server lists them."""
        return name in self.loras or name in self.lora_aliases

    @property
    def takes_clip_skip(self) -> bool:
        """Whether a request can set clip skip."""
        if self.has_clip_skip_field:
            return "clip_skip" in self.txt2img
        return "override_settings" in self.txt2img and "CLIP_stop_at_last_layers" in self.options

    @property
    def has_clip_skip_field(self) -> bool:
        """Whether a request says clip skip in a field of its own, where others need a setting."""
        return self.is_subset or self.kind == "sdnext"

    @property
    def chooses_checkpoint(self) -> bool:
        """Whether a request can choose a checkpoint."""
        return "override_settings" in self.txt2img and "sd_model_checkpoint" in self.options

    @property
    def loaded(self) -> Checkpoint | None:
        """The checkpoint that was loaded at the survey."""
        only = self.checkpoints[0] if len(self.checkpoints) == 1 else None
        return self.checkpoint(str(self.options.get("sd_model_checkpoint") or "")) or only

    @property
    def is_subset(self) -> bool:
        """A server that only imitates the API (sd-server, KoboldCpp): names are matched loosely, no overrides."""
        return self.kind in ("sd-server", "koboldcpp", "subset")

    def vae(self, modules: Iterable[str]) -> str:
        """The VAE among modules of Forge, with or without folder and ending, by its listed name; "None" without."""
        stems = {plain_name(name) for name in base_names(modules)} - {plain_name(name) for name in self.encoders}
        return next((name for name in self.vaes if plain_name(name) in stems), min(stems, default="None"))

    def encoders_among(self, modules: Iterable[str]) -> tuple[str, ...]:
        """The text encoders among modules of Forge, by their listed names, in the order of the modules."""
        stems = {plain_name(name): name for name in self.encoders}
        return tuple(stems[stem] for name in modules if (stem := plain_name(base_names([name])[0])) in stems)

    def checkpoint(self, name: str) -> Checkpoint | None:
        """The listed checkpoint that the name means, which may be its hash."""
        by_name = next((known for known in self.checkpoints if known.is_called(name)), None)
        digits = hash_digits(name)
        if by_name or not digits:
            return by_name
        return next((known for known in self.checkpoints if same_hash(known.hash, digits)), None)


class Listed(Struct, frozen=True):
    """One row of the server's lists (checkpoints, samplers, upscalers, LoRAs…); each list uses some of the fields."""

    name: str | None = None
    alias: str | None = None
    label: str | None = None
    title: str | None = None
    model_name: str | None = None
    hash: str | None = None
    sha256: str | None = None
    path: str | None = None
    filename: str | None = None

    def as_checkpoint(self) -> Checkpoint:
        """Titles change when a checkpoint is first used (a hash is added), so it is known by `model_name`."""
        name = self.model_name or plain_name(self.title or "")
        return Checkpoint(name, re.sub(r" \[[0-9a-f]{6,64}\]$", "", self.title or name), self.sha256 or self.hash or "")


def server_kind(routes: Collection[str], txt2img: Collection[str], options: Collection[str] = ()) -> str:
    """The kind of server, recognised by routes, fields and settings that only it has.

    Routes: full paths, or below /sdapi/v1.
    """
    for kind, sign in (("koboldcpp", "/api/extra/version"), ("sd-server", "/sdcpp/v1/capabilities")):
        if sign in routes:
            return kind
    if "hr_additional_modules" in txt2img or "hr_cfg" in txt2img or MODULES in options:
        return "forge" if "hypernetworks" in routes else "forge-neo"
    return "sdnext" if "version" in routes else "a1111" if "progress" in routes else "subset"


def fields_without_schema(kind: str, *, since_1_9: bool) -> frozenset[str]:
    """The fields that a kind of server takes, where its schema does not tell. What they do not know they ignore."""
    plain = {"sdnext": _SDNEXT, "forge": _FORGE, "forge-neo": _FORGE, "a1111": _A1111}.get(kind)
    return COMMON if plain is None else plain | _SINCE_1_9 if since_1_9 else plain


def plain_name(name: str) -> str:
    """The name of a checkpoint or module without hash and file ending, with plain slashes."""
    plain = re.sub(r" \[[0-9a-f]{6,64}\]$", "", name).replace("\\", "/")
    return re.sub(r"\.(safetensors|ckpt|pt|pth|gguf|sft)$", "", plain)


def base_names(paths: Iterable[object]) -> list[str]:
    """The file names of paths, in alphabetical order: in which order modules are named makes no difference."""
    return sorted(str(path).replace("\\", "/").rpartition("/")[2] for path in paths)


def loose(name: str) -> str:
    """A sampler's or scheduler's name without case, blanks and underscores: "Euler a" and "euler_a" are one."""
    return "".join(char for char in name.lower() if char.isalnum() or char == "+")
