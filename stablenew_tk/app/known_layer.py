"""`KnownLayer`: what is known for a pack with a checkpoint on an engine: values taken over, switched off, undone.

The layer itself is the journal: which values it has is read from the history, and every change is one more line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ..domain.base.wording import counted
from ..domain.config.sweep import focus
from ..domain.config.user_settings import Settings
from ..domain.journal.record import JournalLine, Void
from ..domain.models.preset_scope import same_scope
from ..domain.models.value_sources import PresetValues
from ..domain.runs.known_value import KnownValue, settings_after, what_goes_before
from ..domain.runs.preset import PresetEvidence
from ..pipeline.ids_and_times import as_line, new_id

if TYPE_CHECKING:
    from ..domain.journal.history import History
    from ..domain.journal.plan_log import PlanBook


class KnownContext(Struct, frozen=True):
    """The interface of the controller for `KnownLayer`."""

    history: Callable[[], History | None]
    settings: Callable[[], Settings]
    put_undoable: Callable[[Sequence[JournalLine]], object]
    change_settings: Callable[[Settings], None]


class KnownLayer:
    """Actions on known values. Main thread only; methods return at once, and the desk thread writes their lines."""

    def __init__(self, context: KnownContext) -> None:
        self._context = context

    @property
    def learned(self) -> tuple[PresetValues, ...]:
        """The known values that are switched on, the latest first, as sources; none before the journal is read."""
        history = self._context.history()
        return learned(history.plans) if history is not None else ()

    def take_over(self, *drafts: KnownValue) -> tuple[KnownValue, ...]:
        """Use these values from now on where they hold; one undo takes them back. () before the journal is read."""
        history = self._context.history()
        if history is None:
            return ()
        lines = tuple(line_for(draft, history.plans, self._context.settings()) for draft in drafts)
        self._context.put_undoable(lines)
        return lines

    def switch(self, known: KnownValue, *, on: bool) -> None:
        """Switch a known value off, or on again; it stays known."""
        if on:
            self.take_over(known)
        else:
            self._context.put_undoable([as_line(replace(known, on=False, forgot={}))])

    def take_back(self, *known: KnownValue) -> None:
        """Undo the last line about each value, whatever was done since; what was known before it is known again."""
        self._context.put_undoable([as_line(Void(target=one.event_id)) for one in known])

    def remove_preset(self, preset_id: str) -> None:
        """Take a preset away with all its versions; one undo brings it back."""
        history = self._context.history()
        if history is not None:
            versions = history.plans.preset_versions(preset_id)
            self._context.put_undoable([as_line(Void(target=version.event_id)) for version in versions])

    def follow(self, line: JournalLine) -> None:
        """A line is on disk. What the last runs had gives way to a value that was taken over, and comes back when that
        is undone.
        """
        history = self._context.history()
        if history is None or not isinstance(line, KnownValue | Void):
            return
        known, settings = history.plans.known.told_by(line.event_id), self._context.settings()
        if known is None:
            return
        changed = settings_after(settings, known, holds=not history.taken_back(known.event_id))
        if changed != settings:
            self._context.change_settings(changed)


def line_for(draft: KnownValue, plans: PlanBook, settings: Settings) -> KnownValue:
    """The line that takes a draft over. What is known for the same already is replaced by it."""
    known = plans.known.values()
    same = (one for one in known if one.subject == draft.subject and same_scope(one.scope, draft.scope).inside)
    known_id = draft.known_id or next((one.known_id for one in same), "") or new_id()
    forgot = what_goes_before(draft, settings)
    return as_line(replace(draft, known_id=known_id, on=True, forgot=forgot))


def learned(plans: PlanBook) -> tuple[PresetValues, ...]:
    """The known values that are switched on, the latest first, as sources of values."""
    return tuple(known_values(known) for known in plans.known.values() if known.on)


def known_values(known: KnownValue) -> PresetValues:
    """A known value as a source of values."""
    words = value_words(known)
    return PresetValues(
        words,
        known.values,
        f"known: {', '.join(part for part in (words, proof_words(known.evidence)) if part)}",
        preset_id=known.known_id,
        lora_weights=known.lora_weights,
        lora_instead=known.lora_instead,
        scope=known.scope,
        plan_id=known.evidence.plan_id,
    )


def value_words(known: KnownValue) -> str:
    """A known value in a sentence: "CFG 7", "28 steps"."""
    # Not above: what analyses need takes longer to import than the window to open.
    from ..domain.insights.naming import naming

    return naming(focus(known.path))(known.value)


def proof_words(evidence: PresetEvidence) -> str:
    """What a known value rests on: "92 %, 15 pictures"."""
    from ..domain.insights.follow_up import CERTAIN
    from ..domain.insights.verdict_text import percent

    rated = counted(evidence.rated, "picture") if evidence.rated else ""
    if evidence.by_hand or evidence.state not in CERTAIN:
        return ", ".join(part for part in ("chosen by hand", rated) if part)
    return ", ".join(part for part in (percent(evidence.probability) if rated else "the same pictures", rated) if part)
