"""What model files say about themselves: families of checkpoints, names of LoRAs, whether a LoRA had an effect."""

from __future__ import annotations

import jobs
import msgspec
import pytest
from comfy_orders import order
from fake_comfyui import FakeComfyUI

from stablenew_tk.backends.comfyui.backend import ComfyUI
from stablenew_tk.domain.base.errors import Refused

QUICK = msgspec.structs.replace(jobs.QUICK, resend_s=0.05, poll_s=0.02)
INK = ("checkpoints", "ink_model.safetensors")
WASH = ("loras", "inkwash.safetensors")


@pytest.fixture
def fake():
    with FakeComfyUI() as server:
        yield server


@pytest.fixture
def backend(fake):
    made = ComfyUI(fake.url, limits=QUICK)
    yield made
    made.close()


def asked(prompt="a boat", **values):
    return order(prompt=prompt, checkpoint="ink_model", **values)


def kinds(fake):
    return [node["class_type"] for node in fake.graphs()[-1].values()]


def loaded(fake):
    return [node["inputs"]["lora_name"] for node in fake.graphs()[-1].values() if "lora_name" in node["inputs"]]


def asked_about(fake, folder=""):
    return sum(path.startswith(f"/view_metadata/{folder}") for path in fake.gets)


class TestFamily:
    @pytest.mark.parametrize(
        "written",
        [
            {"modelspec.architecture": "Flux.1-dev"},
            {"modelspec.architecture": "stable-diffusion-3-medium"},
            {"modelspec.architecture": "Qwen-Image"},
            {"ss_base_model_version": "zimage"},
            {"modelspec.architecture": "chroma"},
        ],
    )
    def test_clip_skip_is_not_sent_to_a_family_that_has_none(self, fake, backend, written):
        fake.metadata[INK] = written
        made = backend.generate(asked(clip_skip=3))
        assert "CLIPSetLastLayer" not in kinds(fake)
        assert any(note.startswith("clip_skip: it means nothing with") for note in made.notes)
        assert "clip_skip" not in made.applied

    def test_to_stable_diffusion_it_is_sent_and_nothing_is_told(self, fake, backend):
        fake.metadata[INK] = {"modelspec.architecture": "stable-diffusion-v1"}
        made = backend.generate(asked(clip_skip=2))
        assert "CLIPSetLastLayer" in kinds(fake)
        assert made.notes == ()
        assert made.applied["clip_skip"] == 2

    def test_the_content_is_believed_before_the_name(self, fake, backend):
        fake.files["checkpoints"] = ["flux_look_sd15.safetensors"]
        fake.metadata["checkpoints", "flux_look_sd15.safetensors"] = {"modelspec.architecture": "stable-diffusion-v1"}
        backend.generate(order(checkpoint="flux_look_sd15", clip_skip=2))
        assert "CLIPSetLastLayer" in kinds(fake)

    @pytest.mark.parametrize("name", ["photo_sdxl.safetensors", "flux1-dev-fp8.safetensors"])
    def test_a_file_that_says_nothing_is_known_by_its_name(self, fake, backend, name):
        fake.files["checkpoints"] = [name]
        backend.generate(order(checkpoint=name, clip_skip=2))
        assert "CLIPSetLastLayer" not in kinds(fake)

    def test_what_the_model_library_knows_is_believed_where_the_server_says_nothing(self, fake, backend):
        known = msgspec.structs.replace(asked(clip_skip=2), family="sdxl")
        assert backend.generate(known).notes == ()
        assert "CLIPSetLastLayer" not in kinds(fake)
        fake.metadata[INK] = {"modelspec.architecture": "stable-diffusion-v1"}
        backend.check()
        backend.generate(known)
        assert "CLIPSetLastLayer" in kinds(fake)

    @pytest.mark.parametrize("damaged", [False, True])
    def test_an_unknown_family_is_said_to_be_unknown_where_it_matters(self, fake, backend, damaged):
        fake.damaged = {"ink_model.safetensors"} if damaged else set()
        made = backend.generate(asked(clip_skip=2))
        assert "CLIPSetLastLayer" in kinds(fake)
        assert [note for note in made.notes if "nothing tells the family of ink_model" in note]
        assert backend.generate(asked(clip_skip=1)).notes == ()

    def test_a_checkpoint_is_asked_about_once(self, fake, backend):
        for seed in range(3):
            backend.generate(asked(seed=seed))
        assert asked_about(fake, "checkpoints") == 1

    def test_a_server_that_does_not_answer_about_models_costs_one_wait(self, fake):
        backend = ComfyUI(fake.url, limits=msgspec.structs.replace(QUICK, lists_s=2.0))
        fake.fault("hang", "/view_metadata", times=99)
        for seed in range(3):
            assert backend.generate(asked("a boat <lora:inkwash:1>", seed=seed)).images
        assert asked_about(fake) == 1
        backend.close()


class TestLoraNames:
    def test_the_other_names_of_loras_are_offered_before_anything_is_made(self, fake, backend):
        fake.metadata[WASH] = {"ss_output_name": "Ink wash v2"}
        fake.metadata["loras", "foreign.safetensors"] = {"ss_output_name": "foreign"}
        assert backend.check().lora_aliases == ("Ink wash v2",)

    def test_one_that_was_added_meanwhile_is_found_when_a_prompt_names_it(self, fake, backend):
        backend.check()
        fake.files["loras"].append("new.safetensors")
        fake.metadata["loras", "new.safetensors"] = {"ss_output_name": "fresh paint"}
        backend.generate(asked("a boat <lora:fresh paint:0.5>"))
        assert loaded(fake) == ["new.safetensors"]

    def test_a_tag_may_name_what_its_trainer_called_it(self, fake, backend):
        fake.metadata[WASH] = {"ss_output_name": "Ink wash v2"}
        made = backend.generate(asked("a boat <lora:ink wash v2:0.5>"))
        assert loaded(fake) == ["inkwash.safetensors"]
        assert made.images[0].suspect == ()
        assert backend.check().lora_aliases == ("Ink wash v2",)
        assert "Ink wash v2" in backend.check().choices("loras")

    def test_the_name_of_a_file_goes_before_the_other_names(self, fake, backend):
        fake.metadata["loras", "foreign.safetensors"] = {"ss_output_name": "inkwash"}
        backend.generate(asked("a boat <lora:inkwash:0.5>"))
        assert loaded(fake) == ["inkwash.safetensors"]

    def test_a_name_that_several_files_were_trained_under_names_none(self, fake, backend):
        for name in ("inkwash.safetensors", "foreign.safetensors"):
            fake.metadata["loras", name] = {"ss_output_name": "last_run"}
        with pytest.raises(Refused, match="has 2 LoRAs that were trained as 'last_run': inkwash, foreign"):
            backend.generate(asked("a boat <lora:last_run:0.5>"))
        assert fake.count("prompt") == 0
        assert backend.check().lora_aliases == ()

    def test_a_name_that_nothing_has_is_refused_before_anything_is_made(self, fake, backend):
        fake.metadata[WASH] = {"ss_output_name": "soft washes"}
        with pytest.raises(Refused, match=r"no LoRA 'soft wash'\. Did you mean soft washes"):
            backend.generate(asked("a boat <lora:soft wash:0.5>"))
        assert fake.count("prompt") == 0


class TestEffect:
    def test_where_files_tell_it_nothing_is_said_about_a_lora_that_fits(self, fake, backend):
        fake.metadata[INK] = {"modelspec.architecture": "stable-diffusion-v1"}
        fake.metadata[WASH] = {"ss_base_model_version": "sd_v1"}
        made = backend.generate(asked("a boat <lora:inkwash:1>"))
        assert (made.notes, made.images[0].suspect) == ((), ())

    def test_a_lora_that_says_nothing_is_told_to_be_unchecked(self, fake, backend):
        fake.metadata[INK] = {"modelspec.architecture": "stable-diffusion-v1"}
        made = backend.generate(asked("a boat <lora:inkwash:1>"))
        (note,) = made.notes
        assert note == (
            "LoRA inkwash: whether it had an effect could not be checked. Its file does not say for what it was made."
        )
        assert made.images[0].suspect == ()

    def test_a_checkpoint_that_says_nothing_leaves_it_unchecked(self, fake, backend):
        fake.metadata[WASH] = {"ss_base_model_version": "sdxl_base_v1-0"}
        made = backend.generate(asked("a boat <lora:inkwash:1>", clip_skip=1))
        (note,) = made.notes
        assert "It was made for SDXL, and the family of the checkpoint ink_model cannot be told." in note
        assert made.images[0].suspect == ()

    def test_the_name_of_a_checkpoint_is_too_little_to_condemn_a_picture(self, fake, backend):
        fake.files["checkpoints"] = ["photo_sd15.safetensors"]
        fake.metadata[WASH] = {"ss_base_model_version": "flux1"}
        made = backend.generate(order(prompt="a boat <lora:inkwash:1>", checkpoint="photo_sd15", clip_skip=1))
        (note,) = made.notes
        assert "could not be checked" in note
        assert "the name of the checkpoint photo_sd15 tells SD 1.5" in note
        assert made.images[0].suspect == ()

    def test_families_that_share_layers_are_not_condemned(self, fake, backend):
        fake.metadata[INK] = {"modelspec.architecture": "chroma"}
        fake.metadata[WASH] = {"ss_base_model_version": "flux1"}
        made = backend.generate(asked("a boat <lora:inkwash:1>", clip_skip=1))
        assert made.images[0].suspect == ()
        assert "could not be checked" in made.notes[0]
