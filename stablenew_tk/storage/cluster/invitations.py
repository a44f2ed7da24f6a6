"""Making a cluster and inviting machines, as a person asks for it. Blocks: files are written, keys made."""

from __future__ import annotations

import itertools
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from ...domain.base.environment import install_line
from ...domain.base.errors import InvalidInput
from ..disk.files import is_there
from .folder import PORT, ClusterFolder, Membership, usable_name
from .scheduler_note import end_background_and_wait


def need_cluster_packages() -> None:
    """Raise InvalidInput where the packages of the extra `cluster` are not installed."""
    from importlib.util import find_spec

    if find_spec("distributed") is None or find_spec("cryptography") is None:
        if getattr(sys, "frozen", False):
            raise InvalidInput("This program was built without a cluster. Take the one that has it, or use pip.")
        line = install_line(sys.executable, "cluster")
        raise InvalidInput(f"A cluster needs two packages more. Install them with: {line}")


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
    from .pairing import make_cluster

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
    from .keys import draw_passphrase
    from .pairing import invite, save_pairing

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


class Removal(Struct, frozen=True):
    """A machine is out of the cluster. `to_invite` were in it, too, and are not any more; `was_running`: a scheduler in
    the background was ended.
    """

    to_invite: tuple[str, ...]
    was_running: bool


def take_out(folder: ClusterFolder, name: str) -> Removal:
    """Make new keys, so that a machine is no longer in the cluster, and end a scheduler in the background, which has
    the old ones. Raises InvalidInput for a machine that is not in it, and on a computer that is not the operator.
    """
    need_cluster_packages()
    from .pairing import remove_machine

    left = remove_machine(folder, name, datetime.now(UTC))
    return Removal(left.machines, end_background_and_wait(folder.scheduler_note))


def unused_file(folder: Path, name: str) -> Path:
    """A file for an invitation that is not there yet: "tower.pair", "tower-2.pair"."""
    stem = usable_name(name)
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(path for one in names if not is_there(path := folder / f"{one}.pair"))
