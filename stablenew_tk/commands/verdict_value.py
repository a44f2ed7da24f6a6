"""The value of a Learning Run that a command keeps, and what the model library says of its checkpoint."""

from __future__ import annotations

import re

from ..domain.base.errors import InvalidInput
from ..domain.config.catalogue import Value
from ..domain.config.sweep import parse_values
from ..domain.config.user_settings import Settings
from ..domain.insights.follow_up import CERTAIN
from ..domain.insights.report import Report
from ..domain.models.recommendations import ModelSettings
from ..domain.runs.plan import LearningPlan
from ..domain.runs.wordings import listed_texts
from ..storage.disk.places import Places
from ..storage.models import index
from .run_settings import in_library


def chosen_value(plan: LearningPlan, text: str) -> Value:
    """The tried value that was typed, of two settings both with × or x between them. Raises InvalidInput."""
    if plan.second_parameter:
        return _chosen_pair(plan, text)
    values = parse_values(plan.subject, text)
    if len(values) == 1 and values[0] in plan.variant_values:
        return values[0]
    tested = listed_texts(plan.focus_parameter, plan.variant_values)
    raise InvalidInput(f"--value {text}: give one of the values that were tried: {tested}.", "--value")


def _chosen_pair(plan: LearningPlan, text: str) -> Value:
    typed = _pair_key(text)
    for value in plan.tested:
        if _pair_key(str(value)) == typed:
            return value
    shown = ", ".join(map(str, plan.tested[:8]))
    raise InvalidInput(f"--value {text}: give one of the pairs that were tried, like {shown}.", "--value")


def _pair_key(text: str) -> str:
    """A pair without what may be typed in several ways: the sign between its values and the blanks around it."""
    return re.sub(r"\s*×\s*|\s+x\s+", "×", text.strip()).casefold()


def proven_value(found: Report) -> Value:
    """The value that the verdict names. Raises InvalidInput while none is settled."""
    verdict = found.verdict
    if verdict.state in CERTAIN and verdict.value is not None:
        return verdict.value
    raise InvalidInput(f"{verdict.sentence} This is not settled yet; use --value to choose by hand.", "--value")


def known_model(places: Places, settings: Settings, checkpoint: str) -> ModelSettings:
    """What the files beside a checkpoint say; nothing without model folders or a name."""
    if not settings.model_folders or not checkpoint:
        return ModelSettings()
    entry, styles, _ = in_library(places, settings, checkpoint)
    return index.settings_of(entry, styles) if entry is not None else ModelSettings()
