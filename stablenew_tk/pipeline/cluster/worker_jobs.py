"""`WorkerJobs`: makes the jobs of an operator with this computer's own backend, and keeps what is finished."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ...backends.base import Backend, Capabilities, StageOrder, StageResult
from ...backends.decoding import msgpack_as
from ...domain.base.errors import BackendError, Cancelled, NotSaved, StableNewError, Unreadable
from ...domain.config.catalogue import with_values
from ...domain.journal.record import Failure, LearningRecord
from ...domain.runs.job import Job
from ...storage.cluster.answers import FinishedJobs
from ...storage.disk.files import make_folder, write_atomic
from ..ids_and_times import new_id
from ..messages.jobs import JobEnded, StageProgressed, StageStarted
from ..runner import JobContext
from ..workers import Inbox, Node, drain
from .wire import (
    Answer,
    Forget,
    Hello,
    HelloBack,
    JobAnswer,
    Make,
    Noted,
    Progress,
    Stop,
    Versions,
    request_of,
    to_bytes,
)

_LOOK_S = 0.1
_LARGEST_PREVIEW = 100_000  # bytes
_IMAGE, _MASK = "start", "mask"


class _Listening:
    """A backend that keeps the results of the job that it makes."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.results: list[StageResult] = []
        self.check, self.rescan = backend.check, backend.rescan
        self.progress, self.interrupt = backend.progress, backend.interrupt
        # Each job has a node of its own, which closes it; the backend behind it is needed for the next one.
        self.close = backend.interrupt

    @property
    def kind(self) -> str:
        return self._backend.kind

    @property
    def name(self) -> str:
        return self._backend.name

    @property
    def version(self) -> str:
        return self._backend.version

    @property
    def device(self) -> str:
        return self._backend.device

    def generate(self, order: StageOrder) -> StageResult:
        result = self._backend.generate(order)
        self.results.append(result)
        return result


class WorkerJobs:
    """Answers requests. `answer` is called on any thread; of two jobs at once the second waits for the first, which a
    machine that was asleep still makes when it is given the next one.

    `say(progress)` tells the operator how far it is; `name` is that of this machine in the cluster.
    """

    def __init__(self, backend: Backend, folder: Path, name: str, versions: Versions) -> None:
        self._own, self._backend = backend, _Listening(backend)
        self._work = folder / "work"
        self._finished = FinishedJobs(folder / "finished")
        self._name, self._versions = name, versions
        self._one = threading.Lock()  # for all that belongs to the job that is made
        self._blobs: dict[str, bytes] = {}
        self._found: Capabilities | None = None
        self._making = ""
        self._stopped: set[str] = set()
        self.say: Callable[[Progress], None] = lambda _progress: None
        context = JobContext(
            outputs=self._work / "pictures",
            node=name,
            emit=lambda _event: None,  # a node has its own
            new_id=new_id,
            read_start=self._blob,
        )
        self._context = context
        self._finished.sweep()

    def answer(self, data: bytes) -> bytes:
        """Carry out one request."""
        return to_bytes(self._answer(data))

    def close(self) -> None:
        """Stop what is being made."""
        if self._making:
            self._stopped.add(self._making)
        self._own.close()

    def _answer(self, data: bytes) -> Answer:
        request = request_of(data)
        if isinstance(request, Stop):
            self._stopped.add(request.key)
            return Noted()
        if isinstance(request, Forget):
            self._finished.forget(request.key)
            return Noted()
        if isinstance(request, Hello):
            return self._hello()
        # Asked for again after it was stopped once.
        self._stopped.discard(request.key)
        with self._one:
            return self._kept(request.key) or self._make(request)

    def _kept(self, key: str) -> JobAnswer | None:
        """What was finished before."""
        if (kept := self._finished.get(key)) is None:
            return None
        with suppress(msgspec.MsgspecError):  # damaged on its disk: it is made again
            made = msgpack_as(kept, JobAnswer)
            return replace(made, again=True) if made.key == key else None
        return None

    def _hello(self) -> HelloBack:
        back = HelloBack(versions=self._versions, kept=self._finished.keys())
        if self._making and self._found is not None:
            return replace(back, capabilities=self._found)
        try:
            self._found = self._backend.check()
        except BackendError as error:
            return replace(back, error=_failure(error))
        return replace(back, capabilities=self._found)

    def _make(self, request: Make) -> JobAnswer:
        self._making, self._backend.results = request.key, []
        inbox = Inbox()
        node = None
        try:
            job = self._prepared(request)
            context = replace(self._context, families=request.families)
            node = Node(self._backend, context, inbox, patient=False)
            node.start(job)
            record = self._watched(node, inbox, request.key, len(job.stages))
            made = self._told(request.key, record)
            if record.status == "ok":
                self._finished.sweep()
                # A full disk costs only the copy: the picture goes to the operator.
                with suppress(NotSaved):
                    self._finished.put(request.key, to_bytes(made))
            return made
        except (NotSaved, Unreadable) as error:
            return JobAnswer(key=request.key, results=(), error=_failure(error))
        finally:
            if node is not None:
                node.close()
            self._stopped.discard(request.key)
            self._making = ""
            self._blobs = {}
            shutil.rmtree(self._work, ignore_errors=True)

    def _watched(self, node: Node, inbox: Inbox, key: str, count: int) -> LearningRecord:
        number = 1
        while True:
            if key in self._stopped:
                node.cancel()
            for event in drain(inbox, wait_s=_LOOK_S):
                if isinstance(event, StageStarted):
                    number = event.number
                elif isinstance(event, StageProgressed):
                    far = event.progress
                    small = far if len(far.preview) <= _LARGEST_PREVIEW else replace(far, preview=b"")
                    self.say(Progress(key=key, stage=event.stage, number=number, count=count, progress=small))
                elif isinstance(event, JobEnded):
                    return event.record

    def _told(self, key: str, record: LearningRecord) -> JobAnswer:
        seconds = [stage.seconds for stage in record.stage_results]
        results = [replace(result, seconds=took) for result, took in zip(self._backend.results, seconds, strict=False)]
        return JobAnswer(
            key=key,
            results=tuple(results),
            kind=self._backend.kind,
            name=self._backend.name,
            version=self._backend.version,
            device=self._backend.device,
            error=record.error,
            cancelled=record.status == "cancelled",
        )

    def _prepared(self, request: Make) -> Job:
        """The job with what came along in place of the operator's files. Raises NotSaved."""
        job, config = request.job, request.job.config
        self._blobs = {_IMAGE: request.image, _MASK: request.mask}
        shutil.rmtree(self._work, ignore_errors=True)
        try:
            make_folder(self._work)
        except OSError as error:
            raise NotSaved(f"{self._work} cannot be made: {error.strerror}.") from error
        if config.inpaint.mask:
            config = with_values(config, {"inpaint.mask": _MASK})
        if request.units:
            units = []
            for number, one in enumerate(request.units):
                names = (f"unit{number}", f"unitmask{number}")
                self._blobs |= {names[0]: one.image, names[1]: one.mask}
                units.append(
                    replace(one.unit, image=names[0] if one.image else "", mask_image=names[1] if one.mask else "")
                )
            file = self._work / "units.json"
            write_atomic(file, msgspec.json.encode(units))
            config = with_values(config, {"controlnet": str(file)})
        elif config.controlnet:
            config = with_values(config, {"controlnet": ""})
        if config.workflow:
            file = self._work / "workflow.json"
            write_atomic(file, request.workflow)
            config = replace(config, workflow=replace(config.workflow, file=str(file)))
        return replace(job, config=config, start_image=_IMAGE if request.image else "", record=False)

    def _blob(self, path: Path) -> bytes:
        return self._blobs[path.name]


def _failure(error: StableNewError) -> Failure:
    return Failure(
        error=type(error).__name__, message=str(error)[:2000], retryable=isinstance(error, (BackendError, Cancelled))
    )
