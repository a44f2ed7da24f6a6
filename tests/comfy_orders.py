"""A ComfyUI server as it lists itself, orders for it, and graphs compared whatever their ids are."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path

from families import SHIPPED
from PIL import Image

from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.comfyui.graphs import Graph, graph
from stablenew_tk.backends.comfyui.object_info import ServerWords, server_words
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig

FIXTURES = Path(__file__).parent / "fixtures" / "comfyui"
# As the graphs that ran on a real server were made.
PLAIN = {
    "checkpoint": "tiny-sd15",
    "clip_skip": 1,
    "txt2img.sampler": "Euler",
    "txt2img.steps": 4,
    "txt2img.width": 128,
    "txt2img.height": 128,
}


@cache
def recorded() -> dict[str, dict[str, object]]:
    """The graphs that ran on a real server, by what they show."""
    return json.loads((FIXTURES / "graphs.json").read_text(encoding="utf-8"))


def node_classes(*parts: str) -> dict[str, object]:
    """The answer to `/object_info`: the parts "core" and "impact_pack"."""
    known = json.loads((FIXTURES / "nodes.json").read_text(encoding="utf-8"))
    return {kind: found for part in parts for kind, found in known[part].items()}


def server(*parts: str, **more: object) -> ServerWords:
    return server_words(node_classes("core", *parts), name="ComfyUI · host", **more)


def picture(width: int = 128, height: int = 128) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(made, "PNG")
    return made.getvalue()


def order(stage: str = "txt2img", prompt: str = "a cat", negative: str = "blurry", **values: object) -> StageOrder:
    """An order of seed 5; later stages start from a picture of 128×128 px. Values by path, with "__" for points."""
    named = {path.replace("__", "."): value for path, value in values.items() if path not in ("seed", "image")}
    config = with_values(PipelineConfig(), PLAIN | named)
    image = values.get("image", b"" if stage == "txt2img" else picture())
    return StageOrder(
        job_id="J",
        stage=stage,
        prompt=prompt,
        negative=negative,
        seed=values.get("seed", 5),
        config=config,
        image=image,
        later=following(config, stage),
        families=SHIPPED,
    )


def following(config: PipelineConfig, stage: str) -> tuple[str, ...]:
    """The stages of a job that come after this one."""
    stages = config.stages()
    return tuple(stages[stages.index(stage) + 1 :]) if stage in stages else ()


def made(asked: StageOrder, known: ServerWords | None = None, **more: object) -> Graph:
    return graph(asked, known or server(), **{"prefix": "StableNew", "picture": "stablenew/src.png", **more})


def tree(prompt: dict[str, dict[str, object]], name: str = "") -> object:
    """A graph as one value without ids, titles and prefixes: the save node with all that leads to it."""
    if not name:
        (name,) = [found for found, node in prompt.items() if node["class_type"] == "SaveImage"]
    node = prompt[name]
    inputs = {
        key: (tree(prompt, value[0]), value[1]) if isinstance(value, list) else value
        for key, value in node["inputs"].items()
        if key != "filename_prefix"
    }
    return node["class_type"], inputs


def nodes_of(found: Graph, kind: str) -> list[dict[str, object]]:
    """The inputs of all nodes of a class, in the order made."""
    return [node["inputs"] for node in found.prompt.values() if node["class_type"] == kind]
