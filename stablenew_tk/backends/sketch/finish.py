"""Effects of steps, CFG, sampler, scheduler and checkpoint on a sketch: noise, blur, colour, grain, ink, watermark."""

from __future__ import annotations

import hashlib
import math
import random

from msgspec import Struct
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

# Sampler → how its pictures look. The names are those of the WebUI.
SAMPLERS: dict[str, str] = {
    "Euler a": "soft",
    "Euler": "plain",
    "DPM++ 2M": "crisp",
    "DPM++ SDE": "grain",
    "DPM++ 2M SDE": "fine grain",
    "DPM++ 2M SDE Heun": "brush",
    "DPM++ 2S a": "soft grain",
    "DPM++ 3M SDE": "grain",
    "LMS": "hatch",
    "Heun": "canvas",
    "DPM2": "canvas",
    "DPM2 a": "soft grain",
    "DPM fast": "flat",
    "DPM adaptive": "brush",
    "Restart": "brush",
    "DDIM": "hatch",
    "PLMS": "hatch",
    "UniPC": "dots",
    "LCM": "flat",
}
SCHEDULERS = (
    "Automatic", "Uniform", "Karras", "Exponential", "Polyexponential", "SGM Uniform", "KL Optimal", "Align Your Steps",
    "Simple", "Normal", "DDIM", "Beta",
)  # fmt: skip
CHECKPOINTS = ("sketch-classic", "sketch-ink")


class Finish(Struct, frozen=True, kw_only=True):
    """The values that determine the effects. `quality` is computed from the steps by `quality_of`."""

    quality: float
    cfg_scale: float
    sampler: str
    scheduler: str
    checkpoint: str
    seed: int


def quality_of(steps: int) -> float:
    """Quality 0–1 for a number of steps: it rises quickly at first and hardly after 30."""
    return 1.0 - math.exp(-steps / 6.0)


def finish(clean: Image.Image, style: Finish) -> Image.Image:
    """Apply all effects to a clean picture. Same values, same pixels."""
    image = half_done(clean, style.quality, style.seed)
    image = _coloured(image, style.cfg_scale)
    image = _textured(image, style)
    if style.checkpoint == "sketch-ink":
        image = _inked(image, 1.0)
    return image


def half_done(clean: Image.Image, quality: float, seed: int) -> Image.Image:
    """The picture while noise is still in it: 0 is noise only, 1 is clean."""
    rest = 1.0 - quality
    if rest < 0.005:
        return clean
    blurred = clean.filter(ImageFilter.GaussianBlur(rest * min(clean.size) * 0.022))
    # The blotches grow with the picture, so that a preview and the picture look alike.
    cell = max(2, round(min(clean.size) / 170))
    small = (-(-clean.width // cell), -(-clean.height // cell))
    rng = random.Random(f"{seed}/noise")
    noise = Image.frombytes("RGB", small, rng.randbytes(small[0] * small[1] * 3)).resize(
        clean.size, Image.Resampling.BILINEAR
    )
    return Image.blend(blurred, noise, min(1.0, rest * 0.62 + max(0.0, rest - 0.75) * 1.5))


def _coloured(image: Image.Image, cfg: float) -> Image.Image:
    """Pale and greyish below 7, harsh and burnt above."""
    if cfg < 7.0:
        lack = (7.0 - cfg) / 6.0
        image = ImageEnhance.Color(image).enhance(1.0 - 0.72 * lack)
        return Image.blend(image, Image.new("RGB", image.size, (196, 194, 190)), 0.5 * lack)
    if cfg > 7.0:
        much = min(1.0, (cfg - 7.0) / 13.0)
        image = ImageEnhance.Color(image).enhance(1.0 + 1.5 * much)
        image = ImageEnhance.Contrast(image).enhance(1.0 + 0.9 * much)
        if much > 0.2:
            image = image.filter(ImageFilter.UnsharpMask(3, round(260 * much), 2))
    return image


def _textured(image: Image.Image, style: Finish) -> Image.Image:
    strength = _scheduler_strength(style.scheduler)
    kind = SAMPLERS[style.sampler]
    if "soft" in kind:
        image = image.filter(ImageFilter.GaussianBlur(min(image.size) * 0.0016 * strength))
    if kind == "crisp":
        image = image.filter(ImageFilter.UnsharpMask(2, round(130 * strength), 1))
    elif "grain" in kind:
        image = _overlaid(image, _grain(style.seed, 1 if "fine" in kind else 2, 26 * strength))
    elif kind in ("hatch", "canvas", "dots"):
        image = _overlaid(image, _tile(kind, strength))
    elif kind == "flat":
        image = image.quantize(
            max(8, round(28 / strength)), Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        ).convert("RGB")
    elif kind == "brush":
        image = image.filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.UnsharpMask(2, round(90 * strength), 1))
    return _toned(image, style.scheduler)


def _scheduler_strength(scheduler: str) -> float:
    named = {"Automatic": 1.0, "Karras": 0.7, "Exponential": 1.5, "Uniform": 1.2}
    return named.get(scheduler, 0.6 + hashlib.sha256(scheduler.encode()).digest()[0] / 255)


def _toned(image: Image.Image, scheduler: str) -> Image.Image:
    """Apply the effect of the scheduler: darker corners for Karras, a slight colour cast for the others."""
    if scheduler == "Karras":
        corners = (
            Image.radial_gradient("L")
            .resize(image.size, Image.Resampling.BILINEAR)
            .point([round(v * v / 255 * 0.5) for v in range(256)])
        )
        return Image.composite(Image.new("RGB", image.size, (20, 16, 30)), image, corners)
    if scheduler == "Automatic":
        return image
    red, green, blue = hashlib.sha256(f"{scheduler} cast".encode()).digest()[:3]
    return Image.blend(image, Image.new("RGB", image.size, (red, green, blue)), 0.07)


def _overlaid(image: Image.Image, tile: Image.Image) -> Image.Image:
    layer = Image.new("L", image.size)
    for top in range(0, image.height, tile.height):
        for left in range(0, image.width, tile.width):
            layer.paste(tile, (left, top))
    return ImageChops.overlay(image, Image.merge("RGB", (layer, layer, layer)))


def _grain(seed: int, cell: int, swing: float) -> Image.Image:
    rng = random.Random(f"{seed}/grain")
    edge = 256 // cell
    noise = Image.frombytes("L", (edge, edge), rng.randbytes(edge * edge))
    calm = noise.point([round(127.5 + (v - 127.5) / 127.5 * swing) for v in range(256)])
    return calm.resize((256, 256), Image.Resampling.NEAREST)


def _tile(kind: str, strength: float) -> Image.Image:
    tile = Image.new("L", (48, 48), 127)
    draw = ImageDraw.Draw(tile)
    dark, light = round(127 - 22 * strength), round(127 + 20 * strength)
    for place in range(-48, 96, 6):
        if kind == "hatch":
            draw.line((place, 0, place + 48, 48), max(0, dark), 2)
        elif kind == "canvas":
            draw.line((place, 0, place, 48), max(0, dark), 1)
            draw.line((0, place, 48, place), min(255, light), 1)
        else:
            for row in range(0, 48, 6):
                draw.ellipse((place, row, place + 3, row + 3), max(0, dark))
    return tile


def _inked(image: Image.Image, strength: float) -> Image.Image:
    """Ink lines on warm paper with a thin wash of colour."""
    grey = image.convert("L").filter(ImageFilter.GaussianBlur(0.6))
    lines = ImageChops.invert(grey.filter(ImageFilter.FIND_EDGES)).point(
        [max(0, 255 - (255 - v) * 5) for v in range(256)]
    )
    ImageDraw.Draw(lines).rectangle((0, 0, lines.width - 1, lines.height - 1), outline=255, width=2)
    # Ink is drawn on light paper: a night is washed lighter, or its lines would drown.
    light = image.point([round(255 * (v / 255) ** 0.5) for v in range(256)] * 3)
    wash = ImageEnhance.Color(light).enhance(0.8)
    background = Image.blend(wash, Image.new("RGB", image.size, (246, 238, 220)), 0.5)
    drawn = ImageChops.multiply(background, Image.merge("RGB", (lines, lines, lines)))
    return Image.blend(image, drawn, strength)


def refined(image: Image.Image, fine: Image.Image, checkpoint: str, share: float) -> Image.Image:
    """Apply the refiner: `share` of the steps is done by the second checkpoint, on the more detailed picture `fine`."""
    image = Image.blend(image, fine, 0.35 + 0.4 * share)
    soft = image.filter(ImageFilter.GaussianBlur(min(image.size) * 0.012))
    image = Image.blend(image, ImageChops.screen(image, soft), 0.12 + 0.4 * share)
    return _inked(image, min(1.0, 2 * share)) if checkpoint == "sketch-ink" else image


# The word "sketch" in a 3 × 5 grid: fonts differ between systems, and bytes must not.
_LETTERS = {
    "s": "011100010001110", "k": "101101110101101", "e": "111100110100111",
    "t": "111010010010010", "c": "011100100100011", "h": "101101111101101",
}  # fmt: skip


def marked(image: Image.Image) -> Image.Image:
    """The picture with a small "sketch" in its corner. Changes the given picture."""
    dot = max(1, min(image.size) // 256)
    draw = ImageDraw.Draw(image, "RGBA")
    left, top = image.width - dot * 25, image.height - dot * 7
    draw.rectangle((left - 2 * dot, top - 2 * dot, image.width, image.height), (34, 32, 40, 255))
    for nth, letter in enumerate("sketch"):
        for place, ink in enumerate(_LETTERS[letter]):
            if ink == "1":
                x, y = left + (nth * 4 + place % 3) * dot, top + place // 3 * dot
                draw.rectangle((x, y, x + dot - 1, y + dot - 1), (214, 210, 200, 255))
    return image
