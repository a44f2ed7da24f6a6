"""Builds the request bodies for a WebUI, one for each stage, with only fields and names that this server knows.

A WebUI silently uses something else for an unknown sampler or checkpoint, so names are checked here first.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches

from msgspec import Struct

from ...domain.base.errors import Refused
from ...domain.config.pipeline_config import LANCZOS, ADetailerPass, PipelineConfig
from ..base import StageOrder, check_stage

Body = dict[str, object]
Size = tuple[int, int]  # px

_FIELDS = """prompt negative_prompt seed steps cfg_scale width height batch_size sampler_name scheduler
denoising_strength init_images enable_hr hr_upscaler hr_scale hr_second_pass_steps hr_steps clip_skip lora"""
# For servers that publish no schema: what all of them understand.
COMMON = frozenset(_FIELDS.split())
# SD.Next publishes no schema unless asked to, but takes these as A1111 does.
FULLER = COMMON | {
    "override_settings",
    "refiner_checkpoint",
    "refiner_switch_at",
    "alwayson_scripts",
    "n_iter",
    "resize_mode",
}
_A1111 = FULLER | {"override_settings_restore_afterwards", "send_images", "save_images"}
_FORGE = _A1111 | {"hr_cfg", "hr_distilled_cfg", "hr_additional_modules"}
AUTOMATIC = "Automatic"
# Forge's name for VAE and text encoders together.
MODULES = "forge_additional_modules"
_EMBEDDING = re.compile(r"<embedding:([^:<>]{1,200})(?::(-?\d{1,3}(?:\.\d{1,6})?))?>")
_LORA = re.compile(r"<lora:([^:<>]{1,200}):(-?\d{1,3}(?:\.\d{1,6})?)>")
_KEYS = """ad_model ad_prompt ad_negative_prompt ad_confidence ad_denoising_strength ad_mask_blur ad_dilate_erode
ad_inpaint_only_masked ad_inpaint_only_masked_padding ad_use_steps ad_steps ad_use_cfg_scale ad_cfg_scale ad_use_sampler
ad_sampler"""
# What every ADetailer knows; the rest differs between its versions and an unknown key makes it fail.
_OLD_KEYS = frozenset(_KEYS.split())


class Checkpoint(Struct, frozen=True):
    """One checkpoint as the server lists it. `send` is the name it is asked for by; `hash` is "" before first use."""

    name: str
    send: str
    hash: str = ""

    def is_called(self, name: str) -> bool:
        """Whether a name (with or without folder, file ending, hash) means this checkpoint."""
        plain = _stem(name)
        return plain in (self.name, _stem(self.send), _stem(self.send).rpartition("/")[2])


class ServerFacts(Struct, frozen=True, kw_only=True):
    """What one server offers. Empty field sets: it has no schema; empty lists: it does not list them.

    `encoders` are the modules of Forge that are no VAE.
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
    adetailer_models: tuple[str, ...] = ()
    adetailer_keys: frozenset[str] = frozenset()
    adetailer_most: int = 0
    options: Mapping[str, object] = {}

    @property
    def is_forge(self) -> bool:
        """Forge and its forks: modules instead of a VAE, and overridden settings that may persist."""
        return MODULES in self.options

    @property
    def chooses_vae(self) -> bool:
        """Whether a request can choose a VAE."""
        return "override_settings" in self.txt2img and bool({"sd_vae", MODULES} & self.options.keys())

    @property
    def takes_clip_skip(self) -> bool:
        """Whether a request can set clip skip."""
        return self.is_subset or ("override_settings" in self.txt2img and "CLIP_stop_at_last_layers" in self.options)

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
        stems = {_stem(name) for name in base_names(modules)} - {_stem(name) for name in self.encoders}
        return next((name for name in self.vaes if _stem(name) in stems), min(stems, default="None"))

    def checkpoint(self, name: str) -> Checkpoint | None:
        """The listed checkpoint that the name means."""
        return next((known for known in self.checkpoints if known.is_called(name)), None)


class Listed(Struct, frozen=True):
    """One row of the server's lists (checkpoints, samplers, upscalers, LoRAs…); each list uses some of the fields."""

    name: str | None = None
    alias: str | None = None
    label: str | None = None
    title: str | None = None
    model_name: str | None = None
    hash: str | None = None
    path: str | None = None
    filename: str | None = None

    def as_checkpoint(self) -> Checkpoint:
        """Titles change when a checkpoint is first used (a hash is added), so it is known by `model_name`."""
        name = self.model_name or _stem(self.title or "")
        return Checkpoint(name, re.sub(r" \[[0-9a-f]{6,64}\]$", "", self.title or name), self.hash or "")


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
    if kind == "sdnext":
        return FULLER
    plain = {"forge": _FORGE, "forge-neo": _FORGE, "a1111": _A1111}.get(kind)
    return COMMON if plain is None else plain | {"force_task_id"} if since_1_9 else plain


def task_id(order: StageOrder) -> str:
    """The name under which the server shows this stage as running."""
    return f"task(stablenew-{order.job_id}-{order.stage})"


def check_order(order: StageOrder, facts: ServerFacts) -> None:
    """Raise Refused naming the first field whose value this server does not have, in any stage. Nothing was sent."""
    check_stage(order, REQUESTS, facts.name)
    config = order.config
    # The checkpoint first: with a wrong one most other names are wrong, too.
    if config.checkpoint:
        _check_checkpoint(config.checkpoint, facts)
    if config.vae != AUTOMATIC:
        if not facts.chooses_vae:
            raise Refused(f"vae: {facts.name} takes no VAE with a request. Choose {AUTOMATIC}.")
        if facts.vaes:
            _one_of("vae", config.vae, ("None", *facts.vaes), facts)
    for one in order.each_stage():
        REQUESTS[one.stage].check(config, facts)


def _check_checkpoint(name: str, facts: ServerFacts) -> None:
    known, loaded = facts.checkpoint(name), facts.loaded
    if not known:
        _one_of("checkpoint", name, [one.name for one in facts.checkpoints], facts)
    elif loaded and known != loaded and not facts.chooses_checkpoint:
        raise Refused(
            f"checkpoint: {facts.name} has {loaded.name!r} loaded and cannot change that. Choose it, or start the "
            f"server with {known.name!r}."
        )


def _check_txt2img(config: PipelineConfig, facts: ServerFacts) -> None:
    _sampling("txt2img", config.txt2img.sampler, config.txt2img.scheduler, facts)
    if config.hires.enabled:
        _needs("hires.enabled", "enable_hr", facts)
        _one_of("hires.upscaler", config.hires.upscaler, (*facts.latent_upscalers, *facts.upscalers), facts)
        if config.hires.cfg_scale not in (0, config.txt2img.cfg_scale) and "hr_cfg" not in facts.txt2img:
            raise Refused(f"hires.cfg_scale: {facts.name} has one CFG for both passes. Set it to 0 (= same).")
    if config.refiner.enabled:
        _needs("refiner.enabled", "refiner_checkpoint", facts)
        if not facts.checkpoint(config.refiner.checkpoint):
            _one_of("refiner.checkpoint", config.refiner.checkpoint, [known.name for known in facts.checkpoints], facts)


def _check_img2img(config: PipelineConfig, facts: ServerFacts) -> None:
    _sampling("img2img", config.img2img.sampler, config.img2img.scheduler, facts)


def _check_detailer(config: PipelineConfig, facts: ServerFacts) -> None:
    if not facts.adetailer_models:
        raise Refused(f"adetailer.enabled: ADetailer is not installed in {facts.name}.")
    passes = config.adetailer.passes
    if facts.adetailer_most and len(passes) > facts.adetailer_most:
        raise Refused(
            f"adetailer.passes: {facts.name} works {facts.adetailer_most} ADetailer passes at most, {len(passes)} are "
            "asked. Raise its setting (ad_max_models) or remove passes."
        )
    for index, one in enumerate(passes):
        path = f"adetailer.passes.{index}"
        _one_of(f"{path}.model", one.model, facts.adetailer_models, facts)
        if one.sampler or one.scheduler:
            _sampling(path, one.sampler or config.txt2img.sampler, one.scheduler or AUTOMATIC, facts)


def _check_upscale(config: PipelineConfig, facts: ServerFacts) -> None:
    if "extra-single-image" in facts.routes:
        _one_of("upscale.upscaler", config.upscale.upscaler, facts.upscalers, facts)
    elif config.upscale.mode == "single":
        raise Refused(f"upscale.mode: {facts.name} cannot upscale on its own. Choose img2img.")
    else:
        # Enlarged here, before it is painted again.
        _one_of("upscale.upscaler", config.upscale.upscaler, (LANCZOS,), facts)
        if config.upscale.gfpgan or config.upscale.codeformer:
            raise Refused(f"upscale.gfpgan, upscale.codeformer: {facts.name} repairs no faces. Set both to 0.")


def _needs(path: str, field: str, facts: ServerFacts) -> None:
    if field not in facts.txt2img:
        raise Refused(f"{path}: {facts.name} does not offer this. Switch it off.")


def _one_of(path: str, value: str, known: Iterable[str], facts: ServerFacts) -> None:
    names = tuple(known)
    if names and value not in names:
        near = get_close_matches(value, names, 3, 0.5)
        hint = f" Did you mean {', '.join(near)}?" if near else f" It has {', '.join(names[:6])}."
        raise Refused(f"{path}: {facts.name} has no {value!r}.{hint}")


def _sampling(path: str, sampler: str, scheduler: str, facts: ServerFacts) -> Body:
    """Fields for sampler and scheduler in the server's spelling. Raises Refused for names it does not have."""
    if facts.is_subset:
        sampler = next((known for known in facts.samplers if loose(known) == loose(sampler)), sampler)
        scheduler = next((known for known in facts.schedulers if loose(known) == loose(scheduler)), scheduler)
    joined = f"{sampler} {scheduler}"
    if not facts.schedulers and scheduler != AUTOMATIC:
        # Before WebUI 1.9 the scheduler is part of the sampler's name.
        if joined in facts.samplers:
            return {"sampler_name": joined}
        _one_of(f"{path}.sampler", sampler, facts.samplers, facts)
        raise Refused(f"{path}.scheduler: {facts.name} has no {scheduler!r} for {sampler}. Choose {AUTOMATIC}.")
    _one_of(f"{path}.sampler", sampler, facts.samplers, facts)
    if scheduler == AUTOMATIC and AUTOMATIC not in facts.schedulers:
        return {"sampler_name": sampler}
    if scheduler not in facts.scheduler_names:
        _one_of(f"{path}.scheduler", scheduler, facts.schedulers, facts)
    return {"sampler_name": sampler, "scheduler": scheduler}


def txt2img_body(order: StageOrder, facts: ServerFacts, _size: Size = (0, 0)) -> Body:
    """Body of POST txt2img, with hires fix and refiner when they are on."""
    config = order.config
    values = config.txt2img
    body = _base(order, facts) | _sampling("txt2img", values.sampler, values.scheduler, facts)
    body |= {"steps": values.steps, "cfg_scale": values.cfg_scale, "batch_size": values.batch_size}
    body |= {"width": values.width, "height": values.height}
    if config.hires.enabled:
        hires = config.hires
        body |= {"enable_hr": True, "hr_upscaler": hires.upscaler, "hr_scale": hires.scale}
        body |= {"hr_second_pass_steps": hires.steps, "hr_steps": hires.steps, "denoising_strength": hires.denoise}
        # Forge fails without the first of these, and with its own default for the second the negative prompt is lost.
        body |= {"hr_additional_modules": ["Use same choices"], "hr_cfg": hires.cfg_scale or values.cfg_scale}
        body |= {"hr_distilled_cfg": 3.5}
    if config.refiner.enabled:
        known = facts.checkpoint(config.refiner.checkpoint)
        body["refiner_checkpoint"] = known.send if known else config.refiner.checkpoint
        body["refiner_switch_at"] = config.refiner.switch_at
    return _listed(body, facts.txt2img)


def img2img_body(order: StageOrder, facts: ServerFacts, size: Size) -> Body:
    """Body of POST img2img; `size` of the picture, because the server would take 512×512 otherwise."""
    values = order.config.img2img
    body = _base(order, facts) | _from_image(order.image, size)
    body |= _sampling("img2img", values.sampler, values.scheduler, facts)
    body |= {"steps": values.steps, "cfg_scale": values.cfg_scale, "denoising_strength": values.denoise}
    return _listed(body, facts.img2img)


def adetailer_body(order: StageOrder, facts: ServerFacts, size: Size) -> Body:
    """Body of POST img2img that skips img2img itself and lets ADetailer work on the picture."""
    config = order.config
    first = config.txt2img
    body = _base(order, facts) | _from_image(order.image, size)
    body |= _sampling("txt2img", first.sampler, first.scheduler, facts)
    body |= {
        "steps": first.steps,
        "cfg_scale": first.cfg_scale,
        "denoising_strength": config.adetailer.passes[0].denoise,
    }
    keys = facts.adetailer_keys or _OLD_KEYS
    units = [_unit(one, config, keys) for one in config.adetailer.passes]
    body["alwayson_scripts"] = {"ADetailer": {"args": [True, True, *units]}}
    return _listed(body, facts.img2img)


def _unit(one: ADetailerPass, config: PipelineConfig, keys: frozenset[str]) -> Body:
    unit: Body = {
        "ad_model": one.model,
        "ad_prompt": with_bare_embeddings(one.prompt),
        "ad_negative_prompt": with_bare_embeddings(one.negative),
        "ad_confidence": one.confidence,
        "ad_denoising_strength": one.denoise,
        "ad_mask_blur": one.mask_blur,
        "ad_dilate_erode": one.dilate_erode,
        "ad_inpaint_only_masked": True,
        "ad_inpaint_only_masked_padding": one.mask_padding,
    }
    if one.steps:
        unit |= {"ad_use_steps": True, "ad_steps": one.steps}
    if one.cfg_scale:
        unit |= {"ad_use_cfg_scale": True, "ad_cfg_scale": one.cfg_scale}
    if one.sampler or one.scheduler:
        sampler, scheduler = one.sampler or config.txt2img.sampler, one.scheduler
        if "ad_scheduler" not in keys and scheduler not in ("", AUTOMATIC):
            sampler = f"{sampler} {scheduler}"
        unit |= {"ad_use_sampler": True, "ad_sampler": sampler}
        if scheduler:
            unit["ad_scheduler"] = scheduler
    return {key: value for key, value in unit.items() if key in keys}


def extras_body(order: StageOrder) -> Body:
    """Body of POST extra-single-image: enlarge by a factor (mode 0; mode 1 would ignore the factor)."""
    values = order.config.upscale
    body: Body = {"image": _base64(order.image), "resize_mode": 0, "upscaling_resize": values.scale}
    body |= {"upscaler_1": values.upscaler, "gfpgan_visibility": values.gfpgan}
    return body | {"codeformer_visibility": values.codeformer, "codeformer_weight": values.codeformer_weight}


def repaint_body(order: StageOrder, facts: ServerFacts, size: Size) -> Body:
    """Body of POST img2img that paints the enlarged picture again at `size`, with txt2img's sampler and CFG."""
    config = order.config
    body = _base(order, facts) | _from_image(order.image, size)
    body |= _sampling("txt2img", config.txt2img.sampler, config.txt2img.scheduler, facts)
    body |= {"cfg_scale": config.txt2img.cfg_scale, "steps": config.upscale.steps}
    body["denoising_strength"] = config.upscale.denoise
    return _listed(body, facts.img2img)


def _no_names(_config: PipelineConfig, _facts: ServerFacts) -> None:
    """For stages whose values every server takes."""


class StageRequest(Struct, frozen=True, kw_only=True):
    """How to request one stage.

    `check` raises Refused for a value that this server does not have. `body` makes the body of POST `route` from the
    size of the picture to work on. `enlarges`: the server's upscaler works first (`extras_body`). `reported`: general
    parameters whose used value is in the answer.
    """

    body: Callable[[StageOrder, ServerFacts, Size], Body]
    check: Callable[[PipelineConfig, ServerFacts], None] = _no_names
    route: str = "img2img"
    enlarges: bool = False
    reported: tuple[str, ...] = ("checkpoint", "vae")


# The stages that a WebUI can be asked for. Any other is refused.
REQUESTS: Mapping[str, StageRequest] = {
    "txt2img": StageRequest(
        check=_check_txt2img, body=txt2img_body, route="txt2img", reported=("checkpoint", "vae", "clip_skip")
    ),
    "img2img": StageRequest(check=_check_img2img, body=img2img_body, reported=("checkpoint", "vae", "clip_skip")),
    "adetailer": StageRequest(check=_check_detailer, body=adetailer_body),
    "upscale": StageRequest(check=_check_upscale, body=repaint_body, enlarges=True),
}


def with_bare_embeddings(text: str) -> str:
    """A prompt in which embeddings are called by their bare names: A1111 drops tags it does not know without a word."""
    return _EMBEDDING.sub(lambda tag: f"({tag[1]}:{tag[2]})" if tag[2] else tag[1], text)


def _base(order: StageOrder, facts: ServerFacts) -> Body:
    prompt, negative = with_bare_embeddings(order.prompt), with_bare_embeddings(order.negative)
    body: Body = {"prompt": prompt, "negative_prompt": negative, "seed": order.seed, "batch_size": 1}
    body |= {"n_iter": 1, "send_images": True, "save_images": False, "force_task_id": task_id(order)}
    overrides = override_settings(order.config, facts)
    if overrides:
        body["override_settings"] = overrides
        body["override_settings_restore_afterwards"] = True
    if facts.is_subset:
        body["clip_skip"] = order.config.clip_skip
        if facts.kind == "sd-server":
            # It takes LoRAs as a list with paths and reads no tags.
            tags = [(name, weight) for name, weight in _LORA.findall(prompt) if name in facts.loras]
            body["lora"] = [{"path": facts.loras[name], "multiplier": float(weight)} for name, weight in tags]
            body["prompt"] = _LORA.sub(lambda tag: "" if tag[1] in facts.loras else tag[0], prompt)
    return body


def override_settings(config: PipelineConfig, facts: ServerFacts) -> Body:
    """Server settings that hold for this request only: checkpoint, VAE, clip skip; none the server does not have."""
    wanted: Body = {}
    if config.checkpoint:
        known = facts.checkpoint(config.checkpoint)
        wanted["sd_model_checkpoint"] = known.send if known else config.checkpoint
    if facts.is_forge:
        # "Automatic" leaves the modules alone, and any VAE the text encoders: without them no Flux model works.
        if config.vae != AUTOMATIC:
            current = facts.options.get(MODULES)
            kept = [name for name in base_names(current if isinstance(current, list) else ()) if name in facts.encoders]
            wanted[MODULES] = kept if config.vae == "None" else [config.vae, *kept]
    else:
        wanted["sd_vae"] = config.vae
    wanted["CLIP_stop_at_last_layers"] = config.clip_skip
    # One unknown key makes the whole request fail.
    return {key: value for key, value in wanted.items() if key in facts.options}


def _from_image(image: bytes, size: tuple[int, int]) -> Body:
    width, height = (max(8, side // 8 * 8) for side in size)
    return {"init_images": [_base64(image)], "width": width, "height": height, "resize_mode": 0}


def _listed(body: Body, fields: frozenset[str]) -> Body:
    return {key: value for key, value in body.items() if key in fields}


def _base64(image: bytes) -> str:
    return base64.b64encode(image).decode("ascii")


def _stem(name: str) -> str:
    plain = re.sub(r" \[[0-9a-f]{6,64}\]$", "", name).replace("\\", "/")
    return re.sub(r"\.(safetensors|ckpt|pt|pth|gguf|sft)$", "", plain)


def base_names(paths: Iterable[object]) -> list[str]:
    """The file names of paths, in alphabetical order: in which order modules are named makes no difference."""
    return sorted(str(path).replace("\\", "/").rpartition("/")[2] for path in paths)


def loose(name: str) -> str:
    """A sampler's or scheduler's name without case, blanks and underscores: "Euler a" and "euler_a" are one."""
    return "".join(char for char in name.lower() if char.isalnum() or char == "+")
