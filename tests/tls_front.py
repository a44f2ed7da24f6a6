"""https in front of a server on loopback, with one of the certificates in tests/fixtures/tls, as a proxy gives it.

`tower` and `newer` signed themselves; `old` was signed by an authority that nobody knows, and has long run out.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

PEMS = Path(__file__).parent / "fixtures" / "tls"


def fingerprint(name: str) -> str:
    """The SHA-256 of one of the certificates, as openssl prints it."""
    text = (PEMS / f"{name}.pem").read_text()
    binary = ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE") :])
    digits = hashlib.sha256(binary).hexdigest().upper()
    return ":".join(digits[at : at + 2] for at in range(0, 64, 2))


class TlsFront:
    """Context manager. `heard` is everything that came through the encryption, `certificate` is shown next."""

    def __init__(self, port: int = 0, certificate: str = "tower") -> None:
        self.certificate = certificate
        self.heard = b""
        self._behind = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, name="tls-front")]
        self._open: list[socket.socket] = []
        self._closing = False

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def __enter__(self) -> TlsFront:
        self._threads[0].start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._closing = True
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        self._threads[0].join()
        self._listener.close()
        for one in list(self._open):
            with suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    def _accept(self) -> None:
        while not self._closing:
            plain, _ = self._listener.accept()
            self._open.append(plain)
            thread = threading.Thread(target=self._serve, args=(plain,), name="tls-front-connection")
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(PEMS / f"{self.certificate}.pem")
        with plain, suppress(OSError):
            plain.settimeout(30)
            with context.wrap_socket(plain, server_side=True) as front:
                self._open.append(front)
                front.settimeout(0.02)
                self._relay(front)

    def _relay(self, front: ssl.SSLSocket) -> None:
        with socket.create_connection(("127.0.0.1", self._behind), 5) as behind:
            behind.settimeout(0.02)
            while not self._closing:
                for source, target in ((front, behind), (behind, front)):
                    try:
                        came = source.recv(1 << 16)
                    except TimeoutError:
                        continue
                    if not came:
                        return
                    if source is front:
                        self.heard += came
                    target.settimeout(30)
                    target.sendall(came)
                    target.settimeout(0.02)
