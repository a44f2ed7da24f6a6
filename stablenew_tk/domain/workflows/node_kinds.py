"""What the node classes of a ComfyUI server take, read from its answer to `/object_info`.

Servers differ by version and by what is installed, so everything unexpected in an answer is passed over: a class or an
input that cannot be read counts as not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

# New servers write a choice as ["COMBO", {"options": [...]}], old ones and most classes as [[...], {...}].
COMBO, DYNAMIC = "COMBO", "COMFY_DYNAMICCOMBO_V3"
# The inputs whose values a person writes into the node itself; all others only take links.
WRITTEN = ("INT", "FLOAT", "STRING", "BOOLEAN", COMBO, DYNAMIC)


class InputKind(Struct, frozen=True):
    """One input of a node class. `kind` is the server's type ("INT", "MODEL", "COMBO").

    `choices` are the values it takes, () for anything but a choice; `low` and `high` the range of a number, `step` its
    natural step. `is_socket`: it takes a link only, although values of its type can be written; `steered`: the screen
    keeps a word behind it that says what becomes of the value. `nested` has the inputs that come with each choice.
    """

    kind: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    default: str | int | float | bool | None = None
    required: bool = True
    step: float | None = None
    is_socket: bool = False
    steered: bool = False
    nested: Mapping[str, Mapping[str, InputKind]] = {}

    def takes(self, value: float) -> bool:
        """Whether a number is in its range; true when the range is not known."""
        return self.low is None or self.high is None or self.low <= value <= self.high

    @property
    def is_written(self) -> bool:
        """Whether a value may stand in the node itself."""
        return self.kind in WRITTEN and not self.is_socket


class NodeKinds(Struct, frozen=True):
    """The node classes of one server: `inputs` of each by name, in its order, and the classes that are `ends`: they
    save or show something. `server` is what sentences call it.
    """

    inputs: Mapping[str, Mapping[str, InputKind]] = {}
    ends: frozenset[str] = frozenset()
    server: str = "the ComfyUI server"

    def __bool__(self) -> bool:
        return bool(self.inputs)


def read_kinds(object_info: object, server: str = "the ComfyUI server") -> NodeKinds:
    """Read the decoded JSON of `/object_info`. Never raises: what cannot be read is left out."""
    found = {kind: about for kind, about in _items(object_info) if isinstance(about, Mapping)}
    ends = frozenset(kind for kind, about in found.items() if about.get("output_node") is True)
    return NodeKinds({kind: _inputs(about.get("input")) for kind, about in found.items()}, ends, server)


def _inputs(written: object) -> dict[str, InputKind]:
    if not isinstance(written, Mapping):
        return {}
    return {
        name: one
        for part in ("required", "optional")
        for name, about in _items(written.get(part))
        if (one := _input(about, required=part == "required"))
    }


def _input(written: object, *, required: bool) -> InputKind | None:
    if not isinstance(written, Sequence) or isinstance(written, str) or not written:
        return None
    kind = written[0]
    options = written[1] if len(written) > 1 and isinstance(written[1], Mapping) else {}
    default = _plain(options.get("default"))
    steered = bool(options.get("control_after_generate"))
    if isinstance(kind, (list, tuple)):
        return InputKind(COMBO, _texts(kind), default=default, required=required, steered=steered)
    if not isinstance(kind, str):
        return None
    nested: dict[str, Mapping[str, InputKind]] = {}
    if kind == DYNAMIC:
        for one in _list(options.get("options")):
            if isinstance(one, Mapping) and isinstance(one.get("key"), str):
                nested[one["key"]] = _inputs(one.get("inputs"))
    return InputKind(
        kind,
        tuple(nested) or (_texts(options.get("options")) if kind == COMBO else ()),
        number(options.get("min")),
        number(options.get("max")),
        default,
        required,
        number(options.get("step")),
        options.get("forceInput") is True,
        steered,
        nested,
    )


def _items(found: object) -> Iterable[tuple[str, object]]:
    if isinstance(found, Mapping):
        yield from ((key, value) for key, value in found.items() if isinstance(key, str))


def _list(found: object) -> Sequence[object]:
    return found if isinstance(found, (list, tuple)) else ()


def _texts(found: object) -> tuple[str, ...]:
    return tuple(one for one in _list(found) if isinstance(one, str))


def number(found: object) -> float | None:
    """A number that is no switch; None for anything else."""
    return found if isinstance(found, (int, float)) and not isinstance(found, bool) else None


def _plain(found: object) -> str | int | float | bool | None:
    return found if isinstance(found, (str, int, float)) else None
