"""What the journal knows about a model and its profile: what was seen of it, and which entries were learned here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

from msgspec import Struct

from ..domain.base.lora_tags import lora_key
from ..domain.journal.seen import Seen, SeenKind, SeenModel
from ..domain.models.precedence import context_key
from ..domain.models.profile import LearningSummary
from ..domain.models.provenance import is_from_here, own_plans, summary_of
from ..domain.models.recommendations import ModelSettings
from ..storage.models.model_entry import ModelEntry

if TYPE_CHECKING:
    from ..domain.journal.history import History


class ModelEvidence(Struct, frozen=True, kw_only=True):
    """`own_plans` are the Learning Runs of this journal that the profile names. `seen` is what the journal saw of the
    model; `told` is what the profile says of it when that is not from this journal, else None.
    """

    own_plans: frozenset[str] = frozenset()
    seen: Seen = Seen()
    told: LearningSummary | None = None


def model_evidence(history: History | None, settings: ModelSettings | None, seen: Seen | None = None) -> ModelEvidence:
    """What the journal says to a profile; without a journal nothing is from here."""
    plans = known_here(history, settings)
    if settings is None:
        return ModelEvidence(own_plans=plans, seen=seen or Seen())
    summary = summary_of(settings)
    here = history is not None and is_from_here(summary, history.knows_run)
    says = summary.runs_observed > 0 or summary.mean_rating is not None
    return ModelEvidence(own_plans=plans, seen=seen or Seen(), told=summary if says and not here else None)


def known_here(history: History | None, settings: ModelSettings | None) -> frozenset[str]:
    """The Learning Runs that a profile names and that the journal knows."""
    if history is None:
        return frozenset()
    return own_plans(settings, lambda plan_id: history.plans.plan(plan_id) is not None)


def seen_model(
    history: History | None, find: Callable[[str, str], ModelEntry | None], entry: ModelEntry
) -> SeenModel | None:
    """A copy of the history to count one model in; None without a history, or for what is no checkpoint or LoRA.

    `find(name, kind)` is the model of that name, and is called where the pictures are counted, on any thread.
    """
    kind = entry.kind
    return _seen(history, kind, lambda name: find(name, kind) is entry)


def seen_by_name(history: History | None, stem: str, kind: str) -> SeenModel | None:
    """The same without a library: by the name of the file alone, without its ending."""
    return _seen(history, kind, lambda name: lora_key(context_key("", name)) == lora_key(stem))


def _seen(history: History | None, kind: str, is_it: Callable[[str], bool]) -> SeenModel | None:
    if history is None or kind not in get_args(SeenKind):
        return None
    return SeenModel(columns=history.visible().columns(), kind="lora" if kind == "lora" else "checkpoint", is_it=is_it)
