"""The part of a graph that loads: a checkpoint, or a bare diffusion model with its text encoders and VAE; LoRAs, clip
skip and shift behind them, each by the node that the model's family wants.
"""

from __future__ import annotations

import math

from ...domain.base.errors import Refused
from ...domain.config.catalogue import get_value
from ...domain.config.styles import style_names
from ...domain.models.families import Family, files_for
from .families import lora_file
from .names import AUTOMATIC
from .nodes import Input, Link, link
from .object_info import ServerWords, base_name, pick
from .sampling import LoadedModels, Texts, Work

# By the number of text encoders. Three and four tell their kind by themselves.
_CLIP_LOADERS = {1: "CLIPLoader", 2: "DualCLIPLoader", 3: "TripleCLIPLoader", 4: "QuadrupleCLIPLoader"}
_SHIFTS = {"factor": "ModelSamplingAuraFlow", "factor 1000": "ModelSamplingSD3", "exponent": "ModelSamplingFlux"}
_NOISE = "ModelNoiseScale"


def load(work: Work, text: Texts, path: str = "checkpoint") -> LoadedModels:
    """Load the checkpoint at a path with the LoRAs of a prompt, clip skip, VAE and shift. A refiner goes without LoRAs,
    VAE and shift. Raises Refused for what the server does not have, or where the family that decides is not known.
    """
    nodes, refiner = work.nodes, path == "refiner.checkpoint"
    file = checkpoint_file(work, path)
    family = family_of_file(work, file, path)
    if family.own_workflow:
        raise Refused(f"{path}: {base_name(file)} is {family.title}, which needs a workflow of its own.")
    if file in work.server.checkpoints:
        models = _whole(work, file, family, path)
    else:
        models = _bare(work, file, family, path)
    if not refiner:
        models = _with_loras(work, models, text)
        models = _with_clip_skip(work, models, file)
        models = _with_shift(work, models, file)
        models = _with_prediction(work, models)
    if work.order.config.vae not in ("", AUTOMATIC, "None") and not refiner:
        models = _with_vae(work, models, pick("vae", work.order.config.vae, work.server.vaes, work.server.name))
    if family.noise_scale and (inputs := _numbers(work.server, _NOISE)):
        scaled = nodes.add(_NOISE, {"model": models.model, inputs[0]: family.noise_scale})
        models = LoadedModels(link(scaled), models.clip, models.vae, family)
    return models


def checkpoint_file(work: Work, path: str) -> str:
    """The file of the checkpoint at a path, as the server writes it. Raises Refused."""
    name, server = str(get_value(work.order.config, path)), work.server
    if name:
        return pick(path, name, server.models, server.name)
    if path == "checkpoint" and len(server.models) == 1:
        return server.models[0]
    raise Refused(f"{path}: choose one. ComfyUI keeps none loaded that could be meant.")


def family_of_file(work: Work, file: str, path: str = "checkpoint") -> Family:
    """The family of a file, by its content as far as it was told, else by its name."""
    families = work.order.families
    name = base_name(file)
    family = families.family(work.server.families.get(file) or families.id_in_name(name))
    variant = work.order.variant if path == "checkpoint" and family.id == work.order.family else ""
    return family.as_variant(variant or family.named_variants(name))


def family_in_use(work: Work) -> Family:
    """The family of the main checkpoint; an unknown one where none is there."""
    try:
        return family_of_file(work, checkpoint_file(work, "checkpoint"))
    except Refused:
        # It is told with its own field, when the checkpoint is loaded.
        return Family()


def _whole(work: Work, file: str, family: Family, path: str) -> LoadedModels:
    nodes, chosen = work.nodes, bool(work.order.config.text_encoders) and path != "refiner.checkpoint"
    loader = nodes.add("CheckpointLoaderSimple", {"ckpt_name": file})
    nodes.stands_for(path, loader, "ckpt_name")
    if chosen and family.id and not family.text_encoders:
        nodes.note([f"text_encoders: {family.title} has its own in the checkpoint, so they were left out."])
    elif chosen:
        return LoadedModels(link(loader), _clip(work, family, file, path), link(loader, 2), family)
    return LoadedModels(link(loader), link(loader, 1), link(loader, 2), family)


def _clip(work: Work, family: Family, file: str, path: str) -> Link:
    """The text encoders that are files of their own. Raises Refused where nothing tells how they are read."""
    if not family.id or not (family.text_encoders or work.order.config.text_encoders):
        raise Refused(
            f"{path}: nothing tells the family of {base_name(file)}, and its text encoders are read by it. Write the "
            "family into its file name, or into base_type of its profile."
        )
    clip = _text_encoders(work, family)
    if family.padding is not None and work.server.has("T5TokenizerOptions"):
        least, length = family.padding
        clip = link(work.nodes.add("T5TokenizerOptions", {"clip": clip, "min_padding": least, "min_length": length}))
    return clip


def _bare(work: Work, file: str, family: Family, path: str) -> LoadedModels:
    nodes, server, config = work.nodes, work.server, work.order.config
    clip = _clip(work, family, file, path)
    if file in server.choices("UNETLoader", "unet_name"):
        loader = nodes.add("UNETLoader", {"unet_name": file, "weight_dtype": "default"})
    else:
        loader = nodes.add("UnetLoaderGGUF", {"unet_name": file})
    nodes.stands_for(path, loader, "unet_name")
    models = LoadedModels(link(loader), clip, clip, family)
    if config.vae not in ("", AUTOMATIC, "None"):
        return models
    return _with_vae(work, models, _own(work, "vae", "VAE", family, family.vae, server.vaes))


def _text_encoders(work: Work, family: Family) -> Link:
    """The text encoders that were chosen, else those that the family needs."""
    server, written = work.server, work.order.config.text_encoders
    if written:
        known = style_names(written, server.text_encoders)
        files = [pick("text_encoders", name, server.text_encoders, server.name) for name in known]
    else:
        needs = family.text_encoders
        files = [_own(work, "text_encoders", "text encoder", family, (one,), server.text_encoders) for one in needs]
    kind = _CLIP_LOADERS.get(len(files), "")
    if not kind:
        raise Refused(f"text_encoders: ComfyUI loads four at most, {len(files)} are named. Remove some.")
    key = "clip_name" if len(files) == 1 else "clip_name1"
    plain = server.choices(kind, key) or server.choices("CLIPLoader", "clip_name")
    if not all(file in plain for file in files):
        kind += "GGUF"
    inputs: dict[str, Input] = {key if nth == 1 else f"clip_name{nth}": file for nth, file in enumerate(files, start=1)}
    if len(files) < 3:
        inputs["type"] = family.clip_type or "stable_diffusion"
        types = server.choices(kind, "type")
        if types and inputs["type"] not in types:
            raise Refused(
                f"text_encoders: {server.name} cannot read those of {family.title} yet ({kind} has no "
                f"{inputs['type']!r}). Update it."
            )
    loader = work.nodes.add(kind, inputs)
    work.nodes.stands_for("text_encoders", loader, key)
    return link(loader)


def _own(work: Work, path: str, what: str, family: Family, needs: tuple[str, ...], listed: tuple[str, ...]) -> str:
    """The file on the server that a family needs, by one of its names. Raises Refused where there is none."""
    words = [word for need in needs for word in need.split("|") if word != "?"]
    found = files_for("|".join(words), listed)
    if found:
        if len(found) > 1:
            work.nodes.note([f"{path}: {found[0]} was taken of {len(found)} that fit {family.title}."])
        return found[0]
    wanted = " or ".join(words) or "a text encoder of its size"
    raise Refused(
        f"{path}: {family.title} needs {wanted}, and {work.server.name} lists no {what} of that name. Choose one, or "
        "put it into its folder there."
    )


def _with_vae(work: Work, models: LoadedModels, file: str) -> LoadedModels:
    own = work.nodes.add("VAELoader", {"vae_name": file})
    if work.order.config.vae not in ("", AUTOMATIC, "None"):
        work.nodes.stands_for("vae", own, "vae_name")
    return LoadedModels(models.model, models.clip, link(own), models.family)


def _with_loras(work: Work, models: LoadedModels, text: Texts) -> LoadedModels:
    family, server = models.family, work.server
    model, clip = models.model, models.clip
    alone = bool(family.text_encoders) and not family.lora_text_encoder and server.has("LoraLoaderModelOnly")
    for lora in text.loras:
        listed = lora_file(f"{text.field}prompt", lora.name, server)
        inputs: dict[str, Input] = {"model": model, "lora_name": listed, "strength_model": lora.weight}
        if alone:
            model = link(work.nodes.add("LoraLoaderModelOnly", inputs))
            continue
        one = work.nodes.add("LoraLoader", inputs | {"clip": clip, "strength_clip": lora.clip_weight})
        model, clip = link(one), link(one, 1)
    return LoadedModels(model, clip, models.vae, family)


def _with_clip_skip(work: Work, models: LoadedModels, file: str) -> LoadedModels:
    skip, family, nodes = work.order.config.clip_skip, models.family, work.nodes
    if skip <= 1 or (family.id and not family.clip_skip):
        if skip > 1:
            nodes.note([f"clip_skip: it means nothing with {family.title} and was left out."])
        return models
    if family.clip_skip > skip:
        # What this many would do is what ComfyUI does anyhow.
        return models
    layer = nodes.add("CLIPSetLastLayer", {"clip": models.clip, "stop_at_clip_layer": -skip})
    nodes.stands_for("clip_skip", layer, "stop_at_clip_layer", factor=-1)
    if not family.id:
        nodes.note([f"clip_skip: it was sent as to SD 1.5, for nothing tells the family of {base_name(file)}."])
    return LoadedModels(models.model, link(layer), models.vae, family)


def _with_shift(work: Work, models: LoadedModels, file: str) -> LoadedModels:
    """The model with its shift. One scale for all families: where a node takes an exponent, that of the factor."""
    first, family, nodes = work.order.config.txt2img, models.family, work.nodes
    if not first.shift:
        return models
    if not family.id:
        raise Refused(
            f"txt2img.shift: nothing tells the family of {base_name(file)}, and each takes its shift in another way. "
            "Set it to 0 (= model's own), or write the family into its file name."
        )
    if not family.shift:
        nodes.note([f"txt2img.shift: it means nothing with {family.title} and was left out."])
        return models
    kind = _SHIFTS[family.shift]
    if family.shift == "exponent":
        exponent = round(math.log(first.shift), 6)
        limits: dict[str, Input] = {"max_shift": exponent, "base_shift": exponent}
        limits |= {"width": first.width, "height": first.height}
        shifted = nodes.add(kind, {"model": models.model, **limits})
        nodes.stands_for("txt2img.shift", shifted, "max_shift", derived=True)
    else:
        shifted = nodes.add(kind, {"model": models.model, "shift": first.shift})
        nodes.stands_for("txt2img.shift", shifted, "shift")
    return LoadedModels(link(shifted), models.clip, models.vae, family)


def _with_prediction(work: Work, models: LoadedModels) -> LoadedModels:
    """The model told what its network predicts, where the server does not see that in the file, and with a CFG that is
    toned down as its family wants.
    """
    family, model = models.family, models.model
    if family.prediction in ("v", "v zsnr"):
        told: dict[str, Input] = {"sampling": "v_prediction", "zsnr": family.prediction == "v zsnr"}
        model = link(work.nodes.add("ModelSamplingDiscrete", {"model": model} | told))
    if family.rescale_cfg and work.server.has("RescaleCFG"):
        model = link(work.nodes.add("RescaleCFG", {"model": model, "multiplier": family.rescale_cfg}))
    return LoadedModels(model, models.clip, models.vae, family)


def _numbers(server: ServerWords, kind: str) -> tuple[str, ...]:
    """The inputs of a node class that are numbers."""
    return tuple(name for name, one in server.classes.get(kind, {}).items() if one.kind == "FLOAT")
