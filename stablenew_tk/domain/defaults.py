"""Which of several sources gives a parameter its value, and who won: the origin is kept per field, never guessed.

Sources come in order of precedence. A field that a source names counts even when its value equals the default: the
user may have chosen exactly that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from .config import PipelineConfig
from .job import Origin
from .parameters import Value, catalogue, with_values


class Source(Struct, frozen=True):
    """Values of one origin by catalogue path. `note` says where they come from: "today, 14:32"."""

    origin: Origin
    values: Mapping[str, Value]
    note: str = ""


class Resolved(Struct, frozen=True):
    """The config to run and who won each field."""

    config: PipelineConfig
    origins: Mapping[str, Origin]


def resolve(sources: Sequence[Source]) -> Resolved:
    """Merge sources, first wins; what none names is the engine's default. Raises InvalidInput for a bad value."""
    values: dict[str, Value] = {}
    origins: dict[str, Origin] = dict.fromkeys(catalogue(), "engine")
    for source in reversed(sources):
        for path, value in source.values.items():
            values[path] = value
            origins[path] = source.origin
    return Resolved(with_values(PipelineConfig(), values), origins)


def offers(sources: Sequence[Source], path: str) -> list[tuple[Source, Value]]:
    """Every source that has a value for the field, the winner first; the engine's default always closes the list."""
    named = [(source, source.values[path]) for source in sources if path in source.values]
    return [*named, (Source("engine", {}, "its own default"), catalogue()[path].default)]
