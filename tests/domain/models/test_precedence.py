"""Who won a field."""

from itertools import product

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import get_value, parameter
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.models.precedence import Source, offers, recommended, resolve
from stablenew_tk.domain.models.recommendations import FieldValue

USER = Source("user", {"txt2img.steps": 20})
LAST = Source("last_run", {"txt2img.steps": 31, "txt2img.cfg_scale": 5.0}, "yesterday")


def test_the_first_source_wins_and_the_rest_is_the_engine():
    found = resolve([USER, LAST])
    assert (found.config.txt2img.steps, found.config.txt2img.cfg_scale) == (20, 5.0)
    assert found.origins["txt2img.cfg_scale"] == "last_run"
    assert found.origins["txt2img.width"] == "engine"


def test_a_chosen_value_equal_to_the_default_still_wins():
    assert PipelineConfig().txt2img.steps == 20
    assert resolve([USER, LAST]).origins["txt2img.steps"] == "user"


def test_no_source_at_all_is_the_engine():
    assert resolve([]).config == PipelineConfig()


def test_every_offer_for_a_field_is_listed_winner_first():
    found = [(source.origin, value) for source, value in offers([USER, LAST], "txt2img.steps")]
    assert found == [("user", 20), ("last_run", 31), ("engine", 20)]


def test_a_bad_value_names_its_field():
    with pytest.raises(InvalidInput, match=r"txt2img\.steps"):
        resolve([Source("last_run", {"txt2img.steps": 9999})])


LEVELS = ("user", "last_run", "preset", "profile", "style")
# Five values that are not the default, one for each level, so that the value itself tells who won.
OTHERS = {
    "refiner.enabled": (True,) * 5,
    "refiner.checkpoint": ("r1", "r2", "r3", "r4", "r5"),
    "hires.enabled": (True,) * 5,
    "hires.denoise": (0.11, 0.12, 0.13, 0.14, 0.15),
    "hires.upscaler": ("u1", "u2", "u3", "u4", "u5"),
    "txt2img.sampler": ("DDIM", "Heun", "LMS", "UniPC", "PLMS"),
    "txt2img.steps": (31, 32, 33, 34, 35),
}


@pytest.mark.parametrize("path", OTHERS)
def test_in_every_combination_the_highest_level_that_says_anything_wins_even_with_the_default(path):
    default = parameter(path).default
    for said in product(("nothing", "the default", "another value"), repeat=len(LEVELS)):
        named = {
            level: default if what == "the default" else OTHERS[path][number]
            for number, (level, what) in enumerate(zip(LEVELS, said, strict=True))
            if what != "nothing"
        }
        sources = [Source(level, {path: named[level]} if level in named else {}) for level in LEVELS]
        found = resolve(sources)
        winner = next((level for level in LEVELS if level in named), "engine")
        assert found.origins[path] == winner, said
        assert get_value(found.config, path) == named.get(winner, default), said
        assert [source.origin for source, _ in offers(sources, path)] == [*named, "engine"], said


def test_levels_are_taken_field_by_field():
    paths = dict(zip(LEVELS, list(OTHERS)[2:], strict=True))
    found = resolve([Source(level, {path: OTHERS[path][0]}) for level, path in paths.items()])
    assert {level: found.origins[path] for level, path in paths.items()} == {level: level for level in LEVELS}
    assert found.origins["refiner.checkpoint"] == "engine"


def test_what_files_recommend_is_split_into_profile_and_style_with_the_evidence_of_each_value():
    fields = {
        "txt2img.steps": FieldValue(30, "profile", "d.modelprofile.json · preset night"),
        "hires.denoise": FieldValue(0.4, "style", "style anime"),
        "txt2img.cfg_scale": FieldValue(9999.0, "profile", "an older version"),
    }
    profile, style = recommended(fields, {})
    assert (profile.origin, profile.values) == ("profile", {"txt2img.steps": 30})
    assert (style.origin, style.values) == ("style", {"hires.denoise": 0.4})
    assert profile.evidence("txt2img.steps") == "d.modelprofile.json · preset night"
