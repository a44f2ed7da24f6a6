"""Recipes of tools that write one flat JSON object with names of their own: RuinedFooocus, Draw Things, Easy Diffusion.

A tool that nobody here knows is read as well, as long as its names are the usual ones; the recipe then says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

from .recipe import Recipe, RecipeDraft, is_nothing, list_of, number_of, object_of, text_of
from .told import Json, Told

# Each setting by the names that tools have for it, in lower case without spaces, dashes and underscores.
_NAMES: dict[str, tuple[str, ...]] = {
    "prompt": ("prompt", "positiveprompt", "positive", "c", "caption"),
    "negative": ("negativeprompt", "negative", "uc", "neg"),
    "seed": ("seed", "noiseseed"),
    "steps": ("steps", "numinferencesteps", "inferencesteps", "samplingsteps", "numsteps"),
    "cfg": ("cfg", "cfgscale", "guidancescale", "scale", "guidance"),
    "guidance": ("distilledcfgscale", "distilledguidance", "fluxguidance", "embeddedguidance"),
    "shift": ("sigmashift", "timestepshift", "flowshift"),
    "sampler": ("sampler", "samplername", "samplermethod"),
    "scheduler": ("scheduler", "scheduletype", "schedulername"),
    "width": ("width", "w", "imagewidth"),
    "height": ("height", "h", "imageheight"),
    "size": ("size", "resolution"),
    "model": (
        "model",
        "basemodelname",
        "basemodel",
        "modelname",
        "usestablediffusionmodel",
        "checkpoint",
        "ckptname",
        "sdmodelname",
    ),
    "vae": ("vae", "vaename", "usevaemodel"),
    "clip_skip": ("clipskip",),
    "loras": ("loras", "lora", "useloramodel", "models"),
    "denoise": ("strength", "denoisingstrength", "promptstrength", "denoise"),
    "tool": ("software", "app", "tool", "generator", "createdby"),
}
_PATHS = {
    "steps": "txt2img.steps",
    "cfg": "txt2img.cfg_scale",
    "guidance": "txt2img.guidance",
    "shift": "txt2img.shift",
}
# What tools call the file of a model, the surest name first.
_FILE_NAMES = ("modelFileName", "file", "name", "model", "model_name", "label")
_SIZE = re.compile(r"\D{0,4}([0-9]{1,6})\D{1,6}([0-9]{1,6})")
_TAG = re.compile(r"<(?:lora:)?([^<>:]{1,200}):(-?[0-9.]{1,8})>")
# Under these alone a text may be anything, a wordlist or a form.
_TELLING = ("seed", "steps", "cfg", "sampler", "model")
_FEWEST = 2


def from_draw_things(document: Json) -> Recipe:
    """Draw Things: one-letter names for the words, more settings in an object `v2`."""
    more = Told(object_of(document.get("v2")))
    given = Told({key: value for key, value in document.items() if key != "v2"})
    draft = RecipeDraft("Draw Things")
    words = _put_usual(draft, given)
    for raw in list_of(more.take("loras"))[:50]:
        draft.add_lora(object_of(raw).get("file"), object_of(raw).get("weight"))
    draft.put("clip_skip", more.take("clipSkip"))
    draft.put("txt2img.guidance", more.take("guidanceEmbed"))
    draft.put("txt2img.shift", given.take("shift"))
    if more.get("hiresFix") is True:
        _draw_things_hires(draft, more)
    if not is_nothing(text_of(more.get("refinerModel"))):
        draft.put("refiner.enabled", True)
        draft.put_file("refiner.checkpoint", more.take("refinerModel"))
        draft.put("refiner.switch_at", more.take("refinerStart"))
    for key in ("upscaler", "faceRestoration"):
        if not is_nothing(text_of(name := more.take(key))):
            draft.unplaced(key, name)
    for raw in list_of(more.take("controls"))[:8]:
        draft.unplaced("control", object_of(raw))
    for key, value in more.rest():
        # Most of it stands outside once more, in other words.
        if value not in (given.get(key), given.get("scale" if key == "guidanceScale" else key), 0):
            draft.leave_out(key, value, "It has no place here.")
    given.leave_out_rest(draft, quiet=True)
    return draft.recipe(*words)


def _draw_things_hires(draft: RecipeDraft, more: Told) -> None:
    """The first pass has a size of its own; the size of the picture is that of the second."""
    more.take("hiresFix")
    wide, tall = number_of(more.take("hiresFixWidth"), 0), number_of(more.take("hiresFixHeight"), 0)
    whole = number_of(draft.values.get("txt2img.width"), 0)
    draft.put("hires.enabled", True)
    draft.put("hires.denoise", more.take("hiresFixStrength"))
    if wide and tall and whole:
        draft.put_size(wide, tall)
        draft.put("hires.scale", round(whole / wide, 3))
    else:
        draft.note("The picture had a second pass, and does not tell the size of its first pass.")


def from_named_json(document: Json) -> Recipe | None:
    """Any flat object with a prompt and at least two settings under usual names; None for any other object."""
    known = _known(document)
    if "prompt" not in known or sum(name in known for name in _TELLING) < _FEWEST:
        return None
    given = Told(document)
    tool = text_of(document.get(known.get("tool", "")))[:40].strip()
    draft = RecipeDraft(tool or "Unknown tool")
    given.take(known.get("tool", ""))
    words = _put_usual(draft, given, known)
    given.leave_out_rest(draft, quiet=True)
    if not tool:
        draft.note("The picture does not say which tool made it. Look over what was read by the names of its settings.")
    return draft.recipe(*words)


def is_draw_things(document: Json) -> bool:
    """Whether an object is one of Draw Things."""
    return isinstance(document.get("c"), str) and ("v2" in document or ("uc" in document and "sampler" in document))


def _known(document: Mapping[str, object]) -> dict[str, str]:
    """The document's own key for each of our names."""
    plain = {re.sub(r"[\s_-]", "", key[:80]).casefold(): key for key in islice(document, 500)}
    return {name: plain[one] for name, ones in _NAMES.items() for one in reversed(ones) if one in plain}


def _put_usual(draft: RecipeDraft, given: Told, known: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Take what stands under usual names. Gives both prompts."""
    names = _known(given.document) if known is None else known

    def take(name: str) -> object:
        return given.take(names[name]) if name in names else None

    draft.put_seed(take("seed"))
    draft.put_sampler(take("sampler"), take("scheduler"))
    for name, path in _PATHS.items():
        draft.put(path, take(name))
    skip = take("clip_skip")
    # Easy Diffusion has a switch for it.
    switch = {"True": True, "False": False}.get(skip, skip) if isinstance(skip, str) else skip
    draft.put("clip_skip", (2 if switch else 1) if isinstance(switch, bool) else skip)
    if "width" in names and "height" in names:
        draft.put_size(take("width"), take("height"))
    elif sides := _SIZE.match(text_of(given.get(names.get("size", "")))):
        take("size")
        draft.put_size(sides[1], sides[2])
    _model(draft, take("model"))
    if not is_nothing(vae := text_of(take("vae"))):
        draft.put("vae", vae)
    _loras(draft, take("loras"), given)
    denoise = number_of(given.get(names.get("denoise", "")))
    if denoise is not None and denoise < 1:
        draft.put("img2img.denoise", take("denoise"))
        draft.note("This picture was painted over another one, which is not in the file.")
    elif denoise == 1:
        take("denoise")
    return _words(take("prompt")), _words(take("negative"))


def _model(draft: RecipeDraft, raw: object) -> None:
    """A checkpoint by its name, or by an object that describes it."""
    about = Told(object_of(raw))
    draft.put_file("checkpoint", about.take(*_FILE_NAMES) if isinstance(raw, dict) else raw)
    more = dict(about.rest())
    if more:
        draft.leave_out_all("checkpoint", more, "It tells about a file.")


def _words(raw: object) -> str:
    text = ", ".join(text_of(one) for one in raw[:50]) if isinstance(raw, list) else text_of(raw)
    return "" if is_nothing(text) else text


def _loras(draft: RecipeDraft, raw: object, given: Told) -> None:
    if isinstance(raw, str):
        tags = _TAG.findall(raw[:20_000])
        for name, weight in tags[:50]:
            draft.add_lora(name, weight)
        if not tags and not is_nothing(raw):
            draft.add_lora(raw, given.take("lora_alpha"))
        return
    weights = list_of(given.take("lora_alpha"))
    for nth, one in enumerate(list_of(raw)[:50]):
        entry, pair = Told(object_of(one)), list_of(one)
        if isinstance(one, dict):
            _lora(draft, entry)
        elif len(pair) >= 2:
            draft.add_lora(pair[0], pair[1])
        elif isinstance(one, str):
            draft.add_lora(one, weights[nth] if nth < len(weights) else None)


def _lora(draft: RecipeDraft, entry: Told) -> None:
    name, weight = entry.take(*_FILE_NAMES, "lora"), entry.take("weight", "strength")
    kind = text_of(entry.take("type"))
    if entry.get("enabled") is False:
        draft.leave_out("LoRA", f"{text_of(name)} ({weight})", "It was switched off.")
    elif kind and "lora" not in kind.casefold() and "lyco" not in kind.casefold():
        draft.unplaced(kind[:40], f"{text_of(name)} ({weight})")
    else:
        draft.add_lora(name, weight)
    if more := dict(entry.rest()):
        draft.leave_out_all(f"LoRA {text_of(name)[:60]}", more, "It tells about a file.")
