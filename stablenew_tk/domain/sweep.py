"""What a Learning Run may vary, and the values to try: `15-45 (+5)`, `5-8 [4]`, `1, 2, .., 10`, `Euler a, Heun`.

A range never goes beyond the end that was written, numbers are exact decimals, a value counts once, and the order is
the one that was written. Everything is counted before it is built, so a slip of the finger costs a sentence only.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise

from msgspec import Struct

from .config import STAGES
from .errors import InvalidInput
from .parameters import Kind, Value, catalogue, check_value, parameter, parse_value

# "lora:rainy-streets" varies the weight of that LoRA tag in the prompt.
LORA = "lora:"
MAX_VALUES = 100

# Finer differences than this show in no picture; a fixed number of decimals keeps 0.1 + 0.2 at 0.3.
DECIMALS = 9

HIRES_DENOISE_RANGES: Mapping[str, tuple[float, float]] = {
    "sdxl_realism": (0.20, 0.40),
    "sdxl_portrait_realism": (0.20, 0.35),
    "sdxl_stylized": (0.30, 0.50),
    "sd15_realism": (0.20, 0.40),
    "anime": (0.35, 0.60),
}
# SDXL was trained at 1024 x 1024 and still works at 768, SD 1.5 at 512 and repeats things in larger pictures. SDXL
# goes on to gain after the steps at which SD 1.5 has settled; SD 1.5 needs more guidance than the general range.
FAMILY_RANGES: Mapping[tuple[str, str], tuple[float, float]] = {
    ("sdxl", "txt2img.steps"): (15, 60),
    ("sdxl", "txt2img.width"): (768, 1536),
    ("sdxl", "txt2img.height"): (768, 1536),
    ("sd15", "txt2img.cfg_scale"): (5, 10),
    ("sd15", "txt2img.width"): (512, 768),
    ("sd15", "txt2img.height"): (512, 768),
}

_NUMBER = r"-?(?:\d{1,12}(?:\.\d{1,9})?|\.\d{1,9})"
_RANGE = re.compile(rf"({_NUMBER})\s*-\s*({_NUMBER})(?:\s*(?:\(\s*([+-])\s*({_NUMBER})\s*\)|\[\s*(\d{{1,9}})\s*\]))?")
_GAP = ".."
_ONE_NAMES = {
    "samplers": "sampler",
    "schedulers": "scheduler",
    "checkpoints": "checkpoint",
    "vaes": "VAE",
    "upscalers": "upscaler",
    "hires_upscalers": "hires upscaler",
    "adetailer_models": "detector",
}


class Focus(Struct, frozen=True):
    """The parameter a Learning Run varies. `stage` must run for it to matter; `ordered` is true for numbers only.

    `minimum` to `options` mean what they mean in the catalogue; `title` is the label with its stage.
    """

    path: str
    label: str
    title: str
    stage: str
    kind: Kind
    ordered: bool
    default: Value
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    sensible: tuple[float, float] | None = None
    unit: str = ""
    choices: str = ""
    options: tuple[str, ...] = ()


def focus(path: str) -> Focus:
    """The focus parameter of that name, also `lora:<name>`. Raises InvalidInput for one that cannot be varied."""
    if path.startswith(LORA):
        return _lora(path)
    spec = parameter(path)
    reason = _why_not(path)
    if reason:
        raise InvalidInput(f"{path} cannot be varied in a Learning Run: {reason}.", path)
    head = path.partition(".")[0]
    return Focus(
        path=path,
        label=spec.label,
        title=spec.title,
        stage=head if head in STAGES else "txt2img",
        kind=spec.kind,
        ordered=spec.kind in ("int", "float"),
        default=spec.default,
        minimum=spec.minimum,
        maximum=spec.maximum,
        step=spec.step,
        sensible=spec.sensible,
        unit=spec.unit,
        choices=spec.choices,
        options=spec.options,
    )


def _lora(path: str) -> Focus:
    name = path.removeprefix(LORA)
    # These three delimit the tag <lora:name:weight> in the prompt.
    if not name.strip() or name != name.strip() or re.search(r"[<>:\n\r]", name):
        raise InvalidInput(
            f"{path!r} names no LoRA. Write lora: and the name as in the prompt: lora:rainy-streets.", path
        )
    label = f"LoRA {name}"
    return Focus(path, label, label, "txt2img", "float", True, 1.0, 0.0, 2.0, 0.1, (0.4, 1.0))


def _why_not(path: str) -> str:
    spec = parameter(path)
    if path in {f"{stage}.enabled" for stage in STAGES}:
        # Hires fix and refiner stay: they are one more pass over the same picture, which is a fair question.
        return "a picture with the stage and one without are two kinds of picture"
    if spec.name == "batch_size":
        # Pictures of one batch differ in seed: the cells of a row would no longer share theirs.
        return "it changes how many pictures are made, not how they look"
    if spec.kind == "str" and not spec.choices and not spec.options:
        return "it is free text, and its commas cannot be told from those between two values"
    return ""


@cache
def focuses() -> tuple[Focus, ...]:
    """Every catalogue parameter a Learning Run may vary, in the order of the catalogue."""
    return tuple(focus(path) for path in catalogue() if not _why_not(path))


def sensible_for(path: str, family: str = "", style: str = "") -> tuple[float, float] | None:
    """The range in which good results are found, for a checkpoint family (sdxl, sd15) and a style where known."""
    if path == "hires.denoise" and style in HIRES_DENOISE_RANGES:
        return HIRES_DENOISE_RANGES[style]
    return FAMILY_RANGES.get((family, path)) or focus(path).sensible


def parse_values(path: str, text: str) -> tuple[Value, ...]:
    """The values a person wrote, in the written order, each once. Raises InvalidInput naming path and piece."""
    spec = focus(path)
    if spec.ordered:
        values = _numbers(spec, text)
    elif spec.kind == "bool":
        values = [parse_value(path, piece) for piece in re.split(r"[,\n]", text) if piece.strip()]
    else:
        values = [_checked(spec, name) for name in _names(text)]
    return _each_once(path, values)


def check_values(path: str, values: Sequence[object]) -> tuple[Value, ...]:
    """The values of a plan file, each checked and kept once. Raises InvalidInput; `where` is "variant_values[2]"."""
    spec = focus(path)
    field = "variant_values"
    if not isinstance(values, (list, tuple)):
        raise InvalidInput(f"{field} must be a list of values for {path}, not {_short(repr(values))}.", field)
    found: list[Value] = []
    for index, value in enumerate(values):
        try:
            found.append(_checked(spec, value))
        except InvalidInput as error:
            raise InvalidInput(f"{field}[{index}]: {error}", f"{field}[{index}]") from error
    return _each_once(path, found, where=field)


def _each_once(path: str, values: Sequence[Value], where: str = "") -> tuple[Value, ...]:
    distinct = tuple(dict.fromkeys(values))
    if not distinct:
        raise InvalidInput(f"{path}: name at least one value.", where or path)
    if len(distinct) > MAX_VALUES:
        raise InvalidInput(f"{path}: {len(distinct)} values are too many; {MAX_VALUES} is the most.", where or path)
    return distinct


def _checked(spec: Focus, value: object) -> Value:
    path = spec.path
    if not isinstance(value, (str, int, float)):
        raise InvalidInput(f"{path}: {_short(repr(value))} is not a value.", path)
    if value == "":
        # It would mean "whatever happens to be loaded", which is not the same tomorrow.
        raise InvalidInput(f"{path}: an empty name is no value. Name what to use.", path)
    if isinstance(value, int) and abs(value) > 10**DECIMALS:
        # Integers beyond the range of a float cannot even be printed in the sentence below.
        raise InvalidInput(f"{path}: a number that large is outside every range.", path)
    if path.startswith(LORA):
        if isinstance(value, (str, bool)):
            raise InvalidInput(f"{path}: {_short(repr(value))} is not a number.", path)
        if not 0 <= value <= 2:
            raise InvalidInput(f"{path}: {value:g} is outside 0 to 2.", path)
        value = float(value)
    value = value if path.startswith(LORA) else check_value(path, value)
    return round(value, DECIMALS) + 0.0 if isinstance(value, float) else value


def _numbers(spec: Focus, text: str) -> list[Value]:
    seen: dict[Decimal, None] = {}
    before: list[Decimal] = []
    filling = False
    for piece in _pieces(text):
        if piece == _GAP:
            if filling or not before:
                raise InvalidInput(f"{spec.path}: '..' needs a number in front of it.", spec.path)
            filling = True
            continue
        if filling:
            end = _number(spec, piece)
            fresh = _fill(spec, before[-2:], end)
            before += [*fresh, end]
        else:
            fresh = _range(spec, piece)
            before += fresh
        filling = False
        seen.update(dict.fromkeys(fresh))
        if len(seen) > MAX_VALUES:
            raise _too_many(spec, len(seen), piece)
    if filling:
        raise InvalidInput(f"{spec.path}: '..' needs a number behind it, where to stop.", spec.path)
    return [_checked(spec, float(number)) for number in seen]


def _pieces(text: str) -> list[str]:
    plain = text.replace("–", "-").replace("−", "-").replace("…", _GAP)
    spaced = re.sub(r"(?<!\.)\.{2,3}(?!\.)", ",..,", plain)
    return [piece.strip() for piece in re.split(r"[,\n]", spaced) if piece.strip()]


def _number(spec: Focus, text: str) -> Decimal:
    if not re.fullmatch(_NUMBER, text):
        raise InvalidInput(
            f"{spec.path}: {_short(repr(text))} is neither a number nor a range such as 15-45 (+5) or 5-8 [4].",
            spec.path,
        )
    number = Decimal(text)
    _checked(spec, float(number))
    return number


def _range(spec: Focus, piece: str) -> list[Decimal]:
    match = _RANGE.fullmatch(piece)
    if match is None:
        return [_number(spec, piece)]
    first, last = _number(spec, match[1]), _number(spec, match[2])
    if match[5]:
        return _spread(spec, piece, (first, last), int(match[5]))
    step = Decimal(match[3] + match[4]) if match[4] and match[4][0] != "-" else None
    if match[4] and step is None:
        raise InvalidInput(f"{spec.path}: the step in {piece!r} has two signs.", spec.path)
    return _walk(spec, piece, (first, last), step)


def _fill(spec: Focus, before: Sequence[Decimal], end: Decimal) -> list[Decimal]:
    step = before[1] - before[0] if len(before) == 2 else None
    shown = ", ".join(_plain(number) for number in before)
    return _walk(spec, f"{shown}, .., {_plain(end)}", (before[-1], end), step)[1:]


def _walk(spec: Focus, piece: str, ends: tuple[Decimal, Decimal], step: Decimal | None) -> list[Decimal]:
    """From the first end by `step` (none: the parameter's own), as far as the last end allows."""
    first, last = ends
    if step is None:
        step = _own_step(spec).copy_sign(last - first)
    if not step:
        raise InvalidInput(f"{spec.path}: the step in {piece!r} is 0 and leads nowhere.", spec.path)
    if (last - first) * step < 0:
        way = "down" if step < 0 else "up"
        raise InvalidInput(f"{spec.path}: {piece!r} steps {way} and never comes to {_plain(last)}.", spec.path)
    grain = _grain(spec)
    if grain and step % grain:
        what = "a whole number" if grain == 1 else f"a multiple of {_plain(grain)}"
        raise InvalidInput(f"{spec.path}: the step in {piece!r} must be {what}.", spec.path)
    count = int((last - first) // step) + 1
    if count > MAX_VALUES:
        raise _too_many(spec, count, piece)
    return [first + step * nth for nth in range(count)]


def _spread(spec: Focus, piece: str, ends: tuple[Decimal, Decimal], count: int) -> list[Decimal]:
    """`count` values from end to end, both included; whole numbers are rounded, the same one counts once."""
    first, last = ends
    if count > MAX_VALUES:
        raise _too_many(spec, count, piece)
    if count < 2:
        raise InvalidInput(f"{spec.path}: {piece!r} has two ends, so [2] is the least.", spec.path)
    exact = [first + (last - first) * nth / (count - 1) for nth in range(count)]
    grain = _grain(spec)
    if grain:
        return list(dict.fromkeys((number / grain).quantize(Decimal(1), ROUND_HALF_UP) * grain for number in exact))
    for places in range(3, DECIMALS):
        # As few decimals as keep the values apart and between the ends: 5, 5.333, 5.667, 6.
        inner = [number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) for number in exact[1:-1]]
        found = [first, *inner, last]
        if found == sorted(set(found), reverse=last < first):
            return found
    return list(dict.fromkeys(number.quantize(Decimal(1).scaleb(-DECIMALS), ROUND_HALF_UP) for number in exact))


def _too_many(spec: Focus, count: int, piece: str) -> InvalidInput:
    message = f"{spec.path}: {_short(repr(piece))} makes {count} values or more; {MAX_VALUES} is the most."
    return InvalidInput(f"{message} Take a larger step.", spec.path)


def _own_step(spec: Focus) -> Decimal:
    return Decimal(str(spec.step or 1))


def _grain(spec: Focus) -> Decimal:
    """What every value must be a multiple of; 0 for a parameter that takes any decimal."""
    return Decimal(int(parameter(spec.path).multiple_of or 1)) if spec.kind == "int" else Decimal(0)


def _plain(number: Decimal) -> str:
    return value_text(float(number))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _names(text: str) -> list[str]:
    """Names between commas; where lines or || separate, a comma belongs to the name. Quotes protect all of them."""
    bare = re.sub(r'"(?:[^"]|"")*"', "", text.strip())
    separator = r"\|\|" if "||" in bare else r"\n" if "\n" in bare else ","
    names: list[str] = []
    for match in re.finditer(rf'\s*(?:"((?:[^"]|"")*)"\s*|(.*?))(?:{separator}|\Z)', text.strip(), re.DOTALL):
        if match[1] is not None:
            names.append(match[1].replace('""', '"'))
        elif match[2].strip():
            names.append(match[2].strip())
    return names


def value_text(value: Value, path: str = "") -> str:
    """A value in exact and short words: 7, 0.3, on. An empty name is shown as what it means for that path."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{round(value, DECIMALS) + 0.0:.{DECIMALS}f}".rstrip("0").rstrip(".") if math.isfinite(value) else "?"
    if value == "":
        return "the loaded one" if path == "checkpoint" else "same"
    return str(value)


def spell(path: str, values: Sequence[Value]) -> str:
    """Text that `parse_values` reads back as exactly these values: "12-44 (+8)" when evenly spaced."""
    spec = focus(path)
    if not spec.ordered:
        return ", ".join(_quoted(value) if isinstance(value, str) else value_text(value) for value in values)
    texts = [value_text(value) for value in values]
    numbers = [Decimal(text) for text in texts]
    gaps = {after - before for before, after in pairwise(numbers)}
    if len(numbers) >= 3 and len(gaps) == 1:
        gap = gaps.pop()
        return f"{texts[0]}-{texts[-1]} ({'+' if gap > 0 else '-'}{_plain(abs(gap))})"
    return ", ".join(texts)


def _quoted(name: str) -> str:
    if name == name.strip() and not re.search(r'[,"\n]|\|\|', name):
        return name
    return '"' + name.replace('"', '""') + '"'


def around(path: str, centre: float, sensible: tuple[float, float] | None = None, count: int = 5) -> tuple[Value, ...]:
    """About `count` values evenly spread over the sensible range, the centre one of them.

    The spacing is a multiple of the parameter's step. A centre outside the sensible range widens it; one outside what
    the parameter allows is moved to the nearest end. Fewer values come back where the range has no room for more.
    """
    spec = _of_numbers(path)
    if not math.isfinite(centre):
        raise InvalidInput(f"{path}: there are no values around {centre}.", path)
    least, most = _limits(spec)
    grain = _grain(spec)
    middle = Decimal(value_text(float(centre)))
    middle = (middle / grain).quantize(Decimal(1), ROUND_HALF_UP) * grain if grain else middle
    middle = min(max(middle, least), most)
    sensible = sensible or spec.sensible
    # Where nobody has named a sensible range, a quarter of the whole to either side is far enough to see something.
    reach = (most - least) / 4
    low, high = (Decimal(str(end)) for end in sensible) if sensible else (middle - reach, middle + reach)
    room = (max(least, min(low, middle)), min(most, max(high, middle)))
    gap = _widest_gap(middle, _own_step(spec), room, count)
    return tuple(_checked(spec, float(number)) for number in _window(middle, gap, room, count))


def _widest_gap(middle: Decimal, step: Decimal, room: tuple[Decimal, Decimal], count: int) -> Decimal:
    """The largest multiple of `step` at which `count` values fit, with neighbours on both sides where there is room."""
    low, high = room
    for times in range(int((high - low) / step / max(count - 1, 1)), 1, -1):
        gap = step * times
        below, above = (middle - low) // gap, (high - middle) // gap
        lonely = (not below and middle - low >= step) or (not above and high - middle >= step)
        if below + above + 1 >= count and not lonely:
            return gap
    return step


def _window(middle: Decimal, gap: Decimal, room: tuple[Decimal, Decimal], count: int) -> list[Decimal]:
    """At most `count` numbers `gap` apart inside the room, the middle one as near the middle as the room allows."""
    below, above = int((middle - room[0]) // gap), int((room[1] - middle) // gap)
    left = min(below, (count - 1) // 2)
    right = min(above, count - 1 - left)
    left = min(below, count - 1 - right)
    return [middle + gap * nth for nth in range(-left, right + 1)]


def finer(path: str, values: Sequence[Value]) -> tuple[Value, ...]:
    """As many values at half the spacing around the middle one; the same ones when they are one step apart already."""
    return _respaced(path, values, Decimal("0.5"))


def wider(path: str, values: Sequence[Value]) -> tuple[Value, ...]:
    """Values at double the spacing around the middle one, as many as fit; the same ones when three no longer do."""
    return _respaced(path, values, Decimal(2))


def _respaced(path: str, values: Sequence[Value], factor: Decimal) -> tuple[Value, ...]:
    spec = _of_numbers(path)
    checked = check_values(path, values)
    numbers = sorted(Decimal(value_text(value)) for value in checked)
    step = _own_step(spec)
    spacing = (numbers[-1] - numbers[0]) / max(len(numbers) - 1, 1)
    if len(numbers) < 2 or (factor < 1 and spacing <= step):
        return checked
    gap = max(step, spacing * factor // step * step)
    found = _window(numbers[(len(numbers) - 1) // 2], gap, _limits(spec), len(numbers))
    if len(found) < min(len(numbers), 3):
        return checked
    falling = Decimal(value_text(checked[0])) > Decimal(value_text(checked[-1]))
    return tuple(_checked(spec, float(number)) for number in (reversed(found) if falling else found))


def _of_numbers(path: str) -> Focus:
    spec = focus(path)
    if not spec.ordered:
        raise InvalidInput(f"{path}: only numbers have a range; choose from the list instead.", path)
    return spec


def _limits(spec: Focus) -> tuple[Decimal, Decimal]:
    if spec.minimum is None or spec.maximum is None:
        raise InvalidInput(f"{spec.path} has no limits to stay between.", spec.path)
    return Decimal(str(spec.minimum)), Decimal(str(spec.maximum))


def unknown_choices(path: str, values: Sequence[Value], offered: Sequence[str]) -> tuple[str, ...]:
    """The values the backend does not offer, exact spelling. Empty for parameters that no list of it belongs to."""
    if not focus(path).choices:
        return ()
    known = set(offered)
    return tuple(value for value in values if isinstance(value, str) and value not in known)


def not_offered(path: str, value: str, offered: Sequence[str]) -> str:
    """The sentence that says so, with the nearest names the backend has. Works for `lora:` paths too."""
    one = "LoRA" if path.startswith(LORA) else _ONE_NAMES.get(focus(path).choices, "choice")
    by_fold = {name.casefold(): name for name in offered}
    near = [by_fold[fold] for fold in difflib.get_close_matches(value.casefold(), by_fold, n=3)]
    if near:
        hint = f"Did you mean {' or '.join(near)}?"
    elif offered:
        hint = f"It has {', '.join(offered[:5])}{' and others' if len(offered) > 5 else ''}."
    else:
        hint = "It has none at all."
    return f"{path}: the backend has no {one} {value!r}. {hint}"
