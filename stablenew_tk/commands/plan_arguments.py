"""Makes the plan of a Learning Run from command line options and a pack, or from a plan file."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ..domain.base.errors import InvalidInput, Unreadable
from ..domain.base.lora_tags import AddedLora
from ..domain.config.catalogue import Value, with_values, with_workflow
from ..domain.config.number_text import whole_number
from ..domain.config.origins import MAX_SEED, RANDOM_SEED, seed_after
from ..domain.config.pipeline_config import PipelineConfig
from ..domain.config.sweep import LORA, LORA_FILE, PROMPT, SLOT, Focus, is_wording, parse_values
from ..domain.config.user_settings import Settings
from ..domain.config.workflow_use import NO_WORKFLOW, WorkflowUse
from ..domain.experiments.plan_draft import PlanDraft, first_text, outside_words, sensible_words, shared_rows
from ..domain.experiments.plan_file import imported, named_focus, read_plan, usual_name, usual_pair_name
from ..domain.experiments.plan_page import PAGE_LIMIT
from ..domain.experiments.prompt_sample import SAMPLED, spread
from ..domain.models.sensible_range import ModelTraits
from ..domain.models.value_sources import CHECKPOINT, ValueSources, loras_put_in
from ..domain.prompts.kept_wordings import with_wordings
from ..domain.prompts.pack import PackPrompt
from ..domain.prompts.randomizer import Variants
from ..domain.prompts.wildcards import Wildcards
from ..domain.runs.plan import (
    LARGEST_BUDGET,
    MOST_PER_VALUE,
    MOST_PICTURES,
    START_ROWS,
    LearningPlan,
    PlanPrompt,
    checked,
    planned,
    with_profile_loras,
)
from ..domain.runs.value_pairs import rows_for_all, start_rows
from ..domain.runs.wordings import held_open, with_place
from ..pipeline.ids_and_times import draw_seed
from ..storage.disk.files import read_bounded, typed_path
from ..storage.disk.places import Places
from ..storage.packs.reader import PackContent, load_whole
from ..storage.pictures.images import open_for_start
from .packs import refuse_errors, wildcards_of
from .run_settings import absolute, typed_values
from .terminal import pack_path
from .wordings import own_wordings, places_with, values_beside, wordings_spec

IMAGES = 3


class PlanArguments(Struct, frozen=True):
    """An unfinished plan, the values of `--set`, and notices about ignored parts of a plan file.

    `every_pair`: it gets as many rows as show each pair of values once (or, step by step, as many as that allows to
    begin with), with seeds from `seed` on.
    """

    plan: LearningPlan
    typed: Mapping[str, Value] = {}
    notices: tuple[str, ...] = ()
    every_pair: bool = False
    seed: int | None = None


def drafted(
    args: argparse.Namespace,
    places: Places,
    settings: Settings,
    workflow: WorkflowUse = NO_WORKFLOW,
    kept: Mapping[str, str] | None = None,
) -> PlanArguments:
    """The plan that the options describe, its prompts with the texts `kept` for slots that are not varied. Raises
    InvalidInput, also for files that cannot be read.
    """
    if args.images is not None and not 1 <= args.images <= MOST_PER_VALUE:
        raise InvalidInput(f"--images {args.images}: give 1 to {MOST_PER_VALUE} pictures per value.", "--images")
    if args.most is not None and not 1 <= args.most <= LARGEST_BUDGET:
        raise InvalidInput(f"--most {args.most}: give 1 to {LARGEST_BUDGET} pictures.", "--most")
    if args.most is not None and args.full:
        raise InvalidInput("--most: --full makes all pictures at once. Leave one of the two away.", "--most")
    if args.images is not None and by_steps(args):
        raise InvalidInput(
            "--images: with --adaptive the stars decide how many a value gets. --most N limits them all.", "--images"
        )
    if args.seed is not None and not RANDOM_SEED <= args.seed <= MAX_SEED:
        raise InvalidInput(f"--seed {args.seed} is outside 0 to {MAX_SEED} (-1 = random).", "--seed")
    if args.plan:
        found = _from_file(args, places, settings)
        workflow = found.plan.base_config.workflow
    else:
        found = PlanArguments(_from_options(args, places, settings, workflow, kept or {}))
    typed = typed_values(args.values, workflow)
    every_pair = bool(args.focus2) and args.images is None
    return replace(found, plan=_with_options(found.plan, args), typed=typed, every_pair=every_pair, seed=args.seed)


def by_steps(args: argparse.Namespace) -> bool:
    """Whether the options ask for a plan that goes step by step."""
    return args.adaptive or (args.most is not None and not args.full)


def completed(
    draft: PlanArguments,
    sources: ValueSources | None = None,
    *,
    profile_loras: Sequence[AddedLora] = (),
    traits: ModelTraits | None = None,
) -> LearningPlan:
    """The plan with all its settings and seeds, checked. Raises InvalidInput naming the field.

    Without `sources`, values of the command line override the plan file. `profile_loras` are those that the
    checkpoint's profile adds. Where no values to try are given, the ones that the wizard would propose for the
    checkpoint's `traits` are taken.
    """
    plan = draft.plan
    if sources is None:
        config = with_values(plan.base_config, dict(draft.typed))
        plan = replace(plan, base_config=config, origins={**plan.origins, **dict.fromkeys(draft.typed, "user")})
    else:
        start, instead = sources.resolve(), loras_put_in(sources)
        # The weight that is varied is the plan's own.
        weights = {
            name: weight for name, weight in sources.lora_weights.items() if f"{LORA}{name}" not in plan.parameters
        }
        plan = with_profile_loras(plan, profile_loras)
        prompts = tuple(prompt.with_preset_loras(weights, instead) for prompt in plan.prompts)
        origins, uses = {**start.named, **plan.origins}, sources.preset_uses
        plan = replace(plan, base_config=start.config, origins=origins, prompts=prompts, presets=uses)
    traits = traits or ModelTraits()
    idle = traits.idle(plan.base_config)
    if path := next((one for one in plan.parameters if one in idle), ""):
        raise InvalidInput(f"{path}: {idle[path]}", path)
    plan = _named(_proposed(plan, traits))
    if draft.every_pair:
        plan = _with_every_pair(plan, draft.seed)
    seeds = list(plan.seeds)
    while len(seeds) < plan.full_rows:
        if (seed := draw_seed()) not in seeds:
            seeds.append(seed)
    return checked(replace(plan, seeds=tuple(seeds)))


def range_words(plan: LearningPlan, traits: ModelTraits) -> str:
    """What range suits the checkpoint for what the plan varies, and which of its values lie outside of it.

    "" for names, and where only the general range is known and holds all values.
    """
    both = zip(plan.subjects, (plan.variant_values, plan.second_values), strict=False)
    said = (_range_words(plan, one, values, traits) for one, values in both if one.ordered)
    return ". ".join(filter(None, said))


def _range_words(plan: LearningPlan, subject: Focus, values: tuple[Value, ...], traits: ModelTraits) -> str:
    draft = PlanDraft(base=plan.base_config, focus=subject.path, traits=traits)
    found, words = draft.sensible_range, sensible_words(draft)
    outside = outside_words(draft, values)
    own = found is not None and found.whose
    return ". ".join(part for part in (words[:1].upper() + words[1:], outside) if part) if own or outside else ""


def _proposed(plan: LearningPlan, traits: ModelTraits) -> LearningPlan:
    """The plan with the values that the wizard would propose, where none are given."""

    def proposed(subject: Focus) -> tuple[Value, ...]:
        draft = PlanDraft(prompts=plan.prompts, base=plan.base_config, focus=subject.path, traits=traits)
        return parse_values(subject, first_text(draft))

    first, *others = plan.subjects
    values = plan.variant_values or proposed(first)
    second = plan.second_values or (proposed(others[0]) if others else ())
    return replace(plan, variant_values=values, second_values=second)


def _named(plan: LearningPlan) -> LearningPlan:
    if plan.name:
        return plan
    usual = usual_name(plan.subject, plan.variant_values)
    return replace(plan, name=usual_pair_name(plan) if plan.second_parameter else usual)


def _with_every_pair(plan: LearningPlan, seed: int | None) -> LearningPlan:
    """The plan with as many rows as show each pair once, or suit as a beginning; their seeds count up from `seed`."""
    images, uneven = shared_rows(max(rows_for_all(plan.pairs), len(plan.prompts)), len(plan.prompts))
    if plan.most_pictures:
        images, uneven = 1, start_rows(plan.pairs, plan.most_pictures)
    plan = replace(plan, images_per_variant=images, complete_rows=uneven)
    return replace(plan, seeds=_counted_up(seed, plan.full_rows))


def _counted_up(seed: int | None, rows: int) -> tuple[int, ...]:
    if seed is None or seed == RANDOM_SEED:
        return ()
    return tuple(seed_after(seed, row) for row in range(rows))


def _from_options(
    args: argparse.Namespace, places: Places, settings: Settings, workflow: WorkflowUse, kept: Mapping[str, str]
) -> LearningPlan:
    if not args.pack:
        raise InvalidInput("Name a pack to learn with, a plan file (--plan FILE) or a plan (--resume PLAN).", "PACK")
    if not args.focus:
        raise InvalidInput('Say what to vary: --focus txt2img.cfg_scale --values "5-9 (+1)".', "--focus")
    subject = named_focus(args.focus.strip(), workflow)
    spec = wordings_spec(args, subject.path)
    if args.series is not None and (subject.path not in (LORA_FILE, CHECKPOINT) or spec is not None):
        words = "--series: it names the files to try with --focus lora or checkpoint, in place of --values."
        raise InvalidInput(words, "--series")
    proposes = subject.ordered or subject.kind == "bool" or subject.path.startswith(SLOT)
    if args.series is None and spec is None and not proposes:
        between = " || " if is_wording(subject.path) else ", "
        words = f'Say which values of {subject.path} to try: --values "one{between}other".'
        raise InvalidInput(words, "--values")
    values = parse_values(subject, spec) if spec is not None else ()
    second, others = _second(args, workflow)
    # As many prompts as pictures of a value at most: who asks for one picture gets one prompt.
    most = min(SAMPLED, IMAGES if args.images is None else args.images)
    pack_id, prompts, own = _from_pack(args, args.pack, places, settings, most, subject.path, kept=kept)
    if is_wording(subject.path):
        values = values_beside(subject.path, values, own)
    images, rows = shared_rows(max(IMAGES, len(prompts)), len(prompts))
    return LearningPlan(
        plan_id="",
        name="",
        focus_parameter=subject.path,
        pack_id=pack_id,
        prompts=prompts,
        base_config=with_workflow(PipelineConfig(), workflow),
        variant_values=values,
        second_parameter=second,
        second_values=others,
        images_per_variant=images,
        complete_rows=rows,
        seeds=(),
        blind=False,
    )


def _second(args: argparse.Namespace, workflow: WorkflowUse) -> tuple[str, tuple[Value, ...]]:
    """Path and values of the second setting, "" and () where only one is varied."""
    if not args.focus2:
        if args.spec2 is not None:
            raise InvalidInput("--values2: say which setting they belong to: --focus2 PATH.", "--values2")
        return "", ()
    subject = named_focus(args.focus2.strip(), workflow)
    if args.spec2 is None and not subject.ordered and subject.kind != "bool":
        raise InvalidInput(f'Say which values of {subject.path} to try: --values2 "one, other".', "--values2")
    return subject.path, parse_values(subject, args.spec2) if args.spec2 is not None else ()


def _from_file(args: argparse.Namespace, places: Places, settings: Settings) -> PlanArguments:
    taken = [
        option
        for option, given in (
            ("--focus", args.focus),
            ("--values", args.spec),
            ("--values-file", args.values_file),
            ("--focus2", args.focus2 or None),
            ("--values2", args.spec2),
            ("--series", args.series),
            ("--workflow", args.workflow),
        )
        if given is not None
    ]
    if taken or args.preset:
        option = taken[0] if taken else "--preset"
        raise InvalidInput(f"{option}: the plan file says this itself. Leave one of the two away.", option)
    path = typed_path(args.plan)
    try:
        read = read_plan(read_bounded(path, PAGE_LIMIT), where=path.name)
    except Unreadable as error:
        raise InvalidInput(str(error), "--plan") from error
    plan = imported(read.plan, path.name)
    if args.pack or not plan.prompts:
        if not args.pack and not plan.pack_id:
            raise InvalidInput(f"prompts: {path.name} has no prompt. Name the pack, too.", "prompts")
        # A file that names no prompt means one, the first: it says itself how many pictures that makes.
        subject = plan.focus_parameter
        pack_id, prompts, _ = _from_pack(args, args.pack or plan.pack_id, places, settings, 1, subject, kept={})
        plan = replace(plan, pack_id=pack_id, prompts=prompts)
    elif args.prompt:
        names = [prompt.prompt_id for prompt in plan.prompts]
        plan = replace(plan, prompts=tuple(plan.prompts[place] for place in _numbers(args.prompt, names)))
    if plan.start_image:
        # Relative paths start at the folder of the plan file.
        plan = replace(plan, start_image=str(path.absolute().parent / typed_path(plan.start_image)))
    # In the window rating is blind by default; the terminal shows the values anyway.
    return PlanArguments(replace(plan, blind="blind" in read.given and plan.blind), {}, read.notices)


def _from_pack(
    args: argparse.Namespace,
    name: str,
    places: Places,
    settings: Settings,
    most: int,
    path: str,
    *,
    kept: Mapping[str, str],
) -> tuple[str, tuple[PlanPrompt, ...], tuple[str, ...]]:
    """Id of the pack; the prompts named by `--prompt`, else up to `most` spread over the pack; and for wordings those
    that the pack has itself.
    """
    opened = load_whole(pack_path(name, places, settings))
    pack, own = opened.pack, opened.settings
    there = places_with(opened.pack, path)
    named = _numbers(args.prompt, [prompt.name for prompt in pack.prompts])
    most = 1 if path == PROMPT else most
    chosen = named or tuple(there[place] for place in spread(len(there), most))
    wildcards, _ = wildcards_of(opened.path, places, settings)
    texts = settings.globals.for_pack(positive=own.positive, negative=own.negative)
    others = {slot: text for slot, text in kept.items() if f"{SLOT}{slot}" != path}
    prompts = [_fixed(args, opened, held_open(pack.prompts[place], path), wildcards, others) for place in chosen]
    slots = (*own.randomizer.slots, *pack.slots)
    wordings = own_wordings(path, prompts, slots, wildcards)
    return pack.pack_id, tuple(planned(with_place(prompt, path), texts) for prompt in prompts), wordings


def _fixed(
    args: argparse.Namespace, opened: PackContent, prompt: PackPrompt, wildcards: Wildcards, kept: Mapping[str, str]
) -> PackPrompt:
    """The variant `--variant` of a prompt with the texts `kept` for slots."""
    # One thing is varied at a time, so of a prompt that varies one variant is taken, and the pack's axes wait.
    fixed, slots = with_wordings((prompt,), opened.pack.slots, kept)
    variants = Variants(fixed, opened.settings.randomizer.words_only(), wildcards, slots)
    refuse_errors(opened, variants.errors)
    if not 0 <= args.variant < variants.count:
        raise InvalidInput(
            f"--variant {args.variant}: {prompt.name} has {variants.count:,} variants, from 0 on.", "--variant"
        )
    made = variants.nth(args.variant)
    return replace(prompt, positive=made.prompt, negative=made.negative)


def _numbers(wanted: Sequence[str], names: Sequence[str]) -> tuple[int, ...]:
    """Indices of the prompts named by `--prompt`, from 0, each once."""
    return tuple(dict.fromkeys(_number(one, names) for one in wanted))


def _number(wanted: str, names: Sequence[str]) -> int:
    """Index of a prompt by name or number, from 0. A name takes precedence over a number."""
    typed = wanted.strip().casefold()
    named = [place for place, name in enumerate(names) if name.casefold() == typed]
    if named:
        return named[0]
    if 1 <= whole_number(typed) <= len(names):
        return whole_number(typed) - 1
    known = ", ".join(f"{place} {name}" for place, name in enumerate(names[:8], start=1))
    raise InvalidInput(f"--prompt {wanted}: there is no such prompt. There are: {known}.", "--prompt")


def _with_options(plan: LearningPlan, args: argparse.Namespace) -> LearningPlan:
    """The plan changed by the other command line options."""
    if args.images is not None:
        count = len(plan.prompts)
        if args.images < count:
            few = f"--images {args.images}: {count} prompts need {count} pictures per value or more."
            raise InvalidInput(f"{few} Give more, or fewer prompts with --prompt.", "--images")
        images, uneven = shared_rows(args.images, count)
        plan = replace(plan, images_per_variant=images, complete_rows=uneven)
    if by_steps(args):
        most = args.most or plan.most_pictures or MOST_PICTURES
        plan = replace(plan, most_pictures=most, complete_rows=START_ROWS, images_per_variant=1)
    elif args.full and plan.most_pictures:
        images, uneven = shared_rows(max(IMAGES, len(plan.prompts)), len(plan.prompts))
        plan = replace(plan, most_pictures=0, images_per_variant=images, complete_rows=uneven)
    plan = replace(plan, blind=plan.blind or args.blind, name=args.name.strip() or plan.name)
    if args.seed is not None:
        # Seeds of extra pictures went with the old ones.
        plan = replace(plan, seeds=_counted_up(args.seed, plan.full_rows), extra=(), batches=())
    if args.note:
        plan = replace(plan, metadata=replace(plan.metadata, notes=args.note))
    if args.start_image:
        plan = replace(plan, start_image=absolute(args.start_image))
    if plan.start_image:
        try:
            open_for_start(Path(plan.start_image))
        except Unreadable as error:
            raise InvalidInput(f"start_image: {error}", "start_image") from error
    return plan
