"""Recipes of tools that write one flat JSON object with names of their own: RuinedFooocus, Draw Things, Easy Diffusion.

A tool that nobody here knows is read as well, as long as its names are the usual ones; the recipe then says so.
"""

from __future__ import annotations

import re
from itertools import islice

from .recipe import Recipe, RecipeDraft, is_nothing, list_of, number_of, object_of, text_of

Json = dict[str, object]

# Each setting by the names that tools have for it, in lower case without spaces, dashes and underscores.
_NAMES: dict[str, tuple[str, ...]] = {
    "prompt": ("prompt", "positiveprompt", "positive", "c", "caption"),
    "negative": ("negativeprompt", "negative", "uc", "neg"),
    "seed": ("seed", "noiseseed"),
    "steps": ("steps", "numinferencesteps", "inferencesteps", "samplingsteps", "numsteps"),
    "cfg": ("cfg", "cfgscale", "guidancescale", "scale", "guidance"),
    "sampler": ("sampler", "samplername", "samplermethod"),
    "scheduler": ("scheduler", "scheduletype", "schedulername"),
    "width": ("width", "w"),
    "height": ("height", "h"),
    "size": ("size", "resolution"),
    "model": ("model", "basemodelname", "basemodel", "modelname", "usestablediffusionmodel", "checkpoint", "ckptname"),
    "vae": ("vae", "vaename", "usevaemodel"),
    "clip_skip": ("clipskip",),
    "loras": ("loras", "lora", "useloramodel"),
    "denoise": ("strength", "denoisingstrength", "promptstrength", "denoise"),
    "tool": ("software", "app", "tool", "generator", "createdby"),
}
_PATHS = {"steps": "txt2img.steps", "cfg": "txt2img.cfg_scale", "clip_skip": "clip_skip"}
_SIZE = re.compile(r"\D{0,4}([0-9]{1,6})\D{1,6}([0-9]{1,6})")
_TAG = re.compile(r"<(?:lora:)?([^<>:]{1,200}):(-?[0-9.]{1,8})>")
# Under these alone a text may be anything, a wordlist or a form.
_TELLING = ("seed", "steps", "cfg", "sampler", "model")
_FEWEST = 2


def from_draw_things(document: Json) -> Recipe:
    """Draw Things: one-letter names for the words, more settings in an object `v2`."""
    more = object_of(document.get("v2"))
    named = {key: value for key, value in more.items() if key in ("clipSkip",)}
    draft, words = _drafted({**named, **{key: value for key, value in document.items() if key != "v2"}}, "Draw Things")
    for raw in list_of(more.get("loras"))[:50]:
        draft.add_lora(object_of(raw).get("file"), object_of(raw).get("weight"))
    if more.get("hiresFix") is True:
        draft.unplaced("hiresFix", True)
    for key in ("upscaler", "refinerModel", "faceRestoration"):
        if not is_nothing(text_of(more.get(key))):
            draft.unplaced(key, more[key])
    for raw in list_of(more.get("controls"))[:8]:
        draft.unplaced("control", text_of(object_of(raw).get("file")))
    return draft.recipe(*words)


def from_named_json(document: Json) -> Recipe | None:
    """Any flat object with a prompt and at least two settings under usual names; None for any other object."""
    known = _known(document)
    if "prompt" not in known or sum(name in known for name in _TELLING) < _FEWEST:
        return None
    tool = text_of(document.get(known.get("tool", "")))[:40].strip()
    draft, words = _drafted(document, tool or "Unknown tool")
    if not tool:
        draft.note("The picture does not say which tool made it. Look over what was read by the names of its settings.")
    return draft.recipe(*words)


def is_draw_things(document: Json) -> bool:
    """Whether an object is one of Draw Things."""
    return isinstance(document.get("c"), str) and ("v2" in document or ("uc" in document and "sampler" in document))


def _known(document: Json) -> dict[str, str]:
    """The document's own key for each of our names."""
    plain = {re.sub(r"[\s_-]", "", key[:80]).casefold(): key for key in islice(document, 500)}
    return {name: plain[one] for name, ones in _NAMES.items() for one in reversed(ones) if one in plain}


def _drafted(document: Json, tool: str) -> tuple[RecipeDraft, tuple[str, str]]:
    known = _known(document)
    given = {name: document[key] for name, key in known.items()}
    draft = RecipeDraft(tool)
    draft.put_seed(given.get("seed"))
    draft.put_sampler(given.get("sampler"), given.get("scheduler"))
    for name, path in _PATHS.items():
        draft.put(path, given.get(name))
    if "width" in given and "height" in given:
        draft.put_size(given["width"], given["height"])
    elif sides := _SIZE.match(text_of(given.get("size"))):
        draft.put_size(sides[1], sides[2])
    draft.put_file("checkpoint", given.get("model"))
    if not is_nothing(text_of(given.get("vae"))):
        draft.put("vae", given["vae"])
    _loras(draft, given.get("loras"), document)
    denoise = number_of(given.get("denoise"))
    if denoise is not None and denoise < 1:
        draft.put("img2img.denoise", denoise)
        draft.note("This picture was painted over another one, which is not in the file.")
    used = {*known.values(), "lora_alpha"}
    for key, value in islice(document.items(), 100):
        if key not in used and value not in (None, "", 0, [], {}):
            draft.leave_out(key, value, "It has no place here.")
    return draft, (_words(given.get("prompt")), _words(given.get("negative")))


def _words(raw: object) -> str:
    text = ", ".join(text_of(one) for one in raw[:50]) if isinstance(raw, list) else text_of(raw)
    return "" if is_nothing(text) else text


def _loras(draft: RecipeDraft, raw: object, document: Json) -> None:
    if isinstance(raw, str):
        tags = _TAG.findall(raw[:20_000])
        for name, weight in tags[:50]:
            draft.add_lora(name, weight)
        if not tags and not is_nothing(raw):
            draft.add_lora(raw, document.get("lora_alpha"))
        return
    weights = list_of(document.get("lora_alpha"))
    for nth, one in enumerate(list_of(raw)[:50]):
        entry, pair = object_of(one), list_of(one)
        name = entry.get("name") or entry.get("model") or entry.get("file") or entry.get("lora")
        if entry and entry.get("enabled") is not False:
            draft.add_lora(name, entry.get("weight", entry.get("strength")))
        elif len(pair) >= 2:
            draft.add_lora(pair[0], pair[1])
        elif isinstance(one, str):
            draft.add_lora(one, weights[nth] if nth < len(weights) else None)
