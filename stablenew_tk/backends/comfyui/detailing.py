"""ADetailer's work in ComfyUI: the Impact Pack finds faces or hands and paints them again, pass by pass."""

from __future__ import annotations

import re
from collections.abc import Collection

from ...domain.base.errors import Refused
from ...domain.config.pipeline_config import ADetailerPass
from ...domain.workflows.node_kinds import InputKind
from .loading import load
from .names import Sampling
from .nodes import Input, Link, link
from .object_info import ServerWords, base_name
from .sampling import Texts, Work, conditioned, names_of, order_texts, start_like_webui, texts
from .schedule import PassTiming

DETECTOR, DETAILER = "UltralyticsDetectorProvider", "FaceDetailer"
# The part of the picture's shorter side that a face commonly takes: the Impact Pack counts its surroundings in faces.
_FACE_SHARE = 0.25
_FOLDER = re.compile(r"^(bbox|segm)[/\\]")
_WORDS = {("guide_size_for", True): "bbox", ("guide_size_for", False): "crop_region"}


def detectors(server: ServerWords) -> tuple[str, ...]:
    """The detectors as ADetailer names them, with their ending; those that would be called alike keep their folder."""
    plain = [_FOLDER.sub("", name) for name in server.detectors]
    return tuple(bare if plain.count(bare) == 1 else name for bare, name in zip(plain, server.detectors, strict=True))


def adetailer(work: Work, image: Link) -> Link:
    """Repair the picture, one pass after the other."""
    for nth, one in enumerate(work.order.config.adetailer.passes):
        image = _repaired(work, nth, one, image)
    return image


def _repaired(work: Work, nth: int, one: ADetailerPass, image: Link) -> Link:
    first, nodes, path = work.order.config.txt2img, work.nodes, f"adetailer.passes.{nth}"
    block = path if one.sampler or one.scheduler else "txt2img"
    names = names_of(work, block, one.sampler or first.sampler, one.scheduler or first.scheduler, DETAILER)
    steps = one.steps or first.steps
    start = start_like_webui(steps, one.denoise, names)
    text = _texts(work, one, path)
    models = load(work, text)
    timing = PassTiming(steps=steps, total=steps, first=start, scheduler=names.scheduler)
    both = conditioned(work, text, models, timing, one.cfg_scale or first.cfg_scale)
    name = _listed(f"{path}.model", one.model, work.server)
    finder = nodes.add(DETECTOR, {"model_name": name})
    nodes.stands_for(f"{path}.model", finder, "model_name", derived=True)
    values = _values(work, one, names, steps - start)
    links: dict[str, Input] = {"image": image, "model": models.model, "clip": models.clip, "vae": models.vae}
    links |= {"positive": both[0], "negative": both[1], "bbox_detector": link(finder)}
    if name.startswith("segm"):
        links["segm_detector_opt"] = link(finder, 1)
    # Versions differ in what they take; an input that this one does not know would be ignored.
    known = work.server.classes[DETAILER]
    inputs = {key: _spelled(key, value, known[key]) for key, value in (links | values).items() if key in known}
    detailer = nodes.add(DETAILER, _defaults(work.server, inputs) | inputs)
    _remember(work, one, path, detailer, names.cfg_divisor)
    return link(detailer)


def _texts(work: Work, one: ADetailerPass, path: str) -> Texts:
    own = order_texts(work)
    if not (one.prompt or one.negative):
        return own
    prompt = one.prompt.replace("[PROMPT]", work.order.prompt) or work.order.prompt
    negative = one.negative.replace("[PROMPT]", work.order.negative) or work.order.negative
    for side, written in (("prompt", prompt), ("negative", negative)):
        if "[SEP]" in written or "[SKIP]" in written:
            raise Refused(f"{path}.{side}: ComfyUI paints all faces with one prompt. Remove [SEP] and [SKIP].")
    return texts(work, prompt, negative, f"{path}.")


def _listed(path: str, model: str, server: ServerWords) -> str:
    """The detector as the server writes it: "face_yolov8n.pt" is "bbox/face_yolov8n.pt"."""
    names = dict(zip(detectors(server), server.detectors, strict=True))
    if model in server.detectors:
        return model
    if model in names:
        return names[model]
    same = [listed for shown, listed in names.items() if base_name(shown) == base_name(model)]
    if len(same) == 1:
        return same[0]
    raise Refused(f"{path}: {server.name} has no {model!r}. It has {', '.join([*names][:6]) or 'none'}.")


def _values(work: Work, one: ADetailerPass, names: Sampling, steps: int) -> dict[str, Input]:
    first = work.order.config.txt2img
    width, height = work.size
    cfg = (one.cfg_scale or first.cfg_scale) / names.cfg_divisor
    side = max(1.0, min(width, height) * _FACE_SHARE)
    if one.mask_padding:
        work.nodes.note(
            ["adetailer: the padding is counted for faces a quarter as wide as the picture, not for each face."]
        )
    return {
        # As in a WebUI what was cut out is enlarged to the size of the picture.
        "guide_size": float(min(width, height)),
        "guide_size_for": False,
        "max_size": float(max(width, height)),
        "seed": work.seed,
        "steps": steps,
        "cfg": round(cfg, 4),
        "sampler_name": names.sampler,
        "scheduler": names.scheduler,
        "denoise": max(one.denoise, 0.0001),
        "feather": one.mask_blur,
        # More than 0 switches another way of painting on.
        "noise_mask_feather": 0,
        "noise_mask": True,
        # Without it large faces are left out without a word.
        "force_inpaint": True,
        "bbox_threshold": one.confidence,
        "bbox_dilation": one.dilate_erode,
        "bbox_crop_factor": round(min(10.0, 1 + 2 * one.mask_padding / side), 3),
        "drop_size": 1,
        "wildcard": "",
        "cycle": 1,
    }


def _spelled(key: str, value: Input, kind: InputKind) -> Input:
    """Older versions of the pack have words where newer ones have switches."""
    if not isinstance(value, bool) or not kind.choices:
        return value
    return _WORDS.get((key, value), "enabled" if value else "disabled")


def _defaults(server: ServerWords, given: Collection[str]) -> dict[str, Input]:
    """What this version of the pack wants besides: its own defaults. Raises Refused for an input that has none."""
    found: dict[str, Input] = {}
    for key, kind in server.classes[DETAILER].items():
        if not kind.required or key in given:
            continue
        value = kind.default if kind.default is not None else next(iter(kind.choices), None)
        if value is None:
            raise Refused(
                f"adetailer.enabled: the Impact Pack of {server.name} wants {key!r}, which is not known here."
            )
        found[key] = value
    return found


def _remember(work: Work, one: ADetailerPass, path: str, node: str, divisor: float) -> None:
    nodes = work.nodes
    direct = {
        "confidence": "bbox_threshold",
        "mask_blur": "feather",
        "dilate_erode": "bbox_dilation",
        "denoise": "denoise",
    }
    for name, key in direct.items():
        nodes.stands_for(f"{path}.{name}", node, key)
    nodes.stands_for(f"{path}.steps", node, "steps", derived=True)
    nodes.stands_for(f"{path}.mask_padding", node, "bbox_crop_factor", derived=True)
    if one.cfg_scale:
        nodes.stands_for(f"{path}.cfg_scale", node, "cfg", factor=divisor)
    if one.sampler:
        nodes.stands_for(f"{path}.sampler", node, "sampler_name")
    if one.scheduler:
        nodes.stands_for(f"{path}.scheduler", node, "scheduler")
