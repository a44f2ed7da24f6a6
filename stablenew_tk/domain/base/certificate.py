"""`Certificate`: what a server says about itself over https, and how its fingerprint is written."""

from __future__ import annotations

import re

from msgspec import Struct

_HEX = re.compile(r"[0-9A-F]{64}")
# As browsers, openssl and certificate tools write it.
_MARKS = re.compile(r"(?i)^\s*(sha-?256)?(\s*fingerprint)?\s*[:=]?\s*")


class Certificate(Struct, frozen=True, kw_only=True):
    """A certificate as a server shows it. `fingerprint` is its SHA-256: 32 pairs of capital hex digits, divided by ":".

    `names` are those it is for; `issuer` signed it, "" = it signed itself. `until` is a day, 2027-01-31. Where they
    cannot be read, `names` is empty, `issuer` is "unknown" and `until` "".
    """

    fingerprint: str
    names: tuple[str, ...] = ()
    issuer: str = "unknown"
    until: str = ""

    @property
    def signer(self) -> str:
        """Who signed it, in a sentence."""
        return self.issuer or "itself"

    def __str__(self) -> str:
        names = f"for {', '.join(self.names)}, " if self.names else ""
        until = f"valid until {self.until}, " if self.until else ""
        return f"{names}signed by {self.signer}, {until}SHA-256 {self.fingerprint}"


def as_fingerprint(text: str) -> str:
    """A SHA-256 fingerprint as typed or copied, in the usual way of writing; "" when it is none."""
    digits = re.sub(r"[\s:]", "", _MARKS.sub("", text)).upper()
    return ":".join(re.findall("..", digits)) if _HEX.fullmatch(digits) else ""
