"""Orders of the file thread: the desktop's dialog, folders to choose from, what is at a typed path."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatchmethod
from pathlib import Path

from ..domain.base.errors import InvalidInput
from ..storage.cluster.folder import ClusterFolder
from ..storage.cluster.invitations import invite_machine, take_out, unused_file
from ..storage.desktop_dialogs import ask_desktop
from ..storage.disk.file_manager import reveal
from ..storage.disk.folders import list_folder, look_at, usual_places
from .messages.base import Event, Order
from .messages.files import (
    AskDesktop,
    DesktopAnswered,
    FindPlaces,
    FolderListed,
    InviteMachine,
    LicencesRead,
    ListFolder,
    LookAt,
    MachineInvited,
    MachineRemoved,
    PathSeen,
    ReadLicences,
    RemoveMachine,
    ShowFile,
    UsualPlacesFound,
)


class FileWork:
    """Carries out the orders. A dialog that is open goes away once `stopped()` says that the program ends;
    `disconnect()` ends the connection to the cluster, and a scheduler that was started for it.
    """

    def __init__(self, stopped: Callable[[], bool], disconnect: Callable[[], None]) -> None:
        self._stopped, self._disconnect = stopped, disconnect

    @singledispatchmethod
    def perform(self, order: Order) -> Event | None:
        """Carry out an order and return the event that answers it."""
        raise InvalidInput(f"The file thread does not know the order {type(order).__name__}.")

    @perform.register
    def _(self, order: AskDesktop) -> DesktopAnswered:
        start = _existing(order.start)
        answer = ask_desktop(order.wish, start, self._stopped)
        return DesktopAnswered(number=order.number, answer=answer, start=start)

    @perform.register
    def _(self, order: ListFolder) -> FolderListed:
        found = list_folder(order.path, order.wish, hidden=order.hidden, all_files=order.all_files)
        return FolderListed(
            number=order.number, path=found.path, folders=found.folders, files=found.files, problem=found.problem
        )

    @perform.register
    def _(self, order: LookAt) -> PathSeen:
        return PathSeen(number=order.number, path=order.path, kind=look_at(order.path))

    @perform.register
    def _(self, order: FindPlaces) -> UsualPlacesFound:
        return UsualPlacesFound(number=order.number, places=usual_places())

    @perform.register
    def _(self, _order: ReadLicences) -> LicencesRead:
        # Seldom asked for, and it takes longer to import than all else here.
        from ..storage.programs.licences import licences

        return LicencesRead(parts=licences())

    @perform.register
    def _(self, order: InviteMachine) -> MachineInvited:
        file = unused_file(order.folder, order.name)
        made = invite_machine(ClusterFolder(order.cluster), order.name, file)
        return MachineInvited(name=made.name, file=file, passphrase=made.passphrase)

    @perform.register
    def _(self, order: RemoveMachine) -> MachineRemoved:
        removed = take_out(ClusterFolder(order.cluster), order.name)
        # The scheduler that runs has the old keys, and lets the machine in until it ends.
        self._disconnect()
        return MachineRemoved(name=order.name, to_invite=removed.to_invite)

    @perform.register
    def _(self, order: ShowFile) -> None:
        reveal(order.path)


def _existing(start: Path) -> Path:
    """The folder to begin in: the nearest one that exists, from a file or folder that may have gone, else home."""
    for folder in (start, *start.parents):
        if look_at(folder) == "folder":
            return folder
    return Path.home()
