"""Messages about jobs, their progress and the queue, and about checking a backend."""

from __future__ import annotations

from pathlib import Path

from ...backends.base import Capabilities, StageProgress
from ...domain.base.certificate import Certificate
from ...domain.config.engines import SD_SERVER, Installation, OwnEngine
from ...domain.config.user_settings import Machine, Settings, without_login
from ...domain.journal.record import LearningRecord, Output
from ...domain.runs.job import Job
from .base import Event, Order

# A picture that is interrupted comes after the step that runs; the end of the program does not wait longer.
GRACE_S = 0.8


class JobStarted(Event, frozen=True, kw_only=True):
    """A node began a job."""

    job: Job
    node: str


class StageStarted(Event, frozen=True, kw_only=True):
    """`number` of `count` stages of the job begins; number counts from 1."""

    job_id: str
    stage: str
    number: int
    count: int


class StageProgressed(Event, frozen=True, kw_only=True):
    """How far the running stage is; `progress.preview` may hold a small picture."""

    job_id: str
    stage: str
    progress: StageProgress


class ImageSaved(Event, frozen=True, kw_only=True):
    """A picture is on disk at `path` (absolute)."""

    job_id: str
    run_id: str
    output: Output
    path: Path


class NodeWaiting(Event, frozen=True, kw_only=True):
    """The backend does not answer or wants a login; the job waits and nothing failed. The next try comes in
    `retry_in_s` seconds. `brief` is said of the backend beside its name. `tries` counts those that were in vain.
    """

    job_id: str
    message: str
    brief: str
    retry_in_s: float
    tries: int = 1


class NodeLooked(Event, frozen=True, kw_only=True):
    """A node asked its backend what it offers. `capabilities` None: it cannot be used now; `problem` says why, `brief`
    shortly.
    """

    node: str
    capabilities: Capabilities | None
    problem: str = ""
    brief: str = ""


class JobEnded(Event, frozen=True, kw_only=True):
    """A job ended: done, failed or cancelled. Exactly one for each job. `recorded`: its record is on disk; `refused`
    says why it can never be ("" = it can).
    """

    record: LearningRecord
    recorded: bool
    refused: str = ""


class BackendChecked(Event, frozen=True, kw_only=True):
    """Result of CheckBackend. `capabilities` is None when the check failed; `problem` says why, `brief` shortly.

    `certificate` is the one of a server that nobody trusts yet, None when it is not about that.
    `rescanned`: the backend was told to look for new files first; `note` says what it could not look for.
    """

    address: str
    capabilities: Capabilities | None
    seconds: float
    problem: str = ""
    brief: str = ""
    engine: OwnEngine = OwnEngine()
    certificate: Certificate | None = None
    rescanned: bool = False
    note: str = ""

    def is_of(self, order: CheckBackend) -> bool:
        """Whether this is the answer to that question: another model file of the own engine is another question."""
        return (self.address, self.engine) == (order.address, order.engine)


class ListsTold(Event, frozen=True, kw_only=True):
    """The lists of the backend are being refreshed, or were: a sentence about it."""

    message: str


class QueueChanged(Event, frozen=True, kw_only=True):
    """Jobs were added, begun, ended or removed, or the queue was paused."""


class KeepWaiting(Order, frozen=True, kw_only=True):
    """Save the unfinished jobs for the next start."""

    jobs: tuple[Job, ...]


class CheckBackend(Order, frozen=True, kw_only=True):
    """Ask a backend what it offers. `address` is "sketch", "sd-server" (then `engine` says which) or a URL.

    `certificate` is the fingerprint of the one that the user trusts there.
    `rescan`: let it look for new files first.
    """

    address: str
    user: str = ""
    password: str = ""
    certificate: str = ""
    engine: OwnEngine = OwnEngine()
    rescan: bool = False

    def __repr__(self) -> str:
        return f"CheckBackend({without_login(self.address)!r})"

    def failed(self, message: str) -> BackendChecked:
        """The check that found nothing, for the reason in `message`."""
        return BackendChecked(
            address=self.address, engine=self.engine, capabilities=None, seconds=0.0, problem=message, brief="failed"
        )


def backend_order(settings: Settings) -> CheckBackend:
    """The order that checks the backend of the settings."""
    return machine_order(settings, Machine(settings.backend, user=settings.user, password=settings.password))


def machine_order(settings: Settings, machine: Machine) -> CheckBackend:
    """The order that checks one of the machines of the settings."""
    if machine.address == SD_SERVER:
        return CheckBackend(address=SD_SERVER, engine=settings.own_engine)
    trusted = settings.certificate_at(machine.address)
    return CheckBackend(address=machine.address, user=machine.user, password=machine.password, certificate=trusted)


class FindEngine(Order, frozen=True, kw_only=True):
    """Look for an sd-server program beside this one and on the PATH. EngineFound answers."""


class EngineFound(Event, frozen=True, kw_only=True):
    """The sd-server program of this computer, as a full path; "" when there is none."""

    program: str


class FindInstallations(Order, frozen=True, kw_only=True):
    """Look for WebUIs, ComfyUI and model folders where they usually are. InstallationsFound answers."""


class InstallationsFound(Event, frozen=True, kw_only=True):
    """What is installed on this computer, whether it runs or not."""

    found: tuple[Installation, ...]
