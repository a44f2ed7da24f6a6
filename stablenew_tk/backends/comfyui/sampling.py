"""The part of a graph that paints: checkpoint, LoRAs, clip skip, VAE, words, and one or two samplers."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ...domain.base.errors import Refused
from ...domain.base.lora_tags import LoraTag
from ...domain.config.catalogue import get_value
from ..base import StageOrder
from .families import family_title, lora_file
from .names import AUTOMATIC, Offered, Sampling, sampling
from .nodes import Input, Link, Nodes, link
from .noise import follows_steps
from .object_info import ServerWords, base_name, pick
from .schedule import PassTiming
from .words import SpanWords, Words, split_loras, vocabulary, words

# All others read the prompt with other text encoders, or stop where a WebUI's "2" does.
_CLIP_SKIP = {"sd15", "sd21"}
_LAST = 10_000


class Work(Struct, frozen=True):
    """One picture to make, and the graph it is made with.

    `picture` is the server's name for the picture to start from, `size` its size in pixels, (0, 0) without one.
    """

    order: StageOrder
    server: ServerWords
    nodes: Nodes
    seed: int
    picture: str = ""
    size: tuple[int, int] = (0, 0)


class LoadedModels(Struct, frozen=True):
    """The outputs that paint, read words, and turn latent images into pictures. `family` is "" where it is unknown."""

    model: Link
    clip: Link
    vae: Link
    family: str = ""


class Texts(Struct, frozen=True):
    """Prompt and negative prompt, without LoRA tags, and the LoRAs that the prompt asks for."""

    prompt: str
    negative: str
    loras: tuple[LoraTag, ...] = ()
    field: str = ""


def texts(work: Work, prompt: str, negative: str, field: str = "") -> Texts:
    """Take the LoRAs out of a prompt. `field` is the path of the block the words belong to, "" for those of the job."""
    plain, loras, notes = split_loras(prompt, f"{field}prompt")
    work.nodes.note(notes)
    # A WebUI reads LoRA tags in the prompt only.
    if "<lora:" in negative.casefold():
        work.nodes.note([f"{field}negative: a LoRA tag loads nothing there, it is read as words."])
    return Texts(plain, negative, loras, field)


def order_texts(work: Work) -> Texts:
    """The words of the job."""
    return texts(work, work.order.prompt, work.order.negative)


def load(work: Work, text: Texts, path: str = "checkpoint") -> LoadedModels:
    """Load the checkpoint at a path with the LoRAs of a prompt, clip skip and VAE. A refiner goes without LoRAs and
    VAE.
    """
    config, nodes, server = work.order.config, work.nodes, work.server
    name, refiner = str(get_value(config, path)), path == "refiner.checkpoint"
    file = _checkpoint(path, name, server)
    family = server.family(file)
    loader = nodes.add("CheckpointLoaderSimple", {"ckpt_name": file})
    nodes.stands_for(path, loader, "ckpt_name")
    model, clip, vae = link(loader), link(loader, 1), link(loader, 2)
    for lora in () if refiner else text.loras:
        listed = lora_file(f"{text.field}prompt", lora.name, server)
        weights: dict[str, Input] = {"strength_model": lora.weight, "strength_clip": lora.clip_weight}
        one = nodes.add("LoraLoader", {"model": model, "clip": clip, "lora_name": listed, **weights})
        model, clip = link(one), link(one, 1)
    if config.clip_skip > 1 and (not family or family in _CLIP_SKIP):
        layer = nodes.add("CLIPSetLastLayer", {"clip": clip, "stop_at_clip_layer": -config.clip_skip})
        nodes.stands_for("clip_skip", layer, "stop_at_clip_layer", factor=-1)
        clip = link(layer)
        if not family:
            nodes.note([f"clip_skip: it was sent as to SD 1.5, for nothing tells the family of {base_name(file)}."])
    elif config.clip_skip > 2:
        nodes.note([f"clip_skip: it means nothing with {family_title(family)} and was left out."])
    if config.vae not in ("", AUTOMATIC, "None") and not refiner:
        own = nodes.add("VAELoader", {"vae_name": pick("vae", config.vae, server.vaes, server.name)})
        nodes.stands_for("vae", own, "vae_name")
        vae = link(own)
    return LoadedModels(model, clip, vae, family)


def _checkpoint(path: str, name: str, server: ServerWords) -> str:
    if name:
        return pick(path, name, server.checkpoints, server.name)
    if path == "checkpoint" and len(server.checkpoints) == 1:
        return server.checkpoints[0]
    raise Refused(f"{path}: choose one. ComfyUI keeps none loaded that could be meant.")


def conditioned(work: Work, text: Texts, clip: Link, timing: PassTiming) -> tuple[Link, Link]:
    """The links to the prompt and the negative prompt as ComfyUI is to follow them."""
    known = vocabulary(work.server.embeddings, work.server.name)
    links = []
    for side, written in (("prompt", text.prompt), ("negative", text.negative)):
        read = words(written, f"{text.field}{side}", known, timing)
        work.nodes.note(read.notes)
        if read.changes and not follows_steps(timing.scheduler):
            work.nodes.note(
                [f"{text.field}{side}: with this scheduler the words change at a share of the noise, not of the steps."]
            )
        links.append(_conditioning(work.nodes, read, clip, "positive" if side == "prompt" else "negative"))
    return links[0], links[1]


def _conditioning(nodes: Nodes, read: Words, clip: Link, title: str) -> Link:
    made: list[Link] = []
    for part in read.parts:
        for span in part:
            one = _encoded(nodes, span, clip, title)
            if len(part) > 1:
                limits: dict[str, Input] = {"start": span.start, "end": span.end}
                one = link(nodes.add("ConditioningSetTimestepRange", {"conditioning": one, **limits}))
            made.append(one)
    first = made[0]
    for other in made[1:]:
        first = link(nodes.add("ConditioningCombine", {"conditioning_1": first, "conditioning_2": other}))
    return first


def _encoded(nodes: Nodes, span: SpanWords, clip: Link, title: str) -> Link:
    made = [link(nodes.add("CLIPTextEncode", {"text": chunk, "clip": clip}, title)) for chunk in span.chunks]
    first = made[0]
    for other in made[1:]:
        first = link(nodes.add("ConditioningConcat", {"conditioning_to": first, "conditioning_from": other}))
    return first


class Pass(Struct, frozen=True, kw_only=True):
    """One pass over a latent image. Without `start` all steps are run, at `denoise`; with it the schedule of `steps` is
    begun there. `paths` has the inputs in which parameters stand.
    """

    names: Sampling
    steps: int
    cfg: float
    denoise: float = 1.0
    start: int | None = None
    paths: Mapping[str, str]

    @property
    def schedule(self) -> tuple[int, int]:
        """The steps that are planned, and the first of them that is run."""
        if self.start is not None:
            return self.steps, self.start
        total = self.steps if self.denoise > 0.9999 else int(self.steps / max(self.denoise, 0.0001))
        return total, total - self.steps


def names_of(work: Work, path: str, sampler: str, scheduler: str, node: str = "KSampler") -> Sampling:
    """Sampler and scheduler of a block as ComfyUI is told. Raises Refused."""
    server = work.server
    offered = Offered(server.name, server.choices(node, "sampler_name"), server.choices(node, "scheduler"))
    return sampling(path, sampler, scheduler, offered)


def start_like_webui(steps: int, denoise: float, names: Sampling) -> int:
    """The step at which a WebUI begins to paint over a picture: it runs only that share of the steps."""
    run = int(min(denoise, 0.999) * steps)
    return steps - run - (0 if names.by_timesteps else 1)


def sampled(work: Work, one: Pass, models: LoadedModels, both: tuple[Link, Link], latent: Link) -> Link:
    """Run one pass with one checkpoint; returns its latent image."""
    if one.start is not None:
        return link(_advanced(work, one, models, both, latent, (one.start, _LAST)))
    values: dict[str, Input] = {"seed": work.seed, "steps": one.steps, "cfg": _cfg(one)}
    values |= {"sampler_name": one.names.sampler, "scheduler": one.names.scheduler, "denoise": one.denoise}
    links: dict[str, Input] = {"model": models.model, "positive": both[0], "negative": both[1], "latent_image": latent}
    node = work.nodes.add("KSampler", links | values)
    _remember(work, one, node)
    return link(node)


def refined(
    work: Work,
    one: Pass,
    models: tuple[LoadedModels, LoadedModels],
    both: tuple[tuple[Link, Link], tuple[Link, Link]],
    latent: Link,
) -> Link:
    """Run one pass whose last part the refiner paints: `models` and words of checkpoint and refiner."""
    total, start = one.schedule
    switch = max(1, round(work.order.config.refiner.switch_at * total))
    paths = {
        path: "start_at_step" if key == "denoise" or (key == "steps" and total > one.steps) else key
        for path, key in one.paths.items()
    }
    planned = Pass(names=one.names, steps=total, cfg=one.cfg, start=start, paths=paths)
    if switch >= total:
        work.nodes.note(["refiner.switch_at: so late the refiner does not paint at all."])
        return sampled(work, one, models[0], both[0], latent)
    if switch <= start:
        return link(_advanced(work, planned, models[1], both[1], latent, (start, _LAST)))
    first = _advanced(work, planned, models[0], both[0], latent, (start, switch))
    work.nodes.stands_for("refiner.switch_at", first, "end_at_step", derived=True)
    last = Pass(names=one.names, steps=total, cfg=one.cfg, start=switch, paths={})
    return link(_advanced(work, last, models[1], both[1], link(first), (switch, _LAST), goes_on=True))


def _advanced(
    work: Work,
    one: Pass,
    models: LoadedModels,
    both: tuple[Link, Link],
    latent: Link,
    limits: tuple[int, int],
    *,
    goes_on: bool = False,
) -> str:
    links: dict[str, Input] = {"model": models.model, "positive": both[0], "negative": both[1], "latent_image": latent}
    values: dict[str, Input] = {
        "add_noise": "disable" if goes_on else "enable",
        "noise_seed": work.seed,
        "steps": one.steps,
        "cfg": _cfg(one),
        "sampler_name": one.names.sampler,
        "scheduler": one.names.scheduler,
        "start_at_step": limits[0],
        "end_at_step": limits[1],
        "return_with_leftover_noise": "disable" if limits[1] == _LAST else "enable",
    }
    node = work.nodes.add("KSamplerAdvanced", links | values)
    _remember(work, one, node)
    return node


def _cfg(one: Pass) -> float:
    return one.cfg if one.names.cfg_divisor == 1.0 else round(one.cfg / one.names.cfg_divisor, 4)


def _remember(work: Work, one: Pass, node: str) -> None:
    for path, key in one.paths.items():
        factor = one.names.cfg_divisor if key == "cfg" else 1.0
        work.nodes.stands_for(path, node, key, derived=key == "start_at_step", factor=factor)
