"""The values of a record as lines of text: asked and applied in every stage, and the origin of each value."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ...domain.base.wording import pack_title
from ...domain.config.catalogue import catalogue, get_value, is_of_workflow
from ...domain.config.origins import Origin
from ...domain.config.sweep import LORA, focus, is_wording
from ...domain.journal.image_facts import ImageFacts
from ...domain.journal.record import LearningRecord, Output, StageRecord
from ...domain.models.preset_scope import PresetScope, PresetUse, ScopeCheck, reasons, scope_words
from ..wording import NOT_TOLD, label, value_text

_MOST_TOLD = 3  # differing values below a picture


class RecordLine(Struct, frozen=True):
    """A line of up to three cells: `head` stands above others, `warn` is about a value that was not kept to.

    `origin` is where the value comes from, said in place of a third cell.
    """

    cells: tuple[str, ...]
    head: bool = False
    warn: bool = False
    origin: Origin | None = None


def asked_and_applied(record: LearningRecord, output: Output) -> tuple[RecordLine, ...]:
    """What every stage up to this picture was asked and what the backend says it did."""
    lines: list[RecordLine] = []
    doubted = {code.partition(":")[2] for code in output.suspect}
    for stage in record.stage_results:
        lines.append(RecordLine((stage.stage, "asked", "applied"), head=True))
        lines += [_compared(stage, path, path in doubted) for path in _paths(stage)]
        lines += [RecordLine((note,), warn=True) for note in stage.notes]
        if stage.stage == output.stage:
            break
    return tuple(lines)


def _paths(stage: StageRecord) -> list[str]:
    known = {path: number for number, path in enumerate(catalogue())}
    return sorted({*stage.asked, *stage.applied}, key=lambda path: known.get(path, len(known)))


def _compared(stage: StageRecord, path: str, doubted: bool) -> RecordLine:
    asked = value_text(path, stage.asked[path]) if path in stage.asked else "–"
    if path not in stage.applied:
        return RecordLine((label(path), asked, NOT_TOLD))
    applied = value_text(path, stage.applied[path])
    return RecordLine((label(path), asked, "same" if applied == asked else applied), warn=doubted)


def origin_lines(record: LearningRecord) -> tuple[RecordLine, ...]:
    """Where every value of the enabled stages comes from, and above that what presets and known values gave."""
    lines = [RecordLine((preset_use_words(use),), warn=bool(use.outside)) for use in record.presets]
    lines.append(RecordLine(("value", "", "from"), head=True))
    workflow = record.config.workflow
    if workflow:
        lines.append(RecordLine(("Workflow", workflow.name), origin="user"))
    for path, spec in catalogue().items():
        in_use = spec.group == "general" or spec.group in record.stages
        # What a workflow has no place for gave the picture nothing.
        if (in_use and (not workflow or workflow.has(path))) or path in record.origins:
            value = value_text(path, get_value(record.config, path))
            lines.append(RecordLine((spec.label, value), origin=record.origins.get(path, "engine")))
    for path, own in workflow.values.items():
        lines.append(RecordLine((label(path), value_text(path, own)), origin=record.origins.get(path, "engine")))
    for path, origin in record.origins.items():
        if path.startswith(LORA):
            lines.append(RecordLine(("LoRA", path.removeprefix(LORA)), origin=origin))
    return tuple(lines)


def _name_of(path: str) -> str:
    return focus(path).label if is_wording(path) else label(path)


def preset_use_words(use: PresetUse) -> str:
    """Which preset gave which values, and whether it was learned for such a picture."""
    gave = ", ".join(path if path.startswith(LORA) else _name_of(path) for path in use.gave)
    if use.plan_id:
        outside = f", outside its scope ({reasons(ScopeCheck(use.outside))})" if use.outside else ""
        return f"Known: {use.name}, learned for {scope_words(use.scope)}{outside}"
    if use.outside:
        return f"Preset “{use.name}” outside its scope ({reasons(ScopeCheck(use.outside))}): {gave}"
    scope = f", learned for {scope_words(use.scope)}" if use.scope != PresetScope() else ""
    return f"Preset “{use.name}”{scope}: {gave}"


def file_lines(record: LearningRecord, output: Output) -> tuple[tuple[str, str], ...]:
    """Name and value of what is known of the picture's file."""
    return (
        ("File", output.path),
        ("Size", f"{output.width} × {output.height} px"),
        # In two halves, because Tk wraps at spaces only.
        ("SHA-256", f"{output.sha256[:32]}\n{output.sha256[32:]}"),
        ("Record", record.event_id),
        ("Run", record.run_name or record.run_id),
    )


def prompt_parts(record: LearningRecord) -> tuple[tuple[str, str], ...]:
    """Head and text of everything that was sent, prompt first."""
    parts = [("Prompt", record.prompt), ("Negative prompt", record.negative or "none")]
    for stage, sent in record.stage_texts.items():
        parts += [(f"Prompt of {stage}", sent.prompt), (f"Negative prompt of {stage}", sent.negative or "none")]
    return tuple(parts)


def output_of(record: LearningRecord | None, image_id: str) -> Output | None:
    """A picture among those of its record."""
    return next((made for made in record.outputs if made.image_id == image_id), None) if record is not None else None


def caption(facts: ImageFacts, record: LearningRecord | None) -> tuple[str, str]:
    """Name and remark below a large picture; without its record what the history knows."""
    tags = ", ".join(facts.tags)
    if record is None:
        return pack_title(facts.pack_id), tags
    output = output_of(record, facts.image_id)
    seed = f"seed {output.seed if output is not None else record.seed}"
    return record.prompt_id, " · ".join(part for part in (seed, pack_title(facts.pack_id), tags) if part)


def differing(record: LearningRecord, others: Sequence[LearningRecord]) -> str:
    """In which values a record is unlike those beside it: "CFG scale 9, 30 steps"; "" when in none.

    Values of stages that did not run do not count, and of many the first three are told.
    """
    paths = [
        path
        for path, spec in catalogue().items()
        if _in_use(record, spec.group)
        and len({value_text(path, get_value(one.config, path)) for one in others if has(one, path)}) > 1
        and has(record, path)
    ]
    own = {path: None for one in others for path in one.config.workflow.values}
    paths += [path for path in own if len({_own_value(one, path) for one in others}) > 1]
    told = [f"{label(path)} {_told(record, path)}" for path in paths[:_MOST_TOLD]]
    told += [f"and {len(paths) - _MOST_TOLD} more"] if len(paths) > _MOST_TOLD else []
    if len({one.prompt_id for one in others}) > 1:
        told.insert(0, record.prompt_id)
    if len({one.seed for one in others}) > 1:
        told.append(f"seed {record.seed}")
    return ", ".join(told)


def _told(record: LearningRecord, path: str) -> str:
    return _own_value(record, path) if is_of_workflow(path) else value_text(path, get_value(record.config, path))


def _own_value(record: LearningRecord, path: str) -> str:
    """A value of the record's workflow; where it was not set, the workflow's own, which a record does not hold."""
    values = record.config.workflow.values
    return value_text(path, values[path]) if path in values else "as in the workflow"


def _in_use(record: LearningRecord, group: str) -> bool:
    switch = f"{group}.enabled"
    return switch not in catalogue() or bool(get_value(record.config, switch))


def has(record: LearningRecord, path: str) -> bool:
    """Whether a record's config has a value at a path: a detailer pass may be missing."""
    parts = path.split(".")
    return "passes" not in parts or int(parts[2]) < len(record.config.adetailer.passes)
