"""How busy several machines are kept, and what a slow one costs.

    python scripts/bench/nodes.py [--jobs 200] [--seconds 2] [--nodes 4] [--plan 1000]

Each machine is a backend that takes its seconds for every job and then gives a picture that was painted before, so it
needs no processor and only what lies between two jobs is seen. A node is idle from its first job to its last whenever
its backend does not work. The floor are bare threads that take from one queue and only ask the backend. As in a
terminal the main thread waits for news; `--tick 0.016` lets it look every 16 ms, as the window does while it is busy.

- busy: share of the time in which each node's backend worked, app and bare threads, same run
- slow: three fast nodes with and without one that is ten times slower: how much later the end is, in its own jobs
- plan: a Learning Run with as many steps whose jobs take no time: milliseconds of the app for each
"""

from __future__ import annotations

import argparse
import json
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stablenew_tk.app import controller as app
from stablenew_tk.app.engines.backend_for import Engines
from stablenew_tk.backends.base import Capabilities, StageOrder, StageProgress, StageResult
from stablenew_tk.backends.sketch.backend import Sketch
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Machine, Settings
from stablenew_tk.domain.prompts.pack import PackPrompt
from stablenew_tk.domain.prompts.variant import as_written
from stablenew_tk.domain.runs.job import RunRequest
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt
from stablenew_tk.pipeline.messages.jobs import CheckBackend

SMALL = with_values(PipelineConfig(), {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 1})
ORDER = StageOrder(job_id="", stage="txt2img", prompt="a boat", negative="", seed=1, config=SMALL)


class Sleeper:
    """A backend that takes `seconds` for every job. `spans` are begin and end of each, by the monotonic clock."""

    kind, name, version, device = Sketch.kind, Sketch.name, Sketch.version, Sketch.device
    picture: StageResult | None = None

    def __init__(self, seconds: float) -> None:
        self.seconds, self.spans = seconds, list[tuple[float, float]]()
        self._stop = threading.Event()
        Sleeper.picture = Sleeper.picture or Sketch().generate(ORDER)

    def check(self) -> Capabilities:
        return Sketch().check()

    def rescan(self) -> str:
        return ""

    def generate(self, _order: StageOrder) -> StageResult:
        began = time.monotonic()
        self._stop.wait(self.seconds)
        self.spans.append((began, time.monotonic()))
        assert Sleeper.picture is not None
        return Sleeper.picture

    def progress(self) -> StageProgress | None:
        return None

    def interrupt(self) -> None:
        self._stop.set()

    def close(self) -> None:
        self._stop.set()


def busy(sleeper: Sleeper) -> float:
    """Share of the time between the begin of its first job and the end of its last one in which it worked."""
    whole = sleeper.spans[-1][1] - sleeper.spans[0][0]
    return sum(end - begin for begin, end in sleeper.spans) / whole


def with_app(
    seconds: list[float], tick_s: float, start: Callable[[app.Controller], object]
) -> tuple[list[Sleeper], float]:
    """Let the app make what `start` queues on machines of these speeds; gives them, and how long it took."""
    made: list[Sleeper] = []

    def make(_order: CheckBackend) -> Sleeper:
        # The one that checks the backend in force is asked for nothing else.
        made.append(Sleeper(seconds[min(len(made), len(seconds) - 1)]))
        return made[-1]

    real, Engines.make = Engines.make, lambda _self, order: make(order)  # type: ignore[method-assign]  # until it ends
    with tempfile.TemporaryDirectory() as folder:
        machines = tuple(Machine("sketch") for _ in seconds[1:])
        controller = app.Controller(app.open_places(folder), Settings(machines=machines), keep_queue=False)
        try:
            controller.ask(app.LoadHistory())
            while controller.history is None or not controller.nodes.all_asked:
                controller.pump(0.05)
            began = time.monotonic()
            start(controller)
            while controller.running is not None or controller.queue:
                controller.pump(wait_s=0.0 if tick_s else 0.2)
                time.sleep(tick_s)
            took = time.monotonic() - began
        finally:
            controller.close()
            Engines.make = real  # type: ignore[method-assign]
    return [one for one in made if one.spans], took


def run_of(jobs: int) -> Callable[[app.Controller], object]:
    """A run of so many jobs."""
    prompts = tuple(PackPrompt(f"p{n}", f"p{n}", f"boat {n}", "", n) for n in range(jobs))
    request = RunRequest(pack_id="boats", variants=as_written(prompts), config=SMALL, seed=7)
    return lambda controller: controller.run(request)


def plan_of(steps: int) -> Callable[[app.Controller], object]:
    """A Learning Run of so many steps, ten values in each row."""
    plan = LearningPlan(
        plan_id="",
        name="CFG",
        focus_parameter="txt2img.cfg_scale",
        pack_id="boats",
        prompts=(PlanPrompt("p1", "a boat"),),
        base_config=SMALL,
        variant_values=tuple(float(2 + n) for n in range(10)),
        images_per_variant=min(100, max(1, steps // 10)),
        seeds=(),
    )
    return lambda controller: controller.learning.start(plan)


def bare(seconds: list[float], jobs: int) -> list[Sleeper]:
    """The same with threads that do nothing but ask their backend."""
    todo: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(jobs):
        todo.put(number)
    made = [Sleeper(one) for one in seconds]

    def work(sleeper: Sleeper) -> None:
        while not todo.empty():
            todo.get()
            sleeper.generate(ORDER)

    threads = [threading.Thread(target=work, args=(one,)) for one in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--plan", type=int, default=1000)
    parser.add_argument("--tick", type=float, default=0.0)
    wanted = parser.parse_args()
    even = [wanted.seconds] * wanted.nodes
    nodes, took = with_app(even, wanted.tick, run_of(wanted.jobs))
    floor = bare(even, wanted.jobs)
    report: dict[str, object] = {
        "busy": {
            "app": [round(busy(one), 4) for one in nodes],
            "bare threads": [round(busy(one), 4) for one in floor],
            "least": round(min(map(busy, nodes)), 4),
            "seconds": round(took, 1),
        }
    }
    print(json.dumps(report), file=sys.stderr, flush=True)
    fast = even[1:]
    _, alone = with_app(fast, wanted.tick, run_of(wanted.jobs))
    slow_s = wanted.seconds * 10
    four, together = with_app([*fast, slow_s], wanted.tick, run_of(wanted.jobs))
    report["slow"] = {
        "seconds without it": round(alone, 1),
        "seconds with it": round(together, 1),
        "later by, in its jobs": round(max(0.0, together - alone) / slow_s, 2),
        "jobs it made": len(four[-1].spans),
    }
    if wanted.plan:
        steps, took = with_app([0.0] * wanted.nodes, 0.0, plan_of(wanted.plan))
        count = sum(len(one.spans) for one in steps)
        report["plan"] = {"steps": count, "ms for each": round(1000 * took / count, 2)}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
