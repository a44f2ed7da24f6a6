"""Folders that change while the program runs are told by themselves, whatever happens to events and folders."""

from __future__ import annotations

import errno
import os
import threading

import pytest
from conftest import wait_until

from stablenew_tk.domain.models.style import StyleCatalogue
from stablenew_tk.storage import watcher as watching
from stablenew_tk.storage.disk.files import write_atomic
from stablenew_tk.storage.disk.network_drives import is_network_mount
from stablenew_tk.storage.models.index import settings_of
from stablenew_tk.storage.models.library import Library
from stablenew_tk.storage.watcher import FileWatcher, Timing, Watcher

# watchdog warns on its own thread when a folder is filled faster than it looks, and goes on.
pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")

STYLES = StyleCatalogue()
QUICK = Timing(quiet_s=0.03, longest_s=0.1, check_s=0.05)
POLLING = Timing(quiet_s=0.03, longest_s=0.1, check_s=0.05, poll_s=0.05, compare_s=0.05)


def events_thread():
    """The thread on which the system tells of changes."""
    return next((one for one in threading.enumerate() if one.name == "folder-events" and one.is_alive()), None)


class Watched:
    """A library that looks again wherever its watcher says so, as the desk does."""

    def __init__(self, *roots, timing=QUICK):
        self.told = []
        self.library = Library(roots, STYLES)
        self.watcher = Watcher(self.library.roots, self.told.append, timing=timing)
        self.seen = 0
        wait_until(lambda: len(self.told) >= len(roots))
        self.catch_up()

    def catch_up(self):
        while self.seen < len(self.told):
            touched = self.told[self.seen]
            self.seen += 1
            self.library.rescan(folders=touched.folders, trees=touched.trees)
        while not self.library.work(1.0).is_done:
            pass

    def names(self):
        self.catch_up()
        return [entry.key for entry in self.library.snapshot.entries]

    def steps(self, name):
        self.catch_up()
        entry = next((one for one in self.library.snapshot.entries if one.stem == name), None)
        value = settings_of(entry, STYLES).values.get("txt2img.steps") if entry is not None else None
        return value.value if value is not None else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        assert self.watcher.close()


def model(folder, name):
    path = folder / f"{name}.ckpt"
    path.write_bytes(b"never opened")
    return path


def drop_profile(folder, name, steps):
    """Written as careful programs do: beside, then put in place."""
    temporary = folder / f"{name}.modelprofile.json.tmp-1"
    temporary.write_text(f'{{"kind": "model_profile", "recommended_presets": [{{"id": "a", "steps": {steps}}}]}}')
    os.replace(temporary, folder / f"{name}.modelprofile.json")


def test_a_sidecar_dropped_beside_a_model_is_known_by_itself(tmp_path):
    model(tmp_path, "demo")
    with Watched(tmp_path) as watched:
        drop_profile(tmp_path, "demo", 31)
        wait_until(lambda: watched.steps("demo") == 31)
        drop_profile(tmp_path, "demo", 32)
        wait_until(lambda: watched.steps("demo") == 32)
        (tmp_path / "demo.modelprofile.json").unlink()
        wait_until(lambda: watched.steps("demo") is None)


def test_a_sidecar_that_is_overwritten_in_place_is_known_by_itself(tmp_path):
    model(tmp_path, "demo")
    drop_profile(tmp_path, "demo", 31)
    with Watched(tmp_path) as watched:
        path = tmp_path / "demo.modelprofile.json"
        path.write_text(path.read_text().replace("31", "33"))
        wait_until(lambda: watched.steps("demo") == 33)


def test_new_folders_moved_folders_and_deleted_folders_are_followed(tmp_path):
    outside = tmp_path / "outside"
    root = tmp_path / "root"
    (outside / "new" / "deep").mkdir(parents=True)
    root.mkdir()
    model(outside / "new" / "deep", "one")
    with Watched(root) as watched:
        (outside / "new").rename(root / "moved in")
        wait_until(lambda: watched.names() == ["one.ckpt"])
        (root / "a" / "b" / "c").mkdir(parents=True)
        model(root / "a" / "b" / "c", "two")
        wait_until(lambda: sorted(watched.names()) == ["one.ckpt", "two.ckpt"])
        (root / "a").rename(root / "z")
        wait_until(
            lambda: (
                sorted(str(one.path.relative_to(root)) for one in watched.library.snapshot.entries)
                == ["moved in/deep/one.ckpt", "z/b/c/two.ckpt"]
            ),
            step=watched.catch_up,
        )
        (root / "moved in").rename(outside / "new")
        wait_until(lambda: watched.names() == ["two.ckpt"])


def test_a_root_that_goes_and_returns_is_watched_again(tmp_path):
    root = tmp_path / "drive"
    root.mkdir()
    model(root, "one")
    with Watched(root) as watched:
        assert watched.names() == ["one.ckpt"]
        root.rename(tmp_path / "unplugged")
        wait_until(lambda: watched.names() == [])
        assert "is not there" in watched.library.snapshot.problems[0]
        (tmp_path / "unplugged").rename(root)
        wait_until(lambda: watched.names() == ["one.ckpt"])
        model(root, "two")
        wait_until(lambda: watched.names() == ["one.ckpt", "two.ckpt"])


def test_a_root_that_is_deleted_and_made_again_is_watched_again(tmp_path):
    root = tmp_path / "models"
    root.mkdir()
    with Watched(root) as watched:
        root.rmdir()
        root.mkdir()
        model(root, "one")
        wait_until(lambda: watched.names() == ["one.ckpt"])
        model(root, "two")
        wait_until(lambda: watched.names() == ["one.ckpt", "two.ckpt"])


def test_a_root_that_comes_later_is_found(tmp_path):
    with Watched(tmp_path / "later") as watched:
        (tmp_path / "later").mkdir()
        model(tmp_path / "later", "one")
        wait_until(lambda: watched.names() == ["one.ckpt"])


def test_a_linked_root_is_watched_under_the_name_the_user_gave(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with Watched(tmp_path / "link") as watched:
        model(tmp_path / "real", "one")
        wait_until(lambda: watched.names() == ["one.ckpt"])
        assert watched.library.snapshot.entries[0].path == tmp_path / "link" / "one.ckpt"


def test_reading_and_temporary_files_are_no_news(tmp_path):
    model(tmp_path, "demo")
    drop_profile(tmp_path, "demo", 31)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with Watched(tmp_path) as watched:
        count = len(watched.told)
        (tmp_path / "demo.modelprofile.json").read_bytes()
        (tmp_path / "demo.safetensors.part").write_bytes(b"half")
        (tmp_path / ".hidden.json").write_bytes(b"{}")
        model(elsewhere, "end")
        wait_until(lambda: "end.ckpt" in watched.names())
        # Of a file that is made and filled the watcher may tell once or twice.
        assert {folder for one in watched.told[count:] for folder in one.folders | one.trees} == {str(elsewhere)}


def test_without_the_systems_events_folders_are_looked_through(tmp_path, monkeypatch):
    def exhausted(**_):
        raise OSError(errno.EMFILE, "inotify instance limit reached")

    monkeypatch.setattr(watching, "Observer", exhausted)
    (tmp_path / "below").mkdir()
    with Watched(tmp_path, timing=POLLING) as watched:
        assert "limit for all programs" in watched.told[0].notices[0]
        model(tmp_path / "below", "one")
        wait_until(lambda: watched.names() == ["one.ckpt"])
        drop_profile(tmp_path / "below", "one", 29)
        wait_until(lambda: watched.steps("one") == 29)
        monkeypatch.undo()
        wait_until(lambda: watched.told[-1].notices == ())
        (tmp_path / "below" / "one.ckpt").unlink()
        (tmp_path / "below" / "one.modelprofile.json").unlink()
        wait_until(lambda: watched.names() == [])


def test_a_limit_that_is_reached_below_a_root_is_noticed(tmp_path, monkeypatch):
    inotify = pytest.importorskip("watchdog.observers.inotify_c")
    real = inotify.inotify_add_watch

    def limited(descriptor, path, mask):
        if not path.endswith(b"root"):
            inotify.ctypes.set_errno(errno.ENOSPC)
            return -1
        return real(descriptor, path, mask)

    monkeypatch.setattr(inotify, "inotify_add_watch", limited)
    (tmp_path / "root" / "below").mkdir(parents=True)
    with Watched(tmp_path / "root", timing=POLLING) as watched:
        assert "limit for all programs" in watched.told[0].notices[0]
        model(tmp_path / "root" / "below", "one")
        wait_until(lambda: watched.names() == ["one.ckpt"])


def test_what_events_missed_is_found_by_comparing_and_watching_begins_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(watching.CollectedChanges, "dispatch", lambda self, event: None)
    model(tmp_path, "one")
    with Watched(tmp_path, timing=Timing(check_s=0.05, compare_s=0.05)) as watched:
        wait_until(lambda: len(watched.told) >= 2)
        model(tmp_path, "two")
        first = events_thread()
        wait_until(lambda: watched.names() == ["one.ckpt", "two.ckpt"])
        assert watched.told[-1].notices == ()
        wait_until(lambda: events_thread() not in (first, None))


def test_an_error_on_watchdogs_thread_ends_nothing(tmp_path, monkeypatch):
    with Watched(tmp_path) as watched:
        observer = events_thread()
        observer.stop()
        observer.join()
        model(tmp_path, "one")
        wait_until(lambda: watched.names() == ["one.ckpt"])
        assert events_thread() not in (observer, None)


def test_close_ends_all_threads_at_once_even_while_files_pour_in(tmp_path):
    before = threading.active_count()
    watched = Watched(tmp_path)
    assert threading.active_count() > before
    for number in range(300):
        drop_profile(tmp_path, f"demo {number}", 20)
    assert watched.watcher.close()
    assert threading.active_count() == before
    count = len(watched.told)
    model(tmp_path, "late")
    assert len(watched.told) == count


def test_a_burst_of_files_is_known_to_the_last_and_single_ones_are_told_again_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "BURST", 20)
    names = [f"demo {number}" for number in range(300)]
    for name in names:
        model(tmp_path, name)
    with Watched(tmp_path) as watched:
        for name in names:
            drop_profile(tmp_path, name, 20)
        wait_until(lambda: watched.watcher.bursts)
        wait_until(lambda: not watched.watcher.bursts)
        wait_until(lambda: watched.steps(names[-1]) == 20)
        assert all(one.sources and one.is_read for one in watched.library.snapshot.entries)
        drop_profile(tmp_path, "demo 7", 21)
        wait_until(lambda: watched.steps("demo 7") == 21)


def test_a_network_drive_is_known_by_the_table_of_mounts():
    mounts = (
        "/dev/sda1 / ext4 rw 0 0\n//nas/x /mnt/my\\040share cifs rw 0 0\n/dev/sdb /mnt/my\\040share/disk xfs rw 0 0\n"
    )
    assert is_network_mount("/mnt/my share/models", mounts)
    assert not is_network_mount("/mnt/my share/disk/models", mounts)
    assert not is_network_mount("/mnt/my shared", mounts)
    assert not is_network_mount("/home/me", mounts)


@pytest.mark.slow
def test_thousands_of_broken_sidecars_under_a_live_watcher_cost_little(tmp_path):
    import random
    import resource

    rng = random.Random(4)
    good = b'{"kind": "model_profile", "recommended_presets": [{"id": "a", "rating": "best", "steps": 30}]}'
    names = [f"demo {number}" for number in range(50)]
    for name in names:
        model(tmp_path, name)
    with Watched(tmp_path) as watched:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(20_000):
            data = bytearray(good)
            for _ in range(rng.randrange(1, 4)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            (tmp_path / f"{rng.choice(names)}.modelprofile.json").write_bytes(data[: rng.randrange(len(data) + 1)])
            if number % 500 == 0:
                watched.catch_up()
        drop_profile(tmp_path, names[0], 44)
        wait_until(lambda: watched.steps(names[0]) == 44)
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
        assert grown_kib < 64 * 1024


class TestOneFile:
    @pytest.fixture
    def followed(self, tmp_path):
        told = []
        watcher = FileWatcher(tmp_path / "settings.json", lambda: told.append(1), every_s=0.01)
        yield tmp_path / "settings.json", told
        assert watcher.close()

    def test_a_file_that_is_written_replaced_or_removed_is_told(self, followed):
        path, told = followed
        for count, data in enumerate((b"a", b"b", None), 1):
            write_atomic(path, data) if data is not None else path.unlink()
            wait_until(lambda count=count: len(told) >= count)

    def test_other_files_beside_it_and_one_that_stays_as_it_is_are_not(self, followed, tmp_path):
        path, told = followed
        (tmp_path / "other.json").write_text("a")
        write_atomic(path, b"a")
        wait_until(lambda: told)
        assert len(told) == 1
