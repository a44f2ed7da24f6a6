"""Pictures of ComfyUI made with the suites of nodes that people use: stacks, switches, pipes, subgraphs."""

from __future__ import annotations

import json

import pytest
from workflows import node

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.recipes.reader import recipe_from

LOADER = {"load": node("CheckpointLoaderSimple", ckpt_name="base.safetensors")}


def graph(**changed):
    """One pass over a fox, with some nodes changed or added."""
    nodes = {
        **LOADER,
        "pos": node("CLIPTextEncode", text="a red fox", clip=["load", 1]),
        "neg": node("CLIPTextEncode", text="blurry", clip=["load", 1]),
        "empty": node("EmptyLatentImage", width=512, height=512, batch_size=1),
        "sample": sampler(),
        "decode": node("VAEDecode", samples=["sample", 0], vae=["load", 2]),
        "save": node("SaveImage", images=["decode", 0]),
    }
    return {**nodes, **changed}


def sampler(**changed):
    settings = {"seed": 42, "steps": 20, "cfg": 5.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    links = {"model": ["load", 0], "positive": ["pos", 0], "negative": ["neg", 0], "latent_image": ["empty", 0]}
    return node("KSampler", **{**settings, **links, **changed})


def read(nodes, size=(0, 0)):
    return recipe_from({"prompt": json.dumps(nodes)}, size)


def told(found):
    return "\n".join((*found.notices, *(f"{one.what}: {one.value}" for one in found.left_out)))


def with_loras(kind, **inputs):
    loader = node(kind, model=["load", 0], clip=["load", 1], **inputs)
    return read(graph(lora=loader, sample=sampler(model=["lora", 0])))


class TestLoras:
    @pytest.mark.parametrize(
        ("kind", "inputs", "tags"),
        [
            ("LoraLoader", {"lora_name": "a.pt", "strength_model": 0.6, "strength_clip": 0.6}, "<lora:a:0.6>"),
            ("Any Loader", {"lora_name": "a.pt", "lora_model_strength": 0.6}, "<lora:a:0.6>"),
            ("Other", {"lora_name": "a.pt", "my_lora_weight_value": 0.4}, "<lora:a:0.4>"),
            ("Pictured", {"lora_name": {"content": "a.pt", "image": None}, "strength_model": 0.3}, "<lora:a:0.3>"),
            (
                "LoRA Stacker",
                {
                    "input_mode": "simple",
                    "lora_count": 2,
                    "lora_name_1": "a.pt",
                    "lora_wt_1": 0.6,
                    "model_str_1": 1.0,
                    "lora_name_2": "b.pt",
                    "lora_wt_2": 0.7,
                    "lora_name_3": "left.pt",
                },
                "<lora:a:0.6> <lora:b:0.7>",
            ),
            (
                "LoRA Stacker",
                {
                    "input_mode": "advanced",
                    "lora_count": 1,
                    "lora_name_1": "a.pt",
                    "lora_wt_1": 1.0,
                    "model_str_1": 0.2,
                },
                "<lora:a:0.2>",
            ),
            (
                "CR LoRA Stack",
                {
                    "switch_1": "Off",
                    "lora_name_1": "off.pt",
                    "model_weight_1": 1.0,
                    "switch_2": "On",
                    "lora_name_2": "b.pt",
                    "model_weight_2": 0.5,
                    "clip_weight_2": 0.5,
                },
                "<lora:b:0.5>",
            ),
            (
                "easy loraStack",
                {"toggle": True, "mode": "simple", "num_loras": 1, "lora_1_name": "a.pt", "lora_1_strength": 0.6},
                "<lora:a:0.6>",
            ),
            ("easy loraStack", {"toggle": False, "num_loras": 1, "lora_1_name": "a.pt", "lora_1_strength": 0.6}, ""),
            ("Lora Loader Stack (rgthree)", {"lora_01": "a.pt", "strength_01": 0.6, "lora_02": "None"}, "<lora:a:0.6>"),
            (
                "AV LoraList",
                {"data": '[{"lora": "a.pt", "strength": 0.6}, {"lora": "b", "on": false}]'},
                "<lora:a:0.6>",
            ),
            ("Lora Loader (Manager)", {"text": "<lora:a:0.6> <lora:b:1>"}, "<lora:a:0.6> <lora:b:1>"),
            (
                "Lora Loader (Manager)",
                {
                    "text": "<lora:a:0.6> <lora:off:1>",
                    "loras": {
                        "__value__": [
                            {"name": "a", "strength": "0.6", "active": True},
                            {"name": "off", "strength": 1, "active": False},
                        ]
                    },
                },
                "<lora:a:0.6>",
            ),
            (
                "MultiLoraLoader-70bf3d77",
                {"text": "# mine\na.pt:0.6\nsub\\b:0.5:0.5 # less\n\n<lora:c:1.0>\nplain"},
                "<lora:a:0.6> <lora:b:0.5> <lora:c:1> <lora:plain:1>",
            ),
            ("Lora List Loader", {"lora_list": "a:0.6\nb.pt"}, "<lora:a:0.6> <lora:b:1>"),
            ("LoRA Tag Loader", {"text": "a fox:1.2, a boat\n<lora:a:0.6>"}, "<lora:a:0.6>"),
            (
                "Power Lora Loader 2",
                {
                    "lora_0": "a.pt",
                    "lora_0_on": True,
                    "lora_0_strength_model": 0.6,
                    "lora_0_strength_clip": 0.6,
                    "lora_1": "off.pt",
                    "lora_1_on": False,
                    "lora_1_strength_model": 1.0,
                },
                "<lora:a:0.6>",
            ),
            (
                "Many Loras",
                {
                    "active_loras": 1,
                    "enabled_1": True,
                    "lora_1": "a.pt",
                    "strength_1": 0.6,
                    "enabled_2": True,
                    "lora_2": "old.pt",
                    "strength_2": 1.0,
                },
                "<lora:a:0.6>",
            ),
            (
                "Stand Multi Lora Loader",
                {
                    "lora_state": '{"global_strength": 0.5, "loras": [{"enabled": true, "full_path": "/loras/a.pt",'
                    ' "strength": 0.8}, {"enabled": false, "full_path": "/loras/off.pt", "strength": 1}]}'
                },
                "<lora:a:0.4>",
            ),
            (
                "Lora Paths",
                {"lora_paths": "C:/x/a.pt,/x/b.safetensors", "lora_strengths": "0.7, -.4", "steps": "4,8"},
                "<lora:a:0.7> <lora:b:-0.4>",
            ),
            ("Lora加载器", {"LoRA名称": "sub/a.safetensors", "模型强度": 0.6, "CLIP强度": 0.6}, "<lora:a:0.6>"),
        ],
    )
    def test_each_is_read_with_its_own_weight_and_only_when_it_was_on(self, kind, inputs, tags):
        assert with_loras(kind, **inputs).prompt == f"a red fox {tags}".strip()

    def test_a_weight_that_nobody_knows_is_told(self):
        found = with_loras("Odd", lora_name="a.pt", mystery="high")
        assert found.prompt == "a red fox <lora:a:1>"
        assert "weight of the LoRA a was not found" in told(found)

    @pytest.mark.parametrize("weights", [{}, {"lora_strengths": "0.7"}, {"lora_strengths": "0.7,a"}, {"sizes": "1,2"}])
    def test_files_in_one_text_without_a_weight_for_each_are_named_and_none_of_them_is_guessed(self, weights):
        found = with_loras("Lora Paths", lora_paths="/x/a.pt,/x/b.pt", **weights)
        assert found.prompt == "a red fox"
        assert "/x/a.pt,/x/b.pt" in told(found)

    def test_what_a_tag_cannot_hold_is_told(self):
        both = with_loras("LoraLoader", lora_name="a.pt", strength_model=0.5, strength_clip=0.3)
        assert both.prompt == "a red fox <lora:a:0.5>"
        assert "the weight 0.3 for the words" in told(both)
        words = with_loras("LoraLoader", lora_name="a.pt", strength_model=0.0, strength_clip=1.0)
        assert words.prompt == "a red fox"
        assert "LoRA: a (model 0, words 1)" in told(words)


class TestChoices:
    @pytest.mark.parametrize(
        ("kind", "inputs", "words"),
        [
            ("Any Switch (rgthree)", {"any_01": ["pos", 0], "any_02": ["dog", 0]}, "a red fox"),
            ("Any Switch (rgthree)", {"any_03": ["pos", 0], "any_02": ["dog", 0]}, "a blue dog"),
            ("ImpactSwitch", {"select": 2, "input1": ["pos", 0], "input2": ["dog", 0]}, "a blue dog"),
            ("CR Conditioning Input Switch", {"Input": 1, "cond_1": ["pos", 0], "cond_2": ["dog", 0]}, "a red fox"),
            ("easy anythingIndexSwitch", {"index": 0, "value0": ["pos", 0], "value1": ["dog", 0]}, "a red fox"),
            ("ComfySwitchNode", {"switch": False, "on_true": ["pos", 0], "on_false": ["dog", 0]}, "a blue dog"),
            ("easy ifElse", {"boolean": True, "on_true": ["pos", 0], "on_false": ["dog", 0]}, "a red fox"),
            ("Cond Input Switch", {"boolean": "false", "cond_a": ["pos", 0], "cond_b": ["dog", 0]}, "a blue dog"),
            (
                "ImpactConditionalBranch",
                {"cond": ["yes", 0], "tt_value": ["pos", 0], "ff_value": ["dog", 0]},
                "a red fox",
            ),
        ],
    )
    def test_only_what_a_switch_took_is_read(self, kind, inputs, words):
        dog = node("CLIPTextEncode", text="a blue dog", clip=["load", 1])
        yes = node("PrimitiveBoolean", value=True)
        found = read(graph(dog=dog, yes=yes, switch=node(kind, **inputs), sample=sampler(positive=["switch", 0])))
        assert (found.prompt, found.negative, found.notices) == (words, "blurry", ())

    def test_a_switch_whose_choice_is_not_written_is_told(self):
        switch = node("Model Switch", select=["load", 0], input1=["pos", 0], input2=["neg", 0])
        found = read(graph(switch=switch, sample=sampler(positive=["switch", 0])))
        assert found.prompt == "a red fox"
        assert "Which input the switch Model Switch took" in found.notices[0]

    @pytest.mark.parametrize(
        "shown",
        [
            node("ShowText|pysssss", text=["random", 0], text_0="a red fox"),
            node("ShowText|pysssss", text=["random", 0], text_0=["a red fox"]),
            node("easy showAnything", anything=["random", 0], text="a red fox"),
            node("PreviewAny", source=["random", 0], preview_text="a red fox"),
        ],
    )
    def test_of_a_node_that_shows_text_only_what_it_showed_is_read(self, shown):
        random = node("DPRandomGenerator", text="a {red|blue} fox", seed=1)
        encode = node("CLIPTextEncode", text=["shown", 0], clip=["load", 1])
        assert read(graph(random=random, shown=shown, pos=encode)).prompt == "a red fox"

    def test_a_template_is_called_one(self):
        random = node("DPRandomGenerator", text="a {red|blue} fox", seed=1)
        encode = node("CLIPTextEncode", text=["random", 0], clip=["load", 1])
        assert "are a template" in told(read(graph(random=random, pos=encode)))


class TestPipes:
    @pytest.mark.parametrize("kind", ["easy preSampling", "easy preSamplingAdvanced", "ttN pipeKSampler"])
    def test_a_chain_that_hands_all_on_in_one_piece_is_followed(self, kind):
        nodes = {
            "1": node(
                "easy fullLoader",
                ckpt_name="base.safetensors",
                vae_name="Baked VAE",
                clip_skip=-2,
                lora_name="None",
                resolution="832 x 1216",
                empty_latent_width=512,
                empty_latent_height=512,
                positive="a red fox",
                negative="blurry",
                batch_size=1,
            ),
            "2": node(
                kind,
                steps=25,
                cfg=5.5,
                sampler_name="dpmpp_2m",
                scheduler="karras",
                denoise=1,
                seed=42,
                pipe=["1", 0],
            ),
            "3": node("easy kSampler", image_output="Hide", pipe=["2", 0]),
            "4": node("SaveImage", images=["3", 1]),
        }
        found = read(nodes)
        assert (found.prompt, found.negative, found.seed) == ("a red fox", "blurry", 42)
        assert found.values == {
            "txt2img.steps": 25,
            "txt2img.cfg_scale": 5.5,
            "txt2img.sampler": "DPM++ 2M",
            "txt2img.scheduler": "Karras",
            "txt2img.width": 832,
            "txt2img.height": 1216,
            "checkpoint": "base",
            "clip_skip": 2,
        }


class TestWords:
    def test_tags_without_effect_are_taken_out_and_told(self):
        found = read(graph(pos=node("CLIPTextEncode", text="a red fox <lora:a:0.8>, [hat]", clip=["load", 1])))
        assert found.prompt == "a red fox, [hat]"
        assert "LoRA tag: <lora:a:0.8>" in told(found)
        assert "plain letters to ComfyUI" in told(found)

    def test_tags_of_a_node_that_acts_on_them_stay(self):
        wild = node("ImpactWildcardEncode", wildcard_text="a __x__", populated_text="a red fox <lora:a:0.6>")
        found = read(graph(pos=wild))
        assert (found.prompt, found.notices) == ("a red fox <lora:a:0.6>", ())

    def test_embeddings_lose_prefix_folder_and_ending(self):
        found = read(graph(pos=node("CLIPTextEncode", text="(embedding:sub/ink.pt:1.2), embedding:wash")))
        assert found.prompt == "(ink:1.2), wash"

    @pytest.mark.parametrize(
        ("kind", "keys", "sign"),
        [
            ("ConditioningCombine", ("conditioning_1", "conditioning_2"), "AND"),
            ("ConditioningConcat", ("conditioning_to", "conditioning_from"), "BREAK"),
        ],
    )
    def test_words_put_together_otherwise_than_by_a_comma_are_told(self, kind, keys, sign):
        dog = node("CLIPTextEncode", text="a dog")
        both = node(kind, **dict(zip(keys, (["pos", 0], ["dog", 0]), strict=True)))
        found = read(graph(dog=dog, both=both, sample=sampler(positive=["both", 0])))
        assert found.prompt == "a red fox, a dog"
        assert kind in told(found)
        assert sign in told(found)


class TestComputed:
    def test_a_value_that_a_node_computes_is_named_as_not_found(self):
        nodes = graph(sum=node("SimpleMath+", value="a*2", a=["n", 0]), n=node("PrimitiveInt", value=21))
        found = read({**nodes, "sample": sampler(seed=["sum", 0], steps=["sum", 0])})
        assert (found.seed, "txt2img.steps" in found.values) == (None, False)
        assert [one.value for one in found.left_out if one.what in ("seed", "number of steps")] == ["SimpleMath+"] * 2

        nodes = graph(
            sum=node("MathExpression|x", expression="a*2", a=["n", 0]),
            n=node("Seed", seed=21),
            noise=node("RandomNoise", noise_seed=["sum", 0]),
        )
        assert read({**nodes, "sample": sampler(noise=["noise", 0], seed=None)}).seed is None

    def test_of_a_list_of_words_the_chosen_line_is_read(self):
        chosen = node("ImpactStringSelector", strings="a red fox\na blue dog", multiline=False, select=3)
        assert read(graph(some=chosen, pos=node("CLIPTextEncode", text=["some", 0]))).prompt == "a blue dog"

    def test_what_a_service_keeps_beside_the_nodes_is_listed(self):
        found = read({**graph(), "extra": {"airs": ["urn:air:sdxl:lora:civitai:5@6"]}, "extraMetadata": "{}"})
        assert [one.what for one in found.left_out][:2] == ["extra", "extraMetadata"]

    @pytest.mark.parametrize("other", ["base", "refiner"])
    def test_two_samplers_that_share_the_steps_are_one_pass(self, other):
        custom = {"add_noise": True, "noise_seed": 42, "cfg": 5.5, "sampler": ["how", 0], "positive": ["pos", 0]}
        custom |= {"negative": ["neg", 0], "model": ["load", 0]}
        nodes = graph(
            how=node("KSamplerSelect", sampler_name="euler"),
            plan=node("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=["load", 0]),
            split=node("SplitSigmas", step=12, sigmas=["plan", 0]),
            second=node("CheckpointLoaderSimple", ckpt_name=f"{other}.safetensors"),
            first=node("SamplerCustom", **custom, sigmas=["split", 0], latent_image=["empty", 0]),
        )
        rest = {"add_noise": False, "model": ["second", 0], "sigmas": ["split", 1], "latent_image": ["first", 0]}
        found = read({**nodes, "sample": node("SamplerCustom", **custom | rest)})
        assert (found.seed, found.values["txt2img.steps"]) == (42, 20)
        assert "hires.enabled" not in found.values
        assert found.values.get("refiner.switch_at") == (None if other == "base" else 0.6)


class TestPasses:
    def second(self, *between, **changed):
        nodes = {str(number): one for number, one in enumerate(between)}
        again = sampler(**{"latent_image": [str(len(between) - 1), 0], "denoise": 0.4, "steps": 9, **changed})
        decode = node("VAEDecode", samples=["again", 0], vae=["load", 2])
        return graph(again=again, last=decode, larger=node("SaveImage", images=["last", 0]), **nodes)

    def test_of_two_pictures_the_one_of_the_file_is_read(self):
        nodes = self.second(node("LatentUpscaleBy", samples=["sample", 0], upscale_method="bicubic", scale_by=1.5))
        assert "hires.enabled" not in read(nodes, (512, 512)).values
        assert read(nodes, (768, 768)).values["hires.scale"] == 1.5

    @pytest.mark.parametrize(
        ("between", "upscaler", "scale"),
        [
            (
                [node("ImageScale", image=["decode", 0], upscale_method="lanczos", width=768, height=768)],
                "Lanczos",
                1.5,
            ),
            ([node("ImageScaleBy", image=["decode", 0], upscale_method="nearest-exact", scale_by=2)], "Nearest", 2.0),
            (
                [node("LatentUpscale", samples=["sample", 0], upscale_method="bicubic", width=1024)],
                "Latent (bicubic)",
                2.0,
            ),
            (
                [
                    node("UpscaleModelLoader", model_name="sharp-x4.pth"),
                    node("ImageUpscaleWithModel", upscale_model=["0", 0], image=["decode", 0]),
                ],
                "sharp-x4",
                4.0,
            ),
            (
                [
                    node("UpscaleModelLoader", model_name="4x_sharp.pth"),
                    node("ImageUpscaleWithModel", upscale_model=["0", 0], image=["decode", 0]),
                    node("ImageScaleBy", image=["1", 0], upscale_method="area", scale_by=0.5),
                ],
                "4x_sharp",
                2.0,
            ),
        ],
    )
    def test_how_the_second_pass_was_enlarged_is_read(self, between, upscaler, scale):
        found = read(self.second(*between))
        assert (found.values["hires.upscaler"], found.values["hires.scale"]) == (upscaler, scale)

    def test_what_no_webui_has_is_named(self):
        bislerp = node("LatentUpscaleBy", samples=["sample", 0], upscale_method="bislerp", scale_by=2)
        assert "hires upscaler: bislerp" in told(read(self.second(bislerp)))

    def test_what_the_second_pass_has_for_itself_is_read(self):
        bigger = node("LatentUpscaleBy", samples=["sample", 0], upscale_method="bilinear", scale_by=2)
        nodes = self.second(bigger, positive=["sharp", 0], sampler_name="dpmpp_sde", scheduler="karras", seed=7)
        nodes["sharp"] = node("CLIPTextEncode", text="a sharp fox", clip=["load", 1])
        found = read(nodes)
        assert (found.values["hires.sampler"], found.values["hires.scheduler"]) == ("DPM++ SDE", "Karras")
        assert found.values["hires.prompt"] == "a sharp fox"
        assert "hires.negative" not in found.values
        assert "seed of the second pass: 7" in told(found)

    def test_a_third_pass_is_named(self):
        bigger = node("LatentUpscaleBy", samples=["sample", 0], upscale_method="bilinear", scale_by=2)
        nodes = self.second(bigger)
        nodes["third"] = sampler(latent_image=["again", 0], denoise=0.2, steps=5)
        nodes["last"] = node("VAEDecode", samples=["third", 0])
        found = read(nodes)
        assert found.values["hires.denoise"] == 0.4
        assert "Pass 3 (steps 5" in told(found)

    def test_enlarging_at_the_end_is_the_upscale_stage(self):
        model = node("UpscaleModelLoader", model_name="sharp_2x.pth")
        larger = node("ImageUpscaleWithModel", upscale_model=["model", 0], image=["decode", 0])
        found = read(graph(model=model, larger=larger, save=node("SaveImage", images=["larger", 0])))
        assert found.values["upscale.enabled"] is True
        assert (found.values["upscale.upscaler"], found.values["upscale.scale"]) == ("sharp_2x", 2.0)
        assert "hires.enabled" not in found.values


class TestStart:
    def test_steps_over_another_picture_become_as_much_work(self):
        picture = {"picture": node("LoadImage", image="a.png"), "code": node("VAEEncode", pixels=["picture", 0])}
        found = read(graph(**picture, sample=sampler(latent_image=["code", 0], denoise=0.5, steps=4)))
        assert found.values["img2img.enabled"] is True
        assert (found.values["img2img.steps"], found.values["img2img.denoise"]) == (8, 0.5)
        assert found.values["img2img.sampler"] == "Euler"
        assert "first picture: a.png" in told(found)

    def test_a_mask_is_told(self):
        mask = node("SetLatentNoiseMask", samples=["empty", 0], mask=["picture", 1])
        found = read(
            graph(mask=mask, picture=node("LoadImage", image="a.png"), sample=sampler(latent_image=["mask", 0]))
        )
        assert "the mask is not in the file" in told(found)

    @pytest.mark.parametrize(
        "changed",
        [
            {"empty": node("EmptyLatentImage", width=512, height=512, batch_size=3)},
            {
                "one": node("LatentFromBatch", samples=["empty", 0], batch_index=1, length=1),
                "sample": sampler(latent_image=["one", 0]),
            },
        ],
    )
    def test_a_picture_of_many_is_called_one(self, changed):
        assert "the seed belongs to the first" in told(read(graph(**changed)))

    def test_a_size_is_what_was_made_of_it(self):
        found = read(graph(empty=node("EmptyLatentImage", width=100, height=70, batch_size=1)))
        assert (found.values["txt2img.width"], found.values["txt2img.height"]) == (96, 64)
        assert "size: 100 x 70" in told(found)

    def test_a_size_that_is_computed_is_that_of_the_file(self):
        empty = node("EmptyLatentImage", width=["math", 0], height=["math", 1], batch_size=1)
        found = read(graph(empty=empty, math=node("Math", a=1, b=2, expression="a+b*500")), (640, 960))
        assert (found.values["txt2img.width"], found.values["txt2img.height"]) == (640, 960)

    def test_nodes_without_a_counterpart_are_named(self):
        free = node("FreeU_V2", model=["load", 0], b1=1.3, b2=1.4)
        found = read(graph(free=free, sample=sampler(model=["free", 0])))
        assert 'FreeU_V2: {"b1": 1.3, "b2": 1.4}' in told(found)

    def test_what_a_sampler_has_for_itself_is_listed(self):
        nodes = {
            "euler": node("SamplerEulerAncestral", eta=0.7, s_noise=1.0),
            "steps": node("KarrasScheduler", steps=9, rho=7.0),
            "sample": node(
                "SamplerCustom",
                noise_seed=4,
                cfg=6,
                sampler=["euler", 0],
                sigmas=["steps", 0],
                positive=["pos", 0],
                negative=["neg", 0],
                model=["load", 0],
                latent_image=["empty", 0],
                add_noise=True,
            ),
        }
        found = read(graph(**nodes))
        assert (found.values["txt2img.sampler"], found.values["txt2img.scheduler"]) == ("Euler a", "Karras")
        assert 'SamplerEulerAncestral: {"eta": 0.7, "s_noise": 1.0}' in told(found)
        assert "KarrasScheduler: rho: 7.0" in told(found)


def drawn(nodes, links, subgraphs=()):
    return {"nodes": nodes, "links": links, "definitions": {"subgraphs": list(subgraphs)}}


def box(number, kind, *values, inputs=(), **more):
    sockets = [{"name": name, "link": link} for name, link in inputs]
    return {"id": number, "type": kind, "widgets_values": list(values), "inputs": sockets, **more}


def whole(text_link=None, words="a red fox"):
    """One pass as the screen saves it; the text may come in by a link."""
    nodes = [
        box(1, "CheckpointLoaderSimple", "base.safetensors"),
        box(2, "CLIPTextEncode", words, inputs=[("clip", 1), ("text", text_link)]),
        box(3, "CLIPTextEncode", "blurry", inputs=[("clip", 2)]),
        box(4, "EmptyLatentImage", 832, 1216, 1),
        box(
            5,
            "KSampler",
            *(42, "randomize", 25, 5.5, "dpmpp_2m", "karras", 1),
            inputs=[("model", 3), ("positive", 4), ("negative", 5), ("latent_image", 6)],
        ),
    ]
    links = [[1, 1, 1, 2, 0], [2, 1, 1, 3, 0], [3, 1, 0, 5, 0], [4, 2, 0, 5, 1], [5, 3, 0, 5, 2], [6, 4, 0, 5, 3]]
    return nodes, links


def read_drawn(document):
    return recipe_from({"workflow": json.dumps(document)})


class TestSavedWorkflows:
    def test_pairs_of_set_and_get_are_put_through(self):
        nodes, links = whole()
        nodes += [
            box(8, "SetNode", "positive_prompt", inputs=[("CONDITIONING", 9)]),
            box(9, "GetNode", "positive_prompt"),
        ]
        links = [*(link for link in links if link[0] != 4), [4, 9, 0, 5, 1], [9, 2, 0, 8, 0]]
        assert read_drawn(drawn(nodes, links)).prompt == "a red fox"

    @pytest.mark.parametrize("outside", ["inner", "widget", "proxy", "link"])
    def test_subgraphs_are_flattened_and_the_value_outside_counts(self, outside):
        nodes, links = whole(text_link=None if outside in ("inner", "proxy") else 10)
        links = [
            {"id": one, "origin_id": a, "origin_slot": b, "target_id": c, "target_slot": d} for one, a, b, c, d in links
        ]
        links.append({"id": 10, "origin_id": -10, "origin_slot": 0, "target_id": 2, "target_slot": 1})
        links.append({"id": 11, "origin_id": 5, "origin_slot": 0, "target_id": -20, "target_slot": 0})
        sheet = {"id": "u-u", "nodes": nodes, "links": links, "inputs": [{"name": "text", "type": "STRING"}]}
        use = box(50, "u-u", *([] if outside in ("inner", "link") else ["a blue dog"]))
        if outside == "proxy":
            use["properties"] = {"proxyWidgets": [["2", "text"]]}
        outer = [use, box(7, "SaveImage", "C", inputs=[("images", 7)]), box(8, "PrimitiveString", "a blue dog")]
        if outside == "link":
            use["inputs"] = [{"name": "text", "link": 8}]
        found = read_drawn(drawn(outer, [[7, 50, 0, 7, 0], [8, 8, 0, 50, 0]], [sheet]))
        assert found.prompt == ("a red fox" if outside == "inner" else "a blue dog")
        assert (found.values["txt2img.steps"], found.seed) == (25, 42)

    def test_a_subgraph_in_a_subgraph_is_read_and_one_in_itself_ends(self):
        nodes, links = whole()
        inner = {"id": "i", "nodes": nodes, "links": [*links, [11, 5, 0, -20, 0]]}
        middle = {"id": "m", "nodes": [box(1, "i"), box(2, "m")], "links": [[1, 1, 0, -20, 0]]}
        found = read_drawn(
            drawn([box(1, "m"), box(2, "SaveImage", inputs=[("images", 1)])], [[1, 1, 0, 2, 0]], [inner, middle])
        )
        assert (found.prompt, found.seed) == ("a red fox", 42)

    def test_the_names_of_values_come_from_the_sockets(self):
        nodes, links = whole()
        turbo = box(5, "KSampler of a suite", 42, "fixed", 9, 5.5, "euler", "simple")
        names = ("seed", "steps", "cfg", "sampler_name", "scheduler")
        turbo["inputs"] = [*nodes[4]["inputs"], *({"name": name, "widget": {"name": name}} for name in names)]
        found = read_drawn(drawn([*nodes[:4], turbo], links))
        assert (found.seed, found.values["txt2img.steps"], found.values["txt2img.scheduler"]) == (42, 9, "Simple")

    def test_of_partly_told_names_only_texts_are_believed(self):
        nodes, links = whole()
        told = [
            {"name": name, "type": kind, "widget": {"name": name}}
            for name, kind in (("prompt", "STRING"), ("width", "INT"))
        ]
        nodes[1] = box(2, "TextEncodeNew", "a red fox", "", 0, 1)
        nodes[1]["inputs"] = told
        assert read_drawn(drawn(nodes, links)).prompt == "a red fox"

    def test_values_that_go_everywhere_go_to_open_sockets(self):
        nodes, links = whole()
        open_sampler = {**nodes[4]}
        open_sampler["inputs"] = [
            {"name": "model", "type": "MODEL", "link": None},
            {"name": "positive", "type": "CONDITIONING", "link": None},
            {"name": "negative", "type": "CONDITIONING", "link": None},
            {"name": "latent_image", "type": "LATENT", "link": 6},
            {"name": "seed", "type": "INT", "widget": {"name": "seed"}, "link": None},
        ]
        everything = {"id": 8, "type": "Anything Everywhere", "inputs": [{"name": "MODEL", "type": "MODEL", "link": 3}]}
        prompts = {
            "id": 9,
            "type": "Prompts Everywhere",
            "inputs": [
                {"name": "positive", "type": "CONDITIONING", "link": 4},
                {"name": "negative", "type": "CONDITIONING", "link": 5},
            ],
        }
        seed = {"id": 10, "type": "Seed Everywhere", "widgets_values": [77, "fixed"], "inputs": []}
        found = read_drawn(drawn([*nodes[:4], open_sampler, everything, prompts, seed], links))
        assert (found.prompt, found.negative, found.seed) == ("a red fox", "blurry", 77)
        assert found.values["checkpoint"] == "base"

    def test_a_picture_that_steers_is_not_the_first_pass(self):
        nodes, links = whole()
        first = box(20, "KSampler", 1, "fixed", 1, 1.0, "euler", "normal", 1, inputs=[("latent_image", 6)])
        show = box(21, "PreviewImage", inputs=[("images", 30)])
        save = box(22, "SaveImage", "C", inputs=[("images", 31)])
        found = read_drawn(drawn([first, show, *nodes, save], [*links, [30, 20, 0, 21, 0], [31, 5, 0, 22, 0]]))
        assert (found.seed, found.values["txt2img.steps"]) == (42, 25)

    @pytest.mark.parametrize("own", [True, False])
    def test_a_group_node_is_taken_apart(self, own):
        """It holds loader and words; the clip of both texts is linked inside, their conditionings are shown outside."""
        nodes, links = whole()
        out = [{"name": kind, "type": kind} for kind in ("MODEL", "CLIP", "VAE")]
        text = {"inputs": [{"name": "clip", "link": None}], "outputs": [{"name": "C", "type": "CONDITIONING"}]}
        group = {
            "nodes": [
                {**box(0, "CheckpointLoaderSimple", "base.safetensors"), "outputs": out},
                {**box(0, "CLIPTextEncode", "a red fox"), **text},
                {**box(0, "CLIPTextEncode", "blurry"), **text},
            ],
            "links": [[0, 1, 1, 0, 4, "CLIP"], [0, 1, 2, 0, 4, "CLIP"]],
            "external": [[], [["?"], {}], ["0", 1]],  # nonsense shows nothing
        }
        use = box(30, "workflow>Mine", *(["other.safetensors", "a blue dog", "noise"] if own else ["too few"]))
        # Shown outside: model, VAE (the clip is used inside), and both conditionings.
        wires = [[3, 30, 0, 5, 0], [4, 30, 2, 5, 1], [5, 30, 3, 5, 2], links[5]]
        document = {**drawn([use, nodes[3], nodes[4]], wires), "extra": {"groupNodes": {"Mine": group}}}
        found = read_drawn(document)
        words = ("a blue dog", "noise", "other") if own else ("a red fox", "blurry", "base")
        assert (found.prompt, found.negative, found.values["checkpoint"]) == words

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([42, "randomize", 25, 5.5, "dpmpp_2m", "karras", 0.8, "GPU"], {"steps": 25, "sampler": "DPM++ 2M"}),
            ([True, 42, "fixed", 25, 5.5, "euler", "simple", 0, 10000], {"steps": 25, "scheduler": "Simple"}),
            ([25, 5.5, "euler", "normal", 1, 42, "fixed"], {"steps": 25, "cfg_scale": 5.5}),
        ],
    )
    def test_an_unknown_sampler_is_known_by_what_stands_beside_what(self, values, expected):
        nodes, links = whole()
        nodes[4] = {**box(5, "Sampler of nobody", *values), "inputs": nodes[4]["inputs"]}
        nodes[0] = {**box(1, "Loads a model", "sub/base.safetensors", "fine.vae.pt"), "outputs": [{"type": "MODEL"}]}
        nodes[3] = {**box(4, "Makes a latent", "SDXL", "832 x 1216", 1), "outputs": [{"type": "LATENT"}]}
        found = read_drawn(drawn(nodes, links))
        assert {key: found.values[f"txt2img.{key}"] for key in expected} == expected
        assert (found.seed, found.values["checkpoint"], found.values["txt2img.height"]) == (42, "base", 1216)

    def test_a_picture_that_was_only_repaired_is_called_one(self):
        with pytest.raises(InvalidInput, match="only repairs a finished picture"):
            read_drawn(drawn([box(1, "FaceDetailer", 512)], []))

    def test_a_group_is_named_in_the_refusal(self):
        with pytest.raises(InvalidInput, match="group node My group"):
            read_drawn(drawn([box(1, "workflow>My group")], []))

    def test_stacks_and_shown_texts_are_read_by_the_order_of_their_values(self):
        nodes, links = whole(text_link=20)
        stack = box(10, "LoRA Stacker", "simple", 1, "a.pt", 0.6, 1.0, 1.0, "left.pt", 0.9, 1.0, 1.0)
        apply = box(11, "CR Apply LoRA Stack", inputs=[("model", 21), ("lora_stack", 22)])
        shown = box(12, "ShowText|pysssss", ["a red fox"], inputs=[("text", 23)])
        template = box(13, "DPRandomGenerator", "a {red|blue} fox", 7, "randomize")
        links = [*(link for link in links if link[0] != 3), [3, 11, 0, 5, 0], [20, 12, 0, 2, 1]]
        links += [[21, 1, 0, 11, 0], [22, 10, 0, 11, 1], [23, 13, 0, 12, 0]]
        found = read_drawn(drawn([*nodes, stack, apply, shown, template], links))
        assert found.prompt == "a red fox <lora:a:0.6>"

    def test_a_pipe_is_read_by_the_order_of_its_values(self):
        loader = (
            "base.pt",
            "Default",
            "Baked VAE",
            -2,
            "None",
            1,
            1,
            "512 x 768",
            64,
            64,
            "a fox",
            "",
            "",
            "blur",
            "",
            "",
            1,
        )
        nodes = [
            box(1, "easy fullLoader", *loader),
            box(2, "easy preSampling", 25, 5.5, "euler", "simple", 1, 42, "fixed", inputs=[("pipe", 1)]),
            box(3, "easy kSampler", "Preview", 0, "C", inputs=[("pipe", 2)]),
        ]
        found = read_drawn(drawn(nodes, [[1, 1, 0, 2, 0], [2, 2, 0, 3, 0]]))
        assert (found.prompt, found.negative, found.seed) == ("a fox", "blur", 42)
        assert (found.values["txt2img.height"], found.values["txt2img.steps"]) == (768, 25)

    def test_the_name_of_a_file_is_no_word(self):
        nodes, links = whole()
        nodes[1] = box(2, "Unknown loader", "svd.safetensors")
        found = read_drawn(drawn(nodes, links))
        assert found.prompt == ""
        assert "could not be found" in told(found)
