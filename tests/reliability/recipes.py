"""Texts of pictures and workflows, changed at random: each ends in a recipe, a workflow or a sentence, in little time
and memory.
"""

from __future__ import annotations

import json
import time
import tracemalloc
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
LARGE = 64 << 20  # bytes


def recipes(dice: Random, _folder: Path, count: int) -> Outcome:
    """What pictures of all tools hold, and workflows dropped on the window."""
    found = Outcome()
    known = kinds()
    tracemalloc.start()
    for _ in range(count):
        texts = changed_texts(dice)
        found.tries += 1
        found.faults += 1
        tracemalloc.reset_peak()
        before, begun = tracemalloc.get_traced_memory()[0], time.process_time()
        try:
            _read(texts, known)
        except Exception as error:
            found.uncaught += 1
            found.note(f"{type(error).__name__}: {error}: {str(texts)[:300]}")
        took, peak = time.process_time() - begun, tracemalloc.get_traced_memory()[1] - before
        if took > SLOW_S or peak > LARGE:
            found.hangs += 1
            found.note(f"{took:.2f} s, {peak >> 20} MiB: {str(texts)[:300]}")
    tracemalloc.stop()
    return found


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
