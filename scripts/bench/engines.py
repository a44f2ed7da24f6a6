"""What the app adds between the end of a job on the server and its record on disk, beside the least that any client
must do, and what a thousand jobs leave behind.

    python scripts/bench/engines.py [socket] [polling] [webui] [--jobs 40] [--many 1000]

The servers are those of the tests (tests/fake_comfyui.py, tests/fake_webui.py) in a process of their own, so they and
the clients do not wait for each other's interpreter. Their pictures have 1024 × 1536 pixels and the texture of real
ones. The bare clients do the least after which picture and record are surely kept: read the answer, decode the picture
once, write it, append a line, and force the file, its name and the line to the disk. App and bare client take turns,
and every figure is a ratio of medians of one run. Jobs take a random number of steps, so that they end anywhere between
two polls.

The second part makes many small jobs on each server and counts what the process holds before, on the way and after:
open files, sockets, threads, and resident memory.
"""

from __future__ import annotations

import argparse
import base64
import gc
import io
import itertools
import json
import multiprocessing
import os
import queue
import random
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import requests
from PIL import Image
from thumbnails import SIZE, picture

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stablenew_tk.backends.base import Backend, StageOrder
from stablenew_tk.backends.comfyui.backend import ComfyUI
from stablenew_tk.backends.comfyui.graphs import graph
from stablenew_tk.backends.comfyui.listener import Listener
from stablenew_tk.backends.comfyui.server import Server
from stablenew_tk.backends.transport import Connection, Limits, parse_address
from stablenew_tk.backends.webui.backend import WebUI
from stablenew_tk.domain.base.ids import ulid
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.journal.record import JournalLine
from stablenew_tk.domain.runs.job import Job
from stablenew_tk.pipeline.messages.jobs import JobEnded
from stablenew_tk.pipeline.runner import JobContext
from stablenew_tk.pipeline.workers import Inbox, Node
from stablenew_tk.storage.disk.files import sync_folder
from stablenew_tk.storage.journal.writer import LearningRecordWriter, SavedLine

DICE = random.Random(1)
STEP_S = 0.02
# Name: kind of server, whether it has a socket, how many times of a bare client the app may take.
WAYS = {"socket": ("comfyui", True, 1.2), "polling": ("comfyui", False, 1.6), "webui": ("webui", True, 1.05)}


# -- the servers, in a process of their own


def serve(kind: str, has_socket: bool, step_s: float, photos: bool, pipe: Pipe) -> None:
    """Run a server until the pipe is closed. "end" is answered with the time of the last job's end, "last" with the
    body of the last request for a picture.
    """
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
    import fake_comfyui
    import fake_webui

    ends = [0.0]

    class TimedComfyUI(fake_comfyui.FakeComfyUI):
        def tell(self, client_id: str, kind: str, data: dict) -> None:
            if kind == "executing" and data["node"] is None:
                ends[0] = time.monotonic()
            super().tell(client_id, kind, data)

    class TimedWebUI(fake_webui.FakeWebUI):
        def answer(self, method: str, path: str, query: dict, body: object, twist: str) -> object:
            done = super().answer(method, path, query, body, twist)
            if path.endswith("txt2img"):
                ends[0] = time.monotonic()
            return done

    if photos:
        negative = Image.open(io.BytesIO(picture(1, "PNG"))).convert("RGB")
        fake_comfyui.painted = lambda thing: marked(negative, thing.digest)
        fake_webui.pattern = partial(marked, negative)
    comfy = kind == "comfyui"
    made = TimedComfyUI(socket=has_socket, step_delay_s=step_s) if comfy else TimedWebUI(step_delay_s=step_s)
    with made as server:
        pipe.send(server.url)
        while (asked := pipe.recv()) != "stop":
            pipe.send(ends[0] if asked == "end" else next(one.body for one in reversed(server.posts)))
            if len(server.posts) > 50:
                server.posts.clear()


def marked(negative: Image.Image, sign: str, _size: object = None) -> Image.Image:
    """The picture with a corner that differs from job to job."""
    print_ = negative.copy()
    print_.paste(tuple(sign.encode()[-3:]), (0, 0, 8, 8))
    return print_


class Fake:
    """One server in a process of its own."""

    def __init__(self, kind: str, *, has_socket: bool = True, step_s: float = STEP_S, photos: bool = True) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=serve, args=(kind, has_socket, step_s, photos, theirs), daemon=True)
        self._process.start()
        self.kind, self.url = kind, self._pipe.recv()

    def ask(self, what: str) -> object:
        self._pipe.send(what)
        return self._pipe.recv()

    def stop(self) -> None:
        self._pipe.send("stop")
        self._process.join()


@contextmanager
def server(kind: str, **options: object):
    made = Fake(kind, **options)
    try:
        yield made
    finally:
        made.stop()


# -- the app, and clients that do the least


class Stamping:
    """A journal that notes when a line was on disk."""

    def __init__(self, folder: Path) -> None:
        self._writer = LearningRecordWriter(folder)
        self.at = 0.0

    def append(self, line: JournalLine) -> SavedLine:
        saved = self._writer.append(line)
        self.at = time.monotonic()
        return saved

    def append_all(self, lines: Sequence[JournalLine]) -> tuple[SavedLine, ...]:
        return tuple(map(self.append, lines))


def order_values() -> dict[str, object]:
    """Values of a job: its number of steps is by chance."""
    sides = {"txt2img.width": SIZE[0], "txt2img.height": SIZE[1]}
    return {"checkpoint": "ink_model", "txt2img.sampler": "Euler", "txt2img.steps": DICE.randrange(4, 30), **sides}


class App:
    """The app's own way: both threads of a node, a runner, the journal. `make` gives the time its record was kept."""

    def __init__(self, backend: Backend, folder: Path) -> None:
        self._numbers = itertools.count(1)
        self._inbox: Inbox = queue.SimpleQueue()
        self._journal = Stamping(folder / "journal")
        context = JobContext(
            outputs=folder / "outputs",
            node="bench",
            emit=self._inbox.put,
            new_id=lambda: ulid(1_790_000_000_000 + next(self._numbers), os.urandom(10)),
            writer=self._journal,
        )
        self.node = Node(backend, context, self._inbox, patient=False)

    def make(self, number: int, values: dict[str, object]) -> float:
        job = Job(
            job_id=f"{number:08d}", run_id="RUN", run_name="bench", index=number, pack_id="bench", prompt_id="boat",
            prompt="a red boat", negative="blur", seed=number, config=with_values(PipelineConfig(), values),
            record=True,
        )  # fmt: skip
        self.node.start(job)
        while not isinstance(event := self._inbox.get(), JobEnded):
            pass
        if event.record.status != "ok":
            raise SystemExit(f"a job failed: {event.record.error}")
        return self._journal.at

    def close(self) -> None:
        self.node.close()


class Bare:
    """Keeps pictures and lines for a bare client: the picture is decoded once, all is forced to the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True)
        self._lines = (folder / "records.jsonl").open("ab")

    def keep(self, number: int, data: bytes, about: object) -> float:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            image.load()
        with (self._folder / f"{number}.png").open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._folder)
        self._lines.write(json.dumps({"number": number, "about": about}).encode() + b"\n")
        self._lines.flush()
        os.fsync(self._lines.fileno())
        return time.monotonic()


def bare_comfyui(fake: Fake, folder: Path, *, poll_s: float) -> Callable[[int, dict[str, object]], float]:
    """A client of ComfyUI with a socket (`poll_s` 0), or one that asks for the queue and then for the history."""
    address = parse_address(fake.url)
    words = Server(Connection(address, Limits())).survey()
    kept = Bare(folder)

    def make(number: int, values: dict[str, object]) -> float:
        order = StageOrder(
            job_id="bare", stage="txt2img", prompt="a red boat", negative="blur", seed=number,
            config=with_values(PipelineConfig(), values),
        )  # fmt: skip
        sent = graph(order, words, prefix=f"bare-{number}")
        prompt_id, client_id = str(uuid.uuid4()), uuid.uuid4().hex
        listener = None if poll_s else Listener(address, client_id, connect_s=5)
        body = {"prompt": sent.prompt, "client_id": client_id, "prompt_id": prompt_id}
        requests.post(f"{fake.url}/prompt", json=body, timeout=60).raise_for_status()
        if listener is not None:
            while not _is_end(listener.receive(60).data, prompt_id):
                pass
            listener.close()
            found = requests.get(f"{fake.url}/history/{prompt_id}", timeout=60).json()
        else:
            while True:
                requests.get(f"{fake.url}/queue", timeout=60).json()
                if found := requests.get(f"{fake.url}/history/{prompt_id}", timeout=60).json():
                    break
                time.sleep(poll_s)
        (file,) = found[prompt_id]["outputs"][sent.output]["images"]
        data = requests.get(f"{fake.url}/view", params=file, timeout=60).content
        return kept.keep(number, data, found[prompt_id]["prompt"][2])

    return make


def _is_end(frame: bytes, prompt_id: str) -> bool:
    if not frame.startswith(b"{"):
        return False
    told = json.loads(frame)
    return told["type"] == "executing" and told["data"] == {"node": None, "prompt_id": prompt_id}


def bare_webui(fake: Fake, folder: Path) -> Callable[[int, dict[str, object]], float]:
    """A loop of requests with the body that the app has sent before."""
    kept, body = Bare(folder), dict(fake.ask("last"))

    def make(number: int, values: dict[str, object]) -> float:
        mine = body | {"seed": number, "steps": values["txt2img.steps"]}
        plain = {"Accept-Encoding": "identity"}  # packing pictures again takes the server longer than all the rest
        answer = requests.post(f"{fake.url}/sdapi/v1/txt2img", json=mine, headers=plain, timeout=60).json()
        return kept.keep(number, base64.b64decode(answer["images"][0]), json.loads(answer["info"]))

    return make


# -- the figures


def overhead(ways: list[str], jobs: int, folder: Path) -> dict[str, object]:
    """Milliseconds from the end on the server to the record on disk: medians of jobs that take turns."""
    found: dict[str, object] = {}
    for name in ways:
        kind, has_socket, limit = WAYS[name]
        with server(kind, has_socket=has_socket) as fake:
            app = App(ComfyUI(fake.url) if kind == "comfyui" else WebUI(fake.url), folder / name / "app")
            app.make(0, order_values())
            bare = (
                bare_webui(fake, folder / name / "bare")
                if kind == "webui"
                else bare_comfyui(fake, folder / name / "bare", poll_s=0.0 if has_socket else Limits().poll_s)
            )
            ours, theirs = turns(fake, jobs, app.make, bare)
            app.close()
        ratio = ours / theirs
        found[name] = {"app_ms": round(ours), "bare_ms": round(theirs), "ratio": round(ratio, 2), "limit": limit}
    return found


def turns(fake: Fake, jobs: int, *makes: Callable[[int, dict[str, object]], float]) -> list[float]:
    """Median milliseconds of each way to make a job."""
    taken: list[list[float]] = [[] for _ in makes]
    for number in range(1, jobs + 1):
        for nth in random.Random(number).sample(range(len(makes)), len(makes)):
            at = makes[nth](len(makes) * number + nth, order_values())
            taken[nth].append(1000 * (at - float(fake.ask("end"))))
    return [statistics.median(times) for times in taken]


def held() -> dict[str, int]:
    """What the process holds: open files and how many of them are sockets, threads, resident memory in KiB."""
    gc.collect()
    links = []
    for name in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:
            continue  # the folder itself
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:")]
    sockets = sum(link.startswith("socket:") for link in links)
    return {
        "files": len(links),
        "sockets": sockets,
        "threads": threading.active_count(),
        "memory_kib": int(line.split()[1]),
    }


def left_behind(ways: list[str], many: int, folder: Path) -> dict[str, object]:
    """What many jobs leave behind, on each server: after a tenth of them, half way, at the end, and after closing."""
    found: dict[str, object] = {}
    small = {"checkpoint": "ink_model", "txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 2}
    for name in ways:
        kind, has_socket, _ = WAYS[name]
        with server(kind, has_socket=has_socket, step_s=0.0, photos=False) as fake:
            quick = Limits(poll_s=0.01)
            begun = held()
            backend = ComfyUI(fake.url, limits=quick) if kind == "comfyui" else WebUI(fake.url, limits=quick)
            app = App(backend, folder / name)
            seen = {}
            for number in range(1, many + 1):
                app.make(number, small)
                if number in (many // 10, many // 2, many):
                    seen[number] = held()
            app.close()
            found[name] = {
                "before": begun,
                **{f"after {number}": what for number, what in seen.items()},
                "closed": held(),
            }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ways", nargs="*", default=list(WAYS), help=f"which of {', '.join(WAYS)}; all")
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--many", type=int, default=1000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = {}
        if wanted.jobs:
            report["from_end_to_record"] = overhead(wanted.ways, wanted.jobs, Path(folder))
        if wanted.many:
            report["left_behind"] = left_behind(wanted.ways, wanted.many, Path(folder) / "many")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
