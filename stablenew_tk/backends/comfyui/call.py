"""State of one running `generate` on ComfyUI: which job is ours, how far it is, and what the socket told of it."""

from __future__ import annotations

import time
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from ..base import StageProgress
from ..decoding import json_as
from .graphs import Graph
from .listener import Frame, read_preview
from .server import Outputs, Queue

_PICTURE_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")


class _Message(Struct):
    type: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _NodeState(Struct):
    value: float = 0.0
    max: float = 1.0


class _SocketWords(Struct):
    """The parts of all messages that are used."""

    prompt_id: str = ""
    node: str | None = None
    nodes: dict[str, _NodeState] | list[str] = {}
    value: float = 0.0
    max: float = 0.0
    output: Outputs | None = None


class RunningCall:
    """One running `generate`, written by its own thread and read by others. Only single assignments, so no lock."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.stop_asked = False
        self.pressed_at = self.first_pressed_at = 0.0
        self.presses = 0
        self.waited_s = 0.0
        self.attempts = 1
        self.was_freed = False  # the server's memory, after a first try that had not enough of it
        self.begin("", None, 0)
        self.is_out = False

    def begin(self, prompt_id: str, graph: Graph | None, nth: int) -> None:
        """Note that the picture number `nth` is asked for as `prompt_id`."""
        self.prompt_id, self.nth = prompt_id, nth
        self._weights = _weights(graph) if graph else {}
        self._kinds = {name: str(node["class_type"]) for name, node in graph.prompt.items()} if graph else {}
        self._output_nodes = graph.outputs if graph else ()
        # `may_live`: the server may have the job, waiting or running.
        self.is_running, self.has_ended, self.may_live = False, False, False
        self.is_cancelled = False  # the server was told and has answered
        self.before = 0
        self.outputs: dict[str, Outputs] = {}
        self._states: Mapping[str, _NodeState] = {}
        self._cached: frozenset[str] = frozenset()
        self._node = ""
        self._preview = b""
        self._fraction = 0.0
        self.posted_at = self.begun_at = self.heard_at = time.monotonic()
        self.is_out = True

    def hear(self, frame: Frame) -> None:
        """Take in what the socket says. Messages about other jobs, and unreadable ones, change nothing."""
        if not frame.is_text:
            preview = read_preview(frame.data)
            is_ours = preview is not None and preview.prompt_id in ("", self.prompt_id)
            if preview and is_ours and self.is_running and preview.image.startswith(_PICTURE_STARTS):
                self._preview = preview.image
            return
        try:
            message = json_as(frame.data, _Message)
            told = json_as(bytes(message.data), _SocketWords)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return
        if told.prompt_id == self.prompt_id and self.is_out:
            self._fold(message.type, told)

    def _fold(self, kind: str, told: _SocketWords) -> None:
        if kind == "execution_cached" and isinstance(told.nodes, list):
            self._cached = frozenset(told.nodes)
        elif kind == "progress_state" and isinstance(told.nodes, dict):
            self._states = told.nodes
        elif kind == "progress" and told.node:
            self._states = {**self._states, told.node: _NodeState(told.value, told.max)}
        elif kind == "executed" and told.node in self._output_nodes and told.output:
            self.outputs[told.node] = told.output
        elif kind == "executing" and told.node:
            self._node = told.node
        elif kind == "executing" or kind in ("execution_error", "execution_interrupted"):
            # Sent after the history has the job; execution_success comes too early to look there.
            self.has_ended = kind == "executing"
        if not self.has_ended:
            self.runs()

    def runs(self) -> None:
        """Note that our job is the running one."""
        if not self.is_running:
            self.begun_at = time.monotonic()
        self.before, self.is_running = 0, True

    def place(self, queue: Queue) -> None:
        """Take in where our job stands in the queue."""
        self.heard_at = time.monotonic()
        if queue.runs(self.prompt_id):
            self.runs()
        else:
            self.before = queue.before(self.prompt_id)

    def shown(self) -> StageProgress:
        """How far the stage is."""
        if not self.is_running and self.before:
            return StageProgress(fraction=self.nth / self.count, state="waiting behind another job")
        self._fraction = max(self._fraction, self._part())
        state = self._states.get(self._node, _NodeState())
        kind = self._kinds.get(self._node, "")
        words = "stopping" if self.stop_asked else "loading checkpoint" if "Loader" in kind else ""
        return StageProgress(
            fraction=(self.nth + self._fraction) / self.count,
            step=int(state.value) if state.max > 1 else 0,
            steps=int(state.max) if state.max > 1 else 0,
            preview=self._preview,
            state=words,
        )

    def _part(self) -> float:
        weights = {name: weight for name, weight in self._weights.items() if name not in self._cached}
        done = sum(
            weights.get(name, 0.0) * min(1.0, state.value / state.max)
            for name, state in self._states.items()
            if state.max > 0
        )
        return min(1.0, done / (sum(weights.values()) or 1.0))


def _weights(graph: Graph) -> dict[str, float]:
    """How long each node takes beside the others: a sampler as many as it has steps."""
    weights: dict[str, float] = {}
    for name, node in graph.prompt.items():
        inputs = node["inputs"]
        steps = inputs.get("steps") if isinstance(inputs, dict) else None
        weights[name] = float(steps) if isinstance(steps, (int, float)) and steps > 0 else 1.0
    return weights
