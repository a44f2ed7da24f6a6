"""The program of a worker: connects to the scheduler of its cluster, again and again, and makes what it is given."""

from __future__ import annotations

import asyncio
import errno
import math
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from distributed import Worker, get_worker
from distributed import __version__ as distributed_version
from msgspec import Struct

from ...backends.base import Backend
from ...domain.base.errors import BackendError, InvalidInput, Unreachable
from ...domain.nodes.fingerprint import fingerprint
from ...storage.cluster.folder import ClusterFolder, Membership, in_brackets
from ...storage.disk.process_lock import ProcessLock
from . import task
from .dask_settings import security, use_settings
from .reach import reach, until_changed
from .wire import PROGRESS, Progress, own_versions, to_bytes
from .worker_jobs import WorkerJobs

DELAYS_S = (1.0, 2.0, 5.0, 15.0, 60.0)
# As often a worker looks whether there is a scheduler again: an operator that starts one waits for its machines.
LOOKS_AGAIN_S = 5.0
_DEATH_S = 30
_NO_PORT, _NAME_TAKEN = "Could not start", "name taken"  # in Dask's words: all ports are taken, somebody has that name


class WorkerWords(Struct, frozen=True):
    """What the program tells: `ready(name)` when the scheduler has accepted it, `waits(sentence, seconds)` when it
    tries again later.
    """

    ready: Callable[[str], None]
    waits: Callable[[str, float], None]


def run_worker(
    folder: ClusterFolder,
    backend: Backend,
    words: WorkerWords,
    *,
    ports: tuple[int, int] | tuple[()] = (),
    once: bool = False,
) -> None:
    """Work until SIGTERM or SIGINT; with `once` until the first connection is over. Listens at the first free one of
    `ports`, first and last; () = those of the cluster. Raises Unreachable when there was no connection with `once`, and
    InvalidInput where this computer is in no cluster, or another worker has this folder.
    """
    membership = folder.membership()
    lock = ProcessLock(folder.folder / "worker.lock")
    with suppress(OSError, NotImplementedError):  # a drive on which nothing can be locked
        if not lock.take():
            raise InvalidInput("A worker runs with this data folder already. A second one needs another --data-dir.")
    try:
        jobs = WorkerJobs(backend, folder.folder, membership.name, own_versions(distributed_version))
        jobs.say = _say
        task.serve(jobs.answer)
        try:
            asyncio.run(_working(folder, ports, backend, words, once))
        finally:
            task.serve(None)
            jobs.close()
    finally:
        lock.release()


def tags_of(backend: Backend, name: str) -> dict[str, float]:
    """What the scheduler places jobs by: one graphics card, the machine, its engine, the checkpoints that it has."""
    tags = {"GPU": 1.0, f"NODE-{name}": 1.0}
    with suppress(BackendError):  # the operator is told why when it asks
        found = backend.check()
        tags[f"ENGINE-{fingerprint(found.kind, found.name, found.version, found.device)}"] = 1.0
        tags |= {f"MODEL-{known[:10].lower()}": 1.0 for known in found.checkpoint_hashes.values() if known}
    return tags


class _OnlyWorker(Worker):  # type: ignore[misc]  # Dask has no types
    def start_http_server(self, *_args: object, **_more: object) -> None:
        """Nothing: it would listen without encryption, also where there is no dashboard."""


async def _working(
    folder: ClusterFolder, ports: tuple[int, int] | tuple[()], backend: Backend, words: WorkerWords, once: bool
) -> None:
    use_settings()
    loop, ends, tries = asyncio.get_running_loop(), asyncio.Event(), 0
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows has no such way; there the process is ended
            loop.add_signal_handler(number, ends.set)
    while not ends.is_set():
        # Read anew each time: it may have joined again meanwhile, or the operator moved.
        stamp, membership = folder.stamp(), folder.membership()
        bond = folder.bond()
        found = await loop.run_in_executor(None, reach, folder)
        if not (why := found.why):
            tags = await loop.run_in_executor(None, tags_of, backend, membership.name)
            changing = asyncio.ensure_future(until_changed(folder, bond, stamp))
            ending = asyncio.ensure_future(ends.wait())
            try:
                why = await _connected(folder, ports or membership.worker_ports, tags, words, (ending, changing))
            finally:
                changing.cancel()
                ending.cancel()
        tries = tries if why else 0
        if once and why:
            raise Unreachable(why)
        if once:
            return
        delay = min(DELAYS_S[min(tries, len(DELAYS_S) - 1)], LOOKS_AGAIN_S if found.state == "silent" else math.inf)
        tries += 1
        if why:
            words.waits(why, delay)
        with suppress(TimeoutError):
            await asyncio.wait_for(ends.wait(), delay)


async def _connected(
    folder: ClusterFolder,
    ports: tuple[int, int],
    tags: dict[str, float],
    words: WorkerWords,
    over: tuple[asyncio.Future[Any], ...],
) -> str:
    """One connection from its beginning to its end, at latest when one of `over` is done; why there was none, "" after
    one.
    """
    membership, (first, last) = folder.membership(), ports
    try:
        own = await _own_address(membership)
    except OSError as error:
        return f"There is no way to {membership.host}: {error.strerror or error}."
    # Two threads, so that a question is answered while a job is made; of jobs one at a time, by the tag GPU.
    worker = _OnlyWorker(
        membership.address,
        name=membership.name,
        nthreads=2,
        resources=tags,
        security=security(folder),
        host=in_brackets(own),
        port=list(range(first, last + 1)),
        protocol="tls",
        dashboard=False,
        heartbeat_interval="5s",
        death_timeout=_DEATH_S,
        memory_limit=0,
        local_directory=str(folder.folder / "dask"),
    )
    try:
        started = asyncio.ensure_future(worker.start())
        await asyncio.wait({started, *over}, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            return ""
        await started
        words.ready(membership.name)
        finished = asyncio.ensure_future(worker.finished())
        await asyncio.wait({finished, *over}, return_when=asyncio.FIRST_COMPLETED)
    except (OSError, RuntimeError, ValueError, TimeoutError) as error:
        cause = _cause(error)
        if _NO_PORT in str(cause) or (isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE):
            taken = f"None of the ports {first}-{last} is" if last > first else f"The port {first} is not"
            return f"{taken} free here. Name others: worker --ports 9000-9010."
        if _NAME_TAKEN in str(cause):
            return (
                f"Another program works as {membership.name} in the cluster: a pairing file is for one machine. End it "
                "there, or ask the operator to invite this one under another name."
            )
        if isinstance(cause, TimeoutError):
            return f"{membership.address} does not answer."
        return f"{membership.address} does not accept this machine: {_short(error)}."
    finally:
        # Also when it was given up half way: it listens already then.
        await worker.close(timeout=2)
    return ""


async def _own_address(membership: Membership) -> str:
    """The address of this computer that leads to the scheduler: it listens there and nowhere else. Raises OSError."""
    if membership.host in ("localhost", "127.0.0.1"):
        return "127.0.0.1"
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=(membership.host, membership.port)
    )
    try:
        return str(transport.get_extra_info("sockname")[0])
    finally:
        transport.close()


def _cause(error: BaseException) -> BaseException:
    return error.__cause__ or error.__context__ or error


def _short(error: BaseException) -> str:
    cause = _cause(error)
    return str(cause).split("\n")[0][:200] or type(cause).__name__


def _say(progress: Progress) -> None:
    get_worker().log_event(PROGRESS, to_bytes(progress))
