"""Texts of pictures, each changed a little at random: graphs, saved workflows, generation texts, objects of tools."""

from __future__ import annotations

import copy
import json
from random import Random

from comfy_workflows import drawn, grainy
from foreign_pictures import GRAPHS, TEXTS
from foreign_pictures import OBJECTS as TOOLS
from workflows import DRAWN, SDXL, node, two_passes

LINE = "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 5, Size: 512x768, Model: demo, Version: v1.10.1"
INFOTEXTS = (
    f"a boat <lora:ink:0.5>\nNegative prompt: blur\n{LINE}",
    f'a boat\n{LINE}, Wildcard prompt: "a,\nb", Hires upscale: 2, Denoising strength: 0.4\nextra: {{"a": 1}}',
    f'a\n{LINE}, Civitai resources: [{{"type":"lora","weight":0.8,"modelName":"Ink"}}], Lora hashes: "ink: 0123abcd"',
    f'a boat\nnegative prompt: blur\n{LINE}, LoRA: ink:0.5, Lora hashes: "wash: 0123abcd: -0.4"'.replace(", ", "，"),
    "Include in Image: a; b; Exclude from Image: c; Model: demo; Steps: 9; Seed: 5; Size: 64x64; Scheduler: Euler a; "
    "Generator: Mochi Diffusion 5.0",
    f"a\n{LINE}, ADetailer model: face.pt, ADetailer prompt: x, CLiP-skip: 2, Hires scale: 1.5, App: SD.Next",
)
OBJECTS = (
    {"sui_image_params": {"prompt": "a <segment:face> <random:a|b>", "seed": 4, "loras": ["a"], "loraweights": ["1"]}},
    {"positive_prompt": "(cat)++", "seed": 4, "steps": 9, "loras": [{"model": {"name": "a"}, "weight": 0.5}]},
    {"c": "a fox", "uc": "b", "sampler": "x", "steps": 4, "seed": 5, "v2": {"loras": [{"file": "a", "weight": 1}]}},
    {"Prompt": "a", "steps": 30, "seed": 4, "loras": "<ink:0.6>", "width": 64, "height": 64, "software": "Tool"},
    {"base_model": "x", "prompt": "a", "loras": [["a", 0.5]], "resolution": "(1024, 768)", "styles": "['x']"},
    {"prompt": "{{a}}", "uc": "b", "steps": 4, "v4_prompt": {"caption": {"base_caption": "c"}}},
)
KINDS = (
    *(
        "Any Switch (rgthree)",
        "ShowText|pysssss",
        "LoRA Stacker",
        "easy preSampling",
        "KSampler",
        "ConditioningCombine",
    ),
    *("LoadImage", "FaceDetailer", "ImageUpscaleWithModel", "LatentUpscaleBy", "GetNode", "SetNode", "ComfySwitchNode"),
    *("u-u", "Lora Loader (LoraManager)", "SetLatentNoiseMask", "LatentFromBatch", "PrimitiveNode", "SaveImage"),
)
KEYS = (
    *("select", "switch", "on_true", "any_01", "text_0", "lora_name_1", "lora_wt_1", "lora_count", "loras", "pipe"),
    *("upscale_model", "scale_by", "width", "batch_size", "positive", "model", "text", "image", "samples", "guider"),
)

SIGNS = ("\n", '"', "{", "}", "[", ",", ": ", "\\", "\0", "None", "Steps: 1", "<lora:", "\ud800", "é")


def suite():
    """A graph with a stack, a switch and a shown text."""
    nodes = two_passes()
    nodes["stack"] = node("LoRA Stacker", lora_count=1, lora_name_1="a.pt", lora_wt_1=0.5, lora_name_2="b.pt")
    nodes["lora"]["inputs"]["lora_stack"] = ["stack", 0]
    nodes["shown"] = node("ShowText|pysssss", text=["subject", 0], text_0="a red boat")
    nodes["joined"]["inputs"]["string_a"] = ["shown", 0]
    nodes["subject"] = node("ImpactStringSelector", strings="a red boat\na tram", multiline=False, select=1)
    nodes["switch"] = node("ImpactSwitch", select=1, input1=["both", 0], input2=["more", 0])
    nodes["control"]["inputs"]["positive"] = ["switch", 0]
    return nodes


def in_halves():
    """A schedule that two samplers share, the second without noise, its seed computed."""
    nodes = two_passes()
    nodes["how"], nodes["none"] = node("KSamplerSelect", sampler_name="euler"), node("DisableNoise")
    nodes["plan"] = node("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=["power", 0])
    nodes["split"] = node("SplitSigmas", step=12, sigmas=["plan", 0])
    nodes["sum"] = node("MathExpression|x", expression="a*2", a=["seed", 0])
    nodes["noise"] = node("RandomNoise", noise_seed=["sum", 0])
    nodes["guide"] = node("CFGGuider", cfg=5, model=["power", 0], positive=["both", 0], negative=["negative", 0])
    same = {"guider": ["guide", 0], "sampler": ["how", 0]}
    halves = (("sample", 0, "noise", "empty"), ("again", 1, "none", "sample"))
    for name, half, noise, start in halves:
        links = {"sigmas": ["split", half], "noise": [noise, 0], "latent_image": [start, 0]}
        nodes[name] = node("SamplerCustomAdvanced", **same, **links)
    return {**nodes, "extra": {"airs": ["urn:air:x"]}, "extraMetadata": "{}"}


def in_subgraph():
    """The saved workflow inside a subgraph, with a pair of Set and Get outside."""
    links = [*(link for link in DRAWN["links"] if link), [9, 6, 0, -20, 0, "LATENT"]]
    sheet = {"id": "u-u", "inputs": [{"name": "text", "type": "STRING"}], "nodes": DRAWN["nodes"], "links": links}
    outer = [
        {"id": 1, "type": "u-u", "widgets_values": ["a cube"], "properties": {"proxyWidgets": [["2", "text"]]}},
        {"id": 2, "type": "SetNode", "widgets_values": ["x"], "inputs": [{"name": "LATENT", "link": 1}]},
        {"id": 3, "type": "GetNode", "widgets_values": ["x"]},
        {"id": 4, "type": "SaveImage", "inputs": [{"name": "images", "link": 2}]},
    ]
    outer_links = [[1, 1, 0, 2, 0, "*"], [2, 3, 0, 4, 0, "*"]]
    return {"nodes": outer, "links": outer_links, "definitions": {"subgraphs": [sheet]}}


def in_group():
    """The saved workflow as a group node, with a node that hands its model everywhere."""
    links = [[1, 0, 4, 0, 1, "*"], [2, 0, 4, 1, 2, "*"], [0, 0, 4, 3, 1, "MODEL"]]
    group = {"nodes": DRAWN["nodes"], "links": links, "external": [[4, 0, "LATENT"]]}
    outer = [
        {"id": 1, "type": "workflow>G", "widgets_values": ["a", "b"], "inputs": [{"name": "text", "link": 3}]},
        {"id": 2, "type": "Anything Everywhere", "inputs": [{"name": "MODEL", "type": "MODEL", "link": 1}]},
        {"id": 4, "type": "SaveImage", "inputs": [{"name": "images", "type": "IMAGE", "link": 2}]},
    ]
    outer_links = [[1, 1, 0, 2, 0, "*"], [2, 1, 1, 4, 0, "*"], [3, 4, 0, 1, 0, "*"]]
    return {"nodes": outer, "links": outer_links, "extra": {"groupNodes": {"G": group}}}


def changed_texts(rng: Random) -> dict[str, str]:
    """The texts of one picture, with one to six changes."""
    which = rng.randrange(4)
    if which == 0:
        return {"parameters": _changed_text(rng.choice((*INFOTEXTS, *TEXTS.values())), rng)}
    if which == 1:
        key = rng.choice(("parameters", "Comment", "XMP comment"))
        return {key: _as_text(rng.choice((*OBJECTS, *TOOLS.values())), rng)}
    if which == 2:
        return {"workflow": _as_text(rng.choice((DRAWN, in_subgraph(), in_group(), drawn(grainy()))), rng)}
    graph = rng.choice((two_passes(), SDXL, suite(), in_halves(), *GRAPHS.values()))
    return {"prompt": _as_text(graph, rng), "workflow": json.dumps(DRAWN)}


def _as_text(document: object, rng: Random) -> str:
    document = copy.deepcopy(document)
    for _ in range(rng.randint(1, 6)):
        _change(document, rng)
    text = json.dumps(document)
    return _changed_text(text, rng) if rng.random() < 0.1 else text


def _places(document: object) -> list[tuple[object, object]]:
    found: list[tuple[object, object]] = []
    waiting = [document]
    while waiting and len(found) < 5_000:
        one = waiting.pop()
        items = list(one.items()) if isinstance(one, dict) else list(enumerate(one)) if isinstance(one, list) else []
        found += [(one, key) for key, _ in items]
        waiting += [value for _, value in items]
    return found


def _change(document: object, rng: Random) -> None:
    places = _places(document)
    if not places:
        return
    (inside, key), (other, its_key) = rng.choice(places), rng.choice(places)
    what = rng.randrange(6)
    if what == 0:
        inside[key] = rng.choice((None, True, -1, 1e308, float("nan"), 2**70, "", "None", [], {}, [[]], "x" * 300, 0.5))
    elif what == 1:
        inside[key] = copy.deepcopy(other[its_key])
    elif what == 2:
        del inside[key]
    elif what == 3 and isinstance(inside, dict):
        inside[rng.choice(KEYS)] = inside.pop(key)
    elif what == 4 and isinstance(inside, dict):
        inside["class_type" if "class_type" in inside else "type"] = rng.choice(KINDS)
    elif isinstance(inside, list):
        inside += [copy.deepcopy(inside[key]) for _ in range(rng.choice((1, 3, 200)))]


def _changed_text(text: str, rng: Random) -> str:
    for _ in range(rng.randint(1, 6)):
        start, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        piece = text[start:end]
        sign = rng.choice(
            ("\n", '"', "{", "}", "[", ",", ": ", "\\", "\0", "None", "Steps: 1", "<lora:", "\ud800", "é")
        )
        made = rng.choice(("", piece * 2, sign, sign * rng.choice((1, 2, 2_000)), piece[::-1]))
        text = f"{text[:start]}{made}{text[start if rng.random() < 0.5 else end :]}"[:60_000]
    return text
