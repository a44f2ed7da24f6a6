"""Surroundings of this program: variables for others that it starts, what to type for a package that it lacks."""

from __future__ import annotations

from collections.abc import Mapping


def for_other_programs(variables: Mapping[str, str], *, frozen: bool) -> dict[str, str]:
    """The variables without what holds for this program only. `frozen`: it is a one-file executable.

    Such an executable points LD_LIBRARY_PATH at its own unpacked libraries, which break other programs.
    """
    environment = dict(variables)
    original = environment.pop("LD_LIBRARY_PATH_ORIG", None)
    if frozen:
        environment.pop("LD_LIBRARY_PATH", None)
    if original is not None:
        environment["LD_LIBRARY_PATH"] = original
    return environment


def install_line(python: str, extra: str) -> str:
    """What to type, in any shell, to get the packages of an extra; `python` is the one that runs this program.

    pip finds StableNew itself in that environment, so it asks for nothing else.
    """
    program = f'"{python}"' if " " in python else python
    return f'{program} -m pip install "stablenew[{extra}]"'
