"""The workflows in the folder of the user: listed by name, found by name, added as files in API format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from ...domain.base.errors import InvalidInput, StableNewError
from ...domain.workflows.node_kinds import NodeKinds
from ...domain.workflows.workflow import Workflow, read_workflow, written
from ..disk.files import is_file, typed_path, write_atomic
from .reader import workflow_text

ENDINGS = (".json", ".png", ".webp")
_MOST = 500
_LONGEST = 80
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')


class WorkflowFile(Struct, frozen=True):
    """One file of the folder: `workflow` is None when it cannot be used now, and `problem` says why."""

    path: str
    workflow: Workflow | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """What to call it."""
        return Path(self.path).stem


def read_file(file: Path, kinds: NodeKinds | None = None) -> Workflow:
    """The workflow in a file. Raises InvalidInput or Unreadable, naming the file."""
    return read_workflow(workflow_text(file), file.name, kinds)


def list_workflows(folder: Path, kinds: NodeKinds | None = None) -> tuple[WorkflowFile, ...]:
    """All workflows of a folder by name, those that cannot be used included; () where there is no folder."""
    try:
        files = sorted(one for one in folder.iterdir() if one.suffix.lower() in ENDINGS and is_file(one))
    except OSError:
        return ()
    return tuple(_listed(one, kinds) for one in files[:_MOST])


def _listed(file: Path, kinds: NodeKinds | None) -> WorkflowFile:
    try:
        return WorkflowFile(str(file), read_file(file, kinds))
    except StableNewError as problem:
        return WorkflowFile(str(file), problem=str(problem))


def find_workflow(typed: str, folder: Path) -> Path:
    """The file that a person means: a path, or a name in the folder. Raises InvalidInput with the names there are."""
    file = typed_path(typed)
    if is_file(file):
        return file.absolute()
    for ending in ("", *ENDINGS):
        inside = folder / f"{typed}{ending}"
        if not file.is_absolute() and is_file(inside):
            return inside.absolute()
    names = ", ".join(Path(one.path).stem for one in list_workflows(folder)[:8]) or "none"
    raise InvalidInput(f"There is no workflow {typed!r}. The folder {folder} has {names}.", "--workflow")


def add_workflow(workflow: Workflow, name: str, folder: Path) -> Path:
    """Keep a workflow as a file in API format, under a name that no other has. Raises NotSaved."""
    stem = " ".join(_NOT_IN_NAMES.sub(" ", name).split()).strip(" .")[:_LONGEST] or "Workflow"
    folder.mkdir(parents=True, exist_ok=True)
    path = _free(folder, stem, {one.stem.casefold() for one in _files(folder)})
    write_atomic(path, written(workflow.nodes))
    return path


def _files(folder: Path) -> Sequence[Path]:
    return tuple(folder.iterdir())


def _free(folder: Path, stem: str, taken: set[str]) -> Path:
    number, name = 1, stem
    while name.casefold() in taken:
        number += 1
        name = f"{stem} {number}"
    return folder / f"{name}.json"
