"""Reads and writes plans of Learning Runs as JSON files, which people and other programs may write as well.

Missing fields get their default. All others are checked, and an error names the full path of the first invalid field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import get_args

import msgspec
from msgspec import Struct

from ..base.errors import InvalidInput
from ..base.journal_line import Line
from ..base.json_text import json_bytes
from ..config.catalogue import Value, catalogue, is_of_workflow
from ..config.global_texts import StageText
from ..config.origins import MAX_SEED, RANDOM_SEED, Origin, seed_after
from ..config.pipeline_config import STAGE_OF_PART, STAGES, PipelineConfig
from ..config.sweep import LORA_FILE, Focus, check_values, focus, focus_in, focuses, is_weight, is_wording, spell
from ..config.workflow_use import NO_WORKFLOW, WorkflowUse
from ..runs.plan import LARGEST_BUDGET, MOST_PER_VALUE, START_ROWS, LearningPlan, PlanCell, PlanMetadata, PlanPrompt
from ..runs.value_pairs import TIMES, check_pair, pairs_of, rows_for_all, start_rows
from .base_config import config_of, kind_of, near_names, read_settings, read_use, shortened
from .plan_page import plan_inside

SIZE_LIMIT = 1024 * 1024
_LONGEST_NAME = 120
_LARGEST = 10**12
_IMPORTED = "imported from "
# Fields that a plan gets when it is started. They are ignored in a file.
_IGNORED = frozenset((*Line.__struct_fields__, "kind", "crc", "plan_id", "backend_kind", "run_name", "run_day"))
_KNOWN = frozenset(LearningPlan.__struct_fields__) | {"pack", "prompt", "negative", "seed"}


class PlanFromFile(Struct, frozen=True):
    """The content of a plan file. `given`: the fields in the file; `notices`: sentences about what was ignored.

    `plan.prompts` is () when the file has no prompts; `plan.seeds` is () when they are to be drawn.
    """

    plan: LearningPlan
    notices: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()


def read_plan(data: bytes, *, where: str) -> PlanFromFile:
    """Read a plan file, or the plan in a card's page; `where` is its name for error messages. Raises InvalidInput
    naming the field.

    Ids and times in the file are ignored: a plan gets its own when it is started.
    """
    fields = _document(plan_inside(data, where), where)
    written = fields.get("base_config", {})
    workflow = read_use(written)
    subject = _focus(_text(fields, "focus_parameter"), workflow)
    values = _values(fields, subject)
    settings = read_settings(written)
    prompts = _prompts(fields)
    second, others = _second(fields, subject, values, workflow)
    images = _images(fields)
    budget = _whole(fields.get("most_pictures", 0), "most_pictures", (0, LARGEST_BUDGET), " pictures")
    pairs = pairs_of(subject.path, values, second, others) if second else ()
    usual = START_ROWS if budget else 0
    if pairs:
        usual = start_rows(pairs, budget) if budget else rows_for_all(pairs) * ("images_per_variant" not in fields)
    rows = _whole(fields.get("complete_rows", usual), "complete_rows", (0, MOST_PER_VALUE), " rows")
    plan = LearningPlan(
        plan_id="",
        name=one_line(_text(fields, "name"))[:_LONGEST_NAME] or ("" if second else usual_name(subject, values)),
        focus_parameter=subject.path,
        stage=subject.stage,
        pack_id=_pack(fields),
        prompts=prompts,
        base_config=msgspec.structs.replace(config_of(settings), workflow=workflow),
        origins=_origins(fields, settings),
        variant_values=values,
        second_parameter=second,
        second_values=others,
        images_per_variant=images,
        complete_rows=rows,
        seeds=_seeds(fields, rows or images * max(1, len(prompts))),
        extra=_extra(fields, len(pairs) or len(values)),
        batches=_batches(fields),
        most_pictures=budget,
        blind=_switch(fields, "blind", True),
        show_twice=_switch(fields, "show_twice", False),
        start_image=_text(fields, "start_image"),
        metadata=_metadata(fields),
    )
    if not plan.name:
        plan = msgspec.structs.replace(plan, name=usual_pair_name(plan))
    unknown = [f"{shortened(name)}: this field is not known and was left out." for name in fields if name not in _KNOWN]
    return PlanFromFile(plan, (*unknown, *_stage_notice(fields, subject)), frozenset(fields) & _KNOWN)


def imported(plan: LearningPlan, where: str) -> LearningPlan:
    """The plan with the note that it was imported from the file `where`, and who wrote that, if it says so."""
    # A file name may hold bytes that are no text.
    where = where.encode(errors="replace").decode()
    writer = plan.metadata.who.partition(_IMPORTED)[0].rstrip(" ,")
    who = f"{writer}, {_IMPORTED}{where}" if writer else f"{_IMPORTED}{where}"
    return msgspec.structs.replace(plan, metadata=PlanMetadata(who=who, notes=plan.metadata.notes))


def write_plan(plan: LearningPlan) -> bytes:
    """The plan as a JSON file that `read_plan` can read. It contains everything that the plan needs."""
    fields: dict[str, object] = {"plan_id": plan.plan_id} if plan.plan_id else {}
    fields |= {
        "name": plan.name,
        "focus_parameter": plan.focus_parameter,
        "stage": plan.stage,
        "variant_values": plan.variant_values,
        **({"second_parameter": plan.second_parameter} if plan.second_parameter else {}),
        **({"second_values": plan.second_values} if plan.second_parameter else {}),
        "images_per_variant": plan.images_per_variant,
        "seeds": plan.seeds,
        "blind": plan.blind,
        "show_twice": plan.show_twice,
        "pack_id": plan.pack_id,
        "prompts": plan.prompts,
    }
    optional: dict[str, object] = {"complete_rows": plan.complete_rows, "start_image": plan.start_image}
    optional |= {"extra": plan.extra, "batches": plan.batches, "most_pictures": plan.most_pictures}
    fields |= {name: value for name, value in optional.items() if value}
    fields |= {"metadata": plan.metadata, "base_config": plan.base_config}
    if plan.origins:
        fields["origins"] = plan.origins
    return msgspec.json.format(json_bytes(fields), indent=2) + b"\n"


def named_focus(path: str, workflow: WorkflowUse = NO_WORKFLOW) -> Focus:
    """The focus parameter with this path, or one of the workflow. Raises InvalidInput with similar names when there is
    none.
    """
    if is_of_workflow(path):
        return focus_in(msgspec.structs.replace(PipelineConfig(), workflow=workflow), path)
    if path in catalogue() or path == LORA_FILE or is_weight(path) or is_wording(path):
        return focus(path)
    near = near_names(path, [one.path for one in focuses()])
    raise InvalidInput(f"There is no parameter {shortened(repr(path))}.{near}", path)


def usual_name(subject: Focus, values: Sequence[Value]) -> str:
    """The default name of a plan: "CFG scale 5-9 (+1)"."""
    if is_wording(subject.path):
        return f"{subject.label}: {len(values)} wordings"[:_LONGEST_NAME]
    return f"{subject.label} {spell(subject, values)}"[:_LONGEST_NAME]


def usual_pair_name(plan: LearningPlan) -> str:
    """The default name of a plan that varies two settings: "Steps 20-40 (+5) × CFG scale 5-9 (+1)"."""
    both = zip(plan.subjects, (plan.variant_values, plan.second_values), strict=True)
    return TIMES.join(f"{subject.label} {spell(subject, values)}" for subject, values in both)[:_LONGEST_NAME]


def one_line(text: str) -> str:
    """A name from a file without line breaks and control characters, which would disturb a terminal or a list."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


# ---- the document


def _document(data: bytes, where: str) -> dict[str, object]:
    """The fields of the file, without those that are null."""
    if len(data) > SIZE_LIMIT:
        size = len(data) / SIZE_LIMIT
        raise InvalidInput(f"{where}: {size:.1f} MB is too large for a plan; 1 MB is the most.", where)
    try:
        text = data.decode("utf-8-sig")
        # The strict reader goes first: it refuses what is no JSON (NaN, halves of characters, numbers without end).
        msgspec.json.decode(text)
        found = json.loads(text, object_pairs_hook=_each_once)
    except UnicodeDecodeError:
        raise InvalidInput(f"{where}: this is not UTF-8 text, so it is no plan file.", where) from None
    except RecursionError:
        raise InvalidInput(f"{where}: its brackets are nested too deeply for a plan.", where) from None
    except (msgspec.MsgspecError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"{where}: {_malformed(text, error)}", where) from None
    if not isinstance(found, dict):
        raise InvalidInput(f"{where}: a plan is an object in braces, not {kind_of(found)}.", where)
    return {name: value for name, value in found.items() if value is not None and name not in _IGNORED}


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidInput(f"{shortened(name)}: this field is written twice in one object. Keep one.", name)
        found[name] = value
    return found


def _malformed(text: str, error: Exception) -> str:
    if not text.strip():
        return "the file is empty. A plan needs focus_parameter and variant_values."
    byte = re.search(r"byte (\d+)", str(error))
    reason = re.sub(r"^JSON is malformed: | \(byte \d+\)$", "", str(error))
    before = text.encode()[: int(byte[1])].decode(errors="ignore") if byte else ""
    place = f" at line {before.count(chr(10)) + 1}" if byte else ""
    return f"this is not JSON{place} ({reason[:1].lower()}{reason[1:]})."


def _must_be(field: str, needed: str, value: object) -> InvalidInput:
    return InvalidInput(f"{field}: {needed} is needed, not {kind_of(value)}.", field)


def _text(fields: Mapping[str, object], name: str, inside: str = "") -> str:
    value = fields.get(name, "")
    field = f"{inside}{name}"
    if not isinstance(value, str):
        raise _must_be(field, "text", value)
    if "\0" in value:
        raise InvalidInput(f"{field}: its text holds a zero byte.", field)
    return value.strip()


def _switch(fields: Mapping[str, object], name: str, default: bool) -> bool:
    value = fields.get(name, default)
    if not isinstance(value, bool):
        raise _must_be(name, "true or false", value)
    return value


def _list(fields: Mapping[str, object], name: str) -> list[object]:
    value = fields.get(name, [])
    if not isinstance(value, list):
        raise _must_be(name, "a list", value)
    return value


def _whole(value: object, field: str, ends: tuple[int, int], what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        shown = f"{value:g}" if isinstance(value, float) else kind_of(value)
        raise InvalidInput(f"{field}: a whole number is needed, not {shown}.", field)
    if not ends[0] <= value <= ends[1]:
        shown = str(value) if abs(value) < _LARGEST else "this number"
        raise InvalidInput(f"{field}: {shown} is outside {ends[0]} to {ends[1]}{what}.", field)
    return value


# ---- fields


def _focus(path: str, workflow: WorkflowUse) -> Focus:
    field = "focus_parameter"
    if not path:
        raise InvalidInput(f"{field}: name the parameter to vary, for example txt2img.cfg_scale.", field)
    try:
        return named_focus(path, workflow)
    except InvalidInput as error:
        raise InvalidInput(f"{field}: {error}", field) from error


def _values(fields: Mapping[str, object], subject: Focus) -> tuple[Value, ...]:
    field = "variant_values"
    if field not in fields:
        raise InvalidInput(f"{field}: the list of values to compare is missing.", field)
    listed = _list(fields, field)
    found = check_values(subject, listed) if listed else ()
    if len(found) < 2:
        raise InvalidInput(f"{field}: give at least 2 different values to compare.", field)
    return found


def _second(
    fields: Mapping[str, object], subject: Focus, values: Sequence[Value], workflow: WorkflowUse
) -> tuple[str, tuple[Value, ...]]:
    """The optional second setting and its values; "" and () in a file without one."""
    name, field = _text(fields, "second_parameter"), "second_parameter"
    if not name:
        if "second_values" in fields:
            raise InvalidInput(f"{field}: name the setting that second_values belong to.", field)
        return "", ()
    try:
        other = named_focus(name, workflow)
    except InvalidInput as error:
        raise InvalidInput(f"{field}: {error}", field) from error
    try:
        found = check_values(other, _list(fields, "second_values"))
    except InvalidInput as error:
        raise InvalidInput(str(error).replace("variant_values", "second_values"), "second_values") from error
    check_pair((subject, other), values, found)
    return other.path, found


def _images(fields: Mapping[str, object]) -> int:
    name = "images_per_variant"
    return _whole(fields.get(name, 3), name, (1, MOST_PER_VALUE), " images per value")


def _seeds(fields: Mapping[str, object], rows: int) -> tuple[int, ...]:
    if "seed" in fields and "seeds" in fields:
        raise InvalidInput("seed: seeds are named, too. Keep one of the two.", "seed")
    if "seed" in fields:
        first = _whole(fields["seed"], "seed", (RANDOM_SEED, MAX_SEED), " (-1 draws them)")
        return () if first == RANDOM_SEED else tuple(seed_after(first, row) for row in range(rows))
    listed = _list(fields, "seeds")
    return tuple(_whole(seed, f"seeds[{index}]", (0, MAX_SEED), "") for index, seed in enumerate(listed))


def _extra(fields: Mapping[str, object], count: int) -> tuple[PlanCell, ...]:
    cells = []
    for index, one in enumerate(_list(fields, "extra")):
        field = f"extra[{index}]"
        if not isinstance(one, dict):
            raise _must_be(field, "an object with variant and row", one)
        variant = _whole(one.get("variant"), f"{field}.variant", (0, count - 1), "")
        # Every row needs a seed.
        row = _whole(one.get("row"), f"{field}.row", (0, len(_list(fields, "seeds")) - 1), ", the seeds there are")
        cells.append(PlanCell(variant, row))
    return tuple(cells)


def _batches(fields: Mapping[str, object]) -> tuple[int, ...]:
    cells = len(_list(fields, "extra"))
    sizes = tuple(
        _whole(size, f"batches[{index}]", (1, cells), " cells") for index, size in enumerate(_list(fields, "batches"))
    )
    if sum(sizes) > cells:
        raise InvalidInput(f"batches: {sum(sizes)} cells are more than the {cells} in extra.", "batches")
    return sizes


def _pack(fields: Mapping[str, object]) -> str:
    return _text(fields, "pack_id") or _text(fields, "pack")


def _prompts(fields: Mapping[str, object]) -> tuple[PlanPrompt, ...]:
    if "prompt" in fields and "prompts" in fields:
        raise InvalidInput("prompt: prompts are named, too. Keep one of the two.", "prompt")
    common = _text(fields, "negative")
    if "prompt" in fields:
        listed = [_prompt(fields["prompt"], "prompt", common)]
    elif isinstance(fields.get("prompts"), str):
        listed = [_prompt(fields["prompts"], "prompts", common)]
    else:
        listed = [_prompt(one, f"prompts[{n}]", common) for n, one in enumerate(_list(fields, "prompts"))]
    names: dict[str, PlanPrompt] = {}
    for prompt in listed:
        name = prompt.prompt_id
        while name in names:
            name = f"{prompt.prompt_id} ({len(names) + 1})"
        names[name] = msgspec.structs.replace(prompt, prompt_id=name)
    return tuple(names.values())


def _prompt(one: object, field: str, common: str) -> PlanPrompt:
    if not isinstance(one, (str, dict)):
        raise _must_be(field, "text", one)
    parts: Mapping[str, object] = {"positive": one} if isinstance(one, str) else one
    known = {name: value for name, value in parts.items() if value is not None}
    inside = f"{field}." if isinstance(one, dict) else ""
    positive = _text(known, "positive", inside) or _text(known, "prompt", inside)
    if not positive:
        raise InvalidInput(f"{field}: the prompt has no text.", field)
    name = _text(known, "prompt_id", inside) or _text(known, "name", inside) or positive[:40].strip()
    negative = _text(known, "negative", inside) if "negative" in known else common
    return PlanPrompt(name, positive, negative, _stage_texts(known, f"{inside}stage_texts"))


def _stage_texts(parts: Mapping[str, object], field: str) -> dict[str, StageText]:
    given = parts.get("stage_texts", {})
    if not isinstance(given, dict):
        raise _must_be(field, "an object with the names of stages", given)
    texts: dict[str, StageText] = {}
    for stage, text in given.items():
        if stage not in STAGES:
            raise InvalidInput(f"{field}: {shortened(repr(stage))} is not one of {', '.join(STAGES)}.", field)
        if not isinstance(text, dict):
            raise _must_be(f"{field}.{stage}", "an object with prompt and negative", text)
        inside = f"{field}.{stage}."
        texts[stage] = StageText(_text(text, "prompt", inside), _text(text, "negative", inside))
    return texts


def _metadata(fields: Mapping[str, object]) -> PlanMetadata:
    given = fields.get("metadata", {})
    if not isinstance(given, dict):
        raise _must_be("metadata", "an object", given)
    known = {name: value for name, value in given.items() if value is not None}
    return PlanMetadata(**{name: _text(known, name, "metadata.") for name in PlanMetadata.__struct_fields__})


def _stage_notice(fields: Mapping[str, object], subject: Focus) -> tuple[str, ...]:
    stage = _text(fields, "stage")
    if stage and stage not in (*STAGES, *STAGE_OF_PART):
        raise InvalidInput(f"stage: {shortened(repr(stage))} is not one of {', '.join(STAGES)}.", "stage")
    if stage in ("", subject.stage, subject.path.partition(".")[0]):
        return ()
    return (f"stage: {subject.path} belongs to {subject.stage}, so {stage} was left out.",)


def _origins(fields: Mapping[str, object], settings: Mapping[str, Value]) -> dict[str, Origin]:
    """The origin of each setting: as in the file, else "user"."""
    given = fields.get("origins", dict.fromkeys(settings, "user"))
    try:
        return msgspec.convert(given, dict[str, Origin])
    except msgspec.ValidationError as error:
        known = ", ".join(get_args(Origin))
        raise InvalidInput(f"origins: for each setting one of {known} is needed.", "origins") from error
