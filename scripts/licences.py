"""Collects the licence texts of everything in the executable; `stablenew.spec` calls it while it builds.

Libraries of Python tell theirs in their own packages, libraries of the system in /usr/share/doc (Debian and relatives).
What has no text beside it is named all the same, so that nothing is inside without a line.
"""

from __future__ import annotations

import itertools
import re
import subprocess
import sysconfig
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import msgspec

from stablenew_tk.storage.programs.licences import FONT, Licence, needed, of_distribution, python_licence, texts

ROOT = Path(__file__).resolve().parent.parent
Entries = Iterable[tuple[str, str, str]]
# Excluded from the executable although rich names it.
ABSENT = {"pygments"}
# Its bootloader is a part of every executable.
PRESENT = ("pyinstaller",)
# Where Debian keeps the long texts that its packages only name.
COMMON = Path("/usr/share/common-licenses")


def write(target: Path, binaries: Entries, modules: Entries) -> None:
    """Write the file that the program reads. `binaries` and `modules` are the lists of PyInstaller."""
    from stablenew_tk import __version__

    own = Licence(name="StableNew", version=__version__, licence="MIT", text=texts([ROOT / "LICENSE"]))
    providers = packages_distributions()
    packed = {name.partition(".")[0] for name, _, _ in modules}
    packages = {one for module in packed for one in providers.get(module, ())}
    names = {re.sub(r"[-_.]+", "-", one).lower() for one in packages} | set(needed("stablenew"))
    libraries = [
        found for name in sorted({*names, *PRESENT} - ABSENT - {"stablenew"}) if (found := of_distribution(name))
    ]
    systems = _of_the_system(binaries)
    found = (own, *(python_licence() or (Licence(name="Python"),)), *libraries, *tkdnd(), FONT, *systems)
    found += named_in(found)
    target.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1))


def tkdnd() -> tuple[Licence, ...]:
    """That of the library inside of tkinterdnd2, which stands at the head of its own files."""
    spec = find_spec("tkinterdnd2")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        for path in sorted(Path(folder).glob("tkdnd/*/tkdnd.tcl")):
            head = itertools.takewhile(lambda line: line.startswith("#"), path.read_text("utf-8").splitlines())
            text = "\n".join(line.lstrip("#").removeprefix(" ") for line in head).strip()
            return (Licence(name="tkdnd", licence="TCL", text=text),)
    return ()


def named_in(found: Iterable[Licence], folder: Path = COMMON) -> tuple[Licence, ...]:
    """The long texts that these only name by their place on a Debian system, each once."""
    words = re.compile(rf"{re.escape(str(COMMON))}/([\w.-]*\w)")
    paths = {(folder / name).resolve() for one in found for name in words.findall(one.text)}
    return tuple(
        Licence(name=path.name, licence="the text that libraries above name", text=texts([path]))
        for path in sorted(paths)
        if path.is_file()
    )


def _of_the_system(binaries: Entries) -> list[Licence]:
    """Those of the shared libraries that belong to no Python package, one for each package of the system."""
    pure, standard = Path(sysconfig.get_path("purelib")).resolve(), Path(sysconfig.get_path("stdlib")).resolve()
    packages: dict[str, Licence] = {}
    for name, source, _kind in sorted(binaries):
        path = Path(source).resolve()
        if path.is_relative_to(pure) or path.is_relative_to(standard) or "libpython" in path.name:
            continue
        package = _package_of(path)
        text = texts([Path("/usr/share/doc") / package / "copyright"]) if package else ""
        key = package or name
        packages.setdefault(key, Licence(name=key, licence="a library of the system", text=text))
    return [packages[name] for name in sorted(packages)]


def _package_of(path: Path) -> str:
    # Debian has moved /lib to /usr/lib, and dpkg knows many files by the old name.
    for one in (str(path), str(path).removeprefix("/usr")):
        try:
            asked = subprocess.run(["dpkg", "-S", one], capture_output=True, text=True, check=False, timeout=30)
        except OSError:
            return ""
        if asked.returncode == 0:
            return asked.stdout.partition(":")[0]
    return ""
