"""Imports the predecessors' NAME.json of a pack: prompts, the slots of its matrix, and values of the stages.

Such files were written by other programs and by hand, so whatever cannot be used is left out with one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..config.catalogue import Value, catalogue, parameter
from ..config.lenient_reader import Fields, Problems, fitted_to, number_in, read_object, shown
from ..config.spellings import sampler_and_scheduler, scheduler_name
from .pack import VALUE_LIMIT, Slot
from .settings import MOST_VARIANTS, Mode, PackSettings, Randomizer
from .settings_reader import usable_value

# Every such file has this key; other files do not.
SIGN = b'"pack_data"'
MOST_PROMPTS = 10_000

_MODES: dict[str, Mode] = {
    **dict.fromkeys(("fanout", "grid", "all"), "all"),
    **dict.fromkeys(("rotate", "sequential", "round_robin", "round-robin"), "round_robin"),
    **dict.fromkeys(("random", "per_prompt"), "random"),
}
_MARK = re.compile(r"(?:#+|neg:|name:|\[\[[^\[\]]+\]\]\s*[:=])\s*", re.IGNORECASE)

# Names of fields in a block of stage values; where two mean one thing, the later one counts.
_TXT2IMG = {
    "steps": "txt2img.steps", "cfg_scale": "txt2img.cfg_scale", "width": "txt2img.width", "height": "txt2img.height",
    "batch_size": "txt2img.batch_size", "clip_skip": "clip_skip", "model": "checkpoint", "vae": "vae",
    "enable_hr": "hires.enabled", "hr_scale": "hires.scale", "hr_upscaler": "hires.upscaler",
    "hr_second_pass_steps": "hires.steps", "denoising_strength": "hires.denoise",
    "refiner_checkpoint": "refiner.checkpoint", "refiner_model_name": "refiner.checkpoint",
    "refiner_enabled": "refiner.enabled", "use_refiner": "refiner.enabled", "refiner_switch_at": "refiner.switch_at",
    "enabled": "txt2img.enabled",
}  # fmt: skip
_HIRES = {
    "enabled": "hires.enabled", "upscaler_name": "hires.upscaler", "upscale_factor": "hires.scale",
    "steps": "hires.steps", "denoise": "hires.denoise", "denoising_strength": "hires.denoise",
}  # fmt: skip
_REFINER = {
    "enabled": "refiner.enabled", "checkpoint": "refiner.checkpoint", "model_name": "refiner.checkpoint",
    "model": "refiner.checkpoint", "switch_at": "refiner.switch_at",
}  # fmt: skip
_IMG2IMG = {
    "enabled": "img2img.enabled", "steps": "img2img.steps", "cfg_scale": "img2img.cfg_scale",
    "denoising_strength": "img2img.denoise",
}  # fmt: skip
_PASS = "adetailer.passes.0."
_ADETAILER = {
    "enabled": "adetailer.enabled", "model": f"{_PASS}model", "prompt": f"{_PASS}prompt",
    "negative_prompt": f"{_PASS}negative", "confidence": f"{_PASS}confidence", "mask_feather": f"{_PASS}mask_blur",
    "mask_blur": f"{_PASS}mask_blur", "dilate_erode": f"{_PASS}dilate_erode", "padding": f"{_PASS}mask_padding",
    "steps": f"{_PASS}steps", "cfg": f"{_PASS}cfg_scale", "cfg_scale": f"{_PASS}cfg_scale",
    "denoise": f"{_PASS}denoise", "denoising_strength": f"{_PASS}denoise",
}  # fmt: skip
_UPSCALE = {
    "enabled": "upscale.enabled", "upscaler": "upscale.upscaler", "upscale_mode": "upscale.mode",
    "upscaling_resize": "upscale.scale", "upscale_factor": "upscale.scale", "steps": "upscale.steps",
    "denoising_strength": "upscale.denoise", "gfpgan_visibility": "upscale.gfpgan",
    "codeformer_visibility": "upscale.codeformer", "codeformer_weight": "upscale.codeformer_weight",
}  # fmt: skip
_PIPELINE = {f"{stage}_enabled": f"{stage}.enabled" for stage in ("txt2img", "img2img", "adetailer", "upscale")}
_BLOCKS: dict[str, Mapping[str, str]] = {
    "txt2img": _TXT2IMG, "hires_fix": _HIRES, "refiner": _REFINER, "img2img": _IMG2IMG, "adetailer": _ADETAILER,
    "upscale": _UPSCALE, "pipeline": _PIPELINE,
}  # fmt: skip
_SAMPLERS = {"txt2img": "txt2img.", "img2img": "img2img.", "adetailer": _PASS}
# What all stages have in common here: in other blocks than that of txt2img it may only say the same.
_SHARED = {"model": "checkpoint", "vae": "vae", "clip_skip": "clip_skip"}
# Values that mean nothing, so that their fields need no notice; the seed belongs to the run.
_NOTHING: tuple[object, ...] = (None, "", "None", "none", "inherit", 0, 0.0, -1, False, [], {})
_ANYTHING = frozenset(
    ("seed", "subseed", "prompt", "hypernetwork_strength", "use_base_model", "styles", "batch_count", "n_iter")
)


class Imported(Struct, frozen=True):
    """The content of a predecessor's file. `text` is a pack's text made of its prompts, "" when it has none."""

    text: str
    settings: PackSettings
    notices: tuple[str, ...] = ()


def imported(data: bytes, file: str) -> Imported | None:
    """Import a predecessor's file; None when it is none or too damaged to tell. Never raises."""
    if SIGN not in data:
        return None
    problems = Problems(file)
    fields = read_object(data, problems)
    if fields is None:
        return Imported("", PackSettings(), problems.sentences())
    if "pack_data" not in fields:
        return None
    pack = fields.inner("pack_data")
    text = "\n\n".join(filter(None, map(_block, _slots(pack))))
    settings = PackSettings(values=_values(fields.inner("preset_data")), randomizer=_randomizer(pack.inner("matrix")))
    return Imported(text + "\n" if text else "", settings, problems.sentences())


# ---- prompts


def _slots(pack: Fields) -> list[Fields]:
    slots = [(number, slot) for number, slot in enumerate(_objects(pack, "slots"))]
    return [slot for _, slot in sorted(slots, key=lambda pair: (number_in(pair[1].value("index")) or 0, pair[0]))]


def _objects(fields: Fields, key: str) -> Iterator[Fields]:
    """The objects of a list; anything else in it is reported once."""
    listed = fields.value(key)
    if listed is not None and not isinstance(listed, list):
        fields.refuse(key, f"is {shown(listed)}, not a list […], and was left out.")
        return
    for place, item in enumerate((listed or [])[:MOST_PROMPTS]):
        if isinstance(item, dict):
            yield fields.of(f"{key}[{place}]", item)
        else:
            fields.refuse(key, f"holds {shown(item)}, which is not an object {{…}} and was left out.")


def _block(slot: Fields) -> str:
    if slot.text("template_id"):
        slot.refuse("template_id", "names a template that only the other program has; its text was taken as it stands.")
    positive = [_embeddings(slot, "positive_embeddings"), _line(slot, "text"), _loras(slot)]
    negative = " ".join(filter(None, (_embeddings(slot, "negative_embeddings"), _line(slot, "negative"))))
    lines = [line for line in positive if line]
    return "\n".join([*lines, *([f"neg: {negative}"] if negative else [])]) if lines else ""


def _line(slot: Fields, key: str) -> str:
    """A text in one line, without a beginning that a pack would read as more than text."""
    value = slot.value(key)
    if value is not None and not isinstance(value, str):
        slot.refuse(key, f"is {shown(value)}, not text, and was left out.")
    line = " ".join(value.split()) if isinstance(value, str) else ""
    plain = line
    while found := _MARK.match(plain):
        plain = plain[found.end() :]
    if plain != line:
        slot.refuse(key, f"begins with {shown(line[: len(line) - len(plain)].strip())}, which was left out.")
    return plain


def _embeddings(slot: Fields, key: str) -> str:
    return " ".join(word if word.startswith("<") else f"<embedding:{word}>" for word in slot.words(key))


def _loras(slot: Fields) -> str:
    listed = slot.value("loras")
    if listed is not None and not isinstance(listed, list):
        slot.refuse("loras", f"is {shown(listed)}, not a list […], and was left out.")
    tags = []
    for item in listed if isinstance(listed, list) else []:
        pair = [item.get("name"), item.get("weight", 1.0)] if isinstance(item, dict) else item
        name, weight = pair if isinstance(pair, list) and len(pair) == 2 else (pair, 1.0)
        number = number_in(weight)
        if isinstance(name, str) and name.strip(" <>:") and number is not None and abs(number) <= 10:
            tags.append(f"<lora:{name.strip()}:{number:g}>")
        else:
            slot.refuse("loras", f"holds {shown(item)}, which is no [name, weight] and was left out.")
    return " ".join(tags)


# ---- what varies


def _randomizer(matrix: Fields) -> Randomizer:
    slots: dict[str, Slot] = {}
    for slot in _objects(matrix, "slots"):
        name = slot.text("name")[:200]
        listed = slot.value("values")
        values = listed if isinstance(listed, list) else [listed]
        texts = tuple(one.strip() for one in values if isinstance(one, str) and len(one) <= VALUE_LIMIT)
        if len(texts) < len(values):
            slot.refuse("values", "holds something that is no text and was left out.")
        if name and texts and name not in slots:
            slots[name] = Slot(name, texts)
    mode, limit = matrix.text("mode").casefold(), number_in(matrix.value("limit"))
    if mode and mode not in _MODES:
        matrix.refuse("mode", f"is {shown(mode)}, which is not known here; every combination is made.")
    if limit is not None and not 0 <= limit <= MOST_VARIANTS:
        matrix.refuse("limit", f"is {shown(limit)}, outside 0 to {MOST_VARIANTS:,}, and was left out.")
        limit = None
    if slots and matrix.value("enabled") is False:
        matrix.refuse("enabled", "is false; its slots are known here all the same.")
    usual = Randomizer()
    return Randomizer(
        mode=_MODES.get(mode, usual.mode),
        limit=usual.limit if limit is None else int(limit),
        slots=tuple(slots.values()),
    )


# ---- values of the stages


def _values(preset: Fields) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name in sorted(preset.names(), key=lambda one: list(_BLOCKS).index(one) if one in _BLOCKS else -1):
        if name in _BLOCKS:
            _put_block(values, preset.inner(name), name)
            # Some write this block inside that of txt2img.
            if name == "txt2img" and "hires_fix" in preset.inner(name):
                _put_block(values, preset.inner(name).inner("hires_fix"), "hires_fix")
        elif name not in ("api", "video", "aesthetic", "randomization", "randomization_enabled"):
            preset.refuse(name, "is nothing this program knows and was left out.")
    return values


def _put_block(values: dict[str, Value], block: Fields, name: str) -> None:
    if name in _SAMPLERS:
        _put_sampling(values, block, _SAMPLERS[name])
    for key in block.names():
        value = block.value(key)
        short = key.removeprefix(f"{name}_") if name == "adetailer" else key
        path = _BLOCKS[name].get(short)
        if short in ("sampler", "sampler_name", "scheduler") and name in _SAMPLERS:
            continue
        if path is None:
            same = short in _SHARED and values.get(_SHARED[short]) == value
            if not same and short not in _ANYTHING and key != "hires_fix" and value not in _NOTHING:
                block.refuse(key, f"is {shown(value)}, for which there is no setting here, and was left out.")
        elif value not in ((None, "", "None") if path.endswith("checkpoint") else (None, "")):
            _put(values, block, key, path, value)


def _put_sampling(values: dict[str, Value], block: Fields, prefix: str) -> None:
    names = ("sampler_name", "sampler", "adetailer_sampler"), ("scheduler", "adetailer_scheduler")
    sampler, scheduler = (block.text(*(key for key in keys if key in block)) for keys in names)
    scheduler = "" if scheduler.casefold() == "inherit" else scheduler
    name, spread = sampler_and_scheduler(sampler, scheduler)
    for path, value in ((f"{prefix}sampler", name), (f"{prefix}scheduler", spread or scheduler_name(scheduler))):
        if value:
            values[path] = value


def _put(values: dict[str, Value], block: Fields, key: str, path: str, value: Any) -> None:
    spec = catalogue()[path]
    number = number_in(value) if spec.kind in ("int", "float") else None
    if number is not None:
        fitted = fitted_to(path, number)
        if fitted != number:
            block.refuse(key, f"is {shown(value)}, which {parameter(path).title} cannot be; {fitted:g} is used.")
        values[path] = fitted
        return
    usable = usable_value(path, value)
    if usable is None:
        block.refuse(key, f"is {shown(value)}, which {spec.title} cannot be, and was left out.")
    else:
        values[path] = usable
