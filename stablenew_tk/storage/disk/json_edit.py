"""Edits single values and list elements in JSON text and leaves every other byte unchanged (order, indents, spaces)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class _Span(Struct, frozen=True):
    start: int
    end: int
    # Where the key begins, for members of objects.
    key: int = 0


def replaced(text: str, changes: Mapping[str, str]) -> str:
    """Set values in the text of a JSON object; `changes` maps a key to the JSON text of its new value.

    A key that is not there yet is added at the end. Of doubled keys the last one counts, as for every reader. The text
    must be one valid JSON object, else ValueError.
    """
    spans, close = _members(text)
    edits = [(spans[key].start, spans[key].end, value) for key, value in changes.items() if key in spans]
    if added := {key: value for key, value in changes.items() if key not in spans}:
        edits.append(_appended(text, list(spans.values()), close, added))
    return _edited(text, edits)


def without(text: str, keys: Collection[str]) -> str:
    """Remove members from the text of a JSON object; missing keys are ignored. ValueError as in `replaced`.

    Of a doubled key only the last member is removed.
    """
    spans = _members(text)[0]
    ordered = sorted(spans.values(), key=lambda span: span.key)
    gone = {spans[key].key for key in keys if key in spans}
    kept = [span for span in ordered if span.key not in gone]
    if not kept:
        return "{}" if gone else text
    edits = []
    for span, following in zip(ordered, [*ordered[1:], None], strict=True):
        if span.key in gone and any(other.key > span.key for other in kept) and following is not None:
            edits.append((span.key, following.key, ""))
    # What follows the last one that stays: its comma goes, too.
    if ordered[-1].key in gone:
        edits.append((kept[-1].end, ordered[-1].end, ""))
    return _edited(text, edits)


def elements(text: str) -> list[str]:
    """The texts of the elements of a JSON list. ValueError when it is not valid."""
    return [text[span.start : span.end] for span in _elements(text)[0]]


def relisted(text: str, wanted: Sequence[str]) -> str:
    """Replace the elements in the text of a JSON list and keep the separators (line breaks, indents)."""
    spans, close = _elements(text)
    if len(spans) == len(wanted):
        return _edited(text, [(span.start, span.end, one) for span, one in zip(spans, wanted, strict=True)])
    if not wanted:
        return "[]"
    if not spans:
        return f"[{', '.join(wanted)}]"
    opening, closing = text[: spans[0].start], text[spans[-1].end : close + 1]
    between = (
        text[spans[0].end : spans[1].start] if len(spans) > 1 else f",{text[text.index('[') + 1 : spans[0].start]}"
    )
    return f"{opening}{between.join(wanted)}{closing}"


def members(text: str) -> dict[str, str]:
    """The texts of the values of a JSON object by key, the last of doubled keys. ValueError when it is not valid."""
    return {key: text[span.start : span.end] for key, span in _members(text)[0].items()}


def value_text(text: str, key: str) -> str | None:
    """The text of one value of a JSON object; None when the key is missing."""
    span = _members(text)[0].get(key)
    return None if span is None else text[span.start : span.end]


def _edited(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    for start, end, value in sorted(edits, reverse=True):
        text = text[:start] + value + text[end:]
    return text


def _appended(text: str, spans: list[_Span], close: int, added: Mapping[str, str]) -> tuple[int, int, str]:
    indent = _indent(text, close, spans)
    pairs = f",{indent}".join(f"{json.dumps(key, ensure_ascii=False)}: {value}" for key, value in added.items())
    if spans:
        last = max(span.end for span in spans)
        return last, last, f",{indent}{pairs}"
    return text.index("{") + 1, close, f"{indent}{pairs}{indent.removesuffix('  ')}" if indent.strip(" ") else pairs


def _indent(text: str, close: int, spans: list[_Span]) -> str:
    """The whitespace before each member: a line break with indent, or one space in a text of one line."""
    opening = text.index("{")
    if not spans:
        return " " if "\n" not in text[opening:close] else "\n  "
    before = _BLANK.match(text, opening + 1)
    blanks = before.group() if before else ""
    return blanks if "\n" in blanks else " "


def _members(text: str) -> tuple[dict[str, _Span], int]:
    found: dict[str, _Span] = {}
    at = _opened(text, "{")
    while not text.startswith("}", at):
        if found:
            at = _after(text, at, ",")
        if not text.startswith('"', at):
            raise ValueError(f"a key was expected at {at}")
        begins = at
        key, at = _DECODER.raw_decode(text, at)
        at = _after(text, _skipped(text, at), ":")
        _, end = _DECODER.raw_decode(text, at)
        found[key] = _Span(at, end, begins)
        at = _skipped(text, end)
    return found, at


def _elements(text: str) -> tuple[list[_Span], int]:
    found: list[_Span] = []
    at = _opened(text, "[")
    while not text.startswith("]", at):
        if found:
            at = _after(text, at, ",")
        _, end = _DECODER.raw_decode(text, at)
        found.append(_Span(at, end))
        at = _skipped(text, end)
    return found, at


def _opened(text: str, bracket: str) -> int:
    return _after(text, _skipped(text, 0), bracket)


def _after(text: str, at: int, mark: str) -> int:
    if not text.startswith(mark, at):
        raise ValueError(f"{mark!r} was expected at {at}")
    return _skipped(text, at + 1)


def _skipped(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at
