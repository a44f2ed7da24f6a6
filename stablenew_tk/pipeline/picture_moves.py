"""`PictureMoves`: takes pictures to another folder and back. At every moment the journal knows a file that is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..domain.base.errors import NotSaved, StorageError, Unreadable
from ..domain.base.wording import counted
from ..domain.journal.record import PictureFiles
from ..storage.disk.files import discard, is_file, real_path
from ..storage.pictures.images import read_picture
from ..storage.pictures.moves import carry, folder_to_fill, forget, free_name, in_the_way
from ..storage.pictures.xmp import is_only_marks, sidecar_path, write_sidecar
from ..storage.pictures.xmp_sync import sidecars
from .messages.picture_files import (
    MoveBackPictures,
    MovedPicture,
    MovePictures,
    PicturesMoved,
    PicturesMovedBack,
    RecordedPicture,
)
from .recorded_files import RecordedFiles

# Of many pictures so many are copied, then told in the journal in one line, then removed at their old place.
TOGETHER = 200


class PictureMoves:
    """Carries out the orders. `write` adds a line to the journal. Blocks on the disk."""

    def __init__(self, files: RecordedFiles, write: Callable[[PictureFiles], object]) -> None:
        self._files, self._write = files, write

    def move(self, order: MovePictures) -> PicturesMoved:
        """Take pictures into a folder. Raises InvalidInput and NotSaved when there can be no such folder.

        The first picture that cannot be written ends it, for the next ones hardly could.
        """
        folder_to_fill(order.folder)
        done: list[MovedPicture] = []
        problems: list[str] = []
        waiting: list[tuple[MovedPicture, Path]] = []
        for number, one in enumerate(order.pictures, 1):
            try:
                waiting.append(self._carried(one, order.folder, problems))
            except NotSaved as problem:
                problems.append(str(problem))
                if left := len(order.pictures) - number:
                    problems.append(f"{counted(left, 'picture')} behind it {'was' if left == 1 else 'were'} not moved.")
                break
            except StorageError as problem:
                problems.append(str(problem))
            if len(waiting) == TOGETHER:
                done += self._known_there(waiting, problems)
                waiting.clear()
        done += self._known_there(waiting, problems)
        return PicturesMoved(done=tuple(done), folder=order.folder, problems=tuple(problems), name=order.name)

    def back(self, order: MoveBackPictures) -> PicturesMovedBack:
        """Take moved pictures back to where they were. What stands in the way of one is told."""
        done: list[MovedPicture] = []
        left: list[MovedPicture] = []
        problems: list[str] = []
        for one in order.moved:
            try:
                self._home_again(one)
            except StorageError as problem:
                problems.append(str(problem))
                left.append(one)
            else:
                done.append(one)
        return PicturesMovedBack(done=tuple(done), left=tuple(left), problems=tuple(problems))

    def _carried(self, one: RecordedPicture, folder: Path, problems: list[str]) -> tuple[MovedPicture, Path]:
        """A picture that is in the folder, too, with its marks beside it, and its file there."""
        file = self._now(one)
        if real_path(file.parent) == real_path(folder):
            raise StorageError(f"{file.name} is in {folder} already.")
        run = self._files.record(one.position).run_name
        target = free_name(folder, f"{run}_{file.stem}".strip("_"), file.suffix.lower())
        carry(file, target)
        moved = MovedPicture(one, file, marked=not any(map(is_file, sidecars(target))))
        try:
            write_sidecar(sidecar_path(target, self._files.settings.xmp or "full"), one.marks)
        except Unreadable as problem:
            problems.append(str(problem))
        except NotSaved:
            for written in (*sidecars(target), target):
                discard(written)
            raise
        return moved, target

    def _known_there(self, waiting: list[tuple[MovedPicture, Path]], problems: list[str]) -> list[MovedPicture]:
        """Tell the journal that pictures are in the folder now, then remove them where they were."""
        if waiting:
            self._write(PictureFiles(paths={one.picture.image_id: str(new.absolute()) for one, new in waiting}))
        for one, _ in waiting:
            try:
                forget(one.before)
            except NotSaved as problem:
                problems.append(str(problem))
        return [one for one, _ in waiting]

    def _home_again(self, moved: MovedPicture) -> None:
        one, home = moved.picture, moved.before
        file = self._now(one)
        taken = in_the_way(home)
        if not is_file(file):
            raise StorageError(f"{file.name} is not in the folder it was moved to. “Look for the file” may find it.")
        # It may never have left, or somebody was quicker.
        stays = file == home or (is_file(home) and read_picture(home) == read_picture(file))
        if taken is not None and not stays:
            raise StorageError(f"{taken} is there again, so the picture stays where it is. Move that file away first.")
        if not stays:
            folder_to_fill(home.parent)
            carry(file, home)
            if moved.marked and not self._files.settings.xmp:
                for beside in filter(is_only_marks, sidecars(home)):
                    discard(beside)
        as_recorded = home in self._files.homes(one.position, one.output_index)
        self._write(PictureFiles(paths={one.image_id: "" if as_recorded else str(home.absolute())}))
        if file != home:
            forget(file)

    def _now(self, one: RecordedPicture) -> Path:
        """The file of a picture as it is now. Raises StorageError for one in the trash."""
        if self._files.place(one.image_id).trashed:
            name = self._files.homes(one.position, one.output_index)[0].name
            raise StorageError(f"{name} is in the trash. Bring it back first.")
        return self._files.path(one.image_id, one.position, one.output_index)
