"""Makes the pictures of the README: Create and Review, dark and light, 1280 x 800, with the sketch engine.

Needs a display of at least that size, for example: xvfb-run -s "-screen 0 1280x800x24" python scripts/screenshots.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PIL import ImageGrab

from stablenew_tk.controller import Controller, open_places
from stablenew_tk.domain.config import PipelineConfig
from stablenew_tk.domain.job import RunRequest
from stablenew_tk.domain.parameters import with_values
from stablenew_tk.domain.record import Feedback
from stablenew_tk.gui.window import Window
from stablenew_tk.pipeline.stamps import now_text
from stablenew_tk.storage.packs import ensure_starter, load_pack
from stablenew_tk.storage.settings import Settings

DOCS = Path(__file__).resolve().parents[1] / "docs"
SIZE = (1280, 800)
STARS = (5, 4, 3, 0, 4, 5, 2, 0, 3, 4, 0, 5, 0, 0, 4, 3, 0, 5)
RUNS = (
    ({"txt2img.width": 512, "txt2img.height": 704, "txt2img.steps": 28}, 2, 11),
    ({"txt2img.width": 512, "txt2img.height": 704, "checkpoint": "sketch-ink"}, 1, 40),
)


def pump(window: Window, done: Callable[[], bool], seconds: float = 60.0) -> None:
    """Let the window live until something is true."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        window.update()
        time.sleep(0.005)


def settle(window: Window) -> None:
    """Let thumbnails and labels arrive."""
    end = time.monotonic() + 1.5
    pump(window, lambda: time.monotonic() > end)


def fill(window: Window) -> None:
    """Run the starter pack twice and rate most of it."""
    controller = window.controller
    ensure_starter(controller.places.packs)
    pack = load_pack(controller.places.packs / "starter.txt")
    for values, seeds, seed in RUNS:
        config = with_values(PipelineConfig(), dict(values))
        controller.run(
            RunRequest(pack_id="starter", prompts=pack.prompts, config=config, seed=seed, seeds_per_prompt=seeds)
        )
        pump(window, lambda: controller.running is None and not controller.queue)
    history = controller.history
    assert history is not None
    for row, stars in zip(range(len(history)), STARS, strict=False):
        if stars:
            tags = ("great composition",) if stars == 5 else ()
            change = Feedback(event_id="", ts=now_text(), image_id="", rating=stars, tags_added=tags)
            controller.rate([history.facts(row).image_id], change)
    settle(window)


def grab(window: Window, name: str) -> None:
    """Save what the window shows."""
    settle(window)
    x, y = window.winfo_rootx(), window.winfo_rooty()
    DOCS.mkdir(exist_ok=True)
    ImageGrab.grab(bbox=(x, y, x + SIZE[0], y + SIZE[1])).save(DOCS / f"{name}.png", optimize=True)
    print(DOCS / f"{name}.png")


def main() -> None:
    """Four pictures."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            welcome_done=True, appearance="dark", offer_rating=False, geometry=f"{SIZE[0]}x{SIZE[1]}+0+0",
            values={"txt2img.sampler": "DPM++ 2M", "txt2img.scheduler": "Karras", "txt2img.steps": 28,
                    "txt2img.height": 704, "hires.enabled": True, "hires.scale": 1.5},
        )  # fmt: skip
        window = Window(Controller(open_places(folder), settings))
        pump(window, lambda: window.controller.history is not None)
        fill(window)
        for mode in ("dark", "light"):
            if mode == "light":
                window.top.switch_mode()
            for page in ("create", "review"):
                window.show(page)
                grab(window, f"{page}-{mode}")
        window.leave()


if __name__ == "__main__":
    main()
