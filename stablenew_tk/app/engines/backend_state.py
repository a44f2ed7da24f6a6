"""What is known about the backend in force: whether it answers, and if not, why."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import singledispatchmethod

from ...domain.base.errors import NotReady, Unreachable
from ...domain.config.engines import SD_SERVER
from ...domain.config.user_settings import Settings, without_login
from ...pipeline.messages.base import Event
from ...pipeline.messages.jobs import BackendChecked, ImageSaved, NodeWaiting, StageProgressed, backend_order

_MAY_CHANGE = (Unreachable.brief, NotReady.brief)
_WORTH_SAYING_S = 10
OWN_NAMES = {"sketch": "Sketch", SD_SERVER: "sd-server"}


class BackendState:
    """Folded from the events of the threads. Main thread.

    `brief` says in a few words what is the matter ("no answer"), `problem` in a sentence with what to do; both are ""
    while nothing is. `asked`: nobody has answered yet since it was chosen. `clock` gives seconds that only count up.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._since_s = clock, 0.0
        self._choose(settings)

    def follow(self, settings: Settings) -> bool:
        """True when another backend is in force: nothing that was known of the one before holds for it."""
        moved = backend_order(settings) != self._order
        if moved:
            self._choose(settings)
        return moved

    def _choose(self, settings: Settings) -> None:
        self._order = backend_order(settings)
        self.address, self.brief, self.problem, self.asked = settings.backend, "", "", True

    @property
    def place(self) -> str:
        """Where it is, in words: "tower:7860", "Sketch"."""
        plain = without_login(self.address).removeprefix("http://").removeprefix("https://")
        return OWN_NAMES.get(self.address, plain.rpartition("@")[2])

    @property
    def why_not(self) -> str:
        """Why nothing can be made just now: "tower:7860: no answer"; "" when nothing is known against it."""
        return f"{self.place}: {self.brief}" if self.brief else ""

    @property
    def lasting(self) -> str:
        """The same with how long it has lasted, where that is worth saying: "tower:7860: no answer for 40 s"."""
        for_s = int(self._clock() - self._since_s)
        if self.brief not in _MAY_CHANGE or for_s < _WORTH_SAYING_S:
            return self.why_not
        # In tens of seconds: news come about so often.
        length = f"{for_s // 10 * 10} s" if for_s < 90 else f"{round(for_s / 60)} min"
        return f"{self.why_not} for {length if for_s < 5400 else f'{round(for_s / 3600)} h'}"

    def _trouble(self, brief: str, problem: str) -> None:
        if brief and brief != self.brief:
            self._since_s = self._clock()
        self.brief, self.problem = brief, problem

    @property
    def may_come_back(self) -> bool:
        """Whether it is worth asking again by itself: an engine of the app's own is started by that."""
        # Asked again and again, a server that wants a login may lock the account.
        return self.brief in _MAY_CHANGE and self.address not in OWN_NAMES

    @singledispatchmethod
    def fold(self, event: Event) -> None:
        """Take an event in; most tell nothing about the backend."""

    @fold.register
    def _(self, event: BackendChecked) -> None:
        if event.is_of(self._order):
            self.asked = False
            fine = event.capabilities is not None
            self._trouble("" if fine else event.brief or Unreachable.brief, "" if fine else event.problem)

    @fold.register
    def _(self, event: NodeWaiting) -> None:
        self.asked = False
        self._trouble(event.brief, event.message)

    @fold.register
    def _(self, event: StageProgressed) -> None:
        if event.progress.step:
            self.brief = self.problem = ""

    @fold.register
    def _(self, _event: ImageSaved) -> None:
        self.brief = self.problem = ""
