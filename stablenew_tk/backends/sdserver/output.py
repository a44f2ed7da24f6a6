"""What an sd-server prints: how far the picture is, and its last words, without the folders of this computer."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...domain.base.printed import without_escapes
from ..base import StageProgress

LONGEST = 400
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ufffd]+")
# "  |=====>        | 5/20 - 1.31s/it": steps and tiles count in iterations, weights that are loaded in bytes.
_PROGRESS = re.compile(r"\|[^|\r\n]*\|\s*(\d{1,5})/(\d{1,5}) - [\d.]+\s?(s/it|it/s|[KMG]?B/s)")
_BAR = re.compile(r"\|[=> ]*\|\s*\d+/\d+")
_PREFIX = re.compile(r"^\[?(?:ERROR|WARN|INFO|DEBUG)\s*\]?\s*(?:[\w./\\-]+\.(?:cpp|hpp|h|cu|c)\s*:\d+\s*-\s*)?")
_BAD = re.compile(r"error|fail|exception|abort|bad_alloc|terminate|cannot|not found|unsupported", re.IGNORECASE)
# Any folder of this computer: only the last part of a path is told.
_FOLDERS = re.compile(r"(?<![\w/\\:])(?:[A-Za-z]:)?[/\\]+(?:[^\s/\\'\"<>|:*?]+[/\\]+)+")


def progress_of(printed: bytes, steps: int) -> StageProgress | None:
    """Progress of the stage by what was printed since it began; None when that says nothing.

    `steps` are those asked for, 0 = unknown. A bar of another length is of something else: a second pass, or tiles.
    """
    bars = _PROGRESS.findall(printed.decode("utf-8", "replace"))
    if not bars:
        return None
    step, total, unit = int(bars[-1][0]), max(1, int(bars[-1][1])), bars[-1][2]
    if unit.endswith("B/s"):
        return StageProgress(state="loading checkpoint")
    known = total == steps or not steps
    return StageProgress(fraction=min(1.0, step / total), step=step if known else 0, steps=total if known else 0)


def last_words(printed: bytes, folders: Iterable[str]) -> str:
    """Its last sentences, those about errors first, in one line of at most 400 characters; "" when it said nothing.

    `folders` are folders that it was told of; they, and everything that looks like a folder, are left out.
    """
    text = without_escapes(printed.decode("utf-8", "replace"))
    lines = [_CONTROL.sub(" ", line).strip() for line in re.split(r"[\r\n]+", text)]
    said = [_PREFIX.sub("", line) for line in lines if line and not _BAR.search(line)]
    bad = [line for line in said if _BAD.search(line)]
    # A program that does not know an option prints its whole manual after the one line that counts.
    manual = len(said) > 40 and bad[:1]
    told = manual or bad[-3:] or said[-2:]
    return _without_folders(" · ".join(dict.fromkeys(line for line in told if line)), folders)[:LONGEST].rstrip(" .·")


def _without_folders(text: str, folders: Iterable[str]) -> str:
    # The longest first, and as they were told: names with spaces cannot be recognised.
    for folder in sorted({one for one in folders if len(one) > 1}, key=len, reverse=True):
        text = text.replace(folder.rstrip("/\\") + "/", "").replace(folder.rstrip("/\\") + "\\", "")
        text = text.replace(folder, "…")
    return _FOLDERS.sub("", text)
