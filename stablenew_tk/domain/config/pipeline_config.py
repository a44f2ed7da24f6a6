"""All settings of one picture, stage by stage, each with its range, unit and label, and the table of the stages.

Parameters and stages are defined only here. Forms, `--set`, checks and sweeps read the catalogue that is derived from
these structs (`domain.config.catalogue`); whatever differs from stage to stage is a field of `StageSpec`.
`choices` in `extra` names the list of the backend that offers the values; `empty_means` what 0 or an empty text stands
for where the title does not say it; `sensible` is the usual range, in which good results are found, `step` the natural
step of a number; `rare` is what few people change; `telling` are values whose pictures differ to the eye, and `rank`
says how plainly, 1 most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .origins import RANDOM_SEED, SHORT_SEED
from .workflow_use import WorkflowUse

LANCZOS = "Lanczos"
# Loading, decoding and saving cost about as much as this many megapixel-steps.
_FIXED_WORK = 2.0
_HIRES_TEXT = "What this pass is sent instead of the prompt. LoRAs work in it only if it names them, too."
_SUBSEED = "A second seed that is mixed in with the variation strength; −1 draws a new one for each seed."
_SUBSEED_STRENGTH = "How far the picture moves towards that of the variation seed: 0 not at all."
_CONTROLNET = "A JSON file with units for txt2img and img2img, each with the picture that guides it; empty = none."
_STYLES = "Texts that the server keeps and puts around the prompt. Several are written as Film + Ink."
_CLIP_SKIP = (
    "How early the reading of the prompt stops. Checkpoints for drawings often like 2; 0 leaves it to the server."
)
_GUIDANCE = "How closely models with guidance trained in (Flux) follow the prompt, at CFG 1."
_SHIFT = "How much of the steps goes into the large shapes, as a factor: models of the SD 3, Qwen and Z-Image kind."
_ENCODERS = (
    "What reads the prompt, where the model is no whole checkpoint. Several are written as clip_l + t5xxl; empty takes "
    "those that its family needs."
)


def _asked(meta: Meta, rank: int, *telling: str | float) -> Meta:
    """A new `Meta`, made for a parameter that Learning Runs are proposed for: see `rank` and `telling` above."""
    (meta.extra or {}).update(rank=rank, telling=telling)
    return meta


def _steps(title: str, least: int = 1) -> Meta:
    help_text = "How long the sampler works on a picture. More steps cost more time."
    extra = {"unit": "steps", "step": 1, "sensible": (15, 45), "help": help_text}
    return Meta(ge=least, le=150, title=title, extra=extra)


def _cfg() -> Meta:
    help_text = "How closely the picture follows the prompt. High values look harsh."
    return Meta(ge=0.0, le=30.0, title="CFG scale", extra={"step": 0.5, "sensible": (3.0, 10.0), "help": help_text})


def _of_family(title: str, most: float, sensible: tuple[float, float], help_text: str) -> Meta:
    extra = {"step": 0.5, "sensible": sensible, "help": help_text, "rare": True}
    return Meta(ge=0.0, le=most, title=title, extra=extra)


def _denoise(low: float, high: float) -> Meta:
    help_text = "How much is painted anew: little keeps the picture, much invents."
    return Meta(ge=0.0, le=1.0, title="Denoise", extra={"step": 0.05, "sensible": (low, high), "help": help_text})


def _pixels(title: str) -> Meta:
    help_text = "Checkpoints are at their best near the size they were trained at."
    extra = {"unit": "px", "step": 64, "sensible": (512, 1536), "help": help_text}
    return Meta(ge=64, le=4096, multiple_of=8, title=title, extra=extra)


def _share(title: str, help_text: str, step: float = 0.05, *, rare: bool = False) -> Meta:
    return Meta(ge=0.0, le=1.0, title=title, extra={"step": step, "help": help_text, "rare": rare})


def _mask(title: str, help_text: str, low: int, high: int, step: int = 1) -> Meta:
    return Meta(ge=low, le=high, title=title, extra={"unit": "px", "step": step, "help": help_text})


def _scale(step: float) -> Meta:
    help_text = "How many times larger the picture becomes."
    return Meta(ge=1.0, le=4.0, title="Scale", extra={"unit": "×", "step": step, "help": help_text})


def _choice(title: str, choices: str, help_text: str = "") -> Meta:
    return Meta(title=title, max_length=512, extra={"choices": choices, "help": help_text})


def _text(title: str, help_text: str = "", empty: str = "") -> Meta:
    return Meta(title=title, max_length=4096, extra={"help": help_text, "empty_means": empty})


def _switch(title: str = "On", help_text: str = "") -> Meta:
    return Meta(title=title, extra={"help": help_text})


def _sampler() -> Meta:
    return _choice("Sampler", "samplers", "How noise is taken away, step by step.")


def _scheduler() -> Meta:
    return _choice("Scheduler", "schedulers", "How the noise is spread over the steps.")


Sampler = Annotated[str, _sampler()]
Scheduler = Annotated[str, _scheduler()]


class Txt2Img(Struct, frozen=True):
    """Makes the picture from the prompt."""

    enabled: Annotated[bool, _switch()] = True
    sampler: Annotated[str, _asked(_sampler(), 2, "Euler a", "DPM++ 2M", "DPM++ SDE", "DDIM", "Heun", "UniPC")] = (
        "Euler a"
    )
    # "Automatic" exists in every WebUI that has schedulers at all; it lets the sampler use its own.
    scheduler: Annotated[
        str, _asked(_scheduler(), 5, "Automatic", "Karras", "Exponential", "SGM Uniform", "Simple")
    ] = "Automatic"
    steps: Annotated[int, _asked(_steps("Steps"), 4, 6, 12, 20, 30, 45)] = 20
    cfg_scale: Annotated[float, _asked(_cfg(), 1, 1.0, 4.0, 7.0, 10.0, 14.0)] = 7.0
    guidance: Annotated[
        float, _asked(_of_family("Guidance (0 = model's own)", 30.0, (1.5, 5.0), _GUIDANCE), 1, 1.5, 2.5, 3.5, 5.0)
    ] = 0.0
    shift: Annotated[float, _of_family("Shift (0 = model's own)", 20.0, (2.0, 6.0), _SHIFT)] = 0.0
    width: Annotated[int, _pixels("Width")] = 512
    height: Annotated[int, _pixels("Height")] = 512
    batch_size: Annotated[int, Meta(ge=1, le=16, title="Batch size", extra={"unit": "images", "step": 1})] = 1
    subseed: Annotated[
        int,
        Meta(ge=RANDOM_SEED, le=SHORT_SEED, title="Variation seed", extra={"step": 1, "help": _SUBSEED, "rare": True}),
    ] = RANDOM_SEED
    subseed_strength: Annotated[
        float,
        _share("Variation strength", _SUBSEED_STRENGTH, rare=True),
    ] = 0.0


class Hires(Struct, frozen=True):
    """Enlarges the picture before details are drawn (second pass of txt2img)."""

    enabled: Annotated[bool, _switch("Hires fix")] = False
    upscaler: Annotated[str, _choice("Upscaler", "hires_upscalers", "What enlarges the picture.")] = "Latent"
    scale: Annotated[float, _scale(0.25)] = 2.0
    denoise: Annotated[float, _asked(_denoise(0.2, 0.6), 3, 0.15, 0.3, 0.45, 0.6, 0.75)] = 0.3
    steps: Annotated[int, Meta(ge=0, le=150, title="Steps (0 = same)", extra={"unit": "steps", "step": 1})] = 0
    cfg_scale: Annotated[
        float, Meta(ge=0.0, le=30.0, title="CFG (0 = same)", extra={"step": 0.5, "sensible": (3.0, 10.0)})
    ] = 0.0
    sampler: Annotated[str, _choice("Sampler (empty = same)", "samplers")] = ""
    scheduler: Annotated[str, _choice("Scheduler (empty = same)", "schedulers")] = ""
    checkpoint: Annotated[
        str,
        _choice("Checkpoint (empty = same)", "checkpoints", "Another one for this pass. Loading it takes time."),
    ] = ""
    prompt: Annotated[str, _text("Prompt (empty = same)", _HIRES_TEXT)] = ""
    negative: Annotated[str, _text("Negative (empty = same)")] = ""


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


class Inpaint(Struct, frozen=True):
    """Lets img2img paint anew only what a mask shows (white)."""

    enabled: Annotated[bool, _switch("Inpaint")] = False
    mask: Annotated[str, _text("Mask file", "A picture as large as the one it is for: white is painted anew.")] = ""
    mask_blur: Annotated[int, _mask("Mask blur", "How softly what is new goes over into the rest.", 0, 64)] = 4
    content: Annotated[
        Literal["fill", "original", "latent noise", "latent nothing"],
        Meta(title="Masked content", extra={"help": "What is under the mask to begin with."}),
    ] = "original"
    area: Annotated[
        Literal["whole picture", "only masked"],
        Meta(title="Inpaint area", extra={"help": "only masked cuts the masked part out and paints it larger."}),
    ] = "whole picture"
    padding: Annotated[int, _mask("Padding", "How much around the mask is seen with only masked.", 0, 256, 4)] = 32
    invert: Annotated[bool, _switch("Paint what is not masked")] = False


class ADetailerPass(Struct, frozen=True):
    """Finds one kind of thing (a face, a hand) and paints it again."""

    model: Annotated[str, _choice("Detector", "adetailer_models", "What looks for faces or hands.")] = "face_yolov8n.pt"
    prompt: Annotated[str, _text("Prompt (empty = same)")] = ""
    negative: Annotated[str, _text("Negative (empty = same)")] = ""
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
    # The only one that every engine has and that needs no weights.
    upscaler: Annotated[str, _choice("Upscaler", "upscalers", "What enlarges the picture.")] = LANCZOS
    scale: Annotated[float, _scale(0.5)] = 2.0
    denoise: Annotated[float, _denoise(0.1, 0.4)] = 0.35
    steps: Annotated[int, _steps("Steps")] = 20
    gfpgan: Annotated[float, _share("GFPGAN", "How strongly GFPGAN smooths faces.", 0.1)] = 0.0
    codeformer: Annotated[float, _share("CodeFormer", "How strongly CodeFormer restores faces.", 0.1)] = 0.0
    codeformer_weight: Annotated[
        float, _share("CodeFormer weight", "How freely CodeFormer may change a face: 0 freely, 1 hardly.", 0.1)
    ] = 0.5


class PipelineConfig(Struct, frozen=True, gc=False):
    """Everything but prompt, negative prompt and seed, which belong to the job. Empty checkpoint = the loaded one.

    A `workflow` of the user's own makes the picture in place of the first stage.
    """

    checkpoint: Annotated[
        str, _choice("Checkpoint", "checkpoints", "Makes the picture. Empty means the one the backend has loaded.")
    ] = ""
    vae: Annotated[str, _choice("VAE", "vaes", "Turns the checkpoint's numbers into colours.")] = "Automatic"
    text_encoders: Annotated[str, _choice("Text encoders (empty = automatic)", "text_encoders", _ENCODERS)] = ""
    clip_skip: Annotated[
        int, Meta(ge=0, le=12, title="Clip skip", extra={"step": 1, "help": _CLIP_SKIP, "empty_means": "server's"})
    ] = 1
    styles: Annotated[str, _choice("Styles", "styles", _STYLES)] = ""
    controlnet: Annotated[str, _text("ControlNet units", _CONTROLNET, "none")] = ""
    txt2img: Txt2Img = Txt2Img()
    hires: Hires = Hires()
    refiner: Refiner = Refiner()
    img2img: Img2Img = Img2Img()
    inpaint: Inpaint = Inpaint()
    adetailer: ADetailer = ADetailer()
    upscale: Upscale = Upscale()
    workflow: WorkflowUse = WorkflowUse()

    def stages(self) -> tuple[str, ...]:
        """Names of the enabled stages, in working order."""
        return tuple(stage for stage in STAGES if getattr(self, stage).enabled)


class BlockSpec(Struct, frozen=True, kw_only=True):
    """A part of the config with a switch, a stage or a part of one. `name` is its field in `PipelineConfig`.

    `summary` describes its values in one line. `heading` stands before a parameter's label where the block is not in
    view ("Hires denoise"); None = the title. `second_pass` is the field and value that add a second pass, for blocks
    with `passes`.
    """

    name: str
    title: str
    purpose: str
    summary: Callable[[PipelineConfig], str]
    heading: str | None = None
    second_pass: tuple[str, str] = ("", "")


def _always(_config: PipelineConfig) -> bool:
    return True


def _same_size(_config: PipelineConfig) -> float:
    return 1.0


class StageSpec(BlockSpec, frozen=True, kw_only=True):
    """One stage of the pipeline.

    `parts` are the blocks that work within it. `needs_picture` is false where a picture is made from nothing.
    `samples` tells whether the stage runs the checkpoint, and so reads prompts; `unused` which of its parameters have
    no effect. `work` is its effort in sampler steps × megapixels, given the megapixels of the picture it begins with;
    `scale` by how much it enlarges each side. `text_note` explains when global texts reach it.
    """

    work: Callable[[PipelineConfig, float], float]
    parts: tuple[BlockSpec, ...] = ()
    needs_picture: bool = True
    samples: Callable[[PipelineConfig], bool] = _always
    unused: Callable[[PipelineConfig], tuple[str, ...]] = lambda _config: ()
    scale: Callable[[PipelineConfig], float] = _same_size
    text_note: str = ""


def size_words(config: PipelineConfig) -> str:
    """ "832 × 1216", and the size after hires fix."""
    width, height = config.txt2img.width, config.txt2img.height
    words = f"{width} × {height}"
    if config.hires.enabled:
        width, height = round(width * config.hires.scale), round(height * config.hires.scale)
        words += f" → {width} × {height} after hires fix"
    return words


def base_name(path: str) -> str:
    """The name of a file without its folders, of any system."""
    return path.replace("\\", "/").rpartition("/")[2]


def _passes_words(config: PipelineConfig) -> str:
    first, count = config.adetailer.passes[0], len(config.adetailer.passes)
    model = first.model.rpartition(".")[0] or first.model
    return f"{count} pass{'es' if count > 1 else ''} · {model} · denoise {first.denoise:.2f}"


def _repaints(config: PipelineConfig) -> bool:
    return config.upscale.mode == "img2img"


def _txt2img_work(config: PipelineConfig, megapixels: float) -> float:
    base, hires = config.txt2img, config.hires
    second = (hires.steps or base.steps) * hires.denoise * hires.scale**2 if hires.enabled else 0.0
    return (base.steps + second) * megapixels * base.batch_size


def _upscale_work(config: PipelineConfig, megapixels: float) -> float:
    larger = megapixels * config.upscale.scale**2
    return config.upscale.steps * config.upscale.denoise * larger if _repaints(config) else larger


# In working order: each stage begins with the picture of the one before.
STAGE_SPECS = (
    StageSpec(
        name="txt2img",
        title="txt2img",
        purpose="makes the picture",
        summary=size_words,
        heading="",
        parts=(
            BlockSpec(
                name="hires",
                title="Hires fix",
                purpose="enlarges before details are drawn",
                summary=lambda config: f"{config.hires.upscaler} × {config.hires.scale:g}",
                heading="Hires",
            ),
            BlockSpec(
                name="refiner",
                title="Refiner",
                purpose="a second checkpoint finishes the picture",
                summary=lambda config: (
                    f"{config.refiner.checkpoint or 'none chosen'} from {config.refiner.switch_at:.0%} on"
                ),
                heading="",
            ),
        ),
        needs_picture=False,
        unused=lambda config: (
            () if config.txt2img.subseed_strength else ("txt2img.subseed", "txt2img.subseed_strength")
        ),
        work=_txt2img_work,
        scale=lambda config: config.hires.scale if config.hires.enabled else 1.0,
    ),
    StageSpec(
        name="img2img",
        title="img2img",
        purpose="paints over the picture once more",
        summary=lambda config: f"denoise {config.img2img.denoise:.2f} · {config.img2img.steps} steps",
        parts=(
            BlockSpec(
                name="inpaint",
                title="Inpaint",
                purpose="paints anew only what a mask shows",
                summary=lambda config: f"{base_name(config.inpaint.mask) or 'no mask yet'} · {config.inpaint.area}",
                heading="Inpaint",
            ),
        ),
        work=lambda config, megapixels: config.img2img.steps * config.img2img.denoise * megapixels,
    ),
    StageSpec(
        name="adetailer",
        title="ADetailer",
        purpose="repairs faces and hands",
        summary=_passes_words,
        second_pass=("model", "hand_yolov8n.pt"),
        work=lambda config, _megapixels: sum(
            (one.steps or config.txt2img.steps) * one.denoise * 0.3 for one in config.adetailer.passes
        ),
        text_note="A pass that has a prompt of its own keeps it as it is.",
    ),
    StageSpec(
        name="upscale",
        title="Upscale",
        purpose="makes the finished picture larger",
        summary=lambda config: f"{config.upscale.upscaler} × {config.upscale.scale:g}",
        samples=_repaints,
        unused=lambda config: () if _repaints(config) else ("upscale.denoise", "upscale.steps"),
        work=_upscale_work,
        scale=lambda config: config.upscale.scale,
        text_note="Only when upscaling paints again (mode img2img); plain enlarging reads no prompt.",
    ),
)
STAGES = tuple(spec.name for spec in STAGE_SPECS)
FIRST_STAGE = STAGES[0]
BLOCK_SPECS: tuple[BlockSpec, ...] = tuple(block for spec in STAGE_SPECS for block in (spec, *spec.parts))
# The blocks that are no stages, and the stage each works in.
STAGE_OF_PART = {part.name: spec.name for spec in STAGE_SPECS for part in spec.parts}


def stage_spec(name: str) -> StageSpec:
    """The table's row for a stage. Raises KeyError for a name that is no stage."""
    return _SPEC_OF[name]


def work(config: PipelineConfig) -> float:
    """Rough amount of work of one job, in sampler steps times megapixels. Always > 0."""
    megapixels = config.txt2img.width * config.txt2img.height / 1e6
    total = _FIXED_WORK
    for spec in STAGE_SPECS:
        if getattr(config, spec.name).enabled:
            total += spec.work(config, megapixels)
            megapixels *= spec.scale(config) ** 2
    return total


def reading_stages(config: PipelineConfig) -> tuple[str, ...]:
    """The enabled stages that read a prompt: plain enlarging does not."""
    return tuple(spec.name for spec in STAGE_SPECS if getattr(config, spec.name).enabled and spec.samples(config))


def summary(config: PipelineConfig, block: str) -> str:
    """One line about a block: its most telling values, or "off"."""
    return _BLOCK_OF[block].summary(config) if getattr(config, block).enabled else "off"


def switched_off(config: PipelineConfig, paths: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The parameters that do nothing because what they belong to is off, by its switch: {"hires.enabled": …}.

    Those of the first pass count wherever a later stage has no values of its own; where a workflow has a place for a
    parameter, no switch is asked.
    """
    idle: dict[str, tuple[str, ...]] = {}
    for path in paths if not config.workflow else ():
        block = _BLOCK_OF.get(path.partition(".")[0])
        if block is None or block.name == FIRST_STAGE or path == f"{block.name}.enabled":
            continue
        names = (STAGE_OF_PART.get(block.name, block.name), block.name)
        if off := next((name for name in names if not getattr(config, name).enabled), ""):
            idle[f"{off}.enabled"] = (*idle.get(f"{off}.enabled", ()), path)
    return idle


def blocks_of(config: PipelineConfig, stage: str) -> tuple[str, ...]:
    """A stage and those of its parts that are switched on."""
    parts = (part.name for part in stage_spec(stage).parts)
    return (stage, *(part for part in parts if getattr(config, part).enabled))


_BLOCK_OF = {block.name: block for block in BLOCK_SPECS}
_SPEC_OF = {spec.name: spec for spec in STAGE_SPECS}
