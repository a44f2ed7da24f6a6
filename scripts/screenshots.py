"""Makes the pictures of the documents: all pages, dark and light, 1280 x 800, with the sketch engine.

Needs a display of at least that size, for example: xvfb-run -s "-screen 0 1280x800x24" python scripts/screenshots.py

Each is compared with the one that is there: when at most 1 in 100 pixels differs by more than a tenth of full strength
(a time of day, a speed), it counts as the same and the old file stays. What changed is told. With `--check` nothing is
written, and the exit code is 1 when a picture changed. The animated one, from the first star to the verdict, is told
when its last frame changed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec
from PIL import Image, ImageChops, ImageGrab

from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.domain.base.key_press import KeyPress
from stablenew_tk.domain.config.catalogue import Value, with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Machine, Settings
from stablenew_tk.domain.insights.matrix import board
from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.domain.prompts.variant import as_written
from stablenew_tk.domain.runs.job import RunRequest
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt
from stablenew_tk.gui.forms.form import FormField
from stablenew_tk.gui.forms.origin_marks import WhyPopup
from stablenew_tk.gui.insights.page import InsightsPage
from stablenew_tk.gui.learn.page import LearnPage
from stablenew_tk.gui.main_frame import MainFrame
from stablenew_tk.gui.packs.page import PacksPage
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.window import Window
from stablenew_tk.storage.disk.places import Places
from stablenew_tk.storage.packs.catalog import ensure_starter
from stablenew_tk.storage.packs.reader import load_pack

DOCS = Path(__file__).resolve().parents[1] / "docs"
SIZE = (1280, 800)
MODES = ("dark", "light")
FILM, FILM_SIZE, FILM_LIMIT = "rate-to-verdict", (800, 500), 3_000_000  # name, px, bytes
FILM_COLOURS = 128
RATED_MS, VERDICT_MS = 450, 5000
MOST_CHANGED, NOTICED = 0.01, 26  # share of pixels, and levels of 256 by which one must differ to count
STARS = (5, 4, 3, 0, 4, 5, 2, 0, 3, 4, 0, 5, 0, 0, 4, 3, 0, 5)
# How a person might like the values of the Learning Run, in stars.
LIKED = {4: 2.0, 8: 3.0, 16: 4.0, 28: 4.6, 44: 4.3}
RUNS = (
    ({"txt2img.width": 512, "txt2img.height": 704, "txt2img.steps": 28}, 2, 11),
    ({"txt2img.width": 512, "txt2img.height": 704, "checkpoint": "sketch-ink"}, 1, 40),
)


def everything_in(widget: tk.Misc) -> Iterator[tk.Misc]:
    """All widgets inside a widget."""
    for child in widget.winfo_children():
        yield child
        yield from everything_in(child)


# A port at which nobody answers.
NOBODY = "http://127.0.0.1:9"


def show(window: Window, page: str, mode: str) -> None:
    """Show a page, in dark or light."""
    if theme.mode() != mode:
        window.top.switch_mode()
    window.show(page)


def pump(window: Window, done: Callable[[], bool], seconds: float = 60.0) -> None:
    """Let the window live until something is true."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        window.frame.update()
        time.sleep(0.005)


def settle(window: Window, seconds: float = 1.5) -> None:
    """Let thumbnails and labels arrive."""
    end = time.monotonic() + seconds
    pump(window, lambda: time.monotonic() > end)


class Pictures:
    """What was made in this run, compared with what is there. `changed` are the names of those that are new."""

    def __init__(self, *, check: bool) -> None:
        self.is_check = check
        self.changed: list[str] = []
        self.film: list[Image.Image] = []

    def keep(self, picture: Image.Image, name: str) -> None:
        """Save a picture unless it is as the one that is there."""
        path = DOCS / f"{name}.png"
        if self._is_new(picture, path) and not self.is_check:
            picture.save(path, optimize=True)

    def take_frame(self, window: Window) -> None:
        """Add what the window shows to the animated picture."""
        self.film.append(still(window, 0.4).resize(FILM_SIZE, Image.Resampling.LANCZOS))

    def keep_film(self) -> None:
        """Save the animated picture when its end has changed. Raises SystemExit when it is too large for a page."""
        path = DOCS / f"{FILM}.gif"
        # One palette for all frames, so that only what moves is stored, made from several so that it suits all.
        several = Image.new("RGB", (FILM_SIZE[0], FILM_SIZE[1] * 3))
        for place, frame in enumerate((self.film[0], self.film[len(self.film) // 2], self.film[-1])):
            several.paste(frame, (0, FILM_SIZE[1] * place))
        palette = several.quantize(FILM_COLOURS, Image.Quantize.MEDIANCUT)
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.film]
        if not self._is_new(frames[-1].convert("RGB"), path) or self.is_check:
            return
        frames[0].save(
            path,
            save_all=True,
            append_images=frames[1:],
            duration=[*[RATED_MS] * (len(frames) - 1), VERDICT_MS],
            loop=0,
            optimize=True,
        )
        if path.stat().st_size > FILM_LIMIT:
            raise SystemExit(f"{path.name} has {path.stat().st_size} bytes; the limit is {FILM_LIMIT}.")

    def _is_new(self, picture: Image.Image, path: Path) -> bool:
        share = _difference(picture, path)
        new = share > MOST_CHANGED
        print(f"{'changed' if new else 'as before'}: {path.name} ({share:.2%} of the pixels)", flush=True)
        self.changed += [path.name] * new
        return new


def _difference(picture: Image.Image, path: Path) -> float:
    """Share of the pixels that differ visibly from the last frame of a file; 1 when there is none of this size."""
    if not path.is_file():
        return 1.0
    with Image.open(path) as before:
        before.seek(getattr(before, "n_frames", 1) - 1)
        old = before.convert("RGB")
    if old.size != picture.size:
        return 1.0
    bands = ImageChops.difference(old, picture.convert("RGB")).split()
    most = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    return sum(most.histogram()[NOTICED:]) / (picture.width * picture.height)


def fill(window: Window) -> None:
    """Run the starter pack twice and rate most of it."""
    controller = window.controller
    ensure_starter(controller.places.packs)
    pack = load_pack(controller.places.packs / "starter.txt")
    for values, seeds, seed in RUNS:
        config = with_values(PipelineConfig(), dict(values))
        controller.run(
            RunRequest(
                pack_id="starter", variants=as_written(pack.prompts), config=config, seed=seed, seeds_per_prompt=seeds
            )
        )
        pump(window, lambda: controller.running is None and not controller.queue)
    history = controller.history
    assert history is not None
    for row, stars in zip(range(len(history)), STARS, strict=False):
        if stars:
            tags = ("great composition",) if stars == 5 else ()
            change = Feedback(image_id="", rating=stars, tags_added=tags)
            controller.rate([history.image_id(row)], change)
    settle(window)


def plan_of_steps(window: Window) -> LearningPlan:
    """A Learning Run over the steps of three prompts, not yet begun."""
    values: dict[str, Value] = {
        "txt2img.width": 512,
        "txt2img.height": 704,
        "txt2img.sampler": "DPM++ 2M",
        "txt2img.scheduler": "Karras",
    }
    prompts = load_pack(window.controller.places.packs / "starter.txt").prompts[:3]
    return LearningPlan(
        event_id="",
        ts="",
        plan_id="",
        name="Steps for the starter pack",
        focus_parameter="txt2img.steps",
        pack_id="starter",
        prompts=tuple(PlanPrompt(prompt.prompt_id, prompt.positive, prompt.negative) for prompt in prompts),
        base_config=with_values(PipelineConfig(), values),
        variant_values=tuple(LIKED),
        images_per_variant=2,
        complete_rows=5,
        seeds=(11, 12, 13, 14, 15),
    )


def rate_next(window: Window, page: LearnPage, plan_id: str) -> None:
    """Rate the picture at the cursor by keys, the way a person might who likes what `LIKED` says."""
    history = window.controller.history
    assert history is not None
    standing, asked = board(history, plan_id), page.rating.session.cursor.cell
    assert standing is not None
    assert asked is not None
    row = asked.key
    cell = next(cell for cell in standing.cells if cell.images and cell.images[0].facts.row == row)
    luck = (0.0, 0.4, -0.5, 0.3, 0.0)[cell.cell.row] + (0.3, -0.3, 0.2)[(cell.cell.variant + cell.cell.row) % 3]
    stars = min(5, max(1, round(LIKED[int(cell.value)] + luck)))
    tag = "n" if int(cell.value) < 16 and stars < 4 else "g" if stars == 5 else ""
    for key in (str(stars), tag) if tag else (str(stars),):
        page.rating.answer(KeyPress(key))
    pump(window, lambda: page.rating.session.all_saved and bool(history.unblinded().feedback(row).rating))


def learn(window: Window, mode: str, pictures: Pictures) -> None:
    """The pictures of Learn and Insights: the wizard, blind rating half way, the verdict; in dark also as a film."""
    controller = window.controller
    page = cast(LearnPage, window.page("learn"))
    page.new_run(msgspec.structs.replace(plan_of_steps(window), complete_rows=2, most_pictures=40))
    grab(window, f"learn-wizard-{mode}", pictures)
    plan_id = controller.learning.start(plan_of_steps(window)).plan_id
    pump(window, lambda: controller.running is None and not controller.queue)
    settle(window)

    page.open_plan(plan_id)

    def rate(count: int) -> None:
        for _ in range(count):
            if mode == "dark":
                pictures.take_frame(window)
            rate_next(window, page, plan_id)

    rate(12)
    grab(window, f"learn-matrix-{mode}", pictures)
    rate(13)
    pump(window, lambda: bool(controller.history and controller.history.plans.result(plan_id)))
    window.show("insights")
    insights = cast(InsightsPage, window.page("insights"))
    insights.show_plan(plan_id)
    # It is worked out on a thread of its own.
    pump(window, lambda: insights.report is not None, 180.0)
    grab(window, f"insights-{mode}", pictures)
    if mode == "dark":
        pictures.take_frame(window)
        pictures.keep_film()


# Checkpoints as a person might have them: name, profile of ours, sidecar of another tool.
CALM = {
    "id": "calm", "label": "Calm", "rating": "best", "steps": 28, "sampler": "DPM++ 2M", "scheduler": "Karras",
    "cfg": 6.5, "resolution": [832, 1216],
}  # fmt: skip
PROFILE = {"base_type": "sdxl", "style_profile_id": "sdxl_stylized", "default_refiner_id": "none",
           "default_hires_denoise": 0.35, "recommended_presets": [CALM]}  # fmt: skip
MODELS: tuple[tuple[str, dict[str, object] | None, dict[str, str] | None], ...] = (
    ("sketch-classic", PROFILE, None),
    ("harbourXL_v2", PROFILE, {"sd version": "SDXL", "description": "Sea and harbours.", "notes": "Likes CFG 6."}),
    ("paperlantern_v1", None, {"sd version": "SD1", "description": "", "notes": "Likes CFG 5 and short prompts."}),
    ("velvet_ink", None, {"sd version": "SD1", "description": "Ink and wash.", "notes": ""}),
)


def put_models(folder: Path, pictures: list[Path]) -> None:
    """A folder of checkpoints with what lies beside them."""
    header = b'{"__metadata__":{"modelspec.architecture":"stable-diffusion-xl-v1-base"}}'
    for number, (name, profile, other) in enumerate(MODELS):
        data = header if profile else b'{"__metadata__":{"format":"pt"}}'
        (folder / f"{name}.safetensors").write_bytes(len(data).to_bytes(8, "little") + data + bytes(1000 + 77 * number))
        if profile:
            document = {"kind": "model_profile", "version": 1, "model_name": name, **profile}
            (folder / f"{name}.modelprofile.json").write_text(json.dumps(document), encoding="utf-8")
        if other:
            (folder / f"{name}.json").write_text(json.dumps(other), encoding="utf-8")
        if number < len(pictures):
            shutil.copy(pictures[number], folder / f"{name}.preview.png")


def models(window: Window, mode: str, pictures: Pictures) -> None:
    """The pictures of Models, and of a field in Create that tells where its value comes from."""
    pump(window, lambda: len(window.controller.models.entries()) == len(MODELS))
    grab(window, f"models-{mode}", pictures)
    window.show("create")
    steps = next(
        one for one in everything_in(window.frame) if isinstance(one, FormField) and one.spec.path == "txt2img.steps"
    )
    steps.mark.event_generate("<ButtonRelease-1>")
    grab(window, f"why-{mode}", pictures)
    WhyPopup.shared().close()


RAIN = """# Rain city: one street, many lights
[[light]]: dawn | neon | overcast

name: Alley One
an old tram in the rain, [[light]], wet cobbles, reflections, wide street, __mood__, film still
<lora:rainy-streets:0.7>
neg: text, watermark, low contrast

name: Last tram
{2::an old|a new} tram at the {harbour|market square}, [[light]], (warm windows:1.2), __weather__
neg: text, watermark

name: Rooftop garden
a rooftop garden above the city, {lanterns|fairy lights}, a sleeping cat, [[light]], __mood__
neg: people, cars

name: Bridge at night
an iron bridge at night, [[light]], fog over the river, long exposure
neg: cars
"""
WILDCARDS = {"mood": "calm\nstormy\nmelancholic\n", "weather": "rain\nsnow\nfog\n"}


def put_packs(places: Places) -> None:
    """A pack that varies, and the lists it draws from."""
    (places.packs / "rain city.txt").write_text(RAIN, encoding="utf-8")
    places.wildcards.mkdir(parents=True, exist_ok=True)
    for name, lines in WILDCARDS.items():
        (places.wildcards / f"{name}.txt").write_text(lines, encoding="utf-8")


def packs(window: Window, mode: str, pictures: Pictures) -> None:
    """The picture of Packs: a pack in the editor, and the variants of the prompt at the cursor."""
    page = cast(PacksPage, window.page("packs"))
    path = window.controller.places.packs / "rain city.txt"
    pump(window, lambda: window.controller.packs.find(path) is not None)
    page.work.open(path)
    pump(window, lambda: page.work.path == path)
    page.editor.text.go_to(10, 5)
    page.side.turn("variants")
    pump(window, lambda: bool(page.side.variants.coloured))
    grab(window, f"packs-{mode}", pictures)


def nodes(window: Window, mode: str, pictures: Pictures) -> None:
    """The picture of Nodes: four machines at work, one of which does not answer."""
    controller = window.controller
    alone = controller.settings
    others = (*(Machine("sketch", name=name) for name in ("studio", "mira-laptop")), Machine(NOBODY, name="attic"))
    controller.change_settings(msgspec.structs.replace(alone, backend_name="", machines=others))
    pump(window, lambda: controller.nodes.all_asked)
    pack = load_pack(controller.places.packs / "starter.txt")
    # Large and in two stages, so that each machine is at work when the picture is taken, and has something to show.
    values = {"txt2img.width": 1024, "txt2img.height": 1408, "img2img.enabled": True, "img2img.denoise": 0.3}
    config = with_values(PipelineConfig(), values)
    controller.run(RunRequest(pack_id="starter", variants=as_written(pack.prompts), config=config, seeds_per_prompt=9))
    pump(window, lambda: controller.jobs.tally.ended > 2 * len(pack.prompts))
    pump(window, lambda: sum(one.stage_number > 1 for one in controller.nodes.working) == len(others))
    settle(window, 0.3)
    pictures.keep(_seen(window), f"nodes-{mode}")
    controller.cancel()
    pump(window, lambda: controller.running is None)
    controller.change_settings(alone)


def grab(window: Window, name: str, pictures: Pictures) -> None:
    """Keep what the window shows, with the pointer out of the way: it would bring explanations."""
    window.frame.event_generate("<Motion>", warp=True, x=SIZE[0] - 2, y=SIZE[1] - 2)
    pictures.keep(still(window), name)


def still(window: Window, seconds: float = 3.0, limit_s: float = 30.0) -> Image.Image:
    """What the window shows once nothing in it has moved for so long: on a busy computer pictures come late."""
    end, since, seen = time.monotonic() + limit_s, time.monotonic(), _seen(window)
    while time.monotonic() < min(end, since + seconds):
        settle(window, 0.2)
        now = _seen(window)
        if ImageChops.difference(now, seen).getbbox():
            since, seen = time.monotonic(), now
    return seen


def _seen(window: Window) -> Image.Image:
    x, y = window.frame.winfo_rootx(), window.frame.winfo_rooty()
    return ImageGrab.grab(bbox=(x, y, x + SIZE[0], y + SIZE[1])).convert("RGB")


def main() -> int:
    """Two pictures, dark and light, of everything the documents show."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, only say what changed")
    pictures = Pictures(check=parser.parse_args().check)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as checkpoints:
        settings = Settings(
            welcome_done=True,
            appearance="dark",
            offer_rating=False,
            geometry=f"{SIZE[0]}x{SIZE[1]}+0+0",
            values={
                "txt2img.sampler": "DPM++ 2M",
                "txt2img.scheduler": "Karras",
                "txt2img.steps": 28,
                "txt2img.height": 704,
                "hires.enabled": True,
                "hires.scale": 1.5,
            },
        )
        controller = Controller(open_places(folder), settings)
        try:
            window = Window(MainFrame(settings), controller)
        except tk.TclError:
            controller.close()  # its threads would keep the program alive
            raise
        pump(window, lambda: window.controller.history is not None)
        fill(window)
        for mode in MODES:
            for page in ("create", "review"):
                show(window, page, mode)
                grab(window, f"{page}-{mode}", pictures)
        for mode in MODES:
            show(window, "learn", mode)
            learn(window, mode, pictures)
        put_packs(window.controller.places)
        put_models(Path(checkpoints), sorted(Path(folder).glob("outputs/*/*/txt2img/*.png"))[:4])
        controller.change_settings(msgspec.structs.replace(controller.settings, model_folders=(checkpoints,)))
        # The nodes last: which of their pictures comes last, and then stands in Create, is chance.
        for name, make in (("models", models), ("packs", packs), ("nodes", nodes)):
            for mode in MODES:
                show(window, name, mode)
                make(window, mode, pictures)
        window.leave()
    told = ", ".join(pictures.changed) or "none"
    print(f"Changed: {told}. Look at each before it is kept.")
    return int(bool(pictures.changed) and pictures.is_check)


if __name__ == "__main__":
    sys.exit(main())
