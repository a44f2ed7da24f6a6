"""What one tested value of a Learning Run sets, for presets, known values and profiles."""

from __future__ import annotations

from ..config.catalogue import Value
from ..config.pipeline_config import STAGE_OF_PART
from ..config.sweep import LORA, LORA_FILE, SLOT
from ..runs.plan import LearningPlan, lora_of


def preset_values(plan: LearningPlan, value: Value) -> tuple[dict[str, Value], dict[str, float]]:
    """The catalogue values and LoRA weights of a preset with one of the tested values of a plan.

    A value of hires fix or refiner also brings the switch that turns that feature on, and the refiner of the plan.
    """
    values: dict[str, Value] = {}
    weights: dict[str, float] = {}
    for path, own in plan.settings(value):
        if path == LORA_FILE:
            name, weight = lora_of(plan, value)
            weights |= {name: weight} if name else {}
        else:
            more = setting_values(plan, path, own)
            values, weights = values | more[0], weights | more[1]
    return values, weights


def setting_values(plan: LearningPlan, path: str, value: Value) -> tuple[dict[str, Value], dict[str, float]]:
    """The same for one setting of a plan, which is no LoRA file."""
    if path.startswith(LORA):
        return {}, {path.removeprefix(LORA): float(value)}
    if path.startswith(SLOT):
        return {path: value}, {}
    block = path.partition(".")[0]
    values: dict[str, Value] = {f"{block}.enabled": True} if block in STAGE_OF_PART else {}
    if block == "refiner" and plan.base_config.refiner.checkpoint:
        values["refiner.checkpoint"] = plan.base_config.refiner.checkpoint
    return values | {path: value}, {}
