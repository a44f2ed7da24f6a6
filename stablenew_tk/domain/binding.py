"""Looks up what a prompt names (wildcards, slots, variables) and makes a tree of it that can be counted.

A slot is the same wherever it stands in a prompt, so it is drawn once, in the smallest part that holds all its places:
a slot that only one choice of several mentions makes no variants of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from .expansion import Loose, Node, Pick, Plain, Shared
from .grammar import parse
from .sequence import Row, Several
from .template import DEEPEST, Assign, Body, Choice, Option, Part, SlotUse, Trouble, Use, Wildcard, short
from .wildcards import WildcardList, Wildcards

# Variables may name variables: without an end to it, a few lines could make a tree of any size.
MOST_NODES = 200_000
MOST_AT_ONCE = 100

Slots = Mapping[str, Choice | Wildcard]


class _Meaning(Struct, frozen=True):
    """What a variable stands for: what was drawn under `key`, or a body to be drawn anew, read where it was written."""

    key: str
    body: Body
    env: Mapping[str, _Meaning]


_Env = Mapping[str, _Meaning]


class _Around(Struct, frozen=True):
    """Where the binder is: variables, slots that are drawn already, lists it is inside of, the place in the prompt."""

    env: _Env = {}
    held: frozenset[str] = frozenset()
    inside: tuple[str, ...] = ()
    at: int = -1


class TooLarge(Exception):
    """The tree would have no end."""


class Binder:
    """Binds the prompts of one pack. `troubles` are those of the prompt bound last."""

    def __init__(self, wildcards: Wildcards, slots: Slots) -> None:
        self._wildcards, self._slots = wildcards, slots
        self.troubles: list[Trouble] = []
        self._made = self._keys = 0
        self._lists: dict[tuple[str, frozenset[str]], Node] = {}
        self._bodies: dict[str, tuple[Body | None, ...]] = {}
        self._uses: dict[str, frozenset[str]] = {}

    def parts(self, body: Body) -> tuple[list[Node | str], list[tuple[str, Node]]]:
        """The parts of a prompt, and what is drawn once for all of it. Look at `troubles` before using them."""
        self.troubles, self._made = [], 0
        try:
            return self._parts(body, _Around())
        except TooLarge:
            self._trouble(0, "The variables of this prompt name each other so often that it would have no end.")
            return [], []

    def _trouble(self, at: int, message: str) -> None:
        trouble = Trouble(at, message)
        if trouble not in self.troubles:
            self.troubles.append(trouble)

    def _row(self, body: Body, around: _Around) -> Node | str:
        parts, shared = self._parts(body, around)
        if not shared and all(isinstance(part, str) for part in parts):
            return "".join(str(part) for part in parts)
        if not shared and len(parts) == 1:
            return parts[0]
        return Row(parts, shared)

    def _parts(self, body: Body, around: _Around) -> tuple[list[Node | str], list[tuple[str, Node]]]:
        self._made += 1 + len(body)
        if self._made > MOST_NODES or len(around.inside) > DEEPEST:
            raise TooLarge
        shared: list[tuple[str, Node]] = []
        for name in self._drawn_here(body, around.held):
            shared.append((f"[[{name}]]", self._slot(name, around)))
            around = replace(around, held=around.held | {name})
        parts: list[Node | str] = []
        for part in body:
            if isinstance(part, str):
                parts.append(part)
            elif isinstance(part, Assign):
                around = self._assigned(part, around, shared)
            else:
                parts.append(self._node(part, around))
        return parts, shared

    def _node(self, part: Choice | Wildcard | SlotUse | Use, around: _Around) -> Node | str:
        if around.at < 0:
            around = replace(around, at=part.at)
        if isinstance(part, Choice):
            return self._choice(part, around)
        if isinstance(part, Wildcard):
            return self._wildcard(part, around)
        if isinstance(part, SlotUse):
            return Shared(f"[[{part.name}]]") if part.name in around.held else ""
        meaning = around.env.get(part.name)
        if meaning is not None:
            return Shared(meaning.key) if meaning.key else self._row(meaning.body, replace(around, env=meaning.env))
        if part.default is None:
            self._trouble(
                around.at,
                f"${{{part.name}}} has no value here. Write ${{{part.name}=…}} before it, or ${{{part.name}:default}}.",
            )
            return ""
        return self._row(part.default, around)

    def _assigned(self, part: Assign, around: _Around, shared: list[tuple[str, Node]]) -> _Around:
        key = ""
        if part.once:
            self._keys += 1
            key = f"${part.name} {self._keys}"
            at = around.at if around.at >= 0 else part.at
            bound = self._row(part.body, replace(around, at=at))
            shared.append((key, bound if isinstance(bound, Node) else Row([bound])))
        meaning = _Meaning(key, part.body, around.env)
        return replace(around, env={**around.env, part.name: meaning})

    # ---- choices

    def _choice(self, choice: Choice, around: _Around) -> Node | str:
        options, name = choice.options, short(choice.source)
        if len(options) == 1:
            only = options[0].body
            if (choice.least, choice.most) != (1, 1) and len(only) == 1 and isinstance(only[0], Wildcard):
                return self._of_list(choice, only[0], around)
            return "" if choice.most == 0 else self._row(only, around)
        bodies = [self._row(option.body, around) for option in options]
        sources = [option.source.strip() for option in options]
        weights = _weights([option.weight for option in options])
        return self._chosen(choice, name, around, bodies, sources, weights)

    def _chosen(
        self, choice: Choice, name: str, around: _Around, bodies: Sequence[Node | str], sources: Sequence[str],
        weights: Sequence[float],
    ) -> Node | str:  # fmt: skip
        most = len(bodies) if choice.most < 0 else min(choice.most, len(bodies))
        least = min(choice.least, most)
        if most > MOST_AT_ONCE:
            self._trouble(around.at, f"{most} of one list at once are too many; {MOST_AT_ONCE} is the most.")
            return ""
        if (least, most) == (1, 1):
            node: Node = Pick(name, bodies, sources, weights)
        else:
            node = Several(name, bodies, sources, weights, (least, most, choice.separator))
        return self._sampled(node, choice.sampler)

    def _of_list(self, choice: Choice, wildcard: Wildcard, around: _Around) -> Node | str:
        """{2$$__color__} takes two lines of the list."""
        found = self._found(wildcard, around)
        if found is None:
            return ""
        bodies, around = self._list_bodies(found, around)
        return self._chosen(choice, short(choice.source), around, bodies, found.values, found.weights)

    def _sampled(self, node: Node, sampler: str) -> Node:
        if sampler not in ("~", "@") or node.count == 1:
            return node
        self._keys += 1
        return Loose(node, self._keys, in_turn=sampler == "@")

    # ---- wildcards

    def _wildcard(self, part: Wildcard, around: _Around) -> Node | str:
        found = self._found(part, around)
        if found is None:
            return ""
        name = f"__{part.name}__"
        if found.is_plain:
            node: Node = Plain(name, found.values, found.weights)
        else:
            bare = not around.env and not part.arguments
            key = (name, around.held)
            known = self._lists.get(key) if bare else None
            if known is None:
                shared: list[tuple[str, Node]] = []
                for argument in part.arguments:
                    around = self._assigned(argument, around, shared)
                bodies, around = self._list_bodies(found, around)
                known = Pick(name, bodies, found.values, found.weights)
                if shared:
                    known = Row([known], shared)
                if bare:
                    self._lists[key] = known
            node = known
        return self._sampled(node, part.sampler)

    def _found(self, part: Wildcard, around: _Around) -> WildcardList | None:
        found = self._wildcards.find(part.name)
        if found is None:
            near = self._wildcards.near(part.name)
            hint = f"There are: {near}." if near else "There are no wildcard files yet."
            self._trouble(around.at, f"There is no wildcard “{part.name}”{self._chain(around)}. {hint}")
        elif not found.values:
            self._trouble(around.at, f"The wildcard “{part.name}” has no lines ({found.where}).")
            return None
        elif found.name in around.inside:
            circle = " → ".join((*around.inside[around.inside.index(found.name) :], found.name))
            self._trouble(around.at, f"These wildcards name each other in a circle: {circle}.")
            return None
        return found

    def _chain(self, around: _Around) -> str:
        return f" (named in {' → '.join(around.inside)})" if around.inside else ""

    def _list_bodies(self, found: WildcardList, around: _Around) -> tuple[list[Node | str], _Around]:
        around = replace(around, inside=(*around.inside, found.name))
        bodies: list[Node | str] = []
        for value, body in zip(found.values, self._read(found, around.at), strict=True):
            bodies.append(value if body is None else self._row(body, around))
        return bodies, around

    def _read(self, found: WildcardList, at: int) -> tuple[Body | None, ...]:
        """The bodies of those lines that are more than text."""
        known = self._bodies.get(found.name)
        if known is None:
            bodies: list[Body | None] = [None] * len(found.values)
            for place, line in found.lines.items():
                template = parse(found.values[place], is_slot=self._slots.__contains__)
                bodies[place] = template.body
                for trouble in template.troubles:
                    self._trouble(at, f"{found.where}, line {line}: {trouble.message}")
            known = self._bodies[found.name] = tuple(bodies)
        return known

    # ---- slots

    def _slot(self, name: str, around: _Around) -> Node:
        source = self._slots[name]
        if isinstance(source, Wildcard):
            found = self._found(source, around)
            if found is None:
                return Row([""])
            bodies, _ = self._list_bodies(found, around)
            return Pick(name, bodies, found.values, found.weights)
        options = source.options
        if not options:
            return Row([""])
        bodies = [self._row(option.body, around) for option in options]
        return Pick(name, bodies, [option.source.strip() for option in options], _weights([o.weight for o in options]))

    def _drawn_here(self, body: Body, held: frozenset[str]) -> list[str]:
        """The slots that are to be drawn for this body as a whole, and not in one of its parts."""
        places: dict[str, list[Part]] = {}
        for part in body:
            for name in sorted(self._slots_of(part)):
                places.setdefault(name, []).append(part)
        return [name for name, parts in places.items() if name not in held and not _is_inner(parts)]

    def _slots_of(self, part: Part, inside: frozenset[str] = frozenset()) -> frozenset[str]:
        if isinstance(part, str):
            return frozenset()
        if isinstance(part, SlotUse):
            return frozenset((part.name,)) if part.name in self._slots else frozenset()
        bodies: list[Body] = []
        if isinstance(part, Choice):
            bodies = [option.body for option in part.options]
        elif isinstance(part, Assign):
            bodies = [part.body]
        elif isinstance(part, Use):
            bodies = [part.default or ()]
        else:
            return self._slots_of_list(part, inside)
        return frozenset().union(*(self._slots_of(one, inside) for body in bodies for one in body))

    def _slots_of_list(self, part: Wildcard, inside: frozenset[str]) -> frozenset[str]:
        own = frozenset().union(*(self._slots_of(one, inside) for argument in part.arguments for one in argument.body))
        found = self._wildcards.find(part.name)
        if found is None or found.is_plain or found.name in inside:
            return own
        if found.name not in self._uses:
            bodies = [body for body in self._read(found, part.at) if body]
            within = inside | {found.name}
            self._uses[found.name] = frozenset().union(
                *(self._slots_of(one, within) for body in bodies for one in body)
            )
        return own | self._uses[found.name]


def _is_inner(parts: Sequence[Part]) -> bool:
    """Whether what stands in these parts stands in one choice alone, of which one option is taken."""
    only = parts[0]
    return len(parts) == 1 and isinstance(only, Choice) and (only.least, only.most, only.sampler in "!") == (1, 1, True)


def _weights(weights: Sequence[float]) -> Sequence[float]:
    return () if len(set(weights)) <= 1 else weights


def with_rules(body: Body, searches: Mapping[str, str]) -> Body:
    """The body with each text of `searches` replaced by a use of the slot it names."""
    parts: list[Part] = []
    for part in body:
        if isinstance(part, str):
            parts += _searched(part, searches)
        elif isinstance(part, Choice):
            options = tuple(Option(o.weight, with_rules(o.body, searches), o.source) for o in part.options)
            parts.append(replace(part, options=options))
        elif isinstance(part, Assign):
            parts.append(replace(part, body=with_rules(part.body, searches)))
        elif isinstance(part, Use) and part.default is not None:
            parts.append(replace(part, default=with_rules(part.default, searches)))
        else:
            parts.append(part)
    return tuple(parts)


def _searched(text: str, searches: Mapping[str, str]) -> list[Part]:
    pieces: list[Part] = [text]
    for search, slot in searches.items():
        found: list[Part] = []
        for piece in pieces:
            if not isinstance(piece, str) or search not in piece:
                found.append(piece)
                continue
            first, *others = piece.split(search)
            found.append(first)
            for other in others:
                found += [SlotUse(slot, 0), other]
        pieces = found
    return pieces
