"""All settings of one picture, stage by stage, each with its range, unit and label.

This is the only place where a parameter is written down. Forms, the command line's `--set`, checks and sweeps read
the catalogue derived from these structs (`domain.parameters`), so a new parameter is one line here.
`choices` in `extra` names the list of the backend that offers the values; `sensible` is the usual range, in which
good results are found, `step` the natural step of a number.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

Stage = Literal["txt2img", "img2img", "adetailer", "upscale"]
STAGES: tuple[Stage, ...] = get_args(Stage)
_CLIP_SKIP = "How early the reading of the prompt stops. Checkpoints made for drawings often like 2."


def _steps(title: str, least: int = 1) -> Meta:
    help_text = "How long the sampler works on a picture. More steps cost more time."
    extra = {"unit": "steps", "step": 1, "sensible": (15, 45), "help": help_text}
    return Meta(ge=least, le=150, title=title, extra=extra)


def _cfg(title: str = "CFG scale", least: float = 1.0) -> Meta:
    help_text = "How closely the picture follows the prompt. High values look harsh."
    return Meta(ge=least, le=30.0, title=title, extra={"step": 0.5, "sensible": (3.0, 10.0), "help": help_text})


def _denoise(low: float, high: float) -> Meta:
    help_text = "How much is painted anew: little keeps the picture, much invents."
    return Meta(ge=0.0, le=1.0, title="Denoise", extra={"step": 0.05, "sensible": (low, high), "help": help_text})


def _pixels(title: str) -> Meta:
    help_text = "Checkpoints are at their best near the size they were trained at."
    extra = {"unit": "px", "step": 64, "sensible": (512, 1536), "help": help_text}
    return Meta(ge=64, le=4096, multiple_of=8, title=title, extra=extra)


def _share(title: str, help_text: str, step: float = 0.05) -> Meta:
    return Meta(ge=0.0, le=1.0, title=title, extra={"step": step, "help": help_text})


def _mask(title: str, help_text: str, low: int, high: int, step: int = 1) -> Meta:
    return Meta(ge=low, le=high, title=title, extra={"unit": "px", "step": step, "help": help_text})


def _scale(step: float) -> Meta:
    help_text = "How many times larger the picture becomes."
    return Meta(ge=1.0, le=4.0, title="Scale", extra={"unit": "×", "step": step, "help": help_text})


def _choice(title: str, choices: str, help_text: str = "") -> Meta:
    return Meta(title=title, max_length=512, extra={"choices": choices, "help": help_text})


def _switch(title: str = "On", help_text: str = "") -> Meta:
    return Meta(title=title, extra={"help": help_text})


Sampler = Annotated[str, _choice("Sampler", "samplers", "How noise is taken away, step by step.")]
Scheduler = Annotated[str, _choice("Scheduler", "schedulers", "How the noise is spread over the steps.")]


class Txt2Img(Struct, frozen=True):
    """Makes the picture from the prompt."""

    enabled: Annotated[bool, _switch()] = True
    sampler: Sampler = "Euler a"
    # "Automatic" exists in every WebUI that has schedulers at all; it lets the sampler use its own.
    scheduler: Scheduler = "Automatic"
    steps: Annotated[int, _steps("Steps")] = 20
    cfg_scale: Annotated[float, _cfg()] = 7.0
    width: Annotated[int, _pixels("Width")] = 512
    height: Annotated[int, _pixels("Height")] = 512
    batch_size: Annotated[int, Meta(ge=1, le=16, title="Batch size", extra={"unit": "images", "step": 1})] = 1


class Hires(Struct, frozen=True):
    """Enlarges the picture before details are drawn (second pass of txt2img)."""

    enabled: Annotated[bool, _switch("Hires fix")] = False
    upscaler: Annotated[str, _choice("Upscaler", "hires_upscalers", "What enlarges the picture.")] = "Latent"
    scale: Annotated[float, _scale(0.25)] = 2.0
    denoise: Annotated[float, _denoise(0.2, 0.6)] = 0.3
    steps: Annotated[int, Meta(ge=0, le=150, title="Steps (0 = same)", extra={"unit": "steps", "step": 1})] = 0
    cfg_scale: Annotated[
        float, Meta(ge=0.0, le=30.0, title="CFG (0 = same)", extra={"step": 0.5, "sensible": (3.0, 10.0)})
    ] = 0.0


class Refiner(Struct, frozen=True):
    """Lets a second checkpoint finish the picture."""

    enabled: Annotated[bool, _switch("Refiner")] = False
    checkpoint: Annotated[str, _choice("Refiner checkpoint", "checkpoints", "The second checkpoint.")] = ""
    switch_at: Annotated[
        float,
        Meta(
            ge=0.0,
            le=1.0,
            title="Switch at",
            extra={"step": 0.05, "sensible": (0.6, 0.9), "help": "At which share of the steps the refiner takes over."},
        ),
    ] = 0.8


class Img2Img(Struct, frozen=True):
    """Paints over the picture once more."""

    enabled: Annotated[bool, _switch()] = False
    denoise: Annotated[float, _denoise(0.2, 0.6)] = 0.3
    steps: Annotated[int, _steps("Steps")] = 15
    sampler: Sampler = "Euler a"
    scheduler: Scheduler = "Automatic"
    cfg_scale: Annotated[float, _cfg()] = 7.0


class ADetailerPass(Struct, frozen=True):
    """Finds one kind of thing (a face, a hand) and paints it again."""

    model: Annotated[str, _choice("Detector", "adetailer_models", "What looks for faces or hands.")] = "face_yolov8n.pt"
    prompt: Annotated[str, Meta(max_length=4096, title="Prompt (empty = same)")] = ""
    negative: Annotated[str, Meta(max_length=4096, title="Negative (empty = same)")] = ""
    confidence: Annotated[
        float, _share("Confidence", "How sure the detector must be before something is painted again.")
    ] = 0.35
    denoise: Annotated[float, _denoise(0.2, 0.5)] = 0.32
    mask_blur: Annotated[int, _mask("Mask blur", "How softly the repaired part goes over into the rest.", 0, 64)] = 6
    dilate_erode: Annotated[int, _mask("Mask grow", "How far the repair reaches beyond what was found.", -128, 128)] = 4
    mask_padding: Annotated[
        int, _mask("Padding", "How much of the surroundings is seen while repairing.", 0, 256, 4)
    ] = 32
    steps: Annotated[int, Meta(ge=0, le=150, title="Steps (0 = same)", extra={"unit": "steps", "step": 1})] = 14
    cfg_scale: Annotated[float, Meta(ge=0.0, le=30.0, title="CFG (0 = same)", extra={"step": 0.5})] = 5.5
    sampler: Annotated[str, _choice("Sampler (empty = same)", "samplers")] = ""
    scheduler: Annotated[str, _choice("Scheduler (empty = same)", "schedulers")] = ""


class ADetailer(Struct, frozen=True):
    """Repairs faces and hands."""

    enabled: Annotated[bool, _switch()] = False
    passes: Annotated[tuple[ADetailerPass, ...], Meta(min_length=1, max_length=4)] = (ADetailerPass(),)


class Upscale(Struct, frozen=True):
    """Makes the finished picture larger."""

    enabled: Annotated[bool, _switch()] = False
    mode: Annotated[
        Literal["single", "img2img"],
        Meta(title="Mode", extra={"help": "single enlarges; img2img enlarges and paints again, which is much slower."}),
    ] = "single"
    upscaler: Annotated[str, _choice("Upscaler", "upscalers", "What enlarges the picture.")] = "R-ESRGAN 4x+"
    scale: Annotated[float, _scale(0.5)] = 2.0
    denoise: Annotated[float, _denoise(0.1, 0.4)] = 0.35
    steps: Annotated[int, _steps("Steps")] = 20
    gfpgan: Annotated[float, _share("GFPGAN", "How strongly GFPGAN smooths faces.", 0.1)] = 0.0
    codeformer: Annotated[float, _share("CodeFormer", "How strongly CodeFormer restores faces.", 0.1)] = 0.0
    codeformer_weight: Annotated[
        float, _share("CodeFormer weight", "How freely CodeFormer may change a face: 0 freely, 1 hardly.", 0.1)
    ] = 0.5


class PipelineConfig(Struct, frozen=True):
    """Everything but prompt, negative prompt and seed, which belong to the job. Empty checkpoint = the loaded one."""

    checkpoint: Annotated[
        str, _choice("Checkpoint", "checkpoints", "Makes the picture. Empty means the one the backend has loaded.")
    ] = ""
    vae: Annotated[str, _choice("VAE", "vaes", "Turns the checkpoint's numbers into colours.")] = "Automatic"
    clip_skip: Annotated[int, Meta(ge=1, le=12, title="Clip skip", extra={"step": 1, "help": _CLIP_SKIP})] = 2
    txt2img: Txt2Img = Txt2Img()
    hires: Hires = Hires()
    refiner: Refiner = Refiner()
    img2img: Img2Img = Img2Img()
    adetailer: ADetailer = ADetailer()
    upscale: Upscale = Upscale()

    def stages(self) -> tuple[str, ...]:
        """Names of the enabled stages, in working order (txt2img, img2img, adetailer, upscale)."""
        return tuple(stage for stage in STAGES if getattr(self, stage).enabled)
