"""A recipe: how a picture was made, in the words of this program. And putting one together from a stranger's words.

Whatever does not fit a setting is left out, and a sentence says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import islice

from msgspec import Struct

from ..base.errors import InvalidInput
from ..config.catalogue import Value, check_value, parameter, parse_value
from ..config.origins import MAX_SEED, SHORT_SEED
from ..config.spellings import sampler_and_scheduler
from .infotext import COMMON, LIMIT, SAMPLING, format_infotext

JSON_LIMIT = 4 * 1024 * 1024
# A value takes some 100 bytes of memory but one or two of text; whole workflows have some 10,000.
_PARTS_LIMIT = 400_000
_NOTICES = 20
_LORAS = 50
_LEFT_OUT = 200
_VALUE_LENGTH = 1_000
_NAMED = 8
_SHORT = 36
_NAME_LENGTH = 80
_TEXT_LENGTH = 512
_PROMPT_LENGTH = 4096
MODEL_ENDING = re.compile(r"\.(safetensors|ckpt|gguf|sft|pth?|bin)$", re.IGNORECASE)
_EXACT = 1 << 53  # beyond it, not every whole number is a float
_WHOLE = re.compile(r"-?[0-9]{1,12}\.0{1,12}")
_HASH = re.compile(r" \[[0-9a-fA-F]{4,64}\]$")
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class LeftOut(Struct, frozen=True):
    """Something that a picture tells and that was not taken over: its name there, its value, and why."""

    what: str
    value: str
    why: str


class Recipe(Struct, frozen=True):
    """How a picture was made. `values` are checked settings by catalogue path, `notices` say in sentences what is not
    in them, and `left_out` lists it.

    `seed` is None when there is none that can be used again. `infotext` is the text of a WebUI's picture as it was
    found, and one made of the values for the pictures of other tools. `model_hash` has the digits by which the
    checkpoint can be found where it has another name.
    """

    tool: str
    prompt: str = ""
    negative: str = ""
    seed: int | None = None
    values: dict[str, Value] = {}
    notices: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    infotext: str = ""
    model_hash: str = ""


class RecipeDraft:
    """A recipe while it is being read. No method raises for what a stranger wrote."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self._seed: int | None = None
        self._notices: list[str] = []
        self._left_out: dict[LeftOut, None] = {}
        self._unplaced: dict[str, None] = {}
        self._not_listed = 0
        self._loras: list[tuple[str, float]] = []
        self.values: dict[str, Value] = {}
        self.model_hash = ""

    @property
    def loras(self) -> list[str]:
        """The names of the LoRAs that are to become tags."""
        return [name for name, _ in self._loras]

    def note(self, sentence: str) -> None:
        """Add a notice, once."""
        if sentence not in self._notices and len(self._notices) < _NOTICES:
            self._notices.append(sentence)

    def leave_out(self, what: str, value: object, why: str) -> None:
        """List something that is not taken over, without a sentence of its own."""
        shown = value if isinstance(value, str) else _as_json(value)
        one = LeftOut(
            plain(_cut(what, _NAME_LENGTH)).strip() or "a value without a name",
            plain(_cut(shown, _VALUE_LENGTH)),
            plain(_cut(why)),
        )
        if len(self._left_out) < _LEFT_OUT:
            self._left_out[one] = None
        elif one not in self._left_out:
            self._not_listed += 1

    def leave_out_all(self, what: str, values: Mapping[str, object], why: str) -> None:
        """List several values of one thing: together, or each by its name where they are too long for that."""
        told: object = next(iter(values.values())) if len(values) == 1 else values
        if len(told if isinstance(told, str) else _as_json(told)) <= _VALUE_LENGTH or len(values) == 1:
            name = f"{what}: {next(iter(values))}" if len(values) == 1 else what
            self.leave_out(name, told, why)
            return
        for key, value in values.items():
            self.leave_out(f"{what}: {key}", value, why)

    def unplaced(self, name: str, value: object) -> None:
        """List a setting that has no counterpart here; one sentence names all of them."""
        self._unplaced[_cut(name, _SHORT)] = None
        why = "It has no place here."
        if isinstance(value, dict):
            self.leave_out_all(name, value, why)
        else:
            self.leave_out(name, value, why)

    def put(self, path: str, raw: object) -> None:
        """Take a setting as it was written. None and empty text mean: not said."""
        if raw is None or (raw == "" and parameter(path).default != ""):
            return
        try:
            self.values[path] = _fitted(path, raw)
        except InvalidInput as error:
            self.note(f"{_cut(str(error))} It was left out.")
            self.leave_out(path, raw, str(error))

    def put_sampler(self, sampler: object, scheduler: object, group: str = "txt2img") -> None:
        """Take a sampler and a scheduler in the spelling of any tool."""
        if is_nothing(name := text_of(sampler).strip()):
            return
        sampler_here, scheduler_here = sampler_and_scheduler(name, text_of(scheduler))
        self.put(f"{group}.sampler", sampler_here)
        self.put(f"{group}.scheduler", scheduler_here or "Automatic")

    def put_size(self, width: object, height: object) -> None:
        """Take the size of the first pass, in px."""
        self.put("txt2img.width", width)
        self.put("txt2img.height", height)

    def put_file(self, path: str, raw: object) -> None:
        """Take a model by the name of its file; folders, ending and hash are dropped, as WebUIs do in pictures."""
        name = bare_name(text_of(raw))
        if _is_number_there(name):
            self._tell_number(path, name)
        elif not is_nothing(name):
            self.put(path, name)

    def _tell_number(self, what: str, name: str) -> None:
        self.note(f"The {what} is told by its number at Civitai ({name[:80]}) and by no name. It was left out.")
        self.leave_out(what, name, "It is a number at Civitai and no name of a file.")

    def put_seed(self, raw: object) -> None:
        """Take the seed, a number or its digits."""
        text = raw.strip() if isinstance(raw, str) else f"{raw:.0f}" if _is_whole(raw) else raw
        if isinstance(raw, float) and abs(raw) > _EXACT:
            self.note(f"The seed is written as a rounded number ({raw!r}), so nobody knows which it was.")
            self.leave_out("seed", repr(raw), "It is a rounded number: which seed it was cannot be told.")
            return
        if isinstance(text, int) and not isinstance(text, bool):
            text = str(text) if abs(text) < 10**30 else "beyond"
        if not isinstance(text, str) or not text:
            return
        number = int(text) if re.fullmatch(r"-?[0-9]{1,30}", text) else -2
        if 0 <= number <= MAX_SEED:
            self._seed = number
            if number > SHORT_SEED:
                self.note(f"The seed {number} is one of ComfyUI: a WebUI takes 0 to {SHORT_SEED}.")
        elif number == -1:
            self.leave_out("seed", text, "It says that chance was to choose, and not what it chose.")
        else:
            self.note(f"The seed {_cut(text, 40)} is none that an engine takes (0 to {MAX_SEED}). It was left out.")
            self.leave_out("seed", text[:40], f"The greatest that an engine takes is {MAX_SEED}.")

    def add_lora(self, raw: object, weight: object) -> None:
        """Take a LoRA that is to become a tag in the prompt; weight 0 means it was off."""
        name = bare_name(text_of(raw))
        number = number_of(weight, 1.0)
        if is_nothing(name) or number == 0:
            return
        if _is_number_there(name):
            self._tell_number(f"LoRA of weight {number}", name)
            return
        if len(self._loras) >= _LORAS:
            self.leave_out("LoRA", name, f"Only {_LORAS} LoRAs are taken over.")
            return
        if number is None or not -10 <= number <= 10 or re.search(r"[<>:\n]", name) or len(name) > _TEXT_LENGTH:
            self.note(f"The LoRA {_cut(repr(name), 80)} has a weight or a name that no tag can hold. It was left out.")
            self.leave_out("LoRA", f"{name} ({weight})", "No tag can hold this weight or name.")
        elif name not in (known for known, _ in self._loras):
            self._loras.append((name, number))

    def recipe(self, prompt: str, negative: str, infotext: str = "") -> Recipe:
        """The finished recipe."""
        prompt, negative = self._plain("prompt", prompt), self._plain("negative prompt", negative)
        if self._unplaced:
            names = ", ".join(islice(self._unplaced, _NAMED))
            more = f" and {len(self._unplaced) - _NAMED} more" if len(self._unplaced) > _NAMED else ""
            self.note(f"Settings that have no place here were left out: {names}{more}.")
        tags = [f"<lora:{name}:{weight:g}>" for name, weight in self._loras if f"<lora:{name}:" not in prompt]
        prompt = " ".join(filter(None, (prompt, *tags)))
        if self._not_listed:
            self._notices.append(f"{self._not_listed:,} more values were left out that are not listed.")
        text = infotext or format_infotext(prompt, negative, self._pairs())
        return Recipe(
            tool=self._tool,
            prompt=prompt,
            negative=negative,
            seed=self._seed,
            values=dict(self.values),
            notices=tuple(map(plain, self._notices)),
            left_out=tuple(self._left_out),
            infotext=plain(text),
            model_hash=self.model_hash,
        )

    def _plain(self, what: str, text: str) -> str:
        clean = plain(text).strip()
        if len(clean) > LIMIT:
            self.note(f"The {what} is longer than {LIMIT:,} letters and was cut there.")
        return clean[:LIMIT].rstrip()

    def _pairs(self) -> list[tuple[str, Value]]:
        known = self.values
        pairs = [(key, known[path]) for key, name in SAMPLING.items() if (path := f"txt2img.{name}") in known]
        if self._seed is not None:
            pairs.append(("Seed", self._seed))
        if "txt2img.width" in known and "txt2img.height" in known:
            pairs.append(("Size", f"{known['txt2img.width']}x{known['txt2img.height']}"))
        return [*pairs, *((key, known[path]) for key, path in COMMON.items() if path in known)]


def _fitted(path: str, raw: object) -> Value:
    spec = parameter(path)
    if not isinstance(raw, (str, int, float)):
        raise InvalidInput(f"{path}: a list or an object is no value.", path)
    if not isinstance(raw, str):
        return check_value(path, raw)
    if spec.kind == "int" and _WHOLE.fullmatch(raw.strip()):
        return parse_value(path, raw.strip().partition(".")[0])
    if spec.kind != "str":
        return parse_value(path, raw[:40])
    longest = _PROMPT_LENGTH if spec.name in ("prompt", "negative") else _TEXT_LENGTH
    if len(raw) > longest:
        raise InvalidInput(f"{path}: a text of {len(raw):,} letters is too long.", path)
    return check_value(path, plain(raw).strip())


def plain(text: str) -> str:
    """Text that can be saved and printed: no half surrogate pairs, nothing that steers a terminal, plain line ends."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return _STEERING.sub("", whole.replace("\r\n", "\n").replace("\r", "\n"))


def is_nothing(text: str) -> bool:
    """Whether a text says that there is nothing, also in the words of the languages that tools are written in."""
    return text.strip().casefold() in ("", "none", "null", "undefined", "nan")


def _is_number_there(name: str) -> bool:
    return name.casefold().startswith("urn:air:")


def bare_name(written: str) -> str:
    """A model's name without folders, ending and hash; "" for what is no name."""
    name = _HASH.sub("", plain(written).replace("\\", "/").rpartition("/")[2].strip())
    return MODEL_ENDING.sub("", name).strip()


def read_json(text: str, what: str) -> object:
    """A JSON text of another tool; NaN and Infinity are tolerated. Raises InvalidInput, naming `what`."""
    parts = text.count(",") + text.count("[") + text.count("{") if len(text) <= JSON_LIMIT else 0
    if len(text) > JSON_LIMIT or parts > _PARTS_LIMIT:
        raise InvalidInput(f"{what} is too large to be read ({len(text):,} letters).")
    import json

    try:
        return json.loads(text.strip("\0 \t\r\n\ufeff"))
    except RecursionError:
        raise InvalidInput(f"{what} is nested too deeply to be read.") from None
    except ValueError as error:
        raise InvalidInput(f"{what} is no whole JSON text ({_cut(str(error), 80)}).") from error


def object_of(raw: object) -> dict[str, object]:
    """The object itself, or an empty one for anything else."""
    return raw if isinstance(raw, dict) else {}


def list_of(raw: object) -> list[object]:
    """The list itself, or an empty one for anything else."""
    return raw if isinstance(raw, list) else []


def text_of(raw: object) -> str:
    """The text itself, or "" for anything else."""
    return raw if isinstance(raw, str) else ""


def number_of(raw: object, missing: float | None = None) -> float | None:
    """A finite number or its text; None for anything else, `missing` for None."""
    if raw is None:
        return missing
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        return None
    try:
        number = float(raw[:40] if isinstance(raw, str) else raw)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _as_json(raw: object) -> str:
    import json

    try:
        return json.dumps(raw, ensure_ascii=False, default=str)
    except RecursionError:
        return "…"


def _is_whole(raw: object) -> bool:
    return isinstance(raw, float) and raw.is_integer()


def _cut(text: str, length: int = 240) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
