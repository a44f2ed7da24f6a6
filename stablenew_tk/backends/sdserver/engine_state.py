"""The states of the app's own engine, as plain values: stopped, starting, ready, restarting, died."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Phase = Literal["stopped", "starting", "ready", "restarting", "died"]


class EngineState(Struct, frozen=True, kw_only=True):
    """What the engine does now. `model` is the name of the checkpoint it was started with, "" while it is stopped.

    `words` says why it died, "" in every other state.
    """

    phase: Phase = "stopped"
    model: str = ""
    words: str = ""

    @property
    def is_starting(self) -> bool:
        """Whether a process was started that has not answered yet."""
        return self.phase in ("starting", "restarting")

    @property
    def in_words(self) -> str:
        """What the user waits for, "" when for nothing."""
        return {"starting": "starting sd-server", "restarting": "restarting sd-server"}.get(self.phase, "")

    def serves(self, model: str) -> bool:
        """Whether it can make pictures with this checkpoint as it is."""
        return self.phase == "ready" and self.model == model

    def started(self, model: str) -> EngineState:
        """A process was started with this checkpoint; one that ran before was ended for it."""
        again = self.phase in ("ready", "restarting")
        return EngineState(phase="restarting" if again else "starting", model=model)

    def answered(self) -> EngineState:
        """The process answers. Only one that was being started can become ready."""
        return EngineState(phase="ready", model=self.model) if self.is_starting else self

    def died(self, words: str) -> EngineState:
        """The process ended by itself, or something ended it that was not us."""
        return self if self.phase == "stopped" else EngineState(phase="died", model=self.model, words=words)

    def stopped(self) -> EngineState:
        """We ended it."""
        return EngineState()
