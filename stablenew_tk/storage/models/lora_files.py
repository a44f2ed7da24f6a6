"""What the model library knows of LoRA files and the trainings that they are from."""

from __future__ import annotations

from collections.abc import Iterable

from ...domain.models.lora_series import LoraFile, Training
from .index import readings_of
from .model_entry import ModelEntry


def lora_files(entries: Iterable[ModelEntry]) -> list[LoraFile]:
    """The LoRA files among these models, each with what its header tells, as far as it was read. Any thread."""
    loras = [one for one in entries if one.kind == "lora" and one.name]
    return [LoraFile(one.stem, one.folder, _training(one)) for one in loras]


def _training(entry: ModelEntry) -> Training:
    return next((found.training for found in readings_of(entry) if found.dialect == "header"), Training())
