"""Capabilities of the sketch engine, checks of the names in an order, and the generation text of its pictures."""

from __future__ import annotations

from ...domain.base.errors import Refused
from ...domain.config.catalogue import Value, catalogue, get_value, stage_values
from ...domain.config.pipeline_config import PipelineConfig, stage_spec
from ..base import Capabilities, StageOrder
from .finish import CHECKPOINTS, SAMPLERS, SCHEDULERS

VERSION = "1"
DEVICE = "any computer"  # it paints the same everywhere
CLIP_SKIP = 2  # where none is asked for
UPSCALERS = ("Lanczos", "Nearest", "ESRGAN_4x", "R-ESRGAN 4x+", "R-ESRGAN 4x+ Anime6B", "SwinIR 4x", "4x-UltraSharp")
LATENT = ("Latent", "Latent (antialiased)", "Latent (bicubic)", "Latent (nearest)")
DETECTORS = ("face_yolov8n.pt", "face_yolov8s.pt", "hand_yolov8n.pt", "person_yolov8n-seg.pt", "mediapipe_face_full")

CAPABILITIES = Capabilities(
    kind="sketch",
    name="Sketch",
    version=VERSION,
    device=DEVICE,
    loaded_checkpoint=CHECKPOINTS[0],
    checkpoints=CHECKPOINTS,
    vaes=("Automatic",),
    samplers=tuple(SAMPLERS),
    schedulers=SCHEDULERS,
    upscalers=UPSCALERS,
    hires_upscalers=(*LATENT, *UPSCALERS),
    adetailer_models=DETECTORS,
    features=frozenset(("refiner", "hires", "preview", "progress", "interrupt"))
    | {"scheduler", "vae", "checkpoint", "clip_skip", "face_restore"},
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
    if "txt2img.subseed_strength" in asked:
        raise Refused("txt2img.subseed_strength: the sketch engine has no variation seeds. Set it to 0.", status=422)
    if order.stage == "txt2img" and config.refiner.enabled:
        asked["refiner.checkpoint"] = config.refiner.checkpoint
    if order.stage == "img2img" and config.inpaint.enabled:
        raise Refused("inpaint.enabled: the sketch engine takes no mask. Switch it off.", status=422)
    if config.controlnet:
        raise Refused("controlnet: the sketch engine has no ControlNet. Leave it empty.", status=422)
    if config.styles:
        raise Refused("styles: the sketch engine keeps no styles. Leave it empty.", status=422)
    for path in ("txt2img.guidance", "txt2img.shift"):
        if path in asked:
            raise Refused(f"{path}: the sketch engine has none. Set it to 0.", status=422)
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
