"""A learned value that the user has taken over, as written to the journal: the layer "What I know" is made of these."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from ..base.journal_line import Line
from ..config.catalogue import Value
from ..config.user_settings import Settings
from ..models.preset_scope import PresetScope, Situation, compare
from .plan import PresetEvidence


class KnownValue(Line, tag="known", frozen=True, kw_only=True):
    """One value of what is known for a pack with a checkpoint on a kind of engine, with the evidence for it.

    A later line with the same `known_id` replaces it. `path` is what was varied: a catalogue path, or "lora:NAME"; the
    value stands in `values` (with the switch that it needs) or `lora_weights`. `pack_id` to `family` as in
    `PresetScope`. `on` False: switched off, but still known. `forgot` is what the last runs had there until then, by
    context and path; undoing the line gives it back.
    """

    known_id: str
    path: str
    values: Mapping[str, Value] = {}
    lora_weights: Mapping[str, float] = {}
    pack_id: str = ""
    prompt_ids: tuple[str, ...] = ()
    checkpoint: str = ""
    checkpoint_hash: str = ""
    engine: str = ""
    family: str = ""
    evidence: PresetEvidence = PresetEvidence()
    on: bool = True
    forgot: Mapping[str, Mapping[str, Value]] = {}

    @property
    def scope(self) -> PresetScope:
        """What it was learned for."""
        return PresetScope(
            self.pack_id, self.prompt_ids, self.checkpoint, self.checkpoint_hash, self.engine, self.family
        )

    @property
    def value(self) -> Value:
        """The value itself."""
        return self.values[self.path] if self.path in self.values else next(iter(self.lora_weights.values()), 0.0)


def what_goes_before(known: KnownValue, settings: Settings) -> dict[str, dict[str, Value]]:
    """What the last runs have where a known value holds, by context; "" = the values of the form.

    They would go before it, although it was taken over later and on purpose.
    """
    found: dict[str, dict[str, Value]] = {}
    for context, run in (("", settings.values), *settings.last_runs.items()):
        had = {path: run[path] for path in known.values if path in run}
        if had and (not context or compare(known.scope, _there(known, context)).inside):
            found[context] = had
    return found


def _there(known: KnownValue, context: str) -> Situation:
    """The situation of a remembered run, of which only pack and checkpoint are known."""
    pack_id, _, checkpoint = context.partition("\n")
    scope = known.scope
    return Situation(
        pack_id=pack_id,
        prompt_ids=scope.prompt_ids,
        checkpoint=checkpoint,
        engine=scope.engine,
        family=scope.family,
    )


def settings_after(settings: Settings, known: KnownValue, *, holds: bool) -> Settings:
    """The settings once a known value was taken over: without what went before it. With `holds` False, once that was
    undone: what it had taken away is there again, unless something newer is.
    """
    values, runs = dict(settings.values), {context: dict(run) for context, run in settings.last_runs.items()}
    for context, had in known.forgot.items():
        run = runs.get(context) if context else values
        if run is None:
            continue
        for path, value in had.items():
            if holds and run.get(path) == value:
                del run[path]
            elif not holds:
                run.setdefault(path, value)
    return replace(settings, values=values, last_runs=runs)
