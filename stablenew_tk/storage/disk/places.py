"""`Places`: paths of settings, journal, pictures, packs, caches and logs; `asset`: files shipped with the program.

`--data-dir` wins over the variable STABLENEW_HOME, which wins over a portable marker beside the executable, which wins
over the usual folders of the platform.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from ...domain.base.errors import InvalidInput, Unreadable
from .files import is_folder, is_there, typed_path

APP_NAME = "StableNew"
HOME_VARIABLE = "STABLENEW_HOME"
PORTABLE_MARKER = "stablenew-portable.txt"


class Places(Struct, frozen=True, kw_only=True):
    """All folders and files of one installation. They need not exist. `kind` says how they were chosen."""

    kind: Literal["option", "variable", "portable", "platform"]
    data: Path
    settings_file: Path
    journal: Path
    outputs: Path
    packs: Path
    cache: Path
    logs: Path

    @property
    def thumbs(self) -> Path:
        """Folder of thumbnails. May be deleted at any time."""
        return self.cache / "thumbs"

    @property
    def waiting(self) -> Path:
        """File of the jobs that were unfinished when the program ended."""
        return self.data / "waiting.json"

    @property
    def plan_draft(self) -> Path:
        """File of the Learning Run that was begun in the wizard and left. Need not exist."""
        return self.data / "plan-draft.json"

    @property
    def server_note(self) -> Path:
        """File that says which process the user's own start command became. Need not exist."""
        return self.data / "server.json"

    @property
    def server_output(self) -> Path:
        """File of what the server printed that the user's own command started last."""
        return self.logs / "server-output.txt"

    @property
    def snapshot(self) -> Path:
        """Snapshot of the history, which speeds up opening the journal. May be deleted at any time."""
        return self.cache / "checkpoint"

    @property
    def backups(self) -> Path:
        """Folder of the journal's backups."""
        return self.data / "backups"

    @property
    def model_index(self) -> Path:
        """Index of the model folders. May be deleted at any time."""
        return self.cache / "models"

    @property
    def model_hashes(self) -> Path:
        """Cache of model hashes. May be deleted at any time; they are computed again when needed."""
        return self.cache / "hashes.json"

    @property
    def wildcards(self) -> Path:
        """Folder of the user's wildcard lists, `__name__` in all packs. Need not exist."""
        return self.data / "wildcards"

    @property
    def workflows(self) -> Path:
        """Folder of the user's workflows of ComfyUI. Need not exist."""
        return self.data / "workflows"

    @property
    def cluster(self) -> Path:
        """Folder of the cluster that this computer is in, with its keys. Need not exist."""
        return self.data / "cluster"

    @property
    def styles(self) -> Path:
        """File of the user's own styles and aliases. Need not exist."""
        return self.data / "styles.json"

    def output_root(self, chosen: str) -> Path:
        """Folder for pictures: the one chosen in the settings, "" = the usual one."""
        return Path(chosen) if chosen else self.outputs


def find_places(data_dir: str | None, environ: Mapping[str, str], executable: Path | None) -> Places:
    """Determine the folders. Reads and creates no file.

    `executable` is the path of the frozen program, None when running from Python. Raises InvalidInput when the chosen
    folder is a file, or none is chosen and the user has no home.
    """
    if data_dir:
        return _inside(Path(data_dir), "option", "--data-dir")
    if environ.get(HOME_VARIABLE):
        return _inside(Path(environ[HOME_VARIABLE]), "variable", HOME_VARIABLE)
    if executable is not None:
        # An AppImage runs from a read-only mount; the file the user sees and can put a marker beside is $APPIMAGE.
        beside = Path(environ.get("APPIMAGE") or executable).parent
        # In an app folder of macOS it stands in NAME.app/Contents/MacOS: what is written in there breaks the signature.
        if beside.parts[-2:] == ("Contents", "MacOS") and beside.parents[1].suffix == ".app":
            beside = beside.parents[2]
        if is_there(beside / PORTABLE_MARKER):
            return _inside(beside / "data", "portable", PORTABLE_MARKER)
    return _platform()


def _inside(folder: Path, kind: Literal["option", "variable", "portable"], source: str) -> Places:
    root = typed_path(str(folder)).absolute()
    try:
        os.stat(root)  # noqa: PTH116
    except (FileNotFoundError, PermissionError):
        pass  # it is made when something is saved, or whoever needs it says why that cannot be
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "a zero byte is in its name"
        raise InvalidInput(f"{source}: {str(root)[:200]!r} can be no folder: {why}. Name another.", source) from error
    if is_there(root) and not is_folder(root):
        raise InvalidInput(f"{source}: {root} is a file, not a folder. Name a folder for the data.", source)
    return Places(
        kind=kind,
        data=root,
        settings_file=root / "settings.json",
        journal=root / "journal",
        outputs=root / "outputs",
        packs=root / "packs",
        cache=root / "cache",
        logs=root / "logs",
    )


def _platform() -> Places:
    import platformdirs

    # appauthor=False: otherwise Windows makes the folder twice, StableNew\StableNew.
    dirs = platformdirs.PlatformDirs(APP_NAME, appauthor=False)
    try:
        data = dirs.user_data_path
        return Places(
            kind="platform",
            data=data,
            settings_file=dirs.user_config_path / "settings.json",
            journal=data / "journal",
            outputs=dirs.user_pictures_path / APP_NAME,
            packs=data / "packs",
            cache=dirs.user_cache_path,
            logs=dirs.user_log_path,
        )
    except RuntimeError as error:
        raise InvalidInput(
            f"You have no home folder here, and HOME is not set. Name a folder for everything with --data-dir or the "
            f"variable {HOME_VARIABLE}."
        ) from error


def asset(name: str) -> Path:
    """Path of a file that ships with the program, such as `packs/starter.txt`. Raises Unreadable when it is missing."""
    package = Path(__file__).resolve().parents[2]
    # An installed wheel and the frozen program carry assets inside the package; a checkout has them beside it.
    for root in (package / "assets", package.parent / "assets"):
        found = root / name
        if is_there(found):
            return found
    raise Unreadable(f"The program's own file {name} is missing. Install StableNew again.")
