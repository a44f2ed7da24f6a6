"""Stars beside the pictures, as another program reads and changes them while StableNew is open."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import PATIENCE_S, wait_until
from review_desk import record

from stablenew_tk.app.controller import Controller
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.journal.marks import Marks
from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.storage.disk.places import find_places
from stablenew_tk.storage.journal.writer import LearningRecordWriter
from stablenew_tk.storage.pictures.xmp import read_sidecar, write_sidecar

RATINGS = {0: Feedback(image_id="", rating=4, tags_added=("boat",)), 1: Feedback(image_id="", rejected=True)}


class Desk:
    def __init__(self, folder, names):
        self.places = find_places(str(folder), {}, None)
        self.places.cache.mkdir(parents=True)
        writer = LearningRecordWriter(self.places.journal)
        for number in range(4):
            writer.append(record(number, self.places))
        self.names = names
        self.controller = Controller(self.places, Settings(xmp=names))
        self.controller.open()
        self.controller.xmp.open()
        self.until(lambda: self.controller.history is not None and not self.controller.xmp.whole)

    def until(self, condition):
        def met():
            self.controller.pump()
            return condition()

        wait_until(met)

    def beside(self, number):
        return self.places.outputs / (f"{number}.png.xmp" if self.names == "full" else f"{number}.xmp")

    def marks(self, number):
        found = read_sidecar(self.beside(number))
        return found.marks if found is not None else None

    def rating(self, number):
        history = self.controller.history
        facts = history.visible().facts(history.row_of(f"image {number}"))
        return -1 if facts.rejected else facts.rating

    def rate(self, number, change):
        self.controller.rate([f"image {number}"], change)

    def change_outside(self, number, text, into):
        path = self.beside(number)
        path.write_text(path.read_text().replace(text, into))


@pytest.fixture(params=["full", "stem"])
def desk(request, tmp_path, monkeypatch):
    monkeypatch.setattr("stablenew_tk.app.xmp_keeper.TOGETHER", 2)
    made = Desk(tmp_path / "data", request.param)
    yield made
    made.controller.close()


def test_what_is_rated_is_written_beside_and_what_is_changed_there_is_read_back(desk):
    for number, change in RATINGS.items():
        desk.rate(number, change)
    desk.until(lambda: desk.marks(0) == Marks(4, ("boat",)) and desk.marks(1) == Marks(-1))
    assert not desk.beside(2).exists(), "unrated pictures have no file"
    desk.change_outside(0, 'xmp:Rating="4"', 'xmp:Rating="2"')
    desk.until(lambda: desk.rating(0) == 2)
    desk.until(lambda: read_sidecar(desk.beside(0)).last == Marks(2, ("boat",)))
    write_sidecar(desk.beside(3), Marks(5))
    desk.beside(3).write_text(desk.beside(3).read_text().replace('stablenew:Rating="5"', ""))
    desk.until(lambda: desk.rating(3) == 5)
    assert desk.controller.xmp.read == 2
    # Undoing here what was given here is written there, too; what others changed is no step of undo.
    desk.controller.undo()
    desk.until(lambda: desk.marks(1) == Marks())
    for reader in ("exiftool", "exiv2"):
        if program := shutil.which(reader):
            options = ("-Rating", "-s3") if reader == "exiftool" else ("-K", "Xmp.xmp.Rating", "-Pv", "pr")
            told = subprocess.run(
                [program, *options, str(desk.beside(0))], capture_output=True, text=True, check=True, timeout=PATIENCE_S
            )
            assert told.stdout.strip() == "2"


@pytest.mark.parametrize("theirs", [False, True])
def test_stars_changed_on_both_sides_wait_for_the_user_and_nothing_is_lost_meanwhile(desk, theirs):
    desk.rate(0, Feedback(image_id="", rating=4))
    desk.until(lambda: desk.marks(0) == Marks(4))
    desk.controller.xmp.close()
    # Changed here while the thread is away, and there.
    desk.rate(0, Feedback(image_id="", rating=5))
    desk.until(lambda: desk.rating(0) == 5)
    desk.rate(2, Feedback(image_id="", rating=3))
    desk.until(lambda: desk.rating(2) == 3)
    desk.controller.close()
    desk.change_outside(0, 'xmp:Rating="4"', 'xmp:Rating="1"')
    desk.controller = Controller(desk.places, Settings(xmp=desk.names))
    desk.controller.open()
    desk.controller.xmp.open()
    keeper = desk.controller.xmp
    desk.until(lambda: keeper.conflicts and not keeper.whole)
    desk.until(lambda: desk.marks(2) == Marks(3))
    (one,) = keeper.conflicts.values()
    assert (one.file, one.here, one.beside) == ("0.png", 5, 1)
    assert (desk.rating(0), desk.marks(0)) == (5, Marks(1)), "both stay until it is decided"
    keeper.settle(["image 0"], theirs=theirs)
    wanted = 1 if theirs else 5
    desk.until(lambda: desk.rating(0) == wanted and desk.marks(0) == Marks(wanted))
    desk.until(lambda: read_sidecar(desk.beside(0)).last == Marks(wanted))
    assert not keeper.conflicts


def test_what_was_wrong_with_a_file_is_told_until_all_are_looked_at_again(desk):
    desk.beside(0).write_text("no XMP at all")
    desk.rate(0, Feedback(image_id="", rating=4))
    desk.until(lambda: any(desk.beside(0).name in one for one in desk.controller.xmp.problems))
    desk.controller.xmp.go_on()
    desk.until(lambda: not desk.controller.xmp.whole)
    assert desk.controller.xmp.problems, "it is still no XMP"
    assert desk.beside(0).read_text() == "no XMP at all"
    desk.beside(0).unlink()
    desk.controller.xmp.go_on()
    desk.until(lambda: desk.marks(0) == Marks(4))
    assert not desk.controller.xmp.problems


def test_a_picture_that_is_gone_or_elsewhere_gets_no_file_and_the_others_do(desk):
    away = desk.places.outputs / "away"
    away.mkdir()
    (desk.places.outputs / "0.png").rename(away / "0.png")
    (desk.places.outputs / "1.png").unlink()
    for number in (0, 1, 2):
        desk.rate(number, Feedback(image_id="", rating=4))
    desk.until(lambda: desk.marks(2) == Marks(4) and desk.rating(0) == desk.rating(1) == 4)
    assert sorted(path.name for path in desk.places.outputs.glob("*.xmp")) == [desk.beside(2).name]
    # Back at its place, what was given meanwhile is written.
    (away / "0.png").rename(desk.places.outputs / "0.png")
    desk.controller.xmp.go_on()
    desk.until(lambda: desk.marks(0) == Marks(4))


@pytest.mark.skipif(sys.platform != "linux", reason="files are looked up in /proc")
@pytest.mark.parametrize("moment", ["fsync", "replace"])
@pytest.mark.parametrize("knows_ours", [False, True], ids=["read before our write", "read after it"])
def test_a_program_that_writes_at_the_very_moment_when_we_do_is_heard_and_never_written_over(
    desk, monkeypatch, moment, knows_ours
):
    """As exiv2 does: it reads the file, changes the stars and writes it whole."""
    desk.rate(0, RATINGS[0])
    desk.until(lambda: desk.marks(0) == Marks(4, ("boat",)))
    before, real, due = desk.beside(0).read_text(), getattr(os, moment), [True]

    def with_another(*arguments):
        done = real(*arguments)
        written = os.readlink(f"/proc/self/fd/{arguments[0]}") if moment == "fsync" else str(arguments[1])
        if due and written.startswith(str(desk.beside(0))):
            due.clear()
            read = desk.beside(0).read_text() if knows_ours else before
            desk.beside(0).write_text(re.sub('xmp:Rating="."', 'xmp:Rating="1"', read))
        return done

    monkeypatch.setattr(os, moment, with_another)
    desk.rate(0, Feedback(image_id="", rating=5))
    desk.until(lambda: not due)
    desk.until(lambda: desk.controller.xmp.conflicts or desk.rating(0) == 1)
    assert desk.marks(0).rating == 1, "what the other program wrote is there"
    if desk.controller.xmp.conflicts:
        assert desk.rating(0) == 5
        [told] = desk.controller.xmp.conflicts.values()
        assert (told.here, told.beside) == (5, 1)
