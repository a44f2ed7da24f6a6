"""The command of the user's own that starts their server: split into words, its program and folder found."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from msgspec import Struct

from ...domain.base.errors import InvalidInput
from ..disk.files import is_file, is_folder, is_there, typed_path


class ReadyCommand(Struct, frozen=True):
    """What is to be started: the program with its full path, its arguments, and the working folder."""

    words: tuple[str, ...]
    folder: Path


def ready_command(typed: str, folder: str) -> ReadyCommand:
    """A command as typed in Settings. `folder` "" = that of the program. Blocks on the disk.

    No shell reads it: there are no variables, pipes and wildcards, only words and quotes. The program is looked for in
    the folder, then on the PATH. Raises InvalidInput that names what is missing.
    """
    words = _words(typed)
    place = typed_path(folder.strip()).absolute() if folder.strip() else None
    if place is not None and not is_folder(place):
        what = "is a file, not a folder" if is_there(place) else "is not there"
        raise InvalidInput(f"The working folder {place} {what}. Name another one in Settings.", "start_folder")
    program = _program(words[0], place)
    return ReadyCommand((str(program), *words[1:]), place or program.parent)


def _words(typed: str) -> list[str]:
    windows = sys.platform == "win32"
    try:
        # Windows writes folders with the sign that marks letters elsewhere.
        words = [word.strip('"') if windows else word for word in shlex.split(typed.strip(), posix=not windows)]
    except ValueError:
        raise InvalidInput("The start command has a quote that is not closed.", "start_command") from None
    if not words:
        raise InvalidInput("There is no start command. Write it in Settings.", "start_command")
    return words


def _program(word: str, folder: Path | None) -> Path:
    path = typed_path(word)
    in_folder = (folder or Path.cwd()) / path
    if path.is_absolute() or "/" in word or os.sep in word or (folder is not None and is_file(in_folder)):
        found: Path | None = path if path.is_absolute() else in_folder
    else:
        found = Path(where) if (where := shutil.which(word)) else None
    if found is None or not is_there(found):
        beside = f" in {folder}" if folder is not None else ""
        shown = found if found is not None and path.is_absolute() else word
        raise InvalidInput(f"The program {shown} of the start command is not there{beside}.", "start_command")
    if is_folder(found):
        raise InvalidInput(f"{found} is a folder. The start command begins with a program.", "start_command")
    if sys.platform != "win32" and not os.access(found, os.X_OK):
        raise InvalidInput(
            f"{found.name} may not be run as a program. Write what runs it before it (bash, python …), or make it "
            f"executable: chmod +x {shlex.quote(str(found))}",
            "start_command",
        )
    return found.absolute()
