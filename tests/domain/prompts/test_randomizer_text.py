"""What typed lines mean for the randomizer, and that they are written as they are read."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.prompts.pack import Slot
from stablenew_tk.domain.prompts.randomizer_text import (
    FIELDS,
    list_lines,
    loras_of,
    rules_of,
    slot_lines,
    slots_of,
    styles_of,
)
from stablenew_tk.domain.prompts.settings import LoraAxis, Randomizer, SearchReplace, StyleToggle


def test_lines_become_slots_rules_loras_and_styles():
    assert slots_of("light: dawn | dusk\n[[mood]]: calm")[0] == (
        Slot("light", ("dawn", "dusk")),
        Slot("mood", ("calm",)),
    )
    assert slots_of("sky: skies.txt")[0] == (Slot("sky", file="skies.txt"),)
    assert rules_of("harbour => river | ")[0] == (SearchReplace("harbour", ("river", "")),)
    assert loras_of("rain | none: 0.6, 0.8")[0] == (LoraAxis(("rain", ""), (0.6, 0.8)),)
    assert styles_of("Film: {prompt}, grain neg: flat")[0] == (StyleToggle("Film", "{prompt}, grain", "flat"),)


@pytest.mark.parametrize(
    ("name", "text", "line", "word"),
    [
        ("slots", "light: a\n\nno colon", 3, "colon"),
        ("slots", ": a | b", 1, "name"),
        ("slots", "light:", 1, "values"),
        ("rules", "# fine\na -> b", 2, "=>"),
        ("rules", "=> b", 1, "look for"),
        ("loras", "rain: heavy", 1, "heavy"),
        ("loras", "rain: 99", 1, "beyond"),
        ("styles", "Film:", 1, "words"),
        ("wildcards", "mood", 1, "colon"),
    ],
)
def test_a_wrong_line_is_told_by_its_number_and_the_others_count(name, text, line, word):
    found, wrong = FIELDS[name].read(text)
    assert len(wrong) == 1
    assert wrong[0].startswith(f"Line {line}: ")
    assert word in wrong[0]
    assert len(found) == sum(1 for one in text.split("\n") if one.strip() and not one.startswith("#")) - 1


def test_what_is_written_is_read_back_as_the_same():
    randomizer = Randomizer(
        slots=(Slot("light", ("dawn", "a, b")), Slot("sky", file="skies.txt")),
        rules=(SearchReplace("a b", ("c", "")),),
        loras=(LoraAxis(("rain", ""), (0.5, 1.0)),),
        styles=(StyleToggle("Film", "grain", "flat"),),
        wildcards={"mood": ("calm", "stormy")},
    )
    for name, field in FIELDS.items():
        found, wrong = field.read(field.write(randomizer))
        assert not wrong
        assert (dict(found) if name == "wildcards" else found) == getattr(randomizer, name)
    assert slot_lines(randomizer.slots) == "light: dawn | a, b\nsky: skies.txt"
    assert list_lines({"mood": ("calm",)}) == "mood: calm"
