"""Looks up what a prompt names (wildcards, slots, variables) and makes a tree of it that can be counted.

A slot is the same wherever it stands in a prompt, so it is drawn once, in the smallest part that holds all its places:
a slot that only one choice of several mentions makes no variants of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from .expansion import ExpansionNode, Loose, Pick, Plain, Shared, Uncountable
from .multi_choice import MultiChoice
from .pack import MOST_PROBLEMS
from .references import References, Slots, variable
from .sequence import TextSequence
from .template import Assign, Body, Choice, Option, Part, SlotUse, Trouble, Use, Wildcard, short
from .wildcards import WildcardList, Wildcards

# Variables may name variables: without an end to it, a few lines could make a tree of any size.
MOST_NODES = 1_000_000
MOST_VARIABLES = 500
MOST_AT_ONCE = 100
# Python runs out of stack at about three times this depth.
DEEPEST_TREE = 100
TOO_MANY = "There are too many variants of this prompt to be counted. Leave some choices away."


class _Meaning(Struct, frozen=True):
    """What a variable stands for: what was drawn under `key`, or a body to be drawn anew, read where it was written."""

    key: str
    body: Body
    env: Mapping[str, _Meaning]


_Env = Mapping[str, _Meaning]


class _BinderScope(Struct, frozen=True):
    """Where the binder is: variables, slots that are drawn already, lists and slots it is inside of, how deep in the
    tree, the place in the prompt. `is_elsewhere`: what is read does not stand there, but that place led to it.
    """

    env: _Env = {}
    held: frozenset[str] = frozenset()
    inside: tuple[str, ...] = ()
    depth: int = 0
    at: int = -1
    is_elsewhere: bool = False


class _Hopeless(Exception):
    """There is no use in going on."""


class Binder:
    """Binds the prompts of one pack. `troubles` are those of the prompt bound last."""

    def __init__(self, wildcards: Wildcards, slots: Slots) -> None:
        self._wildcards, self._slots = wildcards, slots
        self._mentions = References(wildcards, slots)
        self._found_wrong: dict[tuple[int, str], Trouble] = {}
        self._made = self._keys = 0
        # Whether the list being bound hangs on something of this pack, or on a list that does or has mistakes.
        self._is_own = False
        self._lists: dict[tuple[object, ...], ExpansionNode] = {}
        self._bodies: dict[tuple[object, ...], list[ExpansionNode | str]] = {}
        self._meanings: list[_Meaning] = []
        self._named: set[str] = set()

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What is wrong with the prompt bound last."""
        return tuple(self._found_wrong.values())

    @property
    def is_lasting(self) -> bool:
        """Whether what was bound last is the same for every binder of these slots and lists."""
        return not self._is_own

    def parts(self, body: Body) -> tuple[list[ExpansionNode | str], list[tuple[str, ExpansionNode]]]:
        """The parts of a prompt, one for each of `body` but assignments, and what is drawn once for all of it.

        Look at `troubles` before using them.
        """
        self._found_wrong, self._made, self._is_own = {}, 0, False
        try:
            return self._parts(body, _BinderScope())
        except Uncountable:
            self._trouble(0, TOO_MANY)
        except _Hopeless:
            pass
        return [""] * sum(not isinstance(part, Assign) for part in body), []

    def _trouble(self, at: int, message: str) -> None:
        self._found_wrong[at, message] = Trouble(at, message)
        if len(self._found_wrong) >= MOST_PROBLEMS:
            raise _Hopeless

    def _hopeless(self, message: str) -> _Hopeless:
        self._found_wrong[0, message] = Trouble(0, message)
        return _Hopeless()

    def _row(self, body: Body, around: _BinderScope) -> ExpansionNode | str:
        if len(body) < 2 and isinstance(first := body[0] if body else "", str):
            return first  # most are nothing but text
        around = replace(around, depth=around.depth + 1)
        parts, shared = self._parts(body, around)
        if not shared and all(isinstance(part, str) for part in parts):
            return "".join(str(part) for part in parts)
        if not shared and len(parts) == 1:
            return parts[0]
        return TextSequence(parts, shared)

    def _parts(
        self, body: Body, around: _BinderScope
    ) -> tuple[list[ExpansionNode | str], list[tuple[str, ExpansionNode]]]:
        self._made += 1 + len(body)
        if self._made > MOST_NODES:
            raise self._hopeless("Wildcards and variables of this prompt name each other so often that it has no end.")
        if around.depth > DEEPEST_TREE:
            raise self._hopeless(f"Wildcards and variables of this prompt are nested more than {DEEPEST_TREE} deep.")
        shared: list[tuple[str, ExpansionNode]] = []
        for name, at in self._mentions.drawn_here(body, around.held).items():
            shared.append((f"[[{name}]]", self._slot(name, replace(around, at=around.at if around.at >= 0 else at))))
            around = replace(around, held=around.held | {name})
        parts: list[ExpansionNode | str] = []
        for part in body:
            if isinstance(part, str):
                parts.append(part)
            elif isinstance(part, Assign):
                around = self._assigned(part, around, shared)
            else:
                parts.append(self._node(part, around))
        return parts, [(key, node) for key, node in shared if key[0] == "[" or key in self._named]

    def _node(self, part: Choice | Wildcard | SlotUse | Use, around: _BinderScope) -> ExpansionNode | str:
        if not around.is_elsewhere and (around.at < 0 or not isinstance(part, SlotUse)):
            around = replace(around, at=part.at)
        if isinstance(part, Choice):
            return self._choice(part, around)
        if isinstance(part, Wildcard):
            return self._wildcard(part, around)
        if isinstance(part, SlotUse):
            return Shared(f"[[{part.name}]]") if part.name in around.held else ""
        meaning = around.env.get(part.name)
        if meaning is not None and meaning.key:
            self._named.add(meaning.key)
            return Shared(meaning.key)
        if meaning is not None:
            return self._row(meaning.body, replace(around, env=meaning.env, is_elsewhere=True))
        if part.default is None:
            self._trouble(
                around.at,
                f"${{{part.name}}} has no value here. Write ${{{part.name}=…}} before it, or ${{{part.name}:default}}.",
            )
            return ""
        return self._row(part.default, around)

    def _assigned(self, part: Assign, around: _BinderScope, shared: list[tuple[str, ExpansionNode]]) -> _BinderScope:
        key = ""
        if len(around.env) >= MOST_VARIABLES:
            raise self._hopeless(f"There are more than {MOST_VARIABLES} variables. Leave some away.")
        if part.once:
            self._keys += 1
            key = f"${part.name} {self._keys}"
            at = around.at if around.is_elsewhere else part.at
            bound = self._row(part.body, replace(around, at=at))
            shared.append((key, bound if isinstance(bound, ExpansionNode) else TextSequence([bound])))
        meaning = _Meaning(key, part.body, around.env)
        self._meanings.append(meaning)  # keeps its id its own
        return replace(around, env={**around.env, part.name: meaning})

    # ---- choices

    def _choice(self, choice: Choice, around: _BinderScope) -> ExpansionNode | str:
        options = choice.options
        if len(options) == 1:
            only = [part for part in options[0].body if not isinstance(part, str) or part.strip()]
            if (choice.least, choice.most) != (1, 1) and len(only) == 1 and isinstance(only[0], Wildcard):
                return self._of_list(choice, only[0], around)
            if choice.least or not only:
                node = self._row(options[0].body, around)
                return self._sampled(node, choice.sampler) if isinstance(node, ExpansionNode) else node
        bodies = [self._row(option.body, around) for option in options]
        sources = [option.source.strip() for option in options]
        weights = _weights([option.weight for option in options])
        return self._chosen(choice, around, bodies, sources, weights)

    def _chosen(
        self,
        choice: Choice,
        around: _BinderScope,
        bodies: Sequence[ExpansionNode | str],
        sources: Sequence[str],
        weights: Sequence[float],
    ) -> ExpansionNode | str:
        name = short(choice.source)
        most = len(bodies) if choice.most < 0 else min(choice.most, len(bodies))
        least = min(choice.least, most)
        if most > MOST_AT_ONCE:
            self._trouble(around.at, f"{most} of one list at once are too many; {MOST_AT_ONCE} is the most.")
            return ""
        if most == 0:
            return ""
        if (least, most) == (1, 1):
            node: ExpansionNode = Pick(name, bodies, sources, weights)
        else:
            node = MultiChoice(name, bodies, sources, weights, (least, most, choice.separator))
        return self._sampled(node, choice.sampler)

    def _of_list(self, choice: Choice, wildcard: Wildcard, around: _BinderScope) -> ExpansionNode | str:
        """{2$$__color__} takes two lines of the list."""
        found = self._found(wildcard, around)
        if found is None:
            return ""
        shared, bodies = self._list_bodies(found, wildcard, around)
        node = self._chosen(choice, around, bodies, found.values, found.weights)
        if shared and isinstance(node, ExpansionNode):
            node = TextSequence([node], shared)
        return self._sampled(node, choice.sampler or wildcard.sampler) if isinstance(node, ExpansionNode) else node

    def _sampled(self, node: ExpansionNode, sampler: str) -> ExpansionNode:
        if sampler not in ("~", "@") or node.count == 1:
            return node
        return Loose(node, in_turn=sampler == "@")

    # ---- wildcards

    def _wildcard(self, part: Wildcard, around: _BinderScope) -> ExpansionNode | str:
        found = self._found(part, around)
        if found is None:
            return ""
        if found.is_plain:
            return self._sampled(Plain(f"__{part.name}__", found.values, found.weights), part.sampler)
        key = part.name, *self._known_as(found, around)
        node = None if part.arguments else self._lists.get(key)
        if node is None:
            shared, bodies = self._list_bodies(found, part, around)
            node = Pick(f"__{part.name}__", bodies, found.values, found.weights)
            if shared:
                node = TextSequence([node], shared)
            if not part.arguments:
                self._lists[key] = node
        self._is_own |= found.name not in self._wildcards.bodies
        return self._sampled(node, part.sampler)

    def _known_as(self, found: WildcardList, around: _BinderScope) -> tuple[object, ...]:
        """What the tree of a list depends on: the slots and variables that it names."""
        named = self._mentions.of_list(found)
        variables = [(name, id(meaning)) for name, meaning in around.env.items() if variable(name) in named]
        return found.name, around.held & named, tuple(sorted(variables))

    def _found(self, part: Wildcard, around: _BinderScope) -> WildcardList | None:
        found = self._wildcards.find(part.name)
        if found is None:
            near = self._wildcards.near(part.name)
            hint = f"There are: {near}." if near else "There are no wildcard files yet."
            hint += " For the signs themselves write \\__."
            self._trouble(around.at, f"There is no wildcard “{part.name}”{self._chain(around)}. {hint}")
        elif not found.values:
            self._trouble(around.at, f"The wildcard “{part.name}” has no lines ({found.where}).")
            return None
        elif self._is_circle(found.name, around):
            return None
        return found

    def _is_circle(self, name: str, around: _BinderScope) -> bool:
        if name not in around.inside:
            return False
        circle = " → ".join((*around.inside[around.inside.index(name) :], name))
        self._trouble(around.at, f"These name each other in a circle: {circle}.")
        return True

    def _chain(self, around: _BinderScope) -> str:
        return f" (named in {' → '.join(around.inside)})" if around.inside else ""

    def _list_bodies(
        self, found: WildcardList, part: Wildcard, around: _BinderScope
    ) -> tuple[list[tuple[str, ExpansionNode]], list[ExpansionNode | str]]:
        """What the arguments of the wildcard draw once, and the lines."""
        shared: list[tuple[str, ExpansionNode]] = []
        for argument in part.arguments:
            around = self._assigned(argument, around, shared)
        bodies = self._wildcards.bodies.get(found.name)
        if bodies is None:
            bodies = self._own_bodies(found, around)
        return [one for one in shared if one[0] in self._named], bodies

    def _own_bodies(self, found: WildcardList, around: _BinderScope) -> list[ExpansionNode | str]:
        """The lines of a list that was not bound yet, or that hangs on something of this pack."""
        key = self._known_as(found, around)
        bodies = self._bodies.get(key)
        if bodies is None:
            around = replace(around, inside=(*around.inside, found.name), is_elsewhere=True)
            outer, self._is_own = self._is_own, False
            wrong, read = len(self._found_wrong), self._mentions.read(found)
            for message in read.wrong:
                self._trouble(around.at, message)
            bodies = self._bodies[key] = [
                value if body is None else self._row(body, around)
                for value, body in zip(found.values, read.bodies, strict=True)
            ]
            if not self._is_own and len(self._found_wrong) == wrong and not self._mentions.of_list(found):
                self._wildcards.bodies[found.name] = bodies
            self._is_own = outer
        self._is_own |= found.name not in self._wildcards.bodies
        return bodies

    # ---- slots

    def _slot(self, name: str, around: _BinderScope) -> ExpansionNode:
        source = self._slots[name]
        if isinstance(source, Wildcard):
            found = self._found(source, around)
            if found is None:
                return TextSequence([""])
            _, bodies = self._list_bodies(found, source, around)
            return Pick(name, bodies, found.values, found.weights)
        options, called = source.options, f"[[{name}]]"
        if not options or self._is_circle(called, around):
            return TextSequence([""])
        around = replace(around, inside=(*around.inside, called), is_elsewhere=True)
        bodies = [self._row(option.body, around) for option in options]
        return Pick(name, bodies, [option.source.strip() for option in options], _weights([o.weight for o in options]))


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
        elif isinstance(part, Wildcard):
            arguments = tuple(replace(one, body=with_rules(one.body, searches)) for one in part.arguments)
            parts.append(replace(part, arguments=arguments))
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
