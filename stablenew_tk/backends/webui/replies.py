"""Parses the replies of a WebUI: checks that pictures are complete, and compares the values used with those asked for.

A WebUI answers "200 OK" also when it used another sampler or checkpoint than asked. Its echo of the request proves
nothing, so `info` and the generation text in the picture are compared with the request.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from ...domain.base.errors import BadImage
from ...domain.config.catalogue import Value, get_value, stage_values, with_first_pass
from ...domain.config.controlnet import told_units
from ...domain.config.pipeline_config import stage_spec
from ...domain.config.styles import joined, style_names, styled
from ...domain.models.idle_settings import GUIDANCE
from ...domain.recipes.infotext import Infotext, applied_values, inpainting, parse, split_sampler
from ...domain.recipes.sdnext import scheduler_of, used_sampler
from ..base import StageImage, StageOrder
from ..decoding import json_as
from ..pictures import DecodedPicture, image_size, most_pixels, open_picture, pixels_of
from .model_needs import left_out
from .named_files import unused_loras
from .requests import REQUESTS, native_sampler, with_bare_embeddings
from .server_facts import AUTOMATIC, ServerFacts, loose

_NO_CLIP_SKIP = "clip_skip: the server has no such setting, so it used its own."
_NO_MASK_TOLD = "inpaint.mask: the server does not say whether it used the mask, so that could not be checked."
_MODULE = re.compile(r"Module \d{1,3}")
_UPSCALER = re.compile(r"Postprocess upscaler: ([^<,]{1,200})")
# Compared by size or count, or chosen by the server.
_NOT_COMPARED = {"txt2img.width", "txt2img.height", "txt2img.batch_size", "upscale.mode", "upscale.scale"}
_SCHEDULERS = {"txt2img.scheduler", "img2img.scheduler", "hires.scheduler"}
_SAMPLERS = {"txt2img.sampler", "img2img.sampler", "hires.sampler"}
_SUBSEED = "txt2img.subseed"
_TEXTS = {"hires.prompt", "hires.negative"}


class _Images(Struct):
    """The answer of txt2img and img2img; base64 becomes bytes while the JSON is read."""

    images: list[bytes] | None = None
    info: str | None = None


class _TextImages(Struct):
    images: list[str] | None = None
    info: str | None = None


class _Extra(Struct):
    image: bytes | None = None
    html_info: str = ""


class _TextExtra(Struct):
    image: str | None = None
    html_info: str = ""


class Info(Struct, frozen=True):
    """The needed fields of `info`, in which the server reports what it did."""

    infotexts: list[str] = []
    all_seeds: list[int] = []
    index_of_first_image: int = 0
    sampler_name: str | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    sd_model_name: str | None = None
    sd_model_hash: str | None = None
    sd_vae_name: str | None = None
    clip_skip: int | None = None
    denoising_strength: float | None = None
    extra_generation_params: dict[str, object] | None = None
    version: str | None = None


class Reply(Struct, frozen=True):
    """One parsed answer: raw pictures and `info`. `reported`: the server sent a readable `info`."""

    pictures: tuple[bytes, ...]
    info: Info = Info()
    reported: bool = True
    upscaler: str = ""


class Made(Struct, frozen=True):
    """The checked pictures of a stage, and the values that were really used."""

    images: tuple[StageImage, ...]
    applied: dict[str, Value] = {}
    notes: tuple[str, ...] = ()


def asked_values(order: StageOrder) -> dict[str, Value]:
    """The values asked for in a stage, by catalogue path; "same as first pass" is replaced by that value."""
    config, stage = order.config, order.stage
    reported = REQUESTS[stage].reported if stage_spec(stage).samples(config) else ()
    asked = {path: value for path in reported if (value := get_value(config, path)) != ""} | stage_values(config, stage)
    return with_first_pass(asked, config)


def read_images(body: bytes | bytearray) -> Reply:
    """Parse a txt2img or img2img answer. Raises ValueError when it is no such answer, BadImage for bad base64."""
    try:
        found = json_as(body, _Images)
        pictures = tuple(found.images or ())
    except msgspec.ValidationError:
        # Strict base64 failed: some servers prefix "data:image/png;base64," or fold lines.
        text = json_as(body, _TextImages)
        pictures, found = tuple(_unbase64(one) for one in text.images or ()), _Images(info=text.info)
    info, reported = _info(found.info)
    first = max(0, info.index_of_first_image)
    # The grid stands first when the server saves files; what follows the texts are masks and maps.
    texts = info.infotexts[first:]
    pictures = pictures[first : first + len(texts)] if texts else pictures[first:]
    return Reply(pictures, msgspec.structs.replace(info, infotexts=texts), reported)


def read_extra(body: bytes | bytearray) -> Reply:
    """Parse an extra-single-image answer. Raises as `read_images`."""
    try:
        found = json_as(body, _Extra)
        picture, html = found.image, found.html_info
    except msgspec.ValidationError:
        text = json_as(body, _TextExtra)
        picture, html = (None if text.image is None else _unbase64(text.image)), text.html_info
    upscaler = _UPSCALER.search(html)
    return Reply(() if picture is None else (picture,), upscaler=upscaler[1].strip() if upscaler else "")


def _info(text: str | None) -> tuple[Info, bool]:
    """`info` is JSON inside a JSON string. A field of a strange type costs all of them, but not the pictures."""
    try:
        return json_as(text or "", Info, strict=False), True
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Info(), False


def _unbase64(text: str) -> bytes:
    plain = text.partition(";base64,")[2] if text.startswith("data:") else text
    try:
        return binascii.a2b_base64("".join(plain.split()), strict_mode=True)
    except (binascii.Error, ValueError) as err:
        raise BadImage("A picture came cut or garbled (its base64 text is not whole). It was not saved.") from err


def made_images(reply: Reply, order: StageOrder, facts: ServerFacts, asked: Mapping[str, Value]) -> Made:
    """Pictures of txt2img, img2img, ADetailer or a repainting upscale, each marked with what is wrong about it."""
    images: list[StageImage] = []
    applied: dict[str, Value] = {}
    without: dict[str, None] = {}
    for index, data in enumerate(reply.pictures):
        picture = open_picture(data, most_pixels=most_pixels(order))
        text = reply.info.infotexts[index] if index < len(reply.info.infotexts) else picture.text
        done = _applied(reply.info, text, order, index)
        _in_our_names(done, text, order, facts)
        wanted = {**asked, **_seeds(order, asked, index)}
        suspect = [f"mismatch:{path}" for path in differences(wanted, done, facts)]
        _sizes(done, picture.size, order)
        unused, is_there = unused_loras(order, text, facts)
        without |= dict.fromkeys(unused)
        if is_there:
            suspect.append("mismatch:lora")
        if picture.black:
            suspect.append("black")
        if not _size_is_right(picture.size, order):
            suspect.append("size")
        images.append(image_of(picture, text, int(done.pop("seed", wanted["seed"])), suspect))
        applied = applied or done
    if len(images) < _count_asked(asked):
        # Nobody can tell which of them the job was stopped at: those of a batch are painted together.
        images = [as_interrupted(image) for image in images]
    made = Made(tuple(images), applied)
    unsent = () if facts.takes_clip_skip or "clip_skip" not in asked else (_NO_CLIP_SKIP,)
    notes = (*_notes(reply, order, made, asked), *left_out(order), *unsent, *_without(without, facts))
    return msgspec.structs.replace(made, notes=notes)


def _without(names: Iterable[str], facts: ServerFacts) -> list[str]:
    why = {True: "did not use the LoRA “{}”", False: "does not have the LoRA “{}”"}
    listed = [(name, facts.has_lora(name) or not facts.lists_loras) for name in names]
    return [f"The server {why[known].format(name)}: the picture was made without it." for name, known in listed]


def _seeds(order: StageOrder, asked: Mapping[str, Value], index: int) -> dict[str, Value]:
    """The seeds of one picture of a batch: with variation seeds these count up, and the main seed stays."""
    if _SUBSEED in asked:
        return {"seed": order.seed, _SUBSEED: int(asked[_SUBSEED]) + index}
    return {"seed": order.seed + index}


def as_interrupted(image: StageImage) -> StageImage:
    """The picture, marked as unfinished."""
    suspect = tuple(dict.fromkeys((*image.suspect, "interrupted")))
    return msgspec.structs.replace(image, suspect=suspect)


def _count_asked(asked: Mapping[str, Value]) -> int:
    return int(asked.get("txt2img.batch_size", 1))


def image_of(picture: DecodedPicture, text: str, seed: int, suspect: Iterable[str]) -> StageImage:
    """The picture for the record, with what is wrong about it."""
    width, height = picture.size
    return StageImage(
        data=picture.data,
        suffix=picture.suffix,
        width=width,
        height=height,
        seed=seed,
        infotext=text,
        suspect=tuple(suspect),
        pixels=picture.pixels,
    )


def _applied(info: Info, text: str, order: StageOrder, index: int) -> dict[str, Value]:
    """The values used for one picture, by catalogue path: from `info`, else from the generation text."""
    stage = order.stage
    applied = applied_values(parse(text).values, stage)
    for path in ("refiner.checkpoint", "hires.checkpoint"):
        if path in applied:
            applied[path] = str(applied[path]).partition(" [")[0]
    if stage == "adetailer":
        # Around ADetailer the server reports a one-step img2img that did not take place.
        applied.pop("clip_skip", None)
    account: dict[str, Value | None] = {"checkpoint": info.sd_model_name, "vae": info.sd_vae_name}
    if index < len(info.all_seeds):
        # After an interrupt all_seeds is longer than the pictures, so the text of the picture goes first here.
        account["seed"] = applied.get("seed", info.all_seeds[index])
    if stage in ("txt2img", "img2img"):
        sampler, scheduler = split_sampler(info.sampler_name or "")
        # sd-server writes it behind the sampler's name, in small letters, and only here by itself.
        scheduler = scheduler or str((info.extra_generation_params or {}).get("Schedule type") or "")
        account |= {f"{stage}.sampler": sampler or None, f"{stage}.scheduler": scheduler or None}
        account |= {f"{stage}.steps": info.steps, f"{stage}.cfg_scale": info.cfg_scale, "clip_skip": info.clip_skip}
    if stage == "img2img":
        account["img2img.denoise"] = info.denoising_strength
        applied |= inpainting(parse(text).values) if order.config.inpaint.enabled else {}
    if stage == "upscale":
        account |= {"upscale.steps": info.steps, "upscale.denoise": info.denoising_strength}
    return applied | {path: value for path, value in account.items() if value is not None}


def _fill_second_pass(applied: dict[str, Value], order: StageOrder) -> None:
    """What the second pass used where the text says nothing: it is written only where it differs from the first.

    SD.Next writes less, so nothing follows from its silence.
    """
    for path in ("sampler", "scheduler"):
        if f"txt2img.{path}" in applied:
            applied.setdefault(f"hires.{path}", applied[f"txt2img.{path}"])
    if "checkpoint" in applied:
        applied.setdefault("hires.checkpoint", applied["checkpoint"])
    for path, own, plain in (
        ("hires.prompt", order.config.hires.prompt, order.prompt),
        ("hires.negative", order.config.hires.negative, order.negative),
    ):
        if own:
            applied.setdefault(path, with_bare_embeddings(plain))


def _in_our_names(done: dict[str, Value], text: str, order: StageOrder, facts: ServerFacts) -> None:
    """Put values that a kind of server writes in its own way into the words of the catalogue."""
    info = parse(text)
    values = info.values
    if facts.kind != "sdnext" and ("hires.scale" in done or "hires.upscaler" in done):
        _fill_second_pass(done, order)
    if values and order.stage in ("txt2img", "img2img", "upscale"):
        _tell_texts(done, info, order, facts)
    if order.units and values:
        told = told_units(values)
        is_all = len(told) == len(order.units)
        used = is_all and all(one.unit.is_like(unit) for one, unit in zip(order.units, told, strict=True))
        done["controlnet"] = order.config.controlnet if used else ""
    for path in ("checkpoint", "refiner.checkpoint", "hires.checkpoint"):
        if known := facts.checkpoint(str(done.get(path, ""))):
            done[path] = known.name
    if facts.kind == "sdnext" and order.config.txt2img.guidance and "txt2img.cfg_scale" in done:
        # It was sent as CFG scale, and is written as one.
        done[GUIDANCE] = done.pop("txt2img.cfg_scale")
    if facts.kind == "sdnext" and order.stage in ("txt2img", "img2img") and "Sampler" in values:
        done[f"{order.stage}.sampler"] = used_sampler(values["Sampler"], values.get("Scheduler", ""))
        sigma = values.get("Sampler sigma", "")
        done[f"{order.stage}.scheduler"] = (scheduler_of(sigma) or sigma) if sigma else AUTOMATIC
    if facts.is_forge and values:
        # VAE and text encoders are "Module 1…n"; there is none where the checkpoint's own are used.
        modules = [value for key, value in values.items() if _MODULE.fullmatch(key)]
        done["vae"] = facts.vae(modules)
        done["text_encoders"] = joined(facts.encoders_among(modules))
    if order.config.hires.enabled and order.stage == "txt2img" and "Hires scale" in values:
        # sd-server and SD.Next: 0 steps are as many as before.
        done["hires.scale"] = _number(values["Hires scale"], 0.0)
        done["hires.steps"] = done.get("hires.steps") or order.config.txt2img.steps
        if "Hires strength" in values:
            done["hires.denoise"] = _number(values["Hires strength"], 0.0)
        if facts.is_subset:
            # sd-server calls the upscaler so.
            done["hires.upscaler"] = values.get("Hires upscale", "")


def _tell_texts(done: dict[str, Value], info: Infotext, order: StageOrder, facts: ServerFacts) -> None:
    """Whether the styles were used, which only the prompt in the text shows: it is the one that they were put around.

    Nothing is told where it is neither that nor ours: an extension may have changed it, or somebody the style; and then
    the texts of the second pass prove nothing either.
    """
    texts = [facts.styles.get(name, ("", "")) for name in style_names(order.config.styles, facts.styles)]
    hires = order.config.hires
    both = {"hires.prompt": (order.prompt, hires.prompt, 0), "hires.negative": (order.negative, hires.negative, 1)}
    plain = [_flat(with_bare_embeddings(first)) for first, _, _ in both.values()]
    merged = [_flat(_put_around(first, texts, side)) for first, _, side in both.values()]
    written = [_flat(info.prompt), _flat(info.negative)]
    if texts and written in (merged, plain):
        done["styles"] = order.config.styles if written == merged else ""
    for path, (_, own, side) in both.items():
        if written not in (merged, plain):
            done.pop(path, None)
        elif own and _flat(str(done.get(path, ""))) == _flat(_put_around(own, texts, side)):
            # The styles are put around the texts of the second pass, too.
            done[path] = own


def _put_around(prompt: str, texts: Iterable[tuple[str, str]], side: int) -> str:
    return styled(with_bare_embeddings(prompt), [both[side] for both in texts])


def _flat(text: str) -> str:
    """A text for comparison: servers strip texts and lines."""
    return " ".join(text.split())


def differences(asked: Mapping[str, Value], applied: Mapping[str, Value], facts: ServerFacts) -> list[str]:
    """Paths at which the server used another value than asked. Values that it does not report are no difference."""
    found = [path for path, value in asked.items() if path in applied and not _same(path, value, applied[path], facts)]
    # A refiner, a second pass or a variation that was used is always written down.
    tells = "txt2img.steps" in applied and not facts.is_subset
    # SD.Next writes no variation with some of its models.
    switches = ("refiner.checkpoint", "hires.scale", *(() if facts.kind == "sdnext" else ("txt2img.subseed_strength",)))
    for switch in switches:
        if switch in asked and switch not in applied and tells:
            found.append(switch)
    if facts.kind == "sd-server":
        # It names the scheduler that it was asked for, and none when it did not know it.
        found += [
            path
            for path in (_SCHEDULERS - {"hires.scheduler"}) & asked.keys() - applied.keys()
            if asked[path] not in (AUTOMATIC, "default")
        ]
    return found


def _number(text: str, fallback: float) -> float:
    """The number in a text, or the fallback."""
    try:
        return float(text)
    except ValueError:
        return fallback


def _same(path: str, asked: Value, applied: Value, facts: ServerFacts) -> bool:
    if path in _NOT_COMPARED:
        return True
    if path in ("seed", _SUBSEED):
        # Beyond 32 bits A1111 counts up and others begin anew: either follows the seed that was asked for.
        return int(asked) % (1 << 32) == int(applied) % (1 << 32)
    if path in ("checkpoint", "refiner.checkpoint", "hires.checkpoint"):
        return _same_checkpoint(str(asked), str(applied), facts)
    if path == "vae":
        return asked in (AUTOMATIC, applied)
    if path == "text_encoders":
        wanted = style_names(str(asked), sorted(facts.encoders))
        return sorted(wanted) == sorted(style_names(str(applied), sorted(facts.encoders)))
    if facts.is_subset and (path in _SCHEDULERS or path in _SAMPLERS):
        return _same_native(path, str(asked), str(applied), facts)
    if path in _SCHEDULERS:
        return asked == AUTOMATIC or loose(facts.scheduler_names.get(str(asked), str(asked))) == loose(str(applied))
    if path in _TEXTS:
        return _flat(with_bare_embeddings(str(asked))) == _flat(str(applied))
    if path.startswith("adetailer.") and isinstance(asked, str):
        # An empty prompt means the picture's own, an empty sampler the main one: the server writes what it used.
        return not asked or asked == applied
    if isinstance(asked, (int, float)) and isinstance(applied, (int, float)):
        return abs(asked - applied) < 0.005
    return asked == applied


def _same_native(path: str, asked: str, applied: str, facts: ServerFacts) -> bool:
    """Servers with names of their own. "default" leaves the choice to them; sd-server tells "NONE" then."""
    if asked in (AUTOMATIC, "default"):
        return True
    if path in _SAMPLERS:
        return loose(native_sampler(asked, facts)) == loose(applied)
    one_scheduler = {"normal", "discrete"}
    return loose(asked) == loose(applied) or {loose(asked), loose(applied)} == one_scheduler


def _same_checkpoint(asked: str, applied: str, facts: ServerFacts) -> bool:
    """Whether the name the server tells is the one asked for, whatever folder or ending either is written with."""
    known = facts.checkpoint(asked)
    return known.is_called(applied) if known else applied == asked


def _sizes(done: dict[str, Value], size: tuple[int, int], order: StageOrder) -> None:
    """Set the real size. With a second pass the size of the first pass is unknown and left out."""
    if order.stage == "txt2img" and not order.config.hires.enabled:
        done["txt2img.width"], done["txt2img.height"] = size


def _size_is_right(size: tuple[int, int], order: StageOrder) -> bool:
    config = order.config
    source = image_size(order.image) if order.image else (config.txt2img.width, config.txt2img.height)
    scale = stage_spec(order.stage).scale(config)
    # What works on a picture or enlarges it may round to the server's own step of 8 or 64.
    return is_near(size, (source[0] * scale, source[1] * scale), 8 if order.image or scale != 1.0 else 0)


def is_near(size: tuple[int, int], wanted: tuple[float, float], slack: int) -> bool:
    """Whether both sides are as wanted, give or take `slack` pixels."""
    return all(abs(is_ - want) <= slack for is_, want in zip(size, wanted, strict=True))


def _notes(reply: Reply, order: StageOrder, made: Made, asked: Mapping[str, Value]) -> Iterable[str]:
    images, applied = made.images, made.applied
    wanted = _count_asked(asked)
    if len(images) < wanted:
        yield f"{len(images)} of {wanted} pictures came."
    if not reply.reported:
        yield "The server did not say how it made the picture, so it could not be checked against what was asked."
    if order.mask and order.stage == "img2img" and images and "inpaint.area" not in applied:
        yield _NO_MASK_TOLD
    if order.stage == "adetailer" and images and pixels_of(images[0].data) == pixels_of(order.image):
        yield "ADetailer found nothing to repair: the picture is unchanged."
    wrong = [code[9:] for image in images for code in image.suspect if code.startswith("mismatch:")]
    # LoRAs that were not used are told by their names.
    for path in dict.fromkeys(path for path in wrong if path != "lora"):
        # The seed is no setting of the config; the picture carries the one that was used.
        wanted_value = order.seed if path == "seed" else asked[path]
        used = images[0].seed if path == "seed" else applied.get(path)
        yield used_words(path, wanted_value, used)


def used_words(path: str, asked: Value, used: Value | None) -> str:
    """The sentence about a value that was not used."""
    did = "did not do it" if used is None else f"used {used!r}"
    return f"{path}: {asked!r} was asked, the server {did}. The picture does not count."
