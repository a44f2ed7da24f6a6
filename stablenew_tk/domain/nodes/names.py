"""Names of machines: short, unique, from their addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..config.engines import CLUSTER

_LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|::1)$")
_NUMERIC = re.compile(r"[\d.]+$|.*:")


def name_of_address(address: str) -> str:
    """What a machine is called whose address is all that is known: "tower", "192.168.1.5", "local", "sketch"."""
    if "://" not in address:
        return address.removeprefix(CLUSTER) or "machine"
    from urllib.parse import urlsplit

    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        host = ""
    if _LOOPBACK.match(host):
        return "local"
    return host if _NUMERIC.match(host) else host.partition(".")[0] or "machine"


def server_of_address(address: str) -> str:
    """Computer, port and path of an address, however that is written: "localhost:7860"; others stay as they are.

    One server can make one picture at a time, and what interrupts it interrupts every picture there. A proxy hands on
    to another one below each path.
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return address
    if not host:
        return address
    here = _LOOPBACK.match(host) or host == "0.0.0.0"  # a name for this computer, too
    path = parts.path.rstrip("/")
    return f"{'localhost' if here else host}:{port or (443 if parts.scheme == 'https' else 80)}{path}"


def may_be_one(address: str, other: str) -> bool:
    """Whether two addresses that lead to the same port may be one server: not those of two names, "paint.example" and
    "draw.example", which a proxy may tell apart, unless one name is the other with its domain, as "tower" and
    "tower.lan".
    """
    names = [name_of_address(one) for one in (address, other)]
    return names[0] == names[1] or any(name == "local" or _NUMERIC.match(name) for name in names)


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names in their order; those that came before get a number: "sketch", "sketch-2"."""
    taken: dict[str, None] = {}
    for name in names:
        own, number = name, 1
        while own in taken:
            number += 1
            own = f"{name}-{number}"
        taken[own] = None
    return tuple(taken)
