"""Server settings that our requests override: they must not outlive the request, for the server is not ours alone.

Forge gives back only settings that it has a value of its own for, so every one that we override is set to its present
value once. After the request it is read again, until it was seen to come back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from ...domain.base.errors import BackendError, Refused
from ..transport import Connection, error_text
from .discovery import API, read_options
from .model_needs import Body
from .server_facts import MODULES, base_names, plain_name

_log = logging.getLogger(__name__)
Options = Mapping[str, object]


class LentSettings:
    """The settings of one server that our requests override. Used by the thread that makes pictures."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._offered: set[str] = set()
        self._proven: set[str] = set()
        # Before and during our request, of what was not yet seen to come back.
        self._lent: dict[str, tuple[object, object]] = {}
        self._stuck: set[str] = set()

    def lend(self, overrides: Body, surveyed: Options, name: str, *, keeps: bool, is_idle: Callable[[], bool]) -> None:
        """Prepare for a request with these overrides. `keeps`: the server may keep them. Raises BackendError, and
        Refused for a setting that did not come back before.
        """
        for key in sorted(self._stuck & overrides.keys()):
            raise Refused(
                f"{name} keeps the setting {key} when it should hold for one picture only. Set it there to what you "
                "want, and restart the server."
            )
        # What equals the server's own value cannot outlive anything; what the user has chosen since comes back anyhow.
        new = {key for key in overrides.keys() - self._proven if not _same(key, surveyed.get(key), overrides[key])}
        if not new or not surveyed:
            return
        was_idle = is_idle()
        now = read_options(self._connection)
        # Where the user has chosen just what we ask for there is nothing to come back.
        new = {key for key in new if not _same(key, now.get(key), overrides[key])}
        for key in new:
            # While another job runs, the present value may be that job's own.
            before = self._lent[key][0] if key in self._lent else (now if was_idle else surveyed).get(key)
            if before is not None:
                self._lent[key] = (before, overrides[key])
        # Posting writes the whole file, with whatever a running job was lent, and takes from that job what it was lent.
        if keeps and was_idle and (unoffered := new - self._offered):
            self._offer({key: overrides[key] for key in unoffered}, now, is_idle)

    def take_back(self, is_idle: Callable[[], bool]) -> tuple[str, ...]:
        """After a request: set right what did not come back. Returns sentences for the user. Never raises."""
        try:
            # Read between two idle moments: else it may be what a picture of another program has lent meanwhile.
            if self._kept() and is_idle() and (kept := self._kept()) and is_idle():
                self._post({key: _typed(before, ours) for key, (before, ours) in kept.items()})
                self._stuck |= self._kept().keys()
        except BackendError as err:
            # The next request tries again.
            _log.warning("%s did not tell its settings: %s", self._connection.address.host, err)
        stuck = {key: self._lent.pop(key)[1] for key in sorted(self._stuck & self._lent.keys())}
        return tuple(f"The server kept the setting {key}, which is {ours!r} now." for key, ours in stuck.items())

    def _kept(self) -> dict[str, tuple[object, object]]:
        """What is still as our request had it: before, and then. All else came back or was chosen by the user."""
        if not self._lent:
            return {}
        now = read_options(self._connection)
        for key, (_before, ours) in tuple(self._lent.items()):
            if not _same(key, now.get(key), ours):
                self._proven.add(key)
                del self._lent[key]
        return dict(self._lent)

    def _offer(self, wanted: Body, now: Options, is_idle: Callable[[], bool]) -> None:
        """Set settings to the value they have: now the server knows them as its own."""
        own = {key: _typed(now[key], value) for key, value in sorted(wanted.items()) if now.get(key) is not None}
        if own.get(MODULES) == [] and is_idle():
            # An empty list is taken for no change and not noted, unless another one came before.
            self._post({MODULES: wanted[MODULES]})
        # Asked right before: what waits until the server is idle again costs less than the picture of somebody else.
        if own and is_idle():
            self._post(own)
            self._offered |= own.keys()

    def _post(self, settings: Body) -> None:
        answer = self._connection.post(API + "options", settings, timeout_s=self._connection.limits.options_s)
        if answer.status >= 400:
            host = self._connection.address.host
            _log.warning("%s would not take its own settings back (%s)", host, error_text(answer.body))


def _same(key: str, one: object, other: object) -> bool:
    if key == "sd_model_checkpoint":
        # Listed as a title, which has a hash once the checkpoint was used, and asked for by its file.
        return plain_name(str(one)) == plain_name(str(other))
    if isinstance(one, list) and isinstance(other, list):
        return base_names(one) == base_names(other)
    return one == other


def _typed(value: object, like: object) -> object:
    """A value read from the server in the type it is kept in: whole numbers are listed as 1.0."""
    whole = isinstance(value, float) and isinstance(like, int) and value.is_integer()
    return int(value) if whole and isinstance(value, float) else value
