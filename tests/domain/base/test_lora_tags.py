"""LoRA tags as a WebUI reads them: the name, and a weight for the text encoder and for the model."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.base.lora_tags import LoraTag, lora_tags, without_loras


@pytest.mark.parametrize(
    ("tag", "weight", "clip_weight"),
    [
        ("<lora:ink>", 1.0, 1.0),
        ("<lora:ink:0.8>", 0.8, 0.8),
        ("<lora:ink:.5>", 0.5, 0.5),
        ("<lora:ink:-1>", -1.0, -1.0),
        # The text encoder comes first.
        ("<lora:ink:0.3:0.9>", 0.9, 0.3),
        ("<lora:ink:te=0.3:unet=0.9>", 0.9, 0.3),
        ("<lora:ink:unet=0.9>", 0.9, 1.0),
        ("<LORA: ink : 0.8 >", 0.8, 0.8),
        ("<lyco:ink:0.8>", 0.8, 0.8),
    ],
)
def test_one_number_is_both_weights_and_two_are_told_apart(tag, weight, clip_weight):
    assert lora_tags(f"a cat {tag} in a hat") == (LoraTag("ink", weight, clip_weight),)
    assert without_loras(f"a cat {tag}in a hat") == "a cat in a hat"


def test_tags_come_in_their_order_doubles_included():
    assert [tag.name for tag in lora_tags("<lora:b:1> <lora:a:1> <lora:b:0.5>")] == ["b", "a", "b"]
    assert lora_tags("lora:a:1, <b:1>") == ()


@pytest.mark.parametrize(
    "tag", ["<lora:ink:strong>", "<lora:ink:>", "<lora:ink:1e9>", "<lora:ink:1:1:64>", "<lora:ink:dyn=8>"]
)
def test_a_tag_that_cannot_be_followed_is_told_by_its_name(tag):
    with pytest.raises(InvalidInput, match="'ink'"):
        lora_tags(tag)
