"""The recipe of a ComfyUI picture, found by walking up the links of its workflow from the sampler.

There are thousands of kinds of nodes, so a node is known by the names of its inputs more than by its class.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, takewhile

from ..base.errors import InvalidInput
from .comfy_nodes import ComfyNode, LinkedNodes, graph_of, graph_of_workflow
from .infotext import LIMIT
from .recipe import Recipe, RecipeDraft, bare_name, number_of, object_of, text_of

_PICTURE = ("latent_image", "latent", "samples", "pixels", "image", "images", "image1", "latent_opt", "optional_latent")
# Ways that lead away from the picture itself: to the words, the checkpoint, the noise.
_NOT_PICTURE = (
    *("model", "clip", "vae", "positive", "negative", "guider", "noise", "sigmas", "sampler", "control_net"),
    *("upscale_model", "conditioning", "seed", "steps", "cfg", "denoise", "mask"),
)
_NOT_MODEL = (*_PICTURE, "positive", "negative", "conditioning", "noise", "sigmas", "sampler", "vae", "control_net")
_NOT_WORDS = ("clip", "model", "vae", "control_net", "image", "mask", "style_model", "clip_vision_output", "samples")
_CHECKPOINT = ("ckpt_name", "unet_name", "base_ckpt_name", "model_name", "ckpt", "gguf_name")
_CONDITIONS = (
    *("conditioning", "conditioning_to", "conditioning_from", "conditioning_1", "conditioning_2", "cond1", "cond2"),
    *("cond", "pipe", "basic_pipe", "any_01", "any_02"),
)
_WORDS = re.compile(r"(text|string|prompt|value|t5xxl|clip_[lg]|populated_text|Text|STRING|input)(_?[a-z0-9]{1,2})?")
_LORA = re.compile(r"lora_name(_?\d{0,2})")
_SIDES = re.compile(r"([0-9]{2,5}) ?[x×*] ?([0-9]{2,5})")
_CHAIN = 8
_LORAS = 50
_DEEP = 60
_NODES_OF_WORDS = 400


def from_comfy(prompt: object, workflow: object) -> Recipe:
    """The recipe in the two documents of a ComfyUI picture, either of which may be anything. Raises InvalidInput."""
    graph = graph_of(prompt)
    if chain := _longest_chain(graph):
        return _recipe(graph, chain, by_order=False)
    drawn = graph_of_workflow(workflow)
    if chain := _longest_chain(drawn):
        return _recipe(drawn, chain, by_order=True)
    count = max(len(graph.nodes), len(drawn.nodes))
    raise InvalidInput(
        f"None of the {count} nodes of the ComfyUI workflow is a sampler with words and steps, so there are no "
        "settings to read. Open the picture in ComfyUI instead."
    )


def _is_sampler(node: ComfyNode) -> bool:
    kind = node.kind.casefold()
    if "detailer" in kind or "select" in kind:
        return False
    inputs = node.inputs
    worded = "positive" in inputs and ("steps" in inputs or "sigmas" in inputs)
    return worded or "guider" in inputs or ("ksampler" in kind and ("steps" in inputs or "seed" in inputs))


def _longest_chain(graph: LinkedNodes) -> list[ComfyNode]:
    """The samplers that made a picture, the first one first. With several pictures the one that took most of them."""
    ends = [node for node in graph.nodes.values() if re.match(r"(Save|Preview|Image ?Save|.*Output)", node.kind)]
    chains = [_chain(graph, node) for node in ends[:_CHAIN]]
    best: list[ComfyNode] = max(chains, key=len, default=[])
    if best:
        return best
    last = next((node for node in graph.nodes.values() if _is_sampler(node)), None)
    return [*_chain(graph, last), last] if last else []


def _chain(graph: LinkedNodes, end: ComfyNode) -> list[ComfyNode]:
    found: list[ComfyNode] = []
    node: ComfyNode | None = end
    while node is not None and len(found) < _CHAIN:
        # The nearest sampler above, on the ways a picture takes.
        node = next((above for above in graph.up(_pictures_of(node), _NOT_PICTURE) if _is_sampler(above)), None)
        if node is None or any(node is known for known in found):
            break
        found.append(node)
    return [one for one in reversed(found) if one is not end]


def _pictures_of(node: ComfyNode) -> list[object]:
    return [node.inputs[key] for key in _PICTURE if key in node.inputs]


def _recipe(graph: LinkedNodes, chain: Sequence[ComfyNode], *, by_order: bool) -> Recipe:
    draft = RecipeDraft("ComfyUI")
    first = chain[0]
    if by_order:
        draft.note("Only the saved workflow was there, whose values have no names. Look over what was read.")
    _settings(draft, graph, first)
    _size(draft, graph, first)
    _models(draft, graph, first)
    words = _words_of(first)
    positive, negative = _PromptTexts(graph, "positive").of(words[0]), _PromptTexts(graph, "negative").of(words[1])
    layer = number_of(graph.first(words[0], "stop_at_clip_layer", "clip_skip"), -1)
    draft.put("clip_skip", None if layer is None else abs(layer))
    if len(chain) > 1:
        _second(draft, graph, first, chain[1])
    for node in graph.nodes.values():
        if "Detailer" in node.kind:
            draft.note(f"The repairs of {node.kind[:60]} were left out.")
    if not positive:
        draft.note("The words of the prompt could not be found in the workflow.")
    return draft.recipe(positive, negative)


def _words_of(sampler: ComfyNode) -> tuple[object, object]:
    inputs = sampler.inputs
    if "guider" in inputs:
        return inputs["guider"], inputs["guider"]
    pipe = next((inputs[key] for key in ("pipe", "basic_pipe", "model") if key in inputs), None)
    return inputs.get("positive", pipe), inputs.get("negative", pipe if "positive" not in inputs else None)


def _settings(draft: RecipeDraft, graph: LinkedNodes, sampler: ComfyNode) -> None:
    inputs = sampler.inputs
    seed = graph.value(sampler, "seed")
    seed = seed if seed is not None else graph.value(sampler, "noise_seed")
    draft.put_seed(seed if seed is not None else graph.first(inputs.get("noise"), "noise_seed", "seed"))
    draft.put("txt2img.steps", _setting(graph, sampler, "steps", "sigmas"))
    cfg = _setting(graph, sampler, "cfg", "guider")
    # A guider without it knows one side only, which is what 1 means.
    draft.put("txt2img.cfg_scale", 1 if cfg is None and "guider" in inputs else cfg)
    if (guidance := number_of(graph.first(_words_of(sampler)[0], "guidance"))) is not None:
        draft.note(f"The distilled guidance of {guidance:g} has no place here. It was left out.")
    scheduler = _setting(graph, sampler, "scheduler", "sigmas")
    if scheduler is None:
        scheduler = _by_class(graph, inputs.get("sigmas"), "Scheduler")
    name = _setting(graph, sampler, "sampler_name", "sampler")
    draft.put_sampler(name if name is not None else _by_class(graph, inputs.get("sampler"), "Sampler"), scheduler)


def _setting(graph: LinkedNodes, sampler: ComfyNode, key: str, way: str) -> object:
    """A value of the sampler itself, or of the nodes it is handed over to."""
    if key in sampler.inputs:
        return graph.value(sampler, key)
    return graph.first(sampler.inputs.get(way), key, stop=("model", "positive", "negative", "conditioning"))


def _by_class(graph: LinkedNodes, link: object, word: str) -> str:
    """KarrasScheduler and SamplerEulerAncestral have their name in their class."""
    for node in graph.up([link], ("model",)):
        if node.kind.startswith(word) or node.kind.endswith(word):
            return node.kind.removesuffix(word).removeprefix(word)
    return ""


def _size(draft: RecipeDraft, graph: LinkedNodes, sampler: ComfyNode) -> None:
    for node in graph.up(_pictures_of(sampler), _NOT_PICTURE):
        if node.kind.startswith("LoadImage"):
            draft.put("img2img.denoise", _setting(graph, sampler, "denoise", "sigmas"))
            draft.note("This picture was painted over another one, which is not in the file.")
            return
        if any(graph.target(one) for one in _pictures_of(node)):
            continue
        for before in ("", "empty_latent_"):
            if f"{before}width" in node.inputs and f"{before}height" in node.inputs:
                draft.put_size(graph.value(node, f"{before}width"), graph.value(node, f"{before}height"))
                return
        for key in ("resolution", "dimensions"):
            if sides := _SIDES.search(text_of(node.inputs.get(key))[:200]):
                draft.put_size(sides[1], sides[2])
                return


def _models(draft: RecipeDraft, graph: LinkedNodes, sampler: ComfyNode) -> None:
    start = sampler.inputs.get("model", sampler.inputs.get("guider", sampler.inputs.get("pipe")))
    loras: list[tuple[object, object]] = []
    for node in graph.up([start], _NOT_MODEL):
        if len(loras) < _LORAS:
            loras += _loras_of(graph, node)
        name = next((value for key in _CHECKPOINT if (value := graph.value(node, key)) is not None), None)
        if name is not None and "lora" not in node.kind.casefold() and "checkpoint" not in draft.values:
            draft.put_file("checkpoint", name)
    # The walk meets the last one first.
    for lora, weight in reversed(loras):
        draft.add_lora(lora, weight)
    decoders = (node.inputs.get("vae") for node in graph.nodes.values() if node.kind.startswith("VAEDecode"))
    for link in islice(decoders, _CHAIN):
        if vae := graph.first(link, "vae_name"):
            draft.put("vae", text_of(vae).replace("\\", "/").rpartition("/")[2])
            return


def _loras_of(graph: LinkedNodes, node: ComfyNode) -> list[tuple[object, object]]:
    found: list[tuple[object, object]] = []
    for key, raw in node.inputs.items():
        if match := _LORA.fullmatch(key):
            tail = match[1]
            keys = (f"strength_model{tail}", f"lora_strength{tail}", f"model_weight{tail}", f"strength{tail}")
            weight = next((value for one in keys if (value := graph.value(node, one)) is not None), None)
            if node.plain(f"switch{tail}") != "Off":
                found.append((graph.value(node, key), weight))
        elif "lora" in (entry := object_of(raw)) and entry.get("on") is not False:
            # rgthree's Power Lora Loader: one object for each.
            found.append((entry["lora"], entry.get("strength")))
    return list(reversed(found))


def _second(draft: RecipeDraft, graph: LinkedNodes, first: ComfyNode, second: ComfyNode) -> None:
    """The second sampler: a refiner when it goes on where the first one stopped, else the hires pass."""
    start, steps = number_of(graph.value(second, "start_at_step"), 0), number_of(graph.value(second, "steps"), 0)
    if start and steps and first.plain("return_with_leftover_noise") == "enable":
        draft.put("refiner.enabled", True)
        draft.put_file("refiner.checkpoint", graph.first(second.inputs.get("model"), *_CHECKPOINT, stop=_NOT_MODEL))
        draft.put("refiner.switch_at", round(start / steps, 4))
        return
    draft.put("hires.enabled", True)
    draft.put("hires.steps", _setting(graph, second, "steps", "sigmas"))
    draft.put("hires.denoise", _setting(graph, second, "denoise", "sigmas"))
    cfg = _setting(graph, second, "cfg", "guider")
    draft.put("hires.cfg_scale", 0 if cfg == draft.values.get("txt2img.cfg_scale") else cfg)
    _enlarging(draft, graph, first, second)


def _enlarging(draft: RecipeDraft, graph: LinkedNodes, first: ComfyNode, second: ComfyNode) -> None:
    """How much larger the second pass is, and by what: all nodes between the two samplers."""
    factor: float | None = None
    before = number_of(draft.values.get("txt2img.width"), 0)
    upscaler = ""
    between = takewhile(lambda node: node is not first, graph.up(_pictures_of(second), _NOT_PICTURE))
    for node in (second, *between):
        times = next((graph.value(node, key) for key in ("scale_by", "upscale_by") if key in node.inputs), None)
        width = number_of(graph.value(node, "width"), 0)
        if factor is None:
            factor = number_of(times)
        if factor is None and "scale" in node.kind.casefold() and width and before:
            factor = width / before
        if not upscaler:
            upscaler = _upscaler(graph, node)
    # A model that always makes four times as much, and then less of it again.
    if factor and factor < 1 and (own := re.search(r"([248])x|x([248])", upscaler, re.IGNORECASE)):
        factor *= int(own[1] or own[2])
    draft.put("hires.scale", None if factor is None else round(factor, 3))
    draft.put("hires.upscaler", upscaler)


def _upscaler(graph: LinkedNodes, node: ComfyNode) -> str:
    if name := graph.first(node.inputs.get("upscale_model"), "model_name"):
        return bare_name(text_of(name))
    return "Latent" if node.kind.startswith("LatentUpscale") else ""


class _PromptTexts:
    """The words of one side of the picture, each node read once."""

    def __init__(self, graph: LinkedNodes, side: str) -> None:
        self._graph = graph
        self._side = side
        self._seen: set[str] = set()
        self._length = 0

    def of(self, link: object, deep: int = 0) -> str:
        """All words above a link."""
        name = self._graph.target(link)
        if not name or name in self._seen or len(self._seen) >= _NODES_OF_WORDS or deep > _DEEP:
            return ""
        self._seen.add(name)
        node = self._graph.nodes[name]
        if "ZeroOut" in node.kind:
            return ""
        return self._joined(node, self._keys(node), deep)

    def _keys(self, node: ComfyNode) -> list[str]:
        """The inputs to follow: the side's own, else words, else what words were made into."""
        other = "negative" if self._side == "positive" else "positive"
        inputs = node.inputs
        for key in (self._side, f"text_{self._side}", f"{self._side}_prompt"):
            if key in inputs:
                return [key]
        if "populated_text" in inputs:
            return ["populated_text"]
        if "guider" in node.kind.casefold() and self._side == "negative":
            return []
        if words := [key for key in inputs if _WORDS.fullmatch(key) and other not in key]:
            return words
        if known := [key for key in _CONDITIONS if key in inputs]:
            return known
        return [key for key in inputs if key not in _NOT_WORDS and key != other]

    def _joined(self, node: ComfyNode, keys: Sequence[str], deep: int) -> str:
        parts: list[str] = []
        for key in keys:
            raw = node.inputs[key]
            part = self.of(raw, deep + 1) if isinstance(raw, list) else self._read(raw, key)
            if part.strip(" ,\n") and part not in parts:
                parts.append(part)
        between = next((node.plain(key) for key in ("delimiter", "separator") if key in node.inputs), None)
        plain_text = not node.kind.startswith(("CLIPText", "Conditioning")) and isinstance(between, str)
        return (str(between).replace("\\n", "\n") if plain_text else ", ").join(parts)

    def _read(self, raw: object, key: str) -> str:
        if not isinstance(raw, str) or not (_WORDS.fullmatch(key) or self._side in key):
            return ""
        self._length += len(raw)
        return raw if self._length <= 2 * LIMIT else ""
