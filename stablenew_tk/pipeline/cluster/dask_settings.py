"""The settings of Dask that a cluster depends on, with the reason of each, and its certificates."""

from __future__ import annotations

import logging

import dask
from distributed import Security

from ...storage.cluster.folder import ClusterFolder

_SETTINGS = {
    "distributed.comm.require-encryption": True,
    "distributed.comm.tls.min-version": 1.3,
    # With the usual 30 s a fetch from a worker that died may stall for that long.
    "distributed.comm.timeouts.connect": "5s",
    "distributed.comm.timeouts.tcp": "15s",
    # For a Wi-Fi that drops for a moment.
    "distributed.comm.retry.count": 2,
    # A machine that sleeps is noticed after one to two minutes; usually after five to ten.
    "distributed.scheduler.worker-ttl": "60s",
    # A job that ends its worker does it twice, not four times.
    "distributed.scheduler.allowed-failures": 1,
    # A job is for one machine, which has its checkpoint loaded.
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.worker-saturation": 1.0,
    # The worker holds one job. Ending it for its memory would need a nanny, which is not used.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    # Progress carries small pictures, and the scheduler keeps the latest events.
    "distributed.admin.low-level-log-length": 50,
}


def use_settings(**more: object) -> None:
    """Put them in force for this process, with others for tests."""
    dask.config.set(_SETTINGS)
    # What goes wrong is told in sentences; its own tracebacks would stand between them.
    for name in ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if more:
        dask.config.set(more)


def security(folder: ClusterFolder) -> Security:
    """Both ends show a certificate of the cluster's authority, or there is no connection. There is no other way."""
    pair = {
        f"tls_{role}_{part}": str(path)
        for role in ("client", "scheduler", "worker")
        for part, path in (("cert", folder.certificate), ("key", folder.key))
    }
    return Security(require_encryption=True, tls_ca_file=str(folder.authority), **pair)
