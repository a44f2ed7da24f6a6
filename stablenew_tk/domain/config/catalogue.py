"""The catalogue of parameters, derived from the config structs: path, kind, range, unit, label.

A path is the way to a field: `txt2img.steps`, `checkpoint`, `adetailer.passes.0.denoise`. Beside these fixed entries
stand those of the workflow that a config uses, `workflow.Detailer.denoise`: what they take, the workflow tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from ..base.errors import InvalidInput
from .pipeline_config import PipelineConfig, blocks_of, stage_spec
from .workflow_use import WORKFLOW, WorkflowParameter, WorkflowUse, workflow_label

Value = str | int | float | bool
# "any": it belongs to a workflow that is not at hand, which alone tells what it takes.
Kind = Literal["int", "float", "bool", "str", "any"]

# The server works at most this many ADetailer passes unless its own setting was changed.
LISTED_PASSES = 2
# Python's whole numbers know no limit, but a float does, and most checks compare the two.
_BEYOND = 10**300


class Parameter(msgspec.Struct, frozen=True):
    """One adjustable value. `minimum`/`maximum`/`step` are set for numbers; `choices` names the backend's list
    (samplers, schedulers, checkpoints, vaes, upscalers, hires_upscalers, adetailer_models, styles), `options` are fixed
    words; `stand_in` is what 0 stands for, where the label does not say it.
    `telling` are values whose pictures differ to the eye, `rank` (from 1) says how plainly: 1 is asked about first.
    `rare` is one that few people change: forms fold it away.
    """

    path: str
    kind: Kind
    label: str
    default: Value
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    multiple_of: float | None = None
    sensible: tuple[float, float] | None = None
    unit: str = ""
    help: str = ""
    choices: str = ""
    options: tuple[str, ...] = ()
    stand_in: str = ""
    telling: tuple[Value, ...] = ()
    rank: int = 0
    rare: bool = False

    @property
    def group(self) -> str:
        """First part of the path: a stage or block (`hires`), or `general` for the top-level fields."""
        head, dot, _ = self.path.partition(".")
        return head if dot else "general"

    @property
    def is_of_workflow(self) -> bool:
        """Whether only a workflow has it."""
        return self.path.startswith(WORKFLOW)

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def title(self) -> str:
        """Label with its stage, for places where the stage is not in sight: "txt2img · Steps"."""
        if self.group == "general" or self.is_of_workflow:
            return self.label
        nth = self.path.split(".")[2] if ".passes." in self.path else ""
        return f"{self.group}{f' {int(nth) + 1}' if nth else ''} · {self.label}"

    @property
    def caption(self) -> str:
        """The label without the remark in brackets about its empty value."""
        return self.label.partition(" (")[0]

    @property
    def empty_means(self) -> str:
        """What 0 or an empty text stands for ("same" = as in the stage before); "" where it is a value like others."""
        return self.stand_in or self.label.partition(" = ")[2].removesuffix(")")

    def inherits(self, value: Value) -> bool:
        """Whether this value stands for another one: that of the stage before, or the server's own."""
        return value in (0, "") and bool(self.empty_means)


def _unwrap(annotation: Any) -> tuple[Any, msgspec.Meta]:
    if get_origin(annotation) is not None and hasattr(annotation, "__metadata__"):
        return annotation.__origin__, annotation.__metadata__[0]
    return annotation, msgspec.Meta()


def _walk(struct: Any, prefix: str) -> Iterator[Parameter]:
    hints = get_type_hints(type(struct), include_extras=True)
    for name in struct.__struct_fields__:
        base, meta = _unwrap(hints[name])
        value = getattr(struct, name)
        path = prefix + name
        if isinstance(value, WorkflowUse):
            continue  # its parameters are those of a file
        if isinstance(value, msgspec.Struct):
            yield from _walk(value, path + ".")
        elif isinstance(value, tuple):
            for index in range(LISTED_PASSES):
                yield from _walk(value[0], f"{path}.{index}.")
        else:
            yield _parameter(path, base, meta, value)


def _parameter(path: str, base: Any, meta: msgspec.Meta, value: Value) -> Parameter:
    extra = meta.extra or {}
    kinds: dict[type, Kind] = {bool: "bool", int: "int", float: "float", str: "str"}
    return Parameter(
        path=path,
        kind=kinds[type(value)],
        label=meta.title or path,
        default=value,
        minimum=meta.ge,
        maximum=meta.le,
        step=extra.get("step"),
        multiple_of=meta.multiple_of,
        sensible=extra.get("sensible"),
        unit=extra.get("unit", ""),
        help=extra.get("help", ""),
        choices=extra.get("choices", ""),
        telling=extra.get("telling", ()),
        rank=extra.get("rank", 0),
        rare=extra.get("rare", False),
        options=get_args(base) if get_origin(base) is Literal else (),
        stand_in=extra.get("empty_means", ""),
    )


@cache
def catalogue() -> dict[str, Parameter]:
    """All parameters by path, in the order of the config structs."""
    return {parameter.path: parameter for parameter in _walk(PipelineConfig(), "")}


def parameter(path: str) -> Parameter:
    """The catalogue entry for a path. Raises InvalidInput with the nearest names for an unknown one.

    Of a value of a workflow only the name is known here; `parameter_in` tells the rest.
    """
    found = catalogue().get(path)
    if found is not None:
        return found
    if is_of_workflow(path):
        return Parameter(path, "any", workflow_label(path), "")
    word = path.rpartition(".")[2]
    near = [known for known in catalogue() if word and word in known][:4]
    hint = f" Did you mean {', '.join(near)}?" if near else " Examples: txt2img.steps, txt2img.cfg_scale, checkpoint."
    raise InvalidInput(f"There is no parameter {path!r}.{hint}", path)


def is_of_workflow(path: str) -> bool:
    """Whether a path is written as those are that only a workflow has."""
    parts = path.split(".")
    return path.startswith(WORKFLOW) and len(parts) == 3 and all(parts)


def parameter_in(config: PipelineConfig, path: str) -> Parameter:
    """The entry for a path as it is in a config: that of its workflow, where the path names one of its values.

    Raises InvalidInput for one that neither the catalogue nor the workflow has.
    """
    spec, workflow = parameter(path), config.workflow
    if not spec.is_of_workflow:
        return spec
    if own := workflow.parameters.get(path):
        return _of_workflow(path, own)
    if not workflow:
        raise InvalidInput(f"{path} is a value of a workflow, and none is chosen. Name one: --workflow FILE.", path)
    word = path.rpartition(".")[2]
    near = [known for known in workflow.parameters if word in known][:4] or list(workflow.parameters)[:4]
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    raise InvalidInput(f"{path}: the workflow “{workflow.name}” has no such value.{hint}", path)


def _of_workflow(path: str, own: WorkflowParameter) -> Parameter:
    if own.kind not in ("int", "float"):
        return Parameter(path, own.kind, workflow_label(path), own.default, options=own.options)
    value, whole = float(own.default), own.kind == "int"
    # Sweeps and sliders need ends; without a server nobody tells them.
    low = own.minimum if own.minimum is not None else min(0.0, 10 * value)
    high = own.maximum if own.maximum is not None else max(1.0, 10 * value)
    step = own.step or (1 if whole else 0.05 if high - low <= 2 else 0.1)
    sensible = (low, high) if high - low <= 2 else (max(low, min(value / 2, value * 2)), min(high, max(value * 2, 1)))
    return Parameter(
        path,
        own.kind,
        workflow_label(path),
        own.default,
        minimum=low,
        maximum=high,
        step=max(1, round(step)) if whole else step,
        sensible=(float(round(sensible[0])), float(round(sensible[1]))) if whole else sensible,
    )


def range_of(path: str) -> tuple[float, float]:
    """The least and the greatest value of a parameter. Raises InvalidInput for one that is no number."""
    spec = parameter(path)
    if spec.minimum is None or spec.maximum is None:
        raise InvalidInput(f"{path} has no range.", path)
    return spec.minimum, spec.maximum


def parse_value(path: str, text: str) -> Value:
    """Turn what a person typed into a checked value of the right kind. Raises InvalidInput naming the path."""
    return parsed_value(parameter(path), text)


def parsed_value(spec: Parameter, text: str) -> Value:
    """The same for an entry at hand."""
    path, stripped = spec.path, text.strip()
    if spec.kind == "any":
        return _guessed(stripped)
    if spec.kind == "bool":
        words = {
            "true": True,
            "on": True,
            "yes": True,
            "1": True,
            "false": False,
            "off": False,
            "no": False,
            "0": False,
        }
        if stripped.lower() not in words:
            raise InvalidInput(f"{path}: {text!r} is neither on nor off.", path)
        return words[stripped.lower()]
    if spec.kind == "str":
        return checked_value(spec, stripped)
    try:
        number: int | float = int(stripped) if spec.kind == "int" else float(stripped)
    except ValueError:
        kind = "a whole number" if spec.kind == "int" else "a number"
        raise InvalidInput(f"{path}: {text!r} is not {kind}.", path) from None
    return checked_value(spec, number)


def _guessed(text: str) -> Value:
    """What a text most likely is, for a value of which nothing but the name is known."""
    if text.lower() in ("true", "on", "yes", "false", "off", "no"):
        return text.lower() in ("true", "on", "yes")
    if re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    return float(text) if re.fullmatch(r"[+-]?(\d{1,18}\.\d{0,18}|\.\d{1,18})", text) else text


def check_value(path: str, value: Value) -> Value:
    """The value itself when it fits the parameter's kind, range and options; else InvalidInput naming the path."""
    return checked_value(parameter(path), value)


def checked_value(spec: Parameter, value: Value) -> Value:
    """The same for an entry at hand."""
    path = spec.path
    if spec.kind in ("int", "float"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InvalidInput(f"{path}: {value!r} is not a number.", path)
        if isinstance(value, int) and abs(value) > _BEYOND:
            raise InvalidInput(f"{path}: a number as large as this is outside any range.", path)
        _check_range(spec, value)
        if spec.kind == "int" and value != int(value):
            raise InvalidInput(f"{path}: {value:g} is not a whole number.", path)
        return int(value) if spec.kind == "int" else float(value)
    if spec.kind == "bool" and not isinstance(value, bool):
        raise InvalidInput(f"{path}: {value!r} is neither on nor off.", path)
    if spec.kind == "str" and not isinstance(value, str):
        raise InvalidInput(f"{path}: {value!r} is not text.", path)
    if spec.options and value not in spec.options:
        raise InvalidInput(f"{path}: {value!r} is not one of {', '.join(spec.options)}.", path)
    return value


def _check_range(spec: Parameter, value: float) -> None:
    low, high = spec.minimum, spec.maximum
    # "not (low <= value)" and not "value < low": NaN must fail too.
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        unit = f" {spec.unit}" if spec.unit else ""
        raise InvalidInput(f"{spec.path}: {value:g} is outside {low:g} to {high:g}{unit}.", spec.path)
    if spec.multiple_of and value % spec.multiple_of:
        near = round(value / spec.multiple_of) * spec.multiple_of
        raise InvalidInput(
            f"{spec.path}: {value:g} is not a multiple of {spec.multiple_of:g} (try {near:g}).", spec.path
        )


def get_value(config: PipelineConfig, path: str) -> Value:
    """Value of one parameter in a config. A pass that the config does not have reads as the default."""
    if path.startswith(WORKFLOW):
        known = config.workflow.values
        return known[path] if path in known else parameter_in(config, path).default
    spec = parameter(path)
    node: Any = config
    for part in path.split("."):
        if isinstance(node, tuple):
            if int(part) >= len(node):
                return spec.default
            node = node[int(part)]
        else:
            node = getattr(node, part)
    return node  # type: ignore[no-any-return]  # the catalogue holds leaves only


def with_values(config: PipelineConfig, values: dict[str, Value]) -> PipelineConfig:
    """A copy of the config with the given parameters set, each checked. Raises InvalidInput for the first bad one."""
    for path, value in values.items():
        checked = checked_value(parameter_in(config, path), value)
        if path.startswith(WORKFLOW):
            config = msgspec.structs.replace(config, workflow=config.workflow.with_value(path, checked))
        else:
            config = _replaced(config, path.split("."), checked)
    return config


def with_workflow(config: PipelineConfig, workflow: WorkflowUse) -> PipelineConfig:
    """The config of a picture that a workflow makes: what the workflow has a place for begins with its own values."""
    return with_values(msgspec.structs.replace(config, workflow=workflow), dict(workflow.found))


def without_place(config: PipelineConfig) -> tuple[str, ...]:
    """The parameters that are set to something else than usual although the config's workflow has no place for them."""
    if not config.workflow:
        return ()
    usual, now = flat(PipelineConfig()), flat(config)
    return tuple(path for path, value in now.items() if not config.workflow.has(path) and value != usual.get(path))


def _replaced(node: Any, parts: list[str], value: Value) -> Any:
    if not parts:
        return value
    head, rest = parts[0], parts[1:]
    if isinstance(node, tuple):
        index = int(head)
        padded = node + tuple(type(node[0])() for _ in range(index + 1 - len(node)))
        return (*padded[:index], _replaced(padded[index], rest, value), *padded[index + 1 :])
    return msgspec.structs.replace(node, **{head: _replaced(getattr(node, head), rest, value)})


def stage_values(config: PipelineConfig, stage: str) -> dict[str, Value]:
    """The values with which a stage runs, those of its switched-on parts and of all passes included, by path.

    Switches and parameters without effect are left out.
    """
    unused = stage_spec(stage).unused(config)
    found = (leaf for block in blocks_of(config, stage) for leaf in _leaves(getattr(config, block), block))
    return {path: value for path, value in found if not path.endswith(".enabled") and path not in unused}


def in_force(config: PipelineConfig, path: str) -> Value:
    """Value of a parameter, or that of the first pass which it stands for. It stays 0 or empty where what it stands for
    is known only to the engine or the job.
    """
    spec, value = parameter(path), get_value(config, path)
    first = "checkpoint" if spec.name == "checkpoint" else f"txt2img.{spec.name}"
    return get_value(config, first) if spec.inherits(value) and first in catalogue() else value


def with_first_pass(values: Mapping[str, Value], config: PipelineConfig) -> dict[str, Value]:
    """Values in which those of hires fix that stand for the first pass are replaced by what they stand for.

    What stands for something that is not known here is left out: the loaded checkpoint, the texts of the job, a
    setting of the server.
    """
    replaced = {path: in_force(config, path) if path.startswith("hires.") else value for path, value in values.items()}
    told = ("hires.", "clip_skip", "text_encoders", "txt2img.guidance", "txt2img.shift")
    return {
        path: value
        for path, value in replaced.items()
        if not (path.startswith(told) and value in (0, "") and catalogue()[path].inherits(value))
    }


def _leaves(node: Any, path: str) -> Iterator[tuple[str, Value]]:
    if isinstance(node, msgspec.Struct):
        for name in node.__struct_fields__:
            yield from _leaves(getattr(node, name), f"{path}.{name}")
    elif isinstance(node, tuple):
        for nth, one in enumerate(node):
            yield from _leaves(one, f"{path}.{nth}")
    else:
        yield path, node


def flat(config: PipelineConfig) -> dict[str, Value]:
    """All catalogue values of a config by path, and those that are set in its workflow."""
    return {path: get_value(config, path) for path in catalogue()} | dict(config.workflow.values)
