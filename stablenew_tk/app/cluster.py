"""What a person does with a cluster: make it, invite a machine, take one out. Blocks: files are written, keys made."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ..domain.base.errors import InvalidInput
from ..domain.config.engines import CLUSTER
from ..domain.config.user_settings import Machine, Settings
from ..storage.cluster.folder import PORT, ClusterFolder, Membership, usable_name
from ..storage.disk.files import is_there
from .engines.backend_for import need_cluster_packages
from .nodes.specs import node_specs


class Invitation(Struct, frozen=True):
    """A pairing file that was written, and the passphrase that opens it. The passphrase is kept nowhere."""

    name: str
    file: str
    passphrase: str

    def __repr__(self) -> str:
        return f"Invitation({self.name!r}, {self.file!r})"


def own_host() -> str:
    """The address of this computer in its network; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def own_name() -> str:
    """What this computer is called."""
    return "".join(letter for letter in socket.gethostname().partition(".")[0] if letter.isalnum() or letter in "-_")


def init_cluster(folder: ClusterFolder, *, name: str, host: str, port: int, again: bool) -> Membership:
    """Make a cluster with this computer as the operator. Raises InvalidInput where there is one, unless `again`."""
    need_cluster_packages()
    from ..storage.cluster.pairing import make_cluster

    if folder.exists and not again:
        raise InvalidInput(
            "This computer is in a cluster already. `cluster init --again` makes a new one; then every "
            "machine has to be invited again."
        )
    return make_cluster(folder, name or own_name() or "operator", host or own_host(), datetime.now(UTC), port or PORT)


def invite_machine(folder: ClusterFolder, name: str, file: Path, passphrase: str = "") -> Invitation:
    """Write the pairing file of a machine; on a computer without a cluster one is made first. Raises InvalidInput for a
    name or file that is taken, NotSaved.
    """
    need_cluster_packages()
    from ..storage.cluster.keys import draw_passphrase
    from ..storage.cluster.pairing import invite, save_pairing

    typed = usable_name(name)
    if is_there(file):
        raise InvalidInput(f"{file} is there already. Name another file.", "--out")
    if not folder.exists:
        init_cluster(folder, name="", host="", port=PORT, again=False)
    chosen = passphrase.strip() or draw_passphrase()
    if len(chosen) < 8:
        raise InvalidInput("The passphrase must have at least 8 letters.", "passphrase")
    save_pairing(file, invite(folder, typed, chosen, datetime.now(UTC)))
    return Invitation(typed, str(file), chosen)


def with_cluster_machine(settings: Settings, name: str) -> Settings:
    """The settings with a machine of the cluster, which makes pictures as soon as it is connected."""
    address = CLUSTER + name
    if address in (settings.backend, *(one.address for one in settings.machines)):
        return settings
    if name in [spec.name for spec in node_specs(settings)]:
        raise InvalidInput(f"There is a machine called {name} already. Choose another name.", "name")
    return replace(settings, machines=(*settings.machines, Machine(address, name=name)))


def without_cluster_machine(settings: Settings, name: str) -> Settings:
    """The settings without a machine of the cluster."""
    return replace(settings, machines=tuple(one for one in settings.machines if one.address != CLUSTER + name))
