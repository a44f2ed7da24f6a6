"""What a user may send after a mistake of the program: versions, system, the error, the last lines of the log.

Nothing private is in it: no prompt, no name, no address, no path outside the program.
"""

from __future__ import annotations

import platform
import re
import sys
import traceback
from collections.abc import Collection

from ... import __version__

_LONGEST = 400
_LIBRARIES = ("msgspec", "Pillow", "customtkinter", "requests", "watchdog", "filelock")
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>]+", re.IGNORECASE)
# What is said in quotes is a name or a prompt; apostrophes inside words are none.
_QUOTED = re.compile(r"(?<!\w)'[^'\n]*'|\"[^\"\n]*\"|“[^”\n]*”|`[^`\n]*`")
_PATH = re.compile(r"(?:[A-Za-z]:[\\/]|\\\\|~?/)[^\s\"'<>|:,;]+(?: [^\s\"'<>|:,;]+[\\/][^\s\"'<>|:,;]+)*")
# Keys and tokens, by what stands before them or by their look: those of Hugging Face, OpenAI, GitHub, JSON web tokens,
# and whatever is long and a mix of letters and digits. Ids of records have 26 signs.
_SECRET = re.compile(
    r"(?P<before>\b(?:bearer|basic)\s+|[\w-]*(?:token|secret|passw\w*|api[_-]?key|auth\w*)\s*[=:]\s*(?:(?:bearer|basic)\s+)?"
    r"|--[\w-]*(?:token|secret|passw\w*|key|auth)\s+)(?:[^\s\"'<>,;&]+)"
    r"|\b(?:hf_|sk-|gh[a-z]_|github_pat_)[\w-]{8,}|\beyJ[\w-]+\.[\w.-]+"
    r"|\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{30,}",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"[^\s/@:\"'<>=]+:[^\s/@\"'<>]+@[\w.\[\]:-]+")
_HOST_AND_PORT = re.compile(r"(?<![\w.:-])(?=[\w.-]*[A-Za-z])(?![\w.-]*\.py:)[\w-]+(?:\.[\w-]+)*:\d{2,5}\b(?!:)")
_IPV6 = re.compile(
    r"(?<![\w:.])\[?(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?::(?:[0-9a-f]{1,4}:)*"
    r"[0-9a-f]{1,4})\]?(?::\d+)?(?!\w)",
    re.IGNORECASE,
)
_OURS = re.compile(r"(?:.*[\\/])?((?:stablenew_tk|site-packages|lib[\\/]python3\.\d+)[\\/].*\.py)$")
_NETWORK = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[\w.+-]+@[\w-]+\.[\w.]+\b")
_SOURCE_LINE = "    "


def crash_report(error: BaseException | None, sentence: str, lines: Collection[str], private: Collection[str]) -> str:
    """The text to send. `private` are words to take out wherever they stand: names of the user and the computer, and
    passwords.
    """
    told = traceback.format_exception(error) if error is not None else [sentence]
    parts = [
        *about_program(),
        "",
        *redacted("".join(told).splitlines(), private),
        "",
        "Last lines of the log:",
        *redacted(lines, private),
    ]
    return "\n".join(parts) + "\n"


def about_program() -> tuple[str, str]:
    """Two lines: versions of the program, Python and the system, and those of the libraries."""
    return (
        f"StableNew {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()} "
        f"{platform.machine()}{', as one file' if getattr(sys, 'frozen', False) else ''}",
        ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES),
    )


def redacted(lines: Collection[str], private: Collection[str]) -> list[str]:
    """The lines without addresses, paths, names and what stands in quotes; lines of the program's own code stay."""
    words = sorted({word for word in private if len(word) > 2}, key=len, reverse=True)
    names = re.compile("|".join(map(re.escape, words)), re.IGNORECASE) if words else None
    return [_redacted(line[:_LONGEST], names) for line in lines]


def _redacted(line: str, names: re.Pattern[str] | None) -> str:
    place = re.fullmatch(r'(\s*File )"(.*)"(, line \d+.*)', line)
    if place:
        ours = _OURS.match(place[2])
        line = f"{place[1]}{ours[1] if ours else '<path>'}{place[3]}"
    elif not line.startswith(_SOURCE_LINE):
        line = _QUOTED.sub("<text>", _PATH.sub("<path>", _ADDRESS.sub("<address>", line)))
    line = _SECRET.sub(lambda found: f"{found['before'] or ''}<secret>", line)
    for address in (_LOGIN, _IPV6, _HOST_AND_PORT, _NETWORK):
        line = address.sub("<address>", line)
    return names.sub("<name>", line) if names is not None else line


def _version(name: str) -> str:
    # It takes a tenth as long as opening the window, and hardly any start needs it.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "?"  # the executable carries no notes about its libraries
