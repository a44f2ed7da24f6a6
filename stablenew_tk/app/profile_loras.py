"""The LoRAs that the profile of a checkpoint adds to prompts, with what the user and the backend say to them."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.models.profile_loras import ProfileLora, overlays_in_force, profile_loras, switched_off
from ..domain.models.recommendations import ModelSettings
from ..domain.prompts.settings import Randomizer
from .controller import Controller


def loras_of(
    controller: Controller,
    model: ModelSettings | None,
    checkpoint: str,
    prompts: Sequence[str],
    randomizer: Randomizer | None = None,
) -> tuple[ProfileLora, ...]:
    """What becomes of each LoRA of a profile; () without one. `checkpoint` is the backend's name for the model, and
    `randomizer` that of the pack.
    """
    if model is None or model.profile is None:
        return ()
    found = controller.capabilities
    aliases: dict[str, tuple[str, ...]] = {}
    for overlay, _ in overlays_in_force(model.profile):
        entry = controller.models.find(overlay.name, "lora")
        known = controller.models.settings(entry.path) if entry is not None else None
        if entry is not None and known is not None:
            aliases[overlay.name] = (entry.stem, *known.names)
    return profile_loras(
        model.profile,
        prompts=prompts,
        backend=found.choices("loras") if found is not None else None,
        off=switched_off(controller.settings.loras_off, checkpoint),
        varied=[name for axis in (randomizer.loras if randomizer is not None else ()) for name in axis.names if name],
        aliases=aliases,
    )
