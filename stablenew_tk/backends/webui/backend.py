"""`WebUI`: backend for A1111, Forge, reForge, Neo, SD.Next, and servers that implement a part of their API.

One request makes one stage. It blocks the thread that called `generate`. `progress`, called on another thread, serves
as the heartbeat: when the server has not answered it for too long, the blocked request is ended.

Limits of the servers: without a task name in the answers (API-only Forge, sd-server) a job counts as ours when the
server was idle before it, or when another job has begun since; servers without an interrupt route work on after Stop.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

import msgspec

from ...domain.base.errors import AnswerLost, BackendError, BadImage, Cancelled, Refused, StillWorking, Unreachable
from ...domain.config.catalogue import Value
from ..base import Capabilities, StageOrder, StageProgress, StageResult, check_stage
from ..pictures import image_size, most_bytes, open_picture
from ..transport import Connection, Dropped, Limits, decode, parse_address, raise_for_status
from .discovery import API, RESCANS, capabilities, read_options, survey
from .lent_settings import LentSettings
from .model_needs import Body
from .named_files import unlisted_files
from .progress import GenerateCall, Watch, shown
from .replies import Made, as_interrupted, asked_values, made_images, read_extra, read_images
from .requests import REQUESTS, check_order, extras_body, repaint_body
from .server_facts import AUTOMATIC, ServerFacts
from .upscales import enlarged_here, made_upscale, repainted

_WORKS_ON = "Stopped. {} cannot be interrupted and finishes the picture for itself."
_TOO_BUSY = "While it works, the server does not look for new checkpoints and VAEs: press F5 again when it is done."
_CUT = "Somebody else stopped this job on the server, so the picture is unfinished. It does not count."
# What a relay answers when the server behind it takes no connection.
_NOBODY_BEHIND = 502
_log = logging.getLogger(__name__)


class WebUI:
    """A WebUI at an address. The URL may contain credentials. Raises InvalidInput for an invalid address."""

    kind = "webui"

    def __init__(
        self, url: str, *, user: str = "", password: str = "", limits: Limits | None = None, certificate: str = ""
    ) -> None:
        self._limits = limits or Limits()
        self._address = parse_address(url, user, password, certificate=certificate)
        self.name = f"WebUI · {self._address.host}"
        # Two connections, so that `end` on the first can only mean the request that makes pictures.
        self._work = Connection(self._address, self._limits)
        self._side = Connection(self._address, self._limits)
        self._watch = Watch(self._side)
        self._facts: ServerFacts | None = None
        # What the server did not list, and was told to look for.
        self._sought: frozenset[str] = frozenset()
        self.version = ""
        self._lent = LentSettings(self._side)
        self._call: GenerateCall | None = None
        # A picture that was given up is still being made, by a server that cannot be interrupted.
        self._works_on = False

    @property
    def device(self) -> str:
        """The graphics memory, by which cards are told apart; its address where it does not tell that."""
        return (self._facts.device if self._facts is not None else "") or self._address.host

    def check(self) -> Capabilities:
        """Query what the server offers, with about a dozen quick requests that change nothing."""
        try:
            facts = survey(self._side)
        except AnswerLost as err:
            raise Unreachable(str(err), status=err.status) from err
        self._facts, self.name = facts, facts.name
        return capabilities(facts, self.version, self.device)

    def rescan(self) -> str:
        """Let the server look into its model folders, which it does only when it starts and when it is told to."""
        try:
            routes = survey(self._side).routes
            waits = "progress" in routes and self._watch.progress(self._limits.progress_s).is_busy
            # Behind a running job these would wait until it has ended.
            late = [route for route in RESCANS if waits and route != "refresh-loras"]
            for route in RESCANS:
                if route in routes and route not in late:
                    answer = self._side.post(API + route, {}, timeout_s=self._limits.options_s)
                    raise_for_status(answer, self._address, "looking for new files")
        except AnswerLost as err:
            raise Unreachable(str(err), status=err.status) from err
        return _TOO_BUSY if routes.intersection(late) else ""

    def generate(self, order: StageOrder) -> StageResult:
        """Make one stage. Names are checked first; a request is repeated only when the first one has surely ended."""
        check_stage(order, REQUESTS, self.name)
        call = self._call = GenerateCall(self._limits.total_s)
        try:
            facts = self._with_modules(order, self._checked(order))
            call.routes, call.most_bytes = facts.routes, min(most_bytes(order), self._limits.picture_bytes)
            made, attempts = self._stage(call, order, facts)
        finally:
            self._call = None
        images, notes = made.images, made.notes
        if call.presses:
            images = tuple(as_interrupted(image) for image in images)
            if not images:
                raise Cancelled("Stopped before there was a picture.")
        if attempts > 1:
            notes = (*notes, "The first answer was lost or damaged; the picture was made again with the same seed.")
        return StageResult(
            images=images,
            asked=asked_values(order),
            applied=made.applied,
            queue_wait_s=call.waited_s,
            attempts=attempts,
            interrupted=call.presses > 0,
            notes=notes,
        )

    def progress(self) -> StageProgress | None:
        """Progress of our job, None while nothing runs or the server has no progress route.

        Ends the running request when the server has been silent for too long.
        """
        call = self._call
        if call is None or not call.is_out:
            return None
        if time.monotonic() > call.deadline:
            self._work.end(f"{self.name} did not finish within {self._limits.total_s:g} s.")
        if not call.can("progress"):
            return StageProgress(state="the server finishes an earlier picture first") if self._works_on else None
        try:
            seen = self._watch.observe(call, self._limits.progress_s)
            self._watch.press(call)
            if call.is_left(self._limits.settle_s):
                self._work.end(f"{self.name} ended the stopped job, but its answer did not come.")
        except BackendError as err:
            _log.debug("no progress for %.0f s: %s", call.silent_s, err)
            if call.silent_s > self._limits.stall_s and call.is_out:
                self._work.end(f"{self.name} was silent for {self._limits.stall_s:g} s and was given up.")
            return None
        return shown(call, seen)

    def interrupt(self) -> None:
        """Stop the running stage. Behind another job on a shared server it takes effect when our turn comes."""
        call = self._call
        if call is None:
            return
        call.stop_asked = True
        if not call.is_out:
            return
        if not call.can("interrupt"):
            self._work.end(_WORKS_ON.format(self.name))
            return
        try:
            self._watch.observe(call, self._limits.control_s)
            self._watch.press(call)
        except BackendError as err:
            # The watcher's next call tries again, as long as the program does not end.
            if not self._side.is_closed:
                _log.warning("The interrupt did not reach %s: %s", self.name, err)

    def close(self) -> None:
        """Close connections; a blocked `generate` fails with AnswerLost."""
        self._work.close()
        self._side.close()

    # One stage, in the node's thread

    def _checked(self, order: StageOrder) -> ServerFacts:
        """The server facts for sending an order, queried again when a name is unknown. Where that is a file, the server
        is told to look into its folders first, once for each.
        """
        facts = self._facts
        if facts is not None:
            try:
                check_order(order, facts)
                if unlisted_files(order, facts) <= self._sought:
                    return facts
            except Refused as err:
                _log.debug("asking again what the server has: %s", err)
        self.check()
        facts = self._facts or ServerFacts()
        new = unlisted_files(order, facts) - self._sought
        if new:
            self._sought |= new
            self.rescan()
            self.check()
            facts = self._facts or ServerFacts()
        check_order(order, facts)
        return facts

    def _with_modules(self, order: StageOrder, facts: ServerFacts) -> ServerFacts:
        """The facts with the present settings where the request depends on them: a VAE replaces one of the modules."""
        if not facts.is_forge or order.config.vae == AUTOMATIC:
            return facts
        return msgspec.structs.replace(facts, options=read_options(self._side))

    def _stage(self, call: GenerateCall, order: StageOrder, facts: ServerFacts) -> tuple[Made, int]:
        request = REQUESTS[order.stage]
        if request.enlarges:
            return self._upscaled(call, order, facts)
        asked = asked_values(order)
        body = request.body(order, facts, image_size(order.image) if order.image else (0, 0))
        return self._worked(call, request.route, body, lambda answer: self._read(answer, order, asked))

    def _read(self, answer: bytes | bytearray, order: StageOrder, asked: Mapping[str, Value]) -> Made:
        reply = read_images(answer)
        self.version = reply.info.version or self.version
        return made_images(reply, order, self._facts or ServerFacts(), asked)

    def _upscaled(self, call: GenerateCall, order: StageOrder, facts: ServerFacts) -> tuple[Made, int]:
        """Enlarge with the upscaler; in img2img mode then paint over it at the new size (two requests)."""
        source, wanted = open_picture(order.image), order.config.upscale
        if "extra-single-image" in facts.routes:
            body = extras_body(order)
            enlarged, attempts = self._worked(
                call, "extra-single-image", body, lambda answer: made_upscale(read_extra(answer), order, source)
            )
        else:
            enlarged, attempts = enlarged_here(order, source), 1
        if wanted.mode == "single":
            return enlarged, attempts
        picture = enlarged.images[0]
        width, height = (round(side * wanted.scale) for side in source.size)
        body = repaint_body(msgspec.structs.replace(order, image=picture.data), facts, (width, height))
        asked = asked_values(order)
        made, again = self._worked(call, "img2img", body, lambda answer: self._read(answer, order, asked))
        return repainted(made, enlarged), max(attempts, again)

    def _worked(
        self, call: GenerateCall, route: str, body: Body, read: Callable[[bytes | bytearray], Made]
    ) -> tuple[Made, int]:
        """Post and read the answer; once more when it was lost or damaged and the job no longer runs on the server."""
        attempt = 1
        while True:
            try:
                return self._once(call, route, body, read), attempt
            except (Dropped, BadImage) as err:
                if attempt == 2 or call.presses:
                    raise
                if isinstance(err, Dropped):
                    self._await_idle(call, err)
            except AnswerLost:
                self._stop_leftover(call)
                raise
            attempt += 1

    def _once(self, call: GenerateCall, route: str, body: Body, read: Callable[[bytes | bytearray], Made]) -> Made:
        before = self._job_before(call)
        overrides = body.get("override_settings")
        facts = self._facts or ServerFacts()
        if isinstance(overrides, dict):
            self._lent.lend(
                overrides, facts.options, self.name, keeps=facts.is_forge, is_idle=lambda: not self._job_before(call)
            )
        if body.get("lora"):
            # sd-server knows its LoRAs only once somebody has asked for them since it started.
            self._side.get(API + "loras", timeout_s=self._limits.lists_s)
        call.stop_if_asked("Stopped before the picture was begun.")
        call.begin(str(body.get("force_task_id", "")), before)
        try:
            answer = self._work.post(API + route, body, timeout_s=call.left_s, most_bytes=call.most_bytes)
        except AnswerLost:
            if not call.can("interrupt"):
                self._works_on = True
                if call.stop_asked:
                    raise StillWorking(_WORKS_ON.format(self.name)) from None
            raise
        finally:
            call.is_out = False
        self._works_on = False
        # Enlarging alone is never cut: it is interrupted between pictures only.
        is_cut = route != "extra-single-image" and not call.presses and self._watch.look_back(call)
        kept = self._lent.take_back(lambda: not self._job_before(call))
        raise_for_status(answer, self._address, "making the picture")
        try:
            decode(answer, msgspec.Raw, self._address.host)
            made = read(answer.body)
        except (msgspec.MsgspecError, ValueError, RecursionError) as err:
            raise Dropped(f"{self.name} sent an answer that is not whole or not what a WebUI sends.") from err
        if not made.images and not call.presses:
            raise BadImage(f"{self.name} answered without a picture.")
        notes = (*((_CUT,) if is_cut else ()), *made.notes, *kept)
        images = tuple(as_interrupted(image) for image in made.images) if is_cut else made.images
        return msgspec.structs.replace(made, images=images, notes=notes)

    def _job_before(self, call: GenerateCall) -> str:
        """The job that the server is busy with before ours, or "". Raises Unreachable: then nothing was started."""
        if not call.can("progress"):
            return ""
        try:
            return self._watch.progress(self._limits.progress_s).job_name
        except AnswerLost as err:
            # Progress alone may be slow. Where nothing answers, a relay stands before a server that is gone.
            _log.debug("no progress before the request: %s", err)
        try:
            read_options(self._side)
        except AnswerLost as err:
            raise Unreachable(f"{self.name} does not answer. {err}", status=err.status) from err
        return ""

    def _await_idle(self, call: GenerateCall, lost: Dropped) -> None:
        """After a broken connection: wait until the server is idle, so that asking again is no double work.

        Raises the error itself when that cannot be found out, Unreachable when the server is gone, Cancelled on stop.
        """
        quiet = 0
        call.heard_at = time.monotonic()
        while quiet < 2:
            if not call.can("progress") or call.silent_s > self._limits.stall_s or call.left_s < 0.01:
                raise lost
            try:
                seen = self._watch.observe(call, self._limits.progress_s)
                self._watch.press(call)
                quiet = 0 if seen.is_busy else quiet + 1
            except Unreachable as err:
                raise Unreachable(f"{self.name} went away while it worked. {err}") from lost
            except AnswerLost as err:
                is_cut = isinstance(err, Dropped) or err.status == _NOBODY_BEHIND
                if is_cut and call.silent_s > self._limits.gone_s:
                    raise Unreachable(f"{self.name} went away while it worked. {err}") from lost
                _log.debug("still no progress: %s", err)
            time.sleep(self._limits.poll_s)
        call.stop_if_asked("Stopped before the picture was made again.")

    def _stop_leftover(self, call: GenerateCall) -> None:
        """After giving up on an answer, interrupt our job if it still runs, so that it does not occupy the GPU."""
        call.stop_asked = True
        until = time.monotonic() + self._limits.settle_s
        while call.can("progress", "interrupt") and time.monotonic() < until:
            try:
                if not self._watch.observe(call, self._limits.control_s).is_busy:
                    return
                self._watch.press(call)
            except BackendError as err:
                if not self._side.is_closed:
                    _log.warning("%s no longer answers, so its job could not be stopped: %s", self.name, err)
                return
            time.sleep(self._limits.poll_s)
