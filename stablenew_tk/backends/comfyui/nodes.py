"""Builds a graph in ComfyUI's API format, node by node, and remembers where the value of each parameter went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from ...domain.base.errors import Refused
from .object_info import ServerWords

Plain = str | int | float | bool
# A link is the id of a node and the number of its output.
Link = list[str | int]
Input = Plain | Link
Node = dict[str, object]

# The picture was uploaded since the server told what it has.
_NOT_LISTED = {("LoadImage", "image")}


class Spot(Struct, frozen=True):
    """Where in a graph the value of a parameter stands: an input of a node, and what was written there.

    The parameter is `factor` times the input. `derived`: the input was computed from it and does not tell its value,
    only whether it was kept.
    """

    node: str
    input: str
    sent: Plain
    derived: bool = False
    factor: float = 1.0


class Nodes:
    """The nodes made so far, by id. Ids count from 1 in the order made, so that equal orders give equal graphs."""

    def __init__(self) -> None:
        self.prompt: dict[str, Node] = {}
        self.read_back: dict[str, Spot] = {}
        self.notes: list[str] = []
        self._inputs: dict[str, dict[str, Input]] = {}
        self._made: dict[tuple[str, str, str], str] = {}

    def add(self, kind: str, inputs: Mapping[str, Input], title: str = "") -> str:
        """Add a node and return its id, that of an equal node if there is one. `title` is what people see above it."""
        key = (kind, repr(sorted(inputs.items())), title)
        if key in self._made:
            return self._made[key]
        name = self._made[key] = str(len(self.prompt) + 1)
        self._inputs[name] = dict(inputs)
        node: Node = {"class_type": kind, "inputs": self._inputs[name]}
        if title:
            node["_meta"] = {"title": title}
        self.prompt[name] = node
        return name

    def stands_for(self, path: str, node: str, key: str, *, derived: bool = False, factor: float = 1.0) -> None:
        """Remember that the parameter `path` is the input `key` of a node, if it has one, or was made into it."""
        sent = self._inputs[node].get(key)
        if sent is not None and not isinstance(sent, list):
            self.read_back[path] = Spot(node, key, sent, derived, factor)

    def note(self, sentences: Iterable[str]) -> None:
        """Keep sentences for the user, each once."""
        self.notes += [sentence for sentence in dict.fromkeys(sentences) if sentence not in self.notes]

    def check(self, server: ServerWords) -> None:
        """Raise Refused for a node class, a name or a number that the server does not take; it is not asked."""
        paths = {(spot.node, spot.input): path for path, spot in self.read_back.items()}
        for name, node in self.prompt.items():
            kind = str(node["class_type"])
            known = server.classes.get(kind)
            if known is None:
                raise Refused(f"{server.name} has no node {kind!r}, which this needs. Update it, or install the node.")
            for key, value in self._inputs[name].items():
                asked = known.get(key)
                field = paths.get((name, key), f"{kind}.{key}")
                if asked is None or isinstance(value, list) or (kind, key) in _NOT_LISTED:
                    continue
                if asked.choices and isinstance(value, str) and value not in asked.choices:
                    raise Refused(f"{field}: {server.name} has no {value!r}. It has {', '.join(asked.choices[:6])}.")
                if isinstance(value, (int, float)) and not asked.takes(value):
                    raise Refused(f"{field}: {server.name} takes {asked.low:g} to {asked.high:g}, not {value:g}.")


def link(node: str, output: int = 0) -> Link:
    """The link to an output of a node."""
    return [node, output]
