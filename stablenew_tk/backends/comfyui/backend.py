"""`ComfyUI`: backend for a ComfyUI server. One graph makes one picture; a batch is several graphs, one after the other.

`generate` queues a graph, listens to the socket for progress, and asks the queue and then the history whether the job
has ended; these two are the authority, so everything works where no socket comes through. Only the job's own id is
ever deleted or interrupted. All requests are made by the thread of `generate`; the others read and set its state.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from hashlib import sha256

import msgspec

from ...domain.base.errors import (
    AnswerLost,
    BackendError,
    BadImage,
    Cancelled,
    EngineFault,
    Refused,
    Unreachable,
)
from ...domain.config.catalogue import Value
from ..base import Capabilities, StageImage, StageOrder, StageProgress, StageResult, check_stage
from ..pictures import DecodedPicture, most_bytes, most_pixels, open_picture
from ..transport import Connection, Dropped, Limits, parse_address
from .call import RunningCall
from .graphs import Graph, capabilities, graph, picture_count, stages_of
from .listener import Listener, SocketLost
from .model_facts import ModelFacts
from .object_info import ServerWords
from .outcome import KeptPicture, kept_picture
from .own_workflow import workflow_graph
from .refusals import OutOfMemory, UploadLost, refusal, run_failure
from .server import File, Finished, Server

_FLAGS = '{"type":"feature_flags","data":{"supports_preview_metadata":true}}'
_PRESSES = 6
# Handshakes that failed one after the other, until none is tried any more: something in front eats the socket.
_SOCKET_TRIES = 2
# The first release whose jobs may ask for previews; before, only the server's own options decide.
_PREVIEWS_SINCE = (0, 8)
# How long messages that have come already are read on when it is time to ask: one of them may tell the job's end.
_DRAIN_S = 1.0
_STOPPED = "Stopped before there was a picture."
_log = logging.getLogger(__name__)


class _Again(Exception):
    """The picture may come when it is asked for once more; otherwise `error` is what is raised."""

    def __init__(self, error: BackendError) -> None:
        super().__init__(str(error))
        self.error = error


class ComfyUI:
    """A ComfyUI at an address. The URL may contain credentials. Raises InvalidInput for an invalid address."""

    kind = "comfyui"

    def __init__(
        self, url: str, *, user: str = "", password: str = "", limits: Limits | None = None, certificate: str = ""
    ) -> None:
        self._limits = limits or Limits()
        self._address = parse_address(url, user, password, engine="ComfyUI", certificate=certificate)
        self.name = f"ComfyUI · {self._address.host}"
        self.version = ""
        # `check` may come while `generate` runs, and `close` ends what both wait for.
        self._work = Connection(self._address, self._limits)
        self._side = Connection(self._address, self._limits)
        self._server = Server(self._work)
        self._words: ServerWords | None = None
        self._call: RunningCall | None = None
        self._listener: Listener | None = None
        self._lost_sockets = 0
        self._models = ModelFacts(self._server)
        # Jobs that could not be cancelled because the server did not answer.
        self._left: set[str] = set()
        self._closed = False

    @property
    def device(self) -> str:
        """Its graphics card, its address until it has told that."""
        return (self._words.device if self._words is not None else "") or self._address.host

    def check(self) -> Capabilities:
        """Query what the server offers: seven quick requests that change nothing, and 2 s at most for its LoRAs."""
        try:
            words = Server(self._side).survey()
        except AnswerLost as err:
            raise Unreachable(str(err), status=err.status) from err
        self._words, self.version, self._lost_sockets = words, words.version, 0
        words = self._models.surveyed(words)
        found = capabilities(words, previews=_release(words.version) >= _PREVIEWS_SINCE)
        return msgspec.structs.replace(found, device=self.device)

    def rescan(self) -> str:
        """Does nothing: ComfyUI looks into its folders whenever it is asked for its lists."""
        return ""

    def generate(self, order: StageOrder) -> StageResult:
        """Make one stage. Names are checked first; a picture is asked for twice at most."""
        call = self._call = RunningCall(picture_count(order))
        made: list[KeptPicture] = []
        asked: dict[str, Value] = {}
        stopped = Cancelled(_STOPPED)
        try:
            words = self._checked(order)
            client_id = uuid.uuid4().hex
            self._listen(client_id)
            for nth in range(call.count):
                if call.stop_asked:
                    break
                try:
                    found, sent = self._picture(call, order, words, client_id, nth)
                except (Cancelled, BackendError) as err:
                    stopped = _as_cancelled(call, err)
                    break
                made += found
                asked = asked or dict(sent.asked)
        except BackendError as err:
            raise _as_cancelled(call, err) from err
        finally:
            self._call = None
            self._stop_listening()
        if not made:
            raise stopped
        return _result(made, asked, call)

    def progress(self) -> StageProgress | None:
        """Progress of our job, None while nothing runs. Asks nobody: `generate` keeps it up to date."""
        call = self._call
        return call.shown() if call is not None and call.is_out else None

    def interrupt(self) -> None:
        """Stop the running stage: `generate` cancels its own job within a second, waiting or running."""
        call = self._call
        if call is None:
            return
        call.stop_asked = True
        if not call.is_out:
            # No job of ours is on the server now: a picture goes there or comes from there.
            self._work.end("Stopped.")

    def close(self) -> None:
        """Close connections; a blocked `generate` fails with AnswerLost."""
        self._closed = True
        self._work.close()
        self._side.close()

    # One stage, in the node's thread

    def _checked(self, order: StageOrder) -> ServerWords:
        """What the server has, for an order that it can make. When a name is unknown, it is asked again first."""
        if self._words is not None:
            try:
                return self._for_order(order, self._words)
            except Refused as err:
                _log.debug("asking again what the server has: %s", err)
        self.check()
        return self._for_order(order, self._words or ServerWords())

    def _for_order(self, order: StageOrder, words: ServerWords) -> ServerWords:
        """The server's words with what an order needs to know of its models. Raises Refused for what is not there."""
        check_stage(order, stages_of(words), words.name, runs_workflows=True)
        words = self._models.informed(order, words)
        _graph(order, words, prefix="check", picture="check.png [temp]" if order.image else "")
        return words

    def _picture(
        self, call: RunningCall, order: StageOrder, words: ServerWords, client_id: str, nth: int
    ) -> tuple[list[KeptPicture], Graph]:
        """Ask for one picture, or all that a workflow saves, and once more when the first try surely left none."""
        attempt = 1
        while True:
            # An equal graph makes no new file, so each job's own id stands in the name, and each new try in it too.
            prefix = f"StableNew/{order.job_id}-{order.stage}-{nth + 1}{'' if attempt == 1 else f'-try{attempt}'}"
            try:
                picture = self._uploaded(order.image) if order.image else ""
                sent = _graph(order, words, prefix=prefix, picture=picture, nth=nth)
                finished = self._ran(call, sent, client_id, nth)
                found = self._fetched(call, order, sent, finished)
                made = [kept_picture(order, sent, finished, one, self.version) for one in found]
                return [self._models.with_lora_effect(one, sent, words, order.families) for one in made], sent
            except _Again as err:
                if attempt == 2 or call.stop_asked:
                    raise err.error from err
                _log.info("asking %s again: %s", self.name, err)
            except OutOfMemory as err:
                if attempt == 2 or call.stop_asked:
                    again = " It was tried once more after its models were unloaded." if call.was_freed else ""
                    raise OutOfMemory(f"{err}{again}") from err
                self._free_memory(call, err)
            attempt += 1
            call.attempts = max(call.attempts, attempt)

    def _uploaded(self, image: bytes) -> str:
        # Equal pictures get equal names, so that the server's caches know them again.
        try:
            return self._server.upload(f"stablenew-{sha256(image).hexdigest()[:32]}.png", image)
        except Dropped as err:
            raise _Again(err) from err

    def _ran(self, call: RunningCall, sent: Graph, client_id: str, nth: int) -> Finished | None:
        """Queue a graph and wait for its end. None: it was made, but the server forgot the job meanwhile."""
        self._drop_left()
        if call.stop_asked:
            raise Cancelled(_STOPPED)
        prompt_id = str(uuid.uuid4())
        call.begin(prompt_id, sent, nth)
        try:
            is_known = self._queued(call, sent, client_id)
            finished = self._ended(call, is_known=is_known)
        except (BackendError, Cancelled):
            # One that was told to stop needs nothing more, if only its own end was not waited for.
            if call.may_live and not (self._closed and call.is_cancelled):
                self._take_back(call.prompt_id)
            raise
        finally:
            call.is_out = False
        if finished is not None:
            call.waited_s += finished.waited_s
            self._raise_for_end(call, finished, sent)
        return finished

    def _queued(self, call: RunningCall, sent: Graph, client_id: str) -> bool:
        """Post the graph. False when the answer was lost: then only the queue can tell whether it came."""
        body: dict[str, object] = {"prompt": sent.prompt, "client_id": client_id, "prompt_id": call.prompt_id}
        # Without an own client id, progress and pictures would be shown to everybody who is connected.
        body["extra_data"] = {"preview_method": "auto"}
        try:
            accepted = self._server.submit(body)
        except AnswerLost as err:
            _log.info("the answer to a job was lost: %s", err)
            call.may_live = True
            return False
        # Servers before July 2025 choose the id themselves.
        call.prompt_id = accepted.prompt_id or call.prompt_id
        call.may_live = bool(accepted.prompt_id)
        if accepted.error is not None or accepted.node_errors:
            # Raised also when the server took the part that it could make: the job is taken back.
            raise self._refused(refusal(accepted, sent, self.name))
        if not accepted.prompt_id:
            raise EngineFault(f"{self.name} took a job without giving it an id.")
        return True

    def _refused(self, error: BackendError) -> Exception:
        return _Again(error) if isinstance(error, UploadLost) else error

    def _ended(self, call: RunningCall, *, is_known: bool) -> Finished | None:
        """Wait until the job has ended. Raises what the loss of server, job or patience means."""
        missing, was_away, away_since = 0, False, 0.0
        while True:
            if self._closed:
                raise AnswerLost(f"The connection to {self._address.host} was closed.")
            try:
                if call.stop_asked and not missing:
                    self._press(call)
                # The socket tells the end when the history has the job already, so the queue need not be asked.
                if call.has_ended and (finished := self._server.history(call.prompt_id)) is not None:
                    call.may_live = False
                    return finished
                queue = self._server.queue()
                if queue.runs(call.prompt_id) or queue.waits(call.prompt_id):
                    missing, is_known = 0, True
                elif (finished := self._server.history(call.prompt_id)) is not None:
                    call.may_live = False
                    return finished
                else:
                    missing += 1
                call.place(queue)
                away_since = 0.0
            except Unreachable as err:
                # A server that died says nothing more; one that is started again knows no job of before.
                was_away, away_since = True, away_since or time.monotonic()
                if call.stop_asked:
                    raise Cancelled(f"Stopped. {err}") from err
                if time.monotonic() - away_since > self._limits.settle_s:
                    raise Unreachable(f"{self.name} went away while it worked. {err}") from err
            except AnswerLost as err:
                _log.debug("no answer about the job: %s", err)
                # Something in front says so when the server itself is down.
                was_away = was_away or err.status >= 500
                if time.monotonic() - call.heard_at > self._limits.stall_s:
                    silent = f"{self.name} was silent for {self._limits.stall_s:g} s and was given up."
                    raise AnswerLost(silent) from err
            is_known = is_known or call.is_running
            if missing >= 2:
                call.may_live = False
                if call.outputs:
                    return None
                raise self._gone(call, is_known=is_known, was_away=was_away)
            self._raise_when_late(call)
            # A job that is missing may be on its way into the history, or the socket has told its end.
            self._hear(call, min(0.05, self._limits.poll_s) if missing else self._limits.poll_s)

    def _gone(self, call: RunningCall, *, is_known: bool, was_away: bool) -> Exception:
        """Why a job is neither in the queue nor in the history."""
        if call.stop_asked:
            return Cancelled(_STOPPED)
        if not is_known:
            return _Again(AnswerLost(f"The connection to {self._address.host} broke before it took the job."))
        if was_away:
            return _Again(AnswerLost(f"{self.name} was started again and forgot the job."))
        return EngineFault(f"Somebody else took the job out of the queue of {self.name}. Run it again.")

    def _raise_when_late(self, call: RunningCall) -> None:
        now = time.monotonic()
        if call.is_running and now - call.begun_at > self._limits.total_s:
            raise AnswerLost(f"{self.name} did not finish within {self._limits.total_s:g} s.")
        if call.presses and now - call.first_pressed_at > self._limits.settle_s:
            raise Cancelled("Stopped. The server did not confirm it and may finish the picture for itself.")

    def _press(self, call: RunningCall) -> None:
        """Cancel our job, again after a while: a server that loads a model notices it only afterwards."""
        now = time.monotonic()
        if call.presses < _PRESSES and (not call.presses or now - call.pressed_at >= self._limits.resend_s):
            call.first_pressed_at = call.first_pressed_at or now
            call.presses, call.pressed_at = call.presses + 1, now
            self._server.cancel(call.prompt_id)
            call.is_cancelled = True

    def _raise_for_end(self, call: RunningCall, finished: Finished, sent: Graph) -> None:
        name, said = finished.end
        if name == "execution_interrupted":
            if call.stop_asked:
                raise Cancelled(_STOPPED)
            raise EngineFault(f"Somebody else stopped the job on {self.name}. Run it again.")
        if name == "execution_error" or finished.status.status_str == "error":
            raise run_failure(said, sent, self.name)

    def _fetched(
        self, call: RunningCall, order: StageOrder, sent: Graph, finished: Finished | None
    ) -> list[DecodedPicture]:
        """The pictures of the nodes that save, checked."""
        outputs = finished.outputs if finished else call.outputs
        files = [file for node in sent.outputs if node in outputs for file in outputs[node].images]
        if not files:
            raise _Again(BadImage(f"{self.name} ended the job without a picture."))
        return [self._view(order, file) for file in files]

    def _view(self, order: StageOrder, file: File) -> DecodedPicture:
        for last in (False, True):
            try:
                data = self._server.view(file, min(most_bytes(order), self._limits.picture_bytes))
                if data is None:
                    # A job that was cached names the old file, which may have been deleted.
                    raise _Again(BadImage(f"{self.name} no longer has the file of the picture."))
                return open_picture(data, most_pixels=most_pixels(order))
            except (Dropped, BadImage) as err:
                if last:
                    raise _Again(err) from err
        raise AssertionError("the second try returns or raises")

    def _free_memory(self, call: RunningCall, error: OutOfMemory) -> None:
        """Have the models unloaded, so that one more try may work. Raises the error where that cannot be."""
        try:
            call.was_freed = self._server.free_memory()
        except BackendError as err:
            raise error from err
        if not call.was_freed:
            raise OutOfMemory(f"{error} Its models were not unloaded, because of other jobs there.") from error

    # The socket, and what is left behind

    def _listen(self, client_id: str) -> None:
        """Open the socket before anything is queued: a cached job is over at once. Without one, polling is enough."""
        if self._lost_sockets >= _SOCKET_TRIES:
            return
        try:
            limit = self._limits.control_s
            self._listener = Listener(self._address, client_id, connect_s=limit, first=_FLAGS)
            self._lost_sockets = 0
        except SocketLost as err:
            self._lost_sockets += 1
            _log.info("no socket to %s, so it is asked twice a second instead: %s", self._address.host, err)

    def _hear(self, call: RunningCall, for_s: float) -> None:
        """Listen until it is time to ask again and all that came is heard, or until the socket tells the job's end."""
        until = time.monotonic() + for_s
        call.has_ended = False
        if self._listener is None:
            time.sleep(for_s)
        while self._listener is not None and not call.has_ended and not self._closed:
            left = until - time.monotonic()
            try:
                frame = self._listener.receive(max(0.0, left))
            except SocketLost as err:
                _log.info("the socket to %s ended: %s", self._address.host, err)
                self._stop_listening()
                return
            if frame is None:
                return
            call.hear(frame)
            if left < -_DRAIN_S:
                return

    def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def _take_back(self, prompt_id: str) -> None:
        """Make sure that nothing of ours is left on the server."""
        try:
            self._server.cancel(prompt_id)
        except BackendError as err:
            _log.warning("%s did not answer, so its job could not be cancelled yet: %s", self.name, err)
            self._left.add(prompt_id)

    def _drop_left(self) -> None:
        for prompt_id in tuple(self._left):
            self._left.discard(prompt_id)
            self._take_back(prompt_id)


def _graph(order: StageOrder, words: ServerWords, *, prefix: str, picture: str = "", nth: int = 0) -> Graph:
    if order.config.workflow:
        return workflow_graph(order, words, prefix=prefix, nth=nth)
    return graph(order, words, prefix=prefix, picture=picture, nth=nth)


def _as_cancelled(call: RunningCall, error: Cancelled | BackendError) -> Cancelled:
    """What ended a stage that was to be stopped; raises the error when nobody wanted that."""
    if isinstance(error, Cancelled):
        return error
    if not call.stop_asked:
        raise error
    return Cancelled(f"{_STOPPED} {error}")


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _result(made: list[KeptPicture], asked: dict[str, Value], call: RunningCall) -> StageResult:
    images: tuple[StageImage, ...] = tuple(one.image for one in made)
    if call.stop_asked:
        images = tuple(msgspec.structs.replace(image, suspect=(*image.suspect, "interrupted")) for image in images)
    notes = [note for one in made for note in one.notes]
    if len(images) < call.count:
        notes.append(f"{len(images)} of {call.count} pictures came.")
    if call.attempts > 1:
        why = "The server ran out of memory" if call.was_freed else "The first answer was lost or damaged"
        again = "once its models were unloaded, the picture" if call.was_freed else "the picture"
        notes.append(f"{why}; {again} was made again with the same seed.")
    return StageResult(
        images=images,
        asked=asked,
        applied=made[0].applied,
        queue_wait_s=call.waited_s,
        attempts=call.attempts,
        interrupted=call.stop_asked,
        notes=tuple(dict.fromkeys(notes)),
    )
