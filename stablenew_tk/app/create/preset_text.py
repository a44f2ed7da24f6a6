"""The evidence of a preset as text."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.base.wording import counted
from ...domain.models.preset_scope import PresetScope, reasons, scope_words
from ...domain.runs.preset import PresetEvidence
from ..presets import PresetOffer


def evidence_words(evidence: PresetEvidence) -> str:
    """What a preset rests on, short enough for a menu: "settled 94 %, 24 rated"."""
    # Not above: what analyses need takes longer to import than the window to open.
    from ...domain.insights.follow_up import CERTAIN
    from ...domain.insights.titles import VERDICT_NAMES
    from ...domain.insights.verdict_text import percent

    rated = f"{evidence.rated} rated" if evidence.rated else ""
    proven = evidence.state in CERTAIN
    proof = f"{VERDICT_NAMES[evidence.state].lower()} {percent(evidence.probability)}" if proven else ""
    return ", ".join(part for part in ("by hand" if evidence.by_hand else proof, rated) if part)


def presets_words(offers: Sequence[PresetOffer], count: int) -> str:
    """The presets that count here: name, what each rests on, what it was learned for, and what was taken for granted.

    () = none of the `count` presets there are.
    """
    if not offers:
        if count:
            return f"Values that Learning Runs have settled: {counted(count, 'preset')}."
        return "Values that a Learning Run has settled. Make one in Insights."
    return "\n".join(_words(offer) for offer in offers)


def _words(offer: PresetOffer) -> str:
    preset, standing = offer.preset, offer.standing
    rests_on = dict.fromkeys((preset.evidence.sentence, *(one.sentence for one in preset.added.values())))
    unproven = "; ".join(standing.check.unproven)
    parts = (
        f"{preset.name}.",
        *rests_on,
        f"Learned for {scope_words(standing.preset.scope)}." if standing.preset.scope != PresetScope() else "",
        f"Used outside its scope: {reasons(standing.check)}." if standing.used_outside else "",
        f"{unproven[0].upper()}{unproven[1:]}." if unproven else "",
    )
    return " ".join(part for part in parts if part)
