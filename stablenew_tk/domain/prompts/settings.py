"""What belongs to a pack besides its prompts: its own settings, its learning mode, and what its randomizer varies.

It stands in a file of its own beside the pack, so the pack stays plain text that other programs read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from ..config.catalogue import Value
from ..config.learning_mode import PackLearning
from ..config.origins import MAX_SEED, RANDOM_SEED
from .pack import Slot

Mode = Literal["all", "random", "round_robin", "sequential", "zip"]
Seeds = Literal["shared", "per_variant", "fixed"]

USUAL_LIMIT = 100
# More pictures than this in one run are nobody's wish, and a list of jobs has to fit into memory.
MOST_VARIANTS = 10_000

_Word = Annotated[str, Meta(min_length=1, max_length=200)]
_Text = Annotated[str, Meta(max_length=20_000)]


class SearchReplace(Struct, frozen=True):
    """Search and replace: where the prompts have `search`, each of `values` is tried in its place."""

    search: _Word
    values: tuple[_Text, ...]


class Axis(Struct, frozen=True):
    """A parameter of the catalogue and the values to try."""

    path: str
    values: tuple[Value, ...]


class LoraAxis(Struct, frozen=True):
    """Each of these LoRAs with each of these weights; the name "" stands for none."""

    names: tuple[Annotated[str, Meta(max_length=500)], ...]
    weights: tuple[float, ...] = (1.0,)


class StyleToggle(Struct, frozen=True):
    """Words that are added to a prompt or not. `{prompt}` in them marks where the prompt goes, else they come last."""

    name: _Word
    text: _Text = ""
    negative: _Text = ""


class Randomizer(Struct, frozen=True, kw_only=True):
    """What varies, and how many of the combinations are made.

    `mode`: all = every combination; random = everything drawn anew each time; round_robin = every list moves on by one
    each time, shorter ones begin again; zip = the same until the shortest list ends; sequential = one list after the
    other while the others stay at their first. `limit` is the most variants of one run, 0 = no limit of its own; what
    is left out is chosen evenly. `seed` decides which, −1 = anew for each run. `seeds` of the pictures: shared by all
    variants, one per variant, or always `fixed_seed`. `wildcards` are lists for `__name__` of this pack alone.
    """

    mode: Mode = "all"
    limit: Annotated[int, Meta(ge=0, le=MOST_VARIANTS)] = USUAL_LIMIT
    seed: Annotated[int, Meta(ge=RANDOM_SEED, le=MAX_SEED)] = RANDOM_SEED
    seeds: Seeds = "shared"
    fixed_seed: Annotated[int, Meta(ge=0, le=MAX_SEED)] = 0
    slots: tuple[Slot, ...] = ()
    rules: tuple[SearchReplace, ...] = ()
    axes: tuple[Axis, ...] = ()
    loras: tuple[LoraAxis, ...] = ()
    styles: tuple[StyleToggle, ...] = ()
    wildcards: Mapping[str, tuple[_Text, ...]] = {}

    def words_only(self) -> Randomizer:
        """The same without everything but the words of the prompts: for experiments that vary one thing."""
        return structs.replace(self, mode="all", axes=(), loras=(), styles=())

    @property
    def most(self) -> int:
        """The most variants of one run."""
        return min(self.limit or MOST_VARIANTS, MOST_VARIANTS)


class PackSettings(Struct, frozen=True, kw_only=True):
    """All settings of one pack. `values` by catalogue path win over everything but what the user types; `learning`
    "" follows the project; `negative`, `positive` say whether the global texts are added to this pack's prompts.
    """

    values: Mapping[str, Value] = {}
    learning: PackLearning | Literal[""] = ""
    positive: bool = True
    negative: bool = True
    randomizer: Randomizer = Randomizer()
