"""Messages about workflows of ComfyUI: list, read, add. Carried out by the pack worker's thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...domain.workflows.node_kinds import NodeKinds
from .base import Event
from .packs import PackOrder

if TYPE_CHECKING:
    from ...domain.workflows.workflow import Workflow
    from ...storage.workflows.catalog import WorkflowFile


class WorkflowsListed(Event, frozen=True, kw_only=True):
    """All files of the folder with workflows, also those that cannot be used."""

    files: tuple[WorkflowFile, ...]


class WorkflowRead(Event, frozen=True, kw_only=True):
    """What is in one file; `workflow` is None where there is none, and `problem` says why. `is_workflow`: it is one all
    the same, which cannot be read now.
    """

    path: Path
    workflow: Workflow | None
    problem: str = ""
    is_workflow: bool = False


class WorkflowAdded(Event, frozen=True, kw_only=True):
    """A workflow is kept as a file."""

    path: Path


class ListWorkflows(PackOrder, frozen=True, kw_only=True):
    """List the folder, read with the node classes of the server; WorkflowsListed answers."""

    kinds: NodeKinds = NodeKinds()


class ReadWorkflow(PackOrder, frozen=True, kw_only=True):
    """Read the workflow in a file or a picture; WorkflowRead answers."""

    path: Path
    kinds: NodeKinds = NodeKinds()


class AddWorkflow(PackOrder, frozen=True, kw_only=True):
    """Keep a workflow in the folder under this name; WorkflowAdded answers, and WorkflowsListed."""

    workflow: Workflow
    name: str
    kinds: NodeKinds = NodeKinds()
