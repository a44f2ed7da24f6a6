"""Lists one folder of models, packs or journal segments: names, sizes, times, links. No file is opened.

Links are never followed out of the folders the user named, nor round in a circle; pipes, devices and names that are no
text are left out with a sentence.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from typing import NamedTuple

from msgspec import Struct

from .sidecars import MODEL_SUFFIXES, PREVIEW_SUFFIXES

# Size in bytes, time of change, and time of change of anything about it, in nanoseconds: a copy that keeps time and
# size, or new permissions, show only in the last one.
FileState = tuple[int, int, int]
# Of a picture only the name matters; asking for its size would cost as much as all the rest of it.
UNASKED: FileState = (0, 0, 0)
MOST_PROBLEMS = 5


class FolderPrint(NamedTuple):
    """Fingerprint of a folder: `names` changes with the names in it, `states` with anything about its files."""

    names: int
    states: int


class Endings(NamedTuple):
    """File endings that count: `read` for files whose content matters, `named` for files whose name alone matters."""

    read: frozenset[str]
    named: frozenset[str] = frozenset()

    def has(self, name: str) -> bool:
        """Whether a file with this name counts. Temporary files do not."""
        ending = _ending(name)
        return (ending in self.read or ending in self.named) and not name.startswith(".")


MODELS = Endings(
    frozenset({"json", "info", *(suffix[1:] for suffix in MODEL_SUFFIXES)}),
    frozenset(suffix.rpartition(".")[2] for suffix in PREVIEW_SUFFIXES),
)
PACKS = Endings(frozenset({"txt", "tsv", "json", "yaml", "yml"}))
JOURNAL = Endings(frozenset({"jsonl"}))
_UNLISTED = FolderPrint(0, 0)


class FolderListing(Struct, frozen=True):
    """Listing of one folder. `below`: names of its subfolders; `outside`: files that are links out of the roots."""

    states: dict[str, FileState]
    below: tuple[str, ...] = ()
    outside: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()


def real_tops(roots: Iterable[str]) -> tuple[str, ...]:
    """Resolved paths of the roots; only files below them may be opened."""
    return tuple(os.path.realpath(root).rstrip(os.sep) + os.sep for root in roots)


def listing(path: str, tops: tuple[str, ...], endings: Endings = MODELS) -> FolderListing:
    """List one folder. `tops` are those of `real_tops`. Hidden names are passed over. Raises OSError."""
    read, named = endings
    states: dict[str, FileState] = {}
    below: list[str] = []
    odd: list[str] = []
    outside: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            try:
                if entry.is_file(follow_symlinks=False):
                    # As in `_ending`; calling it would cost as much as all the rest of a picture.
                    ending = name[name.rfind(".") + 1 :].lower()
                    if ending in named:
                        states[name] = UNASKED
                    elif ending in read:
                        status = entry.stat(follow_symlinks=False)
                        states[name] = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
                elif _is_folder(entry):
                    below.append(name)
                elif (counts := endings.has(name)) or entry.is_symlink():
                    _odd_entry(entry, tops, states, outside, odd, counts=counts)
            except FileNotFoundError:
                # It vanished while the folder was listed.
                continue
    _without_unreadable(states, below, odd)
    return FolderListing(states, tuple(sorted(below)), frozenset(outside), _few(path, odd))


def fingerprints(root: str, stopped: Callable[[], bool], endings: Endings = MODELS) -> dict[str, FolderPrint]:
    """Fingerprints of all folders from `root` down, to compare with later ones in the same process.

    Empty when `root` cannot be listed. Blocks on the disk; ends soon after `stopped` says so.
    """
    tops = real_tops((root,))
    found: dict[str, FolderPrint] = {}
    waiting = [root]
    while waiting and not stopped():
        path = waiting.pop()
        try:
            seen = listing(path, tops, endings)
        except OSError:
            # Whoever needs its files tells the user; here it only must differ from a folder that can be listed.
            if path != root:
                found[path] = _UNLISTED
            continue
        found[path] = FolderPrint(hash((frozenset(seen.states), seen.below)), hash(frozenset(seen.states.items())))
        waiting += [os.path.join(path, name) for name in seen.below]  # noqa: PTH118
    return found


def unlisted(path: str, error: OSError) -> str:
    """The sentence for a folder that cannot be listed."""
    if isinstance(error, FileNotFoundError):
        return f"{path} is not there. Connect its drive, or take the folder out of the settings."
    return f"{path} cannot be listed: {error.strerror or error}. Check its permissions."


def _ending(name: str) -> str:
    return name[name.rfind(".") + 1 :].lower()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    if not entry.is_dir(follow_symlinks=False):
        return False
    # Windows' junctions are links that do not say so.
    tag = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) if os.name == "nt" else 0
    return tag == 0 or tag != getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", 0)


def _odd_entry(
    entry: os.DirEntry[str],
    tops: tuple[str, ...],
    states: dict[str, FileState],
    outside: list[str],
    odd: list[str],
    *,
    counts: bool,
) -> None:
    """Handle a link, pipe or device: a link to a file whose name `counts` is added, others are reported in `odd`."""
    name = entry.name
    if not entry.is_symlink():
        odd.append(f"{name} is not a regular file and was left out")
        return
    real = os.path.realpath(entry.path)
    try:
        status = os.stat(real)  # noqa: PTH116
    except OSError:
        if counts:
            odd.append(f"{name} is a link that leads nowhere and was left out")
        return
    if stat.S_ISDIR(status.st_mode):
        # One that leads inside is listed at its own place.
        if not f"{real.rstrip(os.sep)}{os.sep}".startswith(tops):
            odd.append(f"{name} is a link to another folder and was not followed. Add {real} itself in the settings")
    elif counts:
        if not stat.S_ISREG(status.st_mode):
            odd.append(f"{name} is not a regular file and was left out")
            return
        states[name] = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if not real.startswith(tops):
            outside.append(name)


def _without_unreadable(states: dict[str, FileState], below: list[str], odd: list[str]) -> None:
    """Take out names that are no text (bytes that are not UTF-8): nothing could show, store or send them."""
    for name in [name for name in (*states, *below) if not name.isascii()]:
        try:
            name.encode()
        except UnicodeEncodeError:
            states.pop(name, None)
            below[:] = [one for one in below if one != name]
            shown = name.encode(errors="surrogateescape").decode(errors="backslashreplace")
            odd.append(f"{shown} has a name that is no text and was left out. Rename it")


def _few(path: str, odd: list[str]) -> tuple[str, ...]:
    sentences = [f"In {_shown(path)}: {one}." for one in sorted(odd)[:MOST_PROBLEMS]]
    if len(odd) > MOST_PROBLEMS:
        sentences.append(f"In {_shown(path)}: {len(odd) - MOST_PROBLEMS} more of this sort.")
    return tuple(sentences)


def _shown(path: str) -> str:
    return path.encode(errors="surrogateescape").decode(errors="backslashreplace")
