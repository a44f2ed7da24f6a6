"""What the predecessors left beside a pack: all of it is used that can be, the rest costs a sentence each."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablenew_tk.domain.prompts.pack import Slot, parse_pack
from stablenew_tk.domain.prompts.settings import PackSettings
from stablenew_tk.domain.prompts.stablenew2_import import imported

SLOT = {
    "index": 0, "text": "a quay at night, [[light]]", "negative": "blurry", "template_id": "",
    "template_variables": {}, "positive_embeddings": ["soft"], "negative_embeddings": ["bad-hands"],
    "loras": [["wet-stone", 0.7]],
}  # fmt: skip


def read(slots=(), matrix=None, **preset):
    pack = {"name": "quay", "slots": list(slots), "matrix": matrix if matrix is not None else {}}
    return imported(json.dumps({"pack_data": pack, "preset_data": preset}).encode(), "quay.json")


def prompts(found):
    return [(one.positive, one.negative) for one in parse_pack(found.text, "quay").prompts]


class TestPrompts:
    def test_a_slot_becomes_a_prompt_with_embeddings_and_loras(self):
        found = read([SLOT])
        assert prompts(found) == [
            ("<embedding:soft> a quay at night, [[light]] <lora:wet-stone:0.7>", "<embedding:bad-hands> blurry")
        ]
        assert found.notices == ()

    def test_slots_come_by_their_index(self):
        assert prompts(read([{"index": 2, "text": "b"}, {"index": 1, "text": "a"}])) == [("a", ""), ("b", "")]

    def test_line_breaks_and_marks_inside_a_text_make_no_second_prompt(self):
        found = read([{"text": "a\n\nb"}, {"text": "# c"}, {"text": "neg: d", "negative": "e\n\nf"}])
        assert prompts(found) == [("a b", ""), ("c", ""), ("d", "e f")]
        assert len(found.notices) == 2


class TestMatrix:
    def test_slots_mode_and_limit_become_the_randomizer(self):
        matrix = {
            "enabled": True,
            "mode": "rotate",
            "limit": 8,
            "slots": [{"name": "light", "values": ["dawn", "neon"]}],
        }
        randomizer = read([SLOT], matrix).settings.randomizer
        assert randomizer.slots == (Slot("light", ("dawn", "neon")),)
        assert (randomizer.mode, randomizer.limit) == ("round_robin", 8)

    @pytest.mark.parametrize(
        ("theirs", "ours"), [("fanout", "all"), ("grid", "all"), ("sequential", "round_robin"), ("random", "random")]
    )
    def test_modes_have_other_names_here(self, theirs, ours):
        found = read([SLOT], {"mode": theirs})
        assert (found.settings.randomizer.mode, found.notices) == (ours, ())

    def test_what_a_matrix_cannot_say_is_told(self):
        found = read([SLOT], {"mode": "spiral", "limit": -3, "slots": [{"name": "a", "values": ["x", 3]}, 7]})
        assert found.settings.randomizer.slots == (Slot("a", ("x",)),)
        assert len(found.notices) == 4


class TestValues:
    def test_fields_of_all_stages_find_their_parameters(self):
        found = read(
            txt2img={
                "steps": 28,
                "sampler_name": "DPM++ 2M Karras",
                "cfg_scale": 6,
                "width": 832,
                "height": 1216,
                "model": "quay.safetensors",
                "vae": "",
                "clip_skip": 1,
                "enable_hr": True,
                "hr_scale": 1.5,
                "hr_upscaler": "4x-UltraSharp",
                "hr_second_pass_steps": 12,
                "denoising_strength": 0.7,
                "refiner_enabled": True,
                "refiner_checkpoint": "fine.safetensors",
                "refiner_switch_at": 0.75,
                "seed": 12,
                "subseed": -1,
                "negative_prompt": "",
                "styles": [],
                "hypernetwork": "None",
            },
            hires_fix={"enabled": True, "denoise": 0.35, "use_base_model": True},
            img2img={"steps": 15, "denoising_strength": 0.25, "model": "quay.safetensors", "vae": ""},
            adetailer={
                "adetailer_enabled": True,
                "adetailer_sampler": "DPM++ 2M",
                "scheduler": "inherit",
                "mask_feather": 5,
            },
            upscale={
                "upscaler": "R-ESRGAN 4x+",
                "upscaling_resize": 2,
                "upscale_mode": "img2img",
                "gfpgan_visibility": 0,
            },
        )
        assert found.settings.values == {
            "txt2img.steps": 28,
            "txt2img.sampler": "DPM++ 2M",
            "txt2img.scheduler": "Karras",
            "txt2img.cfg_scale": 6.0,
            "txt2img.width": 832,
            "txt2img.height": 1216,
            "checkpoint": "quay.safetensors",
            "clip_skip": 1,
            "hires.enabled": True,
            "hires.scale": 1.5,
            "hires.upscaler": "4x-UltraSharp",
            "hires.steps": 12,
            "hires.denoise": 0.35,
            "refiner.enabled": True,
            "refiner.checkpoint": "fine.safetensors",
            "refiner.switch_at": 0.75,
            "img2img.steps": 15,
            "img2img.denoise": 0.25,
            "adetailer.enabled": True,
            "adetailer.passes.0.sampler": "DPM++ 2M",
            "adetailer.passes.0.mask_blur": 5,
            "upscale.upscaler": "R-ESRGAN 4x+",
            "upscale.scale": 2.0,
            "upscale.mode": "img2img",
            "upscale.gfpgan": 0.0,
        }
        assert found.notices == ()

    @pytest.mark.parametrize(
        "block",
        [
            {"steps": "many"},
            {"width": 1001},
            {"steps": 9000},
            {"styles2": ["x"]},
            {"enable_hr": "yes"},
            {"cfg_scale": [7]},
        ],
    )
    def test_what_cannot_be_used_costs_a_sentence_and_nothing_else(self, block):
        found = read(txt2img={"height": 640, **block})
        assert found.settings.values["txt2img.height"] == 640
        assert len(found.notices) == 1
        assert "txt2img" in found.notices[0]

    def test_another_checkpoint_for_a_later_stage_is_told_and_not_used(self):
        found = read(txt2img={"model": "a"}, img2img={"model": "b"})
        assert found.settings.values == {"checkpoint": "a"}
        assert len(found.notices) == 1


class TestJunk:
    @pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"pack": 1}', b'{"x": {"pack_data": {}}}', b'["pack_data"]'])
    def test_other_json_is_no_pack(self, data):
        found = imported(data, "x.json")
        assert found is None or (found.text == "" and found.settings == PackSettings())

    @pytest.mark.parametrize(
        "document",
        [
            '{"pack_data"',
            '{"pack_data": 3}',
            '{"pack_data": {"slots": 3}}',
            '{"pack_data": {"slots": [1, null, []]}}',
            '{"pack_data": {"slots": [{"text": 5, "loras": 3, "positive_embeddings": {}}]}}',
            '{"pack_data": {"matrix": 3}, "preset_data": 4}',
            '{"pack_data": {}, "preset_data": {"txt2img": [1]}}',
        ],
    )
    def test_wrong_types_are_told_and_never_raise(self, document):
        found = imported(document.encode(), "x.json")
        assert found.text == ""
        assert found.notices

    def test_a_megabyte_of_junk_is_answered_soon(self):
        found = read([{"text": "x" * 100, "loras": [[None] * 3] * 3} for _ in range(8_000)])
        assert len(parse_pack(found.text, "p").prompts) == 8_000
        assert len(found.notices) < 20

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(
                        ["slots", "text", "loras", "matrix", "mode", "limit", "values", "name", "txt2img", "steps"]
                    ),
                    inner,
                )
            ),
        )
    )
    def test_no_shape_breaks_the_reader(self, inner):
        document = {"pack_data": inner, "preset_data": inner}
        assert imported(json.dumps(document).encode(), "x.json") is not None
