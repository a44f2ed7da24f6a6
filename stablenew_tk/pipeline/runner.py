"""`PipelineRunner`: makes one job, stage after stage on one backend, saves the pictures, appends one record."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from ..backends.base import Backend, MakesWholeJobs, StageImage, StageOrder, StageResult
from ..domain.base.errors import (
    AccessDenied,
    BackendError,
    Cancelled,
    InvalidInput,
    NotReady,
    NotSaved,
    StableNewError,
    StillWorking,
    StorageError,
    Unreachable,
)
from ..domain.base.model_hash import hash_digits
from ..domain.config.catalogue import get_value, with_values
from ..domain.config.controlnet import ControlInput
from ..domain.config.pipeline_config import PipelineConfig
from ..domain.journal.position import Position
from ..domain.journal.record import BackendInfo, Failure, JournalLine, LearningRecord, Output, StageRecord, Status
from ..domain.models.families import FamilyCatalogue
from ..domain.models.preset_scope import Situation, as_made
from ..domain.models.value_sources import CHECKPOINT_PATHS
from ..domain.nodes.fingerprint import fingerprint
from ..domain.runs.job import Job
from ..storage.disk.files import typed_path
from ..storage.pictures.control_units import load_units
from ..storage.pictures.images import read_picture, save_image
from .ids_and_times import utc_text
from .messages.base import Event, OrderFailed
from .messages.jobs import ImageSaved, JobEnded, JobStarted, StageStarted
from .messages.journal import LineNotSaved, LineSaved

MESSAGE_LIMIT = 2000
# The stages that ControlNet guides.
_GUIDED = ("txt2img", "img2img")


class SavedRecord(Protocol):
    """Result of `LearningWriter.append`: the line as written, and its position."""

    @property
    def line(self) -> JournalLine: ...
    @property
    def position(self) -> Position: ...


class LearningWriter(Protocol):
    """Interface of the journal writer. `append` and `append_all` return when the lines are on disk; they raise
    StorageError when they could not be written, and InvalidInput when one can never be. `writer` stands in every line.
    """

    @property
    def writer(self) -> str: ...

    def append(self, line: JournalLine) -> SavedRecord: ...

    def append_all(self, lines: Sequence[JournalLine]) -> Sequence[SavedRecord]: ...


# Called when the backend does not answer: (job, error, number of attempts) → whether to try again.
Patience = Callable[[Job, BackendError, int], bool]


class JobContext(Struct, frozen=True, kw_only=True):
    """Dependencies of a runner. All callables are called on the runner's thread.

    `withdrawn()`: the job was taken back before anything was made, so that another node makes it; it leaves no record.
    """

    outputs: Path
    node: str
    withdrawn: Callable[[], bool] = lambda: False
    emit: Callable[[Event], None]
    new_id: Callable[[], str]
    writer: LearningWriter | None = None
    patience: Patience = lambda _job, _error, _tries: False
    families: FamilyCatalogue = FamilyCatalogue()
    read_start: Callable[[Path], bytes] = read_picture
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    stopwatch: Callable[[], float] = time.monotonic


class _Piece(Struct, frozen=True):
    """A picture between two stages."""

    image: StageImage
    suspect: tuple[str, ...]


class PipelineRunner:
    """Runs jobs one at a time, synchronously, on the caller's thread.

    `run` emits JobStarted, StageStarted and ImageSaved, and always exactly one JobEnded at the end. It writes a record
    if the job has `record` set and there is a writer; when that fails, LineNotSaved contains the record, so that the
    caller can try again. Pictures already saved are kept.
    """

    def __init__(self, backend: Backend, context: JobContext) -> None:
        self._backend = backend
        self._context = context
        self._attempt: _Attempt | None = None

    def run(
        self, job: Job, cancelled: Callable[[], bool] = lambda: False, names: Mapping[str, str] | None = None
    ) -> LearningRecord:
        """Make the job and return its record. Never raises StableNewError; a failure is noted in the record.

        `names` are the backend's own names of checkpoints, where the job has others for the same files.
        """
        attempt = self._attempt = _Attempt(job, self._backend, self._context, cancelled, names or {})
        self._context.emit(JobStarted(job=job, node=self._context.node))
        if isinstance(self._backend, MakesWholeJobs):
            self._backend.begin(job)
        try:
            attempt.make()
        except StillWorking as told:
            return self._end(attempt, "cancelled", attempt.failure(told))
        except Cancelled:
            return self._end(attempt, "cancelled", None)
        except StableNewError as error:
            # A backend may fail because it was stopped, or be disconnected because it hung: that is a cancellation.
            stopped = isinstance(error, BackendError) and cancelled()
            return self._end(attempt, "cancelled" if stopped else attempt.unfinished, attempt.failure(error))
        return self._end(attempt, "cancelled" if attempt.interrupted else "ok", None)

    def broken(self, job: Job, error: BaseException) -> LearningRecord:
        """End a job after an unexpected error in `run`. The node thread calls this.

        When JobEnded was already emitted, only the record may be missing, and OrderFailed says so.
        """
        attempt = self._attempt or _Attempt(job, self._backend, self._context, lambda: True)
        message = f"StableNew itself made a mistake ({type(error).__name__}: {error})."
        if attempt.ended is not None:
            self._context.emit(OrderFailed(message=f"{message} The record of a job was not saved."))
            return attempt.ended
        return self._end(attempt, attempt.unfinished, attempt.failure(error, f"{message} The job was given up."))

    def skip(self, job: Job) -> LearningRecord:
        """End a job as cancelled that was taken from the queue before it began."""
        self._attempt = _Attempt(job, self._backend, self._context, lambda: True)
        return self._end(self._attempt, "cancelled", None)

    def give_up(self) -> None:
        """End the running job as cancelled, on the caller's thread, because its own does not come back. Any thread.

        Does nothing when it is ended already, or when there is none.
        """
        if self._attempt is not None:
            self._end(self._attempt, "cancelled", None)

    def _end(self, attempt: _Attempt, status: Status, error: Failure | None) -> LearningRecord:
        record = attempt.record(status, error)
        # `next` is one step for all threads, so of two that end the job at once only one does.
        if next(attempt.endings):
            return attempt.ended or record
        recorded, refused = False, ""
        try:
            withdrawn = status == "cancelled" and not record.outputs and self._context.withdrawn()
            recorded = attempt.job.record and not withdrawn and self._write(record)
        except InvalidInput as error:
            refused = str(error)
            self._context.emit(OrderFailed(message=refused))
        finally:
            attempt.ended = record
            if isinstance(self._backend, MakesWholeJobs):
                self._backend.ended(kept=recorded or not attempt.job.record)
            self._context.emit(JobEnded(record=record, recorded=recorded, refused=refused))
        return record

    def _write(self, record: LearningRecord) -> bool:
        if self._context.writer is None:
            return False
        try:
            saved = self._context.writer.append(record)
        except StorageError as refused:
            self._context.emit(LineNotSaved(line=record, message=str(refused)))
            return False
        self._context.emit(LineSaved(line=saved.line, position=saved.position))
        return True


class _Attempt:
    """State of one running job: its results so far."""

    def __init__(
        self,
        job: Job,
        backend: Backend,
        context: JobContext,
        cancelled: Callable[[], bool],
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.job = job
        self._names = names or {}
        self.outputs: list[Output] = []
        self.interrupted = False
        self.endings = itertools.count()
        self.ended: LearningRecord | None = None
        self._backend = backend
        self._context = context
        self._cancelled = cancelled
        self._stage = ""
        self._mask = b""
        self._units: tuple[ControlInput, ...] = ()
        self._workflow = b""
        self._done: list[StageRecord] = []
        self._began = context.stopwatch()
        self._lost_s = 0.0
        self._folder_time = context.now()

    @property
    def unfinished(self) -> Status:
        """Status of the job after a failure: with some of its pictures or with none."""
        return "partial" if self.outputs else "failed"

    def make(self) -> None:
        """Make all stages. Raises StableNewError; `outputs` has the pictures saved until then."""
        pieces = [self._start_piece()]
        for number, stage in enumerate(self.job.stages, start=1):
            self._stage = stage
            self._context.emit(
                StageStarted(job_id=self.job.job_id, stage=stage, number=number, count=len(self.job.stages))
            )
            pieces = [made for piece in pieces for made in self._stage_of(piece, stage)]
            if self.interrupted:
                return

    def _start_piece(self) -> _Piece:
        read, inpaint = self._context.read_start, self.job.config.inpaint
        data = read(Path(self.job.start_image)) if self.job.start_image else b""
        if inpaint.enabled and "img2img" in self.job.stages:
            # Before the first stage: without a mask its picture would be made for nothing.
            self._mask = read(typed_path(inpaint.mask))
        if self.job.config.controlnet and any(stage in _GUIDED for stage in self.job.stages):
            self._units = load_units(typed_path(self.job.config.controlnet), read)
        if use := self.job.config.workflow:
            from ..storage.workflows.reader import unchanged_text

            self._workflow = unchanged_text(Path(use.file), use.digest)
        return _Piece(StageImage(data=data, suffix="", width=0, height=0, seed=self.job.seed), ())

    def _stage_of(self, piece: _Piece, stage: str) -> list[_Piece]:
        if self.interrupted:
            return []
        if self._cancelled():
            raise Cancelled("Stopped before the next picture.")
        began, lost = self._context.stopwatch(), self._lost_s
        result = self._patiently(self._order(piece, stage))
        if result.interrupted and self.job.learning.step_id:
            # It will be made again: beside the whole picture, half of one would only be in the way.
            raise Cancelled("Stopped before the picture was whole.")
        self.interrupted = self.interrupted or result.interrupted
        # Added before the pictures are saved: if saving fails at the second one, the record still describes the first.
        took = self._context.stopwatch() - began - self._lost_s + lost
        self._done.append(_stage_record(stage, result, took if result.seconds is None else result.seconds))
        made: list[_Piece] = []
        for image in result.images:
            # A later stage works on the earlier picture, so it inherits its suspect codes.
            suspect = tuple(dict.fromkeys((*piece.suspect, *image.suspect)))
            self._save(image, stage, suspect)
            made.append(_Piece(image, suspect))
        return made

    def _order(self, piece: _Piece, stage: str) -> StageOrder:
        text, stages = self.job.text(stage), self.job.stages
        later = stages[stages.index(stage) + 1 :]
        return StageOrder(
            job_id=self.job.job_id,
            stage=stage,
            prompt=text.prompt,
            negative=text.negative,
            seed=piece.image.seed,
            config=self._sent_config(),
            image=piece.image.data,
            # From the first stage on, so that it is known before anything is made whether it fits.
            mask=self._mask if "img2img" in (stage, *later) else b"",
            units=self._units if stage in _GUIDED else (),
            later=later,
            family=self.job.family,
            variant=self.job.variant,
            families=self._context.families,
            workflow=self._workflow,
        )

    def _sent_config(self) -> PipelineConfig:
        """The config with the names that this backend has for the job's checkpoints."""
        own = {path: self._names[name] for path in CHECKPOINT_PATHS if (name := _named(self.job, path)) in self._names}
        return with_values(self.job.config, dict(own)) if own else self.job.config

    def _patiently(self, order: StageOrder) -> StageResult:
        tries = 0
        while True:
            began = self._context.stopwatch()
            try:
                return self._backend.generate(order)
            except (Unreachable, NotReady, AccessDenied) as error:
                # The job surely did not start, so trying again cannot make a picture twice.
                tries += 1
                if self._cancelled():
                    raise Cancelled("Stopped while waiting for the backend.") from error
                if not self._context.patience(self.job, error, tries):
                    raise
                if self._cancelled():
                    raise Cancelled("Stopped while waiting for the backend.") from error
                # What a server that went away had done, and the time until it is back, tell nothing about the job.
                self._lost_s += self._context.stopwatch() - began

    def _save(self, image: StageImage, stage: str, suspect: tuple[str, ...]) -> None:
        saved = save_image(
            self._context.outputs,
            day=self.job.run_day or self._folder_time.astimezone().strftime("%Y-%m-%d"),
            run_name=self.job.run_name,
            stage=stage,
            name_parts=(f"{self.job.index + 1:03d}", self.job.prompt_id, f"s{image.seed}"),
            data=image.data,
            suffix=image.suffix,
            replace=self._is_alone(image, stage),
            pixels=image.pixels,
        )
        output = Output(
            image_id=self._context.new_id(),
            stage=stage,
            path=saved.path,
            sha256=saved.sha256,
            width=image.width,
            height=image.height,
            seed=image.seed,
            suspect=suspect,
            infotext=image.infotext,
            pixels=saved.pixels,
        )
        self.outputs.append(output)
        path = self._context.outputs / saved.path
        self._context.emit(ImageSaved(job_id=self.job.job_id, run_id=self.job.run_id, output=output, path=path))

    def _is_alone(self, image: StageImage, stage: str) -> bool:
        """Whether this is the only picture of its step; then a file with its name, left by a crash, is overwritten.

        The folder belongs to this attempt at the plan, so no recorded picture in it has that name.
        """
        twin = any((output.stage, output.seed) == (stage, image.seed) for output in self.outputs)
        return bool(self.job.learning.step_id) and not twin

    def failure(self, error: BaseException, message: str = "") -> Failure:
        """The error as part of a record; `message` replaces its own text."""
        status = error.status if isinstance(error, BackendError) else 0
        retryable = error.retryable if isinstance(error, BackendError) else isinstance(error, NotSaved)
        # A backend may raise subclasses; the record names the public class.
        kind = next((kind for kind in type(error).__mro__ if kind.__module__ == StableNewError.__module__), type(error))
        return Failure(
            error=kind.__name__,
            message=(message or str(error))[:MESSAGE_LIMIT],
            stage=self._stage,
            status=status,
            retryable=retryable,
        )

    def _effective_config(self) -> PipelineConfig:
        """The config for the record: with the checkpoint that was used, if the job named none, or only its hash."""
        loaded = next((done.applied["checkpoint"] for done in self._done if "checkpoint" in done.applied), "")
        named = self.job.config.checkpoint
        if (named and not hash_digits(named)) or not isinstance(loaded, str) or not loaded:
            return self.job.config
        return msgspec.structs.replace(self.job.config, checkpoint=loaded)

    def record(self, status: Status, error: Failure | None) -> LearningRecord:
        """The job's one record."""
        job = self.job
        config = self._effective_config()
        made = Situation(
            pack_id=job.pack_id,
            prompt_ids=(job.prompt_id,),
            checkpoint=config.checkpoint,
            engine=self._backend.kind,
            workflow=config.workflow.known_as,
        )
        about = {name: getattr(job, name) for name in _COPIED} | {
            "config": config,
            "presets": as_made(job.presets, made),
        }
        return LearningRecord(
            event_id=self._context.new_id(),
            ts=utc_text(self._context.now()),
            **about,
            backend=BackendInfo(
                kind=self._backend.kind,
                name=self._backend.name,
                version=self._backend.version,
                node=self._context.node,
                fingerprint=fingerprint(
                    self._backend.kind, self._backend.name, self._backend.version, self._backend.device
                ),
            ),
            stage_results=tuple(self._done),
            outputs=tuple(self.outputs),
            output_root=str(self._context.outputs),
            status=status,
            error=error,
            seconds=round(self._context.stopwatch() - self._began - self._lost_s, 3),
        )


_COPIED = tuple(name for name in LearningRecord.__struct_fields__ if name in (*Job.__struct_fields__, "stages"))


def _named(job: Job, path: str) -> str:
    return str(get_value(job.config, path))


def _stage_record(stage: str, result: StageResult, seconds: float) -> StageRecord:
    return StageRecord(
        stage=stage,
        asked=result.asked,
        applied=result.applied,
        seconds=round(seconds, 3),
        queue_wait_s=round(result.queue_wait_s, 3),
        attempts=result.attempts,
        notes=result.notes,
    )
