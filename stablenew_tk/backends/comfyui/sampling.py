"""The part of a graph that paints: words, and one or two samplers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from ...domain.base.lora_tags import LoraTag
from ...domain.models.families import Family
from ..base import StageOrder
from .names import AUTOMATIC, Offered, Sampling, sampling
from .nodes import Input, Link, Nodes, link
from .noise import follows_steps
from .object_info import ServerWords
from .schedule import PassTiming
from .words import SpanWords, Words, split_loras, vocabulary, words

_LAST = 10_000
_ZERO = "ConditioningZeroOut"
_BY_SIZE = "Flux2Scheduler"
_TURBO, _MOST_TURBO_STEPS = "SDTurboScheduler", 10
# Who writes the sentence of the family into the prompt need not have it twice.
_SYSTEM_END = "<Prompt Start>"
_PARTS = ("SamplerCustomAdvanced", "RandomNoise", "KSamplerSelect", "BasicScheduler", "CFGGuider", "BasicGuider")


class Work(Struct, frozen=True):
    """One picture to make, and the graph it is made with.

    `picture` is the server's name for the picture to start from, `size` its size in pixels, (0, 0) without one.
    `family` is that of the main checkpoint.
    """

    order: StageOrder
    server: ServerWords
    nodes: Nodes
    seed: int
    picture: str = ""
    size: tuple[int, int] = (0, 0)
    family: Family = Family()


class LoadedModels(Struct, frozen=True):
    """The outputs that paint, read words, and turn latent images into pictures."""

    model: Link
    clip: Link
    vae: Link
    family: Family = Family()


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


def conditioned(work: Work, text: Texts, models: LoadedModels, timing: PassTiming, cfg: float) -> tuple[Link, Link]:
    """The links to the prompt and the negative prompt as ComfyUI is to follow them, the prompt with its guidance.

    At CFG 1 a negative prompt is not computed: models with text encoders of their own are given an empty one then.
    """
    known = vocabulary(work.server.embeddings, work.server.name)
    links: list[Link] = []
    for side, written in (("prompt", text.prompt), ("negative", text.negative)):
        read = words(written, f"{text.field}{side}", known, timing)
        work.nodes.note(read.notes)
        if read.changes and not follows_steps(timing.scheduler):
            work.nodes.note(
                [f"{text.field}{side}: with this scheduler the words change at a share of the noise, not of the steps."]
            )
        if side == "negative" and cfg == 1 and models.family.text_encoders and work.server.has(_ZERO):
            links.append(link(work.nodes.add(_ZERO, {"conditioning": links[0]})))
            continue
        family = models.family
        title, before = ("positive", family.system_prompt) if side == "prompt" else (side, family.system_negative)
        links.append(_conditioning(work.nodes, read, models.clip, title, before))
    return _guided(work, links[0], models.family), links[1]


def _guided(work: Work, positive: Link, family: Family) -> Link:
    guidance, nodes = work.order.config.txt2img.guidance, work.nodes
    if not guidance:
        return positive
    if family.id and not family.guidance:
        nodes.note([f"txt2img.guidance: it means nothing with {family.title} and was left out."])
        return positive
    node = nodes.add("FluxGuidance", {"conditioning": positive, "guidance": guidance})
    nodes.stands_for("txt2img.guidance", node, "guidance")
    return link(node)


def _conditioning(nodes: Nodes, read: Words, clip: Link, title: str, before: str) -> Link:
    """The words as conditioning; `before` is what the family's text encoder wants before each text."""
    made: list[Link] = []
    for part in read.parts:
        for span in part:
            one = _encoded(nodes, span, clip, title, before)
            if len(part) > 1:
                limits: dict[str, Input] = {"start": span.start, "end": span.end}
                one = link(nodes.add("ConditioningSetTimestepRange", {"conditioning": one, **limits}))
            made.append(one)
    first = made[0]
    for other in made[1:]:
        first = link(nodes.add("ConditioningCombine", {"conditioning_1": first, "conditioning_2": other}))
    return first


def _encoded(nodes: Nodes, span: SpanWords, clip: Link, title: str, before: str) -> Link:
    texts = [f"{before} {chunk}" if before and _SYSTEM_END not in chunk else chunk for chunk in span.chunks]
    made = [link(nodes.add("CLIPTextEncode", {"text": text, "clip": clip}, title)) for text in texts]
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
    if scheduler in ("", AUTOMATIC):
        scheduler = str(work.family.defaults.get("txt2img.scheduler", scheduler))
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


def guided(work: Work, one: Pass, models: LoadedModels, both: tuple[Link, Link], latent: Link) -> Link:
    """Run the first pass with a sampler in parts: families that want it have a schedule of their own, or no CFG."""
    nodes, family, size = work.nodes, models.family, work.order.config.txt2img
    by_size = family.sampling == "size-aware" and size.scheduler in ("", AUTOMATIC)
    if by_size and not work.server.has(_BY_SIZE):
        nodes.note([f"txt2img.scheduler: this server has no {_BY_SIZE}, which suits {family.title}. Update ComfyUI."])
        by_size = False
    if by_size:
        sigmas = nodes.add(_BY_SIZE, {"steps": one.steps, "width": size.width, "height": size.height})
    else:
        plan: dict[str, Input] = {"model": models.model, "scheduler": one.names.scheduler, "steps": one.steps}
        sigmas = nodes.add("BasicScheduler", plan | {"denoise": one.denoise})
    cfg = _cfg(one)
    if family.guidance and cfg == 1:
        guider = nodes.add("BasicGuider", {"model": models.model, "conditioning": both[0]})
    else:
        sides: dict[str, Input] = {"model": models.model, "positive": both[0], "negative": both[1]}
        guider = nodes.add("CFGGuider", sides | {"cfg": cfg})
    noise = nodes.add("RandomNoise", {"noise_seed": work.seed})
    sampler = nodes.add("KSamplerSelect", {"sampler_name": one.names.sampler})
    inputs: dict[str, Input] = {"noise": link(noise), "guider": link(guider), "sampler": link(sampler)}
    node = nodes.add("SamplerCustomAdvanced", inputs | {"sigmas": link(sigmas), "latent_image": latent})
    nodes.stands_for("txt2img.steps", sigmas, "steps")
    nodes.stands_for("txt2img.scheduler", sigmas, "scheduler")
    nodes.stands_for("txt2img.cfg_scale", guider, "cfg", factor=one.names.cfg_divisor)
    nodes.stands_for("txt2img.sampler", sampler, "sampler_name")
    return link(node)


def turbo(work: Work, one: Pass, models: LoadedModels, both: tuple[Link, Link], latent: Link) -> Link:
    """Run the first pass with the schedule of the Turbo models of Stability."""
    nodes = work.nodes
    plan: dict[str, Input] = {"model": models.model, "steps": one.steps, "denoise": one.denoise}
    sigmas = nodes.add(_TURBO, plan)
    sampler = nodes.add("KSamplerSelect", {"sampler_name": one.names.sampler})
    links: dict[str, Input] = {"model": models.model, "positive": both[0], "negative": both[1], "latent_image": latent}
    parts: dict[str, Input] = {"sampler": link(sampler), "sigmas": link(sigmas)}
    values: dict[str, Input] = {"add_noise": True, "noise_seed": work.seed, "cfg": _cfg(one)}
    node = nodes.add("SamplerCustom", links | parts | values)
    nodes.stands_for("txt2img.steps", sigmas, "steps")
    nodes.stands_for("txt2img.cfg_scale", node, "cfg", factor=one.names.cfg_divisor)
    nodes.stands_for("txt2img.sampler", sampler, "sampler_name")
    return link(node)


def first_pass(
    work: Work, family: Family, steps: int
) -> Callable[[Work, Pass, LoadedModels, tuple[Link, Link], Link], Link]:
    """What runs the first pass of so many steps with a family: one sampler, or one in parts where it wants that."""
    server, own = work.server, work.order.config.txt2img.scheduler
    if family.sampling == "turbo":
        suits = own in ("", AUTOMATIC) and steps <= _MOST_TURBO_STEPS
        return turbo if suits and server.has(_TURBO, "SamplerCustom", "KSamplerSelect") else sampled
    return guided if family.sampling and server.has(*_PARTS) else sampled
