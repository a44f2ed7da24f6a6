"""Which values are worth trying for a checkpoint: its style first, then its family, then what holds in general."""

from __future__ import annotations

import pytest
from families import SHIPPED

from stablenew_tk.domain.config.sweep import LORA, focus, focuses
from stablenew_tk.domain.models.recommendations import ModelSettings
from stablenew_tk.domain.models.sensible_range import (
    ModelTraits,
    lora_range,
    needs_few_steps,
    sensible_range,
    traits_of,
)
from stablenew_tk.domain.models.style import StyleProfile

DENOISE, STEPS, CFG, WIDTH = "hires.denoise", "txt2img.steps", "txt2img.cfg_scale", "txt2img.width"
PORTRAIT = StyleProfile(
    style_profile_id="portrait", label="Portraits", model_family="sdxl", hires_denoise_range=(0.2, 0.35)
)


def ends(path, **traits):
    return sensible_range(path, ModelTraits(**traits)).ends


def test_the_style_goes_before_the_family_and_says_that_it_is_the_style():
    found = sensible_range(DENOISE, ModelTraits(family=SHIPPED.family("sd15"), style=PORTRAIT))
    assert (found.ends, found.whose) == ((0.2, 0.35), "Portraits")
    assert ends("img2img.denoise", style=PORTRAIT) == focus("img2img.denoise").sensible


def test_a_style_of_the_users_own_counts_like_those_that_ship():
    mine = StyleProfile(style_profile_id="mine", label="Mine", hires_denoise_range=(0.1, 0.15))
    assert ends(DENOISE, style=mine) == (0.1, 0.15)
    assert ends(DENOISE, style=StyleProfile(style_profile_id="silent")) == focus(DENOISE).sensible


def test_the_family_says_which_sizes_steps_and_guidance_are_sensible():
    assert ends(WIDTH, family=SHIPPED.family("sdxl")) == (768, 1536)
    assert ends(WIDTH, family=SHIPPED.family("sd15")) == (512, 768)
    assert ends(STEPS, family=SHIPPED.family("sdxl")) == (20, 35)
    assert sensible_range(CFG, ModelTraits(family=SHIPPED.family("flux"))).ends == (1, 2)
    assert sensible_range("txt2img.guidance", ModelTraits(family=SHIPPED.family("flux"))).ends == (1.5, 5)
    assert ends("img2img.cfg_scale", family=SHIPPED.family("sd15")) == (4, 10)
    assert sensible_range(CFG, ModelTraits(family=SHIPPED.family("sd3"))).whose == "SD 3"


def test_what_no_family_says_is_what_holds_in_general():
    assert sensible_range(STEPS) == sensible_range(STEPS, ModelTraits(family=SHIPPED.family("of nobody")))
    assert (sensible_range(STEPS).ends, sensible_range(STEPS).whose) == ((15, 45), "")
    assert sensible_range("upscale.gfpgan") is None


def test_where_no_file_tells_the_family_the_chosen_style_does():
    assert sensible_range(WIDTH, traits_of(ModelSettings(style=PORTRAIT), SHIPPED)).ends == (768, 1536)
    assert sensible_range(WIDTH, traits_of(ModelSettings(style=PORTRAIT, family="sd15"), SHIPPED)).ends == (512, 768)


def test_the_ranges_of_every_family_and_variant_lie_within_what_is_allowed():
    for family in SHIPPED.families.values():
        for variant in ("", *(one.id for one in family.variants)):
            for few in (False, True):
                traits = ModelTraits(family=family.as_variant(variant), few_steps=few)
                for spec in focuses():
                    found = sensible_range(spec.path, traits)
                    assert found is None or spec.minimum <= found.low < found.high <= spec.maximum


def test_distilled_checkpoints_want_few_steps_and_hardly_any_guidance():
    traits = traits_of(ModelSettings(family="sdxl"), SHIPPED, "dreamshaperXL_v21TurboDPMSDE.safetensors")
    assert sensible_range(STEPS, traits).ends == (4, 12)
    assert sensible_range(CFG, traits).ends == (1, 2)
    assert sensible_range(STEPS, traits).whose == "SDXL in few steps"
    assert sensible_range(WIDTH, traits).ends == (768, 1536)


@pytest.mark.parametrize(
    ("name", "few"),
    [
        ("RealVisXL_V5.0_Lightning", True),
        ("sdxl_lightning_4step", True),
        ("Hyper-SDXL-8steps", True),
        ("flux1-schnell-fp8", True),
        ("ZImageTurbo", True),
        ("photo_8 steps", True),
        ("HyperRealism_v3", False),
        ("hyperrealistic", False),
        ("turbochargedCars", False),
        ("sd_xl_base_1.0", False),
        ("", False),
    ],
)
def test_the_name_tells_what_the_header_of_a_distilled_checkpoint_does_not(name, few):
    assert needs_few_steps(name) is few


def test_the_weights_that_suit_a_lora_are_those_its_files_name():
    traits = ModelTraits(lora_ranges={"rain": (0.2, 0.5)})
    assert sensible_range(f"{LORA}rain", traits).ends == (0.2, 0.5)
    assert sensible_range(f"{LORA}snow", traits).ends == (0.4, 1.0)
    assert lora_range(ModelSettings(weight_range=(-1, 0.8))) == (-1, 0.8)
    assert lora_range(ModelSettings()) is None
    assert lora_range(ModelSettings(weight_range=(18, 20))) is None


@pytest.mark.parametrize(
    ("name", "family", "title"),
    [
        ("noobaiXLNAIXL_vPred10Version", "sdxl", "NoobAI v-prediction"),
        ("noobaiXLNAIXL_epsilonPred11Version", "sdxl", "NoobAI"),
        ("waiIllustriousVpred", "sdxl", "Illustrious v-prediction"),
        ("EasyFluff_V11_vpred_sd15", "sd15", "SD 1.5 v-prediction"),
        ("sd_xl_turbo_1.0_fp16", "sdxl", "SDXL Turbo"),
        ("DreamShaperXL_Turbo_v2", "sdxl", "SDXL in few steps"),
        ("flux-3-klein-4b", "flux3-klein", "Flux 3 Klein"),
        ("flux-2-klein-4b", "flux2-klein-4b", "Flux 2 Klein 4B distilled"),
        ("ponyDiffusionV7", "auraflow", "Pony V7"),
        ("ponyDiffusionV6XL", "sdxl", "Pony"),
        ("netayume_v35", "lumina2", "Neta Lumina"),
    ],
)
def test_a_name_tells_family_and_forms(name, family, title):
    found = traits_of(ModelSettings(), SHIPPED, name).family
    assert (found.id, found.title) == (family, title)


def test_a_distilled_v_prediction_model_keeps_its_few_steps():
    both = SHIPPED.family("sdxl").as_variant("turbo+v-pred-named")
    assert (both.prediction, both.ranges["cfg_scale"], both.defaults["txt2img.cfg_scale"]) == ("v zsnr", (1, 2), 1.5)
    assert SHIPPED.family("sdxl").as_variant("noobai+v-pred").ranges["cfg_scale"] == (2, 5)
