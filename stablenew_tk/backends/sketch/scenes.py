"""Composes whole pictures of the sketch engine: a ground, the objects on it, the weather."""

from __future__ import annotations

import math

from PIL import Image

from .brush import Brush, Point, mixed, palette_of
from .landscape import desert, field, forest, mist, mountain, sea, sky
from .objects import DARK, THINGS, WHITE
from .town import city, room, skyline, vanishing_point
from .vocabulary import Scene


def paint(scene: Scene, *, seed: int, size: tuple[int, int], detail: float, clip_skip: int = 2) -> Image.Image:
    """Paint the scene as a clean picture of that size in pixels. `detail` 0–1; the seed determines all positions."""
    brush = Brush(scene, palette_of(scene, clip_skip), seed=seed, size=size, detail=detail)
    if scene.ground == "room":
        room(brush)
    else:
        sky(brush)
        _behind(brush)
        _GROUNDS[scene.ground](brush)
    _things(brush)
    _weather(brush)
    return brush.finished()


def face_box(scene: Scene, *, seed: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Position of the face (left, top, right, bottom in pixels) of the person or cat, else the centre of interest."""
    brush = Brush(scene, palette_of(scene), seed=seed, size=size, detail=0.0)
    known = next((thing for thing in scene.things if thing in ("person", "cat")), "")
    x, y, half = 0.5, 0.45, 0.2
    if known:
        (x, foot), unit = _place(brush, known, 0)
        scale = unit * brush.unit
        y = foot - (1.06 if known == "person" else 0.82) * scale / brush.height
        half = (0.62 if known == "person" else 0.46) * unit
    reach = half * min(size)
    box = (x * size[0] - reach, y * size[1] - reach, x * size[0] + reach, y * size[1] + reach)
    left, top = max(0, min(size[0] - 8, round(box[0]))), max(0, min(size[1] - 8, round(box[1])))
    return (left, top, max(left + 8, min(size[0], round(box[2]))), max(top + 8, min(size[1], round(box[3]))))


def _behind(b: Brush) -> None:
    """A second ground of the prompt, seen far away at the horizon."""
    p = b.palette
    if b.scene.behind == "city":
        skyline(b, "far skyline", b.horizon + 0.02, 0.16, far=True)
    elif b.scene.behind == "forest" and b.scene.ground != "mountain":
        line = b.ridge("far forest", base=b.horizon + 0.04, height=0.1, rough=1.0)
        b.land(line, p.mid)
    elif b.scene.behind:
        rough = 0.9 if b.scene.behind == "mountain" else 0.2
        b.land(b.ridge("far land", base=b.horizon + 0.02, height=0.2, rough=rough), p.far)


_GROUNDS = {
    "mountain": mountain, "sea": sea, "city": city, "forest": forest, "field": field, "desert": desert,
}  # fmt: skip


def _things(b: Brush) -> None:
    order = (
        "balloon",
        "bird",
        "bridge",
        "castle",
        "house",
        "tree",
        "lighthouse",
        "lamp",
        "boat",
        "tram",
        "umbrella",
        "flower",
        "cat",
        "person",
    )
    for index, thing in enumerate(sorted(b.scene.things, key=order.index)):
        at, size = _place(b, thing, index)
        if thing == "lighthouse":
            _rock(b, at, size)
        THINGS[thing](b, at, size)


def _rock(b: Brush, at: Point, size: float) -> None:
    stone = mixed(b.palette.near, DARK, 0.1)
    b.shape(at, size, [(-1.5, 0.55), (-0.9, 0.05), (-0.3, -0.06), (0.5, -0.04), (1.0, 0.16), (1.6, 0.6)], stone)
    b.shape(at, size, [(-1.5, 0.55), (-0.9, 0.05), (-0.5, 0.3), (-0.2, 0.6)], mixed(stone, WHITE, 0.12))


def _place(b: Brush, thing: str, index: int) -> tuple[Point, float]:
    """Position and size of an object, from the seed; two objects never get the same position."""
    rng = b.rng(f"place {thing}")
    x = rng.uniform(0.26, 0.74)
    if index % 2:
        x = 1.0 - x
    low = 0.72 if b.scene.ground == "room" else b.horizon
    if thing == "tram":
        depth = rng.uniform(0.35, 0.75)
        return (
            vanishing_point(b) + (0.5 - vanishing_point(b)) * depth,
            low + 0.03 + 0.4 * depth * (1 - low) + 0.05,
        ), 0.2 + 0.26 * depth
    places: dict[str, tuple[float, float, float]] = {
        "boat": (x, low + rng.uniform(0.1, 0.24), rng.uniform(0.18, 0.3)),
        "lighthouse": (rng.choice((0.24, 0.74)) + rng.uniform(-0.06, 0.06), low + 0.14, rng.uniform(0.22, 0.29)),
        "cat": (x, 0.73 if b.scene.ground == "room" else 0.93, rng.uniform(0.28, 0.38)),
        "person": (rng.uniform(0.4, 0.6), 0.96, rng.uniform(0.4, 0.48)),
        "bird": (rng.uniform(0.3, 0.7), rng.uniform(0.16, 0.34), rng.uniform(0.06, 0.09)),
        "balloon": (x, rng.uniform(0.34, 0.46), rng.uniform(0.14, 0.24)),
        "house": (x, low + rng.uniform(0.12, 0.2), rng.uniform(0.14, 0.24)),
        "castle": (x, low + 0.06, rng.uniform(0.2, 0.28)),
        "tree": (x, low + rng.uniform(0.16, 0.26), rng.uniform(0.24, 0.4)),
        "flower": (x, 0.98, rng.uniform(0.2, 0.26)),
        "umbrella": (x, low + rng.uniform(0.2, 0.3), rng.uniform(0.18, 0.26)),
        "bridge": (0.0, low + 0.12, rng.uniform(0.18, 0.26)),
        "lamp": (rng.choice((0.14, 0.86)), low + 0.16 if b.scene.ground == "room" else 0.9, 0.3),
    }
    px, py, size = places[thing]
    return (px, py), size


def _weather(b: Brush) -> None:
    rng = b.rng("weather")
    if "mist" in b.scene.weather and b.scene.ground not in ("room", "mountain"):
        mist(b, b.horizon + 0.02, rng)
        mist(b, b.horizon + 0.12, rng)
    if "rain" in b.scene.weather and b.scene.ground != "room":
        lean = rng.uniform(0.08, 0.3)
        for _ in range(90 + round(160 * b.detail)):
            at, size = (rng.uniform(-0.1, 1.0), rng.uniform(-0.1, 1.0)), rng.uniform(0.03, 0.08)
            left, top = b.x(at[0]), b.y(at[1])
            end = (left + lean * size * b.unit, top + size * b.unit)
            b.draw.line((left, top, *end), (225, 232, 245, 90), max(1, round(b.unit * 0.0022)))
    if "snow" in b.scene.weather:
        for _ in range(120 + round(200 * b.detail)):
            size = 0.003 + 0.006 * rng.random() ** 2
            b.oval((rng.random(), rng.random()), size, (-1, -1, 1, 1), WHITE, 70 + math.floor(rng.random() * 170))
