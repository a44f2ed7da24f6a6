"""Pairs of values: what a Learning Run compares that varies two settings, and which of them a seed row shows.

Every pair is one of the plan's tested values, with a number and a text. Not every row shows every pair: a row has each
value of the longer list once and those of the shorter one as evenly as that allows, so both settings are compared with
the same luck, and as many rows as the shorter list is long show every pair once. Further rows show every pair with
another prompt, until each was shown with all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from ..base.errors import InvalidInput
from ..config.catalogue import Value
from ..config.sweep import LORA_FILE, LORA_WEIGHT, NO_LORA, Focus, is_wording, lora_file, value_text

TIMES = " × "
# Suggested when a second setting is chosen: they are known to depend on each other.
USUAL_PAIRS = (
    (LORA_FILE, LORA_WEIGHT),
    ("txt2img.sampler", "txt2img.scheduler"),
    ("txt2img.steps", "txt2img.cfg_scale"),
    ("hires.denoise", "hires.upscaler"),
)
MOST_PAIRS = 64
ALONE = -1


class ValuePair(Struct, frozen=True):
    """One pair: the places of its values in the two lists, and its text. `second` is ALONE where there is nothing to
    set: no LoRA has no weight.
    """

    first: int
    second: int
    text: str


@lru_cache(maxsize=64)
def pairs_of(path: str, values: tuple[Value, ...], second: str, seconds: tuple[Value, ...]) -> tuple[ValuePair, ...]:
    """All pairs in the order of their numbers, the values of the first list outermost."""
    found: list[ValuePair] = []
    for i, value in enumerate(values):
        if path == LORA_FILE and second == LORA_WEIGHT and value == NO_LORA:
            found.append(ValuePair(i, ALONE, NO_LORA))
            continue
        words = value_text(value, path)
        found += [ValuePair(i, j, f"{words}{TIMES}{value_text(other, second)}") for j, other in enumerate(seconds)]
    return tuple(found)


def settings_of(path: str, value: Value, second: str, other: Value | None) -> tuple[tuple[str, Value], ...]:
    """What a pair sets, by focus parameter. A tested LoRA file takes its weight along."""
    if other is None:
        return ((path, value),)
    if second == LORA_WEIGHT:
        return ((path, f"{value}:{value_text(other)}"),)
    return ((path, value), (second, other))


@lru_cache(maxsize=256)
def shown_in_row(pairs: tuple[ValuePair, ...], row: int, prompts: int = 1) -> tuple[int, ...]:
    """The numbers of the pairs that a seed row shows, where the rows take so many prompts in turn. A value without a
    partner stands in every row.
    """
    places = {first: place for place, first in enumerate(dict.fromkeys(p.first for p in pairs if p.second != ALONE))}
    every = rows_for_all(pairs)
    if math.gcd(every, prompts) > 1:
        # Else a pair would come back with the same prompt each time, and nobody could tell what pleased.
        row += row // math.lcm(every, prompts)
    return tuple(
        number
        for number, pair in enumerate(pairs)
        if pair.second == ALONE or (places[pair.first] + pair.second - row) % every == 0
    )


def rows_for_all(pairs: tuple[ValuePair, ...]) -> int:
    """How many seed rows show every pair once."""
    whole = [pair for pair in pairs if pair.second != ALONE]
    return max(1, min(len({pair.first for pair in whole}), len({pair.second for pair in whole})))


def start_rows(pairs: tuple[ValuePair, ...], most: int) -> int:
    """Seed rows to begin with, of a plan that goes step by step up to `most` pictures: as many as show every pair once,
    but at least two, and at most half of all pictures.
    """
    every = sum(len(shown_in_row(pairs, row)) for row in range(rows_for_all(pairs)))
    each = max(1, every // rows_for_all(pairs))
    return max(2, min(rows_for_all(pairs), most // 2 // each))


def check_pair(subjects: tuple[Focus, ...], values: Sequence[Value], seconds: Sequence[Value]) -> None:
    """Raise InvalidInput, naming the field of the plan, for two settings that cannot be varied together."""
    one, other = subjects
    path, second, where = one.path, other.path, "second_parameter"
    if second == path:
        raise InvalidInput(f"{where}: {second} is no second setting beside {path}.", where)
    if is_wording(path) or is_wording(second):
        raise InvalidInput(f"{where}: wordings are compared alone, without a second setting.", where)
    if second == LORA_FILE:
        raise InvalidInput(f"{where}: name {LORA_FILE} first, and {LORA_WEIGHT} as the second.", where)
    if second == LORA_WEIGHT:
        _check_weight(path, values)
    if second == "checkpoint":
        raise InvalidInput(f"{where}: name the checkpoint first, and {path} as the second.", where)
    if one.stage != other.stage:
        apart = f"{second} belongs to {other.stage}, {path} to {one.stage}"
        raise InvalidInput(f"{where}: {apart}. Take two settings of one stage.", where)
    if len(seconds) < 2:
        raise InvalidInput("second_values: give at least 2 values to compare.", "second_values")
    pairs = pairs_of(path, tuple(values), second, tuple(seconds))
    if len(pairs) > MOST_PAIRS:
        many = f"{len(values)} × {len(seconds)} values are {len(pairs)} pairs; {MOST_PAIRS} is the most"
        raise InvalidInput(f"second_values: {many}. Take fewer.", "second_values")
    if len({pair.text for pair in pairs}) < len(pairs):
        raise InvalidInput("second_values: two pairs have the same name. Take one of them away.", "second_values")


def _check_weight(path: str, values: Sequence[Value]) -> None:
    if path != LORA_FILE:
        raise InvalidInput(
            f"second_parameter: {LORA_WEIGHT} goes with {LORA_FILE}, the files to compare. The weight of one LoRA is "
            "lora:NAME.",
            "second_parameter",
        )
    for value in values:
        if lora_file(value)[1] is not None:
            raise InvalidInput(
                f"variant_values: {value} has a weight of its own. Leave it away where weights are compared.",
                "variant_values",
            )
