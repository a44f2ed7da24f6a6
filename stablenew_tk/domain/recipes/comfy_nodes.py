"""The nodes of a ComfyUI workflow and ways to walk up its links, whatever a stranger made of it.

Every walk looks at each node once and at no more than 20,000 inputs, so cycles and huge graphs only cost knowledge.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct

from .recipe import list_of, object_of, text_of

Plain = str | int | float | bool
_NODES = 20_000
_INPUTS = 200
_WALK = 20_000
_STRAIGHT = 20
# What a node that only hands on a value calls it.
_HANDED_ON = ("value", "Value", "int", "INT", "float", "FLOAT", "number", "string", "STRING", "text", "seed", "a")
# The widgets of a saved workflow have no names; only their order tells. "" is a switch of the screen.
_WIDGETS: dict[str, tuple[str, ...]] = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": (
        *("add_noise", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler"),
        *("start_at_step", "end_at_step", "return_with_leftover_noise"),
    ),
    "SamplerCustom": ("add_noise", "noise_seed", "", "cfg"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "CheckpointLoader": ("config_name", "ckpt_name"),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "VAELoader": ("vae_name",),
    "UpscaleModelLoader": ("model_name",),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "CLIPSetLastLayer": ("stop_at_clip_layer",),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "EmptySD3LatentImage": ("width", "height", "batch_size"),
    "LatentUpscale": ("upscale_method", "width", "height", "crop"),
    "LatentUpscaleBy": ("upscale_method", "scale_by"),
    "ImageScaleBy": ("upscale_method", "scale_by"),
    "ImageScale": ("upscale_method", "width", "height", "crop"),
    "RandomNoise": ("noise_seed", ""),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "KarrasScheduler": ("steps",),
    "CFGGuider": ("cfg",),
    "FluxGuidance": ("guidance",),
    "PrimitiveNode": ("value",),
    "PrimitiveString": ("value",),
    "PrimitiveStringMultiline": ("value",),
    "PrimitiveInt": ("value",),
    "PrimitiveFloat": ("value",),
    "StringConcatenate": ("string_a", "string_b", "delimiter"),
}
_MUTED, _BYPASSED = 2, 4


class ComfyNode(Struct, frozen=True):
    """One node: its class and its inputs, each a plain value, a link, or something else."""

    kind: str
    inputs: dict[str, object]

    def plain(self, key: str) -> Plain | None:
        """The value written at an input; None for a link or nothing."""
        value = self.inputs.get(key)
        return value if isinstance(value, (str, int, float)) else None


class LinkedNodes:
    """The nodes by id. A link is a list of a node's id and the number of its output."""

    def __init__(self, nodes: dict[str, ComfyNode]) -> None:
        self.nodes = nodes

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
        """The value of an input, also when it is handed on by other nodes; None when it cannot be found."""
        raw = node.inputs.get(key)
        for _ in range(_STRAIGHT):
            name = self.target(raw)
            if not name:
                return raw if isinstance(raw, (str, int, float)) else None
            inputs = self.nodes[name].inputs
            known = next((one for one in (key, *_HANDED_ON) if one in inputs), "")
            # A node with one input can only hand that one on, whatever it calls it.
            raw = inputs[known] if known else next(iter(inputs.values())) if len(inputs) == 1 else None
        return None

    def first(self, link: object, *keys: str, stop: Sequence[str] = ()) -> Plain | None:
        """The first value under one of the keys, walking up from a link."""
        for node in self.up([link], stop):
            for key in keys:
                if key in node.inputs and (value := self.value(node, key)) is not None:
                    return value
        return None


def graph_of(document: object) -> LinkedNodes:
    """The graph of an API prompt: id → class_type and inputs."""
    nodes: dict[str, ComfyNode] = {}
    for name, raw in islice(object_of(document).items(), _NODES):
        node = object_of(raw)
        if kind := text_of(node.get("class_type")):
            nodes[name] = ComfyNode(kind, dict(islice(object_of(node.get("inputs")).items(), _INPUTS)))
    return LinkedNodes(nodes)


def graph_of_workflow(document: object) -> LinkedNodes:
    """The graph of a workflow as the screen saves it, as far as the widgets of its nodes are known."""
    workflow = object_of(document)
    links: dict[int, tuple[str, int]] = {}
    for raw in list_of(workflow.get("links")):
        parts = list_of(raw)
        if len(parts) >= 3 and isinstance(parts[0], int) and isinstance(parts[2], int):
            links[parts[0]] = (_id(parts[1]), parts[2])
    nodes: dict[str, ComfyNode] = {}
    for raw in list_of(workflow.get("nodes"))[:_NODES]:
        node = object_of(raw)
        kind, name = text_of(node.get("type")), _id(node.get("id"))
        if kind and name and node.get("mode") != _MUTED:
            nodes[name] = ComfyNode(kind, _inputs_of(node, kind, links))
    return LinkedNodes(nodes)


def _id(raw: object) -> str:
    return raw if isinstance(raw, str) else str(raw) if isinstance(raw, int) and abs(raw) < 10**15 else ""


def _inputs_of(node: dict[str, object], kind: str, links: dict[int, tuple[str, int]]) -> dict[str, object]:
    inputs: dict[str, object] = {}
    # A bypassed node does nothing but hand on: its links without its values.
    if node.get("mode") != _BYPASSED:
        widgets = node.get("widgets_values")
        values = list_of(widgets)
        names = _WIDGETS.get(kind) or (("text",) if len(values) == 1 and isinstance(values[0], str) else ())
        inputs.update(zip(names, values, strict=False))
        inputs.update(islice(object_of(widgets).items(), _INPUTS))
        inputs.pop("", None)
    for raw in list_of(node.get("inputs"))[:_INPUTS]:
        entry = object_of(raw)
        link = entry.get("link")
        if isinstance(link, int) and link in links:
            source, slot = links[link]
            inputs[text_of(entry.get("name"))] = [source, slot]
    return inputs
