"""`Engines`: the engine that stands behind an address of the settings."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...backends.base import Backend
from ...domain.base.errors import InvalidInput, Unreachable
from ...domain.config.engines import CLUSTER, SD_SERVER
from ...domain.config.user_settings import without_login
from ...pipeline.messages.base import Event
from ...pipeline.messages.files import ClusterChanged
from ...pipeline.messages.jobs import CheckBackend
from ...storage.disk.places import Places

if TYPE_CHECKING:
    from ...pipeline.cluster.link import ClusterLink
    from ...storage.cluster.folder import Membership


def make_backend(order: CheckBackend) -> Backend:
    """The backend for an address: "sketch", "sd-server" or a URL. Raises InvalidInput for anything else.

    Each engine is imported when it is asked for: all together are a third of what opening the window takes.
    """
    if order.address == "sketch":
        from ...backends.sketch.backend import Sketch

        return Sketch()
    if order.address == SD_SERVER:
        from .own_engine import own_engine

        return own_engine(order.engine)
    if not order.address.lower().startswith(("http://", "https://")):
        raise InvalidInput(
            f"{without_login(order.address)!r} is not an address. Write sketch, sd-server or http://…", "backend"
        )
    from ...backends.remote.backend import Remote

    return Remote(order.address, user=order.user, password=order.password, certificate=order.certificate)


class Engines:
    """Makes backends, those of the cluster of this computer among them; they share one connection, which is made when
    the first of them is asked something. Any thread. `tell(ClusterChanged)` is called on a thread of its own.
    """

    def __init__(self, places: Places, tell: Callable[[Event], object] = lambda _event: None) -> None:
        self._places, self._tell = places, tell
        self._link: ClusterLink | None = None
        self._closed = False
        self._connecting = threading.Lock()

    def make(self, order: CheckBackend) -> Backend:
        """As `make_backend`, and for "cluster:NAME". Raises InvalidInput, also where packages are missing."""
        if not order.address.startswith(CLUSTER):
            return make_backend(order)
        # Few people have a cluster, and everybody starts the program.
        from ...pipeline.cluster.machine import ClusterMachine
        from ...storage.cluster.invitations import need_cluster_packages

        need_cluster_packages()
        return ClusterMachine(self._connection, order.address.removeprefix(CLUSTER))

    def disconnect(self) -> None:
        """End the connection to the cluster and the scheduler that was started for it; whoever asks next makes another
        one. Blocks for some seconds.
        """
        with self._connecting:
            link, self._link = self._link, None
            if link is not None:
                link.close()

    def close(self) -> None:
        """End the connection to the cluster, if there is one. There is never another one."""
        self._closed = True
        self.disconnect()

    def _connection(self) -> ClusterLink:
        with self._connecting:
            if self._closed:
                raise Unreachable("The program is ending.")
            if self._link is None:
                self._link = self._opened()
            return self._link

    def _opened(self) -> ClusterLink:
        # Here, on the thread of a node: Dask takes half a second to import.
        from ...pipeline.cluster.link import ClusterLink
        from ...storage.cluster.folder import ClusterFolder

        command = own_command("scheduler", "--data-dir", str(self._places.data), "--child")
        return ClusterLink(ClusterFolder(self._places.cluster), command, changed=self._changed)

    def _changed(self, now: Membership) -> None:
        self._tell(ClusterChanged(is_own=now.is_operator, machines=now.machines, to_invite=now.to_invite))


def own_command(*words: str) -> Sequence[str]:
    """The command that starts this program with these words."""
    if getattr(sys, "frozen", False):
        return (sys.executable, *words)
    return (sys.executable, "-m", "stablenew_tk", *words)
