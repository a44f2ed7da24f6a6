"""A worker of a cluster as it should not be. It has a certificate of the cluster, so it is let in; `python
tests/bad_worker.py --data-dir DIR --join FILE --manner lies`. With `--in-turn` every job gets the next of its lies, and
after the last one it is honest; else it is honest at random.

- `lies`: what it answers is cut off, is of another job, has no pictures, damaged ones, or those of another seed or
  size, is no bytes at all, or an exception of any kind
- `late`: it holds what it finished for some seconds, longer than the operator waits for a machine that is away
- `twice`: it tells the scheduler of each finished job twice, later once more, and under the ids of earlier attempts

Several in one process are told apart by "+": `--data-dir a --manner lies + --data-dir b --manner late`. The passphrase
comes from the environment, as for the real program.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from distributed import Worker, get_worker
from distributed import __version__ as distributed_version
from distributed.scheduler import KilledWorker
from msgspec.structs import replace

from stablenew_tk.backends.sketch.backend import Sketch
from stablenew_tk.domain.base.errors import InvalidInput, Unreachable
from stablenew_tk.pipeline.cluster import task
from stablenew_tk.pipeline.cluster.dask_settings import security, use_settings
from stablenew_tk.pipeline.cluster.wire import JobAnswer, answer_of, own_versions, to_bytes
from stablenew_tk.pipeline.cluster.worker import tags_of
from stablenew_tk.pipeline.cluster.worker_jobs import WorkerJobs
from stablenew_tk.storage.cluster.folder import ClusterFolder, in_brackets
from stablenew_tk.storage.cluster.pairing import join

MANNERS = ("lies", "late", "twice")
LATE_S = (1.0, 16.0)  # --late-s replaces it, for every job


def _raised(error: BaseException) -> Callable[[JobAnswer, bytes], object]:
    def twist(_made: JobAnswer, _data: bytes) -> object:
        raise error

    return twist


def _picture(**changes: object) -> Callable[[JobAnswer, bytes], object]:
    def twist(made: JobAnswer, _data: bytes) -> object:
        result = made.results[0]
        image = replace(result.images[0], **changes)
        return to_bytes(replace(made, results=(replace(result, images=(image,)), *made.results[1:])))

    return twist


LIES: tuple[Callable[[JobAnswer, bytes], object], ...] = (
    lambda _made, data: data[: len(data) // 2],
    lambda _made, _data: b"",
    lambda _made, _data: 7,
    lambda _made, _data: "pictures",
    lambda made, _data: to_bytes(replace(made, key="0" * 64)),
    lambda made, _data: to_bytes(replace(made, results=())),
    lambda made, _data: to_bytes(replace(made, kind="webui")),
    lambda made, _data: to_bytes(replace(made, results=(replace(made.results[0], images=()),))),
    _picture(data=b"no picture"),
    _picture(width=9999),
    _picture(seed=8),
    _picture(suffix=".exe"),
    _raised(RuntimeError("broken")),
    _raised(ValueError("broken")),
    _raised(InvalidInput("broken", "seed")),
    _raised(Unreachable("broken")),
    _raised(asyncio.CancelledError()),
    _raised(KeyError("broken")),
    _raised(TimeoutError()),
    _raised(KilledWorker("broken", None, 1)),
)


class BadWorker(Worker):
    """Tells the scheduler more than once that a job is finished, where `doubles` says so."""

    doubles = False
    earlier: tuple[str, ...] = ()

    def batched_send(self, msg: dict) -> None:
        super().batched_send(msg)
        if self.doubles and msg.get("op") == "task-finished":
            super().batched_send(msg)
            for key in self.earlier:
                super().batched_send(msg | {"key": key})
            self.earlier = (*self.earlier[-2:], msg["key"])
            self.loop.call_later(1.0, super().batched_send, msg)

    def start_http_server(self, *_args: object, **_more: object) -> None:
        """Nothing, as in the real worker."""


def answering(jobs: WorkerJobs, args: argparse.Namespace) -> Callable[[bytes], bytes]:
    """What it does with a request."""
    manner, dice = args.manner, random.Random(args.seed)
    before: list[bytes] = []
    turns = iter(LIES)

    def answer(request: bytes) -> bytes:
        data = jobs.answer(request)
        made = answer_of(data, "")
        if not isinstance(made, JobAnswer) or not made.results:
            return data
        if manner == "late" and (args.late_s or dice.random() < 0.4):
            say("holds its answer back")
            time.sleep(args.late_s or dice.uniform(*LATE_S))
            say("answers")
        if args.in_turn and manner == "lies":
            twist = next(turns, None)
            return twist(made, data) if twist else data  # type: ignore[return-value]  # that is the point
        if manner != "lies" or dice.random() < 0.4:
            return data
        old = (lambda _made, _data: before[0],) if before else ()
        before[:] = [data]
        return dice.choice((*LIES, *old))(made, data)  # type: ignore[return-value]  # that is the point

    return answer


async def work(folder: ClusterFolder, tags: dict[str, float], *, doubles: bool) -> None:
    """Connect again and again."""
    use_settings()
    membership = folder.membership()
    told = False
    while True:
        worker = BadWorker(
            membership.address,
            name=membership.name,
            nthreads=2,
            resources=tags,
            security=security(folder),
            host=in_brackets(membership.host),
            protocol="tls",
            dashboard=False,
            heartbeat_interval="5s",
            death_timeout=30,
            memory_limit=0,
            local_directory=str(folder.folder / "dask"),
        )
        worker.doubles = doubles
        try:
            await worker
            if not told:
                say(f"ready {membership.name}")
                told = True
            await worker.finished()
        except (OSError, RuntimeError, ValueError, TimeoutError):
            pass
        await worker.close(timeout=2)
        await asyncio.sleep(1.0)


def say(line: str) -> None:
    """A line for whoever started it."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(words: list[str]) -> int:
    """Work until it is killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--join", type=Path)
    parser.add_argument("--manner", choices=MANNERS, required=True)
    parser.add_argument("--in-turn", action="store_true")
    parser.add_argument("--late-s", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sketch-pace", type=float, default=0.0)
    answers: dict[str, Callable[[bytes], bytes]] = {}
    workers = []
    for is_plus, group in itertools.groupby(words, lambda word: word == "+"):
        if is_plus:
            continue
        args = parser.parse_args(list(group))
        folder = ClusterFolder(args.data_dir / "cluster")
        if args.join:
            join(folder, args.join, os.environ["STABLENEW_PASSPHRASE"], datetime.now(UTC))
        name, backend = folder.membership().name, Sketch(args.sketch_pace)
        jobs = WorkerJobs(backend, folder.folder, name, own_versions(distributed_version))
        answers[name] = answering(jobs, args)
        workers.append((folder, tags_of(backend, name), args.manner == "twice"))
    task.serve(lambda request: answers[get_worker().name](request))

    async def all_of_them() -> None:
        await asyncio.gather(*(work(folder, tags, doubles=doubles) for folder, tags, doubles in workers))

    asyncio.run(all_of_them())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
