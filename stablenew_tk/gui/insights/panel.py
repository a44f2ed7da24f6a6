"""The middle of Insights: what is known of one Learning Run or hint, from the sentence down to the pictures."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct

from ...domain.insights.association import Association
from ...domain.insights.report import Report, naming
from ...pipeline.messages.pictures import MakeThumbnail
from ..widgets import theme
from ..widgets.basics import Box
from ..widgets.notices import Notice
from ..widgets.row_list import ScrollArea
from .filmstrip import Filmstrip
from .header import BLIND_CHIP, CHIPS, HINT_CHIP, HeaderAction, VerdictHead
from .hint_table import HintTable
from .interval_chart import IntervalChart
from .tag_bars import TagBars

_PAD = 20


class InsightPanelActions(Struct, frozen=True, kw_only=True):
    """What the panel needs of the page: order thumbnails; and whom to tell.

    `row` gets the place of the value chosen, `review` shows the pictures, `save` gets place and name of a preset.
    """

    ask: Callable[[MakeThumbnail], None]
    row: Callable[[int], None]
    review: Callable[[], None]
    save: Callable[[int, str], None]


class InsightPanel(Box):
    """The panel; it scrolls as a whole. `head`, `chart` and `pictures` are its parts."""

    def __init__(self, parent: tk.Misc, owner: InsightPanelActions) -> None:
        super().__init__(parent, "bg")
        self._owner = owner
        self._area = ScrollArea(self, "bg")
        self._area.pack(fill="both", expand=True)
        self._notice = Notice(self)
        ring, pad = theme.px(theme.RING), theme.px(_PAD)
        body = Box(self._area.body)
        body.pack(fill="both", expand=True, padx=pad - ring, pady=pad)
        self.head = VerdictHead(body, owner.save)
        self.head.pack(fill="x")
        self.chart = IntervalChart(body, chosen=self._chosen, opened=lambda _index: owner.review())
        self.cards = Box(body)
        # Columns of equal weight would share an odd pixel out anew after every layout, and never come to rest.
        self.cards.bind("<Configure>", lambda event: self._halve(event.width))
        self.pictures = Filmstrip(self.cards, ask=owner.ask, opened=owner.review)
        # These two are scaled by customtkinter, distances included.
        self.pictures.grid(row=0, column=0, sticky="nsew", padx=(theme.RING, 7))
        self.tags = TagBars(self.cards)
        self.tags.grid(row=0, column=1, sticky="nsew", padx=(7, theme.RING))
        self._below = Box(body)
        self.table = HintTable(self._below)
        self.table.pack(fill="x")
        self._report: Report | None = None

    def narrow(self, on: bool) -> None:
        """Leave away what a narrow window has no room for."""
        if self.chart.narrow != on:
            self.chart.narrow = on
            self.chart.refresh()

    def to_top(self) -> None:
        """The beginning again, for something else to be shown; what was said of the last thing goes away."""
        self.head.close_form()
        self.head.tell("")
        self._area.scroll_to(0)

    def show_report(self, report: Report, scope: str, at: int) -> None:
        """A report with the value at place `at` chosen."""
        remark = " ".join(part for part in (report.remark, report.over_time) if part)
        self.head.show(CHIPS[report.verdict.state], scope, report.verdict.sentence, remark)
        self._report = report
        self._parts(self.chart, self.cards)
        self.chart.show(report, at)
        self._show_pictures(at)
        self.tags.show(report)

    def show_waiting(self, scope: str) -> None:
        """The report is being worked out."""
        self._bare()
        self.head.show(CHIPS["too_early"], scope, "Working out what your stars say…", "")
        self.head.offer(())

    def show_blind(self, scope: str, remark: str, deeds: Sequence[HeaderAction]) -> None:
        """A plan of which nothing may be shown."""
        self._bare()
        self.head.show(BLIND_CHIP, scope, "Rate it first: its values are still hidden.", remark)
        self.head.offer(deeds)

    def show_hints(self, scope: str, hints: Sequence[Association]) -> None:
        """The choices of one slot or setting of everyday runs."""
        self._bare(self._below)
        self.head.show(
            HINT_CHIP,
            scope,
            hints[0].sentence,
            "From everyday runs, where several things change at once. Only a Learning Run can prove it.",
        )
        self.head.offer(())
        self.table.show(hints)

    def show_nothing(self, sentence: str, button: str = "", action: Callable[[], None] = lambda: None) -> None:
        """A sentence and perhaps a button in the middle."""
        self._bare()
        self._area.pack_forget()
        self._notice.show(sentence, button, action)

    def _bare(self, *parts: tk.Widget) -> None:
        """Show these parts below the head, and nothing of a report shown before."""
        self._report = None
        self._parts(*parts)

    def _parts(self, *wanted: tk.Widget) -> None:
        self._notice.hide()
        self._area.pack(fill="both", expand=True)
        for part in (self.chart, self.cards, self._below):
            if part not in wanted:
                part.pack_forget()
            elif not part.winfo_manager():
                part.pack(fill="x", pady=(theme.px(12), 0), padx=0 if part is self.cards else theme.px(theme.RING))

    def _halve(self, width: int) -> None:
        self.cards.columnconfigure(0, minsize=width // 2)
        self.cards.columnconfigure(1, minsize=width - width // 2)

    def _show_pictures(self, at: int) -> None:
        if self._report is not None and 0 <= at < len(self._report.values):
            line = self._report.values[at]
            self.pictures.show(f"Pictures at {naming(self._report.focus)(line.value)}", line.images)

    def _chosen(self, index: int) -> None:
        self._show_pictures(index)
        top, bottom = self.chart.row_span(index)
        edge = self._area.winfo_rooty()
        below, above = bottom - edge - self._area.winfo_height(), top - edge
        self._area.scroll_by(max(below, 0) or min(above, 0))
        self._owner.row(index)
