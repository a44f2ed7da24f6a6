"""The generation text that WebUIs write into pictures ("parameters"): prompt, negative prompt, one line of values.

    a red cube
    Negative prompt: blurry
    Steps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 512x512, Model: some_model

Foreign pictures carry foreign text, so reading never raises, takes time in proportion to the length, and drops what
it cannot understand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from ..base.errors import InvalidInput
from ..config.catalogue import Value, parameter

LIMIT = 64 * 1024
_NEGATIVE = "Negative prompt:"
_NEGATIVE_START = re.compile(r"(?:Negative prompt[:：]\s*)+", re.IGNORECASE)
# Typed on a keyboard for Chinese or Japanese.
_WIDE = str.maketrans("，：", ",:")
_BREAKS = re.compile(r"[\n\r\0]")
_ODD = re.compile(r"[,:\n\r\0]")
_KEY = re.compile(r"\w[\w \-/]+")
# A line of values has at least this many; fewer is a prompt that happens to hold a colon.
_FEWEST = 3
_START = re.compile(r"[ \t]*(?:Steps|Sampler|CFG scale|Seed|Size|Model(?: hash)?): ?\S", re.IGNORECASE)
# Without the steps a line needs as many of these to be one of values.
_SURE = {"sampler", "schedule type", "cfg scale", "seed", "size", "model", "model hash"}
_QUOTES_OR_BREAK = re.compile(r"""(?s:: *"(?:[^"\\]|\\.)*"(?= *(?:,|\n|$)))|\n""")
_TRIES = 20
# A value that is JSON although nobody put it in quotes.
_JSON = re.compile(r"""\{\s*["}]|\[\s*[\[{"\]]""")
# Before schedulers had a name of their own, they were the last words of the sampler's name.
SCHEDULER_SUFFIXES = ("SGM Uniform", "Polyexponential", "Exponential", "Karras")
_NTH = {"2nd": 1, "3rd": 2, "4th": 3}

COMMON = {"Seed": "seed", "Model": "checkpoint", "VAE": "vae", "Clip skip": "clip_skip"}
SAMPLING = {"Steps": "steps", "Sampler": "sampler", "Schedule type": "scheduler", "CFG scale": "cfg_scale"}
_TXT2IMG = {
    "Distilled CFG Scale": "txt2img.guidance",
    "Shift": "txt2img.shift",
    "Variation seed": "txt2img.subseed",
    "Variation seed strength": "txt2img.subseed_strength",
    "Variation strength": "txt2img.subseed_strength",
    "Denoising strength": "hires.denoise",
    "Hires upscale": "hires.scale",
    "Hires steps": "hires.steps",
    "Hires upscaler": "hires.upscaler",
    "Hires CFG Scale": "hires.cfg_scale",
    "Hires sampler": "hires.sampler",
    "Hires schedule type": "hires.scheduler",
    "Hires checkpoint": "hires.checkpoint",
    "Hires prompt": "hires.prompt",
    "Hires negative prompt": "hires.negative",
    "Refiner": "refiner.checkpoint",
    "Refiner switch at": "refiner.switch_at",
}
WRITTEN = {key.casefold(): key for key in (*COMMON, *SAMPLING, *_TXT2IMG, "Size", "Model hash", "Version")}
_GOING_ON = {*COMMON, *SAMPLING, *_TXT2IMG, "Size", "Version", "Model hash", "Clip skip"}
_DETAILER = {
    "model": "model",
    "prompt": "prompt",
    "negative prompt": "negative",
    "confidence": "confidence",
    "denoising strength": "denoise",
    "mask blur": "mask_blur",
    "dilate erode": "dilate_erode",
    "inpaint padding": "mask_padding",
    "steps": "steps",
    "CFG scale": "cfg_scale",
    "sampler": "sampler",
    "scheduler": "scheduler",
}


class Infotext(Struct, frozen=True):
    """The three parts of a generation text. `values` keeps the writer's keys and spelling; `after` are the lines that
    other programs wrote behind the values.
    """

    prompt: str = ""
    negative: str = ""
    values: dict[str, str] = {}
    after: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as written (the first pass when there are two), or (0, 0)."""
        width, _, height = self.values.get("Size", "").partition("x")
        return (int(width), int(height)) if _is_count(width) and _is_count(height) else (0, 0)


def parse(text: str) -> Infotext:
    """Take a generation text apart. Never raises; each part is cut at 64 KiB."""
    clean = _clean(text)
    body, _, last = clean.rpartition("\n")
    values, after = _values_of(last), ""
    if not values:
        body, values, after = _block(clean)
    prompt: list[str] = []
    negative: list[str] = []
    part = prompt
    for raw in body[:LIMIT].split("\n"):
        line = raw.strip()
        if start := _NEGATIVE_START.match(line):
            part = negative
            line = line[start.end() :]
        part.append(line)
    return Infotext("\n".join(prompt).strip(), "\n".join(negative).strip(), values, after)


def _values_of(line: str) -> dict[str, str]:
    for one in dict.fromkeys((line[:LIMIT], line[:LIMIT].translate(_WIDE))):
        values = dict(_pairs(one))
        keys = {key.casefold() for key in values}
        if len(values if "steps" in keys else keys & _SURE) >= _FEWEST:
            return values
    return {}


def _block(text: str) -> tuple[str, dict[str, str], str]:
    """What stands before the values, the values, and what stands behind them, when they are not the last line alone.

    A line that begins with the steps is theirs; the last one, since words may hold such a line as well. A value in
    quotes may hold line breaks.
    """
    lines = text.split("\n")
    starts = [nth for nth, line in enumerate(lines) if _START.match(line)]
    for nth in reversed(starts[-_TRIES:]):
        tail = "\n".join(lines[nth:])[:LIMIT]
        breaks = (found.start() for found in _QUOTES_OR_BREAK.finditer(tail) if found[0] == "\n")
        end = next(breaks, len(tail))
        values = _values_of(tail[:end])
        if values and not any(_NEGATIVE_START.match(line) for line in tail[end:].split("\n")):
            return "\n".join(lines[:nth]), values, _without_values(tail[end:], values)
    return text, {}, ""


def _without_values(text: str, values: dict[str, str]) -> str:
    """The lines that hold no values; those of the others are added."""
    others: list[str] = []
    for line in text.strip().split("\n"):
        pairs = dict(_pairs(line))
        if next(iter(pairs), "") in _GOING_ON:
            values.update({**pairs, **values})
        else:
            others.append(line.strip())
    return "\n".join(others).strip()


def written(info: Infotext) -> str:
    """The text of which `parse` makes the same parts again, as long as it is shorter than 64 KiB."""
    text = format_infotext(info.prompt, info.negative, list(info.values.items()))
    return f"{text}\n{info.after}" if info.after else text


def _clean(text: str) -> str:
    # Half a surrogate pair can neither be saved nor printed; zero bytes are what C programs leave at the end.
    plain = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    return plain.replace("\r\n", "\n").replace("\r", "\n").strip().strip("\ufeff").strip()


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    at = 0
    braces_balance = True
    while at < len(line):
        colon, comma = line.find(":", at), line.find(",", at)
        if colon < 0:
            return
        if 0 <= comma < colon:
            # Words without a value: the tail of an unquoted value with a comma, or bare keys.
            at = line.rfind(",", at, colon) + 1
            continue
        key = line[at:colon].strip()
        start = colon + 1
        while start < len(line) and line[start] == " ":
            start += 1
        end = -1
        if line.startswith('"', start):
            end = _after_quotes(line, start)
        elif braces_balance and _JSON.match(line, start):
            # Written unquoted although it is full of commas. One failed search is enough, else it would be quadratic.
            end = _after_braces(line, start)
            if end < len(line) and line[end : end + 1] != ",":
                end = -1
            braces_balance = end >= 0
        if end < 0:
            end = comma if comma >= 0 else len(line)
        if _KEY.fullmatch(key):
            yield key, _unquoted(line[start:end].strip())
        at = end + 1


def _after_quotes(line: str, start: int) -> int:
    """Where the comma after a quoted value is (or the end); −1 when it is no whole quoted value."""
    at = start + 1
    while at < len(line) and line[at] != '"':
        at += 2 if line[at] == "\\" else 1
    at += 1
    while at < len(line) and line[at] == " ":
        at += 1
    if at > len(line) or (at < len(line) and line[at] != ","):
        return -1
    return at


def _after_braces(line: str, start: int) -> int:
    depth = 0
    quoted = escaped = False
    for at in range(start, len(line)):
        char = line[at]
        if escaped:
            escaped = False
        elif quoted and char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "{}[]":
            depth += 1 if char in "{[" else -1
            if depth == 0:
                return at + 1
    return -1


def _unquoted(text: str) -> str:
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    try:
        # Not json.loads: that would let half a surrogate pair through, which no journal line can hold.
        # JSON has no line breaks in a text; some extensions write them all the same.
        return msgspec.json.decode(text.replace("\n", "\\n"), type=str)
    except (msgspec.MsgspecError, ValueError):
        return text


def format_infotext(prompt: str, negative: str, pairs: Sequence[tuple[str, Value]]) -> str:
    """Write a generation text as A1111 does: values with a comma, colon or line break are quoted as JSON."""
    line = ", ".join(f"{key}: {_quoted(key, str(value))}" for key, value in pairs)
    head = f"{prompt}\n{_NEGATIVE} {negative}" if negative else prompt
    return f"{head}\n{line}".strip()


def _quoted(key: str, text: str) -> str:
    if key == "Hashes" and text.startswith("{") and _after_braces(text, 0) == len(text) and not _BREAKS.search(text):
        return text
    odd = _ODD.search(text) or text.startswith('"') or _JSON.match(text) or text != text.strip()
    return json.dumps(text, ensure_ascii=False) if odd else text


def split_sampler(name: str) -> tuple[str, str]:
    """Sampler and scheduler of a joined name ("DPM++ 2M Karras"); scheduler "" when there is none in it."""
    for suffix in SCHEDULER_SUFFIXES:
        if name.endswith(" " + suffix):
            return name[: -len(suffix) - 1], suffix
    return name, ""


def applied_values(values: Mapping[str, str], stage: str) -> dict[str, Value]:
    """What the text says was done, by catalogue path, and `seed`. `stage` tells which stage's fields are meant.

    Size is left out: servers write what was asked, not what they made. Unreadable numbers are left out too.
    """
    applied: dict[str, Value] = {}
    for path, text in named_values(values, stage).items():
        value = _value(path, text)
        if value is not None:
            applied[path] = value
    for block in (stage, "hires"):
        if f"{block}.sampler" in applied and f"{block}.scheduler" not in applied:
            name, scheduler = split_sampler(str(applied[f"{block}.sampler"]))
            if scheduler:
                applied[f"{block}.sampler"], applied[f"{block}.scheduler"] = name, scheduler
    return applied


def inpainting(values: Mapping[str, str]) -> dict[str, Value]:
    """How a mask was used, by catalogue path; {} where the text tells of no mask. What is usual is not written."""
    if not {"Mask blur", "Masked content", "Inpaint area", "Mask mode"} & values.keys():
        return {}
    found: dict[str, Value] = {"inpaint.mask_blur": _value("inpaint.mask_blur", values.get("Mask blur", "0")) or 0}
    found["inpaint.content"] = values.get("Masked content", "original")
    found["inpaint.area"] = values.get("Inpaint area", "whole picture").lower()
    found["inpaint.invert"] = "Mask mode" in values
    if (padding := _value("inpaint.padding", values.get("Masked area padding", "x"))) is not None:
        found["inpaint.padding"] = padding
    return found


def named_values(values: Mapping[str, str], stage: str) -> dict[str, str]:
    """The values of a stage as they are written, by catalogue path, and `seed`. ADetailer's third and fourth pass
    have paths too, although the catalogue lists two.
    """
    return {path: text for key, text in values.items() if (path := _path(key, stage))}


def _path(key: str, stage: str) -> str:
    if key in COMMON:
        return COMMON[key]
    if stage == "adetailer":
        return _detailer_path(key)
    if stage == "txt2img" and key in _TXT2IMG:
        return _TXT2IMG[key]
    if stage == "upscale":
        return {"Steps": "upscale.steps", "Denoising strength": "upscale.denoise"}.get(key, "")
    if key in SAMPLING:
        return f"{stage}.{SAMPLING[key]}"
    return "img2img.denoise" if stage == "img2img" and key == "Denoising strength" else ""


def _detailer_path(key: str) -> str:
    word, _, name = key.partition(" ")
    if word != "ADetailer":
        return ""
    head, _, last = name.rpartition(" ")
    nth = _NTH.get(last, 0)
    field = _DETAILER.get(head if nth else name, "")
    return f"adetailer.passes.{nth}.{field}" if field else ""


def _value(path: str, text: str) -> Value | None:
    kind = "int" if path == "seed" else _kind(path)
    try:
        if kind == "int":
            return int(text) if len(text) <= 20 else None
        if kind == "float":
            number = float(text)
            return number if abs(number) < 1e9 else None
    except ValueError:
        return None
    return text


def _kind(path: str) -> str:
    parts = path.split(".")
    # The catalogue lists two passes; the third and fourth have the same fields.
    known = path if len(parts) < 4 else f"{parts[0]}.{parts[1]}.0.{parts[3]}"
    try:
        return parameter(known).kind
    except InvalidInput:
        return "str"


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7
