"""Which texts are known for the slots of a pack: what runs of it have there, in place of what the pack would draw."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from ...domain.config.sweep import SLOT, focus
from ...domain.journal.plan_log import PlanBook
from ...domain.models.preset_scope import scope_words
from ...domain.runs.known_value import KnownValue
from ..known_layer import proof_words

PACK_DRAWS = "Runs there have this text; without it the pack draws one."


class KeptSlot(Struct, frozen=True):
    """A text that is in use for a slot of a pack, where it was learned."""

    known: KnownValue

    @property
    def name(self) -> str:
        """The slot as it is called in a Learning Run: light, __artists__, {calm|busy}."""
        return self.known.path.removeprefix(SLOT)

    @property
    def text(self) -> str:
        """What stands there."""
        return str(self.known.value)

    @property
    def words(self) -> str:
        """One sentence: "[[light]] is “neon” for Rain city with inked, on a WebUI (93 %, 15 pictures)."."""
        text = f"“{self.text}”" if self.text else "left empty"
        where = scope_words(self.known.scope)
        return f"{focus(self.known.path).label} is {text} for {where} ({proof_words(self.known.evidence)})."


def kept_slots(plans: PlanBook | None, pack_id: str) -> tuple[KeptSlot, ...]:
    """The texts that are in use for slots of this pack, the latest first; () while nothing is read."""
    known = plans.known.values() if plans is not None else ()
    mine = (one for one in known if one.on and one.path.startswith(SLOT) and one.pack_id == pack_id)
    return tuple(KeptSlot(one) for one in mine)


def kept_texts(kept: Sequence[KeptSlot], prompt_ids: Collection[str] = ()) -> Mapping[str, str]:
    """The text of each slot, the latest where there are several. What was learned about single prompts holds for them
    only: it is left out unless all of `prompt_ids` are among them.
    """
    holds = [
        one for one in kept if not one.known.prompt_ids or (prompt_ids and {*prompt_ids} <= {*one.known.prompt_ids})
    ]
    return {one.name: one.text for one in reversed(holds)}
