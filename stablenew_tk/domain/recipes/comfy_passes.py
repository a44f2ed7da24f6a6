"""What comes after the first sampler of a ComfyUI picture: refiner, hires pass, more passes, enlarging at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, takewhile

from msgspec import Struct

from .comfy_loras import loras_above, tag_of
from .comfy_nodes import ComfyNode, LinkedNodes
from .comfy_sampling import CHECKPOINT, NOT_MODEL, NOT_PICTURE, SamplerSettings, pictures_of, setting
from .comfy_words import PromptTexts
from .recipe import RecipeDraft, bare_name, is_nothing, number_of, text_of

_PATH = 400
_FACTORS = ("scale_by", "upscale_by", "upscale_factor", "rescale_factor", "upscale", "scale_factor")
_PIXELS = {"lanczos": "Lanczos", "nearest": "Nearest", "nearest-exact": "Nearest"}
_LATENTS = {
    "nearest-exact": "Latent (nearest-exact)",
    "bicubic": "Latent (bicubic)",
    "bilinear": "Latent",
}


class _Enlarging(Struct):
    """How much larger, and by what. `method` is the word of the node where it is no upscaler of a WebUI."""

    factor: float | None = None
    upscaler: str = ""
    method: str = ""


def size_at(graph: LinkedNodes, end: ComfyNode) -> tuple[float, float]:
    """The width and height in px that a node gives out, as far as the nodes above it tell; (0, 0) when they do not."""
    path = list(islice(_way_up(graph, end), _PATH))
    width = height = 0.0
    for node in reversed(path):
        wide, tall = number_of(graph.seen(node, "width"), 0), number_of(graph.seen(node, "height"), 0)
        times = _times(graph, node)
        if wide and tall and (not width or "scale" in node.kind.casefold()):
            width, height = wide, tall
        elif times:
            width, height = width * times, height * times
    return width, height


def fits(size: tuple[float, float], picture: tuple[int, int]) -> bool:
    """Whether a size is that of a picture; ComfyUI makes multiples of 8."""
    return all(picture) and all(abs(one - real) < 8 for one, real in zip(size, picture, strict=True))


def _way_up(graph: LinkedNodes, end: ComfyNode) -> list[ComfyNode]:
    """The nodes that a picture went through, the last one first."""
    way: list[ComfyNode] = []
    node: ComfyNode | None = end
    while node is not None and len(way) < _PATH and not any(node is known for known in way[-8:]):
        way.append(node)
        target = next((name for link in pictures_of(node) if (name := graph.target(link))), "")
        node = graph.nodes.get(target)
    return way


def _times(graph: LinkedNodes, node: ComfyNode) -> float | None:
    for key in _FACTORS:
        if key in node.inputs and number_of(graph.seen(node, key)) is not None:
            return number_of(graph.seen(node, key))
    if "upscale_model" in node.inputs:
        return _own_factor(bare_name(text_of(graph.first_seen(node.inputs.get("upscale_model"), "model_name"))))
    return None


def _own_factor(name: str) -> float | None:
    found = re.search(r"(?:^|[^0-9])([1248])x|x([1248])(?:[^0-9]|$)", name, re.IGNORECASE)
    return float(found[1] or found[2]) if found else None


def _model_name(graph: LinkedNodes, node: ComfyNode) -> str:
    return bare_name(text_of(graph.first(node.inputs.get("upscale_model"), "model_name")))


def put_passes(
    draft: RecipeDraft, graph: LinkedNodes, chain: Sequence[ComfyNode], words: tuple[str, str], picture: tuple[int, int]
) -> None:
    """Take the samplers after the first one over."""
    _script(draft, graph, chain[0])
    _refiner_within(draft, graph, chain[0])
    if len(chain) > 1 and _refiner(draft, graph, chain[0], chain[1]):
        links = SamplerSettings.of(graph, chain[1]).words
        own = (PromptTexts(graph, "positive").of(links[0]), PromptTexts(graph, "negative").of(links[1]))
        if any(one.strip() and one.strip() != first.strip() for one, first in zip(own, words, strict=True)):
            draft.leave_out(
                "words of the refiner", " / ".join(own), "The refiner has the words of the first pass here."
            )
            draft.note("The refiner had words of its own, which have no place here. They were left out.")
    elif len(chain) > 1:
        _hires(draft, graph, chain[0], chain[1])
        _own_words(draft, graph, chain[1], words, chain[0])
        _put_enlarging(draft, graph, chain, picture)
    for number, node in enumerate(chain[2:], start=3):
        keys = ("steps", "cfg", "sampler_name", "scheduler", "denoise", "seed", "noise_seed")
        told = {key: graph.value(node, key) for key in keys}
        told = {key: value for key, value in told.items() if value is not None}
        draft.leave_out(f"pass {number}", told, "There are two passes here.")
        shown = ", ".join(f"{key} {value}" for key, value in told.items())
        draft.note(f"Pass {number} ({shown[:160]}) has no place here. It was left out.")


def _script(draft: RecipeDraft, graph: LinkedNodes, sampler: ComfyNode) -> None:
    """A second pass that hangs on its sampler, as in the Efficiency suite."""
    for node in graph.up([sampler.inputs.get("script")]):
        if not {"hires_steps", "upscale_by", "denoise"} <= node.inputs.keys():
            continue
        draft.put("hires.enabled", True)
        draft.put("hires.steps", graph.value(node, "hires_steps"))
        draft.put("hires.scale", graph.value(node, "upscale_by"))
        draft.put("hires.denoise", graph.value(node, "denoise"))
        if text_of(graph.value(node, "upscale_type")) == "latent":
            method = text_of(graph.value(node, "latent_upscaler"))
            draft.put("hires.upscaler", _LATENTS.get(method, "Latent"))
        else:
            draft.put_file("hires.upscaler", graph.value(node, "pixel_upscaler"))
        return


def _refiner_within(draft: RecipeDraft, graph: LinkedNodes, sampler: ComfyNode) -> None:
    """A refiner that takes over inside its sampler, as in the Efficiency suite."""
    at, steps = number_of(graph.seen(sampler, "refine_at_step")), number_of(graph.seen(sampler, "steps"))
    pipe = sampler.inputs.get("sdxl_tuple")
    name = text_of(graph.first_seen(pipe, "refiner_ckpt_name"))
    if at and steps and 0 < at < steps and not is_nothing(name):
        draft.put("refiner.enabled", True)
        draft.put_file("refiner.checkpoint", graph.first(pipe, "refiner_ckpt_name"))
        graph.value(sampler, "refine_at_step")
        draft.put("refiner.switch_at", round(at / steps, 4))


def _shares_steps(graph: LinkedNodes, first: ComfyNode, second: ComfyNode) -> bool:
    """Whether the second sampler, without noise of its own, has the rest of the steps that a node shared out."""
    ends = [graph.target(one.inputs.get("sigmas")) for one in (first, second)]
    quiet = graph.nodes.get(graph.target(second.inputs.get("noise")))
    silent = (quiet is not None and quiet.kind == "DisableNoise") or second.plain("add_noise") in (False, "disable")
    return bool(ends[0]) and ends[0] == ends[1] and silent and "split" in graph.nodes[ends[0]].kind.casefold()


def _second_half(draft: RecipeDraft, graph: LinkedNodes, first: ComfyNode, second: ComfyNode) -> None:
    """One pass by two samplers: a refiner where the second one has another checkpoint."""
    models = [
        text_of(graph.first(SamplerSettings.of(graph, one).model, *CHECKPOINT, stop=NOT_MODEL))
        for one in (first, second)
    ]
    split = graph.nodes[graph.target(second.inputs.get("sigmas"))]
    at, steps = number_of(graph.seen(split, "step")), number_of(draft.values.get("txt2img.steps"))
    if models[1] and models[1] != models[0]:
        draft.put("refiner.enabled", True)
        draft.put_file("refiner.checkpoint", models[1])
        if at and steps:
            draft.put("refiner.switch_at", round(at / steps, 4))
            graph.value(split, "step")
    else:
        graph.mark(split, "step")  # it changes nothing
    if second.plain("add_noise") in (False, "disable"):
        graph.mark(second, "add_noise")
    _own_settings(draft, graph, first, second)


def _refiner(draft: RecipeDraft, graph: LinkedNodes, first: ComfyNode, second: ComfyNode) -> bool:
    """Whether the second sampler goes on where the first one stopped."""
    start, steps = number_of(graph.value(second, "start_at_step"), 0), number_of(graph.value(second, "steps"), 0)
    if _shares_steps(graph, first, second):
        _second_half(draft, graph, first, second)
        return True
    if not (start and steps and first.plain("return_with_leftover_noise") == "enable"):
        return False
    draft.put("refiner.enabled", True)
    draft.put_file("refiner.checkpoint", graph.first(second.inputs.get("model"), *CHECKPOINT, stop=NOT_MODEL))
    draft.put("refiner.switch_at", round(start / steps, 4))
    graph.mark(first, "return_with_leftover_noise", *(["end_at_step"] if first.plain("end_at_step") == start else []))
    if second.plain("add_noise") == "disable":
        graph.mark(second, "add_noise")
    _own_settings(draft, graph, first, second)
    return True


def _own_settings(draft: RecipeDraft, graph: LinkedNodes, first: ComfyNode, second: ComfyNode) -> None:
    """Name what the refiner's pass had otherwise than the first one."""
    for key in ("cfg", "sampler_name", "scheduler", "noise_seed", "seed"):
        own = graph.value(second, key)
        # The noise is that of the first pass, so its seed does nothing.
        silent = key.endswith("seed") and second.plain("add_noise") in ("disable", False)
        if own is not None and own != graph.seen(first, key):
            told = draft.leave_out if silent else draft.unplaced
            told(f"refiner {key}", own, *(["The first pass had drawn the noise."] if silent else []))


def _hires(draft: RecipeDraft, graph: LinkedNodes, first: ComfyNode, second: ComfyNode) -> None:
    draft.put("hires.enabled", True)
    draft.put("hires.steps", setting(graph, second, "steps", "sigmas"))
    draft.put("hires.denoise", setting(graph, second, "denoise", "sigmas"))
    cfg = setting(graph, second, "cfg", "guider")
    draft.put("hires.cfg_scale", 0 if cfg == draft.values.get("txt2img.cfg_scale") else cfg)
    here = SamplerSettings.of(graph, second)
    sampler, scheduler = here.names()
    if sampler and sampler != draft.values.get("txt2img.sampler"):
        draft.put("hires.sampler", sampler)
    if scheduler and scheduler != draft.values.get("txt2img.scheduler"):
        draft.put("hires.scheduler", scheduler)
    name = bare_name(text_of(graph.first(second.inputs.get("model"), *CHECKPOINT, stop=NOT_MODEL)))
    if name and name != draft.values.get("checkpoint", name):
        draft.put("hires.checkpoint", name)
    if here.seed is not None and here.seed != SamplerSettings.of(graph, first).seed:
        draft.leave_out("seed of the second pass", here.seed, "Both passes have one seed here.")


def _own_words(
    draft: RecipeDraft, graph: LinkedNodes, second: ComfyNode, words: tuple[str, str], first: ComfyNode
) -> None:
    """What the second pass has for itself of words and LoRAs; both stand in its prompt."""
    links = SamplerSettings.of(graph, second).words
    positive = PromptTexts(graph, "positive").told(links[0], draft).strip()
    negative = PromptTexts(graph, "negative").told(links[1], draft).strip()
    tags, before = (
        [tag_of(lora) for lora in loras_above(graph, SamplerSettings.of(graph, node).model, NOT_MODEL) if lora.on]
        for node in (second, first)
    )
    if positive and (positive != words[0].strip() or tags != before):
        draft.put("hires.prompt", " ".join((positive, *tags)))
    if negative and negative != words[1].strip():
        draft.put("hires.negative", negative)


def _put_enlarging(
    draft: RecipeDraft, graph: LinkedNodes, chain: Sequence[ComfyNode], picture: tuple[int, int]
) -> None:
    first, second = chain[0], chain[1]
    way = takewhile(lambda node: node is not first, graph.up(pictures_of(second), NOT_PICTURE))
    before = (number_of(draft.values.get("txt2img.width"), 0), number_of(draft.values.get("txt2img.height"), 0))
    found = _enlarging(graph, [second, *way], before)
    if found.factor is None and len(chain) == 2 and before[0] and picture[0]:
        found.factor = picture[0] / before[0]
    draft.put("hires.scale", None if found.factor is None else round(found.factor, 3))
    draft.put("hires.upscaler", found.upscaler)
    if found.method:
        draft.leave_out("hires upscaler", found.method, "WebUIs have no upscaler of this kind.")
        draft.note(f"The second pass was enlarged by {found.method}; {found.upscaler or 'nothing'} stands for it.")


def _enlarging(graph: LinkedNodes, nodes: Sequence[ComfyNode], before: tuple[float | None, float | None]) -> _Enlarging:
    """How the picture was made larger on a way, the last node first."""
    found = _Enlarging()
    total = False
    own: float | None = None
    by: ComfyNode | None = None
    for node in nodes:
        kind = node.kind.casefold()
        wide, tall = number_of(graph.seen(node, "width"), 0), number_of(graph.seen(node, "height"), 0)
        if "upscale_model" in node.inputs and own is None:
            graph.mark(node)
            found.upscaler, found.method = _model_name(graph, node), ""
            own = _own_factor(found.upscaler)
        for key in _FACTORS:
            if found.factor is None and number_of(graph.seen(node, key)) is not None:
                found.factor, total = number_of(graph.value(node, key)), key == "upscale_by"
        if found.factor is None and "scale" in kind and ((wide and before[0]) or (tall and before[1])):
            found.factor, total = (wide / before[0] if wide and before[0] else (tall or 0) / (before[1] or 1)), True
            graph.mark(node, "width", "height")
        if not by and own is None and "upscale_method" in node.inputs:
            by = node
    if own is None and by:
        method = text_of(graph.value(by, "upscale_method"))
        names, missing = (_LATENTS, "Latent") if "latent" in by.kind.casefold() else (_PIXELS, "Lanczos")
        found.upscaler, found.method = names.get(method, missing), "" if method in names else method
    if own is not None and not total:
        found.factor = own * (found.factor or 1)
    return found


def put_enlarging_at_the_end(draft: RecipeDraft, graph: LinkedNodes, end: ComfyNode, last: ComfyNode) -> None:
    """Take an enlarging after the last sampler over as the upscale stage."""
    if end is last:
        return
    way = list(takewhile(lambda node: node is not last, islice(graph.up(pictures_of(end), NOT_PICTURE), _PATH)))
    if not any("upscale_model" in node.inputs or "scale" in node.kind.casefold() for node in way):
        return
    found = _enlarging(graph, way, size_at(graph, last))
    if found.upscaler or found.factor:
        draft.put("upscale.enabled", True)
        draft.put("upscale.upscaler", found.upscaler)
        draft.put("upscale.scale", None if found.factor is None else round(found.factor, 3))
        if found.method:
            draft.leave_out("upscaler", found.method, "WebUIs have no upscaler of this kind.")
        by = found.upscaler or "an upscaler"
        draft.note(f"After the last sampler the picture was enlarged by {by[:80]}; that is the upscale stage here.")
