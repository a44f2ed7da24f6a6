"""One pack means the same on a WebUI and on a ComfyUI: what each is sent for every construct of the prompt language."""

from __future__ import annotations

import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from terminal import FEW, Terminal

LONG = ", ".join(f"word{n}" for n in range(120))


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def webui():
    with FakeWebUI() as server:
        yield server


@pytest.fixture
def comfyui():
    with FakeComfyUI() as server:
        yield server


def made(cli, server, text):
    """Run a pack with one prompt."""
    cli.pack.write_text(f"{text}\nneg: blur, easy\n")
    words = ("--set", "checkpoint=ink_model", "--set", "txt2img.steps=20", "--backend", server.url, "--seed", 7)
    return cli("run", cli.pack, "--json", *FEW, *words)


def told(graph, link):
    """What the sampler is told: a text, or a tuple of the way in which texts are joined and the texts."""
    node = graph[link[0]]
    inputs, kind = node["inputs"], node["class_type"].removeprefix("Conditioning")
    if kind == "CLIPTextEncode":
        return inputs["text"]
    parts = tuple(told(graph, value) for value in inputs.values() if isinstance(value, list))
    numbers = tuple(value for value in inputs.values() if not isinstance(value, list))
    return (kind, *sorted(parts, key=str), *numbers) if kind == "Combine" else (kind, *parts, *numbers)


def both(cli, webui, comfyui, text):
    """The prompts that the two servers were sent for a pack; both made a picture that counts."""
    for server in (webui, comfyui):
        report = made(cli, server, text).json
        assert (report["ok"], [image["suspect"] for image in report["images"]]) == (1, [[]]), report
    (graph,) = comfyui.graphs()
    (sampler,) = [node["inputs"] for node in graph.values() if node["class_type"] == "KSampler"]
    assert webui.last("txt2img")["negative_prompt"] == "blur, easy"
    assert told(graph, sampler["negative"]) == "blur, embedding:easy"
    return webui.last("txt2img")["prompt"], told(graph, sampler["positive"])


@pytest.mark.parametrize(
    ("text", "on_comfyui"),
    [
        # What both read alike is sent to both as it stands.
        ("(red), ((red)), (red:1.2) boat", "(red), ((red)), (red:1.2) boat"),
        (r"a boat \(small\)", r"a boat \(small\)"),
        ("a boat (red:abc)", "a boat (red:abc)"),
        ("A  Red   BOAT , tram", "A Red BOAT , tram"),
        (LONG, LONG),
        ("a boat // by the sea /* at dawn */", "a boat // by the sea /* at dawn */"),
        # What they read otherwise is written so that it means the same.
        ("((red:1.2):1.3) boat", "(red:1.56) boat"),
        ("(a (red:1.4) boat:1.2)", "(a:1.2) (red:1.68) (boat:1.2)"),
        ("[red] boat", "(red:0.91) boat"),
        (r"a \[red\] boat", "a [red] boat"),
        ("a (red boat", "a (red boat:1.1)"),
        ("a red) boat", r"a red\) boat"),
        ("a red boat BREAK a tram", ("Concat", "a red boat", "a tram")),
        ("a red boat AND a tram", ("Combine", "a red boat", "a tram")),
        (
            "a [red:blue:0.5] boat",
            ("Combine", ("SetTimestepRange", "a blue boat", 0.5, 1.0), ("SetTimestepRange", "a red boat", 0.0, 0.5)),
        ),
        ("boat,easy,hat", "boat, embedding:easy, hat"),
        ("(easy:1.2) boat", "(embedding:easy:1.2) boat"),
    ],
)
def test_a_construct_is_sent_as_each_engine_reads_it(cli, webui, comfyui, text, on_comfyui):
    sent, said = both(cli, webui, comfyui, text)
    assert (sent, said) == (text, on_comfyui)


@pytest.mark.parametrize("written", ["embedding:easy boat", "<embedding:easy> boat", "embedding:easy.pt boat"])
def test_an_embedding_by_its_name_in_comfyui_is_called_bare_on_a_webui(cli, webui, comfyui, written):
    sent, said = both(cli, webui, comfyui, written)
    assert (sent, said) == ("easy boat", "embedding:easy boat")


def test_a_lora_is_a_tag_on_a_webui_and_a_node_on_comfyui(cli, webui, comfyui):
    sent, said = both(cli, webui, comfyui, "a boat <lora:inkwash:0.8>")
    assert (sent, said) == ("a boat <lora:inkwash:0.8>", "a boat")
    (graph,) = comfyui.graphs()
    (lora,) = [node["inputs"] for node in graph.values() if node["class_type"] == "LoraLoader"]
    assert (lora["lora_name"], lora["strength_model"], lora["strength_clip"]) == ("inkwash.safetensors", 0.8, 0.8)


def test_a_sign_that_begins_a_comment_is_one_for_a_webui_that_has_comments_so_comfyui_does_not_get_it(
    cli, webui, comfyui
):
    sent, said = both(cli, webui, comfyui, "a red boat \\# and not more")
    assert (sent, said) == ("a red boat # and not more", "a red boat")


def test_words_that_vary_are_chosen_before_either_is_asked(cli, webui, comfyui):
    (cli.pack.parent / "wildcards").mkdir()
    (cli.pack.parent / "wildcards" / "hue.txt").write_text("green\n")
    sent, said = both(cli, webui, comfyui, "a {red} __hue__ boat")
    assert sent == said == "a red green boat"


@pytest.mark.parametrize("text", ["a [red|blue] boat", "a boat AND a tram:0.5"])
def test_what_comfyui_cannot_do_is_refused_there_and_sent_to_a_webui(cli, webui, comfyui, text):
    report = made(cli, comfyui, text).json
    assert (report["ok"], report["failed"], comfyui.posts) == (0, 1, [])
    assert report["errors"][0].count("prompt: ") == 1
    assert made(cli, webui, text).json["ok"] == 1
    assert webui.last("txt2img")["prompt"] == text
