"""Builds the request bodies for a WebUI, one for each stage, with only fields and names that this server knows.

A WebUI silently uses something else for an unknown sampler or checkpoint, so names are checked here first.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

import msgspec
from msgspec import Struct

from ...domain.base.errors import Refused
from ...domain.base.model_hash import hash_digits, unknown_hash
from ...domain.config.controlnet import plain_model
from ...domain.config.origins import SHORT_SEED
from ...domain.config.pipeline_config import LANCZOS, ADetailerPass, PipelineConfig, stage_spec
from ...domain.config.styles import style_names, unknown_styles
from ...domain.recipes.sdnext import SIGMAS
from ..base import StageOrder, beyond, check_stage
from ..pictures import image_size
from .model_needs import DISTILLED, Body, check_models, distilled, own_models
from .server_facts import AUTOMATIC, NEW_MODULES, SIGMA, ServerFacts, loose

Size = tuple[int, int]  # px

_EMBEDDING = re.compile(r"<embedding:([^:<>]{1,200})(?::(-?\d{1,3}(?:\.\d{1,6})?))?>")
_WITH_PREFIX = re.compile(
    r"\bembedding:(?:[^\s,()\[\]:<>/\\]+[/\\])*([^\s,()\[\]:<>/\\]+?)(?:\.(?:safetensors|pt|bin))?(?![^\s,()\[\]:<>])"
)
_LORA = re.compile(r"<(?:lora|lyco):([^:<>]{1,200})((?::[^:<>]{0,40}){0,4})>")
# Names of A1111 whose counterpart on sd-server is not spelled alike.
_ON_SD_SERVER = {"DDIM": "ddim_trailing"}
# Ways to fill what is masked, by the numbers that the server has for them.
_CONTENTS = ("fill", "original", "latent noise", "latent nothing")
_INPAINT = {
    "mask",
    "mask_blur",
    "inpainting_fill",
    "inpaint_full_res",
    "inpaint_full_res_padding",
    "inpainting_mask_invert",
}
# What hires fix may have for itself, and the field of the request that says it.
_OWN_HIRES = {
    "sampler": "hr_sampler_name",
    "scheduler": "hr_scheduler",
    "checkpoint": "hr_checkpoint_name",
    "prompt": "hr_prompt",
    "negative": "hr_negative_prompt",
}
_KEYS = """ad_model ad_prompt ad_negative_prompt ad_confidence ad_denoising_strength ad_mask_blur ad_dilate_erode
ad_inpaint_only_masked ad_inpaint_only_masked_padding ad_use_steps ad_steps ad_use_cfg_scale ad_cfg_scale ad_use_sampler
ad_sampler"""
# What every ADetailer knows; the rest differs between its versions and an unknown key makes it fail.
_OLD_KEYS = frozenset(_KEYS.split())


def task_id(order: StageOrder) -> str:
    """The name under which the server shows this stage as running."""
    return f"task(stablenew-{order.job_id}-{order.stage})"


def check_order(order: StageOrder, facts: ServerFacts) -> None:
    """Raise Refused naming the first field whose value this server does not have, in any stage. Nothing was sent."""
    check_stage(order, REQUESTS, facts.name)
    config = order.config
    if order.seed > SHORT_SEED:
        raise Refused(beyond(facts.name, order.seed, SHORT_SEED))
    # The checkpoint first: with a wrong one most other names are wrong, too.
    if config.checkpoint:
        _check_checkpoint(config.checkpoint, facts)
    if config.vae != AUTOMATIC:
        if not facts.chooses_vae:
            raise Refused(f"vae: {facts.name} takes no VAE with a request. Choose {AUTOMATIC}.")
        if facts.vaes:
            _one_of("vae", config.vae, ("None", *facts.vaes), facts, NEW_MODULES if facts.is_forge else "")
    check_models(order, facts)
    if config.styles:
        _check_styles(config, facts)
    if order.mask and order.stage == "txt2img":
        _check_mask(order)
    if config.controlnet:
        _check_units(order, facts)
    if facts.kind == "sd-server":
        _lora_list(order.prompt, facts)
    for one in order.each_stage():
        REQUESTS[one.stage].check(config, facts)


def _check_checkpoint(name: str, facts: ServerFacts) -> None:
    known, loaded = facts.checkpoint(name), facts.loaded
    if not known:
        _must_have_checkpoint("checkpoint", name, facts)
    elif loaded and known != loaded and not facts.chooses_checkpoint:
        raise Refused(
            f"checkpoint: {facts.name} has {loaded.name!r} loaded and cannot change that. Choose it, or start the "
            f"server with {known.name!r}."
        )


def _check_styles(config: PipelineConfig, facts: ServerFacts) -> None:
    """The server would leave out one that it does not know, without a word."""
    if "styles" not in facts.txt2img:
        raise Refused(f"styles: {facts.name} has no styles. Leave it empty.")
    if not facts.styles:
        raise Refused(f"styles: {facts.name} lists no styles. Save some there, or leave it empty.")
    for name in unknown_styles(config.styles, facts.styles):
        _one_of("styles", name, facts.styles, facts)


def _check_mask(order: StageOrder) -> None:
    """A mask that will not fit the picture that txt2img is about to make, give or take the server's own rounding."""
    first, scale = order.config.txt2img, stage_spec("txt2img").scale(order.config)
    size = (round(first.width * scale), round(first.height * scale))
    if any(abs(is_ - wanted) > 8 for is_, wanted in zip(image_size(order.mask), size, strict=True)):
        raise _other_size(order, size)


def _other_size(order: StageOrder, size: Size) -> Refused:
    was, wanted = (f"{width} × {height}" for width, height in (image_size(order.mask), size))
    return Refused(f"inpaint.mask: the mask has {was} pixels and the picture {wanted}. Make it as large.")


def _check_units(order: StageOrder, facts: ServerFacts) -> None:
    if not facts.has_controlnet:
        raise Refused(f"controlnet: {facts.name} has no ControlNet. Leave it empty.")
    for number, one in enumerate(order.units, start=1):
        _one_of(f"controlnet, unit {number}, module", one.unit.module, facts.control_modules, facts)
        models = (*facts.control_models, *map(plain_model, facts.control_models))
        _one_of(f"controlnet, unit {number}, model", one.unit.model, models, facts)
        if order.stage == "txt2img" and not one.image:
            raise Refused(f"controlnet, unit {number}, image: name the picture that guides it.")


def control_args(order: StageOrder) -> Body:
    """The always-on script with the units of an order; {} without units."""
    args = []
    for one in order.units:
        unit = msgspec.to_builtins(one.unit)
        unit |= {"enabled": True, "module": one.unit.module, "model": one.unit.model, "weight": one.unit.weight}
        unit |= {"image": _base64(one.image)} if one.image else {}
        unit |= {"mask_image": _base64(one.mask)} if one.mask else {}
        args.append(unit)
    return {"alwayson_scripts": {"ControlNet": {"args": args}}} if args else {}


def _must_have_checkpoint(path: str, name: str, facts: ServerFacts) -> None:
    if facts.checkpoint(name) or not facts.checkpoints:
        return
    if hash_digits(name):
        raise Refused(unknown_hash(path, name, facts.name, [one.name for one in facts.checkpoints if not one.hash]))
    _one_of(path, name, [one.name for one in facts.checkpoints], facts)


def _check_txt2img(config: PipelineConfig, facts: ServerFacts) -> None:
    _sampling("txt2img", config.txt2img.sampler, config.txt2img.scheduler, facts)
    if config.txt2img.subseed_strength and "subseed_strength" not in facts.txt2img:
        raise Refused(f"txt2img.subseed_strength: {facts.name} has no variation seeds. Set it to 0.")
    if config.hires.enabled:
        _needs("hires.enabled", "enable_hr", facts)
        _one_of("hires.upscaler", config.hires.upscaler, (*facts.latent_upscalers, *facts.upscalers), facts)
        if config.hires.cfg_scale not in (0, config.txt2img.cfg_scale) and "hr_cfg" not in facts.txt2img:
            raise Refused(f"hires.cfg_scale: {facts.name} has one CFG for both passes. Set it to 0 (= same).")
        _check_own_hires(config, facts)
    if config.refiner.enabled:
        _needs("refiner.enabled", "refiner_checkpoint", facts)
        _must_have_checkpoint("refiner.checkpoint", config.refiner.checkpoint, facts)


def _check_own_hires(config: PipelineConfig, facts: ServerFacts) -> None:
    """What the second pass has for itself. The server would find out only after the first pass, or never."""
    hires = config.hires
    for name, field in _OWN_HIRES.items():
        if getattr(hires, name) and field not in facts.txt2img:
            raise Refused(f"hires.{name}: {facts.name} has one {name} for both passes. Leave it empty (= same).")
    _own_hires_sampling(config, facts)
    if hires.checkpoint:
        _must_have_checkpoint("hires.checkpoint", hires.checkpoint, facts)


def _own_hires_sampling(config: PipelineConfig, facts: ServerFacts) -> Body:
    """Sampler and scheduler of the second pass; nothing where both are those of the first."""
    hires, first = config.hires, config.txt2img
    if not (hires.sampler or hires.scheduler):
        return {}
    found = _sampling("hires", hires.sampler or first.sampler, hires.scheduler or first.scheduler, facts)
    return {{"sampler_name": "hr_sampler_name"}.get(key, "hr_scheduler"): value for key, value in found.items()}


def _check_img2img(config: PipelineConfig, facts: ServerFacts) -> None:
    _sampling("img2img", config.img2img.sampler, config.img2img.scheduler, facts)
    if config.inpaint.enabled and not facts.img2img >= _INPAINT:
        raise Refused(f"inpaint.enabled: {facts.name} takes no mask with all its settings. Switch it off.")


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
        if (config.upscale.gfpgan or config.upscale.codeformer) and not facts.restores_faces:
            raise Refused(f"upscale.gfpgan, upscale.codeformer: {facts.name} repairs no faces. Set both to 0.")
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


def _one_of(path: str, value: str, known: Iterable[str], facts: ServerFacts, more: str = "") -> None:
    names = tuple(known)
    if names and value not in names:
        near = get_close_matches(value, names, 3, 0.5)
        hint = f" Did you mean {', '.join(near)}?" if near else f" It has {', '.join(names[:6])}."
        raise Refused(f"{path}: {facts.name} has no {value!r}.{hint}{more}")


def native_sampler(name: str, facts: ServerFacts) -> str:
    """The name that a server with samplers of its own has for one of A1111's, or the name as it is."""
    wanted = (loose(name), loose(_ON_SD_SERVER.get(name, name)))
    return next((known for known in facts.samplers if loose(known) in wanted), name)


def _sampling(path: str, sampler: str, scheduler: str, facts: ServerFacts) -> Body:
    """Fields for sampler and scheduler in the server's spelling. Raises Refused for names it does not have."""
    if facts.is_subset:
        sampler = native_sampler(sampler, facts)
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
    body |= {"width": values.width, "height": values.height} | distilled(order, facts)
    if values.subseed_strength:
        body |= {"subseed": values.subseed, "subseed_strength": values.subseed_strength}
    if config.hires.enabled:
        hires = config.hires
        body |= {"enable_hr": True, "hr_upscaler": hires.upscaler, "hr_scale": hires.scale}
        body |= {"hr_second_pass_steps": hires.steps, "hr_steps": hires.steps, "denoising_strength": hires.denoise}
        # Forge fails without the first of these, and with its own default for the second the negative prompt is lost.
        body |= {"hr_additional_modules": ["Use same choices"], "hr_cfg": hires.cfg_scale or values.cfg_scale}
        body |= {"hr_distilled_cfg": body.get(DISTILLED, 3.5)} | _own_hires_sampling(config, facts)
        # Without these SD.Next does not enlarge, paints again only with a latent upscaler, and as much as it likes.
        body |= {"hr_resize_mode": 1, "hr_force": True, "hr_denoising_strength": hires.denoise}
        if hires.checkpoint:
            known = facts.checkpoint(hires.checkpoint)
            body["hr_checkpoint_name"] = known.send if known else hires.checkpoint
        own = {"hr_prompt": hires.prompt, "hr_negative_prompt": hires.negative}
        body |= {key: with_bare_embeddings(text) for key, text in own.items() if text}
    if config.refiner.enabled:
        known = facts.checkpoint(config.refiner.checkpoint)
        body["refiner_checkpoint"] = known.send if known else config.refiner.checkpoint
        body["refiner_switch_at"] = config.refiner.switch_at
    return _listed(body | control_args(order), facts.txt2img)


def img2img_body(order: StageOrder, facts: ServerFacts, size: Size) -> Body:
    """Body of POST img2img; `size` of the picture, because the server would take 512×512 otherwise."""
    values = order.config.img2img
    body = _base(order, facts) | _from_image(order.image, size)
    body |= _sampling("img2img", values.sampler, values.scheduler, facts)
    body |= {"steps": values.steps, "cfg_scale": values.cfg_scale, "denoising_strength": values.denoise}
    body |= distilled(order, facts)
    if order.config.inpaint.enabled:
        body |= _inpainting(order, size)
    return _listed(body | control_args(order), facts.img2img)


def _inpainting(order: StageOrder, size: Size) -> Body:
    """The fields of a mask. Raises Refused for one of another size, which the server would lay on askew."""
    inpaint = order.config.inpaint
    if image_size(order.mask) != size:
        raise _other_size(order, size)
    body: Body = {"mask": _base64(order.mask), "mask_blur": inpaint.mask_blur}
    body |= {"inpainting_fill": _CONTENTS.index(inpaint.content), "inpainting_mask_invert": int(inpaint.invert)}
    return body | {"inpaint_full_res": inpaint.area == "only masked", "inpaint_full_res_padding": inpaint.padding}


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
    body |= distilled(order, facts)
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
    body |= {"cfg_scale": config.txt2img.cfg_scale, "steps": config.upscale.steps} | distilled(order, facts)
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
    reported: tuple[str, ...] = ("checkpoint", "vae", "text_encoders", "styles")


_SAMPLED = ("checkpoint", "vae", "text_encoders", "clip_skip", "styles", "controlnet")
# The stages that a WebUI can be asked for. Any other is refused.
REQUESTS: Mapping[str, StageRequest] = {
    "txt2img": StageRequest(check=_check_txt2img, body=txt2img_body, route="txt2img", reported=_SAMPLED),
    "img2img": StageRequest(check=_check_img2img, body=img2img_body, reported=_SAMPLED),
    "adetailer": StageRequest(check=_check_detailer, body=adetailer_body),
    "upscale": StageRequest(check=_check_upscale, body=repaint_body, enlarges=True),
}


def with_bare_embeddings(text: str) -> str:
    """A prompt in which embeddings are called by their bare names: A1111 drops tags that it does not know, and takes
    `embedding:folder/name.pt`, as ComfyUI calls one, for words.
    """
    text = _EMBEDDING.sub(lambda tag: f"({tag[1]}:{tag[2]})" if tag[2] else tag[1], text)
    return _WITH_PREFIX.sub(lambda found: found[1], text)


def _base(order: StageOrder, facts: ServerFacts) -> Body:
    prompt, negative = with_bare_embeddings(order.prompt), with_bare_embeddings(order.negative)
    body: Body = {"prompt": prompt, "negative_prompt": negative, "seed": order.seed, "batch_size": 1}
    body |= {"n_iter": 1, "send_images": True, "save_images": False, "force_task_id": task_id(order)}
    if order.config.styles:
        body["styles"] = list(style_names(order.config.styles, facts.styles))
    overrides = override_settings(order, facts)
    if overrides:
        body["override_settings"] = overrides
        body["override_settings_restore_afterwards"] = True
    if facts.has_clip_skip_field and order.config.clip_skip:
        body["clip_skip"] = order.config.clip_skip
    if facts.kind == "sd-server":
        # It takes LoRAs as a list with paths and reads no tags: they would be words of the prompt.
        body["lora"] = _lora_list(prompt, facts)
        # An empty prompt would be refused.
        body["prompt"] = _LORA.sub("", prompt) or " "
    return body


def _lora_list(prompt: str, facts: ServerFacts) -> list[Body]:
    """The LoRAs of a prompt that this server has. Raises Refused for a weight that it cannot be given."""
    listed: list[Body] = []
    for tag in _LORA.finditer(prompt):
        name = tag[1].strip()
        # Positional weights and te=, unet=; other keys are of other programs.
        parts = [part.rpartition("=") for part in tag[2].split(":")[1:]]
        weights = {value.strip() for key, _, value in parts if key.strip() in ("", "te", "unet")} or {"1"}
        try:
            (weight,) = {float(one) for one in weights}
        except ValueError:
            raise Refused(f"prompt: {facts.name} takes one number as the weight of the LoRA {name!r}.") from None
        if name in facts.loras:
            listed.append({"path": facts.loras[name], "multiplier": weight})
    return listed


def override_settings(order: StageOrder, facts: ServerFacts) -> Body:
    """Server settings that hold for this request only: checkpoint, VAE, text encoders, clip skip, shift, on SD.Next the
    scheduler; none the server does not have.
    """
    config = order.config
    wanted: Body = {}
    if config.checkpoint:
        known = facts.checkpoint(config.checkpoint)
        wanted["sd_model_checkpoint"] = known.send if known else config.checkpoint
    wanted |= own_models(order, facts)
    scheduler = (config.img2img if order.stage == "img2img" else config.txt2img).scheduler
    wanted[SIGMA] = SIGMAS.get(scheduler, "default")
    if config.clip_skip and not facts.has_clip_skip_field:
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
