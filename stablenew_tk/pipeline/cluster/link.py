"""`ClusterLink`: the operator's connection to its scheduler, shared by all machines of the cluster, on a thread of its
own.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError, wait
from concurrent.futures import Future as Pending
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
from distributed import Client, Future
from distributed import __version__ as distributed_version
from distributed.scheduler import KilledWorker
from msgspec import Struct

from ...backends.base import StageProgress
from ...backends.decoding import msgpack_as
from ...domain.base.errors import AnswerLost, BackendError, EngineFault, StableNewError, Unreachable
from ...storage.cluster.folder import Bond, ClusterFolder, Membership
from .assignment import Assignment
from .dask_settings import security, use_settings
from .own_scheduler import OwnScheduler
from .reach import Reach, reach, until_changed
from .task import answer
from .wire import PROGRESS, Progress, Versions, own_versions

CONNECT_S, START_S, FAREWELL_S = 6.0, 20.0, 2.0
ASK_S = 30.0  # a scheduler that is to be started first included
# A worker that loses its connection tries again at once; one that was started anew takes some seconds.
AWAY_S = 12.0
# Machines that wait for a scheduler look for it every LOOKS_AGAIN_S of `worker`; so one that was just started waits.
FOUND_S = 8.0
_TICK_S = 0.05
_TURN_S, _START_LOOK_S = 1.0, 0.2
_MEMBERS_S = 0.5
_STOP_S = 2.0
# After which a job that does not stop is given up. What comes of it later is dropped.
STOP_GRACE_S = 5.0
# A machine that ends twice with the same job: it is given once more, then it is the job that ends it.
MOST_DEATHS = 2
# A job that is lost so often on its way to a machine that is there is left to whoever gives it again, with a pause.
MOST_LOST = 3

_CLOSED = "The connection to the cluster was closed."

Result = TypeVar("Result")


class ClusterLink:
    """Any thread; `close` ends the thread, and the scheduler if it was started here.

    `start_command` starts a scheduler as a child when none answers; () = it is never started. A job that is stopped and
    does not end is given up after `stop_grace_s`. `changed(membership)` is called on that thread when the cluster has
    got new keys or another address meanwhile.
    """

    def __init__(
        self,
        folder: ClusterFolder,
        start_command: Sequence[str],
        *,
        stop_grace_s: float = STOP_GRACE_S,
        changed: Callable[[Membership], object] = lambda _membership: None,
    ) -> None:
        self._folder, self._stop_grace_s = folder, stop_grace_s
        self._own = OwnScheduler(start_command)
        self._changed = changed
        self._watching: asyncio.Task[None] | None = None
        self.versions: Versions = own_versions(distributed_version)
        self._client: Client | None = None
        self._connecting: asyncio.Lock | None = None
        self._began_at = -FOUND_S  # when a scheduler was started here: its machines need a moment to find it
        self._members: tuple[float, Mapping[str, _Connected]] = (0.0, {})
        self._progress: dict[str, Progress] = {}
        self._attempts = 0
        self._telling: list[Pending[None]] = []
        self._owed: dict[str, list[bytes]] = {}
        self._closing = self._closed = False
        self._gate = threading.Lock()  # nothing new is put to the loop once it is closing
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run_loop, name="cluster")
        self._thread.start()

    # ---- questions and jobs

    def make(self, one: Assignment) -> object:
        """Give a job to its machine and wait for the answer; what came, unchecked. Raises Unreachable when the machine
        is away for AWAY_S, EngineFault when it ended with this job more than once.
        """
        return self._wait(self._made(one), math.inf)

    def ask(self, machine: str, request: bytes) -> object:
        """Ask a machine something that does not wait for its job. Raises Unreachable."""
        return self._wait(self._asked(machine, request), ASK_S)

    def tell(self, machine: str, request: bytes, *, lasting: bool = False) -> None:
        """Tell a machine something, if it is there; nobody waits for it. `lasting`: if it is not, the next time."""
        with self._gate:
            if not self._closing:
                telling = asyncio.run_coroutine_threadsafe(self._told(machine, request, lasting), self._loop)
                self._telling = [*(one for one in self._telling if not one.done()), telling]

    def progress_of(self, key: str) -> Progress | None:
        """The latest that a machine told about a job."""
        return self._progress.get(key)

    def is_connected(self, machine: str) -> bool:
        """Whether a machine is connected now. Nothing is started for that; False where nobody answers."""
        try:
            return self._wait(self._is_connected(machine), CONNECT_S)
        except Unreachable:
            return False

    def machines(self) -> tuple[str, ...]:
        """The machines that are connected now. Raises Unreachable where no scheduler answers."""
        return tuple(self._wait(self._present(fresh=True), ASK_S))

    def close(self) -> None:
        """End the connection, the scheduler that was started here, and the thread."""
        # What was finished here last is not yet forgotten there.
        wait(self._telling, timeout=FAREWELL_S)
        with self._gate:
            if self._closing:
                return
            self._closing = True
        with suppress(TookTooLong, CancelledError, OSError, BackendError):
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(3.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(3.0)
        self._closed = True
        self._own.close()

    def _wait(self, work: Coroutine[Any, Any, Result], timeout_s: float) -> Result:
        with self._gate:
            if self._closing:
                work.close()
                raise Unreachable(_CLOSED)
            waiting = asyncio.run_coroutine_threadsafe(work, self._loop)
        until = time.monotonic() + timeout_s
        # In turns: what the end of the loop leaves unfinished would never come.
        while not wait((waiting,), timeout=min(_TURN_S, max(0.0, until - time.monotonic()))).done:
            if self._closed or time.monotonic() >= until:
                waiting.cancel()
                words = _CLOSED if self._closed else f"The cluster does not answer within {timeout_s:g} s."
                raise Unreachable(words)
        try:
            return waiting.result(0.0)
        except CancelledError as error:
            raise Unreachable(_CLOSED) from error
        except TookTooLong as error:
            raise Unreachable("The scheduler does not answer.") from error

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    # ---- on the thread of the loop

    async def _connected(self) -> Client:
        if self._connecting is None:
            self._connecting = asyncio.Lock()
        async with self._connecting:
            if self._client is not None and self._client.status == "running":
                return self._client
            await self._drop()
            use_settings()
            until, started = time.monotonic() + START_S, False
            while not self._closing:
                stamp, bond, membership = self._folder.stamp(), self._folder.bond(), self._folder.membership()
                found = await asyncio.get_running_loop().run_in_executor(None, reach, self._folder)
                if found.state == "there":
                    try:
                        client: Client = await asyncio.wait_for(self._opened(membership.address), CONNECT_S)
                    except (OSError, TimeoutError, RuntimeError, ValueError) as error:
                        found = Reach("silent", f"No scheduler answers at {membership.address}: {_short(error)}.")
                    else:
                        client.subscribe_topic(PROGRESS, self._take_progress)
                        self._client = client
                        self._began_at = time.monotonic() if started else -FOUND_S
                        if self._watching is None:
                            self._watching = asyncio.ensure_future(self._watch(bond, stamp))
                        return client
                elif found.state == "silent" and membership.is_operator and not started:
                    started = self._own.start()
                if not started or time.monotonic() > until:
                    raise Unreachable(found.why)
                # One that ended because somebody else had started one before does no harm.
                if found.state == "silent" and self._own.failed:
                    raise Unreachable(self._own.last_words or found.why)
                await asyncio.sleep(_START_LOOK_S)
            raise Unreachable(_CLOSED)

    async def _opened(self, address: str) -> Client:
        client = Client(
            address,
            security=security(self._folder),
            asynchronous=True,
            name="operator",
            timeout=5,
            set_as_default=False,
        )
        try:
            await client
        finally:
            if client.status != "running":
                # Cancelled or failed, it must not go on trying.
                await _closed(client)
        return client

    async def _drop(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await _closed(client)

    async def _watch(self, bond: Bond, stamp: tuple[int, int]) -> None:
        """Connect again, with the new keys, whenever the cluster gets any, and tell of it."""
        while True:
            await until_changed(self._folder, bond, stamp)
            await self._drop()
            with suppress(StableNewError):  # it is being written, or gone for good: whoever asks next is told
                stamp, bond, membership = self._folder.stamp(), self._folder.bond(), self._folder.membership()
                self._changed(membership)

    def _take_progress(self, event: object) -> None:
        data = event[1] if isinstance(event, tuple) and len(event) == 2 else event
        with suppress(msgspec.MsgspecError):
            if isinstance(data, bytes):
                told = msgpack_as(data, Progress)
                if told.key in self._progress:
                    self._progress[told.key] = told

    async def _present(self, *, fresh: bool = False) -> Mapping[str, _Connected]:
        client = await self._connected()
        at, known = self._members
        if fresh or time.monotonic() - at > _MEMBERS_S:
            told = await asyncio.wait_for(client.scheduler.identity(), CONNECT_S)
            workers = told.get("workers", {})
            known = {
                str(one["name"]): _Connected(address, frozenset(one.get("resources", ())))
                for address, one in workers.items()
            }
            self._members = (time.monotonic(), known)
        return known

    async def _is_connected(self, machine: str) -> bool:
        if self._client is None or self._client.status != "running":
            return False
        try:
            return machine in await self._present()
        except (OSError, TimeoutError, RuntimeError):
            return False

    async def _asked(self, machine: str, request: bytes) -> object:
        member = await self._member(machine, fresh=True)
        client = await self._connected()
        told = client.submit(
            answer,
            request,
            key=self._attempt_key("ask"),
            pure=False,
            workers=[member.address],
            resources={f"NODE-{machine}": 0.001},
        )
        try:
            return await _answered(told, machine)
        except (KilledWorker, OSError, asyncio.CancelledError, RuntimeError) as error:
            raise Unreachable(f"{machine} went away while it was asked ({_short(error)}).") from error
        finally:
            told.release()

    async def _told(self, machine: str, request: bytes, lasting: bool) -> None:
        owed = self._owed.setdefault(machine, [])
        now = (*owed, request)
        owed += [request] if lasting else []
        with suppress(BackendError, OSError, RuntimeError, TimeoutError):
            for one in now:
                member = (await self._present()).get(machine)
                if member is None:
                    return
                client = await self._connected()
                await asyncio.wait_for(client.run(answer, one, workers=[member.address]), CONNECT_S)
                if one in owed:
                    owed.remove(one)

    async def _member(self, machine: str, *, fresh: bool) -> _Connected:
        try:
            present = await self._present(fresh=fresh)
            while machine not in present:
                known = self._folder.membership()
                if machine in known.to_invite:
                    raise Unreachable(f"Invite {machine} again: the cluster has new keys.")
                if known.is_operator and machine not in known.machines:
                    raise Unreachable(
                        f"{machine} is not in the cluster. Invite it: cluster invite {machine} --out FILE."
                    )
                if fresh and time.monotonic() - self._began_at > FOUND_S:
                    raise Unreachable(f"{machine} is not connected. Start it there: stablenew worker.")
                await asyncio.sleep(_MEMBERS_S if fresh else 0.0)
                fresh, present = True, await self._present(fresh=True)
        except (OSError, TimeoutError, RuntimeError) as error:
            raise Unreachable(f"The scheduler does not answer ({_short(error)}).") from error
        return present[machine]

    async def _made(self, one: Assignment) -> object:
        self._progress[one.key] = _NOTHING
        try:
            deaths, lost, away_since = 0, 0, 0.0
            while True:
                try:
                    # To ask before every job costs more than all else here, and who went away is missed soon.
                    member = await self._member(one.machine, fresh=deaths + lost > 0)
                    one.waits("")
                    away_since, lost = 0.0, lost + 1
                    return await self._attempt(one, member)
                except KilledWorker as error:
                    deaths += 1
                    if deaths > MOST_DEATHS:
                        words = (
                            f"{one.machine} ended again and again while it made this picture. Nothing of it was saved."
                        )
                        raise EngineFault(words) from error
                except Unreachable as error:
                    away_since = away_since or time.monotonic()
                    if one.stops() or lost > MOST_LOST or time.monotonic() - away_since > AWAY_S:
                        raise
                    one.waits(str(error))
                    await asyncio.sleep(_MEMBERS_S)
        finally:
            self._progress.pop(one.key, None)

    async def _attempt(self, one: Assignment, member: _Connected) -> object:
        """One submission. Raises Unreachable when the machine or the scheduler goes away."""
        client = await self._connected()
        tags = {"GPU": 1.0, f"NODE-{one.machine}": 0.5} | {tag: 0.001 for tag in one.tags if tag in member.tags}
        future = client.submit(
            answer, one.request, key=self._attempt_key(one.key), pure=False, retries=0, resources=tags
        )
        reply = asyncio.ensure_future(_answered(future, one.machine))
        stopped_since, told_at, gone_since = 0.0, 0.0, 0.0
        try:
            while True:
                done, _ = await asyncio.wait({reply}, timeout=_TICK_S)
                if done:
                    return await reply
                if one.stops():
                    now = time.monotonic()
                    stopped_since = stopped_since or now
                    if now - stopped_since > self._stop_grace_s:
                        raise Unreachable(f"{one.machine} does not stop. What it makes is dropped.")
                    if now - told_at > _STOP_S:
                        # Again and again: told before it began, it would be lost.
                        told_at = now
                        self.tell(one.machine, one.stop_request)
                if client.status != "running":
                    raise Unreachable("The scheduler went away; its machines keep what they finish.")
                try:
                    there = one.machine in await self._present()
                except (OSError, TimeoutError, RuntimeError) as error:
                    raise Unreachable(f"The scheduler does not answer ({_short(error)}).") from error
                gone_since = 0.0 if there else gone_since or time.monotonic()
                if gone_since:
                    one.waits(f"{one.machine} is not connected any more.")
                    if one.stops() or time.monotonic() - gone_since > AWAY_S:
                        raise Unreachable(f"{one.machine} went away. It keeps what it finishes until it is back.")
                else:
                    one.waits("")
        except (asyncio.CancelledError, OSError) as error:
            if self._closing:
                raise
            raise Unreachable(f"The job was lost on its way ({_short(error)}).") from error
        finally:
            reply.cancel()
            future.release()

    def _attempt_key(self, key: str) -> str:
        self._attempts += 1
        return f"{key}/{time.time_ns()}-{self._attempts}"

    async def _end(self) -> None:
        await self._drop()
        # Whoever still waits hears of the end.
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest, timeout=1.0)


class _Connected(Struct, frozen=True):
    address: str
    tags: frozenset[str]


_NOTHING = Progress(key="", stage="", number=1, count=1, progress=StageProgress())


async def _answered(future: Future, machine: str) -> object:
    """What a machine answered. Raises KilledWorker, OSError for what was lost, AnswerLost for what it raised itself:
    that may be anything and means nothing here.
    """
    try:
        error = await future.exception()
        if error is None:
            return await future.result()
    except asyncio.CancelledError as cancelled:
        # Dask cancels what it has lost; that is no cancellation of this coroutine.
        raise OSError(str(cancelled) or "cancelled") from cancelled
    if isinstance(error, KilledWorker):
        raise error
    if future.status != "error":
        raise OSError(str(error) or "cancelled")
    words = f"{machine} broke while it answered ({type(error).__name__}: {str(error)[:200]})."
    raise AnswerLost(f"{words} Nothing of it was saved.")


async def _closed(client: Client) -> None:
    with suppress(OSError, TimeoutError, RuntimeError, asyncio.CancelledError):
        await asyncio.wait_for(client.close(timeout=1), 2.0)


def _short(error: BaseException) -> str:
    cause = error.__cause__ or error
    return str(cause).split("\n")[0][:200] or type(cause).__name__
