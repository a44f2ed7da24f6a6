"""Whatever a picture tells is taken over or named: change any value in it, and what is said changes."""

from __future__ import annotations

import copy
import json
import re

import pytest
from foreign_pictures import GRAPHS, OBJECTS, TEXTS

from stablenew_tk.domain.recipes.infotext import parse
from stablenew_tk.domain.recipes.reader import recipe_from

NUMBERS = (3, 0.37, 1.7, 96, 0.5)
WORDS = ("heun", "exponential", "another", "another.safetensors", "another : 0.3", "(704, 512)", "True", "44", "a1b2")


def read(text, key):
    return recipe_from({key: text})


def said(found):
    """All that is told of a picture, without the text as it was found."""
    words = (found.tool, found.prompt, found.negative, found.seed, found.model_hash)
    return (*words, found.values, found.notices, found.left_out)


def others(value):
    """Other values of the same kind."""
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, (int, float)):
        return tuple(number for number in NUMBERS if number != value)
    return tuple(word for word in WORDS if word != value)


def places(document, way=()):
    """The way to every plain value."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in pairs if isinstance(document, (dict, list)) else ():
        if isinstance(value, (dict, list)):
            yield from places(value, (*way, key))
        elif value is not None:
            yield (*way, key), value


def changed(document, way, value):
    other = copy.deepcopy(document)
    inner = other
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = value
    return other


def silent(document, key, ways):
    """The places where a change is not noticed."""
    first = said(read(json.dumps(document), key))
    return [
        f"{'.'.join(map(str, way))} = {value!r}"
        for way, value in ways
        if all(said(read(json.dumps(changed(document, way, other)), key)) == first for other in others(value))
    ]


def above(graph, name, seen):
    """The nodes that a node is made by; of one that shows a text, the text is what was used."""
    for value in graph[name]["inputs"].values():
        if isinstance(value, list) and value[0] in graph and value[0] not in seen:
            seen.add(value[0])
            if "Show" not in graph[value[0]]["class_type"]:
                above(graph, value[0], seen)
    return seen


@pytest.mark.parametrize("name", GRAPHS)
def test_no_value_of_a_graph_goes_nowhere(name):
    graph = GRAPHS[name]
    used = above(graph, "save", {"save"})
    ways = [
        (way, value)
        for way, value in places(graph)
        if way[0] in used and way[1] == "inputs" and not isinstance(graph[way[0]]["inputs"][way[2]], list)
    ]
    assert silent(graph, "prompt", ways) == []


@pytest.mark.parametrize("name", OBJECTS)
def test_no_value_of_an_object_goes_nowhere(name):
    assert silent(OBJECTS[name], "parameters", list(places(OBJECTS[name]))) == []


@pytest.mark.parametrize("name", TEXTS)
def test_no_value_of_a_generation_text_goes_nowhere(name):
    text = TEXTS[name]
    first = said(read(text, "parameters"))
    gone = []
    for key, value in parse(text).values.items():
        quoted = json.dumps(value)
        written = f"{key}: {value}" if f"{key}: {value}" in text else f"{key}: {quoted}"
        assert written in text
        tries = [*map(str, NUMBERS), *WORDS] if not re.fullmatch(r"\{.*|\[.*", value) else ['{"a": "b"}', "[]"]
        if all(
            said(read(text.replace(written, f"{key}: {json.dumps(other)}"), "parameters")) == first
            for other in tries
            if other != value
        ):
            gone.append(f"{key}: {value}")
    assert gone == []
