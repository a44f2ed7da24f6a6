"""Lists the models in a folder and below it, by file names only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from .sidecars import ModelFiles, grouped


class ModelFolder(Struct, frozen=True, kw_only=True):
    """One folder: its path, the names of the folders down to it (the first one included), and its models.

    `outside` are names of links that lead out of the first folder; they are listed but must not be opened.
    `problem` is a sentence when the folder could not be listed.
    """

    path: str
    way: tuple[str, ...]
    models: tuple[ModelFiles, ...] = ()
    outside: frozenset[str] = frozenset()
    problem: str = ""


def walk(root: Path) -> Iterator[ModelFolder]:
    """`root` and all folders below it that hold models or cannot be listed. Links to folders are not followed.

    Blocks on the disk; files are neither opened nor asked for their size.
    """
    top = str(root)
    waiting: list[tuple[str, tuple[str, ...]]] = [(top, (root.name,))]
    while waiting:
        path, way = waiting.pop()
        try:
            names, outside, below = _listed(path, top)
        except OSError as error:
            yield ModelFolder(path=path, way=way, problem=_unlisted(path, error))
            continue
        waiting += [(os.path.join(path, name), (*way, name)) for name in sorted(below, reverse=True)]  # noqa: PTH118
        if models := grouped(names):
            yield ModelFolder(path=path, way=way, models=tuple(models), outside=outside)


def beside(model: Path) -> ModelFolder:
    """The folder of one file as `walk` gives it, with that file's model alone.

    Raises OSError when it cannot be listed.
    """
    names, outside, _ = _listed(str(model.parent), str(model.parent))
    found = [one for one in grouped(names) if one.model == model.name]
    way = tuple(model.parent.parts[-3:])
    # The file itself was named by its user, wherever it leads.
    return ModelFolder(path=str(model.parent), way=way, models=tuple(found), outside=outside - {model.name})


def _listed(path: str, top: str) -> tuple[list[str], frozenset[str], list[str]]:
    names, outside, below = [], [], []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                names.append(entry.name)
            elif entry.is_symlink():
                inside = _is_file_inside(entry.path, top)
                if inside is not None:
                    names.append(entry.name)
                if inside is False:
                    outside.append(entry.name)
            elif entry.is_dir(follow_symlinks=False):
                below.append(entry.name)
    return names, frozenset(outside), below


def _is_file_inside(link: str, top: str) -> bool | None:
    """Whether a link leads to a file below `top`; None when it leads to no file at all (or round in a circle)."""
    if not os.path.isfile(link):  # noqa: PTH113
        return None
    real, limit = os.path.realpath(link), os.path.realpath(top)
    return real.startswith(limit.rstrip(os.sep) + os.sep)


def _unlisted(path: str, error: OSError) -> str:
    return f"{path} cannot be listed: {error.strerror}. Check its permissions."
