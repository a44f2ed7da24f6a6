"""Polls the progress of a WebUI, finds out whether its running job is ours, and interrupts only our own job.

The node's thread is blocked in the request; everything here may be called on another thread meanwhile.
"""

from __future__ import annotations

import binascii
import logging
import time

import msgspec
from msgspec import Struct

from ...domain.base.errors import BackendError, Cancelled
from ..base import StageProgress
from ..transport import Connection, Limits, decode, raise_for_status
from .discovery import API

_log = logging.getLogger(__name__)
# The interrupt itself, and five more.
_PRESSES = 6
_PICTURE_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")


class _WireState(Struct):
    skipped: bool = False
    interrupted: bool = False
    job: str = ""
    job_count: int = 0
    job_timestamp: str = "0"
    sampling_step: int = 0
    sampling_steps: int = 0


class ServerProgress(Struct):
    """The server's progress of the job that runs now, which need not be ours."""

    progress: float = 0.0
    state: _WireState = msgspec.field(default_factory=_WireState)
    current_image: str | None = None
    current_task: str | None = None

    @property
    def is_busy(self) -> bool:
        """Something runs. job_count is −1 from the beginning of a job until its first batch."""
        return self.state.job_count != 0 or bool(self.state.job)

    @property
    def job_name(self) -> str:
        """The best name that the server gives for the running job; "" when idle."""
        return self.state.job_timestamp if self.is_busy else ""


class _Task(Struct):
    active: bool = False
    queued: bool = False


class GenerateCall:
    """State of one running `generate`, shared by two threads. Only single assignments, so it needs no lock."""

    def __init__(self, total_s: float) -> None:
        self.deadline = time.monotonic() + total_s
        self.routes: frozenset[str] = frozenset()
        self.stop_asked = False
        self.most_bytes = 0
        self.presses = 0
        self.pressed_at = 0.0
        self.waited_s = 0.0
        self.idle_at = 0.0
        self.begin("", "")
        self.is_out = False

    def begin(self, task: str, earlier_job: str) -> None:
        """Note that a request is sent as `task`. `earlier_job` is the job running on the server before, "" if idle."""
        self.task, self.earlier_job = task, earlier_job
        self.is_mine, self.is_seen = not earlier_job, False
        self.posted_at = self.heard_at = self.preview_at = time.monotonic()
        self.step, self.fraction = 0, 0.0
        self.job, self.is_cut = "", False
        self.is_out = True

    def settle(self, is_mine: bool) -> None:
        """Note whether the job running on the server is ours."""
        if is_mine and not self.is_mine:
            self.waited_s += time.monotonic() - self.posted_at
        self.is_seen = self.is_seen or is_mine
        self.is_mine = is_mine

    @property
    def left_s(self) -> float:
        """Seconds until the whole stage must be done."""
        return max(1e-3, self.deadline - time.monotonic())

    @property
    def silent_s(self) -> float:
        """Seconds since the server last answered a progress request."""
        return time.monotonic() - self.heard_at

    def is_left(self, settle_s: float) -> bool:
        """Whether a stopped job has ended on the server for so long that its answer will not come any more."""
        return self.stop_asked and self.idle_at > 0 and time.monotonic() - self.idle_at > settle_s

    def stop_if_asked(self, message: str) -> None:
        """Raise Cancelled when an interrupt was asked for meanwhile."""
        if self.stop_asked:
            raise Cancelled(message)

    def can(self, *routes: str) -> bool:
        """Whether the server has these routes."""
        return self.routes.issuperset(routes)


class Watch:
    """Progress and interrupt requests over a connection of their own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def _limits(self) -> Limits:
        return self._connection.limits

    def progress(self, timeout_s: float, *, preview: bool = False) -> ServerProgress:
        """Request the progress once. A preview makes the server decode a picture. Raises BackendError."""
        params = {"skip_current_image": "false" if preview else "true"}
        answer = self._connection.get(API + "progress", params=params, timeout_s=timeout_s)
        raise_for_status(answer, self._connection.address, "reading its progress")
        return decode(answer, ServerProgress, self._connection.address.host)

    def observe(self, call: GenerateCall, timeout_s: float) -> ServerProgress:
        """Request the progress and update the call: its heartbeat, and whether its job runs. Raises BackendError."""
        now = time.monotonic()
        wants_preview = call.step > 0 and now - call.preview_at >= self._limits.preview_s
        seen = self.progress(timeout_s, preview=wants_preview)
        call.heard_at = time.monotonic()
        call.idle_at = 0.0 if seen.is_busy else call.idle_at or call.heard_at
        call.preview_at = now if wants_preview else call.preview_at
        call.step = seen.state.sampling_step
        if call.task and seen.current_task:
            call.settle(seen.current_task == call.task)
        elif call.task and call.can("/internal/progress"):
            if not call.is_seen:
                self._ask_for_task(call)
        elif seen.job_name != call.earlier_job:
            call.settle(True)
        # Before a job begins these words are those of the one before.
        if call.is_mine and seen.is_busy:
            call.job = seen.job_name
            call.is_cut = call.is_cut or seen.state.interrupted or seen.state.skipped
        return seen

    def look_back(self, call: GenerateCall) -> bool:
        """Whether our job, whose answer has come, was cut short on the server: that can be seen until the next begins.

        The answer itself looks like any other. False when it cannot be found out.
        """
        if call.is_cut or not call.can("progress"):
            return call.is_cut
        try:
            seen = self.progress(self._limits.progress_s)
        except BackendError as err:
            _log.debug("no progress after the answer: %s", err)
            return False
        is_ours = not seen.is_busy and call.job in ("", seen.state.job_timestamp)
        return is_ours and (seen.state.interrupted or seen.state.skipped)

    def _ask_for_task(self, call: GenerateCall) -> None:
        body = {"id_task": call.task, "id_live_preview": -1, "live_preview": False}
        answer = self._connection.post("/internal/progress", body, timeout_s=self._limits.control_s / 2)
        task = decode(answer, _Task, self._connection.address.host)
        if task.active or task.queued:
            call.settle(task.active)

    def press(self, call: GenerateCall) -> None:
        """Interrupt the call's job if that was requested and the running job is ours. Raises BackendError.

        Sent again after a while, because a WebUI forgets an interrupt that comes just before a job begins.
        """
        now = time.monotonic()
        due = call.presses == 0 or now - call.pressed_at >= self._limits.resend_s
        if call.stop_asked and call.is_mine and due and call.presses < _PRESSES and call.can("interrupt"):
            call.presses += 1
            call.pressed_at = now
            answer = self._connection.post(API + "interrupt", {}, timeout_s=self._limits.control_s)
            raise_for_status(answer, self._connection.address, "interrupting it")


def shown(call: GenerateCall, seen: ServerProgress) -> StageProgress:
    """The server's progress as `StageProgress`. The fraction never falls: servers drop to 0 at the end."""
    if not call.is_mine:
        return StageProgress(state="waiting behind another job")
    state = seen.state
    call.fraction = max(call.fraction, min(1.0, seen.progress))
    words = "stopping" if call.stop_asked else ""
    if not words and not state.sampling_step and time.monotonic() - call.posted_at > 2.0:
        words = "loading checkpoint"
    return StageProgress(
        fraction=call.fraction,
        step=state.sampling_step,
        steps=state.sampling_steps,
        preview=_preview(seen.current_image),
        state=words,
    )


def _preview(text: str | None) -> bytes:
    try:
        data = binascii.a2b_base64((text or "").rpartition(",")[2])
    except binascii.Error:
        return b""
    return data if data.startswith(_PICTURE_STARTS) else b""
