"""PyInstaller with a loader of our own for the one-file executable (Linux).

PyInstaller's loader unpacks the program before anything of the program runs. It takes a folder for temporary files that
is full or `noexec` all the same, and then fails in words of its own. `loader/temporary_folder.c`, linked into it, looks
first. The loader is compiled as PyInstaller provides for it: from its source, with one more object file.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from pathlib import Path

import environment
import system

SOURCE = environment.ROOT / "scripts" / "loader" / "temporary_folder.c"
GCC = system.SystemPackage("gcc", "the executable's loader", "import shutil; 1 / bool(shutil.which('gcc'))")
HEADERS = system.SystemPackage(
    "libc6-dev", "the executable's loader", "import subprocess; subprocess.run(['gcc', '-E', '-include', 'stdio.h', "
    "'-x', 'c', '/dev/null'], check=True)"
)  # fmt: skip


def compiled(work: Path) -> Path:
    """The object file of our part, made in the folder `work`. Raises SetupFailed."""
    system.require((GCC, HEADERS))
    work.mkdir(parents=True, exist_ok=True)
    target = work.resolve() / "temporary_folder.o"
    # Not position-independent code would keep the loader from being so.
    made = system.run(["gcc", "-c", "-O2", "-fPIE", "-Wall", "-Wextra", "-Werror", "-o", str(target), str(SOURCE)])
    if made.returncode:
        raise system.SetupFailed(f"{SOURCE} could not be compiled. gcc said:\n{system.tail(made.stdout)}", 1)
    return target


def variables(python: Path, work: Path) -> dict[str, str]:
    """What makes `python -m PyInstaller` use that loader, which is made in `work` when it is not there.

    Needs gcc and, the first time, the network: the source of the PyInstaller that `python` has is downloaded. Raises
    SetupFailed.
    """
    found = system.run([str(python), "-c", "import PyInstaller; print(PyInstaller.__version__)"])
    version = found.stdout.strip()
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
    target = work.resolve() / f"pyinstaller-{version}-{digest}"
    whole = target / "whole"
    if not whole.exists():
        part = compiled(work)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--upgrade"]
        pip += ["--no-deps", "--no-cache-dir", "--no-binary", "pyinstaller", "--target", str(target)]
        with system.saying("pip compiles PyInstaller's loader"):
            more = {"PIP_USER": "0", "PYINSTALLER_COMPILE_BOOTLOADER": "1", "LDFLAGS": shlex.quote(str(part))}
            made = system.run([*pip, f"pyinstaller=={version}"], more=more)
        if made.returncode:
            raise system.SetupFailed(
                f"PyInstaller's loader could not be made. pip said:\n{system.tail(made.stdout)}", 1
            )
        whole.touch()
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(target), os.environ.get("PYTHONPATH"))))}
