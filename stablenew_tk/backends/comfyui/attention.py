r"""Weights in a prompt: reads them as a WebUI does and writes them so that ComfyUI reads the same numbers.

((x:1.2):1.3)   1.56 in a WebUI; ComfyUI takes the inner number, so it is sent as (x:1.56)
[x]             weaker by 1.1 in a WebUI, plain signs in ComfyUI: (x:0.91)
(x              stronger up to the end
\( \)           the signs themselves in both; \[ \] and \\ only in a WebUI
x BREAK y       two texts, each read for itself
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

_PIECE = re.compile(r"\\[()\[\]\\]?|[(\[]|:\s*([+-]?[.\d]+)\s*\)|[)\]]|[^\\()\[\]:]+|:")
_BREAK = re.compile(r"\s*\bBREAK\b\s*")
# What ComfyUI reads otherwise than a WebUI: square brackets, and backslashes before anything but round brackets.
_OTHERWISE = re.compile(r"(?<!\\)(?:\\\\)*[\[\]]|\\(?![()])")
_ROUND, _SQUARE = 1.1, 1 / 1.1


class Chunk(Struct, frozen=True):
    """Some words and their weight. `end`: a BREAK stands behind them."""

    text: str
    weight: float = 1.0
    end: bool = False


class _Reading:
    """The chunks read so far and the brackets that are open in them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.weights: list[float] = []
        self.breaks: list[bool] = []
        self.open: list[tuple[str, int]] = []
        self.reads_otherwise = False

    def add(self, text: str, *, is_break: bool = False) -> None:
        self.texts.append(text)
        self.weights.append(1.0)
        self.breaks.append(is_break)

    def close(self, bracket: str, factor: float) -> bool:
        """Close the last open bracket of that kind; false when there is none."""
        at = next((n for n in range(len(self.open) - 1, -1, -1) if self.open[n][0] == bracket), -1)
        if at < 0:
            return False
        _, start = self.open.pop(at)
        for nth in range(start, len(self.weights)):
            self.weights[nth] *= factor
        return True


def read(text: str) -> tuple[tuple[Chunk, ...], bool]:
    """The chunks of a prompt with the weights a WebUI gives them, and whether ComfyUI reads it in that way too."""
    found = _Reading()
    for match in _PIECE.finditer(text):
        piece, number = match[0], _number(match[1])
        if piece.startswith("\\"):
            found.add(piece[1:])
        elif piece in "([":
            found.open.append((piece, len(found.texts)))
        elif number is not None and any(bracket == "(" for bracket, _ in found.open):
            found.close("(", number)
            # A number in a bracket, and one that stands for no words.
            found.reads_otherwise |= bool(found.open) or text[match.start() - 1] == "("
        elif not (piece == ")" and found.close("(", _ROUND)) and not (piece == "]" and found.close("[", _SQUARE)):
            # Behind a bracket that nothing opened, ComfyUI reads all others as signs.
            found.reads_otherwise |= piece.endswith(")")
            for nth, part in enumerate(_BREAK.split(piece)):
                if nth:
                    found.add("", is_break=True)
                found.add(part)
    found.reads_otherwise |= bool(found.open or _OTHERWISE.search(text))
    while found.open:
        bracket = found.open[-1][0]
        found.close(bracket, _ROUND if bracket == "(" else _SQUARE)
    return tuple(_merged(found)), not found.reads_otherwise


def _number(written: str | None) -> float | None:
    try:
        return None if written is None else float(written)
    except ValueError:
        return None  # "1.2.3" is no number, but it stands where one may


def _merged(found: _Reading) -> Iterator[Chunk]:
    """Chunks of one weight become one."""
    text, weight = "", 1.0
    for part, its_weight, is_break in zip(found.texts, found.weights, found.breaks, strict=True):
        if is_break:
            yield Chunk(text, weight, end=True)
            text = ""
        elif not text or its_weight == weight:
            text, weight = text + part, its_weight if part or not text else weight
        elif part:
            yield Chunk(text, weight)
            text, weight = part, its_weight
    yield Chunk(text, weight)


def for_comfyui(text: str) -> tuple[str, ...]:
    """The text in ComfyUI's spelling, in the parts between which BREAK stood; always at least one, which may be ""."""
    chunks, same = read(text)
    if same and not any(chunk.end for chunk in chunks):
        return (text.strip(),)
    parts = [""]
    for chunk in chunks:
        written = _written(chunk)
        # A backslash must not come to stand before the bracket of a weight: it would make it a sign.
        parts[-1] += f" {written}" if parts[-1].endswith("\\") and written.startswith("(") else written
        if chunk.end:
            parts.append("")
    parts = [part.strip() for part in parts]
    # A WebUI makes no chunk after the last words.
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return tuple(parts)


def _written(chunk: Chunk) -> str:
    literal = re.sub(r"([()])", r"\\\1", chunk.text)
    if not literal.strip() or abs(chunk.weight - 1.0) < 0.005:
        return literal
    begin = chunk.text[: len(chunk.text) - len(chunk.text.lstrip())]
    end = chunk.text[len(chunk.text.rstrip()) :]
    return f"{begin}({literal.strip()}:{_shown(chunk.weight)}){end}"


def _shown(weight: float) -> str:
    # Weights that are written in a prompt have few digits; products and quotients have too many.
    short = round(weight, 3)
    return f"{short if abs(short - weight) < 1e-9 else round(weight, 2):g}"
