from datetime import datetime

import pytest
from msgspec.structs import replace
from plans import button

from stablenew_tk.app.review.record_lines import asked_and_applied, differing, origin_lines
from stablenew_tk.app.wording import doubts, moment, seconds, value_text
from stablenew_tk.domain.base.wording import counted
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.journal.image_facts import ImageFacts
from stablenew_tk.domain.journal.position import Position
from stablenew_tk.domain.journal.record import BackendInfo, LearningRecord, Output, StageRecord
from stablenew_tk.domain.models.preset_scope import PresetScope, PresetUse
from stablenew_tk.domain.runs.job import RandomizerChoice
from stablenew_tk.gui.review.inspector_tabs import FileLines, PromptText
from stablenew_tk.gui.widgets.tag_chips import TagChips

OUTPUT = Output(
    image_id="a",
    stage="txt2img",
    path="day/run/a.png",
    sha256="ab" * 32,
    width=96,
    height=128,
    seed=5,
    suspect=("mismatch:txt2img.steps", "black"),
)
STAGES = (
    StageRecord(
        stage="txt2img",
        asked={"txt2img.steps": 28, "txt2img.cfg_scale": 6.5, "txt2img.sampler": "Euler a"},
        applied={"txt2img.steps": 20, "txt2img.cfg_scale": 6.5},
    ),
    StageRecord(stage="upscale", asked={"upscale.scale": 2.0}),
)
RECORD = LearningRecord(
    event_id="e",
    ts="2026-11-22T10:00:00.000Z",
    run_id="r",
    job_id="j",
    pack_id="p",
    prompt_id="tram",
    prompt="a tram",
    negative="",
    seed=5,
    stages=("txt2img",),
    config=PipelineConfig(checkpoint="one"),
    origins={"txt2img.steps": "user"},
    backend=BackendInfo(kind="webui", name="Forge"),
    stage_results=STAGES,
    outputs=(OUTPUT,),
    output_root="/pictures",
    status="ok",
)
FACTS = ImageFacts(
    row=0,
    image_id="a",
    run_id="r",
    run_name="",
    pack_id="p",
    checkpoint="one",
    stage="txt2img",
    rating=3,
    tags=("kitsch", "odd"),
    note="",
    suspect=True,
    final=True,
    sketch=False,
    ok=True,
    time_ms=0,
    position=Position(0, 0, 1),
    output_index=0,
)


def test_the_table_compares_asked_with_applied_up_to_this_stage():
    lines = asked_and_applied(RECORD, OUTPUT)
    cells = [line.cells for line in lines]
    assert ("Steps", "28", "20") in cells
    assert ("CFG scale", "6.5", "same") in cells
    assert ("Sampler", "Euler a", "not told") in cells
    assert not any("upscale" in line.cells for line in lines)
    assert [line.cells[0] for line in lines if line.warn] == ["Steps"]


def test_every_value_in_use_has_an_origin():
    lines = {line.cells[0]: line for line in origin_lines(RECORD)}
    assert lines["Steps"].origin == "user"
    assert (lines["Checkpoint"].cells, lines["Checkpoint"].origin) == (("Checkpoint", "one"), "engine")
    assert "Mask blur" not in lines


def test_the_presets_that_gave_values_stand_above_them_and_outside_their_scope_they_warn():
    inside = PresetUse(preset_id="p", name="Calm", gave=("txt2img.steps", "lora:rain"), scope=PresetScope("Rain city"))
    outside = replace(inside, outside=("learned for Rain city, not for p",))
    lines = origin_lines(replace(RECORD, presets=(inside, outside)))[:2]
    assert [(line.cells[0], line.warn) for line in lines] == [
        ("Preset “Calm”, learned for Rain city: Steps, lora:rain", False),
        ("Preset “Calm” outside its scope (learned for Rain city, not for p): Steps, lora:rain", True),
    ]


def test_below_compared_pictures_stands_what_differs():
    steps, both = ({"txt2img.steps": 30}, {"txt2img.steps": 30, "txt2img.cfg_scale": 9.0, "hires.denoise": 0.7})
    first, second, third = (
        replace(RECORD, config=with_values(PipelineConfig(), values)) for values in ({}, steps, both)
    )
    third = replace(third, seed=6)
    assert differing(first, [first, second]) == "Steps 20"
    assert differing(second, [first, second]) == "Steps 30"
    assert differing(third, [first, third]) == "Steps 30, CFG scale 9, seed 6"
    assert differing(first, [first, first]) == ""


def test_doubts_are_sentences():
    steps, black = doubts(RECORD, OUTPUT)
    assert steps == "Forge used 20 steps where 28 were asked. The label would lie."
    assert black.startswith("The picture is black.")


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ((2026, 11, 22, 9, 5), "today, 09:05"),
        ((2026, 11, 21, 23, 59), "yesterday, 23:59"),
        ((2026, 3, 4, 1, 2), "4 Mar, 01:02"),
        ((2024, 3, 4, 1, 2), "4 Mar 2024, 01:02"),
    ],
)
def test_times_are_relative(then, said):
    now = datetime(2026, 11, 22, 12)
    assert moment(int(datetime(*then).timestamp() * 1000), now) == said


def test_numbers_have_their_words():
    assert counted(1, "image") == "1 image"
    assert counted(10_000, "image") == "10,000 images"
    assert seconds(125) == "2 min 5 s"
    assert value_text("hires.denoise", 0.3) == "0.30"
    assert value_text("hires.enabled", False) == "off"


def test_the_prompt_can_be_read_but_not_changed(root):
    tab = PromptText(root)
    tab.pack()
    tab.show(RECORD)
    assert "a tram" in tab.text.get("1.0", "end")
    assert str(tab.text["state"]) == "disabled"


def test_what_varied_is_told_in_plain_words_below_the_prompt(root):
    choices = {
        "txt2img.steps": "20",
        "<lora>": "rain:0.8",
        "style: ink": "off",
        "light": "neon",
        "tram =>": "bus",
        "{a|}": "",
        "__mood__": "calm",
    }
    tab = PromptText(root)
    tab.show(replace(RECORD, randomizer=RandomizerChoice("all", 574, 576, choices)))
    said = tab.text.get("1.0", "end").split("What varied\n")[1].split("\n")
    assert said[:7] == [
        "Steps: 20",
        "LoRA: rain:0.8",
        "Style ink: off",
        "[[light]]: neon",
        "In place of tram: bus",
        "{a|}: nothing",
        "__mood__: calm",
    ]
    assert said[7] == "Variant 575 of 576"
    tab.show(RECORD)
    assert "What varied" not in tab.text.get("1.0", "end")


def test_the_path_can_be_copied(root):
    lines = FileLines(root, lambda: None)
    lines.pack()
    lines.show(RECORD, OUTPUT)
    lines.copy.invoke()
    assert root.clipboard_get() == "/pictures/day/run/a.png"


def test_chips_show_tags_of_the_list_and_tags_of_the_picture(root):
    toggled = []
    chips = TagChips(root, toggled.append, lambda row, text: None, lambda: None)
    chips.pack(fill="x")
    chips.show(FACTS, (("k", "kitsch"), ("n", "noisy")))
    root.update()
    assert all(button(chips, words) for words in ("kitsch", "noisy", "odd"))
    button(chips, "odd").invoke()
    assert toggled == ["odd"]


def test_a_note_is_kept_when_the_focus_goes_elsewhere(root):
    noted = []
    chips = TagChips(root, lambda words: None, lambda *note: noted.append(note), lambda: None)
    chips.pack(fill="x")
    chips.show(FACTS, ())
    root.update()
    chips.edit_note()
    root.update()
    field = next(child for child in walk(chips) if child.winfo_class() == "Entry")
    field.focus_force()
    root.update()
    field.insert(0, "a remark")
    root.update()
    chips.show(None, ())
    assert noted == [(0, "a remark")]


def walk(widget):
    yield widget
    for child in widget.winfo_children():
        yield from walk(child)
