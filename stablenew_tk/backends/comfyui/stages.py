"""The graph of each stage, up to the picture that is saved."""

from __future__ import annotations

from ...domain.base.errors import Refused
from .detailing import adetailer
from .enlarging import floored, larger_latent, larger_picture
from .loading import load
from .names import Sampling, latent_method, pixel_method
from .nodes import Input, Link, link
from .sampling import (
    LoadedModels,
    Pass,
    Texts,
    Work,
    conditioned,
    first_pass,
    names_of,
    order_texts,
    refined,
    sampled,
    start_like_webui,
    texts,
)
from .schedule import PassTiming

_LATENT = "EmptyLatentImage"


def txt2img(work: Work) -> Link:
    """From the prompt. With hires fix the refiner paints in the second pass only, as a WebUI does unless told."""
    config, nodes = work.order.config, work.nodes
    first = config.txt2img
    if first.subseed_strength:
        raise Refused("txt2img.subseed_strength: ComfyUI has no variation seeds like a WebUI's. Set it to 0.")
    names = names_of(work, "txt2img", first.sampler, first.scheduler)
    text = order_texts(work)
    models = load(work, text)
    empty = models.family.latent if work.server.has(models.family.latent) else _LATENT
    latent = link(nodes.add(empty, {"width": first.width, "height": first.height, "batch_size": 1}))
    paths = {"txt2img.steps": "steps", "txt2img.cfg_scale": "cfg"}
    paths |= {"txt2img.sampler": "sampler_name", "txt2img.scheduler": "scheduler"}
    whole = Pass(names=names, steps=first.steps, cfg=first.cfg_scale, paths=paths)
    latent = _pass(work, whole, models, text, latent, refine=config.refiner.enabled and not config.hires.enabled)
    return _hires(work, names, models, text, latent) if config.hires.enabled else _decoded(work, models, latent)


def _hires(work: Work, names: Sampling, before: LoadedModels, text: Texts, latent: Link) -> Link:
    """The picture of the second pass. `before`, `names` and `text` are those of the first."""
    config, nodes = work.order.config, work.nodes
    first, hires = config.txt2img, config.hires
    paths = {"hires.steps": "steps", "hires.cfg_scale": "cfg", "hires.denoise": "denoise"}
    if hires.sampler or hires.scheduler:
        names = names_of(work, "hires", hires.sampler or first.sampler, hires.scheduler or first.scheduler)
        paths |= {"hires.sampler": "sampler_name", "hires.scheduler": "scheduler"}
    if hires.prompt or hires.negative:
        text = texts(work, hires.prompt or work.order.prompt, hires.negative or work.order.negative, "hires.")
    models = load(work, text, "hires.checkpoint" if hires.checkpoint else "checkpoint")
    size = floored((first.width, first.height), hires.scale, models.family.multiple)
    method = latent_method(hires.upscaler)
    if method:
        latent = larger_latent(work, latent, method, size)
    else:
        image = larger_picture(work, _decoded(work, before, latent), "hires", hires.upscaler, size)
        latent = link(nodes.add("VAEEncode", {"pixels": image, "vae": models.vae}))
    second = Pass(
        names=names,
        steps=hires.steps or first.steps,
        cfg=hires.cfg_scale or first.cfg_scale,
        denoise=hires.denoise,
        paths=paths,
    )
    latent = _pass(work, second, models, text, latent, refine=config.refiner.enabled, before=first.steps)
    return _decoded(work, models, latent)


def _pass(
    work: Work, one: Pass, models: LoadedModels, text: Texts, latent: Link, *, refine: bool, before: int = 0
) -> Link:
    total, start = one.schedule
    timing = PassTiming(steps=one.steps, total=total, first=start, before_hires=before, scheduler=one.names.scheduler)
    both = conditioned(work, text, models, timing, one.cfg)
    if not refine:
        # A second pass goes on from a picture, which the sampler in parts has no way to begin with.
        is_first = work.order.stage == "txt2img" and not before
        paint = first_pass(work, models.family, one.steps) if is_first else sampled
        return paint(work, one, models, both, latent)
    refiner = load(work, text, "refiner.checkpoint")
    if text.loras:
        work.nodes.note(
            ["refiner.checkpoint: the LoRAs of the prompt work on the checkpoint only, not on the refiner."]
        )
    other = conditioned(work, text, refiner, timing, one.cfg)
    return refined(work, one, (models, refiner), (both, other), latent)


def img2img(work: Work) -> Link:
    """Paints over the picture; its size is floored to 8 as a WebUI does."""
    values = work.order.config.img2img
    if work.order.config.inpaint.enabled:
        raise Refused("inpaint.enabled: masks are not sent to ComfyUI. Switch it off.")
    names = names_of(work, "img2img", values.sampler, values.scheduler)
    start = start_like_webui(values.steps, values.denoise, names)
    paths = {"img2img.steps": "steps", "img2img.cfg_scale": "cfg", "img2img.denoise": "start_at_step"}
    paths |= {"img2img.sampler": "sampler_name", "img2img.scheduler": "scheduler"}
    one = Pass(names=names, steps=values.steps, cfg=values.cfg_scale, start=start, paths=paths)
    return _painted_over(work, one, _fitting(work, source(work)))


def _painted_over(work: Work, one: Pass, image: Link) -> Link:
    text = order_texts(work)
    models = load(work, text)
    latent = link(work.nodes.add("VAEEncode", {"pixels": image, "vae": models.vae}))
    return _decoded(work, models, _pass(work, one, models, text, latent, refine=False))


def source(work: Work) -> Link:
    """The picture to start from."""
    return link(work.nodes.add("LoadImage", {"image": work.picture}))


def _fitting(work: Work, image: Link) -> Link:
    """The picture at a size that can be painted over. ComfyUI would cut the rest off at the edges."""
    size = floored(work.size)
    if size == work.size:
        return image
    width, height = size
    inputs: dict[str, Input] = {
        "image": image,
        "upscale_method": "lanczos",
        "width": width,
        "height": height,
        "crop": "disabled",
    }
    return link(work.nodes.add("ImageScale", inputs))


def detail(work: Work) -> Link:
    """Repairs what the detectors find in the picture."""
    return adetailer(work, source(work))


def upscale(work: Work) -> Link:
    """Enlarges the picture; in mode img2img it is then painted over with sampler and CFG of txt2img."""
    config, nodes = work.order.config, work.nodes
    values, first = config.upscale, config.txt2img
    for path, amount in (("upscale.gfpgan", values.gfpgan), ("upscale.codeformer", values.codeformer)):
        if amount > 0:
            raise Refused(f"{path}: ComfyUI cannot restore faces by itself. Set it to 0.")
    if values.mode == "img2img":
        names = names_of(work, "txt2img", first.sampler, first.scheduler)
        start = start_like_webui(values.steps, values.denoise, names)
        paths = {"upscale.steps": "steps", "upscale.denoise": "start_at_step"}
        one = Pass(names=names, steps=values.steps, cfg=first.cfg_scale, start=start, paths=paths)
        size = floored(work.size, values.scale)
        return _painted_over(work, one, larger_picture(work, source(work), "upscale", values.upscaler, size))
    if method := pixel_method(values.upscaler):
        inputs: dict[str, Input] = {"image": source(work), "upscale_method": method, "scale_by": values.scale}
        node = nodes.add("ImageScaleBy", inputs)
        nodes.stands_for("upscale.upscaler", node, "upscale_method", derived=True)
        nodes.stands_for("upscale.scale", node, "scale_by")
        return link(node)
    width, height = (round(side * values.scale) for side in work.size)
    return larger_picture(work, source(work), "upscale", values.upscaler, (width, height))


def _decoded(work: Work, models: LoadedModels, latent: Link) -> Link:
    return link(work.nodes.add("VAEDecode", {"samples": latent, "vae": models.vae}))
