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
# What a setting does, for those who have not met it yet; the catalogue's help is about how to fill in its field.
WORDS = {
    "lora": "How strongly the LoRA pulls the picture its way.",
    "checkpoint": "The model that makes the picture. Loading another one takes its time.",
    "vae": "Turns the model's numbers into colours.",
    "clip_skip": "How early the reading of the prompt stops. Models made for drawings often like 2.",
    "sampler": "How noise is taken away, step by step.",
    "scheduler": "How the noise is spread over the steps.",
    "steps": "How long the sampler works on a picture. More steps cost more time.",
    "cfg_scale": "How closely the picture follows the prompt. High values look harsh.",
    "width": "How wide the picture is. Models are at their best near the size they were trained at.",
    "height": "How high the picture is. Models are at their best near the size they were trained at.",
    "enabled": "With it and without it.",
    "upscaler": "What enlarges the picture.",
    "scale": "How many times larger the picture becomes.",
    "denoise": "How much is painted anew: little keeps the picture, much invents.",
    "switch_at": "At which share of the steps the refiner takes over.",
    "model": "What looks for faces or hands.",
    "confidence": "How sure the detector must be before something is painted again.",
    "mask_blur": "How softly the repaired part goes over into the rest.",
    "dilate_erode": "How far the repaired part reaches beyond what was found.",
    "mask_padding": "How much of the surroundings is seen while repairing.",
    "mode": "single enlarges; img2img enlarges and paints again, which is much slower.",
    "gfpgan": "How strongly GFPGAN smooths faces.",
    "codeformer": "How strongly CodeFormer restores faces.",
    "codeformer_weight": "How freely CodeFormer may change a face: 0 freely, 1 hardly.",
}


def help_words(spec: Focus) -> str:
    """What a setting does, in a sentence."""
    key = "lora" if spec.path.startswith(LORA) else spec.name
    return WORDS.get(key, spec.help)
