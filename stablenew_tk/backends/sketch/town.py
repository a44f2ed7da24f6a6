"""The sketch engine's streets, skylines and rooms."""

from __future__ import annotations

import random

from .brush import Brush, Point, mixed
from .landscape import field, sky
from .objects import DARK, WHITE


def city(b: Brush) -> None:
    """A wide street that runs towards the skyline."""
    p = b.palette
    if b.scene.behind != "sea":
        skyline(b, "skyline far", b.horizon + 0.02, 0.34, far=True)
    skyline(b, "skyline near", b.horizon + 0.05, 0.24, far=False)
    road = mixed(p.near, (90, 90, 110), 0.3)
    b.gradient(b.horizon + 0.04, 1.0, (mixed(road, p.sky_low, 0.35), mixed(road, DARK, 0.3)))
    vanish = (vanishing_point(b), b.horizon + 0.03)
    for side in (-1, 1):
        edge = 0.5 + side * 0.78
        b.fill(
            [vanish, (edge, 1.0), (edge + side * 0.6, 1.0), (vanish[0] + side * 0.2, vanish[1])],
            mixed(road, WHITE, 0.12),
        )
    for offset in (-0.3, 0.3):
        foot = 0.5 + offset
        b.fill([vanish, (foot - 0.012, 1.0), (foot + 0.012, 1.0)], mixed(p.lit, WHITE, 0.3), 170)
    _street_sides(b, vanish)
    if "rain" in b.scene.weather:
        _reflections(b)


def vanishing_point(b: Brush) -> float:
    """Where the street ends at the horizon, as a share of the width."""
    return b.rng("street").uniform(0.4, 0.6)


def skyline(b: Brush, layer: str, base: float, tall: float, *, far: bool) -> None:
    """A row of high houses along a line."""
    p, rng = b.palette, b.rng(layer)
    x = -0.03
    while x < 1.02:
        wide, height = rng.uniform(0.045, 0.11), rng.uniform(0.35, 1.0) * tall
        colour = mixed(p.far if far else p.mid, p.near, rng.uniform(0.0, 0.35))
        b.fill([(x, base), (x, base - height), (x + wide, base - height), (x + wide, base)], colour)
        if rng.random() < 0.2:
            b.fill(
                [
                    (x + wide * 0.45, base - height),
                    (x + wide * 0.55, base - height),
                    (x + wide / 2, base - height - 0.06),
                ],
                colour,
            )
        _windows(b, (x, base - height, x + wide, base), rng.getrandbits(32), alpha=110 if far else 220)
        x += wide * rng.uniform(0.85, 1.15)


def _windows(b: Brush, edges: tuple[float, float, float, float], key: int, alpha: int) -> None:
    rng = random.Random(key)
    if b.detail < 0.3:
        return
    left, top, right, bottom = edges
    lit = b.scene.light in ("night", "sunset", "grey", "dawn")
    colour = b.palette.lit if lit else mixed(b.palette.sky_top, WHITE, 0.3)
    columns = max(2, round((right - left) / 0.016))
    rows = max(2, round((bottom - top) / 0.026))
    step_x, step_y = (right - left) / columns, (bottom - top) / rows
    often = (0.42 if lit else 0.7) * min(1.0, b.detail * 1.2)
    for row in range(rows):
        for column in range(columns):
            if rng.random() < often:
                x, y = left + (column + 0.25) * step_x, top + (row + 0.3) * step_y
                corner = (b.x(x + step_x * 0.5), b.y(y + step_y * 0.45))
                b.draw.rectangle((b.x(x), b.y(y), *corner), (*colour, alpha))


def _street_sides(b: Brush, vanish: Point) -> None:
    """Two rows of houses that run towards the vanishing point."""
    p, rng = b.palette, b.rng("street sides")
    for side in (-1, 1):
        for block in range(3):
            near, far = 1.0 - block * 0.26, 1.0 - (block + 1) * 0.26
            tall = rng.uniform(0.5, 0.85)
            outer = [(vanish[0] + side * (0.16 + 0.5 * t), t) for t in (near, far)]
            x0, x1 = outer[0][0], outer[1][0]
            foot0, foot1 = (vanish[1] + (1.0 - vanish[1]) * t * 0.45 for t in (near, far))
            top0, top1 = (vanish[1] - tall * t for t in (near, far))
            colour = mixed(mixed(p.mid, p.near, 0.35 + 0.2 * block), p.second, 0.12 * (block == 1))
            b.fill([(x0, foot0), (x0, top0), (x1, top1), (x1, foot1)], mixed(colour, DARK, 0.12 * (side > 0)))
            b.fill([(x0, foot0), (x0, top0), (side * 2 + 0.5, top0), (side * 2 + 0.5, foot0)], colour)
            _windows(
                b,
                (min(x0, x1), max(top0, top1) + 0.02, max(x0, x1), min(foot0, foot1)),
                rng.getrandbits(32),
                alpha=200,
            )


def _reflections(b: Brush) -> None:
    rng = b.rng("reflections")
    for _ in range(16 + round(30 * b.detail)):
        x, y = rng.random(), rng.uniform(b.horizon + 0.12, 1.0)
        colour = rng.choice((b.palette.lit, b.palette.second, b.palette.accent))
        b.oval((x, y), rng.uniform(0.02, 0.07), (-0.12, -1.5, 0.12, 1.5), colour, 40)


def room(b: Brush) -> None:
    """A room with a window and what can be seen through it."""
    p, rng = b.palette, b.rng("room")
    warm = (
        mixed((196, 132, 92), p.accent, 0.15) if b.scene.light in ("night", "sunset") else mixed(WHITE, p.second, 0.3)
    )
    b.gradient(0.0, 1.0, (mixed(warm, DARK, 0.25), mixed(warm, DARK, 0.05)))
    left, right, top, low = rng.uniform(0.1, 0.22), rng.uniform(0.74, 0.9), 0.1, 0.72
    b.horizon = 0.66
    pane = Brush(
        b.scene, p, seed=rng.getrandbits(32), size=(b.width // b.factor, b.height // b.factor), detail=b.detail
    )
    pane.horizon = 0.6
    sky(pane)
    if "city" in (b.scene.ground, b.scene.behind) or b.scene.light == "night":
        skyline(pane, "view far", 0.74, 0.4, far=True)
        skyline(pane, "view near", 0.76, 0.24, far=False)
    else:
        field(pane)
    frame = (round(b.x(left)), round(b.y(top)), round(b.x(right)), round(b.y(low)))
    b.image.paste(pane.image.crop(frame), frame[:2])
    wood = mixed(WHITE, warm, 0.35)
    thick = round(0.018 * b.unit)
    b.draw.rectangle(frame, outline=wood, width=thick)
    b.draw.line((b.x((left + right) / 2), b.y(top), b.x((left + right) / 2), b.y(low)), wood, thick)
    b.draw.line((b.x(left), b.y(0.36), b.x(right), b.y(0.36)), wood, thick)
    b.fill([(left - 0.06, low), (right + 0.06, low), (right + 0.08, low + 0.05), (left - 0.08, low + 0.05)], wood)
    for side, x in ((1, left), (-1, right)):
        fold = [(x - side * 0.09, 0.06), (x + side * 0.07, 0.06), (x + side * 0.02, 0.4), (x - side * 0.02, low + 0.1)]
        b.fill([*fold, (x - side * 0.09, low + 0.1)], p.accent)
    b.fill([(0, 0.88), (1, 0.88), (1, 1), (0, 1)], mixed((120, 78, 54), DARK, 0.2))
