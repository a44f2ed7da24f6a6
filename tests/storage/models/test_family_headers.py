"""A model file is known by the names and shapes of its tensors: what it is, and of which family."""

from __future__ import annotations

import json
import random

import pytest
from families import PROBLEMS, SHIPPED

from stablenew_tk.app.models.facts import above
from stablenew_tk.domain.models.families import FamilyCatalogue
from stablenew_tk.domain.models.family_reader import read_families
from stablenew_tk.domain.models.recommendations import merged, open_question, usable
from stablenew_tk.domain.models.style import StyleCatalogue
from stablenew_tk.storage.models.model_entry import ModelEntry
from stablenew_tk.storage.models.profile_reader import load_styles
from stablenew_tk.storage.models.sidecars import ModelFiles, grouped, readings
from stablenew_tk.storage.models.summary import model_summary

STYLES = StyleCatalogue(families=SHIPPED)
KEY_NORM = "double_blocks.0.img_attn.norm.key_norm.scale"
WORDS = {
    "cond_stage_model.transformer.text_model.embeddings.position_ids": [1, 77],
    "first_stage_model.decoder.conv_in.weight": [512, 4, 3, 3],
}
UNET = {"input_blocks.0.0.weight": [320, 4, 3, 3]}
SDXL = UNET | {
    "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": [640, 2048],
    "label_emb.0.0.weight": [1280, 2816],
}
SD15 = UNET | {"input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": [320, 768]}
V_PRED = {"v_pred": [], "ztsnr": []}
REFINER = {
    "input_blocks.0.0.weight": [384, 4, 3, 3],
    "label_emb.0.0.weight": [1536, 2560],
    "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": [768, 1280],
}
LUMINA = {"noise_refiner.0.attention.k_norm.weight": [96]}
FLUX2 = {KEY_NORM: [128], "double_stream_modulation_img.lin.weight": [18432, 3072]}


def below(prefix, names):
    return {prefix + name: shape for name, shape in names.items()}


def layer(name, shape=(4, 3072), out=(3072, 4)):
    return {f"{name}.lora_down.weight": list(shape), f"{name}.lora_up.weight": list(out)}


# (kind, family, variant, tensors): one for each row of what the engines themselves look at.
DIFFUSION = [
    (
        "sd3",
        "medium",
        {"joint_blocks.0.context_block.attn.qkv.weight": [4608, 1536], "x_embedder.proj.weight": [1536, 16, 2, 2]},
    ),
    (
        "sd3",
        "3.5-medium",
        {
            "joint_blocks.0.context_block.attn.qkv.weight": [4608, 1536],
            "x_embedder.proj.weight": [1536, 16, 2, 2],
            "joint_blocks.0.x_block.attn2.qkv.weight": [1],
        },
    ),
    (
        "sd3",
        "3.5-large",
        {"joint_blocks.0.context_block.attn.qkv.weight": [7296, 2432], "x_embedder.proj.weight": [2432, 16, 2, 2]},
    ),
    ("auraflow", "", {"double_layers.0.attn.w1q.weight": [3072, 3072]}),
    ("flux2", "", FLUX2 | {"img_in.weight": [6144, 128]}),
    ("flux2-klein-4b", "", FLUX2 | {"img_in.weight": [3072, 128]}),
    ("flux2-klein-9b", "", FLUX2 | {"img_in.weight": [4096, 128]}),
    ("chroma", "", {KEY_NORM: [128], "distilled_guidance_layer.norms.0.scale": [5120]}),
    (
        "chroma",
        "radiance",
        {KEY_NORM: [128], "distilled_guidance_layer.norms.0.scale": [5120], "nerf_blocks.0.norm.scale": [64]},
    ),
    ("longcat", "", {KEY_NORM: [128], "txt_in.weight": [3072, 3584]}),
    (
        "ovis",
        "",
        {
            KEY_NORM: [128],
            "double_blocks.0.img_mlp.gate_proj.weight": [1],
            "txt_norm.weight": [2048],
            "vector_in.in_layer.weight": [1],
        },
    ),
    (
        "flux",
        "",
        {
            KEY_NORM: [128],
            "guidance_in.in_layer.weight": [3072, 256],
            "img_in.weight": [3072, 64],
            "vector_in.in_layer.weight": [1],
        },
    ),
    ("flux", "schnell", {KEY_NORM: [128], "img_in.weight": [3072, 64], "vector_in.in_layer.weight": [1]}),
    ("flux", "fill", {KEY_NORM: [128], "guidance_in.in_layer.weight": [3072, 256], "img_in.weight": [3072, 384]}),
    ("flux", "control", {KEY_NORM: [128], "guidance_in.in_layer.weight": [3072, 256], "img_in.weight": [3072, 128]}),
    ("pixart", "", {"t_block.1.weight": [6912, 1152]}),
    ("lumina2", "", LUMINA | {"cap_embedder.1.weight": [2304, 2304]}),
    ("zimage", "", LUMINA | {"cap_embedder.1.weight": [3840, 2560]}),
    ("hidream", "", {"caption_projection.0.linear.weight": [2560, 4096], "t_embedder1.mlp.0.weight": [1]}),
    (
        "anima",
        "",
        {"blocks.0.mlp.layer1.weight": [8192, 2048], "llm_adapter.blocks.0.cross_attn.q_proj.weight": [1024, 1024]},
    ),
    ("cosmos", "", {"blocks.0.mlp.layer1.weight": [8192, 2048]}),
    ("qwen-2.1", "", {"txt_in.text_norm.weight": [4096], "modulation.1.weight": [1]}),
    ("mage-flow", "", {"txt_norm.weight": [2560], "proj_out.weight": [128, 3072]}),
    ("qwen", "", {"txt_norm.weight": [3584], "proj_out.weight": [64, 3072]}),
    ("qwen", "edit", {"txt_norm.weight": [3584], "__index_timestep_zero__": []}),
    ("krea2", "", {"txtfusion.projector.weight": [1]}),
    ("ideogram4", "", {"embed_image_indicator.weight": [1]}),
    ("ernie", "", {"layers.0.mlp.linear_fc2.weight": [4096, 12288]}),
    ("sana", "", {"attention_y_norm.weight": [2240]}),
    ("sdxl", "", SDXL),
    ("sdxl", "v-pred", SDXL | V_PRED),
    ("sdxl-refiner", "", REFINER),
    ("sd21", "", UNET | {"input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": [320, 1024]}),
    ("sd15", "", SD15),
    ("sd15", "inpaint", SD15 | {"input_blocks.0.0.weight": [320, 9, 3, 3]}),
]
LORAS = [
    ("sdxl", layer("lora_te2_text_model_encoder_layers_0_mlp_fc1", (4, 1280))),
    ("sdxl", layer("lora_unet_input_blocks_7_1_transformer_blocks_9_attn1_to_q", (4, 1280))),
    ("sdxl", layer("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", (4, 2048))),
    ("sdxl", {"unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora.down.weight": [4, 2048]}),
    ("sd15", layer("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k", (4, 768))),
    ("sd15", layer("lora_te_text_model_encoder_layers_0_mlp_fc1", (4, 768))),
    (
        "flux",
        layer("lora_unet_double_blocks_18_img_attn_proj") | layer("lora_unet_single_blocks_37_linear1", out=(21504, 4)),
    ),
    ("flux", {"transformer.single_transformer_blocks.20.attn.to_q.lora_A.weight": [16, 3072]}),
    ("flux", {"lora_unet_double_blocks_0_img_attn_qkv.lokr_w1": [8, 8]}),
    ("flux", {"lora_transformer_single_transformer_blocks_0_attn_to_q.lora_up.weight": [3072, 4]}),
    ("flux2-klein-4b", {"diffusion_model.single_blocks.3.linear1.lora_B.weight": [27648, 16]}),
    ("flux2-klein-4b", layer("lora_unet_double_blocks_4_img_attn_proj") | layer("lora_unet_single_blocks_19_linear2")),
    ("flux2-klein-9b", {"diffusion_model.double_blocks.0.img_attn.qkv.lora_A.weight": [16, 4096]}),
    ("flux2", {"diffusion_model.single_blocks.47.linear1.lora_A.weight": [16, 6144]}),
    (
        "chroma",
        layer("lora_unet_distilled_guidance_layer_layers_0_in_layer")
        | layer("lora_unet_double_blocks_0_img_attn_proj"),
    ),
    (
        "qwen",
        {
            "diffusion_model.transformer_blocks.59.img_mlp.net.2.lora_A.weight": [16, 12288],
            "diffusion_model.transformer_blocks.59.attn.add_k_proj.lora_A.weight": [16, 3072],
        },
    ),
    ("zimage", {"diffusion_model.layers.0.attention.qkv.lora_A.weight": [16, 3840]}),
    ("zimage", {"transformer.layers.0.attention.to_q.lora_A.default.weight": [16, 3840]}),
    ("lumina2", {"diffusion_model.layers.0.attention.qkv.lora_A.weight": [16, 2304]}),
    ("anima", layer("lora_unet_blocks_27_self_attn_q_proj", (4, 2048))),
    ("anima", {"diffusion_model.blocks.27.mlp.layer2.lora_A.weight": [16, 8192]}),
    (
        "krea2",
        {
            "diffusion_model.blocks.0.attn.gate.lora_A.weight": [1, 1],
            "diffusion_model.blocks.0.mlp.gate.lora_A.weight": [1, 1],
        },
    ),
    ("sd3", layer("lora_unet_joint_blocks_0_x_block_attn_qkv")),
    ("sd3", {"transformer.transformer_blocks.37.ff_context.net.2.lora_A.weight": [16, 9728]}),
    ("hidream", {"diffusion_model.double_stream_blocks.0.block.ff_i.shared_experts.w1.lora_A.weight": [1, 1]}),
    ("sdxl", {"lora_unet_input_blocks_4_1_transformer_blocks_9_attn1_to_q.oft_blocks": [4, 64, 64]}),
    ("", {"some_block.diff": [4, 4]}),
]
OTHERS = [
    ("text encoder", "clip_l", {"text_model.encoder.layers.11.mlp.fc1.weight": [3072, 768]}),
    (
        "text encoder",
        "clip_g",
        {
            "text_model.encoder.layers.30.mlp.fc1.weight": [5120, 1280],
            "text_model.encoder.layers.0.mlp.fc1.weight": [1],
        },
    ),
    ("text encoder", "t5xxl", {"encoder.block.23.layer.1.DenseReluDense.wi_1.weight": [10240, 4096]}),
    ("text encoder", "t5xl", {"encoder.block.23.layer.1.DenseReluDense.wi_1.weight": [5120, 2048]}),
    (
        "text encoder",
        "qwen3-0.6b",
        {"model.layers.0.self_attn.q_norm.weight": [128], "model.layers.0.post_attention_layernorm.weight": [1024]},
    ),
    (
        "text encoder",
        "qwen3-4b",
        {"model.layers.0.self_attn.q_norm.weight": [128], "model.layers.0.post_attention_layernorm.weight": [2560]},
    ),
    (
        "text encoder",
        "qwen3-8b",
        {"model.layers.0.self_attn.q_norm.weight": [128], "model.layers.0.post_attention_layernorm.weight": [4096]},
    ),
    (
        "text encoder",
        "qwen2.5vl",
        {"model.layers.0.self_attn.k_proj.bias": [512], "model.layers.0.post_attention_layernorm.weight": [3584]},
    ),
    (
        "text encoder",
        "qwen3vl",
        {"visual.deepstack_merger_list.0.norm.weight": [1], "model.layers.0.self_attn.q_norm.weight": [128]},
    ),
    ("text encoder", "gemma", {"model.layers.0.post_feedforward_layernorm.weight": [2304]}),
    ("text encoder", "mistral", {"model.layers.0.post_attention_layernorm.weight": [5120]}),
    ("text encoder", "ministral", {"model.layers.0.post_attention_layernorm.weight": [3072]}),
    ("vae", "", {"decoder.conv_in.weight": [512, 16, 3, 3], "encoder.conv_in.weight": [128, 3, 3, 3]}),
    ("vae", "", {"first_stage_model.decoder.conv_in.weight": [512, 4, 3, 3]}),
    ("vae", "", {"decoder.conv1.weight": [384, 16, 3, 3, 3], "encoder.conv1.weight": [96, 3, 3, 3, 3]}),
    (
        "checkpoint",
        "sdxl",
        below("model.diffusion_model.", SDXL) | {"conditioner.embedders.0.transformer.text_model.x": [1]} | WORDS,
    ),
    ("checkpoint", "sdxl-refiner", below("model.diffusion_model.", REFINER) | {"conditioner.embedders.0.model.x": [1]}),
    ("checkpoint", "sd15", below("model.diffusion_model.", SD15) | WORDS),
    (
        "checkpoint",
        "flux",
        below("model.diffusion_model.", {KEY_NORM: [128], "guidance_in.in_layer.weight": [3072, 256]})
        | {"text_encoders.t5xxl.x": [1], "vae.decoder.conv_in.weight": [1]},
    ),
    (
        "checkpoint",
        "hidream-o1",
        {"model.diffusion_model.t_embedder1.mlp.0.weight": [1], "model.diffusion_model.x_embedder.proj1.weight": [1]},
    ),
    ("controlnet", "", {"control_model.input_blocks.0.0.weight": [320, 4, 3, 3]}),
    ("embedding", "sdxl", {"clip_g": [4, 1280], "clip_l": [4, 768]}),
]
KINDS = [
    *(("diffusion model", family, variant, names) for family, variant, names in DIFFUSION),
    *(
        ("diffusion model", family, variant, below("model.diffusion_model.", names))
        for family, variant, names in DIFFUSION
    ),
    *(("diffusion model", family, variant, below("net.", names)) for family, variant, names in DIFFUSION[-6:]),
    *(("lora", family, "", names) for family, names in LORAS),
    *((kind, family, "", names) for kind, family, names in OTHERS),
]


def model(folder, tensors, name="model.safetensors", metadata=None):
    """A file that has nothing but this header."""
    table = {key: {"dtype": "BF16", "shape": shape, "data_offsets": [0, 0]} for key, shape in tensors.items()}
    text = json.dumps({"__metadata__": metadata or {}, **table}).encode()
    (folder / name).write_bytes(len(text).to_bytes(8, "little") + text)
    return folder / name


def read(folder, name="model.safetensors"):
    """What the files of a model tell, and the same at a glance."""
    names = [path.name for path in folder.iterdir()]
    files = next(one for one in grouped(names) if one.model == name)
    found = merged(list(readings(str(folder), files, SHIPPED)), STYLES, name=files.stem)
    seen = model_summary(str(folder), (), files, STYLES)
    assert (seen.kind, seen.family) == (found.kind, found.family)
    return found


def test_the_table_that_ships_has_no_mistake():
    assert PROBLEMS == ()


def test_every_kind_of_file_is_known_by_its_header(tmp_path):
    wrong = []
    for kind, family, variant, tensors in KINDS:
        model(tmp_path, tensors)
        found = read(tmp_path)
        source = "header: model.safetensors" if family else ""
        if (found.kind, *told_by(found.found)) != (kind, family, source, variant):
            wrong.append((found.kind, found.found, kind, family, variant, tensors))
    assert wrong == []


def told_by(found):
    return found.value, found.source, found.variant


@pytest.mark.parametrize(
    ("tensors", "name", "sidecar", "told"),
    [
        # What only words tell is taken from the sidecar before the name, and the header goes before both.
        (
            LUMINA | {"cap_embedder.1.weight": [3840, 2560]},
            "z_image",
            "ZImageTurbo",
            ("zimage", "header", "turbo", "sidecar"),
        ),
        (
            LUMINA | {"cap_embedder.1.weight": [3840, 2560]},
            "z_image_turbo",
            "",
            ("zimage", "header", "turbo", "file name"),
        ),
        (
            LUMINA | {"cap_embedder.1.weight": [3840, 2560]},
            "z_image_turbo",
            "ZImageBase",
            ("zimage", "header", "base", "sidecar"),
        ),
        (SDXL, "mine", "Pony", ("sdxl", "header", "pony", "sidecar")),
        # What the network predicts stands beside the variant; the header knows it best.
        (SDXL | V_PRED, "mine_vpred", "NoobAI", ("sdxl", "header", "noobai+v-pred", "sidecar")),
        (SDXL | V_PRED, "mine", "", ("sdxl", "header", "v-pred", "header")),
        (SDXL, "noobaiXLNAIXL_vPred10Version", "NoobAI", ("sdxl", "header", "noobai+v-pred-named", "sidecar")),
        (SD15, "fluffyrock-vpred-e257", "SD 1.5", ("sd15", "header", "v-pred-zsnr", "file name")),
        (SD15 | {"v_pred": []}, "mine", "", ("sd15", "header", "v-pred", "header")),
        (SDXL, "flux_look", "SD 1.5", ("sdxl", "header", "", "")),
        ({"unheard.of": [1]}, "demo", "Flux.1 Krea", ("flux", "sidecar", "krea", "sidecar")),
        ({"unheard.of": [1]}, "qwen_image_2512_fp8", "", ("qwen", "file name", "2512", "file name")),
        ({"unheard.of": [1]}, "demo", "", ("", "", "", "")),
    ],
)
def test_header_goes_before_sidecar_before_file_name_and_each_is_named(tmp_path, tensors, name, sidecar, told):
    model(tmp_path, tensors, f"{name}.safetensors")
    if sidecar:
        (tmp_path / f"{name}.civitai.info").write_text(
            json.dumps({"baseModel": sidecar, "model": {"type": "Checkpoint"}})
        )
    found = read(tmp_path, f"{name}.safetensors").found
    sources = (found.source.partition(":")[0], found.variant_source.partition(":")[0])
    assert (found.value, sources[0], found.variant, sources[1]) == told


def test_what_nothing_tells_is_asked_for_and_the_ranges_hold_for_both(tmp_path):
    model(tmp_path, LUMINA | {"cap_embedder.1.weight": [3840, 2560]})
    unknown = read(tmp_path)
    assert "Turbo or base" in open_question(unknown.found, SHIPPED)
    assert "txt2img.steps" not in unknown.offers
    turbo, base = (SHIPPED.family("zimage").as_variant(one) for one in ("turbo", "base"))
    assert SHIPPED.family("zimage").ranges["txt2img.steps"] == (
        turbo.ranges["txt2img.steps"][0],
        base.ranges["txt2img.steps"][1],
    )
    model(tmp_path, LUMINA | {"cap_embedder.1.weight": [3840, 2560]}, metadata={"modelspec.title": "Z Image Turbo"})
    assert open_question(read(tmp_path).found, SHIPPED) == ""


def test_the_users_table_adds_families_and_changes_single_fields(tmp_path):
    mine = {
        "families": [
            {"id": "zimage", "defaults": {"txt2img.steps": 9}, "clip_skip": "two", "colour": "red"},
            {"id": "kolors", "title": "Kolors", "names": ["kolors"], "signs": [["encoder_hid_proj.weight"]]},
            {"id": "bad", "signs": [["what[[is]"], ["ok.weight"]], "defaults": {"txt2img.steps": 900}},
            {"title": "nameless"},
        ]
    }
    (tmp_path / "families.json").write_text(json.dumps(mine))
    styles, problems = load_styles(tmp_path / "styles.json")
    families = styles.families
    assert families.family("zimage").defaults["txt2img.steps"] == 9
    assert families.family("zimage").text_encoders == SHIPPED.family("zimage").text_encoders
    assert len(families.family("bad").signs) == 1
    for word in (
        '"families[0].clip_skip"',
        '"families[0].colour"',
        '"families[2].signs[0]"',
        "txt2img.steps",
        '"families[3].id"',
    ):
        assert [one for one in problems if word in one], word
    model(tmp_path, {"encoder_hid_proj.weight": [1]}, "k.safetensors")
    found = merged(
        list(readings(str(tmp_path), ModelFiles(stem="k", model="k.safetensors"), families)), styles, name="k"
    )
    assert (found.family, found.kind) == ("kolors", "diffusion model")
    assert families.id_in_name("my Kolors 2") == "kolors"


def test_no_table_and_no_header_makes_reading_fail(tmp_path):
    rng, whole = (
        random.Random(4),
        json.dumps({"families": [{"id": "x", "signs": [["a.*[0]=3"]], "ranges": {"width": [1, 2]}}]}),
    )
    for _ in range(200):
        text = list(whole)
        for _ in range(rng.randrange(1, 6)):
            text[rng.randrange(len(text))] = rng.choice('[]{}",:0a*')
        known, problems = read_families("".join(text).encode(), "mine.json", FamilyCatalogue())
        assert known.families or problems


@pytest.mark.parametrize(
    ("name", "features", "words"),
    [
        ("noobaiXL_vPred10", {"prediction"}, "the engine is told so (file name: noobaiXL_vPred10)"),
        ("noobaiXL_vPred10", None, "the engine is told so (file name: noobaiXL_vPred10)"),
        ("noobaiXL_vPred10", set(), "(file name: noobaiXL_vPred10). This engine cannot be told"),
        ("noobaiXL_eps", set(), ""),
    ],
)
def test_who_says_v_prediction_is_told_where_the_file_does_not(name, features, words):
    found = usable(merged((), STYLES, name=name), STYLES, lambda _choices: (), features=features)
    assert [words in one for one in found.notices] == ([True] if words else [])


@pytest.mark.parametrize(
    ("name", "features", "told"),
    [
        ("flux1-dev", None, {"txt2img.guidance": 3.5}),
        ("flux1-dev", {"guidance"}, {"txt2img.guidance": 3.5}),
        ("flux1-dev", set(), {}),
        ("z_image_turbo", {"shift"}, {"txt2img.shift": 3}),
        ("z_image_turbo", {"guidance", "shift_for_some"}, {"txt2img.shift": 3}),
        ("qwen_image", {"guidance", "shift_for_some"}, {}),
    ],
)
def test_an_engine_is_only_given_the_guidance_and_shift_that_it_takes(name, features, told):
    found = usable(merged((), STYLES, name=name), STYLES, lambda _choices: (), features=features)
    assert {path: one.value for path, one in found.values.items() if path.endswith(("guidance", "shift"))} == told


def test_the_page_of_a_model_names_its_family_and_who_tells_it(tmp_path):
    model(tmp_path, SDXL | V_PRED, "mine.safetensors")
    (tmp_path / "mine.civitai.info").write_text(json.dumps({"baseModel": "NoobAI", "model": {"type": "Checkpoint"}}))
    entry = ModelEntry(folder=str(tmp_path), name="mine.safetensors", stem="mine", kind="checkpoint")
    lines = above(entry, read(tmp_path, "mine.safetensors"), STYLES, frozenset())
    assert [(one.text, one.source) for one in lines if one.label == "Family"] == [
        ("NoobAI v-prediction", "header, sidecar")
    ]
