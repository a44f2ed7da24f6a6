"""The values of the Create form: typed values, and the values of all other sources (pack, preset, profile …).

Typed values stay when the pack or checkpoint changes, until a run was made with them. Then they belong to the last run
of that pack with that checkpoint, and another pack or checkpoint shows its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from ...domain.config.catalogue import Value, flat, is_of_workflow, parameter
from ...domain.config.learning_mode import mode_for
from ...domain.config.pipeline_config import PipelineConfig
from ...domain.config.user_settings import Settings
from ...domain.models.explanation import WhyRow, explain
from ...domain.models.precedence import Resolved, usable_values
from ...domain.models.sensible_range import ModelTraits
from ...domain.models.value_sources import CHECKPOINT, PresetValues, ValueSources
from ...domain.prompts.settings import PackSettings
from ...domain.runs.job import RunRequest
from ...domain.runs.known_value import KnownValue
from ...domain.runs.preset import Preset
from ..controller import Controller
from ..model_evidence import known_here
from ..model_traits import known_traits
from ..presets import agreeing, choosing, dropping, presets_in_force
from ..wording import value_text


def is_locked(controller: Controller, pack_id: str) -> bool:
    """Whether a pack is locked in: what is known changes nothing there."""
    return mode_for(controller.settings.learning, controller.packs.learning, pack_id).locked


def base_values(controller: Controller) -> Resolved:
    """The values that Create would use now, and where they come from."""
    return FormValues(controller).resolved


def values_of(config: PipelineConfig) -> dict[str, Value]:
    """All values of a config by path; those of ADetailer passes it does not have would add one, and are left out."""
    passes = len(config.adetailer.passes)

    def has(path: str) -> bool:
        parts = path.split(".")
        return parts[:2] != ["adetailer", "passes"] or int(parts[2]) < passes

    return {path: value for path, value in flat(config).items() if has(path)}


class FormValues:
    """The user's own values and, worked out once by `refresh`, what follows from them and all other sources.

    Call `refresh` whenever anything may have changed; everything read here is as it was then. `typed` are the values
    that the user chose, by catalogue path: nobody else keeps them. `several`: checkpoints are compared.
    """

    def __init__(
        self,
        controller: Controller,
        *,
        pack_id: str | None = None,
        typed: Mapping[str, Value] | None = None,
        prompts: Sequence[str] | None = None,
        several: bool = False,
    ) -> None:
        self.typed: dict[str, Value] = dict(typed or {})
        self._controller = controller
        self._pack_id = controller.settings.pack if pack_id is None else pack_id
        self._pack: str | Path = self._pack_id
        self._several = several
        # Those chosen last are of the pack chosen last.
        last = controller.settings.chosen_prompts if pack_id is None else ()
        self._prompts = tuple(last if prompts is None else prompts)
        self._context = ""
        self._announced: set[str] = set()
        self.traits = ModelTraits()
        self.sources = ValueSources()
        self.resolved = self.sources.resolve()
        self.refresh()

    def refresh(self) -> bool:
        """Ask every source once and work the values out; True when anything about them has changed."""
        before, traits, self.sources = self.sources, self.traits, self._asked()
        context = self.sources.context
        if context != self._context:
            if self._context:
                self._leave()
            self._context = context
        if before == self.sources:
            return traits != self.traits
        self.resolved = self.sources.resolve()
        return True

    def _asked(self) -> ValueSources:
        controller, models = self._controller, self._controller.models
        found = controller.capabilities
        self.pack_settings: PackSettings = controller.packs.settings_of(self._pack)
        sources = ValueSources(
            pack_id=self._pack_id,
            typed=self._typed_here,
            pack=self.pack_settings.values,
            settings=controller.settings,
            presets=presets_in_force(controller),
            learned=controller.known.learned,
            locked=is_locked(controller, self._pack_id),
            prompts=self._prompts,
            engine=controller.learning.engine,
            agreed=controller.settings.presets_agreed,
            several=self._several or self.pack_settings.randomizer.varies(CHECKPOINT),
            workflow=controller.workflows.in_force,
            loaded=found.loaded_checkpoint if found is not None else "",
        )
        self.checkpoint = sources.checkpoint
        self.traits = known_traits(controller, self.checkpoint)
        entry = models.find(self.checkpoint)
        model = models.settings(entry.path) if entry is not None else None
        own = known_here(controller.history, model)
        return replace(sources, model=model, usable=models.usable(self.checkpoint), own_plans=own)

    @property
    def _typed_here(self) -> dict[str, Value]:
        """What was typed, without values of a workflow that is not in use now."""
        workflow = self._controller.workflows.in_force
        own = {path: value for path, value in self.typed.items() if is_of_workflow(path)}
        fitting = usable_values(own, workflow) if workflow else {}
        return {path: value for path, value in self.typed.items() if path not in own or path in fitting}

    def stand_at(self, pack_id: str, path: Path | None = None, prompts: Sequence[str] = ()) -> None:
        """The form is about these prompts of this pack from the next refresh on, at `path` if several have its id."""
        self._pack_id, self._pack, self._prompts = pack_id, path or pack_id, tuple(prompts)

    def news(self) -> list[str]:
        """What the backend lacks of that which is recommended: a sentence for each thing, once for a checkpoint."""
        usable = self.sources.usable
        notices = [f"{self.checkpoint}: {notice}" for notice in (usable.notices if usable is not None else ())]
        fresh = [sentence for sentence in notices if sentence not in self._announced]
        self._announced.update(fresh)
        return fresh

    # ---- what the user does

    def take(self, path: str, value: Value | None) -> None:
        """The user chose a value, or with None gives it back: what was typed first, then what the last run had."""
        if value is not None:
            self.typed[path] = value
        elif path in self.typed:
            del self.typed[path]
        elif path in self.sources.last_run:
            self._controller.change_settings(self.sources.forgetting(path))

    def take_all(self, values: Mapping[str, Value]) -> None:
        """Put these in place of everything the user chose, as if they had been typed now."""
        self.typed = dict(values)
        self._context = self._asked().context

    def choose_preset(self, preset: Preset) -> None:
        """Put a preset in force, too, in place of what was typed for its fields. What the last run had there goes
        before it, as always. Outside its scope it does not count before the user has agreed to that.
        """
        self.typed = {path: value for path, value in self.typed.items() if path not in preset.values}
        self._set(choosing(self._controller.settings, preset, self.sources))

    def taken_over(self, known: KnownValue) -> None:
        """A value was taken over: it goes before what was typed for its fields until then."""
        if known.on and known.pack_id in ("", self._pack_id):
            self.typed = {path: value for path, value in self.typed.items() if path not in known.values}

    def drop_presets(self, preset_ids: Sequence[str]) -> None:
        """Take these presets out of force, everywhere."""
        self._set(dropping(self._controller.settings, preset_ids))

    def agree(self, preset: PresetValues, *, yes: bool) -> None:
        """Use a preset outside its scope for exactly what the form is about now, or no longer."""
        self._set(agreeing(self._controller.settings, preset, self.sources.situation, yes=yes))

    def prefer_presets(self, path: str = "") -> None:
        """Forget what was typed, and what the last run had, where the presets in force name a value; only at `path` if
        one is given.
        """
        values = {name for one in self.sources.presets_in_force if one.applied for name in one.preset.values}
        named = values & {path} if path else values
        self.typed = {name: value for name, value in self.typed.items() if name not in named}
        self._set(self.sources.forgetting(*named))

    def _set(self, settings: Settings) -> None:
        if settings != self._controller.settings:
            self._controller.change_settings(settings)

    def ran(self, request: RunRequest, chosen: Sequence[str], seed: int) -> None:
        """Remember a run that was started: its values for its pack with its checkpoint, and what was chosen: prompts
        by their ids, and the seed as typed.
        """
        self._controller.change_settings(
            replace(
                self.sources.after_run(),
                pack=request.pack_id,
                chosen_prompts=tuple(chosen),
                seed=seed,
                seeds_per_prompt=request.seeds_per_prompt,
            )
        )

    def overruled(self) -> str:
        """Which fields of the presets in force the last run decides otherwise, as a sentence; "" where none."""
        last = self.resolved
        in_force, fields, names = flat(last.config), [], []
        named: set[str] = set()
        for preset in (one.preset for one in self.sources.presets_in_force if one.applied):
            fresh = {path: value for path, value in preset.values.items() if path not in named}
            named |= preset.values.keys()
            other = [
                f"{parameter(path).title} {value_text(path, in_force[path])} instead of {value_text(path, value)}"
                for path, value in fresh.items()
                if last.origins.get(path) == "last_run" and in_force[path] != value
            ]
            fields += other
            names += [preset.name] if other else []
        return f"The last run goes before {' and '.join(names)}: {', '.join(fields)}." if fields else ""

    def giving_back(self, path: str) -> str:
        """What giving the value back would mean, in words; "" where there is nothing to give back."""
        if path in self.typed:
            return "Give it back"
        from_last_run = self.resolved.origins.get(path) == "last_run" and path != CHECKPOINT
        return "Forget what the last run had" if from_last_run else ""

    def why(self, path: str) -> list[WhyRow]:
        """All origins of a value in order of precedence, with what the losers would have given."""
        return explain(self.sources, path, words=value_text, backend_name=self._backend_name)

    def _backend_name(self, path: str, value: Value) -> Value | None:
        found, choices = self._controller.capabilities, parameter(path).choices
        names = found.choices(choices) if found is not None and choices else ()
        return self._controller.models.styles.resolve_alias(str(value), names) if names else value

    def _leave(self) -> None:
        """Another pack or checkpoint: what was typed and run before belongs to the last run there."""
        before = self.sources.last_runs.get(self._context, {})
        self.typed = {
            path: value
            for path, value in self.typed.items()
            if path == CHECKPOINT or path not in before or before[path] != value
        }
        self.sources = replace(self.sources, typed=self._typed_here)
