"""Detects folders on network drives, which send no file system events for changes by other machines."""

from __future__ import annotations

import os
from pathlib import Path

_MOUNTS = "/proc/self/mounts"
_NETWORK = ("nfs", "cifs", "smb", "9p", "virtiofs", "afs", "ceph", "glusterfs", "vboxsf", "fuse.", "davfs", "ncpfs")


def is_on_network(path: str) -> bool:
    """Whether a folder is on a network drive. Only Linux is examined."""
    try:
        mounts = Path(_MOUNTS).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        # Not Linux. Windows and macOS send events for shares as far as the share does; comparing finds the rest.
        return False
    return is_network_mount(os.path.realpath(path), mounts)


def is_network_mount(path: str, mounts: str) -> bool:
    """Whether a path is on a network file system; `mounts` is the content of /proc/mounts."""
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
