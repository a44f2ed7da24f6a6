"""Reading fields that somebody else wrote, leniently: a bad field costs only itself and is told in one sentence.

Numbers may be written as "30" or 30.0, lists as a single text, unknown keys are left alone. Nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec
from msgspec import Raw

from .catalogue import Value, parameter

MOST_PROBLEMS = 8
MOST_ITEMS = 64
LONGEST_TEXT = 4000
LONGEST_PHRASE = 1000

_BOM = "\ufeff"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_NUMBER = re.compile(r"\s*[+-]?(\d{1,15}([.,]\d{0,15})?|[.,]\d{1,15})\s*")
_OBJECT: msgspec.json.Decoder[dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw])
_LIST: msgspec.json.Decoder[list[Raw]] = msgspec.json.Decoder(list[Raw])
_TEXT: msgspec.json.Decoder[str] = msgspec.json.Decoder(str)
_ANY: msgspec.json.Decoder[object] = msgspec.json.Decoder()
_NULL, _TRUE = Raw(b"null"), Raw(b"true")
_BYTE = re.compile(r" ?\(byte (\d{1,9})\)")
_SPAN = re.compile(r"(?<=\d)\s*[-–]\s*")
_INLINE = re.compile(r"</?(?:b|i|u|em|strong|span|a|code|sub|sup|small)\b[^<>]{0,10000}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,10000}>")
_LORA_TAG = re.compile(r"<\w{1,20}:[^<>]{0,500}>")
_T = TypeVar("_T")


class Problems:
    """Collects sentences about one file. After the first few only their number goes on counting."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._sentences: list[str] = []
        self._left_out = 0

    def add(self, what: str) -> None:
        """`what` follows the name of the file and a separator of its own."""
        sentence = f"{self.file}{what}"
        if sentence in self._sentences:
            return
        if len(self._sentences) < MOST_PROBLEMS:
            self._sentences.append(sentence)
        else:
            self._left_out += 1

    def sentences(self) -> tuple[str, ...]:
        """What was found, in order."""
        if not self._left_out:
            return tuple(self._sentences)
        return (*self._sentences, f"{self.file}: {self._left_out} more fields could not be used.")


class Fields:
    """The fields of one JSON object. A field that is missing or null reads as nothing said: "", None, ()."""

    def __init__(self, raw: Mapping[str, Raw], problems: Problems, within: str = "") -> None:
        self._raw = raw
        self._within = within
        self.problems = problems

    def __contains__(self, key: str) -> bool:
        return key in self._raw

    def names(self) -> Iterator[str]:
        """The names of all fields, in the written order."""
        return iter(self._raw)

    def value(self, key: str) -> object:
        """Whatever is there, decoded."""
        raw = self._raw.get(key)
        if raw is None:
            return None
        try:
            return _ANY.decode(raw)
        except RecursionError:
            self.refuse(key, "is nested too deeply and was left out. Simplify it.")
        except (msgspec.DecodeError, UnicodeError) as error:
            self.refuse(key, f"cannot be read and was left out ({_reason(error)}). Write it again.")
        return None

    def typed(self, key: str, decoder: msgspec.json.Decoder[_T]) -> _T | None:
        """A list or an object, read at once in the decoder's shape; None when it has another."""
        raw = self._raw.get(key)
        if raw is None or raw == _NULL:
            return None
        try:
            return decoder.decode(raw)
        except RecursionError:
            self.refuse(key, "is nested too deeply and was left out. Simplify it.")
        except msgspec.ValidationError:
            self.refuse(key, "is not a list […] and was left out. Correct it.")
        except (msgspec.DecodeError, UnicodeError) as error:
            self.refuse(key, f"cannot be read and was left out ({_reason(error)}). Write it again.")
        return None

    def is_true(self, key: str) -> bool:
        """Whether the field is plainly true; anything else is not, without a word."""
        return self._raw.get(key) == _TRUE

    def hint(self, key: str) -> str:
        """Text of a field that no person writes, such as a hash: anything else reads as "", without a word."""
        raw = self._raw.get(key)
        try:
            return "" if raw is None else _TEXT.decode(raw).strip()
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return ""

    def text(self, *keys: str) -> str:
        """The first of these fields that holds text, without blanks around it."""
        for key in keys:
            value = self.value(key)
            if isinstance(value, str):
                if clean := value.strip()[:LONGEST_TEXT]:
                    return clean
            elif value is not None:
                self.refuse(key, f"is {shown(value)}, not text, and was left out. Write text in quotes.")
        return ""

    def words(self, key: str) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one. Each once."""
        value = self.value(key)
        items = value if isinstance(value, list) else [] if value is None else [value]
        found = [clean for item in items if isinstance(item, str) and (clean := item.strip()[:LONGEST_PHRASE])]
        if any(not isinstance(item, str) and item is not None for item in items):
            odd = next(item for item in items if not isinstance(item, str) and item is not None)
            self.refuse(key, f"holds {shown(odd)}, which is not text and was left out. Write texts in quotes.")
        return tuple(dict.fromkeys(found))[:MOST_ITEMS]

    def number(self, key: str, low: float, high: float) -> float | None:
        """A number from `low` to `high`; one outside is told and left out."""
        value = self.value(key)
        if value is None or value == "":
            return None
        number = number_in(value)
        if number is None:
            self.refuse(key, f"is {shown(value)}, not a number, and was left out. Write a number.")
        elif not low <= number <= high:
            self.refuse(key, f"is {shown(value)}, outside {low:g} to {high:g}, and was left out. Correct it.")
        else:
            return float(number)
        return None

    def span(self, key: str, low: float, high: float) -> tuple[float, float] | None:
        """A range [from, to] within `low` to `high`, or "from-to" as text."""
        value = self.value(key)
        if value is None or value == "":
            return None
        pair = _SPAN.split(value.strip()) if isinstance(value, str) else value
        numbers = [number_in(one) for one in pair] if isinstance(pair, list) and len(pair) == 2 else []
        ends = [float(one) for one in numbers if one is not None and low <= one <= high]
        if len(ends) == 2 and ends[0] <= ends[1]:
            return ends[0], ends[1]
        self.refuse(key, f"is {shown(value)}, no range within {low:g} to {high:g}, and was left out. Write [from, to].")
        return None

    def setting(self, key: str, path: str) -> Value | None:
        """A number for a catalogue parameter, brought into its range; what was changed is told."""
        value = self.value(key)
        if value is None or value == "":
            return None
        number = number_in(value)
        if number is None:
            self.refuse(key, f"is {shown(value)}, not a number, and was left out. Write a number.")
            return None
        fitted = fitted_to(path, number)
        if fitted != number:
            title = parameter(path).title
            self.refuse(key, f"is {shown(value)}, which {title} cannot be; {fitted:g} is used. Correct it.")
        return fitted

    def inner(self, key: str) -> Fields:
        """The fields of an object inside; empty when there is none."""
        within = f"{self._within}{key}."
        raw = self._raw.get(key)
        if raw is None or raw == _NULL:
            return Fields({}, self.problems, within)
        return Fields(self._object(raw, key) or {}, self.problems, within)

    def of(self, key: str, value: Mapping[str, object]) -> Fields:
        """The fields of an object that was decoded already and stands at `key`."""
        raw = {name: Raw(msgspec.json.encode(one)) for name, one in value.items()}
        return Fields(raw, self.problems, f"{self._within}{key}.")

    def items(self, key: str) -> tuple[Fields, ...]:
        """The objects of a list, or those of an object by name, which then have an "id"; at most 64."""
        raw = self._raw.get(key)
        if raw is None or raw == _NULL:
            return ()
        if bytes(memoryview(raw)[:1]) == b"{":
            return self._items_by_name(key)
        listed = self.typed(key, _LIST)
        within = [(f"{key}[{index}]", one) for index, one in enumerate(listed or ())]
        return tuple(self._items(within[:MOST_ITEMS]))

    def _items_by_name(self, key: str) -> tuple[Fields, ...]:
        named = self.typed(key, _OBJECT) or {}
        found = []
        for name, raw in list(named.items())[:MOST_ITEMS]:
            inner = self._object(raw, f"{key}.{name}")
            if inner is not None:
                inner.setdefault("id", Raw(msgspec.json.encode(name)))
                found.append(Fields(inner, self.problems, f"{self._within}{key}.{name}."))
        return tuple(found)

    def _items(self, listed: list[tuple[str, Raw]]) -> Iterator[Fields]:
        for key, raw in listed:
            inner = self._object(raw, key)
            if inner is not None:
                yield Fields(inner, self.problems, f"{self._within}{key}.")

    def _object(self, raw: Raw, key: str) -> dict[str, Raw] | None:
        try:
            return _OBJECT.decode(raw)
        except RecursionError:
            self.refuse(key, "is nested too deeply and was left out. Simplify it.")
        except (msgspec.DecodeError, UnicodeError):
            self.refuse(key, "is not an object {…} and was left out. Correct it.")
        return None

    def refuse(self, key: str, what: str) -> None:
        """Tell about a field: its name, then `what`."""
        self.problems.add(f': "{(self._within + key)[:100]}" {what}')


def read_object(data: bytes, problems: Problems) -> Fields | None:
    """The fields of a file that should hold one JSON object; None when it does not, which is told."""
    if data.startswith(_UTF16) or b"\0" in data[:4]:
        problems.add(" is saved as UTF-16 and was not read. Save it as UTF-8 in your editor.")
        return None
    try:
        text = data.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.add(f", line {line}: not UTF-8 text; nothing was read. Save the file as UTF-8.")
        return None
    if not text.strip():
        problems.add(" is empty. Delete it, or write it again.")
        return None
    try:
        return Fields(_OBJECT.decode(text), problems)
    except msgspec.ValidationError:
        problems.add(" holds no object {…}; nothing was read. Write it again.")
    except (msgspec.DecodeError, UnicodeError) as error:
        place = _BYTE.search(str(error))
        where = f", line {text.encode()[: int(place[1])].count(10) + 1}," if place else ""
        problems.add(f"{where} is not whole JSON and was not read ({_reason(error)}). Write it again.")
    except RecursionError:
        problems.add(" is nested too deeply and was not read. Simplify it.")
    return None


def read_inner(text: str, problems: Problems, within: str) -> Fields | None:
    """The fields of a JSON object that stands as text inside another field."""
    try:
        return Fields(_OBJECT.decode(text), problems, f"{within}.")
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        problems.add(f': "{within}" holds no JSON object and was left out. Correct it.')
        return None


def number_in(value: object) -> float | int | None:
    """A number, also one written as text ("30", "0,8"); None for anything else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value.replace(",", "."))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value


def fitted_to(path: str, number: float) -> int | float:
    """The nearest number a catalogue parameter can have."""
    spec = parameter(path)
    low = spec.minimum if spec.minimum is not None else number
    if number != 0 and spec.inherits(0):
        # Nobody means the stand-in with another number.
        low = spec.step or low
    high = spec.maximum if spec.maximum is not None else number
    # Within the range first: a whole number of 4,000 digits cannot become a float.
    near = min(max(number, low), high)
    if spec.multiple_of:
        near = round(near / spec.multiple_of) * spec.multiple_of
    return round(near) if spec.kind == "int" else float(near)


def shown(value: object) -> str:
    """A foreign value in a sentence, kept short."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return f"{value:g}" if abs(value) < 1e15 else "a huge number"
    if isinstance(value, str):
        return f'"{value[:40]}…"' if len(value) > 40 else f'"{value}"'
    return "a list" if isinstance(value, list) else "an object"


def plain(text: str) -> str:
    """Text without HTML, entities resolved."""
    from html import unescape

    return " ".join(unescape(_TAG.sub(" ", _INLINE.sub("", text))).split())[:LONGEST_TEXT]


def phrase(text: str) -> str:
    """A trigger phrase as it is inserted: no LoRA tag in it, no loose commas at its ends."""
    return " ".join(_LORA_TAG.sub(" ", text).split()).strip(" ,")[:LONGEST_PHRASE]


def phrases(text: str) -> tuple[str, ...]:
    """The phrases of a text that lists them with commas; those inside brackets do not part them."""
    found, start, depth = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth <= 0:
            found.append(text[start:at])
            start = at + 1
    found.append(text[start:])
    return tuple(dict.fromkeys(clean for one in found if (clean := phrase(one))))[:MOST_ITEMS]


def _reason(error: Exception) -> str:
    reason = _BYTE.sub("", str(error).partition(" - ")[0].removeprefix("JSON is malformed: "))
    return {"Input data was truncated": "it ends in the middle"}.get(reason, reason)[:120]
