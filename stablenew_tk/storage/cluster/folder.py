"""`ClusterFolder`: what this computer has of a cluster: who it is there, its certificate, for the operator also the
authority.
"""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import msgspec
from msgspec import Struct

from ...domain.base.errors import InvalidInput, NotSaved, Unreadable
from ..disk.files import is_file, make_folder, read_bounded, remove, write_atomic

PORT = 8786
# As many workers find a port on one computer.
WORKER_PORTS = 10
_LAST_PORT = 65535
_LARGEST = 1 << 16
_NAME = re.compile(r"[\w][\w.-]{0,39}$")
_SECRET = 0o600


class Membership(Struct, frozen=True, kw_only=True):
    """Who this computer is in its cluster. `host` and `port` are those of the scheduler, which runs at the operator;
    `machines` are all that were invited, known to the operator only.
    """

    name: str
    host: str
    port: int = PORT
    is_operator: bool = False
    machines: tuple[str, ...] = ()

    @property
    def worker_ports(self) -> tuple[int, int]:
        """The first and last port of which a worker takes the first that is free, unless it is told others: those after
        the scheduler's, so that a firewall can be opened for them.
        """
        return min(self.port + 1, _LAST_PORT), min(self.port + WORKER_PORTS, _LAST_PORT)

    @property
    def address(self) -> str:
        """Where the scheduler is: "tls://192.168.1.5:8786"."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tls://{host}:{self.port}"


class ClusterFolder:
    """The folder `cluster` of the data. Any thread; every method may block for a moment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = folder / "authority.pem"
        self.authority_key = folder / "authority.key"
        self.certificate = folder / "machine.pem"
        self.key = folder / "machine.key"
        self.scheduler_note = folder / "scheduler.json"
        self._note = folder / "cluster.json"

    @property
    def exists(self) -> bool:
        """Whether this computer is in a cluster."""
        return is_file(self._note)

    def membership(self) -> Membership:
        """Who this computer is. Raises InvalidInput where it is in no cluster, Unreadable for a damaged file."""
        if not self.exists:
            raise InvalidInput(
                "This computer is in no cluster. Make one with `cluster init`, or enter one with `cluster join FILE`."
            )
        try:
            return msgspec.json.decode(read_bounded(self._note, _LARGEST), type=Membership)
        except msgspec.MsgspecError as error:
            raise Unreadable(
                f"{self._note} is damaged ({error}). Make the cluster anew: cluster init --again."
            ) from error

    def write(self, membership: Membership, files: dict[Path, bytes]) -> None:
        """Keep who this computer is, after the files that belong to it; keys are for their owner only. Raises
        NotSaved.
        """
        try:
            make_folder(self.folder)
            self.folder.chmod(0o700)
        except OSError as error:
            raise NotSaved(f"{self.folder} cannot be made: {error.strerror}.") from error
        for path, data in files.items():
            write_atomic(path, data, mode=_SECRET)
        write_atomic(self._note, msgspec.json.format(msgspec.json.encode(membership)), mode=_SECRET)

    def forget(self) -> None:
        """Leave the cluster: all of its files are removed."""
        # The note first: without it nothing else counts.
        for path in (self._note, self.key, self.authority_key, self.certificate, self.authority):
            with suppress(FileNotFoundError):
                remove(path)


def usable_name(name: str) -> str:
    """The name of a machine as typed. Raises InvalidInput for one that cannot be used."""
    typed = name.strip()
    if not _NAME.match(typed):
        raise InvalidInput(
            f"{name!r} cannot be the name of a machine: up to 40 letters, digits, dots and dashes.", "name"
        )
    return typed


def usable_ports(typed: str) -> tuple[int, int]:
    """Ports as typed, "9000" or "9000-9010": the first and the last. Raises InvalidInput."""
    first, dash, last = typed.strip().partition("-")
    try:
        found = int(first), int(last if dash else first)
    except ValueError:
        found = (0, 0)
    if not 1024 <= found[0] <= found[1] <= _LAST_PORT:
        raise InvalidInput(
            f"--ports {typed}: write one port or a range of them between 1024 and {_LAST_PORT}, for example 9000-9010.",
            "--ports",
        )
    return found


def usable_host(host: str) -> str:
    """The address at which the scheduler listens, as typed. Raises InvalidInput for one that means all of them."""
    typed = host.strip()
    with suppress(ValueError):
        if ip_address(typed).is_unspecified:
            typed = ""
    if not typed or any(letter in "/ *@" for letter in typed):
        raise InvalidInput(
            f"--host {host}: name one address of this computer, for example 192.168.1.5; a cluster never listens "
            "everywhere.",
            "--host",
        )
    return typed
