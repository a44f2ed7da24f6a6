"""Texts of the matrix of a Learning Run: row labels, column heads, cell captions. They reveal no value while blind."""

from __future__ import annotations

from ..base.wording import counted
from ..runs.wordings import short_texts
from .blinding import AGAIN, ROUND, BlindCell, BlindMatrix, MatrixRow
from .naming import plan_naming
from .report import Report

_WITHOUT_PICTURE = {
    "made": "It is made. The row opens when all of it is.",
    "making": "Being made…",
    "waiting": "Not made yet.",
    "later": "Some pictures are shown once more when all others are rated.",
    "missing": "It could not be made and counts as missing.",
}


def row_label(matrix: BlindMatrix, line: MatrixRow) -> tuple[str, str]:
    """Title and note to show left of a row."""
    plan = matrix.board.plan
    if line.row == ROUND:
        return "Blind round", _how_far(line)
    if line.row == AGAIN:
        return "Once more", _how_far(line) if line.open else "opens when all others are rated"
    prompt = f"{plan.prompt(line.row).prompt_id}\n" if len(plan.prompts) > 1 else ""
    seed = f"{plan.seeds[line.row]}\n" if not matrix.hidden else ""
    if line.open:
        far = _how_far(line)
    elif any(cell.state == "shown" for cell in line.cells):
        far = f"{_how_far(line)} · {sum(cell.facts is None for cell in line.cells)} to come"
    elif line.row < plan.full_rows:
        far = f"opens when all {len(line.cells)} are made"
    else:
        far = "opens when all asked for are made"
    return f"Seed {line.row + 1}", f"{prompt}{seed}{far}"


def _how_far(line: MatrixRow) -> str:
    sound = [cell for cell in line.cells if cell.facts is not None and not cell.facts.suspect and not cell.equal]
    to_come = sum(cell.facts is None and cell.state != "missing" for cell in line.cells)
    rated, whole = sum(bool(cell.stars) for cell in sound), len(sound) + to_come
    if not whole:
        return "nothing to rate"
    return "done" if rated == whole else f"{rated} of {whole}"


def column_head(matrix: BlindMatrix, report: Report | None, column: int) -> tuple[str, str, bool]:
    """Head of a column: its value, its estimate, and whether the verdict recommends it."""
    plan, variant = matrix.board.plan, matrix.columns[column]
    value = plan.tested[variant]
    known = next((one for one in report.values if one.variant == variant), None) if report is not None else None
    # While it is too early, an estimate would look like a winner.
    ripe = report is not None and report.verdict.state != "too_early"
    estimate = f"estimate {known.insight.mean:.1f}" if ripe and known is not None and known.insight is not None else ""
    best = report is not None and report.verdict.state in ("settled", "best") and report.verdict.value == value
    return short_texts(plan.focus_parameter, plan.variant_values)(value), estimate, best


def place_name(matrix: BlindMatrix, cell: BlindCell) -> str:
    """Name of a cell: "Seed 1, picture 3"; once the values are revealed "Seed 1, 23 steps"."""
    plan, line = matrix.board.plan, matrix.lines[cell.line]
    if line.row == ROUND:
        return f"Blind round, picture {cell.column + 1}"
    if line.row == AGAIN:
        return f"Once more, picture {cell.column + 1}"
    if matrix.hidden or cell.variant < 0:
        return f"Seed {line.row + 1}, picture {cell.column + 1}"
    if plan.second_parameter:
        return f"Seed {line.row + 1}, {plan_naming(plan)(plan.tested[cell.variant])}"
    subject = plan.subject
    text = short_texts(subject.path, plan.tested)(plan.tested[cell.variant])
    return f"Seed {line.row + 1}, {f'{text} {subject.unit}' if subject.unit else f'{subject.label} {text}'}"


def key_hint(cell: BlindCell, *, goes_on: bool) -> str:
    """Hint about what the star keys do in a cell. `goes_on`: the next picture follows automatically."""
    if cell.facts is None:
        return "Nothing to rate here yet"
    if cell.facts.suspect:
        return "Suspect. It was not made as asked and does not count."
    if cell.asks:
        return "Press 1 to 5. The next picture comes by itself." if goes_on else "Press 1 to 5"
    if cell.equal and not cell.stars:
        return "The same picture as another one of this row. Stars for one count for both."
    return "Rated. Ctrl Z takes it back." if cell.again else "Rated. Another number changes it, 0 clears it."


def foot_text(matrix: BlindMatrix, cell: BlindCell, *, current: bool) -> str:
    """Text below a picture in place of its stars; "" = show the stars."""
    if cell.asks:
        return "rate this one" if current else "unrated"
    if not cell.stars:
        return "the same picture" if cell.equal else "not counted"
    if matrix.covered and not cell.again:
        return "rated"
    # Pairs have no column that names them.
    plan = matrix.board.plan
    named = plan.second_parameter and not matrix.hidden and cell.variant >= 0
    return f"{plan.tested[cell.variant]} · {counted(cell.stars, 'star')}" if named else ""


def without_picture(cell: BlindCell) -> str:
    """Text in place of a large picture that is missing or hidden."""
    return _WITHOUT_PICTURE.get(cell.state, "")


def state_words(matrix: BlindMatrix) -> tuple[str, str]:
    """Whether values are in sight: a word, and a sentence about columns and rows."""
    plan = matrix.board.plan
    if matrix.round:
        return "Blind", "What was made since, shuffled with some you know. Values are shown when all are rated."
    if matrix.hidden:
        shuffled = (
            f"{counted(len(plan.tested), 'pair' if plan.second_parameter else 'value')}, shuffled anew in every row."
        )
        if plan.most_pictures:
            return "Blind", f"{shuffled} More are made until it is clear."
        return "Blind", f"{shuffled} Names and values are shown when all are rated."
    columns = "Every column is one value, every row one seed."
    if plan.second_parameter:
        columns = "Every row is one seed; its pair stands below every rated picture."
    return ("Revealed", columns) if plan.blind else ("Open", f"Values are in sight. {columns}")
