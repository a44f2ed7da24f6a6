"""Whether the scheduler of a cluster can be reached with the keys of this computer, and if not, why not."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Literal

from msgspec import Struct

from ...domain.base.errors import StableNewError
from ...storage.cluster.folder import Bond, ClusterFolder, Membership

_LIMIT_S = 5.0
_LOOK_S = 1.0
_NOT_YET_VALID, _ENDED = 9, 10  # as OpenSSL counts them
_INVITE = "Ask the operator to invite this machine again."


class Reach(Struct, frozen=True):
    """What came of asking. `silent`: nobody listens there, or there is no way. `why` is a sentence, "" for "there"."""

    state: Literal["there", "silent", "refused"]
    why: str = ""


def reach(folder: ClusterFolder) -> Reach:
    """Ask the scheduler whether it lets this computer in. Blocks for up to ten seconds; nothing is sent but the
    certificate. Raises what `ClusterFolder.membership` raises.
    """
    membership = folder.membership()
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        # The authority is this cluster's own: whoever has a certificate of it belongs here, whatever its address.
        context.check_hostname = False
        context.load_verify_locations(folder.authority)
        context.load_cert_chain(folder.certificate, folder.key)
    except (OSError, ValueError) as error:
        return Reach("refused", f"The keys in {folder.folder} are damaged ({error}). {_anew(membership)}")
    try:
        plain = socket.create_connection((membership.host, membership.port), timeout=_LIMIT_S)
    except socket.gaierror:
        return Reach("silent", f"No computer called {membership.host} is known here, so the scheduler is not found.")
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", "") or str(error) or "no answer"
        return Reach("silent", f"No scheduler answers at {membership.address} ({said}).")
    with plain:
        try:
            with context.wrap_socket(plain) as secure:
                # Whether it takes the certificate is told only after the handshake; the scheduler speaks first.
                secure.settimeout(_LIMIT_S)
                spoke = secure.recv(1)
        except TimeoutError:
            return Reach("silent", f"Something listens at {membership.address} and does not answer.")
        except ssl.SSLError as error:
            return Reach("refused", _sentence(error, membership))
        except OSError as error:
            return Reach("silent", f"The scheduler at {membership.address} broke off ({error.strerror or error}).")
    return Reach("there") if spoke else Reach("silent", f"The scheduler at {membership.address} hung up.")


async def until_changed(folder: ClusterFolder, bond: Bond, stamp: tuple[int, int]) -> None:
    """Return as soon as connections have to be made in another way than with `bond`, which was read after `stamp`."""
    while True:
        await asyncio.sleep(_LOOK_S)
        if (now := folder.stamp()) == stamp:
            continue
        stamp = now
        try:
            if folder.bond() != bond:
                return
        except StableNewError:
            return


def _sentence(error: ssl.SSLError, membership: Membership) -> str:
    where = f"The scheduler at {membership.address}"
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == _ENDED:
            return f"{where} has a certificate that has ended, or the clock of this computer is wrong."
        if error.verify_code == _NOT_YET_VALID:
            return f"{where} has a certificate of a later day: is the clock of this computer right?"
        return f"{where} has other keys than this computer: the cluster was made anew. {_anew(membership)}"
    reason = error.reason or str(error)
    if "EXPIRED" in reason:
        return f"{where} says that the certificate of this computer has ended, or a clock is wrong. {_anew(membership)}"
    if "ALERT" in reason:
        return f"{where} does not know the certificate of this computer: it has new keys. {_anew(membership)}"
    return f"Another program listens at {membership.address}: it does not speak as a scheduler does ({reason})."


def _anew(membership: Membership) -> str:
    return "Make it anew: cluster init --again." if membership.is_operator else _INVITE
