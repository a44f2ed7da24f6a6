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
_NO_DIGITS = dict.fromkeys(map(ord, "0123456789"))


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
        self._numbers: dict[_Look, int | None] = {}

    @cached_property
    def _folded(self) -> str:
        return self._names.replace(".", "_")

    @cached_property
    def _outlines(self) -> str:
        """The names without digits, each once: the layers of a network have few of them, whatever their number."""
        return "\n".join(("", *set(self._names.translate(_NO_DIGITS).split("\n")), ""))

    @cached_property
    def _folded_outlines(self) -> str:
        return self._outlines.replace(".", "_")

    def __len__(self) -> int:
        return self._names.count("\n") - 1

    def holds_any(self, *parts: str) -> bool:
        """Whether any name holds one of these texts; "\\n" stands for the end of a name on either side."""
        return any(part in self._names for part in parts)

    def fit(self, ways: Ways, *, lora: bool = False) -> bool:
        """Whether all signs of one of the ways hold."""
        for way in ways:
            for sign in way:
                if self._holds(sign, lora=lora) == sign.is_not:
                    break
            else:
                return True
        return False

    @cached_property
    def prefix(self) -> str:
        """What a tool put before the names of the diffusion model."""
        return next((prefix for prefix in PREFIXES if f"\n{prefix}" in self._names), "")

    def _holds(self, sign: TensorSign, *, lora: bool) -> bool:
        if not lora and "*" not in sign.name and "#" not in sign.name:
            names = [name for name in (self.prefix + sign.name, sign.name) if name in self._table]
            return bool(names) and (not sign.side or any(self._fits(sign, name) for name in names))
        look = _look_for(sign.name, sign.side, None if lora else self.prefix)
        # Nearly all signs fail, and looking for them in the outlines costs a hundredth of looking through all names.
        outlines = self._folded_outlines if lora else self._outlines
        for part in look.outlined_parts:
            if part not in outlines:
                return False
        text = self._folded if lora else self._names
        if not look.outline.search(outlines) or not all(part in text for part in look.parts):
            return False
        if "#" in sign.name:
            return (number := self._highest(look, text)) is not None and _within(sign, number)
        if not sign.side:
            return next(look.all_in(text), None) is not None
        return any(self._fits(sign, self._whole(match)) for match in look.all_in(text))

    def _highest(self, look: _Look, text: str) -> int | None:
        """The highest number at the # of a name. Several families ask for the same."""
        if look not in self._numbers:
            self._numbers[look] = max(look.numbers_in(text), default=None)
        return self._numbers[look]

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


class _Look:
    """How a name is looked for: first in the outlines, by its texts between * and # and by `outline`, then in all
    names. A sign of a LoRA (`prefix` None) may begin at any word: there is no telling how many words a tool puts before
    the names. That is seen afterwards, for a pattern that says so takes longer.
    """

    def __init__(self, name: str, side: str, prefix: str | None) -> None:
        lora = prefix is None
        width = {"in": _DOWN, "out": _UP}.get(side, "") if lora else r"(?=\n)"
        # Where a name begins that starts with * makes no difference, and trying every place would take longest.
        anywhere = name.startswith("*")
        head = "" if anywhere or prefix is None else rf"\n(?:{re.escape(prefix)})?"
        self.parts = tuple(part for part in re.split(r"[*#]", name) if part)
        self.outlined_parts = tuple(part.translate(_NO_DIGITS) for part in self.parts)
        self.outline = re.compile(head + _body(name.translate(_NO_DIGITS), "") + width)
        self._whole = re.compile(head + _body(name, r"(\d{1,5})(?!\d)") + width)
        self._at_word = lora and not anywhere

    def all_in(self, names: str) -> Iterator[re.Match[str]]:
        """All places where it is."""
        at = 0
        while match := self._whole.search(names, at):
            if not self._at_word or names[match.start() - 1] in "\n_":
                yield match
                at = match.end()
            else:
                at = match.start() + 1

    def numbers_in(self, names: str) -> Iterator[int]:
        """The numbers at #."""
        return (int(match[1]) for match in self.all_in(names))


@lru_cache(maxsize=1024)
def _look_for(name: str, side: str, prefix: str | None) -> _Look:
    return _Look(name, side, prefix)


def _body(name: str, number: str) -> str:
    parts = (re.escape(part).replace(r"\#", number).replace("#", number) for part in name.split("*"))
    return _ANY.join(parts).removeprefix(_ANY)


def signs_in(written: Iterable[str]) -> Iterator[TensorSign | str]:
    """Each text as a sign, or the text itself where it is none."""
    for one in written:
        yield read_sign(one) or one
