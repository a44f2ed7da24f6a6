"""A card as one HTML page that needs nothing else: pictures, chart and plan are inside of it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from html import escape

from ..journal.image_facts import ImageFacts
from .card import CardRow, VerdictCard
from .card_value import CardValue
from .pair_grid import PairCell, PairGrid

# Most values and rows with pictures, so that a page stays below 3 MB.
MOST, MOST_PAIRS = (12, 6), (8, 8)
_BESIDE = 6  # columns that have room beside the words
_CHART, _ROW, _HEAD, _NUMBER = 560, 38, 34, 60
_LETTER, _LETTERS = 9.2, 24  # width of a letter of the chart; most letters of a value there
_STAR = "M0-10 2.9-3.1 9.5-3.1 4.2 1.2 6.2 8.1 0 4 -6.2 8.1 -4.2 1.2 -9.5-3.1 -2.9-3.1Z"
_STYLE = """
:root{color-scheme:dark;--bg:#121214;--text:#f2f2f0;--text2:#c4c4c0;--text3:#9a9a96;--edge:#34343a;--bar:#55555f;
--gold:#ffc700;--near:#2b2716;--off:#55555c}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text2);font:16px/1.45 system-ui,"Segoe UI",Roboto,sans-serif}
main{max-width:1240px;margin:0 auto;padding:32px 24px;display:flex;flex-wrap:wrap;gap:32px 48px}
header{flex:1 0 100%;font-size:20px;display:flex;gap:12px;align-items:center}
header svg{flex:none;background:var(--gold);border-radius:2px}
section{flex:1 1 420px;min-width:0}
.pictures{overflow-x:auto}
.wide{flex-basis:100%}
table{border-collapse:separate;border-spacing:4px 0;table-layout:fixed;width:100%}
th{font-size:16px;overflow-wrap:anywhere;vertical-align:bottom;font-weight:600;padding:6px 2px;color:var(--text2)}
td{padding:0 0 8px;vertical-align:bottom;text-align:center}
td img{display:block;width:100%;max-width:260px;height:auto;margin:0 auto}
td.none,.none{color:var(--text3);font-size:14px;vertical-align:middle}
.chosen{box-shadow:-3px 0 var(--gold),3px 0 var(--gold);color:var(--text)}
th.chosen{box-shadow:-3px 0 var(--gold),3px 0 var(--gold),-3px -3px var(--gold),3px -3px var(--gold)}
tr:last-child td.chosen{box-shadow:-3px 0 var(--gold),3px 0 var(--gold),-3px 3px var(--gold),3px 3px var(--gold)}
table{margin:3px 0}
.pairs td{font-size:16px}
.pairs th[scope=row]{vertical-align:middle;text-align:left}
.pairs .none{border:1px solid var(--edge);padding:32px 2px}
.best{color:var(--gold);font-weight:700;outline:3px solid var(--gold);outline-offset:2px}
.stars{display:block;margin:4px auto 0;height:16px}
h1{font-size:44px;line-height:1.12;color:var(--text);margin:0 0 10px;text-wrap:balance}
p{margin:0 0 6px;font-size:19px}
p b{color:var(--text)}
.small{font-size:15px;color:var(--text3)}
.chart{width:100%;max-width:640px;height:auto;margin:18px 0 4px;font-size:16px}
.facts{border-top:1px solid var(--edge);margin-top:18px;padding-top:14px;font-size:16px}
.facts div{margin-bottom:3px;overflow-wrap:anywhere}
blockquote{margin:12px 0;padding-left:12px;border-left:3px solid var(--edge);font-size:15px;overflow-wrap:anywhere;
white-space:pre-wrap}
footer{display:flex;justify-content:space-between;margin-top:20px;font-size:15px;color:var(--text3)}
footer b{color:var(--text)}
@media print{:root{color-scheme:light;--bg:#fff;--text:#000;--text2:#222;--text3:#555;--edge:#bbb;--near:#fff3c4}}
"""


def page(card: VerdictCard, pictures: Mapping[str, bytes], plan: str) -> str:
    """The page. `pictures` are small JPEG files by the id of the picture, `plan` is the element that holds the plan."""
    title = f"{card.question} {card.headline}"
    return "".join(
        (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            # Nothing is loaded from anywhere, whatever a name in it says.
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; ',
            "style-src 'unsafe-inline'\">\n",
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n",
            f'<header><svg width="30" height="30" viewBox="-15 -15 30 30" aria-hidden="true"><path d="{_STAR}" ',
            f'fill="#121214"/></svg><span>{escape(card.question)}</span></header>\n',
            *_pictures(card, pictures),
            "<section>\n",
            f"<h1>{escape(card.headline)}</h1>\n",
            f"<p>{f'<b>{escape(card.sure)}</b> ' if card.sure else ''}{escape(card.meaning)}</p>\n",
            f"<p>{escape(card.evidence)}</p>\n" if card.evidence else "",
            *_chart(card),
            *(f"<blockquote>{escape(words)}</blockquote>\n" for words in card.prompts),
            '<div class="facts">\n',
            *(f"<div>{escape(line)}</div>\n" for line in (*card.facts, card.left_out) if line),
            "</div>\n",
            f"<footer><b>StableNew {escape(card.made.version)}</b><span>{escape(card.made.day)}</span></footer>\n",
            f"</section>\n</main>\n{plan}\n</body>\n</html>\n",
        )
    )


def _pictures(card: VerdictCard, pictures: Mapping[str, bytes]) -> Iterator[str]:
    if card.grid is not None:
        yield from _pairs(card, card.grid, pictures)
    if not card.rows:
        return
    wide = " wide" if len(card.columns) > _BESIDE else ""
    yield f'<section class="pictures{wide}">\n<table style="min-width:{92 * len(card.columns)}px">\n<tr>'
    for column in card.columns:
        yield f"<th{_mark(card, column)}>{escape(card.values[column].name)}</th>"
    yield "</tr>\n"
    for row in card.rows:
        yield "<tr>"
        for column, facts in zip(card.columns, row.pictures, strict=True):
            yield _cell(card, column, row, facts, pictures)
        yield "</tr>\n"
    yield "</table>\n</section>\n"


def _pairs(card: VerdictCard, grid: PairGrid, pictures: Mapping[str, bytes]) -> Iterator[str]:
    wide = " wide" if len(grid.columns) > _BESIDE else ""
    least = 92 * (len(grid.columns) + 1)
    yield f'<section class="pictures{wide}">\n<table class="pairs" style="min-width:{least}px">\n'
    heads = (f'<th scope="col">{escape(name)}</th>' for name in grid.columns)
    yield f"<tr><td></td>{''.join(heads)}</tr>\n"
    for name, cells in zip(grid.rows, grid.cells, strict=True):
        yield f'<tr><th scope="row">{escape(name)}</th>{"".join(_pair(card, one, pictures) for one in cells)}</tr>\n'
    yield "</table>\n</section>\n"


def _pair(card: VerdictCard, cell: PairCell | None, pictures: Mapping[str, bytes]) -> str:
    if cell is None:
        return "<td></td>"
    facts, known = cell.picture, cell.value.estimate
    mark = ' class="best"' if card.gold and cell.value.chosen else ""
    number = "" if known is None else f"{known:.1f} ★" if facts is not None else f"({known:.1f} ★)"
    data = pictures.get(facts.image_id) if facts is not None else None
    if data is None:
        return f'<td{mark}><div class="none">{"not made" if facts is None else "picture gone"}</div>{number}</td>'
    return f"<td{mark}>{_image(data, cell.value.text)}{number}</td>"


def _image(data: bytes, words: str) -> str:
    source = base64.b64encode(data).decode()
    return f'<img src="data:image/jpeg;base64,{source}" alt="{escape(words)}" title="{escape(words)}">'


def _mark(card: VerdictCard, column: int, *also: str) -> str:
    names = [*also, "chosen"] if card.gold and card.values[column].chosen else list(also)
    return f' class="{" ".join(names)}"' if names else ""


def _cell(card: VerdictCard, column: int, row: CardRow, facts: ImageFacts | None, pictures: Mapping[str, bytes]) -> str:
    data = pictures.get(facts.image_id) if facts is not None else None
    if facts is None or data is None:
        return f"<td{_mark(card, column, 'none')}>{'not made' if facts is None else 'picture gone'}{_stars(facts)}</td>"
    image = _image(data, f"{card.values[column].text}, seed {row.seed}")
    return f"<td{_mark(card, column)}>{image}{_stars(facts)}</td>"


def _stars(facts: ImageFacts | None) -> str:
    if facts is None or not facts.rating:
        return "" if facts is None else '<span class="stars small">not rated</span>'
    told = f"{facts.rating} of 5 stars"
    shapes = "".join(
        f'<path d="{_STAR}" transform="translate({12 + 22 * at} 11)" '
        + ('fill="#ffc700"/>' if at < facts.rating else 'fill="none" stroke="#77777d"/>')
        for at in range(5)
    )
    return f'<svg class="stars" viewBox="0 0 112 22" role="img" aria-label="{told}">{shapes}</svg>'


def _chart(card: VerdictCard) -> Iterator[str]:
    """The ranges of all values as an SVG; nothing while it is too early to say where they are."""
    if all(value.estimate is None for value in card.values):
        return
    height = _HEAD + _ROW * len(card.values)
    words = "; ".join(_in_words(value) for value in card.values)
    yield f'<svg class="chart" viewBox="0 0 {_CHART} {height}" role="img" aria-label="{escape(words)}">\n'
    left = min(_LETTERS, max(len(value.text) for value in card.values)) * _LETTER + 26
    best = max(value.estimate for value in card.values if value.estimate is not None)
    if card.gold:
        near, wide = _at(best - 0.25, left), _at(best, left) - _at(best - 0.25, left)
        yield f'<rect x="{near:.1f}" y="{_HEAD - 6}" width="{wide:.1f}" height="{height}" fill="var(--near)"/>'
    for star in range(1, 6):
        x = _at(star, left)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_HEAD - 6}" y2="{height}" stroke="var(--edge)"/>'
        yield f'<text x="{x:.1f}" y="18" text-anchor="middle" fill="var(--text3)">{star} ★</text>\n'
    for number, value in enumerate(card.values):
        yield from _line(card, value, left, _HEAD + _ROW * number + _ROW / 2)
    yield "</svg>\n"
    shade = " · shade: within ¼ star of the best" if card.gold else ""
    yield f'<p class="small">bar: 90 % range · line: estimate{shade}</p>\n'


def _line(card: VerdictCard, value: CardValue, left: float, y: float) -> Iterator[str]:
    gold = card.gold and value.chosen
    ink = "var(--text)" if gold else "var(--text2)"
    yield f'<text x="0" y="{y + 6}" fill="{ink}"{_weight(gold)}>{escape(_cut(value.text, _LETTERS))}</text>'
    if value.estimate is None or value.low is None or value.high is None:
        yield f'<text x="{_at(1, left):.1f}" y="{y + 6}" fill="var(--text3)">not rated</text>\n'
        return
    low, high, at = (_at(stars, left) for stars in (value.low, value.high, value.estimate))
    fill = "var(--gold)" if gold else "var(--bar)"
    yield f'<rect x="{low:.1f}" y="{y - 6}" width="{max(2.0, high - low):.1f}" height="12" fill="{fill}"/>'
    yield f'<rect x="{at - 2:.1f}" y="{y - 10}" width="4" height="20" fill="var(--text)"/>'
    number = f'<text x="{_CHART}" y="{y + 6}" text-anchor="end" fill="{"var(--gold)" if gold else ink}"{_weight(gold)}>'
    yield f"{number}{value.estimate:.1f}</text>\n"


def _weight(bold: bool) -> str:
    return ' font-weight="700"' if bold else ""


def _at(stars: float, left: float) -> float:
    """Where so many stars are on the chart, in its own units, when one star is at `left`."""
    return left + (min(max(stars, 1.0), 5.0) - 1) / 4 * (_CHART - left - _NUMBER)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _in_words(value: CardValue) -> str:
    if value.estimate is None:
        return f"{value.text}: not rated"
    return f"{value.text}: {value.estimate:.1f} stars, 90 % range {value.low:.1f} to {value.high:.1f}"
