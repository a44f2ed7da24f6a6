"""`run`: make the pictures of a pack in the terminal."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from ..controller import Controller, backend_order, make_backend
from ..domain.config import PipelineConfig
from ..domain.errors import InvalidInput
from ..domain.job import RANDOM_SEED, Job, Origin, RunRequest
from ..domain.parameters import Value, parse_value, with_values
from ..domain.record import LearningRecord
from ..pipeline.events import BackendChecked, Event, JobEnded, LineNotSaved, Settings, StageProgressed
from ..storage.packs import load_pack
from ..storage.places import Places
from .terminal import FAILED, OK, err, interruptions, out, pack_path, print_json, program, settings_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `run`."""
    parser.add_argument("pack", metavar="PACK", help="a pack file, or the name of a pack")
    parser.add_argument("--backend", metavar="sketch|URL", help="where the pictures are made (else as set)")
    parser.add_argument(
        "--set", metavar="PATH=VALUE", action="append", default=[], dest="values", help="txt2img.steps=30"
    )
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="make at most N jobs")
    parser.add_argument("--seed", type=int, default=RANDOM_SEED, metavar="N", help="first seed (else random)")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="pictures per prompt, seeds counting up")
    parser.add_argument("--out", metavar="DIR", help="folder for the pictures")
    parser.add_argument(
        "--start-image", default="", metavar="FILE", help="begin with this picture; switches txt2img off"
    )
    parser.add_argument("--no-record", action="store_true", help="keep no records of this run")
    parser.set_defaults(command=run)


class MadeImage(msgspec.Struct, frozen=True):
    """One picture in the report of a run; `path` is absolute."""

    image_id: str
    path: str
    stage: str
    seed: int
    suspect: tuple[str, ...]


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `run --json` prints. `failed` counts jobs without all their pictures, `unsaved` records the disk refused."""

    run_id: str
    jobs: int
    ok: int
    failed: int
    cancelled: int
    images: tuple[MadeImage, ...]
    journal: str
    outputs: str
    errors: tuple[str, ...]
    unsaved: int


def run(args: argparse.Namespace, places: Places) -> int:
    """Make a pack. Ctrl+C interrupts the running job and keeps what is finished; a second one gives up at once."""
    if args.limit < 0:
        raise InvalidInput(f"--limit {args.limit}: give the number of jobs, 1 or more.", "--limit")
    settings = _settings(args, places)
    request = _request(args, places, settings)
    # An address that is none is wrong use, not a server that is away.
    make_backend(backend_order(settings)).close()
    controller = Controller(places, settings, patient=False, keep_queue=False)
    session = _Session(controller, quiet=args.json)
    session.make(request)
    report = session.report()
    if args.json:
        print_json(report)
    else:
        _print_report(report, program(places), rateable=request.record and settings.learning != "off")
    return OK if report.jobs and report.ok == report.jobs and not report.unsaved else FAILED


def _request(args: argparse.Namespace, places: Places, settings: Settings) -> RunRequest:
    # Said first, so that --set can still say otherwise.
    config, origins = _config(["txt2img.enabled=off", *args.values] if args.start_image else args.values)
    pack = load_pack(pack_path(args.pack, places, settings))
    return RunRequest(
        pack_id=pack.pack_id,
        prompts=pack.prompts,
        config=config,
        origins=origins,
        seed=args.seed,
        seeds_per_prompt=args.seeds,
        global_negative=settings.global_negative,
        start_image=str(Path(args.start_image).expanduser().absolute()) if args.start_image else "",
        record=not args.no_record,
        interactive=False,
        limit=args.limit,
    )


def _config(pairs: Sequence[str]) -> tuple[PipelineConfig, dict[str, Origin]]:
    values: dict[str, Value] = {}
    for pair in pairs:
        path, equals, text = pair.partition("=")
        if not equals:
            raise InvalidInput(f"--set {pair}: write it as PATH=VALUE, for example txt2img.steps=30.", "--set")
        values[path.strip()] = parse_value(path.strip(), text)
    return with_values(PipelineConfig(), values), dict.fromkeys(values, "user")


def _settings(args: argparse.Namespace, places: Places) -> Settings:
    changes: dict[str, str] = {}
    if args.backend:
        changes["backend"] = args.backend.strip().rstrip("/")
    if args.out:
        changes["output_folder"] = str(Path(args.out).expanduser().absolute())
    return msgspec.structs.replace(settings_of(args, places), **changes)


class _Session:
    """One run from start to end on the caller's thread, with progress on standard error."""

    def __init__(self, controller: Controller, *, quiet: bool) -> None:
        self._controller = controller
        self._quiet = quiet
        self._jobs: tuple[Job, ...] = ()
        self._records: list[LearningRecord] = []
        self._checks: list[BackendChecked] = []
        self._refusals: list[str] = []
        self._unsaved = 0
        self._stop = False
        self._show: Callable[[float], None] = lambda _done: None
        controller.subscribe(self._note)

    def make(self, request: RunRequest) -> None:
        """Look at the backend, make the jobs, stop the threads. Raises InvalidInput when nothing can be made."""
        try:
            self._controller.check_backend()
            while not self._checks:
                self._controller.pump(wait_s=1.0)
            if self._checks[0].capabilities is not None:
                self._jobs = self._controller.run(request)
                self._pump_until_done(request.pack_id)
        finally:
            self._unsaved = self._controller.close()

    def _pump_until_done(self, title: str) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err, transient=True, disable=self._quiet or not err.is_terminal) as shown:
            bar = shown.add_task(title, total=len(self._jobs))
            self._show = lambda done: shown.update(bar, completed=done)
            with interruptions(self._note_stop):
                while self._controller.running is not None or self._controller.queue:
                    self._controller.pump(wait_s=0.5)
                    if self._stop:
                        self._stop = False
                        err.print("Stopping; what is finished stays.")
                        self._controller.cancel()

    def _note_stop(self) -> None:
        self._stop = True

    def _note(self, event: Event) -> None:
        if isinstance(event, BackendChecked):
            self._checks.append(event)
        elif isinstance(event, JobEnded):
            self._records.append(event.record)
            self._show(len(self._records))
        elif isinstance(event, LineNotSaved):
            self._refusals.append(event.message)
        elif isinstance(event, StageProgressed) and self._controller.running is not None:
            self._show(len(self._records) + self._controller.running.done)

    def report(self) -> RunReport:
        """What came of it. Call after `make`."""
        places, settings = self._controller.places, self._controller.settings
        root = Path(settings.output_folder) if settings.output_folder else places.outputs
        ends = [record.status for record in self._records]
        problems = [self._checks[0].problem] if self._checks and self._checks[0].problem else []
        problems += [record.error.message for record in self._records if record.error is not None]
        problems += self._refusals if self._unsaved else []
        ok, failed = ends.count("ok"), ends.count("failed") + ends.count("partial")
        return RunReport(
            run_id=self._jobs[0].run_id if self._jobs else "",
            jobs=len(self._jobs),
            ok=ok,
            failed=failed,
            # Jobs that Ctrl+C took from the queue never began and have no record.
            cancelled=len(self._jobs) - ok - failed,
            images=tuple(
                MadeImage(image.image_id, str(root / image.path), image.stage, image.seed, image.suspect)
                for record in self._records
                for image in record.outputs
            ),
            journal=str(places.journal),
            outputs=str(root),
            errors=tuple(dict.fromkeys(problems)),
            unsaved=self._unsaved,
        )


def _print_report(report: RunReport, typed: str, *, rateable: bool) -> None:
    for problem in report.errors:
        err.print(problem, style="red", markup=False)
    if not report.jobs:
        return
    out.print(f"{report.ok} of {report.jobs} jobs done, {report.failed} failed, {report.cancelled} stopped.")
    doubtful = [image for image in report.images if image.suspect]
    if doubtful:
        many = "1 picture is suspect and does" if len(doubtful) == 1 else f"{len(doubtful)} pictures are suspect and do"
        out.print(f"{many} not count as evidence:", style="yellow")
        for image in doubtful:
            out.print(f"  {image.image_id}  {', '.join(image.suspect)}", markup=False)
    if report.unsaved:
        many = "1 record is" if report.unsaved == 1 else f"{report.unsaved} records are"
        err.print(f"{many} not saved; pictures without a record cannot be rated.", style="red")
    out.print(f"Pictures: {report.outputs}", markup=False)
    out.print(f"Records:  {report.journal}", markup=False)
    if report.images and rateable and not report.unsaved:
        out.print(f"Rate one: {typed} rate {report.images[-1].image_id} 4     (1 to 5 stars)", markup=False)
        out.print(f"See all:  {typed} records show", markup=False)
