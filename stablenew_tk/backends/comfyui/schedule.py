"""Prompts that change while the picture is made, as a WebUI reads them: `[a:b:0.5]`, `[a:10]`, `[a::0.3]`.

Written in brackets stand the words before, the words after, and when they change: a number with a point is a share of
the steps, one without a count of steps. `[a|b]`, which changes with every step, has no counterpart in ComfyUI.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from .noise import share_of_noise

_SIGN = re.compile(r"\\.|[()\[\]:|]", re.DOTALL)
_NUMBER = re.compile(r"\s*([+-]?(?:\d{1,9}\.?\d{0,9}|\.\d{1,9})(?:[eE][+-]?\d{1,2})?)\s*")
_CLOSES = {"(": ")", "[": "]"}
_DEEPEST = 50


class PassTiming(Struct, frozen=True, kw_only=True):
    """The steps of one pass over a picture.

    A schedule of `total` steps is planned, of which those from `first` on are run; shares in a prompt are shares of
    `steps`. `before_hires` is 0 for a first pass, for the second the steps of the first. `scheduler` is ComfyUI's name.
    """

    steps: int
    total: int
    first: int = 0
    before_hires: int = 0
    scheduler: str = "normal"


class PromptSpan(Struct, frozen=True):
    """Words for a part of the schedule, whose shares of the noise are `start` to `end`: 0 is all noise, 1 none."""

    text: str
    start: float = 0.0
    end: float = 1.0


class _Change(Struct, frozen=True):
    before: tuple[_Part, ...]
    after: tuple[_Part, ...]
    when: str


_Part = str | _Change


class Alternation(Exception):
    """The prompt has words that alternate with every step. `text` is what was written."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def spans(text: str, timing: PassTiming) -> tuple[PromptSpan, ...]:
    """The words of each part of the schedule, in order. Raises Alternation."""
    parts = _read(text, 0)
    run = timing.total - timing.first
    changes = sorted({step for step in _steps(parts, timing) if 0 < step < min(run, timing.steps)})
    if not changes:
        return (PromptSpan(_at(parts, 1, timing)),)
    shares = [0.0, *(_share(timing, step) for step in changes), 1.0]
    texts = [_at(parts, step + 1, timing) for step in (0, *changes)]
    return tuple(PromptSpan(text, start, end) for text, (start, end) in zip(texts, pairwise(shares), strict=True))


def _share(timing: PassTiming, step: int) -> float:
    return round(share_of_noise(timing.first + step, timing.total, timing.scheduler), 4)


def _step(when: str, timing: PassTiming) -> int:
    """After how many steps of this pass the words change; 0 or less: before the first."""
    second = timing.before_hires > 0
    if "." in when:
        return min(timing.steps, int((float(when) - second) * timing.steps))
    return min(timing.steps, int(float(when)) - timing.before_hires)


def _steps(parts: Iterable[_Part], timing: PassTiming) -> Iterable[int]:
    for part in parts:
        if isinstance(part, _Change):
            yield _step(part.when, timing)
            yield from _steps((*part.before, *part.after), timing)


def _at(parts: Iterable[_Part], step: int, timing: PassTiming) -> str:
    texts: list[str] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        else:
            texts.append(_at(part.before if step <= _step(part.when, timing) else part.after, step, timing))
    return "".join(texts)


def _read(text: str, depth: int) -> tuple[_Part, ...]:
    """The parts of a text; brackets that are no change, or never closed, stay words."""
    if depth > _DEEPEST or "[" not in text:
        return (text,) if text else ()
    parts: list[_Part] = []
    at = 0
    closing = _pairs(text)
    for match in _SIGN.finditer(text):
        start = match.start()
        if match[0] != "[" or start < at or start not in closing:
            continue
        end = closing[start]
        inner = text[start + 1 : end]
        change = _change(inner, depth)
        parts.append(text[at:start])
        parts += [change] if change else ["[", *_read(inner, depth + 1), "]"]
        at = end + 1
    return (*(part for part in parts if part), *((text[at:],) if text[at:] else ()))


def _pairs(text: str) -> dict[int, int]:
    """Where each bracket that is opened is closed; brackets that cross are not paired."""
    found: dict[int, int] = {}
    opened: list[tuple[str, int]] = []
    for match in _SIGN.finditer(text):
        sign = match[0]
        if sign in _CLOSES:
            opened.append((sign, match.start()))
        elif sign in ")]" and opened and _CLOSES[opened[-1][0]] == sign:
            found[opened.pop()[1]] = match.start()
        elif sign == "]" and any(bracket == "[" for bracket, _ in opened):
            # A round bracket that is never closed stands in a square one: it is a word there.
            while opened[-1][0] != "[":
                opened.pop()
            found[opened.pop()[1]] = match.start()
    return found


def _change(inner: str, depth: int) -> _Change | None:
    pieces, bars = _split(inner)
    if bars:
        raise Alternation(f"[{inner}]")
    number = _NUMBER.fullmatch(pieces[-1]) if 2 <= len(pieces) <= 3 else None
    if number is None:
        return None
    before = _read(pieces[0], depth + 1) if len(pieces) == 3 else ()
    return _Change(before, _read(pieces[-2], depth + 1), number[1])


def _split(inner: str) -> tuple[Sequence[str], bool]:
    """The parts between colons outside of inner brackets, and whether bars stand there."""
    pairs = _pairs(inner)
    pieces, begin, skip, bars = [], 0, -1, False
    for match in _SIGN.finditer(inner):
        place = match.start()
        if place < skip:
            continue
        skip = pairs.get(place, skip)
        bars |= match[0] == "|"
        if match[0] == ":":
            pieces.append(inner[begin:place])
            begin = place + 1
    return [*pieces, inner[begin:]], bars
