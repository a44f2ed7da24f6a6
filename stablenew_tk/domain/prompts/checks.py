"""Checks a pack: mistakes in its syntax, and LoRAs, embeddings and wildcards that do not exist."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from .pack import PackProblem, PackPrompt, Place, PromptPack, spot
from .randomizer import PromptMemory, Variants
from .settings import PackSettings
from .wildcards import Wildcards

# A mistake on every line of a large pack is reported so often and no more.
MOST_PROBLEMS = 500
_LORA = re.compile(r"<(?:lora|lyco):([^:<>]*)((?::[^<>:]*)*)>")
_EMBEDDING = re.compile(r"<embedding:([^<>:]+)(?::[^<>]*)?>|\bembedding:([^\s,()\[\]{}|:<>]+)")
_OPEN_TAG = re.compile(r"<(?:lora|lyco|hypernet|embedding):[^<>\n]*$")
_VARIES = re.compile(r"\{|__|\[\[")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
# Weights beyond this only break pictures; a slip of the finger is more likely.
_HEAVIEST = 4.0
_INFOTEXT = re.compile(r"\b(?:Negative prompt:|Steps: \d+, (?:Sampler|CFG scale|Size|Seed):)")


_PASTED = (
    "This is the text of a picture from another tool. In a pack write neg: before what is not wanted, and leave the "
    "values out; drop the picture on the window to take over both."
)


class PackCheck(Struct, frozen=True):
    """`count` of all variants of the `prompts`; 0 with errors. Errors make the pack unusable, warnings do not."""

    prompts: int
    count: int
    errors: tuple[PackProblem, ...] = ()
    warnings: tuple[PackProblem, ...] = ()


def check_pack(
    pack: PromptPack,
    settings: PackSettings,
    wildcards: Wildcards,
    *,
    loras: Collection[str] | None = None,
    embeddings: Collection[str] | None = None,
    memory: PromptMemory | None = None,
) -> PackCheck:
    """Check a pack. `loras` and `embeddings` are the existing names, without folder and ending, None = unknown.

    Problems are in the order of the text; those of the settings come first, with line 0.
    """
    variants = Variants(pack.prompts, settings.randomizer, wildcards, pack.slots, memory)
    errors = [*pack.errors, *variants.errors]
    warnings = [*pack.warnings, *variants.warnings]
    known_loras, known_embeddings = _folded(loras), _folded(embeddings)
    for prompt in pack.prompts:
        for text, places in ((prompt.positive, prompt.positive_at), (prompt.negative, prompt.negative_at)):
            found = [*_tags(text, known_loras), *_embedded(text, known_embeddings)]
            warnings += [_problem(prompt, places, at, message) for at, message in found]
        if pasted := _INFOTEXT.search(prompt.positive):
            warnings.append(_problem(prompt, prompt.positive_at, pasted.start(), _PASTED))
    return PackCheck(
        prompts=len(pack.prompts),
        count=0 if errors else variants.count,
        errors=_in_order(errors),
        warnings=_in_order(warnings),
    )


def _in_order(problems: Sequence[PackProblem]) -> tuple[PackProblem, ...]:
    return tuple(sorted(dict.fromkeys(problems), key=lambda one: (one.line, one.column))[:MOST_PROBLEMS])


def _folded(names: Collection[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(name.casefold() for name in names)


def _problem(prompt: PackPrompt, places: Sequence[Place], at: int, message: str) -> PackProblem:
    line, column = spot(places, at) if places else (prompt.line, 1)
    return PackProblem(line, column, message)


def _tags(text: str, known: frozenset[str] | None) -> Iterator[tuple[int, str]]:
    if "<" not in text:
        return
    for match in _LORA.finditer(text):
        name = match[1].strip()
        if not name:
            yield match.start(), "This LoRA tag has no name. Write <lora:name:0.8>."
        elif known is not None and not _VARIES.search(name) and name.casefold() not in known:
            yield match.start(), f"The LoRA “{name}” is in none of the model folders."
        yield from ((match.start(), wrong) for wrong in _weights(name, match[2]))
    if opened := _OPEN_TAG.search(text):
        yield opened.start(), "This tag is never closed. Write > behind it."


def _weights(name: str, rest: str) -> Iterator[str]:
    for nth, part in enumerate(filter(None, rest.split(":"))):
        key, _, value = part.rpartition("=")
        weight = value.strip()
        # Behind the weight further numbers, or a name, are the weights of its blocks.
        is_of_blocks = nth > 0 and not _NUMBER.fullmatch(weight)
        if key.strip() not in ("", "te", "unet") or _VARIES.search(weight) or is_of_blocks:
            continue
        if not _NUMBER.fullmatch(weight):
            yield f"The weight “{weight}” of the LoRA “{name}” is not a number. Write <lora:{name}:0.8>."
        elif abs(float(weight)) > _HEAVIEST:
            yield f"The weight {weight} of the LoRA “{name}” is more than {_HEAVIEST:g}: pictures break there."


def _embedded(text: str, known: frozenset[str] | None) -> Iterator[tuple[int, str]]:
    if known is None or "embedding:" not in text:
        return
    for match in _EMBEDDING.finditer(text):
        name = (match[1] or match[2]).strip()
        if name.casefold() not in known:
            yield match.start(), f"The embedding “{name}” is in none of the model folders."
