"""Backups in Settings: made by a click, told before anything is restored, and taken back by a click."""

from __future__ import annotations

from journal_lines import rate, record
from open_window import open_house

from stablenew_tk.gui.widgets.popups import Menu
from stablenew_tk.pipeline.messages.backups import BackupRestored, RestorePlanned
from stablenew_tk.pipeline.messages.journal import HistoryLoaded
from stablenew_tk.storage.disk.places import find_places
from stablenew_tk.storage.journal.backups import Backups
from stablenew_tk.storage.journal.writer import LearningRecordWriter


def test_a_backup_is_made_restored_and_taken_back(tmp_path):
    made = record()
    LearningRecordWriter(tmp_path / "journal").append(made)
    places = find_places(str(tmp_path), {}, None)
    kept = Backups(places.backups, places.journal, version="1")
    with open_house(tmp_path) as house:

        def stars():
            return [
                house.controller.history.unblinded().feedback(row).rating
                for row in range(len(house.controller.history))
            ]

        # Made as soon as the window opens, perhaps before anybody here can listen.
        house.until(kept.list)
        assert [one.reason for one in kept.list()] == ["daily"]
        fields = house.page("settings").backups
        fields.make.invoke()
        house.until(lambda: "1 line is backed up" in str(fields.told.cget("text")))
        # Another program adds a rating; the backup does not have it.
        LearningRecordWriter(tmp_path / "journal").append(rate(made.outputs[0], 4))
        house.until(lambda: stars() == [4])
        fields.restore.invoke()
        menu = Menu.shared()
        house.until(lambda: menu.is_open)
        assert len(menu.shown) == 2
        menu.canvas.event_generate("<Home>")
        menu.canvas.event_generate("<Return>")
        house.until(lambda: house.saw(RestorePlanned))
        told = house.answer("Exactly as it was")
        assert "1 line that the backup does not have is kept" in told
        assert "Pictures are not inside" in told
        house.until(lambda: house.saw(BackupRestored) and stars() == [0])
        assert "set aside" in str(fields.told.cget("text"))
        house.until(lambda: fields.undo.winfo_viewable())
        fields.undo.invoke()
        house.until(lambda: len(house.saw(BackupRestored)) == 2 and stars() == [4])
        assert house.saw(HistoryLoaded)[-1].again
