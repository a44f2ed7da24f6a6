"""What every setting does, in a sentence for those who have not met it yet, and the stages they belong to."""

from __future__ import annotations

from ..domain.sweep import LORA, Focus

GROUPS = (
    ("", "All stages"),
    ("txt2img", "txt2img"),
    ("lora", "LoRA weight"),
    ("general", "Checkpoint, VAE"),
    ("hires", "Hires fix"),
    ("refiner", "Refiner"),
    ("img2img", "img2img"),
    ("adetailer", "ADetailer"),
    ("upscale", "Upscale"),
)
_LORA = "How strongly the LoRA pulls the picture its way."
_SWITCH = "With it and without it."


def help_words(spec: Focus) -> str:
    """What a setting does, in a sentence."""
    if spec.path.startswith(LORA):
        return _LORA
    return _SWITCH if spec.kind == "bool" else spec.help
