"""The recipe of a WebUI's picture, out of its generation text: both passes, the refiner, the repairs of ADetailer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..base.errors import InvalidInput
from ..base.model_hash import hash_digits
from ..config.catalogue import LISTED_PASSES
from ..config.controlnet import told_units, unit_words
from ..config.spellings import sampler_and_scheduler
from ..config.styles import joined
from .infotext import WRITTEN, inpainting, named_values, parse
from .recipe import Recipe, RecipeDraft, bare_name, is_nothing, list_of, number_of, object_of, read_json, text_of
from .sdnext import scheduler_of, used_sampler
from .told import Told

_SECOND_PASS = ("Hires upscale", "Hires resize", "Hires upscaler", "Hires steps")
_SIZE = re.compile(r"([0-9]{1,6}) ?[x×] ?([0-9]{1,6})")
_MODULE = re.compile(r"Module [1-9]")
_VAE_FILE = re.compile(r"(^|[\W_])(vae|ae)([\W_]|$)", re.IGNORECASE)
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
    "Sampler shift": "Shift",
    "Guidance": "Distilled CFG Scale",
}
_TOOLS = (
    ("ComfyUI", "ComfyUI"),
    ("Fooocus", "Fooocus"),
    ("sketch", "StableNew sketch"),
    ("stable-diffusion.cpp", "stable-diffusion.cpp"),
)
_CLASS = re.compile(r"[A-Z]\w*Scheduler")
_NUMBERED = 50
_OWN_VAE = ("automatic", "auto", "default", "baked vae")
_RESOURCES = 50
_ROUNDED = 0.02
_TEXT = 20_000
_NAMED_TAG = re.compile(r"<(?:lora|lyco):([^<>:\n]{1,200})[:>]", re.IGNORECASE)
# Fooocus writes the weight behind the hash.
_HASHED = re.compile(r"(?:^|, )([^:,]{1,200}): ?[0-9a-fA-F]{8,64}(?:: ?(-?[0-9.]{1,8}))?")
_WEIGHED = re.compile(r"([^:,<>]{1,200}): ?(-?[0-9.]{1,8})(?:, |$)")
_HASHED_JSON = re.compile(r'"(?:lora|LORA):([^"]{1,200})"')
# Not how the picture was made, but of which files, when or by which way: listed, but not worth a sentence.
_ABOUT = re.compile(
    r"(Lora|TI|Emb|VAE|Model|Refiner|Hires)? ?hash(es)?|Hashes|TI|Created Date|Civitai metadata|Pipeline|Operations"
    r"|Backend|Parser|ADetailer version|AddNet .*|Civitai resources|Template|Wildcard prompt|Wildcard negative prompt"
    r"|Negative Template|Time|Time taken|User|Mode|Comment|Refine|HiRes mode|Hires force|Version|App|Operations",
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
        given = _Values(values)
        _first_pass(draft, given)
        _second_pass(draft, given)
        _repairs(draft, given)
        _resources(draft, given, prompt)
        _left_out(draft, given)
    else:
        draft.note("There is a prompt but no settings in the picture.")
    for line in info.after.split("\n"):
        if line:
            draft.leave_out("line behind the settings", line, "Another program added it.")
    return draft.recipe(prompt, negative, text)


def _in_one_dialect(values: Mapping[str, str]) -> dict[str, str]:
    """The values by the keys of A1111."""
    # Some tools write them all small.
    values = {WRITTEN.get(key, key): text for key, text in values.items()}
    if "Hires scale" in values and "Hires upscaler" not in values and "Hires upscale" in values:
        # sd-server names the upscaler there.
        values["Hires upscaler"] = values.pop("Hires upscale")
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
    for sign, tool in _TOOLS:
        if version.startswith(sign):
            return tool
    if values.get("App", "").startswith("SD.Next"):
        return "SD.Next"
    return "Forge" if re.match(r"f\d", version) else "A1111"


class _Values(Told):
    """The values of a generation text, by their keys there and by the paths of this program."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.written = values
        self._keys = {
            path: key for stage in ("adetailer", "txt2img") for key in values for path in named_values({key: ""}, stage)
        }

    def has(self, *keys: str) -> bool:
        """Whether any of these keys is there."""
        return any(key in self.written for key in keys)

    def text(self, key: str) -> str:
        """The text under a key, which is taken by that."""
        return text_of(self.take(key))

    def look(self, path: str) -> str | None:
        """The text for a path, which is not taken by that; None when there is none."""
        return self.written.get(self._keys.get(path, ""))

    def at(self, path: str, missing: object = None) -> object:
        """The text for a path, which is taken by that."""
        found = self.take(self._keys[path]) if path in self._keys else None
        return missing if found is None else found

    def paths(self) -> Iterator[str]:
        """All paths that something is told for."""
        yield from self._keys


def _first_pass(draft: RecipeDraft, given: _Values) -> None:
    draft.put_seed(given.at("seed"))
    scheduler = text_of(given.at("txt2img.scheduler"))
    told = text_of(given.at("txt2img.sampler"))
    if _CLASS.fullmatch(scheduler):
        draft.leave_out("Scheduler", scheduler, "It is the class that computed the sampler, and no schedule.")
        used = used_sampler(told, scheduler)
        if used != told:
            draft.leave_out("Sampler", told, f"SD.Next computed the picture with {used} ({scheduler}).")
        scheduler, told = scheduler_of(text_of(given.get("Sampler sigma"))), used
        if scheduler:
            given.take("Sampler sigma")
    draft.put_sampler(told, scheduler)
    for name in ("steps", "cfg_scale", "guidance", "shift", "subseed", "subseed_strength"):
        draft.put(f"txt2img.{name}", given.at(f"txt2img.{name}"))
    if not is_nothing(vae := text_of(given.at("vae"))) and vae.casefold() not in _OWN_VAE:
        draft.put("vae", vae)
    _modules(draft, given)
    draft.model_hash = hash_digits(text_of(given.get("Model hash")))
    if draft.model_hash:
        given.take("Model hash")
    # A name is what people know; where only the hash is written it stands for the checkpoint.
    draft.put_file("checkpoint", given.at("checkpoint") or draft.model_hash)
    # WebUIs write it only when it is not 1; the other tools that write such texts do not write it at all.
    skip = given.at("clip_skip")
    if skip is not None or not given.has("Version") or _writer(given.written) in ("A1111", "Forge"):
        draft.put("clip_skip", 1 if skip is None else skip)
    written = given.text("Size")
    if size := _SIZE.fullmatch(written):
        draft.put_size(size[1], size[2])
    elif written:
        draft.note("The size is not written as width x height. It was left out.")
        draft.leave_out("Size", written, "It is not written as width x height.")
    for lora in given.text("Lora weights").split(", ", 100):
        name, _, weight = lora.partition(": ")
        draft.add_lora(name, weight or None)
    for key in ("LoRA", "LoRAs", "Lora", "LoRA networks"):
        # Whole texts alone: anything else is named.
        if (weighed := text_of(given.get(key))[:_TEXT]) and not _WEIGHED.sub("", weighed):
            given.take(key)
            for name, weight in _WEIGHED.findall(weighed)[:_RESOURCES]:
                draft.add_lora(name, weight)
    for nth in range(_NUMBERED):
        if name := given.text(f"Lora_{nth} Model name"):
            draft.add_lora(name, given.take(f"Lora_{nth} Strength model"))
    for nth in range(1, 6):
        if given.get("AddNet Enabled") == "True" and (name := given.text(f"AddNet Model {nth}")):
            draft.add_lora(name.partition("(")[0], given.take(f"AddNet Weight A {nth}", f"AddNet Weight {nth}"))
    if not is_nothing(text_of(given.get("Refiner"))):
        draft.put("refiner.enabled", True)
        draft.put_file("refiner.checkpoint", given.take("Refiner"))
        draft.put("refiner.switch_at", given.take("Refiner switch at"))


def _modules(draft: RecipeDraft, given: _Values) -> None:
    """Forge writes the text encoders and the VAE that it loaded beside the model as modules."""
    names = [given.text(key) for key in given.written if _MODULE.fullmatch(key)]
    encoders = [name for name in names if not is_nothing(name) and not _VAE_FILE.search(name)]
    for name in names:
        if name not in encoders and not is_nothing(name) and "vae" not in draft.values:
            draft.put("vae", name)
    if te := given.text("TE"):
        encoders.append(te)
    if encoders:
        draft.put("text_encoders", joined(encoders))


def _second_pass(draft: RecipeDraft, given: _Values) -> None:
    sdnext = _writer(given.written) == "SD.Next"
    if not given.has(*(_SECOND_PASS[:3] if sdnext else _SECOND_PASS)):
        _over_another(draft, given)
        return
    if sdnext and not given.has("Hires steps", "Denoising strength"):
        # It only enlarged the picture, without sampling again.
        draft.put("upscale.enabled", True)
        draft.put("upscale.upscaler", given.at("hires.upscaler"))
        draft.put("upscale.scale", given.at("hires.scale"))
        draft.note("The finished picture was enlarged; that is the upscale stage here.")
        return
    draft.put("hires.enabled", True)
    # Not written means the same as in the first pass.
    for path, missing in (("steps", 0), ("cfg_scale", 0), ("denoise", None), ("scale", None), ("upscaler", None)):
        draft.put(f"hires.{path}", given.at(f"hires.{path}", missing))
    own = {path: _own(text_of(given.at(f"hires.{path}"))) for path in ("sampler", "scheduler", "checkpoint")}
    sampler, scheduler = sampler_and_scheduler(own["sampler"], own["scheduler"])
    draft.put("hires.sampler", sampler)
    draft.put("hires.scheduler", scheduler)
    draft.put("hires.checkpoint", bare_name(own["checkpoint"]))
    for path in ("prompt", "negative"):
        draft.put(f"hires.{path}", _own(text_of(given.at(f"hires.{path}"))))
    _scale_of_resize(draft, given)


def _over_another(draft: RecipeDraft, given: _Values) -> None:
    """What tells that a picture was painted over another one."""
    if given.look("hires.denoise") is None:
        return
    draft.put("img2img.denoise", given.at("hires.denoise"))
    draft.note(_HERE_ONLY)
    masked = inpainting(given.written)
    for path, value in masked.items():
        draft.put(path, value)
    if masked:
        for key in ("Mask blur", "Masked content", "Inpaint area", "Masked area padding"):
            given.take(key)
        if given.get("Mask mode") == "Inpaint not masked":
            given.take("Mask mode")
        draft.note("Only a part of it was painted anew; the mask is not in the file, either.")


def _own(written: str) -> str:
    """A name that a pass has for itself; "" where it uses the same as the first."""
    return "" if written.startswith("Use same") or is_nothing(written) else written


def _scale_of_resize(draft: RecipeDraft, given: _Values) -> None:
    first, second = _SIZE.fullmatch(text_of(given.get("Size"))), _SIZE.fullmatch(text_of(given.get("Hires resize")))
    wide = number_of(second[1], 0) if second else 0
    tall = number_of(second[2], 0) if second else 0
    width = number_of(first[1], 0) if first else 0
    height = number_of(first[2], 0) if first else 0
    if not width or not height or not (wide or tall):
        return
    # The server takes the shape of the first pass when one of the two is 0, and cuts when they do not fit.
    by_width, by_height = (wide or 0) / width, (tall or 0) / height
    scale = round(max(by_width, by_height), 3)
    told = number_of(draft.values.get("hires.scale"))
    if told is not None and abs(told - scale) > _ROUNDED:
        return  # another size than the scale says; it stays in the list
    given.take("Hires resize")
    if wide and tall and abs(by_width - by_height) > _ROUNDED:
        draft.note("The second pass also cut the picture to another shape. That was left out.")
        draft.leave_out("Hires resize", given.get("Hires resize"), "It is of another shape than the first pass.")
    if told is None:
        draft.put("hires.scale", scale)


def _repairs(draft: RecipeDraft, given: _Values) -> None:
    passes: dict[int, dict[str, str]] = {}
    for path in given.paths():
        if path.startswith("adetailer.passes.") and (text := given.look(path)) is not None:
            _, _, nth, field = path.split(".")
            passes.setdefault(int(nth), {})[field] = text
    used = [place for place, one in sorted(passes.items()) if not is_nothing(one.get("model", ""))]
    if used:
        draft.put("adetailer.enabled", True)
    for place in used:
        for field in passes[place]:
            given.at(f"adetailer.passes.{place}.{field}")
    for to, place in enumerate(used[:LISTED_PASSES]):
        _repair(draft, f"adetailer.passes.{to}", {**_PASS_DEFAULTS, **passes[place]})
    for number, place in enumerate(used[LISTED_PASSES:], start=LISTED_PASSES + 1):
        one = passes[place]
        draft.note(f"ADetailer pass {number} ({one['model'][:80]}) has no place here. It was left out.")
        draft.leave_out_all(f"ADetailer pass {number}", one, "There are two passes here.")


def _repair(draft: RecipeDraft, prefix: str, one: Mapping[str, str]) -> None:
    sampler, scheduler = sampler_and_scheduler(_own(one["sampler"]), _own(one["scheduler"]))
    for field, text in {**one, "sampler": sampler, "scheduler": scheduler}.items():
        draft.put(f"{prefix}.{field}", text)


def _left_out(draft: RecipeDraft, given: _Values) -> None:
    if units := told_units(given.written):
        words = "; ".join(unit_words(unit) for unit in units[:4])
        draft.note(f"ControlNet guided it ({words[:300]}); the pictures of its units are not in the file.")
    for key, raw in given.rest():
        text = text_of(raw)
        if text in _EMPTY or text.startswith("Use same"):
            continue
        if key.startswith("ControlNet") and units:
            draft.leave_out(key, text, "The pictures of its units are not in the file.")
        elif _ABOUT.fullmatch(key):
            draft.leave_out(key, text, "It tells about the picture or its files and is no setting.")
        else:
            draft.unplaced(key, text)


def _resources(draft: RecipeDraft, given: _Values, prompt: str) -> None:
    """Models and LoRAs that stand in the values only: they have no name of a file or no weight."""
    try:
        listed = list_of(read_json(text_of(given.get("Civitai resources")) or "[]", "The list of resources"))
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
    hashed = dict(_HASHED.findall(text_of(given.get("Lora hashes"))[:_TEXT]))
    hashed |= dict.fromkeys(_HASHED_JSON.findall(text_of(given.get("Hashes"))[:_TEXT]), "") | hashed
    known = {name.casefold() for name in (*_NAMED_TAG.findall(prompt), *draft.loras)}
    for name, weight in list(hashed.items())[:_RESOURCES]:
        if bare_name(name).casefold() in known:
            continue
        if weight:
            draft.add_lora(name, weight)
        else:
            _no_file(draft, "LoRA", name, "only its hash is told, and no weight")


def _no_file(draft: RecipeDraft, kind: str, name: str, why: str) -> None:
    draft.note(f"The {kind[:40]} '{name[:80]}' was used too; {why}. It was left out.")
    draft.leave_out(kind, name, f"{why[:1].upper()}{why[1:]}.")
