"""The names of the values in a workflow as the screen of ComfyUI saves it, which keeps only their order.

They are known by the class of the node, told by its sockets, or guessed by what stands beside what: a sampler is
followed by its schedule, steps and CFG go before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ..config.spellings import is_scheduler, scheduler_name
from .recipe import MODEL_ENDING, list_of, object_of, text_of

# The widgets of a saved workflow have no names; only their order tells. "" is a switch of the screen.
_WIDGETS: Mapping[str, tuple[str, ...]] = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": (
        *("add_noise", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler"),
        *("start_at_step", "end_at_step", "return_with_leftover_noise"),
    ),
    "SamplerCustom": ("add_noise", "noise_seed", "", "cfg"),
    "SaveImage": ("filename_prefix",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "CheckpointLoader": ("config_name", "ckpt_name"),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "VAELoader": ("vae_name",),
    "UpscaleModelLoader": ("model_name",),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "CLIPSetLastLayer": ("stop_at_clip_layer",),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "EmptySD3LatentImage": ("width", "height", "batch_size"),
    "LatentUpscale": ("upscale_method", "width", "height", "crop"),
    "LatentUpscaleBy": ("upscale_method", "scale_by"),
    "ImageScaleBy": ("upscale_method", "scale_by"),
    "ImageScale": ("upscale_method", "width", "height", "crop"),
    "RandomNoise": ("noise_seed", ""),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "KarrasScheduler": ("steps",),
    "SDTurboScheduler": ("steps", "denoise"),
    "AlignYourStepsScheduler": ("model_type", "steps", "denoise"),
    "CFGGuider": ("cfg",),
    "FluxGuidance": ("guidance",),
    "Flux2Scheduler": ("steps", "width", "height"),
    "BetaSamplingScheduler": ("steps", "alpha", "beta"),
    "ExponentialScheduler": ("steps",),
    "PolyexponentialScheduler": ("steps",),
    "LaplaceScheduler": ("steps",),
    "VPScheduler": ("steps",),
    "ManualSigmas": ("sigmas",),
    "SplitSigmas": ("step",),
    "SplitSigmasDenoise": ("denoise",),
    "CLIPLoader": ("clip_name", "type", "device"),
    "DualCLIPLoader": ("clip_name1", "clip_name2", "type", "device"),
    "TripleCLIPLoader": ("clip_name1", "clip_name2", "clip_name3"),
    "QuadrupleCLIPLoader": ("clip_name1", "clip_name2", "clip_name3", "clip_name4"),
    "UnetLoaderGGUF": ("unet_name",),
    "CLIPLoaderGGUF": ("clip_name", "type"),
    "DualCLIPLoaderGGUF": ("clip_name1", "clip_name2", "type"),
    "ModelSamplingAuraFlow": ("shift",),
    "ModelSamplingSD3": ("shift",),
    "ModelSamplingFlux": ("max_shift", "base_shift", "width", "height"),
    "EmptyFlux2LatentImage": ("width", "height", "batch_size"),
    "EmptyHiDreamO1LatentImage": ("width", "height", "batch_size"),
    "TextEncodeQwenImageEdit": ("prompt",),
    "TextEncodeQwenImageEditPlus": ("prompt",),
    "CLIPTextEncodeSD3": ("clip_l", "clip_g", "t5xxl", "empty_padding"),
    "CLIPTextEncodeHiDream": ("clip_l", "clip_g", "t5xxl", "llama"),
    "CLIPTextEncodeLumina2": ("system_prompt", "user_prompt"),
    "LoadImage": ("image", "upload"),
    "ControlNetLoader": ("control_net_name",),
    "ControlNetApply": ("strength",),
    "ControlNetApplyAdvanced": ("strength", "start_percent", "end_percent"),
    "ImageScaleToTotalPixels": ("upscale_method", "megapixels"),
    "StringConcatenate": ("string_a", "string_b", "delimiter"),
    "CLIPTextEncodeSDXL": ("width", "height", "crop_w", "crop_h", "target_width", "target_height", "text_g", "text_l"),
    "Seed (rgthree)": ("seed",),
    "ImpactSwitch": ("select", "sel_mode"),
    "ImpactWildcardEncode": ("wildcard_text", "populated_text", "mode"),
    "ImpactWildcardProcessor": ("wildcard_text", "populated_text", "mode"),
    "SDXLPromptStyler": ("text_positive", "text_negative", "style"),
    "LoraLoader|pysssss": ("lora_name", "strength_model", "strength_clip"),
    "KSampler (Efficient)": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "Efficient Loader": (
        *("ckpt_name", "vae_name", "clip_skip", "lora_name", "lora_model_strength", "lora_clip_strength", "positive"),
        *("negative", "token_normalization", "weight_interpretation", "empty_latent_width", "empty_latent_height"),
        "batch_size",
    ),
    "LoRA Stacker": (
        *("input_mode", "lora_count"),
        *(f"{one}_{nth}" for nth in range(1, 50) for one in ("lora_name", "lora_wt", "model_str", "clip_str")),
    ),
    "CR LoRA Stack": tuple(
        f"{one}_{nth}" for nth in (1, 2, 3) for one in ("switch", "lora_name", "model_weight", "clip_weight")
    ),
    "easy fullLoader": (
        *("ckpt_name", "config_name", "vae_name", "clip_skip", "lora_name", "lora_model_strength"),
        *(
            "lora_clip_strength",
            "resolution",
            "empty_latent_width",
            "empty_latent_height",
            "positive",
            "",
            "",
            "negative",
        ),
    ),
    "KSampler SDXL (Eff.)": (
        *("noise_seed", "", "steps", "cfg", "sampler_name", "scheduler", "start_at_step", "refine_at_step"),
        *("preview_method", "vae_decode"),
    ),
    "Eff. Loader SDXL": (
        *("base_ckpt_name", "base_clip_skip", "refiner_ckpt_name", "refiner_clip_skip", "positive_ascore"),
        *("negative_ascore", "vae_name", "positive", "negative", "token_normalization", "weight_interpretation"),
        *("empty_latent_width", "empty_latent_height", "batch_size"),
    ),
    "easy preSampling": ("steps", "cfg", "sampler_name", "scheduler", "denoise", "seed"),
}
_AFTER_SEED = ("fixed", "increment", "decrement", "randomize")
_SIDES = re.compile(r"[0-9]{3,4} ?[x×*] ?[0-9]{3,4}")
_PIPES = ("PIPE_LINE", "BASIC_PIPE", "SDXL_TUPLE", "RGTHREE_CONTEXT")
_LONG = 4


def widget_names(node: Mapping[str, object], kind: str, sockets: Sequence[dict[str, object]]) -> tuple[str, ...]:
    """The names of a node's values in their order, "" for what has none; () where nothing tells them."""
    values = list_of(node.get("widgets_values"))
    known = _WIDGETS.get(kind, ())
    # Other versions of a node have other values.
    found = known if _are_meant(known, values) else ()
    return found or _told_names(kind, sockets, values) or _guessed_names(node, kind, sockets, values)


def _are_meant(names: Sequence[str], values: Sequence[object]) -> bool:
    pairs = [(name, value) for name, value in zip(names, values, strict=False) if value is not None]
    numbers = all(_is_number(value) for name, value in pairs if name in ("steps", "cfg", "width", "height"))
    return numbers and all(isinstance(value, str) for name, value in pairs if name in ("sampler_name", "scheduler"))


def _told_names(kind: str, sockets: Sequence[dict[str, object]], values: Sequence[object]) -> tuple[str, ...]:
    """The names of a node's values, where its sockets tell them; each seed is followed by what becomes of it."""
    if kind.startswith("Primitive"):
        return ("value",)
    names: list[str] = []
    for socket in sockets:
        name = text_of(object_of(socket.get("widget")).get("name"))
        if not name:
            continue
        while len(names) < len(values) and values[len(names)] in _AFTER_SEED and "seed" in "".join(names[-1:]):
            names.append("")
        if len(names) >= len(values) or not _fits(values[len(names)], socket.get("type")):
            # Not all widgets have sockets here; a text is a text all the same.
            return tuple(one if isinstance(value, str) else "" for one, value in zip(names, values, strict=False))
        names.append(name)
    if names and all(one in ("", None, *_AFTER_SEED) for one in values[len(names) :]):
        return tuple(names)
    return ()


def _fits(value: object, kind: object) -> bool:
    """Whether a value can be one of this kind, as far as the kind is told."""
    if kind == "STRING":
        return isinstance(value, str)
    if kind == "BOOLEAN":
        return isinstance(value, bool)
    if kind in ("INT", "FLOAT"):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return True


def _guessed_names(
    node: Mapping[str, object], kind: str, sockets: Sequence[dict[str, object]], values: Sequence[object]
) -> tuple[str, ...]:
    """Names by what stands beside what. None is given twice."""
    names: dict[int, str] = {}
    used: set[str] = set()
    outputs = {text_of(object_of(raw).get("type")) for raw in list_of(node.get("outputs"))[:20]}
    takes = {text_of(socket.get("type")) for socket in sockets}
    for nth, name in (
        *_of_sampler(values),
        *_of_models(kind, values, outputs, takes),
        *_of_size(values, outputs, takes),
        *_of_words(values, outputs),
    ):
        if name not in used and nth not in names:
            used.add(name)
            names[nth] = name
    return tuple(names.get(nth, "") for nth in range(max(names, default=-1) + 1))


def _of_sampler(values: Sequence[object]) -> Iterator[tuple[int, str]]:
    for nth in range(1, len(values) - 1):
        name, schedule = values[nth], values[nth + 1]
        if not (isinstance(name, str) and isinstance(schedule, str) and is_scheduler(scheduler_name(schedule))):
            continue
        if not _is_number(values[nth - 1]) or not name or " " in name:
            continue
        yield nth, "sampler_name"
        yield nth + 1, "scheduler"
        yield nth - 1, "cfg"
        if nth > 1 and isinstance(values[nth - 2], int):
            yield nth - 2, "steps"
        yield from _of_seed(values, nth)
        after = values[nth + 2 : nth + 4]
        if (
            after
            and _is_number(after[0])
            and isinstance(after[0], float | int)
            and 0 <= after[0] <= 1
            and not (len(after) > 1 and isinstance(after[1], int) and after[1] > 1 and after[0] == 0)
        ):
            yield nth + 2, "denoise"
        elif len(after) > 1 and all(isinstance(one, int) for one in after):
            yield nth + 2, "start_at_step"
            yield nth + 3, "end_at_step"
        return


def _of_seed(values: Sequence[object], sampler: int) -> Iterator[tuple[int, str]]:
    """The seed of a sampler: before its steps, or the number that a word of the screen follows."""
    at = sampler - 3
    if at > 0 and (values[at] is None or values[at] in _AFTER_SEED):
        at -= 1
    if at >= 0 and _is_number(values[at]):
        yield at, "seed"
    for nth in range(sampler + 2, len(values) - 1):
        if _is_number(values[nth]) and values[nth + 1] in _AFTER_SEED:
            yield nth, "seed"


def _of_models(kind: str, values: Sequence[object], outputs: set[str], takes: set[str]) -> Iterator[tuple[int, str]]:
    files = [nth for nth, value in enumerate(values) if isinstance(value, str) and MODEL_ENDING.search(value[-20:])]
    if files and "lora" in kind.casefold():
        yield files[0], "lora_name"
        numbers = [nth for nth in range(files[0] + 1, len(values)) if _is_number(values[nth])][:2]
        yield from zip(numbers, ("strength_model", "strength_clip"), strict=False)
    elif files and outputs & {"MODEL", *_PIPES} and not takes & {"MODEL", *_PIPES}:
        yield files[0], "ckpt_name"
        for nth in files[1:]:
            if "vae" in text_of(values[nth]).casefold():
                yield nth, "vae_name"


def _of_size(values: Sequence[object], outputs: set[str], takes: set[str]) -> Iterator[tuple[int, str]]:
    for nth, value in enumerate(values):
        if isinstance(value, str) and _SIDES.search(value[:60]):
            yield nth, "resolution"
            return
    if "LATENT" not in outputs or takes & {"LATENT", "IMAGE"}:
        return
    for nth in range(len(values) - 1):
        if all(isinstance(one, int) and 64 <= one <= 16_384 for one in values[nth : nth + 2]):
            yield nth, "width"
            yield nth + 1, "height"
            return


def _of_words(values: Sequence[object], outputs: set[str]) -> Iterator[tuple[int, str]]:
    texts = [
        nth
        for nth, value in enumerate(values)
        if isinstance(value, str)
        and (len(values) == 1 or value.count(" ") >= _LONG - 1 or ", " in value or len(value) > 40)
        and not MODEL_ENDING.search(value[-20:])
        and not _SIDES.search(value[:60])
    ]
    if len(texts) > 1 and outputs & {*_PIPES, "MODEL"}:
        yield texts[0], "positive"
        yield texts[1], "negative"
    elif texts and (len(values) == 1 or "CONDITIONING" in outputs or "STRING" in outputs):
        yield texts[0], "text"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
