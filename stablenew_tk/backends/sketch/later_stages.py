"""Image operations of the later stages: upscaling, img2img with a denoise strength, repairing a face (ADetailer)."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw, ImageFilter

from ...domain.config.pipeline_config import ADetailerPass

_KERNELS = {
    "Nearest": Image.Resampling.NEAREST,
    "Latent (nearest)": Image.Resampling.NEAREST,
    "Latent": Image.Resampling.BILINEAR,
    "Latent (antialiased)": Image.Resampling.BILINEAR,
    "Latent (bicubic)": Image.Resampling.BICUBIC,
}
# Upscalers that draw sharper edges than plain resampling: radius and percent of an unsharp mask.
_SHARPENING = {
    "Lanczos": (1.2, 40),
    "ESRGAN_4x": (2.0, 110),
    "R-ESRGAN 4x+": (2.5, 90),
    "R-ESRGAN 4x+ Anime6B": (3.0, 150),
    "SwinIR 4x": (1.6, 70),
    "4x-UltraSharp": (2.0, 170),
}


def enlarged(image: Image.Image, size: tuple[int, int], upscaler: str, face_touch: float = 0.0) -> Image.Image:
    """The picture at a larger size, as that upscaler would draw it. `face_touch` 0–1 smooths skin a little."""
    big = image.resize(size, _KERNELS.get(upscaler, Image.Resampling.LANCZOS))
    radius, percent = _SHARPENING.get(upscaler, (0.0, 0))
    if percent:
        big = big.filter(ImageFilter.UnsharpMask(radius, percent, 2))
    if face_touch > 0:
        big = Image.blend(big, big.filter(ImageFilter.GaussianBlur(1.6)), 0.5 * face_touch)
    return big


def painted_over(base: Image.Image, fresh: Image.Image, denoise: float, seed: int) -> Image.Image:
    """`base` painted over with `fresh`: at denoise 0 nothing changes, at 1 nothing of it is left.

    Between them it goes patch by patch, as a half transparent second picture would only look like a double exposure.
    """
    rng = random.Random(f"{seed}/patches")
    rough = Image.frombytes("L", (9, 9), rng.randbytes(81)).resize((96, 96), Image.Resampling.BICUBIC)
    edge = 255 * (1.0 - denoise)
    # Soft-edged patches whose share of the picture grows with denoise, over a thin wash everywhere.
    steep = [min(255, max(round(110 * denoise), round((value - edge) * 4 + 255 * denoise))) for value in range(256)]
    if denoise >= 1.0:
        return fresh
    mask = rough.point([0] * 256 if denoise <= 0.0 else steep).resize(base.size, Image.Resampling.BILINEAR)
    return Image.composite(fresh, base, mask)


def repaired(start: Image.Image, fresh: Image.Image, box: tuple[int, int, int, int], one: ADetailerPass) -> Image.Image:
    """The picture with the face inside `box` painted again and sharpened; the rest stays as it is."""
    grow = one.dilate_erode
    left, top, right, bottom = box[0] - grow, box[1] - grow, box[2] + grow, box[3] + grow
    mask = Image.new("L", start.size, 0)
    if right > left and bottom > top:
        ImageDraw.Draw(mask).ellipse((left, top, right, bottom), fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(one.mask_blur))
    again = Image.blend(start, fresh, min(1.0, 0.25 + one.denoise))
    again = again.filter(ImageFilter.UnsharpMask(2, round(60 + 120 * one.denoise), 1))
    return Image.composite(again, start, mask)
