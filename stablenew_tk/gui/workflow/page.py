"""The page of a workflow: what was found in it, what can be set, what the server lacks; then it is imported."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...app.controller import Controller
from ...app.file_kinds import PICTURES
from ...app.wording import value_text
from ...app.workflow_words import (
    FoundRow,
    about_words,
    found_rows,
    goes_words,
    server_lines,
    takes_words,
    turned,
)
from ...domain.base.key_press import KeyPress, act_on
from ...domain.base.wording import counted
from ...domain.workflows.check import Missing
from ...domain.workflows.choices import OWN, RARE
from ...domain.workflows.open_values import OpenValue
from ...domain.workflows.workflow import Workflow
from ...domain.workflows.workflow_nodes import InputPlace
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.jobs import BackendChecked
from ...pipeline.messages.workflows import AddWorkflow, WorkflowAdded, WorkflowRead
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator, Sign
from ..widgets.entries import Entry
from ..widgets.keyboard import Shortcuts
from ..widgets.page_frame import PageFrame, SizeClass
from ..widgets.row_list import ListRow, RowList, ScrollArea

_WIDTHS: dict[SizeClass, int] = {"narrow": 260, "usual": 320, "wide": 400}
_FOUND = (0.2, 0.53, 0.84)
_OPEN = (0.33, 0.46, 0.66)
_SAID = 6
_KEPT = "Kept as a file in your workflows folder."
_HIDDEN = "of those that rarely matter"


class WorkflowPage(PageFrame):
    """Shows one workflow that was read; "Import workflow" keeps it in the folder and makes it the one of Create."""

    FOLLOWS = (BackendChecked, WorkflowAdded, OrderFailed)
    title = ("Import a workflow", "")
    parent = "Create"
    key_words = (("Ctrl+Enter", "import it"), ("Space", "tick or untick a value"), ("Esc", "leave it"))

    def __init__(self, parent: tk.Misc, controller: Controller, *, go_create: Callable[[], object]) -> None:
        super().__init__(parent)
        self._controller, self._go_create = controller, go_create
        self.read: WorkflowRead | None = None
        self.shows_all = False
        self.choices: dict[InputPlace, str] = {}  # what was decided here
        self._found_rows: list[FoundRow] = []
        self._open_shown: list[OpenValue] = []
        self._build_side()
        self._build_foot()
        self._build_head()
        self._build_tables()
        self.bind("<Configure>", lambda event: self._resized(event), add="+")
        Shortcuts(self, self._key, self._pressed)

    def show_workflow(self, read: WorkflowRead) -> None:
        """Show what was read from a file, which holds a workflow. Of the same file, read anew because the server has
        answered, name and ticks stay.
        """
        if self.read is None or self.read.path != read.path:
            self.shows_all, self.choices = False, {}
            self.name.set(read.path.stem.replace("_", " "))
        self.read = read
        self.button.busy(False)
        self._show()

    def shown(self) -> None:
        """The page came into sight."""
        self.button.focus_set()

    def home(self) -> None:
        """Leave without importing anything."""
        self._go_create()

    def on_event(self, event: Event) -> None:
        """The server told what it has, or the workflow is kept, or could not be."""
        if isinstance(event, BackendChecked) and self.read is not None:
            if self.read.workflow is not None and self.read.workflow.converted:
                self._controller.workflows.read(self.read.path)
            self._show()
        elif isinstance(event, WorkflowAdded) and self.read is not None:
            self.read = None
            self._controller.workflows.choose(str(event.path))
            self._go_create()
        elif isinstance(event, OrderFailed) and isinstance(event.order, AddWorkflow):
            self.button.busy(False)
            self.hint.show(event.message, "danger")

    def import_it(self) -> None:
        """Keep the workflow in the folder, and make pictures by it from now on."""
        if self.read is not None and self.read.workflow is not None:
            self.button.busy()
            name = self.name.get().strip() or self.read.path.stem
            self._controller.workflows.add(self.read.workflow, name, self.choices)

    # ---- parts

    def _build_side(self) -> None:
        self._side = Box(self, "surface", width=theme.px(_WIDTHS["usual"]))
        self._side.pack(side="right", fill="y")
        self._side.pack_propagate(False)
        Separator(self).pack(side="right", fill="y")
        self._server = Label(self._side, "", size=15, bold=True)
        self._server.pack(fill="x", padx=theme.px(16), pady=(theme.px(14), theme.px(8)))
        foot = Box(self._side)
        foot.pack(side="bottom", fill="x", padx=theme.px(16), pady=theme.px(14))
        self.advice = Label(foot, "", size=12, ink="text2", wrap=True)
        self.advice.pack(fill="x")
        self._told = ScrollArea(self._side)
        self._told.pack(fill="both", expand=True, padx=(theme.px(16), theme.px(4)))

    def _build_foot(self) -> None:
        foot = Box(self, "surface")
        foot.pack(side="bottom", fill="x")
        Separator(self).pack(side="bottom", fill="x")
        self.button = Button(foot, "Import workflow", self.import_it, kind="main", height=40, busy_text="Importing…")
        self.button.pack(side="right", padx=theme.px(12), pady=theme.px(8))
        self.cancel = Button(foot, "Cancel", self._go_create, kind="quiet")
        self.cancel.pack(side="right")
        self.hint = Label(foot, _KEPT, size=12, ink="text2", wrap=True)
        self.hint.pack(side="left", fill="x", expand=True, padx=theme.px(16))

    def _build_head(self) -> None:
        head = Box(self, "surface")
        head.pack(fill="x")
        Separator(self).pack(fill="x")
        right = Box(head)
        right.pack(side="right", padx=theme.px(12), pady=theme.px(10))
        Label(right, "Name", size=12, ink="text2").pack(fill="x", padx=theme.px(4))
        self.name = Entry(right, width=200)
        self.name.pack()
        left = Box(head)
        left.pack(side="left", fill="both", expand=True, padx=theme.px(16), pady=theme.px(12))
        self._file = Label(left, "", size=15, bold=True)
        self._file.pack(fill="x")
        self.about = Label(left, "", size=12, ink="text2", wrap=True)
        self.about.pack(fill="x", pady=(theme.px(4), 0))

    def _build_tables(self) -> None:
        middle = Box(self, "bg")
        middle.pack(fill="both", expand=True, padx=theme.px(16), pady=theme.px(8))
        self._heading(middle, "Understood", "ticked ones are fields of Create, and filled from it")
        self.found = RowList(
            middle,
            on_select=lambda place: self._say(self._found_rows[place - 1].words),
            on_check=self._turn_found,
            row_height=26,
            columns=_FOUND,
            empty="Nothing was found.",
            ground="surface",
        )
        self.found.pack(fill="both", expand=True)
        self.doubts = Label(middle, "", size=12, ink="warn", wrap=True)
        self.doubts.pack(fill="x", pady=(theme.px(4), 0))
        remark = "ticked ones get a field in Create; every one can be asked in a Learning Run"
        self._heading(middle, "Can be varied, too", remark)
        self.open = RowList(
            middle,
            on_select=self._tell_open,
            on_check=self._turn_open,
            columns=_OPEN,
            empty="No other value can be set.",
            ground="surface",
        )
        self.open.pack(fill="both", expand=True)
        line = Box(middle, "bg")
        line.pack(fill="x")
        self._more = Label(line, "", size=12, ink="text2")
        self._more.pack(side="left")
        self.show_all = Button(line, "Show", self._turn, kind="link", height=theme.SMALL)
        self.show_all.pack(side="left")

    def _heading(self, parent: Box, words: str, remark: str) -> None:
        line = Box(parent, "bg")
        line.pack(fill="x", pady=(theme.px(6), theme.px(4)))
        Label(line, words, bold=True).pack(side="left")
        Label(line, remark, size=12, ink="text2").pack(side="left", padx=(theme.px(10), 0))

    # ---- what is shown

    def _show(self) -> None:
        read = self.read
        if read is None or read.workflow is None:
            return
        workflow = read.workflow
        self._file.show(read.path.name)
        self.about.show(about_words(workflow, picture=read.path.suffix.lower() in PICTURES))
        head = ListRow("field", cells=("value", "node", "found by"), head=True)
        self._found_rows = found_rows(workflow, self.choices)
        rows = [
            ListRow(
                one.title, cells=(one.value, one.node, one.how), checked=one.on if one.places else None, dim=not one.on
            )
            for one in self._found_rows
        ]
        self.found.show_rows([head, *rows])
        self.doubts.show(" ".join(workflow.notices))
        self._show_open(workflow)
        self._show_server(workflow)

    def _show_open(self, workflow: Workflow) -> None:
        shown = {path: one for path, one in workflow.open_values.items() if self.shows_all or not one.takes.minor}
        self._open_shown = list(shown.values())
        rows = [
            ListRow(
                one.takes.label,
                cells=(value_text(path, one.takes.default), takes_words(one.takes), path),
                checked=self._has_field(one),
            )
            for path, one in shown.items()
        ]
        self.open.show_rows(rows)
        left = len(workflow.open_values) - len(shown)
        self._more.show(f"+ {counted(left, 'more value')} {_HIDDEN}" if left else "")
        self.show_all.set_text("Show" if not self.shows_all else "Show fewer")
        if left or self.shows_all:
            self.show_all.pack(side="left")
        else:
            self.show_all.pack_forget()

    def _has_field(self, one: OpenValue) -> bool:
        return self.choices.get(one.place, RARE if one.takes.minor else OWN) == OWN

    def _turn_found(self, place: int) -> None:
        decided, words = turned(self._found_rows[place - 1])
        for at, word in decided.items():
            if word:
                self.choices[at] = word
            else:
                self.choices.pop(at, None)
        self._say(words)
        self._show()

    def _turn_open(self, place: int) -> None:
        one = self._open_shown[place]
        self.choices[one.place] = RARE if self._has_field(one) else OWN
        self._show()

    def _tell_open(self, place: int) -> None:
        if self.read is not None and self.read.workflow is not None:
            self._say(goes_words(self.read.workflow, self._open_shown[place].place))

    def _say(self, words: str) -> None:
        self.hint.show(words or _KEPT, "text2")

    def _turn(self) -> None:
        self.shows_all = not self.shows_all
        self._show()

    def _show_server(self, workflow: Workflow) -> None:
        for old in self._told.body.winfo_children():
            old.destroy()
        workflows, found = self._controller.workflows, self._controller.capabilities
        if not workflows.kinds:
            self._server.show("No ComfyUI answers")
            who = f"{found.name} cannot run workflows. " if found is not None else ""
            self.advice.show(f"{who}You can import it now. Runs need a ComfyUI server, which is checked before each.")
            return
        missing = workflows.missing(workflow)
        self._server.show(f"On {found.name.partition(' · ')[2] or found.name}" if found is not None else "")
        self._show_missing(missing)
        for line, meaning in server_lines(workflow, missing):
            self._line("check", "ok", line, meaning)
        self.advice.show(
            "You can import it now. Runs wait, with this reason, until all is there. What you do not name is sent as "
            "it is."
            if missing
            else "All is there. What you do not name is sent as it is."
        )

    def _show_missing(self, missing: Sequence[Missing]) -> None:
        if not missing:
            return
        count = len(missing)
        self._line("warning", "warn", "1 thing is missing" if count == 1 else f"{count} things are missing", "")
        for one in missing[:_SAID]:
            at = f"{one.input}: " if one.input else ""
            self._line("", "warn", f"Node “{one.title}” #{one.node}", f"{at}{one.why}")
        if count > _SAID:
            self._line("", "warn", f"and {count - _SAID} more", "")
        again = Button(self._told.body, "Check again", lambda: self._controller.check_backend(rescan=True), height=28)
        again.pack(anchor="w", pady=(0, theme.px(10)))

    def _line(self, icon: str, ink: str, words: str, meaning: str) -> None:
        row = Box(self._told.body)
        row.pack(fill="x", pady=(0, theme.px(8)))
        if icon:
            Sign(row, icon, ink=ink).pack(side="left", anchor="n", padx=(0, theme.px(8)))  # type: ignore[arg-type]
        texts = Box(row)
        texts.pack(side="left", fill="x", expand=True)
        Label(texts, words, bold=not icon, wrap=True).pack(fill="x")
        if meaning:
            Label(texts, meaning, size=12, ink="text2", wrap=True).pack(fill="x")

    # ---- keys and sizes

    def _key(self, _key: KeyPress) -> bool:
        return False

    def _pressed(self, press: KeyPress) -> bool:
        if press.control:
            return act_on({"return": self.import_it}, press.name.lower())
        return act_on({"Escape": self._go_create}, press.name)

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self._side.configure(width=theme.px(_WIDTHS[self.size_class]))
