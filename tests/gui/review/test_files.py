"""What Review does with files: trash and back, search in prompts, the menu, and pictures that were moved."""

import sys

import pytest
import send2trash
from disk_faults import ReadOnlyDisk
from open_window import answer
from review_desk import Desk

from stablenew_tk.domain.journal.image_facts import AS_RECORDED
from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.gui.widgets.entries import Slider
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
    assert isinstance(one.page.bar.trash.tk_focusNext(), Slider), "Tab goes as one reads"
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


def test_a_menu_that_is_left_leaves_nothing_on_the_picture(desk):
    one = desk()
    before = [part for part in one.grid.canvas.winfo_children() if part.winfo_viewable()]
    one.press("Shift-F10")
    one.until(lambda: str(one.root.focus_get()).startswith(str(Menu.shared().window)))
    one.press("Escape")
    assert not Menu.shared().is_open
    assert [part for part in one.grid.canvas.winfo_children() if part.winfo_viewable()] == before
    assert one.root.focus_get() is one.grid.canvas


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
    one.controller.pictures.move([facts(one, 3)], tmp_path / "best")
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


EDITED = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:darktable="http://darktable.sf.net/" darktable:history_end="7"/>
</rdf:RDF></x:xmpmeta>
"""
HOME = "moved back to where they were."


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def move(one, folder, *numbers):
    one.controller.pictures.move([facts(one, number) for number in numbers], folder)


def test_a_move_to_a_folder_is_undone_and_done_again_with_what_others_wrote_beside_the_pictures(desk, tmp_path):
    one, best = desk(), tmp_path / "best"
    best.mkdir()
    (best / "3.png").write_bytes(b"another picture of this name")
    (one.places.outputs / "3.png.xmp").write_text(EDITED)
    one.controller.rate(["image 3", "image 2"], Feedback(image_id="", rating=5))
    one.until(lambda: one.rating(3) == 5 and one.rating(2) == 5)
    before, date = contents(one.places.outputs), (one.places.outputs / "3.png").stat().st_mtime_ns
    move(one, best, 3, 2)
    one.until(lambda: one.page.bar.told == f"2 pictures moved to {best}.")
    assert facts(one, 3).file.path == str(best / "3-2.png")
    assert sorted(contents(one.places.outputs)) == ["0.png", "1.png"]
    moved = contents(best)
    assert sorted(moved) == ["2.png", "2.png.xmp", "3-2.png", "3-2.png.xmp", "3.png"]
    assert b'history_end="7"' in moved["3-2.png.xmp"]
    assert b'Rating="5"' in moved["3-2.png.xmp"]
    assert (best / "3-2.png").stat().st_mtime_ns == date
    one.page.bar.undo.invoke()
    one.until(lambda: one.page.bar.told == f"2 pictures {HOME}")
    assert facts(one, 3).file == facts(one, 2).file == AS_RECORDED
    assert list(contents(best)) == ["3.png"]
    # The stars that the move wrote beside a picture go; an XMP file that was there keeps them.
    back = contents(one.places.outputs)
    assert back.keys() == before.keys()
    assert b'history_end="7"' in back.pop("3.png.xmp")
    assert back == {name: data for name, data in before.items() if name != "3.png.xmp"}
    one.press("Control-y")
    one.until(lambda: one.page.bar.told == f"2 pictures moved to {best}.")
    assert contents(best).keys() == moved.keys()
    one.press("Control-z")
    one.until(lambda: one.page.bar.told == f"2 pictures {HOME}")
    assert contents(one.places.outputs).keys() == before.keys()
    again = load_history(one.places.journal, one.places.snapshot).history
    assert again.files.place("image 3") == AS_RECORDED


def test_what_stands_in_the_way_of_a_move_back_is_told_and_it_is_tried_again(desk, tmp_path):
    one, best = desk(), tmp_path / "best"
    move(one, best, 3, 2)
    one.until(lambda: one.page.bar.told == f"2 pictures moved to {best}.")
    taken = one.places.outputs / "3.png"
    taken.write_bytes(b"somebody else's")
    one.press("Control-z")
    one.until(lambda: f"{taken} is there again" in one.page.bar.told)
    assert one.page.bar.told.startswith(f"1 picture {HOME}")
    assert facts(one, 3).file.path == str(best / "3.png")
    assert taken.read_bytes() == b"somebody else's"
    taken.unlink()
    assert one.page.bar.undo.text == "Try again"
    one.page.bar.undo.invoke()
    one.until(lambda: one.page.bar.told == f"1 picture {HOME}")
    assert facts(one, 3).file == AS_RECORDED
    assert taken.exists()
    assert contents(best) == {}


def test_a_folder_that_went_away_is_told_when_a_move_is_undone(desk, tmp_path):
    one, best = desk(), tmp_path / "best"
    move(one, best, 3, 2, 1)
    one.until(lambda: one.page.bar.told == f"3 pictures moved to {best}.")
    best.rename(tmp_path / "away")
    one.press("Control-z")
    one.until(lambda: "Look for the file" in one.page.bar.told)
    assert facts(one, 3).file.path == str(best / "3.png")
    (tmp_path / "away").rename(best)
    one.page.bar.undo.invoke()
    one.until(lambda: one.page.bar.told == f"3 pictures {HOME}")
    assert len(contents(one.places.outputs)) == 4


def test_a_disk_that_fails_ends_a_move_and_the_journal_knows_a_file_of_every_picture(desk, tmp_path, monkeypatch):
    one, best = desk(), tmp_path / "best"
    best.mkdir()
    with monkeypatch.context() as broken:
        # Two pictures make three changes each: a temporary file, its name, and the temporary one is swept away.
        ReadOnlyDisk(best, broken).turn(after=6)
        move(one, best, 0, 1, 2, 3)
        one.until(lambda: "Read-only file system" in one.page.bar.told)
    assert one.page.bar.told.startswith(f"2 pictures moved to {best}.")
    assert "1 picture behind it was not moved." in one.page.bar.told
    assert sorted(contents(best)) == ["0.png", "1.png"]
    assert sorted(contents(one.places.outputs)) == ["2.png", "3.png"]
    assert facts(one, 1).file.path == str(best / "1.png")
    assert facts(one, 2).file == facts(one, 3).file == AS_RECORDED
    one.press("Control-z")
    one.until(lambda: one.page.bar.told == f"2 pictures {HOME}")
    assert len(contents(one.places.outputs)) == 4


def test_a_picture_stays_where_its_folder_is_chosen_and_that_is_told(desk):
    one = desk()
    before = contents(one.places.outputs)
    move(one, one.places.outputs, 3)
    one.until(lambda: one.page.bar.told == f"3.png is in {one.places.outputs} already.")
    assert contents(one.places.outputs) == before


@linux
def test_a_picture_in_the_trash_is_not_moved(desk, tmp_path):
    one = desk()
    one.press("Delete")
    one.until(lambda: facts(one, 3).file.trashed)
    move(one, tmp_path / "best", 3)
    one.until(lambda: one.page.bar.told == "3.png is in the trash. Bring it back first.")
    assert contents(tmp_path / "best") == {}
    one.press("Left", "Shift-F10")
    assert not any(entry.text.startswith("Move with XMP") for entry in Menu.shared().shown)
    one.press("Escape")
