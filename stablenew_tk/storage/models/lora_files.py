"""What the model library knows of LoRA files and the trainings that they are from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...domain.base.lora_tags import lora_folders
from ...domain.models.lora_series import LoraFile, Training, numbered
from .index import readings_of
from .model_entry import ModelEntry

_TOPS = ("lora", "loras", "lycoris")


def lora_files(entries: Iterable[ModelEntry]) -> list[LoraFile]:
    """The LoRA files among these models, each with what its header tells, as far as it was read. Any thread."""
    loras = [one for one in entries if one.kind == "lora" and one.name]
    return [LoraFile(lora_name(one), _training_folder(one), _training(one)) for one in loras]


def lora_name(entry: ModelEntry) -> str:
    """The stem of a LoRA file; of one that is called as its trainer calls all, with the folders that ComfyUI lists it
    in: those below the folder of LoRAs, else the last two.
    """
    folders = Path(entry.folder).parts[1:]
    if not lora_folders("/".join((*folders, entry.stem))):
        return entry.stem
    tops = [place for place, one in enumerate(folders) if one.casefold() in _TOPS]
    return "/".join((*folders[tops[-1] + 1 if tops else -2 :], entry.stem))


def _training_folder(entry: ModelEntry) -> str:
    folder = Path(entry.folder)
    between = lora_folders(name := lora_name(entry)) and numbered(name).unit
    return str(folder.parent) if between else entry.folder


def _training(entry: ModelEntry) -> Training:
    return next((found.training for found in readings_of(entry) if found.dialect == "header"), Training())
