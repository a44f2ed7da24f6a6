"""The report that `doctor --report` writes: what was checked and the last lines of the log, without private words."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .crash_report import about_program, redacted
from .last_lines import LINES

_HEAD = "Report of StableNew. It is meant to hold no prompt, name, address, password or path of yours: read it first."


def fault_report(
    checks: Iterable[tuple[str, str, str]],
    facts: Iterable[tuple[str, str]],
    log: Collection[str],
    private: Collection[str],
    paths: Iterable[str],
) -> str:
    """The text to send. `checks`: mark, name and words of each; `facts`: what is known of the system; `log`: all lines,
    of which the last are taken; `private`: words to take out wherever they stand; `paths`: folders of the user, taken
    out whole, also with blanks in them.
    """
    longest_first = sorted(filter(None, paths), key=len, reverse=True)

    def without(lines: Iterable[str]) -> list[str]:
        return redacted([_without_paths(line, longest_first) for line in lines], private)

    lines = [f"{mark:>4}  {name}: {words}" for mark, name, words in checks]
    known = [f"{name}: {words}" for name, words in facts]
    last = list(log)[-LINES:]
    parts = [
        _HEAD,
        "",
        *about_program(),
        *without(known),
        "",
        "Checks:",
        *without(lines),
        "",
        f"Last lines of the log ({len(last)}):",
        *without(last),
    ]
    return "\n".join(parts) + "\n"


def _without_paths(line: str, paths: Iterable[str]) -> str:
    for path in paths:
        line = line.replace(path, "<path>")
    return line
