"""Words and stars on a card: in our own font, and in fonts of the system for the letters that it lacks."""

from __future__ import annotations

import importlib.util
import math
import shutil
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ..disk.files import is_file

_ASCENT, _CAPITAL = 0.93, 0.71  # of our font, as shares of its size
_SMOOTH = 4  # stars are drawn so many times as large
_HOLLOW = "#77777d"
# Fonts that have the letters ours lacks, where the system does not tell one by itself.
_ELSEWHERE = (
    "C:/Windows/Fonts/YuGothM.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/malgun.ttf",
    "C:/Windows/Fonts/seguisym.ttf",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/ヒラギノ角ゴシック W3.ttc",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
)
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def write(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    words: str,
    size: int,
    ink: str,
    *,
    bold: bool = False,
    width: float = 0.0,
    anchor: str = "la",
) -> None:
    """Words in one line, cut with "…" where they are wider than `width` pixels (0 = as wide as they are). `anchor` is
    one of Pillow's, of l m r and a m.
    """
    said = words
    while width and len(said) > 1 and length(said, size, bold=bold) > width:
        said = f"{said.rstrip('…')[:-1].rstrip()}…"
    runs = _runs(said, size, bold=bold)
    whole = sum(font.getlength(part) for part, font in runs)
    x = at[0] - {"l": 0.0, "m": whole / 2, "r": whole}[anchor[0]]
    # One base line for letters of different fonts; the middle of a line is that of its capitals.
    base = at[1] + (size * _ASCENT if anchor[1] == "a" else size * _CAPITAL / 2)
    for part, font in runs:
        draw.text((x, base), part, fill=ink, font=font, anchor="ls")
        x += font.getlength(part)


def wrapped(words: str, size: int, width: int, *, bold: bool = False) -> list[str]:
    """Words in lines; no-break spaces hold together. What has no spaces, as Chinese, is broken where a line is full."""
    lines: list[str] = []
    # Only at spaces: `split()` without one would part at no-break spaces, too.
    for word in (part for whole in words.split(" ") for part in _parted(whole, size, width, bold=bold)):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and length(longer, size, bold=bold) <= width:
            lines[-1] = longer
        elif word:
            lines.append(word)
    return lines


def _parted(word: str, size: int, width: int, *, bold: bool) -> Iterator[str]:
    """A word, in parts where it is wider than a line."""
    while len(word) > 1 and length(word, size, bold=bold) > width:
        cut = next((end for end in range(len(word) - 1, 1, -1) if length(word[:end], size, bold=bold) <= width), 1)
        yield word[:cut]
        word = word[cut:]
    yield word


def length(words: str, size: int, *, bold: bool = False) -> float:
    return sum(font.getlength(part) for part, font in _runs(words, size, bold=bold))


def _runs(words: str, size: int, *, bold: bool) -> list[tuple[str, Font]]:
    """The words in parts of one font each: ours, and fonts of the system for the letters that ours lacks."""
    own, runs = _own(bold=bold), list[tuple[str, str]]()
    for sign in words:
        # Words that are written from right to left change places in one part only: their spaces belong to them.
        last = runs[-1][1] if runs and sign.isspace() else own
        file = last if _draws(sign) else _font_with(sign) or own
        if runs and runs[-1][1] == file:
            runs[-1] = (runs[-1][0] + sign, file)
        else:
            runs.append((sign, file))
    return [(part, _font(file, size)) for part, file in runs]


@lru_cache(maxsize=64)
def _font(path: str, size: int) -> Font:
    if not path:
        return ImageFont.load_default(size)
    return ImageFont.truetype(path, size)


@lru_cache(maxsize=2)
def _own(*, bold: bool) -> str:
    """The file of the window's own font; "" where it is not installed."""
    found = importlib.util.find_spec("customtkinter")
    folders = list(found.submodule_search_locations or ()) if found is not None else []
    name = "Roboto-Medium.ttf" if bold else "Roboto-Regular.ttf"
    files = [Path(folder, "assets", "fonts", "Roboto", name) for folder in folders]
    return next((str(file) for file in files if is_file(file)), "")


@lru_cache(maxsize=4096)
def _draws(sign: str) -> bool:
    """Whether our font has this letter. A letter that a font lacks is drawn as its box for the unknown."""
    if sign.isspace():
        return True
    font = _font(_own(bold=False), 20)
    return bytes(font.getmask(sign)) != bytes(font.getmask("\uffff"))


@lru_cache(maxsize=64)
def _font_with(sign: str) -> str:
    """The file of a font that has this letter; "" when none is known."""
    asked = ""
    if shutil.which("fc-match"):
        command = ["fc-match", "-f", "%{file}", f":charset={ord(sign):x}"]
        try:
            asked = subprocess.run(command, capture_output=True, timeout=10, check=False).stdout.decode(
                errors="replace"
            )
        except (OSError, subprocess.TimeoutExpired):
            asked = ""
    for path in (asked, *_ELSEWHERE):
        if path and is_file(Path(path)):
            try:
                ImageFont.truetype(path, 20)
            except OSError:
                continue
            return path
    return ""


def star(sheet: Image.Image, middle: tuple[float, float], radius: float, ink: str, *, filled: bool) -> None:
    """A star with five points; an empty one is an outline."""
    edge = math.ceil(radius) + 2
    large = Image.new("L", (2 * edge * _SMOOTH, 2 * edge * _SMOOTH))
    left, top = math.floor(middle[0]) - edge, math.floor(middle[1]) - edge
    x, y = (middle[0] - left) * _SMOOTH, (middle[1] - top) * _SMOOTH
    points = [
        (x + math.sin(math.pi * turn / 5) * size, y - math.cos(math.pi * turn / 5) * size)
        for turn in range(10)
        for size in [radius * _SMOOTH * (0.42 if turn % 2 else 1.0)]
    ]
    pen = ImageDraw.Draw(large)
    if filled:
        pen.polygon(points, fill=255)
    else:
        pen.polygon(points, outline=255, width=_SMOOTH)
    mask = large.resize((2 * edge, 2 * edge), Image.Resampling.LANCZOS)
    sheet.paste(Image.new("RGB", mask.size, ink if filled else _HOLLOW), (left, top), mask)
