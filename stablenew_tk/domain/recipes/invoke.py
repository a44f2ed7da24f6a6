"""Recipes of InvokeAI, whose versions write a command line, an object with an image in it, or a flat object."""

from __future__ import annotations

import re

from ..config.styles import joined
from .infotext import LIMIT
from .other_tools import OVER_ANOTHER, note_signs
from .recipe import Recipe, RecipeDraft, list_of, number_of, object_of, text_of
from .told import Json, Told

# InvokeAI weighs words with + and −, and joins prompts with .and(), .blend(), .swap().
_COMPEL = re.compile(r"[\w)][+-]{2,8}(?!\w)|\)[+-](?!\w)|[\w)]\+(?=[\s,)]|$)|\.(?:and|blend|swap)\(")
_SIGN = 80
_DREAM = re.compile(r"(?:^|\s)-{1,2}([A-Za-z_]{1,30})\s*([^\s-]\S*)?")
_DREAM_PATHS = {"s": "txt2img.steps", "W": "txt2img.width", "H": "txt2img.height", "C": "txt2img.cfg_scale"}
_ABOUT = ("app_version", "generation_mode", "canvas_v2_metadata", "regions", "app_id", "model_hash", "model")
_ENCODERS = (
    *("clip_embed_model", "clip_l_embed_model", "clip_g_embed_model", "t5_encoder", "t5_encoder_model"),
    *("qwen3_encoder", "qwen_vl_encoder"),
)


def from_invoke(document: Json) -> Recipe:
    """InvokeAI since version 3: `invokeai_metadata`."""
    given = Told(document)
    draft = RecipeDraft("InvokeAI")
    draft.put_seed(given.take("seed"))
    draft.put_sampler(given.take("scheduler"), None)
    draft.put("txt2img.steps", given.take("steps"))
    draft.put("txt2img.cfg_scale", given.take("cfg_scale"))
    draft.put("txt2img.guidance", given.take("guidance"))
    draft.put_size(given.take("width"), given.take("height"))
    draft.put_file("checkpoint", _named(draft, given, "model"))
    if vae := _named(draft, given, "vae"):
        draft.put("vae", vae)
    if encoders := [name for key in _ENCODERS if (name := _named(draft, given, key))]:
        draft.put("text_encoders", joined(encoders))
    written = given.take("clip_skip")
    skipped = number_of(written, 0)
    draft.put("clip_skip", written if skipped is None else skipped + 1)
    for raw in list_of(given.take("loras"))[:50]:
        lora = object_of(raw)
        draft.add_lora(_name(lora.get("model") or lora.get("lora")), lora.get("weight"))
    words = (text_of(given.take("positive_prompt")), text_of(given.take("negative_prompt")))
    signs = dict.fromkeys(sign[:_SIGN] for text in words for sign in _COMPEL.findall(text[:LIMIT]))
    note_signs(draft, "InvokeAI", signs, "WebUIs write (words:1.1)")
    if refiner := _name(given.get("refiner_model")):
        _named(draft, given, "refiner_model")
        draft.put("refiner.enabled", True)
        draft.put_file("refiner.checkpoint", refiner)
        draft.put("refiner.switch_at", given.take("refiner_start"))
    if given.take("hrf_enabled") is True:
        draft.put("hires.enabled", True)
        draft.put("hires.denoise", given.take("hrf_strength"))
    over = given.get("strength") is not None or "img2img" in text_of(given.get("generation_mode"))
    if over:
        draft.put("img2img.denoise", given.take("strength"))
        draft.note(OVER_ANOTHER)
    given.leave_out_rest(draft, _ABOUT)
    return draft.recipe(*words)


def _name(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    model = object_of(raw)
    return text_of(model.get("name")) or text_of(model.get("model_name"))


def _named(draft: RecipeDraft, given: Told, key: str) -> str:
    """The name of a model; what else is told of it is listed."""
    raw = given.take(key)
    more = {one: value for one, value in object_of(raw).items() if one not in ("name", "model_name")}
    if more:
        draft.leave_out_all(key, more, "It tells about a file.")
    return _name(raw)


def from_invoke_2(document: Json) -> Recipe:
    """InvokeAI of version 2: `sd-metadata`. The negative prompt stands in square brackets inside the prompt."""
    given, image = Told(document), Told(object_of(document.get("image")))
    given.take("image")
    draft = RecipeDraft("InvokeAI")
    draft.put_seed(image.take("seed"))
    draft.put_sampler(image.take("sampler"), None)
    draft.put("txt2img.steps", image.take("steps"))
    draft.put("txt2img.cfg_scale", image.take("cfg_scale"))
    draft.put_size(image.take("width"), image.take("height"))
    draft.put_file("checkpoint", given.take("model_weights"))
    if image.take("type") == "img2img":
        draft.put("img2img.denoise", image.take("strength"))
        draft.note(OVER_ANOTHER)
    written = image.take("prompt")
    parts = [object_of(part) for part in list_of(written)[:50]]
    for part in parts:
        if (weight := number_of(part.get("weight"), 1.0)) != 1:
            draft.unplaced(f"weight of {text_of(part.get('prompt'))[:40]}", weight)
    image.leave_out_rest(draft)
    given.leave_out_rest(draft, _ABOUT)
    return draft.recipe(*_split_negative(" ".join(text_of(part.get("prompt")) for part in parts) or text_of(written)))


def from_dream(text: str) -> Recipe | None:
    """InvokeAI of version 1: `Dream`, a command line. None for any other text."""
    start, end = text.find('"'), text.rfind('"')
    if not text.startswith('"') or end <= start:
        return None
    draft = RecipeDraft("InvokeAI")
    options: dict[str, str] = {}
    for option, word in _DREAM.findall(text[end + 1 : end + 2000]):
        options.setdefault(option, word)
    given = Told({option: word or True for option, word in options.items()})
    draft.put_seed(given.take("S", "seed"))
    draft.put_sampler(given.take("A", "sampler"), None)
    for option, path in _DREAM_PATHS.items():
        draft.put(path, given.take(option))
    if given.get("f") is not None or given.get("I") is not None:
        draft.put("img2img.denoise", given.take("f", "strength"))
        draft.note(OVER_ANOTHER)
    given.leave_out_rest(draft)
    return draft.recipe(*_split_negative(text[start + 1 : end]))


def _split_negative(prompt: str) -> tuple[str, str]:
    negatives = re.findall(r"\[([^\[\]]*)\]", prompt)
    return re.sub(r" ?\[[^\[\]]*\]", "", prompt), ", ".join(filter(None, map(str.strip, negatives)))
