"""Making a cluster and inviting machines, as a person asks for it. Blocks: files are written, keys made."""

from __future__ import annotations

import itertools
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.environment import install_line
from ...domain.base.errors import InvalidInput, Unreadable
from ..disk.files import is_there
from .folder import PORT, ClusterFolder, Membership, usable_host, usable_name, usable_port
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
    """The address of this computer in its network; nothing is sent for that. Raises InvalidInput where it has none."""
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            return str(probe.getsockname()[0])
    # A network that leads nowhere else.
    with suppress(OSError, UnicodeError):
        for found in socket.getaddrinfo(socket.gethostname(), 0, socket.AF_INET):
            if not ip_address(str(found[4][0])).is_loopback:
                return str(found[4][0])
    raise InvalidInput(
        "This computer is in no network just now, so no other one would find the cluster. Connect it, or name its "
        "address: cluster init --host ADDRESS.",
        "--host",
    )


def own_host_checked(host: str) -> str:
    """The same, if this computer has that address, where others find it. Raises InvalidInput."""
    typed = usable_host(host)
    try:
        found = socket.getaddrinfo(typed, 0, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        words = f"--host {host}: no computer of that name is known here. Write the address in numbers."
        raise InvalidInput(words, "--host") from error
    family, kind, protocol, _, place = found[0]
    number = ip_address(str(place[0]).partition("%")[0])
    if number.is_loopback and typed not in ("localhost", str(number)):
        raise InvalidInput(
            f"--host {host}: on this computer that name leads to {number}, where no other one finds it. Write the "
            "address in numbers.",
            "--host",
        )
    with socket.socket(family, kind, protocol) as probe:
        try:
            probe.bind(place)
        except OSError as error:
            raise InvalidInput(f"--host {host}: this computer does not have that address.", "--host") from error
    return typed


def own_name() -> str:
    """What this computer is called."""
    return "".join(letter for letter in socket.gethostname().partition(".")[0] if letter.isalnum() or letter in "-_")


def init_cluster(folder: ClusterFolder, *, name: str, host: str, port: int, again: bool) -> Membership:
    """Make a cluster with this computer as the operator. Raises InvalidInput where there is one, unless `again`, and
    for an address that this computer does not have. A scheduler in the background, with the keys of before, is ended.
    """
    need_cluster_packages()
    from .pairing import make_cluster

    if folder.exists and not again:
        raise InvalidInput(
            "This computer is in a cluster already. `cluster init --again` makes a new one; then every "
            "machine has to be invited again."
        )
    chosen = own_host_checked(host) if host else own_host()
    known = _machines_of(folder)
    made = make_cluster(folder, name or own_name() or "operator", chosen, datetime.now(UTC), usable_port(port), known)
    end_background_and_wait(folder.scheduler_note)
    return made


def _machines_of(folder: ClusterFolder) -> tuple[str, ...]:
    """All machines that the operator has, or had."""
    with suppress(InvalidInput, Unreadable):  # a damaged file is what `--again` is for
        before = folder.operator()
        return tuple(dict.fromkeys((*before.machines, *before.to_invite)))
    return ()


def move_cluster(folder: ClusterFolder, host: str, port: int = 0) -> Membership:
    """Note that the scheduler is at another address from now on; the keys stay. `port` 0 = as before. Raises
    InvalidInput, at the operator's also for an address that this computer does not have.
    """
    before = folder.membership()
    chosen = own_host_checked(host) if before.is_operator else usable_host(host)
    moved = replace(before, host=chosen, port=usable_port(port or before.port))
    folder.write(moved, {})
    return moved


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
    return Removal(left.to_invite, end_background_and_wait(folder.scheduler_note))


def unused_file(folder: Path, name: str) -> Path:
    """A file for an invitation that is not there yet: "tower.pair", "tower-2.pair"."""
    stem = usable_name(name)
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(path for one in names if not is_there(path := folder / f"{one}.pair"))
