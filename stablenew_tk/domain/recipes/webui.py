"""The recipe of a WebUI's picture, out of its generation text: both passes, the refiner, the repairs of ADetailer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..base.errors import InvalidInput
from ..base.model_hash import hash_digits
from ..config.catalogue import LISTED_PASSES
from ..config.controlnet import told_units, unit_words
from ..config.spellings import sampler_and_scheduler
from .infotext import inpainting, named_values, parse
from .recipe import Recipe, RecipeDraft, bare_name, is_nothing, list_of, number_of, object_of, read_json, text_of

_SECOND_PASS = ("Hires upscale", "Hires resize", "Hires upscaler", "Hires steps")
_SIZE = re.compile(r"([0-9]{1,6})x([0-9]{1,6})")
_HERE_ONLY = "This picture was painted over another one, which is not in the file."
# What ADetailer leaves out of the text is not unknown: it is its own default, or the same as in the first pass.
_PASS_DEFAULTS = {
    "prompt": "",
    "negative": "",
    "confidence": "0.3",
    "denoise": "0.4",
    "mask_blur": "4",
    "dilate_erode": "4",
    "mask_padding": "32",
    "steps": "0",
    "cfg_scale": "0",
    "sampler": "",
    "scheduler": "",
}
# SD.Next's names for what other WebUIs write under another key.
_DIALECT = {
    "CLiP-skip": "Clip skip",
    "CLIP skip": "Clip skip",
    "Clip-skip": "Clip skip",
    "Hires scale": "Hires upscale",
    "Hires size": "Hires resize",
    "Hires fixed": "Hires resize",
    "Hires strength": "Denoising strength",
    "Hires CFG scale": "Hires CFG Scale",
    "Refiner start": "Refiner switch at",
    "Scheduler": "Schedule type",
}
_CLASS = re.compile(r"[A-Z]\w*Scheduler")
_RESOURCES = 50
_TEXT = 20_000
_NAMED_TAG = re.compile(r"<(?:lora|lyco):([^<>:\n]{1,200})[:>]", re.IGNORECASE)
_HASHED = re.compile(r"(?:^|, )([^:,]{1,200}): ?[0-9a-fA-F]{8,64}")
_HASHED_JSON = re.compile(r'"(?:lora|LORA):([^"]{1,200})"')
# What is used here without having a path, and what only belongs to it.
_USED = {"Size", "Version", "App", "Model hash", "Lora weights", "Hires resize", "Refiner", "Refiner switch at"}
_USED |= {"Mask blur", "Masked content", "Inpaint area", "Mask mode", "Masked area padding"}
# Not how the picture was made, but of which files, when or by which way: listed, but not worth a sentence.
_ABOUT = re.compile(
    r"(Lora|TI|Emb|VAE|Model|Refiner|Hires)? ?hash(es)?|Hashes|TI|Created Date|Civitai metadata|Pipeline|Operations"
    r"|Backend|Parser|ADetailer version|AddNet .*|Civitai resources|Template|Wildcard prompt|Wildcard negative prompt"
    r"|Negative Template|Time|Time taken|User|Mode|Comment|Refine|HiRes mode|Hires force",
    re.IGNORECASE,
)
_EMPTY = ("", "None", "False", "{}", "[]")


def from_infotext(text: str, tool: str = "") -> Recipe:
    """The recipe in a generation text. Raises InvalidInput when there is neither prompt nor setting in it."""
    info = parse(text)
    values = _in_one_dialect(info.values)
    prompt, negative = ("" if is_nothing(words) else words for words in (info.prompt, info.negative))
    if not (prompt or negative or values):
        raise InvalidInput("Nothing in the picture tells how it was made: its generation text is empty.")
    draft = RecipeDraft(tool or _writer(values))
    if values:
        _first_pass(draft, values)
        _second_pass(draft, values)
        _repairs(draft, values)
        _left_out(draft, values)
        _resources(draft, values, prompt)
    else:
        draft.note("There is a prompt but no settings in the picture.")
    for line in info.after.split("\n"):
        if line:
            draft.leave_out("line behind the settings", line, "Another program added it.")
    return draft.recipe(prompt, negative, text)


def _in_one_dialect(values: Mapping[str, str]) -> dict[str, str]:
    """The values by the keys of A1111."""
    ours = {key: text for key, text in values.items() if key not in _DIALECT}
    for key, text in values.items():
        if key in _DIALECT:
            ours.setdefault(_DIALECT[key], text)
    return ours


def has_settings(text: str) -> bool:
    """Whether a text is a generation text with its line of values, and not any other text."""
    return bool(parse(text).values)


def _writer(values: Mapping[str, str]) -> str:
    version = values.get("Version", "")
    for sign, tool in (("ComfyUI", "ComfyUI"), ("Fooocus", "Fooocus"), ("sketch", "StableNew sketch")):
        if version.startswith(sign):
            return tool
    if values.get("App", "").startswith("SD.Next"):
        return "SD.Next"
    return "Forge" if re.match(r"f\d", version) else "A1111"


def _first_pass(draft: RecipeDraft, values: Mapping[str, str]) -> None:
    named = named_values(values, "txt2img")
    draft.put_seed(named.get("seed"))
    scheduler = named.get("txt2img.scheduler", "")
    if _CLASS.fullmatch(scheduler):
        draft.leave_out("Scheduler", scheduler, "It is the class that computed the sampler, and no schedule.")
        scheduler = ""
    draft.put_sampler(named.get("txt2img.sampler"), scheduler)
    for name in ("steps", "cfg_scale", "guidance", "shift", "subseed", "subseed_strength"):
        draft.put(f"txt2img.{name}", named.get(f"txt2img.{name}"))
    if not is_nothing(named.get("vae", "")):
        draft.put("vae", named["vae"])
    draft.model_hash = hash_digits(values.get("Model hash", ""))
    # A name is what people know; where only the hash is written it stands for the checkpoint.
    draft.put_file("checkpoint", named.get("checkpoint") or draft.model_hash)
    # WebUIs write it only when it is not 1; the other tools that write such texts do not write it at all.
    if "clip_skip" in named or "Version" not in values or _writer(values) in ("A1111", "Forge"):
        draft.put("clip_skip", named.get("clip_skip", 1))
    if size := _SIZE.fullmatch(values.get("Size", "")):
        draft.put_size(size[1], size[2])
    elif "Size" in values:
        draft.note("The size is not written as width x height. It was left out.")
    for lora in values.get("Lora weights", "").split(", ", 100):
        name, _, weight = lora.partition(": ")
        draft.add_lora(name, weight or None)
    for nth in range(1, 6):
        if values.get("AddNet Enabled") == "True" and (name := values.get(f"AddNet Model {nth}", "")):
            draft.add_lora(
                name.partition("(")[0], values.get(f"AddNet Weight A {nth}", values.get(f"AddNet Weight {nth}"))
            )
    if not is_nothing(values.get("Refiner", "")):
        draft.put("refiner.enabled", True)
        draft.put_file("refiner.checkpoint", values["Refiner"])
        draft.put("refiner.switch_at", values.get("Refiner switch at"))


def _second_pass(draft: RecipeDraft, values: Mapping[str, str]) -> None:
    named = named_values(values, "txt2img")
    if not any(key in values for key in _SECOND_PASS):
        if "hires.denoise" in named:
            draft.put("img2img.denoise", named["hires.denoise"])
            draft.note(_HERE_ONLY)
            masked = inpainting(values)
            for path, value in masked.items():
                draft.put(path, value)
            if masked:
                draft.note("Only a part of it was painted anew; the mask is not in the file, either.")
        return
    draft.put("hires.enabled", True)
    # Not written means the same as in the first pass.
    for path, missing in (("steps", 0), ("cfg_scale", 0), ("denoise", None), ("scale", None), ("upscaler", None)):
        draft.put(f"hires.{path}", named.get(f"hires.{path}", missing))
    own = {path: _own(named.get(f"hires.{path}", "")) for path in ("sampler", "scheduler", "checkpoint")}
    sampler, scheduler = sampler_and_scheduler(own["sampler"], own["scheduler"])
    draft.put("hires.sampler", sampler)
    draft.put("hires.scheduler", scheduler)
    draft.put("hires.checkpoint", bare_name(own["checkpoint"]))
    for path in ("prompt", "negative"):
        draft.put(f"hires.{path}", _own(named.get(f"hires.{path}", "")))
    if "hires.scale" not in named:
        _scale_of_resize(draft, values)


def _own(written: str) -> str:
    """A name that a pass has for itself; "" where it uses the same as the first."""
    return "" if written.startswith("Use same") or is_nothing(written) else written


def _scale_of_resize(draft: RecipeDraft, values: Mapping[str, str]) -> None:
    first, second = _SIZE.fullmatch(values.get("Size", "")), _SIZE.fullmatch(values.get("Hires resize", ""))
    wide = number_of(second[1], 0) if second else 0
    tall = number_of(second[2], 0) if second else 0
    width = number_of(first[1], 0) if first else 0
    height = number_of(first[2], 0) if first else 0
    if not width or not height or not (wide or tall):
        return
    # The server takes the shape of the first pass when one of the two is 0, and cuts when they do not fit.
    by_width, by_height = (wide or 0) / width, (tall or 0) / height
    if wide and tall and abs(by_width - by_height) > 0.02:
        draft.note("The second pass also cut the picture to another shape. That was left out.")
    draft.put("hires.scale", round(max(by_width, by_height), 3))


def _repairs(draft: RecipeDraft, values: Mapping[str, str]) -> None:
    passes: dict[int, dict[str, str]] = {}
    for path, text in named_values(values, "adetailer").items():
        if path.startswith("adetailer.passes."):
            _, _, place, field = path.split(".")
            passes.setdefault(int(place), {})[field] = text
    used = [one for _, one in sorted(passes.items()) if one.get("model", "None") != "None"]
    if used:
        draft.put("adetailer.enabled", True)
    for nth, one in enumerate(used[:LISTED_PASSES]):
        _repair(draft, f"adetailer.passes.{nth}", {**_PASS_DEFAULTS, **one})
    for number, one in enumerate(used[LISTED_PASSES:], start=LISTED_PASSES + 1):
        draft.note(f"ADetailer pass {number} ({one['model'][:80]}) has no place here. It was left out.")


def _repair(draft: RecipeDraft, prefix: str, one: Mapping[str, str]) -> None:
    sampler, scheduler = sampler_and_scheduler(_own(one["sampler"]), _own(one["scheduler"]))
    for field, text in {**one, "sampler": sampler, "scheduler": scheduler}.items():
        draft.put(f"{prefix}.{field}", text)


def _left_out(draft: RecipeDraft, values: Mapping[str, str]) -> None:
    if units := told_units(values):
        words = "; ".join(unit_words(unit) for unit in units[:4])
        draft.note(f"ControlNet guided it ({words[:300]}); the pictures of its units are not in the file.")
        for key, text in values.items():
            if key.startswith("ControlNet"):
                draft.leave_out(key, text, "The pictures of its units are not in the file.")
    for key, text in values.items():
        if key in _USED or text in _EMPTY or text.startswith("Use same") or key.startswith("ControlNet"):
            continue
        if named_values({key: text}, "txt2img") or named_values({key: text}, "adetailer"):
            continue
        if _ABOUT.fullmatch(key):
            draft.leave_out(key, text, "It tells about the picture or its files and is no setting.")
        else:
            draft.unplaced(key, text)


def _resources(draft: RecipeDraft, values: Mapping[str, str], prompt: str) -> None:
    """Models and LoRAs that stand in the values only: they have no name of a file or no weight."""
    try:
        listed = list_of(read_json(values.get("Civitai resources", "[]"), "The list of resources"))
    except InvalidInput as error:
        listed = []
        draft.note(f"{error} It was left out.")
    for raw in listed[:_RESOURCES]:
        one = object_of(raw)
        name = text_of(one.get("modelName")) or f"model version {one.get('modelVersionId')}"
        kind, weight = text_of(one.get("type")) or "resource", number_of(one.get("weight"))
        if f"<lora:{name}:".casefold() in prompt.casefold() or name == draft.values.get("checkpoint"):
            continue
        shown = {"checkpoint": "checkpoint", "lora": "LoRA"}.get(kind.casefold(), kind)
        _no_file(draft, shown, name if weight is None else f"{name} ({weight:g})", "it is told by its title at Civitai")
    hashed = dict.fromkeys(_HASHED.findall(values.get("Lora hashes", "")[:_TEXT]))
    hashed.update(dict.fromkeys(_HASHED_JSON.findall(values.get("Hashes", "")[:_TEXT])))
    known = {name.casefold() for name in (*_NAMED_TAG.findall(prompt), *draft.loras)}
    for name in list(hashed)[:_RESOURCES]:
        if bare_name(name).casefold() not in known:
            _no_file(draft, "LoRA", name, "only its hash is told, and no weight")


def _no_file(draft: RecipeDraft, kind: str, name: str, why: str) -> None:
    draft.note(f"The {kind[:40]} '{name[:80]}' was used too; {why}. It was left out.")
    draft.leave_out(kind, name, f"{why[:1].upper()}{why[1:]}.")
