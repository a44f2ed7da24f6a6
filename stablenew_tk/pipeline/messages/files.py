"""Messages about choosing files: the desktop's dialog, listed folders, what is at a path.

Numbers tell answers apart.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .base import Event, Order

if TYPE_CHECKING:
    from ...domain.base.file_wish import FileWish
    from ...storage.desktop_dialogs import DialogAnswer
    from ...storage.disk.folders import PathKind
    from ...storage.programs.licences import Licence


class FileOrder(Order, frozen=True, kw_only=True):
    """Base class of the orders of the file thread."""


class AskDesktop(FileOrder, frozen=True, kw_only=True):
    """Show the desktop's file dialog, beginning in `start`; DesktopAnswered follows when the user has closed it."""

    number: int
    wish: FileWish
    start: Path


class DesktopAnswered(Event, frozen=True, kw_only=True):
    """What the user chose in the desktop's dialog. `start` is the folder that was found to begin in."""

    number: int
    answer: DialogAnswer
    start: Path


class ListFolder(FileOrder, frozen=True, kw_only=True):
    """List a folder; FolderListed answers. `hidden`: names with a dot before them, too; `all_files`: of any kind."""

    number: int
    path: Path
    wish: FileWish
    hidden: bool = False
    all_files: bool = False


class FolderListed(Event, frozen=True, kw_only=True):
    """Names in a folder, as people sort them. `problem` says why there are none, or not all of them."""

    number: int
    path: Path
    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    problem: str = ""


class LookAt(FileOrder, frozen=True, kw_only=True):
    """Say what is at a path; PathSeen answers."""

    number: int
    path: Path


class PathSeen(Event, frozen=True, kw_only=True):
    """What is at a path."""

    number: int
    path: Path
    kind: PathKind


class FindPlaces(FileOrder, frozen=True, kw_only=True):
    """Find the folders where people keep files; UsualPlacesFound answers."""

    number: int


class UsualPlacesFound(Event, frozen=True, kw_only=True):
    """Names and paths of folders and drives that exist."""

    number: int
    places: tuple[tuple[str, Path], ...]


class ShowFile(FileOrder, frozen=True, kw_only=True):
    """Show a file in the file browser. Nothing answers when it is shown."""

    path: Path


class ReadLicences(FileOrder, frozen=True, kw_only=True):
    """Read the licences of everything in the program; LicencesRead answers."""


class LicencesRead(Event, frozen=True, kw_only=True):
    """The parts of the program with their licences, the program itself first."""

    parts: tuple[Licence, ...]


class InviteMachine(FileOrder, frozen=True, kw_only=True):
    """Make the pairing file of a machine in `folder`, with the cluster of `cluster`, which is made where there is none.
    MachineInvited answers.
    """

    name: str
    cluster: Path
    folder: Path


class RemoveMachine(FileOrder, frozen=True, kw_only=True):
    """Make new keys for the cluster of `cluster`, so that a machine is no longer in it. MachineRemoved answers."""

    name: str
    cluster: Path


class MachineRemoved(Event, frozen=True, kw_only=True):
    """The cluster has new keys. `to_invite` are the machines that were in it and have to be invited again."""

    name: str
    to_invite: tuple[str, ...]


class ClusterChanged(Event, frozen=True, kw_only=True):
    """The cluster was made anew by another program, a terminal perhaps, or is at another address: its machines now, and
    those that have to be invited again. At a computer that is not the operator both are unknown, and `is_own` is False.
    """

    is_own: bool
    machines: tuple[str, ...]
    to_invite: tuple[str, ...]


class MachineInvited(Event, frozen=True, kw_only=True):
    """A pairing file is there. The passphrase is kept nowhere else."""

    name: str
    file: Path
    passphrase: str

    def __repr__(self) -> str:
        return f"MachineInvited({self.name!r})"
