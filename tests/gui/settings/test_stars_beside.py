"""Stars beside the pictures, switched on in Settings, and conflicts decided in the box."""

from __future__ import annotations

import pytest
from conftest import wait_until
from review_desk import record

from stablenew_tk.app.controller import Controller
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.journal.marks import Marks
from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.gui.settings.page import SettingsPage
from stablenew_tk.gui.settings.star_conflicts import ConflictTeller
from stablenew_tk.gui.widgets.basics import Box
from stablenew_tk.gui.widgets.notices import Notices
from stablenew_tk.storage.disk.places import find_places
from stablenew_tk.storage.journal.writer import LearningRecordWriter
from stablenew_tk.storage.pictures.xmp import read_sidecar, write_sidecar


@pytest.fixture
def places(tmp_path):
    found = find_places(str(tmp_path / "data"), {}, None)
    found.cache.mkdir(parents=True)
    writer = LearningRecordWriter(found.journal)
    for number in range(2):
        writer.append(record(number, found))
    return found


def test_stars_are_written_once_switched_on_and_conflicts_are_decided_picture_by_picture(root, places):
    controller = Controller(places, Settings())
    page = SettingsPage(root, controller, say=print)
    page.pack(fill="both", expand=True)
    teller = ConflictTeller(root, controller, Notices(Box(root)))
    controller.subscribe(page.on_event)
    controller.subscribe(lambda _event: teller.tell())
    try:
        controller.open()
        controller.xmp.open()

        def until(condition):
            wait_until(condition, step=lambda: (controller.pump(), root.update()))

        until(lambda: controller.history is not None)
        for number in range(2):
            controller.rate([f"image {number}"], Feedback(image_id="", rating=4))
        until(lambda: controller.history.visible().counts().four_up == 2)
        files = [places.outputs / f"{number}.png.xmp" for number in range(2)]
        for file in files:
            write_sidecar(file, Marks(2))
            file.write_text(file.read_text().replace('stablenew:Rating="2"', 'stablenew:Rating="1"'))
        assert page.xmp.state.cget("text") == ""
        page.xmp.names.focus_force()
        page.xmp.names.event_generate("<Right>")
        until(lambda: len(controller.xmp.conflicts) == 2 and not controller.xmp.whole)
        assert page.xmp.state.cget("text") == "Up to date: 2 to decide."
        teller.open()
        box = teller.box
        box.choices["image 1"].set("beside")
        box.apply.invoke()
        until(lambda: [read_sidecar(file).marks.rating for file in files] == [4, 2])
        until(lambda: controller.history.visible().facts(controller.history.row_of("image 1")).rating == 2)
        assert not box.is_open
        controller.undo()
        until(lambda: read_sidecar(files[1]).marks.rating == 4)
    finally:
        controller.close()
