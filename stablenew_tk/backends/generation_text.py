"""The generation text of a picture whose engine writes none of its own, in the form that WebUIs write."""

from __future__ import annotations

from ..domain.config.catalogue import Value
from ..domain.config.pipeline_config import PipelineConfig
from ..domain.recipes.infotext import format_infotext
from .base import StageOrder


def generation_text(order: StageOrder, size: tuple[int, int], *, checkpoint: str, version: str) -> str:
    """The text of one picture. `order` has the picture's own seed, `size` is its own; `version` is what made it."""
    config = order.config
    stage = config.img2img if order.stage == "img2img" else config.txt2img
    steps = config.upscale.steps if order.stage == "upscale" and config.upscale.mode == "img2img" else stage.steps
    first = (config.txt2img.width, config.txt2img.height) if order.stage == "txt2img" else size
    pairs: list[tuple[str, Value]] = [
        ("Steps", steps),
        ("Sampler", stage.sampler),
        ("Schedule type", stage.scheduler),
        ("CFG scale", f"{stage.cfg_scale:g}"),
        *_of_family(config),
        ("Seed", order.seed),
        ("Size", f"{first[0]}x{first[1]}"),
    ]
    pairs += [("Model", checkpoint)] if checkpoint else []
    denoise = _denoise(order)
    if denoise is not None:
        pairs.append(("Denoising strength", f"{denoise:g}"))
    if config.vae not in ("", "Automatic", "None"):
        pairs.append(("VAE", config.vae))
    if config.clip_skip > 1:
        pairs.append(("Clip skip", config.clip_skip))
    extra = {"txt2img": _second_pass, "adetailer": _detailer, "upscale": _enlarging}.get(order.stage)
    pairs += [*(extra(config) if extra else []), ("Version", version)]
    return format_infotext(order.prompt, order.negative, pairs)


def _of_family(config: PipelineConfig) -> list[tuple[str, Value]]:
    """Guidance and shift, in the words of Forge and Forge Neo."""
    first = config.txt2img
    written = (("Distilled CFG Scale", first.guidance), ("Shift", first.shift))
    return [(key, f"{value:g}") for key, value in written if value]


def _denoise(order: StageOrder) -> float | None:
    config = order.config
    if order.stage == "txt2img":
        return config.hires.denoise if config.hires.enabled else None
    if order.stage == "img2img":
        return config.img2img.denoise
    return config.upscale.denoise if order.stage == "upscale" and config.upscale.mode == "img2img" else None


def _second_pass(config: PipelineConfig) -> list[tuple[str, Value]]:
    pairs: list[tuple[str, Value]] = []
    if config.hires.enabled:
        pairs += [("Hires upscale", f"{config.hires.scale:g}"), ("Hires upscaler", config.hires.upscaler)]
        pairs += [("Hires steps", config.hires.steps)] if config.hires.steps else []
        pairs += [("Hires CFG Scale", f"{config.hires.cfg_scale:g}")] if config.hires.cfg_scale else []
        own = {"sampler": config.hires.sampler, "schedule type": config.hires.scheduler}
        own |= {"checkpoint": config.hires.checkpoint}
        own |= {"prompt": config.hires.prompt, "negative prompt": config.hires.negative}
        pairs += [(f"Hires {key}", text) for key, text in own.items() if text]
    if config.refiner.enabled:
        pairs += [("Refiner", config.refiner.checkpoint), ("Refiner switch at", f"{config.refiner.switch_at:g}")]
    return pairs


def _detailer(config: PipelineConfig) -> list[tuple[str, Value]]:
    pairs: list[tuple[str, Value]] = []
    for one, nth in zip(config.adetailer.passes, ("", " 2nd", " 3rd", " 4th"), strict=False):
        values: dict[str, Value] = {
            "model": one.model,
            "prompt": one.prompt,
            "negative prompt": one.negative,
            "confidence": f"{one.confidence:g}",
            "dilate erode": one.dilate_erode,
            "mask blur": one.mask_blur,
            "denoising strength": f"{one.denoise:g}",
            "inpaint padding": one.mask_padding,
            "steps": one.steps or "",
            "CFG scale": f"{one.cfg_scale:g}" if one.cfg_scale else "",
            "sampler": one.sampler,
            "scheduler": one.scheduler,
        }
        pairs += [(f"ADetailer {key}{nth}", value) for key, value in values.items() if value != ""]
    return pairs


def _enlarging(config: PipelineConfig) -> list[tuple[str, Value]]:
    stage = config.upscale
    return [("Postprocess upscale by", f"{stage.scale:g}"), ("Postprocess upscaler", stage.upscaler)]
