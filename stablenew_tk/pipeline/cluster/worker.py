"""The program of a worker: connects to the scheduler of its cluster, again and again, and makes what it is given."""

from __future__ import annotations

import asyncio
import errno
import signal
from collections.abc import Callable
from contextlib import suppress

from distributed import Worker, get_worker
from distributed import __version__ as distributed_version
from msgspec import Struct

from ...backends.base import Backend
from ...domain.base.errors import BackendError, Unreachable
from ...domain.nodes.fingerprint import fingerprint
from ...storage.cluster.folder import ClusterFolder, Membership
from . import task
from .dask_settings import security, use_settings
from .wire import PROGRESS, Progress, own_versions, to_bytes
from .worker_jobs import WorkerJobs

DELAYS_S = (1.0, 2.0, 5.0, 15.0, 60.0)
_DEATH_S = 30
_NO_PORT = "Could not start"  # Dask's words when all ports are taken


class WorkerWords(Struct, frozen=True):
    """What the program tells: `ready(name)` when the scheduler has accepted it, `waits(sentence, seconds)` when it
    tries again later.
    """

    ready: Callable[[str], None]
    waits: Callable[[str, float], None]


def run_worker(
    folder: ClusterFolder, backend: Backend, words: WorkerWords, *, ports: tuple[int, int], once: bool = False
) -> None:
    """Work until SIGTERM or SIGINT; with `once` until the first connection is over. Listens at the first free one of
    `ports`, first and last. Raises Unreachable when there was no connection with `once`, and InvalidInput where this
    computer is in no cluster.
    """
    membership = folder.membership()
    jobs = WorkerJobs(backend, folder.folder, membership.name, own_versions(distributed_version))
    jobs.say = _say
    task.serve(jobs.answer)
    try:
        asyncio.run(_working(_Place(folder, membership, ports), backend, words, once))
    finally:
        task.serve(None)
        jobs.close()


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


class _Place(Struct, frozen=True):
    folder: ClusterFolder
    membership: Membership
    ports: tuple[int, int]


async def _working(place: _Place, backend: Backend, words: WorkerWords, once: bool) -> None:
    use_settings()
    loop, ends, tries = asyncio.get_running_loop(), asyncio.Event(), 0
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows has no such way; there the process is ended
            loop.add_signal_handler(number, ends.set)
    while not ends.is_set():
        tags = await loop.run_in_executor(None, tags_of, backend, place.membership.name)
        if (why := await _connected(place, tags, words, ends)) == "":
            tries = 0
        if once and why:
            raise Unreachable(why)
        if once:
            return
        delay = DELAYS_S[min(tries, len(DELAYS_S) - 1)]
        tries += 1
        if why:
            words.waits(why, delay)
        with suppress(TimeoutError):
            await asyncio.wait_for(ends.wait(), delay)


async def _connected(place: _Place, tags: dict[str, float], words: WorkerWords, ends: asyncio.Event) -> str:
    """One connection from its beginning to its end; why there was none, "" after one."""
    folder, membership, (first, last) = place.folder, place.membership, place.ports
    # Two threads, so that a question is answered while a job is made; of jobs one at a time, by the tag GPU.
    worker = _OnlyWorker(
        membership.address,
        name=membership.name,
        nthreads=2,
        resources=tags,
        security=security(folder),
        host=await _own_address(membership),
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
        ending = asyncio.ensure_future(ends.wait())
        await asyncio.wait({started, ending}, return_when=asyncio.FIRST_COMPLETED, timeout=_DEATH_S)
        if not started.done():
            started.cancel()
            return "" if ends.is_set() else f"{membership.address} does not answer."
        await started
    except (OSError, RuntimeError, ValueError, TimeoutError) as error:
        cause = _cause(error)
        if _NO_PORT in str(cause) or (isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE):
            taken = f"None of the ports {first}-{last} is" if last > first else f"The port {first} is not"
            return f"{taken} free here. Name others: worker --ports 9000-9010."
        return f"{membership.address} does not accept this machine: {_short(error)}."
    try:
        words.ready(membership.name)
        finished = asyncio.ensure_future(worker.finished())
        await asyncio.wait({finished, ending}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await worker.close(timeout=2)
    return ""


async def _own_address(membership: Membership) -> str:
    """The address of this computer that leads to the scheduler: it listens there and nowhere else."""
    if membership.host in ("localhost", "127.0.0.1"):
        return "127.0.0.1"
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(membership.host, membership.port)
        )
    except OSError as error:
        raise Unreachable(f"There is no way to {membership.host}: {error.strerror or error}.") from error
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
