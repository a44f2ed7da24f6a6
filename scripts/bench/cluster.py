"""What our layer of a cluster adds to each job: `ClusterLink.make` against a bare `Client.submit` of the same bytes.

python3 scripts/bench/cluster.py [--jobs 1000] [--pictures 100]

One scheduler and one worker on loopback, one job after the other, as a machine gets them, in turns of 20. First jobs
without any work, then whole pictures of 64 × 64 by the sketch engine: checked, saved and with a record on the
operator's side.
Limit: 1.5 × for both. Needs the extra `cluster`.
"""

from __future__ import annotations

import argparse
import os
import queue
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from distributed import Client

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.runs.job import Job
from stablenew_tk.pipeline.cluster.assignment import Assignment
from stablenew_tk.pipeline.cluster.dask_settings import security
from stablenew_tk.pipeline.cluster.link import ClusterLink
from stablenew_tk.pipeline.cluster.machine import ClusterMachine
from stablenew_tk.pipeline.cluster.task import answer
from stablenew_tk.pipeline.cluster.wire import Hello, Make, Stop, to_bytes
from stablenew_tk.pipeline.ids_and_times import new_id
from stablenew_tk.pipeline.runner import JobContext, PipelineRunner
from stablenew_tk.storage.cluster.folder import ClusterFolder
from stablenew_tk.storage.cluster.pairing import invite, make_cluster, save_pairing
from stablenew_tk.storage.journal.writer import LearningRecordWriter

WORDS = "correct-horse-battery"
TURN = 20


def program(data: Path, *words: str) -> subprocess.Popen[str]:
    """A program of the cluster that has said that it is ready."""
    command = [sys.executable, "-m", "stablenew_tk", "--data-dir", str(data), *words]
    more = os.environ | {"STABLENEW_PASSPHRASE": WORDS}
    process = subprocess.Popen(command, env=more, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def timed(numbers: Iterable[int], one) -> list[float]:
    """Seconds of each call."""
    took = []
    for number in numbers:
        began = time.perf_counter()
        one(number)
        took.append(time.perf_counter() - began)
    return took


def in_turn(count: int, bare, ours) -> tuple[list[float], list[float]]:
    """Seconds of each call of both, in turns of 20: what else the computer does meanwhile is the same for both."""
    took: tuple[list[float], list[float]] = [], []
    for begin in range(0, count, TURN):
        numbers = range(begin, min(count, begin + TURN))
        # The other way round each time, so that none is always the first.
        both = ((took[0], bare), (took[1], ours))
        for times, one in both if begin // TURN % 2 else both[::-1]:
            times += timed(numbers, one)
    return took


def told(name: str, bare: list[float], ours: list[float]) -> bool:
    """Print a line; whether it is within the limit."""
    ratio = sum(ours) / sum(bare)
    parts = [f"{median(took) * 1000:.1f} ms (all {sum(took):.1f} s)" for took in (bare, ours)]
    print(f"{name}: bare {parts[0]}, ours {parts[1]}: {ratio:.2f} x, limit 1.5")
    return ratio <= 1.5


def main() -> int:
    """Measure; exit code 1 above the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--pictures", type=int, default=100)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        cluster = ClusterFolder(root / "operator" / "cluster")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        membership = make_cluster(cluster, "desk", "127.0.0.1", datetime.now(UTC), port)
        save_pairing(root / "pair", invite(cluster, "tower", WORDS, datetime.now(UTC)))
        processes = [
            program(root / "operator", "scheduler"),
            program(root / "tower", "worker", "--backend", "sketch", "--join", str(root / "pair")),
        ]
        link = ClusterLink(cluster, ())
        writer = LearningRecordWriter(root / "operator" / "journal")
        try:
            with Client(membership.address, security=security(cluster), set_as_default=False) as client:
                return measured(args, client, link, writer, root)
        finally:
            link.close()
            for process in processes:
                process.kill()
                process.wait(10)


def measured(args: argparse.Namespace, client: Client, link: ClusterLink, writer, root: Path) -> int:
    """Both comparisons."""
    hello = to_bytes(Hello())

    def bare(number: int) -> None:
        client.submit(answer, hello, key=f"bare-{number}", pure=False, resources={"GPU": 1}).result()

    def ours(number: int) -> None:
        stop = to_bytes(Stop("x"))
        link.make(Assignment(machine="tower", key=f"{number}", request=hello, stops=lambda: False, stop_request=stop))

    timed(range(-20, 0), bare)
    timed(range(-20, 0), ours)
    fine = told(f"{args.jobs} jobs without work", *in_turn(args.jobs, bare, ours))

    config = with_values(PipelineConfig(), {"txt2img.width": 64, "txt2img.height": 64})

    def job(number: int) -> Job:
        return Job(
            job_id=new_id(), run_id="r", run_name="r", index=number, pack_id="p", prompt_id="p", prompt="a boat",
            negative="", seed=number, config=config,
        )  # fmt: skip

    machine = ClusterMachine(lambda: link, "tower")
    events = queue.SimpleQueue()
    context = JobContext(outputs=root / "out", node="tower", emit=events.put, new_id=new_id, writer=writer)
    runner = PipelineRunner(machine, context)

    def bare_picture(number: int) -> None:
        request = to_bytes(Make(key=f"{number:064x}", job=job(number)))
        client.submit(answer, request, key=f"make-{number}", pure=False, resources={"GPU": 1}).result()

    def our_picture(number: int) -> None:
        assert runner.run(job(number)).status == "ok"

    timed(range(10_000, 10_003), bare_picture)
    timed(range(20_000, 20_003), our_picture)
    pictures = told(f"{args.pictures} pictures", *in_turn(args.pictures, bare_picture, our_picture))
    return 0 if fine and pictures else 1


if __name__ == "__main__":
    sys.exit(main())
