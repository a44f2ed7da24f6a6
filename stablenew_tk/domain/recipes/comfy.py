"""The recipe of a ComfyUI picture, found by walking up the links of its workflow from the sampler.

There are thousands of kinds of nodes, so a node is known by the names of its inputs more than by its class.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import islice, takewhile

from msgspec import Struct

from ..base.errors import InvalidInput
from ..config.styles import joined
from .comfy_loras import loras_above, put_loras
from .comfy_nodes import NODES, ComfyNode, LinkedNodes, graph_of
from .comfy_passes import fits, put_enlarging_at_the_end, put_passes, size_at
from .comfy_rest import LOADS_PICTURE, leave_out_rest
from .comfy_sampling import (
    CHECKPOINT,
    NOT_MODEL,
    NOT_PICTURE,
    SamplerSettings,
    is_sampler,
    pictures_of,
    schedule_of,
    setting,
    sigmas_of,
    starts_anew,
    words_of,
)
from .comfy_words import PromptTexts
from .comfy_workflow import graph_of_workflow
from .recipe import Recipe, RecipeDraft, bare_name, is_nothing, number_of, object_of, text_of

_SIDES = re.compile(r"([0-9]{2,5}) ?[x×*] ?([0-9]{2,5})")
_CHAIN, _BESIDE = 8, 20
_SMALL = 256  # px
_GROUPS = ("workflow/", "workflow>")
_GRID = 8
_RESIZES = re.compile(r"scale|size|crop|pad|rotat|stitch|grid|batch|concat|composite|upsampl|detail", re.IGNORECASE)
_MOST_EXPONENT = 3.0  # e^3 is 20, more than any shift
_ENCODER_FILES = (
    *("clip_name", "clip_name1", "clip_name2", "clip_name3", "clip_name4"),
    *("text_encoder1", "text_encoder2"),
)
_MASKS = ("SetLatentNoiseMask", "VAEEncodeForInpaint", "InpaintModelConditioning")


class SamplerChain(Struct, frozen=True):
    """The samplers that made a picture, the first one first, and the node where it came out."""

    samplers: list[ComfyNode]
    end: ComfyNode


def from_comfy(prompt: object, workflow: object, picture: tuple[int, int] = (0, 0)) -> Recipe:
    """The recipe in the two documents of a ComfyUI picture, either of which may be anything. Raises InvalidInput.

    `picture` is the width and height of the file in px: one workflow can save several pictures.
    """
    graph = graph_of(prompt)
    if chain := chain_of(graph, picture):
        return _recipe(graph, chain, picture, _no_nodes(prompt))
    drawn = graph_of_workflow(workflow)
    if chain := chain_of(drawn, picture):
        return _recipe(drawn, chain, picture)
    count = max(len(graph.nodes), len(drawn.nodes))
    if hidden := next((node.kind for node in drawn.nodes.values() if node.kind.startswith(_GROUPS)), ""):
        raise InvalidInput(
            f"The sampler of the ComfyUI workflow lies in the group node {hidden[9:69]}, which is not read. Open the "
            "picture in ComfyUI and take the group apart."
        )
    every = (*graph.nodes.values(), *drawn.nodes.values())
    if repairs := next((node.kind for node in every if "Detailer" in node.kind), ""):
        raise InvalidInput(
            f"The ComfyUI workflow only repairs a finished picture ({repairs[:60]}), so it does not tell how that was "
            "made. Open the picture in ComfyUI instead."
        )
    raise InvalidInput(
        f"None of the {count} nodes of the ComfyUI workflow is a sampler with words and steps, so there are no "
        "settings to read. Open the picture in ComfyUI instead."
    )


def chain_of(graph: LinkedNodes, picture: tuple[int, int]) -> SamplerChain | None:
    """The samplers that made the picture; of several pictures the one of its size, else the one with most of them."""
    ends = [node for node in graph.nodes.values() if re.match(r"(Save|Preview|Image ?Save|.*Output)", node.kind)]
    chains = [SamplerChain(_samplers_above(graph, node), node) for node in ends[:_CHAIN]]
    chains = [chain for chain in chains if chain.samplers]
    if len(chains) > 1:
        chains = [chain for chain in chains if fits(size_at(graph, chain.end), picture)] or chains
    if chains:
        # Pictures that steer others may be made by samplers, too; these have no words.
        return max(chains, key=lambda chain: (_is_worded(graph, chain.samplers[0]), len(chain.samplers)))
    last = next((node for node in graph.nodes.values() if is_sampler(node)), None)
    return SamplerChain([*_samplers_above(graph, last), last], last) if last else None


def _is_worded(graph: LinkedNodes, sampler: ComfyNode) -> bool:
    found = bool(PromptTexts(graph, "positive").of(words_of(sampler)[0]).strip())
    graph.forget()
    return found


def _samplers_above(graph: LinkedNodes, end: ComfyNode) -> list[ComfyNode]:
    found: list[ComfyNode] = []
    node: ComfyNode | None = end
    while node is not None and len(found) < _CHAIN:
        # The nearest sampler above, on the ways a picture takes.
        node = next((above for above in graph.up(pictures_of(node), NOT_PICTURE) if is_sampler(above)), None)
        if node is None or any(node is known for known in found):
            break
        found.append(node)
        if starts_anew(graph, node):
            break  # what was before it only gave a size, or a picture that steers
    return [one for one in reversed(found) if one is not end]


def _no_nodes(prompt: object) -> dict[str, object]:
    """What a service kept beside the nodes: Civitai names its resources there."""
    every = islice(object_of(prompt).items(), NODES)
    return {key: one for key, one in every if not text_of(object_of(one).get("class_type"))}


def _recipe(
    graph: LinkedNodes, chain: SamplerChain, picture: tuple[int, int], beside: Mapping[str, object] | None = None
) -> Recipe:
    """`beside`: what stands beside the nodes, None where they are those of a saved workflow."""
    draft = RecipeDraft("ComfyUI")
    first, last = chain.samplers[0], chain.samplers[-1]
    if beside is None:
        draft.note("Only the saved workflow was there, whose values have no names. Look over what was read.")
    for key, value in islice((beside or {}).items(), _BESIDE):
        draft.leave_out(key, value, "It stands beside the nodes and is none of them.")
    for note in graph.notes[:4]:
        draft.note(note)
    sampling = SamplerSettings.of(graph, first)
    _settings(draft, graph, first, sampling)
    _start(draft, graph, first, picture if chain.end is not last or len(chain.samplers) == 1 else (0, 0))
    _models(draft, graph, sampling)
    _encoders(draft, graph, sampling)
    positive = PromptTexts(graph, "positive").told(sampling.words[0], draft)
    negative = PromptTexts(graph, "negative").told(sampling.words[1], draft)
    layer = number_of(graph.first(sampling.words[0], "stop_at_clip_layer", "clip_skip", "base_clip_skip"), -1)
    draft.put("clip_skip", None if layer is None else abs(layer))
    put_passes(draft, graph, chain.samplers, (positive, negative), picture)
    put_enlarging_at_the_end(draft, graph, chain.end, last)
    if len(chain.samplers) == 1:
        by_node = any(graph.target(node.inputs.get("width")) for node in graph.up(pictures_of(first), NOT_PICTURE))
        _size_of_file(draft, graph, chain, picture, sized_by_node=by_node)
    if not positive:
        draft.note("The words of the prompt could not be found in the workflow.")
    leave_out_rest(draft, graph, chain.end)
    return draft.recipe(positive, negative)


def _settings(draft: RecipeDraft, graph: LinkedNodes, sampler: ComfyNode, sampling: SamplerSettings) -> None:
    draft.put_seed(sampling.seed)
    if sampling.seed is None:
        _not_found(draft, graph, sampler, "seed", ("seed", "noise_seed", "noise"))
    steps = setting(graph, sampler, "steps", "sigmas")
    if steps is None:
        by_hand = next(filter(None, map(sigmas_of, graph.up([sampler.inputs.get("sigmas")]))), [])
        steps = max(1, len(by_hand) - 1) if by_hand else None
    draft.put("txt2img.steps", steps)
    if steps is None:
        _not_found(draft, graph, sampler, "number of steps", ("steps",))
    cfg = setting(graph, sampler, "cfg", "guider")
    if cfg is None:
        cfg = setting(graph, sampler, "cfg_conds", "guider")
    # This guider knows one side only, which is what 1 means.
    guider = graph.nodes.get(graph.target(sampler.inputs.get("guider")))
    one_side = guider is not None and "negative" not in guider.inputs
    draft.put("txt2img.cfg_scale", 1 if cfg is None and one_side else cfg)
    if cfg is None:
        _not_found(draft, graph, sampler, "CFG", ("cfg",))
    own = graph.value(sampler, "guidance")
    draft.put("txt2img.guidance", number_of(graph.first(sampling.words[0], "guidance") if own is None else own))
    draft.put("txt2img.shift", _shift(graph, sampling))
    draft.put_sampler(sampling.sampler, sampling.scheduler)
    schedule = schedule_of(graph, sampler)
    if schedule and not sampling.scheduler:
        draft.note(f"The schedule of {schedule[:60]} has no counterpart here; Automatic stands for it.")
        draft.leave_out("scheduler", schedule, "WebUIs have no schedule of this kind.")


def _not_found(draft: RecipeDraft, graph: LinkedNodes, sampler: ComfyNode, what: str, keys: tuple[str, ...]) -> None:
    """Say that a value comes from a node that does not tell it."""
    source = next((name for key in keys if (name := graph.target(sampler.inputs.get(key)))), "")
    if source and graph.nodes[source].kind != "DisableNoise":
        kind = graph.nodes[source].kind[:60]
        draft.note(f"The {what} was computed in the workflow ({kind}), so it could not be found.")
        draft.leave_out(what, kind, "The node that hands it on does not tell it.")


def _encoders(draft: RecipeDraft, graph: LinkedNodes, sampling: SamplerSettings) -> None:
    """The text encoders that are files of their own."""
    for node in graph.up([sampling.words[0]]):
        if "vision" in node.kind.casefold():
            continue  # it looks at pictures
        keys = [key for key in _ENCODER_FILES if key in node.inputs]
        names = [text_of(graph.value(node, key)) for key in keys]
        if names and all(names):
            draft.put("text_encoders", joined(re.split(r"[/\\]", name)[-1] for name in names))
            return


def _shift(graph: LinkedNodes, sampling: SamplerSettings) -> float | None:
    """The shift of the model as a factor; where a node takes an exponent, the factor of that."""
    for node in graph.up([sampling.model], NOT_MODEL):
        if (shift := number_of(graph.value(node, "shift"))) is not None:
            return shift
        most, least = number_of(graph.seen(node, "max_shift")), number_of(graph.seen(node, "base_shift"))
        if most is not None and most == least and 0 < most < _MOST_EXPONENT:
            graph.mark(node, "max_shift", "base_shift")
            return round(math.exp(most), 2)
    return None


def _start(draft: RecipeDraft, graph: LinkedNodes, sampler: ComfyNode, picture: tuple[int, int]) -> None:
    """What the first sampler began with: nothing of a size, several of it, or a picture."""
    sized = of_picture = False
    for node in graph.up(pictures_of(sampler), NOT_PICTURE):
        if node.kind.startswith(_MASKS):
            graph.mark(node)
            draft.note("Only a part of the picture was painted anew; the mask is not in the file.")
            draft.leave_out(node.kind, "", "The mask is not in the file.")
        if LOADS_PICTURE.search(node.kind):
            of_picture = starts_anew(graph, sampler)
            if of_picture:
                graph.mark(node, "image")
                draft.note("The size is that of a picture which is not in the file.")
                draft.leave_out("picture of that size", node.plain("image") or "", "It is not in the file.")
            else:
                _over_another(draft, graph, sampler, node)
            break
        _batch(draft, graph, node)
        if not sized and not any(graph.target(one) for one in pictures_of(node)):
            sized = _size(draft, graph, node)
    if not sized and all(picture):
        draft.put_size(picture[0] // _GRID * _GRID, picture[1] // _GRID * _GRID)
        if "img2img.enabled" not in draft.values and not of_picture:
            draft.note("The workflow does not tell the size; that of the file was taken.")


def _size_of_file(
    draft: RecipeDraft, graph: LinkedNodes, chain: SamplerChain, picture: tuple[int, int], *, sized_by_node: bool
) -> None:
    """Where nothing changed the size afterwards it is that of the file, whatever a node with a choice of sizes says."""
    width, height = (number_of(draft.values.get(f"txt2img.{side}"), 0) for side in ("width", "height"))
    if not sized_by_node or min(picture) < _SMALL:
        return  # a picture may have been made smaller for the web
    way = graph.up([chain.end.inputs.get(key) for key in chain.end.inputs], NOT_PICTURE)
    if not (width and height and all(picture)) or fits((width, height), picture) or "hires.enabled" in draft.values:
        return
    if any(_RESIZES.search(node.kind) for node in takewhile(lambda node: node is not chain.samplers[0], way)):
        return
    draft.put_size(picture[0] // _GRID * _GRID, picture[1] // _GRID * _GRID)
    draft.note(f"The workflow names {width:g} x {height:g}, but the file is larger or smaller; its size was taken.")
    draft.leave_out("size", f"{width:g} x {height:g}", "It is not that of the file.")


def _over_another(draft: RecipeDraft, graph: LinkedNodes, sampler: ComfyNode, loader: ComfyNode) -> None:
    denoise = number_of(setting(graph, sampler, "denoise", "sigmas"))
    steps = number_of(draft.values.get("txt2img.steps"))
    draft.put("img2img.enabled", True)
    draft.put("img2img.denoise", denoise)
    if denoise and steps and 0 < denoise < 1:
        # ComfyUI runs all of its steps from where it starts; a WebUI runs that share of them.
        equal = round(steps / denoise)
        draft.put("txt2img.steps", equal)
        draft.note(f"ComfyUI ran {steps:g} steps from {denoise:g} on; a WebUI needs {equal} steps for that.")
    for name in ("steps", "cfg_scale", "sampler", "scheduler"):
        draft.put(f"img2img.{name}", draft.values.get(f"txt2img.{name}"))
    draft.note("This picture was painted over another one, which is not in the file.")
    graph.mark(loader, "image")
    draft.leave_out("first picture", loader.plain("image") or "", "It is not in the file.")


def _batch(draft: RecipeDraft, graph: LinkedNodes, node: ComfyNode) -> None:
    for key in ("batch_size", "amount"):
        count = number_of(graph.seen(node, key)) if key in node.inputs else None
        if count and count > 1:
            graph.mark(node, key)
            draft.note(f"The picture is one of {count:g} made together; the seed belongs to the first of them.")
            draft.leave_out(key, f"{count:g}", "The file does not tell which of the pictures it is.")
    if "batch_index" in node.inputs:
        index = graph.value(node, "batch_index")
        draft.note(f"The picture is number {index} of those made together; the seed belongs to the first of them.")
        draft.leave_out("batch_index", index, "A WebUI draws other noise for it.")


def _size(draft: RecipeDraft, graph: LinkedNodes, node: ComfyNode) -> bool:
    """Take the size that a node without a picture above it tells."""
    for key in ("resolution", "dimensions"):
        if sides := _SIDES.search(text_of(graph.seen(node, key))[:200]):
            graph.value(node, key)
            draft.put_size(sides[1], sides[2])
            return True
    for before in ("", "empty_latent_"):
        keys = (f"{before}width", f"{before}height")
        if chosen := _chosen_size(graph, node, keys[0]):
            draft.put_size(*chosen)
            return True
        width, height = (graph.seen(node, key) for key in keys)
        if width is None or height is None:
            continue
        for key in keys:
            graph.value(node, key)
        sides_made = [number_of(one) for one in (width, height)]
        if any(one and one % _GRID and one > _GRID for one in sides_made):
            made = [int(one // _GRID * _GRID) if one else one for one in sides_made]
            draft.note(f"ComfyUI makes {made[0]} x {made[1]} of the size {width} x {height}; that was taken.")
            draft.leave_out("size", f"{width} x {height}", "ComfyUI makes multiples of 8.")
            width, height = made[0] or width, made[1] or height
        draft.put_size(width, height)
        return True
    return False


def _chosen_size(graph: LinkedNodes, node: ComfyNode, key: str) -> tuple[str, str] | None:
    """The size in the name of a choice, where the node that hands on the width has one ("3:4 portrait 896x1152")."""
    maker = graph.nodes.get(graph.target(node.inputs.get(key)))
    for name in maker.inputs if maker else ():
        if maker and (sides := _SIDES.search(text_of(maker.plain(name))[:200])):
            graph.mark(maker, name)
            return sides[1], sides[2]
    return None


def _models(draft: RecipeDraft, graph: LinkedNodes, sampling: SamplerSettings) -> None:
    for node in graph.up([sampling.model], NOT_MODEL):
        key = next((key for key in CHECKPOINT if graph.seen(node, key) is not None), "")
        if not key or "lora" in node.kind.casefold():
            continue
        if "checkpoint" not in draft.values:
            draft.put_file("checkpoint", graph.value(node, key))
        elif bare_name(text_of(graph.seen(node, key))) != draft.values["checkpoint"]:
            draft.unplaced("checkpoint that was mixed in", graph.value(node, key))
    put_loras(draft, loras_above(graph, sampling.model, NOT_MODEL))
    decoders = [node.inputs.get("vae") for node in graph.nodes.values() if node.kind.startswith("VAEDecode")]
    for link in (*decoders[:_CHAIN], sampling.model):
        vae = text_of(graph.first(link, "vae_name", stop=("samples", "image"))).replace("\\", "/").rpartition("/")[2]
        if vae and not is_nothing(vae) and vae != "Baked VAE":
            draft.put("vae", vae)
            return
