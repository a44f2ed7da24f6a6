"""One spelling for samplers, schedulers, families and kinds, whoever wrote them."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.config.spellings import (
    family_of,
    kind_by_folders,
    kind_of,
    sampler_and_scheduler,
    scheduler_name,
)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("DPM++ 2M SDE Karras", ("DPM++ 2M SDE", "Karras")),
        ("dpmpp_2m_sde_karras", ("DPM++ 2M SDE", "Karras")),
        ("dpmpp_2m_sde_gpu", ("DPM++ 2M SDE", "")),
        ("k_dpmpp_2m_ka", ("DPM++ 2M", "Karras")),
        ("dpmpp_2m_k", ("DPM++ 2M", "Karras")),
        ("k_dpmpp_2m_sde_exp", ("DPM++ 2M SDE", "Exponential")),
        ("euler_ancestral", ("Euler a", "")),
        ("k_euler", ("Euler", "")),
        ("EulerAncestralDiscreteScheduler", ("Euler a", "")),
        ("dpm_2_ancestral", ("DPM2 a", "")),
        ("uni_pc_bh2", ("UniPC", "")),
        ("DPM++ 2M SDE Heun Exponential", ("DPM++ 2M SDE Heun", "Exponential")),
        ("Somebody's Own Karras", ("Somebody's Own", "Karras")),
        ("Kohaku_LoNyu_Yog", ("Kohaku_LoNyu_Yog", "")),
        ("", ("", "")),
    ],
)
def test_samplers_of_every_dialect_come_out_as_a_webui_shows_them(written, shown):
    assert sampler_and_scheduler(written) == shown


def test_a_scheduler_of_its_own_wins_over_the_one_in_the_samplers_name():
    assert sampler_and_scheduler("DPM++ 2M Karras", "sgm_uniform") == ("DPM++ 2M", "SGM Uniform")


def test_what_is_already_in_the_webuis_spelling_stays_so():
    for name in ("DPM++ 2M SDE", "DPM2 a", "DPM adaptive", "DDIM CFG++", "IPNDM_V", "Restart", "HeunPP2"):
        assert sampler_and_scheduler(name, "Align Your Steps") == (name, "Align Your Steps")


@pytest.mark.parametrize(
    ("written", "shown"),
    [("karras", "Karras"), ("ddim_uniform", "DDIM"), ("AYS", "Align Your Steps"), ("linear", "linear")],
)
def test_schedulers_come_out_as_a_webui_shows_them(written, shown):
    assert scheduler_name(written) == shown


@pytest.mark.parametrize(
    ("family", "written"),
    [
        ("sdxl", ["SDXL 1.0", "SDXL", "SdVersion.SDXL", "sdxl_base_v1-0", "stable-diffusion-xl-v1", "Pony", "NoobAI"]),
        ("sd15", ["SD 1.5", "SD1", "sd_v1", "SdVersion.SD1", "stable-diffusion-v1", "SD 1.5 LCM"]),
        ("sd21", ["SD 2.1 768", "SD2", "sd_v2", "stable-diffusion-v2-768-v"]),
        ("sd3", ["SD 3.5 Large", "SD 3", "stable-diffusion-v3-medium"]),
        ("flux", ["Flux.1 D", "flux1", "flux-1-dev"]),
        ("", ["", "Unknown", "Other", "SdVersion.Unknown"]),
        ("Hunyuan Video", ["Hunyuan Video"]),
        ("auraflow", ["Pony V7", "AuraFlow"]),
        ("zimage", ["ZImageTurbo", "Z-Image", "z_image"]),
        ("flux2-klein-9b", ["Flux.2 Klein 9B-base", "flux_2_klein_9b"]),
        ("qwen", ["Qwen", "Qwen-Image-Edit"]),
        ("qwen-2.1", ["Qwen 2", "Qwen-Image 2.1"]),
        ("Animagine", ["Animagine"]),
    ],
)
def test_base_models_have_one_name_per_family_and_unknown_ones_keep_theirs(family, written):
    assert {family_of(one) for one in written} == {family}


def test_kinds_have_one_name_whoever_tells_them():
    words = ["LORA", "LoCon", "networks.lora", "stable-diffusion-xl-v1-base/lora", "DoRA", "lycoris.kohya"]
    assert {kind_of(word) for word in words} == {"lora"}
    others = ["Checkpoint", "TextualInversion", "VAE", "Upscaler", "MotionModule"]
    assert [kind_of(word) for word in others] == ["checkpoint", "embedding", "vae", "upscaler", ""]


def test_the_innermost_telling_folder_says_what_its_files_are():
    assert kind_by_folders(("models", "Stable-diffusion", "sdxl")) == "checkpoint"
    assert kind_by_folders(("checkpoints", "Lora", "places")) == "lora"
    assert kind_by_folders(("home", "things")) == ""
