"""Whether what a profile says was learned stems from this journal, or from somebody else's.

A profile may come from anywhere: only what names a Learning Run, or a run, that this journal knows was learned here.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from .profile import LEARNED, LearningSummary, LoraProfile, ModelPreset, ModelProfile, RecommendedWeight
from .recommendations import ModelSettings

LEARNED_WORD = "learned"  # for values that rest on ratings in this journal
ELSEWHERE_WORD = "learned elsewhere"


def learned_word(plan_id: str, own_plans: frozenset[str]) -> str:
    """What to call something that was learned in this Learning Run; `own_plans` are those the journal knows."""
    return LEARNED_WORD if plan_id in own_plans else ELSEWHERE_WORD


def own_plans(settings: ModelSettings | None, known: Callable[[str], bool]) -> frozenset[str]:
    """The Learning Runs that the profiles of a model name as their evidence and that the journal knows."""
    if settings is None:
        return frozenset()
    entries: list[ModelPreset | RecommendedWeight] = []
    entries += settings.profile.recommended_presets if settings.profile is not None else ()
    entries += settings.lora_profile.recommended_weights if settings.lora_profile is not None else ()
    named = {one.plan_id for one in entries if one.source == LEARNED and one.plan_id}
    return frozenset(plan_id for plan_id in named if known(plan_id))


def is_from_here(summary: LearningSummary, known_run: Callable[[str], bool]) -> bool:
    """Whether this journal counted a summary, and nobody has changed the numbers since."""
    return bool(summary.counted) and summary.counted == _mark(summary) and known_run(summary.newest_run)


def summary_of(settings: ModelSettings) -> LearningSummary:
    """The summary in the profile of a model, empty where there is none."""
    profile: ModelProfile | LoraProfile | None = settings.profile or settings.lora_profile
    return profile.learning_summary if profile is not None else LearningSummary()


def recounted(before: LearningSummary, now: LearningSummary, known_run: Callable[[str], bool]) -> LearningSummary:
    """The summary to write: what was counted now, unless the file holds numbers that this journal did not count.

    Nothing is written where nothing was seen.
    """
    is_free = before == LearningSummary() or is_from_here(before, known_run)
    return replace(now, counted=_mark(now)) if is_free and now.runs_observed else before


def _mark(summary: LearningSummary) -> str:
    """The numbers once more, as text: where the two differ, somebody has changed them by hand."""
    mean = f", mean {summary.mean_rating:g}" if summary.mean_rating is not None else ""
    return f"{summary.runs_observed} runs, {summary.ratings} rated{mean}" if summary.newest_run else ""
