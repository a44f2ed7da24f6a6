"""Values of a Learning Run that gave the same pictures, pixel for pixel: which, what follows, and the likely reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ..config.catalogue import Value, catalogue, get_value
from ..config.pipeline_config import FIRST_STAGE, STAGE_OF_PART
from ..config.sweep import LORA, LORA_FILE, NEGATIVE
from ..runs.plan import LearningPlan
from ..runs.plan_title import prompts_tested
from ..runs.value_order import columns_by_value
from .matrix import Board, axis_value
from .scope import scope_words
from .tested_values import TestedValue, clear_times
from .verdict_text import Verdict, fastest, same_pictures, unbroken


def all_equal(board: Board) -> bool:
    """Whether every row that is made has the same picture at all its values, and at least one row is whole."""
    rows: dict[int, list[tuple[str, ...]]] = {}
    for cell in board.cells:
        if cell.sound:
            rows.setdefault(cell.cell.row, []).append(tuple(shown.picture for shown in cell.sound))
    if any(len(set(pictures)) > 1 for pictures in rows.values()):
        return False
    plan = board.plan
    if not plan.second_parameter:
        return any(len(pictures) == len(plan.tested) for pictures in rows.values())
    # A row of pairs shows only some of them.
    wanted = Counter(cell.cell.row for cell in board.cells if cell.cell.row < plan.full_rows)
    return any(len(pictures) == wanted[row] for row, pictures in rows.items())


def equal_values(board: Board) -> tuple[tuple[Value, ...], ...]:
    """Groups of two or more values whose pictures are equal in all the same rows, in the order to show."""
    pictures: dict[int, list[tuple[int, str]]] = {}
    for cell in sorted(board.cells, key=lambda cell: cell.cell.row):
        pictures.setdefault(cell.cell.variant, []).extend((cell.cell.row, shown.picture) for shown in cell.sound)
    groups: dict[tuple[tuple[int, str], ...], list[Value]] = {}
    for variant in columns_by_value(board.plan):
        if made := tuple(pictures.get(variant, ())):
            groups.setdefault(made, []).append(board.plan.tested[variant])
    return tuple(tuple(values) for values in groups.values() if len(values) > 1)


def certain_verdict(plan: LearningPlan, values: Sequence[TestedValue], name: Callable[[Value], str]) -> Verdict:
    """The verdict on values whose pictures are all the same: it needs no stars and names the fastest value."""
    advice = fastest([axis_value(one.value) for one in values], clear_times(values), name)
    own = next((one.value for one in values if axis_value(one.value) == advice.value), values[0].value)
    seen = [(row, facts.sketch) for one in values for row, facts in one.sound]
    prompts = prompts_tested(plan, (row for row, _ in seen))
    scope = scope_words(plan, prompts, sketch=any(sketch for _, sketch in seen))
    headline, meaning = same_pictures(f" {scope}", advice)
    return Verdict("no_difference", own, 1.0, unbroken(headline), unbroken(meaning))


def no_effect(plan: LearningPlan) -> str:
    """Sentences for a plan whose pictures are all the same: which setting had no effect, and the likely reason."""
    subject = plan.subject
    block = subject.path.partition(".")[0]
    where = f" ({block})" if block in STAGE_OF_PART or subject.stage != FIRST_STAGE else ""
    return f"{subject.caption}{where} had no effect. {_reason(plan)}"


def _reason(plan: LearningPlan) -> str:
    subject, path = plan.subject, plan.focus_parameter
    block = path.partition(".")[0]
    if path != f"{block}.enabled" and block in STAGE_OF_PART and not get_value(plan.base_config, f"{block}.enabled"):
        return f"What uses it ({block}) is off."
    if not get_value(plan.base_config, f"{subject.stage}.enabled"):
        return f"The stage that uses it ({subject.stage}) is off."
    if subject.stage == "adetailer":
        return "ADetailer probably found nothing to repair in these pictures."
    denoise = f"{block}.denoise"
    if (
        denoise in catalogue()
        and path not in (denoise, f"{block}.enabled")
        and not get_value(plan.base_config, denoise)
    ):
        return "Denoise is 0 there, so nothing is painted anew."
    if plan.backend_kind == "sketch":
        return "The sketch engine does not use every setting; try it with a WebUI."
    if path == LORA_FILE or path.startswith(LORA):
        return "The engine probably did not find the LoRA, or it does not fit the checkpoint."
    if path == NEGATIVE:
        return "At CFG 1 no engine computes the negative prompt; distilled checkpoints run there."
    if path == "clip_skip":
        return "Checkpoints of the SDXL family and newer ones ignore it."
    return "The engine probably ignores it, or another setting or an extension overrides it."
