"""Reads prompts out of a text while it is edited: the one at a line, or all in pieces so that typing goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .pack import PackPrompt, PromptPack, Slot, parse_pack
from .tsv import parse_table

# Characters that are read at a time: about 2 ms.
PIECE = 12_000
_MOST_GAPS = 20  # blocks without a prompt, for example comments, that are skipped
_SLOT_LINE = re.compile(r"^[ \t]*\[\[[^\[\]\n]+\]\][ \t]*[:=].*$", re.MULTILINE)
_GAP = re.compile(r"\n[ \t]*\n")


def prompt_at(text: str, line: int, *, table: bool = False) -> tuple[PackPrompt, ...]:
    """The prompt at a line of the text (from 1), else the next one below it; empty when there is none."""
    lines = text.split("\n")
    at = min(max(line - 1, 0), len(lines) - 1)
    while not table and at > 0 and lines[at - 1].strip() and lines[at].strip():
        at -= 1
    for _ in range(_MOST_GAPS):
        while at < len(lines) and not lines[at].strip():
            at += 1
        end = at + 1
        while not table and end < len(lines) and lines[end].strip():
            end += 1
        # The blank lines before it keep the numbers of its own lines right.
        found = _read("\n" * at + "\n".join(lines[at:end]), table).prompts
        if found or end >= len(lines):
            return found
        at = end
    return ()


def slots_of_text(text: str) -> tuple[Slot, ...]:
    """The slots that the text defines."""
    return parse_pack("\n".join(_SLOT_LINE.findall(text)), "").slots


def pieces(text: str, *, table: bool = False) -> Iterator[tuple[PackPrompt, ...]]:
    """All prompts, PIECE characters of text at a time."""
    at = lines = 0
    while at < len(text):
        end = len(text)
        if end - at > PIECE:
            found = text.find("\n", at + PIECE) if table else -1
            gap = _GAP.search(text, at + PIECE) if not table else None
            end = gap.end() if gap is not None else found + 1 if found >= 0 else end
        yield _read("\n" * lines + text[at:end], table).prompts
        lines += text.count("\n", at, end)
        at = end


def _read(text: str, table: bool) -> PromptPack:
    return parse_table(text, "") if table else parse_pack(text, "")
