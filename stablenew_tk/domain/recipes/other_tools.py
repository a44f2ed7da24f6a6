"""Recipes of tools that write JSON of their own into pictures: SwarmUI, InvokeAI, Fooocus, NovelAI."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from .infotext import LIMIT
from .recipe import Recipe, RecipeDraft, is_nothing, list_of, number_of, object_of, read_json, text_of

Json = dict[str, object]

_OVER_ANOTHER = "This picture was painted over another one, which is not in the file."
_SIDES = re.compile(r"\D{0,4}([0-9]{1,6})\D{1,6}([0-9]{1,6})")
_DREAM = re.compile(r"(?:^|\s)-([sSWHCA])\s*([^\s-]\S*)")
_DREAM_PATHS = {"s": "txt2img.steps", "W": "txt2img.width", "H": "txt2img.height", "C": "txt2img.cfg_scale"}
_SWARM_LATENT = ("latent-", "latentmodel-")
# <lora:…> means the same to a WebUI.
_SWARM_TAG = re.compile(r"<(?!lora:|lyco:|hypernet:)[A-Za-z]{2,20}(?:\[[^<>\[\]]{0,200}\])?(?::[^<>]{0,400}>?|>)")
_SWARM_EMBEDDING = re.compile(r"<embed(?:ding)?:([^<>:]{1,200})>")
_SWARM_TAKEN = (
    *("prompt", "negativeprompt", "seed", "steps", "cfgscale", "width", "height", "model", "vae", "loras"),
    *("loraweights", "sampler", "comfyuisampler", "autowebuisampler", "scheduler", "comfyuischeduler"),
    *("clipstopatlayer", "initimage", "initimagecreativity", "aspectratio", "images", "swarm_version", "date"),
)
_SWARM_SECOND = ("refinercontrolpercentage", "refinerupscale", "refinermodel", "refinersteps", "refinerupscalemethod")
_INVOKE_TAKEN = (
    *("seed", "scheduler", "steps", "cfg_scale", "width", "height", "model", "vae", "clip_skip", "loras"),
    *("refiner_model", "refiner_start", "hrf_enabled", "hrf_strength", "strength", "generation_mode"),
    *("positive_prompt", "negative_prompt", "app_version"),
)
_NOVELAI_TAKEN = (
    *("seed", "noise_schedule", "sampler", "steps", "scale", "width", "height", "request_type", "strength"),
    *("v4_prompt", "prompt", "v4_negative_prompt", "uc", "signed_hash", "version"),
)
_FOOOCUS_UNPLACED = ("sharpness", "adm_guidance", "performance", "inpaint_mode", "enhance")
_FOOOCUS_TAKEN = (
    *("seed", "sampler", "scheduler", "steps", "guidance_scale", "resolution", "base_model", "vae", "clip_skip"),
    *("refiner_model", "refiner_switch", "styles", "prompt", "negative_prompt", "metadata_scheme", "version"),
    *_FOOOCUS_UNPLACED,
)
_INVOKE_UNPLACED = ("controlnets", "ipAdapters", "t2iAdapters", "cfg_rescale_multiplier", "seamless_x", "seamless_y")
# InvokeAI weighs words with + and −, and joins prompts with .and(), .blend(), .swap().
_COMPEL = re.compile(r"[\w)][+-]{2,8}(?!\w)|\)[+-](?!\w)|[\w)]\+(?=[\s,)]|$)|\.(?:and|blend|swap)\(")
_FOOOCUS_SIGN = re.compile(r"\[\[[^\[\]]{0,200}\]\]|__[\w/-]{1,60}?__")
_SIGN = 80


def from_swarm(document: Json) -> Recipe:
    """SwarmUI: `sui_image_params`."""
    given = object_of(document.get("sui_image_params"))
    draft = RecipeDraft("SwarmUI")
    draft.put_seed(given.get("seed"))
    draft.put_sampler(
        given.get("sampler") or given.get("comfyuisampler") or given.get("autowebuisampler"),
        given.get("scheduler") or given.get("comfyuischeduler"),
    )
    draft.put("txt2img.steps", given.get("steps"))
    draft.put("txt2img.cfg_scale", given.get("cfgscale"))
    draft.put_size(given.get("width"), given.get("height"))
    draft.put_file("checkpoint", given.get("model"))
    if text_of(given.get("vae")) not in ("", "None", "Automatic"):
        draft.put("vae", given.get("vae"))
    layer = number_of(given.get("clipstopatlayer"), -1)
    draft.put("clip_skip", -layer if layer is not None else given.get("clipstopatlayer"))
    names, weights = _several(given.get("loras")), _several(given.get("loraweights"))
    for nth, name in enumerate(names[:50]):
        draft.add_lora(name, weights[nth] if nth < len(weights) else None)
    if given.get("initimage") is not None or given.get("initimagecreativity") is not None:
        draft.put("img2img.denoise", given.get("initimagecreativity"))
        draft.note(_OVER_ANOTHER)
    _swarm_second_pass(draft, given)
    words = [_SWARM_EMBEDDING.sub(r"\1", text_of(given.get(key))) for key in ("prompt", "negativeprompt")]
    signs = dict.fromkeys(sign[:_SIGN] for text in words for sign in _SWARM_TAG.findall(text[:LIMIT]))
    _note_signs(draft, "SwarmUI", signs, "a WebUI reads them as words")
    taken = {*_SWARM_TAKEN, *_SWARM_SECOND}
    for key, value in islice(given.items(), 200):
        if key not in taken and value not in (None, "", False):
            draft.unplaced(key, value)
    return draft.recipe(*words)


def _note_signs(draft: RecipeDraft, tool: str, signs: Iterable[str], why: str) -> None:
    """Name what has a meaning in the prompts of one tool only; it stays where it is."""
    found = list(islice(signs, 20))
    for sign in found:
        draft.leave_out(f"sign of {tool}", sign, f"Only {tool} acts on it. It still stands in the prompt.")
    if found:
        draft.note(f"Signs that only {tool} knows stand in the prompt ({', '.join(found)[:200]}); {why}.")


def _several(raw: object) -> list[object]:
    return list(raw.split(",", 50)) if isinstance(raw, str) else list_of(raw)


def _swarm_second_pass(draft: RecipeDraft, given: Json) -> None:
    share = number_of(given.get("refinercontrolpercentage"))
    scale = number_of(given.get("refinerupscale"), 1.0)
    model = text_of(given.get("refinermodel"))
    if scale is not None and scale > 1:
        draft.put("hires.enabled", True)
        draft.put("hires.scale", scale)
        draft.put("hires.denoise", share)
        draft.put("hires.steps", given.get("refinersteps"))
        method = text_of(given.get("refinerupscalemethod"))
        if method.startswith("model-"):
            draft.put_file("hires.upscaler", method.removeprefix("model-"))
        elif method.startswith(_SWARM_LATENT):
            draft.put("hires.upscaler", "Latent")
        elif method.startswith("pixel-"):
            draft.put("hires.upscaler", method.removeprefix("pixel-").capitalize())
    elif model and model != "(Use Base)":
        draft.put("refiner.enabled", True)
        draft.put_file("refiner.checkpoint", model)
        draft.put("refiner.switch_at", None if share is None else round(1 - share, 4))


def from_invoke(document: Json) -> Recipe:
    """InvokeAI since version 3: `invokeai_metadata`."""
    draft = RecipeDraft("InvokeAI")
    draft.put_seed(document.get("seed"))
    draft.put_sampler(document.get("scheduler"), None)
    draft.put("txt2img.steps", document.get("steps"))
    draft.put("txt2img.cfg_scale", document.get("cfg_scale"))
    draft.put_size(document.get("width"), document.get("height"))
    draft.put_file("checkpoint", _invoke_name(document.get("model")))
    if vae := _invoke_name(document.get("vae")):
        draft.put("vae", vae)
    skipped = number_of(document.get("clip_skip"), 0)
    draft.put("clip_skip", document.get("clip_skip") if skipped is None else skipped + 1)
    for raw in list_of(document.get("loras"))[:50]:
        lora = object_of(raw)
        draft.add_lora(_invoke_name(lora.get("model") or lora.get("lora")), lora.get("weight"))
    words = (text_of(document.get("positive_prompt")), text_of(document.get("negative_prompt")))
    signs = dict.fromkeys(sign[:_SIGN] for text in words for sign in _COMPEL.findall(text[:LIMIT]))
    _note_signs(draft, "InvokeAI", signs, "WebUIs write (words:1.1)")
    if refiner := _invoke_name(document.get("refiner_model")):
        draft.put("refiner.enabled", True)
        draft.put_file("refiner.checkpoint", refiner)
        draft.put("refiner.switch_at", document.get("refiner_start"))
    if document.get("hrf_enabled") is True:
        draft.put("hires.enabled", True)
        draft.put("hires.denoise", document.get("hrf_strength"))
    if document.get("strength") is not None or "img2img" in text_of(document.get("generation_mode")):
        draft.put("img2img.denoise", document.get("strength"))
        draft.note(_OVER_ANOTHER)
    for key in _INVOKE_UNPLACED:
        if document.get(key):
            draft.unplaced(key, document[key])
    _list_others(draft, document, (*_INVOKE_TAKEN, *_INVOKE_UNPLACED))
    return draft.recipe(*words)


def _list_others(draft: RecipeDraft, document: Json, taken: Iterable[str]) -> None:
    """List what a document says under other names than those that were taken over."""
    for key, value in islice(document.items(), 200):
        if key not in taken and value not in (None, "", False, [], {}):
            draft.leave_out(key, value, "It has no place here.")


def _invoke_name(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    model = object_of(raw)
    return text_of(model.get("name")) or text_of(model.get("model_name"))


def from_invoke_2(document: Json) -> Recipe:
    """InvokeAI of version 2: `sd-metadata`. The negative prompt stands in square brackets inside the prompt."""
    image = object_of(document.get("image"))
    draft = RecipeDraft("InvokeAI")
    draft.put_seed(image.get("seed"))
    draft.put_sampler(image.get("sampler"), None)
    draft.put("txt2img.steps", image.get("steps"))
    draft.put("txt2img.cfg_scale", image.get("cfg_scale"))
    draft.put_size(image.get("width"), image.get("height"))
    draft.put_file("checkpoint", document.get("model_weights"))
    if image.get("type") == "img2img":
        draft.put("img2img.denoise", image.get("strength"))
        draft.note(_OVER_ANOTHER)
    parts = [text_of(object_of(part).get("prompt")) for part in list_of(image.get("prompt"))[:50]]
    return draft.recipe(*_split_negative(" ".join(parts) or text_of(image.get("prompt"))))


def from_dream(text: str) -> Recipe | None:
    """InvokeAI of version 1: `Dream`, a command line. None for any other text."""
    start, end = text.find('"'), text.rfind('"')
    if not text.startswith('"') or end <= start:
        return None
    draft = RecipeDraft("InvokeAI")
    options: dict[str, str] = {}
    for option, word in _DREAM.findall(text[end + 1 : end + 2000]):
        options.setdefault(option, word)
    draft.put_seed(options.get("S"))
    draft.put_sampler(options.get("A"), None)
    for option, path in _DREAM_PATHS.items():
        draft.put(path, options.get(option))
    return draft.recipe(*_split_negative(text[start + 1 : end]))


def _split_negative(prompt: str) -> tuple[str, str]:
    negatives = re.findall(r"\[([^\[\]]*)\]", prompt)
    return re.sub(r" ?\[[^\[\]]*\]", "", prompt), ", ".join(filter(None, map(str.strip, negatives)))


def from_fooocus(document: Json) -> Recipe:
    """Fooocus: its own JSON, with the keys of its newer or the labels of its older versions."""
    labels = {key.casefold().replace(" ", "_"): value for key, value in document.items()}
    draft = RecipeDraft("Fooocus")
    draft.put_seed(labels.get("seed"))
    draft.put_sampler(labels.get("sampler"), labels.get("scheduler"))
    draft.put("txt2img.steps", labels.get("steps"))
    draft.put("txt2img.cfg_scale", labels.get("guidance_scale"))
    if sides := _SIDES.match(text_of(labels.get("resolution"))):
        draft.put_size(sides[1], sides[2])
    draft.put_file("checkpoint", labels.get("base_model"))
    if text_of(labels.get("vae")) not in ("", "None", "Default (model)", "Default"):
        draft.put("vae", labels.get("vae"))
    draft.put("clip_skip", labels.get("clip_skip"))
    if text_of(labels.get("refiner_model")) not in ("", "None"):
        draft.put("refiner.enabled", True)
        draft.put_file("refiner.checkpoint", labels.get("refiner_model"))
        draft.put("refiner.switch_at", labels.get("refiner_switch"))
    _fooocus_loras(draft, labels)
    _list_others(draft, {key: one for key, one in labels.items() if not key.startswith("lora")}, _FOOOCUS_TAKEN)
    for key in _FOOOCUS_UNPLACED:
        if not is_nothing(str(labels.get(key) or "")):
            draft.unplaced(key, labels[key])
    styles = text_of(labels.get("styles")).strip("[]() ")
    if styles:
        draft.note(f"Fooocus also added the words of its styles, which are not in this prompt: {styles[:200]}.")
    words = (text_of(labels.get("prompt")), text_of(labels.get("negative_prompt")))
    signs = dict.fromkeys(sign[:_SIGN] for text in words for sign in _FOOOCUS_SIGN.findall(text[:LIMIT]))
    _note_signs(draft, "Fooocus", signs, "a WebUI reads them as words")
    return draft.recipe(*words)


def _fooocus_loras(draft: RecipeDraft, labels: Json) -> None:
    for raw in list_of(labels.get("loras"))[:50]:
        parts = list_of(raw)
        if len(parts) >= 2:
            draft.add_lora(parts[0], parts[1])
    for nth in range(1, 51):
        combined = text_of(labels.get(f"lora_combined_{nth}") or labels.get(f"lora_{nth}"))
        words = combined.split(" : ", 3)
        if len(words) == 3 and words[0] != "True":
            continue
        if len(words) >= 2:
            draft.add_lora(words[-2], words[-1])


def from_novelai(document: Json, description: str = "") -> Recipe:
    """NovelAI: the JSON of `Comment`; `description` is the prompt of versions that did not repeat it there."""
    draft = RecipeDraft("NovelAI")
    draft.put_seed(document.get("seed"))
    schedule = text_of(document.get("noise_schedule"))
    draft.put_sampler(document.get("sampler"), "" if schedule == "native" else schedule)
    draft.put("txt2img.steps", document.get("steps"))
    draft.put("txt2img.cfg_scale", document.get("scale"))
    draft.put_size(document.get("width"), document.get("height"))
    if text_of(document.get("request_type")).casefold() in ("image2imagerequest", "nativeinfillingrequest"):
        draft.put("img2img.denoise", document.get("strength"))
        draft.note(_OVER_ANOTHER)
    prompt = _caption(document.get("v4_prompt")) or text_of(document.get("prompt")) or description
    negative = _caption(document.get("v4_negative_prompt")) or text_of(document.get("uc"))
    _list_others(draft, document, _NOVELAI_TAKEN)
    if re.search(r"[{}]|\d::", prompt):
        draft.note("NovelAI weighs words with { } and 1.2::words::, WebUIs with (words:1.2). The prompt is unchanged.")
    return draft.recipe(prompt, negative)


def _caption(raw: object) -> str:
    caption = object_of(object_of(raw).get("caption"))
    people = [text_of(object_of(one).get("char_caption")) for one in list_of(caption.get("char_captions"))[:50]]
    return ", ".join(filter(None, (text_of(caption.get("base_caption")), *people)))


def comment_of(text: str) -> Json:
    """The JSON object in a `Comment` of NovelAI. Raises InvalidInput."""
    return object_of(read_json(text, "The NovelAI comment"))
