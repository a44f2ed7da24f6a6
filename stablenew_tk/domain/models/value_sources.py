"""Where the values of a run come from: the one place that puts all sources in order, for the form and the terminal.

The checkpoint is chosen first, because the last run, the profile and the style depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ..base.wording import pack_title
from ..config.catalogue import Value, is_of_workflow
from ..config.sweep import LORA, SLOT
from ..config.user_settings import Settings
from ..config.workflow_use import NO_WORKFLOW, WorkflowUse
from .precedence import (
    LastRuns,
    Resolved,
    Source,
    context_key,
    forgotten,
    recommended,
    remembered,
    resolve,
    usable_values,
)
from .preset_scope import (
    SEVERAL,
    PresetScope,
    PresetUse,
    ScopeCheck,
    Situation,
    compare,
    hash_in_name,
    reasons,
)
from .provenance import learned_word
from .recommendations import Hashes, ModelSettings, Usable

CHECKPOINT = "checkpoint"
# The places of a config that name one.
CHECKPOINT_PATHS = (CHECKPOINT, "refiner.checkpoint", "hires.checkpoint")
# Why nothing that was learned is used in a pack that is locked in.
LOCKED = "this pack is locked in, so nothing learned changes its settings"
# And why in a run with a workflow.
OWN_VALUES = "a workflow keeps its own values"
# And why what is about a value of a workflow is not used without it.
NO_SUCH_VALUE = "it is about a value of a workflow, and none that has it is in use"
_T = TypeVar("_T")


class PresetValues(Struct, frozen=True):
    """A preset as a source of values; `evidence` is a sentence about what it rests on, `evidences` the one of a single
    value where it has its own. `anyway`: the user has said to use it whatever it was learned for. A learned value is
    one, too, and has the Learning Run that it is from as `plan_id`.
    """

    name: str
    values: Mapping[str, Value]
    evidence: str = ""
    preset_id: str = ""
    lora_weights: Mapping[str, float] = {}
    lora_instead: Mapping[str, tuple[str, ...]] = {}
    evidences: Mapping[str, str] = {}
    scope: PresetScope = PresetScope()
    anyway: bool = False
    plan_id: str = ""


class PresetInForce(Struct, frozen=True):
    """A preset in force, and whether it is applied here: `check` says why it is outside its scope. `agreed`: the user
    has said yes to that.
    """

    preset: PresetValues
    check: ScopeCheck
    agreed: bool

    @property
    def applied(self) -> bool:
        """Whether its values count here."""
        return self.check.inside or self.agreed

    @property
    def used_outside(self) -> bool:
        """Whether its values count here only because the user said so."""
        return self.agreed and not self.check.inside


class ValueSources(Struct, frozen=True, kw_only=True):
    """Everything that may give a run of one pack its values.

    `typed` is what the user chose here, `pack` what is set for the pack. `settings` remember the last runs; the
    terminal leaves them out, so that a script does not depend on what was done in the window. `loaded` is what the
    backend has loaded, "" while nobody knows. `model` is what the files beside the checkpoint say and `usable`
    the part of it that the backend can work with; None while it is not known. `own_plans` are those Learning Runs that
    the checkpoint's profile names and the journal knows.

    `presets` are all in force, the latest chosen first; only those that hold for `prompts` (ids of those to be made) of
    this pack with this checkpoint on this kind of `engine` are applied, and those for which the user `agreed`: by id,
    the `Situation.context` of each yes. `learned` are the values of "What I know" that are switched on, the latest
    first: the same holds for them, and none is applied where the pack is `locked`. `several`: this run makes pictures
    with more than one checkpoint. A `workflow` keeps its own values, but for those that somebody chose: here, for the
    pack, or by a preset.
    """

    pack_id: str = ""
    typed: Mapping[str, Value] = {}
    pack: Mapping[str, Value] = {}
    settings: Settings = Settings()
    presets: tuple[PresetValues, ...] = ()
    learned: tuple[PresetValues, ...] = ()
    locked: bool = False
    prompts: tuple[str, ...] = ()
    engine: str = ""
    agreed: Mapping[str, Sequence[str]] = {}
    several: bool = False
    workflow: WorkflowUse = NO_WORKFLOW
    loaded: str = ""
    model: ModelSettings | None = None
    usable: Usable | None = None
    own_plans: frozenset[str] = frozenset()

    def resolve(self) -> Resolved:
        """The values in force and who won each. Raises InvalidInput for a bad value that the user typed."""
        return resolve(self.in_order(), self.workflow)

    def in_order(self) -> tuple[Source, ...]:
        """The sources in order of precedence; what this version cannot work with is left out of remembered values."""
        if self.workflow:
            return self._beside_workflow()
        before = usable_values({path: v for path, v in self.settings.values.items() if path == CHECKPOINT})
        last = {**without_checkpoint(usable_values(self.last_run)), **before}
        return (
            Source("user", self.typed, "typed here"),
            self._pack_source,
            Source("last_run", last, f"last run of {self.context_name}", dict.fromkeys(before, "your last run")),
            *(_preset_source(one) for one in self.presets_in_force if one.applied),
            *(_learned_source(one) for one in self.learned_here if one.applied),
            *recommended(without_checkpoint(self.usable.values if self.usable is not None else {}), self.words),
        )

    @property
    def _pack_source(self) -> Source:
        words = f"set for {pack_title(self.pack_id) or 'this pack'}"
        return Source("pack", usable_values(self.pack, self.workflow), words)

    def _beside_workflow(self) -> tuple[Source, ...]:
        """The sources of what somebody chose, and of what is known of the workflow's own values, as far as the workflow
        has a place for it. What was typed is not sifted: that it has none is told.
        """
        presets = (_preset_source(one, self.workflow) for one in self.presets_in_force if one.applied)
        learned = (_learned_source(one, self.workflow) for one in self.learned_here if one.applied)
        return (Source("user", self.typed, "typed here"), self._pack_source, *presets, *learned)

    # ---- presets, each within its scope

    @property
    def situation(self) -> Situation:
        """What is known of this run, for the scope of presets."""
        family = self.model.family if self.model is not None else ""
        return self._situation(SEVERAL) if self.several else replace(self._situation(self.checkpoint), family=family)

    def _situation(self, checkpoint: str) -> Situation:
        hashes = self.model.hashes if self.model is not None else Hashes()
        found = hash_in_name(checkpoint) or hashes.sha256 or hashes.autov2
        return Situation(
            pack_id=self.pack_id,
            prompt_ids=self.prompts,
            checkpoint=checkpoint,
            checkpoint_hash=found if checkpoint and not self.several else "",
            engine=self.engine,
            workflow=self.workflow.known_as,
        )

    @property
    def presets_in_force(self) -> tuple[PresetInForce, ...]:
        """The presets in force and whether each is applied to this run."""
        now = self.situation
        return tuple(
            judged(preset, now, self.agreed)
            if preset.anyway or not self._misses(preset)
            else PresetInForce(preset, ScopeCheck((NO_SUCH_VALUE,)), agreed=False)
            for preset in self.presets
        )

    def _misses(self, preset: PresetValues) -> bool:
        """Whether all that it sets are values of a workflow that is not in use."""
        if preset.lora_weights or not preset.values:
            return False
        return all(is_of_workflow(path) and not self.workflow.has(path) for path in preset.values)

    @property
    def learned_here(self) -> tuple[PresetInForce, ...]:
        """The learned values that are switched on, and whether each is applied to this run."""
        now = self.situation
        return tuple(
            PresetInForce(value, ScopeCheck((why,)), agreed=False) if why else judged(value, now, self.agreed)
            for value in self.learned
            for why in (self._why_not_learned(value),)
        )

    def _why_not_learned(self, value: PresetValues) -> str:
        if self.locked:
            return LOCKED
        if self._misses(value):
            return NO_SUCH_VALUE
        # What a workflow says itself about steps or CFG stands; a value that is known of it alone is meant for it.
        return OWN_VALUES if self.workflow and not any(map(is_of_workflow, value.values)) else ""

    @property
    def lora_weights(self) -> dict[str, float]:
        """The LoRA weights of the presets and learned values that are applied."""
        standing = (*self.presets_in_force, *self.learned_here)
        applied = [one.preset.lora_weights for one in reversed(standing) if one.applied]
        return {name: weight for weights in applied for name, weight in weights.items()}

    @property
    def preset_uses(self) -> tuple[PresetUse, ...]:
        """The presets and learned values that give this run a value or a weight, for its records."""
        order = self.in_order()
        decided = {path for source in order if source.origin in ("user", "pack", "last_run") for path in source.values}
        uses = []
        for one in (*self.presets_in_force, *self.learned_here):
            preset = one.preset
            gave = [*usable_values(preset.values, self.workflow), *(f"{LORA}{name}" for name in preset.lora_weights)]
            gave += [path for path in preset.values if path.startswith(SLOT)]
            if one.applied:
                use = PresetUse(
                    preset_id=preset.preset_id,
                    name=preset.name,
                    gave=tuple(path for path in gave if path not in decided),
                    scope=preset.scope,
                    outside=one.check.differences,
                    plan_id=preset.plan_id,
                )
                uses += [use] if use.gave else []
                decided |= {*gave}
        return tuple(uses)

    # ---- the checkpoint and the runs remembered with it

    @property
    def checkpoint(self) -> str:
        """The checkpoint that a run would use, in the backend's name; "" while nobody knows what it has loaded. With a
        workflow the one that this names, unless another was chosen.
        """
        pack = usable_values(self.pack) if CHECKPOINT in self.pack else {}
        if self.workflow:
            given: tuple[Mapping[str, Value], ...] = (
                self.typed,
                pack,
                *self._preset_checkpoints(),
                self.workflow.found,
            )
            return next((str(values[CHECKPOINT]) for values in given if CHECKPOINT in values), "")
        given = (self.typed, pack, self.settings.values, *self._preset_checkpoints())
        chosen = next((str(values[CHECKPOINT]) for values in given if CHECKPOINT in values), "")
        return chosen or self.loaded

    def _preset_checkpoints(self) -> Iterator[Mapping[str, Value]]:
        # Such a preset is bound to no checkpoint, so whether it is applied does not depend on what is asked for here.
        workflow = self.workflow.known_as
        now = Situation(pack_id=self.pack_id, prompt_ids=self.prompts, engine=self.engine, workflow=workflow)
        for preset in (*self.presets, *(() if self.locked else self.learned)):
            if CHECKPOINT in preset.values and judged(preset, now, self.agreed).applied:
                yield usable_values(preset.values)

    @property
    def context(self) -> str:
        """The key of the last run that counts: this pack with this checkpoint."""
        checkpoint = self.checkpoint
        key = context_key(self.pack_id, checkpoint)
        if checkpoint:
            return key
        # Nobody knows yet what is loaded: most likely the same as last time.
        return next((known for known in reversed(list(self.last_runs)) if known.startswith(key)), key)

    @property
    def context_name(self) -> str:
        """The pack and its checkpoint, in words."""
        pack = pack_title(self.pack_id) or "this pack"
        return f"{pack} with {self.checkpoint}" if self.checkpoint else pack

    @property
    def last_runs(self) -> LastRuns:
        """The last runs by context. Older versions remembered only one, with the pack but without saying so."""
        settings = self.settings
        if settings.last_runs or not settings.values:
            return settings.last_runs
        checkpoint = str(settings.values.get(CHECKPOINT, "")) or self.checkpoint
        return {context_key(settings.pack or self.pack_id, checkpoint): settings.values}

    @property
    def last_run(self) -> Mapping[str, Value]:
        """The values of the last run of this pack with this checkpoint."""
        return self.last_runs.get(self.context, {})

    # ---- what the settings remember from now on

    def after_run(self) -> Settings:
        """The settings once these values are run: they are the last run of this pack with this checkpoint.

        With a workflow nothing is remembered: its values mean nothing to other runs.
        """
        if self.workflow:
            return self.settings
        values = {**self.last_run, **self.typed}
        if CHECKPOINT in self.settings.values:
            values.setdefault(CHECKPOINT, self.settings.values[CHECKPOINT])
        runs = remembered(self.last_runs, self.context, without_checkpoint(values))
        return replace(self.settings, values=values, last_runs=runs)

    def forgetting(self, *paths: str) -> Settings:
        """The settings without what the last run had at these paths; runs of other packs and checkpoints keep it."""
        values = {path: value for path, value in self.settings.values.items() if path not in paths}
        return replace(self.settings, values=values, last_runs=forgotten(self.last_runs, paths, self.context))

    # ---- words

    @property
    def words(self) -> dict[str, str]:
        """For values of the profile: whether they were learned here or elsewhere; the tool for files of others."""
        words: dict[str, str] = {}
        for path, field in (self.usable.values if self.usable is not None else {}).items():
            if not field.ours:
                words[path] = field.source.partition(" · ")[2].partition(" · ")[0].removesuffix(" of the file")
            elif field.plan_id is not None:
                words[path] = learned_word(field.plan_id, self.own_plans)
        return words


def agreed_for(preset: PresetValues, now: Situation) -> str:
    """What a yes to this preset holds for in this situation. One that sets the checkpoint is not asked about it."""
    return (replace(now, checkpoint="") if CHECKPOINT in preset.values else now).context


def check_preset(preset: PresetValues, now: Situation) -> ScopeCheck:
    """Whether a preset holds in a situation. One that sets the checkpoint is bound to none."""
    free = replace(preset.scope, checkpoint="", checkpoint_hash="", family="")
    return compare(free if CHECKPOINT in preset.values else preset.scope, now)


def judged(preset: PresetValues, now: Situation, agreed: Mapping[str, Sequence[str]]) -> PresetInForce:
    """A preset as it stands in a situation. `agreed` as in `ValueSources`."""
    said_yes = preset.anyway or agreed_for(preset, now) in agreed.get(preset.preset_id, ())
    return PresetInForce(preset, check_preset(preset, now), said_yes)


def loras_put_in(sources: ValueSources) -> dict[str, tuple[str, ...]]:
    """The LoRAs that the applied presets and learned values put into prompts, with those that each one stands in place
    of.
    """
    standing = (*sources.presets_in_force, *sources.learned_here)
    applied = [one.preset.lora_instead for one in reversed(standing) if one.applied]
    return {name: others for instead in applied for name, others in instead.items()}


def wordings_kept(sources: ValueSources) -> dict[str, str]:
    """The texts for slots that the applied presets and learned values have, by the names of the slots."""
    standing = (*sources.presets_in_force, *sources.learned_here)
    applied = [one.preset.values for one in reversed(standing) if one.applied]
    texts = {path: str(text) for values in applied for path, text in values.items() if path.startswith(SLOT)}
    return {path.removeprefix(SLOT): text for path, text in texts.items()}


def _preset_source(one: PresetInForce, workflow: WorkflowUse = NO_WORKFLOW) -> Source:
    preset = one.preset
    outside = f"Used outside its scope: {reasons(one.check)}." if one.used_outside else ""

    def note(evidence: str) -> str:
        return " ".join(part for part in (f"{preset.name}.", evidence, outside) if part)

    notes = {path: note(evidence) for path, evidence in preset.evidences.items()}
    return Source("preset", usable_values(preset.values, workflow), note(preset.evidence), notes)


def _learned_source(one: PresetInForce, workflow: WorkflowUse = NO_WORKFLOW) -> Source:
    values = usable_values(one.preset.values, workflow)
    outside = f"Used outside its scope: {reasons(one.check)}." if one.used_outside else ""
    return Source("learned", values, " ".join(part for part in (one.preset.evidence, outside) if part))


def without_checkpoint(values: Mapping[str, _T]) -> dict[str, _T]:
    """All values but the checkpoint: it is what they depend on."""
    return {path: value for path, value in values.items() if path != CHECKPOINT}
