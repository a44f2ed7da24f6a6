"""The node classes of the fake ComfyUI: inputs and outputs as a real server lists them, and what each one does.

A value between nodes is a `Thing`: a hash of all that went into it, and a size in pixels where it has one.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from PIL import Image, PngImagePlugin

SEED_MAX = 2**64 - 1
SAMPLERS = (
    "euler", "euler_cfg_pp", "euler_ancestral", "euler_ancestral_cfg_pp", "heun", "heunpp2", "exp_heun_2_x0",
    "exp_heun_2_x0_sde", "dpm_2", "dpm_2_ancestral", "lms", "dpm_fast", "dpm_adaptive", "dpmpp_2s_ancestral",
    "dpmpp_2s_ancestral_cfg_pp", "dpmpp_sde", "dpmpp_sde_gpu", "dpmpp_2m", "dpmpp_2m_cfg_pp", "dpmpp_2m_sde",
    "dpmpp_2m_sde_gpu", "dpmpp_2m_sde_heun", "dpmpp_2m_sde_heun_gpu", "dpmpp_3m_sde", "dpmpp_3m_sde_gpu", "ddpm", "lcm",
    "ipndm", "ipndm_v", "deis", "res_multistep", "res_multistep_cfg_pp", "res_multistep_ancestral",
    "res_multistep_ancestral_cfg_pp", "gradient_estimation", "gradient_estimation_cfg_pp", "er_sde", "seeds_2",
    "seeds_3", "sa_solver", "sa_solver_pece", "ddim", "uni_pc", "uni_pc_bh2",
)  # fmt: skip
SCHEDULERS = (
    "simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta", "normal", "linear_quadratic",
    "kl_optimal",
)  # fmt: skip
LATENT_WAYS = ["nearest-exact", "bilinear", "area", "bicubic", "bislerp"]
IMAGE_WAYS = ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]
DETECTORS = ["bbox/face_yolov8n.pt", "bbox/hand_yolov8n.pt", "segm/person_yolov8n-seg.pt"]


WEIGHT_KINDS = ["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"]
# In the order in which they were added; those behind hunyuan_image are newer than 0.3.64.
CLIP_TYPES = [
    "stable_diffusion", "stable_cascade", "sd3", "stable_audio", "mochi", "ltxv", "pixart", "cosmos", "lumina2", "wan",
    "hidream", "chroma", "ace", "omnigen2", "qwen_image", "hunyuan_image", "flux2", "ovis", "longcat_image",
    "cogvideox", "lens", "pixeldit", "ideogram4", "boogu", "krea2", "joyimage", "mage", "minimax",
]  # fmt: skip
DUAL_TYPES = ["sdxl", "sd3", "flux", "hunyuan_video", "hidream", "hunyuan_image"]


def number(kind: str, default: float, low: float, high: float) -> list:
    return [kind, {"default": default, "min": low, "max": high}]


def text(default: str = "") -> list:
    return ["STRING", {"default": default}]


def old(choices: object) -> list:
    return [list(choices), {}]


def combo(choices: object) -> list:
    return ["COMBO", {"multiselect": False, "options": list(choices)}]


def link(kind: str) -> list:
    return [kind]


_SEED = number("INT", 0, 0, SEED_MAX)
_STEPS = number("INT", 20, 1, 10000)
_CFG = number("FLOAT", 8.0, 0.0, 100.0)
_SIDE = number("INT", 512, 0, 16384)
_EMPTY_SIDE = number("INT", 512, 16, 16384)
_STRENGTH = number("FLOAT", 1.0, -100.0, 100.0)
_PART = number("FLOAT", 1.0, 0.0, 1.0)
_SCALE = number("FLOAT", 1.5, 0.01, 8.0)
_BOOL = ["BOOLEAN", {"default": True}]


class NodeKind(NamedTuple):
    """One node class. `is_output`: the server runs a graph for the sake of these."""

    inputs: dict[str, list]
    outputs: tuple[str, ...]
    is_output: bool = False
    module: str = "nodes"
    optional: Mapping[str, list] = MappingProxyType({})


def node_kinds(files: dict[str, list[str]], *, impact: bool, new: bool = True) -> dict[str, NodeKind]:
    """All classes. `files` has the names in the model folders; `impact`: the Impact Pack and Subpack are installed;
    `new`: those that came after 0.3.64, too.
    """
    samplers = [name for name in SAMPLERS if new or not name.startswith("exp_")]
    sampling = {"sampler_name": old(samplers), "scheduler": old(SCHEDULERS)}
    words = {"positive": link("CONDITIONING"), "negative": link("CONDITIONING")}
    kinds = {
        "CheckpointLoaderSimple": NodeKind({"ckpt_name": old(files["checkpoints"])}, ("MODEL", "CLIP", "VAE")),
        "VAELoader": NodeKind({"vae_name": old([*files["vae"], "taesd", "pixel_space"])}, ("VAE",)),
        "LoraLoader": NodeKind(
            {
                "model": link("MODEL"),
                "clip": link("CLIP"),
                "lora_name": old(files["loras"]),
                "strength_model": _STRENGTH,
                "strength_clip": _STRENGTH,
            },
            ("MODEL", "CLIP"),
        ),
        "CLIPSetLastLayer": NodeKind(
            {"clip": link("CLIP"), "stop_at_clip_layer": number("INT", -1, -24, -1)}, ("CLIP",)
        ),
        "CLIPTextEncode": NodeKind({"text": text(), "clip": link("CLIP")}, ("CONDITIONING",)),
        "ConditioningConcat": NodeKind(
            {"conditioning_to": link("CONDITIONING"), "conditioning_from": link("CONDITIONING")}, ("CONDITIONING",)
        ),
        "ConditioningCombine": NodeKind(
            {"conditioning_1": link("CONDITIONING"), "conditioning_2": link("CONDITIONING")}, ("CONDITIONING",)
        ),
        "ConditioningSetTimestepRange": NodeKind(
            {"conditioning": link("CONDITIONING"), "start": _PART, "end": _PART}, ("CONDITIONING",)
        ),
        "ConditioningZeroOut": NodeKind({"conditioning": link("CONDITIONING")}, ("CONDITIONING",)),
        "EmptyLatentImage": NodeKind(
            {"width": _EMPTY_SIDE, "height": _EMPTY_SIDE, "batch_size": number("INT", 1, 1, 4096)}, ("LATENT",)
        ),
        "EmptySD3LatentImage": NodeKind(
            {"width": _EMPTY_SIDE, "height": _EMPTY_SIDE, "batch_size": number("INT", 1, 1, 4096)}, ("LATENT",)
        ),
        "KSampler": NodeKind(
            {"model": link("MODEL"), "seed": _SEED, "steps": _STEPS, "cfg": _CFG, **sampling, **words}
            | {"latent_image": link("LATENT"), "denoise": _PART},
            ("LATENT",),
        ),
        "KSamplerAdvanced": NodeKind(
            {"model": link("MODEL"), "add_noise": old(["enable", "disable"]), "noise_seed": _SEED, "steps": _STEPS}
            | {"cfg": _CFG, **sampling, **words, "latent_image": link("LATENT")}
            | {"start_at_step": number("INT", 0, 0, 10000), "end_at_step": number("INT", 10000, 0, 10000)}
            | {"return_with_leftover_noise": old(["disable", "enable"])},
            ("LATENT",),
        ),
        "LatentUpscale": NodeKind(
            {"samples": link("LATENT"), "upscale_method": old(LATENT_WAYS), "width": _SIDE, "height": _SIDE}
            | {"crop": old(["disabled", "center"])},
            ("LATENT",),
        ),
        "LatentUpscaleBy": NodeKind(
            {"samples": link("LATENT"), "upscale_method": old(LATENT_WAYS), "scale_by": _SCALE},
            ("LATENT",),
        ),
        "VAEDecode": NodeKind({"samples": link("LATENT"), "vae": link("VAE")}, ("IMAGE",)),
        "VAEDecodeTiled": NodeKind(
            {"samples": link("LATENT"), "vae": link("VAE"), "tile_size": number("INT", 512, 64, 4096)}
            | {"overlap": number("INT", 64, 0, 4096), "temporal_size": number("INT", 64, 8, 4096)}
            | {"temporal_overlap": number("INT", 8, 4, 4096)},
            ("IMAGE",),
        ),
        "VAEEncode": NodeKind({"pixels": link("IMAGE"), "vae": link("VAE")}, ("LATENT",)),
        "VAEEncodeTiled": NodeKind(
            {"pixels": link("IMAGE"), "vae": link("VAE"), "tile_size": number("INT", 512, 64, 4096)}
            | {"overlap": number("INT", 64, 0, 4096), "temporal_size": number("INT", 64, 8, 4096)}
            | {"temporal_overlap": number("INT", 8, 4, 4096)},
            ("LATENT",),
        ),
        "LoadImage": NodeKind({"image": [["example.png"], {"image_upload": True}]}, ("IMAGE", "MASK")),
        "UpscaleModelLoader": NodeKind({"model_name": combo(files["upscale_models"])}, ("UPSCALE_MODEL",)),
        "ImageUpscaleWithModel": NodeKind({"upscale_model": link("UPSCALE_MODEL"), "image": link("IMAGE")}, ("IMAGE",)),
        "ImageScale": NodeKind(
            {"image": link("IMAGE"), "upscale_method": old(IMAGE_WAYS), "width": _SIDE, "height": _SIDE}
            | {"crop": old(["disabled", "center"])},
            ("IMAGE",),
        ),
        "ImageScaleBy": NodeKind(
            {"image": link("IMAGE"), "upscale_method": old(IMAGE_WAYS), "scale_by": _SCALE},
            ("IMAGE",),
        ),
        "KSamplerSelect": NodeKind({"sampler_name": combo(samplers)}, ("SAMPLER",), module="comfy_extras"),
        "BasicScheduler": NodeKind(
            {"model": link("MODEL"), "scheduler": combo(SCHEDULERS), "steps": _STEPS, "denoise": _PART}, ("SIGMAS",)
        ),
        "AlignYourStepsScheduler": NodeKind(
            {"model_type": combo(["SD1", "SDXL", "SVD"]), "steps": _STEPS, "denoise": _PART}, ("SIGMAS",)
        ),
        "SamplerCustom": NodeKind(
            {"model": link("MODEL"), "add_noise": _BOOL, "noise_seed": _SEED, "cfg": _CFG, **words}
            | {"sampler": link("SAMPLER"), "sigmas": link("SIGMAS"), "latent_image": link("LATENT")},
            ("LATENT", "LATENT"),
        ),
        "SaveImage": NodeKind({"images": link("IMAGE"), "filename_prefix": text("ComfyUI")}, (), True),
        "PreviewImage": NodeKind({"images": link("IMAGE")}, (), True),
    }
    kinds |= _of_families(files, words, new=new)
    if impact:
        kinds |= _impact_kinds()
    return kinds


def _of_families(files: dict[str, list[str]], words: dict[str, list], *, new: bool) -> dict[str, NodeKind]:
    """What models need that are no whole checkpoint, as a server of each version lists it."""
    encoders = files.get("text_encoders", [])
    names = [f"clip_name{nth}" for nth in range(1, 5)]
    single = CLIP_TYPES if new else CLIP_TYPES[: CLIP_TYPES.index("hunyuan_image") + 1]
    shift = number("FLOAT", 3.0, 0.0, 100.0)
    kinds = {
        "UNETLoader": NodeKind(
            {"unet_name": old(files.get("diffusion_models", [])), "weight_dtype": old(WEIGHT_KINDS)}, ("MODEL",)
        ),
        "CLIPLoader": NodeKind({"clip_name": old(encoders), "type": old(single)}, ("CLIP",)),
        "DualCLIPLoader": NodeKind({key: old(encoders) for key in names[:2]} | {"type": old(DUAL_TYPES)}, ("CLIP",)),
        "TripleCLIPLoader": NodeKind({key: combo(encoders) for key in names[:3]}, ("CLIP",)),
        "QuadrupleCLIPLoader": NodeKind({key: combo(encoders) for key in names}, ("CLIP",)),
        "LoraLoaderModelOnly": NodeKind(
            {"model": link("MODEL"), "lora_name": old(files["loras"]), "strength_model": _STRENGTH}, ("MODEL",)
        ),
        "FluxGuidance": NodeKind(
            {"conditioning": link("CONDITIONING"), "guidance": number("FLOAT", 3.5, 0.0, 100.0)}, ("CONDITIONING",)
        ),
        "T5TokenizerOptions": NodeKind(
            {"clip": link("CLIP"), "min_padding": number("INT", 0, 0, 10000)}
            | {"min_length": number("INT", 0, 0, 10000)},
            ("CLIP",),
        ),
        "ModelSamplingSD3": NodeKind({"model": link("MODEL"), "shift": shift}, ("MODEL",)),
        "ModelSamplingAuraFlow": NodeKind({"model": link("MODEL"), "shift": shift}, ("MODEL",)),
        "ModelSamplingDiscrete": NodeKind(
            {
                "model": link("MODEL"),
                "sampling": old(["eps", "v_prediction", "lcm", "x0", "img_to_img"]),
                "zsnr": ["BOOLEAN", {"default": False}],
            },
            ("MODEL",),
        ),
        "RescaleCFG": NodeKind({"model": link("MODEL"), "multiplier": _PART}, ("MODEL",)),
        "SDTurboScheduler": NodeKind(
            {"model": link("MODEL"), "steps": number("INT", 1, 1, 10), "denoise": _PART}, ("SIGMAS",)
        ),
        "ModelSamplingFlux": NodeKind(
            {"model": link("MODEL"), "max_shift": shift, "base_shift": shift}
            | {"width": _EMPTY_SIDE, "height": _EMPTY_SIDE},
            ("MODEL",),
        ),
        "CFGGuider": NodeKind({"model": link("MODEL"), **words, "cfg": _CFG}, ("GUIDER",)),
        "BasicGuider": NodeKind({"model": link("MODEL"), "conditioning": link("CONDITIONING")}, ("GUIDER",)),
        "RandomNoise": NodeKind({"noise_seed": _SEED}, ("NOISE",)),
        "SamplerCustomAdvanced": NodeKind(
            {"noise": link("NOISE"), "guider": link("GUIDER"), "sampler": link("SAMPLER")}
            | {"sigmas": link("SIGMAS"), "latent_image": link("LATENT")},
            ("LATENT", "LATENT"),
        ),
    }
    empty = {"width": _EMPTY_SIDE, "height": _EMPTY_SIDE, "batch_size": number("INT", 1, 1, 4096)}
    kinds["EmptyChromaRadianceLatentImage"] = NodeKind(empty, ("LATENT",))
    if new:
        kinds["EmptyFlux2LatentImage"] = NodeKind(empty, ("LATENT",))
        kinds["EmptyHiDreamO1LatentImage"] = NodeKind(empty, ("LATENT",))
        kinds["Flux2Scheduler"] = NodeKind(
            {"steps": number("INT", 20, 1, 4096), "width": _EMPTY_SIDE, "height": _EMPTY_SIDE}, ("SIGMAS",)
        )
    return kinds


def _impact_kinds() -> dict[str, NodeKind]:
    detailer = {
        "image": link("IMAGE"), "model": link("MODEL"), "clip": link("CLIP"), "vae": link("VAE"),
        "guide_size": number("FLOAT", 512, 64, 16384), "guide_size_for": _BOOL,
        "max_size": number("FLOAT", 1024, 64, 16384), "seed": _SEED, "steps": _STEPS, "cfg": _CFG,
        "sampler_name": old(SAMPLERS), "scheduler": old([*SCHEDULERS, "AYS SDXL", "GITS[coeff=1.2]"]),
        "positive": link("CONDITIONING"), "negative": link("CONDITIONING"),
        "denoise": number("FLOAT", 0.5, 0.0001, 1.0), "feather": number("INT", 5, 0, 100), "noise_mask": _BOOL,
        "force_inpaint": _BOOL, "bbox_threshold": _PART, "bbox_dilation": number("INT", 10, -512, 512),
        "bbox_crop_factor": number("FLOAT", 3.0, 1.0, 10.0),
        "sam_detection_hint": old(["center-1", "horizontal-2", "none"]), "sam_dilation": number("INT", 0, -512, 512),
        "sam_threshold": _PART, "sam_bbox_expansion": number("INT", 0, 0, 1000),
        "sam_mask_hint_threshold": _PART, "sam_mask_hint_use_negative": old(["False", "Small", "Outter"]),
        "drop_size": number("INT", 10, 1, 16384), "bbox_detector": link("BBOX_DETECTOR"), "wildcard": text(),
        "cycle": number("INT", 1, 1, 10),
    }  # fmt: skip
    optional = {
        "sam_model_opt": link("SAM_MODEL"),
        "segm_detector_opt": link("SEGM_DETECTOR"),
        "inpaint_model": ["BOOLEAN", {"default": False}],
        "noise_mask_feather": number("INT", 20, 0, 100),
    }
    made = ("IMAGE", "IMAGE", "IMAGE", "MASK", "DETAILER_PIPE", "IMAGE")
    return {
        "FaceDetailer": NodeKind(detailer, made, module="custom_nodes.ComfyUI-Impact-Pack", optional=optional),
        "UltralyticsDetectorProvider": NodeKind(
            {"model_name": old(DETECTORS)},
            ("BBOX_DETECTOR", "SEGM_DETECTOR"),
            module="custom_nodes.ComfyUI-Impact-Subpack",
        ),
    }


def object_info(kinds: dict[str, NodeKind]) -> dict[str, object]:
    """The answer of /object_info."""
    return {
        name: {
            "input": {"required": kind.inputs} | ({"optional": dict(kind.optional)} if kind.optional else {}),
            "input_order": {"required": list(kind.inputs)},
            "output": list(kind.outputs),
            "output_name": list(kind.outputs),
            "output_node": kind.is_output,
            "name": name,
            "display_name": name,
            "python_module": kind.module,
        }
        for name, kind in kinds.items()
    }


class Thing(NamedTuple):
    """A value between nodes: `digest` of all that made it, `size` in pixels of pictures and latents."""

    digest: str
    size: tuple[int, int] = (0, 0)


def digest_of(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def run_node(name: str, values: dict[str, object], outputs: int, foreign: set[str]) -> list[Thing]:
    """What a node makes of its values (things or plain ones). LoRAs in `foreign` are ignored without a word."""
    things = [value for value in values.values() if isinstance(value, Thing)]
    if name == "LoraLoader":
        idle = values["strength_model"] == 0 and values["strength_clip"] == 0
        if idle or values["lora_name"] in foreign:
            return [values["model"], values["clip"]]  # type: ignore[list-item]
    if name == "CLIPSetLastLayer" and values["stop_at_clip_layer"] == -1:
        return [values["clip"]]  # type: ignore[list-item]
    size = next((thing.size for thing in reversed(things) if thing.size != (0, 0)), (0, 0))
    if name.startswith("Empty") or name in ("LatentUpscale", "ImageScale"):
        size = (int(values["width"]), int(values["height"]))  # type: ignore[call-overload]
    elif name.endswith("ScaleBy") or name == "LatentUpscaleBy":
        scale = float(values["scale_by"])  # type: ignore[arg-type]
        size = (round(size[0] * scale), round(size[1] * scale))
    elif name == "ImageUpscaleWithModel":
        size = (size[0] * 4, size[1] * 4)
    if name.startswith(("Empty", "VAEEncode", "LatentUpscale")):
        size = (size[0] // 8 * 8, size[1] // 8 * 8)
    plain = {key: value.digest if isinstance(value, Thing) else value for key, value in values.items()}
    if name.startswith("CLIPTextEncode"):
        plain["text"] = re.sub(r"\s*,\s*|\s+", " ", str(plain["text"])).casefold()
    return [Thing(digest_of(name, plain, number), size) for number in range(max(1, outputs))]


def painted(thing: Thing) -> Image.Image:
    """The picture of a thing: a pattern of its digest."""
    colours = hashlib.sha512(thing.digest.encode()).digest()[:48]
    return Image.frombytes("RGB", (4, 4), colours).resize(thing.size, Image.Resampling.BICUBIC)


def png(image: Image.Image, graph: dict | None, extra: dict | None) -> bytes:
    """A PNG with the chunks that SaveImage writes: the graph and each key of extra_pnginfo, JSON-encoded."""
    info = PngImagePlugin.PngInfo()
    if graph is not None:
        info.add_text("prompt", json.dumps(graph))
        for key, value in (extra or {}).items():
            info.add_text(key, json.dumps(value))
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=info, compress_level=4)
    return out.getvalue()
