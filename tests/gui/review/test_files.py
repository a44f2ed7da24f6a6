"""What Review does with files: trash and back, search in prompts, the menu, and pictures that were moved."""

import sys

import pytest
import send2trash
from open_window import answer
from review_desk import Desk

from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.gui.widgets.modal import open_boxes
from stablenew_tk.gui.widgets.popups import Menu
from stablenew_tk.pipeline.messages.pictures import ThumbnailReady
from stablenew_tk.storage.journal.snapshot import load_history


@pytest.fixture
def desk(root, tmp_path):
    made = []

    def make(count=4, **settings):
        made.append(Desk(root, tmp_path / "data", count, **settings))
        return made[0]

    yield make
    for one in made:
        one.page.destroy()
        one.controller.close()


def facts(desk, number):
    history = desk.controller.history
    return history.visible().facts(history.row_of(f"image {number}"))


linux = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="a question comes first there")


@linux
def test_del_moves_a_picture_to_the_trash_and_undo_brings_the_file_back(desk):
    one = desk()
    file = one.places.outputs / "3.png"
    content = file.read_bytes()
    one.press("Delete")
    one.until(lambda: facts(one, 3).file.trashed)
    assert not file.exists()
    assert one.grid.picked.current == 1
    one.until(lambda: one.page.bar.told == "1 picture moved to the trash.")
    assert "in trash" in one.words()
    one.press("F5")
    one.until(lambda: len(one.grid.picked.rows) == 3)
    one.page.bar.undo.invoke()
    one.until(lambda: not facts(one, 3).file.trashed)
    assert file.read_bytes() == content
    one.press("F5")
    one.until(lambda: len(one.grid.picked.rows) == 4)


@linux
def test_rejected_pictures_go_to_the_trash_together_and_a_trash_that_is_full_loses_nothing(desk, monkeypatch):
    one = desk()
    one.press("x", "x")
    one.until(lambda: facts(one, 2).rejected and facts(one, 3).rejected)
    one.until(lambda: one.page.bar.trash.winfo_manager() and one.page.bar.trash.text == "Move 2 rejected to trash…")
    with monkeypatch.context() as broken:

        def full(_path):
            raise OSError(28, "No space left on device")

        broken.setattr(send2trash, "send2trash", full)
        one.page.bar.trash.invoke()
        one.until(lambda: open_boxes(one.root))
        assert "records and stars stay" in answer(one.root, "Move 2 to the trash")
        one.until(lambda: "No space left" in one.page.bar.told)
    assert (one.places.outputs / "3.png").exists()
    one.page.bar.trash.invoke()
    one.until(lambda: open_boxes(one.root))
    answer(one.root, "Move 2 to the trash")
    one.until(lambda: facts(one, 2).file.trashed and facts(one, 3).file.trashed)
    assert sorted(path.name for path in one.places.outputs.iterdir()) == ["0.png", "1.png"]
    one.until(lambda: "2 pictures moved to the trash" in one.page.bar.told)
    one.press("Control-z")
    one.until(lambda: not facts(one, 2).file.trashed and not facts(one, 3).file.trashed)
    assert len(list(one.places.outputs.iterdir())) == 4
    for redo in ("Control-y", "Control-Shift-Z"):
        one.press(redo)
        one.until(lambda: facts(one, 2).file.trashed and facts(one, 3).file.trashed)
        assert len(list(one.places.outputs.iterdir())) == 2
        one.press("Control-z")
        one.until(lambda: not facts(one, 2).file.trashed and not facts(one, 3).file.trashed)
        assert len(list(one.places.outputs.iterdir())) == 4


def type_search(one, text):
    one.press("Control-f")
    field = one.page.filters.search.field
    field.delete(0, "end")
    field.insert(0, text)
    one.page.filters.search.edited()


def test_words_find_pictures_by_seed_sampler_checkpoint_prompt_and_note_and_esc_clears_them(desk):
    one = desk()
    one.controller.rate(["image 2"], Feedback(image_id="", note="Keep this ONE"))
    one.until(lambda: one.note(2))
    for text, numbers in (
        ("seed:1", [1]),
        ("RAIN 3", [3]),
        ("note:keep", [2]),
        ('prompt:"a tram" checkpoint:one sampler:euler', [3, 2, 1, 0]),
        ("tram zebra", []),
    ):
        type_search(one, text)
        one.until(lambda text=text: one.page.filters.query.text == text and not one.page.searching)
        assert [int(one.controller.history.image_id(row)[6:]) for row in one.grid.picked.rows] == numbers, text
    one.press("Escape")
    one.until(lambda: len(one.grid.picked.rows) == 4)
    assert one.page.filters.search.get() == ""
    one.press("Escape")
    assert one.root.focus_get() is one.grid.canvas


def choose_in_menu(one, words):
    menu = Menu.shared()
    # The focus arrives a moment later on a busy screen.
    one.until(lambda: str(one.root.focus_get()).startswith(str(menu.window)))
    at = next(number for number, entry in enumerate(menu.shown) if entry.text.startswith(words))
    for _ in range(at - menu.cursor):
        one.press("Down")
    one.press("Return")


def test_the_menu_names_what_it_is_about_and_copies_texts(desk):
    one = desk()
    one.press("Shift-Right", "Shift-F10")
    assert Menu.shared().is_open
    assert Menu.shared().shown[0].text == "2 pictures, Rain city"
    one.press("Escape", "Right", "Shift-F10")
    choose_in_menu(one, "Copy prompt")
    one.until(lambda: one.page.bar.message == "Copied: the prompt.")
    assert one.root.clipboard_get() == "a tram in the rain"


@linux
def test_a_picture_is_opened_with_a_program_of_the_desktop(desk, tmp_path, monkeypatch):
    program = tmp_path / "looker"
    program.write_text(f'#!/bin/sh\ncd "{tmp_path}"; echo "$1" > part; mv part opened\n')
    program.chmod(0o755)
    folder = tmp_path / "applications"
    folder.mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "none"))
    one = desk()
    one.press("Right", "Shift-F10")
    choose_in_menu(one, "Open with…")
    one.until(lambda: one.page.bar.message.startswith("No program of this desktop"))
    (folder / "mimeinfo.cache").write_text("[MIME Cache]\nimage/png=looker.desktop;\n")
    (folder / "looker.desktop").write_text(f'[Desktop Entry]\nName=Looker\nExec="{program}" %f\n')
    one.press("Shift-F10")
    choose_in_menu(one, "Open with…")
    one.until(lambda: Menu.shared().is_open and Menu.shared().shown[0].text == "Looker")
    one.press("Return")
    one.until((tmp_path / "opened").exists)
    assert (tmp_path / "opened").read_text().strip() == str(one.places.outputs / "2.png")


@linux
def test_pictures_are_copied_by_the_desktops_program_where_there_is_one(desk, tmp_path, monkeypatch):
    program = tmp_path / "bin" / "xclip"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/said"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    one = desk()
    one.until(lambda: one.page.files.menu_state().copies_pictures)
    one.press("Control-c")
    one.until(lambda: one.page.bar.message == "Copied: the picture.")
    assert (tmp_path / "said").read_text() == f"-selection clipboard -t image/png -i {one.places.outputs}/3.png\n"


def test_pictures_are_moved_with_their_stars_and_what_others_moved_is_found_by_its_checksum(desk, tmp_path):
    one = desk()
    history = one.controller.history
    one.controller.rate(["image 3"], Feedback(image_id="", rating=5))
    one.until(lambda: one.rating(3) == 5)
    one.controller.pictures.export([facts(one, 3)], tmp_path / "best", move=True)
    one.until(lambda: facts(one, 3).file.path)
    file = tmp_path / "best" / "3.png"
    one.until(lambda: one.page.bar.told == f"1 picture moved to {tmp_path / 'best'}.")
    assert facts(one, 3).file.path == str(file)
    assert "xmp:Rating" in file.with_name("3.png.xmp").read_text()
    assert not (one.places.outputs / "3.png").exists()
    # Somebody else moves everything, and renames one.
    file.rename(tmp_path / "renamed.png")
    for number in range(3):
        (one.places.outputs / f"{number}.png").rename(tmp_path / "best" / f"{number}.png")
    one.press("Shift-F10")
    choose_in_menu(one, "Look for the file")
    one.until(lambda: one.page.bar.told.startswith("Not found in"))
    one.controller.pictures.look_for([facts(one, 3)], tmp_path)
    one.until(lambda: one.page.bar.told.startswith("4 pictures found"))
    # An answer from before comes late.
    late = f"{one.places.outputs}/{one.current()[6:]}.png cannot be read: No such file or directory."
    one.controller.inbox.put(ThumbnailReady(image_id=one.current(), edge=184, jpeg=b"", problem=late))
    one.step()
    assert one.page.bar.told.startswith("4 pictures found")
    assert facts(one, 3).file.path == str(tmp_path / "renamed.png")
    assert facts(one, 0).file.path == str(tmp_path / "best" / "0.png")
    again = load_history(one.places.journal, one.places.snapshot).history
    assert again.files.place("image 0") == history.files.place("image 0")
