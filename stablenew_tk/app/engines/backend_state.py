"""What is known about the backend in force: whether it answers, and if not, why."""

from __future__ import annotations

from functools import singledispatchmethod

from ...domain.base.errors import NotReady, Unreachable
from ...domain.config.engines import SD_SERVER
from ...domain.config.user_settings import Settings, without_login
from ...pipeline.messages.base import Event
from ...pipeline.messages.jobs import BackendChecked, ImageSaved, NodeWaiting, StageProgressed, backend_order

OWN_NAMES = {"sketch": "Sketch", SD_SERVER: "sd-server"}


class BackendState:
    """Folded from the events of the threads. Main thread.

    `brief` says in a few words what is the matter ("no answer"), `problem` in a sentence with what to do; both are ""
    while nothing is. `asked`: nobody has answered yet since it was chosen.
    """

    def __init__(self, settings: Settings) -> None:
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
    def may_come_back(self) -> bool:
        """Whether it is worth asking again by itself: an engine of the app's own is started by that."""
        # Asked again and again, a server that wants a login may lock the account.
        return self.brief in (Unreachable.brief, NotReady.brief) and self.address not in OWN_NAMES

    @singledispatchmethod
    def fold(self, event: Event) -> None:
        """Take an event in; most tell nothing about the backend."""

    @fold.register
    def _(self, event: BackendChecked) -> None:
        if event.is_of(self._order):
            self.asked = False
            self.brief = "" if event.capabilities is not None else event.brief or Unreachable.brief
            self.problem = "" if event.capabilities is not None else event.problem

    @fold.register
    def _(self, event: NodeWaiting) -> None:
        self.asked, self.brief, self.problem = False, event.brief, event.message

    @fold.register
    def _(self, event: StageProgressed) -> None:
        if event.progress.step:
            self.brief = self.problem = ""

    @fold.register
    def _(self, _event: ImageSaved) -> None:
        self.brief = self.problem = ""
