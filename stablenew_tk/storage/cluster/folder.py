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
_EVERYWHERE = "a cluster never listens everywhere."


class Membership(Struct, frozen=True, kw_only=True):
    """Who this computer is in its cluster. `host` and `port` are those of the scheduler, which runs at the operator;
    `machines` are all that were invited, `to_invite` those whose invitation counts no more since there are new keys:
    both are known to the operator only.
    """

    name: str
    host: str
    port: int = PORT
    is_operator: bool = False
    machines: tuple[str, ...] = ()
    to_invite: tuple[str, ...] = ()

    @property
    def worker_ports(self) -> tuple[int, int]:
        """The first and last port of which a worker takes the first that is free, unless it is told others: those after
        the scheduler's, so that a firewall can be opened for them.
        """
        return min(self.port + 1, _LAST_PORT), min(self.port + WORKER_PORTS, _LAST_PORT)

    @property
    def address(self) -> str:
        """Where the scheduler is: "tls://192.168.1.5:8786"."""
        return f"tls://{in_brackets(self.host)}:{self.port}"


class Bond(Struct, frozen=True):
    """All that a connection to the cluster is made with: another one is of no use when any of it has changed."""

    host: str
    port: int
    authority: bytes
    certificate: bytes


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

    def operator(self) -> Membership:
        """Who this computer is. Raises InvalidInput where it is not the operator."""
        membership = self.membership()
        if not membership.is_operator:
            raise InvalidInput("Only the computer that made the cluster can do this: the operator's.")
        return membership

    def bond(self) -> Bond:
        """What connections are made with now. Raises as `membership` does."""
        known = self.membership()
        files = (read_bounded(path, _LARGEST) for path in (self.authority, self.certificate))
        return Bond(known.host, known.port, *files)

    def stamp(self) -> tuple[int, int]:
        """Another one after every change of the membership; quicker than to read it."""
        with suppress(OSError):
            found = self._note.stat()
            return found.st_mtime_ns, found.st_ino
        return 0, 0

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
        """Leave the cluster: its keys are removed. Raises NotSaved."""
        # The note first: without it nothing else counts.
        for path in (self._note, self.key, self.authority_key, self.certificate, self.authority):
            try:
                remove(path)
            except OSError as error:
                raise NotSaved(f"{path} cannot be removed: {error.strerror}.") from error


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


def usable_port(port: int) -> int:
    """The port of a scheduler as typed. Raises InvalidInput."""
    if not 1024 <= port <= _LAST_PORT:
        raise InvalidInput(f"--port {port}: name one between 1024 and {_LAST_PORT}, for example {PORT}.", "--port")
    return port


def usable_host(host: str) -> str:
    """The address at which the scheduler listens, as typed. Raises InvalidInput for one that means all of them."""
    typed = host.strip().removeprefix("[").removesuffix("]")
    problem = "" if typed and not any(letter in "/ *@" for letter in typed) else _EVERYWHERE
    try:
        number = ip_address(typed)
        if number.is_unspecified:
            problem = _EVERYWHERE
        elif "%" in typed:
            problem = "an address that begins with fe80 is known on one cable only."
    except ValueError:
        if ":" in typed:
            problem = "the port is named by --port."
    if problem:
        raise InvalidInput(
            f"--host {host}: name one address of this computer, for example 192.168.1.5; {problem}", "--host"
        )
    return typed


def in_brackets(host: str) -> str:
    """A host as a part of an address: IPv6 wants brackets."""
    return f"[{host}]" if ":" in host else host
