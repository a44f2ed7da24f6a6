"""Build the executable: `python3 scripts/build.py` makes `dist/StableNew`, one file that needs no Python.

Prints one line of JSON: path, size in MiB, seconds. Fails when the file is larger than it should be, because that
means something was packed that nobody needs.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import environment
import system

LIMIT_MIB = 30.0


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    python = _builder()
    started = time.monotonic()
    command = [str(python), "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    folders = ["--distpath", str(options.dest), "--workpath", str(options.work / "pyinstaller")]
    # PyInstaller otherwise keeps its stripped copies in the user's home.
    variables = {**os.environ, "PYINSTALLER_CONFIG_DIR": str(options.work / "cache")}
    command += [*folders, str(environment.ROOT / "stablenew.spec")]
    with system.saying("PyInstaller is at work"):
        built = subprocess.run(command, env=variables, stdout=sys.stderr, check=False)
    if built.returncode:
        system.say("PyInstaller could not build the executable; its reason stands above.")
        return 1
    path = options.dest / ("StableNew.exe" if environment.WINDOWS else "StableNew")
    size_mib = path.stat().st_size / 2**20
    print(json.dumps({"path": str(path), "mib": round(size_mib, 1), "seconds": round(time.monotonic() - started, 1)}))
    if size_mib > options.limit_mib:
        system.say(f"{path} has {size_mib:.1f} MiB; the limit is {options.limit_mib:g} MiB.")
        return 1
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the StableNew executable.")
    parser.add_argument("--dest", type=Path, default=environment.ROOT / "dist", help="folder for the executable")
    parser.add_argument("--work", type=Path, default=environment.ROOT / "build", help="folder for intermediate files")
    parser.add_argument("--limit-mib", type=float, default=LIMIT_MIB, help="largest size allowed")
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
