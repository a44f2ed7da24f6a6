"""Binds a parsed prompt to its wildcards, slots and variables: the result is a tree that can be counted.

A slot has the same value everywhere in a prompt, so it is drawn once, in the smallest part that contains all its uses:
a slot that is used in one option of a choice makes no variants of the other options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from .expansion import ExpansionNode, Loose, Pick, Plain, Shared, Uncountable
from .multi_choice import MultiChoice
from .pack import MOST_PROBLEMS
from .references import MOST_NODES, References, Slots, variable
from .sequence import TextSequence
from .template import Assign, Body, Choice, Option, Part, SlotUse, Trouble, Use, Wildcard, short
from .wildcards import WildcardList, Wildcards

MOST_VARIABLES = 500
MOST_AT_ONCE = 100
# Python runs out of stack at about three times this depth.
DEEPEST_TREE = 100
TOO_MANY = "There are too many variants of this prompt to be counted. Leave some choices away."


class _Meaning(Struct, frozen=True):
    """The value of a variable: what was drawn under `key`, else `body`, drawn at each use with the variables `env`."""

    key: str
    body: Body
    env: Mapping[str, _Meaning]


_Env = Mapping[str, _Meaning]


class _BinderScope(Struct, frozen=True):
    """Position of the binder: variables, slots drawn already, the lists and slots it is inside of, depth in the tree,
    place in the prompt. `is_elsewhere`: the text being bound is in a list or slot that the place in the prompt names.
    """

    env: _Env = {}
    held: frozenset[str] = frozenset()
    inside: tuple[str, ...] = ()
    depth: int = 0
    at: int = -1
    is_elsewhere: bool = False


class _BindingStopped(Exception):
    """There are too many problems, or one that leaves nothing to bind."""


class Binder:
    """Binds the prompts of one pack, one after the other."""

    def __init__(self, wildcards: Wildcards, slots: Slots) -> None:
        self._wildcards, self._slots = wildcards, slots
        self._references = References(wildcards, slots)
        self._problems: dict[tuple[int, str], Trouble] = {}
        self._node_count = self._keys = 0
        # Whether the list being bound depends on something of this pack, or on a list that does or has mistakes.
        self._is_pack_specific = False
        self._lists: dict[tuple[object, ...], ExpansionNode] = {}
        self._bodies: dict[tuple[object, ...], list[ExpansionNode | str]] = {}
        self._meanings: list[_Meaning] = []
        self._named: set[str] = set()

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """The mistakes in the prompt bound last."""
        return tuple(self._problems.values())

    @property
    def is_lasting(self) -> bool:
        """Whether the prompt bound last is the same for every binder of these slots and lists."""
        return not self._is_pack_specific

    def parts(self, body: Body) -> tuple[list[ExpansionNode | str], list[tuple[str, ExpansionNode]]]:
        """Bind a prompt: its parts, one for each part of `body` except assignments, and what is drawn once for all.

        They are usable only if `troubles` is empty.
        """
        self._problems, self._node_count, self._is_pack_specific = {}, 0, False
        try:
            return self._parts(body, _BinderScope())
        except Uncountable:
            self._trouble(0, TOO_MANY)
        except _BindingStopped:
            pass
        return [""] * sum(not isinstance(part, Assign) for part in body), []

    def _trouble(self, at: int, message: str) -> None:
        self._problems[at, message] = Trouble(at, message)
        if len(self._problems) >= MOST_PROBLEMS:
            raise _BindingStopped

    def _stopped(self, message: str) -> _BindingStopped:
        self._problems[0, message] = Trouble(0, message)
        return _BindingStopped()

    def _body(self, body: Body, scope: _BinderScope) -> ExpansionNode | str:
        if len(body) < 2 and isinstance(first := body[0] if body else "", str):
            return first  # most are nothing but text
        scope = replace(scope, depth=scope.depth + 1)
        parts, shared = self._parts(body, scope)
        if not shared and all(isinstance(part, str) for part in parts):
            return "".join(str(part) for part in parts)
        if not shared and len(parts) == 1:
            return parts[0]
        return TextSequence(parts, shared)

    def _parts(
        self, body: Body, scope: _BinderScope
    ) -> tuple[list[ExpansionNode | str], list[tuple[str, ExpansionNode]]]:
        self._node_count += 1 + len(body)
        if self._node_count > MOST_NODES:
            raise self._stopped(
                "The wildcards and variables of this prompt hold too many choices, or name each other so often that it "
                "has no end. Leave some away."
            )
        if scope.depth > DEEPEST_TREE:
            raise self._stopped(f"Wildcards and variables of this prompt are nested more than {DEEPEST_TREE} deep.")
        shared: list[tuple[str, ExpansionNode]] = []
        for name, at in self._references.drawn_here(body, scope.held).items():
            shared.append((f"[[{name}]]", self._slot(name, replace(scope, at=scope.at if scope.at >= 0 else at))))
            scope = replace(scope, held=scope.held | {name})
        parts: list[ExpansionNode | str] = []
        for part in body:
            if isinstance(part, str):
                parts.append(part)
            elif isinstance(part, Assign):
                scope = self._assigned(part, scope, shared)
            else:
                parts.append(self._node(part, scope))
        return parts, [(key, node) for key, node in shared if key[0] == "[" or key in self._named]

    def _node(self, part: Choice | Wildcard | SlotUse | Use, scope: _BinderScope) -> ExpansionNode | str:
        if not scope.is_elsewhere and (scope.at < 0 or not isinstance(part, SlotUse)):
            scope = replace(scope, at=part.at)
        if isinstance(part, Choice):
            return self._choice(part, scope)
        if isinstance(part, Wildcard):
            return self._wildcard(part, scope)
        if isinstance(part, SlotUse):
            return Shared(f"[[{part.name}]]") if part.name in scope.held else ""
        meaning = scope.env.get(part.name)
        if meaning is not None and meaning.key:
            self._named.add(meaning.key)
            return Shared(meaning.key)
        if meaning is not None:
            return self._body(meaning.body, replace(scope, env=meaning.env, is_elsewhere=True))
        if part.default is None:
            self._trouble(
                scope.at,
                f"${{{part.name}}} has no value here. Write ${{{part.name}=…}} before it, or ${{{part.name}:default}}.",
            )
            return ""
        return self._body(part.default, scope)

    def _assigned(self, part: Assign, scope: _BinderScope, shared: list[tuple[str, ExpansionNode]]) -> _BinderScope:
        key = ""
        if len(scope.env) >= MOST_VARIABLES:
            raise self._stopped(f"There are more than {MOST_VARIABLES} variables. Leave some away.")
        if part.once:
            self._keys += 1
            key = f"${part.name} {self._keys}"
            at = scope.at if scope.is_elsewhere else part.at
            bound = self._body(part.body, replace(scope, at=at))
            shared.append((key, bound if isinstance(bound, ExpansionNode) else TextSequence([bound])))
        meaning = _Meaning(key, part.body, scope.env)
        self._meanings.append(meaning)  # keeps its id its own
        return replace(scope, env={**scope.env, part.name: meaning})

    # ---- choices

    def _choice(self, choice: Choice, scope: _BinderScope) -> ExpansionNode | str:
        options = choice.options
        if len(options) == 1:
            only = [part for part in options[0].body if not isinstance(part, str) or part.strip()]
            if (choice.least, choice.most) != (1, 1) and len(only) == 1 and isinstance(only[0], Wildcard):
                return self._of_list(choice, only[0], scope)
            if choice.least or not only:
                node = self._body(options[0].body, scope)
                return self._sampled(node, choice.sampler) if isinstance(node, ExpansionNode) else node
        bodies = [self._body(option.body, scope) for option in options]
        sources = [option.source.strip() for option in options]
        weights = _weights([option.weight for option in options])
        return self._chosen(choice, scope, bodies, sources, weights)

    def _chosen(
        self,
        choice: Choice,
        scope: _BinderScope,
        bodies: Sequence[ExpansionNode | str],
        sources: Sequence[str],
        weights: Sequence[float],
    ) -> ExpansionNode | str:
        name = short(choice.source)
        if (choice.least, choice.most) != (1, 1) and (filled := _filled(bodies)) and len(filled) < len(bodies):
            # An empty option beside others only means one word less: nothing stands between it and them.
            some = choice.most if choice.most < 0 else min(choice.most, len(filled))
            choice = replace(choice, least=max(choice.least - 1, 0), most=some)
            bodies, sources = [bodies[at] for at in filled], [sources[at] for at in filled]
            weights = [weights[at] for at in filled] if weights else ()
        most = len(bodies) if choice.most < 0 else min(choice.most, len(bodies))
        least = min(choice.least, most)
        if most > MOST_AT_ONCE:
            self._trouble(scope.at, f"{most} of one list at once are too many; {MOST_AT_ONCE} is the most.")
            return ""
        if most == 0:
            return ""
        if (least, most) == (1, 1):
            node: ExpansionNode = Pick(name, bodies, sources, weights)
        else:
            node = MultiChoice(name, bodies, sources, weights, (least, most, choice.separator))
        return self._sampled(node, choice.sampler)

    def _of_list(self, choice: Choice, wildcard: Wildcard, scope: _BinderScope) -> ExpansionNode | str:
        """A choice of one wildcard takes some of its lines: {2$$__color__}."""
        found = self._list_named(wildcard, scope)
        if found is None:
            return ""
        shared, bodies = self._lines(found, wildcard, scope)
        node = self._chosen(choice, scope, bodies, found.values, found.weights)
        if shared and isinstance(node, ExpansionNode):
            node = TextSequence([node], shared)
        return self._sampled(node, choice.sampler or wildcard.sampler) if isinstance(node, ExpansionNode) else node

    def _sampled(self, node: ExpansionNode, sampler: str) -> ExpansionNode:
        if sampler not in ("~", "@") or node.count == 1:
            return node
        return Loose(node, in_turn=sampler == "@")

    # ---- wildcards

    def _wildcard(self, part: Wildcard, scope: _BinderScope) -> ExpansionNode | str:
        found = self._list_named(part, scope)
        if found is None:
            return ""
        if found.is_plain:
            return self._sampled(Plain(f"__{part.name}__", found.values, found.weights), part.sampler)
        key = part.name, *self._known_as(found, scope)
        node = None if part.arguments else self._lists.get(key)
        if node is None:
            shared, bodies = self._lines(found, part, scope)
            node = Pick(f"__{part.name}__", bodies, found.values, found.weights)
            if shared:
                node = TextSequence([node], shared)
            if not part.arguments:
                self._lists[key] = node
        self._is_pack_specific |= found.name not in self._wildcards.bodies
        return self._sampled(node, part.sampler)

    def _known_as(self, found: WildcardList, scope: _BinderScope) -> tuple[object, ...]:
        """The key of a list's tree: its name, and the slots and variables that it uses."""
        named = self._references.of_list(found)
        variables = [(name, id(meaning)) for name, meaning in scope.env.items() if variable(name) in named]
        return found.name, scope.held & named, tuple(sorted(variables))

    def _list_named(self, part: Wildcard, scope: _BinderScope) -> WildcardList | None:
        found = self._wildcards.find(part.name)
        if found is None:
            self._trouble(scope.at, self._no_list(part.name, scope))
        elif not found.values:
            self._trouble(scope.at, f"The wildcard “{part.name}” has no lines ({found.where}).")
            return None
        elif self._is_circle(found.name, scope):
            return None
        return found

    def _no_list(self, name: str, scope: _BinderScope) -> str:
        if several := self._wildcards.candidates(name):
            listed = ", ".join(f"__{one}__" for one in several)
            return f"“{name}” fits several wildcards{self._chain(scope)}. Write which one: {listed}."
        near = self._wildcards.near(name)
        hint = f"There are: {near}." if near else "There are no wildcard files yet."
        return f"There is no wildcard “{name}”{self._chain(scope)}. {hint} For the signs themselves write \\__."

    def _is_circle(self, name: str, scope: _BinderScope) -> bool:
        if name not in scope.inside:
            return False
        circle = " → ".join((*scope.inside[scope.inside.index(name) :], name))
        self._trouble(scope.at, f"These name each other in a circle: {circle}.")
        return True

    def _chain(self, scope: _BinderScope) -> str:
        return f" (named in {' → '.join(scope.inside)})" if scope.inside else ""

    def _lines(
        self, found: WildcardList, part: Wildcard, scope: _BinderScope
    ) -> tuple[list[tuple[str, ExpansionNode]], list[ExpansionNode | str]]:
        """What the arguments of the wildcard draw once, and the bound lines of the list."""
        shared: list[tuple[str, ExpansionNode]] = []
        for argument in part.arguments:
            scope = self._assigned(argument, scope, shared)
        bodies = self._wildcards.bodies.get(found.name)
        if bodies is None:
            bodies = self._bound_lines(found, scope)
        return [one for one in shared if one[0] in self._named], bodies

    def _bound_lines(self, found: WildcardList, scope: _BinderScope) -> list[ExpansionNode | str]:
        """Bind the lines of a list that is not bound for all packs."""
        key = self._known_as(found, scope)
        bodies = self._bodies.get(key)
        if bodies is None:
            scope = replace(scope, inside=(*scope.inside, found.name), is_elsewhere=True)
            outer, self._is_pack_specific = self._is_pack_specific, False
            wrong, read = len(self._problems), self._references.read(found)
            for message in read.wrong:
                self._trouble(scope.at, message)
            bodies = self._bodies[key] = [
                value if body is None else self._body(body, scope)
                for value, body in zip(found.values, read.bodies, strict=True)
            ]
            if not self._is_pack_specific and len(self._problems) == wrong and not self._references.of_list(found):
                self._wildcards.bodies[found.name] = bodies
            self._is_pack_specific = outer
        self._is_pack_specific |= found.name not in self._wildcards.bodies
        return bodies

    # ---- slots

    def _slot(self, name: str, scope: _BinderScope) -> ExpansionNode:
        source = self._slots[name]
        if isinstance(source, Wildcard):
            found = self._list_named(source, scope)
            if found is None:
                return TextSequence([""])
            _, bodies = self._lines(found, source, scope)
            return Pick(name, bodies, found.values, found.weights)
        options, called = source.options, f"[[{name}]]"
        if not options or self._is_circle(called, scope):
            return TextSequence([""])
        scope = replace(scope, inside=(*scope.inside, called), is_elsewhere=True)
        bodies = [self._body(option.body, scope) for option in options]
        return Pick(name, bodies, [option.source.strip() for option in options], _weights([o.weight for o in options]))


def _filled(bodies: Sequence[ExpansionNode | str]) -> list[int]:
    """The places of those that are not empty."""
    return [place for place, body in enumerate(bodies) if not isinstance(body, str) or body.strip()]


def _weights(weights: Sequence[float]) -> Sequence[float]:
    return () if len(set(weights)) <= 1 else weights


def with_rules(body: Body, searches: Mapping[str, str]) -> Body:
    """The body with each text that `searches` has as a key replaced by a use of the slot that is its value."""
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
