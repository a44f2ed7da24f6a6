"""The scheduler of a cluster as a program of its own: it listens at one address, to machines of the cluster only."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from distributed import Scheduler

from ...domain.base.errors import InvalidInput
from ...storage.cluster.folder import ClusterFolder, in_brackets
from .dask_settings import security, use_settings
from .reach import until_changed


def run_scheduler(
    folder: ClusterFolder, ready: Callable[[str], None], *, is_child: bool, worker_ttl_s: float = 0.0
) -> None:
    """Run until SIGTERM, SIGINT, or as a child until the standard input ends: that is when its parent is gone.

    `ready(address)` is called as soon as machines can connect. A machine that says nothing for `worker_ttl_s` counts as
    dead, 0 = as `dask_settings` says. When the cluster gets new keys it goes on with those. Raises InvalidInput where
    the address cannot be used, and on a computer that is not the operator.
    """
    use_settings(**({"distributed.scheduler.worker-ttl": f"{worker_ttl_s}s"} if worker_ttl_s else {}))
    asyncio.run(_scheduling(folder, ready, is_child))


class ClusterScheduler(Scheduler):  # type: ignore[misc]  # Dask has no types
    """Dask's scheduler without its web pages, and with a clock that may be set while it runs."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._ahead = time.time() - time.monotonic()

    def start_http_server(self, *_args: object, **_more: object) -> None:
        """Nothing: it would listen without encryption, also where there is no dashboard."""

    async def check_worker_ttl(self) -> None:
        """Give up the machines that were silent for too long.

        Dask tells that by the clock on the wall: set forward, or after a sleep of this computer, all machines would be
        given up with their jobs; set back, none would be for hours.
        """
        now, before = time.time(), self._ahead
        self._ahead = now - time.monotonic()
        for one in self.workers.values():
            one.last_seen = min(now, one.last_seen + max(0.0, self._ahead - before))
        await super().check_worker_ttl()


async def _scheduling(folder: ClusterFolder, ready: Callable[[str], None], is_child: bool) -> None:
    ends = asyncio.Event()
    _heed_signals(ends)
    if is_child:
        _heed_input(ends)
    while not ends.is_set():
        await _with_these_keys(folder, ready, ends)


async def _with_these_keys(folder: ClusterFolder, ready: Callable[[str], None], ends: asyncio.Event) -> None:
    """Run until it is to end, or until the cluster has new keys or another address: that ends all connections."""
    stamp, membership = folder.stamp(), folder.operator()
    bond = folder.bond()
    try:
        scheduler = await ClusterScheduler(
            host=in_brackets(membership.host),
            port=membership.port,
            protocol="tls",
            security=security(folder),
            dashboard=False,
            http_prefix="",
        )
    except OSError as error:
        raise InvalidInput(
            f"The scheduler cannot listen at {membership.address}: {error.strerror or error}. Is another one running, "
            f"or has this computer another address now? Then tell it and all machines: cluster move ADDRESS."
        ) from error
    async with scheduler:
        ready(membership.address)
        ending, changing = asyncio.ensure_future(ends.wait()), asyncio.ensure_future(until_changed(folder, bond, stamp))
        await asyncio.wait({ending, changing}, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        changing.cancel()


def _heed_signals(ends: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Windows has no such way; there the process is ended.
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, ends.set)


def _heed_input(ends: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def read() -> None:
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        with suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(ends.set)

    # The thread cannot be woken, so nothing waits for it.
    threading.Thread(target=read, name="input", daemon=True).start()
