"""About in Settings: the licences of everything in the program, read by keys alone."""

from __future__ import annotations

import pytest
from open_window import open_house

from stablenew_tk.gui.settings.about import LicencesBox
from stablenew_tk.gui.widgets.modal import open_boxes


def test_every_licence_can_be_read_with_the_keyboard(tmp_path):
    with open_house(tmp_path) as house:
        about = house.page("settings").about
        about.licences.focus_set()
        about.licences.event_generate("<Return>")
        house.until(lambda: open_boxes(house.frame))
        (box,) = open_boxes(house.frame)
        assert isinstance(box, LicencesBox)
        house.until(lambda: house.frame.focus_get() is box.names.canvas)
        assert "Permission is hereby granted" in box.text.field.get("1.0", "end")
        box.names.canvas.event_generate("<End>")
        house.until(lambda: "Roboto" in box.text.field.get("1.0", "end"))
        box.names.canvas.event_generate("<Home>")
        box.names.canvas.event_generate("<Down>")
        # Python's is long: it begins at its beginning and the Page keys go on.
        house.until(lambda: box.text.field.get("1.0", "1.6") == "Python" and float(box.text.field.index("end")) > 200)
        assert box.text.field.yview()[0] == 0
        box.names.canvas.event_generate("<Tab>")
        assert house.frame.focus_get() is box.text.field
        box.text.field.event_generate("<Next>")
        house.until(lambda: box.text.field.yview()[0] > 0)
        box.text.field.event_generate("<Escape>")
        house.until(lambda: not open_boxes(house.frame))
        assert house.frame.focus_get() is about.licences


@pytest.mark.parametrize("size", ["1024x700"])
def test_the_box_fits_into_a_small_window(tmp_path, size):
    with open_house(tmp_path, geometry=f"{size}+0+0") as house:
        house.page("settings").about.licences.invoke()
        house.until(lambda: open_boxes(house.frame))
        (box,) = open_boxes(house.frame)
        house.frame.update()
        assert box.winfo_rooty() + box.winfo_height() <= house.frame.winfo_rooty() + house.frame.winfo_height()
