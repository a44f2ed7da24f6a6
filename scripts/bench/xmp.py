"""Stars beside 10,000 pictures, written while the window is open. Prints one JSON document.

The gap is the time between two turns of the Tk loop, while nothing happens and while files are written, in the same
window. The files go through the disk, each with its fsync.

    xvfb-run -a .venv/bin/python scripts/bench/xmp.py [pictures]
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rated_journal import write_rated_journal  # noqa: E402

IDLE_S, LONGEST_S = 8.0, 600.0
_SLEEPER = """
import select, sys, time
last = time.perf_counter()
while not select.select([sys.stdin], [], [], 0)[0]:
    time.sleep(0.001)
    now = time.perf_counter()
    print((now - last) * 1000)
    last = now
"""


def prepare(places: object, count: int) -> None:
    """A journal of rated pictures and their files."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (64, 80), (90, 60, 120)).save(out, "PNG")
    places.outputs.mkdir(parents=True)
    places.cache.mkdir(parents=True)
    for number in range(count):
        (places.outputs / f"{number}.png").write_bytes(out.getvalue())
    write_rated_journal(
        places.journal, count, (64, 80), path_of=lambda number: f"{number}.png", prompt_of=lambda _number: "a boat"
    )


def gaps(window: object, over: object) -> dict[str, object]:
    """The times between the turns of the loop until `over()`, beside those of a process that only sleeps; `own_cpu` is
    what the Tk thread did itself in one turn. In ms.
    """
    beside = subprocess.Popen(
        [sys.executable, "-c", _SLEEPER], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    found, own, last, end = [], [], time.perf_counter(), time.monotonic() + LONGEST_S
    while not over() and time.monotonic() < end:
        began = time.thread_time()
        window.frame.update()
        own.append((time.thread_time() - began) * 1000)
        time.sleep(0.001)
        now = time.perf_counter()
        found.append((now - last) * 1000)
        last = now
    sleeper = [float(one) for one in beside.communicate("end\n")[0].split()]
    return {"wall": told(found), "own_cpu": told(own), "sleeper_wall": told(sleeper), "turns": len(found)}


def told(found: list[float]) -> dict[str, float]:
    ordered = sorted(found) or [0.0]
    return {"longest": round(ordered[-1], 1), "p99": round(ordered[int(len(ordered) * 0.99)], 1)}


def main() -> None:
    import msgspec

    from stablenew_tk.app.controller import Controller
    from stablenew_tk.domain.config.user_settings import Settings
    from stablenew_tk.gui.main_frame import MainFrame
    from stablenew_tk.gui.window import Window
    from stablenew_tk.storage.disk.places import find_places

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        places = find_places(folder, {}, None)
        prepare(places, count)
        controller = Controller(places, Settings(appearance="dark", welcome_done=True, geometry="1280x800"))
        window = Window(MainFrame(controller.settings), controller)
        for name in ("create", "learn", "insights", "models", "packs", "nodes", "settings"):
            window.page(name)
        window.show("review")
        gaps(window, lambda: controller.history is not None and not window.page("review").searching)
        settled = time.monotonic() + 10
        gaps(window, lambda: time.monotonic() > settled)
        quiet = time.monotonic() + IDLE_S
        idle = gaps(window, lambda: time.monotonic() > quiet)
        began = time.monotonic()
        controller.change_settings(msgspec.structs.replace(controller.settings, xmp="full"))
        busy = gaps(window, lambda: controller.xmp.written >= count)
        took = time.monotonic() - began
        again = time.monotonic()
        controller.xmp.go_on()
        second = gaps(window, lambda: not controller.xmp.whole)
        report = {
            "pictures": count,
            "written": controller.xmp.written,
            "seconds": round(took, 1),
            "gap_ms_idle": idle,
            "gap_ms_writing": busy,
            "looking_at_all_again_s": round(time.monotonic() - again, 1),
            "gap_ms_looking": second,
            "problems": controller.xmp.problems,
        }
        window.frame.destroy()
        controller.close()
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
