"""`ClusterMachine`: a machine of the cluster as a backend: it makes whole jobs, and its answers are checked."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from ...backends.base import Capabilities, StageImage, StageOrder, StageProgress, StageResult
from ...domain.base import errors
from ...domain.base.errors import (
    AnswerLost,
    BackendError,
    BadImage,
    Cancelled,
    EngineFault,
    NotReady,
    Refused,
    StableNewError,
    Unreachable,
)
from ...domain.journal.record import Failure
from ...domain.nodes.fingerprint import fingerprint
from ...domain.runs.job import Job
from ...storage.pictures.images import DAMAGE, opened
from .assignment import Assignment, Link
from .wire import Forget, Hello, HelloBack, JobAnswer, Make, Progress, Stop, answer_of, job_key, to_bytes, versions_in

_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
_NOT_BEGUN = (Unreachable, NotReady)


class ClusterMachine:
    """Backend for a machine of the cluster. Its kind, name, version and device are those of the engine there.

    At the first stage of a job the machine is sent all of it; the later stages are taken from its answer.
    """

    def __init__(self, link: Callable[[], Link], machine: str) -> None:
        self._link, self._machine = link, machine
        self.kind = self.name = self.version = self.device = ""
        self._found: Capabilities | None = None
        self._job: Job | None = None
        self._made: JobAnswer | None = None
        self._given = 0
        self._key = ""
        self._waits = ""
        self._stop = self._closed = self._is_refused = False

    # ---- Backend

    def check(self) -> Capabilities:
        """What the engine there offers. Raises Unreachable, NotReady, Refused and what its engine raised."""
        answer = self._link().ask(self._machine, to_bytes(Hello()))
        # Another version may answer in words that are not understood here, but for this one.
        own, theirs = self._link().versions, versions_in(answer)
        if theirs not in (own, None):
            words = (
                f"StableNew {one.program} with Python {one.python} and Dask {one.distributed}"
                for one in (theirs, own)
                if one is not None
            )
            raise Refused(f"{self._machine} has {next(words)}, this computer has {next(words)}. Use the same on both.")
        back = answer_of(answer, self._machine)
        if not isinstance(back, HelloBack):
            raise AnswerLost(f"{self._machine} answered something else than it was asked.")
        if back.capabilities is None:
            raise _as_error(back.error, self._machine)
        # Which server it is, it tells as that computer sees it.
        found = replace(back.capabilities, server="")
        self._found = found
        self.kind, self.name, self.version, self.device = found.kind, found.name, found.version, found.device
        return found

    def is_there(self) -> bool:
        """Whether the machine is connected to the scheduler, and this computer, too."""
        return self._link().is_connected(self._machine)

    def rescan(self) -> str:
        """Nothing: the machine's own lists are read at every check."""
        return ""

    def begin(self, job: Job) -> None:
        """The next orders are those of this job."""
        self._job, self._made, self._given, self._key = job, None, 0, ""
        self._stop = self._is_refused = False

    def ended(self, *, kept: bool) -> None:
        """Let the machine forget what it kept, when it is on disk here."""
        # What is refused is forgotten, too: damaged on a disk there, it would come again and again.
        if (kept or self._is_refused) and self._made is not None:
            self._link().tell(self._machine, to_bytes(Forget(self._key)), lasting=True)
        self._job = self._made = None

    def generate(self, order: StageOrder) -> StageResult:
        """One stage of the job; with the first one the whole job is made."""
        if self._made is None:
            self._made = self._make(order)
        made = self._made
        if self._given >= len(made.results):
            if made.cancelled or self._stop:
                raise Cancelled("Stopped before there was a picture.")
            raise _as_error(made.error, self._machine)
        result = made.results[self._given]
        self._given += 1
        try:
            return _checked(result, order, self._machine)
        except BackendError:
            self._is_refused = True
            raise

    def progress(self) -> StageProgress | None:
        """How far the whole job is, as the machine told last."""
        if self._waits:
            return StageProgress(state="waiting for the machine")
        told: Progress | None = self._link().progress_of(self._key) if self._key else None
        if told is None or not told.key:
            return None
        far = told.progress
        whole = (told.number - 1 + far.fraction) / max(1, told.count)
        return replace(far, fraction=min(1.0, whole), state=far.state or (told.stage if told.count > 1 else ""))

    def interrupt(self) -> None:
        """Stop the job; the machine is told at once."""
        self._stop = self._job is not None

    def close(self) -> None:
        """Give up what is waited for. The connection is shared with other machines and stays."""
        self._stop = self._closed = True

    # ---- the job

    def _make(self, order: StageOrder) -> JobAnswer:
        if self._job is None:
            raise Refused("A machine of the cluster makes whole jobs only.")
        if self._found is None:
            self.check()
        self._key = job_key(self._job, order)
        request = Make(
            key=self._key,
            job=replace(self._job, config=order.config),
            image=order.image,
            mask=order.mask,
            units=order.units,
            workflow=order.workflow,
            families=order.families,
        )
        one = Assignment(
            machine=self._machine,
            key=self._key,
            request=to_bytes(request),
            tags=self._tags(order),
            stops=lambda: self._stop or self._closed,
            stop_request=to_bytes(Stop(self._key)),
            waits=self._note_waiting,
        )
        try:
            made = answer_of(self._link().make(one), self._machine)
        finally:
            self._waits = ""
        if not isinstance(made, JobAnswer) or made.key != self._key:
            raise AnswerLost(f"{self._machine} answered for another job than it was given. Nothing of it was saved.")
        if made.kind != self.kind and made.results:
            raise AnswerLost(f"{self._machine} has another engine now than it said. Nothing of it was saved.")
        if not made.results and made.error is not None and not made.cancelled:
            raise _as_error(made.error, self._machine)
        if made.results:
            self.name, self.version, self.device = made.name, made.version, made.device
        return made

    def _note_waiting(self, why: str) -> None:
        self._waits = why

    def _tags(self, order: StageOrder) -> tuple[str, ...]:
        found = self._found
        if found is None:
            return ()
        known = found.checkpoint_hashes.get(order.config.checkpoint or found.loaded_checkpoint, "")
        engine = f"ENGINE-{fingerprint(found.kind, found.name, found.version, found.device)}"
        return (engine, f"MODEL-{known[:10].lower()}") if known else (engine,)


def _checked(result: StageResult, order: StageOrder, machine: str) -> StageResult:
    """The result, if its pictures are what it says: nothing of it is taken on trust. Raises BadImage, AnswerLost."""
    images = tuple(_checked_image(one, machine) for one in result.images)
    if not images and not result.interrupted:
        raise AnswerLost(f"{machine} says that {order.stage} is done and brought no picture.")
    if images and images[0].seed != order.seed:
        raise BadImage(f"{machine} brought a picture of seed {images[0].seed}, not of {order.seed}. It was not saved.")
    if len(images) > max(1, order.config.txt2img.batch_size):
        raise BadImage(f"{machine} brought {len(images)} pictures, more than asked for. None was saved.")
    return replace(result, images=images)


def _checked_image(image: StageImage, machine: str) -> StageImage:
    try:
        with opened(image.data) as probe:
            probe.verify()
        with opened(image.data) as picture:
            picture.load()
            size, kind = picture.size, picture.format or ""
    except DAMAGE as error:
        raise BadImage(f"A picture of {machine} came damaged ({len(image.data)} bytes). It was not saved.") from error
    if kind == "PNG" and not image.data.endswith(b"IEND\xaeB`\x82"):
        raise BadImage(f"A picture of {machine} came without its end. It was not saved.")
    if size != (image.width, image.height) or _SUFFIXES.get(kind) != image.suffix:
        raise BadImage(f"{machine} says something else of a picture than the picture itself. It was not saved.")
    # Its digest is worked out here, when it is saved.
    return replace(image, pixels="")


_ERRORS: dict[str, type[BackendError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, BackendError) and kind is not errors.Untrusted
}


def _as_error(failure: Failure | None, machine: str) -> StableNewError:
    if failure is None:
        return AnswerLost(f"{machine} ended a job without its pictures and without a reason.")
    kind = _ERRORS.get(failure.error, EngineFault)
    said = msgspec.structs.asdict(failure)["message"]
    return kind(f"{machine}: {said}", status=failure.status)
