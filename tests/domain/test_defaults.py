"""Who won a field."""

import pytest

from stablenew_tk.domain.config import PipelineConfig
from stablenew_tk.domain.defaults import Source, offers, resolve
from stablenew_tk.domain.errors import InvalidInput

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
