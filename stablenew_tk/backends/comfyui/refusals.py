"""Turns ComfyUI's own words about a refused graph or a failed run into one sentence for the user.

The server speaks of nodes and inputs; the user knows parameters, so these are named where they are known. Paths of the
server's disk and the values of a failed node are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from ...domain.base.errors import BackendError, EngineFault, Refused
from .graphs import Graph
from .server import Accepted, InputError, NodeErrors, RunError

_MEMORY = re.compile(r"OutOfMemory|out of memory|allocate memory|not enough memory", re.IGNORECASE)
_DISK_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[\\/][\w.\-+ ]+){2,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_MOST = 3
# What only a graph of ours can have wrong: the user can do nothing about it.
_OURS = {
    "required_input_missing": "an input is missing",
    "exception_during_inner_validation": "a link leads nowhere",
    "exception_during_validation": "an input cannot be checked",
    "return_type_mismatch": "a link has the wrong type",
    "dependency_cycle": "the graph runs in a circle",
    "prompt_no_outputs": "the graph makes no picture",
    "no_prompt": "there is no graph",
    "invalid_prompt_id": "the job's id is not taken",
}


class OutOfMemory(EngineFault):
    """The server had not enough memory for the picture, which surely was not made."""


class UploadLost(Refused):
    """The picture to start from is no longer on the server: laying it there again may help."""


def refusal(accepted: Accepted, graph: Graph, server: str) -> BackendError:
    """Why a graph was turned down, as Refused naming the first parameter, or UploadLost."""
    sentences: list[str] = []
    for node, said in accepted.node_errors.items():
        for error in said.errors:
            if said.class_type == "LoadImage" and error.type == "custom_validation_failed":
                return UploadLost(f"{server} no longer has the picture to start from.", status=accepted.status)
            sentences.append(_input_sentence(node, said, error, graph, server))
    if not sentences:
        sentences.append(_whole_sentence(accepted.error, server))
    text = " ".join(dict.fromkeys(sentences[:_MOST]))
    return Refused(text, status=accepted.status)


def _whole_sentence(error: InputError | str | None, server: str) -> str:
    if not isinstance(error, InputError):
        return f"{server} turned the job down: {short(error or 'it did not say why')}."
    kind = error.about.get("class_type")
    if error.type == "missing_node_type" or "not found" in error.message or "does not exist" in error.message:
        node = short(str(kind)) if kind else short(error.message)
        return f"{server} lacks a node that is needed ({node}). Install the extension that brings it."
    if error.type in _OURS:
        return _own_fault(_OURS[error.type], server, error)
    return f"{server} turned the job down: {short(f'{error.message} {error.details}')}."


def _input_sentence(node: str, said: NodeErrors, error: InputError, graph: Graph, server: str) -> str:
    key = str(error.about.get("input_name") or error.details.partition(":")[0])
    where = path_of(graph, node, key) or f"{said.class_type} {short(key)}"
    received = short(str(error.about.get("received_value", "")))
    if error.type == "value_not_in_list":
        near = get_close_matches(received, _choices(error), 3, 0.5)
        hint = f" Did you mean {', '.join(map(short, near))}?" if near else " Look at its list again (Test connection)."
        return f"{where}: {server} has no {received!r}.{hint}"
    if error.type in ("value_smaller_than_min", "value_bigger_than_max"):
        small = error.type == "value_smaller_than_min"
        limit = _options(error).get("min" if small else "max")
        word = "small" if small else "large"
        bound = f" It takes {'at least' if small else 'at most'} {limit}." if limit is not None else ""
        return f"{where}: {received} is too {word} for {server}.{bound}"
    if error.type == "invalid_input_type":
        return f"{where}: {server} cannot read {received!r}."
    if error.type in _OURS:
        return _own_fault(f"{_OURS[error.type]}: {said.class_type} {short(key)}", server, error)
    return f"{where}: {server} says {short(f'{error.message} {error.details}')}."


def _own_fault(what: str, server: str, error: InputError) -> str:
    return f"StableNew sent {server} a graph it does not take ({what}; {error.type}). Please report this."


def _choices(error: InputError) -> list[str]:
    written = error.about.get("input_config")
    first = written[0] if isinstance(written, list) and written else None
    listed = first if isinstance(first, list) else _options(error).get("options")
    return [str(one) for one in listed] if isinstance(listed, list) else []


def _options(error: InputError) -> Mapping[str, object]:
    written = error.about.get("input_config")
    options = written[1] if isinstance(written, list) and len(written) > 1 else {}
    return options if isinstance(options, dict) else {}


def run_failure(error: RunError, graph: Graph, server: str) -> EngineFault:
    """Why a run ended with an error."""
    words = short(error.exception_message) or error.exception_type or "it did not say why"
    if _MEMORY.search(f"{error.exception_type} {error.exception_message}"):
        return OutOfMemory(f"{server} ran out of memory while making the picture ({words}). Choose a smaller size.")
    at = f" in {error.node_type}" if error.node_type else ""
    about = next((path for path, spot in graph.read_back.items() if spot.node == error.node_id), "")
    if "Loader" in error.node_type:
        name = graph.asked.get(about, "")
        return EngineFault(f"{server} cannot load {about or 'a model'} {str(name)!r}{at}: {words}. Is the file whole?")
    return EngineFault(f"{server} failed while making the picture{at}: {words}.")


def path_of(graph: Graph, node: str, key: str) -> str:
    """The parameter whose value stands at an input of a node; "" when none does."""
    spots: Iterable[str] = (path for path, spot in graph.read_back.items() if (spot.node, spot.input) == (node, key))
    return next(iter(spots), "")


def short(text: str) -> str:
    """The first line of a server's words, without paths of its disk, 200 characters at most."""
    first = text.strip().splitlines()[0] if text.strip() else ""
    return _DISK_PATH.sub("…", _CONTROL.sub(" ", first))[:200].rstrip(". ")
