"""Build the executable: `python3 scripts/build.py` makes `dist/StableNew`, one file that needs no Python.

`--all` adds the same as a folder in an archive, an AppDir (and an AppImage where the tools are), and SHA256SUMS. On
Linux it also compiles the loader of the one file (`loader.py`), which takes gcc and the network.

Prints one line of JSON: path, size in MiB, seconds, with `--all` all files. Fails when the program is larger than it
should be, because that means something was packed that nobody needs.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import archives
import environment
import loader
import system

# One file is packed; an app folder of macOS is not.
LIMIT_MIB, CLUSTER_MIB = 120.0 if sys.platform == "darwin" else 30.0, 10.0
# What PyInstaller says of libraries that only the other systems have, and of what the program cannot do without.
WINDOWS_ONLY = r"\S+\.dll|\w+32|ntdll|dwmapi|shcore"
OTHERS = {"win32": r"\S+\.(so|dylib)\S*", "darwin": rf"\S+\.so\S*|{WINDOWS_ONLY}"}.get(
    sys.platform, rf"libobjc\.dylib|{WINDOWS_ONLY}"
)
OF_ANOTHER_SYSTEM = re.compile(rf"Ignoring AppKit\.framework|Library ({OTHERS}) required via ctypes", re.IGNORECASE)
MISSING = re.compile(r"Hidden import '\S+' not found|Library not found|required via ctypes not found")
PROGRAM = {"win32": "StableNew.exe", "darwin": "StableNew.app"}.get(sys.platform, "StableNew")


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    python = _builder()
    started = time.monotonic()
    command = [str(python), "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    folders = ["--distpath", str(options.dest), "--workpath", str(options.work / "pyinstaller")]
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or _time_of_commit()
    label = f"StableNew-{version()}-{_system()}"
    variables = {
        **os.environ,
        # PyInstaller otherwise keeps its stripped copies in the user's home.
        "PYINSTALLER_CONFIG_DIR": str(options.work / "cache"),
        # The same commit gives the same bytes, as far as PyInstaller can.
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": epoch,
        "STABLENEW_FOLDER": label if options.all else "",
        "STABLENEW_CLUSTER": "1" if options.with_cluster else "",
        "STABLENEW_CODESIGN_IDENTITY": options.codesign_identity,
        "STABLENEW_ENTITLEMENTS": str(options.entitlements.resolve()) if options.entitlements else "",
    }
    command += [*folders, str(environment.ROOT / "stablenew.spec")]
    if options.all and sys.platform.startswith("linux"):
        variables |= loader.variables(python, options.work)
    system.say(f"Building {label}. This takes one to three minutes.")
    code, missing = _run(command, variables)
    if code or missing:
        what = f"misses something ({missing[0]})" if missing else "could not build the executable"
        system.say(f"PyInstaller {what}; its reason stands above.")
        return 1
    path = options.dest / PROGRAM
    size_mib = _size(path) / 2**20
    report = {"path": str(path), "mib": round(size_mib, 1), "seconds": round(time.monotonic() - started, 1)}
    if options.all:
        report["files"] = [str(one) for one in archives.make(options, label, int(epoch))]
    print(json.dumps(report))
    limit_mib = options.limit_mib + (CLUSTER_MIB if options.with_cluster else 0.0)
    if size_mib > limit_mib:
        system.say(f"{path} has {size_mib:.1f} MiB; the limit is {limit_mib:g} MiB.")
        return 1
    return 0


def _run(command: list[str], variables: dict[str, str]) -> tuple[int, list[str]]:
    """The exit code of PyInstaller, and its warnings that something is missing in what it has built."""
    missing = []
    with (
        system.saying("PyInstaller is at work"),
        subprocess.Popen(
            command,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            if OF_ANOTHER_SYSTEM.search(line):
                continue
            system.say("  " + line.rstrip())
            if MISSING.search(line):
                missing.append(line.strip().rpartition("WARNING: ")[2].rpartition("ERROR: ")[2])
    return process.returncode, missing


def version() -> str:
    """The number of this version, as it stands in the package."""
    text = (environment.ROOT / "stablenew_tk" / "__init__.py").read_text(encoding="utf-8")
    return re.findall(r'__version__ = "([^"]+)"', text)[0]


def _system() -> str:
    names = {"win32": "windows", "darwin": "macos"}
    return f"{names.get(sys.platform, sys.platform)}-{platform.machine().lower()}"


def _size(path: Path) -> int:
    return sum(one.stat().st_size for one in path.rglob("*")) if path.is_dir() else path.stat().st_size


def _time_of_commit() -> str:
    said = ""
    if shutil.which("git"):
        asked = ["git", "log", "-1", "--format=%ct"]
        said = subprocess.run(asked, cwd=environment.ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return said or str(int(time.time()))


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the StableNew executable.")
    parser.add_argument("--dest", type=Path, default=environment.ROOT / "dist", help="folder for the executable")
    parser.add_argument("--work", type=Path, default=environment.ROOT / "build", help="folder for intermediate files")
    parser.add_argument("--limit-mib", type=float, default=LIMIT_MIB, help="largest size allowed")
    parser.add_argument("--with-cluster", action="store_true", help="with the packages of a cluster inside")
    parser.add_argument("--all", action="store_true", help="also a folder as an archive, an AppDir, and sums")
    runtime = "AppImage's runtime (type 2) for this processor; with mksquashfs an AppImage is made"
    parser.add_argument("--appimage-runtime", type=Path, help=runtime)
    parser.add_argument("--codesign-identity", default="", help="macOS: whose signature")
    parser.add_argument("--entitlements", type=Path, help="macOS: entitlements file of the signature")
    return parser.parse_args(arguments)


def _builder() -> Path:
    """A Python with PyInstaller: the one that runs this script if it has it, else the project's environment."""
    if importlib.util.find_spec("PyInstaller"):
        return Path(sys.executable)
    return environment.prepare(extras=["dev"], packages=(*system.TO_RUN, *system.TO_BUILD))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except system.SetupFailed as error:
        system.exit_with(error)
