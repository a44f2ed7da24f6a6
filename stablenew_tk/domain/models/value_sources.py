"""Where the values of a run come from: the one place that puts all sources in order, for the form and the terminal.

The checkpoint is chosen first, because the last run, the profile and the style depend on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ..config.catalogue import Value
from ..config.user_settings import Settings
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
from .provenance import learned_word
from .recommendations import ModelSettings, Usable

CHECKPOINT = "checkpoint"
_T = TypeVar("_T")


class PresetValues(Struct, frozen=True):
    """A preset as a source of values; `evidence` is a sentence about what it rests on."""

    name: str
    values: Mapping[str, Value]
    evidence: str = ""


class ValueSources(Struct, frozen=True, kw_only=True):
    """Everything that may give a run of one pack its values.

    `typed` is what the user chose here, `pack` what is set for the pack. `settings` remember the last runs; the
    terminal leaves them out, so that a script does not depend on what was done in the window. `loaded` is what the
    backend has loaded, "" while nobody knows. `model` is what the files beside the checkpoint say and `usable`
    the part of it that the backend can work with; None while it is not known. `own_plans` are those Learning Runs that
    the checkpoint's profile names and the journal knows.
    """

    pack_id: str = ""
    typed: Mapping[str, Value] = {}
    pack: Mapping[str, Value] = {}
    settings: Settings = Settings()
    preset: PresetValues | None = None
    loaded: str = ""
    model: ModelSettings | None = None
    usable: Usable | None = None
    own_plans: frozenset[str] = frozenset()

    def resolve(self) -> Resolved:
        """The values in force and who won each. Raises InvalidInput for a bad value that the user typed."""
        return resolve(self.in_order())

    def in_order(self) -> tuple[Source, ...]:
        """The sources in order of precedence; what this version cannot work with is left out of remembered values."""
        before = usable_values({path: v for path, v in self.settings.values.items() if path == CHECKPOINT})
        last = {**without_checkpoint(usable_values(self.last_run)), **before}
        preset = self.preset
        evidence = f"{preset.name}. {preset.evidence}".strip() if preset is not None else ""
        return (
            Source("user", self.typed, "typed here"),
            Source("pack", usable_values(self.pack), f"set for {self.pack_id or 'this pack'}"),
            Source("last_run", last, f"last run of {self.context_name}", dict.fromkeys(before, "your last run")),
            *([Source("preset", usable_values(preset.values), evidence)] if preset is not None else ()),
            *recommended(without_checkpoint(self.usable.values if self.usable is not None else {}), self.words),
        )

    # ---- the checkpoint and the runs remembered with it

    @property
    def checkpoint(self) -> str:
        """The checkpoint that a run would use, in the backend's name; "" while nobody knows what it has loaded."""
        preset = self.preset.values if self.preset is not None else {}
        pack = usable_values(self.pack) if CHECKPOINT in self.pack else {}
        given = (self.typed, pack, self.settings.values, preset)
        chosen = next((str(values[CHECKPOINT]) for values in given if CHECKPOINT in values), "")
        return chosen or self.loaded

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
        pack = self.pack_id or "this pack"
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
        """The settings once these values are run: they are the last run of this pack with this checkpoint."""
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


def without_checkpoint(values: Mapping[str, _T]) -> dict[str, _T]:
    """All values but the checkpoint: it is what they depend on."""
    return {path: value for path, value in values.items() if path != CHECKPOINT}
