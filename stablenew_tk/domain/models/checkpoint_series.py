"""Series of checkpoints: mixes of the same models at several ratios, and what one training saved along its way.

What was mixed stands in the header (the recipe that A1111's merger writes) or in the name that it gives a mix. Mixes
are in the order of their ratio, not of time. Files of a training go by the habits of trainers, as LoRA files do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from .lora_series import LoraFile, Training, series_of

_HEX = re.compile(r"[0-9a-f]{8,64}")
_SUM = re.compile(r"(?P<rest>[01](?:\.\d+)?)\((?P<one>[^()]+)\) \+ (?P<ratio>[01](?:\.\d+)?)\((?P<other>[^()]+)\)")
_DIFFERENCE = re.compile(r"(?P<one>[^()]+?) \+ (?P<ratio>\d(?:\.\d+)?)\((?P<other>[^()]+) - (?P<less>[^()]+)\)")


class Merge(Struct, frozen=True, omit_defaults=True):
    """What a checkpoint was mixed of, the same text for mixes of the same models in the same way, and the `ratio` of
    what was mixed in. `recipe` "" = it is no mix, or nobody says so. `name` names the models, where that is known.
    """

    recipe: str = ""
    ratio: float = 0.0
    name: str = ""


class CheckpointFile(Struct, frozen=True):
    """A checkpoint: its stem, its folder, and what its header tells."""

    stem: str
    folder: str = ""
    training: Training = Training()
    merge: Merge = Merge()


class CheckpointSeries(Struct, frozen=True):
    """Checkpoints that belong together, two or more, by their stems in order. `name` is what they share."""

    name: str
    stems: tuple[str, ...]
    by: Literal["merge", "training"]


def merge_by_recipe(recipe: Mapping[str, object]) -> Merge:
    """The mix that a recipe in a header tells, as A1111's merger writes it; an empty one for any other."""
    hashes = [str(recipe.get(f"{which}_model_hash") or "").casefold() for which in ("primary", "secondary", "tertiary")]
    ratio, way = recipe.get("multiplier"), recipe.get("interp_method")
    if not (_HEX.fullmatch(hashes[0]) and _HEX.fullmatch(hashes[1]) and isinstance(way, str)):
        return Merge()
    if isinstance(ratio, bool) or not isinstance(ratio, (int, float)) or not 0 <= ratio <= 10:
        return Merge()
    return Merge(f"{way[:40]} {' '.join(hashes)}".rstrip(), float(ratio))


def merge_by_name(stem: str) -> Merge:
    """The mix that a name tells, as A1111's merger gives it: "0.7(a) + 0.3(b)", "a + 0.5(b - c)"."""
    if found := _SUM.fullmatch(stem):
        name = f"{found['one']} + {found['other']}"
    elif found := _DIFFERENCE.fullmatch(stem):
        name = f"{found['one']} + ({found['other']} - {found['less']})"
    else:
        return Merge()
    return Merge(name.casefold(), float(found["ratio"]), name)


def checkpoint_series(files: Iterable[CheckpointFile]) -> tuple[CheckpointSeries, ...]:
    """All series among these files, by their name. A file is in one of them at the most."""
    mixed: dict[str, list[tuple[Merge, CheckpointFile]]] = {}
    trained: list[LoraFile] = []
    for one in files:
        # Names are changed by hand, recipes are not.
        merge = one.merge if one.merge.recipe else merge_by_name(one.stem)
        if merge.recipe:
            mixed.setdefault(merge.recipe, []).append((merge, one))
        else:
            trained.append(LoraFile(one.stem, one.folder, one.training))
    found = [CheckpointSeries(one.name, one.stems, "training") for one in series_of(trained)]
    for members in mixed.values():
        ordered = sorted(members, key=lambda pair: (pair[0].ratio, pair[1].stem))
        # One ratio twice is the same mix twice.
        by_ratio: dict[float, str] = {}
        for merge, one in ordered:
            by_ratio.setdefault(merge.ratio, one.stem)
        if len(by_ratio) > 1:
            named = (merge_by_name(one.stem).name for _, one in members)
            name = next(filter(None, named), "") or f"mix of {members[0][1].stem}"
            found.append(CheckpointSeries(name, tuple(by_ratio.values()), "merge"))
    return tuple(sorted(found, key=lambda one: one.name.casefold()))
