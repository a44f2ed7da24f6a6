"""What the model library knows of checkpoints and how they were mixed or trained."""

from __future__ import annotations

from collections.abc import Iterable

from ...domain.models.checkpoint_series import CheckpointFile
from .index import readings_of
from .model_entry import ModelEntry


def checkpoint_files(entries: Iterable[ModelEntry]) -> list[CheckpointFile]:
    """The checkpoints among these models, each with what its header tells, as far as it was read. Any thread."""
    found = []
    for one in entries:
        if one.kind == "checkpoint" and one.name:
            header = next((said for said in readings_of(one) if said.dialect == "header"), None)
            told = (header.training, header.merge) if header is not None else ()
            found.append(CheckpointFile(one.stem, one.folder, *told))
    return found
