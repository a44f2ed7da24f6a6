"""How parameters are called in headings."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.config.catalogue import catalogue
from stablenew_tk.domain.insights.titles import heading


def test_every_parameter_has_a_heading_also_one_that_no_learning_run_may_vary():
    # What the ratings tell about past runs may be about a whole stage.
    for path in catalogue():
        assert heading(path), path


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("txt2img.steps", "Steps"),
        ("hires.denoise", "Hires denoise"),
        ("lora:rainy-streets", "LoRA rainy-streets"),
        ("lora", "LoRA file"),
    ],
)
def test_a_heading_names_the_stage_where_the_label_alone_does_not_tell_it(path, title):
    assert heading(path) == title
