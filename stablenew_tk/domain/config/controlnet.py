"""ControlNet units: pictures that guide a WebUI, as a JSON file names them and as the text of a picture tells them.

[{"module": "canny", "model": "control_v11p_sd15_canny [d14c016b]", "weight": 0.8, "image": "pose.png"}]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from ..base.errors import InvalidInput

_Share = Annotated[float, Meta(ge=0, le=1)]
_Text = Annotated[str, Meta(max_length=1000)]
_KEY = re.compile(r"ControlNet (\d{1,2})")
# How an older extension wrote what is now called otherwise.
_OLDER = {"preprocessor": "module"}
_PAIR = re.compile(r"\s*([^:,]{1,40}):\s*(\([^)]*\)|[^,]*)(?:,|$)")


class ControlUnit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One unit. `image` and `mask_image` are files, relative to that of the units. −1 and "" = the server's own."""

    module: _Text = "None"
    model: _Text = "None"
    weight: Annotated[float, Meta(ge=0, le=2)] = 1.0
    image: _Text = ""
    mask_image: _Text = ""
    resize_mode: _Text = ""
    processor_res: Annotated[int, Meta(ge=-1, le=8192)] = -1
    threshold_a: float = -1
    threshold_b: float = -1
    guidance_start: _Share = 0.0
    guidance_end: _Share = 1.0
    pixel_perfect: bool = False
    control_mode: _Text = ""
    hr_option: _Text = ""
    enabled: bool = True

    def is_like(self, told: ControlUnit) -> bool:
        """Whether a unit that a picture tells is this one; of the rest the server writes its own words."""
        same = (self.module, plain_model(self.model)) == (told.module, plain_model(told.model))
        pairs = (
            (self.weight, told.weight),
            (self.guidance_start, told.guidance_start),
            (self.guidance_end, told.guidance_end),
        )
        return same and all(abs(one - other) < 0.005 for one, other in pairs)


class ControlInput(Struct, frozen=True):
    """A unit with its pictures, b"" where it names none."""

    unit: ControlUnit
    image: bytes = b""
    mask: bytes = b""


def plain_model(name: str) -> str:
    """The name of a model without its hash."""
    return re.sub(r" \[[0-9a-fA-F]{6,64}\]$", "", name)


def read_units(text: bytes, file: str) -> tuple[ControlUnit, ...]:
    """The units of a file that are switched on. Raises InvalidInput, naming file, unit and field."""
    try:
        units = msgspec.json.decode(text, type=list[ControlUnit])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidInput(f"controlnet: {file} is no list of units: {error}.", "controlnet") from error
    found = tuple(unit for unit in units if unit.enabled)
    if not found:
        raise InvalidInput(f"controlnet: no unit in {file} is switched on.", "controlnet")
    return found


def written(units: Sequence[ControlUnit]) -> bytes:
    """The units as a file."""
    return msgspec.json.format(msgspec.json.encode(units), indent=2) + b"\n"


def told_units(values: Mapping[str, str]) -> tuple[ControlUnit, ...]:
    """The units in the values of a generation text, in their order. What cannot be read is left out."""
    numbered = sorted((int(key[1]), text) for name, text in values.items() if (key := _KEY.fullmatch(name)))
    return tuple(_told(text) for _, text in numbered)


def _told(text: str) -> ControlUnit:
    fields: dict[str, object] = {}
    for pair in _PAIR.finditer(text[:4000]):
        name = pair[1].strip().lower().replace(" ", "_")
        name, value = _OLDER.get(name, name), pair[2].strip()
        try:
            msgspec.convert({name: value}, ControlUnit, strict=False)
        except msgspec.ValidationError:
            continue
        fields[name] = value
    return msgspec.convert(fields, ControlUnit, strict=False)


def unit_words(unit: ControlUnit) -> str:
    """ "canny with control_v11p_sd15_canny, weight 0.8"."""
    return f"{unit.module} with {plain_model(unit.model)}, weight {unit.weight:g}"
