"""The family of a checkpoint as the model library tells it, for engines that show nothing of their files."""

from __future__ import annotations

from ..domain.models.recommendations import FamilyFinding
from .model_library import Models


def family_in_library(models: Models, name: str) -> FamilyFinding:
    """The family of the checkpoint that a backend calls by this name; an empty one when no file of the library tells
    it. Before its files were read in full only the family is known.
    """
    entry = models.find(name)
    if entry is None:
        return FamilyFinding()
    known = models.settings(entry.path)
    return known.found if known is not None and known.family else FamilyFinding(entry.family)
