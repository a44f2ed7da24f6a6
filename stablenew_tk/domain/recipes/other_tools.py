"""Recipes of tools that write JSON of their own into pictures: SwarmUI, Fooocus, NovelAI."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice

from .infotext import LIMIT
from .recipe import Recipe, RecipeDraft, bare_name, is_nothing, list_of, number_of, object_of, read_json, text_of
from .told import Json, Told

OVER_ANOTHER = "This picture was painted over another one, which is not in the file."
_SIDES = re.compile(r"\D{0,4}([0-9]{1,6})\D{1,6}([0-9]{1,6})")
_SWARM_LATENT = ("latent-", "latentmodel-")
# <lora:…> means the same to a WebUI.
_SWARM_TAG = re.compile(r"<(?!lora:|lyco:|hypernet:)[A-Za-z]{2,20}(?:\[[^<>\[\]]{0,200}\])?(?::[^<>]{0,400}>?|>)")
_SWARM_EMBEDDING = re.compile(r"<embed(?:ding)?:([^<>:]{1,200})>")
_SWARM_ABOUT = ("images", "aspectratio", "swarm_version", "date", "automaticvae", "colordepth", "internalbackendtype")
_NOVELAI_ABOUT = ("signed_hash", "version", "request_type", "n_samples")
MOCHI = "Generator: Mochi Diffusion"
_MOCHI_KEY = re.compile(
    r"(?:^|; ?)(Include in Image|Exclude from Image|Model|Steps|Guidance Scale|Seed|Size|Upscaler|Scheduler"
    r"|ML Compute Unit|Generator): ?"
)
_MOCHI_ABOUT = ("ML Compute Unit", "Generator")
_FOOOCUS_ABOUT = (
    *("base_model_hash", "created_by", "metadata_scheme", "version", "software", "full_prompt"),
    *("full_negative_prompt", "prompt_expansion", "real_prompt", "real_negative_prompt"),
)
_FOOOCUS_SIGN = re.compile(r"\[\[[^\[\]]{0,200}\]\]|__[\w/-]{1,60}?__")
_SIGN = 80


def from_swarm(document: Json) -> Recipe:
    """SwarmUI: `sui_image_params`."""
    given = Told(object_of(document.get("sui_image_params")))
    draft = RecipeDraft("SwarmUI")
    draft.put_seed(given.take("seed"))
    draft.put_sampler(
        given.take("sampler", "comfyuisampler", "autowebuisampler"), given.take("scheduler", "comfyuischeduler")
    )
    draft.put("txt2img.steps", given.take("steps"))
    draft.put("txt2img.cfg_scale", given.take("cfgscale"))
    draft.put("txt2img.guidance", given.take("fluxguidancescale"))
    draft.put("txt2img.shift", given.take("sigmashift"))
    draft.put_size(given.take("width"), given.take("height"))
    draft.put_file("checkpoint", given.take("model"))
    if (vae := text_of(given.take("vae"))) not in ("", "None", "Automatic"):
        draft.put("vae", vae)
    written = given.take("clipstopatlayer")
    layer = number_of(written, -1)
    draft.put("clip_skip", -layer if layer is not None else written)
    if given.get("variationseedstrength") is not None:
        draft.put("txt2img.subseed", given.take("variationseed"))
        draft.put("txt2img.subseed_strength", given.take("variationseedstrength"))
    _swarm_loras(draft, given)
    if given.get("initimage") is not None or given.get("initimagecreativity") is not None:
        draft.put("img2img.denoise", given.take("initimagecreativity"))
        draft.note(OVER_ANOTHER)
    _swarm_second_pass(draft, given)
    words = [_SWARM_EMBEDDING.sub(r"\1", text_of(given.take(key))) for key in ("prompt", "negativeprompt")]
    signs = dict.fromkeys(sign[:_SIGN] for text in words for sign in _SWARM_TAG.findall(text[:LIMIT]))
    note_signs(draft, "SwarmUI", signs, "a WebUI reads them as words")
    given.leave_out_rest(draft, _SWARM_ABOUT)
    Told({key: value for key, value in document.items() if key != "sui_image_params"}).leave_out_rest(
        draft, tuple(document)
    )
    return draft.recipe(*words)


def note_signs(draft: RecipeDraft, tool: str, signs: Iterable[str], why: str) -> None:
    """Name what has a meaning in the prompts of one tool only; it stays where it is."""
    found = list(islice(signs, 20))
    for sign in found:
        draft.leave_out(f"sign of {tool}", sign, f"Only {tool} acts on it. It still stands in the prompt.")
    if found:
        draft.note(f"Signs that only {tool} knows stand in the prompt ({', '.join(found)[:200]}); {why}.")


def _swarm_loras(draft: RecipeDraft, given: Told) -> None:
    names, weights, clips = (_several(given.take(key)) for key in ("loras", "loraweights", "loratencweights"))
    for nth, name in enumerate(names[:50]):
        weight = weights[nth] if nth < len(weights) else None
        draft.add_lora(name, weight)
        if nth < len(clips) and number_of(clips[nth]) != number_of(weight, 1.0):
            named = f"weight for the words of the LoRA {bare_name(text_of(name))[:60]}"
            draft.leave_out(named, clips[nth], "A tag has one weight.")


def _several(raw: object) -> list[object]:
    return list(raw.split(",", 50)) if isinstance(raw, str) else list_of(raw)


def _swarm_second_pass(draft: RecipeDraft, given: Told) -> None:
    share = number_of(given.get("refinercontrolpercentage"))
    scale = number_of(given.get("refinerupscale"), 1.0)
    model = text_of(given.get("refinermodel"))
    own = "" if model == "(Use Base)" else model
    if scale is not None and scale > 1:
        draft.put("hires.enabled", True)
        draft.put("hires.scale", given.take("refinerupscale"))
        draft.put("hires.denoise", given.take("refinercontrolpercentage"))
        draft.put("hires.steps", given.take("refinersteps"))
        draft.put("hires.cfg_scale", given.take("refinercfgscale"))
        draft.put_sampler(given.take("refinersampler"), given.take("refinerscheduler"), "hires")
        if own:
            draft.put_file("hires.checkpoint", given.take("refinermodel"))
        method = text_of(given.take("refinerupscalemethod"))
        if method.startswith("model-"):
            draft.put_file("hires.upscaler", method.removeprefix("model-"))
        elif method.startswith(_SWARM_LATENT):
            draft.put("hires.upscaler", "Latent")
            if method != "latent-bilinear":
                draft.leave_out("refinerupscalemethod", method, "Latent stands for it.")
        elif method.startswith("pixel-"):
            draft.put("hires.upscaler", method.removeprefix("pixel-").capitalize())
        elif method:
            draft.unplaced("refinerupscalemethod", method)
    elif own:
        draft.put("refiner.enabled", True)
        draft.put_file("refiner.checkpoint", given.take("refinermodel"))
        given.take("refinercontrolpercentage")
        draft.put("refiner.switch_at", None if share is None else round(1 - share, 4))


def from_fooocus(document: Json) -> Recipe:
    """Fooocus and its relatives: its own JSON, with the keys of its newer or the labels of its older versions."""
    given = Told({key.casefold().replace(" ", "_"): value for key, value in document.items()})
    draft = RecipeDraft("Fooocus")
    draft.put_seed(given.take("seed"))
    draft.put_sampler(given.take("sampler", "sampler_name"), given.take("scheduler"))
    draft.put("txt2img.steps", given.take("steps"))
    draft.put("txt2img.cfg_scale", given.take("guidance_scale", "cfg"))
    if sides := _SIDES.match(text_of(given.take("resolution"))):
        draft.put_size(sides[1], sides[2])
        given = _without_same(given, {"width": sides[1], "height": sides[2]})
    else:
        draft.put_size(given.take("width"), given.take("height"))
    draft.put_file("checkpoint", given.take("base_model"))
    if (vae := text_of(given.take("vae"))) not in ("", "None", "Default (model)", "Default"):
        draft.put("vae", vae)
    draft.put("clip_skip", given.take("clip_skip"))
    _fooocus_refiner(draft, given)
    _fooocus_loras(draft, given)
    styles = given.take("styles")
    shown = text_of(styles).strip("[]() ") or ", ".join(map(text_of, list_of(styles)[:50]))
    if shown:
        draft.note(f"Fooocus also added the words of its styles, which are not in this prompt: {shown[:200]}.")
        draft.leave_out("styles", styles, "Its words are not in this prompt.")
    words = (text_of(given.take("prompt")), text_of(given.take("negative_prompt")))
    given.leave_out_rest(draft, _FOOOCUS_ABOUT)
    signs = dict.fromkeys(sign[:_SIGN] for text in words for sign in _FOOOCUS_SIGN.findall(text[:LIMIT]))
    note_signs(draft, "Fooocus", signs, "a WebUI reads them as words")
    return draft.recipe(*words)


def _without_same(given: Told, known: Mapping[str, str]) -> Told:
    """What says the same once more counts as taken."""
    for key, text in known.items():
        if str(given.get(key)) == text:
            given.take(key)
    return given


def _fooocus_refiner(draft: RecipeDraft, given: Told) -> None:
    if is_nothing(text_of(given.get("refiner_model"))):
        for key in ("refiner_model", "refiner_switch", "switch"):
            given.take(key)  # they say nothing without a refiner
        return
    draft.put("refiner.enabled", True)
    draft.put_file("refiner.checkpoint", given.take("refiner_model"))
    share = given.take("refiner_switch")
    steps, at = number_of(draft.values.get("txt2img.steps")), number_of(given.get("switch"))
    if share is None and steps and at is not None and 0 < at < steps:
        given.take("switch")
        share = round(at / steps, 4)
    draft.put("refiner.switch_at", share)


def _fooocus_loras(draft: RecipeDraft, given: Told) -> None:
    for raw in list_of(given.take("loras"))[:50]:
        parts = list_of(raw)
        if len(parts) >= 2:
            draft.add_lora(parts[0], parts[1])
        if len(parts) > 2:
            draft.leave_out(f"hash of the LoRA {bare_name(text_of(parts[0]))[:60]}", parts[2], "It tells about a file.")
    for nth in range(1, 51):
        combined = text_of(given.take(f"lora_combined_{nth}", f"lora_{nth}"))
        words = combined.split(" : ", 3)
        if len(words) == 3 and words[0] != "True":
            draft.leave_out("LoRA", combined, "It was switched off.")
        elif len(words) >= 2:
            draft.add_lora(words[-2], words[-1])


def from_novelai(document: Json, description: str = "", source: str = "") -> Recipe:
    """NovelAI: the JSON of `Comment`; `description` is the prompt of versions that did not repeat it there, `source`
    the model.
    """
    given = Told(document)
    draft = RecipeDraft("NovelAI")
    draft.put_seed(given.take("seed"))
    schedule = text_of(given.take("noise_schedule"))
    draft.put_sampler(given.take("sampler"), "" if schedule == "native" else schedule)
    draft.put("txt2img.steps", given.take("steps"))
    draft.put("txt2img.cfg_scale", given.take("scale"))
    draft.put_size(given.take("width"), given.take("height"))
    if text_of(given.get("request_type")).casefold() in ("image2imagerequest", "nativeinfillingrequest"):
        draft.put("img2img.denoise", given.take("strength"))
        draft.note(OVER_ANOTHER)
    if source:
        draft.leave_out("model", source, "Only NovelAI has its models.")
    prompt = _caption(draft, given, "v4_prompt", "prompt") or description
    negative = _caption(draft, given, "v4_negative_prompt", "uc")
    given.leave_out_rest(draft, _NOVELAI_ABOUT, quiet=True)
    if re.search(r"[{}]|\d::", prompt):
        draft.note("NovelAI weighs words with { } and 1.2::words::, WebUIs with (words:1.2). The prompt is unchanged.")
    return draft.recipe(prompt, negative)


def _caption(draft: RecipeDraft, given: Told, key: str, older: str) -> str:
    """The words of one side, of all people in it; they stand under the older name, too, where there is one text."""
    whole = object_of(given.take(key))
    caption = object_of(whole.get("caption"))
    people = [object_of(one) for one in list_of(caption.get("char_captions"))[:50]]
    base = text_of(caption.get("base_caption"))
    words = ", ".join(filter(None, (base, *(text_of(one.get("char_caption")) for one in people))))
    if not words or text_of(given.get(older)) in (words, base):
        words = words or text_of(given.take(older))
        given.take(older)
    for one in people:
        Told({f"{key}: {name}": value for name, value in one.items() if name != "char_caption"}).leave_out_rest(
            draft, quiet=True
        )
    Told({f"{key}: {name}": value for name, value in whole.items() if name != "caption"}).leave_out_rest(
        draft, quiet=True
    )
    return words


def from_mochi(text: str) -> Recipe:
    """Mochi Diffusion: one line of its own labels, parted by semicolons, which the words may hold, too."""
    parts = _MOCHI_KEY.split(text[:LIMIT])
    given = Told(dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=False)))
    draft = RecipeDraft("Mochi Diffusion")
    draft.put_seed(given.take("Seed"))
    draft.put_sampler(given.take("Scheduler"), "")
    draft.put("txt2img.steps", given.take("Steps"))
    draft.put("txt2img.cfg_scale", given.take("Guidance Scale"))
    if sides := _SIDES.match(text_of(given.take("Size"))):
        draft.put_size(sides[1], sides[2])
    draft.put_file("checkpoint", given.take("Model"))
    words = text_of(given.take("Include in Image")), text_of(given.take("Exclude from Image"))
    given.leave_out_rest(draft, _MOCHI_ABOUT)
    return draft.recipe(*words)


def comment_of(text: str) -> Json:
    """The JSON object in a `Comment` of NovelAI. Raises InvalidInput."""
    return object_of(read_json(text, "The NovelAI comment"))
