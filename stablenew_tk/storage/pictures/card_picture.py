"""Draws a card as one picture of 1200 x 630 pixels, the size that pages and messengers show of a link."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

from ...domain.base.errors import Unreadable
from ...domain.cards.card import RANGES_SHOWN, CardRow, CardValue, VerdictCard
from .card_letters import length, star, wrapped, write
from .images import DAMAGE, flattened, opened, reason

SIZE = (1200, 630)
_EDGE, _MIDDLE = 40, 640  # margin; where the right half begins
_GRID = 552  # width of all columns
_GRID_TOP, _GRID_END = 108, 600
_STARS = 26  # height of the line of stars below a picture
_GAP = 8

_BACK, _TEXT, _TEXT2, _TEXT3 = "#121214", "#f2f2f0", "#c4c4c0", "#9a9a96"
_LINE, _BAR, _GOLD, _NEAR = "#34343a", "#55555f", "#ffc700", "#2b2716"


def small_jpeg(data: bytes, edge_px: int) -> bytes:
    """A picture as a JPEG of at most `edge_px` pixels on its longer side, with nothing but its pixels. Raises
    Unreadable.
    """
    try:
        with opened(data) as image:
            seen = flattened(image)
            seen.thumbnail((edge_px, edge_px), Image.Resampling.LANCZOS)
            plain = Image.frombytes("RGB", seen.size, seen.tobytes())
    except DAMAGE as error:
        raise Unreadable(f"The picture cannot be read: {reason(error)}.") from error
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


def card_picture(card: VerdictCard, pictures: Mapping[str, bytes]) -> bytes:
    """The card as PNG without any text inside the file. `pictures` are picture files by id; those that are missing or
    damaged leave a grey place. Takes about 0.2 s; any thread but the window's.
    """
    sheet = Image.new("RGB", SIZE, _BACK)
    draw = ImageDraw.Draw(sheet)
    draw.rounded_rectangle((_EDGE, 30, _EDGE + 30, 60), 2, _GOLD)
    star(sheet, (_EDGE + 15, 45), 10, _BACK, filled=True)
    write(draw, (82, 45), card.question, 20, _TEXT2, width=SIZE[0] - 82 - _EDGE, anchor="lm")
    if card.rows:
        _draw_grid(sheet, draw, card, pictures)
    _draw_words(sheet, draw, card)
    out = io.BytesIO()
    sheet.save(out, "PNG", optimize=True)
    return out.getvalue()


# ---- pictures


def _draw_grid(sheet: Image.Image, draw: ImageDraw.ImageDraw, card: VerdictCard, pictures: Mapping[str, bytes]) -> None:
    opened_ones = {facts.image_id: _decoded(pictures.get(facts.image_id)) for facts in card.pictures}
    shapes = [one.width / one.height for one in opened_ones.values() if one is not None]
    shape = sorted(shapes)[len(shapes) // 2] if shapes else 1.0
    count, rows = len(card.columns), len(card.rows)
    high = (_GRID_END - _GRID_TOP) / rows - _STARS - 6
    width = int(min((_GRID - _GAP * (count - 1)) / count, high * shape))
    height = int(width / shape)
    step = height + _STARS + 6
    for place, column in enumerate(card.columns):
        left = _EDGE + place * (width + _GAP)
        value = card.values[column]
        gold = card.gold and value.chosen
        middle = left + width // 2
        ink = _TEXT if gold else _TEXT2
        _draw_heading(draw, value, middle, width, ink)
        for number, row in enumerate(card.rows):
            top = _GRID_TOP + number * step
            _draw_cell(sheet, draw, row, place, (left, top, width, height), opened_ones)
        if gold:
            bottom = _GRID_TOP + rows * step
            draw.rectangle((left - 6, 74, left + width + 5, bottom + 2), outline=_GOLD, width=3)


def _draw_heading(draw: ImageDraw.ImageDraw, value: CardValue, middle: int, width: int, ink: str) -> None:
    """The value above its column: with its name where there is room, else smaller, in the end in two lines."""
    for words, size in ((value.name, 18), (value.text, 18), (value.text, 15), (value.text, 14)):
        if length(words, size, bold=True) <= width:
            write(draw, (middle, 90), words, size, ink, bold=True, anchor="mm")
            return
    cut = next(end for end in range(len(value.text), 0, -1) if length(value.text[:end], 14, bold=True) <= width)
    # At a joint of the name where there is one; what tells files of one training apart is the end.
    joint = max((at + 1 for at, sign in enumerate(value.text[:cut]) if sign in " -_."), default=0)
    first, second = value.text[: joint or cut], value.text[joint or cut :]
    write(draw, (middle, 82), first.rstrip(), 14, ink, bold=True, anchor="mm")
    write(draw, (middle, 98), second, 14, ink, bold=True, width=width, anchor="mm")


def _draw_cell(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    row: CardRow,
    place: int,
    box: tuple[int, int, int, int],
    decoded: Mapping[str, Image.Image | None],
) -> None:
    left, top, width, height = box
    facts = row.pictures[place]
    picture = decoded.get(facts.image_id) if facts is not None else None
    if picture is None:
        draw.rectangle((left, top, left + width - 1, top + height - 1), outline=_LINE)
        words = "not made" if facts is None else "gone"
        write(draw, (left + width // 2, top + height // 2), words, 14, _TEXT3, width=width, anchor="mm")
    else:
        fitted = picture.copy()
        fitted.thumbnail((width, height), Image.Resampling.LANCZOS)
        sheet.paste(fitted, (left + (width - fitted.width) // 2, top + (height - fitted.height) // 2))
    if facts is not None and facts.rating:
        size = min(7.0, (width - 8) / 13)
        for nth in range(5):
            middle = left + width / 2 + (nth - 2) * size * 2.6
            star(sheet, (middle, top + height + 13), size, _GOLD, filled=nth < facts.rating)
    elif facts is not None:
        write(draw, (left + width // 2, top + height + 13), "not rated", 14, _TEXT3, width=width, anchor="mm")


def _decoded(data: bytes | None) -> Image.Image | None:
    try:
        with opened(data or b"") as image:
            # A copy, because the file is closed behind this.
            return flattened(image).copy()
    except DAMAGE:
        # The grey place in the card tells it.
        return None


# ---- words and chart


def _draw_words(sheet: Image.Image, draw: ImageDraw.ImageDraw, card: VerdictCard) -> None:
    width = SIZE[0] - _MIDDLE - _EDGE
    size = next((size for size in (46, 40, 34, 29) if len(wrapped(card.headline, size, width, bold=True)) < 3), 24)
    y = 78
    for line in wrapped(card.headline, size, width, bold=True)[:3]:
        write(draw, (_MIDDLE, y), line, size, _TEXT, bold=True)
        y += round(size * 1.14)
    y += 8
    y = _draw_meaning(draw, card, y, width)
    foot = SIZE[1] - 40
    facts = [line for line in (*card.facts, card.left_out) if line][:4]
    facts_top = foot - 24 - 23 * len(facts)
    draw.line((_MIDDLE, facts_top - 10, SIZE[0] - _EDGE, facts_top - 10), _LINE)
    for number, line in enumerate(facts):
        write(draw, (_MIDDLE, facts_top + 23 * number), line, 16, _TEXT2, width=width)
    write(draw, (_MIDDLE, foot), f"StableNew {card.made.version}", 15, _TEXT, bold=True)
    write(draw, (SIZE[0] - _EDGE, foot), card.made.day, 15, _TEXT3, anchor="ra")
    _draw_chart(sheet, draw, card, y + 14, facts_top - 20)


def _draw_meaning(draw: ImageDraw.ImageDraw, card: VerdictCard, y: int, width: int) -> int:
    """The sentence, its probability in bold, and what it rests on; returns where it ends."""
    whole = f"{card.sure} {card.meaning}".strip()
    size = 20 if len(wrapped(whole, 20, width)) < 4 else 17
    step = round(size * 1.4)
    for number, line in enumerate(wrapped(whole, size, width)[:5]):
        if number == 0 and card.sure and line.startswith(card.sure):
            write(draw, (_MIDDLE, y), card.sure, size, _TEXT, bold=True)
            shift = length(f"{card.sure} ", size, bold=True)
            write(draw, (_MIDDLE + shift, y), line.removeprefix(card.sure).strip(), size, _TEXT2, width=width)
        else:
            write(draw, (_MIDDLE, y), line, size, _TEXT2)
        y += step
    for line in wrapped(card.evidence, size, width)[:2]:
        write(draw, (_MIDDLE, y), line, size, _TEXT2)
        y += step
    return y


def _draw_chart(sheet: Image.Image, draw: ImageDraw.ImageDraw, card: VerdictCard, top: int, end: int) -> None:
    values = _charted(card)
    if not values or end - top < 60:
        return
    lines_top = top + 26
    step = min(38.0, (end - 20 - lines_top) / len(values))
    bottom = round(lines_top + step * len(values))
    best = max(value.estimate or 0.0 for value in values)
    size = 17 if step >= 24 else 14
    longest = max(length(value.text, size, bold=True) for value in values)
    left = _MIDDLE + min(max(longest + 20, 70.0), 230.0)
    if card.gold:
        draw.rectangle((_at(best - 0.25, left), lines_top, _at(best, left), bottom), _NEAR)
    for stars in range(1, 6):
        x = round(_at(stars, left))
        draw.line((x, lines_top, x, bottom), _LINE)
        write(draw, (x - 6, top + 10), str(stars), 15, _TEXT3, anchor="mm")
        star(sheet, (x + 8, top + 9), 6, _TEXT3, filled=True)
    for number, value in enumerate(values):
        _draw_range(draw, card, value, (left, lines_top + step * (number + 0.5)), size)
    shade = " · shade: within ¼ star of the best" if card.gold else ""
    write(draw, (_MIDDLE, bottom + 4), f"bar: 90 % range · line: estimate{shade}", 14, _TEXT3)


def _charted(card: VerdictCard) -> Sequence[CardValue]:
    """The values that get a line: those with an estimate; where they are too many, the best ones in their order."""
    known = [value for value in card.values if value.estimate is not None]
    best = sorted(known, key=lambda value: -(value.estimate or 0.0))[:RANGES_SHOWN]
    return [value for value in known if value in best]


def _draw_range(
    draw: ImageDraw.ImageDraw, card: VerdictCard, value: CardValue, place: tuple[float, float], size: int
) -> None:
    gold = card.gold and value.chosen
    ink = _TEXT if gold else _TEXT2
    left, y = place
    write(draw, (_MIDDLE, y), value.text, size, ink, bold=True, width=left - _MIDDLE - 14, anchor="lm")
    if value.estimate is None or value.low is None or value.high is None:
        return
    low, high, at = _at(value.low, left), _at(value.high, left), _at(value.estimate, left)
    half = size // 3
    draw.rectangle((low, y - half, max(high, low + 2), y + half), _GOLD if gold else _BAR)
    draw.rectangle((at - 2, y - half - 2, at + 1, y + half + 2), "#ffffff")
    number = f"{value.estimate:.1f}"
    write(draw, (SIZE[0] - _EDGE, y), number, size, _GOLD if gold else ink, bold=True, anchor="rm")


def _at(stars: float, left: float) -> float:
    """Where so many stars are from left to right, when one star is at `left`."""
    right = SIZE[0] - _EDGE - 60
    return left + (min(max(stars, 1.0), 5.0) - 1) / 4 * (right - left)
