"""What is known of the packs."""

from __future__ import annotations

from whole_app import App


def test_nothing_is_said_about_packs_before_the_folders_were_looked_through(tmp_path):
    app = App(tmp_path, wait=False)
    try:
        packs = app.controller.packs
        assert packs.empty_text == ""
        app.wait(lambda: packs.files)
        assert packs.empty_text == "No pack is called so."
    finally:
        app.controller.close()
