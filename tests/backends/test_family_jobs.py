"""One job per family on both kinds of server: the fields, nodes and scales with which its pictures come out right."""

from __future__ import annotations

import msgspec
import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from families import SHIPPED
from jobs import webui

from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.comfyui.backend import ComfyUI
from stablenew_tk.domain.base.errors import Refused
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.recipes.reader import recipe_from

ENCODERS = [
    *("clip_l", "clip_g", "t5xxl_fp16", "qwen_3_4b", "qwen_3_8b", "mistral_3_small_flux2_fp8", "qwen_2.5_vl_7b_fp8"),
    *("qwen3vl_4b_bf16", "qwen_3_06b_base", "llama_3.1_8b_instruct", "gemma_2_2b_fp16", "t5xl_auraflow"),
    *("ministral-3-3b", "vit-l-detail"),
]
VAES = ["ae", "flux2-vae", "qwen_image_vae", "sdxl_vae", "vae-ft-mse-840000", "taef1"]
EXTRA = ["EmptyLatentImage", "EmptySD3LatentImage", "EmptyFlux2LatentImage", "EmptyHiDreamO1LatentImage"]
CHECKPOINTS = ["sd15_plain", "sdxl_plain", "hidream_o1_full"]


def order(checkpoint, stage="txt2img", **values):
    small = {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 2, "checkpoint": checkpoint}
    if values.pop("as_it_suits", False):
        del small["txt2img.steps"]
    paths = {path.replace("__", "."): value for path, value in values.items() if path != "negative"}
    family = SHIPPED.family(SHIPPED.id_in_name(checkpoint))
    suits = dict(family.as_variant(family.named_variants(checkpoint)).defaults)
    return StageOrder(
        job_id="J",
        stage=stage,
        prompt="a cat",
        negative=values.get("negative", "blurry"),
        seed=5,
        config=with_values(PipelineConfig(), suits | small | paths),
        families=SHIPPED,
    )


def comfy_server(*models, version="0.33.0"):
    fake = FakeComfyUI(version)
    fake.files["diffusion_models"] = [f"{name}.safetensors" for name in models]
    fake.files["text_encoders"] = [f"{name}.safetensors" for name in ENCODERS]
    fake.files["vae"] = [f"{name}.safetensors" for name in VAES]
    fake.files["checkpoints"] = [f"{name}.safetensors" for name in CHECKPOINTS]
    return fake


def on_comfy(asked, *models, version="0.33.0", whole=False):
    """The nodes of the graph that the server ran, by class, and the result. `whole`: the models are checkpoints."""
    with comfy_server(*(models or (asked.config.checkpoint,)), version=version) as fake:
        if whole:
            fake.files["checkpoints"] += fake.files.pop("diffusion_models")
        backend = ComfyUI(fake.url)
        try:
            backend.check()
            made = backend.generate(asked)
        finally:
            backend.close()
        found = {}
        for node in fake.graphs()[-1].values():
            found.setdefault(node["class_type"], []).append(node["inputs"])
        return found, made


# Loader of the text encoders with its kind, VAE, empty latent, shift, and whether a sampler in parts is used.
FAMILIES = {
    "flux1-dev": ("DualCLIPLoader", ["clip_l", "t5xxl_fp16"], "flux", "ae", EXTRA[1], None, ""),
    "flux1-schnell": ("DualCLIPLoader", ["clip_l", "t5xxl_fp16"], "flux", "ae", EXTRA[1], None, ""),
    "flux2-dev": ("CLIPLoader", ["mistral_3_small_flux2_fp8"], "flux2", "flux2-vae", EXTRA[2], None, "BasicGuider"),
    "flux-2-klein-base-4b": ("CLIPLoader", ["qwen_3_4b"], "flux2", "flux2-vae", EXTRA[2], None, "CFGGuider"),
    "flux-2-klein-9b": ("CLIPLoader", ["qwen_3_8b"], "flux2", "flux2-vae", EXTRA[2], None, "CFGGuider"),
    "chroma1-hd": ("CLIPLoader", ["t5xxl_fp16"], "chroma", "ae", EXTRA[1], ("AuraFlow", 1), "CFGGuider"),
    "qwen_image": (
        "CLIPLoader",
        ["qwen_2.5_vl_7b_fp8"],
        "qwen_image",
        "qwen_image_vae",
        EXTRA[1],
        ("AuraFlow", 3.1),
        "",
    ),
    "z_image_turbo": ("CLIPLoader", ["qwen_3_4b"], "lumina2", "ae", EXTRA[1], ("AuraFlow", 3), ""),
    "netayume_lumina": ("CLIPLoader", ["gemma_2_2b_fp16"], "lumina2", "ae", EXTRA[1], ("AuraFlow", 4), ""),
    "anima-preview": ("CLIPLoader", ["qwen_3_06b_base"], "stable_diffusion", "qwen_image_vae", EXTRA[0], None, ""),
    "krea2_turbo": ("CLIPLoader", ["qwen3vl_4b_bf16"], "krea2", "qwen_image_vae", EXTRA[0], None, ""),
    "sd3.5_large": ("TripleCLIPLoader", ["clip_l", "clip_g", "t5xxl_fp16"], "", "", EXTRA[1], None, ""),
    "hidream_i1_dev": (
        "QuadrupleCLIPLoader",
        ["clip_l", "clip_g", "t5xxl_fp16", "llama_3.1_8b_instruct"],
        *("", "ae", EXTRA[1], ("SD3", 6), ""),
    ),
    "auraflow_v0.3": ("CLIPLoader", ["t5xl_auraflow"], "stable_diffusion", "sdxl_vae", EXTRA[0], None, ""),
    "ernie_image": ("CLIPLoader", ["ministral-3-3b"], "flux2", "flux2-vae", EXTRA[2], None, ""),
    "pixart_sigma": ("CLIPLoader", ["t5xxl_fp16"], "pixart", "sdxl_vae", EXTRA[0], None, ""),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_bare_model_is_loaded_with_what_its_family_needs(name):
    loader, encoders, kind, vae, latent, shift, guider = FAMILIES[name]
    # SD 3.5 has its VAE in no file of that name here, so one is chosen.
    chosen = {} if vae else {"vae": "ae.safetensors"}
    nodes, made = on_comfy(order(name, **chosen))
    assert nodes["UNETLoader"] == [{"unet_name": f"{name}.safetensors", "weight_dtype": "default"}]
    (found,) = nodes[loader]
    assert [value for key, value in found.items() if key.startswith("clip_name")] == [
        f"{one}.safetensors" for one in encoders
    ]
    assert found.get("type", "") == kind
    assert nodes["VAELoader"] == [{"vae_name": f"{vae or 'ae'}.safetensors"}]
    assert latent in nodes
    shifts = {key.removeprefix("ModelSampling"): one[0]["shift"] for key, one in nodes.items() if "shift" in one[0]}
    assert shifts == ({shift[0]: shift[1]} if shift else {})
    assert (guider in nodes) == bool(guider)
    assert ("KSampler" in nodes) == (not guider)
    assert made.images[0].suspect == ()
    assert made.applied["checkpoint"] == made.asked["checkpoint"]


# The sampling that the page of families names: sampler, scheduler, steps and CFG as ComfyUI spells them, and the node
# that takes a shift of 4, with what it says then. None: a scheduler of its own.
FACTOR, FACTOR_1000, EXPONENT = "ModelSamplingAuraFlow", "ModelSamplingSD3", "ModelSamplingFlux"
SAMPLED = {
    "flux1-dev": ("euler", "simple", 20, 1, EXPONENT),
    "flux1-schnell": ("euler", "simple", 4, 1, FACTOR),
    "flux2-dev": ("euler", None, 20, None, EXPONENT),
    "flux-2-klein-base-4b": ("euler", None, 20, 5, EXPONENT),
    "flux-2-klein-9b": ("euler", None, 4, 1, EXPONENT),
    "chroma1-hd": ("euler", "beta", 26, 3.5, FACTOR),
    "qwen_image": ("euler", "simple", 20, 4, FACTOR),
    "qwen_image_2512": ("euler", "simple", 50, 4, FACTOR),
    "z_image_turbo": ("res_multistep", "simple", 8, 1, FACTOR),
    "z_image_base": ("res_multistep", "simple", 25, 4, FACTOR),
    "netayume_lumina": ("res_multistep", "simple", 30, 4, FACTOR),
    "anima-preview": ("euler", "simple", 30, 4, FACTOR),
    "krea2_turbo": ("euler", "simple", 8, 1, EXPONENT),
    "sd3.5_large": ("euler", "sgm_uniform", 20, 4, FACTOR_1000),
    "hidream_i1_full": ("uni_pc", "simple", 50, 5, FACTOR_1000),
    "hidream_i1_dev": ("lcm", "normal", 28, 1, FACTOR_1000),
    "hidream_i1_fast": ("lcm", "normal", 16, 1, FACTOR_1000),
    "auraflow_v0.3": ("euler", "simple", 30, 3.5, FACTOR),
    "ernie_image": ("euler", "simple", 20, 4, FACTOR_1000),
}


def test_each_family_is_sampled_as_it_wants_and_one_shift_is_said_in_its_own_way():
    with comfy_server(*SAMPLED) as fake:
        backend = ComfyUI(fake.url)
        try:
            backend.check()
            for name, (sampler, scheduler, steps, cfg, shift) in SAMPLED.items():
                chosen = {"vae": "ae.safetensors"} if name.startswith("sd3") else {}
                made = backend.generate(order(name, as_it_suits=True, txt2img__shift=4.0, **chosen))
                nodes = {node["class_type"]: node["inputs"] for node in fake.graphs()[-1].values()}
                said = nodes.get(shift, {})
                found = {
                    key: {one[key] for one in nodes.values() if key in one}
                    for key in ("sampler_name", "scheduler", "steps", "cfg")
                }
                wanted = {"sampler_name": {sampler}, "scheduler": {scheduler}, "steps": {steps}, "cfg": {cfg}}
                assert found == {key: one - {None} for key, one in wanted.items()}, name
                assert {FACTOR, FACTOR_1000, EXPONENT} & nodes.keys() == {shift}, name
                exponent = 1.386294 if shift == EXPONENT else None
                assert (said.get("shift"), said.get("max_shift")) == (None if exponent else 4, exponent), name
                assert said.get("base_shift") == exponent, name
                assert made.applied["txt2img.shift"] == 4.0, name
        finally:
            backend.close()


# What Forge Neo is sent: VAE and text encoders, and the shift of 4 or the guidance of 2 that it takes in one field.
ON_NEO = {
    "flux1-dev": (["ae", "clip_l", "t5xxl_fp16"], 2.0),
    "chroma1-hd": (["ae", "t5xxl_fp16"], None),
    "qwen_image": (["qwen_image_vae", "qwen_2.5_vl_7b_fp8"], None),
    "netayume_lumina": (["ae", "gemma_2_2b_fp16"], 4.0),
    "anima-preview": (["qwen_image_vae", "qwen_3_06b_base"], 4.0),
    "flux-2-klein-base-4b": (["flux2-vae", "qwen_3_4b"], None),
    "krea2_turbo": (["qwen_image_vae", "qwen3vl_4b_bf16"], None),
}


def test_forge_neo_is_sent_the_modules_of_each_family_and_guidance_or_shift_where_it_acts():
    with FakeWebUI("neo") as fake:
        fake.models = dict.fromkeys(ON_NEO, "0a1b2c3d4e")
        fake.more_encoders = [f"{name}.safetensors" for name in ENCODERS if name != "clip_l"]
        fake.more_vaes = [f"{name}.safetensors" for name in VAES if name != "ae"]
        backend = webui(fake)
        try:
            backend.check()
            for name, (wanted, field) in ON_NEO.items():
                takes = {4.0: {"txt2img__shift": 4.0}, 2.0: {"txt2img__guidance": 2.0}}
                # What its own values would be is not sent where the server cannot be told it.
                own = takes.get(field, {"txt2img__shift": 0.0, "txt2img__guidance": 0.0})
                backend.generate(order(name, txt2img__sampler="Euler", **own))
                body = fake.last("txt2img")
                assert modules(body) == wanted, name
                assert body.get("distilled_cfg_scale") == field, name
        finally:
            backend.close()


def test_lumina_2_is_given_the_sentence_of_its_family_before_the_words():
    nodes, _ = on_comfy(order("netayume_lumina"))
    positive, negative = (one["text"] for one in nodes["CLIPTextEncode"])
    assert positive.startswith("You are an assistant designed to generate high quality anime images")
    assert positive.endswith("<Prompt Start> a cat")
    assert negative.endswith("low-quality images based on textual prompts <Prompt Start> blurry")
    own = msgspec.structs.replace(order("lumina_2"), prompt="Draw well. <Prompt Start> a cat")
    assert on_comfy(own)[0]["CLIPTextEncode"][0]["text"] == "Draw well. <Prompt Start> a cat"


@pytest.mark.parametrize(
    ("checkpoint", "variant", "zsnr", "rescaled"),
    [
        ("sdxl_plain", "", None, False),
        ("noobaiXL_vPred10", "", True, True),
        # Its header tells it, and ComfyUI reads that header itself.
        ("noobaiXL_vPred10", "noobai+v-pred", None, True),
        ("sdxl_plain", "pony+v-pred-named", True, True),
        ("sd15_plain", "v-pred", False, True),
        ("sd15_vpred", "", True, True),
    ],
)
def test_v_prediction_is_told_where_the_file_does_not_tell_it(checkpoint, variant, zsnr, rescaled):
    family = "sd15" if checkpoint.startswith("sd15") else "sdxl"
    asked = msgspec.structs.replace(order(checkpoint), family=family, variant=variant)
    with comfy_server() as fake:
        fake.files["checkpoints"].append(f"{checkpoint}.safetensors")
        backend = ComfyUI(fake.url)
        try:
            backend.check()
            backend.generate(asked)
        finally:
            backend.close()
        nodes = {node["class_type"]: node["inputs"] for node in fake.graphs()[-1].values()}
    told = nodes.get("ModelSamplingDiscrete")
    assert (told and (told["sampling"], told["zsnr"])) == (None if zsnr is None else ("v_prediction", zsnr))
    assert ("RescaleCFG" in nodes, nodes.get("RescaleCFG", {}).get("multiplier")) == (
        rescaled,
        0.7 if rescaled else None,
    )


def test_sdxl_turbo_has_a_schedule_of_its_own_unless_another_is_chosen():
    nodes, made = on_comfy(order("sd_xl_turbo_1.0", as_it_suits=True), "sd_xl_turbo_1.0", whole=True)
    assert nodes["SDTurboScheduler"][0]["steps"] == nodes["SamplerCustom"][0]["cfg"] == 1
    assert nodes["KSamplerSelect"] == [{"sampler_name": "euler_ancestral"}]
    assert (made.applied["txt2img.steps"], made.applied["txt2img.sampler"]) == (1, "Euler a")
    nodes, _ = on_comfy(order("sd_xl_turbo_1.0", txt2img__scheduler="Karras"), "sd_xl_turbo_1.0", whole=True)
    assert nodes["KSampler"][0]["scheduler"] == "karras"


def test_a_checkpoint_without_text_encoders_takes_those_that_are_named():
    encoders = "clip_l + clip_g + t5xxl_fp16"
    nodes, made = on_comfy(order("sd3.5_large", text_encoders=encoders), "sd3.5_large", whole=True)
    assert nodes["CLIPTextEncode"][0]["clip"] != nodes["VAEDecode"][0]["vae"][:1]
    assert nodes["TripleCLIPLoader"] == [
        {f"clip_name{nth}": f"{one}.safetensors" for nth, one in enumerate(encoders.split(" + "), 1)}
    ]
    assert made.applied["text_encoders"] == encoders
    _, made = on_comfy(order("sdxl_plain", text_encoders="clip_l"), "z_image_turbo")
    assert [note for note in made.notes if note.startswith("text_encoders: SDXL has its own")]


def test_flux_is_given_its_guidance_and_an_empty_negative_at_cfg_1():
    nodes, made = on_comfy(order("flux1-dev", txt2img__guidance=2.5))
    assert [one["guidance"] for one in nodes["FluxGuidance"]] == [2.5]
    assert (len(nodes["CLIPTextEncode"]), len(nodes["ConditioningZeroOut"])) == (1, 1)
    assert nodes["KSampler"][0]["cfg"] == 1
    assert nodes["KSampler"][0]["scheduler"] == "simple"
    assert made.applied["txt2img.guidance"] == 2.5
    nodes, _ = on_comfy(order("flux1-dev", txt2img__cfg_scale=2.0))
    assert (len(nodes["CLIPTextEncode"]), "ConditioningZeroOut" in nodes) == (2, False)


def test_one_scale_of_shift_is_a_factor_here_and_an_exponent_there():
    nodes, made = on_comfy(order("sd3.5_large", vae="ae.safetensors", txt2img__shift=3.0))
    assert nodes["ModelSamplingSD3"][0]["shift"] == 3.0
    assert made.applied["txt2img.shift"] == 3.0
    nodes, made = on_comfy(order("flux1-dev", txt2img__shift=3.158193))
    assert nodes["ModelSamplingFlux"][0]["max_shift"] == nodes["ModelSamplingFlux"][0]["base_shift"] == 1.15
    assert made.applied["txt2img.shift"] == 3.158193


def test_flux_2_and_chroma_are_sampled_in_parts_with_the_schedule_of_their_own():
    nodes, made = on_comfy(order("flux2-dev"))
    assert nodes["Flux2Scheduler"] == [{"steps": 2, "width": 64, "height": 64}]
    assert nodes["FluxGuidance"][0]["guidance"] == 4
    assert (made.applied["txt2img.steps"], made.applied["txt2img.sampler"]) == (2, "Euler")
    nodes, _ = on_comfy(order("flux-2-klein-base-4b", txt2img__scheduler="Beta"))
    assert (nodes["BasicScheduler"][0]["scheduler"], nodes["CFGGuider"][0]["cfg"]) == ("beta", 5)
    nodes, _ = on_comfy(order("chroma1-hd"))
    assert nodes["T5TokenizerOptions"][0]["min_padding"] == nodes["T5TokenizerOptions"][0]["min_length"] == 0
    assert nodes["BasicScheduler"][0]["scheduler"] == "beta"


def test_a_lora_of_a_family_without_text_part_is_loaded_for_the_model_alone():
    asked = msgspec.structs.replace(order("z_image_turbo"), prompt="a cat <lora:inkwash:0.7>")
    nodes, _ = on_comfy(asked)
    assert [one["strength_model"] for one in nodes["LoraLoaderModelOnly"]] == [0.7]
    assert "LoraLoader" not in nodes


def test_a_whole_checkpoint_of_a_family_keeps_its_own_text_encoders_and_vae():
    nodes, _ = on_comfy(order("hidream_o1_full"), "z_image_turbo")
    assert "EmptyHiDreamO1LatentImage" in nodes
    assert not nodes.keys() & {"UNETLoader", "CLIPLoader", "VAELoader"}
    nodes, made = on_comfy(order("sdxl_plain", txt2img__guidance=3.5, txt2img__shift=3.0), "z_image_turbo")
    assert not nodes.keys() & {"FluxGuidance", "ModelSamplingSD3", "ModelSamplingAuraFlow", "ModelSamplingFlux"}
    assert sum("left out" in note for note in made.notes) == 2


def test_the_encoders_that_the_user_names_go_before_those_of_the_family():
    nodes, made = on_comfy(order("flux1-dev", text_encoders="vit-l-detail + t5xxl_fp16"))
    assert nodes["DualCLIPLoader"][0]["clip_name1"] == "vit-l-detail.safetensors"
    assert made.images[0].suspect == ()


@pytest.mark.parametrize(
    ("checkpoint", "values", "version", "words"),
    [
        ("mystery", {}, "0.33.0", "nothing tells the family of mystery"),
        ("flux-2-klein", {}, "0.33.0", "Flux 2 Klein .*needs a text encoder of its size"),
        ("flux1-dev", {"text_encoders": "clip_x"}, "0.33.0", "has no 'clip_x'"),
        ("flux1-dev", {"vae": "none.of.it"}, "0.33.0", "vae:"),
        ("sd3.5_large", {}, "0.33.0", "SD 3.5 Large needs sd3_vae"),
        ("sana_1600m", {}, "0.33.0", "needs a workflow of its own"),
        ("flux2-dev", {}, "0.3.64", "has no 'flux2'"),
    ],
)
def test_what_cannot_be_told_or_is_not_there_is_refused_before_anything_is_made(checkpoint, values, version, words):
    with comfy_server("flux1-dev", checkpoint, version=version) as fake:
        backend = ComfyUI(fake.url)
        try:
            offered = backend.check()
            assert checkpoint in offered.checkpoints
            with pytest.raises(Refused, match=words):
                backend.generate(order(checkpoint, **values))
        finally:
            backend.close()
        assert fake.graphs() == []


def on_webui(mode, asked, **options):
    """The body of the request that came to the server, and the result."""
    with FakeWebUI(mode) as fake:
        fake.models = {asked.config.checkpoint: "0a1b2c3d4e", "other": "5f6a7b8c9d"}
        fake.more_encoders = [f"{name}.safetensors" for name in ENCODERS if name != "clip_l"]
        fake.options |= options
        backend = webui(fake)
        try:
            backend.check()
            made = backend.generate(asked)
        finally:
            backend.close()
        return fake.last("txt2img"), made


def modules(body):
    return [name.rpartition(".")[0] for name in body["override_settings"]["forge_additional_modules"]]


def test_forge_is_sent_guidance_and_modules_with_a_flux_checkpoint():
    body, made = on_webui("forge", order("flux1-dev", txt2img__guidance=2.5))
    assert (body["distilled_cfg_scale"], body["cfg_scale"], body["scheduler"]) == (2.5, 1, "Simple")
    assert modules(body) == ["ae", "clip_l", "t5xxl_fp16"]
    assert (made.applied["txt2img.guidance"], made.images[0].suspect) == (2.5, ())
    recipe = recipe_from({"parameters": made.images[0].infotext})
    assert recipe.values["txt2img.guidance"] == 2.5
    # Those of Flux would stay with the next checkpoint.
    body, _ = on_webui(
        "forge", order("sdxl_plain"), forge_additional_modules=["/models/text_encoder/clip_l.safetensors"]
    )
    assert (modules(body), "distilled_cfg_scale" in body) == ([], False)
    body, _ = on_webui("forge", order("sdxl_plain"))
    assert "forge_additional_modules" not in body["override_settings"]


def test_forge_neo_takes_the_shift_of_some_families_in_the_field_for_guidance():
    body, made = on_webui("neo", order("z_image_turbo", txt2img__shift=9.0, txt2img__sampler="Euler"))
    assert (body["distilled_cfg_scale"], body["cfg_scale"], body["steps"]) == (9.0, 1, 2)
    assert modules(body) == ["ae", "qwen_3_4b"]
    assert (made.applied["txt2img.shift"], made.images[0].suspect) == (9.0, ())
    assert "txt2img.guidance" not in made.applied
    assert recipe_from({"parameters": made.images[0].infotext}).values["txt2img.shift"] == 9.0


def test_sdnext_is_told_v_prediction_and_others_are_left_to_the_file():
    asked = msgspec.structs.replace(order("noobai_plain"), family="sdxl", variant="noobai+v-pred-named")
    body, _ = on_webui("sdnext", asked)
    told = body["override_settings"]
    assert (told["schedulers_prediction_type"], told["schedulers_rescale_betas"]) == ("v_prediction", True)
    assert "schedulers_prediction_type" not in on_webui("sdnext", order("sdxl_plain"))[0]["override_settings"]
    assert "schedulers_prediction_type" not in on_webui("forge", asked)[0]["override_settings"]


# SD.Next has no "Simple".
EULER = {"txt2img__sampler": "Euler", "txt2img__scheduler": "Automatic"}


def test_sdnext_takes_guidance_as_cfg_and_shift_as_a_setting():
    body, made = on_webui("sdnext", order("flux1-dev", txt2img__guidance=2.5, **EULER))
    assert (body["cfg_scale"], made.applied["txt2img.guidance"], made.images[0].suspect) == (2.5, 2.5, ())
    body, _ = on_webui("sdnext", order("z_image_turbo", txt2img__shift=5.0, **EULER))
    assert body["override_settings"]["schedulers_shift"] == 5.0


@pytest.mark.parametrize(
    ("mode", "checkpoint", "values", "words"),
    [
        ("a1111", "flux1-dev", {"txt2img__guidance": 3.0}, "txt2img.guidance: .* has no guidance beside CFG"),
        ("forge", "sd3.5_large", {"txt2img__shift": 3.0}, "txt2img.shift: .* cannot be told a shift for SD 3"),
        ("a1111", "sd15_plain", {"text_encoders": "clip_l"}, "text_encoders: .* takes no text encoders"),
        ("forge", "flux1-dev", {"text_encoders": "clip_x"}, "text_encoders: .* has no 'clip_x'"),
    ],
)
def test_a_webui_that_cannot_be_told_refuses(mode, checkpoint, values, words):
    with pytest.raises(Refused, match=words):
        on_webui(mode, order(checkpoint, **values))


def test_what_means_nothing_with_the_family_is_left_out_and_told():
    body, made = on_webui("forge", order("sdxl_plain", txt2img__guidance=3.5, txt2img__shift=2.0))
    assert "distilled_cfg_scale" not in body
    assert [note.partition(":")[0] for note in made.notes] == ["txt2img.guidance", "txt2img.shift"]
