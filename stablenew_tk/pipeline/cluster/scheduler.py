"""The scheduler of a cluster as a program of its own: it listens at one address, to machines of the cluster only."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from distributed import Scheduler

from ...domain.base.errors import InvalidInput
from ...storage.cluster.folder import ClusterFolder
from .dask_settings import security, use_settings


def run_scheduler(
    folder: ClusterFolder, ready: Callable[[str], None], *, is_child: bool, worker_ttl_s: float = 0.0
) -> None:
    """Run until SIGTERM, SIGINT, or as a child until the standard input ends: that is when its parent is gone.

    `ready(address)` is called as soon as machines can connect. A machine that says nothing for `worker_ttl_s` counts as
    dead, 0 = as `dask_settings` says. Raises InvalidInput where the address cannot be used.
    """
    use_settings(**({"distributed.scheduler.worker-ttl": f"{worker_ttl_s}s"} if worker_ttl_s else {}))
    asyncio.run(_scheduling(folder, ready, is_child))


class _OnlyScheduler(Scheduler):  # type: ignore[misc]  # Dask has no types
    def start_http_server(self, *_args: object, **_more: object) -> None:
        """Nothing: it would listen without encryption, also where there is no dashboard."""


async def _scheduling(folder: ClusterFolder, ready: Callable[[str], None], is_child: bool) -> None:
    membership = folder.membership()
    ends = asyncio.Event()
    _heed_signals(ends)
    try:
        scheduler = await _OnlyScheduler(
            host=membership.host,
            port=membership.port,
            protocol="tls",
            security=security(folder),
            dashboard=False,
            http_prefix="",
        )
    except OSError as error:
        raise InvalidInput(
            f"The scheduler cannot listen at {membership.address}: {error.strerror or error}. Is another one running, "
            "or has this computer another address now? Then make the cluster anew: cluster init --again --host ADDRESS."
        ) from error
    async with scheduler:
        ready(membership.address)
        if is_child:
            await _until_input_ends(ends)
        else:
            await ends.wait()


def _heed_signals(ends: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Windows has no such way; there the process is ended.
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, ends.set)


async def _until_input_ends(ends: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    reading = loop.run_in_executor(None, sys.stdin.buffer.read)
    waiting = asyncio.ensure_future(ends.wait())
    await asyncio.wait({reading, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not reading.done():
        # The thread that reads cannot be woken.
        os._exit(0)
