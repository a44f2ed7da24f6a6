"""Paint the program's icon, a dark star on gold, into `assets/icon.png` and `assets/icon.ico`."""

from __future__ import annotations

from math import cos, pi, sin
from pathlib import Path

from PIL import Image, ImageDraw

ASSETS = Path(__file__).resolve().parent.parent / "assets"
GOLD, INK = "#FFC805", "#1C1600"
SIZE_PX = 256
# Painted larger and reduced: Pillow draws polygons without smoothing.
OVERSAMPLING = 4


def paint() -> Image.Image:
    side = SIZE_PX * OVERSAMPLING
    icon = Image.new("RGB", (side, side), GOLD)
    # The star's box is centred, not its circle: it has one point above and two below.
    radius, middle = side * 0.32, (side / 2, side * 0.53)
    corners = []
    for corner in range(10):
        reach = radius if corner % 2 == 0 else radius * 0.42
        angle = corner * pi / 5 - pi / 2
        corners.append((middle[0] + reach * cos(angle), middle[1] + reach * sin(angle)))
    ImageDraw.Draw(icon).polygon(corners, fill=INK)
    return icon.resize((SIZE_PX, SIZE_PX), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    picture = paint()
    picture.save(ASSETS / "icon.png", optimize=True)
    picture.save(ASSETS / "icon.ico", sizes=[(edge, edge) for edge in (16, 20, 24, 32, 40, 48, 64, 128, 256)])
