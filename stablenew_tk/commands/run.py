"""`run`: makes the pictures of a pack in the terminal."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from ..app.engines.missing_checkpoint import missing_in_run, only_one_words
from ..app.engines.seed_range import seed_beyond
from ..app.engines.unlisted_loras import unlisted_in_run
from ..domain.base.errors import InvalidInput
from ..domain.config.learning_mode import mode_for
from ..domain.config.origins import RANDOM_SEED
from ..domain.config.user_settings import Settings
from ..domain.models.value_sources import CHECKPOINT, ValueSources, loras_put_in, wordings_kept
from ..domain.prompts.variant import Expansion
from ..domain.prompts.wildcards import Wildcards
from ..domain.runs.job import Job, RunRequest
from ..domain.runs.pack_run import of_pack
from ..storage.disk.places import Places
from ..storage.packs.reader import PackContent, load_whole
from .packs import expanded, refuse_errors, wildcard_arguments, wildcards_of
from .run_settings import (
    absolute,
    loras_for,
    session_for,
    settings_arguments,
    settings_in_force,
    tell_idle,
    tell_presets,
    tell_recording,
    typed_values,
    with_presets,
    with_recommended,
)
from .session import Session
from .terminal import FAILED, OK, err, known_packs, out, pack_path, print_json, program
from .workflows import workflow_for


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `run`."""
    parser.add_argument("pack", metavar="PACK", help="a pack file, or the name of a pack")
    settings_arguments(parser)
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="make at most N jobs")
    parser.add_argument("--seed", type=int, default=RANDOM_SEED, metavar="N", help="first seed (else random)")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="pictures per prompt, seeds counting up")
    parser.add_argument(
        "--start-image", default="", metavar="FILE", help="begin with this picture; switches txt2img off"
    )
    parser.add_argument("--no-record", action="store_true", help="keep no records of this run")
    wildcard_arguments(parser)
    parser.set_defaults(command=run)


class MadeImage(msgspec.Struct, frozen=True):
    """One picture in the report of a run; `path` is absolute."""

    image_id: str
    path: str
    stage: str
    seed: int
    suspect: tuple[str, ...]


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `run --json` prints. `failed` counts jobs without all their pictures, `unsaved` records that are not in the
    journal; of these `kept` are written at the next start. `notes` is what the backend told about pictures
    that came, each sentence once.
    """

    run_id: str
    jobs: int
    ok: int
    failed: int
    cancelled: int
    images: tuple[MadeImage, ...]
    journal: str
    outputs: str
    errors: tuple[str, ...]
    notes: tuple[str, ...]
    unsaved: int
    kept: int


def run(args: argparse.Namespace, places: Places) -> int:
    """Make a pack. Ctrl+C interrupts the running job and keeps what is finished; a second one gives up at once."""
    if args.limit < 0:
        raise InvalidInput(f"--limit {args.limit}: give the number of jobs, 1 or more.", "--limit")
    settings = settings_in_force(args, places)
    opened = load_whole(pack_path(args.pack, places, settings))
    pack = opened.pack
    jobs: tuple[Job, ...] = ()
    with session_for(args, places, settings) as session:
        session.controller.packs.know(known_packs(args.pack, places, settings))
        workflow = workflow_for(args, session)
        # Applied first, so that --set can override it.
        typed = {**({"txt2img.enabled": False} if args.start_image else {}), **typed_values(args.values, workflow)}
        # Read once, also where the pack is put together twice: what cannot be read is told once.
        wildcards, unread = wildcards_of(opened.path, places, settings, args.wildcards)
        for sentence in unread:
            err.print(sentence, style="yellow", markup=False)
        variants = _variants(args, opened, wildcards)
        sources = ValueSources(
            pack_id=pack.pack_id,
            typed=typed,
            pack=opened.settings.values,
            prompts=tuple(dict.fromkeys(variant.prompt_id for variant in variants.variants)),
            several=opened.settings.randomizer.varies(CHECKPOINT),
            workflow=workflow,
        )
        sources = with_presets(args, session, sources)
        if kept := wordings_kept(sources):
            variants = _variants(args, opened, wildcards, kept)
        sources = with_recommended(session, sources, quiet=args.json)
        request = of_pack(_request(args, settings, sources), variants, opened.settings)
        axes = opened.settings.randomizer.loras
        varied = [name for axis in axes for name in axis.names if name]
        loras = loras_for(args, session, sources, [one.prompt for one in variants.variants], varied)
        request = msgspec.structs.replace(request, profile_loras=loras)
        tell_idle(request.config, typed)
        found = session.check().capabilities
        if words := unlisted_in_run(found, request):
            err.print(words, style="yellow", markup=False)
        problem = seed_beyond(found, [request.seed]) or missing_in_run(found, request)
        if found is not None and not problem:
            tell_presets(args, sources)
            if words := only_one_words(found, request.config):
                err.print(words, markup=False)
            if not args.no_record:
                tell_recording(session, this_one="--no-record")
            jobs = session.controller.run(request)
            session.work(pack.pack_id, len(jobs))
    report = _report(session, jobs, problem)
    if args.json:
        print_json(report)
    else:
        records = mode_for(settings.learning, session.controller.packs.learning, pack.pack_id).records
        _print_report(report, program(places), rateable=request.record and records)
    return OK if report.jobs and report.ok == report.jobs and not report.unsaved else FAILED


def _variants(
    args: argparse.Namespace, opened: PackContent, wildcards: Wildcards, kept: Mapping[str, str] | None = None
) -> Expansion:
    # As many jobs are so many fewer variants: they are chosen evenly, while jobs beyond the limit would be cut off.
    limit = -(-args.limit // max(1, args.seeds))
    found = expanded(opened, wildcards, limit=limit, kept=kept)
    refuse_errors(opened, found.errors)
    return found


def _request(args: argparse.Namespace, settings: Settings, sources: ValueSources) -> RunRequest:
    start = sources.resolve()
    return RunRequest(
        pack_id=sources.pack_id,
        variants=(),
        config=start.config,
        origins=start.named,
        seed=args.seed,
        seeds_per_prompt=args.seeds,
        globals=settings.globals,
        start_image=absolute(args.start_image),
        record=not args.no_record,
        interactive=False,
        limit=args.limit,
        lora_weights=sources.lora_weights,
        lora_instead=loras_put_in(sources),
        presets=sources.preset_uses,
    )


# ---- what came of it


def _report(session: Session, jobs: Sequence[Job], problem: str) -> RunReport:
    places, settings = session.controller.places, session.controller.settings
    root = Path(settings.output_folder) if settings.output_folder else places.outputs
    ends = [record.status for record in session.records]
    ok, failed = ends.count("ok"), ends.count("failed") + ends.count("partial")
    return RunReport(
        run_id=jobs[0].run_id if jobs else "",
        jobs=len(jobs),
        ok=ok,
        failed=failed,
        # Jobs that Ctrl+C took from the queue never began and have no record.
        cancelled=len(jobs) - ok - failed,
        images=tuple(
            MadeImage(image.image_id, str(root / image.path), image.stage, image.seed, image.suspect)
            for record in session.records
            for image in record.outputs
        ),
        journal=str(places.journal),
        outputs=str(root),
        errors=(*((problem,) if problem else ()), *session.errors()),
        notes=session.notes(),
        unsaved=session.unsaved,
        kept=len(session.left.kept),
    )


def _print_report(report: RunReport, typed: str, *, rateable: bool) -> None:
    for problem in report.errors:
        err.print(problem, style="red", markup=False)
    for note in report.notes:
        err.print(note, style="yellow", markup=False)
    if not report.jobs:
        return
    out.print(f"{report.ok} of {report.jobs} jobs done, {report.failed} failed, {report.cancelled} stopped.")
    doubtful = [image for image in report.images if image.suspect]
    if doubtful:
        many = "1 picture is suspect and does" if len(doubtful) == 1 else f"{len(doubtful)} pictures are suspect and do"
        out.print(f"{many} not count as evidence:", style="yellow")
        for image in doubtful:
            out.print(f"  {image.image_id}  {', '.join(image.suspect)}", markup=False)
    if lost := report.unsaved - report.kept:
        many = "1 record is" if lost == 1 else f"{lost} records are"
        err.print(f"{many} not saved; pictures without a record cannot be rated.", style="red")
    out.print(f"Pictures: {report.outputs}", markup=False)
    out.print(f"Records:  {report.journal}", markup=False)
    if report.images and rateable and not report.unsaved:
        out.print(f"Rate one: {typed} rate {report.images[-1].image_id} 4     (1 to 5 stars)", markup=False)
        out.print(f"See all:  {typed} records show", markup=False)
