"""Compares what ComfyUI ran with what it was asked for, and turns its file into the picture that is kept.

Two witnesses say what ran: the graph in the server's history, and the graph inside the file. Numbers are coerced and
sizes rounded by the server without a word, so both are compared input by input.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from ...domain.base.errors import InvalidInput
from ...domain.config.catalogue import Value, with_values
from ...domain.config.pipeline_config import stage_spec
from ..base import StageImage, StageOrder
from ..decoding import plain_as
from ..generation_text import generation_text
from ..pictures import DecodedPicture, image_size, open_picture, pixels_of, with_generation_text
from .graphs import Graph, applied
from .nodes import Node
from .object_info import base_name
from .refusals import path_of
from .server import Finished, RanNode

_UNCHECKED = "The server did not say how it made the picture, so it could not be checked against what was asked."
_GRAPHS = msgspec.json.Decoder(dict[str, RanNode])
Ran = Mapping[str, RanNode]


class KeptPicture(Struct, frozen=True):
    """One picture of a stage, with the values that were really used and sentences for the user."""

    image: StageImage
    applied: dict[str, Value]
    notes: tuple[str, ...]


def kept_picture(
    order: StageOrder, graph: Graph, finished: Finished | None, picture: DecodedPicture, version: str
) -> KeptPicture:
    """Check one picture and add the generation text to its file. `finished` None: the server forgot the job."""
    witnesses = [ran for ran in (finished.prompt.graph if finished else {}, _graph_in(picture)) if ran]
    used: dict[str, object] = {}
    done: dict[str, Value] = {}
    for ran in witnesses:
        done |= _in_our_words(graph, applied(graph, {name: node.inputs for name, node in ran.items()}))
        used |= differences(graph, ran)
    suspect = [f"mismatch:{path}" for path in used]
    notes = [*graph.notes, *([] if witnesses else [_UNCHECKED])]
    for path, value in used.items():
        asked, instead = graph.asked.get(path, "what was sent"), done.get(path, value)
        notes.append(f"{path}: {asked!r} was asked, the server used {instead!r}. The picture does not count.")
    if picture.black:
        suspect.append("black")
    if not order.config.workflow and not _size_is_right(picture.size, order):
        suspect.append("size")
    if order.stage == "txt2img" and not order.config.hires.enabled and not order.config.workflow:
        done["txt2img.width"], done["txt2img.height"] = picture.size
    if order.image and pixels_of(picture.data) == pixels_of(order.image):
        if order.stage == "adetailer":
            notes.append("ADetailer found nothing to repair: the picture is unchanged.")
        elif order.stage == "upscale":
            suspect.append("unchanged")
    # A workflow is told whole by the picture itself; a few lines could only tell a part of it.
    text = "" if order.config.workflow else _text(order, graph, done, picture.size, version)
    image = StageImage(
        data=with_generation_text(picture.data, text),
        suffix=picture.suffix,
        width=picture.size[0],
        height=picture.size[1],
        seed=graph.seed,
        infotext=text,
        suspect=tuple(suspect),
        pixels=picture.pixels,
    )
    return KeptPicture(image, done, tuple(notes))


def _in_our_words(graph: Graph, done: Mapping[str, Value]) -> dict[str, Value]:
    """Checkpoints that were not asked for by their names, called as they are offered: without folder and ending."""
    return {
        path: base_name(value)
        if path.endswith("checkpoint") and isinstance(value, str) and value != graph.asked.get(path)
        else value
        for path, value in done.items()
    }


def differences(graph: Graph, ran: Ran) -> dict[str, object]:
    """What was used instead of what was sent, by parameter path, or by "node class, input" where there is none."""
    found: dict[str, object] = {}
    for name, node in graph.prompt.items():
        theirs = ran.get(name)
        if theirs is None or theirs.class_type != node["class_type"]:
            found[str(node["class_type"])] = theirs.class_type if theirs else "nothing"
            continue
        for key, sent in _inputs(node).items():
            used = _plain(theirs.inputs.get(key))
            if not _same(_plain(sent), used):
                found[path_of(graph, name, key) or f"{node['class_type']} {key}"] = used
    return found


def _inputs(node: Node) -> Mapping[str, object]:
    inputs = node["inputs"]
    return inputs if isinstance(inputs, dict) else {}


def _plain(value: object) -> object:
    return value["__value__"] if isinstance(value, dict) and set(value) == {"__value__"} else value


def _same(sent: object, used: object) -> bool:
    if isinstance(sent, (int, float)) and isinstance(used, (int, float)):
        # Seeds are whole numbers of up to 64 bits, of which a float would lose some.
        return sent == used if isinstance(sent, int) and isinstance(used, int) else math.isclose(sent, used)
    return sent == used


def _graph_in(picture: DecodedPicture) -> Ran:
    """The graph inside the file; {} when there is none (--disable-metadata) or none that can be read."""
    if not picture.graph:
        return {}
    try:
        return _GRAPHS.decode(picture.graph)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _with_nan(picture.graph)


def _with_nan(text: str) -> Ran:
    """Nodes that always run again are marked with NaN, which is no JSON, but Python's own reader takes it."""
    try:
        return plain_as(json.loads(text), dict[str, RanNode])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}


def _text(order: StageOrder, graph: Graph, done: Mapping[str, Value], size: tuple[int, int], version: str) -> str:
    config = order.config
    if not stage_spec(order.stage).samples(config) and (earlier := open_picture(order.image).text):
        # Enlarging says little about a picture, so the text of the one it came from is kept.
        return earlier
    try:
        config = with_values(config, {path: value for path, value in done.items() if path in graph.read_back})
    except InvalidInput:
        # What the server used is no value of ours; the record has it.
        config = order.config
    one = msgspec.structs.replace(order, seed=graph.seed, config=config)
    checkpoint = str(done.get("checkpoint") or config.checkpoint)
    return generation_text(one, size, checkpoint=checkpoint, version=f"ComfyUI {version}".strip())


def _size_is_right(size: tuple[int, int], order: StageOrder) -> bool:
    config = order.config
    source = image_size(order.image) if order.image else (config.txt2img.width, config.txt2img.height)
    scale = stage_spec(order.stage).scale(config)
    # Pictures are cut and latents rounded to multiples of 8.
    slack = 8 if order.image or scale != 1.0 else 0
    return all(abs(is_ - side * scale) <= slack for is_, side in zip(size, source, strict=True))
