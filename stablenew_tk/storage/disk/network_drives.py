"""Which folders lie on another machine, where no system tells of changes that others make."""

from __future__ import annotations

import os
from pathlib import Path

_MOUNTS = "/proc/self/mounts"
_NETWORK = ("nfs", "cifs", "smb", "9p", "virtiofs", "afs", "ceph", "glusterfs", "vboxsf", "fuse.", "davfs", "ncpfs")


def is_on_network(path: str) -> bool:
    """Whether a folder lies on a network drive, as far as the system says so."""
    try:
        mounts = Path(_MOUNTS).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        # No Linux. Windows and macOS tell of changes on shares as far as the share does; comparing does the rest.
        return False
    return is_network_mount(os.path.realpath(path), mounts)


def is_network_mount(path: str, mounts: str) -> bool:
    """Whether a path lies on a drive of another machine, by a table of mounts as Linux writes it."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ").rstrip("/") or "/"
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind.startswith(_NETWORK)
