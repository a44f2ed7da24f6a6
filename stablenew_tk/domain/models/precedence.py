"""Which of several sources gives a parameter its value, and who won: the origin is kept per field, never guessed.

Sources come in order of precedence: what the user typed now, the pack's own settings, the last run of the same pack
with the same checkpoint, the chosen preset, what was learned for this pack with this checkpoint, what the checkpoint's
profile says, its style, the engine's own default.
A field that a source names counts even when its value equals the default: the user may have chosen exactly that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import get_args

from msgspec import Struct
from msgspec.structs import replace

from ..base.errors import InvalidInput
from ..base.model_hash import without_hash
from ..config.catalogue import (
    Value,
    catalogue,
    checked_value,
    flat,
    parameter,
    parameter_in,
    with_values,
    with_workflow,
)
from ..config.origins import Origin
from ..config.pipeline_config import PipelineConfig
from ..config.workflow_use import NO_WORKFLOW, WorkflowUse
from .recommendations import FieldValue

PRECEDENCE: tuple[Origin, ...] = get_args(Origin)
MOST_CONTEXTS = 200
_USUAL = PipelineConfig()
# All remembered runs together, in letters: they live in the settings, which stay a small file.
_MOST_LETTERS = 200_000

LastRuns = Mapping[str, Mapping[str, Value]]


class Source(Struct, frozen=True):
    """Values of one origin by catalogue path. `note` says where they come from: "today, 14:32"; `notes` say it for
    single paths. `words` call it by a word of its own there: "learned", "Civitai".
    """

    origin: Origin
    values: Mapping[str, Value]
    note: str = ""
    notes: Mapping[str, str] = {}
    words: Mapping[str, str] = {}

    def evidence(self, path: str) -> str:
        """Where the value at `path` comes from."""
        return self.notes.get(path, self.note)


class Resolved(Struct, frozen=True):
    """The config to run and who won each field; `words` as in the winning source."""

    config: PipelineConfig
    origins: Mapping[str, Origin]
    words: Mapping[str, str] = {}

    @property
    def named(self) -> dict[str, Origin]:
        """Who won the fields that some source names; the engine's own defaults go without saying."""
        return {path: origin for path, origin in self.origins.items() if origin != "engine"}

    def differing(self, other: Resolved) -> set[str]:
        """Paths with another value, origin or word than in the other one."""
        if self == other:
            return set()
        before, now = flat(other.config), flat(self.config)

        def state(found: Resolved, values: Mapping[str, Value], path: str) -> tuple[Value, Origin | None, str]:
            return values.get(path, ""), found.origins.get(path), found.words.get(path, "")

        return {path for path in now if state(self, now, path) != state(other, before, path)}


def resolve(sources: Sequence[Source], workflow: WorkflowUse = NO_WORKFLOW) -> Resolved:
    """Merge sources, first wins; what none names is the engine's default, or the value of the workflow that is used.

    Raises InvalidInput for a bad value.
    """
    values: dict[str, Value] = {}
    origins: dict[str, Origin] = dict.fromkeys(catalogue(), "engine")
    words: dict[str, str] = dict.fromkeys((*workflow.found, *workflow.parameters), "workflow")
    for source in reversed(sources):
        for path, value in source.values.items():
            values[path] = value
            origins[path] = source.origin
            words[path] = source.words.get(path, "")
    return Resolved(with_values(with_workflow(PipelineConfig(), workflow), values), origins, words)


def offers(sources: Sequence[Source], path: str) -> list[tuple[Source, Value]]:
    """Every source that has a value for the field, the winner first; the engine's default always closes the list."""
    named = [(source, source.values[path]) for source in sources if path in source.values]
    return [*named, (Source("engine", {}, "its own default"), parameter(path).default)]


def recommended(fields: Mapping[str, FieldValue], words: Mapping[str, str]) -> tuple[Source, Source]:
    """What files beside a checkpoint recommend, as two sources: its profile, then its style."""
    of_family = {path: field.word for path, field in fields.items() if field.word}
    return _of("profile", fields, words), _of("style", fields, of_family)


def usable_values(values: Mapping[str, Value], workflow: WorkflowUse = NO_WORKFLOW) -> dict[str, Value]:
    """Those values that this version can work with, and that the workflow has a place for, if one is used.

    A range may have been narrowed since they were written.
    """
    config = replace(PipelineConfig(), workflow=workflow)
    return {
        path: value
        for path, value in values.items()
        if (not workflow or workflow.has(path)) and _fits(path, value, config)
    }


# ---- last runs, each of one pack with one checkpoint


def context_key(pack_id: str, checkpoint: str) -> str:
    """What tells a context from others. A server adds a hash to a checkpoint's name once it knows it: left away."""
    return f"{pack_id}\n{without_hash(checkpoint)}"


def remembered(runs: LastRuns, context: str, values: Mapping[str, Value]) -> dict[str, dict[str, Value]]:
    """The last runs with this one, the newest at the end. The oldest are forgotten when there are too many."""
    kept: dict[str, dict[str, Value]] = {}
    letters = 0
    for key, run in [(context, values), *((key, runs[key]) for key in reversed(list(runs)) if key != context)]:
        letters += len(key) + sum(len(path) + len(str(value)) + 12 for path, value in run.items())
        if kept and (len(kept) == MOST_CONTEXTS or letters > _MOST_LETTERS):
            break
        kept[key] = dict(run)
    return dict(reversed(kept.items()))


def forgotten(runs: LastRuns, paths: Collection[str], context: str | None = None) -> dict[str, dict[str, Value]]:
    """The last runs without these paths, in one context or in all: a preset chosen on purpose takes their place."""
    return {
        key: {path: value for path, value in values.items() if context not in (None, key) or path not in paths}
        for key, values in runs.items()
    }


def _of(origin: Origin, fields: Mapping[str, FieldValue], words: Mapping[str, str]) -> Source:
    own = {path: field for path, field in fields.items() if field.origin == origin and _fits(path, field.value)}
    return Source(
        origin,
        {path: field.value for path, field in own.items()},
        notes={path: field.source for path, field in own.items()},
        words=words,
    )


def _fits(path: str, value: Value, config: PipelineConfig = _USUAL) -> bool:
    try:
        checked_value(parameter_in(config, path), value)
    except InvalidInput:
        return False
    return True
