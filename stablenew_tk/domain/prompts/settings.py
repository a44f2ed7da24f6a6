"""The settings of a pack: its own parameter values, its learning mode and its randomizer.

They are in a file beside the pack, so that the pack stays plain text for other programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from ..config.catalogue import Value
from ..config.learning_mode import PackLearning
from ..config.origins import RANDOM_SEED, SHORT_SEED
from .pack import Slot

Mode = Literal["all", "random", "round_robin", "sequential", "zip"]
Seeds = Literal["shared", "per_variant", "fixed"]

USUAL_LIMIT = 100
# Nobody wants more pictures in one run, and the list of jobs has to fit into memory.
MOST_VARIANTS = 10_000

_Word = Annotated[str, Meta(min_length=1, max_length=200)]
_Text = Annotated[str, Meta(max_length=20_000)]


class SearchReplace(Struct, frozen=True):
    """Search and replace: each of `values` takes the place of `search` in the prompts, one per variant."""

    search: _Word
    values: tuple[_Text, ...]


class Axis(Struct, frozen=True):
    """A parameter of the catalogue and its values."""

    path: str
    values: tuple[Value, ...]


class LoraAxis(Struct, frozen=True):
    """Each of these LoRAs with each of these weights; the name "" means no LoRA."""

    names: tuple[Annotated[str, Meta(max_length=500)], ...]
    weights: tuple[float, ...] = (1.0,)


class StyleToggle(Struct, frozen=True):
    """Words that are added to a prompt or not. `{prompt}` in them is replaced by it; without it they come last."""

    name: _Word
    text: _Text = ""
    negative: _Text = ""


class Randomizer(Struct, frozen=True, kw_only=True):
    """What varies, and how many of the combinations are made.

    `mode`: all = every combination; random = everything drawn anew each time; round_robin = every list moves on by one
    each time, shorter ones begin again; zip = the same until the shortest list ends; sequential = one list after the
    other while the others stay at their first value. `limit` is the most variants of one run, 0 = MOST_VARIANTS;
    beyond it a balanced sample is made. `seed` decides which, −1 = another for each run. `seeds` of the pictures:
    shared by all variants, one per variant, or always `fixed_seed`. `wildcards` are lists for this pack only.
    """

    mode: Mode = "all"
    limit: Annotated[int, Meta(ge=0, le=MOST_VARIANTS)] = USUAL_LIMIT
    seed: Annotated[int, Meta(ge=RANDOM_SEED, le=SHORT_SEED)] = RANDOM_SEED
    seeds: Seeds = "shared"
    fixed_seed: Annotated[int, Meta(ge=0)] = 0
    slots: tuple[Slot, ...] = ()
    rules: tuple[SearchReplace, ...] = ()
    axes: tuple[Axis, ...] = ()
    loras: tuple[LoraAxis, ...] = ()
    styles: tuple[StyleToggle, ...] = ()
    wildcards: Mapping[str, tuple[_Text, ...]] = {}

    def words_only(self) -> Randomizer:
        """A copy in which only the words of the prompts vary, for experiments that vary one parameter."""
        return structs.replace(self, mode="all", axes=(), loras=(), styles=())

    def varies(self, path: str) -> bool:
        """Whether the variants of one run differ in this parameter."""
        return any(axis.path == path for axis in self.axes)

    @property
    def most(self) -> int:
        """The most variants of one run."""
        return min(self.limit or MOST_VARIANTS, MOST_VARIANTS)


class PackSettings(Struct, frozen=True, kw_only=True):
    """All settings of one pack. `values` by catalogue path win over everything but what the user types. `learning` ""
    follows the program's mode. `positive`, `negative`: whether the global texts are added to this pack's prompts.
    """

    values: Mapping[str, Value] = {}
    learning: PackLearning | Literal[""] = ""
    positive: bool = True
    negative: bool = True
    randomizer: Randomizer = Randomizer()
