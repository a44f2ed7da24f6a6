"""Recipes out of the texts of every tool: settings in our words, and sentences for what does not fit."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workflows import DRAWN, SDXL, node, two_passes

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import catalogue, check_value
from stablenew_tk.domain.recipes.reader import recipe_from

OWN_HIRES = tuple(f"hires.{name}" for name in ("sampler", "scheduler", "checkpoint", "prompt", "negative"))
LINE = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768, Model: demo"


def of(**texts):
    return recipe_from({key.replace("_dash_", "-"): text for key, text in texts.items()})


def webui(extra="", line=LINE):
    return of(parameters=f"a boat\nNegative prompt: blur\n{line}{extra}")


class TestWebUI:
    def test_the_first_pass_is_read(self):
        found = webui(", VAE: x.safetensors, Clip skip: 2, Version: v1.10.1")
        assert (found.tool, found.prompt, found.negative, found.seed) == ("A1111", "a boat", "blur", 5)
        assert found.values == {
            "txt2img.sampler": "Euler a",
            "txt2img.scheduler": "Automatic",
            "txt2img.steps": 20,
            "txt2img.cfg_scale": 7.0,
            "txt2img.width": 512,
            "txt2img.height": 768,
            "checkpoint": "demo",
            "vae": "x.safetensors",
            "clip_skip": 2,
        }
        assert found.notices == ()
        assert found.infotext.startswith("a boat\nNegative prompt: blur\nSteps: 20")

    @pytest.mark.parametrize(("extra", "tool"), [(", Version: f2.0.1", "Forge"), (", App: SD.Next", "SD.Next")])
    def test_relatives_are_told_apart(self, extra, tool):
        assert webui(extra).tool == tool

    def test_old_samplers_carry_their_scheduler(self):
        found = webui(line=LINE.replace("Euler a", "DPM++ 2M SDE Karras"))
        assert found.values["txt2img.sampler"] == "DPM++ 2M SDE"
        assert found.values["txt2img.scheduler"] == "Karras"

    def test_what_is_not_written_has_the_default_of_webuis(self):
        assert webui().values["clip_skip"] == 1
        assert webui().values["txt2img.scheduler"] == "Automatic"

    def test_the_second_pass_is_read(self):
        found = webui(", Denoising strength: 0.4, Hires upscale: 1.5, Hires upscaler: 4x-UltraSharp")
        assert {path: value for path, value in found.values.items() if path.startswith("hires")} == {
            "hires.enabled": True,
            "hires.scale": 1.5,
            "hires.denoise": 0.4,
            "hires.steps": 0,
            "hires.cfg_scale": 0.0,
            "hires.upscaler": "4x-UltraSharp",
            **dict.fromkeys(OWN_HIRES, ""),
        }

    def test_what_the_second_pass_has_for_itself_is_read(self):
        written = ", Hires sampler: DPM++ 2M Karras, Hires checkpoint: sub/second [fedcba9876]"
        found = webui(f', Hires upscale: 2{written}, Hires prompt: "a ship, tall", Hires negative prompt: mist')
        assert {path: found.values[path] for path in OWN_HIRES} == {
            "hires.sampler": "DPM++ 2M",
            "hires.scheduler": "Karras",
            "hires.checkpoint": "second",
            "hires.prompt": "a ship, tall",
            "hires.negative": "mist",
        }
        assert found.notices == ()
        same = webui(", Hires upscale: 2, Hires sampler: Use same sampler, Hires schedule type: Use same scheduler")
        assert {same.values[path] for path in OWN_HIRES} == {""}

    def test_the_hash_is_kept_and_stands_for_a_checkpoint_without_a_name(self):
        found = webui(", Model hash: 0123456789")
        assert (found.values["checkpoint"], found.model_hash) == ("demo", "0123456789")
        bare = of(parameters="a\nSteps: 20, Sampler: Euler, Seed: 1, Model hash: 0123456789")
        assert bare.values["checkpoint"] == bare.model_hash == "0123456789"

    def test_the_variation_seed_is_read(self):
        found = webui(", Variation seed: 4, Variation seed strength: 0.25")
        assert (found.values["txt2img.subseed"], found.values["txt2img.subseed_strength"]) == (4, 0.25)
        assert found.notices == ()

    @pytest.mark.parametrize(("resize", "scale"), [("768x1152", 1.5), ("1024x0", 2.0), ("0x1536", 2.0)])
    def test_a_size_of_the_second_pass_becomes_a_scale(self, resize, scale):
        assert webui(f", Hires resize: {resize}").values["hires.scale"] == scale

    def test_a_picture_over_another_picture_says_so(self):
        found = webui(", Denoising strength: 0.4")
        assert found.values["img2img.denoise"] == 0.4
        assert "hires.denoise" not in found.values
        assert any("another one" in notice for notice in found.notices)

    def test_controlnet_units_are_told_and_that_their_pictures_are_missing(self):
        found = webui(', ControlNet 0: "Module: canny, Model: control_canny [d14c016b], Weight: 0.8"')
        (notice,) = found.notices
        assert notice.startswith("ControlNet guided it (canny with control_canny, weight 0.8); the pictures of its")

    def test_how_a_mask_was_used_is_read_and_that_it_is_missing_is_told(self):
        written = ", Mask blur: 8, Inpaint area: Only masked, Masked area padding: 32, Masked content: latent noise"
        found = webui(f", Denoising strength: 0.4{written}")
        assert {path: value for path, value in found.values.items() if path.startswith("inpaint")} == {
            "inpaint.mask_blur": 8,
            "inpaint.content": "latent noise",
            "inpaint.area": "only masked",
            "inpaint.invert": False,
            "inpaint.padding": 32,
        }
        assert any("the mask is not in the file" in notice for notice in found.notices)

    def test_the_refiner_loses_its_hash(self):
        found = webui(", Refiner: sub/second.safetensors [fedcba9876], Refiner switch at: 0.7")
        assert found.values["refiner.enabled"] is True
        assert (found.values["refiner.checkpoint"], found.values["refiner.switch_at"]) == ("second", 0.7)

    def test_repairs_are_read_and_those_without_a_place_are_named(self):
        ends = ("", " 2nd", " 3rd", " 4th")
        found = webui("".join(f", ADetailer model{end}: {nth}.pt" for nth, end in enumerate(ends)))
        assert [found.values[f"adetailer.passes.{nth}.model"] for nth in (0, 1)] == ["0.pt", "1.pt"]
        assert found.values["adetailer.enabled"] is True
        assert found.values["adetailer.passes.0.steps"] == 0
        assert [notice[:16] for notice in found.notices] == ["ADetailer pass 3", "ADetailer pass 4"]

    def test_settings_without_a_place_are_named(self):
        found = webui(", Hires upscale: 2, Hires Distilled CFG Scale: 3.5, Hires Module 1: Use same choices")
        assert found.notices == ("Settings that have no place here were left out: Hires Distilled CFG Scale.",)

    @pytest.mark.parametrize(
        ("old", "new", "path"),
        [
            ("Steps: 20", "Steps: 999", "txt2img.steps"),
            ("Steps: 20", "Steps: many", "txt2img.steps"),
            ("Steps: 20", "Steps: 1e999", "txt2img.steps"),
            ("CFG scale: 7", "CFG scale: NaN", "txt2img.cfg_scale"),
            ("512x768", "513x768", "txt2img.width"),
            ("512x768", "512x999999", "txt2img.height"),
        ],
    )
    def test_what_does_not_fit_is_left_out_with_a_sentence(self, old, new, path):
        found = webui(line=LINE.replace(old, new))
        assert path not in found.values
        assert len(found.notices) == 1
        assert found.notices[0].startswith(path)
        assert found.notices[0].endswith("It was left out.")

    @pytest.mark.parametrize(
        ("seed", "kept"), [("-1", None), ("4294967295", 4294967295), (str(2**64 - 1), 2**64 - 1), (str(2**64), None)]
    )
    def test_only_seeds_that_an_engine_takes_are_kept_and_those_of_comfyui_alone_are_named(self, seed, kept):
        found = webui(line=LINE.replace("Seed: 5", f"Seed: {seed}"))
        assert found.seed == kept
        assert bool(found.notices) == (int(seed) >= 2**32)
        assert [one.what for one in found.left_out] == ([] if kept else ["seed"])

    def test_a_prompt_alone_is_a_recipe_only_where_prompts_are_kept(self):
        assert of(parameters="only words").notices == ("There is a prompt but no settings in the picture.",)
        with pytest.raises(InvalidInput, match="comment"):
            of(comment="Created with a drawing program")
        assert of(comment=f"a boat\n{LINE}").prompt == "a boat"


class TestComfy:
    def test_two_passes_are_followed_to_their_beginnings(self):
        found = of(prompt=json.dumps(two_passes()))
        assert found.tool == "ComfyUI"
        assert found.prompt == "a red boat, at sea, photo <lora:first:0.5> <lora:wash:0.8>"
        assert (found.negative, found.seed) == ("blurry", 77)
        assert found.values == {
            "txt2img.sampler": "DPM++ 2M",
            "txt2img.scheduler": "Karras",
            "txt2img.steps": 25,
            "txt2img.cfg_scale": 6.5,
            "txt2img.width": 832,
            "txt2img.height": 1216,
            "checkpoint": "demo",
            "vae": "fine.safetensors",
            "clip_skip": 2,
            "hires.enabled": True,
            "hires.steps": 12,
            "hires.denoise": 0.45,
            "hires.cfg_scale": 0.0,
            "hires.scale": 1.5,
            "hires.upscaler": "Latent (nearest-exact)",
        }
        assert found.notices == (
            "The picture is one of 4 made together; the seed belongs to the first of them.",
            "ConditioningConcat put the words together, not a comma. A WebUI writes a BREAK b.",
            "Settings that have no place here were left out: ControlNetApplyAdvanced.",
        )
        assert "Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras" in found.infotext

    def test_custom_samplers_are_put_together_from_their_parts(self):
        nodes = {
            "1": node("RandomNoise", noise_seed=9),
            "2": node("CFGGuider", cfg=3.5, positive=["4", 0], negative=["5", 0], model=["6", 0]),
            "3": node("KSamplerSelect", sampler_name="euler"),
            "4": node("CLIPTextEncode", text="a cube", clip=["6", 1]),
            "5": node("ConditioningZeroOut", conditioning=["4", 0]),
            "6": node("CheckpointLoaderSimple", ckpt_name="x.ckpt"),
            "7": node("BasicScheduler", scheduler="beta", steps=11, denoise=1, model=["6", 0]),
            "8": node("EmptySD3LatentImage", width=1024, height=768),
            "9": node(
                "SamplerCustomAdvanced",
                noise=["1", 0],
                guider=["2", 0],
                sampler=["3", 0],
                sigmas=["7", 0],
                latent_image=["8", 0],
            ),
        }
        found = of(prompt=json.dumps(nodes))
        assert (found.prompt, found.negative, found.seed) == ("a cube", "", 9)
        assert found.values["txt2img.scheduler"] == "Beta"
        assert (found.values["txt2img.steps"], found.values["txt2img.cfg_scale"]) == (11, 3.5)
        assert (found.values["txt2img.width"], found.values["checkpoint"]) == (1024, "x")

    def test_a_guider_of_one_side_is_a_scale_of_one(self):
        nodes = two_passes()
        nodes["guided"] = node("FluxGuidance", guidance=3.5, conditioning=["positive", 0])
        nodes["guider"] = node("BasicGuider", model=["load", 0], conditioning=["guided", 0])
        for name in ("sample", "again"):
            kept = {key: nodes[name]["inputs"][key] for key in ("latent_image", "seed", "steps")}
            nodes[name] = node("SamplerCustomAdvanced", guider=["guider", 0], **kept)
        found = of(prompt=json.dumps(nodes))
        assert (found.prompt, found.negative) == ("a red boat, at sea", "")
        assert found.values["txt2img.cfg_scale"] == 1
        assert found.values["txt2img.guidance"] == 3.5
        assert not [notice for notice in found.notices if "guidance" in notice]

    def test_a_second_sampler_that_goes_on_is_the_refiner(self):
        found = of(prompt=json.dumps(SDXL))
        assert found.values["refiner.enabled"] is True
        assert (found.values["refiner.checkpoint"], found.values["refiner.switch_at"]) == ("refiner", 0.8)
        assert "hires.enabled" not in found.values
        assert found.prompt == "large words, small words"

    def test_not_a_number_is_tolerated(self):
        nodes = two_passes()
        nodes["sample"]["inputs"]["cfg"] = float("nan")
        found = of(prompt=json.dumps(nodes))
        assert "txt2img.cfg_scale: nan is outside 0 to 30. It was left out." in found.notices

    def test_the_saved_workflow_serves_when_the_prompt_is_missing_or_broken(self):
        workflow = json.dumps(DRAWN)
        for texts in ({"workflow": workflow}, {"workflow": workflow, "prompt": "{broken"}):
            found = recipe_from(texts)
            assert (found.prompt, found.negative, found.seed) == ("a cube", "bad", 3)
            assert (found.values["txt2img.sampler"], found.values["txt2img.scheduler"]) == ("Euler a", "Normal")
            assert (found.values["txt2img.height"], found.values["checkpoint"]) == (640, "demo")
            assert "saved workflow" in found.notices[0]

    def test_a_picture_as_the_start_is_told(self):
        nodes = two_passes()
        nodes["empty"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["load", 0]}}
        nodes["load"] = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}
        nodes["sample"]["inputs"]["denoise"] = 0.6
        found = of(prompt=json.dumps(nodes))
        assert found.values["img2img.denoise"] == 0.6
        assert any("another one" in notice for notice in found.notices)

    def test_both_documents_in_one_text_are_read(self):
        assert of(UserComment=json.dumps({"prompt": two_passes(), "workflow": {}})).seed == 77

    def test_nodes_without_a_sampler_are_refused_in_words(self):
        with pytest.raises(InvalidInput, match=r"1 nodes .* is a sampler"):
            of(prompt='{"1": {"class_type": "LoadImage", "inputs": {}}}')

    def test_cycles_end(self):
        nodes = {str(n): node("Text", text=[str((n + 1) % 50), 0], model=["0", 0]) for n in range(50)}
        ways = {key: ["0", 0] for key in ("positive", "negative", "model", "latent_image", "seed", "steps")}
        nodes["s"] = node("KSampler", **ways)
        nodes["t"] = node("KSampler", **{**ways, "latent_image": ["t", 0]})
        found = of(prompt=json.dumps(nodes))
        assert found.prompt == ""
        assert "could not be found" in " ".join(found.notices)


class TestOtherTools:
    def test_swarm(self):
        given = {
            "prompt": "a boat",
            "negativeprompt": "blur",
            "model": "Sub/demo.safetensors",
            "seed": 4,
            "steps": 30,
            "cfgscale": 6,
            "width": 1024,
            "height": 768,
            "sampler": "dpmpp_2m_sde_gpu",
            "scheduler": "karras",
            "loras": ["style/wash", "b"],
            "loraweights": ["0.8", "0"],
            "refinercontrolpercentage": 0.3,
            "refinerupscale": 1.5,
            "refinerupscalemethod": "model-4x-Sharp.pth",
            "clipstopatlayer": -2,
        }
        found = of(parameters=json.dumps({"sui_image_params": given, "sui_extra_data": {}}))
        assert (found.tool, found.prompt, found.negative, found.seed) == (
            "SwarmUI",
            "a boat <lora:wash:0.8>",
            "blur",
            4,
        )
        assert (found.values["txt2img.sampler"], found.values["txt2img.scheduler"]) == ("DPM++ 2M SDE", "Karras")
        assert (found.values["checkpoint"], found.values["clip_skip"]) == ("demo", 2)
        assert (found.values["hires.scale"], found.values["hires.denoise"]) == (1.5, 0.3)
        assert found.values["hires.upscaler"] == "4x-Sharp"

    @pytest.mark.parametrize("model", [{"name": "demo"}, {"model_name": "demo"}])
    def test_invoke(self, model):
        given = {
            "positive_prompt": "a boat",
            "negative_prompt": "blur",
            "seed": 4,
            "steps": 30,
            "cfg_scale": 7.5,
            "width": 1024,
            "height": 768,
            "scheduler": "dpmpp_2m_k",
            "clip_skip": 1,
            "model": model,
            "loras": [{"lora": {"model_name": "wash"}, "weight": 0.75}, {"model": {"name": "b"}, "weight": 1}],
            "vae": None,
            "generation_mode": "sdxl_txt2img",
            "refiner_model": None,
        }
        found = of(invokeai_metadata=json.dumps(given))
        assert (found.tool, found.prompt) == ("InvokeAI", "a boat <lora:wash:0.75> <lora:b:1>")
        assert (found.values["txt2img.sampler"], found.values["txt2img.scheduler"]) == ("DPM++ 2M", "Karras")
        assert (found.values["checkpoint"], found.values["clip_skip"], found.seed) == ("demo", 2, 4)

    def test_invoke_of_version_2(self):
        image = {
            "prompt": [{"prompt": "a boat [blur, fog]", "weight": 1}],
            "steps": 50,
            "cfg_scale": 7.5,
            "width": 512,
            "height": 640,
            "seed": 8,
            "sampler": "k_lms",
            "type": "txt2img",
        }
        text = json.dumps({"model_weights": "stable-diffusion-1.5", "image": image})
        found = of(sd_dash_metadata=text, Dream='"other" -s 1')
        assert (found.prompt, found.negative, found.seed) == ("a boat", "blur, fog", 8)
        assert (found.values["txt2img.sampler"], found.values["checkpoint"]) == ("LMS", "stable-diffusion-1.5")

    def test_invoke_of_version_1(self):
        found = of(Dream='"a -s boat [blur]" -s 50 -S 1337 -W 512 -H 640 -C 7.5 -A k_euler_a')
        assert (found.prompt, found.negative, found.seed) == ("a -s boat", "blur", 1337)
        assert (found.values["txt2img.steps"], found.values["txt2img.height"]) == (50, 640)
        assert found.values["txt2img.sampler"] == "Euler a"

    def test_fooocus(self):
        given = {
            "prompt": "a boat",
            "negative_prompt": "",
            "full_prompt": ["a boat, cinematic"],
            "styles": "['Fooocus V2']",
            "steps": 30,
            "resolution": "(1152, 896)",
            "guidance_scale": 4.0,
            "base_model": "jugg",
            "seed": "123",
            "sampler": "dpmpp_2m_sde_gpu",
            "scheduler": "karras",
            "refiner_model": "None",
            "vae": "Default (model)",
            "loras": [["offset.safetensors", 0.1, "abc"]],
            "lora_combined_2": "extra.safetensors : 0.5",
        }
        found = of(fooocus_scheme="fooocus", parameters=json.dumps(given))
        assert (found.tool, found.seed) == ("Fooocus", 123)
        assert found.prompt == "a boat <lora:offset:0.1> <lora:extra:0.5>"
        assert (found.values["txt2img.width"], found.values["txt2img.height"]) == (1152, 896)
        assert "vae" not in found.values
        assert "Fooocus V2" in found.notices[0]

    def test_fooocus_in_the_words_of_webuis(self):
        text = f'a boat\n{LINE}, Scheduler: karras, Lora weights: "offset: 0.1, b: 0.5", Version: Fooocus v2.5.0'
        found = of(fooocus_scheme="a1111", parameters=text)
        assert (found.tool, found.prompt) == ("Fooocus", "a boat <lora:offset:0.1> <lora:b:0.5>")
        assert found.values["txt2img.scheduler"] == "Karras"

    def test_novelai(self):
        comment = {
            "prompt": "{a boat}",
            "uc": "blur",
            "steps": 28,
            "scale": 5,
            "seed": 1,
            "sampler": "k_euler_ancestral",
            "noise_schedule": "native",
            "width": 832,
            "height": 1216,
            "request_type": "PromptGenerateRequest",
        }
        found = of(Software="NovelAI", Description="{a boat}", Comment=json.dumps(comment))
        assert (found.tool, found.prompt, found.negative) == ("NovelAI", "{a boat}", "blur")
        assert (found.values["txt2img.sampler"], found.values["txt2img.scheduler"]) == ("Euler a", "Automatic")
        assert "NovelAI weighs words" in found.notices[0]

    def test_novelai_takes_the_prompt_from_where_it_is(self):
        assert of(Software="NovelAI", Description="a boat", Comment='{"steps": 28, "uc": ""}').prompt == "a boat"
        people = {"caption": {"base_caption": "a pier", "char_captions": [{"char_caption": "a girl"}, None]}}
        hidden = {"Software": "NovelAI", "Comment": json.dumps({"v4_prompt": people, "steps": 3})}
        assert of(stealth=json.dumps(hidden)).prompt == "a pier, a girl"


class TestHostile:
    @pytest.mark.parametrize("key", ["parameters", "prompt", "workflow", "invokeai_metadata", "sd-metadata", "Comment"])
    @pytest.mark.parametrize(
        "text",
        [
            *("{" * 100_000, '{"a":' * 100_000, "[" * 100_000, '{"1": ' + "9" * 5000 + "}", '{"a": 1', "\ud800", "{}"),
            *('{"image": {"prompt": 5}}', '{"sui_image_params": []}', '{"positive_prompt": {}}', '{"uc": []}', "null"),
            "{" + '"a":1,' * 300_000 + '"b":2}',
            '{"x": "' + "y" * 5_000_000 + '"}',
        ],
        ids=range(14),
    )
    def test_ends_in_a_recipe_or_a_sentence(self, key, text):
        checked_or_refused({key: text})

    @pytest.mark.parametrize(("sign", "kept"), [("x", 65_536), (" ", 0), ("[", 65_536), (":,", 65_536), ('"', 65_536)])
    def test_of_a_million_letters_in_one_line_the_prompt_is_cut_and_the_settings_are_read(self, sign, kept):
        text = sign * 1_000_000
        found = of(parameters=f"{text}\n{LINE}, Note: {text}")
        assert len(found.prompt) == kept
        assert (found.seed, found.values["txt2img.steps"]) == (5, 20)
        assert len(of(Dream=f'"{text}"').prompt) == kept

    def test_nothing_that_steers_a_terminal_gets_in(self):
        found = of(parameters=f"a \x1b[31mboat\x07\x9b\n{LINE}, VAE: \x1b]0;x\x07, Refiner: \x1b[2J\x7f")
        assert found.prompt == "a [31mboat"
        said = (found.prompt, found.infotext, *map(str, found.values.values()), *found.notices)
        assert not any(sign in text for text in said for sign in "\x1b\x07\x9b\x7f")
        with pytest.raises(InvalidInput, match=r"only: \[2Jkey\."):
            recipe_from({"\x1b[2Jkey": "x"})

    def test_half_a_surrogate_pair_never_gets_in(self):
        given = {"prompt": "a \ud800 b", "model": "x\udfff", "seed": "\ud800", "sampler": "\ud800", "loras": ["\ud800"]}
        found = of(parameters=json.dumps({"sui_image_params": given}))
        for text in (found.prompt, found.infotext, *map(str, found.values.values()), *found.notices):
            text.encode("utf-8")


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=9)
values = st.recursive(
    plain | st.just(["sample", 0]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["inputs", "caption", "0", "name"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.data())
def test_wrong_types_anywhere_in_a_workflow_do_no_harm(data):
    nodes = two_passes()
    for name in data.draw(st.lists(st.sampled_from(sorted(nodes)), min_size=1, max_size=4)):
        inputs = nodes[name]["inputs"]
        inputs[data.draw(st.sampled_from(sorted(inputs)))] = data.draw(values)
    checked(recipe_from({"prompt": json.dumps(nodes)}))


KEYS = (
    *("sui_image_params", "prompt", "negativeprompt", "model", "seed", "steps", "cfgscale", "width", "sampler"),
    *("loras", "loraweights", "positive_prompt", "scheduler", "clip_skip", "vae", "image", "uc", "v4_prompt"),
    "base_model",
    *("resolution", "styles", "lora_combined_1", "nodes", "links", "refinerupscale", "Comment", "Software"),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=12), st.booleans())
def test_wrong_types_anywhere_in_the_words_of_a_tool_do_no_harm(document, wrapped):
    text = json.dumps({"sui_image_params": document} if wrapped else document)
    for key in ("parameters", "Comment", "workflow"):
        checked_or_refused({key: text, "Software": "NovelAI"})


def checked_or_refused(texts):
    sentence = ""
    try:
        checked(recipe_from(texts))
    except InvalidInput as error:
        sentence = str(error)
    assert not sentence or (10 < len(sentence) < 400 and sentence.endswith("."))
    sentence.encode("utf-8")


def checked(found):
    for path, value in found.values.items():
        assert path in catalogue()
        assert check_value(path, value) == value
    for text in (found.prompt, found.negative, found.infotext, *found.notices):
        text.encode("utf-8")
    assert all(notice.endswith(".") and len(notice) < 400 for notice in found.notices)
