"""Which LoRA files are of one training, and in which order it made them."""

from __future__ import annotations

import random

import pytest

from stablenew_tk.domain.models.lora_series import LoraFile, LoraSeries, Training, numbered, series_named, series_of


def lora(stem, folder="", **told):
    return LoraFile(stem, folder, Training(**told))


def files(*stems, **facts):
    return [lora(stem, **facts) for stem in stems]


class TestHabits:
    @pytest.mark.parametrize(
        ("in_order", "name"),
        [
            (("rainy-000002", "rainy-000004", "rainy-000010", "rainy"), "rainy"),
            (("rainy-step00000500", "rainy-step00001000", "rainy"), "rainy"),
            (("rainy_000000250", "rainy_000001500", "rainy"), "rainy"),
            (("rainy_LoRA_000000250", "rainy_LoRA_000001500"), "rainy"),
            (
                (
                    "rainy2026-05-01_10-20-30-save-250-1-0",
                    "rainy2026-05-01_10-50-30-save-500-2-0",
                    "rainy2026-05-01_11-20-30-save-1000-4-0",
                ),
                "rainy",
            ),
            (("rainy_100_steps_00001_", "rainy_200_steps_00001_"), "rainy"),
            (("x-v6-e8", "x-v6-e12"), "x-v6"),
            (("x_epoch8", "x_epoch12"), "x"),
            (("x-ep04", "x-ep12"), "x"),
            (("kokkai_step06", "kokkai_step12"), "kokkai"),
            (("rainy-000002.fp16", "rainy-000004.fp16", "rainy.fp16"), "rainy.fp16"),
            (("rainy-e2_bf16", "rainy-e12_bf16"), "rainy_bf16"),
            (("rainy/epoch9/adapter_model", "rainy/epoch20/adapter_model"), "rainy"),
            (("rainy/step500/adapter_model", "rainy/step1000/adapter_model"), "rainy"),
            (
                (
                    "rainy/checkpoint-500/pytorch_lora_weights",
                    "rainy/checkpoint-1000/pytorch_lora_weights",
                    "rainy/pytorch_lora_weights",
                ),
                "rainy",
            ),
        ],
    )
    def test_each_trainer_names_its_files_its_own_way(self, in_order, name):
        mixed = list(in_order)
        random.Random(5).shuffle(mixed)
        assert series_of(files(*mixed)) == (LoraSeries(name, in_order),)

    @pytest.mark.parametrize(
        "stem", ["face8", "style2", "v6", "sdxl10", "dress1980", "a-10", "step6", "e8", "model-e", "in_s2"]
    )
    def test_a_number_that_belongs_to_the_name_is_no_epoch(self, stem):
        assert numbered(stem).unit == ""
        assert series_of(files(stem, "face", "face7", "style", "dress")) == ()

    def test_the_same_epochs_in_two_kinds_of_numbers_are_two_series(self):
        found = series_of(files("a-000002", "a-000002.fp16", "a-000004", "a-000004.fp16"))
        assert [one.stems for one in found] == [("a-000002", "a-000004"), ("a-000002.fp16", "a-000004.fp16")]

    def test_step_is_not_read_as_an_epoch_behind_a_name_that_ends_in_st(self):
        assert (numbered("kokkai_step06").base, numbered("kokkai_step06").unit) == ("kokkai", "step")

    def test_one_file_alone_or_names_without_numbers_are_no_series(self):
        assert series_of(files("rainy-000002")) == ()
        assert series_of(files("rainy", "sunny")) == ()

    def test_the_same_names_in_two_folders_are_two_trainings(self):
        found = series_of([*files("a-000002", "a-000004", folder="/one"), *files("a-000003", "a", folder="/two")])
        assert {one.stems for one in found} == {("a-000002", "a-000004"), ("a-000003", "a")}

    def test_files_with_other_weights_are_not_of_the_training_that_their_names_say(self):
        found = series_of([*files("a-000002", "a-000004", shape="16"), *files("a", shape="32")])
        assert [one.stems for one in found] == [("a-000002", "a-000004")]

    def test_two_runs_under_one_name_are_told_apart_by_their_times(self):
        first = ("2026-05-01_10-00-00-save-250-1-0", "2026-05-01_11-00-00-save-500-2-0")
        second = ("2026-05-02_10-00-00-save-250-1-0", "2026-05-02_11-00-00-save-500-2-0")
        found = series_of(files(*(f"rainy{stem}" for stem in (*second, *first))))
        assert sorted(one.stems for one in found) == [
            tuple(f"rainy{stem}" for stem in first),
            tuple(f"rainy{stem}" for stem in second),
        ]


class TestHeaders:
    def test_a_session_survives_renaming_and_orders_by_steps(self):
        renamed = [
            lora("best one", session_id="7", output_name="rainy", steps=800),
            lora("rainy", session_id="7", output_name="rainy", steps=1000),
            lora("early", session_id="7", output_name="rainy", steps=200, folder="/elsewhere"),
        ]
        assert series_of(renamed) == (LoraSeries("rainy", ("early", "best one", "rainy")),)

    def test_two_sessions_are_two_series_though_they_share_a_name(self):
        one = [lora(f"a-00000{at}", session_id="1", steps=at) for at in (2, 4)]
        two = [lora(f"a-00000{at}", session_id="2", steps=at) for at in (6, 8)]
        assert [found.stems for found in series_of([*two, *one])] == [
            ("a-000006", "a-000008"),
            ("a-000002", "a-000004"),
        ]

    def test_steps_order_the_final_file_and_beat_a_number_that_was_changed(self):
        told = [
            lora("a", session_id="1", steps=100),
            lora("a-000002", session_id="1", steps=400),
            lora("a-000004", session_id="1", steps=200),
        ]
        assert series_of(told)[0].stems == ("a", "a-000004", "a-000002")


class TestByName:
    def test_a_series_is_found_by_its_name_or_by_one_of_its_files(self):
        found = series_of(files("rainy-000002", "rainy", "sunny-000002", "sunny-000004"))
        assert series_named("Rainy", found).name == "rainy"
        assert series_named("sunny-000004", found).name == "sunny"
        assert series_named("snow", found) is None

    def test_a_name_of_two_series_means_neither(self):
        found = series_of([*files("a-000002", "a", folder="/one"), *files("a-000003", "a-000004", folder="/two")])
        assert series_named("a", found) is None
