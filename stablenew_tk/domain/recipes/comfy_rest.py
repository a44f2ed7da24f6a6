"""What the nodes above a ComfyUI picture tell and nothing was made of: each value is named."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .comfy_nodes import ComfyNode, LinkedNodes
from .comfy_sampling import is_sampler
from .recipe import RecipeDraft, number_of

# Nodes that only hand pictures over, or keep them.
_PLUMBING = re.compile(
    r"(VAE(En|De)code(Tiled)?|Save|Preview|Image ?Save|Reroute|Load ?Image|SetNode|GetNode|Note|MarkdownNote"
    r"|(In|Out)put of a subgraph|LatentFromBatch|RepeatLatentBatch|SetLatentNoiseMask|easy kSampler|ImageComposite)"
)
_LOADERS = re.compile(r"((Dual|Triple|Quadruple)?CLIP(Vision)?|VAE|UNET|Checkpoint).*Loader.*|.*Checkpoint ?Loader.*")
# What every node says that was left as it was: nothing.
_USUAL: Mapping[str, tuple[object, ...]] = {
    "denoise": (1, 1.0),
    "add_noise": ("enable", True),
    "start_at_step": (0,),
    "return_with_leftover_noise": ("disable",),
    "weight_dtype": ("default",),
    "device": ("default",),
    "batch_size": (1,),
    "control_after_generate": ("fixed", "increment", "decrement", "randomize"),
}
# These change the picture, so they are worth a sentence.
_TELLING = ("denoise", "add_noise", "start_at_step", "end_at_step", "return_with_leftover_noise")
LOADS_PICTURE = re.compile(r"load ?image|image ?load", re.IGNORECASE)


def leave_out_rest(draft: RecipeDraft, graph: LinkedNodes, end: ComfyNode) -> None:
    """Name what is left in the nodes above the end of a picture, and in the end itself."""
    ways = [value for value in end.inputs.values() if graph.target(value)]
    for node in (*graph.up(ways), end):
        left = {key: value for key, value in graph.left_in(node).items() if not _is_usual(node, key, value)}
        if LOADS_PICTURE.search(node.kind) and not graph.is_read(node):
            _picture(draft, node, left)
        elif left:
            _node(draft, graph, node, left)


def _is_usual(node: ComfyNode, key: str, value: object) -> bool:
    if key == "end_at_step":
        last, steps = number_of(value), number_of(node.plain("steps"))
        return last is not None and steps is not None and last >= steps
    return any(value is one or (type(value) is type(one) and value == one) for one in _USUAL.get(key, ()))


def _picture(draft: RecipeDraft, node: ComfyNode, left: Mapping[str, object]) -> None:
    if "mask" not in node.kind.casefold():
        draft.note(f"The picture {str(node.plain('image') or 'of a node')[:80]} steered it, which is not in the file.")
    draft.leave_out_all(node.kind, left, "It is not in the file.")


def _node(draft: RecipeDraft, graph: LinkedNodes, node: ComfyNode, left: dict[str, object]) -> None:
    if is_sampler(node):
        for key in [key for key in left if key in _TELLING]:
            draft.unplaced(f"{node.kind[:60]}: {key}", left.pop(key))
    if not left:
        return
    if "Detailer" in node.kind and not graph.is_read(node):
        draft.note(f"The repairs of {node.kind[:60]} were left out.")
        draft.leave_out_all(node.kind, left, "Its repairs have no counterpart here.")
    elif _PLUMBING.match(node.kind):
        draft.leave_out_all(node.kind, left, "It tells how pictures are handed on or kept.")
    elif _LOADERS.fullmatch(node.kind):
        draft.leave_out_all(node.kind, left, "It tells how files are loaded.")
    elif graph.is_read(node):
        draft.leave_out_all(node.kind, left, "It is a setting of this node alone.")
    else:
        draft.unplaced(node.kind[:60], left)
