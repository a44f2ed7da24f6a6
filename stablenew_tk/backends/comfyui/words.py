"""Translates a prompt so that ComfyUI paints what a WebUI would: one pack means the same on both.

What has no counterpart is refused, naming the field; what comes out a little different is told in a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from ...domain.base.errors import InvalidInput, Refused
from ...domain.base.lora_tags import LoraTag, lora_tags, without_loras
from ...domain.prompts.parser import EMBEDDING
from .attention import for_comfyui
from .object_info import base_name
from .schedule import Alternation, PassTiming, PromptSpan, spans

_COMMENT = re.compile(r"#[^\n]*")
_TAG = re.compile(r"<(\w+):([^>]+)>")
_EMBEDDING_TAG = re.compile(r"<embedding:([^:<>]{1,200})(?::(-?\d{1,3}(?:\.\d{1,6})?))?>")
_AND = re.compile(r"\bAND\b")
_AND_WEIGHT = re.compile(r":\s*([-+]?(?:\d+\.?|\d*\.\d+))\s*$")
# An embedding stands as one of these while brackets and colons are read, so that those in its name are none.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(rf"\s*{_OPEN}(\d+){_CLOSE}(\s*,)?\s*")
_NUMBER = re.compile(r"[\d.]+")
# ComfyUI reads the name of an embedding up to the next blank.
_WRITABLE = re.compile(r"[^\s,()\[\]:<>\\]+(?:[/\\][^\s,()\[\]:<>\\]+)*")


class SpanWords(Struct, frozen=True):
    """What one part of the schedule is sent: `chunks` are the parts between which BREAK stood."""

    chunks: tuple[str, ...]
    start: float = 0.0
    end: float = 1.0


class Words(Struct, frozen=True):
    """A prompt for ComfyUI: `parts` are those between which AND stood, each with its schedule."""

    parts: tuple[tuple[SpanWords, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether its words change while the picture is made."""
        return any(len(part) > 1 for part in self.parts)


class Vocabulary:
    """The embeddings of a server, found in prompts by name: with or without `embedding:`, folder and ending."""

    def __init__(self, embeddings: Iterable[str], engine: str) -> None:
        self.engine = engine
        names = tuple(embeddings)
        self.listed = tuple(name for name in names if _WRITABLE.fullmatch(name))
        self._unwritable = tuple(name for name in names if not _WRITABLE.fullmatch(name))
        self._places: dict[str, int] = {}
        for place, name in enumerate(self.listed):
            plain = name.replace("\\", "/").casefold()
            self._places.setdefault(plain, place)
            self._places.setdefault(base_name(name).casefold(), place)
        # A bare number is a weight or a count of steps.
        names_alone = {base_name(name) for name in self.listed if not _NUMBER.fullmatch(base_name(name))}
        longest = sorted(names_alone, key=len, reverse=True)
        bare = "|".join(map(re.escape, longest))
        alone = rf"|(?<![\w-])({bare})(?![\w-])" if bare else ""
        self._found = re.compile(f"({EMBEDDING}){alone}", re.IGNORECASE)

    def marked(self, text: str, field: str) -> str:
        """The text with a mark for each embedding. Raises Refused for one that is asked for and not there."""
        text = text.replace(_OPEN, "").replace(_CLOSE, "")
        text = _EMBEDDING_TAG.sub(lambda tag: self._tag(tag, field), text)
        return self._found.sub(lambda match: self._mark(match, field), text)

    def left_out(self, text: str) -> tuple[str, ...]:
        """The embeddings in a text whose names ComfyUI cannot be told, because they have blanks or brackets."""
        return tuple(name for name in self._unwritable if base_name(name).casefold() in text.casefold())

    def _tag(self, tag: re.Match[str], field: str) -> str:
        mark = self._place(tag[1], field)
        return f"({mark}:{tag[2]})" if tag[2] else mark

    def _mark(self, match: re.Match[str], field: str) -> str:
        if not match[0].startswith("embedding:"):
            # Written large, `embedding:` is a word for ComfyUI.
            return match[0] if match[0].casefold().startswith("embedding:") else self._place(match[0], field)
        name = match[0].removeprefix("embedding:")
        return self._place(name, field) if name else match[0]

    def _place(self, name: str, field: str) -> str:
        plain = base_name(name) if "/" not in name and "\\" not in name else name
        key = re.sub(
            r"\.(safetensors|pt|bin)$", "", plain.replace("\\", "/").strip().rstrip("."), flags=re.I
        ).casefold()
        place = self._places.get(key)
        if place is None:
            raise Refused(f"{field}: {self.engine} has no embedding {name.strip()!r}. Remove it from the prompt.")
        return f"{_OPEN}{place}{_CLOSE}"

    def written(self, text: str) -> str:
        """The text with the embeddings in ComfyUI's spelling: a blank before, a blank or a comma and a blank behind."""
        if _OPEN not in text:
            return text
        spelled = _MARK.sub(lambda mark: f" embedding:{self.listed[int(mark[1])]}{', ' if mark[2] else ' '}", text)
        spelled = re.sub(r"(?<!\\)\( embedding:", "(embedding:", spelled)
        return re.sub(r"(embedding:\S+) (?=:[-+.\d]+\)|\))", r"\1", spelled).strip()


@lru_cache(maxsize=8)
def vocabulary(embeddings: tuple[str, ...], engine: str) -> Vocabulary:
    """The vocabulary of a server, made once: some have thousands of embeddings."""
    return Vocabulary(embeddings, engine)


def split_loras(prompt: str, field: str = "prompt") -> tuple[str, tuple[LoraTag, ...], tuple[str, ...]]:
    """The prompt without comments and tags, its LoRAs, and notes. Raises Refused for tags that cannot be followed."""
    text = _COMMENT.sub("", prompt)
    try:
        loras = lora_tags(text)
    except InvalidInput as err:
        raise Refused(f"{field}: {err}") from err
    text = without_loras(text)
    notes: list[str] = []

    def cut(tag: re.Match[str]) -> str:
        if tag[1] == "embedding":
            return tag[0]
        if tag[1].casefold() in ("hypernet", "lora", "lyco"):
            raise Refused(f"{field}: ComfyUI cannot follow the tag {tag[0]}. Remove it from the prompt.")
        notes.append(f"{field}: the tag {tag[0]} means nothing to ComfyUI and was left out.")
        return ""

    return _TAG.sub(cut, text), loras, tuple(notes)


def words(text: str, field: str, vocabulary: Vocabulary, timing: PassTiming) -> Words:
    """Translate a prompt without LoRA tags (`split_loras`); `field` is "prompt" or "negative" or ends in it.

    Raises Refused for what ComfyUI cannot do: `[a|b]`, AND with weights, an embedding that is not there.
    """
    left_out = vocabulary.left_out(text)
    text = vocabulary.marked(_COMMENT.sub("", text), field)
    # A WebUI reads AND in the prompt only; in the negative prompt it is a word.
    parts = [text] if field.endswith("negative") else _AND.split(text)
    notes = [f"{field}: ComfyUI cannot be told the embedding {name!r}: rename its file." for name in left_out]
    if len(parts) > 1:
        parts = [_unweighted(part, field) for part in parts]
        notes.append(f"{field}: ComfyUI mixes the parts of AND evenly, a WebUI adds them up: they count for less here.")
    try:
        read = tuple(tuple(_sent(span, vocabulary) for span in spans(part, timing)) for part in parts)
    except Alternation as err:
        raise Refused(
            f"{field}: {err.text} changes with every step, which ComfyUI cannot do. Write [a:b:0.5] or remove it."
        ) from err
    return Words(read, tuple(notes))


def _unweighted(part: str, field: str) -> str:
    """A part of AND without its weight. Raises Refused for a weight that is not 1."""
    match = _AND_WEIGHT.search(part)
    if match is None:
        return part
    if float(match[1]) != 1.0:
        raise Refused(f"{field}: ComfyUI has no weights for AND (:{match[1]}). Remove the weight.")
    return part[: match.start()]


def _sent(span: PromptSpan, vocabulary: Vocabulary) -> SpanWords:
    chunks = tuple(vocabulary.written(_single(chunk)) for chunk in for_comfyui(span.text))
    return SpanWords(chunks, span.start, span.end)


def _single(text: str) -> str:
    """Blanks mean the same in any number; tags that were cut out leave several."""
    return re.sub(r"[ \t]{2,}", " ", text).strip()
