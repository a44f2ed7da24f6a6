"""Styles and the names by which refiners and upscalers are found on a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from stablenew_tk.domain.models.style import read_catalogue
from stablenew_tk.storage.models.profile_reader import load_styles

UPSCALERS = (
    "Latent", "None", "Lanczos", "4x-UltraSharp", "ESRGAN_4x", "R-ESRGAN 4x+ Anime6B", "R-ESRGAN 4x+", "SwinIR 4x",
    "4x-AnimeSharp", "4xHAT",
)  # fmt: skip
CHECKPOINTS = (
    "sd_xl_base_1.0.safetensors [31e35c80fc]", "sd_xl_refiner_1.0_0.9vae.safetensors", "sd_xl_refiner_1.0.safetensors",
    "RealVisXL_V4.0.safetensors",
    "SDXL/RealVisXL_V5.0.safetensors [abcdef0123]", "RealVisXL_V6.0_Lightning.safetensors",
    "dreamshaperXL_v21TurboDPMSDE.safetensors", "realisticVisionV60B1_inpainting.safetensors",
)  # fmt: skip


@pytest.fixture(scope="module")
def styles():
    return load_styles(Path("no such file"))[0]


def test_five_styles_ship_each_with_the_range_in_which_hires_denoise_suits_it(styles):
    assert {one.style_profile_id: one.hires_denoise_range for one in styles.styles.values()} == {
        "sdxl_realism": (0.20, 0.40),
        "sdxl_portrait_realism": (0.20, 0.35),
        "sdxl_stylized": (0.30, 0.50),
        "sd15_realism": (0.20, 0.40),
        "anime": (0.35, 0.60),
    }


def test_every_id_in_a_style_is_in_the_alias_table(styles):
    ids = {
        one for style in styles.styles.values() for one in (style.default_refiner_id, style.default_hires_upscaler_id)
    }
    assert ids <= set(styles.aliases)


def test_the_older_name_of_a_style_is_understood(styles):
    assert styles.style("sdxl_portrait") is styles.style("sdxl_portrait_realism") is not None
    assert styles.style("nothing") is None


@pytest.mark.parametrize(
    ("logical_id", "name"),
    [
        ("4x_ultrasharp", "4x-UltraSharp"),
        ("4x_animesharp", "4x-AnimeSharp"),
        ("r_esrgan_4x_plus", "R-ESRGAN 4x+"),
        ("swinir_4x", "SwinIR 4x"),
        ("hat_4x", "4xHAT"),
        ("realesrgan_anime_4x", "R-ESRGAN 4x+ Anime6B"),
        ("4X-ultrasharp", "4x-UltraSharp"),
        ("ESRGAN_4x", "ESRGAN_4x"),
        ("nobody_knows", None),
    ],
)
def test_upscalers_are_found_by_the_names_a_webui_gives_them(styles, logical_id, name):
    assert styles.resolve_alias(logical_id, UPSCALERS) == name


@pytest.mark.parametrize(
    ("logical_id", "name"),
    [
        ("sdxl_refiner_official", "sd_xl_refiner_1.0.safetensors"),
        ("realvisxl_refiner", "SDXL/RealVisXL_V5.0.safetensors [abcdef0123]"),
        ("dreamshaperxl_refiner", "dreamshaperXL_v21TurboDPMSDE.safetensors"),
        ("realisticvision_refiner", None),
        ("wd15_refiner", None),
    ],
)
def test_refiners_are_found_among_checkpoints_the_newest_plain_one_first(styles, logical_id, name):
    assert styles.resolve_alias(logical_id, CHECKPOINTS) == name


def test_nothing_offered_means_not_installed(styles):
    assert styles.resolve_alias("swinir_4x", ()) is None


def test_the_users_file_adds_and_replaces_single_entries(styles):
    own, problems = read_catalogue(
        b'{"styles": [{"id": "ink", "default_hires_denoise": "0,35", "hires_denoise_range": "0.2-0.5"}],'
        b' "aliases": [{"id": "swinir_4x", "patterns": ["mine*"]}]}',
        "styles.json",
    )
    both = styles.extended(own)
    assert problems == ()
    assert both.style("ink").default_hires_denoise == 0.35
    assert both.style("ink").hires_denoise_range == (0.2, 0.5)
    assert both.resolve_alias("swinir_4x", ("SwinIR 4x", "mine_2")) == "mine_2"
    assert both.style("anime") is styles.style("anime")


@pytest.mark.parametrize("data", [b"", b"[1]", b'{"styles": [', b'{"a": 1}', '{"styles": []}'.encode("utf-16")])
def test_a_bad_file_of_the_user_costs_only_itself_and_says_so_once(tmp_path, data):
    file = tmp_path / "styles.json"
    file.write_bytes(data)
    styles, problems = load_styles(file)
    assert len(styles.styles) == 5
    assert len(problems) == 1
    assert problems[0].startswith(str(file))


def test_a_bad_entry_costs_only_itself():
    styles, problems = read_catalogue(b'{"styles": [{"label": "nameless"}, 7, {"id": "ink"}]}', "styles.json")
    assert list(styles.styles) == ["ink"]
    assert len(problems) == 2
