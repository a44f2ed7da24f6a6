"""Window and terminal put the same sources in the same order, and the window asks each of them once."""

from __future__ import annotations

import json
import time

import pytest
from msgspec.structs import replace

from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.app.create.form_values import FormValues, preset_in_force, preset_values
from stablenew_tk.commands.run_settings import with_recommended
from stablenew_tk.commands.session import Session
from stablenew_tk.domain.config.catalogue import get_value
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.models.value_sources import ValueSources
from stablenew_tk.domain.runs.plan import Preset, PresetEvidence
from stablenew_tk.storage.journal.writer import LearningRecordWriter

CLASSIC, INK = "sketch-classic", "sketch-ink"
# Six values, so that each source loses one to every stronger source and gives one that no other names.
PATHS = ("txt2img.steps", "txt2img.cfg_scale", "txt2img.width", "txt2img.height", "hires.denoise", "refiner.switch_at")
TYPED = {"txt2img.steps": 41}
PACK = {"txt2img.steps": 31, "txt2img.cfg_scale": 4.5}
PRESET = {"txt2img.steps": 21, "txt2img.cfg_scale": 5.5, "txt2img.width": 768}
PROFILE = {
    "kind": "model_profile",
    "version": 1,
    "recommended_presets": [
        {"id": "a", "rating": "best", "source": "local_learning", "ratings": 24, "steps": 11, "cfg": 6.5}
    ],
    "style_profile_id": "anime",
}
OTHERS = {"modelId": 1, "name": "v1", "images": [{"meta": {"Clip skip": "2", "Size": "832x1216"}}] * 6}


@pytest.fixture
def world(tmp_path):
    """A data folder, a pack with settings, a preset in the journal, and a checkpoint with a profile and a style."""
    places = open_places(str(tmp_path / "home"))
    models = tmp_path / "models"
    models.mkdir()
    for name in (CLASSIC, INK):
        (models / f"{name}.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    (models / f"{CLASSIC}.modelprofile.json").write_text(json.dumps(PROFILE))
    (models / f"{CLASSIC}.civitai.info").write_text(json.dumps(OTHERS))
    places.packs.mkdir(parents=True)
    (places.packs / "boats.txt").write_text("a boat\n")
    (places.packs / "boats.pack.json").write_text(json.dumps({"kind": "pack_settings", "version": 1, "values": PACK}))
    evidence = PresetEvidence(sentence="21 is best.")
    preset = Preset(event_id="0" * 26, ts="", preset_id="p", name="Usual", values=PRESET, evidence=evidence)
    LearningRecordWriter(places.journal).append(preset)
    return places, Settings(model_folders=(str(models),), pack="boats", preset="p")


def until(controller, condition):
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline
        controller.pump(wait_s=0.05)


def in_window(world, typed, **changes):
    """The values of Create in this world, and the sources they came from."""
    places, settings = world
    controller = Controller(places, replace(settings, **changes), keep_queue=False)
    try:
        controller.open()
        values = FormValues(controller, typed=typed)
        until(controller, lambda: controller.history is not None and controller.packs.files)
        if values.sources.settings.model_folders:
            until(controller, lambda: values.refresh() and values.sources.usable is not None)
        values.refresh()
        return values.resolved, values.sources
    finally:
        controller.close()


def in_terminal(world, typed, **changes):
    """The values that `run` would use in this world, and the sources they came from."""
    places, settings = world
    controller = Controller(places, replace(settings, **changes), patient=False, keep_queue=False)
    with Session(controller, quiet=True) as session:
        session.history()
        own = json.loads((places.packs / "boats.pack.json").read_text())["values"]
        preset = preset_values(preset_in_force(session.controller))
        sources = with_recommended(
            session, ValueSources(pack_id="boats", typed=typed, pack=own, preset=preset), quiet=True
        )
        return sources.resolve(), sources


def notes(sources):
    """What each source says it has its value from."""
    return [(path, source.evidence(path)) for path in PATHS for source in sources.in_order() if path in source.values]


WORLDS = {
    "all sources": (TYPED, {}),
    "nothing typed": ({}, {}),
    "no preset": (TYPED, {"preset": ""}),
    "a preset that is gone": (TYPED, {"preset": "gone"}),
    "no model folders": (TYPED, {"model_folders": ()}),
    "another checkpoint": ({"checkpoint": INK}, {}),
}


@pytest.mark.parametrize("name", WORLDS)
def test_window_and_terminal_find_the_same_values_origins_and_words(world, name):
    typed, changes = WORLDS[name]
    (window, seen), (terminal, said) = in_window(world, typed, **changes), in_terminal(world, typed, **changes)
    assert window == terminal
    assert notes(seen) == notes(said)


def test_every_source_gives_way_to_all_stronger_ones(world):
    values, sources = in_window(
        world, TYPED, last_runs={f"boats\n{CLASSIC}": {"txt2img.width": 512, "txt2img.steps": 9}}
    )
    found = [(values.origins[path], get_value(values.config, path)) for path in PATHS]
    expected = [("user", 41), ("pack", 4.5), ("last_run", 512), ("profile", 1216), ("style", 0.45)]
    assert found[:-1] == expected
    assert found[-1][0] == "engine"
    assert values.words["txt2img.height"] == "Civitai"
    assert sources.words["txt2img.steps"] == "learned elsewhere"


def test_the_last_run_counts_in_the_window_alone(world):
    last = {f"boats\n{CLASSIC}": {"txt2img.width": 512}}
    window, terminal = in_window(world, {}, last_runs=last)[0], in_terminal(world, {}, last_runs=last)[0]
    assert window.differing(terminal) == {"txt2img.width"}
    assert (window.origins["txt2img.width"], terminal.origins["txt2img.width"]) == ("last_run", "preset")
