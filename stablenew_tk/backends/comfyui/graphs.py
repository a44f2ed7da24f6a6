"""What a ComfyUI server is asked for a stage: one graph for one picture, with only names that this server has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice

import msgspec
from msgspec import Struct

from ...domain.base.errors import Refused
from ...domain.config.catalogue import Value, get_value, stage_values, with_first_pass
from ...domain.config.pipeline_config import stage_spec
from ..base import Capabilities, StageOrder, check_stage
from ..pictures import image_size
from . import stages
from .detailing import DETAILER, DETECTOR, detectors
from .enlarging import hires_upscalers, upscalers
from .loading import family_in_use
from .names import AUTOMATIC, shown_sampler, shown_samplers, shown_scheduler, shown_schedulers
from .nodes import Link, Node, Nodes, Spot
from .object_info import ServerWords, base_name, shown, vae_files
from .sampling import Work

MAX_SEED = 2**64 - 1


class Graph(Struct, frozen=True, kw_only=True):
    """One picture to ask for. `prompt` has the nodes by id, in API format; `outputs` are those of the nodes that save.

    `asked` has the values it stands for, by catalogue path; `read_back` where the server's record of the run
    (`history[id].prompt[2]`) shows what was used, for some of these. `notes` are sentences for the user.
    """

    prompt: Mapping[str, Node]
    outputs: tuple[str, ...]
    seed: int
    asked: Mapping[str, Value] = {}
    read_back: Mapping[str, Spot] = {}
    notes: tuple[str, ...] = ()


class _Stage(Struct, frozen=True):
    """How to make a stage, and the node classes without which it cannot be made."""

    build: Callable[[Work], Link]
    needs: tuple[str, ...]


_PAINTS = ("CheckpointLoaderSimple", "CLIPTextEncode", "VAEDecode", "SaveImage")
_STAGES = {
    "txt2img": _Stage(stages.txt2img, (*_PAINTS, "EmptyLatentImage", "KSampler")),
    "img2img": _Stage(stages.img2img, (*_PAINTS, "LoadImage", "VAEEncode", "KSamplerAdvanced")),
    "adetailer": _Stage(stages.detail, (*_PAINTS, "LoadImage", DETECTOR, DETAILER)),
    "upscale": _Stage(stages.upscale, ("LoadImage", "ImageScale", "SaveImage")),
}
# A size at which a stage that follows can be tried out; it changes no name.
_SOME_SIZE = (512, 512)


def stages_of(server: ServerWords) -> tuple[str, ...]:
    """The stages that can be made on a server."""
    return tuple(name for name, stage in _STAGES.items() if server.has(*stage.needs))


def picture_count(order: StageOrder) -> int:
    """How many pictures a stage makes, each by a graph of its own: a batch would draw their noise from one seed."""
    return order.config.txt2img.batch_size if order.stage == "txt2img" else 1


def graph(order: StageOrder, server: ServerWords, *, prefix: str, picture: str = "", nth: int = 0) -> Graph:
    """The graph for the picture number `nth` of a stage, counted from 0: each has the seed after the one before.

    `prefix` begins the name of the file on the server and must differ for each attempt, or the server names an old
    file. `picture` is how the server calls the uploaded picture to start from ("src.png [temp]").
    Raises Refused naming the first field whose value the server does not have, those of the later stages of the job
    included: nothing is made that leads nowhere. Raises BadImage when the picture cannot be read.
    """
    offered = stages_of(server)
    check_stage(order, offered, server.name)
    if order.config.styles:
        raise Refused("styles: ComfyUI keeps no styles. Leave it empty.")
    if order.config.controlnet:
        raise Refused("controlnet: units are not sent to ComfyUI. Leave it empty.")
    size = image_size(order.image) if order.image else (0, 0)
    nodes = Nodes()
    work = _with_family(Work(order, server, nodes, (order.seed + nth) % (MAX_SEED + 1), picture, size))
    output = nodes.add("SaveImage", {"images": _STAGES[order.stage].build(work), "filename_prefix": prefix})
    nodes.check(server)
    _check_later(order, server)
    return Graph(
        prompt=nodes.prompt,
        outputs=(output,),
        seed=work.seed,
        asked=_asked(order),
        read_back=nodes.read_back,
        notes=tuple(nodes.notes),
    )


def _with_family(work: Work) -> Work:
    return msgspec.structs.replace(work, family=family_in_use(work))


def _check_later(order: StageOrder, server: ServerWords) -> None:
    """Build the stages of the job that follow, for what is refused in them."""
    for later in islice(order.each_stage(), 1, None):
        # Any bytes stand for the picture, which is not made yet.
        later = msgspec.structs.replace(later, image=b"later")
        nodes = Nodes()
        _STAGES[later.stage].build(_with_family(Work(later, server, nodes, order.seed, "", _SOME_SIZE)))
        nodes.check(server)


def _asked(order: StageOrder) -> dict[str, Value]:
    config, stage = order.config, order.stage
    general = ("checkpoint", "vae", "text_encoders", "clip_skip") if stage_spec(stage).samples(config) else ()
    asked = {path: value for path in general if (value := get_value(config, path)) != ""} | stage_values(config, stage)
    return with_first_pass(asked, config)


def applied(asked: Graph, ran: Mapping[str, Mapping[str, object]]) -> dict[str, Value]:
    """The values that were used, by catalogue path. `ran` has the inputs of each node as the server ran it, by id.

    A value that cannot be told from the graph is left out when the server changed what was sent for it.
    """
    found: dict[str, Value] = {}
    for path, spot in asked.read_back.items():
        used = ran.get(spot.node, {}).get(spot.input)
        if not isinstance(used, (str, int, float)):
            continue
        wanted = asked.asked.get(path)
        if used == spot.sent and wanted is not None and wanted != AUTOMATIC:
            found[path] = wanted
        elif not spot.derived:
            found[path] = _in_our_words(path, used, spot.factor)
    return found


def _in_our_words(path: str, used: Value, factor: float) -> Value:
    kind = path.rpartition(".")[2]
    if not isinstance(used, str):
        return used if factor == 1.0 else used * factor
    return shown_sampler(used) if kind == "sampler" else shown_scheduler(used) if kind == "scheduler" else used


def _aliases(server: ServerWords) -> tuple[str, ...]:
    """The names under which exactly one LoRA was trained and that no file has."""
    files = {base_name(name).casefold() for name in server.loras}
    return tuple(
        name for name, found in server.lora_aliases.items() if len(found) == 1 and name.casefold() not in files
    )


def capabilities(server: ServerWords, *, previews: bool = False) -> Capabilities:
    """What the server offers, in the project's words. `previews`: it sends pictures of a picture in the making."""
    offered = {
        "checkpoint": True,
        "progress": True,
        "interrupt": True,
        "preview": previews,
        "scheduler": bool(server.schedulers),
        "vae": server.has("VAELoader"),
        "hires": server.has("VAEEncode") and bool(hires_upscalers(server)),
        "refiner": server.has("KSamplerAdvanced"),
        "guidance": server.has("FluxGuidance"),
        "prediction": server.has("ModelSamplingDiscrete"),
        "clip_skip": server.has("CLIPSetLastLayer"),
        "shift": server.has("ModelSamplingSD3", "ModelSamplingAuraFlow", "ModelSamplingFlux"),
    }
    checkpoints = shown(server.models)
    return Capabilities(
        kind="comfyui",
        name=server.name,
        version=server.version,
        loaded_checkpoint=checkpoints[0] if len(checkpoints) == 1 else "",
        names_checkpoints=True,
        checkpoints=checkpoints,
        vaes=(AUTOMATIC, "None", *vae_files(server.vaes)) if offered["vae"] else (),
        text_encoders=server.text_encoders,
        loras=shown(server.loras),
        lora_aliases=_aliases(server),
        samplers=shown_samplers(server.samplers),
        schedulers=shown_schedulers(server.schedulers),
        upscalers=upscalers(server),
        hires_upscalers=hires_upscalers(server) if offered["hires"] else (),
        adetailer_models=detectors(server),
        stages=stages_of(server),
        features=frozenset(name for name, has in offered.items() if has),
        nodes=server.kinds,
    )
