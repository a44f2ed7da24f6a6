"""Reads sidecars of StabilityMatrix, LoRA Manager and SwarmUI, and the training metadata in the model's header."""

from __future__ import annotations

import re
from collections import Counter

import msgspec

from ...domain.config.catalogue import Value, range_of
from ...domain.config.lenient_reader import Fields, phrase, phrases, plain, read_inner
from ...domain.config.spellings import family_of, kind_of
from ...domain.models.checkpoint_series import Merge, merge_by_recipe
from ...domain.models.families import FamilyCatalogue, recognise
from ...domain.models.lora_series import Training
from ...domain.models.recommendations import FileRecommendation, Hashes
from .safetensors import tensors_in
from .sidecar_civitai import examples_in, words_in
from .sidecar_values import CFG, STEPS, WEIGHT_LIMIT, hash_in, hashes_in, put, put_sampling, put_size, size_in

_FOLDER = re.compile(r"\d+_(.+)")
_NO_TRIGGER = {"img", "image", "images", "train", "training", "dataset", "data", "subject", "style", "none"}
_TAGS: msgspec.json.Decoder[dict[str, dict[str, float]]] = msgspec.json.Decoder(dict[str, dict[str, float]])
_INFO: msgspec.json.Decoder[dict[str, object]] = msgspec.json.Decoder(dict[str, object])
_SECONDS = re.compile(r"\d{1,12}(\.\d{1,20})?")
_MOST_GUESSES = 5
_USUAL = 0.8


def read_stability_matrix(fields: Fields, file: str) -> FileRecommendation:
    """NAME.cm-info.json, the one foreign sidecar with exact settings."""
    values: dict[str, Value] = {}
    defaults = fields.inner("InferenceDefaults")
    put_sampling(values, _name_in(defaults, "Sampler"), _name_in(defaults, "Scheduler"))
    for key, path in (("Steps", STEPS), ("CfgScale", CFG)):
        put(values, path, _unless_zero(defaults, key, path))
    width, height = (defaults.value(key) for key in ("Width", "Height"))
    if width and height:
        size = size_in([width, height])
        put_size(values, size)
        if size is None:
            defaults.refuse("Width", "and Height are no size in pixels and were left out. Correct them.")
    return FileRecommendation(
        file=file,
        dialect="cm-info",
        kind=kind_of(fields.text("ModelType")),
        family=family_of(fields.text("BaseModel")),
        base=fields.text("BaseModel"),
        title=fields.text("UserTitle", "ModelName"),
        values=values,
        trigger_phrases=words_in(fields, "TrainedWords"),
        note=plain(fields.text("ModelDescription")),
        hashes=hashes_in(fields.inner("Hashes")),
        problems=fields.problems.sentences(),
    )


def _name_in(fields: Fields, key: str) -> str:
    value = fields.value(key)
    return fields.inner(key).text("Name") if isinstance(value, dict) else fields.text(key)


def _unless_zero(fields: Fields, key: str, path: str) -> Value | None:
    return None if fields.value(key) in (0, "0") else fields.setting(key, path)


def read_lora_manager(fields: Fields, file: str) -> FileRecommendation:
    """NAME.metadata.json: what its user noted (usage tips) and a copy of the Civitai page."""
    page = fields.inner("civitai")
    tips_text = fields.text("usage_tips")
    tips = read_inner(tips_text, fields.problems, "usage_tips") if tips_text else None
    sha256 = hash_in(fields, "sha256", 64)
    examples = examples_in(page, file.partition(".metadata")[0], fields.text("file_name"))
    values, evidence = dict(examples.values), dict(examples.evidence)
    weight = span = None
    if tips is not None:
        weight, span = _tipped_weight(tips)
        put(values, "clip_skip", _unless_zero(tips, "clip_skip", "clip_skip"))
    if weight is not None:
        evidence.pop("weights", None)
    weight = examples.weight if weight is None else weight
    kind = kind_of(page.inner("model").text("type")) or ("lora" if tips_text or "usage_tips" in fields else "")
    return FileRecommendation(
        file=file,
        dialect="metadata",
        kind=kind,
        family=family_of(fields.text("base_model") or page.text("baseModel")),
        base=fields.text("base_model") or page.text("baseModel"),
        title=fields.text("model_name"),
        values=values,
        evidence=evidence,
        trigger_phrases=words_in(fields, "trainedWords") or words_in(page, "trainedWords"),
        weights=((weight, None),) if weight and kind in ("lora", "") else (),
        weight_range=span,
        note=plain(fields.text("notes") or fields.text("modelDescription")),
        hashes=Hashes(sha256=sha256, autov2=sha256[:10], autov3=hash_in(fields, "autov3", 12)),
        problems=fields.problems.sentences(),
    )


def _tipped_weight(tips: Fields) -> tuple[float | None, tuple[float, float] | None]:
    low, high = (tips.number(key, -WEIGHT_LIMIT, WEIGHT_LIMIT) for key in ("strength_min", "strength_max"))
    span = tips.span("strength_range", -WEIGHT_LIMIT, WEIGHT_LIMIT)
    if low is not None and high is not None and low < high:
        span = (low, high)
    weight = tips.number("strength", -WEIGHT_LIMIT, WEIGHT_LIMIT)
    if weight is None and span is not None:
        weight = round(sum(span) / 2, 3)
    return weight, span


def read_swarm(fields: Fields, file: str) -> FileRecommendation:
    """NAME.swarm.json; its keys stand with or without "modelspec." before them."""
    return _modelspec(fields, file, sidecar=True)


def read_metadata(header: bytes, fields: Fields, file: str, families: FamilyCatalogue) -> FileRecommendation:
    """What kohya's trainer and others wrote into the header, and what its tensors tell; `fields` are its metadata."""
    spec = _modelspec(fields, file, sidecar=False)
    values: dict[str, Value] = dict(spec.values)
    if "txt2img.width" not in values:
        put_size(values, size_in(fields.hint("ss_resolution")))
    skip = fields.hint("ss_clip_skip")
    high = range_of("clip_skip")[1]
    if skip.isdecimal() and 1 <= int(skip[:4]) <= high:
        values["clip_skip"] = int(skip)
    guessed = () if spec.trigger_phrases else _guessed(fields)
    name = fields.text("ss_output_name")
    whole = hash_in(fields, "sshs_model_hash", 64)
    seen = recognise(tensors_in(header), families)
    trained = fields.text("ss_base_model_version")
    return msgspec.structs.replace(
        spec,
        kind=seen.kind or kind_of(fields.text("ss_network_module")) or spec.kind,
        family=spec.family or trained_on(trained, fields.hint("ss_v2")),
        base=" ".join(filter(None, (spec.base, trained, fields.hint("ss_sd_model_name")[:200]))),
        seen=seen,
        title=spec.title or fields.text("ssmd_display_name") or name,
        names=(name,) if name else (),
        values=values,
        evidence={"trigger_phrases": "most frequent words of its training"} if guessed else {},
        trigger_phrases=spec.trigger_phrases or guessed,
        phrases_guessed=bool(guessed),
        hashes=Hashes(autov3=whole[:12]),
        training=training_in(fields),
        merge=merge_in(fields),
        problems=fields.problems.sentences(),
    )


def training_in(fields: Fields) -> Training:
    """What a header tells of the training that the file is from, by the words of kohya's trainer and of ai-toolkit."""
    try:
        info = _INFO.decode(fields.hint("training_info"))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        info = {}
    finished = fields.hint("ss_training_finished_at")
    shape = (fields.hint(f"ss_{name}") for name in ("base_model_version", "network_module", "network_dim"))
    return Training(
        session_id=fields.hint("ss_session_id").strip()[:100],
        output_name=fields.hint("ss_output_name").strip()[:200],
        steps=_count(fields.hint("ss_steps") or str(info.get("step", ""))),
        epoch=_count(fields.hint("ss_epoch") or str(info.get("epoch", ""))),
        finished_at=float(finished) if _SECONDS.fullmatch(finished) else 0.0,
        shape=" ".join(part[:100] for part in shape if part and part != "None"),
    )


def merge_in(fields: Fields) -> Merge:
    """What a header tells of the mix that a checkpoint is, by the words of A1111's merger."""
    try:
        return merge_by_recipe(_INFO.decode(fields.hint("sd_merge_recipe")))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Merge()


def _count(written: str) -> int:
    return int(written) if written.isdecimal() and len(written) < 10 else 0


def _modelspec(fields: Fields, file: str, *, sidecar: bool) -> FileRecommendation:
    def text(key: str) -> str:
        return fields.text(f"modelspec.{key}", key) if sidecar else fields.text(f"modelspec.{key}")

    values: dict[str, Value] = {}
    put_size(values, size_in(text("resolution")))
    weight_key = next((key for key in ("modelspec.lora_default_weight", "lora_default_weight") if key in fields), "")
    weight = fields.number(weight_key, -WEIGHT_LIMIT, WEIGHT_LIMIT) if weight_key else None
    architecture = text("architecture")
    return FileRecommendation(
        file=file,
        dialect="swarm" if sidecar else "header",
        kind=kind_in(architecture) or ("lora" if weight else ""),
        family=family_in(architecture, text("implementation")),
        base=architecture,
        title=text("title"),
        values=values,
        trigger_phrases=phrases(text("trigger_phrase")),
        weights=((weight, None),) if weight else (),
        note=plain(text("usage_hint") or text("description")),
        problems=fields.problems.sentences(),
    )


def kind_in(architecture: str) -> str:
    """What a file of such an architecture ("stable-diffusion-xl-v1-base/lora") is; "" when that does not tell."""
    # "stable-diffusion-xl-v1-base" alone is a base; what stands after the slash was put on top of one.
    return kind_of(architecture.partition("/")[2] or architecture) if architecture else ""


def family_in(architecture: str, implementation: str) -> str:
    """The family of an architecture; "" when it is not said."""
    # Some trainers name Flux only where others put the address of their program.
    return "flux" if "flux" in implementation.casefold() else family_of(architecture.partition("/")[0])


def trained_on(base: str, version_2: str) -> str:
    """The family by kohya's words for the base model; "" when they do not tell."""
    return family_of(base) or ("sd21" if version_2 == "True" else "")


def _guessed(fields: Fields) -> tuple[str, ...]:
    """Names of training folders ("10_token class"), then tags that nearly every caption has."""
    try:
        folders = _TAGS.decode(fields.hint("ss_tag_frequency"))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        # Only a source of guesses; trainers write it in several shapes.
        return ()
    words = [found[1].split()[0] for name in folders if (found := _FOLDER.fullmatch(name)) and found[1].strip()]
    counted: Counter[str] = Counter()
    for tags in folders.values():
        counted.update({tag: int(number) for tag, number in tags.items() if 0 < number < 1e9})
    most = counted.most_common(_MOST_GUESSES)
    words += [tag for tag, number in most if number >= _USUAL * most[0][1]]
    kept = (clean for word in words if (clean := phrase(word)) and clean.casefold() not in _NO_TRIGGER)
    return tuple(dict.fromkeys(kept))[:_MOST_GUESSES]
