"""Start StableNew: `python3 scripts/run.py` opens the window, with arguments it is the command line.

The first start makes the environment; later ones only look whether anything changed. Without a display and without
arguments the starter pack runs in the terminal.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import environment
import system


def main(arguments: list[str]) -> None:
    display = environment.has_display()
    packages = (*system.TO_RUN, *system.TO_SHOW) if display and opens_window(arguments) else system.TO_RUN
    python = environment.prepare(packages=packages)
    if not arguments and not display:
        system.say("There is no display here, so the starter pack runs in the terminal instead of the window.")
        arguments = ["run", "starter", "--backend", "sketch"]
    # The program's hints name the command that was really typed.
    os.environ.setdefault("STABLENEW_COMMAND", f"{Path(sys.executable).name} {sys.argv[0]}")
    # -P: a file in the user's folder must not be taken for a module of ours.
    environment.hand_over(python, ["-P", "-m", "stablenew_tk", *arguments])


def opens_window(arguments: list[str]) -> bool:
    """Whether these call for the window, and so for Tk: no terminal command is among them."""
    words = iter(arguments)
    for word in words:
        if word == "--selftest":
            return True
        if word == "--data-dir":
            next(words, None)
        elif word != "--json" and not word.startswith("--data-dir="):
            return False
    return True


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except system.SetupFailed as error:
        system.exit_with(error)
    except KeyboardInterrupt:
        sys.exit(130)
