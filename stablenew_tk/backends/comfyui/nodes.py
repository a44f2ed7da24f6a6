"""Builds a graph in ComfyUI's API format, node by node, and remembers where the value of each parameter went."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ...domain.config.catalogue import Value

Plain = str | int | float | bool
# A link is the id of a node and the number of its output.
Link = list[str | int]
Node = dict[str, object]


class Spot(Struct, frozen=True):
    """Where in a graph the value of a parameter stands: an input of a node, and what was written there."""

    node: str
    input: str
    sent: Plain


class Nodes:
    """The nodes made so far, by id. Ids count from 1 in the order made, so that equal orders give equal graphs."""

    def __init__(self) -> None:
        self.prompt: dict[str, Node] = {}
        self.asked: dict[str, Value] = {}
        self.read_back: dict[str, Spot] = {}
        self.notes: list[str] = []

    def add(self, kind: str, inputs: Mapping[str, Plain | Link], title: str = "") -> str:
        """Add a node and return its id. `title` is what people see above it."""
        name = str(len(self.prompt) + 1)
        node: Node = {"class_type": kind, "inputs": dict(inputs)}
        if title:
            node["_meta"] = {"title": title}
        self.prompt[name] = node
        return name

    def stands_for(self, path: str, value: Value, node: str, key: str) -> None:
        """Remember that the parameter `path`, asked as `value`, is the input `key` of a node."""
        inputs = self.prompt[node]["inputs"]
        sent = inputs[key] if isinstance(inputs, dict) else None
        self.asked[path] = value
        if isinstance(sent, (str, int, float)):
            self.read_back[path] = Spot(node, key, sent)

    def note(self, sentence: str) -> None:
        """Keep a sentence for the user, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


def link(node: str, output: int = 0) -> Link:
    """The link to an output of a node."""
    return [node, output]
