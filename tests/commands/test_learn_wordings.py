"""`learn --focus prompt`, `negative` and `slot:NAME`: which wording, from the pack to the verdict."""

from __future__ import annotations

import json

import pytest
from fake_webui import FakeWebUI
from terminal import TINY, Terminal

from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.storage.settings import save_settings

PACK = """\
[[light]]: neon | golden hour | fog
[[mood]]: {calm|busy} | still

name: City
a city, [[light]], [[mood]], __paint__ <lora:rainy:0.7>
neg: blur

name: Harbour
a harbour, [[light]]
neg: blur, [[light]]

name: Plain
an old tram
neg: blur
"""


@pytest.fixture
def cli(tmp_path, capsys):
    made = Terminal(tmp_path, capsys)
    made.pack.write_text(PACK)
    lists = made.data / "wildcards"
    lists.mkdir(parents=True)
    (lists / "paint.txt").write_text("oil\nink, wash\n")
    save_settings(made.data / "settings.json", Settings(global_positive="best", global_negative="text"))
    return made


def learned(cli, *words):
    """What was said, and the prompts and negative prompts sent to the server."""
    server = FakeWebUI()
    with server:
        backend = ("--backend", server.url, *TINY, "--set", "checkpoint=ink_model")
        said = cli("learn", cli.pack, *backend, "--json", *words)
    sent = [one.body for one in server.posts if one.path.endswith("txt2img")]
    return said, [(body["prompt"], body["negative_prompt"], body["seed"]) for body in sent]


def test_the_values_of_a_slot_are_compared_on_the_same_seeds_with_all_else_the_same(cli):
    said, sent = learned(cli, "--focus", "slot:light", "--images", 2)
    assert said.code == 0, said.err
    assert [step["value"] for step in said.json["steps"][:3]] == ["neon", "golden hour", "fog"]
    assert said.json["prompts"] == ["City", "Harbour"], "only prompts that have the slot"
    assert [prompt for prompt, _, _ in sent[:3]] == [
        f"best, a city, {light}, calm, oil <lora:rainy:0.7>" for light in ("neon", "golden hour", "fog")
    ]
    assert [negative for _, negative, _ in sent[3:]] == [
        f"blur, {light}, text" for light in ("neon", "golden hour", "fog")
    ]
    assert [len({seed for _, _, seed in row}) for row in (sent[:3], sent[3:])] == [1, 1]


def test_a_wildcard_is_a_slot_too_and_a_comma_may_be_in_its_values(cli):
    said, sent = learned(cli, "--focus", "slot:__paint__", "--images", 1)
    assert said.code == 0, said.err
    assert [prompt for prompt, _, _ in sent] == [
        f"best, a city, neon, calm, {paint} <lora:rainy:0.7>" for paint in ("oil", "ink, wash")
    ]


def test_texts_with_commas_are_told_apart_by_bars_as_they_are_typed(cli):
    texts = "oil, thick || ink, wash"
    assert f"negative: {texts}\n" in cli("learn", cli.pack, "--focus", "negative", "--values", texts, "--dry-run").out
    slot = cli("learn", cli.pack, "--focus", "slot:light", "--values", "neon, fog", "--dry-run")
    assert "slot:light: neon, fog\n" in slot.out


def test_a_new_prompt_is_compared_with_that_of_the_pack_inside_the_global_texts(cli):
    said, sent = learned(cli, "--focus", "prompt", "--prompt", "Plain", "--values", "a new tram, rain", "--images", 1)
    assert said.code == 0, said.err
    assert [prompt for prompt, _, _ in sent] == ["best, an old tram", "best, a new tram, rain"]
    assert {negative for _, negative, _ in sent} == {"blur, text"}


def test_negative_prompts_from_a_file_and_none_at_all(cli, tmp_path):
    (tmp_path / "negative.txt").write_text('blur, noise\n\n"quoted" words\n')
    words = ("--focus", "negative", "--prompt", "Plain", "--images", 1)
    said, sent = learned(cli, *words, "--values-file", tmp_path / "negative.txt")
    assert said.code == 0, said.err
    assert [negative for _, negative, _ in sent] == ["blur, noise, text", '"quoted" words, text']
    said, sent = learned(cli, *words, "--values", '"" || blur')
    assert [step["value"] for step in said.json["steps"]] == ["", "blur"]
    assert "negative: nothing, blur" in cli("learn", cli.pack, *words, "--values", '"" || blur', "--dry-run").out


def test_the_settled_text_of_a_slot_is_used_by_the_next_runs_of_the_pack_until_it_is_undone(cli):
    save_settings(cli.data / "settings.json", Settings())
    before = cli.pack.read_bytes()
    said, _ = learned(cli, "--focus", "slot:light", "--images", 4)
    for step in said.json["steps"]:
        for image in step["images"]:
            assert cli("rate", image, 5 if step["value"] == "fog" else 1).code == 0
    used = cli("known", "use", "last", "--json")
    assert [one["values"] for one in used.json["known"]] == [{"slot:light": "fog"}]
    assert "“fog”" in cli("known", "list").out
    in_use_words = "[[light]] is “fog” for Two with ink_model, on a WebUI ("
    for command in (("check",), ("expand",)):
        assert in_use_words in " ".join(cli("packs", *command, cli.pack).out.split())
        assert cli("packs", *command, cli.pack, "--json").json["known"][0]["text"] == "fog"
    assert len(cli("packs", "expand", cli.pack, "--json").json["variants"]) == 18 + 3 + 1
    as_run = cli("packs", "expand", cli.pack, "--known", "--json").json["variants"]
    assert {one["prompt"] for one in as_run if "harbour" in one["prompt"]} == {"a harbour, fog"}

    def made(*words):
        with FakeWebUI() as server:
            said = cli(*words, cli.pack, "--backend", server.url, *TINY, "--set", "checkpoint=ink_model")
        assert said.code == 0, said.err
        assert said.err.count("broken.json") <= 1, "a list that cannot be read is told once"
        return {(post.body["prompt"], post.body["negative_prompt"]) for post in server.posts if "prompt" in post.body}

    (cli.data / "wildcards" / "broken.json").write_text("{")
    in_use = made("run")
    moods, paints = ("calm", "busy", "still"), ("oil", "ink, wash")
    cities = {(f"a city, fog, {mood}, {paint} <lora:rainy:0.7>", "blur") for mood in moods for paint in paints}
    assert in_use == cities | {("a harbour, fog", "blur, fog"), ("an old tram", "blur")}
    record = next(one for one in cli.shown("--limit", 12) if "harbour" in one["prompt"])
    assert record["presets"][0]["gave"] == ["slot:light"], "the record tells where the words are from"
    assert record["randomizer"]["choices"] == {"light": "fog"}
    # Learning Runs about other settings use it, too, those about the slot compare all of its texts again.
    learn = ("learn", "--images", 1, "--prompt", "Harbour", "--focus")
    assert {words for words, _ in made(*learn, "txt2img.cfg_scale", "--values", "5,7")} == {"a harbour, fog"}
    assert len(made(*learn, "slot:light")) == 3
    assert cli("presets", "make", "last", "--value", "neon", "--name", "Neon").code == 0
    assert cli("known", "undo", "slot:light").code == 0
    assert len(made("run")) == 18 + 3 + 1
    assert "in use" not in cli("packs", "check", cli.pack).out
    assert cli.pack.read_bytes() == before


def test_the_verdict_names_long_wordings_by_what_differs_and_in_full_on_demand(cli):
    wordings = [f"a tram in an old town far away, {light}, seen from the bridge" for light in ("neon", "thick fog")]
    said, _ = learned(cli, "--focus", "prompt", "--prompt", "Plain", "--images", 4, "--values", " || ".join(wordings))
    for step in said.json["steps"]:
        assert cli("rate", step["images"][0], 5 if "neon" in step["value"] else 2).code == 0
    shown = " ".join(cli("insights", "--plan", "last").out.split())
    assert "“…neon…”" in shown
    assert f"…thick fog…: {wordings[1]}" in shown
    assert cli("insights", "--plan", "last", "--json").json["verdict"]["value"] == wordings[0]
    for command in (("presets", "make", "last"), ("known", "use", "last")):
        refused = cli(*command)
        assert (refused.code, "write it into the pack" in refused.err) == (2, True)


def test_a_plan_file_says_the_same_and_comes_back_as_it_was(cli, tmp_path):
    path = tmp_path / "plan.json"
    fields = {"focus_parameter": "slot:light", "variant_values": ["neon", ""], "prompt": "a city, [[light]]"}
    path.write_text(json.dumps({**fields, "images_per_variant": 1}))
    server = FakeWebUI()
    with server:
        said = cli("learn", "--plan", path, "--backend", server.url, "--json")
    assert said.code == 0, said.err
    assert [one.body["prompt"] for one in server.posts if one.path.endswith("txt2img")] == ["a city, neon", "a city, "]
    shown = json.loads(cli("learn", "--show", "last").out)
    assert {name: shown[name] for name in ("focus_parameter", "variant_values")} == {
        name: fields[name] for name in ("focus_parameter", "variant_values")
    }


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--focus", "slot:sky"), "no prompt of two has [[sky]]. There are: slot:light, slot:mood, slot:__paint__."),
        (("--focus", "slot:light", "--prompt", "Plain"), "[[light]] is not in the prompt"),
        (("--focus", "slot:light", "--values", "neon, {a|b}"), "“{a|b}” varies itself"),
        (("--focus", "prompt"), '--values "one || other"'),
        (("--focus", "prompt", "--prompt", "1", "--prompt", "3", "--values", "a || b"), "in place of one prompt"),
        (("--focus", "prompt", "--values", '"" || b'), "an empty prompt is no wording"),
        (("--focus", "txt2img.steps", "--values-file", "x"), "it is for wordings"),
        (("--focus", "negative", "--values-file", "missing.txt"), "missing.txt"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(cli, words, reason):
    said = cli("learn", cli.pack, "--dry-run", *words)
    assert said.code == 2
    assert reason in " ".join(said.err.split())
