"""Models with 10,000 LoRA files and 100,000 rated pictures: how long until the columns are known. Prints one JSON.

`columns_s` is the time from the page's being shown until its columns are filled; the window works meanwhile: `turn_ms`
is what the Tk thread itself did in one turn of its loop (CPU), `count_cpu_ms` what the thread of the models did for one
count. `kept_count_s` is the same after another rating.

    xvfb-run -a .venv/bin/python scripts/bench/models.py [files] [pictures]
"""

from __future__ import annotations

import gc
import json
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rated_journal import write_rated_journal  # noqa: E402

EPOCHS, LONGEST_S = 5, 300.0


def lora(name: str, epoch: int) -> bytes:
    meta = {"ss_network_module": "networks.lora", "ss_output_name": name, "ss_epoch": str(epoch)}
    head = json.dumps({"__metadata__": meta, "a": {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    return len(head).to_bytes(8, "little") + head + b"\0\0"


def prepare(places: object, models: Path, files: int, pictures: int) -> None:
    """The files, and a journal whose pictures were made with them, all rated."""
    models.mkdir()
    names = []
    for number in range(files // EPOCHS):
        for epoch in range(1, EPOCHS + 1):
            names.append(f"lora{number}-{epoch:06}")
            (models / f"{names[-1]}.safetensors").write_bytes(lora(f"lora{number}", epoch))
    places.cache.mkdir(parents=True)
    chance = random.Random(1)
    write_rated_journal(
        places.journal,
        pictures,
        (832, 1216),
        path_of=lambda _number: "a.png",
        prompt_of=lambda _number: f"a boat <lora:{chance.choice(names)}:0.8>",
    )


def turns(window: object, until: object) -> dict[str, float]:
    """CPU of the Tk thread in its turns, and how long it took."""
    own, began, end = [], time.monotonic(), time.monotonic() + LONGEST_S
    while not until() and time.monotonic() < end:
        before = time.thread_time()
        window.frame.update()
        own.append((time.thread_time() - before) * 1000)
        time.sleep(0.002)
    own.sort()
    return {
        "seconds": round(time.monotonic() - began, 2),
        "turn_ms_longest": round(own[-1], 1) if own else 0,
        "turn_ms_p99": round(own[int(len(own) * 0.99)], 1) if own else 0,
    }


def main() -> None:
    from stablenew_tk.app.controller import Controller
    from stablenew_tk.domain.config.user_settings import Settings
    from stablenew_tk.domain.journal.record import Feedback
    from stablenew_tk.gui.main_frame import MainFrame
    from stablenew_tk.gui.window import Window
    from stablenew_tk.storage.disk.places import find_places

    files, pictures = (int(one) for one in (*sys.argv[1:], "10000", "100000")[:2])
    with tempfile.TemporaryDirectory() as folder:
        places, models = find_places(str(Path(folder) / "data"), {}, None), Path(folder) / "models"
        prepare(places, models, files, pictures)
        settings = Settings(
            appearance="dark", welcome_done=True, geometry="1280x800", model_folders=(str(models),), backend="sketch"
        )
        controller = Controller(places, settings)
        window = Window(MainFrame(controller.settings), controller)
        gc.freeze()  # as the program does
        report: dict[str, object] = {"files": files, "pictures": pictures}
        scanned = turns(window, lambda: controller.models.done and controller.history is not None)
        page = window.page("models")
        quiet = time.monotonic() + 5
        turns(window, lambda: time.monotonic() > quiet)
        window.show("models")
        page.list.choose_kind("lora")
        shown = turns(window, lambda: page.stars.series and not page.list.is_pending("step"))
        report |= {"first_scan": scanned, "columns_known": shown, "rows": len(page.list.filter.lines)}
        before = page.stars
        history = controller.history
        controller.rate([history.image_id(0)], Feedback(image_id="", rating=5))
        report["after_another_rating"] = turns(
            window, lambda: page.stars is not before and not page.list.is_pending("step")
        )
        window.frame.destroy()
        controller.close()
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
