"""The kinds of the parts of a line of a pack, for colouring and marking it. Each line is read by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Kind = Literal["comment", "keyword", "lora", "embedding", "wildcard", "slot", "variable", "escape", "weight", "choice"]

_RULES = re.compile(
    r"(?P<comment>^\s*#.*|(?<!\S)#.*)"
    r"|(?P<keyword>^\s*(?:neg|name):)"
    r"|(?P<lora><(?:lora|lyco|hypernet):[^<>]*>)"
    r"|(?P<embedding><embedding:[^<>]*>|\bembedding:[^\s,()\[\]{}|:<>]+)"
    r"|(?P<escape>\\(?:__|.))"
    r"|(?P<variable>\$\{\w+[=:]?!?)"
    r"|(?P<wildcard>__[~@!]?[^\s_{}|<>\[\]()$:,\"'](?:(?!__)[^{}|<>\[\]()$:,\"'])*(?:__|(?=\())|(?<=\))__(?!\w))"
    r"|(?P<slot>\[\[[^\[\]]*\]\])"
    r"|(?P<weight>(?:(?<=[{|])|(?<=[{|][~@!]))\s*\d*\.?\d+::|(?<=\{)[~@!]?\d*-?\d*\$\$|(?<=:)\d*\.?\d+(?=\)))"
    r"|(?P<choice>[{}|])",
    re.IGNORECASE,
)
# What is underlined where a mistake begins: a whole tag, slot, wildcard or choice, else a word.
_UNIT = re.compile(r"<[^<>\n]*>|\[\[[^\[\]]*\]\]|__[^\s]*?__|\$?\{[^{}]*\}|[^\s,]+|.")


class Span(Struct, frozen=True):
    """From `start` to `end` (not included, from 0) of the line."""

    start: int
    end: int
    kind: Kind


def spans(line: str) -> Sequence[Span]:
    """Everything in a line that is not plain text, from left to right."""
    return [Span(one.start(), one.end(), one.lastgroup) for one in _RULES.finditer(line)]  # type: ignore[arg-type]


def unit_at(line: str, at: int) -> tuple[int, int]:
    """Start and end of the tag, choice or word at a character of a line; of the whole line where there is none."""
    found = _UNIT.match(line, at) if 0 <= at < len(line) else None
    return (found.start(), found.end()) if found is not None and found[0].strip() else (0, len(line))
