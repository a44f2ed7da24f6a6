"""The requests that a ComfyUI server answers, and its answers as values. Each call is one request and waits for no job.

Every failure is a BackendError with a sentence for the user. What a server says about other people's jobs is passed
over unread, except how many stand before ours.
"""

from __future__ import annotations

import json
import logging
import re
from typing import TypeVar

import msgspec
from msgspec import Struct

from ...domain.base.errors import AnswerLost, NotReady, Refused
from ..decoding import plain_as
from ..transport import Address, Answer, Connection, Dropped, Limits, decode, raise_for_status
from .object_info import ServerWords, server_words

T = TypeVar("T")
_FOLDERS = ("checkpoints", "loras", "vae", "upscale_models")
_log = logging.getLogger(__name__)


class _System(Struct):
    comfyui_version: str = ""


class _Device(Struct):
    name: str = ""

    @property
    def card(self) -> str:
        """Without its place and what it allocates with: "cuda:0 NVIDIA RTX 4090 : native" is an NVIDIA RTX 4090."""
        return re.sub(r"^(\w+:\d+ )|( : \S+)$", "", self.name.strip())


class SystemStats(Struct):
    """The answer of `/system_stats`, by which ComfyUI is known."""

    system: _System
    devices: tuple[_Device, ...] = ()


class Queued(Struct, array_like=True):
    """One job in the queue: its place (lower is sooner) and id. Its graph may be somebody else's and is not read."""

    number: float
    prompt_id: str


class Queue(Struct):
    """The jobs that run and wait."""

    queue_running: list[Queued] = []
    queue_pending: list[Queued] = []

    def runs(self, prompt_id: str) -> bool:
        """Whether this job is the running one."""
        return any(one.prompt_id == prompt_id for one in self.queue_running)

    def waits(self, prompt_id: str) -> bool:
        """Whether this job waits for its turn."""
        return any(one.prompt_id == prompt_id for one in self.queue_pending)

    def before(self, prompt_id: str) -> int:
        """How many jobs come before this one, the running one included."""
        place = next((one.number for one in self.queue_pending if one.prompt_id == prompt_id), None)
        if place is None:
            return 0
        return len(self.queue_running) + sum(one.number < place for one in self.queue_pending)


class RanNode(Struct):
    """One node of a graph as the server ran it."""

    class_type: str = ""
    inputs: dict[str, object] = {}


class _JobExtra(Struct):
    create_time: float = 0.0


class _Prompt(Struct, array_like=True):
    number: float
    prompt_id: str
    graph: dict[str, RanNode] = {}
    extra: _JobExtra = msgspec.field(default_factory=_JobExtra)


class File(Struct, frozen=True):
    """Where a picture lies on the server. `type` is output, temp or input."""

    filename: str
    subfolder: str = ""
    type: str = "output"


class Outputs(Struct):
    """What one output node made."""

    images: list[File] = []


class RunError(Struct):
    """Why a run ended early, from the last message of its history or from the socket."""

    node_id: str = ""
    node_type: str = ""
    exception_type: str = ""
    exception_message: str = ""
    timestamp: float = 0.0


class _Status(Struct):
    status_str: str = ""
    completed: bool = False
    messages: list[tuple[str, RunError]] = []


class Finished(Struct):
    """A job in the history. It is there only when the job has ended."""

    prompt: _Prompt
    outputs: dict[str, Outputs] = {}
    status: _Status = msgspec.field(default_factory=_Status)

    @property
    def end(self) -> tuple[str, RunError]:
        """The last message: execution_success, execution_error or execution_interrupted, with what it says."""
        return self.status.messages[-1] if self.status.messages else ("", RunError())

    @property
    def waited_s(self) -> float:
        """Seconds between being queued and being begun; 0 from servers that do not say it."""
        begun = next((said.timestamp for name, said in self.status.messages if name == "execution_start"), 0.0)
        created = self.prompt.extra.create_time
        return max(0.0, (begun - created) / 1000.0) if begun and created else 0.0


class InputError(Struct, rename={"about": "extra_info"}):
    """One input that the server does not take."""

    type: str = ""
    message: str = ""
    details: str = ""
    about: dict[str, object] = {}


class NodeErrors(Struct):
    """What is wrong with one node."""

    class_type: str = ""
    errors: list[InputError] = []


class Accepted(Struct):
    """The answer to a graph: its id in the queue, or why it was turned down. Both may come together."""

    prompt_id: str = ""
    error: InputError | str | None = None
    node_errors: dict[str, NodeErrors] = {}
    status: int = 200


class _Cancelled(Struct):
    cancelled: bool = False


class Server:
    """A ComfyUI at an address, seen through one connection. Any thread, one request at a time each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def address(self) -> Address:
        """Where the server is."""
        return self._connection.address

    @property
    def _limits(self) -> Limits:
        return self._connection.limits

    def survey(self) -> ServerWords:
        """Ask what the server has, with seven requests that change nothing.

        Raises Unreachable, NotReady, AccessDenied, Refused (no ComfyUI), EngineFault or AnswerLost.
        """
        stats = self._read(self._get("/system_stats"), SystemStats, "reading its version")
        classes = self._read(self._get("/object_info"), dict[str, object], "listing its nodes")
        models = {folder: self._listed(f"/models/{folder}") for folder in _FOLDERS}
        return server_words(
            classes,
            name=f"ComfyUI · {self.address.host}",
            version=stats.system.comfyui_version,
            device=stats.devices[0].card if stats.devices else "",
            embeddings=self._listed("/embeddings"),
            models=models,
        )

    def queue(self) -> Queue:
        """The jobs that run and wait. Always to be asked before `history`: a job is moved from here to there."""
        return self._read(self._get("/queue", self._limits.progress_s), Queue, "reading its queue")

    def history(self, prompt_id: str) -> Finished | None:
        """A job that has ended; None for one that waits, runs, is unknown or was forgotten."""
        answer = self._get(f"/history/{prompt_id}", self._limits.progress_s)
        return self._read(answer, dict[str, Finished], "reading its history").get(prompt_id)

    def submit(self, body: dict[str, object]) -> Accepted:
        """Queue a graph. What is wrong with it stands in the answer, also when the server took it nevertheless.

        Raises Dropped or AnswerLost when the answer did not come: the job may be queued.
        """
        answer = self._connection.post("/prompt", body, timeout_s=self._limits.lists_s)
        if answer.status == 400 and not answer.is_html:
            return msgspec.structs.replace(self._decoded(answer, Accepted), status=400)
        self._raise_for_status(answer, "taking the graph")
        return self._decoded(answer, Accepted)

    def upload(self, name: str, data: bytes) -> str:
        """Lay a picture into the server's temporary folder; returns how a graph calls it."""
        answer = self._connection.post_form(
            "/upload/image",
            {"type": "temp", "overwrite": "true"},
            ("image", name, data),
            timeout_s=self._limits.options_s,
        )
        if answer.status == 413:
            size = f"{len(data) / (1 << 20):.0f} MiB"
            raise Refused(f"{self.address.host} takes no picture of {size}. Raise its --max-upload-size.", status=413)
        kept = self._read(answer, _Uploaded, "taking the picture")
        return f"{kept.subfolder}/{kept.name} [{kept.type}]" if kept.subfolder else f"{kept.name} [{kept.type}]"

    def view(self, file: File, most_bytes: int) -> bytes | None:
        """The bytes of a picture as they lie on the disk, `most_bytes` at most; None when the file is gone."""
        params = {"filename": file.filename, "subfolder": file.subfolder, "type": file.type}
        answer = self._get("/view", self._limits.options_s, params, most_bytes)
        if answer.status == 404 and not answer.is_html:
            return None
        self._raise_for_status(answer, "sending the picture")
        return bytes(answer.body)

    def cancel(self, prompt_id: str) -> None:
        """Take one job out of the queue or interrupt it, and no other: nothing is sent that names no job."""
        limit = self._limits.control_s
        answer = self._connection.post(f"/api/jobs/{prompt_id}/cancel", {}, timeout_s=limit)
        if answer.status not in (404, 405):
            self._raise_for_status(answer, "stopping the job")
            return
        # Servers before 0.28: a waiting job is deleted by its id.
        self._raise_for_status(self._connection.post("/queue", {"delete": [prompt_id]}, timeout_s=limit), "stopping")
        if self.queue().runs(prompt_id):
            # Servers before September 2025 do not read the id and stop whatever runs: so only while ours runs.
            sent = self._connection.post("/interrupt", {"prompt_id": prompt_id}, timeout_s=limit)
            self._raise_for_status(sent, "stopping the job")

    def free_memory(self) -> bool:
        """Unload all models, if no job runs or waits: somebody else's would have to load them again. False otherwise.

        The server does it between jobs and does not say when.
        """
        queue = self.queue()
        if queue.queue_running or queue.queue_pending:
            return False
        body: dict[str, object] = {"unload_models": True, "free_memory": True}
        answer = self._connection.post("/free", body, timeout_s=self._limits.control_s)
        return answer.status == 200 and not answer.is_html

    def metadata(self, folder: str, name: str) -> dict[str, object]:
        """What a model file says about itself; {} when it says nothing or the server does not tell it."""
        answer = self._get(f"/view_metadata/{folder}", self._limits.lists_s, {"filename": name})
        if answer.status != 200:
            return {}
        return self._read(answer, dict[str, object], "reading a model's metadata")

    def _get(
        self, path: str, timeout_s: float = 0.0, params: dict[str, str] | None = None, most_bytes: int = 0
    ) -> Answer:
        limit = timeout_s or self._limits.lists_s
        return self._connection.get(path, timeout_s=limit, params=params, most_bytes=most_bytes)

    def _listed(self, path: str) -> list[object]:
        answer = self._get(path)
        if answer.status == 404:
            return []
        return self._read(answer, list[object], f"reading {path}")

    def _read(self, answer: Answer, kind: type[T], doing: str) -> T:
        self._raise_for_status(answer, doing)
        return self._decoded(answer, kind)

    def _raise_for_status(self, answer: Answer, doing: str) -> None:
        if answer.status in (404, 405) and not answer.is_html:
            raise NotReady(
                f"{self.address.host} answers, but what ComfyUI has is not there ({doing}). Check the address.",
                status=answer.status,
            )
        raise_for_status(answer, self.address, doing)

    def _decoded(self, answer: Answer, kind: type[T]) -> T:
        try:
            return decode(answer, kind, self.address.host, engine=self.address.engine)
        except Dropped:
            # Python servers write NaN and Infinity, which are no JSON: limits of numbers, and graphs of the browser.
            try:
                return plain_as(json.loads(answer.body), kind)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                _log.debug("unreadable answer from %s: %r", self.address.host, answer.body[:200])
            raise


class _Uploaded(Struct):
    name: str
    subfolder: str = ""
    type: str = "temp"


def is_comfyui(connection: Connection) -> bool:
    """Whether a ComfyUI answers at the address, by one request that every server survives.

    Raises Unreachable when nobody answers, AccessDenied for a login, AnswerLost for silence.
    """
    answer = connection.get("/system_stats", timeout_s=connection.limits.lists_s)
    if answer.status in (401, 403):
        raise_for_status(answer, connection.address, "asking what it is")
    if answer.status != 200 or answer.is_html:
        return False
    try:
        return bool(decode(answer, SystemStats, connection.address.host).system.comfyui_version)
    except AnswerLost:
        return False
