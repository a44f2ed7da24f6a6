"""`learn`: plans and makes a Learning Run in the terminal, or continues one that was stopped."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..app.engines.checkpoint_names import plan_with_names
from ..app.engines.missing_checkpoint import missing_in_plan, only_one_words
from ..app.engines.seed_range import check_seeds
from ..app.engines.unlisted_loras import unlisted_in_plan
from ..app.nodes.specs import node_specs
from ..app.nodes.tasks import left_out
from ..domain.base.errors import InvalidInput
from ..domain.base.wording import counted
from ..domain.config.catalogue import Value
from ..domain.config.engines import CLUSTER, ENGINES, SKETCH
from ..domain.config.learning_mode import mode_for
from ..domain.config.user_settings import Settings
from ..domain.experiments.base_config import check_offered
from ..domain.experiments.plan_file import write_plan
from ..domain.insights.blinding import blind_matrix
from ..domain.insights.equal_pictures import all_equal, no_effect
from ..domain.insights.follow_up import CERTAIN, next_cells
from ..domain.insights.matrix import Board, BoardCell, board, whole_board
from ..domain.insights.report import certain_summary, report
from ..domain.insights.standing import standing
from ..domain.journal.estimate import about
from ..domain.journal.history import History
from ..domain.models.value_sources import CHECKPOINT, ValueSources, wordings_kept
from ..domain.runs.plan import MOST_PICTURES, START_ROWS, LearningPlan, PlanCell, config_for
from ..domain.runs.plan_title import prompts_tested, rows_words
from ..domain.runs.wordings import listed_texts
from ..pipeline.ids_and_times import new_id
from ..storage.disk.places import Places
from ..storage.disk.process_lock import alone
from ..storage.journal.snapshot import load_history
from .file_series import series_values
from .plan_arguments import IMAGES, PlanArguments, completed, drafted, range_words
from .run_settings import (
    loras_for,
    session_for,
    settings_arguments,
    settings_in_force,
    tell_idle,
    tell_presets,
    tell_recording,
    traits_for,
    with_presets,
    with_recommended,
)
from .session import Session
from .terminal import FAILED, OK, err, find_plan, known_packs, out, print_json, program
from .workflows import workflow_for

_FOCUS_HELP = "what to vary: txt2img.cfg_scale, checkpoint, lora:rainy-streets, lora, prompt, negative, slot:light"
StepState = Literal["planned", "ok", "suspect", "failed", "cancelled"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `learn`."""
    add = parser.add_argument
    add("pack", nargs="?", default="", metavar="PACK", help="a pack file, or the name of a pack")
    add("--focus", metavar="PATH", help=_FOCUS_HELP)
    specs = '"15-45 (+5)", "5-8 [4]", "1, 2, .., 10", "Euler a, Heun" (else numbers that suit the checkpoint)'
    add("--values", metavar="SPEC", dest="spec", help=specs)
    words = "the wordings for --focus prompt, negative or slot:NAME, one in each line of a file"
    add("--values-file", metavar="FILE", help=words)
    words = "a second setting, varied together with the first: lora and lora_weight, txt2img.sampler and …scheduler"
    add("--focus2", default="", metavar="PATH", help=words)
    add("--values2", default=None, metavar="SPEC", dest="spec2", help="values of the second setting, as --values")
    words = "with --focus lora: all files of this training and none; with --focus checkpoint: all mixes of these models"
    add("--series", metavar="NAME", help=words)
    add("--images", type=int, metavar="N", help=f"pictures per value, on all prompts together (else {IMAGES})")
    add(
        "--prompt",
        action="append",
        default=[],
        metavar="I|NAME",
        help="a prompt of the pack, counted from 1; again for another (else up to 3 prompts, spread over the pack)",
    )
    add(
        "--variant",
        type=int,
        default=0,
        metavar="N",
        help="of a prompt that varies, this variant, from 0 on",
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--full", action="store_true", help="make all rows at once, the default: nobody rates meanwhile")
    words = f"make {START_ROWS} rows; after you rated them, --resume makes what tells most, until it is clear"
    way.add_argument("--adaptive", action="store_true", help=words)
    add("--most", type=int, metavar="N", help=f"with --adaptive, pictures in all (else {MOST_PICTURES})")
    add("--blind", action="store_true", help="hide the values in the window until all pictures are rated")
    add("--seed", type=int, metavar="N", help="first seed, the others count up (else drawn)")
    add("--start-image", default="", metavar="FILE", help="the picture that img2img, adetailer or upscale work on")
    add("--name", default="", metavar="TEXT", help="what to call it")
    add("--note", default="", metavar="TEXT", help="why it is made")
    add("--mixed", action="store_true", help="also machines with other versions or graphics cards, row by row")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--plan", metavar="FILE", help="make the plan in this JSON file; PACK when it has no prompt")
    which.add_argument("--resume", metavar="PLAN", help='make what is missing: id, name, or "last"')
    which.add_argument("--show", metavar="PLAN", help="print a Learning Run as a plan file")
    add("--dry-run", action="store_true", help="only show what would be made; without --seed, seeds are drawn anew")
    settings_arguments(parser)
    parser.set_defaults(command=learn)


class LearnStep(Struct, frozen=True):
    """One step in the report. `images` are the pictures of its last stage."""

    step_id: str
    value: Value
    row: int
    seed: int
    status: StepState
    images: tuple[str, ...] = ()


class LearnReport(Struct, frozen=True, kw_only=True):
    """What `learn --json` prints. `unsaved` counts lines that are not in the journal, `kept` those of them that are
    written at the next start.
    `prompts` are the names of the prompts tested. `nothing_changed`: the pictures of every row are equal, so no more
    were made. `most_pictures`: a plan that goes step by step may come to so many; 0 for others.
    `to_rate`: pictures without stars that may be rated now, in the order in which the window shows them.
    """

    plan_id: str
    name: str
    focus_parameter: str
    second_parameter: str = ""
    prompts: tuple[str, ...]
    steps: tuple[LearnStep, ...]
    notices: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    journal: str
    outputs: str
    unsaved: int = 0
    kept: int = 0
    nothing_changed: bool = False
    most_pictures: int = 0
    to_rate: tuple[str, ...] = ()

    def count(self, *states: StepState) -> int:
        """How many steps ended like this."""
        return sum(step.status in states for step in self.steps)

    @property
    def whole(self) -> bool:
        """Whether every step that was to be made has its picture on record."""
        made = self.count("ok", "suspect") == len(self.steps)
        stopped = self.nothing_changed and not self.count("failed")
        return (made or stopped) and not self.unsaved


def learn(args: argparse.Namespace, places: Places) -> int:
    """Make a Learning Run. Ctrl+C keeps what is finished, and --resume goes on with it."""
    if args.show:
        plan = find_plan(load_history(places.journal, places.snapshot).history, args.show)
        sys.stdout.write(write_plan(plan).decode())
        return OK
    settings = settings_in_force(args, places)
    # Wrong use is told before anybody is asked; only a workflow needs the server to be understood.
    draft = None if args.resume or args.workflow else drafted(args, places, settings)
    with ExitStack() as held, session_for(args, places, settings) as session:
        if args.workflow and not args.resume:
            draft = drafted(args, places, settings, workflow_for(args, session))
        session.controller.packs.know(known_packs(args.pack, places, settings))
        if draft is not None:
            plan = _new(args, draft, session)
            tell_idle(plan.base_config, draft.typed)
            held.enter_context(_alone(args, places, plan))
        else:
            # Two programs on one plan would make its pictures twice. Afterwards, what the other one made is read.
            found = find_plan(load_history(places.journal, places.snapshot).history, args.resume)
            held.enter_context(_alone(args, places, found))
            plan = _resumed(args, found.plan_id, session, settings)
        notices = _make(args, plan, session)
    notices = (*(draft.notices if draft else ()), *notices, *session.notes())
    report = _report(session, plan, notices, dry_run=args.dry_run)
    if args.json:
        print_json(report)
    else:
        _tell(report, program(places), dry_run=args.dry_run)
    return OK if report.whole or (args.dry_run and not session.unsaved) else FAILED


def _alone(args: argparse.Namespace, places: Places, plan: LearningPlan) -> AbstractContextManager[None]:
    refusal = f"“{plan.name}” is being made by another program just now. Wait until that is done."
    return nullcontext() if args.dry_run else alone(places.cache / f"learn-{plan.plan_id}.lock", refusal)


def _new(args: argparse.Namespace, draft: PlanArguments, session: Session) -> LearningPlan:
    # A plan file is complete: neither a chosen preset nor a profile may change it.
    if args.plan:
        return replace(completed(draft), plan_id=new_id(), mixed_machines=args.mixed or draft.plan.mixed_machines)
    pack_id = draft.plan.pack_id
    sources = ValueSources(
        pack_id=pack_id,
        typed=draft.typed,
        pack=session.controller.packs.settings_of(pack_id).values,
        prompts=tuple(prompt.prompt_id for prompt in draft.plan.prompts),
        several=draft.plan.focus_parameter == CHECKPOINT,
        workflow=draft.plan.base_config.workflow,
    )
    sources = with_presets(args, session, sources)
    if kept := wordings_kept(sources):
        workflow, settings = draft.plan.base_config.workflow, session.controller.settings
        draft = drafted(args, session.controller.places, settings, workflow, kept)
    # When checkpoints are compared, the profile of one must not set values for the others.
    if not sources.several:
        sources = with_recommended(session, sources, quiet=args.json)
    tell_presets(args, sources)
    traits = traits_for(session, sources, draft.plan.focus_parameter)
    loras = loras_for(args, session, sources, [prompt.positive for prompt in draft.plan.prompts])
    if args.series is not None:
        draft = replace(
            draft,
            plan=replace(draft.plan, variant_values=series_values(draft.plan.focus_parameter, args.series, session)),
        )
    plan = completed(draft, sources, profile_loras=loras, traits=traits)
    if not args.json and (words := range_words(plan, traits)):
        out.print(words, markup=False)
    return replace(plan, plan_id=new_id(), mixed_machines=args.mixed)


def _resumed(args: argparse.Namespace, plan_id: str, session: Session, settings: Settings) -> LearningPlan:
    """The plan to continue. Raises InvalidInput for options that would make it another plan."""
    changes = {
        "PACK": args.pack,
        "--focus": args.focus,
        "--values": args.spec,
        "--values-file": args.values_file,
        "--focus2": args.focus2,
        "--values2": args.spec2,
        "--series": args.series,
        "--images": args.images,
        "--full": args.full,
        "--adaptive": args.adaptive,
        "--most": args.most,
        "--prompt": args.prompt,
        "--blind": args.blind,
        "--seed": args.seed,
        "--start-image": args.start_image,
        "--name": args.name,
        "--note": args.note,
        "--set": args.values,
        "--preset": args.preset,
        "--no-known": args.no_known,
        "--workflow": args.workflow,
        "--no-profile-loras": args.no_profile_loras,
    }
    given = [option for option, value in changes.items() if value not in (None, "", False, [])]
    if given:
        raise InvalidInput(f"{given[0]}: --resume goes on with a plan as it is. Leave this away.", given[0])
    plan = find_plan(session.history(), plan_id)
    addresses = [spec.order.address for spec in node_specs(settings)]
    # A machine of the cluster tells what engine it has when it is connected.
    untold = any(one.startswith(CLUSTER) for one in addresses)
    if plan.backend_kind and not untold and (plan.backend_kind == SKETCH) not in {one == SKETCH for one in addresses}:
        word = SKETCH if plan.backend_kind == SKETCH else "URL"
        engine = ENGINES.get(plan.backend_kind, plan.backend_kind)
        raise InvalidInput(f"“{plan.name}” is made by {engine}. Say so: --backend {word}", "--backend")
    return plan


def _make(args: argparse.Namespace, plan: LearningPlan, session: Session) -> tuple[str, ...]:
    """Print what is to be made and make it; returns notices. The history has the results."""
    seen = board(session.history(), plan.plan_id)
    made = {cell.cell for cell in seen.cells if cell.state == "made"} if seen else set()
    left = [cell for cell in plan.cells() if cell not in made]
    if not left:
        if seen is not None and not args.dry_run:
            session.controller.learning.add_lost_steps(plan.plan_id)
        return _make_next(args, seen, session) if seen is not None and plan.most_pictures else ()
    answer = session.check()
    if answer.capabilities is not None:
        plan = plan_with_names(plan, answer.capabilities)
        check_offered(plan, answer.capabilities.choices)
        check_seeds(answer.capabilities, plan.seeds)
        if words := missing_in_plan(answer.capabilities, plan):
            raise InvalidInput(words, "checkpoint")
        if words := only_one_words(answer.capabilities, plan.base_config):
            err.print(words, markup=False)
    if words := unlisted_in_plan(answer.capabilities, plan):
        err.print(words, style="yellow", markup=False)
    controller = session.controller
    if words := mode_for(controller.settings.learning, controller.packs.learning, plan.pack_id).by_hand:
        err.print(words, style="yellow", markup=False)
    if not args.json:
        _announce(plan, left, session)
        if words := left_out(session.controller.nodes.states, mixed=args.mixed or plan.mixed_machines):
            err.print(words, style="yellow", markup=False)
    if args.dry_run:
        return () if answer.capabilities else (f"{answer.problem} So names could not be checked.",)
    if answer.capabilities is not None:
        learning = session.controller.learning
        if seen is None or args.mixed:
            tell_recording(session)
            learning.start(replace(plan, mixed_machines=args.mixed or plan.mixed_machines))
        else:
            learning.go_on(plan.plan_id)
        session.work(plan.name, learning.pending(plan.plan_id))
    return ()


def _make_next(args: argparse.Namespace, seen: Board, session: Session) -> tuple[str, ...]:
    """The next pictures of a plan that goes step by step, all of whose pictures are made; returns notices."""
    plan, now = seen.plan, standing(seen)
    if not now.all_rated:
        return (f"{counted(now.unrated, 'picture')} still to rate. What tells most then is decided by your stars.",)
    found = report(whole_board(session.history(), plan.plan_id) or seen)
    cells = next_cells(found)
    if not cells:
        clear = found.verdict.state in CERTAIN
        return (found.verdict.sentence if clear else f"All {plan.most_pictures} pictures are used up.",)
    if args.dry_run:
        return (f"{counted(len(cells), 'more picture')} would be made, those that tell most.",)
    if session.check().capabilities is not None:
        session.controller.learning.more(plan.plan_id, cells)
        if not args.json:
            out.print(f"Not clear yet: {counted(len(cells), 'more picture')}, those that tell most")
        session.work(plan.name, session.controller.learning.pending(plan.plan_id))
    return ()


def _announce(plan: LearningPlan, left: Sequence[PlanCell], session: Session) -> None:
    values, rows = plan.tested, plan.full_rows
    seconds = session.controller.forecast_s(config_for(plan, values[cell.variant]) for cell in left)
    time = f", {about(seconds)}" if seconds else ""
    for path, listed in zip(plan.parameters, (plan.variant_values, plan.second_values), strict=False):
        out.print(f"{path}: {listed_texts(path, listed)}", markup=False)
    whole = len(plan.cells())
    if len(left) < whole:
        out.print(f"{whole - len(left)} of {whole} images are made, {len(left)} to go{time}")
        return
    prompts = prompts_tested(plan, range(rows))
    seeds = rows_words(rows, len(prompts)).replace("×", "x")
    full = sum(cell.row < rows for cell in plan.cells())
    extra = f" + {whole - full} more" if whole > full else ""
    what = f"{len(values)} values x {seeds}"
    if plan.second_parameter:
        what = f"{len(values)} pairs, {full // max(1, rows)} of them on each of {seeds}"
    out.print(f"{what}{extra} = {whole} images{time}")
    names = ", ".join(prompt.prompt_id for prompt in plan.prompts)
    out.print(f"{'Prompts, row by row in turn' if len(plan.prompts) > 1 else 'Prompt'}: {names}", markup=False)
    if plan.most_pictures > whole:
        out.print(f"Then up to {plan.most_pictures - whole} more, only those that tell most, after you rated these")
    shown = ", ".join(map(str, plan.seeds[:12])) + (", …" if len(plan.seeds) > 12 else "")
    out.print(f"Seeds, the same for every value: {shown}")


# ---- what came of it


def _report(session: Session, plan: LearningPlan, notices: tuple[str, ...], *, dry_run: bool) -> LearnReport:
    places, settings = session.controller.places, session.controller.settings
    history = session.controller.history or History()
    seen = board(history, plan.plan_id)
    if seen is not None:
        steps = tuple(_step(cell) for cell in seen.cells)
    else:
        planned = [(cell, plan.tested[cell.variant], plan.seeds[cell.row]) for cell in plan.cells()]
        steps = tuple(LearnStep(plan.step_id(cell), value, cell.row, seed, "planned") for cell, value, seed in planned)
    equal = seen is not None and all_equal(seen)
    if seen is not None and equal and not dry_run:
        told = certain_summary(seen)
        notices = (*notices, *((told.sentence,) if told is not None else ()), no_effect(plan))
    return LearnReport(
        plan_id=plan.plan_id,
        name=plan.name,
        focus_parameter=plan.focus_parameter,
        second_parameter=plan.second_parameter,
        prompts=tuple(prompt.prompt_id for prompt in prompts_tested(plan)),
        steps=steps,
        notices=notices,
        errors=() if dry_run else session.errors(),
        journal=str(places.journal),
        outputs=str(Path(settings.output_folder) if settings.output_folder else places.outputs),
        unsaved=session.unsaved,
        kept=len(session.left.kept),
        nothing_changed=equal,
        most_pictures=plan.most_pictures,
        to_rate=tuple(_to_rate(seen)) if seen is not None else (),
    )


def _to_rate(seen: Board) -> Iterator[str]:
    for cell in blind_matrix(seen).cells:
        if cell.asks and cell.facts is not None:
            yield cell.facts.image_id


def _step(cell: BoardCell) -> LearnStep:
    status: StepState = "failed"
    if cell.state == "made":
        status = "suspect" if any(shown.facts.suspect for shown in cell.images) else "ok"
    elif cell.state == "waiting":
        status = "cancelled" if cell.tries else "planned"
    images = tuple(shown.facts.image_id for shown in cell.images)
    return LearnStep(cell.step_id, cell.value, cell.cell.row, cell.seed, status, images)


def _tell(report: LearnReport, typed: str, *, dry_run: bool) -> None:
    for notice in report.notices:
        err.print(notice, markup=False)
    for problem in report.errors:
        err.print(problem, style="red", markup=False)
    if dry_run:
        out.print("Nothing was made.")
        return
    made = report.count("ok", "suspect")
    if not made and report.count("planned") == len(report.steps):
        return
    left = len(report.steps) - made - report.count("failed")
    out.print(f"{made} of {len(report.steps)} images are made, {report.count('failed')} failed, {left} left to make.")
    if report.count("suspect"):
        out.print(f"{report.count('suspect')} suspect, left out of what is learned.", style="yellow")
    if lost := report.unsaved - report.kept:
        are = "is" if lost == 1 else "are"
        err.print(f"{counted(lost, 'line')} {are} not saved; pictures without a record cannot be rated.", style="red")
    out.print(f"Pictures:  {report.outputs}", markup=False)
    out.print(f"Records:   {report.journal}", markup=False)
    if made < len(report.steps) or report.unsaved:
        out.print(f"Go on:     {typed} learn --resume {report.plan_id}", markup=False)
    if made and not report.nothing_changed:
        image = next((one for one in report.to_rate), "")
        if image:
            out.print(f"Rate:      in the window under Learn, or {typed} rate {image} 4", markup=False)
        if report.most_pictures and len(report.to_rate) > 1:
            # The next step waits for all of them.
            out.print(f"           and {', '.join(report.to_rate[1:])}", markup=False)
        out.print(f"Learned:   {typed} insights --plan {report.plan_id}", markup=False)
        if report.to_rate and made == len(report.steps) < report.most_pictures:
            out.print(f"Then:      {typed} learn --resume {report.plan_id} makes what tells most", markup=False)
