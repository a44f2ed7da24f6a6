"""Environment variables for other programs that this one starts."""

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
