"""What operator and workers say to each other: bytes made of these structs, never objects of the program."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from contextlib import suppress

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ... import __version__
from ...backends.base import Capabilities, StageOrder, StageProgress, StageResult
from ...backends.decoding import msgpack_as
from ...domain.base.errors import AnswerLost
from ...domain.config.controlnet import ControlInput
from ...domain.journal.record import Failure
from ...domain.models.families import FamilyCatalogue
from ...domain.runs.job import Job

PROGRESS = "stablenew-progress"


class Versions(Struct, frozen=True):
    """What must be the same at both ends: a job is only understood by the same version of the program."""

    program: str
    python: str
    distributed: str


def own_versions(distributed: str) -> Versions:
    """The versions of this program; `distributed` is that of the package."""
    return Versions(__version__, f"{sys.version_info[0]}.{sys.version_info[1]}", distributed)


class Hello(Struct, frozen=True, tag="hello"):
    """What the worker is, and what its backend offers. HelloBack answers."""


class Make(Struct, frozen=True, kw_only=True, tag="make"):
    """Make a whole job. `job.config` has the worker's own names of checkpoints. The pictures and texts that the job
    begins with come along, because its files are those of the operator.
    """

    key: str
    job: Job
    image: bytes = b""
    mask: bytes = b""
    units: tuple[ControlInput, ...] = ()
    workflow: bytes = b""
    families: FamilyCatalogue = FamilyCatalogue()


class Stop(Struct, frozen=True, tag="stop"):
    """Stop making a job, if it is made now."""

    key: str


class Forget(Struct, frozen=True, tag="forget"):
    """The operator has the pictures of a job in its journal."""

    key: str


Request = Hello | Make | Stop | Forget


class HelloBack(Struct, frozen=True, kw_only=True, tag="hello"):
    """Answer to Hello. `capabilities` None: its backend cannot be used now; `error` says why. `kept` are the keys of
    finished jobs that nobody has taken yet.
    """

    versions: Versions
    capabilities: Capabilities | None = None
    error: Failure | None = None
    kept: tuple[str, ...] = ()


class _AnyHelloBack(Struct, frozen=True, tag="hello"):
    versions: Versions


class JobAnswer(Struct, frozen=True, kw_only=True, tag="made"):
    """A job has ended. `results` are those of all stages that were made, in their order; `error` is why there are no
    more. The engine is told by kind, name, version and device.
    """

    key: str
    results: tuple[StageResult, ...]
    kind: str = ""
    name: str = ""
    version: str = ""
    device: str = ""
    error: Failure | None = None
    cancelled: bool = False
    again: bool = False  # from the worker's disk


class Noted(Struct, frozen=True, tag="noted"):
    """Answer to Stop and Forget."""


Answer = HelloBack | JobAnswer | Noted


class Progress(Struct, frozen=True, kw_only=True):
    """How far the running job of a worker is: stage `number` of `count`, from 1."""

    key: str
    stage: str
    number: int
    count: int
    progress: StageProgress


def to_bytes(message: Request | Answer | Progress) -> bytes:
    """A message as bytes."""
    return msgspec.msgpack.encode(message)


def request_of(data: bytes) -> Request:
    """A request from bytes. Raises AnswerLost for what is none."""
    try:
        read: Request = msgpack_as(data, Request)  # type: ignore[arg-type]  # a union is no type for mypy
        return read
    except msgspec.MsgspecError as error:
        raise AnswerLost(f"The request of the operator cannot be read: {error}.") from error


def answer_of(data: object, name: str) -> Answer:
    """An answer from bytes. Raises AnswerLost for what is none; `name` is that of the worker."""
    try:
        read: Answer = msgpack_as(data if isinstance(data, bytes) else b"", Answer)  # type: ignore[arg-type]
        return read
    except msgspec.MsgspecError as error:
        raise AnswerLost(f"{name} answered what is no answer ({error}). Nothing of it was saved.") from error


def versions_in(data: object) -> Versions | None:
    """The versions in an answer to Hello, of whatever version it is itself; None where there are none."""
    with suppress(msgspec.MsgspecError):
        return msgpack_as(data if isinstance(data, bytes) else b"", _AnyHelloBack).versions
    return None


def job_key(job: Job, order: StageOrder) -> str:
    """64 hex digits for what is to be made: the same step of a Learning Run has the same ones after a restart, when it
    has become another job.
    """
    step = job.learning.step_id or job.job_id
    texts = {stage: job.text(stage) for stage in job.stages}
    told: Mapping[str, object] = {
        "step": (job.learning.plan_id, step, job.index),
        "words": (job.prompt, job.negative, job.seed, job.stages),
        "texts": texts,
        "config": replace(order.config, inpaint=replace(order.config.inpaint, mask="")),
        "families": (job.family, job.variant),
    }
    digest = hashlib.sha256(msgspec.json.encode(told, order="deterministic"))
    for data in (order.image, order.mask, order.workflow, msgspec.msgpack.encode(order.units)):
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()
