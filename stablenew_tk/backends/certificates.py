"""Certificates of https servers: those this computer trusts, one the user trusts for an address, and what one says.

A certificate that the user trusts counts for its address alone, and there it is the only one that counts.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime

from ..domain.base.certificate import Certificate, as_fingerprint
from ..domain.base.errors import Untrusted

# A certificate that is trusted because somebody knows it needs nobody above it, and may be out of date.
_PARTIAL_CHAIN, _NO_CHECK_TIME = 0x80000, 0x200000


def fingerprint_of(certificate: bytes | None) -> str:
    """The SHA-256 of a certificate in its binary form, as `as_fingerprint` writes it."""
    return as_fingerprint(hashlib.sha256(certificate or b"").hexdigest())


def secured(plain: socket.socket, name: str, trusted: str) -> ssl.SSLSocket:
    """A TLS connection over an open socket. `trusted` is the fingerprint of the only certificate that counts; "" =
    those that this computer trusts for the name.

    Raises OSError, or Untrusted for another certificate; the socket is then closed.
    """
    context = _unchecked() if trusted else ssl.create_default_context()
    try:
        made = context.wrap_socket(plain, server_hostname=name)
    except (OSError, ValueError):
        plain.close()
        raise
    shown = fingerprint_of(made.getpeercert(binary_form=True))
    if trusted and shown != trusted:
        made.close()
        raise Untrusted(changed(name, shown, trusted), certificate=Certificate(fingerprint=shown))
    return made


def changed(host: str, shown: str, trusted: str) -> str:
    """The sentence about a server that shows another certificate than the trusted one."""
    return (
        f"{host} shows another certificate than the one you trust: SHA-256 {shown} instead of {trusted}. Nothing was "
        "sent. If the server really has a new one, trust it again in Settings or with --trust FINGERPRINT."
    )


def shown_certificate(name: str, port: int, timeout_s: float) -> Certificate | None:
    """The certificate that a server shows, trusted or not; None when none speaks TLS there. Sends nothing else.

    Takes two handshakes: the second one lets OpenSSL read what stands in the certificate.
    """
    try:
        with _handshake(name, port, timeout_s, _unchecked()) as first:
            binary = first.getpeercert(binary_form=True)
    except (OSError, ValueError):
        return None
    if not binary:
        return None
    fingerprint = fingerprint_of(binary)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags = ssl.VerifyFlags(_PARTIAL_CHAIN | _NO_CHECK_TIME)
    try:
        context.load_verify_locations(cadata=binary)
        with _handshake(name, port, timeout_s, context) as second:
            told = second.getpeercert() or {}
    except (OSError, ValueError):
        return Certificate(fingerprint=fingerprint)
    return _read(told, fingerprint)


def _unchecked() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _handshake(name: str, port: int, timeout_s: float, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection((name, port), timeout=timeout_s)
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except (OSError, ValueError):
        plain.close()
        raise


def _read(told: Mapping[str, object], fingerprint: str) -> Certificate:
    subject, issuer = _name(told.get("subject")), _name(told.get("issuer"))
    further = told.get("subjectAltName")
    names = tuple(str(value) for _, value in further) if isinstance(further, tuple) else ()
    ends = told.get("notAfter")
    until = f"{datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC):%Y-%m-%d}" if isinstance(ends, str) else ""
    return Certificate(
        fingerprint=fingerprint,
        names=names or ((subject,) if subject else ()),
        issuer="" if told.get("issuer") == told.get("subject") else issuer or "unknown",
        until=until,
    )


def _name(rows: object) -> str:
    """The common name of a subject or issuer, else its organisation; "" without both."""
    pairs = {key: value for row in rows for key, value in row} if isinstance(rows, tuple) else {}
    return str(pairs.get("commonName") or pairs.get("organizationName") or "")
