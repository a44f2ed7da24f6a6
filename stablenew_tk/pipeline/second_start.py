"""Between two starts on one computer: the second one asks the first to bring its window to the front.

The first listens on a loopback port. Whoever asks must know the token in the owner's note, which only the same user can
read.
"""

from __future__ import annotations

import secrets
import socket
import threading
from contextlib import suppress

from .messages.base import SecondStart
from .workers import Inbox

SHOW_S, ASK_S = 5.0, 6.0  # until the window must have come to the front; until the second start must have heard of it
_SHOWN, _LONGEST = b"shown\n", 200
_LOOPBACK = "127.0.0.1"


class SecondStartListener:
    """A thread that hears second starts and puts SecondStart into the inbox. `port` is 0 where none can be had."""

    def __init__(self, inbox: Inbox) -> None:
        self.port, self.token = 0, secrets.token_hex(16)
        self._inbox = inbox
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        try:
            self._socket = socket.create_server((_LOOPBACK, 0))
        except OSError:
            # A computer without loopback: a second start can only say that the folder is in use.
            return
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._work, name="second-start")
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop listening and wait for the thread."""
        self._stop.set()
        if self._thread is None:
            return
        with suppress(OSError), socket.create_connection((_LOOPBACK, self.port), timeout=1.0):
            pass  # wakes the thread
        self._thread.join(timeout_s)

    def _work(self) -> None:
        with self._socket:
            while not self._stop.is_set():
                try:
                    caller, _ = self._socket.accept()
                except OSError:
                    # The caller was gone already, or the program has too many files open for a moment.
                    self._stop.wait(0.1)
                    continue
                with caller, suppress(OSError):
                    self._answer(caller)

    def _answer(self, caller: socket.socket) -> None:
        caller.settimeout(1.0)
        said = caller.recv(_LONGEST)
        if self._stop.is_set() or not secrets.compare_digest(said.strip(), self.token.encode()):
            return
        shown = threading.Event()
        self._inbox.put(SecondStart(shown=shown.set))
        # A window that hangs must not be called shown.
        if shown.wait(SHOW_S):
            caller.sendall(_SHOWN)


def ask_to_show(port: int, token: str) -> bool:
    """Ask the program at this port to show its window. Blocks for at most `ASK_S` seconds. True when it did."""
    if not 0 < port < 1 << 16:
        return False
    try:
        with socket.create_connection((_LOOPBACK, port), timeout=1.0) as call:
            call.settimeout(ASK_S)
            call.sendall(token.encode() + b"\n")
            return call.recv(_LONGEST) == _SHOWN
    except OSError:
        # Nobody listens there any more, or somebody else does.
        return False
