"""Reads prompt packs that are tables: prompt, negative and name per line, separated by tabs."""

from __future__ import annotations

from .pack import PackBuilder, PackProblem, Part, PromptPack, lines_of

_HEADS = (
    ("positive", "negative"),
    ("prompt", "negative"),
    ("positive", "negative", "name"),
    ("prompt", "negative", "name"),
)


def parse_table(text: str, pack_id: str) -> PromptPack:
    """Read the text of a TSV file. Blank lines, `#` comments and a line of headings are skipped. Never raises."""
    builder = PackBuilder()
    is_first = True
    for number, raw in lines_of(text):
        line = raw.strip()
        column = len(raw) - len(raw.lstrip()) + 1
        if not line or line.startswith("#") or builder.slot(line, number, column):
            continue
        cells = _cells(raw, number)
        if is_first and tuple(cell.text.casefold() for cell in cells) in _HEADS:
            is_first = False
            continue
        is_first = False
        positive, negative, name = (*cells, *(Part("", number, 1) for _ in range(3)))[:3]
        if len(cells) > 3 and any(cell.text for cell in cells[3:]):
            message = "This line has more than three cells; only prompt, negative and name are used."
            builder.warnings.append(PackProblem(number, cells[3].column, message))
        builder.prompt(number, [positive] if positive.text else [], [negative], name if name.text else None)
    return builder.pack(pack_id)


def _cells(raw: str, number: int) -> list[Part]:
    cells, column = [], 1
    for cell in raw.split("\t"):
        text = cell.strip()
        at = column + len(cell) - len(cell.lstrip())
        if len(text) > 1 and text[0] == text[-1] == '"' and '"' not in text[1:-1].replace('""', ""):
            # As spreadsheets write a cell that holds a comma or a quotation mark.
            text, at = text[1:-1].replace('""', '"').strip(), at + 1
        cells.append(Part(text, number, at))
        column += len(cell) + 1
    return cells
