"""Drawing primitives of the sketch engine: colour palettes, shapes, gradients, skylines. Deterministic for a seed.

Places are shares of the picture's width and height (0–1), sizes are shares of its shorter edge, so that the same
picture comes out at any size.
"""

from __future__ import annotations

import colorsys
import hashlib
import math
import random
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from msgspec import Struct
from PIL import Image, ImageChops, ImageDraw

from .vocabulary import RGB, Scene

Point = tuple[float, float]
# Painting at twice the size and halving gives smooth edges; above this many pixels nobody sees the difference.
_SMOOTH_BELOW = 2_400_000


class Palette(Struct, frozen=True):
    """The colours of one kind of light, shifted by the words of the prompt."""

    sky_top: RGB
    sky_low: RGB
    far: RGB
    mid: RGB
    near: RGB
    water_top: RGB
    water_low: RGB
    sun: RGB
    accent: RGB
    second: RGB
    lit: RGB = (255, 214, 130)


# Colours of each light, in the order of the fields of Palette.
_LIGHT = {
    "day": "62b8ce e8f0dc 86b6ba 5c9c80 285c54 54b2b8 165c70 fff6ce",
    "dawn": "d6808e fedeb2 d6928c a45e6e 4e304e e8ac9c 68547a fff0ce",
    "sunset": "4a367c fc9858 a05670 6a3862 2a1c3e f69c64 3a2e62 ffe08c",
    "night": "0c122e 3e427a 2a325e 1a2042 0c0e22 324070 0a0e22 f4f2dc",
    "grey": "8a98a6 d6d8d6 9ca6ac 707e84 3e4c54 8e9ea4 425460 f0f0e8",
}


def mixed(one: RGB, other: RGB, share: float) -> RGB:
    """A colour between two; `share` 0 gives the first."""
    a, b, c = (round(x + (y - x) * share) for x, y in zip(one, other, strict=True))
    return (a, b, c)


def palette_of(scene: Scene, clip_skip: int = 2) -> Palette:
    """The palette of a scene: colours of its light, shifted by its words, and its own colours for the objects in it."""
    turn = (scene.taste - 0.5) * 0.13 + (clip_skip - 2) * 0.02
    lift = 1.45 if "vivid" in scene.styles else 0.7 if "pastel" in scene.styles else 1.0
    if "mono" in scene.styles:
        lift = 0.0
    colours = [_tuned(_rgb(code), turn, lift) for code in _LIGHT[scene.light].split()]
    own = [*scene.colours[:2]]
    hue = scene.taste_of_shapes
    while len(own) < 2:
        own.append(_from_hsv(hue + 0.45 * len(own), 0.68, 0.86))
    if scene.light == "night":
        own = [mixed(colour, (30, 32, 70), 0.18) for colour in own]
    accent, second = (_tuned(colour, 0.0, 0.0 if lift == 0 else 1.0) for colour in own)
    top, low, far, mid, near, water_top, water_low, sun = colours
    return Palette(top, low, far, mid, near, water_top, water_low, sun, accent, second)


def _rgb(code: str) -> RGB:
    red, green, blue = bytes.fromhex(code)
    return (red, green, blue)


def _tuned(colour: RGB, turn: float, lift: float) -> RGB:
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    return _from_hsv(hue + turn, min(1.0, saturation * lift), value)


def _from_hsv(hue: float, saturation: float, value: float) -> RGB:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return (round(red * 255), round(green * 255), round(blue * 255))


class Brush:
    """Draws into one picture. `detail` 0–1 is the amount of detail to draw; `rng` gives random numbers by layer."""

    def __init__(self, scene: Scene, palette: Palette, *, seed: int, size: tuple[int, int], detail: float) -> None:
        self.factor = 2 if size[0] * size[1] <= _SMOOTH_BELOW else 1
        self.width, self.height = size[0] * self.factor, size[1] * self.factor
        self.unit = min(self.width, self.height)
        self.scene = scene
        self.palette = palette
        self.detail = detail
        # The same seed keeps its composition while words change colours, but a sea is not laid out like a street.
        self._key = f"{seed}/{scene.ground}/{scene.light}"
        self.image = Image.new("RGB", (self.width, self.height), palette.sky_low)
        self.draw = ImageDraw.Draw(self.image, "RGBA")
        self.horizon = self.rng("horizon").uniform(0.54, 0.68)

    def rng(self, layer: str) -> random.Random:
        """A random generator for each layer, so that more detail in one layer never changes another."""
        return random.Random(hashlib.sha256(f"{self._key}/{layer}".encode()).digest())

    def finished(self) -> Image.Image:
        """The picture at its real size."""
        return self.image.reduce(self.factor) if self.factor > 1 else self.image

    def x(self, share: float) -> float:
        return share * self.width

    def y(self, share: float) -> float:
        return share * self.height

    def fill(self, points: Sequence[Point], colour: RGB, alpha: int = 255) -> None:
        """A filled shape; points are shares of width and height."""
        self.draw.polygon([(self.x(x), self.y(y)) for x, y in points], (*colour, alpha))

    def shape(self, at: Point, size: float, points: Sequence[Point], colour: RGB, alpha: int = 255) -> None:
        """A filled shape around a place; its points are in units of `size`, which is a share of the shorter edge."""
        left, top, unit = self.x(at[0]), self.y(at[1]), size * self.unit
        self.draw.polygon([(left + x * unit, top + y * unit) for x, y in points], (*colour, alpha))

    def box(self, at: Point, size: float, edges: tuple[float, float, float, float], colour: RGB) -> None:
        """A rectangle (left, top, right, bottom in units of `size`) around a place."""
        self.draw.rectangle(self.edges(at, size, edges), colour)

    def oval(
        self, at: Point, size: float, edges: tuple[float, float, float, float], colour: RGB, alpha: int = 255
    ) -> None:
        """An ellipse inside the given edges."""
        self.draw.ellipse(self.edges(at, size, edges), (*colour, alpha))

    def stroke(self, at: Point, size: float, points: Sequence[Point], colour: RGB, thick: float) -> None:
        """A line through points in units of `size`; `thick` too."""
        left, top, unit = self.x(at[0]), self.y(at[1]), size * self.unit
        self.draw.line(
            [(left + x * unit, top + y * unit) for x, y in points], colour, max(1, round(thick * unit)), joint="curve"
        )

    def edges(self, at: Point, size: float, edges: tuple[float, ...]) -> tuple[float, float, float, float]:
        left, top, unit = self.x(at[0]), self.y(at[1]), size * self.unit
        x0, y0, x1, y1 = edges
        return (left + x0 * unit, top + y0 * unit, left + x1 * unit, top + y1 * unit)

    def gradient(self, top: float, bottom: float, colours: tuple[RGB, RGB]) -> None:
        """A smooth vertical change of colour between two heights (shares)."""
        first, last = round(self.y(top)), round(self.y(bottom))
        if last <= first:
            return
        strip = Image.new("RGB", (1, 32))
        strip.putdata([mixed(*colours, row / 31) for row in range(32)])
        self.image.paste(strip.resize((self.width, last - first), Image.Resampling.BILINEAR), (0, first))

    def glow(self, at: Point, size: float, colour: RGB, strength: float) -> None:
        """A soft light around a place."""
        edge = max(4, round(2 * size * self.unit))
        halo = ImageChops.invert(Image.radial_gradient("L")).point(_fading(strength))
        corner = (round(self.x(at[0]) - edge / 2), round(self.y(at[1]) - edge / 2))
        self.image.paste(
            colour, (*corner, corner[0] + edge, corner[1] + edge), halo.resize((edge, edge), Image.Resampling.BILINEAR)
        )

    def ridge(self, layer: str, *, base: float, height: float, rough: float) -> list[Point]:
        """A skyline from left to right around `base`; `rough` 0 = rolling hills, 1 = jagged rocks."""
        rng = self.rng(layer)
        levels = 7
        heights = [rng.uniform(-1, 1) for _ in range(4)]
        fade = 0.36 + 0.16 * rough
        swing = fade
        for level in range(levels - 2):
            middles = [(a + b) / 2 + rng.uniform(-swing, swing) for a, b in pairwise(heights)]
            if level >= 1 + round(self.detail * 4):
                break
            heights = [value for pair in zip(heights, middles, strict=False) for value in pair] + heights[-1:]
            swing *= fade
        if rough < 0.5:
            heights = _rounded(heights)
        last = len(heights) - 1
        return [(index / last, base - height * (0.5 + value * 0.5)) for index, value in enumerate(heights)]

    def land(self, skyline: Sequence[Point], colour: RGB) -> None:
        """Fills everything below a skyline."""
        self.fill([(0.0, 1.0), *skyline, (1.0, 1.0)], colour)


@cache
def _fading(strength: float) -> list[int]:
    # Pillow's radial gradient is still 76 at the middle of an edge; the light must end inside.
    return [round((max(0, value - 80) / 175) ** 2 * 255 * strength) for value in range(256)]


def _rounded(heights: Sequence[float]) -> list[float]:
    """A smooth curve through few heights (cosine between neighbours)."""
    coarse = heights[:: max(1, len(heights) // 6)]
    curve: list[float] = []
    for one, other in pairwise(coarse):
        curve += [one + (other - one) * (1 - math.cos(math.pi * part / 12)) / 2 for part in range(12)]
    return [*curve, coarse[-1]]


def level_at(skyline: Sequence[Point], x: float) -> float:
    """Height of a skyline at a place (both shares)."""
    index = min(len(skyline) - 1, max(0, round(x * (len(skyline) - 1))))
    return skyline[index][1]
