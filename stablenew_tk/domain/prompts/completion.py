"""What can be completed in the text of a pack, and what comes of it: LoRAs, embeddings, wildcards, slots."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

Kind = Literal["lora", "embedding", "wildcard", "slot"]
KIND_WORDS: dict[Kind, str] = {"lora": "LoRA", "embedding": "embedding", "wildcard": "wildcard", "slot": "slot"}

_LORA = re.compile(r"<lora:([^<>:\n]*)$", re.IGNORECASE)
_EMBEDDING = re.compile(r"<embedding:([^<>\n]*)$|(?<![\w<])embedding:([^\s,<>()\[\]{}|]*)$", re.IGNORECASE)
_WHOLE = re.compile(r"<[^<>]*>|__[^\s_](?:(?!__)[^\s<>])*__|\[\[[^\[\]]*\]\]")
_WILDCARD = re.compile(r"(?<![\w_])__([~@!]?[^\s_,<>{}|()\[\]](?:(?!__)[^\s,<>{}|()\[\]])*|)$")
_SLOT = re.compile(r"\[\[([^\[\]\n]*)$")
_WORD = re.compile(r"[\w./-]*$")
_REST: dict[Kind, re.Pattern[str]] = {
    "lora": re.compile(r"[^\s<>,:]*(?::[^\s<>,]*)?>"),
    "embedding": re.compile(r"[^\s<>,]*>?"),
    "wildcard": re.compile(r"[\w/.*-]*?__"),
    "slot": re.compile(r"[^\[\]\n]*\]\]"),
}
# A line like "[[light]]: dawn | dusk" gives a slot its values.
_OWN_SLOT = re.compile(r"^[ \t]*\[\[[ \t]*([^\[\]{}|<>\n]{1,200}?)[ \t]*\]\][ \t]*:", re.MULTILINE)
_USED_SLOT = re.compile(r"\[\[[ \t]*([\w-]{1,200})[ \t]*\]\]")


class Offer(Struct, frozen=True):
    """One thing to insert. `path` is a LoRA's file, to ask for its weight."""

    kind: Kind
    name: str
    path: str = ""


class CompletionQuery(Struct, frozen=True):
    """What is being typed: `typed` of a name of this kind ("" = any), the last `back` characters before the cursor."""

    kind: Kind | Literal[""]
    typed: str
    back: int


def query_in(before: str, *, asked: bool = False) -> CompletionQuery | None:
    """What the line before the cursor asks for. Only when `asked`, a word without any sign asks for everything."""
    lora = _LORA.search(before)
    if lora is not None:
        return CompletionQuery("lora", lora[1], len(lora[0]))
    embedding = _EMBEDDING.search(before)
    if embedding is not None:
        return CompletionQuery("embedding", embedding[1] or embedding[2] or "", len(embedding[0]))
    # What is complete begins nothing: the second __ of a wildcard ends it.
    rest = _WHOLE.sub(lambda found: "." * len(found[0]), before)
    wildcard = _WILDCARD.search(rest)
    if wildcard is not None:
        return CompletionQuery("wildcard", wildcard[1].lstrip("~@!"), len(wildcard[0]))
    slot = _SLOT.search(rest)
    if slot is not None:
        return CompletionQuery("slot", slot[1], len(slot[0]))
    word = _WORD.search(before)
    return CompletionQuery("", word[0], len(word[0])) if asked and word is not None else None


def matching(offers: Iterable[Offer], asked: CompletionQuery, most: int = 200) -> tuple[Offer, ...]:
    """The offers that fit: those that begin with what is typed first, then those that have it inside."""
    typed = asked.typed.casefold()
    fits = [one for one in offers if asked.kind in ("", one.kind) and typed in one.name.casefold()]
    fits.sort(key=lambda one: not one.name.casefold().startswith(typed))
    return tuple(fits[:most])


def token(offer: Offer, weight: float | None = None) -> str:
    """The whole of what is written for it. Without a known weight a LoRA gets 1."""
    if offer.kind == "lora":
        return f"<lora:{offer.name}:{1.0 if weight is None else weight:g}>"
    if offer.kind == "embedding":
        return f"<embedding:{offer.name}>"
    return f"__{offer.name}__" if offer.kind == "wildcard" else f"[[{offer.name}]]"


def rest(kind: Kind, after: str) -> int:
    """How many characters behind the cursor belong to a token that is already there."""
    found = _REST[kind].match(after)
    return found.end() if found is not None else 0


def slots_in(text: str) -> tuple[str, ...]:
    """Names of the slots that a pack's text gives values to or uses."""
    return tuple(dict.fromkeys((*_OWN_SLOT.findall(text), *_USED_SLOT.findall(text))))


def offers(
    *, slots: Sequence[str], wildcards: Sequence[str], loras: Iterable[tuple[str, str]], embeddings: Iterable[str]
) -> tuple[Offer, ...]:
    """Everything there is, by kind and name; `loras` with their files."""
    return (
        *(Offer("slot", name) for name in dict.fromkeys(slots)),
        *(Offer("wildcard", name) for name in sorted(wildcards, key=str.casefold)),
        *(Offer("lora", name, path) for name, path in sorted(loras, key=lambda one: one[0].casefold())),
        *(Offer("embedding", name) for name in sorted(embeddings, key=str.casefold)),
    )
