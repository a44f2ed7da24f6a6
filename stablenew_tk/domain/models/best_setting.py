"""What a Learning Run found for checkpoints and LoRAs: the setting that is best, and stars of each file or weight."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["checkpoint", "lora"]


class BestSetting(Struct, frozen=True, kw_only=True):
    """One answer. `model` is its checkpoint or LoRA as the run names it, "" = the checkpoint that was loaded then.

    `path` is the parameter, `title`, `value` and `verdict` are words: "CFG scale", "7", "best, 96 %"; `beside` says
    with what a file was used: "at 0.8". `certain`: the verdict is final, not only a lead. `time_ms` is when it was
    found.
    """

    kind: Kind
    model: str
    path: str
    title: str
    value: str
    verdict: str
    certain: bool
    plan_id: str
    time_ms: int = 0
    beside: str = ""


class Estimate(Struct, frozen=True, kw_only=True):
    """The stars of one value, 1 to 5, with the 90 % range. `model` is the file as the run names it, "" = no LoRA; its
    `path` is "" until it is looked up in the library. `best`: the verdict recommends it.
    """

    model: str
    text: str
    mean: float
    low: float
    high: float
    best: bool = False
    path: str = ""


class Estimates(Struct, frozen=True, kw_only=True):
    """The estimates of one Learning Run that compared files, or weights of one LoRA (`by`). `beside` says with what all
    of them were used, "at weight 0.8", `pack` on which pack.
    """

    kind: Kind
    by: Literal["file", "weight"]
    plan_id: str
    lines: tuple[Estimate, ...]
    beside: str = ""
    pack: str = ""
