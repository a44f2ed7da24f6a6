"""What the Review page does with the files of its pictures: trash and back, copies, looking for what was moved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...app.controller import Controller
from ...app.feedback import PictureFeedback
from ...app.picture_files import PictureKeeper, told
from ...domain.base.file_wish import FileWish
from ...domain.base.wording import counted
from ...domain.journal.image_facts import ImageFacts
from ...domain.journal.query import rejected_among
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.picture_files import (
    ClipboardFound,
    CopyDone,
    CopyFrom,
    CopyWhat,
    FilesDone,
    FindClipboard,
    FindPrograms,
    OpenPicture,
    PictureOrder,
    PicturesBack,
    PicturesFound,
    PicturesMoved,
    PicturesMovedBack,
    PicturesTrashed,
    ProgramsFound,
    recorded,
)
from ...pipeline.messages.pictures import PictureReady, RevealFile, ThumbnailReady
from ..widgets.file_choice import choose_file
from ..widgets.modal import Decision, QuestionBox, nothing
from ..widgets.picture_grid import ThumbnailGrid
from ..widgets.picture_viewer import Viewer
from ..widgets.popups import MenuEntry
from .context_menu import MenuState
from .selection_bar import ActionBar

_MISSING = "No such file"  # what every system says about a file that is gone


class GridFiles:
    """Acts on what is selected in the grid, or on the picture in the viewer. What was done is told in the bar.
    `choose(lines, take)` opens a menu at the picture.
    """

    def __init__(
        self,
        controller: Controller,
        feedback: PictureFeedback,
        grid: ThumbnailGrid,
        viewer: Viewer,
        bar: ActionBar,
        *,
        choose: Callable[[list[MenuEntry], Callable[[str], object]], object],
    ) -> None:
        self._controller, self._feedback = controller, feedback
        self._grid, self._viewer, self._bar, self._choose = grid, viewer, bar, choose
        self._clipboard: str | None = None  # the program that copies pictures; None = not looked for yet

    @property
    def _keeper(self) -> PictureKeeper:
        return self._controller.pictures

    @property
    def chosen(self) -> list[ImageFacts]:
        """The pictures that the next action is about."""
        rows = [self._viewer.current] if self._viewer.is_open else self._grid.picked.selected_in_order()
        return [self._feedback.facts(row) for row in rows]

    def trash_selected(self) -> None:
        """Del: move what is selected to the trash, or bring back what is in it, and go on."""
        if not self._viewer.is_open and len(self._grid.picked.selected) == 1:
            place = self._grid.picked.current
            if not self._grid.in_sight(place):
                self._grid.go_to(place)
                self._bar.say("This is the selected picture. Press the key again.")
                return
        pictures = self.chosen
        wanted = [one for one in pictures if not one.file.trashed]
        if not wanted and pictures:
            self._keeper.bring_back([one.image_id for one in pictures])
        elif wanted:
            self._ask_first(wanted, "selected")

    def trash_rejected(self) -> None:
        """Move every rejected picture that is shown to the trash, after a question: they need not be in sight."""
        history, rows = self._controller.history, self._grid.picked.rows
        if history is None:
            return
        wanted = [self._feedback.facts(row) for row in rejected_among(history.visible().columns(), rows)]
        wanted = [one for one in wanted if not one.file.trashed]
        if wanted:
            self._question(wanted, "rejected")
        else:
            self._bar.say("No rejected picture is shown. “Rejected” above the pictures shows them.")

    def on_event(self, event: Event) -> None:
        """Tell what was done."""
        if isinstance(event, FilesDone):
            if isinstance(event, PicturesTrashed | PicturesMoved) and event.done:
                self._bar.tell(told(event), "Undo", lambda: self._controller.undo())
            elif isinstance(event, PicturesMovedBack) and event.left:
                self._bar.tell(told(event), "Try again", lambda: self._keeper.move_back(event.left))
            elif isinstance(event, PicturesFound) and not event.found:
                self._bar.tell(told(event), "Look in a folder…", self.look_in_folder)
            else:
                self._bar.tell(told(event))
            if isinstance(event, PicturesFound | PicturesBack | PicturesMovedBack):
                self._grid.retry()
        elif isinstance(event, ClipboardFound):
            self._clipboard = event.program
        elif isinstance(event, ProgramsFound):
            self._offer_programs(event)
        elif isinstance(event, CopyDone):
            self._copied(event)
        elif isinstance(event, ThumbnailReady | PictureReady) and event.problem:
            self._perhaps_missing(event)
        elif isinstance(event, OrderFailed) and isinstance(event.order, PictureOrder):
            self._bar.tell(event.message)

    def look_for_clipboard(self) -> None:
        """Find out whether pictures can be copied on this desktop."""
        if self._clipboard is None:
            self._clipboard = ""
            self._controller.ask(FindClipboard())

    def menu_state(self) -> MenuState:
        """What the menu is about."""
        return MenuState(self.chosen, bool(self._clipboard))

    def copy(self, what: CopyWhat) -> None:
        """Put the current picture, its path, its prompt or its infotext into the clipboard."""
        if what == "picture" and not self._clipboard:
            self._bar.say("Pictures cannot be copied here: install xclip (X11) or wl-clipboard (Wayland).")
        elif self.chosen:
            self._controller.ask(CopyFrom(picture=recorded(self.chosen[0]), what=what))

    def open_outside(self) -> None:
        """Open the current picture with the program that the system has for it."""
        if self.chosen:
            self._controller.ask(OpenPicture(picture=recorded(self.chosen[0])))

    def open_with(self) -> None:
        """Ask which program of this desktop is to open the current picture."""
        if self.chosen:
            self._controller.ask(FindPrograms())

    def _offer_programs(self, found: ProgramsFound) -> None:
        if not found.programs:
            self._bar.say("No program of this desktop says that it opens pictures.")
            return
        self._choose([MenuEntry(one, name) for one, name in found.programs], self._open_by)

    def _open_by(self, program: str) -> None:
        if self.chosen:
            self._controller.ask(OpenPicture(picture=recorded(self.chosen[0]), program=program))

    def reveal(self) -> None:
        """Show the current picture's file in the file browser."""
        for one in self.chosen[:1]:
            self._controller.ask(
                RevealFile(image_id=one.image_id, position=one.position, output_index=one.output_index)
            )

    def export(self, *, move: bool = False) -> None:
        """Ask for a folder and copy, or move, what is selected to it, stars in XMP files beside the pictures."""
        pictures = self.chosen
        what = f"{'Move' if move else 'Copy'} {counted(len(pictures), 'picture')} with XMP to"
        take = self._keeper.move if move else self._keeper.export
        if pictures:
            self._ask_folder(what, lambda folder: take(pictures, folder))

    def look(self) -> None:
        """Look for the files of what is selected in the output folder."""
        if pictures := self.chosen:
            self._bar.tell("Looking in the output folder…")
            self._keeper.look_for(pictures)

    def look_in_folder(self) -> None:
        """Ask for a folder and look for the files there."""
        pictures = self.chosen
        if pictures:
            self._ask_folder("Look for missing pictures in", lambda folder: self._look_there(pictures, folder))

    def _look_there(self, pictures: list[ImageFacts], folder: Path) -> None:
        self._bar.tell(f"Looking in {folder}…")
        self._keeper.look_for(pictures, folder)

    def _ask_folder(self, title: str, take: Callable[[Path], object]) -> None:
        choose_file(self._grid, self._controller, FileWish(title=title, kind="folder"), take)

    def _copied(self, event: CopyDone) -> None:
        if event.text:
            self._grid.clipboard_clear()
            self._grid.clipboard_append(event.text)
        self._bar.say(f"Copied: the {event.what}.")

    def _perhaps_missing(self, event: ThumbnailReady | PictureReady) -> None:
        row = self._viewer.current if self._viewer.is_open else self._grid.picked.current_row
        if _MISSING not in event.problem or row < 0:
            return
        one = self._feedback.facts(row)
        # An answer that names another place was asked for before the file was found, or moved from there.
        if one.image_id == event.image_id and one.file.path in event.problem:
            self._bar.tell("The file of this picture is missing.", "Look for it", self.look)

    def _ask_first(self, wanted: list[ImageFacts], kind: str) -> None:
        # What can be undone needs no question, unless there is more of it than is in sight.
        in_sight = len(wanted) == 1 or all(map(self._in_sight, wanted))
        if self._keeper.can_bring_back and in_sight:
            self._trash(wanted)
        else:
            self._question(wanted, kind)

    def _question(self, wanted: list[ImageFacts], kind: str) -> None:
        what = counted(len(wanted), f"{kind} picture")
        undo = (
            "Undo brings the files back."
            if self._keeper.can_bring_back
            else "StableNew cannot bring them back on this system: open the trash there and restore them yourself."
        )
        QuestionBox(
            self._grid,
            f"Move {what} to the trash?",
            f"Their records and stars stay, so what they taught you stays, too. {undo}",
            (
                Decision(f"Move {len(wanted):,} to the trash", lambda: self._trash(wanted), main=True),
                Decision("Keep them", nothing),
            ),
        )

    def _in_sight(self, facts: ImageFacts) -> bool:
        return self._viewer.is_open or self._grid.in_sight(self._grid.picked.place_of(facts.row))

    def _trash(self, wanted: list[ImageFacts]) -> None:
        self._keeper.trash(wanted)
        self._bar.tell(f"Moving {counted(len(wanted), 'picture')} to the trash…")
        if len(wanted) == 1 and self._controller.settings.go_on_after_rating:
            if self._viewer.is_open:
                self._viewer.advance()
            else:
                self._grid.go_to(self._grid.picked.place_of(wanted[0].row) + 1)
