"""Prompt packs as people write them: plain text, a blank line between prompts.

Lines that start with `#` are comments, `neg:` gives the negative prompt, `name:` a short name for lists and file
names. Everything else (attention, LoRA tags, embeddings) goes to the backend untouched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

NAME_LIMIT = 80


class PackPrompt(Struct, frozen=True):
    """One prompt of a pack. `line` is where it starts in the file, counted from 1."""

    prompt_id: str
    name: str
    positive: str
    negative: str
    line: int


class PackProblem(Struct, frozen=True):
    """Something in a pack that is probably not meant. `column` counts from 1."""

    line: int
    column: int
    message: str


class PromptPack(Struct, frozen=True):
    """A pack as read from one file. Errors make it unusable, warnings do not."""

    pack_id: str
    prompts: tuple[PackPrompt, ...]
    errors: tuple[PackProblem, ...] = ()
    warnings: tuple[PackProblem, ...] = ()


class _Block:
    """The lines of one prompt while they are being read."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.name = ""
        self.positive: list[str] = []
        self.negative: list[str] = []


def parse_pack(text: str, pack_id: str) -> PromptPack:
    """Read pack text (a BOM, CRLF and separator lines with blanks are fine). Never raises."""
    blocks: list[_Block] = []
    warnings: list[PackProblem] = []
    block: _Block | None = None
    for number, raw in _lines(text):
        line = raw.strip()
        if not line:
            block = None
            continue
        if line.startswith("#"):
            continue
        if block is None:
            block = _Block(number)
            blocks.append(block)
        _read_line(block, line, number, warnings)
    prompts, errors = _prompts(blocks)
    if not prompts and not errors:
        errors = (PackProblem(1, 1, "The pack has no prompt. Write one prompt, leave a blank line, write the next."),)
    return PromptPack(pack_id, prompts, errors, tuple(warnings))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    # Not str.splitlines: it also splits at U+2028 and form feed, which are legal inside a prompt.
    unix = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return enumerate(unix.split("\n"), start=1)


def _read_line(block: _Block, line: str, number: int, warnings: list[PackProblem]) -> None:
    head = line[:5].lower()
    if head.startswith("neg:"):
        block.negative.append(line[4:].strip())
    elif head == "name:" and not block.name:
        block.name = line[5:].strip()[:NAME_LIMIT]
    else:
        if block.negative:
            warnings.append(
                PackProblem(number, 1, "Text after neg: without its own neg: belongs to the prompt, not the negative.")
            )
        block.positive.append(line)


def _prompts(blocks: list[_Block]) -> tuple[tuple[PackPrompt, ...], tuple[PackProblem, ...]]:
    prompts: list[PackPrompt] = []
    errors: list[PackProblem] = []
    taken: set[str] = set()
    for block in blocks:
        positive = " ".join(block.positive).strip()
        if not positive:
            errors.append(PackProblem(block.line, 1, "This prompt has a negative or a name but no text of its own."))
            continue
        name = block.name or _short(positive)
        prompt_id = name
        while prompt_id.casefold() in taken:
            prompt_id = f"{name} ({len(prompts) + 1})"
            name = prompt_id
        taken.add(prompt_id.casefold())
        prompts.append(PackPrompt(prompt_id, name, positive, ", ".join(filter(None, block.negative)), block.line))
    return tuple(prompts), tuple(errors)


def _short(text: str) -> str:
    """First words of a prompt, for lists: at most 40 characters, cut at a word."""
    if len(text) <= 40:
        return text
    return text[:40].rsplit(" ", 1)[0].rstrip(",;: ") or text[:40]


def joined_negative(own: str, global_negative: str) -> str:
    """The prompt's own negative followed by the global one."""
    return ", ".join(part for part in (own.strip(), global_negative.strip()) if part)


def with_lora_weight(prompt: str, name: str, weight: float, *, add: bool = False) -> str:
    """The prompt with every `<lora:name:…>` at this weight. Without such a tag it stays, or with `add` gets one."""
    tag = f"<lora:{name}:{weight:g}>"
    changed, count = re.subn(rf"<lora:{re.escape(name)}(?::[^>]*)?>", lambda _match: tag, prompt)
    return f"{prompt.rstrip()} {tag}" if add and not count else changed
