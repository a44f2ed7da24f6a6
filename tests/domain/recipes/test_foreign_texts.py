"""Generation texts and objects as other programs leave them: lines added, words broken, names of their own."""

from __future__ import annotations

import json

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.recipes.infotext import parse, written
from stablenew_tk.domain.recipes.reader import recipe_from

WORDS = "a boat\nNegative prompt: blur\n"
LINE = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768, Model: demo"


def of(text, key="parameters"):
    return recipe_from({key: text if isinstance(text, str) else json.dumps(text)})


def told(found):
    return "\n".join((*found.notices, *(f"{one.what}: {one.value}" for one in found.left_out)))


class TestWrittenByHand:
    @pytest.mark.parametrize(
        "text",
        [
            WORDS.replace("Negative", "negative") + LINE,
            WORDS.replace("prompt:", "PROMPT：") + LINE.replace(", ", "， ").replace(":", "："),
            WORDS + LINE + ', LoRA: "ink:0.6, wash:-0.4"',
            WORDS + LINE + ', Lora hashes: "ink: 1234567890: 0.6, wash: 1234567891: -0.4"',
            WORDS + LINE + ", LoRA networks: ink:0.6",
            "Include in Image: a boat; Exclude from Image: blur; Model: demo; Steps: 20; Guidance Scale: 7.0; Seed: 5; "
            "Size: 512x768; Upscaler: none; Scheduler: Euler a; ML Compute Unit: CPU; Generator: Mochi Diffusion 5.0",
        ],
    )
    def test_letters_commas_weights_and_labels_of_other_hands_are_read(self, text):
        found = of(text)
        tags = (" <lora:ink:0.6>" * ("ink" in text)) + (" <lora:wash:-0.4>" * ("wash" in text))
        assert (found.prompt, found.negative, found.seed) == (f"a boat{tags}", "blur", 5)
        assert (found.values["txt2img.steps"], found.values["txt2img.width"], found.values["checkpoint"]) == (
            20,
            512,
            "demo",
        )


class TestValuesWhereverTheyStand:
    @pytest.mark.parametrize(
        "after",
        [
            'extraJsonMetaInfo: {"note": "x, y"}',
            "Template: a __x__\nNegative Template: blur",
            "",
            "\n\nsome words",
            "{1}",
        ],
    )
    def test_lines_behind_them_are_in_neither_prompt(self, after):
        found = of(f"{WORDS}{LINE}\n{after}")
        assert (found.prompt, found.negative, found.seed) == ("a boat", "blur", 5)
        assert found.values["txt2img.steps"] == 20
        assert all(f"line behind the settings: {line}" in told(found) for line in after.split("\n") if line)

    def test_line_breaks_inside_quotes_belong_to_the_value(self):
        info = parse(f'{WORDS}{LINE}, Wildcard prompt: "a __x__,\nbig,\n\nred", Version: v1.5.1\nmore')
        assert info.values["Wildcard prompt"] == "a __x__,\nbig,\n\nred"
        assert (info.values["Version"], info.after) == ("v1.5.1", "more")
        assert (info.prompt, info.negative) == ("a boat", "blur")

    def test_values_that_go_on_in_the_next_line_are_values(self):
        info = parse(f"{WORDS}Steps: 20, Sampler: Euler a, CFG scale: 7\nSeed: 5, Size: 512x768\nModel: demo")
        assert (info.values["Seed"], info.values["Model"], info.after) == ("5", "demo", "")

    def test_of_two_such_lines_the_last_one_counts(self):
        info = parse(f"comic\nSteps: 3, Sampler: none, CFG scale: 1\n{WORDS}{LINE}\nnote")
        assert info.values["Steps"] == "20"
        assert info.prompt.endswith("CFG scale: 1\na boat")

    def test_words_that_look_like_values_stay_words_where_a_negative_prompt_follows(self):
        info = parse("comic\nSteps: 3, Sampler: none, CFG scale: 1\nNegative prompt: blur")
        assert (info.values, info.negative) == ({}, "blur")

    @pytest.mark.parametrize("after", ["x: {1}\ny", "a, b"])
    def test_what_was_read_is_written_and_read_the_same(self, after):
        info = parse(f"{WORDS}{LINE}\n{after}")
        assert parse(written(info)) == info


class TestNothing:
    @pytest.mark.parametrize("text", ["None", "none\n", "None\nNegative prompt: None", "null"])
    def test_the_word_for_nothing_is_no_prompt(self, text):
        with pytest.raises(InvalidInput, match="Nothing in the picture tells how it was made"):
            of(text)

    def test_it_is_no_sampler_and_no_model(self):
        found = of(
            "None\nNegative prompt: None\nSteps: 20, Sampler: None, Seed: 5, Model: None, VAE: None, Refiner: None"
        )
        assert (found.prompt, found.negative) == ("", "")
        assert found.values == {"txt2img.steps": 20, "clip_skip": 1}


LISTED = [
    {"type": "checkpoint", "modelName": "Fox Mix", "modelVersionName": "V6 (start, here)"},
    {"type": "lora", "weight": 0.8, "modelName": 'Ink, "wash"', "modelVersionName": "v1"},
]


class TestResources:
    def test_models_told_by_title_only_are_named(self):
        found = of(f"{WORDS}{LINE}, Civitai resources: {json.dumps(LISTED)}, Clip skip: 2")
        assert found.values["clip_skip"] == 2
        assert "The checkpoint 'Fox Mix' was used too" in told(found)
        assert "The LoRA 'Ink, \"wash\" (0.8)' was used too" in told(found)

    @pytest.mark.parametrize("written", ['Lora hashes: "ink: 0123456789"', 'Hashes: {"lora:ink": "0123456789"}'])
    def test_a_lora_that_stands_in_the_hashes_only_is_named(self, written):
        assert "LoRA: ink" in told(of(f"{WORDS}{LINE}, {written}"))
        assert "LoRA: ink" not in told(of(f"a boat <lora:ink:0.5>\n{LINE}, {written}"))

    def test_loras_of_additional_networks_become_tags(self):
        net = "AddNet Enabled: True, AddNet Module 1: LoRA, AddNet Model 1: ink(0123456789ab), AddNet Weight A 1: 0.7"
        assert of(f"{WORDS}{LINE}, {net}").prompt == "a boat <lora:ink:0.7>"

    def test_every_value_that_has_no_place_is_listed(self):
        found = of(f'{WORDS}{LINE}, RNG: CPU, Eta: 0.3, Lora hashes: "ink: 0123456789", Tiling: False')
        assert {one.what for one in found.left_out} == {"RNG", "Eta", "Lora hashes", "LoRA"}
        assert "Settings that have no place here were left out: RNG, Eta." in found.notices

    def test_what_was_done_to_the_finished_picture_is_named(self):
        found = recipe_from({"parameters": WORDS + LINE, "postprocessing": "Postprocess upscale by: 4"})
        assert "postprocessing: Postprocess upscale by: 4" in told(found)


class TestDialects:
    def test_sd_next(self):
        own = "Scheduler: DPMSolverMultistepScheduler, CLiP-skip: 2, App: SD.Next, HiRes mode: 1, Hires upscaler: X"
        found = of(f"{WORDS}{LINE}, {own}, Hires scale: 1.5, Hires size: 768x1152, Hires strength: 0.4, Hires steps: 9")
        assert found.tool == "SD.Next"
        assert (found.values["txt2img.scheduler"], found.values["clip_skip"]) == ("Automatic", 2)
        assert (found.values["hires.scale"], found.values["hires.denoise"], found.values["hires.steps"]) == (
            1.5,
            0.4,
            9,
        )
        assert "Scheduler: DPMSolverMultistepScheduler" in told(found)

    def test_sd_next_tells_what_was_asked_and_the_class_tells_what_was_used(self):
        line = "Steps: 3, Size: 64x64, Sampler: {}, Scheduler: {}, Seed: 5, CFG scale: 6.0, App: SD.Next{}"
        found = of(WORDS + line.format("Euler a", "EulerDiscreteScheduler", ", Sampler sigma: karras"))
        assert (found.values["txt2img.sampler"], found.values["txt2img.scheduler"]) == ("Euler", "Karras")
        assert "Sampler: Euler a" in told(found)
        for sampler, computed in (
            ("DPM++ SDE", "DPMSolverMultistepScheduler"),
            ("RES-SDE 2S", "EulerDiscreteScheduler"),
        ):
            assert of(WORDS + line.format(sampler, computed, "")).values["txt2img.sampler"] == sampler

    def test_a_text_in_quotes_does_not_hide_the_graph(self):
        assert of(json.dumps(WORDS + LINE)).seed == 5
        nodes = {"1": {"class_type": "KSampler", "inputs": {"seed": 9, "steps": 4, "positive": ["2", 0]}}}
        nodes["2"] = {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox"}}
        found = recipe_from({"parameters": "only a note", "prompt": json.dumps(nodes)})
        assert (found.tool, found.prompt, found.seed) == ("ComfyUI", "a fox", 9)

    @pytest.mark.parametrize(
        "sign",
        *[
            [
                *("<segment:face,0.6,0.5>", "<random:snow|rain>", "<random[2]:a|b>", "<wildcard:x>", "<break>"),
                *("<alternate:a,b>", "<fromto[0.5]:a,b>", "<object:x>", "<region:0,0,1,1>", "<preset:x>"),
            ]
        ],
    )
    def test_signs_of_swarm_are_named(self, sign):
        given = {"prompt": f"a fox {sign} x <embed:ink> <lora:a:1>", "seed": 4, "steps": 20, "customthing": 5}
        found = of({"sui_image_params": given})
        assert found.prompt == f"a fox {sign} x ink <lora:a:1>"
        assert f"sign of SwarmUI: {sign}" in told(found)
        assert "customthing: 5" in told(found)

    @pytest.mark.parametrize("words", ["a (cat)++ here", "cat+", '("a", "b").and()'])
    def test_signs_of_invoke_are_named(self, words):
        found = of({"positive_prompt": words, "seed": 4, "steps": 20}, "invokeai_metadata")
        assert "sign of InvokeAI" in told(found)

    @pytest.mark.parametrize(
        "document",
        [
            {"positive_prompt": "a", "seed": 4, "steps": 9, "cfg_rescale_multiplier": 0.7, "rand_device": "cpu"},
            {"prompt": "a", "uc": "b", "seed": 4, "steps": 9, "cfg_rescale_multiplier": 0.7, "rand_device": "cpu"},
            {
                "base_model": "x",
                "prompt": "a",
                "cfg_rescale_multiplier": 0.7,
                "rand_device": "cpu",
                "lora_combined_1": "",
            },
            {"sui_image_params": {"prompt": "a", "cfg_rescale_multiplier": 0.7, "rand_device": "cpu"}},
            {"prompt": "a", "seed": 4, "steps": 9, "cfg_rescale_multiplier": 0.7, "rand_device": "cpu"},
        ],
    )
    def test_of_every_tool_what_has_no_place_is_listed(self, document):
        left_out = [(one.what, one.value) for one in of(document).left_out]
        assert left_out == [("cfg_rescale_multiplier", "0.7"), ("rand_device", "cpu")]

    def test_a_value_without_a_name_is_listed_too(self):
        (left_out,) = of({"prompt": "a", "uc": "b", "seed": 4, "steps": 9, "": "x"}).left_out
        assert (left_out.what, left_out.value) == ("a value without a name", "x")

    @pytest.mark.parametrize("sign", ["[[red, blue]]", "__colour__"])
    def test_signs_of_fooocus_are_named(self, sign):
        found = of({"base_model": "x", "prompt": f"a {sign} fox", "seed": 4, "steps": 20})
        assert found.prompt == f"a {sign} fox"
        assert f"sign of Fooocus: {sign}" in told(found)

    def test_ruined_fooocus(self):
        given = {
            "Prompt": "a fox",
            "Negative": "blur",
            "steps": 30,
            "cfg": 5,
            "width": 1344,
            "height": 768,
            "seed": 42,
            "sampler_name": "dpmpp_2m_sde_gpu",
            "scheduler": "karras",
            "base_model_name": "foxXL.safetensors",
            "loras": "Loras:<ink.safetensors:0.6>, <wash:1>",
            "software": "RuinedFooocus",
            "odd": "x",
        }
        found = of(given)
        assert (found.tool, found.prompt, found.negative, found.seed) == (
            *("RuinedFooocus", "a fox <lora:ink:0.6> <lora:wash:1>", "blur"),
            42,
        )
        assert (found.values["txt2img.sampler"], found.values["checkpoint"]) == ("DPM++ 2M SDE", "foxXL")
        assert "odd: x" in told(found)

    def test_draw_things(self):
        given = {
            "c": "a fox",
            "uc": "blur",
            "sampler": "DPM++ 2M Karras",
            "scale": 7.5,
            "seed": 7,
            "size": "512x768",
            "steps": 20,
            "model": "sd_v1.5_f16.ckpt",
            "strength": 1,
            "lora": [{"model": "ink.ckpt", "weight": 0.6}],
            "v2": {"clipSkip": 2, "hiresFix": True, "loras": [{"file": "ink.ckpt", "weight": 0.6}]},
        }
        found = of(given, "XMP comment")
        assert (found.tool, found.prompt, found.negative) == ("Draw Things", "a fox <lora:ink:0.6>", "blur")
        assert (found.values["txt2img.height"], found.values["clip_skip"]) == (768, 2)
        assert found.values["hires.enabled"] is True
        assert "does not tell the size of its first pass" in told(found)

    @pytest.mark.parametrize(
        "given",
        [
            {"prompt": "a fox", "seed": 7, "num_inference_steps": 20, "use_stable_diffusion_model": "x.ckpt"},
            {"Prompt": "a fox", "Seed": "7", "Sampling steps": 20, "Model": "sub/x.safetensors"},
        ],
    )
    def test_a_tool_that_nobody_knows_is_read_by_the_usual_names(self, given):
        found = of(given)
        assert (found.prompt, found.seed) == ("a fox", 7)
        assert found.values["checkpoint"] == "x"
        assert "does not say which tool" in told(found)

    def test_an_object_that_is_no_recipe_is_described(self):
        with pytest.raises(InvalidInput, match=r"parameters \(an object with software, secret\)"):
            of({"software": "Painter 5", "secret": 1})
