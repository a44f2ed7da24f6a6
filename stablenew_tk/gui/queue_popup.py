"""The list of the queue, above the bar at the bottom: what runs, what waits, what is left of last time, and from where.

Up and Down choose, Alt+Up and Alt+Down move, Right and Left unfold and fold a run, Del removes, Ctrl+Z brings back,
Return goes to the pack or Learning Run. With the mouse a row is dragged to its new place.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from msgspec import Struct

from ..app.controller import Controller
from ..app.queue_rows import QueueRow, QueueRows
from ..domain.base.wording import counted
from ..domain.runs.job import Job
from .widgets import theme
from .widgets.basics import Box, Button, Label, Separator
from .widgets.painting import Painting
from .widgets.popups import Popup
from .widgets.row_list import ListRow, RowList
from .widgets.tooltips import tip

_WIDTH, _ROW, _MOST_ROWS = 552, 52, 8
_EMPTY = "Nothing runs, and nothing waits."
_DRAG_FROM = 6  # px the pointer moves before a press becomes a drag


class QueueActions(Struct, frozen=True):
    """Where the list leads to: `go_to(job)` shows the pack or Learning Run of a job."""

    go_to: Callable[[Job], object]


class QueuePopup(Popup):
    """The list with its buttons. One in the window, opened again and again."""

    def __init__(self) -> None:
        super().__init__()
        self._controller: Controller | None = None
        self._actions = QueueActions(lambda _job: None)
        self._key = ""
        head = Box(self.body)
        head.pack(fill="x", padx=theme.px(10), pady=theme.px(4))
        self.title = Label(head, "Queue", bold=True)
        self.title.pack(side="left", padx=theme.px(4))
        self._close = Button(head, "", self.close, kind="quiet", icon="cross", height=24)
        self._close.pack(side="right")
        Separator(self.body).pack(fill="x")
        self.list = QueueList(self.body, chosen=self._chosen, opened=self.go_to, drop=self._dropped)
        self.list.pack(fill="both", expand=True)
        Separator(self.body).pack(fill="x")
        self._build_foot()
        for key, act in (
            ("<Alt-Up>", lambda: self.shift(-1)),
            ("<Alt-Down>", lambda: self.shift(1)),
            ("<Right>", lambda: self._turn(True)),
            ("<Left>", lambda: self._turn(False)),
            ("<space>", self._toggle),
            ("<Delete>", self.remove),
            ("<BackSpace>", self.remove),
        ):
            self.list.canvas.bind(key, lambda _event, act=act: (act() and None) or "break")  # type: ignore[misc]  # default binds it
        self.window.bind("<Control-z>", lambda _event: self.restore())
        self.window.bind("<Control-j>", lambda _event: self.close())

    def _build_foot(self) -> None:
        foot = Box(self.body)
        foot.pack(fill="x", padx=theme.px(8), pady=theme.px(4))
        small = theme.SMALL
        self.up = Button(foot, "Earlier", lambda: self.shift(-1), kind="quiet", height=small)
        self.down = Button(foot, "Later", lambda: self.shift(1), kind="quiet", height=small)
        self.take_out = Button(foot, "Remove", self.remove, kind="quiet", height=small)
        self.back = Button(foot, "Bring back", self.restore, kind="quiet", height=small)
        self.show = Button(foot, "Go to the pack", self.go_to, kind="outline", height=small)
        for button, words in (
            (self.up, "Let it be made earlier (Alt+Up)"),
            (self.down, "Let it be made later (Alt+Down)"),
            (self.take_out, "It is not made (Del)"),
            (self.back, "What was removed last waits again (Ctrl+Z)"),
            (self.show, "Return"),
        ):
            button.pack(side="right" if button is self.show else "left")
            tip(button, words)

    def open(self, anchor: tk.Misc, controller: Controller, actions: QueueActions) -> None:
        """Show the queue above `anchor`."""
        self._controller, self._actions = controller, actions
        self.list.follow(QueueRows(controller))
        self._key = ""
        self.refresh()
        # Room for the jobs of a run that will be unfolded.
        most = self.list.rows.count + (len(controller.queue) if controller.jobs.blocks() else 0)
        height = theme.px(_ROW) * min(max(most, 2), _MOST_ROWS)
        self.list.canvas.configure(height=height)
        self._fit(anchor, self.list.canvas, theme.px(_WIDTH), above=True)

    def refresh(self) -> None:
        """Follow the queue, with the same row chosen as long as it is there."""
        controller = self._controller
        if controller is None or not theme.alive(self.window):
            return
        selected = self.list.selected
        self.list.rows.refresh()
        at = self.list.rows.index(self._key) if self._key else -1
        if at < 0 and self.list.rows.count:
            at = min(max(selected, 0), self.list.rows.count - 1)
        self.list.show_queue(at)
        self._key = self.row.key if self.row is not None else ""
        waiting = len(controller.queue)
        self.title.show(f"Queue · {counted(waiting, 'job')} wait{'s' if waiting == 1 else ''}" if waiting else "Queue")
        self._show_buttons()

    @property
    def row(self) -> QueueRow | None:
        """The chosen row, None for none."""
        return self.list.rows.row(self.list.selected) if 0 <= self.list.selected < self.list.rows.count else None

    # ---- what is done

    def shift(self, way: int) -> None:
        """Move the chosen job, or the chosen run, up (-1) or down (1)."""
        self.refresh()  # places count from the front of the queue, which may have moved on
        row = self.row
        if row is not None and row.places and self._controller is not None:
            self._controller.jobs.shift(row.places, way)
            self.refresh()
            self.list.see(self.list.selected)

    def remove(self) -> None:
        """Drop the chosen job, or all waiting ones of the chosen run; forget those of last time."""
        self.refresh()
        row = self.row
        if row is None or self._controller is None:
            return
        if row.kind == "left":
            self._controller.resume(go_on=False, run_id=row.job.run_id)
        else:
            self._controller.jobs.remove(row.places)
        self.refresh()

    def restore(self) -> None:
        """Let what was removed last wait again."""
        if self._controller is not None and self._controller.jobs.restore():
            self.refresh()

    def go_to(self) -> None:
        """Show the pack or Learning Run of the chosen row; jobs of last time are queued."""
        row, controller = self.row, self._controller
        if row is None or controller is None:
            return
        if row.kind == "left":
            controller.resume(go_on=True, run_id=row.job.run_id)
            self.refresh()
            return
        self.close()
        self._actions.go_to(row.job)

    def _dropped(self, places: range, to: int) -> None:
        if self._controller is not None:
            self._controller.jobs.move(places, to)
            self.refresh()

    def _chosen(self) -> None:
        self._key = self.row.key if self.row is not None else ""
        self._show_buttons()

    def _turn(self, unfold: bool) -> None:
        row = self.row
        if row is None:
            return
        if not unfold:
            row = self.list.rows.head_of(row)
            self._key = row.key
        self.list.rows.turn(row, unfold=unfold)
        self.refresh()

    def _toggle(self) -> None:
        if self.row is not None and self.row.is_open is not None:
            self._turn(not self.row.is_open)

    def _show_buttons(self) -> None:
        row, controller = self.row, self._controller
        if controller is None:
            return
        waits = row is not None and bool(row.places)
        left = row is not None and row.kind == "left"
        plan = row is not None and bool(row.job.learning.plan_id)
        many = row is not None and row.count > 1
        first, last = (row.places.start, row.places.stop) if row is not None else (0, 0)
        self.up.enable(waits and first > 0, "It is the next one already." if waits else "It does not wait.")
        self.down.enable(
            waits and last < len(controller.queue), "It is the last one." if waits else "It does not wait."
        )
        count = row.count if row is not None else 0
        self.take_out.set_text(("Forget " if left else "Remove ") + (counted(count, "job") if many else "it"))
        self.take_out.enable(waits or left, "Stop ends what is running.")
        back = controller.jobs.removed
        self.back.set_text(f"Bring back {counted(back, 'job')}" if back else "Bring back")
        self.back.enable(bool(back), "Nothing was removed.")
        words = f"Run {counted(count, 'job')}" if left else "Go to the Learning Run" if plan else "Go to the pack"
        self.show.set_text(words)
        self.show.enable(row is not None, "Nothing is chosen.")


class QueueList(RowList):
    """The rows. `drop(places, to)` when they were dragged in front of the job at place `to`."""

    def __init__(
        self,
        parent: tk.Misc,
        *,
        chosen: Callable[[], object],
        opened: Callable[[], object],
        drop: Callable[[range, int], object],
    ) -> None:
        super().__init__(
            parent,
            on_select=lambda _index: chosen(),
            on_open=lambda _index: opened(),
            row_height=_ROW,
            rows=_MOST_ROWS,
            empty=_EMPTY,
        )
        self._drop = drop
        self._queue_rows: QueueRows | None = None
        self._grip: int | None = None
        self._line: int | None = None
        self.canvas.bind("<B1-Motion>", self._dragged, add="+")
        self.canvas.bind("<ButtonRelease-1>", self._let_go, add="+")

    @property
    def rows(self) -> QueueRows:
        """The rows that are shown."""
        assert self._queue_rows is not None  # `follow` comes first
        return self._queue_rows

    def follow(self, rows: QueueRows) -> None:
        """Show these rows from now on."""
        self._queue_rows = rows

    def show_queue(self, selected: int) -> None:
        """Show the rows as they are now."""
        self.show(self.rows.count, self._as_shown, selected)

    def refresh(self) -> None:
        """Draw what is in sight, and where a dragged row would come to stand."""
        super().refresh()
        if self._line is not None:
            y = self._edge(self._line) - self._top
            _draw_line(self.canvas, y)

    def _as_shown(self, index: int) -> ListRow:
        row = self.rows.row(index)
        right = f"{row.count:,}" if row.kind in ("run", "left") and row.count > 1 else ""
        if row.kind == "running":
            return ListRow(row.title, note=row.note, mark="play", mark_ink="accent_text")
        if row.kind == "left":
            return ListRow(row.title, note=row.note, right=right, mark="pause")
        if row.is_open is not None:
            return ListRow(
                row.title, note=row.note, right=right, mark="chevron_down" if row.is_open else "chevron_right"
            )
        # A job of a run stands a little to the right, below the words of its run.
        return ListRow(row.title, note=row.note, mark="minus" if row.kind == "job" else "dot", mark_ink="text3")

    def _pressed(self, event: tk.Event[tk.Misc]) -> None:
        super()._pressed(event)
        index = self.index_at(event.y)
        row = self.rows.row(index) if index >= 0 else None
        self._grip = event.y if row is not None and row.places else None
        if row is not None and row.is_open is not None and event.x < self._pad + theme.px(20):
            self._grip = None
            self.canvas.event_generate("<space>")

    def _dragged(self, event: tk.Event[tk.Misc]) -> None:
        if self._grip is None or (self._line is None and abs(event.y - self._grip) < theme.px(_DRAG_FROM)):
            return
        self.canvas.configure(cursor="fleur")
        height = self.canvas.winfo_height()
        if not 0 <= event.y < height:
            self.scroll_to(self._top + (self._row if event.y > 0 else -self._row) // 4)
        line = round((self._top + min(max(event.y, 0), height)) / self._row)
        self._line = min(max(line, 0), self.rows.count)
        self.refresh()

    def _let_go(self, _event: tk.Event[tk.Misc]) -> None:
        line, self._line, self._grip = self._line, None, None
        self.canvas.configure(cursor="")
        if line is None:
            return
        if not 0 <= self.selected < self.rows.count:
            return
        moved = self.rows.row(self.selected)
        behind = self.rows.row(line - 1) if line else None
        if behind is None or behind.kind == "running":
            to = 0
        elif behind.kind == "run" and behind.is_open:
            to = behind.places.start
        else:
            to = behind.places.stop
        if behind is None or behind.kind != "left":
            self._drop(moved.places, to)
        self.refresh()


def _draw_line(canvas: Painting, y: int) -> None:
    thick = theme.px(2)
    canvas.fill(0, y - thick // 2, canvas.winfo_width(), y - thick // 2 + thick, "accent_text")
