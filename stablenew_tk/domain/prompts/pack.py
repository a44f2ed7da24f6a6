"""Prompt packs as people write them: plain text with a blank line between prompts, read and written.

A `#` at the start of a line or behind a blank begins a comment (`\\#` is the sign itself), `neg:` gives the negative
prompt, `name:` a short name for lists and file names, `[[name]]: a | b` alone on a line the values of that slot in the
whole pack. Everything else (attention, LoRA tags, embeddings) goes to the backend unchanged. Every text knows its place
in the file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from ..base.lora_tags import lora_key, with_lora_instead

NAME_LIMIT = 80
VALUE_LIMIT = 20_000
# Characters of a prompt, of a line of a list, and of what comes of them. No server reads as much; a file chosen by
# mistake has more.
LONGEST_TEXT = 200_000
MOST_PROBLEMS = 200

_Word = Annotated[str, Meta(min_length=1, max_length=200)]
_Text = Annotated[str, Meta(max_length=VALUE_LIMIT)]
_SLOT = re.compile(r"\[\[([^\[\]]+)\]\]\s*[:=]\s*(.*)", re.DOTALL)
_FILE = re.compile(r"([^|]+)\.(?:txt|json)", re.IGNORECASE)
_TAG = re.compile(r"<\w+:[^<>]*>")
# Beginnings of lines that a pack does not read as words.
_OTHER_LINES = ("#", "neg:", "name:", "[[")
# Tags, embeddings and escaped signs stay; the other matches would make a prompt that varies.
# In a tag underscores are safe inside a name, not around a whole one.
_BRACE = re.compile(r"\\.|[{}]|(?<=:)__(?=[^:<>]*[:>])")
_HASHED = re.compile(r"\s+(#\w\S*)")
# What Windows allows in no file name, and what no system shows.
_UNUSABLE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')


class Place(NamedTuple):
    """From `offset` in a joined text on, its characters are in the file at `line` from `column` on, both from 1."""

    offset: int
    line: int
    column: int


class Slot(Struct, frozen=True, omit_defaults=True):
    """The values of `[[name]]`: `values`, or the lines of the wildcard file called `file`.

    `line` is where the pack's text defines it; 0 when it comes from the pack's settings.
    """

    name: _Word
    values: tuple[_Text, ...] = ()
    file: Annotated[str, Meta(max_length=500)] = ""
    line: Annotated[int, Meta(ge=0)] = 0


class PackPrompt(Struct, frozen=True):
    """One prompt of a pack. `line` is its first line in the file, from 1; the `…_at` are for `spot`."""

    prompt_id: str
    name: str
    positive: str
    negative: str
    line: int
    positive_at: tuple[Place, ...] = ()
    negative_at: tuple[Place, ...] = ()


class PackProblem(Struct, frozen=True):
    """A mistake or doubt in a pack. Line and column count from 1; line 0 is the pack's settings."""

    line: int
    column: int
    message: str


class PromptPack(Struct, frozen=True):
    """A pack as read from one file. Errors make it unusable, warnings do not. `slots` are those its text defines."""

    pack_id: str
    prompts: tuple[PackPrompt, ...]
    errors: tuple[PackProblem, ...] = ()
    warnings: tuple[PackProblem, ...] = ()
    slots: tuple[Slot, ...] = ()


def spot(at: Sequence[Place], offset: int) -> tuple[int, int]:
    """Line and column in the file of a character of a joined text; without a file the text counts as one line."""
    nth = bisect_right(at, offset, key=lambda place: place.offset) - 1
    if nth < 0:
        return (at[0].line, at[0].column) if at else (1, offset + 1)
    return at[nth].line, at[nth].column + offset - at[nth].offset


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, for any line ends, without a BOM."""
    # Not str.splitlines: it also splits at U+2028 and form feed, which are legal inside a prompt.
    unix = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return enumerate(unix.split("\n"), start=1)


class Part(NamedTuple):
    """A piece of a line and its place."""

    text: str
    line: int
    column: int


class _Block:
    """The lines of one prompt while they are being read."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.name: Part | None = None
        self.positive: list[Part] = []
        self.negative: list[Part] = []


class PackBuilder:
    """Collects prompts, slots and problems while a file is read, and makes a pack of them."""

    def __init__(self) -> None:
        self.errors: list[PackProblem] = []
        self.warnings: list[PackProblem] = []
        self._prompts: list[PackPrompt] = []
        self._slots: dict[str, Slot] = {}
        self._taken: set[str] = set()

    def pack(self, pack_id: str) -> PromptPack:
        """The pack of what was taken so far."""
        errors = _few(self.errors)
        if not self._prompts and not errors:
            message = "The pack has no prompt. Write one prompt, leave a blank line, write the next."
            errors = (PackProblem(1, 1, message),)
        return PromptPack(pack_id, tuple(self._prompts), errors, _few(self.warnings), tuple(self._slots.values()))

    def without_comment(self, line: str, number: int, column: int) -> str:
        """A line without its comment. A # that may have been meant as a sign is a warning; a name may hold one."""
        if "#" not in line:
            return line
        # Not above: its patterns take longer to make ready than the window to open.
        from .parser import without_comment

        words = line if line[:5].lower() == "name:" else without_comment(line)
        if words and (word := _HASHED.match(line, len(words))):
            message = f"“{word[1]}” begins a comment, so it is not sent. Write \\{word[1]} if it belongs to the prompt."
            self.warnings.append(PackProblem(number, column + word.start(1), message))
        return words

    def slot(self, line: str, number: int, column: int) -> bool:
        """Take a line that defines a slot; False when it does not."""
        found = _SLOT.fullmatch(line)
        if found is None:
            return False
        name, problem = found[1].strip(), ""
        values = values_in(found[2])
        file = _FILE.fullmatch(values[0]) if len(values) == 1 else None
        if not 0 < len(name) <= 200 or any(len(value) > VALUE_LIMIT for value in values):
            problem = "This slot is too long or has no name and was left out."
        elif not any(values):
            problem = f"[[{name}]] has no values. Write [[{name}]]: one | two"
        elif name in self._slots:
            problem = f"[[{name}]] is defined twice; the first one counts."
        else:
            self._slots[name] = Slot(name, () if file else values, file[1].strip() if file else "", number)
        if problem:
            self.warnings.append(PackProblem(number, column, problem))
        return True

    def prompt(self, line: int, positive: Sequence[Part], negative: Sequence[Part], name: Part | None) -> None:
        """Take a prompt; without a text it is an error."""
        text, at = _joined(positive, " ")
        if not text:
            self.errors.append(PackProblem(line, 1, "This prompt has a negative or a name but no text of its own."))
            return
        against, against_at = _joined([part for part in negative if part.text], ", ")
        if len(text) > LONGEST_TEXT or len(against) > LONGEST_TEXT:
            message = (
                f"This prompt has {max(len(text), len(against)):,} characters, {LONGEST_TEXT:,} is the most. A blank "
                "line ends a prompt; a list of choices can be a wildcard file."
            )
            self.errors.append(PackProblem(line, 1, message))
            return
        called = self._unique(self._name(name) or _short(text), name)
        self._prompts.append(PackPrompt(called, called, text, against, line, at, against_at))

    def _name(self, name: Part | None) -> str:
        if name is None:
            return ""
        given = " ".join(name.text.split())[:NAME_LIMIT].rstrip()
        clean = " ".join(_UNUSABLE.sub("-", given).split())
        clean = clean if clean.strip(" .-_") else ""
        if clean != given:
            became = f"it became “{clean}”" if clean else "the first words of the prompt are used instead"
            message = f"This name holds what no file name may hold; {became}."
            self.warnings.append(PackProblem(name.line, name.column, message))
        return clean

    def _unique(self, name: str, given: Part | None) -> str:
        unique = name
        while unique.casefold() in self._taken:
            unique = f"{unique} ({len(self._prompts) + 1})"
        if unique != name and given is not None:
            message = f"There is another prompt called “{name}”; this one is called “{unique}”."
            self.warnings.append(PackProblem(given.line, given.column, message))
        self._taken.add(unique.casefold())
        return unique


def parse_pack(text: str, pack_id: str) -> PromptPack:
    """Read pack text (a BOM, CRLF and separator lines with blanks are fine). Never raises."""
    builder = PackBuilder()
    blocks: list[_Block] = []
    block: _Block | None = None
    for number, raw in lines_of(text):
        line = raw.strip()
        if not line:
            block = None
            continue
        column = len(raw) - len(raw.lstrip()) + 1
        line = builder.without_comment(line, number, column)
        if not line or builder.slot(line, number, column):
            continue
        if block is None:
            block = _Block(number)
            blocks.append(block)
        _read_line(block, Part(line, number, column), builder.warnings)
    for one in blocks:
        builder.prompt(one.line, one.positive, one.negative, one.name)
    return builder.pack(pack_id)


def _read_line(block: _Block, line: Part, warnings: list[PackProblem]) -> None:
    head = line.text[:5].lower()
    if head.startswith("neg:"):
        block.negative.append(_after(line, 4))
    elif head == "name:":
        if block.name is None:
            block.name = _after(line, 5)
        else:
            warnings.append(
                PackProblem(line.line, line.column, "This prompt has a name already; the first one counts.")
            )
    else:
        if block.negative:
            message = (
                "Text after neg: without its own neg: belongs to the prompt, not the negative. "
                "Write neg: before it too if it goes on with the negative."
            )
            warnings.append(PackProblem(line.line, line.column, message))
        block.positive.append(line)


def _after(line: Part, length: int) -> Part:
    """The rest of a line after a word of this length."""
    rest = line.text[length:]
    return Part(rest.strip(), line.line, line.column + length + len(rest) - len(rest.lstrip()))


def _joined(parts: Sequence[Part], between: str) -> tuple[str, tuple[Place, ...]]:
    at: list[Place] = []
    offset = 0
    for part in parts:
        at.append(Place(offset, part.line, part.column))
        offset += len(part.text) + len(between)
    return between.join(part.text for part in parts), tuple(at)


def values_in(text: str) -> tuple[str, ...]:
    """The values of `a | b`, stripped. A | inside {a|b} or [a|b] does not separate; `\\|` is a plain |."""
    values, value, depth = [], "", 0
    letters = iter(text)
    for letter in letters:
        if letter == "\\":
            following = next(letters, "")
            value += following if following == "|" else letter + following
            continue
        depth = max(0, depth + (letter in "{[") - (letter in "}]"))
        if letter == "|" and not depth:
            values.append(value.strip())
            value = ""
        else:
            value += letter
    return (*values, value.strip())


def _short(text: str) -> str:
    """First words of a prompt, for lists: at most 40 characters, cut at a word; tags come last."""
    words = " ".join(_TAG.sub(" ", text).split()).strip(" ,") or text
    if len(words) <= 40:
        return words
    return words[:40].rsplit(" ", 1)[0].rstrip(",;: ") or words[:40]


def _few(problems: Sequence[PackProblem]) -> tuple[PackProblem, ...]:
    if len(problems) <= MOST_PROBLEMS:
        return tuple(problems)
    rest = problems[MOST_PROBLEMS]
    more = PackProblem(rest.line, rest.column, f"{len(problems) - MOST_PROBLEMS} more of this kind from here on.")
    return (*problems[:MOST_PROBLEMS], more)


def successors(before: Sequence[PackPrompt], after: Sequence[PackPrompt]) -> dict[str, str]:
    """The new id of each prompt by its id before the pack was edited: a changed text may have changed it.

    Prompts that are gone are left out.
    """
    from difflib import SequenceMatcher

    old, new = [prompt.prompt_id for prompt in before], [prompt.prompt_id for prompt in after]
    found: dict[str, str] = {}
    for kind, start, end, other, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal" or (kind == "replace" and end - start == last - other):
            found.update(zip(old[start:end], new[other:last], strict=True))
    there = set(new)
    # A prompt that was only moved.
    return found | {one: one for one in old if one in there}


def with_lora_weight(prompt: str, name: str, weight: float, *, add: bool = False) -> str:
    """The prompt with this weight in every `<lora:name:…>`. Without such a tag it stays; with `add` it gets one."""
    tag = f"<lora:{name}:{weight:g}>"
    changed, count = re.subn(_lora_tag(name), lambda _match: tag, prompt)
    return f"{prompt.rstrip()} {tag}" if add and not count else changed


def with_preset_loras(prompt: str, weights: Mapping[str, float], instead: Mapping[str, Collection[str]]) -> str:
    """The prompt with the LoRA weights of presets. Those that stand `instead` of others are put in, too; the others
    keep their tags.
    """
    for name, weight in weights.items():
        if name in instead:
            prompt = with_lora_instead(prompt, name, weight, map(lora_key, instead[name]))
        else:
            prompt = with_lora_weight(prompt, name, weight)
    return prompt


def has_lora(prompt: str, name: str) -> bool:
    """Whether a prompt has a `<lora:name:…>`."""
    return re.search(_lora_tag(name), prompt) is not None


def _lora_tag(name: str) -> str:
    return rf"<lora:{re.escape(name)}(?::[^>]*)?>"


def pack_block(name: str, prompt: str, negative: str) -> str:
    """Write one prompt as a block of a pack that gives the same prompt when it is run.

    Blank lines go, { } and __ are escaped; a beginning that a pack would not read as words gets a comma before it.
    """
    lines = [f"name: {_one_line(name)[:NAME_LIMIT] or 'picture'}"]
    words: list[str] = []
    for line in _lines(as_words(prompt)):
        if not line.lower().startswith(_OTHER_LINES):
            words.append(line)
        elif words:
            # The reader joins lines with a blank, so this is the same prompt.
            words[-1] += f" {line}"
        else:
            words.append(f", {line}")
    lines += words
    if negative.strip():
        lines.append(f"neg: {_one_line(as_words(negative))}")
    return "\n".join(lines) + "\n"


def as_words(text: str) -> str:
    """A text of a pack that is this text when it is expanded: what would vary is escaped."""
    return _varying().sub(_as_words, text)


@cache
def _varying() -> re.Pattern[str]:
    from .parser import EMBEDDING

    return re.compile(rf"<\w+:[^<>]*>|{EMBEDDING}|\\.|[{{{{}}}}]|__|\$\$|(?<!\S)#|\[(?=\[[\w-]+\]\])")


def _as_words(match: re.Match[str]) -> str:
    found = match[0]
    if found in ("{", "}", "__", "#"):
        return f"\\{found}"
    if found == "$$":
        return "\\$\\$"
    if found[0] == "<":
        return _BRACE.sub(_as_words, found)
    # A word weakened twice, not the use of a slot.
    return "[ " if found == "[" else found


def _one_line(text: str) -> str:
    return " ".join(_lines(text))


def _lines(text: str) -> list[str]:
    unix = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return [line for raw in unix.split("\n") if (line := raw.strip())]
