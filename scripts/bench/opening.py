"""What opening the app with Review costs over a journal on disk, and how long the window is deaf during a run.

Prints one JSON document. Every figure of `opening` is the median CPU of fresh processes, as a ratio to the app's empty
window in the same run; the checkpoint and thumbnails exist, as at any start but the first. `deaf_ms` are gaps between
two beats of a 5 ms heartbeat on the Tk thread, while a pack is made by the sketch engine in the same process (the
worst case: it paints with this machine's cores).

    xvfb-run -a -s "-screen 0 1280x800x24" .venv/bin/python scripts/bench/opening.py [repeats]
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

SIZES = (0, 100, 10_000, 100_000)
PER_RUN = 12


def write_journal(folder: Path, count: int) -> None:
    """A journal of `count` pictures and as many jobs, a dozen per run; all of them show one of six files."""
    import msgspec

    from stablenew_tk.backends.base import StageOrder
    from stablenew_tk.backends.sketch.backend import Sketch
    from stablenew_tk.domain.base.ids import ulid
    from stablenew_tk.domain.config.pipeline_config import PipelineConfig
    from stablenew_tk.domain.journal.record import BackendInfo, LearningRecord, Output
    from stablenew_tk.storage.journal.segments import with_crc

    words = ("sea boat", "mountain", "city night", "forest", "lighthouse", "cat")
    (folder / "outputs").mkdir(parents=True)
    (folder / "journal").mkdir()
    for number, prompt in enumerate(words):
        order = StageOrder(job_id="b", stage="txt2img", prompt=prompt, negative="", seed=7, config=PipelineConfig())
        (folder / "outputs" / f"{number}.png").write_bytes(Sketch().generate(order).images[0].data)
    config, backend = PipelineConfig(checkpoint="one"), BackendInfo(kind="sketch", name="Sketch")
    with (folder / "journal" / "records-000001.jsonl").open("wb") as out:
        for number in range(count):
            moment = 1_780_000_000_000 + number * 20_000
            path = f"{number % len(words)}.png"
            image_id = ulid(moment, number.to_bytes(10, "big"))
            output = Output(image_id=image_id, stage="txt2img", path=path, sha256="", width=512, height=512, seed=7)
            record = LearningRecord(
                event_id=ulid(moment, (1 << 70 | number).to_bytes(10, "big")),
                writer="bench",
                seq=number + 1,
                ts="2026-06-01T10:00:00.000Z",
                run_id=f"run {number // PER_RUN}",
                job_id=f"j{number}",
                pack_id="bench",
                prompt_id="p",
                prompt="",
                negative="",
                seed=7,
                stages=("txt2img",),
                config=config,
                backend=backend,
                status="ok",
                outputs=(output,),
            )
            out.write(with_crc(msgspec.json.encode(record)) + b"\n")


def open_app(folder: Path, page: str) -> float:
    """CPU ms of this process until the window shows the page with all thumbnails in sight: what is done in idle time
    after that, such as reading the texts for searches, is not counted.
    """
    began = time.process_time()
    from stablenew_tk.app.controller import Controller, open_places
    from stablenew_tk.domain.config.user_settings import Settings
    from stablenew_tk.gui.main_frame import MainFrame
    from stablenew_tk.gui.window import Window

    settings = Settings(appearance="dark", welcome_done=True, geometry="1280x800+0+0")
    window = Window(MainFrame(settings), Controller(open_places(str(folder)), settings))
    if page == "review":
        window.show("review")
    gc.freeze()  # as the program does
    end, quiet, spent = time.monotonic() + 60, 0, 0.0
    while time.monotonic() < end and quiet < 25:
        window.frame.update()
        review = window.page("review") if page == "review" else None
        busy = window.controller.history is None or (
            review is not None and (review.searching or review.pictures.is_waiting)
        )
        quiet = 0 if busy else quiet + 1
        if quiet < 2:
            spent = (time.process_time() - began) * 1000
        time.sleep(0.01)
    window.leave()
    return spent


def deaf(folder: Path) -> list[float]:
    """Gaps in ms between heartbeats of the Tk thread while the starter pack is made twice, on Create and on Review."""
    from stablenew_tk.app.controller import Controller, open_places
    from stablenew_tk.domain.config.pipeline_config import PipelineConfig
    from stablenew_tk.domain.config.user_settings import Settings
    from stablenew_tk.domain.prompts.variant import as_written
    from stablenew_tk.domain.runs.job import RunRequest
    from stablenew_tk.gui.main_frame import MainFrame
    from stablenew_tk.gui.window import Window
    from stablenew_tk.storage.packs.catalog import ensure_starter
    from stablenew_tk.storage.packs.reader import load_pack

    places = open_places(str(folder))
    ensure_starter(places.packs)
    pack = load_pack(places.packs / "starter.txt")
    settings = Settings(appearance="dark", welcome_done=True, geometry="1280x800+0+0")
    window = Window(MainFrame(settings), Controller(places, settings))
    window.show("review")
    gaps: list[float] = []
    state = {"last": 0.0}

    def beat() -> None:
        now = time.perf_counter()
        if state["last"]:
            gaps.append((now - state["last"]) * 1000 - 5)
        state["last"] = now
        window.frame.after(5, beat)

    for page in ("create", "review"):
        window.show(page)
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            window.frame.update()
            time.sleep(0.002)
        if not gaps:
            beat()
        state["last"] = 0.0
        window.controller.run(
            RunRequest(pack_id="starter", variants=as_written(pack.prompts), config=PipelineConfig(), seed=3)
        )
        while window.controller.running is not None or window.controller.queue:
            window.frame.tk.dooneevent(0)
    window.leave()
    return gaps


def child(what: str, folder: str, page: str) -> None:
    """One measurement in this process."""
    print(json.dumps(deaf(Path(folder)) if what == "deaf" else open_app(Path(folder), page)))


def measured(what: str, folder: Path, page: str) -> list[float] | float:
    """One measurement in a fresh process."""
    command = [sys.executable, __file__, what, str(folder), page]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: list[float] | float = json.loads(done.stdout.splitlines()[-1])
    return answer


def main(repeats: int) -> None:
    """All sizes in turn, then the run."""
    with tempfile.TemporaryDirectory() as temporary:
        folders = {count: Path(temporary) / str(count) for count in SIZES}
        for count, folder in folders.items():
            write_journal(folder, count)
            measured("open", folder, "review")  # makes checkpoint and thumbnails
        cpu: dict[str, list[float]] = {}
        for _ in range(repeats):
            cpu.setdefault("empty", []).append(float(measured("open", folders[0], "create")))  # type: ignore[arg-type]
            for count in SIZES[1:]:
                cpu.setdefault(str(count), []).append(float(measured("open", folders[count], "review")))  # type: ignore[arg-type]
        middle = {name: statistics.median(values) for name, values in cpu.items()}
        gaps = sorted(measured("deaf", folders[10_000], "review"))  # type: ignore[arg-type]
    print(
        json.dumps(
            {
                "opening_cpu_ms": {name: round(value, 1) for name, value in middle.items()},
                "review_10000_by_empty_window": round(middle["10000"] / middle["empty"], 2),
                "review_100_by_10000": round(middle["100"] / middle["10000"], 2),
                "review_100000_by_10000": round(middle["100000"] / middle["10000"], 2),
                "deaf_ms": {
                    "beats": len(gaps),
                    "p50": round(gaps[len(gaps) // 2], 1),
                    "p99": round(gaps[int(len(gaps) * 0.99)], 1),
                    "max": round(gaps[-1], 1),
                },
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        child(*sys.argv[1:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
