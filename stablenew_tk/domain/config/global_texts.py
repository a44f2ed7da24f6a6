"""Texts that are added to every prompt and to every negative prompt, and the stages that use them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from msgspec import Struct

from .pipeline_config import FIRST_STAGE, STAGES, PipelineConfig, reading_stages

LONGEST = 20_000  # letters of one text
# These stand between blanks: a comma beside them would become a word of its own.
_DIVIDED = (re.compile(r"\b(?:BREAK|AND)$"), re.compile(r"(?:BREAK|AND)\b"))
_TAG = re.compile(r"<\w+:[^<>]*>")


class StageText(Struct, frozen=True):
    """What one stage is sent."""

    prompt: str
    negative: str = ""

    def changed(self, change: Callable[[str], str]) -> StageText:
        """The same with another prompt."""
        return StageText(change(self.prompt), self.negative)


class GlobalTexts(Struct, frozen=True, kw_only=True):
    """`positive` comes before every prompt and `negative` after every negative, each in its stages only."""

    positive: str = ""
    negative: str = ""
    positive_stages: tuple[str, ...] = STAGES
    negative_stages: tuple[str, ...] = STAGES

    def in_force(self, stages: Collection[str]) -> GlobalTexts:
        """What of them these stages are sent: a text that none of them uses is gone, and so are other stages."""
        positive = tuple(stage for stage in self.positive_stages if stage in stages and _plain(self.positive))
        negative = tuple(stage for stage in self.negative_stages if stage in stages and _plain(self.negative))
        return GlobalTexts(
            positive=self.positive if positive else "",
            negative=self.negative if negative else "",
            positive_stages=positive,
            negative_stages=negative,
        )

    def for_pack(self, *, positive: bool, negative: bool) -> GlobalTexts:
        """What is left of them for a pack that wants the one or the other, both or none."""
        return GlobalTexts(
            positive=self.positive if positive else "",
            negative=self.negative if negative else "",
            positive_stages=self.positive_stages,
            negative_stages=self.negative_stages,
        )

    def texts_for(self, stage: str, prompt: str, negative: str) -> StageText:
        """What a stage is sent. A text that the prompt or the negative has already at that end is not added again."""
        return StageText(
            with_text_before(prompt, self.positive) if stage in self.positive_stages else prompt.strip(),
            with_text_after(negative, self.negative) if stage in self.negative_stages else negative.strip(),
        )


def texts_of_stages(
    config: PipelineConfig, text_of: Callable[[str], StageText]
) -> tuple[StageText, Mapping[str, StageText]]:
    """The text of the first stage, and the texts of those later stages that are sent another one."""
    stages = config.stages()
    first = text_of(stages[0] if stages else FIRST_STAGE)
    texts = {stage: text_of(stage) for stage in reading_stages(config) if stage not in stages[:1]}
    return first, {stage: text for stage, text in texts.items() if text != first}


def with_text_before(prompt: str, added: str) -> str:
    """A prompt with a text in front of it, unless it begins with that text already."""
    return prompt if not _plain(added) or _begins(prompt, added) else _joined(_plain(added), prompt)


def with_text_after(negative: str, added: str) -> str:
    """A negative prompt with a text behind it, unless it ends or begins with that text already."""
    there = not _plain(added) or _begins(negative, added) or _ends(negative, added)
    return negative if there else _joined(negative, _plain(added))


def _begins(text: str, start: str) -> bool:
    whole, head = _same(text), _same(start)
    rest = whole.removeprefix(head)
    return rest != whole and (not rest or rest.startswith(",") or whole == _joined(head, rest))


def _ends(text: str, end: str) -> bool:
    whole, tail = _same(text), _same(end)
    rest = whole.removesuffix(tail)
    return rest != whole and (not rest or rest.endswith(", ") or whole == _joined(rest, tail))


def _joined(first: str, second: str) -> str:
    """Two texts with a comma between them, where neither is empty and nothing speaks against a comma."""
    first, second = first.rstrip(" ,\n"), second.lstrip(" ,\n")
    if not first or not second:
        return first or second
    # A tag is taken out before the prompt is read; a comma that it leaves behind would be read.
    bare = any(not _TAG.sub("", text).strip(" ,\n") for text in (first, second))
    apart = bare or _DIVIDED[0].search(first) or _DIVIDED[1].match(second)
    return f"{first} {second}" if apart else f"{first}, {second}"


def _plain(text: str) -> str:
    """A text in one line, without commas at its ends."""
    return " ".join(text.split()).strip(" ,")


def _same(text: str) -> str:
    """A text as it is compared: the blanks around commas do not matter."""
    return re.sub(r"\s*,\s*", ", ", _plain(text))
