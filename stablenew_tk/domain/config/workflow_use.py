"""Which workflow of ComfyUI a picture is made by, as it stands in configs, plans and records, and what is set in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

# What the path of a value begins with that only a workflow has: "workflow.Detailer.denoise".
WORKFLOW = "workflow."
# Twelve were those of another hash, which other ids of the same nodes changed.
_DIGITS = 16
_Value = str | int | float | bool


def workflow_label(path: str) -> str:
    """What a value of a workflow is called, with its workflow at hand and without: "Film grain · amount"."""
    _, node, name = path.split(".")
    return f"{node.replace('_', ' ')} · {name.replace('_', ' ')}"


class WorkflowParameter(Struct, frozen=True, omit_defaults=True):
    """What one input of a node takes: `default` is what the workflow itself says, `options` are all that a choice has.

    `minimum`, `maximum` and `step` are set for numbers whose range is known. `minor`: it rarely matters.
    """

    kind: Literal["int", "float", "bool", "str"]
    label: str
    default: _Value
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    options: tuple[str, ...] = ()
    minor: bool = False


class WorkflowUse(Struct, frozen=True, omit_defaults=True, gc=False):
    """A workflow that is used; without a `file` none is. `digest` is the SHA-256 of its text, `structure`
    that of what stays in it whatever is set ("" in lines of older versions).

    `found` has the built-in parameters that the workflow has a place for, with its own values; what differs from them
    in a config is changed in the workflow. `values` are those that were set beyond, by path ("workflow.Detailer.
    denoise"), and `parameters` what they take. Both hold what is named only, once jobs are made of them. `lacks` are
    those of "prompt", "negative" and "seed" that it has no place for, as far as that matters for what is to be made.
    """

    file: str = ""
    digest: str = ""
    structure: str = ""
    found: Mapping[str, _Value] = {}
    values: Mapping[str, _Value] = {}
    parameters: Mapping[str, WorkflowParameter] = {}
    lacks: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.file)

    def __hash__(self) -> int:
        # The other fields are no values that a set could hold; configs are.
        return hash((self.file, self.digest, *self.values.items()))

    @property
    def name(self) -> str:
        """What to call it: its file without folder and ending."""
        last = self.file.replace("\\", "/").rpartition("/")[2]
        return last.rpartition(".")[0] or last

    @property
    def known_as(self) -> str:
        """What was learned in it is bound to: its name, its structure behind as servers write a hash."""
        return f"{self.name} [{self.structure[:_DIGITS]}]" if self.structure else self.name

    def has(self, path: str) -> bool:
        """Whether the workflow has a place for a parameter."""
        return path in self.found or path in self.parameters

    def with_value(self, path: str, value: _Value) -> WorkflowUse:
        """A copy with one value set."""
        return replace(self, values={**self.values, path: value})

    def with_named_only(self, keep: Collection[str] = ()) -> WorkflowUse:
        """A copy that tells only of the values that are set, and of those to `keep`: what records need."""
        wanted = {*self.values, *keep}
        known = {path: one for path, one in self.parameters.items() if path in wanted}
        return replace(self, parameters=known, lacks=())


NO_WORKFLOW = WorkflowUse()
