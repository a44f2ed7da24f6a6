"""Whether the display server of X11 answers at all: Tk would wait for ever for one that hangs."""

from __future__ import annotations

import re
import socket
import struct
import sys

_LIMIT_S = 8.0
_NAME = re.compile(r"(?:(?P<host>[^:/]*):)?(?P<number>\d+)(?:\.\d+)?")
# The first message of a client: its byte order, version 11.0 of the protocol, no word of who it is.
_HELLO = b"l\0" + struct.pack("<HHHHH", 11, 0, 0, 0, 0)


def hangs(display: str, limit_s: float = _LIMIT_S) -> bool:
    """Whether somebody is at this display (as in DISPLAY) and says nothing for `limit_s` seconds.

    A server that lets nobody in answers, too. Where nobody is there, Tk says so itself.
    """
    found = _NAME.fullmatch(display) if sys.platform.startswith("linux") else None
    if found is None:
        return False
    host, number = found["host"] or "", int(found["number"])
    path = f"/tmp/.X11-unix/X{number}"
    ways: tuple[tuple[int, str | tuple[str, int]], ...] = (
        ((socket.AF_UNIX, f"\0{path}"), (socket.AF_UNIX, path))
        if host in ("", "unix")
        else ((socket.AF_INET, (host, 6000 + number)),)
    )
    for family, address in ways:
        try:
            with socket.socket(family) as link:
                link.settimeout(limit_s)
                link.connect(address)
                link.sendall(_HELLO)
                link.recv(1)
                return False
        except TimeoutError:
            return True
        except (OSError, OverflowError):
            continue
    return False
