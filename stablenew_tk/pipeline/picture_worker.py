"""Orders of the picture thread: trash, copies, moves, the clipboard, missing files, cards, and search in prompts.

A thread of its own, because a slow drive or a large folder must not keep ratings from the disk.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, singledispatchmethod
from pathlib import Path

import msgspec

from .. import __version__
from ..domain.base.errors import InvalidInput, NotSaved, StorageError
from ..domain.cards.card import CardOrigin
from ..domain.journal.image_facts import FilePlace, ImageFacts
from ..domain.journal.record import LearningRecord, PictureFiles
from ..storage.disk.file_manager import open_file, open_with
from ..storage.disk.files import is_file, is_there
from ..storage.disk.trash import from_trash, lies_in_trash, to_trash
from ..storage.pictures.cards import write_card
from ..storage.pictures.copies import ToCopy, copy_pictures
from ..storage.pictures.moved import look_for
from ..storage.pictures.xmp_sync import sidecars
from ..storage.programs.clipboard import clipboard_program, copy_picture
from ..storage.programs.picture_programs import opening_command, picture_programs
from .ids_and_times import as_line, day_in_words
from .messages.base import Event, Order
from .messages.journal import LineNotSaved, LineSaved
from .messages.picture_files import (
    BringBackPictures,
    CardWritten,
    ClipboardFound,
    CopyDone,
    CopyFrom,
    ExportPictures,
    FindClipboard,
    FindPrograms,
    LookForPictures,
    MoveBackPictures,
    MovePictures,
    OpenPicture,
    PicturesBack,
    PicturesExported,
    PicturesFound,
    PicturesMoved,
    PicturesMovedBack,
    PicturesTrashed,
    PrepareSearch,
    ProgramsFound,
    RecordedPicture,
    SearchImages,
    SearchPrepared,
    TrashPictures,
    WriteCard,
)
from .messages.pictures import ImagesFound
from .missing_pictures import without_files
from .picture_moves import TOGETHER, PictureMoves
from .picture_search import PictureSearch
from .recorded_files import RecordedFiles
from .runner import LearningWriter


class PictureWork:
    """Carries out the orders. `emit` passes on what is written to the journal; `stopped()`: the program ends."""

    def __init__(
        self,
        files: RecordedFiles,
        writer: LearningWriter,
        emit: Callable[[Event], object],
        stopped: Callable[[], bool],
    ) -> None:
        self._files, self._writer, self._emit, self._stopped = files, writer, emit, stopped
        self._search = PictureSearch(files.places.journal)
        self._moves = PictureMoves(files, self._write)

    @singledispatchmethod
    def perform(self, order: Order) -> Event | None:
        """Carry out an order and return the event that answers it."""
        raise InvalidInput(f"The picture thread does not know the order {type(order).__name__}.")

    @perform.register
    def _(self, order: SearchImages) -> ImagesFound:
        return ImagesFound(query=order.query, selection=self._search.select(order.columns, order.query))

    @perform.register
    def _(self, order: PrepareSearch) -> SearchPrepared:
        return SearchPrepared(left=self._search.prepare(order.columns, order.most))

    @perform.register
    def _(self, order: TrashPictures) -> PicturesTrashed:
        done: list[RecordedPicture] = []
        problems: list[str] = []
        for one in order.pictures:
            try:
                path = self._path(one)
                if order.name and not is_file(path):
                    path = self._before_trash(one, is_file)  # it came back just now, which is not known everywhere yet
                if not is_file(path):
                    raise StorageError(f"{path.name} is no longer in {path.parent}, so it was not put into the trash.")
                kept = to_trash(path)
            except StorageError as problem:
                problems.append(str(problem))
                continue
            # At once, so that a crash leaves at most one picture in the trash of which nothing is told.
            self._write(PictureFiles(paths={one.image_id: kept}, trashed=True))
            done.append(msgspec.structs.replace(one, place=FilePlace(kept, trashed=True)))
            problems += self._with_sidecar(path)
        return PicturesTrashed(done=tuple(done), problems=tuple(problems), name=order.name)

    @perform.register
    def _(self, order: BringBackPictures) -> PicturesBack:
        done, problems = [], []
        for one in order.pictures:
            try:
                # Put there again by redo, it may lie elsewhere than the first time.
                now = self._files.place(one.image_id)
                kept = now.path if now.trashed else one.place.path
                home = self._before_trash(one, partial(lies_in_trash, kept))
                from_trash(kept, home)
            except StorageError as problem:
                problems.append(str(problem))
                continue
            moved = self._moved_before(one.image_id)
            self._write(PictureFiles(paths={one.image_id: moved}))
            done.append(one.image_id)
            for beside in sidecars(home):
                try:
                    if not is_there(beside):
                        from_trash("", beside)
                except NotSaved:
                    continue  # most pictures have none
        return PicturesBack(done=tuple(done), problems=tuple(problems))

    @perform.register
    def _(self, order: ExportPictures) -> PicturesExported:
        wanted: list[ToCopy] = []
        problems: list[str] = []
        for one in order.pictures:
            try:
                record = self._files.record(one.position)
                path = self._path(one)
            except StorageError as problem:
                problems.append(str(problem))
                continue
            wanted.append(ToCopy(path, f"{record.run_name}_{path.stem}".strip("_"), one.marks))
        copied = copy_pictures(order.folder, wanted, inside=False, names=self._files.settings.xmp or "full")
        return PicturesExported(count=copied.pictures, folder=order.folder, problems=(*problems, *copied.problems))

    @perform.register
    def _(self, order: MovePictures) -> PicturesMoved:
        return self._moves.move(order)

    @perform.register
    def _(self, order: MoveBackPictures) -> PicturesMovedBack:
        return self._moves.back(order)

    @perform.register
    def _(self, _order: FindClipboard) -> ClipboardFound:
        return ClipboardFound(program=clipboard_program())

    @perform.register
    def _(self, order: CopyFrom) -> CopyDone:
        if order.what == "picture":
            copy_picture(self._path(order.picture), clipboard_program())
            return CopyDone(what=order.what)
        if order.what == "path":
            return CopyDone(what=order.what, text=str(self._path(order.picture)))
        record = self._files.record(order.picture.position)
        output = record.outputs[order.picture.output_index]
        if order.what == "infotext" and not output.infotext:
            raise StorageError(
                f"{Path(output.path).name} has no infotext: its engine wrote none. Copy the prompt instead."
            )
        return CopyDone(what=order.what, text=output.infotext if order.what == "infotext" else record.prompt)

    @perform.register
    def _(self, order: OpenPicture) -> None:
        path = self._path(order.picture)
        if order.program:
            open_with(path, opening_command(order.program, path))
        else:
            open_file(path)

    @perform.register
    def _(self, _order: FindPrograms) -> ProgramsFound:
        return ProgramsFound(programs=tuple((one.id, one.name) for one in picture_programs()))

    @perform.register
    def _(self, order: LookForPictures) -> PicturesFound:
        folder = order.folder or self._files.root
        recorded = without_files(self._files)
        found: dict[str, Path] = {}
        looked = 0
        for path, image_ids in look_for(folder, recorded.missing, recorded.files, self._stopped):
            looked += 1
            found |= dict.fromkeys(image_ids, path)
        self._write_places(found)
        wanted = {one.image_id for one in order.pictures}
        return PicturesFound(
            found=tuple(found),
            missing=len(wanted - found.keys()),
            looked=looked,
            folder=folder,
            left=len(recorded.missing) - len(found),
        )

    @perform.register
    def _(self, order: WriteCard) -> CardWritten:
        def find(facts: ImageFacts) -> tuple[LearningRecord, Path]:
            return self._files.record(facts.position), self._path(facts)

        made = CardOrigin(version=__version__, day=day_in_words())
        card = write_card(order.path, order.report, order.board, find, made, prompts=order.prompts)
        return CardWritten(path=order.path, missing=card.missing, prompts=card.prompts)

    def _path(self, one: RecordedPicture | ImageFacts) -> Path:
        return self._files.path(one.image_id, one.position, one.output_index)

    def _before_trash(self, one: RecordedPicture, is_it: Callable[[Path], bool]) -> Path:
        """Where the picture was before it came into the trash; of several places that of which `is_it` is true."""
        if moved := self._moved_before(one.image_id):
            return Path(moved)
        homes = self._files.homes(one.position, one.output_index)
        return next(filter(is_it, homes), homes[0])

    def _moved_before(self, image_id: str) -> str:
        """Where the picture had been moved to before it came into the trash; "" = it was where its record says."""
        return self._files.book.before_trash(image_id) if self._files.book is not None else ""

    def _with_sidecar(self, path: Path) -> list[str]:
        problems = []
        for beside in sidecars(path):
            try:
                if is_there(beside):
                    to_trash(beside)
            except NotSaved as problem:
                problems.append(str(problem))
        return problems

    def _write_places(self, places: dict[str, Path]) -> None:
        """Tell the journal where pictures are now, many of one folder in one line."""
        by_folder: dict[Path, list[str]] = {}
        for image_id, path in places.items():
            by_folder.setdefault(path.parent, []).append(image_id)
        for image_ids in by_folder.values():
            for first in range(0, len(image_ids), TOGETHER):
                some = image_ids[first : first + TOGETHER]
                self._write(PictureFiles(paths={one: str(places[one].absolute()) for one in some}))

    def _write(self, draft: PictureFiles) -> None:
        line = as_line(draft)
        try:
            saved = self._writer.append(line)
        except StorageError as refused:
            # The controller keeps it and tries again, as with every line.
            self._emit(LineNotSaved(line=line, message=str(refused)))
        else:
            self._emit(LineSaved(line=saved.line, position=saved.position))
