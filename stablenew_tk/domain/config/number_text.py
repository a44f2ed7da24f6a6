"""Numbers of the catalogue as they are typed and shown."""

from __future__ import annotations

import re

from ..base.errors import InvalidInput
from .catalogue import Parameter, Value, parsed_value

_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")


def number_words(parameter: Parameter, value: Value) -> str:
    """A value as a person writes it: 7 and not 7.0. Shares read better in columns with two places: 0.30, 0.35."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.2f}" if parameter.maximum == 1.0 and round(value, 2) == value else f"{value:g}"


def typed_number(parameter: Parameter, text: str) -> Value:
    """The number in a text, also with a decimal comma, or with commas between thousands as numbers are shown. Raises
    InvalidInput with a sentence to show below the field.
    """
    plain = without_thousands(text) if parameter.kind == "int" else text
    try:
        return parsed_value(parameter, plain.replace(",", "."))
    except InvalidInput as wrong:
        sentence = str(wrong).removeprefix(f"{parameter.path}: ")
        raise InvalidInput(sentence[:1].upper() + sentence[1:], parameter.path) from wrong


def without_thousands(text: str) -> str:
    """A whole number without the commas between its thousands: 1000 for 1,000. Other texts stay as they are."""
    return text.replace(",", "") if _THOUSANDS.fullmatch(text.strip()) else text


def whole_number(text: str) -> int:
    """The number that a text of at most 20 digits is; −1 for any other text. `int` raises for 5,000 digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else -1


def stepped(parameter: Parameter, value: Value, steps: int) -> Value:
    """A number changed by natural steps of its parameter, kept within its range."""
    low = parameter.minimum if parameter.minimum is not None else float("-inf")
    high = parameter.maximum if parameter.maximum is not None else float("inf")
    moved = round(min(max(float(value) + steps * (parameter.step or 1), low), high), 6)
    return int(moved) if parameter.kind == "int" else moved
