"""`Remote`: whatever answers at an address. It asks once what that is, and hands everything on to the right backend."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from ...domain.base.errors import AccessDenied, AnswerLost, BackendError, NotReady, Refused, Unreachable
from ..base import Backend, Capabilities, StageOrder, StageProgress, StageResult
from ..certificates import shown_certificate
from ..comfyui.backend import ComfyUI
from ..comfyui.server import is_comfyui
from ..transport import Connection, Limits, listens, parse_address, server_behind
from ..webui.backend import WebUI

Readiness = Literal["no", "nearly", "yes"]


class Remote:
    """A server at an address: a ComfyUI, or else a WebUI. Raises InvalidInput for an invalid address.

    Until a server has answered, it speaks and fails as a WebUI does. Each `check` looks anew, because another program
    may have been started at the address. `certificate` is the fingerprint of the one that the user trusts there.
    """

    def __init__(
        self, url: str, *, user: str = "", password: str = "", limits: Limits | None = None, certificate: str = ""
    ) -> None:
        self._url, self._login, self._limits, self._certificate = url, (user, password), limits or Limits(), certificate
        address = parse_address(url, user, password, engine="WebUI or ComfyUI", certificate=certificate)
        self._probe = Connection(address, self._limits)
        self._backend: Backend = WebUI(url, user=user, password=password, limits=self._limits, certificate=certificate)
        self._is_known = self._has_answered = self._is_closed = False

    @property
    def kind(self) -> str:
        """The kind of server that answered last, "" as long as none has."""
        return self._backend.kind if self._has_answered else ""

    @property
    def name(self) -> str:
        """What to call the server: its address only as long as nobody has said what it is."""
        return self._backend.name if self._has_answered else self._probe.address.host

    @property
    def version(self) -> str:
        """The server's version, "" until it has told one."""
        return self._backend.version

    @property
    def device(self) -> str:
        """What computes there, its address until it has told that."""
        return self._backend.device

    def check(self) -> Capabilities:
        """Find out what answers, and query what it offers."""
        self._look()
        found = self._backend.check()
        self._is_known = self._has_answered = True
        return replace(found, server=server_behind(self._probe.address, self._limits.connect_s))

    def is_there(self) -> bool:
        """Whether anything listens at the address."""
        return listens(self._probe.address, self._limits.connect_s)

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
        """Close connections; what waits for them fails with AnswerLost or Unreachable."""
        self._is_closed = True
        self._probe.close()
        self._backend.close()

    def _look(self) -> None:
        try:
            kind: type[ComfyUI] | type[WebUI] = ComfyUI if is_comfyui(self._probe) else WebUI
        except AnswerLost as err:
            self._refuse_https(err)
            raise Unreachable(str(err), status=err.status) from err
        except Refused as err:
            self._refuse_https(err)
            raise
        if not isinstance(self._backend, kind):
            self._backend.close()
            user, password = self._login
            self._backend = kind(
                self._url, user=user, password=password, limits=self._limits, certificate=self._certificate
            )
            if self._is_closed:
                self._backend.close()

    def _refuse_https(self, err: Exception) -> None:
        """Raise Refused when what broke is http spoken to a server that wants https."""
        address = self._probe.address
        if (
            not self._is_closed
            and address.base.startswith("http:")
            and shown_certificate(*address.machine, self._limits.connect_s)
        ):
            better = address.base.replace("http:", "https:", 1)
            raise Refused(f"{address.host} wants https, not http. Use the address {better}") from err


def readiness(url: str, *, user: str = "", password: str = "", certificate: str = "") -> Readiness:
    """Whether a server that was just started answers, by two requests that any server survives while it starts.

    "nearly": a WebUI shows its settings and not yet the last of its routes; some never have that one. A login that is
    wanted, or a certificate that is not trusted, count as an answer.
    """
    limits = Limits(connect_s=1.0, lists_s=2.0)
    connection = Connection(parse_address(url, user, password, certificate=certificate), limits)
    try:
        seen = [connection.get(path, timeout_s=limits.lists_s) for path in ("/sdapi/v1/loras", "/system_stats")]
        if any(one.status in (401, 403) or (one.status == 200 and not one.is_html) for one in seen):
            return "yes"
        options = connection.get("/sdapi/v1/options", timeout_s=limits.lists_s)
        return "nearly" if options.status == 200 and not options.is_html else "no"
    except AccessDenied:
        return "yes"
    except BackendError:
        return "no"
    finally:
        connection.close()
