"""`PictureKeeper`: what the user does with the files of pictures: trash and back, copies, looking for moved ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..domain.base.wording import counted
from ..domain.journal.image_facts import ImageFacts
from ..pipeline.ids_and_times import new_id
from ..pipeline.messages.picture_files import (
    BringBackPictures,
    ExportPictures,
    FilesDone,
    LookForPictures,
    MoveBackPictures,
    MovedPicture,
    MovePictures,
    PictureOrder,
    PicturesExported,
    PicturesFound,
    PicturesMoved,
    PicturesMovedBack,
    PicturesTrashed,
    RecordedPicture,
    TrashPictures,
    recorded,
)

if TYPE_CHECKING:
    from ..domain.journal.history import History

_SHOWN = 2  # of several problems, so many are told in full


class PictureKeeper:
    """Gives orders to the picture thread. `reversible(name, take_back, do_again)` notes what undo takes back and redo
    does once more. Main thread.
    """

    def __init__(
        self,
        ask: Callable[[PictureOrder], object],
        reversible: Callable[[str, Callable[[], object], Callable[[], object]], object],
        history: Callable[[], History | None],
    ) -> None:
        self._ask, self._reversible, self._history = ask, reversible, history
        self._in_trash: dict[str, tuple[RecordedPicture, ...]] = {}
        self._moved: dict[str, dict[str, MovedPicture]] = {}

    @property
    def can_bring_back(self) -> bool:
        """Whether a file can be taken out of this system's trash again by a program."""
        from ..storage.disk.trash import can_bring_back

        return can_bring_back()

    def trash(self, pictures: Iterable[ImageFacts]) -> None:
        """Put the files of pictures into the system's trash; PicturesTrashed answers."""
        if wanted := tuple(recorded(one) for one in pictures if one.image_id and not one.file.trashed):
            self._ask(TrashPictures(pictures=wanted))

    def fold(self, event: PicturesTrashed | PicturesMoved) -> None:
        """Note what was done, so that it can be undone."""
        if not event.done:
            return
        name = event.name or new_id()
        if isinstance(event, PicturesTrashed):
            self._in_trash[name] = event.done  # done again, they may lie elsewhere in the trash
            back, again = partial(self._back_from_trash, name), partial(self._trash_again, name)
        else:
            # Done again, only some of them may have gone.
            self._moved.setdefault(name, {}).update((one.picture.image_id, one) for one in event.done)
            back, again = partial(self._back_home, name), partial(self._move_again, name, event.folder)
        if not event.name:
            self._reversible(name, back, again)

    def bring_back(self, image_ids: Sequence[str]) -> None:
        """Bring the files of pictures back from the trash; PicturesBack answers."""
        if wanted := tuple(recorded(one) for one in self._facts(image_ids) if one.file.trashed):
            self._ask(BringBackPictures(pictures=wanted))

    def export(self, pictures: Iterable[ImageFacts], folder: Path) -> None:
        """Copy pictures with their stars into a folder; PicturesExported answers."""
        self._ask(ExportPictures(pictures=tuple(map(recorded, pictures)), folder=folder))

    def move(self, pictures: Iterable[ImageFacts], folder: Path) -> None:
        """Take pictures with their stars into a folder for good; PicturesMoved answers."""
        self._ask(MovePictures(pictures=tuple(map(recorded, pictures)), folder=folder))

    def move_back(self, moved: Iterable[MovedPicture]) -> None:
        """Take moved pictures back to where they were; PicturesMovedBack answers."""
        self._ask(MoveBackPictures(moved=tuple(moved)))

    def look_for(self, pictures: Iterable[ImageFacts], folder: Path | None = None) -> None:
        """Look for the files of these and all other missing pictures in a folder, None = the output folder;
        PicturesFound answers.
        """
        self._ask(LookForPictures(pictures=tuple(map(recorded, pictures)), folder=folder))

    def _back_from_trash(self, name: str) -> None:
        self._ask(BringBackPictures(pictures=self._in_trash[name]))

    def _trash_again(self, name: str) -> None:
        self._ask(TrashPictures(pictures=self._in_trash[name], name=name))

    def _back_home(self, name: str) -> None:
        self.move_back(self._moved[name].values())

    def _move_again(self, name: str, folder: Path) -> None:
        pictures = tuple(map(recorded, self._facts(tuple(self._moved[name]))))
        self._ask(MovePictures(pictures=pictures, folder=folder, name=name))

    def _facts(self, image_ids: Sequence[str]) -> list[ImageFacts]:
        history = self._history()
        if history is None:
            return []
        rows = (history.row_of(image_id) for image_id in image_ids)
        return [history.visible().facts(row) for row in rows if row is not None]


def told(event: FilesDone) -> str:
    """What was done, in a sentence or two."""
    if isinstance(event, PicturesFound):
        return _found_words(event)
    number = event.count if isinstance(event, PicturesExported) else len(event.done)
    sentences = [f"{counted(number, 'picture')} {_done_words(event)}."] if number else []
    sentences += event.problems[:_SHOWN]
    if (more := len(event.problems) - _SHOWN) > 0:
        sentences.append(f"And {more:,} more could not be.")
    return " ".join(sentences)


def _done_words(event: FilesDone) -> str:
    if isinstance(event, PicturesExported):
        return f"copied with their stars to {event.folder}"
    if isinstance(event, PicturesMoved):
        return f"moved to {event.folder}"
    if isinstance(event, PicturesMovedBack):
        return "moved back to where they were"
    return "moved to the trash" if isinstance(event, PicturesTrashed) else "brought back from the trash"


def _found_words(event: PicturesFound) -> str:
    found = len(event.found)
    if not found:
        return f"Not found in {event.folder}. Look in another folder, if you know where it went."
    left = f" {event.left:,} more are still missing." if event.left else ""
    return f"{counted(found, 'picture')} found in {event.folder} and known there from now on.{left}"
