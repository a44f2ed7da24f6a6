"""Review: all recorded pictures in one grid, rated with one key each.

The page holds the rules of rating: what a key is about, when it goes on to the next picture, and that a rated cell
stays in sight until the filter is applied again. Stars are shown when they are on disk, not before.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import msgspec

from ...app import wording as phrases
from ...app.controller import Controller
from ...app.feedback import Rating
from ...domain.base import wording
from ...domain.journal.history import ImageFacts
from ...domain.journal.query import Group, Query, Selection
from ...domain.journal.record import LearningRecord
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.journal import HistoryChanged, HistoryLoaded, UnsavedChanged
from ...pipeline.messages.pictures import ImagesFound, MakeThumbnail, ThumbnailReady
from ...pipeline.messages.settings import SettingsChanged
from ..widgets import theme
from ..widgets.basics import Box, Separator
from ..widgets.keyboard import KeyPress, Shortcuts, act_on
from ..widgets.notices import Notice
from ..widgets.page_frame import PageFrame
from ..widgets.picture_cell import CellContent
from ..widgets.picture_grid import GridActions, ThumbnailGrid
from .actions import Rules
from .cell_content import cell_content
from .filter_bar import Filters
from .full_screen import FullSize
from .inspector import WIDTH, Inspector, InspectorActions
from .selection_bar import ActionBar

_WIDE = 400
_COUNT_AFTER_MS, _SAVE_SIZE_AFTER_MS = 250, 700
_MOVES = {
    "Left": "left", "Right": "right", "Up": "up", "Down": "down", "Home": "home", "End": "end", "Prior": "page_up",
    "Next": "page_down",
}  # fmt: skip


class ReviewPage(PageFrame):
    """The page. `go_create` opens Create; `on_use_settings(record)` takes a picture's settings over to it;
    `on_learn(record, facts)` begins a Learning Run from a picture.
    """

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        go_create: Callable[[], None] = lambda: None,
        on_use_settings: Callable[[LearningRecord], None] = lambda _record: None,
        on_learn: Callable[[LearningRecord, ImageFacts], None] = lambda _record, _facts: None,
    ) -> None:
        super().__init__(parent)
        self._controller, self._go_create = controller, go_create
        self._on_use_settings, self._on_learn = on_use_settings, on_learn
        self._groups: tuple[Group, ...] = ()
        self._counts = (0, 0)
        self._known = 0
        self._asked: Query | None = None
        self._counting: Query | None = None
        self._seek: set[int] = set()
        self._folded: bool | None = None
        self._cell_px = controller.settings.cell_px
        self._later: dict[str, str] = {}
        self._rating = Rating(controller, self._said)
        self._build()
        self._rules = Rules(controller, self._rating, self.pictures, self.viewer, self.bar)
        self._plain_keys: dict[str, Callable[[], object]] = {
            "c": self._compare,
            "i": self._toggle_inspector,
            "u": self._rules.next_unrated,
            "F2": self._edit_note,
            "F5": self._look_again,
            "Escape": self.focus_first,
        }
        Shortcuts(self, self._answer)
        self._fresh = False
        self._find()

    # ---- what the window asks

    @property
    def title(self) -> tuple[str, str]:
        """Words for the top bar."""
        everything, rated = self._counts
        return "Review", f"{wording.counted(everything, 'image')} · {rated:,} rated" if everything else ""

    @property
    def key_words(self) -> Sequence[tuple[str, str]]:
        """Keys of the page, for F1."""
        tags = tuple((key.upper(), f"tag: {words}") for key, words in self._controller.settings.tags)
        return (
            ("1–5", "rate and go on"),
            ("0", "clear"),
            ("U", "next unrated"),
            ("Space", "full size"),
            ("C", "compare the selected"),
            ("Z", "own size, in full size"),
            ("I", "inspector"),
            ("F2", "note"),
            ("Shift+arrows", "select"),
            ("Ctrl+A", "select all"),
            ("Ctrl+Z, Ctrl+Y", "undo, redo"),
            ("F5", "apply the filter again"),
            ("Ctrl+L", "Learning Run from this"),
            *tags,
        )

    def shown(self) -> None:
        """The page came into sight. Pictures made meanwhile are what the user wants to see: begin with the newest."""
        if self._fresh:
            self._find()
        self.focus_first()

    def focus_first(self) -> None:
        """Put the keyboard on the grid."""
        (self.viewer.canvas if self.viewer.is_open else self.pictures.canvas).focus_set()

    def show_run(self, run_id: str, name: str) -> None:
        """Show the pictures of one Learning Run."""
        self.filters.choose_run(run_id, name)
        self._find()

    def on_event(self, event: Event) -> None:
        """Follow the history and take in what was asked for."""
        self._rating.on_event(event)
        self.inspector.on_event(event)
        self._full_size.on_event(event)
        if isinstance(event, ThumbnailReady):
            self.pictures.thumbnail_ready(event)
        elif isinstance(event, ImagesFound):
            self._found(event)
        elif isinstance(event, HistoryChanged):
            self._history_changed(event)
        elif isinstance(event, HistoryLoaded):
            self._find()
        elif isinstance(event, UnsavedChanged):
            self._tell_unsaved(event)
        elif isinstance(event, SettingsChanged):
            self._chosen()
        elif isinstance(event, OrderFailed) and isinstance(event.order, MakeThumbnail):
            self.pictures.orders_lost()

    def destroy(self) -> None:
        """Stop what was to be done later and go."""
        for pending in self._later.values():
            self.after_cancel(pending)
        self._later.clear()
        super().destroy()

    # ---- building

    def _build(self) -> None:
        actions = InspectorActions(
            rate=lambda stars: self._rules.rate(stars),
            toggle_tag=lambda words: self._rules.toggle_tag(words),
            save_note=lambda text: self._rules.note(text),
            make_again=lambda record: self._rules.make_again(record),
            back=self.focus_first,
            use_settings=self._on_use_settings,
            learn=self._on_learn,
        )
        self._edge = Box(self, "line", width=1)
        self._main = Box(self)
        self.filters = Filters(self._main, self._find, unfold=lambda: self._fold(False))
        self.filters.pack(fill="x")
        Separator(self._main).pack(fill="x")
        self.bar = ActionBar(self._main, self._controller.settings.cell_px, self._resize_cells)
        self.bar.pack(side="bottom", fill="x")
        Separator(self._main).pack(side="bottom", fill="x")
        grid_actions = GridActions(
            ask=lambda order: self._controller.ask(order, last=True),
            content=self._look,
            head=self._head,
            chosen=self._chosen,
            opened=lambda: self._full_size.open(),
        )
        self.pictures = ThumbnailGrid(self._main, grid_actions, cell_px=self._controller.settings.cell_px)
        self.pictures.pack(fill="both", expand=True)
        self.inspector = Inspector(self, self._controller, actions)
        self._main.pack(side="left", fill="both", expand=True)
        self._notice = Notice(self.pictures)
        self._full_size = FullSize(self, self._controller, self.pictures, self.focus_first)
        self.viewer = self._full_size.viewer
        self.bind("<Configure>", lambda _event: self._arrange())

    def _arrange(self) -> None:
        """Fold or unfold the inspector as the window's width and the user want it."""
        wide = self.winfo_toplevel().winfo_width() / max(theme.px(100), 1) * 100
        folded = wide < theme.NARROW_BELOW if self._folded is None else self._folded
        self.inspector.configure(width=theme.px(_WIDE if wide >= theme.WIDE_FROM else WIDTH))
        if folded and self.inspector.winfo_manager():
            self.inspector.pack_forget()
            self._edge.pack_forget()
        elif not folded and not self.inspector.winfo_manager():
            self.inspector.pack(side="right", fill="y", before=self._main)
            self._edge.pack(side="right", fill="y", before=self._main)
        self.filters.folded(folded)

    def _fold(self, folded: bool) -> None:
        self._folded = folded
        self._arrange()
        self.focus_first()

    # ---- what is shown

    def _find(self) -> None:
        """Apply the filter."""
        self._rules.said = 0
        if (history := self._controller.history) is not None:
            hidden = history.plans.hidden()
            self.filters.offer_runs((p.plan_id, p.name) for p in history.plans.plans() if p.plan_id not in hidden)
        self._asked = self.filters.query
        self._controller.find(self._asked)
        self._show_notice(None)

    def _found(self, event: ImagesFound) -> None:
        if event.query is self._asked:
            self._asked = None
            self._groups = event.selection.groups
            self.filters.show(event.selection)
            with_heads = not (len(self._groups) == 1 and not self._groups[0].run_id)
            self.pictures.show(event.selection.rows, [group.first for group in self._groups] if with_heads else ())
            self._count_all()
            self._show_notice(event.selection)
            if self._fresh and self.winfo_viewable():
                self._fresh = False
                self.pictures.go_to(0)
            self._chosen()
            self._bring_back()
        elif event.query is self._counting:
            self._counting = None
            self.filters.count(event.selection.totals)

    def _history_changed(self, event: HistoryChanged) -> None:
        self._fresh = self._fresh or (event.grown and not self.winfo_viewable())
        self.pictures.refresh(event.rows)
        if self.pictures.picked.current_row in event.rows:
            self._show_current()
        self.viewer.refresh()
        if event.undone:
            self._seek |= set(event.rows)
            self._soon("seek", 1, self._bring_back)
        self._soon("count", _COUNT_AFTER_MS, self._count_again)

    def _count_again(self) -> None:
        history = self._controller.history
        if history is None:
            return
        if len(history) != self._known:
            if not (self._rules.said and self.filters.hangs_on_feedback):
                self._find()
                return
            # What was just rated must not vanish because a run made new pictures meanwhile.
            self.bar.say(f"{wording.counted(len(history) - self._known, 'new picture')}: F5 applies the filter again.")
        self._counts = self._count_now()
        self._counting = self.filters.query
        self._controller.find(self._counting)

    def _count_all(self) -> None:
        history = self._controller.history
        self._known = len(history) if history is not None else 0
        self._counts = self._count_now()

    def _count_now(self) -> tuple[int, int]:
        history = self._controller.history
        if history is None:
            return 0, 0
        totals = history.counts()
        return totals.all, totals.all - totals.unrated

    def _show_notice(self, selection: Selection | None) -> None:
        if selection is not None and len(selection.rows):
            self._notice.hide()
        elif self._controller.history is None:
            self._notice.show("Reading what was recorded…")
        elif selection is not None and not self._counts[0]:
            self._notice.show("No pictures yet. Run a pack and they appear here.", "Go to Create", self._go_create)
        elif selection is not None:
            self._notice.show("No pictures match this filter.", "Show all pictures", self._show_all)

    def _show_all(self) -> None:
        self.filters.reset()
        self._find()
        self.focus_first()

    def _bring_back(self) -> None:
        """After an undo: bring its picture into sight, if need be by another filter."""
        if not self._seek or self._asked is not None:
            return
        if self.pictures.go_to_rows(self._seek):
            self._seek = set()
        elif self._rules.said or self.filters.query != Query(order=self.filters.query.order):
            if not self._rules.said:
                self.filters.reset()
            self._find()
        else:
            self._seek = set()  # its record was taken back as a whole: nothing to show

    def _look(self, row: int) -> CellContent:
        return cell_content(self._facts(row), self._rating.state(row))

    def _head(self, number: int) -> tuple[str, str]:
        return phrases.group_words(self._groups[number])

    def _facts(self, row: int) -> ImageFacts:
        history = self._controller.history
        assert history is not None, "rows are shown only after the history was loaded"
        return history.facts(row)

    def _chosen(self) -> None:
        picked = self.pictures.picked
        self.bar.selected(len(picked.selected), len(picked.rows))
        if not self._rating.unsaved:
            self.bar.say("")
        self._show_current()
        self.viewer.turn_to(picked.current_row)

    def _show_current(self) -> None:
        row = self.pictures.picked.current_row
        self.inspector.show(self._facts(row) if row >= 0 else None, self._rating.state(row))

    # ---- rating

    def _said(self, rows: set[int]) -> None:
        self.pictures.refresh(rows)
        if self.pictures.picked.current_row in rows:
            self._show_current()

    def _tell_unsaved(self, event: UnsavedChanged) -> None:
        if event.count:
            self.bar.say(f"{event.count:,} not saved yet, tried again every 2 s. {event.message}".strip(), "danger")
        else:
            self.bar.say("")

    def _compare(self) -> None:
        if self.viewer.comparing:
            self.viewer.close()
        elif not self._full_size.compare():
            self.bar.say("Select two to four pictures to compare: Shift+arrows or Ctrl+click.")

    # ---- keys

    def _answer(self, press: KeyPress) -> bool:
        if press.stars is not None:
            self._rules.rate(press.stars)
            return True
        if press.control:
            undo, name = self._rules.undo, press.name.lower()
            everything = () if self.viewer.is_open else (("a", self.pictures.select_all),)
            return act_on(
                {
                    "z": lambda: undo(redo=press.shift),
                    "y": lambda: undo(redo=True),
                    "f": self.filters.focus_first,
                    "l": self.inspector.learn,
                    **dict(everything),
                },
                name,
            )
        tags = dict(self._controller.settings.tags)
        if press.letter in tags:
            self._rules.toggle_tag(tags[press.letter])
            return True
        return act_on(self._plain_keys, press.letter or press.name) or self._move(press)

    def _move(self, press: KeyPress) -> bool:
        if press.name not in _MOVES or self.viewer.is_open or self.focus_get() is self.pictures.canvas:
            return False
        self.focus_first()
        self.pictures.move(_MOVES[press.name], "range" if press.shift else "only")
        return True

    def _toggle_inspector(self) -> None:
        if not self.viewer.is_open:
            self._fold(bool(self.inspector.winfo_manager()))

    def _edit_note(self) -> None:
        self.viewer.close()
        self._fold(False)
        self.inspector.edit_note()

    def _look_again(self) -> None:
        self.pictures.retry()
        self._find()

    # ---- later

    def _soon(self, name: str, after_ms: int, action: Callable[[], None]) -> None:
        """Do it once after a while, however often it is asked for meanwhile."""
        if name not in self._later:
            self._later[name] = self.after(after_ms, self._now, name, action)

    def _now(self, name: str, action: Callable[[], None]) -> None:
        self._later.pop(name, None)
        action()

    def _resize_cells(self, cell_px: int) -> None:
        self.pictures.set_cell(cell_px)
        self._cell_px = cell_px
        self._soon("size", _SAVE_SIZE_AFTER_MS, self._keep_size)

    def _keep_size(self) -> None:
        self._controller.change_settings(msgspec.structs.replace(self._controller.settings, cell_px=self._cell_px))
