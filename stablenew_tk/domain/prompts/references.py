"""Which slots and variables parts of a prompt refer to, directly or through lists, and where each slot is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from .parser import parse
from .template import Assign, Body, Choice, Part, SlotUse, Use, Wildcard
from .wildcards import WildcardList, Wildcards

Slots = Mapping[str, Choice | Wildcard]

# A list with a mistake in every line is reported so often and no more.
_MOST_WRONG = 20
# Variables may name variables: without an end to it, a few lines could make a tree of any size.
MOST_NODES = 1_000_000
# Stands for brackets that may be a slot or not, depending on the pack.
MAYBE_SLOT = "[["
_DEEPEST = 100


class Read(Struct, frozen=True):
    """The parsed lines of a list: a body for each that is more than text, and what is wrong with them."""

    bodies: tuple[Body | None, ...]
    wrong: tuple[str, ...]


def variable(name: str) -> str:
    """The name of a variable among names of slots."""
    return f"${{{name}}}"


class References:
    """Follows the references of parts, lists and slots, of each only once."""

    def __init__(self, wildcards: Wildcards, slots: Slots) -> None:
        self._wildcards, self._slots = wildcards, slots
        self._read: dict[str, Read] = {}
        self._lists: dict[str, frozenset[str]] = {}
        self._open: set[str] = set()

    def read(self, found: WildcardList) -> Read:
        """Parse the lines of a list."""
        known = self._read.get(found.name)
        if known is None:
            bodies: list[Body | None] = [None] * len(found.values)
            wrong: list[str] = []
            varying: Iterable[int] = found.lines
            # Bound, they are at least as many nodes. To read them all before that takes long and much memory.
            if sum(1 + found.values[place].count("{") for place in varying) > MOST_NODES:
                wrong.append(f"{found.where}: its lines have more than {MOST_NODES // 2:,} choices. Leave some away.")
                varying = ()
            for place in varying:
                template = parse(found.values[place], is_slot=self._slots.__contains__)
                bodies[place] = template.body
                if template.troubles and len(wrong) < _MOST_WRONG:
                    wrong.append(f"{found.spot(place)}: {template.troubles[0].message}")
            known = self._read[found.name] = Read(tuple(bodies), tuple(wrong))
        return known

    def of_list(self, found: WildcardList) -> frozenset[str]:
        """The slots and variables that a list refers to, directly or through other lists."""
        known = self._lists.get(found.name)
        if known is not None:
            return known
        if found.name in self._open or len(self._open) > _DEEPEST:
            return frozenset()  # a circle, or too deep to be bound
        if found.name in self._wildcards.bodies:
            return frozenset()
        self._open.add(found.name)
        maybe = {MAYBE_SLOT} if any(MAYBE_SLOT in found.values[place] for place in found.lines) else set()
        names = self._of([part for body in self.read(found).bodies if body for part in body])
        self._lists[found.name] = names | maybe
        self._open.remove(found.name)
        return self._lists[found.name]

    def drawn_here(self, body: Body, held: frozenset[str]) -> dict[str, int]:
        """The slots to draw for this body as a whole, not in one of its parts, with the place of each.

        A slot comes after those it refers to itself.
        """
        if not self._slots:
            return {}
        places: dict[str, list[Part]] = {}
        ats: dict[str, int] = {}
        waiting: list[tuple[Part, int]] = [(part, -1 if isinstance(part, str) else part.at) for part in body]
        drawn: dict[str, int] = {}
        while waiting:
            for part, at in waiting:
                for name in self._slots_in(part):
                    places.setdefault(name, []).append(part)
                    ats.setdefault(name, at)
            fresh = [
                name for name in places if name not in held and name not in drawn and not self._is_inner(places[name])
            ]
            drawn.update({name: ats[name] for name in fresh})
            # The values of a slot that is drawn here are a part of this body too.
            waiting = [(self._slots[name], ats[name]) for name in fresh]
        return self._in_order(drawn) if len(drawn) > 1 else drawn

    def _in_order(self, drawn: Mapping[str, int]) -> dict[str, int]:
        ordered: dict[str, int] = {}
        started: set[str] = set()

        def add(name: str) -> None:
            if name in started:
                return
            started.add(name)
            for other in sorted(self._of([self._slots[name]]) & drawn.keys()):
                add(other)
            ordered[name] = drawn[name]

        for name in drawn:
            add(name)
        return ordered

    def _slots_in(self, part: Part) -> Sequence[str]:
        if isinstance(part, str):
            return ()
        if isinstance(part, SlotUse):
            return (part.name,) if part.name in self._slots else ()
        return sorted(self._slots.keys() & self._of([part]))

    def _is_inner(self, parts: Sequence[Part]) -> bool:
        """Whether these are one choice, of which one option is taken."""
        only = parts[0]
        if len(parts) > 1 or isinstance(only, (str, SlotUse, Assign, Use)) or only.sampler not in ("", "!"):
            return False
        if isinstance(only, Choice):
            return (only.least, only.most) == (1, 1)
        return not only.arguments

    def _of(self, parts: Sequence[Part]) -> frozenset[str]:
        """Everything that parts refer to, directly or through lists and slots."""
        names: set[str] = set()
        waiting = list(parts)
        while waiting:
            part = waiting.pop()
            if isinstance(part, Choice):
                waiting += [inner for option in part.options for inner in option.body]
            elif isinstance(part, Assign):
                waiting += part.body
            elif isinstance(part, Use):
                names.add(variable(part.name))
                waiting += part.default or ()
            elif isinstance(part, SlotUse) and part.name not in names and part.name in self._slots:
                names.add(part.name)
                waiting.append(self._slots[part.name])
            elif isinstance(part, Wildcard):
                waiting += part.arguments
                found = self._wildcards.find(part.name)
                if found is not None and not found.is_plain:
                    names |= self.of_list(found)
        return frozenset(names)
