"""Window and terminal put the same sources in the same order, and the window asks each of them once."""

from __future__ import annotations

import json
from argparse import Namespace

import pytest
from conftest import wait_until
from msgspec.structs import replace

from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.app.create.form_values import FormValues
from stablenew_tk.commands.run_settings import tell_presets, with_presets, with_recommended
from stablenew_tk.commands.session import Session
from stablenew_tk.domain.config.catalogue import get_value
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.models.value_sources import ValueSources
from stablenew_tk.domain.runs.known_value import KnownValue
from stablenew_tk.domain.runs.preset import Preset, PresetEvidence
from stablenew_tk.pipeline.ids_and_times import as_line
from stablenew_tk.storage.journal.writer import LearningRecordWriter

CLASSIC, INK = "sketch-classic", "sketch-ink"
# Six values, so that each source loses one to every stronger source and gives one that no other names.
PATHS = ("txt2img.steps", "txt2img.cfg_scale", "txt2img.width", "txt2img.height", "hires.denoise", "refiner.switch_at")
TYPED = {"txt2img.steps": 41}
PACK = {"txt2img.steps": 31, "txt2img.cfg_scale": 4.5}
PRESET = {"txt2img.steps": 21, "txt2img.cfg_scale": 5.5, "txt2img.width": 768}
# Learned for the pack of this world, and for something else each; "sampler" holds beside the first one.
PRESETS = {
    "p": Preset(preset_id="p", name="Usual", values=PRESET, pack_id="boats", evidence=PresetEvidence(sentence="21.")),
    "sampler": Preset(
        preset_id="sampler",
        name="Heun",
        values={"txt2img.sampler": "Heun"},
        lora_weights={"ink": 0.7},
        pack_id="boats",
        prompt_ids=("a", "b"),
        checkpoint=CLASSIC,
        engine="sketch",
    ),
    "pack": Preset(preset_id="pack", name="Trams", values={"txt2img.width": 640}, pack_id="trams"),
    "prompt": Preset(preset_id="prompt", name="C", values=PRESET, pack_id="boats", prompt_ids=("c",)),
    "checkpoint": Preset(preset_id="checkpoint", name="Ink", values={"txt2img.width": 640}, checkpoint=INK),
    "engine": Preset(preset_id="engine", name="Real", values={"txt2img.width": 640}, engine="webui"),
    "family": Preset(preset_id="family", name="SDXL", values={"txt2img.width": 640}, family="sdxl"),
    "names": Preset(preset_id="names", name="Ink first", values={"checkpoint": INK, "txt2img.width": 896}),
}
PROFILE = {
    "kind": "model_profile",
    "version": 1,
    "recommended_presets": [
        {"id": "a", "rating": "best", "source": "local_learning", "ratings": 24, "steps": 11, "cfg": 6.5}
    ],
    "style_profile_id": "anime",
}
KNOWN = KnownValue(
    known_id="",
    path="txt2img.height",
    values={"txt2img.height": 960},
    pack_id="boats",
    prompt_ids=("a", "b"),
    checkpoint=CLASSIC,
    engine="sketch",
    evidence=PresetEvidence(plan_id="plan", state="settled", probability=0.92, rated=15),
)
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
    writer = LearningRecordWriter(places.journal)
    for preset in PRESETS.values():
        writer.append(as_line(preset))
    return places, Settings(model_folders=(str(models),), pack="boats", presets=("p",), chosen_prompts=("a", "b"))


def until(controller, condition):
    wait_until(condition, step=lambda: controller.pump(wait_s=0.05))


def in_window(world, typed, **changes):
    """The values of Create in this world, and the sources they came from."""
    places, settings = world
    controller = Controller(places, replace(settings, **changes), keep_queue=False)
    try:
        controller.open()
        values = FormValues(controller, typed=typed)
        until(controller, lambda: controller.history is not None and controller.packs.files)
        until(controller, lambda: controller.capabilities is not None)
        values.refresh()
        if values.sources.settings.model_folders:
            until(controller, lambda: values.refresh() is not None and values.sources.usable is not None)
        values.refresh()
        return values.resolved, values.sources
    finally:
        controller.close()


def in_terminal(world, typed, **changes):
    """The values that `run` would use in this world, and the sources they came from."""
    places, settings = world
    controller = Controller(places, replace(settings, **changes), patient=False, keep_queue=False)
    with Session(controller, quiet=True) as session:
        own = json.loads((places.packs / "boats.pack.json").read_text())["values"]
        given = Namespace(preset="", no_preset=False, no_known=False, anyway=False, json=True)
        sources = ValueSources(pack_id="boats", typed=typed, pack=own, prompts=("a", "b"))
        sources = with_recommended(session, with_presets(given, session, sources), quiet=True)
        tell_presets(given, sources)
        return sources.resolve(), sources


def notes(sources):
    """What each source says it has its value from."""
    return [(path, source.evidence(path)) for path in PATHS for source in sources.in_order() if path in source.values]


HERE = f"boats\n{CLASSIC}\nsketch"
OTHER = ("pack", "prompt", "checkpoint", "engine", "family")
WORLDS = {
    "all sources": (TYPED, {}),
    "nothing typed": ({}, {}),
    "no preset": (TYPED, {"presets": ()}),
    "a preset that is gone": (TYPED, {"presets": ("gone",)}),
    "two presets": ({}, {"presets": ("p", "sampler")}),
    "a preset that names the checkpoint": ({}, {"presets": ("p", "names")}),
    **{f"a preset for another {what}": ({}, {"presets": (what,)}) for what in OTHER},
    "a preset that is used outside its scope": ({}, {"presets": ("pack",), "presets_agreed": {"pack": (HERE,)}}),
    "no model folders": (TYPED, {"model_folders": ()}),
    "another checkpoint": ({"checkpoint": INK}, {}),
}


@pytest.mark.parametrize("name", WORLDS)
def test_window_and_terminal_find_the_same_values_origins_and_words(world, name):
    typed, changes = WORLDS[name]
    (window, seen), (terminal, said) = in_window(world, typed, **changes), in_terminal(world, typed, **changes)
    assert window == terminal
    assert notes(seen) == notes(said)
    assert (seen.preset_uses, seen.lora_weights) == (said.preset_uses, said.lora_weights)
    standing = [[(one.check, one.applied) for one in sources.presets_in_force] for sources in (seen, said)]
    assert standing[0] == standing[1]


@pytest.mark.parametrize("what", OTHER)
def test_outside_its_scope_a_preset_gives_nothing_until_the_user_agrees_for_just_this(world, what, capsys):
    values, sources = in_window(world, {}, presets=(what,))
    assert (values.origins["txt2img.width"], sources.preset_uses) == ("profile", ())
    assert len(sources.presets_in_force[0].check.differences) == 1
    in_terminal(world, {}, presets=(what,))
    assert sum(" known " in line for line in capsys.readouterr().err.splitlines()) == 1
    agreed, sources = in_window(world, {}, presets=(what,), presets_agreed={what: (HERE,)})
    assert agreed.origins["txt2img.width"] == "preset"
    assert sources.preset_uses[0].outside == sources.presets_in_force[0].check.differences
    elsewhere = (HERE.replace("boats", "trams"), HERE.replace(CLASSIC, INK), f"{HERE.removesuffix('sketch')}webui")
    assert in_window(world, {}, presets=(what,), presets_agreed={what: elsewhere})[1].preset_uses == ()


def test_presets_of_one_pack_and_checkpoint_stand_beside_each_other(world):
    values, sources = in_window(world, {}, presets=("p", "sampler"))
    assert (values.config.txt2img.sampler, values.config.txt2img.width) == ("Heun", 768)
    assert sources.lora_weights == {"ink": 0.7}
    gave = {use.name: use.gave for use in sources.preset_uses}
    assert gave == {"Heun": ("txt2img.sampler", "lora:ink"), "Usual": ("txt2img.width",)}


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


class TestKnownValues:
    """A value that was learned for these prompts of this pack with this checkpoint on the sketch engine."""

    def in_both(self, world, known, typed=(), **changes):
        writer = LearningRecordWriter(world[0].journal)
        lines = [as_line(replace(one, known_id=f"k{number}")) for number, one in enumerate(known)]
        for line in lines:
            writer.append(line)
        window, seen = in_window(world, dict(typed), **changes)
        terminal, said = in_terminal(world, dict(typed), **changes)
        assert window == terminal
        assert notes(seen) == notes(said)
        assert (seen.preset_uses, seen.lora_weights, seen.learned_here) == (
            said.preset_uses,
            said.lora_weights,
            said.learned_here,
        )
        return window, seen

    def test_it_goes_before_the_profile_and_says_what_it_rests_on(self, world):
        values, sources = self.in_both(world, [KNOWN])
        assert (values.origins[KNOWN.path], values.config.txt2img.height) == ("learned", 960)
        spoken = dict(notes(sources)[::-1])[KNOWN.path].replace("\N{NO-BREAK SPACE}", " ")
        assert spoken == "known: height 960 px, 92 %, 15 pictures"
        assert [(use.name, use.gave, use.plan_id) for use in sources.preset_uses if use.plan_id] == [
            ("height 960 px", (KNOWN.path,), "plan")
        ]

    def test_what_was_typed_the_pack_the_last_run_and_a_preset_go_before_it(self, world):
        steps = replace(KNOWN, path="txt2img.width", values={"txt2img.width": 960})
        assert self.in_both(world, [steps])[0].origins["txt2img.width"] == "preset"
        last = {f"boats\n{CLASSIC}": {KNOWN.path: 512}}
        assert in_window(world, {}, last_runs=last)[0].config.txt2img.height == 512
        assert self.in_both(world, [KNOWN], {KNOWN.path: 448})[0].origins[KNOWN.path] == "user"

    @pytest.mark.parametrize(
        "elsewhere",
        [{"pack_id": "trams"}, {"prompt_ids": ("a",)}, {"checkpoint": INK}, {"engine": "webui"}],
        ids=["pack", "prompt", "checkpoint", "engine"],
    )
    def test_outside_its_scope_it_gives_nothing_and_says_why_until_the_user_agrees(self, world, elsewhere):
        values, sources = self.in_both(world, [replace(KNOWN, **elsewhere)])
        assert values.origins[KNOWN.path] == "profile"
        (one,) = sources.learned_here
        assert len(one.check.differences) == 1
        agreed, _ = in_window(world, {}, presets_agreed={"k0": (HERE,)})
        assert agreed.origins[KNOWN.path] == "learned"

    def test_of_two_for_the_same_the_latest_counts_and_one_that_is_off_never(self, world):
        two = [KNOWN, replace(KNOWN, values={KNOWN.path: 896})]
        assert self.in_both(world, two)[0].config.txt2img.height == 896
        off = [KNOWN, replace(KNOWN, on=False, values={KNOWN.path: 896})]
        assert self.in_both(world, off)[0].config.txt2img.height == 960

    def test_a_pack_that_is_locked_in_uses_none(self, world):
        settings = {"kind": "pack_settings", "version": 1, "values": PACK, "learning": "locked"}
        (world[0].packs / "boats.pack.json").write_text(json.dumps(settings))
        LearningRecordWriter(world[0].journal).append(as_line(replace(KNOWN, known_id="k")))
        values, sources = in_window(world, {})
        assert values.origins[KNOWN.path] == "profile"
        assert "locked in" in sources.learned_here[0].check.differences[0]


def test_the_last_run_counts_in_the_window_alone(world):
    last = {f"boats\n{CLASSIC}": {"txt2img.width": 512}}
    window, terminal = in_window(world, {}, last_runs=last)[0], in_terminal(world, {}, last_runs=last)[0]
    assert window.differing(terminal) == {"txt2img.width"}
    assert (window.origins["txt2img.width"], terminal.origins["txt2img.width"]) == ("last_run", "preset")
