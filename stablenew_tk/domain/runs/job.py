"""Run requests and jobs. `make_jobs` turns a request into jobs whose seeds and settings are all fixed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..base.errors import InvalidInput
from ..base.lora_tags import AddedLora, loras_in, with_loras
from ..config.catalogue import Value, is_of_workflow, with_values, without_place
from ..config.global_texts import GlobalTexts, StageText, texts_of_stages
from ..config.origins import MAX_SEED, MOST_SEEDS, RANDOM_SEED, Origin, seed_after
from ..config.pipeline_config import PipelineConfig, stage_spec
from ..config.sweep import LORA, LORA_FILE, NEGATIVE, is_weight, is_wording
from ..config.workflow_use import WorkflowUse
from ..models.families import Family
from ..models.idle_settings import idle_settings
from ..models.preset_scope import PresetUse, without_values
from ..prompts.pack import has_lora, with_preset_loras
from ..prompts.variant import Variant

# The whole queue is kept in memory and in the file of waiting jobs.
MOST_JOBS = 10_000


class RandomizerChoice(Struct, frozen=True, gc=False):
    """Which variant of a randomized prompt this is; `index` counts from 0."""

    mode: str = "none"
    index: int = 0
    count: int = 1
    choices: dict[str, str] = {}


class LearningTag(Struct, frozen=True):
    """Whether and how a job feeds learning. `active` jobs belong to a step of a plan."""

    mode: Literal["off", "passive", "active"] = "passive"
    plan_id: str = ""
    step_id: str = ""
    value: Value | None = None
    row: int = 0


class RunRequest(Struct, frozen=True, kw_only=True):
    """What one click on Run asks for. `seed` is the first of `seeds_per_prompt` consecutive seeds; −1 draws one.

    `variants` are the prompt variants to make, of `count` that exist, chosen in the randomizer's `mode`. All of them
    use the same seeds unless `own_seeds` gives every picture a seed of its own.

    `start_image` is the path of an existing picture for runs that begin at img2img, ADetailer or upscale.
    `profile_loras` of the checkpoint's profile are added to prompts that do not name them.
    `lora_weights` of presets replace the weights of LoRA tags that the prompts have then, and those that stand
    `lora_instead` of others are put in; `presets` are those that gave values or weights. `stage_texts` are for making a
    recorded run again: those stages are sent these texts as they are.
    """

    pack_id: str
    variants: tuple[Variant, ...]
    mode: str = "none"
    count: int = 0
    config: PipelineConfig = PipelineConfig()
    origins: Mapping[str, Origin] = {}
    seed: int = RANDOM_SEED
    seeds_per_prompt: int = 1
    own_seeds: bool = False
    globals: GlobalTexts = GlobalTexts()
    stage_texts: Mapping[str, StageText] = {}
    start_image: str = ""
    record: bool = True
    interactive: bool = True
    limit: int = 0
    profile_loras: tuple[AddedLora, ...] = ()
    lora_weights: Mapping[str, float] = {}
    lora_instead: Mapping[str, tuple[str, ...]] = {}
    presets: tuple[PresetUse, ...] = ()


# Nothing in a job can lead back to it. Looked at by the garbage collector, 100,000 stop the window for 0.1 s each time.
class Job(Struct, frozen=True, kw_only=True, gc=False):
    """One picture to make on one node, with all stages. All values are final; `seed` ≥ 0.

    `run_day` (YYYY-MM-DD, local) keeps a run that was interrupted in one folder; "" means the day it is made. `prompt`
    and `negative` are what the first stage is sent; `stage_texts` has the later stages that are sent another text.
    `family` and `variant` are those of the checkpoint where the model library knows them.
    """

    job_id: str
    run_id: str
    run_name: str
    run_day: str = ""
    index: int
    pack_id: str
    prompt_id: str
    prompt: str
    negative: str
    stage_texts: Mapping[str, StageText] = {}
    seed: int
    config: PipelineConfig
    origins: Mapping[str, Origin] = {}
    presets: tuple[PresetUse, ...] = ()
    randomizer: RandomizerChoice = RandomizerChoice()
    learning: LearningTag = LearningTag()
    start_image: str = ""
    record: bool = True
    interactive: bool = True
    family: str = ""
    variant: str = ""

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the enabled stages in the order they run."""
        return self.config.stages()

    def text(self, stage: str) -> StageText:
        """Prompt and negative prompt that a stage is sent."""
        return self.stage_texts.get(stage, StageText(self.prompt, self.negative))


def make_jobs(
    request: RunRequest, *, run_name: str, new_id: Callable[[], str], draw_seed: Callable[[], int]
) -> tuple[Job, ...]:
    """Make all jobs of a request, variant by variant, with fixed seeds.

    Jobs with the same checkpoint follow each other, because loading a checkpoint takes longer than a picture. Variants
    share a drawn variation seed as they share their seeds.
    `draw_seed` returns a random seed, `new_id` a fresh id. Raises InvalidInput when no job is possible: no prompt, no
    stage, a later stage without a picture to start from, or an invalid value of a randomizer axis.
    """
    check(request)
    first = request.seed if request.seed != RANDOM_SEED else draw_seed()
    run_id = new_id()
    rows = [LearningTag(mode="passive" if request.record else "off", row=n) for n in range(request.seeds_per_prompt)]
    pairs = [(variant, row) for variant in _by_checkpoint(request.variants) for row in rows]
    parts: dict[int, _VariantPart] = {}
    drawn: defaultdict[int, int] = defaultdict(draw_seed)
    jobs: list[Job] = []
    for index, (variant, row) in enumerate(pairs[: request.limit or None]):
        part = parts.get(variant.index)
        if part is None:
            part = parts[variant.index] = _part(request, variant)
        job = Job(
            job_id=new_id(),
            run_id=run_id,
            run_name=run_name,
            index=index,
            pack_id=request.pack_id,
            prompt_id=variant.prompt_id,
            prompt=part.text.prompt,
            negative=part.text.negative,
            stage_texts=part.others,
            seed=seed_after(first, index if request.own_seeds else row.row),
            config=with_subseed(part.config, partial(drawn.__getitem__, index if request.own_seeds else row.row)),
            origins=part.origins,
            presets=part.presets,
            randomizer=part.choice,
            learning=row,
            start_image=request.start_image,
            record=request.record,
            interactive=request.interactive,
        )
        jobs.append(job)
    return tuple(jobs)


def with_subseed(config: PipelineConfig, draw: Callable[[], int]) -> PipelineConfig:
    """The config with a variation seed that is a number, drawn where none is named and one counts."""
    values = config.txt2img
    if not values.enabled or not values.subseed_strength or values.subseed != RANDOM_SEED:
        return config
    return with_values(config, {"txt2img.subseed": draw()})


class _VariantPart(Struct, frozen=True):
    """The fields that all jobs of one variant have in common."""

    config: PipelineConfig
    origins: Mapping[str, Origin]
    presets: tuple[PresetUse, ...]
    text: StageText
    others: Mapping[str, StageText]
    choice: RandomizerChoice


def _part(request: RunRequest, variant: Variant) -> _VariantPart:
    config = request.config  # whose start `check` has looked at
    if variant.overrides:
        config = with_values(config, dict(variant.overrides))
        _check_start(config, request.start_image)
        check_workflow(config)
    config = replace(config, workflow=config.workflow.with_named_only())
    text, others = texts_of_stages(config, _texts(request, variant))
    origins: dict[str, Origin] = {**request.origins, **dict.fromkeys(variant.overrides, "user")}
    if request.profile_loras:
        bare, _ = texts_of_stages(config, _texts(replace(request, profile_loras=()), variant))
        added = set(loras_in(text.prompt)) - set(loras_in(bare.prompt))
        origins |= dict.fromkeys((f"{LORA}{name}" for name in added if name not in request.lora_weights), "profile")
    decided = (*variant.overrides, *_without_effect(request, variant, (text, *others.values())))
    return _VariantPart(
        config, origins, without_values(request.presets, decided), text, others, _choice(request, variant)
    )


def _by_checkpoint(variants: tuple[Variant, ...]) -> Sequence[Variant]:
    order: dict[Value | None, int] = {}
    for variant in variants:
        order.setdefault(variant.overrides.get("checkpoint"), len(order))
    return sorted(variants, key=lambda variant: order[variant.overrides.get("checkpoint")])


def _choice(request: RunRequest, variant: Variant) -> RandomizerChoice:
    if not variant.choices:
        return RandomizerChoice()
    return RandomizerChoice(request.mode, variant.index, request.count, dict(variant.choices))


def _texts(request: RunRequest, variant: Variant) -> Callable[[str], StageText]:
    """Return a function that gives the texts of a stage.

    LoRAs of the checkpoint's profile come first. The weights of a preset apply to all LoRA tags, except those whose
    weight the variant itself sets.
    """
    weights = {name: weight for name, weight in request.lora_weights.items() if name not in _varied_loras(variant)}
    loras = _profile_loras(request, variant)

    def text_of(stage: str) -> StageText:
        text = request.stage_texts.get(stage)
        if text is None:
            text = request.globals.texts_for(stage, variant.prompt, variant.negative)
            text = text.changed(lambda words: with_loras(words, loras)) if loras else text
        return text.changed(lambda words: with_preset_loras(words, weights, request.lora_instead)) if weights else text

    return text_of


def _profile_loras(request: RunRequest, variant: Variant) -> tuple[AddedLora, ...]:
    """The LoRAs of the profile, unless the variant uses another checkpoint: they belong to that of the request."""
    checkpoint = variant.overrides.get("checkpoint", request.config.checkpoint)
    return request.profile_loras if checkpoint == request.config.checkpoint else ()


def _varied_loras(variant: Variant) -> set[str]:
    # The choice of a LoRA is called "<lora>", "<lora> 2", and says "name:weight".
    return {taken.rpartition(":")[0] for name, taken in variant.choices.items() if name.startswith("<lora>")}


def _without_effect(request: RunRequest, variant: Variant, texts: Sequence[StageText]) -> list[str]:
    """The weights of presets that this variant does not take: it has no such LoRA, or sets the weight itself."""
    return [
        f"{LORA}{name}"
        for name in request.lora_weights
        if name in _varied_loras(variant) or not any(has_lora(text.prompt, name) for text in texts)
    ]


def check(request: RunRequest) -> None:
    """Raise InvalidInput when no job can be made from a request."""
    if not request.variants:
        raise InvalidInput("Nothing to run: choose at least one prompt.", "prompts")
    check_workflow(request.config)
    _check_start(request.config, request.start_image)
    if not RANDOM_SEED <= request.seed <= MAX_SEED:
        raise InvalidInput(f"seed: {request.seed} is outside 0 to {MAX_SEED} (−1 = random).", "seed")
    if not 1 <= request.seeds_per_prompt <= MOST_SEEDS:
        words = f"seeds per prompt: {request.seeds_per_prompt} is outside 1 to {MOST_SEEDS}."
        raise InvalidInput(words, "seeds_per_prompt")
    jobs = len(request.variants) * request.seeds_per_prompt
    if not request.limit and jobs > MOST_JOBS:
        message = f"{jobs:,} jobs are more than one run makes ({MOST_JOBS:,}). Choose fewer prompts, variants or seeds."
        raise InvalidInput(message, "variants")


def check_workflow(config: PipelineConfig) -> None:
    """Raise InvalidInput for a value that the config's workflow has no place for, and as `check_lacks`."""
    check_lacks(config.workflow)
    if paths := without_place(config):
        has = ", ".join([*config.workflow.found, *config.workflow.parameters][:8])
        sentence = f"{paths[0]}: the workflow “{config.workflow.name}” has no place for it. It has {has or 'none'}."
        raise InvalidInput(sentence, paths[0])


def check_place(config: PipelineConfig, path: str) -> None:
    """Raise InvalidInput for what is varied without effect: what the config's workflow has no place for, and a negative
    prompt that is not computed. As `check_lacks` besides.
    """
    workflow = config.workflow
    check_lacks(workflow)
    if is_of_workflow(path) and not workflow:
        raise InvalidInput(f"{path} is a value of a workflow, and none is chosen. Choose that workflow first.", path)
    if path == NEGATIVE and NEGATIVE in workflow.lacks:
        raise InvalidInput(f"{path}: the workflow “{workflow.name}” has no negative prompt to vary.", path)
    if path == NEGATIVE and (why := idle_settings(Family(), config).get(path)):
        raise InvalidInput(f"{path}: {why} Raise txt2img.cfg_scale above 1.", path)
    if workflow and not (workflow.has(path) or path == LORA_FILE or is_weight(path) or is_wording(path)):
        raise InvalidInput(f"{path}: the workflow “{workflow.name}” has no place for it, so it changes nothing.", path)


def check_lacks(workflow: WorkflowUse) -> None:
    """Raise InvalidInput for a workflow without a place for the prompt or the seed."""
    for lacked, meant in (("prompt", "positive"), ("seed", "seed")):
        if lacked in workflow.lacks:
            title = f"In ComfyUI, give the node that is meant the title stablenew:{meant}."
            raise InvalidInput(f"The workflow “{workflow.name}” has no place for the {lacked}. {title}", "workflow")


def check_mask(config: PipelineConfig) -> None:
    """Raise InvalidInput when img2img is to use a mask and none is named."""
    if config.inpaint.enabled and config.img2img.enabled and not config.inpaint.mask:
        raise InvalidInput("inpaint.mask: name the file of a mask, or switch Inpaint off.", "inpaint.mask")


def _check_start(config: PipelineConfig, start_image: str) -> None:
    stages = config.stages()
    if not stages:
        raise InvalidInput("Nothing to run: switch on at least one stage.", "stages")
    first, needs_picture = stages[0], stage_spec(stages[0]).needs_picture
    if needs_picture and not start_image:
        raise InvalidInput(f"{first} needs a picture to start from: choose one, or switch txt2img on.", "start_image")
    check_mask(config)
    if start_image and not needs_picture:
        raise InvalidInput(
            f"A run that starts from a picture cannot begin with {first}: switch {first} off.", "start_image"
        )
