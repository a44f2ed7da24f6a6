"""The page of a workflow: what was found in it, what can be set, what the server lacks; then it is imported."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec.structs import replace
from PIL import Image, ImageTk

from ...app.controller import Controller
from ...app.file_kinds import PICTURES
from ...app.wording import value_text
from ...app.workflow_words import (
    FoundRow,
    about_words,
    found_rows,
    goes_words,
    input_words,
    takes_words,
    turned,
    varied_paths,
)
from ...domain.base.key_press import KeyPress, act_on
from ...domain.base.wording import counted
from ...domain.workflows.choices import OWN, RARE
from ...domain.workflows.instead import can_move, changed, inputs_instead, moved, values_instead
from ...domain.workflows.open_values import OpenValue
from ...domain.workflows.workflow import Workflow
from ...domain.workflows.workflow_nodes import InputPlace
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.jobs import BackendChecked
from ...pipeline.messages.pictures import FitFile, PictureReady
from ...pipeline.messages.workflows import AddWorkflow, WorkflowAdded, WorkflowRead
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.entries import Entry
from ..widgets.flow import tab_order
from ..widgets.keyboard import Shortcuts
from ..widgets.page_frame import PageFrame
from ..widgets.popups import Menu, MenuEntry
from ..widgets.row_list import ListRow, RowList
from .server_panel import OTHER, ServerPanel

_FOUND = (0.19, 0.45, 0.7)
_OPEN = (0.3, 0.41, 0.58)
_FOUND_AT, _OPEN_AT = 1, 4  # rows of the two tables
_THUMBNAIL = (48, 60)  # px
_KEPT = "Kept as a file in your workflows folder."
_HIDDEN = "of those that rarely matter"
_ASK = "Learning Run…"
_VALUE = "="  # before a value in the menu, which has numbers for inputs
_PICTURE = "workflow:"  # what the picture of a workflow is asked for by


class WorkflowPage(PageFrame):
    """Shows one workflow that was read; "Import workflow" keeps it in the folder and makes it the one of Create."""

    FOLLOWS = (BackendChecked, WorkflowAdded, OrderFailed, PictureReady)
    title = ("Import a workflow", "")
    parent = "Create"
    key_words = (
        ("Ctrl+Enter", "import it"),
        ("Space", "tick or untick a value"),
        ("Enter", "use another one, or ask in a Learning Run"),
        ("Esc", "leave it"),
    )

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        go_create: Callable[[], object],
        learn: Callable[[str], object],
    ) -> None:
        super().__init__(parent)
        self._controller, self._go_create, self._learn = controller, go_create, learn
        self.read: WorkflowRead | None = None
        self._read: WorkflowRead | None = None  # as it came
        self.shows_all = False
        self.choices: dict[InputPlace, str] = {}  # what was decided here
        self.values: dict[InputPlace, str] = {}  # what was written instead of what stood there
        self.moved: dict[InputPlace, str] = {}  # where the search was wrong
        self._ask_then = ""  # the value that a Learning Run is to be about, once the workflow is kept
        self._photo: ImageTk.PhotoImage | None = None
        self._found_rows: list[FoundRow] = []
        self._open_shown: list[OpenValue] = []
        self._side = ServerPanel(self, controller, self._write)
        self._side.pack(side="right", fill="y")
        self.advice = self._side.advice
        Separator(self).pack(side="right", fill="y")
        foot = self._build_foot()
        self._build_head()
        self._build_tables()
        tab_order(foot, self._side)
        self.bind("<Configure>", lambda event: self._resized(event), add="+")
        Shortcuts(self, self._key, self._pressed)

    def show_workflow(self, read: WorkflowRead) -> None:
        """Show what was read from a file, which holds a workflow. Of the same file, read anew because the server has
        answered, name and ticks stay.
        """
        if self.read is None or self.read.path != read.path:
            self.shows_all, self.choices, self.values, self.moved = False, {}, {}, {}
            self.name.set(read.path.stem.replace("_", " "))
            self._show_picture(read)
        self._read = self.read = read
        self._ask_then = ""
        self._rebuild()
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
        elif isinstance(event, PictureReady) and event.image_id.startswith(_PICTURE):
            self._picture_came(event)
        elif isinstance(event, WorkflowAdded) and self.read is not None:
            self.read = None
            self._controller.workflows.choose(str(event.path))
            self._go_create()
            if self._ask_then:
                self._learn(self._ask_then)
        elif isinstance(event, OrderFailed) and isinstance(event.order, AddWorkflow):
            self.button.busy(False)
            self._ask_then = ""
            self.hint.show(event.message, "danger")

    def import_it(self) -> None:
        """Keep the workflow in the folder, and make pictures by it from now on."""
        if self.read is not None and self.read.workflow is not None:
            self.button.busy()
            name = self.name.get().strip() or self.read.path.stem
            self._controller.workflows.add(self.read.workflow, name, self.choices)

    def ask(self, path: str) -> None:
        """Import the workflow, and set up a Learning Run about one of its values."""
        self._ask_then = path
        self.import_it()

    # ---- parts

    def _build_foot(self) -> Box:
        foot = Box(self, "surface")
        foot.pack(side="bottom", fill="x")
        Separator(self).pack(side="bottom", fill="x")
        self.button = Button(foot, "Import workflow", self.import_it, kind="main", height=40, busy_text="Importing…")
        self.button.pack(side="right", padx=theme.px(12), pady=theme.px(8))
        self.cancel = Button(foot, "Cancel", self._go_create, kind="quiet")
        self.cancel.pack(side="right")
        self.hint = Label(foot, _KEPT, size=12, ink="text2", wrap=True)
        self.hint.pack(side="left", fill="x", expand=True, padx=theme.px(16))
        tab_order(self.cancel, self.button)
        return foot

    def _build_head(self) -> None:
        head = Box(self, "surface")
        head.pack(fill="x")
        Separator(self).pack(fill="x")
        right = Box(head)
        right.pack(side="right", padx=theme.px(12), pady=theme.px(10))
        Label(right, "Name", size=12, ink="text2").pack(fill="x", padx=theme.px(4))
        self.name = Entry(right, width=200)
        self.name.pack()
        self.picture = Label(head, "")
        self._left = left = Box(head)
        left.pack(side="left", fill="both", expand=True, padx=theme.px(16), pady=theme.px(12))
        self._file = Label(left, "", size=15, bold=True)
        self._file.pack(fill="x")
        self.about = Label(left, "", size=12, ink="text2", wrap=True)
        self.about.pack(fill="x", pady=(theme.px(4), 0))

    def _build_tables(self) -> None:
        self._middle = middle = Box(self, "bg")
        middle.grid_columnconfigure(0, weight=1)
        middle.pack(fill="both", expand=True, padx=theme.px(16), pady=theme.px(8))
        self._heading(middle, 0, "Understood", "ticked ones are fields of Create, and filled from it")
        self.found = RowList(
            middle,
            on_select=lambda place: self._say(self._found_rows[place - 1].words),
            on_check=self._turn_found,
            on_link=lambda place: self._offer_other(place - 1),
            row_height=26,
            columns=_FOUND,
            empty="Nothing was found.",
            ground="surface",
        )
        self.found.grid(row=_FOUND_AT, sticky="nsew")
        self.doubts = Label(middle, "", size=12, ink="warn", wrap=True)
        self.doubts.grid(row=2, sticky="ew", pady=(theme.px(4), 0))
        remark = "ticked ones get a field in Create; every one can be asked in a Learning Run"
        self._heading(middle, 3, "Can be varied, too", remark)
        self.open = RowList(
            middle,
            on_select=self._tell_open,
            on_check=self._turn_open,
            on_link=lambda place: self.ask(self._open_paths[place]),
            columns=_OPEN,
            empty="No other value can be set.",
            ground="surface",
        )
        self.open.grid(row=_OPEN_AT, sticky="nsew")
        line = Box(middle, "bg")
        line.grid(row=5, sticky="ew")
        self._more = Label(line, "", size=12, ink="text2")
        self._more.pack(side="left")
        self.show_all = Button(line, "Show", self._turn, kind="link", height=theme.SMALL)
        self.show_all.pack(side="left")

    def _heading(self, parent: Box, row: int, words: str, remark: str) -> None:
        line = Box(parent, "bg")
        line.grid(row=row, sticky="ew", pady=(theme.px(6), theme.px(4)))
        Label(line, words, bold=True).pack(side="left")
        Label(line, remark, size=12, ink="text2").pack(side="left", padx=(theme.px(10), 0))

    # ---- what is used instead

    def _rebuild(self) -> None:
        """The workflow as it was read, with what was chosen here instead."""
        if self._read is not None and self._read.workflow is not None:
            kinds = self._controller.workflows.kinds
            self.read = replace(self._read, workflow=changed(self._read.workflow, self.values, self.moved, kinds))

    def _others(self, row: FoundRow) -> list[MenuEntry]:
        """What could stand there instead: values that the server has, and other inputs that could be meant."""
        workflow = self.read.workflow if self.read is not None else None
        if workflow is None or row.also:
            return []
        names = values_instead(workflow.nodes, row.places, self._controller.workflows.kinds)
        found = [MenuEntry(f"{_VALUE}{name}", name) for name in names]
        inputs = inputs_instead(workflow, row.path) if can_move(row.path) else []
        if found and inputs:
            found.append(MenuEntry("", "Or it stands elsewhere:", enabled=False))
        return found + [MenuEntry(f"{nth}", input_words(workflow, place)) for nth, place in enumerate(inputs)]

    def _offer_other(self, place: int) -> None:
        row = self._found_rows[place]
        menu, now = Menu.shared(), self._value_at(row.places)
        menu.open(
            self.found.spot(place + 1), self._others(row), lambda word: self._use(row, word), selected=f"{_VALUE}{now}"
        )

    def _value_at(self, places: Sequence[InputPlace]) -> str:
        workflow = self.read.workflow if self.read is not None else None
        return str(workflow.nodes[places[0].node].plain(places[0].input)) if workflow is not None and places else ""

    def _use(self, row: FoundRow, word: str) -> None:
        if self.read is None or self.read.workflow is None:
            return
        if word.startswith(_VALUE):
            self._write(row.places, word.removeprefix(_VALUE))
            return
        place = inputs_instead(self.read.workflow, row.path)[int(word)]
        self.moved |= moved(self.read.workflow, row.path, place)
        for one in (*row.places, place):
            self.choices.pop(one, None)
        self._rebuild()
        self._show()
        self._say(f"{row.title} stands there from now on.")

    def _write(self, places: Sequence[InputPlace], value: str) -> None:
        self.values |= dict.fromkeys(places, value)
        self._rebuild()
        self._show()
        self._say(f"{value} is used instead. The file you dropped stays as it is.")

    # ---- what is shown

    def _show_picture(self, read: WorkflowRead) -> None:
        self._photo = None
        self.picture.pack_forget()
        if read.path.suffix.lower() in PICTURES:
            box = (theme.px(_THUMBNAIL[0]), theme.px(_THUMBNAIL[1]))
            self._controller.ask(FitFile(image_id=f"{_PICTURE}{read.path}", path=read.path, box=box))

    def _picture_came(self, event: PictureReady) -> None:
        if event.rgb and self.read is not None and event.image_id == f"{_PICTURE}{self.read.path}":
            picture = Image.frombytes("RGB", (event.width, event.height), event.rgb)
            self._photo = ImageTk.PhotoImage(picture)
            self.picture.configure(image=self._photo)
            self.picture.pack(side="left", padx=(theme.px(16), 0), pady=theme.px(12), before=self._left)

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
                one.title,
                cells=(one.value, one.node, one.how),
                checked=one.on if one.places else None,
                dim=not one.on,
                link=OTHER if self._others(one) else "",
            )
            for one in self._found_rows
        ]
        self.found.show_rows([head, *rows])
        self._middle.grid_rowconfigure(_FOUND_AT, weight=len(rows) + 2)
        self.doubts.show(" ".join(workflow.notices))
        self._show_open(workflow)
        self._side.show(workflow)

    def _show_open(self, workflow: Workflow) -> None:
        shown = {path: one for path, one in workflow.open_values.items() if self.shows_all or not one.takes.minor}
        varied = varied_paths(workflow)
        self._open_shown, self._open_paths = list(shown.values()), list(shown)
        rows = [
            ListRow(
                one.takes.label,
                cells=(value_text(path, one.takes.default), takes_words(one.takes), path),
                checked=self._has_field(one),
                link=_ASK if path in varied else "",
            )
            for path, one in shown.items()
        ]
        self.open.show_rows(rows)
        self._middle.grid_rowconfigure(_OPEN_AT, weight=len(rows) + 2)  # what there is shares the room by its length
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

    # ---- keys and sizes

    def _key(self, _key: KeyPress) -> bool:
        return False

    def _pressed(self, press: KeyPress) -> bool:
        if press.control:
            return act_on({"return": self.import_it}, press.name.lower())
        return act_on({"Escape": self._go_create}, press.name)

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self._side.set_size(self.size_class)
