"""`BestSetting`: what a Learning Run found to be best for a checkpoint or LoRA."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class BestSetting(Struct, frozen=True, kw_only=True):
    """One answer. `model` is its checkpoint or LoRA as the run names it, "" = the checkpoint that was loaded then.

    `path` is the parameter, `title`, `value` and `verdict` are words: "CFG scale", "7", "best, 96 %". `certain`: the
    verdict is final, not only a lead. `time_ms` is when it was found.
    """

    kind: Literal["checkpoint", "lora"]
    model: str
    path: str
    title: str
    value: str
    verdict: str
    certain: bool
    plan_id: str
    time_ms: int = 0
