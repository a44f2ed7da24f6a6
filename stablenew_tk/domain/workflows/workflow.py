"""A workflow as a value: its nodes, what was found in them, and every other value that can be set.

The text is that of ComfyUI's own export in API format, or of its editor's form, which `/object_info` makes readable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice

from msgspec import Struct

from ..base.errors import InvalidInput
from ..config.workflow_use import WorkflowUse
from ..recipes.recipe import object_of, read_json, text_of
from .choices import META, choices_in
from .convert import EXPORT, api_format
from .fields import NEGATIVE, PROMPT, SEED, FoundField, FoundLora, find_fields
from .node_kinds import NodeKinds
from .open_values import OpenValue, open_values
from .structure import structure_of
from .workflow_nodes import INPUTS, MOST_NODES, InputPlace, WorkflowNode

# What else may be in a workflow that a picture holds or a program sends.
_WRAPPED = ("prompt", "output")
_NOT_ONE = "{what} is no workflow of ComfyUI. In ComfyUI: Workflow, Export (API)."


class Workflow(Struct, frozen=True, kw_only=True):
    """A workflow. `found` has what the links or the titles of nodes tell, by catalogue path or "prompt", "negative",
    "seed"; `loras` the loaders of LoRAs; `open_values` every other number, choice and switch by its path. `structure`
    is what tells it from others whatever is set in it.

    `converted`: it was the editor's form. `notices` are sentences about what could not be told.
    """

    nodes: Mapping[str, WorkflowNode]
    digest: str
    structure: str
    found: Mapping[str, FoundField] = {}
    loras: tuple[FoundLora, ...] = ()
    open_values: Mapping[str, OpenValue] = {}
    converted: bool = False
    notices: tuple[str, ...] = ()

    def use(self, file: str) -> WorkflowUse:
        """The workflow as configs name it, kept in this file."""
        return WorkflowUse(
            file=file,
            digest=self.digest,
            structure=self.structure,
            found={path: one.value for path, one in self.found.items() if path not in (PROMPT, NEGATIVE, SEED)},
            parameters={path: one.takes for path, one in self.open_values.items()},
            lacks=tuple(path for path in (PROMPT, NEGATIVE, SEED) if path not in self.found),
        )


def digest_of(text: bytes) -> str:
    """What tells one workflow from another: the SHA-256 of its text."""
    return sha256(text).hexdigest()


def read_workflow(text: bytes, what: str, kinds: NodeKinds | None = None) -> Workflow:
    """Read the text of a workflow, called `what` in sentences. `kinds` are the classes of the server it is to run on.

    Raises InvalidInput for what is no workflow, or is in the editor's form and cannot be converted.
    """
    try:
        document = read_json(text.decode("utf-8-sig"), what)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{what} is no text in UTF-8. In ComfyUI: Workflow, Export (API).") from error
    known = kinds or NodeKinds()
    nodes, converted = _nodes_of(document, what, known)
    search = find_fields(nodes)
    return Workflow(
        nodes=nodes,
        digest=digest_of(text),
        structure=structure_of(nodes, search.taken),
        found=search.found,
        loras=search.loras,
        open_values=open_values(nodes, search.taken, known),
        converted=converted,
        notices=search.notices,
    )


def looks_like_one(text: bytes) -> bool:
    """Whether a text is meant as a workflow, in whatever form, rather than as anything else that is JSON."""
    return b'"class_type"' in text or (b'"nodes"' in text and b'"links"' in text)


def _nodes_of(document: object, what: str, kinds: NodeKinds) -> tuple[dict[str, WorkflowNode], bool]:
    whole = object_of(document)
    if isinstance(whole.get("nodes"), list):
        return api_format(whole, kinds, what), True
    for key in _WRAPPED:
        inner = object_of(whole.get(key))
        if not _is_node(inner) and any(map(_is_node, inner.values())):
            whole = inner
    found = dict(islice(_plain_nodes(whole), MOST_NODES))
    if not found:
        raise InvalidInput(_NOT_ONE.format(what=what))
    if len(found) < sum(1 for raw in whole.values() if isinstance(raw, dict)):
        raise InvalidInput(f"{what} has nodes without a class, so it cannot be run. {EXPORT}")
    return found, False


def _is_node(raw: object) -> bool:
    return bool(text_of(object_of(raw).get("class_type")))


def _plain_nodes(document: Mapping[str, object]) -> Iterator[tuple[str, WorkflowNode]]:
    for name, raw in document.items():
        node = object_of(raw)
        if kind := text_of(node.get("class_type")):
            meta = object_of(node.get("_meta"))
            inputs = dict(islice(object_of(node.get("inputs")).items(), INPUTS))
            yield name, WorkflowNode(kind, inputs, text_of(meta.get("title")).strip(), choices_in(meta))


def written(nodes: Mapping[str, WorkflowNode]) -> bytes:
    """The nodes as a file in API format."""
    document = {
        name: {
            "class_type": node.kind,
            "inputs": dict(node.inputs),
            "_meta": {"title": node.heading} | ({META: dict(node.choices)} if node.choices else {}),
        }
        for name, node in nodes.items()
    }
    return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace") + b"\n"


def places_of(workflow: Workflow, path: str) -> Sequence[InputPlace]:
    """The inputs of nodes that a parameter stands at; () for one that the workflow has no place for."""
    if found := workflow.found.get(path):
        return found.places
    one = workflow.open_values.get(path)
    return (one.place,) if one else ()
