"""What a Learning Run may vary, and the values to try: `15-45 (+5)`, `5-8 [4]`, `1, 2, .., 10`, `Euler a, Heun`.

Wordings are values, too: whole prompts and negative prompts (one a line, or with || between them), or texts for one
slot or wildcard of the prompt.

A range never goes beyond the end that was written, numbers are exact decimals, a value counts once, and the order is
the one that was written. Everything is counted before it is built, so a slip of the finger costs a sentence only.
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Collection, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise

from msgspec import structs

from ..base.errors import InvalidInput
from .catalogue import Parameter, Value, catalogue, checked_value, parameter, parameter_in, parsed_value
from .pipeline_config import FIRST_STAGE, STAGE_OF_PART, STAGES, PipelineConfig
from .spellings import sampler_and_scheduler
from .styles import unknown_styles
from .workflow_use import WORKFLOW

# "lora:rainy-streets" varies the weight of that LoRA tag in the prompt.
LORA = "lora:"
# "lora" varies which LoRA file the prompt has: "rainy-000004", "rainy-000004:0.8" with a weight of its own, or none.
LORA_FILE = "lora"
NO_LORA = "none"
# "prompt" and "negative" vary the whole text, "slot:light" what stands for [[light]], "slot:__artists__" what stands
# for that wildcard.
PROMPT, NEGATIVE, SLOT = "prompt", "negative", "slot:"
LONGEST_TEXT = 10_000
# Together with "lora" only: the weight of the file that is tested.
LORA_WEIGHT = "lora_weight"
_SAMPLER, _SCHEDULER = ".sampler", ".scheduler"
# Sliders and negative weights are usual; what the servers take is wider than what makes sense.
LORA_WEIGHTS = (-15.0, 15.0)
MAX_VALUES = 100
_WORDING = "Which wording: the same picture with other words."
_WHICH_FILE = "Which epoch or version of a LoRA, or none. It keeps the weight of the tag in the prompt, else it is 1."

# Finer differences than this show in no picture; a fixed number of decimals keeps 0.1 + 0.2 at 0.3.
DECIMALS = 9

_SIZE = r"(?:\d{1,12}(?:\.\d{1,9})?|\.\d{1,9})"
_NUMBER = f"-?{_SIZE}"
_RANGE = re.compile(rf"({_NUMBER})\s*-\s*({_NUMBER})(?:\s*(?:\(\s*([+-]{_SIZE})\s*\)|\[\s*(\d{{1,9}})\s*\]))?")
_GAP = ".."


class Focus(Parameter, frozen=True):
    """The parameter a Learning Run varies: a catalogue entry, or the weight of a LoRA (its path is "lora:<name>")."""

    @property
    def stage(self) -> str:
        """The stage that must run for it to matter; general fields belong to the first one."""
        return self.group if self.group in STAGES else STAGE_OF_PART.get(self.group, FIRST_STAGE)

    @property
    def ordered(self) -> bool:
        """True for numbers: neighbours are alike. Names and switches have no order."""
        return self.kind in ("int", "float")

    @property
    def title(self) -> str:
        """Label with its stage; a LoRA and the words of the prompt have none."""
        return self.label if is_weight(self.path) or is_wording(self.path) else super().title


def focus(path: str | Focus) -> Focus:
    """The focus parameter of that name, also `lora`, `lora_weight`, `lora:<name>`, `prompt`, `negative` and
    `slot:<name>`; one that is at hand already as it is. Raises InvalidInput for one that cannot be varied.
    """
    if isinstance(path, Focus):
        return path
    if is_wording(path):
        return Focus(path, "str", _wording_label(path), "", help=_WORDING)
    if path == LORA_FILE:
        return Focus(path, "str", "LoRA file", NO_LORA, choices="lora_files", help=_WHICH_FILE)
    if path == LORA_WEIGHT:
        return Focus(path, "float", "LoRA weight", 1.0, *LORA_WEIGHTS, step=0.1, sensible=(0.4, 1.0))
    if not path.startswith(LORA):
        return _focus_on(parameter(path))
    name = path.removeprefix(LORA)
    # < : > delimit the tag <lora:name:weight> in the prompt.
    if not name or name != name.strip() or re.search(r"[<>:\n\r]", name):
        raise InvalidInput(f"{path!r} names no LoRA. Write its name as in the prompt: lora:rainy-streets.", path)
    return Focus(path, "float", f"LoRA {name}", 1.0, *LORA_WEIGHTS, step=0.1, sensible=(0.4, 1.0))


def focus_in(config: PipelineConfig, path: str) -> Focus:
    """The focus parameter as it is in a config: its workflow tells what a value of the workflow takes."""
    return _focus_on(parameter_in(config, path)) if path.startswith(WORKFLOW) else focus(path)


def is_wording(path: str) -> bool:
    """Whether the words of the prompt are varied."""
    return path in (PROMPT, NEGATIVE) or path.startswith(SLOT)


def slot_words(name: str) -> str:
    """A slot as it is written in a prompt; a wildcard or words in braces show themselves what they are."""
    return f"[[{name}]]" if re.fullmatch(r"[\w .-]+", name) and not name.startswith("_") else name


def _wording_label(path: str) -> str:
    name = path.removeprefix(SLOT)
    if path in (PROMPT, NEGATIVE):
        return "Prompt" if path == PROMPT else "Negative prompt"
    if not name or name != name.strip() or re.search(r"[\n\r]|\[\[|\]\]", name):
        raise InvalidInput(f"{path!r} names no slot. Write its name without the brackets: slot:light.", path)
    return slot_words(name)


def is_weight(path: str) -> bool:
    """Whether a focus parameter is the weight of a LoRA in the prompt."""
    return path == LORA_WEIGHT or path.startswith(LORA)


def _focus_on(spec: Parameter) -> Focus:
    if reason := _why_not(spec):
        raise InvalidInput(f"{spec.path} cannot be varied in a Learning Run: {reason}.", spec.path)
    # Where 0 stands for "as in the stage before" it is no neighbour of 1, so the axis begins after it.
    least = spec.step if spec.inherits(0) else spec.minimum
    return Focus(**{**structs.asdict(spec), "minimum": least})


def _why_not(spec: Parameter) -> str:
    if spec.path in {f"{stage}.enabled" for stage in STAGES}:
        # Hires fix and refiner stay: they are one more pass over the same picture, which is a fair question.
        return "a picture with the stage and one without are two kinds of picture"
    if spec.name == "batch_size":
        # Pictures of one batch differ in seed: the cells of a row would no longer share theirs.
        return "it changes how many pictures are made, not how they look"
    if spec.name in ("subseed", "seed", "noise_seed"):
        instead = "; vary the variation strength" if spec.name == "subseed" else ""
        return f"seeds are no neighbours of each other{instead}"
    if spec.kind == "str" and not spec.choices and not spec.options:
        return "it is free text, and its commas cannot be told from those between two values"
    return ""


@cache
def focuses() -> tuple[Focus, ...]:
    """Every catalogue parameter a Learning Run may vary, in the order of the catalogue."""
    return tuple(focus(path) for path, spec in catalogue().items() if not _why_not(spec))


def parse_values(path: str | Focus, text: str) -> tuple[Value, ...]:
    """The values a person wrote, in the written order, each once. Raises InvalidInput naming path and piece."""
    spec = focus(path)
    if spec.ordered:
        return _each_once(spec.path, _numbers(spec, text))
    if spec.path in (PROMPT, NEGATIVE):
        return _each_once(spec.path, [_checked(spec, one) for one in _names(text, commas=False)])
    read = spec.kind in ("bool", "any")
    names = _names(text)
    return _each_once(spec.path, [parsed_value(spec, name) if read else _checked(spec, name) for name in names])


def check_values(path: str | Focus, values: Sequence[object]) -> tuple[Value, ...]:
    """The values of a plan file, each checked and kept once. Raises InvalidInput; `where` is "variant_values[2]"."""
    spec = focus(path)
    path = spec.path
    field = "variant_values"
    if not isinstance(values, (list, tuple)):
        raise InvalidInput(f"{field} must be a list of values for {path}, not {reprlib.repr(values)}.", field)
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
        field = f"{where}: " if where else ""
        problem = f"{field}{path}: {len(distinct)} values are too many; {MAX_VALUES} is the most."
        raise InvalidInput(problem, where or path)
    return distinct


def _checked(spec: Focus, value: object) -> Value:
    path = spec.path
    if not isinstance(value, (str, int, float)):
        raise InvalidInput(f"{path}: {reprlib.repr(value)} is not a value.", path)
    if is_wording(path):
        return _wording(path, value)
    if value == "":
        # It would mean "whatever happens to be loaded", which is not the same tomorrow.
        raise InvalidInput(f"{path}: an empty name is no value. Name what to use.", path)
    if isinstance(value, int) and abs(value) > 10**DECIMALS:
        # Past the range of a float it could not even be printed in a sentence.
        raise InvalidInput(f"{path}: a number that large is outside every range.", path)
    if path == LORA_FILE:
        return _lora_file(str(value))
    if not is_weight(path):
        # Of a fixed entry 0 is a value, too; that it cannot be compared is told below.
        value = checked_value(spec if spec.is_of_workflow else parameter(path), value)
        if not isinstance(value, str) and value < (spec.minimum or value):
            means = "as in the stage before" if spec.empty_means == "same" else f"the {spec.empty_means}"
            raise InvalidInput(f"{path}: {value:g} is no value to compare; 0 means {means}.", path)
    elif isinstance(value, (str, bool)) or not LORA_WEIGHTS[0] <= value <= LORA_WEIGHTS[1]:
        low, high = LORA_WEIGHTS
        raise InvalidInput(f"{path}: {reprlib.repr(value)} is not a weight from {low:g} to {high:g}.", path)
    return round(float(value), DECIMALS) + 0.0 if spec.kind == "float" else value


def _wording(path: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"{path}: {reprlib.repr(value)} is no text.", path)
    text = " ".join(value.split()) if path.startswith(SLOT) else value.strip()
    # A prompt must say something; that nothing stands for a slot or in the negative prompt is a fair question.
    if not text and path == PROMPT:
        raise InvalidInput(f"{path}: an empty prompt is no wording. Write what is to be seen.", path)
    if len(text) > LONGEST_TEXT or "\0" in text:
        raise InvalidInput(f"{path}: {reprlib.repr(text)} is no text of up to {LONGEST_TEXT:,} characters.", path)
    return text


def _lora_file(written: str) -> str:
    name, colon, weight = (part.strip() for part in written.partition(":"))
    if not colon and name.casefold() == NO_LORA:
        return NO_LORA
    if not name or re.search(r"[<>:\n\r]", name):
        wrong = (
            f"{LORA_FILE}: {reprlib.repr(written)} names no LoRA file. Write rainy-000004, rainy-000004:0.8 or none."
        )
        raise InvalidInput(wrong, LORA_FILE)
    if not colon:
        return name
    low, high = LORA_WEIGHTS
    if not re.fullmatch(_NUMBER, weight) or not low <= float(weight) <= high:
        raise InvalidInput(f"{LORA_FILE}: {weight!r} of {name} is not a weight from {low:g} to {high:g}.", LORA_FILE)
    return f"{name}:{float(weight):g}"


def value_of_file(stem: str) -> str:
    """The value of `lora` that means a file. One that is called "none" needs a weight, else no LoRA would be meant."""
    return f"{stem}:1" if stem.casefold() == NO_LORA else stem


def lora_file(value: Value) -> tuple[str, float | None]:
    """Name and weight of a value of `lora`: "" for no LoRA, None for the weight that the prompt gives it."""
    name, colon, weight = str(value).partition(":")
    return ("", None) if value == NO_LORA else (name, float(weight) if colon else None)


def _numbers(spec: Focus, text: str) -> list[Value]:
    plain = text.replace("–", "-").replace("−", "-").replace("…", _GAP)
    pieces = re.split(r"[,\n]", re.sub(r"(?<!\.)\.{2,3}(?!\.)", f",{_GAP},", plain))
    found: list[Decimal] = []
    before: list[Decimal] = []
    filling = False
    for piece in filter(None, map(str.strip, pieces)):
        if piece == _GAP:
            if filling or not before:
                raise InvalidInput(f"{spec.path}: '..' needs a number in front of it.", spec.path)
            filling = True
            continue
        if filling:
            fresh = _fill(spec, before[-2:], piece)
            before += [*fresh, _number(spec, piece)]
        else:
            fresh = _range(spec, piece)
            before += fresh
        filling = False
        found += fresh
    if filling:
        raise InvalidInput(f"{spec.path}: '..' needs a number behind it, where to stop.", spec.path)
    return [_checked(spec, float(number)) for number in found]


def _number(spec: Focus, text: str) -> Decimal:
    if not re.fullmatch(_NUMBER, text):
        problem = f"{spec.path}: {reprlib.repr(text)} is no number and no range like 15-45 (+5) or 5-8 [4]."
        raise InvalidInput(problem, spec.path)
    number = Decimal(text)
    _checked(spec, float(number))
    return number


def _range(spec: Focus, piece: str) -> list[Decimal]:
    match = _RANGE.fullmatch(piece)
    if match is None:
        return [_number(spec, piece)]
    first, last = _number(spec, match[1]), _number(spec, match[2])
    if match[4]:
        return _spread(spec, piece, (first, last), int(match[4]))
    return _walk(spec, piece, (first, last), Decimal(match[3]) if match[3] else None)


def _fill(spec: Focus, before: Sequence[Decimal], end: str) -> list[Decimal]:
    step = before[1] - before[0] if len(before) == 2 else None
    piece = ", ".join([*(f"{number:f}" for number in before), _GAP, end])
    return _walk(spec, piece, (before[-1], _number(spec, end)), step)[1:]


def _walk(spec: Focus, piece: str, ends: tuple[Decimal, Decimal], step: Decimal | None) -> list[Decimal]:
    """From the first end by `step` (none: the parameter's own), as far as the last end allows."""
    first, last = ends
    if step is None:
        step = Decimal(str(spec.step)).copy_sign(last - first)
    if not step:
        raise InvalidInput(f"{spec.path}: the step in {piece!r} is 0 and leads nowhere.", spec.path)
    if (last - first) * step < 0:
        way = "down" if step < 0 else "up"
        raise InvalidInput(f"{spec.path}: {piece!r} steps {way} and never comes to {last:f}.", spec.path)
    grain = _grain(spec)
    if grain and step % grain:
        what = "a whole number" if grain == 1 else f"a multiple of {grain}"
        raise InvalidInput(f"{spec.path}: the step in {piece!r} must be {what}.", spec.path)
    count = int((last - first) // step) + 1
    if count > MAX_VALUES:
        raise InvalidInput(f"{spec.path}: {piece!r} makes {count} values; {MAX_VALUES} is the most.", spec.path)
    return [first + step * nth for nth in range(count)]


def _spread(spec: Focus, piece: str, ends: tuple[Decimal, Decimal], count: int) -> list[Decimal]:
    """`count` values from end to end, both included; whole numbers are rounded, the same one counts once."""
    first, last = ends
    if not 2 <= count <= MAX_VALUES:
        raise InvalidInput(f"{spec.path}: the count in {piece!r} must be 2 to {MAX_VALUES}.", spec.path)
    exact = [first + (last - first) * nth / (count - 1) for nth in range(count)]
    grain = _grain(spec)
    if grain:
        return list(dict.fromkeys((number / grain).quantize(Decimal(1), ROUND_HALF_UP) * grain for number in exact))
    for places in range(3, DECIMALS + 1):
        # As few decimals as keep the values apart and between the ends: 5, 5.333, 5.667, 6.
        inner = [number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) for number in exact[1:-1]]
        found = [first, *inner, last]
        if found == sorted(set(found), reverse=last < first):
            break
    return found


def _grain(spec: Focus) -> Decimal:
    """What every value must be a multiple of; 0 for a parameter that takes any decimal."""
    return Decimal(int(spec.multiple_of or 1)) if spec.kind == "int" else Decimal(0)


def _names(text: str, *, commas: bool = True) -> list[str]:
    """Names between commas; where lines or || separate, a comma belongs to the name. Quotes protect all of them.

    Without `commas` one never separates.
    """
    bare = re.sub(r'"(?:[^"]|"")*"', "", text.strip())
    separator = r"\|\|" if "||" in bare else r"\n" if "\n" in bare or not commas else ","
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
        return f"{round(value, DECIMALS) + 0.0:.{DECIMALS}f}".rstrip("0").rstrip(".")
    if value == "":
        return "the loaded one" if path == "checkpoint" else "nothing" if is_wording(path) else "same"
    return str(value)


def spell(path: str | Focus, values: Sequence[Value]) -> str:
    """Text that `parse_values` reads back as exactly these values: "12-44 (+8)" when evenly spaced."""
    spec = focus(path)
    if spec.path in (PROMPT, NEGATIVE):
        return " || ".join(_quoted(str(value), commas=False) for value in values)
    if not spec.ordered:
        return ", ".join(_quoted(value) if isinstance(value, str) else value_text(value) for value in values)
    texts = [value_text(value) for value in values]
    numbers = [Decimal(text) for text in texts]
    gaps = {after - before for before, after in pairwise(numbers)}
    if len(numbers) >= 3 and len(gaps) == 1:
        return f"{texts[0]}-{texts[-1]} ({gaps.pop().normalize():+f})"
    return ", ".join(texts)


def _quoted(name: str, *, commas: bool = True) -> str:
    if name and name == name.strip() and not re.search(r'[,"\n]|\|\|' if commas else r'["\n]|\|\|', name):
        return name
    return '"' + name.replace('"', '""') + '"'


def around(
    path: str | Focus, centre: float, sensible: tuple[float, float] | None = None, count: int = 5
) -> tuple[Value, ...]:
    """About `count` values evenly spread over the sensible range, the centre one of them.

    The spacing is a multiple of the parameter's step. Of all values only a centre may lie outside the sensible range;
    one outside what the parameter allows is moved to the nearest end. Fewer values come back where the range has no
    room for more.
    """
    spec, step, least, most = _scale(path)
    if not math.isfinite(centre):
        raise InvalidInput(f"{spec.path}: there are no values around {centre}.", spec.path)
    grain = _grain(spec)
    middle = min(max(Decimal(value_text(float(centre))), least), most)
    if grain:
        middle = (middle / grain).quantize(Decimal(1), ROUND_HALF_UP) * grain
    sensible = sensible or spec.sensible
    # Where nobody has named a sensible range, a quarter of the whole to either side is far enough to see something.
    reach = (most - least) / 4
    low, high = (Decimal(str(end)) for end in sensible) if sensible else (middle - reach, middle + reach)
    room = (max(least, low), min(most, high))
    if room[0] <= middle <= room[1]:
        found = _window(middle, _widest_gap(middle, step, room, count), room, count)
    else:
        found = sorted([middle, *_beside(middle, step, room, count - 1)])
    return tuple(_checked(spec, float(number)) for number in found)


def _beside(middle: Decimal, step: Decimal, room: tuple[Decimal, Decimal], count: int) -> list[Decimal]:
    """At most `count` numbers evenly spread over a room, whole steps away from a middle that lies outside of it."""
    low, high = (middle + (end - middle) // step * step for end in room)
    low += step if low < room[0] else 0
    high -= step if high > room[1] else 0
    if low > high or not count:
        return []
    gap = max((high - low) / max(count - 1, 1) // step, Decimal(1)) * step
    # From the far end on: the middle stands for its own side.
    far, way = (high, -gap) if middle < low else (low, gap)
    return [number for nth in range(count) if low <= (number := far + way * nth) <= high]


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


def finer(path: str | Focus, values: Sequence[Value], sensible: tuple[float, float] | None = None) -> tuple[Value, ...]:
    """As many values at half the spacing around the middle one; the same ones when they are one step apart already.

    They stay within the sensible range, or on its side of a middle value that lies outside of it.
    """
    return _respaced(path, values, Decimal("0.5"), sensible)


def wider(path: str | Focus, values: Sequence[Value]) -> tuple[Value, ...]:
    """Values at double the spacing around the middle one, as many as fit; the same ones when three no longer do.

    This is how to leave the sensible range: only the limits of the parameter end it.
    """
    return _respaced(path, values, Decimal(2))


def _respaced(
    path: str | Focus, values: Sequence[Value], factor: Decimal, sensible: tuple[float, float] | None = None
) -> tuple[Value, ...]:
    spec, step, least, most = _scale(path)
    checked = check_values(path, values)
    written = [Decimal(value_text(value)) for value in checked]
    numbers = sorted(written)
    spacing = (numbers[-1] - numbers[0]) / max(len(numbers) - 1, 1)
    if len(numbers) < 2 or (factor < 1 and spacing <= step):
        return checked
    middle = numbers[(len(numbers) - 1) // 2]
    low, high = (Decimal(str(end)) for end in sensible) if sensible else (least, most)
    room = (max(least, min(low, middle)), min(most, max(high, middle)))
    gap = max(step, spacing * factor // step * step)
    found = _window(middle, gap, room, len(numbers))
    if len(found) < min(len(numbers), 3):
        found = _window(middle, step, room, len(numbers)) if sensible else []
    if len(found) < min(len(numbers), 3):
        return checked
    in_order = reversed(found) if written[0] > written[-1] else found
    return tuple(_checked(spec, float(number)) for number in in_order)


def _scale(path: str | Focus) -> tuple[Focus, Decimal, Decimal, Decimal]:
    """A focus on a number with its step, minimum and maximum."""
    spec = focus(path)
    if not spec.ordered:
        raise InvalidInput(f"{spec.path}: only numbers have a range; choose from the list instead.", spec.path)
    return spec, Decimal(str(spec.step)), Decimal(str(spec.minimum)), Decimal(str(spec.maximum))


def unknown_choices(path: str, values: Sequence[Value], offered: Collection[str]) -> tuple[str, ...]:
    """The values the backend does not offer, exact spelling. Empty for parameters that no list of it belongs to."""
    listed = focus(path).choices
    names = [value for value in values if listed and isinstance(value, str)]
    if listed == "styles":
        names = [one for value in names for one in unknown_styles(value, offered)]
    elif path == LORA_FILE:
        names = [name for value in names if (name := lora_file(value)[0])]
    return tuple(name for name in names if name not in offered)


def not_offered(path: str, value: str, offered: Sequence[str]) -> str:
    """The sentence that says so, with the nearest names the backend has. Works for `lora:` paths too."""
    one = (
        focus(path).choices.removesuffix("s").replace("_", " ").replace("vae", "VAE").replace("lora", "LoRA") or "LoRA"
    )
    by_fold = {name.casefold(): name for name in offered}
    if path.endswith(_SAMPLER) and (parts := sampler_and_scheduler(value))[0] in offered and parts[1]:
        sampler, scheduler = parts
        return (
            f"{path}: “{value}” is the sampler {sampler} with the scheduler {scheduler}. "
            f"Compare {sampler} and set {path.replace(_SAMPLER, _SCHEDULER)} to {scheduler}."
        )
    from difflib import get_close_matches

    near = [by_fold[fold] for fold in get_close_matches(value.casefold(), by_fold, n=3)]
    some = f"It has {', '.join(offered[:5])}{' and others' if len(offered) > 5 else ''}." if offered else "It has none."
    hint = f"Did you mean {' or '.join(near)}?" if near else some
    return f"{path}: the backend has no {one} {value!r}. {hint}"
