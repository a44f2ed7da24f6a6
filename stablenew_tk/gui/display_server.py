"""Whether the display server of X11 answers at all: Tk would wait for ever for one that hangs."""

from __future__ import annotations

import re
import socket
import struct
import sys
from contextlib import suppress
from threading import Thread

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
    answered: list[bool] = []

    def ask() -> None:
        with suppress(OSError):
            _ask(found["host"] or "", int(found["number"]), limit_s)
        answered.append(True)

    # On a thread of its own: the name of a host may be looked up for as long as it likes.
    asking = Thread(target=ask, name="display", daemon=True)
    asking.start()
    asking.join(limit_s)
    return not answered


def _ask(host: str, number: int, limit_s: float) -> None:
    path = f"/tmp/.X11-unix/X{number}"
    ways: tuple[tuple[int, str | tuple[str, int]], ...] = (
        ((socket.AF_UNIX, f"\0{path}"), (socket.AF_UNIX, path))
        if host in ("", "unix")
        else ((socket.AF_INET, (host, 6000 + number)),)
    )
    for family, address in ways:
        with socket.socket(family) as link:
            # Longer than the caller waits: a server that is silent so long is not taken for one that is not there.
            link.settimeout(limit_s * 2)
            try:
                link.connect(address)
            except OSError:
                continue
            link.sendall(_HELLO)
            link.recv(1)
            return
