"""Workflows as people have them, for tests: with nodes that the fake ComfyUI knows, and two that it knows only here."""

from __future__ import annotations

import copy
import json

from stablenew_tk.domain.workflows.node_kinds import NodeKinds, read_kinds

_LISTS = {"samplers": ["euler", "euler_ancestral", "dpmpp_2m"], "schedulers": ["normal", "karras", "simple"]}
_FLOAT = {"default": 1.0, "min": -10.0, "max": 10.0, "step": 0.01}
OBJECT_INFO = {
    "CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": [["rain.safetensors", "sun.safetensors"]]}}},
    "LoraLoader": {
        "input": {
            "required": {
                "model": ["MODEL"],
                "clip": ["CLIP"],
                "lora_name": [["ink.safetensors"]],
                "strength_model": ["FLOAT", _FLOAT],
                "strength_clip": ["FLOAT", _FLOAT],
            }
        }
    },
    "CLIPTextEncode": {"input": {"required": {"text": ["STRING", {"multiline": True}], "clip": ["CLIP"]}}},
    "EmptyLatentImage": {
        "input": {
            "required": {
                "width": ["INT", {"default": 512, "min": 16, "max": 16384, "step": 8}],
                "height": ["INT", {"default": 512, "min": 16, "max": 16384, "step": 8}],
                "batch_size": ["INT", {"default": 1, "min": 1, "max": 4096}],
            }
        }
    },
    "KSampler": {
        "input": {
            "required": {
                "model": ["MODEL"],
                "seed": ["INT", {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True}],
                "steps": ["INT", {"default": 20, "min": 1, "max": 10000}],
                "cfg": ["FLOAT", {"default": 8.0, "min": 0.0, "max": 100.0, "step": 0.1}],
                "sampler_name": [_LISTS["samplers"]],
                "scheduler": ["COMBO", {"options": _LISTS["schedulers"]}],
                "positive": ["CONDITIONING"],
                "negative": ["CONDITIONING"],
                "latent_image": ["LATENT"],
                "denoise": ["FLOAT", {"default": 1.0, "min": 0.0, "max": 1.0, "step": 0.01}],
            }
        }
    },
    "VAEDecode": {"input": {"required": {"samples": ["LATENT"], "vae": ["VAE"]}}},
    "Grain": {
        "input": {
            "required": {
                "image": ["IMAGE"],
                "amount": ["FLOAT", {"default": 0.1, "min": 0.0, "max": 1.0, "step": 0.01}],
                "kind": ["COMBO", {"options": ["film", "digital"]}],
                "enabled": ["BOOLEAN", {"default": True}],
            }
        }
    },
    "SaveImage": {
        "input": {"required": {"images": ["IMAGE"], "filename_prefix": ["STRING", {"default": "ComfyUI"}]}},
        "output_node": True,
    },
    "PreviewImage": {"input": {"required": {"images": ["IMAGE"]}}, "output_node": True},
}
_GRAINY: dict = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "rain.safetensors"}},
    "2": {
        "class_type": "LoraLoader",
        "inputs": {
            "model": ["1", 0],
            "clip": ["1", 1],
            "lora_name": "ink.safetensors",
            "strength_model": 0.7,
            "strength_clip": 0.7,
        },
    },
    "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "a gardener", "clip": ["2", 1]}},
    "4": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["2", 1]}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 832, "height": 1216, "batch_size": 1}},
    "6": {
        "class_type": "KSampler",
        "_meta": {"title": "KSampler"},
        "inputs": {
            "model": ["2", 0],
            "seed": 156680208700286,
            "steps": 24,
            "cfg": 6.5,
            "sampler_name": "dpmpp_2m",
            "scheduler": "karras",
            "positive": ["3", 0],
            "negative": ["4", 0],
            "latent_image": ["5", 0],
            "denoise": 1.0,
        },
    },
    "7": {"class_type": "VAEDecode", "inputs": {"samples": ["6", 0], "vae": ["1", 2]}},
    "8": {
        "class_type": "Grain",
        "_meta": {"title": "Film grain v1.2"},
        "inputs": {"image": ["7", 0], "amount": 0.08, "kind": "film", "enabled": True},
    },
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "garden"}},
}


def grainy(**changes: object) -> dict:
    """A workflow with a LoRA and a node behind the sampler; `changes` as `n6_steps=200`, `t3="stablenew:positive"`."""
    made = copy.deepcopy(_GRAINY)
    for name, value in changes.items():
        node, _, key = name[1:].partition("_")
        if name[0] == "t":
            made[node]["_meta"] = {"title": value}
        else:
            made[node]["inputs"][key] = value
    return made


def kinds() -> NodeKinds:
    """What a server with these nodes takes."""
    return read_kinds(OBJECT_INFO, "studio")


def text(document: object) -> bytes:
    """A workflow as a file."""
    return json.dumps(document).encode()


def drawn(api: dict) -> dict:
    """The same workflow as ComfyUI's editor saves it: values without names, links by number."""
    nodes, links = [], []
    for name, node in api.items():
        about = OBJECT_INFO[node["class_type"]]["input"]["required"]
        sockets, values = [], []
        for key, config in about.items():
            value = node["inputs"][key]
            if isinstance(value, list):
                links.append([len(links) + 1, int(value[0]), value[1], int(name), len(sockets), config[0]])
                sockets.append({"name": key, "type": config[0], "link": len(links)})
            else:
                values.append(value)
                if key == "seed":
                    values.append("randomize")
        title = node.get("_meta", {}).get("title", "")
        nodes.append(
            {"id": int(name), "type": node["class_type"], "inputs": sockets, "widgets_values": values, "mode": 0}
            | ({"title": title} if title else {})
        )
    return {"nodes": nodes, "links": links, "version": 0.4}
