"""What Review does with files: trash and back, search in prompts, the menu, and pictures that were moved."""

import sys

import pytest
import send2trash
from open_window import answer
from review_desk import Desk

from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.gui.widgets.modal import open_boxes


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
    one.until(lambda: one.page.bar.trash.winfo_manager())
    assert one.page.bar.trash.text == "Move 2 rejected to trash…"
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
    one.press("Control-z")
    one.until(lambda: len(list(one.places.outputs.iterdir())) == 4)


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
