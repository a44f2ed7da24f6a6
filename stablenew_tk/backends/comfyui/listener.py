"""A WebSocket that listens to ComfyUI's progress: frames of our own job, previews included.

It is small because it only listens: one text is sent after the handshake, then frames are read with time and size
limits that general libraries do not have. Every failure is a SocketLost; the job goes on without it, by polling.
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import struct
import time
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from ...domain.base.errors import Untrusted
from ..certificates import secured
from ..decoding import json_as
from ..transport import Address

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HEAD_LIMIT = 16 << 10
_FRAME_LIMIT = 64 << 20
_CONTINUED, _TEXT, _BINARY, _CLOSE, _PING = 0, 1, 2, 8, 9
_PONG = 10


class SocketLost(Exception):
    """The socket could not be opened, ended, or carried something that is no WebSocket. The job itself goes on."""


class Frame(Struct, frozen=True):
    """One whole message from the server."""

    data: bytes
    is_text: bool


class Listener:
    """One open socket. `receive` is called by one thread; `close` by any."""

    def __init__(self, address: Address, client_id: str, *, connect_s: float, first: str = "") -> None:
        """Connect, shake hands, send `first` and wait for the server's first word, all within `connect_s` seconds.

        The handshake alone does not mean that the server sends us anything yet: it says so with its first message, and
        a job queued before that message can end unheard. Raises SocketLost.
        """
        deadline = time.monotonic() + connect_s
        self._buffer = bytearray()
        self._parts = bytearray()
        self._kind = _TEXT
        try:
            self._socket = _connected(address, deadline)
        except (OSError, ValueError, Untrusted) as err:
            raise SocketLost(f"no connection ({type(err).__name__})") from err
        try:
            self._shake_hands(address, client_id, deadline)
            if first:
                self._send(_TEXT, first.encode())
            if self.receive(deadline - time.monotonic()) is None:
                raise SocketLost("no first message")
        except (OSError, ValueError) as err:
            self.close()
            raise SocketLost(f"no handshake ({type(err).__name__})") from err
        except SocketLost:
            self.close()
            raise

    def receive(self, timeout_s: float) -> Frame | None:
        """The next message, or None when none came in time. Raises SocketLost when the socket has ended."""
        deadline = time.monotonic() + timeout_s
        try:
            while (message := self._message()) is None:
                if not self._fill(deadline):
                    return None
        except (OSError, ValueError) as err:
            raise SocketLost(f"the connection broke ({type(err).__name__})") from err
        return message

    def close(self) -> None:
        """End the connection; a waiting `receive` raises SocketLost."""
        with suppress(OSError):  # already ended by the other side
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _shake_hands(self, address: Address, client_id: str, deadline: float) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        path = f"{urlsplit(address.base).path}/ws?{urlencode({'clientId': client_id})}"
        # No Origin: ComfyUI refuses one that is not spelled exactly like its own host.
        lines = [f"GET {path} HTTP/1.1", f"Host: {address.host}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        if address.user or address.password:
            login = base64.b64encode(f"{address.user}:{address.password}".encode()).decode()
            lines.append(f"Authorization: Basic {login}")
        self._socket.settimeout(max(0.01, deadline - time.monotonic()))
        self._socket.sendall("\r\n".join((*lines, "", "")).encode())
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > _HEAD_LIMIT or not self._fill(deadline):
                raise SocketLost("no answer to the handshake")
        head = bytes(self._buffer[:end]).decode("latin-1")
        del self._buffer[: end + 4]
        status = head.split(" ", 2)[1:2]
        accepted = base64.b64encode(hashlib.sha1((key + _MAGIC).encode(), usedforsecurity=False).digest()).decode()
        named = dict(line.lower().split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
        if status != ["101"] or named.get("sec-websocket-accept", "").strip() != accepted.lower():
            raise SocketLost(f"the handshake was answered with {''.join(status)[:3] or 'nonsense'}")

    def _fill(self, deadline: float) -> bool:
        """Read what has come, waiting until the deadline; False when it passed. Raises OSError or SocketLost."""
        left = deadline - time.monotonic()
        # With no time left, what has come already is still taken.
        self._socket.settimeout(max(0.001, left))
        try:
            came = self._socket.recv(1 << 16)
        except TimeoutError:
            return False
        if not came:
            raise SocketLost("the server ended the connection")
        self._buffer += came
        return True

    def _message(self) -> Frame | None:
        """The next whole message in the buffer; control frames are answered and left out."""
        while (frame := self._frame()) is not None:
            code, is_last, data = frame
            if code == _CLOSE:
                raise SocketLost("the server closed the socket")
            if code == _PING:
                self._send(_PONG, data)
            elif code in (_CONTINUED, _TEXT, _BINARY):
                if code != _CONTINUED:
                    self._kind, self._parts = code, bytearray()
                self._parts += data
                if len(self._parts) > _FRAME_LIMIT:
                    raise SocketLost("a message is too large")
                if is_last:
                    whole, self._parts = bytes(self._parts), bytearray()
                    return Frame(whole, self._kind == _TEXT)
        return None

    def _frame(self) -> tuple[int, bool, bytes] | None:
        """Opcode, whether it is the last of its message, and payload of the first whole frame in the buffer."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        if first & 0x70 or second & 0x80:
            raise SocketLost("a frame is not as agreed")
        length, at = second & 0x7F, 2
        if length > 125:
            form, at = (">H", 4) if length == 126 else (">Q", 10)
            if len(buffer) < at:
                return None
            (length,) = struct.unpack_from(form, buffer, 2)
        if length > _FRAME_LIMIT:
            raise SocketLost("a frame is too large")
        if len(buffer) < at + length:
            return None
        payload = bytes(buffer[at : at + length])
        del buffer[: at + length]
        return first & 0x0F, bool(first & 0x80), payload

    def _send(self, code: int, data: bytes) -> None:
        size = len(data)
        length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + struct.pack(">H", size)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data[:0xFFFF]))
        self._socket.settimeout(2.0)
        self._socket.sendall(bytes((0x80 | code,)) + length + mask + masked)


def _connected(address: Address, deadline: float) -> socket.socket:
    name, port = address.machine
    left = max(0.01, deadline - time.monotonic())
    plain = socket.create_connection((name, port), timeout=left)
    return secured(plain, name, address.certificate) if address.base.startswith("https:") else plain


class Preview(Struct, frozen=True):
    """A picture of the running job. `prompt_id` is "" from servers that do not say whose it is."""

    image: bytes
    prompt_id: str = ""


class _PreviewOwner(Struct):
    prompt_id: str = ""


def read_preview(data: bytes) -> Preview | None:
    """The preview in a binary message; None for other binary messages and unreadable ones."""
    if len(data) < 8:
        return None
    event, second = struct.unpack_from(">II", data)
    if event == 1:
        return Preview(data[8:])
    if event == 4 and second <= len(data) - 8:
        try:
            about = json_as(data[8 : 8 + second], _PreviewOwner)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return Preview(data[8 + second :], about.prompt_id)
    return None
