"""`Remote`: whatever answers at an address. It asks once what that is, and hands everything on to the right backend."""

from __future__ import annotations

from ...domain.base.errors import AnswerLost, NotReady, Unreachable
from ..base import Backend, Capabilities, StageOrder, StageProgress, StageResult
from ..comfyui.backend import ComfyUI
from ..comfyui.server import is_comfyui
from ..transport import Connection, Limits, parse_address
from ..webui.backend import WebUI


class Remote:
    """A server at an address: a ComfyUI, or else a WebUI. Raises InvalidInput for an invalid address.

    Until a server has answered, it speaks and fails as a WebUI does. Each `check` looks anew, because another program
    may have been started at the address.
    """

    def __init__(self, url: str, *, user: str = "", password: str = "", limits: Limits | None = None) -> None:
        self._url, self._login, self._limits = url, (user, password), limits or Limits()
        self._probe = Connection(parse_address(url, user, password, engine="WebUI or ComfyUI"), self._limits)
        self._backend: Backend = WebUI(url, user=user, password=password, limits=self._limits)
        self._is_known = False

    @property
    def kind(self) -> str:
        """The kind of server that answered last."""
        return self._backend.kind

    @property
    def name(self) -> str:
        """What to call the server."""
        return self._backend.name

    @property
    def version(self) -> str:
        """The server's version, "" until it has told one."""
        return self._backend.version

    def check(self) -> Capabilities:
        """Find out what answers, and query what it offers."""
        self._look()
        found = self._backend.check()
        self._is_known = True
        return found

    def rescan(self) -> str:
        """Let what answers look for new files."""
        self._look()
        return self._backend.rescan()

    def generate(self, order: StageOrder) -> StageResult:
        """Make one stage with the server that answers."""
        if not self._is_known:
            self.check()
        try:
            return self._backend.generate(order)
        except (NotReady, Unreachable):
            # It may be another program by the time it answers again.
            self._is_known = False
            raise

    def progress(self) -> StageProgress | None:
        """Progress of the running stage."""
        return self._backend.progress()

    def interrupt(self) -> None:
        """Stop the running stage soon."""
        self._backend.interrupt()

    def close(self) -> None:
        """Close connections."""
        self._probe.close()
        self._backend.close()

    def _look(self) -> None:
        try:
            kind: type[ComfyUI] | type[WebUI] = ComfyUI if is_comfyui(self._probe) else WebUI
        except AnswerLost as err:
            raise Unreachable(str(err), status=err.status) from err
        if not isinstance(self._backend, kind):
            self._backend.close()
            user, password = self._login
            self._backend = kind(self._url, user=user, password=password, limits=self._limits)
