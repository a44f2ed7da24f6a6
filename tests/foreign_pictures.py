"""What other tools write into their pictures, each document in that tool's own names, with a value at every name."""

from __future__ import annotations

import json

from workflows import node

VALUES = "Steps: 21, Sampler: Euler a, Schedule type: Karras, CFG scale: 6.5, Seed: 77, Size: 640x768, Model: harbour"
HEAD = "a harbour <lora:ink:0.6>\nNegative prompt: blur\n"


def _texts() -> dict[str, str]:
    """Generation texts, by who writes them."""
    second = "Denoising strength: 0.45, Hires upscale: 1.5, Hires steps: 11, Hires upscaler: 4x-sharp"
    return {
        "A1111": f"{HEAD}{VALUES}, Model hash: 0123456789, VAE: fine.pt, VAE hash: 9876543210, Clip skip: 2, ENSD: 31337, "
        "Eta: 0.4, RNG: CPU, Variation seed: 5, Variation seed strength: 0.2, Seed resize from: 512x512, "
        f'Face restoration: CodeFormer, {second}, Hires sampler: DPM++ 2M, Hires prompt: "harbour, sharp", '
        'Hires negative prompt: noise, Refiner: late, Refiner switch at: 0.8, Lora hashes: "ink: 0123456789ab", '
        "TI hashes: \"old: 0123456789cd\", Script: X/Y/Z plot, X Type: CFG Scale, X Values: \"5,6\", Version: v1.10.1",
        "A1111 over a picture": f"{HEAD}{VALUES}, Denoising strength: 0.55, Mask blur: 6, Inpaint area: Only masked, "
        "Masked area padding: 40, Masked content: fill, Mask mode: Inpaint not masked, Version: v1.10.1",
        "A1111 with leftovers": f"{HEAD}{VALUES}, Hires sampler: DPM++ 2M, Hires schedule type: Karras, Hires CFG Scale: 4, "
        "Refiner switch at: 0.7, Mask blur: 4, ADetailer confidence: 0.4, Version: v1.10.1",
        "ADetailer": f"{HEAD}{VALUES}, ADetailer model: face.pt, ADetailer prompt: eyes, ADetailer confidence: 0.4, "
        "ADetailer dilate erode: 5, ADetailer mask blur: 6, ADetailer denoising strength: 0.35, ADetailer inpaint only "
        "masked: True, ADetailer inpaint padding: 36, ADetailer model 2nd: hand.pt, ADetailer confidence 2nd: 0.5, "
        "ADetailer model 3rd: feet.pt, ADetailer confidence 3rd: 0.6, ADetailer use separate steps: True, "
        "ADetailer steps: 12, ADetailer mask only top k largest: 2, ADetailer version: 24.9.0, Version: v1.9.4",
        "ControlNet": f'{HEAD}{VALUES}, ControlNet 0: "Module: canny, Model: lines [abcd1234], Weight: 0.8, Resize Mode: '
        'Crop and Resize, Guidance Start: 0.1, Guidance End: 0.9, Pixel Perfect: True, Control Mode: Balanced", Version: v1.9.4',
        "Forge": f"{HEAD}{VALUES}, Distilled CFG Scale: 3.2, Beta schedule alpha: 0.6, Module 1: ae, Module 2: clip_l, "
        f"Module 3: t5xxl_fp16, Diffusion in Low Bits: bnb-nf4, {second}, Hires Module 1: Use same choices, "
        "Hires CFG Scale: 1, Hires Distilled CFG Scale: 3.4, Hires checkpoint: harbour2, Version: f2.0.1v1.10.1",
        "Forge Neo": f"{HEAD}{VALUES}, Shift: 8, Module 1: ae, Module 2: qwen_3_4b, RNG: GPU, Version: neo-2.3",
        "SD.Next": "a harbour\nNegative prompt: blur\nSteps: 21, Size: 640x768, Sampler: UniPC, Seed: 77, CFG scale: 6.5, "
        "CFG rescale: 0.3, CFG end: 0.9, CFG true: 3, Clip skip: 2, Styles: oil; dusk, App: SD.Next, Version: 0c7038e, "
        "Parser: a1111, Pipeline: StableDiffusionXLPipeline, TE: t5-fp8, UNet: harbour-fp8, Operations: txt2img; hires, "
        "Model: harbour, Model hash: 0123456789, VAE: fine, Refine: True, HiRes mode: 1, Hires upscaler: Latent, "
        "Hires scale: 2, Hires size: 1280x1536, Hires force: True, Hires steps: 12, Hires strength: 0.4, "
        "Hires sampler: Euler, Hires CFG scale: 5, Detailer: face-yolo, Detailer steps: 9, Detailer strength: 0.3, "
        "Sampler shift: 4, Sampler sigma: karras, ToMe: 0.4, Embeddings: old",
        "SD.Next refiner": f"{HEAD}Steps: 21, Size: 640x768, Sampler: Euler, Seed: 77, CFG scale: 6.5, Refine: True, "
        "Refiner: late, Hires CFG scale: 5, Refiner steps: 8, Refiner start: 0.8, Hires steps: 7, Hires sampler: DPM++ 2M, "
        "Refiner prompt: sharp, App: SD.Next",
        "Fooocus": "a harbour, in oil\nNegative prompt: blur, noise\nSteps: 21, Sampler: DPM++ 2M SDE, Seed: 77, Size: 640x768, "
        "CFG scale: 4, Sharpness: 2.5, ADM Guidance: \"(1.5, 0.8, 0.3)\", Model: harbour, Model hash: 0123456789, "
        "Performance: Speed, Scheduler: karras, VAE: Default (model), Raw prompt: a harbour, Raw negative prompt: blur, "
        'Styles: "[\'Fooocus V2\']", Lora hashes: "ink: 0123456789", Lora weights: "ink: 0.4", Refiner: None, '
        "Refiner Swap Method: joint, User: somebody, Version: Fooocus v2.5.0",
        "stable-diffusion.cpp": "a harbour\nNegative prompt: blur\nSteps: 21, CFG scale: 6.500000, Guidance: 3.200000, "
        "Eta: 0.100000, Seed: 77, Size: 640x768, Model: harbour.gguf, RNG: cuda, Sampler: euler_a karras, "
        "Version: stable-diffusion.cpp",
        "Civitai": f"{HEAD}Steps: 21, Sampler: Euler a, CFG scale: 6.5, Seed: 77, Size: 640x768, Clip skip: 2, "
        'Created Date: 2025-01-02T03:04:05Z, Civitai resources: [{"type":"checkpoint","modelVersionId":11,"modelName":'
        '"Harbour","modelVersionName":"V1"},{"type":"lycoris","weight":0.7,"modelVersionId":12,"modelName":"Ink"},'
        '{"type":"embed","modelVersionId":13,"modelName":"Old"}], Civitai metadata: {"remixOfId": 9}',
        "Image Saver": f"{HEAD}Steps: 21, Sampler: DPM++ 2M SDE Karras, CFG scale: 6.5, Seed: 77, Size: 640x768, Clip skip: 2, "
        'Model hash: 0123456789, Model: harbour, Hashes: {"model":"0123456789","LORA:ink":"1123456789"}, Version: ComfyUI',
        "Krita": f"{HEAD}Steps: 21, Sampler: Euler a, CFG scale: 6.5, Seed: 77, Size: 640x768, Model: harbour, Strength: 0.7, Mode: Refine",
        "Another tool": "a harbour\nNegative prompt: blur\nSteps: 21, Seed: 77, Wobble: 4, CFG scale: 6.5, Guidance rescale: 0.7, "
        "Wobble path: /x/y, Sampler: Euler, Size: 640 x 768",
    }  # fmt: skip


TEXTS = _texts()
OBJECTS: dict[str, dict[str, object]] = {
    "SwarmUI": {
        "sui_image_params": {
            "prompt": "a harbour",
            "negativeprompt": "blur",
            "model": "sub/harbour",
            "images": 4,
            "seed": 77,
            "steps": 21,
            "cfgscale": 6.5,
            "fluxguidancescale": 3.2,
            "sigmashift": 4.0,
            "aspectratio": "Custom",
            "width": 640,
            "height": 768,
            "sampler": "dpmpp_2m",
            "scheduler": "karras",
            "vae": "fine",
            "clipstopatlayer": -2,
            "initimagecreativity": 0.6,
            "maskblur": 5,
            "variationseed": 5,
            "variationseedstrength": 0.2,
            "refinercontrolpercentage": 0.3,
            "refinermethod": "PostApply",
            "refinerupscale": 1.5,
            "refinerupscalemethod": "model-4x-sharp.pth",
            "refinersteps": 12,
            "refinercfgscale": 5.0,
            "refinersampler": "euler",
            "refinerscheduler": "simple",
            "refinermodel": "late",
            "loras": ["ink", "wash"],
            "loraweights": ["0.6", "-0.4"],
            "loratencweights": ["0.5", "-0.4"],
            "colordepth": "16bit",
            "automaticvae": True,
            "zeronegative": True,
            "swarm_version": "0.9.7.4",
        },
        "sui_extra_data": {"date": "2025-01-25", "generation_time": "4.84 sec"},
        "sui_models": [{"name": "sub/harbour.safetensors", "param": "model", "hash": "0xd7a9"}],
    },
    "SwarmUI without second pass": {
        "sui_image_params": {
            "prompt": "a harbour",
            "seed": 77,
            "steps": 21,
            "refinercontrolpercentage": 0.3,
            "refinersteps": 12,
            "refinerupscalemethod": "pixel-lanczos",
        }
    },
    "InvokeAI": {
        "app_version": "5.4.0",
        "generation_mode": "flux_txt2img",
        "positive_prompt": "a harbour",
        "negative_prompt": "blur",
        "positive_style_prompt": "oil",
        "negative_style_prompt": "photo",
        "width": 640,
        "height": 768,
        "seed": 77,
        "rand_device": "cpu",
        "cfg_scale": 6.5,
        "cfg_rescale_multiplier": 0.2,
        "guidance": 3.2,
        "steps": 21,
        "scheduler": "dpmpp_2m_k",
        "clip_skip": 1,
        "seamless_x": True,
        "model": {"name": "harbour", "base": "flux", "hash": "blake3:0123"},
        "vae": {"name": "fine"},
        "t5_encoder": {"name": "t5_base"},
        "clip_embed_model": {"name": "clip-l"},
        "loras": [{"model": {"name": "ink"}, "weight": 0.6}],
        "controlnets": [{"control_model": {"name": "lines"}, "control_weight": 0.8}],
        "refiner_model": {"name": "late"},
        "refiner_start": 0.8,
        "refiner_steps": 12,
        "refiner_cfg_scale": 5.0,
        "refiner_scheduler": "euler",
        "hrf_enabled": True,
        "hrf_strength": 0.4,
        "hrf_method": "ESRGAN",
        "canvas_v2_metadata": {"rasterLayers": []},
        "ref_images": [{"isEnabled": True}],
    },
    "InvokeAI over a picture": {
        "generation_mode": "img2img",
        "positive_prompt": "a harbour",
        "seed": 77,
        "steps": 21,
        "strength": 0.6,
        "init_image": "a.png",
        "hrf_enabled": False,
        "hrf_strength": 0.4,
        "refiner_start": 0.8,
    },
    "InvokeAI 2": {
        "model": "stable diffusion",
        "model_weights": "harbour",
        "model_hash": "0123",
        "app_id": "invoke-ai/InvokeAI",
        "app_version": "2.3.5",
        "image": {
            "prompt": [{"prompt": "a harbour [blur]", "weight": 1.0}],
            "steps": 21,
            "cfg_scale": 6.5,
            "threshold": 0.2,
            "perlin": 0.1,
            "height": 768,
            "width": 640,
            "seed": 77,
            "seamless": True,
            "hires_fix": True,
            "type": "img2img",
            "strength": 0.6,
            "postprocessing": [{"type": "gfpgan", "strength": 0.8}],
            "sampler": "k_dpmpp_2",
            "variations": [{"seed": 5, "weight": 0.2}],
        },
    },
    "Fooocus": {
        "adm_guidance": "(1.5, 0.8, 0.3)",
        "base_model": "harbour",
        "base_model_hash": "0123456789",
        "clip_skip": 2,
        "created_by": "somebody",
        "full_negative_prompt": ["blur", "noise"],
        "full_prompt": ["a harbour", "oil"],
        "guidance_scale": 4.5,
        "lora_combined_1": "ink.safetensors : 0.6",
        "loras": [["ink", 0.6, "0123"]],
        "metadata_scheme": "fooocus",
        "negative_prompt": "blur",
        "performance": "Speed",
        "prompt": "a harbour",
        "prompt_expansion": "a harbour, fine",
        "refiner_model": "late",
        "refiner_switch": 0.6,
        "resolution": "(640, 768)",
        "sampler": "dpmpp_2m_sde_gpu",
        "scheduler": "karras",
        "seed": "77",
        "sharpness": 2.5,
        "steps": 21,
        "styles": "['Fooocus V2']",
        "vae": "fine",
        "version": "Fooocus v2.5.0",
    },
    "Fooocus-MRE": {
        "prompt": "a harbour",
        "negative_prompt": "blur",
        "styles": ["oil"],
        "real_prompt": ["a harbour, oil"],
        "real_negative_prompt": ["blur"],
        "seed": 77,
        "width": 640,
        "height": 768,
        "resolution": "640x768",
        "sampler": "dpmpp_2m_sde_gpu",
        "scheduler": "karras",
        "steps": 21,
        "switch": 14,
        "cfg": 4.5,
        "denoise": 0.6,
        "base_model": "harbour.safetensors",
        "refiner_model": "late.safetensors",
        "clip_skip": 2,
        "sharpness": 2.5,
        "loras": [["ink.safetensors", 0.6]],
        "software": "Fooocus 2.0.78 MRE",
    },
    "NovelAI": {
        "prompt": "a harbour",
        "steps": 21,
        "height": 768,
        "width": 640,
        "scale": 6.5,
        "uncond_scale": 0.9,
        "cfg_rescale": 0.3,
        "seed": 77,
        "n_samples": 2,
        "noise_schedule": "karras",
        "sampler": "k_euler_ancestral",
        "sm": True,
        "skip_cfg_above_sigma": 19.3,
        "uc": "blur",
        "request_type": "PromptGenerateRequest",
        "v4_prompt": {
            "caption": {
                "base_caption": "a harbour",
                "char_captions": [{"char_caption": "a cat", "centers": [{"x": 0.5, "y": 0.4}]}],
            },
            "use_coords": True,
            "use_order": True,
        },
        "v4_negative_prompt": {"caption": {"base_caption": "blur", "char_captions": []}},
    },
    "Draw Things": {
        "c": "a harbour",
        "uc": "blur",
        "lora": [{"model": "ink.ckpt", "weight": 0.6}],
        "model": "harbour.ckpt",
        "sampler": "DPM++ 2M Karras",
        "scale": 6.5,
        "seed": 77,
        "seed_mode": "Scale Alike",
        "shift": 3.0,
        "size": "640x768",
        "steps": 21,
        "strength": 0.6,
        "mask_blur": 2.5,
        "v2": {
            "clipSkip": 2,
            "guidanceEmbed": 3.2,
            "guidanceScale": 6.5,
            "hiresFix": True,
            "hiresFixWidth": 320,
            "hiresFixHeight": 384,
            "hiresFixStrength": 0.4,
            "loras": [{"file": "ink.ckpt", "weight": 0.6}],
            "controls": [{"file": "lines.ckpt", "weight": 0.8}],
            "refinerModel": "late.ckpt",
            "refinerStart": 0.8,
            "resolutionDependentShift": True,
            "sharpness": 2.0,
            "upscaler": "sharp.ckpt",
            "faceRestoration": "faces.ckpt",
            "tiledDecoding": True,
            "zeroNegativePrompt": True,
            "batchCount": 3,
        },
    },
    "Easy Diffusion": {
        "prompt": "a harbour",
        "negative_prompt": "blur",
        "seed": 77,
        "use_stable_diffusion_model": "harbour",
        "clip_skip": True,
        "use_vae_model": "fine",
        "sampler_name": "dpmpp_2m",
        "width": 640,
        "height": 768,
        "num_inference_steps": 21,
        "guidance_scale": 6.5,
        "use_lora_model": ["ink", "wash"],
        "lora_alpha": [0.6, 0.3],
        "use_upscale": "RealESRGAN_x4plus",
        "upscale_amount": 4,
        "tiling": "x",
        "use_face_correction": "GFPGANv1.4",
    },
    "RuinedFooocus": {
        "Prompt": "a harbour",
        "Negative": "blur",
        "steps": 21,
        "cfg": 4.5,
        "width": 640,
        "height": 768,
        "seed": 77,
        "sampler_name": "dpmpp_2m_sde_gpu",
        "scheduler": "karras",
        "base_model_name": "harbour.safetensors",
        "base_model_hash": "0123",
        "loras": "Loras:<ink.safetensors:0.6>",
        "start_step": 2,
        "denoise": 0.8,
        "clip_skip": 2,
        "software": "RuinedFooocus",
    },
    "TensorArt": {
        "models": [{"label": "Ink", "type": "LORA", "modelFileName": "ink", "weight": 0.6, "hash": "0123"}],
        "prompt": "a harbour",
        "negativePrompt": "blur",
        "width": 640,
        "height": 768,
        "imageCount": 4,
        "samplerName": "Euler a",
        "steps": 21,
        "cfgScale": 6.5,
        "seed": "77",
        "clipSkip": 2,
        "baseModel": {"label": "Harbour", "type": "BASE_MODEL", "modelFileName": "harbour", "hash": "4567"},
        "etaNoise": 31337,
        "workEngine": "TAMS_V2",
    },
}


def _graph(**changed: object) -> dict[str, object]:
    nodes = {
        "load": node("CheckpointLoaderSimple", ckpt_name="harbour.safetensors"),
        "pos": node("CLIPTextEncode", text="a harbour", clip=["load", 1]),
        "neg": node("CLIPTextEncode", text="blur", clip=["load", 1]),
        "empty": node("EmptyLatentImage", width=640, height=768, batch_size=2),
        "sample": sampler(),
        "decode": node("VAEDecodeTiled", samples=["sample", 0], vae=["load", 2], tile_size=512, overlap=64),
        "save": node("SaveImage", images=["decode", 0], filename_prefix="A"),
    }
    return {**nodes, **changed}


def sampler(kind: str = "KSampler", **changed: object) -> dict[str, object]:
    """A sampler with all its settings."""
    settings = {"seed": 77, "steps": 21, "cfg": 6.5, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0}
    links = {"model": ["load", 0], "positive": ["pos", 0], "negative": ["neg", 0], "latent_image": ["empty", 0]}
    return node(kind, **{**settings, **links, **changed})


def _advanced(**changed: object) -> dict[str, object]:
    own = {"noise_seed": 77, "add_noise": "enable", "start_at_step": 0, "end_at_step": 10000}
    settings = {"steps": 21, "cfg": 6.5, "sampler_name": "dpmpp_2m", "scheduler": "karras"}
    links = {"model": ["load", 0], "positive": ["pos", 0], "negative": ["neg", 0], "latent_image": ["empty", 0]}
    return node("KSamplerAdvanced", **{**own, **settings, "return_with_leftover_noise": "disable", **links, **changed})


def _graphs() -> dict[str, dict[str, object]]:
    stack = {f"{name}_{nth}": value for nth in (1, 2) for name, value in
             (("switch", "On"), ("lora_name", f"{'ink wash'.split()[nth - 1]}.pt"), ("model_weight", 0.6), ("clip_weight", 0.5))}  # fmt: skip
    return {
        "plain": _graph(),
        "steps of one pass": _graph(sample=_advanced(start_at_step=3, end_at_step=18, add_noise="enable")),
        "clip skip and patches": _graph(
            skip=node("CLIPSetLastLayer", clip=["load", 1], stop_at_clip_layer=-2),
            pos=node("CLIPTextEncode", text="a harbour", clip=["skip", 0]),
            freeu=node("FreeU_V2", model=["load", 0], b1=1.3, b2=1.4, s1=0.9, s2=0.2),
            pag=node("PerturbedAttentionGuidance", model=["freeu", 0], scale=3.0),
            sample=sampler(model=["pag", 0]),
        ),
        "LoRAs": _graph(
            one=node("LoraLoader", lora_name="ink.pt", strength_model=0.6, strength_clip=0.5, model=["load", 0]),
            power=node(
                "Power Lora Loader (rgthree)",
                model=["one", 0],
                lora_1={"on": True, "lora": "wash.pt", "strength": 0.7, "strengthTwo": 0.4},
                lora_2={"on": False, "lora": "off.pt", "strength": 0.3},
            ),
            stack=node("CR LoRA Stack", **stack),
            apply=node("CR Apply LoRA Stack", model=["power", 0], lora_stack=["stack", 0]),
            sample=sampler(model=["apply", 0]),
        ),
        "Efficiency": {
            "stack": node(
                "LoRA Stacker",
                input_mode="advanced",
                lora_count=2,
                lora_name_1="ink.pt",
                lora_wt_1=1.0,
                model_str_1=0.6,
                clip_str_1=0.5,
                lora_name_2="wash.pt",
                lora_wt_2=1.0,
                model_str_2=0.3,
                clip_str_2=0.3,
            ),
            "load": node(
                "Efficient Loader",
                ckpt_name="harbour.safetensors",
                vae_name="fine.pt",
                clip_skip=-2,
                lora_name="last.pt",
                lora_model_strength=0.4,
                lora_clip_strength=0.4,
                positive="a harbour",
                negative="blur",
                token_normalization="mean",
                weight_interpretation="A1111",
                empty_latent_width=640,
                empty_latent_height=768,
                batch_size=2,
                lora_stack=["stack", 0],
            ),
            "sample": sampler(
                "KSampler (Efficient)",
                positive=["load", 1],
                negative=["load", 2],
                latent_image=["load", 3],
                preview_method="auto",
                vae_decode="true (tiled)",
            ),
            "save": node("SaveImage", images=["sample", 5], filename_prefix="A"),
        },
        "Easy-Use": {
            "load": node(
                "easy fullLoader",
                ckpt_name="harbour.safetensors",
                config_name="Default",
                vae_name="fine.pt",
                clip_skip=-2,
                lora_name="ink.pt",
                lora_model_strength=0.6,
                lora_clip_strength=0.5,
                resolution="640 x 768",
                empty_latent_width=512,
                empty_latent_height=512,
                positive="a harbour",
                positive_token_normalization="mean",
                positive_weight_interpretation="comfy++",
                negative="blur",
                negative_token_normalization="none",
                negative_weight_interpretation="comfy",
                batch_size=2,
                a1111_prompt_style=False,
            ),
            "before": node(
                "easy preSampling",
                steps=21,
                cfg=6.5,
                sampler_name="dpmpp_2m",
                scheduler="karras",
                denoise=0.9,
                seed=77,
                pipe=["load", 0],
            ),
            "sample": node("easy kSampler", pipe=["before", 0], image_output="Hide", link_id=1, save_prefix="A"),
            "save": node("SaveImage", images=["sample", 1], filename_prefix="A"),
        },
        "Flux": {
            "unet": node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="fp8_e4m3fn"),
            "clip": node("DualCLIPLoader", clip_name1="t5.safetensors", clip_name2="l.safetensors", type="flux", device="cpu"),
            "vae": node("VAELoader", vae_name="ae.safetensors"),
            "words": node("CLIPTextEncode", text="a harbour", clip=["clip", 0]),
            "guide": node("FluxGuidance", conditioning=["words", 0], guidance=3.2),
            "shift": node("ModelSamplingFlux", model=["unet", 0], max_shift=1.15, base_shift=0.5, width=640, height=768),
            "guider": node("BasicGuider", model=["shift", 0], conditioning=["guide", 0]),
            "noise": node("RandomNoise", noise_seed=77),
            "pick": node("KSamplerSelect", sampler_name="euler"),
            "steps": node("BasicScheduler", model=["shift", 0], scheduler="simple", steps=21, denoise=1.0),
            "empty": node("EmptySD3LatentImage", width=640, height=768, batch_size=1),
            "sample": node("SamplerCustomAdvanced", noise=["noise", 0], guider=["guider", 0], sampler=["pick", 0], sigmas=["steps", 0], latent_image=["empty", 0]),
            "decode": node("VAEDecode", samples=["sample", 0], vae=["vae", 0]),
            "save": node("SaveImageAdvanced", images=["decode", 0], filename_prefix="A", format="png"),
        },
        "Flux.2 Klein": {
            "unet": node("UNETLoader", unet_name="klein.safetensors", weight_dtype="default"),
            "clip": node("CLIPLoader", clip_name="qwen.safetensors", type="flux2", device="default"),
            "vae": node("VAELoader", vae_name="flux2-vae.safetensors"),
            "pos": node("CLIPTextEncode", text="a harbour", clip=["clip", 0]),
            "neg": node("ConditioningZeroOut", conditioning=["pos", 0]),
            "guider": node("CFGGuider", model=["unet", 0], positive=["pos", 0], negative=["neg", 0], cfg=5.0),
            "noise": node("RandomNoise", noise_seed=77),
            "pick": node("KSamplerSelect", sampler_name="euler"),
            "steps": node("Flux2Scheduler", steps=21, width=640, height=768),
            "empty": node("EmptyFlux2LatentImage", width=640, height=768, batch_size=1),
            "sample": node("SamplerCustomAdvanced", noise=["noise", 0], guider=["guider", 0], sampler=["pick", 0], sigmas=["steps", 0], latent_image=["empty", 0]),
            "decode": node("VAEDecode", samples=["sample", 0], vae=["vae", 0]),
            "save": node("SaveImage", images=["decode", 0], filename_prefix="A"),
        },
        "Z-Image": {
            "unet": node("UNETLoader", unet_name="z_image_turbo.safetensors", weight_dtype="default"),
            "clip": node("CLIPLoader", clip_name="qwen_3_4b.safetensors", type="lumina2", device="default"),
            "vae": node("VAELoader", vae_name="ae.safetensors"),
            "shift": node("ModelSamplingAuraFlow", model=["unet", 0], shift=3.0),
            "pos": node("CLIPTextEncode", text="a harbour", clip=["clip", 0]),
            "neg": node("ConditioningZeroOut", conditioning=["pos", 0]),
            "empty": node("EmptySD3LatentImage", width=640, height=768, batch_size=1),
            "sample": sampler(model=["shift", 0], cfg=1.0, steps=8, sampler_name="res_multistep", scheduler="simple"),
            "decode": node("VAEDecode", samples=["sample", 0], vae=["vae", 0]),
            "save": node("SaveImage", images=["decode", 0], filename_prefix="A"),
        },
        "ControlNet and IPAdapter": _graph(
            picture=node("LoadImage", image="pose.png", upload="image"),
            lines=node("CannyEdgePreprocessor", image=["picture", 0], low_threshold=100, high_threshold=200),
            net=node("ControlNetLoader", control_net_name="lines.pth"),
            apply=node("ControlNetApplyAdvanced", positive=["pos", 0], negative=["neg", 0], control_net=["net", 0],
                       image=["lines", 0], strength=0.8, start_percent=0.1, end_percent=0.9),
            face=node("LoadImage", image="face.png"),
            adapter=node("IPAdapterAdvanced", model=["load", 0], image=["face", 0], weight=0.7, weight_type="linear"),
            sample=sampler(model=["adapter", 0], positive=["apply", 0], negative=["apply", 1]),
        ),
        "second pass and faces": _graph(
            up=node("UpscaleModelLoader", model_name="4x-sharp.pth"),
            larger=node("ImageUpscaleWithModel", upscale_model=["up", 0], image=["decode", 0]),
            scaled=node("ImageScaleBy", image=["larger", 0], upscale_method="lanczos", scale_by=0.5),
            encode=node("VAEEncodeTiled", pixels=["scaled", 0], vae=["load", 2], tile_size=512),
            again=sampler(latent_image=["encode", 0], denoise=0.4, steps=12, cfg=5.5, seed=78),
            out=node("VAEDecode", samples=["again", 0], vae=["load", 2]),
            found=node("UltralyticsDetectorProvider", model_name="bbox/face.pt"),
            face=node("FaceDetailer", image=["out", 0], model=["load", 0], bbox_detector=["found", 0], positive=["pos", 0],
                      negative=["neg", 0], guide_size=512, seed=4, steps=20, cfg=8, sampler_name="euler",
                      scheduler="normal", denoise=0.5, feather=5, bbox_threshold=0.4, wildcard="eyes", cycle=1),
            save=node("SaveImage", images=["face", 0], filename_prefix="A"),
        ),
        "refiner": _graph(
            late=node("CheckpointLoaderSimple", ckpt_name="late.safetensors"),
            sample=_advanced(end_at_step=17, return_with_leftover_noise="enable"),
            pos2=node("CLIPTextEncodeSDXLRefiner", text="a harbour", ascore=6.0, width=640, height=768, clip=["late", 1]),
            again=_advanced(model=["late", 0], positive=["pos2", 0], latent_image=["sample", 0], start_at_step=17,
                            add_noise="disable", cfg=5.0),
            decode=node("VAEDecode", samples=["again", 0], vae=["load", 2]),
        ),
        "third pass": _graph(
            larger=node("LatentUpscaleBy", samples=["sample", 0], upscale_method="bislerp", scale_by=1.5),
            again=sampler(latent_image=["larger", 0], denoise=0.4),
            more=node("LatentUpscaleBy", samples=["again", 0], upscale_method="bislerp", scale_by=1.25),
            third=sampler(latent_image=["more", 0], denoise=0.2, steps=9, seed=79),
            decode=node("VAEDecode", samples=["third", 0], vae=["load", 2]),
        ),
        "over a picture": _graph(
            picture=node("LoadImage", image="a.png"),
            scale=node("ImageScaleToTotalPixels", image=["picture", 0], upscale_method="lanczos", megapixels=1.0),
            mask=node("GrowMask", mask=["picture", 1], expand=6, tapered_corners=True),
            encode=node("VAEEncodeForInpaint", pixels=["scale", 0], vae=["load", 2], mask=["mask", 0], grow_mask_by=6),
            sample=sampler(latent_image=["encode", 0], denoise=0.6),
        ),
        "words from nodes": _graph(
            subject=node("PrimitiveString", value="a harbour"),
            style=node("StringConstantMultiline", string="in oil", strip_newlines=True),
            joined=node("StringConcatenate", string_a=["subject", 0], string_b=["style", 0], delimiter=", "),
            show=node("ShowText|pysssss", text=["joined", 0], text_0="a harbour, in oil"),
            pos=node("CLIPTextEncode", text=["show", 0], clip=["load", 1]),
            area=node("ConditioningSetArea", conditioning=["pos", 0], width=320, height=384, x=16, y=24, strength=0.9),
            sample=sampler(positive=["area", 0], seed=["seed", 0], steps=["steps", 0]),
            seed=node("Seed (rgthree)", seed=77),
            steps=node("PrimitiveInt", value=21),
        ),
        "karras by hand": _graph(
            steps=node("KarrasScheduler", steps=21, sigma_max=14.6, sigma_min=0.03, rho=7.0),
            pick=node("SamplerDPMPP_2M_SDE", solver_type="midpoint", eta=0.8, s_noise=1.0, noise_device="gpu"),
            sample=node("SamplerCustom", model=["load", 0], add_noise=True, noise_seed=77, cfg=6.5, positive=["pos", 0],
                        negative=["neg", 0], sampler=["pick", 0], sigmas=["steps", 0], latent_image=["empty", 0]),
        ),
    }  # fmt: skip


GRAPHS = _graphs()


def as_chunks() -> dict[str, dict[str, str]]:
    """Every document as the texts of one picture."""
    made = {f"text: {name}": {"parameters": text} for name, text in TEXTS.items()}
    made |= {f"object: {name}": {"parameters": json.dumps(one)} for name, one in OBJECTS.items()}
    return made | {f"graph: {name}": {"prompt": json.dumps(one)} for name, one in GRAPHS.items()}
