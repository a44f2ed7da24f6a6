"""Hints from everyday runs: found where they are, silent where nothing can be known."""

from __future__ import annotations

import pytest
from journal_lines import record
from msgspec.structs import replace

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.base.random_numbers import RandomNumbers
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.workflow_use import WorkflowUse
from stablenew_tk.domain.insights.association import associations
from stablenew_tk.domain.insights.hint_question import doubt_words
from stablenew_tk.domain.runs.job import LearningTag, RandomizerChoice


def picture(prompt="p1", *, checkpoint="dream", pack="rain", kind="webui", mode="passive", choices=(), **values):
    """A record; values by catalogue path with __ between the parts."""
    paths = {name.replace("__", "."): value for name, value in values.items()}
    return record(
        prompt_id=prompt,
        pack_id=pack,
        kind=kind,
        learning=LearningTag(mode=mode),
        config=with_values(PipelineConfig(checkpoint=checkpoint), paths),
        randomizer=RandomizerChoice(mode="random", choices=dict(choices)),
    )


class Chance:
    """The same luck in every run of the tests."""

    def __init__(self, seed):
        self.rng = RandomNumbers(seed)

    def of(self, *choices):
        return choices[int(self.rng.uniform() * len(choices))]

    def stars(self, middle):
        return max(1, min(5, round(middle + 0.7 * self.rng.normals(1)[0])))


def everyday(count, effect, *, seed=1, prompts=6):
    """Pictures of lights and samplers; neon is `effect` stars better, the sampler makes no difference."""
    chance, rated = Chance(seed), []
    for _ in range(count):
        prompt, light = chance.of(*range(prompts)), chance.of("neon", "fog", "noon")
        one = picture(f"p{prompt}", choices={"light": light}, txt2img__sampler=chance.of("Euler a", "Heun"))
        rated.append((one, chance.stars(2.6 + 0.4 * (prompt % 2) + effect * (light == "neon"))))
    return rated


def in_workflow(record, use):
    return replace(record, config=replace(record.config, workflow=use))


def found(rated, value):
    return next(one for one in associations(rated) if one.value == value)


class TestHints:
    def test_a_randomizer_choice_that_goes_together_with_better_stars_is_said(self):
        neon = associations(everyday(150, 1.0))[0]
        assert (neon.what, neon.slot, neon.value, neon.telling) == ("[[light]]", True, "neon", True)
        assert neon.low < 1.0 < neon.high
        assert neon.sentence == (
            f"[[light]] = neon goes together with +{neon.effect:.1f} stars ({neon.n} pictures); "
            "a hint, not proof: up to 1 in 10 such hints is false."
        )

    def test_everyday_ratings_count_although_no_plan_asked_for_them(self):
        assert associations(everyday(150, 1.0))[0].n == sum(
            one.randomizer.choices["light"] == "neon" for one, _ in everyday(150, 1.0)
        )

    def test_a_setting_that_hurts_is_named_by_the_better_choice(self):
        chance = Chance(2)
        rated = []
        for _ in range(80):
            sampler = chance.of("Euler a", "Heun")
            rated.append((picture(txt2img__sampler=sampler), chance.stars(3 - (sampler == "Heun"))))
        assert found(rated, "Euler a").sentence.startswith("Sampler Euler a goes together with +")

    def test_a_worse_choice_of_three_has_a_minus(self):
        worse = found(everyday(150, -1.0), "neon")
        assert worse.effect < -0.5
        assert "goes together with −" in worse.sentence

    def test_what_makes_no_difference_is_said_when_enough_pictures_show_it(self):
        same = next(one for one in associations(everyday(600, 1.0)) if one.what == "txt2img.sampler")
        assert not same.telling
        assert same.sentence.endswith(f": no difference you can see ({same.n} pictures).")

    def test_without_any_effect_hints_are_rare(self):
        worlds = [associations(everyday(100, 0.0, seed=seed)) for seed in range(60)]
        assert sum(any(one.telling for one in world) for world in worlds) <= 4

    def test_beside_one_real_effect_hardly_any_hint_is_false(self):
        right, shares = 0, []
        for seed in range(20):
            chance = Chance(100 + seed)
            rated = []
            for one, stars in everyday(200, 1.0, seed=seed):
                others = {f"slot {n}": chance.of("a", "b", "c") for n in range(5)}
                choices = {**one.randomizer.choices, **others}
                rated.append((replace(one, randomizer=RandomizerChoice(mode="random", choices=choices)), stars))
            hints = [one for one in associations(rated) if one.telling]
            right += sum(one.value == "neon" for one in hints)
            shares.append(sum(one.value != "neon" for one in hints) / max(1, len(hints)))
        assert right >= 18
        assert sum(shares) / len(shares) <= 0.1

    def test_a_value_is_no_hint_only_because_another_one_is_better(self):
        hints = associations(everyday(600, 1.2))
        assert [one.value for one in hints if one.telling] == ["neon"]
        fog = next(one for one in hints if one.value == "fog")
        assert fog.effect < -0.4
        assert fog.sentence == f"[[light]] = fog: nothing more can be told ({fog.n} pictures)."

    def test_two_values_that_differ_from_the_rest_are_both_hints(self):
        chance, rated = Chance(9), []
        for _ in range(300):
            light = chance.of("neon", "fog", "noon", "dusk")
            rated.append((picture(choices={"light": light}), chance.stars(3 + (light == "neon") - (light == "fog"))))
        assert {one.value for one in associations(rated) if one.telling} == {"neon", "fog"}

    def test_how_many_are_expected_to_be_false_is_said(self):
        hints = associations(everyday(150, 1.0, seed=3))
        assert doubt_words(hints) == (
            "2 slots and settings compared, 1 hint stands out; up to 1 in 10 such hints is expected to be false."
        )
        assert (
            doubt_words(associations(everyday(100, 0.0, seed=3)))
            == "2 slots and settings compared: nothing stands out."
        )
        assert doubt_words(()) == ""

    def test_intervals_hold_what_they_promise(self):
        effects = Chance(7).rng.normals(60)
        held = [
            one.low <= effect / 3 <= one.high
            for seed, effect in enumerate(effects)
            for one in associations(everyday(150, effect / 3, seed=seed))
            if one.value == "neon"
        ]
        assert sum(held) >= 49

    def test_a_prompt_that_is_liked_lends_nothing_to_what_it_was_made_with(self):
        chance, rated = Chance(3), []
        for place in range(200):
            liked = place % 2
            sampler = "Heun" if (place % 10 > 1) == bool(liked) else "Euler a"
            rated.append((picture(f"p{liked}", txt2img__sampler=sampler), chance.stars(2 + 2 * liked)))
        assert not any(one.telling for one in associations(rated))

    def test_numbers_with_many_levels_are_cut_in_two(self):
        chance, rated = Chance(4), []
        for _ in range(120):
            cfg = chance.of(*(4 + step / 2 for step in range(12)))
            rated.append((picture(txt2img__cfg_scale=cfg), chance.stars(3 + (cfg >= 7))))
        (one,) = associations(rated)
        assert one.what == "txt2img.cfg_scale"
        assert one.sentence.startswith(f"CFG scale {one.value} goes together with +")
        assert one.value.endswith(" or more")


class TestTooEarly:
    def test_few_pictures_are_too_early(self):
        one = next(one for one in associations(everyday(12, 1.0)) if one.slot)
        assert (one.telling, one.effect) == (False, 0.0)
        assert one.sentence == f"[[light]] = {one.value}: too early ({one.n} pictures)."

    def test_a_choice_never_tried_with_the_same_prompt_says_so(self):
        rated = [
            (picture(f"p{n % 2}", txt2img__sampler=("Heun", "Euler a")[n % 2]), 2 + 2 * (n % 2)) for n in range(40)
        ]
        (one,) = associations(rated)
        assert one.sentence.endswith("too early (20 pictures, but never the same prompt with and without it).")

    def test_nothing_rated_or_nothing_varied_tells_nothing(self):
        assert associations([]) == ()
        assert associations([(picture(), stars) for stars in (1, 5, 3, 4)]) == ()

    def test_one_picture_of_each_prompt_compares_nothing(self):
        rated = [(picture(f"p{n}", choices={"light": ("neon", "fog")[n % 2]}), 1 + n % 5) for n in range(40)]
        assert not any(one.telling for one in associations(rated))


class TestTogether:
    def test_two_things_that_always_changed_together_cannot_be_told_apart(self):
        chance, rated = Chance(5), []
        for _ in range(60):
            good = chance.of(True, False)
            one = picture(txt2img__sampler="Heun" if good else "LMS", txt2img__steps=40 if good else 20)
            rated.append((one, chance.stars(4 if good else 2.5)))
        (both,) = associations(rated)
        assert "Sampler Heun and Steps 40 always came together: +" in both.sentence
        assert "Which of them it is cannot be told" in both.sentence

    def test_two_that_overlap_only_in_part_share_the_doubt(self):
        rated = [
            (
                picture(txt2img__sampler=("Heun", "LMS")[n % 2], txt2img__steps=(40, 20)[n % 2 if n else 1]),
                4 - 2 * (n % 2),
            )
            for n in range(40)
        ]
        assert all(one.high - one.low > 0.5 for one in associations(rated))

    def test_settings_of_a_stage_that_is_off_are_no_factor(self):
        rated = [(picture(hires__denoise=(0.2, 0.5)[n % 2]), 2 + 2 * (n % 2)) for n in range(40)]
        assert associations(rated) == ()


class TestWhatIsNeverMixed:
    @pytest.mark.parametrize(
        ("other", "word"),
        [({"checkpoint": "haze"}, "checkpoints"), ({"pack": "fog"}, "packs"), ({"kind": "sketch"}, "sketch")],
    )
    def test_other_checkpoints_packs_and_sketches_are_refused(self, other, word):
        with pytest.raises(InvalidInput, match=word):
            associations([(picture(), 3), (picture(**other), 4)])

    def test_pictures_of_another_workflow_are_passed_over(self):
        rated = everyday(60, 0.0)
        use = WorkflowUse(file="Garden.json", digest="x")
        others = [(in_workflow(one, use), 5) for one, _ in everyday(50, 0.0, seed=2)]
        assert associations([*rated, *others]) == associations(rated)

    def test_a_renamed_workflow_and_lines_of_older_versions_are_of_the_same_workflow(self):
        rated = everyday(60, 0.0)
        uses = [
            WorkflowUse(file="Garden.json", digest="x", structure=structure) for structure in ("a" * 64, "", "b" * 64)
        ]
        uses[1:1] = [WorkflowUse(file="Park.json", digest="y", structure="a" * 64)]
        names = [(0, 1), (0,), (0, 2), (0, 3)]
        made = [
            associations([(in_workflow(one, uses[of[n % len(of)]]), stars) for n, (one, stars) in enumerate(rated)])
            for of in names
        ]
        assert made[0] == made[1] == made[2] != made[3]

    def test_pictures_of_learning_runs_are_passed_over(self):
        rated = [(picture(mode="active", txt2img__steps=(20, 40)[n % 2]), 2 + 2 * (n % 2)) for n in range(40)]
        assert associations(rated) == ()
