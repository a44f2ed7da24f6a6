"""A workflow of ComfyUI as its screen saves it, turned into the nodes that the server would be told to run.

Nodes that exist on the screen only are taken apart: subgraphs, pairs of Set and Get, switched off and bypassed nodes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

from msgspec import Struct

from .comfy_nodes import INPUTS, NODES, SHOWS, ComfyNode, LinkedNodes, finished
from .comfy_widgets import widget_names
from .recipe import list_of, object_of, text_of

_MUTED, _BYPASSED = 2, 4
_DEEP = 8
_ENTRY = "-10"
_GROUPS = ("workflow/", "workflow>")
_SPREAD = 50
_EVERYWHERE = re.compile(r"(Anything|Prompts|Seed) Everywhere")
_WIDGET_KINDS = ("STRING", "INT", "FLOAT", "BOOLEAN", "COMBO")

Links = dict[int, tuple[str, int]]


class _Scope(Struct):
    """One sheet of nodes: the whole workflow, or one use of a subgraph, whose ids begin with those of its uses.

    `given` is what comes in from outside by the number of the subgraph's input, `chosen` the values that the use of the
    subgraph has for widgets of its nodes.
    """

    sheet: dict[str, object]
    before: str = ""
    uses: tuple[str, ...] = ()
    entry: str = ""
    given: dict[int, object] = {}
    chosen: dict[str, dict[str, object]] = {}


def graph_of_workflow(document: object) -> LinkedNodes:
    """The graph of a workflow as the screen saves it, as far as the widgets of its nodes are known."""
    workflow = object_of(document)
    sheets = list_of(object_of(workflow.get("definitions")).get("subgraphs"))[:NODES]
    groups = object_of(object_of(workflow.get("extra")).get("groupNodes"))
    flat = _Flat({text_of(sheet.get("id")): sheet for sheet in map(object_of, sheets)}, groups)
    waiting = [_Scope(workflow)]
    while waiting:
        waiting += flat.add(waiting.pop())
    return finished(flat.joined())


class _Flat:
    """The nodes of all sheets on one."""

    def __init__(self, subgraphs: dict[str, dict[str, object]], groups: dict[str, object]) -> None:
        self._subgraphs = subgraphs
        self._groups = {f"{before}{name}": object_of(one) for before in _GROUPS for name, one in groups.items()}
        self._nodes: dict[str, ComfyNode] = {}
        self._named: dict[str, object] = {}
        self._gets: list[tuple[str, str]] = []
        # What goes to every open socket of a kind, and the sockets that are open.
        self._everywhere: list[tuple[str, str, object]] = []
        self._open: list[tuple[ComfyNode, str, object]] = []
        self._work = 0

    def add(self, scope: _Scope) -> list[_Scope]:
        """Add the nodes of a sheet. Gives the uses of subgraphs on it."""
        sheet = scope.sheet
        if self._is_too_much(sheet) or len(scope.uses) > _DEEP:
            return []
        links = _links_of(scope)
        inner: list[_Scope] = []
        for raw in list_of(sheet.get("nodes"))[:NODES]:
            node = object_of(raw)
            kind, own = text_of(node.get("type")), _id(node.get("id"))
            if not kind or not own or node.get("mode") == _MUTED or len(self._nodes) >= NODES:
                continue
            name = scope.before + own
            inputs = _inputs_of(node, kind, links, scope)
            subgraph = self._subgraphs.get(kind)
            is_use = node.get("mode") != _BYPASSED and kind not in scope.uses
            if subgraph is not None and is_use:
                if not self._is_too_much(subgraph):
                    inner.append(self._use(scope, name, node, inputs))
            elif kind in self._groups and is_use:
                if not self._is_too_much(self._groups[kind], inner=True):
                    inner.append(self._take_apart(scope, name, node, kind, links))
            elif kind.endswith(("SetNode", "setNode")) and inputs:
                self._named[_first_text(node)] = next((one for one in inputs.values() if isinstance(one, list)), None)
            elif _EVERYWHERE.search(kind):
                self._spread(node, kind, inputs)
            elif kind.endswith(("GetNode", "getNode")):
                self._gets.append((name, _first_text(node)))
            else:
                made = self._nodes[name] = ComfyNode(kind, inputs)
                for socket in _sockets_of(node):
                    if not isinstance(inputs.get(own := text_of(socket.get("name"))), list):
                        self._open.append((made, own, socket.get("type")))
        return inner

    def _spread(self, node: dict[str, object], kind: str, inputs: dict[str, object]) -> None:
        """Note what a node of "Use Everywhere" hands to open sockets: of one kind, prompts and seeds by their names."""
        for socket in _sockets_of(node):
            name = text_of(socket.get("name"))
            link = inputs.get(name)
            if isinstance(link, list):
                self._everywhere.append((name if "Prompt" in kind else "", text_of(socket.get("type")), link))
        if "Seed" in kind and isinstance(seed := next(iter(list_of(node.get("widgets_values"))), None), int):
            self._nodes[f"everywhere:{len(self._nodes)}"] = ComfyNode("Seed Everywhere", {"seed": seed})
            self._everywhere.append(("seed", "INT", [next(reversed(self._nodes)), 0]))

    def _use(self, scope: _Scope, name: str, node: dict[str, object], inputs: dict[str, object]) -> _Scope:
        """What one use of a subgraph hands to its sheet; each of its outputs becomes a node that hands on."""
        sheet = self._subgraphs[text_of(node.get("type"))]
        sockets = [object_of(raw) for raw in list_of(sheet.get("inputs"))[:INPUTS]]
        widgets = [nth for nth, socket in enumerate(sockets) if socket.get("type") in _WIDGET_KINDS]
        given: dict[int, object] = {}
        chosen: dict[str, dict[str, object]] = {}
        values = list_of(node.get("widgets_values"))
        shown = list_of(object_of(node.get("properties")).get("proxyWidgets"))
        for raw, value in zip(shown, values, strict=False):
            inner = [text_of(part) for part in list_of(raw)]
            if len(inner) == 2 and inner[0] != "-1":
                chosen.setdefault(inner[0], {})[inner[1]] = value
        if not shown:
            given.update(zip(widgets, values, strict=False))
        for nth, socket in enumerate(sockets):
            own = text_of(socket.get("name"))
            if own in inputs:
                given[nth] = inputs[own]
        for nth, value in given.items():
            if not isinstance(value, list):
                self._nodes[f"{name}:in:{nth}"] = ComfyNode("Input of a subgraph", {"value": value})
                given[nth] = [f"{name}:in:{nth}", 0]
        use = _Scope(
            sheet,
            f"{name}:",
            (*scope.uses, text_of(node.get("type"))),
            _id(object_of(sheet.get("inputNode")).get("id")) or "-10",
            given,
            chosen,
        )
        end = _id(object_of(sheet.get("outputNode")).get("id")) or "-20"
        for raw in list_of(sheet.get("links")):
            _, source, slot, target, place = _ends_of(raw)
            if target == end and source:
                self._nodes[f"{name}:out:{place}"] = ComfyNode(
                    "Output of a subgraph", {"value": [use.before + source, slot]}
                )
        return use

    def _is_too_much(self, sheet: Mapping[str, object], *, inner: bool = False) -> bool:
        """Count what a sheet will cost, of its `inner` nodes the sockets, too; false while it is little."""
        nodes = list_of(sheet.get("nodes"))
        self._work += len(list_of(sheet.get("links"))) + len(nodes)
        for node in map(object_of, nodes[:INPUTS] if inner else ()):
            self._work += len(list_of(node.get("inputs"))) + len(list_of(node.get("outputs")))
        return self._work > 4 * NODES

    def _take_apart(
        self, scope: _Scope, name: str, node: dict[str, object], kind: str, links: Mapping[int, object]
    ) -> _Scope:
        """A group node as the sheet of its nodes. What is not linked inside it shows outside, in their order."""
        group = self._groups[kind]
        ends = [list_of(raw) for raw in list_of(group.get("links"))[:NODES]]
        inside = [[part if isinstance(part, int) else -1 for part in (*end, -1, -1, -1, -1)[:4]] for end in ends]
        into = {(target, slot): nth for nth, (_, _, target, slot) in enumerate(inside, start=1)}
        shown = {
            (end[0], end[1])
            for end in map(list_of, list_of(group.get("external"))[:INPUTS])
            if len(end) > 1 and isinstance(end[0], int) and isinstance(end[1], int)
        }
        from_inside = {(source, slot) for source, slot, _, _ in inside} - shown
        drawn = [object_of(raw) for raw in list_of(group.get("nodes"))[:INPUTS]]
        own = list_of(node.get("widgets_values"))
        counts = [len(list_of(one.get("widgets_values"))) for one in drawn]
        given: dict[int, object] = {}
        waiting = [object_of(raw).get("link") for raw in list_of(node.get("inputs"))[:INPUTS]]
        nodes: list[object] = []
        out = entry = at = 0
        for index, (one, count) in enumerate(zip(drawn, counts, strict=True)):
            sockets: list[object] = []
            for slot, raw in enumerate(_sockets_of(one)):
                link: object = into.get((index, slot))
                if link is None and entry < len(waiting):
                    outside = waiting[entry]
                    if isinstance(outside, int) and outside in links:
                        given[entry] = links[outside]
                        link = len(inside) + 1 + entry
                    entry += 1
                sockets.append({**raw, "link": link})
            # Without a value for each widget it is not sure whose is whose.
            values = own[at : at + count] if len(own) == sum(counts) else list_of(one.get("widgets_values"))
            at += count
            nodes.append({**one, "id": index, "inputs": sockets, "widgets_values": values})
            for slot, _ in enumerate(list_of(one.get("outputs"))[:INPUTS]):
                if (index, slot) not in from_inside:
                    made = ComfyNode("Output of a subgraph", {"value": [f"{name}:{index}", slot]})
                    self._nodes[f"{name}:out:{out}"] = made
                    out += 1
        wires: list[object] = [[nth, *end] for nth, end in enumerate(inside, start=1)]
        wires += [[len(inside) + 1 + nth, _ENTRY, nth, "", 0] for nth in given]
        return _Scope({"nodes": nodes, "links": wires}, f"{name}:", (*scope.uses, kind), _ENTRY, given)

    def joined(self) -> dict[str, ComfyNode]:
        """All nodes, the links through subgraphs and pairs of Set and Get put through."""
        for name, variable in self._gets:
            if variable in self._named:
                self._nodes[name] = ComfyNode("GetNode", {"value": self._named[variable]})
        for node, own, kind in self._open[: NODES if self._everywhere else 0]:
            for named, spread, link in self._everywhere[:_SPREAD]:
                if spread == kind and (not named or named in own):
                    node.inputs[own] = link
                    break
        for node in self._nodes.values():
            for key, value in node.inputs.items():
                if isinstance(value, list) and len(value) == 2 and f"{value[0]}:out:{value[1]}" in self._nodes:
                    node.inputs[key] = [f"{value[0]}:out:{value[1]}", 0]
        return self._nodes


def _links_of(scope: _Scope) -> dict[int, object]:
    """Where each link of a sheet comes from: a link of the flat graph. Those without a source are left out."""
    links: dict[int, object] = {}
    for raw in list_of(scope.sheet.get("links")):
        number, source, slot, _, _ = _ends_of(raw)
        if scope.entry and source == scope.entry:
            if slot in scope.given:
                links[number] = scope.given[slot]
        elif source:
            links[number] = [scope.before + source, slot]
    return links


def _ends_of(raw: object) -> tuple[int, str, int, str, int]:
    """Number, source, its output, target, its input of a link in either of the two forms; source "" for none."""
    entry, parts = object_of(raw), list_of(raw)
    if entry:
        keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
        parts = [entry.get(key) for key in keys]
    parts = [*parts, None, None, None, None, None]
    numbers = [part if isinstance(part, int) else -1 for part in (parts[0], parts[2], parts[4])]
    source = _id(parts[1]) if numbers[0] >= 0 and numbers[1] >= 0 else ""
    return numbers[0], source, numbers[1], _id(parts[3]), numbers[2]


def _id(raw: object) -> str:
    return raw if isinstance(raw, str) else str(raw) if isinstance(raw, int) and abs(raw) < 10**15 else ""


def _first_text(node: dict[str, object]) -> str:
    return next((text for text in map(text_of, list_of(node.get("widgets_values"))[:INPUTS]) if text), "")


def _sockets_of(node: dict[str, object]) -> list[dict[str, object]]:
    return [object_of(raw) for raw in list_of(node.get("inputs"))[:INPUTS]]


def _inputs_of(node: dict[str, object], kind: str, links: dict[int, object], scope: _Scope) -> dict[str, object]:
    inputs: dict[str, object] = {}
    sockets = _sockets_of(node)
    # A bypassed node does nothing but hand on: its links without its values.
    if node.get("mode") != _BYPASSED:
        widgets = node.get("widgets_values")
        values = list_of(widgets)
        inputs.update(zip(widget_names(node, kind, sockets), values, strict=False))
        # Lists of LoRAs stand as objects among the values; what is in them tells.
        for nth, value in enumerate(values[:INPUTS]):
            if isinstance(value, dict) or (isinstance(value, list) and isinstance(next(iter(value), None), dict)):
                inputs[f"object_{nth}"] = {"__value__": value} if isinstance(value, list) else value
        inputs.update(islice(object_of(widgets).items(), INPUTS))
        inputs.pop("", None)
        inputs.update(scope.chosen.get(_id(node.get("id")), {}))
        if SHOWS.search(kind) and values and values[0]:
            inputs["text_0"] = values[0]
    for socket in sockets:
        link = socket.get("link")
        if isinstance(link, int) and link in links:
            inputs[text_of(socket.get("name"))] = links[link]
    return inputs
