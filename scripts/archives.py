"""What lies beside the executable: the folder as an archive, AppDir, AppImage, SHA256SUMS. Standard library only.

Archives are the same bytes for the same content: names in order, one time for all, no owner.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import environment
import system

APP_DIR = "StableNew.AppDir"
_APP_RUN = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/usr/lib/stablenew/StableNew" "$@"
"""


def make(options: argparse.Namespace, label: str, epoch: int) -> list[Path]:
    """Everything beside the executable in `options.dest`, `label` being the name of the folder; `epoch` in seconds.

    Returns the files that are handed out, SHA256SUMS last.
    """
    dest: Path = options.dest
    if sys.platform == "win32":
        files = [dest / "StableNew.exe", dest / "stablenew-console.exe", zipped(dest / label, epoch)]
    elif sys.platform == "darwin":
        files = [tarred(dest / "StableNew.app", dest / f"{label}.tar.gz", epoch)]
    else:
        app_dir = make_app_dir(dest / label, dest / APP_DIR)
        files = [dest / "StableNew", tarred(dest / label, dest / f"{label}.tar.gz", epoch)]
        files += [tarred(app_dir, dest / f"{APP_DIR}.tar.gz", epoch), *_app_image(app_dir, label, options, epoch)]
    write_sums(dest / "SHA256SUMS", files)
    return [*files, dest / "SHA256SUMS"]


def make_app_dir(folder: Path, target: Path) -> Path:
    """An AppDir around the folder of the program: AppRun, entry, icon."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target / "usr" / "lib" / "stablenew", symlinks=True)
    assets = environment.ROOT / "assets"
    shutil.copy(assets / "icon.png", target / "stablenew.png")
    (target / ".DirIcon").symlink_to("stablenew.png")
    shutil.copy(assets / "stablenew.desktop", target / "stablenew.desktop")
    run = target / "AppRun"
    run.write_text(_APP_RUN, encoding="utf-8")
    run.chmod(0o755)
    return target


def _app_image(app_dir: Path, label: str, options: argparse.Namespace, epoch: int) -> list[Path]:
    image = options.dest / f"{label}.AppImage"
    if options.appimage_runtime is None or not shutil.which("mksquashfs"):
        system.say(
            "No AppImage: that needs its runtime (--appimage-runtime FILE) and mksquashfs. With appimagetool, in the "
            f"folder of the other files:\n    ARCH={platform.machine()} appimagetool {app_dir.name} {image.name}"
        )
        return []
    packed = options.dest / "squashfs"
    packed.unlink(missing_ok=True)
    command = ["mksquashfs", str(app_dir), str(packed), "-root-owned", "-noappend", "-no-progress", "-quiet"]
    subprocess.run([*command, "-all-time", str(epoch), "-mkfs-time", str(epoch)], check=True, stdout=sys.stderr)
    image.write_bytes(options.appimage_runtime.read_bytes() + packed.read_bytes())
    image.chmod(0o755)
    packed.unlink()
    return [image]


def tarred(folder: Path, target: Path, epoch: int) -> Path:
    """A .tar.gz of a folder, itself the only thing at its top."""

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = epoch, 0, 0, "", ""
        return entry

    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in (folder, *sorted(folder.rglob("*"))):
            archive.add(path, str(path.relative_to(folder.parent)), recursive=False, filter=plain)
    return target


def zipped(folder: Path, epoch: int) -> Path:
    """A .zip of a folder beside it."""
    target = folder.with_name(folder.name + ".zip")
    when = datetime.fromtimestamp(epoch, UTC).timetuple()[:6]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            archive.writestr(
                zipfile.ZipInfo(path.relative_to(folder.parent).as_posix(), when),
                path.read_bytes(),
                zipfile.ZIP_DEFLATED,
            )
    return target


def write_sums(target: Path, files: Iterable[Path]) -> None:
    """SHA-256 sums as `sha256sum --check` reads them."""
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    target.write_text("".join(lines), encoding="utf-8", newline="\n")
