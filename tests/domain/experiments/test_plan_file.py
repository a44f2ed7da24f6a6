"""Plan files: what people and programs write is read leniently, and every mistake is named with its field."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.global_texts import StageText
from stablenew_tk.domain.config.pipeline_config import ADetailer, ADetailerPass, PipelineConfig
from stablenew_tk.domain.experiments.base_config import check_offered
from stablenew_tk.domain.experiments.plan_file import imported, read_plan, write_plan
from stablenew_tk.domain.runs.plan import LearningPlan, PlanCell, PlanMetadata, PlanPrompt

LEAST = {"focus_parameter": "txt2img.cfg_scale", "variant_values": [5, 6.5, 8]}
OTHER = {"img2img": StageText("ink, a “red” boat", "blur, text"), "upscale": StageText("a “red” boat")}


def read(**fields):
    return read_plan(json.dumps({**LEAST, **fields}).encode(), where="cfg.json")


def plan(**fields):
    return read(**fields).plan


def refused(data):
    raw = data if isinstance(data, bytes) else json.dumps({**LEAST, **data}).encode()
    with pytest.raises(InvalidInput) as caught:
        read_plan(raw, where="cfg.json")
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 400
    assert sentence.endswith((".", "?"))
    return caught.value


class TestReading:
    def test_two_fields_are_enough_and_everything_else_is_the_default(self):
        found = plan()
        assert found.variant_values == (5.0, 6.5, 8.0)
        assert (found.images_per_variant, found.seeds, found.prompts) == (3, (), ())
        assert found.base_config == PipelineConfig()
        assert found.name == "CFG scale 5-8 (+1.5)"
        assert (found.plan_id, found.event_id, found.blind) == ("", "", True)

    def test_the_document_of_the_seed_is_read(self):
        found = read(
            plan_id="P-1",
            images_per_variant=2,
            base_config={"txt2img": {"steps": 30}},
            metadata={"who": "ann", "when": "2026-01-01", "notes": "first try"},
        )
        assert found.plan.plan_id == ""
        assert found.plan.images_per_variant == 2
        assert found.plan.base_config.txt2img.steps == 30
        assert found.plan.metadata == PlanMetadata(who="ann", when="2026-01-01", notes="first try")
        assert found.notices == ()

    def test_rows_that_prompts_do_not_share_equally_come_back_as_they_were(self):
        found = plan(prompts=["a boat", "a tram"], complete_rows=3, seed=5, images_per_variant=2)
        assert (found.full_rows, found.images_per_variant, found.seeds) == (3, 2, (5, 6, 7))
        again = read_plan(write_plan(found), where="again.json").plan
        assert (again.full_rows, again.images_per_variant, again.seeds) == (3, 2, (5, 6, 7))

    def test_pictures_per_variant_count_for_every_prompt_as_in_the_first_version(self):
        found = plan(prompts=["a boat", "a tram"], images_per_variant=2)
        assert (found.images_per_variant, found.complete_rows, found.full_rows) == (2, 0, 4)

    def test_a_plan_that_goes_step_by_step_begins_with_two_rows_and_comes_back_as_it_was(self):
        found = plan(prompts=["a boat", "a tram", "a cat"], most_pictures=30, seed=5)
        assert (found.most_pictures, found.full_rows, found.seeds) == (30, 2, (5, 6))
        grown = structs.replace(found, seeds=(5, 6, 7), extra=(PlanCell(0, 2), PlanCell(1, 2)), batches=(2,))
        again = read_plan(write_plan(grown), where="again.json").plan
        assert (again.most_pictures, again.full_rows) == (30, 2)
        assert (again.extra, again.batches, again.seeds) == (grown.extra, (2,), (5, 6, 7))

    def test_settings_may_be_nested_or_flat_and_both(self):
        config = plan(base_config={"txt2img.steps": 30, "txt2img": {"width": 640}, "vae": "x.pt"}).base_config
        assert (config.txt2img.steps, config.txt2img.width, config.vae) == (30, 640, "x.pt")

    def test_four_adetailer_passes_although_the_catalogue_lists_fewer(self):
        passes = [{"denoise": 0.1 * nth} for nth in range(1, 4)]
        written = {"adetailer": {"passes": passes}, "adetailer.passes.3.model": "hand_yolov8n.pt"}
        found = plan(base_config=written).base_config.adetailer.passes
        assert [round(one.denoise, 2) for one in found] == [0.1, 0.2, 0.3, 0.32]
        assert found[3].model == "hand_yolov8n.pt"

    @pytest.mark.parametrize(
        "fields",
        [
            {"prompt": "a boat", "negative": "blur"},
            {"prompts": "a boat", "negative": "blur"},
            {"prompts": ["a boat"], "negative": "blur"},
            {"prompts": [{"prompt": "a boat", "negative": "blur"}]},
            {"prompts": [{"positive": "a boat", "negative": "blur", "name": "a boat"}], "negative": "other"},
        ],
    )
    def test_a_prompt_may_be_written_in_many_ways(self, fields):
        assert plan(**fields).prompts == (PlanPrompt("a boat", "a boat", "blur"),)

    def test_a_name_is_one_line_without_commands_for_the_terminal(self):
        assert read(name="Boats\x1b[2J\nat sea").plan.name == "Boats [2J at sea"

    def test_prompts_of_the_same_name_stay_apart(self):
        assert len({prompt.prompt_id for prompt in plan(prompts=["a boat", "a boat", "a boat"]).prompts}) == 3

    def test_one_seed_counts_up_for_every_row_from_0_and_over_the_end(self):
        assert plan(seed=0).seeds == (0, 1, 2)
        assert plan(seed=2**32 - 1).seeds == (2**32 - 1, 0, 1)
        assert plan(seed=5, images_per_variant=2, prompts=["a", "b"]).seeds == (5, 6, 7, 8)
        assert plan(seed=-1).seeds == ()

    def test_the_value_0_and_seed_0_are_values(self):
        found = plan(focus_parameter="lora:rain", variant_values=[0, 0.5, 0.0], seeds=[0, 7, 9])
        assert found.variant_values == (0.0, 0.5)
        assert found.seeds == (0, 7, 9)

    def test_a_field_nobody_knows_is_noticed_not_refused(self):
        notices = read(lora_weights={"a": 1}, temperature=0.2).notices
        assert [notice.partition(":")[0] for notice in notices] == ["lora_weights", "temperature"]

    def test_a_stage_the_parameter_does_not_belong_to_is_noticed(self):
        assert "belongs to txt2img" in read(stage="img2img").notices[0]
        assert read(stage="hires", focus_parameter="hires.denoise", variant_values=[0.2, 0.3]).notices == ()

    def test_what_the_file_names_is_told(self):
        assert "blind" in read(blind=False).given
        assert "blind" not in read(blind=None).given

    def test_a_byte_order_mark_does_not_matter(self):
        assert read_plan(b"\xef\xbb\xbf" + json.dumps(LEAST).encode(), where="x").plan.variant_values

    def test_settings_in_the_file_are_the_users_own(self):
        assert plan(base_config={"txt2img.steps": 20}).origins == {"txt2img.steps": "user"}


class TestMistakes:
    @pytest.mark.parametrize(
        ("fields", "field", "words"),
        [
            ({"focus_parameter": "txt2img.stepz"}, "focus_parameter", "Did you mean txt2img.steps"),
            ({"focus_parameter": None}, "focus_parameter", "name the parameter"),
            ({"focus_parameter": "txt2img.enabled"}, "focus_parameter", "cannot be varied"),
            ({"focus_parameter": "lora:"}, "focus_parameter", "names no LoRA"),
            ({"variant_values": None}, "variant_values", "missing"),
            ({"variant_values": "5-9"}, "variant_values", "a list is needed, not text"),
            ({"variant_values": {"a": 1}}, "variant_values", "a list is needed, not an object"),
            ({"variant_values": []}, "variant_values", "at least 2"),
            ({"variant_values": [7, 7.0]}, "variant_values", "at least 2 different"),
            ({"variant_values": [5, 6, 99]}, "variant_values[2]", "99 is outside 0 to 30"),
            ({"variant_values": ["5", "6"]}, "variant_values[0]", "'5' is not a number"),
            ({"variant_values": [5, True]}, "variant_values[1]", "not a number"),
            ({"variant_values": [5, None]}, "variant_values[1]", "not a value"),
            ({"complete_rows": 101}, "complete_rows", "101 is outside 0 to 100"),
            ({"most_pictures": 1001}, "most_pictures", "1001 is outside 0 to 1000"),
            ({"most_pictures": "many"}, "most_pictures", "a whole number is needed, not text"),
            (
                {"seeds": [1], "extra": [{"variant": 0, "row": 0}], "batches": [1, 1]},
                "batches",
                "2 cells are more than the 1 in extra",
            ),
            ({"images_per_variant": 0}, "images_per_variant", "0 is outside 1 to 100"),
            ({"images_per_variant": 2.5}, "images_per_variant", "a whole number is needed, not 2.5"),
            ({"images_per_variant": True}, "images_per_variant", "not true"),
            ({"seeds": [1, -4]}, "seeds[1]", "outside 0 to 18446744073709551615"),
            ({"seeds": 5}, "seeds", "a list is needed"),
            ({"seeds": [1], "seed": 1}, "seed", "Keep one"),
            ({"seed": 10**30}, "seed", "outside"),
            ({"prompt": "a", "prompts": ["a"]}, "prompt", "Keep one"),
            ({"prompt": ["a"]}, "prompt", "text is needed, not a list"),
            ({"prompts": ["a", 3]}, "prompts[1]", "text is needed, not a number"),
            ({"prompts": [{"negative": "x"}]}, "prompts[0]", "no text"),
            ({"prompts": [{"prompt": "a", "negative": 1}]}, "prompts[0].negative", "text is needed"),
            ({"prompts": [{"prompt": "a", "stage_texts": []}]}, "prompts[0].stage_texts", "an object"),
            ({"prompts": [{"prompt": "a", "stage_texts": {"x": {}}}]}, "prompts[0].stage_texts", "is not one of"),
            ({"prompts": [{"prompt": "a", "stage_texts": {"img2img": ""}}]}, "prompts[0].stage_texts.img2img", ""),
            ({"blind": "yes"}, "blind", "true or false is needed, not text"),
            ({"stage": "render"}, "stage", "is not one of txt2img"),
            ({"name": "a\0b"}, "name", "zero byte"),
            ({"metadata": "ann"}, "metadata", "an object is needed"),
            ({"metadata": {"who": 1}}, "metadata.who", "text is needed"),
            ({"origins": {"vae": "me"}}, "origins", "user"),
            ({"extra": [{"variant": 0, "row": 1}], "seeds": [1]}, "extra[0].row", "outside 0 to 0"),
            ({"extra": [{"variant": 3, "row": 0}], "seeds": [1]}, "extra[0].variant", "outside 0 to 2"),
        ],
    )
    def test_a_field_that_cannot_be_used_is_named(self, fields, field, words):
        error = refused(fields)
        assert error.where == field
        assert str(error).startswith(f"{field}: ")
        assert words in str(error)

    @pytest.mark.parametrize(
        ("config", "path", "words"),
        [
            ({"txt2img": {"stepz": 9}}, "txt2img.stepz", "there is no such setting. Did you mean steps?"),
            ({"txt2img.stepz": 9}, "txt2img.stepz", "Did you mean steps?"),
            ({"steps": 9}, "steps", "Did you mean txt2img.steps"),
            ({"render": {"fast": True}}, "render", "there is no such setting"),
            ({"txt2img": 9}, "txt2img", "an object with settings is needed, not a number"),
            ({"txt2img": {"steps": [9]}}, "txt2img.steps", "a single value is needed, not a list"),
            ({"txt2img": {"steps": "30"}}, "txt2img.steps", "'30' is not a number"),
            ({"txt2img": {"steps": 900}}, "txt2img.steps", "900 is outside 1 to 150 steps"),
            ({"txt2img": {"steps": 10**400}}, "txt2img.steps", "outside every range"),
            ({"txt2img": {"width": 100}}, "txt2img.width", "not a multiple of 8"),
            ({"txt2img": {"steps": 9}, "txt2img.steps": 9}, "txt2img.steps", "given twice"),
            ({"hires.enabled": 1}, "hires.enabled", "neither on nor off"),
            ({"upscale.mode": "x" * 999}, "upscale.mode", "cannot be used"),
            ({"vae": "x" * 999}, "vae", "too long"),
            ({"adetailer": {"passes": [{"prompt": "x" * 9999}]}}, "adetailer.passes.0.prompt", "too long"),
            ({"adetailer": {"passes": [{}, {"denoise": 2}]}}, "adetailer.passes.1.denoise", "2 is outside 0 to 1"),
            ({"adetailer": {"passes": [{}, {}, {}, {"denoize": 2}]}}, "adetailer.passes.3.denoize", "denoise?"),
            ({"adetailer": {"passes": [{}] * 5}}, "adetailer.passes.4", "4 passes are the most"),
            ({"adetailer.passes.99999999999.denoise": 0.3}, "adetailer.passes.99999999999.denoise", "the most"),
        ],
    )
    def test_a_setting_that_cannot_be_used_is_named_with_its_path(self, config, path, words):
        error = refused({"base_config": config})
        assert error.where == f"base_config.{path}"
        assert str(error).startswith(f"base_config.{path}: ")
        assert words in str(error)

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "the file is empty"),
            (b" \n\t", "the file is empty"),
            (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8 text"),
            (b"[1, 2]", "an object in braces, not a list"),
            (b"null", "not nothing"),
            (b'{"focus_parameter": NaN}', "not JSON at line 1"),
            (b'{"a": 1,\n "b" 2}', "not JSON at line 2"),
            (b'{"a": 1', "not JSON"),
            (b'{"a": "\\ud800"}', "not JSON"),
            (b'{"a": ' + b"9" * 6000 + b"}", "not JSON"),
            (b"[" * 200_000, "nested too deeply"),
            (b'{"a":' * 150_000, "nested too deeply"),
            (b" " * 10_000_000, "too large for a plan"),
        ],
        ids=range(13),
    )
    def test_what_is_no_plan_at_all_is_one_sentence_with_the_files_name(self, data, words):
        error = refused(data)
        assert str(error).startswith("cfg.json: ")
        assert words in str(error)

    def test_a_name_written_twice_is_not_settled_by_chance(self):
        assert "steps: this field is written twice" in str(refused(b'{"base_config": {"steps": 1, "steps": 2}}'))


class TestWriting:
    def test_what_is_written_is_read_back_without_the_journals_own_fields(self):
        passes = tuple(ADetailerPass(denoise=0.1 * nth) for nth in range(1, 5))
        made = LearningPlan(
            event_id="E",
            ts="T",
            writer="W",
            seq=3,
            plan_id="P",
            name="Mine",
            focus_parameter="txt2img.sampler",
            pack_id="two",
            prompts=(PlanPrompt("Boat", "a “red” boat", "blur", OTHER), PlanPrompt("Tram", "a tram")),
            base_config=PipelineConfig(adetailer=ADetailer(enabled=True, passes=passes)),
            origins={"txt2img.steps": "preset"},
            variant_values=("Euler a", "Heun"),
            images_per_variant=2,
            seeds=(0, 1, 2, 3, 4),
            extra=(PlanCell(1, 4),),
            blind=False,
            show_twice=True,
            start_image="/x.png",
            metadata=PlanMetadata(who="ann", notes="why"),
        )
        again = read_plan(write_plan(made), where="x").plan
        changed = {name: getattr(made, name) for name in ("event_id", "ts", "writer", "seq", "plan_id")}
        assert LearningPlan(**{name: getattr(again, name) for name in again.__struct_fields__} | changed) == made

    @pytest.mark.parametrize(
        ("who", "words"),
        [
            ("", "imported from b.json"),
            ("ann", "ann, imported from b.json"),
            ("ann, imported from a.json", "ann, imported from b.json"),
            ("imported from a.json", "imported from b.json"),
        ],
    )
    def test_an_imported_plan_says_so_and_keeps_who_wrote_it_and_why(self, who, words):
        made = imported(read(metadata={"who": who, "when": "2026-01-01", "notes": "why"}).plan, "b.json")
        assert made.metadata == PlanMetadata(who=words, notes="why")

    def test_a_person_can_read_it_and_nothing_is_left_out_of_the_config(self):
        text = write_plan(plan(prompt="a boat")).decode()
        assert text.startswith('{\n  "name": "CFG scale')
        assert json.loads(text)["base_config"]["txt2img"]["steps"] == 20

    def test_a_line_of_the_journal_is_a_plan_file_too(self):
        line = {"kind": "plan", "schema": 1, "seq": 4, "crc": "1", "run_name": "x", "backend_kind": "sketch"}
        assert read(**line).notices == ()


LISTS = {
    "samplers": ("Euler a", "Heun"), "schedulers": ("Automatic", "Karras"), "checkpoints": ("dream", "ink"),
    "vaes": ("Automatic", "None", "x.pt"), "upscalers": ("Lanczos",), "hires_upscalers": ("Latent", "Lanczos"),
    "adetailer_models": ("face_yolov8n.pt",), "loras": ("rain",),
}  # fmt: skip


class TestAgainstABackend:
    @pytest.mark.parametrize(
        ("focus", "values", "settings"),
        [
            ("txt2img.sampler", ["Euler a", "Heun"], {}),
            ("checkpoint", ["dream", "sd/ink.safetensors [0123456789]"], {}),
            ("lora:rain", [0, 1], {}),
            ("txt2img.steps", [5, 6], {"vae": "None", "txt2img.scheduler": "Karras"}),
            # Not in use, so nobody asks for it.
            ("txt2img.steps", [5, 6], {"hires.upscaler": "Other", "img2img.sampler": "Other"}),
        ],
    )
    def test_names_it_has_and_stages_not_in_use_are_fine(self, focus, values, settings):
        check_offered(plan(focus_parameter=focus, variant_values=values, base_config=settings), LISTS.__getitem__)

    @pytest.mark.parametrize(
        ("focus", "values", "settings", "words"),
        [
            ("txt2img.sampler", ["Euler a", "Eular"], {}, "txt2img.sampler: the backend has no sampler 'Eular'"),
            ("checkpoint", ["dream", "drem"], {}, "checkpoint: the backend has no checkpoint 'drem'. Did you mean"),
            ("lora:rainy", [0, 1], {}, "lora:rainy: the backend has no LoRA 'rainy'. Did you mean rain?"),
            ("txt2img.steps", [5, 6], {"vae": "y.pt"}, "vae: the backend has no VAE 'y.pt'"),
            ("txt2img.steps", [5, 6], {"hires.enabled": True, "hires.upscaler": "Other"}, "hires.upscaler: "),
            ("hires.upscaler", ["Latent", "Other"], {}, "hires.upscaler: the backend has no hires upscaler 'Other'"),
            ("upscale.upscaler", ["Lanczos", "Other"], {}, "upscale.upscaler: the backend has no upscaler 'Other'"),
            (
                "txt2img.steps",
                [5, 6],
                {"adetailer": {"enabled": True, "passes": [{}, {}, {}, {"model": "other"}]}},
                "adetailer.passes.3.model: the backend has no adetailer model 'other'",
            ),
        ],
    )
    def test_a_name_it_does_not_have_is_told_with_near_ones(self, focus, values, settings, words):
        made = plan(focus_parameter=focus, variant_values=values, base_config=settings)
        with pytest.raises(InvalidInput) as caught:
            check_offered(made, LISTS.__getitem__)
        assert str(caught.value).startswith(words)

    def test_a_list_the_backend_does_not_tell_is_not_checked(self):
        made = plan(focus_parameter="txt2img.sampler", variant_values=["a", "b"], base_config={"vae": "x"})
        check_offered(made, lambda _name: ())

    def test_servers_that_spell_samplers_their_own_way_are_understood(self):
        made = plan(focus_parameter="txt2img.sampler", variant_values=["Euler a", "DPM++ 2M"])
        check_offered(made, {**LISTS, "samplers": ("euler_a", "dpm++2m")}.__getitem__)

    def test_the_defaults_of_stages_in_use_are_checked_like_everything_else(self):
        made = plan(base_config={"upscale.enabled": True})
        with pytest.raises(InvalidInput, match="has no upscaler 'Lanczos'"):
            check_offered(made, {**LISTS, "upscalers": ("ESRGAN_4x",)}.__getitem__)
        check_offered(made, LISTS.__getitem__)
