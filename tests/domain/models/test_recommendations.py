"""What several files say of one model becomes one result that names its sources and keeps the losers."""

from __future__ import annotations

from pathlib import Path

import pytest

from stablenew_tk.domain.models.profile import ModelProfile
from stablenew_tk.domain.models.recommendations import FileRecommendation, Hashes, merged, usable
from stablenew_tk.storage.models.profile_reader import load_styles

INSTALLED = {
    "samplers": ("Euler a", "DPM++ 2M"),
    "checkpoints": ("cobalt.safetensors", "RealVisXL_V5.0.safetensors"),
    "hires_upscalers": ("Latent", "4x-UltraSharp"),
    "vaes": ("Automatic", "cobalt_vae.safetensors"),
}


@pytest.fixture(scope="module")
def styles():
    return load_styles(Path("no such file"))[0]


def reading(dialect, **said):
    return FileRecommendation(file=f"m.{dialect}", dialect=dialect, **said)


def ours(**said):
    return reading("modelprofile", profile=ModelProfile(), **said)


def offered(name):
    return INSTALLED.get(name, ())


def test_the_order_of_the_files_decides_and_losers_are_kept(styles):
    order = ("modelprofile", "webui", "metadata", "cm-info", "swarm", "header", "civitai")
    steps = {one: reading(one, values={"txt2img.steps": number}) for number, one in enumerate(reversed(order), 20)}
    for winner in order:
        offers = merged(list(steps.values()), styles).offers["txt2img.steps"]
        assert offers[0].source.startswith(f"m.{winner} · ")
        assert len(offers) == len(steps)
        del steps[winner]


def test_a_style_stands_behind_the_profile_that_names_it_and_before_foreign_files(styles):
    foreign = reading("civitai", values={"hires.denoise": 0.5})
    settings = merged([foreign, ours(style_id="anime", values={"hires.upscaler": "swinir_4x"})], styles)
    values = settings.values
    assert (values["hires.denoise"].value, values["hires.denoise"].origin) == (0.45, "style")
    assert (values["hires.upscaler"].value, values["hires.upscaler"].origin) == ("swinir_4x", "profile")
    assert [one.value for one in settings.offers["hires.denoise"]] == [0.45, 0.5]


def test_a_scheduler_is_never_put_to_the_sampler_of_a_stronger_file(styles):
    weak = reading("cm-info", values={"txt2img.sampler": "DPM++ 2M", "txt2img.scheduler": "Karras"})
    settings = merged([weak, ours(values={"txt2img.sampler": "Euler a"})], styles)
    assert settings.values["txt2img.sampler"].value == "Euler a"
    assert "txt2img.scheduler" not in settings.values


def test_counted_words_are_trigger_phrases_only_when_nobody_named_any(styles):
    guess = reading("header", trigger_phrases=("lamp",), phrases_guessed=True)
    named = reading("civitai", trigger_phrases=("harbour",))
    assert merged([guess, named], styles).trigger_phrases == ("harbour",)
    assert merged([guess], styles).trigger_phrases == ("lamp",)


def test_weights_come_best_first_and_bad_ones_last(styles):
    profile = reading("loraprofile", weights=((0.8, "best"), (1.2, "bad")))
    settings = merged([reading("webui", weights=((0.6, None),)), profile], styles)
    assert [(one.weight, one.rating) for one in settings.weights] == [(0.8, "best"), (0.6, None), (1.2, "bad")]


def test_hashes_are_gathered_from_all_files(styles):
    files = [reading("civitai", hashes=Hashes(autov1="0a1b2c3d")), reading("metadata", hashes=Hashes(sha256="f" * 64))]
    hashes = merged(files, styles).hashes
    assert (hashes.autov1, hashes.sha256) == ("0a1b2c3d", "f" * 64)


@pytest.mark.parametrize(
    ("files", "folders", "kind"),
    [
        ([reading("civitai", kind="checkpoint"), reading("header", kind="lora")], (), "lora"),
        ([reading("header", kind="lora"), ours(kind="checkpoint")], (), "checkpoint"),
        ([reading("civitai", kind="vae")], ("Lora",), "vae"),
        ([], ("models", "Lora"), "lora"),
        ([], (), "checkpoint"),
    ],
)
def test_the_kind_is_what_our_profile_the_file_another_tool_or_the_folder_says(styles, files, folders, kind):
    assert merged(files, styles, folders=folders).kind == kind


def test_an_unknown_style_is_one_problem_that_names_the_known_ones(styles):
    (problem,) = merged([ours(style_id="oil")], styles).problems
    assert '"oil"' in problem
    assert "sdxl_realism" in problem


class TestOnABackend:
    def test_logical_ids_become_the_backends_names_and_switch_their_pass_on(self, styles):
        values = {"hires.upscaler": "4x_ultrasharp", "refiner.checkpoint": "realvisxl_refiner", "hires.denoise": 0.3}
        found = usable(merged([ours(values=values)], styles), styles, offered)
        assert found.values["hires.upscaler"].value == "4x-UltraSharp"
        assert found.values["refiner.checkpoint"].value == "RealVisXL_V5.0.safetensors"
        assert found.values["hires.enabled"].value is found.values["refiner.enabled"].value is True
        assert found.notices == ()

    def test_what_is_not_installed_is_skipped_with_a_notice_and_nothing_is_switched_on(self, styles):
        values = {"hires.upscaler": "swinir_4x", "refiner.checkpoint": "wd15_refiner", "txt2img.sampler": "LCM"}
        found = usable(merged([ours(values=values)], styles), styles, offered)
        assert dict(found.values) == {}
        assert len(found.notices) == 3
        assert any("SwinIR 4x" in notice and "not installed" in notice for notice in found.notices)

    def test_none_means_better_without(self, styles):
        settings = merged([ours(style_id="anime", values={"refiner.checkpoint": "none"})], styles)
        found = usable(settings, styles, offered)
        assert found.values["refiner.enabled"].value is False
        assert "refiner.checkpoint" not in found.values
        assert not any("efiner" in notice for notice in found.notices)

    def test_a_checkpoint_does_not_refine_itself(self, styles):
        settings = merged([ours(values={"refiner.checkpoint": "realvisxl_refiner"})], styles)
        assert usable(settings, styles, offered, checkpoint="RealVisXL_V5.0.safetensors").values == {}

    def test_pictures_on_a_website_switch_nothing_on(self, styles):
        settings = merged([reading("civitai", values={"hires.upscaler": "4x-UltraSharp"})], styles)
        assert set(usable(settings, styles, offered).values) == {"hires.upscaler"}

    def test_names_the_backend_has_not_told_yet_are_kept_but_ids_are_not_sent(self, styles):
        values = {"txt2img.scheduler": "Karras", "hires.upscaler": "swinir_4x"}
        found = usable(merged([ours(values=values)], styles), styles, lambda _name: ())
        assert set(found.values) == {"txt2img.scheduler"}
        assert found.notices == ()

    @pytest.mark.parametrize(
        ("samplers", "kept"), [(("Euler a", "DPM++ 2M"), False), (("DPM++ 2M", "DPM++ 2M Karras"), True)]
    )
    def test_a_scheduler_is_left_out_where_an_engine_has_none_and_no_sampler_with_it(self, styles, samplers, kept):
        settings = merged([ours(values={"txt2img.scheduler": "Karras", "hires.scheduler": "Automatic"})], styles)
        found = usable(
            settings, styles, lambda name: samplers if name == "samplers" else (), features=frozenset({"txt2img"})
        )
        assert ("txt2img.scheduler" in found.values) is kept
        assert found.values["hires.scheduler"].value == "Automatic"
        assert bool(found.notices) is not kept
