"""Lines that are folded many at a time give what they give one by one, whatever comes between them."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from journal_lines import new_id, output, rate, record, reopened, undo

from stablenew_tk.domain.journal.history import History
from stablenew_tk.domain.journal.id_column import IdColumn
from stablenew_tk.domain.journal.position import Position
from stablenew_tk.domain.journal.record import PictureFiles
from stablenew_tk.domain.runs.job import LearningTag
from stablenew_tk.domain.runs.plan import LearningRunStep

STAGES, SIZES = ("txt2img", "adetailer", "upscale"), ((64, 64), (832, 1216), (1216, 832))


def some_record(dice, known):
    outputs = [
        output(dice.choice(STAGES), width=width, height=height, suspect=("black",) * dice.choice((0, 0, 1)))
        for width, height in dice.choices(SIZES, k=dice.choice((0, 1, 2, 4)))
    ]
    if dice.random() < 0.1:
        outputs.append(output(image_id=dice.choice(known)))  # recorded before
    if dice.random() < 0.1:
        outputs.append(output(image_id=f"picture of another tool {dice.random()}"))
    plan = LearningTag("experiment", "P", f"P.0.{dice.randrange(2)}") if dice.random() < 0.3 else LearningTag()
    return record(
        outputs=tuple(outputs),
        learning=plan,
        run_id=f"R{dice.randrange(3)}",
        status=dice.choice(("ok", "ok", "partial")),
        kind=dice.choice(("webui", "sketch")),
    )


def some_feedback(dice, known):
    if dice.random() < 0.5:
        return rate(dice.choice(known), dice.randrange(6), repeat=dice.random() < 0.1)
    tags = dice.sample(("hands", "sharp", "sea"), 2)
    return rate(dice.choice(known), tags_added=(tags[0],), tags_removed=(tags[1],), note=dice.choice((None, "n", "")))


def a_step(dice, known):
    return msgspec.convert(
        {
            "kind": "step",
            "event_id": new_id(),
            "ts": "2026-01-01T00:00:00.000Z",
            "plan_id": "P",
            "step_id": f"P.0.{dice.randrange(2)}",
            "job_id": f"J{dice.randrange(9)}",
            "outputs": [dice.choice(known)],
            "variant_index": 0,
            "row": 0,
            "value": 0.0,
            "seed": 0,
            "status": "ok",
            "reused": True,
            "config_for_step": {},
            "stages": ["txt2img"],
        },
        LearningRunStep,
    )


def some_lines(dice):
    """A journal with everything that can stand between records, doubles and what comes too early among it."""
    lines, known = [record()], ["not yet"]
    for number in range(700):
        kind = dice.choice(("record", "record", "record", "feedback", "feedback", "undo", "files", "step", "again"))
        if number == 400:
            line = record(outputs=(output(image_id="not yet"),))
        elif kind == "record":
            line = some_record(dice, known)
            known += [one.image_id for one in line.outputs]
        elif kind == "feedback":
            line = some_feedback(dice, known[-30:] + known[:1])
        elif kind == "undo":
            line = undo(dice.choice(lines[-20:]))
        elif kind == "files":
            line = PictureFiles(
                event_id=new_id(), ts="", paths={dice.choice(known): "/x.png"}, trashed=dice.random() < 0.5
            )
        elif kind == "step":
            line = a_step(dice, known)
        else:
            line = dice.choice(lines)
        lines.append(line)
    return [(1, number * 100, 99, msgspec.json.encode(line)) for number, line in enumerate(lines)], lines, known


def everything(history, known):
    rows, columns = history.unblinded(), history.visible().columns()
    steps = [history.plans.attempts("P", f"P.0.{number}") for number in range(2)]
    return (
        # Tags and notes may be numbered otherwise; the facts have them as they are.
        msgspec.structs.replace(columns, tags=memoryview(b""), tag_sets=(), places=None),
        [rows.facts(row) for row in range(len(history))],
        [(rows.repeats(row), rows.star_places(row)) for row in range(len(history))],
        [history.row_of(image_id) for image_id in known],
        [[msgspec.structs.replace(one, written=False) for one in attempts] for attempts in steps],
    )


@pytest.mark.parametrize("seed", range(12))
def test_lines_count_the_same_alone_together_and_in_pieces(seed):
    dice = Random(seed)
    raw, lines, known = some_lines(dice)
    alone, together, pieces = History(), History(), History()
    for (segment, offset, length, _), line in zip(raw, lines, strict=True):
        alone.fold(line, Position(segment, offset, length))
    assert together.fold_lines(raw) == 0
    start = 0
    while start < len(raw):
        step = dice.choice((1, 2, 30, 300))
        pieces.fold_lines(raw[start : start + step])
        start += step
        if dice.random() < 0.2:
            pieces = reopened(pieces)
    assert everything(together, known) == everything(alone, known)
    assert everything(pieces, known) == everything(alone, known)


@pytest.mark.parametrize("seed", range(20))
def test_ids_in_any_order_and_of_any_form_are_kept_once_and_found(seed):
    dice = Random(seed)
    forms = ("{:026d}", "{:026d}", "{:026d}", "{}", "{:025d}é", "~{:025d}", "{:040d}", "")
    column, rows = IdColumn(), {}
    for _ in range(60):
        first = dice.randrange(3000)
        texts = [dice.choice(forms[: dice.choice((1, 8))]).format(first + place) for place in range(dice.randrange(60))]
        if dice.random() < 0.3:
            dice.shuffle(texts)
        new = [texts[place] for place in column.extend(texts)]
        expected = [text for text in dict.fromkeys(texts) if text not in rows]
        rows |= {text: len(rows) + place for place, text in enumerate(expected)}
        assert new == expected
        if dice.random() < 0.2:
            before, column = column, IdColumn()
            column.bytes += before.bytes
            column.find_by(*before.bounds())
            assert column.is_whole()
    assert [column.text(row) for row in range(len(column))] == list(rows)
    assert {text: column.find(text) for text in rows} == rows
    assert column.find("0" * 25 + "x") == column.find("?") == -1
