"""Objects in the pictures of the sketch engine: boats, trams, a lighthouse, cats, people, trees and more.

Each object is drawn around the point it stands on, in units of its own size.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from .brush import Brush, Point, mixed

WHITE = (248, 244, 234)
DARK = (38, 34, 48)
SKIN = ((246, 208, 176), (226, 172, 132), (178, 122, 88), (128, 84, 62))
HAIR = ((52, 36, 34), (112, 70, 44), (206, 152, 78), (176, 78, 48), (92, 92, 104))


def boat(b: Brush, at: Point, size: float) -> None:
    """A sailing boat on the water."""
    p = b.palette
    b.oval(at, size, (-0.62, 0.1, 0.62, 0.24), p.water_low, 110)
    b.shape(at, size, [(-0.55, -0.06), (0.6, -0.06), (0.4, 0.16), (-0.4, 0.16)], p.accent)
    b.shape(at, size, [(-0.55, -0.06), (0.6, -0.06), (0.56, -0.01), (-0.51, -0.01)], WHITE)
    b.stroke(at, size, [(0.02, -0.06), (0.02, -1.2)], DARK, 0.03)
    b.shape(at, size, [(0.06, -1.16), (0.06, -0.14), (0.54, -0.2)], WHITE)
    b.shape(at, size, [(-0.02, -1.02), (-0.02, -0.14), (-0.42, -0.2)], mixed(WHITE, p.sun, 0.5))
    if b.detail > 0.5:
        for row in range(4):
            b.stroke(at, size, [(0.08, -0.32 - row * 0.2), (0.42 - row * 0.1, -0.34 - row * 0.2)], p.second, 0.015)


def lighthouse(b: Brush, at: Point, size: float) -> None:
    """A striped lighthouse; its beam shines at night."""
    p = b.palette
    accent = next((colour for colour in b.scene.colours if colour[0] > 1.4 * colour[2]), (208, 66, 56))
    if b.scene.light in ("night", "sunset", "grey"):
        for side in (-1, 1):
            b.shape(at, size, [(0, -2.1), (side * 3.2, -2.5), (side * 3.2, -1.8)], p.lit, 60)
    for stripe in range(5):
        low, high = stripe / 5, (stripe + 1) / 5
        a, c = 0.38 - 0.16 * low, 0.38 - 0.16 * high
        colour = accent if stripe % 2 == 0 else WHITE
        b.shape(at, size, [(-a, -1.8 * low), (a, -1.8 * low), (c, -1.8 * high), (-c, -1.8 * high)], colour)
        b.shape(at, size, [(a * 0.3, -1.8 * low), (a, -1.8 * low), (c, -1.8 * high), (c * 0.3, -1.8 * high)], DARK, 40)
    b.box(at, size, (-0.3, -1.88, 0.3, -1.8), DARK)
    b.box(at, size, (-0.17, -2.16, 0.17, -1.88), p.lit)
    b.shape(at, size, [(-0.24, -2.16), (0.24, -2.16), (0, -2.42)], accent)
    if b.detail > 0.45:
        for y in (-0.5, -1.2):
            b.oval(at, size, (-0.05, y - 0.1, 0.05, y + 0.02), DARK)
        b.box(at, size, (-0.07, -0.22, 0.07, 0), DARK)


def tram(b: Brush, at: Point, size: float) -> None:
    """A tram that comes towards the viewer."""
    p = b.palette
    dark = b.scene.light in ("night", "sunset")
    body = p.accent if b.scene.colours else (196, 70, 58)
    if dark:
        b.glow((at[0], at[1] - 0.4 * size), 1.5 * size, p.lit, 0.55)
    b.oval(at, size, (-0.55, -0.06, 0.55, 0.1), DARK, 120)
    b.shape(at, size, [(-0.46, -0.04), (0.46, -0.04), (0.5, -0.5), (0.42, -1.1), (-0.42, -1.1), (-0.5, -0.5)], body)
    b.shape(at, size, [(-0.42, -1.1), (0.42, -1.1), (0.3, -1.22), (-0.3, -1.22)], mixed(body, DARK, 0.35))
    glass = p.lit if dark else mixed(p.sky_low, WHITE, 0.4)
    for x in (-0.38, -0.12, 0.14):
        b.box(at, size, (x, -0.94, x + 0.24, -0.56), glass)
    b.box(at, size, (-0.48, -0.46, 0.48, -0.4), WHITE)
    b.box(at, size, (-0.2, -1.18, 0.2, -1.04), DARK)
    for x in (-0.32, 0.32):
        b.oval(at, size, (x - 0.09, -0.32, x + 0.09, -0.14), p.lit)
        if dark:
            b.glow(
                (at[0] + x * size * b.unit / b.width, at[1] - 0.2 * size * b.unit / b.height), 0.35 * size, p.lit, 0.8
            )
    b.stroke(at, size, [(0, -1.22), (0.14, -1.42), (-0.1, -1.6)], DARK, 0.025)


def cat(b: Brush, at: Point, size: float) -> None:
    """A cat that sits and looks out."""
    rng = b.rng("cat")
    fur = b.scene.colours[0] if b.scene.colours else rng.choice(((226, 138, 64), (72, 70, 84), (232, 222, 206)))
    dark = mixed(fur, DARK, 0.35)
    turn = rng.choice((-1, 1))
    tail = [(turn * (0.34 + 0.24 * math.sin(k * 0.5)), 0.0 - k * 0.055) for k in range(9)]
    b.stroke(at, size, tail, dark, 0.1)
    b.shape(at, size, [(-0.36, 0.02), (0.36, 0.02), (0.24, -0.62), (-0.24, -0.62)], fur)
    b.oval(at, size, (-0.4, -0.5, 0.4, 0.06), fur)
    b.oval(at, size, (-0.33, -1.12, 0.33, -0.54), fur)
    for side in (-1, 1):
        b.shape(at, size, [(side * 0.32, -0.86), (side * 0.3, -1.28), (side * 0.06, -1.08)], fur)
        b.shape(at, size, [(side * 0.27, -0.94), (side * 0.27, -1.18), (side * 0.12, -1.05)], (240, 160, 160))
        b.oval(at, size, (side * 0.14 - 0.07, -0.92, side * 0.14 + 0.07, -0.76), (190, 220, 110))
        b.oval(at, size, (side * 0.14 - 0.028, -0.91, side * 0.14 + 0.028, -0.77), DARK)
        b.oval(at, size, (side * 0.12 - 0.11, -0.07, side * 0.12 + 0.11, 0.06), mixed(fur, WHITE, 0.6))
        if b.detail > 0.4:
            for tilt in (-0.05, 0.0, 0.05):
                b.stroke(at, size, [(side * 0.1, -0.68), (side * 0.44, -0.68 + tilt)], WHITE, 0.012)
    b.oval(at, size, (-0.13, -0.78, 0.13, -0.58), mixed(fur, WHITE, 0.6))
    b.shape(at, size, [(-0.04, -0.74), (0.04, -0.74), (0, -0.69)], (214, 110, 110))
    if b.detail > 0.5:
        for row in range(3):
            b.stroke(at, size, [(-0.12, -0.4 + row * 0.1), (0.12, -0.4 + row * 0.1)], dark, 0.03)


def person(b: Brush, at: Point, size: float) -> None:
    """Head and shoulders."""
    rng, p = b.rng("person"), b.palette
    skin, hair = rng.choice(SKIN), rng.choice(HAIR)
    shade = mixed(skin, (150, 70, 70), 0.25)
    long = rng.random() < 0.5
    if long:
        b.oval(at, size, (-0.5, -1.72, 0.5, -0.28), hair)
    b.shape(at, size, [(-0.95, 0.4), (-0.8, -0.2), (-0.36, -0.42), (0.36, -0.42), (0.8, -0.2), (0.95, 0.4)], p.accent)
    b.shape(at, size, [(-0.2, -0.7), (0.2, -0.7), (0.26, -0.4), (0, -0.22), (-0.26, -0.4)], shade)
    b.oval(at, size, (-0.4, -1.56, 0.4, -0.56), skin)
    b.shape(at, size, [(-0.36, -0.42), (0, -0.2), (-0.14, 0.0), (-0.48, -0.36)], p.second)
    b.shape(at, size, [(0.36, -0.42), (0, -0.2), (0.14, 0.0), (0.48, -0.36)], p.second)
    part = rng.uniform(-0.15, 0.15)
    b.shape(
        at,
        size,
        [
            (-0.43, -1.06),
            (-0.4, -1.48),
            (0, -1.68),
            (0.4, -1.48),
            (0.43, -1.06),
            (0.3, -1.3),
            (part, -1.36),
            (-0.3, -1.28),
        ],
        hair,
    )
    smile = rng.uniform(0.03, 0.09)
    for side in (-1, 1):
        x = side * 0.165
        b.oval(at, size, (x - 0.075, -1.1, x + 0.075, -0.99), WHITE)
        b.oval(at, size, (x - 0.042, -1.095, x + 0.042, -1.0), (70, 90, 110))
        b.oval(at, size, (x - 0.022, -1.075, x + 0.022, -1.025), DARK)
        b.stroke(at, size, [(x - 0.09, -1.17), (x, -1.2), (x + 0.09, -1.17)], hair, 0.035)
        b.oval(at, size, (side * 0.27 - 0.09, -0.96, side * 0.27 + 0.09, -0.82), (232, 120, 110), 90)
        if b.detail > 0.6:
            b.oval(at, size, (x - 0.03, -1.09, x - 0.01, -1.07), WHITE)
    b.stroke(at, size, [(0.01, -1.04), (0.05, -0.88), (-0.02, -0.86)], shade, 0.028)
    b.stroke(
        at, size, [(-0.14, -0.75), (-0.07, -0.75 + smile), (0.07, -0.75 + smile), (0.14, -0.75)], (168, 66, 70), 0.04
    )
    if b.scene.colours or rng.random() < 0.4:
        straw = (232, 196, 116)
        b.oval(at, size, (-0.78, -1.56, 0.78, -1.3), straw)
        b.oval(at, size, (-0.4, -1.92, 0.4, -1.38), straw)
        b.box(at, size, (-0.4, -1.58, 0.4, -1.48), p.second)


def bird(b: Brush, at: Point, size: float) -> None:
    """A flock of gulls."""
    rng = b.rng("bird")
    colour = WHITE if b.scene.light in ("night", "sunset") else mixed(b.palette.near, WHITE, 0.1)
    for _ in range(5 + rng.randrange(4)):
        x, y, s = rng.uniform(-4, 4), rng.uniform(-2.5, 1), rng.uniform(0.2, 0.42)
        wing = [(x - s, y), (x - s / 2, y - s * 0.5), (x, y), (x + s / 2, y - s * 0.5), (x + s, y)]
        b.stroke(at, size, wing, colour, 0.07)


def balloon(b: Brush, at: Point, size: float) -> None:
    """A hot-air balloon in the sky."""
    p = b.palette
    b.oval(at, size, (-0.6, -1.5, 0.6, -0.3), p.accent)
    b.oval(at, size, (-0.36, -1.5, 0.36, -0.3), WHITE)
    b.oval(at, size, (-0.14, -1.5, 0.14, -0.3), p.second)
    b.shape(at, size, [(-0.44, -0.56), (0.44, -0.56), (0.12, -0.16), (-0.12, -0.16)], p.accent)
    for side in (-0.1, 0.1):
        b.stroke(at, size, [(side, -0.16), (side, 0.04)], DARK, 0.02)
    b.box(at, size, (-0.13, 0.02, 0.13, 0.18), (128, 86, 58))


def house(b: Brush, at: Point, size: float) -> None:
    """A cottage with lit windows."""
    p = b.palette
    lit = p.lit if b.scene.light in ("night", "sunset", "grey") else mixed(p.sky_top, DARK, 0.35)
    b.box(at, size, (0.3, -1.25, 0.46, -0.7), mixed(p.near, (120, 70, 60), 0.5))
    b.box(at, size, (-0.6, -0.6, 0.6, 0.02), mixed(WHITE, p.mid, 0.2))
    b.shape(at, size, [(-0.74, -0.56), (0.74, -0.56), (0.42, -1.1), (-0.42, -1.1)], p.accent)
    b.box(at, size, (-0.1, -0.36, 0.12, 0.02), mixed(p.second, DARK, 0.3))
    for x in (-0.44, 0.26):
        b.box(at, size, (x, -0.42, x + 0.2, -0.2), lit)


def castle(b: Brush, at: Point, size: float) -> None:
    """A castle with pointed towers."""
    p = b.palette
    wall = mixed(p.mid, WHITE, 0.35)
    for x, wide, tall in ((-0.7, 0.16, 1.3), (0.66, 0.16, 1.2), (-0.28, 0.2, 1.75), (0.26, 0.17, 1.5)):
        b.box(at, size, (x - wide, -tall, x + wide, 0.1), mixed(wall, DARK, 0.12 if x > 0 else 0.0))
        b.shape(at, size, [(x - wide - 0.05, -tall), (x + wide + 0.05, -tall), (x, -tall - 0.5)], p.accent)
        b.oval(at, size, (x - 0.04, -tall + 0.2, x + 0.04, -tall + 0.36), p.lit)
    b.box(at, size, (-0.7, -0.8, 0.66, 0.1), wall)
    b.oval(at, size, (-0.16, -0.4, 0.16, 0.2), DARK)


def tree(b: Brush, at: Point, size: float) -> None:
    """A round tree, in blossom when the prompt gives it a colour."""
    p = b.palette
    crown = p.accent if b.scene.colours else mixed(p.mid, (120, 168, 88), 0.4)
    b.shape(at, size, [(-0.09, 0.04), (0.09, 0.04), (0.05, -0.8), (-0.05, -0.8)], mixed(DARK, (110, 70, 50), 0.6))
    for x, y, r in ((-0.3, -0.85, 0.36), (0.32, -0.82, 0.34), (0, -1.15, 0.44), (0, -0.75, 0.4)):
        b.oval(at, size, (x - r, y - r, x + r, y + r), mixed(crown, p.near, 0.15 + 0.15 * (x > 0)))
    b.oval(at, size, (-0.3, -1.42, 0.14, -1.0), mixed(crown, WHITE, 0.2), 140)


def flower(b: Brush, at: Point, size: float) -> None:
    """A bunch of flowers in the foreground."""
    rng = b.rng("flower")
    for _ in range(9 + round(6 * b.detail)):
        x, top = rng.uniform(-2.2, 2.2), -rng.uniform(0.4, 1.3)
        b.stroke(at, size, [(x, 0.3), (x * 0.97, top)], (70, 130, 78), 0.04)
        colour = rng.choice((b.palette.accent, b.palette.second, WHITE))
        for petal in range(6):
            angle = petal * math.pi / 3
            cx, cy = x * 0.97 + 0.13 * math.cos(angle), top + 0.13 * math.sin(angle)
            b.oval(at, size, (cx - 0.11, cy - 0.11, cx + 0.11, cy + 0.11), colour)
        b.oval(at, size, (x * 0.97 - 0.08, top - 0.08, x * 0.97 + 0.08, top + 0.08), (250, 206, 90))


def umbrella(b: Brush, at: Point, size: float) -> None:
    """Somebody under an umbrella."""
    p = b.palette
    b.shape(at, size, [(-0.16, 0), (0.16, 0), (0.2, -0.7), (-0.2, -0.7)], mixed(DARK, p.mid, 0.3))
    b.oval(at, size, (-0.13, -0.94, 0.13, -0.68), SKIN[1])
    b.draw.pieslice(
        (
            b.x(at[0]) - 0.66 * size * b.unit,
            b.y(at[1]) - 1.5 * size * b.unit,
            b.x(at[0]) + 0.66 * size * b.unit,
            b.y(at[1]) - 0.3 * size * b.unit,
        ),
        180,
        360,
        p.accent,
    )
    b.stroke(at, size, [(0, -1.56), (0, -0.5)], DARK, 0.03)


def bridge(b: Brush, at: Point, size: float) -> None:
    """A long bridge with arches."""
    stone = mixed(b.palette.mid, DARK, 0.25)
    b.box((0.0, at[1]), size, (-0.1, -0.9, b.width / b.unit / size + 0.1, -0.72), stone)
    for arch in range(math.ceil(b.width / b.unit / size / 0.9) + 1):
        x = arch * 0.9
        b.box((0.0, at[1]), size, (x - 0.08, -0.75, x + 0.08, 0.2), stone)
        b.draw.arc(b.edges((0.0, at[1]), size, (x, -0.78, x + 0.9, 0.3)), 180, 360, stone, round(0.09 * size * b.unit))


def lamp(b: Brush, at: Point, size: float) -> None:
    """A warm lamp."""
    b.stroke(at, size, [(0, 0), (0, -1.0)], DARK, 0.06)
    b.shape(at, size, [(-0.3, -0.9), (0.3, -0.9), (0.17, -1.35), (-0.17, -1.35)], b.palette.lit)
    b.oval(at, size, (-0.22, -0.06, 0.22, 0.06), DARK)
    b.glow((at[0], at[1] - 1.1 * size * b.unit / b.height), 1.3 * size, b.palette.lit, 0.6)


def pine(b: Brush, at: Point, size: float, rng: random.Random) -> None:
    """One dark fir; detail gives it more branches."""
    colour = mixed(b.palette.near, b.palette.mid, rng.uniform(0.0, 0.35))
    rows = 1 if b.detail < 0.35 else 3
    b.stroke(at, size, [(0, 0.05), (0, -0.2)], mixed(colour, DARK, 0.4), 0.08)
    for row in range(rows):
        top, wide = -1.0 + row * 0.26, 0.17 + 0.08 * row + (0.12 if rows == 1 else 0)
        b.shape(
            at,
            size,
            [(-wide, -0.1 if rows == 1 else top + 0.46), (wide, -0.1 if rows == 1 else top + 0.46), (0, top)],
            colour,
        )


THINGS: dict[str, Callable[[Brush, Point, float], None]] = {
    "boat": boat, "lighthouse": lighthouse, "tram": tram, "cat": cat, "person": person, "bird": bird,
    "balloon": balloon, "house": house, "castle": castle, "tree": tree, "flower": flower, "umbrella": umbrella,
    "bridge": bridge, "lamp": lamp,
}  # fmt: skip
