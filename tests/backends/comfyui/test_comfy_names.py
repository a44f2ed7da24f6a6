"""Samplers, schedulers and files under the names of packs and of ComfyUI; nothing is put in a missing one's place."""

from __future__ import annotations

import pytest
from comfy_orders import node_classes, server

from stablenew_tk.backends.comfyui.graphs import capabilities
from stablenew_tk.backends.comfyui.names import (
    Offered,
    sampling,
    shown_sampler,
    shown_samplers,
    shown_scheduler,
    shown_schedulers,
)
from stablenew_tk.backends.comfyui.object_info import pick, server_words, shown
from stablenew_tk.domain.base.errors import Refused
from stablenew_tk.domain.config.spellings import sampler_and_scheduler

SAMPLERS = {
    "Euler a": ("euler_ancestral", "normal"),
    "Euler": ("euler", "normal"),
    "LMS": ("lms", "normal"),
    "Heun": ("heun", "normal"),
    "HeunPP2": ("heunpp2", "normal"),
    "DPM2": ("dpm_2", "karras"),
    "DPM2 a": ("dpm_2_ancestral", "karras"),
    "DPM++ 2S a": ("dpmpp_2s_ancestral", "karras"),
    "DPM++ 2M": ("dpmpp_2m", "karras"),
    "DPM++ SDE": ("dpmpp_sde", "karras"),
    "DPM++ 2M SDE": ("dpmpp_2m_sde", "exponential"),
    "DPM++ 2M SDE Heun": ("dpmpp_2m_sde_heun", "exponential"),
    "DPM++ 3M SDE": ("dpmpp_3m_sde", "exponential"),
    "DPM fast": ("dpm_fast", "normal"),
    "DPM adaptive": ("dpm_adaptive", "normal"),
    "DDIM": ("ddim", "ddim_uniform"),
    "UniPC": ("uni_pc", "ddim_uniform"),
    "LCM": ("lcm", "sgm_uniform"),
    "DDPM": ("ddpm", "normal"),
    "DEIS": ("deis", "normal"),
    "IPNDM": ("ipndm", "normal"),
    "IPNDM_V": ("ipndm_v", "normal"),
}
SCHEDULERS = {
    "Normal": "normal",
    "Karras": "karras",
    "Exponential": "exponential",
    "SGM Uniform": "sgm_uniform",
    "Simple": "simple",
    "DDIM": "ddim_uniform",
    "Beta": "beta",
    "KL Optimal": "kl_optimal",
}


@pytest.fixture
def offered():
    known = server()
    return Offered(known.name, known.samplers, known.schedulers)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_has_its_counterpart_and_its_own_scheduler(name, offered):
    found = sampling("txt2img", name, "Automatic", offered)
    assert (found.sampler, found.scheduler) == SAMPLERS[name]
    assert shown_sampler(found.sampler) == name


@pytest.mark.parametrize("name", SCHEDULERS)
def test_every_scheduler_has_its_counterpart(name, offered):
    found = sampling("txt2img", "Euler", name, offered)
    assert found.scheduler == SCHEDULERS[name]
    assert shown_scheduler(found.scheduler) == name


def test_two_names_of_one_schedule_are_both_taken_and_one_is_shown(offered):
    for name, comfy in (("Uniform", "normal"), ("Polyexponential", "exponential")):
        assert sampling("txt2img", "Euler", name, offered).scheduler == comfy
        assert name not in shown_schedulers(offered.schedulers)


@pytest.mark.parametrize("name", ["Restart", "PLMS", "TCD", "DPM++ 2M SDE GPU", "k_dpmpp_2m", "euler_a", ""])
def test_a_sampler_without_a_counterpart_is_refused_by_its_field(name, offered):
    with pytest.raises(Refused, match=r"^img2img\.sampler: ComfyUI · host has no"):
        sampling("img2img", name, "Automatic", offered)


@pytest.mark.parametrize("name", ["Align Your Steps", "Align Your Steps GITS", "Turbo", "Wild"])
def test_a_scheduler_without_a_counterpart_is_refused_by_its_field(name, offered):
    with pytest.raises(Refused, match=r"^txt2img\.scheduler: ComfyUI · host has no"):
        sampling("txt2img", "Euler", name, offered)


def test_what_only_comfyui_has_keeps_its_own_names(offered):
    found = sampling("txt2img", "res_multistep", "linear_quadratic", offered)
    assert (found.sampler, found.scheduler) == ("res_multistep", "linear_quadratic")
    assert sampling("txt2img", "uni_pc_bh2", "Automatic", offered).sampler == "uni_pc_bh2"
    assert {"res_multistep", "uni_pc_bh2", "euler_cfg_pp"} <= set(shown_samplers(offered.samplers))
    assert "linear_quadratic" in shown_schedulers(offered.schedulers)


def test_names_that_pictures_of_other_tools_are_read_with_are_understood(offered):
    for comfy in ("euler_cfg_pp", "euler_ancestral_cfg_pp", "dpmpp_2m_cfg_pp", "res_multistep"):
        read, _ = sampler_and_scheduler(comfy)
        assert read != comfy
        assert sampling("txt2img", read, "Automatic", offered).sampler == comfy


def test_a_scheduler_inside_the_name_of_the_sampler_counts_unless_another_is_chosen(offered):
    assert sampling("txt2img", "DPM++ 2M Karras", "Automatic", offered).scheduler == "karras"
    assert sampling("txt2img", "DPM++ 2M Karras", "Simple", offered).scheduler == "simple"


def test_cfg_is_divided_where_a_webui_does_it(offered):
    found = sampling("txt2img", "DDIM CFG++", "Automatic", offered)
    assert (found.sampler, found.scheduler, found.cfg_divisor) == ("euler_cfg_pp", "ddim_uniform", 12.5)
    assert sampling("txt2img", "euler_cfg_pp", "Automatic", offered).cfg_divisor == 1.0


def test_a_server_without_a_sampler_refuses_it():
    few = Offered("old", ("euler",), ("normal",))
    with pytest.raises(Refused, match=r"txt2img\.sampler: old has no 'DPM\+\+ 2M'"):
        sampling("txt2img", "DPM++ 2M", "Automatic", few)
    with pytest.raises(Refused, match=r"txt2img\.scheduler: old has no 'Karras'"):
        sampling("txt2img", "Euler", "Karras", few)


def test_noise_of_the_graphics_card_is_not_offered_where_the_plain_sampler_is(offered):
    listed = shown_samplers(offered.samplers)
    assert not [name for name in listed if name.endswith("_gpu")]
    assert len(set(listed)) == len(listed)
    assert sampling("txt2img", "dpmpp_sde_gpu", "Automatic", offered).sampler == "dpmpp_sde_gpu"


class TestFiles:
    LISTED = ("a/one.safetensors", "b\\Two.ckpt", "three.pt", "a/four.pth", "b/four.safetensors", "five.pt", "five.bin")

    @pytest.mark.parametrize(
        ("name", "listed"),
        [
            ("one", "a/one.safetensors"),
            ("a\\one", "a/one.safetensors"),
            ("A/ONE.safetensors", "a/one.safetensors"),
            ("two", "b\\Two.ckpt"),
            ("b/two.ckpt", "b\\Two.ckpt"),
            ("b/four", "b/four.safetensors"),
            ("five.bin", "five.bin"),
        ],
    )
    def test_a_name_finds_the_file_as_the_server_spells_it(self, name, listed):
        assert pick("vae", name, self.LISTED, "here") == listed

    @pytest.mark.parametrize(
        ("name", "says"), [("c/one", "no 'c/one'"), ("four", "2 files called 'four': a/four"), ("six", "It has")]
    )
    def test_a_name_of_no_file_or_of_two_is_refused(self, name, says):
        with pytest.raises(Refused, match=f"^vae: here has .*{says}|^vae: here has no .*{says}"):
            pick("vae", name, self.LISTED, "here")

    def test_files_are_shown_as_a_webui_names_them_unless_two_would_be_called_alike(self):
        names = shown(self.LISTED)
        assert names == ("one", "Two", "three", "a/four.pth", "b/four.safetensors", "five.pt", "five.bin")
        assert [pick("checkpoint", name, self.LISTED, "here") for name in names] == list(self.LISTED)


class TestObjectInfo:
    def test_both_spellings_of_a_choice_are_read(self):
        old = {
            "input": {
                "required": {"x": [["a", "b"], {"default": "a"}], "n": ["INT", {"min": 1, "max": 9}], "m": ["MODEL"]}
            }
        }
        new = {"input": {"optional": {"x": ["COMBO", {"options": ["c"], "multiselect": False}]}}}
        known = server_words({"Old": old, "New": new})
        assert (known.choices("Old", "x"), known.choices("New", "x")) == (("a", "b"), ("c",))
        number = known.classes["Old"]["n"]
        assert (number.takes(1), number.takes(9), number.takes(10), number.takes(0)) == (True, True, False, False)
        assert known.classes["Old"]["m"].kind == "MODEL"
        assert not known.classes["New"]["x"].required

    @pytest.mark.parametrize(
        "strange",
        [
            None,
            [],
            "text",
            7,
            {"X": None},
            {"X": {"input": []}},
            {"X": {"input": {"required": {"y": [], "z": 3, "w": [4]}}}},
        ],
    )
    def test_whatever_a_server_answers_is_read_without_an_error(self, strange):
        known = server_words(strange, embeddings=strange, models={"loras": strange, "nonsense": strange})
        assert known.checkpoints == known.samplers == known.embeddings == ()
        assert capabilities(known).stages == ()

    def test_files_that_came_since_are_known_too(self):
        known = server(models={"loras": ["random-lora.safetensors", "new.safetensors"], "checkpoints": "broken"})
        assert known.loras == ("random-lora.safetensors", "sub/second-lora.safetensors", "new.safetensors")
        assert len(known.checkpoints) == 3

    def test_what_is_offered_is_told_in_the_words_of_the_project(self):
        found = capabilities(server(version="0.33.0"))
        assert (found.kind, found.name, found.version) == ("comfyui", "ComfyUI · host", "0.33.0")
        assert found.checkpoints == ("tiny-sd15", "tiny-refiner", "tiny-sdxl")
        assert found.vaes == ("Automatic", "None", "random-vae.safetensors")
        assert found.loras == ("random-lora", "second-lora")
        assert found.upscalers == ("Lanczos", "Nearest", "random-esrgan-x4.pth", "random-esrgan-x4.safetensors")
        assert found.hires_upscalers[:3] == ("Latent", "Latent (bicubic)", "Latent (nearest-exact)")
        assert found.schedulers[0] == "Automatic"
        assert (found.stages, found.adetailer_models) == (("txt2img", "img2img", "upscale"), ())
        assert {"hires", "refiner", "vae", "checkpoint", "interrupt", "scheduler"} <= found.features
        assert not {"face_restore", "preview"} & found.features

    def test_with_the_impact_pack_faces_can_be_repaired(self):
        found = capabilities(server("impact_pack"))
        assert found.stages == ("txt2img", "img2img", "adetailer", "upscale")
        assert found.adetailer_models == ("face_yolov8n.pt", "hand_yolov8n.pt", "person_yolov8n-seg.pt")

    def test_half_of_the_impact_pack_is_not_enough(self):
        half = {kind: found for kind, found in node_classes("core", "impact_pack").items() if kind != "FaceDetailer"}
        assert "adetailer" not in capabilities(server_words(half)).stages
