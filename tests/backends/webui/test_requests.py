"""What is sent: only fields and names the server has, checked before anything leaves."""

from __future__ import annotations

import base64
import io

import msgspec
import pytest
from PIL import Image

from stablenew_tk.backends.base import StageOrder
from stablenew_tk.backends.webui.requests import (
    adetailer_body,
    check_order,
    extras_body,
    img2img_body,
    override_settings,
    repaint_body,
    txt2img_body,
)
from stablenew_tk.backends.webui.server_facts import COMMON, Checkpoint, Listed, ServerFacts, server_kind
from stablenew_tk.domain.base.errors import Refused
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import ADetailer, ADetailerPass, PipelineConfig

EVERYTHING = COMMON | {
    "override_settings",
    "override_settings_restore_afterwards",
    "refiner_checkpoint",
    "refiner_switch_at",
    "hr_cfg",
    "hr_distilled_cfg",
    "hr_additional_modules",
    "force_task_id",
    "alwayson_scripts",
    "n_iter",
    "send_images",
    "save_images",
    "resize_mode",
}
HIRES_FIELDS = {"hr_sampler_name", "hr_scheduler", "hr_checkpoint_name", "hr_prompt", "hr_negative_prompt"}
FORGE = ServerFacts(
    name="Forge · here",
    kind="forge",
    routes=frozenset({"extra-single-image", "progress", "interrupt"}),
    txt2img=EVERYTHING - {"clip_skip", "lora", "hr_steps"},
    img2img=EVERYTHING - {"clip_skip", "lora", "enable_hr", "hr_cfg"},
    checkpoints=(Checkpoint("sub_photo", "sub/photo.safetensors"), Checkpoint("ink", "ink.safetensors", "0a1b2c3d4e")),
    vaes=("soft.vae.safetensors",),
    samplers=("Euler a", "Euler", "DPM++ 2M"),
    schedulers=("Automatic", "Karras"),
    scheduler_names={"automatic": "Automatic", "karras": "Karras"},
    upscalers=("None", "Lanczos", "R-ESRGAN 4x+"),
    latent_upscalers=("Latent",),
    adetailer_models=("face_yolov8n.pt", "hand_yolov8n.pt"),
    options={"sd_model_checkpoint": "ink.safetensors", "forge_additional_modules": [], "CLIP_stop_at_last_layers": 1},
)


def facts(**changes):
    return msgspec.structs.replace(FORGE, **changes)


def picture(size=(120, 64)):
    out = io.BytesIO()
    Image.new("RGB", size).save(out, "PNG")
    return out.getvalue()


def order(stage="txt2img", *, image=b"x", prompt="a boat", config=None, **values):
    config = with_values(config or PipelineConfig(), values)
    return StageOrder(job_id="J", stage=stage, prompt=prompt, negative="fog", seed=5, config=config, image=image)


def overrides(config, known):
    return override_settings(msgspec.structs.replace(order(), config=config), known)


class TestTxt2Img:
    def test_the_plain_body_holds_the_job_and_nothing_unknown(self):
        body = txt2img_body(order(), FORGE)
        assert body.keys() <= FORGE.txt2img
        assert (body["prompt"], body["negative_prompt"], body["seed"]) == ("a boat", "fog", 5)
        assert (body["sampler_name"], body["scheduler"]) == ("Euler a", "Automatic")
        assert body["force_task_id"] == "task(stablenew-J-txt2img)"
        assert body["save_images"] is False
        assert not any(value is None for value in body.values())

    def test_hires_fix_says_what_forge_forgets(self):
        body = txt2img_body(order(**{"hires.enabled": True, "txt2img.cfg_scale": 6.5}), FORGE)
        assert body["hr_additional_modules"] == ["Use same choices"]
        assert body["hr_cfg"] == 6.5
        assert body["denoising_strength"] == 0.3

    def test_an_own_cfg_of_the_second_pass_is_sent(self):
        body = txt2img_body(order(**{"hires.enabled": True, "hires.cfg_scale": 3.0}), FORGE)
        assert body["hr_cfg"] == 3.0

    def test_without_hires_fix_nothing_of_it_is_sent(self):
        assert not [key for key in txt2img_body(order(), FORGE) if key.startswith(("hr_", "enable_hr", "denoising"))]

    def test_the_refiner_goes_by_the_name_the_server_takes(self):
        values = {"refiner.enabled": True, "refiner.checkpoint": "sub_photo", "refiner.switch_at": 0.7}
        body = txt2img_body(order(**values), FORGE)
        assert (body["refiner_checkpoint"], body["refiner_switch_at"]) == ("sub/photo.safetensors", 0.7)

    def test_fields_the_schema_lacks_stay_at_home(self):
        old = facts(
            txt2img=FORGE.txt2img - {"scheduler", "force_task_id", "hr_cfg", "hr_additional_modules"}, schedulers=()
        )
        body = txt2img_body(order(**{"hires.enabled": True}), old)
        assert not {"scheduler", "force_task_id", "hr_cfg", "hr_additional_modules"} & body.keys()

    def test_before_1_9_the_scheduler_joins_the_sampler(self):
        old = facts(schedulers=(), samplers=("DPM++ 2M", "DPM++ 2M Karras"))
        values = {"txt2img.sampler": "DPM++ 2M", "txt2img.scheduler": "Karras"}
        assert txt2img_body(order(**values), old)["sampler_name"] == "DPM++ 2M Karras"
        assert txt2img_body(order(**{"txt2img.sampler": "DPM++ 2M"}), old)["sampler_name"] == "DPM++ 2M"
        with pytest.raises(Refused, match=r"txt2img\.scheduler"):
            check_order(order(**values | {"txt2img.scheduler": "Beta"}), old)


class TestOverrides:
    def test_checkpoint_and_clip_skip_hold_for_this_request_only(self):
        body = txt2img_body(order(checkpoint="ink"), FORGE)
        assert body["override_settings"] == {"sd_model_checkpoint": "ink.safetensors", "CLIP_stop_at_last_layers": 1}
        assert body["override_settings_restore_afterwards"] is True

    def test_clip_skip_0_leaves_it_to_the_server(self):
        assert overrides(PipelineConfig(clip_skip=0), FORGE) == {}
        small = facts(kind="sd-server", options={}, samplers=(), schedulers=(), txt2img=COMMON)
        assert "clip_skip" not in txt2img_body(order(clip_skip=0), small)
        assert txt2img_body(order(clip_skip=1), small)["clip_skip"] == 1

    def test_no_checkpoint_means_the_loaded_one(self):
        assert "sd_model_checkpoint" not in overrides(PipelineConfig(), FORGE)

    def test_a_key_the_server_does_not_have_would_fail_the_request_and_is_left_out(self):
        assert overrides(PipelineConfig(), facts(options={})) == {}

    def test_a_vae_is_a_module_on_forge_and_a_vae_elsewhere(self):
        config = PipelineConfig(vae="soft.vae.safetensors")
        assert overrides(config, FORGE)["forge_additional_modules"] == ["soft.vae.safetensors"]
        plain = facts(options={"sd_vae": "Automatic"})
        assert overrides(config, plain) == {"sd_vae": "soft.vae.safetensors"}

    def test_automatic_leaves_the_modules_of_forge_alone(self):
        assert "forge_additional_modules" not in overrides(PipelineConfig(), FORGE)

    def test_titles_with_and_without_hash_are_one_checkpoint(self):
        before = Listed(title="a/b.safetensors", model_name="a_b").as_checkpoint()
        after = Listed(title="a/b.safetensors [0123456789]", model_name="a_b", hash="0123456789").as_checkpoint()
        assert (before.name, before.send) == (after.name, after.send) == ("a_b", "a/b.safetensors")
        for name in ("a_b", "b", "a/b.safetensors [0123456789]", "a\\b.safetensors", "b.safetensors"):
            assert after.is_called(name), name
        assert not after.is_called("c")


class TestLaterStages:
    def test_img2img_sends_the_size_of_the_picture_in_eights(self):
        body = img2img_body(order("img2img", image=picture()), FORGE, (125, 67))
        assert (body["width"], body["height"]) == (120, 64)
        assert base64.b64decode(body["init_images"][0]) == picture()
        assert body["denoising_strength"] == 0.3

    def test_adetailer_alone_skips_img2img(self):
        known = facts(adetailer_keys=frozenset({"ad_model", "ad_confidence", "ad_use_steps", "ad_steps"}))
        body = adetailer_body(order("adetailer"), known, (64, 64))
        on, skip, unit = body["alwayson_scripts"]["ADetailer"]["args"]
        assert (on, skip) == (True, True)
        assert unit == {"ad_model": "face_yolov8n.pt", "ad_confidence": 0.35, "ad_use_steps": True, "ad_steps": 14}

    def test_without_its_schema_only_old_keys_of_adetailer_are_sent(self):
        one = ADetailerPass(sampler="DPM++ 2M", scheduler="Karras")
        config = PipelineConfig(adetailer=ADetailer(passes=(one,)))
        body = adetailer_body(order("adetailer", config=config), FORGE, (64, 64))
        unit = body["alwayson_scripts"]["ADetailer"]["args"][2]
        assert unit["ad_sampler"] == "DPM++ 2M Karras"
        assert "ad_scheduler" not in unit

    def test_extras_enlarge_by_a_factor_and_not_to_a_size(self):
        body = extras_body(order("upscale", image=picture(), **{"upscale.gfpgan": 0.5}))
        assert (body["resize_mode"], body["upscaling_resize"], body["upscaler_1"]) == (0, 2.0, "Lanczos")
        assert body["gfpgan_visibility"] == 0.5

    def test_repainting_takes_steps_and_denoise_of_the_upscale(self):
        body = repaint_body(order("upscale", **{"upscale.steps": 9, "upscale.denoise": 0.2}), FORGE, (128, 130))
        assert (body["steps"], body["denoising_strength"], body["width"], body["height"]) == (9, 0.2, 128, 128)


class TestNames:
    @pytest.mark.parametrize(
        ("stage", "values", "field"),
        [
            ("txt2img", {"txt2img.sampler": "euler a"}, r"txt2img\.sampler"),
            ("txt2img", {"txt2img.sampler": "k_euler"}, r"txt2img\.sampler"),
            ("txt2img", {"txt2img.scheduler": "Nobody"}, r"txt2img\.scheduler"),
            ("txt2img", {"checkpoint": "nobody"}, "checkpoint"),
            ("txt2img", {"vae": "nobody.pt"}, "vae"),
            ("txt2img", {"hires.enabled": True, "hires.upscaler": "Nobody"}, r"hires\.upscaler"),
            ("txt2img", {"refiner.enabled": True, "refiner.checkpoint": "nobody"}, r"refiner\.checkpoint"),
            ("img2img", {"img2img.sampler": "Nobody"}, r"img2img\.sampler"),
            ("adetailer", {"adetailer.passes.0.model": "nobody.pt"}, r"adetailer\.passes\.0\.model"),
            ("adetailer", {"adetailer.passes.1.sampler": "Nobody"}, r"adetailer\.passes\.1\.sampler"),
            ("upscale", {"upscale.upscaler": "Nobody"}, r"upscale\.upscaler"),
        ],
    )
    def test_an_unknown_name_is_refused_with_its_field(self, stage, values, field):
        with pytest.raises(Refused, match=f"^{field}: "):
            check_order(order(stage, **values), FORGE)

    def test_the_refusal_offers_near_names(self):
        with pytest.raises(Refused, match=r"Did you mean .*Euler a"):
            check_order(order(**{"txt2img.sampler": "euler a"}), FORGE)

    def test_a_list_the_server_does_not_have_refuses_nothing(self):
        check_order(order(checkpoint="any"), facts(checkpoints=()))

    def test_more_passes_than_the_server_works_are_refused(self):
        config = PipelineConfig(adetailer=ADetailer(passes=(ADetailerPass(),) * 3))
        with pytest.raises(Refused, match="2 ADetailer passes at most"):
            check_order(order("adetailer", config=config), facts(adetailer_most=2))

    def test_a_stage_the_server_cannot_do_is_refused(self):
        with pytest.raises(Refused, match="not installed"):
            check_order(order("adetailer"), facts(adetailer_models=()))
        with pytest.raises(Refused, match=r"upscale\.mode"):
            check_order(order("upscale"), facts(routes=frozenset()))


class TestWhatAServerDoesNotHave:
    """It would be ignored without a word, and a Learning Run over it would compare a picture with itself."""

    SMALL = facts(
        kind="sd-server",
        routes=frozenset(),
        txt2img=COMMON,
        img2img=COMMON,
        checkpoints=(Checkpoint("photo", "photo"), Checkpoint("ink", "ink")),
        vaes=(),
        options={"sd_model_checkpoint": "ink.safetensors"},
    )
    A1111 = facts(txt2img=FORGE.txt2img - {"hr_cfg"}, options={**FORGE.options, "sd_vae": "Automatic"})

    @pytest.mark.parametrize(
        ("stage", "values", "field"),
        [
            ("txt2img", {"vae": "soft.vae.safetensors"}, "vae"),
            ("txt2img", {"vae": "None"}, "vae"),
            ("img2img", {"vae": "None"}, "vae"),
            ("txt2img", {"checkpoint": "photo"}, "checkpoint"),
            ("txt2img", {"hires.enabled": True, "hires.cfg_scale": 3.0}, r"hires\.cfg_scale"),
            ("txt2img", {"refiner.enabled": True, "refiner.checkpoint": "ink"}, r"refiner\.enabled"),
            ("upscale", {"upscale.mode": "img2img", "upscale.upscaler": "R-ESRGAN 4x+"}, r"upscale\.upscaler"),
            ("upscale", {"upscale.mode": "img2img", "upscale.codeformer": 0.5}, r"upscale\.gfpgan"),
        ],
    )
    def test_it_is_refused_by_its_field(self, stage, values, field):
        with pytest.raises(Refused, match=f"^{field}"):
            check_order(order(stage, **values), self.SMALL)

    @pytest.mark.parametrize(
        "values",
        [{}, {"checkpoint": "ink"}, {"hires.enabled": True}, {"hires.enabled": True, "hires.cfg_scale": 7.0}],
    )
    def test_what_means_the_same_as_nothing_is_fine(self, values):
        check_order(order(**values), self.SMALL)

    def test_an_own_cfg_of_the_second_pass_is_refused_wherever_there_is_none(self):
        with pytest.raises(Refused, match=r"^hires\.cfg_scale"):
            check_order(order(**{"hires.enabled": True, "hires.cfg_scale": 3.0}), self.A1111)
        check_order(order(**{"hires.enabled": True, "hires.cfg_scale": 3.0}), FORGE)

    def test_steps_of_the_second_pass_go_by_both_names(self):
        body = txt2img_body(order(**{"hires.enabled": True, "hires.steps": 9}), self.SMALL)
        assert (body["hr_second_pass_steps"], body["hr_steps"]) == (9, 9)
        assert "hr_steps" not in txt2img_body(order(**{"hires.enabled": True}), self.A1111)


class TestSubsetServers:
    def test_ddim_has_another_name_there(self):
        small = facts(
            kind="sd-server", samplers=("default", "euler", "ddim_trailing"), schedulers=("karras",), options={}
        )
        assert txt2img_body(order(**{"txt2img.sampler": "DDIM"}), small)["sampler_name"] == "ddim_trailing"

    def test_native_names_are_found_whatever_their_spelling(self):
        small = facts(kind="sd-server", samplers=("euler", "euler_a"), schedulers=("discrete", "karras"), options={})
        body = txt2img_body(order(**{"txt2img.scheduler": "Karras"}), small)
        assert (body["sampler_name"], body["scheduler"]) == ("euler_a", "karras")

    SD_SERVER = facts(kind="sd-server", samplers=(), txt2img=COMMON, options={}, loras={"ink": "ink.safetensors"})

    @pytest.mark.parametrize(
        ("prompt", "weight", "left"),
        [
            ("a <lora:ink:0.8> b", 0.8, "a  b"),
            ("a <lora:ink>", 1.0, "a "),
            ("a <lora:ink:0.5:0.5>", 0.5, "a "),
            ("a <lora:ink:unet=0.5>", 0.5, "a "),
            ("<lora:ink:-1>", -1.0, " "),
        ],
    )
    def test_sd_server_gets_loras_as_a_list_and_no_tag_becomes_words(self, prompt, weight, left):
        body = txt2img_body(order(prompt=prompt), self.SD_SERVER)
        assert body["lora"] == [{"path": "ink.safetensors", "multiplier": weight}]
        assert body["prompt"] == left

    def test_the_tag_of_a_lora_it_does_not_have_is_cut_out_too(self):
        body = txt2img_body(order(prompt="a <lora:nobody:1> b <lora:ink.safetensors:1>"), self.SD_SERVER)
        assert (body["prompt"], body["lora"]) == ("a  b ", [])

    @pytest.mark.parametrize("tag", ["<lora:ink:0.8:0.5>", "<lora:ink:much>"])
    def test_a_weight_it_cannot_be_given_is_refused(self, tag):
        with pytest.raises(Refused, match=r"^prompt: .*ink"):
            check_order(order(prompt=f"a {tag}"), self.SD_SERVER)
        check_order(order(prompt=f"a {tag}"), FORGE)

    @pytest.mark.parametrize(
        ("routes", "fields", "kind"),
        [
            ({"hypernetworks", "progress"}, {"hr_cfg"}, "forge"),
            ({"progress"}, {"hr_cfg"}, "forge-neo"),
            ({"progress", "hypernetworks"}, set(), "a1111"),
            ({"progress", "version"}, set(), "sdnext"),
            ({"/sdcpp/v1/capabilities"}, set(), "sd-server"),
            ({"/api/extra/version"}, set(), "koboldcpp"),
            (set(), set(), "subset"),
        ],
    )
    def test_servers_are_told_apart_by_what_only_they_have(self, routes, fields, kind):
        assert server_kind(routes, fields) == kind


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("cat, embedding:easy, hat", "cat, easy, hat"),
        ("(embedding:sub/easy.pt:1.2) a cat", "(easy:1.2) a cat"),
        (r"embedding:sub\easy.v2.safetensors", "easy.v2"),
        ("embedding: easy, EMBEDDING:easy", "embedding: easy, EMBEDDING:easy"),
    ],
)
def test_an_embedding_in_the_words_of_comfyui_is_called_by_its_bare_name(written, bare):
    assert txt2img_body(order(prompt=written), FORGE)["prompt"] == bare


def test_embeddings_are_called_by_their_bare_names():
    sent = order(prompt="<embedding:soft light>, a boat <lora:x:1>")
    body = txt2img_body(msgspec.structs.replace(sent, negative="<embedding:bad-hands:0.8> blur"), FORGE)
    assert body["prompt"] == "soft light, a boat <lora:x:1>"
    assert body["negative_prompt"] == "(bad-hands:0.8) blur"


OWN_PASS = {
    "hires.enabled": True,
    "hires.sampler": "DPM++ 2M",
    "hires.scheduler": "Karras",
    "hires.checkpoint": "sub_photo",
    "hires.prompt": "a ship <embedding:soft light>",
    "hires.negative": "mist",
}


class TestCheckpointByHash:
    """The `Model hash` of pictures has 10 digits; a server tells a hash once it has loaded the checkpoint."""

    HASHED = facts(
        checkpoints=(
            Checkpoint("a", "a.ckpt", "0a1b2c3d4e" + "0" * 54),
            Checkpoint("b", "b.ckpt"),
            FORGE.checkpoints[1],
        )
    )

    @pytest.mark.parametrize(
        ("digits", "sent"),
        [
            ("0a1b2c3d4e", "ink.safetensors"),
            ("0a1b2c3d", "a.ckpt"),
            ("0A1B2C3D4E" + "0" * 54, "a.ckpt"),
        ],
    )
    def test_it_is_sent_by_the_name_that_the_server_has_for_it(self, digits, sent):
        known = self.HASHED if sent == "a.ckpt" else FORGE
        check_order(order(checkpoint=digits), known)
        assert overrides(PipelineConfig(checkpoint=digits), known)["sd_model_checkpoint"] == sent

    def test_an_unknown_hash_is_refused_and_says_which_hashes_are_not_told(self):
        with pytest.raises(
            Refused, match=r"^checkpoint: .* no checkpoint with the hash abcdef1234.*tell the hash of b"
        ):
            check_order(order(checkpoint="abcdef1234"), self.HASHED)
        second = {"hires.enabled": True, "hires.checkpoint": "abcdef1234"}
        with pytest.raises(Refused, match=r"^hires\.checkpoint: .* hash abcdef1234"):
            check_order(order(**second), facts(txt2img=FORGE.txt2img | HIRES_FIELDS))

    def test_a_checkpoint_whose_name_looks_like_a_hash_is_meant_first(self):
        known = facts(checkpoints=(*self.HASHED.checkpoints, Checkpoint("0a1b2c3d4e", "0a1b2c3d4e.ckpt")))
        assert known.checkpoint("0a1b2c3d4e").send == "0a1b2c3d4e.ckpt"


class TestOwnSecondPass:
    """Sampler, scheduler, checkpoint and texts that hires fix has for itself."""

    FULL = facts(txt2img=FORGE.txt2img | set(HIRES_FIELDS))

    def test_each_is_sent_by_its_name_and_the_checkpoint_as_the_server_calls_it(self):
        body = txt2img_body(order(**OWN_PASS), self.FULL)
        assert {key: body[key] for key in HIRES_FIELDS} == {
            "hr_sampler_name": "DPM++ 2M",
            "hr_scheduler": "Karras",
            "hr_checkpoint_name": "sub/photo.safetensors",
            "hr_prompt": "a ship soft light",
            "hr_negative_prompt": "mist",
        }

    def test_nothing_is_sent_for_what_is_the_same_as_in_the_first_pass(self):
        assert not HIRES_FIELDS & txt2img_body(order(**{"hires.enabled": True}), self.FULL).keys()
        assert not HIRES_FIELDS & txt2img_body(order(**OWN_PASS | {"hires.enabled": False}), self.FULL).keys()

    def test_a_sampler_alone_takes_the_scheduler_of_the_first_pass_along(self):
        values = {"hires.enabled": True, "hires.sampler": "Euler", "txt2img.scheduler": "Karras"}
        body = txt2img_body(order(**values), self.FULL)
        assert (body["hr_sampler_name"], body["hr_scheduler"]) == ("Euler", "Karras")

    def test_before_1_9_its_scheduler_joins_its_sampler(self):
        old = facts(schedulers=(), samplers=("Euler a", "DPM++ 2M", "DPM++ 2M Karras"), txt2img=self.FULL.txt2img)
        body = txt2img_body(order(**OWN_PASS | {"hires.checkpoint": ""}), old)
        assert body["hr_sampler_name"] == "DPM++ 2M Karras"
        assert "hr_scheduler" not in body

    @pytest.mark.parametrize("name", ["sampler", "scheduler", "checkpoint"])
    def test_an_unknown_name_is_refused_by_its_field(self, name):
        with pytest.raises(Refused, match=rf"^hires\.{name}: .* has no 'nobody'"):
            check_order(order(**{"hires.enabled": True, f"hires.{name}": "nobody"}), self.FULL)

    @pytest.mark.parametrize("name", ["sampler", "scheduler", "checkpoint", "prompt", "negative"])
    def test_a_server_without_the_field_refuses_it(self, name):
        value = {f"hires.{name}": OWN_PASS[f"hires.{name}"]}
        with pytest.raises(Refused, match=rf"^hires\.{name}: .*one {name} for both passes"):
            check_order(order(**{"hires.enabled": True} | value), FORGE)
        check_order(order(**{"hires.enabled": False} | value), FORGE)
