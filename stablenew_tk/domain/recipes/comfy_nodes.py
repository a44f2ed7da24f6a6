"""The nodes of a ComfyUI workflow and ways to walk up its links, whatever a stranger made of it.

Every walk looks at each node once and at no more than 20,000 inputs, so cycles and huge graphs only cost knowledge.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct

from .recipe import object_of, text_of

Plain = str | int | float | bool
NODES = 20_000
INPUTS = 200
_WALK = 20_000
_STRAIGHT = 20
_NOTHING: tuple[object, ...] = (None, "", "None", [], {})
# Nodes that hand on one of several inputs, and what tells which: a number, a name that ends in it, or yes and no.
_SWITCH = re.compile(r"switch|selector|ifelse|conditionalbranch", re.IGNORECASE)
_SELECTOR = re.compile(
    r"(select|selected|index|input|switch|boolean|bool|cond|condition|choose|which|selector|select_input|input_number"
    r"|selected_index|value_index|boolean_value|boolean_number|switch_to)",
    re.IGNORECASE,
)
_BRANCHES = (("on_true", "on_false"), ("tt_value", "ff_value"), ("if_true", "if_false"))
# Nodes that compute a value: what stands in them is not it.
_COMPUTES = re.compile(r"math|expression|calc|evaluate|operation|operator|formula", re.IGNORECASE)
SHOWS = re.compile(r"show|display|preview", re.IGNORECASE)
_SHOWN = re.compile(r"text_?\d{0,2}|preview(_?text|_markdown)?|displayed_text|shown", re.IGNORECASE)
# What a node that only hands on a value calls it.
_HANDED_ON = (
    *("value", "Value", "int", "INT", "float", "FLOAT", "number", "Number", "num", "integer", "string", "STRING"),
    *("text", "seed", "a"),
)


class ComfyNode(Struct, frozen=True):
    """One node: its class and its inputs, each a plain value, a link, or something else."""

    kind: str
    inputs: dict[str, object]

    def plain(self, key: str) -> Plain | None:
        """The value written at an input; None for a link or nothing."""
        value = self.inputs.get(key)
        if isinstance(value, dict):
            value = value.get("content")  # loaders with a picture for each name keep an object
        return value if isinstance(value, (str, int, float)) else None


class LinkedNodes:
    """The nodes by id. A link is a list of a node's id and the number of its output."""

    def __init__(self, nodes: dict[str, ComfyNode]) -> None:
        self.nodes = nodes
        # The nodes that were understood, and the values that were taken from them.
        self._known: set[int] = set()
        self._read: set[tuple[int, str]] = set()
        self.notes: list[str] = []

    def mark(self, node: ComfyNode, *keys: str) -> None:
        """Note that a node was understood, and that the values at some of its inputs were taken."""
        self._known.add(id(node))
        self._read.update((id(node), key) for key in keys)

    def is_read(self, node: ComfyNode) -> bool:
        """Whether a node was understood or anything was taken from it."""
        return id(node) in self._known

    def left_in(self, node: ComfyNode) -> dict[str, object]:
        """What stands at the inputs of a node and was not taken; links and empty texts are nothing."""
        inputs = islice(node.inputs.items(), INPUTS)
        return {
            key: value
            for key, value in inputs
            if (id(node), key) not in self._read and value not in _NOTHING and not self.target(value)
        }

    def forget(self) -> None:
        """Begin anew: nothing was understood or taken."""
        self._known.clear()
        self._read.clear()

    def target(self, link: object) -> str:
        """The id of the node a link comes from; "" for anything else."""
        if isinstance(link, list) and len(link) == 2 and isinstance(link[0], (str, int)):
            name = link[0] if isinstance(link[0], str) else str(link[0]) if abs(link[0]) < 10**15 else ""
            return name if name in self.nodes else ""
        return ""

    def up(self, links: Sequence[object], stop: Sequence[str] = ()) -> Iterator[ComfyNode]:
        """The nodes above some links, the nearest first, not going through inputs named in `stop`."""
        waiting = deque(map(self.target, links))
        seen = {""}
        work = 0
        while waiting and work < _WALK:
            name = waiting.popleft()
            if name in seen:
                continue
            seen.add(name)
            node = self.nodes[name]
            work += 1 + len(node.inputs)
            yield node
            waiting.extend(self.target(value) for key, value in node.inputs.items() if key not in stop)

    def value(self, node: ComfyNode, key: str) -> Plain | None:
        """The value of an input, also when it is handed on by other nodes; None when it cannot be found. It counts as
        taken.
        """
        at = self.place(node, key)
        return at[0].plain(at[1]) if at else None

    def seen(self, node: ComfyNode, key: str) -> Plain | None:
        """The same value without taking it."""
        way = self._way(node, key)
        return way[-1][0].plain(way[-1][1]) if way else None

    def place(self, node: ComfyNode, key: str) -> tuple[ComfyNode, str] | None:
        """The node and the input where the value of an input is written, which other nodes may hand on. It counts as
        taken.
        """
        way = self._way(node, key)
        for passed, where in way:
            self.mark(passed, where)
        return way[-1] if way else None

    def _way(self, node: ComfyNode, key: str) -> list[tuple[ComfyNode, str]]:
        """The nodes and inputs that the value of an input comes by, the place where it is written last; [] for none."""
        way = [(node, key)]
        for _ in range(_STRAIGHT):
            at, where = way[-1]
            name = self.target(at.inputs.get(where))
            if not name:
                return way if at.plain(where) is not None else []
            at = self.nodes[name]
            if _COMPUTES.search(at.kind):
                return []
            known = _handed_on(at, key)
            if known == "a" and len(at.inputs) > 1:
                return []  # it is computed
            way.append((at, known))
        return []

    def first(self, link: object, *keys: str, stop: Sequence[str] = ()) -> Plain | None:
        """The first value under one of the keys, walking up from a link, which counts as taken; None if computed."""
        at = self.first_place(link, *keys, stop=stop)
        return at[0].plain(at[1]) if at else None

    def first_place(self, link: object, *keys: str, stop: Sequence[str] = ()) -> tuple[ComfyNode, str] | None:
        """The node and the input where that value is written."""
        for node, key in self._with(link, keys, stop):
            if (at := self.place(node, key)) is not None:
                return at
            if self._is_computed(node, key):
                return None  # what stands farther up is not it
        return None

    def first_seen(self, link: object, *keys: str, stop: Sequence[str] = ()) -> Plain | None:
        """The first value under one of the keys, without taking it."""
        values = (self.seen(node, key) for node, key in self._with(link, keys, stop))
        return next((value for value in values if value is not None), None)

    def _is_computed(self, node: ComfyNode, key: str) -> bool:
        source = self.target(node.inputs.get(key))
        return bool(source) and _COMPUTES.search(self.nodes[source].kind) is not None

    def _with(self, link: object, keys: Sequence[str], stop: Sequence[str]) -> Iterator[tuple[ComfyNode, str]]:
        return ((node, key) for node in self.up([link], stop) for key in keys if key in node.inputs)


def _handed_on(node: ComfyNode, key: str) -> str:
    """The input whose value a node hands on to an input of this name; "" where that cannot be told."""
    exact = next((one for one in (key, *_HANDED_ON) if one in node.inputs), "")
    # A node with one input can only hand that one on, whatever it calls it.
    if exact or len(node.inputs) < 2:
        return exact or next(iter(node.inputs), "")
    # Nodes with an output for each setting call it steps_total or sampler.
    alike = [one for one in node.inputs if one.startswith((f"{key}_", f"{key.partition('_')[0]}_")) or one == key[:-5]]
    return alike[0] if len(alike) == 1 else ""


def graph_of(document: object) -> LinkedNodes:
    """The graph of an API prompt: id → class_type and inputs."""
    nodes: dict[str, ComfyNode] = {}
    for name, raw in islice(object_of(document).items(), NODES):
        node = object_of(raw)
        if kind := text_of(node.get("class_type")):
            nodes[name] = ComfyNode(kind, dict(islice(object_of(node.get("inputs")).items(), INPUTS)))
    return finished(nodes)


def finished(nodes: dict[str, ComfyNode]) -> LinkedNodes:
    """The graph of nodes that is read: of a node that chooses one of its inputs only that one is left, of a node that
    shows a text only the text.
    """
    graph = LinkedNodes(nodes)
    for name, node in nodes.items():
        if len(node.inputs) > 1:
            if key := _chosen(graph, node):
                nodes[name] = ComfyNode(node.kind, {key: node.inputs[key]})
            elif shown := _shown(node):
                nodes[name] = ComfyNode(node.kind, {"text": shown})
    graph.forget()
    return graph


def _chosen(graph: LinkedNodes, node: ComfyNode) -> str:
    """The input that a switch hands on; "" for what is no switch."""
    links = sorted(key for key, value in node.inputs.items() if graph.target(value))
    pairs = next((pair for pair in _BRANCHES if any(key in node.inputs for key in pair)), ())
    if not links or not (pairs or _SWITCH.search(node.kind)) or "sampler" in node.kind.casefold():
        return ""
    selector = next((key for key in node.inputs if _SELECTOR.fullmatch(key)), "")
    if not selector:
        return "" if pairs else links[0]
    chosen = graph.value(node, selector)
    links = [key for key in links if key != selector]
    written = [
        key for key, value in node.inputs.items() if key in links or (isinstance(value, str) and key != selector)
    ]
    if isinstance(chosen, str) and chosen.casefold() in ("true", "false", "on", "off", "yes", "no"):
        chosen = chosen.casefold() in ("true", "on", "yes")
    if isinstance(chosen, bool):
        ends = ("true", "_a", "1", "tt_value") if chosen else ("false", "_b", "2", "ff_value")
        return next((key for key in written if key.endswith(ends)), "")
    number = int(chosen) if isinstance(chosen, (int, float)) and abs(chosen) < NODES else _digits(chosen)
    if number is not None and (found := next((key for key in written if _digits(key) == number), "")):
        return found
    if links:
        graph.notes.append(f"Which input the switch {node.kind[:60]} took is not written; the first one was read.")
        return links[0]
    return ""


def _digits(text: object) -> int | None:
    found = re.search(r"([0-9]{1,4})$", text) if isinstance(text, str) else None
    return int(found[1]) if found else None


def _shown(node: ComfyNode) -> str:
    """The text that a node on the screen showed when the picture was made; "" when it showed none."""
    if not SHOWS.search(node.kind) or not any(isinstance(value, list) for value in node.inputs.values()):
        return ""
    given = [node.inputs[key] for key in node.inputs if _SHOWN.fullmatch(key)]
    # Some keep a list of one text; a link has two parts.
    texts = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in given]
    return "\n".join(text for text in texts if isinstance(text, str) and text.strip())
