"""`SdServer`: backend that starts an sd-server program of the user's as a child and makes pictures through it.

The program knows one checkpoint and no interrupt. So another checkpoint means another process, and Stop ends it; the
next picture starts it again. Its weights are loaded with the first picture.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.errors import (
    AccessDenied,
    AnswerLost,
    BackendError,
    Cancelled,
    EngineFault,
    Refused,
    StableNewError,
    Unreachable,
)
from ...domain.config.pipeline_config import STAGES
from ..base import Capabilities, StageOrder, StageProgress, StageResult, check_stage
from ..webui.backend import WebUI
from .child import ChildProcess
from .engine_state import EngineState
from .output import last_words, progress_of
from .program import EngineFiles, answers, free_port

NAME = "Own sd-server"
_MOST_PORTS = 4
_log = logging.getLogger(__name__)


class EngineLimits(Struct, frozen=True, kw_only=True):
    """`threads` 0 = as the program likes, `memory_gb` 0 = no limit. Seconds: `start_s` until it must answer, `stop_s`
    until it is ended by force, `end_s` for its exit code after its connection broke, `poll_s` between two looks.
    """

    threads: int = 0
    memory_gb: float = 0.0
    start_s: float = 120.0
    stop_s: float = 3.0
    end_s: float = 5.0
    poll_s: float = 0.02


class _Process(Struct, frozen=True):
    """One running program: its port, the WebUI backend that speaks with it, and what that found."""

    child: ChildProcess
    port: int
    webui: WebUI
    found: Capabilities


class SdServer:
    """The app's own engine. `files` says what there is to start; it may block, and raises StableNewError.

    Nothing is started before `check` or `generate`. `close` ends the process; so does the end of this program.
    """

    kind = "webui"
    name = NAME
    device = "this computer"

    def __init__(
        self,
        files: Callable[[], EngineFiles],
        limits: EngineLimits | None = None,
        *,
        choose_port: Callable[[], int] = free_port,
    ) -> None:
        self.version = ""
        # Plain values that one thread writes and others read: assignments are atomic, so no lock is needed.
        self.state = EngineState()
        self._find = files
        self._limits = limits or EngineLimits()
        self._choose_port = choose_port
        self._files: EngineFiles | None = None
        self._child: ChildProcess | None = None
        self._process: _Process | None = None
        self._order: StageOrder | None = None
        self._printed_before = 0
        self._stop_asked = False
        self._closed = False

    @property
    def pid(self) -> int:
        """Process id of the running program (on Unix: of the shell that guards it), 0 when none runs."""
        child = self._child
        return child.pid if child is not None and child.is_running else 0

    def check(self) -> Capabilities:
        """Start the program, unless it runs, and ask what it offers. Its list of checkpoints is that of the files."""
        self._stop_asked = False
        files = self._files = self._find()
        served = self.state.model if self.state.phase == "ready" and self.state.model in files.checkpoints else ""
        process = self._ready(files, files.name_of(served))
        return replace(
            process.found,
            kind=self.kind,
            name=self.name,
            version=self.version,
            device=self.device,
            checkpoints=tuple(files.checkpoints),
            loaded_checkpoint=self.state.model,
            features=process.found.features | {"checkpoint", "interrupt", "progress"},
        )

    def generate(self, order: StageOrder) -> StageResult:
        """Make one stage, with another process when it needs another checkpoint."""
        check_stage(order, STAGES, self.name)
        self._stop_asked = False
        self._order = order
        try:
            result = self._made(order)
            return result if result is not None else self._surely(self._made(order))
        finally:
            self._order = None

    def progress(self) -> StageProgress | None:
        """Progress of the running stage, as far as the program prints it; None while nothing runs."""
        order, process = self._order, self._process
        if order is None:
            return None
        if self.state.is_starting:
            child = self._child
            told = progress_of(child.printed(), 0) if child is not None else None
            return StageProgress(state=told.state if told is not None else self.state.in_words)
        told = process.webui.progress() if process is not None else None
        if told is not None or process is None:
            return told
        steps = order.config.txt2img.steps if order.stage == "txt2img" else 0
        return progress_of(process.child.printed(self._printed_before), steps)

    def interrupt(self) -> None:
        """Stop the running stage by ending the program; nothing while none runs."""
        if self._order is None:
            return
        self._stop_asked = True
        if self._child is not None:
            self._child.stop(self._limits.stop_s)

    def rescan(self) -> str:
        """Does nothing: `check` looks into the model folders each time."""
        return ""

    def close(self) -> None:
        """End the program. A blocked `generate` fails; it cannot be used afterwards."""
        self._closed = True
        self._end(self._limits.stop_s if self._order is not None else 0.0)

    # ---- one stage, in the node's thread

    def _made(self, order: StageOrder) -> StageResult | None:
        """The result of a stage; None when the process was being ended by a Stop that was meant for the one before."""
        files = self._files_for(order.config.checkpoint)
        name = files.name_of(order.config.checkpoint)
        process = self._ready(files, name)
        process.child.trim()
        self._printed_before = process.child.printed_size()
        listed = process.found.checkpoints[0] if order.config.checkpoint and process.found.checkpoints else ""
        try:
            result = process.webui.generate(replace(order, config=replace(order.config, checkpoint=listed)))
        except StableNewError as error:
            if isinstance(error, Refused) or not self._has_ended(process.child, error):
                raise
            if process.child.is_ending and not self._stop_asked and not self._closed:
                return None
            raise self._why(files, process.child) from error
        self.version = process.webui.version
        return _under_our_name(result, order.config.checkpoint or name, files.checkpoints[name])

    def _surely(self, result: StageResult | None) -> StageResult:
        if result is None:
            raise AnswerLost("sd-server was ended twice while it made this picture.")
        return result

    def _files_for(self, checkpoint: str) -> EngineFiles:
        """The files there are. They are looked for again when a checkpoint is not among them."""
        if self._files is not None:
            try:
                self._files.name_of(checkpoint)
                return self._files
            except Refused as unknown:
                _log.debug("looking again for model files: %s", unknown)
        self._files = self._find()
        return self._files

    def _has_ended(self, child: ChildProcess, error: StableNewError) -> bool:
        """Whether the program ended; its connection breaks a moment before it does."""
        broken = isinstance(error, (AnswerLost, Unreachable, Cancelled))
        return child.exit_code(self._limits.end_s if broken else 0.0) is not None

    def _why(self, files: EngineFiles, child: ChildProcess) -> StableNewError:
        """What the end of the program in mid-picture means."""
        if self._closed:
            return AnswerLost("sd-server was ended, because StableNew no longer needs it.")
        if self._stop_asked:
            self.state = self.state.stopped()
            return Cancelled("Stopped. sd-server was ended with the picture; the next one starts it again.")
        words = self._words(files, child)
        self.state = self.state.died(words)
        return EngineFault(f"sd-server ended while it made the picture ({words}).")

    def _words(self, files: EngineFiles, child: ChildProcess) -> str:
        """Exit code and last words of a program that has ended."""
        code = child.exit_code(self._limits.end_s)
        told = last_words(child.printed(), files.folders())
        how = "no answer" if code is None else f"exit code {code}" if code >= 0 else f"signal {-code}"
        limit = f"Settings limit its memory to {self._limits.memory_gb:g} GB" if self._limits.memory_gb else ""
        return "; ".join(part for part in (how, told, limit) if part)

    # ---- the process

    def _ready(self, files: EngineFiles, name: str) -> _Process:
        """The process that serves a checkpoint; another one is ended first."""
        process = self._process
        if process is not None and self.state.serves(name):
            # A process that was killed is still there for a moment when its port is already closed.
            if not process.child.is_ending and process.child.is_running and answers(process.port):
                return process
            self.state = self.state.died(self._words(files, process.child))
        self._end()
        for attempt in range(_MOST_PORTS):
            port = self._choose_port()
            # A second server on a port in use says that it listens there, and does not fail.
            if answers(port):
                continue
            started = self._started(files, name, port, is_last=attempt == _MOST_PORTS - 1)
            if started is not None:
                self._process, self.state = started, self.state.answered()
                return started
        self.state = self.state.died("no free port")
        raise EngineFault(f"sd-server could not be started: {_MOST_PORTS} ports of this computer were taken.")

    def _started(self, files: EngineFiles, name: str, port: int, *, is_last: bool) -> _Process | None:
        """A new process that answers at a port; None when somebody else answers there.

        Raises Refused when it dies, Unreachable when it cannot be started or never answers, Cancelled on Stop.
        """
        self.state = self.state.started(name)
        try:
            child = ChildProcess(files.command(name, port, self._limits.threads), memory_gb=self._limits.memory_gb)
        except OSError as error:
            self.state = self.state.died(str(error.strerror))
            raise Unreachable(f"{files.program.name} cannot be started: {error.strerror}.") from error
        self._child = child
        webui = WebUI(f"http://127.0.0.1:{port}")
        try:
            found = self._answer(files, name, child, webui, port)
        except StableNewError:
            webui.close()
            child.close(0.0)
            raise
        if found is None or not child.is_running or not (is_last or _is_of(found, files, name)):
            _log.warning("somebody else answers at port %d; sd-server is started at another one", port)
            webui.close()
            child.close(0.0)
            return None
        return _Process(child, port, webui, found)

    def _answer(
        self, files: EngineFiles, name: str, child: ChildProcess, webui: WebUI, port: int
    ) -> Capabilities | None:
        """What a new process offers, as soon as it answers. None when what answers at its port is no such server."""
        until = time.monotonic() + self._limits.start_s
        while True:
            if self._stop_asked or self._closed:
                self.state = self.state.stopped()
                raise Cancelled("Stopped while sd-server was starting.")
            if not child.is_running:
                raise self._refused(files, name, child)
            if answers(port):
                try:
                    return webui.check()
                except (Refused, AccessDenied) as other:
                    _log.debug("not an sd-server: %s", other)
                    return None
                except BackendError as early:
                    _log.debug("sd-server does not answer yet: %s", early)
            if time.monotonic() > until:
                words = f"no answer within {self._limits.start_s:g} s"
                self.state = self.state.died(words)
                raise Unreachable(f"sd-server was started with {name!r} and gives {words}.")
            time.sleep(self._limits.poll_s)

    def _refused(self, files: EngineFiles, name: str, child: ChildProcess) -> BackendError:
        words = self._words(files, child)
        self.state = self.state.died(words)
        if child.exit_code(0.0) in (126, 127):
            return Refused(f"{files.program.name} is not a program of this system, or may not be run ({words}).")
        return Refused(f"checkpoint: sd-server ended at once with {name!r} ({words}). Is the file whole?")

    def _end(self, grace_s: float = 0.0) -> None:
        """End the process, if there is one. One that does nothing has nothing to end in order, so it gets no time."""
        process, child = self._process, self._child
        self._process = self._child = None
        if process is not None:
            process.webui.close()
        if child is not None:
            child.close(grace_s)
        if self._closed:
            self.state = self.state.stopped()


def _is_of(found: Capabilities, files: EngineFiles, name: str) -> bool:
    """Whether what answers serves our file, and is not somebody else's server that was a moment faster."""
    path = files.checkpoints[name]
    return any(listed in (path.name, path.stem) for listed in found.checkpoints)


def _under_our_name(result: StageResult, name: str, path: Path) -> StageResult:
    """The result with the checkpoint called as the user calls it: the program knows it by the name of its file."""
    asked = {**result.asked, "checkpoint": name} if "checkpoint" in result.asked else result.asked
    applied = result.applied
    if applied.get("checkpoint") in (path.name, path.stem):
        applied = {**applied, "checkpoint": name}
    return replace(result, asked=asked, applied=applied)
