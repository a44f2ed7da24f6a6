"""Signs by which the names and shapes of tensors tell what a model file is, written as short texts.

    double_blocks.0.img_attn.norm.key_norm.*      a tensor of such a name; * stands for anything
    img_in.weight[1]=384                          its second dimension; several values are parted by |
    single_blocks_#<=37                           the highest number at this place in all names; #=5..18 is a range
    *attn2_to_k[in]=2048                          of a LoRA: the width that goes into a layer, [out] the one out of it
    !vector_in.*                                  no such tensor

In the names of checkpoints points part the words, and what a tool put before the diffusion model's own names does not
count. In those of LoRAs all points are underscores, and a sign may begin at any word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache

import msgspec
from msgspec import Raw, Struct

_SIGN = re.compile(r"(!?)([\w.*#:-]{1,120}?)(?:\[(\d|in|out)\])?(?:(<=|>=|=)(\d[\d|.]{0,60}))?")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")
# What tools put before the names of a diffusion model, the longest first.
PREFIXES = ("model.diffusion_model.", "diffusion_model.", "transformer.", "net.", "model.")
_DOWN, _UP = r"[^\n]*?(?:lora_down|lora_A|lora_linear_layer_down|_down)", r"[^\n]*?(?:lora_up|lora_B|_up)"
_MOST_NAMES = 200_000
_ANY = r"[^\n]*?"


class _Shape(Struct):
    shape: list[int] = []


_SHAPE = msgspec.json.Decoder(_Shape)


class TensorSign(Struct, frozen=True):
    """One condition. `side` is a dimension's number, "in", "out" or ""; `low` to `high` or `values` are what is asked
    of a dimension, or of the number at #.
    """

    name: str
    side: str = ""
    low: int = 0
    high: int = 0
    values: tuple[int, ...] = ()
    is_not: bool = False


# All signs of one way must hold, and one of several ways is enough.
Ways = tuple[tuple[TensorSign, ...], ...]


def read_sign(written: str) -> TensorSign | None:
    """The sign that a text describes; None when it is none."""
    found = _SIGN.fullmatch(written.strip())
    if found is None:
        return None
    no, name, side, compared, numbers = found.groups()
    if bool(compared) != bool(side or "#" in name) or name.count("#") > 1:
        return None
    if not compared:
        return TensorSign(name, is_not=bool(no))
    if span := _RANGE.fullmatch(numbers):
        return TensorSign(name, side or "", int(span[1]), int(span[2]), is_not=bool(no))
    if "." in numbers or not all(number.isdecimal() and len(number) < 10 for number in numbers.split("|")):
        return None
    values = tuple(int(number) for number in numbers.split("|"))
    if compared == "=":
        return TensorSign(name, side or "", values=values, is_not=bool(no))
    low, high = (0, values[0]) if compared == "<=" else (values[0], 10**9)
    return TensorSign(name, side or "", low, high, is_not=bool(no))


class Tensors:
    """The tensors of one file: their names, and the shapes of those that are asked about."""

    def __init__(self, table: Mapping[str, Raw]) -> None:
        self._table = table
        names = list(table)
        if "__metadata__" in table:
            names.remove("__metadata__")
        self._names = "\n".join(("", *names[:_MOST_NAMES], ""))

    @cached_property
    def _folded(self) -> str:
        return self._names.replace(".", "_")

    def __len__(self) -> int:
        return self._names.count("\n") - 1

    def holds_any(self, *parts: str) -> bool:
        """Whether any name holds one of these texts; "\\n" stands for the end of a name on either side."""
        return any(part in self._names for part in parts)

    def fit(self, ways: Ways, *, lora: bool = False) -> bool:
        """Whether all signs of one of the ways hold."""
        return any(all(self._holds(sign, lora=lora) != sign.is_not for sign in way) for way in ways)

    @cached_property
    def prefix(self) -> str:
        """What a tool put before the names of the diffusion model."""
        return next((prefix for prefix in PREFIXES if f"\n{prefix}" in self._names), "")

    def _holds(self, sign: TensorSign, *, lora: bool) -> bool:
        if not lora and "*" not in sign.name and "#" not in sign.name:
            names = [name for name in (self.prefix + sign.name, sign.name) if name in self._table]
            return bool(names) and (not sign.side or any(self._fits(sign, name) for name in names))
        text = self._folded if lora else self._names
        # Nearly all signs fail, and looking for their plain parts costs a hundredth of trying the pattern.
        if not all(part in text for part in _plain_parts(sign.name)):
            return False
        found = _pattern(sign.name, sign.side, self.prefix, lora=lora).finditer(text)
        if "#" in sign.name:
            numbers = [int(match[1]) for match in found]
            return bool(numbers) and _within(sign, max(numbers))
        if not sign.side:
            return next(found, None) is not None
        return any(self._fits(sign, self._whole(match)) for match in found)

    def _whole(self, match: re.Match[str]) -> str:
        """The name in which a match lies; points and underscores have equal places in both texts."""
        start = self._names.rfind("\n", 0, match.start() + 1) + 1
        return self._names[start : self._names.find("\n", match.start() + 1)]

    def _fits(self, sign: TensorSign, name: str) -> bool:
        shape = self.shape(name)
        place = {"in": 1, "out": 0}.get(sign.side, int(sign.side) if sign.side.isdecimal() else 0)
        return place < len(shape) and _within(sign, shape[place])

    def shape(self, name: str) -> list[int]:
        """The shape of a tensor; [] where it is not told."""
        try:
            return _SHAPE.decode(self._table[name]).shape
        except (KeyError, msgspec.MsgspecError, UnicodeError, RecursionError):
            return []


def _within(sign: TensorSign, number: int) -> bool:
    return number in sign.values if sign.values else sign.low <= number <= sign.high


@lru_cache(maxsize=1024)
def _plain_parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[*#]", name) if part)


@lru_cache(maxsize=1024)
def _pattern(name: str, side: str, prefix: str, *, lora: bool) -> re.Pattern[str]:
    parts = (
        re.escape(part).replace(r"\#", r"(\d{1,5})(?!\d)").replace("#", r"(\d{1,5})(?!\d)") for part in name.split("*")
    )
    body = _ANY.join(parts)
    width = {"in": _DOWN, "out": _UP}.get(side, "") if lora else r"(?=\n)"
    if name.startswith("*"):
        # Where the name begins makes no difference then, and trying every place would take most of the time.
        return re.compile(body.removeprefix(_ANY) + width)
    # A sign of a LoRA may begin at any word: there is no telling how many words a tool puts before the names.
    head = r"(?<=[\n_])" if lora else rf"\n(?:{re.escape(prefix)})?"
    return re.compile(head + body + width)


def signs_in(written: Iterable[str]) -> Iterator[TensorSign | str]:
    """Each text as a sign, or the text itself where it is none."""
    for one in written:
        yield read_sign(one) or one
