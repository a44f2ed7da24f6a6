"""Landscapes of the sketch engine: sky, mountains, sea, forest, fields, desert."""

from __future__ import annotations

import random

from .brush import Brush, Point, level_at, mixed
from .objects import DARK, THINGS, WHITE, pine
from .vocabulary import RGB, Scene


def sky(b: Brush) -> None:
    """Sky with sun or moon, stars and clouds."""
    p, rng = b.palette, b.rng("sky")
    b.gradient(0.0, b.horizon + 0.05, (p.sky_top, p.sky_low))
    at = (rng.uniform(0.16, 0.84), rng.uniform(0.12, 0.3 if b.scene.light in ("day", "night") else 0.46))
    if b.scene.light == "night" or "stars" in b.scene.weather:
        _stars(b)
    if b.scene.light != "grey":
        size = rng.uniform(0.055, 0.1) * (1.3 if b.scene.light in ("sunset", "dawn") else 0.9)
        b.glow(at, size * 4.5, p.sun, 0.6)
        b.oval(at, size, (-1, -1, 1, 1), p.sun)
        if b.scene.light == "night" and rng.random() < 0.6:
            b.oval(at, size, (-0.55, -1.1, 1.35, 0.85), mixed(p.sky_top, p.sky_low, at[1]))
    few = 2 if b.scene.light == "night" else 4
    _clouds(b, few + (5 if "clouds" in b.scene.weather or b.scene.light == "grey" else 0))


def _stars(b: Brush) -> None:
    rng = b.rng("stars")
    for _ in range(30 + round(120 * b.detail)):
        size = rng.choice((0.0016, 0.0022, 0.0034))
        b.oval((rng.random(), rng.random() ** 1.4 * b.horizon), size, (-1, -1, 1, 1), WHITE, rng.randrange(90, 255))


def _clouds(b: Brush, count: int) -> None:
    rng, p = b.rng("clouds"), b.palette
    white = mixed(p.sky_low, WHITE, 0.55) if b.scene.light != "night" else mixed(p.sky_low, WHITE, 0.12)
    for _ in range(count):
        at, size = (rng.uniform(-0.05, 1.05), rng.uniform(0.06, b.horizon - 0.2)), rng.uniform(0.05, 0.11)
        puffs = [(rng.uniform(-2, 2), rng.uniform(0.3, 0.8)) for _ in range(7)]
        for x, radius in puffs[: 2 + round(5 * b.detail)]:
            b.oval(at, size, (x - radius * 1.3, -radius, x + radius * 1.3, radius * 0.35), white)
        b.oval(at, size, (-2.6, -0.12, 2.6, 0.3), white)


def mountain(b: Brush) -> None:
    """Layered mountains, the farthest with snow on their tops."""
    p, rng = b.palette, b.rng("mountain")
    layers = 4
    for layer in range(layers):
        share = layer / (layers - 1)
        base = b.horizon + 0.02 + 0.3 * share**1.2
        tall = (0.4 - 0.26 * share) * (0.8 + 0.5 * b.scene.taste_of_shapes)
        line = b.ridge(f"mountain {layer}", base=base, height=tall, rough=1.0 - 0.45 * share)
        colour = mixed(p.far, p.near, share)
        b.land(line, colour)
        if layer == 0:
            _snow_caps(b, line, 0.5)
        if layer < layers - 1 and "mist" in b.scene.weather | _default_mist(b.scene):
            mist(b, base + 0.02, rng)
    foot = b.ridge("foot", base=0.97, height=0.16, rough=0.3)
    b.land(foot, mixed(p.near, DARK, 0.15))
    if b.scene.behind == "forest" or "tree" in b.scene.things or b.scene.taste_of_shapes > 0.35:
        _pines(b, foot, 26)


def _default_mist(scene: Scene) -> frozenset[str]:
    return frozenset({"mist"}) if scene.light in ("dawn", "grey") else frozenset()


def _snow_caps(b: Brush, line: list[Point], share: float) -> None:
    tops = [
        index for index in range(2, len(line) - 2) if line[index][1] == min(y for _, y in line[index - 2 : index + 3])
    ]
    for index in tops:
        (x0, y0), (x, y), (x1, y1) = line[index - 1], line[index], line[index + 1]
        low = [(x + (x1 - x) * share, y + (y1 - y) * share), (x + (x0 - x) * share, y + (y0 - y) * share)]
        dent = (x, max(low[0][1], low[1][1]) - 0.3 * (max(low[0][1], low[1][1]) - y))
        b.fill([(x, y), low[0], dent, low[1]], mixed(b.palette.sky_low, WHITE, 0.6))


def mist(b: Brush, y: float, rng: random.Random) -> None:
    """A bank of mist around a height."""
    colour = mixed(b.palette.sky_low, WHITE, 0.25)
    for _ in range(5):
        at = (rng.random(), y + rng.uniform(-0.03, 0.03))
        b.oval(at, rng.uniform(0.3, 0.6), (-1, -0.06, 1, 0.06), colour, 50)


def _pines(b: Brush, line: list[Point], count: int) -> None:
    rng = b.rng("pines")
    for _ in range(count):
        x, size = rng.uniform(-0.02, 1.02), rng.uniform(0.08, 0.19)
        pine(b, (x, level_at(line, x) + 0.025), size, rng)


def sea(b: Brush) -> None:
    """Open water with waves and the path of light below the sun."""
    p, rng = b.palette, b.rng("sea")
    if not b.scene.behind and b.scene.taste_of_shapes > 0.3:
        b.land(b.ridge("coast", base=b.horizon + 0.01, height=0.1, rough=0.4), p.far)
    b.gradient(b.horizon, 1.0, (p.water_top, p.water_low))
    b.draw.rectangle(
        (0, b.y(b.horizon), b.width, b.y(b.horizon) + b.unit * 0.004), (*mixed(p.water_top, WHITE, 0.4), 160)
    )
    sun_x = b.rng("sky").uniform(0.16, 0.84)
    if b.scene.light != "grey":
        for row in range(10 + round(14 * b.detail)):
            share = (row % 24) / 24
            at = (sun_x + rng.uniform(-0.03, 0.03) * (1 + share), b.horizon + 0.015 + share * (0.96 - b.horizon))
            half = rng.uniform(0.02, 0.07) * (1 + share)
            b.oval(at, 1.0, (-half, -0.004 - 0.004 * share, half, 0.004 + 0.004 * share), p.sun, 150)
    for _ in range(10 + round(70 * b.detail)):
        share = rng.random() ** 1.5
        at, half = (
            (rng.random(), b.horizon + 0.02 + share * (1 - b.horizon)),
            rng.uniform(0.01, 0.045) * (0.5 + 1.5 * share),
        )
        light = rng.random() < 0.6
        b.oval(at, 1.0, (-half, -0.0025 - 0.003 * share, half, 0.0025), WHITE if light else p.water_low, 110)


def forest(b: Brush) -> None:
    """Rows of firs, one behind the other."""
    p = b.palette
    for layer in range(4):
        share = layer / 3
        rng = b.rng(f"forest {layer}")
        line = b.ridge(f"floor {layer}", base=b.horizon + 0.1 + 0.24 * share, height=0.08, rough=0.2)
        colour = mixed(p.far, p.near, 0.15 + 0.75 * share)
        for _ in range(24 - 4 * layer):
            x, size = rng.uniform(-0.04, 1.04), (0.2 + 0.32 * share) * rng.uniform(0.7, 1.2)
            _fir(b, (x, level_at(line, x) + 0.03), size, mixed(colour, DARK, rng.uniform(0, 0.2)))
        b.land(line, colour)
        if layer < 3:
            mist(b, b.horizon + 0.1 + 0.24 * share, rng)


def _fir(b: Brush, at: Point, size: float, colour: RGB) -> None:
    rows = 2 if b.detail < 0.35 else 4
    for row in range(rows):
        top, wide = -1.0 + 0.8 * row / rows, 0.1 + 0.2 * (row + 1) / rows
        b.shape(
            at, size, [(-wide, top + 1.15 / rows), (wide, top + 1.15 / rows), (0, top)], mixed(colour, DARK, 0.06 * row)
        )
    b.stroke(at, size, [(0, 0.1), (0, -0.2)], mixed(colour, DARK, 0.5), 0.05)


def field(b: Brush) -> None:
    """Rolling hills with small trees and flowers."""
    p, rng = b.palette, b.rng("field")
    green = (122, 176, 92) if b.scene.light == "day" else p.mid
    for layer in range(4):
        share = layer / 3
        line = b.ridge(f"hill {layer}", base=b.horizon + 0.03 + 0.32 * share, height=0.13, rough=0.1)
        colour = mixed(mixed(p.far, green, 0.35 + 0.5 * share), p.near, 0.45 * share)
        b.land(line, colour)
        if layer == 1 and b.detail > 0.25:
            for _ in range(12):
                x = rng.random()
                THINGS["tree"](b, (x, level_at(line, x) + 0.01), rng.uniform(0.025, 0.045))
        if layer == 2:
            for stripe in range(round(9 * b.detail)):
                b.stroke((0.0, 0.0), 1.0, _below(b, line, 0.02 + stripe * 0.016), mixed(colour, p.second, 0.3), 0.004)
    for _ in range(round(70 * b.detail)):
        at = (rng.random(), 1.0 - rng.random() ** 2 * 0.16)
        colour = rng.choice((p.accent, p.second, WHITE))
        b.oval(at, 0.006 + 0.006 * at[1], (-1, -1, 1, 1), colour, 220)


def _below(b: Brush, line: list[Point], drop: float) -> list[Point]:
    return [(x * b.width / b.unit, (y + drop) * b.height / b.unit) for x, y in line]


def desert(b: Brush) -> None:
    """Dunes."""
    sand = mixed((226, 176, 110), b.palette.mid, 0.3)
    dark = mixed(sand, b.palette.near, 0.55)
    for layer in range(4):
        share = layer / 3
        line = b.ridge(f"dune {layer}", base=b.horizon + 0.06 + 0.3 * share, height=0.15, rough=0.1)
        b.land(line, mixed(mixed(sand, b.palette.sky_low, 0.45), dark, share * 0.8))
        crest = min(line, key=lambda point: point[1])
        b.fill([crest, (crest[0] + 0.22, 1.0), (crest[0] - 0.1, 1.0)], dark, 40 + 20 * layer)
