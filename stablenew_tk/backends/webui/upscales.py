"""Checks the pictures of an upscale: whether the upscaler that was asked for did the work, and how large they are."""

from __future__ import annotations

import io

import msgspec
from PIL import Image

from ...domain.base.errors import BadImage
from ...domain.config.catalogue import Value
from ...domain.config.pipeline_config import LANCZOS
from ..base import StageOrder
from ..pictures import DecodedPicture, most_pixels, open_picture, pixels_of
from .replies import Made, Reply, image_of, is_near, used_words


def made_upscale(reply: Reply, order: StageOrder, source: DecodedPicture) -> Made:
    """The picture of extra-single-image. Its own text says little, so the text of the picture it came from is kept."""
    if not reply.pictures:
        raise BadImage("The upscaler answered without a picture.")
    picture = open_picture(reply.pictures[0], most_pixels=most_pixels(order))
    scale = order.config.upscale.scale
    applied: dict[str, Value] = {"upscale.scale": round(picture.size[0] / source.size[0], 3)}
    suspect = ["black"] if picture.black else []
    asked = order.config.upscale.upscaler
    used = reply.upscaler
    if used and LANCZOS not in asked and picture.size != source.size and _is_plainly_enlarged(picture, source):
        # What cannot load its weights enlarges like this, and the answer still bears its name.
        used = LANCZOS
    if used:
        applied["upscale.upscaler"] = used
    notes = (used_words("upscale.upscaler", asked, used),) if used not in ("", asked) else ()
    if notes:
        suspect.append("mismatch:upscale.upscaler")
    width, height = (side * scale for side in source.size)
    # Upscalers of A1111 and Forge make whole eights, whatever the picture and the factor are.
    floored = (int(width // 8 * 8), int(height // 8 * 8))
    same_size = picture.size == source.size
    if same_size and (floored != source.size or pixels_of(picture.data) == pixels_of(source.data)):
        suspect.append("unchanged")
    elif picture.size != floored and not is_near(picture.size, (width, height), 1):
        suspect.append("size")
    return Made((image_of(picture, picture.text or source.text, order.seed, suspect),), applied, notes)


def enlarged_here(order: StageOrder, source: DecodedPicture) -> Made:
    """The picture to paint again, enlarged with Lanczos in place of a server that cannot."""
    scale = order.config.upscale.scale
    size = (round(source.size[0] * scale), round(source.size[1] * scale))
    out = io.BytesIO()
    _plainly_enlarged(source.data, size).save(out, "PNG", compress_level=1)
    applied: dict[str, Value] = {"upscale.upscaler": LANCZOS, "upscale.scale": scale}
    return Made((image_of(open_picture(out.getvalue()), source.text, order.seed, ()),), applied)


def repainted(made: Made, enlarged: Made) -> Made:
    """The picture painted again, with what is true of the enlarged one that it was painted over."""
    inherited = [code for code in enlarged.images[0].suspect if code.startswith("mismatch:")]
    images = tuple(
        msgspec.structs.replace(image, suspect=tuple(dict.fromkeys((*inherited, *image.suspect))))
        for image in made.images
    )
    return Made(images, {**enlarged.applied, **made.applied}, (*enlarged.notes, *made.notes))


def _plainly_enlarged(data: bytes, size: tuple[int, int]) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
        return image.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def _is_plainly_enlarged(picture: DecodedPicture, source: DecodedPicture) -> bool:
    return _plainly_enlarged(source.data, picture.size).tobytes() == pixels_of(picture.data)
