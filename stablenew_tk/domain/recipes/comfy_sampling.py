"""One sampler of a ComfyUI picture with the nodes that it takes its settings from, of whichever suite of nodes."""

from __future__ import annotations

import re

from msgspec import Struct

from ..config.spellings import is_scheduler, sampler_and_scheduler, scheduler_name
from .comfy_nodes import ComfyNode, LinkedNodes, Plain
from .recipe import number_of, text_of

_PICTURE = ("latent_image", "latent", "samples", "pixels", "image", "images", "image1", "latent_opt", "optional_latent")
# Chains of some suites hand everything on in one piece.
_PIPES = ("pipe", "basic_pipe", "sdxl_tuple", "bus", "context", "ctx", "base_ctx", "sdxl_pipe", "detailer_pipe")
_OTHER_PICTURES = re.compile(r".*(image|latents?|pixels|samples)(_opt|_image)?", re.IGNORECASE)
# Ways that lead away from the picture itself: to the words, the checkpoint, the noise.
NOT_PICTURE = (
    *("model", "clip", "vae", "positive", "negative", "guider", "noise", "sigmas", "sampler", "control_net"),
    *("upscale_model", "conditioning", "seed", "steps", "cfg", "denoise", "mask"),
)
NOT_MODEL = (*_PICTURE, "positive", "negative", "conditioning", "noise", "sigmas", "sampler", "vae", "control_net")
CHECKPOINT = ("ckpt_name", "unet_name", "base_ckpt_name", "model_name", "ckpt", "gguf_name", "model_path")


_MASKED = re.compile("SetLatentNoiseMask|VAEEncodeForInpaint|InpaintModelConditioning")
_SPLITS = re.compile(r"SplitSigmas|SetFirstSigma", re.IGNORECASE)
_ALL_NOISE = (1.0, 14.6, 14.61, 14.615, 14.6146, 14.614642)
_HANDS_ON_SIGMAS = re.compile(r"split|flip|setfirst|extend|concat|reroute|switch", re.IGNORECASE)


class SamplerSettings(Struct, frozen=True):
    """What one sampler was told. `words` are the links to both sides, `model` that to the checkpoint."""

    sampler: str
    scheduler: str
    seed: Plain | None
    words: tuple[object, object]
    model: object

    def names(self) -> tuple[str, str]:
        """Sampler and scheduler as a WebUI shows them."""
        return sampler_and_scheduler(self.sampler, self.scheduler)

    @staticmethod
    def of(graph: LinkedNodes, node: ComfyNode) -> SamplerSettings:
        """Read a sampler."""
        inputs = node.inputs
        graph.mark(node)
        seed = graph.value(node, "seed")
        seed = seed if seed is not None else graph.value(node, "noise_seed")
        scheduler = setting(graph, node, "scheduler", "sigmas")
        name = setting(graph, node, "sampler_name", "sampler")
        if name is None:
            name = graph.value(node, "sampler")
        return SamplerSettings(
            sampler=text_of(name if name is not None else _by_class(graph, inputs.get("sampler"), "Sampler")),
            scheduler=text_of(scheduler if scheduler is not None else _schedule_by_class(graph, inputs.get("sigmas"))),
            seed=seed if seed is not None else graph.first(inputs.get("noise"), "noise_seed", "seed"),
            words=words_of(node),
            model=next((inputs[key] for key in ("model", "base_model", "guider", *_PIPES) if key in inputs), None),
        )


def is_sampler(node: ComfyNode) -> bool:
    """Whether a node has the settings of a sampler."""
    kind = node.kind.casefold()
    if "detailer" in kind or "select" in kind:
        return False
    inputs = node.inputs
    stepped = "steps" in inputs or "sigmas" in inputs
    worded = "positive" in inputs and stepped
    before = "sampler_name" in inputs and "steps" in inputs and any(key in inputs for key in _PIPES)
    seeded = "seed" in inputs or "noise_seed" in inputs
    begun = stepped and seeded and any(key in inputs for key in ("latent_image", "latent", "samples"))
    return (
        worded
        or before
        or begun
        or "guider" in inputs
        or ("ksampler" in kind and ("steps" in inputs or "seed" in inputs))
    )


def starts_anew(graph: LinkedNodes, node: ComfyNode) -> bool:
    """Whether a sampler keeps nothing of the picture that it was given but the size."""
    masked = any(_MASKED.match(above.kind) for above in graph.up(pictures_of(node)[:1], NOT_PICTURE))
    if masked or node.plain("add_noise") in ("disable", False) or graph.seen(node, "start_at_step"):
        return False
    for above in graph.up([node.inputs.get("sigmas")], ("model",)):
        told = sigmas_of(above)
        if _SPLITS.search(above.kind) or (told and told[0] not in _ALL_NOISE):
            return False
    if "denoise" in node.inputs:
        return number_of(graph.seen(node, "denoise")) == 1
    share = graph.first_seen(node.inputs.get("sigmas"), "denoise", stop=("model",))
    return share is None or number_of(share) == 1


def pictures_of(node: ComfyNode) -> list[object]:
    """The inputs of a node by which a picture comes in."""
    known = [node.inputs[key] for key in (*_PICTURE, *_PIPES) if key in node.inputs]
    if known:
        return known
    return [
        value
        for key, value in node.inputs.items()
        if isinstance(value, list) and key not in NOT_PICTURE and _OTHER_PICTURES.fullmatch(key)
    ]


def setting(graph: LinkedNodes, sampler: ComfyNode, key: str, way: str) -> Plain | None:
    """A value of the sampler itself, or of the nodes it is handed over to."""
    if key in sampler.inputs:
        return graph.value(sampler, key)
    return graph.first(sampler.inputs.get(way), key, stop=("model", "positive", "negative", "conditioning"))


def words_of(sampler: ComfyNode) -> tuple[object, object]:
    """The links by which the words of both sides come to a sampler."""
    inputs = sampler.inputs
    if "guider" in inputs:
        return inputs["guider"], inputs["guider"]
    pipe = next((inputs[key] for key in (*_PIPES, "conditioning", "model") if key in inputs), None)
    sides = [
        next((inputs[key] for key in (side, f"base_{side}", f"{side}_cond") if key in inputs), None)
        for side in ("positive", "negative")
    ]
    if sides[0] is None:
        return pipe, (pipe if sides[1] is None and "conditioning" not in inputs else sides[1])
    return sides[0], sides[1]


def sigmas_of(node: ComfyNode) -> list[float]:
    """The steps that are written by hand in a node, as their noise; one more than there are steps."""
    written = text_of(node.plain("sigmas"))[:4_000]
    return [number for one in re.findall(r"[0-9.]{1,20}", written) if (number := number_of(one)) is not None]


def schedule_of(graph: LinkedNodes, sampler: ComfyNode) -> str:
    """The class of the node that makes the steps of a sampler; "" where the sampler itself does."""
    above = graph.up([sampler.inputs.get("sigmas")], ("model",))
    return next((node.kind for node in above if not _HANDS_ON_SIGMAS.search(node.kind)), "")


def _schedule_by_class(graph: LinkedNodes, link: object) -> str:
    """The schedule that a node is named after, where a WebUI has it."""
    name = scheduler_name(_by_class(graph, link, "Scheduler").removesuffix("Sampling"))
    return name if is_scheduler(name) else ""


def _by_class(graph: LinkedNodes, link: object, word: str) -> str:
    """KarrasScheduler and SamplerEulerAncestral have their name in their class."""
    for node in graph.up([link], ("model",)):
        if node.kind.startswith(word) or node.kind.endswith(word):
            graph.mark(node)
            return node.kind.removesuffix(word).removeprefix(word)
    return ""
