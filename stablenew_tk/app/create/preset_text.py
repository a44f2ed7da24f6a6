"""The evidence of a preset as text."""

from __future__ import annotations

from ...domain.base.wording import counted
from ...domain.insights.follow_up import CERTAIN
from ...domain.insights.titles import VERDICT_NAMES
from ...domain.insights.verdict_text import percent
from ...domain.runs.plan import Preset, PresetEvidence


def evidence_words(evidence: PresetEvidence) -> str:
    """What a preset rests on, short enough for a menu: "settled 94 %, 24 rated"."""
    rated = f"{evidence.rated} rated" if evidence.rated else ""
    proven = evidence.state in CERTAIN
    proof = f"{VERDICT_NAMES[evidence.state].lower()} {percent(evidence.probability)}" if proven else ""
    return ", ".join(part for part in ("by hand" if evidence.by_hand else proof, rated) if part)


def preset_words(preset: Preset | None, count: int) -> str:
    """A preset by its name, what it rests on, and what it was learned for; None = none of `count` presets is chosen."""
    if preset is None:
        if count:
            return f"Values that Learning Runs have settled: {counted(count, 'preset')}."
        return "Values that a Learning Run has settled. Make one in Insights."
    learned = " and ".join(part for part in (preset.pack_id, preset.checkpoint) if part)
    scope = f"Learned for {learned}." if learned else ""
    return " ".join(part for part in (f"{preset.name}.", preset.evidence.sentence, scope) if part)
