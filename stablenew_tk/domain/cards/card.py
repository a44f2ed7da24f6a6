"""What is on a card: the question, pictures of values × seeds with their stars, ranges, the verdict, the settings."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import partial

from msgspec import Struct

from ..base.model_hash import without_hash
from ..base.wording import counted, pack_title
from ..config.catalogue import Value, flat
from ..config.pipeline_config import PipelineConfig
from ..config.sweep import LORA, focus
from ..insights.matrix import Board, Shown
from ..insights.naming import naming, plan_naming
from ..insights.report import Report, ValueReport
from ..insights.scope import scope_words
from ..insights.standing import blind_text
from ..insights.titles import plan_heading
from ..insights.verdict_text import figure, is_certain, percent, unbroken
from ..journal.image_facts import ImageFacts
from ..models.preset_scope import family_name
from ..runs.plan import VerdictState
from ..runs.plan_title import prompts_tested, rows_words
from ..runs.value_pairs import TIMES
from .card_value import CardValue, few
from .pair_grid import PairGrid, pair_grid

# As many as can be told apart on a picture of 1200 x 630.
MOST, MOST_PAIRS, RANGES_SHOWN = (5, 3), (5, 4), 9
_ENDING = re.compile(r"\.(safetensors|sft|ckpt|gguf|pth?|bin)$", re.IGNORECASE)
_CERTAIN: tuple[VerdictState, ...] = ("best", "settled")
_SECOND_LINE = ("txt2img.steps", "txt2img.cfg_scale")


class CardOrigin(Struct, frozen=True, kw_only=True):
    """What the records of the pictures know and a plan does not. "" = not known. `day` is what the card is dated."""

    checkpoint_hash: str = ""
    family: str = ""
    engine: str = ""
    version: str = ""
    day: str = ""


class CardRow(Struct, frozen=True, kw_only=True):
    """One row of pictures, a place for every value of the card; None = not made."""

    seed: int
    prompt: str
    pictures: tuple[ImageFacts | None, ...]


class VerdictCard(Struct, frozen=True, kw_only=True):
    """A card. `values` are all there are, `columns` the numbers of those with pictures, `rows` have one picture for
    each of `columns`; of a run with two settings all pictures are in `grid`. `sure` is the probability and `meaning`
    the sentence it begins. `facts` are lines about settings; `left_out` says what is not shown. `gold`: a value is
    proven, so it may stand out.
    """

    state: VerdictState
    question: str
    headline: str
    sure: str
    meaning: str
    evidence: str
    values: tuple[CardValue, ...]
    columns: tuple[int, ...]
    rows: tuple[CardRow, ...]
    facts: tuple[str, ...]
    left_out: str = ""
    gold: bool = False
    made: CardOrigin = CardOrigin()
    prompts: tuple[str, ...] = ()
    grid: PairGrid | None = None

    @property
    def pictures(self) -> tuple[ImageFacts, ...]:
        """All pictures on the card, row by row."""
        of_pairs = [one.picture for one in self.grid.shown] if self.grid is not None else []
        every = (*of_pairs, *(facts for row in self.rows for facts in row.pictures))
        return tuple(facts for facts in every if facts is not None)


def card_of(
    report: Report,
    board: Board,
    made: CardOrigin,
    *,
    most: tuple[int, int] = MOST,
    most_pairs: tuple[int, int] = MOST_PAIRS,
    prompts: bool,
) -> VerdictCard:
    """The card of a report. `most` is how many values and rows get pictures, `most_pairs` how many values of the first
    and of the second setting where there are two; with `prompts` it tells their texts.

    `board` is the one that was analysed; of a blind plan its values must be revealed.
    """
    verdict, certain = report.verdict, is_certain(report.verdict.state, report.verdict.probability)
    number, claim = figure(verdict)
    scope = scope_words(report.plan, report.prompts, sketch=report.sketch)
    grid = pair_grid(report, board, partial(_value, report), most_pairs) if report.plan.second_parameter else None
    columns, rows = _places(report, board, most) if grid is None else ((), ())
    gold = verdict.state in _CERTAIN and not report.sketch
    return VerdictCard(
        state=verdict.state,
        question=_question(report),
        headline=verdict.headline,
        sure=_capital(percent(verdict.probability)) if number else "",
        meaning=unbroken(f"{claim} {scope}.") if number else verdict.meaning,
        evidence=_evidence(report, certain=certain),
        values=tuple(_value(report, one) for one in report.values),
        columns=columns,
        rows=rows,
        facts=tuple(line for line in _facts(report, _made_on(report, rows, grid), made) if line),
        left_out=_left_out(report, board, columns, rows) if grid is None else _left_out_of(report, grid),
        gold=gold,
        made=made,
        prompts=tuple(one.positive for one in prompts_tested(report.plan)) if prompts else (),
        grid=grid,
    )


def bare_name(name: str) -> str:
    """A model's name without folders, ending and hash: "SDXL/harbour_v2.safetensors [c5d8…]" is "harbour_v2"."""
    return _ENDING.sub("", re.split(r"[\\/]", without_hash(name))[-1])


def _value(report: Report, one: ValueReport) -> CardValue:
    chosen = report.verdict.state in _CERTAIN and one.value == report.verdict.value
    known = one.insight if report.verdict.state != "too_early" else None
    # Of wordings the short text; of pairs both values.
    text = bare_name(one.text) if isinstance(one.value, str) else one.text
    return CardValue(
        text=text,
        name=text if isinstance(one.value, str) else _capital(plan_naming(report.plan)(one.value)),
        chosen=chosen,
        estimate=known.mean if known else None,
        low=known.low if known else None,
        high=known.high if known else None,
    )


def _question(report: Report) -> str:
    """ "Which CFG scale for the pack “Harbour evenings”?" """
    plan, subject = report.plan, report.focus
    if subject.unit == "steps" and not plan.second_parameter:
        asked = "How many steps"
    elif subject.path.startswith(LORA):
        asked = f"Which weight of {bare_name(subject.path.removeprefix(LORA))}"
    else:
        asked = f"Which {' and '.join(map(_small, plan_heading(plan).split(TIMES)))}"
    tested = report.prompts or prompts_tested(plan)
    if plan.pack_id:
        pack = pack_title(plan.pack_id)
        where = f"for the pack “{pack}”" if len(tested) != 1 else f"for a prompt of “{pack}”"
    else:
        where = "for one prompt" if len(tested) == 1 else f"for {len(tested)} prompts"
    return f"{asked} {where}?"


def _small(label: str) -> str:
    """A label inside a sentence. A word with capitals inside is a name (CFG, LoRA) and keeps the one it starts with."""
    return label[:1].lower() + label[1:] if label.split()[0][1:].islower() else label


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _evidence(report: Report, *, certain: bool) -> str:
    prompts = max(1, len(report.prompts))
    if certain:
        return f"Every row has the same picture, pixel for pixel, on {counted(report.insight.rows, 'seed')}."
    said = f"{counted(report.rated, 'picture')}, {rows_words(report.insight.rows, prompts)}, "
    rehearsal = " Sketch pictures: a rehearsal, not evidence." if report.sketch else ""
    return f"{said}{blind_text(report.rated, report.not_blind)}.{rehearsal}" if report.rated else rehearsal.strip()


def _places(report: Report, board: Board, most: tuple[int, int]) -> tuple[tuple[int, ...], tuple[CardRow, ...]]:
    """Numbers of the values that get pictures, and the rows: those with the most rated pictures of these values."""
    columns = _columns(report, most[0], {cell.cell.variant for cell in board.cells if cell.sound})
    variants = [report.values[column].variant for column in columns]
    found: dict[int, dict[int, ImageFacts]] = {}
    for cell in board.cells:
        picture = _best(cell.sound)
        if picture is not None and cell.cell.variant in variants:
            found.setdefault(cell.cell.row, {})[cell.cell.variant] = picture

    def wealth(row: int) -> tuple[int, int, int]:
        rated = sum(bool(facts.rating) for facts in found[row].values())
        return -rated, -len(found[row]), row

    chosen = sorted(sorted(found, key=wealth)[: most[1]])
    plan = report.plan
    rows = tuple(
        CardRow(
            seed=plan.seeds[row],
            prompt=plan.prompt(row).prompt_id,
            pictures=tuple(found[row].get(variant) for variant in variants),
        )
        for row in chosen
    )
    return columns, rows


def _best(shown: Sequence[Shown]) -> ImageFacts | None:
    """The picture of a cell: a rated one where there is one."""
    return next((one.facts for one in shown if one.facts.rating), shown[0].facts if shown else None)


def _columns(report: Report, most: int, made: Collection[int]) -> tuple[int, ...]:
    """Which values get pictures: all, or some of those that are made, whose numbers `made` are."""
    # Values that only another run of the same question had have no pictures here.
    own = [at for at, one in enumerate(report.values) if one.variant < len(report.plan.tested)]
    if len(own) <= most:
        return tuple(own)
    own = [at for at in own if report.values[at].variant in made] or own

    def worth(at: int) -> float:
        known = report.values[at].insight
        return known.mean if known is not None else 0.0

    best = next((at for at, one in enumerate(report.values) if one.value == report.verdict.value), max(own, key=worth))
    return few(own, most, best=best, ordered=report.focus.ordered, worth=worth)


def _left_out(report: Report, board: Board, columns: Sequence[int], rows: Sequence[CardRow]) -> str:
    said = []
    if len(columns) < len(report.values):
        said.append(f"{len(columns)} of {len(report.values)} values")
    all_rows = len({cell.cell.row for cell in board.cells if cell.images})
    if len(rows) < all_rows:
        said.append(f"{len(rows)} of {all_rows} rows")
    return f"Shown: {', '.join(said)}." if said else ""


def _left_out_of(report: Report, grid: PairGrid) -> str:
    pairs = len(report.plan.pairs)
    shown = len([one for line in grid.cells for one in line if one is not None])
    return "Shown: one picture of each pair." if grid.whole else f"Shown: one picture each of {shown} of {pairs} pairs."


def _made_on(report: Report, rows: Sequence[CardRow], grid: PairGrid | None) -> list[tuple[int, str]]:
    """Seed and prompt of what is shown."""
    if grid is None:
        return [(row.seed, row.prompt) for row in rows]
    shown = sorted({one.row for one in grid.shown})
    return [(report.plan.seeds[row], report.plan.prompt(row).prompt_id) for row in shown]


def _facts(report: Report, shown: Sequence[tuple[int, str]], made: CardOrigin) -> list[str]:
    paths, config = report.plan.parameters, report.plan.base_config
    checkpoint = "" if "checkpoint" in paths else bare_name(report.checkpoint or config.checkpoint)
    digits = f"hash {made.checkpoint_hash[:10]}" if made.checkpoint_hash and checkpoint else ""
    engine = "sketch pictures" if report.sketch else made.engine
    family = "" if report.sketch else family_name(made.family)
    first = (checkpoint, digits, family, engine)
    seeds = list(dict.fromkeys(seed for seed, _ in shown))
    prompts = list(dict.fromkeys(prompt for _, prompt in shown))
    tested = len(report.prompts or prompts_tested(report.plan))
    last = [f"seed{'' if len(seeds) == 1 else 's'} {', '.join(map(str, seeds))}" if seeds else ""]
    if tested > len(prompts):
        last.append(f"{len(prompts)} of {tested} prompts shown")
    return [
        " · ".join(part for part in first if part),
        " · ".join(_settings(config, paths)),
        " · ".join(part for part in last if part),
    ]


def _settings(config: PipelineConfig, varied: Collection[str]) -> list[str]:
    """The settings that every picture had, in short: "DPM++ 2M Karras", "28 steps", "832 × 1216"."""
    values, first, workflow = flat(config), config.txt2img, config.workflow
    # What a workflow has no place for says nothing about its pictures.
    told = {path for path in values if path not in varied and (not workflow or workflow.has(path))}
    names = [str(values[one]) for one in ("txt2img.sampler", "txt2img.scheduler") if one in told and values[one]]
    found = [f"workflow {workflow.name}" if workflow else ""]
    found.append(" ".join(name for name in names if name != "Automatic"))
    found += [_named(one, values[one]) for one in _SECOND_LINE if one in told]
    if {"txt2img.width", "txt2img.height"} <= told:
        found.append(f"{first.width} × {first.height}")
    return [one for one in found if one]


def _named(path: str, value: Value) -> str:
    """A setting with its name: "28 steps", "CFG 7"."""
    return naming(focus(path))(value)
