"""Every number, choice and switch in a workflow that has no name of its own yet: `workflow.<title>.<input>`.

Names are unique and stay the same as long as the titles do: of several nodes with one title each has its number behind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..config.workflow_use import WORKFLOW, WorkflowParameter, workflow_label
from .choices import OWN, RARE
from .node_kinds import COMBO, InputKind, NodeKinds
from .workflow_nodes import InputPlace, WorkflowNode, is_link

_MOST = 2_000
_LONGEST = 60
_BEYOND = 2.0**64
# A path is parted by dots and typed in a terminal, so a title gives its letters and digits only.
_OTHER = re.compile(r"[^\w-]+")
# Inputs that tell how something is kept or computed, not what the picture is like.
_MINOR = re.compile(
    r"batch_size|.*dtype.*|device|type|crop(_[wh])?|target_(width|height)|width|height|tile_size|overlap|temporal_.*"
    r"|start_at_step|end_at_step|add_noise|return_with_leftover_noise|noise_seed|seed|upload|channel|.*index|length|fps"
    r"|sampling|sigma_max|sigma_min|rho|clip_name\d?|method_name|quality|lossless|image"
)
_NOT_ASKED = ("control_after_generate", "filename_prefix")
_Kind = Literal["int", "float", "bool", "str"]
_TYPES: Mapping[str, _Kind] = {"INT": "int", "FLOAT": "float", "BOOLEAN": "bool", COMBO: "str"}


class OpenValue(Struct, frozen=True):
    """A value that can be set: where it stands and what it takes."""

    place: InputPlace
    takes: WorkflowParameter


def open_values(
    nodes: Mapping[str, WorkflowNode], taken: Collection[InputPlace], kinds: NodeKinds
) -> dict[str, OpenValue]:
    """The values of all nodes that are not `taken` by something else, by path, in the order of the nodes."""
    found: dict[str, OpenValue] = {}
    for name, part in path_parts(nodes).items():
        node = nodes[name]
        inputs = kinds.inputs.get(node.kind, {})
        for key, raw in node.inputs.items():
            place = InputPlace(name, key)
            if key in _NOT_ASKED or place in taken or len(found) >= _MOST or is_link(raw, nodes):
                continue
            if takes := _takes(key, raw, inputs.get(key)):
                if (word := node.choices.get(key)) in (OWN, RARE):
                    takes = replace(takes, minor=word == RARE)
                path = _unused(f"{WORKFLOW}{part}.{_word(key) or 'value'}", found)
                found[path] = OpenValue(place, replace(takes, label=workflow_label(path)))
    return found


def path_parts(nodes: Mapping[str, WorkflowNode]) -> dict[str, str]:
    """What each node is called in a path, by its id."""
    words = {name: _word(node.heading) or _word(node.kind) or "node" for name, node in nodes.items()}
    count = Counter(words.values())
    parts: dict[str, str] = {}
    used: set[str] = {word for word, times in count.items() if times == 1}
    for name, word in words.items():
        part = word
        if count[word] > 1:
            part = _free(f"{word}_{_word(name)}", used)
            used.add(part)
        parts[name] = part
    return parts


def _word(text: str) -> str:
    return _OTHER.sub("_", text[: 4 * _LONGEST]).strip("_")[:_LONGEST]


def _free(word: str, used: Collection[str]) -> str:
    return next(one for one in _numbered(word) if one not in used)


def _unused(path: str, found: Collection[str]) -> str:
    return next(one for one in _numbered(path) if one not in found)


def _numbered(word: str) -> Iterator[str]:
    yield word
    number = 2
    while True:
        yield f"{word}_{number}"
        number += 1


def _takes(key: str, raw: object, known: InputKind | None) -> WorkflowParameter | None:
    """What an input takes, by what the server says of it, else by what is written there."""
    if not isinstance(raw, (str, int, float)) or (not isinstance(raw, str) and not abs(raw) < _BEYOND):
        return None
    label, minor = "", bool(_MINOR.fullmatch(key))  # it is named by its path
    if known is None:
        kind = _kind_of(raw)
        return None if kind == "str" else WorkflowParameter(kind, label, raw, minor=minor)
    wanted = _TYPES.get(known.kind)
    if wanted == "str" and isinstance(raw, str):
        return WorkflowParameter("str", label, raw, options=known.choices, minor=minor or len(known.choices) < 2)
    if wanted == "bool" and isinstance(raw, bool):
        return WorkflowParameter("bool", label, raw, minor=minor)
    if wanted in ("int", "float") and isinstance(raw, (int, float)) and not isinstance(raw, bool):
        whole = wanted == "int"
        value = int(raw) if whole else float(raw)
        return WorkflowParameter(
            "int" if whole else "float", label, value, known.low, known.high, known.step, minor=minor
        )
    # Nodes that take anything keep it as it was written.
    return WorkflowParameter(_kind_of(raw), label, raw, minor=minor) if known.kind == "*" and raw != "" else None


def _kind_of(raw: str | int | float | bool) -> _Kind:
    if isinstance(raw, str):
        return "str"
    return "bool" if isinstance(raw, bool) else "int" if isinstance(raw, int) else "float"
