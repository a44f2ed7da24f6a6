"""Shared by the sidecar readers: parsing of sizes and hashes, spelling of samplers."""

from __future__ import annotations

import re

from ...domain.config.catalogue import Value
from ...domain.config.lenient_reader import Fields, fitted_to, number_in
from ...domain.config.spellings import sampler_and_scheduler
from ...domain.models.recommendations import SAMPLER, SCHEDULER, Hashes

WIDTH, HEIGHT = "txt2img.width", "txt2img.height"
STEPS, CFG = "txt2img.steps", "txt2img.cfg_scale"
WEIGHT_LIMIT = 10.0

_SIZE = re.compile(r"\s*\(?\s*(\d{2,5})\s*(?:[x×,]\s*(\d{2,5})\s*)?\)?\s*", re.IGNORECASE)
_HEX = re.compile(r"(0x)?([0-9a-fA-F]+)")
# The hash of nothing: files below 1 MiB, and tools that write a hash of what they could not read.
_HASH_OF_NOTHING = "e3b0c44298fc"


def put(values: dict[str, Value], path: str, value: Value | None) -> None:
    """Set a value unless there is nothing to set."""
    if value is not None and value != "":
        values[path] = value


def put_sampling(values: dict[str, Value], sampler: str, scheduler: str) -> None:
    """Sampler and scheduler as a WebUI shows them."""
    name, spread = sampler_and_scheduler(sampler, scheduler)
    put(values, SAMPLER, name)
    put(values, SCHEDULER, spread)


def put_size(values: dict[str, Value], size: tuple[int, int] | None) -> None:
    """Width and height in pixels."""
    if size is not None:
        values[WIDTH], values[HEIGHT] = size


def size_in(value: object) -> tuple[int, int] | None:
    """A size written "832x1216", "(1024, 1024)", "1024", [832, 1216] or {"width": …}, brought into the usual range."""
    if isinstance(value, dict):
        value = [value.get("width"), value.get("height")]
    if isinstance(value, str):
        found = _SIZE.fullmatch(value)
        value = [found[1], found[2] or found[1]] if found else []
    if not isinstance(value, list) or len(value) != 2:
        return None
    width, height = (number_in(one) for one in value)
    if not width or not height or min(width, height) <= 0:
        return None
    return int(fitted_to(WIDTH, width)), int(fitted_to(HEIGHT, height))


def hash_in(fields: Fields, key: str, digits: int) -> str:
    """A hash of at least so many hex digits, cut to them, lower case; "" for none or the hash of nothing."""
    found = _HEX.fullmatch(fields.hint(key)[:200])
    digest = found[2].lower() if found else ""
    return "" if len(digest) < digits or digest.startswith(_HASH_OF_NOTHING[:digits]) else digest[:digits]


def hashes_in(fields: Fields) -> Hashes:
    """Hashes as Civitai and StabilityMatrix name them."""
    sha256 = hash_in(fields, "SHA256", 64)
    return Hashes(
        sha256=sha256,
        autov1=hash_in(fields, "AutoV1", 8),
        autov2=hash_in(fields, "AutoV2", 10) or sha256[:10],
        autov3=hash_in(fields, "AutoV3", 12),
    )
