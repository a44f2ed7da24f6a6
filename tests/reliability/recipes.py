"""Texts of pictures and workflows, changed at random: each ends in a recipe, a workflow or a sentence, in little time
and memory.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from random import Random

from changed_recipes import changed_texts
from comfy_workflows import kinds

from reliability.outcome import Outcome
from stablenew_tk.domain.base.errors import StableNewError
from stablenew_tk.domain.recipes.reader import recipe_from
from stablenew_tk.domain.workflows.check import missing_in
from stablenew_tk.domain.workflows.workflow import looks_like_one, read_workflow

SLOW_S = 1.0  # of processor time
LARGE = 64 << 20  # bytes above what the process had at the beginning


def recipes(dice: Random, _folder: Path, count: int) -> Outcome:
    """What pictures of all tools hold, and workflows dropped on the window."""
    found = Outcome()
    known = kinds()
    most = _most_memory()
    for _ in range(count):
        texts = changed_texts(dice)
        found.tries += 1
        found.faults += 1
        begun = time.process_time()
        try:
            _read(texts, known)
        except Exception as error:
            found.uncaught += 1
            found.note(f"{type(error).__name__}: {error}: {str(texts)[:300]}")
        took, more = time.process_time() - begun, _most_memory() - most
        if took > SLOW_S or more > LARGE:
            found.hangs += 1
            found.note(f"{took:.2f} s, {more >> 20} MiB: {str(texts)[:300]}")
            most += max(0, more)
    return found


def _most_memory() -> int:
    """The most that this process ever had, in bytes; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def _read(texts: dict[str, str], known) -> None:
    try:
        recipe = recipe_from(texts, (512, 768))
        json.dumps([recipe.prompt, recipe.values, [[one.what, one.value, one.why] for one in recipe.left_out]])
    except StableNewError as refused:
        if not 10 < len(str(refused)) < 400:
            raise AssertionError(f"no sentence: {refused}") from refused
    for text in (texts.get("prompt", ""), texts.get("workflow", "")):
        raw = text.encode("utf-8", "replace")
        if looks_like_one(raw):
            try:
                missing_in(read_workflow(raw, "a.json", known).nodes, known)
            except StableNewError:
                continue
