import pytest
from conftest import pump

from stablenew_tk.domain.journal.image_facts import ImageFacts
from stablenew_tk.domain.journal.position import Position
from stablenew_tk.gui.widgets.picture_viewer import OWN_SIZE, Viewer, ViewerActions
from stablenew_tk.pipeline.messages.pictures import PictureReady


def facts(row):
    return ImageFacts(
        row=row,
        image_id=f"image {row}",
        run_id="r",
        run_name="",
        pack_id="pack",
        checkpoint="one",
        stage="txt2img",
        rating=3,
        tags=(),
        note="",
        suspect=False,
        final=True,
        sketch=False,
        ok=True,
        time_ms=0,
        position=Position(0, row, 1),
        output_index=0,
    )


class Room:
    """A viewer over ten pictures, answered by hand."""

    def __init__(self, root):
        self.asked = []
        self.left = 0
        actions = ViewerActions(
            ask=self.asked.append,
            facts=facts,
            caption=lambda row: (f"picture {row}", "seed 7"),
            nearby=self.nearby,
            neighbour=lambda step: self.viewer.turn_to(self.viewer.current + step),
            left=self.leave,
        )
        self.viewer = Viewer(root, actions)
        self.root = root
        self.viewer.place(relx=0, rely=0, relwidth=1, relheight=1)
        root.update()

    def nearby(self):
        return [self.viewer.current + 1, self.viewer.current - 1]

    def leave(self):
        self.left += 1

    def answer(self, size=(60, 80), problem=""):
        for order in self.asked:
            rgb = b"" if problem else b"\x80" * (size[0] * size[1] * 3)
            self.viewer.on_event(
                PictureReady(
                    image_id=order.image_id, box=order.box, width=size[0], height=size[1], rgb=rgb, problem=problem
                )
            )
        self.asked.clear()

    def texts(self):
        canvas = self.viewer.canvas
        return [canvas.itemcget(item, "text") for item in canvas.find_all() if canvas.type(item) == "text"]

    def press(self, *keys):
        self.viewer.canvas.focus_force()
        self.root.update()
        for key in keys:
            self.viewer.canvas.event_generate(f"<{key}>")
            self.root.update()


@pytest.fixture
def hall(root):
    return Room(root)


def test_the_neighbours_are_fetched_ahead(root, hall):
    hall.viewer.open((4,))
    assert {order.image_id for order in hall.asked} == {"image 4", "image 5", "image 3"}
    hall.answer()
    hall.press("Right")
    assert {order.image_id for order in hall.asked} == {"image 6"}


def test_a_picture_that_cannot_be_read_says_why(root, hall):
    hall.viewer.open((1,))
    hall.answer(problem="The file is gone.")
    assert "The file is gone." in hall.texts()


def test_z_shows_own_size_of_which_only_the_visible_part_becomes_a_photo(root, hall):
    hall.viewer.open((4,))
    hall.press("Key-z")
    assert hall.asked[-1].box == OWN_SIZE
    hall.answer(size=(4000, 3000))
    canvas = hall.viewer.canvas
    images = [canvas.itemcget(item, "image") for item in canvas.find_all() if canvas.type(item) == "image"]
    assert max(int(root.tk.call("image", "width", image)) for image in images) <= root.winfo_width()
    hall.press("Right", "Down")
    assert hall.viewer.pan == (80, 80)


def test_escape_leaves_and_lets_go_of_all_pictures(root, hall):
    hall.viewer.open((4,))
    hall.answer()
    hall.press("Escape")
    assert hall.left == 1
    assert not hall.viewer.is_open
    assert not hall.viewer.kept


def test_at_most_four_are_compared_and_one_is_framed(root, hall):
    hall.viewer.open((1, 2, 3, 4, 5), 1)
    hall.answer()
    assert hall.viewer.rows == (1, 2, 3, 4)
    hall.press("Right")
    assert hall.viewer.current == 3
    pump(root, lambda: sum(text.startswith("picture") for text in hall.texts()) == 4)


def test_few_pictures_are_kept(root, hall):
    hall.viewer.open((0,))
    for _ in range(20):
        hall.answer()
        hall.press("Right")
    hall.answer()
    assert len(hall.viewer.kept) <= 6


def test_the_wheel_shows_the_own_size_and_back(hall):
    hall.viewer.open((1, 2))
    hall.answer()
    sizes = []
    for wheel in ("Button-4", "Button-4", "Button-5", "Button-5"):
        hall.press(wheel)
        sizes.append(hall.viewer.own_size)
    assert sizes == [True, True, False, False]


def test_four_flat_pictures_stand_two_by_two_so_that_each_is_as_large_as_it_can_be(root, hall):
    hall.viewer.open((1, 2, 3, 4))
    root.update()
    hall.answer(size=(160, 90))
    root.update()
    canvas = hall.viewer.canvas
    box = hall.asked[-1].box if hall.asked else hall.viewer.kept.popitem()[0][1]
    assert box[0] > canvas.winfo_width() // 3
    hall.press("Down")
    assert hall.viewer.current == 3
    hall.press("Right")
    assert hall.viewer.current == 4
    hall.press("Up")
    assert hall.viewer.current == 2
    canvas.event_generate("<ButtonPress-1>", x=10, y=canvas.winfo_height() - 60)
    assert hall.viewer.current == 3


def test_upright_pictures_stand_side_by_side(root, hall):
    hall.viewer.open((1, 2, 3, 4))
    root.update()
    hall.answer(size=(60, 160))
    root.update()
    hall.press("Down")
    assert hall.viewer.current == 4
