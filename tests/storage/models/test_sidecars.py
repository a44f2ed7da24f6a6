"""What the files of every tool say, and that nothing but reading happens to them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from stablenew_tk.domain.models.recommendations import merged
from stablenew_tk.storage.models.folders import beside, walk
from stablenew_tk.storage.models.profile_reader import load_styles
from stablenew_tk.storage.models.sidecars import (
    SIZE_LIMIT,
    ModelFiles,
    grouped,
    read_model_header,
    read_sidecar,
    readings,
    sidecar_of,
)

FIXTURES = Path(__file__).parents[2] / "fixtures" / "sidecars"


def read(name):
    dialect = sidecar_of(name)[1]
    return read_sidecar((FIXTURES / name).read_bytes(), name, dialect)


def said(document, name="m.json"):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_sidecar(data, name, sidecar_of(name)[1])


def sampling(**values):
    return {f"txt2img.{name}": value for name, value in values.items()}


class TestOurs:
    def test_the_best_preset_of_a_profile_gives_the_values_in_the_webuis_names(self):
        reading = read("cobalt.modelprofile.json")
        assert reading.values == {
            **sampling(sampler="DPM++ 2M SDE", scheduler="Karras", steps=34, cfg_scale=5.5, width=896, height=1152),
            "hires.upscaler": "4x_ultrasharp",
            "hires.denoise": 0.32,
        }
        assert (reading.family, reading.style_id, reading.problems) == ("sdxl", "sdxl_portrait", ())

    def test_a_learned_setting_leaves_the_other_values_of_a_persons_preset_in_force(self):
        mine = {"id": "mine", "rating": "better", "steps": 30, "cfg": 7, "sampler": "Euler a", "scheduler": "Karras"}
        learned = {"id": "l", "rating": "best", "source": "local_learning", "cfg": 5.5, "ratings": 12}
        reading = said({"recommended_presets": [mine, learned]}, "m.modelprofile.json")
        assert (reading.values["txt2img.steps"], reading.values["txt2img.cfg_scale"]) == (30, 5.5)
        assert reading.evidence["txt2img.cfg_scale"] == "preset l, 12 ratings"
        assert reading.evidence["txt2img.steps"] == "preset mine"

    def test_a_learned_denoise_goes_before_the_default_of_the_profile(self):
        learned = {"id": "l", "rating": "best", "source": "local_learning", "values": {"hires.denoise": 0.3}}
        document = {"recommended_presets": [learned], "default_hires_denoise": 0.5}
        assert said(document, "m.modelprofile.json").values["hires.denoise"] == 0.3
        del learned["source"]
        assert said(document, "m.modelprofile.json").values["hires.denoise"] == 0.5

    def test_the_profile_itself_keeps_all_presets_tiers_and_the_summary(self):
        profile = read("cobalt.modelprofile.json").profile
        assert [(one.id, one.rating, one.resolution) for one in profile.recommended_presets] == [
            ("quick", "good", (1024, 1024)),
            ("fine", "best", (896, 1152)),
        ]
        assert profile.recommended_presets[1].lora_overlays[0].name == "harbour"
        assert (profile.learning_summary.runs_observed, profile.learning_summary.mean_rating) == (12, 3.5)

    def test_a_loras_weights_come_best_first(self):
        reading = read("harbour.loraprofile.json")
        assert reading.weights == ((0.75, "best"), (0.4, "good"), (1.2, "bad"))
        assert reading.trigger_phrases == ("harbour at night",)
        assert reading.lora_profile.recommended_pairings[0].model == "cobalt"

    def test_older_shapes_are_understood(self):
        preset = {"rating": "Best", "sampler_name": "euler_ancestral", "cfg_scale": "6", "resolution": "768x1024"}
        reading = said({"recommended_presets": {"night": preset}}, "m.modelprofile.json")
        assert reading.values == sampling(sampler="Euler a", cfg_scale=6.0, width=768, height=1024)
        assert reading.profile.recommended_presets[0].id == "night"
        assert reading.problems == ()

    def test_settings_without_a_field_of_their_own_stand_by_their_path(self):
        values = {"clip_skip": "1", "refiner.switch_at": 0.7, "vae": "v", "nonsense": 1, "upscale.mode": "up"}
        reading = said({"recommended_presets": [{"id": "a", "values": values}]}, "m.modelprofile.json")
        assert reading.values == {"clip_skip": 1, "refiner.switch_at": 0.7, "vae": "v"}
        assert len(reading.problems) == 2

    def test_a_value_out_of_range_is_brought_into_it_and_told(self):
        reading = said({"recommended_presets": [{"id": "a", "steps": 100_000, "cfg": 5}]}, "m.modelprofile.json")
        assert reading.values == sampling(steps=150, cfg_scale=5.0)
        assert "100000" in reading.problems[0]
        assert "recommended_presets[0].steps" in reading.problems[0]

    def test_a_profile_of_the_other_kind_or_a_newer_program_is_read_with_a_word_about_it(self):
        assert "Rename the file" in said({"kind": "lora_profile"}, "m.modelprofile.json").problems[0]
        assert "understands" in said({"version": 2, "lora_name": "x"}, "m.loraprofile.json").problems[0]


class TestForeign:
    def test_the_webuis_own_sidecar_of_a_lora(self):
        reading = read("harbour.json")
        assert (reading.kind, reading.family, reading.negative) == ("lora", "sdxl", "daylight")
        assert reading.trigger_phrases == ("harbour at night", "(wet stones, lamps:1.1)")
        assert reading.weights == ((0.7, None),)

    def test_zero_is_how_the_webui_says_no_weight_of_its_own(self):
        assert said({"activation text": "x", "preferred weight": 0.0}).weights == ()

    @pytest.mark.parametrize("name", ["cobalt.json", "cobalt-forge.json"])
    def test_the_webuis_own_sidecar_of_a_checkpoint(self, name):
        assert read(name).values == {"vae": "cobalt_vae.safetensors"}

    def test_civitais_example_pictures_count_when_there_are_three(self):
        reading = read("harbour.civitai.info")
        assert reading.values == sampling(
            sampler="DPM++ 2M", scheduler="Karras", steps=30, cfg_scale=5.5, width=832, height=1216
        )
        assert "from 3 example images" in reading.source("txt2img.steps")
        assert reading.weights == ((0.8, None),)

    def test_two_example_pictures_recommend_nothing(self):
        picture = {"meta": {"steps": 20, "sampler": "Euler a", "cfgScale": 7}}
        assert said({"images": [picture, picture]}, "m.civitai.info").values == {}

    def test_civitais_words_hashes_and_notes_are_cleaned(self):
        reading = read("harbour.civitai.info")
        assert reading.trigger_phrases == ("harbour at night", "lamps, fog")
        assert (reading.hashes.sha256, reading.hashes.autov3) == ("5f" * 32, "abcdef987654")
        assert (reading.kind, reading.family, reading.note) == ("lora", "sdxl", "Invented & small.")

    def test_stability_matrix_has_exact_settings_in_comfyuis_names(self):
        reading = read("harbour.cm-info.json")
        assert reading.values == sampling(
            sampler="Euler a", scheduler="SGM Uniform", steps=26, cfg_scale=4.5, width=1216, height=832
        )
        assert (reading.family, reading.hashes.autov2) == ("sdxl", "5f" * 5)

    def test_stability_matrix_says_unset_with_zeros(self):
        defaults = {"Sampler": None, "Steps": 0, "CfgScale": 0, "Width": 0, "Height": 0}
        reading = said({"InferenceDefaults": defaults}, "m.cm-info.json")
        assert (reading.values, reading.problems) == ({}, ())

    def test_lora_manager_keeps_its_tips_as_json_inside_json(self):
        reading = read("harbour.metadata.json")
        assert (reading.weights, reading.weight_range) == (((0.7, None),), (0.5, 0.9))
        assert reading.values == {"clip_skip": 2}
        assert reading.trigger_phrases == ("harbour at night",)

    def test_swarm_with_and_without_its_prefix(self):
        reading = read("harbour.swarm.json")
        assert reading.weights == ((0.65, None),)
        assert reading.values == sampling(width=896, height=1152)
        assert (reading.kind, reading.family, reading.title) == ("lora", "sdxl", "Harbour Night")

    def test_a_header_whose_metadata_are_null_is_whole(self):
        reading = read_model_header(b'{"__metadata__":null,"lora_te_x.lora_down.weight":{}}', "ink.safetensors")
        assert (reading.kind, reading.problems) == ("lora", ())

    def test_a_trainers_header(self):
        data = (FIXTURES / "harbour.safetensors").read_bytes()
        reading = read_model_header(data[8 : 8 + data[0] + 256 * data[1]], "harbour.safetensors")
        assert (reading.kind, reading.family, reading.names) == ("lora", "sdxl", ("harbour_v2",))
        assert reading.values == {**sampling(width=896, height=896), "clip_skip": 2}
        assert reading.trigger_phrases == ("harbournight", "lamp")
        assert reading.phrases_guessed

    def test_a_json_file_of_any_other_program_says_nothing(self):
        reading = said({"architectures": ["CLIPTextModel"], "hidden_size": 768})
        assert not reading.says_anything
        assert reading.problems == ()


class TestDamage:
    @pytest.mark.parametrize(
        ("name", "word"),
        [
            ("torn.json", "ends in the middle"),
            ("sixteen.json", "UTF-8"),
            ("types.json", "sd version"),
            ("endless.safetensors", "longer than the file"),
        ],
    )
    def test_a_broken_file_is_one_clear_problem(self, name, word):
        found = [one for files in grouped([name]) for one in readings(str(FIXTURES), files)] or [read(name)]
        (problem,) = found[0].problems
        assert problem.startswith(name)
        assert word in problem
        assert problem.endswith(".")

    def test_a_wrong_type_costs_only_its_field(self):
        reading = read("types.json")
        assert reading.weights == ((0.75, None),)
        assert reading.trigger_phrases == ("harbour", "lamps")

    def test_a_byte_order_mark_is_no_damage(self):
        reading = said(b'\xef\xbb\xbf{"activation text": "x"}')
        assert (reading.trigger_phrases, reading.problems) == (("x",), ())

    @pytest.mark.parametrize(
        "data",
        [b"", b" ", b"[]", b"null", b"[" * 100_000, b'{"a":' * 100_000, b'{"a": "\xff"}', b"\x00\x00", b'{"a": NaN}'],
    )
    def test_what_is_no_json_object_is_one_problem(self, data):
        for name in ("m.json", "m.civitai.info", "m.modelprofile.json"):
            assert len(said(data, name).problems) == 1

    def test_many_problems_end_in_a_number(self):
        presets = [{"id": str(number), "steps": "many"} for number in range(60)]
        problems = said({"recommended_presets": presets}, "m.modelprofile.json").problems
        assert len(problems) == 9
        assert "52 more" in problems[-1]


class TestOnDisk:
    def put(self, folder, *names):
        for name in names:
            shutil.copy(FIXTURES / name, folder / name)

    def settings(self, folder, name):
        found = beside(folder / name)
        styles = load_styles(folder / "none")[0]
        return merged(list(readings(found.path, found.models[0], outside=found.outside)), styles)

    def test_reading_changes_no_file(self, tmp_path):
        self.put(tmp_path, *(path.name for path in FIXTURES.iterdir()))
        before = {path: hashlib.sha256(path.read_bytes()).digest() for path in tmp_path.iterdir()}
        for folder in walk(tmp_path):
            for files in folder.models:
                list(readings(folder.path, files))
        assert {path: hashlib.sha256(path.read_bytes()).digest() for path in tmp_path.iterdir()} == before

    def test_all_files_beside_a_model_are_read_and_no_others(self, tmp_path):
        self.put(tmp_path, *(path.name for path in FIXTURES.iterdir()))
        settings = self.settings(tmp_path, "harbour.safetensors")
        assert settings.sources == (
            "harbour.loraprofile.json",
            "harbour.json",
            "harbour.metadata.json",
            "harbour.cm-info.json",
            "harbour.swarm.json",
            "harbour.safetensors",
            "harbour.civitai.info",
        )
        assert settings.values["txt2img.steps"].value == 26
        assert [one.value for one in settings.offers["txt2img.steps"]] == [26, 30]
        assert settings.weight_range == (0.5, 0.9)

    @pytest.mark.parametrize("suffix", [".ckpt", ".pt", ".bin", ".pth"])
    def test_files_that_may_hold_programs_are_never_opened(self, tmp_path, suffix):
        # Opening this pipe would wait for ever.
        os.mkfifo(tmp_path / "real")
        (tmp_path / f"m{suffix}").symlink_to(tmp_path / "real")
        (tmp_path / "m.json").write_text('{"vae": "v"}')
        files = ModelFiles(stem="m", model=f"m{suffix}", sidecars=(("m.json", "webui"),))
        assert [one.file for one in readings(str(tmp_path), files)] == ["m.json"]

    def test_a_pipe_a_device_and_an_endless_link_are_problems_or_nothing_but_never_a_wait(self, tmp_path):
        os.mkfifo(tmp_path / "a.safetensors")
        os.mkfifo(tmp_path / "b.json")
        (tmp_path / "c.json").symlink_to("/dev/zero")
        (tmp_path / "d.safetensors").symlink_to(tmp_path / "d.safetensors")
        (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
        assert list(walk(tmp_path)) == []
        files = ModelFiles(stem="b", model="a.safetensors", sidecars=(("b.json", "webui"), ("c.json", "webui")))
        assert all(one.problems for one in readings(str(tmp_path), files))

    def test_a_link_out_of_the_folder_is_listed_but_not_opened(self, tmp_path):
        outside, inside = tmp_path / "elsewhere", tmp_path / "models"
        outside.mkdir()
        inside.mkdir()
        self.put(outside, "harbour.safetensors", "harbour.json")
        (inside / "m.safetensors").symlink_to(outside / "harbour.safetensors")
        (inside / "m.json").symlink_to(outside / "harbour.json")
        (folder,) = walk(inside)
        found = list(readings(folder.path, folder.models[0], outside=folder.outside))
        assert len(found) == 2
        assert all("link to another folder" in one.problems[0] and not one.weights for one in found)

    def test_a_file_above_the_limit_is_not_read(self, tmp_path):
        (tmp_path / "m.civitai.info").write_bytes(b'{"a": "' + b"x" * SIZE_LIMIT + b'"}')
        files = ModelFiles(stem="m", sidecars=(("m.civitai.info", "civitai"),))
        (reading,) = readings(str(tmp_path), files)
        assert "larger than" in reading.problems[0]

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_an_unreadable_folder_is_one_sentence(self, tmp_path):
        (tmp_path / "shut").mkdir(mode=0)
        assert "permissions" in next(iter(walk(tmp_path))).problem

    def test_a_folder_that_vanished_is_one_sentence(self, tmp_path):
        assert "cannot be listed" in next(iter(walk(tmp_path / "gone"))).problem

    def test_names_of_any_bytes_and_any_length_are_listed(self, tmp_path):
        long = "n" * 243 + ".safetensors"
        (tmp_path / long).write_bytes(b"")
        (tmp_path / os.fsdecode(b"caf\xe9.safetensors")).write_bytes(b"")
        (tmp_path / "two\nlines.json").write_text("{}")
        (folder,) = walk(tmp_path)
        assert {len(one.model) for one in folder.models} == {255, 16}


class TestNames:
    def test_the_longest_ending_decides_whose_sidecar_it_is(self):
        assert sidecar_of("a.cm-info.json") == ("a", "cm-info")
        assert sidecar_of("a.metadata.json") == ("a", "metadata")
        assert sidecar_of("a.b.json") == ("a.b", "webui")
        assert sidecar_of("A.CIVITAI.INFO") == ("A", "civitai")
        assert [sidecar_of(name) for name in (".json", "a.metadata.json.bak", "a.txt")] == [None] * 3

    def test_sidecars_and_previews_of_all_habits_go_to_their_model(self):
        names = [
            "a.safetensors",
            "a.json",
            "a.preview.png",
            "a.jpg",
            "a.PNG",
            "a.thumb.jpg",
            "a.mp4",
            "b.ckpt",
            "ab.png",
        ]
        a, b = grouped(names)
        assert (a.model, a.sidecars) == ("a.safetensors", (("a.json", "webui"),))
        assert a.previews == ("a.preview.png", "a.PNG", "a.jpg", "a.thumb.jpg")
        assert (b.model, b.previews) == ("b.ckpt", ())

    def test_a_profile_without_its_model_is_listed_but_a_lone_json_is_not(self):
        names = ["far.modelprofile.json", "far.loraprofile.json", "config.json", "other.civitai.info"]
        assert [one.name for one in grouped(names)] == [
            "far.loraprofile.json",
            "far.modelprofile.json",
            "other.civitai.info",
        ]
