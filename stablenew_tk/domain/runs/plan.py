"""Data of Learning Runs: plan, steps and result, as written to the journal, and the jobs of a plan.

A plan tests several values of one setting, the focus parameter, and keeps all other settings the same. Every value is
made with the same seeds: a row is one seed (and one prompt) across all values, so that the effect of the seed cancels
out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from ..base.errors import InvalidInput
from ..base.journal_line import Line
from ..base.lora_tags import AddedLora, lora_key, lora_tags, loras_in, with_lora_instead, with_loras
from ..config.catalogue import Value, is_of_workflow, with_values
from ..config.global_texts import GlobalTexts, StageText, texts_of_stages
from ..config.origins import SHORT_SEED, Origin
from ..config.pipeline_config import FIRST_STAGE, STAGE_OF_PART, STAGES, PipelineConfig, stage_spec
from ..config.sweep import (
    LORA,
    LORA_FILE,
    LORA_WEIGHT,
    NEGATIVE,
    PROMPT,
    Focus,
    focus,
    focus_in,
    is_weight,
    is_wording,
    lora_file,
)
from ..models.lora_series import numbered
from ..models.preset_scope import PresetUse, without_values
from ..prompts.pack import PackPrompt, has_lora, with_lora_weight, with_preset_loras
from .job import Job, LearningTag, check_mask, check_place, check_workflow, with_subseed
from .value_pairs import ValuePair, check_pair, pairs_of, settings_of, shown_in_row
from .wordings import check_wordings, filled, filled_or_whole

# Changing one of these makes the engine load files for seconds or minutes.
MOST_PER_VALUE = 100  # pictures of each value and prompt
# A plan that goes step by step: rows to begin with, and pictures it may come to unless the user says otherwise.
START_ROWS, MOST_PICTURES, LARGEST_BUDGET = 2, 40, 1000
EXPENSIVE = frozenset(("checkpoint", "vae", "refiner.checkpoint", "hires.checkpoint"))
# Spreads the drawn variation seeds of neighbouring seeds over all numbers (2^32 divided by the golden ratio).
_SPREAD = 2_654_435_769
StepStatus = Literal["ok", "failed", "cancelled", "partial"]
VerdictState = Literal["too_early", "leaning", "settled", "best", "no_difference"]


class PlanPrompt(Struct, frozen=True, omit_defaults=True):
    """One prompt of a plan, as the first stage is sent it, global texts included. `stage_texts` has the texts of stages
    that are sent something else.
    """

    prompt_id: str
    positive: str
    negative: str = ""
    stage_texts: Mapping[str, StageText] = {}

    def text(self, stage: str) -> StageText:
        """Prompt and negative prompt that a stage is sent."""
        return self.stage_texts.get(stage, StageText(self.positive, self.negative))

    def changed(self, change: Callable[[str], str]) -> PlanPrompt:
        """A copy whose texts, not the negative ones, are what this function makes of them."""
        texts = {stage: text.changed(change) for stage, text in self.stage_texts.items()}
        return PlanPrompt(self.prompt_id, change(self.positive), self.negative, texts)

    def texts(self) -> tuple[str, ...]:
        """All its texts, also the negative ones."""
        return tuple(part for stage in STAGES for part in (self.text(stage).prompt, self.text(stage).negative))

    def worded(self, path: str, value: Value) -> PlanPrompt:
        """A copy with this wording in its place, or in place of the whole text where it has no place in it."""
        first = filled_or_whole if path == PROMPT else filled
        other = filled_or_whole if path == NEGATIVE else filled
        return PlanPrompt(
            self.prompt_id,
            first(self.positive, path, value),
            other(self.negative, path, value),
            {
                stage: StageText(first(text.prompt, path, value), other(text.negative, path, value))
                for stage, text in self.stage_texts.items()
            },
        )

    def with_preset_loras(self, weights: Mapping[str, float], instead: Mapping[str, tuple[str, ...]]) -> PlanPrompt:
        """A copy with the LoRA weights of presets, as everyday runs get them."""
        return self.changed(lambda prompt: with_preset_loras(prompt, weights, instead))

    def with_missing_loras(self, loras: Sequence[AddedLora]) -> PlanPrompt:
        """A copy in which every text names each of these LoRAs."""
        return self.changed(lambda prompt: with_loras(prompt, loras))


class PlanCell(Struct, frozen=True, order=True):
    """A cell of the matrix: number of the value (`variant`) and of the seed row, both from 0."""

    variant: int
    row: int


class PlanMetadata(Struct, frozen=True, kw_only=True):
    """Who asked for the plan, when (UTC, ISO 8601), and why.

    `who` is the name of a user, "imported from FILE", or "suggested by" what proposed it; "" in older plans.
    """

    who: str = ""
    when: str = ""
    notes: str = ""


class LearningPlan(Line, tag="plan", frozen=True, kw_only=True):
    """The plan of a Learning Run. A later line with the same `plan_id` replaces it; that is how rows are added.

    With a `second_parameter` the plan compares pairs of `variant_values` and `second_values`, and a row shows a
    part of them (see `value_pairs`); `pairs_meet_prompts`: other ones when its prompt comes again. Rows 0 to
    `full_rows` − 1 are made for every value; `extra` names single cells asked for later. `seeds` has one number per
    row; row r uses the prompt r modulo the number of prompts. `images_per_variant` counts for each value and
    prompt; `complete_rows` is the number of rows where the prompts do not share them equally, 0 = they do. A plan
    with `most_pictures` goes step by step: after its complete rows it gets single cells as long as the stars are
    not clear, up to so many pictures in all; 0 = no more than its rows. `batches` says how many of the `extra`
    cells were added at once, in order. `start_image` is the picture that stages other than txt2img begin with.
    `presets` gave values to `base_config`. `backend_kind` is sketch, webui or comfyui: a plan never mixes them.
    `mixed_machines`: it may use machines with different versions or graphics cards, each row on one of them.
    `run_day` (YYYY-MM-DD, local) and `run_name` are the folder of its pictures.
    """

    plan_id: str
    name: str
    focus_parameter: str
    stage: str = FIRST_STAGE
    pack_id: str
    prompts: tuple[PlanPrompt, ...]
    base_config: PipelineConfig = PipelineConfig()
    origins: Mapping[str, Origin] = {}
    presets: tuple[PresetUse, ...] = ()
    variant_values: tuple[Value, ...]
    second_parameter: str = ""
    second_values: tuple[Value, ...] = ()
    pairs_meet_prompts: bool = False
    images_per_variant: int = 3
    complete_rows: int = 0
    seeds: tuple[int, ...]
    extra: tuple[PlanCell, ...] = ()
    batches: tuple[int, ...] = ()
    most_pictures: int = 0
    blind: bool = True
    show_twice: bool = False
    start_image: str = ""
    backend_kind: str = ""
    mixed_machines: bool = False
    run_name: str = ""
    run_day: str = ""
    metadata: PlanMetadata = PlanMetadata()

    @property
    def subject(self) -> Focus:
        """What the plan varies, the first one of two."""
        return _subject(self.base_config, self.focus_parameter, self.variant_values)

    @property
    def subjects(self) -> tuple[Focus, ...]:
        """The one or two settings that it varies."""
        if not self.second_parameter:
            return (self.subject,)
        return self.subject, _subject(self.base_config, self.second_parameter, self.second_values)

    @property
    def full_rows(self) -> int:
        """How many rows are made for every value."""
        return self.complete_rows or self.images_per_variant * len(self.prompts)

    @property
    def pairs(self) -> tuple[ValuePair, ...]:
        """The pairs of values that it compares; () with one parameter."""
        if not self.second_parameter:
            return ()
        return pairs_of(self.focus_parameter, self.variant_values, self.second_parameter, self.second_values)

    @property
    def tested(self) -> tuple[Value, ...]:
        """What it compares, by the number of the variant: its values, or its pairs as text."""
        return tuple(pair.text for pair in self.pairs) if self.second_parameter else self.variant_values

    @property
    def parameters(self) -> tuple[str, ...]:
        """The one or two focus parameters."""
        return (self.focus_parameter, self.second_parameter) if self.second_parameter else (self.focus_parameter,)

    def values_of(self, value: Value) -> tuple[Value, Value | None]:
        """The values of both parameters that one of the `tested` values stands for; None = nothing to set."""
        if not self.second_parameter:
            return value, None
        pair = next(pair for pair in self.pairs if pair.text == value)
        return self.variant_values[pair.first], self.second_values[pair.second] if pair.second >= 0 else None

    def settings(self, value: Value) -> tuple[tuple[str, Value], ...]:
        """What one of the `tested` values sets: pairs of a focus parameter and its value."""
        first, second = self.values_of(value)
        return settings_of(self.focus_parameter, first, self.second_parameter, second)

    def cells(self) -> tuple[PlanCell, ...]:
        """All cells in the order to make them: complete rows first, then the extra cells.

        When a change of the focus parameter makes the engine load files, every second row runs backward, which saves
        one load for each row.
        """
        pairs, every = self.pairs, tuple(range(len(self.variant_values)))
        prompts = len(self.prompts) if self.pairs_meet_prompts else 1
        turns = self.focus_parameter in EXPENSIVE
        full: list[PlanCell] = []
        for row in range(self.full_rows):
            shown = shown_in_row(pairs, row, prompts) if pairs else every
            full += [PlanCell(variant, row) for variant in (reversed(shown) if turns and row % 2 else shown)]
        return (*full, *sorted(set(self.extra) - set(full), key=lambda cell: (cell.row, cell.variant)))

    def batch_numbers(self) -> dict[PlanCell, int]:
        """For each cell asked for later the number of its batch, from 1. What older plans hold is one batch."""
        sizes = (len(self.extra) - sum(self.batches), *self.batches)
        numbers = [number for number, size in enumerate(sizes, start=1) for _ in range(size)]
        late = (cell.row >= self.full_rows for cell in self.extra)
        found: dict[PlanCell, int] = {}
        for cell, number, is_late in zip(self.extra, numbers, late, strict=False):
            if is_late:
                found.setdefault(cell, number)
        return found

    def step_id(self, cell: PlanCell) -> str:
        """The id of the step of a cell. It never changes, so a step is never made twice."""
        return f"{self.plan_id}.{cell.variant}.{cell.row}"

    def prompt(self, row: int) -> PlanPrompt:
        """The prompt of a row."""
        return self.prompts[row % len(self.prompts)]


def _subject(config: PipelineConfig, path: str, values: Sequence[Value]) -> Focus:
    """What is varied. A workflow that is not at hand any more is told by the values that were tested."""
    if not is_of_workflow(path) or config.workflow.parameters.get(path):
        return focus_in(config, path)
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    return msgspec.structs.replace(focus(path), kind="float" if numbers else "str")


class LearningRunStep(Line, tag="step", frozen=True, kw_only=True):
    """One finished step of a plan. `outputs` are picture ids; `reused`: the picture existed before the plan.

    `rated_anew`: it was chosen because it is good, so only stars given since this line count for the plan. False in
    lines of older versions, where its stars counted.
    """

    step_id: str
    plan_id: str
    variant_index: int
    row: int
    value: Value
    seed: int
    job_id: str = ""
    config_for_step: PipelineConfig
    stages: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    status: StepStatus
    seconds: float = 0.0
    reused: bool = False
    rated_anew: bool = False


class StepRating(Struct, frozen=True):
    """The feedback on a step: mean stars of its pictures (None = missing or unrated) and all their tags."""

    step_id: str
    rating: float | None
    tags: tuple[str, ...] = ()


class ValueInsight(Struct, frozen=True):
    """The analysed figures of one tested value. Stars are on the 1-5 scale, probabilities 0 to 1.

    `n`: rated pictures, each counted once; `mean` with its 90 % interval `low` to `high`: average stars over all seeds;
    `p_best`: probability of being the best tested value; `p_within_quarter`: that no other tested value is more than
    1/4 star better.
    """

    value: Value
    n: int
    mean: float
    low: float
    high: float
    p_best: float
    p_within_quarter: float


class ResultValue(ValueInsight, frozen=True):
    """The figures of one value in a result, with the median seconds of its pictures."""

    seconds: float | None = None


class ResultSummary(Struct, frozen=True, kw_only=True):
    """The verdict with the figures behind it. `value` is None when it names no value.

    `not_blind` of the `rated` pictures got their stars with the values in sight; None in lines of older versions.
    `sentence` begins with the `headline`, which is "" in lines of older versions. Where several plans asked the same,
    `runs` are their ids, `prompts` the names of the prompts that were tested, and `alone` what the plan of the result
    says by itself.
    """

    state: VerdictState
    value: Value | None
    probability: float
    sentence: str
    headline: str = ""
    rated: int
    rows: int
    suspect_left_out: int = 0
    not_blind: int | None = None
    runs: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    alone: str = ""
    values: tuple[ResultValue, ...] = ()

    @property
    def parts(self) -> tuple[str, str]:
        """Headline and meaning; without a headline the whole sentence stands in its place."""
        return (self.headline or self.sentence), self.sentence.removeprefix(self.headline or self.sentence).strip()


class LearningRunResult(Line, tag="result", frozen=True, kw_only=True):
    """The result of a plan, written when its values are revealed and at every change from then on. The latest counts.

    `method` is the version of the analysis; 0 in lines of older versions. `basis` is a short text for the ratings of
    all plans that asked the same, "" for one alone; `votes` one for the votes on pairs of the plan's own pictures.
    """

    plan_id: str
    steps: tuple[StepRating, ...]
    summary: ResultSummary
    method: int = 0
    basis: str = ""
    votes: str = ""


def checked(plan: LearningPlan) -> LearningPlan:
    """Check a plan and prepare it: the stage of the focus parameter is enabled, each job makes one picture.

    Raises InvalidInput naming the field when the plan cannot run. It does not check the ranges of values.
    """
    subject = plan.subject
    if subject.path == LORA_WEIGHT:
        alone = f"{LORA_WEIGHT}: it goes with {LORA_FILE}, the files to compare. Name that first."
        raise InvalidInput(alone, LORA_WEIGHT)
    if not plan.prompts or not all(prompt.positive.strip() for prompt in plan.prompts):
        raise InvalidInput("prompts: a Learning Run needs a prompt. Choose one.", "prompts")
    if len(plan.variant_values) < 2:
        raise InvalidInput("variant_values: give at least 2 values to compare.", "variant_values")
    if plan.second_parameter:
        check_pair(plan.subjects, plan.variant_values, plan.second_values)
    if not 1 <= plan.images_per_variant <= MOST_PER_VALUE:
        where = "images_per_variant"
        message = f"{where}: {plan.images_per_variant} is outside 1 to {MOST_PER_VALUE} images per value."
        raise InvalidInput(message, where)
    # Step by step the other prompts get their turn later.
    fewest = min(START_ROWS, len(plan.prompts)) if plan.most_pictures else len(plan.prompts)
    if plan.complete_rows and not fewest <= plan.complete_rows <= MOST_PER_VALUE:
        where = "complete_rows"
        raise InvalidInput(f"{where}: {plan.complete_rows} is outside {fewest} to {MOST_PER_VALUE} rows.", where)
    least = len({cell for cell in plan.cells() if cell.row < plan.full_rows})
    if plan.most_pictures and not least <= plan.most_pictures <= LARGEST_BUDGET:
        where = "most_pictures"
        what = f"{len(plan.variant_values)} values" if not plan.second_parameter else f"{len(plan.pairs)} pairs"
        rows = f"{plan.full_rows} rows of {what} are {least} pictures"
        raise InvalidInput(f"{where}: {rows}. Give {least} to {LARGEST_BUDGET}, not {plan.most_pictures}.", where)
    if len(plan.seeds) < plan.full_rows or len(set(plan.seeds)) != len(plan.seeds):
        raise InvalidInput(f"seeds: {plan.full_rows} different seeds are needed, one for each row.", "seeds")
    if stage_spec(subject.stage).needs_picture and not plan.start_image:
        raise InvalidInput(
            f"{subject.path}: {subject.stage} works on a picture. Choose the picture to start from.", "start_image"
        )
    config = plan.base_config
    for path in plan.parameters:
        check_place(plan.base_config, path)
        config = _ready(config, path, subject.stage, bool(plan.start_image))
    config = msgspec.structs.replace(config, workflow=config.workflow.with_named_only(plan.parameters))
    check_mask(config)
    check_workflow(config)
    if "upscale.codeformer_weight" in plan.parameters and not config.upscale.codeformer:
        raise InvalidInput(
            "upscale.codeformer_weight: CodeFormer is off, so its weight changes nothing. Set upscale.codeformer.",
            "upscale.codeformer",
        )
    if plan.start_image and config.txt2img.enabled:
        raise InvalidInput(
            f"{subject.path}: txt2img makes its own picture. Leave the picture to start from away.", "start_image"
        )
    refiners = [path for path in plan.parameters if path.startswith("refiner.")]
    if refiners and "refiner.checkpoint" not in refiners and not config.refiner.checkpoint:
        raise InvalidInput("refiner.checkpoint: choose the refiner that is to be used.", "refiner.checkpoint")
    check_wordings(subject.path, [prompt.texts() for prompt in plan.prompts], plan.variant_values)
    # The tested values are the plan's own, whatever gave the form its value; a weight needs its LoRA.
    tested = [f"{LORA}{name}" for name in compared_loras(plan)]
    presets = without_values(plan.presets, (*plan.parameters, *tested, *_weights_without_lora(plan)))
    return msgspec.structs.replace(plan, base_config=config, stage=subject.stage, presets=presets)


def compared_loras(plan: LearningPlan) -> tuple[str, ...]:
    """The LoRAs of which a plan that varies `lora` puts one into the prompt: its values and what their training is
    called, which is what the final file and all its epochs are known by. () for other plans.
    """
    return loras_compared(plan.variant_values) if plan.focus_parameter == LORA_FILE else ()


def loras_compared(values: Sequence[Value]) -> tuple[str, ...]:
    """The same for values of `lora`."""
    stems = [name for value in values if (name := lora_file(value)[0])]
    trained = [said.base for stem in stems if (said := numbered(stem)).unit and said.base]
    return tuple(dict.fromkeys((*stems, *trained)))


def lora_of(plan: LearningPlan, value: Value) -> tuple[str, float]:
    """Name and weight of the LoRA that the first prompt of a plan has with this value of `lora`; "" and 0 for none."""
    name = next((lora_file(one)[0] for path, one in plan.settings(value) if path == LORA_FILE), "")
    tags = lora_tags(prompt_for(plan, 0, value).positive) if name else ()
    return next(((tag.name, tag.weight) for tag in tags if tag.name == name), ("", 0.0))


def _weights_without_lora(plan: LearningPlan) -> list[str]:
    texts = [prompt.text(stage).prompt for prompt in plan.prompts for stage in STAGES]
    named = [path for use in plan.presets for path in use.gave if path.startswith(LORA)]
    return [path for path in named if not any(has_lora(text, path.removeprefix(LORA)) for text in texts)]


def _ready(config: PipelineConfig, path: str, stage: str, from_picture: bool) -> PipelineConfig:
    """The config with the focus parameter in effect, and one picture for each job, because a cell holds one."""
    values: dict[str, Value] = {"txt2img.batch_size": 1, f"{stage}.enabled": True}
    block = path.partition(".")[0]
    if block in STAGE_OF_PART and path != f"{block}.enabled":
        values[f"{block}.enabled"] = True
    if path in stage_spec("upscale").unused(config):
        values["upscale.mode"] = "img2img"
    if from_picture and stage_spec(stage).needs_picture:
        values |= {f"{earlier}.enabled": False for earlier in STAGES[: STAGES.index(stage)]}
    return with_values(config, values)


def planned(prompt: PackPrompt, texts: GlobalTexts) -> PlanPrompt:
    """A prompt of a pack with the global texts added, for all stages, because the plan's stages may still change."""
    every = {stage: texts.texts_for(stage, prompt.positive, prompt.negative) for stage in STAGES}
    first = every[STAGES[0]]
    others: dict[str, StageText] = {stage: text for stage, text in every.items() if text != first}
    return PlanPrompt(prompt.prompt_id, first.prompt, first.negative, others)


def with_profile_loras(plan: LearningPlan, loras: Sequence[AddedLora]) -> LearningPlan:
    """The plan with the LoRAs that the checkpoint's profile adds, in prompts that do not name them.

    Not with one whose weight is varied.
    """
    subject = (path.removeprefix(LORA) for path in plan.parameters if path.startswith(LORA))
    varied = frozenset(map(lora_key, (*subject, *compared_loras(plan))))
    wanted = [one for one in loras if varied.isdisjoint(one.keys)]
    prompts = tuple(prompt.with_missing_loras(wanted) for prompt in plan.prompts)
    if prompts == plan.prompts:
        return plan
    named = {lora_key(name) for prompt in plan.prompts for name in loras_in(prompt.positive)}
    added: dict[str, Origin] = {f"{LORA}{one.tag}": "profile" for one in wanted if named.isdisjoint(one.keys)}
    return msgspec.structs.replace(plan, prompts=prompts, origins={**plan.origins, **added})


def config_for(plan: LearningPlan, value: Value) -> PipelineConfig:
    """The base config with the focus at one of the tested values."""
    settings = plan.settings(value)
    own = {path: one for path, one in settings if not (path == LORA_FILE or is_weight(path) or is_wording(path))}
    return with_values(plan.base_config, own) if own else plan.base_config


def prompt_for(plan: LearningPlan, row: int, value: Value) -> PlanPrompt:
    """The prompt of a row; a LoRA focus puts its weight, or the file that is tested, into it, a wording its words."""
    prompt = plan.prompt(row)
    for path, one in plan.settings(value):
        if is_wording(path):
            prompt = prompt.worded(path, one)
        elif path == LORA_FILE:
            prompt = prompt.changed(_putting_in(plan, one))
        elif path.startswith(LORA):
            prompt = prompt.changed(_weighing(path.removeprefix(LORA), float(one)))
    return prompt


def _putting_in(plan: LearningPlan, value: Value) -> Callable[[str], str]:
    name, weight = lora_file(value)
    others = [lora_key(other) for other in compared_loras(plan)]
    return lambda text: with_lora_instead(text, name, weight, others)


def _weighing(name: str, weight: float) -> Callable[[str], str]:
    return lambda text: with_lora_weight(text, name, weight, add=True)


def job_for(plan: LearningPlan, cell: PlanCell, *, job_id: str, attempt: int = 1) -> Job:
    """The ordinary job that makes one cell. `attempt` counts from 1: later ones get a folder of their own."""
    value = plan.tested[cell.variant]
    prompt, config = prompt_for(plan, cell.row, value), config_for(plan, value)
    text, others = texts_of_stages(config, prompt.text)
    seed = plan.seeds[cell.row]
    # All values of a row share theirs, also when some of them are made after a restart.
    config = with_subseed(config, lambda: (seed * _SPREAD + 1) % (SHORT_SEED + 1))
    again = f"-again{attempt - 1}" if attempt > 1 else ""
    return Job(
        job_id=job_id,
        # All pictures of a plan are one run, so that they can be found and shown together.
        run_id=plan.plan_id,
        run_name=f"{plan.run_name or plan.plan_id}{again}",
        run_day=plan.run_day,
        index=cell.row * len(plan.tested) + cell.variant,
        pack_id=plan.pack_id,
        prompt_id=prompt.prompt_id,
        prompt=text.prompt,
        negative=text.negative,
        stage_texts=others,
        seed=seed,
        config=config,
        origins=plan.origins,
        presets=plan.presets,
        learning=LearningTag(
            mode="active", plan_id=plan.plan_id, step_id=plan.step_id(cell), value=value, row=cell.row
        ),
        start_image=plan.start_image,
    )


def cell_of(step_id: str) -> PlanCell | None:
    """The cell that a step id names, None when it is not a step id."""
    parts = step_id.rsplit(".", 2)
    if len(parts) != 3 or not all(part.isdecimal() and len(part) <= 9 for part in parts[1:]):
        return None
    return PlanCell(int(parts[1]), int(parts[2]))
