"""The clock of the operator's computer is set while machines are connected: nobody is given up for that, or kept."""

from __future__ import annotations

import asyncio
import time

import pytest

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytest.importorskip("cryptography", reason="the extra `cluster` is not installed")

import dask
import distributed.scheduler
from distributed import Worker

from stablenew_tk.pipeline.cluster.scheduler import ClusterScheduler

TTL_S = 60.0


@pytest.fixture
def clock(monkeypatch):
    """Sets the clock on the wall by so many seconds."""
    real, by = time.time, [0.0]

    def told():
        return real() + by[0]

    def set_by(seconds):
        by[0] += seconds

    monkeypatch.setattr(time, "time", told)
    monkeypatch.setattr(distributed.scheduler, "time", told)
    return set_by


def machines_left(*happens):
    """How many of two machines are left after each thing that happens."""

    async def watched():
        own = {"protocol": "tcp", "host": "127.0.0.1", "dashboard": False}
        async with ClusterScheduler(port=0, **own) as scheduler:
            more = {"nthreads": 1, "heartbeat_interval": "100s", "memory_limit": 0, **own}
            async with Worker(scheduler.address, name="a", **more), Worker(scheduler.address, name="b", **more):
                left = []
                for one in happens:
                    one(scheduler)
                    await scheduler.check_worker_ttl()
                    left.append(len(scheduler.workers))
                return left

    settings = {
        "distributed.comm.require-encryption": False,
        "distributed.scheduler.worker-ttl": f"{TTL_S}s",
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.target": False,
    }
    with dask.config.set(settings):
        return asyncio.run(watched())


def silent(seconds):
    """One of the machines says nothing for so long, by its own and by everybody's clock."""

    def happens(scheduler):
        next(iter(scheduler.workers.values())).last_seen -= seconds

    return happens


def test_a_clock_that_is_set_forward_gives_up_nobody(clock):
    assert machines_left(lambda _: clock(3600), lambda _: clock(50_000_000)) == [2, 2]


def test_who_is_silent_is_given_up_whatever_was_done_to_the_clock(clock):
    assert machines_left(silent(TTL_S + 5)) == [1]
    assert machines_left(lambda _: clock(3600), silent(TTL_S + 5)) == [2, 1]
    assert machines_left(lambda _: clock(-3600), silent(TTL_S + 5)) == [2, 1]
