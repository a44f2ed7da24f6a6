"""Texts that are kept for slots, wildcards and choices take the place of what would vary, as they are."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.prompts.kept_wordings import with_wordings
from stablenew_tk.domain.prompts.pack import PackPrompt, Slot
from stablenew_tk.domain.prompts.randomizer import expand
from stablenew_tk.domain.prompts.settings import Randomizer
from stablenew_tk.domain.prompts.wildcards import Wildcards


@pytest.mark.parametrize("text", ["fog", "2::fog", "{a|b} __x__ [[light]]", "(soft:1.2), <lora:a_b:1>", "a # b", ""])
@pytest.mark.parametrize("name", ["light", "__paint__", "{calm|busy}"])
def test_a_kept_text_is_sent_as_it_is_and_no_longer_varies(name, text):
    place = "[[light]]" if name == "light" else name
    prompt, slots = PackPrompt("A", "A", f"a city, {place}, end", place, 1), (Slot("light", ("neon", "dawn")),)
    prompts, slots = with_wordings((prompt,), slots, {name: text, "other": "nothing"})
    made = expand(prompts, Randomizer(), Wildcards(()), slots=slots)
    assert not made.errors
    sent = [(one.prompt.replace("[ [", "[["), one.negative.replace("[ [", "[[")) for one in made.variants]
    assert sent == [(f"a city, {text}, end", text.strip())]
