"""Review: all recorded pictures in one grid, rated with one key each.

The page holds the rules of rating: what a key is about, when it goes on to the next picture, and that a rated cell
stays in sight until the filter is applied again. Stars are shown when they are on disk, not before.
"""

from __future__ import annotations

import time
import tkinter as tk
from array import array
from collections.abc import Callable, Sequence

import msgspec

from ...app.controller import Controller
from ...app.feedback import PictureFeedback, State, text_for_stars
from ...app.learn.guide import Guide, GuideState
from ...app.rating_keys import RatingKeys, tags_go_to
from ...app.review.search import ReviewSearch, depends_on_feedback
from ...app.wording import group_words
from ...domain.base import wording
from ...domain.base.errors import InvalidInput
from ...domain.journal.history import History
from ...domain.journal.image_facts import ImageFacts
from ...domain.journal.query import Query, Selection
from ...domain.journal.record import LearningRecord
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.jobs import BackendChecked
from ...pipeline.messages.journal import (
    HistoryChanged,
    HistoryLoaded,
    LineSaved,
    ReadRecord,
    RecordRead,
    UnsavedChanged,
)
from ...pipeline.messages.picture_files import SearchPrepared
from ...pipeline.messages.pictures import ImagesFound, MakeThumbnail, ThumbnailReady
from ...pipeline.messages.settings import SettingsChanged
from ..widgets import theme
from ..widgets.basics import Box, Separator
from ..widgets.flow import pack_if, tab_order
from ..widgets.group_heads import HeadContent
from ..widgets.keyboard import Shortcuts
from ..widgets.notices import Notice
from ..widgets.page_frame import PageFrame
from ..widgets.picture_cell import CellContent
from ..widgets.picture_grid import GridActions, ThumbnailGrid
from .actions import GridTarget
from .context_menu import GridMenu
from .filter_bar import Filters
from .full_screen import FullSize
from .grid_files import GridFiles
from .guide_bar import GuideBar
from .inspector import WIDTH, Inspector, InspectorActions
from .selection_bar import ActionBar

_WIDE = 400
_PREPARE_AFTER_MS, _PREPARE_NEXT_MS = 400, 20
_LOOKED_AT = 50  # pictures of a group, for one that a Learning Run may begin from
_COUNT_AFTER_MS, _SAVE_SIZE_AFTER_MS, _GUIDE_AFTER_MS = 250, 700, 60
_MOVES_GUIDE = (HistoryChanged, HistoryLoaded, LineSaved, SettingsChanged, RecordRead, BackendChecked)


class ReviewPage(PageFrame):
    """The page. `go_create` opens Create; `on_use_settings(record)` takes a picture's settings over to it;
    `on_learn(record, facts)` begins a Learning Run from a picture, `on_guide(state)` does what the guide offers.
    """

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        go_create: Callable[[], None] = lambda: None,
        on_use_settings: Callable[[LearningRecord], None] = lambda _record: None,
        on_learn: Callable[[LearningRecord, ImageFacts], None] = lambda _record, _facts: None,
        on_guide: Callable[[GuideState], None] = lambda _state: None,
    ) -> None:
        super().__init__(parent)
        self._guide, self._on_guide = Guide(controller), on_guide
        self._controller, self._go_create = controller, go_create
        self._on_use_settings, self._on_learn = on_use_settings, on_learn
        self._search = ReviewSearch(controller)
        self._seek: set[int] = set()
        self._return_to: set[int] = set()
        self._current_id = ""
        self._learn_next: ImageFacts | None = None
        self._folded: bool | None = None
        self._cell_px = controller.settings.cell_px
        self._feedback = PictureFeedback(controller, self._feedback_changed)
        self._build()
        Shortcuts(self, self._keys.answer)
        self._fresh = False
        self.show_guide()
        self._find()
        self.later("prepare", _PREPARE_AFTER_MS, self._prepare)

    # ---- what the window asks

    @property
    def title(self) -> tuple[str, str]:
        """Words for the top bar."""
        return "Review", self._search.remark

    @property
    def key_words(self) -> Sequence[tuple[str, str]]:
        """Keys of the page, for F1."""
        tags = tuple((key.upper(), f"tag: {words}") for key, words in self._controller.settings.tags)
        return (
            ("1–5", "rate and go on"),
            ("0", "clear"),
            ("X", "reject, or take that back"),
            ("Del", "move to the trash"),
            ("U", "next unrated"),
            ("Ctrl+F", "search"),
            ("Ctrl+C", "copy the picture"),
            ("Ctrl+E", "copy to a folder, with XMP"),
            ("Shift+F10", "menu"),
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
        self._moved()
        self.files.look_for_clipboard()
        if self._fresh:
            self._find()
        self.focus_first()

    def focus_first(self) -> None:
        """Put the keyboard on the grid."""
        (self.viewer.canvas if self.viewer.is_open else self.pictures.canvas).focus_set()

    def show_run(self, run_id: str, name: str) -> None:
        """Show the pictures of one Learning Run."""
        self.filters.choose_run(run_id, name)
        self._apply()

    def show_search(self, text: str) -> None:
        """Show the pictures that this search finds, the best first."""
        self.filters.search_for(text)
        self._apply()

    @property
    def searching(self) -> bool:
        """Whether the filter is still being applied."""
        return self._search.pending

    def on_event(self, event: Event) -> None:
        """Follow the history and take in what was asked for."""
        self._feedback.on_event(event)
        if isinstance(event, HistoryLoaded):
            self._begin_anew(event.history)
        self.inspector.on_event(event)
        self._full_size.on_event(event)
        self._guide.on_event(event)
        self.files.on_event(event)
        if isinstance(event, _MOVES_GUIDE):
            self.later("guide", _GUIDE_AFTER_MS, self.show_guide)
        if isinstance(event, ThumbnailReady):
            self.pictures.thumbnail_ready(event)
        elif isinstance(event, ImagesFound):
            self._found(event)
        elif isinstance(event, HistoryChanged):
            self._history_changed(event)
        elif isinstance(event, HistoryLoaded):
            self._find()
            self.later("prepare", _PREPARE_AFTER_MS, self._prepare)
        elif isinstance(event, SearchPrepared):
            self._prepared(event)
        elif isinstance(event, RecordRead):
            self._learn_on(event)
        elif isinstance(event, UnsavedChanged):
            self._keys.tell_unsaved(event)
        elif isinstance(event, SettingsChanged):
            self._chosen()
        elif isinstance(event, OrderFailed) and isinstance(event.order, MakeThumbnail):
            self.pictures.orders_lost()

    # ---- building

    def _build(self) -> None:
        self._edge = Box(self, "line", width=1)
        self._main = Box(self)
        self.filters = Filters(self._main, self._apply, unfold=lambda: self._fold(False))
        self.filters.pack(fill="x")
        self.filters.search.field.bind("<Escape>", lambda _event: self._leave_search())
        self.filters.search.field.bind("<Down>", lambda _event: self.focus_first())
        Separator(self._main).pack(fill="x")
        self.bar = ActionBar(
            self._main,
            self._controller.settings.cell_px,
            self._resize_cells,
            trash_rejected=lambda: self.files.trash_rejected(),
        )
        self.bar.pack(side="bottom", fill="x")
        Separator(self._main).pack(side="bottom", fill="x")
        self.guide = GuideBar(self._main, act=self._guided, other=self._other_question, hide=self._guide.hide)
        grid_actions = GridActions(
            ask=lambda order: self._controller.ask(order, last=True),
            content=lambda row: cell_content(*self._feedback.known(row), tags_here=row == self.target.just_rated),
            head=self._head,
            offered=self._learn_from_group,
            chosen=self._moved,
            opened=self._open_large,
        )
        self.pictures = ThumbnailGrid(self._main, grid_actions, cell_px=self._controller.settings.cell_px)
        self.pictures.pack(fill="both", expand=True)
        tab_order(self.filters, self.pictures, self.bar)
        self._notice = Notice(self.pictures)
        self._full_size = FullSize(
            self,
            self._controller,
            self._feedback,
            self.pictures,
            self._large_closed,
            moved=self._moved,
            notice=lambda: self._tags_go_to() if self.target.just_rated >= 0 else "",
        )
        self.viewer = self._full_size.viewer
        self.target = GridTarget(
            self._controller, self._feedback, self.pictures, self.viewer, self.bar, moved=self._moved
        )
        self.files = GridFiles(
            *(self._controller, self._feedback, self.pictures, self.viewer, self.bar),
            choose=lambda lines, take: self.menu.choose(lines, take),
        )
        self._keys = self._rating_keys()
        self.menu = GridMenu(self.pictures, self.files.menu_state, self._menu_acts())
        actions = InspectorActions(
            rate=self.target.rate,
            toggle_tag=self._keys.toggle_tag,
            save_note=self._keys.note,
            make_again=self.target.make_again,
            back=self.focus_first,
            use_settings=self._on_use_settings,
            learn=self._on_learn,
        )
        self.inspector = Inspector(self, self._controller, actions)
        self._main.pack(side="left", fill="both", expand=True)
        self.bind("<Configure>", lambda _event: self._arrange())

    # ---- the guide

    def show_guide(self) -> None:
        """Say where the user is in the loop, or take the guide out of sight."""
        state = self._guide.state
        if state is not None:
            self.guide.show(state)
        pack_if(state, self.guide, side="bottom", fill="x", before=self.pictures)

    def _prepare(self) -> None:
        """Read texts for the first search, once the pictures in sight are there: these go before."""
        if self.searching or self.pictures.is_waiting:
            self.later("prepare", _PREPARE_AFTER_MS, self._prepare)
        else:
            self._search.prepare()

    def _prepared(self, event: SearchPrepared) -> None:
        # In small helpings with room between them: nothing that the user does waits for it.
        if event.left:
            self.later("prepare", _PREPARE_NEXT_MS, self._search.prepare)
        else:
            self._search.prepared()

    # ---- group heads

    def _head(self, number: int) -> HeadContent:
        words = group_words(self._search.groups[number], time.time_ns() // 1_000_000)
        return HeadContent(*words, "Make Learning Run")

    def _learn_from_group(self, number: int) -> None:
        """Begin a Learning Run from the current picture if it is of this group, else from its first sound one."""
        group, rows = self._search.groups[number], self.pictures.picked.rows
        places = range(group.first, group.first + group.count)
        first = [self.pictures.picked.current] if self.pictures.picked.current in places else []
        facts = (self._feedback.facts(rows[place]) for place in (*first, *places[:_LOOKED_AT]))
        sound = next((one for one in facts if not one.suspect), None)
        if sound is None:
            self.bar.say("These pictures are suspect, which is no evidence: make one of them again first.")
            return
        self._learn_next = sound
        self._controller.ask(ReadRecord(image_id=sound.image_id, position=sound.position))

    def _learn_on(self, event: RecordRead) -> None:
        wanted = self._learn_next
        if wanted is None or event.image_id != wanted.image_id:
            return
        self._learn_next = None
        if event.record is not None:
            self._on_learn(event.record, wanted)
        else:
            self.bar.say(event.problem, "danger")

    def _other_question(self) -> None:
        self._guide.another()
        self.show_guide()

    def _guided(self, state: GuideState) -> None:
        if state.action != "try":
            self._on_guide(state)
            return
        try:
            plan_id = self._guide.try_it()
        except InvalidInput as problem:
            self.bar.say(str(problem))
            return
        if plan_id:
            self._on_guide(msgspec.structs.replace(state, action="rate", plan_id=plan_id))

    def _rating_keys(self) -> RatingKeys:
        plain: dict[str, Callable[[], object]] = {
            "c": self._compare,
            "x": self.target.reject,
            "Delete": self.files.trash_selected,
            "KP_Delete": self.files.trash_selected,
            "i": self._toggle_inspector,
            "F2": self._edit_note,
            "F5": self._apply_again,
            "Escape": self.focus_first,
        }
        control: dict[str, Callable[[], object]] = {
            "a": self._select_all,
            "f": lambda: self.filters.focus_search(),
            "l": lambda: self.inspector.learn(),
            "c": lambda: self.files.copy("picture"),
            "e": self.files.export,
            "Return": self.guide.invoke,
            "return": self.guide.invoke,
        }
        return RatingKeys(self.target, lambda: dict(self._controller.settings.tags), plain, control)

    def _menu_acts(self) -> dict[str, Callable[[], object]]:
        files = self.files
        return {
            "large": self._open_large,
            "compare": self._compare,
            "learn": lambda: self.inspector.learn(),
            "copy picture": lambda: files.copy("picture"),
            "copy path": lambda: files.copy("path"),
            "copy prompt": lambda: files.copy("prompt"),
            "copy infotext": lambda: files.copy("infotext"),
            "reveal": files.reveal,
            "open": files.open_outside,
            "open with": files.open_with,
            "export": files.export,
            "move": lambda: files.export(move=True),
            "look": files.look,
            "look in": files.look_in_folder,
            "reject": self.target.reject,
            "trash": files.trash_selected,
        }

    def _arrange(self) -> None:
        """Fold or unfold the inspector as the window's width and the user want it."""
        size = self.size_class
        folded = size == "narrow" if self._folded is None else self._folded
        self.inspector.configure(width=theme.px(_WIDE if size == "wide" else WIDTH))
        for part in (self.inspector, self._edge):
            pack_if(not folded, part, side="right", fill="y", before=self._main)
        self.filters.folded(folded)

    def _fold(self, folded: bool) -> None:
        self._folded = folded
        self._arrange()
        self.focus_first()

    # ---- what is shown

    def _apply(self) -> None:
        """Apply the filter because the user wants it."""
        self._moved()
        self._find()

    def _find(self) -> None:
        """Apply the filter."""
        self.target.touched = 0
        self.filters.offer_runs(self._search.runs())
        self._search.find(self.filters.query)
        self._show_notice(None)

    def _found(self, event: ImagesFound) -> None:
        if self._search.found(event):
            self.filters.show(event.selection)
            self.bar.offer_trash(event.selection.totals.rejected)
            found = event.selection
            self.pictures.show(found.rows, self._search.group_starts(), found.shapes, found.group_shapes)
            self._show_notice(event.selection)
            if self._fresh and self.winfo_viewable():
                self._fresh = False
                self.pictures.go_to(0)
            elif self._return_to:
                self.pictures.go_to_rows(self._return_to)
            self._return_to = set()
            self._chosen()
            self._bring_back()
        elif self._search.counted(event):
            self.filters.count(event.selection.totals)
            self.bar.offer_trash(event.selection.totals.rejected)

    def _begin_anew(self, history: History) -> None:
        """Another history: what was in sight has other rows now, or is gone. A key must not meet another picture."""
        here = history.row_of(self._current_id)
        self._seek, self._return_to = set(), set() if here is None else {here}
        self._learn_next = None
        self.target.forget()
        self.pictures.show(array("i"))
        self.viewer.close()
        self._chosen()

    def _history_changed(self, event: HistoryChanged) -> None:
        self._fresh = self._fresh or (event.grown and not self.winfo_viewable())
        # Feedback given here is drawn in a moment, once it is known to be on disk.
        rows = {row for row in event.rows if not self._feedback.state(row)}
        self.pictures.refresh(rows)
        if {self.pictures.picked.current_row, self.target.just_rated} & rows:
            self._show_current()
        if rows:
            self.viewer.refresh()
        if event.undone:
            self._seek |= set(event.rows)
            self.later("seek", 1, self._bring_back)
        self.later("count", _COUNT_AFTER_MS, self._count_again)

    def _count_again(self) -> None:
        if new := self._search.new_pictures:
            if not (self.target.touched and depends_on_feedback(self.filters.query)):
                self._find()
                return
            # What was just rated must not vanish because a run made new pictures meanwhile.
            self.bar.say(f"{wording.counted(new, 'new picture')}: F5 applies the filter again.")
        self._search.count(self.filters.query)

    def _show_notice(self, selection: Selection | None) -> None:
        if selection is not None and len(selection.rows):
            self._notice.hide()
        elif self._controller.history is None:
            self._notice.show("Reading what was recorded…")
        elif selection is not None and self._search.nothing_recorded:
            self._notice.show("No pictures yet. Run a pack and they appear here.", "Go to Create", self._go_create)
        elif selection is not None and self.filters.query.text:
            self._notice.show("No picture has all of these.", "Clear the search", self._clear_search)
        elif selection is not None:
            self._notice.show("No pictures match this filter.", "Show all pictures", self._show_all)

    def _leave_search(self) -> str:
        """Esc in the search: without its words, then back to the pictures."""
        if not self.filters.clear_search():
            self.focus_first()
        return "break"

    def _show_all(self) -> None:
        self.filters.reset()
        self._apply()
        self.focus_first()

    def _clear_search(self) -> None:
        self.filters.clear_search()
        self.focus_first()

    def _bring_back(self) -> None:
        """After an undo: bring its picture into sight, if need be by another filter."""
        if not self._seek or self._search.pending:
            return
        if self.pictures.go_to_rows(self._seek):
            self._seek = set()
        elif self.target.touched or self.filters.query != Query(order=self.filters.query.order):
            if not self.target.touched:
                self.filters.reset()
            self._find()
        else:
            self._seek = set()  # its record was taken back as a whole: nothing to show

    def _moved(self) -> None:
        self.target.follow()
        self._chosen()

    def _chosen(self) -> None:
        picked, aside = self.pictures.picked, self.target.just_rated >= 0 and not self.inspector.winfo_manager()
        self.bar.selected(len(picked.selected), len(picked.rows))
        if not self._feedback.unsaved:
            self.bar.say(self._tags_go_to() if aside else "")
        self._show_current()
        self.viewer.turn_to(picked.current_row)

    def _show_current(self) -> None:
        row, just_rated = self.pictures.picked.current_row, self.target.just_rated
        facts = self._feedback.facts(row) if row >= 0 else None
        self._current_id = facts.image_id if facts is not None else ""
        tagged = self._feedback.facts(just_rated) if just_rated >= 0 else facts
        self.inspector.show(facts, self._feedback.state(row), tagged, self._tags_go_to())

    def _tags_go_to(self) -> str:
        """Which picture tags are for; "" when nothing ever goes on by itself."""
        row, chosen = self.target.just_rated, len(self.pictures.picked.selected)
        if row >= 0:
            rating = self._feedback.facts(row).rating if not self._feedback.state(row) else 0
            return tags_go_to(self._full_size.name(row) or "the picture just rated", rating)
        if not self._controller.settings.go_on_after_rating:
            return ""
        return f"Tags go to all {chosen:,} selected" if chosen > 1 else "Tags go to this picture"

    def _feedback_changed(self, rows: set[int]) -> None:
        self.pictures.refresh(rows)
        if {self.pictures.picked.current_row, self.target.just_rated} & rows:
            self._show_current()
        if self.target.just_rated in rows:
            self.viewer.refresh()

    # ---- keys

    def _large_closed(self) -> None:
        self.focus_first()
        if self.target.just_rated == self.pictures.picked.current_row:
            self._moved()

    def _open_large(self) -> None:
        self._full_size.open()
        self._moved()

    def _compare(self) -> None:
        if self.viewer.comparing:
            self.viewer.close()
        elif self._full_size.compare():
            self._moved()
        else:
            self.bar.say("Select two to four pictures to compare: Shift+arrows or Ctrl+click.")

    def _select_all(self) -> None:
        if not self.viewer.is_open:
            self.pictures.select_all()

    def _toggle_inspector(self) -> None:
        if not self.viewer.is_open:
            self._fold(bool(self.inspector.winfo_manager()))

    def _edit_note(self) -> None:
        self.viewer.close()
        self._fold(False)
        self.inspector.edit_note()

    def _apply_again(self) -> None:
        self.pictures.retry()
        self._apply()

    # ---- the size of the cells

    def _resize_cells(self, cell_px: int) -> None:
        self.pictures.set_cell(cell_px)
        self._cell_px = cell_px
        self.later("size", _SAVE_SIZE_AFTER_MS, self._keep_size)

    def _keep_size(self) -> None:
        self._controller.change_settings(msgspec.structs.replace(self._controller.settings, cell_px=self._cell_px))


def cell_content(facts: ImageFacts, state: State, *, tags_here: bool = False) -> CellContent:
    """What a picture's cell shows: stars, or in words what is not settled yet; `tags_here`: it is the one just rated,
    which tags are for although another is current.
    """
    chip = wording.counted(len(facts.tags), "tag") if facts.tags else "note" if facts.note else ""
    return CellContent(
        image_id=facts.image_id,
        position=facts.position,
        output_index=facts.output_index,
        rating=facts.rating,
        words=text_for_stars(facts, state),
        words_ink="danger" if state == "unsaved" else "text3",
        chip=chip,
        badge="suspect" if facts.suspect else "",
        flag="tags here" if tags_here else "",
        rejected=facts.rejected,
        trashed=facts.file.trashed,
    )
