"""Making a cluster, inviting machines by pairing files, joining by one. Needs the package `cryptography`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.errors import InvalidInput
from ..disk.files import read_bounded, write_atomic
from .folder import PORT, ClusterFolder, Membership, usable_host, usable_name, usable_port
from .keys import KeyPair, make_authority, make_certificate, opened, sealed, validity

_MAGIC = b"stablenew-pairing-1\n"
_LARGEST = 1 << 16


class _PairingFile(Struct, frozen=True, kw_only=True):
    membership: Membership
    authority: bytes
    certificate: bytes
    key: bytes


def make_cluster(
    folder: ClusterFolder, name: str, host: str, now: datetime, port: int = PORT, to_invite: Iterable[str] = ()
) -> Membership:
    """Make a new authority, and a certificate for this computer, the operator. What was there before counts no more:
    the machines `to_invite` have to be invited again.
    """
    membership = Membership(
        name=usable_name(name),
        host=usable_host(host),
        port=usable_port(port),
        is_operator=True,
        to_invite=tuple(to_invite),
    )
    authority = make_authority(now)
    own = make_certificate(authority, membership.name, now)
    folder.write(
        membership,
        {
            folder.authority: authority.certificate,
            folder.authority_key: authority.key,
            folder.certificate: own.certificate,
            folder.key: own.key,
        },
    )
    return membership


def invite(folder: ClusterFolder, name: str, passphrase: str, now: datetime) -> bytes:
    """The pairing file for a machine, sealed; the machine is one of the cluster from now on. Raises InvalidInput for a
    name that is taken, and on a computer that is not the operator.
    """
    membership, typed = folder.operator(), usable_name(name)
    if typed == membership.name:
        raise InvalidInput(f"{typed} is the operator's own name. Choose another one.", "name")
    authority = KeyPair(read_bounded(folder.authority, _LARGEST), read_bounded(folder.authority_key, _LARGEST))
    pair = make_certificate(authority, typed, now)
    theirs = replace(membership, name=typed, is_operator=False, machines=(), to_invite=())
    file = _PairingFile(membership=theirs, authority=authority.certificate, certificate=pair.certificate, key=pair.key)
    # A second invitation of the same machine replaces its file, as when it was lost.
    machines = tuple(dict.fromkeys((*membership.machines, typed)))
    left = tuple(one for one in membership.to_invite if one != typed)
    folder.write(replace(membership, machines=machines, to_invite=left), {})
    return _MAGIC + sealed(msgspec.msgpack.encode(file), passphrase)


def join(folder: ClusterFolder, file: Path, passphrase: str, now: datetime) -> Membership:
    """Enter the cluster of a pairing file. Raises InvalidInput for a wrong passphrase, for what is no pairing file, for
    one whose certificate has ended, and on the operator of another cluster.
    """
    if folder.exists and folder.membership().is_operator:
        raise InvalidInput("This computer has a cluster of its own. Join with another --data-dir.", "--join")
    data = read_bounded(file, _LARGEST)
    if not data.startswith(_MAGIC):
        raise InvalidInput(f"{file.name} is no pairing file. Make one with `cluster invite NAME --out FILE`.", "--join")
    try:
        pairing = msgspec.msgpack.decode(opened(data[len(_MAGIC) :], passphrase), type=_PairingFile)
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"{file.name} was made by another version of StableNew: {error}.", "--join") from error
    begins, ends = validity(pairing.certificate)
    if ends <= now:
        raise InvalidInput(f"The certificate in {file.name} has ended. Ask the operator to invite this machine again.")
    if begins > now:
        raise InvalidInput(
            f"The clock of this computer says {now:%Y-%m-%d}, and {file.name} was made after that. Set the clock."
        )
    folder.write(
        pairing.membership,
        {folder.authority: pairing.authority, folder.certificate: pairing.certificate, folder.key: pairing.key},
    )
    return pairing.membership


def remove_machine(folder: ClusterFolder, name: str, now: datetime) -> Membership:
    """Make a new authority, so that no certificate that was given out is good any more. All other machines have to be
    invited again. Raises InvalidInput for a machine that is none.
    """
    before = folder.operator()
    if name not in before.machines:
        known = ", ".join(before.machines) or "none yet"
        raise InvalidInput(f"There is no machine {name!r} in the cluster. There are: {known}.", "name")
    left = dict.fromkeys(one for one in (*before.machines, *before.to_invite) if one != name)
    return make_cluster(folder, before.name, before.host, now, before.port, left)


def save_pairing(path: Path, data: bytes) -> None:
    """Write a pairing file, for its owner only. Raises NotSaved."""
    write_atomic(path, data, mode=0o600)
