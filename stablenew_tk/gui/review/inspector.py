"""Everything about the current picture: what was asked, what was applied, where it lies, and what was said about it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from msgspec import Struct

from ...app import wording as phrases
from ...app.controller import Controller
from ...app.feedback import State
from ...domain.journal.history import ImageFacts
from ...domain.journal.record import LearningRecord, Output
from ...pipeline.messages.base import Event
from ...pipeline.messages.journal import ReadRecord, RecordRead
from ...pipeline.messages.pictures import MakeThumbnail, RevealFile, ThumbnailReady
from ..widgets import theme
from ..widgets.basics import Box, Button, Separator
from ..widgets.controls import Segmented
from ..widgets.tag_chips import TagChips
from ..widgets.tooltips import tip
from .inspector_head import InspectorHead
from .inspector_tabs import FileLines, PromptText
from .suspect_box import SuspectBox
from .value_table import ValueLine, ValueTable, asked_and_applied, origin_lines

WIDTH = 320
# While an arrow key is held down, only the picture that stays is read from disk.
_SETTLE_MS = 60
_TABS = (("values", "Values"), ("prompt", "Prompt"), ("origins", "Origins"), ("file", "File"))


class InspectorActions(Struct, frozen=True, kw_only=True):
    """What the inspector can ask of its page. `back` gives the keyboard back to the grid."""

    rate: Callable[[int], None]
    toggle_tag: Callable[[str], None]
    save_note: Callable[[str], None]
    make_again: Callable[[LearningRecord], None]
    use_settings: Callable[[LearningRecord], None]
    learn: Callable[[LearningRecord, ImageFacts], None]
    back: Callable[[], None]


class Inspector(Box):
    """The panel at the right. `show` is cheap; record and preview follow when the picture has settled."""

    def __init__(self, parent: tk.Misc, controller: Controller, actions: InspectorActions) -> None:
        super().__init__(parent, "surface", width=theme.px(WIDTH))
        self.pack_propagate(False)
        self._controller, self._actions = controller, actions
        self._facts: ImageFacts | None = None
        self._record: LearningRecord | None = None
        self._pending = ""
        self._head = InspectorHead(self, actions.rate)
        self._head.pack(fill="x", padx=theme.px(16), pady=(theme.px(12), theme.px(8)))
        self._doubt = SuspectBox(self, self._make_again)
        self._build_bottom()
        self._tabs = Segmented(self, _TABS, self._show_tab, kind="tabs")
        self._tabs.pack(anchor="w", padx=theme.px(16 - theme.RING), pady=(0, 0))
        Separator(self).pack(fill="x")
        self._body = Box(self)
        self._body.pack(fill="both", expand=True, pady=(theme.px(2), 0))
        self._table = ValueTable(self._body)
        self._prompt = PromptText(self._body)
        self._file = FileLines(self._body, self._reveal)
        self._show_tab("values")

    @property
    def record(self) -> LearningRecord | None:
        """The record in sight, once it has been read."""
        return self._record

    def show(self, facts: ImageFacts | None, state: State = "") -> None:
        """Show a picture, or nothing. Called again with the same picture it only follows what was said about it."""
        same = facts is not None and self._facts is not None and facts.image_id == self._facts.image_id
        self._facts = facts
        self._head.show(facts, state)
        self._chips.show(facts, self._controller.settings.tags)
        for button in (self._use, self._learn):
            button.enable(self._record is not None and same, "The record is still being read.")
        if same:
            return
        self._record = None
        self._doubt.show(())
        self._fill()
        if self._pending:
            self.after_cancel(self._pending)
            self._pending = ""
        if facts is not None:
            self._pending = self.after(_SETTLE_MS, self._read)

    def edit_note(self) -> None:
        """Put the cursor into the note."""
        self._chips.edit_note()

    def learn(self) -> None:
        """Begin a Learning Run from the picture in sight."""
        output = self._output()
        if self._record is not None and self._facts is not None and output is not None and not output.suspect:
            self._actions.learn(self._record, self._facts)

    def on_event(self, event: Event) -> None:
        """Take in the answers this panel waits for."""
        if self._facts is None:
            return
        if isinstance(event, RecordRead) and event.image_id == self._facts.image_id:
            self._record_read(event)
        elif isinstance(event, ThumbnailReady) and event.image_id == self._facts.image_id:
            self._head.preview(event)

    def destroy(self) -> None:
        """Stop waiting and go."""
        if self._pending:
            self.after_cancel(self._pending)
            self._pending = ""
        super().destroy()

    def _build_bottom(self) -> None:
        foot = Box(self)
        foot.pack(side="bottom", fill="x")
        Separator(foot).pack(fill="x")
        row = Box(foot)
        row.pack(fill="x", padx=theme.px(16 - theme.RING), pady=theme.px(12 - theme.RING))
        row.columnconfigure((0, 1), weight=1, uniform="half")
        self._use = Button(row, "Use these settings", self._use_settings, height=theme.CONTROL)
        self._use.grid(row=0, column=0, sticky="ew")
        self._learn = Button(row, "Learning Run…", self.learn, height=theme.CONTROL)
        self._learn.grid(row=0, column=1, sticky="ew")
        tip(self._learn, "Vary one thing around this picture, which becomes part of the first row (Ctrl+L)")
        self._chips = TagChips(self, self._actions.toggle_tag, self._actions.save_note, self._actions.back)
        self._chips.pack(side="bottom", fill="x", padx=theme.px(16 - theme.RING), pady=(theme.px(6), theme.px(10)))
        Separator(self).pack(side="bottom", fill="x")

    def _read(self) -> None:
        self._pending = ""
        facts = self._facts
        if facts is None:
            return
        self._controller.ask(ReadRecord(image_id=facts.image_id, position=facts.position))
        order = MakeThumbnail(
            image_id=facts.image_id,
            position=facts.position,
            output_index=facts.output_index,
            edge=InspectorHead.edge(),
        )
        self._controller.ask(order, last=True)

    def _record_read(self, event: RecordRead) -> None:
        self._record = event.record
        output = self._output()
        if event.record is None or output is None:
            self._table.show((ValueLine((event.problem or "The record does not name this picture.",), warn=True),))
            self._show_tab("values")
            return
        self._head.details(event.record, output)
        self._doubt.show(phrases.doubts(event.record, output))
        self._use.enable(True)
        self._learn.enable(not output.suspect, "A suspect picture is no evidence: make it again first.")
        self._fill()

    def _output(self) -> Output | None:
        if self._record is None or self._facts is None:
            return None
        return next((made for made in self._record.outputs if made.image_id == self._facts.image_id), None)

    def _show_tab(self, tab: str) -> None:
        self._tabs.set(tab)
        for part in (self._table, self._prompt, self._file):
            part.pack_forget()
        {"prompt": self._prompt, "file": self._file}.get(tab, self._table).pack(fill="both", expand=True)
        self._fill()

    def _fill(self) -> None:
        record, output, tab = self._record, self._output(), self._tabs.value
        if tab == "prompt":
            self._prompt.show(record)
        elif tab == "file":
            self._file.show(record, output)
        elif record is None or output is None:
            self._table.show(())
        else:
            self._table.show(asked_and_applied(record, output) if tab == "values" else origin_lines(record))

    def _reveal(self) -> None:
        facts = self._facts
        if facts is not None:
            order = RevealFile(image_id=facts.image_id, position=facts.position, output_index=facts.output_index)
            self._controller.ask(order)

    def _make_again(self) -> None:
        if self._record is not None:
            self._actions.make_again(self._record)

    def _use_settings(self) -> None:
        if self._record is not None:
            self._actions.use_settings(self._record)
