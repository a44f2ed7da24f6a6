import io
from array import array

import pytest
from conftest import pump
from PIL import Image

from stablenew_tk.domain.journal.position import Position
from stablenew_tk.gui.widgets.group_heads import HeadContent
from stablenew_tk.gui.widgets.picture_cell import CellContent
from stablenew_tk.gui.widgets.picture_grid import GridActions, ThumbnailGrid
from stablenew_tk.pipeline.messages.pictures import ThumbnailReady


def jpeg(edge=192, colour=(200, 40, 40)):
    out = io.BytesIO()
    Image.new("RGB", (edge * 3 // 4, edge), colour).save(out, "JPEG")
    return out.getvalue()


class Shop:
    """Answers the grid's orders at once, like a desk without a disk."""

    def __init__(self, root):
        self.asked, self.offered = [], []
        self.chosen = self.opened = self.contents = 0
        self.problem = ""
        self.answers = True
        actions = GridActions(
            ask=self.ask,
            content=self.content,
            head=lambda group: HeadContent(f"group {group}", "3 images", "Make Learning Run"),
            offered=self.offer,
            chosen=self.choose,
            opened=self.open,
        )
        self.grid = ThumbnailGrid(root, actions)
        self.grid.pack(fill="both", expand=True)
        root.update()

    def ask(self, order):
        self.asked.append(order)
        if self.answers:
            self.grid.after(1, lambda: self.grid.thumbnail_ready(self.answer(order)))

    def answer(self, order):
        data = b"" if self.problem else jpeg(order.edge)
        return ThumbnailReady(image_id=order.image_id, edge=order.edge, jpeg=data, problem=self.problem)

    def content(self, row):
        self.contents += 1
        return CellContent(image_id=f"image {row}", position=Position(0, row, 1), rating=row % 6)

    def choose(self):
        self.chosen += 1

    def offer(self, group):
        self.offered.append(group)

    def open(self):
        self.opened += 1

    def pictures(self):
        canvas = self.grid.canvas
        shown = [item for item in canvas.find_all() if canvas.type(item) == "image" and canvas.itemcget(item, "image")]
        return [item for item in shown if canvas.itemcget(item, "state") != "hidden"]


@pytest.fixture
def shop(root):
    return Shop(root)


def items(grid):
    return len(grid.canvas.find_all())


def press(root, grid, *keys):
    grid.canvas.focus_force()
    root.update()
    for key in keys:
        grid.canvas.event_generate(key)
        root.update()


def test_the_canvas_holds_the_cells_in_sight_and_no_more(root, shop):
    shop.grid.show(array("I", range(100)))
    in_sight = len(shop.grid.layout.places(0, shop.grid.canvas.winfo_height()))
    pump(root, lambda: len(shop.pictures()) >= 2 * in_sight)
    few = items(shop.grid)
    shop.grid.show(array("I", range(100_000)))
    press(root, shop.grid, "<End>", "<Home>", "<Next>", "<Next>")
    assert items(shop.grid) <= few * 1.6
    assert shop.grid.picked.current > 0


def test_only_pictures_in_sight_are_asked_for_and_shown(root, shop):
    shop.grid.show(array("I", range(10_000)))
    in_sight = len(shop.grid.layout.places(0, shop.grid.canvas.winfo_height()))
    pump(root, lambda: len(shop.pictures()) >= 2 * in_sight)
    assert len(shop.asked) <= in_sight + 16


def test_answers_for_what_is_no_longer_in_sight_are_dropped(root, shop):
    shop.answers = False
    shop.grid.show(array("I", range(1000)))
    root.update()
    early = list(shop.asked)
    press(root, shop.grid, "<End>")
    for order in early:
        shop.grid.thumbnail_ready(shop.answer(order))
    root.update()
    press(root, shop.grid, "<Home>")
    in_sight = len(shop.grid.layout.places(0, shop.grid.canvas.winfo_height()))
    assert len(shop.pictures()) == in_sight + 1, "stars in every cell and a tick in one, but no picture"


def test_few_orders_are_under_way_at_a_time(root, shop):
    shop.answers = False
    shop.grid.set_cell(100)
    shop.grid.show(array("I", range(1000)))
    press(root, shop.grid, "<Next>", "<Next>", "<Next>", "<Next>")
    assert len(shop.asked) == 16


def test_a_missing_picture_says_why(root, shop):
    shop.problem = "The file is gone."
    shop.grid.show(array("I", range(3)))
    canvas = shop.grid.canvas

    def told():
        texts = [canvas.itemcget(i, "text") for i in canvas.find_all() if canvas.type(i) == "text"]
        return texts.count("The file is gone.") == 3

    pump(root, told)


def test_arrows_move_by_cell_and_by_row_over_group_borders(root, shop):
    shop.grid.show(array("I", range(20)), (0, 4, 9))
    assert shop.grid.layout.row_step(0, 1) == 4
    press(root, shop.grid, "<Right>", "<Right>")
    assert shop.grid.picked.current == 2
    press(root, shop.grid, "<Down>")
    assert shop.grid.picked.current == 6
    press(root, shop.grid, "<Down>", "<Up>", "<Up>", "<Left>")
    assert shop.grid.picked.current == 1


def test_a_step_to_the_next_picture_draws_two_cells_only(root, shop):
    shop.grid.show(array("I", range(100)))
    before = shop.contents
    press(root, shop.grid, "<Right>")
    assert shop.grid.picked.selected == {1}
    assert shop.contents - before == 2


def test_home_and_end_reach_the_first_and_the_last_of_very_many(root, shop):
    shop.grid.show(array("I", range(100_000)))
    press(root, shop.grid, "<End>")
    assert shop.grid.picked.current == 99_999
    assert shop.grid.in_sight(99_999)
    press(root, shop.grid, "<Home>")
    assert shop.grid.in_sight(0)


def test_shift_arrows_select_a_range_and_a_click_selects_one(root, shop):
    shop.grid.show(array("I", range(50)))
    press(root, shop.grid, "<Shift-Right>", "<Shift-Right>")
    assert shop.grid.picked.selected == {0, 1, 2}
    x, y, *_ = shop.grid.layout.spot(1)
    shop.grid.canvas.event_generate("<ButtonPress-1>", x=x + 20, y=y + 20)
    assert shop.grid.picked.selected == {1}


def test_control_click_adds_and_takes(root, shop):
    shop.grid.show(array("I", range(50)))
    for place, state in ((2, 0), (4, 4), (5, 4), (4, 4)):
        x, y, *_ = shop.grid.layout.spot(place)
        shop.grid.canvas.event_generate("<ButtonPress-1>", x=x + 20, y=y + 20, state=state)
    assert shop.grid.picked.selected == {2, 5}


def test_the_wheel_scrolls_and_changes_no_selection(root, shop):
    shop.grid.show(array("I", range(500)))
    for _ in range(8):
        shop.grid.canvas.event_generate("<Button-5>")
    root.update()
    assert shop.grid.top > 400
    assert shop.grid.picked.current == 0
    assert not shop.grid.in_sight(0)


def test_space_opens_the_current_cell(root, shop):
    shop.grid.show(array("I", range(5)))
    press(root, shop.grid, "<space>")
    assert shop.opened == 1


def test_new_pictures_leave_the_current_one_where_it_was_on_screen(root, shop):
    shop.grid.show(array("I", range(1000)))
    shop.grid.go_to(500)
    before = shop.grid.layout.spot(500).y - shop.grid.top
    shop.grid.show(array("I", [*range(2000, 2060), *range(1000)]))
    assert shop.grid.picked.current_row == 500
    now = shop.grid.layout.spot(shop.grid.picked.current).y - shop.grid.top
    assert abs(now - before) <= 1


def test_a_cell_of_another_size_fits_more_columns(root, shop):
    shop.grid.show(array("I", range(100)))
    columns = shop.grid.layout.row_step(0, 1)
    shop.grid.set_cell(110)
    assert shop.grid.layout.row_step(0, 1) > columns * 1.5


def test_the_head_of_the_uppermost_group_stays_in_sight_and_offers_what_it_offers(root, shop):
    grid = shop.grid
    grid.show(array("I", range(300)), (0, 100, 200))
    grid.canvas.event_generate("<Button-5>")
    grid.canvas.event_generate("<Button-5>")
    root.update()
    assert grid.top > grid.layout.size.head
    assert grid.place_under(60, 10) < 0, "the head lies over the cells"
    items = [item for item in grid.canvas.find_withtag("head") if grid.canvas.type(item) == "text"]
    words = {grid.canvas.itemcget(item, "text"): item for item in items}
    assert 0 < grid.canvas.coords(words["group 0"])[1] - grid.top < grid.layout.size.head
    left, upper, right, lower = grid.canvas.bbox(words["Make Learning Run"])
    x, y = (left + right) // 2, round((upper + lower) / 2 - grid.top)
    before = grid.picked.current
    grid.canvas.event_generate("<ButtonPress-1>", x=x, y=y)
    assert shop.offered == [0]
    assert grid.picked.current == before
    # A cell is never brought into sight below a head.
    grid.go_to(0)
    grid.go_to(50)
    press(root, grid, *["<Up>"] * 3)
    assert grid.layout.spot(grid.picked.current).y - grid.top >= grid.layout.size.head
