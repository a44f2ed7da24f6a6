"""The workflow of Create: which one makes the pictures, and its own values as fields."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ...app.controller import Controller
from ...app.file_kinds import PICTURES
from ...domain.base.file_wish import FileWish
from ...domain.config.catalogue import Value, parameter_in
from ...domain.models.precedence import Resolved
from ..forms.form import Form
from ..widgets import theme
from ..widgets.basics import Box, Button, Card, Label, ShortLabel
from ..widgets.file_choice import choose_file
from ..widgets.flow import pack_if
from ..widgets.popups import ChoiceField, MenuEntry

_MOST = 60
NONE = MenuEntry("", "No workflow: the stages below")


class WorkflowLine(Box):
    """The choice of a workflow. In sight as soon as there is one to choose, or the server could run one."""

    def __init__(self, parent: tk.Misc, controller: Controller, look_at: Callable[[Path], object]) -> None:
        super().__init__(parent)
        self._controller, self._look_at = controller, look_at
        Label(self, "Workflow", size=12, ink="text2").pack(side="left", padx=(theme.px(theme.RING), theme.px(8)))
        self.choice = ChoiceField(self, (NONE,), controller.workflows.choose, width=260, height=theme.SMALL)
        self.choice.pack(side="left")
        self.add = Button(self, "Look at a file…", self._browse, kind="quiet", height=theme.SMALL)
        self.add.pack(side="left")
        self._problem = ShortLabel(self, "", size=12, ink="warn")
        self._problem.pack(side="left", fill="x", expand=True, padx=(theme.px(8), 0))

    @property
    def is_wanted(self) -> bool:
        """Whether there is anything to choose."""
        workflows = self._controller.workflows
        return bool(workflows.files or workflows.kinds or self._controller.settings.workflow)

    def show(self) -> None:
        """Show the files there are, and the one in force."""
        workflows, chosen = self._controller.workflows, self._controller.settings.workflow
        entries = [
            MenuEntry(one.path, one.name, note="" if one.workflow is not None else "cannot be read")
            for one in workflows.files
        ]
        self.choice.set_entries([NONE, *entries])
        self.choice.set(chosen)
        self._problem.show(workflows.problem)

    def _browse(self) -> None:
        title = "Look at a workflow, or a picture that holds one"
        wish = FileWish(title=title, words="Workflows and pictures", endings=(".json", *PICTURES))
        choose_file(self, self._controller, wish, self._look_at)


class WorkflowCard(Card):
    """The values that only the workflow has, as fields; those that rarely matter come on request."""

    def __init__(
        self,
        parent: tk.Misc,
        *,
        on_change: Callable[[str, Value | None], object],
        on_edit: Callable[[], object],
        on_why: Callable[[str, tk.Misc], object],
    ) -> None:
        super().__init__(parent)
        self._on_change, self._on_edit, self._on_why = on_change, on_edit, on_why
        inner = Box(self)
        inner.pack(fill="x", padx=theme.px(12), pady=theme.px(8))
        head = Box(inner)
        head.pack(fill="x")
        self.title = Label(head, "", size=15, bold=True)
        self.title.pack(side="left")
        self._words = Label(head, "makes the picture; what you do not change is sent as it is", size=12, ink="text3")
        self._words.pack(side="left", padx=(theme.px(10), 0))
        self.more = Button(head, "", self._turn, kind="link", height=theme.SMALL)
        self._body = Box(inner)
        self._body.pack(fill="x", pady=(theme.px(6), 0))
        self.form: Form | None = None
        self._made_for: tuple[str, bool] = ("", False)
        self._shows_all = False
        self._now: Resolved | None = None

    @property
    def forms(self) -> list[Form]:
        """The form, once there is one."""
        return [self.form] if self.form is not None else []

    def show(self, now: Resolved) -> None:
        """Show the values in force of the workflow in force."""
        self._now, workflow = now, now.config.workflow
        self.title.show(workflow.name)
        made_for = (workflow.digest, self._shows_all)
        if made_for != self._made_for:
            self._made_for = made_for
            self._make(now)
        if self.form is not None:
            self.form.show(now.config, now.origins, {}, now.words)

    def _make(self, now: Resolved) -> None:
        if self.form is not None:
            self.form.destroy()
        known = now.config.workflow.parameters
        paths = [path for path, one in known.items() if self._shows_all or not one.minor][:_MOST]
        self.form = Form(
            self._body,
            paths,
            on_change=self._on_change,
            on_edit=self._on_edit,
            on_why=self._on_why,
            spec_of=partial(parameter_in, now.config),
        )
        self.form.pack(fill="x")
        hidden = len(known) - len(paths)
        self.more.set_text("Show fewer" if self._shows_all else f"Show {hidden} more")
        pack_if(hidden or self._shows_all, self.more, side="right")

    def _turn(self) -> None:
        self._shows_all = not self._shows_all
        if self._now is not None:
            self.show(self._now)
