"""Reads the settings of a plan file, and checks that the backend has the samplers, checkpoints etc. that a plan names.

Settings may be nested like the config, or flat by their path ("txt2img.steps": 30). Missing settings get the default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches

import msgspec

from ..base.errors import InvalidInput
from ..config.catalogue import Value, catalogue, check_value
from ..config.pipeline_config import ADetailerPass, PipelineConfig, blocks_of
from ..config.styles import style_names
from ..config.sweep import LORA, LORA_FILE, lora_file, not_offered
from ..config.workflow_use import WorkflowUse
from ..runs.plan import LearningPlan

_FIELD = "base_config"
_PASSES = "adetailer.passes"
_MOST_PASSES = 4
_LARGEST = 10**12
Offered = Callable[[str], Sequence[str]]


def read_settings(written: object) -> dict[str, Value]:
    """The settings by catalogue path, checked, in the order of the file. Raises InvalidInput naming the field."""
    found: dict[str, Value] = {}
    for path, value in _leaves(_without_workflow(written), ""):
        field = f"{_FIELD}.{path}"
        if path in found:
            raise InvalidInput(f"{field}: this setting is given twice. Keep one.", field)
        found[path] = _checked(path, value, field)
    return found


def read_use(written: object) -> WorkflowUse:
    """The workflow that the settings name, none for most. Raises InvalidInput naming the field."""
    named = written.get("workflow") if isinstance(written, dict) else None
    try:
        return msgspec.convert(named or {}, WorkflowUse)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{_FIELD}.workflow: {str(error)[:200]}. Make the plan anew.", _FIELD) from error


def _without_workflow(written: object) -> object:
    return {name: one for name, one in written.items() if name != "workflow"} if isinstance(written, dict) else written


def config_of(settings: Mapping[str, Value]) -> PipelineConfig:
    """The default config with these settings, which `read_settings` has checked."""
    tree = msgspec.to_builtins(PipelineConfig())
    passes = 1 + max((int(path.split(".")[2]) for path in settings if path.startswith(f"{_PASSES}.")), default=0)
    tree["adetailer"]["passes"] = [msgspec.to_builtins(ADetailerPass()) for _ in range(passes)]
    for path, value in settings.items():
        *way, last = path.split(".")
        node = tree
        for part in way:
            node = node[int(part)] if isinstance(node, list) else node[part]
        node[last] = value
    try:
        return msgspec.convert(tree, PipelineConfig)
    except msgspec.ValidationError as error:
        # Only the length of a text can still be invalid here.
        place = re.search(r"`\$\.(\S+)`", str(error))
        field = re.sub(r"\[(\d)\]", r".\1", f"{_FIELD}.{place[1]}") if place else _FIELD
        raise InvalidInput(f"{field}: the text is too long.", field) from error


def check_offered(plan: LearningPlan, offered: Offered) -> None:
    """Raise InvalidInput for a name in the plan that the backend does not have.

    `offered` gives the backend's names for samplers, checkpoints and so on; an empty list means that they are not
    known. Only stages that are switched on are looked at.
    """
    path = plan.focus_parameter
    if path.startswith(LORA):
        _must_have(path, path.removeprefix(LORA), "loras", offered)
    elif choices := plan.subject.choices:
        for value in plan.variant_values:
            parts = style_names(str(value), offered(choices)) if choices == "styles" else (str(value),)
            parts = tuple(filter(None, (lora_file(value)[0],))) if path == LORA_FILE else parts
            for name in parts:
                _must_have(path, name, choices, offered)
    if styles := plan.base_config.styles:
        for style in style_names(styles, offered("styles")):
            _must_have("styles", style, "styles", offered)
    for name, value, choices in _names_in_use(plan.base_config):
        if name != path:
            _must_have(name, value, choices, offered)


def near_names(word: str, known: Sequence[str]) -> str:
    """ " Did you mean …?" with the nearest names, or nothing."""
    last = word.rpartition(".")[2]
    near = get_close_matches(word, known, 3) or [one for one in known if last and last in one][:3]
    return f" Did you mean {', '.join(near)}?" if near else ""


def kind_of(value: object) -> str:
    """The type of a JSON value as a word for error messages."""
    if isinstance(value, bool):
        return "true" if value else "false"
    words: dict[type, str] = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return words.get(type(value), "nothing")


def shortened(text: str) -> str:
    """Text from a file, cut to fit into an error message."""
    return text if len(text) <= 60 else f"{text[:57]}..."


def _leaves(node: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield path and value of every setting below a path. Raises InvalidInput for what is not a setting."""
    listed = _listed(path)
    if listed in catalogue():
        yield path, node
    elif path and not any(known.startswith(f"{listed}.") for known in catalogue()):
        raise _no_setting(path)
    elif isinstance(node, dict):
        for name, value in node.items():
            if value is not None:
                yield from _leaves(value, f"{path}.{name}" if path else name)
    elif path == _PASSES and isinstance(node, (list, tuple)):
        for nth, one in enumerate(node):
            yield from _leaves(one, f"{path}.{nth}")
    else:
        field = f"{_FIELD}.{path}" if path else _FIELD
        raise InvalidInput(f"{field}: an object with settings is needed, not {kind_of(node)}.", field)


def _listed(path: str) -> str:
    """The path under which the catalogue describes a setting: it lists fewer passes than a config may have."""
    return re.sub(rf"^{re.escape(_PASSES)}\.[0-{_MOST_PASSES - 1}](?=\.|$)", f"{_PASSES}.0", path)


def _no_setting(path: str) -> InvalidInput:
    field = f"{_FIELD}.{shortened(path)}"
    above, _, word = path.rpartition(".")
    if re.match(rf"{re.escape(_PASSES)}\.\d+(\.|$)", path) and _listed(path) == path:
        return InvalidInput(f"{field}: {_MOST_PASSES} passes are the most.", field)
    prefix = f"{_listed(above)}." if above else ""
    inside = [known.removeprefix(prefix) for known in catalogue() if known.startswith(prefix)]
    beside = list(dict.fromkeys(known.partition(".")[0] for known in inside))
    # The path may be misspelled, or lack its stage; both are suggested.
    named = [known for known in catalogue() if known.endswith(f".{word}")]
    near = f" Did you mean {', '.join(named[:3])}?" if named else near_names(word, beside)
    return InvalidInput(f"{field}: there is no such setting.{near}", field)


def _checked(path: str, value: object, field: str) -> Value:
    listed = _listed(path)
    if not isinstance(value, (str, int, float)):
        raise InvalidInput(f"{field}: a single value is needed, not {kind_of(value)}.", field)
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise InvalidInput(f"{field}: a number that large is outside every range.", field)
    try:
        return check_value(listed, value)
    except InvalidInput as error:
        reason = str(error).removeprefix(f"{listed}: ")
        raise InvalidInput(f"{field}: {reason if len(reason) < 300 else 'this text cannot be used.'}", field) from error


def _names_in_use(config: PipelineConfig) -> Iterator[tuple[str, str, str]]:
    blocks = {"checkpoint", "vae", *(block for stage in config.stages() for block in blocks_of(config, stage))}
    for path, value in _leaves(_without_workflow(msgspec.to_builtins(config)), ""):
        choices = catalogue()[_listed(path)].choices
        if config.workflow and not config.workflow.has(path):
            continue  # it makes no difference
        if choices and path.partition(".")[0] in blocks:
            yield path, str(value), choices


def _must_have(path: str, name: str, choices: str, offered: Offered) -> None:
    known = offered(choices)
    # These leave the choice to the backend, whether or not it lists them.
    own_choice = name == "" or (choices in ("vaes", "schedulers") and name == "Automatic")
    if not known or own_choice or name in known:
        return
    if _spelled(name, choices, known) not in {_spelled(one, choices, known) for one in known}:
        sentence = not_offered(_listed(path), name, known)
        raise InvalidInput(f"{path}{sentence.removeprefix(_listed(path))}", path)


def _spelled(name: str, choices: str, known: Sequence[str]) -> str:
    """A name in the form used for comparison: checkpoints without folder, file ending and hash."""
    if choices == "checkpoints":
        stem = re.sub(r" \[[0-9a-f]{6,64}\]$", "", name).replace("\\", "/").rpartition("/")[2]
        return re.sub(r"\.(safetensors|ckpt|gguf|sft|pth?)$", "", stem)
    if choices in ("samplers", "schedulers") and not {"Euler a", "Automatic"} & set(known):
        # Servers that only imitate the API spell these their own way (euler_a) and do not insist on it.
        return re.sub(r"[^a-z0-9+]", "", name.casefold())
    return name
