"""The sizes of a picture that suit a family of models, for a menu beside width and height."""

from __future__ import annotations

from .families import Family

Size = tuple[int, int]  # px

# For a family that nobody knows, or that names none: what models of 512 and of 1024 pixels were made for.
_GENERAL: tuple[Size, ...] = ((512, 512), (768, 512), (768, 768), (1024, 1024), (1216, 832), (1344, 768))
_RATIOS = ((1, 1), (5, 4), (4, 3), (3, 2), (16, 10), (16, 9), (2, 1), (21, 9))
_NEAR, _SAME = 0.04, 0.005


def sizes_for(family: Family) -> tuple[Size, ...]:
    """The sizes that suit a family, each followed by the same turned."""
    both = (size for width, height in family.sizes or _GENERAL for size in ((width, height), (height, width)))
    return tuple(dict.fromkeys(both))


def size_text(size: Size) -> str:
    """ "1216 × 832"."""
    return f"{size[0]} × {size[1]}"


def size_note(size: Size) -> str:
    """What shape it is and how many pixels: "about 3:2 · 1.0 MP", "1:1 · 0.3 MP"."""
    width, height = size
    long, short = max(size), min(size)
    wide, high = min(_RATIOS, key=lambda one: abs(one[0] / one[1] - long / short))
    off = abs(long / short / (wide / high) - 1)
    shape = f"{wide}:{high}" if width >= height else f"{high}:{wide}"
    named = shape if off < _SAME else f"about {shape}" if off < _NEAR else ""
    return " · ".join(filter(None, (named, f"{width * height / 1e6:.1f} MP")))
