"""A prompt of a picture written as one block of a pack, so that running the pack gives the same prompt again."""

from __future__ import annotations

import re

from .pack import NAME_LIMIT
from .parser import EMBEDDING

# What a pack takes for something else than words when a line begins with it.
_OTHER_LINES = ("#", "neg:", "name:", "[[")
# Tags, embeddings and signs that are escaped already are passed over; the rest would make a prompt that varies.
_VARYING = re.compile(rf"<\w+:[^<>]*>|{EMBEDDING}|\\.|[{{}}]|__|\[(?=\[[\w-]+\]\])")
_BRACE = re.compile(r"\\.|[{}]")


def pack_block(name: str, prompt: str, negative: str) -> str:
    """The lines of one prompt: name, words, negative. Its lines stay lines, blank ones go; { } and __ are escaped.

    A prompt that begins with what a pack takes for something else gets a comma before it.
    """
    lines = [f"name: {_one_line(name)[:NAME_LIMIT] or 'picture'}"]
    words: list[str] = []
    for line in _lines(_VARYING.sub(_as_words, prompt)):
        if not line.lower().startswith(_OTHER_LINES):
            words.append(line)
        elif words:
            # The reader joins lines with a blank, so this is the same prompt.
            words[-1] += f" {line}"
        else:
            words.append(f", {line}")
    lines += words
    if negative.strip():
        lines.append(f"neg: {_one_line(_VARYING.sub(_as_words, negative))}")
    return "\n".join(lines) + "\n"


def _as_words(match: re.Match[str]) -> str:
    found = match[0]
    if found in ("{", "}", "__"):
        return f"\\{found}"
    if found[0] == "<":
        return _BRACE.sub(_as_words, found)  # underscores are safe in a tag, braces are not
    # A word weakened twice, not the use of a slot.
    return "[ " if found == "[" else found


def _one_line(text: str) -> str:
    return " ".join(_lines(text))


def _lines(text: str) -> list[str]:
    unix = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return [line for raw in unix.split("\n") if (line := raw.strip())]
