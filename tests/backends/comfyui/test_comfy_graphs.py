"""The graphs that are sent: equal to those that ran on a real server, for every field of the config."""

from __future__ import annotations

import json

import pytest
from comfy_orders import made, node_classes, nodes_of, order, picture, recorded, server, tree

from stablenew_tk.backends.comfyui.graphs import MAX_SEED, applied, graph, picture_count
from stablenew_tk.backends.comfyui.object_info import server_words
from stablenew_tk.domain.base.errors import BadImage, Refused
from stablenew_tk.domain.config.catalogue import catalogue

REFINED = {
    "refiner__enabled": True,
    "refiner__checkpoint": "tiny-refiner",
    "refiner__switch_at": 0.6,
    "txt2img__steps": 6,
}
HIRES = {"hires__enabled": True, "hires__scale": 1.5, "hires__denoise": 0.5}
LIKE_RECORDED = {
    "txt2img": order(),
    "lora": order(prompt="<lora:random-lora:0.8> a cat <lora:second-lora:0.3:0.5>"),
    "vae": order(vae="taesd"),
    "clipskip2": order(clip_skip=2),
    "hires-latent": order(**HIRES, hires__upscaler="Latent (bislerp)"),
    "hires-lanczos": order(**HIRES, hires__upscaler="Lanczos"),
    "hires-model": order(**HIRES, hires__upscaler="random-esrgan-x4.safetensors"),
    "refiner": order(**REFINED),
    "img2img-ksampleradvanced-10of20": order(
        "img2img", img2img__sampler="DPM++ 2M", img2img__steps=20, img2img__denoise=0.45
    ),
    "upscale-lanczos": order("upscale", upscale__upscaler="Lanczos"),
    "6steps": order(txt2img__steps=6),
    "lora-clipskip2": order(prompt="a cat <lora:random-lora:0:-0.5>", clip_skip=2, seed=7),
    "refiner-same": order(**(REFINED | {"refiner__checkpoint": "tiny-sd15"})),
    "concat": order(prompt="a cat BREAK a dog", seed=7),
    "combine": order(prompt="a cat AND a dog", seed=7),
    "timestep-range": order(prompt="[a cat:a dog:0.5]", seed=7),
}


def as_ran(found):
    """The inputs of each node, as the server's record shows them."""
    return {name: dict(node["inputs"]) for name, node in found.prompt.items()}


@pytest.mark.parametrize("name", LIKE_RECORDED)
def test_the_graph_is_one_that_ran_on_a_real_server(name):
    assert tree(made(LIKE_RECORDED[name]).prompt) == tree(recorded()[name])


def test_embeddings_are_written_as_a_real_server_read_them():
    (text, _) = (node["inputs"]["text"] for node in recorded()["embedding"].values() if "text" in node["inputs"])
    asked = order(prompt="a cat, (random-embed:1.2), random-embed-pt")
    sent = made(asked, server(embeddings=["random-embed", "random-embed-pt"]))
    # One that the server did not have was dropped there without a word; it is refused here.
    assert nodes_of(sent, "CLIPTextEncode")[0]["text"] == text.removesuffix(", embedding:nope")
    with pytest.raises(Refused, match="'nope'"):
        made(order(prompt=text), server(embeddings=["random-embed", "random-embed-pt"]))


def test_a_model_enlarges_to_the_exact_size_whatever_its_own_factor_is():
    found = made(order("upscale", upscale__upscaler="random-esrgan-x4.pth"))
    (_, inputs), (_, by_factor) = tree(found.prompt), tree(recorded()["upscale-model-2x"])
    kind, scaled = inputs["images"][0]
    assert (kind, scaled["upscale_method"], scaled["width"], scaled["height"]) == ("ImageScale", "lanczos", 256, 256)
    assert scaled["image"] == by_factor["images"][0][1]["image"]


def test_the_output_is_the_save_node_with_the_prefix_of_this_attempt():
    found = made(order(), prefix="J-1")
    (output,) = found.outputs
    assert found.prompt[output] == {
        "class_type": "SaveImage",
        "inputs": {"images": [str(int(output) - 1), 0], "filename_prefix": "J-1"},
    }
    json.dumps(found.prompt)


def test_equal_orders_give_equal_graphs():
    assert made(LIKE_RECORDED["hires-model"]) == made(LIKE_RECORDED["hires-model"])


@pytest.mark.parametrize("name", LIKE_RECORDED)
def test_what_stands_in_the_graph_is_read_back_as_it_was_asked(name):
    found = made(LIKE_RECORDED[name])
    assert set(found.read_back) <= set(found.asked) <= set(catalogue())
    told = applied(found, as_ran(found))
    automatic = {path for path, value in found.asked.items() if value == "Automatic"}
    assert {path: told[path] for path in told if path not in automatic} == {
        path: found.asked[path] for path in found.read_back if path not in automatic
    }


def test_the_scheduler_that_automatic_stood_for_is_told():
    found = made(order(txt2img__sampler="DPM++ 2M"))
    assert found.asked["txt2img.scheduler"] == "Automatic"
    assert applied(found, as_ran(found))["txt2img.scheduler"] == "Karras"


def test_what_the_server_changed_is_told_in_the_words_of_the_project():
    found = made(order(clip_skip=2, **HIRES))
    ran = as_ran(found)
    for inputs in ran.values():
        inputs |= {
            key: value
            for key, value in {
                "sampler_name": "dpmpp_2m_sde",
                "steps": 3,
                "stop_at_clip_layer": -3,
                "width": 200,
            }.items()
            if key in inputs
        }
    told = applied(found, ran)
    assert (told["txt2img.sampler"], told["txt2img.steps"], told["clip_skip"]) == ("DPM++ 2M SDE", 3, 3)
    # The width of the enlarged picture does not tell the factor.
    assert "hires.scale" not in told
    assert applied(found, {}) == {}


def test_a_cfg_scale_that_is_sent_divided_is_told_as_it_was_asked():
    found = made(order(txt2img__sampler="DDIM CFG++", txt2img__cfg_scale=7.0))
    (sampler,) = nodes_of(found, "KSampler")
    assert (sampler["sampler_name"], sampler["scheduler"], sampler["cfg"]) == ("euler_cfg_pp", "ddim_uniform", 0.56)
    assert applied(found, as_ran(found))["txt2img.cfg_scale"] == 7.0
    less = {name: {**inputs, **({"cfg": 0.4} if "cfg" in inputs else {})} for name, inputs in as_ran(found).items()}
    assert applied(found, less)["txt2img.cfg_scale"] == 5.0


def noise_level(share):
    """The noise level of Stable Diffusion at which this share of the noise is gone, to the nearest of its thousand."""
    kept = 1.0
    for nth in range(round((1 - share) * 999) + 1):
        kept *= 1 - (0.00085**0.5 + (0.012**0.5 - 0.00085**0.5) * nth / 999) ** 2
    return ((1 - kept) / kept) ** 0.5


class TestSeeds:
    def test_each_picture_of_a_batch_is_a_graph_with_a_seed_of_its_own(self):
        asked = order(txt2img__batch_size=3)
        assert picture_count(asked) == 3
        found = [made(asked, nth=nth) for nth in range(3)]
        assert [one.seed for one in found] == [5, 6, 7]
        assert [nodes_of(one, "KSampler")[0]["seed"] for one in found] == [5, 6, 7]
        assert {nodes_of(one, "EmptyLatentImage")[0]["batch_size"] for one in found} == {1}

    def test_only_txt2img_makes_several(self):
        assert picture_count(order("img2img", txt2img__batch_size=3)) == 1

    def test_seeds_go_up_to_64_bits_and_begin_anew(self):
        assert made(order(seed=MAX_SEED)).seed == 2**64 - 1
        assert made(order(seed=MAX_SEED), nth=2).seed == 1

    def test_all_passes_of_a_picture_have_its_seed(self):
        found = made(order(**HIRES, **REFINED))
        seeds = [inputs["seed"] for inputs in nodes_of(found, "KSampler")]
        assert seeds + [inputs["noise_seed"] for inputs in nodes_of(found, "KSamplerAdvanced")] == [5] * 3


class TestCheckpoint:
    def test_none_named_is_refused_where_several_could_be_meant(self):
        with pytest.raises(Refused, match=r"^checkpoint: choose one"):
            made(order(checkpoint=""))

    def test_none_named_is_the_only_one(self):
        nodes = node_classes("core")
        nodes["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"] = [["only.safetensors"]]
        found = made(order(checkpoint=""), server_words(nodes))
        assert nodes_of(found, "CheckpointLoaderSimple") == [{"ckpt_name": "only.safetensors"}]
        assert applied(found, as_ran(found))["checkpoint"] == "only.safetensors"

    def test_folder_and_ending_are_those_of_the_server(self):
        assert nodes_of(made(order(checkpoint="tiny-sdxl")), "CheckpointLoaderSimple") == [
            {"ckpt_name": "sub/tiny-sdxl.safetensors"}
        ]

    @pytest.mark.parametrize(
        ("file", "families", "empty"),
        [
            ("flux1-schnell-fp8.safetensors", {}, "EmptySD3LatentImage"),
            ("mine.safetensors", {"mine.safetensors": "sd3"}, "EmptySD3LatentImage"),
        ],
    )
    def test_clip_skip_is_left_out_where_it_means_nothing_or_would_harm(self, file, families, empty):
        nodes = node_classes("core")
        nodes["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"] = [[file]]
        nodes["EmptySD3LatentImage"] = nodes["EmptyLatentImage"]
        found = made(order(checkpoint=file, clip_skip=3), server_words(nodes, families=families))
        assert not nodes_of(found, "CLIPSetLastLayer")
        assert len(nodes_of(found, empty)) == 1
        assert "clip_skip" not in found.read_back
        assert found.notes[0].startswith("clip_skip: ")

    @pytest.mark.parametrize(("skip", "layers"), [(1, []), (2, []), (3, [-3])])
    def test_sdxl_stops_at_2_anyhow_so_only_more_is_sent(self, skip, layers):
        found = made(order(checkpoint="tiny-sdxl", clip_skip=skip))
        assert [one["stop_at_clip_layer"] for one in nodes_of(found, "CLIPSetLastLayer")] == layers
        assert found.notes == ()

    @pytest.mark.parametrize("vae", ["Automatic", "None"])
    def test_without_a_vae_of_its_own_the_checkpoints_is_used(self, vae):
        found = made(order(vae=vae))
        assert not nodes_of(found, "VAELoader")
        assert nodes_of(found, "VAEDecode")[0]["vae"][1] == 2

    def test_a_vae_is_used_for_every_picture_that_is_read_or_made(self):
        found = made(order(vae="random-vae", hires__upscaler="Lanczos", **HIRES))
        loader = next(name for name, node in found.prompt.items() if node["class_type"] == "VAELoader")
        both = [*nodes_of(found, "VAEDecode"), *nodes_of(found, "VAEEncode")]
        assert [inputs["vae"] for inputs in both] == [[loader, 0]] * 3


class TestLoras:
    def test_they_work_on_the_words_of_both_sides_and_before_clip_skip(self):
        found = made(order(prompt="a cat <lora:random-lora:0.8>", clip_skip=2))
        (lora,) = nodes_of(found, "LoraLoader")
        (skip,) = nodes_of(found, "CLIPSetLastLayer")
        assert (lora["strength_model"], lora["strength_clip"], skip["stop_at_clip_layer"]) == (0.8, 0.8, -2)
        assert found.prompt[skip["clip"][0]]["class_type"] == "LoraLoader"
        assert {found.prompt[inputs["clip"][0]]["class_type"] for inputs in nodes_of(found, "CLIPTextEncode")} == {
            "CLIPSetLastLayer"
        }
        assert [inputs["text"] for inputs in nodes_of(found, "CLIPTextEncode")] == ["a cat", "blurry"]

    def test_the_same_one_twice_counts_twice(self):
        found = made(order(prompt="<lora:random-lora:0.4> <lora:random-lora:0.4> x"))
        assert len(nodes_of(found, "LoraLoader")) == 2

    def test_one_that_the_server_does_not_have_is_refused(self):
        with pytest.raises(Refused, match=r"^prompt: ComfyUI · host has no LoRA 'ink'"):
            made(order(prompt="a cat <lora:ink:1>"))

    def test_a_weight_beyond_what_the_server_takes_is_refused(self):
        with pytest.raises(Refused, match=r"LoraLoader\.strength_model: .* -100 to 100, not 500"):
            made(order(prompt="<lora:random-lora:500> x"))

    def test_in_the_negative_prompt_a_tag_is_words_and_told(self):
        found = made(order(negative="blurry <lora:random-lora:1>"))
        assert not nodes_of(found, "LoraLoader")
        assert "negative" in found.notes[0]

    def test_the_refiner_goes_without_them_and_it_is_told(self):
        found = made(order(prompt="a cat <lora:random-lora:1>", **REFINED))
        loaders = [name for name, node in found.prompt.items() if node["class_type"] == "CheckpointLoaderSimple"]
        assert [inputs["model"][0] for inputs in nodes_of(found, "LoraLoader")] == loaders[:1]
        assert any("refiner" in note for note in found.notes)


class TestWords:
    def test_parts_of_and_are_combined(self):
        found = made(order(prompt="a cat AND a dog"))
        (both,) = nodes_of(found, "ConditioningCombine")
        texts = [found.prompt[both[key][0]]["inputs"]["text"] for key in ("conditioning_1", "conditioning_2")]
        assert texts == ["a cat", "a dog"]
        assert nodes_of(found, "KSampler")[0]["cfg"] == 7.0

    def test_parts_of_break_are_joined_in_their_order(self):
        found = made(order(prompt="a cat BREAK a dog BREAK a hat"))
        first, last = nodes_of(found, "ConditioningConcat")
        assert found.prompt[last["conditioning_to"][0]]["inputs"] == first
        assert found.prompt[last["conditioning_from"][0]]["inputs"]["text"] == "a hat"

    def test_changing_words_get_ranges_that_are_combined(self):
        found = made(order(prompt="a [cat:dog:0.5]", txt2img__steps=20))
        ranges = nodes_of(found, "ConditioningSetTimestepRange")
        assert [(one["start"], one["end"]) for one in ranges] == [(0.0, 0.5), (0.5, 1.0)]
        assert len(nodes_of(found, "ConditioningCombine")) == 1
        assert found.notes == ()

    def test_that_changes_come_at_another_step_with_an_uneven_schedule_is_told(self):
        found = made(order(prompt="a [cat:dog:0.5]", txt2img__scheduler="Beta"))
        (note,) = found.notes
        assert note.startswith("prompt: ")

    @pytest.mark.parametrize("scheduler", ["Karras", "Exponential"])
    def test_with_an_uneven_schedule_the_change_comes_after_the_same_step(self, scheduler):
        found = made(order(prompt="a [cat:dog:0.5]", txt2img__scheduler=scheduler, txt2img__steps=20))
        share = nodes_of(found, "ConditioningSetTimestepRange")[1]["start"]
        most, least = 14.6146, 0.0292
        if scheduler == "Karras":
            levels = [(most ** (1 / 7) + nth / 19 * (least ** (1 / 7) - most ** (1 / 7))) ** 7 for nth in range(20)]
        else:
            levels = [most * (least / most) ** (nth / 19) for nth in range(20)]
        assert levels[9] > noise_level(share) > levels[10]
        assert found.notes == ()

    def test_both_passes_share_their_words(self):
        assert len(nodes_of(made(order(**HIRES)), "CLIPTextEncode")) == 2

    def test_an_embedding_is_called_as_the_server_lists_it(self):
        found = made(order(negative="EasyNegative,blurry"), server(embeddings=["sub/easynegative"]))
        assert nodes_of(found, "CLIPTextEncode")[1]["text"] == "embedding:sub/easynegative, blurry"


def test_a_mask_is_refused():
    with pytest.raises(Refused, match=r"^inpaint\.enabled: "):
        made(order("img2img", inpaint__enabled=True))


def test_controlnet_is_refused():
    with pytest.raises(Refused, match=r"^controlnet: "):
        made(order(controlnet="u.json"))


def test_styles_are_refused():
    with pytest.raises(Refused, match=r"^styles: "):
        made(order(styles="Ink"))


def test_clip_skip_0_is_the_checkpoints_own():
    found = made(order(clip_skip=0))
    assert not nodes_of(found, "CLIPSetLastLayer")
    assert "clip_skip" not in found.asked


def test_a_variation_seed_is_refused():
    with pytest.raises(Refused, match=r"^txt2img\.subseed_strength: "):
        made(order(txt2img__subseed_strength=0.1))


class TestHires:
    def test_its_own_steps_and_cfg_count(self):
        found = made(order(**HIRES, hires__steps=9, hires__cfg_scale=3.5))
        second = nodes_of(found, "KSampler")[1]
        assert (second["steps"], second["cfg"], second["denoise"]) == (9, 3.5, 0.5)

    def test_as_in_the_first_pass_is_asked_with_its_values(self):
        asked = made(order(**HIRES)).asked
        assert (asked["hires.steps"], asked["hires.cfg_scale"]) == (4, 7.0)

    def test_its_own_sampler_and_scheduler_are_sent_and_read_back(self):
        found = made(order(**HIRES, hires__sampler="DPM++ 2M", hires__scheduler="Karras"))
        first, second = nodes_of(found, "KSampler")
        assert (first["sampler_name"], second["sampler_name"], second["scheduler"]) == ("euler", "dpmpp_2m", "karras")
        told = applied(found, as_ran(found))
        assert (told["hires.sampler"], told["hires.scheduler"]) == ("DPM++ 2M", "Karras")
        with pytest.raises(Refused, match=r"^hires\.sampler: "):
            made(order(**HIRES, hires__sampler="Nobody"))

    def test_its_own_checkpoint_paints_and_decodes_it(self):
        found = made(order(**HIRES, hires__checkpoint="tiny-refiner"))
        loaders = {
            name: node["inputs"]["ckpt_name"]
            for name, node in found.prompt.items()
            if node["class_type"] == "CheckpointLoaderSimple"
        }
        assert sorted(loaders.values()) == ["tiny-refiner.safetensors", "tiny-sd15.safetensors"]
        _first, second = nodes_of(found, "KSampler")
        assert loaders[second["model"][0]] == "tiny-refiner.safetensors"
        (decoder,) = nodes_of(found, "VAEDecode")
        assert loaders[decoder["vae"][0]] == "tiny-refiner.safetensors"
        assert applied(found, as_ran(found))["hires.checkpoint"] == "tiny-refiner"
        with pytest.raises(Refused, match=r"^hires\.checkpoint: "):
            made(order(**HIRES, hires__checkpoint="nobody"))

    def test_its_own_prompt_is_read_with_its_own_loras(self):
        text = {"hires__prompt": "a dog <lora:second-lora:0.5>", "hires__negative": "mist"}
        found = made(order(prompt="a cat <lora:random-lora:1>", **HIRES, **text))
        first, second = nodes_of(found, "KSampler")
        words = [found.prompt[one["positive"][0]]["inputs"]["text"] for one in (first, second)]
        assert words == ["a cat", "a dog"]
        assert found.prompt[second["negative"][0]]["inputs"]["text"] == "mist"
        assert [found.prompt[one["model"][0]]["inputs"]["lora_name"] for one in (first, second)] == [
            "random-lora.safetensors",
            "sub/second-lora.safetensors",
        ]
        with pytest.raises(Refused, match=r"^hires\.prompt: "):
            made(order(**HIRES, hires__prompt="a dog <lora:nobody:1>"))

    def test_the_size_is_floored_to_eight(self):
        found = made(order(txt2img__width=136, **HIRES))
        (larger,) = nodes_of(found, "LatentUpscale")
        assert (larger["width"], larger["height"]) == (200, 192)

    @pytest.mark.parametrize(
        ("name", "method"),
        [
            ("Latent", "bilinear"),
            ("Latent (bicubic)", "bicubic"),
            ("Latent (nearest)", "nearest-exact"),
            ("Latent (nearest-exact)", "nearest-exact"),
        ],
    )
    def test_latent_upscalers(self, name, method):
        assert nodes_of(made(order(**HIRES, hires__upscaler=name)), "LatentUpscale")[0]["upscale_method"] == method

    @pytest.mark.parametrize("name", ["Latent (antialiased)", "R-ESRGAN 4x+", "None"])
    def test_an_upscaler_without_a_counterpart_is_refused(self, name):
        with pytest.raises(Refused, match=r"^hires\.upscaler: ComfyUI · host has no"):
            made(order(**HIRES, hires__upscaler=name))

    def test_with_a_refiner_the_second_pass_is_shared_and_the_first_is_the_checkpoints(self):
        found = made(order(**{**HIRES, **REFINED, "refiner__switch_at": 0.75}))
        assert len(nodes_of(found, "KSampler")) == 1
        first, last = nodes_of(found, "KSamplerAdvanced")
        # Six steps at 0.5 are the second half of twelve.
        assert (first["steps"], first["start_at_step"], first["end_at_step"], first["add_noise"]) == (
            12,
            6,
            9,
            "enable",
        )
        assert (last["start_at_step"], last["end_at_step"], last["add_noise"]) == (9, 10000, "disable")
        assert applied(found, as_ran(found))["hires.steps"] == 6

    def test_a_refiner_whose_turn_came_before_the_second_pass_paints_all_of_it(self):
        found = made(order(**{**HIRES, **REFINED, "refiner__switch_at": 0.3}))
        (only,) = nodes_of(found, "KSamplerAdvanced")
        loader = found.prompt[only["model"][0]]["inputs"]
        assert (only["start_at_step"], only["add_noise"], loader["ckpt_name"]) == (
            6,
            "enable",
            "tiny-refiner.safetensors",
        )


class TestRefiner:
    def test_one_that_comes_too_late_is_told_and_not_loaded_into_the_picture(self):
        found = made(order(**{**REFINED, "refiner__switch_at": 1.0}))
        assert tree(found.prompt) == tree(made(order(txt2img__steps=6)).prompt)
        assert any(note.startswith("refiner.switch_at") for note in found.notes)

    def test_an_unknown_one_is_refused(self):
        with pytest.raises(Refused, match=r"^refiner\.checkpoint: "):
            made(order(**{**REFINED, "refiner__checkpoint": "nope"}))
        with pytest.raises(Refused, match=r"^refiner\.checkpoint: choose one"):
            made(order(refiner__enabled=True))


class TestImg2Img:
    @pytest.mark.parametrize(
        ("sampler", "steps", "denoise", "start"),
        [
            ("Euler", 20, 0.5, 9),
            ("Euler", 15, 0.3, 10),
            ("Euler", 15, 1.0, 0),
            ("Euler", 15, 0.0, 14),
            ("DDIM", 20, 0.5, 10),
            ("UniPC", 15, 0.3, 11),
        ],
    )
    def test_as_many_steps_are_run_as_in_a_webui(self, sampler, steps, denoise, start):
        found = made(order("img2img", img2img__sampler=sampler, img2img__steps=steps, img2img__denoise=denoise))
        (one,) = nodes_of(found, "KSamplerAdvanced")
        assert (one["steps"], one["start_at_step"], one["end_at_step"]) == (steps, start, 10000)
        assert (one["add_noise"], one["return_with_leftover_noise"]) == ("enable", "disable")

    def test_a_size_that_is_no_multiple_of_eight_is_fitted_and_not_cut(self):
        found = made(order("img2img", image=picture(130, 100)))
        (fitted,) = nodes_of(found, "ImageScale")
        assert (fitted["width"], fitted["height"], fitted["crop"]) == (128, 96, "disabled")

    def test_the_uploaded_picture_is_called_as_the_server_calls_it(self):
        found = made(order("img2img"), picture="J (1).png [temp]")
        assert nodes_of(found, "LoadImage") == [{"image": "J (1).png [temp]"}]

    def test_a_picture_that_cannot_be_read_is_told(self):
        with pytest.raises(BadImage):
            made(order("img2img", image=b"no picture"))


class TestUpscale:
    def test_enlarging_alone_needs_neither_checkpoint_nor_words(self):
        found = made(order("upscale", prompt="[a|b] <lora:nope:1>", checkpoint="nope", upscale__upscaler="Lanczos"))
        assert [node["class_type"] for node in found.prompt.values()] == ["LoadImage", "ImageScaleBy", "SaveImage"]
        assert "checkpoint" not in found.asked

    def test_painting_again_goes_by_the_denoise_of_a_webui_at_the_larger_size(self):
        found = made(
            order(
                "upscale",
                image=picture(130, 100),
                upscale__mode="img2img",
                upscale__upscaler="Lanczos",
                upscale__scale=1.5,
                upscale__steps=20,
                upscale__denoise=0.35,
                txt2img__cfg_scale=6.0,
            )
        )
        (larger,), (one,) = nodes_of(found, "ImageScale"), nodes_of(found, "KSamplerAdvanced")
        assert (larger["width"], larger["height"]) == (192, 144)
        assert (one["steps"], one["start_at_step"], one["cfg"], one["sampler_name"]) == (20, 12, 6.0, "euler")
        assert applied(found, as_ran(found))["upscale.denoise"] == 0.35

    @pytest.mark.parametrize(
        ("model", "scale", "runs"),
        [("2x-x.pth", 4.0, 2), ("2x-x.pth", 2.0, 1), ("1x-x.pth", 2.0, 1), ("x.pth", 4.0, 1)],
    )
    def test_a_model_works_until_the_picture_is_large_enough(self, model, scale, runs):
        nodes = node_classes("core")
        nodes["UpscaleModelLoader"]["input"]["required"]["model_name"] = ["COMBO", {"options": [model]}]
        found = made(order("upscale", upscale__upscaler=model, upscale__scale=scale), server_words(nodes))
        assert len(nodes_of(found, "ImageUpscaleWithModel")) == runs
        assert nodes_of(found, "ImageScale")[0]["width"] == 128 * scale

    def test_a_model_of_the_webui_is_found_under_the_name_of_its_file(self):
        nodes = node_classes("core")
        nodes["UpscaleModelLoader"]["input"]["required"]["model_name"] = [["RealESRGAN_x4plus.pth"]]
        found = made(order("upscale", upscale__upscaler="R-ESRGAN 4x+"), server_words(nodes))
        assert nodes_of(found, "UpscaleModelLoader") == [{"model_name": "RealESRGAN_x4plus.pth"}]
        assert applied(found, as_ran(found))["upscale.upscaler"] == "R-ESRGAN 4x+"

    @pytest.mark.parametrize("path", ["gfpgan", "codeformer"])
    def test_faces_cannot_be_restored_and_that_is_refused(self, path):
        with pytest.raises(Refused, match=rf"^upscale\.{path}: "):
            made(order("upscale", upscale__upscaler="Lanczos", **{f"upscale__{path}": 0.5}))


FACE = {"adetailer__passes__0__model": "face_yolov8n.pt"}


class TestADetailer:
    def test_a_pass_finds_and_paints_again(self):
        asked = order("adetailer", image=picture(512, 768), txt2img__cfg_scale=6.0, **FACE)
        found = made(asked, server("impact_pack"))
        (face,), (finder,) = nodes_of(found, "FaceDetailer"), nodes_of(found, "UltralyticsDetectorProvider")
        assert finder == {"model_name": "bbox/face_yolov8n.pt"}
        values = {
            "bbox_threshold": 0.35,
            "bbox_dilation": 4,
            "feather": 6,
            "noise_mask_feather": 0,
            "denoise": 0.32,
            "steps": 5,
            "cfg": 5.5,
            "sampler_name": "euler",
            "scheduler": "normal",
            "seed": 5,
            "guide_size": 512.0,
            "guide_size_for": False,
            "max_size": 768.0,
            "force_inpaint": True,
            "bbox_crop_factor": 1.5,
            "wildcard": "",
            "cycle": 1,
        }
        assert {key: face[key] for key in values} == values
        told = applied(found, as_ran(found))
        assert told["adetailer.passes.0.confidence"] == 0.35
        assert told["adetailer.passes.0.steps"] == 14

    def test_every_input_that_the_pack_requires_is_given(self):
        known = server("impact_pack")
        (face,) = nodes_of(made(order("adetailer", **FACE), known), "FaceDetailer")
        assert {key for key, kind in known.classes["FaceDetailer"].items() if kind.required} <= set(face)
        assert set(face) <= set(known.classes["FaceDetailer"])

    def test_an_older_pack_has_words_for_switches(self):
        nodes = node_classes("core", "impact_pack")
        required = nodes["FaceDetailer"]["input"]["required"]
        required |= {"guide_size_for": [["bbox", "crop_region"]], "force_inpaint": [["disabled", "enabled"]]}
        del required["cycle"]
        (face,) = nodes_of(made(order("adetailer", **FACE), server_words(nodes)), "FaceDetailer")
        assert (face["guide_size_for"], face["force_inpaint"]) == ("crop_region", "enabled")
        assert "cycle" not in face

    def test_a_newer_pack_that_wants_more_is_refused_by_the_name_of_the_input(self):
        nodes = node_classes("core", "impact_pack")
        nodes["FaceDetailer"]["input"]["required"]["new_model"] = ["NEW_MODEL"]
        with pytest.raises(Refused, match=r"^adetailer\.enabled: .*'new_model'"):
            made(order("adetailer", **FACE), server_words(nodes))

    def test_passes_follow_each_other_with_words_and_loras_of_their_own(self):
        passes = {
            "adetailer__passes__0__prompt": "a face, [PROMPT]",
            "adetailer__passes__1__model": "person_yolov8n-seg.pt",
            "adetailer__passes__1__sampler": "DPM++ 2M",
            "adetailer__passes__1__prompt": "<lora:random-lora:0.5> a hand",
        }
        found = made(order("adetailer", **FACE, **passes), server("impact_pack"))
        first, second = nodes_of(found, "FaceDetailer")
        assert found.prompt[second["image"][0]]["inputs"] == first
        texts = [found.prompt[one["positive"][0]]["inputs"]["text"] for one in (first, second)]
        assert texts == ["a face, a cat", "a hand"]
        assert found.prompt[second["model"][0]]["class_type"] == "LoraLoader"
        assert (second["sampler_name"], second["scheduler"]) == ("dpmpp_2m", "karras")
        assert second["segm_detector_opt"][1] == 1
        assert "segm_detector_opt" not in first

    @pytest.mark.parametrize(
        ("path", "value", "says"),
        [
            ("model", "mediapipe_face_full", r"passes\.0\.model: ComfyUI · host has no 'mediapipe_face_full'"),
            ("prompt", "a face [SEP] another", r"passes\.0\.prompt: "),
            ("sampler", "Restart", r"passes\.0\.sampler: "),
            ("prompt", "a face <lora:nope:1>", r"passes\.0\.prompt: ComfyUI · host has no LoRA 'nope'"),
        ],
    )
    def test_what_it_cannot_do_is_refused_by_its_field(self, path, value, says):
        with pytest.raises(Refused, match=rf"^adetailer\.{says}"):
            made(order("adetailer", **{f"adetailer__passes__0__{path}": value}), server("impact_pack"))

    def test_without_the_pack_there_is_no_such_stage(self):
        with pytest.raises(Refused, match="no stage 'adetailer'"):
            made(order("adetailer"))


class TestRefusedBeforeAnythingIsMade:
    @pytest.mark.parametrize(
        ("values", "says"),
        [
            ({"checkpoint": "nope"}, r"^checkpoint: "),
            ({"vae": "nope.pt"}, r"^vae: "),
            ({"txt2img__sampler": "Restart"}, r"^txt2img\.sampler: "),
            ({"txt2img__scheduler": "Turbo"}, r"^txt2img\.scheduler: "),
            ({"img2img__enabled": True, "img2img__sampler": "TCD"}, r"^img2img\.sampler: "),
            (
                {"upscale__enabled": True, "upscale__upscaler": "R-ESRGAN 4x+"},
                r"^upscale\.upscaler: .*no 'R-ESRGAN 4x\+'",
            ),
            ({"upscale__enabled": True, "upscale__upscaler": "Lanczos", "upscale__gfpgan": 1.0}, r"^upscale\.gfpgan: "),
            ({"adetailer__enabled": True}, "no stage 'adetailer'"),
        ],
    )
    def test_a_field_of_any_stage_of_the_job(self, values, says):
        with pytest.raises(Refused, match=says):
            made(order(**values))

    def test_a_stage_that_is_off_refuses_nothing(self):
        assert made(order(img2img__sampler="TCD", upscale__gfpgan=1.0))

    def test_a_node_class_that_the_server_lacks_is_named(self):
        nodes = {kind: found for kind, found in node_classes("core").items() if kind != "ConditioningConcat"}
        with pytest.raises(Refused, match="no node 'ConditioningConcat'"):
            made(order(prompt="a BREAK b"), server_words(nodes))

    def test_a_number_beyond_the_range_of_the_server_is_refused_by_its_field(self):
        nodes = node_classes("core")
        nodes["KSampler"]["input"]["required"]["steps"] = ["INT", {"min": 1, "max": 3}]
        with pytest.raises(Refused, match=r"^txt2img\.steps: .* takes 1 to 3, not 4"):
            made(order(), server_words(nodes))

    def test_a_later_stage_needs_its_picture(self):
        with pytest.raises(Refused, match="needs a picture"):
            graph(order("img2img", image=b""), server(), prefix="x")
