"""Capabilities of the sketch engine, checks of the names in an order, and the generation text of its pictures."""

from __future__ import annotations

from ...domain.base.errors import Refused
from ...domain.config.catalogue import Value, catalogue, get_value, stage_values
from ...domain.config.pipeline_config import PipelineConfig, stage_spec
from ..base import Capabilities, StageOrder
from .finish import CHECKPOINTS, SAMPLERS, SCHEDULERS

VERSION = "1"
UPSCALERS = ("Lanczos", "Nearest", "ESRGAN_4x", "R-ESRGAN 4x+", "R-ESRGAN 4x+ Anime6B", "SwinIR 4x", "4x-UltraSharp")
LATENT = ("Latent", "Latent (antialiased)", "Latent (bicubic)", "Latent (nearest)")
DETECTORS = ("face_yolov8n.pt", "face_yolov8s.pt", "hand_yolov8n.pt", "person_yolov8n-seg.pt", "mediapipe_face_full")

CAPABILITIES = Capabilities(
    kind="sketch",
    name="Sketch",
    version=VERSION,
    loaded_checkpoint=CHECKPOINTS[0],
    checkpoints=CHECKPOINTS,
    vaes=("Automatic",),
    samplers=tuple(SAMPLERS),
    schedulers=SCHEDULERS,
    upscalers=UPSCALERS,
    hires_upscalers=(*LATENT, *UPSCALERS),
    adetailer_models=DETECTORS,
    features=frozenset(
        ("refiner", "hires", "preview", "progress", "interrupt", "scheduler", "vae", "checkpoint", "face_restore")
    ),
)


def checkpoint_of(config: PipelineConfig) -> str:
    """The checkpoint to use: that of the config, or the loaded one."""
    return config.checkpoint or CHECKPOINTS[0]


def asked_values(order: StageOrder) -> dict[str, Value]:
    """The catalogue values that matter for this stage. Values that mean "the same as before" are left out."""
    config = order.config
    general = ("checkpoint", "vae", "clip_skip") if stage_spec(order.stage).samples(config) else ()
    values = {path: get_value(config, path) for path in general} | stage_values(config, order.stage)
    # The catalogue lists fewer passes than a config may have.
    listed = {path: value for path, value in values.items() if path in catalogue()}
    return {path: value for path, value in listed.items() if value != "" and not catalogue()[path].inherits(value)}


def check_names(order: StageOrder) -> None:
    """Raise Refused for a name in the order that this engine does not have; the error lists those that it has."""
    config = order.config
    asked = asked_values(order)
    if order.stage == "txt2img" and config.refiner.enabled:
        asked["refiner.checkpoint"] = config.refiner.checkpoint
    if order.stage != "img2img":
        # The later stages fall back upon these.
        asked |= {"txt2img.sampler": config.txt2img.sampler, "txt2img.scheduler": config.txt2img.scheduler}
    for path, value in asked.items():
        if catalogue()[path].choices:
            _must_be_known(path, str(value), catalogue()[path].choices)
    if order.stage == "adetailer":
        for nth, one in enumerate(config.adetailer.passes):
            # The catalogue lists fewer passes than a config may have.
            _must_be_known(f"adetailer.passes.{nth}.model", one.model, "adetailer_models")
            _must_be_known(f"adetailer.passes.{nth}.sampler", one.sampler or config.txt2img.sampler, "samplers")
            _must_be_known(f"adetailer.passes.{nth}.scheduler", one.scheduler or config.txt2img.scheduler, "schedulers")


def _must_be_known(path: str, name: str, choices: str) -> None:
    offered = CAPABILITIES.choices(choices)
    if name not in offered:
        raise Refused(f"{path}: the sketch engine has no {name!r}. Available: {', '.join(offered)}.", status=422)


def pairs_of(order: StageOrder, size: tuple[int, int]) -> list[tuple[str, Value]]:
    """The values of a picture with the labels and in the order of WebUI generation texts."""
    config = order.config
    stage = config.img2img if order.stage == "img2img" else config.txt2img
    steps = config.upscale.steps if order.stage == "upscale" and config.upscale.mode == "img2img" else stage.steps
    first = (config.txt2img.width, config.txt2img.height) if order.stage == "txt2img" else size
    pairs: list[tuple[str, Value]] = [
        ("Steps", steps),
        ("Sampler", stage.sampler),
        ("Schedule type", stage.scheduler),
        ("CFG scale", f"{stage.cfg_scale:g}"),
        ("Seed", order.seed),
        ("Size", f"{first[0]}x{first[1]}"),
        ("Model", checkpoint_of(config)),
    ]
    denoise = _denoise(order)
    if denoise is not None:
        pairs.append(("Denoising strength", f"{denoise:g}"))
    if config.clip_skip > 1:
        pairs.append(("Clip skip", config.clip_skip))
    extra = {"txt2img": _second_pass, "adetailer": _detailer, "upscale": _enlarging}.get(order.stage)
    return [*pairs, *(extra(config) if extra else []), ("Version", "sketch")]


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
