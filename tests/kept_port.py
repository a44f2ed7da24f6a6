"""A port of this computer that nobody listens at or is given: for a server that is down, or comes later."""

from __future__ import annotations

import socket


class KeptPort:
    """Whoever connects to it is refused, until a server of ours takes the port over: `release` comes just before."""

    def __init__(self, number: int = 0, host: str = "127.0.0.1") -> None:
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        # What is left of connections to the server that was there before is no hindrance.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, number))
        self.number: int = self._socket.getsockname()[1]

    def release(self) -> None:
        self._socket.close()

    def __enter__(self) -> KeptPort:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
