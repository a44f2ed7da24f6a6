"""The fingerprint of what makes a picture: the same seed gives the same picture only where it is the same."""

from __future__ import annotations


def fingerprint(kind: str, name: str, version: str, device: str) -> str:
    """16 hex digits for engine, its version and the device that computes; "" where nobody has said which engine it is.

    `name` is that of the backend: what follows " · " in it is its address, and does not count.
    """
    if not kind:
        return ""
    made_of = "\n".join((kind, name.partition(" · ")[0], version, device))
    import hashlib

    return hashlib.sha256(made_of.encode()).hexdigest()[:16]
