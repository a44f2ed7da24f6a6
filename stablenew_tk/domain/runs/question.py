"""Which Learning Runs asked the same question, so that their ratings are one answer.

The same question: the same focus parameter (for LoRA files: of the same training), pack, checkpoint, kind of engine and
picture to start from, and the same settings wherever they act before the focus parameter or together with it: there
they change what its values do. What only comes after it, such as enlarging, may differ and is named. Values, seeds and
prompts of the pack may differ, too: that is what an answer becomes wider by. Without a pack the prompts must be the
same. Whoever changed a setting that matters has asked something else, and is told which setting it was.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct

from ..base.lora_tags import lora_key, lora_tags
from ..base.model_hash import without_hash
from ..config.catalogue import Value, parameter, stage_values
from ..config.pipeline_config import STAGES, PipelineConfig, blocks_of
from ..config.sweep import LORA, LORA_FILE, lora_file, value_text
from ..models.lora_series import numbered
from ..models.preset_scope import hash_in_name
from .plan import LearningPlan

# They say which picture of many is made, not how; a plan makes one picture for each job.
_NO_SETTING = frozenset(("batch_size", "subseed"))
_GENERAL = ("vae", "clip_skip", "styles", "controlnet")
_ENDING = re.compile(r"\.(safetensors|ckpt|pt|gguf|sft)$", re.IGNORECASE)
_SKETCH = "sketch"
_WORKFLOW = "workflow"


class Subject(Struct, frozen=True):
    """What a plan asks about, whatever its settings: plans of other subjects have nothing to do with each other."""

    focus_parameter: str
    about: frozenset[str]
    pack_id: str
    prompts: frozenset[tuple[str, str]]
    engine: str
    checkpoint: str
    start_image: str


class AskedQuestion(Struct, frozen=True):
    """The question of a plan: `subject`, the settings that matter by path, and the hash of the checkpoint where its
    name tells it. `later` are settings that only act after the focus parameter.
    """

    subject: Subject
    settings: frozenset[tuple[str, Value]]
    checkpoint_hash: str
    later: tuple[tuple[str, Value], ...]


def question_of(plan: LearningPlan) -> AskedQuestion | None:
    """The question that a plan asks; None while its checkpoint or engine is not known, and for two settings at once,
    whose rows show only some of their pairs: such a plan is an answer of its own.
    """
    path, config = plan.focus_parameter, plan.base_config
    swept = path == "checkpoint"
    sketch = plan.backend_kind == _SKETCH
    known = config.checkpoint or swept or sketch or config.workflow
    if plan.second_parameter or not plan.backend_kind or not known:
        return None
    subject = Subject(
        focus_parameter=path,
        about=_trainings(plan) if path == LORA_FILE else frozenset(),
        pack_id=plan.pack_id,
        prompts=frozenset() if plan.pack_id else frozenset((one.positive, one.negative) for one in plan.prompts),
        engine=plan.backend_kind,
        checkpoint="" if swept or sketch else _ENDING.sub("", without_hash(config.checkpoint)).casefold(),
        start_image=plan.start_image,
    )
    settings, later = _settings(plan)
    found = "" if swept or sketch else hash_in_name(config.checkpoint)
    return AskedQuestion(subject, frozenset(settings.items()), found, tuple(sorted(later.items())))


def _trainings(plan: LearningPlan) -> frozenset[str]:
    stems = (lora_file(value)[0] for value in plan.variant_values)
    return frozenset((numbered(stem).base or stem).casefold() for stem in stems if stem)


def _settings(plan: LearningPlan) -> tuple[dict[str, Value], dict[str, Value]]:
    """The settings that matter, and those that only act later. LoRAs that all prompts have are settings, too."""
    config, path = plan.base_config, plan.focus_parameter
    until = STAGES.index(plan.subject.stage)
    matter: dict[str, Value] = {name: _general(config, name) for name in _GENERAL if name != path}
    later: dict[str, Value] = {}
    for nth, stage in enumerate(STAGES):
        if not getattr(config, stage).enabled:
            continue
        found = matter if nth <= until else later
        found |= {f"{block}.enabled": True for block in blocks_of(config, stage) if f"{block}.enabled" != path}
        values = stage_values(config, stage).items()
        found |= {at: value for at, value in values if at != path and at.rpartition(".")[2] not in _NO_SETTING}
    return matter | _of_workflow(plan) | _loras(plan), later


def _of_workflow(plan: LearningPlan) -> dict[str, Value]:
    """The workflow by its text, and what is set in it alone."""
    workflow = plan.base_config.workflow
    own = {path: value for path, value in workflow.values.items() if path != plan.focus_parameter}
    return {_WORKFLOW: workflow.digest, **own} if workflow else {}


def _general(config: PipelineConfig, name: str) -> Value:
    value: Value = getattr(config, name)
    return value


def _loras(plan: LearningPlan) -> dict[str, Value]:
    varied = {lora_key(plan.focus_parameter.removeprefix(LORA))}
    if plan.focus_parameter == LORA_FILE:
        varied = {lora_key(lora_file(value)[0]) for value in plan.variant_values} | set(_trainings(plan))
    tags = [{(tag.name, tag.weight) for tag in lora_tags(prompt.positive)} for prompt in plan.prompts]
    shared = set.intersection(*tags) if tags else set()
    return {f"{LORA}{name}": weight for name, weight in shared if lora_key(name) not in varied}


def alike(asked: Iterable[tuple[str, AskedQuestion | None]]) -> dict[str, tuple[str, ...]]:
    """By plan: the ids of all plans that asked the same, itself included, oldest first.

    Checkpoints of one name whose hashes differ are different ones; where two are known, a plan that tells no hash could
    mean either and stays alone.
    """
    groups: dict[tuple[Subject, frozenset[tuple[str, Value]]], list[tuple[str, str]]] = defaultdict(list)
    found: dict[str, tuple[str, ...]] = {}
    for plan_id, question in asked:
        found[plan_id] = (plan_id,)
        if question is not None:
            groups[question.subject, question.settings].append((plan_id, question.checkpoint_hash))
    for members in groups.values():
        hashes = {told for _, told in members if told}
        for plan_id, told in members:
            if told or len(hashes) < 2:
                found[plan_id] = tuple(sorted(one for one, other in members if len(hashes) < 2 or other == told))
    return found


def differences(plan: LearningPlan, other: LearningPlan) -> tuple[str, ...]:
    """The settings in which another plan with the same question differs nevertheless: "upscale off, not on"."""
    mine, its = question_of(plan), question_of(other)
    if mine is None or its is None:
        return ()
    return _differing(dict(mine.later), dict(its.later))


def apart(plan: LearningPlan, other: LearningPlan) -> tuple[str, ...]:
    """Why another plan about the same subject is not the same question: the settings it differs in. () = no such plan,
    or the same question.
    """
    mine, its = question_of(plan), question_of(other)
    if mine is None or its is None or mine.subject != its.subject:
        return ()
    if mine.checkpoint_hash != its.checkpoint_hash and mine.checkpoint_hash and its.checkpoint_hash:
        return ("another file of that checkpoint's name",)
    return _differing(dict(mine.settings), dict(its.settings))


def _differing(mine: Mapping[str, Value], its: Mapping[str, Value]) -> tuple[str, ...]:
    if mine.get(_WORKFLOW) != its.get(_WORKFLOW):
        return ("another workflow",)
    paths = [path for path in dict.fromkeys((*its, *mine)) if mine.get(path) != its.get(path)]
    # That a stage is off says all about it.
    off = tuple(f"{path.removesuffix('enabled')}" for path in paths if path.endswith(".enabled"))
    return tuple(
        _difference(path, its.get(path), mine.get(path))
        for path in paths
        if path.endswith(".enabled") or not path.startswith(off)
    )


def _difference(path: str, its: Value | None, mine: Value | None) -> str:
    def words(value: Value | None) -> str:
        return "off" if value is None else value_text(value, path)

    name = f"LoRA {path.removeprefix(LORA)}" if path.startswith(LORA) else parameter(path).title
    return f"{name.removesuffix(' · On')} {words(its)}, not {words(mine)}"
