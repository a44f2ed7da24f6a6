"""Folder watcher: reports changed folders (models, packs, records), by file system events (watchdog) and comparing.

File system events get lost in bursts, end when a folder is deleted, and never come from network drives. So the folders
are also compared with their last state every minute, and every few seconds where there are no events.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct
from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from .disk.network_drives import is_on_network
from .models.scan import MODELS, Endings, FolderPrint, fingerprints

log = logging.getLogger(__name__)
# watchdog logs an error when an event comes in just while its thread is stopped, which is as it should be.
logging.getLogger("watchdog.observers.inotify").addFilter(lambda line: "thread is inactive" not in line.getMessage())

# Reading a file makes events too, so only what changes a folder is asked for. Only Linux tells when a writer is done;
# elsewhere every write is an event.
_EVENTS: list[type[FileSystemEvent]] = [
    *(FileCreatedEvent, FileMovedEvent, FileDeletedEvent, DirCreatedEvent, DirMovedEvent, DirDeletedEvent),
    FileClosedEvent if sys.platform == "linux" else FileModifiedEvent,
]
# With more events at once, comparing is cheaper, and some may be lost already: 5,000 files created at once kept
# watchdog busy for four seconds after the last of them.
BURST = 500
_LONGEST_BURST_S = 10.0
# It warns when a folder is made and filled faster than it lists it, and goes on as it should.
warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning, "watchdog")


class Timing(Struct, frozen=True, kw_only=True):
    """Intervals in seconds. Changes are reported after `quiet_s` without events, at latest `longest_s` after the first.

    `check_s`: between checks whether the roots exist. `compare_s`: between comparisons of all folders. `poll_s`: the
    same where there are no events.
    """

    quiet_s: float = 0.15
    longest_s: float = 0.5
    check_s: float = 1.0
    compare_s: float = 60.0
    poll_s: float = 10.0


class Touched(Struct, frozen=True):
    """A report of changes: directly in `folders`, or anywhere below `trees`. `Library.rescan` takes both.

    `notices` are all current sentences about folders that cannot be watched as usual.
    """

    folders: frozenset[str] = frozenset()
    trees: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()


class _WatchedRoot:
    """State of one watched root. Only the watcher's thread uses it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.identity: tuple[int, int] | None = None
        self.watch: ObservedWatch | None = None
        self.notice = ""
        self.fingerprints: dict[str, FolderPrint] | None = None
        self.next_compare = 0.0
        # Time until which the root is compared instead of watched, because of too many events; 0 = no burst.
        self.burst_ends = 0.0
        self.was_watched_at_compare = False


class CollectedChanges(FileSystemEventHandler):
    """Collects the folders of events in a set. It does nothing else, because an error would end watchdog's thread."""

    def __init__(self, wake: threading.Event, endings: Endings) -> None:
        self._wake = wake
        self._endings = endings
        self._lock = threading.Lock()
        self._folders: set[str] = set()
        self._trees: set[str] = set()
        self.count = 0

    def dispatch(self, event: FileSystemEvent) -> None:
        """Called by watchdog's thread for each event."""
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        if not event.is_directory:
            paths = [path for path in paths if self._endings.has(os.path.basename(path))]  # noqa: PTH119
        if not paths:
            return
        with self._lock:
            self.count += 1
            self._folders.update(os.path.dirname(path) for path in paths)  # noqa: PTH120
            if event.is_directory:
                # Another folder of the same name may stand in its place.
                self._trees.update(paths)
        self._wake.set()

    def take(self) -> tuple[set[str], set[str], int]:
        """Remove and return folders, trees and the number of events since the last call."""
        with self._lock:
            taken = self._folders, self._trees, self.count
            self._folders, self._trees, self.count = set(), set(), 0
        return taken

    def waiting(self) -> set[str]:
        """The folders and trees that `take` would return."""
        with self._lock:
            return self._folders | self._trees


class Watcher:
    """Watches folders and all folders below them, on threads of its own, until `close`."""

    def __init__(
        self,
        roots: Iterable[str | Path],
        touched: Callable[[Touched], None],
        *,
        endings: Endings = MODELS,
        timing: Timing | None = None,
    ) -> None:
        """Starts at once. Only files with these `endings` count. `touched` is called on the watcher's thread and must
        return soon, for example by filling a queue.

        Each root is reported as a tree once it is watched, and again when it disappears, returns or is replaced. The
        first scan of a root should wait for this report, so that no change is lost in between. Roots need not exist,
        and none may lie inside another one.
        """
        self._touched = touched
        self._endings = endings
        self._timing = timing or Timing()
        self._roots = [_WatchedRoot(os.path.abspath(path)) for path in roots]  # noqa: PTH100
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._collected = CollectedChanges(self._wake, endings)
        self._observer: BaseObserver | None = None
        self._reported: tuple[str, ...] = ()
        self._announced: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="folder-watcher")
        self._thread.start()

    def close(self, timeout_s: float = 10.0) -> bool:
        """Stop watching and end all threads. False when one did not end in time, for example on a drive that hangs."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def bursts(self) -> tuple[str, ...]:
        """Roots with too many events at the moment, which are compared often instead of watched. Any thread."""
        return tuple(root.path for root in self._roots if root.burst_ends)

    # ---- the watcher's thread

    def _run(self) -> None:
        try:
            for root in self._roots:
                self._arm(root)
                self._tell(trees={root.path})
            next_check = time.monotonic() + self._timing.check_s
            while not self._stop.is_set():
                due = min([next_check, *(root.next_compare for root in self._roots)])
                self._wake.wait(max(0.0, due - time.monotonic()))
                if self._wake.is_set():
                    self._tell_collected()
                if time.monotonic() >= next_check:
                    self._check()
                    next_check = time.monotonic() + self._timing.check_s
                self._compare_due()
        finally:
            self._end_observer()

    def _tell(self, *, folders: Iterable[str] = (), trees: Iterable[str] = ()) -> None:
        if not self._stop.is_set():
            self._reported = self._notices()
            self._touched(Touched(frozenset(folders), frozenset(trees), self._reported))

    def _notices(self) -> tuple[str, ...]:
        return tuple(root.notice for root in self._roots if root.notice)

    def _tell_collected(self) -> None:
        """Wait until no more events come, then report the changes."""
        latest = time.monotonic() + self._timing.longest_s
        before = -1
        while before != self._collected.count < BURST and (left := latest - time.monotonic()) > 0:
            before = self._collected.count
            if self._stop.wait(min(self._timing.quiet_s, left)):
                return
        self._wake.clear()
        folders, trees, count = self._collected.take()
        if folders or trees:
            folders, trees = {self._named(one) for one in folders}, {self._named(one) for one in trees}
            self._announced |= folders | trees
            self._tell(folders=folders, trees=trees)
        if count >= BURST:
            for root in self._roots:
                if root.watch is not None and any(_is_within(path, root.path) for path in (*folders, *trees)):
                    self._disarm(root)
                    root.burst_ends = time.monotonic() + _LONGEST_BURST_S
                    root.next_compare = time.monotonic() + self._timing.longest_s

    def _go_through_burst(self, root: _WatchedRoot, changed: bool, busy_s: float) -> None:
        """Compare the root often while files pour in; afterwards watch it again."""
        now = time.monotonic()
        if changed and now < root.burst_ends:
            root.next_compare = now + max(self._timing.longest_s, 2 * busy_s)
            return
        root.burst_ends = 0.0
        self._schedule(root)
        # What changed between the last comparison and the watch.
        root.next_compare = now

    def _named(self, path: str) -> str:
        """A path of an event below the root as the user named it; events contain the resolved path of a linked root."""
        for root in self._roots:
            if root.watch is not None and root.watch.path != root.path:
                real = root.watch.path
                if _is_within(path, real):
                    return root.path + path[len(real) :]
        return path

    def _check(self) -> None:
        """Watch roots again that were replaced, deleted or created, or that watchdog no longer watches."""
        if self._observer is not None and not self._observer.is_alive():
            self._renew()
        alive = {one.watch for one in self._observer.emitters if one.is_alive()} if self._observer else set()
        for root in self._roots:
            is_deaf = root.watch is not None and root.watch not in alive
            if _identity(root.path) != root.identity or is_deaf:
                self._disarm(root)
                self._arm(root)
                self._tell(trees={root.path})

    def _compare_due(self) -> None:
        for root in self._roots:
            if time.monotonic() < root.next_compare or self._stop.is_set():
                continue
            began = time.monotonic()
            if root.notice and root.identity is not None and not is_on_network(root.path):
                # A limit of the system may have been lifted.
                self._schedule(root)
            changed, unannounced = self._compare(root)
            busy_s = time.monotonic() - began
            # Limits the load on a slow drive.
            self._plan_next(root, busy_s=busy_s)
            if root.burst_ends:
                self._go_through_burst(root, changed, busy_s)
            elif self._are_missed(unannounced):
                self._renew()
            if self._notices() != self._reported:
                self._tell()

    def _compare(self, root: _WatchedRoot) -> tuple[bool, set[str]]:
        """Report the differences to the last state. Returns whether there are any, and those watched folders in which
        names appeared or disappeared without an event.
        """
        before, now = root.fingerprints, fingerprints(root.path, self._stop.is_set, self._endings)
        was_watched, root.was_watched_at_compare = root.was_watched_at_compare, root.watch is not None
        if self._stop.is_set():
            return False, set()
        root.fingerprints = now
        announced = {path for path in self._announced if _is_within(path, root.path)}
        self._announced -= announced
        if before is None:
            self._tell(trees={root.path})
            return True, set()
        changed = {path for path, one in now.items() if before.get(path) != one}
        changed |= {os.path.dirname(path) for path in before.keys() - now.keys() if path != root.path}  # noqa: PTH120
        if changed:
            self._tell(folders=changed)
        renamed = {path for path in changed & before.keys() & now.keys() if before[path].names != now[path].names}
        unannounced = {path for path in renamed if not announced & {path, *map(str, Path(path).parents)}}
        return bool(changed), unannounced if was_watched and root.watch is not None else set()

    def _are_missed(self, unannounced: set[str]) -> bool:
        """Whether events for these folders are missing for good, which shows that watchdog stopped watching them."""
        if not unannounced or self._stop.wait(self._timing.longest_s):
            return False
        return not unannounced & {self._named(path) for path in self._collected.waiting()}

    def _plan_next(self, root: _WatchedRoot, *, busy_s: float = 0.0) -> None:
        pause = self._timing.poll_s if root.notice else self._timing.compare_s
        root.next_compare = time.monotonic() + max(pause, 20 * busy_s)

    # ---- watchdog

    def _arm(self, root: _WatchedRoot) -> None:
        """Start watchdog for a root. Where that fails, the root is compared often and a notice says so."""
        root.identity, root.notice, root.fingerprints, root.burst_ends = _identity(root.path), "", None, 0.0
        if root.identity is not None:
            if is_on_network(root.path):
                root.notice = f"{root.path} is on a network drive, {self._how_often()}"
            else:
                self._schedule(root)
        self._plan_next(root)
        if root.notice:
            root.next_compare = time.monotonic()

    def _schedule(self, root: _WatchedRoot) -> None:
        root.notice = ""
        try:
            if self._observer is None:
                observer = Observer()
                observer.start()
                observer.name = "folder-events"
                self._observer = observer
            real = os.path.realpath(root.path)
            root.watch = self._observer.schedule(self._collected, real, recursive=True, event_filter=_EVENTS)
            for emitter in self._observer.emitters:
                emitter.name = f"folder-events {emitter.watch.path}"
            self._probe_limit(real)
        except OSError as error:
            self._disarm(root)
            if error.errno in (errno.ENOSPC, errno.EMFILE):
                reason = "the system watches no more folders (its limit for all programs is reached)"
            else:
                reason = f"the system does not tell of changes there ({error.strerror or error})"
            root.notice = f"{root.path}: {reason}, {self._how_often()}"

    def _probe_limit(self, watched: str) -> None:
        """Raise OSError when the limit of watches is reached; watchdog itself does not report this for subfolders."""
        observer = self._observer
        above = os.path.dirname(watched)  # noqa: PTH120
        if observer is not None and sys.platform == "linux" and above != watched:
            observer.unschedule(observer.schedule(FileSystemEventHandler(), above, event_filter=[DirMovedEvent]))

    def _disarm(self, root: _WatchedRoot) -> None:
        watch, root.watch = root.watch, None
        root.was_watched_at_compare = False
        if watch is not None and self._observer is not None:
            self._observer.unschedule(watch)

    def _renew(self) -> None:
        log.warning("events of changed files were missed; watching begins anew")
        armed = [root for root in self._roots if root.watch is not None]
        self._end_observer()
        for root in armed:
            self._schedule(root)
            # What changed in between shows by comparing.
            root.next_compare = time.monotonic() + self._timing.check_s

    def _end_observer(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            observer.join()
        for root in self._roots:
            root.watch, root.was_watched_at_compare = None, False

    def _how_often(self) -> str:
        return f"so it is looked through every {self._timing.poll_s:g} s."


class FileWatcher:
    """Looks at one file every second on a thread of its own, until `close`: it is replaced as a whole, so its folder,
    with all that lies below, need not be watched. `touched` is called on that thread and must return soon.
    """

    def __init__(self, path: Path, touched: Callable[[], object], *, every_s: float = 1.0) -> None:
        self._path, self._touched, self._every_s = path, touched, every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._stamp(),), name=f"file-watcher {path.name}")
        self._thread.start()

    def close(self, timeout_s: float = 10.0) -> bool:
        """Stop looking and end the thread. False when it did not end in time."""
        self._stop.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self, before: tuple[int, ...]) -> None:
        while not self._stop.wait(self._every_s):
            before, was = self._stamp(), before
            if before != was:
                self._touched()

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size


def _identity(path: str) -> tuple[int, int] | None:
    """Device and inode of a folder, to notice when another one replaces it; None when there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_within(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip(os.sep) + os.sep)
