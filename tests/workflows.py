"""Workflows of ComfyUI as they stand in its pictures."""

from __future__ import annotations


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def two_passes():
    """Words fed through nodes, two LoRAs, a first pass and a larger second one."""
    return {
        "load": node("CheckpointLoaderSimple", ckpt_name="SDXL\\demo.safetensors"),
        "lora": node(
            "LoraLoader", lora_name="first.safetensors", strength_model=0.5, model=["load", 0], clip=["load", 1]
        ),
        "power": node(
            "Power Lora Loader (rgthree)",
            lora_1={"on": True, "lora": "sub/wash.safetensors", "strength": 0.8},
            lora_2={"on": False, "lora": "off.safetensors", "strength": 1},
            model=["lora", 0],
            clip=["lora", 1],
        ),
        "skip": node("CLIPSetLastLayer", stop_at_clip_layer=-2, clip=["power", 1]),
        "vae": node("VAELoader", vae_name="fine.safetensors"),
        "subject": node("PrimitiveString", value="a red boat"),
        "joined": node("StringConcatenate", string_a=["subject", 0], string_b="at sea", delimiter=", "),
        "positive": node("CLIPTextEncode", text=["joined", 0], clip=["skip", 0]),
        "more": node("CLIPTextEncode", text="photo", clip=["skip", 0]),
        "both": node("ConditioningConcat", conditioning_to=["positive", 0], conditioning_from=["more", 0]),
        "negative": node("CLIPTextEncode", text="blurry", clip=["skip", 0]),
        "control": node("ControlNetApplyAdvanced", positive=["both", 0], negative=["negative", 0], strength=1.0),
        "seed": node("Seed (rgthree)", seed=77),
        "empty": node("EmptyLatentImage", width=832, height=1216, batch_size=4),
        "sample": node(
            "KSampler",
            seed=["seed", 0],
            steps=25,
            cfg=6.5,
            sampler_name="dpmpp_2m",
            scheduler="karras",
            denoise=1.0,
            model=["power", 0],
            positive=["control", 0],
            negative=["control", 1],
            latent_image=["empty", 0],
        ),
        "larger": node("LatentUpscaleBy", upscale_method="nearest-exact", scale_by=1.5, samples=["sample", 0]),
        "again": node(
            "KSampler",
            seed=["seed", 0],
            steps=12,
            cfg=6.5,
            sampler_name="dpmpp_2m",
            scheduler="karras",
            denoise=0.45,
            model=["power", 0],
            positive=["control", 0],
            negative=["control", 1],
            latent_image=["larger", 0],
        ),
        "decode": node("VAEDecode", samples=["again", 0], vae=["vae", 0]),
        "save": node("SaveImage", images=["decode", 0], filename_prefix="x"),
    }


SDXL = {
    "1": node("CheckpointLoaderSimple", ckpt_name="base.safetensors"),
    "2": node("CheckpointLoaderSimple", ckpt_name="refiner.safetensors"),
    "3": node("CLIPTextEncodeSDXL", text_g="large words", text_l="small words", width=1024, clip=["1", 1]),
    "4": node("CLIPTextEncodeSDXL", text_g="bad", text_l="bad", clip=["1", 1]),
    "5": node("EmptyLatentImage", width=1024, height=1024),
    "6": node(
        "KSamplerAdvanced",
        noise_seed=5, steps=25, cfg=8, sampler_name="euler", scheduler="normal", start_at_step=0, end_at_step=20,
        return_with_leftover_noise="enable", latent_image=["5", 0], model=["1", 0], positive=["3", 0],
        negative=["4", 0],
    ),
    "7": node(
        "KSamplerAdvanced",
        noise_seed=5, steps=25, cfg=8, sampler_name="euler", scheduler="normal", start_at_step=20, end_at_step=10000,
        return_with_leftover_noise="disable", latent_image=["6", 0], model=["2", 0], positive=["3", 0],
        negative=["4", 0],
    ),
    "8": node("VAEDecode", samples=["7", 0], vae=["2", 2]),
    "9": node("SaveImage", images=["8", 0]),
}  # fmt: skip

# As the screen saves it: values without names, links on their own, one node switched off.
DRAWN = {
    "nodes": [
        {"id": 1, "type": "CheckpointLoaderSimple", "widgets_values": ["demo.safetensors"]},
        {"id": 2, "type": "CLIPTextEncode", "widgets_values": ["a cube"], "inputs": [{"name": "clip", "link": 1}]},
        {"id": 3, "type": "CLIPTextEncode", "widgets_values": ["bad"]},
        {"id": 4, "type": "EmptyLatentImage", "widgets_values": [512, 640, 1]},
        {
            "id": 5,
            "type": "LoraLoader",
            "mode": 4,
            "widgets_values": ["off.pt", 1, 1],
            "inputs": [{"name": "model", "link": 2}],
        },
        {
            "id": 6,
            "type": "KSampler",
            "widgets_values": [3, "randomize", 20, 7, "euler_ancestral", "normal", 1],
            "inputs": [
                {"name": name, "link": link}
                for link, name in enumerate(("model", "positive", "negative", "latent_image"), 3)
            ],
        },
    ],
    "links": [
        *([1, 1, 1, 2, 0, "CLIP"], [2, 1, 0, 5, 0, "MODEL"], [3, 5, 0, 6, 0, "MODEL"], [4, 2, 0, 6, 1, "CONDITIONING"]),
        *([5, 3, 0, 6, 2, "CONDITIONING"], [6, 4, 0, 6, 3, "LATENT"], None),
    ],
}
