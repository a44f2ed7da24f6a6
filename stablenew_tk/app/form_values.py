"""Where the values of the Create page come from: what was typed, the pack, the last run, a preset, files of models.

What was typed stays with the user until it was run: then it belongs to the last run of that pack with that checkpoint,
and another pack or checkpoint shows its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from ..domain.config.catalogue import Value, flat, parameter
from ..domain.config.origins import Origin
from ..domain.config.pipeline_config import PipelineConfig
from ..domain.models.explanation import LEARNED_WORD, WhyRow
from ..domain.models.precedence import (
    PRECEDENCE,
    Resolved,
    Source,
    context_key,
    forgotten,
    offers,
    recommended,
    remembered,
    resolve,
    usable_values,
)
from ..domain.models.profile import LEARNED, best_preset
from ..domain.models.recommendations import ModelSettings, Usable
from ..domain.runs.job import RunRequest
from ..domain.runs.plan import Preset
from .controller import Controller
from .wording import value_text

CHECKPOINT = "checkpoint"
_MOST_OTHERS = 3  # values of weaker files that "Why this value?" still lists
_NO_PROFILE = Usable({})
_T = TypeVar("_T")


def values_of(config: PipelineConfig) -> dict[str, Value]:
    """All values of a config by path; those of ADetailer passes it does not have would add one, and are left out."""
    passes = len(config.adetailer.passes)

    def has(path: str) -> bool:
        parts = path.split(".")
        return parts[:2] != ["adetailer", "passes"] or int(parts[2]) < passes

    return {path: value for path, value in flat(config).items() if has(path)}


class ValueSources:
    """All sources of the form in their order. `mine` are the values that the user set here, by catalogue path.

    Call `stand_at` when another pack is chosen and `resolve` whenever anything may have changed.
    """

    def __init__(self, controller: Controller) -> None:
        self.mine: dict[str, Value] = {}
        self._controller = controller
        self._pack_id = controller.settings.pack
        self._pack: str | Path = controller.settings.pack
        self._context = ""
        self._told: set[str] = set()
        self._shown: Usable | None = None
        self._shown_own: Mapping[str, Value] = {}

    # ---- what is in force

    @property
    def preset(self) -> Preset | None:
        """The preset in force."""
        history = self._controller.history
        return history.plans.preset(self._controller.settings.preset) if history is not None else None

    @property
    def checkpoint(self) -> str:
        """The checkpoint that a run would use, in the backend's name; "" while nobody knows what it has loaded."""
        preset, found = self.preset, self._controller.capabilities
        chosen_there = preset.values if preset is not None else {}
        given = (self.mine, self._own(), self._controller.settings.values, chosen_there)
        chosen = next((str(values[CHECKPOINT]) for values in given if CHECKPOINT in values), "")
        return chosen or (found.loaded_checkpoint if found is not None else "")

    def stand_at(self, pack_id: str, path: Path | None = None) -> bool:
        """The form is about this pack now, at `path` if several have its id; True when it was about another one."""
        before, self._pack_id, self._pack = self._pack, pack_id, path or pack_id
        return before != self._pack

    def resolve(self) -> Resolved:
        """The values in force and who won each."""
        context = self._key()
        if context != self._context:
            if self._context:
                self._leave()
            self._context = context
        self._shown, self._shown_own = self._usable(), self._own()
        return resolve(self._all())

    @property
    def is_old(self) -> bool:
        """Whether the files beside the checkpoint or the pack say something else now than `resolve` has given."""
        return self._usable() != self._shown or self._own() != self._shown_own

    def news(self) -> list[str]:
        """What the backend lacks of that which is recommended: a sentence for each thing, once for a checkpoint."""
        said = [f"{self.checkpoint}: {notice}" for notice in (self._shown or _NO_PROFILE).notices]
        fresh = [sentence for sentence in said if sentence not in self._told]
        self._told.update(fresh)
        return fresh

    # ---- what the user does

    def take(self, path: str, value: Value | None) -> None:
        """The user chose a value, or with None gives it back: what was typed first, then what the last run had."""
        if value is not None:
            self.mine[path] = value
        elif path in self.mine:
            del self.mine[path]
        elif path in self._last():
            self._forget({path})

    def take_all(self, values: Mapping[str, Value]) -> None:
        """Put these in place of everything the user chose, as if they had been typed now."""
        self.mine = dict(values)
        self._context = self._key()

    def choose_preset(self, preset: Preset | None) -> None:
        """Put a preset in force. What it names counts from now on, before what the last run had there."""
        named = preset.values if preset is not None else {}
        self.mine = {path: value for path, value in self.mine.items() if path not in named}
        self._forget(set(named), preset=preset.preset_id if preset is not None else "")

    def ran(self, request: RunRequest, chosen: Sequence[str], seed: int) -> None:
        """Remember a run that was started: its values for its pack with its checkpoint, and what was chosen: prompts
        by their ids, and the seed as typed.
        """
        settings = self._controller.settings
        values = {**self._last(), **self.mine}
        if CHECKPOINT in settings.values:
            values.setdefault(CHECKPOINT, settings.values[CHECKPOINT])
        self._controller.change_settings(
            msgspec.structs.replace(
                settings,
                values=values,
                last_runs=remembered(self._runs(), self._key(), _without_checkpoint(values)),
                pack=request.pack_id,
                chosen_prompts=tuple(chosen),
                seed=seed,
                seeds_per_prompt=request.seeds_per_prompt,
            )
        )

    # ---- why

    def why(self, path: str, use: Callable[[str, Value], object], choose: Callable[[Preset], object]) -> list[WhyRow]:
        """All origins of a value in order of precedence, with what the losers would have given.

        `use(path, value)` makes a loser's value the user's, `choose(preset)` lets the preset win.
        """
        given = {source.origin: (source, value) for source, value in reversed(offers(self._all(), path))}
        winner = next(origin for origin in PRECEDENCE if origin in given)
        rows: list[WhyRow] = []
        for origin in PRECEDENCE:
            wins = origin == winner
            if origin in given:
                source, value = given[origin]
                act = _act(path, value, use)
                if origin == "preset" and self.preset is not None:
                    act = _choice(self.preset, choose)
                note, shown = source.evidence(path), value_text(path, value)
                row = WhyRow(origin, note, shown, wins=wins, use=None if wins else act)
            else:
                row = WhyRow(origin, self._nothing(origin, path))
            rows.append(self._named_row(row, path))
            if origin == "profile":
                rows += self._other_files(path, use)
        return rows

    def _named_row(self, row: WhyRow, path: str) -> WhyRow:
        known = self._model_settings()
        if row.origin == "style" and known is not None and known.style is not None:
            return msgspec.structs.replace(row, name=f"Style {known.style.label}")
        word = self._words().get(path, "") if row.origin == "profile" and row.value else ""
        if word:
            return msgspec.structs.replace(row, name=f"Profile · {word}", icon="star" if word == LEARNED_WORD else "")
        return row

    def _words(self) -> dict[str, str]:
        """For values of the profile: "learned" for what stands on own ratings, the tool for files of others."""
        known = self._model_settings()
        preset = best_preset(known.profile) if known is not None and known.profile is not None else None
        learned = f"preset {preset.label or preset.id}" if preset is not None and preset.source == LEARNED else ""
        words: dict[str, str] = {}
        for path, field in (self._shown or _NO_PROFILE).values.items():
            tool, _, evidence = field.source.partition(" · ")[2].partition(" · ")
            if not field.ours:
                words[path] = tool.removesuffix(" of the file")
            elif learned and evidence.startswith(learned):
                words[path] = LEARNED_WORD
        return words

    def _other_files(self, path: str, use: Callable[[str, Value], object]) -> list[WhyRow]:
        """What weaker files beside the checkpoint say."""
        known = self._model_settings()
        found = self._controller.capabilities
        rows = []
        for field in (known.offers.get(path, ()) if known is not None else ())[1:]:
            choices = parameter(path).choices
            names = found.choices(choices) if found is not None and choices else ()
            value = self._controller.models.styles.resolve_alias(str(field.value), names) if names else field.value
            if field.origin == "profile" and value is not None:
                rows.append(WhyRow("profile", field.source, value_text(path, value), use=_act(path, value, use)))
        return [msgspec.structs.replace(row, name="Another file") for row in rows[:_MOST_OTHERS]]

    def _nothing(self, origin: Origin, path: str) -> str:
        """Why an origin gives no value."""
        checkpoint = self.checkpoint or "the loaded checkpoint"
        preset = self.preset
        if origin == "user":
            return "nothing typed here"
        if origin == "pack":
            return f"none set for {self._pack_id or 'this pack'}"
        if origin == "last_run":
            return f"none for {self._here()}"
        if origin == "preset":
            return f"none in “{preset.name}”" if preset is not None else "no preset is chosen"
        title = f"{parameter(path).title}: "
        lacking = [one.removeprefix(title) for one in (self._shown or _NO_PROFILE).notices if one.startswith(title)]
        known = self._model_settings()
        field = known.values.get(path) if known is not None else None
        if lacking and field is not None and field.origin == origin:
            return lacking[0]
        if origin == "style" and known is not None and known.style is None:
            return f"no style is named for {checkpoint}"
        if origin == "profile" and known is not None and known.problems:
            return f"none for {checkpoint}. {known.problems[0]}"
        if not self._controller.settings.model_folders:
            return "no folder with models is set in Settings"
        return f"none for {checkpoint}"

    # ---- the sources

    def _named(self) -> tuple[Source, ...]:
        """The sources that may choose the checkpoint; they do not depend on it."""
        values = usable_values(self._controller.settings.values)
        before = {CHECKPOINT: values[CHECKPOINT]} if CHECKPOINT in values else {}
        preset = self.preset
        chosen = usable_values(preset.values) if preset is not None else {}
        note = f"{preset.name}. {preset.evidence.sentence}".strip() if preset is not None else ""
        return (
            Source("user", self.mine, "typed here"),
            Source("last_run", before, "your last run"),
            *([Source("preset", chosen, note)] if preset is not None else []),
        )

    def _all(self) -> tuple[Source, ...]:
        mine, before, *preset = self._named()
        last = {**_without_checkpoint(usable_values(self._last())), **before.values}
        notes = dict.fromkeys(before.values, before.note)
        files = recommended(_without_checkpoint((self._shown or _NO_PROFILE).values), self._words())
        own = Source("pack", self._own(), f"set for {self._pack_id or 'this pack'}")
        return (mine, own, Source("last_run", last, f"last run of {self._here()}", notes), *preset, *files)

    def _own(self) -> Mapping[str, Value]:
        """What is set for the pack."""
        return usable_values(self._controller.packs.settings_of(self._pack).values)

    def _usable(self) -> Usable | None:
        return self._controller.models.usable(self.checkpoint)

    def _model_settings(self) -> ModelSettings | None:
        entry = self._controller.models.find(self.checkpoint)
        return self._controller.models.settings(entry.path) if entry is not None else None

    def _here(self) -> str:
        pack = self._pack_id or "this pack"
        return f"{pack} with {self.checkpoint}" if self.checkpoint else pack

    # ---- last runs

    def _runs(self) -> Mapping[str, Mapping[str, Value]]:
        """The last runs by context. Older versions remembered only one, with the pack but without saying so."""
        settings = self._controller.settings
        if settings.last_runs or not settings.values:
            return settings.last_runs
        checkpoint = str(settings.values.get(CHECKPOINT, "")) or self.checkpoint
        return {context_key(settings.pack or self._pack_id, checkpoint): settings.values}

    def _last(self) -> Mapping[str, Value]:
        return self._runs().get(self._key(), {})

    def _key(self) -> str:
        key = context_key(self._pack_id, self.checkpoint)
        if self.checkpoint:
            return key
        # Nobody knows yet what is loaded: most likely the same as last time.
        return next((known for known in reversed(list(self._runs())) if known.startswith(key)), key)

    def _leave(self) -> None:
        """Another pack or checkpoint: what was typed and run before belongs to the last run there."""
        before = self._runs().get(self._context, {})
        self.mine = {
            path: value
            for path, value in self.mine.items()
            if path == CHECKPOINT or path not in before or before[path] != value
        }

    def _forget(self, paths: set[str], **changes: str) -> None:
        settings = self._controller.settings
        values = {path: value for path, value in settings.values.items() if path not in paths}
        runs = forgotten(self._runs(), paths, self._key())
        changed = msgspec.structs.replace(settings, values=values, last_runs=runs, **changes)
        if changed != settings:
            self._controller.change_settings(changed)


def _without_checkpoint(values: Mapping[str, _T]) -> dict[str, _T]:
    return {path: value for path, value in values.items() if path != CHECKPOINT}


def _act(path: str, value: Value, use: Callable[[str, Value], object]) -> Callable[[], object]:
    return lambda: use(path, value)


def _choice(preset: Preset, choose: Callable[[Preset], object]) -> Callable[[], object]:
    return lambda: choose(preset)
