"""The part of a graph that enlarges: latent images by a method, pictures by a method or by an upscaling model."""

from __future__ import annotations

import re

from .names import pixel_method, shown_latent, shown_pixels
from .nodes import Link, link
from .object_info import ServerWords, base_name, pick, shown
from .sampling import Work

Size = tuple[int, int]  # px

# "4x-UltraSharp", "RealESRGAN_x4plus", "2xLexica": nothing else tells by how much a model enlarges.
_FACTOR = re.compile(r"(?<![a-z0-9])(\d)x|x(\d)(?!\d)", re.IGNORECASE)
_USUAL_FACTOR = 4
# The files behind the names under which a WebUI shows its own models.
_FILES = {
    "R-ESRGAN 4x+": "RealESRGAN_x4plus",
    "R-ESRGAN 4x+ Anime6B": "RealESRGAN_x4plus_anime_6B",
    "R-ESRGAN 2x+": "RealESRGAN_x2plus",
}
_MOST_RUNS = 3


def upscalers(server: ServerWords) -> tuple[str, ...]:
    """The upscalers of pictures, in the project's names."""
    return (*shown_pixels(server.choices("ImageScale", "upscale_method")), *shown(server.upscale_models))


def hires_upscalers(server: ServerWords) -> tuple[str, ...]:
    """All upscalers, those of latent images first."""
    return (*shown_latent(server.choices("LatentUpscale", "upscale_method")), *upscalers(server))


def floored(size: Size, scale: float = 1.0, multiple: int = 8) -> Size:
    """The size that a WebUI gives an enlarged picture which is painted over: whole pixels, floored to 8, or to what
    the family of the model wants.
    """
    width, height = (max(multiple, int(side * scale) // multiple * multiple) for side in size)
    return width, height


def larger_latent(work: Work, latent: Link, method: str, size: Size) -> Link:
    """Enlarge a latent image."""
    width, height = size
    node = work.nodes.add(
        "LatentUpscale",
        {"samples": latent, "upscale_method": method, "width": width, "height": height, "crop": "disabled"},
    )
    work.nodes.stands_for("hires.upscaler", node, "upscale_method", derived=True)
    work.nodes.stands_for("hires.scale", node, "width", derived=True)
    return link(node)


def larger_picture(work: Work, image: Link, path: str, upscaler: str, size: Size) -> Link:
    """Enlarge a picture to exactly this size with an upscaler, named in the block `path`. Raises Refused."""
    nodes, server = work.nodes, work.server
    method = pixel_method(upscaler)
    if method:
        image = _scaled(work, image, method, size)
        nodes.stands_for(f"{path}.upscaler", str(image[0]), "upscale_method", derived=True)
    else:
        others = hires_upscalers(server) if path == "hires" else upscalers(server)
        file = _FILES.get(upscaler, upscaler)
        called = file if file in shown(server.upscale_models) else upscaler
        name = pick(f"{path}.upscaler", called, server.upscale_models, server.name, others=others)
        model = nodes.add("UpscaleModelLoader", {"model_name": name})
        nodes.stands_for(f"{path}.upscaler", model, "model_name")
        for _ in range(_runs(name, getattr(work.order.config, path).scale)):
            image = link(nodes.add("ImageUpscaleWithModel", {"upscale_model": link(model), "image": image}))
        image = _scaled(work, image, "lanczos", size)
    nodes.stands_for(f"{path}.scale", str(image[0]), "width", derived=True)
    return image


def _scaled(work: Work, image: Link, method: str, size: Size) -> Link:
    width, height = size
    return link(
        work.nodes.add(
            "ImageScale",
            {"image": image, "upscale_method": method, "width": width, "height": height, "crop": "disabled"},
        )
    )


def _runs(name: str, scale: float) -> int:
    """How often the model works: until the picture is at least as large as wanted, as in a WebUI."""
    found = _FACTOR.search(base_name(name))
    factor = int(found[1] or found[2]) if found else _USUAL_FACTOR
    runs = 1
    while factor > 1 and factor**runs < scale and runs < _MOST_RUNS:
        runs += 1
    return runs
