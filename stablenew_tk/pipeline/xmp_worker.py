"""The XMP thread: stars beside the pictures, written and read.

A thread of its own: ten thousand small files take a while, and nothing else may wait for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import singledispatchmethod
from pathlib import Path

from ..domain.base.errors import InvalidInput, StorageError
from ..domain.journal.marks import Marks
from ..storage.disk.files import FileState, state_of
from ..storage.pictures.xmp import read_sidecar, sidecar_path
from ..storage.pictures.xmp_sync import RatedFile, Synced, write_or_tell
from .messages.base import Event, Order
from .messages.picture_files import RecordedPicture
from .messages.xmp import LookAtFolders, StarConflict, StarsSynced, StarsTouched, SyncStars
from .recorded_files import RecordedFiles

_REST_S = 0.001  # after each picture: the window works beside this


class XmpWork:
    """Carries out the orders. `stopped()`: the program ends."""

    def __init__(self, files: RecordedFiles, stopped: Callable[[], bool]) -> None:
        self._files, self._stopped = files, stopped
        # The files beside pictures by folder, as they were when they were read or written last.
        self._seen: dict[str, dict[str, tuple[str, FileState]]] = {}

    @singledispatchmethod
    def perform(self, order: Order) -> Event | None:
        """Carry out an order and return the event that answers it."""
        raise InvalidInput(f"The XMP thread does not know the order {type(order).__name__}.")

    @perform.register
    def _(self, order: SyncStars) -> StarsSynced:
        problems: list[str] = []
        files = [found for one in order.pictures if (found := self._rated(one, problems)) is not None]
        done: list[Synced] = []
        for one in files:
            if self._stopped():
                break
            path = sidecar_path(one.file, order.names)
            # Of before: what another program writes from now on is something new.
            state = state_of(path)
            told = [*write_or_tell((one,), order.names, keep=order.keep)]
            done += told
            if any(each.written for each in told):
                state = _as_written(path, one.marks)
            self._seen.setdefault(str(path.parent), {})[one.image_id] = str(path), state
            time.sleep(_REST_S)
        problems += [one.problem for one in done if one.problem]
        return StarsSynced(
            looked=len(order.pictures),
            written=sum(one.written for one in done),
            changed=tuple(one.line for one in done if one.line is not None),
            conflicts=tuple(_conflict(one) for one in done if one.conflict and not order.keep),
            problems=tuple(problems),
        )

    @perform.register
    def _(self, order: LookAtFolders) -> StarsTouched:
        trees = tuple(f"{Path(tree)}/" for tree in order.trees)
        folders = [one for one in self._seen if one in order.folders or one in order.trees or one.startswith(trees)]
        return StarsTouched(
            image_ids=tuple(
                image_id
                for folder in folders
                for image_id, (path, then) in self._seen[folder].items()
                if state_of(Path(path)) != then
            )
        )

    def _rated(self, one: RecordedPicture, problems: list[str]) -> RatedFile | None:
        try:
            record = self._files.record(one.position)
            path = self._files.path(one.image_id, one.position, one.output_index)
        except StorageError as problem:
            problems.append(str(problem))
            return None
        return RatedFile(one.image_id, record.run_id, path, one.marks)


def _as_written(path: Path, marks: Marks) -> FileState:
    """The state of a file that was written just now; none that it can be in when it says something else by now."""
    state = state_of(path)
    try:
        there = read_sidecar(path)
    except StorageError:
        there = None
    return state if there is not None and there.marks == marks else FileState(-1)


def _conflict(one: Synced) -> StarConflict:
    return StarConflict(one.picture.image_id, one.picture.file.name, one.picture.marks.rating, one.theirs.rating)
