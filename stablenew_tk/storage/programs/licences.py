"""Licence texts of the program and of everything that it is made of.

The executable has them in one file, which its build collects; elsewhere they lie beside the installed libraries.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import msgspec
from msgspec import Struct

from ... import __version__
from ...domain.base.errors import Unreadable
from ..disk.files import read_bounded
from ..disk.places import asset

OWN = "stablenew"
COLLECTED = "licences.json"
_LIMIT, _TEXT_LIMIT = 1 << 24, 1 << 21
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LICENCE = re.compile(
    r"(^|[\\/])(licen[cs]e|copying|notice|authors)[^\\/]*$|dist-info[\\/]licenses[\\/]", re.IGNORECASE
)


class Licence(Struct, frozen=True, kw_only=True):
    """One part of the program. `text` is its licence, whole; "" when its authors put none beside it, only a name."""

    name: str
    version: str = ""
    licence: str = ""
    text: str = ""


# customtkinter brings it and has no text for it.
FONT = Licence(
    name="Roboto",
    licence="Apache-2.0",
    text="The font Roboto, Copyright Google. Licensed under the Apache License 2.0; its text stands at requests.",
)


def licences() -> tuple[Licence, ...]:
    """Those of this installation, the program itself first. Raises Unreadable when its own file is damaged."""
    try:
        collected = asset(COLLECTED)
    except Unreadable:
        return installed_licences()
    try:
        return msgspec.json.decode(read_bounded(collected, _LIMIT), type=tuple[Licence, ...])
    except (ValueError, msgspec.MsgspecError) as error:
        raise Unreadable(f"The program's own file {COLLECTED} is damaged. Install StableNew again.") from error


def installed_licences() -> tuple[Licence, ...]:
    """Of StableNew, of Python, and of the libraries that StableNew needs, as they lie on this computer."""
    found = [licence for name in needed(OWN) if (licence := of_distribution(name)) is not None]
    own = [one for one in found if one.name.lower() == OWN]
    others = sorted((one for one in found if one not in own), key=lambda one: one.name.lower())
    return (*own, *python_licence(), *others, FONT)


def needed(name: str) -> tuple[str, ...]:
    """The names of a library and of all that it needs, without extras. What is not installed is left out."""
    names, waiting = [], [name]
    while waiting:
        one = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if one in names or (found := _installed(one)) is None:
            continue
        names.append(one)
        wanted = (line for line in found.requires or () if "extra ==" not in line)
        waiting += [match[0] for line in wanted if (match := _NAME.match(line))]
    return tuple(names)


def of_distribution(name: str) -> Licence | None:
    """The licence of an installed library; None when it is not installed."""
    if (found := _installed(name)) is None:
        return None
    told = found.metadata.get_all
    words = (*(told("License-Expression") or ()), *(told("License") or ()), "")[0]
    classified = [line.rpartition(" :: ")[2] for line in told("Classifier") or () if "License" in line]
    short = words if words and "\n" not in words else ", ".join(classified)
    files = [Path(str(found.locate_file(path))) for path in found.files or () if _LICENCE.search(str(path))]
    return Licence(
        name="StableNew" if name == OWN else found.metadata["Name"],
        # An editable installation remembers the version that it was made with.
        version=__version__ if name == OWN else found.version,
        licence=short[:100],
        text=texts(sorted(set(files))),
    )


def python_licence(library: Path = Path(os.__file__).parent) -> tuple[Licence, ...]:
    """That of the Python whose own modules are in `library`, as a tuple of one, or of none where it is not with it."""
    # Debian takes it out of the library and says so in a file of its own. The last one is the chapter of its manual on
    # what others have written in it, where whoever built it has put that there.
    debian = Path(f"/usr/share/doc/python3.{platform.python_version_tuple()[1]}/copyright")
    text = texts([library / "LICENSE.txt", library.parent / "LICENSE.txt", library / "license.rst"]) or texts([debian])
    return (Licence(name="Python", version=platform.python_version(), licence="PSF-2.0", text=text),) if text else ()


def texts(files: Iterable[Path]) -> str:
    """What stands in these files; those that are not there are left out, the same text is told once."""
    found: list[str] = []
    for path in files:
        try:
            text = read_bounded(path, _TEXT_LIMIT).decode("utf-8", "replace").strip()
        except Unreadable:
            continue
        if text not in found:
            found.append(text)
    return "\n\n".join(found)


def in_words(found: Iterable[Licence]) -> str:
    """All of them as one text, each with a line above it."""
    parts = []
    for one in found:
        head = f"{one.name} {one.version}".strip() + (f" ({one.licence})" if one.licence else "")
        parts.append(f"{head}\n{'=' * len(head)}\n\n{one.text or 'Its authors put no text beside it.'}\n")
    return "\n\n".join(parts)


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None
