"""Reads NAME.json, the notes of A1111 and Forge users about a checkpoint or a LoRA."""

from __future__ import annotations

from ...domain.config.catalogue import Value
from ...domain.config.lenient_reader import Fields, phrases, plain
from ...domain.config.spellings import family_of
from ...domain.models.recommendations import FileRecommendation
from .sidecar_values import WEIGHT_LIMIT, put

_LORA_KEYS = ("activation text", "preferred weight", "negative text")
_CHECKPOINT_KEYS = ("vae", "vae_te", "sd_version_str")
_VAE_WORDS = ("vae", "ae.")


def read(fields: Fields, file: str) -> FileRecommendation:
    """The recommendations in a NAME.json; empty for a .json file of another tool without these fields."""
    lora = any(key in fields for key in _LORA_KEYS)
    if not lora and not any(key in fields for key in (*_CHECKPOINT_KEYS, "sd version", "notes", "description")):
        return FileRecommendation(file=file, dialect="webui")
    values: dict[str, Value] = {}
    put(values, "vae", _vae(fields))
    weight = fields.number("preferred weight", -WEIGHT_LIMIT, WEIGHT_LIMIT)
    notes = [plain(text) for key in ("notes", "description") if (text := fields.text(key))]
    triggers = fields.words("activation text")
    return FileRecommendation(
        file=file,
        dialect="webui",
        kind="lora" if lora else "",
        family=family_of(fields.text("sd version") or fields.text("sd_version_str")),
        values=values,
        trigger_phrases=tuple(dict.fromkeys(one for text in triggers for one in phrases(text))),
        negative=fields.text("negative text"),
        # 0 is the editor's way to say "use the general weight", not a weight.
        weights=((weight, None),) if weight else (),
        note="\n".join(notes),
        problems=fields.problems.sentences(),
    )


def _vae(fields: Fields) -> str:
    # Forge lists the VAE together with text encoders; A1111 wrote one name.
    listed = fields.words("vae_te") or fields.words("vae")
    if len(listed) == 1:
        return listed[0]
    return next((name for name in listed if any(word in name.casefold() for word in _VAE_WORDS)), "")
