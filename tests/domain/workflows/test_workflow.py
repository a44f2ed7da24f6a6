"""A workflow of ComfyUI as a value: what is found in it, what can be set, what a server lacks."""

import copy
import random

import pytest
from msgspec.structs import replace

from stablenew_tk.app.workflow_words import found_rows, turned
from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import (
    flat,
    get_value,
    parameter,
    parameter_in,
    with_values,
    with_workflow,
    without_place,
)
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.sweep import around, focus_in, parse_values
from stablenew_tk.domain.experiments.plan_draft import VARY, PlanDraft, respaced, trouble, varying
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt, config_for
from stablenew_tk.domain.runs.plan_title import subject
from stablenew_tk.domain.runs.value_order import columns_by_value
from stablenew_tk.domain.workflows.check import missing_in
from stablenew_tk.domain.workflows.choices import OWN, RARE, with_choices
from stablenew_tk.domain.workflows.workflow import Workflow, read_workflow, written
from stablenew_tk.domain.workflows.workflow_nodes import InputPlace
from tests.comfy_workflows import drawn, grainy, kinds, text


def read(document: object, known=True) -> Workflow:
    return read_workflow(text(document), "garden.json", kinds() if known else None)


def values(workflow: Workflow) -> dict:
    return {path: one.value for path, one in workflow.found.items()}


FOUND = {
    "prompt": "a gardener",
    "negative": "blurry",
    "seed": 156680208700286,
    "txt2img.width": 832,
    "txt2img.height": 1216,
    "txt2img.steps": 24,
    "txt2img.cfg_scale": 6.5,
    "txt2img.sampler": "DPM++ 2M",
    "txt2img.scheduler": "Karras",
    "checkpoint": "rain",
}


def test_what_every_picture_is_told_is_found_along_the_links():
    found = read(grainy())
    assert values(found) == FOUND
    assert [(one.name, one.weight) for one in found.loras] == [("ink", 0.7)]
    assert {one.how for one in found.found.values()} == {"links"}
    assert not found.notices


@pytest.mark.parametrize(
    "change",
    [
        {"n6_seed": 5, "n3_text": "a boat", "n6_cfg": 4.0, "n1_ckpt_name": "sun.safetensors", "n8_amount": 0.5},
        {"t6": "First pass"},
        {"n9_filename_prefix": "boat"},
    ],
)
def test_a_workflow_is_the_same_one_under_any_name_and_with_any_values(change):
    other = read(grainy(**change)).use("elsewhere/Boat.json")
    assert other.structure == read(grainy()).use("Garden.json").structure
    assert other.known_as == f"Boat [{other.structure[:16]}]"


@pytest.mark.parametrize(
    "nodes",
    [
        {"10": {"class_type": "PreviewImage", "inputs": {"images": ["7", 0]}}},
        {"9": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}},
    ],
)
def test_where_pictures_are_shown_or_saved_makes_no_other_workflow(nodes):
    assert read(grainy() | nodes).structure == read(grainy()).structure


def exported_again(document: dict, seed: int) -> dict:
    """The same nodes with other ids and titles, in another order, as another export of the same workflow has them."""
    chance = random.Random(seed)
    ids = dict(zip(document, chance.sample(range(1, 999), len(document)), strict=True))
    made = {}
    for name in chance.sample([*document], len(document)):
        inputs = [
            (key, [str(ids[value[0]]), value[1]] if isinstance(value, list) else value)
            for key, value in document[name]["inputs"].items()
        ]
        title = {"title": f"Node {chance.random()}"}
        made[str(ids[name])] = document[name] | {"inputs": dict(chance.sample(inputs, len(inputs))), "_meta": title}
    return made


@pytest.mark.parametrize("seed", range(20))
def test_another_export_of_a_workflow_is_the_same_workflow(seed):
    again = exported_again(grainy(), seed)
    assert read(again).structure == read(grainy()).structure
    assert read(drawn(again)).structure == read(grainy()).structure, "as the editor saves it, too"


def test_nodes_that_are_alike_and_used_by_others_make_another_workflow():
    def two_samplers(*words: str) -> dict:
        encode = {name: {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1]}} for name in ("a", "b")}
        samplers = {
            name: {"class_type": "KSampler", "inputs": {"model": ["1", 0], "positive": [p, 0], "negative": [n, 0]}}
            for name, p, n in (("x", *words[:2]), ("y", *words[2:]))
        }
        return {"1": {"class_type": "CheckpointLoaderSimple", "inputs": {}}, **encode, **samplers}

    one, other, mirrored = (read(two_samplers(*words)).structure for words in ("abab", "aabb", "baba"))
    assert one == mirrored != other


def test_a_loop_that_no_server_runs_is_told_from_others_all_the_same():
    assert read(grainy(n3_clip=["6", 0])).structure != read(grainy()).structure


def test_a_tick_about_a_value_makes_no_other_workflow():
    ticked = replace(read(grainy()), nodes=with_choices(read(grainy()).nodes, {InputPlace("6", "cfg"): OWN}))
    assert read_workflow(written(ticked.nodes), "garden.json").structure == read(grainy()).structure


@pytest.mark.parametrize("change", [{"n8_image": ["6", 0]}, {"n2_lora_name": "wash.safetensors"}])
def test_other_links_and_other_models_make_another_workflow_of_the_same_name(change):
    one, other = (read(document).use("Garden.json") for document in (grainy(), grainy(**change)))
    assert one.name == other.name
    assert one.known_as != other.known_as


def test_every_other_number_choice_and_switch_has_a_name_of_its_own():
    found = read(grainy()).open_values
    assert {path: (one.takes.kind, one.takes.default) for path, one in found.items() if not one.takes.minor} == {
        "workflow.LoraLoader.strength_model": ("float", 0.7),
        "workflow.LoraLoader.strength_clip": ("float", 0.7),
        "workflow.KSampler.denoise": ("float", 1.0),
        "workflow.Film_grain_v1_2.amount": ("float", 0.08),
        "workflow.Film_grain_v1_2.kind": ("str", "film"),
        "workflow.Film_grain_v1_2.enabled": ("bool", True),
    }
    grain = found["workflow.Film_grain_v1_2.amount"].takes
    assert (grain.minimum, grain.maximum, grain.step) == (0.0, 1.0, 0.01)
    assert found["workflow.Film_grain_v1_2.kind"].takes.options == ("film", "digital")


def test_nodes_of_one_title_are_told_apart_by_their_numbers_and_keep_their_names():
    twins = grainy(t8="KSampler")
    paths = [path for path in read(twins).open_values if path.endswith((".amount", ".denoise"))]
    assert paths == ["workflow.KSampler_6.denoise", "workflow.KSampler_8.amount"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"t8": "stablenew:hires.denoise", "n8_denoise": 0.4}, {"hires.denoise": 0.4}),
        ({"t4": "stablenew:positive"}, {"prompt": "blurry"}),
        ({"t5": "stablenew:seed", "n5_seed": 7}, {"seed": 7}),
    ],
)
def test_a_title_decides_where_the_links_do_not(changes, found):
    assert found.items() <= values(read(grainy(**changes))).items()


@pytest.mark.parametrize(
    ("changes", "said", "lost"),
    [
        ({"t8": "stablenew:hires.dnoise"}, "no such parameter", ""),
        ({"t8": "stablenew:hires.scale", "n8_scale": 99}, "no value of it", ""),
        ({"n6_steps": 200}, "", "txt2img.steps"),
        ({"n5_width": ["8", 0], "n5_height": ["8", 0], "n8_value": 512}, "one value in the workflow", "txt2img.width"),
    ],
)
def test_what_cannot_be_told_for_sure_is_not_found_and_the_value_keeps_its_own_name(changes, said, lost):
    found = read(grainy(**changes))
    assert said in " ".join(found.notices)
    assert lost not in found.found


def test_several_texts_are_named_and_none_of_them_is_set():
    two = grainy(n6_positive=["10", 0]) | {
        "10": {
            "class_type": "ConditioningCombine",
            "inputs": {"conditioning_1": ["3", 0], "conditioning_2": ["11", 0]},
        },
        "11": {"class_type": "CLIPTextEncode", "inputs": {"text": "a hat", "clip": ["2", 1]}},
    }
    found = read(two)
    assert "prompt" not in found.found
    assert "stablenew:positive" in found.notices[0]
    assert "#11" in found.notices[0]


def test_the_values_of_a_workflow_are_entries_like_all_others_in_a_config_that_uses_it():
    use = read(grainy()).use("/home/me/garden.json")
    config = with_workflow(PipelineConfig(), use)
    assert (config.txt2img.steps, config.checkpoint, config.workflow.name) == (24, "rain", "garden")
    path = "workflow.Film_grain_v1_2.amount"
    spec = parameter_in(config, path)
    assert (spec.title, spec.kind, spec.default) == ("Film grain v1 2 · amount", "float", 0.08)
    changed = with_values(config, {path: 0.3, "txt2img.steps": 30})
    assert (get_value(changed, path), get_value(config, path)) == (0.3, 0.08)
    assert flat(changed)[path] == 0.3
    assert not without_place(changed)
    focus = focus_in(config, path)
    assert parse_values(focus, "0.1-0.3 (+0.1)") == (0.1, 0.2, 0.3)
    assert len(around(focus, 0.08)) > 2
    choice = focus_in(config, "workflow.Film_grain_v1_2.kind")
    assert parse_values(choice, "digital, film") == ("digital", "film")
    assert parse_values(focus_in(config, "workflow.Film_grain_v1_2.enabled"), "on, off") == (True, False)
    assert [*changed.workflow.with_named_only().parameters] == [path]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("workflow.Film_grain_v1_2.amount", 7.0, "outside 0 to 1"),
        ("workflow.Film_grain_v1_2.kind", "paper", "not one of film, digital"),
        ("workflow.Grain.amount", 0.5, "Did you mean workflow.Film_grain_v1_2.amount"),
    ],
)
def test_a_value_that_the_workflow_does_not_take_is_refused(path, value, said):
    with pytest.raises(InvalidInput, match=said):
        with_values(with_workflow(PipelineConfig(), read(grainy()).use("garden.json")), {path: value})


def test_without_its_workflow_a_value_has_a_name_and_nothing_more():
    assert parameter("workflow.Film_grain.amount").title == "Film grain · amount"
    # Lists of known values and insights have the path alone: it is called the same there as in the form.
    for path, one in read(grainy()).open_values.items():
        assert parameter(path).label == one.takes.label
    with pytest.raises(InvalidInput, match="none is chosen"):
        with_values(PipelineConfig(), {"workflow.Film_grain.amount": 0.5})


def test_a_parameter_without_a_place_in_the_workflow_is_named():
    config = with_workflow(PipelineConfig(), read(grainy()).use("garden.json"))
    assert without_place(with_values(config, {"hires.enabled": True})) == ("hires.enabled",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"n1_ckpt_name": "reign.safetensors"}, "Node “CheckpointLoaderSimple” #1, input ckpt_name: studio has no"),
        ({"n6_steps": 0}, "Node “KSampler” #6, input steps: studio takes 1 to 10000, not 0."),
        ({"n6_scheduler": "beta"}, "input scheduler: studio has no 'beta'"),
        ({"n7_samples": ["66", 0]}, "linked to node 66"),
    ],
)
def test_what_a_server_does_not_take_is_told_with_node_and_input(changes, said):
    (missing,) = missing_in(read(grainy(**changes)).nodes, kinds())
    assert said in missing.sentence


def test_a_class_that_is_not_there_and_an_input_without_a_value_are_told():
    lacking = grainy()
    lacking["8"]["class_type"] = "FilmGrainPro"
    del lacking["5"]["inputs"]["width"]
    said = [one.sentence for one in missing_in(read(lacking).nodes, kinds())]
    assert "Node “EmptyLatentImage” #5, input width: nothing is connected" in said[0]
    assert "studio has no class FilmGrainPro" in said[1]


# ---- varied in a Learning Run


def test_a_learning_run_over_a_value_of_a_workflow_is_planned_as_over_any_other():
    base = with_workflow(PipelineConfig(), read(grainy()).use("garden.json"))
    path = "workflow.Film_grain_v1_2.amount"
    draft = PlanDraft(prompts=(PlanPrompt("Cat", "a cat"),), base=base, by_steps=False, each="2")
    draft = varying(draft, path)
    assert 0.08 in draft.values()
    wide = replace(draft, text=respaced(draft, "wider"))
    assert max(wide.values()) > max(draft.values())
    assert respaced(wide, "finer")
    assert not trouble(wide, VARY)
    plan = replace(wide, text="0.1, 0.5").trial()
    assert [*plan.base_config.workflow.parameters] == [path]
    assert config_for(plan, 0.5).workflow.values == {path: 0.5}
    assert subject(plan)[0] == "Film grain v1 2 · amount"
    assert "workflow “" in subject(plan)[1]
    choice = varying(draft, "workflow.Film_grain_v1_2.kind")
    assert replace(choice, text="film, digital").trial().variant_values == ("film", "digital")
    assert trouble(varying(draft, "txt2img.steps"), VARY) == ""
    assert "no place for it" in trouble(varying(draft, "hires.scale"), VARY)


def test_a_plan_whose_workflow_is_not_told_is_shown_by_the_values_it_tested():
    base = LearningPlan(
        plan_id="1",
        name="",
        focus_parameter="workflow.Grain.amount",
        pack_id="",
        prompts=(PlanPrompt("Cat", "a cat"),),
        variant_values=(0.5, 0.1),
        seeds=(1, 2, 3),
    )
    assert [*columns_by_value(base)] == [1, 0]
    assert [*columns_by_value(replace(base, variant_values=("b", "a")))] == [0, 1]


# ---- the editor's form


def test_the_form_of_the_editor_becomes_the_same_workflow():
    found = read(drawn(grainy()))
    assert found.converted
    assert values(found) == FOUND
    assert [*found.open_values] == [*read(grainy()).open_values]
    again = read_workflow(written(found.nodes), "again.json", kinds())
    assert again.nodes.keys() == found.nodes.keys()
    assert values(again) == FOUND


def test_a_subgraph_a_reroute_and_a_bypassed_node_are_taken_apart():
    made = drawn(grainy())
    by_id = {node["id"]: node for node in made["nodes"]}
    links = {link[0]: link for link in made["links"]}
    # The sampler moves into a subgraph whose steps are set outside.
    sampler = by_id.pop(6)
    inner_links, entries, sockets = [], [], []
    for number, socket in enumerate(sampler["inputs"]):
        entries.append({"name": socket["name"], "type": socket["type"]})
        sockets.append({"name": socket["name"], "type": socket["type"], "link": socket["link"]})
        inner_links.append(
            {"id": number, "origin_id": -10, "origin_slot": number, "target_id": 6, "target_slot": number}
        )
        socket["link"] = number
    inner_links.append({"id": 90, "origin_id": 6, "origin_slot": 0, "target_id": -20, "target_slot": 0})
    use = {"id": 60, "type": "uuid-1", "inputs": sockets, "widgets_values": [11], "mode": 0}
    use["properties"] = {"proxyWidgets": [["6", "steps"]]}
    reroute = {"id": 70, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": 900}], "mode": 0}
    by_id[8] |= {"mode": 4, "outputs": [{"type": "IMAGE"}]}
    for link in links.values():
        link[1] = 70 if link[1] == 6 else link[1]
    made["nodes"] = [*by_id.values(), use, reroute]
    made["links"] = [*links.values(), [900, 60, 0, 70, 0, "LATENT"]]
    made["definitions"] = {"subgraphs": [{"id": "uuid-1", "inputs": entries, "nodes": [sampler], "links": inner_links}]}
    found = read(made)
    assert values(found) == {**FOUND, "txt2img.steps": 11}
    assert found.nodes["60:6"].inputs["positive"] == ["3", 0]
    assert found.nodes["9"].inputs["images"] == ["7", 0]
    assert "8" not in found.nodes


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: made["nodes"][7].update(type="FilmGrainPro"), "no class FilmGrainPro"),
        (lambda made: made["nodes"][5].update(widgets_values=["x", 1, 2]), "stands where seed should"),
        (lambda made: made.update(nodes=[]), "no node that could be run"),
    ],
)
def test_what_cannot_be_converted_for_sure_is_refused_with_the_way_to_export_it(change, said):
    made = drawn(grainy())
    change(made)
    with pytest.raises(InvalidInput, match=said) as refused:
        read(made)
    assert "Export (API)" in str(refused.value)
    with pytest.raises(InvalidInput, match="needs a ComfyUI server"):
        read(drawn(grainy()), known=False)


# ---- whatever a stranger made of it

_JUNK = (None, True, -1, 10**400, 1e308, "", "9", ["9", 0], ["6", 0], ["x", -1], [], {}, {"a": 1}, "x" * 5000)


def test_mutated_workflows_end_in_a_workflow_or_a_sentence():
    chance = random.Random(7)
    read_well, sentences = 0, list[str]()
    for round_ in range(300):
        made: object = grainy() if round_ % 2 else drawn(grainy())
        for _ in range(chance.randint(1, 4)):
            made = _mutated(made, chance)
        data = text(made)
        if round_ % 10 == 0:
            data = data[: chance.randrange(len(data))]
        try:
            found = read_workflow(data, "garden.json", kinds())
        except InvalidInput as refused:
            sentences.append(str(refused))
            continue
        read_well += 1
        missing_in(found.nodes, kinds())
        config = with_workflow(PipelineConfig(), found.use("garden.json"))
        for path in found.open_values:
            assert get_value(config, path) == found.open_values[path].takes.default
    assert read_well > 50
    assert all(told.endswith(".") for told in sentences)


def _mutated(made: object, chance: random.Random) -> object:
    at, way = made, []
    while isinstance(at, (dict, list)) and at and (not way or chance.random() < 0.8):
        key = chance.choice([*at]) if isinstance(at, dict) else chance.randrange(len(at))
        way.append((at, key))
        at = at[key]
    if not way:
        return made
    holder, key = way[-1]
    if chance.random() < 0.3:
        del holder[key]
    else:
        holder[key] = copy.deepcopy(chance.choice(_JUNK))
    return made


class TestDecided:
    """What the user decided about single values goes before links and titles, and stays with the file."""

    def two_passes(self):
        document = grainy()
        (first,) = [name for name, node in document.items() if node["class_type"] == "KSampler"]
        second = copy.deepcopy(document[first])
        second["inputs"] |= {"seed": 7, "denoise": 0.4, "latent_image": [first, 0]}
        for node in document.values():
            for key, value in node["inputs"].items():
                if value == [first, 0]:
                    node["inputs"][key] = ["99", 0]
        return document | {"99": second}, first

    def test_a_value_that_is_not_taken_keeps_its_own_name_and_one_that_is_has_the_name_given(self):
        workflow = read(grainy())
        steps, sampler = workflow.found["txt2img.steps"].places[0], workflow.found["txt2img.sampler"].places[0]
        amount = workflow.open_values["workflow.Film_grain_v1_2.amount"].place
        kind = workflow.open_values["workflow.Film_grain_v1_2.kind"].place
        decided = {steps: OWN, sampler: RARE, amount: "txt2img.guidance", kind: RARE}
        again = read_workflow(written(with_choices(workflow.nodes, decided)), "garden.json", kinds())
        assert "txt2img.steps" not in again.found
        own = {one.place: one.takes.minor for one in again.open_values.values()}
        assert (own[steps], own[sampler], own[kind]) == (False, True, True)
        guidance = again.found["txt2img.guidance"]
        assert (guidance.how, guidance.places) == ("choice", (amount,))
        assert guidance.value == pytest.approx(workflow.open_values["workflow.Film_grain_v1_2.amount"].takes.default)
        assert amount not in own
        assert again.digest != workflow.digest

    def test_two_seeds_are_set_as_one_where_that_was_decided(self):
        document, first = self.two_passes()
        workflow = read(document)
        assert workflow.found["seed"].places == (InputPlace(first, "seed"),)
        row = next(one for one in found_rows(workflow, {}) if one.title == "Seed, too")
        assert (row.value, row.on) == ("7", False)
        decided, words = turned(row)
        assert "is set together" in words
        again = read_workflow(written(with_choices(workflow.nodes, decided)), "garden.json", kinds())
        assert set(again.found["seed"].places) == {InputPlace(first, "seed"), InputPlace("99", "seed")}
        (row,) = [one for one in found_rows(workflow, decided) if one.title == "Seed, too"]
        assert row.on
        assert turned(row)[0] == {InputPlace("99", "seed"): ""}

    def test_where_a_value_goes_that_stands_in_a_node_of_its_own_is_told(self):
        document, first = self.two_passes()
        document["50"] = {"class_type": "PrimitiveInt", "inputs": {"value": 5}, "_meta": {"title": "Luck"}}
        for name in (first, "99"):
            document[name]["inputs"]["seed"] = ["50", 0]
        workflow = read(document, known=False)
        assert workflow.found["seed"].places == (InputPlace("50", "value"),)
        row = next(one for one in found_rows(workflow, {}) if one.path == "seed")
        assert row.node == "Luck #50 → 2 nodes"
        assert row.words == (
            f"Seed: Luck #50 feeds KSampler #{first} · seed and KSampler #99 · seed; setting it sets all."
        )

    def test_what_is_needed_cannot_be_left_out_and_nonsense_is_told(self):
        rows = {one.path: one for one in found_rows(read(grainy()), {}) if one.path}
        assert turned(rows["seed"])[0] == turned(rows["prompt"])[0] == {}
        assert set(turned(rows["negative"])[0].values()) == {OWN}
        document = grainy()
        next(iter(document.values()))["_meta"] = {"stablenew": {"ckpt_name": "no.such.thing", "gone": "own", "x": 3}}
        assert any("'no.such.thing' is no parameter" in one for one in read(document).notices)
