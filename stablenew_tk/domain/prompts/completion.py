"""Completion of names in the text of a pack: LoRAs, embeddings, wildcards and slots."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
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
    """One name that can be inserted. `path` is the file of a LoRA, to ask for its weight."""

    kind: Kind
    name: str
    path: str = ""


class CompletionQuery(Struct, frozen=True):
    """The name that is being typed: `typed` of a name of this kind ("" = any), `back` characters before the cursor."""

    kind: Kind | Literal[""]
    typed: str
    back: int


def query_in(before: str, *, asked: bool = False) -> CompletionQuery | None:
    """The name that the line before the cursor ends with. A word without any sign counts only when `asked`."""
    lora = _LORA.search(before)
    if lora is not None:
        return CompletionQuery("lora", lora[1], len(lora[0]))
    embedding = _EMBEDDING.search(before)
    if embedding is not None:
        return CompletionQuery("embedding", embedding[1] or embedding[2] or "", len(embedding[0]))
    # A complete token begins nothing: the second __ of a wildcard ends it.
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
    """The offers with what is typed in their name, first those that begin with it."""
    typed = asked.typed.casefold()
    fits = [one for one in offers if asked.kind in ("", one.kind) and typed in one.name.casefold()]
    fits.sort(key=lambda one: not one.name.casefold().startswith(typed))
    return tuple(fits[:most])


def token(offer: Offer, weight: float | None = None) -> str:
    """The text to insert for an offer. A LoRA without a known weight gets 1."""
    if offer.kind == "lora":
        return f"<lora:{offer.name}:{1.0 if weight is None else weight:g}>"
    if offer.kind == "embedding":
        return f"<embedding:{offer.name}>"
    return f"__{offer.name}__" if offer.kind == "wildcard" else f"[[{offer.name}]]"


def rest(kind: Kind, after: str) -> int:
    """How many characters after the cursor belong to a token that is already there."""
    found = _REST[kind].match(after)
    return found.end() if found is not None else 0


def slots_in(text: str) -> tuple[str, ...]:
    """Names of the slots that a pack's text defines or uses."""
    return tuple(dict.fromkeys((*_OWN_SLOT.findall(text), *_USED_SLOT.findall(text))))


def offers(
    *, slots: Sequence[str], wildcards: Sequence[str], loras: Iterable[tuple[str, str]], embeddings: Iterable[str]
) -> tuple[Offer, ...]:
    """All offers by kind and name; `loras` are names with their files."""
    return (
        *(Offer("slot", name) for name in dict.fromkeys(slots)),
        *(Offer("wildcard", name) for name in sorted(wildcards, key=str.casefold)),
        *(Offer("lora", name, path) for name, path in sorted(loras, key=lambda one: one[0].casefold())),
        *(Offer("embedding", name) for name in sorted(embeddings, key=str.casefold)),
    )


class CompletionState:
    """A list of offers for what is being typed. `shown` is empty and `query` None while it is closed."""

    def __init__(self) -> None:
        self.shown: tuple[Offer, ...] = ()
        self.query: CompletionQuery | None = None
        self._asked = False
        self._refused = ""  # the line before the cursor at which it was closed

    def ask(self) -> None:
        """Let the next `follow` open it for a word without any sign, too."""
        self._asked, self._refused = True, ""

    def follow(self, before: str, everything: Callable[[], Sequence[Offer]]) -> None:
        """Open, narrow or close it for the line before the cursor."""
        query = query_in(before, asked=self._asked)
        fits = matching(everything(), query) if query is not None and before != self._refused else ()
        is_whole = len(fits) == 1 and query is not None and fits[0].name == query.typed and not query.kind
        if not fits or (is_whole and not self._asked):
            self.close()
        else:
            self.shown, self.query, self._refused = fits, query, ""

    def close(self, refused: str = "") -> None:
        """Close it; with a line, for as long as that is the line before the cursor."""
        self.shown, self.query, self._asked = (), None, False
        self._refused = refused or self._refused
