"""The way from the review grid to large pictures and back: what the viewer shows and what stands below it."""

from __future__ import annotations

import tkinter as tk
from collections import OrderedDict
from collections.abc import Callable

from ...app.controller import Controller
from ...app.feedback import PictureFeedback
from ...app.review.record_lines import caption, differing, output_of
from ...domain.journal.record import LearningRecord
from ...pipeline.messages.base import Event
from ...pipeline.messages.journal import ReadRecord, RecordRead
from ..widgets.picture_grid import ThumbnailGrid
from ..widgets.picture_viewer import MOST_COMPARED, Viewer, ViewerActions

_KEPT_RECORDS = 16


class FullSize:
    """Owns the viewer of a page. Moving in it moves the grid's current cell, so that Esc ends at the same picture."""

    def __init__(
        self,
        page: tk.Misc,
        controller: Controller,
        feedback: PictureFeedback,
        pictures: ThumbnailGrid,
        left: Callable[[], None],
        *,
        moved: Callable[[], None],
        notice: Callable[[], str],
    ) -> None:
        self._controller, self._feedback, self._pictures = controller, feedback, pictures
        self._records: OrderedDict[str, LearningRecord] = OrderedDict()
        self.viewer = Viewer(
            page,
            ViewerActions(
                ask=controller.ask,
                facts=feedback.facts,
                caption=self._caption,
                nearby=self._around,
                neighbour=lambda step: pictures.go_to(pictures.picked.current + step),
                left=left,
                moved=moved,
                notice=notice,
            ),
        )

    def open(self) -> None:
        """Show the current picture large."""
        if self._pictures.picked.current >= 0:
            self.viewer.open((self._pictures.picked.current_row,))

    def compare(self) -> bool:
        """Show the selected pictures side by side, at most four. False when there are not two."""
        rows = self._pictures.picked.selected_in_order()[:MOST_COMPARED]
        if len(rows) < 2:
            return False
        for row in rows:
            facts = self._feedback.facts(row)
            self._controller.ask(ReadRecord(image_id=facts.image_id, position=facts.position))
        current = self._pictures.picked.current_row
        self.viewer.open(rows, rows.index(current) if current in rows else 0)
        return True

    def name(self, row: int) -> str:
        """Prompt and seed of a picture whose record was read lately, "" when it was not."""
        image_id = self._feedback.facts(row).image_id
        record = self._records.get(image_id)
        output = output_of(record, image_id)
        return f"{record.prompt_id}, seed {output.seed}" if record is not None and output is not None else ""

    def on_event(self, event: Event) -> None:
        """Take in pictures and the names that stand below them."""
        self.viewer.on_event(event)
        if isinstance(event, RecordRead) and event.record is not None:
            self._records[event.image_id] = event.record
            while len(self._records) > _KEPT_RECORDS:
                self._records.popitem(last=False)
            self.viewer.refresh()

    def _around(self) -> list[int]:
        picked = self._pictures.picked
        return [picked.rows[p] for p in (picked.current + 1, picked.current - 1) if 0 <= p < len(picked.rows)]

    def _caption(self, row: int) -> tuple[str, str]:
        facts = self._feedback.facts(row)
        record = self._records.get(facts.image_id)
        name, remark = caption(facts, record)
        if record is not None and self.viewer.comparing:
            others = [self._feedback.facts(one).image_id for one in self.viewer.rows]
            shown = [self._records[one] for one in others if one in self._records]
            return differing(record, shown) or name, remark
        return name, remark
