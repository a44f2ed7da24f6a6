"""Numbers with plurals, and names of packs, for sentences."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """ "1 image", "12 images", "10,000 images"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def pack_title(pack_id: str) -> str:
    """What a pack is called wherever it is named: "starter" is "Starter", "rain_city-2" is "Rain city 2"."""
    words = " ".join(pack_id.replace("_", " ").replace("-", " ").split()) or pack_id
    return words[:1].upper() + words[1:]
