"""`Workflows`: the user's workflows of ComfyUI on the main thread, and which one makes the pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ..backends.base import not_runnable
from ..domain.config.engines import COMFYUI, ENGINES
from ..domain.config.user_settings import Settings
from ..domain.config.workflow_use import NO_WORKFLOW, WorkflowUse
from ..domain.workflows.node_kinds import NodeKinds
from ..pipeline.messages.jobs import BackendChecked
from ..pipeline.messages.packs import PackFoldersTouched, PackOrder
from ..pipeline.messages.workflows import AddWorkflow, ListWorkflows, ReadWorkflow, WorkflowsListed
from .nodes.machines import Machines

if TYPE_CHECKING:
    from ..domain.workflows.check import Missing
    from ..domain.workflows.workflow import Workflow
    from ..domain.workflows.workflow_nodes import InputPlace
    from ..pipeline.messages.base import Event
    from ..storage.workflows.catalog import WorkflowFile


class WorkflowContext(Struct, frozen=True):
    """What the workflows need of the application."""

    ask: Callable[[PackOrder], object]
    nodes: Callable[[], Machines]
    settings: Callable[[], Settings]
    change_settings: Callable[[Settings], object]


class Workflows:
    """The workflows in the folder. Main thread only; every method returns at once, and events bring the results.

    `files` are all of them by name, those that cannot be used included.
    """

    def __init__(self, context: WorkflowContext) -> None:
        self.files: tuple[WorkflowFile, ...] = ()
        self._context = context
        self._kinds: NodeKinds | None = None  # None: not opened
        self._uses: dict[str, WorkflowUse] = {}

    @property
    def kinds(self) -> NodeKinds:
        """The node classes of the server in force; none where it is no ComfyUI, or does not answer."""
        found = self._context.nodes().leading()
        return found.nodes if found is not None else NodeKinds()

    @property
    def in_force(self) -> WorkflowUse:
        """The workflow that makes the pictures; none where none is chosen, or the chosen one cannot be read now."""
        return self._uses.get(self._context.settings().workflow, NO_WORKFLOW)

    @property
    def problem(self) -> str:
        """Why the chosen workflow cannot be used now; "" where it can, or none is chosen."""
        chosen = self._context.settings().workflow
        if not chosen:
            return ""
        file = next((one for one in self.files if one.path == chosen), None)
        if file is None:
            return f"The workflow “{Path(chosen).stem}” is not in its folder any more. Choose another one, or none."
        if file.workflow is None:
            return file.problem
        kinds = [one.kind for one in self._context.nodes().states]
        if all(kinds) and COMFYUI not in kinds:
            first = self._context.nodes().leading()
            return not_runnable(Path(chosen).stem, first.name if first is not None else ENGINES[kinds[0]])
        missing = self.missing(file.workflow)
        return missing[0].sentence if missing else ""

    def missing(self, workflow: Workflow) -> tuple[Missing, ...]:
        """What the server in force lacks for a workflow; () where no ComfyUI answers."""
        if not self.kinds:
            return ()
        from ..domain.workflows.check import missing_in

        return missing_in(workflow.nodes, self.kinds)

    # ---- actions

    def choose(self, path: str) -> None:
        """Make pictures by the workflow in this file from now on; "" = by no workflow."""
        settings = self._context.settings()
        if settings.workflow != path:
            self._context.change_settings(replace(settings, workflow=path))

    def read(self, path: Path) -> None:
        """Read the workflow in a file or a picture; WorkflowRead answers."""
        self._context.ask(ReadWorkflow(path=path, kinds=self.kinds))

    def add(self, workflow: Workflow, name: str, choices: Mapping[InputPlace, str] | None = None) -> None:
        """Keep a workflow in the folder with what was decided about its values; WorkflowAdded answers."""
        from ..domain.workflows.choices import with_choices

        decided = replace(workflow, nodes=with_choices(workflow.nodes, choices or {}))
        self._context.ask(AddWorkflow(workflow=decided, name=name, kinds=self.kinds))

    def open(self) -> None:
        """List the folder; WorkflowsListed answers."""
        self._kinds = self.kinds
        self._context.ask(ListWorkflows(kinds=self._kinds))

    def fold(self, event: Event) -> None:
        """Update the state from an event."""
        if isinstance(event, WorkflowsListed):
            self.files = event.files
            self._uses = {one.path: one.workflow.use(one.path) for one in event.files if one.workflow is not None}
        elif self._kinds is None:
            return  # a terminal command reads what it needs itself
        elif isinstance(event, PackFoldersTouched) or (isinstance(event, BackendChecked) and self._kinds != self.kinds):
            # What a value takes, and what the editor's form means, only the server tells.
            self.open()
