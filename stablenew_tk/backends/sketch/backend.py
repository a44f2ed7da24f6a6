"""`Sketch`: the built-in backend, which draws simple pictures without model, server or download, to try the program.

Its pictures change visibly with prompt, seed, steps, CFG, sampler and the other values, but they say nothing about real
models. They are marked in the picture and in the record and never analysed together with real pictures.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace
from PIL import Image, PngImagePlugin

from ...domain.base.errors import Cancelled, Refused
from ...domain.config.origins import seed_after
from ...domain.config.pipeline_config import ADetailerPass, PipelineConfig, stage_spec
from ..base import Capabilities, StageImage, StageOrder, StageProgress, StageResult, check_stage
from ..generation_text import generation_text
from .contract import CAPABILITIES, CLIP_SKIP, DEVICE, asked_values, check_names, checkpoint_of
from .finish import Finish, finish, half_done, marked, quality_of, refined
from .later_stages import enlarged, painted_over, repaired
from .scenes import face_box, paint
from .vocabulary import Scene, read_scene

PIXEL_LIMIT = 64_000_000
PREVIEW_EDGE = 256
PREVIEW_EVERY_S = 0.2
_SLICE_S = 0.02


class _Stopped(Exception):
    """Raised internally when the user stops: carries the unfinished picture, None when there is only noise."""

    def __init__(self, picture: Image.Image | None) -> None:
        super().__init__()
        self.picture = picture


class _SamplerRun(Struct, frozen=True):
    """The values of one sampler run."""

    scene: Scene
    steps: int
    style: Finish
    clip_skip: int


class Sketch:
    """The sketch engine as a backend. `pace_s`: seconds for each sampler step, for demonstrations.

    It starts no threads. The same order always gives the same bytes.
    """

    kind = "sketch"
    version = "1"
    name = "Sketch"
    device = DEVICE

    def __init__(self, pace_s: float = 0.0) -> None:
        self.pace_s = pace_s
        # Plain values that one thread writes and others read: assignments are atomic, so no lock is needed.
        self._stop = False
        self._progress: StageProgress | None = None
        self._done = self._total = 0
        self._preview_at = 0.0

    def check(self) -> Capabilities:
        """The capabilities of the sketch engine. Never fails."""
        return replace(CAPABILITIES, stages=tuple(_PAINTERS))

    def rescan(self) -> str:
        """Does nothing: what it has does not change."""
        return ""

    def progress(self) -> StageProgress | None:
        """Progress of the running stage, None when nothing runs."""
        return self._progress

    def interrupt(self) -> None:
        """Stop the running stage at its next step."""
        self._stop = self._progress is not None

    def close(self) -> None:
        """Does nothing."""
        self.interrupt()

    def generate(self, order: StageOrder) -> StageResult:
        """Make one stage. Raises Refused for an unknown name, Cancelled when stopped before there is a picture."""
        check_stage(order, _PAINTERS, "The sketch engine")
        for one in order.each_stage():
            check_names(one)
        start = _start_picture(order)
        self._stop, self._done, self._total = False, 0, _PAINTERS[order.stage].steps(order.config)
        self._preview_at = 0.0
        self._progress = StageProgress(steps=self._total)
        try:
            return self._result(order, start)
        finally:
            self._progress = None

    def _result(self, order: StageOrder, start: Image.Image) -> StageResult:
        painter, asked = _PAINTERS[order.stage], asked_values(order)
        order = replace(order, config=replace(order.config, clip_skip=order.config.clip_skip or CLIP_SKIP))
        images: list[StageImage] = []
        stopped = False
        count = order.config.txt2img.batch_size if order.stage == "txt2img" else 1
        for nth in range(count):
            one = replace(order, seed=seed_after(order.seed, nth))
            try:
                images.append(_as_png(one, painter.paint(self, one, start), ()))
            except _Stopped as stop:
                stopped = True
                if stop.picture is not None:
                    images.append(_as_png(one, stop.picture, ("interrupted",)))
                break
        if stopped and not images:
            raise Cancelled("The sketch was stopped before there was anything to see.")
        applied = {**asked_values(order), "checkpoint": checkpoint_of(order.config)}
        return StageResult(images=tuple(images), asked=asked, applied=applied, interrupted=stopped)

    def txt2img(self, order: StageOrder, start: Image.Image) -> Image.Image:
        """Paint a picture from nothing, as large as `start`; with hires fix and refiner when they are on."""
        config = order.config
        run = _sampler_run(order, "")
        image = self._painted(run, start.size)
        if config.hires.enabled:
            image = self._hires(order, image)
        if config.refiner.enabled:
            fine = paint(run.scene, seed=order.seed, size=image.size, detail=1.0, clip_skip=config.clip_skip)
            image = refined(image, fine, config.refiner.checkpoint, 1.0 - config.refiner.switch_at)
        return image

    def _hires(self, order: StageOrder, small: Image.Image) -> Image.Image:
        hires = order.config.hires
        size = _scaled(small.size, hires.scale)
        base = enlarged(small, size, hires.upscaler)
        config = replace(order.config, checkpoint=hires.checkpoint or order.config.checkpoint)
        run = _sampler_run(
            replace(order, config=config),
            hires.prompt,
            negative=hires.negative,
            steps=hires.steps,
            cfg_scale=hires.cfg_scale,
            sampler=hires.sampler,
            scheduler=hires.scheduler,
        )
        fresh = self._painted(run, size, on=base)
        return painted_over(base, fresh, hires.denoise, order.seed)

    def img2img(self, order: StageOrder, start: Image.Image) -> Image.Image:
        """Paint over the picture once more."""
        stage = order.config.img2img
        run = _sampler_run(
            order, "", steps=stage.steps, cfg_scale=stage.cfg_scale, sampler=stage.sampler, scheduler=stage.scheduler
        )
        fresh = self._painted(run, start.size, on=start)
        return painted_over(start, fresh, stage.denoise, order.seed)

    def adetailer(self, order: StageOrder, start: Image.Image) -> Image.Image:
        """Repair the face, one pass after the other."""
        for one in order.config.adetailer.passes:
            start = self._repaired(order, one, start)
        return start

    def _repaired(self, order: StageOrder, one: ADetailerPass, start: Image.Image) -> Image.Image:
        run = _sampler_run(
            order,
            one.prompt,
            negative=one.negative,
            steps=one.steps,
            cfg_scale=one.cfg_scale,
            sampler=one.sampler,
            scheduler=one.scheduler,
        )
        box = face_box(read_scene(order.prompt, order.negative), seed=order.seed, size=start.size)
        fresh = self._painted(run, start.size, on=start)
        return repaired(start, fresh, box, one)

    def upscale(self, order: StageOrder, start: Image.Image) -> Image.Image:
        """Enlarge the picture; in img2img mode then paint over it."""
        stage = order.config.upscale
        image = enlarged(start, _scaled(start.size, stage.scale), stage.upscaler, max(stage.gfpgan, stage.codeformer))
        if stage.mode == "img2img":
            fresh = self._painted(_sampler_run(order, "", steps=stage.steps), image.size, on=image)
            return painted_over(image, fresh, stage.denoise, order.seed)
        self._step(image, 1.0, order.seed)
        if self._stop:
            raise _Stopped(None)
        return image

    def _painted(self, run: _SamplerRun, size: tuple[int, int], on: Image.Image | None = None) -> Image.Image:
        """Run all sampler steps and return the picture. When stopped, `on` (or the noisy picture) is the result."""
        style = run.style
        detail = min(1.0, style.quality * (1.0 if on is None else 1.1))
        clean = paint(run.scene, seed=style.seed, size=size, detail=detail, clip_skip=run.clip_skip)
        for step in range(1, run.steps + 1):
            quality = step / run.steps * style.quality
            self._step(clean, quality, style.seed)
            if self._stop:
                half = on if on is not None else half_done(clean, quality, style.seed)
                # After the first step there is only noise.
                raise _Stopped(half if self._done > 1 else None)
        return finish(clean, style)

    def _step(self, clean: Image.Image, quality: float, seed: int) -> None:
        """One sampler step: wait `pace_s`, update the progress, and sometimes make a preview."""
        until = time.monotonic() + self.pace_s
        while not self._stop and (left := until - time.monotonic()) > 0:
            time.sleep(min(_SLICE_S, left))
        self._done += 1
        preview = self._progress.preview if self._progress else b""
        now = time.monotonic()
        if not preview or now >= self._preview_at + PREVIEW_EVERY_S:
            self._preview_at = now
            preview = _preview(clean, quality, seed)
        fraction = min(1.0, self._done / max(1, self._total))
        self._progress = StageProgress(fraction=fraction, step=self._done, steps=self._total, preview=preview)


def _sampler_run(
    order: StageOrder,
    prompt: str,
    *,
    negative: str = "",
    steps: int = 0,
    cfg_scale: float = 0.0,
    sampler: str = "",
    scheduler: str = "",
) -> _SamplerRun:
    """A sampler run with the given values; empty and 0 mean the same as in txt2img."""
    base = order.config.txt2img
    steps = steps or base.steps
    style = Finish(
        quality=quality_of(steps),
        cfg_scale=cfg_scale or base.cfg_scale,
        sampler=sampler or base.sampler,
        scheduler=scheduler or base.scheduler,
        checkpoint=checkpoint_of(order.config),
        seed=order.seed,
    )
    scene = read_scene(prompt or order.prompt, negative or order.negative)
    return _SamplerRun(scene, steps, style, order.config.clip_skip)


class _Painter(Struct, frozen=True):
    """The method that paints a stage, and the function for its total number of sampler steps."""

    paint: Callable[[Sketch, StageOrder, Image.Image], Image.Image]
    steps: Callable[[PipelineConfig], int]


def _txt2img_steps(config: PipelineConfig) -> int:
    base = config.txt2img.steps
    second = (config.hires.steps or base) if config.hires.enabled else 0
    return (base + second) * config.txt2img.batch_size


# The stages that this engine can paint. Any other is refused.
_PAINTERS: Mapping[str, _Painter] = {
    "txt2img": _Painter(Sketch.txt2img, _txt2img_steps),
    "img2img": _Painter(Sketch.img2img, lambda config: config.img2img.steps),
    "adetailer": _Painter(
        Sketch.adetailer, lambda config: sum(one.steps or config.txt2img.steps for one in config.adetailer.passes)
    ),
    "upscale": _Painter(Sketch.upscale, lambda config: config.upscale.steps if config.upscale.mode == "img2img" else 1),
}


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    width, height = round(size[0] * scale), round(size[1] * scale)
    if width * height > PIXEL_LIMIT:
        raise Refused(f"A sketch of {width} × {height} pixels is too large. Choose a smaller scale.", status=422)
    return width, height


def _start_picture(order: StageOrder) -> Image.Image:
    if not stage_spec(order.stage).needs_picture:
        return Image.new("RGB", (order.config.txt2img.width, order.config.txt2img.height))
    try:
        with Image.open(io.BytesIO(order.image), formats=("PNG", "JPEG", "WEBP")) as image:
            return image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Refused(f"The picture to start from cannot be read: {error}.", status=422) from error


def _preview(clean: Image.Image, quality: float, seed: int) -> bytes:
    shrink = min(1.0, PREVIEW_EDGE / max(clean.size))
    edges = (max(1, round(clean.width * shrink)), max(1, round(clean.height * shrink)))
    small = clean.resize(edges, Image.Resampling.BILINEAR, reducing_gap=1.5)
    out = io.BytesIO()
    half_done(small, quality, seed).save(out, "JPEG", quality=80)
    return out.getvalue()


def _as_png(order: StageOrder, image: Image.Image, suspect: tuple[str, ...]) -> StageImage:
    """The picture as a PNG file with its generation text inside."""
    text = generation_text(order, image.size, checkpoint=checkpoint_of(order.config), version="sketch")
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", text)
    out = io.BytesIO()
    marked(image.copy()).save(out, "PNG", pnginfo=info, compress_level=4)
    return StageImage(
        data=out.getvalue(),
        suffix=".png",
        width=image.width,
        height=image.height,
        seed=order.seed,
        infotext=text,
        suspect=suspect,
    )
