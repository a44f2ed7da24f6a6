"""The family of a checkpoint as the model library tells it, for engines that show nothing of their files."""

from __future__ import annotations

from .model_library import Models


def family_in_library(models: Models, name: str) -> str:
    """The family of the checkpoint that a backend calls by this name; "" when no file of the library tells it."""
    entry = models.find(name)
    if entry is None:
        return ""
    known = models.settings(entry.path)
    return known.family if known is not None and known.family else entry.family
