"""Draws a card as one picture of 1200 x 630 pixels, the size that pages and messengers show of a link."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

from ...domain.base.errors import Unreadable
from ...domain.cards.card import RANGES_SHOWN, VerdictCard
from ...domain.cards.card_value import CardValue
from ...domain.cards.pair_grid import PairCell, PairGrid
from ...domain.journal.image_facts import ImageFacts
from .card_letters import length, star, wrapped, write
from .images import DAMAGE, flattened, opened, reason

SIZE = (1200, 630)
_EDGE, _MIDDLE = 40, 640  # margin; where the words begin beside many pictures
_APART, _LEAST_MIDDLE = 56, 420  # the words from the pictures; where they begin beside few
_GRID = 552  # width of all columns
_HEADS, _GRID_TOP, _GRID_END = 74, 108, 600
_BAND, _LABEL = 30, 96  # height of a name above pictures; most width of one beside them
_LEAST_STEP = 21  # from line to line of the chart
_WORTH_IT = 1.2  # so much larger pictures must become
_STARS = 26  # height of the line of stars below a picture
_GAP = 8

_BACK, _TEXT, _TEXT2, _TEXT3 = "#121214", "#f2f2f0", "#c4c4c0", "#9a9a96"
Decoded = Mapping[str, Image.Image | None]
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
    right = _draw_pictures(sheet, draw, card, pictures)
    _draw_words(sheet, draw, card, min(max(right + _APART, _LEAST_MIDDLE), _MIDDLE))
    out = io.BytesIO()
    sheet.save(out, "PNG", optimize=True)
    return out.getvalue()


# ---- pictures


def _draw_pictures(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, card: VerdictCard, pictures: Mapping[str, bytes]
) -> int:
    """All pictures, as large as the left side of the card allows; gives their right end."""
    decoded = {facts.image_id: _decoded(pictures.get(facts.image_id)) for facts in card.pictures}
    shapes = [one.width / one.height for one in decoded.values() if one is not None]
    shape = sorted(shapes)[len(shapes) // 2] if shapes else 1.0
    if card.grid is not None:
        return _draw_pairs(sheet, draw, card, card.grid, (decoded, shape))
    if not card.rows:
        return 0
    count, rows = len(card.columns), len(card.rows)
    upright = _size(count, rows, shape, (_GRID, _GRID_END - _GRID_TOP), _STARS + 6)
    lying = _size(rows, count, shape, (_GRID, _GRID_END - _HEADS), _BAND + _STARS + 6)
    # Few values leave room beside them: below each other they make use of it.
    if lying[0] > upright[0] * _WORTH_IT:
        return _draw_bands(sheet, draw, card, (decoded, lying))
    return _draw_columns(sheet, draw, card, (decoded, upright))


def _size(columns: int, rows: int, shape: float, room: tuple[int, int], foot: int) -> tuple[int, int]:
    """Width and height of pictures, so many in a room, each with so many pixels of words above and below it."""
    high = room[1] / rows - foot
    width = max(1, int(min((room[0] - _GAP * (columns - 1)) / columns, high * shape)))
    return width, max(1, int(width / shape))


def _draw_columns(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, card: VerdictCard, made: tuple[Decoded, tuple[int, int]]
) -> int:
    """A column for each value."""
    decoded, (width, height) = made
    step, rows = height + _STARS + 6, len(card.rows)
    for place, column in enumerate(card.columns):
        left = _EDGE + place * (width + _GAP)
        value = card.values[column]
        gold = card.gold and value.chosen
        _draw_heading(draw, (value.name, value.text), left + width // 2, width, _TEXT if gold else _TEXT2)
        for number, row in enumerate(card.rows):
            _draw_cell(sheet, draw, row.pictures[place], (left, _GRID_TOP + number * step, width, height), decoded)
        if gold:
            draw.rectangle((left - 6, _HEADS, left + width + 5, _GRID_TOP + rows * step + 2), outline=_GOLD, width=3)
    return _EDGE + len(card.columns) * (width + _GAP) - _GAP


def _draw_bands(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, card: VerdictCard, made: tuple[Decoded, tuple[int, int]]
) -> int:
    """A band for each value, with its name above it."""
    decoded, (width, height) = made
    step, whole = _BAND + height + _STARS + 6, len(card.rows) * (width + _GAP) - _GAP
    for place, column in enumerate(card.columns):
        top, value = _HEADS + place * step, card.values[column]
        gold = card.gold and value.chosen
        ink = _TEXT if gold else _TEXT2
        write(draw, (_EDGE, top + _BAND // 2), value.name, 18, ink, bold=True, width=whole, anchor="lm")
        for number, row in enumerate(card.rows):
            left = _EDGE + number * (width + _GAP)
            _draw_cell(sheet, draw, row.pictures[place], (left, top + _BAND, width, height), decoded)
        if gold:
            draw.rectangle((_EDGE - 6, top, _EDGE + whole + 5, top + step - 2), outline=_GOLD, width=3)
    return _EDGE + whole


def _draw_pairs(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, card: VerdictCard, grid: PairGrid, made: tuple[Decoded, float]
) -> int:
    """The grid of two settings: a picture for each pair, its estimate below."""
    decoded, shape = made
    label = min(max(round(length(name, 16, bold=True)) for name in grid.rows), _LABEL) + 14
    room = (_GRID - label, _GRID_END - _GRID_TOP)
    width, height = _size(len(grid.columns), len(grid.rows), shape, room, _STARS + 6)
    first, step = _EDGE + label, height + _STARS + 6
    for place, name in enumerate(grid.columns):
        _draw_heading(draw, (name, name), first + place * (width + _GAP) + width // 2, width, _TEXT2)
    for number, (name, cells) in enumerate(zip(grid.rows, grid.cells, strict=True)):
        top = _GRID_TOP + number * step
        write(draw, (_EDGE, top + height // 2), name, 16, _TEXT2, bold=True, width=label - 8, anchor="lm")
        for place, cell in enumerate(cells):
            if cell is not None:
                _draw_pair(sheet, draw, card, cell, (first + place * (width + _GAP), top, width, height), decoded)
    return first + len(grid.columns) * (width + _GAP) - _GAP


def _draw_pair(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    card: VerdictCard,
    cell: PairCell,
    box: tuple[int, int, int, int],
    decoded: Decoded,
) -> None:
    left, top, width, height = box
    _draw_picture(sheet, draw, cell.picture, box, decoded)
    gold, known = card.gold and cell.value.chosen, cell.value.estimate
    if known is not None:
        ink = _GOLD if gold else _TEXT2
        # What was never made is known from the others, so it stands in brackets, as in the map of Insights.
        number = f"{known:.1f}" if cell.picture is not None else f"({known:.1f})"
        wide, middle = length(number, 15, bold=gold) + 16, top + height + 14
        write(draw, (left + (width - wide) / 2, middle), number, 15, ink, bold=gold, anchor="lm")
        star(sheet, (left + (width + wide) / 2 - 6, middle - 1), 6, ink, filled=True)
    if gold:
        draw.rectangle((left - 4, top - 4, left + width + 3, top + height + _STARS), outline=_GOLD, width=3)


def _draw_heading(draw: ImageDraw.ImageDraw, names: tuple[str, str], middle: int, width: int, ink: str) -> None:
    """The value above its column: with its name where there is room, else smaller, in the end in two lines."""
    name, text = names
    for words, size in ((name, 18), (text, 18), (text, 15), (text, 14)):
        if length(words, size, bold=True) <= width:
            write(draw, (middle, 90), words, size, ink, bold=True, anchor="mm")
            return
    cut = next((end for end in range(len(text), 0, -1) if length(text[:end], 14, bold=True) <= width), 1)
    # At a joint of the name where there is one; what tells files of one training apart is the end.
    joint = max((at + 1 for at, sign in enumerate(text[:cut]) if sign in " -_."), default=0)
    first, second = text[: joint or cut], text[joint or cut :]
    write(draw, (middle, 82), first.rstrip(), 14, ink, bold=True, anchor="mm")
    write(draw, (middle, 98), second, 14, ink, bold=True, width=width, anchor="mm")


def _draw_cell(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    facts: ImageFacts | None,
    box: tuple[int, int, int, int],
    decoded: Decoded,
) -> None:
    """A picture with its stars."""
    left, top, width, height = box
    _draw_picture(sheet, draw, facts, box, decoded)
    if facts is not None and facts.rating:
        size = min(7.0, (width - 8) / 13)
        for nth in range(5):
            middle = left + width / 2 + (nth - 2) * size * 2.6
            star(sheet, (middle, top + height + 13), size, _GOLD, filled=nth < facts.rating)
    elif facts is not None:
        write(draw, (left + width // 2, top + height + 13), "not rated", 14, _TEXT3, width=width, anchor="mm")


def _draw_picture(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    facts: ImageFacts | None,
    box: tuple[int, int, int, int],
    decoded: Decoded,
) -> None:
    """A picture fitted into its box, or the words why there is none."""
    left, top, width, height = box
    picture = decoded.get(facts.image_id) if facts is not None else None
    if picture is None:
        draw.rectangle((left, top, left + width - 1, top + height - 1), outline=_LINE)
        words = "not made" if facts is None else "gone"
        write(draw, (left + width // 2, top + height // 2), words, 14, _TEXT3, width=width, anchor="mm")
    else:
        fitted = picture.copy()
        fitted.thumbnail((width, height), Image.Resampling.LANCZOS)
        sheet.paste(fitted, (left + (width - fitted.width) // 2, top + (height - fitted.height) // 2))


def _decoded(data: bytes | None) -> Image.Image | None:
    try:
        with opened(data or b"") as image:
            # A copy, because the file is closed behind this.
            return flattened(image).copy()
    except DAMAGE:
        # The grey place in the card tells it.
        return None


# ---- words and chart


def _draw_words(sheet: Image.Image, draw: ImageDraw.ImageDraw, card: VerdictCard, left: int) -> None:
    width = SIZE[0] - left - _EDGE
    size = next((size for size in (46, 40, 34, 29) if len(wrapped(card.headline, size, width, bold=True)) < 3), 24)
    y = 78
    for line in wrapped(card.headline, size, width, bold=True)[:3]:
        write(draw, (left, y), line, size, _TEXT, bold=True)
        y += round(size * 1.14)
    y += 8
    y = _draw_meaning(draw, card, y, left)
    foot = SIZE[1] - 40
    facts = [line for line in (*card.facts, card.left_out) if line][:4]
    facts_top = foot - 24 - 23 * len(facts)
    draw.line((left, facts_top - 10, SIZE[0] - _EDGE, facts_top - 10), _LINE)
    for number, line in enumerate(facts):
        write(draw, (left, facts_top + 23 * number), line, 16, _TEXT2, width=width)
    write(draw, (left, foot), f"StableNew {card.made.version}", 15, _TEXT, bold=True)
    write(draw, (SIZE[0] - _EDGE, foot), card.made.day, 15, _TEXT3, anchor="ra")
    _draw_chart(sheet, draw, card, (left, y + 14, facts_top - 20))


def _draw_meaning(draw: ImageDraw.ImageDraw, card: VerdictCard, y: int, left: int) -> int:
    """The sentence, its probability in bold, and what it rests on; returns where it ends."""
    width = SIZE[0] - left - _EDGE
    whole = f"{card.sure} {card.meaning}".strip()
    size = 20 if len(wrapped(whole, 20, width)) < 4 else 17
    step = round(size * 1.4)
    for number, line in enumerate(wrapped(whole, size, width)[:5]):
        if number == 0 and card.sure and line.startswith(card.sure):
            write(draw, (left, y), card.sure, size, _TEXT, bold=True)
            shift = length(f"{card.sure} ", size, bold=True)
            write(draw, (left + shift, y), line.removeprefix(card.sure).strip(), size, _TEXT2, width=width)
        else:
            write(draw, (left, y), line, size, _TEXT2)
        y += step
    for line in wrapped(card.evidence, size, width)[:2]:
        write(draw, (left, y), line, size, _TEXT2)
        y += step
    return y


def _draw_chart(sheet: Image.Image, draw: ImageDraw.ImageDraw, card: VerdictCard, place: tuple[int, int, int]) -> None:
    """The ranges, from `place`: left edge, top and bottom."""
    edge, top, end = place
    lines_top = top + 26
    room = end - 20 - lines_top
    values = _charted(card, room // _LEAST_STEP)
    if not values:
        return
    step = min(38.0, room / len(values))
    bottom = round(lines_top + step * len(values))
    best = max(value.estimate or 0.0 for value in values)
    size = 17 if step >= 24 else 14
    longest = max(length(value.text, size, bold=True) for value in values)
    left = edge + min(max(longest + 20, 70.0), 230.0)
    if card.gold:
        draw.rectangle((_at(best - 0.25, left), lines_top, _at(best, left), bottom), _NEAR)
    for stars in range(1, 6):
        x = round(_at(stars, left))
        draw.line((x, lines_top, x, bottom), _LINE)
        write(draw, (x - 6, top + 10), str(stars), 15, _TEXT3, anchor="mm")
        star(sheet, (x + 8, top + 9), 6, _TEXT3, filled=True)
    for number, value in enumerate(values):
        gold = card.gold and value.chosen
        _draw_range(draw, value, (edge, left, lines_top + step * (number + 0.5)), size, gold=gold)
    said = ["bar: 90 % range", "line: estimate"]
    said += ["shade: within ¼ star of the best"] if card.gold else []
    said += [f"the best {len(values)} of {len(card.values)}"] if len(values) < len(card.values) else []
    write(draw, (edge, bottom + 4), " · ".join(said), 14, _TEXT3, width=SIZE[0] - edge - _EDGE)


def _charted(card: VerdictCard, most: int) -> Sequence[CardValue]:
    """The values that get a line: those with an estimate; where they are too many, the best ones in their order, pairs
    the best first.
    """
    known = [value for value in card.values if value.estimate is not None]
    by_estimate = sorted(known, key=lambda value: -(value.estimate or 0.0))
    best = by_estimate[: max(0, min(RANGES_SHOWN, most))]
    return best if card.grid is not None else [value for value in known if value in best]


def _draw_range(
    draw: ImageDraw.ImageDraw, value: CardValue, place: tuple[float, float, float], size: int, *, gold: bool
) -> None:
    """One line of the chart, from `place`: left edge, one star, middle."""
    ink = _TEXT if gold else _TEXT2
    edge, left, y = place
    write(draw, (edge, y), value.text, size, ink, bold=True, width=left - edge - 14, anchor="lm")
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
