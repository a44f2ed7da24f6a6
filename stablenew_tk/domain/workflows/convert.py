"""Turns the form in which ComfyUI's editor saves a workflow into the API format, with what `/object_info` tells.

The editor writes a node's values without names, in the order in which the server lists its inputs, and keeps nodes of
its own: subgraphs, reroutes, primitives, pairs of Set and Get, muted and bypassed ones. What is not sure is refused,
because a value that lands at the wrong input would change a picture without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from msgspec import Struct

from ..base.errors import InvalidInput
from ..recipes.recipe import list_of, object_of, text_of
from .node_kinds import COMBO, DYNAMIC, InputKind, NodeKinds
from .workflow_nodes import INPUTS, MOST_NODES, WorkflowNode

EXPORT = "In ComfyUI: Workflow, Export (API)."
_MUTED, _BYPASSED = 2, 4
_DEEP, _STRAIGHT = 8, 64
_AFTER_SEED = ("fixed", "increment", "decrement", "randomize", "increment-wrap", True, False)
_SEEDS = ("seed", "noise_seed")
_NOTES = re.compile(r"(Markdown)?Note")
_SET, _GET = re.compile(r".*[sS]etNode"), re.compile(r".*[gG]etNode")
# Labels, and switches for other nodes, that only the screen knows.
_SCREEN = re.compile(r"(Fast .*|Label|Bookmark|Node Collector|Mute / Bypass .*|Random Unmuter) \(rgthree\)")
_REROUTES = ("Reroute", "Reroute (rgthree)")
_GROUP = re.compile(r"workflow[>/]")
_EVERYWHERE = re.compile(r"(Anything|Prompts|Seed) Everywhere")
_ENTRY, _EXIT = "-10", "-20"
_Link = tuple[str, int, str, int]


def api_format(document: Mapping[str, object], kinds: NodeKinds, what: str) -> dict[str, WorkflowNode]:
    """The nodes of a workflow in the editor's form. Raises InvalidInput where that cannot be told for sure."""
    if not kinds:
        raise InvalidInput(
            f"{what} is the editor's form, which needs a ComfyUI server to be read, and none answers. {EXPORT}"
        )
    sheets = {text_of(one.get("id")): one for one in map(object_of, _sheets(document))}
    drawing = _Drawing(sheets, kinds, what)
    drawing.add(_Sheet.of(document, None, "", {}))
    if not drawing.nodes:
        raise InvalidInput(f"{what} has no node that could be run. {EXPORT}")
    return drawing.nodes


def _sheets(document: Mapping[str, object]) -> list[object]:
    return list_of(object_of(document.get("definitions")).get("subgraphs"))[:MOST_NODES]


class _Value(Struct, frozen=True):
    """A value in place of a link."""

    value: object


class _Sheet(Struct):
    """One sheet of nodes: the whole workflow, or one use of a subgraph."""

    nodes: dict[str, dict[str, object]]
    links: dict[int, _Link]
    outer: _Sheet | None
    user: str
    before: str
    chosen: Mapping[tuple[str, str], object]
    entries: tuple[str, ...] = ()
    depth: int = 0
    exits: Mapping[int, tuple[str, int]] = {}
    named: Mapping[object, dict[str, object]] = {}
    linked: frozenset[str] = frozenset()

    @staticmethod
    def of(
        document: Mapping[str, object], outer: _Sheet | None, user: str, chosen: Mapping[tuple[str, str], object]
    ) -> _Sheet:
        nodes = {_id(one.get("id")): one for one in map(object_of, list_of(document.get("nodes"))[:MOST_NODES])}
        nodes.pop("", None)
        links = dict(islice(_links(document), 4 * MOST_NODES))
        entries = tuple(text_of(object_of(one).get("name")) for one in list_of(document.get("inputs"))[:INPUTS])
        before = f"{outer.before}{user}:" if outer else ""
        exits = {link[3]: (link[0], link[1]) for link in links.values() if link[2] == _EXIT}
        depth = outer.depth + 1 if outer else 0
        linked = frozenset(end for link in links.values() for end in (link[0], link[2]))
        return _Sheet(nodes, links, outer, user, before, chosen, entries, depth, exits, dict(_sets(nodes)), linked)


def _links(document: Mapping[str, object]) -> Iterator[tuple[int, _Link]]:
    for raw in list_of(document.get("links")):
        one = object_of(raw)
        parts = list_of(raw) or [one.get(key) for key in ("id", "origin_id", "origin_slot", "target_id", "target_slot")]
        if len(parts) >= 5 and isinstance(parts[0], int):
            slots = [part if isinstance(part, int) else -1 for part in (parts[2], parts[4])]
            yield parts[0], (_id(parts[1]), slots[0], _id(parts[3]), slots[1])


class _Drawing:
    """The nodes of all sheets, flat, as the server wants them."""

    def __init__(self, sheets: Mapping[str, dict[str, object]], kinds: NodeKinds, what: str) -> None:
        self._sheets, self._kinds, self._what = sheets, kinds, what
        self._work = 0
        self.nodes: dict[str, WorkflowNode] = {}
        # By the way to them, as the ids of the nodes in them begin.
        self._uses: dict[str, _Sheet] = {}

    def add(self, sheet: _Sheet) -> None:
        """Add the nodes of a sheet, and those of the subgraphs it uses."""
        self._work += len(sheet.nodes) + len(sheet.links)
        if self._work > 4 * MOST_NODES:
            raise InvalidInput(f"{self._what} has too many nodes in its subgraphs to be read. {EXPORT}")
        for own, node in sheet.nodes.items():
            kind = text_of(node.get("type"))
            if node.get("mode") in (_MUTED, _BYPASSED) or _is_of_editor(kind):
                continue
            if kind in self._sheets:
                self.add(self._use(sheet, own, node))
                continue
            if kind not in self._kinds.inputs and own not in sheet.linked:
                continue  # it makes nothing and is made of nothing
            if len(self.nodes) >= MOST_NODES:
                raise InvalidInput(f"{self._what} has more than {MOST_NODES:,} nodes. {EXPORT}")
            title = text_of(node.get("title")).strip()
            self.nodes[sheet.before + own] = WorkflowNode(kind, self._inputs(sheet, own, node, kind), title)

    def _use(self, sheet: _Sheet, own: str, node: dict[str, object]) -> _Sheet:
        key = sheet.before + own
        if key not in self._uses:
            if sheet.depth >= _DEEP:
                raise InvalidInput(f"{self._what} has subgraphs nested more than {_DEEP} deep. {EXPORT}")
            values = list_of(node.get("widgets_values"))
            shown = [tuple(text_of(part) for part in list_of(raw)[:2]) for raw in _proxies(node)]
            chosen = {(one[0], one[1]): value for one, value in zip(shown, values, strict=False) if len(one) == 2}
            inner = self._sheets[text_of(node.get("type"))]
            if not shown:
                typed = [object_of(one) for one in list_of(inner.get("inputs"))[:INPUTS]]
                names = [text_of(one.get("name")) for one in typed if one.get("type") in _WRITTEN_TYPES]
                chosen = {("-1", name): value for name, value in zip(names, values, strict=False)}
            self._uses[key] = _Sheet.of(inner, sheet, own, chosen)
        return self._uses[key]

    # ---- the inputs of one node

    def _inputs(self, sheet: _Sheet, own: str, node: dict[str, object], kind: str) -> dict[str, object]:
        known = self._kinds.inputs.get(kind)
        heading = text_of(node.get("title")) or kind
        if _EVERYWHERE.match(kind):
            raise InvalidInput(
                f"Node “{heading[:60]}” (#{sheet.before}{own}) connects inputs without lines, so the editor's form of "
                f"{self._what} cannot be read. {EXPORT}"
            )
        if _GROUP.match(kind):
            raise InvalidInput(
                f"Node “{heading[:60]}” (#{sheet.before}{own}) is a group node, so the editor's form of {self._what} "
                f"cannot be read. Take it apart in ComfyUI (Convert to nodes), or export it: {EXPORT}"
            )
        if known is None:
            raise InvalidInput(
                f"Node “{heading[:60]}” (#{sheet.before}{own}): {self._kinds.server} has no class {kind[:80]}, so the "
                f"editor's form of {self._what} cannot be read. Install it there, or export it: {EXPORT}"
            )
        inputs = self._named(sheet, own, node, known)
        for (inner, name), value in sheet.chosen.items():
            if inner == own:
                inputs[name] = value
        for socket in map(object_of, list_of(node.get("inputs"))[:INPUTS]):
            link, name = socket.get("link"), text_of(socket.get("name"))
            if not isinstance(link, int) or link not in sheet.links or not name:
                continue
            source = self._source(sheet, link)
            if isinstance(source, _Value):
                inputs[name] = source.value
            elif source is not None:
                inputs[name] = source
        return inputs

    def _named(
        self, sheet: _Sheet, own: str, node: dict[str, object], known: Mapping[str, InputKind]
    ) -> dict[str, object]:
        """The values that are written in a node, by name."""
        written = node.get("widgets_values")
        if isinstance(written, dict):
            return {key: value for key, value in islice(written.items(), INPUTS) if key in known}
        values, found = list_of(written)[:INPUTS], dict[str, object]()
        at = 0
        waiting = list(known.items())
        while waiting and at < len(values):
            name, about = waiting.pop(0)
            if not about.is_written:
                continue
            value = values[at]
            if not _may_be(value, about) and _is_surplus(values[at:], about, waiting):
                # A button of the screen keeps a word among the values.
                waiting.insert(0, (name, about))
                at += 1
                continue
            if not _may_be(value, about):
                heading = text_of(node.get("title")) or text_of(node.get("type"))
                raise InvalidInput(
                    f"Node “{heading[:60]}” (#{sheet.before}{own}): {str(value)[:40]!r} stands where {name} should, so "
                    f"the values of the editor's form cannot be told apart. {EXPORT}"
                )
            found[name] = value
            at += 1
            if (about.steered or name in _SEEDS) and at < len(values) and values[at] in _AFTER_SEED:
                at += 1
            if about.kind == DYNAMIC and isinstance(value, str):
                inner = about.nested.get(value, {})
                waiting[:0] = [(f"{name}.{key}", one) for key, one in inner.items()]
        # Where a value is missing the editor has that of the server.
        missing = ((name, about.default) for name, about in waiting if about.is_written and about.required)
        return found | {name: value for name, value in missing if value is not None}

    # ---- where a link comes from

    def _source(self, sheet: _Sheet, link: int) -> list[object] | _Value | None:
        """What is at the beginning of a link: a node and its output, a value, or nothing."""
        at: tuple[_Sheet, str, int] | None = (sheet, sheet.links[link][0], sheet.links[link][1])
        for _ in range(_STRAIGHT):
            if at is None:
                return None
            here, own, slot = at
            if own == _ENTRY:
                found = self._outside(here, slot)
                if isinstance(found, _Value):
                    return found
                at = found
                continue
            node = here.nodes.get(own)
            kind = text_of(node.get("type")) if node else ""
            if node is None or node.get("mode") == _MUTED:
                return None
            if node.get("mode") == _BYPASSED:
                at = _bypassed(here, node, slot)
            elif kind in self._sheets:
                inner = self._use(here, own, node)
                at = (inner, *inner.exits[slot]) if slot in inner.exits else None
            elif kind == "PrimitiveNode":
                values = list_of(node.get("widgets_values"))
                return _Value(values[0]) if values else None
            elif kind in _REROUTES or _SET.fullmatch(kind):
                at = _first_input(here, node)
            elif _GET.fullmatch(kind):
                at = _set_for(here, node)
            else:
                return [here.before + own, slot]
        raise InvalidInput(f"{self._what} has a link that runs in a circle. {EXPORT}")

    def _outside(self, sheet: _Sheet, slot: int) -> tuple[_Sheet, str, int] | _Value | None:
        """What comes into a subgraph at one of its inputs: a link outside, or a value of the node that uses it."""
        outer = sheet.outer
        if outer is None or not 0 <= slot < len(sheet.entries):
            return None
        name = sheet.entries[slot]
        for socket in map(object_of, list_of(outer.nodes[sheet.user].get("inputs"))[:INPUTS]):
            link = socket.get("link")
            if text_of(socket.get("name")) == name and isinstance(link, int) and link in outer.links:
                return outer, outer.links[link][0], outer.links[link][1]
        value = sheet.chosen.get(("-1", name), sheet.chosen.get(("", name)))
        return None if value is None else _Value(value)


_WRITTEN_TYPES = ("INT", "FLOAT", "STRING", "BOOLEAN", COMBO)


def _proxies(node: Mapping[str, object]) -> list[object]:
    return list_of(object_of(node.get("properties")).get("proxyWidgets"))[:INPUTS]


def _is_of_editor(kind: str) -> bool:
    """Whether a node exists in the editor only."""
    plain = kind in ("", *_REROUTES, "PrimitiveNode") or bool(_SCREEN.fullmatch(kind))
    return plain or bool(_NOTES.fullmatch(kind) or _SET.fullmatch(kind) or _GET.fullmatch(kind))


def _sets(nodes: Mapping[str, dict[str, object]]) -> Iterator[tuple[object, dict[str, object]]]:
    """The Set nodes of a sheet by the name that they give."""
    for node in nodes.values():
        name = next(iter(list_of(node.get("widgets_values"))), None)
        if isinstance(name, str) and _SET.fullmatch(text_of(node.get("type"))):
            yield name, node


def _first_input(sheet: _Sheet, node: Mapping[str, object]) -> tuple[_Sheet, str, int] | None:
    for socket in map(object_of, list_of(node.get("inputs"))[:INPUTS]):
        link = socket.get("link")
        if isinstance(link, int) and link in sheet.links:
            return sheet, sheet.links[link][0], sheet.links[link][1]
    return None


def _set_for(sheet: _Sheet, get: Mapping[str, object]) -> tuple[_Sheet, str, int] | None:
    """What the Set of the same name is given, on this sheet or on one that uses it."""
    name = next(iter(list_of(get.get("widgets_values"))), None)
    here: _Sheet | None = sheet
    while here is not None:
        if isinstance(name, str) and name in here.named:
            return _first_input(here, here.named[name])
        here = here.outer
    return None


def _bypassed(sheet: _Sheet, node: Mapping[str, object], slot: int) -> tuple[_Sheet, str, int] | None:
    """What a bypassed node hands on: the input of the output's type, that of the same number first."""
    outputs = [object_of(one).get("type") for one in list_of(node.get("outputs"))[:INPUTS]]
    sockets = [object_of(one) for one in list_of(node.get("inputs"))[:INPUTS]]
    kind = outputs[slot] if 0 <= slot < len(outputs) else None
    same = sockets[slot : slot + 1] if slot >= 0 else []
    for socket in (*same, *sockets):
        link = socket.get("link")
        if socket.get("type") == kind and isinstance(link, int) and link in sheet.links:
            return sheet, sheet.links[link][0], sheet.links[link][1]
    return None


def _may_be(value: object, about: InputKind) -> bool:
    """Whether a value can be meant for an input."""
    if about.kind == "BOOLEAN":
        return isinstance(value, bool) or value is None
    if about.kind in ("INT", "FLOAT"):
        return (isinstance(value, (int, float)) and not isinstance(value, bool)) or value is None
    if about.kind == "STRING":
        return isinstance(value, str) or value is None
    # A name that the server lacks is told by the check; a number in place of a name is no such thing.
    return isinstance(value, str) or value is None or not about.choices or value in about.choices


def _is_surplus(values: Sequence[object], about: InputKind, waiting: Sequence[tuple[str, InputKind]]) -> bool:
    """Whether there are more values left than inputs, so that the first one, a text, can be for none of them."""
    left = 1 + sum(one.is_written for _, one in waiting)
    steered = sum(one.steered or name in _SEEDS for name, one in waiting) + about.steered
    return isinstance(values[0], str) and about.kind != COMBO and len(values) > left + steered


def _id(raw: object) -> str:
    return raw if isinstance(raw, str) else str(raw) if isinstance(raw, int) and abs(raw) < 10**15 else ""
