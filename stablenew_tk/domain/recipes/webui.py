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
from .recipe import Recipe, RecipeDraft, bare_name, number_of

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
_UNPLACED = re.compile(
    r"Hires (Distilled CFG Scale|Module \d+)"
    r"|Module \d+|Seed resize from|Distilled CFG Scale|Tiling|Face restoration|Styles"
)


def from_infotext(text: str, tool: str = "") -> Recipe:
    """The recipe in a generation text. Raises InvalidInput when there is neither prompt nor setting in it."""
    info = parse(text)
    values = info.values
    if not (info.prompt or info.negative or values):
        raise InvalidInput("The generation text of the picture is empty.")
    draft = RecipeDraft(tool or _writer(values))
    if values:
        _first_pass(draft, values)
        _second_pass(draft, values)
        _repairs(draft, values)
        _left_out(draft, values)
    else:
        draft.note("There is a prompt but no settings in the picture.")
    return draft.recipe(info.prompt, info.negative, text)


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
    draft.put_sampler(named.get("txt2img.sampler"), named.get("txt2img.scheduler") or values.get("Scheduler"))
    for path in ("txt2img.steps", "txt2img.cfg_scale", "txt2img.subseed", "txt2img.subseed_strength", "vae"):
        draft.put(path, named.get(path))
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
    for lora in values.get("Lora weights", "").split(", ")[:50]:
        name, _, weight = lora.partition(": ")
        draft.add_lora(name, weight or None)
    if "Refiner" in values and values["Refiner"] not in ("", "None"):
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
        draft.put(f"hires.{path}", named.get(f"hires.{path}", ""))
    if "hires.scale" not in named:
        _scale_of_resize(draft, values)


def _own(written: str) -> str:
    """A name that a pass has for itself; "" where it uses the same as the first."""
    return "" if written.startswith("Use same") else written


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
    names = [
        key
        for key, text in values.items()
        if _UNPLACED.fullmatch(key) and text not in ("", "None", "False") and not text.startswith("Use same")
    ]
    if names:
        draft.note(f"Settings that have no place here were left out: {', '.join(names[:8])}.")
