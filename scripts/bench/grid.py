"""How much the Review page costs with 100, 10,000 and 100,000 pictures. Prints one JSON document.

Every number is the median of several fresh processes, taken in turn. CPU is that of the whole process, thumbnails
included: they come as real JPEG files' bytes through the desk thread, as in the app, but from memory instead of disk.

    .venv/bin/python scripts/bench/grid.py [repeats]
"""

from __future__ import annotations

import io
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
START_MS = 1_780_000_000_000
SETTLE_S = 20.0


def jpegs(edge: int) -> list[bytes]:
    """A few thumbnails with enough detail to cost what real ones cost."""
    from PIL import Image

    made = []
    for number in range(24):
        noise = Image.effect_noise((60, 88), 60).resize((round(edge * 832 / 1216), edge))
        tint = Image.new("RGB", noise.size, (number * 10, 90, 250 - number * 10))
        out = io.BytesIO()
        Image.blend(tint, Image.merge("RGB", (noise, noise, noise)), 0.4).save(out, "JPEG", quality=85)
        made.append(out.getvalue())
    return made


class MemoryCache:
    """Stands in for the thumbnail cache on disk."""

    def __init__(self) -> None:
        # Those that are asked for at this size of the window; to make them is no work of the app.
        self._jpegs: dict[int, list[bytes]] = {edge: jpegs(edge) for edge in range(152, 193, 8)}

    def get(self, image_id: str, edge: int) -> bytes:
        if edge not in self._jpegs:
            self._jpegs[edge] = jpegs(edge)
        return self._jpegs[edge][hash(image_id) % 24]


def history_of(count: int):
    """A history of `count` pictures, a dozen per run, one in three unrated."""
    from datetime import UTC, datetime

    from stablenew_tk.domain.base.ids import ulid
    from stablenew_tk.domain.config.pipeline_config import PipelineConfig
    from stablenew_tk.domain.journal.history import History
    from stablenew_tk.domain.journal.position import Position
    from stablenew_tk.domain.journal.record import BackendInfo, Feedback, LearningRecord, Output
    from stablenew_tk.pipeline.ids_and_times import utc_text

    history, config, backend = History(), PipelineConfig(checkpoint="one"), BackendInfo(kind="webui", name="bench")
    for number in range(count):
        moment = START_MS + number * 20_000
        ts = utc_text(datetime.fromtimestamp(moment / 1000, UTC))
        image_id = ulid(moment, number.to_bytes(10, "big"))
        output = Output(image_id=image_id, stage="txt2img", path="a.png", sha256="", width=832, height=1216, seed=1)
        history.fold(
            LearningRecord(
                event_id=ulid(moment, (1 << 70 | number).to_bytes(10, "big")),
                ts=ts,
                run_id=f"run {number // PER_RUN}",
                job_id="j",
                pack_id="Rain city",
                prompt_id="p",
                prompt="",
                negative="",
                seed=1,
                stages=("txt2img",),
                config=config,
                backend=backend,
                status="ok",
                outputs=(output,),
            ),
            Position(1, number * 900, 900),
        )
        if number % 3:
            said = ulid(moment + 1, number.to_bytes(10, "big"))
            history.fold(
                Feedback(event_id=said, ts=ts, image_id=image_id, rating=number % 5 + 1), Position(2, number, 1)
            )
    return history


class Bench:
    """The app's controller over a history in memory."""

    def __init__(self, count: int, folder: str) -> None:
        from stablenew_tk.app.controller import Controller
        from stablenew_tk.domain.config.user_settings import Settings
        from stablenew_tk.pipeline import desk
        from stablenew_tk.pipeline.messages.journal import HistoryLoaded
        from stablenew_tk.storage.disk.places import find_places

        places = find_places(folder, {}, None)
        places.cache.mkdir(parents=True, exist_ok=True)
        history = history_of(count)
        self.count = count
        cache = MemoryCache()
        desk.ThumbnailCache = lambda *_where: cache
        self.controller = Controller(places, Settings(appearance="dark", welcome_done=True, geometry="1280x800"))
        loaded = HistoryLoaded(history=history, recent=(), waiting=(), damaged=0, newer=0)
        self.controller.open = lambda: self.controller.inbox.put(loaded)
        self.root = None

    def page_alone(self) -> float:
        """CPU ms until the Review page stands in an otherwise empty window with every thumbnail in sight."""
        import customtkinter

        from stablenew_tk.gui.review.page import ReviewPage
        from stablenew_tk.gui.widgets import theme

        began = time.process_time()
        self.root = customtkinter.CTk()
        self.root.geometry("1204x712+0+0")
        theme.apply(self.root, "dark")
        self.page = ReviewPage(self.root, self.controller)
        self.page.pack(fill="both", expand=True)
        self.controller.subscribe(self.page.on_event)
        self.controller.open()
        self.settle()
        return (time.process_time() - began) * 1000

    def app(self, page: str) -> float:
        """CPU ms until the app's window shows this page, ready."""
        from stablenew_tk.gui.main_frame import MainFrame
        from stablenew_tk.gui.window import Window

        began = time.process_time()
        self.root = MainFrame(self.controller.settings)
        window = Window(self.root, self.controller)
        if page == "review":
            window.show("review")
            self.page = window.page("review")
            self.settle()
        else:
            self.idle(20)
        return (time.process_time() - began) * 1000

    def idle(self, rounds: int) -> None:
        for _ in range(rounds):
            self.controller.pump()
            self.root.update()
            time.sleep(0.01)

    def settle(self) -> None:
        """Until everything in sight is drawn."""
        end = time.monotonic() + SETTLE_S
        page = self.page
        while time.monotonic() < end:
            self.controller.pump()
            self.root.update()
            shown = len(page.pictures.picked.rows) if self.count else 1
            busy = page.searching or page.pictures.is_waiting
            if self.controller.history is not None and shown and not busy:
                return
            time.sleep(0.004)
        raise SystemExit("the page did not settle")

    def rest(self) -> None:
        """Until the other threads have nothing to do: the first search is prepared while nobody asks for it."""
        end, before = time.monotonic() + SETTLE_S, -1.0
        while time.monotonic() < end and time.process_time() - time.thread_time() > before + 0.001:
            before = time.process_time() - time.thread_time()
            self.idle(30)

    def scroll_steps(self, steps: int = 90) -> list[float]:
        """CPU ms of each turn of the wheel, new thumbnails included."""
        taken = []
        for _ in range(steps):
            began = time.process_time()
            self.page.pictures.canvas.event_generate("<Button-5>")
            self.settle()
            taken.append((time.process_time() - began) * 1000)
        return taken

    def bare_row(self) -> float:
        """CPU ms of the least a row of new thumbnails can cost: decode, make Tk pictures, put them on a canvas."""
        from stablenew_tk.gui.widgets.thumbnails import edge_for, fitted

        layout, canvas = self.page.pictures.layout, self.page.pictures.canvas
        spot = layout.spot(0)
        box = (spot.width - 4, spot.height - 28)
        taken, row = [], jpegs(edge_for(box))[: layout.row_step(0, 1)]
        for _ in range(15):
            began = time.process_time()
            photos = [fitted(jpeg, box) for jpeg in row]
            made = [canvas.create_image(n * 100, 100, image=photo) for n, photo in enumerate(photos)]
            self.root.update()
            taken.append((time.process_time() - began) * 1000)
            canvas.delete(*made)
            self.root.update()
        return statistics.median(taken)

    def longest_block(self) -> float:
        """Most CPU ms the Tk thread spends without looking at its events, while scrolling, jumping and rating."""
        grid, root = self.page.pictures, self.root
        longest, last = 0.0, time.thread_time()
        grid.canvas.focus_force()
        keys = ["<Button-5>"] * 30 + ["<End>", "<Home>", "<Next>"] * 4 + list("345123451234512") + ["<Control-z>"] * 3
        for key in keys:
            grid.canvas.event_generate(key if key.startswith("<") else f"<Key-{key}>")
            for _ in range(12):
                self.controller.pump()
                longest, last = max(longest, time.thread_time() - last), time.thread_time()
                root.tk.dooneevent(2)  # one event at most, without waiting
                longest, last = max(longest, time.thread_time() - last), time.thread_time()
                time.sleep(0.001)
        return longest * 1000


def child(kind: str, count: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(count, folder)
        result: dict[str, object] = {}
        if kind == "page":
            result["open_ms"] = bench.page_alone()
            if count > 100:
                bench.rest()
                result["steps"] = bench.scroll_steps()
                result["block_ms"] = bench.longest_block()
                result["bare_row_ms"] = bench.bare_row()
        else:
            result["open_ms"] = bench.app(kind)
        bench.controller.close()
        return result


def measured(repeats: int) -> dict[tuple[str, int], list[dict]]:
    cases = [("page", count) for count in SIZES] + [("create", 0), ("review", 10_000)]
    found: dict[tuple[str, int], list[dict]] = {case: [] for case in cases}
    for _ in range(repeats):
        for kind, count in cases:
            done = subprocess.run(
                [sys.executable, __file__, "--child", kind, str(count)], capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(done.stderr)
            found[kind, count].append(json.loads(done.stdout))
    return found


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found = measured(repeats)
    opened = {case: statistics.median(one["open_ms"] for one in runs) for case, runs in found.items()}
    base = opened["page", 10_000]
    report: dict[str, object] = {
        "open_cpu_ms": {f"{kind} {count}": round(ms, 1) for (kind, count), ms in opened.items()},
        "review_10000_by_empty_app_window": round(opened["review", 10_000] / opened["create", 0], 2),
        "page_10000_by_empty_page": round(base / opened["page", 0], 2),
        "page_100_by_10000": round(opened["page", 100] / base, 2),
        "page_100000_by_10000": round(opened["page", 100_000] / base, 2),
    }
    for count in (10_000, 100_000):
        steps = sorted(step for one in found["page", count] for step in one["steps"])
        blocks = [one["block_ms"] for one in found["page", count]]
        report[f"scroll_step_cpu_ms_{count}"] = {
            "p50": round(statistics.median(steps), 2),
            "p95": round(steps[int(len(steps) * 0.95)], 2),
            "bare_row": round(statistics.median(one["bare_row_ms"] for one in found["page", count]), 2),
        }
        report[f"longest_tk_block_cpu_ms_{count}"] = round(statistics.median(blocks), 1)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(child(sys.argv[2], int(sys.argv[3]))))
    else:
        main()
