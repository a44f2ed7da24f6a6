"""What a ComfyUI server is asked for a stage: one graph for one picture, with only names that this server has."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ...domain.base.errors import Refused
from ...domain.config.catalogue import Value
from ..base import StageOrder, check_stage
from .nodes import Node, Nodes, Spot, link
from .object_info import ServerWords

MAX_SEED = 2**64 - 1


class Graph(Struct, frozen=True, kw_only=True):
    """One picture to ask for. `prompt` has the nodes by id, in API format; `output` is the id of the SaveImage node.

    `asked` has the values it stands for, by catalogue path; `read_back` where the server's record of the run
    (`history[id].prompt[2]`) shows what was used. `notes` are sentences for the user.
    """

    prompt: Mapping[str, Node]
    output: str
    seed: int
    asked: Mapping[str, Value] = {}
    read_back: Mapping[str, Spot] = {}
    notes: tuple[str, ...] = ()


def stages_of(server: ServerWords) -> tuple[str, ...]:
    """The stages that can be made on a server."""
    return ("txt2img",) if server.has("CheckpointLoaderSimple", "KSampler") else ()


def picture_count(order: StageOrder) -> int:
    """How many pictures a stage makes, each by a graph of its own: a batch would draw their noise from one seed."""
    return order.config.txt2img.batch_size if order.stage == "txt2img" else 1


def graph(order: StageOrder, server: ServerWords, *, prefix: str, picture: str = "", nth: int = 0) -> Graph:
    """The graph for the picture number `nth` of a stage, counted from 0: each has the seed after the one before.

    `prefix` begins the name of the file on the server and must differ for each attempt, or the server names an old
    file. `picture` is how the server calls the uploaded picture to start from ("src.png [temp]").
    Raises Refused naming the first field whose value the server does not have.
    """
    check_stage(order, stages_of(server), server.name)
    assert not picture  # only txt2img so far
    nodes = Nodes()
    seed = (order.seed + nth) % (MAX_SEED + 1)
    config = order.config
    first = config.txt2img
    if config.checkpoint not in server.checkpoints:
        raise Refused(f"checkpoint: {server.name} has no {config.checkpoint!r}.")
    loader = nodes.add("CheckpointLoaderSimple", {"ckpt_name": config.checkpoint})
    nodes.stands_for("checkpoint", config.checkpoint, loader, "ckpt_name")
    positive = nodes.add("CLIPTextEncode", {"text": order.prompt, "clip": link(loader, 1)}, "positive")
    negative = nodes.add("CLIPTextEncode", {"text": order.negative, "clip": link(loader, 1)}, "negative")
    empty = nodes.add("EmptyLatentImage", {"width": first.width, "height": first.height, "batch_size": 1})
    sampler = nodes.add(
        "KSampler",
        {
            "model": link(loader),
            "positive": link(positive),
            "negative": link(negative),
            "latent_image": link(empty),
            "seed": seed,
            "steps": first.steps,
            "cfg": first.cfg_scale,
            "sampler_name": "euler_ancestral",
            "scheduler": "normal",
            "denoise": 1.0,
        },
    )
    nodes.stands_for("txt2img.steps", first.steps, sampler, "steps")
    nodes.stands_for("txt2img.cfg_scale", first.cfg_scale, sampler, "cfg")
    decoded = nodes.add("VAEDecode", {"samples": link(sampler), "vae": link(loader, 2)})
    output = nodes.add("SaveImage", {"images": link(decoded), "filename_prefix": prefix})
    return Graph(
        prompt=nodes.prompt,
        output=output,
        seed=seed,
        asked=nodes.asked,
        read_back=nodes.read_back,
        notes=tuple(nodes.notes),
    )
